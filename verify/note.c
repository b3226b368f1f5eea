/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/verify.h"

#include <string.h>

/* C2SP signed-note, tlog-checkpoint and tlog-cosignature. */

#define DASH "\xe2\x80\x94 "
#define DASH_SIZE (sizeof(DASH) - 1)
#define COSIGNED "cosignature/v1\ntime "

/* ASCII without spaces and `+`: a Unicode space cannot hide in it, and it can be printed. */
static bool is_name(struct span s)
{
	if (s.len == 0 || s.len > NAME_MAX_BYTES)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] <= 0x20 || s.at[i] >= 0x7f || s.at[i] == '+')
			return false;
	return true;
}

bool key_parse(struct span text, struct key *ret)
{
	struct span rest = text, name, id;
	uint8_t raw[1 + KEY_SIZE], named[NAME_MAX_BYTES + 2 + KEY_SIZE], hash[HASH_SIZE];
	struct key k = {.type = KEY_ED25519};
	size_t len;

	if (text.len >= VKEY_MAX || !span_until(&rest, '+', &name) || !is_name(name) || !span_until(&rest, '+', &id) ||
	    !span_hex(id, k.id, sizeof(k.id)) || !span_base64(rest, raw, sizeof(raw), &len) || len != sizeof(raw))
		return false;
	if (raw[0] != KEY_ED25519 && raw[0] != KEY_COSIGNATURE)
		return false;
	k.type = (enum key_type)raw[0];
	memcpy(k.name, name.at, name.len);
	memcpy(k.pub, raw + 1, KEY_SIZE);
	memcpy(k.text, text.at, text.len);
	memcpy(named, name.at, name.len);
	named[name.len] = '\n';
	memcpy(named + name.len + 1, raw, sizeof(raw));
	verify_sha256(named, name.len + 1 + sizeof(raw), hash);
	if (memcmp(hash, k.id, sizeof(k.id)) != 0 || !verify_key_ok(k.pub))
		return false;
	*ret = k;
	return true;
}

bool key_same(const struct key *a, const struct key *b) { return strcmp(a->text, b->text) == 0; }

/* ---- notes ---- */

static bool next_signature(struct span *rest, struct span *ret_name, struct span *ret_base64)
{
	struct span line;

	if (!span_until(rest, '\n', &line) || line.len <= DASH_SIZE || memcmp(line.at, DASH, DASH_SIZE) != 0)
		return false;
	line = (struct span){line.at + DASH_SIZE, line.len - DASH_SIZE};
	if (!span_until(&line, ' ', ret_name) || ret_name->len == 0 || memchr(ret_name->at, '+', ret_name->len))
		return false;
	*ret_base64 = line;
	return line.len > 0;
}

/* A signature of a kind that is not known here may be longer than ours: ML-DSA's has 2,420 bytes. */
#define SIGNATURE_BYTES_MAX 4096u

const char *note_parse(struct span bytes, struct note *ret)
{
	uint8_t raw[SIGNATURE_BYTES_MAX];
	struct span rest, name, base64;
	size_t text_len = 0, raw_len;
	unsigned lines = 0;

	if (bytes.len > NOTE_MAX)
		return "the note is larger than 64 KiB";
	if (!span_utf8(bytes, "\n"))
		return "the note is not UTF-8, or holds control characters";
	for (size_t i = bytes.len; i >= 2 && text_len == 0; i--)
		if (bytes.at[i - 1] == '\n' && bytes.at[i - 2] == '\n')
			text_len = i - 1;
	if (text_len == 0)
		return "no blank line parts the note's text from its signatures";
	ret->text = (struct span){bytes.at, text_len};
	ret->signatures = (struct span){bytes.at + text_len + 1, bytes.len - text_len - 1};
	rest = ret->signatures;
	if (rest.len == 0)
		return "the note bears no signature";
	while (rest.len > 0) {
		if (++lines > SIGNATURES_MAX)
			return "the note bears too many signatures";
		if (!next_signature(&rest, &name, &base64) || !span_base64(base64, raw, sizeof(raw), &raw_len) || raw_len < 5)
			return "a signature line of the note is malformed";
	}
	return NULL;
}

/* A witness signs the time with the text: "as of then, this is the largest tree that I saw under this origin". */
static bool cosignature_holds(const struct key *key, struct span text, const uint8_t *sig, uint64_t *ret_time_s)
{
	char message[sizeof(COSIGNED) + 32 + NOTE_MAX];
	uint64_t time_s = 0;
	int n;

	for (unsigned i = 0; i < 8; i++)
		time_s = time_s << 8 | sig[i];
	n = snprintf(message, sizeof(COSIGNED) + 32, COSIGNED "%llu\n", (unsigned long long)time_s);
	if (n < 0 || text.len > sizeof(message) - (size_t)n)
		return false;
	memcpy(message + n, text.at, text.len);
	*ret_time_s = time_s;
	return verify_ed25519(key->pub, message, (size_t)n + text.len, sig + 8);
}

static bool signature_holds(const struct key *key, struct span text, const uint8_t *sig, size_t len, uint64_t *ret_time_s)
{
	*ret_time_s = 0;
	if (key->type == KEY_COSIGNATURE)
		return len == 8 + SIGNATURE_SIZE && cosignature_holds(key, text, sig, ret_time_s);
	return len == SIGNATURE_SIZE && verify_ed25519(key->pub, text.at, text.len, sig);
}

enum seal note_seal(const struct note *n, const struct key *key, uint64_t *ret_time_s)
{
	struct span rest = n->signatures, name, base64;
	uint8_t raw[SIGNATURE_BYTES_MAX];
	enum seal seal = SEAL_NONE;
	uint64_t time_s = 0;
	size_t len;

	while (next_signature(&rest, &name, &base64)) {
		if (!span_is(name, key->name) || !span_base64(base64, raw, sizeof(raw), &len) || len < sizeof(key->id) ||
		    memcmp(raw, key->id, sizeof(key->id)) != 0)
			continue;
		if (!signature_holds(key, n->text, raw + sizeof(key->id), len - sizeof(key->id), &time_s))
			return SEAL_BAD;
		seal = SEAL_HOLDS;
	}
	if (ret_time_s)
		*ret_time_s = time_s;
	return seal;
}

const char *checkpoint_parse(struct span text, struct checkpoint *ret)
{
	struct span rest = text, origin, size, root, line;
	struct checkpoint c = {0};
	size_t len;

	if (!span_until(&rest, '\n', &origin) || !is_name(origin))
		return "the checkpoint's origin is malformed";
	if (!span_until(&rest, '\n', &size) || !span_number(size, &c.head.size))
		return "the checkpoint's size is malformed";
	if (!span_until(&rest, '\n', &root) || !span_base64(root, c.head.root, HASH_SIZE, &len) || len != HASH_SIZE)
		return "the checkpoint's root is malformed";
	while (rest.len > 0)
		if (!span_until(&rest, '\n', &line) || line.len == 0)
			return "an extension line of the checkpoint is malformed";
	memcpy(c.origin, origin.at, origin.len);
	*ret = c;
	return NULL;
}
