/* Calendar arithmetic and the conversion of date and datetime values. */
#include "wsd/nodes/datetime.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define EPOCH_ORDINAL 719163  /* 1970-01-01 */
#define MAX_ORDINAL   3652059 /* 9999-12-31 */

static bool leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int dt_days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && leap(year));
}

int64_t dt_ordinal(int year, int month, int day)
{
	static const int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	int64_t y = year - 1;

	return y * 365 + y / 4 - y / 100 + y / 400 + before[month - 1] + (month > 2 && leap(year)) + day;
}

void dt_from_ordinal(int64_t ordinal, struct datetime *out)
{
	int64_t n = ordinal - 1;
	int64_t n400 = n / 146097;
	int64_t n100;
	int64_t n4;
	int64_t n1;
	int rest;

	n %= 146097;
	n100 = n / 36524;
	n100 -= n100 == 4;
	n -= n100 * 36524;
	n4 = n / 1461;
	n %= 1461;
	n1 = n / 365;
	n1 -= n1 == 4;
	rest = (int)(n - n1 * 365);
	out->year = (int)(n400 * 400 + n100 * 100 + n4 * 4 + n1 + 1);
	out->month = 1;
	while (rest >= dt_days_in_month(out->year, out->month))
		rest -= dt_days_in_month(out->year, out->month++);
	out->day = rest + 1;
}

int dt_weekday(const struct datetime *dt)
{
	return (int)((dt_ordinal(dt->year, dt->month, dt->day) + 6) % 7);
}

int64_t dt_local_us(const struct datetime *dt)
{
	int64_t seconds = (int64_t)dt->hour * 3600 + dt->minute * 60 + dt->second;

	return (dt_ordinal(dt->year, dt->month, dt->day) - 1) * DT_DAY + seconds * DT_SECOND + dt->micro;
}

int64_t dt_instant_us(const struct datetime *dt)
{
	return dt_local_us(dt) - dt->offset;
}

static void set_local_us(struct datetime *dt, int64_t us)
{
	int64_t rest = us % DT_DAY;

	dt_from_ordinal(us / DT_DAY + 1, dt);
	dt->hour = (int)(rest / DT_HOUR);
	dt->minute = (int)(rest / (60 * DT_SECOND) % 60);
	dt->second = (int)(rest / DT_SECOND % 60);
	dt->micro = (int)(rest % DT_SECOND);
}

int dt_add(struct datetime *dt, __int128 us, struct err *err)
{
	__int128 sum = dt_local_us(dt) + us;

	if (sum < 0 || sum >= (__int128)MAX_ORDINAL * DT_DAY)
		return err_set(err, 400, "the result is not within the years 1 to 9999");
	set_local_us(dt, (int64_t)sum);
	return 0;
}

bool dt_valid(const struct datetime *dt)
{
	return dt->year >= 1 && dt->year <= 9999 && dt->month >= 1 && dt->month <= 12 && dt->day >= 1 &&
	       dt->day <= dt_days_in_month(dt->year, dt->month) && dt->hour >= 0 && dt->hour <= 23 && dt->minute >= 0 &&
	       dt->minute <= 59 && dt->second >= 0 && dt->second <= 59 && dt->micro >= 0 && dt->micro < DT_SECOND;
}

/* A field as an int; out of range for every field when it is missing or too large. */
static int field(const struct value *v, const char *name, int fallback)
{
	int64_t n = map_int(v, name, fallback);

	return n < -1 || n > 1000000 ? -1 : (int)n;
}

int dt_from_value(const struct value *v, const char *property, struct datetime *out, struct err *err)
{
	double offset = value_as_float(map_get(v, "utc_offset"));

	if (dt_from_date_value(v, property, out, err))
		return -1;
	out->hour = field(v, "hour", 0);
	out->minute = field(v, "minute", 0);
	out->second = field(v, "second", 0);
	out->micro = field(v, "microsecond", 0);
	if (!dt_valid(out))
		return err_set(err, 400, "%s is no valid time of day", property);
	if (!(fabs(offset) < 86400))
		return err_set(err, 400, "%s: utc_offset must be less than a day", property);
	out->offset = (int64_t)nearbyint(offset * 1e6);
	if (offset != 0) {
		const char *zone = map_str(v, "tzinfo", "");

		snprintf(out->zone, sizeof(out->zone), "%s", *zone ? zone : "UTC");
	}
	return 0;
}

int dt_from_date_value(const struct value *v, const char *property, struct datetime *out, struct err *err)
{
	memset(out, 0, sizeof(*out));
	snprintf(out->zone, sizeof(out->zone), "UTC");
	out->year = field(v, "year", 0);
	out->month = field(v, "month", 0);
	out->day = field(v, "day", 0);
	if (!dt_valid(out))
		return err_set(err, 400, "%s is no valid date", property);
	return 0;
}

static struct value *date_fields(const struct datetime *dt, const char *type)
{
	struct value *map = value_map();

	map_mark_typed(map);
	map_set_str(map, "type", type);
	map_set_int(map, "year", dt->year);
	map_set_int(map, "month", dt->month);
	map_set_int(map, "day", dt->day);
	return map;
}

struct value *dt_to_date_value(const struct datetime *dt)
{
	return date_fields(dt, "date");
}

struct value *dt_to_value(const struct datetime *dt)
{
	struct value *map = date_fields(dt, "datetime");

	map_set_int(map, "hour", dt->hour);
	map_set_int(map, "minute", dt->minute);
	map_set_int(map, "second", dt->second);
	map_set_int(map, "microsecond", dt->micro);
	map_set_str(map, "tzinfo", dt->zone);
	map_set_float(map, "utc_offset", (double)dt->offset / 1e6);
	return map;
}

void dt_from_unix(int64_t us, struct datetime *out)
{
	memset(out, 0, sizeof(*out));
	snprintf(out->zone, sizeof(out->zone), "UTC");
	set_local_us(out, us + (EPOCH_ORDINAL - 1) * DT_DAY);
}

void dt_from_unix_local(int64_t us, struct datetime *out)
{
	int64_t seconds = us / DT_SECOND - (us % DT_SECOND < 0);
	time_t when = (time_t)seconds;
	struct tm tm;

	if (!localtime_r(&when, &tm)) {
		dt_from_unix(us, out);
		return;
	}
	dt_from_unix(us + (int64_t)tm.tm_gmtoff * DT_SECOND, out);
}
