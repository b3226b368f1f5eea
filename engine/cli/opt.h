/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_OPT_H
#define CLI_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What an option takes, and what @value points to. */
enum opt_kind {
	OPT_FLAG,   /* bool */
	OPT_TEXT,   /* const char * */
	OPT_NUMBER, /* struct opt_number */
};
struct opt_number {
	uint64_t n;
	bool is_given;
};

/** One long option. The table that parses them is the table that prints their help; it ends with a NULL name. */
struct opt {
	const char *name; /* without the dashes */
	enum opt_kind kind;
	void *value;
	const char *arg; /* what stands for its argument in the help; NULL for a flag */
	const char *help;
};

/** The words of a command line that are no options. */
#define OPT_WORDS_MAX 4096
struct opt_words {
	const char **at; /* borrowed from argv */
	int n;
};

/** What all commands share. */
struct globals {
	const char *vault, *keep, *key_file, *passphrase_file, *now, *actor;
	struct opt_number wait;
	bool json, text, help, version;
};
extern struct globals globals;

struct command {
	const char *name; /* "init", or two words: "subject show" */
	const char *summary;
	const char *usage;    /* what follows the name */
	const char *examples; /* whole lines, indented by two spaces */
	const char *more;     /* NULL, or a last paragraph of the help */
	const struct opt *opts;
	int words_min, words_max;
	int (*run)(const struct opt_words *words);
};

/** Every command, the last one with a NULL name. */
extern const struct command *const commands[];

/** Parse @argv: finds the command, its options and the global ones wherever they stand. Returns the command, or NULL with the
 *  exit code in @ret_exit (help and version print themselves and exit 0; wrong usage exits 2). */
const struct command *opt_parse(int argc, char **argv, struct opt_words *ret_words, int *ret_exit);

#endif
