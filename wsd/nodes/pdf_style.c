/* Text of PDF files with its fonts, by pdftohtml; the boxes are those of pdftotext's words, where both see the same text. */
#include "wsd/nodes/pdf.h"
#include "wsd/nodes/html.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZOOM 3 /* the most that pdftohtml takes: its numbers are whole thirds of a point */

struct font {
	const char *id;
	const char *name;
	double size;
	int64_t color;
};

struct fonts {
	struct font *list;
	size_t count;
};

static char *attribute(struct arena *arena, const struct html_node *node, const char *name)
{
	struct sv text = html_attr(node, name);

	return arena_strndup(arena, text.p ? text.p : "", text.p ? text.n : 0);
}

static double points(struct arena *arena, const struct html_node *node, const char *name)
{
	return strtod(attribute(arena, node, name), NULL) / ZOOM;
}

static struct fonts read_fonts(struct arena *arena, const struct html_node *root)
{
	struct fonts fonts = { 0 };
	const struct html_node *node;
	const char *color;

	for (node = html_find(root, root, "fontspec"); node; node = html_find(node, root, "fontspec"))
		fonts.count++;
	fonts.list = arena_alloc(arena, (fonts.count + 1) * sizeof(*fonts.list));
	fonts.count = 0;
	for (node = html_find(root, root, "fontspec"); node; node = html_find(node, root, "fontspec")) {
		color = attribute(arena, node, "color");
		fonts.list[fonts.count++] = (struct font){ attribute(arena, node, "id"), attribute(arena, node, "family"),
							   points(arena, node, "size"),
							   *color == '#' ? strtol(color + 1, NULL, 16) : 0 };
	}
	return fonts;
}

static void read_run(struct arena *arena, const struct html_node *node, const struct fonts *fonts, struct pdf_run *run)
{
	const char *id = attribute(arena, node, "font");
	double left = points(arena, node, "left");
	double top = points(arena, node, "top");

	*run = (struct pdf_run){ .font = "", .text = pdf_text(arena, node) };
	run->box[0] = left;
	run->box[1] = top;
	run->box[2] = left + points(arena, node, "width");
	run->box[3] = top + points(arena, node, "height");
	for (size_t i = 0; i < fonts->count; i++) {
		if (strcmp(fonts->list[i].id, id) != 0)
			continue;
		run->font = fonts->list[i].name;
		run->size = fonts->list[i].size;
		run->color = fonts->list[i].color;
	}
	run->bold = html_find(node, node, "b");
}

/* How many words from `from` on make up the text, blanks apart; 0 when they do not. */
static size_t words_of_run(const struct pdf_page *page, size_t from, struct sv text)
{
	size_t at = 0;
	size_t i;

	for (i = from; i < page->count; i++) {
		struct sv word = page->words[i].text;

		while (at < text.n && (unsigned char)text.p[at] <= ' ')
			at++;
		if (at == text.n)
			break;
		if (text.n - at < word.n || memcmp(text.p + at, word.p, word.n) != 0)
			return 0;
		at += word.n;
	}
	while (at < text.n && (unsigned char)text.p[at] <= ' ')
		at++;
	return at == text.n ? i - from : 0;
}

/* Both programs read in the order of the file. */
static void place_runs(struct pdf_runs *runs, const struct pdf_page *page)
{
	size_t from = 0;
	size_t count;

	for (size_t i = 0; i < runs->count; i++) {
		struct pdf_run *run = &runs->list[i];

		count = words_of_run(page, from, run->text);
		for (size_t k = 0; k < count; k++) {
			const struct pdf_word *word = &page->words[from + k];

			if (k == 0)
				memcpy(run->box, (const double[]){ word->x0, word->y0, word->x1, word->y1 }, sizeof(run->box));
			run->box[0] = word->x0 < run->box[0] ? word->x0 : run->box[0];
			run->box[1] = word->y0 < run->box[1] ? word->y0 : run->box[1];
			run->box[2] = word->x1 > run->box[2] ? word->x1 : run->box[2];
			run->box[3] = word->y1 > run->box[3] ? word->y1 : run->box[3];
		}
		from += count;
	}
}

static void read_page(struct arena *arena, const struct html_node *root, const struct fonts *fonts, struct pdf_runs *runs)
{
	const struct html_node *node;
	size_t count = 0;

	for (node = html_find(root, root, "text"); node; node = html_find(node, root, "text"))
		count++;
	runs->list = arena_alloc(arena, (count + 1) * sizeof(*runs->list));
	for (node = html_find(root, root, "text"); node; node = html_find(node, root, "text")) {
		read_run(arena, node, fonts, &runs->list[runs->count]);
		runs->count += runs->list[runs->count].text.n > 0;
	}
}

struct pdf_runs *pdf_runs(struct arena *arena, struct sv file, int64_t first, int64_t last, struct err *err)
{
	size_t count = (size_t)(last - first + 1);
	char from[24];
	char to[24];
	const char *const argv[] = { "pdftohtml", "-xml", "-i", "-fontfullname", "-stdout", "-zoom", "3", "-enc", "UTF-8",
				     "-f", from, "-l", to, "-", "out", NULL };
	struct pdf_page *pages = pdf_words(arena, file, first, last, err);
	struct pdf_runs *runs = NULL;
	const struct html_node *root;
	const struct html_node *node;
	struct fonts fonts;
	struct buf out;

	if (!pages)
		return NULL;
	snprintf(from, sizeof(from), "%lld", (long long)first + 1);
	snprintf(to, sizeof(to), "%lld", (long long)last + 1);
	buf_init(&out, PDF_OUTPUT_MAX);
	if (pdf_program(argv, file, &out, err) == 0) {
		runs = arena_alloc(arena, (count + 1) * sizeof(*runs));
		/* The tree points into its text. */
		root = html_parse(arena, arena_strndup(arena, out.data ? out.data : "", out.len), out.len);
		fonts = read_fonts(arena, root);
		node = html_find(root, root, "page");
		for (size_t i = 0; node && i < count; i++, node = html_find(node, root, "page")) {
			read_page(arena, node, &fonts, &runs[i]);
			place_runs(&runs[i], &pages[i]);
		}
	}
	buf_free(&out);
	return runs;
}
