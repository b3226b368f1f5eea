/* SPDX-License-Identifier: Apache-2.0 */
#include "backup.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The return of a backup. All is done to `vault.db.restoring`, which nothing serves: unpacked and verified, every destruction since replayed from
 * the ledger, a new incarnation of the log begun, the new guard signed; then it gets its name, and the guard turns. */

struct restore {
	const struct saqta_options *o;
	const struct saqta_restore_options *ro;
	const char *path;
	struct hall_paths p;
	struct saqta_engine *e;
	struct stream *stream;
	struct backup_header header;
	struct keystore *keys; /* until the engine has it */
	struct secret *spare;  /* a master key that came with the backup */
	bool brings_keys;      /* there was no keystore: the backup's own is used */
	bool is_in_place;      /* the vault has its name */
	/* the lost log, as the guard saw it */
	bool has_lost;
	char lost_origin[AUDIT_NAME_MAX + 1];
	struct audit_head lost;
	uint32_t lost_incarnation;
	/* the ledger */
	struct buf notes;
	struct gone *gone;
	size_t *note_at;
	size_t n_gone, cap_gone;
	uint8_t *is_replayed; /* by line of the ledger */
	uint64_t n_replayed;
};

static enum saqta_status no_memory(struct saqta_error *err) { return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory"); }

static void remove_store(const char *path)
{
	static const char *const ends[] = {"", "-wal", "-shm"};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char *name = NULL;

		if (asprintf(&name, "%s%s", path, ends[i]) >= 0)
			(void)unlink(name);
		free(name);
	}
}

static void restore_done(struct restore *w)
{
	stream_close(w->stream);
	keystore_close(w->keys);
	secret_free(w->spare);
	(void)saqta_engine_close(w->e);
	buf_done(&w->notes);
	free(w->gone);
	free(w->note_at);
	free(w->is_replayed);
	hall_paths_done(&w->p);
}

/* ---- unpacking ---- */

static enum saqta_status unlock(struct restore *w, struct saqta_error *err)
{
	const struct passphrase phrase = {.ask = w->ro->passphrase, .user = w->ro->passphrase_user};
	cleanup_(secret_freep) struct secret *key = NULL;
	enum saqta_status r;

	w->brings_keys = w->header.has_keys && access(w->p.keystore, F_OK) != 0;
	if (!w->brings_keys) {
		if (access(w->p.keystore, F_OK) != 0)
			return err_set(err, SAQTA_ERR_KEY, 0,
				       "%s: the keystore is gone, and without it nothing of this backup can be read: put its copy back, or "
				       "restore "
				       "a backup with keys",
				       w->p.keystore);
		r = hall_open_keystore(w->o, &w->p, w->header.vault_id, false, &w->keys, NULL, err);
		if (r)
			return r;
	}
	r = w->header.has_keys ? passphrase_key(&phrase, false, &w->header.params, &key, err)
			       : keystore_branch(w->keys, "backup", &key, err);
	return r ? r : stream_unlock(w->stream, secret_key(key), err);
}

static enum saqta_status unpack_file(struct restore *w, const char *path, uint64_t len, struct saqta_error *err)
{
	uint8_t chunk[32768];
	uint64_t done = 0;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	enum saqta_status r = fd >= 0 ? SAQTA_OK : err_set(err, SAQTA_ERR_CREATE, 0, "%s: %s", path, strerror(errno));

	while (!r && done < len) {
		size_t n = len - done < sizeof(chunk) ? (size_t)(len - done) : sizeof(chunk);

		r = stream_read(w->stream, chunk, n, err);
		if (!r && write(fd, chunk, n) != (ssize_t)n)
			r = err_set(err, SAQTA_ERR_STORE, 0, "%s: %s", path, strerror(errno));
		done += n;
		if (!r && w->ro->progress && w->ro->progress(w->ro->progress_user, done, len) != 0)
			r = err_set(err, SAQTA_ERR_CANCELLED, 0, "stopped; nothing was restored");
	}
	if (!r && fsync(fd) != 0)
		r = err_set(err, SAQTA_ERR_STORE, 0, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return r;
}

static enum saqta_status skip(struct restore *w, uint64_t len, struct saqta_error *err)
{
	uint8_t chunk[32768];
	enum saqta_status r = SAQTA_OK;

