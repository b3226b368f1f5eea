/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VAULT_VAULT_H
#define VAULT_VAULT_H

#include "base/db.h"
#include "vault/subject.h"

/* The vault: subjects, records and registers in the store, every value sealed under its subject's data key. Whatever changes takes a
 * transaction. Every key of a subject's rows begins with the subject; associated data bind vault, subject and row, so that a row that was
 * moved or swapped does not open. */

enum vault_table {
	VAULT_META,	   /* name -> value: vault id, origin, packs; nothing personal */
	VAULT_SUBJECT,	   /* subject id | 'S' -> sealed subject; | 'R' | be64 -> sealed record; | 'D' | be64 -> sealed disclosure */
	VAULT_LOOKUP,	   /* HMAC of the external id -> subject id */
	VAULT_DUE,	   /* be64 time | subject id -> empty */
	VAULT_SEEN,	   /* HMAC of an event id -> HMAC of the event; outlives the subject */
	VAULT_TASK,	   /* be64 number -> task, in clear: nothing personal in it */
	VAULT_REQUEST,	   /* be64 number -> subject id */
	VAULT_KEY_PENDING, /* subject id, or the key of a row -> note: destroyed here, its key and the ledger's line not yet */
	VAULT_ENTRY,	   /* audit log: entries by number */
	VAULT_NODE,	   /* audit log: nodes by number */
	VAULT_PAST,	   /* be32 incarnation | be64 number -> entry of a former incarnation of the log */
	VAULT_TABLES
};
#define VAULT_VERSION 2 /* of the layout: a new one needs a step in engine/migrate.c, and a fixture (script/make-fixture) */
extern const struct db_schema vault_schema;

struct vault {
	struct db *db;		   /* owned */
	struct keystore *keys;	   /* owned */
	struct secret *lookup_key; /* owned */
	struct secret *event_key;  /* owned */
	uint8_t id[16];
	uint64_t next_subject, next_task, next_request; /* next numbers to give */
	struct buf scratch, sealed;			/* reused; wiped on close */
};
/** Take over @db and @keys and load what is cached. On failure they are closed all the same. */
enum saqta_status vault_open(struct vault *v, struct db *db, struct keystore *keys, const uint8_t id[16],
			     struct saqta_error *err) must_check_;
void vault_close(struct vault *v);
/** Re-read the counters after a rollback. */
enum saqta_status vault_reload(struct vault *v, struct saqta_error *err) must_check_;

extern const uint8_t vault_controller_id[SUBJECT_ID_SIZE]; /* all zero */

/** SAQTA_ERR_MISSING (no text) when nobody is known under @external_id. */
enum saqta_status vault_find(struct vault *v, const char *external_id, uint8_t ret[SUBJECT_ID_SIZE], struct saqta_error *err) must_check_;
enum saqta_status vault_load(struct vault *v, const uint8_t id[SUBJECT_ID_SIZE], struct subject *ret, struct saqta_error *err) must_check_;
/** A new subject: draws id, key, pseudonym and audit key into @s (external id and the rest set by the caller afterwards); adds the look-up hash. */
enum saqta_status vault_create(struct vault *v, struct db_txn *txn, const char *external_id, struct subject *s,
			       struct saqta_error *err) must_check_;
/** The controller's row, made when the vault is made. */
enum saqta_status vault_create_controller(struct vault *v, struct db_txn *txn, struct subject *s, struct saqta_error *err) must_check_;
/** Write the subject's row. */
enum saqta_status vault_save(struct vault *v, struct db_txn *txn, struct subject *s, struct saqta_error *err) must_check_;
/** Move the subject in the due index; INT64_MAX or INSTANT_NONE: out of it. */
enum saqta_status vault_set_check(struct vault *v, struct db_txn *txn, struct subject *s, int64_t check_at_us,
				  struct saqta_error *err) must_check_;

/** @r->number 0: a new record gets the subject's next number. Counts it in @s. */
enum saqta_status vault_put_record(struct vault *v, struct db_txn *txn, struct subject *s, struct record *r,
				   struct saqta_error *err) must_check_;
