/* lib.excel: workbooks. */
#include "value/pyform.h"
#include "wsd/nodes/frame.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/paths.h"
#include "wsd/nodes/posixpath.h"
#include "wsd/nodes/workbook.h"

#include <stdlib.h>
#include <string.h>

/* The workbook of the property; NULL after failing the node. */
static const struct workbook *book_property(struct node_ctx *ctx)
{
	const struct workbook *book = book_of(node_get(ctx, "workbook"));

	if (!book)
		node_fail(ctx, "workbook: there is none");
	return book;
}

/* The sheet of the property; NULL after failing the node. */
static struct workbook_sheet *sheet_property(struct node_ctx *ctx, const struct workbook *book)
{
	struct workbook_sheet *sheet = book_sheet(book, node_text(ctx, "sheet_name"));

	if (!sheet)
		node_fail(ctx, "sheet_name: there is no sheet \"%.100s\"", node_text(ctx, "sheet_name"));
	return sheet;
}

static enum node_result create_workbook(struct node_ctx *ctx)
{
	struct workbook *book = book_new();
	struct err err = { 0 };

	if (book_add(book, node_text(ctx, "sheet_name"), &err))
		return done(ctx, book_value(book));
	book_free(book);
	return node_fail(ctx, "sheet_name: %s", err.detail);
}

/* ---- tables ------------------------------------------------------------------------------------------- */

/* Takes the value. */
static int put(struct workbook_sheet *sheet, size_t row, size_t column, struct value *v, struct err *err)
{
	struct workbook_cell *cell = book_cell(sheet, row, column, err);

	if (!cell) {
		value_unref(v);
		return -1;
	}
	value_unref(cell->v);
	cell->v = v;
	return 0;
}

/* A value as a cell can hold it; NULL with the reason. */
static struct value *cell_value(const struct frame *frame, size_t column, size_t row, struct err *err)
{
	struct value *v;

	if (frame_cell_missing(frame->cols[column], row))
		return value_null();
	v = frame_cell(frame->cols[column], row);
	if (!value_is(v, VALUE_LIST) && !value_is(v, VALUE_MAP))
		return v;
	value_unref(v);
	err_set(err, 400, "dataframe: row %zu holds a list or dictionary, which no cell can hold", row);
	return NULL;
}

static int write_table(struct workbook_sheet *sheet, const struct frame *frame, const size_t at[2], bool header,
		       struct err *err)
{
	size_t top = at[0] + header;
	struct value *v;

	for (size_t c = 0; header && c < frame->count; c++)
		if (put(sheet, at[0], at[1] + c, value_ref(frame->names[c]), err) != 0)
			return -1;
	for (size_t r = 0; r < frame->rows; r++)
		for (size_t c = 0; c < frame->count; c++)
			if (!(v = cell_value(frame, c, r, err)) || put(sheet, top + r, at[1] + c, v, err) != 0)
				return -1;
	return 0;
}

static enum node_result dataframe_to_excel(struct node_ctx *ctx)
{
	const struct workbook *from = book_property(ctx);
	const struct frame *frame = from ? frame_property(ctx, "dataframe") : NULL;
	const char *name = node_text(ctx, "sheet_name");
	struct workbook_sheet *sheet;
	struct workbook *book;
	struct err err = { 0 };
	size_t corner[2];
	size_t end[2];

	if (!frame)
		return NODE_FAILED;
	if (book_range(node_text(ctx, "start_cell"), corner, end) != 0)
		return node_fail(ctx, "start_cell: \"%.50s\" is no cell", node_text(ctx, "start_cell"));
	book = book_copy(from);
	sheet = book_sheet(book, name);
	if (!sheet && !(sheet = book_add(book, name, &err))) {
		book_free(book);
		return node_fail(ctx, "sheet_name: %s", err.detail);
	}
	if (write_table(sheet, frame, corner, node_bool(ctx, "include_header"), &err) != 0) {
		book_free(book);
		return fail_err(ctx, &err);
	}
	return done(ctx, book_value(book));
}

/* A row of the sheet as a list of its values. */
static struct value *row_values(const struct workbook_sheet *sheet, size_t row)
{
	struct value *list = value_list();
	const struct workbook_row *r = &sheet->rows[row];

	for (size_t c = 0; c < sheet->columns; c++)
		list_push(list, c < r->count && r->cells[c].v ? value_ref(r->cells[c].v) : value_null());
	return list;
}

static enum node_result excel_to_dataframe(struct node_ctx *ctx)
{
	const struct workbook *book = book_property(ctx);
	const struct workbook_sheet *sheet = book ? sheet_property(ctx, book) : NULL;
	bool header = node_bool(ctx, "has_header");
	struct value *names;
	struct value *rows;
	struct frame *frame;
	struct err err = { 0 };

