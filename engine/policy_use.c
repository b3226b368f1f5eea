/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"
#include "saqta/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Which policy is in force: put there, kept with the vault, loaded again; and what a new one sets off.
 *
 * The vault keeps the bytes of every version that was ever in force: rows "policy/<digest>/<file name>". A pack file that changes on disk changes
 * nothing until it is put in force.
 * A new policy or calendar starts a generation, named by the entry that put it in force. The row `generation` says how far the due index was
 * derived for it; until it is whole, nobody is destroyed. */

#define STEP_SUBJECTS 500
#define STEP_TASKS 200
#define STORED "policy/"

static enum saqta_status no_memory(struct saqta_error *err) { return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory"); }

static enum saqta_status meta_put(struct saqta_engine *e, const char *name, const struct buf *row, struct saqta_error *err)
{
	if (row->failed)
		return no_memory(err);
	return db_put(&e->txn, VAULT_META, name, strlen(name), row->data, row->len, err);
}

static void stored_prefix(const uint8_t digest[HASH_SIZE], struct buf *ret)
{
	char hex[2 * HASH_SIZE + 1];

	hex_encode(digest, HASH_SIZE, hex);
	buf_fmt(ret, STORED "%s/", hex);
}

/* ---- keeping a version with the vault ---- */

static enum saqta_status store_files(struct saqta_engine *e, struct saqta_error *err)
{
	unsigned n;
	const struct policy_file *files = policy_files(e->policy, &n);
	enum saqta_status r = SAQTA_OK;

	for (unsigned i = 0; !r && i < n; i++) {
		cleanup_(buf_done) struct buf key = {0};

		stored_prefix(policy_digest(e->policy), &key);
		buf_str(&key, files[i].name);
		r = key.failed ? no_memory(err)
			       : db_put(&e->txn, VAULT_META, key.data, key.len, files[i].bytes.data, files[i].bytes.len, err);
	}
	return r;
}

static void generation_row(const struct saqta_engine *e, bool is_whole, const uint8_t at[SUBJECT_ID_SIZE], struct buf *ret)
{
	buf_i64(ret, (int64_t)e->policy_entry);
	buf_u8(ret, is_whole);
	buf_add(ret, at, SUBJECT_ID_SIZE);
}

enum saqta_status hall_enforce_policy(struct saqta_engine *e, const char *pack, bool is_first, struct saqta_error *err)
{
	cleanup_(answer_done) struct answer a;
	cleanup_(buf_done) struct buf more = {0}, row = {0}, generation = {0};
	struct json_out j = {.out = &more};
	enum saqta_status r;

	answer_init(&a);
	e->policy_entry = audit_log_size(e->log);
	json_open(&j, NULL, '{');
	json_hex(&j, "digest", policy_digest(e->policy), HASH_SIZE);
	json_text(&j, "id", policy_id(e->policy));
	json_text(&j, "version", policy_version(e->policy));
	json_shut(&j, '}');
	buf_string(&row, pack);
	buf_i64(&row, (int64_t)e->policy_entry);
	buf_bytes(&row, policy_digest(e->policy), HASH_SIZE);
	generation_row(e, is_first, vault_controller_id, &generation);
	if (more.failed)
		return no_memory(err);
	r = hall_record(e, "policy", hall_now(e), &a, &(struct entry_extra){.json = (const char *)more.data}, err);
	if (!r)
		r = meta_put(e, "policy", &row, err);
	if (!r)
		r = meta_put(e, "generation", &generation, err);
	return r || e->is_memory ? r : store_files(e, err);
}

/* ---- loading it again ---- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	(void)remove(path); /* what stays is no secret: a published policy */
	return 0;
}

static void remove_folder(char **dir)
{
	if (*dir)
		(void)nftw(*dir, remove_one, 4, FTW_DEPTH | FTW_PHYS);
	free(*dir);
}

/* A name as policy_files gives it: of one folder at most, none hidden. */
static bool is_plain_name(const char *name, size_t len)
{
	unsigned slashes = 0;

	for (size_t i = 0; i < len; i++) {
		const char c = name[i];

		if (c == '/' ? ++slashes > 1
			     : !(c == '.' || c == '-' || c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
				 (c >= 'A' && c <= 'Z')))
			return false;
		if (c == '.' && (i == 0 || name[i - 1] == '/'))
			return false;
	}
	return len > 0 && name[0] != '/';
}

