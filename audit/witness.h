/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_WITNESS_H
#define AUDIT_WITNESS_H

#include "audit/log.h"

/* Witnesses of logs, pure: bytes and state in, bytes out. */

/* ---- witness.c: C2SP tlog-witness, both sides of `add-checkpoint` ---- */

#define WITNESS_PROOF_MAX 63u
#define WITNESS_REQUEST_MAX ((size_t)64 << 10)
#define WITNESS_KEYS_MAX 32u /* of one log, which may renew its own */

/* What a witness answers: HTTP's numbers, also where the answer is a file. */
enum witness_code {
	WITNESS_SIGNED = 200,
	WITNESS_MALFORMED = 400, /* or the old size is larger than the new one */
	WITNESS_UNSIGNED = 403,	 /* nobody whom the witness trusts for this log signed the head */
	WITNESS_UNKNOWN = 404,	 /* the log is unknown */
	WITNESS_CONFLICT = 409,	 /* the old size is not the one that the witness saw last; or the same size has another root */
	WITNESS_WRONG = 422	 /* the proof does not hold */
};
#define WITNESS_SIZE_TYPE "text/x.tlog.size"

struct witness_request {
	uint64_t old; /* the size that the witness is said to have seen last */
	uint8_t path[WITNESS_PROOF_MAX][HASH_SIZE];
	unsigned n_path;
	const char *note; /* borrowed from the request */
	size_t note_len, text_len;
	char origin[AUDIT_NAME_MAX + 1]; /* what the note says, not verified */
	struct audit_head head;
};
/** SAQTA_ERR_INPUT with the line: the request is malformed. */
enum saqta_status witness_request_parse(const char *text, size_t len, struct witness_request *ret, struct saqta_error *err) must_check_;
/** The request appended to @ret: @path proves that the tree of @old is the beginning of that of @note. */
enum saqta_status witness_request_format(uint64_t old, const uint8_t (*path)[HASH_SIZE], unsigned n_path, const struct buf *note,
					 struct buf *ret, struct saqta_error *err) must_check_;

/** What a witness keeps of one log. Zero-initialise. */
struct witness_state {
	struct audit_verifier keys[WITNESS_KEYS_MAX]; /* all of one name, the log's origin */
	unsigned n_keys;
	struct audit_head seen; /* the head signed last; size 0: none, or that of the empty tree */
	struct buf note;	/* that head as it came; empty: none */
};
void witness_state_done(struct witness_state *s);
/** Lines of keys, a blank line, the note. SAQTA_ERR_TAMPERED. */
enum saqta_status witness_state_parse(const struct buf *text, struct witness_state *ret, struct saqta_error *err) must_check_;
void witness_state_format(const struct witness_state *s, struct buf *ret);

/** Zero-initialise. */
struct witness_answer {
	enum witness_code code;
	const char *type; /* static: of the body, as in HTTP */
	struct buf body;  /* signature lines; the size seen; or why not */
	bool is_fork;	  /* the log signed two heads of one size */
};
void witness_answer_done(struct witness_answer *a);
/** Judge @q by what is kept of its log (@state NULL: the log is unknown). WITNESS_SIGNED: @state holds the new head and must be durable before the
 *  answer is given. */
enum saqta_status witness_answer(const struct audit_signer *witness, uint64_t time_s, const struct witness_request *q,
				 struct witness_state *state, struct witness_answer *ret, struct saqta_error *err) must_check_;

/* ---- quorum.c: C2SP tlog-policy, whose cosignatures a head must have ---- */

#define QUORUM_WITNESSES_MAX 32u
#define QUORUM_ITEMS_MAX 64u /* witnesses and groups */
#define QUORUM_TEXT_MAX ((size_t)64 << 10)
#define QUORUM_NONE -1

struct quorum_item {
	char name[AUDIT_NAME_MAX + 1];
	unsigned threshold; /* of a group; 0: a witness */
	unsigned witness;   /* of a witness: which key */
	int group;	    /* the one group that lists it, or QUORUM_NONE */
};
struct quorum_policy {
	struct audit_verifier witnesses[QUORUM_WITNESSES_MAX];
	unsigned n_witnesses;
	struct quorum_item items[QUORUM_ITEMS_MAX]; /* in order: a group lists earlier ones only */
	unsigned n_items;
	int quorum; /* the item that must hold, or QUORUM_NONE */
};
/** SAQTA_ERR_POLICY with the line. */
enum saqta_status quorum_parse(const char *text, size_t len, struct quorum_policy *ret, struct saqta_error *err) must_check_;

struct quorum_count {
	unsigned n_signed, n_demanded; /* of the witnesses that the quorum counts */
	bool is_met;
	struct audit_seal seals[QUORUM_WITNESSES_MAX]; /* one a witness of the policy */
};
/** Who of them signed @note, a head that @log signed. SAQTA_ERR_TAMPERED if it did not, or if a witness's signature is bad. */
enum saqta_status quorum_count(const struct quorum_policy *p, const struct audit_verifier *log, const struct buf *note,
			       struct quorum_count *ret, struct saqta_error *err) must_check_;
/** Add to @note the cosignatures that a witness answered, one a witness, the newer for the older; what others signed is left out.
 *  SAQTA_ERR_TAMPERED, and @note as it was, if one of them is bad or none is of a witness of the policy. */
enum saqta_status quorum_add(const struct quorum_policy *p, const struct audit_verifier *log, const char *answer, size_t len,
			     struct buf *note, struct saqta_error *err) must_check_;

#endif
