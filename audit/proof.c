/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/tiles.h"

#include <stdlib.h>

static void line(struct buf *ret, const char *name, const void *data, size_t len)
{
	char *text = base64_encode(data, len);

	buf_fmt(ret, "%s", name);
	buf_str(ret, text ? text : "");
	buf_str(ret, "\n");
	ret->failed |= !text;
	free(text);
}

enum saqta_status audit_proof_format(uint64_t index, const uint8_t (*path)[HASH_SIZE], unsigned n_path, const struct buf *extra,
				     const struct buf *note, struct buf *ret, struct saqta_error *err)
{
	buf_str(ret, "c2sp.org/tlog-proof@v1\n");
	line(ret, "extra ", extra->data, extra->len);
	buf_fmt(ret, "index %llu\n", (unsigned long long)index);
	for (unsigned i = 0; i < n_path; i++)
		line(ret, "", path[i], HASH_SIZE);
	buf_str(ret, "\n");
	buf_add(ret, note->data, note->len);
	return ret->failed ? err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory") : SAQTA_OK;
}
