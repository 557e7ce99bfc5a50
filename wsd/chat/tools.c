/* The tools that a model may call: the table, and what the model is told of it. */
#include "wsd/chat/internal.h"
#include "wsd/nodes/code_limits.h"

#include <stdlib.h>
#include <string.h>

#define NO_ARGUMENTS "{\"type\":\"object\",\"properties\":{}}"
#define TEXT_ARGUMENT(name, text) "\"" name "\":{\"type\":\"string\",\"description\":\"" text "\"}"
#define ARGUMENTS(properties, required) \
	"{\"type\":\"object\",\"properties\":{" properties "},\"required\":[" required "]}"
#define COUNT_ARGUMENT ",\"n_results\":{\"type\":\"integer\",\"description\":\"How many at most\"}"

struct value *tool_error(const char *text)
{
	struct value *m = value_map();

	map_set_str(m, "error", text);
	return m;
}

static const struct tool tools[] = {
	{
		.name = "search_nodes",
		.description = "Finds node types of NodeTool by words; gives their type names, properties and outputs.",
		.parameters = ARGUMENTS(TEXT_ARGUMENT("query", "Words to look for") COUNT_ARGUMENT, "\"query\""),
		.user_message = "Searching nodes",
		.help = true,
		.run = tool_search_nodes,
	},
	{
		.name = "search_examples",
		.description = "Finds example workflows by words; gives their names and descriptions.",
		.parameters = ARGUMENTS(TEXT_ARGUMENT("query", "Words to look for"), "\"query\""),
		.user_message = "Searching examples",
		.help = true,
		.run = tool_search_examples,
	},
	{
		.name = "search_assets",
		.description = "Finds the user's assets (images, audio, documents and other files) by their name.",
		.parameters = ARGUMENTS(TEXT_ARGUMENT("query", "A part of the name") "," TEXT_ARGUMENT(
						"content_type", "The beginning of a media type, such as image/") COUNT_ARGUMENT,
					"\"query\""),
		.user_message = "Searching assets",
		.run = tool_search_assets,
	},
	{
		.name = "list_directory",
		.description = "Lists files of the workspace.",
		.parameters = ARGUMENTS(TEXT_ARGUMENT("path", "A folder of the workspace; the workspace itself by default") ","
					TEXT_ARGUMENT("pattern", "A pattern of names, such as *.txt")
					",\"recursive\":{\"type\":\"boolean\"}", ""),
		.user_message = "Listing files",
		.nodes = { { "nodetool.workspace.ListWorkspaceFiles", NULL } },
		.output = "file",
		.many = true,
	},
	{
		.name = "read_file",
		.description = "Reads a text file of the workspace.",
		.parameters = ARGUMENTS(TEXT_ARGUMENT("path", "The file, relative to the workspace"), "\"path\""),
		.user_message = "Reading a file",
		.nodes = { { "nodetool.workspace.ReadTextFile", NULL } },
		.output = "output",
	},
	{
		.name = "write_file",
		.description = "Writes a text file of the workspace; what was there is replaced, unless it is appended to.",
		.parameters = ARGUMENTS(TEXT_ARGUMENT("path", "The file, relative to the workspace") ","
					TEXT_ARGUMENT("content", "The text")
					",\"append\":{\"type\":\"boolean\"}", "\"path\",\"content\""),
		.user_message = "Writing a file",
		.nodes = { { "nodetool.workspace.WriteTextFile", NULL } },
		.output = "output",
	},
	{
		.name = "http_fetch",
		.description = "Fetches a URL by HTTP GET and gives its text as it is.",
		.parameters = ARGUMENTS(TEXT_ARGUMENT("url", "An http or https URL"), "\"url\""),
		.user_message = "Fetching a URL",
		.nodes = { { "lib.http.GetRequest", NULL } },
		.output = "output",
	},
	{
		.name = "page_to_text",
		.description = "Fetches a web page and gives what it says as plain text, without running its scripts.",
		.parameters = ARGUMENTS(TEXT_ARGUMENT("url", "An http or https URL"), "\"url\""),
		.user_message = "Reading a web page",
		.nodes = { { "lib.http.GetRequest", NULL }, { "lib.beautifulsoup.HTMLToText", "text" } },
		.output = "output",
	},
	{
		.name = "google_search",
		.description = "Searches the web with Google; gives titles, addresses and short texts.",
		.parameters = ARGUMENTS(TEXT_ARGUMENT("keyword", "What to search for")
					",\"num_results\":{\"type\":\"integer\",\"description\":\"How many at most\"}",
					"\"keyword\""),
		.user_message = "Searching the web",
		.secret = "SERPAPI_API_KEY",
		.nodes = { { "lib.http.JSONGetRequest", NULL } },
		.output = "output",
		.prepare = tool_google_prepare,
		.shape = tool_google_shape,
	},
	{
		.name = "run_python",
		.description = "Runs a Python 3 program in a sandbox, without a network, in the workspace's folder where there is "
			       "one; gives what it prints.",
		.parameters = ARGUMENTS(TEXT_ARGUMENT("code", "The program; print() what you want to know"), "\"code\""),
		.user_message = "Running Python",
		.code = true,
		.nodes = { { "nodetool.code.ExecutePython", NULL } },
		.output = "stdout",
		.many = true,
		.shape = tool_lines_shape,
	},
	{
		.name = "calculator",
		.description = "Computes an arithmetic expression: + - * / // % ** and parentheses, pi, e, and functions such as "
			       "sqrt, sin, log, exp, abs, round, floor, ceil, min and max.",
		.parameters = ARGUMENTS(TEXT_ARGUMENT("expression", "The expression"), "\"expression\""),
		.user_message = "Calculating",
		.run = tool_calculator,
	},
	{
		.name = "current_date",
		.description = "Tells today's date, the day of the week and the time of the server.",
		.parameters = NO_ARGUMENTS,
		.user_message = "Looking at the clock",
		.run = tool_current_date,
	},
};

