/* RSS and Atom feeds. */
#include "wsd/nodes/feed.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/url.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <string.h>
#include <strings.h>

#define MAX_ENTRIES 10000

struct reader {
	struct arena *arena;
	const char *base;
	struct feed *feed;
};

static bool named(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && strcasecmp((const char *)node->name, name) == 0;
}

/* The text of the element, without white space around it. */
static char *text_of(struct reader *r, xmlNode *node)
{
	xmlChar *content = xmlNodeGetContent(node);
	struct sv text = strip(sv_of(content ? (const char *)content : ""));
	char *copy = arena_strndup(r->arena, text.p, text.n);

	xmlFree(content);
	return copy;
}

/* Markup that stands in the element itself (Atom's xhtml) is text too. */
static char *markup_of(struct reader *r, xmlNode *node)
{
	xmlChar *type = xmlGetNoNsProp(node, (const xmlChar *)"type");
	bool xhtml = type && strcmp((const char *)type, "xhtml") == 0;
	xmlNode *div = xhtml ? xmlFirstElementChild(node) : NULL;
	xmlBuffer *buffer;
	struct sv text;
	char *copy;

	xmlFree(type);
	if (!div)
		return text_of(r, node);
	buffer = xmlBufferCreate();
	for (xmlNode *at = div->children; at; at = at->next)
		xmlNodeDump(buffer, node->doc, at, 0, 0);
	text = strip(sv_of((const char *)xmlBufferContent(buffer)));
	copy = arena_strndup(r->arena, text.p, text.n);
	xmlBufferFree(buffer);
	return copy;
}

static char *attribute(struct reader *r, xmlNode *node, const char *name)
{
	xmlChar *v = xmlGetProp(node, (const xmlChar *)name);
	char *copy = v ? arena_strdup(r->arena, (const char *)v) : NULL;

	xmlFree(v);
	return copy;
}

static char *resolve(struct reader *r, const char *link)
{
	struct sv text = strip(sv_of(link));
	struct err err;
	char *url = url_join(r->arena, sv_of(r->base), text, &err);

	return url ? url : arena_strndup(r->arena, text.p, text.n);
}

/* The address of a link element: Atom's href when it is the page itself, else RSS's text. */
static char *link_of(struct reader *r, xmlNode *node)
{
	char *href = attribute(r, node, "href");
	char *rel = attribute(r, node, "rel");
	char *text;

	if (href)
		return !rel || strcmp(rel, "alternate") == 0 ? resolve(r, href) : NULL;
	text = text_of(r, node);
	return *text ? resolve(r, text) : NULL;
}

/* Atom's author: name and address. */
static char *person(struct reader *r, xmlNode *node)
{
	const char *name = NULL;
	const char *email = NULL;

	for (xmlNode *at = xmlFirstElementChild(node); at; at = xmlNextElementSibling(at)) {
		if (named(at, "name"))
			name = text_of(r, at);
		else if (named(at, "email"))
			email = text_of(r, at);
	}
	if (name && email)
		return arena_printf(r->arena, "%s (%s)", name, email);
	if (name || email)
		return arena_strdup(r->arena, name ? name : email);
	return text_of(r, node);
}

/* ---- entries ------------------------------------------------------------------------------------------ */

static void take_date(struct feed_entry *e, const char *text, bool published, bool *exact)
{
	int64_t us;

	if ((published || !*exact) && !feed_date(text, &us)) {
		e->published_us = us;
		e->has_published = true;
		*exact = published;
	}
}

