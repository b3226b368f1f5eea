/* SPDX-License-Identifier: Apache-2.0 */
#include "out.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* JSON as people read it: an object as aligned lines, JSON Lines as a table. Which members there are is the engine's business. */

#define CELL_MAX 60 /* columns; the last column may take more */
#define DEPTH_MAX 6

/* "next_deadlines" -> "next deadlines" */
static void print_name(const char *name, size_t width)
{
	char words[64];
	size_t len = strlen(name);

	if (len >= sizeof(words)) {
		out_text(stdout, name, width);
		return;
	}
	memcpy(words, name, len + 1);
	for (size_t i = 0; i < len; i++)
		if (words[i] == '_')
			words[i] = ' ';
	out_text(stdout, words, width);
}

static bool is_scalar(const json_t *v) { return !json_is_object(v) && !json_is_array(v); }

static bool add_text(struct out_buf *b, const char *text) { return out_buf_write(b, text, strlen(text)) == 0; }

/* @v in one line: arrays of words joined, a small object as name=value. */
static void cell(struct out_buf *b, const json_t *v, unsigned depth)
{
	char number[OUT_NUMBER_SIZE], *dump;
	const char *name;
	json_t *member;
	size_t i;

	if (json_is_string(v)) {
		(void)add_text(b, json_string_value(v));
	} else if (json_is_integer(v) && json_integer_value(v) >= 0) {
		(void)add_text(b, out_number((uint64_t)json_integer_value(v), number));
	} else if (json_is_boolean(v)) {
		(void)add_text(b, json_is_true(v) ? "yes" : "no");
	} else if (json_is_null(v)) {
		(void)add_text(b, "-");
	} else if (json_is_array(v) && depth < DEPTH_MAX) {
		json_array_foreach(v, i, member)
		{
			(void)add_text(b, i > 0 ? (is_scalar(member) ? " " : "; ") : "");
			cell(b, member, depth + 1);
		}
	} else if (json_is_object(v) && depth < DEPTH_MAX) {
		bool is_first = true;

		json_object_foreach((json_t *)v, name, member)
		{
			(void)add_text(b, is_first ? "" : " ");
			(void)add_text(b, name);
			(void)add_text(b, "=");
			cell(b, member, depth + 1);
			is_first = false;
		}
	} else {
		dump = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
		(void)add_text(b, dump ? dump : "");
		free(dump);
	}
}

/* ---- tables ---- */

static void fit(struct out_table *t, json_t *row)
{
	const char *name;
	json_t *v;

	json_object_foreach(row, name, v)
	{
		struct out_buf b = {0};
		size_t at = 0, width;

		while (at < t->n_columns && strcmp(t->names[at], name) != 0)
			at++;
		if (at == t->n_columns) {
			if (at == OUT_TABLE_COLUMNS)
				continue;
			t->names[at] = strdup(name);
			if (!t->names[at])
				return;
			t->widths[at] = out_width(name);
			t->n_columns++;
		}
		cell(&b, v, 0);
		width = b.data ? out_width(b.data) : 0;
		if (width > CELL_MAX)
			width = CELL_MAX;
		if (width > t->widths[at])
			t->widths[at] = width;
		out_buf_done(&b);
	}
}

static void print_head(struct out_table *t, int indent)
{
	printf("%*s%s", indent, "", out_bold());
	for (size_t i = 0; i < t->n_columns; i++)
		print_name(t->names[i], i + 1 < t->n_columns ? t->widths[i] + 2 : 0);
	printf("%s\n", out_plain());
	t->is_begun = true;
}

