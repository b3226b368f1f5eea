/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

static void subject(const uint8_t *data, size_t size)
{
	cleanup_(subject_done) struct subject s, again;
	cleanup_(buf_done) struct buf once = {0}, twice = {0};

	subject_init(&s);
	subject_init(&again);
	if (!subject_decode(&s, data, size, NULL)) {
		(void)subject_consent(&s, "processing");
		(void)subject_order(&s, "contact");
		(void)subject_request(&s, "r1");
		(void)subject_row(&s, "partner", "p1");
		fuzz_must(subject_state(&s) && subject_add_consent(&s) && subject_add_task(&s, 1));
		s.consents[s.n_consents - 1].scope = text_copy("processing");
		s.consents[s.n_consents - 1].kind = CONSENT_GIVEN;
		subject_encode(&s, &once);
		fuzz_must(!once.failed && !subject_decode(&again, once.data, once.len, NULL));
		subject_encode(&again, &twice);
		fuzz_must(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
	}
	subject_done(&again);
}

/* The rows of subjects and records as they come out of their seal: what is read is written as the same, and can be asked. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_(record_done) struct record r = {0}, again = {0};
	cleanup_(buf_done) struct buf once = {0}, twice = {0};

	subject(data, size);
	if (!record_decode(&r, data, size, NULL)) {
		record_encode(&r, &once);
		fuzz_must(!once.failed && !record_decode(&again, once.data, once.len, NULL));
		record_encode(&again, &twice);
		fuzz_must(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
	}
	record_done(&again);
	return 0;
}
