/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/diff.h"
#include "policy/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const langs[LANGS] = {[LANG_KK] = "kk", [LANG_RU] = "ru", [LANG_EN] = "en"};

static const char *text_of(const struct buf *b) { return b->data ? (const char *)b->data : ""; }

/* ---- finding what changed ---- */

/* What a reader is told of a rule, line by line. */
static void rule_lines(const struct words *w, unsigned rule, struct buf *ret)
{
	cleanup_(buf_done) struct buf json = {0};
	struct json_out j = {.out = &json};
	struct doc d = {.j = &j, .w = w, .lines = ret};

	doc_rule(&d, rule);
}

static bool is_same_text(const struct policy_diff *d, unsigned was, unsigned is)
{
	for (int lang = 0; lang < LANGS; lang++) {
		cleanup_(buf_done) struct buf a = {0}, b = {0};

		rule_lines(d->was[lang], was, &a);
		rule_lines(d->is[lang], is, &b);
		if (a.len != b.len || memcmp(text_of(&a), text_of(&b), a.len) != 0)
			return false;
	}
	return true;
}

/* The pack's own rules without its name. */
static const char *key_of(const struct rule *r) { return r->pack == PACK_SELF ? strchr(r->id, '/') + 1 : r->id; }

static int find_rule(const struct policy *p, const struct rule *like)
{
	for (unsigned i = 0; i < p->n_rules; i++) {
		const struct rule *r = &p->rules[i];

		if (r->kind == like->kind && r->pack == like->pack && !strcmp(key_of(r), key_of(like)))
			return (int)i;
	}
	return -1;
}

static void add(struct policy_diff *d, enum change_kind kind, int was, int is)
{
	if (was >= 0)
		d->by_was[was] = (int)d->n;
	if (is >= 0)
		d->by_is[is] = (int)d->n;
	d->changes[d->n++] = (struct rule_change){.kind = kind, .was = was, .is = is};
}

static void find_changes(struct policy_diff *d)
{
	const struct policy *was = words_policy(d->was[0]), *is = words_policy(d->is[0]);

	for (unsigned i = 0; i < was->n_rules; i++)
		d->by_was[i] = -1;
	for (unsigned i = 0; i < is->n_rules; i++) {
		const int old = find_rule(was, &is->rules[i]);

		d->by_is[i] = -1;
		if (old < 0)
			add(d, RULE_ADDED, -1, (int)i);
		else if (!is_same_text(d, (unsigned)old, i))
			add(d, RULE_CHANGED, old, (int)i);
	}
	for (unsigned i = 0; i < was->n_rules; i++)
		if (find_rule(is, &was->rules[i]) < 0)
			add(d, RULE_REMOVED, (int)i, -1);
}

enum saqta_status policy_diff_make(struct policy *was, struct policy *is, struct policy_diff *ret, struct saqta_error *err)
{
	enum saqta_status r = SAQTA_OK;

	*ret = (struct policy_diff){0};
	for (int lang = 0; !r && lang < LANGS; lang++) {
		r = words_load(was, langs[lang], &ret->was[lang], err);
		if (!r)
			r = words_load(is, langs[lang], &ret->is[lang], err);
	}
	if (r)
		return r;
	ret->changes = calloc((size_t)was->n_rules + is->n_rules + 1, sizeof(*ret->changes));
	ret->by_was = calloc((size_t)was->n_rules + 1, sizeof(*ret->by_was));
	ret->by_is = calloc((size_t)is->n_rules + 1, sizeof(*ret->by_is));
	if (!ret->changes || !ret->by_was || !ret->by_is)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	find_changes(ret);
	return SAQTA_OK;
}

void policy_diff_done(struct policy_diff *d)
{
	for (int lang = 0; lang < LANGS; lang++) {
		words_free(d->was[lang]);
		words_free(d->is[lang]);
	}
	free(d->changes);
	free(d->by_was);
	free(d->by_is);
	*d = (struct policy_diff){0};
}

void policy_diff_declared(const struct policy *has, const struct policy *lacks, enum id_kind kind, struct idset *ret)
{
	*ret = (struct idset){{0}};
	for (int id = 0; id < policy_id_count(has, kind); id++)
		if (policy_declares(has, kind, id) && !policy_declares(lacks, kind, policy_find(lacks, kind, policy_name(has, kind, id))))
			idset_add(ret, id);
}

/* ---- telling it: the policies themselves ---- */

struct telling {
	const struct policy_diff *diff;
	struct doc *d; /* NULL: only count */
	const struct words *was, *is;
	unsigned n;
};

