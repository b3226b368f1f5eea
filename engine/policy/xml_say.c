/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/load.h"

#include <string.h>

/* What libxml2 finds, said to people who know no XML: what stands where, what is wrong with it, and what to write instead. */

struct span {
	const char *at;
	int len;
};

/* What stands in @text between @before and @after; empty if it does not. */
static struct span between(const char *text, const char *before, const char *after)
{
	const char *at = strstr(text, before), *end;

	if (!at)
		return (struct span){"", 0};
	at += strlen(before);
	end = strstr(at, after);
	return end && end - at < 400 ? (struct span){at, (int)(end - at)} : (struct span){"", 0};
}

/* @names: words that each end in a NUL. */
static const char *hint(struct span word, const struct buf *names, char ret[NEAR_TEXT_SIZE])
{
	struct near_word near = {.word = word.at, .len = (size_t)word.len};

	for (const char *n = (const char *)names->data; n && n < (const char *)names->data + names->len; n += strlen(n) + 1)
		near_offer(&near, n);
	return near_text(&near, ret);
}

#define SPAN(s) (s).len, (s).at
#define IS_THERE(text, part) (strstr(text, part) != NULL)

static bool say_of_schema(const char *m, const struct buf *names, struct buf *ret)
{
	const struct span element = between(m, "Element '", "'"), attribute = between(m, "attribute '", "'");
	const struct span value = between(m, "The value '", "' is not "), set = between(m, "the set {", "}");
	const struct span missing = between(m, "The attribute '", "' is required"), expected = between(m, "Expected is ", "\n");
	char near[NEAR_TEXT_SIZE];

	if (!element.len)
		return false;
	if (attribute.len && IS_THERE(m, "' is not allowed."))
		buf_fmt(ret, "'%.*s' is no attribute of '%.*s'%s; leave it out, or write the one that is meant", SPAN(attribute),
			SPAN(element), hint(attribute, names, near));
	else if (missing.len)
		buf_fmt(ret, "'%.*s' needs the attribute '%.*s'", SPAN(element), SPAN(missing));
	else if (IS_THERE(m, "This element is not expected"))
		buf_fmt(ret, "the element '%.*s' does not belong here%s%s%.*s", SPAN(element), hint(element, names, near),
			expected.len ? "; expected is " : "; leave it out, or write the one that is meant", SPAN(expected));
	else if (IS_THERE(m, "[facet 'enumeration']"))
		buf_fmt(ret, "'%.*s' in '%.*s' of '%.*s' is unknown; write one of %.*s", SPAN(value), SPAN(attribute), SPAN(element),
			SPAN(set));
	else if (IS_THERE(m, "[facet 'pattern']"))
		buf_fmt(ret, "'%.*s' in '%.*s' of '%.*s' is not written as it may be, which is by the pattern %.*s", SPAN(value),
			SPAN(attribute), SPAN(element), SPAN(between(m, "by the pattern '", "'.")));
	else if (IS_THERE(m, "[facet 'maxLength']"))
		buf_fmt(ret, "'%.*s' of '%.*s' is longer than the %.*s characters that it may have", SPAN(attribute), SPAN(element),
			SPAN(between(m, "maximum length of '", "'")));
	else if (IS_THERE(m, "[facet 'minLength']"))
		buf_fmt(ret, "'%.*s' of '%.*s' is empty; write something, or leave it out", SPAN(attribute), SPAN(element));
	else if (IS_THERE(m, "Character content other than whitespace"))
		buf_fmt(ret, "text stands in '%.*s', where only elements can; put it into a <title> or a comment", SPAN(element));
	else
		return false;
	return true;
}

static bool say_of_form(const char *m, struct buf *ret)
{
	const struct span opened = between(m, "tag mismatch: ", " line "), open = between(m, "data in tag ", " line "),
			  closed = between(opened.at, " and ", "\n");

	if (opened.len)
		buf_fmt(ret,
			"<%.*s> of line %.*s is not closed where </%.*s> stands (tag mismatch); write </%.*s> before it, or /> in its line",
			SPAN(opened), SPAN(between(opened.at, " line ", " and ")), SPAN(closed), SPAN(opened));
	else if (open.len)
		buf_fmt(ret, "the file ends, and <%.*s> of line %.*s is not closed", SPAN(open), SPAN(between(open.at, " line ", "\n")));
	else if (IS_THERE(m, "Unescaped '<' not allowed"))
		buf_str(ret, "'<' stands in an attribute; write &lt; for it");
	else if (IS_THERE(m, "xmlParseEntityRef: no name"))
		buf_str(ret, "'&' stands alone; write &amp; for it");
	else if (IS_THERE(m, " redefined"))
		buf_fmt(ret, "the attribute '%.*s' is given twice in one element; leave one out",
			SPAN(between(m, "Attribute ", " redefined")));
	else
		return false;
	return true;
}

bool xml_say(const char *message, const struct buf *names, struct buf *ret)
{
	/* It says again in terms of the schema what was said of the value before. */
	if (IS_THERE(message, "is not a valid value of the "))
		return true;
	return say_of_schema(message, names, ret) || say_of_form(message, ret);
}
