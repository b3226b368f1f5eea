/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/load.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Decide answers from a matcher built once, when the policy is loaded: for each id that a request may name, a row with one bit
 * per rule whose selector takes it. A question is the intersection of few rows, so a rule that is not about the question costs
 * one bit and not a look at the rule. What is left is looked at in the order of the rules: dates, consents, conditions.
 *
 * Behind its words of 64 rules a row has one more, a bit for each word that is not empty: words in which nothing can meet are not looked at,
 * however many rules there are.
 *
 * (1) A rule's bit stands in the row of each id that it takes; `any` is written out, so that rows need no special case.
 * (2) Each dimension has a row for "the request names none" and, but for categories, one for "names one that is unknown".
 * (3) Nothing unknown is ever permitted: the rows of unknown ids hold forbids only. */

enum { DIM_OPERATION, DIM_PURPOSE, DIM_RECIPIENT, DIM_CATEGORY, DIMS };
static const enum id_kind dim_ids[DIMS] = {ID_OPERATION, ID_PURPOSE, ID_RECIPIENT, ID_CATEGORY};

struct matcher {
	unsigned words;	      /* of 64 rules in a row; the one after them says which are not empty */
	unsigned first[DIMS]; /* row of id 0; after the ids: none, unknown */
	unsigned count[DIMS];
	uint64_t *finals, *forbids, *permits; /* rows: which rules are evaluated as what */
	struct idset disclosures;	      /* operations */
	uint64_t rows[];
};

/* ---- loading ---- */

static const struct selector *selector_of(const struct rule *r, unsigned dim)
{
	switch (dim) {
	case DIM_OPERATION:
		return &r->operations;
	case DIM_PURPOSE:
		return &r->purposes;
	case DIM_RECIPIENT:
		return &r->recipients;
	default:
		return &r->categories;
	}
}

/* A permit's "*" is what the packs declare (operations are not declared, they are all there); a forbid's is everything. */
static bool takes(const struct policy *p, const struct rule *r, unsigned dim, int id)
{
	const struct selector *s = selector_of(r, dim);

	if (!s->any)
		return idset_has(&s->set, id);
	return r->kind == RULE_FORBID || dim == DIM_OPERATION || idset_has(&p->declared[dim_ids[dim]], id);
}

/* A request that names none is within any list of a permit's recipients; a list of purposes or categories wants one named. */
static bool takes_none(const struct rule *r, unsigned dim)
{
	if (dim == DIM_RECIPIENT && r->kind == RULE_PERMIT)
		return true;
	return selector_of(r, dim)->any && dim != DIM_OPERATION;
}

static bool takes_unknown(const struct rule *r, unsigned dim) { return r->kind == RULE_FORBID && selector_of(r, dim)->any; }

static size_t row_at(const struct matcher *m, unsigned n) { return (size_t)n * (m->words + 1); }

static void row_add(struct matcher *m, unsigned n, unsigned rule)
{
	uint64_t *row = m->rows + row_at(m, n);

	row[rule >> 6] |= UINT64_C(1) << (rule & 63);
	row[m->words] |= UINT64_C(1) << (rule >> 6);
}

enum { ROW_FINALS, ROW_FORBIDS, ROW_PERMITS, ROWS_BY_KIND };

static void fill_rule(const struct policy *p, struct matcher *m, unsigned rule)
{
	const struct rule *r = &p->rules[rule];

	if (r->kind == RULE_PERMIT)
		row_add(m, ROW_PERMITS, rule);
	else if (r->kind == RULE_FORBID && !r->is_otherwise)
		row_add(m, r->is_final ? ROW_FINALS : ROW_FORBIDS, rule);
	else
		return;
	for (unsigned dim = 0; dim < DIMS; dim++) {
		const unsigned none = m->first[dim] + m->count[dim];

		for (unsigned id = 0; id < m->count[dim]; id++)
			if (takes(p, r, dim, (int)id))
				row_add(m, m->first[dim] + id, rule);
		if (takes_none(r, dim))
			row_add(m, none, rule);
		if (takes_unknown(r, dim))
			row_add(m, none + 1, rule);
	}
}

