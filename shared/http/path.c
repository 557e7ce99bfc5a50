/* Paths and route tables. */
#include "http/internal.h"

#include <string.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

char *path_decode(struct arena *arena, const char *text, size_t len)
{
	char *out = arena_alloc(arena, len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '%') {
			if (i + 2 >= len || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0)
				return NULL;
			c = (char)(hex_digit(text[i + 1]) << 4 | hex_digit(text[i + 2]));
			i += 2;
		}
		if (!c)
			return NULL;
		out[n++] = c;
	}
	return utf8_valid(out, n) ? out : NULL;
}

bool route_mounted(const struct route *route)
{
	if ((route->flags & ROUTE_NO_PUBLIC) && auth_mode() == MODE_PUBLIC)
		return false;
	return !(route->flags & ROUTE_NO_PRODUCTION) || !config_production();
}

/* The part of `text` before the next slash; `text` moves behind it (NULL p at the end). */
static struct sv segment(struct sv *text)
{
	struct sv part = { NULL, 0 };

	sv_split(text, '/', &part);
	return part;
}

static bool is_param(struct sv part, struct sv *name, bool *rest)
{
	static const char suffix[] = ":path";
	size_t n = sizeof(suffix) - 1;

	if (part.n < 3 || part.p[0] != '{')
		return false;
	*name = (struct sv){ part.p + 1, part.n - 2 };
	*rest = name->n > n && memcmp(name->p + name->n - n, suffix, n) == 0;
	if (*rest)
		name->n -= n;
	return true;
}

static bool literal_fits(struct arena *arena, struct sv want, struct sv raw)
{
	const char *decoded;

	if (want.n == raw.n && memcmp(want.p, raw.p, raw.n) == 0)
		return true;
	if (!raw.n || !memchr(raw.p, '%', raw.n))
		return false;
	decoded = path_decode(arena, raw.p, raw.n);
	return decoded && strlen(decoded) == want.n && memcmp(decoded, want.p, want.n) == 0;
}

/* Matches one pattern; `params` is filled when it is not NULL; *literal becomes a bit per segment that is literal, the
 * first segment highest, so that a greater number is the more exact match. */
static bool pattern_fits(const char *pattern, struct sv path, struct arena *arena, struct value *params,
			 uint32_t *literal)
{
	struct sv want = sv_of(pattern);
	unsigned depth = 0;

	*literal = 0;
	while (want.p && path.p && depth++ < HTTP_MAX_SEGMENTS) {
		struct sv part = segment(&want);
		struct sv whole = path;
		struct sv raw = segment(&path);
		struct sv name;
		bool rest;
		const char *decoded;

		if (!is_param(part, &name, &rest)) {
			if (!literal_fits(arena, part, raw))
				return false;
			*literal |= 1U << (HTTP_MAX_SEGMENTS - depth);
			continue;
		}
		if (rest)
			raw = whole;
		else if (!raw.n)
			return false;
		decoded = path_decode(arena, raw.p, raw.n);
		if (!decoded || (!rest && strchr(decoded, '/')))
			return false;
		if (params)
			map_setn(params, name.p, name.n, value_str(decoded));
		if (rest)
			return true;
	}
	return !want.p && !path.p;
}

/* The path with its final slash added or taken away; NULL p when there is no such form. */
static struct sv flipped(struct arena *arena, const char *path)
{
	size_t len = strlen(path);
	size_t cut = len;

	while (cut > 1 && path[cut - 1] == '/')
		cut--;
	if (len < 2)
		return (struct sv){ NULL, 0 };
	if (cut < len)
		return (struct sv){ path, cut };
	return (struct sv){ arena_printf(arena, "%s/", path), len + 1 };
}

enum match_result route_match(const struct router *router, const char *method, const char *path, bool flip,
			      const struct route **route, struct arena *arena, struct value *params)
{
	struct sv text = flip ? flipped(arena, path) : sv_of(path);
	enum match_result result = MATCH_NONE;
	uint32_t best = 0;
	uint32_t literal;

	if (!text.p)
		return MATCH_NONE;
	for (size_t i = 0; i < router->count; i++) {
		const struct route *r = &router->routes[i];

		if (!pattern_fits(r->pattern, text, arena, NULL, &literal) || !route_mounted(r))
			continue;
		if (strcmp(r->method, method) == 0) {
			if (result == MATCH_FULL && literal <= best)
				continue;
			result = MATCH_FULL;
			best = literal;
			*route = r;
		} else if (result == MATCH_NONE) {
			result = MATCH_METHOD;
			*route = r;
		}
	}
	if (result == MATCH_FULL)
		pattern_fits((*route)->pattern, text, arena, params, &literal);
	return result;
}
