/* Dates to text and back: the codes of strftime and strptime that the nodes offer. */
#include "wsd/nodes/datetime.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const months[] = { "January", "February", "March",     "April",   "May",      "June",
				      "July",    "August",   "September", "October", "November", "December" };
static const char *const weekdays[] = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday" };

int dt_month_of(const char *name, size_t len)
{
	for (int i = 0; i < 12; i++) {
		if ((len == 3 || len == strlen(months[i])) && strncasecmp(months[i], name, len) == 0)
			return i + 1;
	}
	return 0;
}

static void put_offset(const struct datetime *dt, struct buf *out)
{
	int64_t us = llabs(dt->offset);
	int64_t seconds = us / DT_SECOND;

	buf_printf(out, "%c%02d%02d", dt->offset < 0 ? '-' : '+', (int)(seconds / 3600), (int)(seconds / 60 % 60));
	if (seconds % 60 || us % DT_SECOND)
		buf_printf(out, "%02d", (int)(seconds % 60));
	if (us % DT_SECOND)
		buf_printf(out, ".%06d", (int)(us % DT_SECOND));
}

static void put_code(const struct datetime *dt, char code, struct buf *out)
{
	switch (code) {
	case 'Y':
		buf_printf(out, "%d", dt->year);
		break;
	case 'm':
		buf_printf(out, "%02d", dt->month);
		break;
	case 'd':
		buf_printf(out, "%02d", dt->day);
		break;
	case 'H':
		buf_printf(out, "%02d", dt->hour);
		break;
	case 'M':
		buf_printf(out, "%02d", dt->minute);
		break;
	case 'S':
		buf_printf(out, "%02d", dt->second);
		break;
	case 'B':
		buf_adds(out, months[dt->month - 1]);
		break;
	case 'A':
		buf_adds(out, weekdays[dt_weekday(dt)]);
		break;
	case 'z':
		put_offset(dt, out);
		break;
	default:
		buf_addc(out, '%');
		buf_addc(out, code);
	}
}

int dt_format(const struct datetime *dt, const char *format, struct buf *out)
{
	for (; *format; format++) {
		if (*format == '%' && format[1])
			put_code(dt, *++format, out);
		else
			buf_addc(out, *format);
	}
	return out->failed ? -1 : 0;
}

/* ---- reading ------------------------------------------------------------------------------------------ */

struct parser {
	const char *p;
	const char *end;
	struct datetime *dt;
	bool has_zone;
};

/* The value of the decimal digit (of any script, as far as it is ASCII or full width) at p, or -1. */
static int digit_at(const struct parser *ps, const char *p)
{
	return p < ps->end && isdigit((unsigned char)*p) ? *p - '0' : -1;
}

/* How many of the digits at the position make a number within [min, max], tried longest first; `max_digits` <= 2. */
static int number_widths(const struct parser *ps, int max, int min, int widths[2])
{
	int first = digit_at(ps, ps->p);
	int second = first < 0 ? -1 : digit_at(ps, ps->p + 1);
	int count = 0;

	if (second >= 0 && first * 10 + second <= max && first * 10 + second >= min)
		widths[count++] = 2;
	if (first >= min)
		widths[count++] = 1;
	return count;
}

static bool parse_here(struct parser ps, const char *format, struct parser *done);

/* A number of one or two digits, then the rest of the format; the shorter reading is tried when the rest fails. */
static bool parse_number(struct parser ps, const char *rest, int min, int max, int *field, struct parser *done)
{
	int widths[2];
	int count = number_widths(&ps, max, min, widths);

	for (int i = 0; i < count; i++) {
		struct parser next = ps;
		int n = 0;

		for (int k = 0; k < widths[i]; k++)
			n = n * 10 + digit_at(&ps, ps.p + k);
		next.p += widths[i];
		*field = n;
		if (parse_here(next, rest, done)) {
			*field = n;
			return true;
		}
	}
	return false;
}

static bool parse_year(struct parser ps, const char *rest, struct parser *done)
{
	int n = 0;

	for (int i = 0; i < 4; i++) {
		int digit = digit_at(&ps, ps.p + i);

		if (digit < 0)
			return false;
		n = n * 10 + digit;
	}
	ps.p += 4;
	ps.dt->year = n;
	return parse_here(ps, rest, done);
}

static bool parse_month_name(struct parser ps, const char *rest, struct parser *done)
{
	for (int i = 0; i < 12; i++) {
		size_t len = strlen(months[i]);

		if ((size_t)(ps.end - ps.p) >= len && strncasecmp(ps.p, months[i], len) == 0) {
			ps.p += len;
			ps.dt->month = i + 1;
			return parse_here(ps, rest, done);
		}
	}
	return false;
}

/* Two digits, the value or -1. */
static int two_digits(const struct parser *ps, const char *p)
{
	int a = digit_at(ps, p);
	int b = a < 0 ? -1 : digit_at(ps, p + 1);

	return b < 0 ? -1 : a * 10 + b;
}

