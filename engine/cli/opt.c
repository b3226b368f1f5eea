/* SPDX-License-Identifier: Apache-2.0 */
#include "opt.h"
#include "out.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef SAQTA_VERSION
#define SAQTA_VERSION "0"
#endif

struct globals globals;

static const struct opt global_opts[] = {
	{"vault", OPT_TEXT, &globals.vault, "DIR", "the vault's folder (SAQTA_VAULT)"},
	{"keep", OPT_TEXT, &globals.keep, "DIR", "keys, guard and lock; default DIR.keep (SAQTA_KEEP)"},
	{"key-file", OPT_TEXT, &globals.key_file, "FILE", "master key; default master.key in the keep (SAQTA_KEY_FILE)"},
	{"passphrase-file", OPT_TEXT, &globals.passphrase_file, "FILE",
	 "the key file's passphrase, if it has one; default: ask (SAQTA_PASSPHRASE_FILE)"},
	{"now", OPT_TEXT, &globals.now, "TIME", "the clock, RFC 3339 with an offset; default the system's"},
	{"actor", OPT_TEXT, &globals.actor, "NAME", "who calls, for the log; default operator"},
	{"wait", OPT_NUMBER, &globals.wait, "SECONDS", "how long to wait for another writer; default 30"},
	{"json", OPT_FLAG, &globals.json, NULL, "JSON for programs"},
	{"text", OPT_FLAG, &globals.text, NULL, "text for people, even where stdout is no terminal"},
	{"help", OPT_FLAG, &globals.help, NULL, "this help (also -h)"},
	{"version", OPT_FLAG, &globals.version, NULL, "the version"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};

/* ---- the nearest name ---- */

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* Levenshtein's distance; what is too long to have been meant is far. */
static size_t distance(const char *a, const char *b)
{
	size_t row[40], n = strlen(b);

	if (n >= sizeof(row) / sizeof(row[0]) || strlen(a) >= 60)
		return SIZE_MAX;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t above = row[j];

			row[j] = smallest(above + 1, row[j - 1] + 1, corner + (a[i - 1] != b[j - 1]));
			corner = above;
		}
	}
	return row[n];
}

struct nearest {
	const char *word;
	const char *best;
	size_t best_distance;
};

static void nearer(struct nearest *near, const char *name)
{
	size_t d = strncmp(name, near->word, strlen(near->word)) == 0 ? 1 : distance(near->word, name);

	if (near->word[0] && d < near->best_distance && d <= 1 + strlen(name) / 3) {
		near->best = name;
		near->best_distance = d;
	}
}

static void nearer_of(struct nearest *near, const struct opt *opts)
{
	for (; opts && opts->name; opts++)
		nearer(near, opts->name);
}

/* ---- help ---- */

static void print_opts(const char *title, const struct opt *opts)
{
	char left[64];

	if (!opts || !opts->name)
		return;
	printf("\n%s:\n", title);
	for (; opts->name; opts++) {
		(void)snprintf(left, sizeof(left), "--%s%s%s", opts->name, opts->arg ? " " : "", opts->arg ? opts->arg : "");
		printf("  %-22s %s\n", left, opts->help);
	}
}

static void help_all(void)
{
	printf("Examples:\n"
	       "  saqta --vault /srv/vault init --policy ./policies/shop.xml\n"
	       "  saqta --vault /srv/vault apply events.jsonl\n"
	       "  saqta --vault /srv/vault sweep --dry-run\n"
	       "\nUsage: saqta [OPTION…] COMMAND …\n\nCommands:\n");
	for (const struct command *const *c = commands; *c; c++)
		printf("  %-22s %s\n", (*c)->name, (*c)->summary);
	print_opts("Options, before or after the command", global_opts);
	printf("\nExit: 0 done; 1 a check said no; 2 usage; 65 bad input; 66 input missing; 73 cannot create; 74 I/O error;\n"
	       "      75 busy; 77 wrong key or no right; 78 bad policy or configuration.\n"
	       "\n`saqta COMMAND --help` says more.\n");
}

static void help_of(const struct command *c)
{
	printf("Examples:\n%s\nUsage: saqta %s%s%s\n\n%s.\n", c->examples, c->name, c->usage[0] ? " " : "", c->usage, c->summary);
	if (c->more)
		printf("%s\n", c->more);
	print_opts("Options", c->opts);
	print_opts("Everywhere", global_opts);
}

