/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Making, opening and closing a vault. Folder of the vault: vault.db, log.vkey. Folder of what must never travel with its backups: keystore,
 * guard, lock, by default the master key. */

#ifndef SAQTA_DATADIR
#define SAQTA_DATADIR "/usr/share/saqta"
#endif

/* ---- paths ---- */

static char *path_in(const char *dir, const char *name)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

char *hall_policy_dirs(void)
{
	const char *set = getenv("SAQTA_POLICY_PATH");
	char *dirs = NULL;

	if (asprintf(&dirs, "%s%s./policies:%s/policies", set ? set : "", set && *set ? ":" : "", SAQTA_DATADIR) < 0)
		return NULL;
	return dirs;
}

void hall_paths_done(struct hall_paths *p)
{
	free(p->vault_dir);
	free(p->keep_dir);
	free(p->vault);
	free(p->vkey);
	free(p->keystore);
	free(p->guard);
	free(p->lock);
	free(p->restoring);
	free(p->new_keystore);
	free(p->new_key);
	free(p->key_file);
}

/* As named; else the service manager's credential; else in the keep. */
static char *key_path(const struct saqta_options *o, const char *keep_dir)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	char *path;

	if (o->key_file)
		return strdup(o->key_file);
	path = credentials && *credentials ? path_in(credentials, "saqta-master-key") : NULL;
	if (path && access(path, F_OK) == 0)
		return path;
	free(path);
	return path_in(keep_dir, "master.key");
}

enum saqta_status hall_paths_init(const struct saqta_options *o, struct hall_paths *p, struct saqta_error *err)
{
	memset(p, 0, sizeof(*p));
	if (!o->vault_dir || !*o->vault_dir)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "no vault is named: give --vault DIR or set SAQTA_VAULT");
	p->vault_dir = strdup(o->vault_dir);
	if (!p->vault_dir)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	for (size_t n = strlen(p->vault_dir); n > 1 && p->vault_dir[n - 1] == '/'; n--)
		p->vault_dir[n - 1] = 0;
	if (o->keep_dir)
		p->keep_dir = strdup(o->keep_dir);
	else if (asprintf(&p->keep_dir, "%s.keep", p->vault_dir) < 0)
		p->keep_dir = NULL;
	p->vault = path_in(p->vault_dir, "vault.db");
	p->vkey = path_in(p->vault_dir, "log.vkey");
	p->restoring = path_in(p->vault_dir, "vault.db.restoring");
	if (p->keep_dir) {
		p->keystore = path_in(p->keep_dir, "keystore.db");
		p->guard = path_in(p->keep_dir, "guard");
		p->lock = path_in(p->keep_dir, "lock");
		p->key_file = key_path(o, p->keep_dir);
		p->new_keystore = path_in(p->keep_dir, "keystore.db.restoring");
	}
	if (p->key_file && asprintf(&p->new_key, "%s.restoring", p->key_file) < 0)
		p->new_key = NULL;
	if (!p->keep_dir || !p->vault || !p->vkey || !p->keystore || !p->guard || !p->lock || !p->key_file || !p->restoring ||
	    !p->new_keystore || !p->new_key)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	return SAQTA_OK;
}

enum saqta_status hall_make_dir(const char *path, struct saqta_error *err)
{
	bool is_new = mkdir(path, 0700) == 0;
	struct saqta_error ignored;
	enum saqta_status r;

	if (!is_new && errno != EEXIST)
		return err_set(err, SAQTA_ERR_CREATE, 0, "%s: cannot be made: %s", path, strerror(errno));
	/* One that is there may be of a run that was killed; or in a folder of others that we may not read. */
	r = file_sync_folder_of(path, is_new ? err : &ignored);
	return is_new ? r : SAQTA_OK;
}

