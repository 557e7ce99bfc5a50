/* cron: expressions, when they are due, time zones and their changes. */
#include "cron/cron.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

/* A zone that its rule alone describes, as files of the "slim" kind do. */
static struct zone *zone_of(const char *rule)
{
	unsigned char file[256] = "TZif2";
	size_t half = 44 + 6 + 4;
	struct zone *zone;
	struct err err;
	int len;

	file[39] = 1; /* one type */
	file[43] = 4; /* of four letters */
	memcpy(file + half, file, 44);
	len = snprintf((char *)file + 2 * half, sizeof(file) - 2 * half, "\n%s\n", rule);
	if (zone_parse(file, 2 * half + (size_t)len, &zone, &err) < 0)
		fail_msg("%s: %s", rule, err.detail);
	return zone;
}

static int64_t at(const char *text)
{
	int64_t us = 0;

	assert_int_equal(time_parse(text, &us), 0);
	return us / 1000000;
}

/* The next times (UTC) after `from`, joined by blanks. */
static void due(const struct zone *zone, const char *expression, const char *from, const char *expected)
{
	int64_t t = at(from);
	char stamp[TIME_TEXT_MAX];
	char seen[512] = "";
	struct cron cron;
	struct err err;
	size_t n;

	if (cron_parse(expression, &cron, &err) < 0)
		fail_msg("%s: %s", expression, err.detail);
	do {
		n = strlen(seen);
		assert_true(cron_next(&cron, zone, t, &t));
		snprintf(seen + n, sizeof(seen) - n, "%s%.16s", n ? " " : "", time_utc(t * 1000000, "", stamp));
	} while (strlen(seen) < strlen(expected));
	assert_string_equal(seen, expected);
}

static void test_expressions(void **state)
{
	(void)state;
	due(NULL, "* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:01 2026-01-01T00:02");
	due(NULL, "*/20 * * * *", "2026-01-01T00:00:30Z", "2026-01-01T00:20 2026-01-01T00:40 2026-01-01T01:00");
	due(NULL, "5/25 3 * * *", "2026-01-01T00:00:00Z", "2026-01-01T03:05 2026-01-01T03:30 2026-01-01T03:55 2026-01-02T03:05");
	due(NULL, "0 9-17/4 * * mon-FRI", "2026-01-02T13:00:00Z", "2026-01-02T17:00 2026-01-05T09:00");
	due(NULL, "0 0 29 2 *", "2096-03-01T00:00:00Z", "2104-02-29T00:00");
	due(NULL, "0 0 13 * 5", "2026-01-01T00:00:00Z", "2026-01-02T00:00 2026-01-09T00:00 2026-01-13T00:00");
	due(NULL, "0 0 * * 7", "2026-01-01T00:00:00Z", "2026-01-04T00:00 2026-01-11T00:00");
	due(NULL, "@monthly", "2026-01-31T12:00:00Z", "2026-02-01T00:00 2026-03-01T00:00");
	due(NULL, "59 23 31 dec *", "1960-01-01T00:00:00Z", "1960-12-31T23:59");
}

static void test_faults(void **state)
{
	static const char *const bad[] = { "",	      "* * * *",     "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *",
					   "* * * 13 *", "* * * * 8",   "*/0 * * * *", "5-1 * * * *", "a * * * *",	 "1,,2 * * * *",
					   "1- * * * *", "0 0 30 2 *", "@never",	    "-1 * * * *",  "* * * janu *", "99999999999 * * * *" };
	struct cron cron;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		if (cron_parse(bad[i], &cron, &err) == 0)
			fail_msg("\"%s\" was accepted", bad[i]);
		assert_int_equal(err.status, 400);
	}
}

/* Berlin 2026: clocks jump from 02:00 to 03:00 on 29 March, back from 03:00 to 02:00 on 25 October. */
static void test_clock_changes(const struct zone *zone)
{
	due(zone, "30 2 * * *", "2026-03-27T12:00:00Z", "2026-03-28T01:30 2026-03-29T01:30 2026-03-30T00:30");
	due(zone, "*/30 * * * *", "2026-03-29T00:00:00Z", "2026-03-29T00:30 2026-03-29T01:00 2026-03-29T01:30 2026-03-29T02:00");
	due(zone, "30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30 2026-10-26T01:30");
	due(zone, "30 * * * *", "2026-10-24T23:00:00Z", "2026-10-24T23:30 2026-10-25T00:30 2026-10-25T01:30 2026-10-25T02:30");
	due(zone, "0 8 * * *", "2026-07-01T12:00:00Z", "2026-07-02T06:00 2026-07-03T06:00");
	due(zone, "0 8 * * *", "2050-01-01T12:00:00Z", "2050-01-02T07:00");
	due(zone, "0 8 * * *", "2050-07-01T12:00:00Z", "2050-07-02T06:00");
}

static void test_rule(void **state)
{
	struct zone *zone = zone_of("CET-1CEST,M3.5.0,M10.5.0/3");

	(void)state;
	test_clock_changes(zone);
	zone_free(zone);
	zone = zone_of("<+0545>-5:45");
	due(zone, "0 12 * * *", "2026-01-01T00:00:00Z", "2026-01-01T06:15");
	zone_free(zone);
	zone = zone_of("AEST-10AEDT,M10.1.0,M4.1.0/3"); /* summer over the turn of the year */
	assert_int_equal(zone_offset(zone, at("2026-01-01T00:00:00Z")), 39600);
	assert_int_equal(zone_offset(zone, at("2026-07-01T00:00:00Z")), 36000);
	zone_free(zone);
}

static void test_files(void **state)
{
	static const char *const bad[] = { "../../../etc/passwd", "/etc/passwd", "Europe//Berlin", "Europe/", "No/Where",
					   "Europe/Ber lin",	  "Europe" };
	struct zone *zone;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(zone_load(bad[i], &zone, &err), -1);
		assert_int_equal(err.status, 400);
	}
	assert_int_equal(zone_load("UTC", &zone, &err), 0);
	assert_null(zone);
	if (zone_load("Europe/Berlin", &zone, &err) < 0)
		skip(); /* no database of time zones here */
	test_clock_changes(zone);
	zone_free(zone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expressions),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_rule),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
