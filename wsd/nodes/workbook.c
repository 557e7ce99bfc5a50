/* Workbooks: sheets, cells, ranges. */
#include "wsd/nodes/workbook.h"

#include "wsd/nodes/helper.h"

#include <stdlib.h>
#include <string.h>

struct workbook *book_new(void)
{
	return xcalloc(1, sizeof(struct workbook));
}

void book_free(struct workbook *book)
{
	if (!book)
		return;
	for (size_t s = 0; s < book->count; s++) {
		struct workbook_sheet *sheet = &book->sheets[s];

		for (size_t r = 0; r < sheet->count; r++) {
			for (size_t c = 0; c < sheet->rows[r].count; c++)
				value_unref(sheet->rows[r].cells[c].v);
			free(sheet->rows[r].cells);
		}
		free(sheet->rows);
		free(sheet->widths);
		free(sheet->name);
	}
	free(book->sheets);
	free(book);
}

static void *copy_of(const void *from, size_t count, size_t size)
{
	void *to = xcalloc(count + 1, size);

	if (count)
		memcpy(to, from, count * size);
	return to;
}

struct workbook *book_copy(const struct workbook *book)
{
	struct workbook *out = book_new();

	out->count = book->count;
	out->sheets = copy_of(book->sheets, book->count, sizeof(*book->sheets));
	for (size_t s = 0; s < out->count; s++) {
		struct workbook_sheet *sheet = &out->sheets[s];

		sheet->name = xstrdup(sheet->name);
		sheet->widths = copy_of(sheet->widths, sheet->width_count, sizeof(*sheet->widths));
		sheet->rows = copy_of(sheet->rows, sheet->count, sizeof(*sheet->rows));
		for (size_t r = 0; r < sheet->count; r++) {
			struct workbook_row *row = &sheet->rows[r];

			row->cells = copy_of(row->cells, row->count, sizeof(*row->cells));
			for (size_t c = 0; c < row->count; c++)
				if (row->cells[c].v)
					value_ref(row->cells[c].v);
		}
	}
	return out;
}

/* ---- as a value --------------------------------------------------------------------------------------- */

static void free_ptr(void *book)
{
	book_free(book);
}

static struct value *to_value(void *book)
{
	struct value *ref = asset_new("excel");
	struct err err;
	struct buf file;
	size_t len;

	buf_init(&file, BUF_MAX_RESPONSE);
	if (book_write(book, &file, &err) == 0 && !file.failed) {
		len = file.len;
		map_set(ref, "data", value_bytes_take(buf_take(&file), len));
	}
	buf_free(&file);
	return ref;
}

static struct value *to_brief(void *book)
{
	struct value *ref = asset_new("excel");
	struct value *metadata = value_map();

	map_set_int(metadata, "sheets", (int64_t)((struct workbook *)book)->count);
	map_set(ref, "metadata", metadata);
	return ref;
}

static const struct value_class workbook_class = { "excel", free_ptr, to_value, to_brief };

struct value *book_value(struct workbook *book)
{
	return value_object(&workbook_class, book);
}

const struct workbook *book_of(const struct value *v)
{
	return value_object_ptr(v, &workbook_class);
}

/* ---- sheets and cells --------------------------------------------------------------------------------- */

struct workbook_sheet *book_sheet(const struct workbook *book, const char *name)
{
	for (size_t s = 0; s < book->count; s++)
		if (strcmp(book->sheets[s].name, name) == 0)
			return &book->sheets[s];
	return NULL;
}

struct workbook_sheet *book_add(struct workbook *book, const char *name, struct err *err)
{
	size_t n = utf8_length(name, strlen(name));
	struct workbook_sheet *sheet;

	if (n < 1 || n > 31) {
		err_set(err, 400, "names of sheets have 1 to 31 characters");
		return NULL;
	}
	if (strpbrk(name, "\\/*?:[]")) {
		err_set(err, 400, "names of sheets hold none of \\ / * ? : [ ]");
		return NULL;
	}
	book->sheets = xrealloc(book->sheets, (book->count + 1) * sizeof(*book->sheets));
	sheet = &book->sheets[book->count++];
	*sheet = (struct workbook_sheet){ .name = xstrdup(name) };
	return sheet;
}

struct workbook_cell *book_cell(struct workbook_sheet *sheet, size_t row, size_t column, struct err *err)
{
	size_t columns = column >= sheet->columns ? column + 1 : sheet->columns;
	size_t rows = row >= sheet->count ? row + 1 : sheet->count;
	struct workbook_row *r;

	if (row >= WORKBOOK_ROWS_MAX || column >= WORKBOOK_COLUMNS_MAX || rows * columns > WORKBOOK_CELLS_MAX) {
		err_set(err, 400, "a sheet cannot have that many cells");
		return NULL;
	}
	if (rows > sheet->count) {
		sheet->rows = xrealloc(sheet->rows, rows * sizeof(*sheet->rows));
		memset(sheet->rows + sheet->count, 0, (rows - sheet->count) * sizeof(*sheet->rows));
		sheet->count = rows;
	}
	sheet->columns = columns;
	r = &sheet->rows[row];
	if (column >= r->count) {
		r->cells = xrealloc(r->cells, columns * sizeof(*r->cells));
		for (; r->count < columns; r->count++)
			r->cells[r->count] =
				(struct workbook_cell){ NULL, false, WORKBOOK_NO_COLOUR, WORKBOOK_NO_COLOUR };
	}
	return &r->cells[column];
}

void book_set_width(struct workbook_sheet *sheet, size_t column, double width)
{
	if (column >= sheet->width_count) {
		sheet->widths = xrealloc(sheet->widths, (column + 1) * sizeof(*sheet->widths));
		while (sheet->width_count <= column)
			sheet->widths[sheet->width_count++] = 0;
	}
	sheet->widths[column] = width;
}

/* One corner: letters, then digits, with or without "$". The place behind it, NULL when it is none. */
static const char *corner(const char *text, size_t at[2])
{
	size_t column = 0;
	size_t row = 0;

	text += *text == '$';
	for (; (*text | 32) >= 'a' && (*text | 32) <= 'z' && column <= WORKBOOK_COLUMNS_MAX; text++)
		column = column * 26 + (size_t)((*text | 32) - 'a' + 1);
	text += *text == '$';
	for (; *text >= '0' && *text <= '9' && row <= WORKBOOK_ROWS_MAX; text++)
		row = row * 10 + (size_t)(*text - '0');
	if (!column || !row || column > WORKBOOK_COLUMNS_MAX || row > WORKBOOK_ROWS_MAX)
		return NULL;
	at[0] = row - 1;
	at[1] = column - 1;
	return text;
}

int book_range(const char *text, size_t from[2], size_t to[2])
{
	text = corner(text, from);
	if (text && !*text) {
		to[0] = from[0];
		to[1] = from[1];
		return 0;
	}
	if (!text || *text != ':' || !(text = corner(text + 1, to)) || *text)
		return -1;
	for (int k = 0; k < 2; k++) {
		size_t swap = from[k];

		if (from[k] <= to[k])
			continue;
		from[k] = to[k];
		to[k] = swap;
	}
	return 0;
}
