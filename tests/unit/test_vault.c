/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/vault.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The subject's codec, and the vault's tables: what was written comes back, and what was moved, swapped, rolled back or cut does not open. */

static const uint8_t vault_id[16] = "test vault id 16";
static struct vault v;
static struct saqta_error err;
static uint64_t entries; /* the store asks for a record in every transaction */

#define ok(call) ck_assert_msg((call) == SAQTA_OK, "%s", err.message)

static void set_up(void)
{
	struct secret *master = NULL;
	struct keystore *keys = NULL;
	struct db *db = NULL;

	memset(&err, 0, sizeof(err));
	entries = 0;
	ok(secret_new(&master, &err));
	memset(secret_key(master), 9, KEY_SIZE);
	ok(keystore_create(NULL, master, vault_id, &keys, &err));
	secret_free(master);
	ok(db_open(NULL, DB_MEMORY, &vault_schema, &db, &err));
	ok(vault_open(&v, db, keys, vault_id, &err));
}

static void tear_down(void) { vault_close(&v); }

static void begin(struct db_txn *txn) { ok(db_txn_begin(txn, v.db, &err)); }

static void commit(struct db_txn *txn)
{
	ok(keystore_flush(v.keys, &err));
	ok(db_put_n(txn, VAULT_ENTRY, entries++, "entry", 5, &err));
	ok(db_txn_commit(txn, &err));
}

/* ---- the codec ---- */

static char *text(const char *s)
{
	char *copy = text_copy(s);

	ck_assert(!s || copy);
	return copy;
}

static void fill_lists(struct subject *s)
{
	*subject_add_milestone(s) = (struct milestone){.id = text("last-visit"), .purpose = NULL, .at_us = 31};
	*subject_add_milestone(s) = (struct milestone){.id = text("purpose-achieved"), .purpose = text("contract"), .at_us = 32};
	*subject_add_obligation(s) = (struct obligation){.id = text("o-1"), .is_open = true, .at_us = 33};
	*subject_add_hold(s) = (struct hold){.id = text("h"),
					     .basis = text("law"),
					     .reason = text("reason"),
					     .authority = text("court"),
					     .reference = text("12/3"),
					     .categories = text("identity contact"),
					     .records = text("r1 r2"),
					     .clauses = text("a/1"),
					     .is_lifted = true,
					     .at_us = 34,
					     .lifted_us = 35};
	*subject_add_request(s) = (struct request){.number = 36,
						   .id = text("q"),
						   .kind = text("access"),
						   .channel = text("written"),
						   .by = text("subject"),
						   .reason = text("other"),
						   .categories = text("identity"),
						   .state = REQUEST_CLOSED,
						   .identity_checked = true,
						   .blocks = true,
						   .at_us = 37,
						   .due_us = 38,
						   .closed_us = 39,
						   .task = 40,
						   .result = text("answered"),
						   .refusal = text("no"),
						   .clauses = text("b/2"),
						   .extended = text("once")};
	*subject_add_pending(s) =
		(struct pending){.scopes = text("processing"), .channel = text("mail"), .form = text("written"), .at_us = 41};
	*subject_add_order(s) = (struct order){.categories = text("image"), .at_us = 42, .due_us = 43, .clauses = text("c/3")};
	*subject_add_row(s) = (struct fact_row){.kind = text("partner"), .key = text("p"), .value = text("joined"), .at_us = 44};
	for (uint64_t i = 0; i < 5; i++)
		ck_assert(subject_add_task(s, 100 + i));
}

