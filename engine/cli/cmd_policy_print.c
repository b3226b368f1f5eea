/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "doc.h"
#include "out.h"

#include "saqta/policy.h"

#include <stdlib.h>

static const char *lang;

static int run(const struct opt_words *words)
{
	const bool has_vault = globals.vault && globals.vault[0];
	struct saqta_policy_from from = {
		.size = sizeof(from), .pack = words->at[0], .policy_dirs = getenv("SAQTA_POLICY_PATH"), .problems = out_write_problems};
	struct saqta_error err = {0};
	struct out_buf b = {0};
	int code = has_vault ? cli_open(true, &from.engine) : 0;

	if (code)
		return code;
	code = doc_end(words->at[0], saqta_policy_print(&from, doc_language(lang), globals.now, out_buf_write, &b, &err), &err, &b);
	(void)saqta_engine_close(from.engine);
	return code;
}

static const struct opt opts[] = {
	{"lang", OPT_TEXT, &lang, "L", "kk, ru or en; default that of the environment"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};

const struct command cmd_policy_print = {
	.name = "policy print",
	.summary = "The policy in plain sentences, for publication",
	.usage = "PACK [--lang L]",
	.examples = "  saqta policy print shop --lang kk > site/policy.txt\n"
		    "  saqta --vault /srv/vault policy print in-force --lang ru\n",
	.more = "Each sentence has the clauses that it carries out in brackets. What is collected for which purpose, what goes to whom and "
		"on\n"
		"what grounds is asked of the rules themselves, as of --now. Rules that have ended are left out.",
	.opts = opts,
	.words_min = 1,
	.words_max = 1,
	.run = run,
};
