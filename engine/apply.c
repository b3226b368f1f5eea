/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"

#include <stdlib.h>
#include <string.h>

/* One event, from its parsed line to its entry in the log: look up the subject, decide, plan, carry out, record. */

static bool is_decided(enum event_kind kind)
{
	switch (kind) {
	case EVENT_COLLECT:
	case EVENT_RECTIFY:
	case EVENT_USE:
	case EVENT_DISCLOSE:
	case EVENT_MERGE:
	case EVENT_DEPERSONALISE:
		return true;
	default:
		return false;
	}
}

/* May it be done? Nobody known under the id: the rules say what then, whatever the event. */
static bool is_permitted(struct effect_context *c, const struct subject *s, struct facts *f)
{
	const struct policy *p = c->e->policy;
	struct decision d;
	bool permit = true;

	if (c->ev->kind == EVENT_COLLECT) {
		for (int id = idset_next(&c->ev->purposes, -1); id >= 0; id = idset_next(&c->ev->purposes, id)) {
			struct answer one;

			answer_init(&one);
			f->purpose = id;
			f->string[F_PURPOSE] = policy_string(p, policy_name(p, ID_PURPOSE, id));
			if (!hall_decide(c->e, s, f, c->at_us, &one, &d)) {
				for (unsigned i = 0; i < d.n; i++)
					answer_rule(c->a, p, d.says[i].rule);
				answer_clauses(c->a, one.clauses.data ? (const char *)one.clauses.data : NULL);
				permit = false;
			} else if (permit) {
				for (unsigned i = 0; i < d.n; i++)
					answer_rule(c->a, p, d.says[i].rule);
			}
			answer_done(&one);
		}
		return permit;
	}
	if (is_decided(c->ev->kind) || (c->ev->subject && !s))
		permit = hall_decide(c->e, s, f, c->at_us, c->a, &d);
	if (c->ev->kind == EVENT_MESSAGE && permit && s) {
		memset(&d, 0, sizeof(d));
		permit = policy_limits(p, EVENT_MESSAGE, f, c->at_us, &d) == 0;
		for (unsigned i = 0; i < d.n; i++)
			answer_rule(c->a, p, d.says[i].rule);
	}
	return permit;
}

static enum saqta_status find_request(struct effect_context *c, struct facts *f)
{
	const struct policy *p = c->e->policy;

	if (c->ev->kind != EVENT_CLOSE && c->ev->kind != EVENT_EXTEND)
		return SAQTA_OK;
	c->request = subject_request(c->s, event_text(c->ev, "request"));
	if (!c->request) {
		c->a->outcome = OUTCOME_INVALID;
		return err_set(&c->a->error, SAQTA_ERR_INPUT, 0, "request: no such request is known");
	}
	f->string[F_REQUEST_KIND] = policy_string(p, c->request->kind);
	f->string[F_REQUEST_REASON] = policy_string(p, c->request->reason);
	return SAQTA_OK;
}

/* What the event changed may have met the condition that a withdrawal waits for, or moved what the sweep must look at. */
static enum saqta_status settle(struct effect_context *c, struct saqta_error *err)
{
	unsigned n;
	enum saqta_status r = SAQTA_OK;

	if (c->s == &c->e->controller || c->s != &c->e->current)
		return SAQTA_OK;
	if (c->a->outcome == OUTCOME_APPLIED && c->s->n_pending > 0)
		r = effects_pending(c, &n, err);
	c->a->state = subject_state(c->s);
	if (r || c->a->outcome == OUTCOME_DENIED)
		return r;
	return hall_schedule(c->e, c->s, false, err);
}

static enum saqta_status record(struct effect_context *c, const struct subject *s, const char *input, struct saqta_error *err)
{
	struct entry_extra extra = {.input = input, .input_len = strlen(input), .subject = s};

	if (c->ev->kind == EVENT_REQUEST)
		extra.kind = event_text(c->ev, "kind");
	return hall_record(c->e, event_name(c->ev->kind), c->at_us, c->a, &extra, err);
}

static enum saqta_status take(struct effect_context *c, struct subject *s, const char *input, struct saqta_error *err)
{
	struct saqta_engine *e = c->e;
	struct facts f;
	bool is_new = c->ev->kind == EVENT_REGISTER;
	enum saqta_status r;

