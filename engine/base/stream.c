/* SPDX-License-Identifier: Apache-2.0 */
#include "base/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VERSION "1"
#define SALT_SIZE 32
#define SEAL_LINE_SIZE (2 * SALT_SIZE + 1 + 2 * HASH_SIZE + 1) /* salt, space, MAC, end of line; hex */
_Static_assert(SALT_SIZE <= HASH_SIZE, "hex_field has room for both");
#define CHUNK ((size_t)64 * 1024)
#define AAD_SIZE 9 /* be64 number, 1 if last */

struct stream {
	const char *kind; /* static */
	char *path;
	int fd;
	struct secret *key; /* of the chunks */
	uint8_t head_hash[HASH_SIZE], salt[SALT_SIZE], mac[HASH_SIZE];
	uint64_t next; /* number of the next chunk */
	bool is_last;  /* reading: the last chunk was opened */
	struct buf plain, sealed;
	size_t at; /* reading: in @plain */
};

static enum saqta_status no_memory(struct saqta_error *err) { return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory"); }

static enum saqta_status cut(const struct stream *s, struct saqta_error *err)
{
	return err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: the %s is cut or was changed: nothing of it is used", s->path, s->kind);
}

static enum saqta_status write_all(struct stream *s, const void *data, size_t len, struct saqta_error *err)
{
	const uint8_t *at = data;

	while (len > 0) {
		ssize_t n = write(s->fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(err, SAQTA_ERR_STORE, 0, "%s: %s", s->path, strerror(errno));
		at += n;
		len -= (size_t)n;
	}
	return SAQTA_OK;
}

/* Fills @ret as far as the file goes. */
static enum saqta_status read_some(struct stream *s, uint8_t *ret, size_t len, size_t *ret_n, struct saqta_error *err)
{
	*ret_n = 0;
	while (*ret_n < len) {
		ssize_t n = read(s->fd, ret + *ret_n, len - *ret_n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, SAQTA_ERR_STORE, 0, "%s: %s", s->path, strerror(errno));
		if (n == 0)
			break;
		*ret_n += (size_t)n;
	}
	return SAQTA_OK;
}

static enum saqta_status stream_new(const char *kind, const char *path, struct stream **ret, struct saqta_error *err)
{
	struct stream *s = calloc(1, sizeof(*s));
	enum saqta_status r;

	if (!s)
		return no_memory(err);
	s->fd = -1;
	s->kind = kind;
	s->path = strdup(path);
	r = s->path ? secret_new(&s->key, err) : no_memory(err);
	if (r) {
		stream_close(s);
		return r;
	}
	*ret = s;
	return SAQTA_OK;
}

struct stream *stream_close(struct stream *s)
{
	if (!s)
		return NULL;
	if (s->fd >= 0)
		(void)close(s->fd);
	secret_free(s->key);
	buf_done(&s->plain);
	buf_done(&s->sealed);
	free(s->path);
	free(s);
	return NULL;
}

void stream_closep(struct stream **s) { *s = stream_close(*s); }

/* The chunks' key is bound to the header: under another header nothing opens. */
static void derive(struct stream *s, const uint8_t *key, uint8_t ret_mac[HASH_SIZE])
{
	uint8_t both[HASH_SIZE + SALT_SIZE], mac_key[KEY_SIZE];

	memcpy(both, s->head_hash, HASH_SIZE);
	memcpy(both + HASH_SIZE, s->salt, SALT_SIZE);
	crypt_hkdf(key, KEY_SIZE, both, sizeof(both), "saqta backup chunks", secret_key(s->key), KEY_SIZE);
	crypt_hkdf(key, KEY_SIZE, both, sizeof(both), "saqta backup header", mac_key, KEY_SIZE);
	crypt_hmac(mac_key, KEY_SIZE, both, sizeof(both), ret_mac);
	crypt_wipe(mac_key, sizeof(mac_key));
}

static void chunk_aad(uint64_t number, bool is_last, uint8_t ret[AAD_SIZE])
{
	for (int i = 0; i < 8; i++)
		ret[i] = (uint8_t)(number >> (56 - 8 * i));
	ret[8] = is_last;
}

/* ---- writing ---- */

enum saqta_status stream_create_as(const char *kind, const char *path, const uint8_t key[KEY_SIZE], const struct buf *header,
				   struct stream **ret, struct saqta_error *err)
{
	cleanup_(stream_closep) struct stream *s = NULL;
	cleanup_(buf_done) struct buf head = {0};
	char hex[2 * HASH_SIZE + 1];
	enum saqta_status r = stream_new(kind, path, &s, err);

