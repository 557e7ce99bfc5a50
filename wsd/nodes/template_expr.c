/* Reads the expressions of templates. */
#include "wsd/nodes/template_parser.h"

#include <ctype.h>
#include <string.h>

#include "value/pyform.h"

/* ---- expressions -------------------------------------------------------------------------------------- */

static struct expr *parse_unary(struct parser *ps, bool with_filter);

static struct expr *new_expr(struct parser *ps, enum expr_kind kind, struct expr *left, struct expr *right)
{
	struct expr *e = arena_alloc(ps->arena, sizeof(*e));

	e->kind = kind;
	e->left = left;
	e->right = right;
	return e;
}

static void add_item(struct parser *ps, struct expr *e, struct expr *item)
{
	if ((e->count & (e->count - 1)) == 0) {
		struct expr **grown = arena_alloc(ps->arena, (e->count ? e->count * 2 : 1) * sizeof(*grown));

		if (e->count)
			memcpy(grown, e->items, e->count * sizeof(*grown));
		e->items = grown;
	}
	e->items[e->count++] = item;
}

static struct expr *constant(struct parser *ps, struct value *v)
{
	struct expr *e = new_expr(ps, EXPR_CONST, NULL, NULL);

	e->constant = v;
	return e;
}

/* Arguments up to the closing parenthesis. */
static void parse_args(struct parser *ps, struct expr *e)
{
	while (!ps->failed && !parser_is_op(ps, ")")) {
		struct sv name = ps->text;
		const char *after = ps->tok_end;

		while (after < ps->end && (*after == ' ' || *after == '\n' || *after == '\t'))
			after++;
		if (ps->tok == TOK_NAME && after + 1 < ps->end && *after == '=' && after[1] != '=') {
			struct sv *names = arena_alloc(ps->arena, (e->kw_count + 1) * sizeof(*names));
			struct expr **kw = arena_alloc(ps->arena, (e->kw_count + 1) * sizeof(*kw));

			parser_advance(ps);
			parser_advance(ps);
			if (e->kw_count) {
				memcpy(names, e->kw_names, e->kw_count * sizeof(*names));
				memcpy(kw, e->kw, e->kw_count * sizeof(*kw));
			}
			names[e->kw_count] = name;
			kw[e->kw_count++] = parser_expr(ps);
			e->kw_names = names;
			e->kw = kw;
		} else {
			add_item(ps, e, parser_expr(ps));
		}
		if (!parser_take_op(ps, ","))
			break;
	}
	parser_need_op(ps, ")");
}

static struct expr *parse_list(struct parser *ps, enum expr_kind kind, const char *close, struct expr *first)
{
	struct expr *e = new_expr(ps, kind, NULL, NULL);

	if (first)
		add_item(ps, e, first);
	while (!ps->failed && !parser_is_op(ps, close)) {
		add_item(ps, e, parser_expr(ps));
		if (kind == EXPR_DICT && parser_need_op(ps, ":"))
			add_item(ps, e, parser_expr(ps));
		if (!parser_take_op(ps, ","))
			break;
	}
	parser_need_op(ps, close);
	return e;
}

static struct expr *parse_parens(struct parser *ps)
{
	struct expr *e;

	if (parser_is_op(ps, ")"))
		return parse_list(ps, EXPR_TUPLE, ")", NULL);
	e = parser_expr(ps);
	if (parser_take_op(ps, ","))
		return parse_list(ps, EXPR_TUPLE, ")", e);
	parser_need_op(ps, ")");
	return e;
}

static struct expr *parse_name(struct parser *ps)
{
	static const struct {
		const char *word;
		int value; /* 0 false, 1 true, 2 none */
	} words[] = { { "true", 1 }, { "True", 1 }, { "false", 0 }, { "False", 0 }, { "none", 2 }, { "None", 2 } };
	struct expr *e;

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (parser_take_word(ps, words[i].word))
			return constant(ps, words[i].value == 2 ? value_null() : value_bool(words[i].value));
	}
	e = new_expr(ps, EXPR_NAME, NULL, NULL);
	e->name = parser_take_name(ps);
	return e;
}

/* Texts that stand beside each other are one. */
static struct expr *parse_string(struct parser *ps)
{
	struct value *v = ps->constant;

	parser_advance(ps);
	while (ps->tok == TOK_STRING) {
		v = value_strf("%s%s", value_text(v), value_text(ps->constant));
		arena_defer(ps->arena, value_unref_ptr, v);
		parser_advance(ps);
	}
	return constant(ps, v);
}

static struct expr *parse_primary(struct parser *ps)
{
	struct value *v = ps->constant;

	switch (ps->tok) {
	case TOK_NAME:
		return parse_name(ps);
	case TOK_STRING:
		return parse_string(ps);
	case TOK_NUMBER:
		parser_advance(ps);
		return constant(ps, v);
	case TOK_OP:
		if (parser_take_op(ps, "("))
			return parse_parens(ps);
		if (parser_take_op(ps, "["))
			return parse_list(ps, EXPR_LIST, "]", NULL);
		if (parser_take_op(ps, "{"))
			return parse_list(ps, EXPR_DICT, "}", NULL);
		/* fall through */
	default:
		return parser_fail(ps, "an expression is missing");
	}
}

