/* SPDX-License-Identifier: Apache-2.0 */
#include "document.h"

#include <stdio.h>
#include <string.h>

/* The signature of a document. The log's entry holds a commitment to its bytes under a salt that stands nowhere but in the signature: who has
 * document and signature shows that the entry is of these bytes; who has the log learns nothing. */

#define FIRST_LINE "saqta document 1"

void document_commitment(const struct document_mark *m, char ret[2 * HASH_SIZE + 1])
{
	uint8_t hash[HASH_SIZE];

	crypt_hmac(m->salt, sizeof(m->salt), m->digest, sizeof(m->digest), hash);
	hex_encode(hash, sizeof(hash), ret);
}

void document_mark(const struct document *d, const char *format, const struct buf *bytes, struct document_mark *ret,
		   char ret_more[DOCUMENT_MORE_SIZE])
{
	char hex[2 * HASH_SIZE + 1];

	*ret = (struct document_mark){.entry = 0};
	(void)snprintf(ret->name, sizeof(ret->name), "%s", json_string_value(json_object_get(d->json, "document")));
	(void)snprintf(ret->format, sizeof(ret->format), "%s", format);
	instant_format(hall_now(d->e), NULL, ret->at);
	crypt_sha256(bytes->data, bytes->len, ret->digest);
	crypt_random(ret->salt, sizeof(ret->salt));
	document_commitment(ret, hex);
	(void)snprintf(ret_more, DOCUMENT_MORE_SIZE, "{\"document\":\"%s\"}", hex);
}

static void mark_text(const struct document_mark *m, struct buf *ret)
{
	char digest[2 * HASH_SIZE + 1], salt[2 * HASH_SIZE + 1];

	hex_encode(m->digest, HASH_SIZE, digest);
	hex_encode(m->salt, HASH_SIZE, salt);
	buf_fmt(ret, FIRST_LINE "\nname %s\nformat %s\nsha256 %s\nentry %llu\nsalt %s\nat %s\n", m->name, m->format, digest,
		(unsigned long long)m->entry, salt, m->at);
}

enum saqta_status document_sign(struct saqta_engine *e, const struct document_mark *m, const struct saqta_sign *to, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf text = {0}, note = {0}, proof = {0};
	enum saqta_status r = hall_prove(e, m->entry, &proof, err);

	mark_text(m, &text);
	if (!r && text.failed)
		r = err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	if (!r)
		r = audit_note_sign(&e->signer, text.data, text.len, &note, err);
	if (!r)
		r = hall_give(to->signature, to->signature_user, &note, err);
	return r ? r : hall_give(to->proof, to->proof_user, &proof, err);
}

/* ---- reading back ---- */

/* The value of the line that begins with @name; NULL if it is not the next one. */
static const char *value(const char **at, const char *end, const char *name, size_t *ret_len)
{
	const char *nl = memchr(*at, '\n', (size_t)(end - *at)), *found;
	size_t n = strlen(name);

	if (!nl || (size_t)(nl - *at) < n + 2 || memcmp(*at, name, n) != 0 || (*at)[n] != ' ')
		return NULL;
	found = *at + n + 1;
	*ret_len = (size_t)(nl - found);
	*at = nl + 1;
	return found;
}

static bool take_word(const char **at, const char *end, const char *name, char *ret, size_t size)
{
	size_t len;
	const char *text = value(at, end, name, &len);

	if (!text || len >= size)
		return false;
	memcpy(ret, text, len);
	ret[len] = 0;
	return true;
}

static bool take_hash(const char **at, const char *end, const char *name, uint8_t ret[HASH_SIZE])
{
	size_t len;
	const char *text = value(at, end, name, &len);

	return text && len == 2 * HASH_SIZE && hex_decode(text, len, ret);
}

static bool take_entry(const char **at, const char *end, uint64_t *ret)
{
	char text[20];

	*ret = 0;
	if (!take_word(at, end, "entry", text, sizeof(text)))
		return false;
	for (const char *c = text; *c; c++) {
		if (*c < '0' || *c > '9')
			return false;
		*ret = *ret * 10 + (uint64_t)(*c - '0');
	}
	return true;
}

bool document_mark_parse(const char *text, size_t len, struct document_mark *ret)
{
	cleanup_(buf_done) struct buf again = {0};
	const char *at = text + sizeof(FIRST_LINE), *end = text + len;

	*ret = (struct document_mark){.entry = 0};
	if (len < sizeof(FIRST_LINE) || !take_word(&at, end, "name", ret->name, sizeof(ret->name)) ||
	    !take_word(&at, end, "format", ret->format, sizeof(ret->format)) || !take_hash(&at, end, "sha256", ret->digest) ||
	    !take_entry(&at, end, &ret->entry) || !take_hash(&at, end, "salt", ret->salt) ||
	    !take_word(&at, end, "at", ret->at, sizeof(ret->at)))
		return false;
	/* One spelling only: what it says, written again, is the text. */
	mark_text(ret, &again);
	return !again.failed && again.len == len && memcmp(again.data, text, len) == 0;
}
