/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_EXPLAIN_H
#define POLICY_EXPLAIN_H

#include "policy/words.h"

/** What the engine does because of @clause, as a document. SAQTA_ERR_MISSING if nothing is known of it. */
enum saqta_status policy_explain_clause(const struct words *w, const char *clause, struct buf *ret, struct saqta_error *err) must_check_;

/** The policy as it stands at @at_us, in sentences for publication, as a document. */
enum saqta_status policy_print(const struct words *w, int64_t at_us, struct buf *ret, struct saqta_error *err) must_check_;

/* ---- why a condition holds or not ---- */

typedef void (*atom_fn)(void *user, const struct cond_op *op, bool holds);
/** The comparisons that decide @c under @f, each once: of a joint that holds by one side only that side, and so on. */
void condition_because(const struct condition *c, const struct facts *f, atom_fn visit, void *user);

/* ---- what would have to change ---- */

#define CHANGES_MAX 24
struct change {
	struct cond_op op; /* the comparison that must become … */
	bool wanted;	   /* … this */
};
struct changes {
	bool would_permit; /* tried out: with all of them the question is permitted */
	unsigned n;
	struct change at[CHANGES_MAX];
	struct idset uncovered; /* categories that no rule permits here, whatever the facts */
	int stands;		/* the rule that no change of facts lifts; -1: none */
};
/** For a question denied under @f: the fewest and mildest changes found that would have it permitted. */
void policy_changes(const struct policy *p, const struct facts *f, int64_t at_us, struct changes *ret);

#endif
