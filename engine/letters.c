/* SPDX-License-Identifier: Apache-2.0 */
#include "document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The shorter papers: a letter on a request, the receipt of a consent, the act of destruction. */

/* ---- letter: what became of a request ---- */

/* Record by record why it stays and until when: a refusal names the ground of each (law 94-V, article 25). No value is shown. */
static enum saqta_status what_stays(struct document *d, struct subject *s, struct saqta_error *err)
{
	const struct policy *p = d->e->policy;
	int64_t reached[POLICY_SET_BITS], achieved[POLICY_SET_BITS], now_us = hall_now(d->e);
	struct retention_subject rs = {
		.registered_us = s->registered_us, .newest_collected_us = s->newest_collected_us, .reached_us = reached};
	json_t *rows = json_array();
	struct record_scan scan;
	struct record rec = {0};
	enum saqta_status r = vault_records(&d->e->vault, s, &scan, err);

	hall_reached(d->e, s, reached, achieved);
	while (!r) {
		struct retention_record rr = {.achieved_us = achieved};
		struct retention ret;
		const char *held;
		json_t *row;

		r = vault_next_record(&scan, &rec, err);
		if (r)
			break;
		rr.category = policy_find(p, ID_CATEGORY, rec.category);
		rr.collected_us = rec.collected_us;
		hall_purposes(p, &rec, &rr.purposes);
		policy_retention(p, &rs, &rr, now_us, &ret);
		held = hall_held(d->e, s, now_us, rec.category, rec.id);
		row = json_object();
		(void)json_object_set_new(row, "number", json_integer((json_int_t)rec.number));
		document_text(row, "category", rec.category);
		if (ret.is_kept) {
			document_time(d->e, row, "kept_at_least_until", ret.kept_until_us);
			document_cite_rule(d, row, "kept_at_least_by", ret.keep_rule);
		} else if (ret.has_end) {
			document_time(d->e, row, "kept_until", ret.end_us);
			document_cite_rule(d, row, "kept_until_by", ret.end_rule);
		}
		if (held)
			document_cite(d, row, "held_by", held);
		(void)json_array_append_new(rows, row);
	}
	record_done(&rec);
	vault_records_end(&scan);
	(void)json_object_set_new(d->json, "stays", rows);
	return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
}

static enum saqta_status build_letter(struct document *d, struct subject *s, void *user, struct saqta_error *err)
{
	static const char *const states[] = {[REQUEST_DEFERRED] = "deferred", [REQUEST_OPEN] = "open", [REQUEST_CLOSED] = "closed"};
	const struct saqta_letter_options *o = user;
	const struct request *q = subject_request(s, o->request);
	json_t *row = json_object();

	if (!q) {
		json_decref(row);
		return err_set(err, SAQTA_ERR_MISSING, 0, "no such request of this subject is known");
	}
	(void)json_object_set_new(d->json, "request", row);
	(void)json_object_set_new(row, "number", json_integer((json_int_t)q->number));
	document_text(row, "id", q->id);
	document_text(row, "kind", q->kind);
	document_text(row, "channel", q->channel);
	document_text(row, "by", q->by);
	document_text(row, "state", states[q->state]);
	document_time(d->e, row, "at", q->at_us);
	document_time(d->e, row, "due", q->due_us);
	document_time(d->e, row, "closed", q->state == REQUEST_CLOSED ? q->closed_us : INSTANT_NONE);
	document_text(row, "extended", q->extended);
	document_text(row, "result", q->result);
	document_text(row, "refusal", q->refusal);
	document_words(row, "categories", q->categories);
	document_cite(d, row, "clauses", q->clauses);
	document_text(d->json, "subject", s->external_id);
	document_text(d->json, "state", subject_state(s));
	if (s->is_stopped) {
		document_time(d->e, d->json, "stopped", s->stopped_us);
		document_time(d->e, d->json, "due", s->stop_due_us);
		document_cite(d, d->json, "stopped_by", s->stop_clauses);
		/* The number under which the destruction can be proved once nothing else is left. */
		if (s->has_receipt)
			document_hex(d->json, "receipt", s->receipt, sizeof(s->receipt));
	}
	if (q->result && strcmp(q->result, "refused") == 0) {
		enum saqta_status r = what_stays(d, s, err);

		if (r)
			return r;
	}
	document_clauses(d);
	return SAQTA_OK;
}

enum saqta_status saqta_engine_letter(saqta_engine *e, const struct saqta_letter_options *o, saqta_write_fn write, void *user,
				      struct saqta_error *err)
{
	struct saqta_letter_options options = *o;

