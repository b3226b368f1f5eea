/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"

#include <stdio.h>
#include <string.h>

static const char *const outcomes[] = {[OUTCOME_APPLIED] = "applied",
				       [OUTCOME_DENIED] = "denied",
				       [OUTCOME_DEFERRED] = "deferred",
				       [OUTCOME_DUPLICATE] = "duplicate",
				       [OUTCOME_INVALID] = "invalid"};

const char *outcome_name(enum outcome o) { return outcomes[o]; }

void answer_init(struct answer *a)
{
	memset(a, 0, sizeof(*a));
	a->due_us = INSTANT_NONE;
}

void answer_done(struct answer *a)
{
	buf_done(&a->rules);
	buf_done(&a->clauses);
}

static void add_word(struct buf *list, const char *word, size_t len)
{
	const char *at = (const char *)list->data;

	while (at && *at) {
		const char *end = strchrnul(at, ' ');

		if ((size_t)(end - at) == len && memcmp(at, word, len) == 0)
			return;
		at = *end ? end + 1 : end;
	}
	if (list->len > 0)
		buf_add(list, " ", 1);
	buf_add(list, word, len);
}

void answer_clauses(struct answer *a, const char *clauses)
{
	while (clauses && *clauses) {
		const char *end = strchrnul(clauses, ' ');

		if (end > clauses)
			add_word(&a->clauses, clauses, (size_t)(end - clauses));
		clauses = *end ? end + 1 : end;
	}
}

void answer_rule(struct answer *a, const struct policy *p, unsigned rule)
{
	add_word(&a->rules, rule_id(p, rule), strlen(rule_id(p, rule)));
	for (const char *const *c = rule_clauses(p, rule); *c; c++)
		add_word(&a->clauses, *c, strlen(*c));
}

void answer_due(struct answer *a, int64_t due_us)
{
	if (due_us != INSTANT_NONE && (a->due_us == INSTANT_NONE || due_us < a->due_us))
		a->due_us = due_us;
}

static void words_json(struct json_out *j, const char *name, const struct buf *words)
{
	const char *at = (const char *)words->data;

	if (words->len == 0)
		return;
	json_open(j, name, '[');
	while (*at) {
		const char *end = strchrnul(at, ' ');

		json_text_n(j, NULL, at, (size_t)(end - at));
		at = *end ? end + 1 : end;
	}
	json_shut(j, ']');
}

void answer_json(const struct answer *a, unsigned line, const struct zone *zone, struct buf *ret)
{
	struct json_out j = {.out = ret};
	char time[INSTANT_TEXT_SIZE], number[24];

	json_open(&j, NULL, '{');
	if (line > 0)
		json_int(&j, "line", line);
	json_text(&j, "outcome", outcomes[a->outcome]);
	words_json(&j, "rules", &a->rules);
	words_json(&j, "clauses", &a->clauses);
	if (a->due_us != INSTANT_NONE) {
		instant_format(a->due_us, zone, time);
		json_text(&j, "due", time);
	}
	json_text(&j, "state", a->state);
	if (a->task > 0) {
		(void)snprintf(number, sizeof(number), "%llu", (unsigned long long)a->task);
		json_text(&j, "task", number);
	}
	if (a->has_receipt)
		json_hex(&j, "receipt", a->receipt, sizeof(a->receipt));
	if (a->has_audit)
		json_int(&j, "audit", (int64_t)a->audit);
	if (a->error.status)
		json_text(&j, "error", a->error.message);
	json_shut(&j, '}');
}