/* A bit for each word of a row fits into one word. */
_Static_assert(POLICY_RULES_MAX <= 64 * 64, "more rules than a row can tell");

bool decide_prepare(struct policy *p)
{
	static const char *const disclosures[] = {"provide", "distribute", "give-access", "transfer-cross-border"};
	const unsigned words = (p->n_rules + 63) / 64;
	unsigned n_rows = ROWS_BY_KIND, next = ROWS_BY_KIND;
	struct matcher *m;

	decide_done(p);
	for (unsigned dim = 0; dim < DIMS; dim++)
		n_rows += (unsigned)p->n_ids[dim_ids[dim]] + 2;
	m = calloc(1, sizeof(*m) + (size_t)n_rows * (words + 1) * sizeof(uint64_t));
	if (!m)
		return false;
	m->words = words;
	for (unsigned dim = 0; dim < DIMS; dim++) {
		m->first[dim] = next;
		m->count[dim] = (unsigned)p->n_ids[dim_ids[dim]];
		next += m->count[dim] + 2;
	}
	m->finals = m->rows + row_at(m, ROW_FINALS);
	m->forbids = m->rows + row_at(m, ROW_FORBIDS);
	m->permits = m->rows + row_at(m, ROW_PERMITS);
	for (unsigned rule = 0; rule < p->n_rules; rule++)
		fill_rule(p, m, rule);
	for (size_t i = 0; i < sizeof(disclosures) / sizeof(disclosures[0]); i++) {
		const int id = policy_find(p, ID_OPERATION, disclosures[i]);

		if (id >= 0)
			idset_add(&m->disclosures, id);
	}
	p->collected_milestone = policy_find(p, ID_MILESTONE, "collected");
	p->matcher = m;
	return true;
}

void decide_done(struct policy *p)
{
	free(p->matcher);
	p->matcher = NULL;
}

const struct idset *policy_disclosures(const struct policy *p) { return &p->matcher->disclosures; }

/* ---- facts ---- */

void facts_init(struct facts *f)
{
	memset(f, 0, sizeof(*f));
	for (unsigned i = 0; i < F_NUMBERS; i++)
		f->number[i] = NAN;
	f->operation = f->purpose = f->recipient = -1;
}

/* What follows from the question itself. Nothing named is nothing undeclared: whether it must be named is the event's matter. */
static void derive(const struct policy *p, struct facts *f)
{
	const struct idset *asked = &f->set[F_CATEGORY];
	const bool names_purpose = f->purpose >= 0 || f->string[F_PURPOSE] != 0;
	const bool names_recipient = f->recipient >= 0 || f->string[F_RECIPIENT] != 0;

	f->flag[F_DISCLOSURE] = idset_has(&p->matcher->disclosures, f->operation) || names_recipient;
	f->flag[F_PURPOSE_DECLARED] = !names_purpose || idset_has(&p->declared[ID_PURPOSE], f->purpose);
	f->flag[F_CATEGORIES_DECLARED] = idset_within(asked, &p->declared[ID_CATEGORY]);
	f->number[F_CATEGORY_COUNT] = idset_count(asked);
}

/* ---- the search ---- */

/* The rows that a question selects. */
struct question {
	const struct facts *f;
	int64_t at_us;
	const uint64_t *operation, *purpose, *recipient;
	const uint64_t *category[POLICY_SET_BITS];
	unsigned n_categories;
};

static const uint64_t *row_of(const struct matcher *m, unsigned dim, int id, bool is_named)
{
	unsigned n = m->first[dim] + m->count[dim];

	if (id >= 0 && (unsigned)id < m->count[dim])
		n = m->first[dim] + (unsigned)id;
	else if (is_named || id >= 0)
		n++;
	return m->rows + row_at(m, n);
}

