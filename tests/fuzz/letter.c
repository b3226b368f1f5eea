/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "paper/paper.h"

#include <libxml/HTMLparser.h>
#include <string.h>

/* fontconfig forgets what it read of fonts; clang's leak sanitizer asks here. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libfontconfig"; }

/* Elements and attributes. */
static unsigned count(const xmlNode *node)
{
	unsigned n = 0;

	for (; node; node = node->next) {
		n += node->type == XML_ELEMENT_NODE;
		for (const xmlAttr *a = node->type == XML_ELEMENT_NODE ? node->properties : NULL; a; a = a->next)
			n++;
		n += count(node->children);
	}
	return n;
}

static unsigned as_html(const json_t *doc)
{
	cleanup_(buf_done) struct buf out = {0};
	struct saqta_error err = {0};
	htmlDocPtr page;
	unsigned n;

	if (paper_render(doc, PAPER_HTML, "en", fuzz_packs(), FUZZ_NOW, &out, &err))
		fuzz_fail(__FILE__, __LINE__, err.message);
	fuzz_must(text_is_utf8(out.data, out.len));
	page = htmlReadMemory((const char *)out.data, (int)out.len, NULL, "UTF-8",
			      HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING);
	fuzz_must(page != NULL);
	n = count(page->children);
	xmlFreeDoc(page);
	return n;
}

static json_t *letter(json_t *text)
{
	return json_pack("{s:s, s:O, s:O, s:{s:O, s:s, s:O, s:s}}", "document", "letter", "subject", text, "made_by", text, "request", "id",
			 text, "state", "open", "kind", text, "due", "2026-11-02T09:00:00+05:00");
}

/* A letter about somebody with a hostile name, as a person sees it: the name is text and brings no element, and a page is set of it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned plain;
	json_t *text = json_stringn((const char *)data, size), *name = json_string("somebody"), *doc = letter(name);
	cleanup_(buf_done) struct buf out = {0};
	struct saqta_error err = {0};

	plain = plain ? plain : as_html(doc);
	json_decref(doc);
	json_decref(name);
	if (!text || size == 0) { /* not UTF-8; or a name that is not there: its row is left out */
		json_decref(text);
		return 0;
	}
	doc = letter(text);
	fuzz_must(as_html(doc) == plain);
	if (paper_render(doc, PAPER_PDF, "en", fuzz_packs(), FUZZ_NOW, &out, &err))
		fuzz_fail(__FILE__, __LINE__, err.message);
	fuzz_must(out.len > 100 && memcmp(out.data, "%PDF", 4) == 0);
	json_decref(doc);
	json_decref(text);
	return 0;
}
