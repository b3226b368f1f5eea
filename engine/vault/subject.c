/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/subject.h"

#include <stdlib.h>
#include <string.h>

#define SUBJECT_FORMAT 1
/* A row that claims more elements than its bytes could hold is refused before anything is allocated. */
#define ELEMENT_BYTES_MIN 8

char *text_copy(const char *text) { return text ? strdup(text) : NULL; }

bool text_lists(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; at && *at;) {
		const char *end = strchrnul(at, ' ');

		if ((size_t)(end - at) == len && memcmp(at, word, len) == 0)
			return true;
		at = *end ? end + 1 : end;
	}
	return false;
}

void subject_init(struct subject *s)
{
	memset(s, 0, sizeof(*s));
	s->newest_collected_us = INSTANT_NONE;
	s->stopped_us = INSTANT_NONE;
	s->stop_due_us = INSTANT_NONE;
	s->check_at_us = INSTANT_NONE;
	s->records_check_us = INT64_MAX;
	s->partner_due_us = INT64_MAX;
	s->next_record = 1;
	s->next_disclosure = 1;
}

static void text_done(char *text)
{
	if (text)
		crypt_wipe(text, strlen(text));
	free(text);
}

/* ---- the codec: one list of fields serves encoding, decoding and freeing ---- */

enum pass { PASS_ENCODE, PASS_DECODE, PASS_FREE };
struct codec {
	enum pass pass;
	struct buf *out;
	struct cursor *in;
};

static void field_text(struct codec *c, char **v)
{
	switch (c->pass) {
	case PASS_ENCODE:
		buf_u8(c->out, *v != NULL);
		if (*v)
			buf_string(c->out, *v);
		break;
	case PASS_DECODE:
		*v = cursor_flag(c->in) ? cursor_string(c->in) : NULL;
		break;
	case PASS_FREE:
		text_done(*v);
		*v = NULL;
		break;
	}
}

/* A text that is looked at without asking whether it is there. */
static void field_name(struct codec *c, char **v)
{
	field_text(c, v);
	if (c->pass == PASS_DECODE)
		c->in->failed |= !*v;
}

static void field_i64(struct codec *c, int64_t *v)
{
	if (c->pass == PASS_ENCODE)
		buf_i64(c->out, *v);
	else if (c->pass == PASS_DECODE)
		*v = cursor_i64(c->in);
}

static void field_within(struct codec *c, int64_t *v, int64_t min, int64_t max)
{
	field_i64(c, v);
	if (c->pass == PASS_DECODE && (*v < min || *v > max)) {
		c->in->failed = true;
		*v = min;
	}
}

static void field_u64(struct codec *c, uint64_t *v)
{
	int64_t i = (int64_t)*v;

	field_i64(c, &i);
	*v = (uint64_t)i;
}

static void field_bool(struct codec *c, bool *v)
{
	if (c->pass == PASS_ENCODE)
		buf_u8(c->out, *v);
	else if (c->pass == PASS_DECODE)
		*v = cursor_flag(c->in);
}

static void field_flags(struct codec *c, bool *first, bool *second)
{
	if (c->pass == PASS_ENCODE) {
		buf_u8(c->out, (uint8_t)(*first | *second << 1));
	} else if (c->pass == PASS_DECODE) {
		uint8_t flags = cursor_u8(c->in);

		c->in->failed |= flags > 3;
		*first = flags & 1;
		*second = flags & 2;
	}
}

static void field_raw(struct codec *c, void *v, size_t len)
{
	if (c->pass == PASS_ENCODE) {
		buf_add(c->out, v, len);
	} else if (c->pass == PASS_DECODE) {
		const uint8_t *raw = cursor_raw(c->in, len);

		if (raw)
			memcpy(v, raw, len);
	}
}

static void consent_fields(struct codec *c, void *element)
{
	struct consent_act *a = element;
	int64_t kind = a->kind;

	field_within(c, &kind, CONSENT_GIVEN, CONSENT_ENDED);
	a->kind = (enum consent_act_kind)kind;
	field_name(c, &a->scope);
	field_i64(c, &a->at_us);
	field_i64(c, &a->due_us);
	field_text(c, &a->version);
	field_text(c, &a->notice);
	field_text(c, &a->evidence);
	field_text(c, &a->partner);
	field_text(c, &a->clauses);
}

