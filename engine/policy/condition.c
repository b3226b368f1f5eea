/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/load.h"
#include "policy/scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Operands of a comparison are not computed: each is a fact or a constant. Only true-or-false values are code, emitted as they
 * are parsed. */
enum type { TYPE_ERROR, TYPE_FLAG, TYPE_STRING, TYPE_STRING_FACT, TYPE_NUMBER, TYPE_NUMBER_FACT };
struct operand {
	enum type type;
	unsigned start; /* TYPE_FLAG: its code is ops[start .. n) */
	uint8_t fact;
	const char *text; /* TYPE_STRING, within the source */
	size_t len;
	double number;
};

struct compiler {
	struct policy *p;
	const char *file;
	unsigned line;
	struct problems *problems;
	struct scan scan;
	unsigned nesting;
	bool is_broken; /* the grammar failed: what follows cannot be trusted, and is not told */
	bool is_wrong;
	struct cond_op ops[COND_OPS_MAX];
	unsigned n;
};

static const char *const string_facts[F_STRINGS] = {
	"event",  "operation",	  "purpose", "with",	  "basis",	  "recipient",	    "country",
	"source", "channel",	  "form",    "kind",	  "by",		  "reason",	    "result",
	"state",  "member-state", "matter",  "milestone", "request-kind", "request-reason", "partner-state",
};
/* $reason stands free: holds and orders carry one in the sender's own words. */
static const enum domain string_domains[F_STRINGS] = {
	DOMAIN_EVENT,	     DOMAIN_OPERATION,	    DOMAIN_PURPOSE,	  DOMAIN_PURPOSE,      DOMAIN_BASIS,  DOMAIN_RECIPIENT,
	DOMAIN_FREE,	     DOMAIN_SOURCE,	    DOMAIN_CHANNEL,	  DOMAIN_FORM,	       DOMAIN_KIND,   DOMAIN_BY,
	DOMAIN_FREE,	     DOMAIN_RESULT,	    DOMAIN_STATE,	  DOMAIN_MEMBER_STATE, DOMAIN_MATTER, DOMAIN_MILESTONE,
	DOMAIN_REQUEST_KIND, DOMAIN_REQUEST_REASON, DOMAIN_PARTNER_STATE,
};
static const char *const flag_facts[F_FLAGS] = {
	"disclosure",	      "identity-checked",     "obligations-open", "purpose-declared", "categories-declared",
	"authority-notified", "particulars-obtained", "partner-given",	  "worker-given",     "worker-assured",
	"assurance",	      "evidence-given",	      "records-held",
};
static const char *const number_facts[F_NUMBERS] = {"age", "text-length", "category-count", "partner-delays"};
static const char *const set_facts[F_SETS] = {
	"consent",	 "withdrawn",  "lapsed", "partner-consent", "category",
	"named-consent", "attachment", "role",	 "reached",	    "current-consent",
};

const char *condition_fact_name(enum cond_code code, unsigned fact)
{
	if (code == COND_FLAG)
		return flag_facts[fact];
	if (code == COND_IN_SET)
		return set_facts[fact];
	return code >= COND_NUMBER_EQ ? number_facts[fact] : string_facts[fact];
}

static int index_of(const char *const *names, int n, const char *word, size_t len)
{
	for (int i = 0; i < n; i++)
		if (word_is(word, len, names[i]))
			return i;
	return -1;
}

bool condition_knows_fact(const char *name)
{
	size_t len = strlen(name);

	return index_of(string_facts, F_STRINGS, name, len) >= 0 || index_of(flag_facts, F_FLAGS, name, len) >= 0 ||
	       index_of(number_facts, F_NUMBERS, name, len) >= 0;
}

static void wrong(struct compiler *c, const char *fmt, ...) printf_(2, 3);
static void wrong(struct compiler *c, const char *fmt, ...)
{
	char reason[512];
	va_list ap;

	if (c->is_broken)
		return;
	va_start(ap, fmt);
	if (vsnprintf(reason, sizeof(reason), fmt, ap) < 0)
		reason[0] = 0;
	va_end(ap);
	c->is_wrong = true;
	problems_add(c->problems, c->file, c->line, "in the condition \"%.200s\": %s", c->scan.text, reason);
}

