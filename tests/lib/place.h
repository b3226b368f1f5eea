/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_PLACE_H
#define TESTS_PLACE_H

#include "saqta/policy.h"

#include <stddef.h>

/* A folder of its own for one test: a copy of the packs, which may be edited, and a vault under one of them. Whatever fails ends the test. */
struct place {
	char dir[64];
	char packs[128]; /* a copy of the project's packs */
	char vault[128];
};

void place_make(struct place *p);
void place_remove(struct place *p);
/** In the copy's file @name, every @from becomes @to; it must be there. */
void place_edit(const struct place *p, const char *name, const char *from, const char *to);
/** The pack @name gets another version. */
void place_version(const struct place *p, const char *name, const char *version);
/** Cut from @from up to, and without, @to. */
void place_cut(const struct place *p, const char *name, const char *from, const char *to);
/** Copy the packs as they are to the folder @name beside them. */
void place_keep(const struct place *p, const char *name);
void place_copy(const struct place *p, const char *from, const char *to);

void place_init(const struct place *p, const char *pack, const char *now);
saqta_engine *place_open(const struct place *p, const char *now);
saqta_engine *place_read(const struct place *p, const char *now);

/** What an engine wrote; zero-initialise. */
struct text {
	char *data; /* owned; NULL while empty */
	size_t len;
};
int text_write(void *user, const char *data, size_t len); /* saqta_write_fn */
void text_done(struct text *t);
/** Apply lines; the answers are written to @ret, which may be NULL. */
void place_apply(saqta_engine *e, const char *lines, struct text *ret);
/** The report of a sweep. */
void place_sweep(saqta_engine *e, struct text *ret);

#endif
