/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/lint_case.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A formula is looked at with what is known so far: it holds, fails, or hangs on a fact. The first fact that it hangs on is given each of its
 * values in turn. Texts that are in the same sets of the formula are one value. */

#define STEPS_MAX 200000

enum truth { NO, YES, OPEN };
struct top {
	uint8_t truth;	/* enum truth */
	uint16_t hangs; /* on that fact, where open */
};
struct values {
	int32_t *at; /* owned; NULL until the text is asked about */
	unsigned n;
};
struct search {
	const struct formula *f;
	enum event_kind event;
	struct top *stack; /* owned */
	unsigned steps;
	bool no_memory;
	uint64_t known[(VARS + 63) / 64], holds[(VARS + 63) / 64];
	int32_t text[TEXTS];
	double number[F_NUMBERS];
	struct values values[TEXTS];
};

static bool get(const uint64_t *bits, unsigned i) { return bits[i / 64] >> (i % 64) & 1; }

static void put(uint64_t *bits, unsigned i, bool value)
{
	bits[i / 64] &= ~(UINT64_C(1) << (i % 64));
	bits[i / 64] |= (uint64_t)value << (i % 64);
}

/* ---- a formula under what is known ---- */

static bool text_in(const struct formula *f, uint32_t set, int32_t string)
{
	return get(f->sets + (size_t)set * f->words, (unsigned)(string < 0 ? f->p->n_strings : string));
}

static bool compare(enum cond_code sign, double a, double b)
{
	const bool is_same = a >= b && a <= b;

	switch ((int)sign) {
	case COND_NUMBER_EQ:
		return is_same;
	case COND_NUMBER_NE:
		return !is_same;
	case COND_NUMBER_LT:
		return a < b;
	case COND_NUMBER_LE:
		return a <= b;
	case COND_NUMBER_GT:
		return a > b;
	default:
		return a >= b;
	}
}

static struct top leaf(const struct search *s, const struct node *n)
{
	bool value;

	if (n->code == NODE_TRUE || n->code == NODE_FALSE)
		return (struct top){n->code == NODE_TRUE ? YES : NO, 0};
	if (!get(s->known, n->var))
		return (struct top){OPEN, n->var};
	if (n->code == NODE_TEXT_SAME && !get(s->known, n->var_too))
		return (struct top){OPEN, n->var_too};
	if (n->code == NODE_TEXT_IN)
		value = text_in(s->f, n->set, s->text[n->var]);
	else if (n->code == NODE_TEXT_SAME)
		value = s->text[n->var] == s->text[n->var_too] && s->text[n->var] >= 0;
	else if (n->code == NODE_NUMBER)
		value = compare((enum cond_code)n->sign, s->number[n->var - VAR_NUMBER], n->x);
	else if (n->code == NODE_NUMBER_UNKNOWN)
		value = isnan(s->number[n->var - VAR_NUMBER]);
	else
		value = get(s->holds, n->var);
	return (struct top){value ? YES : NO, 0};
}

/* @strong decides alone: NO in an `and`, YES in an `or`. */
static struct top join(struct top a, struct top b, enum truth strong)
{
	if (a.truth == strong || b.truth == strong)
		return (struct top){(uint8_t)strong, 0};
	return a.truth == OPEN ? a : b;
}

static struct top evaluate(const struct search *s)
{
	unsigned top = 0;

	for (unsigned i = 0; i < s->f->n; i++) {
		const struct node *n = &s->f->nodes[i];

		if (n->code == NODE_NOT) {
			if (s->stack[top - 1].truth != OPEN)
				s->stack[top - 1].truth ^= 1;
		} else if (n->code == NODE_AND || n->code == NODE_OR) {
			top--;
			s->stack[top - 1] = join(s->stack[top - 1], s->stack[top], n->code == NODE_AND ? NO : YES);
		} else {
			s->stack[top++] = leaf(s, n);
		}
	}
	return s->stack[top - 1];
}

/* ---- values ---- */

static bool is_compared(const struct formula *f, unsigned text)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->nodes[i].code == NODE_TEXT_SAME && (f->nodes[i].var == text || f->nodes[i].var_too == text))
			return true;
	return false;
}

