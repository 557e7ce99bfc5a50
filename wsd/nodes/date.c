/* lib.date: dates and times. Results are exact calendar arithmetic (nodes/datetime.h). */
#include "wsd/nodes/helper.h"
#include "wsd/nodes/datetime.h"

#include <string.h>

/* More dates than this in one range is a mistake, not a calendar. */
#define MAX_RANGE 1000000

/* The datetime of a property; false after node_fail. */
static bool get_datetime(struct node_ctx *ctx, const char *name, struct datetime *out)
{
	struct err err;

	if (!dt_from_value(node_get(ctx, name), name, out, &err))
		return true;
	fail_err(ctx, &err);
	return false;
}

static enum node_result done_datetime(struct node_ctx *ctx, const struct datetime *dt)
{
	return done(ctx, dt_to_value(dt));
}

/* Adds to the datetime and sends it; `names` are the properties that say how much. */
static enum node_result done_moved(struct node_ctx *ctx, struct datetime *dt, __int128 us, const char *names)
{
	struct err err;

	return dt_add(dt, us, &err) ? node_fail(ctx, "%s: %s", names, err.detail) : done_datetime(ctx, dt);
}

static enum node_result today(struct node_ctx *ctx)
{
	struct datetime dt;

	dt_from_unix_local(time_now_us(), &dt);
	return done(ctx, dt_to_date_value(&dt));
}

static enum node_result now(struct node_ctx *ctx)
{
	struct datetime dt;

	dt_from_unix(time_now_us(), &dt);
	return done_datetime(ctx, &dt);
}

static bool parse_property(struct node_ctx *ctx, const char *name, struct datetime *out)
{
	struct sv text = node_sv(ctx, name);
	struct err err;

	if (!dt_parse(text.p, text.n, node_text(ctx, "input_format"), out, &err))
		return true;
	node_fail(ctx, "%s '%.100s': %s", name, text.p, err.detail);
	return false;
}

static enum node_result parse_date(struct node_ctx *ctx)
{
	struct datetime dt;

	return parse_property(ctx, "date_string", &dt) ? done(ctx, dt_to_date_value(&dt)) : NODE_FAILED;
}

static enum node_result parse_datetime(struct node_ctx *ctx)
{
	struct datetime dt;

	return parse_property(ctx, "datetime_string", &dt) ? done_datetime(ctx, &dt) : NODE_FAILED;
}

static enum node_result add_time_delta(struct node_ctx *ctx)
{
	struct datetime dt;
	int64_t days;
	int64_t hours;
	int64_t minutes;

	if (!get_datetime(ctx, "input_datetime", &dt) || !int_property(ctx, "days", &days) ||
	    !int_property(ctx, "hours", &hours) || !int_property(ctx, "minutes", &minutes))
		return NODE_FAILED;
	return done_moved(ctx, &dt,
			  (__int128)days * DT_DAY + (__int128)hours * DT_HOUR + (__int128)minutes * 60 * DT_SECOND,
			  "days, hours, minutes");
}

static enum node_result date_difference(struct node_ctx *ctx)
{
	struct datetime start;
	struct datetime end;
	int64_t us;
	int64_t days;
	int64_t seconds;

	if (!get_datetime(ctx, "start_date", &start) || !get_datetime(ctx, "end_date", &end))
		return NODE_FAILED;
	us = dt_instant_us(&end) - dt_instant_us(&start);
	days = us / DT_DAY - (us % DT_DAY < 0);
	seconds = (us - days * DT_DAY) / DT_SECOND;
	node_emit(ctx, "total_seconds", value_int(us / DT_SECOND));
	node_emit(ctx, "days", value_int(days));
	node_emit(ctx, "hours", value_int(seconds / 3600));
	node_emit(ctx, "minutes", value_int(seconds % 3600 / 60));
	node_emit(ctx, "seconds", value_int(seconds % 60));
	return NODE_DONE;
}

static enum node_result format_datetime(struct node_ctx *ctx)
{
	struct datetime dt;
	struct buf text;

	if (!get_datetime(ctx, "input_datetime", &dt))
		return NODE_FAILED;
	buf_init(&text, BUF_MAX_SMALL);
	dt_format(&dt, node_text(ctx, "output_format"), &text);
	return done_buf(ctx, &text);
}

