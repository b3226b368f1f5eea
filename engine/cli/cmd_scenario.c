/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "out.h"
#include "scenarios.h"

#include "saqta/tool.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* "dir/name.jsonl" -> "name" */
static void name_of(const char *path, char *ret, size_t size)
{
	const char *slash = strrchr(path, '/');
	size_t len;

	(void)snprintf(ret, size, "%s", slash && slash[1] ? slash + 1 : path);
	len = strlen(ret);
	if (len > 6 && strcmp(ret + len - 6, ".jsonl") == 0)
		ret[len - 6] = 0;
}

static void print_messages(const struct out_buf *b)
{
	const char *at = b->data;

	while (at && *at) {
		size_t len = strcspn(at, "\n");

		printf("    %.*s\n", (int)(len > 100000 ? 100000 : len), at);
		at += len + (at[len] == '\n');
	}
}

static void print_json(const char *name, bool passed, const struct out_buf *b)
{
	json_t *line = json_pack("{s:s, s:b, s:s}", "scenario", name, "passed", passed, "messages", b->data ? b->data : "");

	if (line && json_dumpf(line, stdout, JSON_COMPACT) == 0)
		printf("\n");
	json_decref(line);
}

/* Returns the exit code that this file alone would have. */
static int run_one(const char *path, const char *dirs)
{
	struct saqta_error err = {0};
	struct out_buf messages = {0};
	bool passed = false;
	char name[256];
	enum saqta_status r = saqta_scenario_run(path, dirs, out_buf_write, &messages, &passed, &err);
	int code = r ? out_error(path, &err) : passed ? 0 : 1;

	name_of(path, name, sizeof(name));
	if (globals.json)
		print_json(name, code == 0, &messages);
	else
		printf("%s%s%s %s\n", code ? out_red() : "", code ? "not ok" : "ok", code ? out_plain() : "", name);
	if (!globals.json)
		print_messages(&messages);
	out_buf_done(&messages);
	return code;
}

int scenarios_run(struct scenarios *s, const char *path, const char *dirs)
{
	int one = run_one(path, dirs);

	if (one)
		s->failed++;
	else
		s->passed++;
	s->code = one > s->code ? one : s->code;
	if (fflush(stdout))
		s->code = 74;
	return s->code == 74 || out_stopped;
}

int scenarios_end(const struct scenarios *s)
{
	if (globals.json)
		printf("{\"passed\":%u,\"failed\":%u}\n", s->passed, s->failed);
	else
		printf("%u passed, %u failed\n", s->passed, s->failed);
	return out_stopped ? 130 : s->code;
}

static int run(const struct opt_words *words)
{
	struct scenarios s = {0};

	out_catch_signals();
	for (int i = 0; i < words->n; i++)
		if (scenarios_run(&s, words->at[i], NULL))
			break;
	return scenarios_end(&s);
}

static const struct opt opts[] = {{NULL, OPT_FLAG, NULL, NULL, NULL}};

const struct command cmd_scenario = {
	.name = "scenario",
	.summary = "Run scenario files, each in a fresh vault in memory",
	.usage = "FILE…",
	.examples = "  saqta scenario policies/tests/*.jsonl\n",
	.more = "Exit 1 if one failed.",
	.opts = opts,
	.words_min = 1,
	.words_max = OPT_WORDS_MAX * 16,
	.run = run,
};
