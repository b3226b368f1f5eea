/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "lines.h"
#include "out.h"

#include <jansson.h>
#include <string.h>

#define COMMIT_LINES 5000
#define COMMIT_BYTES ((size_t)8 << 20)

enum { APPLIED, DENIED, DEFERRED, DUPLICATE, INVALID, OUTCOMES };
static const char *const outcomes[OUTCOMES] = {"applied", "denied", "deferred", "duplicate", "invalid"};

struct apply {
	saqta_engine *engine;
	struct lines lines;
	struct out_progress progress;
	struct out_buf answer; /* one that came in pieces */
	uint64_t counts[OUTCOMES], total;
	bool as_text;
	unsigned pending; /* lines taken and not yet committed */
	size_t pending_bytes;
};

static int outcome_of(const char *answer, size_t len)
{
	static const char member[] = "\"outcome\":\"";
	const char *at = memmem(answer, len, member, sizeof(member) - 1);

	for (int i = 0; at && i < OUTCOMES; i++)
		if (strncmp(at + sizeof(member) - 1, outcomes[i], strlen(outcomes[i])) == 0)
			return i;
	return -1;
}

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

/* On a terminal only what somebody may have to look at. */
static void print_text(const char *name, const char *text, size_t len)
{
	json_t *answer = json_loadb(text, len, JSON_DECODE_ANY, NULL);
	const char *outcome = json_string_value(json_object_get(answer, "outcome"));
	const char *error = json_string_value(json_object_get(answer, "error"));
	const char *due = json_string_value(json_object_get(answer, "due"));

	printf("%s:%lld: %s%s%s", name, (long long)json_integer_value(json_object_get(answer, "line")), out_red(), outcome ? outcome : "?",
	       out_plain());
	print_words(json_object_get(answer, "clauses"));
	if (due)
		printf(", due %s", due);
	if (error) {
		printf(": ");
		out_text(stdout, error, 0);
	}
	printf("\n");
	json_decref(answer);
}

static int take_answer(struct apply *a, const char *text, size_t len)
{
	int outcome = outcome_of(text, len);

	a->total++;
	if (outcome >= 0)
		a->counts[outcome]++;
	if (!a->as_text)
		return out_write_whole(NULL, text, len);
	if (outcome == DENIED || outcome == DEFERRED || outcome == INVALID) {
		out_progress_end(&a->progress);
		print_text(a->lines.name, text, len);
	}
	return 0;
}

static int on_answers(void *user, const char *data, size_t len)
{
	struct apply *a = user;

	while (len > 0) {
		const char *end = memchr(data, '\n', len);
		size_t part = end ? (size_t)(end - data) + 1 : len;

		if (end && a->answer.len == 0) {
			if (take_answer(a, data, part))
				return 1;
		} else if (out_buf_write(&a->answer, data, part)) {
			return 1;
		} else if (end) {
			int r = take_answer(a, a->answer.data, a->answer.len);

			a->answer.len = 0;
			if (r)
				return 1;
		}
		data += part;
		len -= part;
	}
	return 0;
}

static enum saqta_status commit(struct apply *a, struct saqta_error *err)
{
	enum saqta_status r;

	if (a->pending == 0)
		return SAQTA_OK;
	r = saqta_engine_commit(a->engine, on_answers, a, err);
	a->pending = 0;
	a->pending_bytes = 0;
	if (fflush(stdout)) /* whoever waits for the answers gets them now, and a reader that went away is noticed */
		r = r ? r : SAQTA_ERR_CANCELLED;
	(void)out_progress(&a->progress, a->lines.bytes, a->lines.total);
	return r;
}

/* Everything there is. LINES_END, LINES_STOPPED or LINES_ERROR; with @ret the engine's own failure. */
static enum lines_got take_lines(struct apply *a, enum saqta_status *ret, struct saqta_error *err)
{
	for (;;) {
		const char *text = NULL;
		size_t len = 0;
		enum lines_got got = lines_next(&a->lines, a->pending > 0, &text, &len);

		if (got == LINES_LINE)
			*ret = saqta_engine_submit(a->engine, a->lines.line, text, len, err);
		else if (got == LINES_OVERSIZE)
			*ret = saqta_engine_submit_oversize(a->engine, a->lines.line, err);
		if (*ret)
			return got;
		if (got == LINES_LINE || got == LINES_OVERSIZE) {
			a->pending++;
			a->pending_bytes += len;
		}
		if (got == LINES_LINE && a->pending < COMMIT_LINES && a->pending_bytes < COMMIT_BYTES)
			continue;
		*ret = commit(a, err);
		if (*ret || got == LINES_END || got == LINES_STOPPED || got == LINES_ERROR)
			return got;
	}
}

static void print_summary(const struct apply *a)
{
	char number[OUT_NUMBER_SIZE];
	const char *separator = ": ";

	fprintf(stderr, "%s %s", out_number(a->total, number), a->total == 1 ? "line" : "lines");
	for (int i = 0; i < OUTCOMES; i++) {
		if (a->counts[i] == 0)
			continue;
		fprintf(stderr, "%s%s %s", separator, out_number(a->counts[i], number), outcomes[i]);
		separator = ", ";
	}
	fprintf(stderr, "\n");
}

static int finish(struct apply *a, enum lines_got got, enum saqta_status r, struct saqta_error *err)
{
	int code = 0;

	out_progress_end(&a->progress);
	if (r) {
		if (r == SAQTA_ERR_CANCELLED)
			(void)saqta_engine_finish(a->engine,
						  &(struct saqta_error){0}); /* the lines are durable; only their reader is gone */
		code = out_error(a->lines.name, err);
	} else if (saqta_engine_finish(a->engine, err)) {
		code = out_error(a->lines.name, err);
	} else if (got == LINES_ERROR) {
		fprintf(stderr, "saqta: %s: %s\n", a->lines.name, strerror(a->lines.error));
		code = 74;
	} else if (got == LINES_STOPPED) {
		fprintf(stderr, "saqta: %s: stopped by a signal after line %u\n", a->lines.name, a->lines.line);
		code = 130;
	} else if (a->counts[INVALID] > 0) {
		code = 65;
	}
	print_summary(a);
	return code;
}

static int run(const struct opt_words *words)
{
	struct apply a = {.progress = {.what = "applying"}, .as_text = globals.text || (!globals.json && out_is_terminal())};
	struct saqta_error err = {0};
	enum saqta_status r = SAQTA_OK;
	enum lines_got got;
	int code = lines_open(&a.lines, words->n > 0 ? words->at[0] : NULL);

	if (code)
		return code;
	code = cli_open(false, &a.engine);
	if (!code) {
		out_catch_signals();
		got = take_lines(&a, &r, &err);
		if (r)
			err.status = r;
		code = finish(&a, got, r, &err);
		(void)saqta_engine_close(a.engine);
	}
	out_buf_done(&a.answer);
	lines_close(&a.lines);
	return code;
}

static const struct opt opts[] = {{NULL, OPT_FLAG, NULL, NULL, NULL}};

const struct command cmd_apply = {
	.name = "apply",
	.summary = "Apply events, one JSON object a line, and print the answers",
	.usage = "[FILE|-]",
	.examples = "  saqta --vault /srv/vault apply events.jsonl\n"
		    "  producer | saqta --vault /srv/vault apply --json >answers.jsonl\n",
	.more = "An answer is printed once its line is durable. Answers are JSON lines; on a terminal only what was denied, deferred or\n"
		"invalid is told. Exit 65 if a line was invalid: the others are applied all the same.",
	.opts = opts,
	.words_max = 1,
	.run = run,
};
