/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include "hall.h"

/* A target reads hostile bytes with one parser and ends the process where an invariant does not hold. It is linked with clang's fuzzer, or with
 * replay.c, which gives it the files of a folder. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Ends the process, naming the place. */
#define fuzz_must(holds) ((holds) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #holds))
_Noreturn void fuzz_fail(const char *file, int line, const char *what);

/** The process's own folder in memory (removed at its end), and a file in it: a static text that stands until the next call. */
const char *fuzz_dir(void);
const char *fuzz_path(const char *name);
/** The file @name (mode 0600) with these bytes. */
const char *fuzz_file(const char *name, const void *data, size_t len);
void fuzz_read(const char *path, struct buf *ret);

/** The folder of packs; one of its policies, and an engine in memory under it: both made once. */
const char *fuzz_packs(void);
struct policy *fuzz_policy(void);
struct saqta_engine *fuzz_engine(void);
/** Print @p in each language, lint it and explain a clause: all of it is JSON. */
void fuzz_tell(struct policy *p);
/** A clock that stands still: 2026-11-02T09:00:00+05:00. */
#define FUZZ_NOW INT64_C(1793592000000000)

/** A key in place of a random one. */
extern const uint8_t fuzz_key[KEY_SIZE];

/** Bytes overlaid on @file, as the input says: groups of le16 place (times @scale), count, so many bytes; an unfinished group cuts the file there.
 *  Returns whether anything differs from before. */
bool fuzz_patch(struct buf *file, size_t scale, const uint8_t *data, size_t size);

/** Ends the process unless what was written are lines of JSON; and the same as a saqta_write_fn. */
void fuzz_is_lines(const struct buf *text);
int fuzz_take_lines(void *user, const char *data, size_t len);
/** A saqta_write_fn that lets it go. */
int fuzz_drop(void *user, const char *data, size_t len);

#endif
