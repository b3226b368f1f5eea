/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"
#include "base/instant.h"

/* A writer of JSON into a buffer, without white space. The caller gives members in the order wanted (canonical bytes: sorted). Parsing is
 * jansson's. A zeroed struct starts a document. */
struct json_out {
	struct buf *out; /* borrowed */
	bool needs_comma;
};
void json_open(struct json_out *j, const char *name, char bracket);	 /* '{' or '['; name NULL inside arrays and at the top */
void json_shut(struct json_out *j, char bracket);			 /* '}' or ']' */
void json_text(struct json_out *j, const char *name, const char *value); /* NULL writes nothing */
void json_text_n(struct json_out *j, const char *name, const char *value, size_t len);
void json_int(struct json_out *j, const char *name, int64_t value);
void json_bool(struct json_out *j, const char *name, bool value);
void json_raw(struct json_out *j, const char *name, const char *json); /* a finished JSON value */
/** RFC 3339 in @zone (NULL: UTC); an instant that never came (INSTANT_NONE, INT64_MAX) writes nothing. */
void json_time(struct json_out *j, const char *name, int64_t us, const struct zone *zone);
/** The words of @list, separated by spaces, as an array; none at all (or NULL) writes nothing. */
void json_words(struct json_out *j, const char *name, const char *list);
void json_hex(struct json_out *j, const char *name, const void *data, size_t len);

#endif
