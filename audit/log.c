/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/log.h"

#include <stdlib.h>
#include <string.h>

struct audit_log {
	struct db *db; /* borrowed */
	unsigned entries, nodes;
	struct audit_edge edge;
};

enum saqta_status audit_log_node(struct audit_log *log, unsigned level, uint64_t n, uint8_t ret[HASH_SIZE], struct saqta_error *err)
{
	cleanup_(buf_done) struct buf b = {0};
	uint64_t index = audit_node_index(level, n);
	enum saqta_status r = db_get_n(log->db, log->nodes, index, &b, err);

	if (r == SAQTA_ERR_MISSING || (!r && b.len != HASH_SIZE))
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "the log's node %llu is missing or cut", (unsigned long long)index);
	if (!r)
		memcpy(ret, b.data, HASH_SIZE);
	return r;
}

/* The complete subtrees of the first @size entries, largest first. */
enum saqta_status audit_log_edge(struct audit_log *log, uint64_t size, struct audit_edge *edge, struct saqta_error *err)
{
	unsigned top = 0;

	edge->size = size;
	for (int level = 63; level >= 0; level--) {
		enum saqta_status r;

		if (!(size >> level & 1))
			continue;
		r = audit_log_node(log, (unsigned)level, (size >> level) - 1, edge->stack[top++], err);
		if (r)
			return r;
	}
	return SAQTA_OK;
}

enum saqta_status audit_log_reload(struct audit_log *log, struct saqta_error *err)
{
	uint64_t last = 0;
	struct audit_head head;
	enum saqta_status r = db_last_n(log->db, log->entries, &last, err);

	if (r == SAQTA_ERR_MISSING) {
		log->edge.size = 0;
		return SAQTA_OK;
	}
	if (r)
		return r;
	if (last >= INT64_MAX)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "entry %lld cannot be", (long long)last);
	r = audit_log_edge(log, last + 1, &log->edge, err);
	if (r == SAQTA_ERR_TAMPERED && audit_log_verify(log, NULL, NULL, &head, err) == SAQTA_OK)
		return err_set(err, r, 0, "the log's right edge cannot be read, though every entry can: another process writes to it");
	return r;
}

enum saqta_status audit_log_open(struct db *db, unsigned entries, unsigned nodes, struct audit_log **ret, struct saqta_error *err)
{
	struct audit_log *log = calloc(1, sizeof(*log));
	enum saqta_status r;

	if (!log)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	*log = (struct audit_log){.db = db, .entries = entries, .nodes = nodes};
	r = audit_log_reload(log, err);
	if (r) {
		free(log);
		return r;
	}
	*ret = log;
	return SAQTA_OK;
}

struct audit_log *audit_log_close(struct audit_log *log)
{
	free(log);
	return NULL;
}

void audit_log_closep(struct audit_log **log) { *log = audit_log_close(*log); }

uint64_t audit_log_size(const struct audit_log *log) { return log->edge.size; }

void audit_log_head(const struct audit_log *log, struct audit_head *ret)
{
	ret->size = log->edge.size;
	audit_edge_root(&log->edge, ret->root);
}

enum saqta_status audit_log_append(struct audit_log *log, struct db_txn *txn, const void *entry, size_t len, uint64_t *ret_index,
				   struct saqta_error *err)
{
	uint8_t leaf[HASH_SIZE], nodes[65][HASH_SIZE];
	uint64_t index = log->edge.size, first = audit_node_count(index);
	unsigned n;
	enum saqta_status r;

	if (len > AUDIT_ENTRY_MAX)
		return err_set(err, SAQTA_ERR_LIMIT, 0, "an entry of the log would be longer than %u bytes", AUDIT_ENTRY_MAX);
	r = db_put_n(txn, log->entries, index, entry, len, err);
	if (r)
		return r;
	audit_leaf_hash(entry, len, leaf);
	n = audit_edge_append(&log->edge, leaf, nodes);
	for (unsigned i = 0; i < n; i++) {
		r = db_put_n(txn, log->nodes, first + i, nodes[i], HASH_SIZE, err);
		if (r)
			return r;
	}
	*ret_index = index;
	return SAQTA_OK;
}

