/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SAQTA_ENGINE_H
#define SAQTA_ENGINE_H

#include "saqta/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An open vault with the policy in force and its log. One thread at a time. */
typedef struct saqta_engine saqta_engine;

/** Takes bytes of a result; returns 0 to go on, anything else to stop (SAQTA_ERR_CANCELLED). */
typedef int (*saqta_write_fn)(void *user, const char *data, size_t len);
/** Told of progress on long work: @done of @total (0: not known). Non-zero stops at the next safe place. */
typedef int (*saqta_progress_fn)(void *user, uint64_t done, uint64_t total);

/** Asks for a passphrase: writes at most @size bytes to @ret and returns how many; negative: there is none. Called only where one is needed. */
typedef long (*saqta_passphrase_fn)(void *user, char *ret, size_t size);

struct saqta_options {
	size_t size;		 /**< sizeof(struct saqta_options) */
	const char *vault_dir;	 /**< holds vault.db and log.vkey */
	const char *keep_dir;	 /**< holds keystore, guard, lock; NULL: vault_dir + ".keep" */
	const char *key_file;	 /**< master key; NULL: $CREDENTIALS_DIRECTORY/saqta-master-key if there, else keep_dir + "/master.key" */
	const char *policy_dirs; /**< where packs are looked up, colon separated; NULL: the built-in places */
	const char *now;	 /**< RFC 3339; NULL: the system's clock */
	const char *actor;	 /**< who calls, for the log; NULL: "operator" */
	const char *role; /**< whom the call is for: owner, officer, operator, application, auditor; NULL: the role that keep_dir + "/roles"
				      gives to the user of this process, owner if there is no such file */
	unsigned wait_s;  /**< how long to wait for another writer */
	bool read_only;	  /**< beside a writer; nothing can be changed or recorded */
	bool key_under_passphrase;	/**< init: the new key file is sealed under a passphrase */
	saqta_passphrase_fn passphrase; /**< for a key file under a passphrase; may be NULL */
	void *passphrase_user;
};

/** Make a vault under a pack, and the key file if there is none (mode 0600).
 *  SAQTA_ERR_CREATE if a vault is there already, SAQTA_ERR_POLICY with every problem written to @problems as lines FILE:LINE: reason. */
enum saqta_status saqta_engine_init(const struct saqta_options *options, const char *pack, saqta_write_fn problems, void *user,
				    struct saqta_error *reterr);
/** Open a vault. @ret is owned by the caller. Finishes first what a crash left half way (keys of destroyed subjects). */
enum saqta_status saqta_engine_open(const struct saqta_options *options, saqta_engine **ret, struct saqta_error *reterr);
/** Commits nothing: what was not committed is lost. NULL is allowed; returns NULL. */
saqta_engine *saqta_engine_close(saqta_engine *engine);

/** Take one line (an event, contract 3). Its answer is queued and comes out of saqta_engine_commit. A bad line is an answer, not an error. */
enum saqta_status saqta_engine_submit(saqta_engine *engine, unsigned line, const char *text, size_t len, struct saqta_error *reterr);
/** Queue the answer `invalid` for a line that was too long to read. */
enum saqta_status saqta_engine_submit_oversize(saqta_engine *engine, unsigned line, struct saqta_error *reterr);
/** Make all lines taken so far durable and give their answers, one JSON object a line, in order. */
enum saqta_status saqta_engine_commit(saqta_engine *engine, saqta_write_fn answers, void *user, struct saqta_error *reterr);
/** End of the run: records the counts of invalid and duplicate lines, if any, signs the head. */
enum saqta_status saqta_engine_finish(saqta_engine *engine, struct saqta_error *reterr);
struct saqta_counts {
	uint64_t lines, invalid, duplicate;
};
void saqta_engine_counts(const saqta_engine *engine, struct saqta_counts *ret);

/** Answer a question (members of use or disclose) as JSON: effect, clauses, because. Changes and records nothing. A line that cannot be
 *  understood is SAQTA_ERR_INPUT. */
enum saqta_status saqta_engine_decide(saqta_engine *engine, const char *text, size_t len, saqta_write_fn write, void *user,
				      struct saqta_error *reterr);

struct saqta_sweep_options {
	size_t size;
	bool dry_run;
	bool has_confirm;
	uint64_t confirm;	 /**< destroy up to so many; nothing if more are due */
	bool unguarded;		 /**< scenarios: neither ceiling nor clock guard */
	saqta_write_fn receipts; /**< receives "external id TAB receipt" lines after each commit; may be NULL */
	void *receipts_user;
	saqta_progress_fn progress;
	void *progress_user;
};
/** The daily run. The report is JSON (contract 7). SAQTA_ERR_GUARD when a guard held: the report is written all the same and says why. */
enum saqta_status saqta_engine_sweep(saqta_engine *engine, const struct saqta_sweep_options *options, saqta_write_fn report, void *user,
				     struct saqta_error *reterr);

/** What is held of a subject, as JSON; values masked unless @purpose is given. Recorded. SAQTA_ERR_MISSING for one that is not known. */
enum saqta_status saqta_engine_subject_show(saqta_engine *engine, const char *external_id, const char *purpose, saqta_write_fn write,
					    void *user, struct saqta_error *reterr);
/** Where the signature of a document and the proof of its entry go (docs/audit-format.md, Documents). Signing records an entry: the vault must be
 *  open for writing. They are written after the document. */
struct saqta_sign {
	size_t size;
	saqta_write_fn signature;
	void *signature_user;
	saqta_write_fn proof;
	void *proof_user;
};

