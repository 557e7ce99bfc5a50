/* Small tools: a calculator, the date, and a search by SerpApi. */
#include "wsd/chat/internal.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wsd/nodes/url.h"

#define DEPTH_MAX   64
#define WORD_MAX    16
#define ARGS_MAX    16
#define RESULTS_MAX 20

/* ---- calculator ---------------------------------------------------------------------------------------- */

/* An expression while it is read: recursive descent, with the first fault kept. */
struct sum {
	const char *at;
	int depth;
	const char *fault;
};

static double read_sum(struct sum *s);

static double fail(struct sum *s, const char *text)
{
	if (!s->fault)
		s->fault = text;
	return NAN;
}

static bool take(struct sum *s, const char *word)
{
	while (isspace((unsigned char)*s->at))
		s->at++;
	if (strncmp(s->at, word, strlen(word)) != 0)
		return false;
	s->at += strlen(word);
	return true;
}

static double least(const double *v, size_t n)
{
	double best = v[0];

	for (size_t i = 1; i < n; i++)
		best = fmin(best, v[i]);
	return best;
}

static double most(const double *v, size_t n)
{
	double best = v[0];

	for (size_t i = 1; i < n; i++)
		best = fmax(best, v[i]);
	return best;
}

static const struct {
	const char *name;
	double (*one)(double);
	double (*two)(double, double);
	double (*any)(const double *, size_t);
} functions[] = {
	{ "sqrt", sqrt, NULL, NULL },	{ "sin", sin, NULL, NULL },	{ "cos", cos, NULL, NULL },
	{ "tan", tan, NULL, NULL },	{ "asin", asin, NULL, NULL },	{ "acos", acos, NULL, NULL },
	{ "atan", atan, NULL, NULL },	{ "atan2", NULL, atan2, NULL }, { "log", log, NULL, NULL },
	{ "log2", log2, NULL, NULL },	{ "log10", log10, NULL, NULL }, { "exp", exp, NULL, NULL },
	{ "abs", fabs, NULL, NULL },	{ "round", rint, NULL, NULL },	{ "floor", floor, NULL, NULL },
	{ "ceil", ceil, NULL, NULL },	{ "pow", NULL, pow, NULL },	{ "min", NULL, NULL, least },
	{ "max", NULL, NULL, most },
};

static size_t read_args(struct sum *s, double args[ARGS_MAX])
{
	size_t n = 0;

	do {
		if (n == ARGS_MAX) {
			fail(s, "too many arguments");
			return 0;
		}
		args[n++] = read_sum(s);
	} while (take(s, ","));
	if (!take(s, ")"))
		fail(s, "a parenthesis is not closed");
	return n;
}

static double call(struct sum *s, const char *name)
{
	double args[ARGS_MAX];
	size_t n = read_args(s, args);

	for (size_t i = 0; !s->fault && i < ARRAY_LEN(functions); i++) {
		if (strcmp(functions[i].name, name) != 0)
			continue;
		if (functions[i].one && n == 1)
			return functions[i].one(args[0]);
		if (functions[i].two && n == 2)
			return functions[i].two(args[0], args[1]);
		if (functions[i].any)
			return functions[i].any(args, n);
		return fail(s, "a function has the wrong number of arguments");
	}
	return fail(s, "there is no such function");
}

static double read_name(struct sum *s)
{
	char name[WORD_MAX];
	size_t n = 0;

	while (isalnum((unsigned char)*s->at) && n < sizeof(name) - 1)
		name[n++] = *s->at++;
	name[n] = '\0';
	if (take(s, "("))
		return call(s, name);
	if (strcmp(name, "pi") == 0)
		return M_PI;
	if (strcmp(name, "e") == 0)
		return M_E;
	return fail(s, "there is no such constant");
}

static double read_atom(struct sum *s)
{
	double v;
	char *end;

	if (take(s, "(")) {
		v = read_sum(s);
		return take(s, ")") ? v : fail(s, "a parenthesis is not closed");
	}
	if (isalpha((unsigned char)*s->at))
		return read_name(s);
	if (!isdigit((unsigned char)*s->at) && *s->at != '.')
		return fail(s, "a number is missing");
	v = strtod(s->at, &end);
	if (end == s->at)
		return fail(s, "a number is missing");
	s->at = end;
	return v;
}

/* A sign binds looser than a power: -2 ** 2 is -4. */
static double read_factor(struct sum *s)
{
	double v;

	if (++s->depth > DEPTH_MAX)
		return fail(s, "the expression nests too deep");
	if (take(s, "-")) {
		v = -read_factor(s);
	} else if (take(s, "+")) {
		v = read_factor(s);
	} else {
		v = read_atom(s);
		if (take(s, "**") || take(s, "^"))
			v = pow(v, read_factor(s));
	}
	s->depth--;
	return v;
}

