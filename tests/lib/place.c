/* SPDX-License-Identifier: Apache-2.0 */
#include "place.h"

#include <check.h>
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void join(char *ret, size_t size, const char *a, const char *b)
{
	int n = snprintf(ret, size, "%s/%s", a, b);

	ck_assert_msg(n > 0 && (size_t)n < size, "the path %s/%s is too long", a, b);
}

static char *read_file(const char *path, size_t *ret_len)
{
	FILE *f = fopen(path, "rb");
	char *data = NULL;
	size_t len = 0, n;

	ck_assert_msg(f != NULL, "cannot read %s", path);
	do {
		data = realloc(data, len + 65537);
		ck_assert_ptr_nonnull(data);
		n = fread(data + len, 1, 65536, f);
		len += n;
	} while (n > 0);
	ck_assert_int_eq(fclose(f), 0);
	data[len] = 0;
	if (ret_len)
		*ret_len = len;
	return data;
}

static void write_file(const char *path, const char *data, size_t len)
{
	FILE *f = fopen(path, "wb");

	ck_assert_msg(f != NULL, "cannot write %s", path);
	ck_assert_uint_eq(fwrite(data, 1, len, f), len);
	ck_assert_int_eq(fclose(f), 0);
}

/* Files of @from, and of its folders, to @to. */
static void copy_folder(const char *from, const char *to)
{
	DIR *dir = opendir(from);
	struct dirent *entry;

	ck_assert_msg(dir != NULL, "cannot read the folder %s", from);
	ck_assert_int_eq(mkdir(to, 0700), 0);
	while ((entry = readdir(dir)) != NULL) {
		char source[512], target[512];
		struct stat st;
		char *data;
		size_t len;

		if (entry->d_name[0] == '.')
			continue;
		join(source, sizeof(source), from, entry->d_name);
		join(target, sizeof(target), to, entry->d_name);
		ck_assert_int_eq(stat(source, &st), 0);
		if (S_ISDIR(st.st_mode)) {
			copy_folder(source, target);
			continue;
		}
		data = read_file(source, &len);
		write_file(target, data, len);
		free(data);
	}
	(void)closedir(dir);
}

void place_make(struct place *p)
{
	const char *packs = getenv("SAQTA_POLICY_PATH");

	ck_assert_msg(packs != NULL, "SAQTA_POLICY_PATH is not set");
	(void)snprintf(p->dir, sizeof(p->dir), "/tmp/saqta-test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(p->dir));
	join(p->packs, sizeof(p->packs), p->dir, "packs");
	join(p->vault, sizeof(p->vault), p->dir, "vault");
	copy_folder(packs, p->packs);
}

void place_keep(const struct place *p, const char *name)
{
	char path[256];

	join(path, sizeof(path), p->dir, name);
	copy_folder(p->packs, path);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void place_remove(struct place *p) { ck_assert_int_eq(nftw(p->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0); }

void place_edit(const struct place *p, const char *name, const char *from, const char *to)
{
	char path[512], *text, *at, *hit;
	struct text out = {0};
	unsigned n = 0;

	join(path, sizeof(path), p->packs, name);
	text = read_file(path, NULL);
	for (at = text; (hit = strstr(at, from)) != NULL; at = hit + strlen(from), n++) {
		(void)text_write(&out, at, (size_t)(hit - at));
		(void)text_write(&out, to, strlen(to));
	}
	ck_assert_msg(n > 0, "%s: there is no '%s' to edit", path, from);
	(void)text_write(&out, at, strlen(at));
	write_file(path, out.data, out.len);
	text_done(&out);
	free(text);
}

void place_version(const struct place *p, const char *name, const char *version)
{
	char path[512], from[64], to[64], *text, *at;

	join(path, sizeof(path), p->packs, name);
	text = read_file(path, NULL);
	at = strstr(text, "\" version=\"");
	ck_assert_msg(at != NULL, "%s has no version", path);
	at += 2;
	(void)snprintf(from, sizeof(from), "%.*s\"", (int)(strlen("version=\"") + strcspn(at + strlen("version=\""), "\"")), at);
	(void)snprintf(to, sizeof(to), "version=\"%s\"", version);
	place_edit(p, name, from, to);
	free(text);
}

void place_cut(const struct place *p, const char *name, const char *from, const char *to)
{
	char path[512], *text, *begin, *end;

	join(path, sizeof(path), p->packs, name);
	text = read_file(path, NULL);
	begin = strstr(text, from);
	ck_assert_msg(begin != NULL, "%s: there is no '%s'", path, from);
	end = strstr(begin, to);
	ck_assert_msg(end != NULL, "%s: there is no '%s'", path, to);
	memmove(begin, end, strlen(end) + 1);
	write_file(path, text, strlen(text));
	free(text);
}

void place_copy(const struct place *p, const char *from, const char *to)
{
	char source[512], target[512], *data;
	size_t len;

	join(source, sizeof(source), p->packs, from);
	join(target, sizeof(target), p->packs, to);
	data = read_file(source, &len);
	write_file(target, data, len);
	free(data);
}

/* ---- the vault ---- */

static struct saqta_options options(const struct place *p, const char *now)
{
	return (struct saqta_options){
		.size = sizeof(struct saqta_options), .vault_dir = p->vault, .policy_dirs = p->packs, .now = now, .wait_s = 5};
}

void place_init(const struct place *p, const char *pack, const char *now)
{
	struct saqta_options o = options(p, now);
	struct saqta_error err = {0};

	ck_assert_msg(saqta_engine_init(&o, pack, NULL, NULL, &err) == SAQTA_OK, "init: %s", err.message);
}

static saqta_engine *open_as(const struct saqta_options *o)
{
	struct saqta_error err = {0};
	saqta_engine *e = NULL;

	ck_assert_msg(saqta_engine_open(o, &e, &err) == SAQTA_OK, "open: %s", err.message);
	return e;
}

saqta_engine *place_open(const struct place *p, const char *now)
{
	struct saqta_options o = options(p, now);

	return open_as(&o);
}

saqta_engine *place_read(const struct place *p, const char *now)
{
	struct saqta_options o = options(p, now);

	o.read_only = true;
	return open_as(&o);
}

int text_write(void *user, const char *data, size_t len)
{
	struct text *t = user;

	t->data = realloc(t->data, t->len + len + 1);
	ck_assert_ptr_nonnull(t->data);
	memcpy(t->data + t->len, data, len);
	t->len += len;
	t->data[t->len] = 0;
	return 0;
}

void text_done(struct text *t)
{
	free(t->data);
	*t = (struct text){0};
}

void place_apply(saqta_engine *e, const char *lines, struct text *ret)
{
	struct text own = {0};
	struct saqta_error err = {0};
	unsigned line = 0;

	while (*lines) {
		size_t len = strcspn(lines, "\n");

		ck_assert_msg(saqta_engine_submit(e, ++line, lines, len, &err) == SAQTA_OK, "submit: %s", err.message);
		lines += len + (lines[len] == '\n');
	}
	ck_assert_msg(saqta_engine_commit(e, text_write, ret ? ret : &own, &err) == SAQTA_OK, "commit: %s", err.message);
	ck_assert_msg(saqta_engine_finish(e, &err) == SAQTA_OK, "finish: %s", err.message);
	text_done(&own);
}

void place_sweep(saqta_engine *e, struct text *ret)
{
	struct saqta_sweep_options o = {.size = sizeof(o), .has_confirm = true, .confirm = 1000};
	struct saqta_error err = {0};

	ck_assert_msg(saqta_engine_sweep(e, &o, text_write, ret, &err) == SAQTA_OK, "sweep: %s", err.message);
}
