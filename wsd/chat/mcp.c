/* The servers of a turn: configuration, handshake, lists of tools, calls. See mcp.h. */
#include "config.h"

#include "wsd/chat/mcp.h"

#include "wsd/chat/internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REVISION      "2025-06-18"
#define SECRET_NAME   "MCP_SERVERS"
#define PAGES_MAX     16
#define TOOL_NAME_MAX 64 /* what services take as the name of a tool */
#define CONNECT_US    ((int64_t)30000000)
#define CALL_US       ((int64_t)300000000)
#define TOOL_PREFIX   MCP_PREFIX "__"

enum stage { STAGE_HELLO, STAGE_NOTIFY, STAGE_LIST, STAGE_READY };

struct server {
	char *name;
	struct mcp_link *link;
	enum stage stage;
	int pages;
};

struct mcp {
	struct server servers[MCP_SERVERS_MAX];
	size_t count;
	size_t at; /* that is being connected, or called */
	int64_t next_id;
	int64_t deadline;
	struct value *tools;  /* list of {name, description, parameters, server (index), tool (its own name)} */
	struct value *failed; /* the result of a call that could not begin */
};

bool mcp_is_answer(const struct value *message, int64_t id)
{
	const struct value *given = map_get(message, "id");

	return value_is(given, VALUE_INT) && map_int(message, "id", -1) == id && !map_get(message, "method");
}

/* ---- configuration ------------------------------------------------------------------------------------- */

/* The user's servers, name -> entry; new reference, NULL when there are none. */
static struct value *configured(const struct turn *turn, struct err *err)
{
	char *text = turn->options.secret(turn->options.ctx, SECRET_NAME);
	struct json_error why;
	struct value *all = text && *text ? json_parse(text, strlen(text), &why) : NULL;
	struct value *inner = map_get(all, "mcpServers");

	if (text && *text && !value_is(all, VALUE_MAP))
		err_set(err, 422, "The secret " SECRET_NAME " is no JSON object");
	else if (!all)
		err_set(err, 422, "No MCP servers are configured: the secret " SECRET_NAME " is not set");
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
	inner = value_ref(value_is(inner, VALUE_MAP) ? inner : all);
	value_unref(all);
	return value_is(inner, VALUE_MAP) ? inner : NULL;
}

static bool good_name(struct sv name)
{
	if (!name.n || name.n > 32)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (!isalnum((unsigned char)name.p[i]) && name.p[i] != '-' &&
		    !(name.p[i] == '_' && (!i || name.p[i - 1] != '_')))
			return false;
	return true;
}

/* True when `asked` ("mcp", "mcp__NAME", "mcp__NAME__TOOL") means something of this server. */
static bool means_server(const char *asked, const char *name)
{
	size_t n = strlen(name);

	if (!strcmp(asked, MCP_PREFIX))
		return true;
	if (!str_starts(asked, TOOL_PREFIX))
		return false;
	asked += strlen(TOOL_PREFIX);
	return !strncmp(asked, name, n) && (!asked[n] || str_starts(asked + n, "__"));
}

static bool is_mcp(const char *asked)
{
	return !strcmp(asked, MCP_PREFIX) || str_starts(asked, TOOL_PREFIX);
}

static const char *asked_at(const struct turn *turn, size_t i)
{
	const struct value *names = map_get(turn->message, "tools");
	const struct value *name = value_is(names, VALUE_LIST) && i < TOOLS_MAX ? list_at(names, i) : NULL;

	return value_is(name, VALUE_STR) ? value_text(name) : name ? "" : NULL;
}

static bool asks_for(const struct turn *turn, const char *server)
{
	const char *asked;

	for (size_t i = 0; (asked = asked_at(turn, i)); i++)
		if (server ? means_server(asked, server) : is_mcp(asked))
			return true;
	return false;
}

