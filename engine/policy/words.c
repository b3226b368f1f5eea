/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/load.h"
#include "policy/words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_FILE "words.tsv"
enum { FIELD_KIND, FIELD_ID, FIELD_KK };

struct entry {
	const char *kind, *id, *text;
};
struct words {
	struct policy *p;
	int lang;
	struct buf bytes;      /* what the entries point into */
	struct entry *entries; /* owned, sorted by kind and id */
	size_t n;
};

static const char *const langs[LANGS] = {[LANG_KK] = "kk", [LANG_RU] = "ru", [LANG_EN] = "en"};

/* ---- loading ---- */

static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->kind, y->kind);

	return order ? order : strcmp(x->id, y->id);
}

static bool fill(struct words *w, const struct buf *file)
{
	struct tsv t = {0};
	size_t lines = 1;

	for (size_t i = 0; i < file->len; i++)
		lines += file->data[i] == '\n';
	w->entries = calloc(lines, sizeof(*w->entries));
	buf_add(&w->bytes, file->data, file->len);
	if (!w->entries || w->bytes.failed)
		return false;
	t.at = (char *)w->bytes.data;
	while (tsv_next(&t))
		w->entries[w->n++] = (struct entry){t.field[FIELD_KIND], t.field[FIELD_ID], t.field[FIELD_KK + w->lang]};
	qsort(w->entries, w->n, sizeof(*w->entries), compare);
	return true;
}

enum saqta_status words_load(struct policy *p, const char *lang, struct words **ret, struct saqta_error *err)
{
	cleanup_(words_freep) struct words *w = calloc(1, sizeof(*w));
	unsigned n_files;
	const struct policy_file *files = policy_files(p, &n_files);
	unsigned file = 0;
	enum saqta_status r;

	if (!w)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	r = words_lang_of(lang, &w->lang, err);
	if (r)
		return r;
	while (file < n_files && strcmp(files[file].name, WORDS_FILE))
		file++;
	if (file == n_files)
		return err_set(err, SAQTA_ERR_MISSING, 0, "no " WORDS_FILE " beside the pack or in the folders where packs are looked up");
	if (!fill(w, &files[file].bytes))
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	w->p = policy_ref(p);
	*ret = w;
	w = NULL;
	return SAQTA_OK;
}

void words_free(struct words *w)
{
	if (!w)
		return;
	policy_unref(w->p);
	buf_done(&w->bytes);
	free(w->entries);
	free(w);
}

void words_freep(struct words **w) { words_free(*w); }

const struct policy *words_policy(const struct words *w) { return w->p; }

int words_lang(const struct words *w) { return w->lang; }

enum saqta_status words_lang_of(const char *lang, int *ret, struct saqta_error *err)
{
	for (*ret = 0; *ret < LANGS; ++*ret)
		if (!strcmp(lang, langs[*ret]))
			return SAQTA_OK;
	return err_set(err, SAQTA_ERR_ARGUMENT, 0, "the language is one of kk, ru, en");
}

/* ---- names ---- */

const char *words_find(const struct words *w, const char *kind, const char *id)
{
	const struct entry key = {kind, id, NULL};
	const struct entry *found = bsearch(&key, w->entries, w->n, sizeof(key), compare);

	return found && *found->text ? found->text : NULL;
}

const char *words_title(const struct words *w, char *const title[LANGS]) { return title[w->lang] ? title[w->lang] : ""; }

const char *words_id(const struct words *w, enum id_kind kind, int id)
{
	static const char *const kinds[ID_KINDS] = {
		[ID_OPERATION] = "operation",
		[ID_CATEGORY] = "category",
		[ID_PURPOSE] = "purpose",
		[ID_BASIS] = "basis",
		[ID_CONSENT] = "consent",
		[ID_RECIPIENT] = "recipient",
		[ID_REQUEST_CHANNEL] = "channel",
		[ID_MESSAGE_CHANNEL] = "channel",
		[ID_SOURCE] = "source",
		[ID_MILESTONE] = "milestone",
		[ID_REFUSAL_REASON] = "reason",
		[ID_TASK] = "task",
		[ID_ROLE] = "role",
	};
	const struct vocab_id *v = &w->p->ids[kind][id];
	const char *name = v->title[w->lang] && *v->title[w->lang] ? v->title[w->lang] : words_find(w, kinds[kind], v->id);

	return name ? name : v->id;
}

