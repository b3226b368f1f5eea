/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VAULT_KEYSTORE_H
#define VAULT_KEYSTORE_H

#include "base/crypt.h"
#include "base/db.h"
#include "base/instant.h"

/* The keystore: master key -> epoch key -> data key of a subject. A SQLite file of its own in the keep folder,
 * outside the vault's backups: destroying a key destroys what every backup of the vault holds of that subject.
 *
 * Data keys are stored sealed under the epoch key (AAD: "saqta key", vault id, subject id); the epoch key sealed under a key derived
 * by HKDF from the master key; the vault's branch keys (look-up, event ids, log signing seed, audit) derive by HKDF with their own
 * label from a vault root secret that is sealed under the epoch key like a data key. */

#define SUBJECT_ID_SIZE 16

struct keystore;

/* The key file holds the master key: 64 hex digits and a newline, or, under a passphrase, one line
 * "saqta-key 1 argon2id <KiB> <passes> <lanes> <salt> <sealed key>" (docs/keys.md). */

/** Asks for a passphrase: writes at most @size bytes, returns how many; negative: there is none. Asked only where one is needed. */
typedef long (*passphrase_fn)(void *user, char *ret, size_t size);
#define PASSPHRASE_MAX 1024u
#define PASSPHRASE_MIN 12u /* of a new one */
struct passphrase {
	passphrase_fn ask; /* NULL: none is to be had */
	void *user;
};
/** Write @key to a new file (mode 0600, O_EXCL, fsync of file and folder), under a passphrase if @phrase is not NULL. SAQTA_ERR_CREATE;
 *  SAQTA_ERR_KEY if no passphrase is given or it is too short. */
enum saqta_status keyfile_write(const char *path, const struct secret *key, const struct passphrase *phrase,
				struct saqta_error *err) must_check_;
/** The same with a new random key. */
enum saqta_status keyfile_create(const char *path, struct saqta_error *err) must_check_;
/** Read it: must be a regular file of ours that nobody else can read (SAQTA_ERR_KEY says `chmod 600 PATH`).
 *  SAQTA_ERR_MISSING when absent; SAQTA_ERR_KEY for a passphrase that is wrong or missing. @phrase may be NULL. */
enum saqta_status keyfile_open(const char *path, const struct passphrase *phrase, struct secret **ret, struct saqta_error *err) must_check_;
enum saqta_status keyfile_read(const char *path, struct secret **ret, struct saqta_error *err) must_check_; /* without a passphrase */
/** Is it one that needs a passphrase? */
bool keyfile_has_passphrase(const char *path);
/** Put @path.new in the place of @path, and overwrite what stood there as far as the file system lets us. */
enum saqta_status keyfile_replace(const char *path, struct saqta_error *err) must_check_;

/** A key from a passphrase, with Argon2id: parameters from us or, read back, within bounds (crypt_argon2id). */
struct passphrase_params {
	uint32_t memory_kib, passes, lanes;
	uint8_t salt[32];
};
void passphrase_params_new(struct passphrase_params *ret);
enum saqta_status passphrase_key(const struct passphrase *phrase, bool is_new, const struct passphrase_params *params, struct secret **ret,
				 struct saqta_error *err) must_check_;

/** @master is borrowed. @vault_id binds every wrapped key to this vault. @path NULL: in memory (scenarios). */
enum saqta_status keystore_create(const char *path, const struct secret *master, const uint8_t vault_id[16], struct keystore **ret,
				  struct saqta_error *err) must_check_;
/** SAQTA_ERR_KEY when the master key is not the right one; SAQTA_ERR_TAMPERED when the file is cut or changed. A reader never writes. */
enum saqta_status keystore_open_reader(const char *path, const struct secret *master, const uint8_t vault_id[16], struct keystore **ret,
				       struct saqta_error *err) must_check_;
enum saqta_status keystore_open(const char *path, const struct secret *master, const uint8_t vault_id[16], struct keystore **ret,
				struct saqta_error *err) must_check_;
/** Is @master the key of the keystore at @path, of whatever vault? SAQTA_ERR_KEY if not; SAQTA_ERR_MISSING if there is none. */
enum saqta_status keystore_check(const char *path, const struct secret *master, struct saqta_error *err) must_check_;
#define KEYSTORE_VERSION 3 /* of the layout, as VAULT_VERSION */
/** The version of the file that was opened; and, in one transaction, up to the present one. Durable. Before anything else. */
enum saqta_status keystore_version(struct keystore *ks, uint32_t *ret, struct saqta_error *err) must_check_;
enum saqta_status keystore_bring_up(struct keystore *ks, struct saqta_error *err) must_check_;
struct keystore *keystore_close(struct keystore *ks);
void keystore_closep(struct keystore **ks);

/** 32 bytes for @label ("lookup", "event-id", "log-signing", …): same vault, same label, same key. Into locked memory. */
enum saqta_status keystore_branch(struct keystore *ks, const char *label, struct secret **ret, struct saqta_error *err) must_check_;

