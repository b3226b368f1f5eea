/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/witness.h"
#include "vectors.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a witness answers, and what a policy of witnesses demands. */

static struct saqta_error err;

#define ok(call) ck_assert_msg((call) == SAQTA_OK, "%s", err.message)
#define PATH(path) ((const uint8_t(*)[HASH_SIZE])(path)) /* C17 adds no const to an array by itself */
#define TIME_S 1767225600u
#define ORIGIN "saqta.local/vault/test"

static const uint8_t log_seed[ED25519_SEED_SIZE] = {1}, witness_seed[ED25519_SEED_SIZE] = {2};

static struct audit_signer log_signer(void)
{
	struct audit_signer s;

	ok(audit_signer_init(&s, ORIGIN, log_seed, &err));
	return s;
}

static struct audit_signer witness_signer(void)
{
	struct audit_signer s;

	ok(audit_cosigner_init(&s, "example.com/witness", witness_seed, &err));
	return s;
}

/* The answer to @body, which must be well-formed or WITNESS_MALFORMED; @state NULL: an unknown log. */
static void ask_bytes(struct witness_state *state, const void *body, size_t len, struct witness_answer *ret)
{
	struct audit_signer witness = witness_signer();
	struct witness_request q;

	*ret = (struct witness_answer){0};
	if (witness_request_parse(body, len, &q, &err) == SAQTA_OK)
		ok(witness_answer(&witness, TIME_S, &q, state, ret, &err));
	else
		ret->code = WITNESS_MALFORMED;
}

static enum witness_code ask(struct witness_state *state, const char *body)
{
	struct witness_answer a;

	ask_bytes(state, body, strlen(body), &a);
	witness_answer_done(&a);
	return a.code;
}

/* ---- the recorded conversation ---- */

START_TEST(a_conversation_with_a_witness_gets_the_recorded_answers)
{
	json_t *doc = vectors_json("witness/litewitness-add-checkpoint.json"), *step;
	const char *pub = vectors_text(doc, "log_public_key_hex");
	struct witness_state state = {.n_keys = 1};
	struct audit_signer witness = witness_signer();
	size_t i;

	state.keys[0] = (struct audit_verifier){.type = AUDIT_ED25519, .key_id = {0x52, 0x02, 0x28, 0x9b}};
	(void)snprintf(state.keys[0].name, sizeof(state.keys[0].name), "%s", vectors_text(doc, "log_origin"));
	ck_assert(hex_decode(pub, 2 * ED25519_PUBLIC_SIZE, state.keys[0].pub));
	json_array_foreach(json_object_get(doc, "steps"), i, step)
	{
		const char *body = vectors_text(step, "request_body"), *want = vectors_text(step, "assert");
		json_int_t status = json_integer_value(json_object_get(step, "http_status"));
		struct witness_answer a;

		ask_bytes(&state, body, strlen(body), &a);
		if (strstr(want, "unknown log")) /* that witness said 403; the specification wants 404 */
			status = WITNESS_UNKNOWN;
		ck_assert_msg((json_int_t)a.code == status, "step %zu: %d", i, (int)a.code);
		if (a.code == WITNESS_SIGNED) {
			cleanup_(buf_done) struct buf note = {0};
			struct witness_request q;
			struct audit_seal seal;
			size_t text_len;

			ok(witness_request_parse(body, strlen(body), &q, &err));
			buf_add(&note, q.note, q.note_len);
			buf_add(&note, a.body.data, a.body.len);
			ok(audit_note_open((const char *)note.data, note.len, &witness.verifier, 1, &text_len, &seal, &err));
			ck_assert_uint_eq(seal.time_s, TIME_S);
		} else if (a.code == WITNESS_CONFLICT) {
			char body_is[32];

			(void)snprintf(body_is, sizeof(body_is), "body == \"%.*s\\n\"", (int)(a.body.len - 1), (const char *)a.body.data);
			ck_assert_str_eq(body_is, want);
			ck_assert_str_eq(a.type, "text/x.tlog.size");
		}
		witness_answer_done(&a);
	}
	ck_assert_uint_eq(i, 9);
	witness_state_done(&state);
	json_decref(doc);
}
END_TEST

