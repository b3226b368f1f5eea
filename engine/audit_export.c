/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/tiles.h"
#include "hall.h"
#include "saqta/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The log for somebody else's eyes: the whole of it as tiles, or the proof of one entry. Both end with a head that was signed before: a reader
 * signs nothing, so an auditor can make them. */

#define PROGRESS_STEP 4096

static enum saqta_status no_memory(struct saqta_error *err) { return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory"); }

static enum saqta_status make_folder(const char *path, struct saqta_error *err)
{
	if (mkdir(path, 0777) == 0 || errno == EEXIST)
		return SAQTA_OK;
	return err_set(err, SAQTA_ERR_CREATE, 0, "%s: cannot be made: %s", path, strerror(errno));
}

/* ---- the keys of before: epoch/1, epoch/2 ... ---- */

static enum saqta_status put_text(int dir_fd, const char *name, const void *data, size_t len, struct saqta_error *err)
{
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
	bool is_good = fd >= 0 && write(fd, data, len) == (ssize_t)len && fsync(fd) == 0;

	if (fd >= 0)
		is_good = close(fd) == 0 && is_good;
	return is_good ? SAQTA_OK : err_set(err, SAQTA_ERR_CREATE, 0, "epoch: %s cannot be written: %s", name, strerror(errno));
}

static enum saqta_status put_key(const char *dir, uint32_t n, const struct hall_signed *key, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf vkey = {0};
	char *parent = NULL, *path = NULL;
	enum saqta_status r = SAQTA_OK;
	int fd = -1;

	audit_vkey_format(&key->verifier, &vkey);
	buf_str(&vkey, "\n");
	if (asprintf(&parent, "%s/epoch", dir) < 0 || asprintf(&path, "%s/%u", parent, n) < 0 || vkey.failed)
		r = no_memory(err);
	if (!r)
		r = make_folder(parent, err);
	if (!r)
		r = make_folder(path, err);
	if (!r)
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (!r && fd < 0)
		r = err_set(err, SAQTA_ERR_CREATE, 0, "%s: %s", path, strerror(errno));
	if (!r)
		r = put_text(fd, TILE_KEY, vkey.data, vkey.len, err);
	if (!r)
		r = put_text(fd, TILE_CHECKPOINT, key->note, key->note_len, err);
	if (fd >= 0)
		(void)close(fd);
	free(parent);
	free(path);
	return r;
}

/* The present key, and those of before: an earlier export may have been signed by any of them. */
static enum saqta_status open_folder(struct saqta_engine *e, const char *dir, uint32_t n_keys, struct audit_export **ret,
				     struct saqta_error *err)
{
	struct audit_verifier *keys = calloc(n_keys + 1, sizeof(*keys));
	cleanup_(buf_done) struct buf row = {0};
	struct hall_signed key;
	enum saqta_status r = keys ? SAQTA_OK : no_memory(err);

	for (uint32_t n = 0; n < n_keys && !r; n++) {
		r = hall_signed(e, e->incarnation, n, &row, &key, err);
		if (!r)
			keys[n + 1] = key.verifier;
	}
	if (!r) {
		keys[0] = e->signer.verifier;
		r = audit_export_open(dir, keys, n_keys + 1, ret, err);
	}
	free(keys);
	return r;
}

static enum saqta_status export_keys(struct saqta_engine *e, const char *dir, uint32_t incarnation, uint32_t count, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf row = {0};
	struct hall_signed key;
	enum saqta_status r = SAQTA_OK;

	for (uint32_t n = 0; n < count && !r; n++) {
		r = hall_signed(e, incarnation, n, &row, &key, err);
		if (!r)
			r = put_key(dir, n + 1, &key, err);
	}
	return r;
}

/* ---- the former incarnations, each a folder: past/1, past/2 ... ---- */

struct past_export {
	const char *dir;
	uint32_t incarnation; /* at hand; 0: none yet */
	unsigned n;
	struct buf row;
	struct hall_signed end;
	struct audit_export *x; /* NULL: it was exported whole before, and a past does not grow */
};

/* The note that its last key signed last: how an incarnation ended. */
static enum saqta_status past_end(struct saqta_engine *e, uint32_t incarnation, uint32_t *ret_keys, struct buf *row,
				  struct hall_signed *ret, struct saqta_error *err)
{
	enum saqta_status r = hall_signed_count(e, incarnation, ret_keys, err);

