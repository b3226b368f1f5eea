/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "vault/keystore.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The master key in a file, readable by its owner alone: bare, or sealed under a passphrase. */

#define BARE_SIZE (2 * KEY_SIZE + 1)
#define SEALED_MAGIC "saqta-key 1 argon2id "
#define FILE_MAX 512u
/* RFC 9106's memory-constrained choice with four times the memory: about a second, for a key that guards all others. */
#define MEMORY_KIB (256u * 1024u)
#define PASSES 3u
#define LANES 4u

/* ---- passphrases ---- */

void passphrase_params_new(struct passphrase_params *ret)
{
	*ret = (struct passphrase_params){.memory_kib = MEMORY_KIB, .passes = PASSES, .lanes = LANES};
	crypt_random(ret->salt, sizeof(ret->salt));
}

enum saqta_status passphrase_key(const struct passphrase *phrase, bool is_new, const struct passphrase_params *p, struct secret **ret,
				 struct saqta_error *err)
{
	cleanup_(secret_freep) struct secret *key = NULL;
	char text[PASSPHRASE_MAX];
	long n = phrase && phrase->ask ? phrase->ask(phrase->user, text, sizeof(text)) : -1;
	enum saqta_status r;

	if (n < 0 || (size_t)n > sizeof(text))
		r = err_set(err, SAQTA_ERR_KEY, 0, "a passphrase is needed: type it, or give its file with --passphrase-file");
	else if (n == 0 || (is_new && n < (long)PASSPHRASE_MIN))
		r = err_set(err, SAQTA_ERR_KEY, 0, "the passphrase is too short: at least %u bytes", PASSPHRASE_MIN);
	else
		r = secret_new(&key, err);
	if (!r)
		r = crypt_argon2id(text, (size_t)n, p->salt, sizeof(p->salt), p->memory_kib, p->passes, p->lanes, secret_key(key), err);
	crypt_wipe(text, sizeof(text));
	if (r)
		return r;
	*ret = key;
	key = NULL;
	return SAQTA_OK;
}

static void params_text(const struct passphrase_params *p, struct buf *ret)
{
	char salt[2 * sizeof(p->salt) + 1];

	hex_encode(p->salt, sizeof(p->salt), salt);
	buf_fmt(ret, SEALED_MAGIC "%" PRIu32 " %" PRIu32 " %" PRIu32 " %s", p->memory_kib, p->passes, p->lanes, salt);
}

/* ---- writing ---- */

static enum saqta_status write_private(const char *path, const struct buf *text, struct saqta_error *err)
{
	bool is_good;
	enum saqta_status r;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_set(err, SAQTA_ERR_CREATE, 0, "%s: the key file cannot be made: %s", path, strerror(errno));
	is_good = write(fd, text->data, text->len) == (ssize_t)text->len && fsync(fd) == 0;
	if (close(fd) != 0 || !is_good) {
		(void)unlink(path);
		return err_set(err, SAQTA_ERR_CREATE, 0, "%s: the key file cannot be written", path);
	}
	r = file_sync_folder_of(path, err);
	if (r)
		(void)unlink(path); /* a master key that a power cut may take must seal nothing */
	return r;
}

static enum saqta_status sealed_text(const struct secret *key, const struct passphrase *phrase, struct buf *ret, struct saqta_error *err)
{
	cleanup_(secret_freep) struct secret *kek = NULL;
	cleanup_(buf_done) struct buf sealed = {0};
	struct passphrase_params p;
	char hex[2 * (KEY_SIZE + SEAL_OVERHEAD) + 1];
	enum saqta_status r;

	passphrase_params_new(&p);
	params_text(&p, ret);
	r = passphrase_key(phrase, true, &p, &kek, err);
	if (!r)
		r = crypt_seal(secret_key(kek), ret->data, ret->len, secret_key((struct secret *)key), KEY_SIZE, &sealed, err);
	if (r)
		return r;
	hex_encode(sealed.data, sealed.len, hex);
	buf_fmt(ret, " %s\n", hex);
	return SAQTA_OK;
}

enum saqta_status keyfile_write(const char *path, const struct secret *key, const struct passphrase *phrase, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf text = {0};
	char hex[2 * KEY_SIZE + 1];
	enum saqta_status r = SAQTA_OK;

	if (phrase) {
		r = sealed_text(key, phrase, &text, err);
	} else {
		hex_encode(secret_key((struct secret *)key), KEY_SIZE, hex);
		buf_fmt(&text, "%s\n", hex);
		crypt_wipe(hex, sizeof(hex));
	}
	if (!r && text.failed)
		r = err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	return r ? r : write_private(path, &text, err);
}

enum saqta_status keyfile_create(const char *path, struct saqta_error *err)
{
	cleanup_(secret_freep) struct secret *key = NULL;
	enum saqta_status r = secret_new(&key, err);

	if (r)
		return r;
	crypt_random(secret_key(key), KEY_SIZE);
	return keyfile_write(path, key, NULL, err);
}

enum saqta_status keyfile_replace(const char *path, struct saqta_error *err)
{
	static const uint8_t zero[FILE_MAX];
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW); /* held, so that the old one can be overwritten once it has no name */
	cleanup_(buf_done) struct buf fresh = {0};
	struct stat st;
	enum saqta_status r = SAQTA_OK;

	buf_fmt(&fresh, "%s.new", path);
	if (fresh.failed)
		r = err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	else if (rename((const char *)fresh.data, path) != 0)
		r = err_set(err, SAQTA_ERR_CREATE, 0, "%s: %s", path, strerror(errno));
	if (!r)
		r = file_sync_folder_of(path, err);
	if (!r && fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= (off_t)sizeof(zero))
		/* What a flash disk or a journal keeps of it is out of reach, and said so in docs/keys.md. */
		(void)(write(fd, zero, (size_t)st.st_size) == st.st_size && fsync(fd) == 0);
	if (fd >= 0)
		(void)close(fd);
	return r;
}

