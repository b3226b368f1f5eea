/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "out.h"

#include "saqta/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Both sides of witnessing: with a folder, a witness; without one, the log of a vault. */

#define NAME "audit witness"
#define FILE_MAX ((size_t)64 << 10)
#define WAIT_S 30

static const char *init, *trust, *add, *output, *serve; /* a witness's */
static const char *request, *answer, *submit;		/* a log's */
static struct opt_number old;
static bool same_head;

/* ---- files on a stick: nothing in them is secret ---- */

/* At most FILE_MAX bytes; 0, or the exit code after a message. */
static int read_file(const char *path, char **ret, size_t *ret_len)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
	char *data = malloc(FILE_MAX + 1);
	int code = 0;

	if (!file || !data) {
		(void)fprintf(stderr, "saqta: %s: %s\n", path, strerror(errno));
		code = file ? 74 : 66;
	} else {
		*ret_len = fread(data, 1, FILE_MAX + 1, file);
		if (ferror(file) || *ret_len > FILE_MAX) {
			(void)fprintf(stderr, "saqta: %s: %s\n", path,
				      ferror(file) ? "cannot be read" : "larger than 64 KiB: not such a file");
			code = ferror(file) ? 74 : 65;
		}
	}
	if (file && file != stdin)
		(void)fclose(file);
	if (code == 0)
		*ret = data;
	else
		free(data);
	return code;
}

/* A new file, open before anything is signed; NULL: stdout. -1 after a message. */
static int open_new(const char *path)
{
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644) : STDOUT_FILENO;

	if (fd < 0)
		(void)fprintf(stderr, "saqta: %s: %s\n", path, strerror(errno));
	return fd;
}

/* Write and close it; what is not whole does not stay. */
static int finish_new(const char *path, int fd, int code, const struct out_buf *b)
{
	bool is_written = true;

	if (!path)
		return b->len > 0 && out_write_whole(NULL, b->data, b->len) != 0 ? 74 : code;
	for (size_t done = 0; is_written && done < b->len;) {
		ssize_t n = write(fd, b->data + done, b->len - done);

		is_written = n > 0 || (n < 0 && errno == EINTR);
		done += n > 0 ? (size_t)n : 0;
	}
	is_written = is_written && fsync(fd) == 0;
	is_written = close(fd) == 0 && is_written;
	if (is_written && b->len > 0)
		return code;
	if (!is_written)
		(void)fprintf(stderr, "saqta: %s: cannot be written\n", path);
	(void)unlink(path);
	return is_written ? code : 74;
}

/* ---- a witness ---- */

static struct saqta_witness_options witness_options(const char *dir)
{
	struct saqta_witness_options o = {.size = sizeof(o), .dir = dir, .now = globals.now, .wait_s = WAIT_S};

	if (globals.wait.is_given)
		o.wait_s = globals.wait.n > UINT_MAX ? UINT_MAX : (unsigned)globals.wait.n;
	return o;
}

static int end_object(enum saqta_status r, const struct saqta_error *err, struct out_buf *b)
{
	int code = r ? out_error(NAME, err) : 0;

	if (!r && globals.json)
		(void)out_write_whole(NULL, b->data, b->len);
	else if (!r)
		out_object(b->data, b->len);
	out_buf_done(b);
	return code;
}

static int run_add(const struct saqta_witness_options *o)
{
	struct saqta_error err = {0};
	struct out_buf b = {0};
	unsigned status = 0;
	char *text = NULL;
	size_t len = 0;
	int fd, code = read_file(add, &text, &len);
	enum saqta_status r;

	if (code)
		return code;
	fd = open_new(output);
	if (fd < 0) {
		free(text);
		return 73;
	}
	r = saqta_witness_answer(o, text, len, &status, out_buf_write, &b, &err);
	if (r) {
		code = out_error(NAME, &err);
	} else if (status != 200) {
		(void)fprintf(stderr, "saqta: %s: not signed: %.*s", add, (int)b.len, b.data);
		code = status == 400 ? 65 : 1;
	}
	code = finish_new(output, fd, code, &b);
	out_buf_done(&b);
	free(text);
	return code;
}

static int is_stopped(void *user)
{
	(void)user;
	return out_stopped;
}

/* Whoever waits for the line must not wait for a full buffer. */
static int write_line(void *user, const char *data, size_t len)
{
	(void)user;
	if (globals.json)
		(void)fwrite(data, 1, len, stdout);
	else
		out_object(data, len);
	return fflush(stdout) == 0 ? 0 : 1;
}

static int run_serve(const struct saqta_witness_options *o)
{
	struct saqta_error err = {0};

	out_catch_signals();
	return saqta_witness_serve(o, serve, is_stopped, write_line, NULL, &err) ? out_error(NAME, &err) : 0;
}

static int run_witness(const char *dir)
{
	struct saqta_witness_options o = witness_options(dir);
	struct saqta_error err = {0};
	struct out_buf b = {0};
	enum saqta_status r;

	if (request || answer || submit || old.is_given || same_head)
		return out_usage(NAME, "with a folder it is a witness: --init, --trust, --add or --serve");
	if (!!init + !!trust + !!add + !!serve > 1 || (output && !add))
		return out_usage(NAME, "one at a time: --init, --trust, --add (with --output) or --serve");
	if (add)
		return run_add(&o);
	if (serve)
		return run_serve(&o);
	r = init    ? saqta_witness_init(&o, init, out_buf_write, &b, &err)
	    : trust ? saqta_witness_trust(&o, trust, out_buf_write, &b, &err)
		    : saqta_witness_show(&o, out_buf_write, &b, &err);
	return end_object(r, &err, &b);
}