	for (uint64_t done = 0; !r && done < len; done += sizeof(chunk))
		r = stream_read(w->stream, chunk, len - done < sizeof(chunk) ? (size_t)(len - done) : sizeof(chunk), err);
	crypt_wipe(chunk, sizeof(chunk));
	return r;
}

static enum saqta_status unpack_part(struct restore *w, enum backup_part part, uint64_t len, struct saqta_error *err)
{
	enum saqta_status r;

	if (part == BACKUP_VAULT)
		return unpack_file(w, w->p.restoring, len, err);
	if (!w->brings_keys)
		return skip(w, len, err); /* the keystore that is there knows what was destroyed since */
	if (part == BACKUP_KEYSTORE)
		return unpack_file(w, w->p.new_keystore, len, err);
	if (part != BACKUP_MASTER || len != KEY_SIZE)
		return err_set(err, SAQTA_ERR_INPUT, 0, "%s: an unknown part: made by a newer saqta", w->path);
	r = secret_new(&w->spare, err);
	return r ? r : stream_read(w->stream, secret_key(w->spare), KEY_SIZE, err);
}

static enum saqta_status unpack(struct restore *w, struct saqta_error *err)
{
	enum saqta_status r = SAQTA_OK;

	/* Of a restore that was cut off: they never had their names. */
	remove_store(w->p.restoring);
	remove_store(w->p.new_keystore);
	(void)unlink(w->p.new_key);
	for (;;) {
		uint8_t head[BACKUP_PART_SIZE];
		struct cursor c = {.data = head, .len = sizeof(head)};
		enum backup_part part;
		int64_t len;

		r = stream_read(w->stream, head, sizeof(head), err);
		if (r)
			return r;
		part = (enum backup_part)cursor_u8(&c);
		len = cursor_i64(&c);
		if (part == BACKUP_END)
			return stream_end(w->stream, err);
		if (len < 0)
			return err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: a part has no length", w->path);
		r = unpack_part(w, part, (uint64_t)len, err);
		if (r)
			return r;
	}
}

/* The keys that came with the backup are used; the copied keystore opens with the spare key, which will be the key file. */
static enum saqta_status settle_keys(struct restore *w, struct saqta_error *err)
{
	enum saqta_status r;

	if (!w->brings_keys)
		return SAQTA_OK;
	if (!w->spare)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: the backup holds no master key", w->path);
	if (access(w->p.key_file, F_OK) == 0)
		return err_set(err, SAQTA_ERR_CREATE, 0, "%s: there is a key file already: move it away, or name another with --key-file",
			       w->p.key_file);
	r = keystore_open(w->p.new_keystore, w->spare, w->header.vault_id, &w->keys, err);
	return r ? r : keyfile_write(w->p.new_key, w->spare, NULL, err);
}

/* ---- verifying ---- */

static enum saqta_status join_restored(struct restore *w, struct saqta_error *err)
{
	struct keystore *keys = w->keys;
	struct db *db = NULL;
	struct audit_head head;
	bool is_migrated;
	enum saqta_status r = db_open(w->p.restoring, DB_OPEN, &vault_schema, &db, err);

	if (r)
		return r;
	w->keys = NULL;
	r = hall_join(w->e, db, keys, w->header.vault_id, err);
	if (!r)
		r = audit_log_verify(w->e->log, w->ro->progress, w->ro->progress_user, &head, err);
	if (!r && (head.size != w->header.head.size || memcmp(head.root, w->header.head.root, HASH_SIZE) != 0 ||
		   w->e->incarnation != w->header.incarnation))
		r = err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: the log in the backup is not the one that its header names", w->path);
	if (!r)
		r = vault_load(&w->e->vault, vault_controller_id, &w->e->controller, err);
	if (!r)
		r = hall_load_policy(w->e, err);
	if (!r) /* it may be an older program's backup; the entry stands in the log that ends here */
		r = hall_migrate(w->e, &is_migrated, err);
	return r ? r : hall_verify_past(w->e, err);
}

/* What the guard saw last: the lost log's head, under the key of its incarnation. */
static enum saqta_status read_lost(struct restore *w, struct saqta_error *err)
{
	cleanup_(secret_freep) struct secret *seed = NULL;
	cleanup_(buf_done) struct buf note = {0};
	struct audit_signer signer;
	uint32_t n;
	enum saqta_status r = audit_guard_read(w->p.guard, &note, err);

