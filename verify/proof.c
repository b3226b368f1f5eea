/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/verify.h"

#include <string.h>

/* C2SP tlog-proof: one entry, its path up to a root, and the signed head that has this root. */

static enum verdict broken(struct fault *f, const char *why) { return fault_set(f, VERDICT_BROKEN, "%s", why); }

/* What follows @word and a space on a line. */
static bool after(struct span line, const char *word, struct span *ret)
{
	size_t n = strlen(word);

	if (line.len <= n || memcmp(line.at, word, n) != 0 || line.at[n] != ' ')
		return false;
	*ret = (struct span){line.at + n + 1, line.len - n - 1};
	return true;
}

static enum verdict take_head(struct span *rest, struct proof *p, struct fault *f)
{
	struct span line, extra, index;

	if (!span_until(rest, '\n', &line) || !span_is(line, "c2sp.org/tlog-proof@v1"))
		return broken(f, "it is no C2SP tlog-proof");
	if (!span_until(rest, '\n', &line) || !after(line, "extra", &extra) ||
	    !span_base64(extra, p->bytes, sizeof(p->bytes), &p->entry.len))
		return broken(f, "it does not bring its entry along");
	p->entry.at = (const char *)p->bytes;
	if (!span_until(rest, '\n', &line) || !after(line, "index", &index) || !span_number(index, &p->index))
		return broken(f, "the number of its entry is malformed");
	return VERDICT_HOLDS;
}

static enum verdict take_path(struct span *rest, uint8_t (*path)[HASH_SIZE], size_t *ret_n, struct fault *f)
{
	struct span line;
	size_t len;

	*ret_n = 0;
	while (span_until(rest, '\n', &line)) {
		if (line.len == 0)
			return VERDICT_HOLDS;
		if (*ret_n == PATH_MAX_HASHES || !span_base64(line, path[*ret_n], HASH_SIZE, &len) || len != HASH_SIZE)
			break;
		++*ret_n;
	}
	return broken(f, "its hashes are malformed");
}

enum verdict proof_check(struct span text, struct proof *ret, struct fault *f)
{
	uint8_t path[PATH_MAX_HASHES][HASH_SIZE], leaf[HASH_SIZE];
	struct span rest = text;
	const char *why;
	size_t n;
	enum verdict v = take_head(&rest, ret, f);

	if (!v)
		v = take_path(&rest, path, &n, f);
	if (v)
		return v;
	why = note_parse(rest, &ret->note);
	if (!why)
		why = checkpoint_parse(ret->note.text, &ret->checkpoint);
	if (why)
		return broken(f, why);
	verify_leaf(ret->entry.at, ret->entry.len, leaf);
	if (!path_holds(ret->index, &ret->checkpoint.head, leaf, (const uint8_t(*)[HASH_SIZE])path, n))
		return fault_entry(f, ret->index, "its hashes do not lead to the head's root");
	why = entry_scan(ret->entry, &ret->said);
	if (why)
		return fault_entry(f, ret->index, "%s", why);
	if (ret->said.seq != ret->index)
		return fault_entry(f, ret->index, "it says that it has another number");
	(void)json_plain(json_member(ret->entry, "at"), &ret->at);
	return VERDICT_HOLDS;
}

enum verdict proof_signed(const struct proof *p, const struct key *key, struct fault *f)
{
	if (strcmp(p->checkpoint.origin, key->name) != 0)
		return fault_set(f, VERDICT_BROKEN, "it is of the log %s, the key of %s", p->checkpoint.origin, key->name);
	return note_seal(&p->note, key, NULL) == SEAL_HOLDS ? VERDICT_HOLDS : broken(f, "the key given did not sign its head");
}

enum verdict proof_receipt(const struct proof *p, const uint8_t number[RECEIPT_SIZE], struct fault *f)
{
	uint8_t want[HASH_SIZE], have[HASH_SIZE];
	struct span text;

	if (strcmp(p->said.type, "destroyed") != 0)
		return fault_entry(f, p->index, "it is no destruction of a subject, but `%s`", p->said.type);
	verify_sha256(number, RECEIPT_SIZE, want);
	if (!json_plain(json_member(p->said.more, "receipt"), &text) || !span_hex(text, have, sizeof(have)) ||
	    memcmp(have, want, sizeof(want)) != 0)
		return fault_entry(f, p->index, "it is a destruction, but not the one with this receipt");
	return VERDICT_HOLDS;
}
