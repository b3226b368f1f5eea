/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The pieces that rules are made of. Each tells what is wrong and goes on, so that one run finds all that is wrong with a pack. */

bool build_flag(const struct xml_node *node, const char *attr)
{
	const char *value = xml_attr(node, attr);

	return value && !strcmp(value, "yes");
}

static void unknown_id(struct loader *l, int pack, const struct xml_node *node, const char *attr, enum id_kind kind, const char *word,
		       size_t len)
{
	struct near_word near = {.word = word, .len = len};
	char hint[NEAR_TEXT_SIZE];

	near_ids(&near, l->p, kind);
	complain(l, pack, node, "'%.*s' in '%s' is no known %s%s", len < 80 ? (int)len : 80, word, attr, id_kind_name(kind),
		 near.best ? near_text(&near, hint) : "; vocabulary.tsv holds those that are, and a <term> adds one");
}

void build_selector(struct loader *l, int pack, const struct xml_node *node, const char *attr, enum id_kind kind, struct selector *ret)
{
	const char *list = xml_attr(node, attr), *word;
	size_t len;
	bool is_empty = true;

	ret->any = !list;
	while (list && word_next(&list, &word, &len)) {
		int id = policy_find_n(l->p, kind, word, len);

		is_empty = false;
		if (word_is(word, len, "*"))
			ret->any = true;
		else if (id < 0)
			unknown_id(l, pack, node, attr, kind, word, len);
		else
			idset_union(&ret->set, policy_members(l->p, kind, id));
	}
	if (is_empty && !ret->any)
		complain(l, pack, node, "'%s' is empty, so it would never hold; leave it out for everything", attr);
}

/* A list as a set, where "*" names every id of the kind. */
static void build_set(struct loader *l, int pack, const struct xml_node *node, const char *attr, enum id_kind kind, struct idset *ret)
{
	struct selector s = {0};

	if (!xml_attr(node, attr))
		return;
	build_selector(l, pack, node, attr, kind, &s);
	*ret = s.set;
	for (int id = 0; s.any && id < l->p->n_ids[kind]; id++)
		idset_add(ret, id);
}

static void add_string(struct loader *l, int pack, const struct xml_node *node, const char *attr, const char *word, size_t len,
		       struct string_list *ret)
{
	int32_t id = policy_intern_n(l->p, word, len);

	if (id < 0)
		l->no_memory = true;
	else if (ret->n == STRING_LIST_MAX)
		complain(l, pack, node, "'%s' lists more than %d words", attr, STRING_LIST_MAX);
	else
		ret->id[ret->n++] = id;
}

void build_strings(struct loader *l, int pack, const struct xml_node *node, const char *attr, enum domain domain, struct string_list *ret)
{
	const char *list = xml_attr(node, attr), *word;
	size_t len;
	char hint[NEAR_TEXT_SIZE];

	while (list && word_next(&list, &word, &len)) {
		struct near_word near = {.word = word, .len = len};

		if (word_is(word, len, "*")) {
			ret->n = 0;
			return;
		}
		if (domain_has(l->p, domain, word, len)) {
			add_string(l, pack, node, attr, word, len, ret);
			continue;
		}
		near_domain(&near, l->p, domain);
		complain(l, pack, node, "'%.*s' in '%s' is no known %s%s", len < 80 ? (int)len : 80, word, attr, domain_name(domain),
			 near.best ? near_text(&near, hint) : "; the vocabulary and the table of events name those that are");
	}
}

uint32_t build_events(struct loader *l, int pack, const struct xml_node *node)
{
	const char *list = xml_attr(node, "event"), *word;
	size_t len;
	uint32_t ret = 0;
	char hint[NEAR_TEXT_SIZE];

	if (!list)
		complain(l, pack, node, "'%s' without 'event': it would follow from nothing", node->name);
	while (list && word_next(&list, &word, &len)) {
		struct near_word near = {.word = word, .len = len};
		int e = 0;

		while (e < EVENT_KINDS && !word_is(word, len, event_name((enum event_kind)e)))
			e++;
		if (e < EVENT_KINDS) {
			ret |= UINT32_C(1) << e;
		} else if (word_is(word, len, "*")) {
			ret |= (UINT32_C(1) << EVENT_KINDS) - 1;
		} else {
			near_domain(&near, l->p, DOMAIN_EVENT);
			complain(l, pack, node, "'%.*s' is no known event%s", len < 80 ? (int)len : 80, word, near_text(&near, hint));
		}
	}
	return ret;
}

void build_condition(struct loader *l, int pack, const struct xml_node *node, const char *attr, struct condition *ret)
{
	const char *text = xml_attr(node, attr);
	unsigned before = l->problems->count;

	if (text && !condition_compile(l->p, text, l->packs[pack].path, node->line, ret, l->problems) && l->problems->count == before) {
		/* A definition that failed was told; what rests on it is not told again. */
		l->no_memory |= !ret->text;
	}
}

