/* Conditions of data nodes: methods of columns, and functions of numbers. */
#include "wsd/nodes/frame_query.h"

#include "pytext/pytext.h"
#include "value/pyform.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct call {
	struct query_run *run;
	const struct query *query;
	struct frame_col *col; /* the object */
	const char *name;
	int flag; /* of the method's line in the table */
	struct operand *out;
};

static int bad(struct call *call, const char *why)
{
	return err_set(call->run->err, 400, "%s(): %s", call->name, why);
}

static struct frame_col *new_col(struct call *call, enum frame_kind kind)
{
	call->out->col = cond_own(call->run, frame_col_new(kind, call->col->n));
	return call->out->col;
}

/* The argument at a place or of a name; NULL when it was not given or could not be made out. Columns are no arguments.
 */
static struct value *argument(struct call *call, size_t place, const char *name)
{
	struct operand value = { 0 };
	size_t at = 0;

	for (size_t i = 1; i < call->query->count; i++) {
		struct sv given = call->query->arg_names[i];

		if (given.p ? sv_eq(given, name) : ++at == place)
			return cond_eval(call->run, call->query->args[i], &value) == 0 ? value.one : NULL;
	}
	return NULL;
}

/* ---- missing values, ranges --------------------------------------------------------------------------- */

/* flag: what is wanted of a missing one */
static int is_null(struct call *call)
{
	struct frame_col *out = new_col(call, FRAME_BOOL);

	for (size_t i = 0; i < out->n; i++)
		out->b[i] = frame_cell_missing(call->col, i) == call->flag;
	return 0;
}

static int is_in(struct call *call)
{
	struct value *list = argument(call, 1, "values");

	if (!value_is(list, VALUE_LIST))
		return bad(call, "needs a list");
	return cond_is_in(call->run, call->col, list, &call->out->col);
}

static int between(struct call *call)
{
	struct value *sides = argument(call, 3, "inclusive");
	struct sv which = sides ? value_sv(sides) : SV_LIT("both");
	struct operand self = { .col = call->col };
	struct operand left = { .one = argument(call, 1, "left") };
	struct operand right = { .one = argument(call, 2, "right") };
	struct operand low;
	struct operand high;
	bool both = sv_eq(which, "both");

	if (!left.one || !right.one)
		return bad(call, "needs two bounds");
	if (cond_compare(call->run, both || sv_eq(which, "left") ? Q_GE : Q_GT, self, left, &low) != 0 ||
	    cond_compare(call->run, both || sv_eq(which, "right") ? Q_LE : Q_LT, self, right, &high) != 0)
		return -1;
	for (size_t i = 0; i < low.col->n; i++)
		low.col->b[i] &= high.col->b[i];
	*call->out = low;
	return 0;
}

/* flag: the operator */
static int compare(struct call *call)
{
	struct operand self = { .col = call->col };
	struct operand other = { 0 };

	if (call->query->count != 2 || cond_eval(call->run, call->query->args[1], &other) != 0)
		return bad(call, "needs one argument");
	return cond_compare(call->run, (enum query_op)call->flag, self, other, call->out);
}

static int fill_missing(struct call *call)
{
	struct value *fill = argument(call, 1, "value");
	struct frame_col *any = cond_own(call->run, frame_col_new(FRAME_ANY, call->col->n));

	if (!fill)
		return bad(call, "needs a value");
	for (size_t i = 0; i < any->n; i++)
		any->v[i] = frame_cell_missing(call->col, i) ? value_ref(fill) : frame_cell(call->col, i);
	call->out->col = cond_own(call->run, frame_col_infer(any));
	return 0;
}

static int duplicated(struct call *call)
{
	struct frame_col *out = new_col(call, FRAME_BOOL);
	struct frame_codes codes;

	if (frame_factorize(call->col, false, &codes, call->run->err) != 0)
		return -1;
	for (size_t i = 0; i < out->n; i++)
		out->b[i] = codes.first[codes.of[i]] != i;
	frame_codes_free(&codes);
	return 0;
}

