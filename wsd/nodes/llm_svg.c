/* SVG out of answers, read by libxml2: see llm_svg.h. */
#include "wsd/nodes/llm_svg.h"

#include <libxml/parser.h>
#include <limits.h>
#include <string.h>

#define DEPTH_MAX 100

static bool is_name(const xmlChar *name, const char *word)
{
	return strcasecmp((const char *)name, word) == 0;
}

static struct value *attributes(const xmlNode *node)
{
	struct value *map = value_map();

	for (const xmlNs *ns = node->nsDef; ns; ns = ns->next)
		if (!ns->prefix)
			map_set_str(map, "xmlns", (const char *)ns->href);
	for (xmlAttr *a = node->properties; a; a = a->next) {
		xmlChar *text = xmlNodeListGetString(node->doc, a->children, 1);
		const char *value = text ? (const char *)text : "";

		if (strncasecmp((const char *)a->name, "on", 2) != 0 && (!is_name(a->name, "href") || *value == '#'))
			map_set_str(map, (const char *)a->name, value);
		xmlFree(text);
	}
	return map;
}

static struct value *element(const xmlNode *node, int depth)
{
	struct value *e = value_map();
	struct value *children = value_list();
	struct buf text;
	struct sv said;

	buf_init(&text, BUF_MAX_BODY);
	for (const xmlNode *n = node->children; n; n = n->next) {
		if (n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE)
			buf_adds(&text, (const char *)n->content);
		else if (n->type == XML_ELEMENT_NODE && depth < DEPTH_MAX && !is_name(n->name, "script") &&
			 !is_name(n->name, "foreignObject"))
			list_push(children, element(n, depth + 1));
	}
	map_set_str(e, "type", "svg_element");
	map_set_str(e, "name", (const char *)node->name);
	map_set(e, "attributes", attributes(node));
	said = sv_trim((struct sv){ text.data ? text.data : "", text.len });
	map_set(e, "content", said.n ? value_strn(said.p, said.n) : value_null());
	map_set(e, "children", children);
	map_mark_typed(e);
	buf_free(&text);
	return e;
}

struct value *svg_elements(struct sv text)
{
	static const char end_tag[] = "</svg>";
	const char *from = memmem(text.p, text.n, "<svg", 4);
	const char *end = from ? memmem(from, text.n - (size_t)(from - text.p), end_tag, sizeof(end_tag) - 1) : NULL;
	struct value *list;
	xmlNode *root;
	xmlDoc *doc;

	/* The last end tag: drawings may stand in each other. */
	for (const char *at = end; at;) {
		end = at;
		at = memmem(at + 1, text.n - (size_t)(at + 1 - text.p), end_tag, sizeof(end_tag) - 1);
	}
	if (!end || end - from > INT_MAX - (int)sizeof(end_tag))
		return NULL;
	doc = xmlReadMemory(from, (int)(end - from) + (int)sizeof(end_tag) - 1, NULL, "UTF-8",
			    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	root = doc ? xmlDocGetRootElement(doc) : NULL;
	list = root ? value_list() : NULL;
	if (root)
		list_push(list, element(root, 0));
	xmlFreeDoc(doc);
	return list;
}
