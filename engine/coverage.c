/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"

#include "policy/lint.h"
#include "policy/load.h"
#include "saqta/policy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Is every enforced clause carried in the way that the table of clauses says? The statute's table says no way: a rule carries an article, and so
 * does a statement in the way that the statement itself names. */

#define FILE_MAX ((size_t)4 << 20)
#define FOLDER_DEPTH 8
#define DOCUMENTS_MAX 64

struct document {
	struct policy *p;
	bool is_asked; /* the others are read for what they find */
};
struct coverage {
	const char *dirs;
	struct problems *problems;
	struct document documents[DOCUMENTS_MAX];
	unsigned n_documents;
	struct buf clauses; /* clauses.tsv */
	struct buf tests;   /* every file of the tests, one after the other */
	struct buf cited;   /* clauses of all findings, each between spaces */
	uint64_t missing;
};

static void coverage_done(struct coverage *c)
{
	for (unsigned i = 0; i < c->n_documents; i++)
		policy_unref(c->documents[i].p);
	buf_done(&c->clauses);
	buf_done(&c->tests);
	buf_done(&c->cited);
}

/* ---- files ---- */

static void freep(char **text) { free(*text); }

static void close_dir(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

/* False if it cannot be read, or is no file of a sensible size. */
static bool read_file(const char *path, struct buf *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	char chunk[16384];
	struct stat st;
	ssize_t n = -1;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (size_t)st.st_size <= FILE_MAX)
		while ((n = read(fd, chunk, sizeof(chunk))) > 0)
			buf_add(ret, chunk, (size_t)n);
	if (fd >= 0)
		(void)close(fd);
	return n == 0;
}

static void read_folder(const char *path, unsigned depth, struct buf *ret)
{
	cleanup_(close_dir) DIR *d = depth ? opendir(path) : NULL;
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		cleanup_(freep) char *name = NULL;
		struct stat st;

		if (entry->d_name[0] == '.' || asprintf(&name, "%s/%s", path, entry->d_name) < 0)
			continue;
		if (lstat(name, &st) == 0 && S_ISDIR(st.st_mode))
			read_folder(name, depth - 1, ret);
		else if (read_file(name, ret))
			buf_str(ret, "\n");
	}
}

/* ---- what carries a clause ---- */

static bool is_id_char(unsigned char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'; }

/* Stands @id there as a whole? "shop/8.1" is neither in "shop/8.10" nor in "shop/8.1.1"; a full stop may end the sentence. */
static bool names_id(const struct buf *text, const char *id)
{
	const char *at = text->len > 0 ? (const char *)text->data : "", *end = at + text->len;
	size_t len = strlen(id);

	while ((at = memmem(at, (size_t)(end - at), id, len))) {
		const unsigned char before = at > (const char *)text->data ? (unsigned char)at[-1] : ' ', after = (unsigned char)at[len];

		if (!is_id_char(before) && before != '.' && !is_id_char(after) && !(after == '.' && is_id_char((unsigned char)at[len + 1])))
			return true;
		at += len;
	}
	return false;
}

static bool is_cited(const struct buf *cited, const char *id)
{
	cleanup_(freep) char *word = NULL;

	return cited->len && asprintf(&word, " %s ", id) > 0 && strstr((const char *)cited->data, word);
}

static bool rule_carries(const struct policy *p, unsigned rule, const char *id)
{
	for (const char *const *c = rule_clauses(p, rule); c && *c; c++)
		if (!strcmp(*c, id))
			return *rule_title(p, rule, "kk") && *rule_title(p, rule, "ru") && *rule_title(p, rule, "en");
	return false;
}

static bool is_printed(const struct policy *p, const char *id)
{
	for (unsigned i = 0; i < policy_rule_count(p); i++)
		if (rule_carries(p, i, id))
			return true;
	return false;
}

/* Does an expectation of the scenario file @text want @id among the clauses? */
static bool expects(const struct buf *text, const char *id)
{
	const char *at = (const char *)text->data, *end = at + text->len;
	bool found = false;

	while (at && at < end && !found) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((stop ? stop : end) - at), i;
		json_t *line = json_loadb(at, len, JSON_REJECT_DUPLICATES, NULL), *clause;

		if (json_object_get(line, "expect"))
			json_array_foreach(json_object_get(line, "clauses"), i, clause) found |=
				json_string_value(clause) && !strcmp(json_string_value(clause), id);
		json_decref(line);
		at += len + 1;
	}
	return found;
}

