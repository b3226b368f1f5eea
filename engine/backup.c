/* SPDX-License-Identifier: Apache-2.0 */
#include "backup.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Making a backup: the store's pages are copied in one moment beside the file to be, held against the log's head, then sealed into it. */

static enum saqta_status no_memory(struct saqta_error *err) { return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory"); }

/* ---- the header ---- */

void passphrase_params_json(const struct passphrase_params *p, struct json_out *j)
{
	json_open(j, "passphrase", '{');
	json_text(j, "kdf", "argon2id");
	json_int(j, "lanes", p->lanes);
	json_int(j, "memory_kib", p->memory_kib);
	json_int(j, "passes", p->passes);
	json_hex(j, "salt", p->salt, sizeof(p->salt));
	json_shut(j, '}');
}

void backup_header_format(const struct backup_header *h, const char *checkpoint, struct buf *ret)
{
	struct json_out j = {.out = ret};

	json_open(&j, NULL, '{');
	json_text(&j, "at", h->at);
	json_text(&j, "checkpoint", checkpoint);
	json_int(&j, "entries", (int64_t)h->head.size);
	json_int(&j, "incarnation", h->incarnation);
	if (h->has_keys)
		passphrase_params_json(&h->params, &j);
	json_hex(&j, "root", h->head.root, sizeof(h->head.root));
	json_hex(&j, "vault", h->vault_id, sizeof(h->vault_id));
	json_shut(&j, '}');
}

static bool hex_member(json_t *o, const char *name, uint8_t *ret, size_t len)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text && strlen(text) == 2 * len && hex_decode(text, 2 * len, ret);
}

static uint32_t number_member(json_t *o, const char *name)
{
	json_int_t n = json_integer_value(json_object_get(o, name));

	return n > 0 && n <= UINT32_MAX ? (uint32_t)n : 0; /* what is out of bounds is refused where it is used */
}

bool passphrase_params_parse(json_t *header, struct passphrase_params *ret)
{
	json_t *phrase = json_object_get(header, "passphrase");
	const char *kdf = json_string_value(json_object_get(phrase, "kdf"));

	*ret = (struct passphrase_params){.memory_kib = number_member(phrase, "memory_kib"),
					  .passes = number_member(phrase, "passes"),
					  .lanes = number_member(phrase, "lanes")};
	return kdf && strcmp(kdf, "argon2id") == 0 && hex_member(phrase, "salt", ret->salt, sizeof(ret->salt));
}

enum saqta_status backup_header_parse(const struct buf *text, const char *path, struct backup_header *ret, struct saqta_error *err)
{
	json_t *root = json_loadb((const char *)text->data, text->len, JSON_REJECT_DUPLICATES, NULL);
	json_t *phrase = json_object_get(root, "passphrase");
	const char *at = json_string_value(json_object_get(root, "at"));
	json_int_t entries = json_integer_value(json_object_get(root, "entries"));
	bool is_good;

	*ret = (struct backup_header){.incarnation = number_member(root, "incarnation"), .has_keys = phrase != NULL};
	is_good = at && strlen(at) < sizeof(ret->at) && entries > 0 && ret->incarnation > 0 &&
		  hex_member(root, "root", ret->head.root, sizeof(ret->head.root)) &&
		  hex_member(root, "vault", ret->vault_id, sizeof(ret->vault_id));
	if (is_good) {
		memcpy(ret->at, at, strlen(at));
		ret->head.size = (uint64_t)entries;
	}
	if (phrase)
		is_good = is_good && passphrase_params_parse(root, &ret->params);
	json_decref(root);
	return is_good ? SAQTA_OK : err_set(err, SAQTA_ERR_INPUT, 0, "%s: the backup's header is wrong", path);
}

/* ---- copying ---- */

struct work {
	struct saqta_engine *e;
	const struct saqta_backup_options *o;
	const char *path;
	char *part, *vault, *keystore; /* files in the making */
	struct backup_header header;
	struct secret *key;   /* of the stream */
	struct secret *spare; /* the master key that the copied keystore opens with */
	struct stream *stream;
};