static bool is_told_apart(const struct formula *f, unsigned text, int32_t a, int32_t b)
{
	for (unsigned i = 0; i < f->n; i++) {
		const struct node *n = &f->nodes[i];

		if (n->code == NODE_TEXT_IN && n->var == text && text_in(f, n->set, a) != text_in(f, n->set, b))
			return true;
	}
	return false;
}

/* One of each sort (two where there may be two, so that both can be of one sort); that the member is missing comes last. */
static void find_values(struct search *s, unsigned text)
{
	const struct formula *f = s->f;
	const bool is_one_of_two = text == TEXT_CATEGORY || text == TEXT_CATEGORY_TOO;
	const unsigned of_sort = is_compared(f, text) ? UINT_MAX : is_one_of_two ? 2 : 1;
	struct values *v = &s->values[text];
	const int32_t n = f->p->n_strings;

	v->at = calloc((size_t)n + 2, sizeof(*v->at));
	if (!v->at) {
		s->no_memory = true;
		return;
	}
	for (int32_t i = 1; i <= n + 1; i++) {
		const int32_t string = i < n ? i : i == n ? -1 : 0;
		unsigned same = 0;

		if (!world_has(f->p, s->event, text, string))
			continue;
		for (unsigned k = 0; k < v->n; k++)
			same += !is_told_apart(f, text, string, v->at[k]);
		if (same < of_sort || (is_one_of_two && string == 0))
			v->at[v->n++] = string;
	}
}

/* What the rest of the case rules out. */
static bool may_be(const struct search *s, unsigned text, int32_t string)
{
	if (text == TEXT_CATEGORY_TOO && string != 0 && get(s->known, TEXT_CATEGORY))
		return s->text[TEXT_CATEGORY] != string && s->text[TEXT_CATEGORY] != 0;
	if (text == TEXT_CATEGORY && get(s->known, TEXT_CATEGORY_TOO) && s->text[TEXT_CATEGORY_TOO] != 0)
		return s->text[TEXT_CATEGORY_TOO] != string && string != 0;
	return true;
}

/* A consent is given, withdrawn, lapsed, or none of them. */
static bool may_hold(const struct search *s, unsigned var)
{
	static const enum fact_set one_of[] = {F_CONSENT, F_WITHDRAWN, F_LAPSED};
	unsigned set, id;

	if (!world_sets(s->event, var))
		return false;
	if (var < VAR_BIT)
		return true;
	set = (var - VAR_BIT) / POLICY_SET_BITS;
	id = (var - VAR_BIT) % POLICY_SET_BITS;
	if (set != F_CONSENT && set != F_WITHDRAWN && set != F_LAPSED)
		return true;
	for (size_t i = 0; i < 3; i++)
		if (one_of[i] != set && get(s->holds, var_bit(one_of[i], (int)id)))
			return false;
	return true;
}

static bool try(struct search *s);

static bool try_text(struct search *s, unsigned text)
{
	if (!s->values[text].at)
		find_values(s, text);
	for (unsigned i = 0; i < s->values[text].n; i++) {
		if (!may_be(s, text, s->values[text].at[i]))
			continue;
		s->text[text] = s->values[text].at[i];
		if (try(s))
			return true;
	}
	return false;
}

static bool is_about(const struct node *n, unsigned var) { return n->code == NODE_NUMBER && n->var == var; }

/* Was @value tried for a constant before node @n? */
static bool was_tried(const struct formula *f, unsigned var, unsigned n, double value)
{
	for (unsigned i = 0; i < n; i++)
		if (is_about(&f->nodes[i], var) && fabs(floor(f->nodes[i].x) - value) <= 1)
			return true;
	return false;
}

/* Numbers are whole and not negative: each constant and its neighbours stand for all between; and unknown. */
static bool try_number(struct search *s, unsigned var)
{
	double *x = &s->number[var - VAR_NUMBER];

	for (unsigned i = 0; i < s->f->n && world_sets(s->event, var); i++) {
		if (!is_about(&s->f->nodes[i], var))
			continue;
		for (int step = -1; step <= 1; step++) {
			const double value = floor(s->f->nodes[i].x) + step;

			if (value < 0 || was_tried(s->f, var, i, value))
				continue;
			*x = value;
			if (try(s))
				return true;
		}
	}
	*x = 0; /* of constants below nothing no neighbour is left */
	if (world_sets(s->event, var) && !was_tried(s->f, var, s->f->n, 0) && try(s))
		return true;
	*x = NAN;
	return try(s);
}