static void read_entry(struct reader *r, xmlNode *node)
{
	struct feed_entry *e;
	const char *permalink = NULL;
	const char *content = NULL;
	bool exact = false;

	if (r->feed->count == MAX_ENTRIES)
		return;
	e = &r->feed->entries[r->feed->count++];
	for (xmlNode *at = xmlFirstElementChild(node); at; at = xmlNextElementSibling(at)) {
		if (named(at, "title") && !e->title)
			e->title = markup_of(r, at);
		else if (named(at, "link") && !e->link)
			e->link = link_of(r, at);
		else if ((named(at, "guid")) &&
			 strcmp(attribute(r, at, "isPermaLink") ? attribute(r, at, "isPermaLink") : "true", "true") ==
				 0)
			permalink = resolve(r, text_of(r, at));
		else if ((named(at, "description") || named(at, "summary")) && !e->summary)
			e->summary = markup_of(r, at);
		else if ((named(at, "encoded") || named(at, "content")) && !content)
			content = markup_of(r, at);
		else if ((named(at, "author") || named(at, "creator")) && !e->author)
			e->author = person(r, at);
		else if (named(at, "pubDate") || named(at, "published") || named(at, "issued"))
			take_date(e, text_of(r, at), true, &exact);
		else if (named(at, "updated") || named(at, "date") || named(at, "modified"))
			take_date(e, text_of(r, at), false, &exact);
	}
	e->title = e->title ? e->title : arena_strdup(r->arena, "");
	e->link = e->link ? e->link : permalink ? arena_strdup(r->arena, permalink) : arena_strdup(r->arena, "");
	e->summary = e->summary ? e->summary : content ? arena_strdup(r->arena, content) : arena_strdup(r->arena, "");
	e->author = e->author ? e->author : arena_strdup(r->arena, "");
}

/* ---- the feed ----------------------------------------------------------------------------------------- */

static bool is_entry(const xmlNode *node)
{
	return named(node, "item") || named(node, "entry");
}

static void read_feed(struct reader *r, xmlNode *node)
{
	struct feed *f = r->feed;
	char *published = NULL;

	for (xmlNode *at = xmlFirstElementChild(node); at; at = xmlNextElementSibling(at)) {
		if (is_entry(at))
			read_entry(r, at);
		else if (named(at, "title") && !f->title)
			f->title = markup_of(r, at);
		else if ((named(at, "description") || named(at, "subtitle") || named(at, "tagline")) && !f->description)
			f->description = markup_of(r, at);
		else if (named(at, "link") && !f->link)
			f->link = link_of(r, at);
		else if (named(at, "language") && !f->language)
			f->language = text_of(r, at);
		else if ((named(at, "lastBuildDate") || named(at, "updated") || named(at, "date") ||
			  named(at, "modified")) &&
			 !f->updated)
			f->updated = text_of(r, at);
		else if (named(at, "pubDate"))
			published = text_of(r, at);
		else if (named(at, "generator") && !f->generator)
			f->generator = text_of(r, at);
	}
	if (!f->updated)
		f->updated = published;
}

static size_t count_entries(xmlNode *node)
{
	size_t count = 0;

	for (xmlNode *at = xmlFirstElementChild(node); at; at = xmlNextElementSibling(at))
		count += is_entry(at);
	return count;
}

static void read_document(struct reader *r, xmlNode *root)
{
	bool rdf = named(root, "RDF");
	xmlNode *channel = xmlFirstElementChild(root);
	xmlNode *top = root;

	if (!named(root, "rss") && !named(root, "feed") && !rdf)
		return;
	while (channel && !named(channel, "channel"))
		channel = xmlNextElementSibling(channel);
	if (channel && !named(root, "feed"))
		top = channel;
	r->feed->entries =
		arena_alloc(r->arena, (count_entries(root) + count_entries(top) + 1) * sizeof(struct feed_entry));
	read_feed(r, top);
	/* RSS 1.0 has its items beside the channel. */
	for (xmlNode *at = top == root ? NULL : xmlFirstElementChild(root); at; at = xmlNextElementSibling(at)) {
		if (is_entry(at))
			read_entry(r, at);
	}
	if (!r->feed->language) {
		xmlChar *lang = xmlNodeGetLang(top);

		r->feed->language = lang ? arena_strdup(r->arena, (const char *)lang) : NULL;
		xmlFree(lang);
	}
}

void feed_parse(struct arena *arena, struct sv text, const char *base, struct feed *out)
{
	struct reader r = { arena, base, out };
	char **fields[] = {
		&out->title, &out->description, &out->link, &out->language, &out->updated, &out->generator
	};
	int options = XML_PARSE_RECOVER | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NONET;
	xmlDoc *doc;

	memset(out, 0, sizeof(*out));
	text = strip_left(text);
	doc = text.n && text.n < INT32_MAX ? xmlReadMemory(text.p, (int)text.n, NULL, NULL, options) : NULL;
	if (doc && xmlDocGetRootElement(doc))
		read_document(&r, xmlDocGetRootElement(doc));
	xmlFreeDoc(doc);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		*fields[i] = *fields[i] ? *fields[i] : arena_strdup(arena, "");
}