static void fill(struct subject *s)
{
	subject_init(s);
	memset(s->id, 1, sizeof(s->id));
	memset(s->key, 2, sizeof(s->key));
	memset(s->pseudonym, 3, sizeof(s->pseudonym));
	memset(s->audit_key, 4, sizeof(s->audit_key));
	s->external_id = text("somebody \xd0\x96");
	s->registered_us = -5;
	s->newest_collected_us = 6;
	s->has_birth = true;
	s->birth = -7;
	s->partner = text("");
	s->worker = NULL;
	s->evidence = text("{}");
	s->is_stopped = s->is_ordered = s->is_account_closed = s->is_depersonalised = true;
	s->stopped_us = 8;
	s->stop_due_us = INSTANT_NONE;
	s->stop_clauses = text("x/1 y/2");
	s->has_receipt = true;
	memset(s->receipt, 9, sizeof(s->receipt));
	s->check_at_us = INT64_MAX;
	s->records_check_us = 10;
	s->generation = 11;
	s->next_record = 12;
	s->n_records = 13;
	s->next_disclosure = 14;
	for (int i = 0; i < 3; i++)
		*subject_add_consent(s) = (struct consent_act){.kind = i == 2 ? CONSENT_WITHDRAWN : CONSENT_GIVEN,
							       .scope = text(i == 1 ? "messages" : "processing"),
							       .at_us = 20 + i,
							       .due_us = INSTANT_NONE,
							       .version = text("1"),
							       .notice = text("n"),
							       .evidence = text("{\"a\":1}"),
							       .partner = NULL,
							       .clauses = text("z/9")};
	fill_lists(s);
}

START_TEST(a_subject_comes_back_as_it_was)
{
	cleanup_(buf_done) struct buf once = {0}, twice = {0};
	struct subject s, back;

	fill(&s);
	subject_encode(&s, &once);
	ck_assert(!once.failed);
	subject_init(&back);
	ok(subject_decode(&back, once.data, once.len, &err));
	subject_encode(&back, &twice);
	ck_assert_uint_eq(once.len, twice.len);
	ck_assert_int_eq(memcmp(once.data, twice.data, once.len), 0);
	/* Not only consistent with itself: the members are where they belong. */
	ck_assert_str_eq(back.external_id, s.external_id);
	ck_assert_str_eq(back.partner, ""); /* empty is not absent */
	ck_assert_ptr_null(back.worker);
	ck_assert_int_eq(back.birth, -7);
	ck_assert_int_eq(back.registered_us, -5);
	ck_assert_int_eq(back.stop_due_us, INSTANT_NONE);
	ck_assert(back.is_stopped && back.is_ordered && back.is_account_closed && back.is_depersonalised && back.has_receipt);
	ck_assert_uint_eq(back.n_consents, 3);
	ck_assert_str_eq(back.consents[1].scope, "messages");
	ck_assert_int_eq(subject_consent(&back, "processing")->kind, CONSENT_WITHDRAWN);
	ck_assert_str_eq(back.milestones[1].purpose, "contract");
	ck_assert_str_eq(back.holds[0].records, "r1 r2");
	ck_assert_int_eq(back.holds[0].lifted_us, 35);
	ck_assert_str_eq(back.requests[0].extended, "once");
	ck_assert_uint_eq(back.requests[0].task, 40);
	ck_assert_str_eq(back.pending[0].form, "written");
	ck_assert_str_eq(back.orders[0].clauses, "c/3");
	ck_assert_str_eq(subject_row(&back, "partner", "p")->value, "joined");
	ck_assert_uint_eq(back.n_tasks, 5);
	ck_assert_uint_eq(back.tasks[4], 104);
	/* A decoded list can grow. */
	ck_assert(subject_add_task(&back, 999));
	*subject_add_consent(&back) = (struct consent_act){.kind = CONSENT_LAPSED, .scope = text("messages")};
	ck_assert_uint_eq(back.tasks[5], 999);
	ck_assert_int_eq(subject_consent(&back, "messages")->kind, CONSENT_LAPSED);
	subject_drop_pending(&back);
	ck_assert_uint_eq(back.n_pending, 0);
	subject_done(&back);
	subject_done(&s);
}
END_TEST

START_TEST(the_data_key_is_not_in_the_row)
{
	cleanup_(buf_done) struct buf b = {0};
	struct subject s;

	fill(&s);
	subject_encode(&s, &b);
	ck_assert_ptr_null(memmem(b.data, b.len, s.key, sizeof(s.key)));
	subject_done(&s);
}
END_TEST