	if (!sheet)
		return NODE_FAILED;
	names = value_list();
	rows = value_list();
	for (size_t r = 0; r < sheet->count; r++)
		list_push(rows, row_values(sheet, r));
	if (header && sheet->count) {
		for (size_t c = 0; c < sheet->columns; c++)
			list_push(names, pyform_str_value(list_at(list_at(rows, 0), c)));
		list_remove(rows, 0);
	}
	frame = frame_from_rows(rows, header ? names : NULL, &err);
	value_unref(names);
	value_unref(rows);
	if (!frame)
		return fail_err(ctx, &err);
	frame->plain_columns = true;
	return done(ctx, frame_value(frame));
}

/* ---- looks -------------------------------------------------------------------------------------------- */

/* RRGGBB or AARRGGBB. */
static bool colour_of(const char *text, uint32_t *out)
{
	size_t n = strlen(text);

	if ((n != 6 && n != 8) || strspn(text, "0123456789abcdefABCDEF") != n)
		return false;
	*out = (uint32_t)strtoul(text, NULL, 16) & 0xffffff;
	return true;
}

static enum node_result format_cells(struct node_ctx *ctx)
{
	const struct workbook *from = book_property(ctx);
	const char *background = node_text(ctx, "background_color");
	uint32_t fill = WORKBOOK_NO_COLOUR;
	uint32_t colour;
	struct workbook_sheet *sheet;
	struct workbook *book;
	struct err err = { 0 };
	size_t low[2];
	size_t high[2];

	if (!from || !sheet_property(ctx, from))
		return NODE_FAILED;
	if (book_range(node_text(ctx, "cell_range"), low, high) != 0)
		return node_fail(ctx, "cell_range: \"%.50s\" is no range of cells", node_text(ctx, "cell_range"));
	if (!colour_of(node_text(ctx, "text_color"), &colour) || (*background && !colour_of(background, &fill)))
		return node_fail(ctx, "text_color, background_color: colours have 6 hexadecimal digits");
	book = book_copy(from);
	sheet = book_sheet(book, node_text(ctx, "sheet_name"));
	for (size_t r = low[0]; r <= high[0]; r++) {
		for (size_t c = low[1]; c <= high[1]; c++) {
			struct workbook_cell *cell = book_cell(sheet, r, c, &err);

			if (!cell) {
				book_free(book);
				return node_fail(ctx, "cell_range: %s", err.detail);
			}
			cell->bold = node_bool(ctx, "bold");
			cell->colour = colour;
			cell->fill = *background ? fill : cell->fill;
		}
	}
	return done(ctx, book_value(book));
}

/* Columns as wide as the longest of their values, written out, and two characters. */
static enum node_result auto_fit_columns(struct node_ctx *ctx)
{
	const struct workbook *from = book_property(ctx);
	struct workbook_sheet *sheet;
	struct workbook *book;

	if (!from || !sheet_property(ctx, from))
		return NODE_FAILED;
	book = book_copy(from);
	sheet = book_sheet(book, node_text(ctx, "sheet_name"));
	for (size_t c = 0; c < sheet->columns; c++) {
		size_t longest = 0;

		for (size_t r = 0; r < sheet->count; r++) {
			bool there = c < sheet->rows[r].count && sheet->rows[r].cells[c].v;
			struct value *text = pyform_str_value(there ? sheet->rows[r].cells[c].v : value_null());
			size_t n = text ? utf8_length(value_text(text), value_len(text)) : 0;

			longest = n > longest ? n : longest;
			value_unref(text);
		}
		book_set_width(sheet, c, (double)longest + 2);
	}
	return done(ctx, book_value(book));
}

/* ---- files -------------------------------------------------------------------------------------------- */

static enum node_result save_workbook(struct node_ctx *ctx)
{
	const struct workbook *book = book_property(ctx);
	const char *folder = map_str(node_get(ctx, "folder"), "path", "");
	const char *name = node_text(ctx, "filename");
	struct err err = { 0 };
	struct path path;
	struct buf file;
	int rc;