const char *words_value(const struct words *w, enum fact_string fact, const char *value)
{
	static const char *const kinds[F_STRINGS] = {
		"event", "operation", "purpose", "purpose", "basis", "recipient", NULL,	       "source",  "channel", "form",  "request",
		"by",	 "reason",    "result",	 "state",   "state", "matter",	  "milestone", "request", "reason",  "state",
	};
	static const struct {
		enum fact_string fact;
		enum id_kind kind;
	} ids[] = {{F_OPERATION, ID_OPERATION}, {F_PURPOSE, ID_PURPOSE}, {F_WITH, ID_PURPOSE},	     {F_BASIS, ID_BASIS},
		   {F_RECIPIENT, ID_RECIPIENT}, {F_SOURCE, ID_SOURCE},	 {F_MILESTONE, ID_MILESTONE}};
	const char *name = NULL;

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++)
		if (ids[i].fact == fact && policy_find(w->p, ids[i].kind, value) >= 0)
			return words_id(w, ids[i].kind, policy_find(w->p, ids[i].kind, value));
	if (kinds[fact])
		name = words_find(w, kinds[fact], value);
	return name ? name : value;
}

/* ---- sentences ---- */

void words_fill(struct buf *ret, const char *pattern, unsigned form, const char *a, const char *b, const char *c)
{
	const char *const values[] = {a, b, c};

	for (; form > 0 && strchr(pattern, '|'); form--)
		pattern = strchr(pattern, '|') + 1;
	for (; *pattern && *pattern != '|'; pattern++) {
		if (pattern[0] == '{' && pattern[1] >= '1' && pattern[1] <= '3' && pattern[2] == '}') {
			const char *value = values[pattern[1] - '1'];

			buf_str(ret, value ? value : "");
			pattern += 2;
		} else {
			buf_add(ret, pattern, 1);
		}
	}
}

void words_say(const struct words *w, struct buf *ret, const char *key, const char *a, const char *b, const char *c)
{
	const char *pattern = words_find(w, "say", key);

	words_fill(ret, pattern ? pattern : key, 0, a, b, c);
}

/* 1 день, 2 дня, 5 дней; 11 to 14 go with the many. */
static unsigned plural(const struct words *w, int32_t n)
{
	if (w->lang == LANG_KK)
		return 0;
	if (w->lang == LANG_EN)
		return n == 1 ? 0 : 1;
	if (n % 10 == 1 && n % 100 != 11)
		return 0;
	return n % 10 >= 2 && n % 10 <= 4 && (n % 100 < 12 || n % 100 > 14) ? 1 : 2;
}

static void count_of(const struct words *w, struct buf *ret, int32_t n, const char *unit)
{
	const char *forms = words_find(w, "term", unit);

	buf_fmt(ret, "%d ", (int)n);
	words_fill(ret, forms ? forms : unit, plural(w, n), NULL, NULL, NULL);
}

void words_term(const struct words *w, struct buf *ret, struct term term)
{
	switch (term.unit) {
	case TERM_CALENDAR:
		if (term.count % 12 == 0)
			count_of(w, ret, term.count / 12, "year");
		else
			count_of(w, ret, term.count, "month");
		break;
	case TERM_DAYS:
		count_of(w, ret, term.count, "day");
		break;
	case TERM_WORKING_DAYS:
		count_of(w, ret, term.count, "working-day");
		break;
	case TERM_BANKING_DAYS:
		count_of(w, ret, term.count, "banking-day");
		break;
	case TERM_SECONDS:
		if (term.count % 3600 == 0)
			count_of(w, ret, term.count / 3600, "hour");
		else if (term.count % 60 == 0)
			count_of(w, ret, term.count / 60, "minute");
		else
			count_of(w, ret, term.count, "second");
		break;
	case TERM_NONE:
		words_say(w, ret, "at-once", NULL, NULL, NULL);
		break;
	}
}

