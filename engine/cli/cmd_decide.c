/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "doc.h"
#include "lines.h"
#include "out.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void print_words(const json_t *words)
{
	json_t *word;
	size_t i;

	json_array_foreach(words, i, word)
	{
		printf(" ");
		out_text(stdout, json_string_value(word) ? json_string_value(word) : "", 0);
	}
}

static void print_reason(const json_t *say)
{
	const char *rule = json_string_value(json_object_get(say, "rule")), *why = json_string_value(json_object_get(say, "why"));
	const char *consent = json_string_value(json_object_get(say, "consent"));
	const char *condition = json_string_value(json_object_get(say, "condition"));
	const char *sentence = json_string_value(json_object_get(say, doc_language(NULL)));

	printf("  ");
	out_text(stdout, why ? why : "?", 16);
	print_words(json_object_get(say, "clauses"));
	printf("  (rule %s%s%s)\n", rule ? rule : "?", consent ? ", consent " : "", consent ? consent : "");
	if (condition && condition[0]) {
		printf("%20s", "where ");
		out_text(stdout, condition, 0);
		printf("\n");
	}
	if (sentence && sentence[0]) {
		printf("%19s", "");
		out_text(stdout, sentence, 0);
		printf("\n");
	}
}

static void print_text(unsigned line, const char *text, size_t len)
{
	json_t *decision = json_loadb(text, len, JSON_ALLOW_NUL, NULL), *say;
	const char *effect = json_string_value(json_object_get(decision, "effect"));
	size_t i;

	printf("%u: %s%s%s", line, effect && strcmp(effect, "permit") == 0 ? out_bold() : out_red(), effect ? effect : "?", out_plain());
	print_words(json_object_get(decision, "clauses"));
	printf("\n");
	json_array_foreach(json_object_get(decision, "because"), i, say) print_reason(say);
	json_decref(decision);
}

static enum saqta_status decide_one(saqta_engine *engine, unsigned line, const char *text, size_t len, bool as_text,
				    struct saqta_error *err)
{
	struct out_buf b = {0};
	enum saqta_status r = saqta_engine_decide(engine, text, len, out_buf_write, &b, err);

	if (!r && as_text)
		print_text(line, b.data ? b.data : "", b.len);
	else if (!r && (out_write(NULL, b.data ? b.data : "", b.len) ||
			(b.len > 0 && b.data[b.len - 1] != '\n' && out_write(NULL, "\n", 1)) || fflush(stdout)))
		r = SAQTA_ERR_CANCELLED;
	out_buf_done(&b);
	if (r)
		err->status = r;
	return r;
}

/* One question after another; a line that cannot be understood is told and the next ones go on. */
static int decide_all(saqta_engine *engine, struct lines *l, bool as_text)
{
	int code = 0;

	for (;;) {
		struct saqta_error err = {0};
		const char *text = NULL;
		size_t len = 0;
		enum lines_got got = lines_next(l, false, &text, &len);

		if (got == LINES_OVERSIZE) {
			fprintf(stderr, "%s:%u: longer than 4 MiB\n", l->name, l->line);
			code = 65;
		} else if (got == LINES_ERROR) {
			fprintf(stderr, "saqta: %s: %s\n", l->name, strerror(l->error));
			return 74;
		} else if (got != LINES_LINE) {
			return got == LINES_STOPPED ? 130 : code;
		} else if (decide_one(engine, l->line, text, len, as_text, &err)) {
			err.line = err.status == SAQTA_ERR_INPUT || err.status == SAQTA_ERR_LIMIT ? l->line : 0;
			code = out_error(l->name, &err);
			if (code != 65)
				return code;
		}
	}
}

static int run(const struct opt_words *words)
{
	bool as_text = globals.text || (!globals.json && out_is_terminal());
	saqta_engine *engine = NULL;
	struct lines l;
	int code = lines_open(&l, words->n > 0 ? words->at[0] : NULL);

	if (code)
		return code;
	code = cli_open(true, &engine);
	if (!code) {
		out_catch_signals();
		code = decide_all(engine, &l, as_text);
		(void)saqta_engine_close(engine);
	}
	lines_close(&l);
	return code;
}

static const struct opt opts[] = {{NULL, OPT_FLAG, NULL, NULL, NULL}};

const struct command cmd_decide = {
	.name = "decide",
	.summary = "Answer whether something may be done, without doing or recording it",
	.usage = "[FILE|-]",
	.examples = "  echo '{\"subject\":\"u-17\",\"purpose\":\"support\",\"categories\":[\"phone\"]}' | saqta --vault /srv/vault decide "
		    "--text\n",
	.more = "Questions have the members of `use` or `disclose`, one JSON object a line. Answers are JSON lines; on a terminal, or "
		"with\n"
		"--text, sentences. A denial is an answer: exit 0.",
	.opts = opts,
	.words_max = 1,
	.run = run,
};
