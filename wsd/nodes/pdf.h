/*
 * pdf: the words and pages of PDF files, read by poppler's programs (pdftotext, pdftohtml, pdfinfo) as child processes with limits on
 * time, memory and output: a hostile file can harm its child only.
 */
#ifndef NODES_PDF_H
#define NODES_PDF_H

#include "nodes/node.h"
#include "wsd/nodes/html.h"

#define PDF_FILE_MAX ((size_t)128 << 20)
#define PDF_OUTPUT_MAX ((size_t)64 << 20) /* what a program may print */

struct pdf_word {
	double x0, y0, x1, y1; /* points from the upper left corner of the page */
	struct sv text;
};

struct pdf_page {
	struct pdf_word *words; /* in the order of the file */
	size_t count;
};

struct pdf_size {
	double box[4]; /* the media box in points */
	int rotation;  /* degrees, clockwise */
};

/* The file of a property of type document, at most PDF_FILE_MAX bytes, in memory of the arena. False after failing the
 * node. */
bool pdf_property(struct node_ctx *ctx, const char *name, struct sv *file);
/* The number of pages. -1 with the reason: no PDF, locked by a password, a program that is not there. */
int64_t pdf_page_count(struct sv file, struct err *err);
/* The words of the pages `first` to `last` (from 0, inclusive, both there): an array in memory of the arena; NULL with the
 * reason. */
struct pdf_page *pdf_words(struct arena *arena, struct sv file, int64_t first, int64_t last, struct err *err);
/* The sizes of the pages, likewise. */
struct pdf_size *pdf_sizes(struct arena *arena, struct sv file, int64_t first, int64_t last, struct err *err);

/* Text in one font on one line. */
struct pdf_run {
	struct sv text;
	const char *font; /* "Helvetica-Bold" */
	double size;      /* points */
	int64_t color;    /* 0xRRGGBB */
	bool bold;
	double box[4]; /* x0, y0, x1, y1 in points from the upper left corner */
};

struct pdf_runs {
	struct pdf_run *list; /* in the order of the file */
	size_t count;
};

/* The text of the pages with its fonts, as pdf_words (pdf_style.c). */
struct pdf_runs *pdf_runs(struct arena *arena, struct sv file, int64_t first, int64_t last, struct err *err);

/* The text of an element of what these programs print; in memory of the arena. */
struct sv pdf_text(struct arena *arena, const struct html_node *node);
/* Runs one of poppler's programs on the file, within limits; what it prints is appended. -1 with the reason. */
int pdf_program(const char *const *argv, struct sv file, struct buf *out, struct err *err) MUST_CHECK;

#endif
