/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_LOG_H
#define AUDIT_LOG_H

#include "base/crypt.h"
#include "base/db.h"

/* The audit log: an RFC 6962 tree (SHA-256) whose entries and nodes stand in the vault's file and are written in the
 * transaction of the change that they record. The room knows nothing of policies and subjects: an entry is bytes. */

#define AUDIT_ENTRY_MAX 65535u
#define AUDIT_PROOF_MAX 64u

struct audit_head {
	uint64_t size;
	uint8_t root[HASH_SIZE];
};

/* ---- tree.c: pure, no store ---- */
void audit_leaf_hash(const void *entry, size_t len, uint8_t ret[HASH_SIZE]);
void audit_node_hash(const uint8_t left[HASH_SIZE], const uint8_t right[HASH_SIZE], uint8_t ret[HASH_SIZE]);
/** The right edge of a tree: enough to append and to give the root. */
struct audit_edge {
	uint64_t size;
	uint8_t stack[64][HASH_SIZE]; /* complete subtrees, largest first */
};
/** Append a leaf; @ret_nodes receives the 1 + trailing_ones(size) new node hashes in dense storage order (leaf first). */
unsigned audit_edge_append(struct audit_edge *edge, const uint8_t leaf[HASH_SIZE], uint8_t ret_nodes[65][HASH_SIZE]);
void audit_edge_root(const struct audit_edge *edge, uint8_t ret[HASH_SIZE]);
/** Dense storage index of node (level, n): facts/audit 2.1 (golang tlog's order). */
uint64_t audit_node_index(unsigned level, uint64_t n);
/** Number of stored nodes of a tree of @size entries. */
uint64_t audit_node_count(uint64_t size);
/** The ranges of entries whose hashes prove entry @index in a tree of @size > @index, from the leaf up; and those that prove a tree of
 *  @size1 to be the beginning of one of @size2, 0 < @size1 <= @size2. Return how many. */
struct audit_range {
	uint64_t from, to;
};
unsigned audit_inclusion_ranges(uint64_t index, uint64_t size, struct audit_range ret[AUDIT_PROOF_MAX]);
unsigned audit_consistency_ranges(uint64_t size1, uint64_t size2, struct audit_range ret[AUDIT_PROOF_MAX]);
bool audit_verify_inclusion(uint64_t index, uint64_t size, const uint8_t leaf[HASH_SIZE], const uint8_t (*path)[HASH_SIZE], size_t n_path,
			    const uint8_t root[HASH_SIZE]);
bool audit_verify_consistency(uint64_t size1, uint64_t size2, const uint8_t (*path)[HASH_SIZE], size_t n_path,
			      const uint8_t root1[HASH_SIZE], const uint8_t root2[HASH_SIZE]);

/* ---- log.c: the log in a store ---- */
struct audit_log;
/** @entries and @nodes: the store's tables by number. Rebuilds the right edge from the stored nodes. */
enum saqta_status audit_log_open(struct db *db, unsigned entries, unsigned nodes, struct audit_log **ret,
				 struct saqta_error *err) must_check_;
struct audit_log *audit_log_close(struct audit_log *log);
void audit_log_closep(struct audit_log **log);
uint64_t audit_log_size(const struct audit_log *log);
void audit_log_head(const struct audit_log *log, struct audit_head *ret);
/** Append within @txn. If the transaction is rolled back the caller calls audit_log_reload. */
enum saqta_status audit_log_append(struct audit_log *log, struct db_txn *txn, const void *entry, size_t len, uint64_t *ret_index,
				   struct saqta_error *err) must_check_;
enum saqta_status audit_log_reload(struct audit_log *log, struct saqta_error *err) must_check_;
/** Entry @index appended to @ret; nothing of one that was pruned. */
enum saqta_status audit_log_entry(struct audit_log *log, uint64_t index, struct buf *ret, struct saqta_error *err) must_check_;
/** What was pruned: the bodies of entries below @to whose numbers, as be64 in ascending order, have the digest @which; entry @by says so. Their
 *  nodes stay, so every proof holds; an empty body that is none of them is one that was taken away. */
struct audit_pruned {
	uint64_t by, to;
	uint8_t which[HASH_SIZE];
};
/** To be said after opening, by whoever reads entries; @pruned NULL: nothing was. */
void audit_log_set_pruned(struct audit_log *log, const struct audit_pruned *pruned);
/** NULL: nothing was pruned. */
const struct audit_pruned *audit_log_pruned(const struct audit_log *log);
/** Take away the body of an entry within @txn. */
enum saqta_status audit_log_blank(struct audit_log *log, struct db_txn *txn, uint64_t index, struct saqta_error *err) must_check_;
/** Root of the first @size entries. */
enum saqta_status audit_log_root(struct audit_log *log, uint64_t size, uint8_t ret[HASH_SIZE], struct saqta_error *err) must_check_;
/** A stored node: the hash of the complete subtree of the entries from @n << @level on; and the edge of the first @size entries. */
enum saqta_status audit_log_node(struct audit_log *log, unsigned level, uint64_t n, uint8_t ret[HASH_SIZE],
				 struct saqta_error *err) must_check_;
enum saqta_status audit_log_edge(struct audit_log *log, uint64_t size, struct audit_edge *ret, struct saqta_error *err) must_check_;
enum saqta_status audit_log_inclusion(struct audit_log *log, uint64_t index, uint64_t size, uint8_t ret[AUDIT_PROOF_MAX][HASH_SIZE],
				      unsigned *ret_count, struct saqta_error *err) must_check_;
