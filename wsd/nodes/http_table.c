/* CSV, TSV and JSON files as data frames of the asked columns, with values of the asked types. */
#include "wsd/nodes/http_table.h"
#include "value/pyform.h"
#include "wsd/nodes/csv.h"
#include "wsd/nodes/datetime.h"
#include "wsd/nodes/encoding.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/pyjson.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- values ------------------------------------------------------------------------------------------- */

static bool number_of(const struct value *v, double *out)
{
	struct err err;

	if (value_kind(v) == VALUE_STR)
		return pyform_float_of(value_sv(v), out);
	return pyform_is_number(v) && !pyform_to_double(v, out, &err);
}

static struct value *as_int(const struct value *v)
{
	double d;

	if (!number_of(v, &d) || !isfinite(d) || fabs(d) >= 9e18)
		return value_null();
	return value_int((int64_t)d);
}

static struct value *as_float(const struct value *v)
{
	double d;

	return number_of(v, &d) ? value_float(d) : value_null();
}

/* The ISO form that datetime.isoformat gives. */
static struct value *iso_value(const struct datetime *dt, bool zone)
{
	struct buf text;

	buf_init(&text, BUF_MAX_SMALL);
	buf_printf(&text, "%04d-%02d-%02dT%02d:%02d:%02d", dt->year, dt->month, dt->day, dt->hour, dt->minute,
		   dt->second);
	if (dt->micro)
		buf_printf(&text, ".%06d", dt->micro);
	if (zone) {
		int minutes = (int)(dt->offset / (60 * DT_SECOND));

		buf_printf(&text, "%c%02d:%02d", minutes < 0 ? '-' : '+', abs(minutes) / 60, abs(minutes) % 60);
	}
	return buf_to_value(&text);
}

/* A text in one of the ISO forms; anything else stays as it is. */
static struct value *iso_text(struct value *v)
{
	static const struct {
		const char *format;
		bool zone;
	} forms[] = { { "%Y-%m-%d", false },           { "%Y-%m-%dT%H:%M:%S%z", true },
		      { "%Y-%m-%d %H:%M:%S%z", true }, { "%Y-%m-%dT%H:%M:%S", false },
		      { "%Y-%m-%d %H:%M:%S", false },  { "%Y-%m-%dT%H:%M", false },
		      { "%Y-%m-%d %H:%M", false },     { "%Y%m%d", false } };
	struct datetime dt;
	struct err err;

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		if (!dt_parse(value_text(v), value_len(v), forms[i].format, &dt, &err))
			return iso_value(&dt, forms[i].zone);
	}
	return value_ref(v);
}

static struct value *as_datetime(struct value *v)
{
	struct datetime dt;
	double d = value_as_float(v);

	if (value_kind(v) == VALUE_STR)
		return iso_text(v);
	if (!pyform_is_number(v) || !(fabs(d) < 2e11))
		return value_ref(v);
	dt_from_unix((int64_t)nearbyint(d * 1e6), &dt);
	return dt_valid(&dt) ? iso_value(&dt, true) : value_ref(v);
}

/* The value in the column's type; null when it makes none. */
static struct value *cast(struct value *v, const char *type)
{
	bool text_like = strcmp(type, "string") == 0 || strcmp(type, "object") == 0;

	if (value_is_null(v) || (value_kind(v) == VALUE_STR && !value_len(v) && !text_like))
		return value_null();
	if (strcmp(type, "int") == 0)
		return as_int(v);
	if (strcmp(type, "float") == 0)
		return as_float(v);
	if (strcmp(type, "datetime") == 0)
		return as_datetime(v);
	return strcmp(type, "string") == 0 ? pyform_str_value(v) : value_ref(v);
}

/* ---- tables ------------------------------------------------------------------------------------------- */

/* A list of rows whose first holds the names; of records (maps) the names are those of the first one. */
static struct value *rows_of_json(struct value *json, struct err *err)
{
	struct value *first = list_at(json, 0);
	struct value *rows;
	struct value *header;
	struct sv key;