/* ---- a log of our own, and its fork ---- */

#define N_MAX 70u

/* Its first @common entries are those of every such log, the others those of @fork. */
struct sample {
	unsigned common, fork;
};

static void sample_root(const struct sample *l, uint64_t from, uint64_t to, uint8_t ret[HASH_SIZE])
{
	struct audit_edge edge = {0};
	uint8_t leaf[HASH_SIZE], nodes[65][HASH_SIZE];

	for (uint64_t i = from; i < to; i++) {
		uint8_t entry[2] = {(uint8_t)i, (uint8_t)(i < l->common ? 0 : l->fork)};

		audit_leaf_hash(entry, sizeof(entry), leaf);
		(void)audit_edge_append(&edge, leaf, nodes);
	}
	audit_edge_root(&edge, ret);
}

static void sample_request(const struct sample *l, uint64_t old, uint64_t size, struct buf *ret)
{
	cleanup_(buf_done) struct buf note = {0};
	struct audit_signer signer = log_signer();
	struct audit_head head = {.size = size};
	struct audit_range ranges[AUDIT_PROOF_MAX];
	uint8_t path[AUDIT_PROOF_MAX][HASH_SIZE];
	unsigned n = old > 0 && old < size ? audit_consistency_ranges(old, size, ranges) : 0;

	for (unsigned i = 0; i < n; i++)
		sample_root(l, ranges[i].from, ranges[i].to, path[i]);
	sample_root(l, 0, size, head.root);
	ok(audit_checkpoint_sign(&signer, &head, &note, &err));
	buf_clear(ret);
	ok(witness_request_format(old, PATH(path), n, &note, ret, &err));
}

static enum witness_code ask_sample(struct witness_state *state, const struct sample *l, uint64_t old, uint64_t size,
				    struct witness_answer *ret)
{
	cleanup_(buf_done) struct buf request = {0};

	sample_request(l, old, size, &request);
	ask_bytes(state, request.data, request.len, ret);
	return ret->code;
}

static struct witness_state new_state(void)
{
	struct witness_state s = {.n_keys = 1};

	s.keys[0] = log_signer().verifier;
	return s;
}

START_TEST(a_witness_follows_a_log_from_any_size_to_any_other)
{
	struct sample l = {.common = N_MAX};
	struct witness_answer a;

	for (uint64_t old = 0; old <= N_MAX; old += 9)
		for (uint64_t size = old; size <= N_MAX; size++) {
			struct witness_state s = new_state();

			ck_assert_int_eq(ask_sample(&s, &l, 0, old, &a), WITNESS_SIGNED);
			witness_answer_done(&a);
			ck_assert_int_eq(ask_sample(&s, &l, old, size, &a), WITNESS_SIGNED);
			ck_assert_uint_eq(s.seen.size, size);
			witness_answer_done(&a);
			witness_state_done(&s);
		}
}
END_TEST

START_TEST(a_fork_gets_no_signature)
{
	struct sample l = {.common = N_MAX}, fork = {.common = 40, .fork = 1};
	struct witness_state s = new_state();
	struct witness_answer a;

	ck_assert_int_eq(ask_sample(&s, &l, 0, 50, &a), WITNESS_SIGNED);
	witness_answer_done(&a);
	ck_assert_int_eq(ask_sample(&s, &fork, 50, 60, &a), WITNESS_WRONG);
	witness_answer_done(&a);
	ck_assert_int_eq(ask_sample(&s, &fork, 50, 50, &a), WITNESS_CONFLICT);
	ck_assert(a.is_fork);
	ck_assert_str_ne(a.type, WITNESS_SIZE_TYPE);
	witness_answer_done(&a);
	/* where it copied the log back, and where it forgets what it showed */
	ck_assert_int_eq(ask_sample(&s, &l, 40, 45, &a), WITNESS_CONFLICT);
	ck_assert_str_eq((const char *)a.body.data, "50\n");
	ck_assert_str_eq(a.type, WITNESS_SIZE_TYPE);
	witness_answer_done(&a);
	ck_assert_int_eq(ask_sample(&s, &fork, 0, 60, &a), WITNESS_CONFLICT);
	witness_answer_done(&a);
	ck_assert_int_eq(ask_sample(&s, &l, 50, 45, &a), WITNESS_MALFORMED);
	witness_answer_done(&a);
	ck_assert_uint_eq(s.seen.size, 50);
	ck_assert_int_eq(ask_sample(&s, &l, 50, 60, &a), WITNESS_SIGNED);
	witness_answer_done(&a);
	ck_assert_int_eq(ask_sample(NULL, &l, 60, 61, &a), WITNESS_UNKNOWN);
	witness_answer_done(&a);
	witness_state_done(&s);
}
END_TEST

