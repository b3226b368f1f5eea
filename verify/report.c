/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/verify.h"

#include <string.h>
#include <time.h>

/* What is said of a log: text for people, one JSON object for programs. Nothing of an entry is repeated but its times. */

typedef unsigned long long ull;

/* ---- JSON ---- */

/* What came out of strict forms is ASCII; names of the reader's own files and policy may be anything. */
static void json_quote(const char *text)
{
	(void)putchar('"');
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c == '"' || *c == '\\')
			(void)printf("\\%c", *c);
		else if (*c < 0x20 || *c >= 0x7f)
			(void)printf("\\u%04x", *c);
		else
			(void)putchar(*c);
	}
	(void)putchar('"');
}

static void json_string(const char *name, const char *value)
{
	(void)printf(",\"%s\":", name);
	json_quote(value);
}

static void json_count(const char *name, uint64_t n) { (void)printf(",\"%s\":%llu", name, (ull)n); }

static void json_head(const struct head *head)
{
	char root[2 * HASH_SIZE + 1];

	hex_text(head->root, HASH_SIZE, root);
	json_count("size", head->size);
	json_string("root", root);
}

static void json_log(const struct report *r, const struct log_report *log)
{
	const struct story *s = &log->story;

	(void)printf("%s{\"incarnation\":%llu", r->n_logs > 0 ? "," : "", (ull)log->incarnation);
	json_string("origin", log->checkpoint.origin);
	json_head(&log->checkpoint.head);
	json_string("key", log->key.text);
	(void)printf(",\"key_is_given\":%s", log->is_pinned ? "true" : "false");
	json_count("former_keys", log->n_epochs);
	json_string("first_recorded", s->first_recorded);
	json_string("last_recorded", s->last_recorded);
	json_count("destroyed", s->n_destroyed);
	json_count("records_destroyed", s->n_records_destroyed);
	json_count("destroyed_again", s->n_replayed);
	json_count("pruned", s->n_pruned);
	json_count("policies", s->n_policies);
	json_count("sweeps", s->n_sweeps);
	json_count("sweeps_cut_off", s->n_sweeps_cut);
	json_count("clock_went_back", s->n_clock_back);
	if (s->past.has_lost) {
		(void)printf(",\"lost\":{\"origin\":");
		json_quote(s->past.lost_origin);
		json_head(&s->past.lost);
		(void)putchar('}');
	}
	(void)putchar('}');
}

/* ---- text ---- */

static void line(const char *name, const char *text) { (void)printf("  %-13s %s\n", name, text); }

static void text_history(const struct log_report *log)
{
	const struct story *s = &log->story;

	if (s->n_sweeps_cut > 0)
		(void)printf("  sweeps        %llu, and %llu that were cut off\n", (ull)s->n_sweeps, (ull)s->n_sweeps_cut);
	else
		(void)printf("  sweeps        %llu\n", (ull)s->n_sweeps);
	(void)printf("  destroyed     %llu subjects, and %llu records alone\n", (ull)s->n_destroyed, (ull)s->n_records_destroyed);
	if (s->n_replayed > 0)
		(void)printf("                %llu destructions of a former log, done again after a restore\n", (ull)s->n_replayed);
	(void)printf("  pruned        %llu%s\n", (ull)s->n_pruned,
		     s->n_pruned > 0 ? " entries: their text is gone, their hashes are in the tree, and a later entry tells of it" : "");
	(void)printf("  missing       0\n");
	if (s->n_clock_back > 0)
		(void)printf("  clock         went back %llu times, first at entry %llu: the order is that of the numbers\n",
			     (ull)s->n_clock_back, (ull)s->clock_back_at);
}

static void text_lost(const struct past_named *p)
{
	char root[2 * HASH_SIZE + 1];

	if (!p->has_lost)
		return;
	hex_text(p->lost.root, HASH_SIZE, root);
	(void)printf("  restored      a backup took the place of %s (%llu entries, root %s);\n"
		     "                what the backup did not hold of it is lost\n",
		     p->lost_origin, (ull)p->lost.size, root);
}

static void text_log(const struct report *r, const struct log_report *log)
{
	const struct story *s = &log->story;
	char root[2 * HASH_SIZE + 1];

	hex_text(log->checkpoint.head.root, HASH_SIZE, root);
	(void)printf("%s%s\n", r->n_logs > 0 ? "\n" : "", log->checkpoint.origin);
	if (log->checkpoint.head.size == 0)
		line("entries", "none");
	else
		(void)printf("  entries       %llu, from 0 (%s) to %llu (%s)\n", (ull)s->n_entries,
			     s->first_recorded[0] ? s->first_recorded : "pruned", (ull)s->n_entries - 1,
			     s->last_recorded[0] ? s->last_recorded : "pruned");
	line("root", root);
	line("signed by", log->key.text);
	if (log->n_epochs > 0)
		(void)printf("                after %llu former keys; each names the next\n", (ull)log->n_epochs);
	text_history(log);
	text_lost(&s->past);
}

/* ---- both ---- */

void report_begin(struct report *r)
{
	if (r->is_json)
		(void)printf("{\"logs\":[");
}

