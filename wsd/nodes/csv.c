/* Delimiter-separated values. */
#include "wsd/nodes/csv.h"

#include <string.h>

struct reader {
	struct value *rows;
	struct value *row;
	struct buf field;
	bool started; /* the row has a field, even an empty one */
};

static void end_field(struct reader *r)
{
	list_push(r->row, value_strn(r->field.data ? r->field.data : "", r->field.len));
	buf_reset(&r->field);
}

static void end_row(struct reader *r)
{
	if (r->started)
		end_field(r);
	list_push(r->rows, r->row);
	r->row = value_list();
	r->started = false;
}

/* A quoted field from behind its first quote; returns behind its last one, which may be missing. */
static size_t quoted(struct reader *r, struct sv text, size_t at)
{
	while (at < text.n) {
		if (text.p[at] != '"') {
			buf_addc(&r->field, text.p[at++]);
		} else if (at + 1 < text.n && text.p[at + 1] == '"') {
			buf_addc(&r->field, '"');
			at += 2;
		} else {
			return at + 1;
		}
	}
	return at;
}

struct value *csv_parse(struct sv text, uint32_t delimiter, struct err *err)
{
	struct reader r = { .rows = value_list(), .row = value_list() };
	char mark[4];
	size_t mark_len = utf8_encode(delimiter, mark);
	size_t at = 0;
	bool begin = true; /* of a field: a quote opens here only */

	buf_init(&r.field, BUF_MAX_BODY);
	while (at < text.n) {
		if (begin && text.p[at] == '"') {
			r.started = true;
			at = quoted(&r, text, at + 1);
			begin = false;
		} else if (text.n - at >= mark_len && memcmp(text.p + at, mark, mark_len) == 0) {
			r.started = true;
			end_field(&r);
			at += mark_len;
			begin = true;
		} else if (text.p[at] == '\n' || text.p[at] == '\r') {
			at += text.p[at] == '\r' && at + 1 < text.n && text.p[at + 1] == '\n' ? 2 : 1;
			end_row(&r);
			begin = true;
		} else {
			r.started = true;
			begin = false;
			buf_addc(&r.field, text.p[at++]);
		}
	}
	if (r.started)
		end_row(&r);
	value_unref(r.row);
	if (r.field.failed) {
		err_set(err, 413, "a field is too long");
		value_unref(r.rows);
		r.rows = NULL;
	}
	buf_free(&r.field);
	return r.rows;
}
