/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/tiles.h"

#include <stdlib.h>
#include <string.h>

static void line(struct buf *ret, const char *name, const void *data, size_t len)
{
	char *text = base64_encode(data, len);

	buf_fmt(ret, "%s", name);
	buf_str(ret, text ? text : "");
	buf_str(ret, "\n");
	ret->failed |= !text;
	free(text);
}

enum saqta_status audit_proof_format(uint64_t index, const uint8_t (*path)[HASH_SIZE], unsigned n_path, const struct buf *extra,
				     const struct buf *note, struct buf *ret, struct saqta_error *err)
{
	buf_str(ret, "c2sp.org/tlog-proof@v1\n");
	line(ret, "extra ", extra->data, extra->len);
	buf_fmt(ret, "index %llu\n", (unsigned long long)index);
	for (unsigned i = 0; i < n_path; i++)
		line(ret, "", path[i], HASH_SIZE);
	buf_str(ret, "\n");
	buf_add(ret, note->data, note->len);
	return ret->failed ? err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory") : SAQTA_OK;
}

/* ---- reading: from an adversary, so strict and bounded ---- */

static enum saqta_status bad(struct saqta_error *err, const char *why) { return err_set(err, SAQTA_ERR_TAMPERED, 0, "proof: %s", why); }

/* The next line after @prefix; false if there is none, or it begins otherwise. */
static bool take(const char **at, const char *end, const char *prefix, const char **ret, size_t *ret_len)
{
	const char *nl = memchr(*at, '\n', (size_t)(end - *at));
	size_t n = strlen(prefix);

	if (!nl || (size_t)(nl - *at) < n || memcmp(*at, prefix, n) != 0)
		return false;
	*ret = *at + n;
	*ret_len = (size_t)(nl - *at) - n;
	*at = nl + 1;
	return true;
}

static bool number(const char *text, size_t len, uint64_t *ret)
{
	*ret = 0;
	if (len == 0 || len > 18 || (text[0] == '0' && len > 1))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*ret = *ret * 10 + (uint64_t)(text[i] - '0');
	}
	return true;
}

static bool take_base64(const char *text, size_t len, struct buf *ret)
{
	size_t n;
	uint8_t *data = base64_decode(text, len, &n);

	if (data)
		buf_add(ret, data, n);
	free(data);
	return data && !ret->failed;
}

/* The hashes, up to the blank line. */
static bool take_path(const char **at, const char *end, struct audit_proof *ret)
{
	const char *line;
	size_t len;

	while (take(at, end, "", &line, &len)) {
		cleanup_(buf_done) struct buf hash = {0};

		if (len == 0)
			return true;
		if (ret->n_path == AUDIT_PROOF_MAX || !take_base64(line, len, &hash) || hash.len != HASH_SIZE)
			return false;
		memcpy(ret->path[ret->n_path++], hash.data, HASH_SIZE);
	}
	return false;
}

enum saqta_status audit_proof_open(const char *text, size_t len, const struct audit_verifier *verifier, struct audit_proof *ret,
				   struct saqta_error *err)
{
	const char *at = text, *end = text + len, *line;
	uint8_t leaf[HASH_SIZE];
	size_t n;
	enum saqta_status r;

	ret->n_path = 0;
	if (len > AUDIT_NOTE_MAX)
		return bad(err, "it is larger than 1 MiB");
	if (!take(&at, end, "c2sp.org/tlog-proof@v1", &line, &n) || n > 0)
		return bad(err, "not a C2SP tlog-proof");
	if (!take(&at, end, "extra ", &line, &n) || !take_base64(line, n, &ret->entry))
		return bad(err, "it does not hold the entry");
	if (!take(&at, end, "index ", &line, &n) || !number(line, n, &ret->index))
		return bad(err, "the index is not a plain number");
	if (!take_path(&at, end, ret))
		return bad(err, "its hashes are malformed or too many");
	r = audit_checkpoint_open(at, (size_t)(end - at), verifier, 1, ret->origin, &ret->head, err);
	if (r)
		return r;
	if (strcmp(ret->origin, verifier->name) != 0)
		return bad(err, "its checkpoint is of another log than the key");
	audit_leaf_hash(ret->entry.data, ret->entry.len, leaf);
	if (!audit_verify_inclusion(ret->index, ret->head.size, leaf, (const uint8_t(*)[HASH_SIZE])ret->path, ret->n_path, ret->head.root))
		return bad(err, "the entry is not in the log that was signed");
	return SAQTA_OK;
}
