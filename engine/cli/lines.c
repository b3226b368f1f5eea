/* SPDX-License-Identifier: Apache-2.0 */
#include "lines.h"
#include "out.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How long a producer may draw breath before its lines are committed: it costs nobody anything and saves a disk flush. */
#define BREATH_MS 5

int lines_open(struct lines *l, const char *path)
{
	struct stat st;

	*l = (struct lines){.name = "standard input", .fd = STDIN_FILENO};
	if (path && strcmp(path, "-") != 0) {
		l->name = path;
		l->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	}
	if (l->fd < 0 || fstat(l->fd, &st) || S_ISDIR(st.st_mode)) {
		int why = l->fd >= 0 && errno == 0 ? EISDIR : errno ? errno : EISDIR;

		fprintf(stderr, "saqta: %s: %s\n", l->name, strerror(why));
		lines_close(l);
		return why == EACCES || why == EPERM ? 77 : 66;
	}
	if (S_ISREG(st.st_mode))
		l->total = (uint64_t)st.st_size;
	else if (S_ISFIFO(st.st_mode))
		(void)fcntl(l->fd, F_SETPIPE_SZ, 1 << 20); /* fewer, larger commits; without it, only slower */
	l->data = malloc(LINES_MAX + LINES_READ + 1);
	if (!l->data) {
		fprintf(stderr, "saqta: %s: out of memory\n", l->name);
		lines_close(l);
		return 74;
	}
	return 0;
}

void lines_close(struct lines *l)
{
	if (l->data)
		explicit_bzero(l->data, LINES_MAX + LINES_READ + 1); /* events hold personal data */
	free(l->data);
	l->data = NULL;
	if (l->fd > STDIN_FILENO)
		(void)close(l->fd);
	l->fd = -1;
}

/* Wait for input. A signal between the look at the flag and the wait must not be slept through: it is let in by ppoll only. */
static enum lines_got wait_input(const struct lines *l, bool asks_idle)
{
	static const struct timespec breath = {.tv_nsec = BREATH_MS * 1000000L};
	struct pollfd fd = {.fd = l->fd, .events = POLLIN};
	sigset_t mask, before;
	int ready = -1, why = EINTR;

	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGINT);
	(void)sigaddset(&mask, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &mask, &before);
	while (!out_stopped && ready < 0 && why == EINTR) {
		ready = ppoll(&fd, 1, asks_idle ? &breath : NULL, &before);
		why = errno;
	}
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	if (out_stopped)
		return LINES_STOPPED;
	return ready == 0 ? LINES_IDLE : LINES_LINE; /* an error of poll shows itself in read */
}

/* Read once more behind what is left. LINES_LINE if there is something new, or the end was reached. */
static enum lines_got fill(struct lines *l, bool asks_idle)
{
	enum lines_got got = wait_input(l, asks_idle);
	ssize_t n;

	if (got != LINES_LINE)
		return got;
	if (l->begin > 0) {
		memmove(l->data, l->data + l->begin, l->end - l->begin);
		l->end -= l->begin;
		l->scanned -= l->begin;
		l->begin = 0;
	}
	do
		n = read(l->fd, l->data + l->end, LINES_READ);
	while (n < 0 && errno == EINTR && !out_stopped);
	if (n < 0) {
		l->error = errno;
		return out_stopped ? LINES_STOPPED : LINES_ERROR;
	}
	l->is_at_end = n == 0;
	l->end += (size_t)n;
	l->bytes += (uint64_t)n;
	return LINES_LINE;
}

/* Is the line from begin on longer than allowed? Then its bytes are let go, and it is skipped to its end. */
static void skip_long(struct lines *l)
{
	if (l->skips || l->end - l->begin > LINES_MAX) {
		l->skips = true;
		l->begin = l->scanned = l->end = 0;
	}
}

enum lines_got lines_next(struct lines *l, bool asks_idle, const char **ret_text, size_t *ret_len)
{
	for (;;) {
		char *line = l->data + l->begin;
		char *end = memchr(l->data + l->scanned, '\n', l->end - l->scanned);
		bool was_long = l->skips;
		size_t len;

		if (out_stopped)
			return LINES_STOPPED;
		if (!end && !l->is_at_end) {
			enum lines_got got;

			l->scanned = l->end;
			skip_long(l);
			got = fill(l, asks_idle);
			if (got != LINES_LINE)
				return got;
			continue;
		}
		if (!end && l->begin == l->end && !was_long)
			return LINES_END;
		len = end ? (size_t)(end - line) : l->end - l->begin;
		l->begin = l->scanned = end ? l->begin + len + 1 : l->end;
		l->line++;
		l->skips = false;
		if (was_long || len > LINES_MAX)
			return LINES_OVERSIZE;
		if (len == 0 || (len == 1 && line[0] == '\r'))
			continue;
		*ret_text = line;
		*ret_len = len;
		return LINES_LINE;
	}
}
