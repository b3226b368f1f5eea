/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

static void read_as(enum event_use use, const char *line, size_t len)
{
	struct event ev = {0}, again = {0};
	struct saqta_error why = {0};
	char *words, *text;

	if (event_parse(fuzz_policy(), use, line, len, FUZZ_NOW, &ev, &why)) {
		fuzz_must(why.status == SAQTA_ERR_INPUT && *why.message);
		return;
	}
	fuzz_must(ev.kind < EVENT_KINDS && (!ev.subject || strlen(ev.subject) <= EXTERNAL_ID_MAX));
	words = event_words(&ev, "categories");
	text = json_dumps(ev.root, JSON_COMPACT | JSON_SORT_KEYS);
	fuzz_must(text && !event_parse(fuzz_policy(), use, text, strlen(text), FUZZ_NOW, &again, &why));
	fuzz_must(json_equal(ev.root, again.root) && ev.at_us == again.at_us && ev.kind == again.kind);
	free(words);
	free(text);
	event_done(&ev);
	event_done(&again);
}

/* One line as an event and as a question: what is taken is, written again, taken as the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_as(EVENT_FOR_APPLY, (const char *)data, size);
	read_as(EVENT_FOR_DECIDE, (const char *)data, size);
	read_as(EVENT_FOR_SCENARIO, (const char *)data, size);
	return 0;
}
