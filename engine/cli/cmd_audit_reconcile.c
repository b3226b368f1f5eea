/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "out.h"

#include "saqta/audit.h"

static enum saqta_status call(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	struct out_progress progress = {.what = "reading the log"};
	enum saqta_status r = saqta_audit_reconcile(engine, out_progress, &progress, write, user, reterr);

	(void)args;
	out_progress_end(&progress);
	return r;
}

static int run(const struct opt_words *words)
{
	(void)words;
	return cli_show("audit reconcile", false, CLI_OBJECT, NULL, call, NULL);
}

static const struct opt opts[] = {{NULL, OPT_FLAG, NULL, NULL, NULL}};

const struct command cmd_audit_reconcile = {
	.name = "audit reconcile",
	.summary = "Tell the vault's tables again by the log alone, and compare",
	.usage = "",
	.examples = "  saqta --vault /srv/vault audit reconcile\n",
	.more = "Verifies the log, then compares: who is registered and not destroyed, how many records each has and in which state, the "
		"tasks\n"
		"that entries name, the policy in force, the look-up of names. Every record is opened, so a changed one is found. Exit 1 "
		"where they differ;\n"
		"each difference is named by pseudonym and entry.",
	.opts = opts,
	.run = run,
};
