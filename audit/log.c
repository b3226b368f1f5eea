/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/log.h"

#include <stdlib.h>
#include <string.h>

struct audit_log {
	struct db *db; /* borrowed */
	unsigned entries, nodes;
	struct audit_edge edge;
	struct audit_pruned pruned; /* to 0: nothing was */
	bool is_opening;	    /* what was pruned is not told yet */
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
	*log = (struct audit_log){.db = db, .entries = entries, .nodes = nodes, .is_opening = true};
	r = audit_log_reload(log, err);
	log->is_opening = false;
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

static enum saqta_status not_recorded(uint64_t index, struct saqta_error *err)
{
	return err_set(err, SAQTA_ERR_TAMPERED, 0, "entry %llu is not what was recorded", (unsigned long long)index);
}

static bool is_empty_leaf(const uint8_t leaf[HASH_SIZE])
{
	uint8_t empty[HASH_SIZE];

	audit_leaf_hash("", 0, empty);
	return memcmp(leaf, empty, HASH_SIZE) == 0;
}

/* An entry of no bytes that was not pruned: it may have been appended so. */
static enum saqta_status check_empty(struct audit_log *log, uint64_t index, struct saqta_error *err)
{
	uint8_t leaf[HASH_SIZE];
	enum saqta_status r = audit_log_node(log, 0, index, leaf, err);

	return r || is_empty_leaf(leaf) ? r : not_recorded(index, err);
}

enum saqta_status audit_log_entry(struct audit_log *log, uint64_t index, struct buf *ret, struct saqta_error *err)
{
	const size_t len = ret->len;
	enum saqta_status r = db_get_n(log->db, log->entries, index, ret, err);

	if (!r && ret->len == len && index >= log->pruned.to)
		return check_empty(log, index, err);
	return r == SAQTA_ERR_MISSING ? err_set(err, SAQTA_ERR_MISSING, 0, "the log has no entry %llu", (unsigned long long)index) : r;
}

void audit_log_set_pruned(struct audit_log *log, const struct audit_pruned *pruned)
{
	log->pruned = pruned ? *pruned : (struct audit_pruned){0};
}

const struct audit_pruned *audit_log_pruned(const struct audit_log *log) { return log->pruned.to > 0 ? &log->pruned : NULL; }

enum saqta_status audit_log_blank(struct audit_log *log, struct db_txn *txn, uint64_t index, struct saqta_error *err)
{
	return db_blank_n(txn, log->entries, index, err);
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

/* The node that must come next: its hash in @ret. */
static enum saqta_status next_node(struct db_scan *nodes, uint64_t number, uint64_t entry, const uint8_t **ret, size_t *ret_len,
				   struct saqta_error *err)
{
	const uint8_t *key;
	size_t key_len;
	enum saqta_status r = db_scan_next(nodes, &key, &key_len, ret, ret_len, err);

	if (r && r != SAQTA_ERR_MISSING)
		return r;
	if (r || be64_get(key) != number)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "node %llu over entry %llu is missing, or another stands before it",
			       (unsigned long long)number, (unsigned long long)entry);
	return SAQTA_OK;
}

static enum saqta_status check_node(struct db_scan *nodes, uint64_t number, const uint8_t want[HASH_SIZE], uint64_t entry, bool is_leaf,
				    struct saqta_error *err)
{
	const uint8_t *have = NULL;
	size_t len = 0;
	enum saqta_status r = next_node(nodes, number, entry, &have, &len, err);

	if (r || (len == HASH_SIZE && memcmp(have, want, HASH_SIZE) == 0))
		return r;
	if (is_leaf)
		return not_recorded(entry, err);
	return err_set(err, SAQTA_ERR_TAMPERED, 0, "node %llu over entry %llu is not what was recorded", (unsigned long long)number,
		       (unsigned long long)entry);
}

struct verification {
	const struct audit_log *log;
	struct db_scan *entries, *nodes; /* owned */
	struct sha256 *which;		 /* of the entries that are empty; owned */
	struct audit_edge edge;
};

static void verification_done(struct verification *v)
{
	uint8_t ignored[HASH_SIZE];

	db_scan_close(v->entries);
	db_scan_close(v->nodes);
	if (v->which)
		sha256_end(v->which, ignored);
}

/* Of what was pruned the node is all there is: it is held against those above it. */
static enum saqta_status pruned_leaf(struct verification *v, uint64_t index, uint8_t ret[HASH_SIZE], struct saqta_error *err)
{
	const uint8_t *have = NULL;
	uint8_t number[8];
	size_t len = 0;
	enum saqta_status r;

