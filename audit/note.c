/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/log.h"

#include <stdlib.h>
#include <string.h>

/* C2SP signed-note and tlog-checkpoint. Everything read here may come from an adversary: bounded, strict, canonical. */

#define SIGNATURES_MAX 64
#define TIME_SIZE 8u
#define DASH "\xe2\x80\x94 "

static bool is_name(const char *name, size_t len)
{
	if (len == 0 || len > AUDIT_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];

		/* Ours are ASCII; a Unicode space can then not hide in one. */
		if (c <= 0x20 || c >= 0x7f || c == '+')
			return false;
	}
	return true;
}

static void key_id(const char *name, uint8_t type, const uint8_t pub[ED25519_PUBLIC_SIZE], uint8_t ret[4])
{
	uint8_t text[AUDIT_NAME_MAX + 2 + ED25519_PUBLIC_SIZE], hash[HASH_SIZE];
	size_t n = strlen(name);

	memcpy(text, name, n);
	text[n++] = '\n';
	text[n++] = type;
	memcpy(text + n, pub, ED25519_PUBLIC_SIZE);
	crypt_sha256(text, n + ED25519_PUBLIC_SIZE, hash);
	memcpy(ret, hash, 4);
}

static enum saqta_status signer_init(struct audit_signer *ret, uint8_t type, const char *name, const uint8_t *seed, struct saqta_error *err)
{
	enum saqta_status r;

	if (!is_name(name, strlen(name)))
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "a signer's name must be ASCII without spaces and `+`, at most %u bytes",
			       AUDIT_NAME_MAX);
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->verifier.name, name, strlen(name));
	r = crypt_ed25519_public(seed, ret->verifier.pub, err);
	if (r)
		return r;
	ret->verifier.type = type;
	key_id(name, type, ret->verifier.pub, ret->verifier.key_id);
	ret->seed = seed;
	return SAQTA_OK;
}

enum saqta_status audit_signer_init(struct audit_signer *ret, const char *name, const uint8_t *seed, struct saqta_error *err)
{
	return signer_init(ret, AUDIT_ED25519, name, seed, err);
}

enum saqta_status audit_cosigner_init(struct audit_signer *ret, const char *name, const uint8_t *seed, struct saqta_error *err)
{
	return signer_init(ret, AUDIT_COSIGNATURE, name, seed, err);
}

void audit_vkey_format(const struct audit_verifier *v, struct buf *ret)
{
	uint8_t key[1 + ED25519_PUBLIC_SIZE] = {v->type};
	char hex[9], *text;

	memcpy(key + 1, v->pub, ED25519_PUBLIC_SIZE);
	hex_encode(v->key_id, 4, hex);
	text = base64_encode(key, sizeof(key));
	buf_fmt(ret, "%s+%s+%s", v->name, hex, text ? text : "");
	ret->failed |= !text;
	free(text);
}

bool audit_vkey_parse(const char *text, size_t len, struct audit_verifier *ret)
{
	const char *plus = memchr(text, '+', len), *hex = plus ? plus + 1 : NULL;
	struct audit_verifier v = {0};
	uint8_t *key, id[4];
	size_t key_len, rest;
	bool is_good;

	if (!plus || !is_name(text, (size_t)(plus - text)))
		return false;
	rest = len - (size_t)(hex - text);
	if (rest < 10 || hex[8] != '+' || !hex_decode(hex, 8, v.key_id))
		return false;
	for (int i = 0; i < 8; i++)
		if (hex[i] >= 'A' && hex[i] <= 'F')
			return false;
	memcpy(v.name, text, (size_t)(plus - text));
	key = base64_decode(hex + 9, rest - 9, &key_len);
	is_good = key && key_len == 1 + ED25519_PUBLIC_SIZE && (key[0] == AUDIT_ED25519 || key[0] == AUDIT_COSIGNATURE);
	if (is_good) {
		v.type = key[0];
		memcpy(v.pub, key + 1, ED25519_PUBLIC_SIZE);
	}
	free(key);
	if (!is_good || !crypt_ed25519_public_ok(v.pub))
		return false;
	key_id(v.name, v.type, v.pub, id);
	if (memcmp(id, v.key_id, 4) != 0)
		return false;
	*ret = v;
	return true;
}

static enum saqta_status signature_line(const char *name, const uint8_t *sig, size_t len, struct buf *ret, struct saqta_error *err)
{
	char *text = base64_encode(sig, len);

	buf_fmt(ret, DASH "%s %s\n", name, text ? text : "");
	ret->failed |= !text;
	free(text);
	return ret->failed ? err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory") : SAQTA_OK;
}

enum saqta_status audit_note_sign(const struct audit_signer *signer, const void *text, size_t len, struct buf *ret, struct saqta_error *err)
{
	uint8_t sig[4 + ED25519_SIGNATURE_SIZE];
	enum saqta_status r;