/* Why a term cannot be read, for somebody who never saw ISO 8601. */
static const char *term_hint(const char *text)
{
	size_t len = strlen(text);

	if (!len)
		return "it is empty";
	if (text[0] == 'P' && strspn(text + 1, "0123456789") == len - 1)
		return "it needs a unit: Y, M, W or D, as in P3Y";
	if (text[0] >= '0' && text[0] <= '9')
		return "write P before a number of years, months or days (P3Y, P3D), or WD behind a number of working days (3WD)";
	return "a term is like P3Y, P6M, P10D, 15WD or PT1H, of one unit";
}

void build_term(struct loader *l, int pack, const struct xml_node *node, const char *attr, bool *ret_has, struct term *ret)
{
	const char *text = xml_attr(node, attr);

	if (!text)
		return;
	if (term_parse(text, strlen(text), ret))
		*ret_has = true;
	else
		complain(l, pack, node, "'%s' in '%s' is no term: %s", text, attr, term_hint(text));
}

/* White space of a paragraph in XML is layout: runs of it become one space. */
static char *squeeze(const char *text)
{
	char *ret = malloc(strlen(text) + 1);
	size_t n = 0, len;
	const char *word;

	if (!ret)
		return NULL;
	while (word_next(&text, &word, &len)) {
		if (n)
			ret[n++] = ' ';
		memcpy(ret + n, word, len);
		n += len;
	}
	ret[n] = 0;
	return ret;
}

void build_titles(struct loader *l, int pack, const struct xml_node *node, char *title[LANGS])
{
	static const char *const langs[LANGS] = {"kk", "ru", "en"};

	for (size_t i = 0; i < node->n_children; i++) {
		const struct xml_node *child = node->children[i];
		const char *lang = xml_attr(child, "xml:lang");
		int to = 0;

		if (strcmp(child->name, "title"))
			continue;
		while (to < LANGS && (!lang || strcmp(lang, langs[to])))
			to++;
		if (to == LANGS) {
			complain(l, pack, child, "a title needs xml:lang, one of kk, ru, en%s%s", lang ? "; not " : "", lang ? lang : "");
		} else if (title[to]) {
			complain(l, pack, child, "'%s' has a second title in '%s'; leave one out",
				 xml_attr(node, "id") ? xml_attr(node, "id") : node->name, lang);
		} else {
			title[to] = squeeze(child->text);
			l->no_memory |= !title[to];
		}
	}
}

static char *qualify(const char *pack, const char *word, size_t len)
{
	char *ret = NULL;

	if (memchr(word, '/', len))
		return strndup(word, len);
	return asprintf(&ret, "%s/%.*s", pack, (int)len, word) < 0 ? NULL : ret;
}

/* NULL where the element names none. */
char **build_clauses(struct loader *l, int pack, const struct xml_node *node, const char *attr)
{
	const char *text = xml_attr(node, attr), *list = text, *word;
	size_t n = 0, len;
	char **ret;

	while (list && word_next(&list, &word, &len))
		n++;
	if (!n)
		return NULL;
	ret = calloc(n + 1, sizeof(*ret));
	if (!ret) {
		l->no_memory = true;
		return NULL;
	}
	list = text;
	for (size_t i = 0; i < n && word_next(&list, &word, &len); i++) {
		char *slash;

		ret[i] = qualify(l->p->packs[pack].id, word, len);
		if (!ret[i]) {
			l->no_memory = true;
			break;
		}
		slash = strchr(ret[i], '/');
		*slash = 0;
		check_clause(l, pack, node, ret[i], slash + 1);
		*slash = '/';
	}
	return ret;
}

/* ---- actions ---- */

static const struct {
	const char *name;
	enum action_kind kind;
} action_names[] = {
	{"refuse", ACT_REFUSE},
	{"defer", ACT_DEFER},
	{"wait", ACT_WAIT},
	{"stop", ACT_STOP},
	{"close-account", ACT_CLOSE_ACCOUNT},
	{"block", ACT_BLOCK},
	{"unblock", ACT_UNBLOCK},
	{"keep", ACT_KEEP},
	{"end", ACT_END_CONSENT},
	{"destroy", ACT_DESTROY},
	{"depersonalise", ACT_DEPERSONALISE},
	{"task", ACT_TASK},
	{"due", ACT_DUE},
	{"as", ACT_AS},
};

/* -1 where the attribute is missing or wrong. */
static int build_task(struct loader *l, int pack, const struct xml_node *node, const char *attr)
{
	const char *name = xml_attr(node, attr);
	int id = policy_find(l->p, ID_TASK, name);

	if (name && id < 0)
		unknown_id(l, pack, node, attr, ID_TASK, name, strlen(name));
	return id;
}

