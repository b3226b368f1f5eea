/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/lint.h"

#include <string.h>

/* What follows from events: consequences that can never follow, that shut each other out, that go further than was asked, and ways in which a
 * text makes narrower what the statute leaves wide. */

static void start(struct lint *l) { formula_start(&l->f, l->p); }

static uint32_t bit(enum event_kind event) { return UINT32_C(1) << event; }

/* The next event of @r after @event; start with -1. */
static int next_event(const struct rule *r, int event)
{
	for (event++; event < EVENT_KINDS; event++)
		if (r->events >> event & 1)
			return event;
	return -1;
}

/* A case of any of its events in which @r matches and @a (NULL: anything) follows. */
static bool find_follows(struct lint *l, const struct rule *r, const struct act_def *a, struct lint_case *ret)
{
	for (int e = next_event(r, -1); e >= 0; e = next_event(r, e)) {
		start(l);
		if (a)
			formula_follows(&l->f, r, a, (enum event_kind)e);
		else
			formula_matches(&l->f, r, (enum event_kind)e);
		if (lint_find(l, bit((enum event_kind)e), ret))
			return true;
	}
	return false;
}

static const char *act_name(const struct act_def *a)
{
	static const char *const names[] = {[ACT_REFUSE] = "the refusal",
					    [ACT_DEFER] = "the deferral",
					    [ACT_WAIT] = "the wait",
					    [ACT_STOP] = "the stop",
					    [ACT_CLOSE_ACCOUNT] = "the account's end",
					    [ACT_BLOCK] = "the block",
					    [ACT_UNBLOCK] = "the end of a block",
					    [ACT_KEEP] = "the hold",
					    [ACT_END_CONSENT] = "the end of consents",
					    [ACT_DESTROY] = "the destruction",
					    [ACT_DEPERSONALISE] = "depersonalising",
					    [ACT_TASK] = "the task",
					    [ACT_DUE] = "the deadline",
					    [ACT_AS] = "what goes on as another event"};

	return a->is_accept ? "the acceptance" : names[a->kind];
}

static void check_acts(struct lint *l, const struct rule *r)
{
	struct lint_case example;

	for (unsigned i = 0; i < r->n_acts; i++) {
		const struct act_def *a = &r->acts[i];
		struct finding *f;

		if ((!a->when.n_ops && !a->unless.n_ops) || find_follows(l, r, a, &example) || !find_follows(l, r, NULL, &example))
			continue;
		f = lint_add(l, LINT_ERROR, "never-follows", r->line, r, "%s of '%s' follows in no case: %.300s%.300s", act_name(a),
			     lint_name(r), a->when.text ? a->when.text : "not ", a->when.text ? "" : a->unless.text);
		lint_example(f, &example, INSTANT_NONE);
	}
}

/* ---- refused whatever the rule says ---- */

static bool does_more_than_refuse(const struct rule *r)
{
	for (unsigned i = 0; i < r->n_acts; i++)
		if (!r->acts[i].is_accept && r->acts[i].kind != ACT_REFUSE)
			return true;
	return false;
}

/* The rule by which the event of the example is refused. */
static const struct rule *refuser(struct lint *l, const struct lint_case *c, int64_t at_us)
{
	struct plan plan;

	policy_plan(l->p, c->event, &c->facts, at_us, INSTANT_NONE, true, &plan);
	return plan.refused && plan.n_rules ? &l->p->rules[plan.rules[0]] : NULL;
}

/* "and no rule refuses the event" */
static void push_taken(struct lint *l, enum event_kind e, int64_t at_us)
{
	for (unsigned i = 0; i < l->p->n_ons[e]; i++) {
		const struct rule *r = &l->p->rules[l->p->ons[e][i]];

		if (!lint_in_force(r, at_us))
			continue;
		formula_refuses(&l->f, r, e);
		formula_not(&l->f);
		formula_and(&l->f);
	}
}

static bool is_ever_taken(struct lint *l, const struct rule *r, int64_t at_us)
{
	struct lint_case ignored;

	for (int e = next_event(r, -1); e >= 0; e = next_event(r, e)) {
		start(l);
		formula_matches(&l->f, r, (enum event_kind)e);
		push_taken(l, (enum event_kind)e, at_us);
		if (lint_find(l, bit((enum event_kind)e), &ignored))
			return true;
	}
	return false;
}

