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

void answer_json(const struct answer *a, unsigned line, const struct zone *zone, struct buf *ret)
{
	struct json_out j = {.out = ret};
	char number[24];

	json_open(&j, NULL, '{');
	if (line > 0)
		json_int(&j, "line", line);
	json_text(&j, "outcome", outcomes[a->outcome]);
	json_words(&j, "rules", (const char *)a->rules.data);
	json_words(&j, "clauses", (const char *)a->clauses.data);
	json_time(&j, "due", a->due_us, zone);
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
