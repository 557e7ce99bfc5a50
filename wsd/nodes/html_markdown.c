/* HTML as Markdown: what the texts and references of a page become; its tags are html_markdown_tag.c. */
#include "wsd/nodes/html_markdown_page.h"

#include "pytext/pytext.h"

#include <ctype.h>
#include <string.h>

/* ---- texts -------------------------------------------------------------------------------------------- */

/* Behind emphasis a text that goes on like a word is kept apart, or the mark would not be seen as one. */
static bool needs_blank(const struct page *p, struct sv text)
{
	size_t at = 0;
	uint32_t cp = utf8_decode(text.p, text.n, &at);

	if (md_heading_level(p->tag) || sv_eq(p->tag, "a") || sv_eq(p->tag, "code") || sv_eq(p->tag, "pre"))
		return false;
	return !pytext_is_space(cp) && !(cp < 0x80 && strchr("][(){}.!?", (int)cp));
}

/* scheme:// at the begin. */
static bool is_absolute(struct sv url)
{
	size_t i = 0;

	while (i < url.n && (isalpha((unsigned char)url.p[i]) || url.p[i] == '+'))
		i++;
	return i > 0 && url.n - i >= 3 && memcmp(url.p + i, "://", 3) == 0;
}

/* A link whose text is its address is written as <address>. True when this was one. */
static bool automatic_link(struct page *p, struct sv text)
{
	struct sv href = p->fresh_link;

	if (href.n != text.n || memcmp(href.p, text.p, text.n) != 0 || !is_absolute(href)) {
		md_open_link(p);
		return false;
	}
	buf_reset(&p->text[0]);
	buf_addc(&p->text[0], '<');
	buf_add(&p->text[0], text.p, text.n);
	buf_addc(&p->text[0], '>');
	md_put(&p->w, (struct sv){ p->text[0].data, p->text[0].len });
	p->empty_link = false;
	return true;
}

/* A piece of the page's text; `plain` needs no escapes. */
static void add_text(struct page *p, struct sv text, bool plain)
{
	struct buf *to = &p->text[1];

	if (p->emphasis_begins) {
		text = pytext_strip(text, true, true);
	} else if (p->emphasis_before && needs_blank(p, text)) {
		buf_reset(to);
		buf_addc(to, ' ');
		buf_add(to, text.p, text.n);
		text = (struct sv){ to->data, to->len };
	}
	p->emphasis_before = p->emphasis_begins;
	p->emphasis_begins = false;
	if (p->fresh_link.p && automatic_link(p, text))
		return;
	if (!p->code && !p->w.pre && !plain) {
		to = &p->text[0];
		buf_reset(to);
		md_escape_text(to, text);
		text = (struct sv){ to->data ? to->data : "", to->len };
	}
	p->before = text.n ? text.p[text.n - 1] : '\0';
	md_put_text(&p->w, text);
}

static void on_text(void *arg, struct sv text)
{
	add_text(arg, text, false);
}

/* ---- references --------------------------------------------------------------------------------------- */

/* Characters that are written in ASCII when a page gives them by name or number. */
static const struct ascii {
	char name[7];
	char text[4];
	uint16_t cp;
} ascii[] = {
	{ "aacute", "a", 0xe1 },   { "acirc", "a", 0xe2 },    { "aelig", "ae", 0xe6 },   { "agrave", "a", 0xe0 },
	{ "aring", "a", 0xe5 },    { "atilde", "a", 0xe3 },   { "auml", "a", 0xe4 },     { "copy", "(C)", 0xa9 },
	{ "eacute", "e", 0xe9 },   { "ecirc", "e", 0xea },    { "egrave", "e", 0xe8 },   { "euml", "e", 0xeb },
	{ "iacute", "i", 0xed },   { "icirc", "i", 0xee },    { "igrave", "i", 0xec },   { "iuml", "i", 0xef },
	{ "larr", "<-", 0x2190 },  { "ldquo", "\"", 0x201c }, { "lrm", "", 0x200e },     { "lsquo", "'", 0x2018 },
	{ "mdash", "--", 0x2014 }, { "middot", "*", 0xb7 },   { "ndash", "-", 0x2013 },  { "oacute", "o", 0xf3 },
	{ "ocirc", "o", 0xf4 },    { "oelig", "oe", 0x153 },  { "ograve", "o", 0xf2 },   { "otilde", "o", 0xf5 },
	{ "ouml", "o", 0xf6 },     { "rarr", "->", 0x2192 },  { "rdquo", "\"", 0x201d }, { "rlm", "", 0x200f },
	{ "rsquo", "'", 0x2019 },  { "uacute", "u", 0xfa },   { "ucirc", "u", 0xfb },    { "ugrave", "u", 0xf9 },
	{ "uuml", "u", 0xfc },
};

