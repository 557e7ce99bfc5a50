/* CSV to data frames as pandas' read_csv does it, and back. */
#include "wsd/nodes/frame_csv.h"

#include "value/pyform.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 100000
#define SIDE_BLOCK  ((size_t)64 << 10)

/* Fields point into the text. Those that are written differently there (doubled quotes) go to blocks beside it. */
struct reader {
	const char *at;
	const char *end;
	size_t text_len;
	struct value *keep;
	char *side;
	size_t side_used;
	size_t side_size;
	struct sv *row; /* the fields of one line */
	size_t row_count;
	size_t row_room;
	struct sv **cells; /* by column */
	size_t width;
	size_t rows;
	size_t room;
	struct err *err;
};

static char *side_room(struct reader *r, size_t len)
{
	if (!r->side || r->side_size - r->side_used < len) {
		if (r->side)
			list_push(r->keep, value_bytes_take(r->side, r->side_size));
		r->side_size = len > SIDE_BLOCK ? len : SIDE_BLOCK;
		r->side = xcalloc(1, r->side_size + 1);
		r->side_used = 0;
	}
	return r->side + r->side_used;
}

static int row_push(struct reader *r, struct sv field)
{
	if (r->row_count == COLUMNS_MAX)
		return err_set(r->err, 400, "more than %d columns", COLUMNS_MAX);
	if (r->row_count == r->row_room) {
		r->row_room = r->row_room ? r->row_room * 2 : 16;
		r->row = xrealloc(r->row, r->row_room * sizeof(*r->row));
	}
	r->row[r->row_count++] = field;
	return 0;
}

static bool field_ends(char c)
{
	return c == ',' || c == '\n' || c == '\r';
}

/* From behind the opening quote. What follows the closing quote belongs to the field too. */
static int quoted_field(struct reader *r, struct sv *out)
{
	const char *begin = r->at;
	const char *close = memchr(begin, '"', (size_t)(r->end - begin));
	bool quoted = true;
	char *to;

	if (close && (close + 1 == r->end || field_ends(close[1]))) {
		*out = (struct sv){ begin, (size_t)(close - begin) };
		r->at = close + 1;
		return 0;
	}
	for (close = begin; close < r->end && (quoted || !field_ends(*close)); close++)
		quoted = *close == '"' ? !quoted : quoted; /* a doubled quote closes and opens again */
	if (quoted)
		return err_set(r->err, 400, "line %zu has a quoted field that does not end", r->rows + 1);
	to = side_room(r, (size_t)(close - begin));
	*out = (struct sv){ to, 0 };
	quoted = true;
	for (; r->at < close; r->at++) {
		if (quoted && *r->at == '"') {
			quoted = r->at + 1 < close && r->at[1] == '"';
			if (!quoted)
				continue;
			r->at++;
		}
		to[out->n++] = *r->at;
	}
	r->side_used += out->n;
	return 0;
}

/* One line; blank lines give no fields. 1, 0 at the end of the text, -1 with the reason. */
static int read_row(struct reader *r)
{
	const char *start;
	struct sv field;

	r->row_count = 0;
	if (r->at == r->end)
		return 0;
	for (start = r->at; start < r->end && (*start == ' ' || *start == '\t'); start++)
		;
	if (start == r->end || *start == '\n' || *start == '\r') {
		r->at = start < r->end ? start + 1 : start;
		return 1;
	}
	for (;;) {
		if (r->at < r->end && *r->at == '"') {
			r->at++;
			if (quoted_field(r, &field) != 0)
				return -1;
		} else {
			start = r->at;
			while (r->at < r->end && !field_ends(*r->at))
				r->at++;
			field = (struct sv){ start, (size_t)(r->at - start) };
		}
		if (row_push(r, field) != 0)
			return -1;
		if (r->at == r->end)
			return 1;
		if (*r->at++ != ',')
			return 1;
	}
}

/* Adds the line to the columns; short ones are filled with empty fields. */
static int add_row(struct reader *r)
{
	if (r->row_count > r->width)
		return err_set(r->err, 400, "expected %zu fields in row %zu, saw %zu", r->width, r->rows + 1,
			       r->row_count);
	if (r->rows == r->room) {
		r->room = r->room ? r->room * 2 : 256;
		if (r->room > FRAME_ROWS_MAX || r->width * r->rows > 16 * r->text_len + (1 << 20))
			return err_set(r->err, 400, "too many rows, or too many fields are missing");
		for (size_t k = 0; k < r->width; k++)
			r->cells[k] = xrealloc(r->cells[k], r->room * sizeof(**r->cells));
	}
	for (size_t k = 0; k < r->row_count; k++)
		r->cells[k][r->rows] = r->row[k];
	for (size_t k = r->row_count; k < r->width; k++)
		r->cells[k][r->rows] = (struct sv){ "", 0 };
	r->rows++;
	return 0;
}

/* ---- names -------------------------------------------------------------------------------------------- */

static struct value *free_name(struct sv name, const struct value *used)
{
	for (size_t i = 1;; i++) {
		struct value *next = value_strf("%.*s.%zu", (int)name.n, name.p, i);

		if (!map_getn(used, value_text(next), value_len(next)))
			return next;
		value_unref(next);
	}
}

/* Empty names are "Unnamed: <column>", repeated ones get ".1", ".2" … */
static struct value *read_names(const struct reader *r)
{
	struct value *names = value_list();
	struct value *all = value_map();
	struct value *used = value_map();

