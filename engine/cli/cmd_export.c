/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *format, *output, *lang, *request;

static int write_file(void *user, const char *data, size_t len) { return fwrite(data, 1, len, user) == len ? 0 : 1; }

/* A new file that only its owner reads. A document that could not be written whole leaves no file. */
int cli_document(const char *path, cli_call call, saqta_engine *engine, const void *args, struct saqta_error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	enum saqta_status r;

	if (!file) {
		(void)fprintf(stderr, "saqta: %s: %s\n", path, strerror(errno));
		return 73;
	}
	r = call(engine, write_file, file, args, err);
	if (fflush(file) || fsync(fd) || fclose(file)) {
		(void)fprintf(stderr, "saqta: %s: cannot be written\n", path);
		(void)unlink(path);
		return 74;
	}
	if (!r)
		return 0;
	(void)unlink(path);
	return out_error("document", err);
}

static enum saqta_status call_export(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	struct saqta_export_options o = {
		.size = sizeof(o), .subject = args, .format = format ? format : "json", .lang = lang, .request = request};

	return saqta_engine_export(engine, &o, write, user, reterr);
}

static int run_export(const struct opt_words *words)
{
	struct saqta_error err = {0};
	saqta_engine *engine = NULL;
	enum saqta_status r;
	int code;

	if (!output && out_is_terminal() && format && (!strcmp(format, "pdf") || !strcmp(format, "csv")))
		return out_usage("export", "%s is not for a terminal: name a file with --output", format);
	code = cli_open(false, &engine);
	if (code)
		return code;
	if (output) {
		code = cli_document(output, call_export, engine, words->at[0], &err);
	} else {
		r = call_export(engine, out_write_whole, NULL, words->at[0], &err);
		code = r ? out_error("export", &err) : 0;
	}
	(void)saqta_engine_close(engine);
	return code;
}

static const struct opt opts_export[] = {
	{"format", OPT_TEXT, &format, "F", "json (default), xml, csv (a zip, one file a register), html or pdf"},
	{"output", OPT_TEXT, &output, "FILE", "a new file (0600); default stdout"},
	{"lang", OPT_TEXT, &lang, "L", "kk, ru (default) or en"},
	{"request", OPT_TEXT, &request, "R", "the request that this answers: it is closed in the same transaction"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};

const struct command cmd_export = {
	.name = "export",
	.summary = "The answer to a subject who asks what is held",
	.usage = "ID [--format F] [--output FILE] [--lang L] [--request R]",
	.examples = "  saqta --vault /srv/vault export u-17 --format pdf --lang kk --output u-17.pdf\n"
		    "  saqta --vault /srv/vault export u-17 --request r-204 --format html --output u-17.html\n",
	.more = "All that is held, why, from where, who had it, and until when. Recorded in the log and with the subject.",
	.opts = opts_export,
	.words_min = 1,
	.words_max = 1,
	.run = run_export,
};
