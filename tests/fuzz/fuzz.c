/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "policy/explain.h"
#include "policy/lint.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const uint8_t fuzz_key[KEY_SIZE] = "a key of thirty-one bytes, and 0";

_Noreturn void fuzz_fail(const char *file, int line, const char *what)
{
	(void)fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

/* ---- files ---- */

static char dir[64];

static void remove_dir(void)
{
	DIR *d = opendir(dir);

	for (struct dirent *entry; d && (entry = readdir(d));)
		(void)unlinkat(dirfd(d), entry->d_name, 0);
	if (d)
		(void)closedir(d);
	(void)rmdir(dir);
}

const char *fuzz_dir(void)
{
	if (!*dir) {
		(void)snprintf(dir, sizeof(dir), "%s/saqta-fuzz.XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
		fuzz_must(mkdtemp(dir) != NULL && atexit(remove_dir) == 0);
	}
	return dir;
}

const char *fuzz_path(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", fuzz_dir(), name);
	return path;
}

const char *fuzz_file(const char *name, const void *data, size_t len)
{
	const char *path = fuzz_path(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	fuzz_must(fd >= 0 && (len == 0 || write(fd, data, len) == (ssize_t)len));
	(void)close(fd);
	return path;
}

void fuzz_read(const char *path, struct buf *ret)
{
	uint8_t chunk[4096];
	FILE *file = fopen(path, "re");
	size_t n;

	fuzz_must(file != NULL);
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		buf_add(ret, chunk, n);
	(void)fclose(file);
}

/* ---- what parsers stand on ---- */

const char *fuzz_packs(void)
{
	const char *packs = getenv("SAQTA_POLICY_PATH");

	return packs ? packs : "policies";
}

static struct saqta_engine *engine;

static void close_engine(void) { engine = saqta_engine_close(engine); }

struct saqta_engine *fuzz_engine(void)
{
	struct saqta_error err = {0};

	if (!engine) {
		if (hall_open_memory("mycar", fuzz_packs(), FUZZ_NOW, &engine, NULL, &err))
			fuzz_fail(fuzz_packs(), 0, err.message);
		fuzz_must(atexit(close_engine) == 0);
	}
	return engine;
}

struct policy *fuzz_policy(void) { return fuzz_engine()->policy; }

static void tell_in(struct policy *p, const char *lang)
{
	cleanup_(words_freep) struct words *w = NULL;
	cleanup_(buf_done) struct buf out = {0};
	struct saqta_error err = {0};

	if (words_load(p, lang, &w, &err))
		return;
	fuzz_must(!policy_print(w, FUZZ_NOW, &out, &err));
	fuzz_is_lines(&out);
	buf_clear(&out);
	if (!policy_explain_clause(w, "1", &out, &err))
		fuzz_is_lines(&out);
}

void fuzz_tell(struct policy *p)
{
	cleanup_(findings_done) struct findings findings = {0};
	struct saqta_error err = {0};

	tell_in(p, "kk");
	tell_in(p, "ru");
	tell_in(p, "en");
	fuzz_must(!policy_lint(p, &findings, &err));
	for (unsigned i = 0; i < findings.n; i++) {
		cleanup_(buf_done) struct buf out = {0};

		finding_json(p, &findings.items[i], &out);
		fuzz_is_lines(&out);
	}
}

bool fuzz_patch(struct buf *file, size_t scale, const uint8_t *data, size_t size)
{
	struct cursor c = {.data = data, .len = size};
	bool differs = false;

	while (c.pos < c.len) {
		size_t at = cursor_u16(&c) * scale, n = cursor_u8(&c);
		const uint8_t *bytes = cursor_raw(&c, n);

		if (!bytes) {
			differs = differs || at < file->len;
			file->len = at < file->len ? at : file->len;
			break;
		}
		for (size_t i = 0; i < n && at + i < file->len; i++) {
			differs = differs || file->data[at + i] != bytes[i];
			file->data[at + i] = bytes[i];
		}
	}
	return differs;
}

void fuzz_is_lines(const struct buf *text)
{
	const char *at = (const char *)text->data, *end = at + text->len;

	fuzz_must(!text->failed);
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((stop ? stop : end) - at);
		json_t *root = json_loadb(at, len, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL);

		if (!root)
			fuzz_fail("no JSON", 0, at);
		json_decref(root);
		at += len + 1;
	}
}

int fuzz_take_lines(void *user, const char *data, size_t len)
{
	struct buf text = {0};

	(void)user;
	buf_add(&text, data, len);
	fuzz_is_lines(&text);
	buf_done(&text);
	return 0;
}

int fuzz_drop(void *user, const char *data, size_t len)
{
	(void)user;
	(void)data;
	(void)len;
	return 0;
}
