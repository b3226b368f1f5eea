/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/lint.h"

#include "base/json.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- findings ---- */

void findings_done(struct findings *f)
{
	for (unsigned i = 0; i < f->n; i++) {
		buf_done(&f->items[i].clauses);
		buf_done(&f->items[i].message);
	}
	free(f->items);
	*f = (struct findings){0};
}

struct finding *lint_add(struct lint *l, enum lint_severity severity, const char *kind, unsigned line, const struct rule *r,
			 const char *fmt, ...)
{
	struct findings *out = l->out;
	struct finding *f;
	char text[1200];
	va_list ap;

	if (out->n == out->cap) {
		unsigned cap = out->cap ? out->cap * 2 : 32;

		f = reallocarray(out->items, cap, sizeof(*f));
		if (!f) {
			out->failed = true;
			return NULL;
		}
		out->items = f;
		out->cap = cap;
	}
	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = 0;
	va_end(ap);
	f = &out->items[out->n++];
	*f = (struct finding){.severity = severity, .kind = kind, .line = line, .rule = r ? r->id : NULL, .at_us = INSTANT_NONE};
	buf_str(&f->message, text);
	if (r)
		lint_cite(f, r->clauses);
	return f;
}

static bool cites(const struct finding *f, const char *clause)
{
	const char *at = f->clauses.len ? (const char *)f->clauses.data : "";
	size_t len = strlen(clause);

	for (; *at; at += at[strcspn(at, " ")] ? strcspn(at, " ") + 1 : strcspn(at, " "))
		if (strcspn(at, " ") == len && !strncmp(at, clause, len))
			return true;
	return false;
}

void lint_cite(struct finding *f, char *const *clauses)
{
	for (; f && clauses && *clauses; clauses++) {
		if (cites(f, *clauses))
			continue;
		buf_fmt(&f->clauses, "%s%s", f->clauses.len ? " " : "", *clauses);
	}
}

void lint_example(struct finding *f, const struct lint_case *c, int64_t at_us)
{
	if (!f)
		return;
	f->has_case = true;
	f->example = *c;
	f->at_us = at_us;
}

/* ---- shared questions ---- */

bool lint_is_own(const struct rule *r, enum rule_kind kind) { return r->pack == 0 && r->kind == kind; }

int64_t lint_instant(const struct lint *l, const struct rule *r)
{
	if (l->latest_us < r->until_us)
		return l->latest_us < r->from_us ? r->from_us : l->latest_us;
	return r->until_us - 1;
}

const char *lint_name(const struct rule *r)
{
	const char *slash = strchr(r->id, '/');

	return r->pack == 0 && slash ? slash + 1 : r->id;
}

void lint_names(const struct policy *p, enum id_kind kind, const struct idset *set, struct buf *ret)
{
	int n = 0, all = idset_count(set);

	for (int id = idset_next(set, -1); id >= 0 && n < 12; id = idset_next(set, id))
		buf_fmt(ret, "%s%s", n++ ? ", " : "", policy_name(p, kind, id));
	if (all > n)
		buf_fmt(ret, " and %d more", all - n);
}

void lint_turn(struct lint *l, const struct rule *r)
{
	if (l->is_unsure)
		(void)lint_add(l, LINT_NOTE, "undecided", l->of ? l->of->line : 1, l->of,
			       "the conditions around %s are too many to be sure of all cases",
			       l->of ? lint_name(l->of) : "what is declared");
	l->is_unsure = false;
	l->of = r;
}

bool lint_find(struct lint *l, uint32_t events, struct lint_case *ret)
{
	bool is_unsure = false;

	for (unsigned e = 0; e < EVENT_KINDS; e++) {
		if (!(events >> e & 1))
			continue;
		switch (case_find(&l->f, (enum event_kind)e, ret)) {
		case FOUND_CASE:
			return true;
		case FOUND_NOTHING_SURE:
			is_unsure = true;
			break;
		case FOUND_NO_MEMORY:
			l->out->failed = true;
			return true;
		case FOUND_NONE:
			break;
		}
	}
	l->is_unsure |= is_unsure; /* told at the next turn: a finding in hand stays where it is */
	return is_unsure;
}

/* ---- all of it ---- */

static int compare(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	int order;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->severity != y->severity)
		return x->severity < y->severity ? -1 : 1;
	order = strcmp(x->kind, y->kind);
	return order ? order : strcmp((const char *)x->message.data, (const char *)y->message.data);
}

enum saqta_status policy_lint(const struct policy *p, struct findings *ret, struct saqta_error *err)
{
	struct lint l = {.p = p, .out = ret, .latest_us = INT64_MIN};

