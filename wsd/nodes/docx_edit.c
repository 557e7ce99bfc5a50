/* Word documents: changes to their parts, by libxml2. Entities are not expanded and nothing is fetched. */
#include "wsd/nodes/docx.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define XML_OPTIONS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_COMPACT)
#define PACKAGE     "http://schemas.openxmlformats.org/package/2006/"
#define OFFICE      "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
#define CORE_TYPE   "application/vnd.openxmlformats-package.core-properties+xml"
#define CORE_REL    PACKAGE "relationships/metadata/core-properties"
#define TYPES       "[Content_Types].xml"
#define CORE        "docProps/core.xml"
#define TEXT_RELS   "word/_rels/document.xml.rels"
#define RELS_BLANK  "<Relationships xmlns=\"" PACKAGE "relationships\"/>"
#define CORE_BLANK                                                                                                   \
	"<cp:coreProperties xmlns:cp=\"" PACKAGE "metadata/core-properties\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" " \
	"xmlns:dcterms=\"http://purl.org/dc/terms/\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"/>"
#define EMU_PER_INCH 914400.0
#define USUAL_DPI    72.0

/* The part as a tree, or `blank` where there is none; NULL with the reason. */
static xmlDoc *open_part(const struct docx *docx, const char *name, const char *blank, struct err *err)
{
	struct sv part = docx_part(docx, name);
	xmlDoc *doc = NULL;

	if (!part.p && blank)
		part = sv_of(blank);
	if (part.p && part.n <= DOCX_PARTS_MAX)
		doc = xmlReadMemory(part.p, (int)part.n, name, NULL, XML_OPTIONS);
	if (doc && xmlDocGetRootElement(doc))
		return doc;
	xmlFreeDoc(doc);
	err_set(err, 400, "the part %s of the Word document is missing or broken", name);
	return NULL;
}

/* Puts the tree back and frees it. */
static int close_part(struct docx *docx, const char *name, xmlDoc *doc, struct err *err)
{
	xmlChar *text = NULL;
	int n = 0;

	xmlDocDumpMemoryEnc(doc, &text, &n, "UTF-8");
	xmlFreeDoc(doc);
	if (!text)
		return err_set(err, 500, "the part %s of the Word document cannot be written", name);
	docx_set_part(docx, name, text, (size_t)n);
	xmlFree(text);
	return 0;
}

static xmlNode *child(const xmlNode *parent, const char *name)
{
	xmlNode *node = parent->children;

	while (node && (node->type != XML_ELEMENT_NODE || strcmp((const char *)node->name, name) != 0))
		node = node->next;
	return node;
}

/* A child with this attribute; NULL when there is none. */
static xmlNode *child_with(const xmlNode *parent, const char *attribute, const char *value)
{
	for (xmlNode *node = parent->children; node; node = node->next) {
		xmlChar *is = node->type == XML_ELEMENT_NODE ? xmlGetProp(node, BAD_CAST attribute) : NULL;
		bool same = is && strcasecmp((const char *)is, value) == 0;

		xmlFree(is);
		if (same)
			return node;
	}
	return NULL;
}

/* An element with two or three attributes at the end of the part's root. */
static int add_element(struct docx *docx, const char *part, const char *blank, const char *element,
		       const char *const attributes[6], struct err *err)
{
	xmlDoc *doc = open_part(docx, part, blank, err);
	xmlNode *root;
	xmlNode *node;

	if (!doc)
		return -1;
	root = xmlDocGetRootElement(doc);
	if (child_with(root, attributes[0], attributes[1])) {
		xmlFreeDoc(doc);
		return 0;
	}
	node = xmlNewChild(root, root->ns, BAD_CAST element, NULL);
	for (int i = 0; i < 6 && attributes[i]; i += 2)
		xmlNewProp(node, BAD_CAST attributes[i], BAD_CAST attributes[i + 1]);
	return close_part(docx, part, doc, err);
}