static void check_refused(struct lint *l, const struct rule *r)
{
	const int64_t at_us = lint_instant(l, r);
	const struct rule *by;
	struct lint_case example;
	struct finding *f;

	if (!does_more_than_refuse(r) || !find_follows(l, r, NULL, &example) || is_ever_taken(l, r, at_us))
		return;
	by = refuser(l, &example, at_us);
	f = lint_add(l, LINT_ERROR, "contradiction", r->line, r,
		     "nothing ever follows from '%s': whenever it applies the event is refused%s%s%s", lint_name(r), by ? ", by '" : "",
		     by ? lint_name(by) : "", by ? "'" : "");
	if (f && by)
		lint_cite(f, by->clauses);
	lint_example(f, &example, at_us);
}

/* ---- consequences that shut each other out ---- */

static bool exclude(const struct act_def *a, const struct act_def *b)
{
	if (a->is_accept || b->is_accept)
		return false;
	if (a->kind == ACT_BLOCK)
		return b->kind == ACT_UNBLOCK;
	if (a->kind == ACT_DESTROY && idset_empty(&a->set))
		return b->kind == ACT_DEPERSONALISE;
	return false;
}

static void check_pair(struct lint *l, const struct rule *r, const struct act_def *a, const struct rule *q, const struct act_def *b)
{
	struct lint_case example;
	struct finding *f;

	for (int e = next_event(r, -1); e >= 0; e = next_event(r, e)) {
		if (!(q->events >> e & 1))
			continue;
		start(l);
		formula_follows(&l->f, r, a, (enum event_kind)e);
		formula_follows(&l->f, q, b, (enum event_kind)e);
		formula_and(&l->f);
		if (!lint_find(l, bit((enum event_kind)e), &example))
			continue;
		f = lint_add(l, LINT_ERROR, "contradiction", r->line, r, "%s of '%s' and %s of '%s' follow from the same event",
			     act_name(a), lint_name(r), act_name(b), lint_name(q));
		if (f)
			lint_cite(f, q->clauses);
		lint_example(f, &example, lint_instant(l, r));
		return;
	}
}

static void check_exclusive(struct lint *l, const struct rule *r)
{
	for (unsigned i = 0; i < l->p->n_rules; i++) {
		const struct rule *q = &l->p->rules[i];

		for (unsigned a = 0; q->kind == RULE_ON && lint_in_force(q, lint_instant(l, r)) && a < r->n_acts; a++)
			for (unsigned b = 0; b < q->n_acts; b++)
				if (exclude(&r->acts[a], &q->acts[b]) || (q->pack > 0 && exclude(&q->acts[b], &r->acts[a])))
					check_pair(l, r, &r->acts[a], q, &q->acts[b]);
	}
}

/* ---- a withdrawal that does more than was asked ---- */

/* May none of @categories be touched without the consent @asked? To destroy them then is no more than to withdraw it. */
static bool stand_on(const struct policy *p, const struct idset *categories, int asked)
{
	struct idset theirs = {{0}};

	for (unsigned i = 0; i < p->n_rules; i++) {
		const struct rule *r = &p->rules[i];

		if (r->kind == RULE_FORBID && idset_has(&r->needs, asked) && !r->has_with && !r->categories.any && r->operations.any &&
		    r->purposes.any && r->recipients.any)
			idset_union(&theirs, &r->categories.set);
	}
	return !idset_empty(categories) && idset_within(categories, &theirs);
}

/* What @a does beyond ending consent @asked. */
static const char *more_than(const struct policy *p, const struct act_def *a, int asked)
{
	struct idset one = {{0}};

	idset_add(&one, asked);
	if (a->is_accept)
		return NULL;
	switch (a->kind) {
	case ACT_STOP:
		return "all processing stops";
	case ACT_CLOSE_ACCOUNT:
		return "the account is closed";
	case ACT_DESTROY:
		if (stand_on(p, &a->set, asked))
			return NULL;
		return idset_empty(&a->set) ? "everything is destroyed" : "data are destroyed";
	case ACT_DEPERSONALISE:
		return "the data are depersonalised";
	case ACT_BLOCK:
		return "the data are blocked";
	case ACT_END_CONSENT:
		return idset_within(&a->set, &one) ? NULL : "other consents end too";
	case ACT_AS:
		return a->id != EVENT_WITHDRAW || idset_within(&a->set, &one) ? NULL : "other consents are withdrawn too";
	case ACT_REFUSE:
	case ACT_DEFER:
	case ACT_WAIT:
	case ACT_UNBLOCK:
	case ACT_KEEP:
	case ACT_TASK:
	case ACT_DUE:
		break;
	}
	return NULL;
}

