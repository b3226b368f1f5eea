/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SAQTA_ERROR_H
#define SAQTA_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/** What went wrong. The numbers are stable for ever and mean nothing by their
 *  order. A refusal by a policy is not here: it is a decision, and recorded. */
enum saqta_status {
	SAQTA_OK = 0,
	SAQTA_ERR_NOMEM = 11,	  /**< out of memory */
	SAQTA_ERR_ARGUMENT = 17,  /**< the caller broke the function's contract */
	SAQTA_ERR_INPUT = 23,	  /**< input data cannot be understood */
	SAQTA_ERR_MISSING = 26,	  /**< a file or subject does not exist */
	SAQTA_ERR_POLICY = 29,	  /**< a policy pack or its calendar is refused */
	SAQTA_ERR_CREATE = 37,	  /**< a file or folder cannot be made */
	SAQTA_ERR_STORE = 41,	  /**< the store failed: I/O, disk full */
	SAQTA_ERR_BUSY = 43,	  /**< another process writes; try again */
	SAQTA_ERR_KEY = 47,	  /**< wrong key, or a key file others can read */
	SAQTA_ERR_CRYPTO = 53,	  /**< the cipher library failed or locked memory is not to be had */
	SAQTA_ERR_TAMPERED = 67,  /**< stored bytes are not those that were written */
	SAQTA_ERR_LIMIT = 79,	  /**< larger than a documented bound */
	SAQTA_ERR_CLOSED = 83,	  /**< closed after a doubtful failure; reopen */
	SAQTA_ERR_CANCELLED = 89, /**< the progress callback asked to stop */
	SAQTA_ERR_GUARD = 97,	  /**< a guard held: ceiling, clock */
	SAQTA_ERR_RIGHT = 101,	  /**< the caller's role may not do this */
};

/** First problem found; owned by the caller, written on failure only.
 *  The text never holds personal data. */
struct saqta_error {
	enum saqta_status status;
	unsigned line; /**< 1-based line of the input, 0 if none */
	char message[400];
};

#ifdef __cplusplus
}
#endif
#endif
