/*
 * workbook: sheets of cells with formats, as the nodes of lib.excel hand them on, written as .xlsx by libxlsxwriter.
 *
 * A workbook that stands in a value never changes: nodes work on a copy, which shares the cells' values.
 */
#ifndef NODES_WORKBOOK_H
#define NODES_WORKBOOK_H

#include "nodes/node.h"

#define WORKBOOK_ROWS_MAX    1048576u
#define WORKBOOK_COLUMNS_MAX 16384u
/* Cells of one sheet. */
#define WORKBOOK_CELLS_MAX ((size_t)1 << 24)

#define WORKBOOK_NO_COLOUR UINT32_MAX

struct workbook_cell {
	struct value *v; /* NULL: nothing in it */
	bool bold;
	uint32_t colour; /* 0xRRGGBB or WORKBOOK_NO_COLOUR */
	uint32_t fill;
};

struct workbook_row {
	struct workbook_cell *cells;
	size_t count;
};

struct workbook_sheet {
	char *name;
	struct workbook_row *rows;
	size_t count;
	size_t columns; /* the longest row */
	double *widths; /* in characters, 0 for the usual one */
	size_t width_count;
};

struct workbook {
	struct workbook_sheet *sheets;
	size_t count;
};

struct workbook *book_new(void);
struct workbook *book_copy(const struct workbook *book);
void book_free(struct workbook *book); /* takes NULL */
/* The workbook as a value of type "excel": takes it. Clients get the file. */
struct value *book_value(struct workbook *book);
/* Lent; NULL when the value holds no workbook. */
const struct workbook *book_of(const struct value *v);

/* NULL with the reason when a sheet cannot have that name. */
struct workbook_sheet *book_add(struct workbook *book, const char *name, struct err *err);
/* NULL when there is none. */
struct workbook_sheet *book_sheet(const struct workbook *book, const char *name);
/* Makes the cell where it is not there yet; counted from 0. NULL with the reason when there would be too many. */
struct workbook_cell *book_cell(struct workbook_sheet *sheet, size_t row, size_t column, struct err *err);
void book_set_width(struct workbook_sheet *sheet, size_t column, double width);
/* "B3" or "A1:C4", absolute or not; bounds inclusive, counted from 0. -1 when it is none. */
int book_range(const char *text, size_t from[2], size_t to[2]) MUST_CHECK;

/* The .xlsx file. */
int book_write(const struct workbook *book, struct buf *out, struct err *err) MUST_CHECK;

#endif
