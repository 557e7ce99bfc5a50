/*
 * Who may open a WebSocket, and of which kind it becomes.
 *
 * Source: notes-ws section 1; cases/ws_auth; security.md (Origin list on the handshake).
 */
#ifndef WSD_HANDSHAKE_H
#define WSD_HANDSHAKE_H

#include "wsd/session.h"

/* LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: 0 to go on, -1 to hang up after an answer of 403. */
int handshake_confirm(struct lws *wsi);
/* LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION: fills the session (kind, user); a session that must be closed right after the
 * handshake (1008) has close_code set. */
void handshake_fill(struct lws *wsi, struct session *s);

/* The address of the client as text, "" when it is unknown. */
void peer_address(struct lws *wsi, char *out, size_t size);

/* True when a page of `origin` may talk to this server (`host` is the Host header, either may be NULL). `local`: no
 * authentication is enforced, pages of this machine are welcome. `list`: further origins, separated by commas, or NULL. */
bool origin_allowed(const char *origin, const char *host, bool local, const char *list);

#endif