/* Everything in a request is either signed, or proves something, or names what was seen. */
START_TEST(no_changed_byte_of_a_request_is_signed)
{
	cleanup_(buf_done) struct buf request = {0};
	struct sample l = {.common = N_MAX};
	struct witness_state s = new_state();
	struct witness_answer a;

	ck_assert_int_eq(ask_sample(&s, &l, 0, 50, &a), WITNESS_SIGNED);
	witness_answer_done(&a);
	sample_request(&l, 50, 69, &request);
	for (size_t i = 0; i < request.len * 8; i++) {
		request.data[i / 8] ^= (uint8_t)(1u << i % 8);
		ask_bytes(&s, request.data, request.len, &a);
		ck_assert_msg(a.code != WITNESS_SIGNED, "bit %zu", i);
		request.data[i / 8] ^= (uint8_t)(1u << i % 8);
		witness_answer_done(&a);
	}
	for (size_t i = 0; i < request.len; i++) { /* its end, its beginning */
		ask_bytes(&s, request.data, i, &a);
		ck_assert_msg(a.code != WITNESS_SIGNED, "cut at %zu", i);
		witness_answer_done(&a);
		ask_bytes(&s, request.data + i + 1, request.len - i - 1, &a);
		ck_assert_msg(a.code != WITNESS_SIGNED, "begun at %zu", i);
		witness_answer_done(&a);
	}
	ck_assert_uint_eq(s.seen.size, 50);
	witness_state_done(&s);
}
END_TEST

START_TEST(hostile_requests_get_their_codes)
{
	static const char root[] = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
	static const char *const malformed[] = {
		"",
		"\n",
		"old\n\n",
		"old \n\n",
		"old 00\n\n",
		"old 01\n\n",
		"old -1\n\n",
		"old +1\n\n",
		"old  1\n\n",
		"Old 1\n\n",
		"old 1 \n\n",
		"old 1\r\n\n",
		"old 0x1\n\n",
		"old 99999999999999999999\n\n",
		"old 0\n",
		"old 0\n\n",
		"old 0\n\n\n\n",
		"old 0\nnot base64\n\n",
		"old 0\nAAAA\n\n",
	};
	cleanup_(buf_done) struct buf note = {0}, request = {0};
	struct audit_signer signer = log_signer();
	struct audit_head head = {.size = 1};
	struct witness_state s = new_state();
	struct witness_answer a;

	for (size_t i = 0; i < sizeof(malformed) / sizeof(*malformed); i++)
		ck_assert_msg(ask(&s, malformed[i]) == WITNESS_MALFORMED, "case %zu", i);
	ok(audit_checkpoint_sign(&signer, &head, &note, &err));
	for (unsigned n = 63; n <= 64; n++) { /* one hash more than may be */
		buf_clear(&request);
		buf_str(&request, "old 1\n");
		for (unsigned i = 0; i < n; i++)
			buf_str(&request, root);
		buf_str(&request, "\n");
		buf_add(&request, note.data, note.len);
		ck_assert_int_eq(ask(&s, (const char *)request.data), n == 63 ? WITNESS_CONFLICT : WITNESS_MALFORMED);
	}
	buf_clear(&request); /* longer than may be, by signatures of others */
	buf_str(&request, "old 0\n\n");
	buf_add(&request, note.data, note.len);
	while (request.len <= WITNESS_REQUEST_MAX)
		buf_add(&request, note.data + note.len - 120, 120);
	ck_assert_int_eq(ask(&s, (const char *)request.data), WITNESS_MALFORMED);
	buf_clear(&request); /* the empty tree with another root */
	buf_clear(&note);
	head.size = 0;
	ok(audit_checkpoint_sign(&signer, &head, &note, &err));
	buf_str(&request, "old 0\n\n");
	buf_add(&request, note.data, note.len);
	ck_assert_int_eq(ask(&s, (const char *)request.data), WITNESS_WRONG);
	/* a NUL where a reader of strings would stop */
	ask_bytes(&s, "old 0\n\n\0x\n1\n", 12, &a);
	ck_assert_int_eq(a.code, WITNESS_MALFORMED);
	witness_answer_done(&a);
	ck_assert_uint_eq(s.note.len, 0);
	witness_state_done(&s);
}
END_TEST

