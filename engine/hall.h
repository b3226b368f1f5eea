/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HALL_HALL_H
#define HALL_HALL_H

#include "audit/log.h"
#include "base/json.h"
#include "event.h"
#include "policy/policy.h"
#include "saqta/engine.h"
#include "saqta/policy.h"
#include "vault/vault.h"

/* The hall: the only files that see policy, vault and log together.
 *
 * Invariants kept here (design.md numbers them; tests cite the numbers):
 * (1) A committed change of protected data has at least one audit entry in the same transaction.
 * (2) Every entry carries the policy that decided, and the ids and clauses of the deciding rules.
 * (4) No personal value enters an entry, an error or a log line.
 * (6) What has been answered is durable: answers leave the engine only after the commit.
 * (8) A blocked subject's data are not used, disclosed, changed or destroyed, by any path.
 * (9) There is one path on which data are destroyed (destroy.c); holds and blocks are checked inside its transaction. */

enum outcome { OUTCOME_APPLIED, OUTCOME_DENIED, OUTCOME_DEFERRED, OUTCOME_DUPLICATE, OUTCOME_INVALID };
const char *outcome_name(enum outcome o);

/** What is answered to one event, and recorded of it. */
struct answer {
	enum outcome outcome;
	struct buf rules, clauses; /* separated by spaces, each once, decisive first */
	int64_t due_us;		   /* INSTANT_NONE */
	int unknown_year;
	const char *state; /* static; NULL */
	uint64_t task;	   /* 0 */
	bool has_receipt;
	uint8_t receipt[16];
	bool has_audit;
	uint64_t audit;
	struct saqta_error error; /* of an invalid line, or why no due */
};
void answer_init(struct answer *a);
void answer_done(struct answer *a);
void answer_clauses(struct answer *a, const char *clauses); /* words, each added once */
void answer_rule(struct answer *a, const struct policy *p, unsigned rule);
void answer_due(struct answer *a, int64_t due_us); /* keeps the earlier */
void answer_json(const struct answer *a, unsigned line, const struct zone *zone, struct buf *ret);

/* roles.c: who may do what */
enum role { ROLE_OWNER, ROLE_OFFICER, ROLE_OPERATOR, ROLE_APPLICATION, ROLE_AUDITOR };
enum act {
	ACT_APPLY,
	ACT_DECIDE,
	ACT_SWEEP,
	ACT_READ, /* one subject, masked or for a purpose */
	ACT_LIST, /* subjects by pseudonym */
	ACT_REGISTERS,
	ACT_CLOSE_TASK,
	ACT_LOG,
	ACT_STATUS,
	ACT_POLICY,
	ACT_KEY_STATUS,
	ACT_RENEW,
	ACT_KEYS,
	ACT_BACKUP,
	ACT_BACKUP_KEYS,
	ACT_RESTORE,
	ACT_PRUNE
};
struct saqta_engine;
const char *hall_role_name(enum role role);
/** The role that @o names, or that the keep gives to this process's user. SAQTA_ERR_RIGHT for one who has none. */
enum saqta_status hall_take_role(struct saqta_engine *e, const struct saqta_options *o, const char *keep_dir,
				 struct saqta_error *err) must_check_;
/** SAQTA_ERR_RIGHT if the role may not; the refusal is recorded where the vault is open for writing. */
enum saqta_status hall_allows(struct saqta_engine *e, enum act act, struct saqta_error *err) must_check_;

struct saqta_engine {
	enum role role;
	struct vault vault;
	struct audit_log *log;
	uint32_t incarnation;	   /* of the log, from 1 */
	uint32_t next_incarnation; /* the number of the next one if it is higher than the present one's successor */
	struct policy *policy;
	uint64_t policy_entry; /* the audit entry that put it in force */
	char *policy_dirs;
	char *actor;
	int64_t fixed_now_us; /* INSTANT_NONE: the system's clock */
	int64_t newest_us;    /* recorded clock of the newest entry; INSTANT_NONE: none */
	struct db_txn txn;
	bool is_reader, is_memory;
	bool is_broken;		/* (10): nothing is served until reopened */
	struct subject current; /* the subject of the last line, written back when another comes or at the commit */
	bool has_current;
	struct subject controller;
	struct buf answers; /* of the open transaction, one per line */
	struct buf entry;   /* scratch */
	uint64_t n_lines, n_invalid, n_duplicate;
	bool has_destroyed;			    /* keys wait for destruction after the commit */
	uint8_t depersonalised_id[SUBJECT_ID_SIZE]; /* of the last one, for the scenario runner; never stored */
	struct secret *master;			    /* while a writer is open: renewing and sharing ask for it */
	/* log signing and guard */
	struct secret *sign_seed;
	struct audit_signer signer;
	char *guard_path, *vkey_path;
	int lock_fd;
	char *vault_dir, *keep_dir, *key_path;
};

