/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_PUBLISHED_H
#define TESTS_PUBLISHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Published logs to verify, written by the audit room from entries made up here. What the room does not write yet (epochs of keys, pruned bodies,
 * cosignatures) is added by hand. Whatever fails ends the test. */

#define PUBLISHED_MAX 600u
#define PUBLISHED_ORIGIN "saqta.local/vault/0123456789abcdef0123456789abcdef"
#define PUBLISHED_TEXT 400 /* of a key */

struct published {
	unsigned n;
	struct published_entry {
		char text[1024];
		size_t len;
		bool is_pruned;
	} entries[PUBLISHED_MAX];
};

/** @n entries; of 40 and more, a sweep stands at 30 to 34, which destroys a subject and a record and lets a consent lapse. */
void published_fill(struct published *p, unsigned n);
/** Entry @i anew; @more may be NULL. */
void published_put(struct published *p, unsigned i, const char *type, const char *more);
/** The same with other words: @text is the whole entry. */
void published_put_text(struct published *p, unsigned i, const char *text);

/** The log as the folder @dir, which is made; its key comes from @seed. */
void published_write(const struct published *p, const char *dir, const char *origin, uint8_t seed);
/** Sign the first @size entries as the folder's checkpoint. */
void published_sign(const struct published *p, unsigned size, const char *dir, const char *origin, uint8_t seed);
/** The same by a key called @name, whatever the origin. */
void published_sign_as(const struct published *p, unsigned size, const char *dir, const char *origin, const char *name, uint8_t seed);
/** The folder @dir/epoch/@number: the last head of a former key. */
void published_epoch(const struct published *p, unsigned size, const char *dir, unsigned number, const char *origin, uint8_t seed);
/** A witness's line below the folder's checkpoint. */
void published_cosign(const char *dir, const char *name, uint8_t seed, uint64_t time_s);
void published_key(const char *name, uint8_t seed, bool is_witness, char ret[PUBLISHED_TEXT]);
void published_root(const struct published *p, unsigned size, char ret[65]);
/** The proof of entry @i in the first @size; the caller frees. */
char *published_proof(const struct published *p, unsigned i, unsigned size, const char *origin, uint8_t seed);
/** What a destruction keeps of the receipt whose bytes are all @byte. */
void published_receipt(uint8_t byte, char ret[65]);

/** A folder of its own below /tmp; and away with it. */
void published_place(char ret[64]);
void published_remove(const char *dir);
void published_put_file(const char *dir, const char *name, const void *data, size_t len);
/** The caller frees. */
uint8_t *published_get_file(const char *dir, const char *name, size_t *ret_len);

#endif
