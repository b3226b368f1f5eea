/* SPDX-License-Identifier: Apache-2.0 */
#include "opt.h"
#include "out.h"
#include "phrase.h"

#include <limits.h>
#include <stdlib.h>

#define WAIT_S 30

static struct phrase phrase = {.prompt = "Passphrase of the key file"};

bool cli_options(struct saqta_options *ret)
{
	if (!globals.vault || !globals.vault[0]) {
		(void)out_usage(NULL, "no vault: name its folder with --vault DIR or in SAQTA_VAULT");
		return false;
	}
	phrase.file = globals.passphrase_file && globals.passphrase_file[0] ? globals.passphrase_file : NULL;
	*ret = (struct saqta_options){
		.size = sizeof(*ret),
		.vault_dir = globals.vault,
		.keep_dir = globals.keep && globals.keep[0] ? globals.keep : NULL,
		.key_file = globals.key_file && globals.key_file[0] ? globals.key_file : NULL,
		.now = globals.now,
		.actor = globals.actor,
		.wait_s = WAIT_S,
		.passphrase = phrase_ask,
		.passphrase_user = &phrase,
	};
	if (globals.wait.is_given)
		ret->wait_s = globals.wait.n > UINT_MAX ? UINT_MAX : (unsigned)globals.wait.n;
	return true;
}

int cli_open(bool read_only, saqta_engine **ret)
{
	struct saqta_error err = {0};
	struct saqta_options options;

	if (!cli_options(&options))
		return 2;
	options.read_only = read_only;
	if (saqta_engine_open(&options, ret, &err))
		return out_error(globals.vault, &err);
	return 0;
}

static int show_json(const char *what, saqta_engine *engine, cli_call call, const void *args)
{
	struct saqta_error err = {0};
	enum saqta_status r = call(engine, out_write, NULL, args, &err);

	return r ? out_error(what, &err) : 0;
}

static int show_object(const char *what, saqta_engine *engine, cli_call call, const void *args)
{
	struct saqta_error err = {0};
	struct out_buf b = {0};
	enum saqta_status r = call(engine, out_buf_write, &b, args, &err);

	if (b.len > 0)
		out_object(b.data, b.len);
	out_buf_done(&b);
	return r ? out_error(what, &err) : 0;
}

static int show_rows(const char *what, const char *nothing, saqta_engine *engine, cli_call call, const void *args)
{
	struct saqta_error err = {0};
	struct out_table t = {.nothing = nothing};
	enum saqta_status r = call(engine, out_table_write, &t, args, &err);

	if (r)
		t.nothing = NULL;
	out_table_end(&t);
	return r ? out_error(what, &err) : 0;
}

int cli_show(const char *what, bool read_only, enum cli_form form, const char *nothing, cli_call call, const void *args)
{
	saqta_engine *engine = NULL;
	int code = cli_open(read_only, &engine);

	if (code)
		return code;
	out_catch_signals();
	if (globals.json)
		code = show_json(what, engine, call, args);
	else if (form == CLI_OBJECT)
		code = show_object(what, engine, call, args);
	else
		code = show_rows(what, nothing, engine, call, args);
	(void)saqta_engine_close(engine);
	return code;
}