static void build_destroy(struct loader *l, int pack, const struct xml_node *node, struct act_def *a)
{
	const char *categories = xml_attr(node, "categories");

	if (!categories == !xml_attr(node, "what"))
		complain(l, pack, node, "'destroy' says either what=\"everything\" or which categories");
	/* The whole subject is the empty set. */
	if (categories && strcmp(categories, "*"))
		build_set(l, pack, node, "categories", ID_CATEGORY, &a->set);
	a->is_ordered = build_flag(node, "ordered");
}

static void build_as(struct loader *l, int pack, const struct xml_node *node, struct act_def *a)
{
	const char *name = xml_attr(node, "event");
	struct near_word near = {.word = name ? name : "", .len = name ? strlen(name) : 0};
	char hint[NEAR_TEXT_SIZE];

	a->id = name ? event_kind_of(name) : -1;
	near_domain(&near, l->p, DOMAIN_EVENT);
	if (a->id < 0)
		complain(l, pack, node, "'%s' is no known event%s", near.word, near_text(&near, hint));
	build_set(l, pack, node, "consents", ID_CONSENT, &a->set);
	build_strings(l, pack, node, "forms", DOMAIN_FORM, &a->forms);
}

static void build_by_kind(struct loader *l, int pack, const struct xml_node *node, struct act_def *a)
{
	switch (a->kind) {
	case ACT_WAIT:
		a->id = build_task(l, pack, node, "task");
		build_condition(l, pack, node, "until", &a->until);
		if (!xml_attr(node, "until"))
			complain(l, pack, node, "'wait' without 'until': it would never end");
		break;
	case ACT_END_CONSENT:
		build_set(l, pack, node, "consents", ID_CONSENT, &a->set);
		if (!xml_attr(node, "consents"))
			complain(l, pack, node, "'end' without 'consents'");
		break;
	case ACT_DESTROY:
		build_destroy(l, pack, node, a);
		break;
	case ACT_DEPERSONALISE:
		build_set(l, pack, node, "keeps", ID_CATEGORY, &a->set);
		break;
	case ACT_TASK:
		a->id = build_task(l, pack, node, "kind");
		a->is_default = build_flag(node, "default");
		a->is_partners = xml_attr(node, "owed-by") != NULL;
		break;
	case ACT_DUE:
		if (!xml_attr(node, "within"))
			complain(l, pack, node, "'due' without 'within': say by when, as in within=\"15WD\"");
		break;
	case ACT_AS:
		build_as(l, pack, node, a);
		break;
	case ACT_REFUSE:
	case ACT_DEFER:
	case ACT_STOP:
	case ACT_CLOSE_ACCOUNT:
	case ACT_BLOCK:
	case ACT_UNBLOCK:
	case ACT_KEEP:
		break;
	}
}

static void build_action(struct loader *l, int pack, const struct xml_node *node, const struct rule *r, struct act_def *a)
{
	const uint32_t can_accept = UINT32_C(1) << EVENT_WITHDRAW | UINT32_C(1) << EVENT_REQUEST;
	const char *from = xml_attr(node, "from");
	size_t i = 0;

	a->id = -1;
	a->is_accept = !strcmp(node->name, "accept");
	while (i < sizeof(action_names) / sizeof(*action_names) && strcmp(node->name, action_names[i].name))
		i++;
	build_condition(l, pack, node, "when", &a->when);
	build_condition(l, pack, node, "unless", &a->unless);
	build_term(l, pack, node, "within", &a->has_within, &a->within);
	a->clauses = build_clauses(l, pack, node, "clause");
	a->from_detected = from && !strcmp(from, "detected");
	a->from_request = from && !strcmp(from, "request");
	if (a->is_accept) {
		build_strings(l, pack, node, "forms", DOMAIN_FORM, &a->forms);
		build_strings(l, pack, node, "channels", DOMAIN_CHANNEL, &a->channels);
		/* A bare <accept/> only says that the rule takes the event, and is cited for it; that may be any event. */
		if ((a->forms.n || a->channels.n) && r->events & ~can_accept)
			complain(l, pack, node, "'accept' can ask for a form or channel only of withdraw or request");
	} else if (i < sizeof(action_names) / sizeof(*action_names)) {
		a->kind = action_names[i].kind;
		build_by_kind(l, pack, node, a);
	}
}

void build_actions(struct loader *l, int pack, const struct xml_node *node, struct rule *r)
{
	unsigned n = 0;

	for (size_t i = 0; i < node->n_children; i++)
		n += strcmp(node->children[i]->name, "title") != 0;
	if (!n) {
		complain(l, pack, node, "an 'on' without an action: nothing would follow from it");
		return;
	}
	r->acts = calloc(n, sizeof(*r->acts));
	if (!r->acts) {
		l->no_memory = true;
		return;
	}
	for (size_t i = 0; i < node->n_children; i++)
		if (strcmp(node->children[i]->name, "title"))
			build_action(l, pack, node->children[i], r, &r->acts[r->n_acts++]);
}