int docx_append(struct docx *docx, struct sv xml, struct err *err)
{
	xmlDoc *piece = xml.n <= DOCX_FILE_MAX ? xmlReadMemory(xml.p, (int)xml.n, NULL, "UTF-8", XML_OPTIONS) : NULL;
	xmlDoc *doc = NULL;
	xmlNode *body;
	xmlNode *last;
	xmlNode *copy;

	if (!piece)
		return err_set(err, 400, "it is too long or holds a character that XML cannot hold");
	doc = open_part(docx, "word/document.xml", NULL, err);
	body = doc ? child(xmlDocGetRootElement(doc), "body") : NULL;
	copy = body ? xmlDocCopyNode(xmlDocGetRootElement(piece), doc, 1) : NULL;
	xmlFreeDoc(piece);
	if (!copy) {
		xmlFreeDoc(doc);
		return doc ? err_set(err, 400, "the Word document has no body") : -1;
	}
	last = xmlGetLastChild(body);
	while (last && last->type != XML_ELEMENT_NODE)
		last = last->prev;
	if (last && strcmp((const char *)last->name, "sectPr") == 0)
		xmlAddPrevSibling(last, copy);
	else
		xmlAddChild(body, copy);
	return close_part(docx, "word/document.xml", doc, err);
}

/* A "w:" attribute of the element, freed by xmlFree; NULL when there is none. */
static xmlChar *word_attribute(xmlNode *node, const char *name)
{
	return node && node->ns ? xmlGetNsProp(node, BAD_CAST name, node->ns->href) : NULL;
}

const char *docx_style(const struct docx *docx, struct arena *arena, const char *name, const char *fallback)
{
	struct err err;
	xmlDoc *doc = open_part(docx, "word/styles.xml", NULL, &err);
	const char *found = NULL;

	for (xmlNode *style = doc ? xmlDocGetRootElement(doc)->children : NULL; style && !found; style = style->next) {
		xmlNode *label = style->type == XML_ELEMENT_NODE ? child(style, "name") : NULL;
		xmlChar *is = word_attribute(label, "val");
		xmlChar *id = word_attribute(style, "styleId");

		if (is && id && strcasecmp((const char *)is, name) == 0)
			found = arena_strdup(arena, (const char *)id);
		xmlFree(is);
		xmlFree(id);
	}
	xmlFreeDoc(doc);
	return found ? found : fallback;
}

/* ---- core properties ---------------------------------------------------------------------------------- */

/* Makes the part known to the package. */
static int announce_core(struct docx *docx, struct err *err)
{
	static const char *const type[6] = { "PartName", "/" CORE, "ContentType", CORE_TYPE };
	static const char *const relation[6] = { "Type", CORE_REL, "Id", "ntCore", "Target", CORE };

	if (add_element(docx, TYPES, NULL, "Override", type, err) != 0)
		return -1;
	return add_element(docx, "_rels/.rels", RELS_BLANK, "Relationship", relation, err);
}

int docx_set_core(struct docx *docx, const char *name, const char *text, struct err *err)
{
	const char *plain = strchr(name, ':') + 1;
	char prefix[8] = "";
	xmlNode *root;
	xmlNode *node;
	xmlDoc *doc;
	xmlNs *ns;

	if (announce_core(docx, err) != 0 || !(doc = open_part(docx, CORE, CORE_BLANK, err)))
		return -1;
	memcpy(prefix, name, (size_t)(plain - name - 1));
	root = xmlDocGetRootElement(doc);
	node = child(root, plain);
	if (!node) {
		ns = xmlSearchNs(doc, root, BAD_CAST prefix);
		if (!ns)
			ns = xmlNewNs(root, BAD_CAST(prefix[0] == 'd' ? "http://purl.org/dc/elements/1.1/"
								      : PACKAGE "metadata/core-properties"),
				      BAD_CAST prefix);
		node = xmlNewChild(root, ns, BAD_CAST plain, NULL);
	}
	xmlNodeSetContent(node, NULL);
	xmlNodeAddContent(node, BAD_CAST text);
	return close_part(docx, CORE, doc, err);
}

/* ---- pictures ----------------------------------------------------------------------------------------- */

struct picture {
	const char *extension;
	const char *type;
	double width; /* pixels */
	double height;
	double dpi[2];
};

