/* SPDX-License-Identifier: Apache-2.0 */
#include "paper/paper.h"
#include "base/crypt.h"

#include <libxml/tree.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const formats[] = {
	[PAPER_JSON] = "json", [PAPER_XML] = "xml", [PAPER_CSV] = "csv",
	[PAPER_HTML] = "html", [PAPER_PDF] = "pdf", [PAPER_JSONLD] = "jsonld",
};

int paper_format_of(const char *name)
{
	for (int i = 0; i < (int)(sizeof(formats) / sizeof(formats[0])); i++)
		if (strcmp(name, formats[i]) == 0)
			return i;
	return -1;
}

bool paper_has_language(const char *lang) { return strcmp(lang, "kk") == 0 || strcmp(lang, "ru") == 0 || strcmp(lang, "en") == 0; }

enum saqta_status paper_json(const json_t *doc, struct buf *ret, struct saqta_error *err)
{
	char *text = json_dumps(doc, JSON_COMPACT | JSON_SORT_KEYS);

	if (!text)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	buf_str(ret, text);
	buf_str(ret, "\n");
	crypt_wipe(text, strlen(text));
	free(text);
	return ret->failed ? err_set(err, SAQTA_ERR_NOMEM, 0, "the document is too large") : SAQTA_OK;
}

char *paper_find(const char *dirs, const char *name)
{
	while (dirs && *dirs) {
		const char *end = strchrnul(dirs, ':');
		char *path;

		if (asprintf(&path, "%.*s/%s", (int)(end - dirs), dirs, name) < 0)
			break;
		if (access(path, R_OK) == 0)
			return path;
		free(path);
		dirs = *end ? end + 1 : end;
	}
	return NULL;
}

static enum saqta_status styled(const json_t *doc, enum paper_format format, const char *lang, const char *dirs, int64_t when_us,
				struct buf *ret, struct saqta_error *err)
{
	xmlDoc *page = NULL;
	enum saqta_status r = paper_style(doc, lang, dirs, &page, err);

	if (!r)
		r = format == PAPER_PDF ? paper_pdf(page, lang, when_us, ret, err) : paper_html(page, ret, err);
	xmlFreeDoc(page);
	return r;
}

enum saqta_status paper_render(const json_t *doc, enum paper_format format, const char *lang, const char *dirs, int64_t when_us,
			       struct buf *ret, struct saqta_error *err)
{
	switch (format) {
	case PAPER_JSON:
		return paper_json(doc, ret, err);
	case PAPER_XML:
		return paper_xml(doc, ret, err);
	case PAPER_CSV:
		return paper_csv(doc, ret, err);
	case PAPER_JSONLD:
		return paper_jsonld(doc, dirs, ret, err);
	case PAPER_HTML:
	case PAPER_PDF:
		break;
	}
	return styled(doc, format, lang, dirs, when_us, ret, err);
}