/* ---- numbers ------------------------------------------------------------------------------------------ */

static int round_to(struct call *call)
{
	int64_t digits = value_as_int(argument(call, 1, "decimals"));
	struct frame_col *out;

	if (!frame_col_numeric(call->col) || digits < -300 || digits > 300)
		return bad(call, "needs numbers");
	out = new_col(call, FRAME_FLOAT);
	for (size_t i = 0; i < out->n; i++)
		out->f[i] = pyform_round(frame_number(call->col, i), (int)digits);
	return 0;
}

static int absolute(struct call *call)
{
	struct frame_col *out;

	if (!frame_col_numeric(call->col))
		return bad(call, "needs numbers");
	out = new_col(call, call->col->kind == FRAME_FLOAT ? FRAME_FLOAT : FRAME_INT);
	for (size_t i = 0; i < out->n; i++) {
		if (out->kind == FRAME_FLOAT)
			out->f[i] = fabs(call->col->f[i]);
		else if (call->col->kind == FRAME_BOOL)
			out->i[i] = call->col->b[i];
		else
			out->i[i] = call->col->i[i] < 0 ? (int64_t)(0 - (uint64_t)call->col->i[i]) : call->col->i[i];
	}
	return 0;
}

/* One value out of the whole column. */
static int total(struct call *call)
{
	struct frame_codes all = { .of = xcalloc(call->col->n + 1, sizeof(uint32_t)), .count = 1 };
	struct frame_col *one = frame_aggregate(call->col, sv_of("object"), &all, call->name, call->run->err);

	free(all.of);
	if (!one)
		return -1;
	call->out->one = cond_own_value(call->run, frame_cell(one, 0));
	frame_col_unref(one);
	return 0;
}

/* ---- texts -------------------------------------------------------------------------------------------- */

/* True, false, or NaN for what is no text (`na` where it was given); a column of bools when there are no NaN. */
static int finish(struct call *call, struct frame_col *any)
{
	call->out->col = cond_own(call->run, frame_col_infer(any));
	return 0;
}

static bool text_at(const struct frame_col *col, size_t i, struct sv *text)
{
	if (col->kind == FRAME_TEXT)
		*text = col->t[i];
	else
		*text = value_is(col->v[i], VALUE_STR) ? value_sv(col->v[i]) : (struct sv){ NULL, 0 };
	return text->p != NULL;
}

static bool test_ends(int flag, struct sv text, const struct value *affix)
{
	bool found = false;

	if (value_is(affix, VALUE_STR))
		return flag ? pytext_starts(text, value_sv(affix)) : pytext_ends(text, value_sv(affix));
	for (size_t i = 0; i < value_len(affix) && !found; i++)
		found = value_is(list_at(affix, i), VALUE_STR) && test_ends(flag, text, list_at(affix, i));
	return found;
}

/* flag: 1 at the beginning, 0 at the end */
static int starts_or_ends(struct call *call)
{
	struct value *affix = argument(call, 1, "pat");
	struct value *na = argument(call, 2, "na");
	struct frame_col *out = cond_own(call->run, frame_col_new(FRAME_ANY, call->col->n));
	struct sv text;

	if (!value_is(affix, VALUE_STR) && !value_is(affix, VALUE_LIST))
		return bad(call, "needs a text");
	for (size_t i = 0; i < out->n; i++)
		out->v[i] = text_at(call->col, i, &text) ? value_bool(test_ends(call->flag, text, affix))
			    : na                         ? value_ref(na)
							 : value_float(NAN);
	return finish(call, out);
}

