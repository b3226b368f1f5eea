/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/witness.h"
#include "base/http.h"
#include "hall.h"
#include "saqta/witness.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A witness: a folder of its own with its key, and a file for each log that it watches. What it signed is never less than what its files say:
 * request, comparison and the durable new file happen under one lock, and only then is the answer given. */

#define KEY_FILE "witness.key"
#define VKEY_FILE "witness.vkey"
#define LOCK_FILE "lock"
#define LOGS "logs"
#define FORK ".fork" /* behind the name of a log's file: the head that proves two histories */
#define KEY_MAGIC "PRIVATE+KEY+"
#define PATH_SIZE 4096
#define LOG_NAME_SIZE (2 * HASH_SIZE)

struct witness {
	const char *dir;
	unsigned wait_s;
	int64_t now_us; /* INSTANT_NONE: the system's clock */
	struct secret *seed;
	struct audit_signer signer;
	/* while it serves */
	int (*stop)(void *user);
	saqta_write_fn write;
	void *user;
};

static enum saqta_status no_memory(struct saqta_error *err) { return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory"); }

static enum saqta_status path_in(const struct witness *w, const char *name, char ret[PATH_SIZE], struct saqta_error *err)
{
	int n = snprintf(ret, PATH_SIZE, "%s/%s", w->dir, name);

	return n > 0 && n < PATH_SIZE ? SAQTA_OK : err_set(err, SAQTA_ERR_ARGUMENT, 0, "the path of the witness's folder is too long");
}

/* A log's file has the hash of its origin for a name. */
static enum saqta_status log_path(const struct witness *w, const char *origin, char ret[PATH_SIZE], struct saqta_error *err)
{
	char name[sizeof(LOGS) + LOG_NAME_SIZE + 1] = LOGS "/";
	uint8_t hash[HASH_SIZE];

	crypt_sha256(origin, strlen(origin), hash);
	hex_encode(hash, HASH_SIZE, name + strlen(name));
	return path_in(w, name, ret, err);
}

static void unlock(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static enum saqta_status lock(const struct witness *w, int *ret_fd, struct saqta_error *err)
{
	char path[PATH_SIZE];
	enum saqta_status r = path_in(w, LOCK_FILE, path, err);

	if (!r)
		r = hall_lock(path, w->wait_s, ret_fd, err);
	return r == SAQTA_ERR_BUSY
		       ? err_set(err, r, 0, "another process answers for this witness: try again, or wait longer with --wait SECONDS")
		       : r;
}

/* ---- its key ---- */

/* "PRIVATE+KEY+<name>+<8 hex>+<base64(type || seed)>", as Go's tools write a signer. */
static void format_key(const struct audit_signer *s, struct buf *ret)
{
	uint8_t key[1 + ED25519_SEED_SIZE] = {s->verifier.type};
	char hex[9], *text;

	memcpy(key + 1, s->seed, ED25519_SEED_SIZE);
	text = base64_encode(key, sizeof(key));
	hex_encode(s->verifier.key_id, 4, hex);
	buf_fmt(ret, KEY_MAGIC "%s+%s+%s\n", s->verifier.name, hex, text ? text : "");
	ret->failed |= !text;
	if (text)
		crypt_wipe(text, strlen(text));
	free(text);
	crypt_wipe(key, sizeof(key));
}

static bool parse_key(const struct buf *text, struct witness *w, struct saqta_error *err)
{
	const char *at = (const char *)text->data, *plus;
	const size_t magic = sizeof(KEY_MAGIC) - 1;
	char name[AUDIT_NAME_MAX + 1], hex[9];
	size_t len = text->len, key_len = 0;
	uint8_t *key;
	bool is_good;

	if (len <= magic || at[len - 1] != '\n' || memcmp(at, KEY_MAGIC, magic) != 0)
		return false;
	at += magic;
	len -= magic + 1;
	plus = memchr(at, '+', len);
	if (!plus || (size_t)(plus - at) > AUDIT_NAME_MAX || len - (size_t)(plus - at) < 10 || plus[9] != '+')
		return false;
	(void)snprintf(name, sizeof(name), "%.*s", (int)(plus - at), at);
	key = base64_decode(plus + 10, len - (size_t)(plus + 10 - at), &key_len);
	is_good = key && key_len == 1 + ED25519_SEED_SIZE && key[0] == AUDIT_COSIGNATURE && secret_new(&w->seed, err) == SAQTA_OK;
	if (is_good) {
		memcpy(secret_key(w->seed), key + 1, ED25519_SEED_SIZE);
		is_good = audit_cosigner_init(&w->signer, name, secret_key(w->seed), err) == SAQTA_OK;
	}
	if (key)
		crypt_wipe(key, key_len);
	free(key);
	hex_encode(w->signer.verifier.key_id, 4, hex);
	return is_good && memcmp(hex, plus + 1, 8) == 0;
}

static void witness_close(struct witness *w) { w->seed = secret_free(w->seed); }

static enum saqta_status begin(const struct saqta_witness_options *o, struct witness *ret, struct saqta_error *err)
{
	*ret = (struct witness){.dir = o->dir, .wait_s = o->wait_s, .now_us = INSTANT_NONE};
	if (o->now && !instant_parse(o->now, strlen(o->now), &ret->now_us))
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "the time must be RFC 3339 with an offset, like 2026-01-05T09:00:00+05:00");
	if (!o->dir || !*o->dir)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "no folder of a witness is named");
	return crypt_init(err);
}