static enum node_result get_weekday(struct node_ctx *ctx)
{
	struct datetime dt;
	struct buf name;

	if (!get_datetime(ctx, "input_datetime", &dt))
		return NODE_FAILED;
	if (!node_bool(ctx, "as_name"))
		return done(ctx, value_int(dt_weekday(&dt)));
	buf_init(&name, BUF_MAX_SMALL);
	dt_format(&dt, "%A", &name);
	return done_buf(ctx, &name);
}

static enum node_result date_range(struct node_ctx *ctx)
{
	struct datetime at;
	struct datetime end;
	struct value *list;
	int64_t step;
	struct err err = { 0 };

	if (!get_datetime(ctx, "start_date", &at) || !get_datetime(ctx, "end_date", &end) ||
	    !int_property(ctx, "step_days", &step))
		return NODE_FAILED;
	if (dt_instant_us(&at) <= dt_instant_us(&end) && step <= 0)
		return node_fail(ctx, "step_days must be greater than 0");
	list = value_list();
	while (dt_instant_us(&at) <= dt_instant_us(&end)) {
		if (value_len(list) == MAX_RANGE)
			err_set(&err, 400, "the range has more than %d dates", MAX_RANGE);
		else
			list_push(list, value_len(list) ? dt_to_value(&at) : value_ref(node_get(ctx, "start_date")));
		if (err.status || dt_add(&at, (__int128)step * DT_DAY, &err)) {
			value_unref(list);
			return node_fail(ctx, "start_date, end_date, step_days: %s", err.detail);
		}
	}
	return done(ctx, list);
}

static enum node_result is_date_in_range(struct node_ctx *ctx)
{
	struct datetime check;
	struct datetime start;
	struct datetime end;
	int64_t from;
	int64_t at;
	int64_t to;

	if (!get_datetime(ctx, "start_date", &start) || !get_datetime(ctx, "check_date", &check) ||
	    !get_datetime(ctx, "end_date", &end))
		return NODE_FAILED;
	from = dt_instant_us(&start);
	at = dt_instant_us(&check);
	to = dt_instant_us(&end);
	return done(ctx, value_bool(node_bool(ctx, "inclusive") ? from <= at && at <= to : from < at && at < to));
}

/* Only year and month count: the day may be anything, and the zone is dropped. */
static enum node_result get_quarter(struct node_ctx *ctx)
{
	const struct value *v = node_get(ctx, "input_datetime");
	int64_t year = map_int(v, "year", 0);
	int64_t month = map_int(v, "month", 0);
	struct datetime start = { .day = 1, .zone = "UTC" };
	struct datetime end = { .zone = "UTC" };
	int quarter;

	if (year < 1 || year > 9999 || month < 1 || month > 12 || (year == 9999 && month > 9))
		return node_fail(ctx, "input_datetime is no valid date, or its quarter ends after the year 9999");
	quarter = (int)(month - 1) / 3 + 1;
	start.year = end.year = (int)year;
	start.month = 3 * quarter - 2;
	end.month = 3 * quarter;
	end.day = dt_days_in_month(end.year, end.month);
	node_emit(ctx, "quarter", value_int(quarter));
	node_emit(ctx, "quarter_start", dt_to_value(&start));
	node_emit(ctx, "quarter_end", dt_to_value(&end));
	return NODE_DONE;
}

static enum node_result date_to_datetime(struct node_ctx *ctx)
{
	struct datetime dt;
	struct err err;

	if (dt_from_date_value(node_get(ctx, "input_date"), "input_date", &dt, &err))
		return fail_err(ctx, &err);
	return done_datetime(ctx, &dt);
}

static enum node_result datetime_to_date(struct node_ctx *ctx)
{
	struct datetime dt;

	return get_datetime(ctx, "input_datetime", &dt) ? done(ctx, dt_to_date_value(&dt)) : NODE_FAILED;
}

/* A day that the month reached does not have becomes its last one. */
static enum node_result done_months(struct node_ctx *ctx, struct datetime *dt, int64_t months)
{
	int64_t count;

