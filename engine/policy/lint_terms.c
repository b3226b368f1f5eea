/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/lint.h"

#include <math.h>
#include <string.h>

/* How long things are kept, and by when they are done: what has no end, what ends too late, and what stands on nothing. Two terms are compared on
 * every day that the calendar knows, so that holidays count. */

#define NOON_US (12 * 3600 * US_PER_S)
/* Terms are compared on the days of these years that the calendar knows. */
#define FIRST_YEAR 2000
#define LAST_YEAR 2100

/* ---- terms ---- */

/* A moment from which @a ends after @b, the next one if it can be; false if there is none that is known. */
static bool ends_later(const struct lint *l, struct term a, struct term b, int64_t *ret_from_us, int64_t *ret_a_us, int64_t *ret_b_us)
{
	const struct policy *p = l->p;
	const day_t first = day_from_civil(FIRST_YEAR, 1, 1), n = day_from_civil(LAST_YEAR, 12, 31) - first + 1;
	const day_t latest = zone_day(p->zone, l->latest_us), now = latest > first ? latest - first : 0;

	for (day_t i = 0; i < n; i++) {
		const day_t day = first + (now + i) % n;
		const int64_t from_us = zone_day_start(p->zone, day) + NOON_US;

		if (!calendar_knows(p->calendar, day))
			continue;
		if (term_end(a, from_us, p->zone, p->calendar, ret_a_us, NULL) ||
		    term_end(b, from_us, p->zone, p->calendar, ret_b_us, NULL))
			continue;
		*ret_from_us = from_us;
		if (*ret_a_us > *ret_b_us)
			return true;
	}
	return false;
}

static void tell_later(struct lint *l, const struct rule *r, const char *what, const struct rule *base, struct term a, struct term b,
		       const struct lint_case *example)
{
	char own[32], theirs[32], own_end[INSTANT_TEXT_SIZE], their_end[INSTANT_TEXT_SIZE];
	int64_t from_us, a_us, b_us;
	struct finding *f;

	if (!ends_later(l, a, b, &from_us, &a_us, &b_us))
		return;
	term_format(a, own);
	term_format(b, theirs);
	instant_format(a_us, l->p->zone, own_end);
	instant_format(b_us, l->p->zone, their_end);
	f = lint_add(l, LINT_ERROR, "looser-deadline", r->line, r,
		     "'%s' gives %s for %s, '%s' only %s (%s): %s instead of %s; the shorter holds", lint_name(r), own, what,
		     lint_name(base), theirs, base->title[LANG_EN], own_end, their_end);
	if (f)
		lint_cite(f, base->clauses);
	lint_example(f, example, from_us);
}

/* ---- deadlines of what follows from events ---- */

/* Is the deadline of @b one that @a has to keep? */
static bool binds(const struct act_def *a, const struct act_def *b)
{
	if (a->is_accept || b->is_accept || !a->has_within || !b->has_within || a->from_detected != b->from_detected ||
	    a->from_request != b->from_request)
		return false;
	if (b->kind == ACT_TASK) /* a default gives way to any other, in the pack as in the base */
		return (a->kind == ACT_TASK || a->kind == ACT_WAIT) && a->id == b->id && !b->is_default && !a->is_default;
	if (b->kind == ACT_DUE) /* of the event as a whole */
		return a->kind == ACT_DUE || a->kind == ACT_DESTROY || a->kind == ACT_DEPERSONALISE;
	return a->kind == b->kind;
}

static const char *due_name(const struct policy *p, const struct act_def *a)
{
	if (a->id >= 0 && a->id < p->n_ids[ID_TASK] && (a->kind == ACT_TASK || a->kind == ACT_WAIT))
		return policy_name(p, ID_TASK, a->id);
	return a->kind == ACT_DESTROY ? "the destruction" : a->kind == ACT_DEPERSONALISE ? "depersonalising" : "the event";
}

static void compare_acts(struct lint *l, const struct rule *r, const struct act_def *a, const struct rule *base, const struct act_def *b)
{
	struct lint_case example;

	for (unsigned e = 0; e < EVENT_KINDS; e++) {
		if (!((r->events & base->events) >> e & 1))
			continue;
		formula_start(&l->f, l->p);
		formula_follows(&l->f, r, a, (enum event_kind)e);
		formula_follows(&l->f, base, b, (enum event_kind)e);
		formula_and(&l->f);
		if (!lint_find(l, UINT32_C(1) << e, &example))
			continue;
		tell_later(l, r, due_name(l->p, a), base, a->within, b->within, &example);
		return;
	}
}

static void check_deadlines(struct lint *l, const struct rule *r)
{
	const int64_t at_us = lint_instant(l, r);

	for (unsigned i = 0; i < l->p->n_rules; i++) {
		const struct rule *base = &l->p->rules[i];

		for (unsigned a = 0; base->kind == RULE_ON && base->pack > 0 && lint_in_force(base, at_us) && a < r->n_acts; a++)
			for (unsigned b = 0; b < base->n_acts; b++)
				if (binds(&r->acts[a], &base->acts[b]))
					compare_acts(l, r, &r->acts[a], base, &base->acts[b]);
	}
}

