/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Carrying out a plan: each action of a rule becomes a change of the subject's state, a task or a deadline. */

static enum saqta_status no_memory(struct saqta_error *err) { return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory"); }

static void cite_plan_rules(struct answer *a, const struct policy *p, const struct plan *plan)
{
	for (unsigned i = 0; i < plan->n_rules; i++)
		answer_rule(a, p, plan->rules[i]);
	for (unsigned i = 0; i < plan->n_cites; i++)
		for (const char *const *clause = plan->cites[i]; *clause; clause++)
			answer_clauses(a, *clause);
}

void plan_cite(struct answer *a, const struct policy *p, const struct plan *plan)
{
	cite_plan_rules(a, p, plan);
	if (plan->has_due)
		answer_due(a, plan->due_us);
	if (plan->unknown_year) {
		a->unknown_year = plan->unknown_year;
		(void)err_set(&a->error, SAQTA_ERR_POLICY, 0, "the calendar does not know %d: the deadline is computed when it comes",
			      plan->unknown_year);
	}
}

static char *joined_clauses(const struct policy *p, const struct plan *plan)
{
	struct answer a;
	char *text;

	answer_init(&a);
	cite_plan_rules(&a, p, plan);
	text = strdup(a.clauses.len ? (const char *)a.clauses.data : "");
	answer_done(&a);
	return text;
}

/* Destruction becomes due: the receipt is drawn now, so that the person holds it before anything is gone. */
static void give_receipt(struct effect_context *c)
{
	struct subject *s = c->s;

	if (!s->has_receipt) {
		crypt_random(s->receipt, sizeof(s->receipt));
		s->has_receipt = true;
	}
	c->a->has_receipt = true;
	memcpy(c->a->receipt, s->receipt, sizeof(s->receipt));
}

static enum saqta_status stop(struct effect_context *c, const struct plan *plan, const struct action *act, struct saqta_error *err)
{
	struct subject *s = c->s;

	/* The first deadline stays. */
	if (!s->is_stopped) {
		free(s->stop_clauses);
		s->stop_clauses = joined_clauses(c->e->policy, plan);
		if (!s->stop_clauses)
			return no_memory(err);
		s->is_stopped = true;
		s->stopped_us = c->at_us;
		s->stop_due_us = plan->has_due ? plan->due_us : INSTANT_NONE;
	}
	if (act->kind == ACT_CLOSE_ACCOUNT)
		s->is_account_closed = true;
	if (act->is_ordered && !s->is_ordered) {
		s->is_ordered = true;
		if (plan->has_due && (s->stop_due_us == INSTANT_NONE || plan->due_us < s->stop_due_us))
			s->stop_due_us = plan->due_us;
	}
	give_receipt(c);
	return SAQTA_OK;
}

static char *category_words(const struct policy *p, const struct idset *set)
{
	cleanup_(buf_done) struct buf b = {0};

	for (int id = idset_next(set, -1); id >= 0; id = idset_next(set, id)) {
		if (b.len > 0)
			buf_str(&b, " ");
		buf_str(&b, policy_name(p, ID_CATEGORY, id));
	}
	return b.failed || b.len == 0 ? NULL : strdup((const char *)b.data);
}

static enum saqta_status destroy_categories(struct effect_context *c, const struct plan *plan, const struct action *act,
					    const struct idset *categories, struct saqta_error *err)
{
	struct order *o = subject_add_order(c->s);

	if (!o)
		return no_memory(err);
	o->at_us = c->at_us;
	o->due_us = act->has_due ? act->due_us : INSTANT_NONE;
	o->categories = category_words(c->e->policy, categories);
	o->clauses = joined_clauses(c->e->policy, plan);
	return o->categories && o->clauses ? SAQTA_OK : no_memory(err);
}

static enum saqta_status open_task(struct effect_context *c, const struct action *act, struct saqta_error *err)
{
	struct task t = {.at_us = c->at_us, .closed_us = INSTANT_NONE, .unknown_year = act->unknown_year};
	const char *rule = rule_id(c->e->policy, act->rule);
	enum saqta_status r;