START_TEST(a_cut_or_longer_row_is_refused)
{
	cleanup_(buf_done) struct buf b = {0};
	struct subject s, back;

	fill(&s);
	subject_encode(&s, &b);
	subject_init(&back);
	for (size_t len = 0; len < b.len; len++)
		ck_assert_int_eq(subject_decode(&back, b.data, len, &err), SAQTA_ERR_TAMPERED);
	buf_u8(&b, 0);
	ck_assert_int_eq(subject_decode(&back, b.data, b.len, &err), SAQTA_ERR_TAMPERED);
	b.data[0]++;
	ck_assert_int_eq(subject_decode(&back, b.data, b.len - 1, &err), SAQTA_ERR_TAMPERED);
	ck_assert_ptr_nonnull(strstr(err.message, "format"));
	subject_done(&back);
	subject_done(&s);
}
END_TEST

/* Whatever one byte becomes, decoding ends: with an error or with a subject that can be freed. */
START_TEST(no_byte_makes_decoding_go_astray)
{
	cleanup_(buf_done) struct buf b = {0};
	struct subject s, back;
	unsigned refused = 0;

	fill(&s);
	subject_encode(&s, &b);
	subject_init(&back);
	for (size_t i = 0; i < b.len; i++) {
		uint8_t was = b.data[i];

		b.data[i] = 0xff;
		refused += subject_decode(&back, b.data, b.len, &err) != SAQTA_OK;
		b.data[i] = was;
	}
	ck_assert_uint_gt(refused, 50); /* every length and count among them */
	subject_done(&back);
	subject_done(&s);
}
END_TEST

START_TEST(a_record_comes_back_and_a_cut_one_does_not)
{
	cleanup_(buf_done) struct buf b = {0};
	struct record r = {.number = 5,
			   .id = text("r5"),
			   .category = text("plate"),
			   .purposes = text("contract service"),
			   .source = NULL,
			   .collected_us = 6,
			   .corrected_us = INSTANT_NONE,
			   .revision = 7,
			   .is_base64 = true,
			   .value = malloc(3),
			   .value_len = 3};
	struct record back = {0};

	memcpy(r.value, "a\0b", 3);
	record_encode(&r, &b);
	ok(record_decode(&back, b.data, b.len, &err));
	ck_assert_uint_eq(back.number, 5);
	ck_assert_str_eq(back.purposes, "contract service");
	ck_assert_ptr_null(back.source);
	ck_assert_uint_eq(back.revision, 7);
	ck_assert(back.is_base64);
	ck_assert_uint_eq(back.value_len, 3);
	ck_assert_int_eq(memcmp(back.value, "a\0b", 3), 0);
	for (size_t len = 0; len < b.len; len++)
		ck_assert_int_eq(record_decode(&back, b.data, len, &err), SAQTA_ERR_TAMPERED);
	record_done(&back);
	record_done(&r);
}
END_TEST

/* ---- the vault ---- */

static void make(const char *name, const char *value, struct subject *ret)
{
	struct db_txn txn = DB_TXN_NONE;
	struct record r = {.category = text("plate"), .purposes = text("contract"), .corrected_us = INSTANT_NONE};

	subject_init(ret);
	begin(&txn);
	ok(vault_create(&v, &txn, name, ret, &err));
	r.value = (uint8_t *)text(value);
	r.value_len = strlen(value);
	ok(vault_put_record(&v, &txn, ret, &r, &err));
	ok(vault_add_disclosure(&v, &txn, ret, "{\"to\":\"somebody\"}", &err));
	ok(vault_set_check(&v, &txn, ret, 1000, &err));
	ok(vault_save(&v, &txn, ret, &err));
	commit(&txn);
	record_done(&r);
}

static enum saqta_status first_value(const struct subject *s, struct buf *ret)
{
	struct record_scan scan;
	struct record r = {0};
	enum saqta_status status = vault_records(&v, s, &scan, &err);

	if (!status)
		status = vault_next_record(&scan, &r, &err);
	if (!status) {
		buf_clear(ret);
		buf_add(ret, r.value, r.value_len);
	}
	record_done(&r);
	vault_records_end(&scan);
	return status;
}

