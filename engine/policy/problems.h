/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_PROBLEMS_H
#define POLICY_PROBLEMS_H

#include "base/buf.h"

/** All that is wrong with the files of a policy, not the first fault only: lines "FILE:LINE: reason\n".
 *  Zero-initialise: `cleanup_(problems_done) struct problems problems = {0};` */
struct problems {
	struct buf text;
	unsigned count;		  /* goes on where @text is full */
	struct saqta_error first; /* the first of them, SAQTA_ERR_POLICY; unset while @count is 0 */
};

void problems_done(struct problems *p);
/** @p may be NULL. Control characters become spaces, so that a problem is one line whatever the file holds. */
void problems_add(struct problems *p, const char *file, unsigned line, const char *fmt, ...) printf_(4, 5);
/** SAQTA_OK if there are none; else SAQTA_ERR_POLICY with the first of them in @err and the number of the others. */
enum saqta_status problems_status(const struct problems *p, struct saqta_error *err) must_check_;

#endif
