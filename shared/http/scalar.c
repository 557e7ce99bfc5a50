/* The plain kinds of declared fields, converted as pydantic's lax mode does (notes-workflows section 6). */
#include "http/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Python's int() as pydantic narrows it: blanks around, a sign, leading zeros, single underscores between digits, and
 * ".0" with any number of zeros behind. 0, -1 when it is no integer, -2 when it does not fit 64 bits. */
static int parse_int(struct sv text, int64_t *out)
{
	uint64_t n = 0;
	uint64_t limit = INT64_MAX;
	bool negative = false;
	bool big = false;
	size_t i = 0;

	text = sv_trim(text);
	if (text.n && (text.p[0] == '-' || text.p[0] == '+')) {
		negative = text.p[0] == '-';
		i++;
	}
	if (negative)
		limit++;
	if (i >= text.n || !is_digit(text.p[i]))
		return -1;
	for (; i < text.n && text.p[i] != '.'; i++) {
		if (text.p[i] == '_' && is_digit(text.p[i - 1]) && i + 1 < text.n && is_digit(text.p[i + 1]))
			continue;
		if (!is_digit(text.p[i]))
			return -1;
		if (n > (limit - (uint64_t)(text.p[i] - '0')) / 10)
			big = true;
		else
			n = n * 10 + (uint64_t)(text.p[i] - '0');
	}
	for (i++; i < text.n; i++) {
		if (text.p[i] != '0')
			return -1;
	}
	*out = negative ? (int64_t)(0 - n) : (int64_t)n;
	return big ? -2 : 0;
}

static struct value *bound_int(struct check *check, const struct field *field, int64_t n, struct value *in,
			       const struct loc *at)
{
	char msg[96];
	struct value *ctx;

	if ((field->flags & FIELD_MIN) && n < field->min) {
		snprintf(msg, sizeof(msg), "Input should be greater than or equal to %" PRId64, field->min);
		ctx = value_map();
		map_set_int(ctx, "ge", field->min);
		field_error(check, "greater_than_equal", at, msg, in, ctx);
		return NULL;
	}
	if ((field->flags & FIELD_MAX) && n > field->max) {
		snprintf(msg, sizeof(msg), "Input should be less than or equal to %" PRId64, field->max);
		ctx = value_map();
		map_set_int(ctx, "le", field->max);
		field_error(check, "less_than_equal", at, msg, in, ctx);
		return NULL;
	}
	return value_int(n);
}

static struct value *int_too_big(struct check *check, struct value *in, const struct loc *at)
{
	field_error(check, "int_parsing_size", at,
		    "Unable to parse input string as an integer, exceeded maximum size", in, NULL);
	return NULL;
}

static struct value *check_int(struct check *check, const struct field *field, struct value *in, const struct loc *at)
{
	int64_t n = 0;
	double d;

	switch (value_kind(in)) {
	case VALUE_INT:
		return bound_int(check, field, value_as_int(in), in, at);
	case VALUE_BIGINT:
		return int_too_big(check, in, at);
	case VALUE_BOOL:
		if (!check->strict)
			return bound_int(check, field, value_as_bool(in), in, at);
		break;
	case VALUE_FLOAT:
		d = value_as_float(in);
		if (check->strict)
			break;
		if (d != floor(d)) {
			field_error(check, "int_from_float", at,
				    "Input should be a valid integer, got a number with a fractional part", in, NULL);
			return NULL;
		}
		if (d < -9223372036854775808.0 || d >= 9223372036854775808.0)
			return int_too_big(check, in, at);
		return bound_int(check, field, (int64_t)d, in, at);
	case VALUE_STR:
		if (check->strict)
			break;
		switch (parse_int(value_sv(in), &n)) {
		case 0:
			return bound_int(check, field, n, in, at);
		case -2:
			return int_too_big(check, in, at);
		default:
			field_error(check, "int_parsing", at,
				    "Input should be a valid integer, unable to parse string as an integer", in, NULL);
			return NULL;
		}
	default:
		break;
	}
	field_error(check, "int_type", at, "Input should be a valid integer", in, NULL);
	return NULL;
}