/* x[a] or x[a:b:c], behind the bracket. */
static struct expr *parse_subscript(struct parser *ps, struct expr *left)
{
	struct expr *e = new_expr(ps, EXPR_SLICE, left, NULL);
	struct expr *bounds[3] = { NULL, NULL, NULL };
	int n = 0;

	for (;; n++) {
		if (!parser_is_op(ps, ":") && !parser_is_op(ps, "]"))
			bounds[n] = parser_expr(ps);
		if (n == 2 || !parser_take_op(ps, ":"))
			break;
	}
	parser_need_op(ps, "]");
	if (n == 0)
		return bounds[0] ? new_expr(ps, EXPR_ITEM, left, bounds[0]) : parser_fail(ps, "an index is missing");
	for (int i = 0; i < 3; i++)
		add_item(ps, e, bounds[i]);
	return e;
}

static struct expr *parse_call(struct parser *ps, struct expr *left)
{
	struct expr *e = new_expr(ps, EXPR_CALL, left, NULL);

	parse_args(ps, e);
	return e;
}

static struct expr *parse_postfix(struct parser *ps, struct expr *e)
{
	while (!ps->failed) {
		if (parser_take_op(ps, ".")) {
			e = new_expr(ps, EXPR_ATTR, e, NULL);
			if (ps->tok == TOK_NUMBER) {
				e = new_expr(ps, EXPR_ITEM, e->left, constant(ps, ps->constant));
				parser_advance(ps);
			} else {
				e->name = parser_take_name(ps);
			}
		} else if (parser_take_op(ps, "[")) {
			e = parse_subscript(ps, e);
		} else if (parser_take_op(ps, "(")) {
			e = parse_call(ps, e);
		} else {
			break;
		}
	}
	return e;
}

static struct sv dotted_name(struct parser *ps)
{
	struct sv name = parser_take_name(ps);

	while (parser_take_op(ps, ".")) {
		struct sv more = parser_take_name(ps);

		name.n = (size_t)(more.p + more.n - name.p);
	}
	return name;
}

struct expr *parser_filter(struct parser *ps, struct expr *left)
{
	struct expr *e = new_expr(ps, EXPR_FILTER, left, NULL);

	e->name = dotted_name(ps);
	if (parser_take_op(ps, "("))
		parse_args(ps, e);
	return e;
}

static bool begins_test_arg(const struct parser *ps)
{
	if (ps->tok == TOK_NAME)
		return !parser_is_word(ps, "else") && !parser_is_word(ps, "or") && !parser_is_word(ps, "and") && !parser_is_word(ps, "is") &&
		       !parser_is_word(ps, "if") && !parser_is_word(ps, "in") && !parser_is_word(ps, "not");
	return ps->tok == TOK_STRING || ps->tok == TOK_NUMBER || parser_is_op(ps, "[") || parser_is_op(ps, "{");
}

static struct expr *parse_test(struct parser *ps, struct expr *left)
{
	static const char *const comparing[] = { "==", "!=", "<=", ">=", "<", ">" };
	struct expr *e = new_expr(ps, EXPR_TEST, left, NULL);

	e->negated = parser_take_word(ps, "not");
	for (size_t i = 0; i < ARRAY_LEN(comparing) && ps->tok == TOK_OP; i++) {
		if (parser_is_op(ps, comparing[i])) {
			e->name = ps->text;
			parser_advance(ps);
			add_item(ps, e, parse_postfix(ps, parse_primary(ps)));
			return e;
		}
	}
	e->name = dotted_name(ps);
	if (parser_take_op(ps, "("))
		parse_args(ps, e);
	else if (begins_test_arg(ps))
		add_item(ps, e, parse_postfix(ps, parse_primary(ps)));
	return e;
}

static struct expr *parse_filters(struct parser *ps, struct expr *e)
{
	while (!ps->failed) {
		if (parser_take_op(ps, "|"))
			e = parser_filter(ps, e);
		else if (parser_take_word(ps, "is"))
			e = parse_test(ps, e);
		else if (parser_take_op(ps, "("))
			e = parse_call(ps, e);
		else
			break;
	}
	return e;
}

static struct expr *parse_unary(struct parser *ps, bool with_filter)
{
	struct expr *e;

	if (ps->depth > TEMPLATE_DEPTH_MAX)
		return parser_fail(ps, "nested too deeply");
	ps->depth++;
	if (parser_take_op(ps, "-"))
		e = new_expr(ps, EXPR_NEG, parse_unary(ps, false), NULL);
	else if (parser_take_op(ps, "+"))
		e = new_expr(ps, EXPR_POS, parse_unary(ps, false), NULL);
	else
		e = parse_postfix(ps, parse_primary(ps));
	if (with_filter)
		e = parse_filters(ps, e);
	ps->depth--;
	return e;
}

