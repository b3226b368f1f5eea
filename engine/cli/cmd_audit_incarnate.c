/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "out.h"

#include "saqta/audit.h"

static const char *reason;

static enum saqta_status call(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	struct out_progress progress = {.what = "verifying"};
	enum saqta_status r = saqta_audit_incarnate(engine, reason, out_progress, &progress, write, user, reterr);

	(void)args;
	out_progress_end(&progress);
	return r;
}

static int run(const struct opt_words *words)
{
	(void)words;
	if (!reason)
		return out_usage("audit incarnate", "say why with --reason TEXT: it stays in the log for good");
	return cli_show("audit incarnate", false, CLI_OBJECT, NULL, call, NULL);
}

static const struct opt opts[] = {
	{"reason", OPT_TEXT, &reason, "TEXT", "why, for whoever reads the log; name no person"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};

const struct command cmd_audit_incarnate = {
	.name = "audit incarnate",
	.summary = "Let the log begin anew, under another name and key",
	.usage = "--reason TEXT",
	.examples = "  saqta --vault /srv/vault audit incarnate --reason 'the clock ran ahead on 3 March'\n",
	.more = "For a log that can no longer go on, as after a clock that ran ahead: a time before the newest entry is refused ever "
		"after. The\n"
		"new log's first entry names the reason and the old log's head; the old entries stay in the vault and `audit verify` reads "
		"them.\n"
		"Prints the old head and the new one. The key in log.vkey changes with it: give it to whoever checks the log. A log that "
		"does\n"
		"not verify does not begin anew.",
	.opts = opts,
	.run = run,
};
