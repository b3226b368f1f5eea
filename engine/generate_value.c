/* SPDX-License-Identifier: Apache-2.0 */
/* One datum of an invented person, and what it is made with: randomness,
 * dates, output. Integer arithmetic only: the same bytes on every machine. */
#include "engine/generate.h"

#include <string.h>

/* --- randomness --- */

static uint64_t splitmix(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

void gen_rng_seed(struct gen_rng *rng, uint64_t seed, uint64_t stream)
{
	/* Mixed twice, so that neighbouring seeds and streams share nothing. */
	uint64_t state = splitmix(&seed) ^ stream;

	for (size_t i = 0; i < 4; i++)
		rng->s[i] = splitmix(&state);
}

static uint64_t rotl(uint64_t v, unsigned n) { return v << n | v >> (64 - n); }

uint64_t gen_rng_next(struct gen_rng *rng)
{
	uint64_t *s = rng->s;
	uint64_t result = rotl(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

uint32_t gen_below(struct gen_rng *rng, uint64_t n) { return (uint32_t)(((gen_rng_next(rng) >> 32) * n) >> 32); }

int64_t gen_between(struct gen_rng *rng, int64_t min, int64_t max)
{
	if (max <= min)
		return min;
	return min + gen_below(rng, (uint64_t)(max - min) + 1);
}

bool gen_chance(struct gen_rng *rng, uint32_t share) { return gen_below(rng, SHARE_ALL) < share; }

/* --- dates: the proleptic Gregorian calendar, years from 1 --- */

int32_t gen_day(int year, int month, int day)
{
	/* Years begin in March, so that the leap day is the last of its year. */
	int y = month <= 2 ? year - 1 : year;
	int era = y / 400;
	int yoe = y - era * 400;
	int doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

void gen_civil(int32_t day, int *ret_year, int *ret_month, int *ret_day)
{
	int32_t z = day + 719468;
	int32_t era = z / 146097;
	int32_t doe = z - era * 146097;
	int32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int32_t mp = (5 * doy + 2) / 153;

	*ret_day = doy - (153 * mp + 2) / 5 + 1;
	*ret_month = mp < 10 ? mp + 3 : mp - 9;
	*ret_year = yoe + era * 400 + (*ret_month <= 2 ? 1 : 0);
}

bool gen_day_parse(const char *text, int32_t *ret)
{
	static const char shape[] = "dddd-dd-dd";
	int v[3] = {0};
	int y, m, d;
	size_t field = 0;

	if (strlen(text) != sizeof(shape) - 1)
		return false;
	for (size_t i = 0; shape[i]; i++) {
		if (shape[i] == '-' && text[i] == '-')
			field++;
		else if (shape[i] == 'd' && text[i] >= '0' && text[i] <= '9')
			v[field] = v[field] * 10 + (text[i] - '0');
		else
			return false;
	}
	if (v[0] < 1 || v[1] < 1 || v[1] > 12 || v[2] < 1 || v[2] > 31)
		return false;
	*ret = gen_day(v[0], v[1], v[2]);
	gen_civil(*ret, &y, &m, &d);
	return y == v[0] && m == v[1] && d == v[2]; /* 30 February comes back as another day */
}

/* --- output --- */

void gen_out_flush(struct gen_out *out)
{
	if (out->len && !out->cancelled && out->write(out->user, out->data, out->len))
		out->cancelled = true;
	out->len = 0;
}

void gen_raw(struct gen_out *out, const char *text, size_t len)
{
	/* The data file bounds a line far below GEN_OUT_LINE; a longer one would be cut, not overflow. */
	if (len > sizeof(out->data) - out->len)
		len = sizeof(out->data) - out->len;
	memcpy(out->data + out->len, text, len);
	out->len += len;
}

void gen_text(struct gen_out *out, const char *text) { gen_raw(out, text, strlen(text)); }

void gen_string(struct gen_out *out, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	const char *from = text;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		gen_raw(out, from, (size_t)(text - from));
		gen_raw(out, escape, sizeof(escape));
		from = text + 1;
	}
	gen_raw(out, from, (size_t)(text - from));
}

void gen_number(struct gen_out *out, uint64_t v, unsigned width)
{
	char digits[20];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + v % 10);
		v /= 10;
	} while (i && (v || sizeof(digits) - i < width));
	gen_raw(out, digits + i, sizeof(digits) - i);
}

void gen_date(struct gen_out *out, int32_t day)
{
	int y, m, d;

	gen_civil(day, &y, &m, &d);
	gen_number(out, (uint64_t)y, 4);
	gen_text(out, "-");
	gen_number(out, (uint64_t)m, 2);
	gen_text(out, "-");
	gen_number(out, (uint64_t)d, 2);
}

/* --- people --- */

void gen_person_draw(struct gen_person *person, struct gen_rng *rng, int32_t day, int min_age, int max_age)
{
	unsigned weight = 0;
	int y, m, d;

	person->sex = gen_below(rng, 2);
	person->kazakh = gen_below(rng, 100) < 68;
	if (person->kazakh) {
		person->given = &gen_kazakh_given[person->sex][gen_below(rng, GEN_GIVEN)];
		person->surname = &gen_kazakh_surnames[gen_below(rng, GEN_SURNAMES)];
	} else {
		person->given = &gen_russian_given[person->sex][gen_below(rng, GEN_GIVEN)];
		person->surname = &gen_russian_surnames[gen_below(rng, GEN_SURNAMES)];
	}
	/* A patronymic is used only if it stands in the document. */
	person->father = gen_below(rng, 100) < 85 ? gen_below(rng, GEN_FATHERS) : GEN_FATHERS;

	for (size_t i = 0; i < GEN_CITIES; i++)
		weight += gen_cities[i].weight;
	weight = gen_below(rng, weight);
	person->city = gen_cities;
	while (weight >= person->city->weight)
		weight -= person->city++->weight;

	/* The younger of two draws: buyers of cars are rather young. */
	int64_t age = gen_between(rng, min_age, max_age);
	int64_t other = gen_between(rng, min_age, max_age);

	gen_civil(day, &y, &m, &d);
	person->birth = gen_day(y - (int)(age < other ? age : other), m, d > 28 ? 28 : d) - 1 - (int32_t)gen_below(rng, 365);
}

/* --- values: none may be that of a living person --- */

static void letters(struct gen_out *out, struct gen_rng *rng, const char *alphabet, size_t n)
{
	size_t size = strlen(alphabet);

	while (n--)
		gen_raw(out, alphabet + gen_below(rng, size), 1);
}

static void value_name(struct gen_out *out, struct gen_rng *rng, const struct gen_person *p, int32_t now)
{
	(void)rng;
	(void)now;
	gen_string(out, p->sex ? p->surname->female : p->surname->male);
	gen_text(out, " ");
	gen_string(out, p->given->name);
	if (p->father >= GEN_FATHERS)
		return;
	gen_text(out, " ");
	if (p->kazakh) {
		gen_string(out, gen_kazakh_fathers[p->father]);
		gen_text(out, p->sex ? "қызы" : "ұлы");
	} else {
		gen_string(out, p->sex ? gen_russian_patronymics[p->father].female : gen_russian_patronymics[p->father].male);
	}
}

static void value_birth_date(struct gen_out *out, struct gen_rng *rng, const struct gen_person *p, int32_t now)
{
	(void)rng;
	(void)now;
	gen_date(out, p->birth);
}

static void value_sex(struct gen_out *out, struct gen_rng *rng, const struct gen_person *p, int32_t now)
{
	(void)rng;
	(void)now;
	gen_text(out, p->sex ? "әйел" : "ер");
}

static void value_iin(struct gen_out *out, struct gen_rng *rng, const struct gen_person *p, int32_t now)
{
	unsigned digits[11], sum = 0, serial = gen_below(rng, 10000);
	int y, m, d;

	(void)now;
	gen_civil(p->birth, &y, &m, &d);
	const unsigned parts[] = {(unsigned)(y % 100), (unsigned)m, (unsigned)d};
	for (size_t i = 0; i < 3; i++) {
		digits[2 * i] = parts[i] / 10;
		digits[2 * i + 1] = parts[i] % 10;
	}
	digits[6] = (unsigned)(y / 100 - 18) * 2 + 1 + p->sex;
	for (size_t i = 11; i-- > 7; serial /= 10)
		digits[i] = serial % 10;

	for (unsigned i = 0; i < 11; i++)
		sum += digits[i] * (i + 1);
	if (sum % 11 == 10) {
		sum = 0;
		for (unsigned i = 0; i < 11; i++)
			sum += digits[i] * ((i + 2) % 11 + 1);
	}
	for (size_t i = 0; i < 11; i++)
		gen_number(out, digits[i], 1);
	/* Any digit but the right one; a remainder of 10 is never issued, so there all are wrong. */
	gen_number(out, (sum % 11 + 1 + gen_below(rng, 9)) % 10, 1);
}

static void value_phone(struct gen_out *out, struct gen_rng *rng, const struct gen_person *p, int32_t now)
{
	(void)p;
	(void)now;
	gen_text(out, "+779"); /* no operator has a code 79x */
	gen_number(out, gen_below(rng, 100000000), 8);
}

static void value_email(struct gen_out *out, struct gen_rng *rng, const struct gen_person *p, int32_t now)
{
	static const char *const domains[] = {"@example.kz", "@example.com", "@mail.example.kz"};

	(void)now;
	gen_text(out, p->given->latin);
	gen_text(out, ".");
	gen_text(out, p->sex ? p->surname->latin_female : p->surname->latin_male);
	gen_number(out, gen_below(rng, 10000), 1);
	gen_text(out, domains[gen_below(rng, 3)]);
}

static void value_city(struct gen_out *out, struct gen_rng *rng, const struct gen_person *p, int32_t now)
{
	(void)rng;
	(void)now;
	gen_string(out, p->city->name);
}

static void value_address(struct gen_out *out, struct gen_rng *rng, const struct gen_person *p, int32_t now)
{
	(void)now;
	gen_string(out, p->city->name);
	gen_text(out, ", ");
	gen_string(out, p->city->streets[gen_below(rng, GEN_STREETS)]);
	gen_text(out, ", ");
	gen_number(out, 1 + gen_below(rng, 180), 1);
	if (gen_below(rng, 4) == 0)
		return;
	gen_text(out, "-");
	gen_number(out, 1 + gen_below(rng, 160), 1);
}

static void value_card(struct gen_out *out, struct gen_rng *rng, const struct gen_person *p, int32_t now)
{
	unsigned sum = 0;

	(void)p;
	(void)now;
	for (unsigned i = 0; i < 15; i++) {
		unsigned digit = i ? gen_below(rng, 10) : 4 + gen_below(rng, 2);
		unsigned twice = digit * 2;

		sum += i % 2 ? digit : twice / 10 + twice % 10;
		gen_number(out, digit, 1);
	}
	gen_number(out, (10 - sum % 10 + 1 + gen_below(rng, 9)) % 10, 1); /* Luhn, and off by 1 to 9 */
}

static void value_iban(struct gen_out *out, struct gen_rng *rng, const struct gen_person *p, int32_t now)
{
	static const char alphabet[] = "0123456789ABCDEFGHKLMNPRSTUVWXYZ";
	char body[17] = {0};
	unsigned rest = 0;

	(void)p;
	(void)now;
	for (size_t i = 0; i < 16; i++)
		body[i] = alphabet[gen_below(rng, i < 3 || i > 6 ? 10 : 32)];
	for (size_t i = 0; i < 16; i++)
		rest = (body[i] <= '9' ? rest * 10 + (unsigned)(body[i] - '0') : rest * 100 + (unsigned)(body[i] - 'A') + 10) % 97;
	rest = (rest * 1000000 + 203500) % 97; /* "KZ00" */

	unsigned right = 98 - rest, wrong = 10 + gen_below(rng, 86);

	/* 10 to 96 stand for one remainder each: another number is another remainder. */
	gen_text(out, "KZ");
	gen_number(out, wrong == right ? wrong + 1 : wrong, 2);
	gen_text(out, body);
}

static void value_ip(struct gen_out *out, struct gen_rng *rng, const struct gen_person *p, int32_t now)
{
	static const char *const nets[] = {"192.0.2.", "198.51.100.", "203.0.113."}; /* RFC 5737 */

	(void)p;
	(void)now;
	gen_text(out, nets[gen_below(rng, 3)]);
	gen_number(out, 1 + gen_below(rng, 254), 1);
}

static void value_device(struct gen_out *out, struct gen_rng *rng, const struct gen_person *p, int32_t now)
{
	static const char *const models[] = {"Android 13; Pixel 7", "Android 14; Galaxy A54", "Android 12; Redmi Note 11",
					     "iOS 17.4; iPhone 13", "iOS 18.1; iPhone 15",    "Windows 11; desktop",
					     "macOS 14; laptop"};

	(void)p;
	(void)now;
	gen_text(out, models[gen_below(rng, 7)]);
	gen_text(out, "; id ");
	letters(out, rng, "0123456789abcdef", 12);
}

static void value_cookie(struct gen_out *out, struct gen_rng *rng, const struct gen_person *p, int32_t now)
{
	(void)p;
	(void)now;
	gen_text(out, "sid=");
	letters(out, rng, "0123456789abcdef", 24);
}

static void value_plate(struct gen_out *out, struct gen_rng *rng, const struct gen_person *p, int32_t now)
{
	(void)p;
	(void)now;
	gen_number(out, gen_below(rng, 1000), 3);
	letters(out, rng, "ABCDEFGHKLMNOPRSTUVXYZ", 3);
	gen_number(out, 30 + gen_below(rng, 70), 2); /* regions end at 20 */
}

static void value_document(struct gen_out *out, struct gen_rng *rng, const struct gen_person *p, int32_t now)
{
	(void)p;
	gen_text(out, "№ 000"); /* never issued */
	gen_number(out, gen_below(rng, 1000000), 6);
	gen_text(out, ", ҚР ІІМ, ");
	gen_date(out, now - 30 - (int32_t)gen_below(rng, 3000));
}

static void value_location(struct gen_out *out, struct gen_rng *rng, const struct gen_person *p, int32_t now)
{
	const int centre[] = {p->city->latitude, p->city->longitude};

	(void)now;
	for (size_t i = 0; i < 2; i++) {
		unsigned v = (unsigned)centre[i] + gen_below(rng, 800) - 400;

		gen_text(out, i ? "," : "");
		gen_number(out, v / 10000, 1);
		gen_text(out, ".");
		gen_number(out, v % 10000, 4);
	}
}

static void value_visit_time(struct gen_out *out, struct gen_rng *rng, const struct gen_person *p, int32_t now)
{
	(void)p;
	gen_date(out, now);
	gen_text(out, " ");
	gen_number(out, 7 + gen_below(rng, 16), 2);
	gen_text(out, ":");
	gen_number(out, gen_below(rng, 60), 2);
}

static void value_hex(struct gen_out *out, struct gen_rng *rng, const struct gen_person *p, int32_t now)
{
	(void)p;
	(void)now;
	letters(out, rng, "0123456789abcdef", 48);
}

gen_value_fn gen_value_find(const char *kind)
{
	static const struct {
		const char *kind;
		gen_value_fn fn;
	} kinds[] = {
		{"address", value_address},   {"birth-date", value_birth_date},
		{"card", value_card},	      {"city", value_city},
		{"cookie", value_cookie},     {"device", value_device},
		{"document", value_document}, {"email", value_email},
		{"hex", value_hex},	      {"iban", value_iban},
		{"iin", value_iin},	      {"ip", value_ip},
		{"location", value_location}, {"name", value_name},
		{"phone", value_phone},	      {"plate", value_plate},
		{"sex", value_sex},	      {"visit-time", value_visit_time},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].kind, kind) == 0)
			return kinds[i].fn;
	}
	return NULL;
}
