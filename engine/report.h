/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HALL_REPORT_H
#define HALL_REPORT_H

#include "document.h"

#define DAY_US INT64_C(86400000000)

/* What the regulator's report is made from: counts in maps, so that memory follows the number of clauses, categories and days, not of events. */
struct report {
	struct saqta_engine *e;
	int64_t from_us, to_us, now_us;
	int64_t pruned_us; /* `at` of the newest entry that was pruned; INSTANT_NONE: none was */
	/* from the log */
	json_t *events;	      /* "type outcome" -> count */
	json_t *days;	      /* day -> {runs, examined, …} */
	json_t *destructions; /* clause -> {count, late} */
	json_t *policies;     /* rows */
	json_t *breaches;     /* rows */
	/* from the vault */
	json_t *consents;    /* "consent act" -> count */
	json_t *disclosures; /* "recipient country purpose" -> count */
	json_t *holds;	     /* rows */
	json_t *requests;    /* rows */
	json_t *retention;   /* category -> {records, oldest_us, end_us, clause} */
	json_t *deadlines;   /* clause -> {in_time, late, open, overdue} */
	uint64_t subjects, records;
	uint64_t overdue, late; /* late: duties closed after their day, and destructions */
};

/** Add @n to the member @name of @map's member @key, made if missing; @name NULL: @map's member itself. */
void report_count(json_t *map, const char *key, const char *name, json_int_t n);
bool report_covers(const struct report *r, int64_t us);

/** Was, or is, the deadline kept: "in_time", "late", "open", "overdue"? */
const char *report_kept(const struct request *q, int64_t now_us);
/** A request as a row of a register, without the sender's ids. */
json_t *report_request(const struct saqta_engine *e, const struct subject *s, const struct request *q, int64_t now_us);
/** Make the report on a period (RFC 3339) and hand it to @give. */
typedef enum saqta_status (*report_give_fn)(const struct document *d, void *user, struct saqta_error *err);
enum saqta_status report_make(struct saqta_engine *e, const char *from, const char *to, report_give_fn give, void *user,
			      struct saqta_error *err) must_check_;
/** Read the entries of the period. */
enum saqta_status report_read_log(struct report *r, struct saqta_error *err) must_check_;
/** Read the registers and all records. */
enum saqta_status report_read_vault(struct report *r, struct saqta_error *err) must_check_;

#endif