/* Left-associative operators, the closest first: ** * / // % ~ + - */
static struct expr *parse_arith(struct parser *ps, int level)
{
	static const struct {
		const char *text;
		int level;
		int op; /* -1: concatenation */
	} ops[] = { { "**", 3, PYFORM_POW },	  { "//", 2, PYFORM_FLOORDIV }, { "*", 2, PYFORM_MUL }, { "/", 2, PYFORM_DIV },
		    { "%", 2, PYFORM_MOD }, { "~", 1, -1 },	 { "+", 0, PYFORM_ADD }, { "-", 0, PYFORM_SUB } };
	struct expr *left = level == 3 ? parse_unary(ps, true) : parse_arith(ps, level + 1);

	for (size_t i = 0; !ps->failed && i < ARRAY_LEN(ops);) {
		if (ops[i].level != level || !parser_take_op(ps, ops[i].text)) {
			i++;
			continue;
		}
		left = new_expr(ps, ops[i].op < 0 ? EXPR_CONCAT : EXPR_ARITH, left,
				level == 3 ? parse_unary(ps, true) : parse_arith(ps, level + 1));
		left->op = ops[i].op;
		i = 0;
	}
	return left;
}

static bool take_compare(struct parser *ps, enum compare_op *op)
{
	static const struct {
		const char *text;
		enum compare_op op;
	} ops[] = { { "==", CMP_EQ }, { "!=", CMP_NE }, { "<=", CMP_LE }, { ">=", CMP_GE }, { "<", CMP_LT }, { ">", CMP_GT } };

	for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
		if (parser_take_op(ps, ops[i].text)) {
			*op = ops[i].op;
			return true;
		}
	}
	if (parser_take_word(ps, "in")) {
		*op = CMP_IN;
		return true;
	}
	if (parser_is_word(ps, "not")) {
		const char *p = ps->tok_end;

		while (p < ps->end && isspace((unsigned char)*p))
			p++;
		if (ps->end - p > 2 && memcmp(p, "in", 2) == 0 && !isalnum((unsigned char)p[2]) && p[2] != '_') {
			parser_advance(ps);
			parser_advance(ps);
			*op = CMP_NOT_IN;
			return true;
		}
	}
	return false;
}

static struct expr *parse_compare(struct parser *ps)
{
	struct expr *first = parse_arith(ps, 0);
	struct expr *e = NULL;
	enum compare_op op;

	while (!ps->failed && take_compare(ps, &op)) {
		enum compare_op *ops;

		if (!e) {
			e = new_expr(ps, EXPR_COMPARE, NULL, NULL);
			add_item(ps, e, first);
		}
		ops = arena_alloc(ps->arena, e->count * sizeof(*ops));
		if (e->count > 1)
			memcpy(ops, e->ops, (e->count - 1) * sizeof(*ops));
		ops[e->count - 1] = op;
		e->ops = ops;
		add_item(ps, e, parse_arith(ps, 0));
	}
	return e ? e : first;
}

static struct expr *parse_not(struct parser *ps)
{
	if (parser_take_word(ps, "not")) {
		struct expr *e;

		if (ps->depth++ > TEMPLATE_DEPTH_MAX)
			return parser_fail(ps, "nested too deeply");
		e = new_expr(ps, EXPR_NOT, parse_not(ps), NULL);
		ps->depth--;
		return e;
	}
	return parse_compare(ps);
}

static struct expr *parse_and(struct parser *ps)
{
	struct expr *left = parse_not(ps);

	while (!ps->failed && parser_take_word(ps, "and"))
		left = new_expr(ps, EXPR_AND, left, parse_not(ps));
	return left;
}

struct expr *parser_or(struct parser *ps)
{
	struct expr *left = parse_and(ps);

	while (!ps->failed && parser_take_word(ps, "or"))
		left = new_expr(ps, EXPR_OR, left, parse_and(ps));
	return left;
}

struct expr *parser_expr(struct parser *ps)
{
	struct expr *e;

	if (ps->failed || ps->depth > TEMPLATE_DEPTH_MAX)
		return parser_fail(ps, "nested too deeply");
	ps->depth++;
	e = parser_or(ps);
	while (!ps->failed && parser_take_word(ps, "if")) {
		struct expr *cond = new_expr(ps, EXPR_COND, e, parser_or(ps));

		if (parser_take_word(ps, "else"))
			cond->third = parser_expr(ps);
		e = cond;
	}
	ps->depth--;
	return e;
}

/* An expression, or several with commas between them as a tuple. */
struct expr *parser_tuple(struct parser *ps)
{
	struct expr *e = parser_expr(ps);
	struct expr *tuple;

	if (!parser_is_op(ps, ","))
		return e;
	tuple = new_expr(ps, EXPR_TUPLE, NULL, NULL);
	add_item(ps, tuple, e);
	while (!ps->failed && parser_take_op(ps, ",") && ps->tok != TOK_END)
		add_item(ps, tuple, parser_expr(ps));
	return tuple;
}
