/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/tiles.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The hashes of the tiles are computed from the entries, and their root must be the one that the checkpoint signs: what was changed in the store
 * does not leave it under a signature. */

struct audit_export {
	int dir_fd;
	struct audit_verifier verifier;
	struct buf old_note;	/* empty: there was none */
	struct audit_head old;	/* what it vouches for; its size is 0 if there was none */
	struct audit_edge edge; /* of the entries given so far */
	struct buf bundle;	/* entries of the tile at hand */
	uint8_t tiles[TILE_LEVELS][TILE_WIDTH][HASH_SIZE];
	char path[TILE_PATH_SIZE]; /* scratch */
};

static enum saqta_status failed(enum saqta_status status, const char *path, struct saqta_error *err)
{
	return err_set(err, status, 0, "%s: %s", path, strerror(errno));
}

/* ---- files ---- */

/* Folders of @path that are not there yet. */
static enum saqta_status make_folders(const struct audit_export *x, const char *path, struct saqta_error *err)
{
	char folder[TILE_PATH_SIZE];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		memcpy(folder, path, (size_t)(slash - path));
		folder[slash - path] = 0;
		if (mkdirat(x->dir_fd, folder, 0777) != 0 && errno != EEXIST)
			return failed(SAQTA_ERR_CREATE, folder, err);
	}
	return SAQTA_OK;
}

/* Under another name first, so that a file that a checkpoint stands on is never half there. */
static enum saqta_status put_file(const struct audit_export *x, const char *path, const void *data, size_t len, bool is_synced,
				  struct saqta_error *err)
{
	char temp[TILE_PATH_SIZE + 4];
	size_t done = 0;
	bool is_good;
	int fd;