static int64_t fraction_us(struct parser *ps)
{
	int64_t us = 0;
	int digits = 0;

	if (ps->p >= ps->end || *ps->p != '.' || digit_at(ps, ps->p + 1) < 0)
		return 0;
	ps->p++;
	while (digits < 6 && digit_at(ps, ps->p) >= 0) {
		us = us * 10 + digit_at(ps, ps->p++);
		digits++;
	}
	while (digits++ < 6)
		us *= 10;
	return us;
}

/* Z, or a sign with hours, minutes and possibly seconds; the colons are all there or none is. */
static bool parse_zone(struct parser ps, const char *rest, struct parser *done)
{
	int64_t us;
	int sign;
	int hours;
	int minutes;
	int seconds = 0;
	bool colon;

	if (ps.p >= ps.end)
		return false;
	ps.has_zone = true;
	if (*ps.p == 'Z') {
		ps.p++;
		ps.dt->offset = 0;
		return parse_here(ps, rest, done);
	}
	if (*ps.p != '+' && *ps.p != '-')
		return false;
	sign = *ps.p++ == '-' ? -1 : 1;
	hours = two_digits(&ps, ps.p);
	ps.p += 2;
	colon = hours >= 0 && ps.p < ps.end && *ps.p == ':';
	minutes = hours < 0 ? -1 : two_digits(&ps, ps.p + colon);
	if (minutes < 0 || minutes > 59)
		return false;
	ps.p += 2 + colon;
	us = 0;
	if (ps.p < ps.end && (*ps.p == ':') == colon && two_digits(&ps, ps.p + colon) >= 0) {
		seconds = two_digits(&ps, ps.p + colon);
		ps.p += 2 + colon;
		us = fraction_us(&ps);
	}
	if (seconds > 59)
		return false;
	ps.dt->offset = sign * (((int64_t)hours * 3600 + minutes * 60 + seconds) * DT_SECOND + us);
	return parse_here(ps, rest, done);
}

static bool parse_code(struct parser ps, char code, const char *rest, struct parser *done)
{
	switch (code) {
	case 'Y':
		return parse_year(ps, rest, done);
	case 'm':
		return parse_number(ps, rest, 1, 12, &ps.dt->month, done);
	case 'd':
		if (ps.p < ps.end && *ps.p == ' ' && digit_at(&ps, ps.p + 1) > 0) {
			ps.p++;
			ps.dt->day = digit_at(&ps, ps.p++);
			return parse_here(ps, rest, done);
		}
		return parse_number(ps, rest, 1, 31, &ps.dt->day, done);
	case 'H':
		return parse_number(ps, rest, 0, 23, &ps.dt->hour, done);
	case 'M':
		return parse_number(ps, rest, 0, 59, &ps.dt->minute, done);
	case 'S':
		return parse_number(ps, rest, 0, 61, &ps.dt->second, done);
	case 'B':
		return parse_month_name(ps, rest, done);
	case 'z':
		return parse_zone(ps, rest, done);
	default:
		return false;
	}
}

static bool parse_here(struct parser ps, const char *format, struct parser *done)
{
	for (; *format && *format != '%'; format++) {
		if (*format == ' ') {
			if (ps.p >= ps.end || !isspace((unsigned char)*ps.p))
				return false;
			while (ps.p < ps.end && isspace((unsigned char)*ps.p))
				ps.p++;
		} else if (ps.p >= ps.end || tolower((unsigned char)*ps.p++) != tolower((unsigned char)*format)) {
			return false;
		}
	}
	if (*format)
		return parse_code(ps, format[1], format + 2, done);
	*done = ps;
	return true;
}

static void name_zone(struct datetime *dt)
{
	int64_t us = llabs(dt->offset);
	int64_t seconds = us / DT_SECOND;
	struct buf name;

	if (dt->offset == 0)
		return;
	buf_init(&name, sizeof(dt->zone) - 1);
	buf_printf(&name, "UTC%c%02d:%02d", dt->offset < 0 ? '-' : '+', (int)(seconds / 3600),
		   (int)(seconds / 60 % 60));
	if (seconds % 60 || us % DT_SECOND)
		buf_printf(&name, ":%02d", (int)(seconds % 60));
	if (us % DT_SECOND)
		buf_printf(&name, ".%06d", (int)(us % DT_SECOND));
	snprintf(dt->zone, sizeof(dt->zone), "%s", name.data);
	buf_free(&name);
}

int dt_parse(const char *text, size_t len, const char *format, struct datetime *out, struct err *err)
{
	struct parser ps = { text, text + len, out, false };

	memset(out, 0, sizeof(*out));
	out->year = 1900;
	out->month = 1;
	out->day = 1;
	snprintf(out->zone, sizeof(out->zone), "UTC");
	if (!parse_here(ps, format, &ps))
		return err_set(err, 400, "the text does not fit the format '%s'", format);
	if (ps.p != ps.end)
		return err_set(err, 400, "the text goes on behind what the format '%s' describes", format);
	if (!dt_valid(out) || llabs(out->offset) >= DT_DAY)
		return err_set(err, 400, "the text is no date of the calendar");
	name_zone(out);
	return 0;
}
