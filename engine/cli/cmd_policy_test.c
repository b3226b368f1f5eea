/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "out.h"
#include "scenarios.h"

#include "saqta/tool.h"

#include <jansson.h>

static void test_one(struct scenarios *s, const char *pack)
{
	const struct saqta_policy_from from = {.size = sizeof(from), .pack = pack, .problems = out_write_problems};
	struct saqta_error err = {0};
	struct out_buf b = {0};
	enum saqta_status r = saqta_policy_tests(&from, out_buf_write, &b, &err);
	json_t *tests = r ? NULL : json_loadb(b.data ? b.data : "", b.len, 0, NULL), *path;
	const char *dirs = json_string_value(json_object_get(tests, "dirs"));
	size_t i;

	if (r) {
		int code = out_error(pack, &err);

		s->code = code > s->code ? code : s->code;
	}
	json_array_foreach(json_object_get(tests, "scenarios"), i, path) if (scenarios_run(s, json_string_value(path), dirs)) break;
	json_decref(tests);
	out_buf_done(&b);
}

static int run(const struct opt_words *words)
{
	struct scenarios s = {0};

	out_catch_signals();
	for (int i = 0; i < words->n && !out_stopped; i++)
		test_one(&s, words->at[i]);
	return scenarios_end(&s);
}

static const struct opt opts[] = {{NULL, OPT_FLAG, NULL, NULL, NULL}};

const struct command cmd_policy_test = {
	.name = "policy test",
	.summary = "Run a pack's scenarios",
	.usage = "PACK…",
	.examples = "  saqta policy test ./policies/shop.xml\n",
	.more = "They are the files *.jsonl in the folder tests/PACK beside the pack's file, run as `saqta scenario` runs them. Exit 1 if "
		"one\n"
		"failed, 66 if there is none, 78 if the pack is refused.",
	.opts = opts,
	.words_min = 1,
	.words_max = OPT_WORDS_MAX,
	.run = run,
};
