/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"
#include "paper/paper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The subject-access answer: all that is held, why, from where, who had it and until when; the answer to a request closes it in the same
 * transaction. Named for the document `access-answer` (policies/schema/access-answer.xsd). */

struct export
{
	struct saqta_engine *e;
	struct subject *s;
	json_t *doc;
	json_t *grounds; /* "category purpose" -> what permits the use */
	struct retention_subject rs;
	int64_t reached[POLICY_SET_BITS], achieved[POLICY_SET_BITS];
	json_t *cited; /* clauses named anywhere */
};

static void put_text(json_t *to, const char *name, const char *text)
{
	if (text && *text)
		(void)json_object_set_new(to, name, json_string(text));
}

static void put_time(const struct export *x, json_t *to, const char *name, int64_t us)
{
	char text[INSTANT_TEXT_SIZE];

	if (us == INSTANT_NONE || us == INT64_MAX)
		return;
	instant_format(us, policy_zone(x->e->policy), text);
	put_text(to, name, text);
}

static json_t *cite_words(struct export *x, const char *list)
{
	json_t *out = json_array();

	while (list && *list) {
		const char *end = strchrnul(list, ' ');

		if (end > list) {
			json_t *clause = json_stringn(list, (size_t)(end - list));

			(void)json_object_set_new(x->cited, json_string_value(clause), json_true());
			(void)json_array_append_new(out, clause);
		}
		list = *end ? end + 1 : end;
	}
	return out;
}

static void cite_rule(struct export *x, json_t *to, const char *name, unsigned rule)
{
	json_t *out = json_array();

	for (const char *const *c = rule_clauses(x->e->policy, rule); *c; c++) {
		(void)json_object_set_new(x->cited, *c, json_true());
		(void)json_array_append_new(out, json_string(*c));
	}
	(void)json_object_set_new(to, name, out);
}

/* ---- grounds: by what rule and consent a datum may be used for a purpose today ---- */

static json_t *ground_of(struct export *x, int category, int purpose)
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
	put_text(ground, "purpose", policy_name(p, ID_PURPOSE, purpose));
	(void)json_object_set_new(ground, "permitted", json_boolean(d.permit));
	if (d.n > 0)
		cite_rule(x, ground, "clauses", d.says[0].rule);
	for (int id = -1; d.permit && d.n > 0 && (id = idset_next(rule_needs(p, d.says[0].rule), id)) >= 0;)
		(void)json_array_append_new(consents, json_string(policy_name(p, ID_CONSENT, id)));
	(void)json_object_set_new(ground, "consents", consents);
	return ground;
}

static json_t *grounds_of(struct export *x, int category, const json_t *purposes)
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
static void retention_of(struct export *x, json_t *record, int category)
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
		put_time(x, record, "kept_until", ret.end_us);
		cite_rule(x, record, "kept_until_by", ret.end_rule);
	}
	if (ret.is_kept) {
		put_time(x, record, "kept_at_least_until", ret.kept_until_us);
		cite_rule(x, record, "kept_at_least_by", ret.keep_rule);
	}
	held = hall_held(x->e, x->s, hall_now(x->e), json_string_value(json_object_get(record, "category")),
			 json_string_value(json_object_get(record, "record")));
	if (held)
		(void)json_object_set_new(record, "held_by", cite_words(x, held));
}

static void records_of(struct export *x, json_t *records)
{
	json_t *record;
	size_t i;

	json_array_foreach(records, i, record)
	{
		int category = policy_find(x->e->policy, ID_CATEGORY, json_string_value(json_object_get(record, "category")));

		(void)json_object_set_new(record, "grounds", grounds_of(x, category, json_object_get(record, "purposes")));
		retention_of(x, record, category);
	}
}

/* ---- the document ---- */

/* What the clauses say that the document names, in three languages. */
static json_t *clauses_of(struct export *x)
{
	const struct policy *p = x->e->policy;
	json_t *out = json_array(), *ignored;
	const char *clause;

	json_object_foreach(x->cited, clause, ignored)
	{
		for (unsigned rule = 0; rule < policy_rule_count(p); rule++) {
			const char *const *c = rule_clauses(p, rule);

			while (*c && strcmp(*c, clause) != 0)
				c++;
			if (*c) {
				json_t *row = json_object();

				put_text(row, "clause", clause);
				put_text(row, "kk", rule_title(p, rule, "kk"));
				put_text(row, "ru", rule_title(p, rule, "ru"));
				put_text(row, "en", rule_title(p, rule, "en"));
				(void)json_array_append_new(out, row);
				break;
			}
		}
	}
	return out;
}

static void cite_member(struct export *x, const json_t *rows)
{
	json_t *row, *clause;
	size_t i, k;

	json_array_foreach(rows, i, row) json_array_foreach(json_object_get(row, "clauses"), k, clause)(void)
		json_object_set_new(x->cited, json_string_value(clause), json_true());
}

