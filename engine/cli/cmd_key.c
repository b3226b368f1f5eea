/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "out.h"
#include "phrase.h"

#include "saqta/keys.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

static const char *new_key_file;
static bool with_passphrase, without_passphrase;
static struct phrase fresh = {.prompt = "New passphrase of the key file", .is_new = true};
static struct opt_number n_shares, threshold;
static struct out_progress progress = {.what = "renewing"};

static struct saqta_key_options key_options(void)
{
	return (struct saqta_key_options){.size = sizeof(struct saqta_key_options),
					  .new_key_file = new_key_file,
					  .with_passphrase = with_passphrase,
					  .without_passphrase = without_passphrase,
					  .passphrase = phrase_ask,
					  .passphrase_user = &fresh};
}

static enum saqta_status call_status(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	(void)args;
	return saqta_key_status(engine, write, user, reterr);
}

static int run_status(const struct opt_words *words)
{
	(void)words;
	return cli_show("key status", true, CLI_OBJECT, NULL, call_status, NULL);
}

static enum saqta_status call_rotate(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	struct saqta_key_options o = key_options();
	enum saqta_status r = saqta_key_rotate(engine, &o, reterr);

	(void)args;
	return r || new_key_file ? r : saqta_key_status(engine, write, user, reterr);
}

static int run_rotate(const struct opt_words *words)
{
	int code;

	(void)words;
	if (with_passphrase && without_passphrase)
		return out_usage("key rotate", "--passphrase and --no-passphrase exclude each other");
	code = cli_show("key rotate", false, CLI_OBJECT, NULL, call_rotate, NULL);
	if (code == 0)
		fprintf(stderr, "The old master key opens this keystore no more. Copies of the keystore made before still open with it.\n");
	if (code == 0 && new_key_file)
		fprintf(stderr, "From now on: --key-file %s\n", new_key_file);
	return code;
}

static enum saqta_status call_renew(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	enum saqta_status r = saqta_key_renew(engine, out_progress, &progress, reterr);

	(void)args;
	out_progress_end(&progress);
	return r ? r : saqta_key_status(engine, write, user, reterr);
}

static int run_renew(const struct opt_words *words)
{
	(void)words;
	return cli_show("key renew", false, CLI_OBJECT, NULL, call_renew, NULL);
}

static enum saqta_status call_export(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	(void)args;
	return saqta_key_export(engine, (unsigned)n_shares.n, (unsigned)threshold.n, write, user, reterr);
}

static int run_export(const struct opt_words *words)
{
	int code;

	(void)words;
	if (!n_shares.is_given || !threshold.is_given)
		return out_usage("key export",
				 "say how many shares there shall be, and how many of them give the key: --shares 5 --threshold 3");
	if (n_shares.n > UCHAR_MAX || threshold.n > n_shares.n || threshold.n < 2)
		return out_usage("key export", "--shares is at most 255, --threshold at least 2 and not more than --shares");
	globals.json = true; /* the shares are lines in any case */
	code = cli_show("key export", false, CLI_ROWS, NULL, call_export, NULL);
	if (code == 0)
		fprintf(stderr,
			"Give each line to another person, on paper or a stick, and keep none here. Any %u of them are the master key.\n",
			(unsigned)threshold.n);
	return code;
}