	if (!book)
		return NODE_FAILED;
	if (!*folder || !*name)
		return node_fail(ctx, "%s must not be empty", *folder ? "filename" : "folder");
	name = path_dated(node_arena(ctx), name);
	if (path_any(ctx, posix_join(node_arena(ctx), folder, name), &path, &err) != 0)
		return node_fail(ctx, "folder, filename: %s", err.detail);
	buf_init(&file, BUF_MAX_RESPONSE);
	rc = book_write(book, &file, &err);
	if (rc == 0)
		rc = path_write(&path, file.data, file.len, false, &err);
	buf_free(&file);
	return rc == 0 ? NODE_DONE : node_fail(ctx, "folder, filename: %s", err.detail);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

#define EXCEL_DEFAULT "{\"type\":\"excel\"}"

#define FRAME_DEFAULT "{\"type\":\"dataframe\"}"

static const struct node_prop create_workbook_props[] = {
	{ .name = "sheet_name", .type = "str", .def = "\"Sheet1\"" },
	{ 0 },
};

static const struct node_slot create_workbook_outputs[] = {
	{ .name = "output", .type = "excel" },
	{ 0 },
};

static const struct node_prop data_frame_to_excel_props[] = {
	{ .name = "workbook", .type = "excel", .def = EXCEL_DEFAULT },
	{ .name = "dataframe", .type = "dataframe", .def = FRAME_DEFAULT },
	{ .name = "sheet_name", .type = "str", .def = "\"Sheet1\"" },
	{ .name = "start_cell", .type = "str", .def = "\"A1\"" },
	{ .name = "include_header", .type = "bool", .def = "true" },
	{ 0 },
};

static const struct node_slot data_frame_to_excel_outputs[] = {
	{ .name = "output", .type = "any" },
	{ 0 },
};

static const struct node_prop excel_to_data_frame_props[] = {
	{ .name = "workbook", .type = "excel", .def = EXCEL_DEFAULT },
	{ .name = "sheet_name", .type = "str", .def = "\"Sheet1\"" },
	{ .name = "has_header", .type = "bool", .def = "true" },
	{ 0 },
};

static const struct node_slot excel_to_data_frame_outputs[] = {
	{ .name = "output", .type = "dataframe" },
	{ 0 },
};

static const struct node_prop format_cells_props[] = {
	{ .name = "workbook", .type = "excel", .def = EXCEL_DEFAULT },
	{ .name = "sheet_name", .type = "str", .def = "\"Sheet1\"" },
	{ .name = "cell_range", .type = "str", .def = "\"A1:B10\"" },
	{ .name = "bold", .type = "bool", .def = "false" },
	{ .name = "background_color", .type = "str", .def = "\"FFFF00\"" },
	{ .name = "text_color", .type = "str", .def = "\"000000\"" },
	{ 0 },
};

static const struct node_prop auto_fit_columns_props[] = {
	{ .name = "workbook", .type = "excel", .def = EXCEL_DEFAULT },
	{ .name = "sheet_name", .type = "str", .def = "\"Sheet1\"" },
	{ 0 },
};

static const struct node_prop save_workbook_props[] = {
	{ .name = "workbook", .type = "excel", .def = EXCEL_DEFAULT },
	{ .name = "folder", .type = "file_path", .def = "{\"type\": \"file_path\", \"path\": \"\"}" },
	{ .name = "filename", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot no_outputs[] = { { 0 } };

static const struct node_type types[] = {
	{
		.type = "lib.excel.CreateWorkbook",
		.title = "Create Workbook",
		.description = "Makes a workbook with one empty sheet.",
		.props = create_workbook_props,
		.outputs = create_workbook_outputs,
		.process = create_workbook,
	},
	{
		.type = "lib.excel.DataFrameToExcel",
		.title = "Data Frame To Excel",
		.description = "Writes a table into a sheet, which is made where it is missing.",
		.props = data_frame_to_excel_props,
		.outputs = data_frame_to_excel_outputs,
		.process = dataframe_to_excel,
	},
	{
		.type = "lib.excel.ExcelToDataFrame",
		.title = "Excel To Data Frame",
		.description = "Makes a table of a sheet.",
		.props = excel_to_data_frame_props,
		.outputs = excel_to_data_frame_outputs,
		.process = excel_to_dataframe,
	},
	{
		.type = "lib.excel.FormatCells",
		.title = "Format Cells",
		.description = "Gives cells a colour, a background and bold type.",
		.props = format_cells_props,
		.outputs = data_frame_to_excel_outputs,
		.process = format_cells,
	},
	{
		.type = "lib.excel.AutoFitColumns",
		.title = "Auto Fit Columns",
		.description = "Makes columns as wide as what stands in them.",
		.props = auto_fit_columns_props,
		.outputs = data_frame_to_excel_outputs,
		.process = auto_fit_columns,
	},
	{
		.type = "lib.excel.SaveWorkbook",
		.title = "Save Workbook",
		.description = "Writes a workbook to a file.",
		.props = save_workbook_props,
		.outputs = no_outputs,
		.flags = NODE_BLOCKING,
		.process = save_workbook,
	},
};

NODE_TABLE(nodes_lib_excel, types);