int64_t hall_now(const struct saqta_engine *e);

/* txn.c */
enum saqta_status hall_begin(struct saqta_engine *e, struct saqta_error *err) must_check_; /* no-op if open */
enum saqta_status hall_commit(struct saqta_engine *e, struct saqta_error *err) must_check_;
void hall_abort(struct saqta_engine *e); /* roll back and forget all caches; broken if that fails */
/** Sign the head and put it into the guard. */
enum saqta_status hall_checkpoint(struct saqta_engine *e, struct saqta_error *err) must_check_;
/** The subject known as @external_id into e->current; SAQTA_ERR_MISSING (no text) if unknown. */
enum saqta_status hall_subject(struct saqta_engine *e, const char *external_id, struct subject **ret, struct saqta_error *err) must_check_;
enum saqta_status hall_subject_by_id(struct saqta_engine *e, const uint8_t id[SUBJECT_ID_SIZE], struct subject **ret,
				     struct saqta_error *err) must_check_;
/** Write back e->current and the controller if they changed. */
enum saqta_status hall_flush(struct saqta_engine *e, struct saqta_error *err) must_check_;
/** Derive when the sweep must look at @s and move it there; exact: also to a later time. */
enum saqta_status hall_schedule(struct saqta_engine *e, struct subject *s, bool is_exact, struct saqta_error *err) must_check_;
void hall_reached(const struct saqta_engine *e, const struct subject *s, int64_t *ret_reached, int64_t *ret_achieved);

/* record.c: entries */
struct entry_extra {	   /* members of particular entries; zero or NULL: left out */
	const char *input; /* canonical event, committed to */
	size_t input_len;
	const char *request, *kind; /* kind of request, milestone, … */
	const struct subject *subject;
	const char *json; /* further members, sorted after the others, `"name":value,…` */
};
/** Append an entry of @type about @a at @at_us; sets a->audit. */
enum saqta_status hall_record(struct saqta_engine *e, const char *type, int64_t at_us, struct answer *a, const struct entry_extra *extra,
			      struct saqta_error *err) must_check_;
/** The key of the commitment in entry @seq about @s: HMAC under the subject's audit key, so destroyed with the subject. */
void hall_commitment_key(const struct subject *s, uint64_t seq, uint8_t ret[HASH_SIZE]);

/* facts.c */
/** @s NULL: nobody is known under that id, or the event has no subject. */
void hall_facts(struct saqta_engine *e, const struct event *ev, const struct subject *s, struct facts *ret);
void hall_subject_facts(const struct saqta_engine *e, const struct subject *s, int64_t at_us, struct facts *ret);
/** Decide and cite in @a what decided; true if permitted. */
bool hall_decide(struct saqta_engine *e, const struct subject *s, struct facts *f, int64_t at_us, struct answer *a, struct decision *ret);

/* effects.c */
struct effect_context {
	struct saqta_engine *e;
	struct subject *s; /* the controller for events without subject */
	const struct event *ev;
	int64_t at_us;
	struct answer *a;
	struct request *request; /* the request that the event is about, or NULL */
};
enum saqta_status effects_apply(struct effect_context *c, const struct plan *plan, struct saqta_error *err) must_check_;
enum saqta_status effects_withdraw(struct effect_context *c, const struct idset *scopes, const char *channel, const char *form,
				   struct saqta_error *err) must_check_;
/** Carry out waiting withdrawals whose condition is now met; @ret_n how many. */
enum saqta_status effects_pending(struct effect_context *c, unsigned *ret_n, struct saqta_error *err) must_check_;
void plan_cite(struct answer *a, const struct policy *p, const struct plan *plan);