static void ask(const struct matcher *m, const struct facts *f, int64_t at_us, struct question *q)
{
	q->f = f;
	q->at_us = at_us;
	q->operation = row_of(m, DIM_OPERATION, f->operation, true);
	q->purpose = row_of(m, DIM_PURPOSE, f->purpose, f->string[F_PURPOSE] != 0);
	q->recipient = row_of(m, DIM_RECIPIENT, f->recipient, f->string[F_RECIPIENT] != 0);
	q->n_categories = 0;
	for (unsigned w = 0; w < POLICY_SET_BITS / 64; w++)
		for (uint64_t bits = f->set[F_CATEGORY].w[w]; bits; bits &= bits - 1)
			q->category[q->n_categories++] = row_of(m, DIM_CATEGORY, (int)(w * 64) + __builtin_ctzll(bits), true);
	if (q->n_categories == 0)
		q->category[q->n_categories++] = row_of(m, DIM_CATEGORY, -1, false);
}

/* Rules of @among in word @w whose selectors match; in the word after the last: the words in which there may be such. */
static uint64_t candidates(const struct question *q, const uint64_t *among, unsigned w)
{
	uint64_t bits = among[w] & q->operation[w] & q->purpose[w] & q->recipient[w], any = 0;

	if (!bits)
		return 0;
	for (unsigned i = 0; i < q->n_categories; i++)
		any |= q->category[i][w];
	return bits & any;
}

/* One requested category in the rule's list and another one in `with`. */
static bool goes_with(const struct rule *r, const struct idset *asked)
{
	unsigned n_both = 0, n_either = 0;
	bool has_first = false, has_second = false;

	for (unsigned w = 0; w < POLICY_SET_BITS / 64; w++) {
		const uint64_t first = r->categories.any ? asked->w[w] : asked->w[w] & r->categories.set.w[w];
		const uint64_t second = asked->w[w] & r->with.w[w];

		has_first |= first != 0;
		has_second |= second != 0;
		n_either += (unsigned)__builtin_popcountll(first | second);
		n_both += (unsigned)__builtin_popcountll(first & second);
	}
	/* the same single category in both lists is no other one */
	return has_first && has_second && !(n_either == 1 && n_both == 1);
}

static int first_missing(const struct idset *needs, const struct idset *given, bool *ret_needs)
{
	*ret_needs = false;
	for (unsigned w = 0; w < POLICY_SET_BITS / 64; w++) {
		const uint64_t missing = needs->w[w] & ~given->w[w];

		*ret_needs |= needs->w[w] != 0;
		if (missing)
			return (int)(w * 64) + __builtin_ctzll(missing);
	}
	return -1;
}

/* Would @r alone deny? The selectors match already. */
static bool forbids(const struct rule *r, const struct question *q, struct say *ret)
{
	bool needs;
	int missing;

	if (q->at_us < r->from_us || q->at_us >= r->until_us)
		return false;
	missing = first_missing(&r->needs, &q->f->set[F_CONSENT], &needs);
	if (needs && missing < 0)
		return false;
	if (r->has_with && !goes_with(r, &q->f->set[F_CATEGORY]))
		return false;
	if (!rule_holds(r, q->f, q->at_us))
		return false;
	ret->why = needs ? SAY_NEEDS_CONSENT : SAY_FORBIDS;
	ret->consent = (int16_t)missing;
	ret->cites_stop = r->cites_stop;
	return true;
}

static void add_say(struct decision *d, struct say say)
{
	if (d->n < SAYS_MAX)
		d->says[d->n++] = say;
	else
		d->truncated = true;
}

/* Adds the forbids of @among that hold; all of them, or the first only. */
static bool search_forbids(const struct policy *p, const struct question *q, const uint64_t *among, bool first_only, struct decision *ret)
{
	bool found = false;

	for (uint64_t words = candidates(q, among, p->matcher->words); words; words &= words - 1) {
		const unsigned w = (unsigned)__builtin_ctzll(words);

		for (uint64_t bits = candidates(q, among, w); bits; bits &= bits - 1) {
			struct say say = {.rule = (uint16_t)(w * 64 + (unsigned)__builtin_ctzll(bits))};

			if (!forbids(&p->rules[say.rule], q, &say))
				continue;
			add_say(ret, say);
			found = true;
			if (first_only)
				return true;
		}
	}
	return found;
}

