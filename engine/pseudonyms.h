/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HALL_PSEUDONYMS_H
#define HALL_PSEUDONYMS_H

#include "base/error.h"

#include <jansson.h>

/* A map from pseudonyms, which are random and so hash themselves, to numbers. */

#define PSEUDONYM_SIZE 16

struct pseudonyms {
	struct pseudonym_slot {
		uint8_t name[PSEUDONYM_SIZE];
		bool is_used;
		uint64_t value;
	} * slots; /* owned; open addressing, a power of two */
	size_t cap, n;
};
void pseudonyms_done(struct pseudonyms *p);
/** The value of @name, 0 if it is new; NULL when out of memory. Valid until the next new name. */
uint64_t *pseudonyms_put(struct pseudonyms *p, const uint8_t name[PSEUDONYM_SIZE]);
/** The same, NULL if there is none. */
uint64_t *pseudonyms_get(const struct pseudonyms *p, const uint8_t name[PSEUDONYM_SIZE]);
/** The pseudonym that an entry of the log names; false if it names none. */
bool pseudonym_of(const json_t *entry, uint8_t ret[PSEUDONYM_SIZE]);

#endif
