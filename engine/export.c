/* SPDX-License-Identifier: Apache-2.0 */
#include "document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The subject-access answer: all that is held, why, from where, who had it and until when; the answer to a request closes it in the same
 * transaction. Named for the document `access-answer` (policies/schema/access-answer.xsd). */

struct access {
	struct saqta_engine *e;
	struct subject *s;
	struct document *d;
	json_t *grounds; /* "category purpose" -> what permits the use */
	struct retention_subject rs;
	int64_t reached[POLICY_SET_BITS], achieved[POLICY_SET_BITS];
};

/* ---- grounds: by what rule and consent a datum may be used for a purpose today ---- */

static json_t *ground_of(struct access *x, int category, int purpose)
{
	const struct policy *p = x->e->policy;
	json_t *ground = json_object(), *consents = json_array();
	struct decision d;
	struct facts f;

	facts_init(&f);
	hall_subject_facts(x->e, x->s, hall_now(x->e), &f);
	f.string[F_EVENT] = policy_string(p, event_name(EVENT_USE));
	f.string[F_OPERATION] = policy_string(p, "use");
	f.string[F_PURPOSE] = policy_string(p, policy_name(p, ID_PURPOSE, purpose));
	f.string[F_BASIS] = policy_string(p, "consent");
	f.operation = policy_find(p, ID_OPERATION, "use");
	f.purpose = purpose;
	idset_add(&f.set[F_CATEGORY], category);
	policy_decide(p, &f, hall_now(x->e), &d);
	document_text(ground, "purpose", policy_name(p, ID_PURPOSE, purpose));
	(void)json_object_set_new(ground, "permitted", json_boolean(d.permit));
	if (d.permit)
		document_text(ground, "basis", "consent");
	if (d.n > 0)
		document_cite_rule(x->d, ground, "clauses", d.says[0].rule);
	for (int id = -1; d.permit && d.n > 0 && (id = idset_next(rule_needs(p, d.says[0].rule), id)) >= 0;)
		(void)json_array_append_new(consents, json_string(policy_name(p, ID_CONSENT, id)));
	(void)json_object_set_new(ground, "consents", consents);
	return ground;
}

static json_t *grounds_of(struct access *x, int category, const json_t *purposes)
{
	const struct policy *p = x->e->policy;
	json_t *out = json_array(), *purpose;
	size_t i;

	json_array_foreach(purposes, i, purpose)
	{
		int id = policy_find(p, ID_PURPOSE, json_string_value(purpose));
		char key[32];

		if (id < 0 || category < 0)
			continue;
		(void)snprintf(key, sizeof(key), "%d %d", category, id);
		if (!json_object_get(x->grounds, key))
			(void)json_object_set_new(x->grounds, key, ground_of(x, category, id));
		(void)json_array_append(out, json_object_get(x->grounds, key));
	}
	return out;
}

/* ---- records ---- */

/* Until when it is kept, by which clause, and what keeps it longer. */
static void retention_of(struct access *x, json_t *record, int category)
{
	const struct policy *p = x->e->policy;
	struct retention_record rr = {.category = category, .achieved_us = x->achieved};
	const char *collected = json_string_value(json_object_get(record, "collected")), *held;
	struct retention ret;
	json_t *purpose;
	size_t i;

	if (!collected || !instant_parse(collected, strlen(collected), &rr.collected_us))
		return;
	json_array_foreach(json_object_get(record, "purposes"), i, purpose)
	{
		int id = policy_find(p, ID_PURPOSE, json_string_value(purpose));

		if (id >= 0)
			idset_add(&rr.purposes, id);
	}
	policy_retention(p, &x->rs, &rr, hall_now(x->e), &ret);
	if (ret.has_end) {
		document_time(x->e, record, "kept_until", ret.end_us);
		document_cite_rule(x->d, record, "kept_until_by", ret.end_rule);
	}
	if (ret.is_kept) {
		document_time(x->e, record, "kept_at_least_until", ret.kept_until_us);
		document_cite_rule(x->d, record, "kept_at_least_by", ret.keep_rule);
	}
	held = hall_held(x->e, x->s, hall_now(x->e), json_string_value(json_object_get(record, "category")),
			 json_string_value(json_object_get(record, "record")));
	if (held)
		document_cite(x->d, record, "held_by", held);
}

/* By which rule another person's data are not given: nobody who is unknown has consented to anything. */
static void withhold(struct access *x, json_t *withheld, const json_t *record, int category)
{
	const struct policy *p = x->e->policy;
	json_t *row = json_object();
	struct decision d;
	struct facts f;

	facts_init(&f);
	f.string[F_EVENT] = policy_string(p, event_name(EVENT_USE));
	f.string[F_STATE] = policy_string(p, "unknown");
	f.string[F_OPERATION] = policy_string(p, "provide");
	f.string[F_BASIS] = policy_string(p, "consent");
	f.operation = policy_find(p, ID_OPERATION, "provide");
	if (category >= 0)
		idset_add(&f.set[F_CATEGORY], category);
	policy_decide(p, &f, hall_now(x->e), &d);
	(void)json_object_set(row, "number", json_object_get(record, "number"));
	(void)json_object_set(row, "category", json_object_get(record, "category"));
	(void)json_object_set_new(row, "clauses", json_array());
	if (!d.permit && d.n > 0)
		document_cite_rule(x->d, row, "clauses", d.says[0].rule);
	(void)json_array_append_new(withheld, row);
}