static void broken(struct compiler *c, const char *expected)
{
	if (c->scan.token == TOKEN_END)
		wrong(c, "it ends where %s should stand", expected);
	else
		wrong(c, "%s should stand where '%.*s' stands", expected, c->scan.len < 60 ? (int)c->scan.len : 60, c->scan.start);
	c->is_broken = true;
}

static bool at_word(const struct compiler *c, const char *word)
{
	return c->scan.token == TOKEN_WORD && word_is(c->scan.start, c->scan.len, word);
}

static bool expect(struct compiler *c, enum token token, const char *what)
{
	if (c->scan.token != token) {
		broken(c, what);
		return false;
	}
	scan_next(&c->scan);
	return true;
}

/* ---- code ---- */

static void emit_op(struct compiler *c, struct cond_op op)
{
	if (c->n < COND_OPS_MAX) {
		c->ops[c->n++] = op;
		return;
	}
	wrong(c, "it is too long (more than %d steps)", COND_OPS_MAX);
	c->is_broken = true;
}

static void emit(struct compiler *c, enum cond_code code) { emit_op(c, (struct cond_op){.code = (uint8_t)code}); }

static void emit_copy(struct compiler *c, const struct cond_op *ops, unsigned n)
{
	for (unsigned i = 0; i < n && !c->is_broken; i++)
		emit_op(c, ops[i]);
}

static struct operand flag_from(unsigned start) { return (struct operand){.type = TYPE_FLAG, .start = start}; }

static unsigned depth_of(const struct cond_op *ops, unsigned n)
{
	unsigned depth = 0, max = 0;

	for (unsigned i = 0; i < n; i++) {
		if (ops[i].code == COND_AND || ops[i].code == COND_OR)
			depth--;
		else if (ops[i].code != COND_NOT)
			depth++;
		max = depth > max ? depth : max;
	}
	return max;
}

/* ---- facts ---- */

static struct operand unknown_fact(struct compiler *c, const char *name, size_t len)
{
	struct near_word near = {.word = name, .len = len};
	char hint[NEAR_TEXT_SIZE];

	for (int i = 0; i < F_STRINGS; i++)
		near_offer(&near, string_facts[i]);
	for (int i = 0; i < F_FLAGS; i++)
		near_offer(&near, flag_facts[i]);
	for (int i = 0; i < F_NUMBERS; i++)
		near_offer(&near, number_facts[i]);
	for (unsigned i = 0; i < c->p->n_defines; i++)
		near_offer(&near, c->p->defines[i].name);
	wrong(c, "'$%.*s' is neither a fact nor defined%s", (int)len, name,
	      near.best ? near_text(&near, hint) : "; a <define> above can say what it is");
	return (struct operand){.type = TYPE_ERROR};
}

static int set_kind(int set)
{
	if (set == F_CATEGORY)
		return ID_CATEGORY;
	return set == F_REACHED ? ID_MILESTONE : ID_CONSENT;
}

static struct operand unknown_member(struct compiler *c, int set, const char *id, size_t len)
{
	struct near_word near = {.word = id, .len = len};
	char hint[NEAR_TEXT_SIZE];

	if (set != F_ATTACHMENT)
		near_ids(&near, c->p, (enum id_kind)set_kind(set));
	wrong(c, "'%.*s' is no known %s%s", (int)len, id,
	      set == F_ATTACHMENT ? "attachment (link, picture, file)" : id_kind_name((enum id_kind)set_kind(set)), near_text(&near, hint));
	return (struct operand){.type = TYPE_ERROR};
}

/* $consent.X and its like. */
static struct operand set_fact(struct compiler *c, const char *name, size_t len, size_t dot)
{
	const char *id = name + dot + 1;
	size_t id_len = len - dot - 1;
	int set = index_of(set_facts, F_SETS, name, dot), member;
	unsigned start = c->n;
	struct near_word near = {.word = name, .len = dot};
	char hint[NEAR_TEXT_SIZE];

