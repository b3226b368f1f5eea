/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_LOAD_H
#define POLICY_LOAD_H

#include "policy/model.h"
#include "policy/xml.h"

/* What the loader's files share: load (files, order), build (XML to rules), check (what a schema cannot say), index. */

#define POLICY_RULES_MAX 4096
#define POLICY_OPERATIONS_MAX 64
#define PACK_SELF 0
#define PACK_BASE 1

/** Lines of tab-separated fields, split in place; the first line is a heading. Zero-initialise but @at. */
#define TSV_FIELDS 8
struct tsv {
	char *at;
	unsigned line;
	char *field[TSV_FIELDS]; /* of the present line; "" where it has fewer */
};
bool tsv_next(struct tsv *t);

/** The clauses that are known to exist: of documents, and of the statute (document ""). */
struct clause_id {
	const char *document;
	const char *clause;
};
struct clause_table {
	struct buf text, statute_text; /* what the ids point into */
	struct clause_id *ids;
	size_t n;
};

struct source {
	char *path;
	struct buf bytes;
	struct xml_node *root;
	struct zone *zone; /* the zone of its dates, if it is not the policy's own; owned */
};
struct loader {
	struct policy *p;
	struct problems *problems;
	const char *dirs;
	bool no_memory;
	struct source packs[2];
	struct buf vocabulary, calendar; /* bytes, for the digest */
	struct clause_table clauses;
};

/** Adds a problem at @node of pack @pack. */
void complain(struct loader *l, int pack, const struct xml_node *node, const char *fmt, ...) printf_(4, 5);

/** The nearest of the words offered, for "did you mean". Zero-initialise but @word and @len. */
struct near_word {
	const char *word;
	size_t len;
	const char *best;
	unsigned distance;
};
void near_offer(struct near_word *n, const char *candidate);
#define NEAR_TEXT_SIZE 96
/** " (did you mean 'x'?)", or nothing. Returns @ret. */
const char *near_text(const struct near_word *n, char ret[NEAR_TEXT_SIZE]);

/** What libxml2 says, for people: appended to @ret; nothing where it only says again what was said. False: it is not known how.
 *  @names: what elements and attributes are called, each ended by a NUL. */
bool xml_say(const char *message, const struct buf *names, struct buf *ret);

/** The next word of a list separated by white space; false at its end. */
bool word_next(const char **list, const char **ret, size_t *ret_len);
bool word_is(const char *word, size_t len, const char *text);

/* ---- ids ---- */
const char *id_kind_name(enum id_kind kind);
int id_kind_of(const char *name); /* -1 */
int policy_find_n(const struct policy *p, enum id_kind kind, const char *id, size_t len);
/** Adds an id; its index, or -1 without memory. @parent is an index or -1. */
int policy_add_id(struct policy *p, enum id_kind kind, const char *id, int parent);
void near_ids(struct near_word *n, const struct policy *p, enum id_kind kind);
int32_t policy_intern_n(struct policy *p, const char *text, size_t len);

/** What a text may be: the values of a member of events. */
enum domain {
	DOMAIN_FREE,
	DOMAIN_EVENT,
	DOMAIN_OPERATION,
	DOMAIN_PURPOSE,
	DOMAIN_BASIS,
	DOMAIN_RECIPIENT,
	DOMAIN_SOURCE,
	DOMAIN_CHANNEL,
	DOMAIN_FORM,
	DOMAIN_KIND,
	DOMAIN_BY,
	DOMAIN_REASON,
	DOMAIN_RESULT,
	DOMAIN_STATE,
	DOMAIN_MEMBER_STATE,
	DOMAIN_MATTER,
	DOMAIN_MILESTONE,
	DOMAIN_REQUEST_KIND,
	DOMAIN_REQUEST_REASON,
	DOMAIN_PARTNER_STATE,
	DOMAINS,
};
const char *domain_name(enum domain d);
bool domain_has(const struct policy *p, enum domain d, const char *word, size_t len);
void near_domain(struct near_word *n, const struct policy *p, enum domain d);
/** Interns every id and every fixed value, so that the hall's strings are known. False without memory. */
bool policy_intern_all(struct policy *p);
int attachment_of(const char *word, size_t len); /* ATTACHMENT_*, or -1 */
/** Is @name a fact of the language, which no define may hide? */
bool condition_knows_fact(const char *name);

/* ---- build ---- */
bool is_rule_name(const char *name);
/** Declarations, consents and rules of one pack; its rules go to l->p->rules from @first on. */
void build_terms(struct loader *l, int pack);
void build_declarations(struct loader *l, int pack);
void build_rules(struct loader *l, int pack, unsigned first);
void build_titles(struct loader *l, int pack, const struct xml_node *node, char *title[LANGS]);
void build_selector(struct loader *l, int pack, const struct xml_node *node, const char *attr, enum id_kind kind, struct selector *ret);
void build_condition(struct loader *l, int pack, const struct xml_node *node, const char *attr, struct condition *ret);
void build_term(struct loader *l, int pack, const struct xml_node *node, const char *attr, bool *ret_has, struct term *ret);
bool build_flag(const struct xml_node *node, const char *attr);
char **build_clauses(struct loader *l, int pack, const struct xml_node *node, const char *attr);
void build_strings(struct loader *l, int pack, const struct xml_node *node, const char *attr, enum domain domain, struct string_list *ret);
uint32_t build_events(struct loader *l, int pack, const struct xml_node *node);
void build_actions(struct loader *l, int pack, const struct xml_node *node, struct rule *r);

/* ---- check ---- */
void clause_table_done(struct clause_table *t);
/** Takes over what both files hold. False without memory. */
bool clause_table_fill(struct clause_table *t);
/** Does clause @clause of @document exist, as far as the tables tell? Adds a problem if not. */
void check_clause(struct loader *l, int pack, const struct xml_node *node, const char *document, const char *clause);
void check_defines(struct loader *l, int pack); /* registers the names that the pack defines, and refuses doubles */
void check_pack(struct loader *l, int pack);
void check_rule(struct loader *l, int pack, const struct xml_node *node, const struct rule *r);
void check_policy(struct loader *l);

/** Builds the indexes. False without memory. */
bool policy_index(struct policy *p);
void policy_index_done(struct policy *p);

#endif
