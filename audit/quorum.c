/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/witness.h"

#include <string.h>

/* C2SP tlog-policy. What cannot be understood is refused whole: a policy that demands less than its author meant is worse than none. */

#define WORDS_MAX (3u + QUORUM_ITEMS_MAX)

struct word {
	const char *at;
	size_t len;
};

/* A policy being read. */
struct reader {
	struct quorum_policy *p;
	struct audit_verifier logs[QUORUM_WITNESSES_MAX];
	unsigned n_logs, n_quorums, line;
	struct word words[WORDS_MAX];
	unsigned n_words;
	struct saqta_error *err;
};

static enum saqta_status bad(const struct reader *r, const char *why)
{
	return err_set(r->err, SAQTA_ERR_POLICY, r->line, "witness policy: %s", why);
}

static bool is_word(const struct word *w, const char *text) { return w->len == strlen(text) && memcmp(w->at, text, w->len) == 0; }

static int find_item(const struct quorum_policy *p, const struct word *name)
{
	for (unsigned i = 0; i < p->n_items; i++)
		if (is_word(name, p->items[i].name))
			return (int)i;
	return QUORUM_NONE;
}

static enum saqta_status add_item(struct reader *r, const struct word *name, struct quorum_item **ret)
{
	struct quorum_policy *p = r->p;

	if (name->len > AUDIT_NAME_MAX)
		return bad(r, "a name is longer than 255 bytes");
	if (is_word(name, "none") || find_item(p, name) != QUORUM_NONE)
		return bad(r, "the name is taken");
	if (p->n_items == QUORUM_ITEMS_MAX)
		return bad(r, "more than 64 witnesses and groups");
	*ret = &p->items[p->n_items++];
	**ret = (struct quorum_item){.group = QUORUM_NONE};
	memcpy((*ret)->name, name->at, name->len);
	return SAQTA_OK;
}

static bool has_key(const struct audit_verifier *keys, unsigned n, const struct audit_verifier *key)
{
	for (unsigned i = 0; i < n; i++)
		if (memcmp(keys[i].pub, key->pub, sizeof(key->pub)) == 0)
			return true;
	return false;
}

/* log <vkey> [<url>]: ours is known anyway, but the line must be one. */
static enum saqta_status read_log(struct reader *r)
{
	struct audit_verifier key;

	if (r->n_words < 2 || r->n_words > 3)
		return bad(r, "a log has a key and perhaps an address");
	if (!audit_vkey_parse(r->words[1].at, r->words[1].len, &key) || key.type != AUDIT_ED25519)
		return bad(r, "not the key of a log");
	if (r->n_logs == QUORUM_WITNESSES_MAX)
		return bad(r, "more than 32 logs");
	if (has_key(r->logs, r->n_logs, &key))
		return bad(r, "two logs have the same key");
	r->logs[r->n_logs++] = key;
	return SAQTA_OK;
}

/* witness <name> <vkey> [<url>] */
static enum saqta_status read_witness(struct reader *r)
{
	struct quorum_policy *p = r->p;
	struct quorum_item *item;
	struct audit_verifier key;
	enum saqta_status s;

	if (r->n_words < 3 || r->n_words > 4)
		return bad(r, "a witness has a name, a key and perhaps an address");
	if (!audit_vkey_parse(r->words[2].at, r->words[2].len, &key) || key.type != AUDIT_COSIGNATURE)
		return bad(r, "not the key of a witness");
	if (p->n_witnesses == QUORUM_WITNESSES_MAX)
		return bad(r, "more than 32 witnesses");
	if (has_key(p->witnesses, p->n_witnesses, &key))
		return bad(r, "two witnesses have the same key");
	s = add_item(r, &r->words[1], &item);
	if (s)
		return s;
	item->witness = p->n_witnesses;
	p->witnesses[p->n_witnesses++] = key;
	return SAQTA_OK;
}

/* group <name> all|any|<k> <name>... */
static enum saqta_status read_group(struct reader *r)
{
	struct quorum_item *group;
	uint64_t n, k;
	enum saqta_status s;

