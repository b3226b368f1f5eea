/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is held of one subject. Reading personal data is recorded before it is given. */

static void consents_json(const struct saqta_engine *e, const struct subject *s, struct json_out *j)
{
	static const char *const kinds[] = {[CONSENT_GIVEN] = "given",
					    [CONSENT_VOUCHED] = "vouched",
					    [CONSENT_WITHDRAWN] = "withdrawn",
					    [CONSENT_LAPSED] = "lapsed",
					    [CONSENT_ENDED] = "ended"};

	json_open(j, "consents", '[');
	for (size_t i = 0; i < s->n_consents; i++) {
		const struct consent_act *a = &s->consents[i];

		json_open(j, NULL, '{');
		json_text(j, "consent", a->scope);
		json_text(j, "act", kinds[a->kind]);
		json_time(j, "at", a->at_us, policy_zone(e->policy));
		json_time(j, "due", a->due_us, policy_zone(e->policy));
		json_text(j, "version", a->version);
		json_text(j, "notice", a->notice);
		json_text(j, "partner", a->partner);
		json_words(j, "clauses", a->clauses);
		json_shut(j, '}');
	}
	json_shut(j, ']');
}

static void circumstances_json(const struct saqta_engine *e, const struct subject *s, struct json_out *j)
{
	json_open(j, "milestones", '[');
	for (size_t i = 0; i < s->n_milestones; i++) {
		json_open(j, NULL, '{');
		json_text(j, "milestone", s->milestones[i].id);
		json_text(j, "purpose", s->milestones[i].purpose);
		json_time(j, "at", s->milestones[i].at_us, policy_zone(e->policy));
		json_shut(j, '}');
	}
	json_shut(j, ']');
	json_open(j, "obligations", '[');
	for (size_t i = 0; i < s->n_obligations; i++) {
		json_open(j, NULL, '{');
		json_text(j, "obligation", s->obligations[i].id);
		json_text(j, "state", s->obligations[i].is_open ? "open" : "closed");
		json_time(j, "at", s->obligations[i].at_us, policy_zone(e->policy));
		json_shut(j, '}');
	}
	json_shut(j, ']');
	json_open(j, "holds", '[');
	for (size_t i = 0; i < s->n_holds; i++) {
		json_open(j, NULL, '{');
		json_text(j, "hold", s->holds[i].id);
		json_text(j, "state", s->holds[i].is_lifted ? "lifted" : "placed");
		json_text(j, "basis", s->holds[i].basis);
		json_text(j, "reason", s->holds[i].reason);
		json_text(j, "authority", s->holds[i].authority);
		json_text(j, "reference", s->holds[i].reference);
		json_words(j, "categories", s->holds[i].categories);
		json_words(j, "records", s->holds[i].records);
		json_time(j, "at", s->holds[i].at_us, policy_zone(e->policy));
		json_time(j, "lifted", s->holds[i].lifted_us, policy_zone(e->policy));
		json_shut(j, '}');
	}
	json_shut(j, ']');
}

static const char *const request_states[] = {[REQUEST_DEFERRED] = "deferred", [REQUEST_OPEN] = "open", [REQUEST_CLOSED] = "closed"};

void hall_request_json(const struct saqta_engine *e, const struct request *q, struct json_out *j)
{
	json_open(j, NULL, '{');
	json_int(j, "number", (int64_t)q->number);
	json_text(j, "request", q->id);
	json_text(j, "kind", q->kind);
	json_text(j, "channel", q->channel);
	json_text(j, "by", q->by);
	json_text(j, "reason", q->reason);
	json_words(j, "categories", q->categories);
	json_text(j, "state", request_states[q->state]);
	json_bool(j, "identity_checked", q->identity_checked);
	json_time(j, "at", q->at_us, policy_zone(e->policy));
	json_time(j, "due", q->due_us, policy_zone(e->policy));
	json_time(j, "closed", q->closed_us, policy_zone(e->policy));
	json_text(j, "extended", q->extended);
	json_text(j, "result", q->result);
	json_text(j, "refusal", q->refusal);
	json_words(j, "clauses", q->clauses && *q->clauses ? q->clauses : NULL);
	json_shut(j, '}');
}

static enum saqta_status records_json(struct saqta_engine *e, const struct subject *s, bool is_masked, struct json_out *j,
				      struct saqta_error *err)
{
	struct record_scan scan;
	struct record rec = {0};
	enum saqta_status r = vault_records(&e->vault, s, &scan, err);

	json_open(j, "records", '[');
	while (!r) {
		r = vault_next_record(&scan, &rec, err);
		if (r)
			break;
		json_open(j, NULL, '{');
		json_int(j, "number", (int64_t)rec.number);
		json_text(j, "record", rec.id);
		json_text(j, "category", rec.category);
		if (is_masked) {
			json_text(j, "value", "***");
		} else if (rec.is_base64) {
			char *text = base64_encode(rec.value, rec.value_len);

			json_text(j, "value_base64", text);
			if (text)
				crypt_wipe(text, strlen(text));
			free(text);
		} else {
			json_text_n(j, "value", (const char *)rec.value, rec.value_len);
		}
		json_words(j, "purposes", rec.purposes);
		json_text(j, "source", rec.source);
		json_text(j, "partner", rec.partner); /* not its worker, who is another person */
		if (rec.names_others)
			json_bool(j, "others", true);
		json_time(j, "collected", rec.collected_us, policy_zone(e->policy));
		json_time(j, "corrected", rec.corrected_us, policy_zone(e->policy));
		json_shut(j, '}');
	}
	json_shut(j, ']');
	record_done(&rec);
	vault_records_end(&scan);
	return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
}