/* One writer at a time. */
enum saqta_status hall_lock(const char *path, unsigned wait_s, int *ret_fd, struct saqta_error *err)
{
	struct timespec nap = {.tv_nsec = 50 * 1000 * 1000};
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_set(err, errno == ENOENT ? SAQTA_ERR_MISSING : SAQTA_ERR_STORE, 0, "%s: %s", path, strerror(errno));
	for (unsigned tries = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; tries++) {
		if (errno != EWOULDBLOCK || tries >= wait_s * 20) {
			(void)close(fd);
			return err_set(err, SAQTA_ERR_BUSY, 0,
				       "another process writes to this vault: try again, or wait longer with --wait SECONDS");
		}
		(void)nanosleep(&nap, NULL);
	}
	*ret_fd = fd;
	return SAQTA_OK;
}

/* ---- an engine's parts ---- */

struct saqta_engine *hall_engine_new(const struct saqta_options *o, struct saqta_error *err)
{
	struct saqta_engine *e = calloc(1, sizeof(*e));

	if (!e || crypt_init(err)) {
		if (!e)
			(void)err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
		free(e);
		return NULL;
	}
	e->lock_fd = -1;
	e->fixed_now_us = INSTANT_NONE;
	e->newest_us = INSTANT_NONE;
	subject_init(&e->current);
	subject_init(&e->controller);
	e->actor = strdup(o && o->actor ? o->actor : "operator");
	e->policy_dirs = o && o->policy_dirs ? strdup(o->policy_dirs) : hall_policy_dirs();
	if (!e->actor || !e->policy_dirs || (o && o->now && !instant_parse(o->now, strlen(o->now), &e->fixed_now_us))) {
		(void)err_set(err, SAQTA_ERR_ARGUMENT, 0, "--now must be an RFC 3339 time with an offset, like 2026-01-05T09:00:00+05:00");
		return saqta_engine_close(e);
	}
	return e;
}

saqta_engine *saqta_engine_close(saqta_engine *e)
{
	if (!e)
		return NULL;
	db_txn_end(&e->txn);
	subject_done(&e->current);
	subject_done(&e->controller);
	buf_done(&e->answers);
	buf_done(&e->entry);
	audit_log_close(e->log);
	secret_free(e->sign_seed);
	secret_free(e->master);
	vault_close(&e->vault);
	policy_unref(e->policy);
	free(e->policy_dirs);
	free(e->actor);
	free(e->guard_path);
	free(e->vkey_path);
	free(e->vault_dir);
	free(e->keep_dir);
	free(e->key_path);
	if (e->lock_fd >= 0)
		(void)close(e->lock_fd);
	crypt_wipe(e, sizeof(*e));
	free(e);
	return NULL;
}

static enum saqta_status meta_put(struct saqta_engine *e, const char *name, const void *value, size_t len, struct saqta_error *err)
{
	return db_put(&e->txn, VAULT_META, name, strlen(name), value, len, err);
}

static enum saqta_status meta_get(struct db *db, const char *name, struct buf *ret, struct saqta_error *err)
{
	enum saqta_status r = db_get(db, VAULT_META, name, strlen(name), ret, err);

	return r == SAQTA_ERR_MISSING ? err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: the row `%s` is missing", db_path(db), name) : r;
}

/* The first transaction of a vault: its id, the controller's row, the policy in force. */
static enum saqta_status found_vault(struct saqta_engine *e, const char *pack, struct saqta_error *err)
{
	enum saqta_status r = hall_begin(e, err);

	if (!r)
		r = meta_put(e, "id", e->vault.id, sizeof(e->vault.id), err);
	if (!r)
		r = vault_create_controller(&e->vault, &e->txn, &e->controller, err);
	if (!r)
		r = hall_enforce_policy(e, pack, true, err);
	return r ? r : hall_commit(e, err);
}

/* Open the log over the vault's store and sign with its key. Takes over @db and @keys. */
enum saqta_status hall_join(struct saqta_engine *e, struct db *db, struct keystore *keys, const uint8_t id[16], struct saqta_error *err)
{
	enum saqta_status r = vault_open(&e->vault, db, keys, id, err);

	if (!r)
		r = audit_log_open(db, VAULT_ENTRY, VAULT_NODE, &e->log, err);
	if (!r)
		r = hall_load_pruned(db, e->log, err);
	return r ? r : hall_open_signer(e, err);
}

/* ---- making a vault ---- */