	memcpy(temp, path, strlen(path));
	memcpy(temp + strlen(path), ".new", 5);
	fd = openat(x->dir_fd, temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (fd < 0)
		return failed(SAQTA_ERR_CREATE, path, err);
	do {
		ssize_t n = write(fd, (const char *)data + done, len - done);

		is_good = n >= 0 || errno == EINTR;
		done += n > 0 ? (size_t)n : 0;
	} while (is_good && done < len);
	is_good = is_good && (!is_synced || fsync(fd) == 0);
	is_good = close(fd) == 0 && is_good;
	if (is_good && renameat(x->dir_fd, temp, x->dir_fd, path) == 0)
		return SAQTA_OK;
	(void)failed(SAQTA_ERR_STORE, path, err);
	(void)unlinkat(x->dir_fd, temp, 0);
	return SAQTA_ERR_STORE;
}

/* SAQTA_ERR_MISSING (no text) if there is none. */
static enum saqta_status get_file(const struct audit_export *x, const char *name, struct buf *ret, struct saqta_error *err)
{
	uint8_t chunk[4096];
	ssize_t n = -1;
	int fd = openat(x->dir_fd, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? SAQTA_ERR_MISSING : failed(SAQTA_ERR_STORE, name, err);
	while (ret->len <= AUDIT_NOTE_MAX && (n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_add(ret, chunk, (size_t)n);
	(void)close(fd);
	if (n > 0)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: too large", name);
	return n == 0 && !ret->failed ? SAQTA_OK : err_set(err, SAQTA_ERR_STORE, 0, "%s: cannot be read", name);
}

/* ---- opening ---- */

/* Before the first checkpoint: nothing but what an export that was cut off leaves. */
static enum saqta_status check_empty(const struct audit_export *x, const char *dir, struct saqta_error *err)
{
	int fd = openat(x->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	enum saqta_status r = SAQTA_OK;

	if (!d) {
		if (fd >= 0)
			(void)close(fd);
		return failed(SAQTA_ERR_CREATE, dir, err);
	}
	while (!r && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' && strcmp(e->d_name, "tile") != 0 && strncmp(e->d_name, TILE_KEY, strlen(TILE_KEY)) != 0 &&
		    strcmp(e->d_name, TILE_CHECKPOINT ".new") != 0)
			r = err_set(err, SAQTA_ERR_CREATE, 0, "%s: not empty, and no export of a log: name a folder of its own", dir);
	(void)closedir(d);
	return r;
}

static enum saqta_status read_old(struct audit_export *x, const char *dir, const struct audit_verifier *keys, unsigned n_keys,
				  struct saqta_error *err)
{
	char origin[AUDIT_NAME_MAX + 1];
	struct saqta_error why = {0};
	enum saqta_status r = get_file(x, TILE_CHECKPOINT, &x->old_note, err);

	if (r == SAQTA_ERR_MISSING)
		return check_empty(x, dir, err);
	if (r)
		return r;
	r = audit_checkpoint_open((const char *)x->old_note.data, x->old_note.len, NULL, 0, origin, &x->old, &why);
	if (!r && strcmp(origin, x->verifier.name) != 0)
		return err_set(err, SAQTA_ERR_CREATE, 0, "%s: holds the log %s; name another folder for %s", dir, origin, x->verifier.name);
	if (!r)
		r = audit_checkpoint_open((const char *)x->old_note.data, x->old_note.len, keys, n_keys, origin, &x->old, &why);
	return r ? err_set(err, r, 0, "%s: its checkpoint does not hold: %s", dir, why.message) : SAQTA_OK;
}

static enum saqta_status publish_key(const struct audit_export *x, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf vkey = {0};

	audit_vkey_format(&x->verifier, &vkey);
	buf_str(&vkey, "\n");
	return vkey.failed ? err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory") : put_file(x, TILE_KEY, vkey.data, vkey.len, true, err);
}

enum saqta_status audit_export_open(const char *dir, const struct audit_verifier *keys, unsigned n_keys, struct audit_export **ret,
				    struct saqta_error *err)
{
	cleanup_(audit_export_closep) struct audit_export *x = calloc(1, sizeof(*x));
	enum saqta_status r;

	if (!x)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	x->dir_fd = -1;
	x->verifier = keys[0];
	if (mkdir(dir, 0777) != 0 && errno != EEXIST)
		return failed(SAQTA_ERR_CREATE, dir, err);
	x->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (x->dir_fd < 0)
		return failed(SAQTA_ERR_CREATE, dir, err);
	r = read_old(x, dir, keys, n_keys, err);
	if (r)
		return r;
	*ret = x;
	x = NULL;
	return SAQTA_OK;
}

struct audit_export *audit_export_close(struct audit_export *x)
{
	if (!x)
		return NULL;
	if (x->dir_fd >= 0)
		(void)close(x->dir_fd);
	buf_done(&x->old_note);
	buf_done(&x->bundle);
	free(x);
	return NULL;
}

void audit_export_closep(struct audit_export **x) { *x = audit_export_close(*x); }

uint64_t audit_export_size(const struct audit_export *x) { return x->old.size; }

uint64_t audit_export_next(const struct audit_export *x) { return x->edge.size; }

void audit_export_head(const struct audit_export *x, struct audit_head *ret)
{
	ret->size = x->edge.size;
	audit_edge_root(&x->edge, ret->root);
}

enum saqta_status audit_export_resume(struct audit_export *x, struct audit_log *log, struct saqta_error *err)
{
	uint64_t size = x->old.size - x->old.size % TILE_WIDTH;
	enum saqta_status r;

	if (audit_log_size(log) < x->old.size)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "the export holds %llu entries, the log only %llu: the vault was rolled back",
			       (unsigned long long)x->old.size, (unsigned long long)audit_log_size(log));
	r = audit_log_edge(log, size, &x->edge, err);
	for (unsigned level = 1; level < TILE_LEVELS && !r; level++) {
		uint64_t first = tile_last(level, size) * TILE_WIDTH;

		for (unsigned i = 0; i < tile_width(level, tile_last(level, size), size) && !r; i++)
			r = audit_log_node(log, 8 * level, first + i, x->tiles[level][i], err);
	}
	return r;
}

/* ---- writing ---- */

static enum saqta_status put_tile(struct audit_export *x, unsigned level, uint64_t n, unsigned width, struct saqta_error *err)
{
	const void *data = level == TILE_ENTRIES ? (const void *)x->bundle.data : x->tiles[level];
	size_t len = level == TILE_ENTRIES ? x->bundle.len : (size_t)width * HASH_SIZE;
	enum saqta_status r;

	tile_path(level, n, width, x->path);
	r = n % 1000 == 0 || width < TILE_WIDTH ? make_folders(x, x->path, err) : SAQTA_OK;
	return r ? r : put_file(x, x->path, data, len, false, err);
}

static enum saqta_status add(struct audit_export *x, const uint8_t leaf[HASH_SIZE], const void *entry, size_t len, struct saqta_error *err)
{
	uint8_t nodes[65][HASH_SIZE];
	uint64_t index = x->edge.size;
	unsigned n;
	enum saqta_status r = SAQTA_OK;

	if (len > AUDIT_ENTRY_MAX)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "entry %llu is longer than an entry can be", (unsigned long long)index);
	buf_add(&x->bundle, (const uint8_t[]){(uint8_t)(len >> 8), (uint8_t)len}, 2);
	buf_add(&x->bundle, entry, len);
	if (x->bundle.failed)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	n = audit_edge_append(&x->edge, leaf, nodes);
	if (x->edge.size == x->old.size) {
		uint8_t root[HASH_SIZE];

		audit_edge_root(&x->edge, root);
		if (memcmp(root, x->old.root, HASH_SIZE) != 0)
			return err_set(err, SAQTA_ERR_TAMPERED, 0, "the log's first %llu entries are not those that were exported before",
				       (unsigned long long)x->old.size);
	}
	/* Every eighth node upwards stands in a tile. */
	for (unsigned level = 0; 8 * level < n && !r; level++) {
		uint64_t i = index >> (8 * level);

		memcpy(x->tiles[level][i % TILE_WIDTH], nodes[8 * level], HASH_SIZE);
		if (i % TILE_WIDTH == TILE_WIDTH - 1)
			r = put_tile(x, level, i / TILE_WIDTH, TILE_WIDTH, err);
	}
	if (!r && x->edge.size % TILE_WIDTH == 0) {
		r = put_tile(x, TILE_ENTRIES, index / TILE_WIDTH, TILE_WIDTH, err);
		buf_clear(&x->bundle);
	}
	return r;
}

enum saqta_status audit_export_add(struct audit_export *x, const void *entry, size_t len, struct saqta_error *err)
{
	uint8_t leaf[HASH_SIZE];

	audit_leaf_hash(entry, len, leaf);
	return add(x, leaf, entry, len, err);
}

enum saqta_status audit_export_add_pruned(struct audit_export *x, const uint8_t leaf[HASH_SIZE], struct saqta_error *err)
{
	return add(x, leaf, "", 0, err);
}

static enum saqta_status put_partial(struct audit_export *x, struct saqta_error *err)
{
	enum saqta_status r = SAQTA_OK;

	for (unsigned level = 0; level <= TILE_ENTRIES && !r; level++) {
		uint64_t n = tile_last(level, x->edge.size);
		unsigned width = tile_width(level, n, x->edge.size);

		if (width > 0)
			r = put_tile(x, level, n, width, err);
	}
	return r;
}

/* The partial tiles of @n but the one of @width: what former exports left, also those that were cut off. */
static void drop_partial(struct audit_export *x, unsigned level, uint64_t n, unsigned width)
{
	struct dirent *e;
	char keep[16], *slash;
	DIR *d;
	int fd;

	(void)snprintf(keep, sizeof(keep), "%u", width);
	tile_path(level, n, 1, x->path);
	slash = strrchr(x->path, '/');
	*slash = 0;
	fd = openat(x->dir_fd, x->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d = fd >= 0 ? fdopendir(fd) : NULL;
	if (!d) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' && (width == TILE_WIDTH || strcmp(e->d_name, keep) != 0))
			(void)unlinkat(fd, e->d_name, 0);
	(void)closedir(d);
	(void)unlinkat(x->dir_fd, x->path, AT_REMOVEDIR); /* if it is empty now */
}

enum saqta_status audit_export_finish(struct audit_export *x, const struct buf *note, struct saqta_error *err)
{
	struct audit_head signed_head, head;
	enum saqta_status r = audit_checkpoint_open((const char *)note->data, note->len, &x->verifier, 1, NULL, &signed_head, err);

	if (r)
		return r;
	audit_export_head(x, &head);
	if (head.size != signed_head.size || memcmp(head.root, signed_head.root, HASH_SIZE) != 0)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "the log's first %llu entries are not those that its head signs",
			       (unsigned long long)head.size);
	if (head.size < x->old.size)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "the export holds %llu entries, the signed head only %llu",
			       (unsigned long long)x->old.size, (unsigned long long)head.size);
	r = put_partial(x, err);
	if (!r && syncfs(x->dir_fd) != 0)
		r = failed(SAQTA_ERR_STORE, "sync", err);
	if (!r)
		r = publish_key(x, err);
	if (!r)
		r = put_file(x, TILE_CHECKPOINT, note->data, note->len, true, err);
	if (!r && fsync(x->dir_fd) != 0)
		r = failed(SAQTA_ERR_STORE, TILE_CHECKPOINT, err);
	if (r)
		return r;
	for (unsigned level = 0; level <= TILE_ENTRIES; level++)
		for (uint64_t n = tile_last(level, x->old.size); n <= tile_last(level, head.size); n++)
			drop_partial(x, level, n, tile_width(level, n, head.size));
	return SAQTA_OK;
}
