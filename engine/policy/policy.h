/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "policy/calendar.h"
#include "policy/problems.h"

/* A frozen policy and the pure questions that may be asked of it: decide, plan, retention.
 * No I/O, no clock, no allocation: (3) an answer depends on policy, facts and time alone.
 * The room knows no subject and no store: the hall fills `struct facts` and carries out `struct plan`.
 * (5) A policy is loaded whole or not at all; what no rule permits is denied. */

#define POLICY_SET_BITS 256
struct idset {
	uint64_t w[POLICY_SET_BITS / 64];
};
static inline void idset_add(struct idset *s, int id) { s->w[id >> 6] |= UINT64_C(1) << (id & 63); }
static inline bool idset_has(const struct idset *s, int id) { return id >= 0 && id < POLICY_SET_BITS && (s->w[id >> 6] >> (id & 63) & 1); }
bool idset_empty(const struct idset *s);
bool idset_meets(const struct idset *a, const struct idset *b);
bool idset_within(const struct idset *a, const struct idset *b); /* a is a subset of b */
void idset_union(struct idset *a, const struct idset *b);	 /* a |= b */
void idset_minus(struct idset *a, const struct idset *b);	 /* a &= ~b */
int idset_count(const struct idset *s);
int idset_next(const struct idset *s, int after); /* next member > after, -1 at the end; start with -1 */

/** Kinds of ids. Ids of one kind are small numbers from 0, stable within one frozen policy only. */
enum id_kind {
	ID_OPERATION,
	ID_CATEGORY,
	ID_PURPOSE,
	ID_BASIS,
	ID_CONSENT,
	ID_RECIPIENT,
	ID_REQUEST_CHANNEL,
	ID_MESSAGE_CHANNEL,
	ID_SOURCE,
	ID_MILESTONE,
	ID_REFUSAL_REASON,
	ID_TASK,
	ID_ROLE, /* of a partner's worker: a pack's own terms */
	ID_KINDS
};

/** Events of contract 3, in the order of its table. */
enum event_kind {
	EVENT_REGISTER,
	EVENT_COLLECT,
	EVENT_CONSENT,
	EVENT_WITHDRAW,
	EVENT_MILESTONE,
	EVENT_OBLIGATION,
	EVENT_HOLD,
	EVENT_REQUEST,
	EVENT_EXTEND,
	EVENT_CLOSE,
	EVENT_RECTIFY,
	EVENT_USE,
	EVENT_DISCLOSE,
	EVENT_AUTHORITY_NOTIFIED,
	EVENT_RECIPIENT_PARTICULARS,
	EVENT_MESSAGE,
	EVENT_PARTNER,
	EVENT_PARTNER_CONSENT,
	EVENT_WORKER,
	EVENT_MINOR,
	EVENT_BREACH,
	EVENT_MERGE,
	EVENT_DEPERSONALISE,
	EVENT_DESTROY,
	EVENT_SWEEP,
	EVENT_KINDS
};
int event_kind_of(const char *name); /* -1 if unknown */
const char *event_name(enum event_kind kind);

/* ---- facts: what conditions and selectors may look at ---- */
enum fact_string {
	F_EVENT,
	F_OPERATION,
	F_PURPOSE,
	F_WITH,
	F_BASIS,
	F_RECIPIENT,
	F_COUNTRY,
	F_SOURCE,
	F_CHANNEL,
	F_FORM,
	F_KIND,
	F_BY,
	F_REASON,
	F_RESULT,
	F_STATE,
	F_MEMBER_STATE,
	F_MATTER,
	F_MILESTONE,
	F_REQUEST_KIND,
	F_REQUEST_REASON,
	F_PARTNER_STATE,
	F_STRINGS
};
enum fact_flag {
	F_DISCLOSURE,
	F_IDENTITY_CHECKED,
	F_OBLIGATIONS_OPEN,
	F_PURPOSE_DECLARED,
	F_CATEGORIES_DECLARED,
	F_AUTHORITY_NOTIFIED,
	F_PARTICULARS_OBTAINED,
	F_PARTNER_GIVEN,
	F_WORKER_GIVEN,
	F_WORKER_ASSURED,
	F_ASSURANCE,
	F_EVIDENCE_GIVEN,
	F_RECORDS_HELD,
	F_FLAGS
};
enum fact_number {
	F_AGE,
	F_TEXT_LENGTH,
	F_CATEGORY_COUNT,
	F_PARTNER_DELAYS,
	F_NUMBERS
}; /* NaN: unknown; every comparison with it is false */
enum fact_set {
	F_CONSENT,
	F_WITHDRAWN,
	F_LAPSED,
	F_PARTNER_CONSENT,
	F_CATEGORY,
	F_NAMED_CONSENT,
	F_ATTACHMENT,
	F_ROLE,
	F_REACHED,
	F_CURRENT_CONSENT,
	F_SETS
};

