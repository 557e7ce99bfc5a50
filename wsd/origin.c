/* Which web pages may open sockets: see handshake.h. */
#include "wsd/handshake.h"

#include <string.h>
#include <strings.h>

struct origin {
	struct sv scheme;
	struct sv host; /* with brackets when it is an IPv6 address */
	struct sv port; /* "" for none */
};

/* Cuts "host:port" in two. */
static void split_host(struct sv text, struct sv *host, struct sv *port)
{
	const char *colon = NULL;
	size_t i;

	for (i = text.n; i > 0 && text.p[i - 1] != ']'; i--)
		if (text.p[i - 1] == ':')
			colon = text.p + i - 1;
	*host = text;
	*port = (struct sv){ "", 0 };
	if (colon) {
		host->n = (size_t)(colon - text.p);
		*port = (struct sv){ colon + 1, text.n - host->n - 1 };
	}
}

static bool split_origin(const char *text, struct origin *out)
{
	const char *sep = strstr(text, "://");

	if (!sep || strchr(sep + 3, '/') || strchr(sep + 3, '@'))
		return false;
	out->scheme = (struct sv){ text, (size_t)(sep - text) };
	split_host(sv_of(sep + 3), &out->host, &out->port);
	return out->host.n > 0 && (sv_eq_nocase(out->scheme, "http") || sv_eq_nocase(out->scheme, "https"));
}

static bool same_nocase(struct sv a, struct sv b)
{
	return a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

static struct sv port_or_default(struct sv port, struct sv scheme)
{
	if (port.n)
		return port;
	return sv_eq_nocase(scheme, "https") ? SV_LIT("443") : SV_LIT("80");
}

static bool is_own(const struct origin *origin, const char *host)
{
	struct sv name;
	struct sv port;

	split_host(sv_of(host), &name, &port);
	return same_nocase(name, origin->host) &&
	       same_nocase(port_or_default(port, origin->scheme), port_or_default(origin->port, origin->scheme));
}

static bool is_loopback(struct sv host)
{
	struct sv part;
	int parts = 0;
	size_t i;

	if (sv_eq_nocase(host, "localhost") || sv_eq(host, "[::1]"))
		return true;
	for (i = 0; i < host.n; i++)
		if (!strchr("0123456789.", host.p[i]))
			return false;
	if (host.n < 4 || strncmp(host.p, "127.", 4) != 0)
		return false;
	while (sv_split(&host, '.', &part))
		parts++;
	return parts == 4;
}

static bool in_list(const char *origin, const char *list)
{
	struct sv rest = sv_of(list);
	struct sv part;

	while (sv_split(&rest, ',', &part)) {
		part = sv_trim(part);
		if (part.n && part.p[part.n - 1] == '/')
			part.n--;
		if (sv_eq_nocase(part, origin))
			return true;
	}
	return false;
}

bool origin_allowed(const char *origin, const char *host, bool local, const char *list)
{
	struct origin parts;

	if (!origin || !origin[0])
		return true; /* not a web page */
	if (list && in_list(origin, list))
		return true;
	if (!split_origin(origin, &parts))
		return false;
	return (host && host[0] && is_own(&parts, host)) || (local && is_loopback(parts.host));
}
