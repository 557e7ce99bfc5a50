/* Examples of packages as workflows: /api/workflows/examples (notes-workflows section 5). */
#include "workflow.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "graph/graph.h"
#include "package/package.h"

/* ---- the shape of an answer ------------------------------------------------------------------------------ */

/* The keys of a workflow in the order of the answer, with what stands there when an example has nothing. */
static const struct {
	const char *key;
	const char *fallback; /* JSON text */
} shape[] = {
	{ "id", "\"\"" },         { "access", "\"\"" },          { "created_at", "null" },     { "updated_at", "null" },
	{ "name", "\"\"" },       { "tool_name", "null" },       { "description", "\"\"" },    { "tags", "null" },
	{ "thumbnail", "null" },  { "thumbnail_url", "null" },   { "graph", "null" },          { "input_schema", "null" },
	{ "output_schema", "null" }, { "settings", "null" },     { "package_name", "null" },   { "path", "null" },
	{ "run_mode", "null" },   { "workspace_id", "null" },    { "required_providers", "null" }, { "required_models", "null" },
	{ "html_app", "null" },   { "etag", "null" },
};

/* A map with exactly the keys of `shape`, taken from `source`. */
static struct value *shaped(const struct value *source)
{
	struct value *v = value_map();

	for (size_t i = 0; i < ARRAY_LEN(shape); i++) {
		struct value *entry = map_get(source, shape[i].key);

		map_set(v, shape[i].key, entry ? value_ref(entry) : json_parse(shape[i].fallback, strlen(shape[i].fallback), NULL));
	}
	map_set(v, "etag", value_null());
	return v;
}

/* ---- what an example needs ------------------------------------------------------------------------------- */

static const char *const provider_spaces[] = { "gemini", "openai", "replicate", "huggingface", "huggingface_hub", "fal", "aime" };

struct needs {
	struct value *providers; /* maps used as sets */
	struct value *models;
};

static void need(struct value *set, const char *name)
{
	if (name && *name)
		map_set_bool(set, name, true);
}