	hall_facts(e, c->ev, s, &f);
	c->s = s ? s : &e->controller;
	if (is_new && s) {
		c->a->outcome = OUTCOME_DUPLICATE;
		return SAQTA_OK;
	}
	if (!is_new && !is_permitted(c, s, &f)) {
		c->a->outcome = OUTCOME_DENIED;
	} else {
		if (find_request(c, &f))
			return SAQTA_OK;
		r = event_carry_out(c, &f, err);
		if (r)
			return r;
		if (is_new && c->a->outcome == OUTCOME_APPLIED)
			s = c->s;
	}
	if (c->a->outcome == OUTCOME_INVALID || c->a->outcome == OUTCOME_DUPLICATE)
		return SAQTA_OK;
	if (c->a->state) /* depersonalised: the subject of this line is no more */
		r = SAQTA_OK;
	else
		r = s ? settle(c, err) : SAQTA_OK;
	if (!r)
		r = record(c, s, input, err);
	if (!r && c->ev->id)
		r = vault_remember(&e->vault, &e->txn, c->ev->id, input, strlen(input), err);
	return r;
}

enum saqta_status hall_apply(struct saqta_engine *e, const struct event *ev, struct answer *a, struct saqta_error *err)
{
	struct effect_context c = {.e = e, .ev = ev, .at_us = ev->at_us, .a = a};
	char *input = json_dumps(ev->root, JSON_COMPACT | JSON_SORT_KEYS);
	struct subject *s = NULL;
	enum seen seen = SEEN_NEW;
	enum saqta_status r = SAQTA_OK;

	if (!input)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	if (ev->id)
		r = vault_seen(&e->vault, ev->id, input, strlen(input), &seen, err);
	if (!r && seen != SEEN_NEW) {
		a->outcome = seen == SEEN_SAME ? OUTCOME_DUPLICATE : OUTCOME_INVALID;
		if (seen == SEEN_OTHER)
			(void)err_set(&a->error, SAQTA_ERR_INPUT, 0, "id: an event with this id and another content was taken before");
	} else if (!r) {
		if (ev->subject)
			r = hall_subject(e, ev->subject, &s, err);
		if (r == SAQTA_ERR_MISSING)
			r = SAQTA_OK;
		if (!r)
			r = take(&c, s, input, err);
		if (!r && a->state && strcmp(a->state, "depersonalised") == 0 && e->has_current) {
			subject_done(&e->current);
			e->has_current = false;
		}
	}
	crypt_wipe(input, strlen(input));
	free(input);
	return r;
}

/* ---- questions ---- */

static void because(const struct saqta_engine *e, const struct decision *d, struct json_out *j)
{
	static const char *const why[] = {[SAY_PERMITS] = "permits",
					  [SAY_FORBIDS] = "forbids",
					  [SAY_NEEDS_CONSENT] = "needs-consent",
					  [SAY_NOTHING_PERMITS] = "nothing-permits"};
	const struct policy *p = e->policy;

	json_open(j, "because", '[');
	for (unsigned i = 0; i < d->n; i++) {
		const struct say *say = &d->says[i];

		json_open(j, NULL, '{');
		json_text(j, "rule", rule_id(p, say->rule));
		json_open(j, "clauses", '[');
		for (const char *const *c = rule_clauses(p, say->rule); *c; c++)
			json_text(j, NULL, *c);
		json_shut(j, ']');
		json_text(j, "why", why[say->why]);
		if (say->why == SAY_NEEDS_CONSENT && say->consent >= 0)
			json_text(j, "consent", policy_name(p, ID_CONSENT, say->consent));
		json_text(j, "condition", rule_condition(p, say->rule));
		json_text(j, "kk", rule_title(p, say->rule, "kk"));
		json_text(j, "ru", rule_title(p, say->rule, "ru"));
		json_text(j, "en", rule_title(p, say->rule, "en"));
		json_shut(j, '}');
	}
	json_shut(j, ']');
}

enum saqta_status hall_question(struct saqta_engine *e, const struct event *ev, struct answer *a, struct buf *ret_json, bool *ret_permit,
				struct saqta_error *err)
{
	struct json_out j = {.out = ret_json};
	struct subject *s = NULL;
	struct decision d;
	struct facts f;
	bool permit;
	enum saqta_status r = hall_subject(e, ev->subject, &s, err);

	if (r == SAQTA_ERR_MISSING)
		s = NULL;
	else if (r)
		return r;
	hall_facts(e, ev, s, &f);
	permit = hall_decide(e, s, &f, ev->at_us, a, &d);
	if (ret_permit)
		*ret_permit = permit;
	if (!ret_json)
		return SAQTA_OK;
	json_open(&j, NULL, '{');
	json_text(&j, "effect", permit ? "permit" : "deny");
	json_open(&j, "clauses", '[');
	for (const char *at = a->clauses.len ? (const char *)a->clauses.data : ""; *at;) {
		const char *end = strchrnul(at, ' ');

		json_text_n(&j, NULL, at, (size_t)(end - at));
		at = *end ? end + 1 : end;
	}
	json_shut(&j, ']');
	because(e, &d, &j);
	json_shut(&j, '}');
	return ret_json->failed ? err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory") : SAQTA_OK;
}