static int read_all(const char *path, struct out_buf *ret)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char chunk[4096];
	size_t n;
	int code = 0;

	if (!f) {
		fprintf(stderr, "saqta: %s: %s\n", path, strerror(errno));
		return 66;
	}
	while (!code && (n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		code = ret->len > (size_t)1 << 20 || out_buf_write(ret, chunk, n) ? 65 : 0;
	if (f != stdin)
		(void)fclose(f);
	explicit_bzero(chunk, sizeof(chunk));
	return code;
}

static int run_recover(const struct opt_words *words)
{
	struct saqta_key_options o = key_options();
	struct saqta_error err = {0};
	struct saqta_options options;
	struct out_buf text = {0};
	int code = 0;

	if (!cli_options(&options))
		return 2;
	for (int i = 0; !code && i < words->n; i++) {
		code = read_all(words->at[i], &text);
		if (!code)
			code = out_buf_write(&text, "\n", 1) ? 74 : 0;
	}
	if (!code && saqta_key_recover(&options, &o, text.data, text.len, &err))
		code = out_error("key recover", &err);
	out_buf_done(&text);
	if (code == 0)
		fprintf(stderr, "The key file is back. Now that the shares have met, rotate the key and export new ones.\n");
	return code;
}

static const struct opt opts_none[] = {{NULL, OPT_FLAG, NULL, NULL, NULL}};
static const struct opt opts_rotate[] = {
	{"passphrase", OPT_FLAG, &with_passphrase, NULL, "seal the new key file under a passphrase"},
	{"no-passphrase", OPT_FLAG, &without_passphrase, NULL, "do not; default: as the old one"},
	{"new-passphrase-file", OPT_TEXT, &fresh.file, "FILE", "that passphrase, first line of FILE; default: ask"},
	{"new-key-file", OPT_TEXT, &new_key_file, "FILE", "write the new key there and leave the old file alone"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};
static const struct opt opts_export[] = {
	{"shares", OPT_NUMBER, &n_shares, "N", "how many shares"},
	{"threshold", OPT_NUMBER, &threshold, "K", "how many of them give the key"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};
static const struct opt opts_recover[] = {
	{"passphrase", OPT_FLAG, &with_passphrase, NULL, "seal the key file under a passphrase"},
	{"new-passphrase-file", OPT_TEXT, &fresh.file, "FILE", "that passphrase, first line of FILE; default: ask"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};

const struct command cmd_key_status = {
	.name = "key status",
	.summary = "Which keys there are, and since when",
	.usage = "",
	.examples = "  saqta --vault /srv/vault key status\n",
	.opts = opts_none,
	.run = run_status,
};

const struct command cmd_key_rotate = {
	.name = "key rotate",
	.summary = "A new master key; no record is touched",
	.usage = "[--passphrase | --no-passphrase] [--new-key-file FILE]",
	.examples = "  saqta --vault /srv/vault key rotate\n"
		    "  saqta --vault /srv/vault key rotate --passphrase\n",
	.more = "When the key file may have been seen. Shares of the old key are worth nothing afterwards: export new ones.",
	.opts = opts_rotate,
	.run = run_rotate,
};

const struct command cmd_key_renew = {
	.name = "key renew",
	.summary = "A new epoch: every living key sealed anew, another signing key for the log, the old ones destroyed",
	.usage = "",
	.examples = "  saqta --vault /srv/vault key renew\n",
	.more = "On schedule, weekly. What copies of the keystore from before still hold dies with the last of them; what this one held "
		"of\n"
		"the destroyed is gone now. The log gets a new signing key: the old one names it, signs that and is destroyed. log.vkey\n"
		"changes with it: give it to whoever checks the log.",
	.opts = opts_none,
	.run = run_renew,
};

const struct command cmd_key_export = {
	.name = "key export",
	.summary = "The master key as shares, of which some give it back",
	.usage = "--shares N --threshold K",
	.examples = "  saqta --vault /srv/vault key export --shares 5 --threshold 3\n",
	.opts = opts_export,
	.run = run_export,
};

const struct command cmd_key_recover = {
	.name = "key recover",
	.summary = "Make the key file again from shares",
	.usage = "FILE…",
	.examples = "  saqta --vault /srv/vault key recover share1.txt share4.txt share5.txt\n",
	.more = "Writes no key that does not open this vault's keystore, and overwrites no key file.",
	.opts = opts_recover,
	.words_min = 1,
	.words_max = OPT_WORDS_MAX,
	.run = run_recover,
};