	if (!r && *ret_keys == 0)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "the signed head of the log's past %u is missing", incarnation);
	return r ? r : hall_signed(e, incarnation, *ret_keys - 1, row, ret, err);
}

static enum saqta_status finish_past(struct past_export *p, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf note = {0};
	enum saqta_status r;

	if (!p->x)
		return SAQTA_OK;
	buf_add(&note, p->end.note, p->end.note_len);
	r = note.failed ? no_memory(err) : audit_export_finish(p->x, &note, err);
	p->x = audit_export_close(p->x);
	return r;
}

static enum saqta_status begin_past(struct saqta_engine *e, struct past_export *p, uint32_t incarnation, struct saqta_error *err)
{
	char *parent = NULL, *path = NULL;
	uint32_t keys = 0;
	enum saqta_status r = finish_past(p, err);

	p->incarnation = incarnation;
	p->n++;
	if (!r && (asprintf(&parent, "%s/past", p->dir) < 0 || asprintf(&path, "%s/%u", parent, incarnation) < 0))
		r = no_memory(err);
	if (!r)
		r = make_folder(parent, err);
	if (!r)
		r = past_end(e, incarnation, &keys, &p->row, &p->end, err);
	if (!r)
		r = audit_export_open(path, &p->end.verifier, 1, &p->x, err);
	if (!r)
		r = export_keys(e, path, incarnation, keys - 1, err);
	if (!r && audit_export_size(p->x) > 0)
		p->x = audit_export_close(p->x);
	free(parent);
	free(path);
	return r;
}

static enum saqta_status add_past(struct saqta_engine *e, void *user, uint32_t incarnation, uint64_t seq, const uint8_t *entry, size_t len,
				  struct saqta_error *err)
{
	struct past_export *p = user;
	enum saqta_status r = incarnation == p->incarnation ? SAQTA_OK : begin_past(e, p, incarnation, err);

	(void)seq;
	if (r || !p->x)
		return r;
	return len > 0 ? audit_export_add(p->x, entry, len, err) : audit_export_add_pruned(p->x, entry, err);
}

static enum saqta_status export_past(struct saqta_engine *e, const char *dir, unsigned *ret_n, struct saqta_error *err)
{
	struct past_export p = {.dir = dir};
	enum saqta_status r = hall_each_past(e, add_past, &p, err);

	if (!r)
		r = finish_past(&p, err);
	audit_export_closep(&p.x);
	buf_done(&p.row);
	*ret_n = p.n;
	return r;
}

/* ---- export ---- */

static enum saqta_status add_entries(struct saqta_engine *e, struct audit_export *x, uint64_t end, saqta_progress_fn progress,
				     void *progress_user, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf entry = {0};
	uint8_t leaf[HASH_SIZE];
	enum saqta_status r = SAQTA_OK;

	while (!r && audit_export_next(x) < end) {
		uint64_t i = audit_export_next(x);

		if (progress && i % PROGRESS_STEP == 0 && progress(progress_user, i, end) != 0)
			return err_set(err, SAQTA_ERR_CANCELLED, 0,
				       "stopped before the end; what the folder's checkpoint vouches for stands");
		buf_clear(&entry);
		r = audit_log_entry(e->log, i, &entry, err);
		if (!r && entry.len == 0)
			r = audit_log_node(e->log, 0, i, leaf, err);
		if (!r)
			r = entry.len > 0 ? audit_export_add(x, entry.data, entry.len, err) : audit_export_add_pruned(x, leaf, err);
	}
	return r;
}

