/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/tiles.h"

#include <stdio.h>

void tile_path(unsigned level, uint64_t n, unsigned width, char ret[TILE_PATH_SIZE])
{
	char groups[40], part[16] = "", kind[16] = "entries";
	unsigned parts[7], n_parts = 0;
	size_t at = 0;

	do {
		parts[n_parts++] = (unsigned)(n % 1000);
		n /= 1000;
	} while (n > 0);
	while (n_parts > 1)
		at += (size_t)snprintf(groups + at, sizeof(groups) - at, "x%03u/", parts[--n_parts]);
	(void)snprintf(groups + at, sizeof(groups) - at, "%03u", parts[0]);
	if (level != TILE_ENTRIES)
		(void)snprintf(kind, sizeof(kind), "%u", level);
	if (width < TILE_WIDTH)
		(void)snprintf(part, sizeof(part), ".p/%u", width);
	(void)snprintf(ret, TILE_PATH_SIZE, "tile/%s/%s%s", kind, groups, part);
}

/* A bundle has an entry for each hash of the tile at level 0. */
static uint64_t hashes(unsigned level, uint64_t size) { return level == TILE_ENTRIES ? size : size >> (8 * level); }

uint64_t tile_last(unsigned level, uint64_t size) { return hashes(level, size) / TILE_WIDTH; }

unsigned tile_width(unsigned level, uint64_t n, uint64_t size)
{
	uint64_t last = tile_last(level, size);

	if (n != last)
		return n < last ? TILE_WIDTH : 0;
	return (unsigned)(hashes(level, size) % TILE_WIDTH);
}