	for (unsigned i = 0; i < p->n_rules; i++)
		if (p->rules[i].from_us > l.latest_us)
			l.latest_us = p->rules[i].from_us;
	if (l.latest_us == INT64_MIN)
		l.latest_us = 0;
	lint_questions(&l);
	lint_claims(&l);
	lint_events(&l);
	lint_terms(&l);
	formula_done(&l.f);
	for (unsigned i = 0; i < ret->n; i++)
		ret->failed |= ret->items[i].message.failed || ret->items[i].clauses.failed || !ret->items[i].message.data;
	if (ret->failed)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	if (ret->n)
		qsort(ret->items, ret->n, sizeof(*ret->items), compare);
	return SAQTA_OK;
}

/* ---- as JSON ---- */

static const char *member_name(enum id_kind kind, const struct policy *p, int id)
{
	return id >= 0 && id < p->n_ids[kind] ? policy_name(p, kind, id) : "";
}

static const char *bit_name(const struct policy *p, unsigned set, int id)
{
	static const char *const attachments[ATTACHMENTS] = {
		[ATTACHMENT_LINK] = "link", [ATTACHMENT_PICTURE] = "picture", [ATTACHMENT_FILE] = "file"};

	if (set == F_ATTACHMENT)
		return id < ATTACHMENTS ? attachments[id] : "";
	return member_name(set == F_CATEGORY ? ID_CATEGORY : set == F_REACHED ? ID_MILESTONE : set == F_ROLE ? ID_ROLE : ID_CONSENT, p, id);
}

static void case_sets(const struct policy *p, const struct lint_case *c, struct json_out *j)
{
	for (unsigned set = 0; set < F_SETS; set++) {
		const struct idset *ids = &c->facts.set[set];

		if (idset_empty(ids))
			continue;
		json_open(j, condition_fact_name(COND_IN_SET, (unsigned)set), '[');
		for (int id = idset_next(ids, -1); id >= 0; id = idset_next(ids, id))
			json_text(j, NULL, bit_name(p, set, id));
		json_shut(j, ']');
	}
}

static void case_json(const struct policy *p, const struct finding *f, struct json_out *j)
{
	const struct lint_case *c = &f->example;
	char at[INSTANT_TEXT_SIZE];

	json_open(j, "case", '{');
	if (f->at_us != INSTANT_NONE) {
		instant_format(f->at_us, p->zone, at);
		json_text(j, "at", at);
	}
	for (unsigned i = 0; i < F_STRINGS; i++) {
		const int32_t string = c->facts.string[i];

		/* Only questions are about the operation. */
		if (i == F_OPERATION && !(LINT_QUESTIONS >> c->event & 1))
			continue;
		if (string > 0)
			json_text(j, condition_fact_name(COND_STRING_EQ, (unsigned)i), p->strings[string]);
		else if (string < 0)
			json_text(j, condition_fact_name(COND_STRING_EQ, (unsigned)i), "(any other)");
	}
	case_sets(p, c, j);
	for (unsigned i = 0; i < F_FLAGS; i++)
		if (case_knows(c, VAR_FLAG + i))
			json_bool(j, condition_fact_name(COND_FLAG, (unsigned)i), c->facts.flag[i]);
	for (unsigned i = 0; i < F_NUMBERS; i++) {
		if (!case_knows(c, VAR_NUMBER + i))
			continue;
		if (isnan(c->facts.number[i]))
			json_raw(j, condition_fact_name(COND_NUMBER_EQ, (unsigned)i), "null");
		else
			json_int(j, condition_fact_name(COND_NUMBER_EQ, (unsigned)i), (int64_t)c->facts.number[i]);
	}
	json_shut(j, '}');
}

void finding_json(const struct policy *p, const struct finding *f, struct buf *ret)
{
	static const char *const severities[] = {[LINT_ERROR] = "error", [LINT_WARNING] = "warning", [LINT_NOTE] = "note"};
	struct json_out j = {.out = ret};

	json_open(&j, NULL, '{');
	json_text(&j, "file", p->packs[0].path);
	json_int(&j, "line", f->line);
	json_text(&j, "severity", severities[f->severity]);
	json_text(&j, "kind", f->kind);
	json_text(&j, "rule", f->rule);
	json_open(&j, "clauses", '[');
	for (const char *at = f->clauses.len ? (const char *)f->clauses.data : ""; *at;) {
		size_t len = strcspn(at, " ");

		json_text_n(&j, NULL, at, len);
		at += len + (at[len] == ' ');
	}
	json_shut(&j, ']');
	json_text(&j, "message", (const char *)f->message.data);
	if (f->has_case)
		case_json(p, f, &j);
	json_shut(&j, '}');
}
