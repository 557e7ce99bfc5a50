/*
 * Build-time program: what other programs read of the nodes and examples.
 *
 *	node-metadata                                    prints the declarations of all listed nodes as GET /api/nodes/metadata gives them
 *	node-metadata FOLDER NAME VERSION EXAMPLE.json…  makes a package in FOLDER: package_metadata/NAME.json with these nodes, and
 *	                                                 examples/NAME with each example under its own name
 */
#include "nodes/node.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define EXAMPLE_MAX ((size_t)1 << 20)

static int by_type(const void *a, const void *b)
{
	const struct node_type *const *x = a;
	const struct node_type *const *y = b;

	return strcmp((*x)->type, (*y)->type);
}

static struct value *all_metadata(void)
{
	size_t count = node_type_count();
	const struct node_type **types = xcalloc(count + 1, sizeof(*types));
	struct value *list = value_list();

	for (size_t i = 0; i < count; i++)
		types[i] = node_type_at(i);
	qsort(types, count, sizeof(*types), by_type);
	for (size_t i = 0; i < count; i++)
		if (!(types[i]->flags & NODE_INTERNAL))
			list_push(list, node_metadata(node_info_find(types[i]->type)));
	free(types);
	return list;
}

static int print(const struct value *v)
{
	struct buf text;
	int rc = -1;

	buf_init(&text, BUF_MAX_BODY);
	if (json_write(&text, v, JSON_COMPACT) == 0 && fwrite(text.data, 1, text.len, stdout) == text.len && fflush(stdout) == 0)
		rc = 0;
	buf_free(&text);
	return rc;
}

/* ---- the package ----------------------------------------------------------------------------------------- */

static int store(const char *folder, const char *below, const char *name, const struct value *v, int style, struct err *err)
{
	char *path = xasprintf("%s/%s/%s.json", folder, below, name);
	struct buf text;
	int rc;

	buf_init(&text, BUF_MAX_BODY);
	rc = json_write(&text, v, style) ? err_set(err, 500, "%s is too long", path) : file_replace(path, text.data, text.len, 0644, err);
	buf_free(&text);
	free(path);
	return rc;
}

/* What the package's metadata says of an example. */
static struct value *example_entry(const struct value *example)
{
	static const char *const keys[] = { "id", "name", "description", "tags" };
	struct value *entry = value_map();

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		map_set(entry, keys[i], value_ref(map_get(example, keys[i])));
	return entry;
}

/* Stores one example under its name, and appends its entry to the list. */
static int add_example(const char *folder, const char *below, const char *path, struct value *list, struct err *err)
{
	struct value *example = json_read_file(path, EXAMPLE_MAX, err);
	const char *name = map_str(example, "name", "");
	int rc;

	if (!example)
		return -1;
	if (!*name || strchr(name, '/') || !map_get(example, "id") || !map_get(example, "description") || !map_get(example, "tags"))
		rc = err_set(err, 500, "%s: id, name, description and tags are needed", path);
	else
		rc = store(folder, below, name, example, JSON_INDENT, err);
	if (!rc)
		list_push(list, example_entry(example));
	value_unref(example);
	return rc;
}

static int make_folder(const char *folder, const char *below, struct err *err)
{
	char *path = xasprintf("%s/%s", folder, below);
	int rc = mkdir(path, 0755) && errno != EEXIST ? err_set(err, 500, "%s: %s", path, strerror(errno)) : 0;

	free(path);
	return rc;
}

static int make_package(const char *folder, const char *name, const char *version, char **examples, struct value *nodes, struct err *err)
{
	struct value *metadata = value_map();
	struct value *list = value_list();
	char *below = xasprintf("examples/%s", name);
	int rc = make_folder(folder, "package_metadata", err) || make_folder(folder, "examples", err) || make_folder(folder, below, err);

	map_set_str(metadata, "name", name);
	map_set_str(metadata, "description", "The nodes that this server has itself, and examples of their use");
	map_set_str(metadata, "version", version);
	map_set(metadata, "authors", value_list());
	map_set_str(metadata, "repo_id", "");
	map_set(metadata, "nodes", value_ref(nodes));
	map_set(metadata, "assets", value_list());
	map_set(metadata, "examples", list);
	while (!rc && *examples)
		rc = add_example(folder, below, *examples++, list, err);
	if (!rc)
		rc = store(folder, "package_metadata", name, metadata, JSON_COMPACT, err);
	free(below);
	value_unref(metadata);
	return rc;
}

int main(int argc, char **argv)
{
	struct value *nodes = all_metadata();
	struct err err = { 0 };
	int rc;

	rc = argc < 4 ? print(nodes) : make_package(argv[1], argv[2], argv[3], argv + 4, nodes, &err);
	if (rc)
		fprintf(stderr, "node-metadata: %s\n", *err.detail ? err.detail : "the list cannot be written");
	value_unref(nodes);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}
