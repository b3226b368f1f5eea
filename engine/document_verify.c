/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/tiles.h"
#include "document.h"
#include "saqta/document.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Checking a signed document: the file against its signature, the signature against the log's key, the entry against the log. */

struct check {
	struct audit_verifier key;
	struct document_mark mark;
	uint8_t digest[HASH_SIZE]; /* of the file at hand */
	struct audit_proof proof;
};

static enum saqta_status not_so(const char *path, const char *why, struct saqta_error *err)
{
	return err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: %s", path, why);
}

/* ---- files ---- */

static enum saqta_status open_file(const char *path, FILE **ret, struct saqta_error *err)
{
	*ret = fopen(path, "re");
	if (*ret)
		return SAQTA_OK;
	return err_set(err, errno == ENOENT ? SAQTA_ERR_MISSING : SAQTA_ERR_STORE, 0, "%s: %s", path, strerror(errno));
}

/* @suffix is for the default: a file beside the document. */
static enum saqta_status read_beside(const char *document, const char *path, const char *suffix, struct buf *ret, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf name = {0};
	char chunk[4096];
	FILE *file;
	size_t n;
	enum saqta_status r;

	buf_fmt(&name, "%s%s", path ? path : document, path ? "" : suffix);
	r = name.failed ? err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory") : open_file((const char *)name.data, &file, err);
	if (r)
		return r;
	while (ret->len <= AUDIT_NOTE_MAX && (n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		buf_add(ret, chunk, n);
	if (ferror(file) || ret->failed)
		r = err_set(err, SAQTA_ERR_STORE, 0, "%s: cannot be read", (const char *)name.data);
	else if (ret->len > AUDIT_NOTE_MAX)
		r = not_so((const char *)name.data, "larger than 1 MiB", err);
	(void)fclose(file);
	return r;
}

static enum saqta_status digest_file(const char *path, uint8_t ret[HASH_SIZE], struct saqta_error *err)
{
	struct sha256 *hash = NULL;
	char chunk[32768];
	FILE *file;
	size_t n;
	enum saqta_status r = open_file(path, &file, err);

	if (r)
		return r;
	r = sha256_new(&hash, err);
	while (!r && (n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		sha256_add(hash, chunk, n);
	if (!r && ferror(file))
		r = err_set(err, SAQTA_ERR_STORE, 0, "%s: cannot be read", path);
	if (hash)
		sha256_end(hash, ret);
	(void)fclose(file);
	return r;
}

static enum saqta_status take_key(const char *key, struct audit_verifier *ret, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf text = {0};
	enum saqta_status r;

	if (audit_vkey_parse(key, strlen(key), ret))
		return SAQTA_OK;
	r = read_beside(NULL, key, "", &text, err);
	if (!r && text.len > 0 && text.data[text.len - 1] == '\n')
		text.len--;
	if (!r && (text.len == 0 || !audit_vkey_parse((const char *)text.data, text.len, ret)))
		r = err_set(err, SAQTA_ERR_KEY, 0, "%s: holds no verifier key such as `saqta init` writes to log.vkey", key);
	return r;
}

/* ---- checks ---- */

static enum saqta_status check_signature(struct check *c, const struct saqta_document_check *o, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf note = {0};
	size_t text_len;
	enum saqta_status r = read_beside(o->document, o->signature, ".sig", &note, err);

	if (!r)
		r = audit_note_open((const char *)note.data, note.len, &c->key, 1, &text_len, NULL, err);
	if (!r && !document_mark_parse((const char *)note.data, text_len, &c->mark))
		r = not_so("signature", "it is not of a document", err);
	if (!r)
		r = digest_file(o->document, c->digest, err);
	if (!r && memcmp(c->digest, c->mark.digest, HASH_SIZE) != 0)
		r = err_set(err, SAQTA_ERR_TAMPERED, 0, "it is not the document that was signed");
	return r;
}

/* The entry must be of the same document: its number, type, time, and the commitment that the signature opens. */
static bool entry_is_of(const struct check *c)
{
	json_t *entry = json_loadb((const char *)c->proof.entry.data, c->proof.entry.len, JSON_REJECT_DUPLICATES, NULL);
	const char *type = json_string_value(json_object_get(entry, "type")), *at = json_string_value(json_object_get(entry, "at"));
	const char *held = json_string_value(json_object_get(json_object_get(entry, "more"), "document"));
	const json_t *seq = json_object_get(entry, "seq");
	char commitment[2 * HASH_SIZE + 1];
	bool is_of;

	document_commitment(&c->mark, commitment);
	is_of = type && strcmp(type, "export") == 0 && at && strcmp(at, c->mark.at) == 0 && held && strcmp(held, commitment) == 0 &&
		json_is_integer(seq) && (uint64_t)json_integer_value(seq) == c->mark.entry && c->proof.index == c->mark.entry;
	json_decref(entry);
	return is_of;
}

static enum saqta_status check_proof(struct check *c, const struct saqta_document_check *o, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf text = {0};
	enum saqta_status r = read_beside(o->document, o->proof, ".proof", &text, err);

	if (!r)
		r = audit_proof_open((const char *)text.data, text.len, &c->key, &c->proof, err);
	if (!r && !entry_is_of(c))
		r = not_so("proof", "it is of another entry than the one that records this document", err);
	return r;
}

static void report(const struct check *c, struct buf *ret)
{
	struct json_out j = {.out = ret};

	json_open(&j, NULL, '{');
	json_text(&j, "document", c->mark.name);
	json_text(&j, "format", c->mark.format);
	json_hex(&j, "sha256", c->digest, HASH_SIZE);
	json_text(&j, "at", c->mark.at);
	json_text(&j, "log", c->key.name);
	json_int(&j, "entry", (int64_t)c->mark.entry);
	json_int(&j, "log_size", (int64_t)c->proof.head.size);
	json_shut(&j, '}');
	buf_str(ret, "\n");
}

enum saqta_status saqta_document_verify(const struct saqta_document_check *o, saqta_write_fn write, void *user, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf json = {0};
	struct check *c = calloc(1, sizeof(*c));
	enum saqta_status r = c ? crypt_init(err) : err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");

	if (!r)
		r = take_key(o->key, &c->key, err);
	if (!r)
		r = check_signature(c, o, err);
	if (!r)
		r = check_proof(c, o, err);
	if (!r)
		report(c, &json);
	if (c)
		buf_done(&c->proof.entry);
	free(c);
	return r ? r : hall_give(write, user, &json, err);
}