struct saqta_export_options {
	size_t size;
	const char *subject;	       /**< external id */
	const char *format;	       /**< "json", "xml", "csv" (a zip), "html", "pdf" */
	const char *lang;	       /**< "kk", "ru", "en"; NULL: "ru" */
	const char *request;	       /**< the request that is answered, closed in the same transaction; NULL: none */
	const struct saqta_sign *sign; /**< NULL: not signed; so in all that follows */
};
/** The subject-access answer (contract 9): all that is held with purpose, ground, source, recipients and term. Recorded. */
enum saqta_status saqta_engine_export(saqta_engine *engine, const struct saqta_export_options *options, saqta_write_fn write, void *user,
				      struct saqta_error *reterr);
struct saqta_letter_options {
	size_t size;
	const char *subject; /**< external id */
	const char *request; /**< of a letter: the request's id; else NULL */
	const char *format, *lang;
	const struct saqta_sign *sign;
};
/** A letter to the subject on a request: received and by when it is answered, or what was done, or the reasoned refusal, which says of each record
 *  why it stays and until when. Recorded. */
enum saqta_status saqta_engine_letter(saqta_engine *engine, const struct saqta_letter_options *options, saqta_write_fn write, void *user,
				      struct saqta_error *reterr);
/** The receipt of a subject's consents: each scope, given or not, with its version, and what the policy declares. Recorded. */
enum saqta_status saqta_engine_consent_receipt(saqta_engine *engine, const struct saqta_letter_options *options, saqta_write_fn write,
					       void *user, struct saqta_error *reterr);

struct saqta_breach_options {
	size_t size;
	uint64_t number;	   /**< of the breach, from 1 in the order of the events; 0: the newest */
	const char *subject;	   /**< external id: the notice to this subject; NULL: to the authorised body */
	const char *contact;	   /**< of the person who answers for personal data */
	const char *measures;	   /**< what was done */
	const char *causes, *harm; /**< presumed; NULL: not said */
	const char *
		reach; /**< categories whose values the authorised body needs to tell the subjects, separated by spaces or commas; NULL: none */
	const char *format, *lang;
	const struct saqta_sign *sign;
};
/** The notice of a breach: when it was found, what it is, which data, how many subjects and, as far as asked, how to reach them, what was done, who
 *  answers. Recorded; each subject whose values are read has that noted. SAQTA_ERR_MISSING if there is no such breach, SAQTA_ERR_INPUT if it did
 *  not hit the subject. */
enum saqta_status saqta_engine_breach_notice(saqta_engine *engine, const struct saqta_breach_options *options, saqta_write_fn write,
					     void *user, struct saqta_error *reterr);

struct saqta_act_options {
	size_t size;
	const char *day; /**< "2026-11-02", in the policy's zone */
	const char *format, *lang;
	const struct saqta_sign *sign;
};
/** The act of destruction of one day, by pseudonym, with the entries of the log that prove it. */
enum saqta_status saqta_engine_act(saqta_engine *engine, const struct saqta_act_options *options, saqta_write_fn write, void *user,
				   struct saqta_error *reterr);

struct saqta_report_options {
	size_t size;
	const char *from, *to; /**< RFC 3339; @to is no longer in the period */
	const char *format;    /**< "json", "xml", "csv" (a zip), "html", "pdf" */
	const char *lang;      /**< "kk", "ru", "en"; NULL: "ru" */
	const struct saqta_sign *sign;
};
/** The regulator's report: registers, deadlines kept and missed, sweeps by day, retention against its limits, the log's head. Names nobody.
 *  Changes nothing but, signed, the log. SAQTA_ERR_TAMPERED if the log does not verify. */
enum saqta_status saqta_engine_report(saqta_engine *engine, const struct saqta_report_options *options, saqta_write_fn write, void *user,
				      struct saqta_error *reterr);
/** The same for taking away: the new folder @dir (0700) gets the report as json, xml, html and pdf, each with its signature and proof
 *  (report.json.sig …), the key log.vkey, and the log itself in log/ as saqta_audit_export writes it. @options' format and sign are not looked at.
 *  The vault must be open for writing. What is written is the report of saqta_audit_export. On failure no report is left. */
enum saqta_status saqta_engine_report_folder(saqta_engine *engine, const struct saqta_report_options *options, const char *dir,
					     saqta_progress_fn progress, void *progress_user, saqta_write_fn write, void *user,
					     struct saqta_error *reterr);
/** The register of requests as a document, in the order in which they came: deadlines kept and missed, by pseudonym. @from and @to may be NULL.
 *  Changes nothing but, signed, the log. */
enum saqta_status saqta_engine_request_register(saqta_engine *engine, const struct saqta_report_options *options, saqta_write_fn write,
						void *user, struct saqta_error *reterr);
/** One JSON object a line: pseudonym, state, records. @state NULL: all living. "destroyed" lists what the log knows. */
enum saqta_status saqta_engine_subject_list(saqta_engine *engine, const char *state, saqta_write_fn write, void *user,
					    struct saqta_error *reterr);
/** Open and closed tasks, one JSON object a line. */
enum saqta_status saqta_engine_task_list(saqta_engine *engine, saqta_write_fn write, void *user, struct saqta_error *reterr);
enum saqta_status saqta_engine_task_close(saqta_engine *engine, uint64_t task, saqta_write_fn write, void *user,
					  struct saqta_error *reterr);
/** Requests, one JSON object a line; @due_before RFC 3339 or NULL. */
enum saqta_status saqta_engine_request_list(saqta_engine *engine, const char *due_before, saqta_write_fn write, void *user,
					    struct saqta_error *reterr);
/** Counts, next deadlines, overdue, log size, policy in force. */
enum saqta_status saqta_engine_status(saqta_engine *engine, saqta_write_fn write, void *user, struct saqta_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