	memcpy(sig, signer->verifier.key_id, 4);
	r = crypt_ed25519_sign(signer->seed, signer->verifier.pub, text, len, sig + 4, err);
	if (r)
		return r;
	buf_add(ret, text, len);
	buf_str(ret, "\n");
	return signature_line(signer->verifier.name, sig, sizeof(sig), ret, err);
}

/* A witness signs the time and the whole text: "as of then, this is the largest consistent tree that I saw under this origin". */
static void cosigned_message(uint64_t time_s, const void *text, size_t len, struct buf *ret)
{
	buf_fmt(ret, "cosignature/v1\ntime %llu\n", (unsigned long long)time_s);
	buf_add(ret, text, len);
}

enum saqta_status audit_note_cosign(const struct audit_signer *witness, uint64_t time_s, const void *text, size_t len, struct buf *ret,
				    struct saqta_error *err)
{
	cleanup_(buf_done) struct buf message = {0};
	uint8_t sig[4 + TIME_SIZE + ED25519_SIGNATURE_SIZE];
	enum saqta_status r;

	cosigned_message(time_s, text, len, &message);
	if (message.failed)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	memcpy(sig, witness->verifier.key_id, 4);
	for (unsigned i = 0; i < TIME_SIZE; i++)
		sig[4 + i] = (uint8_t)(time_s >> (8 * (TIME_SIZE - 1 - i)));
	r = crypt_ed25519_sign(witness->seed, witness->verifier.pub, message.data, message.len, sig + 4 + TIME_SIZE, err);
	return r ? r : signature_line(witness->verifier.name, sig, sizeof(sig), ret, err);
}

enum saqta_status audit_checkpoint_sign(const struct audit_signer *signer, const struct audit_head *head, struct buf *ret,
					struct saqta_error *err)
{
	cleanup_(buf_done) struct buf text = {0};
	char *root = base64_encode(head->root, HASH_SIZE);

	buf_fmt(&text, "%s\n%llu\n%s\n", signer->verifier.name, (unsigned long long)head->size, root ? root : "");
	text.failed |= !root;
	free(root);
	return text.failed ? err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory") : audit_note_sign(signer, text.data, text.len, ret, err);
}

/* ---- reading ---- */

static enum saqta_status bad(struct saqta_error *err, const char *why)
{
	return err_set(err, SAQTA_ERR_TAMPERED, 0, "signed note: %s", why);
}

static bool has_controls(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] < 0x20 && s[i] != '\n')
			return true;
	return false;
}

/* The last blank line parts the text from the signatures. */
static size_t text_length(const char *note, size_t len)
{
	for (size_t i = len; i >= 2; i--)
		if (note[i - 1] == '\n' && note[i - 2] == '\n')
			return i - 1;
	return 0;
}

static bool cosignature_holds(const struct audit_verifier *v, const char *text, size_t text_len, const uint8_t *sig, uint64_t *ret_time_s)
{
	cleanup_(buf_done) struct buf message = {0};
	uint64_t time_s = 0;

	for (unsigned i = 0; i < TIME_SIZE; i++)
		time_s = time_s << 8 | sig[i];
	cosigned_message(time_s, text, text_len, &message);
	*ret_time_s = time_s;
	return !message.failed && crypt_ed25519_verify(v->pub, message.data, message.len, sig + TIME_SIZE);
}

static bool signature_holds(const struct audit_verifier *v, const char *text, size_t text_len, const uint8_t *sig, size_t len,
			    uint64_t *ret_time_s)
{
	*ret_time_s = 0;
	if (v->type == AUDIT_COSIGNATURE)
		return len == TIME_SIZE + ED25519_SIGNATURE_SIZE && cosignature_holds(v, text, text_len, sig, ret_time_s);
	return len == ED25519_SIGNATURE_SIZE && crypt_ed25519_verify(v->pub, text, text_len, sig);
}

static enum saqta_status check_signature(const char *line, size_t len, const char *text, size_t text_len, const struct audit_verifier *v,
					 unsigned n_v, struct audit_seal *seals, unsigned *good, struct saqta_error *err)
{
	const size_t dash = sizeof(DASH) - 1;
	const char *space;
	uint8_t *sig;
	size_t sig_len, name_len;
	enum saqta_status r = SAQTA_OK;

	if (len <= dash || memcmp(line, DASH, dash) != 0)
		return bad(err, "a signature line does not begin with a dash");
	line += dash;
	len -= dash;
	space = memchr(line, ' ', len);
	name_len = space ? (size_t)(space - line) : 0;
	if (name_len == 0 || memchr(line, '+', name_len))
		return bad(err, "a signature line has no good name");
	sig = base64_decode(space + 1, len - name_len - 1, &sig_len);
	if (!sig || sig_len < 5) {
		free(sig);
		return bad(err, "a signature is not base64");
	}
	for (unsigned i = 0; i < n_v && !r; i++) {
		uint64_t time_s;

		if (strlen(v[i].name) != name_len || memcmp(v[i].name, line, name_len) != 0 || memcmp(v[i].key_id, sig, 4) != 0)
			continue;
		if (!signature_holds(&v[i], text, text_len, sig + 4, sig_len - 4, &time_s))
			r = bad(err, "the signature does not hold");
		else
			++*good;
		if (!r && seals)
			seals[i] = (struct audit_seal){.holds = true, .time_s = time_s};
	}
	free(sig);
	return r;
}

