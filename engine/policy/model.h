/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_MODEL_H
#define POLICY_MODEL_H

#include "policy/condition.h"

/* The frozen form behind policy.h, shared by load (which builds it) and decide, plan, retain (which read it). */

enum rule_kind {
	RULE_PERMIT,
	RULE_FORBID,
	RULE_RETAIN,
	RULE_ON,
	RULE_LIMIT,
	RULE_CONSENT /* a <consent>'s clause and title */,
	RULE_STATEMENT
};
enum { LANG_KK, LANG_RU, LANG_EN, LANGS };

/** A selector list: `any` where the pack wrote "*" or nothing. */
struct selector {
	bool any;
	struct idset set;
};
/** A list of strings (forms, kinds, reasons, …), interned; n 0: any. */
#define STRING_LIST_MAX 12
struct string_list {
	uint8_t n;
	int32_t id[STRING_LIST_MAX];
};

struct act_def {
	enum action_kind kind;
	struct condition when, unless;
	bool is_accept;			    /* <accept>: kind is unused */
	struct string_list forms, channels; /* accept, as */
	bool has_within;
	struct term within;
	bool from_detected, from_request; /* otherwise from the event */
	bool is_default;		  /* task default="yes" */
	bool is_partners;		  /* task owed-by="partner" */
	bool is_ordered;
	int id;			/* task kind, event of <as>; task of <wait> or -1 */
	struct idset set;	/* end: consents; destroy: categories (empty: everything); depersonalise: keeps; as: consents */
	struct condition until; /* wait */
	char **clauses;		/* further clauses cited for this action (owned, qualified, NULL-terminated), or NULL */
};

struct rule {
	enum rule_kind kind;
	char *id;	    /* "pack/id", owned */
	char **clauses;	    /* qualified, NULL-terminated, owned */
	char *title[LANGS]; /* owned, never NULL (empty for statements without) */
	unsigned line;
	uint8_t pack; /* index in policy.packs; 0 is the pack itself, 1 its base */
	bool is_statute;
	int64_t from_us, until_us; /* holds for from_us <= at < until_us; INT64_MIN / INT64_MAX where open */
	struct condition when, unless;
	/* permit, forbid */
	struct selector operations, purposes, categories, recipients;
	bool has_with;
	struct idset with;
	struct idset needs; /* consents */
	bool is_final, is_otherwise, cites_stop;
	/* retain (categories above) */
	bool has_at_most, has_at_least, until_achieved, depersonalise, covers_all;
	struct term at_most, at_least, within;
	struct idset since;
	/* on, limit */
	uint32_t events; /* bit per enum event_kind */
	struct selector consents, milestones, roles;
	struct string_list kinds, results, reasons, by, states, channels, forms, sources;
	struct act_def *acts; /* owned */
	unsigned n_acts;
	bool has_max_length, has_min_length, has_attachments;
	uint32_t max_length, min_length;
	struct idset attachments; /* bit per attachment kind: see ATTACHMENT_* */
	/* statement */
	char *shown_by;	      /* owned or NULL */
	struct claim *claims; /* owned */
	unsigned n_claims;
};
/** What the text of a clause says and the pack does not carry out: lint compares it with the rules. One of three. */
struct claim {
	unsigned line;
	char *about, *is;    /* a matter, and what is said of it; owned or NULL */
	char **cites;	     /* clauses; owned, qualified, NULL-terminated, or NULL */
	struct rule *permit; /* what it would permit; owned or NULL */
};
enum { ATTACHMENT_LINK, ATTACHMENT_PICTURE, ATTACHMENT_FILE, ATTACHMENTS };

struct vocab_id {
	char *id;   /* owned */
	int parent; /* -1 */
	bool declared;
	unsigned declared_line; /* in the pack itself; 0 if its base declares it */
	struct idset members;
	char *title[LANGS]; /* owned or NULL */
};
struct pack_info {
	char *id, *version, *path, *controller, *bin, *country, *closing; /* owned, may be NULL but id and version */
	bool is_statute;
	char *title[LANGS];
};
#define POLICY_FILES_MAX 10
struct define {
	char *name;
	char *test;
	struct condition condition;
};

struct policy {
	unsigned refs; /* one thread */
	unsigned n_packs;
	struct pack_info packs[2];
	uint8_t digest[32];
	struct zone *zone;
	struct calendar *calendar;
	struct policy_file files[POLICY_FILES_MAX];
	unsigned n_files;
	struct vocab_id *ids[ID_KINDS];
	int n_ids[ID_KINDS];
	struct idset declared[ID_KINDS];
	struct consent_terms *consents; /* by ID_CONSENT */
	int main_consent;
	char **strings; /* interned, [0] is "" */
	int32_t n_strings;
	int32_t *string_hash; /* open addressing: string index or -1; power of two */
	uint32_t string_mask;
	struct rule *rules; /* the pack's own first, then the base's, each in the order of its file */
	unsigned n_rules;
	int otherwise_rule;
	struct define *defines;
	unsigned n_defines;
	/* Indexes: rule numbers in order, by what selects them. */
	uint16_t *finals;
	unsigned n_finals; /* final forbids */
	uint16_t *permits[64];
	unsigned n_permits[64]; /* by operation id */
	uint16_t *forbids[64];
	unsigned n_forbids[64]; /* by operation id; without finals and otherwise */
	uint16_t *ons[EVENT_KINDS];
	unsigned n_ons[EVENT_KINDS];
	uint16_t *limits[EVENT_KINDS];
	unsigned n_limits[EVENT_KINDS];
	uint16_t *retains;
	unsigned n_retains;
	/* decide.c */
	struct matcher *matcher; /* rows of rule bits by what selects them; owned */
	int collected_milestone; /* the milestone that stands for a record's own time; -1 if the vocabulary has none */
};

/** The last step of loading, when rules and ids stand still: false when out of memory. decide_done gives back what it took. */
bool decide_prepare(struct policy *p) must_check_;
void decide_done(struct policy *p);
/** The operations that disclose. */
const struct idset *policy_disclosures(const struct policy *p);

/** Does rule hold at @at (dates) and under @f (when, unless)? */
static inline bool rule_holds(const struct rule *r, const struct facts *f, int64_t at_us)
{
	return at_us >= r->from_us && at_us < r->until_us && condition_holds(&r->when, f) &&
	       (r->unless.n_ops == 0 || !condition_holds(&r->unless, f));
}

/** Parse and compile a condition. Names resolve against facts, the policy's ids and its defines. On failure adds to @problems and returns false. */
bool condition_compile(struct policy *p, const char *text, const char *file, unsigned line, struct condition *ret,
		       struct problems *problems);
int32_t policy_intern(struct policy *p, const char *text); /* while loading only; -1 when out of memory */

#endif
