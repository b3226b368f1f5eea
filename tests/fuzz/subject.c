/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

static void subject(const uint8_t *data, size_t size)
{
	cleanup_(subject_done) struct subject s;
	cleanup_(buf_done) struct buf back = {0};

	subject_init(&s);
	if (subject_decode(&s, data, size, NULL))
		return;
	subject_encode(&s, &back);
	fuzz_must(back.len == size && memcmp(back.data, data, size) == 0);
	(void)subject_consent(&s, "processing");
	(void)subject_order(&s, "contact");
	(void)subject_request(&s, "r1");
	(void)subject_row(&s, "partner", "p1");
	fuzz_must(subject_state(&s) && subject_add_consent(&s) && subject_add_hold(&s) && subject_add_task(&s, 1));
}

/* The rows of subjects and records as they come out of their seal: what is read is written as the same bytes, and can be asked. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_(record_done) struct record r = {0};
	cleanup_(buf_done) struct buf back = {0};

	subject(data, size);
	if (record_decode(&r, data, size, NULL))
		return 0;
	record_encode(&r, &back);
	fuzz_must(back.len == size && memcmp(back.data, data, size) == 0);
	return 0;
}
