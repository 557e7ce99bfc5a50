/*
 * datetime: calendar arithmetic of date and datetime values, as Python's datetime module does it.
 *
 * Own civil arithmetic over the years 1 to 9999 (proleptic Gregorian); no time zone database is asked. A zone is an
 * offset in microseconds east of UTC and a name that is only carried along.
 */
#ifndef NODES_DATETIME_H
#define NODES_DATETIME_H

#include "value/value.h"

#define DT_SECOND INT64_C(1000000)
#define DT_HOUR (3600 * DT_SECOND)
#define DT_DAY (24 * DT_HOUR)

struct datetime {
	int year;
	int month;
	int day;
	int hour;
	int minute;
	int second;
	int micro;
	int64_t offset; /* microseconds east of UTC */
	char zone[64];
};

/* What a datetime node property starts as: nothing that could be computed with. */
#define DATETIME_DEFAULT                                                                                       \
	"{\"type\": \"datetime\", \"year\": 0, \"month\": 0, \"day\": 0, \"hour\": 0, \"minute\": 0, \"second\": 0, " \
	"\"microsecond\": 0, \"tzinfo\": \"UTC\", \"utc_offset\": 0}"
#define DATE_DEFAULT "{\"type\": \"date\", \"year\": 0, \"month\": 0, \"day\": 0}"

/* Days from 0001-01-01 (which is 1) to the date; any valid date. And back. */
int64_t dt_ordinal(int year, int month, int day);
void dt_from_ordinal(int64_t ordinal, struct datetime *out);
int dt_days_in_month(int year, int month);
/* 0 is Monday. */
int dt_weekday(const struct datetime *dt);

/* Reads a typed value (a map with year, month …); `property` names it in errors. */
int dt_from_value(const struct value *v, const char *property, struct datetime *out, struct err *err) MUST_CHECK;
/* A date value: only year, month and day are read. */
int dt_from_date_value(const struct value *v, const char *property, struct datetime *out, struct err *err) MUST_CHECK;
/* True when the fields are a time of this calendar. */
bool dt_valid(const struct datetime *dt);
/* New typed values. */
struct value *dt_to_value(const struct datetime *dt);
struct value *dt_to_date_value(const struct datetime *dt);

/* Local microseconds since 0001-01-01T00:00 (the zone left aside), and the instant (the zone taken off). */
int64_t dt_local_us(const struct datetime *dt);
int64_t dt_instant_us(const struct datetime *dt);
/* Moves the local time by `us`; the zone stays. Errors when the result leaves the years 1 to 9999. */
int dt_add(struct datetime *dt, __int128 us, struct err *err) MUST_CHECK;

/* From microseconds since 1970, in UTC, and in the server's local zone labelled UTC. */
void dt_from_unix(int64_t us, struct datetime *out);
void dt_from_unix_local(int64_t us, struct datetime *out);

/* strftime for the codes Y m d H M S B A z and literal text, in English. */
int dt_format(const struct datetime *dt, const char *format, struct buf *out);
/* strptime for the codes Y m d H M S B z: the whole text must fit. */
int dt_parse(const char *text, size_t len, const char *format, struct datetime *out, struct err *err) MUST_CHECK;
/* 1 to 12 for an English month name or its first three letters (any case), else 0. */
int dt_month_of(const char *name, size_t len);

#endif