static enum saqta_status disclosures_json(struct saqta_engine *e, const struct subject *s, struct json_out *j, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf row = {0}, reads = {0};
	struct json_out reads_out = {0};
	struct record_scan scan;
	enum saqta_status r = vault_disclosures(&e->vault, s, &scan, err);

	/* One table holds both in the order in which they came: who received something, and who read. */
	json_open(j, "disclosures", '[');
	reads_out.out = &reads;
	json_open(&reads_out, NULL, '[');
	while (!r) {
		r = vault_next_disclosure(&scan, &row, err);
		if (!r)
			json_raw(strstr((const char *)row.data, "\"reader\":") ? &reads_out : j, NULL, (const char *)row.data);
	}
	json_shut(j, ']');
	json_shut(&reads_out, ']');
	json_raw(j, "reads", (const char *)reads.data);
	vault_records_end(&scan);
	return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
}

/* Every reading is kept with the subject, for the subject to learn of, and in the log. */
enum saqta_status hall_note_reading(struct saqta_engine *e, struct subject *s, const char *purpose, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf row = {0};
	struct json_out j = {.out = &row};
	char at[INSTANT_TEXT_SIZE];

	instant_format(hall_now(e), NULL, at);
	json_open(&j, NULL, '{');
	json_text(&j, "at", at);
	json_text(&j, "purpose", purpose);
	json_text(&j, "reader", e->actor);
	json_shut(&j, '}');
	if (row.failed)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	return vault_add_disclosure(&e->vault, &e->txn, s, (const char *)row.data, err);
}

enum saqta_status hall_subject_json(struct saqta_engine *e, struct subject *s, bool is_masked, struct buf *ret, struct saqta_error *err)
{
	struct json_out j = {.out = ret};
	enum saqta_status r;

	json_open(&j, NULL, '{');
	json_text(&j, "subject", s->external_id);
	json_hex(&j, "pseudonym", s->pseudonym, sizeof(s->pseudonym));
	json_text(&j, "state", subject_state(s));
	json_time(&j, "registered", s->registered_us, policy_zone(e->policy));
	if (s->is_stopped) {
		json_time(&j, "stopped", s->stopped_us, policy_zone(e->policy));
		json_time(&j, "due", s->stop_due_us, policy_zone(e->policy));
		json_words(&j, "clauses", s->stop_clauses);
	}
	consents_json(e, s, &j);
	circumstances_json(e, s, &j);
	json_open(&j, "requests", '[');
	for (size_t i = 0; i < s->n_requests; i++)
		hall_request_json(e, &s->requests[i], &j);
	json_shut(&j, ']');
	r = records_json(e, s, is_masked, &j, err);
	if (!r)
		r = disclosures_json(e, s, &j, err);
	json_shut(&j, '}');
	buf_str(ret, "\n");
	return r;
}

enum saqta_status hall_record_read(struct saqta_engine *e, const struct subject *s, const char *kind, struct saqta_error *err)
{
	cleanup_(answer_done) struct answer a;
	char role[40];
	enum saqta_status r;

	answer_init(&a);
	a.state = subject_state(s);
	(void)snprintf(role, sizeof(role), "{\"role\":\"%s\"}", hall_role_name(e->role));
	r = hall_record(e, "read", hall_now(e), &a, &(struct entry_extra){.subject = s, .kind = kind, .json = role}, err);
	if (!r)
		r = hall_commit(e, err);
	return r ? r : hall_checkpoint(e, err);
}

enum saqta_status saqta_engine_subject_show(saqta_engine *e, const char *external_id, const char *purpose, saqta_write_fn write, void *user,
					    struct saqta_error *err)
{
	cleanup_(buf_done) struct buf json = {0};
	struct subject *s = NULL;
	enum saqta_status r;

	if (hall_allows(e, ACT_READ, err))
		return SAQTA_ERR_RIGHT;
	if (purpose && policy_find(e->policy, ID_PURPOSE, purpose) < 0)
		return err_set(err, SAQTA_ERR_INPUT, 0, "unknown purpose: see the vocabulary");
	r = hall_begin(e, err);
	if (!r)
		r = hall_subject(e, external_id, &s, err);
	if (r == SAQTA_ERR_MISSING)
		r = err_set(err, SAQTA_ERR_MISSING, 0,
			    "nobody is known under this id: never registered, or destroyed; the vault cannot tell which");
	if (!r)
		r = hall_subject_json(e, s, !purpose, &json, err);
	if (!r)
		r = hall_note_reading(e, s, purpose, err);
	if (!r)
		r = hall_record_read(e, s, purpose ? purpose : "masked", err);
	if (r)
		hall_abort(e);
	return r ? r : hall_give(write, user, &json, err);
}