enum saqta_status saqta_audit_export(saqta_engine *e, const char *dir, saqta_progress_fn progress, void *progress_user,
				     saqta_write_fn write, void *user, struct saqta_error *err)
{
	cleanup_(audit_export_closep) struct audit_export *x = NULL;
	cleanup_(buf_done) struct buf note = {0}, json = {0};
	struct json_out j = {.out = &json};
	struct audit_head head;
	unsigned n_past = 0;
	uint32_t n_keys = 0;
	uint64_t before;
	enum saqta_status r = hall_allows(e, ACT_LOG, err);

	if (!r)
		r = hall_signed_head(e, &note, &head, err);
	if (!r)
		r = hall_signed_count(e, e->incarnation, &n_keys, err);
	if (!r)
		r = open_folder(e, dir, n_keys, &x, err);
	if (!r)
		r = audit_export_resume(x, e->log, err);
	if (r)
		return r;
	before = audit_export_size(x);
	r = add_entries(e, x, head.size, progress, progress_user, err);
	if (!r)
		r = export_past(e, dir, &n_past, err);
	if (!r)
		r = export_keys(e, dir, e->incarnation, n_keys, err);
	if (!r)
		r = audit_export_finish(x, &note, err);
	if (r)
		return r;
	json_open(&j, NULL, '{');
	json_text(&j, "origin", e->signer.verifier.name);
	json_int(&j, "entries", (int64_t)head.size);
	json_int(&j, "added", (int64_t)(head.size - before));
	json_int(&j, "unsigned", (int64_t)(audit_log_size(e->log) - head.size));
	json_int(&j, "past_logs", n_past);
	json_int(&j, "past_keys", n_keys);
	json_hex(&j, "root", head.root, sizeof(head.root));
	json_shut(&j, '}');
	buf_str(&json, "\n");
	return hall_give(write, user, &json, err);
}

/* ---- proofs ---- */

enum saqta_status hall_prove(struct saqta_engine *e, uint64_t index, struct buf *ret, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf note = {0}, entry = {0};
	uint8_t path[AUDIT_PROOF_MAX][HASH_SIZE];
	struct audit_head head = {0};
	unsigned n = 0;
	enum saqta_status r = audit_log_entry(e->log, index, &entry, err);

	if (!r)
		r = hall_signed_head(e, &note, &head, err);
	if (!r && index >= head.size)
		r = err_set(err, SAQTA_ERR_MISSING, 0, "no signed head covers entry %llu yet: `saqta audit checkpoint` signs one",
			    (unsigned long long)index);
	if (!r)
		r = audit_log_inclusion(e->log, index, head.size, path, &n, err);
	return r ? r : audit_proof_format(index, (const uint8_t(*)[HASH_SIZE])path, n, &entry, &note, ret, err);
}

enum saqta_status saqta_audit_prove(saqta_engine *e, uint64_t index, saqta_write_fn write, void *user, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf proof = {0};
	enum saqta_status r = hall_allows(e, ACT_LOG, err);

	if (!r)
		r = hall_prove(e, index, &proof, err);
	return r ? r : hall_give(write, user, &proof, err);
}

/* Where the destruction with a receipt stands. */
struct receipt_search {
	char member[2 * HASH_SIZE + 16]; /* as it stands in the entry */
	bool is_found;
	uint32_t incarnation;
	uint64_t index, size; /* of the entry; of its log */
	struct buf entry;
};

static enum saqta_status look_for(struct saqta_engine *e, void *user, uint32_t incarnation, uint64_t seq, const uint8_t *entry, size_t len,
				  struct saqta_error *err)
{
	struct receipt_search *s = user;

	(void)e;
	if (s->is_found && incarnation == s->incarnation)
		s->size = seq + 1;
	/* Only in the entry itself: a destruction that a restore repeats is found in the log that holds it newest. */
	if (!memmem(entry, len, s->member, strlen(s->member)))
		return SAQTA_OK;
	s->is_found = true;
	s->incarnation = incarnation;
	s->index = seq;
	s->size = seq + 1;
	buf_clear(&s->entry);
	buf_add(&s->entry, entry, len);
	return s->entry.failed ? no_memory(err) : SAQTA_OK;
}

