/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypt.h"
#include "paper/paper.h"

#include <errno.h>
#include <libxml/HTMLtree.h>
#include <libxml/c14n.h>
#include <libxml/tree.h>
#include <libxslt/security.h>
#include <libxslt/transform.h>
#include <libxslt/xsltutils.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The document as XML, and what XSLT makes of it. */

#define NAMESPACE "urn:saqta:paper:1"

/* ---- the tree ---- */

/* XML 1.0, 2.2 Char: what no escaping can bring into a document. Of JSON's texts these are the control characters, U+FFFE and U+FFFF. */
static bool is_xml_text(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)text[i];

		if (c < 0x20 && c != '\t' && c != '\n')
			return false;
		if (c == 0xef && i + 2 < len && (unsigned char)text[i + 1] == 0xbf && (unsigned char)text[i + 2] >= 0xbe)
			return false;
	}
	return true;
}

static void add_text(xmlNode *node, const char *text, size_t len)
{
	char *encoded;

	if (is_xml_text(text, len)) {
		xmlAddChild(node, xmlNewTextLen((const xmlChar *)text, (int)len));
		return;
	}
	encoded = base64_encode((const uint8_t *)text, len);
	xmlNewProp(node, (const xmlChar *)"encoding", (const xmlChar *)"base64");
	xmlAddChild(node, xmlNewText((const xmlChar *)encoded));
	free(encoded);
}

static void add_value(xmlNode *parent, xmlNs *ns, const char *name, const json_t *value)
{
	xmlNode *node = xmlNewChild(parent, ns, (const xmlChar *)name, NULL);
	const char *key;
	json_t *child;
	size_t i;
	char number[32];

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		json_object_foreach((json_t *)value, key, child) add_value(node, ns, key, child);
		break;
	case JSON_ARRAY:
		json_array_foreach(value, i, child) add_value(node, ns, "item", child);
		break;
	case JSON_STRING:
		add_text(node, json_string_value(value), json_string_length(value));
		break;
	case JSON_INTEGER:
		(void)snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		add_text(node, number, strlen(number));
		break;
	case JSON_REAL:
		(void)snprintf(number, sizeof(number), "%.17g", json_real_value(value));
		add_text(node, number, strlen(number));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		add_text(node, json_is_true(value) ? "true" : "false", json_is_true(value) ? 4 : 5);
		break;
	case JSON_NULL:
		break;
	}
}

/* The members of @doc under an element of the document's name. */
static xmlNode *add_document(xmlDoc *tree, xmlNode *parent, const json_t *doc)
{
	const char *name = json_string_value(json_object_get(doc, "document")), *key;
	xmlNode *root = xmlNewDocNode(tree, NULL, (const xmlChar *)name, NULL);
	xmlNs *ns = xmlNewNs(root, (const xmlChar *)NAMESPACE, NULL);
	json_t *child;

	xmlSetNs(root, ns);
	if (parent)
		xmlAddChild(parent, root);
	else
		xmlDocSetRootElement(tree, root);
	json_object_foreach((json_t *)doc, key, child) if (strcmp(key, "document") != 0) add_value(root, ns, key, child);
	return root;
}

xmlDoc *paper_tree(const json_t *doc)
{
	xmlDoc *tree = xmlNewDoc((const xmlChar *)"1.0");

	if (tree)
		(void)add_document(tree, NULL, doc);
	return tree;
}

enum saqta_status paper_xml(const json_t *doc, struct buf *ret, struct saqta_error *err)
{
	xmlDoc *tree = paper_tree(doc);
	xmlChar *bytes = NULL;
	int len = tree ? xmlC14NDocDumpMemory(tree, NULL, XML_C14N_1_1, NULL, 0, &bytes) : -1;

	if (len >= 0) {
		buf_add(ret, bytes, (size_t)len);
		crypt_wipe(bytes, (size_t)len);
	}
	xmlFree(bytes);
	xmlFreeDoc(tree);
	return len < 0 || ret->failed ? err_set(err, SAQTA_ERR_NOMEM, 0, "the document is too large") : SAQTA_OK;
}

/* ---- words: what ids are called ---- */

enum { FIELD_KIND, FIELD_ID, FIELD_KK, FIELD_RU, FIELD_EN, FIELDS };

/* False at a line that is not UTF-8. */
static bool add_words(xmlNode *to, FILE *file, int field)
{
	char *line = NULL;
	size_t cap = 0;
	bool is_text = true;

	while (is_text && getline(&line, &cap, file) > 0) {
		char *at = line, *fields[FIELDS] = {0};
		xmlNode *word;

		line[strcspn(line, "\r\n")] = 0;
		is_text = text_is_utf8(line, strlen(line));
		for (int i = 0; i < FIELDS && at; i++)
			fields[i] = strsep(&at, "\t");
		if (!is_text || !fields[field])
			continue;
		word = xmlNewTextChild(to, NULL, (const xmlChar *)"w", (const xmlChar *)fields[field]);
		xmlNewProp(word, (const xmlChar *)"kind", (const xmlChar *)fields[FIELD_KIND]);
		xmlNewProp(word, (const xmlChar *)"id", (const xmlChar *)fields[FIELD_ID]);
	}
	free(line);
	return is_text;
}

