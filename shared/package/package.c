/* Finding packages and reading their examples. */
#include "package/package.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX_BYTES ((size_t)64 << 20)
#define PATH_SIZE 16384 /* folder and names together */
#define FOLDERS_MAX 16
#define PACKAGES_MAX 256
#define EXAMPLES_KEPT 1024

struct stamp {
	struct timespec mtime;
	off_t size;
};

struct example {
	char *path;
	struct stamp stamp;
	struct value *v;
};

static struct {
	struct package list[PACKAGES_MAX];
	struct stamp stamps[PACKAGES_MAX]; /* of the metadata files */
	size_t count;
	struct {
		char *path;
		struct stamp stamp;
	} folders[FOLDERS_MAX];
	size_t folder_count;
	char *configured;
	struct value *titles; /* node type -> title */
	struct example examples[EXAMPLES_KEPT];
	size_t example_count;
} packages;

static bool stamp_of(const char *path, struct stamp *out)
{
	struct stat st;

	if (stat(path, &st))
		return false;
	out->mtime = st.st_mtim;
	out->size = st.st_size;
	return true;
}

/* The file that describes the package in a folder; false when the path is too long to be one. */
static bool metadata_path(const char *folder, const char *name, char path[PATH_SIZE])
{
	int len = snprintf(path, PATH_SIZE, "%s/package_metadata/%s.json", folder, name);

	return len > 0 && len < PATH_SIZE;
}

static bool same_stamp(const struct stamp *a, const struct stamp *b)
{
	return a->mtime.tv_sec == b->mtime.tv_sec && a->mtime.tv_nsec == b->mtime.tv_nsec && a->size == b->size;
}

/* A JSON file; NULL when it is not there or no JSON (which is logged). */
static struct value *read_json(const char *path)
{
	struct err err;
	struct value *v = json_read_file(path, FILE_MAX_BYTES, &err);

	if (!v && err.status != 404)
		log_warn("package: %s", err.detail);
	return v;
}

static void forget_examples(void)
{
	for (size_t i = 0; i < packages.example_count; i++) {
		free(packages.examples[i].path);
		value_unref(packages.examples[i].v);
	}
	packages.example_count = 0;
}

void package_free_all(void)
{
	for (size_t i = 0; i < packages.count; i++) {
		free(packages.list[i].name);
		free(packages.list[i].folder);
		value_unref(packages.list[i].metadata);
	}
	for (size_t i = 0; i < packages.folder_count; i++)
		free(packages.folders[i].path);
	forget_examples();
	value_unref(packages.titles);
	free(packages.configured);
	memset(&packages, 0, sizeof(packages));
}

static void add_titles(const struct value *metadata)
{
	const struct value *nodes = map_get(metadata, "nodes");

	for (size_t i = 0; i < value_len(nodes); i++) {
		const char *type = map_str(list_at(nodes, i), "node_type", NULL);

		if (type)
			map_set_str(packages.titles, type, map_str(list_at(nodes, i), "title", ""));
	}
}

static void add_package(const char *folder)
{
	const char *slash = strrchr(folder, '/');
	const char *name = slash ? slash + 1 : folder;
	char path[PATH_SIZE];
	struct package *p = &packages.list[packages.count];
	struct value *metadata;

	if (packages.count == PACKAGES_MAX || !metadata_path(folder, name, path) || !stamp_of(path, &packages.stamps[packages.count]))
		return;
	metadata = read_json(path);
	if (!value_is(metadata, VALUE_MAP)) {
		value_unref(metadata);
		return;
	}
	p->name = xstrdup(name);
	p->folder = xstrdup(folder);
	p->metadata = metadata;
	packages.count++;
	add_titles(metadata);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void scan_folder(const char *folder)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, NULL, by_name);
	char path[PATH_SIZE];

	if (packages.folder_count < FOLDERS_MAX && stamp_of(folder, &packages.folders[packages.folder_count].stamp))
		packages.folders[packages.folder_count++].path = xstrdup(folder);
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.') {
			snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
			add_package(path);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static bool unchanged(const char *configured)
{
	struct stamp now;
	char path[PATH_SIZE];

	if (!packages.configured || strcmp(packages.configured, configured) != 0)
		return false;
	for (size_t i = 0; i < packages.folder_count; i++) {
		if (!stamp_of(packages.folders[i].path, &now) || !same_stamp(&now, &packages.folders[i].stamp))
			return false;
	}
	for (size_t i = 0; i < packages.count; i++) {
		if (!metadata_path(packages.list[i].folder, packages.list[i].name, path) || !stamp_of(path, &now) || !same_stamp(&now, &packages.stamps[i]))
			return false;
	}
	return true;
}

