/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/verify.h"

#include <string.h>

/* RFC 6962's tree. */

/* Of a tree of @size entries: how many complete subtrees its right edge has, one for each bit. */
static unsigned count_bits(uint64_t size)
{
	unsigned n = 0;

	for (; size; size &= size - 1)
		n++;
	return n;
}

void edge_append(struct edge *e, const uint8_t leaf[HASH_SIZE], edge_visit_fn visit, void *user)
{
	unsigned n = count_bits(e->size), level = 0;
	uint8_t hash[HASH_SIZE];

	memcpy(hash, leaf, HASH_SIZE);
	if (visit)
		visit(user, 0, hash);
	for (uint64_t bits = e->size; bits & 1; bits >>= 1) {
		verify_node(e->stack[--n], hash, hash);
		if (visit)
			visit(user, ++level, hash);
	}
	memcpy(e->stack[n], hash, HASH_SIZE);
	e->size++;
}

void edge_root(const struct edge *e, uint8_t ret[HASH_SIZE])
{
	unsigned n = count_bits(e->size);

	if (n == 0) {
		verify_sha256("", 0, ret);
		return;
	}
	memcpy(ret, e->stack[--n], HASH_SIZE);
	while (n > 0)
		verify_node(e->stack[--n], ret, ret);
}

bool path_holds(uint64_t index, const struct head *head, const uint8_t leaf[HASH_SIZE], const uint8_t (*path)[HASH_SIZE], size_t n_path)
{
	uint64_t fn = index, sn = head->size - 1;
	uint8_t r[HASH_SIZE];

	if (index >= head->size)
		return false;
	memcpy(r, leaf, HASH_SIZE);
	for (size_t i = 0; i < n_path; i++) {
		if (sn == 0)
			return false;
		if (fn & 1 || fn == sn) {
			verify_node(path[i], r, r);
			while (!(fn & 1) && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			verify_node(r, path[i], r);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && memcmp(r, head->root, HASH_SIZE) == 0;
}