static void milestone_fields(struct codec *c, void *element)
{
	struct milestone *m = element;

	field_name(c, &m->id);
	field_text(c, &m->purpose);
	field_i64(c, &m->at_us);
}

static void obligation_fields(struct codec *c, void *element)
{
	struct obligation *o = element;

	field_name(c, &o->id);
	field_bool(c, &o->is_open);
	field_i64(c, &o->at_us);
	field_u64(c, &o->task);
}

static void hold_fields(struct codec *c, void *element)
{
	struct hold *h = element;

	field_name(c, &h->id);
	field_text(c, &h->basis);
	field_text(c, &h->reason);
	field_text(c, &h->authority);
	field_text(c, &h->reference);
	field_text(c, &h->categories);
	field_text(c, &h->records);
	field_text(c, &h->clauses);
	field_bool(c, &h->is_lifted);
	field_i64(c, &h->at_us);
	field_i64(c, &h->lifted_us);
}

static void request_fields(struct codec *c, void *element)
{
	struct request *r = element;
	int64_t state = r->state;

	field_u64(c, &r->number);
	field_name(c, &r->id);
	field_name(c, &r->kind);
	field_text(c, &r->channel);
	field_text(c, &r->by);
	field_text(c, &r->reason);
	field_text(c, &r->categories);
	field_within(c, &state, REQUEST_DEFERRED, REQUEST_CLOSED);
	r->state = (enum request_state)state;
	field_bool(c, &r->identity_checked);
	field_bool(c, &r->blocks);
	field_i64(c, &r->at_us);
	field_i64(c, &r->due_us);
	field_i64(c, &r->closed_us);
	field_u64(c, &r->task);
	field_text(c, &r->result);
	field_text(c, &r->refusal);
	field_text(c, &r->clauses);
	field_text(c, &r->extended);
}

static void pending_fields(struct codec *c, void *element)
{
	struct pending *p = element;

	field_name(c, &p->scopes);
	field_text(c, &p->channel);
	field_text(c, &p->form);
	field_i64(c, &p->at_us);
}

static void order_fields(struct codec *c, void *element)
{
	struct order *o = element;

	field_name(c, &o->categories);
	field_i64(c, &o->at_us);
	field_i64(c, &o->due_us);
	field_text(c, &o->clauses);
}

static void row_fields(struct codec *c, void *element)
{
	struct fact_row *r = element;

	field_name(c, &r->kind);
	field_name(c, &r->key);
	field_name(c, &r->value);
	field_i64(c, &r->at_us);
}

static void task_fields(struct codec *c, void *element) { field_u64(c, element); }

static void field_list(struct codec *c, void *list, size_t *n, size_t size, void (*fields)(struct codec *, void *))
{
	uint8_t **elements = list;

	if (c->pass == PASS_ENCODE) {
		buf_u32(c->out, (uint32_t)*n);
	} else if (c->pass == PASS_DECODE) {
		size_t count = cursor_u32(c->in);

		if (c->in->failed || count > (c->in->len - c->in->pos) / ELEMENT_BYTES_MIN) {
			c->in->failed = true;
			return;
		}
		size_t cap = 1;

		while (cap < count) /* the capacity that list_add expects behind this count */
			cap *= 2;
		*elements = count ? calloc(cap, size) : NULL;
		if (count && !*elements) {
			c->in->failed = true;
			return;
		}
		*n = count;
	}
	for (size_t i = 0; i < *n; i++)
		fields(c, *elements + i * size);
	if (c->pass == PASS_FREE) {
		free(*elements);
		*elements = NULL;
		*n = 0;
	}
}

