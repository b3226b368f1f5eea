/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"
#include "saqta/keys.h"
#include "vault/shares.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The keys as an operator sees them. What is done with them is on record before it is done. */

static enum saqta_status no_memory(struct saqta_error *err) { return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory"); }

static enum saqta_status record_act(struct saqta_engine *e, const char *act, struct saqta_error *err)
{
	cleanup_(answer_done) struct answer a;
	enum saqta_status r = hall_begin(e, err);

	answer_init(&a);
	if (!r)
		r = hall_record(e, "key", hall_now(e), &a, &(struct entry_extra){.kind = act}, err);
	if (!r)
		r = hall_commit(e, err);
	return r ? r : hall_checkpoint(e, err);
}

enum saqta_status saqta_key_status(saqta_engine *e, saqta_write_fn write, void *user, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf json = {0};
	struct json_out j = {.out = &json};
	struct keystore_status s;
	char since[INSTANT_TEXT_SIZE];
	enum saqta_status r = hall_allows(e, ACT_KEY_STATUS, err);

	if (!r)
		r = keystore_status(e->vault.keys, &s, err);
	if (r)
		return r;
	json_open(&j, NULL, '{');
	json_text(&j, "key_file", e->key_path);
	json_bool(&j, "passphrase", keyfile_has_passphrase(e->key_path));
	json_int(&j, "epoch", s.epoch);
	if (s.epoch_us != INSTANT_NONE) {
		instant_format(s.epoch_us, policy_zone(e->policy), since);
		json_text(&j, "epoch_since", since);
	}
	json_int(&j, "subject_keys", (int64_t)s.n_keys - 1); /* without the controller's */
	json_int(&j, "destructions_kept", (int64_t)s.n_ledger);
	json_text(&j, "signs_as", e->signer.verifier.name);
	json_shut(&j, '}');
	buf_str(&json, "\n");
	return hall_give(write, user, &json, err);
}

/* ---- the master key ---- */

/* The new key file stands, synced, before the keystore turns to it; a crash between is finished by the next opening (engine.c). */
static enum saqta_status rotate_to(struct saqta_engine *e, const char *path, bool is_elsewhere, const struct passphrase *phrase,
				   struct saqta_error *err)
{
	cleanup_(secret_freep) struct secret *fresh = NULL;
	enum saqta_status r = secret_new(&fresh, err);

	if (r)
		return r;
	crypt_random(secret_key(fresh), KEY_SIZE);
	if (!is_elsewhere && unlink(path) != 0 && errno != ENOENT) /* of a rotation that was cut off before it turned */
		return err_set(err, SAQTA_ERR_CREATE, 0, "%s: %s", path, strerror(errno));
	r = keyfile_write(path, fresh, phrase, err);
	if (r)
		return r; /* what stands there is another key's, and stays */
	r = record_act(e, "rotate", err);
	if (r) {
		(void)unlink(path);
		return r;
	}
	r = keystore_rotate(e->vault.keys, fresh, err);
	if (r) /* whether it turned is not known: both files stay, and the next opening finds the right one */
		return r;
	return is_elsewhere ? SAQTA_OK : keyfile_replace(e->key_path, err);
}

enum saqta_status saqta_key_rotate(saqta_engine *e, const struct saqta_key_options *o, struct saqta_error *err)
{
	const struct passphrase phrase = {.ask = o->passphrase, .user = o->passphrase_user};
	bool is_sealed = !o->without_passphrase && (o->with_passphrase || keyfile_has_passphrase(e->key_path));
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	char *next = NULL;
	enum saqta_status r;

	if (hall_allows(e, ACT_KEYS, err))
		return SAQTA_ERR_RIGHT;
	if (!o->new_key_file && credentials && *credentials && strncmp(e->key_path, credentials, strlen(credentials)) == 0)
		return err_set(
			err, SAQTA_ERR_ARGUMENT, 0,
			"the master key is a credential of the service manager, which this program cannot replace: name the new file with "
			"--new-key-file, and hand that on");
	if (!o->new_key_file && asprintf(&next, "%s.new", e->key_path) < 0)
		return no_memory(err);
	r = rotate_to(e, next ? next : o->new_key_file, !next, is_sealed ? &phrase : NULL, err);
	free(next);
	return r;
}

enum saqta_status saqta_key_renew(saqta_engine *e, saqta_progress_fn progress, void *user, struct saqta_error *err)
{
	enum saqta_status r = hall_allows(e, ACT_RENEW, err);

