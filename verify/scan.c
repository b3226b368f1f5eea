/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/verify.h"

#include <string.h>

/* The canonical JSON of an entry: members in order of their bytes, no white space, one spelling of everything. Bounded by the entry's length and
 * by a depth, so that it always ends. */

#define DEPTH_MAX 8u

struct scan {
	const char *at, *end;
	const char *why; /* the first thing that is wrong */
};

static bool wrong(struct scan *s, const char *why)
{
	if (!s->why)
		s->why = why;
	return false;
}

static bool take(struct scan *s, char c)
{
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

/* `\"`, `\\`, `\n`, and \u00xx for what has none of these and is below the space. */
static bool take_escape(struct scan *s)
{
	size_t left = (size_t)(s->end - s->at);
	uint8_t c;

	if (left >= 1 && (*s->at == '"' || *s->at == '\\' || *s->at == 'n')) {
		s->at++;
		return true;
	}
	if (left < 5 || memcmp(s->at, "u00", 3) != 0 || !span_hex((struct span){s->at + 3, 2}, &c, 1) || c >= 0x20 || c == '\n')
		return wrong(s, "an escape that is not canonical");
	s->at += 5;
	return true;
}

/* UTF-8 and control characters were looked at before. */
static bool take_string(struct scan *s)
{
	if (!take(s, '"'))
		return wrong(s, "a string was expected");
	while (s->at < s->end) {
		char c = *s->at++;

		if (c == '"')
			return true;
		if (c == '\\' && !take_escape(s))
			return false;
	}
	return wrong(s, "a string without its end");
}

static bool take_number(struct scan *s)
{
	struct span digits;
	bool is_negative = take(s, '-');
	uint64_t n;

	digits.at = s->at;
	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	digits.len = (size_t)(s->at - digits.at);
	if (!span_number(digits, &n) || (is_negative && n == 0))
		return wrong(s, "a number that is not canonical");
	return true;
}

static bool take_word(struct scan *s, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0)
		return wrong(s, "a value that is none");
	s->at += len;
	return true;
}

static bool take_value(struct scan *s, unsigned depth);

static bool take_array(struct scan *s, unsigned depth)
{
	s->at++;
	if (take(s, ']'))
		return true;
	do {
		if (!take_value(s, depth + 1))
			return false;
	} while (take(s, ','));
	return take(s, ']') || wrong(s, "an array without its end");
}

/* A name is compared as it stands: it has no escapes. */
static bool take_name(struct scan *s, struct span *ret)
{
	ret->at = s->at + 1;
	if (!take_string(s))
		return false;
	ret->len = (size_t)(s->at - ret->at) - 1;
	if (memchr(ret->at, '\\', ret->len))
		return wrong(s, "an escape in the name of a member");
	return take(s, ':') || wrong(s, "a member without a value");
}

static bool comes_after(struct span name, struct span before)
{
	int order = memcmp(name.at, before.at, name.len < before.len ? name.len : before.len);

	return order > 0 || (order == 0 && name.len > before.len);
}

static bool take_object(struct scan *s, unsigned depth)
{
	struct span before = {0}, name;

	s->at++;
	if (take(s, '}'))
		return true;
	do {
		if (!take_name(s, &name))
			return false;
		if (before.at && !comes_after(name, before))
			return wrong(s, "its members are not in alphabetical order");
		before = name;
		if (!take_value(s, depth + 1))
			return false;
	} while (take(s, ','));
	return take(s, '}') || wrong(s, "an object without its end, or white space");
}

static bool take_value(struct scan *s, unsigned depth)
{
	if (depth > DEPTH_MAX)
		return wrong(s, "objects within objects, too deep");
	switch (s->at < s->end ? *s->at : 0) {
	case '{':
		return take_object(s, depth);
	case '[':
		return take_array(s, depth);
	case '"':
		return take_string(s);
	case 't':
		return take_word(s, "true");
	case 'f':
		return take_word(s, "false");
	default:
		return take_number(s);
	}
}

/* ---- looking into what was scanned ---- */

/* The next member of an object that was scanned before; @s stands behind its bracket, or behind a member. */
static bool next_member(struct scan *s, struct span *ret_name, struct span *ret_value)
{
	(void)take(s, ',');
	if (s->at == s->end || *s->at != '"' || !take_name(s, ret_name))
		return false;
	ret_value->at = s->at;
	if (!take_value(s, 1))
		return false;
	ret_value->len = (size_t)(s->at - ret_value->at);
	return true;
}

static struct scan members_of(struct span object)
{
	bool is_object = object.len >= 2 && *object.at == '{';

	return is_object ? (struct scan){.at = object.at + 1, .end = object.at + object.len} : (struct scan){0};
}

struct span json_member(struct span object, const char *name)
{
	struct scan s = members_of(object);
	struct span found, value;

	while (next_member(&s, &found, &value))
		if (span_is(found, name))
			return value;
	return (struct span){0};
}

bool json_plain(struct span value, struct span *ret)
{
	if (value.len < 2 || value.at[0] != '"')
		return false;
	*ret = (struct span){value.at + 1, value.len - 2};
	return !memchr(ret->at, '\\', ret->len);
}

