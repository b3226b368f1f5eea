/* SPDX-License-Identifier: Apache-2.0 */
#include "papers.h"
#include "phrase.h"

#include "saqta/document.h"

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

int papers_write(void *user, const char *data, size_t len) { return fwrite(data, 1, len, user) == len ? 0 : 1; }

/* ---- a document ---- */

enum { DOCUMENT, SIGNATURE, PROOF, FILES };
static struct papers_file files[FILES];
static struct saqta_sign sign = {.size = sizeof(sign), .signature = papers_write, .proof = papers_write};

const struct saqta_sign *papers_sign(void)
{
	sign.signature_user = files[SIGNATURE].file;
	sign.proof_user = files[PROOF].file;
	return files[PROOF].file ? &sign : NULL;
}

/* ---- sealed: the document's file is the library's ---- */

static saqta_sealed *sealed;

static int create_sealed(void)
{
	struct phrase phrase = {.file = papers.seal_file, .prompt = "Passphrase of the document", .is_new = true};
	struct saqta_error err = {0};

	if (saqta_sealed_create(papers.output, phrase_ask, &phrase, &sealed, &err))
		return out_error(papers.output, &err);
	files[DOCUMENT].path = strdup(papers.output);
	return files[DOCUMENT].path ? 0 : 74;
}

static int finish_sealed(void)
{
	struct saqta_error err = {0};

	return saqta_sealed_finish(sealed, &err) ? out_error(papers.output, &err) : 0;
}

/* ---- giving ---- */

static int create_files(void)
{
	static const char *const suffixes[] = {[DOCUMENT] = "", [SIGNATURE] = ".sig", [PROOF] = ".proof"};
	int code = papers.seal ? create_sealed() : papers_create(papers.output, "", &files[DOCUMENT]);

	for (int i = SIGNATURE; i < FILES && papers.sign && !code; i++)
		code = papers_create(papers.output, suffixes[i], &files[i]);
	return code;
}

/* A document that could not be written whole leaves no file. */
static int end_files(int code)
{
	if (!code && sealed)
		code = finish_sealed();
	for (int i = 0; i < FILES && !code; i++)
		code = files[i].file ? papers_close(&files[i]) : 0;
	for (int i = 0; i < FILES; i++)
		papers_drop(&files[i], code != 0);
	sealed = saqta_sealed_close(sealed);
	return code;
}

static int give(const char *name, saqta_engine *engine, cli_call call, const void *args)
{
	struct saqta_error err = {0};
	enum saqta_status r;

	if (sealed)
		r = call(engine, saqta_sealed_write, sealed, args, &err);
	else if (papers.output)
		r = call(engine, papers_write, files[DOCUMENT].file, args, &err);
	else
		r = call(engine, out_write_whole, NULL, args, &err);
	return r ? out_error(name, &err) : 0;
}

int papers_give(const char *name, bool is_recorded, cli_call call, const void *args)
{
	saqta_engine *engine = NULL;
	int code = 0;

	papers.seal |= papers.seal_file != NULL;
	if (!papers.format)
		papers.format = "json";
	if (!papers.output && (papers.sign || papers.seal))
		return out_usage(name, "--sign and --seal are for a file: name it with --output");
	if (!papers.output && out_is_terminal() && (!strcmp(papers.format, "pdf") || !strcmp(papers.format, "csv")))
		return out_usage(name, "%s is not for a terminal: name a file with --output", papers.format);
	/* Files before the vault: whoever is asked for a passphrase keeps no writer waiting. */
	if (papers.output)
		code = create_files();
	if (!code)
		code = cli_open(!is_recorded && !papers.sign, &engine);
	if (!code)
		code = give(name, engine, call, args);
	(void)saqta_engine_close(engine);
	return papers.output ? end_files(code) : code;
}