/* ---- a log ---- */

static int run_request(void)
{
	struct saqta_error err = {0};
	saqta_engine *engine = NULL;
	struct out_buf b = {0};
	const char *path = strcmp(request, "-") == 0 ? NULL : request;
	int fd, code = cli_open(false, &engine);

	if (code)
		return code;
	fd = open_new(path);
	if (fd < 0)
		code = 73;
	else if (saqta_audit_witness_request(engine, old.n, same_head, out_buf_write, &b, &err))
		code = out_error(NAME, &err);
	if (fd >= 0)
		code = finish_new(path, fd, code, &b);
	out_buf_done(&b);
	(void)saqta_engine_close(engine);
	return code;
}

struct file {
	char *text;
	size_t len;
};

static enum saqta_status call_answer(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	const struct file *f = args;

	return saqta_audit_witness_answer(engine, f->text, f->len, write, user, reterr);
}

static enum saqta_status call_submit(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	return saqta_audit_witness_submit(engine, args, same_head, write, user, reterr);
}

static enum saqta_status call_show(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	(void)args;
	return saqta_audit_witness_show(engine, write, user, reterr);
}

static int run_log(void)
{
	struct file f = {0};
	int code;

	if (init || trust || add || serve || output)
		return out_usage(NAME, "name the witness's folder");
	if (!!request + !!answer + !!submit > 1 || (old.is_given && !request) || (same_head && !request && !submit))
		return out_usage(NAME, "one at a time: --request (with --old, --same-head), --answer, or --submit (with --same-head)");
	if (request)
		return run_request();
	if (submit)
		return cli_show(NAME, false, CLI_OBJECT, NULL, call_submit, submit);
	if (!answer)
		return cli_show(NAME, true, CLI_OBJECT, NULL, call_show, NULL);
	code = read_file(answer, &f.text, &f.len);
	if (!code)
		code = cli_show(NAME, false, CLI_OBJECT, NULL, call_answer, &f);
	free(f.text);
	return code;
}

static int run(const struct opt_words *words) { return words->n > 0 ? run_witness(words->at[0]) : run_log(); }

static const struct opt opts[] = {
	{"init", OPT_TEXT, &init, "NAME", "make a witness in DIR, called NAME; prints its key"},
	{"trust", OPT_TEXT, &trust, "VKEY", "let the witness watch this log: what stands in its log.vkey"},
	{"add", OPT_TEXT, &add, "REQUEST", "answer the request in a file"},
	{"output", OPT_TEXT, &output, "ANSWER", "the answer: a new file; default stdout"},
	{"serve", OPT_TEXT, &serve, "ADDRESS", "answer over HTTP: 127.0.0.1:PORT or [::1]:PORT; port 0: a free one"},
	{"request", OPT_TEXT, &request, "FILE", "write the request to sign the newest head: a new file, or - for stdout"},
	{"old", OPT_NUMBER, &old, "N", "how many entries the witness saw last; default 0: none"},
	{"same-head", OPT_FLAG, &same_head, NULL, "ask for the head that was asked for before: for another witness"},
	{"answer", OPT_TEXT, &answer, "FILE", "check what a witness answered to the newest request, and keep it"},
	{"submit", OPT_TEXT, &submit, "URL", "ask and keep the answer at once, from http://127.0.0.1:PORT/"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};

const struct command cmd_audit_witness = {
	.name = NAME,
	.summary = "Sign the heads of others' logs as a witness, or have one's own signed",
	.usage = "DIR [--init NAME | --trust VKEY | --add REQUEST [--output ANSWER] | --serve ADDRESS]\n"
		 "       saqta --vault DIR audit witness [--request FILE [--old N] [--same-head] | --answer FILE | --submit URL "
		 "[--same-head]]",
	.examples = "  as a witness, with a folder of its own:\n"
		    "  saqta audit witness /srv/witness --init example.org/witness\n"
		    "  saqta audit witness /srv/witness --trust \"$(cat log.vkey)\"\n"
		    "  saqta audit witness /srv/witness --add /media/stick/request --output /media/stick/answer\n"
		    "  saqta audit witness /srv/witness --serve 127.0.0.1:8080\n"
		    "  saqta audit witness /srv/witness\n"
		    "  as the log that is witnessed:\n"
		    "  saqta --vault /srv/vault audit witness --request /media/stick/request\n"
		    "  saqta --vault /srv/vault audit witness --answer /media/stick/answer\n"
		    "  saqta --vault /srv/vault audit witness --submit http://127.0.0.1:8080/\n"
		    "  saqta --vault /srv/vault audit witness\n",
	.more = "A witness signs a head only if the log grew out of the one that it saw last, so that nobody can be shown another history: "
		"C2SP\n"
		"tlog-witness, over HTTP or as files. Which witnesses the log trusts stands in witness.policy in the keep: lines `witness "
		"NAME KEY`,\n"
		"`group NAME all|any|K MEMBERS...`, and one `quorum NAME`. A witness that knows the log refuses the first request and says "
		"what it\n"
		"saw last: ask again with --old. Exit 1 where a witness refuses, above all where it saw another history; 78 for a wrong "
		"policy.",
	.opts = opts,
	.words_min = 0,
	.words_max = 1,
	.run = run,
};
