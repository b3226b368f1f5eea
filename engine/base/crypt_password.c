/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypt_inner.h"

/* Keys from passphrases: Argon2id. */

#define ARGON2_MEMORY_MIN (19u * 1024u)
#define ARGON2_MEMORY_MAX (1024u * 1024u)
#define ARGON2_PASSES_MAX 10u
#define ARGON2_LANES_MAX 8u
#define ARGON2_SALT_MIN 16u
#define ARGON2_SALT_MAX 64u

static bool within(size_t value, size_t low, size_t high) { return value >= low && value <= high; }

/** The library takes zero passes and zero memory and calls it success, and the numbers come from a file's
 *  head, which an attacker can write: too low is weak, too high takes the machine down. */
static enum saqta_status argon2_bounds(size_t salt_len, uint32_t memory_kib, uint32_t passes, uint32_t lanes, struct saqta_error *err)
{
	if (!within(memory_kib, ARGON2_MEMORY_MIN, ARGON2_MEMORY_MAX))
		return err_set(err, SAQTA_ERR_LIMIT, 0, "Argon2id: memory of %u KiB is not within %u..%u", memory_kib, ARGON2_MEMORY_MIN,
			       ARGON2_MEMORY_MAX);
	if (!within(passes, 1, ARGON2_PASSES_MAX))
		return err_set(err, SAQTA_ERR_LIMIT, 0, "Argon2id: %u passes are not within 1..%u", passes, ARGON2_PASSES_MAX);
	if (!within(lanes, 1, ARGON2_LANES_MAX))
		return err_set(err, SAQTA_ERR_LIMIT, 0, "Argon2id: %u lanes are not within 1..%u", lanes, ARGON2_LANES_MAX);
	if (!within(salt_len, ARGON2_SALT_MIN, ARGON2_SALT_MAX))
		return err_set(err, SAQTA_ERR_LIMIT, 0, "Argon2id: a salt of %zu bytes is not within %u..%u", salt_len, ARGON2_SALT_MIN,
			       ARGON2_SALT_MAX);
	return SAQTA_OK;
}

static void kdf_closep(gcry_kdf_hd_t *hd)
{
	if (*hd)
		gcry_kdf_close(*hd);
}

enum saqta_status crypt_argon2id(const void *password, size_t password_len, const uint8_t *salt, size_t salt_len, uint32_t memory_kib,
				 uint32_t passes, uint32_t lanes, uint8_t ret[KEY_SIZE], struct saqta_error *err)
{
	const unsigned long params[4] = {KEY_SIZE, passes, memory_kib, lanes};
	cleanup_(kdf_closep) gcry_kdf_hd_t hd = NULL;
	enum saqta_status status;
	gcry_error_t code;

	status = crypt_init(err);
	if (status)
		return status;
	status = argon2_bounds(salt_len, memory_kib, passes, lanes, err);
	if (status)
		return status;
	if (password_len == 0)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "Argon2id: the password is empty");
	code = gcry_kdf_open(&hd, GCRY_KDF_ARGON2, GCRY_KDF_ARGON2ID, params, 4, password, password_len, salt, salt_len, NULL, 0, NULL, 0);
	if (!code)
		code = gcry_kdf_compute(hd, NULL);
	if (!code)
		code = gcry_kdf_final(hd, KEY_SIZE, ret);
	if (code) {
		crypt_wipe(ret, KEY_SIZE);
		return crypt_failed(err, "Argon2id", code);
	}
	return SAQTA_OK;
}