static struct value *bound_float(struct check *check, const struct field *field, double d, struct value *in,
				 const struct loc *at)
{
	char msg[96];
	struct value *ctx;

	if ((field->flags & FIELD_MIN) && !(d >= (double)field->min)) {
		snprintf(msg, sizeof(msg), "Input should be greater than or equal to %" PRId64, field->min);
		ctx = value_map();
		map_set_float(ctx, "ge", (double)field->min);
		field_error(check, "greater_than_equal", at, msg, in, ctx);
		return NULL;
	}
	if ((field->flags & FIELD_MAX) && !(d <= (double)field->max)) {
		snprintf(msg, sizeof(msg), "Input should be less than or equal to %" PRId64, field->max);
		ctx = value_map();
		map_set_float(ctx, "le", (double)field->max);
		field_error(check, "less_than_equal", at, msg, in, ctx);
		return NULL;
	}
	return value_float(d);
}

/* Decimal notation only: strtod would take hexadecimal too. Infinity and NaN have no JSON form and are refused. */
static bool parse_float(struct sv text, double *out)
{
	char copy[64];
	char *end;
	size_t n = 0;

	text = sv_trim(text);
	if (!text.n || text.n >= sizeof(copy) || memchr(text.p, '\0', text.n))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '_')
			copy[n++] = text.p[i];
		else if (!i || i + 1 == text.n || !is_digit(text.p[i - 1]) || !is_digit(text.p[i + 1]))
			return false;
	}
	copy[n] = '\0';
	if (strspn(copy, "0123456789+-.eE") != n)
		return false;
	*out = strtod(copy, &end);
	return end != copy && !*end && isfinite(*out);
}

static struct value *check_float(struct check *check, const struct field *field, struct value *in,
				 const struct loc *at)
{
	double d = 0;

	switch (value_kind(in)) {
	case VALUE_FLOAT:
		return bound_float(check, field, value_as_float(in), in, at);
	case VALUE_INT:
	case VALUE_BIGINT:
	case VALUE_BOOL:
		if (!check->strict)
			return bound_float(check, field, value_as_float(in), in, at);
		break;
	case VALUE_STR:
		if (check->strict)
			break;
		if (parse_float(value_sv(in), &d))
			return bound_float(check, field, d, in, at);
		field_error(check, "float_parsing", at,
			    "Input should be a valid number, unable to parse string as a number", in, NULL);
		return NULL;
	default:
		break;
	}
	field_error(check, "float_type", at, "Input should be a valid number", in, NULL);
	return NULL;
}

static int bool_word(struct sv text)
{
	static const char *const yes[] = { "1", "true", "yes", "on", "t", "y" };
	static const char *const no[] = { "0", "false", "no", "off", "f", "n" };

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (sv_eq_nocase(text, yes[i]))
			return 1;
		if (sv_eq_nocase(text, no[i]))
			return 0;
	}
	return -1;
}

static struct value *check_bool(struct check *check, struct value *in, const struct loc *at)
{
	int word = -1;
	double d;

	switch (value_kind(in)) {
	case VALUE_BOOL:
		return value_ref(in);
	case VALUE_INT:
	case VALUE_FLOAT:
	case VALUE_BIGINT:
		d = value_as_float(in);
		if (d != floor(d) || fabs(d) > 9e18) {
			field_error(check, "bool_type", at, "Input should be a valid boolean", in, NULL);
			return NULL;
		}
		word = d == 0 ? 0 : d == 1 ? 1 : -1;
		break;
	case VALUE_STR:
		word = bool_word(value_sv(in));
		break;
	default:
		field_error(check, "bool_type", at, "Input should be a valid boolean", in, NULL);
		return NULL;
	}
	if (check->strict) {
		field_error(check, "bool_type", at, "Input should be a valid boolean", in, NULL);
		return NULL;
	}
	if (word >= 0)
		return value_bool(word == 1);
	field_error(check, "bool_parsing", at, "Input should be a valid boolean, unable to interpret input", in, NULL);
	return NULL;
}

static struct value *check_str(struct check *check, const struct field *field, struct value *in, const struct loc *at)
{
	size_t chars;
	char msg[96];
	struct value *ctx;

