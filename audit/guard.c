/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/log.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The guard file: the newest signed head, apart from the vault, so that an older vault put in the newer one's place is seen. */

#define GUARD_MAX ((size_t)1 << 20)

enum saqta_status audit_guard_read(const char *path, struct buf *ret, struct saqta_error *err)
{
	uint8_t chunk[4096];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, errno == ENOENT ? SAQTA_ERR_MISSING : SAQTA_ERR_STORE, 0, "%s: %s", path, strerror(errno));
	while ((n = read(fd, chunk, sizeof(chunk))) > 0 && ret->len < GUARD_MAX)
		buf_add(ret, chunk, (size_t)n);
	(void)close(fd);
	if (n < 0 || ret->failed)
		return err_set(err, SAQTA_ERR_STORE, 0, "%s: cannot be read", path);
	return n > 0 ? err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: too large to be a guard", path) : SAQTA_OK;
}

static enum saqta_status write_new(const char *path, const struct buf *note, struct saqta_error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t done = 0;
	bool is_good = fd >= 0;

	while (is_good && done < note->len) {
		ssize_t n = write(fd, note->data + done, note->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		is_good = n > 0;
		if (is_good)
			done += (size_t)n;
	}
	is_good = is_good && fsync(fd) == 0;
	if (fd >= 0 && close(fd) != 0)
		is_good = false;
	if (is_good)
		return SAQTA_OK;
	(void)err_set(err, SAQTA_ERR_STORE, 0, "%s: cannot be written: %s", path, strerror(errno));
	(void)unlink(path);
	return SAQTA_ERR_STORE;
}

enum saqta_status audit_guard_write(const char *path, const struct buf *expected, const struct buf *note, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf now = {0};
	char *temp = NULL;
	enum saqta_status r = audit_guard_read(path, &now, err);

	if (r && r != SAQTA_ERR_MISSING)
		return r;
	if (expected ? r == SAQTA_ERR_MISSING || now.len != expected->len || memcmp(now.data, expected->data, now.len) != 0
		     : r != SAQTA_ERR_MISSING)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: the guard was changed by another process", path);
	if (asprintf(&temp, "%s.new", path) < 0)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	r = write_new(temp, note, err);
	if (!r && rename(temp, path) != 0)
		r = err_set(err, SAQTA_ERR_STORE, 0, "%s: %s", path, strerror(errno));
	free(temp);
	return r ? r : file_sync_folder_of(path, err);
}

/* The log is not what the guard saw: is it at least whole in itself, and if not, where does it begin to be wrong? */
static enum saqta_status unlike(struct audit_log *log, const struct audit_head *guarded, const char *how, struct saqta_error *err)
{
	struct saqta_error where = {0};
	struct audit_head head;
	unsigned long long size = audit_log_size(log);

	if (audit_log_verify(log, NULL, NULL, &head, &where) == SAQTA_OK) {
		if (size < guarded->size)
			(void)err_set(&where, SAQTA_ERR_TAMPERED, 0, "from entry %llu on they are missing", size);
		else
			(void)err_set(&where, SAQTA_ERR_TAMPERED, 0, "it is whole in itself, so it was written anew");
	}
	return err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: it has %llu entries, the guard saw %llu: %s", how, size,
		       (unsigned long long)guarded->size, where.message);
}

enum saqta_status audit_guard_check(struct audit_log *log, const struct buf *note, const struct audit_verifier *verifier,
				    struct saqta_error *err)
{
	struct audit_head guarded;
	uint8_t root[HASH_SIZE];
	enum saqta_status r = audit_checkpoint_open((const char *)note->data, note->len, verifier, 1, NULL, &guarded, err);

	/* The guard was read after the log: another process may have written both in between. */
	if (!r && audit_log_size(log) < guarded.size)
		r = audit_log_reload(log, err);
	if (r)
		return r;
	if (audit_log_size(log) < guarded.size)
		return unlike(log, &guarded, "the vault was rolled back, or its log cut", err);
	r = audit_log_root(log, guarded.size, root, err);
	if (r == SAQTA_ERR_TAMPERED || (!r && memcmp(root, guarded.root, HASH_SIZE) != 0))
		return unlike(log, &guarded, "the log is not the one that the guard saw", err);
	return r;
}