	if (r == SAQTA_ERR_MISSING)
		return w->brings_keys ? SAQTA_OK
				      : err_set(err, SAQTA_ERR_TAMPERED, 0,
						"%s: the guard is missing: what was lost cannot be told. If the whole keep was lost, "
						"restore a backup "
						"with keys into an empty one",
						w->p.guard);
	if (!r)
		r = audit_checkpoint_open((const char *)note.data, note.len, NULL, 0, w->lost_origin, &w->lost, err);
	if (r)
		return r;
	/* Incarnations between the backup's and the guard's: as many as there were restores since. */
	for (n = w->e->incarnation; n < w->e->incarnation + 10000; n++) {
		r = hall_signer_of(w->e, n, false, &seed, &signer, err);
		if (r || strcmp(signer.verifier.name, w->lost_origin) == 0)
			break;
	}
	if (!r && strcmp(signer.verifier.name, w->lost_origin) != 0)
		return err_set(err, SAQTA_ERR_TAMPERED, 0,
			       "%s: the guard is older than the backup, or of another vault: put the newest keep back", w->p.guard);
	if (!r)
		r = audit_checkpoint_open((const char *)note.data, note.len, &signer.verifier, 1, NULL, &w->lost, err);
	w->has_lost = !r;
	w->lost_incarnation = n;
	return r;
}

/* ---- the ledger ---- */

static enum saqta_status take_line(void *user, const struct gone *line, struct saqta_error *err)
{
	struct restore *w = user;

	if (w->n_gone == w->cap_gone) {
		size_t cap = w->cap_gone ? w->cap_gone * 2 : 256;
		struct gone *gone = realloc(w->gone, cap * sizeof(*gone));
		size_t *at;

		if (!gone)
			return no_memory(err);
		w->gone = gone;
		at = realloc(w->note_at, cap * sizeof(*at));
		if (!at)
			return no_memory(err);
		w->note_at = at;
		w->cap_gone = cap;
	}
	w->gone[w->n_gone] = *line;
	w->note_at[w->n_gone++] = w->notes.len;
	buf_add(&w->notes, line->note, line->note_len);
	return w->notes.failed ? no_memory(err) : SAQTA_OK;
}

struct note {
	uint32_t incarnation;
	uint64_t seq;
	const char *entry; /* borrowed, JSON */
	size_t entry_len;
};

static struct note note_of(const struct restore *w, size_t i)
{
	struct cursor c = {.data = w->notes.data + w->note_at[i], .len = w->gone[i].note_len};
	struct note n = {.incarnation = cursor_u32(&c)};

	n.seq = (uint64_t)cursor_i64(&c);
	n.entry = (const char *)cursor_bytes(&c, &n.entry_len);
	return n;
}

/* Was it destroyed after the backup was made? */
static bool is_unknown_to_backup(const struct restore *w, size_t i)
{
	struct note n = note_of(w, i);

	return n.incarnation > w->header.incarnation || (n.incarnation == w->header.incarnation && n.seq >= w->header.head.size);
}

static enum saqta_status replay_record(struct restore *w, size_t i, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf row = {0};
	const struct gone *g = &w->gone[i];
	struct subject *s = NULL;
	uint64_t number = 0;
	enum saqta_status r = db_get(w->e->vault.db, VAULT_SUBJECT, g->row, g->row_len, &row, err);

	if (r)
		return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
	for (size_t at = SUBJECT_ID_SIZE + 1; at < g->row_len; at++)
		number = number << 8 | g->row[at];
	r = hall_subject_by_id(w->e, g->row, &s, err);
	if (r)
		return r;
	w->is_replayed[i] = 1;
	w->e->has_destroyed = true;
	return vault_delete_record(&w->e->vault, &w->e->txn, s, number, w->notes.data + w->note_at[i], g->note_len, err);
}

/* Whole subjects first, all at once; then single records of those that stay. */
static enum saqta_status replay(struct restore *w, struct saqta_error *err)
{
	uint8_t(*ids)[SUBJECT_ID_SIZE] = calloc(w->n_gone + 1, SUBJECT_ID_SIZE), *found = calloc(w->n_gone + 1, 1);
	size_t *line = calloc(w->n_gone + 1, sizeof(*line)), n = 0;
	enum saqta_status r = ids && found && line ? SAQTA_OK : no_memory(err);