/* delays.c */
/** Count the tasks that the partner of @s owed and that are late by @now_us: `$partner-delays`. Each counts once. */
enum saqta_status hall_count_delays(struct saqta_engine *e, struct subject *s, int64_t now_us, struct saqta_error *err) must_check_;

/* events.c: what each event does once it is permitted */
enum saqta_status event_carry_out(struct effect_context *c, const struct facts *f, struct saqta_error *err) must_check_;

/* destroy.c: (9) */
enum saqta_status hall_destroy_subject(struct saqta_engine *e, struct subject *s, int64_t at_us, const char *why, const char *clauses,
				       bool is_late, uint8_t ret_receipt[16], struct saqta_error *err) must_check_;
enum saqta_status hall_destroy_record(struct saqta_engine *e, struct subject *s, const struct record *r, int64_t at_us, const char *clauses,
				      bool is_late, struct saqta_error *err) must_check_;
/** Of the categories @only (empty: all, and then of @s nothing is left) what is in @keeps moves to somebody nameless, the rest is destroyed. */
enum saqta_status hall_depersonalise(struct saqta_engine *e, struct subject *s, const struct idset *keeps, const struct idset *only,
				     int64_t at_us, struct answer *a, struct saqta_error *err) must_check_;
/** The value of @rec stays, alone, with somebody nameless under a new key; recorded. The record itself is still to be destroyed. */
enum saqta_status hall_keep_nameless(struct saqta_engine *e, struct subject *s, const struct record *rec, int64_t at_us,
				     const char *clauses, struct saqta_error *err) must_check_;
/** What stands against destroying (all of) @s, or a record of @category: NULL if nothing, else clauses. Blocks, holds, evidence of requests. */
const char *hall_held(const struct saqta_engine *e, const struct subject *s, int64_t now_us, const char *category, const char *record_id);

/** One of the things that hall_held looks for: a hold, or a request that blocks or is evidence. */
struct obstacle {
	const struct hold *hold;
	const struct request *request;
	bool is_block;
};
/** The next of them; begin with *@at 0; false at the end. */
bool hall_next_obstacle(const struct saqta_engine *e, const struct subject *s, int64_t now_us, const char *category, const char *record_id,
			size_t *at, struct obstacle *ret);

/* fate.c */
/** What becomes of a record, or of the subject as a whole, by what the sweep goes by. */
struct fate {
	bool is_due;	  /* to go: its term is over, the subject is stopped, or it was ordered */
	bool is_kept;	  /* an at-least term that counts against it runs */
	bool is_held;	  /* a block, a hold or a request stands against it */
	bool has_end;	  /* a term runs */
	int64_t until_us; /* how long it stays, as far as terms go; INT64_MAX without one */
};
/** @whole and @own: retention of the subject and of the record (or of the subject again, @category NULL). */
struct fate hall_fate(const struct saqta_engine *e, const struct subject *s, const struct retention *whole, const struct retention *own,
		      const char *category, const char *record_id, int64_t now_us);

/* sweep.c */
struct sweep_result {
	uint64_t examined, lapsed, stopped, destroyed, depersonalised, held, late;
};
enum saqta_status hall_sweep(struct saqta_engine *e, const struct saqta_sweep_options *o, int64_t now_us, struct sweep_result *ret,
			     struct buf *ret_json, struct saqta_error *err) must_check_;

/** The purposes of a record, as ids. */
void hall_purposes(const struct policy *p, const struct record *rec, struct idset *ret);

/* show.c */
/** Record within the open transaction that @s was read (@kind: the purpose, or "masked"), commit and sign the head: before anything is given. */
enum saqta_status hall_record_read(struct saqta_engine *e, const struct subject *s, const char *kind, struct saqta_error *err) must_check_;
/** What is held of @s as one JSON object. */
enum saqta_status hall_subject_json(struct saqta_engine *e, struct subject *s, bool is_masked, struct buf *ret,
				    struct saqta_error *err) must_check_;
/** Call @visit for every living subject, in order of registration; @s is its own only. */
typedef enum saqta_status (*hall_visit_fn)(struct saqta_engine *e, struct subject *s, void *user, struct saqta_error *err);
enum saqta_status hall_each_subject(struct saqta_engine *e, hall_visit_fn visit, void *user, struct saqta_error *err) must_check_;
/** Keep with the subject that it is read, by whom and for what (NULL: masked). */
enum saqta_status hall_note_reading(struct saqta_engine *e, struct subject *s, const char *purpose, struct saqta_error *err) must_check_;