enum saqta_status audit_log_consistency(struct audit_log *log, uint64_t size1, uint64_t size2, uint8_t ret[AUDIT_PROOF_MAX][HASH_SIZE],
					unsigned *ret_count, struct saqta_error *err) must_check_;
/** Re-read every entry and every node, recompute, compare; also gap-free numbering. Names the first wrong entry.
 *  @progress may be NULL; non-zero cancels. */
enum saqta_status audit_log_verify(struct audit_log *log, int (*progress)(void *user, uint64_t done, uint64_t total), void *user,
				   struct audit_head *ret, struct saqta_error *err) must_check_;

/* ---- note.c: C2SP signed notes and checkpoints ---- */
#define AUDIT_NAME_MAX 255u
#define AUDIT_NOTE_MAX ((size_t)1 << 20)
enum { AUDIT_ED25519 = 1, AUDIT_COSIGNATURE = 4 }; /* C2SP's numbers; the second is a witness's */
struct audit_verifier {
	uint8_t type;
	char name[AUDIT_NAME_MAX + 1];
	uint8_t key_id[4];
	uint8_t pub[ED25519_PUBLIC_SIZE];
};
struct audit_signer {
	struct audit_verifier verifier;
	const uint8_t *seed; /* borrowed, locked memory */
};
enum saqta_status audit_signer_init(struct audit_signer *ret, const char *name, const uint8_t *seed, struct saqta_error *err) must_check_;
/** The same of a witness: its key makes cosignatures and nothing else. */
enum saqta_status audit_cosigner_init(struct audit_signer *ret, const char *name, const uint8_t *seed, struct saqta_error *err) must_check_;
/** "<name>+<8 hex>+<base64(type || pub)>" */
void audit_vkey_format(const struct audit_verifier *v, struct buf *ret);
bool audit_vkey_parse(const char *text, size_t len, struct audit_verifier *ret);
/** @text, which ends with a line feed, a blank line and the signature: appended to @ret. */
enum saqta_status audit_note_sign(const struct audit_signer *signer, const void *text, size_t len, struct buf *ret,
				  struct saqta_error *err) must_check_;
/** The line that says of a note's text: as of @time_s (since 1970) the witness knows no larger tree of this log. Appended to @ret. */
enum saqta_status audit_note_cosign(const struct audit_signer *witness, uint64_t time_s, const void *text, size_t len, struct buf *ret,
				    struct saqta_error *err) must_check_;
/** What a verifier's signature on a note said. */
struct audit_seal {
	bool holds;
	uint64_t time_s; /* since 1970, of a cosignature; else 0 */
};
/** Parse strictly and verify: at least one signature of @verifiers holds, none of theirs is bad; unknown ones are ignored. @ret_text_len: the
 *  text is the note's first so many bytes. @ret_seals: one a verifier, or NULL. SAQTA_ERR_TAMPERED with the reason. n_verifiers 0 parses without
 *  verifying. */
enum saqta_status audit_note_open(const char *note, size_t len, const struct audit_verifier *verifiers, unsigned n_verifiers,
				  size_t *ret_text_len, struct audit_seal *ret_seals, struct saqta_error *err) must_check_;
/** A checkpoint signed by @signer: appended to @ret. Origin is the signer's name. */
enum saqta_status audit_checkpoint_sign(const struct audit_signer *signer, const struct audit_head *head, struct buf *ret,
					struct saqta_error *err) must_check_;
/** A note whose text is a checkpoint. @ret_origin may be NULL (AUDIT_NAME_MAX + 1 bytes). */
enum saqta_status audit_checkpoint_open(const char *text, size_t len, const struct audit_verifier *verifiers, unsigned n_verifiers,
					char *ret_origin, struct audit_head *ret, struct saqta_error *err) must_check_;
/** What a checkpoint says, whoever signed it: to be verified before it is believed. */
bool audit_checkpoint_peek(const char *note, size_t len, char *ret_origin, struct audit_head *ret, size_t *ret_text_len);
/** What such texts are made of: a decimal number without zeros in front, below 10^19; a line without its end, NULL where none begins (@at moves
 *  behind it). */
bool audit_number_parse(const char *text, size_t len, uint64_t *ret);
const char *audit_next_line(const char **at, const char *end, size_t *ret_len);

/* ---- guard.c: the newest checkpoint, kept outside the vault's backups ---- */
/** Read the guard file. SAQTA_ERR_MISSING when there is none. */
enum saqta_status audit_guard_read(const char *path, struct buf *ret_note, struct saqta_error *err) must_check_;
/** Replace it: @expected (NULL: none may exist) must still be its content, else SAQTA_ERR_TAMPERED. Temp file, fsync, rename, fsync of the folder. */
enum saqta_status audit_guard_write(const char *path, const struct buf *expected, const struct buf *note,
				    struct saqta_error *err) must_check_;
/** Hold the open log against its guard: smaller, or another root at the guarded size, is SAQTA_ERR_TAMPERED ("rolled back"). */
enum saqta_status audit_guard_check(struct audit_log *log, const struct buf *note, const struct audit_verifier *verifier,
				    struct saqta_error *err) must_check_;

#endif
