/* What the files of the mcp router share: the tools that MCP clients may call. */
#ifndef FCGI_MCP_H
#define FCGI_MCP_H

#include "http/http.h"

#define MCP_BODY_MAX ((size_t)16 << 20)

struct mcp_tool {
	const char *name;
	const char *description;
	const char *parameters; /* JSON schema of the arguments, an object */
	bool read_only;
	/* The result (new reference), or NULL with req->err, which the model gets to read. */
	struct value *(*call)(struct request *req, const struct value *args);
};

/* NULL when there is no such tool. */
const struct mcp_tool *mcp_tool_find(const char *name);
/* For tools/list: [{name, description, inputSchema, annotations}]; new reference. */
struct value *mcp_tool_list(void);

/* mcp_catalog.c: nodes, examples and models, which belong to nobody. */
struct value *mcp_list_nodes(struct request *req, const struct value *args);
struct value *mcp_search_nodes(struct request *req, const struct value *args);
struct value *mcp_get_node_info(struct request *req, const struct value *args);
struct value *mcp_list_examples(struct request *req, const struct value *args);
struct value *mcp_get_example(struct request *req, const struct value *args);
struct value *mcp_list_models(struct request *req, const struct value *args);
/* The description of a node type as GET /api/nodes/metadata has it; lent; NULL when it is not known. */
const struct value *mcp_node_info(const char *type);

#endif
