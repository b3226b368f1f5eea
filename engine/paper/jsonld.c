/* SPDX-License-Identifier: Apache-2.0 */
#include "paper/paper.h"

#include <stdio.h>
#include <stdlib.h>

/* JSON-LD 1.1: the document's JSON, with a context that says what its members and ids mean in W3C's Data Privacy Vocabulary. The context stands
 * beside the packs, as the styles do, and is embedded: whoever reads the file asks nobody. */

enum saqta_status paper_jsonld(const json_t *doc, const char *dirs, struct buf *ret, struct saqta_error *err)
{
	const char *document = json_string_value(json_object_get(doc, "document"));
	json_t *file, *context, *whole;
	json_error_t why;
	char name[96], *path;
	enum saqta_status r;

	(void)snprintf(name, sizeof(name), "style/%s.jsonld", document);
	path = paper_find(dirs, name);
	if (!path)
		return err_set(err, SAQTA_ERR_MISSING, 0, "no JSON-LD of the document `%s`: %s is not beside the packs", document, name);
	file = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
	context = json_object_get(file, "@context");
	whole = context ? json_copy((json_t *)doc) : NULL;
	if (!file)
		r = err_set(err, SAQTA_ERR_POLICY, (unsigned)why.line, "%s: %s", path, why.text);
	else if (!context)
		r = err_set(err, SAQTA_ERR_POLICY, 0, "%s: has no @context", path);
	else if (json_object_set(whole, "@context", context) != 0)
		r = err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	else
		r = paper_json(whole, ret, err);
	json_decref(whole);
	json_decref(file);
	free(path);
	return r;
}
