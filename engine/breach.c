/* SPDX-License-Identifier: Apache-2.0 */
#include "document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The notice of a breach, to the authorised body or to one subject: the document `breach-notice` (policies/schema/breach-notice.xsd). What happened
 * is the event's; what was done about it, and who answers for it, is told by whoever writes the notice. */

#define REACH_MAX 16

struct notice {
	struct document *d;
	const struct saqta_breach_options *o;
	struct fact_row *row;
	json_t *breach;		/* what the event kept */
	char *reach[REACH_MAX]; /* categories by which the subjects can be told */
	unsigned n_reach;
	json_t *persons;
	json_int_t n_hit;
};

static void notice_done(struct notice *n)
{
	json_decref(n->breach);
	json_decref(n->persons);
	for (unsigned i = 0; i < n->n_reach; i++)
		free(n->reach[i]);
}

/* The newest one if no number is given. */
static enum saqta_status find_breach(struct notice *n, struct saqta_error *err)
{
	struct subject *controller = &n->d->e->controller;
	char number[24];

	(void)snprintf(number, sizeof(number), "%llu", (unsigned long long)n->o->number);
	for (size_t i = 0; i < controller->n_rows; i++)
		if (strcmp(controller->rows[i].kind, "breach") == 0 && (n->o->number == 0 || strcmp(controller->rows[i].key, number) == 0))
			n->row = &controller->rows[i];
	if (!n->row)
		return err_set(err, SAQTA_ERR_MISSING, 0, "no such breach was reported: an event `breach` reports one");
	n->breach = json_loads(n->row->value, JSON_REJECT_DUPLICATES, NULL);
	return n->breach ? SAQTA_OK : err_set(err, SAQTA_ERR_TAMPERED, 0, "the breach cannot be read back");
}

static enum saqta_status parse_reach(struct notice *n, struct saqta_error *err)
{
	for (const char *at = n->o->reach; at && *at;) {
		size_t len = strcspn(at, " ,");

		if (len > 0) {
			if (n->n_reach == REACH_MAX)
				return err_set(err, SAQTA_ERR_ARGUMENT, 0, "--reach takes at most %d categories", REACH_MAX);
			n->reach[n->n_reach] = strndup(at, len);
			if (!n->reach[n->n_reach])
				return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
			if (policy_find(n->d->e->policy, ID_CATEGORY, n->reach[n->n_reach++]) < 0)
				return err_set(err, SAQTA_ERR_ARGUMENT, 0, "--reach: `%.*s` is not a category of the policy", (int)len, at);
		}
		at += len + (at[len] != 0);
	}
	return SAQTA_OK;
}

/* ---- the subjects that were hit ---- */

static bool has(const struct notice *n, const char *category)
{
	for (unsigned i = 0; i < n->n_reach; i++)
		if (strcmp(n->reach[i], category) == 0)
			return true;
	return false;
}

/* What is needed to tell this subject: read, so it is noted with the subject. */
static enum saqta_status take_person(struct notice *n, struct subject *s, struct saqta_error *err)
{
	json_t *person = json_object(), *data = json_array();
	struct record_scan scan;
	struct record rec = {0};
	enum saqta_status r = vault_records(&n->d->e->vault, s, &scan, err);

	while (!r) {
		json_t *row;

		r = vault_next_record(&scan, &rec, err);
		if (r || rec.is_base64 || rec.names_others || !has(n, rec.category))
			continue;
		row = json_object();
		document_text(row, "category", rec.category);
		(void)json_object_set_new(row, "value", json_stringn((const char *)rec.value, rec.value_len));
		(void)json_array_append_new(data, row);
	}
	record_done(&rec);
	vault_records_end(&scan);
	(void)json_object_set_new(person, "data", data);
	document_text(person, "subject", s->external_id);
	(void)json_array_append_new(n->persons, person);
	return r == SAQTA_ERR_MISSING ? hall_note_reading(n->d->e, s, "breach-notice", err) : r;
}

static enum saqta_status take_hit(struct notice *n, const uint8_t id[SUBJECT_ID_SIZE], bool is_listed, struct saqta_error *err)
{
	struct subject *s;
	enum saqta_status r = hall_subject_by_id(n->d->e, id, &s, err);

	if (r == SAQTA_ERR_MISSING) /* destroyed since */
		return SAQTA_OK;
	if (r || strcmp(subject_state(s), "depersonalised") == 0 || (!is_listed && s->registered_us > n->row->at_us))
		return r;
	n->n_hit++;
	return n->n_reach > 0 ? take_person(n, s, err) : SAQTA_OK;
}

static enum saqta_status take_subjects(struct notice *n, struct saqta_error *err)
{
	uint8_t id[SUBJECT_ID_SIZE] = {0};
	enum saqta_status r = SAQTA_OK;
	json_t *item;
	size_t i;