/** One request as a JSON object. */
void hall_request_json(const struct saqta_engine *e, const struct request *q, struct json_out *j);

/* policy_use.c */
/** Put e->policy in force within the open transaction: an entry that names it, its row, its files; whatever is decided from now on cites that
 *  entry. @is_first: of a new vault, whose due index needs no deriving. */
enum saqta_status hall_enforce_policy(struct saqta_engine *e, const char *pack, bool is_first, struct saqta_error *err) must_check_;
/** Load the policy in force: from the pack's files if they are still the same, else from those that the vault keeps. */
enum saqta_status hall_load_policy(struct saqta_engine *e, struct saqta_error *err) must_check_;
/** A version that the vault keeps. SAQTA_ERR_MISSING (no text) if there is none of this digest. */
enum saqta_status hall_load_stored(struct saqta_engine *e, const uint8_t digest[HASH_SIZE], struct policy **ret,
				   struct saqta_error *err) must_check_;
/** Put @p (which gets a reference of its own), found as @pack, in force in place of another: committed. */
enum saqta_status hall_switch_policy(struct saqta_engine *e, struct policy *p, const char *pack, struct saqta_error *err) must_check_;
/** @id becomes the id of the next living subject; begin with zeros. SAQTA_ERR_MISSING (no text) at the end. */
enum saqta_status hall_next_subject(struct saqta_engine *e, uint8_t id[SUBJECT_ID_SIZE], struct saqta_error *err) must_check_;
/** Is every subject's place in the due index derived under the policy in force? */
enum saqta_status hall_generation_is_whole(struct saqta_engine *e, bool *ret, struct saqta_error *err) must_check_;
struct derived {
	uint64_t subjects;
	uint64_t outdated; /* of them: a consent holds that was given under another version */
};
/** Derive the rest of them, step by step, each committed. */
enum saqta_status hall_finish_generation(struct saqta_engine *e, saqta_progress_fn progress, void *user, struct derived *ret,
					 struct saqta_error *err) must_check_;
/** Compute the deadlines of open tasks that ran into a year which the calendar did not know and now knows; committed, with an entry. */
enum saqta_status hall_deadlines(struct saqta_engine *e, uint64_t *ret_n, struct saqta_error *err) must_check_;

/* policy_source.c */
/** The policy that @from names: a pack, "in-force" or "digest:HEX". @ret gets a reference of the caller's own. */
enum saqta_status hall_policy_from(const struct saqta_policy_from *from, struct policy **ret, struct saqta_error *err) must_check_;
/* incarnate.c: the log begins anew, under another name and key; what was recorded before is kept, and verified with it */
/** Within the open transaction: the log's entries become its past, and a new one begins. Its entry 0 (type `incarnation`) holds the number, the
 *  past's origin, size and root, @reason, and @extra_json, an object with sorted members, as `what` (NULL: left out); entry 1 puts the policy
 *  in force again. The caller may record more, then ends with hall_incarnate_commit. On failure the engine is broken: reopen. */
enum saqta_status hall_incarnate(struct saqta_engine *e, const char *reason, const char *extra_json, struct saqta_error *err) must_check_;
/** Commit a new incarnation and move the guard and the published key to it. Whatever a crash leaves half done, the next opening finishes. */
enum saqta_status hall_incarnate_commit(struct saqta_engine *e, struct saqta_error *err) must_check_;
/** The two halves of it: the new guard beside the old one; then in its place, with the published key. */
enum saqta_status hall_guard_prepare(struct saqta_engine *e, struct saqta_error *err) must_check_;
enum saqta_status hall_guard_turn(struct saqta_engine *e, struct saqta_error *err) must_check_;
/** The log's verifier key, for everybody, into log.vkey. Durable. */
enum saqta_status hall_publish_key(struct saqta_engine *e, struct saqta_error *err) must_check_;
/** Hold the open vault against the guard. */
enum saqta_status hall_guard_check(struct saqta_engine *e, struct saqta_error *err) must_check_;
/** Name and key of the present incarnation; and of another: @ret_seed is owned by the caller and outlives @ret. @is_next: the key that is staged
 *  to follow; SAQTA_ERR_MISSING (no text) if none is. */