	if (!value_is(in, VALUE_STR)) {
		field_error(check, "string_type", at, "Input should be a valid string", in, NULL);
		return NULL;
	}
	if (!field->min_len && !field->max_len)
		return value_ref(in);
	chars = utf8_length(value_text(in), value_len(in));
	if (chars < field->min_len) {
		snprintf(msg, sizeof(msg), "String should have at least %zu character%s", field->min_len,
			 field->min_len == 1 ? "" : "s");
		ctx = value_map();
		map_set_int(ctx, "min_length", (int64_t)field->min_len);
		field_error(check, "string_too_short", at, msg, in, ctx);
		return NULL;
	}
	if (field->max_len && chars > field->max_len) {
		snprintf(msg, sizeof(msg), "String should have at most %zu character%s", field->max_len,
			 field->max_len == 1 ? "" : "s");
		ctx = value_map();
		map_set_int(ctx, "max_length", (int64_t)field->max_len);
		field_error(check, "string_too_long", at, msg, in, ctx);
		return NULL;
	}
	return value_ref(in);
}

/* "'a', 'b' or 'c'" */
static void list_choices(struct buf *out, const char *choices)
{
	struct sv rest = sv_of(choices);
	struct sv word;
	bool first = true;

	while (sv_split(&rest, '|', &word)) {
		if (!first)
			buf_adds(out, rest.p ? ", " : " or ");
		buf_printf(out, "'%.*s'", (int)word.n, word.p);
		first = false;
	}
}

static struct value *check_choice(struct check *check, const struct field *field, struct value *in,
				  const struct loc *at)
{
	struct sv rest = sv_of(field->choices);
	struct sv word;
	struct buf words;
	struct value *ctx;
	char *msg;

	if (value_is(in, VALUE_STR)) {
		while (sv_split(&rest, '|', &word)) {
			if (word.n == value_len(in) && memcmp(word.p, value_text(in), word.n) == 0)
				return value_ref(in);
		}
	}
	buf_init(&words, BUF_MAX_SMALL);
	list_choices(&words, field->choices);
	msg = xasprintf("Input should be %s", words.data);
	ctx = value_map();
	map_set_str(ctx, "expected", words.data);
	field_error(check, field->kind == FIELD_ENUM ? "enum" : "literal_error", at, msg, in, ctx);
	free(msg);
	buf_free(&words);
	return NULL;
}

#define MILLISECONDS_FROM 2e10 /* a greater number of seconds is one of milliseconds */
#define YEAR_10000 253402300800.0

static struct value *check_datetime(struct check *check, struct value *in, const struct loc *at)
{
	char iso[TIME_TEXT_MAX];
	int64_t us;
	double seconds = 0;
	const char *reason = "input is too short";
	struct value *ctx;
	char msg[128];

	switch (value_kind(in)) {
	case VALUE_STR:
		if (!memchr(value_text(in), '\0', value_len(in)) && time_parse(value_text(in), &us) == 0)
			return value_ref(in);
		if (parse_float(value_sv(in), &seconds))
			break;
		if (value_len(in) >= sizeof("2024-01-01") - 1)
			reason = "unexpected extra characters at the end of the input";
		ctx = value_map();
		map_set_str(ctx, "error", reason);
		snprintf(msg, sizeof(msg), "Input should be a valid datetime or date, %s", reason);
		field_error(check, "datetime_from_date_parsing", at, msg, in, ctx);
		return NULL;
	case VALUE_INT:
	case VALUE_FLOAT:
		seconds = value_as_float(in);
		break;
	default:
		field_error(check, "datetime_type", at, "Input should be a valid datetime", in, NULL);
		return NULL;
	}
	if (fabs(seconds) > MILLISECONDS_FROM)
		seconds /= 1000;
	if (!check->strict && fabs(seconds) < YEAR_10000)
		return value_str(time_utc((int64_t)(seconds * 1e6), "+00:00", iso));
	field_error(check, "datetime_parsing", at,
		    "Input should be a valid datetime, dates after 9999 are not supported as unix timestamps", in, NULL);
	return NULL;
}

struct value *scalar_check(struct check *check, const struct field *field, struct value *in, const struct loc *at)
{
	switch (field->kind) {
	case FIELD_STR:
		return check_str(check, field, in, at);
	case FIELD_INT:
		return check_int(check, field, in, at);
	case FIELD_FLOAT:
		return check_float(check, field, in, at);
	case FIELD_BOOL:
		return check_bool(check, in, at);
	case FIELD_CHOICE:
	case FIELD_ENUM:
		return check_choice(check, field, in, at);
	case FIELD_DATETIME:
		return check_datetime(check, in, at);
	case FIELD_FILE:
		if (value_is(in, VALUE_MAP))
			return value_ref(in);
		field_error(check, "value_error", at, "Value error, Expected an uploaded file", in, NULL);
		return NULL;
	default:
		return value_ref(in);
	}
}
