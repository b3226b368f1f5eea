/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_CRYPT_INNER_H
#define BASE_CRYPT_INNER_H

#include "base/crypt.h"

#include <gcrypt.h>

/* What the files that know libgcrypt share: crypt.c (memory, random bytes, hashes, AES-GCM-SIV), crypt_password.c, crypt_ed25519.c. */

/** The library's error as ours. */
enum saqta_status crypt_failed(struct saqta_error *err, const char *what, gcry_error_t code);
/** Start the library in a function that has no error to give: the process ends where it does not start. */
void crypt_need_init(void);

#endif
