/* Search over the nodes of all packages. */
#include "package/internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "model/node_index.h"

#define WORDS_MAX 16 /* of a query; further ones are left out */

static struct {
	struct value *nodes;       /* for package_nodes; NULL: not read */
	uint64_t nodes_generation;
	struct db *index;          /* NULL: not made */
	uint64_t index_generation;
	struct package_stamp stamp; /* of the list of the nodes that run here */
} kept;

void package_forget_nodes(void)
{
	value_unref(kept.nodes);
	kept.nodes = NULL;
	db_close(kept.index);
	kept.index = NULL;
}

const struct value *package_nodes(void)
{
	size_t count = package_count();

	if (kept.nodes && kept.nodes_generation == package_generation())
		return kept.nodes;
	value_unref(kept.nodes);
	kept.nodes = value_list();
	kept.nodes_generation = package_generation();
	for (size_t i = 0; i < count; i++) {
		struct value *metadata = package_read(package_at(i));
		struct value *nodes = map_get(metadata, "nodes");

		if (value_is(nodes, VALUE_LIST))
			list_push(kept.nodes, value_ref(nodes));
		value_unref(metadata);
	}
	return kept.nodes;
}

/* ---- making the index ------------------------------------------------------------------------------------ */

/* "nodetool.text.FormatText" as "nodetool.text.FormatText Format Text": words as people type them. */
static char *words_of(const char *type)
{
	const char *last = strrchr(type, '.');
	struct buf out;

	last = last ? last + 1 : type;
	buf_init(&out, BUF_MAX_BODY);
	buf_adds(&out, type);
	for (const char *p = last; *p; p++) {
		bool begins = p == last || (isupper((unsigned char)*p) && (islower((unsigned char)p[-1]) || islower((unsigned char)p[1])));

		if (begins)
			buf_addc(&out, ' ');
		buf_addc(&out, *p);
	}
	return buf_take(&out);
}

/* One node of a package, or of the list of those that run here (`package` is the server's own then). */
static int add_node(const struct value *node, const char *package, const struct value *runnable, struct err *err)
{
	const char *type = map_str(node, "node_type", NULL);
	struct value *shown;
	struct node_entry entry;
	struct buf json;
	char *words;
	int rc;

	if (!type || !*type)
		return 0;
	shown = value_copy(node);
	words = words_of(type);
	entry = (struct node_entry){ type, package, map_str(node, "title", ""), words, map_str(node, "description", ""),
				     map_get(runnable, type) != NULL, { 0 } };
	map_set_str(shown, "package", package);
	map_set_bool(shown, "runnable", entry.runnable);
	buf_init(&json, BUF_MAX_BODY);
	rc = json_write(&json, shown, JSON_COMPACT) ? err_set(err, 500, "The description of %s is too long", type) : 0;
	entry.json = (struct sv){ json.data, json.len };
	if (!rc)
		rc = node_index_add(kept.index, &entry, err);
	buf_free(&json);
	free(words);
	value_unref(shown);
	return rc;
}

static int add_nodes(const struct value *nodes, const char *package, const struct value *runnable, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && value_is(nodes, VALUE_LIST) && i < value_len(nodes); i++)
		rc = add_node(list_at(nodes, i), package, runnable, err);
	return rc;
}

static int add_packages(const struct value *runnable, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && package_at(i); i++) {
		struct value *metadata = package_read(package_at(i));
		const char *id = map_str(metadata, "repo_id", "");

		rc = add_nodes(map_get(metadata, "nodes"), *id ? id : package_at(i)->name, runnable, err);
		value_unref(metadata);
	}
	return rc;
}

/* The types in a list of nodes, as a map. */
static struct value *types_of(const struct value *nodes)
{
	struct value *types = value_map();

	for (size_t i = 0; value_is(nodes, VALUE_LIST) && i < value_len(nodes); i++)
		map_set_bool(types, map_str(list_at(nodes, i), "node_type", ""), true);
	return types;
}

static int fill(const char *native_path, struct err *err)
{
	struct value *native = package_read_json(native_path);
	struct value *runnable = types_of(native);
	int rc = -1;

	if (db_begin(kept.index, err) == 0) {
		rc = add_packages(runnable, err);
		if (!rc)
			rc = add_nodes(native, PACKAGE_OWN, runnable, err);
		if (!rc)
			rc = db_commit(kept.index, err);
		db_rollback(kept.index);
	}
	value_unref(runnable);
	value_unref(native);
	return rc;
}

/* The index over what is there now. */
static struct db *index_now(struct err *err)
{
	char *path = xasprintf("%s/node_metadata.json", config_share_dir());
	struct package_stamp stamp;
	bool stale;

	package_count();
	package_stamp_of(path, &stamp);
	stale = kept.index_generation != package_generation() || !package_stamp_same(&stamp, &kept.stamp);
	if (kept.index && stale) {
		db_close(kept.index);
		kept.index = NULL;
	}
	if (!kept.index && node_index_open(&kept.index, err) == 0) {
		kept.index_generation = package_generation();
		kept.stamp = stamp;
		if (fill(path, err)) {
			db_close(kept.index);
			kept.index = NULL;
		}
	}
	free(path);
	return kept.index;
}

/* ---- asking it ------------------------------------------------------------------------------------------- */

/* Letters, digits, and whatever is not ASCII. */
static bool in_word(char c)
{
	return (unsigned char)c >= 0x80 || isalnum((unsigned char)c);
}

/* The query as an FTS5 expression: each word is the beginning of one, with `between` between them. False without words. */
static bool expression_of(const char *query, const char *between, struct buf *out)
{
	size_t count = 0;

	while (count < WORDS_MAX) {
		size_t n = 0;

		while (*query && !in_word(*query))
			query++;
		while (in_word(query[n]))
			n++;
		if (!n)
			break;
		if (count++)
			buf_adds(out, between);
		buf_printf(out, "\"%.*s\"*", (int)n, query);
		query += n;
	}
	return count > 0;
}

struct answer {
	struct buf *out;
	size_t count;
};

static int add_json(struct sv json, void *arg)
{
	struct answer *answer = arg;

	if (answer->count++)
		buf_addc(answer->out, ',');
	return buf_add(answer->out, json.p, json.n);
}

static int search_words(struct db *db, const char *query, const char *between, int64_t limit, struct answer *answer, struct err *err)
{
	struct buf expression;
	int rc = 0;

	buf_init(&expression, BUF_MAX_BODY);
	if (expression_of(query, between, &expression))
		rc = node_index_search(db, expression.data, limit, add_json, answer, err);
	buf_free(&expression);
	return rc;
}

int package_search(const char *query, int64_t limit, struct buf *out, size_t *count, struct err *err)
{
	struct answer answer = { .out = out };
	struct db *db = index_now(err);
	int64_t rows = limit > 0 ? limit : -1;
	int rc;

	if (!db)
		return -1;
	while (isspace((unsigned char)*query))
		query++;
	if (!*query) {
		rc = node_index_all(db, rows, add_json, &answer, err);
	} else {
		rc = search_words(db, query, " ", rows, &answer, err);
		if (!rc && !answer.count)
			rc = search_words(db, query, " OR ", rows, &answer, err);
	}
	*count = answer.count;
	return out->failed ? err_set(err, 500, "The list of nodes is too long") : rc;
}

int package_of_node(struct arena *arena, const char *type, const char **package, struct err *err)
{
	struct db *db = index_now(err);

	return db ? node_index_package(db, arena, type, package, err) : -1;
}
