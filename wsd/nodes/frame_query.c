/* Conditions of data nodes: pandas' query syntax, read by recursive descent. */
#include "wsd/nodes/frame_query.h"

#include "value/pyform.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX  ((size_t)64 << 10)
#define DEPTH_MAX 64
#define LINKS_MAX 2000 /* operators: trees lean to the left, and are walked by recursion */

enum token { T_END, T_NUMBER, T_TEXT, T_NAME, T_COLUMN, T_OP };

struct parser {
	struct arena *arena;
	struct err *err;
	const char *at;
	const char *end;
	enum token token;
	struct sv text;      /* of the token: digits, name, operator */
	struct value *value; /* of T_NUMBER and T_TEXT; the arena's */
	unsigned depth;
	unsigned links;
};

static struct query *parse_or(struct parser *p);

static int fail(struct parser *p, const char *what)
{
	return err_set(p->err, 400, "%s near \"%.*s\"", what, (int)(p->text.n < 40 ? p->text.n : 40), p->text.p);
}

/* One more operator; -1 when there are too many. */
static int link_more(struct parser *p)
{
	return ++p->links > LINKS_MAX ? fail(p, "too many operators") : 0;
}

static struct value *own(struct parser *p, struct value *v)
{
	arena_defer(p->arena, value_unref_ptr, v);
	return v;
}

/* ---- tokens ------------------------------------------------------------------------------------------- */

static bool name_char(char c)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (unsigned char)c >= 0x80;
}

static int read_number(struct parser *p)
{
	const char *start = p->at;
	bool fraction = false;
	double d;

	for (; p->at < p->end; p->at++) {
		char c = *p->at;
		bool sign = (c == '+' || c == '-') && (p->at[-1] == 'e' || p->at[-1] == 'E');

		if (!name_char(c) && c != '.' && !(sign && p->at > start))
			break;
		fraction |= c == '.' || c == 'e' || c == 'E';
	}
	p->text = (struct sv){ start, (size_t)(p->at - start) };
	p->token = T_NUMBER;
	p->value = fraction ? NULL : pyform_int_of(p->text);
	if (!p->value && pyform_float_of(p->text, &d))
		p->value = value_float(d);
	if (!p->value)
		return fail(p, "not a number");
	own(p, p->value);
	return 0;
}

static void add_escape(struct parser *p, struct buf *out)
{
	static const char from[] = "nrt0abfv";
	static const char to[] = "\n\r\t\0\a\b\f\v";
	const char *known = *p->at ? strchr(from, *p->at) : NULL;

	if (known) {
		buf_addc(out, to[known - from]);
	} else {
		if (*p->at != '\\' && *p->at != '\'' && *p->at != '"')
			buf_addc(out, '\\');
		buf_addc(out, *p->at);
	}
	p->at++;
}

static int read_text(struct parser *p)
{
	char quote = *p->at++;
	struct buf out;

	p->text = (struct sv){ p->at - 1, (size_t)(p->end - p->at) + 1 };
	buf_init(&out, TEXT_MAX * 2);
	while (p->at < p->end && *p->at != quote) {
		if (*p->at == '\\' && p->at + 1 < p->end) {
			p->at++;
			add_escape(p, &out);
		} else {
			buf_addc(&out, *p->at++);
		}
	}
	p->token = T_TEXT;
	p->value = own(p, value_strn(out.len ? out.data : "", out.len));
	buf_free(&out);
	if (p->at == p->end)
		return fail(p, "a text that does not end");
	p->at++;
	return 0;
}

static int read_operator(struct parser *p)
{
	static const char *const operators[] = { "**", "//", "<=", ">=", "==", "!=", "<", ">", "+", "-", "*", "/",
						 "%",  "(",  ")",  "[",  "]",  ",",  ".", "&", "|", "~", "=" };

	for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
		size_t n = strlen(operators[i]);

		if ((size_t)(p->end - p->at) < n || memcmp(p->at, operators[i], n) != 0)
			continue;
		p->token = T_OP;
		p->text = (struct sv){ p->at, n };
		p->at += n;
		return 0;
	}
	p->text = (struct sv){ p->at, (size_t)(p->end - p->at) };
	return fail(p, "unexpected character");
}