static void add_reference(struct page *p, struct sv text)
{
	if (text.n)
		add_text(p, text, true);
}

static void on_number(void *arg, struct sv digits)
{
	uint32_t cp = html_code_point(digits);
	char utf8[4];

	for (size_t i = 0; i < ARRAY_LEN(ascii); i++) {
		if (ascii[i].cp == cp) {
			add_reference(arg, sv_of(ascii[i].text));
			return;
		}
	}
	add_reference(arg, (struct sv){ utf8, utf8_encode(cp, utf8) });
}

static void on_entity(void *arg, struct sv name)
{
	struct page *p = arg;
	char utf8[8];
	size_t len;

	if (sv_eq(name, "nbsp")) {
		add_reference(p, SV_LIT(MD_HARD_SPACE));
		p->before = ';';
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(ascii); i++) {
		if (sv_eq(name, ascii[i].name)) {
			add_reference(p, sv_of(ascii[i].text));
			return;
		}
	}
	len = html_entity(name, false, utf8);
	if (len) {
		add_reference(p, (struct sv){ utf8, len });
	} else {
		char *text = arena_printf(p->arena, "&%.*s;", (int)name.n, name.p);

		add_reference(p, sv_of(text));
	}
}

/* ---- the page ----------------------------------------------------------------------------------------- */

static void on_start(void *arg, struct sv name, struct html_attr *attrs, bool closed)
{
	md_tag(arg, name, attrs, true);
	if (closed)
		md_tag(arg, name, NULL, false);
}

static void on_end(void *arg, struct sv name)
{
	md_tag(arg, name, NULL, false);
}

static void set_hard_spaces(struct buf *buf)
{
	char *at = buf->data;

	while (at && (at = memchr(at, MD_HARD_SPACE[0], (size_t)(buf->data + buf->len - at))))
		*at++ = ' ';
}

static void convert(struct arena *arena, struct sv html, const struct html_markdown_options *options, struct buf *out)
{
	static const struct html_events events = { on_text, on_number, on_entity, on_start, on_end, NULL };
	struct page page = { .arena = arena, .options = options };

	md_writer_init(&page.w, out, MARKDOWN_MAX);
	buf_init(&page.text[0], MARKDOWN_MAX);
	buf_init(&page.text[1], MARKDOWN_MAX);
	html_scan(arena, html, 2, &events, &page);
	md_end(&page.w);
	set_hard_spaces(out);
	buf_free(&page.text[0]);
	buf_free(&page.text[1]);
	md_writer_free(&page.w);
}

int html_to_markdown(struct buf *out, struct sv html, const struct html_markdown_options *options, struct err *err)
{
	struct arena *arena;
	struct buf page;

	if (options->width < 0)
		return err_set(err, 422, "the width of lines must not be negative");
	arena = arena_new();
	buf_init(&page, out->max);
	convert(arena, html, options, &page);
	if (page.failed)
		out->failed = true;
	else if (options->width)
		md_wrap(out, (struct sv){ page.data ? page.data : "", page.len }, (size_t)options->width);
	else
		buf_add(out, page.data, page.len);
	buf_free(&page);
	arena_free(arena);
	return out->failed ? err_set(err, 422, "the Markdown of the page is too long") : 0;
}
