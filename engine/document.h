/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HALL_DOCUMENT_H
#define HALL_DOCUMENT_H

#include "hall.h"

#include <jansson.h>

/* What the documents share (export.c, report.c, letters.c). A document is a JSON object that paper/ gives a form. */
struct document {
	struct saqta_engine *e;
	json_t *json;
	json_t *cited;	  /* the clauses named anywhere, as members */
	bool is_recorded; /* also unsigned: it holds personal data; made within an open transaction */
};

/** Begin the document @name: who made it and when, controller, policy in force. */
void document_begin(struct document *d, struct saqta_engine *e, const char *name);
void document_end(struct document *d); /* frees */

/** A text that is NULL or empty, and an instant that never came, leave no member. */
void document_text(json_t *to, const char *name, const char *text);
void document_time(const struct saqta_engine *e, json_t *to, const char *name, int64_t us);
void document_hex(json_t *to, const char *name, const void *bytes, size_t len);
/** The words of @list as an array. */
void document_words(json_t *to, const char *name, const char *list);
/** The same, of clauses: the document will say what each of them means. */
void document_cite(struct document *d, json_t *to, const char *name, const char *clauses);
void document_cite_rule(struct document *d, json_t *to, const char *name, unsigned rule);
/** Note clauses that stand in the document already, as an array. */
void document_cited(struct document *d, const json_t *clauses);
/** The member `clauses`: what each clause says that was cited, in three languages. */
void document_clauses(struct document *d);

/** What a caller asks of any document. */
struct document_form {
	const char *format, *lang;     /* lang NULL: ru */
	const struct saqta_sign *sign; /* NULL: not signed */
};
enum saqta_status document_check_form(const struct document_form *form, struct saqta_error *err) must_check_;
enum saqta_status document_render(const struct document *d, const struct document_form *form, struct buf *ret,
				  struct saqta_error *err) must_check_;

/** A document about nobody in particular: set, recorded if it is signed (@kind of its entry), then given. */
enum saqta_status document_give(const struct document *d, const char *kind, const struct document_form *form, saqta_write_fn write,
				void *write_user, struct saqta_error *err) must_check_;

/** A document about one subject: made and set, then recorded with a commitment to its bytes and as a reading, then committed, then given. */
struct document_kind {
	const char *name, *kind; /* of the document; of its entry `export` */
	const char *subject;	 /* external id */
	enum saqta_status (*before)(struct saqta_engine *e, void *user, struct saqta_error *err); /* in the transaction; NULL: nothing */
	enum saqta_status (*build)(struct document *d, struct subject *s, void *user, struct saqta_error *err);
	void *user;
};
enum saqta_status document_of_subject(struct saqta_engine *e, const struct document_kind *kind, const struct document_form *form,
				      saqta_write_fn write, void *write_user, struct saqta_error *err) must_check_;

/* ---- document_sign.c (docs/audit-format.md, Documents) ---- */

/** What a signature says of a document, line by line. */
struct document_mark {
	char name[64], format[16], at[INSTANT_TEXT_SIZE];
	uint8_t digest[HASH_SIZE]; /* SHA-256 of the file */
	uint8_t salt[HASH_SIZE];   /* opens the commitment that the entry holds */
	uint64_t entry;
};
#define DOCUMENT_MORE_SIZE (sizeof("{\"document\":\"\"}") + 2 * HASH_SIZE)
/** Mark the bytes of a document under a new salt; @ret_more becomes the member `more` of its entry. */
void document_mark(const struct document *d, const char *format, const struct buf *bytes, struct document_mark *ret,
		   char ret_more[DOCUMENT_MORE_SIZE]);
/** HMAC-SHA-256(salt, digest), as it stands in the entry; hex. */
void document_commitment(const struct document_mark *m, char ret[2 * HASH_SIZE + 1]);
/** After the entry was committed and the head signed: write signature and proof. */
enum saqta_status document_sign(struct saqta_engine *e, const struct document_mark *m, const struct saqta_sign *to,
				struct saqta_error *err) must_check_;
/** Read the signature's text back, strictly. */
bool document_mark_parse(const char *text, size_t len, struct document_mark *ret);

#endif