START_TEST(a_subject_is_found_loaded_and_erased)
{
	cleanup_(buf_done) struct buf b = {0};
	struct subject s, back;
	struct db_txn txn = DB_TXN_NONE;
	uint8_t id[SUBJECT_ID_SIZE], key[KEY_SIZE];
	uint64_t n = 0;

	make("u-1", "A 123 BC", &s);
	subject_init(&back);
	ok(vault_find(&v, "u-1", id, &err));
	ck_assert_int_eq(memcmp(id, s.id, sizeof(id)), 0);
	ck_assert_int_eq(vault_find(&v, "u-2", id, &err), SAQTA_ERR_MISSING);
	ok(vault_load(&v, s.id, &back, &err));
	ck_assert_str_eq(back.external_id, "u-1");
	ck_assert_uint_eq(back.n_records, 1);
	ok(first_value(&back, &b));
	ck_assert_str_eq((const char *)b.data, "A 123 BC");
	subject_add_task(&back, 1);
	begin(&txn);
	ok(vault_erase(&v, &txn, &back, "note", 4, &err));
	commit(&txn);
	for (unsigned t = VAULT_SUBJECT; t <= VAULT_REQUEST; t++) {
		if (t == VAULT_SEEN)
			continue;
		ok(db_count(v.db, t, &n, &err));
		ck_assert_uint_eq(n, 0);
	}
	ok(keystore_get(v.keys, s.id, key, &err)); /* queued, not yet gone */
	ok(vault_destroy_keys(&v, &err));
	ck_assert_int_eq(keystore_get(v.keys, s.id, key, &err), SAQTA_ERR_MISSING);
	ok(db_count(v.db, VAULT_KEY_PENDING, &n, &err));
	ck_assert_uint_eq(n, 0);
	subject_done(&back);
	subject_done(&s);
}
END_TEST

START_TEST(nothing_is_stored_in_clear)
{
	struct subject s;

	make("name-in-clear", "value-in-clear", &s);
	for (unsigned t = 0; t < VAULT_ENTRY; t++) {
		struct db_scan *scan = NULL;
		const uint8_t *key, *value;
		size_t key_len, value_len;

		ok(db_scan_open(v.db, t, "", 0, "", 0, &scan, &err));
		while (db_scan_next(scan, &key, &key_len, &value, &value_len, &err) == SAQTA_OK) {
			ck_assert_ptr_null(memmem(key, key_len, "in-clear", 8));
			if (value_len == 0)
				continue;
			ck_assert_ptr_null(memmem(value, value_len, "in-clear", 8));
			ck_assert_ptr_null(memmem(value, value_len, s.pseudonym, sizeof(s.pseudonym)));
			ck_assert_ptr_null(memmem(value, value_len, "plate", 5));
		}
		db_scan_close(scan);
	}
	subject_done(&s);
}
END_TEST

static void row_of(const struct subject *s, char kind, uint64_t number, struct buf *ret_key, struct buf *ret_value)
{
	buf_clear(ret_key);
	buf_clear(ret_value);
	buf_add(ret_key, s->id, sizeof(s->id));
	buf_u8(ret_key, (uint8_t)kind);
	for (int i = 7; kind != 'S' && i >= 0; i--)
		buf_u8(ret_key, (uint8_t)(number >> (8 * i)));
	if (ret_value)
		ok(db_get(v.db, VAULT_SUBJECT, ret_key->data, ret_key->len, ret_value, &err));
}

static void set_row(const struct buf *key, const void *value, size_t len)
{
	struct db_txn txn = DB_TXN_NONE;

	begin(&txn);
	ok(db_put(&txn, VAULT_SUBJECT, key->data, key->len, value, len, &err));
	commit(&txn);
}

START_TEST(swapped_subjects_do_not_open)
{
	cleanup_(buf_done) struct buf ka = {0}, kb = {0}, va = {0}, vb = {0};
	struct subject a, b, back;

	make("a", "value a", &a);
	make("b", "value b", &b);
	row_of(&a, 'S', 0, &ka, &va);
	row_of(&b, 'S', 0, &kb, &vb);
	set_row(&ka, vb.data, vb.len);
	set_row(&kb, va.data, va.len);
	subject_init(&back);
	ck_assert_int_eq(vault_load(&v, a.id, &back, &err), SAQTA_ERR_TAMPERED);
	ck_assert_int_eq(vault_load(&v, b.id, &back, &err), SAQTA_ERR_TAMPERED);
	subject_done(&back);
	subject_done(&a);
	subject_done(&b);
}
END_TEST

