/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HALL_SWEEP_H
#define HALL_SWEEP_H

#include "hall.h"

/* Between the two halves of the sweep: finding what is due, and doing it. */

struct due_record {
	uint64_t number;
	bool is_late;
	bool stays_nameless; /* its value stays, with nobody */
	char clauses[160];
};

/* What is due of one subject. */
struct finding {
	unsigned lapsed;
	bool is_destroyed; /* the subject as a whole */
	bool is_late;
	struct buf clauses;	    /* why, and if held: by what */
	struct due_record *records; /* owned */
	size_t n_records;
	const char *why;
	struct buf held_by; /* empty: nothing is held */
};

struct sweep {
	struct saqta_engine *e;
	const struct saqta_sweep_options *o;
	int64_t now_us;
	bool is_dry;
	struct sweep_result total;
	json_t *held_by; /* clause -> count */
	struct buf receipts;
};

/** What is due of @s, and when to look at its records again (INT64_MAX: nothing runs). Changes nothing. */
enum saqta_status sweep_examine(struct sweep *w, const struct subject *s, struct finding *ret, int64_t *ret_next_us,
				struct saqta_error *err) must_check_;
void finding_done(struct finding *f);

#endif