enum saqta_status hall_open_signer(struct saqta_engine *e, struct saqta_error *err) must_check_;
enum saqta_status hall_signer_of(struct saqta_engine *e, uint32_t incarnation, bool is_next, struct secret **ret_seed,
				 struct audit_signer *ret, struct saqta_error *err) must_check_;
/** Every entry of the former incarnations, oldest first; @visit gets the incarnation and the number. And those of the present one from @from
 *  on: what @visit answers but SAQTA_OK ends it, SAQTA_ERR_MISSING without an error. Of an entry that was pruned @len is 0 and @entry its leaf. */
typedef enum saqta_status (*hall_entry_fn)(struct saqta_engine *e, void *user, uint32_t incarnation, uint64_t seq, const uint8_t *entry,
					   size_t len, struct saqta_error *err);
enum saqta_status hall_each_past(struct saqta_engine *e, hall_entry_fn visit, void *user, struct saqta_error *err) must_check_;
enum saqta_status hall_each_entry(struct saqta_engine *e, uint64_t from, hall_entry_fn visit, void *user,
				  struct saqta_error *err) must_check_;
void hall_leaf(const uint8_t *entry, size_t len, uint8_t ret[HASH_SIZE]);
/** Hold each former incarnation against the head that its successor's first entry names. */
enum saqta_status hall_verify_past(struct saqta_engine *e, struct saqta_error *err) must_check_;

/* log_keys.c: the log's signing keys, epoch by epoch */
/** A new key from now on; the old one names it, signs that, and is destroyed. Durable. */
enum saqta_status hall_renew_log_key(struct saqta_engine *e, struct saqta_error *err) must_check_;
/** What a crash left of it: to be called by a writer that has checked the guard. */
enum saqta_status hall_finish_log_key(struct saqta_engine *e, struct saqta_error *err) must_check_;
/** The last note that a key signed: of the keys before the present one, and of incarnations that ended. */
struct hall_signed {
	struct audit_verifier verifier;
	struct audit_head head;
	const char *note; /* within the row */
	size_t note_len;
};
/** Note @n, from 0, of an incarnation. SAQTA_ERR_MISSING (no text) behind the last; SAQTA_ERR_TAMPERED if it does not hold. */
enum saqta_status hall_signed(struct saqta_engine *e, uint32_t incarnation, uint32_t n, struct buf *ret_row, struct hall_signed *ret,
			      struct saqta_error *err) must_check_;
enum saqta_status hall_signed_count(struct saqta_engine *e, uint32_t incarnation, uint32_t *ret, struct saqta_error *err) must_check_;
/** Within the open transaction: sign the head with the present key, whose last note it will be, and keep it. */
enum saqta_status hall_keep_signed(struct saqta_engine *e, struct saqta_error *err) must_check_;
/** Is the last of the first @size entries one that names @vkey as the next key? */
enum saqta_status hall_names_key(struct saqta_engine *e, uint64_t size, const char *vkey, bool *ret, struct saqta_error *err) must_check_;
/** Hold the keys of the present incarnation against the log: each is named by the entry with which its predecessor ended. */
enum saqta_status hall_verify_keys(struct saqta_engine *e, struct saqta_error *err) must_check_;

/* audit_witness.c */
/** The newest signed head with what witnesses of the policy cosigned of it. SAQTA_ERR_POLICY if their policy cannot be read. */
enum saqta_status hall_signed_head(struct saqta_engine *e, struct buf *ret_note, struct audit_head *ret,
				   struct saqta_error *err) must_check_;
/** Member `witnesses`: how many of those that the policy demands signed that head; nothing where there is no policy. What they were shown before
 *  is held against the log. */
enum saqta_status hall_witnesses_json(struct saqta_engine *e, struct json_out *j, struct saqta_error *err) must_check_;

