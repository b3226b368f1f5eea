/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "out.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static bool dry_run;
static struct opt_number confirm;
static const char *receipts;

/* Whole or not at all, and on disk: after the sweep nobody can write these lines again. */
static int on_receipts(void *user, const char *data, size_t len)
{
	int fd = *(const int *)user;

	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			fprintf(stderr, "saqta: %s: %s\n", receipts, strerror(errno));
			return 1;
		}
		data += n;
		len -= (size_t)n;
	}
	return fdatasync(fd) ? 1 : 0;
}

static int open_receipts(int *ret)
{
	if (!receipts)
		return 0;
	*ret = open(receipts, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*ret >= 0)
		return 0;
	fprintf(stderr, "saqta: %s: %s\n", receipts, strerror(errno));
	return 73;
}

static int close_receipts(int fd)
{
	int bad;

	if (fd < 0)
		return 0;
	bad = fsync(fd);
	if (close(fd) || bad) {
		fprintf(stderr, "saqta: %s: %s\n", receipts, strerror(errno));
		return 74;
	}
	return 0;
}

static int sweep(saqta_engine *engine, int fd)
{
	struct out_progress progress = {.what = dry_run ? "looking" : "sweeping"};
	struct saqta_sweep_options o = {
		.size = sizeof(o),
		.dry_run = dry_run,
		.has_confirm = confirm.is_given,
		.confirm = confirm.n,
		.receipts = fd >= 0 ? on_receipts : NULL,
		.receipts_user = &fd,
		.progress = out_progress,
		.progress_user = &progress,
	};
	struct saqta_error err = {0};
	struct out_buf report = {0};
	enum saqta_status r = saqta_engine_sweep(engine, &o, out_buf_write, &report, &err);

	out_progress_end(&progress);
	/* A guard that held has its report all the same. */
	if (report.len > 0 && globals.json)
		(void)out_write_whole(NULL, report.data, report.len);
	else if (report.len > 0)
		out_object(report.data, report.len);
	out_buf_done(&report);
	return r ? out_error("sweep", &err) : 0;
}

static int run(const struct opt_words *words)
{
	saqta_engine *engine = NULL;
	int code, fd = -1, closed;

	(void)words;
	if (dry_run && (confirm.is_given || receipts))
		return out_usage("sweep", "a dry run destroys nothing: neither --confirm nor --receipts go with it");
	code = cli_open(false, &engine);
	if (code)
		return code;
	code = open_receipts(&fd);
	if (!code) {
		out_catch_signals();
		code = sweep(engine, fd);
		closed = close_receipts(fd);
		code = closed ? closed : code;
	}
	(void)saqta_engine_close(engine);
	return code;
}

static const struct opt opts[] = {
	{"dry-run", OPT_FLAG, &dry_run, NULL, "say what is due and change nothing"},
	{"confirm", OPT_NUMBER, &confirm, "N", "destroy up to N, and nothing if more are due"},
	{"receipts", OPT_TEXT, &receipts, "FILE", "a new file (0600) for external ids and receipt numbers"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};

const struct command cmd_sweep = {
	.name = "sweep",
	.summary = "The daily run: find what is due by now and do it",
	.usage = "[--dry-run] [--confirm N] [--receipts FILE]",
	.examples = "  saqta --vault /srv/vault sweep --dry-run\n"
		    "  saqta --vault /srv/vault sweep --confirm 1200 --receipts letters.tsv\n",
	.more = "Where more would be destroyed than the ceiling, or the clock stands far ahead, it changes nothing, says why and exits 1;\n"
		"--confirm with the number that a dry run printed lets it go on.",
	.opts = opts,
	.run = run,
};
