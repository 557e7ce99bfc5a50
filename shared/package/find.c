/* Finding packages on disk: where they are looked for, and when that has to be done again. */
#include "package/internal.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PACKAGES_MAX 256
#define WATCHED_MAX 2048
#define FRESH_NS 50000000 /* the clock of files goes in steps of up to 10 ms */
#define LINKS_MAX ((size_t)64 << 10) /* bytes of a .pth file */

static struct {
	struct package list[PACKAGES_MAX];
	size_t count;
	struct {
		char *path;
		struct package_stamp stamp;
	} watched[WATCHED_MAX]; /* files and folders whose change asks for another look */
	size_t watched_count;
	char *sought; /* the settings that the list was made by; NULL: not yet */
	struct value *titles; /* node type -> title */
	uint64_t generation;
} found;

bool package_stamp_of(const char *path, struct package_stamp *out)
{
	struct timespec now;
	struct stat st;
	int64_t age;

	memset(out, 0, sizeof(*out));
	if (stat(path, &st))
		return false;
	clock_gettime(CLOCK_REALTIME, &now);
	age = ((int64_t)now.tv_sec - st.st_mtim.tv_sec) * 1000000000 + now.tv_nsec - st.st_mtim.tv_nsec;
	out->mtime = st.st_mtim;
	out->size = st.st_size;
	out->fresh = age >= 0 && age < FRESH_NS;
	return true;
}

bool package_stamp_same(const struct package_stamp *a, const struct package_stamp *b)
{
	return !a->fresh && !b->fresh && a->mtime.tv_sec == b->mtime.tv_sec && a->mtime.tv_nsec == b->mtime.tv_nsec &&
	       a->size == b->size;
}

struct value *package_read_json(const char *path)
{
	struct err err;
	struct value *v = json_read_file(path, PACKAGE_FILE_MAX, &err);

	if (!v && err.status != 404)
		log_warn("package: %s", err.detail);
	return v;
}

static void watch(const char *path)
{
	if (found.watched_count == WATCHED_MAX) {
		log_warn("package: too many folders; changes in %s are not seen", path);
		return;
	}
	package_stamp_of(path, &found.watched[found.watched_count].stamp);
	found.watched[found.watched_count++].path = xstrdup(path);
}

static void forget(void)
{
	for (size_t i = 0; i < found.count; i++) {
		free(found.list[i].name);
		free(found.list[i].folder);
		value_unref(found.list[i].metadata);
	}
	for (size_t i = 0; i < found.watched_count; i++)
		free(found.watched[i].path);
	value_unref(found.titles);
	free(found.sought);
	found.count = 0;
	found.watched_count = 0;
	found.titles = NULL;
	found.sought = NULL;
	package_forget_examples();
}

void package_free_all(void)
{
	forget();
	package_forget_nodes();
}

uint64_t package_generation(void)
{
	return found.generation;
}

/* ---- one package ----------------------------------------------------------------------------------------- */

static const struct package *named(const char *name)
{
	for (size_t i = 0; i < found.count; i++) {
		if (strcmp(found.list[i].name, name) == 0)
			return &found.list[i];
	}
	return NULL;
}

static void add_titles(const struct value *nodes)
{
	for (size_t i = 0; value_is(nodes, VALUE_LIST) && i < value_len(nodes); i++) {
		const char *type = map_str(list_at(nodes, i), "node_type", NULL);

		if (type && !map_get(found.titles, type))
			map_set_str(found.titles, type, map_str(list_at(nodes, i), "title", ""));
	}
}

/* Entries that others go through are lists, whatever the file says. */
static void keep_list(struct value *metadata, const char *key)
{
	if (!value_is(map_get(metadata, key), VALUE_LIST))
		map_set(metadata, key, value_list());
}

/* The package of folder/package_metadata/file. Of packages of one name the first counts. */
static void add_package(const char *folder, const char *file)
{
	char *path = xasprintf("%s/package_metadata/%s", folder, file);
	char *name = xstrndup(file, strlen(file) - strlen(".json"));
	struct value *metadata = NULL;

	watch(path);
	if (found.count < PACKAGES_MAX && !named(name))
		metadata = package_read_json(path);
	if (value_is(metadata, VALUE_MAP)) {
		add_titles(map_get(metadata, "nodes"));
		map_remove(metadata, "nodes"); /* much, and seldom wanted: package_read has them */
		keep_list(metadata, "examples");
		keep_list(metadata, "assets");
		found.list[found.count++] = (struct package){ name, xstrdup(folder), value_ref(metadata) };
		name = NULL;
	}
	value_unref(metadata);
	free(name);
	free(path);
}