/* policies/tests/PACK/CLAUSE--*.jsonl: how many, and whether one expects the clause. */
static unsigned count_scenarios(const struct policy *p, const char *clause, const char *id, bool *ret_expects)
{
	cleanup_(freep) char *folder = policy_folder(p), *path = NULL, *prefix = NULL;
	cleanup_(close_dir) DIR *d = NULL;
	struct dirent *entry;
	unsigned n = 0;

	if (!folder || asprintf(&path, "%s/tests/%s", folder, policy_id(p)) < 0 || asprintf(&prefix, "%s--", clause) < 0)
		return 0;
	for (char *c = prefix; *c; c++)
		if (*c == '/' || *c == ' ')
			*c = '_';
	d = opendir(path);
	while (d && (entry = readdir(d))) {
		const size_t len = strlen(entry->d_name);
		cleanup_(freep) char *name = NULL;
		cleanup_(buf_done) struct buf text = {0};

		if (strncmp(entry->d_name, prefix, strlen(prefix)) || len < 6 || strcmp(entry->d_name + len - 6, ".jsonl") ||
		    asprintf(&name, "%s/%s", path, entry->d_name) < 0 || !read_file(name, &text))
			continue;
		n++;
		*ret_expects |= expects(&text, id);
	}
	return n;
}

/* What is missing of the ways that @shown_by lists (separated by commas or spaces), as text. */
static void check_ways(const struct coverage *c, const struct policy *p, const char *clause, const char *id, const char *shown_by,
		       struct buf *ret)
{
	while (*shown_by) {
		const size_t len = strcspn(shown_by, ", ");
		const char *wants = NULL;
		bool is_expected = false;
		unsigned n;

		if (word_is(shown_by, len, "scenario")) {
			n = count_scenarios(p, clause, id, &is_expected);
			wants = n < 2 ? "two scenarios" : is_expected ? NULL : "a scenario that expects the clause";
		} else if (word_is(shown_by, len, "lint")) {
			wants = is_cited(&c->cited, id) ? NULL : "a finding of lint that cites it";
		} else if (word_is(shown_by, len, "print")) {
			wants = is_printed(p, id) ? NULL : "a statement or rule with titles in three languages";
		} else if (word_is(shown_by, len, "test")) {
			wants = names_id(&c->tests, id) ? NULL : "a test that names it";
		} else if (len) {
			wants = "a way that is known (scenario, lint, print, test)";
		}
		if (wants)
			buf_fmt(ret, "%s%s", ret->len ? "; " : "", wants);
		shown_by += len + (shown_by[len] != 0);
	}
}

/* ---- tables ---- */

struct tally {
	uint64_t carried, missing, not_enforced;
	struct json_out rows;
};

static void count_row(struct coverage *c, struct tally *t, const char *clause, const char *shown_by, const struct buf *missing)
{
	if (!missing->len) {
		t->carried++;
		return;
	}
	t->missing++;
	c->missing++;
	json_open(&t->rows, NULL, '{');
	json_text(&t->rows, "clause", clause);
	json_text(&t->rows, "shown_by", shown_by);
	json_text(&t->rows, "missing", (const char *)missing->data);
	json_shut(&t->rows, '}');
}

static void check_document(struct coverage *c, const struct policy *p, struct tally *t)
{
	cleanup_(buf_done) struct buf copy = {0};
	struct tsv tsv = {0};

	buf_add(&copy, c->clauses.data, c->clauses.len); /* the fields are cut in place */
	tsv.at = (char *)copy.data;
	while (tsv_next(&tsv)) {
		cleanup_(buf_done) struct buf missing = {0};
		cleanup_(freep) char *id = NULL;
		const bool is_enforced = *tsv.field[3] && strcmp(tsv.field[3], "no") != 0 && strcmp(tsv.field[3], "-") != 0;

		if (strcmp(tsv.field[0], policy_id(p)) || asprintf(&id, "%s/%s", tsv.field[0], tsv.field[1]) < 0)
			continue;
		if (!is_enforced) {
			t->not_enforced++;
			continue;
		}
		check_ways(c, p, tsv.field[1], id, tsv.field[6], &missing);
		if (!*tsv.field[6] || !strcmp(tsv.field[6], "-"))
			buf_str(&missing, "a way to be shown");
		count_row(c, t, tsv.field[1], tsv.field[6], &missing);
	}
}

