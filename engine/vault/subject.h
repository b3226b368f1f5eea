/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VAULT_SUBJECT_H
#define VAULT_SUBJECT_H

#include "base/crypt.h"
#include "base/instant.h"
#include "vault/keystore.h"

/* What is known of one subject besides the records: one sealed row. Ids of the policy are kept as text, since the numbers of a frozen
 * policy do not outlive it. Strings are owned; NULL stands for "none". The controller itself is kept as the subject with id zero: what has no
 * subject (partners, notifications, the authority's requests) stands there. */

enum consent_act_kind { CONSENT_GIVEN = 1, CONSENT_VOUCHED, CONSENT_WITHDRAWN, CONSENT_LAPSED, CONSENT_ENDED };
/** One act in the append-only history of consents. */
struct consent_act {
	enum consent_act_kind kind;
	char *scope;
	int64_t at_us;
	int64_t due_us; /* of a withdrawal: its deadline, or INSTANT_NONE */
	char *version;	/* of the policy under which it was given */
	char *notice;	/* the text shown */
	char *evidence; /* JSON */
	char *partner;	/* who vouched */
	char *clauses;	/* by which it ended, separated by spaces */
};
struct milestone {
	char *id;
	char *purpose;
	int64_t at_us;
};
struct obligation {
	char *id;
	bool is_open;
	int64_t at_us;
	uint64_t task; /* that its opening set; 0: none */
};
struct hold {
	char *id, *basis, *reason, *authority, *reference;
	char *categories, *records; /* separated by spaces; NULL: everything */
	char *clauses;		    /* by which it was placed */
	bool is_lifted;
	int64_t at_us, lifted_us;
};
enum request_state { REQUEST_DEFERRED = 1, REQUEST_OPEN, REQUEST_CLOSED };
struct request {
	uint64_t number; /* in the vault's register of requests */
	char *id, *kind, *channel, *by, *reason, *categories;
	enum request_state state;
	bool identity_checked;
	bool blocks;
	int64_t at_us, due_us, closed_us; /* INSTANT_NONE where none */
	uint64_t task;			  /* 0: none */
	char *result, *refusal, *clauses, *extended;
};
/** A withdrawal that waits for its condition. */
struct pending {
	char *scopes, *channel, *form;
	int64_t at_us;
};
/** Categories that an event ordered destroyed while the subject stays. */
struct order {
	char *categories;
	int64_t at_us, due_us;
	char *clauses;
};
/** Controller only: partners, workers, countries notified, recipients' particulars, partners' delays. */
struct fact_row {
	char *kind, *key, *value;
	int64_t at_us;
};

struct subject {
	uint8_t id[SUBJECT_ID_SIZE];
	uint8_t key[KEY_SIZE]; /* not stored in the row */
	uint8_t pseudonym[16];
	uint8_t audit_key[KEY_SIZE];
	char *external_id;
	int64_t registered_us;
	int64_t newest_collected_us; /* INSTANT_NONE */
	bool has_birth;
	day_t birth;
	char *partner, *worker, *evidence;
	bool is_depersonalised;
	/* stopped */
	bool is_stopped, is_ordered, is_account_closed;
	int64_t stopped_us, stop_due_us;
	char *stop_clauses;
	bool has_receipt;
	uint8_t receipt[16];
	int64_t check_at_us;	  /* place in the due index */
	int64_t records_check_us; /* lower bound of what the records alone make due */
	int64_t partner_due_us;	  /* the earliest term of the tasks that its partner owes; INT64_MAX: none */
	uint64_t generation;	  /* audit entry of the policy under which check_at was derived */
	uint64_t next_record, n_records, next_disclosure;
	struct consent_act *consents;
	size_t n_consents;
	struct milestone *milestones;
	size_t n_milestones;
	struct obligation *obligations;
	size_t n_obligations;
	struct hold *holds;
	size_t n_holds;
	struct request *requests;
	size_t n_requests;
	struct pending *pending;
	size_t n_pending;
	struct order *orders;
	size_t n_orders;
	struct fact_row *rows;
	size_t n_rows;
	uint64_t *tasks;
	size_t n_tasks;
	bool is_dirty; /* not stored: differs from the vault's row */
};

void subject_init(struct subject *s);
void subject_done(struct subject *s); /* wipes and frees */
void subject_encode(const struct subject *s, struct buf *ret);
enum saqta_status subject_decode(struct subject *s, const uint8_t *data, size_t len, struct saqta_error *err) must_check_;

/** Append a zeroed element; NULL when out of memory. */
struct consent_act *subject_add_consent(struct subject *s);
struct milestone *subject_add_milestone(struct subject *s);
struct obligation *subject_add_obligation(struct subject *s);
struct hold *subject_add_hold(struct subject *s);
struct request *subject_add_request(struct subject *s);
struct pending *subject_add_pending(struct subject *s);
struct order *subject_add_order(struct subject *s);
struct fact_row *subject_add_row(struct subject *s);
bool subject_add_task(struct subject *s, uint64_t task);
void subject_drop_pending(struct subject *s);

/** The newest act on @scope, NULL if none. */
const struct consent_act *subject_consent(const struct subject *s, const char *scope);
/** The order that covers @category, NULL if none. */
const struct order *subject_order(const struct subject *s, const char *category);
struct request *subject_request(struct subject *s, const char *id);
struct fact_row *subject_row(struct subject *s, const char *kind, const char *key);
bool subject_is_blocked(const struct subject *s);
bool subject_has_open_obligation(const struct subject *s);
/** "active", "blocked", "stopped", "depersonalised". */
const char *subject_state(const struct subject *s);
/** Copy of @text, or NULL for NULL. Aborts never; NULL when out of memory. */
char *text_copy(const char *text);
/** Is @word one of the words of @list (separated by spaces)? NULL list: false. */
bool text_lists(const char *list, const char *word);

/** A record as it stands in its own sealed row. */
struct record {
	uint64_t number;
	char *id; /* the sender's, or NULL */
	char *category, *purposes, *source, *partner, *worker;
	int64_t collected_us, corrected_us;
	uint32_t revision;
	bool is_base64;
	bool names_others; /* the value also holds data of another person */
	uint8_t *value;	   /* owned */
	size_t value_len;
};
void record_done(struct record *r);
void record_encode(const struct record *r, struct buf *ret);
enum saqta_status record_decode(struct record *r, const uint8_t *data, size_t len, struct saqta_error *err) must_check_;

#endif