enum saqta_status audit_log_entry(struct audit_log *log, uint64_t index, struct buf *ret, struct saqta_error *err)
{
	enum saqta_status r = db_get_n(log->db, log->entries, index, ret, err);

	return r == SAQTA_ERR_MISSING ? err_set(err, SAQTA_ERR_MISSING, 0, "the log has no entry %llu", (unsigned long long)index) : r;
}

enum saqta_status audit_log_root(struct audit_log *log, uint64_t size, uint8_t ret[HASH_SIZE], struct saqta_error *err)
{
	struct audit_edge edge;
	enum saqta_status r;

	if (size > log->edge.size)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "the log has only %llu entries", (unsigned long long)log->edge.size);
	r = audit_log_edge(log, size, &edge, err);
	if (!r)
		audit_edge_root(&edge, ret);
	return r;
}

/* ---- proofs ---- */

/* The hash of entries [lo, hi), lo a multiple of the largest power of two below hi - lo. */
static enum saqta_status range_hash(struct audit_log *log, uint64_t lo, uint64_t hi, uint8_t ret[HASH_SIZE], struct saqta_error *err)
{
	uint8_t hashes[64][HASH_SIZE];
	unsigned n = 0;

	while (lo < hi && n < 64) {
		unsigned level = 63 - (unsigned)__builtin_clzll(hi - lo);
		enum saqta_status r = audit_log_node(log, level, lo >> level, hashes[n++], err);

		if (r)
			return r;
		lo += UINT64_C(1) << level;
	}
	if (n == 0)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "an empty range has no hash");
	memcpy(ret, hashes[--n], HASH_SIZE);
	while (n > 0)
		audit_node_hash(hashes[--n], ret, ret);
	return SAQTA_OK;
}

static enum saqta_status range_hashes(struct audit_log *log, const struct audit_range *ranges, unsigned n,
				      uint8_t ret[AUDIT_PROOF_MAX][HASH_SIZE], struct saqta_error *err)
{
	enum saqta_status r = SAQTA_OK;

	for (unsigned i = 0; i < n && !r; i++)
		r = range_hash(log, ranges[i].from, ranges[i].to, ret[i], err);
	return r;
}

enum saqta_status audit_log_inclusion(struct audit_log *log, uint64_t index, uint64_t size, uint8_t ret[AUDIT_PROOF_MAX][HASH_SIZE],
				      unsigned *ret_count, struct saqta_error *err)
{
	struct audit_range ranges[AUDIT_PROOF_MAX];

	if (size > log->edge.size || index >= size)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "the log has only %llu entries", (unsigned long long)log->edge.size);
	*ret_count = audit_inclusion_ranges(index, size, ranges);
	return range_hashes(log, ranges, *ret_count, ret, err);
}

enum saqta_status audit_log_consistency(struct audit_log *log, uint64_t size1, uint64_t size2, uint8_t ret[AUDIT_PROOF_MAX][HASH_SIZE],
					unsigned *ret_count, struct saqta_error *err)
{
	struct audit_range ranges[AUDIT_PROOF_MAX];

	if (size2 > log->edge.size || size1 > size2 || size1 == 0)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "no proof between these sizes: the log has %llu entries",
			       (unsigned long long)log->edge.size);
	*ret_count = audit_consistency_ranges(size1, size2, ranges);
	return range_hashes(log, ranges, *ret_count, ret, err);
}

/* ---- verification: one pass over both tables, constant memory ---- */

#define FIRST ((uint64_t)INT64_MIN) /* numbers are signed in the store: what stands before 0 is found too */