/** The log's signing seed for @label, in the secret @ret: it derives from a secret of its own, which is replaced at every renewal, so that no key
 *  that is kept signs for an epoch that is over. False if @is_next and none is staged. */
bool keystore_log_seed(struct keystore *ks, const char *label, bool is_next, struct secret *ret);
/** Draw the secret that comes next; put it in the place of the present one, which is gone then; or drop it. Each durable when it returns; after
 *  a failure reopen. */
enum saqta_status keystore_log_stage(struct keystore *ks, struct saqta_error *err) must_check_;
enum saqta_status keystore_log_turn(struct keystore *ks, struct saqta_error *err) must_check_;
enum saqta_status keystore_log_drop(struct keystore *ks, struct saqta_error *err) must_check_;

/** Draw a data key for a new subject. It is durable after keystore_flush, which must come before the vault's commit. */
enum saqta_status keystore_add(struct keystore *ks, const uint8_t id[SUBJECT_ID_SIZE], uint8_t ret[KEY_SIZE],
			       struct saqta_error *err) must_check_;
enum saqta_status keystore_flush(struct keystore *ks, struct saqta_error *err) must_check_;
/** Forget what was added since the last flush (the vault's transaction was rolled back). */
void keystore_cancel(struct keystore *ks);
/** SAQTA_ERR_MISSING (no text) when there is no such key. Keeps a small LRU in locked memory. Caller wipes @ret. */
enum saqta_status keystore_get(struct keystore *ks, const uint8_t id[SUBJECT_ID_SIZE], uint8_t ret[KEY_SIZE],
			       struct saqta_error *err) must_check_;
/** Delete the keys of @n subjects in one synced transaction and truncate the WAL; absent ones are no error. Called after the vault's commit. */
enum saqta_status keystore_destroy(struct keystore *ks, const uint8_t (*ids)[SUBJECT_ID_SIZE], size_t n,
				   struct saqta_error *err) must_check_;

/* The ledger of destructions: what was destroyed, for the return of a backup that was made before. It stands in the keystore's file, so that a
 * key and its line change places in one transaction, and outside the vault's backups. Each line is sealed, and so is their number. */

#define GONE_ROW_MAX (SUBJECT_ID_SIZE + 1 + 8)
/** One destruction: a whole subject (@row is its id) or one row of it (@row is the row's key in the vault). */
struct gone {
	uint8_t row[GONE_ROW_MAX];
	size_t row_len;
	const uint8_t *note; /* borrowed: who destroyed it says what is kept of it */
	size_t note_len;
};
/** As keystore_destroy, and a line in the ledger for each; rows of a subject have no key of their own. What has a line already keeps it. */
enum saqta_status keystore_bury(struct keystore *ks, const struct gone *list, size_t n, struct saqta_error *err) must_check_;
/** Every line in order of the rows. SAQTA_ERR_TAMPERED when a line was changed, added or removed. @visit may be NULL: only check. */
typedef enum saqta_status (*gone_fn)(void *user, const struct gone *line, struct saqta_error *err);
enum saqta_status keystore_ledger(struct keystore *ks, gone_fn visit, void *user, uint64_t *ret_count, struct saqta_error *err) must_check_;

/** Delete keys above @newest (be-ordered): subjects whose vault transaction never committed. */
enum saqta_status keystore_trim(struct keystore *ks, const uint8_t newest[SUBJECT_ID_SIZE], struct saqta_error *err) must_check_;
enum saqta_status keystore_count(struct keystore *ks, uint64_t *ret, struct saqta_error *err) must_check_;

/** A new master key: only the epoch key is sealed anew. Durable when it returns; the old master key opens nothing any more. */
enum saqta_status keystore_rotate(struct keystore *ks, const struct secret *master, struct saqta_error *err) must_check_;
/** A new epoch: a new epoch key, every living key sealed anew under it, the old one gone from the file, in one transaction. Old copies of the
 *  keystore go on opening what was sealed in their epoch with the master key of their time. @progress may be NULL; non-zero cancels. */
enum saqta_status keystore_renew(struct keystore *ks, const struct secret *master, int64_t now_us,
				 int (*progress)(void *user, uint64_t done, uint64_t total), void *user,
				 struct saqta_error *err) must_check_;
struct keystore_status {
	uint32_t epoch;
	int64_t epoch_us;  /* since when; INSTANT_NONE: since the vault was made */
	uint64_t n_keys;   /* of living subjects, the controller's among them */
	uint64_t n_ledger; /* destructions kept for the return of a backup */
};
enum saqta_status keystore_status(struct keystore *ks, struct keystore_status *ret, struct saqta_error *err) must_check_;
/** A whole copy into the new file @path, that opens with @master and not with the present one. */
enum saqta_status keystore_copy(struct keystore *ks, const char *path, const struct secret *master, struct saqta_error *err) must_check_;
#endif
