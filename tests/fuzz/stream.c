/* SPDX-License-Identifier: Apache-2.0 */
#include "base/stream.h"

#include "fuzz.h"

#include <string.h>
#include <unistd.h>

#define PAYLOAD 66000u /* of two chunks */

static void make(struct buf *ret)
{
	cleanup_(buf_done) struct buf header = {0};
	static uint8_t payload[PAYLOAD];
	struct stream *s = NULL;
	struct saqta_error err;

	buf_str(&header, "{\"at\":\"now\"}");
	(void)unlink(fuzz_path("made"));
	fuzz_must(!crypt_init(&err) && !stream_create(fuzz_path("made"), fuzz_key, &header, &s, &err));
	fuzz_must(!stream_write(s, payload, sizeof(payload), &err) && !stream_finish(s, &err));
	(void)stream_close(s);
	fuzz_read(fuzz_path("made"), ret);
}

/* A sealed file with bytes changed or cut: it does not open to its end. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct buf made;
	static uint8_t payload[PAYLOAD];
	cleanup_(buf_done) struct buf file = {0}, header = {0};
	struct stream *s = NULL;
	struct saqta_error err = {0};
	enum saqta_status r;
	bool differs;

	if (!made.data)
		make(&made);
	buf_add(&file, made.data, made.len);
	differs = fuzz_patch(&file, 2, data, size);
	r = stream_open(fuzz_file("stream", file.data, file.len), &s, &header, &err);
	if (!r)
		r = stream_unlock(s, fuzz_key, &err);
	if (!r)
		r = stream_read(s, payload, sizeof(payload), &err);
	if (!r)
		r = stream_end(s, &err);
	fuzz_must(differs == (r != SAQTA_OK));
	(void)stream_close(s);
	return 0;
}