static enum saqta_status write_one(const char *dir, const char *name, size_t name_len, const uint8_t *data, size_t len,
				   struct saqta_error *err)
{
	const char *slash = memchr(name, '/', name_len);
	cleanup_(buf_done) struct buf path = {0};
	bool is_good;
	int fd;

	if (!is_plain_name(name, name_len))
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "a file kept of the policy in force has a name that none can have");
	if (slash) {
		buf_fmt(&path, "%s/%.*s", dir, (int)(slash - name), name);
		if (!path.failed)
			(void)mkdir((const char *)path.data, 0700); /* may be there; if not, the file cannot be made */
	}
	buf_clear(&path);
	buf_fmt(&path, "%s/%.*s", dir, (int)name_len, name);
	if (path.failed)
		return no_memory(err);
	fd = open((const char *)path.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_set(err, SAQTA_ERR_STORE, 0, "%s: %s", (const char *)path.data, strerror(errno));
	is_good = write(fd, data, len) == (ssize_t)len;
	return close(fd) == 0 && is_good ? SAQTA_OK : err_set(err, SAQTA_ERR_STORE, 0, "%s: cannot be written", (const char *)path.data);
}

static enum saqta_status unpack(struct saqta_engine *e, const uint8_t digest[HASH_SIZE], const char *dir, struct saqta_error *err)
{
	cleanup_(db_scan_closep) struct db_scan *scan = NULL;
	cleanup_(buf_done) struct buf prefix = {0};
	unsigned n = 0;
	enum saqta_status r;

	stored_prefix(digest, &prefix);
	if (prefix.failed)
		return no_memory(err);
	r = db_scan_open(e->vault.db, VAULT_META, prefix.data, prefix.len, prefix.data, prefix.len, &scan, err);
	while (!r) {
		const uint8_t *key, *value;
		size_t key_len, value_len;

		r = db_scan_next(scan, &key, &key_len, &value, &value_len, err);
		if (!r)
			r = write_one(dir, (const char *)key + prefix.len, key_len - prefix.len, value, value_len, err);
		n += !r;
	}
	return r == SAQTA_ERR_MISSING && n > 0 ? SAQTA_OK : r;
}

enum saqta_status hall_load_stored(struct saqta_engine *e, const uint8_t digest[HASH_SIZE], struct policy **ret, struct saqta_error *err)
{
	cleanup_(remove_folder) char *dir = NULL;
	cleanup_(buf_done) struct buf pack = {0};
	const char *tmp = getenv("TMPDIR");
	struct policy *p = NULL;
	enum saqta_status r;

	if (asprintf(&dir, "%s/saqta.XXXXXX", tmp && *tmp ? tmp : "/tmp") < 0) {
		dir = NULL;
		return no_memory(err);
	}
	if (!mkdtemp(dir)) {
		r = err_set(err, SAQTA_ERR_STORE, 0, "%s: no folder can be made there for the policy in force: %s", dir, strerror(errno));
		free(dir);
		dir = NULL;
		return r;
	}
	r = unpack(e, digest, dir, err);
	if (r)
		return r;
	buf_fmt(&pack, "%s/" POLICY_SELF, dir);
	r = pack.failed ? no_memory(err) : policy_load((const char *)pack.data, dir, &p, NULL, err);
	if (!r && memcmp(policy_digest(p), digest, HASH_SIZE) != 0)
		r = err_set(err, SAQTA_ERR_TAMPERED, 0, "the files kept of the policy in force are not those that were put in force");
	if (r) {
		policy_unref(p);
		return r;
	}
	*ret = p;
	return SAQTA_OK;
}

enum saqta_status hall_load_policy(struct saqta_engine *e, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf row = {0};
	struct cursor c;
	const uint8_t *digest;
	struct saqta_error ignored;
	size_t digest_len;
	char *pack;
	enum saqta_status r = db_get(e->vault.db, VAULT_META, "policy", strlen("policy"), &row, err);

	if (r)
		return r == SAQTA_ERR_MISSING ? err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: the row `policy` is missing", db_path(e->vault.db))
					      : r;
	c = (struct cursor){.data = row.data, .len = row.len};
	pack = cursor_string(&c);
	e->policy_entry = (uint64_t)cursor_i64(&c);
	digest = cursor_bytes(&c, &digest_len);
	if (c.failed || digest_len != HASH_SIZE || !pack) {
		free(pack);
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "the row `policy` is cut");
	}
	/* What decided is recorded by digest: another text under the same name is another policy, and is not in force. */
	if (policy_load(pack, e->policy_dirs, &e->policy, NULL, &ignored) != SAQTA_OK ||
	    memcmp(policy_digest(e->policy), digest, HASH_SIZE) != 0) {
		e->policy = policy_unref(e->policy);
		r = hall_load_stored(e, digest, &e->policy, err);
		if (r == SAQTA_ERR_MISSING)
			r = err_set(err, SAQTA_ERR_POLICY, 0,
				    "the pack `%s` is not the one in force, and the vault keeps no copy of that: put the former "
				    "files back",
				    pack);
	}
	free(pack);
	return r;
}