	for (size_t i = 0; !r && i < w->n_gone; i++)
		if (w->gone[i].row_len == SUBJECT_ID_SIZE) {
			memcpy(ids[n], w->gone[i].row, SUBJECT_ID_SIZE);
			line[n++] = i;
		}
	if (!r)
		r = vault_purge(&w->e->vault, &w->e->txn, (const uint8_t(*)[SUBJECT_ID_SIZE])ids, n, found, err);
	for (size_t i = 0; !r && i < n; i++)
		w->is_replayed[line[i]] = found[i];
	for (size_t i = 0; !r && i < w->n_gone; i++) {
		if (w->gone[i].row_len != SUBJECT_ID_SIZE)
			r = replay_record(w, i, err);
		/* One that came and went since the backup: there is nothing to destroy, but its receipt must hold. */
		if (!r && is_unknown_to_backup(w, i))
			w->is_replayed[i] = 1;
		w->n_replayed += !r && w->is_replayed[i];
	}
	free(ids);
	free(found);
	free(line);
	return r;
}

/* Every subject that is left must have its key: one without a key and without a line in the ledger means that the keystore is not the newest. */
static enum saqta_status check_keys(struct restore *w, uint64_t *ret_subjects, struct saqta_error *err)
{
	uint8_t id[SUBJECT_ID_SIZE] = {0}, key[KEY_SIZE];
	uint64_t without = 0;
	enum saqta_status r;

	*ret_subjects = 0;
	while (!(r = hall_next_subject(w->e, id, err))) {
		r = keystore_get(w->e->vault.keys, id, key, err);
		if (r == SAQTA_ERR_MISSING)
			without++;
		else if (r)
			return r;
		++*ret_subjects;
	}
	crypt_wipe(key, sizeof(key));
	if (r != SAQTA_ERR_MISSING)
		return r;
	return without == 0 ? SAQTA_OK
			    : err_set(err, SAQTA_ERR_KEY, 0,
				      "the keystore has no key for %llu subjects of the backup and does not know that they were destroyed: "
				      "it is "
				      "older than the backup; put its newest copy back",
				      (unsigned long long)without);
}

/* ---- the new log ---- */

static void head_json(struct json_out *j, const char *name, const char *origin, const struct audit_head *head)
{
	json_open(j, name, '{');
	json_text(j, "origin", origin);
	json_hex(j, "root", head->root, sizeof(head->root));
	json_int(j, "size", (int64_t)head->size);
	json_shut(j, '}');
}

static enum saqta_status begin_log(struct restore *w, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf what = {0};
	struct json_out j = {.out = &what};

	json_open(&j, NULL, '{');
	json_text(&j, "backup_at", w->header.at);
	if (w->has_lost)
		head_json(&j, "lost", w->lost_origin, &w->lost);
	json_int(&j, "replayed", (int64_t)w->n_replayed);
	json_shut(&j, '}');
	if (what.failed)
		return no_memory(err);
	/* Without a guard nobody can say how many incarnations there were: a number that none of them can have had. */
	w->e->next_incarnation = w->has_lost ? w->lost_incarnation + 1 : (uint32_t)(instant_now() / US_PER_S);
	return hall_incarnate(w->e, w->brings_keys ? "restore-with-keys" : "restore", (const char *)what.data, err);
}

/* The entry of a destruction that the backup did not know, as it was, and where it was. */
static enum saqta_status record_replayed(struct restore *w, size_t i, struct saqta_error *err)
{
	struct note n = note_of(w, i);
	json_t *entry = json_loadb(n.entry, n.entry_len, 0, NULL), *clauses = json_object_get(entry, "clauses");
	json_t *old = json_object_get(entry, "more"), *more = json_is_object(old) ? json_deep_copy(old) : json_object(), *clause;
	const char *at = json_string_value(json_object_get(entry, "at")), *pseudonym = json_string_value(json_object_get(entry, "subject"));
	const char *type = json_string_value(json_object_get(entry, "type"));
	cleanup_(answer_done) struct answer a;
	int64_t at_us = hall_now(w->e);
	struct subject s;
	char *text;
	size_t k;
	enum saqta_status r;

