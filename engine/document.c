/* SPDX-License-Identifier: Apache-2.0 */
#include "document.h"
#include "base/crypt.h"
#include "paper/paper.h"

#include <stdlib.h>
#include <string.h>

void document_text(json_t *to, const char *name, const char *text)
{
	if (text && *text)
		(void)json_object_set_new(to, name, json_string(text));
}

void document_time(const struct saqta_engine *e, json_t *to, const char *name, int64_t us)
{
	char text[INSTANT_TEXT_SIZE];

	if (us == INSTANT_NONE || us == INT64_MAX)
		return;
	instant_format(us, policy_zone(e->policy), text);
	document_text(to, name, text);
}

void document_hex(json_t *to, const char *name, const void *bytes, size_t len)
{
	char *hex = malloc(2 * len + 1);

	if (!hex)
		return;
	hex_encode(bytes, len, hex);
	document_text(to, name, hex);
	free(hex);
}

static json_t *split(const char *list)
{
	json_t *out = json_array();

	while (list && *list) {
		const char *end = strchrnul(list, ' ');

		if (end > list)
			(void)json_array_append_new(out, json_stringn(list, (size_t)(end - list)));
		list = *end ? end + 1 : end;
	}
	return out;
}

void document_words(json_t *to, const char *name, const char *list) { (void)json_object_set_new(to, name, split(list)); }

void document_cited(struct document *d, const json_t *clauses)
{
	json_t *clause;
	size_t i;

	json_array_foreach(clauses, i, clause)(void) json_object_set_new(d->cited, json_string_value(clause), json_true());
}

void document_cite(struct document *d, json_t *to, const char *name, const char *clauses)
{
	document_words(to, name, clauses);
	document_cited(d, json_object_get(to, name));
}

void document_cite_rule(struct document *d, json_t *to, const char *name, unsigned rule)
{
	json_t *out = json_array();

	for (const char *const *c = rule_clauses(d->e->policy, rule); *c; c++)
		(void)json_array_append_new(out, json_string(*c));
	(void)json_object_set_new(to, name, out);
	document_cited(d, out);
}

/* The rule that tells what @clause says: one of its own pack before one of another that only carries it too. */
static int rule_of(const struct policy *p, const char *clause)
{
	size_t pack = strcspn(clause, "/") + 1;
	int found = -1;

	for (unsigned rule = 0; rule < policy_rule_count(p); rule++)
		for (const char *const *c = rule_clauses(p, rule); *c; c++) {
			if (strcmp(*c, clause) != 0)
				continue;
			if (strncmp(rule_id(p, rule), clause, pack) == 0)
				return (int)rule;
			if (found < 0)
				found = (int)rule;
		}
	return found;
}

void document_clauses(struct document *d)
{
	static const char *const langs[] = {"kk", "ru", "en"};
	const struct policy *p = d->e->policy;
	json_t *out = json_array(), *ignored;
	const char *clause;

	json_object_foreach(d->cited, clause, ignored)
	{
		int rule = rule_of(p, clause);
		json_t *row;

		if (rule < 0)
			continue;
		row = json_object();
		document_text(row, "clause", clause);
		for (size_t i = 0; i < sizeof(langs) / sizeof(langs[0]); i++)
			document_text(row, langs[i], rule_title(p, (unsigned)rule, langs[i]));
		(void)json_array_append_new(out, row);
	}
	(void)json_object_set_new(d->json, "clauses", out);
}

void document_begin(struct document *d, struct saqta_engine *e, const char *name)
{
	const struct policy *p = e->policy;
	json_t *controller = json_object(), *policy = json_object();

	*d = (struct document){.e = e, .json = json_object(), .cited = json_object()};
	document_text(d->json, "document", name);
	(void)json_object_set_new(d->json, "version", json_integer(1));
	document_time(e, d->json, "made", hall_now(e));
	document_text(d->json, "made_by", e->actor);
	document_text(controller, "name", policy_controller(p));
	document_text(controller, "bin", policy_controller_bin(p));
	(void)json_object_set_new(d->json, "controller", controller);
	document_text(policy, "id", policy_id(p));
	document_text(policy, "version", policy_version(p));
	document_hex(policy, "digest", policy_digest(p), HASH_SIZE);
	(void)json_object_set_new(d->json, "policy", policy);
}

void document_end(struct document *d)
{
	json_decref(d->json);
	json_decref(d->cited);
}

