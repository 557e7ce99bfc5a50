/*
 * url: taking URLs apart and joining them, as Python's urllib.parse does (RFC 3986).
 */
#ifndef NODES_URL_H
#define NODES_URL_H

#include "base/base.h"

struct url {
	struct sv scheme; /* lower case in memory of the arena; "" when there is none */
	struct sv netloc; /* user, host and port as written */
	bool has_netloc;
	struct sv path;
	struct sv query; /* without ? and #; p is NULL when absent */
	struct sv fragment;
};

/* Parts of the text (lent, but for the scheme). Control characters at the start are skipped, tabs and line ends dropped.
 * -1 when brackets do not match. */
int url_split(struct arena *arena, struct sv text, struct url *out, struct err *err) MUST_CHECK;
/* `url` as seen from the page `base`. In memory of the arena. NULL with the reason. */
char *url_join(struct arena *arena, struct sv base, struct sv url, struct err *err) MUST_CHECK;
/* The host (lower case) for messages: never user, path or query. In memory of the arena; "" when there is none. */
char *url_host(struct arena *arena, struct sv text);
/* Appends the text with everything but unreserved characters and those in `safe` as %XX (UTF-8). */
int url_quote(struct buf *out, struct sv text, const char *safe);

#endif