	if (set < 0) {
		for (int i = 0; i < F_SETS; i++)
			near_offer(&near, set_facts[i]);
		wrong(c, "'$%.*s' is not a fact%s", (int)len, name, near_text(&near, hint));
		return (struct operand){.type = TYPE_ERROR};
	}
	if (set == F_ROLE) {
		wrong(c, "'$%.*s': conditions cannot ask about roles; the selector 'roles' does", (int)len, name);
		return (struct operand){.type = TYPE_ERROR};
	}
	member = set == F_ATTACHMENT ? attachment_of(id, id_len) : policy_find_n(c->p, (enum id_kind)set_kind(set), id, id_len);
	if (member < 0)
		return unknown_member(c, set, id, id_len);
	emit_op(c, (struct cond_op){.code = COND_IN_SET, .a = (uint8_t)set, .b = member});
	if (set == F_CATEGORY) {
		const struct idset *members = policy_members(c->p, ID_CATEGORY, member);

		for (int m = idset_next(members, -1); m >= 0; m = idset_next(members, m)) {
			if (m == member)
				continue;
			emit_op(c, (struct cond_op){.code = COND_IN_SET, .a = (uint8_t)set, .b = m});
			emit(c, COND_OR);
		}
	}
	return flag_from(start);
}

static struct operand defined(struct compiler *c, const struct define *d)
{
	unsigned start = c->n;

	if (!d->condition.text) {
		wrong(c, "'$%s' is used before its definition", d->name);
		return (struct operand){.type = TYPE_ERROR};
	}
	/* A definition that is wrong itself was told where it stands. */
	if (!d->condition.n_ops)
		return (struct operand){.type = TYPE_ERROR};
	emit_copy(c, d->condition.ops, d->condition.n_ops);
	return flag_from(start);
}

static struct operand fact(struct compiler *c, const char *name, size_t len)
{
	const char *dot = memchr(name, '.', len);
	int i;

	i = index_of(string_facts, F_STRINGS, name, len);
	if (i >= 0)
		return (struct operand){.type = TYPE_STRING_FACT, .fact = (uint8_t)i};
	i = index_of(number_facts, F_NUMBERS, name, len);
	if (i >= 0)
		return (struct operand){.type = TYPE_NUMBER_FACT, .fact = (uint8_t)i};
	i = index_of(flag_facts, F_FLAGS, name, len);
	if (i >= 0) {
		emit_op(c, (struct cond_op){.code = COND_FLAG, .a = (uint8_t)i});
		return flag_from(c->n - 1);
	}
	for (unsigned d = 0; d < c->p->n_defines; d++)
		if (word_is(name, len, c->p->defines[d].name))
			return defined(c, &c->p->defines[d]);
	return dot ? set_fact(c, name, len, (size_t)(dot - name)) : unknown_fact(c, name, len);
}

/* ---- comparisons ---- */

static const char *describe(enum type type)
{
	switch (type) {
	case TYPE_FLAG:
		return "a true-or-false value";
	case TYPE_STRING:
	case TYPE_STRING_FACT:
		return "a text";
	case TYPE_NUMBER:
	case TYPE_NUMBER_FACT:
		return "a number";
	case TYPE_ERROR:
		break;
	}
	return "nothing";
}

static struct operand compare_strings(struct compiler *c, bool is_equal, struct operand a, struct operand b)
{
	struct cond_op op = {.code = is_equal ? COND_STRING_SAME : COND_STRING_DIFFER};
	const struct operand *fixed = a.type == TYPE_STRING ? &a : &b;
	struct near_word near = {.word = fixed->text, .len = fixed->len};
	char hint[NEAR_TEXT_SIZE];
	enum domain domain;

	op.a = a.type == TYPE_STRING_FACT ? a.fact : b.fact;
	op.b = b.fact;
	if (fixed->type == TYPE_STRING) {
		domain = string_domains[op.a];
		if (fixed->len && !domain_has(c->p, domain, fixed->text, fixed->len)) {
			near_domain(&near, c->p, domain);
			wrong(c, "'%.*s' is no known %s, so '$%s' can never be it%s", fixed->len < 80 ? (int)fixed->len : 80, fixed->text,
			      domain_name(domain), string_facts[op.a], near_text(&near, hint));
		}
		op.code = is_equal ? COND_STRING_EQ : COND_STRING_NE;
		op.b = policy_intern_n(c->p, fixed->text, fixed->len);
		if (op.b < 0)
			wrong(c, "out of memory");
	}
	emit_op(c, op);
	return flag_from(c->n - 1);
}

