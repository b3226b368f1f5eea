/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The regulator's report on a period: the document `report` (policies/schema/report.xsd). Every section names the command that counts it again. */

void report_count(json_t *map, const char *key, const char *name, json_int_t n)
{
	json_t *row = map;

	if (name) {
		row = json_object_get(map, key);
		if (!row) {
			row = json_object();
			(void)json_object_set_new(map, key, row);
		}
		key = name;
	}
	(void)json_object_set_new(row, key, json_integer(json_integer_value(json_object_get(row, key)) + n));
}

bool report_covers(const struct report *r, int64_t us) { return us >= r->from_us && us < r->to_us; }

/* ---- maps become rows, in the order of their keys ---- */

static int by_key(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

/* Rows {@columns: the words of the key, …: the counts}. */
static json_t *rows_of(const json_t *map, const char *const *columns, unsigned n_columns)
{
	size_t n = json_object_size(map), i = 0;
	const char **keys = calloc(n + 1, sizeof(*keys)), *key;
	json_t *rows = json_array(), *value;

	if (!keys)
		return rows;
	json_object_foreach((json_t *)map, key, value) keys[i++] = key;
	qsort(keys, n, sizeof(*keys), by_key);
	for (i = 0; i < n; i++) {
		json_t *row = json_object();
		const char *at = keys[i];

		for (unsigned c = 0; c < n_columns; c++) {
			const char *end = c + 1 < n_columns ? strchrnul(at, ' ') : at + strlen(at);

			(void)json_object_set_new(row, columns[c], json_stringn(at, (size_t)(end - at)));
			at = *end ? end + 1 : end;
		}
		value = json_object_get(map, keys[i]);
		if (json_is_object(value))
			(void)json_object_update(row, value);
		else
			(void)json_object_set(row, "count", value);
		(void)json_array_append_new(rows, row);
	}
	free(keys);
	return rows;
}

/* Times of a category's row, in words, and how many days are left. */
static json_t *retention_rows(const struct report *r)
{
	json_t *rows = rows_of(r->retention, (const char *const[]){"category"}, 1), *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		const json_t *end = json_object_get(row, "end_us");

		document_time(r->e, row, "oldest", json_integer_value(json_object_get(row, "oldest_us")));
		if (end) {
			int64_t left = (json_integer_value(end) - r->now_us) / DAY_US;

			int64_t kept = (r->now_us - json_integer_value(json_object_get(row, "oldest_us"))) / DAY_US;

			document_time(r->e, row, "limit", json_integer_value(end));
			(void)json_object_set_new(row, "days_kept", json_integer(kept));
			(void)json_object_set_new(row, "days_left", json_integer(left));
		}
		(void)json_object_del(row, "oldest_us");
		(void)json_object_del(row, "end_us");
	}
	return rows;
}

/* One row a day of the period up to now; days without a run say so. */
static json_t *sweep_rows(const struct report *r, json_int_t *ret_gaps)
{
	const struct zone *zone = policy_zone(r->e->policy);
	day_t last = zone_day(zone, (r->to_us < r->now_us ? r->to_us : r->now_us) - 1);
	json_t *rows = json_array();

	*ret_gaps = 0;
	for (day_t day = zone_day(zone, r->from_us); day <= last; day++) {
		json_t *row = json_object(), *counts;
		char text[16];

		day_format(day, text);
		counts = json_object_get(r->days, text);
		document_text(row, "day", text);
		if (counts)
			(void)json_object_update(row, counts);
		else
			(void)json_object_set_new(row, "runs", json_integer(0));
		*ret_gaps += !counts;
		(void)json_array_append_new(rows, row);
	}
	return rows;
}

/* ---- the document ---- */

static void number(json_t *numbers, const char *name, uint64_t n, const char *query)
{
	json_t *row = json_object();

	document_text(row, "name", name);
	(void)json_object_set_new(row, "value", json_integer((json_int_t)n));
	document_text(row, "query", query);
	(void)json_array_append_new(numbers, row);
}

static void queries(json_t *doc)
{
	static const char *const all[][2] = {
		{"events", "saqta audit show --json | jq -r '[.type,.outcome]|@tsv' | sort | uniq -c"},
		{"sweeps", "saqta audit show --json | jq -c 'select(.type==\"sweep-end\")|{at,more}'"},
		{"deadlines", "saqta task list --json | jq -r '[.rule,.due,.closed]|@tsv'"},
		{"requests", "saqta request list --json"},
		{"destructions", "saqta audit show --json | jq -r 'select(.type|endswith(\"destroyed\"))|.clauses[0]' | sort | uniq -c"},
		{"breaches", "saqta audit show --json | jq -c 'select(.type==\"breach\")'"},
		{"policies", "saqta audit show --json | jq -c 'select(.type==\"policy\")'"},
	};
	json_t *out = json_array();

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		json_t *row = json_object();

		document_text(row, "section", all[i][0]);
		document_text(row, "query", all[i][1]);
		(void)json_array_append_new(out, row);
	}
	(void)json_object_set_new(doc, "queries", out);
}

static enum saqta_status log_section(const struct report *r, json_t *doc, struct saqta_error *err)
{
	struct audit_head head;
	char hex[2 * HASH_SIZE + 1];
	json_t *log = json_object();
	enum saqta_status s = audit_log_verify(r->e->log, NULL, NULL, &head, err);

