/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"
#include "saqta/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The report as a regulator takes it away: one report in every form, each signed and proved, the key, and the log that the proofs are of. */

#define KEY_FILE "log.vkey"
#define LOG_FOLDER "log"

static const char *const forms[] = {"json", "xml", "html", "pdf"};
static const char *const suffixes[] = {"", ".sig", ".proof"};
#define N_FORMS (sizeof(forms) / sizeof(forms[0]))
#define N_SUFFIXES (sizeof(suffixes) / sizeof(suffixes[0]))

struct folder {
	const char *path, *lang;
	int fd;
};

static void file_name(char ret[32], size_t form, size_t suffix) { (void)snprintf(ret, 32, "report.%s%s", forms[form], suffixes[suffix]); }

static int write_file(void *user, const char *data, size_t len)
{
	const int *fd = user;

	while (len > 0) {
		ssize_t n = write(*fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 1;
		data += n;
		len -= (size_t)n;
	}
	return fsync(*fd) != 0;
}

static enum saqta_status create(const struct folder *f, const char *name, int *ret_fd, struct saqta_error *err)
{
	*ret_fd = openat(f->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*ret_fd < 0)
		return err_set(err, SAQTA_ERR_CREATE, 0, "%s/%s: %s", f->path, name, strerror(errno));
	return SAQTA_OK;
}

static enum saqta_status give_form(const struct folder *f, const struct document *d, size_t form, struct saqta_error *err)
{
	int fd[N_SUFFIXES] = {-1, -1, -1};
	struct saqta_sign sign = {
		.size = sizeof(sign), .signature = write_file, .signature_user = &fd[1], .proof = write_file, .proof_user = &fd[2]};
	enum saqta_status r = SAQTA_OK;

	for (size_t i = 0; i < N_SUFFIXES && !r; i++) {
		char name[32];

		file_name(name, form, i);
		r = create(f, name, &fd[i], err);
	}
	if (!r)
		r = document_give(d, "report", &(struct document_form){forms[form], f->lang, &sign}, write_file, &fd[0], err);
	for (size_t i = 0; i < N_SUFFIXES; i++)
		if (fd[i] >= 0 && close(fd[i]) != 0 && !r)
			r = err_set(err, SAQTA_ERR_STORE, 0, "%s: report.%s cannot be written: %s", f->path, forms[form], strerror(errno));
	return r;
}

static enum saqta_status give_all(const struct document *d, void *user, struct saqta_error *err)
{
	enum saqta_status r = SAQTA_OK;

	for (size_t form = 0; form < N_FORMS && !r; form++)
		r = give_form(user, d, form, err);
	return r;
}

static enum saqta_status give_key(const struct saqta_engine *e, const struct folder *f, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf vkey = {0};
	int fd = -1;
	enum saqta_status r;

	audit_vkey_format(&e->signer.verifier, &vkey);
	buf_str(&vkey, "\n");
	if (vkey.failed)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	r = create(f, KEY_FILE, &fd, err);
	if (!r && write_file(&fd, (const char *)vkey.data, vkey.len) != 0)
		r = err_set(err, SAQTA_ERR_STORE, 0, "%s/" KEY_FILE ": %s", f->path, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return r;
}

/* A report that is not whole leaves none; what the log export wrote is whole at any moment, and may stand. */
static void drop(const struct folder *f)
{
	for (size_t form = 0; form < N_FORMS; form++)
		for (size_t i = 0; i < N_SUFFIXES; i++) {
			char name[32];

			file_name(name, form, i);
			(void)unlinkat(f->fd, name, 0);
		}
	(void)unlinkat(f->fd, KEY_FILE, 0);
	(void)rmdir(f->path);
}

enum saqta_status saqta_engine_report_folder(saqta_engine *e, const struct saqta_report_options *o, const char *dir,
					     saqta_progress_fn progress, void *progress_user, saqta_write_fn write, void *user,
					     struct saqta_error *err)
{
	struct folder f = {.path = dir, .lang = o->lang, .fd = -1};
	cleanup_(buf_done) struct buf log = {0};
	enum saqta_status r = hall_allows(e, ACT_LOG, err);

	if (!r)
		r = document_check_form(&(struct document_form){forms[0], o->lang, NULL}, err);
	if (r)
		return r;
	if (mkdir(dir, 0700) != 0)
		return err_set(err, SAQTA_ERR_CREATE, 0, "%s: %s", dir, strerror(errno));
	f.fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (f.fd < 0)
		return err_set(err, SAQTA_ERR_CREATE, 0, "%s: %s", dir, strerror(errno));
	buf_fmt(&log, "%s/" LOG_FOLDER, dir);
	r = log.failed ? err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory") : report_make(e, o->from, o->to, give_all, &f, err);
	if (!r)
		r = give_key(e, &f, err);
	/* Last, so that it holds the entries of these files. */
	if (!r)
		r = saqta_audit_export(e, (const char *)log.data, progress, progress_user, write, user, err);
	if (!r && fsync(f.fd) != 0)
		r = err_set(err, SAQTA_ERR_STORE, 0, "%s: %s", dir, strerror(errno));
	if (r)
		drop(&f);
	(void)close(f.fd);
	return r;
}
