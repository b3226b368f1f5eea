/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "out.h"

#include "saqta/audit.h"
#include "saqta/witness.h"

#include <jansson.h>

static struct opt_number from;
static const char *subject, *heartbeat;
static struct out_progress progress = {.what = "verifying"};

static enum saqta_status call_verify(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	enum saqta_status r = saqta_audit_verify_heartbeat(engine, heartbeat, out_progress, &progress, write, user, reterr);

	(void)args;
	out_progress_end(&progress);
	return r;
}

static int run_verify(const struct opt_words *words)
{
	(void)words;
	return cli_show("audit verify", true, CLI_OBJECT, NULL, call_verify, NULL);
}

/* Beside the note, where a policy of witnesses is there: that it can be read the checkpoint itself has found. */
static void tell_witnesses(saqta_engine *engine)
{
	struct saqta_error ignored = {0};
	struct out_buf b = {0};
	json_t *o = saqta_audit_witness_show(engine, out_buf_write, &b, &ignored) == SAQTA_OK ? json_loadb(b.data, b.len, 0, NULL) : NULL;

	if (o)
		fprintf(stderr, "saqta: %lld of %lld demanded witnesses signed this head; the quorum is %s\n",
			(long long)json_integer_value(json_object_get(o, "signed")),
			(long long)json_integer_value(json_object_get(o, "demanded")),
			json_is_true(json_object_get(o, "quorum")) ? "met" : "not met");
	json_decref(o);
	out_buf_done(&b);
}

static enum saqta_status call_checkpoint(saqta_engine *engine, saqta_write_fn write, void *user, const void *args,
					 struct saqta_error *reterr)
{
	enum saqta_status r = saqta_audit_checkpoint(engine, write, user, reterr);

	(void)args;
	if (!r)
		tell_witnesses(engine);
	return r;
}

/* The signed note is text in any case: out_object leaves alone what is no JSON. */
static int run_checkpoint(const struct opt_words *words)
{
	(void)words;
	return cli_show("audit checkpoint", false, CLI_OBJECT, NULL, call_checkpoint, NULL);
}

static enum saqta_status call_show(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	(void)args;
	return saqta_audit_show(engine, from.n, subject, write, user, reterr);
}

static int run_show(const struct opt_words *words)
{
	(void)words;
	return cli_show("audit show", true, CLI_ROWS, "No entries.", call_show, NULL);
}

static const struct opt opts_none[] = {{NULL, OPT_FLAG, NULL, NULL, NULL}};
static const struct opt opts_verify[] = {
	{"heartbeat", OPT_TEXT, &heartbeat, "DURATION", "also name where nothing signed the log for longer, as P1D or PT2H"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};
static const struct opt opts_show[] = {
	{"from", OPT_NUMBER, &from, "N", "from this entry on; default the first"},
	{"subject", OPT_TEXT, &subject, "ID", "only what concerns this living subject"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};

const struct command cmd_audit_verify = {
	.name = "audit verify",
	.summary = "Read the whole log again and hold it against its signed head",
	.usage = "[--heartbeat DURATION]",
	.examples = "  saqta --vault /srv/vault audit verify\n"
		    "  saqta --vault /srv/vault audit verify --heartbeat PT2H\n",
	.more = "Exit 1 where a stored byte is not the one that was written; the first wrong entry is named. With --heartbeat also where "
		"between\n"
		"two heartbeats or ends of sweeps, or since the last one, more time went by; entries that no signature holds yet are "
		"counted.\n"
		"Where the keep holds a policy of witnesses, it says how many of those demanded signed the newest head; see\n"
		"`saqta audit witness --help`.",
	.opts = opts_verify,
	.run = run_verify,
};

const struct command cmd_audit_checkpoint = {
	.name = "audit checkpoint",
	.summary = "Sign the log's head now and print the signed note",
	.usage = "",
	.examples = "  saqta --vault /srv/vault audit checkpoint >head.txt\n",
	.more = "With the cosignatures of witnesses on this very head; how many of those demanded signed it is said on stderr.",
	.opts = opts_none,
	.run = run_checkpoint,
};

const struct command cmd_audit_show = {
	.name = "audit show",
	.summary = "The entries of the log",
	.usage = "[--from N] [--subject ID]",
	.examples = "  saqta --vault /srv/vault audit show --from 1000\n"
		    "  saqta --vault /srv/vault audit show --subject u-17 --json\n",
	.opts = opts_show,
	.run = run_show,
};