	return document_of_subject(
		e,
		&(struct document_kind){.name = "letter", .kind = "letter", .subject = o->subject, .build = build_letter, .user = &options},
		&(struct document_form){o->format, o->lang, o->sign}, write, user, err);
}

/* ---- receipt of a consent: what was agreed to, and what was not (law 94-V, article 8, paragraph 4; ISO/IEC TS 27560) ---- */

#define RECEIPT_SCHEMA "ISO/IEC TS 27560:2023"

static void declared(struct document *d, const char *name, enum id_kind kind)
{
	const struct policy *p = d->e->policy;
	json_t *out = json_array();

	for (int id = 0; id < policy_id_count(p, kind); id++)
		if (policy_declares(p, kind, id))
			(void)json_array_append_new(out, json_string(policy_name(p, kind, id)));
	(void)json_object_set_new(d->json, name, out);
}

/* What the rules say of @topic, in their own words. */
static void told(struct document *d, const char *name, enum rule_topic topic)
{
	static const char *const langs[] = {"kk", "ru", "en"};
	const struct policy *p = d->e->policy;
	json_t *out = json_array();

	for (unsigned rule = 0; rule < policy_rule_count(p); rule++) {
		json_t *row;

		if (!rule_is_about(p, rule, topic, hall_now(d->e)))
			continue;
		row = json_object();
		document_cite_rule(d, row, "clauses", rule);
		for (size_t i = 0; i < sizeof(langs) / sizeof(langs[0]); i++)
			document_text(row, langs[i], rule_title(p, rule, langs[i]));
		(void)json_array_append_new(out, row);
	}
	(void)json_object_set_new(d->json, name, out);
}

/* Unique, and where the log can be asked for it: the name of the log and the entry that records this receipt. */
static void receipt_id(struct document *d)
{
	char id[AUDIT_NAME_MAX + 32];

	(void)snprintf(id, sizeof(id), "%s#%llu", d->e->signer.verifier.name, (unsigned long long)audit_log_size(d->e->log));
	document_text(d->json, "receipt_id", id);
	document_text(d->json, "schema", RECEIPT_SCHEMA);
}

static enum saqta_status build_receipt(struct document *d, struct subject *s, void *user, struct saqta_error *err)
{
	static const char *const states[] = {[CONSENT_GIVEN] = "given",
					     [CONSENT_VOUCHED] = "vouched",
					     [CONSENT_WITHDRAWN] = "withdrawn",
					     [CONSENT_LAPSED] = "lapsed",
					     [CONSENT_ENDED] = "ended"};
	const struct policy *p = d->e->policy;
	json_t *rows = json_array();

	(void)user;
	(void)err;
	receipt_id(d);
	document_text(d->json, "subject", s->external_id);
	document_hex(d->json, "pseudonym", s->pseudonym, sizeof(s->pseudonym));
	for (int id = 0; id < policy_id_count(p, ID_CONSENT); id++) {
		const struct consent_act *a = subject_consent(s, policy_name(p, ID_CONSENT, id));
		bool is_given = a && (a->kind == CONSENT_GIVEN || a->kind == CONSENT_VOUCHED);
		json_t *row = json_object();

		document_text(row, "consent", policy_name(p, ID_CONSENT, id));
		(void)json_object_set_new(row, "given", json_boolean(is_given));
		if (a) {
			document_text(row, "state", states[a->kind]);
			document_text(row, "evidence", a->evidence);
			document_text(row, "partner", a->partner);
			document_time(d->e, row, "at", a->at_us);
			document_text(row, "policy_version", a->version);
			document_text(row, "notice", a->notice);
		}
		if (is_given)
			document_time(d->e, row, "lapses", policy_consent_end(p, id, a->at_us));
		(void)json_array_append_new(rows, row);
	}
	(void)json_object_set_new(d->json, "consents", rows);
	declared(d, "purposes", ID_PURPOSE);
	declared(d, "categories", ID_CATEGORY);
	declared(d, "recipients", ID_RECIPIENT);
	told(d, "storage", TOPIC_STORAGE);
	told(d, "retention", TOPIC_RETENTION);
	told(d, "withdrawal", TOPIC_WITHDRAWAL);
	told(d, "rights", TOPIC_RIGHTS);
	return SAQTA_OK;
}

enum saqta_status saqta_engine_consent_receipt(saqta_engine *e, const struct saqta_letter_options *o, saqta_write_fn write, void *user,
					       struct saqta_error *err)
{
	return document_of_subject(
		e,
		&(struct document_kind){
			.name = "consent-receipt", .kind = "consent-receipt", .subject = o->subject, .build = build_receipt},
		&(struct document_form){o->format, o->lang, o->sign}, write, user, err);
}

