/*
 * frame: tables of rows and typed columns, as the data nodes hand them on (pandas data frames in the original).
 *
 * A column is one plain array of its kind. Columns never change once they stand in a frame, so frames share them: what
 * selects, renames or puts side by side copies nothing, and a filter copies what it keeps. Texts are views into memory
 * that the column keeps alive (an imported CSV text is not copied).
 *
 * Missing values: NaN in FRAME_FLOAT; a text without memory in FRAME_TEXT; null or NaN in FRAME_ANY. Whole numbers and
 * bools cannot be missing: a column of them becomes FRAME_FLOAT, or FRAME_ANY, when it has to take one.
 */
#ifndef NODES_FRAME_H
#define NODES_FRAME_H

#include "nodes/node.h"

/* Rows are counted in 32 bits. */
#define FRAME_ROWS_MAX ((size_t)1 << 31)
/* What takes no row: a missing value comes out. */
#define FRAME_NO_ROW UINT32_MAX

enum frame_kind {
	FRAME_INT,
	FRAME_FLOAT,
	FRAME_BOOL,
	FRAME_TEXT,
	FRAME_ANY /* whatever else: mixed kinds, lists, maps */
};

struct frame_col {
	unsigned refs;
	enum frame_kind kind;
	size_t n;
	union {
		void *p;
		int64_t *i;
		double *f;
		unsigned char *b;
		struct sv *t; /* missing: p is NULL, and n is 1 where the original has None, 0 where it has NaN */
		struct value **v;
	};
	struct value *keep; /* list of the texts and bytes that FRAME_TEXT points into; may be NULL */
};

struct frame {
	size_t rows;
	size_t count; /* of columns */
	struct value **names;
	struct frame_col **cols;
	struct frame_col *index; /* labels of the rows; NULL: 0, 1, 2 … */
	bool plain_columns;      /* clients see names of columns only, not what they hold: sheets of workbooks */
};

/* ---- columns (frame_col.c) ---------------------------------------------------------------------------- */

/* A zeroed column with one reference. */
struct frame_col *frame_col_new(enum frame_kind kind, size_t n);
struct frame_col *frame_col_ref(struct frame_col *col);
void frame_col_unref(struct frame_col *col); /* takes NULL */
bool frame_cell_missing(const struct frame_col *col, size_t row);
/* One value: a new reference; null or NaN when missing. */
struct value *frame_cell(const struct frame_col *col, size_t row);
/* The kind that fits n values (lent), as pandas finds it: whole numbers with missing ones are floats, bools with
 * missing ones are FRAME_ANY. */
struct frame_col *frame_col_of(struct value *const *values, size_t n);
/* The rows named, in that order; FRAME_NO_ROW gives a missing value. */
struct frame_col *frame_col_take(const struct frame_col *col, const uint32_t *rows, size_t n);
/* The values of a, then those of b; kinds that differ become floats (numbers) or FRAME_ANY. */
struct frame_col *frame_col_append(struct frame_col *a, struct frame_col *b);
/* The same values in another kind: INT and BOOL to FLOAT, everything to ANY; a new reference. */
struct frame_col *frame_col_cast(struct frame_col *col, enum frame_kind kind);
/* FRAME_ANY and FRAME_TEXT looked at anew: the kind that fits. A new reference. */
struct frame_col *frame_col_infer(struct frame_col *col);
/* 0, 1, 2 … */
struct frame_col *frame_col_range(size_t n);
bool frame_col_numeric(const struct frame_col *col);
bool frame_col_equal(const struct frame_col *a, const struct frame_col *b);
/* Element i of a numeric column. */
double frame_number(const struct frame_col *col, size_t i);

/* ---- frames (frame.c) --------------------------------------------------------------------------------- */

