/* lib.docx: Word documents. */
#include "wsd/nodes/docx.h"
#include "value/pyform.h"
#include "wsd/engine/asset.h"
#include "wsd/nodes/frame.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/paths.h"
#include "wsd/nodes/posixpath.h"

#include <stdio.h>
#include <string.h>

#define WORD_NS "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\""
#define DRAWING "http://schemas.openxmlformats.org/drawingml/2006/"
#define EMU_MAX 27273042316900.0 /* what the format allows */

/* A copy of the document of the property to change; NULL after failing the node. */
static struct docx *document_property(struct node_ctx *ctx)
{
	const struct docx *docx = docx_of(node_get(ctx, "document"));

	if (docx)
		return docx_copy(docx);
	node_fail(ctx, "document: there is no Word document (make one with Create Document or Load Word Document)");
	return NULL;
}

/* Adds the XML and emits the document (taken); `what` names the property that the XML was made of. Frees the buffer. */
static enum node_result append(struct node_ctx *ctx, struct docx *docx, struct buf *xml, const char *what)
{
	struct err err;
	int rc = -1;

	if (xml->failed)
		err_set(&err, 400, "it is too long");
	else
		rc = docx_append(docx, (struct sv){ xml->data, xml->len }, &err);
	buf_free(xml);
	if (rc == 0)
		return done(ctx, docx_value(docx));
	docx_free(docx);
	return node_fail(ctx, "%s: %s", what, err.detail);
}

/* The text of a run, with its line ends and tabs. */
static void add_text(struct buf *xml, struct sv text)
{
	bool open = false;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		const char *mark = c == '\t' ? "<w:tab/>" : c == '\n' || c == '\r' ? "<w:br/>" : NULL;

		if (c == '\r' && i + 1 < text.n && text.p[i + 1] == '\n')
			continue;
		if (open == (mark != NULL))
			buf_adds(xml, open ? "</w:t>" : "<w:t xml:space=\"preserve\">");
		open = !mark;
		if (mark)
			buf_adds(xml, mark);
		else if (c == '<' || c == '&' || c == '>')
			buf_adds(xml, c == '<' ? "&lt;" : c == '&' ? "&amp;" : "&gt;");
		else
			buf_addc(xml, c);
	}
	if (open)
		buf_adds(xml, "</w:t>");
}

static enum node_result create_document(struct node_ctx *ctx)
{
	return done(ctx, docx_value(docx_new()));
}

static enum node_result load_document(struct node_ctx *ctx)
{
	struct docx *docx = NULL;
	struct err err = { 0 };
	struct path path;
	struct buf file;

	if (!*node_text(ctx, "path"))
		return node_fail(ctx, "path must not be empty");
	if (path_any(ctx, node_text(ctx, "path"), &path, &err) != 0)
		return node_fail(ctx, "path: %s", err.detail);
	if (path_read(&path, DOCX_FILE_MAX, &file, &err) == 0)
		docx = docx_read(file.data ? file.data : "", file.len, &err);
	buf_free(&file);
	return docx ? done(ctx, docx_value(docx)) : node_fail(ctx, "path: %s", err.detail);
}

static enum node_result add_heading(struct node_ctx *ctx)
{
	int64_t level = node_int(ctx, "level");
	struct docx *docx;
	char name[16];
	char id[16];
	struct buf xml;

	if (level < 0 || level > 9)
		return node_fail(ctx, "level: headings have the levels 1 to 9 (0 is the title), not %lld", (long long)level);
	docx = document_property(ctx);
	if (!docx)
		return NODE_FAILED;
	snprintf(name, sizeof(name), level ? "heading %d" : "title", (int)level);
	snprintf(id, sizeof(id), level ? "Heading%d" : "Title", (int)level);
	buf_init(&xml, DOCX_FILE_MAX);
	buf_printf(&xml, "<w:p " WORD_NS "><w:pPr><w:pStyle w:val=\"%s\"/></w:pPr>",
		   docx_style(docx, node_arena(ctx), name, id));
	if (node_sv(ctx, "text").n) {
		buf_adds(&xml, "<w:r>");
		add_text(&xml, node_sv(ctx, "text"));
		buf_adds(&xml, "</w:r>");
	}
	buf_adds(&xml, "</w:p>");
	return append(ctx, docx, &xml, "text");
}

