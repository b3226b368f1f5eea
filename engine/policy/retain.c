/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/model.h"

#include <string.h>

/* When data must go and how long it must stay. Destroying never needs a calendar: an at-most term in days that runs into a year
 * the calendar does not know ends on its own last day, which is never after the moved one. An at-least term there is kept on:
 * to destroy too early cannot be undone. */

/* The end of a term that the calendar does not know yet: 9999-12-31T00:00:00Z. */
#define END_NOT_KNOWN (INT64_C(253402214400) * US_PER_S)

static int64_t later(int64_t a, int64_t b) { return a > b ? a : b; } /* INSTANT_NONE is the smallest */

static bool applies(const struct rule *r, const struct retention_record *rec)
{
	if (r->covers_all || r->categories.any)
		return true;
	return !rec->is_subject && idset_has(&r->categories.set, rec->category);
}

/* The latest of the milestones that came; INSTANT_NONE if none did. */
static int64_t anchor_of(const struct policy *p, const struct rule *r, const struct retention_subject *s,
			 const struct retention_record *rec)
{
	int64_t latest = INSTANT_NONE;

	for (int id = idset_next(&r->since, -1); id >= 0; id = idset_next(&r->since, id)) {
		if (id == p->collected_milestone)
			latest = later(latest, rec->is_subject ? s->newest_collected_us : rec->collected_us);
		else if (id < p->n_ids[ID_MILESTONE])
			latest = later(latest, s->reached_us[id]);
	}
	return latest;
}

/* An end that needs no calendar: days of any kind are counted as they come, none is moved. */
static void end_without_calendar(const struct policy *p, struct term term, int64_t from_us, int64_t *ret_end_us, day_t *ret_last_day)
{
	*ret_last_day = zone_day(p->zone, from_us) + term.count;
	*ret_end_us = zone_day_start(p->zone, *ret_last_day + 1);
}

static void add_end(struct retention *ret, uint16_t rule, int64_t ripe_us, int64_t end_us, bool depersonalise)
{
	if (ret->has_end && ret->ripe_us <= ripe_us)
		return;
	ret->has_end = true;
	ret->ripe_us = ripe_us;
	ret->end_us = end_us;
	ret->end_rule = rule;
	ret->depersonalise = depersonalise;
}

static void at_most(const struct policy *p, uint16_t rule, const struct retention_subject *s, int64_t anchor_us, struct retention *ret)
{
	const struct rule *r = &p->rules[rule];
	int64_t end_us, ripe_us;
	day_t last_day;

	if (anchor_us == INSTANT_NONE)
		anchor_us = s->newest_collected_us != INSTANT_NONE ? s->newest_collected_us : s->registered_us;
	if (term_end(r->at_most, anchor_us, p->zone, p->calendar, &end_us, &last_day) != 0)
		end_without_calendar(p, r->at_most, anchor_us, &end_us, &last_day);
	/* a term of minutes has no last day to be in time on, and one that is also at-least must not end before its end */
	if (r->has_at_least || r->at_most.unit == TERM_SECONDS)
		ripe_us = end_us;
	else
		ripe_us = zone_day_start(p->zone, last_day);
	add_end(ret, rule, ripe_us, end_us, r->depersonalise);
}

static void at_least(const struct policy *p, uint16_t rule, int64_t anchor_us, int64_t now_us, struct retention *ret)
{
	const struct rule *r = &p->rules[rule];
	int64_t end_us;

	if (anchor_us == INSTANT_NONE)
		return;
	if (term_end(r->at_least, anchor_us, p->zone, p->calendar, &end_us, NULL) != 0)
		end_us = END_NOT_KNOWN;
	if (now_us >= end_us)
		return;
	if (!ret->is_kept || end_us > ret->kept_until_us) {
		ret->is_kept = true;
		ret->kept_until_us = end_us;
		ret->keep_rule = rule;
	}
	if (r->is_statute && (!ret->is_kept_by_statute || end_us > ret->kept_statute_until_us)) {
		ret->is_kept_by_statute = true;
		ret->kept_statute_until_us = end_us;
		ret->keep_statute_rule = rule;
	}
}

/* When the last of the record's purposes was achieved; INSTANT_NONE while one is not. Without purposes there is none to achieve. */
static int64_t achieved_at(const struct policy *p, const struct retention_record *rec)
{
	int64_t latest = INSTANT_NONE;

	for (int id = idset_next(&rec->purposes, -1); id >= 0; id = idset_next(&rec->purposes, id)) {
		if (id >= p->n_ids[ID_PURPOSE] || rec->achieved_us[id] == INSTANT_NONE || rec->achieved_us[id] < rec->collected_us)
			return INSTANT_NONE;
		latest = later(latest, rec->achieved_us[id]);
	}
	return latest;
}

