/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_STREAM_H
#define BASE_STREAM_H

#include "base/crypt.h"

/* A sealed file that is written and read from front to back (docs/backup-format.md): a header in clear that is authenticated, then chunks of 64
 * KiB, each sealed with its number and whether it is the last one. What was cut, swapped, repeated, added or changed does not open. */

#define STREAM_HEADER_MAX 65536u

struct stream;
/** Make the file (mode 0600; SAQTA_ERR_CREATE if it is there). @kind stands in its first line: a file of one kind does not open as another. @header
 *  is one line without its end, @key any secret; each file has keys of its own, derived from it, a random salt and the first two lines. */
#define STREAM_BACKUP "backup"
#define STREAM_DOCUMENT "document"
enum saqta_status stream_create_as(const char *kind, const char *path, const uint8_t key[KEY_SIZE], const struct buf *header,
				   struct stream **ret, struct saqta_error *err) must_check_;
static inline enum saqta_status stream_create(const char *path, const uint8_t key[KEY_SIZE], const struct buf *header, struct stream **ret,
					      struct saqta_error *err)
{
	return stream_create_as(STREAM_BACKUP, path, key, header, ret, err);
}
enum saqta_status stream_write(struct stream *s, const void *data, size_t len, struct saqta_error *err) must_check_;
/** The last chunk, synced. */
enum saqta_status stream_finish(struct stream *s, struct saqta_error *err) must_check_;

/** Read the header, which is not to be believed before stream_unlock. SAQTA_ERR_MISSING, SAQTA_ERR_INPUT (not such a file). */
enum saqta_status stream_open_as(const char *kind, const char *path, struct stream **ret, struct buf *ret_header,
				 struct saqta_error *err) must_check_;
static inline enum saqta_status stream_open(const char *path, struct stream **ret, struct buf *ret_header, struct saqta_error *err)
{
	return stream_open_as(STREAM_BACKUP, path, ret, ret_header, err);
}
/** SAQTA_ERR_KEY if the header is not under this key. */
enum saqta_status stream_unlock(struct stream *s, const uint8_t key[KEY_SIZE], struct saqta_error *err) must_check_;
/** Exactly @len bytes. SAQTA_ERR_TAMPERED where the file is cut or changed. */
enum saqta_status stream_read(struct stream *s, void *ret, size_t len, struct saqta_error *err) must_check_;
/** The rest of it, whose length is not known: appended to @ret. SAQTA_ERR_LIMIT where a buffer cannot hold it. */
enum saqta_status stream_read_rest(struct stream *s, struct buf *ret, struct saqta_error *err) must_check_;
/** Nothing follows what was read, and the last chunk was the last. */
enum saqta_status stream_end(struct stream *s, struct saqta_error *err) must_check_;

struct stream *stream_close(struct stream *s); /* NULL allowed; returns NULL; an unfinished file stays, and does not open */
void stream_closep(struct stream **s);

#endif
