/* Word documents from outside: read, edited and written again. What was read can be written, and read again. */
#include <stdint.h>

#include "wsd/nodes/docx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void edit(struct docx *docx)
{
	static const char paragraph[] = "<w:p xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\">"
					"<w:r><w:t>end</w:t></w:r></w:p>";
	struct arena *arena = arena_new();
	struct err err = { 0 };

	if (docx_append(docx, sv_of(paragraph), &err) != 0 && !err.detail[0])
		__builtin_trap();
	if (!docx_style(docx, arena, "heading 1", "Heading1"))
		__builtin_trap();
	if (docx_set_core(docx, "dc:title", "title", &err) != 0 && !err.detail[0])
		__builtin_trap();
	arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	struct docx *docx = docx_read(data, size, &err);
	struct docx *copy;
	struct docx *again;
	struct buf file;

	if (!docx) {
		if (!err.detail[0])
			__builtin_trap();
		return 0;
	}
	copy = docx_copy(docx);
	docx_free(docx);
	edit(copy);
	buf_init(&file, (size_t)256 << 20);
	if (docx_write(copy, &file, &err) == 0) {
		again = docx_read(file.data, file.len, &err);
		if (!again)
			__builtin_trap();
		docx_free(again);
	}
	buf_free(&file);
	docx_free(copy);
	return 0;
}