static void print_row(struct out_table *t, const json_t *row, int indent)
{
	printf("%*s", indent, "");
	for (size_t i = 0; i < t->n_columns; i++) {
		const json_t *v = json_object_get(row, t->names[i]);
		struct out_buf b = {0};

		if (v)
			cell(&b, v, 0);
		if (json_is_integer(v)) /* numbers stand under one another */
			printf("%*s%s", (int)t->widths[i], b.data ? b.data : "", i + 1 < t->n_columns ? "  " : "");
		else
			out_text(stdout, b.data ? b.data : "", i + 1 < t->n_columns ? t->widths[i] + 2 : 0);
		if (b.data && i + 1 < t->n_columns && out_width(b.data) > t->widths[i])
			printf("  ");
		out_buf_done(&b);
	}
	printf("\n");
	t->printed++;
}

static void flush_rows(struct out_table *t)
{
	if (!t->is_begun && t->n_rows > 0)
		print_head(t, 0);
	for (size_t i = 0; i < t->n_rows; i++) {
		print_row(t, t->rows[i], 0);
		json_decref(t->rows[i]);
	}
	t->n_rows = 0;
}

static int take_row(struct out_table *t)
{
	json_t *row = json_loadb(t->line.data, t->line.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

	if (!json_is_object(row)) {
		json_decref(row);
		return out_write(NULL, t->line.data, t->line.len);
	}
	if (t->is_begun) {
		print_row(t, row, 0);
		json_decref(row);
		return 0;
	}
	fit(t, row);
	t->rows[t->n_rows++] = row;
	if (t->n_rows == OUT_TABLE_ROWS)
		flush_rows(t);
	return 0;
}

int out_table_write(void *user, const char *data, size_t len)
{
	struct out_table *t = user;

	while (len > 0) {
		const char *end = memchr(data, '\n', len);
		size_t part = end ? (size_t)(end - data) + 1 : len;

		if (out_buf_write(&t->line, data, part) || out_write(NULL, "", 0))
			return 1;
		if (end) {
			if (take_row(t))
				return 1;
			t->line.len = 0;
		}
		data += part;
		len -= part;
	}
	return 0;
}

void out_table_end(struct out_table *t)
{
	if (t->line.len > 0)
		(void)take_row(t);
	flush_rows(t);
	if (t->printed == 0 && t->nothing)
		printf("%s\n", t->nothing);
	for (size_t i = 0; i < t->n_columns; i++)
		free(t->names[i]);
	t->n_columns = 0;
	out_buf_done(&t->line);
}

/* ---- objects ---- */

static bool is_rows(const json_t *v) { return json_is_array(v) && json_array_size(v) > 0 && json_is_object(json_array_get(v, 0)); }

static void print_rows(const json_t *v, int indent)
{
	struct out_table t = {0};
	json_t *row;
	size_t i;

	json_array_foreach(v, i, row) fit(&t, row);
	print_head(&t, indent);
	json_array_foreach(v, i, row) print_row(&t, row, indent);
	out_table_end(&t);
}

static void print_object(const json_t *object, int indent, unsigned depth)
{
	const char *name;
	size_t width = 0;
	json_t *v;

	json_object_foreach((json_t *)object, name, v) if (!is_rows(v) && !json_is_object(v) && out_width(name) > width) width =
		out_width(name);
	json_object_foreach((json_t *)object, name, v)
	{
		struct out_buf b = {0};

		printf("%*s", indent, "");
		if ((is_rows(v) || (json_is_object(v) && json_object_size(v) > 0)) && depth < DEPTH_MAX) {
			printf("%s", out_bold());
			print_name(name, 0);
			printf("%s\n", out_plain());
			if (is_rows(v))
				print_rows(v, indent + 2);
			else
				print_object(v, indent + 2, depth + 1);
			continue;
		}
		print_name(name, width + 2);
		cell(&b, v, 0);
		out_text(stdout, b.data && b.len > 0 ? b.data : "-", 0);
		printf("\n");
		out_buf_done(&b);
	}
}

void out_object(const char *json, size_t len)
{
	json_t *object = json_loadb(json, len, JSON_ALLOW_NUL, NULL);

	if (json_is_object(object))
		print_object(object, 0, 0);
	else
		(void)out_write(NULL, json, len);
	json_decref(object);
}
