/* Cuts the inside of a tag of a template into tokens. */
#include "wsd/nodes/template_parser.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "value/pyform.h"

static int line_of(const struct parser *ps, const char *at)
{
	int line = 1;

	for (const char *p = ps->begin; p < at; p++)
		line += *p == '\n';
	return line;
}

void *parser_fail(struct parser *ps, const char *what)
{
	if (!ps->failed)
		err_set(ps->err, 400, "line %d: %s", line_of(ps, ps->p), what);
	ps->failed = true;
	return NULL;
}

/* ---- tokens ------------------------------------------------------------------------------------------- */

static const char *const operators[] = { "//", "**", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">",
					 "(",  ")",  "[",  "]",	 "{",  "}",  ",", ".", ":", "|", "=", ";" };

static void keep(struct parser *ps, struct value *v)
{
	arena_defer(ps->arena, value_unref_ptr, v);
	ps->constant = v;
}

static int hex_value(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	return isxdigit((unsigned char)c) ? (c | 0x20) - 'a' + 10 : -1;
}

/* An escape of a quoted text as Python has it; *p behind the backslash. */
static void read_escape(struct buf *out, const char **p, const char *end)
{
	static const char letters[] = "abfnrtv\\'\"";
	static const char meanings[] = "\a\b\f\n\r\t\v\\'\"";
	const char *at = strchr(letters, **p);
	int digits = **p == 'x' ? 2 : **p == 'u' ? 4 : **p == 'U' ? 8 : 0;
	uint32_t cp = 0;
	char utf8[4];

	if (**p && at) {
		buf_addc(out, meanings[at - letters]);
		(*p)++;
		return;
	}
	if (!digits || end - *p <= digits) {
		buf_addc(out, '\\');
		return;
	}
	for (int i = 1; i <= digits; i++) {
		if (hex_value((*p)[i]) < 0) {
			buf_addc(out, '\\');
			return;
		}
		cp = cp * 16 + (uint32_t)hex_value((*p)[i]);
	}
	if (cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
		cp = 0xfffd;
	buf_add(out, utf8, utf8_encode(cp, utf8));
	*p += digits + 1;
}

static void lex_string(struct parser *ps, const char *p)
{
	char quote = *p++;
	struct buf text;
	size_t len;

	buf_init(&text, TEMPLATE_MAX);
	while (p < ps->end && *p != quote) {
		if (*p == '\\' && p + 1 < ps->end) {
			p++;
			read_escape(&text, &p, ps->end);
		} else {
			buf_addc(&text, *p++);
		}
	}
	if (p == ps->end) {
		buf_free(&text);
		parser_fail(ps, "a quoted text is not closed");
		return;
	}
	len = text.len;
	ps->tok = TOK_STRING;
	ps->tok_end = p + 1;
	keep(ps, value_str_take(buf_take(&text), len));
}

static void lex_number(struct parser *ps, const char *p)
{
	const char *begin = p;
	bool real = false;
	struct value *v;
	double d;

	while (p < ps->end && (isdigit((unsigned char)*p) || *p == '_'))
		p++;
	if (p + 1 < ps->end && *p == '.' && isdigit((unsigned char)p[1])) {
		real = true;
		for (p++; p < ps->end && (isdigit((unsigned char)*p) || *p == '_'); p++)
			;
	}
	if (p < ps->end && (*p == 'e' || *p == 'E')) {
		const char *e = p + 1 + (p + 1 < ps->end && (p[1] == '+' || p[1] == '-'));

		if (e < ps->end && isdigit((unsigned char)*e)) {
			real = true;
			for (p = e; p < ps->end && isdigit((unsigned char)*p); p++)
				;
		}
	}
	ps->tok = TOK_NUMBER;
	ps->tok_end = p;
	if (real)
		v = pyform_float_of((struct sv){ begin, (size_t)(p - begin) }, &d) ? value_float(d) : NULL;
	else
		v = pyform_int_of((struct sv){ begin, (size_t)(p - begin) });
	if (v)
		keep(ps, v);
	else
		parser_fail(ps, "a number cannot be read");
}

/* Puts the next token in front. The end of a tag, with its -, is TOK_END. */
void parser_lex(struct parser *ps)
{
	const char *p = ps->p;

	while (p < ps->end && strchr(" \t\n\r\f\v", *p) && *p)
		p++;
	ps->p = p;
	ps->tok = TOK_END;
	ps->text = (struct sv){ p, 0 };
	ps->tok_end = p;
	if (p == ps->end)
		return;
	if (isalpha((unsigned char)*p) || *p == '_' || (unsigned char)*p >= 0x80) {
		const char *begin = p;

		while (p < ps->end && (isalnum((unsigned char)*p) || *p == '_' || (unsigned char)*p >= 0x80))
			p++;
		ps->tok = TOK_NAME;
		ps->text = (struct sv){ begin, (size_t)(p - begin) };
		ps->tok_end = p;
	} else if (*p == '"' || *p == '\'') {
		lex_string(ps, p);
	} else if (isdigit((unsigned char)*p)) {
		lex_number(ps, p);
	} else {
		for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
			size_t n = strlen(operators[i]);

			if ((size_t)(ps->end - p) >= n && memcmp(p, operators[i], n) == 0) {
				ps->tok = TOK_OP;
				ps->text = (struct sv){ p, n };
				ps->tok_end = p + n;
				return;
			}
		}
		parser_fail(ps, "an unexpected character");
	}
}

void parser_advance(struct parser *ps)
{
	ps->p = ps->tok_end;
	parser_lex(ps);
}

bool parser_is_op(const struct parser *ps, const char *op)
{
	return ps->tok == TOK_OP && sv_eq(ps->text, op);
}

bool parser_is_word(const struct parser *ps, const char *word)
{
	return ps->tok == TOK_NAME && sv_eq(ps->text, word);
}

bool parser_take_op(struct parser *ps, const char *op)
{
	if (!parser_is_op(ps, op))
		return false;
	parser_advance(ps);
	return true;
}

bool parser_take_word(struct parser *ps, const char *word)
{
	if (!parser_is_word(ps, word))
		return false;
	parser_advance(ps);
	return true;
}

bool parser_need_op(struct parser *ps, const char *op)
{
	return parser_take_op(ps, op) || parser_fail(ps, "something is missing or unexpected");
}

struct sv parser_take_name(struct parser *ps)
{
	struct sv name = ps->text;

	if (ps->tok != TOK_NAME)
		parser_fail(ps, "a name is missing");
	parser_advance(ps);
	return name;
}
