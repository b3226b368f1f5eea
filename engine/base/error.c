/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

enum saqta_status err_set(struct saqta_error *err, enum saqta_status status, unsigned line, const char *fmt, ...)
{
	if (err) {
		va_list ap;

		err->status = status;
		err->line = line;
		va_start(ap, fmt);
		(void)vsnprintf(err->message, sizeof(err->message), fmt, ap);
		va_end(ap);
	}
	return status;
}
