/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/verify.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* What the second program reads; the first byte says as what. It shares no header with the first program, and so none with the other targets. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void as_checkpoint(struct span bytes)
{
	struct checkpoint c;
	struct note n;

	if (note_parse(bytes, &n) || checkpoint_parse(n.text, &c))
		return;
	must(*c.origin && n.text.at == bytes.at && n.text.len + n.signatures.len <= bytes.len);
}

/* What it takes for an entry is JSON to another reader, who reads the same. */
static void as_entry(struct span bytes)
{
	struct entry e;
	json_t *root;

	if (entry_scan(bytes, &e))
		return;
	root = json_loadb(bytes.at, bytes.len, JSON_REJECT_DUPLICATES, NULL);
	must(root && (uint64_t)json_integer_value(json_object_get(root, "seq")) == e.seq);
	must(strcmp(json_string_value(json_object_get(root, "type")), e.type) == 0);
	json_decref(root);
}

static void as_key(struct span bytes)
{
	struct key k;

	if (key_parse(bytes, &k))
		must(key_same(&k, &k) && span_is(bytes, k.text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct witness_policy policy;
	static struct proof proof;
	static struct story story;
	struct span bytes;
	struct fault f;

	if (size == 0)
		return 0;
	bytes = (struct span){.at = (const char *)data + 1, .len = size - 1};
	switch (data[0] % 6) {
	case 0:
		as_checkpoint(bytes);
		break;
	case 1:
		as_entry(bytes);
		break;
	case 2:
		as_key(bytes);
		break;
	case 3:
		(void)!witness_policy_parse(bytes, &policy, &f);
		break;
	case 4:
		(void)!proof_check(bytes, &proof, &f);
		break;
	default:
		memset(&story, 0, sizeof(story));
		(void)!story_entry(&story, 0, bytes, &f);
	}
	return 0;
}
