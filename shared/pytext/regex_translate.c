/* Translates a pattern of Python's re into PCRE2's syntax. */
#include "pytext/regex_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* White space as Python's \s has it, for inside a class, and its complement. */
#define SPACE_RANGES "\\x{9}-\\x{d}\\x{1c}-\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}" \
		     "\\x{205f}\\x{3000}"
#define NOT_SPACE_RANGES "\\x{0}-\\x{8}\\x{e}-\\x{1b}\\x{21}-\\x{84}\\x{86}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}" \
			 "\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{10ffff}"
#define ASCII_WORD "0-9A-Z_a-z"
#define ASCII_NOT_WORD "\\x{0}-\\x{2f}\\x{3a}-\\x{40}\\x{5b}-\\x{5e}\\x{60}\\x{7b}-\\x{10ffff}"

/* The six classes, each for Unicode and for (?a), as they stand inside brackets. */
static const struct class {
	char letter;
	const char *unicode;
	const char *ascii;
} classes[] = {
	{ 'd', "\\p{Nd}", "0-9" },
	{ 'D', "\\P{Nd}", "\\x{0}-\\x{2f}\\x{3a}-\\x{10ffff}" },
	{ 's', SPACE_RANGES, "\\x{9}-\\x{d} " },
	{ 'S', NOT_SPACE_RANGES, "\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{10ffff}" },
	{ 'w', "\\w", ASCII_WORD },
	{ 'W', "\\W", ASCII_NOT_WORD },
};

static int fail(struct translation *t, const char *what)
{
	return err_set(t->err, 400, "%s at position %zu", what, utf8_length(t->pattern.p, t->pos));
}

static bool at_end(const struct translation *t)
{
	return t->pos >= t->pattern.n;
}

static char peek(const struct translation *t)
{
	return at_end(t) ? '\0' : t->pattern.p[t->pos];
}

static bool looking_at(const struct translation *t, const char *text)
{
	size_t n = strlen(text);

	return t->pattern.n - t->pos >= n && memcmp(t->pattern.p + t->pos, text, n) == 0;
}

static bool verbose(const struct translation *t)
{
	return t->flags & PYRE_VERBOSE;
}

static int put_literal(struct translation *t, uint32_t cp)
{
	char utf8[4];

	if (cp >= 0x80)
		return buf_add(t->out, utf8, utf8_encode(cp, utf8));
	if (isalnum((int)cp))
		return buf_addc(t->out, (char)cp);
	return buf_printf(t->out, "\\x{%x}", cp);
}

/* ---- escapes ------------------------------------------------------------------------------------------ */

static const struct class *class_of(char c)
{
	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		if (classes[i].letter == c)
			return &classes[i];
	}
	return NULL;
}

/* Exactly `count` hex digits. */
static int read_hex(struct translation *t, int count, uint32_t *cp)
{
	*cp = 0;
	for (int i = 0; i < count; i++) {
		char c = peek(t);

		if (!isxdigit((unsigned char)c))
			return fail(t, "incomplete escape");
		*cp = *cp * 16 + (uint32_t)(isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10);
		t->pos++;
	}
	if (*cp > 0x10ffff || (*cp >= 0xd800 && *cp < 0xe000))
		return fail(t, "bad escape");
	return 0;
}

static uint32_t read_octal(struct translation *t, int max)
{
	uint32_t cp = 0;

	for (int i = 0; i < max && peek(t) >= '0' && peek(t) <= '7'; i++)
		cp = cp * 8 + (uint32_t)(t->pattern.p[t->pos++] - '0');
	return cp;
}

/* The escapes that stand for one character, inside and outside of classes; 1 when it was one, 0 when not. */
static int char_escape(struct translation *t, char c, uint32_t *cp)
{
	static const char letters[] = "afnrtv";
	static const char meanings[] = "\a\f\n\r\t\v";
	const char *at = c ? strchr(letters, c) : NULL;

	if (at) {
		*cp = (uint32_t)meanings[at - letters];
		return 1;
	}
	if (c == 'x')
		return read_hex(t, 2, cp) < 0 ? -1 : 1;
	if (c == 'u')
		return read_hex(t, 4, cp) < 0 ? -1 : 1;
	if (c == 'U')
		return read_hex(t, 8, cp) < 0 ? -1 : 1;
	if (c == '0') {
		*cp = read_octal(t, 2);
		return 1;
	}
	if (!isalnum((unsigned char)c)) {
		t->pos--;
		*cp = utf8_decode(t->pattern.p, t->pattern.n, &t->pos);
		return 1;
	}
	return 0;
}

static int backreference(struct translation *t, int number)
{
	if (number > t->groups)
		return fail(t, "invalid group reference");
	for (int i = 0; i < t->depth; i++) {
		if (t->open[i].group == number)
			return fail(t, "cannot refer to an open group");
	}
	return buf_printf(t->out, "\\g{%d}", number);
}

