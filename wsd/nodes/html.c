/* The tree of an HTML text: building it from the parser's events, walking and changing it. */
#include "wsd/nodes/html_parser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct builder {
	struct arena *arena;
	struct html_node *open;      /* the innermost open tag, or the root */
	struct html_node *container; /* the innermost open script, style, template, rt or rp */
	int keep_space;              /* how many open tags keep blanks */
	struct sv closed_void;       /* a void tag whose end tag, if one comes, means nothing */
	struct buf text;             /* the text since the last tag */
};

static bool name_in(struct sv name, const char *const list[])
{
	for (; *list; list++) {
		if (sv_eq(name, *list))
			return true;
	}
	return false;
}

static bool is_void(struct sv name)
{
	static const char *const names[] = { "area",    "base",   "br",       "col",      "embed",   "hr",    "img",
					     "input",   "keygen", "link",     "menuitem", "meta",    "param", "source",
					     "track",   "wbr",    "basefont", "bgsound",  "command", "frame", "image",
					     "isindex", "nextid", "spacer",   NULL };

	return name_in(name, names);
}

static bool is_container(struct sv name)
{
	static const char *const names[] = { "script", "style", "template", "rt", "rp", NULL };

	return name_in(name, names);
}

static bool keeps_space(struct sv name)
{
	return sv_eq(name, "pre") || sv_eq(name, "textarea");
}

/* ---- building ----------------------------------------------------------------------------------------- */

static void link_last(struct html_node *parent, struct html_node *node)
{
	node->parent = parent;
	node->prev = parent->last;
	node->next = NULL;
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
}

static struct html_node *new_node(struct builder *b, enum html_kind kind)
{
	struct html_node *node = arena_alloc(b->arena, sizeof(*node));

	node->kind = kind;
	link_last(b->open, node);
	return node;
}

static bool only_blanks(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!strchr(" \n\t\f\r", text[i]) || !text[i])
			return false;
	}
	return true;
}

/* A run of text has ended: blanks alone shrink to one, except where they count. */
static void flush(struct builder *b)
{
	struct buf *text = &b->text;
	struct html_node *node;

	if (!text->len)
		return;
	node = new_node(b, HTML_TEXT);
	if (b->keep_space == 0 && only_blanks(text->data, text->len))
		node->text = memchr(text->data, '\n', text->len) ? SV_LIT("\n") : SV_LIT(" ");
	else
		node->text = (struct sv){ arena_strndup(b->arena, text->data, text->len), text->len };
	if (b->container)
		node->container = b->container->name;
	buf_reset(text);
}

static void on_other(void *arg, enum html_kind kind, struct sv text)
{
	struct builder *b = arg;
	struct html_node *node;

	flush(b);
	node = new_node(b, kind);
	node->text = text;
}

static void on_start(void *arg, struct sv name, struct html_attr *attrs, bool closed)
{
	struct builder *b = arg;
	struct html_node *node;

	flush(b);
	node = new_node(b, HTML_TAG);
	node->name = name;
	node->attrs = attrs;
	if (closed)
		return;
	if (is_void(name)) {
		b->closed_void = name;
		return;
	}
	b->open = node;
	b->keep_space += keeps_space(name);
	if (is_container(name)) {
		node->container = b->container ? b->container->name : (struct sv){ NULL, 0 };
		b->container = node;
	}
}

/* The tag around `node` whose texts are kept apart, or NULL. */
static struct html_node *outer_container(struct html_node *node)
{
	for (node = node->parent; node && !is_container(node->name); node = node->parent)
		continue;
	return node;
}

static void close_open(struct builder *b)
{
	struct html_node *node = b->open;

	b->keep_space -= keeps_space(node->name);
	if (node == b->container)
		b->container = outer_container(node);
	b->open = node->parent;
}

static void on_end(void *arg, struct sv name)
{
	struct builder *b = arg;
	struct html_node *at = b->open;

	if (b->closed_void.p && b->closed_void.n == name.n && memcmp(b->closed_void.p, name.p, name.n) == 0) {
		b->closed_void.p = NULL;
		return;
	}
	flush(b);
	while (at->parent && !(at->name.n == name.n && memcmp(at->name.p, name.p, name.n) == 0))
		at = at->parent;
	if (!at->parent)
		return;
	while (b->open != at)
		close_open(b);
	close_open(b);
}