static bool try_flag(struct search *s, unsigned var)
{
	for (int value = 0; value <= 1; value++) {
		if (value && !may_hold(s, var))
			break;
		put(s->holds, var, value);
		if (try(s))
			return true;
	}
	put(s->holds, var, false);
	return false;
}

static bool try(struct search *s)
{
	struct top now;
	bool found;

	if (s->steps++ > STEPS_MAX || s->no_memory)
		return false;
	now = evaluate(s);
	if (now.truth != OPEN)
		return now.truth == YES;
	put(s->known, now.hangs, true);
	if (now.hangs < TEXTS)
		found = try_text(s, now.hangs);
	else if (now.hangs < VAR_NUMBER || now.hangs >= VAR_BIT)
		found = try_flag(s, now.hangs);
	else
		found = try_number(s, now.hangs);
	if (!found)
		put(s->known, now.hangs, false);
	return found;
}

/* ---- the case ---- */

static void set_fact(const struct policy *p, struct lint_case *c, unsigned var, const struct search *s)
{
	struct facts *f = &c->facts;

	if (var == TEXT_CATEGORY || var == TEXT_CATEGORY_TOO) {
		if (s->text[var] > 0)
			idset_add(&f->set[F_CATEGORY], policy_find(p, ID_CATEGORY, p->strings[s->text[var]]));
	} else if (var < TEXTS) {
		f->string[var] = s->text[var];
	} else if (var < VAR_NUMBER) {
		f->flag[var - VAR_FLAG] = get(s->holds, var);
	} else if (var < VAR_BIT) {
		f->number[var - VAR_NUMBER] = s->number[var - VAR_NUMBER];
	} else if (get(s->holds, var)) {
		idset_add(&f->set[(var - VAR_BIT) / POLICY_SET_BITS], (int)((var - VAR_BIT) % POLICY_SET_BITS));
	}
	case_tell(c, var);
}

static int id_of(const struct policy *p, enum id_kind kind, int32_t string)
{
	return string > 0 ? policy_find(p, kind, p->strings[string]) : -1;
}

void case_tell(struct lint_case *c, unsigned var) { put(c->known, var, true); }

static void take_case(const struct search *s, struct lint_case *ret)
{
	const struct policy *p = s->f->p;

	memset(ret, 0, sizeof(*ret));
	facts_init(&ret->facts);
	ret->event = s->event;
	for (unsigned var = 0; var < VARS; var++)
		if (get(s->known, var))
			set_fact(p, ret, var, s);
	ret->facts.string[F_EVENT] = policy_string(p, event_name(s->event));
	case_tell(ret, F_EVENT);
	if (!get(s->known, F_OPERATION))
		ret->facts.string[F_OPERATION] = policy_string(p, world_operation(s->event));
	ret->facts.operation = id_of(p, ID_OPERATION, ret->facts.string[F_OPERATION]);
	ret->facts.purpose = id_of(p, ID_PURPOSE, ret->facts.string[F_PURPOSE]);
	ret->facts.recipient = id_of(p, ID_RECIPIENT, ret->facts.string[F_RECIPIENT]);
}

enum found case_find(const struct formula *f, enum event_kind event, struct lint_case *ret)
{
	struct search s = {.f = f, .event = event};
	enum found found = FOUND_NONE;

	s.stack = calloc(f->n + 1, sizeof(*s.stack));
	s.no_memory = f->failed || !s.stack;
	if (!s.no_memory && try(&s)) {
		take_case(&s, ret);
		found = FOUND_CASE;
	} else if (s.no_memory) {
		found = FOUND_NO_MEMORY;
	} else if (s.steps > STEPS_MAX) {
		found = FOUND_NOTHING_SURE;
	}
	for (unsigned i = 0; i < TEXTS; i++)
		free(s.values[i].at);
	free(s.stack);
	return found;
}
