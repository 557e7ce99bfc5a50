/*
 * Cuts HTML into tags, texts and the rest as Python's html.parser does, also where the markup is broken. Positions are
 * pointers into the text.
 */
#include "wsd/nodes/html_parser.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct scanner {
	struct arena *arena;
	const struct html_events *events;
	void *arg;
	const char *end;
	struct sv raw; /* the tag (script, style) whose content is raw text; p is NULL outside */
	int retries;   /* how often something incomplete may still be skipped; then it ends the markup */
};

static const char *find(const struct scanner *s, const char *from, const char *what)
{
	return from < s->end ? memmem(from, (size_t)(s->end - from), what, strlen(what)) : NULL;
}

static bool blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void add_text(struct scanner *s, const char *from, const char *to)
{
	if (from < to)
		s->events->text(s->arg, (struct sv){ from, (size_t)(to - from) });
}

static void add_other(struct scanner *s, enum html_kind kind, const char *from, const char *to)
{
	if (s->events->other)
		s->events->other(s->arg, kind, (struct sv){ from, (size_t)(to - from) });
}

static struct sv lower(struct scanner *s, const char *from, const char *to)
{
	char *copy = arena_strndup(s->arena, from, (size_t)(to - from));

	for (char *p = copy; p < copy + (to - from); p++)
		*p = (char)tolower((unsigned char)*p);
	return (struct sv){ copy, (size_t)(to - from) };
}

/* ---- start tags --------------------------------------------------------------------------------------- */

static const char *name_end(const struct scanner *s, const char *p)
{
	while (p < s->end && !blank(*p) && *p != '/' && *p != '>' && *p)
		p++;
	return p;
}

static struct sv attr_value(struct scanner *s, struct sv raw)
{
	struct buf value;
	struct sv result;

	if (!raw.n || !memchr(raw.p, '&', raw.n))
		return (struct sv){ raw.n ? raw.p : "", raw.n };
	buf_init(&value, BUF_MAX_BODY);
	html_unescape(raw, &value);
	result = (struct sv){ arena_strndup(s->arena, value.data ? value.data : "", value.len), value.len };
	buf_free(&value);
	return result;
}

/* The value behind "=" at *p: NULL when a quote is not closed. */
static const char *scan_value(const struct scanner *s, const char *p, struct sv *value)
{
	const char *start;

	while (p < s->end && *p == '=')
		p++;
	while (p < s->end && blank(*p))
		p++;
	if (p < s->end && (*p == '"' || *p == '\'')) {
		const char *close = memchr(p + 1, *p, (size_t)(s->end - p - 1));

		if (!close)
			return NULL;
		*value = (struct sv){ p + 1, (size_t)(close - p - 1) };
		return close + 1;
	}
	start = p;
	while (p < s->end && *p != '>' && !blank(*p))
		p++;
	*value = (struct sv){ start, (size_t)(p - start) };
	return p;
}

/* One attribute at p. NULL when it is not complete. */
static const char *scan_attr(struct scanner *s, const char *p, struct html_attr ***tail)
{
	const char *start = p++;
	struct html_attr *attr = arena_alloc(s->arena, sizeof(*attr));
	struct sv value = { "", 0 };
	const char *after;

	while (p < s->end && !blank(*p) && *p != '/' && *p != '=' && *p != '>')
		p++;
	attr->name = lower(s, start, p);
	after = p;
	while (after < s->end && blank(*after))
		after++;
	attr->bare = after == s->end || *after != '=';
	if (!attr->bare) {
		p = scan_value(s, after, &value);
		if (!p)
			return NULL;
	}
	attr->value = attr_value(s, value);
	**tail = attr;
	*tail = &attr->next;
	return p;
}

/* Behind a complete start tag at p ("<" and a letter), or NULL. */
static const char *start_tag(struct scanner *s, const char *p)
{
	const char *name = p + 1;
	struct html_attr *attrs = NULL;
	struct html_attr **tail = &attrs;
	struct sv tag;
	bool closed = false;

	p = name_end(s, name);
	tag = lower(s, name, p);
	for (;;) {
		while (p < s->end && (blank(*p) || (*p == '/' && !(p + 1 < s->end && p[1] == '>'))))
			p++;
		if (p >= s->end)
			return NULL;
		if (*p == '>' || *p == '/')
			break;
		p = scan_attr(s, p, &tail);
		if (!p)
			return NULL;
	}
	closed = *p == '/';
	s->events->start(s->arg, tag, attrs, closed);
	if (!closed && (sv_eq(tag, "script") || sv_eq(tag, "style")))
		s->raw = tag;
	return p + 1 + closed;
}

/* ---- end tags, declarations --------------------------------------------------------------------------- */

/* Behind an end tag at p ("</"), or NULL. */
static const char *end_tag(struct scanner *s, const char *p)
{
	const char *close = find(s, p + 1, ">");
	const char *name = p + 2;
	struct sv tag;

	if (!close)
		return NULL;
	while (name < close && blank(*name))
		name++;
	if (!isalpha((unsigned char)*name)) {
		if (close != p + 2)
			add_other(s, HTML_COMMENT, p + 2, close);
		return close + 1;
	}
	tag = lower(s, name, name_end(s, name));
	s->events->end(s->arg, tag);
	return close + 1;
}

static const char *section_end(const struct scanner *s, const char *p)
{
	const char *end = find(s, p + 3, "]]>");

	if (end)
		return end + 3;
	end = find(s, p + 3, "]>");
	return end ? end + 2 : NULL;
}