	memcpy(t.subject, c->s->id, sizeof(t.subject));
	(void)snprintf(t.kind, sizeof(t.kind), "%s", policy_name(c->e->policy, ID_TASK, act->id));
	(void)snprintf(t.rule, sizeof(t.rule), "%s", rule);
	t.due_us = act->has_due ? act->due_us : INSTANT_NONE;
	t.term.unit = (uint8_t)act->within.unit;
	t.term.count = act->within.count;
	t.term.from_us = act->from_us;
	t.request = c->request ? c->request->number : 0;
	t.is_partners = act->is_partners && c->s->partner && act->has_due;
	if (t.is_partners && t.due_us < c->s->partner_due_us)
		c->s->partner_due_us = t.due_us;
	r = vault_put_task(&c->e->vault, &c->e->txn, &t, err);
	if (r)
		return r;
	if (!subject_add_task(c->s, t.number))
		return no_memory(err);
	if (c->a->task == 0)
		c->a->task = t.number;
	if (c->request && c->request->task == 0 && strcmp(t.kind, "answer") == 0) {
		c->request->task = t.number;
		c->request->due_us = t.due_us;
	}
	return SAQTA_OK;
}

/* A scope ends: one more act in its history. */
static enum saqta_status end_scope(struct effect_context *c, const char *scope, enum consent_act_kind kind, int64_t due_us,
				   const char *clauses, struct saqta_error *err)
{
	struct consent_act *act = subject_add_consent(c->s);

	if (!act)
		return no_memory(err);
	act->kind = kind;
	act->at_us = c->at_us;
	act->due_us = due_us;
	act->scope = text_copy(scope);
	act->clauses = text_copy(clauses);
	return act->scope && act->clauses ? SAQTA_OK : no_memory(err);
}

static bool scope_is_given(const struct subject *s, const char *scope)
{
	const struct consent_act *act = subject_consent(s, scope);

	return act && (act->kind == CONSENT_GIVEN || act->kind == CONSENT_VOUCHED);
}

static enum saqta_status end_scopes(struct effect_context *c, const struct idset *scopes, int except, const char *clauses,
				    struct saqta_error *err)
{
	const struct policy *p = c->e->policy;

	for (int id = 0; id < policy_id_count(p, ID_CONSENT); id++) {
		const char *scope = policy_name(p, ID_CONSENT, id);
		enum saqta_status r;

		if (id == except || (scopes && !idset_has(scopes, id)) || !scope_is_given(c->s, scope))
			continue;
		r = end_scope(c, scope, CONSENT_ENDED, INSTANT_NONE, clauses, err);
		if (r)
			return r;
	}
	return SAQTA_OK;
}

/* What an order of the controller names; a group stands for its members. Empty: it names none, and so all. */
static struct idset ordered_categories(const struct effect_context *c)
{
	struct idset ret = {{0}};
	int id = -1;

	if (!c->ev || (c->ev->kind != EVENT_DESTROY && c->ev->kind != EVENT_DEPERSONALISE))
		return ret;
	ret = c->ev->categories;
	while ((id = idset_next(&c->ev->categories, id)) >= 0)
		idset_union(&ret, policy_members(c->e->policy, ID_CATEGORY, id));
	return ret;
}

/* An event that names categories narrows an order to destroy everything. */
static enum saqta_status destroy(struct effect_context *c, const struct plan *plan, const struct action *act, struct saqta_error *err)
{
	const struct idset ordered = ordered_categories(c);

	if (!idset_empty(&act->set))
		return destroy_categories(c, plan, act, &act->set, err);
	if (!idset_empty(&ordered))
		return destroy_categories(c, plan, act, &ordered, err);
	return stop(c, plan, act, err);
}

/* What a term or a hold keeps needs no hold beside it, which somebody would have to lift. */
static bool is_kept_already(const struct effect_context *c)
{
	int64_t reached[POLICY_SET_BITS], achieved[POLICY_SET_BITS];
	const struct retention_subject rs = {
		.registered_us = c->s->registered_us, .newest_collected_us = c->s->newest_collected_us, .reached_us = reached};
	const struct retention_record whole = {.is_subject = true, .category = -1, .achieved_us = achieved};
	struct retention ret;

	for (size_t i = 0; i < c->s->n_holds; i++)
		if (!c->s->holds[i].is_lifted && !c->s->holds[i].categories && !c->s->holds[i].records)
			return true;
	hall_reached(c->e, c->s, reached, achieved);
	policy_retention(c->e->policy, &rs, &whole, c->at_us, &ret);
	return ret.is_kept;
}

static enum saqta_status keep(struct effect_context *c, const struct plan *plan, const struct action *act, struct saqta_error *err)
{
	const char *id = c->ev ? event_text(c->ev, "request") : NULL;
	struct hold *h = NULL;