	if (!r)
		r = record_act(e, "renew", err);
	if (!r)
		r = hall_renew_log_key(e, err);
	/* Last, so that the epoch key under which the log's old secret was kept goes with it. */
	return r ? r : keystore_renew(e->vault.keys, e->master, hall_now(e), progress, user, err);
}

/* ---- shares ---- */

enum saqta_status saqta_key_export(saqta_engine *e, unsigned n, unsigned threshold, saqta_write_fn write, void *user,
				   struct saqta_error *err)
{
	cleanup_(buf_done) struct buf text = {0};
	uint8_t *shares;
	struct share s = {.threshold = (uint8_t)threshold};
	enum saqta_status r;

	if (hall_allows(e, ACT_KEYS, err))
		return SAQTA_ERR_RIGHT;
	if (!e->master)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "the vault is open for reading only");
	if (n > SHARES_MAX)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "at most %u shares can be made", SHARES_MAX);
	shares = calloc(n + 1, KEY_SIZE);
	if (!shares)
		return no_memory(err);
	r = shares_split(secret_key(e->master), KEY_SIZE, n, threshold, shares, err);
	if (!r)
		r = record_act(e, "export", err);
	crypt_random(s.set, sizeof(s.set));
	for (unsigned i = 1; !r && i <= n; i++) {
		s.index = (uint8_t)i;
		memcpy(s.bytes, shares + (i - 1) * KEY_SIZE, KEY_SIZE);
		share_format(&s, &text);
	}
	crypt_wipe(shares, (size_t)n * KEY_SIZE);
	crypt_wipe(&s, sizeof(s));
	free(shares);
	return r ? r : hall_give(write, user, &text, err);
}

/* Every share in @text; too many are welcome, as long as they are of one set. */
static enum saqta_status read_shares(const char *text, size_t len, struct share *ret, unsigned *ret_n, struct saqta_error *err)
{
	unsigned line = 0;

	*ret_n = 0;
	for (const char *at = text, *end = text + len; at < end;) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t n = stop ? (size_t)(stop - at) : (size_t)(end - at);
		struct share s;

		line++;
		if (n > 0 && at[0] != '#') {
			bool is_known = false;

			if (!share_parse(at, n, &s))
				return err_set(err, SAQTA_ERR_INPUT, line, "this is no share, or it was not copied right");
			for (unsigned i = 0; i < *ret_n; i++)
				is_known = is_known || ret[i].index == s.index;
			if (*ret_n > 0 && (memcmp(s.set, ret[0].set, sizeof(s.set)) != 0 || s.threshold != ret[0].threshold))
				return err_set(err, SAQTA_ERR_INPUT, line, "this share is of another set than those before");
			if (!is_known && *ret_n < SHARES_MAX)
				ret[(*ret_n)++] = s;
		}
		at += n + 1;
	}
	if (*ret_n == 0)
		return err_set(err, SAQTA_ERR_INPUT, 0, "no share is given");
	return *ret_n >= ret[0].threshold
		       ? SAQTA_OK
		       : err_set(err, SAQTA_ERR_INPUT, 0, "%u shares are needed, and only %u are given", ret[0].threshold, *ret_n);
}

static enum saqta_status combine(const struct share *shares, unsigned n, struct secret *ret, struct saqta_error *err)
{
	uint8_t indexes[SHARES_MAX], bytes[SHARES_MAX * KEY_SIZE];
	enum saqta_status r;

	for (unsigned i = 0; i < n; i++) {
		indexes[i] = shares[i].index;
		memcpy(bytes + i * KEY_SIZE, shares[i].bytes, KEY_SIZE);
	}
	r = shares_combine(indexes, bytes, n, KEY_SIZE, secret_key(ret), err);
	crypt_wipe(bytes, sizeof(bytes));
	return r;
}

enum saqta_status saqta_key_recover(const struct saqta_options *o, const struct saqta_key_options *ko, const char *text, size_t len,
				    struct saqta_error *err)
{
	const struct passphrase phrase = {.ask = ko->passphrase, .user = ko->passphrase_user};
	cleanup_(hall_paths_done) struct hall_paths p = {0};
	cleanup_(secret_freep) struct secret *master = NULL;
	struct share shares[SHARES_MAX];
	unsigned n = 0;
	enum saqta_status r = hall_paths_init(o, &p, err);

	if (!r)
		r = read_shares(text, len, shares, &n, err);
	if (!r)
		r = secret_new(&master, err);
	if (!r)
		r = combine(shares, shares[0].threshold, master, err);
	crypt_wipe(shares, sizeof(shares));
	/* Before anything is written: is it this keystore's? */
	if (!r)
		r = keystore_check(p.keystore, master, err);
	return r ? r : keyfile_write(p.key_file, master, ko->with_passphrase ? &phrase : NULL, err);
}
