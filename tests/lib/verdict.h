/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_VERDICT_H
#define TESTS_VERDICT_H

#include "published.h"
#include "verify/verify.h"

#include <check.h>

/* The verifier's answer about the folder of a test. */

#define SMALL 40u
#define LARGE 300u
#define ORIGIN PUBLISHED_ORIGIN
enum seed { SEED_LOG = 1, SEED_NEXT, SEED_LAST, SEED_PAST, SEED_WITNESS, SEED_OTHER = SEED_WITNESS + 3 };

extern struct published log_; /* what is written */
extern char place[64];	      /* the test's own */
extern char dir[80];	      /* the folder of the log in it */
void verdict_setup(void);
void verdict_teardown(void);
void write_log(unsigned n);
/** The folder anew, from what log_ has now. */
void again(void);

extern struct fault fault; /* of the last answer */
/** What the verifier told, log by log. */
extern struct told {
	unsigned n_logs, n_withheld;
	uint64_t withheld;
	struct log_report logs[3]; /* newest first */
} told;
enum verdict verify_with(const struct key *pin, struct witness_policy *witnesses, const struct checkpoint *seen);
enum verdict verify(void);
void ck_holds(void);
void ck_broken_at(uint64_t entry);
struct key key_of(const char *name, uint8_t seed);

#endif
