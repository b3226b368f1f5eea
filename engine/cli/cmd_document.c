/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "papers.h"
#include "phrase.h"

#include "saqta/document.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What whoever receives a document does with it: no vault is needed. */

static const char *key, *signature, *proof, *output;
static struct phrase phrase = {.prompt = "Passphrase of the document"};

/* ---- verify ---- */

/* The folder of @path and `log.vkey` in it; owned. */
static char *key_beside(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *found = NULL;

	if (asprintf(&found, "%.*slog.vkey", slash ? (int)(slash - path + 1) : 0, path) < 0)
		return NULL;
	if (access(found, R_OK) != 0) {
		free(found);
		found = NULL;
	}
	return found;
}

static int run_verify(const struct opt_words *words)
{
	struct saqta_document_check check = {
		.size = sizeof(check), .document = words->at[0], .signature = signature, .proof = proof, .key = key};
	struct saqta_error err = {0};
	struct out_buf report = {0};
	char *beside = key ? NULL : key_beside(words->at[0]);
	int code = 0;

	if (!key)
		check.key = beside;
	if (!check.key)
		return out_usage("document verify", "whose signature? --key FILE: the log's log.vkey, or its text");
	if (saqta_document_verify(&check, out_buf_write, &report, &err))
		code = out_error(words->at[0], &err);
	else if (globals.json)
		(void)out_write_whole(NULL, report.data, report.len);
	else
		out_object(report.data, report.len);
	if (!code && beside)
		fprintf(stderr, "The key was taken from %s: it says who signed only if it is the key that the controller gave you.\n",
			beside);
	out_buf_done(&report);
	free(beside);
	return code;
}

static const struct opt opts_verify[] = {
	{"key", OPT_TEXT, &key, "VKEY", "the log's key, or the file that holds it; default: log.vkey beside FILE"},
	{"signature", OPT_TEXT, &signature, "FILE", "default: FILE.sig"},
	{"proof", OPT_TEXT, &proof, "FILE", "default: FILE.proof"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};

const struct command cmd_document_verify = {
	.name = "document verify",
	.summary = "Is this the document that the log's key signed and the log records?",
	.usage = "FILE [--key VKEY] [--signature FILE] [--proof FILE]",
	.examples = "  saqta document verify u-17.pdf --key log.vkey\n",
	.more = "Needs no vault. Exit 1 where the document, its signature or its proof is not what was signed.",
	.opts = opts_verify,
	.words_min = 1,
	.words_max = 1,
	.run = run_verify,
};

/* ---- open ---- */

static int open_to_file(const char *path)
{
	struct papers_file file = {0};
	struct saqta_error err = {0};
	int code = papers_create(output, "", &file);

	if (!code && saqta_sealed_open(path, phrase_ask, &phrase, papers_write, file.file, &err))
		code = out_error("document open", &err);
	if (!code)
		code = papers_close(&file);
	papers_drop(&file, code != 0);
	return code;
}

static int run_open(const struct opt_words *words)
{
	struct saqta_error err = {0};

	if (output)
		return open_to_file(words->at[0]);
	if (saqta_sealed_open(words->at[0], phrase_ask, &phrase, out_write_whole, NULL, &err))
		return out_error("document open", &err);
	return 0;
}

static const struct opt opts_open[] = {
	{"output", OPT_TEXT, &output, "FILE", "a new file (0600); default stdout"},
	{"seal-file", OPT_TEXT, &phrase.file, "FILE", "the passphrase, first line of FILE; default: ask"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};

const struct command cmd_document_open = {
	.name = "document open",
	.summary = "Decrypt a document that came under a passphrase",
	.usage = "FILE [--output FILE] [--seal-file FILE]",
	.examples = "  saqta document open u-17.pdf.saqta --output u-17.pdf\n"
		    "  saqta document verify u-17.pdf --signature u-17.pdf.saqta.sig --proof u-17.pdf.saqta.proof --key log.vkey\n",
	.more = "Needs no vault. A file that was cut or changed gives nothing. The signature is of the document, not of its sealed form.",
	.opts = opts_open,
	.words_min = 1,
	.words_max = 1,
	.run = run_open,
};