static int open_server(struct mcp *mcp, const char *name, const struct value *config, struct err *err)
{
	struct server *s = &mcp->servers[mcp->count];
	struct err why = { 0 };

	if (mcp->count == MCP_SERVERS_MAX)
		return err_set(err, 422, "At most %d MCP servers can be used at once", MCP_SERVERS_MAX);
	s->link = map_get(config, "url") ? mcp_http_open(config, &why) : mcp_stdio_open(config, &why);
	if (!s->link)
		return err_set(err, why.status, "MCP server %s: %.400s", name, why.detail);
	s->name = xstrdup(name);
	mcp->count++;
	return 0;
}

static int open_asked(struct mcp *mcp, const struct turn *turn, const struct value *config, struct err *err)
{
	struct value *entry;
	struct sv key;
	int rc = 0;

	for (size_t i = 0; !rc && map_entry(config, i, &key, &entry); i++) {
		char *name = xstrndup(key.p, key.n);

		if (asks_for(turn, name) && !good_name(key))
			rc = err_set(err, 422,
				     "MCP server \"%.40s\": its name must have letters, digits, \"-\" and single \"_\" "
				     "alone",
				     name);
		else if (asks_for(turn, name))
			rc = open_server(mcp, name, entry, err);
		free(name);
	}
	if (!rc && !mcp->count)
		rc = err_set(err, 422, "The secret " SECRET_NAME " names no MCP server that was asked for");
	return rc;
}

/* ---- the handshake ------------------------------------------------------------------------------------- */

static struct value *message(const char *method, int64_t id, struct value *params)
{
	struct value *m = value_map();

	map_set_str(m, "jsonrpc", "2.0");
	if (id >= 0)
		map_set_int(m, "id", id);
	map_set_str(m, "method", method);
	if (params)
		map_set(m, "params", params);
	return m;
}

/* Takes the params; `notification`: no answer is wanted. */
static int send(struct mcp *mcp, const char *method, struct value *params, bool notification, struct err *err)
{
	struct server *s = &mcp->servers[mcp->at];
	int64_t id = notification ? -1 : mcp->next_id++;
	struct value *m = message(method, id, params);
	int rc = s->link->transport->send(s->link, m, id, err);

	value_unref(m);
	return rc;
}

static int say_hello(struct mcp *mcp, struct err *err)
{
	struct value *params = value_map();
	struct value *client = value_map();

	map_set_str(params, "protocolVersion", REVISION);
	map_set(params, "capabilities", value_map());
	map_set_str(client, "name", "nodetool-server");
	map_set_str(client, "version", PACKAGE_VERSION);
	map_set(params, "clientInfo", client);
	mcp->deadline = time_mono_us() + CONNECT_US;
	return send(mcp, "initialize", params, false, err);
}

static int ask_list(struct mcp *mcp, const char *cursor, struct err *err)
{
	struct value *params = value_map();

	if (cursor)
		map_set_str(params, "cursor", cursor);
	return send(mcp, "tools/list", params, false, err);
}

int mcp_begin(const struct turn *turn, struct mcp **out, struct err *err)
{
	struct value *config;
	struct mcp *mcp;

	*out = NULL;
	if (turn->help || !asks_for(turn, NULL))
		return 0;
	config = configured(turn, err);
	if (!config)
		return -1;
	*out = mcp = xcalloc(1, sizeof(*mcp));
	mcp->tools = value_list();
	if (open_asked(mcp, turn, config, err) == 0 && say_hello(mcp, err) == 0) {
		value_unref(config);
		return 0;
	}
	value_unref(config);
	mcp_free(mcp);
	*out = NULL;
	return -1;
}

void mcp_free(struct mcp *mcp)
{
	if (!mcp)
		return;
	for (size_t i = 0; i < mcp->count; i++) {
		mcp->servers[i].link->transport->free(mcp->servers[i].link);
		free(mcp->servers[i].name);
	}
	value_unref(mcp->tools);
	value_unref(mcp->failed);
	free(mcp);
}

/* "mcp__NAME__TOOL" with what services do not take made "_". New reference. */
static struct value *tool_name(const struct server *s, const char *tool)
{
	char name[TOOL_NAME_MAX + 1];

	snprintf(name, sizeof(name), TOOL_PREFIX "%s__%s", s->name, tool);
	for (char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '-')
			*c = '_';
	return value_str(name);
}