	if (is_kept_already(c))
		return SAQTA_OK;
	if (!id)
		id = rule_id(c->e->policy, act->rule);
	for (size_t i = 0; i < c->s->n_holds && !h; i++)
		if (strcmp(c->s->holds[i].id, id) == 0)
			h = &c->s->holds[i];
	if (h) {
		h->is_lifted = false;
		return SAQTA_OK;
	}
	h = subject_add_hold(c->s);
	if (!h)
		return no_memory(err);
	h->at_us = c->at_us;
	h->lifted_us = INSTANT_NONE;
	h->id = text_copy(id);
	h->reason = text_copy(c->ev ? event_text(c->ev, "reason") : NULL);
	h->clauses = joined_clauses(c->e->policy, plan);
	return h->id && h->clauses ? SAQTA_OK : no_memory(err);
}

static enum saqta_status depersonalise(struct effect_context *c, const struct action *act, struct saqta_error *err)
{
	const struct idset ordered = ordered_categories(c);

	return hall_depersonalise(c->e, c->s, &act->set, &ordered, c->at_us, c->a, err);
}

static enum saqta_status apply_one(struct effect_context *c, const struct plan *plan, const struct action *act, struct saqta_error *err)
{
	char *clauses;
	enum saqta_status r;

	switch (act->kind) {
	case ACT_STOP:
	case ACT_CLOSE_ACCOUNT:
		return stop(c, plan, act, err);
	case ACT_DESTROY:
		return destroy(c, plan, act, err);
	case ACT_BLOCK:
		if (c->request)
			c->request->blocks = true;
		return SAQTA_OK;
	case ACT_UNBLOCK:
		if (c->request)
			c->request->blocks = false;
		return SAQTA_OK;
	case ACT_KEEP:
		return keep(c, plan, act, err);
	case ACT_END_CONSENT:
		clauses = joined_clauses(c->e->policy, plan);
		r = clauses ? end_scopes(c, &act->set, -1, clauses, err) : no_memory(err);
		free(clauses);
		return r;
	case ACT_DEPERSONALISE:
		return depersonalise(c, act, err);
	case ACT_TASK:
		return open_task(c, act, err);
	case ACT_AS:
		if (act->id != EVENT_WITHDRAW)
			return err_set(err, SAQTA_ERR_POLICY, 0, "%s: an event can only go on as withdraw",
				       rule_id(c->e->policy, act->rule));
		return effects_withdraw(c, &act->set, event_text(c->ev, "channel"), "written", err);
	case ACT_DUE:	 /* stands in the answer and the entry */
	case ACT_REFUSE: /* the caller saw plan.refused, .deferred, .waits */
	case ACT_DEFER:
	case ACT_WAIT:
		return SAQTA_OK;
	}
	return SAQTA_OK;
}

enum saqta_status effects_apply(struct effect_context *c, const struct plan *plan, struct saqta_error *err)
{
	c->s->is_dirty = true;
	for (unsigned i = 0; i < plan->n_actions; i++) {
		enum saqta_status r = apply_one(c, plan, &plan->actions[i], err);

		if (r)
			return r;
	}
	return SAQTA_OK;
}

/* ---- withdrawal: scope by scope, since each may have rules and conditions of its own ---- */

static void withdraw_facts(struct effect_context *c, int scope, const char *channel, const char *form, struct facts *f)
{
	const struct policy *p = c->e->policy;

	facts_init(f);
	hall_subject_facts(c->e, c->s, c->at_us, f);
	f->string[F_EVENT] = policy_string(p, event_name(EVENT_WITHDRAW));
	f->string[F_CHANNEL] = policy_string(p, channel);
	f->string[F_FORM] = policy_string(p, form);
	idset_add(&f->set[F_NAMED_CONSENT], scope);
}

static bool is_pending(const struct subject *s, const char *scope, int64_t *ret_at_us)
{
	for (size_t i = 0; i < s->n_pending; i++)
		if (text_lists(s->pending[i].scopes, scope)) {
			*ret_at_us = s->pending[i].at_us;
			return true;
		}
	return false;
}

static enum saqta_status wait_for(struct effect_context *c, const char *scope, const char *channel, const char *form,
				  const struct plan *plan, struct saqta_error *err)
{
	struct pending *w;
	int64_t since_us;

	c->a->outcome = OUTCOME_DEFERRED;
	if (is_pending(c->s, scope, &since_us))
		return SAQTA_OK; /* asked again: the first one waits on, with its task */
	w = subject_add_pending(c->s);
	if (!w)
		return no_memory(err);
	w->at_us = c->at_us;
	w->scopes = text_copy(scope);
	w->channel = text_copy(channel);
	w->form = text_copy(form);
	if (!w->scopes || !w->channel || !w->form)
		return no_memory(err);
	return effects_apply(c, plan, err);
}

static enum saqta_status withdraw_scope(struct effect_context *c, int scope, const struct plan *plan, struct saqta_error *err)
{
	const struct policy *p = c->e->policy;
	const char *name = policy_name(p, ID_CONSENT, scope);
	const struct consent_act *last = subject_consent(c->s, name);
	char *clauses;
	enum saqta_status r;

