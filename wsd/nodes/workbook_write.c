/* Workbooks as .xlsx files, by libxlsxwriter. */
#include "wsd/nodes/workbook.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xlsxwriter.h>

#define TEXT_MAX 32767 /* characters of one cell */
#define PIXELS   7     /* of one character of the usual font */

/* The library writes no empty texts: this stands for them until all cells are written. */
static const char empty_mark[] = "\x01\x02\x03";

/* Formats that were made: one for each look. */
struct looks {
	struct look {
		struct workbook_cell like;
		lxw_format *format;
	} * items;
	size_t count;
};

static lxw_format *format_of(lxw_workbook *file, struct looks *looks, const struct workbook_cell *cell)
{
	lxw_format *format;

	if (!cell->bold && cell->colour == WORKBOOK_NO_COLOUR && cell->fill == WORKBOOK_NO_COLOUR)
		return NULL;
	for (size_t i = 0; i < looks->count; i++) {
		const struct workbook_cell *like = &looks->items[i].like;

		if (like->bold == cell->bold && like->colour == cell->colour && like->fill == cell->fill)
			return looks->items[i].format;
	}
	format = workbook_add_format(file);
	if (cell->bold)
		format_set_bold(format);
	if (cell->colour != WORKBOOK_NO_COLOUR)
		format_set_font_color(format, cell->colour ? cell->colour : LXW_COLOR_BLACK);
	if (cell->fill != WORKBOOK_NO_COLOUR) {
		format_set_pattern(format, LXW_PATTERN_SOLID);
		format_set_bg_color(format, cell->fill ? cell->fill : LXW_COLOR_BLACK);
	}
	looks->items = xrealloc(looks->items, (looks->count + 1) * sizeof(*looks->items));
	looks->items[looks->count++] = (struct look){ *cell, format };
	return format;
}

static int write_cell(lxw_worksheet *sheet, lxw_row_t row, lxw_col_t column, const struct value *v, lxw_format *format)
{
	if (value_is(v, VALUE_BOOL))
		return worksheet_write_boolean(sheet, row, column, value_as_bool(v), format);
	if (value_is_number(v) && isfinite(value_as_float(v)))
		return worksheet_write_number(sheet, row, column, value_as_float(v), format);
	if (value_is(v, VALUE_STR) && value_len(v) > 1 && value_text(v)[0] == '=')
		return worksheet_write_formula(sheet, row, column, value_text(v), format);
	if (value_is(v, VALUE_STR))
		return worksheet_write_string(sheet, row, column, value_len(v) ? value_text(v) : empty_mark, format);
	return format ? worksheet_write_blank(sheet, row, column, format) : LXW_NO_ERROR;
}

static int write_sheet(lxw_workbook *file, const struct workbook_sheet *from, struct looks *looks, struct err *err)
{
	lxw_worksheet *sheet = workbook_add_worksheet(file, from->name);

	if (!sheet)
		return err_set(err, 400, "the sheet \"%s\" cannot be made", from->name);
	for (size_t c = 0; c < from->width_count; c++)
		if (from->widths[c] > 0)
			worksheet_set_column_pixels(sheet, (lxw_col_t)c, (lxw_col_t)c,
						    (uint32_t)(from->widths[c] * PIXELS), NULL);
	for (size_t r = 0; r < from->count; r++) {
		for (size_t c = 0; c < from->rows[r].count; c++) {
			const struct workbook_cell *cell = &from->rows[r].cells[c];

			if (write_cell(sheet, (lxw_row_t)r, (lxw_col_t)c, cell->v, format_of(file, looks, cell)))
				return err_set(err, 400, "row %zu has a text longer than %d characters", r + 1,
					       TEXT_MAX);
		}
	}
	return 0;
}

/* Puts the empty text where its mark is in the file's table of texts. */
static void empty_texts(lxw_workbook *file)
{
	struct sst_element *text;

	STAILQ_FOREACH(text, file->sst->order_list, sst_order_pointers)
	{
		if (strcmp(text->string, empty_mark) == 0)
			text->string[0] = '\0';
	}
}

/* The library writes files only: one in the temporary folder, which is gone afterwards. */
static int write_file(const struct workbook *book, const char *name, struct err *err)
{
	lxw_workbook *file = workbook_new(name);
	struct looks looks = { 0 };
	int rc = file ? 0 : err_set(err, 500, "no memory for the workbook");

	for (size_t s = 0; rc == 0 && s < book->count; s++)
		rc = write_sheet(file, &book->sheets[s], &looks, err);
	if (file)
		empty_texts(file);
	if (file && workbook_close(file) != LXW_NO_ERROR && rc == 0)
		rc = err_set(err, 500, "the workbook cannot be written");
	free(looks.items);
	return rc;
}

static int read_file(int fd, struct buf *out, struct err *err)
{
	struct stat st;
	char *to;
	ssize_t n = 0;

	if (fstat(fd, &st) != 0 || !(to = buf_reserve(out, (size_t)st.st_size)))
		return err_set(err, 400, "the workbook is too large");
	for (size_t done = 0; done < (size_t)st.st_size; done += (size_t)n) {
		n = pread(fd, to + done, (size_t)st.st_size - done, (off_t)done);
		if (n <= 0)
			return err_set(err, 500, "the workbook cannot be read back");
	}
	out->len += (size_t)st.st_size;
	return 0;
}

int book_write(const struct workbook *book, struct buf *out, struct err *err)
{
	const char *folder = getenv("TMPDIR");
	char *name = xasprintf("%s/workbook-XXXXXX", folder && *folder ? folder : "/tmp");
	int fd = mkstemp(name);
	int rc = -1;

	if (fd < 0)
		err_set(err, 500, "the temporary folder cannot be written");
	else if (write_file(book, name, err) == 0)
		rc = read_file(fd, out, err);
	if (fd >= 0) {
		close(fd);
		unlink(name);
	}
	free(name);
	return rc;
}