static void add_tool(struct mcp *mcp, const struct value *in)
{
	const char *own = map_str(in, "name", NULL);
	const struct value *schema = map_get(in, "inputSchema");
	struct value *tool;

	if (!own || !*own || value_len(mcp->tools) >= TOOLS_MAX)
		return;
	tool = value_map();
	map_set(tool, "name", tool_name(&mcp->servers[mcp->at], own));
	map_set_str(tool, "description", map_str(in, "description", ""));
	map_set(tool, "parameters", value_is(schema, VALUE_MAP) ? value_copy(schema) : value_map());
	map_set_int(tool, "server", (int64_t)mcp->at);
	map_set_str(tool, "tool", own);
	if (mcp_knows(mcp,
		      map_str(tool, "name", ""))) /* two that differ in other letters alone: the first one counts */
		value_unref(tool);
	else
		list_push(mcp->tools, tool);
}

static int take_list(struct mcp *mcp, const struct value *result, struct err *err)
{
	struct server *s = &mcp->servers[mcp->at];
	const struct value *tools = map_get(result, "tools");
	const char *cursor = map_str(result, "nextCursor", NULL);

	for (size_t i = 0; value_is(tools, VALUE_LIST) && i < value_len(tools); i++)
		add_tool(mcp, list_at(tools, i));
	if (cursor && *cursor && ++s->pages < PAGES_MAX)
		return ask_list(mcp, cursor, err);
	s->stage = STAGE_READY;
	if (++mcp->at < mcp->count)
		return say_hello(mcp, err);
	return 1;
}

/* What the answer to the message of this stage means. 1 when all servers are ready. */
static int take_answer(struct mcp *mcp, const struct value *answer, struct err *err)
{
	struct server *s = &mcp->servers[mcp->at];
	const struct value *result = map_get(answer, "result");

	if (map_get(answer, "error"))
		return err_set(err, 502, "%.300s", map_str(map_get(answer, "error"), "message", "it reports an error"));
	if (s->stage == STAGE_HELLO) {
		s->link->transport->agree(s->link, map_str(result, "protocolVersion", REVISION));
		s->stage = STAGE_NOTIFY;
		return send(mcp, "notifications/initialized", NULL, true, err);
	}
	if (s->stage == STAGE_NOTIFY) {
		s->stage = STAGE_LIST;
		return ask_list(mcp, NULL, err);
	}
	return take_list(mcp, result, err);
}

/* The transport's step, with a limit of time. */
static int step(struct mcp *mcp, struct value **answer, struct err *err)
{
	struct server *s = &mcp->servers[mcp->at];
	int rc = s->link->transport->step(s->link, answer, err);

	if (!rc && time_mono_us() > mcp->deadline)
		return err_set(err, 504, "it does not answer");
	return rc;
}

int mcp_connect(struct mcp *mcp, struct err *err)
{
	struct server *s = &mcp->servers[mcp->at];
	struct value *answer = NULL;
	struct err why = { 0 };
	int rc = step(mcp, &answer, &why);

	if (rc > 0)
		rc = take_answer(mcp, answer, &why);
	value_unref(answer);
	if (rc < 0)
		err_set(err, why.status, "MCP server %s: %.400s", s->name, why.detail);
	return rc;
}

size_t mcp_poll(struct mcp *mcp, struct pollfd *fds, size_t max, int *timeout_ms)
{
	struct server *s = &mcp->servers[mcp->at];
	int64_t left = (mcp->deadline - time_mono_us()) / 1000 + 1;
	size_t n = s->link->transport->poll(s->link, fds, max, timeout_ms);

	if (left < 0 || mcp->failed)
		left = 0;
	if (*timeout_ms < 0 || *timeout_ms > left)
		*timeout_ms = (int)left;
	return n;
}

/* ---- tools --------------------------------------------------------------------------------------------- */

static const struct value *find_tool(const struct mcp *mcp, const char *name)
{
	for (size_t i = 0; mcp && i < value_len(mcp->tools); i++)
		if (!strcmp(map_str(list_at(mcp->tools, i), "name", ""), name))
			return list_at(mcp->tools, i);
	return NULL;
}