/* ---- reading ---- */

/** Whoever owns the file, or may read it, has every key of the vault. root (a service manager's credential) reads all anyway. */
static enum saqta_status check_private(const char *path, const struct stat *st, struct saqta_error *err)
{
	if (!S_ISREG(st->st_mode))
		return err_set(err, SAQTA_ERR_KEY, 0, "%s: the key file is no plain file", path);
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return err_set(err, SAQTA_ERR_KEY, 0, "%s: the key file belongs to another user", path);
	if (st->st_mode & 077)
		return err_set(err, SAQTA_ERR_KEY, 0, "%s: others can read the key file: chmod 600 %s", path, path);
	return SAQTA_OK;
}

static enum saqta_status read_private(const char *path, char ret[FILE_MAX + 1], size_t *ret_len, struct saqta_error *err)
{
	struct stat st;
	ssize_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	enum saqta_status r;

	if (fd < 0)
		return err_set(err, errno == ENOENT ? SAQTA_ERR_MISSING : SAQTA_ERR_KEY, 0, "%s: the key file cannot be opened: %s", path,
			       strerror(errno));
	if (fstat(fd, &st) != 0)
		r = err_set(err, SAQTA_ERR_KEY, 0, "%s: the key file cannot be looked at: %s", path, strerror(errno));
	else
		r = check_private(path, &st, err);
	if (!r) {
		n = read(fd, ret, FILE_MAX + 1);
		if (n < 0)
			r = err_set(err, SAQTA_ERR_KEY, 0, "%s: the key file cannot be read: %s", path, strerror(errno));
	}
	(void)close(fd);
	*ret_len = n > 0 ? (size_t)n : 0;
	return r;
}

static enum saqta_status wrong_text(const char *path, struct saqta_error *err)
{
	return err_set(err, SAQTA_ERR_KEY, 0, "%s: a key file holds 64 hexadecimal digits and a newline, or a key under a passphrase",
		       path);
}

/* @text: SEALED_MAGIC … , NUL-terminated. */
static enum saqta_status open_sealed(const char *path, const char *text, size_t len, const struct passphrase *phrase, struct secret *key,
				     struct saqta_error *err)
{
	cleanup_(secret_freep) struct secret *kek = NULL;
	cleanup_(buf_done) struct buf head = {0}, plain = {0};
	uint8_t sealed[KEY_SIZE + SEAL_OVERHEAD];
	struct passphrase_params p = {0};
	char salt[2 * sizeof(p.salt) + 1] = "";
	int at = 0;
	enum saqta_status r;

	if (sscanf(text, SEALED_MAGIC "%9" SCNu32 " %9" SCNu32 " %9" SCNu32 " %64[0-9a-f] %n", &p.memory_kib, &p.passes, &p.lanes, salt,
		   &at) != 4 ||
	    at == 0 || !hex_decode(salt, sizeof(salt) - 1, p.salt) || strlen(salt) != sizeof(salt) - 1 ||
	    len != (size_t)at + 2 * sizeof(sealed) + 1 || text[len - 1] != '\n' || !hex_decode(text + at, 2 * sizeof(sealed), sealed))
		return wrong_text(path, err);
	params_text(&p, &head);
	if (head.failed)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	/* The canonical line is what was sealed with the key: any other spelling does not open. */
	r = passphrase_key(phrase, false, &p, &kek, err);
	if (!r)
		r = crypt_open(secret_key(kek), head.data, head.len, sealed, sizeof(sealed), &plain, err);
	if (r == SAQTA_ERR_TAMPERED || (!r && plain.len != KEY_SIZE))
		return err_set(err, SAQTA_ERR_KEY, 0, "%s: the passphrase is not the one of this key file, or the file was changed", path);
	if (!r)
		memcpy(secret_key(key), plain.data, KEY_SIZE);
	return r;
}

enum saqta_status keyfile_open(const char *path, const struct passphrase *phrase, struct secret **ret, struct saqta_error *err)
{
	cleanup_(secret_freep) struct secret *key = NULL;
	char text[FILE_MAX + 2];
	size_t n = 0;
	enum saqta_status r = read_private(path, text, &n, err);

	if (!r)
		r = secret_new(&key, err);
	if (!r && n > FILE_MAX)
		r = wrong_text(path, err);
	text[r ? 0 : n] = 0;
	if (!r && strncmp(text, SEALED_MAGIC, strlen(SEALED_MAGIC)) == 0)
		r = open_sealed(path, text, n, phrase, key, err);
	else if (!r && (n < BARE_SIZE - 1 || n > BARE_SIZE || (n == BARE_SIZE && text[BARE_SIZE - 1] != '\n') ||
			!hex_decode(text, BARE_SIZE - 1, secret_key(key))))
		r = wrong_text(path, err);
	crypt_wipe(text, sizeof(text));
	if (r)
		return r;
	*ret = key;
	key = NULL;
	return SAQTA_OK;
}

enum saqta_status keyfile_read(const char *path, struct secret **ret, struct saqta_error *err)
{
	return keyfile_open(path, NULL, ret, err);
}

bool keyfile_has_passphrase(const char *path)
{
	char text[sizeof(SEALED_MAGIC)] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool is_sealed = fd >= 0 && read(fd, text, sizeof(text) - 1) == (ssize_t)sizeof(text) - 1 && strcmp(text, SEALED_MAGIC) == 0;

	crypt_wipe(text, sizeof(text));
	if (fd >= 0)
		(void)close(fd);
	return is_sealed;
}
