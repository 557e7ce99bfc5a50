/* Values of lib.sqlite in and out of the database. */
#include "wsd/nodes/sqlite_value.h"
#include "wsd/nodes/pyjson.h"

int sqlite_bind_value(sqlite3_stmt *stmt, int i, const struct value *v, bool as_json, struct err *err)
{
	struct buf json;
	int code = SQLITE_OK;

	switch (value_kind(v)) {
	case VALUE_NULL:
		return sqlite3_bind_null(stmt, i);
	case VALUE_BOOL:
	case VALUE_INT:
		return sqlite3_bind_int64(stmt, i, value_as_int(v));
	case VALUE_FLOAT:
		return sqlite3_bind_double(stmt, i, value_as_float(v));
	case VALUE_STR:
		return sqlite3_bind_text64(stmt, i, value_text(v), value_len(v), SQLITE_TRANSIENT, SQLITE_UTF8);
	case VALUE_BYTES:
		return sqlite3_bind_blob64(stmt, i, value_text(v), value_len(v), SQLITE_TRANSIENT);
	case VALUE_LIST:
	case VALUE_MAP:
		if (!as_json)
			return err_set(err, 400, "parameter %d is neither text nor a number", i);
		buf_init(&json, BUF_MAX_BODY);
		if (pyjson_write(&json, v, -1, err))
			code = -1;
		else
			code = sqlite3_bind_text64(stmt, i, json.data, json.len, SQLITE_TRANSIENT, SQLITE_UTF8);
		buf_free(&json);
		return code;
	default:
		return err_set(err, 400, "value %d does not fit a column", i);
	}
}

/* A text that is JSON becomes what it says. */
static struct value *text_value(const char *text, size_t len)
{
	struct err err;
	struct value *v = pyjson_parse(text, len, &err);

	return v ? v : value_strn(text, len);
}

struct value *sqlite_column_value(sqlite3_stmt *stmt, int i)
{
	switch (sqlite3_column_type(stmt, i)) {
	case SQLITE_INTEGER:
		return value_int(sqlite3_column_int64(stmt, i));
	case SQLITE_FLOAT:
		return value_float(sqlite3_column_double(stmt, i));
	case SQLITE_TEXT:
		return text_value((const char *)sqlite3_column_text(stmt, i), (size_t)sqlite3_column_bytes(stmt, i));
	case SQLITE_BLOB:
		return value_bytes(sqlite3_column_blob(stmt, i), (size_t)sqlite3_column_bytes(stmt, i));
	default:
		return value_null();
	}
}

bool sqlite_valid_texts(sqlite3_stmt *stmt)
{
	for (int i = 0; i < sqlite3_column_count(stmt); i++) {
		if (sqlite3_column_type(stmt, i) == SQLITE_TEXT &&
		    !utf8_valid((const char *)sqlite3_column_text(stmt, i), (size_t)sqlite3_column_bytes(stmt, i)))
			return false;
	}
	return true;
}