START_TEST(kept_state_comes_back_and_no_flipped_bit_of_it_is_believed)
{
	cleanup_(buf_done) struct buf text = {0}, again = {0};
	struct sample l = {.common = N_MAX};
	struct witness_state s = new_state(), back = {0};
	struct witness_answer a;

	witness_state_format(&s, &text);
	ok(witness_state_parse(&text, &back, &err));
	ck_assert(back.n_keys == 1 && back.seen.size == 0);
	witness_state_done(&back);
	ck_assert_int_eq(ask_sample(&s, &l, 0, 9, &a), WITNESS_SIGNED);
	witness_answer_done(&a);
	buf_clear(&text);
	witness_state_format(&s, &text);
	back = (struct witness_state){0};
	ok(witness_state_parse(&text, &back, &err));
	witness_state_format(&back, &again);
	ck_assert(again.len == text.len && memcmp(again.data, text.data, text.len) == 0);
	witness_state_done(&back);
	for (size_t i = 0; i < text.len * 8; i++) {
		text.data[i / 8] ^= (uint8_t)(1u << i % 8);
		back = (struct witness_state){0};
		ck_assert_msg(witness_state_parse(&text, &back, &err) == SAQTA_ERR_TAMPERED, "bit %zu", i);
		witness_state_done(&back);
		text.data[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	witness_state_done(&s);
}
END_TEST

/* ---- policies ---- */

#define N_KEYS 6u

static struct audit_signer cosigner(unsigned i)
{
	static uint8_t seeds[N_KEYS][ED25519_SEED_SIZE];
	struct audit_signer s;
	char name[32];

	seeds[i][0] = (uint8_t)(10 + i);
	(void)snprintf(name, sizeof(name), "example.com/w%u", i);
	ok(audit_cosigner_init(&s, name, seeds[i], &err));
	return s;
}

/* In @text, $0 to $5 are keys of witnesses, $L a log's. */
static enum saqta_status parse_policy(const char *text, struct quorum_policy *ret)
{
	cleanup_(buf_done) struct buf b = {0};

	for (const char *at = text; *at; at++) {
		struct audit_verifier v;

		if (at[0] != '$') {
			buf_add(&b, at, 1);
			continue;
		}
		v = *++at == 'L' ? log_signer().verifier : cosigner((unsigned)(*at - '0')).verifier;
		audit_vkey_format(&v, &b);
	}
	return quorum_parse(b.len > 0 ? (const char *)b.data : "", b.len, ret, &err);
}

#define THREE "witness a $0\nwitness b $1\nwitness c $2\n"

START_TEST(policies_are_read_or_refused_whole)
{
	static const struct {
		const char *text;
		unsigned line; /* of the error; 0: it is good */
	} cases[] = {
		{"quorum none\n", 0},
		{"# who watches\n\n \t\nwitness a $0 https://example.com/\n\tquorum  a \n", 0},
		{"log $L https://example.com/log\nquorum none\n", 0},
		{THREE "group g any a b\ngroup h all g c\nquorum h\n", 0},
		{THREE "quorum b\n", 0},
		{"witness \xd1\x81\xd0\xb2 $0\nquorum \xd1\x81\xd0\xb2\n", 0},
		{"# a comment a comment a comment a comment a comment a comment a comment a comment a comment a comment a comment a "
		 "comment "
		 "a comment a comment a comment a comment a comment a comment a comment a comment a comment a comment a comment a comment "
		 "a comment a comment a comment a comment a comment a comment a comment a comment a comment a comment a comment\nquorum "
		 "none\n",
		 0},
		{"", 1},
		{"quorum none", 1},
		{"quorum none\r\n", 1},
		{"quorum a\n", 1},
		{"quorum\n", 1},
		{"quorum none none\n", 1},
		{"quorum none\nquorum none\n", 2},
		{"witness a $0\n", 2},
		{"witness a $L\nquorum a\n", 1},
		{"log $0\nquorum none\n", 1},
		{"log $L\nlog $L\nquorum none\n", 2},
		{"witness a\nquorum a\n", 1},
		{"witness a $0 url more\nquorum a\n", 1},
		{"witness none $0\nquorum none\n", 1},
		{"witness a $0\nwitness a $1\nquorum a\n", 2},
		{"witness a $0\nwitness b $0\nquorum a\n", 2},
		{"witness a $0x\nquorum a\n", 1},
		{"Witness a $0\nquorum a\n", 1},
		{"quorum a\nwitness a $0\n", 1},
		{THREE "group g 0 a b\nquorum g\n", 4},
		{THREE "group g 3 a b\nquorum g\n", 4},
		{THREE "group g 01 a b\nquorum g\n", 4},
		{THREE "group g most a b\nquorum g\n", 4},
		{THREE "group g all\nquorum g\n", 4},
		{THREE "group g all a a\nquorum g\n", 4},
		{THREE "group g all g\nquorum g\n", 4},
		{THREE "group g all none\nquorum g\n", 4},
		{THREE "group g all a d\nquorum g\n", 4},
		{THREE "group a all b\nquorum a\n", 4},
		{THREE "group g all a b\ngroup h all b c\nquorum h\n", 5},
		{THREE "group g all h\ngroup h all a\nquorum h\n", 4},
		{"# \x01\nquorum none\n", 1},
	};
	struct quorum_policy p;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum saqta_status r = parse_policy(cases[i].text, &p);

		ck_assert_msg(r == (cases[i].line ? SAQTA_ERR_POLICY : SAQTA_OK), "case %zu: %s", i, r ? err.message : "taken");
		ck_assert_msg(!cases[i].line || err.line == cases[i].line, "case %zu: line %u", i, err.line);
	}
}
END_TEST

static void sign_head(struct buf *note)
{
	struct audit_signer signer = log_signer();
	struct audit_head head = {.size = 12};

	buf_clear(note);
	ok(audit_checkpoint_sign(&signer, &head, note, &err));
}

/* What witness @i answers to @note at @time_s. */
static void cosign(const struct buf *note, unsigned i, uint64_t time_s, struct buf *ret)
{
	struct audit_signer signer = cosigner(i);
	size_t text_len;

	ok(audit_note_open((const char *)note->data, note->len, NULL, 0, &text_len, NULL, &err));
	ok(audit_note_cosign(&signer, time_s, note->data, text_len, ret, &err));
}

/* The log's head with the cosignatures of the witnesses in @mask. */
static void signed_by(const struct quorum_policy *p, unsigned mask, struct buf *note)
{
	struct audit_verifier log = log_signer().verifier;

	sign_head(note);
	for (unsigned i = 0; i < N_KEYS; i++) {
		cleanup_(buf_done) struct buf answer = {0};

		if (!(mask >> i & 1))
			continue;
		cosign(note, i, TIME_S, &answer);
		ok(quorum_add(p, &log, (const char *)answer.data, answer.len, note, &err));
	}
}

START_TEST(a_quorum_holds_exactly_when_enough_have_signed)
{
	cleanup_(buf_done) struct buf note = {0};
	struct audit_verifier log = log_signer().verifier;
	struct quorum_policy p;
	struct quorum_count c;

	/* $5 is known and not counted */
	ok(parse_policy(THREE "witness d $3\nwitness e $4\nwitness f $5\ngroup x 2 a b c\ngroup y any d e\ngroup all all x y\nquorum all\n",
			&p));
	for (unsigned mask = 0; mask < 1u << N_KEYS; mask++) {
		bool want = __builtin_popcount(mask & 7) >= 2 && (mask >> 3 & 3) > 0;

		signed_by(&p, mask, &note);
		ok(quorum_count(&p, &log, &note, &c, &err));
		ck_assert_msg(c.is_met == want, "mask %x", mask);
		ck_assert_uint_eq(c.n_demanded, 5);
		ck_assert_uint_eq(c.n_signed, (unsigned)__builtin_popcount(mask & 31));
		for (unsigned i = 0; i < N_KEYS; i++)
			ck_assert(c.seals[i].holds == (mask >> i & 1));
	}
	ok(parse_policy(THREE "quorum none\n", &p));
	sign_head(&note);
	ok(quorum_count(&p, &log, &note, &c, &err));
	ck_assert(c.is_met && c.n_demanded == 0);
}
END_TEST

START_TEST(only_good_cosignatures_are_taken_and_each_once)
{
	cleanup_(buf_done) struct buf note = {0}, kept = {0}, answer = {0}, later = {0}, other = {0}, strange = {0};
	struct audit_verifier log = log_signer().verifier;
	struct quorum_policy p;
	struct quorum_count c;

	ok(parse_policy("witness a $0\nwitness b $1\ngroup g all a b\nquorum g\n", &p));
	sign_head(&note);
	buf_add(&kept, note.data, note.len);
	cosign(&note, 0, TIME_S, &answer);
	cosign(&note, 0, TIME_S + 5, &later);
	cosign(&note, 3, TIME_S, &strange);
#define add(a) quorum_add(&p, &log, (const char *)(a).data, (a).len, &note, &err)
	ck_assert_int_eq(add(strange), SAQTA_ERR_TAMPERED);
	ck_assert_int_eq(quorum_add(&p, &log, "", 0, &note, &err), SAQTA_ERR_TAMPERED);
	ck_assert_int_eq(quorum_add(&p, &log, "\n", 1, &note, &err), SAQTA_ERR_TAMPERED);
	for (size_t i = 0; i < answer.len * 8; i++) {
		answer.data[i / 8] ^= (uint8_t)(1u << i % 8);
		ck_assert_msg(add(answer) == SAQTA_ERR_TAMPERED, "bit %zu", i);
		answer.data[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	/* a whole other note in place of lines */
	buf_add(&other, "x\n\n", 3);
	buf_add(&other, answer.data, answer.len);
	ck_assert_int_eq(add(other), SAQTA_ERR_TAMPERED);
	ck_assert(note.len == kept.len && memcmp(note.data, kept.data, kept.len) == 0);
	ok(add(answer));
	ck_assert_uint_eq(note.len, kept.len + answer.len);
	ok(add(later));
	ck_assert_uint_eq(note.len, kept.len + later.len);
	buf_add(&strange, later.data, later.len); /* a stranger beside a known one is left out */
	ok(add(strange));
	ck_assert_uint_eq(note.len, kept.len + later.len);
	ok(quorum_count(&p, &log, &note, &c, &err));
	ck_assert(c.seals[0].holds && c.seals[0].time_s == TIME_S + 5 && !c.seals[1].holds && !c.is_met);
	/* of another head */
	buf_clear(&answer);
	buf_clear(&other);
	buf_str(&other, ORIGIN "\n13\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n");
	buf_add(&other, strange.data, strange.len);
	cosign(&other, 1, TIME_S, &answer);
	ck_assert_int_eq(add(answer), SAQTA_ERR_TAMPERED);
#undef add
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("witness");
	TCase *t = tcase_create("witness");
	SRunner *runner;
	int failed = vectors_find();

	if (failed)
		return failed;
	if (crypt_init(&err))
		return EXIT_FAILURE;
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_conversation_with_a_witness_gets_the_recorded_answers);
	tcase_add_test(t, a_witness_follows_a_log_from_any_size_to_any_other);
	tcase_add_test(t, a_fork_gets_no_signature);
	tcase_add_test(t, no_changed_byte_of_a_request_is_signed);
	tcase_add_test(t, hostile_requests_get_their_codes);
	tcase_add_test(t, kept_state_comes_back_and_no_flipped_bit_of_it_is_believed);
	tcase_add_test(t, policies_are_read_or_refused_whole);
	tcase_add_test(t, a_quorum_holds_exactly_when_enough_have_signed);
	tcase_add_test(t, only_good_cosignatures_are_taken_and_each_once);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