/* Under the same key, so that it is the place that does not fit. */
START_TEST(a_row_moved_within_a_subject_does_not_open)
{
	cleanup_(buf_done) struct buf key = {0}, value = {0}, other = {0}, ignored = {0};
	struct record_scan scan;
	struct subject s;

	make("a", "value a", &s);
	row_of(&s, 'D', 1, &other, &value); /* a disclosure put where a record stands */
	row_of(&s, 'R', 1, &key, &ignored);
	set_row(&key, value.data, value.len);
	ck_assert_int_eq(first_value(&s, &ignored), SAQTA_ERR_TAMPERED);
	buf_clear(&key);
	buf_add(&key, other.data, other.len); /* and another number of its own kind */
	key.data[key.len - 1] = 2;
	set_row(&key, value.data, value.len);
	ok(vault_disclosures(&v, &s, &scan, &err));
	ok(vault_next_disclosure(&scan, &ignored, &err));
	ck_assert_int_eq(vault_next_disclosure(&scan, &ignored, &err), SAQTA_ERR_TAMPERED);
	vault_records_end(&scan);
	subject_done(&s);
}
END_TEST

START_TEST(cut_grown_and_flipped_rows_do_not_open)
{
	cleanup_(buf_done) struct buf key = {0}, value = {0}, changed = {0};
	struct subject s, back;

	make("a", "value a", &s);
	subject_init(&back);
	row_of(&s, 'S', 0, &key, &value);
	for (size_t len = 0; len < value.len; len += 1 + len / 8) {
		set_row(&key, value.data, len);
		ck_assert_int_eq(vault_load(&v, s.id, &back, &err), SAQTA_ERR_TAMPERED);
	}
	for (size_t bit = 0; bit < 8 * value.len; bit++) {
		buf_clear(&changed);
		buf_add(&changed, value.data, value.len);
		changed.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		set_row(&key, changed.data, changed.len);
		ck_assert_int_eq(vault_load(&v, s.id, &back, &err), SAQTA_ERR_TAMPERED);
	}
	buf_add(&value, "", 1);
	set_row(&key, value.data, value.len);
	ck_assert_int_eq(vault_load(&v, s.id, &back, &err), SAQTA_ERR_TAMPERED);
	set_row(&key, value.data, value.len - 1);
	ok(vault_load(&v, s.id, &back, &err));
	subject_done(&back);
	subject_done(&s);
}
END_TEST

START_TEST(a_row_of_another_vault_does_not_open)
{
	struct subject s, back;

	make("a", "value a", &s);
	v.id[0] ^= 1;
	subject_init(&back);
	ck_assert_int_eq(vault_load(&v, s.id, &back, &err), SAQTA_ERR_TAMPERED);
	v.id[0] ^= 1;
	ok(vault_load(&v, s.id, &back, &err));
	subject_done(&back);
	subject_done(&s);
}
END_TEST

/* An older row of a living subject opens, as it must after a restore: that a single row was rolled back is for the log and the guard to
 * tell. A row of a destroyed one does not, whatever copy it comes from. */
START_TEST(a_row_put_back_after_destruction_does_not_open)
{
	cleanup_(buf_done) struct buf key = {0}, value = {0}, record_key = {0}, record = {0}, b = {0};
	struct db_txn txn = DB_TXN_NONE;
	struct subject s, back;

	make("a", "value a", &s);
	row_of(&s, 'S', 0, &key, &value);
	row_of(&s, 'R', 1, &record_key, &record);
	subject_init(&back);
	ok(vault_load(&v, s.id, &back, &err));
	begin(&txn);
	ok(vault_erase(&v, &txn, &back, "note", 4, &err));
	commit(&txn);
	ok(vault_destroy_keys(&v, &err));
	set_row(&key, value.data, value.len);
	set_row(&record_key, record.data, record.len);
	ck_assert_int_eq(vault_load(&v, s.id, &back, &err), SAQTA_ERR_KEY);
	ck_assert_ptr_nonnull(strstr(err.message, "no key"));
	crypt_wipe(s.key, sizeof(s.key));
	ck_assert_int_eq(first_value(&s, &b), SAQTA_ERR_TAMPERED);
	subject_done(&back);
	subject_done(&s);
}
END_TEST

