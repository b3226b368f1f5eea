/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the report takes from the vault: registers, and one pass over all records. No value is looked at, nobody is named. */

static void pseudonym(json_t *to, const struct subject *s) { document_hex(to, "pseudonym", s->pseudonym, sizeof(s->pseudonym)); }

static void take_consents(struct report *r, const struct subject *s)
{
	static const char *const acts[] = {[CONSENT_GIVEN] = "given",
					   [CONSENT_VOUCHED] = "vouched",
					   [CONSENT_WITHDRAWN] = "withdrawn",
					   [CONSENT_LAPSED] = "lapsed",
					   [CONSENT_ENDED] = "ended"};

	for (size_t i = 0; i < s->n_consents; i++) {
		char key[128];

		if (!report_covers(r, s->consents[i].at_us))
			continue;
		(void)snprintf(key, sizeof(key), "%s %s", s->consents[i].scope, acts[s->consents[i].kind]);
		report_count(r->consents, key, NULL, 1);
	}
}

static void take_holds(struct report *r, const struct subject *s)
{
	for (size_t i = 0; i < s->n_holds; i++) {
		const struct hold *h = &s->holds[i];
		json_t *row;

		if (h->at_us >= r->to_us || (h->is_lifted && h->lifted_us < r->from_us))
			continue;
		row = json_object();
		pseudonym(row, s);
		document_text(row, "basis", h->basis);
		document_text(row, "authority", h->authority);
		document_text(row, "reference", h->reference);
		document_time(r->e, row, "at", h->at_us);
		document_time(r->e, row, "lifted", h->is_lifted ? h->lifted_us : INSTANT_NONE);
		document_words(row, "clauses", h->clauses);
		(void)json_array_append_new(r->holds, row);
	}
}

/* On its day is in time; a request without a deadline cannot be late. */
static const char *kept(int64_t due_us, int64_t closed_us, int64_t now_us)
{
	if (closed_us != INSTANT_NONE)
		return due_us != INSTANT_NONE && closed_us >= due_us ? "late" : "in_time";
	return due_us != INSTANT_NONE && now_us >= due_us ? "overdue" : "open";
}

const char *report_kept(const struct request *q, int64_t now_us)
{
	return kept(q->due_us, q->state == REQUEST_CLOSED ? q->closed_us : INSTANT_NONE, now_us);
}

json_t *report_request(const struct saqta_engine *e, const struct subject *s, const struct request *q, int64_t now_us)
{
	json_t *row = json_object();

	(void)json_object_set_new(row, "number", json_integer((json_int_t)q->number));
	pseudonym(row, s);
	document_text(row, "kind", q->kind);
	document_text(row, "channel", q->channel);
	document_text(row, "by", q->by);
	(void)json_object_set_new(row, "identity_checked", json_boolean(q->identity_checked));
	document_time(e, row, "at", q->at_us);
	document_time(e, row, "due", q->due_us);
	document_time(e, row, "closed", q->closed_us);
	document_text(row, "result", q->result);
	document_text(row, "refusal", q->refusal);
	document_text(row, "deadline", report_kept(q, now_us));
	if (q->state != REQUEST_CLOSED && q->due_us != INSTANT_NONE)
		(void)json_object_set_new(row, "days_left", json_integer((q->due_us - now_us) / DAY_US));
	document_words(row, "clauses", q->clauses);
	return row;
}

static void take_requests(struct report *r, const struct subject *s)
{
	for (size_t i = 0; i < s->n_requests; i++) {
		const struct request *q = &s->requests[i];

		if (q->at_us >= r->to_us || (q->state == REQUEST_CLOSED && q->closed_us != INSTANT_NONE && q->closed_us < r->from_us))
			continue;
		(void)json_array_append_new(r->requests, report_request(r->e, s, q, r->now_us));
	}
}