/* flag: the mode of matching */
static int matches(struct call *call)
{
	bool contains = call->flag == PYRE_SEARCH;
	struct value *pattern = argument(call, 1, "pat");
	struct value *sense = argument(call, 2, "case");
	struct value *na = argument(call, 4, "na");
	struct value *as_regex = contains ? argument(call, 5, "regex") : NULL;
	struct frame_col *out = cond_own(call->run, frame_col_new(FRAME_ANY, call->col->n));
	struct err why = { 0 };
	struct pyre *re = NULL;
	struct sv text;
	int rc = 0;

	if (!value_is(pattern, VALUE_STR))
		return bad(call, "needs a text");
	if (!as_regex || value_truthy(as_regex)) {
		re = pyre_compile(value_sv(pattern), sense && !value_truthy(sense) ? PYRE_IGNORECASE : 0, &why);
		if (!re)
			return bad(call, why.detail);
	}
	for (size_t i = 0; i < out->n; i++) {
		out->v[i] = na ? value_ref(na) : value_float(NAN);
		if (rc < 0 || !text_at(call->col, i, &text))
			continue;
		rc = re ? pyre_exec(re, text, 0, (enum pyre_mode)call->flag, false, &why)
			: pytext_find(text, value_sv(pattern)) >= 0;
		value_unref(out->v[i]);
		out->v[i] = value_bool(rc > 0);
	}
	pyre_free(re);
	return rc < 0 ? bad(call, why.detail) : finish(call, out);
}

static int length(struct call *call)
{
	struct frame_col *out = cond_own(call->run, frame_col_new(FRAME_ANY, call->col->n));
	struct sv text;

	for (size_t i = 0; i < out->n; i++)
		out->v[i] = text_at(call->col, i, &text) ? value_int((int64_t)utf8_length(text.p, text.n))
							 : value_float(NAN);
	return finish(call, out);
}

/* flag: of a list of predicates; all characters have it, and there are some */
static int all_characters(struct call *call)
{
	static bool (*const tests[])(uint32_t) = { pytext_is_decimal, pytext_is_alpha, pytext_is_alnum,
						   pytext_is_space };
	struct frame_col *out = cond_own(call->run, frame_col_new(FRAME_ANY, call->col->n));
	struct sv text;

	for (size_t i = 0; i < out->n; i++) {
		bool all = text_at(call->col, i, &text) && text.n;
		size_t at = 0;

		while (all && at < text.n)
			all = tests[call->flag](utf8_decode(text.p, text.n, &at));
		out->v[i] = text.p ? value_bool(all) : value_float(NAN);
	}
	return finish(call, out);
}

enum text_change { TO_STRIP = 16, TO_STRIP_LEFT, TO_STRIP_RIGHT };

static struct value *changed(int flag, struct sv text)
{
	struct value *out;
	struct buf buf;

	if (flag >= TO_STRIP) {
		text = pytext_strip(text, flag != TO_STRIP_RIGHT, flag != TO_STRIP_LEFT);
		return value_strn(text.p, text.n);
	}
	buf_init(&buf, BUF_MAX_BODY);
	pytext_case(&buf, text, (enum pytext_case)flag);
	out = value_strn(buf.len ? buf.data : "", buf.len);
	buf_free(&buf);
	return out;
}

/* flag: an enum pytext_case or text_change */
static int change(struct call *call)
{
	struct frame_col *out = cond_own(call->run, frame_col_new(FRAME_ANY, call->col->n));
	struct sv text;

	for (size_t i = 0; i < out->n; i++)
		out->v[i] = text_at(call->col, i, &text) ? changed(call->flag, text) : value_float(NAN);
	return finish(call, out);
}

/* ---- the tables --------------------------------------------------------------------------------------- */

struct method {
	const char *name;
	int (*fn)(struct call *call);
	int flag;
};

static const struct method methods[] = {
	{ "isnull", is_null, 1 },      { "isna", is_null, 1 },
	{ "notnull", is_null, 0 },     { "notna", is_null, 0 },
	{ "isin", is_in, 0 },          { "between", between, 0 },
	{ "fillna", fill_missing, 0 }, { "duplicated", duplicated, 0 },
	{ "eq", compare, Q_EQ },       { "ne", compare, Q_NE },
	{ "lt", compare, Q_LT },       { "le", compare, Q_LE },
	{ "gt", compare, Q_GT },       { "ge", compare, Q_GE },
	{ "round", round_to, 0 },      { "abs", absolute, 0 },
	{ "sum", total, 0 },           { "mean", total, 0 },
	{ "min", total, 0 },           { "max", total, 0 },
	{ "median", total, 0 },        { "std", total, 0 },
	{ "var", total, 0 },           { "count", total, 0 },
};