	r = next_node(v->nodes, audit_node_count(index), index, &have, &len, err);
	if (r)
		return r;
	if (len != HASH_SIZE || (index >= v->log->pruned.to && !v->log->is_opening && !is_empty_leaf(have)))
		return not_recorded(index, err);
	memcpy(ret, have, HASH_SIZE);
	for (unsigned i = 0; i < sizeof(number); i++)
		number[i] = (uint8_t)(index >> (56 - 8 * i));
	if (!is_empty_leaf(have))
		sha256_add(v->which, number, sizeof(number));
	return SAQTA_OK;
}

static enum saqta_status verify_entry(struct verification *v, const uint8_t *entry, size_t len, struct saqta_error *err)
{
	uint8_t leaf[HASH_SIZE], want[65][HASH_SIZE];
	uint64_t index = v->edge.size, first = audit_node_count(index);
	enum saqta_status r = SAQTA_OK;
	unsigned n;

	if (len > 0)
		audit_leaf_hash(entry, len, leaf);
	else
		r = pruned_leaf(v, index, leaf, err);
	if (r)
		return r;
	n = audit_edge_append(&v->edge, leaf, want);
	for (unsigned i = len > 0 ? 0 : 1; i < n && !r; i++)
		r = check_node(v->nodes, first + i, want[i], index, i == 0, err);
	return r;
}

static enum saqta_status check_pruned(struct verification *v, struct saqta_error *err)
{
	const struct audit_pruned *p = &v->log->pruned;
	uint8_t which[HASH_SIZE];

	sha256_end(v->which, which);
	v->which = NULL;
	if (p->to == 0 || v->log->is_opening || memcmp(which, p->which, HASH_SIZE) == 0)
		return SAQTA_OK;
	return err_set(err, SAQTA_ERR_TAMPERED, 0, "the entries below %llu that are empty are not those that entry %llu pruned",
		       (unsigned long long)p->to, (unsigned long long)p->by);
}

/* To the end of what stands there, in one snapshot: it may be more than was there when the log was opened, if another process writes. */
enum saqta_status audit_log_verify(struct audit_log *log, int (*progress)(void *user, uint64_t done, uint64_t total), void *user,
				   struct audit_head *ret, struct saqta_error *err)
{
	cleanup_(verification_done) struct verification v = {.log = log};
	const uint8_t *entry;
	size_t len;
	uint64_t n_nodes = 0;
	enum saqta_status r = db_scan_open_n(log->db, log->entries, FIRST, &v.entries, err);

	if (!r)
		r = db_scan_open_n(log->db, log->nodes, FIRST, &v.nodes, err);
	if (!r)
		r = sha256_new(&v.which, err);
	while (!r) {
		r = next_entry(v.entries, v.edge.size, &entry, &len, err);
		if (!r)
			r = verify_entry(&v, entry, len, err);
		if (!r && progress && v.edge.size % 4096 == 0 && progress(user, v.edge.size, log->edge.size) != 0)
			r = err_set(err, SAQTA_ERR_CANCELLED, 0, "stopped before the end");
	}
	if (r != SAQTA_ERR_MISSING)
		return r;
	if (v.edge.size < log->edge.size)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "entry %llu is missing", (unsigned long long)v.edge.size);
	r = db_count(log->db, log->nodes, &n_nodes, err);
	if (r)
		return r;
	if (n_nodes != audit_node_count(v.edge.size))
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "entry %llu is missing: node %llu stands behind the end of the log",
			       (unsigned long long)v.edge.size, (unsigned long long)audit_node_count(v.edge.size));
	ret->size = v.edge.size;
	audit_edge_root(&v.edge, ret->root);
	return check_pruned(&v, err);
}
