/*
 * cron: when a cron expression is due, in a time zone of the system's database.
 *
 * Five fields (minute, hour, day of month, month, day of week) with lists, ranges, steps and English names, or one of @hourly,
 * @daily, @midnight, @weekly, @monthly, @yearly, @annually. As in every cron: when both day fields are restricted, either
 * of them makes a day fit.
 *
 * When clocks change: a time that is skipped is due once, as much later as the clocks jumped; a time that comes twice is due
 * at its first coming, and at both when the hours are not restricted ("*" or a step over all of them).
 */
#ifndef CRON_CRON_H
#define CRON_CRON_H

#include "base/base.h"

struct cron {
	uint64_t minutes; /* bit sets */
	uint32_t hours;
	uint32_t days;   /* 1 to 31 */
	uint16_t months; /* 1 to 12 */
	uint8_t weekdays; /* 0: Sunday */
	bool every_hour;
	bool any_day; /* of the month: not restricted */
	bool any_weekday;
};

struct zone;

/* 400 with the reason when the text is no expression, or one that is never due (30th of February). */
int cron_parse(const char *text, struct cron *out, struct err *err) MUST_CHECK;
/* The first time (seconds since 1970) after `after` at which it is due. False when there is none before the year 9000. */
bool cron_next(const struct cron *cron, const struct zone *zone, int64_t after, int64_t *due);

/* Reads a time zone by its name ("Europe/Berlin"; "" and "UTC" need no file). 400 when there is none of that name. The caller
 * frees it. */
int zone_load(const char *name, struct zone **out, struct err *err) MUST_CHECK;
/* The same from the bytes of a TZif file (RFC 8536); the data is copied. */
int zone_parse(const void *data, size_t len, struct zone **out, struct err *err) MUST_CHECK;
/* Takes NULL. */
void zone_free(struct zone *zone);
/* Seconds east of UTC at that time. */
int32_t zone_offset(const struct zone *zone, int64_t at);

#endif
