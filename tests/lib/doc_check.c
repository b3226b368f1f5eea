/* SPDX-License-Identifier: Apache-2.0 */
#include "doc_check.h"

#include <check.h>
#include <stdbool.h>
#include <string.h>

/* A key that words.tsv lacks stands in the text itself; a place that nobody filled in as {1}. */
static bool is_said(const char *text)
{
	bool is_key = true;

	for (const char *at = text; *at; at++)
		is_key &= (*at >= 'a' && *at <= 'z') || *at == '-';
	return *text && !is_key && !strstr(text, "{1}") && !strstr(text, "{2}") && !strstr(text, "{3}") && !strchr(text, '|');
}

static unsigned check_items(const json_t *items)
{
	unsigned n = 0;
	json_t *item;
	size_t i;

	json_array_foreach(items, i, item)
	{
		const char *text = json_string_value(json_object_get(item, "text"));

		ck_assert_msg(text && is_said(text), "not said: '%s'", text ? text : "NULL");
		n += 1 + check_items(json_object_get(item, "items"));
	}
	return n;
}

unsigned doc_check(const json_t *doc)
{
	unsigned n = 0;
	json_t *section;
	size_t i;

	ck_assert(is_said(json_string_value(json_object_get(doc, "title"))));
	json_array_foreach(json_object_get(doc, "sections"), i, section)
	{
		ck_assert(is_said(json_string_value(json_object_get(section, "title"))));
		n += check_items(json_object_get(section, "items"));
	}
	return n;
}
