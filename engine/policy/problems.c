/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/problems.h"

#include <stdarg.h>
#include <stdio.h>

#define REASON_SIZE 1024

void problems_done(struct problems *p)
{
	buf_done(&p->text);
	*p = (struct problems){0};
}

void problems_add(struct problems *p, const char *file, unsigned line, const char *fmt, ...)
{
	char reason[REASON_SIZE];
	va_list ap;

	if (!p)
		return;
	va_start(ap, fmt);
	if (vsnprintf(reason, sizeof(reason), fmt, ap) < 0)
		reason[0] = 0;
	va_end(ap);
	for (char *c = reason; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
	buf_fmt(&p->text, "%s:%u: %s\n", file, line, reason);
	if (!p->count++)
		(void)err_set(&p->first, SAQTA_ERR_POLICY, line, "%s:%u: %s", file, line, reason);
}

enum saqta_status problems_status(const struct problems *p, struct saqta_error *err)
{
	if (!p->count)
		return SAQTA_OK;
	if (p->count == 1)
		return err_set(err, SAQTA_ERR_POLICY, p->first.line, "%s", p->first.message);
	return err_set(err, SAQTA_ERR_POLICY, p->first.line, "%.360s (and %u more)", p->first.message, p->count - 1);
}
