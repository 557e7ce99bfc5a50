/* Times in the forms of the original, of HTTP, and as microseconds. */
#include "base/base.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t time_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t time_mono_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* Floor division, so that times before 1970 keep a fraction of 0..999999. */
static void split_us(int64_t us, time_t *sec, int *fraction)
{
	int64_t s = us / 1000000;
	int64_t f = us % 1000000;

	if (f < 0) {
		s--;
		f += 1000000;
	}
	*sec = (time_t)s;
	*fraction = (int)f;
}

static char *format_tm(const struct tm *tm, int fraction, char sep, const char *zone, char out[TIME_TEXT_MAX])
{
	char frac[16] = "";

	if (fraction)
		snprintf(frac, sizeof(frac), ".%06d", fraction);
	snprintf(out, TIME_TEXT_MAX, "%04d-%02d-%02d%c%02d:%02d:%02d%s%s", (tm->tm_year + 1900) % 10000, tm->tm_mon + 1,
		 tm->tm_mday, sep, tm->tm_hour, tm->tm_min, tm->tm_sec, frac, zone);
	return out;
}

char *time_local(int64_t us, char sep, char out[TIME_TEXT_MAX])
{
	struct tm tm;
	time_t sec;
	int fraction;

	split_us(us, &sec, &fraction);
	localtime_r(&sec, &tm);
	return format_tm(&tm, fraction, sep, "", out);
}

char *time_utc(int64_t us, const char *zone, char out[TIME_TEXT_MAX])
{
	struct tm tm;
	time_t sec;
	int fraction;

	split_us(us, &sec, &fraction);
	gmtime_r(&sec, &tm);
	return format_tm(&tm, fraction, 'T', zone, out);
}

char *time_stamp(char out[TIME_TEXT_MAX])
{
	return time_local(time_now_us(), 'T', out);
}

/* Reads "count" digits; -1 when there are fewer. */
static int digits(const char **p, int count)
{
	int n = 0;

	for (int i = 0; i < count; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return -1;
		n = n * 10 + (**p - '0');
	}
	return n;
}

static int parse_fraction(const char **p)
{
	int fraction = 0;
	int scale = 100000;

	(*p)++;
	if (**p < '0' || **p > '9')
		return -1;
	for (; **p >= '0' && **p <= '9'; (*p)++) {
		fraction += (**p - '0') * scale;
		scale /= 10;
	}
	return fraction;
}

/* Reads a zone; 0 none, 1 found (offset in seconds east), -1 malformed. */
static int parse_zone(const char **p, long *offset)
{
	int sign;
	int h;
	int m = 0;

	*offset = 0;
	if (**p == 'Z' || **p == 'z') {
		(*p)++;
		return 1;
	}
	if (**p != '+' && **p != '-')
		return 0;
	sign = **p == '-' ? -1 : 1;
	(*p)++;
	h = digits(p, 2);
	if (h < 0)
		return -1;
	if (**p == ':')
		(*p)++;
	if (**p && (m = digits(p, 2)) < 0)
		return -1;
	*offset = sign * (h * 3600L + m * 60L);
	return 1;
}

int time_parse(const char *text, int64_t *us)
{
	const char *p = text;
	struct tm tm = { .tm_isdst = -1 };
	int fraction = 0;
	long offset;
	int zone;
	int year = digits(&p, 4);
	int month = *p++ == '-' ? digits(&p, 2) : -1;
	int day = month > 0 && *p++ == '-' ? digits(&p, 2) : -1;

	if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31)
		return -1;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	if (*p == 'T' || *p == 't' || *p == ' ') {
		p++;
		tm.tm_hour = digits(&p, 2);
		tm.tm_min = *p == ':' ? (p++, digits(&p, 2)) : -1;
		if (*p == ':') {
			p++;
			tm.tm_sec = digits(&p, 2);
		}
		if (tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59 || tm.tm_sec < 0 ||
		    tm.tm_sec > 60)
			return -1;
		if ((*p == '.' || *p == ',') && (fraction = parse_fraction(&p)) < 0)
			return -1;
	}
	zone = parse_zone(&p, &offset);
	if (zone < 0 || *p)
		return -1;
	*us = (int64_t)(zone ? timegm(&tm) - offset : mktime(&tm)) * 1000000 + fraction;
	return 0;
}

char *time_http(int64_t us, char out[TIME_TEXT_MAX])
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	struct tm tm;
	time_t sec;
	int fraction;

	split_us(us, &sec, &fraction);
	gmtime_r(&sec, &tm);
	snprintf(out, TIME_TEXT_MAX, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday], tm.tm_mday,
		 months[tm.tm_mon], (tm.tm_year + 1900) % 10000, tm.tm_hour, tm.tm_min, tm.tm_sec);
	return out;
}

int time_parse_http(const char *text, int64_t *us)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);

	if (!end || *end)
		return -1;
	*us = (int64_t)timegm(&tm) * 1000000;
	return 0;
}
