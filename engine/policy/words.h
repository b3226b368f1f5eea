/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_WORDS_H
#define POLICY_WORDS_H

#include "base/json.h"
#include "policy/model.h"

/* What ids, facts, terms and rules are called for people, in one of three languages. The words stand in `words.tsv` beside the packs (kind, id,
 * kk, ru, en; alternatives separated by `|`); titles of the packs' own terms in the packs. */

struct words;
/** @lang "kk", "ru" or "en". The words keep @p. SAQTA_ERR_ARGUMENT for another language, SAQTA_ERR_MISSING if @p came without words.tsv. */
enum saqta_status words_load(struct policy *p, const char *lang, struct words **ret, struct saqta_error *err) must_check_;
void words_free(struct words *w);
void words_freep(struct words **w);
const struct policy *words_policy(const struct words *w);
int words_lang(const struct words *w); /* LANG_* */
/** "kk", "ru", "en" as LANG_*; SAQTA_ERR_ARGUMENT for another. */
enum saqta_status words_lang_of(const char *lang, int *ret, struct saqta_error *err) must_check_;

/** The entry @id of @kind; NULL if there is none. */
const char *words_find(const struct words *w, const char *kind, const char *id);
/** What an id of the policy is called; the id itself where nobody named it. */
const char *words_id(const struct words *w, enum id_kind kind, int id);
/** What the value @value of a fact is called. */
const char *words_value(const struct words *w, enum fact_string fact, const char *value);
/** A title in the language of @w. */
const char *words_title(const struct words *w, char *const title[LANGS]);

/** Append the sentence @key with {1}, {2}, {3} filled in; @form picks one of alternatives (0: the first). */
void words_say(const struct words *w, struct buf *ret, const char *key, const char *a, const char *b, const char *c);
void words_fill(struct buf *ret, const char *pattern, unsigned form, const char *a, const char *b, const char *c);
/** "3 working days", with the form that the number asks for. */
void words_term(const struct words *w, struct buf *ret, struct term term);
/** The members of @set as a list; a whole group under its own name. */
void words_set(const struct words *w, struct buf *ret, enum id_kind kind, const struct idset *set);
/** Day, or day and time, in the policy's zone. */
void words_day(const struct words *w, struct buf *ret, int64_t us);
void words_time(const struct words *w, struct buf *ret, int64_t us);

/** A condition in words; @is_not: its contrary. */
void words_condition(const struct words *w, struct buf *ret, const struct condition *c, bool is_not);
/** One comparison in words, or its contrary. */
void words_atom(const struct words *w, struct buf *ret, const struct cond_op *op, bool is_not);

/* ---- a document: what is said, as JSON: {"title", "sections": [{"title", "items": [{"text", …, "items": […]}]}]} ---- */
struct doc {
	struct json_out *j;
	const struct words *w;
	struct buf *lines; /* NULL, or gets each text and the clauses as lines too */
	bool is_brief;	   /* of a rule what the public wants: its title for its conditions, no machinery */
};
void doc_open(struct doc *d, const char *title); /* the object is left open for further members behind the sections */
void doc_shut_sections(struct doc *d);
void doc_section(struct doc *d, const char *title_key);
void doc_section_end(struct doc *d);
/** An item; the object is left open for members and `items`. @text is wiped and cleared. */
void doc_item(struct doc *d, struct buf *text);
void doc_item_end(struct doc *d);
/** A whole item that only says something. */
void doc_line(struct doc *d, const char *key, const char *a, const char *b, const char *c);
void doc_clauses(struct doc *d, char *const *clauses);

/** "permit", "forbid", … */
const char *rule_kind_name(enum rule_kind kind);
/** An item about a rule: its title, kind, what it is about, when it holds, what follows from it. */
void doc_rule(struct doc *d, unsigned rule);

#endif