/** Everything a rule may ask. `$state` is the subject's: unknown, active, blocked, stopped, depersonalised, destroyed, none (event
 *  without subject). Strings are interned by policy_string; 0 is the empty string, -1 one that the policy does not know. */
struct facts {
	int32_t string[F_STRINGS];
	bool flag[F_FLAGS];
	double number[F_NUMBERS];
	struct idset set[F_SETS];
	int operation; /* the same as the strings, as ids; -1 none. Selectors use these. */
	int purpose;
	int recipient;
};
void facts_init(struct facts *f); /* all empty, numbers NaN, ids -1 */

struct policy;

/** Where the pack's files are looked up: a path, or a name in @dirs (colon separated). Loads base packs, vocabulary.tsv and the
 *  calendar from the folder in which each was found. Every error goes to @problems ("FILE:LINE: reason"). */
enum saqta_status policy_load(const char *pack, const char *dirs, struct policy **ret, struct problems *problems,
			      struct saqta_error *err) must_check_;
struct policy *policy_ref(struct policy *p);
struct policy *policy_unref(struct policy *p); /* NULL allowed; returns NULL */
void policy_unrefp(struct policy **p);

const char *policy_id(const struct policy *p);
const char *policy_version(const struct policy *p);
const uint8_t *policy_digest(
	const struct policy *p); /* SHA-256 over the pack's, its bases', the vocabulary's and the calendar's bytes; 32 bytes */
/** The controller's name and its business identification number; "" where the pack names none. */
const char *policy_controller(const struct policy *p);
const char *policy_controller_bin(const struct policy *p);
const struct zone *policy_zone(const struct policy *p);
const struct calendar *policy_calendar(const struct policy *p);
/** The files that it was loaded from, under the names by which a folder of them loads as the same policy: the pack itself is POLICY_SELF. */
#define POLICY_SELF "pack"
struct policy_file {
	char *name; /* "vocabulary.tsv", "calendar/NAME.xml", …; owned */
	struct buf bytes;
};
const struct policy_file *policy_files(const struct policy *p, unsigned *ret_n);
/** The folder that the pack was found in, owned; NULL without memory. */
char *policy_folder(const struct policy *p);

int policy_find(const struct policy *p, enum id_kind kind, const char *id); /* -1 if unknown */
const char *policy_name(const struct policy *p, enum id_kind kind, int id);
int policy_id_count(const struct policy *p, enum id_kind kind);
/** Members of a group (an id that has children stands for itself and for them); for others just the id. */
const struct idset *policy_members(const struct policy *p, enum id_kind kind, int id);
bool policy_declares(const struct policy *p, enum id_kind kind, int id);
int32_t policy_string(const struct policy *p, const char *text); /* 0 for NULL or "", -1 if unknown */

/** Consents: what the pack declares of each scope. */
struct consent_terms {
	bool is_main;	     /* its withdrawal ends all others; a new one makes a stopped subject active again */
	struct term lapses;  /* TERM_NONE: holds until withdrawn */
	uint16_t lapse_rule; /* rule to cite when it lapsed */
};
const struct consent_terms *policy_consent(const struct policy *p, int consent);
int policy_main_consent(const struct policy *p); /* -1 if the pack has none */
/** Where a disclosure goes that names no country: the pack's, else its base's, else "". */
const char *policy_country(const struct policy *p);
/** When the organisation closes on the last day of a term that ends at @due_us; INSTANT_NONE if no pack says, or it is a term of less than days. */
int64_t policy_closing(const struct policy *p, int64_t due_us);

