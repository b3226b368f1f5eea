/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/keystore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The master key in a file: 64 hex digits and a newline, readable by its owner alone. */

#define KEYFILE_SIZE (2 * KEY_SIZE + 1)

static enum saqta_status sync_folder(const char *path, struct saqta_error *err)
{
	char *folder = strdup(path), *slash = folder ? strrchr(folder, '/') : NULL;
	int fd;
	bool is_good;

	if (slash)
		*(slash == folder ? slash + 1 : slash) = 0;
	fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	is_good = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		(void)close(fd);
	free(folder);
	return is_good ? SAQTA_OK : err_set(err, SAQTA_ERR_CREATE, 0, "%s: its folder cannot be synced", path);
}

enum saqta_status keyfile_create(const char *path, struct saqta_error *err)
{
	uint8_t key[KEY_SIZE];
	char text[KEYFILE_SIZE + 1];
	bool is_good;
	/* Drawing random bytes has no error to give, so the library's start is asked for first. */
	enum saqta_status r = crypt_init(err);
	int fd;

	if (r)
		return r;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(err, SAQTA_ERR_CREATE, 0, "%s: the key file cannot be made: %s", path, strerror(errno));
	crypt_random(key, sizeof(key));
	hex_encode(key, sizeof(key), text);
	text[KEYFILE_SIZE - 1] = '\n';
	is_good = write(fd, text, KEYFILE_SIZE) == KEYFILE_SIZE && fsync(fd) == 0;
	crypt_wipe(key, sizeof(key));
	crypt_wipe(text, sizeof(text));
	if (close(fd) != 0 || !is_good) {
		(void)unlink(path);
		return err_set(err, SAQTA_ERR_CREATE, 0, "%s: the key file cannot be written", path);
	}
	r = sync_folder(path, err);
	if (r)
		(void)unlink(path); /* a master key that a power cut may take must seal nothing */
	return r;
}

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

enum saqta_status keyfile_read(const char *path, struct secret **ret, struct saqta_error *err)
{
	cleanup_(secret_freep) struct secret *key = NULL;
	char text[KEYFILE_SIZE + 1];
	struct stat st;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	enum saqta_status r;

	if (fd < 0)
		return err_set(err, errno == ENOENT ? SAQTA_ERR_MISSING : SAQTA_ERR_KEY, 0, "%s: the key file cannot be opened: %s", path,
			       strerror(errno));
	if (fstat(fd, &st) != 0)
		r = err_set(err, SAQTA_ERR_KEY, 0, "%s: the key file cannot be looked at: %s", path, strerror(errno));
	else
		r = check_private(path, &st, err);
	if (r) {
		(void)close(fd);
		return r;
	}
	n = read(fd, text, sizeof(text));
	(void)close(fd);
	r = secret_new(&key, err);
	if (!r && (n < KEYFILE_SIZE - 1 || n > KEYFILE_SIZE || (n == KEYFILE_SIZE && text[KEYFILE_SIZE - 1] != '\n') ||
		   !hex_decode(text, KEYFILE_SIZE - 1, secret_key(key))))
		r = err_set(err, SAQTA_ERR_KEY, 0, "%s: a key file holds 64 hexadecimal digits and a newline", path);
	crypt_wipe(text, sizeof(text));
	if (r)
		return r;
	*ret = key;
	key = NULL;
	return SAQTA_OK;
}