enum saqta_status audit_note_open(const char *note, size_t len, const struct audit_verifier *v, unsigned n_v, size_t *ret_text_len,
				  struct audit_seal *ret_seals, struct saqta_error *err)
{
	unsigned good = 0, lines = 0;
	const char *at, *end = note + len;
	size_t text_len;

	if (ret_seals)
		memset(ret_seals, 0, n_v * sizeof(*ret_seals));
	if (len > AUDIT_NOTE_MAX)
		return bad(err, "it is larger than 1 MiB");
	if (!text_is_utf8(note, len) || has_controls(note, len))
		return bad(err, "it is not UTF-8, or holds control characters");
	text_len = text_length(note, len);
	if (text_len == 0)
		return bad(err, "no blank line parts the text from the signatures");
	at = note + text_len + 1;
	if (at == end || end[-1] != '\n')
		return bad(err, "it has no signature, or its end is cut");
	while (at < end) {
		size_t line_len = (size_t)((const char *)memchr(at, '\n', (size_t)(end - at)) - at);
		enum saqta_status r;

		if (++lines > SIGNATURES_MAX)
			return bad(err, "it has too many signatures");
		r = check_signature(at, line_len, note, text_len, v, n_v, ret_seals, &good, err);
		if (r)
			return r;
		at += line_len + 1;
	}
	if (good == 0 && n_v > 0)
		return bad(err, "nobody who is trusted signed it");
	*ret_text_len = text_len;
	return SAQTA_OK;
}

/* ---- checkpoints ---- */

bool audit_number_parse(const char *text, size_t len, uint64_t *ret)
{
	uint64_t n = 0;

	if (len == 0 || len > 19 || (text[0] == '0' && len > 1))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(text[i] - '0');
	}
	*ret = n;
	return true;
}

const char *audit_next_line(const char **at, const char *end, size_t *ret_len)
{
	const char *line = *at, *nl = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;

	if (!nl)
		return NULL;
	*ret_len = (size_t)(nl - line);
	*at = nl + 1;
	return line;
}

static enum saqta_status parse_text(const char *text, size_t len, char *ret_origin, struct audit_head *ret, struct saqta_error *err)
{
	const char *at = text, *end = text + len, *line;
	struct audit_head head;
	uint8_t *root;
	size_t n, root_len;

	line = audit_next_line(&at, end, &n);
	if (!line || !is_name(line, n))
		return bad(err, "the origin is missing or malformed");
	if (ret_origin) {
		memcpy(ret_origin, line, n);
		ret_origin[n] = 0;
	}
	line = audit_next_line(&at, end, &n);
	if (!line || !audit_number_parse(line, n, &head.size))
		return bad(err, "the size is missing or not a plain number");
	line = audit_next_line(&at, end, &n);
	root = line ? base64_decode(line, n, &root_len) : NULL;
	if (!root || root_len != HASH_SIZE) {
		free(root);
		return bad(err, "the root is missing or not 32 bytes");
	}
	memcpy(head.root, root, HASH_SIZE);
	free(root);
	while (at < end) {
		line = audit_next_line(&at, end, &n);
		if (!line || n == 0)
			return bad(err, "an extension line is empty or cut");
	}
	*ret = head;
	return SAQTA_OK;
}

enum saqta_status audit_checkpoint_open(const char *note, size_t len, const struct audit_verifier *v, unsigned n_v, char *ret_origin,
					struct audit_head *ret, struct saqta_error *err)
{
	size_t text_len;
	enum saqta_status r = audit_note_open(note, len, v, n_v, &text_len, NULL, err);

	return r ? r : parse_text(note, text_len, ret_origin, ret, err);
}

bool audit_checkpoint_peek(const char *note, size_t len, char *ret_origin, struct audit_head *ret, size_t *ret_text_len)
{
	struct saqta_error ignored;

	*ret_text_len = text_length(note, len);
	return *ret_text_len > 0 && parse_text(note, *ret_text_len, ret_origin, ret, &ignored) == SAQTA_OK;
}
