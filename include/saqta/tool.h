/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SAQTA_TOOL_H
#define SAQTA_TOOL_H

/** @file
 *  What the command line tool is made of and applications rarely need. This
 *  header makes a weaker promise than the others: it may change between
 *  minor versions. It is plain C11 and C++. */

#include <stddef.h>
#include <stdint.h>

#include "saqta/policy.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What saqta_generate() makes. Zero-initialise, set @size to the size of the
 *  struct, then what matters. */
struct saqta_generate_options {
	size_t size;	   /**< sizeof(struct saqta_generate_options) */
	uint64_t subjects; /**< how many, at most 1,000,000,000; 0 writes nothing */
	uint64_t seed;	   /**< another seed, other people */
	const char *from;  /**< first day, YYYY-MM-DD; NULL: 2022-01-01 */
	const char *to;	   /**< every event is before 00:00 of this day; NULL: 2026-11-01 */
};

/** Write the events of invented people, as JSON Lines for `saqta apply`.
 *
 *  The same options and the same data file `generate.json` give the same bytes
 *  on every machine. Subject follows subject, by ascending time of
 *  registration; the events of one subject stand together in order of time.
 *  @write gets whole lines, many at a time. Memory does not grow with the
 *  number of subjects. No number, card, account, address or mailbox written
 *  can be that of a living person: check digits are wrong, ranges unissued.
 *
 *  The data file is looked for in the folders of the environment variable
 *  SAQTA_POLICY_PATH (separated by colons), then in ./policies, then in the
 *  installed folder.
 *
 *  @return SAQTA_OK; SAQTA_ERR_ARGUMENT for options out of range;
 *  SAQTA_ERR_MISSING if there is no data file; SAQTA_ERR_POLICY if it is
 *  refused; SAQTA_ERR_CANCELLED if @write said so; SAQTA_ERR_NOMEM.
 *  @reterr may be NULL. */
enum saqta_status saqta_generate(const struct saqta_generate_options *options, saqta_write_fn write, void *user,
				 struct saqta_error *reterr);

/** Run one scenario file (contract 8) in a fresh vault in memory with a simulated clock. What failed is written to @messages, one line each:
 *  `line N: …`. @ret_passed is written on SAQTA_OK. SAQTA_ERR_MISSING, SAQTA_ERR_INPUT (not a scenario file), SAQTA_ERR_POLICY (its pack). */
enum saqta_status saqta_scenario_run(const char *path, const char *policy_dirs, saqta_write_fn messages, void *user, bool *ret_passed,
				     struct saqta_error *reterr);

/** The scenarios of a pack: the files *.jsonl in the folder tests/PACK beside its file. One JSON object: policy, dirs (for saqta_scenario_run; the pack's own
 *  folder first, so that they run under this very pack), scenarios (paths, sorted). SAQTA_ERR_MISSING if there are none. */
enum saqta_status saqta_policy_tests(const struct saqta_policy_from *from, saqta_write_fn write, void *user, struct saqta_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