/* prune.c */
/** Tell the open log what was pruned of it, as the newest entry `pruned` says; and forget it, within the open transaction, with the log itself. */
enum saqta_status hall_load_pruned(struct db *db, struct audit_log *log, struct saqta_error *err) must_check_;
enum saqta_status hall_forget_pruned(struct saqta_engine *e, struct saqta_error *err) must_check_;
/** Read an entry of that type; false if it is of another, or does not say it. @ret_newest_us: the latest `at` of what was pruned. */
bool hall_pruned_by(const json_t *entry, struct audit_pruned *ret, int64_t *ret_newest_us);
/** SAQTA_ERR_ARGUMENT if it cannot stand in the log for good. */
enum saqta_status hall_check_reason(const char *reason, struct saqta_error *err) must_check_;

/* migrate.c */
/** Bring up a vault, and its keystore, that an older program made: durable, with its entries. The log must be open and the policy loaded. */
enum saqta_status hall_migrate(struct saqta_engine *e, bool *ret_changed, struct saqta_error *err) must_check_;

/* audit_export.c */
/** The proof of entry @index against the newest signed head: appended to @ret. */
enum saqta_status hall_prove(struct saqta_engine *e, uint64_t index, struct buf *ret, struct saqta_error *err) must_check_;

/* run.c */
/** Hand a finished result, or a line of it, to the caller; @text is empty afterwards. */
enum saqta_status hall_give(saqta_write_fn write, void *user, struct buf *text, struct saqta_error *err);

/* apply.c */
/** Take one parsed event within the open transaction. */
enum saqta_status hall_apply(struct saqta_engine *e, const struct event *ev, struct answer *a, struct saqta_error *err) must_check_;
/** Answer a question without any change: JSON appended to @ret; @ret_permit may be NULL. */
enum saqta_status hall_question(struct saqta_engine *e, const struct event *ev, struct answer *a, struct buf *ret_json, bool *ret_permit,
				struct saqta_error *err) must_check_;

/* engine.c */
/** The built-in places where packs are looked up, owned: $SAQTA_POLICY_PATH, ./policies, the installed folder. */
char *hall_policy_dirs(void);
/** What opening is made of, for restore too. */
struct hall_paths {
	char *vault_dir, *keep_dir, *vault, *vkey, *keystore, *guard, *lock, *key_file, *restoring;
	char *new_keystore, *new_key; /* that a restore brings, until the vault has its name */
};
enum saqta_status hall_paths_init(const struct saqta_options *o, struct hall_paths *p, struct saqta_error *err) must_check_;
void hall_paths_done(struct hall_paths *p);
enum saqta_status hall_make_dir(const char *path, struct saqta_error *err) must_check_;
enum saqta_status hall_lock(const char *path, unsigned wait_s, int *ret_fd, struct saqta_error *err) must_check_;
struct saqta_engine *hall_engine_new(const struct saqta_options *o, struct saqta_error *err);
enum saqta_status hall_keep_paths(struct saqta_engine *e, const struct hall_paths *p, struct saqta_error *err) must_check_;
/** The master key; asks for its passphrase if it has one. */
enum saqta_status hall_master_key(const struct saqta_options *o, const char *path, struct secret **ret,
				  struct saqta_error *err) must_check_;
/** @ret_master: the key that opened it, owned by the caller; NULL: not wanted. */
/** After the vault that a restore brought has its name: the keys that came with it get theirs, and the guard turns. Durable. Until it is done
 *  there is no keystore.db, and the next opening does it. */
enum saqta_status hall_settle_keys(const struct hall_paths *p, struct saqta_error *err) must_check_;
enum saqta_status hall_open_keystore(const struct saqta_options *o, const struct hall_paths *p, const uint8_t id[16], bool is_reader,
				     struct keystore **ret, struct secret **ret_master, struct saqta_error *err) must_check_;
/** Open the log over the vault's store and sign with its key. Takes over @db and @keys. */
enum saqta_status hall_join(struct saqta_engine *e, struct db *db, struct keystore *keys, const uint8_t id[16],
			    struct saqta_error *err) must_check_;
/** An engine in memory under @p (which gets a reference of its own), and under @pack: for what is run again, and for scenarios. */
enum saqta_status hall_open_memory_under(struct policy *p, const char *dirs, int64_t now_us, struct saqta_engine **ret,
					 struct saqta_error *err) must_check_;
enum saqta_status hall_open_memory(const char *pack, const char *dirs, int64_t now_us, struct saqta_engine **ret, struct problems *problems,
				   struct saqta_error *err) must_check_;

#endif
