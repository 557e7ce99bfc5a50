/* PDF files by way of poppler's programs. */
#include "wsd/nodes/pdf.h"
#include "process/process.h"
#include "wsd/engine/asset.h"
#include "wsd/nodes/html.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHILD_MS      60000
#define CHILD_SECONDS 30
#define CHILD_MEMORY  ((int64_t)1 << 30)
#define PAGES_MAX     100000

bool pdf_property(struct node_ctx *ctx, const char *name, struct sv *file)
{
	struct buf bytes;
	struct err err;
	int rc;

	buf_init(&bytes, PDF_FILE_MAX);
	rc = asset_read(node_get(ctx, name), node_workspace(ctx), &bytes, &err);
	if (rc == 0 && (bytes.len < 5 || !memmem(bytes.data, bytes.len < 1024 ? bytes.len : 1024, "%PDF-", 5)))
		rc = err_set(&err, 400, "it is no PDF file");
	if (rc == 0)
		*file = (struct sv){ arena_strndup(node_arena(ctx), bytes.data, bytes.len), bytes.len };
	buf_free(&bytes);
	if (rc != 0)
		node_fail(ctx, "%s: %s", name, err.detail);
	return rc == 0;
}

int pdf_program(const char *const *argv, struct sv file, struct buf *out, struct err *err)
{
	struct process_options options = { .argv = argv,
					   .input = file.p,
					   .input_len = file.n,
					   .timeout_ms = CHILD_MS,
					   .memory_bytes = CHILD_MEMORY,
					   .cpu_seconds = CHILD_SECONDS,
					   .file_bytes = (int64_t)PDF_FILE_MAX };
	struct process_result result = { 0 };
	struct buf errors;
	int rc;

	buf_init(&errors, BUF_MAX_SMALL);
	rc = process_run(&options, out, &errors, &result, err);
	if (rc == 0 && (result.timed_out || result.too_much || result.status >= 128))
		rc = err_set(err, 400, "the PDF file takes too much time, memory or room");
	else if (rc == 0 && result.status != 0)
		rc = err_set(err, 400, "the PDF file cannot be read%s",
			     errors.data && strstr(errors.data, "password") ? ": it is locked by a password" : "");
	buf_free(&errors);
	return rc;
}

/* What pdfinfo says about the file and pages (from 1). */
static int info(struct sv file, int64_t first, int64_t last, struct buf *out, struct err *err)
{
	char from[24];
	char to[24];
	const char *const argv[] = { "pdfinfo", "-box", "-f", from, "-l", to, "-", NULL };

	snprintf(from, sizeof(from), "%lld", (long long)first);
	snprintf(to, sizeof(to), "%lld", (long long)last);
	return pdf_program(argv, file, out, err);
}

int64_t pdf_page_count(struct sv file, struct err *err)
{
	const char *line;
	struct buf out;
	int64_t count = -1;

	buf_init(&out, PDF_OUTPUT_MAX);
	if (info(file, 1, 1, &out, err) == 0) {
		line = out.data ? strstr(out.data, "\nPages:") : NULL;
		count = line ? strtoll(line + 7, NULL, 10) : -1;
		if (count < 0 || count > PAGES_MAX)
			count = err_set(err, 400, "the PDF file has no pages, or more than %d", PAGES_MAX);
	}
	buf_free(&out);
	return count;
}

struct pdf_size *pdf_sizes(struct arena *arena, struct sv file, int64_t first, int64_t last, struct err *err)
{
	struct pdf_size *sizes = NULL;
	struct buf out;
	char *line;
	char *next;

	buf_init(&out, PDF_OUTPUT_MAX);
	if (info(file, first + 1, last + 1, &out, err) == 0) {
		sizes = arena_alloc(arena, (size_t)(last - first + 1) * sizeof(*sizes));
		for (line = out.data; line; line = next ? next + 1 : NULL) {
			long long page;
			char word[16];
			double n[4];
			int got;

			next = strchr(line, '\n');
			got = sscanf(line, "Page %lld %15[A-Za-z]: %lf %lf %lf %lf", &page, word, &n[0], &n[1], &n[2], &n[3]);
			if (got < 3 || page <= first || page > last + 1)
				continue;
			if (strcmp(word, "rot") == 0)
				sizes[page - 1 - first].rotation = (int)n[0];
			else if (strcmp(word, "MediaBox") == 0 && got == 6)
				memcpy(sizes[page - 1 - first].box, n, sizeof(n));
		}
	}
	buf_free(&out);
	return sizes;
}

/* ---- words -------------------------------------------------------------------------------------------- */

static double number(const struct html_node *node, const char *name)
{
	struct sv text = html_attr(node, name);
	char digits[40];

	if (!text.p || text.n >= sizeof(digits))
		return 0;
	memcpy(digits, text.p, text.n);
	digits[text.n] = '\0';
	return strtod(digits, NULL);
}

struct sv pdf_text(struct arena *arena, const struct html_node *node)
{
	struct sv text = { "", 0 };
	struct buf out;

	buf_init(&out, PDF_OUTPUT_MAX);
	html_text(node, &out);
	if (out.len)
		text = (struct sv){ arena_strndup(arena, out.data, out.len), out.len };
	buf_free(&out);
	return text;
}

static void read_page(struct arena *arena, const struct html_node *root, struct pdf_page *page)
{
	const struct html_node *node;
	size_t count = 0;

	for (node = html_find(root, root, "word"); node; node = html_find(node, root, "word"))
		count++;
	page->words = arena_alloc(arena, (count + 1) * sizeof(*page->words));
	for (node = html_find(root, root, "word"); node; node = html_find(node, root, "word"))
		page->words[page->count++] = (struct pdf_word){ number(node, "xmin"), number(node, "ymin"),
								number(node, "xmax"), number(node, "ymax"),
								pdf_text(arena, node) };
}

struct pdf_page *pdf_words(struct arena *arena, struct sv file, int64_t first, int64_t last, struct err *err)
{
	size_t count = (size_t)(last - first + 1);
	char from[24];
	char to[24];
	const char *const argv[] = { "pdftotext", "-raw", "-bbox", "-enc", "UTF-8", "-f", from, "-l", to, "-", "-", NULL };
	struct pdf_page *pages = NULL;
	const struct html_node *root;
	const struct html_node *node;
	struct buf out;

	snprintf(from, sizeof(from), "%lld", (long long)first + 1);
	snprintf(to, sizeof(to), "%lld", (long long)last + 1);
	buf_init(&out, PDF_OUTPUT_MAX);
	if (pdf_program(argv, file, &out, err) == 0) {
		pages = arena_alloc(arena, (count + 1) * sizeof(*pages));
		/* The tree points into its text. */
		root = html_parse(arena, arena_strndup(arena, out.data ? out.data : "", out.len), out.len);
		node = html_find(root, root, "page");
		for (size_t i = 0; node && i < count; i++, node = html_find(node, root, "page"))
			read_page(arena, node, &pages[i]);
	}
	buf_free(&out);
	return pages;
}
