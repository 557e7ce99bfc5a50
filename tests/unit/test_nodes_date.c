/* Nodes of lib.date and their calendar: reading, writing, moving, the ends of the calendar. */
#include "node_harness.h"

#include "wsd/nodes/datetime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

extern const struct node_table nodes_lib_date;

#define AT(y, mo, d, h, mi, s)                                                                                          \
	"{\"type\": \"datetime\", \"year\": " #y ", \"month\": " #mo ", \"day\": " #d ", \"hour\": " #h ", \"minute\": " #mi \
	", \"second\": " #s "}"
#define DAY(y, mo, d) AT(y, mo, d, 0, 0, 0)
#define OUT(y, mo, d, h, mi, s, us)                                                                                      \
	"{\"type\":\"datetime\",\"year\":" #y ",\"month\":" #mo ",\"day\":" #d ",\"hour\":" #h ",\"minute\":" #mi             \
	",\"second\":" #s ",\"microsecond\":" #us ",\"tzinfo\":\"UTC\",\"utc_offset\":0.0}"

static void test_cases(void **state)
{
	static const struct node_case cases[] = {
		{ "lib.date.ParseDate", "{\"date_string\": \"1999-1-5\"}",
		  "{\"type\":\"date\",\"year\":1999,\"month\":1,\"day\":5}" },
		{ "lib.date.ParseDate", "{\"date_string\": \"2023111\", \"input_format\": \"%Y%m%d\"}",
		  "{\"type\":\"date\",\"year\":2023,\"month\":11,\"day\":1}" },
		{ "lib.date.ParseDate", "{\"date_string\": \"may 3, 2020\", \"input_format\": \"%B %d, %Y\"}",
		  "{\"type\":\"date\",\"year\":2020,\"month\":5,\"day\":3}" },
		{ "lib.date.ParseDate", "{\"date_string\": \"2023-02-29\"}", "!no date of the calendar" },
		{ "lib.date.ParseDate", "{\"date_string\": \"2023-02-01x\"}", "!goes on" },
		{ "lib.date.ParseDate", "{\"date_string\": \"\"}", "!date_string" },
		{ "lib.date.ParseDateTime",
		  "{\"datetime_string\": \"2023-12-25T08:30:00+25:00\", \"input_format\": \"%Y-%m-%dT%H:%M:%S%z\"}",
		  "!no date" },
		{ "lib.date.ParseDateTime",
		  "{\"datetime_string\": \"2023-12-25T08:30:61\", \"input_format\": \"%Y-%m-%dT%H:%M:%S\"}", "!no date" },
		{ "lib.date.AddTimeDelta", "{\"input_datetime\": " AT(2024, 12, 31, 23, 59, 0) ", \"minutes\": 1}",
		  OUT(2025, 1, 1, 0, 0, 0, 0) },
		{ "lib.date.AddTimeDelta", "{\"input_datetime\": " DAY(9999, 12, 31) ", \"days\": 1}", "!1 to 9999" },
		{ "lib.date.AddTimeDelta", "{\"input_datetime\": " DAY(1, 1, 1) ", \"days\": -9223372036854775807}",
		  "!1 to 9999" },
		{ "lib.date.AddTimeDelta", "{\"input_datetime\": " DAY(1, 1, 1) ", \"days\": 123456789012345678901234567890}",
		  "!too large" },
		{ "lib.date.AddTimeDelta", "{\"days\": 1}", "!input_datetime" },
		{ "lib.date.FormatDateTime",
		  "{\"input_datetime\": " DAY(33, 4, 3) ", \"output_format\": \"%Y-%m-%dT%H:%M:%S%z\"}",
		  "\"33-04-03T00:00:00+0000\"" },
		{ "lib.date.GetWeekday", "{\"input_datetime\": " DAY(2024, 2, 29) "}", "\"Thursday\"" },
		{ "lib.date.GetWeekday", "{\"input_datetime\": " DAY(1, 1, 1) ", \"as_name\": false}", "0" },
		{ "lib.date.DateRange",
		  "{\"start_date\": " DAY(2024, 1, 1) ", \"end_date\": " DAY(2024, 1, 2) ", \"step_days\": 0}", "!step_days" },
		{ "lib.date.DateRange",
		  "{\"start_date\": " DAY(2024, 1, 2) ", \"end_date\": " DAY(2024, 1, 1) ", \"step_days\": -1}", "[]" },
		{ "lib.date.IsDateInRange",
		  "{\"check_date\": " DAY(2024, 1, 1) ", \"start_date\": " DAY(2024, 1, 1) ", \"end_date\": " DAY(2024, 1, 1)
		  ", \"inclusive\": false}", "false" },
		{ "lib.date.BoundaryTime",
		  "{\"input_datetime\": " AT(2024, 2, 18, 1, 2, 3) ", \"period\": \"week\", \"boundary\": \"end\", "
		  "\"start_monday\": false}", OUT(2024, 2, 24, 23, 59, 59, 999999) },
		{ "lib.date.BoundaryTime",
		  "{\"input_datetime\": " AT(2100, 2, 1, 1, 2, 3) ", \"period\": \"month\", \"boundary\": \"end\"}",
		  OUT(2100, 2, 28, 23, 59, 59, 999999) },
	};

	(void)state;
	node_check(&nodes_lib_date, cases, ARRAY_LEN(cases));
}

static void test_difference(void **state)
{
	struct harness *h = harness_new(&nodes_lib_date, "lib.date.DateDifference",
					"{\"start_date\": " AT(2024, 1, 2, 0, 0, 1) ", \"end_date\": " DAY(2024, 1, 2) "}", NULL);

	(void)state;
	assert_int_equal(harness_run(h), NODE_DONE);
	assert_string_equal(harness_json(h, "total_seconds"), "[-1]");
	assert_string_equal(harness_json(h, "days"), "[-1]");
	assert_string_equal(harness_json(h, "hours"), "[23]");
	assert_string_equal(harness_json(h, "seconds"), "[59]");
	harness_free(h);
}

/* The 31st of a month that leads to a shorter one: every target is a date of the calendar. */
static void test_months(void **state)
{
	(void)state;
	for (int months = 0; months < 24; months++) {
		char props[100];
		struct harness *h;
		struct datetime dt;
		struct err err;

		snprintf(props, sizeof(props), "{\"unit\": \"months\", \"amount\": %d, \"direction\": \"past\"}", months);
		h = harness_new(&nodes_lib_date, "lib.date.RelativeTime", props, NULL);
		assert_int_equal(harness_run(h), NODE_DONE);
		assert_int_equal(dt_from_value(harness_output(h, "output", 0), "output", &dt, &err), 0);
		harness_free(h);
	}
}

/* Every day of the calendar there and back, by steps that meet all lengths of months and years. */
static void test_ordinals(void **state)
{
	struct datetime dt;

	(void)state;
	for (int64_t ordinal = 1; ordinal <= 3652059; ordinal += 13) {
		dt_from_ordinal(ordinal, &dt);
		assert_int_equal(dt_ordinal(dt.year, dt.month, dt.day), ordinal);
	}
	dt_from_ordinal(3652059, &dt);
	assert_int_equal(dt.year * 10000 + dt.month * 100 + dt.day, 99991231);
	dt_from_unix(-1, &dt);
	assert_int_equal(dt.year, 1969);
	assert_int_equal(dt.micro, 999999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_difference),
		cmocka_unit_test(test_months),
		cmocka_unit_test(test_ordinals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
