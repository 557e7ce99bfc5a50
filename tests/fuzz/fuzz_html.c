/* HTML as Markdown: any bytes, every option. A first line that begins with "?" is a selector for the page behind it. */
#include "wsd/nodes/html_markdown.h"
#include "wsd/nodes/html_select.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void find(const char *text, size_t len)
{
	const char *page = memchr(text, '\n', len);
	struct html_selection found;
	struct arena *arena;
	struct buf out;
	struct err err;

	if (!page)
		return;
	page++;
	arena = arena_new();
	buf_init(&out, 1 << 20);
	if (html_select(arena, html_parse(arena, page, len - (size_t)(page - text)),
			(struct sv){ text, (size_t)(page - text) - 1 }, &found, &err) == 0) {
		for (size_t i = 0; i < found.count; i++)
			html_source(found.nodes[i], &out);
	}
	buf_free(&out);
	arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct html_markdown_options options = { .base_url = SV_LIT("http://h.example/d/") };
	struct buf out;
	struct err err;

	if (!size)
		return 0;
	if (data[0] == '?') {
		find((const char *)data + 1, size - 1);
		return 0;
	}
	options.no_images = data[0] & 1;
	options.no_mailto = data[0] & 2;
	options.width = data[0] >> 2;
	buf_init(&out, 1 << 20);
	if (html_to_markdown(&out, (struct sv){ (const char *)data + 1, size - 1 }, &options, &err))
		out.failed = true;
	buf_free(&out);
	return 0;
}