/* A withdrawal of @asked and nothing else, taken as the rule wants it, from which @a follows. */
static bool find_withdrawal(struct lint *l, const struct rule *r, const struct act_def *a, int asked, struct lint_case *ret)
{
	start(l);
	formula_follows(&l->f, r, a, EVENT_WITHDRAW);
	for (int id = 0; id < l->p->n_ids[ID_CONSENT]; id++) {
		formula_holds(&l->f, var_bit(F_NAMED_CONSENT, id));
		if (id != asked)
			formula_not(&l->f);
		formula_and(&l->f);
	}
	for (unsigned i = 0; i < r->n_acts; i++) {
		if (!r->acts[i].is_accept)
			continue;
		formula_list(&l->f, F_CHANNEL, &r->acts[i].channels);
		formula_and(&l->f);
	}
	push_taken(l, EVENT_WITHDRAW, lint_instant(l, r));
	return lint_find(l, bit(EVENT_WITHDRAW), ret);
}

/* What the statute says of the same withdrawal. */
static void cite_base(struct lint *l, struct finding *f, const struct lint_case *c, int64_t at_us)
{
	struct plan plan;

	policy_plan(l->p, c->event, &c->facts, at_us, INSTANT_NONE, true, &plan);
	for (unsigned i = 0; f && i < plan.n_rules; i++)
		if (l->p->rules[plan.rules[i]].pack > 0)
			lint_cite(f, l->p->rules[plan.rules[i]].clauses);
}

static void check_withdrawal(struct lint *l, const struct rule *r)
{
	const int64_t at_us = lint_instant(l, r);
	struct lint_case c, example;

	for (int asked = 0; asked < l->p->n_ids[ID_CONSENT]; asked++) {
		cleanup_(buf_done) struct buf does = {0};
		struct finding *f;

		for (unsigned i = 0; asked != l->p->main_consent && i < r->n_acts; i++) {
			const char *more = more_than(l->p, &r->acts[i], asked);

			if (!more || !find_withdrawal(l, r, &r->acts[i], asked, &c))
				continue;
			example = c;
			buf_fmt(&does, "%s%s", does.len ? ", " : "", more);
		}
		if (!does.len)
			continue;
		f = lint_add(l, LINT_ERROR, "more-than-asked", r->line, r, "only the consent '%s' is withdrawn, but by '%s' %s",
			     policy_name(l->p, ID_CONSENT, asked), lint_name(r), (const char *)does.data);
		lint_example(f, &example, at_us);
		cite_base(l, f, &example, at_us);
	}
}

/* ---- fewer ways than the statute leaves open, or more ---- */

static void push_way(struct lint *l, const struct act_def *a)
{
	formula_list(&l->f, F_FORM, &a->forms);
	formula_list(&l->f, F_CHANNEL, &a->channels);
	formula_and(&l->f);
}

static void push_named(struct lint *l, unsigned text)
{
	formula_text(&l->f, text, 0);
	formula_not(&l->f);
	formula_and(&l->f);
}

/* Both rules take the event; it comes in a way of @in, and in none of @out. */
static bool find_way(struct lint *l, const struct rule *r, const struct act_def *a, const struct rule *base, const struct act_def *b,
		     bool is_looser, enum event_kind e, struct lint_case *ret)
{
	start(l);
	formula_follows(&l->f, r, a, e);
	formula_follows(&l->f, base, b, e);
	formula_and(&l->f);
	push_named(l, F_CHANNEL);
	if (a->forms.n || b->forms.n)
		push_named(l, F_FORM);
	push_way(l, is_looser ? a : b);
	formula_and(&l->f);
	push_way(l, is_looser ? b : a);
	formula_not(&l->f);
	formula_and(&l->f);
	return lint_find(l, bit(e), ret);
}

static void tell_way(struct lint *l, const struct rule *r, const struct rule *base, bool is_looser, const struct lint_case *example)
{
	const int64_t at_us = lint_instant(l, r);
	const int32_t channel = example->facts.string[F_CHANNEL], form = example->facts.string[F_FORM];
	struct finding *f =
		lint_add(l, LINT_ERROR, is_looser ? "looser-than-statute" : "narrower-than-statute", r->line, r,
			 "'%s' takes the event in %s ways than '%s' (%s): one by '%s'%s%s %s", lint_name(r), is_looser ? "more" : "fewer",
			 lint_name(base), base->title[LANG_EN], l->p->strings[channel], form > 0 ? ", " : "",
			 form > 0 ? l->p->strings[form] : "", refuser(l, example, at_us) ? "is refused" : "counts all the same");

	lint_example(f, example, at_us);
	if (f)
		lint_cite(f, base->clauses);
}