static void work_done(struct work *w)
{
	stream_close(w->stream);
	secret_free(w->key);
	secret_free(w->spare);
	if (w->part)
		(void)unlink(w->part);
	if (w->vault)
		(void)unlink(w->vault);
	if (w->keystore)
		(void)unlink(w->keystore);
	free(w->part);
	free(w->vault);
	free(w->keystore);
}

static enum saqta_status work_begin(struct work *w, struct saqta_error *err)
{
	if (access(w->path, F_OK) == 0)
		return err_set(err, SAQTA_ERR_CREATE, 0, "%s: is there already: a backup overwrites nothing", w->path);
	if (asprintf(&w->part, "%s.part", w->path) < 0)
		w->part = NULL;
	if (asprintf(&w->vault, "%s.vault", w->path) < 0)
		w->vault = NULL;
	if (asprintf(&w->keystore, "%s.keystore", w->path) < 0)
		w->keystore = NULL;
	if (!w->part || !w->vault || !w->keystore)
		return no_memory(err);
	/* Of a backup that was killed. */
	(void)unlink(w->part);
	(void)unlink(w->vault);
	(void)unlink(w->keystore);
	return SAQTA_OK;
}

/* The copy's own log says which moment it is of; all of it is read again, so that a damaged vault is told now and not at its return. */
static enum saqta_status look_at_copy(struct work *w, struct saqta_error *err)
{
	cleanup_(db_closep) struct db *copy = NULL;
	cleanup_(audit_log_closep) struct audit_log *log = NULL;
	enum saqta_status r = db_open(w->vault, DB_OPEN, &vault_schema, &copy, err);

	if (!r)
		r = audit_log_open(copy, VAULT_ENTRY, VAULT_NODE, &log, err);
	if (!r)
		r = hall_load_pruned(copy, log, err);
	return r ? r : audit_log_verify(log, NULL, NULL, &w->header.head, err);
}

static enum saqta_status stream_key(struct work *w, struct saqta_error *err)
{
	const struct passphrase phrase = {.ask = w->o->passphrase, .user = w->o->passphrase_user};
	enum saqta_status r;

	if (!w->o->with_keys)
		return keystore_branch(w->e->vault.keys, "backup", &w->key, err);
	w->header.has_keys = true;
	passphrase_params_new(&w->header.params);
	r = passphrase_key(&phrase, true, &w->header.params, &w->key, err);
	if (!r)
		r = secret_new(&w->spare, err);
	if (r)
		return r;
	crypt_random(secret_key(w->spare), KEY_SIZE);
	return keystore_copy(w->e->vault.keys, w->keystore, w->spare, err);
}

/* ---- sealing ---- */

static enum saqta_status write_head(struct work *w, enum backup_part part, uint64_t len, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf head = {0};

	buf_u8(&head, (uint8_t)part);
	buf_i64(&head, (int64_t)len);
	return head.failed ? no_memory(err) : stream_write(w->stream, head.data, head.len, err);
}

static enum saqta_status write_file(struct work *w, enum backup_part part, const char *path, struct saqta_error *err)
{
	uint8_t chunk[32768];
	uint64_t done = 0;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum saqta_status r;

	if (fd < 0 || fstat(fd, &st) != 0) {
		r = err_set(err, SAQTA_ERR_STORE, 0, "%s: %s", path, strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		return r;
	}
	r = write_head(w, part, (uint64_t)st.st_size, err);
	while (!r && done < (uint64_t)st.st_size) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n <= 0)
			r = err_set(err, SAQTA_ERR_STORE, 0, "%s: cannot be read to its end", path);
		else
			r = stream_write(w->stream, chunk, (size_t)n, err);
		done += n > 0 ? (uint64_t)n : 0;
		if (!r && w->o->progress && w->o->progress(w->o->progress_user, done, (uint64_t)st.st_size) != 0)
			r = err_set(err, SAQTA_ERR_CANCELLED, 0, "stopped; no backup was made");
	}
	(void)close(fd);
	return r;
}