static struct operand compare_numbers(struct compiler *c, enum token sign, struct operand a, struct operand b)
{
	static const enum cond_code straight[] = {COND_NUMBER_EQ, COND_NUMBER_NE, COND_NUMBER_LT,
						  COND_NUMBER_LE, COND_NUMBER_GT, COND_NUMBER_GE};
	static const enum cond_code turned[] = {COND_NUMBER_EQ, COND_NUMBER_NE, COND_NUMBER_GT,
						COND_NUMBER_GE, COND_NUMBER_LT, COND_NUMBER_LE};
	unsigned i = (unsigned)sign - TOKEN_EQ;

	if (a.type == TYPE_NUMBER_FACT)
		emit_op(c, (struct cond_op){.code = (uint8_t)straight[i], .a = a.fact, .x = b.number});
	else
		emit_op(c, (struct cond_op){.code = (uint8_t)turned[i], .a = b.fact, .x = a.number});
	return flag_from(c->n - 1);
}

/* a = b is "both or neither", a != b "one only"; there is no step for them, so both sides stand twice. */
static struct operand compare_flags(struct compiler *c, bool is_equal, struct operand a, struct operand b)
{
	unsigned n_a = b.start - a.start, n_b = c->n - b.start;

	if (!is_equal)
		emit(c, COND_NOT);
	emit(c, COND_AND);
	emit_copy(c, c->ops + a.start, n_a);
	emit(c, COND_NOT);
	emit_copy(c, c->ops + b.start, n_b);
	if (is_equal)
		emit(c, COND_NOT);
	emit(c, COND_AND);
	emit(c, COND_OR);
	return flag_from(a.start);
}

static bool is_string(struct operand o) { return o.type == TYPE_STRING || o.type == TYPE_STRING_FACT; }

static bool is_number(struct operand o) { return o.type == TYPE_NUMBER || o.type == TYPE_NUMBER_FACT; }

static struct operand compare(struct compiler *c, enum token sign, struct operand a, struct operand b)
{
	bool is_equality = sign == TOKEN_EQ || sign == TOKEN_NE;
	bool strings = is_string(a) && is_string(b), numbers = is_number(a) && is_number(b);

	if (a.type == TYPE_ERROR || b.type == TYPE_ERROR || c->is_broken)
		return (struct operand){.type = TYPE_ERROR};
	if (a.type == b.type && (a.type == TYPE_STRING || a.type == TYPE_NUMBER))
		wrong(c, "two fixed values are compared; one side must be a fact");
	else if (numbers && a.type == b.type)
		wrong(c, "a number can be compared with a fixed number only");
	else if (!is_equality && !numbers)
		wrong(c, "%s cannot be less or more than %s; only numbers can", describe(a.type), describe(b.type));
	else if (numbers)
		return compare_numbers(c, sign, a, b);
	else if (strings)
		return compare_strings(c, sign == TOKEN_EQ, a, b);
	else if (a.type == TYPE_FLAG && b.type == TYPE_FLAG)
		return compare_flags(c, sign == TOKEN_EQ, a, b);
	else
		wrong(c, "%s is compared with %s; both sides must be of one kind", describe(a.type), describe(b.type));
	return (struct operand){.type = TYPE_ERROR};
}

/* ---- grammar ---- */

static struct operand parse_or(struct compiler *c);

static struct operand need_flag(struct compiler *c, struct operand o, const char *where)
{
	if (o.type == TYPE_FLAG || o.type == TYPE_ERROR)
		return o;
	wrong(c, "%s stands %s, where only a true-or-false value can; compare it with something", describe(o.type), where);
	return (struct operand){.type = TYPE_ERROR};
}

static struct operand parse_inner(struct compiler *c)
{
	struct operand o = {.type = TYPE_ERROR};

	if (++c->nesting > COND_DEPTH) {
		wrong(c, "it is nested too deep (more than %d)", COND_DEPTH);
		c->is_broken = true;
		return o;
	}
	o = parse_or(c);
	c->nesting--;
	return expect(c, TOKEN_CLOSE, "')'") ? o : (struct operand){.type = TYPE_ERROR};
}

static struct operand parse_call(struct compiler *c)
{
	bool is_true = at_word(c, "true"), is_false = at_word(c, "false"), is_not = at_word(c, "not");
	struct operand o;

