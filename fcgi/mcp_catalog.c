/* What MCP clients can look up that belongs to nobody: node types, examples of packages, models. */
#include "mcp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "package/package.h"
#include "provider/provider.h"

#define METADATA_MAX ((size_t)64 << 20)
#define SHOWN        50
#define SHOWN_MAX    500

static int64_t limit_of(const struct value *args)
{
	int64_t n = map_int(args, "limit", SHOWN);

	return n < 1 ? 1 : n > SHOWN_MAX ? SHOWN_MAX : n;
}

static void copy_entries(struct value *to, const struct value *from, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct value *v = map_get(from, names[i]);

		map_set(to, names[i], v ? value_ref(v) : value_null());
	}
}

/* True when the text holds the word, whatever its case. */
static bool holds(const char *text, const char *word)
{
	return !*word || strcasestr(text, word) != NULL;
}

/* ---- nodes --------------------------------------------------------------------------------------------- */

/* The list of node types that is made at build time; read once. */
static const struct value *nodes(void)
{
	static struct value *list;
	struct err err;

	if (list)
		return list;
	list = json_read_share("node_metadata.json", METADATA_MAX, &err);
	if (!list) {
		log_error("%s: no node types are known", err.detail);
		list = value_list();
	}
	return list;
}

const struct value *mcp_node_info(const char *type)
{
	for (size_t i = 0; i < value_len(nodes()); i++)
		if (strcmp(map_str(list_at(nodes(), i), "node_type", ""), type) == 0)
			return list_at(nodes(), i);
	return NULL;
}

static struct value *node_entry(const struct value *info)
{
	static const char *const shown[] = { "node_type", "title", "description", "namespace" };
	struct value *m = value_map();

	copy_entries(m, info, shown, ARRAY_LEN(shown));
	return m;
}

struct value *mcp_list_nodes(struct request *req, const struct value *args)
{
	const char *space = map_str(args, "namespace", "");
	size_t max = (size_t)limit_of(args);
	struct value *list = value_list();

	(void)req;
	for (size_t i = 0; i < value_len(nodes()) && value_len(list) < max; i++)
		if (str_starts(map_str(list_at(nodes(), i), "namespace", ""), space))
			list_push(list, node_entry(list_at(nodes(), i)));
	return list;
}

struct value *mcp_search_nodes(struct request *req, const struct value *args)
{
	struct value *list = value_list();
	struct value *found = NULL;
	struct value *entry;
	struct json_error why;
	struct buf text;
	size_t count;

	buf_init(&text, BUF_MAX_RESPONSE);
	buf_addc(&text, '[');
	if (package_search(map_str(args, "query", ""), limit_of(args), &text, &count, &req->err) == 0 && buf_addc(&text, ']') == 0)
		found = json_parse(text.data, text.len, &why);
	buf_free(&text);
	if (!found) {
		value_unref(list);
		if (!req->err.status)
			req_fail(req, 500, "The nodes found are too many");
		return NULL;
	}
	for (size_t i = 0; i < value_len(found); i++) {
		entry = node_entry(list_at(found, i));
		map_set_bool(entry, "runnable", map_bool(list_at(found, i), "runnable", false));
		list_push(list, entry);
	}
	value_unref(found);
	return list;
}

struct value *mcp_get_node_info(struct request *req, const struct value *args)
{
	const struct value *info = mcp_node_info(map_str(args, "node_type", ""));

	if (info)
		return value_copy(info);
	req_fail(req, 404, "There is no such node type");
	return NULL;
}

/* ---- examples ------------------------------------------------------------------------------------------ */

struct value *mcp_list_examples(struct request *req, const struct value *args)
{
	static const char *const shown[] = { "id", "name", "description", "tags" };
	const char *query = map_str(args, "query", "");
	size_t max = (size_t)limit_of(args);
	struct value *list = value_list();
	size_t count = package_count();

	(void)req;
	for (size_t i = 0; i < count; i++) {
		const struct package *package = package_at(i);
		const struct value *examples = map_get(package->metadata, "examples");

		for (size_t k = 0; value_is(examples, VALUE_LIST) && k < value_len(examples) && value_len(list) < max; k++) {
			const struct value *info = list_at(examples, k);
			struct value *m;

			if (!holds(map_str(info, "name", ""), query) && !holds(map_str(info, "description", ""), query))
				continue;
			m = value_map();
			map_set_str(m, "package_name", package->name);
			copy_entries(m, info, shown, ARRAY_LEN(shown));
			list_push(list, m);
		}
	}
	return list;
}

struct value *mcp_get_example(struct request *req, const struct value *args)
{
	const struct package *package = package_count() ? package_find(map_str(args, "package_name", "")) : NULL;
	const struct value *example = package ? package_example(package, map_str(args, "name", ""), NULL) : NULL;

	if (example)
		return value_copy(example);
	req_fail(req, 404, "There is no such example");
	return NULL;
}

/* ---- models -------------------------------------------------------------------------------------------- */

static const struct {
	const char *word;
	enum model_kind kind;
} model_kinds[] = {
	{ "language", MODELS_LLM },	 { "image", MODELS_IMAGE }, { "tts", MODELS_TTS },
	{ "asr", MODELS_ASR },		 { "video", MODELS_VIDEO }, { "embedding", MODELS_EMBEDDING },
};

struct value *mcp_list_models(struct request *req, const struct value *args)
{
	const char *word = map_str(args, "kind", "language");
	const char *service_name = map_str(args, "provider", "");
	const struct service *service = *service_name ? service_find(service_name) : NULL;
	struct value *list;

	for (size_t i = 0; i < ARRAY_LEN(model_kinds); i++) {
		if (strcmp(model_kinds[i].word, word) != 0 || (*service_name && !service))
			continue;
		list = value_list();
		if (service)
			provider_models(req->user.id, service, model_kinds[i].kind, list);
		else
			provider_models_all(req->user.id, model_kinds[i].kind, list);
		return list;
	}
	req_fail(req, 422, "There is no such %s", *service_name && !service ? "provider" : "kind of models");
	return NULL;
}
