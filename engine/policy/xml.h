/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_XML_H
#define POLICY_XML_H

#include "policy/problems.h"

/* The one door for XML. (1) Nothing outside the named files is read, whatever a document asks for. (2) A DOCTYPE is refused.
 * (3) Bytes, lines, depth and elements are bounded. (4) The tree keeps no pointer into the parser, and each node keeps its line. */

#define XML_BYTES_MAX ((size_t)4 << 20)
#define XML_LINES_MAX 65535
#define XML_DEPTH_MAX 32
#define XML_NODES_MAX 100000

struct xml_attribute {
	char *name; /* local name, or "xml:lang" */
	char *value;
};

/** An element. Comments and processing instructions are not kept. */
struct xml_node {
	char *name; /* local name */
	char *text; /* its own text, without that of its children; may be "" */
	unsigned line;
	size_t n_attributes;
	struct xml_attribute *attributes;
	size_t n_children;
	struct xml_node **children;
	struct xml_node *parent; /* NULL at the root */
};

/**
 * Read the UTF-8 file @path; every element must be in the namespace @ns.
 *
 * @schema_path  XSD that it must obey, or NULL
 * @problems     all that is wrong with the document, appended; may be NULL
 * @err          "cannot read PATH: reason", or the first problem of this file
 *
 * Returns SAQTA_OK, SAQTA_ERR_MISSING (either file cannot be read), SAQTA_ERR_POLICY or SAQTA_ERR_NOMEM.
 */
enum saqta_status xml_load(const char *path, const char *ns, const char *schema_path, struct problems *problems, struct xml_node **ret,
			   struct saqta_error *err) must_check_;
struct xml_node *xml_node_free(struct xml_node *node); /* with all below it; NULL allowed; returns NULL */
void xml_node_freep(struct xml_node **node);
/** Value of an attribute, owned by @node; NULL if absent. */
const char *xml_attr(const struct xml_node *node, const char *name);

#endif