static void check_article(struct coverage *c, const struct policy *p, const char *article, struct tally *t)
{
	cleanup_(buf_done) struct buf missing = {0};
	cleanup_(freep) char *id = NULL;
	const char *shown_by = NULL;
	bool is_carried = false;

	if (asprintf(&id, "%s/%s", policy_id(p), article) < 0)
		return;
	for (unsigned i = 0; i < policy_rule_count(p); i++) {
		if (!rule_carries(p, i, id))
			continue;
		is_carried |= !rule_shown_by(p, i);
		shown_by = shown_by ? shown_by : rule_shown_by(p, i);
	}
	if (!is_carried && shown_by)
		check_ways(c, p, article, id, shown_by, &missing);
	else if (!is_carried)
		buf_str(&missing, "a rule or statement with titles in three languages");
	count_row(c, t, article, is_carried ? "rule" : shown_by ? shown_by : "", &missing);
}

static void check_statute(struct coverage *c, const struct policy *p, struct tally *t)
{
	const struct policy_file *files;
	cleanup_(buf_done) struct buf copy = {0};
	struct tsv tsv = {0};
	unsigned n;

	files = policy_files(p, &n);
	for (unsigned i = 0; i < n; i++)
		if (!strcmp(files[i].name, "statute.tsv"))
			buf_add(&copy, files[i].bytes.data, files[i].bytes.len);
	tsv.at = (char *)copy.data;
	while (tsv_next(&tsv))
		check_article(c, p, tsv.field[0], t);
}

/* ---- documents ---- */

static bool has_document(const struct coverage *c, const char *id)
{
	for (unsigned i = 0; i < c->n_documents; i++)
		if (!strcmp(policy_id(c->documents[i].p), id))
			return true;
	return false;
}

static enum saqta_status add_document(struct coverage *c, const char *pack, bool is_asked, struct saqta_error *err)
{
	cleanup_(findings_done) struct findings found = {0};
	struct policy *p = NULL;
	enum saqta_status r;

	if (c->n_documents == DOCUMENTS_MAX)
		return err_set(err, SAQTA_ERR_LIMIT, 0, "more than %d documents", DOCUMENTS_MAX);
	r = policy_load(pack, c->dirs, &p, c->problems, err);
	if (r)
		return r;
	if (has_document(c, policy_id(p))) {
		policy_unref(p);
		return SAQTA_OK;
	}
	c->documents[c->n_documents++] = (struct document){p, is_asked};
	r = policy_lint(p, &found, err);
	for (unsigned i = 0; !r && i < found.n; i++)
		buf_fmt(&c->cited, " %s ", found.items[i].clauses.len ? (const char *)found.items[i].clauses.data : "");
	return r;
}

/* The statute pack under @p, by the name of one of its rules; NULL if it has none below it. */
static char *statute_of(const struct policy *p)
{
	for (unsigned i = 0; i < policy_rule_count(p); i++) {
		const char *id = rule_id(p, i);

		if (rule_is_statute(p, i))
			return strndup(id, strcspn(id, "/"));
	}
	return NULL;
}

/* Documents of the table, and the statutes under them. */
static enum saqta_status add_table(struct coverage *c, bool is_asked, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf copy = {0};
	struct tsv tsv = {0};
	enum saqta_status r = SAQTA_OK;
	unsigned n;

	buf_add(&copy, c->clauses.data, c->clauses.len);
	tsv.at = (char *)copy.data;
	while (!r && tsv_next(&tsv))
		if (!has_document(c, tsv.field[0]))
			r = add_document(c, tsv.field[0], is_asked, err);
	n = c->n_documents;
	for (unsigned i = 0; !r && i < n; i++) {
		cleanup_(freep) char *statute = statute_of(c->documents[i].p);

		if (statute && !has_document(c, statute))
			r = add_document(c, statute, is_asked, err);
	}
	return r;
}