static int next(struct parser *p)
{
	const char *start;

	while (p->at < p->end && (*p->at == ' ' || *p->at == '\t'))
		p->at++;
	start = p->at;
	if (p->at == p->end) {
		p->token = T_END;
		p->text = SV_LIT("the end");
		return 0;
	}
	if (*p->at == '`') {
		const char *close = memchr(p->at + 1, '`', (size_t)(p->end - p->at - 1));

		p->text = (struct sv){ p->at, (size_t)(p->end - p->at) };
		if (!close)
			return fail(p, "a name that does not end");
		p->token = T_COLUMN;
		p->text = (struct sv){ start + 1, (size_t)(close - start) - 1 };
		p->at = close + 1;
		return 0;
	}
	if (*p->at == '\'' || *p->at == '"')
		return read_text(p);
	if ((*p->at >= '0' && *p->at <= '9') ||
	    (*p->at == '.' && p->at + 1 < p->end && p->at[1] >= '0' && p->at[1] <= '9'))
		return read_number(p);
	if (!name_char(*p->at))
		return read_operator(p);
	while (p->at < p->end && name_char(*p->at))
		p->at++;
	p->token = T_NAME;
	p->text = (struct sv){ start, (size_t)(p->at - start) };
	return 0;
}

static bool is_op(const struct parser *p, const char *op)
{
	return p->token == T_OP && sv_eq(p->text, op);
}

static bool is_word(const struct parser *p, const char *word)
{
	return p->token == T_NAME && sv_eq(p->text, word);
}

static int expect(struct parser *p, const char *op)
{
	if (!is_op(p, op))
		return fail(p, "something is missing or superfluous");
	return next(p);
}

/* ---- trees -------------------------------------------------------------------------------------------- */

static struct query *make(struct parser *p, enum query_op op, struct query *a, struct query *b)
{
	struct query *q = arena_alloc(p->arena, sizeof(*q));

	q->op = op;
	q->args = arena_alloc(p->arena, 2 * sizeof(*q->args));
	q->count = b ? 2 : a ? 1 : 0;
	q->args[0] = a;
	q->args[1] = b;
	return q;
}

static void add_arg(struct parser *p, struct query *q, struct query *arg, struct sv name)
{
	struct query **args = arena_alloc(p->arena, (q->count + 1) * sizeof(*args));
	struct sv *names = arena_alloc(p->arena, (q->count + 1) * sizeof(*names));

	memcpy(args, q->args, q->count * sizeof(*args));
	if (q->arg_names)
		memcpy(names, q->arg_names, q->count * sizeof(*names));
	args[q->count] = arg;
	names[q->count++] = name;
	q->args = args;
	q->arg_names = names;
}

/* Items up to `close`, with names (case=False) where they may have some. Behind them lies the token after `close`. */
static int parse_items(struct parser *p, struct query *q, const char *close, bool named)
{
	struct query *item;
	struct sv name;

	while (!is_op(p, close)) {
		name = (struct sv){ NULL, 0 };
		if (!(item = parse_or(p)))
			return -1;
		if (named && is_op(p, "=") && item->op == Q_COLUMN) {
			name = item->name;
			if (next(p) != 0 || !(item = parse_or(p)))
				return -1;
		}
		if (q->count == 10000)
			return fail(p, "too many items");
		add_arg(p, q, item, name);
		if (!is_op(p, ",") && !is_op(p, close))
			return fail(p, "something is missing or superfluous");
		if (is_op(p, ",") && next(p) != 0)
			return -1;
	}
	return next(p);
}

static struct query *constant(struct parser *p, struct value *v)
{
	struct query *q = make(p, Q_CONST, NULL, NULL);

	q->value = v;
	return q;
}

static struct query *parse_name(struct parser *p)
{
	static const char *const reserved[] = { "and", "or", "in", "is", "if", "else", "lambda", "for" };
	struct query *q;

	for (size_t i = 0; p->token == T_NAME && i < ARRAY_LEN(reserved); i++) {
		if (sv_eq(p->text, reserved[i])) {
			fail(p, "a value is missing");
			return NULL;
		}
	}
	if (is_word(p, "True") || is_word(p, "False"))
		q = constant(p, value_bool(is_word(p, "True")));
	else if (is_word(p, "None"))
		q = constant(p, value_null());
	else
		q = make(p, Q_COLUMN, NULL, NULL);
	q->name = p->text;
	return next(p) == 0 ? q : NULL;
}

