/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_TILES_H
#define AUDIT_TILES_H

#include "audit/log.h"

/* C2SP tlog-tiles: a log as a folder of plain files.
 *
 * checkpoint                     the signed head
 * tile/<level>/<n>[.p/<width>]   width x 32 bytes: hashes of the complete subtrees of 256^level entries
 * tile/entries/<n>[.p/<width>]   width entries, each after its length as be16; length 0: pruned, its hash stands in the tile of level 0
 * log.vkey                       ours: the key that verifies the checkpoint */

#define TILE_WIDTH 256u
#define TILE_LEVELS 8u		 /* enough for 2^64 entries */
#define TILE_ENTRIES TILE_LEVELS /* in place of a level: the bundle of entries */
#define TILE_PATH_SIZE 64	 /* of a path, with its NUL */
#define TILE_CHECKPOINT "checkpoint"
#define TILE_KEY "log.vkey"

/** The path of tile @n; @width TILE_WIDTH: a full one. */
void tile_path(unsigned level, uint64_t n, unsigned width, char ret[TILE_PATH_SIZE]);
/** How many hashes tile @n of @level (or entries its bundle) holds in a log of @size: 0 to TILE_WIDTH. */
unsigned tile_width(unsigned level, uint64_t n, uint64_t size);
/** The tile that is not full in a log of @size, if there is one (its width is not 0). */
uint64_t tile_last(unsigned level, uint64_t size);

/* ---- export.c: writing such a folder ---- */

struct audit_export;
/** Open the folder @dir, or make it, for the log of @keys: the present one first, then those of before, which may have signed what stands there.
 *  SAQTA_ERR_CREATE if something else stands there or another log, SAQTA_ERR_TAMPERED if its checkpoint does not hold. */
enum saqta_status audit_export_open(const char *dir, const struct audit_verifier *keys, unsigned n_keys, struct audit_export **ret,
				    struct saqta_error *err) must_check_;
struct audit_export *audit_export_close(struct audit_export *x);
void audit_export_closep(struct audit_export **x);
/** How many entries the folder's checkpoint vouches for. */
uint64_t audit_export_size(const struct audit_export *x);
/** Go on from the last full tile, with the nodes of @log, instead of from the first entry. */
enum saqta_status audit_export_resume(struct audit_export *x, struct audit_log *log, struct saqta_error *err) must_check_;
/** The entry that comes next; and its number. Files are written as tiles fill up. */
uint64_t audit_export_next(const struct audit_export *x);
enum saqta_status audit_export_add(struct audit_export *x, const void *entry, size_t len, struct saqta_error *err) must_check_;
/** One that was pruned: its length is 0, and all that is known of it is the hash of its leaf. */
enum saqta_status audit_export_add_pruned(struct audit_export *x, const uint8_t leaf[HASH_SIZE], struct saqta_error *err) must_check_;
/** The head of what was given so far. */
void audit_export_head(const struct audit_export *x, struct audit_head *ret);
/** Write what is not full, sync, then the key and the checkpoint @note, which must be of this head; then take away the partial tiles of before. A crash at any
 *  moment leaves a checkpoint that all its tiles stand behind. */
enum saqta_status audit_export_finish(struct audit_export *x, const struct buf *note, struct saqta_error *err) must_check_;

/* ---- proof.c ---- */

/** C2SP tlog-proof: @note proves that the entry @index with @path is in the log; @extra is carried along: appended to @ret. */
enum saqta_status audit_proof_format(uint64_t index, const uint8_t (*path)[HASH_SIZE], unsigned n_path, const struct buf *extra,
				     const struct buf *note, struct buf *ret, struct saqta_error *err) must_check_;
/** Read back a proof whose extra data are the entry. Its text is parsed strictly, its checkpoint verified, and the entry shown to be in that log:
 *  else SAQTA_ERR_TAMPERED with the reason. */
struct audit_proof {
	uint64_t index;
	struct buf entry; /* owned; to be zero before, buf_done after */
	uint8_t path[AUDIT_PROOF_MAX][HASH_SIZE];
	unsigned n_path;
	char origin[AUDIT_NAME_MAX + 1];
	struct audit_head head;
};
enum saqta_status audit_proof_open(const char *text, size_t len, const struct audit_verifier *verifier, struct audit_proof *ret,
				   struct saqta_error *err) must_check_;

#endif