/* The proof of an entry of a former log, whose nodes are no longer kept: the hashes of its ranges are told again by the entries. */
struct past_proof {
	const struct receipt_search *what;
	struct audit_range ranges[AUDIT_PROOF_MAX];
	struct audit_edge *edges; /* one a range */
	unsigned n;
	struct audit_edge all;
};

static enum saqta_status hash_ranges(struct saqta_engine *e, void *user, uint32_t incarnation, uint64_t seq, const uint8_t *entry,
				     size_t len, struct saqta_error *err)
{
	struct past_proof *p = user;
	uint8_t leaf[HASH_SIZE], nodes[65][HASH_SIZE];

	(void)e;
	(void)err;
	if (incarnation != p->what->incarnation)
		return SAQTA_OK;
	hall_leaf(entry, len, leaf);
	(void)audit_edge_append(&p->all, leaf, nodes);
	for (unsigned i = 0; i < p->n; i++)
		if (seq >= p->ranges[i].from && seq < p->ranges[i].to)
			(void)audit_edge_append(&p->edges[i], leaf, nodes);
	return SAQTA_OK;
}

static enum saqta_status prove_past(struct saqta_engine *e, const struct receipt_search *s, struct buf *ret, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf note = {0}, row = {0};
	uint8_t path[AUDIT_PROOF_MAX][HASH_SIZE], root[HASH_SIZE];
	struct past_proof p = {.what = s};
	struct hall_signed end;
	uint32_t keys;
	enum saqta_status r = past_end(e, s->incarnation, &keys, &row, &end, err);

	p.n = audit_inclusion_ranges(s->index, s->size, p.ranges);
	p.edges = calloc(p.n + 1, sizeof(*p.edges));
	if (!r && !p.edges)
		r = no_memory(err);
	if (!r)
		r = hall_each_past(e, hash_ranges, &p, err);
	for (unsigned i = 0; i < p.n && !r; i++)
		audit_edge_root(&p.edges[i], path[i]);
	audit_edge_root(&p.all, root);
	free(p.edges);
	if (!r && (p.all.size != end.head.size || memcmp(root, end.head.root, HASH_SIZE) != 0))
		r = err_set(err, SAQTA_ERR_TAMPERED, 0, "the log's past %u is not what its last key signed", s->incarnation);
	if (!r)
		buf_add(&note, end.note, end.note_len);
	return r ? r : audit_proof_format(s->index, (const uint8_t(*)[HASH_SIZE])path, p.n, &s->entry, &note, ret, err);
}

enum saqta_status saqta_receipt(saqta_engine *e, const char *number, saqta_write_fn write, void *user, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf proof = {0};
	struct receipt_search s = {0};
	uint8_t receipt[16], hash[HASH_SIZE];
	char hex[2 * HASH_SIZE + 1];
	enum saqta_status r = hall_allows(e, ACT_LOG, err);

	if (!r && (strlen(number) != 2 * sizeof(receipt) || !hex_decode(number, 2 * sizeof(receipt), receipt)))
		r = err_set(err, SAQTA_ERR_ARGUMENT, 0, "a receipt's number has %zu hexadecimal digits", 2 * sizeof(receipt));
	if (r)
		return r;
	crypt_sha256(receipt, sizeof(receipt), hash);
	hex_encode(hash, sizeof(hash), hex);
	(void)snprintf(s.member, sizeof(s.member), "\"receipt\":\"%s\"", hex);
	r = hall_each_past(e, look_for, &s, err);
	if (!r)
		r = hall_each_entry(e, 0, look_for, &s, err);
	if (!r && !s.is_found)
		r = err_set(err, SAQTA_ERR_MISSING, 0,
			    "no destruction is recorded under this receipt: the number is wrong, or the data are not destroyed yet");
	if (!r && s.incarnation != e->incarnation)
		r = prove_past(e, &s, &proof, err);
	if (!r)
		r = s.incarnation == e->incarnation ? saqta_audit_prove(e, s.index, write, user, err) : hall_give(write, user, &proof, err);
	buf_done(&s.entry);
	return r;
}
