/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "paper/paper.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

/* XML: the text stands in it as it is, or as base64. */
static void as_xml(const json_t *doc, const char *text, size_t len)
{
	cleanup_(buf_done) struct buf out = {0};
	struct saqta_error err = {0};
	xmlDoc *tree;
	xmlNode *node;
	xmlChar *have, *encoding;
	uint8_t *raw = NULL;
	size_t raw_len = 0;

	fuzz_must(!paper_xml(doc, &out, &err));
	tree = xmlReadMemory((const char *)out.data, (int)out.len, NULL, "UTF-8", XML_PARSE_NONET);
	fuzz_must(tree && xmlDocGetRootElement(tree)->children);
	for (node = xmlDocGetRootElement(tree)->children; strcmp((const char *)node->name, "text") != 0;)
		node = node->next;
	have = xmlNodeGetContent(node);
	encoding = xmlGetProp(node, (const xmlChar *)"encoding");
	if (encoding)
		raw = base64_decode((const char *)have, strlen((const char *)have), &raw_len);
	fuzz_must(encoding ? raw && raw_len == len && memcmp(raw, text, len) == 0
			   : strlen((const char *)have) == len && memcmp(have, text, len) == 0);
	free(raw);
	xmlFree(encoding);
	xmlFree(have);
	xmlFreeDoc(tree);
}

/* The field behind "text": RFC 4180; an apostrophe may stand before it, and no NUL in it. */
static void check_field(const char *at, const char *text, size_t len)
{
	if (*at == '\'' && (len == 0 || text[0] != '\''))
		at++;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == 0)
			continue;
		fuzz_must(*at == text[i]);
		at += text[i] == '"' ? 1 + (at[1] == '"') : 1;
	}
	fuzz_must(memcmp(at, "\"\r\n", 3) == 0);
}

static void as_csv(const json_t *doc, const char *text, size_t len)
{
	static const char before[] = "\"text\",\"";
	cleanup_(buf_done) struct buf out = {0};
	struct saqta_error err = {0};
	zip_error_t why;
	zip_source_t *source;
	zip_t *zip;
	zip_stat_t st;
	zip_file_t *file;
	char *csv, *at;

	fuzz_must(!paper_csv(doc, &out, &err));
	source = zip_source_buffer_create(out.data, out.len, 0, &why);
	zip = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &why);
	fuzz_must(zip && zip_get_num_entries(zip, 0) == 2 && zip_stat(zip, "document.csv", 0, &st) == 0);
	csv = calloc(1, st.size + 4);
	file = zip_fopen(zip, "document.csv", 0);
	fuzz_must(csv && file && zip_fread(file, csv, st.size) == (zip_int64_t)st.size);
	at = memmem(csv, st.size, before, strlen(before));
	fuzz_must(at != NULL);
	check_field(at + strlen(before), text, len);
	free(csv);
	(void)zip_fclose(file);
	(void)zip_close(zip);
}

/* A document with a hostile value, in the forms that programs read. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *text = json_stringn((const char *)data, size), *doc;

	if (!text) /* not UTF-8 */
		return 0;
	doc = json_pack("{s:s, s:O, s:[{s:O, s:[O]}, {s:O, s:b}]}", "document", "report", "text", text, "rows", "a", text, "b", text, "c",
			text, "d", 1);
	fuzz_must(doc != NULL);
	as_xml(doc, json_string_value(text), size);
	as_csv(doc, json_string_value(text), size);
	json_decref(doc);
	json_decref(text);
	return 0;
}
