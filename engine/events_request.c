/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"

#include <stdlib.h>
#include <string.h>

/* Requests, and what all events do alike. */

static enum saqta_status no_memory(struct saqta_error *err) { return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory"); }

enum saqta_status event_invalid(struct effect_context *c, const char *text)
{
	c->a->outcome = OUTCOME_INVALID;
	(void)err_set(&c->a->error, SAQTA_ERR_INPUT, 0, "%s", text);
	return SAQTA_OK;
}

/* What permitted the event has no say in its denial. */
void event_deny(struct effect_context *c)
{
	c->a->outcome = OUTCOME_DENIED;
	buf_clear(&c->a->rules);
	buf_clear(&c->a->clauses);
}

/* Take what the rules order, unless they refuse. */
bool event_by_rules(struct effect_context *c, const struct facts *f, struct plan *plan)
{
	const int64_t anchor_us = c->ev->kind == EVENT_EXTEND ? c->request->at_us : event_time(c->ev, "detected");

	policy_plan(c->e->policy, c->ev->kind, f, c->at_us, anchor_us, false, plan);
	if (plan->refused)
		event_deny(c);
	plan_cite(c->a, c->e->policy, plan);
	return !plan->refused;
}

enum saqta_status event_set_task(struct effect_context *c, uint64_t number, int64_t due_us, int64_t closed_us, struct saqta_error *err)
{
	struct task t;
	enum saqta_status r = SAQTA_OK;

	if (number == 0)
		return SAQTA_OK;
	r = vault_get_task(&c->e->vault, number, &t, err);
	if (r)
		return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
	if (due_us != INSTANT_NONE) {
		t.due_us = due_us;
		t.unknown_year = 0;
	}
	if (closed_us != INSTANT_NONE && t.closed_us == INSTANT_NONE)
		t.closed_us = closed_us;
	return vault_put_task(&c->e->vault, &c->e->txn, &t, err);
}

/* ---- requests ---- */

static enum saqta_status new_request(struct effect_context *c, struct saqta_error *err)
{
	struct request *q = subject_add_request(c->s);

	if (!q)
		return no_memory(err);
	q->id = text_copy(event_text(c->ev, "request"));
	q->kind = text_copy(event_text(c->ev, "kind"));
	q->channel = text_copy(event_text(c->ev, "channel"));
	q->by = text_copy(event_text(c->ev, "by"));
	q->reason = text_copy(event_text(c->ev, "reason"));
	q->categories = event_words(c->ev, "categories");
	q->state = REQUEST_OPEN;
	c->request = q;
	if (!q->id || !q->kind || !q->channel || !q->by)
		return no_memory(err);
	return vault_add_request(&c->e->vault, &c->e->txn, c->s, &q->number, err);
}

/* A deferred request was completed or closed: what its completion waited for need not be done any more. */
static enum saqta_status end_deferral(struct effect_context *c, const struct request *q, struct saqta_error *err)
{
	enum saqta_status r = SAQTA_OK;

	for (size_t i = 0; !r && q->state == REQUEST_DEFERRED && i < c->s->n_tasks; i++) {
		struct task t;

		r = vault_get_task(&c->e->vault, c->s->tasks[i], &t, err);
		if (r == SAQTA_ERR_MISSING)
			r = SAQTA_OK;
		else if (!r && t.request == q->number)
			r = event_set_task(c, t.number, INSTANT_NONE, c->at_us, err);
	}
	return r;
}

enum saqta_status event_request(struct effect_context *c, const struct facts *f, struct saqta_error *err)
{
	struct request *q = subject_request(c->s, event_text(c->ev, "request"));
	struct plan plan;
	enum saqta_status r = SAQTA_OK;

	if (q && (q->state != REQUEST_DEFERRED || !event_flag(c->ev, "identity_checked"))) {
		c->a->outcome = OUTCOME_DUPLICATE;
		return SAQTA_OK;
	}
	if (!event_by_rules(c, f, &plan))
		return SAQTA_OK;
	c->request = q;
	r = q ? end_deferral(c, q, err) : new_request(c, err);
	if (r)
		return r;
	q = c->request;
	q->at_us = c->at_us;
	q->identity_checked = event_flag(c->ev, "identity_checked");
	q->state = plan.deferred ? REQUEST_DEFERRED : REQUEST_OPEN;
	free(q->clauses);
	q->clauses = strdup(c->a->clauses.len ? (const char *)c->a->clauses.data : "");
	if (!q->clauses)
		return no_memory(err);
	if (plan.deferred)
		c->a->outcome = OUTCOME_DEFERRED;
	return effects_apply(c, &plan, err);
}

enum saqta_status event_extend(struct effect_context *c, const struct facts *f, struct saqta_error *err)
{
	struct plan plan;
	int64_t until_us = event_time(c->ev, "until");
	enum saqta_status r = SAQTA_OK;

	if (c->request->state == REQUEST_CLOSED)
		return event_invalid(c, "request: is closed already");
	if (!event_by_rules(c, f, &plan))
		return SAQTA_OK;
	if (plan.has_due && until_us > plan.due_us) { /* a rule says how far it may go */
		c->a->outcome = OUTCOME_DENIED;
		c->a->due_us = INSTANT_NONE;
		return SAQTA_OK;
	}
	free(c->request->extended);
	c->request->extended = text_copy(event_text(c->ev, "reason"));
	c->request->due_us = until_us;
	c->a->due_us = until_us;
	c->a->task = c->request->task;
	r = event_set_task(c, c->request->task, until_us, INSTANT_NONE, err);
	return r ? r : effects_apply(c, &plan, err);
}

enum saqta_status event_close(struct effect_context *c, const struct facts *f, struct saqta_error *err)
{
	struct request *q = c->request;
	struct plan plan;
	enum saqta_status r = SAQTA_OK;

	if (q->state == REQUEST_CLOSED) {
		c->a->outcome = OUTCOME_DUPLICATE;
		return SAQTA_OK;
	}
	if (!event_by_rules(c, f, &plan))
		return SAQTA_OK;
	r = end_deferral(c, q, err);
	if (r)
		return r;
	q->state = REQUEST_CLOSED;
	q->closed_us = c->at_us;
	q->result = text_copy(event_text(c->ev, "result"));
	q->refusal = text_copy(event_text(c->ev, "reason"));
	if (!q->result)
		return no_memory(err);
	r = event_set_task(c, q->task, INSTANT_NONE, c->at_us, err);
	if (r)
		return r;
	c->request = NULL; /* tasks that the closing opens are not the request's */
	return effects_apply(c, &plan, err);
}
