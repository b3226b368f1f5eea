/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/model.h"

#include <string.h>

/* What follows from an event, in the order in which one thing shuts out the next:
 * (1) refused: a form or channel that is not accepted, or a <refuse> that holds; nothing follows.
 * (2) deferred: the event is incomplete; only the deferring rule's tasks follow.
 * (3) waits: an unmet <wait> holds back every other action of every rule.
 * (4) the actions of all rules that match, in the order of the rules.
 * A consequence is never dropped silently: an event whose actions do not fit into a plan is refused. */

#define RULE_BITS 65536 /* rule numbers are 16 bits wide */

struct planner {
	const struct policy *p;
	const struct facts *f;
	enum event_kind event;
	int64_t at_us, anchor_us;
	struct plan *plan;
	/* bit i: the i-th rule of this event matches; words beyond its rules are not set up */
	uint64_t matched[RULE_BITS / 64];
};

/* ---- which rules match ---- */

static bool in_list(const struct string_list *list, int32_t string)
{
	for (unsigned i = 0; i < list->n; i++)
		if (list->id[i] == string)
			return true;
	return list->n == 0;
}

static bool names_milestone(const struct planner *pl, const struct selector *s)
{
	const int32_t string = pl->f->string[F_MILESTONE];

	if (s->any)
		return true;
	if (string <= 0 || string >= pl->p->n_strings)
		return false;
	return idset_has(&s->set, policy_find(pl->p, ID_MILESTONE, pl->p->strings[string]));
}

static bool meets(const struct selector *s, const struct idset *set) { return s->any || idset_meets(&s->set, set); }

static bool matches(const struct planner *pl, const struct rule *r)
{
	const int32_t *string = pl->f->string;
	const bool is_close = pl->event == EVENT_CLOSE; /* there, kind and reason are the closed request's */

	return in_list(&r->kinds, string[is_close ? F_REQUEST_KIND : F_KIND]) &&
	       in_list(&r->reasons, string[is_close ? F_REQUEST_REASON : F_REASON]) && in_list(&r->results, string[F_RESULT]) &&
	       in_list(&r->by, string[F_BY]) && in_list(&r->states, string[F_MEMBER_STATE]) && in_list(&r->channels, string[F_CHANNEL]) &&
	       in_list(&r->forms, string[F_FORM]) && in_list(&r->sources, string[F_SOURCE]) &&
	       meets(&r->consents, &pl->f->set[F_NAMED_CONSENT]) && meets(&r->roles, &pl->f->set[F_ROLE]) &&
	       names_milestone(pl, &r->milestones) && rule_holds(r, pl->f, pl->at_us);
}

static void find_matches(struct planner *pl)
{
	const unsigned n = pl->p->n_ons[pl->event];

	memset(pl->matched, 0, (n + 63) / 64 * sizeof(uint64_t));
	for (unsigned i = 0; i < n; i++)
		if (matches(pl, &pl->p->rules[pl->p->ons[pl->event][i]]))
			pl->matched[i >> 6] |= UINT64_C(1) << (i & 63);
}

/* The number of the next matching rule; *i starts at 0. -1 at the end. */
static int next_match(const struct planner *pl, unsigned *i)
{
	for (; *i < pl->p->n_ons[pl->event]; ++*i)
		if (pl->matched[*i >> 6] >> (*i & 63) & 1)
			return pl->p->ons[pl->event][(*i)++];
	return -1;
}

static bool act_holds(const struct act_def *a, const struct facts *f)
{
	return condition_holds(&a->when, f) && (a->unless.n_ops == 0 || !condition_holds(&a->unless, f));
}

static bool is_act(const struct planner *pl, const struct act_def *a, enum action_kind kind)
{
	return !a->is_accept && a->kind == kind && act_holds(a, pl->f);
}

/* ---- the plan ---- */

static void add_rule(struct plan *plan, uint16_t rule)
{
	for (unsigned i = 0; i < plan->n_rules; i++)
		if (plan->rules[i] == rule)
			return;
	if (plan->n_rules < PLAN_RULES_MAX)
		plan->rules[plan->n_rules++] = rule;
}

/* An action may name clauses beside those of its rule. */
static void cite(struct plan *plan, const struct act_def *a)
{
	if (a->clauses && plan->n_cites < PLAN_RULES_MAX)
		plan->cites[plan->n_cites++] = (const char *const *)a->clauses;
}

static void refuse(struct plan *plan, uint16_t rule)
{
	plan->refused = true;
	add_rule(plan, rule);
}

static void set_due(const struct planner *pl, const struct act_def *a, struct action *act)
{
	const bool from_anchor = (a->from_detected || a->from_request) && pl->anchor_us != INSTANT_NONE;
	int64_t from_us;

	if (!a->has_within)
		return;
	from_us = from_anchor ? pl->anchor_us : pl->at_us;
	act->within = a->within;
	act->from_us = from_us;
	act->unknown_year = term_end(a->within, from_us, pl->p->zone, pl->p->calendar, &act->due_us, NULL);
	act->has_due = act->unknown_year == 0;
}