size_t package_count(void)
{
	const char *setting = config_get("NODETOOL_PACKAGE_PATH");
	char standard[4096];
	char *text;
	struct sv rest;
	struct sv part;

	snprintf(standard, sizeof(standard), "%s/packages", config_share_dir());
	if (!setting)
		setting = standard;
	if (unchanged(setting))
		return packages.count;
	package_free_all();
	packages.configured = xstrdup(setting);
	packages.titles = value_map();
	rest = sv_of(packages.configured);
	while (sv_split(&rest, ':', &part)) {
		if (!part.n)
			continue;
		text = xstrndup(part.p, part.n);
		scan_folder(text);
		free(text);
	}
	return packages.count;
}

const struct package *package_at(size_t i)
{
	return i < packages.count ? &packages.list[i] : NULL;
}

const struct package *package_find(const char *name)
{
	size_t count = package_count();

	for (size_t i = 0; i < count; i++) {
		if (strcmp(packages.list[i].name, name) == 0)
			return &packages.list[i];
	}
	return NULL;
}

/* The file of an example; false for a name that is no plain file name. */
static bool example_path(const struct package *package, const char *name, char path[PATH_SIZE])
{
	if (!*name || *name == '.' || strchr(name, '/') || strlen(name) > 240)
		return false;
	snprintf(path, PATH_SIZE, "%s/examples/%s/%s.json", package->folder, package->name, name);
	return true;
}

const struct value *package_example(const struct package *package, const char *name, const char **path_out)
{
	struct stamp stamp;
	struct example *e;
	char path[PATH_SIZE];
	size_t i;

	if (!example_path(package, name, path) || !stamp_of(path, &stamp))
		return NULL;
	for (i = 0; i < packages.example_count && strcmp(packages.examples[i].path, path) != 0; i++)
		;
	if (i == EXAMPLES_KEPT) {
		forget_examples();
		i = 0;
	}
	e = &packages.examples[i];
	if (i == packages.example_count || !same_stamp(&e->stamp, &stamp)) {
		struct value *v = read_json(path);

		/* What is no example is remembered as well, until the file changes. */
		if (!value_is(v, VALUE_MAP)) {
			value_unref(v);
			v = NULL;
		}
		if (i < packages.example_count) {
			value_unref(e->v);
		} else {
			e->path = xstrdup(path);
			packages.example_count++;
		}
		e->v = v;
		e->stamp = stamp;
	}
	if (path_out)
		*path_out = e->path;
	return e->v;
}

int package_save_example(const struct package *package, const char *name, const struct value *example, struct err *err)
{
	char path[PATH_SIZE];
	struct buf text;
	int result;

	if (!example_path(package, name, path))
		return err_set(err, 400, "An example cannot have that name");
	buf_init(&text, FILE_MAX_BYTES);
	result = json_write(&text, example, JSON_INDENT) ? err_set(err, 413, "The example is too long")
							 : file_replace(path, text.data, text.len, 0644, err);
	buf_free(&text);
	return result;
}

const char *package_node_title(const char *type)
{
	package_count();
	return map_str(packages.titles, type, NULL);
}
