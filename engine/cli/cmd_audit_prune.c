/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "out.h"

#include "saqta/audit.h"

static const char *before, *reason;
static struct opt_number to;
static bool dry_run;

static enum saqta_status call(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	struct out_progress progress = {.what = "verifying"};
	struct saqta_prune_options o = {.size = sizeof(o),
					.before = before,
					.has_to = to.is_given,
					.to = to.n,
					.reason = reason,
					.dry_run = dry_run,
					.progress = out_progress,
					.progress_user = &progress};
	enum saqta_status r = saqta_audit_prune(engine, &o, write, user, reterr);

	(void)args;
	out_progress_end(&progress);
	return r;
}

static int run(const struct opt_words *words)
{
	(void)words;
	if (!reason)
		return out_usage("audit prune", "say why with --reason TEXT: it stays in the log for good");
	return cli_show("audit prune", false, CLI_OBJECT, NULL, call, NULL);
}

static const struct opt opts[] = {
	{"before", OPT_TEXT, &before, "TIME", "entries recorded before this time"},
	{"to", OPT_NUMBER, &to, "N", "entries before entry N"},
	{"reason", OPT_TEXT, &reason, "TEXT", "why, for whoever reads the log; name no person"},
	{"dry-run", OPT_FLAG, &dry_run, NULL, "change nothing, say how many would go"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};

const struct command cmd_audit_prune = {
	.name = "audit prune",
	.summary = "Take away the bodies of old entries; their hashes and all proofs stay",
	.usage = "(--before TIME | --to N) --reason TEXT [--dry-run]",
	.examples = "  saqta --vault /srv/vault audit prune --before 2021-01-01T00:00:00+06:00 --reason 'five years are over' --dry-run\n",
	.more = "Cannot be undone. Goes: what is about nobody who lives, and of those who live what only asked (use, disclose, merge, "
		"message,\n"
		"read). Stays: policies, keys, incarnations, every destruction, and of those who live all else. A signed entry says what "
		"went.\n"
		"`audit verify`, `prove`, `receipt` and `reconcile` work as before; `report` refuses a period that begins before the "
		"newest "
		"pruned\n"
		"entry, and `audit replay` ends with 66. Make the reports, an export and a backup first. Entries of former incarnations "
		"are "
		"not pruned.",
	.opts = opts,
	.run = run,
};
