/* Search over the nodes of all packages, for the routers that offer it: {"nodes": […], "count": n}. */
#ifndef FCGI_NODE_SEARCH_H
#define FCGI_NODE_SEARCH_H

#include "http/http.h"
#include "package/package.h"

static const struct field node_search_query[] = {
	{ .name = "query", .kind = FIELD_STR, .def = "\"\"", .max_len = 1000, .description = "Words, or their beginnings." },
	{ .name = "limit", .kind = FIELD_INT, .flags = FIELD_NULLABLE | FIELD_MIN, .min = 1, .description = "How many at most; none: all." },
	{ 0 },
};

/* Answers with the nodes that fit `query` ("": all), at most as many as the request's `limit` says. */
static inline int answer_nodes(struct request *req, struct response *res, const char *query)
{
	size_t count;

	buf_adds(&res->body, "{\"nodes\":[");
	if (package_search(query, map_int(req->query, "limit", 0), &res->body, &count, &req->err))
		return -1;
	buf_printf(&res->body, "],\"count\":%zu}", count);
	res->type = "application/json";
	return 0;
}

static inline int search_nodes(struct request *req, struct response *res)
{
	return answer_nodes(req, res, map_str(req->query, "query", ""));
}

#endif
