/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_LINT_H
#define POLICY_LINT_H

#include "policy/lint_case.h"

/* What is valid in a pack but wrong, found by reasoning over its rules and those of its base. Nothing is looked up in a list of known faults: what
 * the statute demands stands in the statute's pack, what a text says beyond its rules in the claims of its own. */

enum lint_severity {
	LINT_ERROR,   /* it runs against the statute, or cannot do what it says */
	LINT_WARNING, /* it probably does not do what was meant */
	LINT_NOTE,
};
struct finding {
	enum lint_severity severity;
	const char *kind;   /* static: "never-applies" … */
	unsigned line;	    /* of the pack's own file */
	const char *rule;   /* "pack/id", of the policy; NULL where no single rule is meant */
	struct buf clauses; /* words, each once, the pack's own first */
	struct buf message;
	bool has_case;
	struct lint_case example; /* facts that are not named in it are empty */
	int64_t at_us;		  /* when the example happens; INSTANT_NONE where it does not matter */
};
struct findings {
	struct finding *items; /* owned; sorted by line */
	unsigned n, cap;
	bool failed; /* out of memory */
};
void findings_done(struct findings *f);
/** All findings about @p's own file. */
enum saqta_status policy_lint(const struct policy *p, struct findings *ret, struct saqta_error *err) must_check_;
/** One JSON object: file, line, severity, kind, rule, clauses, message, case. */
void finding_json(const struct policy *p, const struct finding *f, struct buf *ret);

/* ---- what the analyses share ---- */
struct lint {
	const struct policy *p;
	struct findings *out;
	struct formula f;      /* built anew for each question */
	int64_t latest_us;     /* when all that is to begin has begun */
	const struct rule *of; /* the rule that is looked at */
	bool is_unsure;	       /* of something about it */
};
#define LINT_QUESTIONS                                                                                                            \
	(UINT32_C(1) << EVENT_USE | UINT32_C(1) << EVENT_DISCLOSE | UINT32_C(1) << EVENT_COLLECT | UINT32_C(1) << EVENT_RECTIFY | \
	 UINT32_C(1) << EVENT_DEPERSONALISE | UINT32_C(1) << EVENT_MERGE)

/** A new finding about @r (NULL: none), which may be given clauses and a case; NULL without memory. */
struct finding *lint_add(struct lint *l, enum lint_severity severity, const char *kind, unsigned line, const struct rule *r,
			 const char *fmt, ...) printf_(6, 7);
void lint_cite(struct finding *f, char *const *clauses); /* NULL allowed, both */
void lint_example(struct finding *f, const struct lint_case *c, int64_t at_us);
/** Turn to @r (NULL: no rule); what was not sure about the one before is told. */
void lint_turn(struct lint *l, const struct rule *r);
/** Is there a case of one of @events in which l->f holds? Unsure counts as yes, and is told at the next turn. Adds no finding. */
bool lint_find(struct lint *l, uint32_t events, struct lint_case *ret);
/** Is @r of the linted pack itself, and a rule of @kind? */
bool lint_is_own(const struct rule *r, enum rule_kind kind);
/** The instant at which @r is judged: when all has begun, or its own last. */
int64_t lint_instant(const struct lint *l, const struct rule *r);
/** Is @r in force then? */
static inline bool lint_in_force(const struct rule *r, int64_t at_us) { return at_us >= r->from_us && at_us < r->until_us; }
/** "pack/id" without the pack, where it is the linted one. */
const char *lint_name(const struct rule *r);
/** "a, b, c": names of the ids of @set, at most a dozen. */
void lint_names(const struct policy *p, enum id_kind kind, const struct idset *set, struct buf *ret);

/** "never-applies": with a case that comes as near to @when as can be. */
void lint_never(struct lint *l, const struct rule *r, unsigned line, const struct condition *when, uint32_t events);

void lint_questions(struct lint *l); /* permits, forbids, purposes, what a text claims to permit */
void lint_claims(struct lint *l);    /* what a text says of a matter, and what it cites */
void lint_events(struct lint *l);    /* what follows from events */
void lint_terms(struct lint *l);     /* retention and deadlines */

#endif
