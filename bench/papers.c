/* SPDX-License-Identifier: Apache-2.0 */
#include "saqta/engine.h"
#include "saqta/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What the documents cost: answers to many subjects in a row and to one with very many records, each beside `subject show` for the same people,
 * which reads, decrypts and records as much and renders no document; then the regulator's report over a year. Each measurement runs in a
 * process of its own, so that its memory is its own. ANSWERS are given as JSON, a tenth of them in each other form.
 * Usage: papers FOLDER [SUBJECTS [ANSWERS [RECORDS]]]; FOLDER must not exist yet. */

#define DAY_OF_BENCH "2026-11-01T10:00:00+05:00"

static uint64_t n_subjects = 60000, n_answers = 10000, n_records = 50000;
static const char *folder;

static double now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(enum saqta_status r, const struct saqta_error *err)
{
	if (!r)
		return;
	(void)fprintf(stderr, "papers: %s\n", err->message);
	exit(1);
}

static saqta_engine *open_vault(bool read_only)
{
	const struct saqta_options o = {.size = sizeof(o), .vault_dir = folder, .now = DAY_OF_BENCH, .read_only = read_only};
	struct saqta_error err = {0};
	saqta_engine *e = NULL;

	must(saqta_engine_open(&o, &e, &err), &err);
	return e;
}

static int count_bytes(void *user, const char *data, size_t len)
{
	(void)data;
	*(uint64_t *)user += len;
	return 0;
}

/* ---- the vault ---- */

struct load {
	saqta_engine *e;
	unsigned line;
	FILE *ids; /* of the subjects that register */
};

static int take_lines(void *user, const char *data, size_t len)
{
	static const char member[] = "\"event\":\"register\",\"subject\":\"";
	struct load *l = user;
	struct saqta_error err = {0};
	uint64_t answered = 0;

	for (const char *at = data, *end = data + len; at < end;) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t n = stop ? (size_t)(stop - at) : (size_t)(end - at);
		const char *id = memmem(at, n, member, sizeof(member) - 1);

		if (id && l->ids) {
			id += sizeof(member) - 1;
			(void)fprintf(l->ids, "%.*s\n", (int)strcspn(id, "\""), id);
		}
		must(saqta_engine_submit(l->e, ++l->line, at, n, &err), &err);
		if (l->line % 5000 == 0)
			must(saqta_engine_commit(l->e, count_bytes, &answered, &err), &err);
		at += n + 1;
	}
	return 0;
}

static void finish(struct load *l)
{
	struct saqta_error err = {0};
	uint64_t answered = 0;

	must(saqta_engine_commit(l->e, count_bytes, &answered, &err), &err);
	must(saqta_engine_finish(l->e, &err), &err);
	(void)saqta_engine_close(l->e);
}

/* One subject with very many records. */
static void load_large(struct load *l)
{
	char line[400];
	int n = snprintf(
		line, sizeof(line),
		"{\"event\":\"register\",\"subject\":\"large\",\"at\":\"2025-01-02T10:00:00+05:00\",\"evidence\":{\"form\":\"web\"}}\n"
		"{\"event\":\"consent\",\"subject\":\"large\",\"at\":\"2025-01-02T10:00:00+05:00\",\"consents\":[\"processing\"],"
		"\"evidence\":{\"form\":\"web\"}}\n");

	(void)take_lines(l, line, (size_t)n);
	for (uint64_t i = 0; i < n_records; i++) {
		n = snprintf(
			line, sizeof(line),
			"{\"event\":\"collect\",\"subject\":\"large\",\"at\":\"2025-06-01T%02u:%02u:%02u+05:00\",\"category\":\"phone\","
			"\"value\":\"+7 000 %07llu\",\"source\":\"subject\",\"purposes\":[\"contract\"]}\n",
			(unsigned)(i / 3600 % 24), (unsigned)(i / 60 % 60), (unsigned)(i % 60), (unsigned long long)i);
		(void)take_lines(l, line, (size_t)n);
	}
}

static void load(const char *ids_path)
{
	const struct saqta_options o = {.size = sizeof(o), .vault_dir = folder, .now = "2022-01-01T00:00:00+05:00"};
	const struct saqta_generate_options g = {.size = sizeof(g), .subjects = n_subjects, .seed = 1};
	struct load l = {.ids = fopen(ids_path, "w")};
	struct saqta_error err = {0};
	double began = now_s();

	if (!l.ids) {
		perror(ids_path);
		exit(1);
	}
	must(saqta_engine_init(&o, "mycar", NULL, NULL, &err), &err);
	l.e = open_vault(false);
	must(saqta_generate(&g, take_lines, &l, &err), &err);
	load_large(&l);
	(void)fclose(l.ids);
	finish(&l);
	(void)printf("%u events of %llu subjects, one with %llu records, loaded in %.0f s\n", l.line, (unsigned long long)n_subjects,
		     (unsigned long long)n_records, now_s() - began);
}

/* ---- the measurements ---- */

struct answers {
	const char *ids, *format; /* @format NULL: `subject show` instead */
	uint64_t n, bytes;
};