static const struct method text_methods[] = {
	{ "contains", matches, PYRE_SEARCH },     { "match", matches, PYRE_MATCH },
	{ "fullmatch", matches, PYRE_FULLMATCH }, { "startswith", starts_or_ends, 1 },
	{ "endswith", starts_or_ends, 0 },        { "len", length, 0 },
	{ "isdigit", all_characters, 0 },         { "isdecimal", all_characters, 0 },
	{ "isnumeric", all_characters, 0 },       { "isalpha", all_characters, 1 },
	{ "isalnum", all_characters, 2 },         { "isspace", all_characters, 3 },
	{ "upper", change, PYTEXT_UPPER },        { "lower", change, PYTEXT_LOWER },
	{ "title", change, PYTEXT_TITLE },        { "capitalize", change, PYTEXT_CAPITALIZE },
	{ "swapcase", change, PYTEXT_SWAPCASE },  { "strip", change, TO_STRIP },
	{ "lstrip", change, TO_STRIP_LEFT },      { "rstrip", change, TO_STRIP_RIGHT },
};

int cond_method(struct query_run *run, const struct query *query, struct operand *out)
{
	const struct method *table = query->of_text ? text_methods : methods;
	size_t count = query->of_text ? ARRAY_LEN(text_methods) : ARRAY_LEN(methods);
	struct call call = { .run = run, .query = query, .out = out };
	struct operand self = { 0 };

	if (cond_eval(run, query->args[0], &self) != 0)
		return -1;
	call.col = self.col;
	if (!self.col)
		return err_set(run->err, 400, "only columns have methods");
	if (query->of_text && frame_col_numeric(self.col))
		return err_set(run->err, 400, ".str works on columns of texts");
	for (size_t i = 0; i < count; i++) {
		if (!sv_eq(query->name, table[i].name))
			continue;
		call.name = table[i].name;
		call.flag = table[i].flag;
		return table[i].fn(&call);
	}
	return err_set(run->err, 400, "the method \"%.*s\" is not known",
		       (int)(query->name.n < 100 ? query->name.n : 100), query->name.p);
}

int cond_function(struct query_run *run, const struct query *query, struct operand *out)
{
	static const struct {
		const char *name;
		double (*fn)(double x);
	} functions[] = {
		{ "sin", sin },       { "cos", cos },     { "tan", tan },       { "exp", exp },
		{ "log", log },       { "expm1", expm1 }, { "log1p", log1p },   { "sqrt", sqrt },
		{ "sinh", sinh },     { "cosh", cosh },   { "tanh", tanh },     { "arcsin", asin },
		{ "arccos", acos },   { "arctan", atan }, { "arccosh", acosh }, { "arcsinh", asinh },
		{ "arctanh", atanh }, { "abs", fabs },    { "log10", log10 },   { "floor", floor },
		{ "ceil", ceil },
	};
	struct operand x = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		if (!sv_eq(query->name, functions[i].name))
			continue;
		if (query->count != 1 || cond_eval(run, query->args[0], &x) != 0)
			return err_set(run->err, 400, "%s() needs one argument", functions[i].name);
		if (x.one && pyform_is_number(x.one)) {
			out->one = cond_own_value(run, value_float(functions[i].fn(value_as_float(x.one))));
			return 0;
		}
		if (!x.col || !frame_col_numeric(x.col))
			return err_set(run->err, 400, "%s() needs numbers", functions[i].name);
		out->col = cond_own(run, frame_col_new(FRAME_FLOAT, x.col->n));
		for (size_t k = 0; k < x.col->n; k++)
			out->col->f[k] = functions[i].fn(frame_number(x.col, k));
		return 0;
	}
	return err_set(run->err, 400, "the function \"%.*s\" is not known",
		       (int)(query->name.n < 100 ? query->name.n : 100), query->name.p);
}
