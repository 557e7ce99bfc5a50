/* Rows of any table: reading, binding, the etag, the JSON of one column. */
#include "model/model.h"

#include <stdio.h>
#include <string.h>

#define ETAG_BUFFER ((size_t)64 << 20)

static struct sv number_text(struct arena *arena, const char *text)
{
	return sv_of(arena_strdup(arena, text));
}

static struct sv lend_column(struct db_stmt *st, int i, enum column_kind kind, struct arena *arena)
{
	char text[JSON_FLOAT_MAX];

	if (db_col_null(st, i))
		return (struct sv){ 0 };
	switch (kind) {
	case COLUMN_BOOL:
		return db_col_int(st, i) ? SV_LIT("true") : SV_LIT("false");
	case COLUMN_INT:
		snprintf(text, sizeof(text), "%lld", (long long)db_col_int(st, i));
		return number_text(arena, text);
	case COLUMN_REAL:
		json_float(db_col_real(st, i), text);
		return number_text(arena, text);
	default:
		return db_col_sv(st, i);
	}
}

void row_lend(struct db_stmt *st, const struct column *columns, size_t count, struct arena *arena, struct sv *row)
{
	for (size_t i = 0; i < count; i++)
		row[i] = lend_column(st, (int)i, columns[i].kind, arena);
}

void row_read(struct db_stmt *st, const struct column *columns, size_t count, struct arena *arena, struct sv *row)
{
	row_lend(st, columns, count, arena, row);
	for (size_t i = 0; i < count; i++) {
		if (row[i].p && columns[i].kind <= COLUMN_JSON_MAP)
			row[i].p = arena_strndup(arena, row[i].p, row[i].n);
	}
}

void row_bind(struct db_stmt *st, const struct column *columns, size_t count, const struct sv *row)
{
	for (size_t i = 0; i < count; i++) {
		/* Numbers are stored as numbers: the columns' affinity turns their text into one. */
		if (row[i].p && columns[i].kind == COLUMN_BOOL)
			db_bind_int(st, (int)i + 1, sv_eq(row[i], "true"));
		else
			db_bind_sv(st, (int)i + 1, row[i]);
	}
}

static void etag_json(struct buf *out, struct sv text, struct value *parsed)
{
	struct json_error error;
	struct value *v = parsed ? value_ref(parsed) : json_parse(text.p, text.n, &error);

	/* A column that is no JSON (nobody writes that): any text that changes with it will do. */
	if (v)
		json_write(out, v, JSON_SPACED | JSON_ASCII | JSON_SORTED | JSON_NAN_WORDS);
	else
		json_write_str(out, text.p, text.n, JSON_ASCII);
	value_unref(v);
}

static void etag_time(struct buf *out, struct sv text)
{
	char copy[TIME_TEXT_MAX];

	if (text.n > 10 && text.n < sizeof(copy)) {
		memcpy(copy, text.p, text.n);
		if (copy[10] == 'T')
			copy[10] = ' ';
		text.p = copy;
	}
	json_write_str(out, text.p, text.n, JSON_ASCII);
}

static void etag_column(struct buf *out, enum column_kind kind, struct sv text, struct value *parsed)
{
	if (!text.p) {
		buf_adds(out, kind == COLUMN_JSON_MAP ? "{}" : "null");
		return;
	}
	switch (kind) {
	case COLUMN_TEXT:
		json_write_str(out, text.p, text.n, JSON_ASCII);
		break;
	case COLUMN_TIME:
		etag_time(out, text);
		break;
	case COLUMN_JSON:
	case COLUMN_JSON_MAP:
		etag_json(out, text, parsed);
		break;
	default:
		buf_add(out, text.p, text.n);
	}
}

void row_etag(const struct column *columns, size_t count, const struct sv *row, struct value *const *parsed,
	      char out[ETAG_SIZE])
{
	struct buf text;

	buf_init(&text, ETAG_BUFFER);
	for (size_t i = 0; i < count; i++) {
		buf_printf(&text, "%s\"%s\": ", i ? ", " : "{", columns[i].name);
		etag_column(&text, columns[i].kind, row[i], parsed ? parsed[i] : NULL);
	}
	buf_addc(&text, '}');
	md5_hex(text.data, text.len, out);
	buf_free(&text);
}

void row_json(struct buf *out, const char *name, enum column_kind kind, struct sv value, const char *if_null)
{
	buf_printf(out, "\"%s\":", name);
	if (!value.p)
		buf_adds(out, if_null);
	else if (kind == COLUMN_TEXT || kind == COLUMN_TIME)
		json_write_str(out, value.p, value.n, JSON_COMPACT);
	else
		buf_add(out, value.p, value.n);
}

struct sv row_now(struct arena *arena)
{
	static int64_t last;
	char text[TIME_TEXT_MAX];
	int64_t now = time_now_us();

	last = now > last ? now : last + 1;
	return sv_of(arena_strdup(arena, time_local(last, 'T', text)));
}
