/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "out.h"

static enum saqta_status call(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	(void)args;
	return saqta_engine_status(engine, write, user, reterr);
}

static int run(const struct opt_words *words)
{
	(void)words;
	return cli_show("status", true, CLI_OBJECT, NULL, call, NULL);
}

static const struct opt opts[] = {{NULL, OPT_FLAG, NULL, NULL, NULL}};

const struct command cmd_status = {
	.name = "status",
	.summary = "Counts, next deadlines, what is overdue, the log's size, the policy in force",
	.usage = "",
	.examples = "  saqta --vault /srv/vault status\n",
	.opts = opts,
	.run = run,
};