void words_set(const struct words *w, struct buf *ret, enum id_kind kind, const struct idset *set)
{
	struct idset left = *set;
	bool is_first = true;

	for (int id = 0; id < policy_id_count(w->p, kind); id++) {
		const struct idset *members = policy_members(w->p, kind, id);
		struct idset others = *members;

		if (!idset_has(&left, id) && !(idset_count(members) > 1 && idset_meets(members, &left)))
			continue;
		/* A group whose members are all there stands for them, whether it was named itself or not. */
		if (idset_count(members) > 1) {
			others.w[id >> 6] &= ~(UINT64_C(1) << (id & 63));
			if (!idset_within(&others, &left))
				continue;
		}
		buf_str(ret, is_first ? "" : ", ");
		buf_str(ret, words_id(w, kind, id));
		idset_minus(&left, members);
		left.w[id >> 6] &= ~(UINT64_C(1) << (id & 63));
		is_first = false;
	}
}

void words_day(const struct words *w, struct buf *ret, int64_t us)
{
	int year, month, day;

	day_to_civil(zone_day(policy_zone(w->p), us), &year, &month, &day);
	if (w->lang == LANG_EN)
		buf_fmt(ret, "%04d-%02d-%02d", year, month, day);
	else
		buf_fmt(ret, "%02d.%02d.%04d", day, month, year);
}

void words_time(const struct words *w, struct buf *ret, int64_t us)
{
	char text[INSTANT_TEXT_SIZE];

	if (us == INSTANT_NONE || us == INT64_MAX)
		return;
	instant_format(us, policy_zone(w->p), text);
	words_day(w, ret, us);
	buf_fmt(ret, " %.5s", text + 11);
}

/* ---- conditions ---- */

static void format_number(char *ret, size_t size, double x)
{
	if (x >= -1e9 && x <= 1e9 && !(floor(x) < x))
		(void)snprintf(ret, size, "%ld", (long)x);
	else
		(void)snprintf(ret, size, "%g", x);
}

static const char *set_member(const struct words *w, const struct cond_op *op)
{
	static const char *const attachments[] = {[ATTACHMENT_LINK] = "link", [ATTACHMENT_PICTURE] = "picture", [ATTACHMENT_FILE] = "file"};
	const char *name;

	switch ((enum fact_set)op->a) {
	case F_CATEGORY:
		return words_id(w, ID_CATEGORY, op->b);
	case F_REACHED:
		return words_id(w, ID_MILESTONE, op->b);
	case F_ATTACHMENT:
		name = words_find(w, "attachment", attachments[op->b]);
		return name ? name : attachments[op->b];
	case F_ROLE:
		return "";
	case F_CONSENT:
	case F_WITHDRAWN:
	case F_LAPSED:
	case F_PARTNER_CONSENT:
	case F_NAMED_CONSENT:
	case F_CURRENT_CONSENT:
	case F_SETS:
		break;
	}
	return words_id(w, ID_CONSENT, op->b);
}

static void say_form(const struct words *w, struct buf *ret, const char *key, bool is_not, const char *a, const char *b)
{
	const char *pattern = words_find(w, "say", key);

	words_fill(ret, pattern ? pattern : key, is_not, a, b, NULL);
}

static const char *fact_word(const struct words *w, const char *name)
{
	const char *word = words_find(w, "fact", name);

	return word ? word : name;
}

