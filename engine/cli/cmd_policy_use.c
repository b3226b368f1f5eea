/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "out.h"

#include "saqta/policy.h"

static enum saqta_status call(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	struct out_progress progress = {.what = "deriving"};
	enum saqta_status r = saqta_policy_use(engine, args, out_write_problems, out_progress, &progress, write, user, reterr);

	out_progress_end(&progress);
	return r;
}

static int run(const struct opt_words *words) { return cli_show(words->at[0], false, CLI_OBJECT, NULL, call, words->at[0]); }

static const struct opt opts[] = {{NULL, OPT_FLAG, NULL, NULL, NULL}};

const struct command cmd_policy_use = {
	.name = "policy use",
	.summary = "Put a pack in force",
	.usage = "PACK",
	.examples = "  saqta --vault /srv/vault policy diff in-force ./policies/shop.xml\n"
		    "  saqta --vault /srv/vault policy use ./policies/shop.xml\n",
	.more = "The pack is recorded and kept with the vault: a file that changes later changes nothing until it is put in force. Every\n"
		"subject's terms are derived again, and deadlines computed that wanted a newer calendar. A pack that is refused changes\n"
		"nothing and exits 78. Consents keep the version under which they were given; `consents_outdated` counts the subjects who\n"
		"gave theirs under another one.",
	.opts = opts,
	.words_min = 1,
	.words_max = 1,
	.run = run,
};
