/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "out.h"

#include "saqta/tool.h"

static struct opt_number subjects, seed;
static const char *from, *to;

static int run(const struct opt_words *words)
{
	struct saqta_generate_options o = {.size = sizeof(o), .subjects = subjects.n, .seed = seed.n, .from = from, .to = to};
	struct saqta_error err = {0};

	(void)words;
	if (!subjects.is_given)
		return out_usage("generate", "say how many with --subjects N");
	if (!seed.is_given)
		return out_usage("generate", "say which with --seed S");
	out_catch_signals();
	return saqta_generate(&o, out_write, NULL, &err) ? out_error("generate", &err) : 0;
}

static const struct opt opts[] = {
	{"subjects", OPT_NUMBER, &subjects, "N", "how many invented people"},
	{"seed", OPT_NUMBER, &seed, "S", "the same seed gives the same people"},
	{"from", OPT_TEXT, &from, "DATE", "first day; default 2022-01-01"},
	{"to", OPT_TEXT, &to, "DATE", "everything is before this day; default 2026-11-01"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};

const struct command cmd_generate = {
	.name = "generate",
	.summary = "Events of invented people, as JSON Lines on stdout",
	.usage = "--subjects N --seed S [--from DATE] [--to DATE]",
	.examples = "  saqta generate --subjects 1000 --seed 1 | saqta --vault /srv/vault apply\n",
	.opts = opts,
	.run = run,
};
