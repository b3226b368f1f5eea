/* SPDX-License-Identifier: Apache-2.0 */
#include "vectors.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SKIP 77

static char folder[3072];

int vectors_find(void)
{
	const char *shared = getenv("SAQTA_SHARED"), *ci = getenv("CI");

	(void)snprintf(folder, sizeof(folder), "%s/vectors", shared && *shared ? shared : "../shared");
	if (access(folder, R_OK | X_OK) == 0)
		return 0;
	printf("SKIP: vectors not found\n");
	return ci && strcmp(ci, "true") == 0 ? EXIT_FAILURE : SKIP;
}

char *vectors_read(const char *name, size_t *ret_len)
{
	char path[4096], *data;
	FILE *f;
	long len;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "rb");
	ck_assert_msg(f != NULL, "cannot read %s", name);
	ck_assert_int_eq(fseek(f, 0, SEEK_END), 0);
	len = ftell(f);
	ck_assert_int_ge(len, 0);
	rewind(f);
	data = malloc((size_t)len + 1);
	ck_assert_ptr_nonnull(data);
	ck_assert_uint_eq(fread(data, 1, (size_t)len, f), (size_t)len);
	ck_assert_int_eq(fclose(f), 0);
	data[len] = 0;
	if (ret_len)
		*ret_len = (size_t)len;
	return data;
}

json_t *vectors_json(const char *name)
{
	size_t len;
	char *text = vectors_read(name, &len);
	json_error_t why;
	json_t *doc = json_loadb(text, len, JSON_ALLOW_NUL, &why);

	ck_assert_msg(doc != NULL, "%s: %s", name, why.text);
	free(text);
	return doc;
}

const char *vectors_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	ck_assert_msg(text != NULL, "no member %s", name);
	return text;
}
