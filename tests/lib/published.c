/* SPDX-License-Identifier: Apache-2.0 */
#include "published.h"

#include "audit/tiles.h"

#include <check.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct saqta_error err;

#define ok(call) ck_assert_msg((call) == SAQTA_OK, "%s", err.message)

/* ---- files ---- */

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void published_remove(const char *dir) { ck_assert(nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT); }

void published_place(char ret[64])
{
	(void)snprintf(ret, 64, "/tmp/saqta-verify.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(ret));
}

void published_put_file(const char *dir, const char *name, const void *data, size_t len)
{
	char path[256];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "wb");
	ck_assert_msg(f != NULL, "%s", path);
	ck_assert_uint_eq(fwrite(data, 1, len, f), len);
	ck_assert_int_eq(fclose(f), 0);
}

uint8_t *published_get_file(const char *dir, const char *name, size_t *ret_len)
{
	char path[256];
	uint8_t *data;
	long len;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "rb");
	ck_assert_msg(f != NULL, "%s", path);
	ck_assert_int_eq(fseek(f, 0, SEEK_END), 0);
	len = ftell(f);
	ck_assert_int_ge(len, 0);
	rewind(f);
	data = malloc((size_t)len + 1);
	ck_assert_ptr_nonnull(data);
	ck_assert_uint_eq(fread(data, 1, (size_t)len, f), (size_t)len);
	ck_assert_int_eq(fclose(f), 0);
	data[len] = 0;
	*ret_len = (size_t)len;
	return data;
}

static void make_dir(const char *path) { ck_assert(mkdir(path, 0777) == 0 || errno == EEXIST); }

/* ---- entries ---- */

void published_put_text(struct published *p, unsigned i, const char *text)
{
	ck_assert_uint_lt(strlen(text), sizeof(p->entries[i].text));
	p->entries[i].len = strlen(text);
	memcpy(p->entries[i].text, text, p->entries[i].len + 1);
}

void published_put(struct published *p, unsigned i, const char *type, const char *more)
{
	char text[sizeof(p->entries[i].text)];

	(void)snprintf(
		text, sizeof(text),
		"{\"at\":\"2026-01-01T00:00:00Z\",%s%s%s\"outcome\":\"applied\",\"policy\":0,\"recorded\":\"2026-01-01T00:%02u:%02uZ\","
		"\"seq\":%u,\"type\":\"%s\",\"v\":1}",
		more ? "\"more\":" : "", more ? more : "", more ? "," : "", i / 60, i % 60, i, type);
	published_put_text(p, i, text);
	p->entries[i].is_pruned = false;
}

void published_receipt(uint8_t byte, char ret[65])
{
	uint8_t number[16], hash[HASH_SIZE];

	memset(number, byte, sizeof(number));
	crypt_sha256(number, sizeof(number), hash);
	hex_encode(hash, sizeof(hash), ret);
}

void published_fill(struct published *p, unsigned n)
{
	char more[256], receipt[65];

	p->n = n;
	for (unsigned i = 0; i < n; i++)
		published_put(p, i, i == 0 ? "policy" : "consent", NULL);
	if (n < 40)
		return;
	published_receipt(7, receipt);
	(void)snprintf(more, sizeof(more), "{\"late\":false,\"receipt\":\"%s\",\"records\":3,\"why\":\"term\"}", receipt);
	published_put(p, 30, "sweep-start", NULL);
	published_put(p, 31, "lapsed", NULL);
	published_put(p, 32, "destroyed", more);
	published_put(p, 33, "record-destroyed", "{\"category\":\"phone\",\"late\":false,\"record\":7}");
	published_put(p, 34, "sweep-end", "{\"destroyed\":1,\"held\":0,\"held_by\":{},\"lapsed\":1,\"stopped\":0}");
}

/* ---- keys and heads ---- */

static void signer_of(const char *name, uint8_t seed, uint8_t seeds[ED25519_SEED_SIZE], struct audit_signer *ret)
{
	memset(seeds, seed, ED25519_SEED_SIZE);
	ok(crypt_init(&err));
	ok(audit_signer_init(ret, name, seeds, &err));
}

