/* /api/packages: the packages of nodes on this machine, and a search over their nodes (contract/README). */
#include "node_search.h"

#include <ctype.h>
#include <string.h>

/* ---- lists ----------------------------------------------------------------------------------------------- */

static int answer_list(struct response *res, struct value *list)
{
	struct value *answer = value_map();

	map_set(answer, "packages", list);
	map_set_int(answer, "count", (int64_t)value_len(list));
	return res_json(res, answer);
}

/* What every entry has, with what stands there when the package's file does not say it. */
static const struct {
	const char *key;
	const char *fallback; /* JSON text */
} shape[] = {
	{ "name", "\"\"" }, { "description", "\"\"" }, { "version", "\"\"" }, { "authors", "[]" }, { "repo_id", "\"\"" },
	{ "namespaces", "[]" }, { "nodes", "[]" }, { "assets", "[]" }, { "examples", "[]" },
};

static void complete(struct value *metadata)
{
	for (size_t i = 0; i < ARRAY_LEN(shape); i++) {
		if (value_is_null(map_get(metadata, shape[i].key)))
			map_set(metadata, shape[i].key, json_parse(shape[i].fallback, strlen(shape[i].fallback), NULL));
	}
}

static int list_installed(struct request *req, struct response *res)
{
	struct value *list = value_list();
	size_t count = package_count();

	(void)req;
	for (size_t i = 0; i < count; i++) {
		struct value *metadata = package_read(package_at(i));

		if (!metadata)
			continue;
		map_set_str(metadata, "name", package_at(i)->name);
		complete(metadata);
		list_push(list, metadata);
	}
	return answer_list(res, list);
}

/* The namespaces of a package: as its file has them, else those of its nodes. */
static struct value *namespaces_of(const struct value *metadata)
{
	const struct value *nodes = map_get(metadata, "nodes");
	struct value *list = map_get(metadata, "namespaces");
	struct value *seen;

	if (value_len(list))
		return value_ref(list);
	list = value_list();
	seen = value_map();
	for (size_t i = 0; value_is(nodes, VALUE_LIST) && i < value_len(nodes); i++) {
		const char *space = map_str(list_at(nodes, i), "namespace", "");

		if (*space && !map_get(seen, space)) {
			map_set_bool(seen, space, true);
			list_push(list, value_str(space));
		}
	}
	value_unref(seen);
	return list;
}

/* Nobody outside is asked: available is what is on this machine. */
static int list_available(struct request *req, struct response *res)
{
	struct value *list = value_list();
	size_t count = package_count();

	(void)req;
	for (size_t i = 0; i < count; i++) {
		struct value *metadata = package_read(package_at(i));
		struct value *v = value_map();

		map_set_str(v, "name", package_at(i)->name);
		map_set_str(v, "description", map_str(metadata, "description", ""));
		map_set_str(v, "repo_id", map_str(metadata, "repo_id", ""));
		map_set(v, "namespaces", namespaces_of(metadata));
		list_push(list, v);
		value_unref(metadata);
	}
	return answer_list(res, list);
}

/* ---- nodes ----------------------------------------------------------------------------------------------- */

static int all_nodes(struct request *req, struct response *res)
{
	return answer_nodes(req, res, "");
}

static int package_of(struct request *req, struct response *res)
{
	const char *type = map_str(req->query, "node_type", "");
	const char *package = NULL;
	struct value *v;

	if (package_of_node(req->arena, type, &package, &req->err) < 0)
		return -1;
	v = value_map();
	map_set_str(v, "node_type", type);
	map_set_str(v, "package", package);
	map_set_bool(v, "found", package != NULL);
	return res_json(res, v);
}

/* ---- what pip does for the original ------------------------------------------------------------------------ */

/* One part of "owner/project": a letter or digit, then also "-" and "_". NULL when it is none; else what follows. */
static const char *part_end(const char *p)
{
	if (!isalnum((unsigned char)*p))
		return NULL;
	while (isalnum((unsigned char)*p) || *p == '-' || *p == '_')
		p++;
	return p;
}

static int refuse_change(struct request *req, const char *repo_id)
{
	const char *p = part_end(repo_id);

	if (!p || *p != '/' || !(p = part_end(p + 1)) || *p)
		return req_fail(req, 400, "A package is named OWNER/PROJECT");
	return req_fail(req, 501, "Packages are not installed over this interface: put the package's folder into a folder of "
				  "NODETOOL_PACKAGE_PATH, or install it into the environment of NODETOOL_PYTHON_ENV");
}

static int install(struct request *req, struct response *res)
{
	(void)res;
	return refuse_change(req, map_str(req->body, "repo_id", ""));
}

static int update(struct request *req, struct response *res)
{
	(void)res;
	return refuse_change(req, map_str(req->query, "repo_id", ""));
}

static int uninstall(struct request *req, struct response *res)
{
	(void)res;
	return refuse_change(req, req_param(req, "repo_id"));
}

/* ---- routes ---------------------------------------------------------------------------------------------- */

static const struct field type_query[] = {
	{ .name = "node_type", .kind = FIELD_STR, .flags = FIELD_REQUIRED },
	{ 0 },
};

static const struct field repo_fields[] = {
	{ .name = "repo_id", .kind = FIELD_STR, .flags = FIELD_REQUIRED, .description = "OWNER/PROJECT" },
	{ 0 },
};

static const struct route routes[] = {
	{ "GET", "/api/packages/available", list_available, .summary = "The packages on this machine, in short." },
	{ "GET", "/api/packages/installed", list_installed, .summary = "The packages on this machine with their nodes." },
	{ "GET", "/api/packages/nodes/search", search_nodes, .query = node_search_query,
	  .summary = "Nodes of all packages by words, the best first; runnable says which can be run here." },
	{ "GET", "/api/packages/nodes/all", all_nodes, .summary = "The nodes of all packages." },
	{ "GET", "/api/packages/nodes/package", package_of, .query = type_query, .summary = "The package that has a node type." },
	{ "POST", "/api/packages/install", install, .body = BODY(repo_fields), .summary = "Answers 501: packages are put there by hand." },
	{ "POST", "/api/packages/update", update, .query = repo_fields, .summary = "Answers 501, like install." },
	{ "DELETE", "/api/packages/{repo_id:path}", uninstall, .summary = "Answers 501, like install." },
};

int main(int argc, char **argv)
{
	router_teardown = package_free_all;
	return router_main(argc, argv, "package", routes, ARRAY_LEN(routes));
}
