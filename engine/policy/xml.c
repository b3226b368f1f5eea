/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/load.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlschemas.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PARSE_FLAGS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_BIG_LINES)
/* The parser compares every attribute of a tag with every other: a tag of a megabyte would take it minutes. */
#define TAG_EQUALS_MAX 4096

/* libxml2 has one entity loader for the whole process. Ours stands only while this lock is held. */
static pthread_mutex_t loader_lock = PTHREAD_MUTEX_INITIALIZER;

/* What the parts of one call share. */
struct load {
	const char *file; /* the file that messages name */
	const char *ns;
	struct problems *problems;
	const struct buf *names; /* of what the schema knows, each ended by a NUL */
	unsigned n_nodes;
	bool no_memory;
};

static xmlParserInputPtr load_nothing(const char *url, const char *id, xmlParserCtxtPtr context)
{
	(void)url;
	(void)id;
	(void)context;
	return NULL;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static void free_doc(xmlDocPtr *doc) { xmlFreeDoc(*doc); }

static enum saqta_status cannot_read(const char *path, int error, struct saqta_error *err)
{
	return err_set(err, SAQTA_ERR_MISSING, 0, "cannot read %s: %s", path, strerror(error));
}

/* One byte more than the bound is read at most, so that the caller can tell a file that is too large. */
static enum saqta_status read_file(const char *path, struct buf *ret, struct saqta_error *err)
{
	cleanup_(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	char chunk[16384];

	if (fd < 0 || fstat(fd, &st) < 0)
		return cannot_read(path, errno, err);
	if (!S_ISREG(st.st_mode))
		return err_set(err, SAQTA_ERR_MISSING, 0, "cannot read %s: not a regular file", path);
	while (ret->len <= XML_BYTES_MAX) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return cannot_read(path, errno, err);
		if (!n)
			break;
		buf_add(ret, chunk, (size_t)n);
	}
	return ret->failed ? err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory for %s", path) : SAQTA_OK;
}

static bool is_within_bounds(struct load *l, const struct buf *bytes)
{
	unsigned line = 1, equals = 0;

	if (bytes->len > XML_BYTES_MAX) {
		problems_add(l->problems, l->file, 1, "the file is larger than %zu bytes", XML_BYTES_MAX);
		return false;
	}
	for (size_t i = 0; i < bytes->len; i++) {
		uint8_t c = bytes->data[i];

		/* "<" cannot stand inside a tag, so no tag has more attributes than signs between two of them. */
		equals = c == '<' ? 0 : equals + (c == '=');
		line += c == '\n';
		if (equals > TAG_EQUALS_MAX) {
			problems_add(l->problems, l->file, line, "more than %d equals signs within one tag or text", TAG_EQUALS_MAX);
			return false;
		}
		/* libxml2 keeps 16 bits of line for an element. */
		if (line > XML_LINES_MAX) {
			problems_add(l->problems, l->file, line, "the file has more than %d lines", XML_LINES_MAX);
			return false;
		}
	}
	return true;
}

/* Our namespace before each name tells the reader nothing: "{urn:…}off" becomes "off". */
static void add_message(struct load *l, const char *file, int line, const char *message)
{
	static const struct buf none = {0};
	cleanup_(buf_done) struct buf text = {0}, said = {0};
	size_t ns_len = strlen(l->ns);

	while (*message) {
		if (message[0] == '{' && !strncmp(message + 1, l->ns, ns_len) && message[1 + ns_len] == '}') {
			message += ns_len + 2;
			continue;
		}
		buf_add(&text, message++, 1);
	}
	if (text.len && xml_say((const char *)text.data, l->names ? l->names : &none, &said)) {
		if (said.len || !l->problems->count)
			problems_add(l->problems, file, line > 0 ? (unsigned)line : 1, "%s", said.len ? (char *)said.data : "is refused");
		return;
	}
	while (text.len && text.data[text.len - 1] == '\n')
		text.data[--text.len] = 0;
	problems_add(l->problems, file, line > 0 ? (unsigned)line : 1, "%s", text.failed || !text.len ? "is refused" : (char *)text.data);
}

static void on_error(struct load *l, xmlErrorPtr error)
{
	if (error->code == XML_ERR_NO_MEMORY)
		l->no_memory = true;
	else if (error->level >= XML_ERR_ERROR)
		add_message(l, l->file, error->line, error->message ? error->message : "");
}

/* The parser's user data must stay its own context, so ours hangs on _private. */
static void on_parse_error(void *data, xmlErrorPtr error)
{
	xmlParserCtxtPtr context = data;

	on_error(context->_private, error);
}

static void on_schema_error(void *data, xmlErrorPtr error) { on_error(data, error); }

/* NULL after adding problems, or without memory. */
static xmlDocPtr parse(struct load *l, const struct buf *bytes)
{
	unsigned before = l->problems->count;
	xmlParserCtxtPtr context;
	xmlDocPtr doc;

	if (!is_within_bounds(l, bytes))
		return NULL;
	context = xmlNewParserCtxt();
	if (!context) {
		l->no_memory = true;
		return NULL;
	}
	context->_private = l;
	context->sax->serror = on_parse_error;
	/* The encoding is given, not found out: what is_within_bounds counted is then what the parser sees. */
	doc = xmlCtxtReadMemory(context, (const char *)bytes->data, (int)bytes->len, NULL, "UTF-8", PARSE_FLAGS);
	xmlFreeParserCtxt(context);
	if (doc && doc->intSubset)
		problems_add(l->problems, l->file, 1, "a DOCTYPE is not allowed");
	else if (!doc && l->problems->count == before)
		problems_add(l->problems, l->file, 1, "not well-formed XML");
	if (l->problems->count == before && !l->no_memory)
		return doc;
	xmlFreeDoc(doc);
	return NULL;
}

static unsigned line_of(const xmlNode *node)
{
	long line = xmlGetLineNo(node);

	return line > 0 ? (unsigned)line : 1;
}

static bool is_xml_lang(const xmlAttr *attr)
{
	return attr->ns && xmlStrEqual(attr->ns->href, XML_XML_NAMESPACE) && xmlStrEqual(attr->name, BAD_CAST "lang");
}

static bool check_element(struct load *l, const xmlNode *node, unsigned depth)
{
	unsigned line = line_of(node);

	if (depth > XML_DEPTH_MAX) {
		problems_add(l->problems, l->file, line, "elements are nested deeper than %d", XML_DEPTH_MAX);
		return false;
	}
	if (++l->n_nodes > XML_NODES_MAX) {
		problems_add(l->problems, l->file, line, "there are more than %d elements", XML_NODES_MAX);
		return false;
	}
	if (!node->ns || strcmp((const char *)node->ns->href, l->ns))
		problems_add(l->problems, l->file, line, "element '%s' is not in the namespace %s", node->name, l->ns);
	for (const xmlAttr *a = node->properties; a; a = a->next)
		/* This also stops xsi:schemaLocation, by which a document would choose its own schema. */
		if (a->ns && !is_xml_lang(a))
			problems_add(l->problems, l->file, line, "attribute '%s' of a foreign namespace", a->name);
	return true;
}

/* Depth first over all elements, without recursion: the depth is what it has to bound. False when a bound is passed. */
static bool check_tree(struct load *l, const xmlNode *root)
{
	const xmlNode *node = root;
	unsigned depth = 1;

	for (;;) {
		if (node->type == XML_ELEMENT_NODE && !check_element(l, node, depth))
			return false;
		if (node->type == XML_ELEMENT_NODE && node->children) {
			node = node->children;
			depth++;
			continue;
		}
		while (node != root && !node->next) {
			node = node->parent;
			depth--;
		}
		if (node == root)
			return true;
		node = node->next;
	}
}

static enum saqta_status schema_parse(struct load *l, const char *path, xmlDocPtr doc, xmlSchemaPtr *ret, struct saqta_error *err)
{
	xmlSchemaParserCtxtPtr context = xmlSchemaNewDocParserCtxt(doc);
	struct load own = *l;

	if (!context)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory for %s", path);
	own.file = path;
	xmlSchemaSetParserStructuredErrors(context, on_schema_error, &own);
	*ret = xmlSchemaParse(context);
	xmlSchemaFreeParserCtxt(context);
	if (own.no_memory)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory for %s", path);
	if (!*ret && !l->problems->count)
		problems_add(l->problems, path, 1, "not an XML schema");
	return problems_status(l->problems, err);
}

/* xmlSchemaValidateSetFilename is left out on purpose: with it libxml2 2.9 gives line 0 for everything. */
static enum saqta_status validate(struct load *l, xmlSchemaPtr schema, xmlDocPtr doc, struct saqta_error *err)
{
	xmlSchemaValidCtxtPtr context = xmlSchemaNewValidCtxt(schema);
	int r;

	if (!context)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory for %s", l->file);
	xmlSchemaSetValidStructuredErrors(context, on_schema_error, l);
	r = xmlSchemaValidateDoc(context, doc);
	xmlSchemaFreeValidCtxt(context);
	if (l->no_memory)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory for %s", l->file);
	if (r && !l->problems->count)
		problems_add(l->problems, l->file, 1, "does not obey its schema");
	return problems_status(l->problems, err);
}

static void collect_names(const xmlNode *node, unsigned depth, struct buf *ret)
{
	for (; node && depth; node = node->next) {
		xmlChar *name = NULL;

		if (node->type == XML_ELEMENT_NODE &&
		    (xmlStrEqual(node->name, BAD_CAST "element") || xmlStrEqual(node->name, BAD_CAST "attribute")))
			name = xmlGetNoNsProp(node, BAD_CAST "name");
		if (name)
			buf_add(ret, name, strlen((const char *)name) + 1);
		xmlFree(name);
		collect_names(node->children, depth - 1, ret);
	}
}

static enum saqta_status check_schema(struct load *l, const char *schema_path, xmlDocPtr doc, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf bytes = {0}, names = {0};
	cleanup_(free_doc) xmlDocPtr schema_doc = NULL; /* outlives the schema, which points into it */
	struct load own = *l;
	xmlSchemaPtr schema = NULL;
	enum saqta_status r = read_file(schema_path, &bytes, err);

	if (r)
		return r;
	own.file = schema_path;
	schema_doc = parse(&own, &bytes);
	if (!schema_doc)
		return own.no_memory ? err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory for %s", schema_path)
				     : problems_status(l->problems, err);
	r = schema_parse(l, schema_path, schema_doc, &schema, err);
	collect_names(schema_doc->children, XML_DEPTH_MAX, &names);
	l->names = &names;
	if (!r)
		r = validate(l, schema, doc, err);
	l->names = NULL;
	xmlSchemaFree(schema);
	return r;
}

static char *copy_text(const xmlNode *node)
{
	cleanup_(buf_done) struct buf text = {0};

	buf_str(&text, "");
	for (const xmlNode *c = node->children; c; c = c->next)
		if ((c->type == XML_TEXT_NODE || c->type == XML_CDATA_SECTION_NODE) && c->content)
			buf_str(&text, (const char *)c->content);
	return text.failed ? NULL : strdup((const char *)text.data);
}

static bool copy_attributes(const xmlNode *node, struct xml_node *ret)
{
	size_t n = 0;

	for (const xmlAttr *a = node->properties; a; a = a->next)
		n++;
	if (!n)
		return true;
	ret->attributes = calloc(n, sizeof(*ret->attributes));
	if (!ret->attributes)
		return false;
	for (const xmlAttr *a = node->properties; a; a = a->next) {
		struct xml_attribute *to = &ret->attributes[ret->n_attributes++];
		xmlChar *value = xmlNodeListGetString(node->doc, a->children, 1);

		to->name = strdup(is_xml_lang(a) ? "xml:lang" : (const char *)a->name);
		to->value = strdup(value ? (const char *)value : "");
		xmlFree(value);
		if (!to->name || !to->value)
			return false;
	}
	return true;
}

/* Recursion is bounded: check_tree has refused what is deeper than XML_DEPTH_MAX. */
static struct xml_node *copy_node(const xmlNode *node, struct xml_node *parent)
{
	cleanup_(xml_node_freep) struct xml_node *ret = calloc(1, sizeof(*ret));
	struct xml_node *done;
	size_t n = 0;

	if (!ret)
		return NULL;
	ret->parent = parent;
	ret->line = line_of(node);
	ret->name = strdup((const char *)node->name);
	ret->text = copy_text(node);
	if (!ret->name || !ret->text || !copy_attributes(node, ret))
		return NULL;
	for (const xmlNode *c = node->children; c; c = c->next)
		n += c->type == XML_ELEMENT_NODE;
	if (n && !(ret->children = calloc(n, sizeof(struct xml_node *))))
		return NULL;
	for (const xmlNode *c = node->children; c; c = c->next) {
		if (c->type != XML_ELEMENT_NODE)
			continue;
		ret->children[ret->n_children] = copy_node(c, ret);
		if (!ret->children[ret->n_children])
			return NULL;
		ret->n_children++;
	}
	done = ret;
	ret = NULL;
	return done;
}

static enum saqta_status load(struct load *l, const char *schema_path, struct xml_node **ret, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf bytes = {0};
	cleanup_(free_doc) xmlDocPtr doc = NULL;
	struct xml_node *root;
	enum saqta_status r = read_file(l->file, &bytes, err);

	if (r)
		return r;
	doc = parse(l, &bytes);
	if (l->no_memory)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory for %s", l->file);
	if (doc && xmlDocGetRootElement(doc) && check_tree(l, xmlDocGetRootElement(doc)) && !l->problems->count && schema_path) {
		r = check_schema(l, schema_path, doc, err);
		if (r)
			return r;
	}
	r = problems_status(l->problems, err);
	if (r)
		return r;
	root = copy_node(xmlDocGetRootElement(doc), NULL);
	if (!root)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory for %s", l->file);
	*ret = root;
	return SAQTA_OK;
}

static void problems_append(struct problems *to, const struct problems *from)
{
	if (!to || !from->count)
		return;
	if (from->text.data)
		buf_add(&to->text, from->text.data, from->text.len);
	if (!to->count)
		to->first = from->first;
	to->count += from->count;
}

enum saqta_status xml_load(const char *path, const char *ns, const char *schema_path, struct problems *problems, struct xml_node **ret,
			   struct saqta_error *err)
{
	cleanup_(problems_done) struct problems own = {0};
	struct load l = {.file = path, .ns = ns, .problems = &own};
	xmlExternalEntityLoader loader;
	enum saqta_status r;

	(void)pthread_mutex_lock(&loader_lock);
	loader = xmlGetExternalEntityLoader();
	xmlSetExternalEntityLoader(load_nothing);
	r = load(&l, schema_path, ret, err);
	xmlSetExternalEntityLoader(loader);
	(void)pthread_mutex_unlock(&loader_lock);
	problems_append(problems, &own);
	return r;
}

struct xml_node *xml_node_free(struct xml_node *node)
{
	if (!node)
		return NULL;
	for (size_t i = 0; i < node->n_children; i++)
		(void)xml_node_free(node->children[i]);
	for (size_t i = 0; i < node->n_attributes; i++) {
		free(node->attributes[i].name);
		free(node->attributes[i].value);
	}
	free(node->children);
	free(node->attributes);
	free(node->name);
	free(node->text);
	free(node);
	return NULL;
}

void xml_node_freep(struct xml_node **node) { *node = xml_node_free(*node); }

const char *xml_attr(const struct xml_node *node, const char *name)
{
	for (size_t i = 0; i < node->n_attributes; i++)
		if (!strcmp(node->attributes[i].name, name))
			return node->attributes[i].value;
	return NULL;
}