	if (json_is_true(json_object_get(n->breach, "all"))) {
		while (!r && !(r = hall_next_subject(n->d->e, id, err)))
			r = take_hit(n, id, false, err);
		return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
	}
	json_array_foreach(json_object_get(n->breach, "subjects"), i, item)
	{
		if (json_string_length(item) != 2 * sizeof(id) || !hex_decode(json_string_value(item), 2 * sizeof(id), id))
			return err_set(err, SAQTA_ERR_TAMPERED, 0, "the breach cannot be read back");
		r = take_hit(n, id, true, err);
		if (r)
			return r;
	}
	return SAQTA_OK;
}

/* ---- the document ---- */

static void times(const struct notice *n, json_t *to, const char *name)
{
	const char *text = json_string_value(json_object_get(n->breach, name));
	int64_t us;

	if (text && instant_parse(text, strlen(text), &us))
		document_time(n->d->e, to, name, us);
}

static void tell(struct notice *n, bool is_subject)
{
	static const char *const lists[] = {"categories", "clauses"};
	json_t *breach = json_object(), *doc = n->d->json;

	document_text(doc, "to", is_subject ? "subject" : "authority");
	(void)json_object_set_new(breach, "number", json_integer(strtoll(n->row->key, NULL, 10)));
	document_time(n->d->e, breach, "reported", n->row->at_us);
	times(n, breach, "detected");
	times(n, breach, "due");
	document_text(breach, "description", json_string_value(json_object_get(n->breach, "description")));
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		json_t *list = json_object_get(n->breach, lists[i]);

		(void)json_object_set_new(breach, lists[i], list ? json_incref(list) : json_array());
	}
	document_cited(n->d, json_object_get(breach, "clauses"));
	(void)json_object_set_new(doc, "breach", breach);
	document_text(doc, "contact", n->o->contact);
	document_text(doc, "measures", n->o->measures);
	document_text(doc, "causes", n->o->causes);
	document_text(doc, "harm", n->o->harm);
	document_clauses(n->d);
}

static enum saqta_status notice_to_authority(struct saqta_engine *e, struct notice *n, struct document *d, const struct document_form *form,
					     saqta_write_fn write, void *user, struct saqta_error *err)
{
	enum saqta_status r;

	d->is_recorded = true;
	n->d = d;
	n->persons = json_array();
	r = find_breach(n, err);
	if (!r)
		r = parse_reach(n, err);
	if (!r)
		r = hall_begin(e, err);
	if (!r)
		r = take_subjects(n, err);
	if (!r) {
		tell(n, false);
		(void)json_object_set_new(d->json, "subjects", json_integer(n->n_hit));
		(void)json_object_set(d->json, "persons", n->persons);
		r = document_give(d, "breach-notice", form, write, user, err);
	} else {
		hall_abort(e);
	}
	return r;
}

static bool is_hit(const struct notice *n, const struct subject *s)
{
	char hex[2 * SUBJECT_ID_SIZE + 1];
	json_t *item;
	size_t i;

	if (json_is_true(json_object_get(n->breach, "all")))
		return s->registered_us <= n->row->at_us;
	hex_encode(s->id, SUBJECT_ID_SIZE, hex);
	json_array_foreach(json_object_get(n->breach, "subjects"), i, item) if (strcmp(json_string_value(item), hex) == 0) return true;
	return false;
}

static enum saqta_status build_for_subject(struct document *d, struct subject *s, void *user, struct saqta_error *err)
{
	struct notice *n = user;
	enum saqta_status r;

	n->d = d;
	r = find_breach(n, err);
	if (!r && !is_hit(n, s))
		r = err_set(err, SAQTA_ERR_INPUT, 0, "the breach did not hit this subject");
	if (r)
		return r;
	tell(n, true);
	document_text(d->json, "subject", s->external_id);
	return SAQTA_OK;
}

enum saqta_status saqta_engine_breach_notice(saqta_engine *e, const struct saqta_breach_options *o, saqta_write_fn write, void *user,
					     struct saqta_error *err)
{
	const struct document_form form = {o->format, o->lang, o->sign};
	struct notice n = {.o = o};
	struct document d;
	enum saqta_status r = hall_allows(e, ACT_READ, err);

	if (!r)
		r = document_check_form(&form, err);
	if (r)
		return r;
	if (!o->contact || !*o->contact || !o->measures || !*o->measures)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0,
			       "a notice names who answers for personal data, and what was done: --contact and --measures");
	if (o->subject) {
		r = document_of_subject(e,
					&(struct document_kind){.name = "breach-notice",
								.kind = "breach-notice",
								.subject = o->subject,
								.build = build_for_subject,
								.user = &n},
					&form, write, user, err);
	} else {
		document_begin(&d, e, "breach-notice");
		r = notice_to_authority(e, &n, &d, &form, write, user, err);
		document_end(&d);
	}
	notice_done(&n);
	return r;
}
