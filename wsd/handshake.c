/* Who may open a WebSocket: see handshake.h. */
#include "wsd/handshake.h"

#include <stdlib.h>
#include <string.h>

#include "wsd/terminal.h"

#define HEADER_MAX 8192

struct place {
	const char *path;
	enum session_kind kind;
	enum feature feature;
};

static const struct place places[] = {
	{ "/ws", SESSION_MAIN, FEATURE_WS },
	{ "/ws/predict", SESSION_MAIN, FEATURE_WS },
	{ "/predict", SESSION_MAIN, FEATURE_WS }, /* older desktop apps */
	{ "/ws/chat", SESSION_CHAT, FEATURE_WS },
	{ "/ws/updates", SESSION_UPDATES, FEATURE_UPDATES },
	{ "/ws/download", SESSION_DOWNLOAD, FEATURE_DOWNLOAD },
	{ "/ws/terminal", SESSION_TERMINAL, FEATURE_TERMINAL },
	{ "/terminal", SESSION_TERMINAL, FEATURE_TERMINAL },
};

static const struct place *find_place(struct lws *wsi)
{
	char path[64];
	size_t i;

	if (lws_hdr_copy(wsi, path, sizeof(path), WSI_TOKEN_GET_URI) <= 0)
		return NULL;
	for (i = 0; i < ARRAY_LEN(places); i++)
		if (!strcmp(path, places[i].path))
			return &places[i];
	return NULL;
}

static bool present(const struct place *place)
{
	if (place->kind == SESSION_TERMINAL)
		return auth_mode() == MODE_DESKTOP; /* there, it says itself that it is off */
	if (place->kind == SESSION_DOWNLOAD && config_production())
		return false;
	return mode_allows(place->feature);
}

/* The header's value, "" for an empty one, NULL when it is absent or too long. */
static const char *header(struct lws *wsi, enum lws_token_indexes token, char *out, int size)
{
	int len = lws_hdr_total_length(wsi, token);

	out[0] = '\0';
	if (len <= 0 || len >= size || lws_hdr_copy(wsi, out, size, token) < 0)
		return NULL;
	return out;
}

/* The query's api_key without blanks around it; NULL when there is none. */
static const char *query_key(struct lws *wsi, char *out, int size)
{
	const char *at;
	char *end;
	int i;

	for (i = 0; lws_hdr_copy_fragment(wsi, out, size, WSI_TOKEN_HTTP_URI_ARGS, i) > 0; i++) {
		if (strncmp(out, "api_key=", 8) != 0)
			continue;
		at = out + 8;
		while (*at == ' ' || *at == '\t' || *at == '+')
			at++;
		end = out + strlen(out);
		while (end > at && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '+'))
			*--end = '\0';
		return *at ? at : NULL;
	}
	return NULL;
}

/* Of a socket its own; behind nginx (a Unix socket has none) what nginx says. */
void peer_address(struct lws *wsi, char *out, size_t size)
{
	out[0] = '\0';
	if (lws_get_peer_simple(wsi, out, size) && strpbrk(out, ".:"))
		return;
	if (!header(wsi, WSI_TOKEN_HTTP_X_REAL_IP, out, (int)size))
		out[0] = '\0';
}

struct credentials {
	char header[HEADER_MAX];
	char query[HEADER_MAX];
	char peer[64];
	const char *authorization;
	const char *api_key;
};

static int check(struct lws *wsi, struct credentials *c, struct auth_user *user)
{
	struct err err;

	c->authorization = header(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, c->header, sizeof(c->header));
	c->api_key = query_key(wsi, c->query, sizeof(c->query));
	peer_address(wsi, c->peer, sizeof(c->peer));
	return auth_check(c->authorization, c->api_key, c->peer[0] ? c->peer : NULL, user, &err);
}

/* The token itself: what stands behind the scheme in the header, else that of the query. Caller frees. */
static char *token_of(const struct credentials *c)
{
	const char *at = c->authorization;

	if (!at)
		return xstrdup(c->api_key ? c->api_key : "");
	at += strspn(at, " \t");
	at += strcspn(at, " \t");
	at += strspn(at, " \t");
	return xstrndup(at, strcspn(at, " \t"));
}

static int refuse(struct lws *wsi)
{
	static const char answer[] = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	unsigned char out[LWS_PRE + sizeof(answer)];

	memcpy(out + LWS_PRE, answer, sizeof(answer));
	lws_write(wsi, out + LWS_PRE, sizeof(answer) - 1, LWS_WRITE_HTTP_HEADERS);
	return -1;
}

int handshake_confirm(struct lws *wsi)
{
	const struct place *place = find_place(wsi);
	struct credentials credentials;
	struct auth_user user;
	char origin[256];
	char host[256];

	if (!place || !present(place))
		return refuse(wsi);
	if (lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) >= (int)sizeof(origin))
		return refuse(wsi);
	if (!origin_allowed(header(wsi, WSI_TOKEN_ORIGIN, origin, sizeof(origin)),
			    header(wsi, WSI_TOKEN_HOST, host, sizeof(host)), !auth_enforced(),
			    config_get("NODETOOL_ALLOWED_ORIGINS"))) {
		log_info("a socket for a page of %s was refused", origin);
		return refuse(wsi);
	}
	if (place->kind == SESSION_DOWNLOAD && check(wsi, &credentials, &user) < 0)
		return refuse(wsi);
	return 0;
}

void handshake_fill(struct lws *wsi, struct session *s)
{
	const struct place *place = find_place(wsi);
	struct credentials credentials;
	struct auth_user user;
	bool known;

	memset(s, 0, sizeof(*s));
	s->kind = place ? place->kind : SESSION_MAIN;
	if (s->kind == SESSION_TERMINAL && !terminal_enabled()) {
		s->close_code = CLOSE_POLICY;
		s->close_reason = "Terminal access disabled";
		return;
	}
	known = check(wsi, &credentials, &user) == 0;
	if (known) {
		s->user = xstrdup(user.id);
		s->token = user.authenticated ? token_of(&credentials) : NULL;
		return;
	}
	if (s->kind == SESSION_UPDATES && !credentials.authorization && !credentials.api_key)
		return; /* sees load figures only */
	s->close_code = CLOSE_POLICY;
	s->close_reason = credentials.authorization || credentials.api_key ? "Invalid authentication"
									   : "Missing authentication";
}
