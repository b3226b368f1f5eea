/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_SCAN_H
#define POLICY_SCAN_H

#include <stddef.h>

/* The words of a condition. */

enum token {
	TOKEN_END,
	TOKEN_NAME,
	TOKEN_WORD,
	TOKEN_STRING,
	TOKEN_NUMBER,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_EQ,
	TOKEN_NE,
	TOKEN_LT,
	TOKEN_LE,
	TOKEN_GT,
	TOKEN_GE,
	TOKEN_BAD
};
struct scan {
	const char *text, *at; /* the whole condition, and what follows the present token */
	enum token token;
	const char *start; /* of the token: without its quotes or its '$' */
	size_t len;
	double number;
};
/** The next token. Begin with @at at @text. */
void scan_next(struct scan *s);

#endif
