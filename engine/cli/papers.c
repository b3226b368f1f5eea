/* SPDX-License-Identifier: Apache-2.0 */
#include "papers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct papers papers;

/* ---- files ---- */

int papers_create(const char *path, const char *suffix, struct papers_file *ret)
{
	int fd;

	if (asprintf(&ret->path, "%s%s", path, suffix) < 0) {
		ret->path = NULL;
		return 74;
	}
	fd = open(ret->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	ret->file = fd < 0 ? NULL : fdopen(fd, "w");
	if (ret->file)
		return 0;
	(void)fprintf(stderr, "saqta: %s: %s\n", ret->path, strerror(errno));
	free(ret->path);
	ret->path = NULL; /* not ours to remove */
	return 73;
}

int papers_close(struct papers_file *f)
{
	bool is_written = fflush(f->file) == 0 && fsync(fileno(f->file)) == 0;

	is_written = fclose(f->file) == 0 && is_written;
	f->file = NULL;
	if (is_written)
		return 0;
	(void)fprintf(stderr, "saqta: %s: cannot be written\n", f->path);
	return 74;
}

void papers_drop(struct papers_file *f, bool and_remove)
{
	if (f->file)
		(void)fclose(f->file);
	if (f->path && and_remove)
		(void)unlink(f->path);
	free(f->path);
	*f = (struct papers_file){0};
}

static int write_file(void *user, const char *data, size_t len) { return fwrite(data, 1, len, user) == len ? 0 : 1; }

/* ---- a document ---- */

enum { DOCUMENT, SIGNATURE, PROOF, FILES };
static struct papers_file files[FILES];
static struct saqta_sign sign = {.size = sizeof(sign), .signature = write_file, .proof = write_file};

const struct saqta_sign *papers_sign(void)
{
	sign.signature_user = files[SIGNATURE].file;
	sign.proof_user = files[PROOF].file;
	return files[PROOF].file ? &sign : NULL;
}

/* A document that could not be written whole leaves no file. */
static int to_files(cli_call call, saqta_engine *engine, const void *args)
{
	static const char *const suffixes[] = {[DOCUMENT] = "", [SIGNATURE] = ".sig", [PROOF] = ".proof"};
	int n = papers.sign ? FILES : 1, code = 0;
	struct saqta_error err = {0};

	for (int i = 0; i < n && !code; i++)
		code = papers_create(papers.output, suffixes[i], &files[i]);
	if (!code && call(engine, write_file, files[DOCUMENT].file, args, &err))
		code = out_error("document", &err);
	for (int i = 0; i < n && !code; i++)
		code = papers_close(&files[i]);
	for (int i = 0; i < n; i++)
		papers_drop(&files[i], code != 0);
	return code;
}

int papers_give(const char *name, bool is_recorded, cli_call call, const void *args)
{
	struct saqta_error err = {0};
	saqta_engine *engine = NULL;
	int code;

	if (!papers.format)
		papers.format = "json";
	if (!papers.output && papers.sign)
		return out_usage(name, "--sign makes files beside the document: name it with --output");
	if (!papers.output && out_is_terminal() && (!strcmp(papers.format, "pdf") || !strcmp(papers.format, "csv")))
		return out_usage(name, "%s is not for a terminal: name a file with --output", papers.format);
	code = cli_open(!is_recorded && !papers.sign, &engine);
	if (code)
		return code;
	if (papers.output)
		code = to_files(call, engine, args);
	else if (call(engine, out_write_whole, NULL, args, &err))
		code = out_error(name, &err);
	(void)saqta_engine_close(engine);
	return code;
}