/* \1 to \99, or three octal digits. */
static int number_escape(struct translation *t)
{
	const char *p = t->pattern.p + t->pos;
	size_t left = t->pattern.n - t->pos;
	int number = p[0] - '0';

	if (left >= 3 && p[0] <= '3' && p[1] >= '0' && p[1] <= '7' && p[2] >= '0' && p[2] <= '7')
		return put_literal(t, read_octal(t, 3));
	t->pos++;
	if (left >= 2 && isdigit((unsigned char)p[1])) {
		number = number * 10 + (p[1] - '0');
		t->pos++;
	}
	return backreference(t, number);
}

static int boundary(struct translation *t, bool inside)
{
	static const char word[] = "[" ASCII_WORD "]";

	if (!(t->flags & PYRE_ASCII))
		return buf_adds(t->out, inside ? "\\B" : "\\b");
	if (inside)
		return buf_printf(t->out, "(?:(?<=%s)(?=%s)|(?<!%s)(?!%s))", word, word, word, word);
	return buf_printf(t->out, "(?:(?<!%s)(?=%s)|(?<=%s)(?!%s))", word, word, word, word);
}

static int escape(struct translation *t)
{
	const struct class *class;
	uint32_t cp;
	int status;
	char c;

	t->pos++;
	if (at_end(t))
		return fail(t, "bad escape (end of pattern)");
	c = peek(t);
	if (c >= '1' && c <= '9')
		return number_escape(t);
	t->pos++;
	class = class_of(c);
	if (class)
		return buf_printf(t->out, "[%s]", t->flags & PYRE_ASCII ? class->ascii : class->unicode);
	switch (c) {
	case 'A':
		return buf_adds(t->out, "\\A");
	case 'Z':
		return buf_adds(t->out, "\\z");
	case 'b':
	case 'B':
		return boundary(t, c == 'B');
	default:
		status = char_escape(t, c, &cp);
		if (status == 0)
			return fail(t, "bad escape");
		return status < 0 ? -1 : put_literal(t, cp);
	}
}

/* ---- classes ------------------------------------------------------------------------------------------ */

/* One member of a class: *is_set tells that it was a class like \d and is written already. */
static int class_member(struct translation *t, uint32_t *cp, bool *is_set)
{
	const struct class *class;
	int status;
	char c;

	*is_set = false;
	if (peek(t) != '\\') {
		*cp = utf8_decode(t->pattern.p, t->pattern.n, &t->pos);
		return 0;
	}
	t->pos++;
	if (at_end(t))
		return fail(t, "unterminated character set");
	c = peek(t);
	class = class_of(c);
	t->pos++;
	if (class) {
		*is_set = true;
		return buf_adds(t->out, t->flags & PYRE_ASCII ? class->ascii : class->unicode);
	}
	if (c == 'b') {
		*cp = '\b';
		return 0;
	}
	if (c >= '1' && c <= '7') {
		t->pos--;
		*cp = read_octal(t, 3);
		return 0;
	}
	status = char_escape(t, c, cp);
	if (status == 0)
		return fail(t, "bad escape");
	return status < 0 ? -1 : 0;
}

static int class(struct translation *t)
{
	size_t begin = t->pos++;
	bool first = true;

	buf_addc(t->out, '[');
	if (peek(t) == '^') {
		buf_addc(t->out, '^');
		t->pos++;
	}
	for (;; first = false) {
		uint32_t low;
		uint32_t high;
		bool is_set;

		if (at_end(t)) {
			t->pos = begin;
			return fail(t, "unterminated character set");
		}
		if (peek(t) == ']' && !first)
			break;
		if (class_member(t, &low, &is_set) < 0)
			return -1;
		if (!is_set)
			put_literal(t, low);
		if (peek(t) != '-' || t->pos + 1 >= t->pattern.n || t->pattern.p[t->pos + 1] == ']')
			continue;
		t->pos++;
		if (is_set)
			return fail(t, "bad character range");
		buf_addc(t->out, '-');
		if (class_member(t, &high, &is_set) < 0)
			return -1;
		if (is_set || high < low)
			return fail(t, "bad character range");
		put_literal(t, high);
	}
	t->pos++;
	return buf_addc(t->out, ']');
}

/* ---- groups ------------------------------------------------------------------------------------------- */

static int push(struct translation *t, int group)
{
	if (t->depth == PYRE_DEPTH_MAX)
		return fail(t, "groups are nested too deeply");
	t->open[t->depth].group = group;
	t->open[t->depth].flags = t->flags;
	t->depth++;
	return 0;
}

static int open_capture(struct translation *t)
{
	t->groups++;
	if (t->groups > PYRE_GROUPS_MAX)
		return fail(t, "too many groups");
	buf_addc(t->out, '(');
	return push(t, t->groups);
}