/* ( … ) is a group, or a list when it has a comma. */
static struct query *parse_group(struct parser *p)
{
	struct query *list = make(p, Q_LIST, NULL, NULL);
	struct query *first;

	if (next(p) != 0 || !(first = parse_or(p)))
		return NULL;
	if (is_op(p, ")"))
		return next(p) == 0 ? first : NULL;
	add_arg(p, list, first, (struct sv){ NULL, 0 });
	if (expect(p, ",") != 0 || parse_items(p, list, ")", false) != 0)
		return NULL;
	return list;
}

static struct query *parse_atom(struct parser *p)
{
	struct query *q;

	if (p->token == T_NUMBER || p->token == T_TEXT) {
		q = constant(p, p->value);
		return next(p) == 0 ? q : NULL;
	}
	if (p->token == T_NAME || p->token == T_COLUMN)
		return parse_name(p);
	if (is_op(p, "("))
		return parse_group(p);
	if (is_op(p, "[")) {
		q = make(p, Q_LIST, NULL, NULL);
		return next(p) == 0 && parse_items(p, q, "]", false) == 0 ? q : NULL;
	}
	fail(p, "a value is missing");
	return NULL;
}

/* .name(…) and .str.name(…) */
static struct query *parse_method(struct parser *p, struct query *object)
{
	struct query *q = make(p, Q_METHOD, object, NULL);

	if (link_more(p) != 0 || next(p) != 0)
		return NULL;
	if (is_word(p, "str")) {
		q->of_text = true;
		if (next(p) != 0 || expect(p, ".") != 0)
			return NULL;
	}
	q->name = p->text;
	if (p->token != T_NAME) {
		fail(p, "the name of a method is missing");
		return NULL;
	}
	if (next(p) != 0 || expect(p, "(") != 0 || parse_items(p, q, ")", true) != 0)
		return NULL;
	return q;
}

static struct query *parse_postfix(struct parser *p)
{
	bool name = p->token == T_NAME;
	struct query *q = parse_atom(p);

	if (q && name && q->op == Q_COLUMN && is_op(p, "(")) {
		q->op = Q_FUNCTION;
		if (next(p) != 0 || parse_items(p, q, ")", false) != 0)
			return NULL;
	}
	while (q && is_op(p, "."))
		q = parse_method(p, q);
	return q;
}

static struct query *parse_factor(struct parser *p)
{
	static const char *const signs[] = { "-", "+", "~" };
	static const enum query_op ops[] = { Q_NEGATE, Q_PLUS, Q_INVERT };
	struct query *a = NULL;
	struct query *b;
	enum query_op op = Q_CONST;

	if (++p->depth > DEPTH_MAX) {
		fail(p, "nested too deeply");
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		if (is_op(p, signs[i]))
			op = ops[i];
	if (op != Q_CONST) {
		a = next(p) == 0 ? parse_factor(p) : NULL;
		a = a ? make(p, op, a, NULL) : NULL;
	} else if ((a = parse_postfix(p)) && is_op(p, "**")) {
		b = next(p) == 0 ? parse_factor(p) : NULL;
		a = b ? make(p, Q_POW, a, b) : NULL;
	}
	p->depth--;
	return a;
}

struct binary {
	const char *text;
	enum query_op op;
};

/* A chain of operators of one level, from left to right. `ops` ends with an entry without text. */
static struct query *parse_chain(struct parser *p, const struct binary *ops, struct query *(*below)(struct parser *))
{
	struct query *a = below(p);
	struct query *b;

	while (a) {
		const struct binary *found = ops;

		while (found->text && !is_op(p, found->text) && !is_word(p, found->text))
			found++;
		if (!found->text)
			break;
		b = link_more(p) == 0 && next(p) == 0 ? below(p) : NULL;
		a = b ? make(p, found->op, a, b) : NULL;
	}
	return a;
}

static struct query *parse_term(struct parser *p)
{
	static const struct binary ops[] = {
		{ "*", Q_MUL }, { "/", Q_DIV }, { "//", Q_FLOORDIV }, { "%", Q_MOD }, { 0 }
	};