static enum saqta_status take_disclosures(struct report *r, const struct subject *s, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf row = {0};
	struct record_scan scan;
	enum saqta_status status = vault_disclosures(&r->e->vault, s, &scan, err);

	while (!status) {
		json_t *json;
		const char *at, *recipient;
		char key[192];
		int64_t at_us;

		status = vault_next_disclosure(&scan, &row, err);
		if (status)
			break;
		json = json_loadb((const char *)row.data, row.len, 0, NULL);
		at = json_string_value(json_object_get(json, "at"));
		recipient = json_string_value(json_object_get(json, "recipient"));
		if (at && recipient && instant_parse(at, strlen(at), &at_us) && report_covers(r, at_us)) {
			(void)snprintf(key, sizeof(key), "%s %s %s", recipient, json_string_value(json_object_get(json, "country")),
				       json_string_value(json_object_get(json, "purpose")));
			report_count(r->disclosures, key, NULL, 1);
		}
		json_decref(json);
	}
	vault_records_end(&scan);
	return status == SAQTA_ERR_MISSING ? SAQTA_OK : status;
}

static void take_record(struct report *r, const struct retention_subject *rs, const int64_t *achieved, const struct record *rec)
{
	const struct policy *p = r->e->policy;
	struct retention_record rr = {
		.category = policy_find(p, ID_CATEGORY, rec->category), .collected_us = rec->collected_us, .achieved_us = achieved};
	json_t *row = json_object_get(r->retention, rec->category);
	struct retention ret;

	hall_purposes(p, rec, &rr.purposes);
	policy_retention(p, rs, &rr, r->now_us, &ret);
	r->records++;
	report_count(r->retention, rec->category, "records", 1);
	row = json_object_get(r->retention, rec->category);
	if (!json_object_get(row, "oldest_us") || rec->collected_us < json_integer_value(json_object_get(row, "oldest_us")))
		(void)json_object_set_new(row, "oldest_us", json_integer(rec->collected_us));
	if (!ret.has_end) {
		report_count(r->retention, rec->category, "without_end", 1);
		return;
	}
	/* A record past its end is there because something keeps it, or because no sweep ran. */
	report_count(r->retention, rec->category, "past_end", r->now_us >= ret.end_us);
	if (!json_object_get(row, "end_us") || ret.end_us < json_integer_value(json_object_get(row, "end_us"))) {
		(void)json_object_set_new(row, "end_us", json_integer(ret.end_us));
		document_text(row, "clause", rule_clauses(p, ret.end_rule)[0]);
	}
}

static enum saqta_status take_records(struct report *r, const struct subject *s, struct saqta_error *err)
{
	int64_t reached[POLICY_SET_BITS], achieved[POLICY_SET_BITS];
	struct retention_subject rs = {
		.registered_us = s->registered_us, .newest_collected_us = s->newest_collected_us, .reached_us = reached};
	struct record_scan scan;
	struct record rec = {0};
	enum saqta_status status = vault_records(&r->e->vault, s, &scan, err);

	hall_reached(r->e, s, reached, achieved);
	while (!status) {
		status = vault_next_record(&scan, &rec, err);
		if (!status)
			take_record(r, &rs, achieved, &rec);
	}
	record_done(&rec);
	vault_records_end(&scan);
	return status == SAQTA_ERR_MISSING ? SAQTA_OK : status;
}

static enum saqta_status take_subject(struct saqta_engine *e, struct subject *s, void *user, struct saqta_error *err)
{
	struct report *r = user;
	enum saqta_status status;

	(void)e;
	r->subjects++;
	take_consents(r, s);
	take_holds(r, s);
	take_requests(r, s);
	status = take_disclosures(r, s, err);
	return status ? status : take_records(r, s, err);
}

/* Whether the terms that the clauses set were kept, task by task. */
static enum saqta_status take_tasks(struct report *r, struct saqta_error *err)
{
	const struct policy *p = r->e->policy;
	struct task t = {0};
	enum saqta_status status;

	while (!(status = vault_next_task(&r->e->vault, t.number + 1, &t, err))) {
		int rule = policy_rule_find(p, t.rule);
		const char *how = kept(t.due_us, t.closed_us, r->now_us);

		if (t.at_us >= r->to_us || (t.closed_us != INSTANT_NONE && t.closed_us < r->from_us))
			continue;
		report_count(r->deadlines, rule < 0 ? t.rule : rule_clauses(p, (unsigned)rule)[0], how, 1);
		r->overdue += strcmp(how, "overdue") == 0;
		r->late += strcmp(how, "late") == 0;
	}
	return status == SAQTA_ERR_MISSING ? SAQTA_OK : status;
}

enum saqta_status report_read_vault(struct report *r, struct saqta_error *err)
{
	enum saqta_status s = hall_each_subject(r->e, take_subject, r, err);

	return s ? s : take_tasks(r, err);
}