/* A witness's key has another type, and so another id. */
static void make_witness(struct audit_verifier *v)
{
	uint8_t text[AUDIT_NAME_MAX + 2 + ED25519_PUBLIC_SIZE], hash[HASH_SIZE];
	size_t n = strlen(v->name);

	v->type = AUDIT_COSIGNATURE;
	memcpy(text, v->name, n);
	text[n++] = '\n';
	text[n++] = AUDIT_COSIGNATURE;
	memcpy(text + n, v->pub, ED25519_PUBLIC_SIZE);
	crypt_sha256(text, n + ED25519_PUBLIC_SIZE, hash);
	memcpy(v->key_id, hash, sizeof(v->key_id));
}

void published_key(const char *name, uint8_t seed, bool is_witness, char ret[PUBLISHED_TEXT])
{
	cleanup_(buf_done) struct buf text = {0};
	uint8_t seeds[ED25519_SEED_SIZE];
	struct audit_signer signer;

	signer_of(name, seed, seeds, &signer);
	if (is_witness)
		make_witness(&signer.verifier);
	audit_vkey_format(&signer.verifier, &text);
	(void)snprintf(ret, PUBLISHED_TEXT, "%s", (const char *)text.data);
}

static void edge_of(const struct published *p, unsigned size, struct audit_edge *ret)
{
	uint8_t leaf[HASH_SIZE], nodes[65][HASH_SIZE];

	*ret = (struct audit_edge){0};
	for (unsigned i = 0; i < size; i++) {
		audit_leaf_hash(p->entries[i].text, p->entries[i].len, leaf);
		(void)audit_edge_append(ret, leaf, nodes);
	}
}

void published_root(const struct published *p, unsigned size, char ret[65])
{
	struct audit_edge edge;
	uint8_t root[HASH_SIZE];

	edge_of(p, size, &edge);
	audit_edge_root(&edge, root);
	hex_encode(root, sizeof(root), ret);
}

static void sign_head(const struct published *p, unsigned size, const char *origin, uint8_t seed, struct buf *ret)
{
	uint8_t seeds[ED25519_SEED_SIZE];
	struct audit_head head = {.size = size};
	struct audit_signer signer;
	struct audit_edge edge;

	signer_of(origin, seed, seeds, &signer);
	edge_of(p, size, &edge);
	audit_edge_root(&edge, head.root);
	ok(audit_checkpoint_sign(&signer, &head, ret, &err));
}

void published_sign(const struct published *p, unsigned size, const char *dir, const char *origin, uint8_t seed)
{
	cleanup_(buf_done) struct buf note = {0};

	sign_head(p, size, origin, seed, &note);
	published_put_file(dir, "checkpoint", note.data, note.len);
}

void published_sign_as(const struct published *p, unsigned size, const char *dir, const char *origin, const char *name, uint8_t seed)
{
	cleanup_(buf_done) struct buf text = {0}, note = {0};
	uint8_t seeds[ED25519_SEED_SIZE], root[HASH_SIZE];
	struct audit_signer signer;
	struct audit_edge edge;
	char *base64;

	signer_of(name, seed, seeds, &signer);
	edge_of(p, size, &edge);
	audit_edge_root(&edge, root);
	base64 = base64_encode(root, sizeof(root));
	buf_fmt(&text, "%s\n%u\n%s\n", origin, size, base64);
	free(base64);
	ok(audit_note_sign(&signer, text.data, text.len, &note, &err));
	published_put_file(dir, "checkpoint", note.data, note.len);
}

/* ---- the folder ---- */

/* The audit room writes whole bundles: those with pruned bodies are written again. */
static void prune(const struct published *p, const char *dir)
{
	for (unsigned first = 0; first < p->n; first += TILE_WIDTH) {
		cleanup_(buf_done) struct buf bundle = {0};
		unsigned width = p->n - first < TILE_WIDTH ? p->n - first : TILE_WIDTH;
		char name[TILE_PATH_SIZE];

		for (unsigned i = first; i < first + width; i++) {
			size_t len = p->entries[i].is_pruned ? 0 : p->entries[i].len;

			buf_add(&bundle, (const uint8_t[]){(uint8_t)(len >> 8), (uint8_t)len}, 2);
			buf_add(&bundle, p->entries[i].text, len);
		}
		tile_path(TILE_ENTRIES, first / TILE_WIDTH, width, name);
		published_put_file(dir, name, bundle.data, bundle.len);
	}
}