const struct tool *tool_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(tools); i++)
		if (strcmp(tools[i].name, name) == 0)
			return &tools[i];
	return NULL;
}

/* ---- what the model gets ------------------------------------------------------------------------------- */

static struct value *declaration(const struct tool *tool)
{
	struct json_error why;
	struct value *m = value_map();

	map_set_str(m, "name", tool->name);
	map_set_str(m, "description", tool->description);
	map_set(m, "parameters", json_parse(tool->parameters, strlen(tool->parameters), &why));
	return m;
}

static struct value *client_declaration(const struct value *tool)
{
	struct value *parameters = map_get(tool, "parameters");
	struct value *m = value_map();

	map_set_str(m, "name", map_str(tool, "name", ""));
	map_set_str(m, "description", map_str(tool, "description", ""));
	if (value_is(parameters, VALUE_MAP)) {
		map_set(m, "parameters", value_ref(parameters));
	} else {
		parameters = value_map();
		map_set_str(parameters, "type", "object");
		map_set(parameters, "properties", value_map());
		map_set(m, "parameters", parameters);
	}
	return m;
}

static const struct value *client_tool(const struct turn *turn, const char *name)
{
	const struct value *manifest = map_get(turn->options.order, "tools");

	for (size_t i = 0; value_is(manifest, VALUE_LIST) && i < value_len(manifest); i++)
		if (strcmp(map_str(list_at(manifest, i), "name", ""), name) == 0)
			return list_at(manifest, i);
	return NULL;
}

bool tool_of_client(const struct turn *turn, const char *name)
{
	return client_tool(turn, name) != NULL;
}

static void add_all(const struct turn *turn, struct value *list)
{
	const struct value *manifest = map_get(turn->options.order, "tools");

	for (size_t i = 0; i < ARRAY_LEN(tools); i++)
		if (tools[i].help)
			list_push(list, declaration(&tools[i]));
	for (size_t i = 0; value_is(manifest, VALUE_LIST) && i < value_len(manifest); i++)
		if (!tool_find(map_str(list_at(manifest, i), "name", "")))
			list_push(list, client_declaration(list_at(manifest, i)));
}

/* False when the tool needs a key that the user has not set, or runs programs where none may run. */
static bool is_usable(const struct turn *turn, const struct tool *tool)
{
	char *secret = tool->secret ? turn->options.secret(turn->options.ctx, tool->secret) : NULL;
	bool usable = !tool->secret || (secret && *secret);

	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
	return usable && (!tool->code || code_allowed());
}

static void add_one(const struct turn *turn, const char *name, struct value *list)
{
	const struct tool *tool = tool_find(name);
	struct value *made;

	if (tool) {
		if (is_usable(turn, tool))
			list_push(list, declaration(tool));
	} else if (client_tool(turn, name)) {
		list_push(list, client_declaration(client_tool(turn, name)));
	} else {
		made = workflow_tool_declaration(turn, name);
		if (made)
			list_push(list, made);
	}
}

/* Names that nobody knows are left out (cases/ws_chat/unknown_tools). */
static void add_named(const struct turn *turn, struct value *list)
{
	const struct value *names = map_get(turn->message, "tools");

	for (size_t i = 0; value_is(names, VALUE_LIST) && i < value_len(names) && i < TOOLS_MAX; i++) {
		const struct value *name = list_at(names, i);

		if (value_is(name, VALUE_STR))
			add_one(turn, value_text(name), list);
	}
}

struct value *tool_declarations(const struct turn *turn)
{
	struct value *list = value_list();

	if (turn->help)
		add_all(turn, list);
	else
		add_named(turn, list);
	mcp_declare(turn->mcp, turn, list);
	if (value_len(list))
		return list;
	value_unref(list);
	return NULL;
}

bool tool_offered(const struct turn *turn, const char *name)
{
	for (size_t i = 0; i < value_len(turn->tools); i++)
		if (strcmp(map_str(list_at(turn->tools, i), "name", ""), name) == 0)
			return true;
	return false;
}
