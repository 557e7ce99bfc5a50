/* lib.pdfplumber and lib.pymupdf: text and pages of PDF files. */
#include "wsd/nodes/helper.h"
#include "wsd/nodes/pdf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LINE_TOLERANCE 3.0 /* points between the tops of words of one line */

/* The pages of the properties; [0] > [1]: none. */
struct range {
	struct sv file;
	int64_t at[2]; /* from 0, inclusive */
};

static bool open_pdf(struct node_ctx *ctx, struct range *out, int64_t *pages)
{
	struct err err;

	if (!pdf_property(ctx, "pdf", &out->file))
		return false;
	*pages = pdf_page_count(out->file, &err);
	if (*pages < 0)
		node_fail(ctx, "pdf: %s", err.detail);
	return *pages >= 0;
}

/* end_page is not part of it, -1 is the end; pages that are not there are left out. */
static bool open_clipped(struct node_ctx *ctx, struct range *out)
{
	int64_t start = node_int(ctx, "start_page");
	int64_t end = node_int(ctx, "end_page");
	int64_t pages;

	if (!open_pdf(ctx, out, &pages))
		return false;
	out->at[0] = start < 0 ? 0 : start;
	out->at[1] = (end == -1 || end > pages ? pages : end) - 1;
	return true;
}

/* end_page is part of it, -1 is the last page; a page that is not there is an error. */
static bool open_strict(struct node_ctx *ctx, struct range *out)
{
	int64_t pages;

	if (!open_pdf(ctx, out, &pages))
		return false;
	out->at[0] = node_int(ctx, "start_page");
	out->at[1] = node_int(ctx, "end_page");
	if (out->at[1] == -1)
		out->at[1] = pages - 1;
	for (int i = 0; i < 2; i++) {
		if (out->at[i] >= 0 && out->at[i] < pages)
			continue;
		node_fail(ctx, "%s: there is no page %lld, the PDF file has %lld (counted from 0)",
			  i ? "end_page" : "start_page", (long long)out->at[i], (long long)pages);
		return false;
	}
	return true;
}

/* The words of the range; NULL after failing the node. */
static struct pdf_page *words_of(struct node_ctx *ctx, const struct range *range)
{
	struct err err;
	struct pdf_page *pages = pdf_words(node_arena(ctx), range->file, range->at[0], range->at[1], &err);

	if (!pages)
		node_fail(ctx, "pdf: %s", err.detail);
	return pages;
}

/* ---- by position -------------------------------------------------------------------------------------- */

static int by_top(const void *a, const void *b)
{
	const struct pdf_word *x = a;
	const struct pdf_word *y = b;

	return (x->y0 > y->y0) - (x->y0 < y->y0);
}

static int by_left(const void *a, const void *b)
{
	const struct pdf_word *x = a;
	const struct pdf_word *y = b;

	return (x->x0 > y->x0) - (x->x0 < y->x0);
}

/* Lines from the top down, words from left to right. */
static void add_sorted(struct buf *out, struct pdf_page *page)
{
	size_t end;

	if (page->count)
		qsort(page->words, page->count, sizeof(*page->words), by_top);
	for (size_t start = 0; start < page->count; start = end) {
		for (end = start + 1; end < page->count; end++)
			if (page->words[end].y0 - page->words[end - 1].y0 > LINE_TOLERANCE)
				break;
		qsort(page->words + start, end - start, sizeof(*page->words), by_left);
		for (size_t i = start; i < end; i++) {
			if (i)
				buf_addc(out, i == start ? '\n' : ' ');
			buf_add(out, page->words[i].text.p, page->words[i].text.n);
		}
	}
}

static enum node_result plumber_text(struct node_ctx *ctx)
{
	struct pdf_page *pages;
	struct range range;
	struct buf out;

	if (!open_clipped(ctx, &range))
		return NODE_FAILED;
	buf_init(&out, BUF_MAX_RESPONSE);
	if (range.at[0] <= range.at[1]) {
		pages = words_of(ctx, &range);
		if (!pages)
			return NODE_FAILED;
		for (int64_t i = 0; i <= range.at[1] - range.at[0]; i++) {
			if (i)
				buf_adds(&out, "\n\n");
			add_sorted(&out, &pages[i]);
		}
	}
	return done_buf(ctx, &out);
}

