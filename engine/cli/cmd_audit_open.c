/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "out.h"

#include "saqta/audit.h"

#include <errno.h>
#include <stdlib.h>

#define OPEN_MAX 1000

static const char *purpose, *claims;

static enum saqta_status call(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	return saqta_audit_open(engine, args, write, user, reterr);
}

static bool number(const char *word, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(word, &end, 10);
	return word[0] >= '0' && word[0] <= '9' && !*end && errno == 0;
}

static int run(const struct opt_words *words)
{
	uint64_t entries[OPEN_MAX];
	struct saqta_audit_open_options o = {
		.size = sizeof(o), .entries = entries, .n_entries = (size_t)words->n, .purpose = purpose, .claims = claims};

	for (int i = 0; i < words->n; i++)
		if (!number(words->at[i], &entries[i]))
			return out_usage("audit open", "%s: an entry is named by its number", words->at[i]);
	return cli_show("audit open", false, words->n == 1 ? CLI_OBJECT : CLI_ROWS, NULL, call, &o);
}

static const struct opt opts[] = {
	{"purpose", OPT_TEXT, &purpose, "P", "why the subject is read: gives the external id and the entry's key"},
	{"claim", OPT_TEXT, &claims, "FILE", "events, one JSON object a line: is one of them the event that was decided on?"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};

const struct command cmd_audit_open = {
	.name = "audit open",
	.summary = "Open entries: whose they are, and which event they commit to",
	.usage = "N... [--purpose P] [--claim FILE]",
	.examples = "  saqta --vault /srv/vault audit open 1207 --claim event.jsonl\n"
		    "  saqta --vault /srv/vault audit open 1207 1208 --purpose contract --json\n",
	.more = "The vault keeps no event as it was received: an entry holds a keyed commitment to it. With --claim the program says which "
		"line, if\n"
		"any, is the committed event. With --purpose it gives the entry's key: HMAC-SHA-256 under it over the event, as JSON with "
		"sorted\n"
		"members and no white space, is the entry's `input`, so that anybody can see it without the vault. The key opens this "
		"entry "
		"alone;\n"
		"who holds it can try events against it. Opening is recorded as a reading. After the destruction of a subject nothing of "
		"it "
		"opens:\n"
		"the entry that erased it is named.",
	.opts = opts,
	.words_min = 1,
	.words_max = OPEN_MAX,
	.run = run,
};