	if (r)
		return r;
	if (header->failed || header->len > STREAM_HEADER_MAX || memchr(header->data, '\n', header->len))
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "a %s's header must be one line", kind);
	s->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (s->fd < 0)
		return err_set(err, SAQTA_ERR_CREATE, 0, "%s: cannot be made: %s", path, strerror(errno));
	buf_fmt(&head, "saqta-%s " VERSION "\n", kind);
	buf_add(&head, header->data, header->len);
	buf_str(&head, "\n");
	crypt_sha256(head.data, head.len, s->head_hash);
	crypt_random(s->salt, sizeof(s->salt));
	derive(s, key, s->mac);
	hex_encode(s->salt, sizeof(s->salt), hex);
	buf_fmt(&head, "%s ", hex);
	hex_encode(s->mac, sizeof(s->mac), hex);
	buf_fmt(&head, "%s\n", hex);
	r = head.failed ? no_memory(err) : write_all(s, head.data, head.len, err);
	if (r)
		return r;
	*ret = s;
	s = NULL;
	return SAQTA_OK;
}

static enum saqta_status flush_chunk(struct stream *s, bool is_last, struct saqta_error *err)
{
	uint8_t aad[AAD_SIZE];
	enum saqta_status r;

	chunk_aad(s->next++, is_last, aad);
	buf_clear(&s->sealed);
	r = crypt_seal(secret_key(s->key), aad, sizeof(aad), s->plain.data ? s->plain.data : (const uint8_t *)"", s->plain.len, &s->sealed,
		       err);
	buf_clear(&s->plain);
	return r ? r : write_all(s, s->sealed.data, s->sealed.len, err);
}

enum saqta_status stream_write(struct stream *s, const void *data, size_t len, struct saqta_error *err)
{
	const uint8_t *at = data;

	while (len > 0) {
		size_t n = CHUNK - s->plain.len < len ? CHUNK - s->plain.len : len;
		enum saqta_status r;

		/* A full chunk waits until something follows: the last one must say that it is. */
		if (n == 0) {
			r = flush_chunk(s, false, err);
			if (r)
				return r;
			continue;
		}
		buf_add(&s->plain, at, n);
		if (s->plain.failed)
			return no_memory(err);
		at += n;
		len -= n;
	}
	return SAQTA_OK;
}

enum saqta_status stream_finish(struct stream *s, struct saqta_error *err)
{
	enum saqta_status r = flush_chunk(s, true, err);

	if (!r && fsync(s->fd) != 0)
		r = err_set(err, SAQTA_ERR_STORE, 0, "%s: %s", s->path, strerror(errno));
	return r;
}

/* ---- reading ---- */

static enum saqta_status read_line(struct stream *s, struct buf *ret, struct saqta_error *err)
{
	uint8_t byte = 0;
	size_t n = 1;
	enum saqta_status r = SAQTA_OK;

	while (!r && n == 1 && byte != '\n' && ret->len <= STREAM_HEADER_MAX) {
		r = read_some(s, &byte, 1, &n, err);
		if (!r && n == 1)
			buf_add(ret, &byte, 1);
	}
	if (!r && ret->failed)
		return no_memory(err);
	if (!r && byte != '\n')
		return err_set(err, SAQTA_ERR_INPUT, 0, "%s: not a %s of saqta, or cut in its header", s->path, s->kind);
	return r;
}

/* Only the digits that would be written: a file with other letters would be another one that opens as the same. */
static bool hex_field(const uint8_t *text, uint8_t *ret, size_t len)
{
	char back[2 * HASH_SIZE + 1];

	if (!hex_decode((const char *)text, 2 * len, ret))
		return false;
	hex_encode(ret, len, back);
	return memcmp(back, text, 2 * len) == 0;
}

enum saqta_status stream_open_as(const char *kind, const char *path, struct stream **ret, struct buf *ret_header, struct saqta_error *err)
{
	cleanup_(stream_closep) struct stream *s = NULL;
	cleanup_(buf_done) struct buf head = {0}, seal = {0}, first = {0};
	size_t magic;
	enum saqta_status r = stream_new(kind, path, &s, err);