bool mcp_knows(const struct mcp *mcp, const char *name)
{
	return find_tool(mcp, name) != NULL;
}

/* True when the message names the tool, its server, or all of them. */
static bool wanted(const struct mcp *mcp, const struct turn *turn, const struct value *tool)
{
	const char *server = mcp->servers[map_int(tool, "server", 0)].name;
	const char *asked;

	for (size_t i = 0; (asked = asked_at(turn, i)); i++) {
		bool whole = is_mcp(asked) && means_server(asked, server) &&
			     (!strcmp(asked, MCP_PREFIX) || !asked[strlen(TOOL_PREFIX) + strlen(server)]);

		if (whole || !strcmp(asked, map_str(tool, "name", "")))
			return true;
	}
	return false;
}

void mcp_declare(const struct mcp *mcp, const struct turn *turn, struct value *list)
{
	for (size_t i = 0; mcp && i < value_len(mcp->tools); i++) {
		const struct value *tool = list_at(mcp->tools, i);
		struct value *m;

		if (!wanted(mcp, turn, tool) || value_len(list) >= TOOLS_MAX)
			continue;
		m = value_map();
		map_set_str(m, "name", map_str(tool, "name", ""));
		map_set_str(m, "description", map_str(tool, "description", ""));
		map_set(m, "parameters", value_ref(map_get(tool, "parameters")));
		list_push(list, m);
	}
}

void mcp_call(struct mcp *mcp, const char *name, const struct value *args)
{
	const struct value *tool = find_tool(mcp, name);
	struct value *params = value_map();
	struct err err = { 0 };

	mcp->at = (size_t)map_int(tool, "server", 0);
	mcp->deadline = time_mono_us() + CALL_US;
	map_set_str(params, "name", map_str(tool, "tool", ""));
	map_set(params, "arguments", value_is(args, VALUE_MAP) ? value_copy(args) : value_map());
	if (send(mcp, "tools/call", params, false, &err))
		mcp->failed = tool_error(err.detail);
}

/* The texts of a result joined by line ends; other contents are told by their kind. New reference. */
static struct value *content_of(const struct value *result)
{
	const struct value *content = map_get(result, "content");
	struct value *out;
	struct buf text;

	buf_init(&text, MCP_MESSAGE_MAX);
	for (size_t i = 0; value_is(content, VALUE_LIST) && i < value_len(content); i++) {
		const struct value *part = list_at(content, i);
		const char *said = map_str(part, "text", map_str(map_get(part, "resource"), "text", NULL));

		buf_adds(&text, text.len ? "\n" : "");
		if (said)
			buf_adds(&text, said);
		else
			buf_printf(&text, "[%s %s]", map_str(part, "type", "content"),
				   map_str(part, "mimeType", map_str(part, "uri", "")));
	}
	out = value_strn(text.data ? text.data : "", text.len);
	buf_free(&text);
	return out;
}

static struct value *result_of(const struct value *answer)
{
	const struct value *result = map_get(answer, "result");
	struct value *structured = map_get(result, "structuredContent");
	struct value *text;
	struct value *out;

	if (map_get(answer, "error"))
		return tool_error(map_str(map_get(answer, "error"), "message", "The server reports an error"));
	if (value_is(structured, VALUE_MAP) && !map_bool(result, "isError", false))
		return value_ref(structured);
	text = content_of(result);
	if (!map_bool(result, "isError", false))
		return text;
	out = tool_error(value_text(text));
	value_unref(text);
	return out;
}

struct value *mcp_result(struct mcp *mcp)
{
	struct value *answer = NULL;
	struct value *out = mcp->failed;
	struct err err = { 0 };
	int rc;

	if (!out) {
		rc = step(mcp, &answer, &err);
		if (!rc)
			return NULL;
		out = rc < 0 ? tool_error(err.detail) : result_of(answer);
	}
	value_unref(answer);
	mcp->failed = NULL;
	return out;
}
