/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/verify.h"

#include <string.h>

/* C2SP tlog-policy: which logs are known, who witnesses them, and whose word is enough. */

#define WORDS_MAX (POLICY_NAMES + 3)

struct line {
	unsigned number;
	unsigned n_words;
	struct span words[WORDS_MAX];
};

static enum verdict bad(struct fault *f, const struct line *line, const char *why)
{
	return fault_set(f, VERDICT_CONFIG, "line %u: %s", line->number, why);
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static bool split(struct span text, struct line *ret)
{
	ret->n_words = 0;
	for (size_t i = 0; i < text.len;) {
		size_t start = i;

		while (i < text.len && !is_blank(text.at[i]))
			i++;
		if (i > start && ret->n_words == WORDS_MAX)
			return false;
		if (i > start)
			ret->words[ret->n_words++] = (struct span){text.at + start, i - start};
		i++;
	}
	return true;
}

/* The number of a name that was defined before; n_names: it was not. */
static unsigned find(const struct witness_policy *p, struct span name)
{
	unsigned i = 0;

	while (i < p->n_names && !span_is(name, p->names[i].name))
		i++;
	return i;
}

static enum verdict add_log(struct witness_policy *p, const struct line *l, struct fault *f)
{
	struct key key;

	if (l->n_words < 2 || l->n_words > 3 || !key_parse(l->words[1], &key) || key.type != KEY_ED25519)
		return bad(f, l, "`log VKEY [URL]` with an Ed25519 key is expected");
	if (p->n_logs == POLICY_NAMES)
		return bad(f, l, "more logs than this program takes");
	for (unsigned i = 0; i < p->n_logs; i++)
		if (memcmp(p->logs[i].pub, key.pub, KEY_SIZE) == 0)
			return bad(f, l, "this log was listed before");
	p->logs[p->n_logs++] = key;
	return VERDICT_HOLDS;
}

static enum verdict add_name(struct witness_policy *p, const struct line *l, struct witness_name **ret, struct fault *f)
{
	struct span name = l->words[1];

	if (name.len > NAME_MAX_BYTES || span_is(name, "none"))
		return bad(f, l, "the name is too long, or `none`");
	if (find(p, name) < p->n_names)
		return bad(f, l, "this name was defined before");
	if (p->n_names == POLICY_NAMES)
		return bad(f, l, "more witnesses and groups than this program takes");
	*ret = &p->names[p->n_names];
	memset(*ret, 0, sizeof(**ret));
	memcpy((*ret)->name, name.at, name.len);
	return VERDICT_HOLDS;
}

static enum verdict add_witness(struct witness_policy *p, const struct line *l, struct fault *f)
{
	struct witness_name *w;
	enum verdict v;

	if (l->n_words < 3 || l->n_words > 4)
		return bad(f, l, "`witness NAME VKEY [URL]` is expected");
	v = add_name(p, l, &w, f);
	if (v)
		return v;
	if (!key_parse(l->words[2], &w->key) || w->key.type != KEY_COSIGNATURE)
		return bad(f, l, "the witness's key is none for cosignature/v1");
	for (unsigned i = 0; i < p->n_names; i++)
		if (!p->names[i].is_group && memcmp(p->names[i].key.pub, w->key.pub, KEY_SIZE) == 0)
			return bad(f, l, "this witness was listed before");
	p->n_names++;
	return VERDICT_HOLDS;
}

static enum verdict add_group(struct witness_policy *p, const struct line *l, struct fault *f)
{
	struct witness_name *g;
	uint64_t need;
	unsigned n = l->n_words > 3 ? l->n_words - 3 : 0;
	enum verdict v;