struct frame *frame_new(size_t rows);
void frame_free(struct frame *frame); /* takes NULL */
/* Adds a column; takes both references. The column has frame->rows values. */
void frame_add(struct frame *frame, struct value *name, struct frame_col *col);
void frame_add_named(struct frame *frame, struct sv name, struct frame_col *col);
/* The place of the first column of that name, -1 when there is none. */
int64_t frame_find(const struct frame *frame, struct sv name);
/* Shares all columns. */
struct frame *frame_share(const struct frame *frame);
struct frame *frame_take(const struct frame *frame, const uint32_t *rows, size_t n);
/* Rows whose mask is not 0. */
struct frame *frame_keep_rows(const struct frame *frame, const unsigned char *mask);
/* The label of a row: a new reference. */
struct value *frame_label(const struct frame *frame, size_t row);
/* One row as a map. With `common` all numbers are floats when one of the row's columns is (pandas' rows are series). */
struct value *frame_row(const struct frame *frame, size_t row, bool common);
/* True when all columns are numbers, and whole and fractional ones are mixed. */
bool frame_mixes_numbers(const struct frame *frame);

/* The frame as a value: takes it. */
struct value *frame_value(struct frame *frame);
/* The frame that a value of type "dataframe" holds: lent when it is ours, else made of its columns and rows and freed
 * by the arena. NULL with the reason, which names `what`. */
const struct frame *frame_from_value(struct arena *arena, struct value *v, const char *what, struct err *err);
/* The same for a property. Fails the node on NULL. */
const struct frame *frame_property(struct node_ctx *ctx, const char *name);
/* The place of a column that a property names; fails the node (-1) when there is none. */
int64_t frame_column_property(struct node_ctx *ctx, const struct frame *frame, const char *property, struct sv name);

/* Rows of maps: columns in order of appearance, NaN where a map has no such key. NULL when an item is no map. */
struct frame *frame_from_maps(const struct value *list, struct err *err);
/* Rows of lists under `names` (a list of texts, or NULL for 0, 1, 2 …); short rows are filled with null. */
struct frame *frame_from_rows(const struct value *rows, const struct value *names, struct err *err);

/* ---- order and equality (frame_sort.c, frame_group.c) ------------------------------------------------- */

/* The rows in ascending order, missing ones last, equals in their order: n row numbers, freed by the caller. NULL when
 * the values cannot be compared. */
uint32_t *frame_sorted(const struct frame_col *col, struct err *err);

/* Numbers for equal values: of[row] < count, in order of first appearance; first[code] is the first row that has it. */
struct frame_codes {
	uint32_t *of;
	uint32_t *first;
	size_t count;
};
void frame_codes_free(struct frame_codes *codes);
/* Missing values are equal among themselves, or (skip_missing) get FRAME_NO_ROW. -1 for values that Python cannot hash.
 */
int frame_factorize(const struct frame_col *col, bool skip_missing, struct frame_codes *out,
		    struct err *err) MUST_CHECK;
/* The same for rows of several columns. With `sorted`, codes are in the order of the values, first column first. */
int frame_factorize_rows(struct frame_col *const *cols, size_t count, bool skip_missing, bool sorted,
			 struct frame_codes *out, struct err *err) MUST_CHECK;

/* One value per group: sum, mean, count, min, max, std, var, median, first or last. `codes` of the rows; FRAME_NO_ROW
 * takes part in no group. NULL with the reason, which names the column. */
struct frame_col *frame_aggregate(const struct frame_col *col, struct sv name, const struct frame_codes *codes,
				  const char *how, struct err *err);
bool frame_aggregation_known(const char *how);

/* ---- CSV (frame_csv.c, frame_csv_write.c) ------------------------------------------------------------- */

/* pandas' read_csv. `text` is a STR or BYTES value that the columns keep alive. */
struct frame *frame_read_csv(struct value *text, struct err *err);
/* to_csv without row labels. */
int frame_write_csv(struct buf *out, const struct frame *frame);

/* ---- expressions (frame_query.c) ---------------------------------------------------------------------- */

/* pandas' query: one byte a row, not 0 where the condition holds; freed by the caller. NULL with the reason. */
unsigned char *frame_query(const struct frame *frame, struct sv condition, struct err *err);

#endif
