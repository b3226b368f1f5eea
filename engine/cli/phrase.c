/* SPDX-License-Identifier: Apache-2.0 */
#include "phrase.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static long first_line(const char *text, ssize_t n)
{
	const char *end = n > 0 ? memchr(text, '\n', (size_t)n) : NULL;

	return end ? (long)(end - text) : (long)n;
}

static long from_file(const char *path, char *ret, size_t size)
{
	struct stat st;
	ssize_t n = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &st) != 0)
		fprintf(stderr, "saqta: %s: %s\n", path, strerror(errno));
	else if (S_ISREG(st.st_mode) && (st.st_mode & 077))
		fprintf(stderr, "saqta: %s: others can read the passphrase: chmod 600 %s\n", path, path);
	else
		n = read(fd, ret, size);
	if (fd >= 0)
		(void)close(fd);
	return first_line(ret, n);
}

static long from_terminal(int tty, const char *prompt, char *ret, size_t size)
{
	struct termios old, quiet;
	ssize_t n;

	if (tcgetattr(tty, &old) != 0)
		return -1;
	quiet = old;
	quiet.c_lflag &= (tcflag_t)~ECHO;
	(void)tcsetattr(tty, TCSAFLUSH, &quiet);
	(void)dprintf(tty, "%s: ", prompt);
	n = read(tty, ret, size);
	(void)tcsetattr(tty, TCSAFLUSH, &old);
	(void)dprintf(tty, "\n");
	return first_line(ret, n);
}

static long ask(const struct phrase *p, int tty, char *ret, size_t size)
{
	char again[1024];
	long n = from_terminal(tty, p->prompt, ret, size), m = n;

	if (n > 0 && p->is_new) {
		m = from_terminal(tty, "Again", again, sizeof(again));
		if (m != n || memcmp(again, ret, (size_t)n) != 0) {
			fprintf(stderr, "saqta: the two are not the same\n");
			n = -1;
		}
	}
	explicit_bzero(again, sizeof(again));
	return n;
}

long phrase_ask(void *user, char *ret, size_t size)
{
	const struct phrase *p = user;
	int tty;
	long n;

	if (p->file)
		return from_file(p->file, ret, size);
	tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
	if (tty < 0)
		return -1;
	n = ask(p, tty, ret, size);
	(void)close(tty);
	return n;
}
