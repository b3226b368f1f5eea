/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the report takes from the log: one pass over its entries. */

static const char *text_of(const json_t *entry, const char *name)
{
	const char *text = json_string_value(json_object_get(entry, name));

	return text ? text : "";
}

/* The day of an instant in the policy's zone, "2026-11-02". */
static void day_text(const struct report *r, int64_t us, char ret[16]) { day_format(zone_day(policy_zone(r->e->policy), us), ret); }

static void take_run(struct report *r, const json_t *entry, int64_t at_us)
{
	static const char *const counts[] = {"examined", "destroyed", "depersonalised", "lapsed", "stopped", "held", "late"};
	const json_t *more = json_object_get(entry, "more");
	char day[16];

	day_text(r, at_us, day);
	report_count(r->days, day, "runs", 1);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		report_count(r->days, day, counts[i], json_integer_value(json_object_get(more, counts[i])));
}

static void take_destruction(struct report *r, const json_t *entry)
{
	const json_t *more = json_object_get(entry, "more");
	const char *clause = json_string_value(json_array_get(json_object_get(entry, "clauses"), 0));
	json_int_t records = json_integer_value(json_object_get(more, "records"));
	bool is_subject = strcmp(text_of(entry, "type"), "destroyed") == 0;

	if (!clause)
		clause = "-";
	report_count(r->destructions, clause, "subjects", is_subject);
	report_count(r->destructions, clause, "records", is_subject ? records : 1);
	r->late += json_is_true(json_object_get(more, "late"));
	report_count(r->destructions, clause, "late", json_is_true(json_object_get(more, "late")));
}

static void take_policy(struct report *r, const json_t *entry, int64_t at_us, uint64_t seq)
{
	const json_t *more = json_object_get(entry, "more");
	json_t *row = json_object();

	document_time(r->e, row, "at", at_us);
	document_text(row, "policy", text_of(more, "id"));
	document_text(row, "version", text_of(more, "version"));
	document_text(row, "digest", text_of(more, "digest"));
	(void)json_object_set_new(row, "log_entry", json_integer((json_int_t)seq));
	(void)json_array_append_new(r->policies, row);
}

static void take_breach(struct report *r, const json_t *entry, int64_t at_us, uint64_t seq)
{
	const char *due = text_of(entry, "due");
	json_t *row = json_object();
	int64_t due_us;

	document_time(r->e, row, "at", at_us);
	if (instant_parse(due, strlen(due), &due_us))
		document_time(r->e, row, "due", due_us);
	(void)json_object_set(row, "clauses", json_object_get(entry, "clauses"));
	(void)json_object_set_new(row, "log_entry", json_integer((json_int_t)seq));
	(void)json_array_append_new(r->breaches, row);
}

static void take(struct report *r, const json_t *entry, uint64_t seq)
{
	const char *at = text_of(entry, "at"), *type = text_of(entry, "type"), *outcome = text_of(entry, "outcome");
	char key[96];
	int64_t at_us;

	if (!instant_parse(at, strlen(at), &at_us))
		return;
	/* A policy holds from the entry that put it in force, whatever the period. */
	if (strcmp(type, "policy") == 0 && at_us < r->to_us)
		take_policy(r, entry, at_us, seq);
	if (!report_covers(r, at_us))
		return;
	(void)snprintf(key, sizeof(key), "%s %s", type, outcome);
	report_count(r->events, key, NULL, 1);
	if (strcmp(type, "sweep-end") == 0)
		take_run(r, entry, at_us);
	else if (strcmp(type, "destroyed") == 0 || strcmp(type, "record-destroyed") == 0)
		take_destruction(r, entry);
	else if (strcmp(type, "breach") == 0 && strcmp(outcome, "applied") == 0)
		take_breach(r, entry, at_us, seq);
}

static enum saqta_status take_text(struct saqta_engine *e, void *user, uint32_t incarnation, uint64_t seq, const uint8_t *text, size_t len,
				   struct saqta_error *err)
{
	json_t *entry = len > 0 ? json_loadb((const char *)text, len, 0, NULL) : NULL;
	struct report *r = user;
	struct audit_pruned pruned;
	int64_t newest_us;

	if (len == 0)
		return SAQTA_OK;
	if (hall_pruned_by(entry, &pruned, &newest_us) && newest_us > r->pruned_us)
		r->pruned_us = newest_us;
	(void)e;
	(void)incarnation;
	if (!entry)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "entry %llu is no JSON", (unsigned long long)seq);
	take(user, entry, seq);
	json_decref(entry);
	return SAQTA_OK;
}

/* The log's past too: a restore within the period must not hide what was before it. */
enum saqta_status report_read_log(struct report *r, struct saqta_error *err)
{
	char newest[INSTANT_TEXT_SIZE];
	enum saqta_status s = hall_each_past(r->e, take_text, r, err);

	if (!s)
		s = hall_each_entry(r->e, 0, take_text, r, err);
	if (!s && r->pruned_us >= r->from_us) {
		instant_format(r->pruned_us, policy_zone(r->e->policy), newest);
		s = err_set(err, SAQTA_ERR_MISSING, 0,
			    "entries up to %s were pruned from the log: of a period from before it counts are not told", newest);
	}
	return s;
}
