/* Dates of feeds: RFC 822 with all that is seen in the wild, and ISO 8601. */
#include "wsd/nodes/datetime.h"
#include "wsd/nodes/feed.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int zone_minutes(const char *zone)
{
	static const struct {
		const char *name;
		int hours;
	} zones[] = { { "AST", -4 }, { "ADT", -3 }, { "EST", -5 }, { "EDT", -4 }, { "CST", -6 },
		      { "CDT", -5 }, { "MST", -7 }, { "MDT", -6 }, { "PST", -8 }, { "PDT", -7 } };
	int n;

	if (*zone == '+' || *zone == '-') {
		char digits[8];
		size_t len = 0;

		for (const char *p = zone + 1; *p && len < 4; p++) {
			if (isdigit((unsigned char)*p))
				digits[len++] = *p;
		}
		digits[len] = '\0';
		n = (int)strtol(digits, NULL, 10);
		n = n / 100 * 60 + n % 100;
		return *zone == '-' ? -n : n;
	}
	for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
		if (strncasecmp(zone, zones[i].name, 3) == 0)
			return 60 * zones[i].hours;
	}
	return 0;
}

static int to_unix(const struct datetime *dt, int minutes, int64_t *us)
{
	struct datetime epoch = { .year = 1970, .month = 1, .day = 1 };

	if (!dt_valid(dt))
		return -1;
	*us = dt_local_us(dt) - dt_local_us(&epoch) - (int64_t)minutes * 60 * DT_SECOND;
	return 0;
}

/* "Mon, 01 Jan 2024 12:00:00 +0200": the weekday, the seconds and the zone may be missing. */
static int rfc822(const char *text, int64_t *us)
{
	struct datetime dt = { 0 };
	char month[16];
	const char *rest;
	const char *comma = strchr(text, ',');
	int used = 0;

	if (comma)
		text = comma + 1;
	else
		while (isalpha((unsigned char)*text))
			text++;
	if (sscanf(text, " %2d%*[ -]%15[A-Za-z]%*[ -]%4d%n", &dt.day, month, &dt.year, &used) != 3)
		return -1;
	dt.month = dt_month_of(month, strlen(month) > 3 && !dt_month_of(month, strlen(month)) ? 3 : strlen(month));
	if (dt.year < 100)
		dt.year += dt.year < 90 ? 2000 : 1900;
	rest = text + used;
	used = 0;
	if (sscanf(rest, " %2d:%2d%n", &dt.hour, &dt.minute, &used) == 2) {
		rest += used;
		used = 0;
		if (sscanf(rest, ":%2d%n", &dt.second, &used) == 1)
			rest += used;
	}
	rest += strspn(rest, " ");
	return to_unix(&dt, zone_minutes(rest), us);
}

/* "2024-02-29T23:59:59.5Z": everything behind the year may be missing. */
static int iso8601(const char *text, int64_t *us)
{
	struct datetime dt = { .month = 1, .day = 1 };
	const char *rest;
	int used = 0;

	if (sscanf(text, "%4d%n", &dt.year, &used) != 1 || used != 4)
		return -1;
	rest = text + 4;
	if (sscanf(rest, "-%2d%n", &dt.month, &used) == 1) {
		rest += used;
		if (sscanf(rest, "-%2d%n", &dt.day, &used) == 1)
			rest += used;
	}
	if (*rest && *rest != 'T' && *rest != 't' && *rest != ' ')
		return -1;
	used = 0;
	if (*rest && sscanf(rest + 1, "%2d:%2d%n", &dt.hour, &dt.minute, &used) == 2) {
		rest += 1 + used;
		if (sscanf(rest, ":%2d%n", &dt.second, &used) == 1)
			rest += used;
		if (*rest == '.')
			rest += 1 + strspn(rest + 1, "0123456789");
	}
	return to_unix(&dt, zone_minutes(rest + strspn(rest, " ")), us);
}

int feed_date(const char *text, int64_t *us)
{
	return iso8601(text, us) && rfc822(text, us) ? -1 : 0;
}