	if (months > 120000 || months < -120000)
		return node_fail(ctx, "amount leads out of the years 1 to 9999");
	count = (int64_t)dt->year * 12 + dt->month - 1 + months;
	if (count < 12 || count >= 120000)
		return node_fail(ctx, "amount leads out of the years 1 to 9999");
	dt->year = (int)(count / 12);
	dt->month = (int)(count % 12) + 1;
	if (dt->day > dt_days_in_month(dt->year, dt->month))
		dt->day = dt_days_in_month(dt->year, dt->month);
	return done_datetime(ctx, dt);
}

static enum node_result relative_time(struct node_ctx *ctx)
{
	const char *unit = node_text(ctx, "unit");
	int64_t sign = strcmp(node_text(ctx, "direction"), "past") == 0 ? -1 : 1;
	int64_t amount;
	struct datetime dt;

	if (!int_property(ctx, "amount", &amount))
		return NODE_FAILED;
	dt_from_unix(time_now_us(), &dt);
	if (strcmp(unit, "months") == 0)
		return done_months(ctx, &dt, amount > INT32_MAX || amount < INT32_MIN ? INT32_MAX : sign * amount);
	return done_moved(ctx, &dt, (__int128)sign * amount * (strcmp(unit, "hours") == 0 ? DT_HOUR : DT_DAY), "amount");
}

static void midnight(struct datetime *dt)
{
	dt->hour = dt->minute = dt->second = dt->micro = 0;
}

static void last_moment(struct datetime *dt)
{
	dt->hour = 23;
	dt->minute = dt->second = 59;
	dt->micro = DT_SECOND - 1;
}

static enum node_result boundary_time(struct node_ctx *ctx)
{
	const char *period = node_text(ctx, "period");
	bool start = strcmp(node_text(ctx, "boundary"), "start") == 0;
	int64_t days = 0;
	struct datetime dt;
	int weekday;

