/*
 * docx: Word documents as the nodes of lib.docx hand them on: the parts of the package, edited by libxml2, packed by
 * libarchive.
 *
 * A document that stands in a value never changes: nodes work on a copy, which shares the parts. What a loaded document
 * holds beside the edited parts stays as it is.
 */
#ifndef NODES_DOCX_H
#define NODES_DOCX_H

#include "nodes/node.h"

#define DOCX_FILE_MAX  ((size_t)64 << 20)  /* bytes of a file */
#define DOCX_PARTS_MAX ((size_t)256 << 20) /* bytes of all parts unpacked */
#define DOCX_PARTS     10000

struct docx {
	struct value *parts; /* map of name to BYTES, in the order of the file */
};

/* A document without content. */
struct docx *docx_new(void);
struct docx *docx_copy(const struct docx *docx);
void docx_free(struct docx *docx); /* takes NULL */
/* Reads a file; NULL with the reason when it is no document or too large. */
struct docx *docx_read(const void *data, size_t len, struct err *err);
/* The file. `out` is initialised by the caller. */
int docx_write(const struct docx *docx, struct buf *out, struct err *err) MUST_CHECK;

/* The document as a value of type "document": takes it. Clients get the file. */
struct value *docx_value(struct docx *docx);
/* Lent; NULL when the value holds no document of this kind. */
const struct docx *docx_of(const struct value *v);

/* The content of a part; p is NULL when there is none. Lent. And puts one in. */
struct sv docx_part(const struct docx *docx, const char *name);
void docx_set_part(struct docx *docx, const char *name, const void *data, size_t len);

/* Adds an XML element (a paragraph, a table; prefix "w" declared by itself) at the end of the text. -1 when it is not
 * well-formed (a character that XML has no form for) or the document's own XML is broken. */
int docx_append(struct docx *docx, struct sv xml, struct err *err) MUST_CHECK;
/* The id of the style of that name ("heading 1"), in memory of the arena; `fallback` when the document has none. */
const char *docx_style(const struct docx *docx, struct arena *arena, const char *name, const char *fallback);
/* Sets a core property: `name` is an element with its prefix ("dc:title", "cp:keywords"). */
int docx_set_core(struct docx *docx, const char *name, const char *text, struct err *err) MUST_CHECK;

/* A picture (PNG, JPEG, GIF) put among the parts: the id by which the text refers to it, in memory of the arena, and its
 * own size in EMU (914,400 an inch). NULL with the reason. */
const char *docx_add_picture(struct docx *docx, struct arena *arena, struct sv file, double size[2], struct err *err);

#endif