static enum node_result add_paragraph(struct node_ctx *ctx)
{
	static const char *const alignments[][2] = { { "CENTER", "center" }, { "RIGHT", "right" }, { "JUSTIFY", "both" } };
	int64_t size = node_int(ctx, "font_size");
	const char *align = "left";
	struct docx *docx;
	struct buf xml;

	if (size < 0 || size > 1638)
		return node_fail(ctx, "font_size: type has 1 to 1638 points, not %lld", (long long)size);
	docx = document_property(ctx);
	if (!docx)
		return NODE_FAILED;
	for (size_t i = 0; i < ARRAY_LEN(alignments); i++)
		if (strcmp(node_text(ctx, "alignment"), alignments[i][0]) == 0)
			align = alignments[i][1];
	buf_init(&xml, DOCX_FILE_MAX);
	buf_printf(&xml, "<w:p " WORD_NS "><w:pPr><w:jc w:val=\"%s\"/></w:pPr><w:r><w:rPr>%s%s", align,
		   node_bool(ctx, "bold") ? "<w:b/>" : "", node_bool(ctx, "italic") ? "<w:i/>" : "");
	if (size)
		buf_printf(&xml, "<w:sz w:val=\"%d\"/>", (int)size * 2);
	buf_adds(&xml, "</w:rPr>");
	add_text(&xml, node_sv(ctx, "text"));
	buf_adds(&xml, "</w:r></w:p>");
	return append(ctx, docx, &xml, "text");
}

static enum node_result add_page_break(struct node_ctx *ctx)
{
	struct docx *docx = document_property(ctx);
	struct buf xml;

	if (!docx)
		return NODE_FAILED;
	buf_init(&xml, BUF_MAX_SMALL);
	buf_adds(&xml, "<w:p " WORD_NS "><w:r><w:br w:type=\"page\"/></w:r></w:p>");
	return append(ctx, docx, &xml, "document");
}

static void add_cell(struct buf *xml, const struct frame *frame, size_t row, size_t column)
{
	bool missing = frame_cell_missing(frame->cols[column], row);
	struct value *v = missing ? value_null() : frame_cell(frame->cols[column], row);
	struct value *text = pyform_str_value(v);

	buf_adds(xml, "<w:tc><w:p><w:r>");
	if (text)
		add_text(xml, value_sv(text));
	buf_adds(xml, "</w:r></w:p></w:tc>");
	value_unref(text);
	value_unref(v);
}

static enum node_result add_table(struct node_ctx *ctx)
{
	const struct frame *frame = frame_property(ctx, "data");
	struct docx *docx;
	struct buf xml;

	if (!frame)
		return NODE_FAILED;
	if (!frame->count || !frame->rows)
		return node_fail(ctx, "data: the table has no %s", frame->count ? "rows" : "columns");
	docx = document_property(ctx);
	if (!docx)
		return NODE_FAILED;
	buf_init(&xml, DOCX_FILE_MAX);
	buf_adds(&xml, "<w:tbl " WORD_NS "><w:tblPr><w:tblW w:type=\"auto\" w:w=\"0\"/></w:tblPr><w:tblGrid>");
	for (size_t c = 0; c < frame->count && !xml.failed; c++)
		buf_adds(&xml, "<w:gridCol/>");
	buf_adds(&xml, "</w:tblGrid>");
	for (size_t r = 0; r < frame->rows && !xml.failed; r++) {
		buf_adds(&xml, "<w:tr>");
		for (size_t c = 0; c < frame->count && !xml.failed; c++)
			add_cell(&xml, frame, r, c);
		buf_adds(&xml, "</w:tr>");
	}
	buf_adds(&xml, "</w:tbl>");
	return append(ctx, docx, &xml, "data");
}

/* Inches that were asked for replace the picture's own size; one alone keeps the shape. */
static bool picture_size(struct node_ctx *ctx, double size[2])
{
	double width = node_float(ctx, "width") * 914400;
	double height = node_float(ctx, "height") * 914400;
	double shape = size[1] / size[0];

	if (!(width >= 0 && width < EMU_MAX) || !(height >= 0 && height < EMU_MAX)) {
		node_fail(ctx, "%s: a picture cannot have that size", width >= 0 && width < EMU_MAX ? "height" : "width");
		return false;
	}
	if (width > 0 || height > 0) {
		size[0] = width > 0 ? width : height / shape;
		size[1] = height > 0 ? height : width * shape;
	}
	return true;
}

