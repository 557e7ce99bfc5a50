/* Cron expressions: see cron.h. */
#include "cron/cron.h"

#include <stdlib.h>
#include <string.h>

#define DAY 86400
#define DAYS_TO_LOOK (366 * 8 + 5) /* the 29th of February may be eight years away */

struct cron_field {
	const char *name;
	int min;
	int max;
	const char *names; /* three letters each, the first for `min` */
};

static const struct cron_field fields[] = {
	{ "minute", 0, 59, NULL },
	{ "hour", 0, 23, NULL },
	{ "day of month", 1, 31, NULL },
	{ "month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec" },
	{ "day of week", 0, 7, "sunmontuewedthufrisat" },
};

static const struct {
	const char *word;
	const char *expression;
} macros[] = {
	{ "@hourly", "0 * * * *" },  { "@daily", "0 0 * * *" },  { "@midnight", "0 0 * * *" }, { "@weekly", "0 0 * * 0" },
	{ "@monthly", "0 0 1 * *" }, { "@yearly", "0 0 1 1 *" }, { "@annually", "0 0 1 1 *" },
};

/* ---- reading ------------------------------------------------------------------------------------------- */

static int bad(const struct cron_field *f, struct sv text, struct err *err)
{
	return err_set(err, 400, "%s of a cron expression: \"%.*s\" is not understood", f->name,
		       (int)(text.n > 40 ? 40 : text.n), text.p);
}

static bool read_number(struct sv text, int *out)
{
	int n = 0;
	size_t i;

	if (!text.n || text.n > 4)
		return false;
	for (i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		n = n * 10 + text.p[i] - '0';
	}
	*out = n;
	return true;
}

static bool read_value(const struct cron_field *f, struct sv text, int *out)
{
	size_t i;

	for (i = 0; f->names && text.n == 3 && f->names[i * 3]; i++) {
		if (sv_eq_nocase((struct sv){ f->names + i * 3, 3 }, (char[4]){ text.p[0], text.p[1], text.p[2], 0 })) {
			*out = f->min + (int)i;
			return true;
		}
	}
	return read_number(text, out) && *out >= f->min && *out <= f->max;
}

/* "*", "5", "1-5", each with "/step" behind it. `*all`: the item begins with a star. */
static int read_item(const struct cron_field *f, struct sv item, uint64_t *bits, bool *all, struct err *err)
{
	struct sv rest = item;
	struct sv range;
	struct sv first;
	int from = f->min;
	int to = f->max;
	int step = 1;

	sv_split(&rest, '/', &range);
	if (rest.p && (!read_number(rest, &step) || step < 1))
		return bad(f, item, err);
	if (sv_eq(range, "*")) {
		*all = true;
		to = f->max == 7 ? 6 : f->max;
	} else {
		bool stepped = rest.p;

		rest = range;
		sv_split(&rest, '-', &first);
		if (!read_value(f, first, &from) || (rest.p && !read_value(f, rest, &to)))
			return bad(f, item, err);
		if (!rest.p && !stepped)
			to = from;
		if (from > to)
			return bad(f, item, err);
	}
	for (; from <= to; from += step)
		*bits |= UINT64_C(1) << from;
	return 0;
}

static int read_field(const struct cron_field *f, struct sv text, uint64_t *bits, bool *all, struct err *err)
{
	struct sv item;

	*bits = 0;
	*all = false;
	while (sv_split(&text, ',', &item))
		if (read_item(f, item, bits, all, err) < 0)
			return -1;
	return 0;
}

static struct sv next_word(const char **at)
{
	struct sv word;

	*at += strspn(*at, " \t");
	word = (struct sv){ *at, strcspn(*at, " \t") };
	*at += word.n;
	return word;
}

static const char *expand(const char *text)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(macros); i++)
		if (!strcmp(text, macros[i].word))
			return macros[i].expression;
	return text;
}

int cron_parse(const char *text, struct cron *out, struct err *err)
{
	const char *at = expand(text);
	uint64_t bits[ARRAY_LEN(fields)];
	bool all[ARRAY_LEN(fields)];
	int64_t due;
	size_t i;

	for (i = 0; i < ARRAY_LEN(fields); i++) {
		struct sv word = next_word(&at);

		if (!word.n)
			return err_set(err, 400, "A cron expression has five fields: minute, hour, day, month, day of week");
		if (read_field(&fields[i], word, &bits[i], &all[i], err) < 0)
			return -1;
	}
	if (next_word(&at).n)
		return err_set(err, 400, "A cron expression has five fields, not more");
	*out = (struct cron){
		.minutes = bits[0],
		.hours = (uint32_t)bits[1],
		.days = (uint32_t)bits[2],
		.months = (uint16_t)bits[3],
		.weekdays = (uint8_t)((bits[4] | bits[4] >> 7) & 0x7f),
		.every_hour = all[1],
		.any_day = all[2],
		.any_weekday = all[4],
	};
	if (!cron_next(out, NULL, 0, &due))
		return err_set(err, 400, "The cron expression is never due");
	return 0;
}

/* ---- when it is due ------------------------------------------------------------------------------------- */

struct day {
	int month;
	int day;
	int weekday;
};

/* Days since 1970 to the calendar (days from civil, Gregorian, backwards). */
static struct day day_of(int64_t days)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	return (struct day){ .month = (int)(mp < 10 ? mp + 3 : mp - 9),
			     .day = (int)(doy - (153 * mp + 2) / 5 + 1),
			     .weekday = (int)(((days + 4) % 7 + 7) % 7) };
}

static bool day_fits(const struct cron *cron, int64_t days)
{
	struct day d = day_of(days);
	bool by_day = cron->days >> d.day & 1;
	bool by_weekday = cron->weekdays >> d.weekday & 1;

	if (!(cron->months >> d.month & 1))
		return false;
	if (cron->any_day || cron->any_weekday)
		return by_day && by_weekday;
	return by_day || by_weekday;
}

/* The times at which clocks show `local`: one, two, or, when it is skipped, the one that is as far behind the jump. */
static int times_of(const struct zone *zone, int64_t local, int64_t out[2])
{
	int32_t before = zone_offset(zone, local - DAY);
	int32_t after = zone_offset(zone, local + DAY);
	int count = 0;

	if (zone_offset(zone, local - before) == before)
		out[count++] = local - before;
	if (after != before && zone_offset(zone, local - after) == after)
		out[count++] = local - after;
	if (!count)
		out[count++] = local - before;
	return count;
}

/* The first time of the day after `after`. */
static bool next_of_day(const struct cron *cron, const struct zone *zone, int64_t days, int64_t after, int64_t *due)
{
	bool found = false;
	int64_t at[2];
	int minute;
	int count;
	int i;

	for (minute = 0; minute < 24 * 60; minute++) {
		if (!(cron->hours >> minute / 60 & 1) || !(cron->minutes >> minute % 60 & 1))
			continue;
		count = times_of(zone, days * DAY + minute * 60, at);
		for (i = 0; i < count && (i == 0 || cron->every_hour); i++) {
			if (at[i] > after && (!found || at[i] < *due)) {
				*due = at[i];
				found = true;
			}
		}
	}
	return found;
}

bool cron_next(const struct cron *cron, const struct zone *zone, int64_t after, int64_t *due)
{
	int64_t local = after + zone_offset(zone, after);
	int64_t first = local / DAY - (local % DAY < 0) - 1;
	int64_t i;

	for (i = 0; i < DAYS_TO_LOOK; i++)
		if (day_fits(cron, first + i) && next_of_day(cron, zone, first + i, after, due))
			return true;
	return false;
}