void report_log(void *user, const struct log_report *log)
{
	struct report *r = user;

	if (r->is_json)
		json_log(r, log);
	else
		text_log(r, log);
	if (r->n_logs++ == 0)
		r->is_pinned = log->is_pinned;
}

void report_withheld(void *user, const struct past_named *past, uint64_t incarnation)
{
	struct report *r = user;
	char root[2 * HASH_SIZE + 1];

	hex_text(past->head.root, HASH_SIZE, root);
	if (!r->is_json) {
		(void)printf("\n%s\n  withheld      %llu entries, root %s: ask for the folder past/%llu\n", past->origin,
			     (ull)past->head.size, root, (ull)incarnation);
		return;
	}
	(void)printf(",{\"withheld\":true,\"incarnation\":%llu", (ull)incarnation);
	json_string("origin", past->origin);
	json_head(&past->head);
	(void)putchar('}');
}

static void utc(uint64_t time_s, char ret[40])
{
	time_t t = (time_t)time_s;
	struct tm tm;

	/* A witness may have signed any number; year 9999 is the last that is written. */
	if (time_s > UINT64_C(253402300799) || !gmtime_r(&t, &tm) || strftime(ret, 40, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		(void)snprintf(ret, 40, "%llu s", (ull)time_s);
}

static void report_witnesses(const struct report *r, const struct witness_policy *p)
{
	unsigned n = 0;
	char time[40];

	(void)printf(r->is_json ? ",\"witnesses\":[" : "\nwitnesses\n");
	for (unsigned i = 0; i < p->n_names; i++) {
		const struct witness_name *w = &p->names[i];

		if (w->is_group)
			continue;
		utc(w->signed_s, time);
		if (!r->is_json) {
			(void)printf("  %-13s %s%s\n", w->name,
				     w->has_signed ? "signed this head, by its clock at " : "did not sign this head",
				     w->has_signed ? time : "");
			continue;
		}
		(void)printf("%s{\"name\":", n++ > 0 ? "," : "");
		json_quote(w->name);
		json_string("key", w->key.text);
		(void)printf(",\"signed\":%s", w->has_signed ? "true" : "false");
		if (w->has_signed)
			json_string("time", time);
		(void)putchar('}');
	}
	(void)printf(r->is_json ? "]" : "");
}

static void json_fault(enum verdict v, const struct fault *f)
{
	(void)printf("\"exit\":%d", (int)v);
	if (f->has_entry)
		json_count("entry", f->entry);
	if (f->file[0])
		json_string("file", f->file);
	json_string("error", f->text);
}

void report_fault(const struct report *r, enum verdict v, const struct fault *f)
{
	if (r->is_json) {
		(void)printf("{\"holds\":false,");
		json_fault(v, f);
		(void)printf("}\n");
	}
	(void)fprintf(stderr, "saqta-verify: %s%s%s: ", r->folder, f->file[0] ? "/" : "", f->file);
	if (f->has_entry)
		(void)fprintf(stderr, "entry %llu: ", (ull)f->entry);
	(void)fprintf(stderr, "%s\n", f->text);
}

void report_end(struct report *r, enum verdict v, const struct witness_policy *witnesses, const struct fault *f)
{
	const struct report to_stderr = {.folder = r->folder};

	if (r->is_json)
		(void)putchar(']');
	if (witnesses && !v)
		report_witnesses(r, witnesses);
	if (r->is_json) {
		(void)printf(",\"whole\":%s", v ? "false," : "true");
		if (v)
			json_fault(v, f);
		(void)printf("}\n");
	}
	if (v) {
		report_fault(&to_stderr, v, f);
		return;
	}
	if (r->is_json)
		return;
	(void)printf("\nwhole: every entry above is one that the signed head stands for, and none of these is missing.\n");
	if (!r->is_pinned)
		(void)printf("Whose key it is, the folder cannot tell: compare `signed by` with the key that the company published, or "
			     "give it by\n"
			     "--key.\n");
	(void)printf("Two copies are of one history if their heads are: keep this size and root, and give the checkpoint next time by "
		     "--seen.\n");
}

void report_proof(const struct report *r, const struct proof *p, const struct key *key, const char *receipt)
{
	const struct head *head = &p->checkpoint.head;

	if (r->is_json) {
		(void)printf("{\"holds\":true,\"entry\":%llu", (ull)p->index);
		json_string("type", p->said.type);
		(void)printf(",\"at\":\"%.*s\",\"recorded\":\"%.*s\"", (int)p->at.len, p->at.at, (int)p->said.recorded.len,
			     p->said.recorded.at);
		json_string("origin", p->checkpoint.origin);
		json_head(head);
		json_string("key", key->text);
		if (receipt)
			json_string("receipt", receipt);
		(void)printf("}\n");
		return;
	}
	(void)printf("Entry %llu (`%s`, recorded %.*s) stands in the log %s,\nwhose head of %llu entries is signed by %s.\n", (ull)p->index,
		     p->said.type, (int)p->said.recorded.len, p->said.recorded.at, p->checkpoint.origin, (ull)head->size, key->text);
	if (receipt)
		(void)printf("It is the destruction with the receipt %s: the data of this receipt were destroyed, %.*s.\n", receipt,
			     (int)p->at.len, p->at.at);
}