/* ---- parsing ---- */

static int wrong_option(const struct command *c, const char *name, size_t len)
{
	char word[64] = "";
	struct nearest near = {.word = word, .best_distance = SIZE_MAX};

	(void)snprintf(word, sizeof(word), "%.*s", (int)(len < 60 ? len : 60), name);
	nearer_of(&near, global_opts);
	nearer_of(&near, c ? c->opts : NULL);
	for (const struct command *const *p = commands; !c && *p; p++)
		nearer_of(&near, (*p)->opts);
	if (near.best)
		return out_usage(c ? c->name : NULL, "unknown option --%s; did you mean --%s?", word, near.best);
	return out_usage(c ? c->name : NULL, "unknown option --%s", word);
}

static const struct opt *find(const struct opt *opts, const char *name, size_t len)
{
	for (; opts && opts->name; opts++)
		if (strlen(opts->name) == len && memcmp(opts->name, name, len) == 0)
			return opts;
	return NULL;
}

static bool parse_number(const char *text, struct opt_number *ret)
{
	char *end;
	unsigned long long n;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno || *end)
		return false;
	*ret = (struct opt_number){.n = n, .is_given = true};
	return true;
}

static int store(const struct command *c, const struct opt *o, const char *value)
{
	switch (o->kind) {
	case OPT_FLAG:
		*(bool *)o->value = true;
		return 0;
	case OPT_TEXT:
		if (!value[0])
			return out_usage(c->name, "option --%s: an empty %s", o->name, o->arg);
		*(const char **)o->value = value;
		return 0;
	case OPT_NUMBER:
		if (!parse_number(value, o->value))
			return out_usage(c->name, "option --%s: %s is not a number", o->name, value);
		return 0;
	}
	return 0;
}

struct parser {
	int argc;
	char **argv;
	int i; /* the argument being read */
	const struct command *command;
	bool told;
};

/* The argument at p->i begins with a dash and is not "-". */
static int parse_option(struct parser *p)
{
	const char *arg = p->argv[p->i], *name = arg + 2, *equals;
	const char *command = p->command ? p->command->name : NULL;
	const struct opt *o;
	size_t len;

	if (strcmp(arg, "-h") == 0) {
		globals.help = true;
		return 0;
	}
	if (arg[1] != '-')
		return out_usage(command, "unknown option %s: options are long, --like-this", arg);
	equals = strchr(name, '=');
	len = equals ? (size_t)(equals - name) : strlen(name);
	o = find(global_opts, name, len);
	if (!o)
		o = find(p->command->opts, name, len);
	if (!o)
		return wrong_option(p->command, name, len);
	if (o->kind == OPT_FLAG)
		return equals ? out_usage(command, "option --%s takes no value", o->name) : store(p->command, o, "");
	if (!equals && p->i + 1 >= p->argc)
		return out_usage(command, "option --%s needs %s", o->name, o->arg);
	return store(p->command, o, equals ? equals + 1 : p->argv[++p->i]);
}

/* Does the option in @arg, of whatever command, take the next argument? */
static bool takes_next(const char *arg)
{
	const struct opt *o = NULL;

	if (arg[0] != '-' || arg[1] != '-' || strchr(arg, '='))
		return false;
	o = find(global_opts, arg + 2, strlen(arg + 2));
	for (const struct command *const *c = commands; !o && *c; c++)
		o = find((*c)->opts, arg + 2, strlen(arg + 2));
	return o && o->kind != OPT_FLAG;
}

/* The place of the first argument from @i on that is no option, argc if there is none. */
static int next_word(int argc, char **argv, int i)
{
	for (; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0)
			return argc;
		if (argv[i][0] != '-' || !argv[i][1])
			return i;
		if (takes_next(argv[i]))
			i++;
	}
	return argc;
}

static int no_command(const char *first, const char *second)
{
	struct nearest near = {.best_distance = SIZE_MAX};
	char whole[96];
	size_t len = strlen(first);
	bool is_room = false;

	for (const struct command *const *c = commands; *c; c++)
		if (strncmp((*c)->name, first, len) == 0 && (*c)->name[len] == ' ')
			is_room = true;
	if (is_room && !second) {
		(void)out_usage(NULL, "%s: which one?", first);
		for (const struct command *const *c = commands; *c; c++)
			if (strncmp((*c)->name, first, len) == 0 && (*c)->name[len] == ' ')
				fprintf(stderr, "  saqta %s %s\n", (*c)->name, (*c)->usage);
		return 2;
	}
	(void)snprintf(whole, sizeof(whole), "%.40s%s%.40s", first, is_room ? " " : "", is_room ? second : "");
	near.word = whole;
	for (const struct command *const *c = commands; *c; c++)
		nearer(&near, (*c)->name);
	if (near.best)
		return out_usage(NULL, "unknown command %s; did you mean %s?", whole, near.best);
	return out_usage(NULL, "unknown command %s", whole);
}

