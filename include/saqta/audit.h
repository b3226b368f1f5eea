/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SAQTA_AUDIT_H
#define SAQTA_AUDIT_H

#include "saqta/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Re-read every entry and node and compare with the guard's checkpoint. Report as JSON: size, root, first and last time.
 *  SAQTA_ERR_TAMPERED names the first wrong entry. */
enum saqta_status saqta_audit_verify(saqta_engine *engine, saqta_progress_fn progress, void *progress_user, saqta_write_fn write,
				     void *user, struct saqta_error *reterr);
/** The same, and besides the silences: where more than @heartbeat (an ISO 8601 duration in days, hours, minutes or seconds; NULL: do not look) lay
 *  between two moments at which the log was signed (heartbeats, ends of sweeps), and how many entries no signature holds yet. SAQTA_ERR_GUARD,
 *  after the report, where there are silences. */
enum saqta_status saqta_audit_verify_heartbeat(saqta_engine *engine, const char *heartbeat, saqta_progress_fn progress, void *progress_user,
					       saqta_write_fn write, void *user, struct saqta_error *reterr);
/** Record an entry that says no more than that the vault was there, and sign the head over it. Report as JSON: entry, at. */
enum saqta_status saqta_audit_heartbeat(saqta_engine *engine, saqta_write_fn write, void *user, struct saqta_error *reterr);
/** Sign the head now and write the signed note. */
enum saqta_status saqta_audit_checkpoint(saqta_engine *engine, saqta_write_fn write, void *user, struct saqta_error *reterr);
/** Entries from @from on, one JSON object a line; @external_id NULL or a living subject: only its own. */
enum saqta_status saqta_audit_show(saqta_engine *engine, uint64_t from, const char *external_id, saqta_write_fn write, void *user,
				   struct saqta_error *reterr);
struct saqta_audit_open_options {
	size_t size;
	const uint64_t *entries; /**< numbers */
	size_t n_entries;
	const char *purpose; /**< why it is read; NULL: neither the external id nor the keys are given */
	const char *claims;  /**< path of a file of JSON Lines, each held against each entry's commitment; NULL: none */
};
/** Open entries, one JSON object each: type, at, pseudonym, whether it opens and if not why (erased_by: the entry); with a purpose `subject`, its
 *  external id, and `key`, under which HMAC-SHA-256 over the event gives the entry's `input`; with claims `claim` yes or no, `claim_line`. With
 *  either, each is recorded as a reading of the subject. SAQTA_ERR_MISSING for an entry that is not there. */
enum saqta_status saqta_audit_open(saqta_engine *engine, const struct saqta_audit_open_options *options, saqta_write_fn write, void *user,
				   struct saqta_error *reterr);
/** Let the log begin anew, under another name and key: its first entry names @reason (UTF-8, at most 1,000 bytes, no personal data) and the
 *  old log's head. Report as JSON: incarnation, old and new head, the new verifier key. SAQTA_ERR_TAMPERED if the old log does not verify. */
enum saqta_status saqta_audit_incarnate(saqta_engine *engine, const char *reason, saqta_progress_fn progress, void *progress_user,
					saqta_write_fn write, void *user, struct saqta_error *reterr);
/** Rebuild from the log, its past included, who is registered with how many records in which state, the tasks that entries name and the policy
 *  in force, and compare with the vault's tables. Report as JSON: agrees, counts, differences (the first 1,000, by pseudonym). SAQTA_ERR_TAMPERED,
 *  after the report, where they differ. Open the vault for writing: while another process writes, tables and log are not of one moment. */
enum saqta_status saqta_audit_reconcile(saqta_engine *engine, saqta_progress_fn progress, void *progress_user, saqta_write_fn write,
					void *user, struct saqta_error *reterr);
/** Write the log up to its newest signed head into the folder @dir as C2SP tlog-tiles, its former incarnations below it in past/<number>. A
 *  folder of an earlier export grows by what is new; what was written before is held against the log. Report as JSON: origin, entries, added,
 *  unsigned (entries behind that head), past_logs, past_keys, root. SAQTA_ERR_CREATE if something else stands in @dir. */
enum saqta_status saqta_audit_export(saqta_engine *engine, const char *dir, saqta_progress_fn progress, void *progress_user,
				     saqta_write_fn write, void *user, struct saqta_error *reterr);
/** C2SP tlog-proof that entry @index stands under the newest signed head; the entry itself is its extra data. SAQTA_ERR_MISSING if there is no
 *  such entry, or no head over it yet. */
enum saqta_status saqta_audit_prove(saqta_engine *engine, uint64_t index, saqta_write_fn write, void *user, struct saqta_error *reterr);
/** The same of the entry that records the destruction with the receipt @number (32 hexadecimal digits), also in a former incarnation. */
enum saqta_status saqta_receipt(saqta_engine *engine, const char *number, saqta_write_fn write, void *user, struct saqta_error *reterr);

struct saqta_prune_options {
	size_t size;
	const char *before; /**< RFC 3339: entries recorded before it; NULL: up to an entry */
	bool has_to;
	uint64_t to;	    /**< entries before this one */
	const char *reason; /**< UTF-8, at most 1,000 bytes, no personal data: stays in the log */
	bool dry_run;	    /**< count, and change nothing */
	saqta_progress_fn progress;
	void *progress_user;
};
/** Take away, for good, the bodies of old entries that neither the log nor a living subject needs any more; hashes and proofs stay, and an entry says
 *  what went. Report as JSON: entry, to, pruned, kept, bytes. SAQTA_ERR_TAMPERED if the log does not verify. */
enum saqta_status saqta_audit_prune(saqta_engine *engine, const struct saqta_prune_options *options, saqta_write_fn write, void *user,
				    struct saqta_error *reterr);

struct saqta_replay_options {
	size_t size;
	const char *events; /**< path of a file: every line that was ever applied, in this order */
	uint64_t from;	    /**< entries before it are made again, and not compared */
	bool has_to;
	uint64_t to; /**< the last entry */
	saqta_progress_fn progress;
	void *progress_user;
};
/** Make the log's decisions again in a vault in memory, each under the policy and at the time that its entry names, and compare. Report as JSON:
 *  agrees, counts, first_difference (entry, line, member, wanted, got), stopped (why it went no further). After the report: SAQTA_ERR_TAMPERED where
 *  they differ, SAQTA_ERR_INPUT where the file ends too early, SAQTA_ERR_MISSING where what is needed is gone. Names nobody. */
enum saqta_status saqta_audit_replay(saqta_engine *engine, const struct saqta_replay_options *options, saqta_write_fn write, void *user,
				     struct saqta_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
