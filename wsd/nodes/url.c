/* URLs: splitting, joining, quoting. */
#include "wsd/nodes/url.h"

#include <ctype.h>
#include <string.h>

static const struct sv none = { NULL, 0 };

/* Schemes whose URLs are relative to others, by RFC 3986 and urllib's list. */
static bool is_relative_scheme(struct sv scheme)
{
	static const char *const names[] = { "",     "ftp",   "http",    "gopher", "nntp",     "imap", "wais",
					     "file", "https", "shttp",   "mms",    "prospero", "rtsp", "rtspu",
					     "sftp", "svn",   "svn+ssh", "ws",     "wss",      NULL };

	for (int i = 0; names[i]; i++) {
		if (sv_eq(scheme, names[i]))
			return true;
	}
	return false;
}

/* A copy without what browsers skip: leading control characters and blanks, tabs and line ends anywhere. */
static struct sv clean(struct arena *arena, struct sv text)
{
	char *copy;
	size_t len = 0;

	while (text.n && (unsigned char)*text.p <= ' ') {
		text.p++;
		text.n--;
	}
	copy = arena_alloc(arena, text.n + 1);
	for (size_t i = 0; i < text.n; i++) {
		if (!strchr("\t\r\n", text.p[i]) || !text.p[i])
			copy[len++] = text.p[i];
	}
	return (struct sv){ copy, len };
}

static size_t scheme_length(struct sv text)
{
	size_t i = 0;

	if (!text.n || !isalpha((unsigned char)text.p[0]))
		return 0;
	while (i < text.n && (isalnum((unsigned char)text.p[i]) || strchr("+-.", text.p[i])) && text.p[i])
		i++;
	return i < text.n && text.p[i] == ':' ? i : 0;
}

static struct sv cut_at(struct sv *text, char c)
{
	const char *at = text->n ? memchr(text->p, c, text->n) : NULL;
	struct sv rest;

	if (!at)
		return none;
	rest = (struct sv){ at + 1, text->n - (size_t)(at + 1 - text->p) };
	text->n = (size_t)(at - text->p);
	return rest;
}

int url_split(struct arena *arena, struct sv text, struct url *out, struct err *err)
{
	size_t len;

	memset(out, 0, sizeof(*out));
	text = clean(arena, text);
	len = scheme_length(text);
	if (len) {
		char *scheme = arena_strndup(arena, text.p, len);

		for (size_t i = 0; i < len; i++)
			scheme[i] = (char)tolower((unsigned char)scheme[i]);
		out->scheme = (struct sv){ scheme, len };
		text.p += len + 1;
		text.n -= len + 1;
	} else {
		out->scheme = SV_LIT("");
	}
	out->netloc = SV_LIT("");
	if (text.n >= 2 && memcmp(text.p, "//", 2) == 0) {
		size_t end = 2;

		while (end < text.n && !strchr("/?#", text.p[end]))
			end++;
		out->netloc = (struct sv){ text.p + 2, end - 2 };
		out->has_netloc = true;
		text.p += end;
		text.n -= end;
		if (!memchr(out->netloc.p, '[', out->netloc.n) != !memchr(out->netloc.p, ']', out->netloc.n))
			return err_set(err, 400, "the URL's host has a bracket without its other half");
	}
	out->fragment = cut_at(&text, '#');
	out->query = cut_at(&text, '?');
	out->path = text;
	return 0;
}

static char *unsplit(struct arena *arena, const struct url *url)
{
	struct buf out;
	char *text;

	buf_init(&out, BUF_MAX_BODY);
	if (url->scheme.n) {
		buf_add(&out, url->scheme.p, url->scheme.n);
		buf_addc(&out, ':');
	}
	if (url->netloc.n ||
	    (url->scheme.n && is_relative_scheme(url->scheme) &&
	     !(url->path.n >= 2 && memcmp(url->path.p, "//", 2) == 0))) {
		buf_adds(&out, "//");
		buf_add(&out, url->netloc.p, url->netloc.n);
		if (url->path.n && url->path.p[0] != '/')
			buf_addc(&out, '/');
	}
	buf_add(&out, url->path.p, url->path.n);
	if (url->query.n) {
		buf_addc(&out, '?');
		buf_add(&out, url->query.p, url->query.n);
	}
	if (url->fragment.n) {
		buf_addc(&out, '#');
		buf_add(&out, url->fragment.p, url->fragment.n);
	}
	text = arena_strndup(arena, out.data ? out.data : "", out.len);
	buf_free(&out);
	return text;
}