	if (value_kind(json) != VALUE_LIST || !first ||
	    (value_kind(first) != VALUE_MAP && value_kind(first) != VALUE_LIST) || !value_len(first)) {
		err_set(err, 400, "the file holds no list of records or rows");
		return NULL;
	}
	if (value_kind(first) == VALUE_LIST)
		return value_ref(json);
	rows = value_list();
	header = value_list();
	for (size_t i = 0; map_entry(first, i, &key, NULL); i++)
		list_push(header, value_strn(key.p, key.n));
	list_push(rows, header);
	for (size_t i = 0; i < value_len(json); i++) {
		struct value *row = value_list();

		for (size_t k = 0; k < value_len(header); k++) {
			struct value *v = map_getn(list_at(json, i), value_text(list_at(header, k)),
						   value_len(list_at(header, k)));

			list_push(row, v ? value_ref(v) : value_null());
		}
		list_push(rows, row);
	}
	return rows;
}

static struct value *read_rows(struct node_ctx *ctx, struct sv text, struct err *err)
{
	const char *format = node_text(ctx, "file_format");
	struct sv delimiter = strcmp(format, "tsv") == 0 ? SV_LIT("\t") : node_sv(ctx, "delimiter");
	struct value *rows;
	struct value *json;
	size_t at = 0;
	uint32_t cp;

	if (strcmp(format, "json") == 0) {
		json = pyjson_parse(text.p, text.n, err);
		rows = json ? rows_of_json(json, err) : NULL;
		value_unref(json);
		return rows;
	}
	cp = delimiter.n ? utf8_decode(delimiter.p, delimiter.n, &at) : 0;
	if (!delimiter.n || at != delimiter.n) {
		err_set(err, 400, "delimiter must be one character");
		return NULL;
	}
	rows = csv_parse(text, cp, err);
	if (rows && !value_len(rows)) {
		value_unref(rows);
		err_set(err, 400, "the file is empty");
		return NULL;
	}
	return rows;
}

/* Where the name stands in the header, the last of several; -1 when nowhere. */
static int64_t find_column(const struct value *header, const struct value *name)
{
	for (size_t i = value_len(header); i-- > 0;) {
		if (value_equal(list_at(header, i), name))
			return (int64_t)i;
	}
	return -1;
}

static struct value *pick(const struct value *rows, const struct value *columns)
{
	struct value *data = value_list();
	size_t count = value_len(columns);
	int64_t *places = xcalloc(count + 1, sizeof(*places));

	for (size_t k = 0; k < count; k++)
		places[k] = find_column(list_at(rows, 0), map_get(list_at(columns, k), "name"));
	for (size_t i = 1; i < value_len(rows); i++) {
		struct value *row = value_list();

		for (size_t k = 0; k < count; k++) {
			struct value *v = places[k] < 0 ? NULL : list_at(list_at(rows, i), (size_t)places[k]);

			list_push(row, v ? cast(v, map_str(list_at(columns, k), "data_type", "")) : value_null());
		}
		list_push(data, row);
	}
	free(places);
	return data;
}

enum node_result http_table(struct node_ctx *ctx, const struct fetch_result *result)
{
	struct value *columns = map_get(node_get(ctx, "columns"), "columns");
	struct sv body = { result->body.data ? result->body.data : "", result->body.len };
	struct value *rows = NULL;
	struct value *frame;
	struct buf text;
	struct err err;

	buf_init(&text, BUF_MAX_RESPONSE);
	if (text_decode(&text, body, node_text(ctx, "encoding"), &err)) {
		buf_free(&text);
		return node_fail(ctx, "encoding: %s", err.detail);
	}
	if (value_len(columns))
		rows = read_rows(ctx, (struct sv){ text.data ? text.data : "", text.len }, &err);
	buf_free(&text);
	if (value_len(columns) && !rows)
		return node_fail(ctx, "the table: %s", err.detail);
	frame = asset_new("dataframe");
	map_set(frame, "columns", value_len(columns) ? value_ref(columns) : value_list());
	map_set(frame, "data", rows ? pick(rows, columns) : value_list());
	value_unref(rows);
	return done(ctx, frame);
}
