/* SPDX-License-Identifier: Apache-2.0 */
#include "doc.h"
#include "opt.h"
#include "out.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Documents of sections and items, as the library tells them, for people. */

static void print_clauses(const json_t *clauses)
{
	json_t *clause;
	size_t i;

	json_array_foreach(clauses, i, clause)
	{
		printf(i ? " " : "  [");
		out_text(stdout, json_string_value(clause) ? json_string_value(clause) : "", 0);
	}
	if (json_array_size(clauses) > 0)
		printf("]");
}

static void print_items(const json_t *items, int depth)
{
	json_t *item;
	size_t i;

	json_array_foreach(items, i, item)
	{
		const char *text = json_string_value(json_object_get(item, "text"));

		printf("%*s%s ", depth * 2, "", depth > 1 ? "-" : "*");
		out_text(stdout, text ? text : "", 0);
		print_clauses(json_object_get(item, "clauses"));
		printf("\n");
		print_items(json_object_get(item, "items"), depth + 1);
	}
}

void doc_print(const char *json, size_t len)
{
	json_t *doc = json_loadb(json, len, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL), *section;
	const char *title = json_string_value(json_object_get(doc, "title"));
	size_t i;

	printf("%s", out_bold());
	out_text(stdout, title ? title : "", 0);
	printf("%s\n", out_plain());
	json_array_foreach(json_object_get(doc, "sections"), i, section)
	{
		const char *name = json_string_value(json_object_get(section, "title"));

		if (json_array_size(json_object_get(section, "items")) == 0)
			continue;
		printf("\n%s", out_bold());
		out_text(stdout, name ? name : "", 0);
		printf("%s\n", out_plain());
		print_items(json_object_get(section, "items"), 1);
	}
	json_decref(doc);
}

const char *doc_language(const char *chosen)
{
	const char *lang = getenv("LC_ALL");

	if (chosen)
		return chosen;
	if (!lang || !lang[0])
		lang = getenv("LC_MESSAGES");
	if (!lang || !lang[0])
		lang = getenv("LANG");
	if (lang && strncmp(lang, "kk", 2) == 0)
		return "kk";
	return lang && strncmp(lang, "ru", 2) == 0 ? "ru" : "en";
}

int doc_end(const char *what, enum saqta_status r, const struct saqta_error *err, struct out_buf *b)
{
	int code = r ? out_error(what, err) : 0;

	if (!r && globals.json)
		(void)out_write_whole(NULL, b->data ? b->data : "", b->len);
	else if (!r)
		doc_print(b->data ? b->data : "", b->len);
	out_buf_done(b);
	return code;
}