	return parse_chain(p, ops, parse_factor);
}

static struct query *parse_sum(struct parser *p)
{
	static const struct binary ops[] = { { "+", Q_ADD }, { "-", Q_SUB }, { 0 } };

	return parse_chain(p, ops, parse_term);
}

/* The comparison that stands here; Q_CONST for none, -1 on an error. */
static int comparison(struct parser *p)
{
	static const struct binary ops[] = { { "<=", Q_LE }, { ">=", Q_GE }, { "==", Q_EQ },
					     { "!=", Q_NE }, { "<", Q_LT },  { ">", Q_GT } };

	for (size_t i = 0; i < ARRAY_LEN(ops); i++)
		if (is_op(p, ops[i].text))
			return next(p) == 0 ? (int)ops[i].op : -1;
	if (is_word(p, "in"))
		return next(p) == 0 ? Q_IN : -1;
	if (!is_word(p, "not"))
		return Q_CONST;
	if (next(p) != 0)
		return -1;
	if (!is_word(p, "in"))
		return fail(p, "\"in\" is missing");
	return next(p) == 0 ? Q_NOT_IN : -1;
}

/* a < b < c is a < b and b < c. */
static struct query *parse_comparison(struct parser *p)
{
	struct query *left = parse_sum(p);
	struct query *all = NULL;
	struct query *right;
	int op;

	while (left && (op = comparison(p)) != Q_CONST) {
		if (op < 0 || link_more(p) != 0 || !(right = parse_sum(p)))
			return NULL;
		left = make(p, (enum query_op)op, left, right);
		all = all ? make(p, Q_AND, all, left) : left;
		left = right;
	}
	return all ? all : left;
}

static struct query *parse_not(struct parser *p)
{
	struct query *q;

	if (!is_word(p, "not"))
		return parse_comparison(p);
	if (++p->depth > DEPTH_MAX) {
		fail(p, "nested too deeply");
		return NULL;
	}
	q = next(p) == 0 ? parse_not(p) : NULL;
	p->depth--;
	return q ? make(p, Q_NOT, q, NULL) : NULL;
}

/* & and | bind as `and` and `or` do. */
static struct query *parse_and(struct parser *p)
{
	static const struct binary ops[] = { { "and", Q_AND }, { "&", Q_AND }, { 0 } };

	return parse_chain(p, ops, parse_not);
}

static struct query *parse_or(struct parser *p)
{
	static const struct binary ops[] = { { "or", Q_OR }, { "|", Q_OR }, { 0 } };
	struct query *q = NULL;

	if (++p->depth > DEPTH_MAX)
		fail(p, "nested too deeply");
	else
		q = parse_chain(p, ops, parse_and);
	p->depth--;
	return q;
}

struct query *cond_parse(struct arena *arena, struct sv text, struct err *err)
{
	struct parser p = { .arena = arena, .err = err };
	struct query *q;

	text = sv_trim(text);
	p.at = text.p;
	p.end = text.p + text.n;
	if (!text.n || text.n > TEXT_MAX) {
		err_set(err, 400, text.n ? "is longer than 64 KiB" : "is empty");
		return NULL;
	}
	if (next(&p) != 0 || !(q = parse_or(&p)))
		return NULL;
	if (p.token != T_END) {
		fail(&p, "something is missing or superfluous");
		return NULL;
	}
	return q;
}

/* ---- the whole ---------------------------------------------------------------------------------------- */

unsigned char *frame_query(const struct frame *frame, struct sv condition, struct err *err)
{
	struct query_run run = { frame, arena_new(), err };
	struct query *query = cond_parse(run.arena, condition, err);
	struct operand result = { 0 };
	unsigned char *mask = NULL;

	if (query && cond_eval(&run, query, &result) == 0) {
		if (result.col && result.col->kind != FRAME_BOOL)
			result.col = cond_own(&run, frame_col_infer(result.col));
		if (result.col && (result.col->kind == FRAME_BOOL || !frame->rows)) {
			mask = xcalloc(frame->rows + 1, 1);
			if (frame->rows)
				memcpy(mask, result.col->b, frame->rows);
		} else {
			err_set(err, 400, "does not say true or false for every row");
		}
	}
	arena_free(run.arena);
	return mask;
}
