/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "out.h"

#include "saqta/audit.h"

static struct opt_number from, to;

static enum saqta_status call(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	struct out_progress progress = {.what = "replaying"};
	struct saqta_replay_options o = {.size = sizeof(o),
					 .events = args,
					 .from = from.n,
					 .has_to = to.is_given,
					 .to = to.n,
					 .progress = out_progress,
					 .progress_user = &progress};
	enum saqta_status r = saqta_audit_replay(engine, &o, write, user, reterr);

	out_progress_end(&progress);
	return r;
}

static int run(const struct opt_words *words) { return cli_show("audit replay", true, CLI_OBJECT, NULL, call, words->at[0]); }

static const struct opt opts[] = {
	{"from", OPT_NUMBER, &from, "N", "compare from this entry on; those before it are made again too"},
	{"to", OPT_NUMBER, &to, "N", "up to this entry; default the last"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};

const struct command cmd_audit_replay = {
	.name = "audit replay",
	.summary = "Make the log's decisions again from the events, and compare",
	.usage = "EVENTS.jsonl [--from N] [--to N]",
	.examples = "  cat day-1.jsonl day-2.jsonl >events.jsonl; saqta --vault /srv/vault audit replay events.jsonl\n",
	.more = "The vault keeps no event as it was received: EVENTS.jsonl holds every line that was ever applied, in this order. Each is "
		"done in a\n"
		"vault in memory, at the recorded time, under the version of the policy that the entry names, and so are the sweeps; what "
		"comes\n"
		"of it must be what the log says: type, time, outcome, rules, clauses, due, state, and whose it is. Of subjects that live "
		"each line\n"
		"must be the event to which its entry commits. Exit 1 with the first difference; 65 where the file ends too early; 66 "
		"where "
		"the\n"
		"log cannot tell (entries pruned, a restore, a sweep that was killed). Needs about as much memory as the vault is large.",
	.opts = opts,
	.words_min = 1,
	.words_max = 1,
	.run = run,
};