static void tell(struct telling *t, const char *name_key, const char *was, const char *is)
{
	cleanup_(buf_done) struct buf name = {0};

	was = was ? was : "";
	is = is ? is : "";
	if (!strcmp(was, is))
		return;
	t->n++;
	if (!t->d)
		return;
	words_say(t->d->w, &name, name_key, NULL, NULL, NULL);
	doc_line(t->d, "diff-changed", text_of(&name), *was ? was : "—", *is ? is : "—");
}

static void id_and_version(const char *id, const char *version, struct buf *ret)
{
	if (id)
		buf_fmt(ret, "%s %s", id, version ? version : "");
}

static void tell_general(struct telling *t)
{
	const struct policy *a = words_policy(t->was), *b = words_policy(t->is);
	cleanup_(buf_done) struct buf base_a = {0}, base_b = {0}, calendar_a = {0}, calendar_b = {0};

	id_and_version(a->packs[1].id, a->packs[1].version, &base_a);
	id_and_version(b->packs[1].id, b->packs[1].version, &base_b);
	id_and_version(calendar_id(a->calendar), calendar_version(a->calendar), &calendar_a);
	id_and_version(calendar_id(b->calendar), calendar_version(b->calendar), &calendar_b);
	tell(t, "name-pack", policy_id(a), policy_id(b));
	tell(t, "name-version", policy_version(a), policy_version(b));
	tell(t, "name-title", words_title(t->was, a->packs[0].title), words_title(t->is, b->packs[0].title));
	tell(t, "name-controller", a->packs[0].controller, b->packs[0].controller);
	tell(t, "name-bin", a->packs[0].bin, b->packs[0].bin);
	tell(t, "name-base", text_of(&base_a), text_of(&base_b));
	tell(t, "name-calendar", text_of(&calendar_a), text_of(&calendar_b));
	tell(t, "name-zone", zone_name(a->zone), zone_name(b->zone));
}

static void tell_declared(struct telling *t, enum id_kind kind, const char *key_added, const char *key_removed)
{
	const struct policy *a = words_policy(t->was), *b = words_policy(t->is);
	cleanup_(buf_done) struct buf added = {0}, removed = {0};
	struct idset set;

	policy_diff_declared(b, a, kind, &set);
	t->n += (unsigned)idset_count(&set);
	words_set(t->is, &added, kind, &set);
	policy_diff_declared(a, b, kind, &set);
	t->n += (unsigned)idset_count(&set);
	words_set(t->was, &removed, kind, &set);
	if (t->d && added.len)
		doc_line(t->d, key_added, text_of(&added), NULL, NULL);
	if (t->d && removed.len)
		doc_line(t->d, key_removed, text_of(&removed), NULL, NULL);
}

/* What the policies rest on besides their packs: other days off or ids under the same version are a difference too. */
static void tell_files(struct telling *t)
{
	unsigned n_was, n_is;
	const struct policy_file *was = policy_files(words_policy(t->was), &n_was), *is = policy_files(words_policy(t->is), &n_is);

	for (unsigned i = 0; i < n_is; i++)
		for (unsigned k = 0; k < n_was; k++) {
			if (strcmp(is[i].name, was[k].name) != 0 ||
			    (strncmp(is[i].name, "calendar/", 9) && strcmp(is[i].name, "vocabulary.tsv")) ||
			    (is[i].bytes.len == was[k].bytes.len && !memcmp(is[i].bytes.data, was[k].bytes.data, is[i].bytes.len)))
				continue;
			t->n++;
			if (t->d)
				doc_line(t->d, "diff-file", is[i].name, NULL, NULL);
		}
}

static void tell_others(struct telling *t)
{
	tell_general(t);
	tell_files(t);
	tell_declared(t, ID_PURPOSE, "diff-purposes-added", "diff-purposes-removed");
	tell_declared(t, ID_CATEGORY, "diff-categories-added", "diff-categories-removed");
	tell_declared(t, ID_RECIPIENT, "diff-recipients-added", "diff-recipients-removed");
}

unsigned policy_diff_others(const struct policy_diff *diff)
{
	struct telling t = {.diff = diff, .was = diff->was[LANG_EN], .is = diff->is[LANG_EN]};

	tell_others(&t);
	return t.n;
}

/* ---- telling it: the rules ---- */

static bool has_line(const struct buf *lines, const char *line, size_t len)
{
	for (const char *at = text_of(lines); *at;) {
		const size_t n = strcspn(at, "\n");

		if (n == len && !memcmp(at, line, len))
			return true;
		at += n + (at[n] == '\n');
	}
	return false;
}