	if (!is_true && !is_false && !is_not) {
		if (at_word(c, "and") || at_word(c, "or"))
			broken(c, "a value");
		else
			wrong(c, "'%.*s' is no word of conditions; facts begin with '$', texts stand in quotes",
			      c->scan.len < 60 ? (int)c->scan.len : 60, c->scan.start);
		c->is_broken = true;
		return (struct operand){.type = TYPE_ERROR};
	}
	scan_next(&c->scan);
	if (!expect(c, TOKEN_OPEN, "'('"))
		return (struct operand){.type = TYPE_ERROR};
	if (is_not) {
		o = need_flag(c, parse_inner(c), "in not(…)");
		emit(c, COND_NOT);
		return o;
	}
	emit(c, is_true ? COND_TRUE : COND_FALSE);
	(void)expect(c, TOKEN_CLOSE, "')'");
	return c->is_broken ? (struct operand){.type = TYPE_ERROR} : flag_from(c->n - 1);
}

static struct operand parse_primary(struct compiler *c)
{
	struct operand o = {.type = TYPE_ERROR, .text = c->scan.start, .len = c->scan.len, .number = c->scan.number};

	if (c->scan.token == TOKEN_WORD)
		return parse_call(c);
	if (c->scan.token == TOKEN_NAME) {
		o = fact(c, c->scan.start, c->scan.len);
	} else if (c->scan.token == TOKEN_STRING || c->scan.token == TOKEN_NUMBER) {
		o.type = c->scan.token == TOKEN_STRING ? TYPE_STRING : TYPE_NUMBER;
	} else if (c->scan.token == TOKEN_OPEN) {
		scan_next(&c->scan);
		return parse_inner(c);
	} else {
		broken(c, "a value");
		return o;
	}
	scan_next(&c->scan);
	return o;
}

static struct operand parse_relation(struct compiler *c)
{
	struct operand a = parse_primary(c);

	while (!c->is_broken && c->scan.token >= TOKEN_LT && c->scan.token <= TOKEN_GE) {
		enum token sign = c->scan.token;

		scan_next(&c->scan);
		a = compare(c, sign, a, parse_primary(c));
	}
	return a;
}

static struct operand parse_equality(struct compiler *c)
{
	struct operand a = parse_relation(c);

	while (!c->is_broken && (c->scan.token == TOKEN_EQ || c->scan.token == TOKEN_NE)) {
		enum token sign = c->scan.token;

		scan_next(&c->scan);
		a = compare(c, sign, a, parse_relation(c));
	}
	return a;
}

static struct operand join(struct compiler *c, struct operand a, struct operand b, const char *where, enum cond_code code)
{
	a = need_flag(c, a, where);
	b = need_flag(c, b, where);
	if (a.type == TYPE_ERROR || b.type == TYPE_ERROR)
		return (struct operand){.type = TYPE_ERROR};
	emit(c, code);
	return a;
}

static struct operand parse_and(struct compiler *c)
{
	struct operand a = parse_equality(c);

	while (!c->is_broken && at_word(c, "and")) {
		scan_next(&c->scan);
		a = join(c, a, parse_equality(c), "beside 'and'", COND_AND);
	}
	return a;
}

static struct operand parse_or(struct compiler *c)
{
	struct operand a = parse_and(c);

	while (!c->is_broken && at_word(c, "or")) {
		scan_next(&c->scan);
		a = join(c, a, parse_and(c), "beside 'or'", COND_OR);
	}
	return a;
}

bool condition_compile(struct policy *p, const char *text, const char *file, unsigned line, struct condition *ret,
		       struct problems *problems)
{
	struct compiler c = {.p = p, .file = file, .line = line, .problems = problems, .scan = {.text = text, .at = text}};
	struct operand whole;

	scan_next(&c.scan);
	whole = parse_or(&c);
	if (!c.is_broken && c.scan.token != TOKEN_END)
		broken(&c, "'and' or 'or'");
	(void)need_flag(&c, whole, "alone");
	if (!c.is_wrong && depth_of(c.ops, c.n) > COND_DEPTH)
		wrong(&c, "it is nested too deep (more than %d)", COND_DEPTH);
	ret->text = strdup(text);
	if (c.is_wrong || !ret->text)
		return false;
	ret->ops = malloc(c.n * sizeof(*ret->ops));
	if (!ret->ops)
		return false;
	memcpy(ret->ops, c.ops, c.n * sizeof(*ret->ops));
	ret->n_ops = c.n;
	return true;
}
