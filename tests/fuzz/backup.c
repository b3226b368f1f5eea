/* SPDX-License-Identifier: Apache-2.0 */
#include "backup.h"

#include "fuzz.h"

#include <string.h>

/* The header line of a backup: what is taken is, written again, taken as the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_(buf_done) struct buf text = {0}, back = {0};
	struct backup_header h, again;
	struct saqta_error err = {0};

	buf_add(&text, data, size);
	if (backup_header_parse(&text, "backup", &h, &err)) {
		fuzz_must(err.status == SAQTA_ERR_INPUT);
		return 0;
	}
	fuzz_must(h.head.size > 0 && h.incarnation > 0);
	backup_header_format(&h, "checkpoint", &back);
	fuzz_is_lines(&back);
	fuzz_must(!backup_header_parse(&back, "backup", &again, &err) && memcmp(&h, &again, sizeof(h)) == 0);
	return 0;
}
