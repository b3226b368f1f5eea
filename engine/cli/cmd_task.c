/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "out.h"

#include <errno.h>
#include <stdlib.h>

static enum saqta_status call_list(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	(void)args;
	return saqta_engine_task_list(engine, write, user, reterr);
}

static int run_list(const struct opt_words *words)
{
	(void)words;
	return cli_show("task list", true, CLI_ROWS, "No tasks.", call_list, NULL);
}

static enum saqta_status call_close(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	return saqta_engine_task_close(engine, *(const uint64_t *)args, write, user, reterr);
}

static int run_close(const struct opt_words *words)
{
	const char *text = words->at[0];
	uint64_t task;
	char *end;

	errno = 0;
	task = strtoull(text, &end, 10);
	if (errno || text[0] < '0' || text[0] > '9' || *end)
		return out_usage("task close", "%s is not a task's number", text);
	return cli_show("task close", false, CLI_OBJECT, NULL, call_close, &task);
}

static const struct opt opts[] = {{NULL, OPT_FLAG, NULL, NULL, NULL}};

const struct command cmd_task_list = {
	.name = "task list",
	.summary = "What people or other systems have to do, and by when",
	.usage = "",
	.examples = "  saqta --vault /srv/vault task list\n",
	.opts = opts,
	.run = run_list,
};

const struct command cmd_task_close = {
	.name = "task close",
	.summary = "Note that a task is done",
	.usage = "ID",
	.examples = "  saqta --vault /srv/vault task close 42\n",
	.opts = opts,
	.words_min = 1,
	.words_max = 1,
	.run = run_close,
};