static enum node_result page_count(struct node_ctx *ctx)
{
	struct range range;
	int64_t pages;

	return open_pdf(ctx, &range, &pages) ? done(ctx, value_int(pages)) : NODE_FAILED;
}

static struct value *page_metadata(const struct pdf_size *size, int64_t number)
{
	struct value *page = value_map();
	struct value *box = value_list();

	map_set_int(page, "page_number", number);
	map_set_float(page, "width", size->box[2] - size->box[0]);
	map_set_float(page, "height", size->box[3] - size->box[1]);
	map_set_int(page, "rotation", size->rotation);
	for (int i = 0; i < 4; i++)
		list_push(box, value_float(size->box[i]));
	map_set(page, "bbox", box);
	return page;
}

static enum node_result plumber_metadata(struct node_ctx *ctx)
{
	const struct pdf_size *sizes = NULL;
	struct value *list;
	struct range range;
	struct err err;

	if (!open_clipped(ctx, &range))
		return NODE_FAILED;
	if (range.at[0] <= range.at[1]) {
		sizes = pdf_sizes(node_arena(ctx), range.file, range.at[0], range.at[1], &err);
		if (!sizes)
			return node_fail(ctx, "pdf: %s", err.detail);
	}
	list = value_list();
	for (int64_t i = range.at[0]; i <= range.at[1]; i++)
		list_push(list, page_metadata(&sizes[i - range.at[0]], i + 1));
	return done(ctx, list);
}

/* ---- in the order of the file ------------------------------------------------------------------------- */

/* The word goes on where the last one of the line ended. */
static bool same_line(const struct pdf_word *last, const struct pdf_word *word)
{
	double height = last->y1 - last->y0;
	double gap = word->x0 - last->x1;

	return fabs(word->y0 - last->y0) < height / 3 && gap > -height / 2 && gap < height;
}

/* The word begins a line beside or right below the block. */
static bool same_block(const double box[4], const struct pdf_word *last, const struct pdf_word *word)
{
	double height = last->y1 - last->y0;

	return word->y0 - last->y0 > -height / 3 && word->y0 - box[3] < height / 2;
}

/* The lines of a page as [x0, y0, x1, y1, text, number, 0] for each block. */
static void add_blocks(struct value *list, const struct pdf_page *page)
{
	const struct pdf_word *last = NULL;
	int64_t number = 0;
	struct value *block;
	struct buf text;
	double box[4];

	for (size_t i = 0; i < page->count; number++) {
		buf_init(&text, BUF_MAX_RESPONSE);
		memcpy(box, (const double[]){ page->words[i].x0, page->words[i].y0, page->words[i].x1, page->words[i].y1 },
		       sizeof(box));
		for (last = NULL; i < page->count; last = &page->words[i++]) {
			const struct pdf_word *word = &page->words[i];

			if (last && !same_line(last, word) && !same_block(box, last, word))
				break;
			if (last)
				buf_addc(&text, same_line(last, word) ? ' ' : '\n');
			buf_add(&text, word->text.p, word->text.n);
			box[0] = fmin(box[0], word->x0);
			box[1] = fmin(box[1], word->y0);
			box[2] = fmax(box[2], word->x1);
			box[3] = fmax(box[3], word->y1);
		}
		buf_addc(&text, '\n');
		block = value_list();
		for (int k = 0; k < 4; k++)
			list_push(block, value_float(box[k]));
		list_push(block, buf_to_value(&text));
		list_push(block, value_int(number));
		list_push(block, value_int(0));
		list_push(list, block);
	}
}

/* All blocks of the range; NULL after failing the node. */
static struct value *blocks_of(struct node_ctx *ctx)
{
	struct pdf_page *pages;
	struct value *list;
	struct range range;

	if (!open_strict(ctx, &range))
		return NULL;
	list = value_list();
	if (range.at[0] > range.at[1])
		return list;
	pages = words_of(ctx, &range);
	for (int64_t i = 0; pages && i <= range.at[1] - range.at[0]; i++)
		add_blocks(list, &pages[i]);
	if (!pages) {
		value_unref(list);
		return NULL;
	}
	return list;
}