/* A deadline runs from the event, from a breach's detection, or from the request that an event is about; no other event has these. */
static void check_anchor(struct lint *l, const struct rule *r)
{
	struct lint_case example;

	for (unsigned i = 0; i < r->n_acts; i++) {
		const struct act_def *a = &r->acts[i];
		const uint32_t anchored = a->from_request ? UINT32_C(1) << EVENT_EXTEND : UINT32_C(1) << EVENT_BREACH;
		const uint32_t others = r->events & ~anchored;
		struct finding *f;

		if ((a->from_detected || a->from_request) && others) {
			for (unsigned e = 0; e < EVENT_KINDS; e++) {
				if (!(others >> e & 1))
					continue;
				formula_start(&l->f, l->p);
				formula_follows(&l->f, r, a, (enum event_kind)e);
				if (!lint_find(l, UINT32_C(1) << e, &example))
					continue;
				f = lint_add(l, LINT_ERROR, "no-anchor", r->line, r, "'%s' counts from the %s, and '%s' has none",
					     lint_name(r), a->from_request ? "request" : "detection", event_name((enum event_kind)e));
				lint_example(f, &example, lint_instant(l, r));
				break;
			}
		}
		if (!a->is_accept && a->kind == ACT_TASK && !a->has_within)
			(void)lint_add(l, LINT_NOTE, "no-deadline", r->line, r, "the task %s of '%s' has no deadline", due_name(l->p, a),
				       lint_name(r));
	}
}

/* ---- retention ---- */

static bool covers(const struct rule *r, int category) { return r->categories.any || idset_has(&r->categories.set, category); }

static bool ends(const struct rule *r) { return r->kind == RULE_RETAIN && (r->has_at_most || r->until_achieved); }

/* Does a rule end the keeping of @category, of the pack itself or of any? */
static bool has_end(const struct lint *l, int category, int64_t at_us, bool is_own)
{
	for (unsigned i = 0; i < l->p->n_rules; i++) {
		const struct rule *r = &l->p->rules[i];

		if (ends(r) && covers(r, category) && lint_in_force(r, at_us) && (!is_own || r->pack == 0))
			return true;
	}
	return false;
}

static struct lint_case kept_case(const struct lint *l, int category)
{
	struct lint_case c = {.event = EVENT_COLLECT};

	facts_init(&c.facts);
	idset_add(&c.facts.set[F_CATEGORY], category);
	c.facts.string[F_EVENT] = policy_string(l->p, event_name(EVENT_COLLECT));
	return c;
}

static bool keeps(const struct policy *p, const struct rule *r)
{
	static const char *const operations[] = {"collect", "record", "accumulate", "store"};

	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		if (r->operations.any || idset_has(&r->operations.set, policy_find(p, ID_OPERATION, operations[i])))
			return true;
	return false;
}

/* What the pack lets in must have an end, and should have one that the pack itself gives. */
static void check_kept(struct lint *l, const struct rule *r)
{
	const int64_t at_us = lint_instant(l, r);
	struct idset endless = {{0}}, unsaid = {{0}};
	const bool is_wide = r->categories.any;

	if (!keeps(l->p, r))
		return;
	for (int id = 0; id < l->p->n_ids[ID_CATEGORY]; id++) {
		if (!(is_wide ? idset_has(&l->p->declared[ID_CATEGORY], id) : idset_has(&r->categories.set, id)))
			continue;
		if (!has_end(l, id, at_us, false))
			idset_add(&endless, id);
		else if (!has_end(l, id, at_us, true) && !r->is_statute)
			idset_add(&unsaid, id);
	}
	for (int is_warning = 0; is_warning <= 1; is_warning++) {
		const struct idset *set = is_warning ? &unsaid : &endless;
		cleanup_(buf_done) struct buf names = {0};
		struct lint_case c;
		struct finding *f;

		if (idset_empty(set))
			continue;
		lint_names(l->p, ID_CATEGORY, set, &names);
		f = lint_add(l, is_warning ? LINT_WARNING : LINT_ERROR, is_warning ? "no-term" : "no-retention", r->line, r,
			     is_warning ? "'%s' lets be kept what this pack gives no term: %s; only the base ends it"
					: "'%s' lets be kept what no rule ever ends: %s",
			     lint_name(r), names.data ? (const char *)names.data : "");
		c = kept_case(l, idset_next(set, -1));
		lint_example(f, &c, at_us);
	}
}

/* The categories that both take; false if there are none. */
static bool shared(const struct policy *p, const struct rule *a, const struct rule *b, struct idset *ret)
{
	*ret = (struct idset){{0}};
	for (int id = 0; id < p->n_ids[ID_CATEGORY]; id++)
		if (idset_has(&p->declared[ID_CATEGORY], id) && covers(a, id) && covers(b, id))
			idset_add(ret, id);
	return !idset_empty(ret);
}

/* Another's at-least that keeps what @r keeps, as long. */
static bool is_backed(const struct lint *l, const struct rule *r, const struct rule *by)
{
	struct idset ignored;
	int64_t from_us, a_us, b_us;

	return by->kind == RULE_RETAIN && by->pack > 0 && by->is_statute && by->has_at_least && shared(l->p, r, by, &ignored) &&
	       !ends_later(l, r->at_least, by->at_least, &from_us, &a_us, &b_us);
}