/* ---- rules, as far as others see them ---- */
unsigned policy_rule_count(const struct policy *p);
const char *rule_id(const struct policy *p, unsigned rule); /* "pack/id" */
/** Qualified clause ids, NULL-terminated ("PACK/8.1"). */
const char *const *rule_clauses(const struct policy *p, unsigned rule);
/** lang: "kk", "ru", "en"; never NULL. */
const char *rule_title(const struct policy *p, unsigned rule, const char *lang);
bool rule_is_statute(const struct policy *p, unsigned rule);
/** What of interest to a subject a rule of the pack or its statute, in force at @at_us, speaks about: where data are kept and how long, how
 *  consent is given and withdrawn, what may be asked. */
enum rule_topic { TOPIC_STORAGE, TOPIC_RETENTION, TOPIC_WITHDRAWAL, TOPIC_RIGHTS };
bool rule_is_about(const struct policy *p, unsigned rule, enum rule_topic topic, int64_t at_us);
int policy_rule_find(const struct policy *p, const char *qualified_id); /* -1 */
/** The consents that a permit asks for. */
const struct idset *rule_needs(const struct policy *p, unsigned rule);
/** How a statement is shown ("print test"); NULL for every other rule. */
const char *rule_shown_by(const struct policy *p, unsigned rule);
/** Text of the rule's condition as written, NULL if it has none. */
const char *rule_condition(const struct policy *p, unsigned rule);

/* ---- decide: permit or deny an operation (contract 5) ---- */
#define SAYS_MAX 48
enum say_why { SAY_PERMITS, SAY_FORBIDS, SAY_NEEDS_CONSENT, SAY_NOTHING_PERMITS };
struct say {
	uint16_t rule;
	uint8_t why;	 /* enum say_why */
	int16_t consent; /* SAY_NEEDS_CONSENT: the first scope missing; else -1 */
	bool cites_stop; /* also cite what stopped the subject */
};
struct decision {
	bool permit;
	bool truncated; /* more rules had a say than fit */
	unsigned n;
	struct say says[SAYS_MAX]; /* decisive first */
};
/** Fills F_DISCLOSURE, F_PURPOSE_DECLARED, F_CATEGORIES_DECLARED, F_CATEGORY_COUNT into @f itself, and F_STATE must be set. */
void policy_decide(const struct policy *p, struct facts *f, int64_t at_us, struct decision *ret);

/** Do the lists of rule @rule, a permit or forbid, take the question? Whether it holds (dates, conditions, consents) is not asked. */
bool policy_selects(const struct policy *p, unsigned rule, const struct facts *f);

/* ---- plan: what follows from an event ---- */
enum action_kind {
	ACT_REFUSE,	   /* the event is denied */
	ACT_DEFER,	   /* accepted, nothing happens until it is completed (identity) */
	ACT_WAIT,	   /* what follows waits until the condition of the rule's <wait> holds */
	ACT_STOP,	   /* subject stopped */
	ACT_CLOSE_ACCOUNT, /* implies stop */
	ACT_BLOCK,
	ACT_UNBLOCK,
	ACT_KEEP,	   /* a legal hold under the request's id, unless a term or a hold keeps the subject already */
	ACT_END_CONSENT,   /* scopes in @set end */
	ACT_DESTROY,	   /* destruction is due; @set: categories, empty = the whole subject */
	ACT_DEPERSONALISE, /* @set: categories that stay */
	ACT_TASK,	   /* open a task */
	ACT_DUE,	   /* a deadline without a task */
	ACT_AS,		   /* go on as another event: @event with consents in @set */
};
struct action {
	enum action_kind kind;
	uint16_t rule;
	bool has_due;
	int64_t due_us;	    /* end of the term, where it has one and the calendar knows */
	int unknown_year;   /* 0, or the year the calendar does not know */
	struct term within; /* that term and where it begins, to compute what is unknown when the calendar comes; TERM_NONE without one */
	int64_t from_us;
	bool is_ordered;   /* ACT_DESTROY: ordered by an event (contract 6, 7) */
	bool from_request; /* reserved for the hall: 0 */
	bool is_partners;  /* ACT_TASK: owed by the partner who brought the subject */
	int id;		   /* ACT_TASK: ID_TASK; ACT_AS: enum event_kind */
	struct idset set;
};
#define ACTIONS_MAX 32
#define PLAN_RULES_MAX 32
struct plan {
	bool refused;
	bool deferred;
	bool waits;
	unsigned n_rules;
	uint16_t rules[PLAN_RULES_MAX]; /* that had a say, decisive first */
	unsigned n_cites;
	const char *const *cites[PLAN_RULES_MAX]; /* clauses that their actions add; each a NULL-terminated list of the policy's */
	unsigned n_actions;
	struct action actions[ACTIONS_MAX];
	bool has_due;
	int64_t due_us; /* the shortest deadline of all actions (of its `answer` task for requests) */
	int unknown_year;
};
/** @at_us the event's time; @anchor_us (INSTANT_NONE if none) is when the breach was detected, or the request made: for actions that
 *  count `from` it.
 *  When ACT_WAIT is in the plan, `waits` is set and the other actions are those to do now (the task `answer`); the hall plans the
 *  same event again when policy_wait_over says so, with @ignore_waits. */