static void subject_fields(struct codec *c, struct subject *s)
{
	int64_t birth = s->birth;

	field_raw(c, s->id, sizeof(s->id));
	field_raw(c, s->pseudonym, sizeof(s->pseudonym));
	field_raw(c, s->audit_key, sizeof(s->audit_key));
	field_text(c, &s->external_id);
	field_i64(c, &s->registered_us);
	field_i64(c, &s->newest_collected_us);
	field_bool(c, &s->has_birth);
	field_within(c, &birth, INT32_MIN, INT32_MAX);
	s->birth = (day_t)birth;
	field_text(c, &s->partner);
	field_text(c, &s->worker);
	field_text(c, &s->evidence);
	field_bool(c, &s->is_depersonalised);
	field_bool(c, &s->is_stopped);
	field_bool(c, &s->is_ordered);
	field_bool(c, &s->is_account_closed);
	field_i64(c, &s->stopped_us);
	field_i64(c, &s->stop_due_us);
	field_text(c, &s->stop_clauses);
	field_bool(c, &s->has_receipt);
	field_raw(c, s->receipt, sizeof(s->receipt));
	field_i64(c, &s->check_at_us);
	field_i64(c, &s->records_check_us);
	field_i64(c, &s->partner_due_us);
	field_u64(c, &s->generation);
	field_u64(c, &s->next_record);
	field_u64(c, &s->n_records);
	field_u64(c, &s->next_disclosure);
	field_list(c, &s->consents, &s->n_consents, sizeof(*s->consents), consent_fields);
	field_list(c, &s->milestones, &s->n_milestones, sizeof(*s->milestones), milestone_fields);
	field_list(c, &s->obligations, &s->n_obligations, sizeof(*s->obligations), obligation_fields);
	field_list(c, &s->holds, &s->n_holds, sizeof(*s->holds), hold_fields);
	field_list(c, &s->requests, &s->n_requests, sizeof(*s->requests), request_fields);
	field_list(c, &s->pending, &s->n_pending, sizeof(*s->pending), pending_fields);
	field_list(c, &s->orders, &s->n_orders, sizeof(*s->orders), order_fields);
	field_list(c, &s->rows, &s->n_rows, sizeof(*s->rows), row_fields);
	field_list(c, &s->tasks, &s->n_tasks, sizeof(*s->tasks), task_fields);
}

void subject_done(struct subject *s)
{
	struct codec c = {.pass = PASS_FREE};

	subject_fields(&c, s);
	crypt_wipe(s, sizeof(*s));
	subject_init(s);
}

void subject_encode(const struct subject *s, struct buf *ret)
{
	struct codec c = {.pass = PASS_ENCODE, .out = ret};

	buf_u8(ret, SUBJECT_FORMAT);
	/* The list of fields is shared with decoding; encoding writes nothing to *s. */
	subject_fields(&c, (struct subject *)s);
}

enum saqta_status subject_decode(struct subject *s, const uint8_t *data, size_t len, struct saqta_error *err)
{
	struct cursor in = {.data = data, .len = len};
	struct codec c = {.pass = PASS_DECODE, .in = &in};
	uint8_t key[KEY_SIZE];

	memcpy(key, s->key, sizeof(key));
	subject_done(s);
	memcpy(s->key, key, sizeof(key));
	crypt_wipe(key, sizeof(key));
	if (cursor_u8(&in) != SUBJECT_FORMAT)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "a subject's row has an unknown format");
	subject_fields(&c, s);
	if (in.failed || in.pos != in.len)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "a subject's row is cut or too long");
	return SAQTA_OK;
}

/* ---- lists ---- */

static void *list_add(void *list, size_t *n, size_t size)
{
	uint8_t **elements = list;
	/* Growing by powers of two keeps appending linear; the capacity follows from the count. */
	bool is_full = (*n & (*n - 1)) == 0;

	if (*n == 0 || is_full) {
		size_t cap = *n ? *n * 2 : 1;
		uint8_t *grown = calloc(cap, size);

		if (!grown)
			return NULL;
		if (*n)
			memcpy(grown, *elements, *n * size);
		free(*elements);
		*elements = grown;
	}
	memset(*elements + *n * size, 0, size);
	return *elements + (*n)++ * size;
}

struct consent_act *subject_add_consent(struct subject *s)
{
	struct consent_act *a = list_add(&s->consents, &s->n_consents, sizeof(*s->consents));

	if (a)
		a->due_us = INSTANT_NONE;
	return a;
}

struct milestone *subject_add_milestone(struct subject *s) { return list_add(&s->milestones, &s->n_milestones, sizeof(*s->milestones)); }

struct obligation *subject_add_obligation(struct subject *s)
{
	return list_add(&s->obligations, &s->n_obligations, sizeof(*s->obligations));
}

struct hold *subject_add_hold(struct subject *s) { return list_add(&s->holds, &s->n_holds, sizeof(*s->holds)); }

struct request *subject_add_request(struct subject *s)
{
	struct request *r = list_add(&s->requests, &s->n_requests, sizeof(*s->requests));

	if (r) {
		r->due_us = INSTANT_NONE;
		r->closed_us = INSTANT_NONE;
	}
	return r;
}

struct pending *subject_add_pending(struct subject *s) { return list_add(&s->pending, &s->n_pending, sizeof(*s->pending)); }