/* Of two deadlines the shorter; one that is known before one that is not, and any before none. */
static bool is_sooner(const struct action *a, const struct action *b)
{
	if (a->has_due && b->has_due)
		return a->due_us < b->due_us;
	if (a->has_due || b->has_due)
		return a->has_due;
	return a->unknown_year != 0 && b->unknown_year == 0;
}

static bool is_same_task(const struct action *a, const struct action *b)
{
	return a->kind == ACT_TASK && b->kind == ACT_TASK && a->id == b->id;
}

static void add_action(struct planner *pl, const struct action *act)
{
	struct plan *plan = pl->plan;

	for (unsigned i = 0; i < plan->n_actions; i++)
		if (is_same_task(act, &plan->actions[i])) {
			if (is_sooner(act, &plan->actions[i]))
				plan->actions[i] = *act;
			add_rule(plan, act->rule); /* it is owed by both */
			return;
		}
	if (plan->n_actions == ACTIONS_MAX) {
		plan->n_rules = plan->n_actions = plan->n_cites = 0;
		refuse(plan, act->rule);
		return;
	}
	plan->actions[plan->n_actions++] = *act;
	add_rule(plan, act->rule);
}

/* Acts as @kind, which differs from the definition's own for the task of a <wait>. */
static void add_act(struct planner *pl, uint16_t rule, const struct act_def *a, enum action_kind kind, bool with_due)
{
	struct action act = {
		.kind = kind, .rule = rule, .is_ordered = a->is_ordered, .is_partners = a->is_partners, .id = a->id, .set = a->set};

	if (with_due)
		set_due(pl, a, &act);
	if (pl->plan->refused)
		return;
	add_action(pl, &act);
	if (!pl->plan->refused)
		cite(pl->plan, a);
}

/* ---- (1) refused ---- */

enum accepts { ACCEPTS, ACCEPTS_NOT_FORM, ACCEPTS_NOT_CHANNEL, ACCEPTS_NOTHING_SAID };

static enum accepts rule_accepts(const struct planner *pl, const struct rule *r)
{
	enum accepts ret = ACCEPTS_NOTHING_SAID;

	for (unsigned i = 0; i < r->n_acts; i++) {
		const struct act_def *a = &r->acts[i];

		if (!a->is_accept || !act_holds(a, pl->f))
			continue;
		if (!in_list(&a->forms, pl->f->string[F_FORM]))
			return ACCEPTS_NOT_FORM;
		if (!in_list(&a->channels, pl->f->string[F_CHANNEL]))
			ret = ACCEPTS_NOT_CHANNEL;
		else if (ret == ACCEPTS_NOTHING_SAID)
			ret = ACCEPTS;
	}
	return ret;
}

/* The rule of a base below @pack that takes the event as it came; -1. A policy may not narrow what the base accepts. */
static int base_that_accepts(const struct planner *pl, unsigned pack)
{
	unsigned i = 0;

	for (int rule; (rule = next_match(pl, &i)) >= 0;)
		if (pl->p->rules[rule].pack > pack && rule_accepts(pl, &pl->p->rules[rule]) == ACCEPTS)
			return rule;
	return -1;
}

static void add_refusals(struct planner *pl, uint16_t rule)
{
	const struct rule *r = &pl->p->rules[rule];

	for (unsigned i = 0; i < r->n_acts; i++)
		if (is_act(pl, &r->acts[i], ACT_REFUSE)) {
			refuse(pl->plan, rule);
			cite(pl->plan, &r->acts[i]);
		}
}

/* Fills in the refusal; otherwise returns the base rule to cite first, or -1. */
static int check_refused(struct planner *pl)
{
	int first = -1;
	unsigned i = 0;

	for (int rule; (rule = next_match(pl, &i)) >= 0;)
		if (rule_accepts(pl, &pl->p->rules[rule]) == ACCEPTS_NOT_FORM)
			refuse(pl->plan, (uint16_t)rule);
	i = 0;
	for (int rule; (rule = next_match(pl, &i)) >= 0;) {
		const struct rule *r = &pl->p->rules[rule];

		if (rule_accepts(pl, r) == ACCEPTS_NOT_CHANNEL) {
			const int base = base_that_accepts(pl, r->pack);

			if (base < 0)
				refuse(pl->plan, (uint16_t)rule);
			else if (first < 0)
				first = base;
		}
		add_refusals(pl, (uint16_t)rule);
	}
	return first;
}

/* ---- (2) deferred ---- */

