/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"
#include "paper/paper.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* The policy as a page for publication: what saqta_policy_print tells, given a form: the document `policy-page` (policies/schema/policy-page.xsd). */

static int collect(void *user, const char *data, size_t len)
{
	struct buf *b = user;

	buf_add(b, data, len);
	return b->failed;
}

static enum saqta_status set_page(const struct saqta_policy_from *from, const char *lang, enum paper_format format, const json_t *page,
				  int64_t at_us, struct buf *ret, struct saqta_error *err)
{
	const char *dirs = from->policy_dirs;
	char *built_in = NULL;
	enum saqta_status r;

	if (!dirs && from->engine)
		dirs = from->engine->policy_dirs;
	if (!dirs)
		dirs = built_in = hall_policy_dirs();
	r = paper_render(page, format, lang, dirs, at_us, ret, err);
	free(built_in);
	return r;
}

enum saqta_status saqta_policy_page(const struct saqta_policy_from *from, const char *format, const char *lang, const char *now,
				    saqta_write_fn write, void *user, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf text = {0}, out = {0};
	int64_t at_us = from->engine ? hall_now(from->engine) : instant_now();
	int form = paper_format_of(format);
	json_t *page;
	enum saqta_status r;

	if (form != PAPER_XML && form != PAPER_HTML && form != PAPER_PDF)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "unknown format of a policy: html, pdf or xml");
	r = saqta_policy_print(from, lang, now, collect, &text, err);
	if (r)
		return r;
	if (now)
		(void)instant_parse(now, strlen(now), &at_us); /* held good by the printing */
	page = json_loadb((const char *)text.data, text.len, 0, NULL);
	if (!page || json_object_set_new(page, "document", json_string("policy-page")) != 0)
		r = err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	else
		r = set_page(from, lang, (enum paper_format)form, page, at_us, &out, err);
	json_decref(page);
	return r ? r : hall_give(write, user, &out, err);
}