	for (size_t i = 0; i < r->row_count; i++) {
		struct sv field = r->row[i];
		struct value *name = field.n ? value_strn(field.p, field.n) : value_strf("Unnamed: %zu", i);

		list_push(names, name);
		map_setn(all, value_text(name), value_len(name), value_null());
	}
	for (size_t i = 0; i < r->row_count; i++) {
		struct sv name = value_sv(list_at(names, i));

		if (map_getn(used, name.p, name.n))
			list_set(names, i, free_name(name, all));
		name = value_sv(list_at(names, i));
		map_setn(used, name.p, name.n, value_null());
		map_setn(all, name.p, name.n, value_null());
	}
	value_unref(used);
	value_unref(all);
	return names;
}

/* ---- all of it ---------------------------------------------------------------------------------------- */

/* Columns to the left of the names label the rows: one as it is, several as tuples. */
static struct frame_col *row_labels(struct frame_col **cols, size_t count, size_t rows)
{
	struct frame_col *labels;

	if (count == 1)
		return frame_col_ref(cols[0]);
	labels = frame_col_new(FRAME_ANY, rows);
	for (size_t i = 0; i < rows; i++) {
		labels->v[i] = value_list();
		list_mark_tuple(labels->v[i]);
		for (size_t k = 0; k < count; k++)
			list_push(labels->v[i], frame_cell(cols[k], i));
	}
	return labels;
}

static struct frame *to_frame(struct reader *r, const struct value *names)
{
	size_t extra = r->width - value_len(names);
	struct frame *frame = frame_new(r->rows);
	struct frame_col **cols = xcalloc(r->width + 1, sizeof(struct frame_col *));

	for (size_t k = 0; k < r->width; k++) {
		cols[k] = frame_csv_column(r->cells[k], r->rows, r->keep);
		free(r->cells[k]);
		r->cells[k] = NULL;
	}
	if (extra)
		frame->index = row_labels(cols, extra, r->rows);
	for (size_t k = 0; k < r->width; k++) {
		if (k < extra)
			frame_col_unref(cols[k]);
		else
			frame_add(frame, value_ref(list_at(names, k - extra)), cols[k]);
	}
	free(cols);
	return frame;
}

static int read_all(struct reader *r, struct value **names)
{
	int more;

	while ((more = read_row(r)) == 1) {
		if (!r->row_count)
			continue;
		if (!*names) {
			*names = read_names(r);
			continue;
		}
		if (!r->cells) {
			r->width = r->row_count > value_len(*names) ? r->row_count : value_len(*names);
			r->cells = xcalloc(r->width, sizeof(struct sv *));
		}
		if (add_row(r) != 0)
			return -1;
	}
	if (more == 0 && !*names)
		return err_set(r->err, 400, "there are no columns in it");
	return more;
}

struct frame *frame_read_csv(struct value *text, struct err *err)
{
	struct reader r = { .at = value_text(text), .text_len = value_len(text), .keep = value_list(), .err = err };
	struct value *names = NULL;
	struct frame *frame = NULL;

	list_push(r.keep, value_ref(text));
	r.end = r.at + r.text_len;
	if (r.text_len >= 3 && memcmp(r.at, "\xef\xbb\xbf", 3) == 0)
		r.at += 3;
	if (read_all(&r, &names) == 0) {
		if (!r.cells) {
			r.width = value_len(names);
			r.cells = xcalloc(r.width, sizeof(struct sv *));
		}
		if (r.side)
			list_push(r.keep, value_bytes_take(r.side, r.side_size));
		r.side = NULL;
		frame = to_frame(&r, names);
	}
	for (size_t k = 0; r.cells && k < r.width; k++)
		free(r.cells[k]);
	free(r.cells);
	free(r.row);
	free(r.side);
	value_unref(names);
	value_unref(r.keep);
	return frame;
}

/* ---- writing ------------------------------------------------------------------------------------------ */

static int write_field(struct buf *out, struct sv text, bool alone)
{
	bool quote = alone && !text.n;

	for (size_t i = 0; i < text.n && !quote; i++)
		quote = text.p[i] == '"' || field_ends(text.p[i]);
	if (!quote)
		return buf_add(out, text.p, text.n);
	buf_addc(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"')
			buf_addc(out, '"');
		buf_addc(out, text.p[i]);
	}
	return buf_addc(out, '"');
}

static int write_cell(struct buf *out, const struct frame_col *col, size_t row, bool alone)
{
	struct value *cell;
	struct value *text;
	int rc;

	if (frame_cell_missing(col, row))
		return write_field(out, (struct sv){ "", 0 }, alone);
	if (col->kind == FRAME_INT)
		return buf_printf(out, "%lld", (long long)col->i[row]);
	if (col->kind == FRAME_TEXT)
		return write_field(out, col->t[row], alone);
	cell = frame_cell(col, row);
	text = pyform_str_value(cell);
	rc = text ? write_field(out, value_sv(text), alone) : -1;
	value_unref(text);
	value_unref(cell);
	return rc;
}

int frame_write_csv(struct buf *out, const struct frame *frame)
{
	int rc = 0;

	for (size_t k = 0; k < frame->count; k++) {
		if (k)
			buf_addc(out, ',');
		rc |= write_field(out, value_sv(frame->names[k]), frame->count == 1);
	}
	buf_addc(out, '\n');
	for (size_t i = 0; i < frame->rows && rc == 0; i++) {
		for (size_t k = 0; k < frame->count; k++) {
			if (k)
				buf_addc(out, ',');
			rc |= write_cell(out, frame->cols[k], i, frame->count == 1);
		}
		rc |= buf_addc(out, '\n');
	}
	return rc;
}
