/* A strict check of JSON text before json-c builds values of it. It refuses what Python's parser refuses, with Python's
 * positions and words (clients show them: loc of a 422), and NaN, Infinity, numbers out of range and deep nesting. */
#include "value/internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BIGINT_DIGITS 19 /* from here on a whole number may not fit 64 bits */

struct scanner {
	const char *text;
	size_t len;
	size_t at;
	struct json_scan *out;
	unsigned depth;
	bool in_object[JSON_MAX_DEPTH];
};

static int fail(struct scanner *s, size_t position, const char *message)
{
	s->out->position = position;
	s->out->message = message;
	return -1;
}

static char peek(const struct scanner *s)
{
	return s->at < s->len ? s->text[s->at] : '\0';
}

static char skip_space(struct scanner *s)
{
	while (s->at < s->len && strchr(" \t\n\r", s->text[s->at]) && s->text[s->at])
		s->at++;
	return peek(s);
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static int scan_escape(struct scanner *s, size_t start)
{
	size_t backslash = s->at++;

	if (s->at >= s->len)
		return fail(s, start, "Unterminated string starting at");
	if (peek(s) != 'u') {
		if (!peek(s) || !strchr("\"\\/bfnrt", peek(s)))
			return fail(s, backslash, "Invalid \\escape");
		s->at++;
		return 0;
	}
	for (size_t i = 1; i <= 4; i++) {
		if (s->at + i >= s->len || !is_hex(s->text[s->at + i]))
			return fail(s, s->at, "Invalid \\uXXXX escape");
	}
	s->at += 5;
	return 0;
}

static int scan_string(struct scanner *s)
{
	size_t start = s->at++;

	while (s->at < s->len) {
		unsigned char c = (unsigned char)s->text[s->at];

		if (c == '"') {
			s->at++;
			return 0;
		}
		if (c < 0x20)
			return fail(s, s->at, "Invalid control character at");
		if (c != '\\')
			s->at++;
		else if (scan_escape(s, start))
			return -1;
	}
	return fail(s, start, "Unterminated string starting at");
}

static size_t skip_digits(struct scanner *s)
{
	size_t start = s->at;

	while (peek(s) >= '0' && peek(s) <= '9')
		s->at++;
	return s->at - start;
}

/* Python's doubles have no form in JSON for what is too large for them. */
static bool in_range(const struct scanner *s, size_t start)
{
	char *number = xstrndup(s->text + start, s->at - start);
	bool finite = isfinite(strtod(number, NULL));

	free(number);
	return finite;
}

/* As much as is a number; what follows is judged as whatever should come there: "01" is 0 and then something else. */
static int scan_number(struct scanner *s)
{
	size_t start = s->at;
	size_t digits = 1;
	size_t before;
	bool whole = true;

	s->at += peek(s) == '-';
	if (peek(s) == '0')
		s->at++;
	else
		digits = skip_digits(s);
	if (!digits)
		return fail(s, start, "Expecting value");
	before = s->at;
	if (peek(s) == '.') {
		s->at++;
		if (!skip_digits(s)) {
			s->at = before;
			return 0;
		}
		whole = false;
	}
	before = s->at;
	if (peek(s) == 'e' || peek(s) == 'E') {
		s->at++;
		if (peek(s) == '+' || peek(s) == '-')
			s->at++;
		if (skip_digits(s))
			whole = false;
		else
			s->at = before;
	}
	if (whole && digits >= BIGINT_DIGITS)
		s->out->big = true;
	if (!whole && (s->at != before || s->at - start > 300) && !in_range(s, start))
		return fail(s, start, "Number out of range");
	return 0;
}

static int scan_word(struct scanner *s)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t n = strlen(words[i]);

		if (s->len - s->at >= n && memcmp(s->text + s->at, words[i], n) == 0) {
			s->at += n;
			return 0;
		}
	}
	return fail(s, s->at, "Expecting value");
}

/* A key with its colon, and the blanks in front of the value. */
static int scan_key(struct scanner *s)
{
	if (peek(s) != '"')
		return fail(s, s->at, "Expecting property name enclosed in double quotes");
	if (scan_string(s))
		return -1;
	if (skip_space(s) != ':')
		return fail(s, s->at, "Expecting ':' delimiter");
	s->at++;
	skip_space(s);
	return 0;
}

/* Opens a list or an object. 1: it has a first member, which is next; 0: it was empty; -1: failed. */
static int open_container(struct scanner *s, bool object)
{
	if (s->depth == JSON_MAX_DEPTH)
		return fail(s, s->at, "Nested too deeply");
	s->at++;
	if (skip_space(s) == (object ? '}' : ']')) {
		s->at++;
		return 0;
	}
	s->in_object[s->depth++] = object;
	return object && scan_key(s) ? -1 : 1;
}

/* After a value: closes containers, or moves to the next member. 1: a value is next; 0: all is closed; -1: failed. */
static int next_member(struct scanner *s)
{
	while (s->depth) {
		bool object = s->in_object[s->depth - 1];
		char c = skip_space(s);

		if (c == (object ? '}' : ']')) {
			s->at++;
			s->depth--;
			continue;
		}
		if (c != ',')
			return fail(s, s->at, "Expecting ',' delimiter");
		s->at++;
		skip_space(s);
		return object && scan_key(s) ? -1 : 1;
	}
	return 0;
}

int json_scan(const char *text, size_t len, struct json_scan *out)
{
	struct scanner s = { .text = text, .len = len, .out = out };
	int more = 1;

	*out = (struct json_scan){ 0 };
	skip_space(&s);
	while (more > 0) {
		char c = peek(&s);
		int result;

		if (c == '{' || c == '[') {
			more = open_container(&s, c == '{');
			if (more)
				continue;
			result = 0;
		} else if (c == '"') {
			result = scan_string(&s);
		} else if (c == '-' || (c >= '0' && c <= '9')) {
			result = scan_number(&s);
		} else {
			result = scan_word(&s);
		}
		more = result ? -1 : next_member(&s);
	}
	if (more < 0)
		return -1;
	skip_space(&s);
	return s.at < len ? fail(&s, s.at, "Extra data") : 0;
}