/* Reads an identifier that ends with `end`. */
static int read_name(struct translation *t, char end, struct sv *name)
{
	const char *p = t->pattern.p + t->pos;
	const char *close = memchr(p, end, t->pattern.n - t->pos);

	if (!close || close == p)
		return fail(t, close ? "missing group name" : "missing end of a group name");
	*name = (struct sv){ p, (size_t)(close - p) };
	for (size_t pos = 0; pos < name->n;) {
		bool first = pos == 0;
		uint32_t cp = utf8_decode(name->p, name->n, &pos);

		if (cp != '_' && !(first ? pytext_is_alpha(cp) : pytext_is_alnum(cp)))
			return fail(t, "bad character in group name");
	}
	t->pos += name->n + 1;
	return 0;
}

static int named_number(const struct translation *t, struct sv name)
{
	for (size_t i = 0; i < t->name_count; i++) {
		if (t->names[i].name.n == name.n && memcmp(t->names[i].name.p, name.p, name.n) == 0)
			return t->names[i].number;
	}
	return -1;
}

static int named_group(struct translation *t)
{
	struct sv name;

	if (read_name(t, '>', &name) < 0)
		return -1;
	if (named_number(t, name) >= 0)
		return fail(t, "redefinition of a group name");
	if (open_capture(t) < 0)
		return -1;
	t->names = xrealloc(t->names, (t->name_count + 1) * sizeof(*t->names));
	t->names[t->name_count++] = (struct pyre_name){ name, t->groups };
	return 0;
}

static int conditional(struct translation *t)
{
	const char *p = t->pattern.p + t->pos;
	const char *close = memchr(p, ')', t->pattern.n - t->pos);
	struct sv name;
	int number;

	if (!close)
		return fail(t, "missing ), unterminated name");
	name = (struct sv){ p, (size_t)(close - p) };
	number = named_number(t, name);
	if (number < 0 && name.n && name.n < 4 && strspn(p, "0123456789") >= name.n)
		number = (int)strtol(p, NULL, 10);
	if (number <= 0)
		return fail(t, "unknown group name");
	t->pos += name.n + 1;
	buf_printf(t->out, "(?(%d)", number);
	return push(t, 0);
}

static int flag_of(char c)
{
	switch (c) {
	case 'i':
		return PYRE_IGNORECASE;
	case 'm':
		return PYRE_MULTILINE;
	case 's':
		return PYRE_DOTALL;
	case 'x':
		return PYRE_VERBOSE;
	case 'a':
		return PYRE_ASCII;
	default:
		return -1;
	}
}

static void put_flags(struct translation *t, int flags)
{
	if (flags & PYRE_IGNORECASE)
		buf_addc(t->out, 'i');
	if (flags & PYRE_MULTILINE)
		buf_addc(t->out, 'm');
	if (flags & PYRE_DOTALL)
		buf_addc(t->out, 's');
}

/* (?i) at the very start, or (?i-s:…) anywhere. */
static int flag_group(struct translation *t, size_t begin)
{
	int on = 0;
	int off = 0;
	bool minus = false;

	for (;; t->pos++) {
		char c = peek(t);
		int flag = flag_of(c);

		if (flag >= 0)
			*(minus ? &off : &on) |= flag;
		else if (c == '-' && !minus)
			minus = true;
		else if (c != 'u' || minus)
			break;
	}
	if (peek(t) == ')' && !minus) {
		if (begin != 0 && t->only_flags_before != begin)
			return fail(t, "global flags not at the start of the expression");
		t->pos++;
		t->flags |= on;
		t->only_flags_before = t->pos;
		return 0;
	}
	if (peek(t) != ':')
		return fail(t, "unknown extension or flag");
	if (on & off || off & PYRE_ASCII)
		return fail(t, "bad inline flags");
	t->pos++;
	buf_adds(t->out, "(?");
	put_flags(t, on);
	if (off) {
		buf_addc(t->out, '-');
		put_flags(t, off);
	}
	buf_addc(t->out, ':');
	if (push(t, 0) < 0)
		return -1;
	t->flags = (t->flags | on) & ~off;
	return 0;
}

static int comment(struct translation *t)
{
	const char *p = t->pattern.p + t->pos;
	const char *close = memchr(p, ')', t->pattern.n - t->pos);

	if (!close)
		return fail(t, "missing ), unterminated comment");
	t->pos += (size_t)(close - p) + 1;
	return 0;
}

/* The extensions that PCRE2 writes in the same way. */
static int same_group(struct translation *t)
{
	static const char *const heads[] = { ":", "=", "!", ">", "<=", "<!" };

	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		if (looking_at(t, heads[i])) {
			t->pos += strlen(heads[i]);
			buf_printf(t->out, "(?%s", heads[i]);
			return push(t, 0) < 0 ? -1 : 1;
		}
	}
	return 0;
}