/* Is @name the words @first and @second? */
static bool is_pair(const char *name, const char *first, const char *second)
{
	size_t n = strlen(first);

	return strncmp(name, first, n) == 0 && name[n] == ' ' && strcmp(name + n + 1, second) == 0;
}

/* The command named by one word or two, and the places of these. */
static const struct command *find_command(int argc, char **argv, int place[2])
{
	place[0] = next_word(argc, argv, 1);
	place[1] = place[0] < argc ? next_word(argc, argv, place[0] + 1) : argc;
	if (place[0] >= argc)
		return NULL;
	for (const struct command *const *c = commands; *c; c++) {
		if (strcmp((*c)->name, argv[place[0]]) == 0) {
			place[1] = argc;
			return *c;
		}
		if (place[1] < argc && is_pair((*c)->name, argv[place[0]], argv[place[1]]))
			return *c;
	}
	return NULL;
}

/* No command was found: help or version may have been all that was asked. */
static int without_command(int argc, char **argv, const int place[2])
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--version") == 0) {
			printf("saqta %s\n", SAQTA_VERSION);
			return 0;
		}
		if (place[0] >= argc && (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0)) {
			help_all();
			return 0;
		}
	}
	if (place[0] < argc && strcmp(argv[place[0]], "help") == 0) {
		help_all();
		return 0;
	}
	if (place[0] < argc)
		return no_command(argv[place[0]], place[1] < argc ? argv[place[1]] : NULL);
	for (int i = 1; i < argc; i++)
		if (argv[i][0] == '-' && !takes_next(argv[i]) && !find(global_opts, argv[i] + 2, strcspn(argv[i] + 2, "=")))
			return wrong_option(NULL, argv[i] + 2, strcspn(argv[i] + 2, "="));
	return out_usage(NULL, "no command; `saqta --help` lists them");
}

static void from_environment(void)
{
	if (!globals.vault)
		globals.vault = getenv("SAQTA_VAULT");
	if (!globals.keep)
		globals.keep = getenv("SAQTA_KEEP");
	if (!globals.key_file)
		globals.key_file = getenv("SAQTA_KEY_FILE");
	if (!globals.passphrase_file)
		globals.passphrase_file = getenv("SAQTA_PASSPHRASE_FILE");
}

static int parse_rest(struct parser *p, const int place[2], struct opt_words *words)
{
	bool options = true;

	for (p->i = 1; p->i < p->argc; p->i++) {
		const char *arg = p->argv[p->i];

		if (p->i == place[0] || p->i == place[1])
			continue;
		if (options && strcmp(arg, "--") == 0) {
			options = false;
		} else if (options && arg[0] == '-' && arg[1]) {
			int code = parse_option(p);

			if (code)
				return code;
		} else {
			words->at[words->n++] = arg;
		}
	}
	return 0;
}

const struct command *opt_parse(int argc, char **argv, struct opt_words *ret_words, int *ret_exit)
{
	struct parser p = {.argc = argc, .argv = argv};
	int place[2];

	p.command = find_command(argc, argv, place);
	if (!p.command) {
		*ret_exit = without_command(argc, argv, place);
		return NULL;
	}
	*ret_exit = parse_rest(&p, place, ret_words);
	if (*ret_exit)
		return NULL;
	if (globals.version) {
		printf("saqta %s\n", SAQTA_VERSION);
		return NULL;
	}
	if (globals.help) {
		help_of(p.command);
		return NULL;
	}
	if (ret_words->n < p.command->words_min || ret_words->n > p.command->words_max) {
		*ret_exit =
			out_usage(p.command->name,
				  ret_words->n < p.command->words_min ? "something is missing: saqta %s %s" : "too many words: saqta %s %s",
				  p.command->name, p.command->usage);
		return NULL;
	}
	from_environment();
	return p.command;
}
