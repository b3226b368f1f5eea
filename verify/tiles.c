/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/verify.h"

#include <stdlib.h>
#include <string.h>

/* C2SP tlog-tiles: every file that a log of this size has, read once from the first entry to the last, and the tree told again by the entries. */

#define TILE_BYTES (TILE_WIDTH * HASH_SIZE)

struct pass {
	int dir;
	const struct pass_calls *calls;
	struct fault *f;
	enum verdict v; /* of a tile that was completed */
	struct edge edge;
	uint64_t n_hashes[TILE_LEVELS]; /* told so far at each level */
	uint8_t tiles[TILE_LEVELS][TILE_BYTES];
	uint8_t leaves[TILE_BYTES]; /* the tile at level 0, as it is on the disk */
	uint8_t scratch[TILE_BYTES];
	uint8_t entry[ENTRY_MAX];
	struct stream bundle;
	char path[TILE_PATH_SIZE];
};

static void pass_freep(struct pass **p) { free(*p); }

void tile_name(unsigned level, uint64_t n, unsigned width, char ret[TILE_PATH_SIZE])
{
	unsigned parts[7], n_parts = 0;
	size_t at;

	at = (size_t)(level == TILE_ENTRIES ? snprintf(ret, TILE_PATH_SIZE, "tile/entries/")
					    : snprintf(ret, TILE_PATH_SIZE, "tile/%u/", level));
	do {
		parts[n_parts++] = (unsigned)(n % 1000);
		n /= 1000;
	} while (n > 0);
	while (n_parts > 1)
		at += (size_t)snprintf(ret + at, TILE_PATH_SIZE - at, "x%03u/", parts[--n_parts]);
	at += (size_t)snprintf(ret + at, TILE_PATH_SIZE - at, "%03u", parts[0]);
	if (width < TILE_WIDTH)
		(void)snprintf(ret + at, TILE_PATH_SIZE - at, ".p/%u", width);
}

static enum verdict in_file(struct pass *p, enum verdict v)
{
	(void)snprintf(p->f->file, sizeof(p->f->file), "%s", p->path);
	return v;
}

/* A tile has exactly its bytes. */
static enum verdict read_tile(struct pass *p, unsigned level, uint64_t n, unsigned width, uint8_t ret[TILE_BYTES])
{
	size_t len, want = (size_t)width * HASH_SIZE;
	enum verdict v;

	tile_name(level, n, width, p->path);
	v = file_read(p->dir, p->path, ret, want, &len, p->f);
	if (!v && len != want)
		v = in_file(p, fault_set(p->f, VERDICT_BROKEN, "it has %zu bytes instead of %zu: it was cut", len, want));
	if (v == VERDICT_BROKEN && level == 0)
		p->f->has_entry = true;
	p->f->entry = n * TILE_WIDTH;
	return v;
}

/* Hold the hashes told at @level against the tile on the disk. */
static enum verdict check_tile(struct pass *p, unsigned level, uint64_t n, unsigned width)
{
	enum verdict v = read_tile(p, level, n, width, p->scratch);

	for (unsigned i = 0; i < width && !v; i++) {
		uint64_t first = (n * TILE_WIDTH + i) << (8 * level);

		if (memcmp(p->scratch + i * HASH_SIZE, p->tiles[level] + i * HASH_SIZE, HASH_SIZE) != 0)
			v = in_file(p,
				    fault_entry(p->f, first, "its hash %u is not that of the entries %llu to %llu", i,
						(unsigned long long)first, (unsigned long long)(first + (UINT64_C(1) << (8 * level)) - 1)));
	}
	return v;
}

/* Every eighth node upwards stands in a tile. */
static void add_node(void *user, unsigned level, const uint8_t hash[HASH_SIZE])
{
	struct pass *p = user;
	unsigned tile = level / 8;
	uint64_t i;

	if (level % 8 != 0 || tile >= TILE_LEVELS)
		return;
	i = p->n_hashes[tile]++;
	memcpy(p->tiles[tile] + i % TILE_WIDTH * HASH_SIZE, hash, HASH_SIZE);
	/* The level 0 was held against its tile hash by hash. */
	if (tile > 0 && i % TILE_WIDTH == TILE_WIDTH - 1 && !p->v)
		p->v = check_tile(p, tile, i / TILE_WIDTH, TILE_WIDTH);
}

