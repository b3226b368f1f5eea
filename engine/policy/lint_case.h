/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_LINT_CASE_H
#define POLICY_LINT_CASE_H

#include "policy/model.h"

/* Reasoning over cases: a formula is built from conditions and rules, and a case is looked for in which it holds. What conditions range over is
 * small: words of the vocabulary, whole numbers between the constants that are named, yes and no. So the search is complete: where it finds no
 * case there is none. Values that no part of a formula tells apart are tried once.
 *
 * A case is one event with the facts of its subject. Which members an event carries is known here (contract 3); a member may be missing. A
 * request is taken to name at most two categories. */

/* ---- variables: the facts of a case ---- */
enum { TEXT_CATEGORY = F_STRINGS, TEXT_CATEGORY_TOO /* a second one */, TEXTS };
enum {
	VAR_FLAG = TEXTS,
	VAR_NUMBER = VAR_FLAG + F_FLAGS,
	VAR_BIT = VAR_NUMBER + F_NUMBERS, /* of sets */
	VARS = VAR_BIT + F_SETS * POLICY_SET_BITS
};
static inline unsigned var_bit(enum fact_set set, int id) { return (unsigned)VAR_BIT + (unsigned)set * POLICY_SET_BITS + (unsigned)id; }

/* ---- formulas: postfix; each of these calls pushes one truth value, and `and`, `or` and `not` take theirs from the top ---- */
enum node_code {
	NODE_TRUE,
	NODE_FALSE,
	NODE_NOT,
	NODE_AND,
	NODE_OR,
	NODE_HOLDS,	     /* the flag or bit @var */
	NODE_TEXT_IN,	     /* the text @var is in the set @set */
	NODE_TEXT_SAME,	     /* the texts @var and @var_too are the same */
	NODE_NUMBER,	     /* the number @var compared (@sign: enum cond_code) with @x */
	NODE_NUMBER_UNKNOWN, /* the number @var is not known */
};
struct node {
	uint8_t code, sign;
	uint16_t var, var_too;
	uint32_t set;
	double x;
};
struct formula {
	const struct policy *p;
	struct node *nodes; /* owned */
	unsigned n, cap;
	uint64_t *sets; /* owned: sets of texts, @words each; the last bit stands for any text that the policy does not know */
	unsigned n_sets, cap_sets, words;
	bool failed; /* out of memory; looked at by case_find */
};
void formula_start(struct formula *f, const struct policy *p); /* keeps memory; zero-initialise before the first time */
void formula_done(struct formula *f);
void formula_const(struct formula *f, bool value);
void formula_not(struct formula *f);
void formula_and(struct formula *f);
void formula_or(struct formula *f);
void formula_holds(struct formula *f, unsigned var);
void formula_unknown(struct formula *f, enum fact_number number);
void formula_text(struct formula *f, unsigned text, int32_t string);
/** The text is one of @list; an empty list is any. */
void formula_list(struct formula *f, unsigned text, const struct string_list *list);
/** The text names an id of @set, or (@or_none) nothing. */
void formula_ids(struct formula *f, unsigned text, enum id_kind kind, const struct idset *set, bool or_none);
void formula_condition(struct formula *f, const struct condition *c);
/** When and unless of a rule or action. */
void formula_guard(struct formula *f, const struct condition *when, const struct condition *unless);

/** A permit: it takes the question and the first category named. */
void formula_permit(struct formula *f, const struct rule *r);
/** A forbid that would deny alone. */
void formula_forbid(struct formula *f, const struct rule *r);
/** A rule `on` or limit that matches an event of @event. */
void formula_matches(struct formula *f, const struct rule *r, enum event_kind event);
/** It matches, and its action @a follows. */
void formula_follows(struct formula *f, const struct rule *r, const struct act_def *a, enum event_kind event);
/** It matches, and refuses: by a <refuse>, or the form is not accepted. */
void formula_refuses(struct formula *f, const struct rule *r, enum event_kind event);

/* ---- cases ---- */
struct lint_case {
	enum event_kind event;
	struct facts facts; /* what was not asked about is empty */
	uint64_t known[(VARS + 63) / 64];
};
enum found {
	FOUND_NONE, /* there is none */
	FOUND_CASE,
	FOUND_NOTHING_SURE, /* given up: too many steps */
	FOUND_NO_MEMORY,
};
/** A case of @event in which the formula's last value holds. */
enum found case_find(const struct formula *f, enum event_kind event, struct lint_case *ret) must_check_;
/** Say that fact @var is part of the case; its value stands in the facts. */
void case_tell(struct lint_case *c, unsigned var);
static inline bool case_knows(const struct lint_case *c, unsigned var) { return c->known[var / 64] >> (var % 64) & 1; }

/* lint_world.c: what an event can carry */
/** May @text be @string (-1: one that the policy does not know) in @event? The empty text always may. */
bool world_has(const struct policy *p, enum event_kind event, unsigned text, int32_t string);
/** The operation that @event means unless it names another. */
const char *world_operation(enum event_kind event);
/** May the flag, number or bit @var be set in @event? */
bool world_sets(enum event_kind event, unsigned var);

#endif