void policy_plan(const struct policy *p, enum event_kind event, const struct facts *f, int64_t at_us, int64_t anchor_us, bool ignore_waits,
		 struct plan *ret);
/** Has the <wait> of @rule been met under @f? */
bool policy_wait_over(const struct policy *p, unsigned rule, const struct facts *f);

/* ---- message and value limits ---- */
/** Adds to @ret (a denial's says) each limit that the facts break; returns how many. Used by decide on messages. */
unsigned policy_limits(const struct policy *p, enum event_kind event, const struct facts *f, int64_t at_us, struct decision *ret);

/* ---- retention (contract 7) ---- */
/** Times of the subject; INSTANT_NONE where it never came. */
struct retention_subject {
	int64_t registered_us;
	int64_t newest_collected_us; /* INSTANT_NONE: no records */
	const int64_t *reached_us;   /* by ID_MILESTONE, policy_id_count entries */
};
/** One record; or the subject as a whole (is_subject: rules over all categories only). */
struct retention_record {
	bool is_subject;
	int category;
	struct idset purposes;
	int64_t collected_us;
	const int64_t *achieved_us; /* by ID_PURPOSE: newest purpose-achieved; a purpose is achieved for records collected up to then */
};
struct retention {
	/* the earliest at-most (or purposes-achieved) end */
	bool has_end;
	int64_t ripe_us; /* from when the sweep destroys it */
	int64_t end_us;	 /* deadline: after it, it is late */
	uint16_t end_rule;
	bool depersonalise; /* `then` of that rule */
	/* the latest at-least end that is not over at @now */
	bool is_kept;
	int64_t kept_until_us;
	uint16_t keep_rule;
	bool is_kept_by_statute; /* some statute rule keeps it (kept_statute_*): survives an order to destroy */
	int64_t kept_statute_until_us;
	uint16_t keep_statute_rule;
};
void policy_retention(const struct policy *p, const struct retention_subject *s, const struct retention_record *r, int64_t now_us,
		      struct retention *ret);
/** What one rule says of it. */
struct retention_say {
	uint16_t rule;
	int milestone;	   /* the latest of its milestones that came; -1: none */
	bool is_replaced;  /* none came, and collection or registration stands in for it */
	int64_t anchor_us; /* INSTANT_NONE: its term has not begun */
	bool has_end;	   /* at-most, or purposes achieved: goes from ripe_us on, late after end_us */
	int64_t ripe_us, end_us;
	bool has_minimum; /* at-least: stays until kept_until_us, over or not */
	int64_t kept_until_us;
};
/** Every rule that is about it, in order; at most @max; returns how many. */
unsigned policy_retention_says(const struct policy *p, const struct retention_subject *s, const struct retention_record *r, int64_t now_us,
			       struct retention_say *ret, unsigned max);
/** The end of a consent given at @given_us, or INSTANT_NONE. */
int64_t policy_consent_end(const struct policy *p, int consent, int64_t given_us);

#endif