static int open_group(struct translation *t)
{
	size_t begin = t->pos++;
	struct sv name;
	int number;
	int status;

	if (peek(t) != '?')
		return open_capture(t);
	t->pos++;
	status = same_group(t);
	if (status)
		return status < 0 ? -1 : 0;
	if (looking_at(t, "P<")) {
		t->pos += 2;
		return named_group(t);
	}
	if (looking_at(t, "P=")) {
		t->pos += 2;
		if (read_name(t, ')', &name) < 0)
			return -1;
		number = named_number(t, name);
		return number < 0 ? fail(t, "unknown group name") : backreference(t, number);
	}
	if (peek(t) == '#')
		return comment(t);
	if (peek(t) == '(') {
		t->pos++;
		return conditional(t);
	}
	return flag_group(t, begin);
}

static int close_group(struct translation *t)
{
	if (!t->depth)
		return fail(t, "unbalanced parenthesis");
	t->depth--;
	t->flags = t->open[t->depth].flags;
	t->pos++;
	return buf_addc(t->out, ')');
}

/* ---- quantifiers -------------------------------------------------------------------------------------- */

/* {n}, {n,}, {,m}, {n,m}; 0 when the brace is a plain character. */
static int braces(struct translation *t)
{
	const char *p = t->pattern.p + t->pos + 1;
	const char *end = t->pattern.p + t->pattern.n;
	char low[8] = "";
	char high[8] = "";
	size_t digits = 0;
	bool comma = false;

	for (; p < end && (isdigit((unsigned char)*p) || (*p == ',' && !comma)); p++) {
		char *to = comma ? high : low;

		if (*p == ',') {
			comma = true;
			digits = 0;
		} else if (digits + 1 < sizeof(low)) {
			to[digits++] = *p;
		}
	}
	if (p == end || *p != '}' || (!comma && !*low))
		return 0;
	if (strtol(low, NULL, 10) > 65535 || strtol(high, NULL, 10) > 65535)
		return fail(t, "the repetition number is too large");
	if (*high && strtol(high, NULL, 10) < strtol(low, NULL, 10))
		return fail(t, "min repeat greater than max repeat");
	t->pos = (size_t)(p - t->pattern.p) + 1;
	buf_printf(t->out, "{%s%s%s}", *low ? low : "0", comma ? "," : "", high);
	return 1;
}

/* *, +, ?, {…}, each with a ? or + behind it; 1 when one was read. */
static int quantifier(struct translation *t)
{
	char c = peek(t);
	int status;

	if (c == '{') {
		status = braces(t);
		if (status <= 0)
			return status;
	} else if (c == '*' || c == '+' || c == '?') {
		t->pos++;
		buf_addc(t->out, c);
	} else {
		return 0;
	}
	if (t->repeatable == PYRE_NOTHING)
		return fail(t, "nothing to repeat");
	if (t->repeatable == PYRE_REPEATED)
		return fail(t, "multiple repeat");
	if (peek(t) == '?' || peek(t) == '+')
		buf_addc(t->out, t->pattern.p[t->pos++]);
	t->repeatable = PYRE_REPEATED;
	return 1;
}

/* ---- the whole ---------------------------------------------------------------------------------------- */

static bool skip_blank(struct translation *t)
{
	char c = peek(t);

	if (!verbose(t) || at_end(t))
		return false;
	if (c == '#') {
		while (!at_end(t) && peek(t) != '\n')
			t->pos++;
		return true;
	}
	if (c != ' ' && !(c >= '\t' && c <= '\r'))
		return false;
	t->pos++;
	return true;
}

static int atom(struct translation *t)
{
	char c = peek(t);

	t->repeatable = PYRE_ATOM;
	switch (c) {
	case '\\':
		return escape(t);
	case '[':
		return class(t);
	case '(':
		t->repeatable = PYRE_NOTHING;
		return open_group(t);
	case ')':
		return close_group(t);
	case '^':
	case '|':
		t->repeatable = PYRE_NOTHING;
		/* fall through */
	case '.':
	case '$':
		t->pos++;
		return buf_addc(t->out, c);
	default:
		return put_literal(t, utf8_decode(t->pattern.p, t->pattern.n, &t->pos));
	}
}

int pyre_translate(struct translation *t)
{
	t->repeatable = PYRE_NOTHING;
	while (!at_end(t)) {
		int status;

		if (skip_blank(t))
			continue;
		status = quantifier(t);
		if (status < 0 || (status == 0 && atom(t) < 0))
			return -1;
		if (t->out->failed)
			return fail(t, "the pattern is too long");
	}
	if (t->depth)
		return fail(t, "missing ), unterminated subpattern");
	return 0;
}