static enum saqta_status open_witness(const struct saqta_witness_options *o, struct witness *ret, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf text = {0};
	char path[PATH_SIZE];
	struct stat st;
	enum saqta_status r = begin(o, ret, err);

	if (!r)
		r = path_in(ret, KEY_FILE, path, err);
	if (r)
		return r;
	if (stat(path, &st) != 0)
		return err_set(err, SAQTA_ERR_MISSING, 0, "%s: %s: `saqta audit witness DIR --init NAME` makes a witness", path,
			       strerror(errno));
	if (!S_ISREG(st.st_mode) || (st.st_mode & 077) != 0)
		return err_set(err, SAQTA_ERR_KEY, 0, "%s: must be a file that nobody but its owner can read: chmod 600", path);
	r = audit_guard_read(path, &text, err);
	if (!r && !parse_key(&text, ret, err))
		r = err_set(err, SAQTA_ERR_KEY, 0, "%s: is not the key of a witness", path);
	return r;
}

static void give_key(struct json_out *j, const struct audit_verifier *v)
{
	cleanup_(buf_done) struct buf vkey = {0};

	audit_vkey_format(v, &vkey);
	json_text(j, "name", v->name);
	json_text(j, "vkey", vkey.failed ? NULL : (const char *)vkey.data);
	j->out->failed |= vkey.failed;
}

static enum saqta_status write_keys(const struct witness *w, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf key = {0}, vkey = {0};
	char path[PATH_SIZE];
	enum saqta_status r;

	format_key(&w->signer, &key);
	audit_vkey_format(&w->signer.verifier, &vkey);
	buf_str(&vkey, "\n");
	if (key.failed || vkey.failed)
		return no_memory(err);
	r = path_in(w, VKEY_FILE, path, err);
	if (!r)
		r = audit_guard_write(path, NULL, &vkey, err);
	if (!r)
		r = path_in(w, KEY_FILE, path, err);
	return r ? r : audit_guard_write(path, NULL, &key, err);
}

enum saqta_status saqta_witness_init(const struct saqta_witness_options *o, const char *name, saqta_write_fn write, void *user,
				     struct saqta_error *err)
{
	cleanup_(witness_close) struct witness w = {0};
	cleanup_(unlock) int fd = -1;
	cleanup_(buf_done) struct buf json = {0};
	struct json_out j = {.out = &json};
	char path[PATH_SIZE];
	enum saqta_status r = begin(o, &w, err);

	if (!r)
		r = secret_new(&w.seed, err);
	if (r)
		return r;
	crypt_random(secret_key(w.seed), ED25519_SEED_SIZE);
	r = audit_cosigner_init(&w.signer, name, secret_key(w.seed), err);
	if (!r)
		r = hall_make_dir(w.dir, err);
	if (!r)
		r = lock(&w, &fd, err);
	if (!r)
		r = path_in(&w, VKEY_FILE, path, err);
	if (!r && access(path, F_OK) == 0)
		r = err_set(err, SAQTA_ERR_CREATE, 0, "%s: there is a witness already", path);
	if (!r)
		r = path_in(&w, LOGS, path, err);
	if (!r)
		r = hall_make_dir(path, err);
	if (!r)
		r = write_keys(&w, err);
	if (r)
		return r;
	json_open(&j, NULL, '{');
	give_key(&j, &w.signer.verifier);
	json_shut(&j, '}');
	buf_str(&json, "\n");
	return hall_give(write, user, &json, err);
}

/* ---- the logs that it watches ---- */

static enum saqta_status read_log(const char *path, struct buf *ret_text, struct witness_state *ret, struct saqta_error *err)
{
	struct saqta_error why = {0};
	enum saqta_status r = audit_guard_read(path, ret_text, err);

	if (r)
		return r;
	r = witness_state_parse(ret_text, ret, &why);
	return r ? err_set(err, r, why.line, "%s: %s", path, why.message) : SAQTA_OK;
}

