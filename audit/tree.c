/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/log.h"

#include <string.h>

/* RFC 6962 2.1, pure. */

void audit_leaf_hash(const void *entry, size_t len, uint8_t ret[HASH_SIZE]) { crypt_sha256_prefixed(0, entry, len, NULL, 0, ret); }

void audit_node_hash(const uint8_t left[HASH_SIZE], const uint8_t right[HASH_SIZE], uint8_t ret[HASH_SIZE])
{
	crypt_sha256_prefixed(1, left, HASH_SIZE, right, HASH_SIZE, ret);
}

unsigned audit_edge_append(struct audit_edge *edge, const uint8_t leaf[HASH_SIZE], uint8_t ret_nodes[65][HASH_SIZE])
{
	unsigned top = (unsigned)__builtin_popcountll(edge->size), n = 0;
	uint8_t h[HASH_SIZE];

	memcpy(h, leaf, HASH_SIZE);
	memcpy(ret_nodes[n++], h, HASH_SIZE);
	for (uint64_t i = edge->size; i & 1; i >>= 1) {
		audit_node_hash(edge->stack[--top], h, h);
		memcpy(ret_nodes[n++], h, HASH_SIZE);
	}
	memcpy(edge->stack[top], h, HASH_SIZE);
	edge->size++;
	return n;
}

void audit_edge_root(const struct audit_edge *edge, uint8_t ret[HASH_SIZE])
{
	unsigned top = (unsigned)__builtin_popcountll(edge->size);

	if (top == 0) {
		crypt_sha256("", 0, ret);
		return;
	}
	memcpy(ret, edge->stack[--top], HASH_SIZE);
	while (top > 0)
		audit_node_hash(edge->stack[--top], ret, ret);
}

uint64_t audit_node_count(uint64_t size)
{
	uint64_t count = 0;

	for (; size > 0; size >>= 1)
		count += size;
	return count;
}

uint64_t audit_node_index(unsigned level, uint64_t n)
{
	for (unsigned l = level; l > 0; l--)
		n = 2 * n + 1;
	return audit_node_count(n) + level;
}

/* The largest power of two below @n. */
static uint64_t split(uint64_t n) { return UINT64_C(1) << (63 - (unsigned)__builtin_clzll(n - 1)); }

/* Found from the root down, given from the leaf up. */
static void turn(struct audit_range *ranges, unsigned n)
{
	for (unsigned i = 0; i < n / 2; i++) {
		struct audit_range kept = ranges[i];

		ranges[i] = ranges[n - 1 - i];
		ranges[n - 1 - i] = kept;
	}
}

unsigned audit_inclusion_ranges(uint64_t index, uint64_t size, struct audit_range ret[AUDIT_PROOF_MAX])
{
	uint64_t lo = 0, hi = size;
	unsigned n = 0;

	while (hi - lo > 1) {
		uint64_t k = lo + split(hi - lo);

		if (index < k) {
			ret[n++] = (struct audit_range){k, hi};
			hi = k;
		} else {
			ret[n++] = (struct audit_range){lo, k};
			lo = k;
		}
	}
	turn(ret, n);
	return n;
}

unsigned audit_consistency_ranges(uint64_t size1, uint64_t size2, struct audit_range ret[AUDIT_PROOF_MAX])
{
	uint64_t lo = 0, hi = size2;
	unsigned n = 0;

	while (size1 < hi) {
		uint64_t k = lo + split(hi - lo);

		if (size1 <= k) {
			ret[n++] = (struct audit_range){k, hi};
			hi = k;
		} else {
			ret[n++] = (struct audit_range){lo, k};
			lo = k;
		}
	}
	if (lo > 0) /* the old tree is not a subtree of the new one: its last part begins the proof */
		ret[n++] = (struct audit_range){lo, hi};
	turn(ret, n);
	return n;
}

bool audit_verify_inclusion(uint64_t index, uint64_t size, const uint8_t leaf[HASH_SIZE], const uint8_t (*path)[HASH_SIZE], size_t n_path,
			    const uint8_t root[HASH_SIZE])
{
	uint64_t fn = index, sn = size - 1;
	uint8_t r[HASH_SIZE];

	if (index >= size)
		return false;
	memcpy(r, leaf, HASH_SIZE);
	for (size_t i = 0; i < n_path; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) || fn == sn) {
			audit_node_hash(path[i], r, r);
			while (!(fn & 1) && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			audit_node_hash(r, path[i], r);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && memcmp(r, root, HASH_SIZE) == 0;
}

bool audit_verify_consistency(uint64_t m, uint64_t n, const uint8_t (*path)[HASH_SIZE], size_t n_path, const uint8_t root1[HASH_SIZE],
			      const uint8_t root2[HASH_SIZE])
{
	uint64_t fn, sn;
	uint8_t fr[HASH_SIZE], sr[HASH_SIZE];
	size_t i = 0;

	if (m == 0 || m > n)
		return false;
	if (m == n)
		return n_path == 0 && memcmp(root1, root2, HASH_SIZE) == 0;
	if (n_path == 0)
		return false;
	fn = m - 1;
	sn = n - 1;
	while (fn & 1) {
		fn >>= 1;
		sn >>= 1;
	}
	memcpy(fr, (m & (m - 1)) == 0 ? root1 : path[i++], HASH_SIZE);
	memcpy(sr, fr, HASH_SIZE);
	for (; i < n_path; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) || fn == sn) {
			audit_node_hash(path[i], fr, fr);
			audit_node_hash(path[i], sr, sr);
			while (!(fn & 1) && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			audit_node_hash(sr, path[i], sr);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && memcmp(fr, root1, HASH_SIZE) == 0 && memcmp(sr, root2, HASH_SIZE) == 0;
}
