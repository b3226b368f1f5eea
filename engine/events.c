/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What each event of contract 3 does to the subject's state, beside what the rules say. */

static enum saqta_status no_memory(struct saqta_error *err) { return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory"); }

static char *evidence_copy(const struct event *ev, const char *member)
{
	const json_t *v = json_object_get(ev->root, member);

	return v ? json_dumps(v, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
}

static enum saqta_status do_register(struct effect_context *c, const struct facts *f, struct saqta_error *err)
{
	struct saqta_engine *e = c->e;
	struct subject *s = &e->current;
	const char *birth = event_text(c->ev, "birth_date");
	struct plan plan;
	enum saqta_status r = SAQTA_OK;

	if (!event_by_rules(c, f, &plan))
		return SAQTA_OK;
	r = hall_flush(e, err);
	if (r)
		return r;
	e->has_current = false;
	r = vault_create(&e->vault, &e->txn, c->ev->subject, s, err);
	if (r)
		return r;
	e->has_current = true;
	c->s = s;
	s->registered_us = c->at_us;
	s->generation = e->policy_entry;
	s->has_birth = birth && day_parse(birth, strlen(birth), &s->birth);
	s->partner = text_copy(event_text(c->ev, "partner"));
	s->worker = text_copy(event_text(c->ev, "worker"));
	s->evidence = evidence_copy(c->ev, "evidence");
	return s->evidence ? effects_apply(c, &plan, err) : no_memory(err);
}

static enum saqta_status put_value(struct effect_context *c, struct record *rec)
{
	const json_t *encoded = json_object_get(c->ev->root, "value_base64");
	const char *value = event_text(c->ev, "value");

	rec->is_base64 = encoded != NULL;
	if (encoded) {
		rec->value = base64_decode(json_string_value(encoded), json_string_length(encoded), &rec->value_len);
	} else {
		rec->value_len = strlen(value);
		rec->value = (uint8_t *)strdup(value);
	}
	return rec->value ? SAQTA_OK : SAQTA_ERR_NOMEM;
}

/* When this record could be due, were nothing to come after it. */
static void note_record_term(struct effect_context *c, const struct record *rec)
{
	int64_t reached[POLICY_SET_BITS], achieved[POLICY_SET_BITS];
	struct subject *s = c->s;
	struct retention_subject rs = {
		.registered_us = s->registered_us, .newest_collected_us = s->newest_collected_us, .reached_us = reached};
	struct retention_record rr = {.category = policy_find(c->e->policy, ID_CATEGORY, rec->category),
				      .collected_us = rec->collected_us,
				      .achieved_us = achieved,
				      .purposes = c->ev->purposes};
	struct retention ret;

	hall_reached(c->e, s, reached, achieved);
	policy_retention(c->e->policy, &rs, &rr, hall_now(c->e), &ret);
	if (ret.has_end && ret.ripe_us < s->records_check_us)
		s->records_check_us = ret.ripe_us;
}

static enum saqta_status do_collect(struct effect_context *c, const struct facts *f, struct saqta_error *err)
{
	struct record rec = {.collected_us = c->at_us, .corrected_us = INSTANT_NONE};
	struct plan plan;
	enum saqta_status r = SAQTA_OK;

	if (!event_by_rules(c, f, &plan))
		return SAQTA_OK;
	rec.id = text_copy(event_text(c->ev, "record"));
	rec.category = text_copy(event_text(c->ev, "category"));
	rec.purposes = event_words(c->ev, "purposes");
	rec.source = text_copy(event_text(c->ev, "source"));
	rec.partner = text_copy(event_text(c->ev, "partner"));
	rec.worker = text_copy(event_text(c->ev, "worker"));
	rec.names_others = event_flag(c->ev, "others");
	if (put_value(c, &rec) || !rec.category || !rec.purposes || !rec.source) {
		r = no_memory(err);
	} else {
		if (c->at_us > c->s->newest_collected_us)
			c->s->newest_collected_us = c->at_us;
		note_record_term(c, &rec);
		r = vault_put_record(&c->e->vault, &c->e->txn, c->s, &rec, err);
	}
	record_done(&rec);
	return r ? r : effects_apply(c, &plan, err);
}

static enum saqta_status add_consents(struct effect_context *c, enum consent_act_kind kind, struct saqta_error *err)
{
	const struct policy *p = c->e->policy;
	const struct event *ev = c->ev;
	const char *version = event_text(ev, "version");

	for (int id = idset_next(&ev->consents, -1); id >= 0; id = idset_next(&ev->consents, id)) {
		struct consent_act *act = subject_add_consent(c->s);

		if (!act)
			return no_memory(err);
		act->kind = kind;
		act->at_us = c->at_us;
		act->scope = text_copy(policy_name(p, ID_CONSENT, id));
		act->version = text_copy(version ? version : policy_version(p));
		act->notice = text_copy(event_text(ev, "notice"));
		act->partner = text_copy(event_text(ev, "partner"));
		act->evidence = kind == CONSENT_VOUCHED ? text_copy(event_text(ev, "copy")) : evidence_copy(ev, "evidence");
		if (!act->scope || !act->version || !act->evidence)
			return no_memory(err);
	}
	return SAQTA_OK;
}

/* Contract 3: a new main consent before the sweep takes a withdrawal back, but not what an event ordered. */
static void revive(struct subject *s)
{
	subject_drop_pending(s);
	if (!s->is_stopped || s->is_ordered)
		return;
	s->is_stopped = false;
	s->is_account_closed = false;
	s->stopped_us = INSTANT_NONE;
	s->stop_due_us = INSTANT_NONE;
	free(s->stop_clauses);
	s->stop_clauses = NULL;
	s->has_receipt = false;
}

static enum saqta_status do_consent(struct effect_context *c, const struct facts *f, struct saqta_error *err)
{
	bool is_vouched = c->ev->kind == EVENT_PARTNER_CONSENT;
	struct plan plan;
	enum saqta_status r = SAQTA_OK;

	if (!event_by_rules(c, f, &plan))
		return SAQTA_OK;
	r = add_consents(c, is_vouched ? CONSENT_VOUCHED : CONSENT_GIVEN, err);
	if (r)
		return r;
	if (idset_has(&c->ev->consents, policy_main_consent(c->e->policy)))
		revive(c->s);
	return effects_apply(c, &plan, err);
}

static enum saqta_status do_milestone(struct effect_context *c, const struct facts *f, struct saqta_error *err)
{
	const char *id = event_text(c->ev, "milestone"), *purpose = event_text(c->ev, "purpose");
	struct subject *s = c->s;
	struct milestone *m = NULL;
	struct plan plan;

	if (!event_by_rules(c, f, &plan))
		return SAQTA_OK;
	for (size_t i = 0; i < s->n_milestones && !m; i++) {
		struct milestone *old = &s->milestones[i];

		if (strcmp(old->id, id) == 0 && (!purpose || (old->purpose && strcmp(old->purpose, purpose) == 0)))
			m = old;
	}
	if (!m) {
		m = subject_add_milestone(s);
		if (!m)
			return no_memory(err);
		m->at_us = INSTANT_NONE;
		m->id = text_copy(id);
		m->purpose = text_copy(purpose);
		if (!m->id || (purpose && !m->purpose))
			return no_memory(err);
	}
	if (c->at_us > m->at_us)
		m->at_us = c->at_us;
	if (purpose && m->at_us < s->records_check_us)
		s->records_check_us = m->at_us;
	return effects_apply(c, &plan, err);
}

static enum saqta_status do_obligation(struct effect_context *c, const struct facts *f, struct saqta_error *err)
{
	const char *id = event_text(c->ev, "obligation");
	bool is_open = strcmp(event_text(c->ev, "state"), "open") == 0;
	struct obligation *o = NULL;
	struct plan plan;
	enum saqta_status r;

	if (!event_by_rules(c, f, &plan))
		return SAQTA_OK;
	for (size_t i = 0; i < c->s->n_obligations && !o; i++)
		if (strcmp(c->s->obligations[i].id, id) == 0)
			o = &c->s->obligations[i];
	if (!o && !is_open)
		return event_invalid(c, "obligation: none is known under this id");
	if (!o) {
		o = subject_add_obligation(c->s);
		if (!o)
			return no_memory(err);
		o->id = text_copy(id);
		if (!o->id)
			return no_memory(err);
	}
	o->is_open = is_open;
	o->at_us = c->at_us;
	r = effects_apply(c, &plan, err);
	if (!r && is_open)
		o->task = c->a->task;
	else if (!r)
		r = event_set_task(c, o->task, INSTANT_NONE, c->at_us, err);
	return r ? r : hall_count_delays(c->e, c->s, c->at_us, err);
}

static enum saqta_status place_hold(struct effect_context *c, struct hold *h, struct saqta_error *err)
{
	if (h) { /* placed again: it holds again, over what it held */
		h->is_lifted = false;
		return SAQTA_OK;
	}
	h = subject_add_hold(c->s);
	if (!h)
		return no_memory(err);
	h->at_us = c->at_us;
	h->lifted_us = INSTANT_NONE;
	h->id = text_copy(event_text(c->ev, "hold"));
	h->basis = text_copy(event_text(c->ev, "basis"));
	h->reason = text_copy(event_text(c->ev, "reason"));
	h->authority = text_copy(event_text(c->ev, "authority"));
	h->reference = text_copy(event_text(c->ev, "reference"));
	h->categories = event_words(c->ev, "categories");
	h->records = event_words(c->ev, "records");
	h->clauses = strdup(c->a->clauses.len ? (const char *)c->a->clauses.data : "");
	return h->id && h->basis && h->reason && h->clauses ? SAQTA_OK : no_memory(err);
}

static enum saqta_status do_hold(struct effect_context *c, const struct facts *f, struct saqta_error *err)
{
	const char *id = event_text(c->ev, "hold");
	bool is_placed = strcmp(event_text(c->ev, "state"), "placed") == 0;
	struct hold *h = NULL;
	struct plan plan;
	enum saqta_status r = SAQTA_OK;

	if (!event_by_rules(c, f, &plan))
		return SAQTA_OK;
	for (size_t i = 0; i < c->s->n_holds && !h; i++)
		if (strcmp(c->s->holds[i].id, id) == 0)
			h = &c->s->holds[i];
	if (!h && !is_placed)
		return event_invalid(c, "hold: none is known under this id");
	if (is_placed) {
		r = place_hold(c, h, err);
	} else {
		h->is_lifted = true;
		h->lifted_us = c->at_us;
	}
	return r ? r : effects_apply(c, &plan, err);
}

/* ---- corrections and orders ---- */

static bool is_wanted(const struct record *rec, const char *category, const char *id)
{
	return strcmp(rec->category, category) == 0 && (!id || (rec->id && strcmp(rec->id, id) == 0));
}

/* The record named, or the newest of the category. */
static enum saqta_status find_record(struct effect_context *c, const char *category, const char *id, uint64_t *ret, struct saqta_error *err)
{
	struct record_scan scan;
	struct record rec = {0};
	enum saqta_status r = vault_records(&c->e->vault, c->s, &scan, err);

	*ret = 0;
	while (!r) {
		r = vault_next_record(&scan, &rec, err);
		if (!r && is_wanted(&rec, category, id))
			*ret = rec.number;
	}
	record_done(&rec);
	vault_records_end(&scan);
	return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
}

static enum saqta_status rewrite_record(struct effect_context *c, uint64_t number, struct saqta_error *err)
{
	struct record_scan scan;
	struct record rec = {0};
	enum saqta_status r = vault_records(&c->e->vault, c->s, &scan, err);

	while (!r) {
		r = vault_next_record(&scan, &rec, err);
		if (r || rec.number == number)
			break;
	}
	vault_records_end(&scan);
	if (!r) {
		crypt_wipe(rec.value, rec.value_len);
		free(rec.value);
		rec.value = NULL;
		rec.revision++;
		rec.corrected_us = c->at_us; /* retention does not move: collected_us stays */
		r = put_value(c, &rec) ? no_memory(err) : vault_put_record(&c->e->vault, &c->e->txn, c->s, &rec, err);
	}
	record_done(&rec);
	return r;
}

static enum saqta_status do_rectify(struct effect_context *c, const struct facts *f, struct saqta_error *err)
{
	uint64_t number;
	struct plan plan;
	enum saqta_status r = find_record(c, event_text(c->ev, "category"), event_text(c->ev, "record"), &number, err);

	if (r)
		return r;
	if (number == 0)
		return event_invalid(c, event_text(c->ev, "record") ? "record: none is held under this id"
								    : "category: no record of it is held");
	if (!event_by_rules(c, f, &plan))
		return SAQTA_OK;
	r = rewrite_record(c, number, err);
	return r ? r : effects_apply(c, &plan, err);
}

static enum saqta_status do_depersonalise(struct effect_context *c, const struct facts *f, struct saqta_error *err)
{
	const char *held = hall_held(c->e, c->s, hall_now(c->e), NULL, NULL);
	struct plan plan;

	if (held) {
		event_deny(c);
		answer_clauses(c->a, held);
		return SAQTA_OK;
	}
	return event_by_rules(c, f, &plan) ? effects_apply(c, &plan, err) : SAQTA_OK;
}

static enum saqta_status do_disclose(struct effect_context *c, const struct facts *f, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf row = {0};
	struct json_out j = {.out = &row};
	char *categories = event_words(c->ev, "categories");
	char at[INSTANT_TEXT_SIZE];
	struct plan plan;
	enum saqta_status r = SAQTA_OK;

	if (!event_by_rules(c, f, &plan)) {
		free(categories);
		return SAQTA_OK;
	}
	instant_format(c->at_us, NULL, at);
	json_open(&j, NULL, '{');
	json_text(&j, "at", at);
	json_text(&j, "basis", event_text(c->ev, "basis") ? event_text(c->ev, "basis") : "consent");
	json_text(&j, "categories", categories);
	json_text(&j, "country", event_text(c->ev, "country") ? event_text(c->ev, "country") : policy_country(c->e->policy));
	json_text(&j, "name", event_text(c->ev, "recipient_name"));
	json_text(&j, "purpose", event_text(c->ev, "purpose"));
	json_text(&j, "recipient", event_text(c->ev, "recipient"));
	json_shut(&j, '}');
	free(categories);
	if (row.failed)
		return no_memory(err);
	r = vault_add_disclosure(&c->e->vault, &c->e->txn, c->s, (const char *)row.data, err);
	return r ? r : effects_apply(c, &plan, err);
}

/* ---- the controller's registers ---- */

static enum saqta_status set_row(struct effect_context *c, const char *kind, const char *key_a, const char *key_b, const char *value,
				 struct saqta_error *err)
{
	cleanup_(buf_done) struct buf key = {0};
	struct fact_row *row;

	buf_str(&key, key_a);
	if (key_b) {
		buf_str(&key, "/");
		buf_str(&key, key_b);
	}
	if (key.failed)
		return no_memory(err);
	row = subject_row(c->s, kind, (const char *)key.data);
	if (!row) {
		row = subject_add_row(c->s);
		if (!row)
			return no_memory(err);
		row->kind = text_copy(kind);
		row->key = text_copy((const char *)key.data);
	}
	free(row->value);
	row->value = text_copy(value);
	row->at_us = c->at_us;
	return row->kind && row->key && row->value ? SAQTA_OK : no_memory(err);
}

static enum saqta_status do_worker(struct effect_context *c, struct saqta_error *err)
{
	char *roles = event_words(c->ev, "roles");
	cleanup_(buf_done) struct buf value = {0};
	enum saqta_status r = SAQTA_OK;

	buf_fmt(&value, "%s %s", event_flag(c->ev, "assurance") ? "assured" : "unassured", roles ? roles : "");
	free(roles);
	if (value.failed)
		return no_memory(err);
	r = set_row(c, "worker", event_text(c->ev, "partner"), event_text(c->ev, "worker"), (const char *)value.data, err);
	return r;
}

/* The subjects hit, by the vault's own ids: these lead to nobody once a subject is destroyed. */
static enum saqta_status breach_subjects(struct effect_context *c, struct json_out *j, struct saqta_error *err)
{
	const json_t *list = json_object_get(c->ev->root, "subjects");
	size_t i;
	json_t *item;

	json_open(j, "subjects", '[');
	json_array_foreach(list, i, item)
	{
		uint8_t id[SUBJECT_ID_SIZE];
		enum saqta_status r = vault_find(&c->e->vault, json_string_value(item), id, err);

		if (r == SAQTA_ERR_MISSING) {
			c->a->outcome = OUTCOME_INVALID;
			(void)err_set(&c->a->error, SAQTA_ERR_INPUT, 0, "subjects: item %zu is not known", i + 1);
			return SAQTA_OK;
		}
		if (r)
			return r;
		json_hex(j, NULL, id, sizeof(id));
	}
	json_shut(j, ']');
	return SAQTA_OK;
}

/* What the notice of it will say (breach.c). */
static enum saqta_status do_breach(struct effect_context *c, const struct plan *plan, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf value = {0};
	struct json_out j = {.out = &value};
	char *categories = event_words(c->ev, "categories"), number[32];
	size_t n = 1;
	enum saqta_status r;

	json_open(&j, NULL, '{');
	json_bool(&j, "all", json_object_get(c->ev->root, "all") != NULL);
	json_words(&j, "categories", categories);
	free(categories);
	json_text(&j, "description", event_text(c->ev, "description"));
	json_text(&j, "detected", event_text(c->ev, "detected"));
	r = breach_subjects(c, &j, err);
	if (r || c->a->outcome == OUTCOME_INVALID)
		return r;
	r = effects_apply(c, plan, err);
	if (r)
		return r;
	json_words(&j, "clauses", (const char *)c->a->clauses.data);
	json_time(&j, "due", c->a->due_us, NULL);
	json_shut(&j, '}');
	if (value.failed)
		return no_memory(err);
	for (size_t i = 0; i < c->s->n_rows; i++)
		n += strcmp(c->s->rows[i].kind, "breach") == 0;
	(void)snprintf(number, sizeof(number), "%zu", n);
	return set_row(c, "breach", number, NULL, (const char *)value.data, err);
}

static enum saqta_status do_register_row(struct effect_context *c, const struct facts *f, struct saqta_error *err)
{
	const struct event *ev = c->ev;
	struct plan plan;
	enum saqta_status r = SAQTA_OK;

	if (!event_by_rules(c, f, &plan))
		return SAQTA_OK;
	switch (ev->kind) {
	case EVENT_AUTHORITY_NOTIFIED:
		r = set_row(c, "notified", event_text(ev, "country"), NULL, event_text(ev, "matter"), err);
		break;
	case EVENT_RECIPIENT_PARTICULARS:
		r = set_row(c, "particulars", event_text(ev, "country"), event_text(ev, "recipient_name"), "obtained", err);
		break;
	case EVENT_PARTNER:
		r = set_row(c, "partner", event_text(ev, "partner"), NULL, event_text(ev, "state"), err);
		break;
	case EVENT_WORKER:
		r = do_worker(c, err);
		break;
	case EVENT_BREACH:
		return do_breach(c, &plan, err);
	default:
		break;
	}
	return r || c->a->outcome == OUTCOME_INVALID ? r : effects_apply(c, &plan, err);
}

/* Nothing of its own: the rules say what follows (use, message, merge, minor, destroy). */
static enum saqta_status do_rules_only(struct effect_context *c, const struct facts *f, struct saqta_error *err)
{
	struct plan plan;

	return event_by_rules(c, f, &plan) ? effects_apply(c, &plan, err) : SAQTA_OK;
}

enum saqta_status event_carry_out(struct effect_context *c, const struct facts *f, struct saqta_error *err)
{
	switch (c->ev->kind) {
	case EVENT_REGISTER:
		return do_register(c, f, err);
	case EVENT_COLLECT:
		return do_collect(c, f, err);
	case EVENT_CONSENT:
	case EVENT_PARTNER_CONSENT:
		return do_consent(c, f, err);
	case EVENT_WITHDRAW:
		return effects_withdraw(c, &c->ev->consents, event_text(c->ev, "channel"), event_text(c->ev, "form"), err);
	case EVENT_MILESTONE:
		return do_milestone(c, f, err);
	case EVENT_OBLIGATION:
		return do_obligation(c, f, err);
	case EVENT_HOLD:
		return do_hold(c, f, err);
	case EVENT_REQUEST:
		return event_request(c, f, err);
	case EVENT_EXTEND:
		return event_extend(c, f, err);
	case EVENT_CLOSE:
		return event_close(c, f, err);
	case EVENT_RECTIFY:
		return do_rectify(c, f, err);
	case EVENT_DISCLOSE:
		return do_disclose(c, f, err);
	case EVENT_DEPERSONALISE:
		return do_depersonalise(c, f, err);
	case EVENT_AUTHORITY_NOTIFIED:
	case EVENT_RECIPIENT_PARTICULARS:
	case EVENT_PARTNER:
	case EVENT_WORKER:
	case EVENT_BREACH:
		return do_register_row(c, f, err);
	case EVENT_USE:
	case EVENT_MESSAGE:
	case EVENT_MINOR:
	case EVENT_MERGE:
	case EVENT_DESTROY:
		return do_rules_only(c, f, err);
	case EVENT_SWEEP:
	case EVENT_KINDS:
		break;
	}
	return err_set(err, SAQTA_ERR_ARGUMENT, 0, "this event is not applied");
}
