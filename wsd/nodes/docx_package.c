/* Word documents as packages: zip files of parts, by libarchive. */
#include "wsd/nodes/docx.h"
#include "wsd/nodes/helper.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

#define DOCX_TIME 315532800 /* 1980-01-01, the first that a zip file can say */
#define PACKAGE   "http://schemas.openxmlformats.org/package/2006/"
#define OFFICE    "http://schemas.openxmlformats.org/officeDocument/2006/"
#define WORD_TYPE "application/vnd.openxmlformats-officedocument.wordprocessingml."
#define XML_HEAD  "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define WORD_NS   "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\""

static const struct {
	const char *name;
	const char *xml;
} blank_parts[] = {
	{ "[Content_Types].xml",
	  XML_HEAD "<Types xmlns=\"" PACKAGE "content-types\">"
		   "<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>"
		   "<Default Extension=\"xml\" ContentType=\"application/xml\"/>"
		   "<Override PartName=\"/word/document.xml\" ContentType=\"" WORD_TYPE "document.main+xml\"/>"
		   "<Override PartName=\"/word/styles.xml\" ContentType=\"" WORD_TYPE "styles+xml\"/></Types>" },
	{ "_rels/.rels", XML_HEAD "<Relationships xmlns=\"" PACKAGE "relationships\"><Relationship Id=\"rId1\" Type=\"" OFFICE
				  "relationships/officeDocument\" Target=\"word/document.xml\"/></Relationships>" },
	{ "word/document.xml", XML_HEAD "<w:document " WORD_NS "><w:body><w:sectPr><w:pgSz w:w=\"12240\" w:h=\"15840\"/>"
					"<w:pgMar w:top=\"1440\" w:right=\"1800\" w:bottom=\"1440\" w:left=\"1800\" "
					"w:header=\"720\" w:footer=\"720\" w:gutter=\"0\"/></w:sectPr></w:body></w:document>" },
	{ "word/_rels/document.xml.rels",
	  XML_HEAD "<Relationships xmlns=\"" PACKAGE "relationships\"><Relationship Id=\"rId1\" Type=\"" OFFICE
		   "relationships/styles\" Target=\"styles.xml\"/></Relationships>" },
};

/* Half points of the headings 1 to 9. */
static const int heading_sizes[] = { 32, 28, 26, 24, 22, 22, 22, 20, 20 };

static void add_styles(struct docx *docx)
{
	struct buf xml;

	buf_init(&xml, BUF_MAX_SMALL);
	buf_adds(&xml, XML_HEAD "<w:styles " WORD_NS "><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii=\"Calibri\" "
				"w:hAnsi=\"Calibri\"/><w:sz w:val=\"22\"/></w:rPr></w:rPrDefault></w:docDefaults>"
				"<w:style w:type=\"paragraph\" w:default=\"1\" w:styleId=\"Normal\"><w:name w:val=\"Normal\"/>"
				"</w:style><w:style w:type=\"paragraph\" w:styleId=\"Title\"><w:name w:val=\"Title\"/>"
				"<w:basedOn w:val=\"Normal\"/><w:rPr><w:sz w:val=\"52\"/></w:rPr></w:style>");
	for (size_t i = 0; i < ARRAY_LEN(heading_sizes); i++)
		buf_printf(&xml,
			   "<w:style w:type=\"paragraph\" w:styleId=\"Heading%zu\"><w:name w:val=\"heading %zu\"/>"
			   "<w:basedOn w:val=\"Normal\"/><w:next w:val=\"Normal\"/><w:pPr><w:keepNext/><w:spacing "
			   "w:before=\"240\"/><w:outlineLvl w:val=\"%zu\"/></w:pPr><w:rPr><w:b/><w:sz w:val=\"%d\"/></w:rPr>"
			   "</w:style>",
			   i + 1, i + 1, i, heading_sizes[i]);
	buf_adds(&xml, "</w:styles>");
	docx_set_part(docx, "word/styles.xml", xml.data, xml.len);
	buf_free(&xml);
}

struct docx *docx_new(void)
{
	struct docx *docx = xcalloc(1, sizeof(*docx));

	docx->parts = value_map();
	for (size_t i = 0; i < ARRAY_LEN(blank_parts); i++)
		docx_set_part(docx, blank_parts[i].name, blank_parts[i].xml, strlen(blank_parts[i].xml));
	add_styles(docx);
	return docx;
}

struct docx *docx_copy(const struct docx *docx)
{
	struct docx *copy = xcalloc(1, sizeof(*copy));

	copy->parts = value_copy(docx->parts);
	return copy;
}

void docx_free(struct docx *docx)
{
	if (!docx)
		return;
	value_unref(docx->parts);
	free(docx);
}

struct sv docx_part(const struct docx *docx, const char *name)
{
	const struct value *part = map_get(docx->parts, name);

	return part ? value_sv(part) : (struct sv){ NULL, 0 };
}

void docx_set_part(struct docx *docx, const char *name, const void *data, size_t len)
{
	map_set(docx->parts, name, value_bytes(data, len));
}

/* ---- as a value --------------------------------------------------------------------------------------- */

