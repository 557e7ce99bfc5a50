/* The tests of templates: what stands behind `is`. */
#include "wsd/nodes/template_internal.h"

#include <math.h>
#include <string.h>

#include "pytext/pytext.h"
#include "value/pyform.h"

/* The tests that need no argument; -1 when the name is none of them. */
static int plain_test(struct sv name, const struct value *v)
{
	bool undefined = template_is_undefined(v);

	if (sv_eq(name, "defined"))
		return !undefined;
	if (sv_eq(name, "undefined"))
		return undefined;
	if (sv_eq(name, "none"))
		return value_is_null(v);
	if (sv_eq(name, "boolean"))
		return value_is(v, VALUE_BOOL);
	if (sv_eq(name, "true") || sv_eq(name, "false"))
		return value_is(v, VALUE_BOOL) && value_as_bool(v) == sv_eq(name, "true");
	if (sv_eq(name, "integer"))
		return value_is(v, VALUE_INT) || value_is(v, VALUE_BIGINT);
	if (sv_eq(name, "float"))
		return value_is(v, VALUE_FLOAT);
	if (sv_eq(name, "number"))
		return pyform_is_number(v);
	if (sv_eq(name, "string"))
		return value_is(v, VALUE_STR);
	if (sv_eq(name, "mapping"))
		return value_is(v, VALUE_MAP);
	if (sv_eq(name, "sequence") || sv_eq(name, "iterable"))
		return value_is(v, VALUE_STR) || value_is(v, VALUE_LIST) || value_is(v, VALUE_MAP) || undefined;
	if (sv_eq(name, "callable"))
		return value_is(v, VALUE_OBJECT) && !undefined;
	if (sv_eq(name, "escaped"))
		return false;
	return -1;
}

/* str.isupper and str.islower: something has the case, nothing has another. */
static bool all_cased(const struct value *v, bool upper)
{
	struct sv text = value_sv(v);
	bool any = false;

	for (size_t pos = 0; pos < text.n;) {
		uint32_t cp = utf8_decode(text.p, text.n, &pos);

		if (upper ? pytext_is_lower(cp) : pytext_is_upper(cp))
			return false;
		any |= upper ? pytext_is_upper(cp) : pytext_is_lower(cp);
	}
	return any;
}

static int divides(struct evaluation *ev, const struct value *v, const struct value *by, bool wanted)
{
	struct value *rest = pyform_arith(PYFORM_MOD, v, by, ev->err);
	int holds = rest ? value_truthy(rest) != wanted : -1;

	value_unref(rest);
	return holds;
}

static int even_test(struct evaluation *ev, const struct value *v, bool even)
{
	struct value *two = value_int(2);
	int holds = divides(ev, v, two, even);

	value_unref(two);
	return holds;
}

/* The tests that compare with an argument: the orders that satisfy them, as bits -1: 1, 0: 2, 1: 4. */
static const struct {
	const char *name;
	int orders;
} comparing[] = {
	{ "gt", 4 }, { "greaterthan", 4 }, { ">", 4 }, { "ge", 6 }, { ">=", 6 },
	{ "lt", 1 }, { "lessthan", 1 },    { "<", 1 }, { "le", 3 }, { "<=", 3 },
};

static int compare_test(struct evaluation *ev, struct sv name, const struct value *v, const struct value *with)
{
	int order;

	for (size_t i = 0; i < ARRAY_LEN(comparing); i++) {
		if (!sv_eq(name, comparing[i].name))
			continue;
		if (pyform_compare(v, with, &order, ev->err) < 0)
			return -1;
		return order != 2 && comparing[i].orders >> (order + 1) & 1;
	}
	template_fail(ev, "No test named '%.*s'.", (int)name.n, name.p);
	return -1;
}

int template_test(struct evaluation *ev, struct sv name, struct value *v, const struct call_args *args)
{
	const struct value *with = call_arg(args, 0, "");
	int plain = plain_test(name, v);

	if (plain >= 0)
		return plain;
	if (sv_eq(name, "even") || sv_eq(name, "odd"))
		return even_test(ev, v, sv_eq(name, "even"));
	if (sv_eq(name, "upper") || sv_eq(name, "lower"))
		return all_cased(v, sv_eq(name, "upper"));
	if (!with) {
		template_fail(ev, "No test named '%.*s', or its argument is missing.", (int)name.n, name.p);
		return -1;
	}
	if (sv_eq(name, "divisibleby"))
		return divides(ev, v, with, true);
	if (sv_eq(name, "eq") || sv_eq(name, "==") || sv_eq(name, "equalto"))
		return value_equal(v, with);
	if (sv_eq(name, "ne") || sv_eq(name, "!="))
		return !value_equal(v, with);
	if (sv_eq(name, "sameas"))
		return value_kind(v) == value_kind(with) && value_equal(v, with);
	if (sv_eq(name, "in"))
		return template_contains(ev, with, v);
	return compare_test(ev, name, v, with);
}