static enum saqta_status new_key_file(const struct saqta_options *o, const char *path, struct secret **ret, struct saqta_error *err)
{
	const struct passphrase phrase = {.ask = o->passphrase, .user = o->passphrase_user};
	enum saqta_status r = secret_new(ret, err);

	if (r)
		return r;
	crypt_random(secret_key(*ret), KEY_SIZE);
	return keyfile_write(path, *ret, o->key_under_passphrase ? &phrase : NULL, err);
}

static enum saqta_status make_files(struct saqta_engine *e, const struct saqta_options *o, const struct hall_paths *p,
				    struct saqta_error *err)
{
	cleanup_(secret_freep) struct secret *master = NULL;
	struct keystore *keys = NULL;
	struct db *db = NULL;
	uint8_t id[16];
	enum saqta_status r;

	if (access(p->vault, F_OK) == 0)
		return err_set(err, SAQTA_ERR_CREATE, 0, "%s: there is a vault already", p->vault);
	if (access(p->keystore, F_OK) == 0)
		return err_set(err, SAQTA_ERR_CREATE, 0, "%s: there is a keystore already; it may belong to another vault", p->keystore);
	r = access(p->key_file, F_OK) != 0 ? new_key_file(o, p->key_file, &master, err) : hall_master_key(o, p->key_file, &master, err);
	if (r)
		return r;
	crypt_random(id, sizeof(id));
	r = keystore_create(p->keystore, master, id, &keys, err);
	if (r)
		return r;
	r = db_open(p->vault, DB_CREATE, &vault_schema, &db, err);
	if (r) {
		keystore_close(keys);
		return r;
	}
	return hall_join(e, db, keys, id, err);
}

enum saqta_status hall_keep_paths(struct saqta_engine *e, const struct hall_paths *p, struct saqta_error *err)
{
	e->guard_path = strdup(p->guard);
	e->vkey_path = strdup(p->vkey);
	e->vault_dir = strdup(p->vault_dir);
	e->keep_dir = strdup(p->keep_dir);
	e->key_path = strdup(p->key_file);
	return e->key_path && e->guard_path && e->vkey_path && e->vault_dir && e->keep_dir
		       ? SAQTA_OK
		       : err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
}

enum saqta_status saqta_engine_init(const struct saqta_options *o, const char *pack, saqta_write_fn write, void *user,
				    struct saqta_error *err)
{
	cleanup_(hall_paths_done) struct hall_paths p;
	cleanup_(problems_done) struct problems problems = {0};
	struct saqta_engine *e;
	enum saqta_status r = hall_paths_init(o, &p, err);

	if (r)
		return r;
	e = hall_engine_new(o, err);
	if (!e)
		return err ? err->status : SAQTA_ERR_NOMEM;
	r = policy_load(pack, e->policy_dirs, &e->policy, &problems, err);
	if (problems.text.len > 0 && write)
		(void)write(user, (const char *)problems.text.data, problems.text.len);
	if (!r)
		r = hall_make_dir(p.vault_dir, err);
	if (!r)
		r = hall_make_dir(p.keep_dir, err);
	if (!r)
		r = hall_lock(p.lock, o->wait_s, &e->lock_fd, err);
	if (!r)
		r = make_files(e, o, &p, err);
	if (!r)
		r = hall_keep_paths(e, &p, err);
	if (!r)
		r = found_vault(e, pack, err);
	if (!r)
		r = hall_checkpoint(e, err);
	if (!r)
		r = hall_publish_key(e, err);
	(void)saqta_engine_close(e);
	return r;
}

/* ---- opening ---- */

/* The recorded clock of the newest entry: the sweep's guard against a clock that was set back. */
static enum saqta_status read_newest(struct saqta_engine *e, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf body = {0};
	uint64_t size = audit_log_size(e->log);
	const char *recorded;
	json_t *root;
	enum saqta_status r;

	if (size == 0)
		return SAQTA_OK;
	r = audit_log_entry(e->log, size - 1, &body, err);
	if (r)
		return r;
	root = json_loadb((const char *)body.data, body.len, 0, NULL);
	recorded = json_string_value(json_object_get(root, "recorded"));
	if (!recorded || !instant_parse(recorded, strlen(recorded), &e->newest_us))
		r = err_set(err, SAQTA_ERR_TAMPERED, 0, "entry %llu, the newest of the log, has no time", (unsigned long long)size - 1);
	json_decref(root);
	return r;
}

