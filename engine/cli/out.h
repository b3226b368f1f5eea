/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include "saqta/engine.h"

#include <signal.h>
#include <stdio.h>

#define printf_(f, a) __attribute__((format(printf, f, a)))

/** `saqta: [command: ]message` on stderr and a hint to --help. Returns 2. */
int out_usage(const char *command, const char *fmt, ...) printf_(2, 3);
/** `saqta: what: why` on stderr; where a line of a file is wrong `FILE:LINE: why`. Returns the exit code for @err's status. */
int out_error(const char *what, const struct saqta_error *err);
/** The exit code of a status: the one place where the two meet. */
int out_exit(enum saqta_status status);

/** Ask the first SIGINT or SIGTERM to stop at the next safe place; the second one kills. */
void out_catch_signals(void);
extern volatile sig_atomic_t out_stopped;

/** saqta_write_fn to stdout; @user is not used. Stops when stdout is gone or a signal came. */
int out_write(void *user, const char *data, size_t len);
/** The same, in spite of a signal: for the report of what is done already. */
int out_write_whole(void *user, const char *data, size_t len);
/** saqta_write_fn to stderr, for the problems of a pack. */
int out_write_problems(void *user, const char *data, size_t len);
/** Flush stdout; @code, or 74 if anything written there was lost. To be the last call of a command. */
int out_end(int code);

/** The bytes of a result that is rendered when it is whole. Zero-initialise. */
struct out_buf {
	char *data; /* owned; NUL-terminated when not NULL */
	size_t len, cap;
};
int out_buf_write(void *user, const char *data, size_t len); /* @user: struct out_buf */
void out_buf_done(struct out_buf *b);

/** Is stdout a terminal? Colours besides need NO_COLOR to be unset and TERM to be more than dumb. */
bool out_is_terminal(void);
const char *out_bold(void); /* "" where there are no colours */
const char *out_red(void);
const char *out_plain(void);

/** "1,234,567" */
#define OUT_NUMBER_SIZE 32
const char *out_number(uint64_t n, char ret[OUT_NUMBER_SIZE]);
/** Columns that @text takes (code points); and print it padded, with its control characters made harmless. */
size_t out_width(const char *text);
void out_text(FILE *to, const char *text, size_t width);

/** A bar on stderr, if that is a terminal; saqta_progress_fn. Stops on a signal. */
struct out_progress {
	const char *what;
	uint64_t next_us;
	bool is_shown;
};
int out_progress(void *user, uint64_t done, uint64_t total);
void out_progress_end(struct out_progress *p);

/** A whole JSON object as aligned `name  value` lines. Falls back to the bytes themselves. */
void out_object(const char *json, size_t len);

/** JSON Lines as a table with a column a member; saqta_write_fn. Widths come from the first rows. */
#define OUT_TABLE_ROWS 200
#define OUT_TABLE_COLUMNS 16
struct out_table {
	const char *nothing; /* said when there is no row */
	struct out_buf line;
	void *rows[OUT_TABLE_ROWS];
	size_t n_rows;
	char *names[OUT_TABLE_COLUMNS];
	size_t widths[OUT_TABLE_COLUMNS];
	size_t n_columns;
	uint64_t printed;
	bool is_begun;
};
int out_table_write(void *user, const char *data, size_t len);
void out_table_end(struct out_table *t);

/* ---- engine.c of the command line: what most commands begin and end with ---- */

/** Options for the engine from the global ones. False after a usage error (no vault named). */
bool cli_options(struct saqta_options *ret);
/** Open the vault. Returns 0, or the exit code after the message. */
int cli_open(bool read_only, saqta_engine **ret);

/** Run @call with the right writer (JSON as it is, an object, or a table) and end the command. */
enum cli_form { CLI_OBJECT, CLI_ROWS };
typedef enum saqta_status (*cli_call)(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr);
int cli_show(const char *what, bool read_only, enum cli_form form, const char *nothing, cli_call call, const void *args);

#endif