/* The path with "." and ".." taken out; both are kept when they lead nowhere. */
static struct sv resolve_dots(struct arena *arena, struct sv path)
{
	struct sv *parts = arena_alloc(arena, (path.n + 2) * sizeof(*parts));
	struct sv rest = path;
	struct sv part;
	size_t count = 0;
	struct buf out;
	struct sv result;

	buf_init(&out, BUF_MAX_BODY);
	for (size_t i = 0; sv_split(&rest, '/', &part); i++) {
		bool last = !rest.p;

		if (sv_eq(part, "..")) {
			count -= count > 0;
			part = SV_LIT("");
			if (!last)
				continue;
		} else if (sv_eq(part, ".")) {
			part = SV_LIT("");
			if (!last)
				continue;
		} else if (part.n == 0 && i && !last) {
			continue;
		}
		parts[count++] = part;
	}
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_addc(&out, '/');
		buf_add(&out, parts[i].p, parts[i].n);
	}
	if (!out.len)
		buf_addc(&out, '/');
	result = (struct sv){ arena_strndup(arena, out.data, out.len), out.len };
	buf_free(&out);
	return result;
}

/* The base's folder and the relative path. */
static struct sv merge(struct arena *arena, struct sv base, struct sv path)
{
	const char *slash;
	size_t folder;
	char *merged;

	if (!base.n)
		base = SV_LIT("/");
	slash = memrchr(base.p, '/', base.n);
	folder = slash ? (size_t)(slash - base.p) + 1 : 0;
	merged = arena_alloc(arena, folder + path.n + 1);
	memcpy(merged, base.p, folder);
	memcpy(merged + folder, path.p, path.n);
	return resolve_dots(arena, (struct sv){ merged, folder + path.n });
}

char *url_join(struct arena *arena, struct sv base_text, struct sv text, struct err *err)
{
	struct url base;
	struct url url;

	if (!base_text.n)
		return arena_strndup(arena, text.p, text.n);
	if (!text.n)
		return arena_strndup(arena, base_text.p, base_text.n);
	if (url_split(arena, base_text, &base, err) || url_split(arena, text, &url, err))
		return NULL;
	if (!url.scheme.n)
		url.scheme = base.scheme;
	if (url.scheme.n != base.scheme.n || memcmp(url.scheme.p, base.scheme.p, base.scheme.n) != 0 ||
	    !is_relative_scheme(url.scheme))
		return arena_strndup(arena, text.p, text.n);
	if (url.netloc.n)
		return unsplit(arena, &url);
	url.netloc = base.netloc;
	if (!url.path.n) {
		url.path = base.path;
		if (!url.query.n)
			url.query = base.query;
	} else if (url.path.p[0] == '/') {
		url.path = resolve_dots(arena, url.path);
	} else {
		url.path = merge(arena, base.path, url.path);
	}
	return unsplit(arena, &url);
}

char *url_host(struct arena *arena, struct sv text)
{
	struct url url;
	struct err err;
	const char *at;
	char *host;

	if (url_split(arena, text, &url, &err))
		return arena_strdup(arena, "");
	at = url.netloc.n ? memrchr(url.netloc.p, '@', url.netloc.n) : NULL;
	if (at) {
		url.netloc.n -= (size_t)(at + 1 - url.netloc.p);
		url.netloc.p = at + 1;
	}
	host = arena_strndup(arena, url.netloc.p, url.netloc.n);
	for (char *p = host; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return host;
}

int url_quote(struct buf *out, struct sv text, const char *safe)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (isalnum(c) || (c && (strchr("-._~", c) || strchr(safe, c))))
			buf_addc(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
	return out->failed ? -1 : 0;
}