/* Lines of @lines that @others has not. */
static void tell_lines(struct doc *d, const char *key, const struct buf *lines, const struct buf *others)
{
	for (const char *at = text_of(lines); *at;) {
		const size_t n = strcspn(at, "\n");

		if (!has_line(others, at, n)) {
			cleanup_(buf_done) struct buf line = {0};

			buf_add(&line, at, n);
			doc_line(d, key, text_of(&line), NULL, NULL);
		}
		at += n + (at[n] == '\n');
	}
}

/* A rule may read the same in this language and differ in another. */
static void tell_difference(const struct policy_diff *diff, const struct rule_change *c, int lang, struct doc *d)
{
	cleanup_(buf_done) struct buf was = {0}, is = {0};

	rule_lines(diff->was[lang], (unsigned)c->was, &was);
	rule_lines(diff->is[lang], (unsigned)c->is, &is);
	if (was.len == is.len && !memcmp(text_of(&was), text_of(&is), was.len))
		doc_line(d, "diff-elsewhere", NULL, NULL, NULL);
	tell_lines(d, "diff-was", &was, &is);
	tell_lines(d, "diff-is", &is, &was);
}

/* Of a rule that came or went all but its title and clauses, which the item itself tells. */
static void tell_rest(const struct words *w, unsigned rule, const char *key, struct doc *d)
{
	cleanup_(buf_done) struct buf lines = {0}, rest = {0};
	const struct buf nothing = {0};
	const char *at;

	rule_lines(w, rule, &lines);
	at = text_of(&lines);
	for (int i = 0; i < 2 && *at; i++)
		at += strcspn(at, "\n") + 1;
	buf_str(&rest, at);
	tell_lines(d, key, &rest, &nothing);
}

static void tell_touched(const struct rule_change *c, struct doc *d)
{
	char subjects[24], records[24], decisions[24];

	if (c->is_to_come)
		doc_line(d, "diff-to-come", NULL, NULL, NULL);
	if (!c->is_counted)
		return;
	(void)snprintf(subjects, sizeof(subjects), "%llu", (unsigned long long)c->subjects);
	(void)snprintf(records, sizeof(records), "%llu", (unsigned long long)c->records);
	(void)snprintf(decisions, sizeof(decisions), "%llu", (unsigned long long)c->decisions);
	doc_line(d, "diff-touches", subjects, records, decisions);
}

static void tell_change(const struct policy_diff *diff, const struct rule_change *c, int lang, struct doc *d)
{
	static const char *const names[] = {[RULE_ADDED] = "added", [RULE_REMOVED] = "removed", [RULE_CHANGED] = "changed"};
	const struct words *w = c->is >= 0 ? diff->is[lang] : diff->was[lang];
	const unsigned rule = (unsigned)(c->is >= 0 ? c->is : c->was);
	const struct rule *r = &words_policy(w)->rules[rule];
	cleanup_(buf_done) struct buf text = {0}, kind = {0}, key = {0};

	buf_fmt(&key, "rule-%s", rule_kind_name(r->kind));
	words_say(d->w, &kind, text_of(&key), NULL, NULL, NULL);
	words_say(d->w, &text, "rule", text_of(&kind), words_title(w, r->title), NULL);
	doc_item(d, &text);
	json_text(d->j, "rule", r->id);
	json_text(d->j, "kind", rule_kind_name(r->kind));
	json_text(d->j, "change", names[c->kind]);
	doc_clauses(d, r->clauses);
	if (c->is_counted) {
		json_int(d->j, "subjects", (int64_t)c->subjects);
		json_int(d->j, "records", (int64_t)c->records);
		json_int(d->j, "decisions", (int64_t)c->decisions);
	}
	json_open(d->j, "items", '[');
	tell_touched(c, d);
	if (c->kind == RULE_CHANGED) {
		tell_difference(diff, c, lang, d);
	} else {
		tell_rest(w, rule, c->kind == RULE_ADDED ? "diff-is" : "diff-was", d);
	}
	json_shut(d->j, ']');
	doc_item_end(d);
}

void policy_diff_doc(const struct policy_diff *diff, int lang, struct doc *d)
{
	static const char *const sections[] = {
		[RULE_ADDED] = "section-added", [RULE_REMOVED] = "section-removed", [RULE_CHANGED] = "section-changed"};
	struct telling t = {.diff = diff, .d = d, .was = diff->was[lang], .is = diff->is[lang]};

	doc_section(d, "section-general");
	tell_others(&t);
	doc_section_end(d);
	for (int kind = RULE_ADDED; kind <= RULE_CHANGED; kind++) {
		doc_section(d, sections[kind]);
		for (unsigned i = 0; i < diff->n; i++)
			if ((int)diff->changes[i].kind == kind)
				tell_change(diff, &diff->changes[i], lang, d);
		doc_section_end(d);
	}
}