	answer_init(&a);
	subject_init(&s);
	json_array_foreach(clauses, k, clause) answer_clauses(&a, json_string_value(clause));
	if (at)
		(void)instant_parse(at, strlen(at), &at_us);
	if (pseudonym && strlen(pseudonym) == 2 * sizeof(s.pseudonym))
		(void)hex_decode(pseudonym, 2 * sizeof(s.pseudonym), s.pseudonym);
	if (type && strcmp(type, "depersonalised") == 0)
		(void)json_object_set_new(more, "why", json_string(type));
	(void)json_object_set_new(more, "replayed",
				  json_pack("{s:I, s:I}", "incarnation", (json_int_t)n.incarnation, "seq", (json_int_t)n.seq));
	text = json_dumps(more, JSON_COMPACT | JSON_SORT_KEYS);
	a.state = type && strcmp(type, "record-destroyed") == 0 ? NULL : "destroyed";
	r = text ? hall_record(w->e, a.state ? "destroyed" : "record-destroyed", at_us, &a,
			       &(struct entry_extra){.subject = pseudonym ? &s : NULL, .json = text}, err)
		 : no_memory(err);
	free(text);
	json_decref(more);
	json_decref(entry);
	subject_done(&s);
	return r;
}

static enum saqta_status bring_up(struct restore *w, uint64_t *ret_subjects, struct saqta_error *err)
{
	struct saqta_engine *e = w->e;
	uint64_t n;
	enum saqta_status r = keystore_ledger(e->vault.keys, take_line, w, &n, err);

	w->is_replayed = calloc(w->n_gone + 1, 1);
	if (!r && !w->is_replayed)
		r = no_memory(err);
	if (!r)
		r = hall_begin(e, err);
	if (!r)
		r = replay(w, err);
	if (!r)
		r = check_keys(w, ret_subjects, err);
	if (!r)
		r = begin_log(w, err);
	for (size_t i = 0; !r && i < w->n_gone; i++)
		if (w->is_replayed[i])
			r = record_replayed(w, i, err);
	if (!r)
		r = hall_flush(e, err);
	if (!r)
		r = hall_guard_prepare(e, err);
	if (!r)
		r = hall_commit(e, err);
	return r ? r : db_checkpoint(e->vault.db, err);
}

/* ---- its name ---- */

static enum saqta_status put_in_place(struct restore *w, struct saqta_error *err)
{
	struct saqta_engine *e = w->e;

	e->log = audit_log_close(e->log);
	vault_close(&e->vault);
	enum saqta_status r = hall_publish_key(e, err);

	if (!r && rename(w->p.restoring, w->p.vault) != 0)
		r = err_set(err, SAQTA_ERR_CREATE, 0, "%s: %s", w->p.vault, strerror(errno));
	if (r)
		return r;
	w->is_in_place = true;
	r = file_sync_folder_of(w->p.vault, err);
	if (r)
		return r;
	return w->brings_keys ? hall_settle_keys(&w->p, err) : hall_guard_turn(e, err);
}

static enum saqta_status name_file(const char *from, const char *to, struct saqta_error *err)
{
	if (rename(from, to) != 0 && errno != ENOENT) /* the crash was behind it */
		return err_set(err, SAQTA_ERR_CREATE, 0, "%s: %s", to, strerror(errno));
	return file_sync_folder_of(to, err);
}

enum saqta_status hall_settle_keys(const struct hall_paths *p, struct saqta_error *err)
{
	char *next = NULL;
	enum saqta_status r = name_file(p->new_key, p->key_file, err);