/* ---- a new generation ---- */

enum saqta_status hall_next_subject(struct saqta_engine *e, uint8_t id[SUBJECT_ID_SIZE], struct saqta_error *err)
{
	cleanup_(db_scan_closep) struct db_scan *scan = NULL;
	uint8_t from[SUBJECT_ID_SIZE + 1];
	const uint8_t *key, *value;
	size_t key_len, value_len;
	enum saqta_status r;

	memcpy(from, id, SUBJECT_ID_SIZE);
	from[SUBJECT_ID_SIZE] = 0xff; /* behind all rows of this one */
	r = db_scan_open(e->vault.db, VAULT_SUBJECT, from, sizeof(from), "", 0, &scan, err);
	if (!r)
		r = db_scan_next(scan, &key, &key_len, &value, &value_len, err);
	if (!r && key_len < SUBJECT_ID_SIZE)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "a subject's key is too short");
	if (!r)
		memcpy(id, key, SUBJECT_ID_SIZE);
	return r;
}

/* When the earliest of the records is ripe. */
static enum saqta_status records_check(struct saqta_engine *e, const struct subject *s, int64_t *ret_us, struct saqta_error *err)
{
	int64_t reached[POLICY_SET_BITS], achieved[POLICY_SET_BITS];
	struct retention_subject rs = {
		.registered_us = s->registered_us, .newest_collected_us = s->newest_collected_us, .reached_us = reached};
	struct record_scan scan;
	struct record rec = {0};
	enum saqta_status r = vault_records(&e->vault, s, &scan, err);

	hall_reached(e, s, reached, achieved);
	*ret_us = INT64_MAX;
	while (!r) {
		struct retention_record rr = {.achieved_us = achieved};
		struct retention ret;

		r = vault_next_record(&scan, &rec, err);
		if (r)
			break;
		rr.category = policy_find(e->policy, ID_CATEGORY, rec.category);
		rr.collected_us = rec.collected_us;
		hall_purposes(e->policy, &rec, &rr.purposes);
		policy_retention(e->policy, &rs, &rr, hall_now(e), &ret);
		if (ret.has_end && ret.ripe_us < *ret_us)
			*ret_us = ret.ripe_us;
	}
	record_done(&rec);
	vault_records_end(&scan);
	return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
}

static enum saqta_status rederive(struct saqta_engine *e, const uint8_t id[SUBJECT_ID_SIZE], struct saqta_error *err)
{
	struct subject *s;
	enum saqta_status r = hall_subject_by_id(e, id, &s, err);

	if (!r)
		r = records_check(e, s, &s->records_check_us, err);
	if (r)
		return r;
	s->generation = e->policy_entry;
	s->is_dirty = true;
	return hall_schedule(e, s, true, err);
}

static enum saqta_status read_generation(struct saqta_engine *e, bool *ret_is_whole, uint8_t ret_at[SUBJECT_ID_SIZE],
					 struct saqta_error *err)
{
	cleanup_(buf_done) struct buf row = {0};
	struct cursor c;
	const uint8_t *at;
	enum saqta_status r = db_get(e->vault.db, VAULT_META, "generation", strlen("generation"), &row, err);

	*ret_is_whole = true;
	if (r)
		return r == SAQTA_ERR_MISSING ? SAQTA_OK : r; /* a vault that never had another policy */
	c = (struct cursor){.data = row.data, .len = row.len};
	(void)cursor_i64(&c);
	*ret_is_whole = cursor_u8(&c) != 0;
	at = cursor_raw(&c, SUBJECT_ID_SIZE);
	if (c.failed || !at)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "the row `generation` is cut");
	memcpy(ret_at, at, SUBJECT_ID_SIZE);
	return SAQTA_OK;
}

enum saqta_status hall_generation_is_whole(struct saqta_engine *e, bool *ret, struct saqta_error *err)
{
	uint8_t at[SUBJECT_ID_SIZE];