enum saqta_status hall_master_key(const struct saqta_options *o, const char *path, struct secret **ret, struct saqta_error *err)
{
	const struct passphrase phrase = {.ask = o->passphrase, .user = o->passphrase_user};

	return keyfile_open(path, &phrase, ret, err);
}

/* Where a rotation was cut off between the keystore and the key file, the new key lies beside the old one and is the right one. */
static enum saqta_status open_with_next(const struct saqta_options *o, const struct hall_paths *p, const uint8_t id[16],
					struct keystore **ret, struct secret **master)
{
	struct saqta_error ignored;
	char *path = NULL;
	enum saqta_status r = SAQTA_ERR_MISSING;

	if (asprintf(&path, "%s.new", p->key_file) < 0)
		return SAQTA_ERR_NOMEM;
	*master = secret_free(*master);
	if (access(path, F_OK) == 0)
		r = hall_master_key(o, path, master, &ignored);
	free(path);
	if (!r)
		r = keystore_open(p->keystore, *master, id, ret, &ignored);
	return r ? r : keyfile_replace(p->key_file, &ignored);
}

enum saqta_status hall_open_keystore(const struct saqta_options *o, const struct hall_paths *p, const uint8_t id[16], bool is_reader,
				     struct keystore **ret, struct secret **ret_master, struct saqta_error *err)
{
	cleanup_(secret_freep) struct secret *master = NULL;
	struct keystore *ks = NULL;
	enum saqta_status r = hall_master_key(o, p->key_file, &master, err);

	if (!r)
		r = (is_reader ? keystore_open_reader : keystore_open)(p->keystore, master, id, &ks, err);
	if ((r == SAQTA_ERR_KEY || r == SAQTA_ERR_MISSING) && !is_reader && open_with_next(o, p, id, &ks, &master) == SAQTA_OK)
		r = SAQTA_OK; /* else the first error is the one to tell */
	if (r) {
		keystore_close(ks);
		return r;
	}
	*ret = ks;
	if (ret_master) {
		*ret_master = master;
		master = NULL;
	}
	return SAQTA_OK;
}

static enum saqta_status no_vault(const struct hall_paths *p, struct saqta_error *err)
{
	if (access(p->restoring, F_OK) == 0)
		return err_set(err, SAQTA_ERR_MISSING, 0,
			       "%s: a restore was not finished, and nothing is served before it is: run it again", p->restoring);
	return err_set(err, SAQTA_ERR_MISSING, 0, "%s: there is no vault: make one with `saqta init`", p->vault);
}

/* A crash between the names of a restored vault and of its keys. */
static enum saqta_status finish_restore(const struct hall_paths *p, bool is_reader, struct saqta_error *err)
{
	if (access(p->keystore, F_OK) == 0 || access(p->new_keystore, F_OK) != 0)
		return SAQTA_OK;
	if (is_reader)
		return err_set(err, SAQTA_ERR_BUSY, 0, "%s: a restore was not finished: run a command that writes first, like sweep",
			       p->new_keystore);
	return hall_settle_keys(p, err);
}

static enum saqta_status open_files(struct saqta_engine *e, const struct saqta_options *o, const struct hall_paths *p,
				    struct saqta_error *err)
{
	cleanup_(buf_done) struct buf id = {0};
	struct keystore *keys = NULL;
	struct db *db = NULL;
	enum saqta_status r = finish_restore(p, e->is_reader, err);

	if (!r)
		r = db_open(p->vault, e->is_reader ? DB_READ_ONLY : DB_OPEN, &vault_schema, &db, err);

	if (r)
		return r;
	r = meta_get(db, "id", &id, err);
	if (!r && id.len != 16)
		r = err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: the row `id` is cut", p->vault);
	if (!r)
		r = hall_open_keystore(o, p, id.data, e->is_reader, &keys, e->is_reader ? NULL : &e->master, err);
	if (r) {
		db_close(db);
		return r;
	}
	return hall_join(e, db, keys, id.data, err);
}

