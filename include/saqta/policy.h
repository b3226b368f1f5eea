/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SAQTA_POLICY_H
#define SAQTA_POLICY_H

#include "saqta/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Load and validate a pack. Every problem is written as a line FILE:LINE: reason, then SAQTA_ERR_POLICY. On success one JSON object: id, version,
 *  rules, digest. @policy_dirs NULL: the built-in places. */
enum saqta_status saqta_policy_check(const char *pack, const char *policy_dirs, saqta_write_fn problems, saqta_write_fn write, void *user,
				     struct saqta_error *reterr);

/** What is valid in a pack but wrong: one JSON object a line with file, line, severity (error, warning, note), kind, rule, clauses, message, and
 *  where there is one an example `case` as facts; what it does not name is empty. @ret_errors: how many are errors. A pack that does not load is
 *  SAQTA_ERR_POLICY, as in saqta_policy_check. */
enum saqta_status saqta_policy_lint(const char *pack, const char *policy_dirs, saqta_write_fn problems, saqta_write_fn write, void *user,
				    uint64_t *ret_errors, struct saqta_error *reterr);

/** Is every enforced clause of clauses.tsv carried in the way that it says, and every article of statute.tsv? @packs: the documents to tell of,
 *  all of the table and the statutes under them if there are none. @tests_dir NULL: ./tests. One JSON object a line for each document: document,
 *  carried, missing, not_enforced, and rows (clause, shown_by, missing). @ret_missing: how many rows are not carried. */
enum saqta_status saqta_policy_coverage(const char *const *packs, size_t n_packs, const char *policy_dirs, const char *tests_dir,
					saqta_write_fn problems, saqta_write_fn write, void *user, uint64_t *ret_missing,
					struct saqta_error *reterr);

/** Put a pack in force in an open vault: recorded, and kept with the vault, so that the policy in force does not change when the files do. What
 *  was decided before goes on citing the policy that decided it. Terms are derived again, and deadlines computed that wanted a newer calendar.
 *  A pack that is refused changes nothing. The report is one JSON object: policy, version, digest, changed, audit, subjects_derived,
 *  consents_outdated (subjects of whom a consent holds that was given under another version), deadlines_computed.
 *  SAQTA_ERR_CANCELLED by @progress: the policy is in force all the same, the next sweep goes on. */
enum saqta_status saqta_policy_use(saqta_engine *engine, const char *pack, saqta_write_fn problems, saqta_progress_fn progress,
				   void *progress_user, saqta_write_fn write, void *user, struct saqta_error *reterr);

/** Where a policy comes from. */
struct saqta_policy_from {
	size_t size; /**< sizeof(struct saqta_policy_from) */
	const char
		*pack; /**< a file's path, or a name; with an engine also "in-force", or "digest:HEX" of a version that the vault keeps */
	saqta_engine *engine;	 /**< NULL: no vault is needed */
	const char *policy_dirs; /**< where packs are looked up without an engine; NULL: the built-in places */
	saqta_write_fn problems; /**< gets every problem of a pack that is refused, as lines FILE:LINE: reason; may be NULL */
	void *user;		 /**< of @problems */
};

/* The following write one JSON object, a document in the language @lang ("kk", "ru", "en"): {"title", "sections": [{"title", "items": [{"text",
 * "clauses", …, "items": […]}]}], …}. Texts are for people; the other members of items and document are named where each function is described.
 * No value of personal data stands in any of them. */

/** What the engine does because of clause @clause ("PACK/8.1", or "8.1" of the pack itself): items have rule, kind, clauses, condition.
 *  SAQTA_ERR_MISSING if neither a rule nor a table of clauses knows it. */
enum saqta_status saqta_policy_explain_clause(const struct saqta_policy_from *from, const char *clause, const char *lang,
					      saqta_write_fn write, void *user, struct saqta_error *reterr);
/** Why a question (members of use or disclose) is answered as it is: effect, clauses; items have rule, why, and below each condition with fact, value,
 *  wanted, held. On a denial also what would have to change, tried out (`would_permit`). Recorded as a reading, since it
 *  tells when consents were given and ended. */
enum saqta_status saqta_policy_explain_decision(saqta_engine *engine, const char *text, size_t len, const char *lang, saqta_write_fn write,
						void *user, struct saqta_error *reterr);
/** Why each record of a subject is still here, and until when: items have record, category, until, due, held, and below them each rule with
 *  milestone, anchor, term, end. Recorded, as any reading. SAQTA_ERR_MISSING for one that is not known. */
enum saqta_status saqta_policy_explain_retention(saqta_engine *engine, const char *external_id, const char *lang, saqta_write_fn write,
						 void *user, struct saqta_error *reterr);

struct saqta_policy_diff_options {
	size_t size;	  /**< sizeof(struct saqta_policy_diff_options) */
	const char *lang; /**< of the texts */
	bool with_vault;  /**< count what each change would touch in the vault of both sources' engine */
	saqta_progress_fn progress;
	void *progress_user;
};
/** What changes from one policy to another: items have rule, kind, change (added, removed, changed), clauses, and with a vault subjects, records,
 *  decisions; besides old, new, rules_changed, others_changed (versions, controller, declarations) and effects (how many subjects and records would
 *  be due or due no more, whose end moves, which decisions change over a bounded set of questions a subject). Changes and records nothing. */
enum saqta_status saqta_policy_diff(const struct saqta_policy_from *from, const struct saqta_policy_from *to,
				    const struct saqta_policy_diff_options *options, saqta_write_fn write, void *user,
				    struct saqta_error *reterr);

/** The policy in sentences for publication, as it stands at @now (RFC 3339; NULL: the engine's clock, else the system's): controller, purposes and
 *  data, grounds, consents, retention, recipients, rights with their deadlines, statements; items have rule and clauses. */
enum saqta_status saqta_policy_print(const struct saqta_policy_from *from, const char *lang, const char *now, saqta_write_fn write,
				     void *user, struct saqta_error *reterr);
/** The same as a page: @format "html", "pdf" or "xml", whole, with nothing that is fetched when it is opened. */
enum saqta_status saqta_policy_page(const struct saqta_policy_from *from, const char *format, const char *lang, const char *now,
				    saqta_write_fn write, void *user, struct saqta_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