static enum saqta_status write_stream(struct work *w, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf line = {0}, checkpoint = {0};
	enum saqta_status r = audit_checkpoint_sign(&w->e->signer, &w->header.head, &checkpoint, err);

	if (r)
		return r;
	backup_header_format(&w->header, (const char *)checkpoint.data, &line);
	r = stream_create(w->part, secret_key(w->key), &line, &w->stream, err);
	if (!r)
		r = write_file(w, BACKUP_VAULT, w->vault, err);
	if (!r && w->o->with_keys)
		r = write_file(w, BACKUP_KEYSTORE, w->keystore, err);
	if (!r && w->o->with_keys)
		r = write_head(w, BACKUP_MASTER, KEY_SIZE, err);
	if (!r && w->o->with_keys)
		r = stream_write(w->stream, secret_key(w->spare), KEY_SIZE, err);
	if (!r)
		r = write_head(w, BACKUP_END, 0, err);
	return r ? r : stream_finish(w->stream, err);
}

static enum saqta_status record_keys(struct saqta_engine *e, struct saqta_error *err)
{
	cleanup_(answer_done) struct answer a;
	enum saqta_status r = hall_begin(e, err);

	answer_init(&a);
	if (!r)
		r = hall_record(e, "backup", hall_now(e), &a, &(struct entry_extra){.kind = "with-keys"}, err);
	if (!r)
		r = hall_commit(e, err);
	return r ? r : hall_checkpoint(e, err);
}

static enum saqta_status report(const struct work *w, saqta_write_fn write, void *user, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf json = {0};
	struct json_out j = {.out = &json};
	struct stat st;

	json_open(&j, NULL, '{');
	json_text(&j, "file", w->path);
	json_int(&j, "bytes", stat(w->path, &st) == 0 ? (int64_t)st.st_size : 0);
	json_text(&j, "at", w->header.at);
	json_int(&j, "entries", (int64_t)w->header.head.size);
	json_hex(&j, "root", w->header.head.root, sizeof(w->header.head.root));
	json_bool(&j, "keys", w->o->with_keys);
	json_shut(&j, '}');
	buf_str(&json, "\n");
	return hall_give(write, user, &json, err);
}

static enum saqta_status make(struct work *w, struct saqta_error *err)
{
	struct saqta_engine *e = w->e;
	enum saqta_status r = work_begin(w, err);

	/* That the keys left is on record before they do. */
	if (!r && w->o->with_keys)
		r = record_keys(e, err);
	if (!r)
		r = db_backup(e->vault.db, w->vault, w->o->progress, w->o->progress_user, err);
	if (!r)
		r = look_at_copy(w, err);
	w->header.incarnation = e->incarnation;
	memcpy(w->header.vault_id, e->vault.id, sizeof(w->header.vault_id));
	instant_format(hall_now(e), policy_zone(e->policy), w->header.at);
	if (!r)
		r = stream_key(w, err);
	if (!r)
		r = write_stream(w, err);
	if (!r && rename(w->part, w->path) != 0)
		r = err_set(err, SAQTA_ERR_CREATE, 0, "%s: %s", w->path, strerror(errno));
	if (r)
		return r;
	r = file_sync_folder_of(w->path, err);
	if (r) /* it is whole, but was told to have failed: the next one must not find it in its way */
		(void)unlink(w->path);
	return r;
}

enum saqta_status saqta_backup(saqta_engine *e, const char *path, const struct saqta_backup_options *o, saqta_write_fn write, void *user,
			       struct saqta_error *err)
{
	struct work w = {.e = e, .o = o, .path = path};
	enum saqta_status r;

	if (hall_allows(e, o->with_keys ? ACT_BACKUP_KEYS : ACT_BACKUP, err))
		return SAQTA_ERR_RIGHT;
	if (e->txn.db)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "commit before a backup: what is not committed is not in it");
	r = make(&w, err);
	if (!r)
		r = report(&w, write, user, err);
	work_done(&w);
	return r;
}
