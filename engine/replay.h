/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HALL_REPLAY_H
#define HALL_REPLAY_H

#include "hall.h"
#include "pseudonyms.h"
#include "saqta/audit.h"

#include <stdio.h>

/* What the two files of `audit replay` share: replay.c runs the log again, replay_compare.c holds what came of it against the log. */

#define HELD_MAX 65536

/** Somebody in the log, and in the vault in memory. */
struct person {
	uint8_t in_log[PSEUDONYM_SIZE];
	uint8_t id[SUBJECT_ID_SIZE]; /* in memory */
	uint64_t unopened;	     /* entry + 1 whose commitment could not be opened; 0: none */
	bool is_erased;
};
struct held {
	uint32_t incarnation;
	uint64_t seq;
	json_t *entry; /* owned */
};
struct replay {
	struct saqta_engine *e;	  /* the vault whose log it is */
	struct saqta_engine *mem; /* owned; NULL until the first policy */
	const struct saqta_replay_options *o;
	FILE *events;
	char *line; /* owned */
	size_t line_cap, line_len;
	unsigned number; /* of the line in hand */
	bool has_line;	 /* it was looked at and not taken */
	bool is_at_end;
	struct person *persons; /* owned */
	size_t n_persons, cap_persons;
	struct pseudonyms in_log, in_mem; /* -> index in persons + 1 */
	struct pseudonyms tasks;	  /* number in the log -> in memory */
	struct held *held;		  /* of the log, waiting for the entry that explains them; owned */
	size_t n_held, cap_held;
	uint64_t next;	       /* entry in memory to compare next */
	uint64_t policy_entry; /* in the log */
	uint64_t entries, replayed, equal, skipped, unopened;
	bool is_short;	 /* the file ended too early */
	bool is_stopped; /* what follows cannot be told; why says so */
	char why[240];
	json_t *difference; /* the first; owned */
};

/** Hold back an entry of the log until it can be compared; takes over @entry. */
enum saqta_status replay_hold(struct replay *w, uint32_t incarnation, uint64_t seq, json_t *entry, struct saqta_error *err) must_check_;
/** Compare what is held with what came of the run, as far as both go. */
enum saqta_status replay_compare(struct replay *w, struct saqta_error *err) must_check_;
/** Note a difference at the entry. @want and @got are JSON, borrowed; NULL: nothing. */
void replay_differs(struct replay *w, const struct held *at, const char *member, const json_t *want, const json_t *got);
/** Nothing further can be told. */
void replay_stop(struct replay *w, const char *fmt, ...) printf_(2, 3);
struct person *replay_person(const struct replay *w, const json_t *entry);
/** The number in memory of the task that the log calls @task. */
uint64_t replay_task(const struct replay *w, uint64_t task);

#endif