static enum saqta_status add_key(struct witness_state *s, const struct audit_verifier *key, struct saqta_error *err)
{
	for (unsigned i = 0; i < s->n_keys; i++)
		if (memcmp(s->keys[i].pub, key->pub, sizeof(key->pub)) == 0)
			return SAQTA_OK;
	if (s->n_keys == WITNESS_KEYS_MAX)
		return err_set(err, SAQTA_ERR_LIMIT, 0, "the log has %u keys here already: take the oldest lines out of its file",
			       WITNESS_KEYS_MAX);
	s->keys[s->n_keys++] = *key;
	return SAQTA_OK;
}

enum saqta_status saqta_witness_trust(const struct saqta_witness_options *o, const char *vkey, saqta_write_fn write, void *user,
				      struct saqta_error *err)
{
	cleanup_(witness_close) struct witness w = {0};
	cleanup_(unlock) int fd = -1;
	cleanup_(buf_done) struct buf json = {0}, old = {0}, new = {0};
	cleanup_(witness_state_done) struct witness_state state = {0};
	struct json_out j = {.out = &json};
	struct audit_verifier key;
	char path[PATH_SIZE];
	bool is_new;
	enum saqta_status r = open_witness(o, &w, err);

	if (!r && (!audit_vkey_parse(vkey, strlen(vkey), &key) || key.type != AUDIT_ED25519))
		r = err_set(err, SAQTA_ERR_INPUT, 0, "not the key of a log: it stands in the vault's file log.vkey, as NAME+HASH+KEY");
	if (!r)
		r = lock(&w, &fd, err);
	if (!r)
		r = log_path(&w, key.name, path, err);
	if (r)
		return r;
	r = read_log(path, &old, &state, err);
	is_new = r == SAQTA_ERR_MISSING;
	if (!r || is_new)
		r = add_key(&state, &key, err);
	if (r)
		return r;
	witness_state_format(&state, &new);
	r = new.failed ? no_memory(err) : audit_guard_write(path, is_new ? NULL : &old, &new, err);
	if (r)
		return r;
	json_open(&j, NULL, '{');
	json_text(&j, "origin", key.name);
	json_int(&j, "keys", state.n_keys);
	json_shut(&j, '}');
	buf_str(&json, "\n");
	return hall_give(write, user, &json, err);
}

static enum saqta_status show_log(const struct witness *w, const char *name, struct json_out *j, struct saqta_error *err)
{
	cleanup_(witness_state_done) struct witness_state state = {0};
	cleanup_(buf_done) struct buf text = {0};
	char path[PATH_SIZE], fork[PATH_SIZE + sizeof(FORK)];
	enum saqta_status r = path_in(w, name, path, err);

	if (!r)
		r = read_log(path, &text, &state, err);
	if (r)
		return r;
	(void)snprintf(fork, sizeof(fork), "%s" FORK, path);
	json_open(j, NULL, '{');
	json_text(j, "origin", state.keys[0].name);
	json_int(j, "keys", state.n_keys);
	json_int(j, "size", (int64_t)state.seen.size);
	if (state.note.len > 0)
		json_hex(j, "root", state.seen.root, HASH_SIZE);
	json_bool(j, "forked", access(fork, F_OK) == 0);
	json_shut(j, '}');
	return SAQTA_OK;
}

static int is_log(const struct dirent *d) { return strlen(d->d_name) == LOG_NAME_SIZE; }

static enum saqta_status show_logs(const struct witness *w, struct json_out *j, struct saqta_error *err)
{
	char path[PATH_SIZE], name[sizeof(LOGS) + 256];
	struct dirent **names = NULL;
	enum saqta_status r = path_in(w, LOGS, path, err);
	int n = r ? 0 : scandir(path, &names, is_log, alphasort);

	if (n < 0)
		return err_set(err, SAQTA_ERR_STORE, 0, "%s: %s", path, strerror(errno));
	for (int i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), LOGS "/%s", names[i]->d_name);
		if (!r)
			r = show_log(w, name, j, err);
		free(names[i]);
	}
	free(names);
	return r;
}

enum saqta_status saqta_witness_show(const struct saqta_witness_options *o, saqta_write_fn write, void *user, struct saqta_error *err)
{
	cleanup_(witness_close) struct witness w = {0};
	cleanup_(buf_done) struct buf json = {0};
	struct json_out j = {.out = &json};
	enum saqta_status r = open_witness(o, &w, err);

	if (r)
		return r;
	json_open(&j, NULL, '{');
	give_key(&j, &w.signer.verifier);
	json_open(&j, "logs", '[');
	r = show_logs(&w, &j, err);
	json_shut(&j, ']');
	json_shut(&j, '}');
	buf_str(&json, "\n");
	return r ? r : hall_give(write, user, &json, err);
}

/* ---- answering ---- */