static bool add_defers(struct planner *pl)
{
	unsigned i = 0;

	for (int rule; (rule = next_match(pl, &i)) >= 0;) {
		const struct rule *r = &pl->p->rules[rule];
		bool defers = false;

		for (unsigned k = 0; k < r->n_acts; k++)
			if (is_act(pl, &r->acts[k], ACT_DEFER)) {
				defers = true;
				cite(pl->plan, &r->acts[k]);
			}
		if (!defers)
			continue;
		pl->plan->deferred = true;
		add_rule(pl->plan, (uint16_t)rule);
		for (unsigned k = 0; k < r->n_acts; k++)
			if (is_act(pl, &r->acts[k], ACT_TASK))
				add_act(pl, (uint16_t)rule, &r->acts[k], ACT_TASK, true);
	}
	return pl->plan->deferred;
}

/* ---- (3) waits ---- */

static bool is_unmet(const struct act_def *a, const struct facts *f)
{
	return !a->is_accept && a->kind == ACT_WAIT && act_holds(a, f) && !condition_holds(&a->until, f);
}

static bool add_waits(struct planner *pl)
{
	unsigned i = 0;

	for (int rule; (rule = next_match(pl, &i)) >= 0;) {
		const struct rule *r = &pl->p->rules[rule];
		bool waits = false;

		for (unsigned k = 0; k < r->n_acts; k++) {
			const struct act_def *a = &r->acts[k];
			const bool has_task = a->id >= 0;

			if (!is_unmet(a, pl->f))
				continue;
			if (!waits) /* one for each rule, however many it has: policy_wait_over asks them all */
				add_act(pl, (uint16_t)rule, a, ACT_WAIT, !has_task);
			if (has_task)
				add_act(pl, (uint16_t)rule, a, ACT_TASK, true);
			waits = true;
		}
		pl->plan->waits |= waits;
	}
	pl->plan->deferred = pl->plan->waits;
	return pl->plan->waits;
}

bool policy_wait_over(const struct policy *p, unsigned rule, const struct facts *f)
{
	const struct rule *r = &p->rules[rule];

	for (unsigned k = 0; k < r->n_acts; k++)
		if (is_unmet(&r->acts[k], f))
			return false;
	return true;
}

/* ---- (4) actions ---- */

/* Does another rule open a task of the same kind, and not by default? */
static bool is_replaced(const struct planner *pl, int rule, const struct act_def *task)
{
	unsigned i = 0;

	for (int other; (other = next_match(pl, &i)) >= 0;) {
		const struct rule *r = &pl->p->rules[other];

		for (unsigned k = 0; other != rule && k < r->n_acts; k++)
			if (r->acts[k].id == task->id && !r->acts[k].is_default && is_act(pl, &r->acts[k], ACT_TASK))
				return true;
	}
	return false;
}

static void add_rule_acts(struct planner *pl, uint16_t rule)
{
	const struct rule *r = &pl->p->rules[rule];

	for (unsigned k = 0; k < r->n_acts && !pl->plan->refused; k++) {
		const struct act_def *a = &r->acts[k];

		if (!act_holds(a, pl->f))
			continue;
		if (a->is_accept) {
			add_rule(pl->plan, rule);
			cite(pl->plan, a);
		} else if (a->kind != ACT_WAIT && a->kind != ACT_DEFER && a->kind != ACT_REFUSE &&
			   !(a->kind == ACT_TASK && a->is_default && is_replaced(pl, rule, a))) {
			add_act(pl, rule, a, a->kind, true);
		}
	}
}

/* The shortest deadline of all. */
static void sum_up(struct plan *plan)
{
	for (unsigned i = 0; i < plan->n_actions; i++) {
		const struct action *act = &plan->actions[i];

		if (act->has_due && (!plan->has_due || act->due_us < plan->due_us)) {
			plan->has_due = true;
			plan->due_us = act->due_us;
		}
		if (plan->unknown_year == 0)
			plan->unknown_year = act->unknown_year;
	}
}

void policy_plan(const struct policy *p, enum event_kind event, const struct facts *f, int64_t at_us, int64_t anchor_us, bool ignore_waits,
		 struct plan *ret)
{
	struct planner pl;
	unsigned i = 0;
	int first;

	pl.p = p;
	pl.f = f;
	pl.event = event;
	pl.at_us = at_us;
	pl.anchor_us = anchor_us;
	pl.plan = ret;
	memset(ret, 0, sizeof(*ret));
	find_matches(&pl);
	first = check_refused(&pl);
	if (ret->refused)
		return;
	if (!add_defers(&pl) && (ignore_waits || !add_waits(&pl))) {
		if (first >= 0)
			add_rule(ret, (uint16_t)first);
		for (int rule; !ret->refused && (rule = next_match(&pl, &i)) >= 0;)
			add_rule_acts(&pl, (uint16_t)rule);
	}
	if (ret->refused) /* it did not fit */
		ret->deferred = ret->waits = false;
	else
		sum_up(ret);
}