/* ---- folders --------------------------------------------------------------------------------------------- */

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Calls `each` with the folder and every name in it that is not hidden, in order; the folder is watched. */
static void each_name(const char *folder, void (*each)(const char *folder, const char *name))
{
	struct dirent **entries = NULL;
	int count = scandir(folder, &entries, NULL, by_name);

	watch(folder);
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.')
			each(folder, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

static void add_metadata(const char *folder, const char *name)
{
	char *above;

	if (!str_ends(name, ".json") || strlen(name) == strlen(".json"))
		return;
	above = xstrndup(folder, strlen(folder) - strlen("/package_metadata"));
	add_package(above, name);
	free(above);
}

/* A folder that may hold packages: in package_metadata stands one file for each. */
static void add_folder(const char *folder)
{
	char *path = xasprintf("%s/package_metadata", folder);

	each_name(path, add_metadata);
	free(path);
}

static void add_child(const char *folder, const char *name)
{
	char *path;

	if (strcmp(name, "package_metadata") == 0)
		return;
	path = xasprintf("%s/%s", folder, name);
	add_folder(path);
	free(path);
}

/* A folder of packages; it may be a package itself. */
static void add_place(const char *folder)
{
	add_folder(folder);
	each_name(folder, add_child);
}

/* ---- Python environments --------------------------------------------------------------------------------- */

static void add_site(const char *site)
{
	char *path = xasprintf("%s/nodetool", site);

	add_folder(path);
	free(path);
}

/* Packages that are worked on lie elsewhere: a .pth file names their folders, one a line. */
static void add_links(const char *site, const char *name)
{
	struct err err;
	struct buf text;
	struct sv rest;
	struct sv line;
	char *path;

	if (!str_ends(name, ".pth"))
		return;
	path = xasprintf("%s/%s", site, name);
	watch(path);
	buf_init(&text, LINKS_MAX);
	if (file_read(path, &text, &err) == 0 && text.len) {
		rest = (struct sv){ text.data, text.len };
		while (sv_split(&rest, '\n', &line)) {
			char *folder;

			line = sv_trim(line);
			if (!line.n || *line.p != '/' || memchr(line.p, '\0', line.n))
				continue;
			folder = xstrndup(line.p, line.n);
			add_site(folder);
			free(folder);
		}
	}
	buf_free(&text);
	free(path);
}

static void add_version(const char *lib, const char *name)
{
	char *site;

	if (!str_starts(name, "python3"))
		return;
	site = xasprintf("%s/%s/site-packages", lib, name);
	each_name(site, add_links);
	add_site(site);
	free(site);
}

static void add_python(const char *env)
{
	char *lib = xasprintf("%s/lib", env);

	each_name(lib, add_version);
	free(lib);
}

/* ---- looking --------------------------------------------------------------------------------------------- */

static bool unchanged(const char *sought)
{
	struct package_stamp now;

	if (!found.sought || strcmp(found.sought, sought) != 0)
		return false;
	for (size_t i = 0; i < found.watched_count; i++) {
		package_stamp_of(found.watched[i].path, &now);
		if (!package_stamp_same(&now, &found.watched[i].stamp))
			return false;
	}
	return true;
}

/* An empty part of the path stands for the server's own packages. */
static void look(const char *path, const char *own, const char *env)
{
	struct sv rest = sv_of(path);
	struct sv part;
	char *text;

	if (!*path)
		add_place(own);
	while (*path && sv_split(&rest, ':', &part)) {
		text = part.n ? xstrndup(part.p, part.n) : xstrdup(own);
		add_place(text);
		free(text);
	}
	if (*env)
		add_python(env);
}

size_t package_count(void)
{
	const char *path = config_get("NODETOOL_PACKAGE_PATH");
	const char *env = config_get("NODETOOL_PYTHON_ENV");
	char *own = xasprintf("%s/packages", config_share_dir());
	char *sought = xasprintf("%s\n%s\n%s", path ? path : "", own, env ? env : "");

	if (unchanged(sought)) {
		free(sought);
	} else {
		forget();
		found.sought = sought;
		found.titles = value_map();
		found.generation++;
		look(path ? path : "", own, env ? env : "");
	}
	free(own);
	return found.count;
}

const struct package *package_at(size_t i)
{
	return i < found.count ? &found.list[i] : NULL;
}

const struct package *package_find(const char *name)
{
	package_count();
	return named(name);
}

struct value *package_read(const struct package *package)
{
	char *path = xasprintf("%s/package_metadata/%s.json", package->folder, package->name);
	struct value *v = package_read_json(path);

	free(path);
	if (value_is(v, VALUE_MAP))
		return v;
	value_unref(v);
	return NULL;
}

const char *package_node_title(const char *type)
{
	if (!found.titles)
		package_count();
	return map_str(found.titles, type, NULL);
}
