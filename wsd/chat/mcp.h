/*
 * mcp: tools of servers of the Model Context Protocol that a user has configured, for chats and agents.
 *
 * The user's secret MCP_SERVERS says which there are, in the form that other clients use:
 *	{"mcpServers": {
 *	  "NAME": {"url": "https://…", "headers": {"Authorization": "Bearer …"}},
 *	  "OTHER": {"command": "python3", "args": ["-m", "a_server"], "env": {"KEY": "…"}}}}
 * A message asks for them in its `tools`: "mcp" (all servers), "mcp__NAME" (one), "mcp__NAME__TOOL" (one tool). The model
 * knows them as mcp__NAME__TOOL.
 *
 * Servers with a url speak streamable HTTP (mcp_http.c), under the rules of nodes for outbound requests; those with a
 * command (mcp_stdio.c) run in the sandbox of the code nodes, under its limits, where code nodes are on. A turn has
 * connections of its own, which end with it.
 *
 * Source: the protocol's specification, revision 2025-06-18.
 */
#ifndef CHAT_MCP_H
#define CHAT_MCP_H

#include "value/value.h"

#include <poll.h>

#define MCP_PREFIX	"mcp"
#define MCP_SERVERS_MAX 8
#define MCP_MESSAGE_MAX ((size_t)8 << 20)

/* ---- the servers of a turn (mcp.c) --------------------------------------------------------------------- */

struct turn;
struct mcp;

/* Begins to connect to the servers that the turn's message asks for: *out is NULL when it asks for none. -1 with the reason
 * when one of them is not configured, or wrongly. */
int mcp_begin(const struct turn *turn, struct mcp **out, struct err *err) MUST_CHECK;
/* Takes NULL. */
void mcp_free(struct mcp *mcp);
/* What mcp_connect and mcp_result wait for, as run_poll. */
size_t mcp_poll(struct mcp *mcp, struct pollfd *fds, size_t max, int *timeout_ms);
/* Goes on with connecting. 1 when all tools are known, 0 while not, -1 with the reason. */
int mcp_connect(struct mcp *mcp, struct err *err) MUST_CHECK;
/* Appends the declarations that the message asks for. Takes NULL. */
void mcp_declare(const struct mcp *mcp, const struct turn *turn, struct value *list);
/* True when a tool of this name is one of these. Takes NULL. */
bool mcp_knows(const struct mcp *mcp, const char *name);
/* Begins a call; its end comes from mcp_result. */
void mcp_call(struct mcp *mcp, const char *name, const struct value *args);
/* Goes on with the call: its result, {"error": text} when it failed (new reference); NULL while it runs. */
struct value *mcp_result(struct mcp *mcp);

/* ---- connections --------------------------------------------------------------------------------------- */

struct mcp_link;

struct mcp_transport {
	/* Begins to send a message; with `id` >= 0 its answer is wanted. A message at a time. -1 with the reason. */
	int (*send)(struct mcp_link *link, const struct value *message, int64_t id, struct err *err);
	size_t (*poll)(struct mcp_link *link, struct pollfd *fds, size_t max, int *timeout_ms);
	/* Goes on. 1 when the message is delivered and its answer, if one is wanted, stands in *answer (new reference, else
	 * NULL); 0 while not; -1 with the reason. */
	int (*step)(struct mcp_link *link, struct value **answer, struct err *err);
	/* The revision that the server has chosen. */
	void (*agree)(struct mcp_link *link, const char *revision);
	void (*free)(struct mcp_link *link);
};

/* What every connection begins with. */
struct mcp_link {
	const struct mcp_transport *transport;
};

/* A connection by an entry of the configuration. NULL with the reason. */
struct mcp_link *mcp_http_open(const struct value *config, struct err *err) MUST_CHECK;
struct mcp_link *mcp_stdio_open(const struct value *config, struct err *err) MUST_CHECK;
/* True when the message is the answer to that request. */
bool mcp_is_answer(const struct value *message, int64_t id);

#endif
