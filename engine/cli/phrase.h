/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PHRASE_H
#define CLI_PHRASE_H

#include <stdbool.h>
#include <stddef.h>

/** Where a passphrase comes from: the first line of a file that only its owner can read, else the terminal, without showing it. */
struct phrase {
	const char *file;   /* NULL: ask */
	const char *prompt; /* "Passphrase of the key file" */
	bool is_new;	    /* ask twice */
};
/** saqta_passphrase_fn; @user: struct phrase. Says on stderr why there is none. */
long phrase_ask(void *user, char *ret, size_t size);

#endif
