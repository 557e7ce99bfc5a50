/*
 * document_split: cutting texts into chunks, as LangChain's splitters do. Sizes count code points.
 */
#ifndef NODES_DOCUMENT_SPLIT_H
#define NODES_DOCUMENT_SPLIT_H

#include "value/value.h"

struct split_options {
	int64_t size;
	int64_t overlap;
	const struct value *separators; /* list of texts, tried in this order; NULL: blank line, line, blank, character */
};

/* The chunks of the text, a list of texts. NULL with the reason (sizes that make no sense). */
struct value *split_recursively(struct sv text, const struct split_options *options, struct err *err) MUST_CHECK;

/* The parts of a Markdown text between its headings. `headers` is a list of [mark, name]. */
struct value *split_markdown(struct sv text, const struct value *headers, bool strip_headers, bool each_line);

#endif