static void picture_xml(struct buf *xml, const char *id, const double size[2])
{
	long long cx = (long long)size[0];
	long long cy = (long long)size[1];

	buf_printf(xml,
		   "<w:p " WORD_NS "><w:r><w:drawing><wp:inline xmlns:wp=\"" DRAWING "wordprocessingDrawing\">"
		   "<wp:extent cx=\"%lld\" cy=\"%lld\"/><wp:docPr id=\"1\" name=\"%s\"/>"
		   "<a:graphic xmlns:a=\"" DRAWING "main\"><a:graphicData uri=\"" DRAWING "picture\">"
		   "<pic:pic xmlns:pic=\"" DRAWING "picture\"><pic:nvPicPr><pic:cNvPr id=\"0\" name=\"%s\"/><pic:cNvPicPr/>"
		   "</pic:nvPicPr><pic:blipFill><a:blip xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/"
		   "relationships\" r:embed=\"%s\"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm>"
		   "<a:off x=\"0\" y=\"0\"/><a:ext cx=\"%lld\" cy=\"%lld\"/></a:xfrm><a:prstGeom prst=\"rect\"><a:avLst/>"
		   "</a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>",
		   cx, cy, id, id, id, cx, cy);
}

static enum node_result add_image(struct node_ctx *ctx)
{
	struct docx *docx = document_property(ctx);
	const char *id = NULL;
	struct err err = { 0 };
	double size[2];
	struct buf xml;
	struct buf file;

	if (!docx)
		return NODE_FAILED;
	buf_init(&file, DOCX_FILE_MAX);
	if (asset_read(node_get(ctx, "image"), node_workspace(ctx), &file, &err) == 0)
		id = docx_add_picture(docx, node_arena(ctx), (struct sv){ file.data ? file.data : "", file.len }, size, &err);
	buf_free(&file);
	if (!id || !picture_size(ctx, size)) {
		docx_free(docx);
		return id ? NODE_FAILED : node_fail(ctx, "image: %s", err.detail);
	}
	buf_init(&xml, BUF_MAX_SMALL);
	picture_xml(&xml, id, size);
	return append(ctx, docx, &xml, "image");
}

static enum node_result set_properties(struct node_ctx *ctx)
{
	static const char *const names[][2] = {
		{ "title", "dc:title" }, { "author", "dc:creator" }, { "subject", "dc:subject" }, { "keywords", "cp:keywords" }
	};
	struct docx *docx = document_property(ctx);
	struct err err;

	if (!docx)
		return NODE_FAILED;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *text = node_text(ctx, names[i][0]);

		if (!*text || docx_set_core(docx, names[i][1], text, &err) == 0)
			continue;
		docx_free(docx);
		return node_fail(ctx, "%s: %s", names[i][0], err.detail);
	}
	return done(ctx, docx_value(docx));
}

static enum node_result save_document(struct node_ctx *ctx)
{
	const struct docx *docx = docx_of(node_get(ctx, "document"));
	const char *folder = map_str(node_get(ctx, "path"), "path", "");
	const char *name = node_text(ctx, "filename");
	struct err err = { 0 };
	struct path path;
	struct buf file;
	int rc;

	if (!docx)
		return node_fail(ctx, "document: there is no Word document");
	if (!*folder || !*name)
		return node_fail(ctx, "%s must not be empty", *folder ? "filename" : "path");
	if (path_any(ctx, posix_join(node_arena(ctx), folder, path_dated(node_arena(ctx), name)), &path, &err) != 0)
		return node_fail(ctx, "path, filename: %s", err.detail);
	buf_init(&file, DOCX_PARTS_MAX);
	rc = docx_write(docx, &file, &err);
	if (rc == 0)
		rc = path_write(&path, file.data, file.len, false, &err);
	buf_free(&file);
	return rc == 0 ? NODE_DONE : node_fail(ctx, "path, filename: %s", err.detail);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

#define EMPTY_ASSET(type) "{\"type\":\"" type "\"}"
#define DOCUMENT_PROP     { .name = "document", .type = "document", .def = EMPTY_ASSET("document") }

static const struct node_prop no_props[] = { { 0 } };
static const struct node_slot no_outputs[] = { { 0 } };
static const struct node_slot document_output[] = { { .name = "output", .type = "document" }, { 0 } };

static const struct node_prop load_props[] = { { .name = "path", .type = "str", .def = "\"\"" }, { 0 } };

static const struct node_prop heading_props[] = {
	DOCUMENT_PROP,
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "level", .type = "int", .def = "1", .min = "1.0", .max = "9.0" },
	{ 0 },
};

