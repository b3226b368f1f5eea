/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files of somebody else: regular ones only, reached without a symbolic link, read up to a limit. Opening one never waits. */

#define OPEN_FLAGS (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

void fd_closep(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static enum verdict failed(const char *path, struct fault *f)
{
	(void)snprintf(f->file, sizeof(f->file), "%s", path);
	if (errno == ENOENT)
		return fault_set(f, VERDICT_BROKEN, "it is missing");
	if (errno == ELOOP || errno == ENOTDIR || errno == ENXIO)
		return fault_set(f, VERDICT_BROKEN, "it is no regular file, or lies behind a symbolic link");
	return fault_set(f, VERDICT_IO, "%s", strerror(errno));
}

/* The folder that @path lies in, opened step by step; @ret_name: its last part. */
static int open_parent(int dir, const char *path, const char **ret_name)
{
	int at = dup(dir);

	while (at >= 0) {
		const char *slash = strchr(path, '/');
		char part[64];
		int next;

		*ret_name = path;
		if (!slash)
			return at;
		if ((size_t)(slash - path) >= sizeof(part)) {
			(void)close(at);
			errno = ENOENT;
			return -1;
		}
		memcpy(part, path, (size_t)(slash - path));
		part[slash - path] = 0;
		next = openat(at, part, OPEN_FLAGS | O_DIRECTORY);
		(void)close(at);
		at = next;
		path = slash + 1;
	}
	return -1;
}

static enum verdict check_regular(int fd, const char *path, uint64_t *ret_size, struct fault *f)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return failed(path, f);
	if (!S_ISREG(st.st_mode)) {
		(void)snprintf(f->file, sizeof(f->file), "%s", path);
		return fault_set(f, VERDICT_BROKEN, "it is no regular file");
	}
	*ret_size = (uint64_t)st.st_size;
	return VERDICT_HOLDS;
}

enum verdict file_open(int dir, const char *path, int *ret_fd, uint64_t *ret_size, struct fault *f)
{
	const char *name;
	cleanup_(fd_closep) int parent = open_parent(dir, path, &name);
	cleanup_(fd_closep) int fd = parent >= 0 ? openat(parent, name, OPEN_FLAGS) : -1;
	enum verdict v = fd >= 0 ? check_regular(fd, path, ret_size, f) : failed(path, f);

	if (v)
		return v;
	*ret_fd = fd;
	fd = -1;
	return VERDICT_HOLDS;
}

enum verdict folder_open(int dir, const char *path, int *ret_fd, struct fault *f)
{
	const char *name;
	cleanup_(fd_closep) int parent = open_parent(dir, path, &name);
	int fd = parent >= 0 ? openat(parent, name, OPEN_FLAGS | O_DIRECTORY) : -1;

	if (fd < 0)
		return failed(path, f);
	*ret_fd = fd;
	return VERDICT_HOLDS;
}

bool file_is_there(int dir, const char *path)
{
	const char *name;
	cleanup_(fd_closep) int parent = open_parent(dir, path, &name);
	struct stat st;

	if (parent < 0)
		return errno != ENOENT;
	return fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

enum verdict stream_take(struct stream *s, void *ret, size_t len, size_t *ret_got, struct fault *f)
{
	uint8_t *to = ret;
	size_t got = 0;

	while (got < len) {
		size_t n = s->len - s->at;

		if (n == 0) {
			ssize_t r;

			do
				r = read(s->fd, s->data, sizeof(s->data));
			while (r < 0 && errno == EINTR);
			if (r < 0)
				return fault_set(f, VERDICT_IO, "%s", strerror(errno));
			if (r == 0)
				break;
			s->at = 0;
			s->len = (size_t)r;
			continue;
		}
		n = n < len - got ? n : len - got;
		memcpy(to + got, s->data + s->at, n);
		s->at += n;
		got += n;
	}
	*ret_got = got;
	return VERDICT_HOLDS;
}

/* One byte more than is wanted tells a file that is too large. */
static enum verdict read_all(int fd, const char *path, uint8_t *ret, size_t max, size_t *ret_len, struct fault *f)
{
	size_t got = 0;
	uint8_t more;
	ssize_t r = 1;

	(void)snprintf(f->file, sizeof(f->file), "%s", path);
	while (r > 0 || (r < 0 && errno == EINTR)) {
		r = got < max ? read(fd, ret + got, max - got) : read(fd, &more, 1);
		if (r > 0 && got == max)
			return fault_set(f, VERDICT_BROKEN, "it is longer than the %zu bytes that it can have", max);
		got += r > 0 ? (size_t)r : 0;
	}
	if (r < 0)
		return fault_set(f, VERDICT_IO, "%s", strerror(errno));
	f->file[0] = 0;
	*ret_len = got;
	return VERDICT_HOLDS;
}

enum verdict file_read(int dir, const char *path, void *ret, size_t max, size_t *ret_len, struct fault *f)
{
	cleanup_(fd_closep) int fd = -1;
	uint64_t size;
	enum verdict v = file_open(dir, path, &fd, &size, f);

	return v ? v : read_all(fd, path, ret, max, ret_len, f);
}

enum verdict file_read_named(const char *path, void *ret, size_t max, size_t *ret_len, struct fault *f)
{
	cleanup_(fd_closep) int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	uint64_t size;

	if (fd < 0) {
		enum verdict v = failed(path, f);

		return v == VERDICT_BROKEN ? VERDICT_MISSING : v;
	}
	return check_regular(fd, path, &size, f) ? VERDICT_DATA : read_all(fd, path, ret, max, ret_len, f) ? VERDICT_DATA : VERDICT_HOLDS;
}
