/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HALL_BACKUP_H
#define HALL_BACKUP_H

#include "base/stream.h"
#include "hall.h"
#include "saqta/keys.h"

#include <jansson.h>

/* What a backup file holds (docs/backup-format.md). */

/** The header's line, read back. */
struct backup_header {
	uint8_t vault_id[16];
	uint32_t incarnation;
	struct audit_head head;
	bool has_keys;
	struct passphrase_params params; /* of a backup with keys */
	char at[INSTANT_TEXT_SIZE];
};
void backup_header_format(const struct backup_header *h, const char *checkpoint, struct buf *ret);
enum saqta_status backup_header_parse(const struct buf *text, const char *path, struct backup_header *ret,
				      struct saqta_error *err) must_check_;

/** The member `passphrase` of a header: how its key is made. What is out of bounds is refused by passphrase_key. */
void passphrase_params_json(const struct passphrase_params *p, struct json_out *j);
bool passphrase_params_parse(json_t *header, struct passphrase_params *ret);

/** The parts of the sealed stream, in this order; each begins with its number and its length. */
enum backup_part { BACKUP_END, BACKUP_VAULT, BACKUP_KEYSTORE, BACKUP_MASTER };
#define BACKUP_PART_SIZE 9 /* u8 part, i64 length */

#endif