/* Takes from @open the categories that @r covers. */
static void cover(const struct policy *p, const struct rule *r, struct idset *open)
{
	const struct idset *covers = r->categories.any ? &p->declared[ID_CATEGORY] : &r->categories.set;

	for (unsigned w = 0; w < POLICY_SET_BITS / 64; w++)
		open->w[w] &= ~covers->w[w];
}

/* Adds the permits that cover something; true if together they cover all. */
static bool search_permits(const struct policy *p, const struct question *q, struct decision *ret)
{
	struct idset open = q->f->set[F_CATEGORY];
	uint64_t left = 0;
	bool found = false;

	for (uint64_t words = candidates(q, p->matcher->permits, p->matcher->words); words; words &= words - 1) {
		const unsigned w = (unsigned)__builtin_ctzll(words);

		for (uint64_t bits = candidates(q, p->matcher->permits, w); bits; bits &= bits - 1) {
			const unsigned rule = w * 64 + (unsigned)__builtin_ctzll(bits);

			if (!rule_holds(&p->rules[rule], q->f, q->at_us))
				continue;
			add_say(ret, (struct say){.rule = (uint16_t)rule, .why = SAY_PERMITS, .consent = -1});
			cover(p, &p->rules[rule], &open);
			found = true;
		}
	}
	for (unsigned w = 0; w < POLICY_SET_BITS / 64; w++)
		left |= open.w[w];
	return found && left == 0;
}

void policy_decide(const struct policy *p, struct facts *f, int64_t at_us, struct decision *ret)
{
	struct question q;

	derive(p, f);
	ask(p->matcher, f, at_us, &q);
	ret->permit = ret->truncated = false;
	ret->n = 0;
	if (search_forbids(p, &q, p->matcher->finals, true, ret))
		return;
	if (search_forbids(p, &q, p->matcher->forbids, false, ret))
		return;
	ret->permit = search_permits(p, &q, ret);
	if (ret->permit)
		return;
	ret->truncated = false;
	ret->n = 0; /* permits that cover a part only have no say */
	add_say(ret, (struct say){.rule = (uint16_t)p->otherwise_rule, .why = SAY_NOTHING_PERMITS, .consent = -1});
}

bool policy_selects(const struct policy *p, unsigned rule, const struct facts *f)
{
	const uint64_t bit = UINT64_C(1) << (rule & 63);
	const struct matcher *m = p->matcher;
	const unsigned w = rule >> 6;
	struct question q;

	ask(m, f, 0, &q);
	return ((candidates(&q, m->finals, w) | candidates(&q, m->forbids, w) | candidates(&q, m->permits, w)) & bit) != 0;
}

/* ---- limits ---- */

static bool limit_matches(const struct rule *r, const struct facts *f)
{
	bool listed = r->channels.n == 0;

	for (unsigned i = 0; i < r->channels.n && !listed; i++)
		listed = r->channels.id[i] == f->string[F_CHANNEL];
	return listed && (r->categories.any || idset_meets(&r->categories.set, &f->set[F_CATEGORY]));
}

/* A length that is not known breaks nothing: comparisons with NaN are false. */
static bool limit_broken(const struct rule *r, const struct facts *f)
{
	if (r->has_max_length && f->number[F_TEXT_LENGTH] > r->max_length)
		return true;
	if (r->has_min_length && f->number[F_TEXT_LENGTH] < r->min_length)
		return true;
	return r->has_attachments && !idset_within(&f->set[F_ATTACHMENT], &r->attachments);
}

unsigned policy_limits(const struct policy *p, enum event_kind event, const struct facts *f, int64_t at_us, struct decision *ret)
{
	unsigned broken = 0;

	for (unsigned i = 0; i < p->n_limits[event]; i++) {
		const uint16_t rule = p->limits[event][i];
		const struct rule *r = &p->rules[rule];

		if (!limit_matches(r, f) || !rule_holds(r, f, at_us) || !limit_broken(r, f))
			continue;
		if (ret->permit) { /* the permits found have no say in a denial */
			ret->permit = ret->truncated = false;
			ret->n = 0;
		}
		add_say(ret, (struct say){.rule = rule, .why = SAY_FORBIDS, .consent = -1});
		broken++;
	}
	return broken;
}