/* The rows of disclosures and readings stand in UTC: people read their own time. */
static void own_time(struct export *x, json_t *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		const char *at = json_string_value(json_object_get(row, "at"));
		int64_t us;

		if (at && instant_parse(at, strlen(at), &us))
			put_time(x, row, "at", us);
	}
}

static void head_of(struct export *x)
{
	const struct policy *p = x->e->policy;
	json_t *controller = json_object(), *policy = json_object();
	char hex[2 * HASH_SIZE + 1];

	put_text(x->doc, "document", "access-answer");
	(void)json_object_set_new(x->doc, "version", json_integer(1));
	put_time(x, x->doc, "made", hall_now(x->e));
	put_text(x->doc, "made_by", x->e->actor);
	(void)json_object_set_new(x->doc, "log_entry", json_integer((json_int_t)audit_log_size(x->e->log)));
	put_text(controller, "name", policy_controller(p));
	put_text(controller, "bin", policy_controller_bin(p));
	(void)json_object_set_new(x->doc, "controller", controller);
	put_text(policy, "id", policy_id(p));
	put_text(policy, "version", policy_version(p));
	hex_encode(policy_digest(p), HASH_SIZE, hex);
	put_text(policy, "digest", hex);
	(void)json_object_set_new(x->doc, "policy", policy);
}

/* The lists of @held become registers of the document; what is single stays with the subject. */
static void lift(struct export *x, json_t *held)
{
	static const char *const registers[] = {"records", "consents", "milestones",  "obligations",
						"holds",   "requests", "disclosures", "reads"};

	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
		json_t *list = json_object_get(held, registers[i]);

		if (list) {
			(void)json_object_set(x->doc, registers[i], list);
			(void)json_object_del(held, registers[i]);
		}
	}
	(void)json_object_set(x->doc, "subject", held);
}

static enum saqta_status build(struct export *x, struct saqta_error *err)
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
	head_of(x);
	lift(x, held);
	json_decref(held);
	own_time(x, json_object_get(x->doc, "disclosures"));
	own_time(x, json_object_get(x->doc, "reads"));
	records_of(x, json_object_get(x->doc, "records"));
	cite_member(x, json_object_get(x->doc, "consents"));
	cite_member(x, json_object_get(x->doc, "requests"));
	(void)json_object_set_new(x->doc, "clauses", clauses_of(x));
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

static enum saqta_status note(struct export *x, const json_t *doc, struct saqta_error *err)
{
	cleanup_(answer_done) struct answer a;
	char *text = json_dumps(doc, JSON_COMPACT | JSON_SORT_KEYS);
	enum saqta_status r;

	if (!text)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	answer_init(&a);
	a.state = subject_state(x->s);
	r = hall_record(x->e, "export", hall_now(x->e), &a,
			&(struct entry_extra){.subject = x->s, .kind = "access", .input = text, .input_len = strlen(text)}, err);
	crypt_wipe(text, strlen(text));
	free(text);
	return r ? r : hall_note_reading(x->e, x->s, "export", err);
}

static enum saqta_status export(struct export *x, const struct saqta_export_options *o, struct buf *ret, struct saqta_error *err) {
	int format = paper_format_of(o->format); enum saqta_status r = hall_begin(x->e, err);

	if (!r && o->request) r = close_request(x->e, o, err);
	if (!r) r = hall_subject(x->e, o->subject, &x->s, err);
	if (r == SAQTA_ERR_MISSING)
		r = err_set(err, SAQTA_ERR_MISSING, 0,
			    "nobody is known under this id: never registered, or destroyed; the vault cannot tell which");
	if (!r) r = build(x, err);
	/* Set before it is recorded: an answer that cannot be made closes nothing. */
	if (!r) r = paper_render(x->doc, (enum paper_format)format, o->lang ? o->lang : "ru", x->e->policy_dirs, hall_now(x->e), ret, err);
	if (!r) r = note(x, x->doc, err);
	if (!r) r = hall_commit(x->e, err);
	return r ? r : hall_checkpoint(x->e, err);
}

enum saqta_status saqta_engine_export(saqta_engine *e, const struct saqta_export_options *o, saqta_write_fn write, void *user,
				      struct saqta_error *err)
{
	cleanup_(buf_done) struct buf out = {0};
	struct export *x;
	enum saqta_status r;

	if (paper_format_of(o->format) < 0)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "unknown format: json, xml, csv, html or pdf");
	if (o->lang && !paper_has_language(o->lang))
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "unknown language: kk, ru or en");
	x = calloc(1, sizeof(*x));
	if (!x)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	*x = (struct export){.e = e, .doc = json_object(), .grounds = json_object(), .cited = json_object()};
	r = export(x, o, &out, err);
	if (r)
		hall_abort(e);
	json_decref(x->doc);
	json_decref(x->grounds);
	json_decref(x->cited);
	free(x);
	return r ? r : hall_give(write, user, &out, err);
}
