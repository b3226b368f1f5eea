/* SPDX-License-Identifier: Apache-2.0 */
#include "out.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

volatile sig_atomic_t out_stopped;

/* What became of stdout; 0 while all is well. Kept because the library only learns that the callback said stop. */
static int out_errno;

int out_exit(enum saqta_status status)
{
	switch (status) {
	case SAQTA_OK:
		return 0;
	case SAQTA_ERR_GUARD:
	case SAQTA_ERR_TAMPERED:
		return 1;
	case SAQTA_ERR_ARGUMENT:
		return 2;
	case SAQTA_ERR_INPUT:
	case SAQTA_ERR_LIMIT:
		return 65;
	case SAQTA_ERR_MISSING:
		return 66;
	case SAQTA_ERR_CREATE:
		return 73;
	case SAQTA_ERR_STORE:
	case SAQTA_ERR_NOMEM:
	case SAQTA_ERR_CLOSED:
	case SAQTA_ERR_CRYPTO:
		return 74;
	case SAQTA_ERR_BUSY:
		return 75;
	case SAQTA_ERR_KEY:
	case SAQTA_ERR_RIGHT:
		return 77;
	case SAQTA_ERR_POLICY:
		return 78;
	case SAQTA_ERR_CANCELLED:
		return 130;
	}
	return 74;
}

int out_usage(const char *command, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "saqta: %s%s", command ? command : "", command ? ": " : "");
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nTry `saqta %s%s--help`.\n", command ? command : "", command ? " " : "");
	return 2;
}

static bool has_told_problems; /* of a pack, each with its file and line */

int out_error(const char *what, const struct saqta_error *err)
{
	/* The callback said stop because stdout was gone: out_end tells that, with its own code. */
	if (err->status == SAQTA_ERR_CANCELLED && out_errno)
		return 74;
	if (err->status == SAQTA_ERR_CANCELLED && out_stopped)
		fprintf(stderr, "saqta: %s: stopped by a signal\n", what);
	else if (err->status == SAQTA_ERR_POLICY && has_told_problems)
		fprintf(stderr, "saqta: %s: refused, and nothing changed; every reason stands above\n", what);
	else if (err->line > 0)
		fprintf(stderr, "%s:%u: %s\n", what, err->line, err->message);
	else
		fprintf(stderr, "saqta: %s: %s\n", what, err->message[0] ? err->message : "failed");
	has_told_problems = false;
	return out_exit(err->status);
}

/* ---- signals ---- */

static void on_signal(int number)
{
	(void)number;
	out_stopped = 1;
}

void out_catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
}

/* ---- writers ---- */

int out_write(void *user, const char *data, size_t len)
{
	(void)user;
	if (out_errno || (len > 0 && fwrite(data, 1, len, stdout) != len)) {
		out_errno = out_errno ? out_errno : errno ? errno : EIO;
		return 1;
	}
	return out_stopped ? 1 : 0;
}

int out_write_whole(void *user, const char *data, size_t len)
{
	(void)out_write(user, data, len);
	return out_errno ? 1 : 0;
}

int out_write_problems(void *user, const char *data, size_t len)
{
	(void)user;
	has_told_problems = true;
	(void)fwrite(data, 1, len, stderr);
	return 0;
}

int out_end(int code)
{
	if (!out_errno && ferror(stdout))
		out_errno = errno ? errno : EIO;
	if (fflush(stdout) && !out_errno)
		out_errno = errno ? errno : EIO;
	if (!out_errno)
		return code;
	fprintf(stderr, "saqta: standard output: %s\n", strerror(out_errno));
	return 74;
}

int out_buf_write(void *user, const char *data, size_t len)
{
	struct out_buf *b = user;

	if (len > ((size_t)1 << 30) - b->len)
		return 1;
	if (b->len + len + 1 > b->cap) {
		size_t cap = b->cap ? b->cap : 4096;
		char *grown;

		while (cap < b->len + len + 1)
			cap *= 2;
		grown = realloc(b->data, cap);
		if (!grown)
			return 1;
		b->data = grown;
		b->cap = cap;
	}
	if (len > 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = 0;
	return 0;
}

void out_buf_done(struct out_buf *b)
{
	if (b->data)
		explicit_bzero(b->data, b->cap); /* what is shown to one person is not left lying about */
	free(b->data);
	*b = (struct out_buf){0};
}

/* ---- the terminal ---- */

bool out_is_terminal(void) { return isatty(STDOUT_FILENO) == 1; }

static bool has_colours(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return out_is_terminal() && !(no && no[0]) && term && strcmp(term, "dumb") != 0;
}

const char *out_bold(void) { return has_colours() ? "\033[1m" : ""; }

const char *out_red(void) { return has_colours() ? "\033[31m" : ""; }

const char *out_plain(void) { return has_colours() ? "\033[0m" : ""; }

const char *out_number(uint64_t n, char ret[OUT_NUMBER_SIZE])
{
	char digits[24];
	size_t len, at = 0;

	(void)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
	len = strlen(digits);
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			ret[at++] = ',';
		ret[at++] = digits[i];
	}
	ret[at] = 0;
	return ret;
}

/* C0, DEL and (in UTF-8) C1: what a terminal might obey. Returns its length in bytes, 0 if the bytes at @p are harmless. */
static size_t control_length(const unsigned char *p)
{
	if (p[0] < 0x20 || p[0] == 0x7f)
		return 1;
	return p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0 ? 2 : 0;
}

size_t out_width(const char *text)
{
	size_t width = 0;

	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		size_t control = control_length(p);

		if (control)
			width += 6;
		else if ((*p & 0xc0) != 0x80)
			width++;
		p += control == 2;
	}
	return width;
}

void out_text(FILE *to, const char *text, size_t width)
{
	size_t used = out_width(text);

	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		size_t control = control_length(p);

		if (control)
			(void)fprintf(to, "\\u%04x", control == 2 ? p[1] : p[0]);
		else
			(void)fputc(*p, to);
		p += control == 2;
	}
	for (; used < width; used++)
		(void)fputc(' ', to);
}

/* ---- progress ---- */

static uint64_t monotonic_us(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_MONOTONIC, &t))
		return 0;
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

int out_progress(void *user, uint64_t done, uint64_t total)
{
	struct out_progress *p = user;
	char a[OUT_NUMBER_SIZE], b[OUT_NUMBER_SIZE];
	uint64_t now_us;

	if (isatty(STDERR_FILENO) != 1)
		return out_stopped ? 1 : 0;
	now_us = monotonic_us();
	if (now_us >= p->next_us) {
		p->next_us = now_us + 100000;
		p->is_shown = true;
		if (total > 0) {
			unsigned tenths = done >= total ? 30 : (unsigned)((double)done / (double)total * 30.0);

			fprintf(stderr, "\r\033[K%s [%.*s%.*s] %s of %s", p->what, (int)tenths, "##############################",
				(int)(30 - tenths), "..............................", out_number(done, a), out_number(total, b));
		} else {
			fprintf(stderr, "\r\033[K%s %s", p->what, out_number(done, a));
		}
	}
	return out_stopped ? 1 : 0;
}

void out_progress_end(struct out_progress *p)
{
	if (p->is_shown)
		fprintf(stderr, "\r\033[K");
	p->is_shown = false;
}