static void string_atom(const struct words *w, struct buf *ret, const struct cond_op *op, bool is_not)
{
	const char *fact = fact_word(w, condition_fact_name(COND_STRING_EQ, op->a));
	bool is_contrary = is_not != (op->code == COND_STRING_NE || op->code == COND_STRING_DIFFER);

	if (op->code == COND_STRING_SAME || op->code == COND_STRING_DIFFER)
		say_form(w, ret, "is-same", is_contrary, fact, fact_word(w, condition_fact_name(COND_STRING_EQ, (unsigned)op->b)));
	else if (op->b == 0)
		say_form(w, ret, "is-empty", is_contrary, fact, NULL);
	else
		say_form(w, ret, "is", is_contrary, fact, words_value(w, (enum fact_string)op->a, w->p->strings[op->b]));
}

static void number_atom(const struct words *w, struct buf *ret, const struct cond_op *op, bool is_not)
{
	static const char *const keys[] = {"number-eq", "number-ne", "number-lt", "number-le", "number-gt", "number-ge"};
	char number[32];

	format_number(number, sizeof(number), op->x);
	say_form(w, ret, keys[op->code - COND_NUMBER_EQ], is_not, fact_word(w, condition_fact_name(COND_NUMBER_EQ, op->a)), number);
}

void words_atom(const struct words *w, struct buf *ret, const struct cond_op *op, bool is_not)
{
	switch ((enum cond_code)op->code) {
	case COND_TRUE:
	case COND_FALSE:
		words_say(w, ret, (op->code == COND_TRUE) != is_not ? "always" : "never", NULL, NULL, NULL);
		break;
	case COND_FLAG:
		words_fill(ret, fact_word(w, condition_fact_name(COND_FLAG, op->a)), is_not, NULL, NULL, NULL);
		break;
	case COND_IN_SET:
		words_fill(ret, fact_word(w, condition_fact_name(COND_IN_SET, op->a)), is_not, set_member(w, op), NULL, NULL);
		break;
	case COND_STRING_EQ:
	case COND_STRING_NE:
	case COND_STRING_SAME:
	case COND_STRING_DIFFER:
		string_atom(w, ret, op, is_not);
		break;
	case COND_NUMBER_EQ:
	case COND_NUMBER_NE:
	case COND_NUMBER_LT:
	case COND_NUMBER_LE:
	case COND_NUMBER_GT:
	case COND_NUMBER_GE:
		number_atom(w, ret, op, is_not);
		break;
	case COND_NOT:
	case COND_AND:
	case COND_OR:
		break;
	}
}

/* "not" goes down to the comparisons, which have words for it; `outer` is the joint above, for parentheses. */
static void node_words(const struct words *w, struct buf *ret, const struct cond_tree *t, unsigned node, bool is_not, enum cond_code outer)
{
	const struct cond_op *op = &t->c->ops[node];
	enum cond_code code = (enum cond_code)op->code;
	bool is_parted;

	if (code == COND_NOT) {
		node_words(w, ret, t, t->kid[node][0], !is_not, outer);
		return;
	}
	if (code != COND_AND && code != COND_OR) {
		words_atom(w, ret, op, is_not);
		return;
	}
	if (is_not)
		code = code == COND_AND ? COND_OR : COND_AND;
	is_parted = outer != COND_TRUE && outer != code;
	buf_str(ret, is_parted ? "(" : "");
	node_words(w, ret, t, t->kid[node][0], is_not, code);
	words_say(w, ret, code == COND_AND ? "and" : "or", NULL, NULL, NULL);
	node_words(w, ret, t, t->kid[node][1], is_not, code);
	buf_str(ret, is_parted ? ")" : "");
}

void words_condition(const struct words *w, struct buf *ret, const struct condition *c, bool is_not)
{
	struct cond_tree t;

	if (c->n_ops == 0)
		return;
	cond_tree_make(c, NULL, &t);
	node_words(w, ret, &t, c->n_ops - 1, is_not, COND_TRUE);
}