static enum verdict take_bytes(struct pass *p, uint64_t index, void *ret, size_t len)
{
	size_t got;
	enum verdict v = stream_take(&p->bundle, ret, len, &got, p->f);

	if (!v && got < len)
		v = fault_entry(p->f, index, "the file ends within it");
	return v ? in_file(p, v) : v;
}

static enum verdict take_entry(struct pass *p, uint64_t index, struct span *ret)
{
	const uint8_t *want = p->leaves + index % TILE_WIDTH * HASH_SIZE;
	uint8_t be[2], leaf[HASH_SIZE];
	enum verdict v = take_bytes(p, index, be, sizeof(be));

	if (v)
		return v;
	*ret = (struct span){(const char *)p->entry, (size_t)be[0] << 8 | be[1]};
	v = take_bytes(p, index, p->entry, ret->len);
	if (v || ret->len == 0)
		return v;
	verify_leaf(p->entry, ret->len, leaf);
	if (memcmp(leaf, want, HASH_SIZE) != 0)
		return in_file(p, fault_entry(p->f, index, "it does not have the hash that stands in the tree"));
	return VERDICT_HOLDS;
}

static enum verdict add_entry(struct pass *p, uint64_t index)
{
	struct span bytes;
	enum verdict v = take_entry(p, index, &bytes);

	if (!v && p->calls->entry)
		v = p->calls->entry(p->calls->user, index, bytes, p->f);
	if (v)
		return v;
	edge_append(&p->edge, p->leaves + index % TILE_WIDTH * HASH_SIZE, add_node, p);
	if (p->v)
		return p->v;
	return p->calls->grown ? p->calls->grown(p->calls->user, &p->edge, p->f) : VERDICT_HOLDS;
}

static enum verdict pass_bundle(struct pass *p, uint64_t n, unsigned width)
{
	cleanup_(fd_closep) int fd = -1;
	uint64_t size;
	uint8_t more;
	size_t got = 0;
	enum verdict v = read_tile(p, 0, n, width, p->leaves);

	tile_name(TILE_ENTRIES, n, width, p->path);
	if (!v)
		v = file_open(p->dir, p->path, &fd, &size, p->f);
	if (v) {
		p->f->has_entry |= v == VERDICT_BROKEN;
		return v;
	}
	p->bundle.fd = fd;
	p->bundle.at = p->bundle.len = 0;
	for (unsigned i = 0; i < width && !v; i++) {
		tile_name(TILE_ENTRIES, n, width, p->path);
		v = add_entry(p, n * TILE_WIDTH + i);
	}
	if (!v)
		v = stream_take(&p->bundle, &more, 1, &got, p->f);
	if (!v && got > 0) {
		tile_name(TILE_ENTRIES, n, width, p->path);
		v = in_file(p, fault_entry(p->f, n * TILE_WIDTH + width - 1, "something follows it in its file"));
	}
	return v;
}

enum verdict tiles_pass(int dir, uint64_t size, const struct pass_calls *calls, struct head *ret, struct fault *f)
{
	cleanup_(pass_freep) struct pass *p = calloc(1, sizeof(*p));
	enum verdict v = VERDICT_HOLDS;

	if (!p)
		return fault_set(f, VERDICT_IO, "out of memory");
	p->dir = dir;
	p->calls = calls;
	p->f = f;
	for (uint64_t n = 0; n * TILE_WIDTH < size && !v; n++) {
		uint64_t left = size - n * TILE_WIDTH;

		v = pass_bundle(p, n, left < TILE_WIDTH ? (unsigned)left : TILE_WIDTH);
	}
	for (unsigned level = 1; level < TILE_LEVELS && !v; level++) {
		unsigned width = (unsigned)(p->n_hashes[level] % TILE_WIDTH);

		if (width > 0)
			v = check_tile(p, level, p->n_hashes[level] / TILE_WIDTH, width);
	}
	ret->size = p->edge.size;
	edge_root(&p->edge, ret->root);
	return v;
}
