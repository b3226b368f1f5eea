/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>
#include <unistd.h>

/* A key file. Of one under a passphrase all is read before the passphrase is asked for, and there is none. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_(secret_freep) struct secret *key = NULL, *again = NULL;
	struct saqta_error err = {0};

	if (crypt_init(&err) || keyfile_open(fuzz_file("key", data, size), NULL, &key, &err)) {
		fuzz_must(err.status == SAQTA_ERR_KEY && *err.message);
		return 0;
	}
	(void)unlink(fuzz_path("key.back"));
	fuzz_must(!keyfile_write(fuzz_path("key.back"), key, NULL, &err) && !keyfile_read(fuzz_path("key.back"), &again, &err));
	fuzz_must(memcmp(secret_key(key), secret_key(again), KEY_SIZE) == 0 && !keyfile_has_passphrase(fuzz_path("key")));
	return 0;
}