void published_write(const struct published *p, const char *dir, const char *origin, uint8_t seed)
{
	cleanup_(audit_export_closep) struct audit_export *x = NULL;
	cleanup_(buf_done) struct buf note = {0};
	uint8_t seeds[ED25519_SEED_SIZE];
	struct audit_signer signer;

	signer_of(origin, seed, seeds, &signer);
	sign_head(p, p->n, origin, seed, &note);
	ok(audit_export_open(dir, &signer.verifier, 1, &x, &err));
	for (unsigned i = 0; i < p->n; i++)
		ok(audit_export_add(x, p->entries[i].text, p->entries[i].len, &err));
	ok(audit_export_finish(x, &note, &err));
	prune(p, dir);
}

void published_epoch(const struct published *p, unsigned size, const char *dir, unsigned number, const char *origin, uint8_t seed)
{
	char path[256], key[PUBLISHED_TEXT + 1];

	(void)snprintf(path, sizeof(path), "%s/epoch", dir);
	make_dir(path);
	(void)snprintf(path, sizeof(path), "%s/epoch/%u", dir, number);
	make_dir(path);
	published_key(origin, seed, false, key);
	(void)snprintf(key + strlen(key), 2, "\n");
	published_put_file(path, "log.vkey", key, strlen(key));
	published_sign(p, size, path, origin, seed);
}

void published_cosign(const char *dir, const char *name, uint8_t seed, uint64_t time_s)
{
	cleanup_(buf_done) struct buf message = {0}, note = {0};
	uint8_t seeds[ED25519_SEED_SIZE], sig[4 + 8 + ED25519_SIGNATURE_SIZE];
	struct audit_signer signer;
	char *text;
	size_t len;
	uint8_t *old = published_get_file(dir, "checkpoint", &len);

	signer_of(name, seed, seeds, &signer);
	make_witness(&signer.verifier);
	buf_fmt(&message, "cosignature/v1\ntime %llu\n", (unsigned long long)time_s);
	buf_add(&message, old, (size_t)(strstr((const char *)old, "\n\n") - (const char *)old) + 1);
	memcpy(sig, signer.verifier.key_id, 4);
	for (unsigned i = 0; i < 8; i++)
		sig[4 + i] = (uint8_t)(time_s >> (56 - 8 * i));
	ok(crypt_ed25519_sign(signer.seed, signer.verifier.pub, message.data, message.len, sig + 12, &err));
	text = base64_encode(sig, sizeof(sig));
	buf_add(&note, old, len);
	buf_fmt(&note, "\xe2\x80\x94 %s %s\n", name, text);
	published_put_file(dir, "checkpoint", note.data, note.len);
	free(text);
	free(old);
}

char *published_proof(const struct published *p, unsigned i, unsigned size, const char *origin, uint8_t seed)
{
	cleanup_(buf_done) struct buf note = {0}, extra = {0}, proof = {0};
	struct audit_range ranges[AUDIT_PROOF_MAX];
	uint8_t path[AUDIT_PROOF_MAX][HASH_SIZE];
	unsigned n = audit_inclusion_ranges(i, size, ranges);

	for (unsigned k = 0; k < n; k++) {
		struct audit_edge edge = {0};
		uint8_t leaf[HASH_SIZE], nodes[65][HASH_SIZE];

		for (uint64_t e = ranges[k].from; e < ranges[k].to; e++) {
			audit_leaf_hash(p->entries[e].text, p->entries[e].len, leaf);
			(void)audit_edge_append(&edge, leaf, nodes);
		}
		audit_edge_root(&edge, path[k]);
	}
	sign_head(p, size, origin, seed, &note);
	buf_add(&extra, p->entries[i].text, p->entries[i].len);
	ok(audit_proof_format(i, (const uint8_t(*)[HASH_SIZE])path, n, &extra, &note, &proof, &err));
	return strdup((const char *)proof.data);
}
