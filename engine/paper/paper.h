/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAPER_PAPER_H
#define PAPER_PAPER_H

#include "base/buf.h"

#include <jansson.h>

/* Documents: data before form. A document is one JSON object, its member `document` says which one; every form is made from it and says the same.
 * XML is the same tree under the name of the document; HTML is made of that by XSLT (style/NAME.xsl beside the packs); PDF is that HTML set on
 * pages; CSV is a zip with one file a register; JSON-LD is the JSON with its meaning in front, a context that is embedded (style/NAME.jsonld). The same document gives the same bytes. Nothing in a document calls anybody when it is opened. */

enum paper_format { PAPER_JSON, PAPER_XML, PAPER_CSV, PAPER_HTML, PAPER_PDF, PAPER_JSONLD };
/** "json", "xml", "csv", "html", "pdf", "jsonld"; -1 for another. */
int paper_format_of(const char *name);
/** "kk", "ru" or "en"? */
bool paper_has_language(const char *lang);

/** Append @doc in the form asked for. @dirs: where words.tsv and style/ are looked up (colon separated); @when_us goes into the PDF's properties.
 *  SAQTA_ERR_MISSING names the file that is not there, SAQTA_ERR_POLICY a style that is broken. */
enum saqta_status paper_render(const json_t *doc, enum paper_format format, const char *lang, const char *dirs, int64_t when_us,
			       struct buf *ret, struct saqta_error *err) must_check_;

/* ---- within the room ---- */
/** The path of @name in one of @dirs, owned; NULL if it is nowhere. */
char *paper_find(const char *dirs, const char *name);
enum saqta_status paper_jsonld(const json_t *doc, const char *dirs, struct buf *ret, struct saqta_error *err) must_check_;
enum saqta_status paper_json(const json_t *doc, struct buf *ret, struct saqta_error *err) must_check_;
struct _xmlDoc;
/** The document as a tree of elements, owned by the caller (xmlFreeDoc). Text that XML cannot hold stands as base64 with encoding="base64". */
struct _xmlDoc *paper_tree(const json_t *doc);
enum saqta_status paper_xml(const json_t *doc, struct buf *ret, struct saqta_error *err) must_check_;
/** The styled tree in XHTML's elements, owned by the caller. */
enum saqta_status paper_style(const json_t *doc, const char *lang, const char *dirs, struct _xmlDoc **ret,
			      struct saqta_error *err) must_check_;
enum saqta_status paper_html(struct _xmlDoc *page, struct buf *ret, struct saqta_error *err) must_check_;
enum saqta_status paper_pdf(struct _xmlDoc *page, const char *lang, int64_t when_us, struct buf *ret, struct saqta_error *err) must_check_;
enum saqta_status paper_csv(const json_t *doc, struct buf *ret, struct saqta_error *err) must_check_;

#endif