static enum saqta_status next_entry(struct db_scan *scan, uint64_t want, const uint8_t **ret, size_t *ret_len, struct saqta_error *err)
{
	const uint8_t *key;
	size_t key_len;
	enum saqta_status r = db_scan_next(scan, &key, &key_len, ret, ret_len, err);

	if (r || be64_get(key) == want)
		return r;
	if (be64_get(key) >= FIRST)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "entry %lld stands before the first", (long long)be64_get(key));
	return err_set(err, SAQTA_ERR_TAMPERED, 0, "entry %llu is missing", (unsigned long long)want);
}

static enum saqta_status check_node(struct db_scan *nodes, uint64_t number, const uint8_t want[HASH_SIZE], uint64_t entry, bool is_leaf,
				    struct saqta_error *err)
{
	const uint8_t *key, *have;
	size_t key_len, len;
	enum saqta_status r = db_scan_next(nodes, &key, &key_len, &have, &len, err);

	if (r && r != SAQTA_ERR_MISSING)
		return r;
	if (r || be64_get(key) != number)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "node %llu over entry %llu is missing, or another stands before it",
			       (unsigned long long)number, (unsigned long long)entry);
	if (len == HASH_SIZE && memcmp(have, want, HASH_SIZE) == 0)
		return SAQTA_OK;
	if (is_leaf)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "entry %llu is not what was recorded", (unsigned long long)entry);
	return err_set(err, SAQTA_ERR_TAMPERED, 0, "node %llu over entry %llu is not what was recorded", (unsigned long long)number,
		       (unsigned long long)entry);
}

static enum saqta_status verify_entry(struct db_scan *nodes, struct audit_edge *edge, const uint8_t *entry, size_t len,
				      struct saqta_error *err)
{
	uint8_t leaf[HASH_SIZE], want[65][HASH_SIZE];
	uint64_t index = edge->size, first = audit_node_count(index);
	enum saqta_status r = SAQTA_OK;
	unsigned n;

	audit_leaf_hash(entry, len, leaf);
	n = audit_edge_append(edge, leaf, want);
	for (unsigned i = 0; i < n && !r; i++)
		r = check_node(nodes, first + i, want[i], index, i == 0, err);
	return r;
}

/* To the end of what stands there, in one snapshot: it may be more than was there when the log was opened, if another process writes. */
enum saqta_status audit_log_verify(struct audit_log *log, int (*progress)(void *user, uint64_t done, uint64_t total), void *user,
				   struct audit_head *ret, struct saqta_error *err)
{
	cleanup_(db_scan_closep) struct db_scan *entries = NULL, *nodes = NULL;
	struct audit_edge edge = {0};
	const uint8_t *entry;
	size_t len;
	uint64_t n_nodes = 0;
	enum saqta_status r = db_scan_open_n(log->db, log->entries, FIRST, &entries, err);

	if (!r)
		r = db_scan_open_n(log->db, log->nodes, FIRST, &nodes, err);
	while (!r) {
		r = next_entry(entries, edge.size, &entry, &len, err);
		if (!r)
			r = verify_entry(nodes, &edge, entry, len, err);
		if (!r && progress && edge.size % 4096 == 0 && progress(user, edge.size, log->edge.size) != 0)
			r = err_set(err, SAQTA_ERR_CANCELLED, 0, "stopped before the end");
	}
	if (r != SAQTA_ERR_MISSING)
		return r;
	if (edge.size < log->edge.size)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "entry %llu is missing", (unsigned long long)edge.size);
	r = db_count(log->db, log->nodes, &n_nodes, err);
	if (r)
		return r;
	if (n_nodes != audit_node_count(edge.size))
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "entry %llu is missing: node %llu stands behind the end of the log",
			       (unsigned long long)edge.size, (unsigned long long)audit_node_count(edge.size));
	ret->size = edge.size;
	audit_edge_root(&edge, ret->root);
	return SAQTA_OK;
}
