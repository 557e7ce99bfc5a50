/*
 * Correlated reads over the socket: a command with a `request_id` is answered by
 * `{"type":"rpc_response","request_id","command","result"}` or `"error"`, with REST's JSON. Source: notes-clients
 * section 8.
 */
#ifndef WSD_RPC_H
#define WSD_RPC_H

#include "wsd/session.h"

/* True when the message is such a read (it has a request_id, and no command of the socket has that name). */
bool rpc_take(struct session *s, const char *command, const struct value *message, const struct value *data);

#endif