	if (last && last->kind == CONSENT_WITHDRAWN) {
		c->a->due_us = INSTANT_NONE; /* the first deadline stays */
		answer_due(c->a, last->due_us);
		if (c->s->is_stopped)
			give_receipt(c);
		return SAQTA_OK;
	}
	clauses = joined_clauses(p, plan);
	if (!clauses)
		return no_memory(err);
	r = end_scope(c, name, CONSENT_WITHDRAWN, plan->has_due ? plan->due_us : INSTANT_NONE, clauses, err);
	if (!r && policy_consent(p, scope)->is_main)
		r = end_scopes(c, NULL, scope, clauses, err);
	free(clauses);
	return r ? r : effects_apply(c, plan, err);
}

enum saqta_status effects_withdraw(struct effect_context *c, const struct idset *scopes, const char *channel, const char *form,
				   struct saqta_error *err)
{
	const struct policy *p = c->e->policy;
	struct facts f;
	struct plan plan;
	enum saqta_status r;

	/* Refused as a whole or not at all: look at every scope before anything changes. */
	for (int id = idset_next(scopes, -1); id >= 0; id = idset_next(scopes, id)) {
		withdraw_facts(c, id, channel, form, &f);
		policy_plan(p, EVENT_WITHDRAW, &f, c->at_us, INSTANT_NONE, false, &plan);
		if (plan.refused) {
			c->a->outcome = OUTCOME_DENIED;
			plan_cite(c->a, p, &plan);
			return SAQTA_OK;
		}
	}
	for (int id = idset_next(scopes, -1); id >= 0; id = idset_next(scopes, id)) {
		withdraw_facts(c, id, channel, form, &f);
		policy_plan(p, EVENT_WITHDRAW, &f, c->at_us, INSTANT_NONE, false, &plan);
		plan_cite(c->a, p, &plan);
		r = plan.waits ? wait_for(c, policy_name(p, ID_CONSENT, id), channel, form, &plan, err) : withdraw_scope(c, id, &plan, err);
		if (r)
			return r;
	}
	return SAQTA_OK;
}

enum saqta_status effects_pending(struct effect_context *c, unsigned *ret_n, struct saqta_error *err)
{
	const struct policy *p = c->e->policy;
	struct subject *s = c->s;

	*ret_n = 0;
	for (size_t i = 0; i < s->n_pending; i++) {
		struct pending *w = &s->pending[i];
		int scope = w->scopes ? policy_find(p, ID_CONSENT, w->scopes) : -1;
		struct facts f;
		struct plan plan;
		enum saqta_status r;

		if (scope < 0)
			continue;
		withdraw_facts(c, scope, w->channel, w->form, &f);
		policy_plan(p, EVENT_WITHDRAW, &f, c->at_us, INSTANT_NONE, false, &plan);
		if (plan.waits || plan.refused)
			continue;
		plan_cite(c->a, p, &plan);
		r = withdraw_scope(c, scope, &plan, err);
		if (r)
			return r;
		free(w->scopes);
		w->scopes = NULL; /* done */
		++*ret_n;
	}
	if (*ret_n > 0) {
		bool is_left = false;

		for (size_t i = 0; i < s->n_pending; i++)
			is_left |= s->pending[i].scopes != NULL;
		if (!is_left)
			subject_drop_pending(s);
	}
	return SAQTA_OK;
}
