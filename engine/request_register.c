/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <stdlib.h>
#include <string.h>

/* The register of subjects' requests, with those of the authority: the document `request-register` (policies/schema/request-register.xsd). Subjects
 * appear under the pseudonyms of the log. */

struct row {
	int64_t at_us;
	json_t *json; /* owned until it stands in the document */
};
struct requests {
	struct document *d;
	int64_t from_us, to_us, now_us;
	struct row *rows; /* owned */
	size_t n, cap, overdue;
};

static json_t *row_of(const struct requests *x, const struct subject *s, const struct request *q)
{
	static const char *const states[] = {[REQUEST_DEFERRED] = "deferred", [REQUEST_OPEN] = "open", [REQUEST_CLOSED] = "closed"};
	json_t *row = report_request(x->d->e, s, q, x->now_us);

	document_text(row, "state", states[q->state]);
	document_text(row, "reason", q->reason);
	document_text(row, "extended", q->extended);
	document_words(row, "categories", q->categories);
	document_cited(x->d, json_object_get(row, "clauses"));
	return row;
}

static enum saqta_status take(struct saqta_engine *e, struct subject *s, void *user, struct saqta_error *err)
{
	struct requests *x = user;

	(void)e;
	for (size_t i = 0; i < s->n_requests; i++) {
		const struct request *q = &s->requests[i];

		if (q->at_us < x->from_us || q->at_us >= x->to_us)
			continue;
		if (x->n == x->cap) {
			size_t cap = x->cap ? 2 * x->cap : 64;
			struct row *rows = reallocarray(x->rows, cap, sizeof(*rows));

			if (!rows)
				return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
			x->rows = rows;
			x->cap = cap;
		}
		x->rows[x->n++] = (struct row){q->at_us, row_of(x, s, q)};
		x->overdue += strcmp(report_kept(q, x->now_us), "overdue") == 0;
	}
	return SAQTA_OK;
}

static int by_time(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return (x->at_us > y->at_us) - (x->at_us < y->at_us);
}

static enum saqta_status build(struct requests *x, struct saqta_error *err)
{
	json_t *rows = json_array();
	enum saqta_status r = hall_each_subject(x->d->e, take, x, err);

	if (!r)
		r = take(x->d->e, &x->d->e->controller, x, err);
	qsort(x->rows, x->n, sizeof(*x->rows), by_time);
	for (size_t i = 0; i < x->n; i++)
		(void)json_array_append_new(rows, x->rows[i].json);
	free(x->rows);
	(void)json_object_set_new(x->d->json, "requests", rows);
	(void)json_object_set_new(x->d->json, "overdue", json_integer((json_int_t)x->overdue));
	document_time(x->d->e, x->d->json, "from", x->from_us);
	document_time(x->d->e, x->d->json, "to", x->to_us);
	document_clauses(x->d);
	return r;
}

enum saqta_status saqta_engine_request_register(saqta_engine *e, const struct saqta_report_options *o, saqta_write_fn write, void *user,
						struct saqta_error *err)
{
	struct document_form form = {o->format, o->lang, o->sign};
	struct document d;
	struct requests x = {.d = &d, .from_us = INSTANT_NONE, .to_us = INT64_MAX, .now_us = hall_now(e)};
	enum saqta_status r = hall_allows(e, ACT_REGISTERS, err);

	if (!r)
		r = document_check_form(&form, err);
	if (r)
		return r;
	if ((o->from && !instant_parse(o->from, strlen(o->from), &x.from_us)) ||
	    (o->to && !instant_parse(o->to, strlen(o->to), &x.to_us)) || x.from_us >= x.to_us)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0,
			       "--from and --to must be RFC 3339 times with an offset, the first before the second");
	document_begin(&d, e, "request-register");
	r = build(&x, err);
	if (!r)
		r = document_give(&d, "request-register", &form, write, user, err);
	document_end(&d);
	return r;
}
