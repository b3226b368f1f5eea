/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_DIFF_H
#define POLICY_DIFF_H

#include "policy/words.h"

/* What changes from one policy to another. Rules are matched by kind and id (the pack's own without its name, so that two packs can be compared);
 * they differ where a reader of any of the three languages is told something else: titles, lists, conditions with all that they rest on, terms. */

enum change_kind { RULE_ADDED, RULE_REMOVED, RULE_CHANGED };
struct rule_change {
	enum change_kind kind;
	int was, is;	 /* rule numbers in the old and the new policy; -1 */
	bool is_to_come; /* counted in no vault: about events to come */
	bool is_counted; /* the following say how much of a vault it touches */
	uint64_t subjects, records, decisions;
};
struct policy_diff {
	struct words *was[LANGS], *is[LANGS]; /* owned */
	struct rule_change *changes;	      /* owned; in the order of the new policy, removed ones last */
	unsigned n;
	int *by_was, *by_is; /* owned; rule number -> its change, or -1 */
};
enum saqta_status policy_diff_make(struct policy *was, struct policy *is, struct policy_diff *ret, struct saqta_error *err) must_check_;
void policy_diff_done(struct policy_diff *d);

/** Ids of @kind that the one policy declares and the other does not, by name: as numbers of the policy that declares them. */
void policy_diff_declared(const struct policy *has, const struct policy *lacks, enum id_kind kind, struct idset *ret);
/** Sections about the change itself, and about each rule. @d writes in the language of both. */
void policy_diff_doc(const struct policy_diff *diff, int lang, struct doc *d);
/** How many changes there are besides those of rules: versions, controller, declarations. */
unsigned policy_diff_others(const struct policy_diff *diff);

#endif
