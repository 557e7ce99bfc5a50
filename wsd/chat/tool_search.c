/* Tools that look something up: nodes, example workflows, the user's assets. */
#include "wsd/chat/internal.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"
#include "nodes/node.h"

#define NODES_SHOWN    10
#define EXAMPLES_SHOWN 20
#define ASSETS_SHOWN   20
#define ASSETS_MAX     100
#define EXAMPLE_MAX    ((size_t)4 << 20)
#define WORDS_MAX      16

/* ---- search_nodes -------------------------------------------------------------------------------------- */

/* 1 when the word stands in the text, in any case. */
static int count_word(const char *text, struct sv word)
{
	for (const char *p = text; *p; p++)
		if (strncasecmp(p, word.p, word.n) == 0)
			return 1;
	return 0;
}

/* How well a node fits the words: a hit in its name counts more than one in its description. */
static int rate(const struct node_type *type, const struct sv *words, size_t count)
{
	const char *dot = strrchr(type->type, '.');
	int score = 0;

	for (size_t i = 0; i < count; i++)
		score += 4 * count_word(dot ? dot : type->type, words[i]) + 3 * count_word(type->title, words[i]) +
			 2 * count_word(type->type, words[i]) +
			 count_word(type->description ? type->description : "", words[i]);
	return score;
}

static size_t split_words(struct sv query, struct sv words[WORDS_MAX])
{
	struct sv word;
	size_t n = 0;

	while (n < WORDS_MAX && sv_split(&query, ' ', &word)) {
		word = sv_trim(word);
		if (word.n)
			words[n++] = word;
	}
	return n;
}

struct hit {
	const struct node_type *type;
	int score;
};

/* Keeps the best, those found first before others of the same score. */
static size_t keep(struct hit *hits, size_t count, size_t max, struct hit hit)
{
	size_t at = count;

	while (at > 0 && hits[at - 1].score < hit.score)
		at--;
	if (at >= max)
		return count;
	if (count == max)
		count--;
	memmove(hits + at + 1, hits + at, (count - at) * sizeof(*hits));
	hits[at] = hit;
	return count + 1;
}

struct value *tool_search_nodes(const struct turn *turn, const struct value *args)
{
	int64_t max = map_int(args, "n_results", NODES_SHOWN);
	struct hit hits[50];
	struct sv words[WORDS_MAX];
	struct value *queries = map_get(args, "query");
	struct value *list = value_list();
	size_t count = 0;
	size_t n;

	(void)turn;
	if (value_is(queries, VALUE_LIST))
		queries = list_at(queries, 0);
	if (!value_is(queries, VALUE_STR))
		return list;
	if (max < 1 || max > (int64_t)ARRAY_LEN(hits))
		max = max < 1 ? 1 : (int64_t)ARRAY_LEN(hits);
	n = split_words(value_sv(queries), words);
	for (size_t i = 0; i < node_type_count(); i++) {
		struct hit hit = { node_type_at(i), rate(node_type_at(i), words, n) };

		if (hit.score && !(hit.type->flags & NODE_INTERNAL))
			count = keep(hits, count, (size_t)max, hit);
	}
	for (size_t i = 0; i < count; i++) {
		const struct node_info *info = node_info_find(hits[i].type->type);

		if (info)
			list_push(list, node_metadata(info));
	}
	return list;
}

/* ---- search_examples ----------------------------------------------------------------------------------- */

/* The example workflows that the server ships, as a list of {id, name, description, tags}. */
static struct value *example_entry(const struct value *example)
{
	static const char *const shown[] = { "id", "name", "description", "tags" };
	struct value *m = value_map();

	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		struct value *v = map_get(example, shown[i]);

		map_set(m, shown[i], v ? value_ref(v) : value_null());
	}
	return m;
}

static bool example_fits(const struct value *example, const struct sv *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (count_word(map_str(example, "name", ""), words[i]) ||
		    count_word(map_str(example, "description", ""), words[i]))
			return true;
	return count == 0;
}

struct value *tool_search_examples(const struct turn *turn, const struct value *args)
{
	char *folder = xasprintf("%s/examples", config_share_dir());
	struct value *list = value_list();
	struct sv words[WORDS_MAX];
	size_t count = split_words(sv_of(map_str(args, "query", "")), words);
	DIR *dir = opendir(folder);
	struct dirent *entry;

	(void)turn;
	while (dir && value_len(list) < EXAMPLES_SHOWN && (entry = readdir(dir))) {
		char *path = xasprintf("%s/%s", folder, entry->d_name);
		struct err why;
		struct value *example = str_ends(path, ".json") ? json_read_file(path, EXAMPLE_MAX, &why) : NULL;

		if (value_is(example, VALUE_MAP) && example_fits(example, words, count))
			list_push(list, example_entry(example));
		value_unref(example);
		free(path);
	}
	if (dir)
		closedir(dir);
	free(folder);
	return list;
}

/* ---- search_assets ------------------------------------------------------------------------------------- */

static void show_column(struct value *m, const struct asset *a, const char *key, int column)
{
	struct sv text = a->c[column];

	map_set(m, key, text.p ? value_strn(text.p, text.n) : value_null());
}

static int show_asset(const struct asset *a, void *arg)
{
	struct value *m = value_map();

	show_column(m, a, "id", ASSET_ID);
	show_column(m, a, "name", ASSET_NAME);
	show_column(m, a, "content_type", ASSET_CONTENT_TYPE);
	map_set(m, "uri", value_strf("asset://%.*s", (int)a->c[ASSET_ID].n, a->c[ASSET_ID].p));
	list_push(arg, m);
	return 0;
}

struct value *tool_search_assets(const struct turn *turn, const struct value *args)
{
	int64_t max = map_int(args, "n_results", ASSETS_SHOWN);
	struct asset_filter filter = { .limit = max < 1 ? 1 : max > ASSETS_MAX ? ASSETS_MAX : max };
	const char *kind = map_str(args, "content_type", "");
	struct value *list = value_list();
	struct arena *arena = arena_new();
	struct err err = { 0 };
	struct db *db = db_default(&err);
	bool more;
	int rc = -1;

	if (*kind)
		filter.content_type = kind;
	if (db)
		rc = asset_search(db, arena, turn->user_id, map_str(args, "query", ""), &filter, show_asset, list, &more,
				  &err);
	arena_free(arena);
	if (rc == 0)
		return list;
	value_unref(list);
	return tool_error(err.detail);
}
