/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LINES_H
#define CLI_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINES_MAX ((size_t)4 << 20)
#define LINES_READ ((size_t)64 << 10)

/** Lines of a file or of stdin, at most LINES_MAX bytes each. */
struct lines {
	const char *name; /* for messages */
	int fd;
	char *data; /* owned */
	size_t begin, scanned, end;
	bool skips; /* inside a line that is too long */
	bool is_at_end;
	unsigned line;	       /* number of the line given last, from 1 */
	uint64_t bytes, total; /* read so far; size of a regular file, else 0 */
	int error;	       /* errno */
};
enum lines_got {
	LINES_LINE,
	LINES_OVERSIZE, /* a line was too long and is skipped */
	LINES_IDLE,	/* nothing more is there for the moment */
	LINES_END,
	LINES_STOPPED, /* by a signal */
	LINES_ERROR,   /* .error says why */
};

/** @path NULL or "-": stdin. Returns 0, or the exit code after a message. */
int lines_open(struct lines *l, const char *path);
/** The next line without its end, not empty. @asks_idle: rather than wait for input say LINES_IDLE. */
enum lines_got lines_next(struct lines *l, bool asks_idle, const char **ret_text, size_t *ret_len);
void lines_close(struct lines *l);

#endif