static void one(saqta_engine *e, const char *id, struct answers *a)
{
	const struct saqta_export_options o = {.size = sizeof(o), .subject = id, .format = a->format, .lang = "ru"};
	struct saqta_error err = {0};

	must(a->format ? saqta_engine_export(e, &o, count_bytes, &a->bytes, &err)
		       : saqta_engine_subject_show(e, id, "contract", count_bytes, &a->bytes, &err),
	     &err);
}

static void answer_many(struct answers *a, double *ret_s)
{
	FILE *ids = fopen(a->ids, "r");
	saqta_engine *e = open_vault(false);
	double began = now_s();
	char id[128];

	for (uint64_t n = 0; ids && n < a->n && fgets(id, sizeof(id), ids); n++) {
		id[strcspn(id, "\n")] = 0;
		one(e, id, a);
	}
	*ret_s = now_s() - began;
	(void)saqta_engine_close(e);
	if (ids)
		(void)fclose(ids);
}

static void answer_large(struct answers *a, double *ret_s)
{
	saqta_engine *e = open_vault(false);
	double began = now_s();

	one(e, "large", a);
	*ret_s = now_s() - began;
	(void)saqta_engine_close(e);
}

static void report(struct answers *a, double *ret_s)
{
	const struct saqta_report_options o = {.size = sizeof(o),
					       .from = "2025-01-01T00:00:00+05:00",
					       .to = "2026-01-01T00:00:00+05:00",
					       .format = a->format,
					       .lang = "ru"};
	struct saqta_error err = {0};
	saqta_engine *e = open_vault(true);
	double began = now_s();

	must(saqta_engine_report(e, &o, count_bytes, &a->bytes, &err), &err);
	*ret_s = now_s() - began;
	(void)saqta_engine_close(e);
}

/* What the loading held must not count as what the documents hold. */
static void load_apart(const char *ids_path)
{
	int status = 1;
	pid_t child = fork();

	if (child == 0) {
		load(ids_path);
		(void)fflush(stdout);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
		exit(1);
}

/* In a process of its own; returns the seconds that one took. @beside: those of what it is compared with; 0: nothing. */
static double measure(const char *what, void (*run)(struct answers *, double *), struct answers a, double beside)
{
	double took = 0;
	int ends[2];
	pid_t child;

	(void)fflush(stdout);
	if (pipe(ends) != 0 || (child = fork()) < 0) {
		perror("papers");
		exit(1);
	}
	if (child == 0) {
		struct rusage used;

		run(&a, &took);
		(void)getrusage(RUSAGE_SELF, &used);
		(void)printf("%-34s %9.2f s %9.3f ms each %10.0f kB written %7.0f MB held", what, took, took * 1000 / (double)a.n,
			     (double)a.bytes / 1000, (double)used.ru_maxrss / 1000);
		(void)printf(beside > 0 ? "  ratio %.2f\n" : "\n", took / (double)a.n / beside);
		(void)fflush(stdout);
		_exit(write(ends[1], &took, sizeof(took)) == (ssize_t)sizeof(took) ? 0 : 1);
	}
	if (read(ends[0], &took, sizeof(took)) != (ssize_t)sizeof(took))
		exit(1);
	(void)close(ends[0]);
	(void)close(ends[1]);
	(void)waitpid(child, NULL, 0);
	return took / (double)a.n;
}

int main(int argc, char **argv)
{
	static const char *const formats[] = {"json", "xml", "csv", "html", "pdf"};
	char ids[512], what[64];
	double shown;

	if (argc < 2) {
		(void)fprintf(stderr, "usage: papers FOLDER [SUBJECTS [ANSWERS [RECORDS]]]\n");
		return 2;
	}
	folder = argv[1];
	n_subjects = argc > 2 ? strtoull(argv[2], NULL, 10) : n_subjects;
	n_answers = argc > 3 ? strtoull(argv[3], NULL, 10) : n_answers;
	n_records = argc > 4 ? strtoull(argv[4], NULL, 10) : n_records;
	n_answers = n_answers < n_subjects ? n_answers : n_subjects;
	(void)snprintf(ids, sizeof(ids), "%s.ids", folder);
	load_apart(ids);
	shown = measure("subject show, in a row", answer_many, (struct answers){.ids = ids, .n = n_answers / 10}, 0);
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		(void)snprintf(what, sizeof(what), "export %s, in a row", formats[i]);
		(void)measure(what, answer_many,
			      (struct answers){.ids = ids, .n = i == 0 ? n_answers : n_answers / 10, .format = formats[i]}, shown);
	}
	shown = measure("subject show, many records", answer_large, (struct answers){.n = 1}, 0);
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		(void)snprintf(what, sizeof(what), "export %s, many records", formats[i]);
		(void)measure(what, answer_large, (struct answers){.n = 1, .format = formats[i]}, shown);
	}
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		(void)snprintf(what, sizeof(what), "report %s, a year", formats[i]);
		(void)measure(what, report, (struct answers){.n = 1, .format = formats[i]}, 0);
	}
	(void)unlink(ids);
	return 0;
}
