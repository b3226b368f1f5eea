/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SAQTA_WITNESS_H
#define SAQTA_WITNESS_H

#include "saqta/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Witnesses of audit logs (C2SP tlog-witness, tlog-cosignature, tlog-policy; docs/audit-format.md). A witness signs a log's head only if the log
 * grew out of the one that it saw last: so nobody can be shown another history. */

/* ---- a witness: a folder of its own, no vault ---- */

/** Zero-initialise, set @size, then what matters. */
struct saqta_witness_options {
	size_t size;	 /**< sizeof(struct saqta_witness_options) */
	const char *dir; /**< the witness's folder */
	const char *now; /**< RFC 3339; NULL: the system's clock */
	unsigned wait_s; /**< how long to wait for another process */
};

/** Make a witness called @name (ASCII, no spaces, no `+`) with a new key. Report as JSON: name, vkey. SAQTA_ERR_CREATE if there is one. */
enum saqta_status saqta_witness_init(const struct saqta_witness_options *options, const char *name, saqta_write_fn write, void *user,
				     struct saqta_error *reterr);
/** Watch the log of @vkey from now on; several keys of one log are kept beside each other. Report as JSON: origin, keys. */
enum saqta_status saqta_witness_trust(const struct saqta_witness_options *options, const char *vkey, saqta_write_fn write, void *user,
				      struct saqta_error *reterr);
/** Name, vkey, and the logs that are watched with the size last signed, as JSON. */
enum saqta_status saqta_witness_show(const struct saqta_witness_options *options, saqta_write_fn write, void *user,
				     struct saqta_error *reterr);
/** Answer an add-checkpoint request: @write gets the signature lines, or `refused CODE WHY`; @ret_code 200, or HTTP's number of the refusal,
 *  which is no error. What was signed is durable before it is written. */
enum saqta_status saqta_witness_answer(const struct saqta_witness_options *options, const char *request, size_t len, unsigned *ret_code,
				       saqta_write_fn write, void *user, struct saqta_error *reterr);
/** Answer POST add-checkpoint over HTTP at a loopback @address ("127.0.0.1:8080"; port 0: a free one) until @stop gives non-zero. @write gets
 *  one JSON line, listening: the address, when requests are taken. */
enum saqta_status saqta_witness_serve(const struct saqta_witness_options *options, const char *address, int (*stop)(void *user),
				      saqta_write_fn write, void *user, struct saqta_error *reterr);

/* ---- the log's side: an open vault; whom it trusts stands in the file witness.policy in the keep ---- */

/** Sign the head and write the request for a witness that last saw @old entries (0: none). @same_head: the head that was asked for before, so
 *  that several witnesses sign the same one. */
enum saqta_status saqta_audit_witness_request(saqta_engine *engine, uint64_t old, bool same_head, saqta_write_fn write, void *user,
					      struct saqta_error *reterr);
/** Check and keep what a witness answered to the newest request; then as saqta_audit_witness_show. SAQTA_ERR_GUARD: it refused, the text says
 *  what to do; SAQTA_ERR_TAMPERED: it saw another history, or its answer is bad; SAQTA_ERR_POLICY: no policy, or a wrong one. */
enum saqta_status saqta_audit_witness_answer(saqta_engine *engine, const char *answer, size_t len, saqta_write_fn write, void *user,
					     struct saqta_error *reterr);
/** Both over HTTP, from a witness at @url on this machine. */
enum saqta_status saqta_audit_witness_submit(saqta_engine *engine, const char *url, bool same_head, saqta_write_fn write, void *user,
					     struct saqta_error *reterr);
/** Who signed what, as JSON: size and root of the newest signed head, signed and demanded (witnesses that the quorum counts), quorum (is it met),
 *  quorum_size (of the newest head for which it was met, 0: none), asked_size, witnesses. SAQTA_ERR_POLICY. */
enum saqta_status saqta_audit_witness_show(saqta_engine *engine, saqta_write_fn write, void *user, struct saqta_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