	(void)json_object_set_new(doc, "log", log);
	if (s)
		return s; /* a report on a log that does not verify is none */
	hex_encode(head.root, HASH_SIZE, hex);
	document_text(log, "origin", r->e->signer.verifier.name);
	(void)json_object_set_new(log, "size", json_integer((json_int_t)head.size));
	document_text(log, "root", hex);
	(void)json_object_set_new(log, "verifies", json_true());
	return SAQTA_OK;
}

static void sections(const struct report *r, json_t *doc)
{
	json_t *numbers = json_array(), *verdict = json_object();
	json_int_t gaps;
	json_t *sweeps = sweep_rows(r, &gaps);

	(void)json_object_set_new(verdict, "good", json_boolean(r->overdue == 0 && r->late == 0 && gaps == 0));
	(void)json_object_set_new(verdict, "overdue", json_integer((json_int_t)r->overdue));
	(void)json_object_set_new(verdict, "late", json_integer((json_int_t)r->late));
	(void)json_object_set_new(verdict, "days_without_run", json_integer(gaps));
	(void)json_object_set_new(doc, "verdict", verdict);
	number(numbers, "subjects", r->subjects, "saqta status --json | jq .subjects");
	number(numbers, "records", r->records, "saqta status --json | jq .records");
	number(numbers, "overdue", r->overdue, "saqta status --json | jq .tasks_overdue");
	number(numbers, "late", r->late,
	       "saqta task list --json | jq -c 'select(.closed and .due and .closed>=.due)'; "
	       "saqta audit show --json | jq -c 'select(.type|endswith(\"destroyed\"))|select(.more.late)'");
	number(numbers, "gaps", (uint64_t)gaps, "saqta audit show --json | jq -r 'select(.type==\"sweep-end\")|.at[:10]' | sort -u");
	(void)json_object_set_new(doc, "numbers", numbers);
	(void)json_object_set_new(doc, "sweeps", sweeps);
	(void)json_object_set_new(doc, "deadlines", rows_of(r->deadlines, (const char *const[]){"clause"}, 1));
	(void)json_object_set(doc, "requests", r->requests);
	(void)json_object_set_new(doc, "consents", rows_of(r->consents, (const char *const[]){"consent", "act"}, 2));
	(void)json_object_set_new(doc, "disclosures", rows_of(r->disclosures, (const char *const[]){"recipient", "country", "purpose"}, 3));
	(void)json_object_set(doc, "holds", r->holds);
	(void)json_object_set(doc, "breaches", r->breaches);
	(void)json_object_set_new(doc, "destructions", rows_of(r->destructions, (const char *const[]){"clause"}, 1));
	(void)json_object_set_new(doc, "retention", retention_rows(r));
	(void)json_object_set(doc, "policies", r->policies);
	(void)json_object_set_new(doc, "events", rows_of(r->events, (const char *const[]){"type", "outcome"}, 2));
	queries(doc);
}

static enum saqta_status build(struct report *r, json_t *doc, struct saqta_error *err)
{
	enum saqta_status s = report_read_log(r, err);

	if (!s)
		s = report_read_vault(r, err);
	if (s)
		return s;
	document_time(r->e, doc, "from", r->from_us);
	document_time(r->e, doc, "to", r->to_us);
	sections(r, doc);
	return log_section(r, doc, err);
}

enum saqta_status report_make(struct saqta_engine *e, const char *from, const char *to, report_give_fn give, void *user,
			      struct saqta_error *err)
{
	struct report r = {.e = e, .now_us = hall_now(e), .pruned_us = INSTANT_NONE};
	json_t **const maps[] = {&r.events, &r.days, &r.destructions, &r.consents, &r.disclosures, &r.retention, &r.deadlines};
	json_t **const lists[] = {&r.policies, &r.breaches, &r.holds, &r.requests};
	struct document d;
	enum saqta_status s;

	if (!instant_parse(from, strlen(from), &r.from_us) || !instant_parse(to, strlen(to), &r.to_us) || r.from_us >= r.to_us)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0,
			       "--from and --to must be RFC 3339 times with an offset, the first before the second");
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
		*maps[i] = json_object();
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		*lists[i] = json_array();
	document_begin(&d, e, "report");
	s = build(&r, d.json, err);
	if (!s)
		s = give(&d, user, err);
	document_end(&d);
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
		json_decref(*maps[i]);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		json_decref(*lists[i]);
	return s;
}

struct one_report {
	struct document_form form;
	saqta_write_fn write;
	void *user;
};

static enum saqta_status give_one(const struct document *d, void *user, struct saqta_error *err)
{
	const struct one_report *o = user;

	return document_give(d, "report", &o->form, o->write, o->user, err);
}

enum saqta_status saqta_engine_report(saqta_engine *e, const struct saqta_report_options *o, saqta_write_fn write, void *user,
				      struct saqta_error *err)
{
	struct one_report one = {{o->format, o->lang, o->sign}, write, user};
	enum saqta_status s = hall_allows(e, ACT_LOG, err);

	if (!s)
		s = document_check_form(&one.form, err);
	return s ? s : report_make(e, o->from, o->to, give_one, &one, err);
}