START_TEST(tasks_and_requests_are_numbered_and_kept)
{
	struct db_txn txn = DB_TXN_NONE;
	struct task t = {.at_us = 1, .due_us = INSTANT_NONE, .closed_us = INSTANT_NONE, .unknown_year = 2031, .request = 4};
	struct task back;
	struct subject s;
	uint64_t number = 0;

	make("a", "x", &s);
	memcpy(t.subject, s.id, sizeof(t.subject));
	(void)snprintf(t.kind, sizeof(t.kind), "answer");
	(void)snprintf(t.rule, sizeof(t.rule), "some-rule");
	t.term.unit = TERM_WORKING_DAYS;
	t.term.count = 3;
	t.term.from_us = -9;
	begin(&txn);
	ok(vault_put_task(&v, &txn, &t, &err));
	ok(vault_add_request(&v, &txn, &s, &number, &err));
	commit(&txn);
	ck_assert_uint_eq(t.number, 1);
	ck_assert_uint_eq(number, 1);
	ok(vault_reload(&v, &err));
	ck_assert_uint_eq(v.next_task, 2);
	ok(vault_get_task(&v, 1, &back, &err));
	ck_assert_str_eq(back.rule, "some-rule");
	ck_assert_int_eq(back.unknown_year, 2031);
	ck_assert_int_eq(back.term.from_us, -9);
	ok(vault_next_task(&v, 0, &back, &err));
	ck_assert_int_eq(vault_next_task(&v, 2, &back, &err), SAQTA_ERR_MISSING);
	subject_done(&s);
}
END_TEST

START_TEST(an_event_id_is_remembered_with_its_body)
{
	struct db_txn txn = DB_TXN_NONE;
	enum seen seen = SEEN_OTHER;

	ok(vault_seen(&v, "e1", "body", 4, &seen, &err));
	ck_assert_int_eq(seen, SEEN_NEW);
	begin(&txn);
	ok(vault_remember(&v, &txn, "e1", "body", 4, &err));
	commit(&txn);
	ok(vault_seen(&v, "e1", "body", 4, &seen, &err));
	ck_assert_int_eq(seen, SEEN_SAME);
	ok(vault_seen(&v, "e1", "bodY", 4, &seen, &err));
	ck_assert_int_eq(seen, SEEN_OTHER);
}
END_TEST

START_TEST(a_forgotten_name_is_not_found)
{
	struct db_txn txn = DB_TXN_NONE;
	uint8_t id[SUBJECT_ID_SIZE];
	struct subject s, back;

	make("a", "x", &s);
	begin(&txn);
	ok(vault_forget_name(&v, &txn, &s, &err));
	ok(vault_save(&v, &txn, &s, &err));
	commit(&txn);
	ck_assert_int_eq(vault_find(&v, "a", id, &err), SAQTA_ERR_MISSING);
	subject_init(&back);
	ok(vault_load(&v, s.id, &back, &err));
	ck_assert_ptr_null(back.external_id);
	subject_done(&back);
	subject_done(&s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vault");
	TCase *t = tcase_create("vault");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, a_subject_comes_back_as_it_was);
	tcase_add_test(t, the_data_key_is_not_in_the_row);
	tcase_add_test(t, a_cut_or_longer_row_is_refused);
	tcase_add_test(t, no_byte_makes_decoding_go_astray);
	tcase_add_test(t, a_record_comes_back_and_a_cut_one_does_not);
	tcase_add_test(t, a_subject_is_found_loaded_and_erased);
	tcase_add_test(t, nothing_is_stored_in_clear);
	tcase_add_test(t, swapped_subjects_do_not_open);
	tcase_add_test(t, a_row_moved_within_a_subject_does_not_open);
	tcase_add_test(t, cut_grown_and_flipped_rows_do_not_open);
	tcase_add_test(t, a_row_of_another_vault_does_not_open);
	tcase_add_test(t, a_row_put_back_after_destruction_does_not_open);
	tcase_add_test(t, tasks_and_requests_are_numbered_and_kept);
	tcase_add_test(t, an_event_id_is_remembered_with_its_body);
	tcase_add_test(t, a_forgotten_name_is_not_found);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