static enum saqta_status find_table(struct coverage *c, struct saqta_error *err)
{
	const struct policy_file *files;
	unsigned n = 0;

	if (c->n_documents) {
		files = policy_files(c->documents[0].p, &n);
		for (unsigned i = 0; i < n; i++)
			if (!strcmp(files[i].name, "clauses.tsv"))
				buf_add(&c->clauses, files[i].bytes.data, files[i].bytes.len);
	}
	for (const char *dir = c->dirs; !c->clauses.len && dir && *dir;) {
		const size_t len = strcspn(dir, ":");
		cleanup_(freep) char *path = NULL;

		if (asprintf(&path, "%.*s/clauses.tsv", (int)len, dir) > 0)
			(void)read_file(path, &c->clauses);
		dir += len + (dir[len] == ':');
	}
	if (!c->clauses.len)
		return err_set(err, SAQTA_ERR_MISSING, 0, "no table of clauses 'clauses.tsv' in %.200s", c->dirs);
	return c->clauses.failed ? err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory") : SAQTA_OK;
}

static void tell_document(struct coverage *c, const struct policy *p, struct buf *ret)
{
	cleanup_(buf_done) struct buf rows = {0};
	struct tally t = {.rows = {.out = &rows}};
	struct json_out j = {.out = ret};

	json_open(&t.rows, NULL, '[');
	if (policy_rule_count(p) && rule_is_statute(p, 0))
		check_statute(c, p, &t);
	else
		check_document(c, p, &t);
	json_shut(&t.rows, ']');
	json_open(&j, NULL, '{');
	json_text(&j, "document", policy_id(p));
	json_int(&j, "carried", (int64_t)t.carried);
	json_int(&j, "missing", (int64_t)t.missing);
	json_int(&j, "not_enforced", (int64_t)t.not_enforced);
	json_raw(&j, "rows", rows.data ? (const char *)rows.data : "[]");
	json_shut(&j, '}');
	buf_str(ret, "\n");
	if (rows.failed)
		ret->failed = true;
}

static enum saqta_status cover(struct coverage *c, const char *const *packs, size_t n_packs, const char *tests, struct buf *ret,
			       struct saqta_error *err)
{
	enum saqta_status r = SAQTA_OK;
	struct stat st;

	if (stat(tests, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_set(err, SAQTA_ERR_MISSING, 0, "no folder of tests '%.200s'; name it with --tests", tests);
	for (size_t i = 0; !r && i < n_packs; i++)
		r = add_document(c, packs[i], true, err);
	if (!r)
		r = find_table(c, err);
	if (!r)
		r = add_table(c, n_packs == 0, err);
	if (r)
		return r;
	read_folder(tests, FOLDER_DEPTH, &c->tests);
	for (unsigned i = 0; i < c->n_documents; i++)
		if (c->documents[i].is_asked)
			tell_document(c, c->documents[i].p, ret);
	return c->tests.failed || c->cited.failed || ret->failed ? err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory") : SAQTA_OK;
}

enum saqta_status saqta_policy_coverage(const char *const *packs, size_t n_packs, const char *dirs, const char *tests,
					saqta_write_fn problems_to, saqta_write_fn write, void *user, uint64_t *ret_missing,
					struct saqta_error *err)
{
	cleanup_(problems_done) struct problems problems = {0};
	cleanup_(buf_done) struct buf lines = {0};
	cleanup_(freep) char *built_in = dirs ? NULL : hall_policy_dirs();
	cleanup_(coverage_done) struct coverage c = {.dirs = dirs ? dirs : built_in, .problems = &problems};
	enum saqta_status r;

	*ret_missing = 0;
	if (!c.dirs)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	r = cover(&c, packs, n_packs, tests ? tests : "tests", &lines, err);
	if (problems.text.len > 0 && problems_to)
		(void)problems_to(user, (const char *)problems.text.data, problems.text.len);
	*ret_missing = c.missing;
	return r ? r : hall_give(write, user, &lines, err);
}