/* The first one is proof enough. */
static enum saqta_status keep_fork(const char *path, const struct witness_request *q, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf note = {0};
	char fork[PATH_SIZE + sizeof(FORK)];

	(void)snprintf(fork, sizeof(fork), "%s" FORK, path);
	if (access(fork, F_OK) == 0)
		return SAQTA_OK;
	buf_add(&note, q->note, q->note_len);
	return note.failed ? no_memory(err) : audit_guard_write(fork, NULL, &note, err);
}

static enum saqta_status answer(const struct witness *w, const char *request, size_t len, struct witness_answer *ret,
				struct saqta_error *err)
{
	cleanup_(witness_state_done) struct witness_state state = {0};
	cleanup_(buf_done) struct buf old = {0}, new = {0};
	cleanup_(unlock) int fd = -1;
	int64_t now_us = w->now_us != INSTANT_NONE ? w->now_us : instant_now();
	struct saqta_error why = {0};
	struct witness_request q;
	char path[PATH_SIZE];
	bool is_known;
	enum saqta_status r = witness_request_parse(request, len, &q, &why);

	if (r == SAQTA_ERR_INPUT) {
		ret->code = WITNESS_MALFORMED;
		ret->type = "text/plain; charset=utf-8";
		buf_fmt(&ret->body, "line %u: %s\n", why.line, why.message);
		return ret->body.failed ? no_memory(err) : SAQTA_OK;
	}
	r = now_us < 0 ? err_set(err, SAQTA_ERR_ARGUMENT, 0, "the clock stands before 1970") : lock(w, &fd, err);
	if (!r)
		r = log_path(w, q.origin, path, err);
	if (r)
		return r;
	r = read_log(path, &old, &state, err);
	is_known = r != SAQTA_ERR_MISSING;
	if (r && is_known)
		return r;
	r = witness_answer(&w->signer, (uint64_t)(now_us / US_PER_S), &q, is_known ? &state : NULL, ret, err);
	if (!r && ret->is_fork)
		r = keep_fork(path, &q, err);
	if (r || ret->code != WITNESS_SIGNED)
		return r;
	witness_state_format(&state, &new);
	return new.failed ? no_memory(err) : audit_guard_write(path, &old, &new, err);
}

enum saqta_status saqta_witness_answer(const struct saqta_witness_options *o, const char *request, size_t len, unsigned *ret_code,
				       saqta_write_fn write, void *user, struct saqta_error *err)
{
	cleanup_(witness_close) struct witness w = {0};
	cleanup_(witness_answer_done) struct witness_answer a = {0};
	cleanup_(buf_done) struct buf text = {0};
	enum saqta_status r = open_witness(o, &w, err);

	if (!r)
		r = answer(&w, request, len, &a, err);
	if (r)
		return r;
	if (a.code != WITNESS_SIGNED)
		buf_fmt(&text, "refused %u ", (unsigned)a.code);
	buf_add(&text, a.body.data, a.body.len);
	*ret_code = (unsigned)a.code;
	return hall_give(write, user, &text, err);
}

static void take_post(void *user, const struct buf *body, struct http_answer *ret)
{
	cleanup_(witness_answer_done) struct witness_answer a = {0};
	struct saqta_error err = {0};
	const struct witness *w = user;
	enum saqta_status r = answer(w, body->len > 0 ? (const char *)body->data : "", body->len, &a, &err);

	if (r) { /* what is wrong with the witness is not the asker's business */
		*ret = (struct http_answer){.code = r == SAQTA_ERR_BUSY ? 503 : 500, .type = "text/plain; charset=utf-8"};
		buf_str(&ret->body, "the witness cannot answer now\n");
		return;
	}
	*ret = (struct http_answer){.code = (unsigned)a.code, .type = a.type, .body = a.body};
	a.body = (struct buf){0};
}

static int serve_stop(void *user)
{
	const struct witness *w = user;

	return w->stop ? w->stop(w->user) : 0;
}

static enum saqta_status serve_ready(void *user, const char *url, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf json = {0};
	struct json_out j = {.out = &json};
	const struct witness *w = user;

	json_open(&j, NULL, '{');
	json_text(&j, "listening", url);
	json_shut(&j, '}');
	buf_str(&json, "\n");
	return hall_give(w->write, w->user, &json, err);
}

enum saqta_status saqta_witness_serve(const struct saqta_witness_options *o, const char *address, int (*stop)(void *user),
				      saqta_write_fn write, void *user, struct saqta_error *err)
{
	cleanup_(witness_close) struct witness w = {0};
	enum saqta_status r = open_witness(o, &w, err);

	w.stop = stop;
	w.write = write;
	w.user = user;
	return r ? r : http_serve(address, "/add-checkpoint", take_post, serve_stop, serve_ready, &w, err);
}
