/* Reading CSS selectors. */
#include "wsd/nodes/html_selector.h"

#include <ctype.h>
#include <string.h>

#define NTH_DIGITS 9

struct reader {
	struct arena *arena;
	const char *p;
	const char *end;
	int depth;
	struct err *err;
};

static int fail(struct reader *r, const char *why)
{
	return err_set(r->err, 422, "the selector %s", why);
}

static char peek(const struct reader *r)
{
	return r->p < r->end ? *r->p : '\0';
}

static bool take(struct reader *r, char c)
{
	if (r->p >= r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

/* Skips white space; whether there was any. */
static bool skip(struct reader *r)
{
	const char *from = r->p;

	while (r->p < r->end && isspace((unsigned char)*r->p))
		r->p++;
	return r->p > from;
}

static bool in_name(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || (unsigned char)c >= 0x80;
}

/* The character behind a backslash: itself, or up to six hexadecimal digits of its number. */
static void read_escape(struct reader *r, struct buf *out)
{
	uint32_t cp = 0;
	int digits = 0;
	char utf8[4];

	while (r->p < r->end && digits < 6 && isxdigit((unsigned char)*r->p)) {
		int c = tolower((unsigned char)*r->p++);

		cp = cp * 16 + (uint32_t)(isdigit(c) ? c - '0' : c - 'a' + 10);
		digits++;
	}
	if (!digits) {
		if (r->p < r->end)
			buf_addc(out, *r->p++);
		return;
	}
	if (r->p < r->end && isspace((unsigned char)*r->p))
		r->p++;
	if (cp == 0 || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		cp = 0xfffd;
	buf_add(out, utf8, utf8_encode(cp, utf8));
}

static struct sv taken(struct reader *r, struct buf *buf)
{
	struct sv text = { arena_strndup(r->arena, buf->data ? buf->data : "", buf->len), buf->len };

	buf_free(buf);
	return text;
}

/* A name; -1 when there is none. */
static int read_name(struct reader *r, bool lower, struct sv *out)
{
	struct buf name;

	buf_init(&name, BUF_MAX_SMALL);
	while (r->p < r->end && (in_name(*r->p) || *r->p == '\\')) {
		char c = *r->p++;

		if (c == '\\')
			read_escape(r, &name);
		else
			buf_addc(&name, lower ? (char)tolower((unsigned char)c) : c);
	}
	*out = taken(r, &name);
	return out->n ? 0 : fail(r, "lacks a name");
}

/* The value of an attribute: a name or a quoted text. */
static int read_value(struct reader *r, struct sv *out)
{
	char quote = peek(r);
	struct buf value;

	if (quote != '"' && quote != '\'')
		return read_name(r, false, out);
	buf_init(&value, BUF_MAX_SMALL);
	r->p++;
	while (r->p < r->end && *r->p != quote) {
		char c = *r->p++;

		if (c == '\\')
			read_escape(r, &value);
		else
			buf_addc(&value, c);
	}
	*out = taken(r, &value);
	return take(r, quote) ? 0 : fail(r, "has a quote that does not end");
}

static struct test *add_test(struct reader *r, struct compound *to, enum test_kind kind)
{
	struct test *test = arena_alloc(r->arena, sizeof(*test));

	test->kind = kind;
	test->next = to->tests;
	to->tests = test;
	return test;
}

/* Behind "[". */
static int read_attr(struct reader *r, struct compound *to)
{
	struct test *test = add_test(r, to, TEST_ATTR);

	skip(r);
	if (read_name(r, true, &test->name))
		return -1;
	skip(r);
	if (take(r, ']'))
		return 0;
	test->op = '=';
	if (peek(r) && strchr("~|^$*!", peek(r)))
		test->op = *r->p++;
	if (!take(r, '='))
		return fail(r, "has an unknown comparison in []");
	if (test->op == '!') {
		test->op = '=';
		test->negate = true;
	}
	skip(r);
	if (read_value(r, &test->value))
		return -1;
	/* HTML compares the kind of a field without its case. */
	test->nocase = sv_eq(test->name, "type");
	if (skip(r) && (peek(r) == 'i' || peek(r) == 'I' || peek(r) == 's' || peek(r) == 'S'))
		test->nocase = tolower((unsigned char)*r->p++) == 'i';
	skip(r);
	return take(r, ']') ? 0 : fail(r, "has a [ that is not closed");
}

/* A number of at most NTH_DIGITS digits; whether there was one. */
static bool read_number(struct reader *r, int64_t *out)
{
	const char *from = r->p;

	*out = 0;
	while (r->p < r->end && isdigit((unsigned char)*r->p) && r->p - from < NTH_DIGITS)
		*out = *out * 10 + (*r->p++ - '0');
	return r->p > from;
}

/* "odd", "even", "3", "2n+1", "-n + 3" and its closing bracket. */
static int read_nth(struct reader *r, struct test *test)
{
	int64_t sign = 1;
	int64_t n;
	bool number;

	skip(r);
	if (r->end - r->p >= 3 && strncasecmp(r->p, "odd", 3) == 0) {
		test->step = 2;
		test->first = 1;
		r->p += 3;
	} else if (r->end - r->p >= 4 && strncasecmp(r->p, "even", 4) == 0) {
		test->step = 2;
		r->p += 4;
	} else {
		sign = take(r, '-') ? -1 : 1;
		if (sign > 0)
			take(r, '+');
		number = read_number(r, &n);
		if (take(r, 'n') || take(r, 'N')) {
			test->step = sign * (number ? n : 1);
			skip(r);
			if (peek(r) == '+' || peek(r) == '-') {
				sign = *r->p++ == '-' ? -1 : 1;
				skip(r);
				if (!read_number(r, &n))
					return fail(r, "has an incomplete number in :nth");
				test->first = sign * n;
			}
		} else if (number) {
			test->first = sign * n;
		} else {
			return fail(r, "has no number in :nth");
		}
	}
	skip(r);
	return take(r, ')') ? 0 : fail(r, "has more than a number in :nth");
}

static struct selector *read_list(struct reader *r, bool nested);

/* Behind ":not(" and the like. */
static int read_nested(struct reader *r, struct test *test)
{
	if (++r->depth > SELECTOR_DEPTH)
		return fail(r, "is nested too deeply");
	test->list = read_list(r, true);
	r->depth--;
	return test->list ? 0 : -1;
}

/* The pseudo-classes that count: the name, and which tags they count. */
static const struct counted {
	const char *name;
	bool argument;
	bool from_end;
	bool of_type;
} counted[] = {
	{ "first-child", false, false, false },  { "last-child", false, true, false },
	{ "first-of-type", false, false, true }, { "last-of-type", false, true, true },
	{ "nth-child", true, false, false },     { "nth-last-child", true, true, false },
	{ "nth-of-type", true, false, true },    { "nth-last-of-type", true, true, true },
};

static int read_counted(struct reader *r, struct compound *to, const struct counted *what)
{
	struct test *test = add_test(r, to, TEST_NTH);

	test->first = 1;
	test->from_end = what->from_end;
	test->of_type = what->of_type;
	if (!what->argument)
		return 0;
	test->first = 0;
	return take(r, '(') ? read_nth(r, test) : fail(r, "has :nth without a number");
}

static int read_pseudo(struct reader *r, struct compound *to)
{
	struct sv name;

	if (read_name(r, true, &name))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(counted); i++) {
		if (sv_eq(name, counted[i].name))
			return read_counted(r, to, &counted[i]);
	}
	if (sv_eq(name, "only-child"))
		return read_counted(r, to, &counted[0]) || read_counted(r, to, &counted[1]) ? -1 : 0;
	if (sv_eq(name, "only-of-type"))
		return read_counted(r, to, &counted[2]) || read_counted(r, to, &counted[3]) ? -1 : 0;
	if (sv_eq(name, "empty") || sv_eq(name, "root")) {
		add_test(r, to, sv_eq(name, "root") ? TEST_ROOT : TEST_EMPTY);
		return 0;
	}
	if ((sv_eq(name, "not") || sv_eq(name, "is") || sv_eq(name, "where")) && take(r, '(')) {
		struct test *test = add_test(r, to, TEST_LIST);

		test->negate = sv_eq(name, "not");
		return read_nested(r, test);
	}
	return err_set(r->err, 422, "the selector has :%.40s, which is not known here", name.p);
}

/* Everything that one tag has to be; -1 when there is nothing. */
static int read_compound(struct reader *r, struct compound *to)
{
	const char *from = r->p;
	struct test *test;

	if (!take(r, '*') && (in_name(peek(r)) || peek(r) == '\\')) {
		test = add_test(r, to, TEST_NAME);
		if (read_name(r, true, &test->name))
			return -1;
	}
	for (;;) {
		if (take(r, '#')) {
			test = add_test(r, to, TEST_ATTR);
			test->name = SV_LIT("id");
			test->op = '=';
			if (read_name(r, false, &test->value))
				return -1;
		} else if (take(r, '.')) {
			test = add_test(r, to, TEST_CLASS);
			if (read_name(r, false, &test->value))
				return -1;
		} else if (take(r, '[')) {
			if (read_attr(r, to))
				return -1;
		} else if (take(r, ':')) {
			if (read_pseudo(r, to))
				return -1;
		} else {
			return r->p > from ? 0 : fail(r, "is broken");
		}
	}
}

/* Compounds and combinators up to a comma, the closing bracket or the end. */
static int read_complex(struct reader *r, bool nested, struct selector *to)
{
	char combinator = '\0';

	skip(r);
	for (;;) {
		bool space;

		if (to->count == SELECTOR_PARTS)
			return fail(r, "is too long");
		to->parts[to->count].combinator = combinator;
		if (read_compound(r, &to->parts[to->count++]))
			return -1;
		space = skip(r);
		if (r->p == r->end || peek(r) == ',' || (nested && peek(r) == ')'))
			return 0;
		if (strchr(">+~", peek(r)))
			combinator = *r->p++;
		else if (space)
			combinator = ' ';
		else
			return fail(r, "is broken");
		skip(r);
	}
}

static struct selector *read_list(struct reader *r, bool nested)
{
	struct selector *first = NULL;
	struct selector **tail = &first;

	do {
		*tail = arena_alloc(r->arena, sizeof(**tail));
		if (read_complex(r, nested, *tail))
			return NULL;
		tail = &(*tail)->next;
	} while (take(r, ','));
	if (nested && !take(r, ')')) {
		fail(r, "has a ( that is not closed");
		return NULL;
	}
	return first;
}

struct selector *selector_parse(struct arena *arena, struct sv text, struct err *err)
{
	struct reader r = { .arena = arena, .p = text.p, .end = text.p + text.n, .err = err };

	return read_list(&r, false);
}
