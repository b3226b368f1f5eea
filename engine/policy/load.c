/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/load.h"

#include "base/crypt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define POLICY_NS "urn:saqta:policy:1"

/* ---- files ---- */

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static enum saqta_status read_bytes(const char *path, struct buf *ret, struct saqta_error *err)
{
	cleanup_(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	char chunk[16384];
	ssize_t n = 1;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(err, SAQTA_ERR_MISSING, 0, "cannot read %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, SAQTA_ERR_MISSING, 0, "cannot read %s: not a regular file", path);
	while (n && !ret->failed && ret->len <= XML_BYTES_MAX) {
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno != EINTR)
			return err_set(err, SAQTA_ERR_MISSING, 0, "cannot read %s: %s", path, strerror(errno));
		buf_add(ret, chunk, n > 0 ? (size_t)n : 0);
	}
	if (ret->failed)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory for %s", path);
	if (ret->len > XML_BYTES_MAX)
		return err_set(err, SAQTA_ERR_LIMIT, 0, "%s is larger than %zu bytes", path, XML_BYTES_MAX);
	return SAQTA_OK;
}

static char *path_in(const char *dir, size_t dir_len, const char *folder, const char *name, const char *ending)
{
	char *ret = NULL;

	if (asprintf(&ret, "%.*s%s%s%s%s", (int)dir_len, dir, dir_len ? "/" : "", folder, name, ending) < 0)
		return NULL;
	if (!access(ret, F_OK))
		return ret;
	free(ret);
	return NULL;
}

/* "FOLDERnameENDING" beside the pack, then in each folder of @dirs; owned; NULL if it is nowhere. */
static char *find_file(const struct loader *l, const char *folder, const char *name, const char *ending)
{
	const char *pack = l->packs[PACK_SELF].path, *slash = pack ? strrchr(pack, '/') : NULL;
	char *ret = NULL;

	if (slash)
		ret = path_in(pack, (size_t)(slash - pack), folder, name, ending);
	else if (pack)
		ret = path_in(".", 1, folder, name, ending);
	for (const char *dir = l->dirs; !ret && dir && *dir;) {
		size_t len = strcspn(dir, ":");

		if (len)
			ret = path_in(dir, len, folder, name, ending);
		dir += len + (dir[len] == ':');
	}
	return ret;
}

static enum saqta_status missing(const struct loader *l, const char *what, const char *name, struct saqta_error *err)
{
	return err_set(err, SAQTA_ERR_MISSING, 0, "no %s '%.100s' in %.200s", what, name,
		       l->dirs && *l->dirs ? l->dirs : "the pack's folder");
}

static void freep(char **text) { free(*text); }

/* A table is text: its fields go into what people read, and a NUL would end it early. */
static enum saqta_status read_text(const char *path, struct buf *ret, struct saqta_error *err)
{
	enum saqta_status r = read_bytes(path, ret, err);
	const uint8_t *nul = r || ret->len == 0 ? NULL : memchr(ret->data, 0, ret->len);

	if (!r && (nul || !text_is_utf8(ret->data, ret->len)))
		return err_set(err, SAQTA_ERR_POLICY, 0, "%s: %s: save it as UTF-8 text", path, nul ? "holds a NUL" : "is not UTF-8");
	return r;
}

/* A file that must be there: its bytes. */
static enum saqta_status read_found(const struct loader *l, const char *what, const char *name, struct buf *ret, struct saqta_error *err)
{
	cleanup_(freep) char *path = find_file(l, "", name, "");

	return path ? read_text(path, ret, err) : missing(l, what, name, err);
}

bool tsv_next(struct tsv *t)
{
	char *line, *end;

	do {
		line = t->at;
		if (!line || !*line)
			return false;
		end = line + strcspn(line, "\r\n");
		t->at = line + strcspn(line, "\n");
		t->at += *t->at != 0;
		*end = 0;
	} while (!t->line++ || !*line); /* the heading, and empty lines */
	for (int i = 0; i < TSV_FIELDS; i++) {
		t->field[i] = line;
		line += strcspn(line, "\t");
		if (*line)
			*line++ = 0;
	}
	return true;
}

/* ---- packs ---- */

static char *find_pack(const struct loader *l, const char *pack)
{
	size_t len = strlen(pack);
	bool is_path = strchr(pack, '/') || (len > 4 && !strcmp(pack + len - 4, ".xml"));

	if (is_path && !access(pack, F_OK))
		return strdup(pack);
	return strchr(pack, '/') ? NULL : find_file(l, "", pack, ".xml");
}

/* Problems of the schema first, all of them; then the tree without it, so that ours are found in the same run. */
static enum saqta_status read_tree(struct loader *l, int pack, struct saqta_error *err)
{
	cleanup_(freep) char *schema = find_file(l, "schema/", "policy.xsd", "");
	struct source *s = &l->packs[pack];
	struct saqta_error ignored;
	enum saqta_status r;

	if (!schema)
		return missing(l, "schema", "schema/policy.xsd", err);
	r = read_bytes(s->path, &s->bytes, err);
	if (r)
		return r;
	r = xml_load(s->path, POLICY_NS, schema, l->problems, &s->root, err);
	if (r != SAQTA_ERR_POLICY)
		return r;
	r = xml_load(s->path, POLICY_NS, NULL, NULL, &s->root, &ignored);
	if (r == SAQTA_OK && !strcmp(s->root->name, "policy"))
		return SAQTA_OK;
	return problems_status(l->problems, err);
}

static char *copy_attr(struct loader *l, const struct xml_node *node, const char *name, const char *otherwise)
{
	const char *value = node && xml_attr(node, name) ? xml_attr(node, name) : otherwise;
	char *ret = value ? strdup(value) : NULL;

	l->no_memory |= value && !ret;
	return ret;
}

static void describe_pack(struct loader *l, int pack)
{
	const struct xml_node *root = l->packs[pack].root, *controller = NULL;
	const char *kind = xml_attr(root, "kind");
	struct pack_info *info = &l->p->packs[pack];

	for (size_t i = 0; i < root->n_children && !controller; i++)
		if (!strcmp(root->children[i]->name, "controller"))
			controller = root->children[i];
	info->id = copy_attr(l, root, "id", "");
	info->version = copy_attr(l, root, "version", "");
	info->path = strdup(l->packs[pack].path);
	info->controller = copy_attr(l, controller, "name", NULL);
	info->bin = copy_attr(l, controller, "bin", NULL);
	info->country = copy_attr(l, root, "country", NULL);
	info->closing = copy_attr(l, root, "closing", NULL);
	info->is_statute = kind && !strcmp(kind, "statute");
	build_titles(l, pack, root, info->title);
	l->no_memory |= !info->path;
	l->p->n_packs++;
}

static enum saqta_status read_packs(struct loader *l, const char *pack, struct saqta_error *err)
{
	const char *extends;
	enum saqta_status r;

	l->packs[PACK_SELF].path = find_pack(l, pack);
	if (!l->packs[PACK_SELF].path)
		return missing(l, "policy pack", pack, err);
	r = read_tree(l, PACK_SELF, err);
	if (r)
		return r;
	describe_pack(l, PACK_SELF);
	extends = xml_attr(l->packs[PACK_SELF].root, "extends");
	if (!extends)
		return SAQTA_OK;
	l->packs[PACK_BASE].path = strchr(extends, '/') ? NULL : find_file(l, "", extends, ".xml");
	if (!l->packs[PACK_BASE].path) {
		complain(l, PACK_SELF, l->packs[PACK_SELF].root, "no policy pack '%s', which this one extends, beside it or in %s", extends,
			 l->dirs && *l->dirs ? l->dirs : "any folder given");
		return problems_status(l->problems, err);
	}
	r = read_tree(l, PACK_BASE, err);
	if (!r)
		describe_pack(l, PACK_BASE);
	return r;
}

/* ---- vocabulary, zone, calendar ---- */

static void add_word(struct loader *l, const char *path, const struct tsv *t)
{
	int kind = id_kind_of(t->field[0]), parent = -1;
	struct policy *p = l->p;

	/* Some kinds (states, outcomes) are the engine's own and carry no ids. */
	if (kind < 0)
		return;
	if (*t->field[2])
		parent = policy_find(p, (enum id_kind)kind, t->field[2]);
	if (*t->field[2] && parent < 0)
		problems_add(l->problems, path, t->line, "the parent '%s' of '%s' does not stand above it", t->field[2], t->field[1]);
	else if (!*t->field[1] || policy_find(p, (enum id_kind)kind, t->field[1]) >= 0)
		problems_add(l->problems, path, t->line, "the %s '%s' is empty or given twice", t->field[0], t->field[1]);
	else if (p->n_ids[kind] >= (kind == ID_OPERATION ? POLICY_OPERATIONS_MAX : POLICY_SET_BITS))
		problems_add(l->problems, path, t->line, "too many ids of kind '%s'", t->field[0]);
	else if (policy_add_id(p, (enum id_kind)kind, t->field[1], parent) < 0)
		l->no_memory = true;
}

static enum saqta_status read_vocabulary(struct loader *l, struct saqta_error *err)
{
	cleanup_(freep) char *path = find_file(l, "", "vocabulary.tsv", "");
	cleanup_(buf_done) struct buf copy = {0};
	struct tsv t = {0};
	enum saqta_status r;

	if (!path)
		return missing(l, "vocabulary", "vocabulary.tsv", err);
	r = read_text(path, &l->vocabulary, err);
	if (r)
		return r;
	buf_add(&copy, l->vocabulary.data, l->vocabulary.len); /* the fields are cut in place, the digest needs the bytes */
	if (copy.failed)
		l->no_memory = true;
	t.at = (char *)copy.data;
	while (!l->no_memory && tsv_next(&t))
		add_word(l, path, &t);
	return SAQTA_OK;
}

static const char *inherited(const struct loader *l, const char *attr)
{
	const char *value = xml_attr(l->packs[PACK_SELF].root, attr);

	return value || !l->packs[PACK_BASE].root ? value : xml_attr(l->packs[PACK_BASE].root, attr);
}

static enum saqta_status load_zone(struct loader *l, int pack, const char *name, struct zone **ret, struct saqta_error *err)
{
	struct saqta_error why = {0};
	enum saqta_status r = zone_load(name, ret, &why);

	if (r == SAQTA_ERR_NOMEM)
		return err_set(err, r, 0, "%s", why.message);
	if (r)
		complain(l, pack, l->packs[pack].root, "zone '%s': %s; write a name of the tz database, as Asia/Almaty", name, why.message);
	return SAQTA_OK;
}

static enum saqta_status load_zones(struct loader *l, struct saqta_error *err)
{
	const char *name = inherited(l, "zone"), *base;
	enum saqta_status r = SAQTA_OK;

	if (!name)
		complain(l, PACK_SELF, l->packs[PACK_SELF].root, "no 'zone', here or in the base: dates would have no beginning");
	else
		r = load_zone(l, PACK_SELF, name, &l->p->zone, err);
	base = l->packs[PACK_BASE].root ? xml_attr(l->packs[PACK_BASE].root, "zone") : NULL;
	/* The base's dates are dates where the base holds. */
	if (!r && base && strcmp(base, name))
		r = load_zone(l, PACK_BASE, base, &l->packs[PACK_BASE].zone, err);
	return r;
}

static enum saqta_status load_calendar(struct loader *l, struct saqta_error *err)
{
	const struct xml_node *root = l->packs[PACK_SELF].root;
	const char *name = inherited(l, "calendar");
	cleanup_(freep) char *path = NULL;
	struct saqta_error why = {0};
	enum saqta_status r;

	if (!name) {
		complain(l, PACK_SELF, root, "no 'calendar', here or in the base: working days could not be counted");
		return SAQTA_OK;
	}
	path = strchr(name, '/') ? NULL : find_file(l, "calendar/", name, ".xml");
	if (!path) {
		complain(l, PACK_SELF, root, "no calendar '%s': calendar/%s.xml is not beside the packs", name, name);
		return SAQTA_OK;
	}
	r = read_bytes(path, &l->calendar, err);
	if (r)
		return r;
	r = calendar_load(path, &l->p->calendar, &why);
	if (r == SAQTA_ERR_POLICY)
		complain(l, PACK_SELF, root, "the calendar '%s' is refused: %s", name, why.message);
	else if (r)
		return err_set(err, r, why.line, "%s", why.message);
	return SAQTA_OK;
}

/* ---- all together ---- */

static enum saqta_status no_memory(struct saqta_error *err) { return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory for a policy"); }

static unsigned count_rules(const struct loader *l, int pack)
{
	const struct xml_node *root = l->packs[pack].root;
	unsigned n = 0;

	for (size_t i = 0; root && i < root->n_children; i++)
		n += is_rule_name(root->children[i]->name);
	return n;
}

/* The base first in everything, since the pack rests on it; but the pack's rules stand first. */
static enum saqta_status build(struct loader *l, struct saqta_error *err)
{
	struct policy *p = l->p;
	int packs = (int)p->n_packs;
	unsigned own = count_rules(l, PACK_SELF), all = own + count_rules(l, PACK_BASE);

	if (all > POLICY_RULES_MAX) {
		complain(l, PACK_SELF, l->packs[PACK_SELF].root, "%u rules with those of the base; no policy may have more than %d", all,
			 POLICY_RULES_MAX);
		return problems_status(l->problems, err);
	}
	for (int i = packs - 1; i >= 0; i--) {
		check_pack(l, i);
		build_terms(l, i);
	}
	for (int i = packs - 1; i >= 0; i--)
		build_declarations(l, i);
	p->consents = calloc((size_t)p->n_ids[ID_CONSENT] + 1, sizeof(*p->consents));
	p->rules = calloc(all + 1, sizeof(*p->rules));
	if (!p->consents || !p->rules || !policy_intern_all(p))
		return no_memory(err);
	for (int c = 0; c < p->n_ids[ID_CONSENT]; c++)
		p->consents[c].lapse_rule = UINT16_MAX;
	p->n_rules = all;
	for (int i = packs - 1; i >= 0; i--)
		build_rules(l, i, i == PACK_SELF ? 0 : own);
	if (l->no_memory)
		return no_memory(err);
	check_policy(l);
	return SAQTA_OK;
}

static enum saqta_status take_digest(struct loader *l, struct saqta_error *err)
{
	const struct buf *parts[] = {&l->packs[PACK_SELF].bytes, &l->packs[PACK_BASE].bytes, &l->vocabulary, &l->calendar};
	cleanup_(buf_done) struct buf all = {0};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		buf_bytes(&all, parts[i]->data, parts[i]->len);
	if (all.failed)
		return no_memory(err);
	crypt_sha256(all.data, all.len, l->p->digest);
	return SAQTA_OK;
}

/* ---- what it was loaded from ---- */

static void keep_file(struct loader *l, const char *folder, const char *name, const char *ending, const struct buf *bytes)
{
	struct policy_file *file = &l->p->files[l->p->n_files];

	if (!bytes->data || l->p->n_files == POLICY_FILES_MAX)
		return;
	if (asprintf(&file->name, "%s%s%s", folder, name, ending) < 0)
		file->name = NULL;
	buf_add(&file->bytes, bytes->data, bytes->len);
	l->no_memory |= !file->name || file->bytes.failed;
	l->p->n_files++;
}

static enum saqta_status keep_found(struct loader *l, const char *name, struct saqta_error *err)
{
	cleanup_(freep) char *path = find_file(l, "", name, "");
	cleanup_(buf_done) struct buf bytes = {0};
	enum saqta_status r = path ? read_text(path, &bytes, err) : SAQTA_OK;

	if (!r)
		keep_file(l, "", name, "", &bytes);
	return r;
}

/* Before the tables are cut into fields. The pack's own name says nothing that its text does not. */
static enum saqta_status keep_files(struct loader *l, struct saqta_error *err)
{
	const char *base = xml_attr(l->packs[PACK_SELF].root, "extends"), *calendar = inherited(l, "calendar");
	enum saqta_status r;

	keep_file(l, "", POLICY_SELF, "", &l->packs[PACK_SELF].bytes);
	if (base)
		keep_file(l, "", base, ".xml", &l->packs[PACK_BASE].bytes);
	keep_file(l, "", "vocabulary.tsv", "", &l->vocabulary);
	keep_file(l, "", "clauses.tsv", "", &l->clauses.text);
	keep_file(l, "", "statute.tsv", "", &l->clauses.statute_text);
	if (calendar)
		keep_file(l, "calendar/", calendar, ".xml", &l->calendar);
	r = keep_found(l, "words.tsv", err);
	if (!r)
		r = keep_found(l, "schema/policy.xsd", err);
	return r ? r : keep_found(l, "schema/calendar.xsd", err);
}

static enum saqta_status load(struct loader *l, const char *pack, struct saqta_error *err)
{
	enum saqta_status r = read_packs(l, pack, err);

	if (!r)
		r = read_vocabulary(l, err);
	if (!r)
		r = load_zones(l, err);
	if (!r)
		r = load_calendar(l, err);
	if (!r)
		r = read_found(l, "table of clauses", "clauses.tsv", &l->clauses.text, err);
	if (!r)
		r = read_found(l, "table of the statute", "statute.tsv", &l->clauses.statute_text, err);
	if (!r)
		r = keep_files(l, err);
	if (!r && (l->no_memory || !clause_table_fill(&l->clauses)))
		r = no_memory(err);
	if (!r)
		r = build(l, err);
	if (!r)
		r = problems_status(l->problems, err);
	if (!r)
		r = take_digest(l, err);
	if (!r && (!policy_index(l->p) || !decide_prepare(l->p)))
		r = no_memory(err);
	return r;
}

static void loader_done(struct loader *l)
{
	for (int i = 0; i < 2; i++) {
		free(l->packs[i].path);
		buf_done(&l->packs[i].bytes);
		l->packs[i].root = xml_node_free(l->packs[i].root);
		l->packs[i].zone = zone_free(l->packs[i].zone);
	}
	buf_done(&l->vocabulary);
	buf_done(&l->calendar);
	clause_table_done(&l->clauses);
	l->p = policy_unref(l->p);
}

enum saqta_status policy_load(const char *pack, const char *dirs, struct policy **ret, struct problems *problems, struct saqta_error *err)
{
	cleanup_(problems_done) struct problems own = {0};
	cleanup_(loader_done) struct loader l = {.dirs = dirs, .problems = problems ? problems : &own};
	enum saqta_status r;

	l.p = calloc(1, sizeof(*l.p));
	if (!l.p)
		return no_memory(err);
	l.p->refs = 1;
	r = load(&l, pack, err);
	if (r)
		return r;
	*ret = l.p;
	l.p = NULL;
	return SAQTA_OK;
}
