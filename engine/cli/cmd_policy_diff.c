/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "doc.h"
#include "out.h"

#include "saqta/policy.h"

#include <stdlib.h>

static const char *lang;
static bool rules_only;

static int run(const struct opt_words *words)
{
	const bool has_vault = globals.vault && globals.vault[0];
	struct out_progress progress = {.what = "comparing"};
	struct saqta_policy_from from = {.size = sizeof(from), .pack = words->at[0], .problems = out_write_problems}, to = from;
	struct saqta_policy_diff_options o = {.size = sizeof(o),
					      .lang = doc_language(lang),
					      .with_vault = has_vault && !rules_only,
					      .progress = out_progress,
					      .progress_user = &progress};
	struct saqta_error err = {0};
	struct out_buf b = {0};
	enum saqta_status r;
	int code = has_vault ? cli_open(true, &from.engine) : 0;

	if (code)
		return code;
	out_catch_signals();
	to.pack = words->at[1];
	to.engine = from.engine;
	r = saqta_policy_diff(&from, &to, &o, out_buf_write, &b, &err);
	out_progress_end(&progress);
	code = doc_end("policy diff", r, &err, &b);
	(void)saqta_engine_close(from.engine);
	return code;
}

static const struct opt opts[] = {
	{"lang", OPT_TEXT, &lang, "L", "kk, ru or en; default that of the environment"},
	{"rules-only", OPT_FLAG, &rules_only, NULL, "do not look at the subjects of the vault"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};

const struct command cmd_policy_diff = {
	.name = "policy diff",
	.summary = "What changes from one pack or version to another, and for whom",
	.usage = "OLD NEW [--lang L] [--rules-only]",
	.examples = "  saqta policy diff old/shop.xml new/shop.xml\n"
		    "  saqta --vault /srv/vault policy diff in-force ./policies/shop.xml\n"
		    "  saqta --vault /srv/vault policy diff digest:HEX in-force --rules-only --json\n",
	.more = "Each is a PACK, or with a vault `in-force` or `digest:HEX` of a version that the vault keeps. With a vault it counts, and "
		"changes\n"
		"nothing, how many subjects and records each change would touch, what would be due or due no more with the next sweep, "
		"and\n"
		"which decisions change. Decisions are compared over these questions for each category that a subject has records of: use\n"
		"for each purpose declared, and provide inside the country to each recipient declared for the record's first purpose, all\n"
		"with the ground consent. Rules about events to come are not counted.",
	.opts = opts,
	.words_min = 2,
	.words_max = 2,
	.run = run,
};