	if (!get_datetime(ctx, "input_datetime", &dt))
		return NODE_FAILED;
	if (strcmp(period, "week") == 0) {
		weekday = node_bool(ctx, "start_monday") ? dt_weekday(&dt) : (dt_weekday(&dt) + 1) % 7;
		days = start ? -weekday : 6 - weekday;
	} else if (strcmp(period, "month") == 0) {
		if (!start && dt.year == 9999 && dt.month == 12)
			return node_fail(ctx, "the end of this month is not within the years 1 to 9999");
		dt.day = start ? 1 : dt_days_in_month(dt.year, dt.month);
	} else if (strcmp(period, "year") == 0) {
		dt.month = start ? 1 : 12;
		dt.day = start ? 1 : 31;
	}
	if (start)
		midnight(&dt);
	else
		last_moment(&dt);
	return done_moved(ctx, &dt, (__int128)days * DT_DAY, "input_datetime");
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop no_props[] = { { 0 } };

static const struct node_slot today_outputs[] = {
	{ .name = "output", .type = "date" },
	{ 0 },
};

static const struct node_slot now_outputs[] = {
	{ .name = "output", .type = "datetime" },
	{ 0 },
};

static const struct node_prop parse_date_props[] = {
	{ .name = "date_string", .type = "str", .def = "\"\"" },
	{ .name = "input_format",
	  .type = "enum(nodetool.nodes.lib.date.DateFormat:%Y-%m-%d|%m/%d/%Y|%d/%m/%Y|%B %d, "
		  "%Y|%Y%m%d|%Y%m%d_%H%M%S|%Y-%m-%dT%H:%M:%S|%Y-%m-%dT%H:%M:%S%z|%Y-%m-%dT%H:%M:%S%z)",
	  .def = "\"%Y-%m-%d\"" },
	{ 0 },
};

static const struct node_prop parse_date_time_props[] = {
	{ .name = "datetime_string", .type = "str", .def = "\"\"" },
	{ .name = "input_format",
	  .type = "enum(nodetool.nodes.lib.date.DateFormat:%Y-%m-%d|%m/%d/%Y|%d/%m/%Y|%B %d, "
		  "%Y|%Y%m%d|%Y%m%d_%H%M%S|%Y-%m-%dT%H:%M:%S|%Y-%m-%dT%H:%M:%S%z|%Y-%m-%dT%H:%M:%S%z)",
	  .def = "\"%Y-%m-%d\"" },
	{ 0 },
};

static const struct node_prop add_time_delta_props[] = {
	{ .name = "input_datetime", .type = "datetime", .def = DATETIME_DEFAULT },
	{ .name = "days", .type = "int", .def = "0", .min = "-3650.0", .max = "3650.0" },
	{ .name = "hours", .type = "int", .def = "0", .min = "-24.0", .max = "24.0" },
	{ .name = "minutes", .type = "int", .def = "0", .min = "-60.0", .max = "60.0" },
	{ 0 },
};

static const struct node_prop date_difference_props[] = {
	{ .name = "start_date", .type = "datetime", .def = DATETIME_DEFAULT },
	{ .name = "end_date", .type = "datetime", .def = DATETIME_DEFAULT },
	{ 0 },
};

static const struct node_slot date_difference_outputs[] = {
	{ .name = "total_seconds", .type = "int" }, { .name = "days", .type = "int" },
	{ .name = "hours", .type = "int" },         { .name = "minutes", .type = "int" },
	{ .name = "seconds", .type = "int" },       { 0 },
};

static const struct node_prop format_date_time_props[] = {
	{ .name = "input_datetime", .type = "datetime", .def = DATETIME_DEFAULT },
	{ .name = "output_format",
	  .type = "enum(nodetool.nodes.lib.date.DateFormat:%Y-%m-%d|%m/%d/%Y|%d/%m/%Y|%B %d, "
		  "%Y|%Y%m%d|%Y%m%d_%H%M%S|%Y-%m-%dT%H:%M:%S|%Y-%m-%dT%H:%M:%S%z|%Y-%m-%dT%H:%M:%S%z)",
	  .def = "\"%B %d, %Y\"" },
	{ 0 },
};

static const struct node_slot format_date_time_outputs[] = {
	{ .name = "output", .type = "str" },
	{ 0 },
};

static const struct node_prop get_weekday_props[] = {
	{ .name = "input_datetime", .type = "datetime", .def = DATETIME_DEFAULT },
	{ .name = "as_name", .type = "bool", .def = "true" },
	{ 0 },
};

static const struct node_slot get_weekday_outputs[] = {
	{ .name = "output", .type = "union[str,int]" },
	{ 0 },
};

static const struct node_prop date_range_props[] = {
	{ .name = "start_date", .type = "datetime", .def = DATETIME_DEFAULT },
	{ .name = "end_date", .type = "datetime", .def = DATETIME_DEFAULT },
	{ .name = "step_days", .type = "int", .def = "1" },
	{ 0 },
};

static const struct node_slot date_range_outputs[] = {
	{ .name = "output", .type = "list[datetime]" },
	{ 0 },
};

static const struct node_prop is_date_in_range_props[] = {
	{ .name = "check_date", .type = "datetime", .def = DATETIME_DEFAULT },
	{ .name = "start_date", .type = "datetime", .def = DATETIME_DEFAULT },
	{ .name = "end_date", .type = "datetime", .def = DATETIME_DEFAULT },
	{ .name = "inclusive", .type = "bool", .def = "true" },
	{ 0 },
};

static const struct node_slot is_date_in_range_outputs[] = {
	{ .name = "output", .type = "bool" },
	{ 0 },
};

static const struct node_prop get_quarter_props[] = {
	{ .name = "input_datetime", .type = "datetime", .def = DATETIME_DEFAULT },
	{ 0 },
};

static const struct node_slot get_quarter_outputs[] = {
	{ .name = "quarter", .type = "int" },
	{ .name = "quarter_start", .type = "datetime" },
	{ .name = "quarter_end", .type = "datetime" },
	{ 0 },
};

static const struct node_prop date_to_datetime_props[] = {
	{ .name = "input_date", .type = "date", .def = "{\"type\": \"date\", \"year\": 0, \"month\": 0, \"day\": 0}" },
	{ 0 },
};

static const struct node_prop relative_time_props[] = {
	{ .name = "amount", .type = "int", .def = "1", .min = "0.0" },
	{ .name = "unit", .type = "enum(nodetool.nodes.lib.date.TimeUnitType:hours|days|months)", .def = "\"days\"" },
	{ .name = "direction", .type = "enum(nodetool.nodes.lib.date.TimeDirection:past|future)", .def = "\"future\"" },
	{ 0 },
};

static const struct node_prop boundary_time_props[] = {
	{ .name = "input_datetime", .type = "datetime", .def = DATETIME_DEFAULT },
	{ .name = "period", .type = "enum(nodetool.nodes.lib.date.PeriodType:day|week|month|year)", .def = "\"day\"" },
	{ .name = "boundary", .type = "enum(nodetool.nodes.lib.date.BoundaryType:start|end)", .def = "\"start\"" },
	{ .name = "start_monday", .type = "bool", .def = "true" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "lib.date.Today",
		.title = "Today",
		.description = "Gives the server's current date.",
		.props = no_props,
		.outputs = today_outputs,
		.flags = NODE_TOOL,
		.process = today,
	},
	{
		.type = "lib.date.Now",
		.title = "Now",
		.description = "Gives the current moment in UTC.",
		.props = no_props,
		.outputs = now_outputs,
		.flags = NODE_TOOL,
		.process = now,
	},
	{
		.type = "lib.date.ParseDate",
		.title = "Parse Date",
		.description = "Reads a date from a text in one of the offered formats.",
		.props = parse_date_props,
		.outputs = today_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = parse_date,
	},
	{
		.type = "lib.date.ParseDateTime",
		.title = "Parse Date Time",
		.description = "Reads a date with its time from a text in one of the offered formats.",
		.props = parse_date_time_props,
		.outputs = now_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = parse_datetime,
	},
	{
		.type = "lib.date.AddTimeDelta",
		.title = "Add Time Delta",
		.description = "Moves a datetime by days, hours and minutes.",
		.props = add_time_delta_props,
		.outputs = now_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = add_time_delta,
	},
	{
		.type = "lib.date.DateDifference",
		.title = "Date Difference",
		.description = "Measures the time from one datetime to another.",
		.props = date_difference_props,
		.outputs = date_difference_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = date_difference,
	},
	{
		.type = "lib.date.FormatDateTime",
		.title = "Format Date Time",
		.description = "Writes a datetime as text in one of the offered formats.",
		.props = format_date_time_props,
		.outputs = format_date_time_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = format_datetime,
	},
	{
		.type = "lib.date.GetWeekday",
		.title = "Get Weekday",
		.description = "Gives the weekday of a datetime by name or as a number from Monday (0).",
		.props = get_weekday_props,
		.outputs = get_weekday_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = get_weekday,
	},
	{
		.type = "lib.date.DateRange",
		.title = "Date Range",
		.description = "Lists the datetimes from a start to an end in steps of days.",
		.props = date_range_props,
		.outputs = date_range_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = date_range,
	},
	{
		.type = "lib.date.IsDateInRange",
		.title = "Is Date In Range",
		.description = "Tells whether a datetime lies between two others.",
		.props = is_date_in_range_props,
		.outputs = is_date_in_range_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = is_date_in_range,
	},
	{
		.type = "lib.date.GetQuarter",
		.title = "Get Quarter",
		.description = "Gives the quarter of a date with its first and last day.",
		.props = get_quarter_props,
		.outputs = get_quarter_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = get_quarter,
	},
	{
		.type = "lib.date.DateToDatetime",
		.title = "Date To Datetime",
		.description = "Turns a date into the midnight at which it begins.",
		.props = date_to_datetime_props,
		.outputs = now_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = date_to_datetime,
	},
	{
		.type = "lib.date.DatetimeToDate",
		.title = "Datetime To Date",
		.description = "Keeps the date of a datetime.",
		.props = get_quarter_props,
		.outputs = today_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = datetime_to_date,
	},
	{
		.type = "lib.date.RelativeTime",
		.title = "Relative Time",
		.description = "Gives the moment a number of hours, days or months from now.",
		.props = relative_time_props,
		.outputs = now_outputs,
		.flags = NODE_TOOL,
		.process = relative_time,
	},
	{
		.type = "lib.date.BoundaryTime",
		.title = "Boundary Time",
		.description = "Moves a datetime to the start or end of its day, week, month or year.",
		.props = boundary_time_props,
		.outputs = now_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = boundary_time,
	},
};

NODE_TABLE(nodes_lib_date, types);
