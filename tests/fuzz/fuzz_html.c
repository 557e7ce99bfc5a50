/* HTML as Markdown: any bytes, every option; what comes out is as long as what went in allows. */
#include "wsd/nodes/html_markdown.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct html_markdown_options options = { .base_url = SV_LIT("http://h.example/d/") };
	struct buf out;
	struct err err;

	if (!size)
		return 0;
	options.no_images = data[0] & 1;
	options.no_mailto = data[0] & 2;
	options.width = data[0] >> 2;
	buf_init(&out, 1 << 20);
	if (html_to_markdown(&out, (struct sv){ (const char *)data + 1, size - 1 }, &options, &err))
		out.failed = true;
	buf_free(&out);
	return 0;
}