static unsigned be16(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static uint32_t be32(const unsigned char *p)
{
	return (uint32_t)be16(p) << 16 | be16(p + 2);
}

static bool read_png(const unsigned char *p, size_t n, struct picture *out)
{
	if (n < 33 || memcmp(p, "\x89PNG\r\n\x1a\n", 8) != 0)
		return false;
	*out = (struct picture){ "png", "image/png", be32(p + 16), be32(p + 20), { 0, 0 } };
	for (size_t at = 33; at + 12 <= n && be32(p + at) <= n - at - 12; at += 12 + be32(p + at)) {
		if (memcmp(p + at + 4, "pHYs", 4) != 0 || be32(p + at) < 9 || p[at + 16] != 1)
			continue;
		out->dpi[0] = be32(p + at + 8) * 0.0254;
		out->dpi[1] = be32(p + at + 12) * 0.0254;
	}
	return true;
}

static bool read_gif(const unsigned char *p, size_t n, struct picture *out)
{
	if (n < 13 || memcmp(p, "GIF8", 4) != 0)
		return false;
	*out = (struct picture){ "gif", "image/gif", p[6] | p[7] << 8, p[8] | p[9] << 8, { 0, 0 } };
	return true;
}

/* The frame header says the size, the JFIF header the resolution. */
static bool read_jpeg(const unsigned char *p, size_t n, struct picture *out)
{
	if (n < 4 || p[0] != 0xff || p[1] != 0xd8)
		return false;
	*out = (struct picture){ "jpeg", "image/jpeg", 0, 0, { 0, 0 } };
	for (size_t at = 2; at + 4 <= n && p[at] == 0xff && be16(p + at + 2) >= 2; at += 2 + be16(p + at + 2)) {
		unsigned mark = p[at + 1];

		if (mark == 0xe0 && at + 16 <= n && memcmp(p + at + 4, "JFIF", 5) == 0 && p[at + 11]) {
			double inch = p[at + 11] == 2 ? 2.54 : 1;

			out->dpi[0] = be16(p + at + 12) * inch;
			out->dpi[1] = be16(p + at + 14) * inch;
		}
		if (mark < 0xc0 || mark > 0xcf || mark == 0xc4 || mark == 0xc8 || mark == 0xcc)
			continue;
		if (at + 9 > n)
			return false;
		out->height = be16(p + at + 5);
		out->width = be16(p + at + 7);
		return true;
	}
	return false;
}

/* Puts the file among the parts under a name that is free: its number. */
static unsigned add_media(struct docx *docx, struct sv file, const char *extension)
{
	char name[64];
	unsigned number = 0;

	do
		snprintf(name, sizeof(name), "word/media/picture%u.%s", ++number, extension);
	while (docx_part(docx, name).p);
	docx_set_part(docx, name, file.p, file.n);
	return number;
}

const char *docx_add_picture(struct docx *docx, struct arena *arena, struct sv file, double size[2], struct err *err)
{
	const unsigned char *bytes = (const unsigned char *)file.p;
	struct picture picture;
	char target[48];
	unsigned number;
	char id[40];

	if ((!read_png(bytes, file.n, &picture) && !read_gif(bytes, file.n, &picture) &&
	     !read_jpeg(bytes, file.n, &picture)) ||
	    picture.width < 1 || picture.height < 1) {
		err_set(err, 400, "only PNG, JPEG and GIF pictures can stand in a Word document");
		return NULL;
	}
	size[0] = picture.width / (picture.dpi[0] >= 1 ? picture.dpi[0] : USUAL_DPI) * EMU_PER_INCH;
	size[1] = picture.height / (picture.dpi[1] >= 1 ? picture.dpi[1] : USUAL_DPI) * EMU_PER_INCH;
	number = add_media(docx, file, picture.extension);
	snprintf(target, sizeof(target), "media/picture%u.%s", number, picture.extension);
	snprintf(id, sizeof(id), "nt%s%u", picture.extension, number);
	if (add_element(docx, TYPES, NULL, "Default",
			(const char *const[6]){ "Extension", picture.extension, "ContentType", picture.type }, err) != 0 ||
	    add_element(docx, TEXT_RELS, RELS_BLANK, "Relationship",
			(const char *const[6]){ "Id", id, "Type", OFFICE "image", "Target", target }, err) != 0)
		return NULL;
	return arena_strdup(arena, id);
}