/* Models stand anywhere in a node's data, as objects with a type. */
static void collect_models(const struct value *v, struct needs *needs)
{
	const char *type = map_str(v, "type", "");
	struct value *entry;

	if (strcmp(type, "language_model") == 0) {
		need(needs->providers, map_str(v, "provider", NULL));
		need(needs->models, map_str(v, "id", NULL));
	} else if (str_starts(type, "hf.")) {
		need(needs->models, map_str(v, "repo_id", NULL));
	} else if (str_starts(type, "inference_provider_")) {
		need(needs->models, map_str(v, "model_id", NULL));
	}
	for (size_t i = 0; map_entry(v, i, NULL, &entry); i++)
		collect_models(entry, needs);
	for (size_t i = 0; value_is(v, VALUE_LIST) && i < value_len(v); i++)
		collect_models(list_at(v, i), needs);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The set as a sorted list; null when it is empty. Takes the reference. */
static struct value *sorted_set(struct value *set)
{
	size_t count = value_len(set);
	const char **names = xcalloc(count, sizeof(*names));
	struct value *list = count ? value_list() : value_null();
	struct sv key;

	for (size_t i = 0; map_entry(set, i, &key, NULL); i++)
		names[i] = key.p;
	qsort(names, count, sizeof(*names), by_text);
	for (size_t i = 0; i < count; i++)
		list_push(list, value_str(names[i]));
	free(names);
	value_unref(set);
	return list;
}

static void add_needs(struct value *shown, const struct value *example)
{
	struct needs needs = { value_map(), value_map() };
	const struct value *nodes = map_get(map_get(example, "graph"), "nodes");

	for (size_t i = 0; i < value_len(nodes); i++) {
		struct sv type = sv_of(map_str(list_at(nodes, i), "type", ""));
		struct sv first;

		sv_split(&type, '.', &first);
		for (size_t k = 0; k < ARRAY_LEN(provider_spaces); k++) {
			if (sv_eq(first, provider_spaces[k]))
				need(needs.providers, provider_spaces[k]);
		}
		collect_models(map_get(list_at(nodes, i), "data"), &needs);
	}
	map_set(shown, "required_providers", sorted_set(needs.providers));
	map_set(shown, "required_models", sorted_set(needs.models));
}

/* ---- lists ----------------------------------------------------------------------------------------------- */

/* An entry of the list out of the package's metadata: what the example needs stands in its file. */
static struct value *listed(const struct package *package, const struct value *info, bool with_needs)
{
	const struct value *example = with_needs ? package_example(package, map_str(info, "name", ""), NULL) : NULL;
	struct value *v = shaped(info);
	struct value *graph = value_map();
	char when[TIME_TEXT_MAX];

	map_set(graph, "nodes", value_list());
	map_set(graph, "edges", value_list());
	map_set(v, "graph", graph);
	map_set_str(v, "access", "public");
	map_set_str(v, "created_at", time_stamp(when));
	map_set_str(v, "updated_at", when);
	map_set_str(v, "package_name", package->name);
	if (example)
		add_needs(v, example);
	return v;
}

static struct value *all_examples(bool with_needs)
{
	struct value *list = value_list();
	size_t count = package_count();

	for (size_t i = 0; i < count; i++) {
		const struct package *package = package_at(i);
		const struct value *examples = map_get(package->metadata, "examples");

		for (size_t k = 0; k < value_len(examples); k++)
			list_push(list, listed(package, list_at(examples, k), with_needs));
	}
	return list;
}

static int answer_list(struct response *res, struct value *list)
{
	struct value *answer = value_map();

	map_set(answer, "workflows", list);
	map_set(answer, "next", value_null());
	return res_json(res, answer);
}

int list_examples(struct request *req, struct response *res)
{
	(void)req;
	return answer_list(res, all_examples(true));
}

/* A stored example in full: its graph with all defaults, its name of a package, its place on disk outside of production. */
static struct value *full_example(const struct package *package, const struct value *example, const char *path)
{
	struct value *v = shaped(example);
	struct value *graph = graph_complete(map_get(example, "graph"));

	if (graph)
		map_set(v, "graph", graph);
	map_set_str(v, "package_name", package->name);
	map_set_str(v, "path", config_production() ? NULL : path);
	return v;
}

static bool contains(const char *text, const char *lower_query)
{
	size_t n = strlen(lower_query);

	for (; *text; text++) {
		size_t i = 0;

		while (i < n && tolower((unsigned char)text[i]) == (unsigned char)lower_query[i])
			i++;
		if (i == n)
			return true;
	}
	return n == 0;
}

/* Types and titles of the nodes are searched, nothing else. */
static bool example_matches(const struct value *example, const char *lower_query)
{
	const struct value *nodes = map_get(map_get(example, "graph"), "nodes");

	for (size_t i = 0; i < value_len(nodes); i++) {
		const char *type = map_str(list_at(nodes, i), "type", "");
		const char *title = package_node_title(type);

		if (contains(type, lower_query) || (title && contains(title, lower_query)))
			return true;
	}
	return false;
}

static void search_package(const struct package *package, const char *query, struct value *seen, struct value *list)
{
	const struct value *examples = map_get(package->metadata, "examples");

	for (size_t k = 0; k < value_len(examples); k++) {
		const char *path;
		const struct value *example = package_example(package, map_str(list_at(examples, k), "name", ""), &path);
		const char *id = map_str(example, "id", "");

		if (!example || (*id && map_get(seen, id)) || !example_matches(example, query))
			continue;
		if (*id)
			map_set_bool(seen, id, true);
		list_push(list, full_example(package, example, path));
	}
}

int search_examples(struct request *req, struct response *res)
{
	char *query = arena_strdup(req->arena, map_str(req->query, "query", ""));
	struct value *seen;
	struct value *list;
	size_t count;

	if (!*query)
		return answer_list(res, all_examples(false));
	for (char *p = query; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	seen = value_map();
	list = value_list();
	count = package_count();
	for (size_t i = 0; i < count; i++)
		search_package(package_at(i), query, seen, list);
	value_unref(seen);
	return answer_list(res, list);
}

/* ---- one example ----------------------------------------------------------------------------------------- */

int find_example(struct request *req, const char *package_name, const char *name, const struct package **package,
		 const struct value **example, const char **path)
{
	*package = package_find(package_name);
	if (!*package)
		return req_fail(req, 404, "Package %s not found", package_name);
	*example = package_example(*package, name, path);
	return *example ? 0 : req_fail(req, 404, "Example '%s' not found in package '%s'", name, package_name);
}

int get_example(struct request *req, struct response *res)
{
	const struct package *package;
	const struct value *example;
	const char *path;

	if (find_example(req, req_param(req, "package_name"), req_param(req, "example_name"), &package, &example, &path))
		return -1;
	return res_json(res, full_example(package, example, path));
}

/* For the makers of packages: the body becomes the file of an example. */
int save_example(struct request *req, struct response *res)
{
	const char *package_name = map_str(req->body, "package_name", "");
	struct value *graph = map_get(req->body, "graph");
	const struct package *package;
	struct value *stored;
	char when[TIME_TEXT_MAX];

	if (config_production())
		return req_fail(req, 403, "Examples cannot be saved in production");
	if (value_is_null(graph))
		return req_fail(req, 400, "Invalid workflow");
	package = package_find(package_name);
	if (!package)
		return req_fail(req, 400, "Package %s not found", package_name);
	stored = shaped(req->body);
	arena_defer(req->arena, value_unref_ptr, stored);
	map_set_str(stored, "id", req_param(req, "id"));
	map_set_str(stored, "created_at", time_stamp(when));
	map_set_str(stored, "updated_at", when);
	map_set(stored, "input_schema", graph_input_schema(graph));
	map_set(stored, "output_schema", graph_output_schema(graph));
	if (package_save_example(package, map_str(stored, "name", ""), stored, &req->err))
		return -1;
	return res_json(res, value_ref(stored));
}

/* ---- a workflow out of an example ------------------------------------------------------------------------ */

/* Puts what the body leaves empty in from the example: description, tags, thumbnail_url. Gives the example's graph (the arena
 * drops it), or NULL with the reason. */
struct value *graph_of_example(struct request *req, const char *package_name, const char *name, struct workflow *w)
{
	const struct package *package;
	const struct value *example;
	const struct value *tags;
	const char *path;
	struct value *graph;

	if (find_example(req, package_name, name, &package, &example, &path))
		return NULL;
	graph = graph_complete(map_get(example, "graph"));
	if (!graph) {
		req_fail(req, 500, "The example's graph cannot be read");
		return NULL;
	}
	arena_defer(req->arena, value_unref_ptr, graph);
	if (!w->c[WORKFLOW_DESCRIPTION].n)
		w->c[WORKFLOW_DESCRIPTION] = sv_of(arena_strdup(req->arena, map_str(example, "description", "")));
	if (!w->c[WORKFLOW_THUMBNAIL_URL].n && map_str(example, "thumbnail_url", NULL))
		w->c[WORKFLOW_THUMBNAIL_URL] = sv_of(arena_strdup(req->arena, map_str(example, "thumbnail_url", "")));
	tags = map_get(example, "tags");
	if (value_len(map_get(req->body, "tags")) == 0 && tags)
		w->c[WORKFLOW_TAGS] = sv_of(json_text(req->arena, tags, JSON_COLUMN));
	w->c[WORKFLOW_HTML_APP] = (struct sv){ 0 };
	return graph;
}