/* What a crash left: keys whose subjects are destroyed, and keys of subjects that never came to be. */
static enum saqta_status finish_crash(struct saqta_engine *e, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf last = {0};
	enum saqta_status r = vault_destroy_keys(&e->vault, err);

	if (r)
		return r;
	r = db_last(e->vault.db, VAULT_SUBJECT, &last, err);
	if (r || last.len < SUBJECT_ID_SIZE)
		return r ? r : err_set(err, SAQTA_ERR_TAMPERED, 0, "a subject's key is too short");
	return keystore_trim(e->vault.keys, last.data, err);
}

enum saqta_status saqta_engine_open(const struct saqta_options *o, saqta_engine **ret, struct saqta_error *err)
{
	cleanup_(hall_paths_done) struct hall_paths p;
	bool is_migrated = false;
	struct saqta_engine *e;
	enum saqta_status r = hall_paths_init(o, &p, err);

	if (r)
		return r;
	e = hall_engine_new(o, err);
	if (!e)
		return err ? err->status : SAQTA_ERR_NOMEM;
	e->is_reader = o->read_only;
	r = hall_take_role(e, o, p.keep_dir, err);
	if (!r && access(p.vault, F_OK) != 0)
		r = no_vault(&p, err);
	if (!r && !e->is_reader)
		r = hall_lock(p.lock, o->wait_s, &e->lock_fd, err);
	if (!r)
		r = hall_keep_paths(e, &p, err);
	if (!r)
		r = open_files(e, o, &p, err);
	if (!r)
		r = hall_guard_check(e, err);
	if (!r)
		r = vault_load(&e->vault, vault_controller_id, &e->controller, err);
	if (!r)
		r = read_newest(e, err);
	if (!r)
		r = hall_load_policy(e, err);
	if (!r && !e->is_reader)
		r = hall_migrate(e, &is_migrated, err);
	if (!r && !e->is_reader)
		r = finish_crash(e, err);
	if (!r && !e->is_reader)
		r = hall_finish_log_key(e, err);
	if (!r && is_migrated)
		r = hall_checkpoint(e, err);
	if (r) {
		(void)saqta_engine_close(e);
		return r;
	}
	*ret = e;
	return SAQTA_OK;
}

enum saqta_status hall_open_memory_under(struct policy *p, const char *dirs, int64_t now_us, struct saqta_engine **ret,
					 struct saqta_error *err)
{
	struct saqta_options o = {.size = sizeof(o), .policy_dirs = dirs};
	cleanup_(secret_freep) struct secret *master = NULL;
	struct saqta_engine *e = hall_engine_new(&o, err);
	struct keystore *keys = NULL;
	struct db *db = NULL;
	uint8_t id[16];
	enum saqta_status r;

	if (!e)
		return err ? err->status : SAQTA_ERR_NOMEM;
	e->is_memory = true;
	e->fixed_now_us = now_us;
	e->policy = policy_ref(p);
	r = secret_new(&master, err);
	if (!r) {
		crypt_random(secret_key(master), KEY_SIZE);
		crypt_random(id, sizeof(id));
		r = keystore_create(NULL, master, id, &keys, err);
	}
	if (!r) {
		r = db_open(NULL, DB_MEMORY, &vault_schema, &db, err);
		if (r)
			keystore_close(keys);
	}
	if (!r)
		r = hall_join(e, db, keys, id, err);
	if (!r)
		r = found_vault(e, policy_id(p), err);
	if (r) {
		(void)saqta_engine_close(e);
		return r;
	}
	*ret = e;
	return SAQTA_OK;
}

enum saqta_status hall_open_memory(const char *pack, const char *dirs, int64_t now_us, struct saqta_engine **ret, struct problems *problems,
				   struct saqta_error *err)
{
	cleanup_(policy_unrefp) struct policy *p = NULL;
	char *built_in = dirs ? NULL : hall_policy_dirs();
	enum saqta_status r = dirs || built_in ? policy_load(pack, dirs ? dirs : built_in, &p, problems, err)
					       : err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");

	free(built_in);
	return r ? r : hall_open_memory_under(p, dirs, now_us, ret, err);
}
