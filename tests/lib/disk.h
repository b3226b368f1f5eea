/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_DISK_H
#define TESTS_DISK_H

#include "hall.h"

/* A folder with a vault, on which the program is run over the disk of tests/fault/power_shim.c. Whatever fails ends the test. Paths are relative to the
 * work folder: v, v.keep, copy. */

void disk_begin(const char *saqta, const char *shim);
void disk_end(void);
/** Ends the test; keeps the folder and says where and at what. */
void disk_fail(const char *what, const char *why);
/** What a failure is told with. */
void disk_trying(const char *act, const char *mode, unsigned at, unsigned seed);

/** Keep the work folder's state under @name, or make it that again. */
void disk_keep(const char *name);
void disk_take(const char *name);
void disk_clear(void);
void disk_remove(const char *path);
/** What a backup that was cut off left beside the file @path. */
void disk_remove_leftovers(const char *path);
bool disk_has(const char *path);
/** In the store @path, as another program would. */
void disk_sql(const char *path, const char *sql);
/** The whole path; static, of the last few calls. */
const char *disk_path(const char *path);
/** A file outside the work folder that holds @text. Static. */
const char *disk_phrase(const char *text);

struct disk_run {
	const char *now, *args[8];
	const char *input; /* NULL: none */
	unsigned chunk;	   /* so many lines at a time, then their answers are awaited; 0: all at once */
	const char *mode;  /* of the shim; NULL: a plain run */
	unsigned at, seed;
};
struct disk_ran {
	int code;	 /* exit code; -1: killed */
	char *out;	 /* owned */
	bool is_reached; /* the shim did what it was asked to */
	bool has_power;	 /* and the power did not fail at the end */
};
/** @code: what it must exit with; -1: whatever the contract allows for a run that failed so. */
struct disk_ran disk_run(const struct disk_run *run, int code);
/** It must exit 0; what it said is not of interest. */
void disk_do(const struct disk_run *run);
void disk_ran_done(struct disk_ran *ran);

/** In this process, for writing. */
saqta_engine *disk_open(const char *now);
/** Fork, wait for the child in the parent: 0 in the child. */
int disk_fork(void);

/** Note which of the sealed keys that the kept state @name had stand in the keep's files now. */
void disk_seek_keys(const char *name);
/** Of those that were noted, only keys of subjects that @living knows may be there; NULL: none. */
void disk_no_keys(struct keystore *living);
/** The keep's files do not hold the master key that the kept state @name had. */
void disk_no_master_of(const char *name);

#endif