	return read_generation(e, ret, at, err);
}

/* Does a consent of @s hold that was given under another version? */
static bool has_outdated_consent(const struct saqta_engine *e, const struct subject *s)
{
	struct facts f;

	facts_init(&f);
	hall_subject_facts(e, s, hall_now(e), &f);
	return !idset_within(&f.set[F_CONSENT], &f.set[F_CURRENT_CONSENT]);
}

/* One step: some subjects and how far it came, in one transaction. */
static enum saqta_status generation_step(struct saqta_engine *e, uint8_t at[SUBJECT_ID_SIZE], bool *ret_is_whole, struct derived *n,
					 struct saqta_error *err)
{
	cleanup_(buf_done) struct buf row = {0};
	enum saqta_status r = hall_begin(e, err);

	for (unsigned i = 0; !r && i < STEP_SUBJECTS; i++) {
		r = hall_next_subject(e, at, err);
		if (!r)
			r = rederive(e, at, err);
		n->subjects += !r;
		n->outdated += !r && has_outdated_consent(e, &e->current);
	}
	*ret_is_whole = r == SAQTA_ERR_MISSING;
	if (r && !*ret_is_whole)
		return r;
	generation_row(e, *ret_is_whole, at, &row);
	r = meta_put(e, "generation", &row, err);
	/* Where the sweep looks is derived from what is protected and changes none of it; the entry of the policy records why it moved. */
	e->txn.records++;
	return r ? r : hall_commit(e, err);
}

enum saqta_status hall_finish_generation(struct saqta_engine *e, saqta_progress_fn progress, void *user, struct derived *ret,
					 struct saqta_error *err)
{
	uint8_t at[SUBJECT_ID_SIZE];
	bool is_whole;
	uint64_t total = 0;
	enum saqta_status r = read_generation(e, &is_whole, at, err);

	*ret = (struct derived){0};
	if (!r && !is_whole)
		r = keystore_count(e->vault.keys, &total, err);
	while (!r && !is_whole) {
		r = generation_step(e, at, &is_whole, ret, err);
		if (r)
			hall_abort(e);
		else if (progress && progress(user, ret->subjects, total) != 0 && !is_whole)
			r = err_set(err, SAQTA_ERR_CANCELLED, 0,
				    "stopped; the policy is in force, and the next sweep derives the other terms first");
	}
	return r;
}

/* ---- deadlines that the calendar did not know ---- */

static enum saqta_status tell_request(struct saqta_engine *e, const struct task *t, struct saqta_error *err)
{
	struct subject *s;
	enum saqta_status r;

	if (!t->request)
		return SAQTA_OK;
	r = hall_subject_by_id(e, t->subject, &s, err);
	for (size_t i = 0; !r && i < s->n_requests; i++)
		if (s->requests[i].task == t->number && s->requests[i].due_us == INSTANT_NONE) {
			s->requests[i].due_us = t->due_us;
			s->is_dirty = true;
		}
	return r;
}

/* Computes what can be of the tasks after @t; true in @ret_changed if this one has its deadline now. */
static enum saqta_status recompute(struct saqta_engine *e, struct task *t, struct json_out *j, bool *ret_changed, struct saqta_error *err)
{
	const struct term term = {.unit = (enum term_unit)t->term.unit, .count = t->term.count};
	char due[INSTANT_TEXT_SIZE];
	enum saqta_status r;

	*ret_changed = false;
	if (t->closed_us != INSTANT_NONE || t->due_us != INSTANT_NONE || t->unknown_year == 0 || term.unit == TERM_NONE ||
	    term_end(term, t->term.from_us, policy_zone(e->policy), policy_calendar(e->policy), &t->due_us, NULL) != 0)
		return SAQTA_OK;
	t->unknown_year = 0;
	*ret_changed = true;
	r = hall_begin(e, err);
	if (!r)
		r = vault_put_task(&e->vault, &e->txn, t, err);
	if (!r)
		r = tell_request(e, t, err);
	instant_format(t->due_us, NULL, due);
	json_open(j, NULL, '{');
	json_text(j, "due", due);
	json_int(j, "task", (int64_t)t->number);
	json_shut(j, '}');
	return r;
}

static enum saqta_status deadlines_step(struct saqta_engine *e, struct task *t, uint64_t *ret_n, bool *ret_is_end, struct saqta_error *err)
{
	cleanup_(answer_done) struct answer a;
	cleanup_(buf_done) struct buf more = {0};
	struct json_out j = {.out = &more};
	unsigned n = 0;
	enum saqta_status r = SAQTA_OK;