	if (!r && asprintf(&next, "%s.next", p->guard) < 0)
		r = no_memory(err);
	if (!r)
		r = name_file(next, p->guard, err);
	free(next);
	return r ? r : name_file(p->new_keystore, p->keystore, err);
}

static enum saqta_status report(const struct restore *w, uint64_t subjects, saqta_write_fn write, void *user, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf json = {0};
	struct json_out j = {.out = &json};
	uint64_t known = w->header.head.size;

	json_open(&j, NULL, '{');
	json_text(&j, "backup_at", w->header.at);
	json_int(&j, "entries", (int64_t)known);
	/* Across incarnations, the entries of those between are not counted: nothing knows them any more. */
	if (w->has_lost && w->lost_incarnation == w->header.incarnation)
		json_int(&j, "entries_lost", w->lost.size > known ? (int64_t)(w->lost.size - known) : 0);
	json_int(&j, "subjects", (int64_t)subjects);
	json_int(&j, "replayed", (int64_t)w->n_replayed);
	json_bool(&j, "ledger_is_newest", !w->brings_keys);
	json_int(&j, "incarnation", w->e->incarnation);
	json_text(&j, "origin", w->e->signer.verifier.name);
	json_shut(&j, '}');
	buf_str(&json, "\n");
	return hall_give(write, user, &json, err);
}

static enum saqta_status open_places(struct restore *w, struct saqta_error *err)
{
	enum saqta_status r = hall_paths_init(w->o, &w->p, err);

	if (!r && access(w->p.vault, F_OK) == 0)
		r = err_set(err, SAQTA_ERR_CREATE, 0, "%s: there is a vault: restoring replaces none; move it away first, and keep it",
			    w->p.vault);
	if (r)
		return r;
	w->e = hall_engine_new(w->o, err);
	if (!w->e)
		return err ? err->status : SAQTA_ERR_NOMEM;
	r = hall_take_role(w->e, w->o, w->p.keep_dir, err);
	if (!r)
		r = hall_allows(w->e, ACT_RESTORE, err);
	if (!r)
		r = hall_make_dir(w->p.vault_dir, err);
	if (!r)
		r = hall_make_dir(w->p.keep_dir, err);
	if (!r)
		r = hall_lock(w->p.lock, w->o->wait_s, &w->e->lock_fd, err);
	return r ? r : hall_keep_paths(w->e, &w->p, err);
}

static enum saqta_status restore(struct restore *w, uint64_t *ret_subjects, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf line = {0};
	enum saqta_status r = open_places(w, err);

	if (!r)
		r = stream_open(w->path, &w->stream, &line, err);
	if (!r)
		r = backup_header_parse(&line, w->path, &w->header, err);
	if (!r)
		r = unlock(w, err);
	if (!r)
		r = unpack(w, err);
	if (!r)
		r = settle_keys(w, err);
	if (!r)
		r = join_restored(w, err);
	if (!r)
		r = read_lost(w, err);
	if (!r)
		r = bring_up(w, ret_subjects, err);
	return r ? r : put_in_place(w, err);
}

/* What was not finished leaves nothing behind. What has its name stays, and the next opening finishes it. */
static void undo(struct restore *w)
{
	if (w->e) {
		db_txn_end(&w->e->txn);
		w->e->log = audit_log_close(w->e->log);
		vault_close(&w->e->vault);
	}
	w->keys = keystore_close(w->keys);
	if (!w->is_in_place && w->e && w->e->lock_fd >= 0) {
		remove_store(w->p.restoring);
		remove_store(w->p.new_keystore);
		(void)unlink(w->p.new_key);
	}
}

enum saqta_status saqta_restore(const struct saqta_options *o, const char *path, const struct saqta_restore_options *ro,
				saqta_write_fn write, void *user, struct saqta_error *err)
{
	struct restore w = {.o = o, .ro = ro, .path = path};
	struct saqta_error local = {0};
	uint64_t subjects = 0;
	enum saqta_status r = restore(&w, &subjects, err ? err : &local);

	if (!r)
		r = report(&w, subjects, write, user, err);
	else
		undo(&w);
	restore_done(&w);
	return r;
}
