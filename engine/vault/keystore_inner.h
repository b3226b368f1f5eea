/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VAULT_KEYSTORE_INNER_H
#define VAULT_KEYSTORE_INNER_H

#include "vault/keystore.h"

/* What the keystore's own files share: keystore.c (opening, data keys), keystore_epoch.c (master key, epochs, the log's key) and
 * keystore_ledger.c (destructions). Nobody else includes it. */

enum { KS_META, KS_KEY, KS_GONE, KS_TABLES };

#define CACHE_KEYS 512
#define TRIM_BATCH 512
#define WRAPPED_SIZE (4 + SEAL_OVERHEAD + KEY_SIZE)
#define AAD_MAX 64

struct keystore {
	struct db *db;
	uint8_t vault_id[16];
	struct secret *epoch_key; /* owned */
	struct secret *root;	  /* owned: the branches derive from it */
	struct secret *log;	  /* owned: the log's signing keys derive from it; a new one with every renewal */
	struct secret *log_next;  /* owned: staged; NULL: none */
	struct secret *ledger;	  /* owned: the branch that seals the ledger */
	uint32_t epoch;
	struct db_txn txn; /* of keys added since the last flush */
	struct secret *cache[CACHE_KEYS];
	uint8_t cached_id[CACHE_KEYS][SUBJECT_ID_SIZE];
	bool is_cached[CACHE_KEYS];
	struct buf sealed; /* of the last wrap */
};

/** A key sealed under @with, its epoch before it, into ks->sealed; and back. @purpose and @id bind it to its place. */
enum saqta_status keystore_wrap(struct keystore *ks, const uint8_t *with, const char *purpose, const uint8_t *id,
				const uint8_t key[KEY_SIZE], struct saqta_error *err) must_check_;
enum saqta_status keystore_unwrap(struct keystore *ks, const uint8_t *with, const char *purpose, const uint8_t *id,
				  const struct buf *wrapped, uint8_t ret[KEY_SIZE], struct saqta_error *err) must_check_;
/** The epoch key under @master; the vault's root, the log's secret and the staged one under the epoch key. */
enum saqta_status keystore_put_epoch(struct keystore *ks, struct db_txn *txn, const struct secret *master,
				     struct saqta_error *err) must_check_;
enum saqta_status keystore_put_roots(struct keystore *ks, struct db_txn *txn, struct saqta_error *err) must_check_;
/** The first keys at or behind @from, at most TRIM_BATCH. */
enum saqta_status keystore_collect(struct keystore *ks, const uint8_t *from, size_t from_len, uint8_t (*ret)[SUBJECT_ID_SIZE],
				   size_t *ret_n, struct saqta_error *err) must_check_;
enum saqta_status keystore_delete_key(struct keystore *ks, struct db_txn *txn, const uint8_t id[SUBJECT_ID_SIZE],
				      struct saqta_error *err) must_check_;
/** How many lines the ledger should have. */
/** The ledger's count of a keystore without a line; one that is there stays. Since version KEYSTORE_COUNTED the row is always there. */
#define KEYSTORE_COUNTED 3
enum saqta_status keystore_begin_ledger(struct keystore *ks, struct db_txn *txn, struct saqta_error *err) must_check_;
enum saqta_status keystore_ledger_count(struct keystore *ks, uint64_t *ret, struct saqta_error *err) must_check_;

#endif