/* Keeping on when the purpose is gone takes a law. */
static void check_at_least(struct lint *l, const struct rule *r)
{
	const int64_t at_us = lint_instant(l, r);
	const struct rule *against = NULL;
	struct idset both = {{0}}, found;
	struct lint_case c;
	struct finding *f;
	char term[32];

	for (unsigned i = 0; i < l->p->n_rules; i++) {
		const struct rule *base = &l->p->rules[i];

		if (!lint_in_force(base, at_us))
			continue;
		if (is_backed(l, r, base))
			return;
		if (!against && base->pack > 0 && base->is_statute && ends(base) && shared(l->p, r, base, &found)) {
			against = base;
			both = found;
		}
	}
	if (!against)
		return;
	term_format(r->at_least, term);
	f = lint_add(l, LINT_WARNING, "unfounded", r->line, r,
		     "'%s' keeps data for %s at least, even when '%s' would end it (%s), and no rule of the statute orders that",
		     lint_name(r), term, lint_name(against), against->title[LANG_EN]);
	c = kept_case(l, idset_next(&both, -1));
	c.facts.set[F_REACHED] = r->since;
	if (against->until_achieved && policy_find(l->p, ID_MILESTONE, "purpose-achieved") >= 0)
		idset_add(&c.facts.set[F_REACHED], policy_find(l->p, ID_MILESTONE, "purpose-achieved"));
	lint_example(f, &c, at_us);
	if (f)
		lint_cite(f, against->clauses);
}

/* @r keeps longer than @other, counted from the same milestone, lets. */
static void check_against(struct lint *l, const struct rule *r, const struct rule *other)
{
	char least[32], most[32];
	int64_t from_us, a_us, b_us;
	struct idset both;
	struct lint_case c;
	struct finding *f;

	if (!other->has_at_most || !idset_meets(&r->since, &other->since) || !shared(l->p, r, other, &both) ||
	    !ends_later(l, r->at_least, other->at_most, &from_us, &a_us, &b_us))
		return;
	term_format(r->at_least, least);
	term_format(other->at_most, most);
	f = lint_add(l, other->pack ? LINT_ERROR : LINT_WARNING, "contradiction", r->line, r,
		     "'%s' keeps for %s at least what '%s' keeps for %s at most; the longer holds", lint_name(r), least, lint_name(other),
		     most);
	c = kept_case(l, idset_next(&both, -1));
	c.facts.set[F_REACHED] = r->since;
	lint_example(f, &c, from_us);
	if (f)
		lint_cite(f, other->clauses);
}

/* What the base ends for the same reason, sooner. */
static void check_longer(struct lint *l, const struct rule *r, const struct rule *base)
{
	struct lint_case c;
	struct idset both;

	if (!shared(l->p, r, base, &both))
		return;
	c = kept_case(l, idset_next(&both, -1));
	if (r->until_achieved && base->until_achieved && r->within.unit != TERM_NONE && base->within.unit != TERM_NONE)
		tell_later(l, r, "the destruction", base, r->within, base->within, &c);
	if (r->has_at_most && base->has_at_most && idset_meets(&r->since, &base->since))
		tell_later(l, r, "keeping", base, r->at_most, base->at_most, &c);
}

static void check_retain(struct lint *l, const struct rule *r)
{
	const int64_t at_us = lint_instant(l, r);

	if ((r->has_at_most || r->has_at_least) && idset_empty(&r->since)) {
		struct lint_case c = kept_case(l, idset_next(r->categories.any ? &l->p->declared[ID_CATEGORY] : &r->categories.set, -1));
		struct finding *f = lint_add(l, LINT_ERROR, "no-anchor", r->line, r, "'%s' has a term but no anchor: %s", lint_name(r),
					     r->has_at_least ? "'since' names no milestone, so it never keeps anything"
							     : "'since' names no milestone from which it runs");

		lint_example(f, &c, at_us);
	}
	for (unsigned i = 0; i < l->p->n_rules; i++) {
		const struct rule *other = &l->p->rules[i];

		if (other == r || other->kind != RULE_RETAIN || !lint_in_force(other, at_us))
			continue;
		if (r->has_at_least)
			check_against(l, r, other);
		if (other->pack > 0)
			check_longer(l, r, other);
	}
	if (r->has_at_least && !r->is_statute && !idset_empty(&r->since))
		check_at_least(l, r);
}

void lint_terms(struct lint *l)
{
	for (unsigned i = 0; i < l->p->n_rules; i++) {
		const struct rule *r = &l->p->rules[i];

		lint_turn(l, r);
		if (lint_is_own(r, RULE_ON)) {
			check_deadlines(l, r);
			check_anchor(l, r);
		} else if (lint_is_own(r, RULE_PERMIT)) {
			check_kept(l, r);
		} else if (lint_is_own(r, RULE_RETAIN)) {
			check_retain(l, r);
		}
	}
	lint_turn(l, NULL);
}