static double divide(struct sum *s, double a, double b)
{
	return b == 0 ? fail(s, "division by zero") : a / b;
}

/* Python's: the sign of the divisor. */
static double remainder_of(struct sum *s, double a, double b)
{
	double r = b == 0 ? fail(s, "division by zero") : fmod(a, b);

	return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static double read_product(struct sum *s)
{
	double v = read_factor(s);

	while (!s->fault) {
		if (take(s, "//"))
			v = floor(divide(s, v, read_factor(s)));
		else if (take(s, "*"))
			v *= read_factor(s);
		else if (take(s, "/"))
			v = divide(s, v, read_factor(s));
		else if (take(s, "%"))
			v = remainder_of(s, v, read_factor(s));
		else
			break;
	}
	return v;
}

static double read_sum(struct sum *s)
{
	double v = read_product(s);

	while (!s->fault) {
		if (take(s, "+"))
			v += read_product(s);
		else if (take(s, "-"))
			v -= read_product(s);
		else
			break;
	}
	return v;
}

struct value *tool_calculator(const struct turn *turn, const struct value *args)
{
	struct sum s = { .at = map_str(args, "expression", "") };
	struct value *m;
	double v = read_sum(&s);

	(void)turn;
	take(&s, "");
	if (!s.fault && *s.at)
		s.fault = "something stands behind the expression";
	if (!s.fault && !isfinite(v))
		s.fault = "the result is no number";
	if (s.fault)
		return tool_error(s.fault);
	m = value_map();
	if (v == rint(v) && fabs(v) < 9e15)
		map_set_int(m, "result", (int64_t)v);
	else
		map_set_float(m, "result", v);
	return m;
}

/* ---- date ---------------------------------------------------------------------------------------------- */

static void set_format(struct value *m, const char *key, const char *format, const struct tm *tm)
{
	char text[64];

	map_set(m, key, value_strn(text, strftime(text, sizeof(text), format, tm)));
}

struct value *tool_current_date(const struct turn *turn, const struct value *args)
{
	time_t now = time_now_us() / 1000000;
	struct value *m = value_map();
	struct tm tm;

	(void)turn;
	(void)args;
	localtime_r(&now, &tm);
	set_format(m, "date", "%Y-%m-%d", &tm);
	set_format(m, "time", "%H:%M:%S", &tm);
	set_format(m, "weekday", "%A", &tm);
	set_format(m, "utc_offset", "%z", &tm);
	return m;
}

/* ---- google_search ------------------------------------------------------------------------------------- */

static int64_t result_count(const struct value *args)
{
	int64_t n = map_int(args, "num_results", 10);

	return n < 1 ? 1 : n > RESULTS_MAX ? RESULTS_MAX : n;
}

struct value *tool_google_prepare(const struct turn *turn, const struct value *args)
{
	const char *base = config_get("SERPAPI_URL");
	char *key = turn->options.secret(turn->options.ctx, "SERPAPI_API_KEY");
	struct value *m = value_map();
	struct buf url;

	buf_init(&url, BUF_MAX_SMALL);
	buf_printf(&url, "%s/search.json?engine=google&num=%d&q=", base ? base : "https://serpapi.com",
		   (int)result_count(args));
	url_quote(&url, sv_of(map_str(args, "keyword", "")), "");
	buf_adds(&url, "&api_key=");
	url_quote(&url, sv_of(key ? key : ""), "");
	map_set(m, "url", value_strn(url.failed ? "" : url.data, url.failed ? 0 : url.len));
	explicit_bzero(url.data, url.failed ? 0 : url.len);
	buf_free(&url);
	if (key)
		explicit_bzero(key, strlen(key));
	free(key);
	return m;
}

struct value *tool_google_shape(const struct value *result, const struct value *args)
{
	static const char *const shown[] = { "title", "link", "snippet", "date" };
	const struct value *found = map_get(result, "organic_results");
	size_t max = (size_t)result_count(args);
	struct value *list = value_list();

	for (size_t i = 0; value_is(found, VALUE_LIST) && i < value_len(found) && i < max; i++) {
		struct value *m = value_map();

		for (size_t k = 0; k < ARRAY_LEN(shown); k++)
			map_set_str(m, shown[k], map_str(list_at(found, i), shown[k], NULL));
		list_push(list, m);
	}
	return list;
}

/* ---- run_python ---------------------------------------------------------------------------------------- */

struct value *tool_lines_shape(const struct value *result, const struct value *args)
{
	struct value *out;
	struct buf text;

	(void)args;
	buf_init(&text, BUF_MAX_BODY);
	for (size_t i = 0; value_is(result, VALUE_LIST) && i < value_len(result); i++)
		if (value_is(list_at(result, i), VALUE_STR))
			buf_adds(&text, value_text(list_at(result, i)));
	out = value_strn(text.data ? text.data : "", text.len);
	buf_free(&text);
	return out;
}