/* ---- act of destruction: what one day's destructions were, and where the log proves them ---- */

struct destruction_act {
	struct document d;
	int64_t from_us, to_us;
	json_t *rows;
	json_int_t subjects, records;
};

static void take_destruction(struct destruction_act *a, const json_t *entry, uint32_t incarnation, uint64_t seq)
{
	const char *type = json_string_value(json_object_get(entry, "type")), *at = json_string_value(json_object_get(entry, "at"));
	const json_t *more = json_object_get(entry, "more"), *clauses = json_object_get(entry, "clauses");
	bool is_subject = type && strcmp(type, "destroyed") == 0;
	json_int_t records = is_subject ? json_integer_value(json_object_get(more, "records")) : 1;
	json_t *row;
	int64_t at_us;

	if (!type || !at || (!is_subject && strcmp(type, "record-destroyed") != 0) || !instant_parse(at, strlen(at), &at_us) ||
	    at_us < a->from_us || at_us >= a->to_us)
		return;
	row = json_object();
	document_time(a->d.e, row, "at", at_us);
	document_text(row, "pseudonym", json_string_value(json_object_get(entry, "subject")));
	document_text(row, "what", is_subject ? "subject" : "record");
	document_text(row, "category", json_string_value(json_object_get(more, "category")));
	(void)json_object_set_new(row, "records", json_integer(records));
	if (clauses) {
		(void)json_object_set(row, "clauses", (json_t *)clauses);
		document_cited(&a->d, clauses);
	}
	(void)json_object_set_new(row, "late", json_boolean(json_is_true(json_object_get(more, "late"))));
	(void)json_object_set_new(row, "log_entry", json_integer((json_int_t)seq));
	if (incarnation < a->d.e->incarnation) /* numbers are those of its own log */
		(void)json_object_set_new(row, "past_log", json_integer(incarnation));
	document_text(row, "receipt_sha256", json_string_value(json_object_get(more, "receipt")));
	(void)json_array_append_new(a->rows, row);
	a->subjects += is_subject;
	a->records += records;
}

static enum saqta_status take_entry(struct saqta_engine *e, void *user, uint32_t incarnation, uint64_t seq, const uint8_t *text, size_t len,
				    struct saqta_error *err)
{
	json_t *entry = json_loadb((const char *)text, len, 0, NULL);

	(void)e;
	if (len == 0) /* no destruction is ever pruned */
		return SAQTA_OK;
	if (!entry)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "entry %llu is no JSON", (unsigned long long)seq);
	take_destruction(user, entry, incarnation, seq);
	json_decref(entry);
	return SAQTA_OK;
}

static enum saqta_status build_act(struct destruction_act *a, struct saqta_error *err)
{
	char root[2 * HASH_SIZE + 1];
	struct audit_head head;
	enum saqta_status r = hall_each_past(a->d.e, take_entry, a, err);

	if (!r)
		r = hall_each_entry(a->d.e, 0, take_entry, a, err);
	audit_log_head(a->d.e->log, &head);
	hex_encode(head.root, HASH_SIZE, root);
	document_text(a->d.json, "log_origin", a->d.e->signer.verifier.name);
	(void)json_object_set_new(a->d.json, "log_size", json_integer((json_int_t)head.size));
	document_text(a->d.json, "log_root", root);
	(void)json_object_set_new(a->d.json, "subjects", json_integer(a->subjects));
	(void)json_object_set_new(a->d.json, "records", json_integer(a->records));
	(void)json_object_set(a->d.json, "destructions", a->rows);
	document_clauses(&a->d);
	return r;
}

enum saqta_status saqta_engine_act(saqta_engine *e, const struct saqta_act_options *o, saqta_write_fn write, void *user,
				   struct saqta_error *err)
{
	struct document_form form = {o->format, o->lang, o->sign};
	struct destruction_act a = {0};
	day_t day;
	enum saqta_status r = hall_allows(e, ACT_LOG, err);

	if (!r)
		r = document_check_form(&form, err);
	if (r)
		return r;
	if (!day_parse(o->day, strlen(o->day), &day))
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "--day must be a day such as 2026-11-02");
	a.from_us = zone_day_start(policy_zone(e->policy), day);
	a.to_us = zone_day_start(policy_zone(e->policy), day + 1);
	document_begin(&a.d, e, "destruction-act");
	document_text(a.d.json, "day", o->day);
	a.rows = json_array();
	r = build_act(&a, err);
	if (!r)
		r = document_give(&a.d, "destruction-act", &form, write, user, err);
	json_decref(a.rows);
	document_end(&a.d);
	return r;
}
