/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "out.h"

static const char *purpose, *state;

static enum saqta_status call_show(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	return saqta_engine_subject_show(engine, args, purpose, write, user, reterr);
}

static int run_show(const struct opt_words *words) { return cli_show("subject show", false, CLI_OBJECT, NULL, call_show, words->at[0]); }

static enum saqta_status call_list(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	(void)args;
	return saqta_engine_subject_list(engine, state, write, user, reterr);
}

static int run_list(const struct opt_words *words)
{
	(void)words;
	return cli_show("subject list", true, CLI_ROWS, "No subjects.", call_list, NULL);
}

static const struct opt opts_show[] = {
	{"purpose", OPT_TEXT, &purpose, "P", "why the values are read; without it they are masked"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};
static const struct opt opts_list[] = {
	{"state", OPT_TEXT, &state, "S", "active, blocked, stopped, depersonalised or destroyed"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};

const struct command cmd_subject_show = {
	.name = "subject show",
	.summary = "What is held of one subject",
	.usage = "ID [--purpose P]",
	.examples = "  saqta --vault /srv/vault subject show u-17\n"
		    "  saqta --vault /srv/vault subject show u-17 --purpose support\n",
	.more = "Reading is recorded. A destroyed subject cannot be told from an unknown one: both exit 66.",
	.opts = opts_show,
	.words_min = 1,
	.words_max = 1,
	.run = run_show,
};

const struct command cmd_subject_list = {
	.name = "subject list",
	.summary = "The subjects, by pseudonym",
	.usage = "[--state S]",
	.examples = "  saqta --vault /srv/vault subject list --state stopped\n",
	.opts = opts_list,
	.run = run_list,
};