enum saqta_status document_check_form(const struct document_form *form, struct saqta_error *err)
{
	if (paper_format_of(form->format) < 0)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "unknown format: json, jsonld, xml, csv, html or pdf");
	if (form->lang && !paper_has_language(form->lang))
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "unknown language: kk, ru or en");
	return SAQTA_OK;
}

enum saqta_status document_render(const struct document *d, const struct document_form *form, struct buf *ret, struct saqta_error *err)
{
	return paper_render(d->json, (enum paper_format)paper_format_of(form->format), form->lang ? form->lang : "ru", d->e->policy_dirs,
			    hall_now(d->e), ret, err);
}

/* ---- recorded and given ---- */

enum saqta_status document_give(const struct document *d, const char *kind, const struct document_form *form, saqta_write_fn write,
				void *write_user, struct saqta_error *err)
{
	cleanup_(answer_done) struct answer a;
	cleanup_(buf_done) struct buf out = {0};
	struct saqta_engine *e = d->e;
	char more[DOCUMENT_MORE_SIZE];
	struct document_mark mark;
	enum saqta_status r;

	answer_init(&a);
	if (form->sign && e->is_reader)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "a signed document is recorded: the vault must be open for writing");
	r = document_render(d, form, &out, err);
	if (!r && !form->sign && !d->is_recorded)
		return hall_give(write, write_user, &out, err);
	document_mark(d, form->format, &out, &mark, more);
	if (!r)
		r = hall_begin(e, err);
	if (!r)
		r = hall_record(e, "export", hall_now(e), &a, &(struct entry_extra){.kind = kind, .json = form->sign ? more : NULL}, err);
	if (!r)
		r = hall_commit(e, err);
	if (r) {
		hall_abort(e);
		return r;
	}
	mark.entry = a.audit;
	r = hall_checkpoint(e, err);
	if (!r)
		r = hall_give(write, write_user, &out, err);
	return r || !form->sign ? r : document_sign(e, &mark, form->sign, err);
}

static enum saqta_status note(const struct document *d, struct subject *s, const char *kind, const char *more, uint64_t *ret_entry,
			      struct saqta_error *err)
{
	cleanup_(answer_done) struct answer a;
	char *text = json_dumps(d->json, JSON_COMPACT | JSON_SORT_KEYS);
	enum saqta_status r;

	if (!text)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	answer_init(&a);
	a.state = subject_state(s);
	r = hall_record(d->e, "export", hall_now(d->e), &a,
			&(struct entry_extra){.subject = s, .kind = kind, .input = text, .input_len = strlen(text), .json = more}, err);
	*ret_entry = a.audit;
	crypt_wipe(text, strlen(text));
	free(text);
	return r ? r : hall_note_reading(d->e, s, "export", err);
}

static enum saqta_status make(struct document *d, const struct document_kind *k, const struct document_form *form, struct buf *ret,
			      struct document_mark *ret_mark, struct saqta_error *err)
{
	struct saqta_engine *e = d->e;
	char more[DOCUMENT_MORE_SIZE];
	struct subject *s = NULL;
	enum saqta_status r = hall_begin(e, err);

	if (!r && k->before)
		r = k->before(e, k->user, err);
	if (!r)
		r = hall_subject(e, k->subject, &s, err);
	if (r == SAQTA_ERR_MISSING)
		r = err_set(err, SAQTA_ERR_MISSING, 0,
			    "nobody is known under this id: never registered, or destroyed; the vault cannot tell which");
	if (!r)
		r = k->build(d, s, k->user, err);
	/* Set before it is recorded: an answer that cannot be made closes nothing. */
	if (!r)
		r = document_render(d, form, ret, err);
	if (!r) {
		document_mark(d, form->format, ret, ret_mark, more);
		r = note(d, s, k->kind, form->sign ? more : NULL, &ret_mark->entry, err);
	}
	if (!r)
		r = hall_commit(e, err);
	return r ? r : hall_checkpoint(e, err);
}

enum saqta_status document_of_subject(struct saqta_engine *e, const struct document_kind *k, const struct document_form *form,
				      saqta_write_fn write, void *write_user, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf out = {0};
	struct document_mark mark;
	struct document d;
	enum saqta_status r = hall_allows(e, ACT_READ, err);

	if (!r)
		r = document_check_form(form, err);
	if (r)
		return r;
	document_begin(&d, e, k->name);
	r = make(&d, k, form, &out, &mark, err);
	if (r)
		hall_abort(e);
	document_end(&d);
	if (!r)
		r = hall_give(write, write_user, &out, err);
	return r || !form->sign ? r : document_sign(e, &mark, form->sign, err);
}