/* ---- the members of an entry ---- */

static bool is_words(struct span v) { return v.at[0] == '[' && v.len > 2 && v.at[1] == '"'; }

static bool is_text(struct span v) { return v.at[0] == '"'; }

static bool is_object(struct span v) { return v.at[0] == '{'; }

static bool is_number(struct span v)
{
	uint64_t n;

	return span_number(v, &n);
}

static bool is_time(struct span v)
{
	int64_t us;

	return json_plain(v, &v) && span_time(v, &us);
}

static bool is_commitment(struct span v)
{
	uint8_t hash[HASH_SIZE];

	return json_plain(v, &v) && span_hex(v, hash, sizeof(hash));
}

static bool is_pseudonym(struct span v)
{
	uint8_t pseudonym[16];

	return json_plain(v, &v) && span_hex(v, pseudonym, sizeof(pseudonym));
}

static bool is_outcome(struct span v)
{
	return json_plain(v, &v) && (span_is(v, "applied") || span_is(v, "denied") || span_is(v, "deferred"));
}

static bool is_type(struct span v)
{
	if (!json_plain(v, &v) || v.len == 0 || v.len > TYPE_MAX)
		return false;
	for (size_t i = 0; i < v.len; i++)
		if ((v.at[i] < 'a' || v.at[i] > 'z') && v.at[i] != '-')
			return false;
	return true;
}

static bool is_one(struct span v) { return span_is(v, "1"); }

enum member {
	MEMBER_MORE = 6,
	MEMBER_POLICY = 8,
	MEMBER_RECORDED = 9,
	MEMBER_SEQ = 11,
	MEMBER_TYPE = 15,
	N_MEMBERS = 17,
};

/* In the order in which they stand. */
static const struct {
	const char *name;
	bool is_needed;
	bool (*is_good)(struct span value);
	const char *why;
} members[N_MEMBERS] = {
	{"actor", false, is_text, "its member `actor` is no string"},
	{"at", true, is_time, "its member `at` is no time in UTC"},
	{"clauses", false, is_words, "its member `clauses` is no list of words"},
	{"due", false, is_time, "its member `due` is no time in UTC"},
	{"input", false, is_commitment, "its member `input` is no commitment"},
	{"kind", false, is_text, "its member `kind` is no string"},
	[MEMBER_MORE] = {"more", false, is_object, "its member `more` is no object"},
	{"outcome", true, is_outcome, "its member `outcome` is none"},
	[MEMBER_POLICY] = {"policy", true, is_number, "its member `policy` is no number"},
	[MEMBER_RECORDED] = {"recorded", true, is_time, "its member `recorded` is no time in UTC"},
	{"rules", false, is_words, "its member `rules` is no list of words"},
	[MEMBER_SEQ] = {"seq", true, is_number, "its member `seq` is no number"},
	{"state", false, is_text, "its member `state` is no string"},
	{"subject", false, is_pseudonym, "its member `subject` is no pseudonym"},
	{"task", false, is_number, "its member `task` is no number"},
	[MEMBER_TYPE] = {"type", true, is_type, "its member `type` is no word"},
	{"v", true, is_one, "its member `v` is not 1: this program is too old for it"},
};

/* Members and table have one order. A member that is not in the table is one of a later version, and is let be. */
static const char *take_members(struct span entry, struct span ret[N_MEMBERS])
{
	struct scan s = members_of(entry);
	struct span name, value;
	size_t i = 0;

	while (next_member(&s, &name, &value)) {
		size_t k = i;

		while (k < N_MEMBERS && !span_is(name, members[k].name))
			k++;
		if (k == N_MEMBERS)
			continue;
		if (!members[k].is_good(value))
			return members[k].why;
		ret[k] = value;
		i = k + 1;
	}
	for (i = 0; i < N_MEMBERS; i++)
		if (members[i].is_needed && !ret[i].at)
			return members[i].why;
	return NULL;
}

const char *entry_scan(struct span bytes, struct entry *ret)
{
	struct scan s = {.at = bytes.at, .end = bytes.at + bytes.len};
	struct span found[N_MEMBERS] = {{0}}, text;
	struct entry e = {0};
	const char *why;

	if (bytes.len == 0 || *bytes.at != '{')
		return "it is no JSON object";
	if (!span_utf8(bytes, ""))
		return "it is not UTF-8, or holds control characters";
	if (!take_value(&s, 1))
		return s.why;
	if (s.at != s.end)
		return "something follows the object";
	why = take_members(bytes, found);
	if (why)
		return why;
	(void)span_number(found[MEMBER_SEQ], &e.seq);
	(void)span_number(found[MEMBER_POLICY], &e.policy);
	(void)json_plain(found[MEMBER_RECORDED], &e.recorded);
	(void)span_time(e.recorded, &e.recorded_us);
	(void)json_plain(found[MEMBER_TYPE], &text);
	memcpy(e.type, text.at, text.len);
	e.more = found[MEMBER_MORE];
	*ret = e;
	return NULL;
}
