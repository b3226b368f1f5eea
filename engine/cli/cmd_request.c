/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "out.h"

static const char *due_before;

static enum saqta_status call_list(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	(void)args;
	return saqta_engine_request_list(engine, due_before, write, user, reterr);
}

static int run_list(const struct opt_words *words)
{
	(void)words;
	return cli_show("request list", true, CLI_ROWS, "No requests.", call_list, NULL);
}

static const struct opt opts[] = {
	{"due-before", OPT_TEXT, &due_before, "TIME", "only those to be answered before TIME (RFC 3339)"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};

const struct command cmd_request_list = {
	.name = "request list",
	.summary = "The register of requests",
	.usage = "[--due-before TIME]",
	.examples = "  saqta --vault /srv/vault request list --due-before 2026-11-05T00:00:00+05:00\n",
	.opts = opts,
	.run = run_list,
};