	if (n == 0)
		return bad(f, l, "`group NAME all|any|N NAME...` is expected");
	v = add_name(p, l, &g, f);
	if (v)
		return v;
	if (span_is(l->words[2], "all"))
		need = n;
	else if (span_is(l->words[2], "any"))
		need = 1;
	else if (!span_number(l->words[2], &need) || need < 1 || need > n)
		return bad(f, l, "a group needs `all`, `any` or from 1 to all of its members");
	for (unsigned i = 0; i < n; i++) {
		unsigned member = find(p, l->words[3 + i]);

		if (member == p->n_names)
			return bad(f, l, "a member of the group is not defined before");
		for (unsigned k = 0; k < p->n_names; k++)
			if (p->names[k].is_group && p->names[k].members >> member & 1)
				return bad(f, l, "a member belongs to another group already");
		if (g->members >> member & 1)
			return bad(f, l, "a member is named twice");
		g->members |= UINT64_C(1) << member;
	}
	g->is_group = true;
	g->need = (unsigned)need;
	p->n_names++;
	return VERDICT_HOLDS;
}

static enum verdict set_quorum(struct witness_policy *p, const struct line *l, bool *has_quorum, struct fault *f)
{
	if (l->n_words != 2 || *has_quorum)
		return bad(f, l, "one line `quorum NAME` is expected");
	*has_quorum = true;
	p->needs_nobody = span_is(l->words[1], "none");
	p->quorum = find(p, l->words[1]);
	if (!p->needs_nobody && p->quorum == p->n_names)
		return bad(f, l, "the quorum is not defined before");
	return VERDICT_HOLDS;
}

static enum verdict take_line(struct witness_policy *p, const struct line *l, bool *has_quorum, struct fault *f)
{
	if (l->n_words == 0 || l->words[0].at[0] == '#')
		return VERDICT_HOLDS;
	if (span_is(l->words[0], "log"))
		return add_log(p, l, f);
	if (span_is(l->words[0], "witness"))
		return add_witness(p, l, f);
	if (span_is(l->words[0], "group"))
		return add_group(p, l, f);
	if (span_is(l->words[0], "quorum"))
		return set_quorum(p, l, has_quorum, f);
	return bad(f, l, "it begins with neither log, witness, group nor quorum");
}

enum verdict witness_policy_parse(struct span text, struct witness_policy *ret, struct fault *f)
{
	struct line line = {0};
	struct span words;
	bool has_quorum = false;
	enum verdict v = VERDICT_HOLDS;

	memset(ret, 0, sizeof(*ret));
	while (text.len > 0 && !v) {
		line.number++;
		if (!span_until(&text, '\n', &words))
			return bad(f, &line, "the line has no end");
		for (size_t i = 0; i < words.len; i++)
			if (((uint8_t)words.at[i] < 0x20 && words.at[i] != '\t') || words.at[i] == 0x7f)
				return bad(f, &line, "a control character");
		/* A comment may have any number of words. */
		if (!split(words, &line) && line.words[0].at[0] != '#')
			return bad(f, &line, "too many words");
		v = take_line(ret, &line, &has_quorum, f);
	}
	if (!v && !has_quorum)
		return fault_set(f, VERDICT_CONFIG, "no line `quorum NAME` or `quorum none` stands in it");
	return v;
}

enum verdict witness_policy_hold(struct witness_policy *p, const struct note *n, struct fault *f)
{
	unsigned signed_count = 0, count = 0;

	for (unsigned i = 0; i < p->n_names; i++) {
		struct witness_name *w = &p->names[i];
		unsigned have = 0;

		if (!w->is_group) {
			enum seal seal = note_seal(n, &w->key, &w->signed_s);

			if (seal == SEAL_BAD)
				return fault_set(f, VERDICT_BROKEN, "the signature of the witness %s on the head does not hold",
						 w->key.name);
			w->has_signed = seal == SEAL_HOLDS;
			signed_count += w->has_signed;
			count++;
			continue;
		}
		for (unsigned k = 0; k < i; k++) /* members stand before their group */
			have += (w->members >> k & 1) && p->names[k].has_signed;
		w->has_signed = have >= w->need;
	}
	if (!p->needs_nobody && !p->names[p->quorum].has_signed)
		return fault_set(f, VERDICT_BROKEN, "too few witnesses signed the head: %u of %u, and these are no quorum", signed_count,
				 count);
	return VERDICT_HOLDS;
}