	if (r)
		return r;
	s->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0)
		return err_set(err, errno == ENOENT ? SAQTA_ERR_MISSING : SAQTA_ERR_STORE, 0, "%s: %s", path, strerror(errno));
	r = read_line(s, &head, err);
	if (r)
		return r;
	magic = head.len;
	buf_fmt(&first, "saqta-%s " VERSION "\n", kind);
	if (first.failed || magic != first.len || memcmp(head.data, first.data, magic) != 0)
		return err_set(err, SAQTA_ERR_INPUT, 0, "%s: not a %s of saqta, or of a newer version", path, kind);
	r = read_line(s, &head, err);
	if (!r)
		r = read_line(s, &seal, err);
	if (r)
		return r;
	if (seal.len != SEAL_LINE_SIZE || !hex_field(seal.data, s->salt, SALT_SIZE) || seal.data[2 * SALT_SIZE] != ' ' ||
	    !hex_field(seal.data + 2 * SALT_SIZE + 1, s->mac, HASH_SIZE))
		return err_set(err, SAQTA_ERR_INPUT, 0, "%s: not a %s of saqta: its third line is wrong", path, kind);
	crypt_sha256(head.data, head.len, s->head_hash);
	buf_add(ret_header, head.data + magic, head.len - magic - 1);
	if (ret_header->failed)
		return no_memory(err);
	*ret = s;
	s = NULL;
	return SAQTA_OK;
}

enum saqta_status stream_unlock(struct stream *s, const uint8_t key[KEY_SIZE], struct saqta_error *err)
{
	uint8_t mac[HASH_SIZE];

	derive(s, key, mac);
	if (crypt_equal(mac, s->mac, sizeof(mac)))
		return SAQTA_OK;
	return err_set(err, SAQTA_ERR_KEY, 0, "%s: the %s is of other keys or another passphrase, or its header was changed", s->path,
		       s->kind);
}

static enum saqta_status next_chunk(struct stream *s, struct saqta_error *err)
{
	uint8_t *sealed = malloc(CHUNK + SEAL_OVERHEAD), aad[AAD_SIZE];
	size_t n;
	enum saqta_status r;

	if (!sealed)
		return no_memory(err);
	buf_clear(&s->plain);
	s->at = 0;
	r = read_some(s, sealed, CHUNK + SEAL_OVERHEAD, &n, err);
	/* Only the last chunk may be short; a full one is the last if it opens as that. */
	for (int is_last = n < CHUNK + SEAL_OVERHEAD; !r; is_last++) {
		chunk_aad(s->next, is_last != 0, aad);
		r = crypt_open(secret_key(s->key), aad, sizeof(aad), sealed, n, &s->plain, err);
		if (!r) {
			s->is_last = is_last != 0;
			break;
		}
		if (r == SAQTA_ERR_TAMPERED)
			r = is_last ? cut(s, err) : SAQTA_OK;
	}
	free(sealed);
	s->next++;
	return r;
}

enum saqta_status stream_read(struct stream *s, void *ret, size_t len, struct saqta_error *err)
{
	uint8_t *to = ret;

	while (len > 0) {
		size_t left = s->plain.len - s->at, n = left < len ? left : len;
		enum saqta_status r;

		if (n == 0) {
			r = s->is_last ? cut(s, err) : next_chunk(s, err);
			if (r)
				return r;
			continue;
		}
		memcpy(to, s->plain.data + s->at, n);
		s->at += n;
		to += n;
		len -= n;
	}
	return SAQTA_OK;
}

enum saqta_status stream_read_rest(struct stream *s, struct buf *ret, struct saqta_error *err)
{
	for (;;) {
		enum saqta_status r;

		if (s->plain.len > s->at)
			buf_add(ret, s->plain.data + s->at, s->plain.len - s->at);
		s->at = s->plain.len;
		if (ret->failed)
			return err_set(err, SAQTA_ERR_LIMIT, 0, "%s: larger than a %s can be", s->path, s->kind);
		if (s->is_last)
			return SAQTA_OK;
		r = next_chunk(s, err);
		if (r)
			return r;
	}
}

enum saqta_status stream_end(struct stream *s, struct saqta_error *err)
{
	uint8_t byte;
	size_t n = 0;
	enum saqta_status r = s->is_last && s->at == s->plain.len ? read_some(s, &byte, 1, &n, err) : cut(s, err);

	return r || n == 0 ? r : cut(s, err);
}