static void free_ptr(void *docx)
{
	docx_free(docx);
}

static struct value *to_value(void *docx)
{
	struct value *ref = asset_new("document");
	struct err err;
	struct buf file;
	size_t len;

	buf_init(&file, DOCX_PARTS_MAX);
	if (docx_write(docx, &file, &err) == 0) {
		len = file.len;
		map_set(ref, "data", value_bytes_take(buf_take(&file), len));
	}
	buf_free(&file);
	return ref;
}

static struct value *to_brief(void *docx)
{
	(void)docx;
	return asset_new("document");
}

static const struct value_class docx_class = { "document", free_ptr, to_value, to_brief };

struct value *docx_value(struct docx *docx)
{
	return value_object(&docx_class, docx);
}

const struct docx *docx_of(const struct value *v)
{
	return value_object_ptr(v, &docx_class);
}

/* ---- files -------------------------------------------------------------------------------------------- */

/* One entry into the parts; `left` is what may still be unpacked. */
static int read_part(struct archive *zip, struct archive_entry *entry, struct docx *docx, size_t *left, struct err *err)
{
	const char *name = archive_entry_pathname_utf8(entry);
	char chunk[16384];
	struct buf part;
	la_ssize_t n;

	if (!name || archive_entry_filetype(entry) == AE_IFDIR)
		return 0;
	buf_init(&part, *left);
	while ((n = archive_read_data(zip, chunk, sizeof(chunk))) > 0 && buf_add(&part, chunk, (size_t)n) == 0)
		;
	if (n < 0)
		err_set(err, 400, "a part of the Word document is broken");
	else if (part.failed)
		err_set(err, 400, "the Word document is larger than %zu MiB unpacked", DOCX_PARTS_MAX >> 20);
	else
		docx_set_part(docx, name, part.data ? part.data : "", part.len);
	*left -= part.len;
	n = n < 0 || part.failed ? -1 : 0;
	buf_free(&part);
	return (int)n;
}

static int read_parts(struct archive *zip, struct docx *docx, struct err *err)
{
	struct archive_entry *entry;
	size_t left = DOCX_PARTS_MAX;
	int rc;

	for (size_t count = 0; (rc = archive_read_next_header(zip, &entry)) == ARCHIVE_OK || rc == ARCHIVE_WARN; count++) {
		if (count == DOCX_PARTS)
			return err_set(err, 400, "the Word document has too many parts");
		if (read_part(zip, entry, docx, &left, err) != 0)
			return -1;
	}
	if (rc != ARCHIVE_EOF || !docx_part(docx, "word/document.xml").p)
		return err_set(err, 400, "it is no Word document (.docx)");
	return 0;
}

struct docx *docx_read(const void *data, size_t len, struct err *err)
{
	struct docx *docx = xcalloc(1, sizeof(*docx));
	struct archive *zip = archive_read_new();
	int rc = -1;

	docx->parts = value_map();
	archive_read_support_format_zip(zip);
	if (len > DOCX_FILE_MAX)
		err_set(err, 400, "the Word document is larger than %zu MiB", DOCX_FILE_MAX >> 20);
	else if (archive_read_open_memory(zip, data, len) != ARCHIVE_OK)
		err_set(err, 400, "it is no Word document (.docx)");
	else
		rc = read_parts(zip, docx, err);
	archive_read_free(zip);
	if (rc == 0)
		return docx;
	docx_free(docx);
	return NULL;
}

static la_ssize_t to_buf(struct archive *zip, void *out, const void *data, size_t n)
{
	(void)zip;
	return buf_add(out, data, n) == 0 ? (la_ssize_t)n : -1;
}

static int write_part(struct archive *zip, struct archive_entry *entry, struct sv name, const struct value *part)
{
	archive_entry_clear(entry);
	archive_entry_set_pathname_utf8(entry, name.p);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_mtime(entry, DOCX_TIME, 0);
	archive_entry_set_size(entry, (la_int64_t)value_len(part));
	if (archive_write_header(zip, entry) < ARCHIVE_WARN)
		return -1;
	return archive_write_data(zip, value_text(part), value_len(part)) == (la_ssize_t)value_len(part) ? 0 : -1;
}

int docx_write(const struct docx *docx, struct buf *out, struct err *err)
{
	struct archive *zip = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	struct value *part;
	struct sv name;
	int rc;

	archive_write_set_format_zip(zip);
	archive_write_set_options(zip, "zip:compression=deflate");
	archive_write_set_bytes_per_block(zip, 0);
	rc = archive_write_open(zip, out, NULL, to_buf, NULL) == ARCHIVE_OK ? 0 : -1;
	for (size_t i = 0; rc == 0 && map_entry(docx->parts, i, &name, &part); i++)
		rc = write_part(zip, entry, name, part);
	if (archive_write_close(zip) != ARCHIVE_OK || out->failed)
		rc = -1;
	if (rc != 0)
		err_set(err, 500, "the Word document cannot be packed: %.200s", archive_error_string(zip));
	archive_entry_free(entry);
	archive_write_free(zip);
	return rc;
}