	if (r->n_words < 4)
		return bad(r, "a group has a name, a number and members");
	k = n = r->n_words - 3;
	if (is_word(&r->words[2], "any"))
		k = 1;
	else if (!is_word(&r->words[2], "all") && !audit_number_parse(r->words[2].at, r->words[2].len, &k))
		k = 0;
	if (k < 1 || k > n)
		return bad(r, "how many of a group must sign is `all`, `any`, or a number from 1 to that of its members");
	for (unsigned i = 3; i < r->n_words; i++) {
		int member = find_item(r->p, &r->words[i]);

		if (member == QUORUM_NONE)
			return bad(r, "a member of the group is not defined before it");
		if (r->p->items[member].group != QUORUM_NONE)
			return bad(r, "a member of the group is listed already, here or in another one");
		r->p->items[member].group = (int)r->p->n_items; /* which the group becomes */
	}
	s = add_item(r, &r->words[1], &group);
	if (s)
		return s;
	group->threshold = (unsigned)k;
	return SAQTA_OK;
}

/* quorum <name>|none */
static enum saqta_status read_quorum(struct reader *r)
{
	if (r->n_words != 2)
		return bad(r, "the quorum is one name, or `none`");
	if (++r->n_quorums > 1)
		return bad(r, "there are two quorums");
	r->p->quorum = find_item(r->p, &r->words[1]);
	if (r->p->quorum == QUORUM_NONE && !is_word(&r->words[1], "none"))
		return bad(r, "the quorum names what is not defined before it");
	return SAQTA_OK;
}

static bool is_space(char c) { return c == ' ' || c == '\t'; }

/* Words, none of a comment. */
static enum saqta_status split(struct reader *r, const char *line, size_t len)
{
	r->n_words = 0;
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f)
			return bad(r, "a control character; lines end with a line feed alone");
	for (size_t i = 0; i < len;) {
		size_t begin;

		while (i < len && is_space(line[i]))
			i++;
		for (begin = i; i < len && !is_space(line[i]);)
			i++;
		if (i == begin || (r->n_words == 0 && line[begin] == '#'))
			break;
		if (r->n_words == WORDS_MAX)
			return bad(r, "too many words");
		r->words[r->n_words++] = (struct word){line + begin, i - begin};
	}
	return SAQTA_OK;
}

static enum saqta_status read_line(struct reader *r, const char *line, size_t len)
{
	enum saqta_status s = split(r, line, len);

	if (s || r->n_words == 0)
		return s;
	if (is_word(&r->words[0], "log"))
		return read_log(r);
	if (is_word(&r->words[0], "witness"))
		return read_witness(r);
	if (is_word(&r->words[0], "group"))
		return read_group(r);
	if (is_word(&r->words[0], "quorum"))
		return read_quorum(r);
	return bad(r, "a line begins with `log`, `witness`, `group`, `quorum` or `#`");
}

enum saqta_status quorum_parse(const char *text, size_t len, struct quorum_policy *ret, struct saqta_error *err)
{
	const char *at = text, *end = text + len, *line;
	struct reader r = {.p = ret, .err = err};
	enum saqta_status s = SAQTA_OK;
	size_t n;

	memset(ret, 0, sizeof(*ret));
	ret->quorum = QUORUM_NONE;
	if (len > QUORUM_TEXT_MAX)
		return bad(&r, "it is larger than 64 KiB");
	while (!s && (line = audit_next_line(&at, end, &n)) != NULL) {
		r.line++;
		s = read_line(&r, line, n);
	}
	if (s)
		return s;
	r.line++;
	if (at != end)
		return bad(&r, "the last line has no end");
	return r.n_quorums == 0 ? bad(&r, "there is no quorum") : SAQTA_OK;
}

/* ---- counting ---- */

/* The log, then the witnesses. */
static unsigned all_keys(const struct quorum_policy *p, const struct audit_verifier *log,
			 struct audit_verifier ret[1 + QUORUM_WITNESSES_MAX])
{
	ret[0] = *log;
	memcpy(ret + 1, p->witnesses, p->n_witnesses * sizeof(*ret));
	return 1 + p->n_witnesses;
}

/* Does the quorum count it: is it the quorum, or does a group list it that does? */
static bool is_counted(const struct quorum_policy *p, int item)
{
	while (item != QUORUM_NONE && item != p->quorum)
		item = p->items[item].group;
	return item != QUORUM_NONE;
}

