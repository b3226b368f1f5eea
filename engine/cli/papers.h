/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PAPERS_H
#define CLI_PAPERS_H

#include "opt.h"
#include "out.h"

/* What the documents' commands have in common: their options, and where a document goes. */

struct papers {
	const char *format, *output, *lang;
	bool sign, seal;
	const char *seal_file; /* where its passphrase is read; NULL: asked for */
};
extern struct papers papers;

/** The options of every document, and the end of the table. */
#define PAPERS_OPTIONS                                                                                                           \
	{"format", OPT_TEXT, &papers.format, "F", "json (default), jsonld, xml, csv (a zip, one file a register), html or pdf"}, \
		{"output", OPT_TEXT, &papers.output, "FILE", "a new file (0600); default stdout"},                               \
		{"sign", OPT_FLAG, &papers.sign, NULL, "with FILE.sig and FILE.proof: signed by the log's key"},                 \
		{"seal", OPT_FLAG, &papers.seal, NULL, "encrypted under a passphrase, which `document open` asks for"},          \
		{"seal-file", OPT_TEXT, &papers.seal_file, "FILE", "that passphrase, first line of FILE; default: ask"},         \
		{"lang", OPT_TEXT, &papers.lang, "L", "kk, ru (default) or en"},                                                 \
	{                                                                                                                        \
		NULL, OPT_FLAG, NULL, NULL, NULL                                                                                 \
	}
#define PAPERS_USAGE "[--format F] [--output FILE [--sign] [--seal]] [--lang L]"

/** Where the signature goes; NULL without --sign. To be asked for within the call that papers_give makes. */
const struct saqta_sign *papers_sign(void);
/** Open the vault, call @call with the writer that the options say, and end the command. @is_recorded: the document is, in any case; else only
 *  when it is signed. Returns the exit code. */
int papers_give(const char *name, bool is_recorded, cli_call call, const void *args);

/** saqta_write_fn to a FILE. */
int papers_write(void *user, const char *data, size_t len);
/** A new file that only its owner reads. */
struct papers_file {
	char *path;
	FILE *file;
};
int papers_create(const char *path, const char *suffix, struct papers_file *ret); /* 0, or the exit code after the message */
/** Sync and close; 0, or 74 after the message. */
int papers_close(struct papers_file *f);
/** Close what is open; @and_remove: leave no file. */
void papers_drop(struct papers_file *f, bool and_remove);

#endif