static void on_text(void *arg, struct sv text)
{
	struct builder *b = arg;

	buf_add(&b->text, text.p, text.n);
}

/* A number as BeautifulSoup reads it: below 256 in the Windows code page. */
static void on_number(void *arg, struct sv digits)
{
	struct builder *b = arg;
	bool hex = digits.p[0] == 'x' || digits.p[0] == 'X';
	unsigned long n = strtoul(digits.p + hex, NULL, hex ? 16 : 10);
	char reference[16];
	char utf8[4];

	if (n >= 0x80 && n <= 0x9f) {
		int len = snprintf(reference, sizeof(reference), "&#%lu;", n);

		html_unescape((struct sv){ reference, (size_t)len }, &b->text);
	} else {
		buf_add(&b->text, utf8,
			utf8_encode(n > 0x10ffff || (n >= 0xd800 && n <= 0xdfff) ? 0xfffd : (uint32_t)n, utf8));
	}
}

static void on_entity(void *arg, struct sv name)
{
	struct builder *b = arg;
	char utf8[8];
	size_t len = html_entity(name, false, utf8);

	if (len) {
		buf_add(&b->text, utf8, len);
	} else {
		buf_addc(&b->text, '&');
		buf_add(&b->text, name.p, name.n);
	}
}

struct html_node *html_parse(struct arena *arena, const char *text, size_t len)
{
	static const struct html_events events = { on_text, on_number, on_entity, on_start, on_end, on_other };
	struct html_node *root = arena_alloc(arena, sizeof(*root));
	struct builder b = { .arena = arena, .open = root };

	root->kind = HTML_TAG;
	root->name = SV_LIT("");
	buf_init(&b.text, BUF_MAX_RESPONSE);
	html_scan(arena, (struct sv){ text, len }, 1, &events, &b);
	flush(&b);
	buf_free(&b.text);
	return root;
}

/* ---- walking ------------------------------------------------------------------------------------------ */

struct html_node *html_next(const struct html_node *node, const struct html_node *root)
{
	if (node->first)
		return node->first;
	while (node != root && !node->next)
		node = node->parent;
	return node == root ? NULL : node->next;
}

bool html_is(const struct html_node *node, const char *name)
{
	return node->kind == HTML_TAG && sv_eq(node->name, name);
}

bool html_is_void(const struct html_node *node)
{
	return is_void(node->name);
}

struct html_node *html_find(const struct html_node *node, const struct html_node *root, const char *name)
{
	struct html_node *at = html_next(node, root);

	while (at && !html_is(at, name))
		at = html_next(at, root);
	return at;
}

struct sv html_attr(const struct html_node *node, const char *name)
{
	struct sv value = { NULL, 0 };

	/* Of repeated attributes the last one counts. */
	for (const struct html_attr *attr = node->attrs; attr; attr = attr->next) {
		if (sv_eq(attr->name, name))
			value = attr->value;
	}
	return value;
}

void html_text(const struct html_node *node, struct buf *out)
{
	struct sv own = is_container(node->name) ? node->name : (struct sv){ NULL, 0 };

	for (const struct html_node *at = html_next(node, node); at; at = html_next(at, node)) {
		bool shown = at->kind == HTML_CDATA && !own.p;

		if (at->kind == HTML_TEXT)
			shown = own.n == at->container.n &&
				memcmp(own.n ? own.p : "", own.n ? at->container.p : "", own.n) == 0;
		if (shown)
			buf_add(out, at->text.p, at->text.n);
	}
}

void html_remove(struct html_node *node)
{
	struct html_node *parent = node->parent;

	if (node->prev)
		node->prev->next = node->next;
	else
		parent->first = node->next;
	if (node->next)
		node->next->prev = node->prev;
	else
		parent->last = node->prev;
	node->parent = node->prev = node->next = NULL;
}

void html_append_text(struct arena *arena, struct html_node *node, struct sv text)
{
	struct html_node *added = arena_alloc(arena, sizeof(*added));

	added->kind = HTML_TEXT;
	added->text = text;
	link_last(node, added);
}
