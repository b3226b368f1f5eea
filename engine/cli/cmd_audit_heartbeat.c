/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "out.h"

#include "saqta/audit.h"

static enum saqta_status call(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	(void)args;
	return saqta_audit_heartbeat(engine, write, user, reterr);
}

static int run(const struct opt_words *words)
{
	(void)words;
	return cli_show("audit heartbeat", false, CLI_OBJECT, NULL, call, NULL);
}

static const struct opt opts[] = {{NULL, OPT_FLAG, NULL, NULL, NULL}};

const struct command cmd_audit_heartbeat = {
	.name = "audit heartbeat",
	.summary = "Record that the vault was there, and sign the log's head over it",
	.usage = "",
	.examples = "  17 * * * *  saqta --vault /srv/vault audit heartbeat >/dev/null\n",
	.more = "To be called by a timer, as every hour. Then silence is told from an end that was cut off, and what a killed run left "
		"unsigned\n"
		"is signed within the hour. A sweep counts as a heartbeat. `audit verify --heartbeat PT2H` names what is missing.",
	.opts = opts,
	.run = run,
};