/* Only a way that the rule itself lists is one more. */
static void check_way(struct lint *l, const struct rule *r, const struct act_def *a, enum event_kind e)
{
	struct lint_case example;

	for (unsigned i = 0; i < l->p->n_ons[e]; i++) {
		const struct rule *base = &l->p->rules[l->p->ons[e][i]];

		for (unsigned k = 0; base->pack > 0 && lint_in_force(base, lint_instant(l, r)) && k < base->n_acts; k++) {
			const struct act_def *b = &base->acts[k];

			if (b->is_accept && find_way(l, r, a, base, b, false, e, &example))
				tell_way(l, r, base, false, &example);
			if (b->is_accept && a->forms.n && find_way(l, r, a, base, b, true, e, &example))
				tell_way(l, r, base, true, &example);
		}
	}
}

static void check_ways(struct lint *l, const struct rule *r)
{
	for (int e = next_event(r, -1); e >= 0; e = next_event(r, e))
		for (unsigned i = 0; i < r->n_acts; i++)
			if (r->acts[i].is_accept && (r->acts[i].channels.n || r->acts[i].forms.n))
				check_way(l, r, &r->acts[i], (enum event_kind)e);
}

/* ---- cases that no refusal thinks of ---- */

static int number_of(const struct condition *c)
{
	for (unsigned i = 0; i < c->n_ops; i++)
		if (c->ops[i].code >= COND_NUMBER_EQ && c->ops[i].code <= COND_NUMBER_GE)
			return c->ops[i].a;
	return -1;
}

/* A refusal that hangs on a number does not hold where the number is not known. */
static void check_unknown(struct lint *l, const struct rule *r, const struct act_def *a)
{
	const int number = number_of(&a->when);
	struct lint_case example;
	struct finding *f;

	for (int e = next_event(r, -1); e >= 0 && number >= 0; e = next_event(r, e)) {
		start(l);
		formula_unknown(&l->f, (enum fact_number)number);
		formula_matches(&l->f, r, (enum event_kind)e);
		formula_and(&l->f);
		push_taken(l, (enum event_kind)e, lint_instant(l, r));
		if (!lint_find(l, bit((enum event_kind)e), &example))
			continue;
		f = lint_add(l, LINT_NOTE, "gap", r->line, r,
			     "the refusal by '%s' hangs on $%s and does not hold where that is not known: %.300s", lint_name(r),
			     condition_fact_name(COND_NUMBER_EQ, (unsigned)number), a->when.text);
		lint_example(f, &example, lint_instant(l, r));
		return;
	}
}

/* ---- limits ---- */

static void check_limit(struct lint *l, const struct rule *r)
{
	struct lint_case example;

	if (!find_follows(l, r, NULL, &example)) {
		lint_never(l, r, r->line, &r->when, r->events);
		return;
	}
	for (unsigned i = 0; i < l->p->n_rules; i++) {
		const struct rule *q = &l->p->rules[i];
		struct finding *f;

		if (q->kind != RULE_LIMIT || !(q->events & r->events) || !q->has_min_length || !r->has_max_length ||
		    q->min_length <= r->max_length)
			continue;
		start(l);
		formula_matches(&l->f, r, EVENT_MESSAGE);
		formula_matches(&l->f, q, EVENT_MESSAGE);
		formula_and(&l->f);
		if (!lint_find(l, q->events & r->events, &example))
			continue;
		f = lint_add(l, LINT_ERROR, "contradiction", r->line, r,
			     "'%s' allows %u characters at most, '%s' %u at least: nothing can pass", lint_name(r), r->max_length,
			     lint_name(q), q->min_length);
		lint_example(f, &example, lint_instant(l, r));
		if (f)
			lint_cite(f, q->clauses);
	}
}

static void check_on(struct lint *l, const struct rule *r)
{
	struct lint_case example;

	if (!find_follows(l, r, NULL, &example)) {
		lint_never(l, r, r->line, &r->when, r->events);
		return;
	}
	check_acts(l, r);
	check_refused(l, r);
	check_exclusive(l, r);
	check_ways(l, r);
	if (r->events & bit(EVENT_WITHDRAW))
		check_withdrawal(l, r);
	for (unsigned i = 0; i < r->n_acts; i++)
		if (!r->acts[i].is_accept && r->acts[i].kind == ACT_REFUSE)
			check_unknown(l, r, &r->acts[i]);
}

void lint_events(struct lint *l)
{
	for (unsigned i = 0; i < l->p->n_rules; i++) {
		lint_turn(l, &l->p->rules[i]);
		if (lint_is_own(l->of, RULE_ON))
			check_on(l, l->of);
		else if (lint_is_own(l->of, RULE_LIMIT))
			check_limit(l, l->of);
	}
	lint_turn(l, NULL);
}