/* A record that names others is not told: its value, and whatever else is known of it, stay here. */
static void records_of(struct access *x, json_t *records)
{
	json_t *withheld = json_array();

	for (size_t i = 0; i < json_array_size(records);) {
		json_t *record = json_array_get(records, i);
		int category = policy_find(x->e->policy, ID_CATEGORY, json_string_value(json_object_get(record, "category")));

		if (json_is_true(json_object_get(record, "others"))) {
			withhold(x, withheld, record, category);
			(void)json_array_remove(records, i);
			continue;
		}
		(void)json_object_set_new(record, "grounds", grounds_of(x, category, json_object_get(record, "purposes")));
		retention_of(x, record, category);
		i++;
	}
	(void)json_object_set_new(x->d->json, "withheld", withheld);
}

/* ---- the document ---- */

static void cite_member(struct access *x, const json_t *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) document_cited(x->d, json_object_get(row, "clauses"));
}

/* The rows of disclosures and readings are kept as texts: times in UTC, of which people read their own, and categories in one text. */
static void open_rows(struct access *x, json_t *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		const char *at = json_string_value(json_object_get(row, "at"));
		json_t *categories = json_incref(json_object_get(row, "categories"));
		int64_t us;

		if (at && instant_parse(at, strlen(at), &us))
			document_time(x->e, row, "at", us);
		if (categories) {
			document_words(row, "categories", json_string_value(categories));
			json_decref(categories);
		}
	}
}

/* The lists of @held become registers of the document; what is single stays with the subject. */
static void lift(struct access *x, json_t *held)
{
	static const char *const registers[] = {"records", "consents", "milestones",  "obligations",
						"holds",   "requests", "disclosures", "reads"};

	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
		json_t *list = json_object_get(held, registers[i]);

		if (list) {
			(void)json_object_set(x->d->json, registers[i], list);
			(void)json_object_del(held, registers[i]);
		}
	}
	(void)json_object_set(x->d->json, "subject", held);
}

static enum saqta_status build(struct access *x, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf text = {0};
	enum saqta_status r = hall_subject_json(x->e, x->s, false, &text, err);
	json_t *held;

	if (r)
		return r;
	held = json_loadb((const char *)text.data, text.len, JSON_ALLOW_NUL, NULL);
	if (!held)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory, or more is held of this subject than a document can hold");
	x->rs = (struct retention_subject){
		.registered_us = x->s->registered_us, .newest_collected_us = x->s->newest_collected_us, .reached_us = x->reached};
	hall_reached(x->e, x->s, x->reached, x->achieved);
	(void)json_object_set_new(x->d->json, "log_entry", json_integer((json_int_t)audit_log_size(x->e->log)));
	lift(x, held);
	json_decref(held);
	open_rows(x, json_object_get(x->d->json, "disclosures"));
	open_rows(x, json_object_get(x->d->json, "reads"));
	records_of(x, json_object_get(x->d->json, "records"));
	cite_member(x, json_object_get(x->d->json, "consents"));
	cite_member(x, json_object_get(x->d->json, "requests"));
	document_clauses(x->d);
	return SAQTA_OK;
}

/* The answer closes the request that asked for it. */
static enum saqta_status close_request(struct saqta_engine *e, const struct saqta_export_options *o, struct saqta_error *err)
{
	cleanup_(answer_done) struct answer a;
	cleanup_(buf_done) struct buf text = {0};
	struct json_out j = {.out = &text};
	struct event ev = {0};
	enum saqta_status r;

	answer_init(&a);
	json_open(&j, NULL, '{');
	json_text(&j, "event", event_name(EVENT_CLOSE));
	json_text(&j, "subject", o->subject);
	json_text(&j, "request", o->request);
	json_text(&j, "result", "answered");
	json_shut(&j, '}');
	if (text.failed)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	r = event_parse(e->policy, EVENT_FOR_APPLY, (const char *)text.data, text.len, hall_now(e), &ev, err);
	if (!r)
		r = hall_apply(e, &ev, &a, err);
	event_done(&ev);
	if (!r && a.outcome != OUTCOME_APPLIED)
		return err_set(err, SAQTA_ERR_INPUT, 0, "the request cannot be closed: %s",
			       a.error.message[0] ? a.error.message : outcome_name(a.outcome));
	return r;
}

static enum saqta_status build_access(struct document *d, struct subject *s, void *user, struct saqta_error *err)
{
	struct access *x = calloc(1, sizeof(*x));
	enum saqta_status r;

	(void)user;
	if (!x)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	x->e = d->e;
	x->s = s;
	x->d = d;
	x->grounds = json_object();
	r = build(x, err);
	json_decref(x->grounds);
	free(x);
	return r;
}

static enum saqta_status before_access(struct saqta_engine *e, void *user, struct saqta_error *err)
{
	const struct saqta_export_options *o = user;

	return o->request ? close_request(e, o, err) : SAQTA_OK;
}

enum saqta_status saqta_engine_export(saqta_engine *e, const struct saqta_export_options *o, saqta_write_fn write, void *user,
				      struct saqta_error *err)
{
	struct saqta_export_options options = *o;
	struct document_form form = {o->format, o->lang, o->sign};

	return document_of_subject(e,
				   &(struct document_kind){.name = "access-answer",
							   .kind = "access",
							   .subject = o->subject,
							   .before = before_access,
							   .build = build_access,
							   .user = &options},
				   &form, write, user, err);
}