struct order *subject_add_order(struct subject *s) { return list_add(&s->orders, &s->n_orders, sizeof(*s->orders)); }

struct fact_row *subject_add_row(struct subject *s) { return list_add(&s->rows, &s->n_rows, sizeof(*s->rows)); }

bool subject_add_task(struct subject *s, uint64_t task)
{
	uint64_t *t = list_add(&s->tasks, &s->n_tasks, sizeof(*s->tasks));

	if (t)
		*t = task;
	return t != NULL;
}

void subject_drop_pending(struct subject *s)
{
	struct codec c = {.pass = PASS_FREE};

	field_list(&c, &s->pending, &s->n_pending, sizeof(*s->pending), pending_fields);
}

/* ---- questions ---- */

const struct consent_act *subject_consent(const struct subject *s, const char *scope)
{
	for (size_t i = s->n_consents; i-- > 0;)
		if (strcmp(s->consents[i].scope, scope) == 0)
			return &s->consents[i];
	return NULL;
}

const struct order *subject_order(const struct subject *s, const char *category)
{
	for (size_t i = 0; i < s->n_orders; i++)
		if (text_lists(s->orders[i].categories, category))
			return &s->orders[i];
	return NULL;
}

struct request *subject_request(struct subject *s, const char *id)
{
	for (size_t i = 0; i < s->n_requests; i++)
		if (strcmp(s->requests[i].id, id) == 0)
			return &s->requests[i];
	return NULL;
}

struct fact_row *subject_row(struct subject *s, const char *kind, const char *key)
{
	for (size_t i = 0; i < s->n_rows; i++)
		if (strcmp(s->rows[i].kind, kind) == 0 && strcmp(s->rows[i].key, key) == 0)
			return &s->rows[i];
	return NULL;
}

bool subject_is_blocked(const struct subject *s)
{
	for (size_t i = 0; i < s->n_requests; i++)
		if (s->requests[i].blocks && s->requests[i].state == REQUEST_OPEN)
			return true;
	return false;
}

bool subject_has_open_obligation(const struct subject *s)
{
	for (size_t i = 0; i < s->n_obligations; i++)
		if (s->obligations[i].is_open)
			return true;
	return false;
}

const char *subject_state(const struct subject *s)
{
	if (s->is_depersonalised)
		return "depersonalised";
	if (subject_is_blocked(s))
		return "blocked";
	return s->is_stopped ? "stopped" : "active";
}

/* ---- records ---- */

#define RECORD_FORMAT 1

static void record_fields(struct codec *c, struct record *r)
{
	field_u64(c, &r->number);
	field_text(c, &r->id);
	field_text(c, &r->category);
	field_text(c, &r->purposes);
	field_text(c, &r->source);
	field_text(c, &r->partner);
	field_text(c, &r->worker);
	field_i64(c, &r->collected_us);
	field_i64(c, &r->corrected_us);
	int64_t revision = r->revision;

	field_within(c, &revision, 0, UINT32_MAX);
	r->revision = (uint32_t)revision;
	field_flags(c, &r->is_base64, &r->names_others);
}

void record_done(struct record *r)
{
	struct codec c = {.pass = PASS_FREE};

	record_fields(&c, r);
	if (r->value)
		crypt_wipe(r->value, r->value_len);
	free(r->value);
	memset(r, 0, sizeof(*r));
}

void record_encode(const struct record *r, struct buf *ret)
{
	struct codec c = {.pass = PASS_ENCODE, .out = ret};

	buf_u8(ret, RECORD_FORMAT);
	record_fields(&c, (struct record *)r);
	buf_bytes(ret, r->value, r->value_len);
}

enum saqta_status record_decode(struct record *r, const uint8_t *data, size_t len, struct saqta_error *err)
{
	struct cursor in = {.data = data, .len = len};
	struct codec c = {.pass = PASS_DECODE, .in = &in};
	const uint8_t *value;

	record_done(r);
	if (cursor_u8(&in) != RECORD_FORMAT)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "a record has an unknown format");
	record_fields(&c, r);
	value = cursor_bytes(&in, &r->value_len);
	if (in.failed || in.pos != in.len || !r->category || !r->purposes)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "a record is cut or too long");
	r->value = malloc(r->value_len + 1);
	if (!r->value)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	memcpy(r->value, value, r->value_len);
	r->value[r->value_len] = 0;
	return SAQTA_OK;
}
