/* SPDX-License-Identifier: Apache-2.0 */
#include "paper/paper.h"

#include <stdlib.h>
#include <string.h>
#include <zip.h>

/* The registers of a document as CSV (RFC 4180), one file each, in a zip whose bytes depend on the document alone. */

#define REGISTERS_MAX 64
struct register_file {
	char *name;
	struct buf text;
};
struct registers {
	struct register_file files[REGISTERS_MAX];
	unsigned n;
};

static void registers_done(struct registers *r)
{
	for (unsigned i = 0; i < r->n; i++) {
		free(r->files[i].name);
		buf_done(&r->files[i].text);
	}
}

/* A field. A spreadsheet would take a text that begins so for a formula: an apostrophe keeps it a text. */
static void field(struct buf *out, const char *text, size_t len)
{
	buf_str(out, "\"");
	if (len > 0 && strchr("=+-@\t\r", text[0]))
		buf_str(out, "'");
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"')
			buf_str(out, "\"");
		if (text[i] != 0) /* no reader takes it */
			buf_add(out, text + i, 1);
	}
	buf_str(out, "\"");
}

static void value(struct buf *out, const json_t *v)
{
	struct buf words = {0};
	size_t i;
	json_t *item;

	switch (v ? json_typeof(v) : JSON_NULL) {
	case JSON_STRING:
		field(out, json_string_value(v), json_string_length(v));
		break;
	case JSON_INTEGER:
		buf_fmt(out, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		break;
	case JSON_REAL:
		buf_fmt(out, "%.17g", json_real_value(v));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		buf_str(out, json_is_true(v) ? "true" : "false");
		break;
	case JSON_ARRAY:
		json_array_foreach(v, i, item)
		{
			if (!json_is_string(item))
				continue;
			if (words.len)
				buf_str(&words, " ");
			buf_add(&words, json_string_value(item), json_string_length(item));
		}
		field(out, words.data ? (const char *)words.data : "", words.len);
		break;
	case JSON_OBJECT:
	case JSON_NULL:
		break;
	}
	buf_done(&words);
}

/* All members that any row has, in the order in which they first come. */
static json_t *columns_of(const json_t *rows)
{
	json_t *columns = json_object();
	const char *key;
	json_t *row, *v;
	size_t i;

	json_array_foreach(rows, i, row) json_object_foreach(row, key, v) if (!json_is_object(v))
		json_object_set_new(columns, key, json_null());
	return columns;
}

static void write_register(struct registers *r, const char *name, const json_t *rows)
{
	struct register_file *file;
	json_t *columns, *row, *v;
	const char *key;
	bool is_first = true;
	size_t i;

	if (r->n == REGISTERS_MAX || !json_is_object(json_array_get(rows, 0)))
		return;
	file = &r->files[r->n++];
	file->name = strdup(name);
	columns = columns_of(rows);
	json_object_foreach(columns, key, v)
	{
		buf_str(&file->text, is_first ? "" : ",");
		field(&file->text, key, strlen(key));
		is_first = false;
	}
	buf_str(&file->text, "\r\n");
	json_array_foreach(rows, i, row)
	{
		is_first = true;
		json_object_foreach(columns, key, v)
		{
			buf_str(&file->text, is_first ? "" : ",");
			value(&file->text, json_object_get(row, key));
			is_first = false;
		}
		buf_str(&file->text, "\r\n");
	}
	json_decref(columns);
}

/* Lists of objects are registers, wherever they stand; what stands alone goes into one of its own: member, value. */
static void walk(struct registers *r, struct buf *single, const char *path, const json_t *object)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)object, key, v)
	{
		char *name = NULL;

		if (asprintf(&name, "%s%s%s", path, *path ? "-" : "", key) < 0)
			return;
		if (json_is_object(v)) {
			walk(r, single, name, v);
		} else if (json_is_array(v) && json_is_object(json_array_get(v, 0))) {
			write_register(r, name, v);
		} else {
			field(single, name, strlen(name));
			buf_str(single, ",");
			value(single, v);
			buf_str(single, "\r\n");
		}
		free(name);
	}
}

static bool add_file(zip_t *zip, const char *name, const struct buf *text)
{
	char file[160];
	zip_source_t *source = zip_source_buffer(zip, text->data, text->len, 0);
	zip_int64_t index;

	(void)snprintf(file, sizeof(file), "%s.csv", name);
	index = source ? zip_file_add(zip, file, source, ZIP_FL_ENC_UTF_8) : -1;
	if (index < 0) {
		zip_source_free(source);
		return false;
	}
	/* One time for all documents: 1980-01-01, the first that the format knows. */
	return zip_file_set_dostime(zip, (zip_uint64_t)index, 0, 0x21, 0) == 0;
}

static bool pack(struct registers *r, const struct buf *single, struct buf *ret)
{
	zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, NULL);
	zip_t *zip = source ? zip_open_from_source(source, ZIP_CREATE | ZIP_TRUNCATE, NULL) : NULL;
	zip_stat_t st;
	bool ok;

	if (!zip) {
		zip_source_free(source);
		return false;
	}
	zip_source_keep(source);
	ok = add_file(zip, "document", single);
	for (unsigned i = 0; ok && i < r->n; i++)
		ok = !r->files[i].text.failed && add_file(zip, r->files[i].name, &r->files[i].text);
	if (!ok)
		zip_discard(zip);
	else
		ok = zip_close(zip) == 0;
	if (ok && zip_source_stat(source, &st) == 0 && zip_source_open(source) == 0) {
		uint8_t block[65536];
		zip_int64_t n;

		while ((n = zip_source_read(source, block, sizeof(block))) > 0)
			buf_add(ret, block, (size_t)n);
		ok = n == 0 && !ret->failed;
		(void)zip_source_close(source);
	}
	zip_source_free(source);
	return ok;
}

enum saqta_status paper_csv(const json_t *doc, struct buf *ret, struct saqta_error *err)
{
	struct registers r = {.n = 0};
	struct buf single = {0};
	bool ok;

	buf_str(&single, "\"member\",\"value\"\r\n");
	walk(&r, &single, "", doc);
	ok = !single.failed && pack(&r, &single, ret);
	registers_done(&r);
	buf_done(&single);
	return ok ? SAQTA_OK : err_set(err, SAQTA_ERR_NOMEM, 0, "the document is too large, or memory is out");
}