/* The path of @name in one of @dirs, owned; NULL and an error if it is nowhere. */
static char *find_file(const char *dirs, const char *name, struct saqta_error *err)
{
	char *path = paper_find(dirs, name);

	if (!path)
		(void)err_set(err, SAQTA_ERR_MISSING, 0, "%s: not found beside the packs; set SAQTA_POLICY_PATH", name);
	return path;
}

static enum saqta_status add_word_file(xmlNode *words, const char *dirs, const char *name, const char *lang, struct saqta_error *err)
{
	int field = strcmp(lang, "kk") == 0 ? FIELD_KK : strcmp(lang, "ru") == 0 ? FIELD_RU : FIELD_EN;
	char *path = find_file(dirs, name, err);
	FILE *file = path ? fopen(path, "re") : NULL;
	enum saqta_status r = SAQTA_OK;

	if (file) {
		if (!add_words(words, file, field))
			r = err_set(err, SAQTA_ERR_POLICY, 0, "%s: is not UTF-8: save it as UTF-8 text", path);
		(void)fclose(file);
	} else {
		r = path ? err_set(err, SAQTA_ERR_MISSING, 0, "%s: %s", path, strerror(errno)) : SAQTA_ERR_MISSING;
	}
	free(path);
	return r;
}

/* ---- style ---- */

static void quiet(void *user, const char *fmt, ...)
{
	(void)user;
	(void)fmt;
}

static xsltSecurityPrefsPtr shut_prefs;

/* A style may read the styles beside it, and nothing else: no file is written, no network asked. */
static void set_up(void)
{
	shut_prefs = xsltNewSecurityPrefs();
	xsltSetSecurityPrefs(shut_prefs, XSLT_SECPREF_WRITE_FILE, xsltSecurityForbid);
	xsltSetSecurityPrefs(shut_prefs, XSLT_SECPREF_CREATE_DIRECTORY, xsltSecurityForbid);
	xsltSetSecurityPrefs(shut_prefs, XSLT_SECPREF_READ_NETWORK, xsltSecurityForbid);
	xsltSetSecurityPrefs(shut_prefs, XSLT_SECPREF_WRITE_NETWORK, xsltSecurityForbid);
	xsltSetGenericErrorFunc(NULL, quiet);
}

/* <paper lang=…><words>…</words><DOCUMENT>…</DOCUMENT></paper> */
static enum saqta_status style_input(const json_t *doc, const char *lang, const char *dirs, xmlDoc **ret, struct saqta_error *err)
{
	xmlDoc *input = xmlNewDoc((const xmlChar *)"1.0");
	xmlNode *root = input ? xmlNewDocNode(input, NULL, (const xmlChar *)"paper", NULL) : NULL, *words;
	enum saqta_status r;

	if (!root) {
		xmlFreeDoc(input);
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	}
	xmlDocSetRootElement(input, root);
	xmlNewProp(root, (const xmlChar *)"lang", (const xmlChar *)lang);
	words = xmlNewChild(root, NULL, (const xmlChar *)"words", NULL);
	r = add_word_file(words, dirs, "words.tsv", lang, err);
	if (!r)
		r = add_word_file(words, dirs, "style/labels.tsv", lang, err);
	if (r) {
		xmlFreeDoc(input);
		return r;
	}
	(void)add_document(input, root, doc);
	*ret = input;
	return SAQTA_OK;
}

enum saqta_status paper_style(const json_t *doc, const char *lang, const char *dirs, xmlDoc **ret, struct saqta_error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	char name[96];
	xsltStylesheet *style;
	xsltTransformContext *context;
	xmlDoc *input = NULL;
	char *path;
	enum saqta_status r;

	(void)pthread_once(&once, set_up);
	(void)snprintf(name, sizeof(name), "style/%s.xsl", json_string_value(json_object_get(doc, "document")));
	path = find_file(dirs, name, err);
	if (!path)
		return SAQTA_ERR_MISSING;
	style = xsltParseStylesheetFile((const xmlChar *)path);
	r = style ? style_input(doc, lang, dirs, &input, err) : err_set(err, SAQTA_ERR_POLICY, 0, "%s: not a stylesheet that works", path);
	if (!r) {
		context = xsltNewTransformContext(style, input);
		if (context) {
			(void)xsltSetCtxtSecurityPrefs(shut_prefs, context);
			*ret = xsltApplyStylesheetUser(style, input, NULL, NULL, NULL, context);
			if (context->state != XSLT_STATE_OK) {
				xmlFreeDoc(*ret);
				*ret = NULL;
			}
		}
		if (!context || !*ret)
			r = err_set(err, SAQTA_ERR_POLICY, 0, "%s: the document could not be made with it", path);
		xsltFreeTransformContext(context);
	}
	xmlFreeDoc(input);
	xsltFreeStylesheet(style);
	free(path);
	return r;
}

enum saqta_status paper_html(xmlDoc *page, struct buf *ret, struct saqta_error *err)
{
	xmlOutputBuffer *out = xmlAllocOutputBuffer(NULL);
	enum saqta_status r = SAQTA_OK;

	if (!out)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	htmlDocContentDumpFormatOutput(out, page, "UTF-8", 0);
	buf_add(ret, xmlOutputBufferGetContent(out), xmlOutputBufferGetSize(out));
	if (ret->failed)
		r = err_set(err, SAQTA_ERR_NOMEM, 0, "the document is too large");
	(void)xmlOutputBufferClose(out);
	return r;
}