static enum node_result mupdf_blocks(struct node_ctx *ctx)
{
	struct value *list = blocks_of(ctx);

	return list ? done(ctx, list) : NODE_FAILED;
}

static enum node_result mupdf_text(struct node_ctx *ctx)
{
	struct value *list = blocks_of(ctx);
	struct buf out;

	if (!list)
		return NODE_FAILED;
	buf_init(&out, BUF_MAX_RESPONSE);
	for (size_t i = 0; i < value_len(list); i++) {
		struct sv text = value_sv(list_at(list_at(list, i), 4));

		buf_add(&out, text.p, text.n);
	}
	value_unref(list);
	return done_buf(ctx, &out);
}

/* ---- with fonts --------------------------------------------------------------------------------------- */

/* The runs of the pages; *pages is how many. NULL after failing the node, or with *pages 0. */
static struct pdf_runs *runs_of(struct node_ctx *ctx, int64_t *pages)
{
	struct pdf_runs *runs;
	struct range range;
	struct err err;

	*pages = -1;
	if (!open_strict(ctx, &range))
		return NULL;
	*pages = range.at[1] - range.at[0] + 1;
	if (*pages < 1) {
		*pages = 0;
		return NULL;
	}
	runs = pdf_runs(node_arena(ctx), range.file, range.at[0], range.at[1], &err);
	if (!runs) {
		*pages = -1;
		node_fail(ctx, "pdf: %s", err.detail);
	}
	return runs;
}

static struct value *styled(const struct pdf_run *run)
{
	static const char *const sides[] = { "x0", "y0", "x1", "y1" };
	struct value *box = value_map();
	struct value *v = value_map();

	map_set(v, "text", value_strn(run->text.p, run->text.n));
	map_set_str(v, "font", run->font);
	map_set_float(v, "size", run->size);
	map_set_int(v, "color", run->color);
	for (size_t i = 0; i < ARRAY_LEN(sides); i++)
		map_set_float(box, sides[i], run->box[i]);
	map_set(v, "bbox", box);
	return v;
}

static enum node_result mupdf_styled(struct node_ctx *ctx)
{
	int64_t pages;
	const struct pdf_runs *runs = runs_of(ctx, &pages);
	struct value *list;

	if (pages < 0)
		return NODE_FAILED;
	list = value_list();
	for (int64_t i = 0; i < pages; i++)
		for (size_t k = 0; k < runs[i].count; k++)
			list_push(list, styled(&runs[i].list[k]));
	return done(ctx, list);
}

#define SIZES 256

static size_t bounded_size(double size)
{
	return size < 0 ? 0 : size > SIZES - 1 ? SIZES - 1 : (size_t)size;
}

/* The size in which most of the text is set. */
static double usual_size(const struct pdf_runs *runs, int64_t pages)
{
	size_t counts[SIZES] = { 0 };
	size_t best = 0;

	for (int64_t i = 0; i < pages; i++)
		for (size_t k = 0; k < runs[i].count; k++)
			counts[bounded_size(runs[i].list[k].size)] += runs[i].list[k].text.n;
	for (size_t i = 1; i < SIZES; i++)
		best = counts[i] > counts[best] ? i : best;
	return (double)best;
}

/* Blocks of lines; a heading is what is set a fifth larger than the rest, in two steps. */
static void add_markdown(struct buf *out, const struct pdf_runs *runs, double usual)
{
	const struct pdf_run *last = NULL;

	for (size_t i = 0; i < runs->count; last = &runs->list[i++]) {
		const struct pdf_run *run = &runs->list[i];
		double height = last ? last->box[3] - last->box[1] : 0;
		bool beside = last && fabs(run->box[1] - last->box[1]) < height / 3;
		bool below = last && run->box[1] > last->box[1] && run->box[1] - last->box[3] < height / 2 &&
			     last->size == run->size;
		bool heading = run->size >= usual * 1.2;

		if (last)
			buf_adds(out, beside ? " " : below ? "\n" : "\n\n\n");
		if (heading && !beside && !below)
			buf_adds(out, run->size >= usual * 1.5 ? "# " : "## ");
		buf_printf(out, run->bold && !heading ? "**%.*s**" : "%.*s", (int)run->text.n, run->text.p);
	}
	if (last)
		buf_adds(out, "\n\n\n");
}