	answer_init(&a);
	json_open(&j, NULL, '{');
	json_open(&j, "tasks", '[');
	while (!r && n < STEP_TASKS) {
		bool is_changed = false;

		r = vault_next_task(&e->vault, t->number + 1, t, err);
		if (!r)
			r = recompute(e, t, &j, &is_changed, err);
		n += is_changed;
	}
	json_shut(&j, ']');
	json_shut(&j, '}');
	*ret_is_end = r == SAQTA_ERR_MISSING;
	if ((r && !*ret_is_end) || n == 0)
		return *ret_is_end ? SAQTA_OK : r;
	*ret_n += n;
	if (more.failed)
		return no_memory(err);
	r = hall_record(e, "deadlines-recomputed", hall_now(e), &a, &(struct entry_extra){.json = (const char *)more.data}, err);
	return r ? r : hall_commit(e, err);
}

enum saqta_status hall_deadlines(struct saqta_engine *e, uint64_t *ret_n, struct saqta_error *err)
{
	struct task t = {0};
	bool is_end = false;
	enum saqta_status r = SAQTA_OK;

	*ret_n = 0;
	while (!r && !is_end)
		r = deadlines_step(e, &t, ret_n, &is_end, err);
	if (r)
		hall_abort(e);
	return r;
}

/* ---- putting another one in force ---- */

enum saqta_status hall_switch_policy(struct saqta_engine *e, struct policy *p, const char *pack, struct saqta_error *err)
{
	struct policy *was = e->policy;
	uint64_t was_entry = e->policy_entry;
	enum saqta_status r = hall_begin(e, err);

	if (!r) {
		e->policy = p;
		r = hall_enforce_policy(e, pack, false, err);
	}
	if (!r)
		r = hall_commit(e, err);
	if (r) {
		e->policy = was;
		e->policy_entry = was_entry;
		hall_abort(e);
		return r;
	}
	(void)policy_ref(p);
	(void)policy_unref(was);
	return SAQTA_OK;
}

static void use_json(const struct saqta_engine *e, bool is_changed, const struct derived *derived, uint64_t deadlines, struct buf *ret)
{
	struct json_out j = {.out = ret};

	json_open(&j, NULL, '{');
	json_text(&j, "policy", policy_id(e->policy));
	json_text(&j, "version", policy_version(e->policy));
	json_hex(&j, "digest", policy_digest(e->policy), HASH_SIZE);
	json_bool(&j, "changed", is_changed);
	json_int(&j, "audit", (int64_t)e->policy_entry);
	json_int(&j, "subjects_derived", (int64_t)derived->subjects);
	json_int(&j, "consents_outdated", (int64_t)derived->outdated);
	json_int(&j, "deadlines_computed", (int64_t)deadlines);
	json_shut(&j, '}');
	buf_str(ret, "\n");
}

enum saqta_status saqta_policy_use(saqta_engine *e, const char *pack, saqta_write_fn problems_to, saqta_progress_fn progress,
				   void *progress_user, saqta_write_fn write, void *user, struct saqta_error *err)
{
	cleanup_(problems_done) struct problems problems = {0};
	cleanup_(policy_unrefp) struct policy *p = NULL;
	cleanup_(buf_done) struct buf json = {0};
	struct derived derived = {0};
	uint64_t deadlines = 0;
	bool is_changed;
	enum saqta_status r;

	if (hall_allows(e, ACT_POLICY, err))
		return SAQTA_ERR_RIGHT;
	if (e->is_reader)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "the vault is open for reading only");
	r = policy_load(pack, e->policy_dirs, &p, &problems, err);
	if (problems.text.len > 0 && problems_to)
		(void)problems_to(user, (const char *)problems.text.data, problems.text.len);
	if (r)
		return r;
	is_changed = memcmp(policy_digest(p), policy_digest(e->policy), HASH_SIZE) != 0;
	if (is_changed)
		r = hall_switch_policy(e, p, pack, err);
	if (!r)
		r = hall_finish_generation(e, progress, progress_user, &derived, err);
	if (!r)
		r = hall_deadlines(e, &deadlines, err);
	if (!r)
		r = hall_checkpoint(e, err);
	if (r)
		return r;
	use_json(e, is_changed, &derived, deadlines, &json);
	return hall_give(write, user, &json, err);
}