/* Behind "<!…" at p, or NULL. */
static const char *declaration(struct scanner *s, const char *p)
{
	const char *end;

	if (s->end - p >= 4 && memcmp(p, "<!--", 4) == 0) {
		end = find(s, p + 4, "-->");
		if (!end)
			return NULL;
		add_other(s, HTML_COMMENT, p + 4, end);
		return end + 3;
	}
	if (s->end - p >= 3 && p[2] == '[') {
		end = section_end(s, p);
		if (!end)
			return NULL;
		if (s->end - p >= 9 && strncasecmp(p, "<![CDATA[", 9) == 0 && end - p >= 12)
			add_other(s, HTML_CDATA, p + 9, end - 3);
		return end;
	}
	end = find(s, p + 2, ">");
	if (!end)
		return NULL;
	add_other(s, HTML_COMMENT, p + 2, end);
	return end + 1;
}

static const char *instruction(struct scanner *s, const char *p)
{
	const char *end = find(s, p + 2, ">");

	if (!end)
		return NULL;
	add_other(s, HTML_COMMENT, p + 2, end);
	return end + 1;
}

/* What begins with "<" at p; behind it. Something that is not complete becomes text up to the next ">" or "<". */
static const char *markup(struct scanner *s, const char *p)
{
	const char *next;

	if (p + 1 >= s->end) {
		add_text(s, p, s->end);
		return s->end;
	}
	if (isalpha((unsigned char)p[1])) {
		next = start_tag(s, p);
	} else if (p[1] == '/') {
		next = end_tag(s, p);
	} else if (p[1] == '!') {
		next = declaration(s, p);
	} else if (p[1] == '?') {
		next = instruction(s, p);
	} else {
		add_text(s, p, p + 1);
		return p + 1;
	}
	if (next)
		return next;
	s->retries = 0;
	next = find(s, p + 1, ">");
	if (next)
		next++;
	else
		next = find(s, p + 1, "<");
	if (!next)
		next = p + 1;
	add_text(s, p, next);
	return next;
}

/* ---- references --------------------------------------------------------------------------------------- */

/* "&#…" at p; behind it. NULL: everything from here on is text. */
static const char *numeric_reference(struct scanner *s, const char *p)
{
	const char *digits = p + 2;
	bool hex = digits < s->end && (*digits == 'x' || *digits == 'X');
	const char *at;

	digits += hex;
	at = digits;
	while (at < s->end && (hex ? isxdigit((unsigned char)*at) : isdigit((unsigned char)*at)))
		at++;
	if (at > digits && at < s->end && !isxdigit((unsigned char)*at)) {
		s->events->number(s->arg, (struct sv){ digits - hex, (size_t)(at - digits) + hex });
		return *at == ';' ? at + 1 : at;
	}
	if (!find(s, p, ";"))
		return NULL;
	add_text(s, p, p + 2);
	if (s->retries-- > 0)
		return p + 2;
	add_text(s, p + 2, s->end);
	return s->end;
}

/* "&" and a letter at p; behind it. */
static const char *named_reference(struct scanner *s, const char *p)
{
	const char *at = p + 1;

	while (at < s->end && (isalnum((unsigned char)*at) || *at == '-' || *at == '.'))
		at++;
	/* A name may have - and . in it, but the character behind the name must not be a letter or digit. */
	if (at == s->end) {
		while (at > p + 2 && isalnum((unsigned char)at[-1]))
			at--;
		if (at == p + 2)
			return NULL;
		at--;
	}
	s->events->entity(s->arg, (struct sv){ p + 1, (size_t)(at - p - 1) });
	return *at == ';' ? at + 1 : at;
}

/* What begins with "&" at p; behind it. */
static const char *reference(struct scanner *s, const char *p)
{
	const char *next;

	if (p + 1 >= s->end) {
		add_text(s, p, s->end);
		return s->end;
	}
	if (p[1] == '#') {
		next = numeric_reference(s, p);
	} else if (isalpha((unsigned char)p[1])) {
		next = named_reference(s, p);
		/* One letter at the very end: the parser loses the ampersand. */
		if (!next && s->end - p == 2)
			p++;
	} else {
		next = p + 1;
		add_text(s, p, next);
	}
	if (next)
		return next;
	add_text(s, p, s->end);
	return s->end;
}

/* ---- the whole ---------------------------------------------------------------------------------------- */

/* The content of a script or style element up to its end tag, which is left; to the end when there is none. */
static const char *raw_text(struct scanner *s, const char *p)
{
	const char *start = p;

	while ((p = find(s, p, "</"))) {
		const char *name = p + 2;

		while (name < s->end && blank(*name))
			name++;
		if ((size_t)(s->end - name) > s->raw.n && strncasecmp(name, s->raw.p, s->raw.n) == 0) {
			name += s->raw.n;
			while (name < s->end && blank(*name))
				name++;
			if (name < s->end && *name == '>')
				break;
		}
		p += 2;
	}
	add_text(s, start, p ? p : s->end);
	s->raw.p = NULL;
	return p ? p : s->end;
}

void html_scan(struct arena *arena, struct sv text, int feeds, const struct html_events *events, void *arg)
{
	struct scanner s = { .arena = arena, .events = events, .arg = arg, .end = text.p + text.n, .retries = feeds };
	const char *p = text.p;

	while (p < s.end) {
		const char *start = p;

		if (s.raw.p) {
			p = raw_text(&s, p);
			continue;
		}
		while (p < s.end && *p != '<' && *p != '&')
			p++;
		add_text(&s, start, p);
		if (p < s.end)
			p = *p == '<' ? markup(&s, p) : reference(&s, p);
	}
}