/** @note: what the ledger of destructions keeps of it (keystore.h); vault_destroy_keys is called after the commit. */
enum saqta_status vault_delete_record(struct vault *v, struct db_txn *txn, struct subject *s, uint64_t number, const void *note,
				      size_t note_len, struct saqta_error *err) must_check_;
enum saqta_status vault_add_disclosure(struct vault *v, struct db_txn *txn, struct subject *s, const char *json,
				       struct saqta_error *err) must_check_;

struct record_scan {
	struct db_scan *scan;
	struct vault *vault;
	const struct subject *subject;
	char kind;
};
enum saqta_status vault_records(struct vault *v, const struct subject *s, struct record_scan *ret, struct saqta_error *err) must_check_;
/** Next record into @r (reused); SAQTA_ERR_MISSING at the end. */
enum saqta_status vault_next_record(struct record_scan *scan, struct record *r, struct saqta_error *err) must_check_;
enum saqta_status vault_disclosures(struct vault *v, const struct subject *s, struct record_scan *ret, struct saqta_error *err) must_check_;
enum saqta_status vault_next_disclosure(struct record_scan *scan, struct buf *ret_json, struct saqta_error *err) must_check_;
void vault_records_end(struct record_scan *scan);

/** Every trace of the subject in the vault goes: rows, look-up hash, due index, tasks, requests' register; its key is queued in VAULT_KEY_PENDING
 *  with @note, which the ledger of destructions keeps. The caller holds holds and blocks against it in the same transaction, and calls vault_destroy_keys after the commit. */
enum saqta_status vault_erase(struct vault *v, struct db_txn *txn, struct subject *s, const void *note, size_t note_len,
			      struct saqta_error *err) must_check_;
/** The same for subjects whose key is gone already, so that their rows cannot be read: @ids ascending. @ret_found: is 1 for each that had
 *  rows here. Nothing is queued. */
enum saqta_status vault_purge(struct vault *v, struct db_txn *txn, const uint8_t (*ids)[SUBJECT_ID_SIZE], size_t n, uint8_t *ret_found,
			      struct saqta_error *err) must_check_;
/** Destroy the keys queued and enter them in the ledger, then forget the queue. Needs no transaction of the caller. */
enum saqta_status vault_destroy_keys(struct vault *v, struct saqta_error *err) must_check_;

/** The external id and its look-up hash go, the rest stays (depersonalisation). */
enum saqta_status vault_forget_name(struct vault *v, struct db_txn *txn, struct subject *s, struct saqta_error *err) must_check_;

/** Tasks: what a person or system must do. */
struct task {
	uint64_t number;
	uint8_t subject[SUBJECT_ID_SIZE];
	char kind[32];
	int64_t at_us, due_us, closed_us; /* INSTANT_NONE where none */
	int32_t unknown_year;		  /* due not known: the year the calendar lacks; 0 */
	uint64_t request;		  /* number in the register, 0: none */
	bool is_partners;		  /* owed by the subject's partner, and not yet looked at whether in time */
	char rule[96];
	struct {
		uint8_t unit;
		int32_t count;
		int64_t from_us;
	} term; /* to compute an unknown due later */
};
/** Number 0: a new task gets the next. */
enum saqta_status vault_put_task(struct vault *v, struct db_txn *txn, struct task *t, struct saqta_error *err) must_check_;
enum saqta_status vault_get_task(struct vault *v, uint64_t number, struct task *ret, struct saqta_error *err) must_check_;
/** The first task with a number >= @from; SAQTA_ERR_MISSING at the end. */
enum saqta_status vault_next_task(struct vault *v, uint64_t from, struct task *ret, struct saqta_error *err) must_check_;
enum saqta_status vault_add_request(struct vault *v, struct db_txn *txn, const struct subject *s, uint64_t *ret_number,
				    struct saqta_error *err) must_check_;

enum seen { SEEN_NEW, SEEN_SAME, SEEN_OTHER };
/** Was an event with this id taken before, with this body or another? */
enum saqta_status vault_seen(struct vault *v, const char *event_id, const void *body, size_t body_len, enum seen *ret,
			     struct saqta_error *err) must_check_;
enum saqta_status vault_remember(struct vault *v, struct db_txn *txn, const char *event_id, const void *body, size_t body_len,
				 struct saqta_error *err) must_check_;

#endif