enum saqta_status quorum_count(const struct quorum_policy *p, const struct audit_verifier *log, const struct buf *note,
			       struct quorum_count *ret, struct saqta_error *err)
{
	struct audit_verifier keys[1 + QUORUM_WITNESSES_MAX];
	struct audit_seal seals[1 + QUORUM_WITNESSES_MAX];
	unsigned n_keys = all_keys(p, log, keys), members[QUORUM_ITEMS_MAX] = {0};
	size_t text_len;
	enum saqta_status r = audit_note_open((const char *)note->data, note->len, keys, n_keys, &text_len, seals, err);

	if (!r && !seals[0].holds)
		r = err_set(err, SAQTA_ERR_TAMPERED, 0, "signed note: the log itself did not sign it");
	if (r)
		return r;
	*ret = (struct quorum_count){.is_met = p->quorum == QUORUM_NONE};
	memcpy(ret->seals, seals + 1, p->n_witnesses * sizeof(*seals));
	/* Members stand before their group. */
	for (unsigned i = 0; i < p->n_items; i++) {
		const struct quorum_item *item = &p->items[i];
		bool holds = item->threshold > 0 ? members[i] >= item->threshold : ret->seals[item->witness].holds;

		if (item->threshold == 0 && is_counted(p, (int)i)) {
			ret->n_demanded++;
			ret->n_signed += holds;
		}
		if (holds && item->group != QUORUM_NONE)
			members[item->group]++;
		if (holds && (int)i == p->quorum)
			ret->is_met = true;
	}
	return SAQTA_OK;
}

/* ---- adding ---- */

/* The line of each signer in @lines: what is nobody's is left out, the later one counts. */
static void assign(const char *text, size_t text_len, const char *lines, size_t len, const struct audit_verifier *keys, unsigned n_keys,
		   struct word ret[1 + QUORUM_WITNESSES_MAX])
{
	const char *at = lines, *line;
	size_t n;

	while ((line = audit_next_line(&at, lines + len, &n)) != NULL) {
		cleanup_(buf_done) struct buf alone = {0};
		struct audit_seal seals[1 + QUORUM_WITNESSES_MAX];
		struct saqta_error ignored;
		size_t ignored_len;

		buf_add(&alone, text, text_len);
		buf_str(&alone, "\n");
		buf_add(&alone, line, n + 1);
		if (alone.failed || audit_note_open((const char *)alone.data, alone.len, keys, n_keys, &ignored_len, seals, &ignored))
			continue;
		for (unsigned i = 0; i < n_keys; i++)
			if (seals[i].holds)
				ret[i] = (struct word){line, n + 1};
	}
}

enum saqta_status quorum_add(const struct quorum_policy *p, const struct audit_verifier *log, const char *answer, size_t len,
			     struct buf *note, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf whole = {0}, merged = {0};
	struct audit_verifier keys[1 + QUORUM_WITNESSES_MAX];
	struct word lines[1 + QUORUM_WITNESSES_MAX] = {{NULL, 0}};
	unsigned n_keys = all_keys(p, log, keys);
	const char *text = (const char *)note->data;
	struct quorum_count before;
	size_t text_len, answered_len;
	enum saqta_status r = quorum_count(p, log, note, &before, err);

	if (!r)
		r = audit_note_open(text, note->len, NULL, 0, &text_len, NULL, err);
	if (r)
		return r;
	if (p->n_witnesses == 0)
		return err_set(err, SAQTA_ERR_POLICY, 0, "witness policy: it names no witness");
	/* As the specification says: the answer is good if the note with its lines is; a blank line in it would end another text. */
	buf_add(&whole, text, text_len);
	buf_str(&whole, "\n");
	buf_add(&whole, answer, len);
	if (whole.failed)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	r = audit_note_open((const char *)whole.data, whole.len, p->witnesses, p->n_witnesses, &answered_len, NULL, err);
	if (!r && answered_len != text_len)
		r = err_set(err, SAQTA_ERR_TAMPERED, 0, "the answer holds more than signatures");
	if (r)
		return r;
	assign(text, text_len, text + text_len + 1, note->len - text_len - 1, keys, n_keys, lines);
	assign(text, text_len, answer, len, keys, n_keys, lines);
	buf_add(&merged, text, text_len);
	buf_str(&merged, "\n");
	for (unsigned i = 0; i < n_keys; i++)
		if (lines[i].at)
			buf_add(&merged, lines[i].at, lines[i].len);
	if (merged.failed)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	buf_clear(note);
	buf_add(note, merged.data, merged.len);
	return note->failed ? err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory") : SAQTA_OK;
}