static const struct node_prop paragraph_props[] = {
	DOCUMENT_PROP,
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "alignment",
	  .type = "enum(nodetool.nodes.lib.docx.ParagraphAlignment:LEFT|CENTER|RIGHT|JUSTIFY)",
	  .def = "\"LEFT\"" },
	{ .name = "bold", .type = "bool", .def = "false" },
	{ .name = "italic", .type = "bool", .def = "false" },
	{ .name = "font_size", .type = "int", .def = "12" },
	{ 0 },
};

static const struct node_prop table_props[] = {
	DOCUMENT_PROP,
	{ .name = "data", .type = "dataframe", .def = EMPTY_ASSET("dataframe") },
	{ 0 },
};

static const struct node_prop image_props[] = {
	DOCUMENT_PROP,
	{ .name = "image", .type = "image", .def = EMPTY_ASSET("image") },
	{ .name = "width", .type = "float", .def = "0", .description = "Inches; 0: the picture's own" },
	{ .name = "height", .type = "float", .def = "0", .description = "Inches; 0: the picture's own" },
	{ 0 },
};

static const struct node_prop page_break_props[] = { DOCUMENT_PROP, { 0 } };

static const struct node_prop properties_props[] = {
	DOCUMENT_PROP,
	{ .name = "title", .type = "str", .def = "\"\"" },
	{ .name = "author", .type = "str", .def = "\"\"" },
	{ .name = "subject", .type = "str", .def = "\"\"" },
	{ .name = "keywords", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_prop save_props[] = {
	DOCUMENT_PROP,
	{ .name = "path", .type = "file_path", .def = "{\"type\": \"file_path\", \"path\": \"\"}" },
	{ .name = "filename", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "lib.docx.CreateDocument",
		.title = "Create Document",
		.description = "Makes a Word document without content.",
		.props = no_props,
		.outputs = document_output,
		.process = create_document,
	},
	{
		.type = "lib.docx.LoadWordDocument",
		.title = "Load Word Document",
		.description = "Reads a Word document from a file.",
		.props = load_props,
		.outputs = document_output,
		.flags = NODE_BLOCKING,
		.process = load_document,
	},
	{
		.type = "lib.docx.AddHeading",
		.title = "Add Heading",
		.description = "Adds a heading at the end of a Word document.",
		.props = heading_props,
		.outputs = document_output,
		.process = add_heading,
	},
	{
		.type = "lib.docx.AddParagraph",
		.title = "Add Paragraph",
		.description = "Adds a paragraph with its look at the end of a Word document.",
		.props = paragraph_props,
		.outputs = document_output,
		.process = add_paragraph,
	},
	{
		.type = "lib.docx.AddTable",
		.title = "Add Table",
		.description = "Adds the rows of a table at the end of a Word document.",
		.props = table_props,
		.outputs = document_output,
		.process = add_table,
	},
	{
		.type = "lib.docx.AddImage",
		.title = "Add Image",
		.description = "Adds a picture at the end of a Word document.",
		.props = image_props,
		.outputs = document_output,
		.flags = NODE_BLOCKING,
		.process = add_image,
	},
	{
		.type = "lib.docx.AddPageBreak",
		.title = "Add Page Break",
		.description = "Lets what follows begin on a new page.",
		.props = page_break_props,
		.outputs = document_output,
		.process = add_page_break,
	},
	{
		.type = "lib.docx.SetDocumentProperties",
		.title = "Set Document Properties",
		.description = "Sets title, author, subject and keywords; empty ones stay as they are.",
		.props = properties_props,
		.outputs = document_output,
		.process = set_properties,
	},
	{
		.type = "lib.docx.SaveDocument",
		.title = "Save Document",
		.description = "Writes a Word document to a file.",
		.props = save_props,
		.outputs = no_outputs,
		.flags = NODE_BLOCKING,
		.process = save_document,
	},
};

NODE_TABLE(nodes_lib_docx, types);