static void until_achieved(const struct policy *p, uint16_t rule, const struct retention_record *rec, struct retention *ret)
{
	const struct rule *r = &p->rules[rule];
	int64_t achieved_us, end_us;

	if (rec->is_subject)
		return;
	achieved_us = achieved_at(p, rec);
	if (achieved_us == INSTANT_NONE)
		return;
	if (r->within.unit == TERM_NONE || term_end(r->within, achieved_us, p->zone, p->calendar, &end_us, NULL) != 0)
		end_us = achieved_us;
	add_end(ret, rule, achieved_us, end_us, r->depersonalise);
}

void policy_retention(const struct policy *p, const struct retention_subject *s, const struct retention_record *r, int64_t now_us,
		      struct retention *ret)
{
	struct facts nothing;

	facts_init(&nothing);
	memset(ret, 0, sizeof(*ret));
	for (unsigned i = 0; i < p->n_retains; i++) {
		const uint16_t n = p->retains[i];
		const struct rule *rule = &p->rules[n];
		int64_t anchor_us;

		if (!applies(rule, r) || !rule_holds(rule, &nothing, now_us))
			continue;
		anchor_us = anchor_of(p, rule, s, r);
		if (rule->has_at_most)
			at_most(p, n, s, anchor_us, ret);
		if (rule->has_at_least)
			at_least(p, n, anchor_us, now_us, ret);
		if (rule->until_achieved)
			until_achieved(p, n, r, ret);
	}
}

/* Of the milestones of @r, the one that its anchor is. */
static int anchor_milestone(const struct policy *p, const struct rule *r, const struct retention_subject *s,
			    const struct retention_record *rec)
{
	const int64_t anchor_us = anchor_of(p, r, s, rec);

	for (int id = idset_next(&r->since, -1); anchor_us != INSTANT_NONE && id >= 0; id = idset_next(&r->since, id)) {
		const int64_t at_us = id == p->collected_milestone  ? (rec->is_subject ? s->newest_collected_us : rec->collected_us)
				      : id < p->n_ids[ID_MILESTONE] ? s->reached_us[id]
								    : INSTANT_NONE;

		if (at_us == anchor_us)
			return id;
	}
	return -1;
}

unsigned policy_retention_says(const struct policy *p, const struct retention_subject *s, const struct retention_record *r, int64_t now_us,
			       struct retention_say *ret, unsigned max)
{
	struct facts nothing;
	unsigned n = 0;

	facts_init(&nothing);
	for (unsigned i = 0; i < p->n_retains && n < max; i++) {
		const struct rule *rule = &p->rules[p->retains[i]];
		struct retention one = {0};
		struct retention_say *say = &ret[n];

		if (!applies(rule, r) || !rule_holds(rule, &nothing, now_us))
			continue;
		n++;
		*say = (struct retention_say){.rule = p->retains[i], .milestone = anchor_milestone(p, rule, s, r)};
		say->anchor_us = anchor_of(p, rule, s, r);
		if (rule->has_at_most)
			at_most(p, say->rule, s, say->anchor_us, &one);
		if (rule->has_at_least)
			at_least(p, say->rule, say->anchor_us, INT64_MIN, &one); /* its end, over or not */
		if (rule->until_achieved) {
			until_achieved(p, say->rule, r, &one);
			say->anchor_us = r->is_subject ? INSTANT_NONE : achieved_at(p, r);
		}
		if (rule->has_at_most && say->anchor_us == INSTANT_NONE) {
			say->is_replaced = true;
			say->anchor_us = s->newest_collected_us != INSTANT_NONE ? s->newest_collected_us : s->registered_us;
		}
		say->has_end = one.has_end;
		say->ripe_us = one.ripe_us;
		say->end_us = one.end_us;
		say->has_minimum = one.is_kept;
		say->kept_until_us = one.kept_until_us;
	}
	return n;
}

int64_t policy_consent_end(const struct policy *p, int consent, int64_t given_us)
{
	const struct consent_terms *terms = policy_consent(p, consent);
	int64_t end_us;

	if (!terms || terms->lapses.unit == TERM_NONE)
		return INSTANT_NONE;
	if (term_end(terms->lapses, given_us, p->zone, p->calendar, &end_us, NULL) != 0)
		return INSTANT_NONE; /* no day is guessed: it holds until the calendar comes */
	return end_us;
}