static enum node_result mupdf_markdown(struct node_ctx *ctx)
{
	int64_t pages;
	const struct pdf_runs *runs = runs_of(ctx, &pages);
	double usual;
	struct buf out;

	if (pages < 0)
		return NODE_FAILED;
	buf_init(&out, BUF_MAX_RESPONSE);
	usual = usual_size(runs, pages);
	for (int64_t i = 0; i < pages; i++)
		add_markdown(&out, &runs[i], usual);
	return done_buf(ctx, &out);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

#define PDF_DEFAULT "{\"type\": \"document\", \"uri\": \"\", \"asset_id\": null, \"data\": null, \"metadata\": null}"
#define PAGE_PROPS(last)                                                                                           \
	{ .name = "start_page", .type = "int", .def = "0" }, { .name = "end_page", .type = "int", .def = last }, { 0 }

static const struct node_prop text_props[] = {
	{ .name = "pdf", .type = "document", .def = PDF_DEFAULT },
	PAGE_PROPS("4"),
};
static const struct node_prop page_props[] = { { .name = "pdf", .type = "document", .def = PDF_DEFAULT }, PAGE_PROPS("4") };
static const struct node_prop count_props[] = { { .name = "pdf", .type = "document", .def = PDF_DEFAULT }, { 0 } };
static const struct node_prop mupdf_props[] = {
	{ .name = "pdf", .type = "document", .def = PDF_DEFAULT },
	PAGE_PROPS("-1"),
};

static const struct node_slot text_output[] = { { .name = "output", .type = "str" }, { 0 } };
static const struct node_slot count_output[] = { { .name = "output", .type = "int" }, { 0 } };
static const struct node_slot list_output[] = { { .name = "output", .type = "list[dict]" }, { 0 } };

static const struct node_type types[] = {
	{
		.type = "lib.pdfplumber.ExtractText",
		.title = "Extract Text",
		.description = "The text of pages of a PDF file, line by line as it stands there.",
		.props = text_props,
		.outputs = text_output,
		.flags = NODE_BLOCKING,
		.process = plumber_text,
	},
	{
		.type = "lib.pdfplumber.GetPageCount",
		.title = "Get Page Count",
		.description = "The number of pages of a PDF file.",
		.props = count_props,
		.outputs = count_output,
		.flags = NODE_BLOCKING,
		.process = page_count,
	},
	{
		.type = "lib.pdfplumber.ExtractPageMetadata",
		.title = "Extract Page Metadata",
		.description = "Size and rotation of pages of a PDF file.",
		.props = page_props,
		.outputs = list_output,
		.flags = NODE_BLOCKING,
		.process = plumber_metadata,
	},
	{
		.type = "lib.pymupdf.ExtractTextWithStyle",
		.title = "Extract Text With Style",
		.description = "The text of pages of a PDF file with font, size, colour and place of each piece.",
		.props = mupdf_props,
		.outputs = list_output,
		.flags = NODE_BLOCKING | NODE_TOOL,
		.process = mupdf_styled,
	},
	{
		.type = "lib.pymupdf.ExtractMarkdown",
		.title = "Extract Markdown",
		.description = "The text of pages of a PDF file as Markdown: headings by their size, bold text. Tables stay text.",
		.props = mupdf_props,
		.outputs = text_output,
		.flags = NODE_BLOCKING | NODE_TOOL,
		.process = mupdf_markdown,
	},
	{
		.type = "lib.pymupdf.ExtractText",
		.title = "Extract Text",
		.description = "The text of pages of a PDF file, in the order of the file.",
		.props = mupdf_props,
		.outputs = text_output,
		.flags = NODE_BLOCKING | NODE_TOOL,
		.process = mupdf_text,
	},
	{
		.type = "lib.pymupdf.ExtractTextBlocks",
		.title = "Extract Text Blocks",
		.description = "The blocks of text of a PDF file with their places.",
		.props = mupdf_props,
		.outputs = list_output,
		.flags = NODE_BLOCKING | NODE_TOOL,
		.process = mupdf_blocks,
	},
};

NODE_TABLE(nodes_lib_pdf, types);
