/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_CONDITION_H
#define POLICY_CONDITION_H

#include "policy/policy.h"

/* Conditions: a strict subset of XPath 1.0 compiled to a small postfix program; evaluation cannot fail and does not allocate. */

enum cond_code {
	COND_TRUE,
	COND_FALSE,
	COND_NOT,
	COND_AND,
	COND_OR,
	COND_FLAG,   /* a: enum fact_flag */
	COND_IN_SET, /* a: enum fact_set, b: id */
	COND_STRING_EQ,
	COND_STRING_NE, /* a: enum fact_string, b: interned string */
	COND_STRING_SAME,
	COND_STRING_DIFFER, /* a, b: enum fact_string */
	COND_NUMBER_EQ,
	COND_NUMBER_NE,
	COND_NUMBER_LT,
	COND_NUMBER_LE,
	COND_NUMBER_GT,
	COND_NUMBER_GE, /* a: enum fact_number, x: the constant */
};
struct cond_op {
	uint8_t code; /* enum cond_code */
	uint8_t a;
	int32_t b;
	double x;
};
#define COND_DEPTH 32
#define COND_OPS_MAX 256
struct condition {
	char *text;	     /* as written, owned */
	struct cond_op *ops; /* postfix, owned */
	unsigned n_ops;
};
void condition_done(struct condition *c);
/** The value of @c; a condition of no operations is true. */
bool condition_holds(const struct condition *c, const struct facts *f);

/** A condition as a tree over its own steps: the root is the last step. */
struct cond_tree {
	const struct condition *c;
	uint16_t kid[COND_OPS_MAX][2]; /* of COND_AND and COND_OR; of COND_NOT the first */
	bool holds[COND_OPS_MAX];      /* the value of each step; all false without facts */
};
/** @f may be NULL. */
void cond_tree_make(const struct condition *c, const struct facts *f, struct cond_tree *ret);
/** The name, without the dollar, of fact @fact of the kind that @code looks at: a flag, a set (named $SET.id), a string or a number. Static. */
const char *condition_fact_name(enum cond_code code, unsigned fact);

#endif
