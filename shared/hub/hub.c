/* Repositories in the cache: finding, listing, deleting. */
#include "hub/internal.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/files.h"

#define PREFIX	   "models--"
#define PART_MAX   96
#define TREE_DEPTH 64

/* ---- names ----------------------------------------------------------------------------------------------- */

const char *hub_folder(struct arena *arena)
{
	static const struct {
		const char *setting;
		const char *below;
	} places[] = {
		{ "HF_HUB_CACHE", "" },
		{ "HUGGINGFACE_HUB_CACHE", "" },
		{ "HF_HOME", "/hub" },
		{ "XDG_CACHE_HOME", "/huggingface/hub" },
	};

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		const char *set = config_get(places[i].setting);
		bool home = set && set[0] == '~';

		if (set && *set)
			return arena_printf(arena, "%s%s%s", home ? config_home() : "", set + home, places[i].below);
	}
	return arena_printf(arena, "%s/.cache/huggingface/hub", config_home());
}

bool hub_id_ok(const char *repo_id)
{
	struct sv rest = sv_of(repo_id);
	struct sv part;
	int parts = 0;

	if (strstr(repo_id, "..") || strstr(repo_id, "--"))
		return false;
	while (sv_split(&rest, '/', &part)) {
		if (!part.n || part.n > PART_MAX || ++parts > 2 || part.p[0] == '.')
			return false;
		for (size_t i = 0; i < part.n; i++) {
			if (!isalnum((unsigned char)part.p[i]) && !strchr("-_.", part.p[i]))
				return false;
		}
	}
	return parts > 0;
}

/* "org/name" as the name of its folder. */
static const char *folder_name(struct arena *arena, const char *repo_id)
{
	const char *slash = strchr(repo_id, '/');

	return slash ? arena_printf(arena, PREFIX "%.*s--%s", (int)(slash - repo_id), repo_id, slash + 1) :
		       arena_printf(arena, PREFIX "%s", repo_id);
}

/* And back; NULL when the folder is no repository of a model. */
static const char *repo_id_of(struct arena *arena, const char *name)
{
	const char *rest = str_starts(name, PREFIX) ? name + strlen(PREFIX) : "";
	const char *dashes = strstr(rest, "--");
	const char *id = dashes ? arena_printf(arena, "%.*s/%s", (int)(dashes - rest), rest, dashes + 2) : rest;

	return *id && hub_id_ok(id) ? arena_strdup(arena, id) : NULL;
}

/* ---- one repository -------------------------------------------------------------------------------------- */

static int count_blob(int at, const char *name, const char *path, void *arg)
{
	struct hub_repo *repo = arg;
	struct stat st;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	repo->size += st.st_size;
	if (str_ends(name, ".incomplete"))
		repo->partial = true;
	else if (!strstr(path, "/refs/"))
		repo->blobs++;
	return 0;
}

/* The commit that `main` stands for; "" when nothing says. */
static void read_commit(const char *folder, char commit[PART_MAX])
{
	int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = at < 0 ? -1 : files_open(at, "refs/main", FILES_INNER_LINKS, O_RDONLY, 0);
	ssize_t n = fd < 0 ? 0 : read(fd, commit, PART_MAX - 1);

	commit[n > 0 ? n : 0] = '\0';
	commit[strcspn(commit, " \t\r\n")] = '\0';
	if (!id_safe(commit))
		commit[0] = '\0';
	if (fd >= 0)
		close(fd);
	if (at >= 0)
		close(at);
}

/* The newest revision, for repositories that were fetched by commit and have no `main`. */
static void newest_snapshot(struct arena *arena, const char *folder, char commit[PART_MAX])
{
	DIR *dir = opendir(arena_printf(arena, "%s/snapshots", folder));
	struct dirent *entry;
	time_t newest = 0;
	struct stat st;

	while (dir && (entry = readdir(dir))) {
		if (!id_safe(entry->d_name) || strlen(entry->d_name) >= PART_MAX ||
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISDIR(st.st_mode))
			continue;
		if (!*commit || st.st_mtime > newest)
			memcpy(commit, entry->d_name, strlen(entry->d_name) + 1);
		newest = st.st_mtime > newest ? st.st_mtime : newest;
	}
	if (dir)
		closedir(dir);
}

struct listing {
	struct arena *arena;
	size_t skip; /* characters of the snapshot's path, with the slash */
	struct hub_file *files;
	size_t count;
	size_t cap;
};

static int list_file(int at, const char *name, const char *path, void *arg)
{
	struct listing *l = arg;
	struct hub_file *grown;
	struct stat st;

	if (fstatat(at, name, &st, 0) || !utf8_valid(path, strlen(path)))
		return 0;
	if (l->count == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 16;
		grown = arena_alloc(l->arena, l->cap * sizeof(*grown));
		if (l->count)
			memcpy(grown, l->files, l->count * sizeof(*grown));
		l->files = grown;
	}
	l->files[l->count++] = (struct hub_file){ path + l->skip, st.st_size };
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct hub_file *)a)->path, ((const struct hub_file *)b)->path);
}

/* False when the folder is not there. */
static bool read_repo(struct arena *arena, const char *id, const char *folder, struct hub_repo *out)
{
	struct listing l = { .arena = arena };
	char commit[PART_MAX] = "";
	const char *snapshot;
	struct stat st;

	*out = (struct hub_repo){ .id = id, .folder = folder };
	if (lstat(folder, &st) || !S_ISDIR(st.st_mode))
		return false;
	files_walk(arena, folder, count_blob, out);
	read_commit(folder, commit);
	if (!*commit)
		newest_snapshot(arena, folder, commit);
	if (!*commit)
		return true;
	snapshot = arena_printf(arena, "%s/snapshots/%s", folder, commit);
	l.skip = strlen(snapshot) + 1;
	files_walk_linked(arena, snapshot, list_file, &l);
	if (l.count)
		qsort(l.files, l.count, sizeof(*l.files), by_path);
	out->files = l.files;
	out->file_count = l.count;
	hub_describe(arena, out, snapshot + strlen(folder) + 1);
	return true;
}

bool hub_find(struct arena *arena, const char *repo_id, struct hub_repo *out)
{
	return hub_id_ok(repo_id) &&
	       read_repo(arena, arena_strdup(arena, repo_id),
			 arena_printf(arena, "%s/%s", hub_folder(arena), folder_name(arena, repo_id)), out);
}

const struct hub_file *hub_file(const struct hub_repo *repo, const char *path)
{
	const struct hub_file key = { .path = path };

	return repo->file_count ? bsearch(&key, repo->files, repo->file_count, sizeof(key), by_path) : NULL;
}

/* ---- all of them ----------------------------------------------------------------------------------------- */

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int hub_each(struct arena *arena, int (*each)(const struct hub_repo *repo, void *arg), void *arg)
{
	const char *cache = hub_folder(arena);
	struct dirent **entries;
	int count = scandir(cache, &entries, NULL, by_name);
	int result = 0;

	for (int i = 0; i < count; i++) {
		const char *id = repo_id_of(arena, entries[i]->d_name);
		struct hub_repo repo;

		if (!result && id && read_repo(arena, id, arena_printf(arena, "%s/%s", cache, entries[i]->d_name), &repo))
			result = each(&repo, arg);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return result;
}

bool hub_matches(const char *pattern, const char *text)
{
	return fnmatch(pattern, text, FNM_NOESCAPE) == 0;
}

static int add_size(int at, const char *name, const char *path, void *arg)
{
	int64_t *sum = arg;
	struct stat st;

	(void)path;
	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		*sum += st.st_size;
	return 0;
}

int64_t hub_size(struct arena *arena, const char *folder)
{
	int64_t sum = 0;

	files_walk(arena, folder, add_size, &sum);
	return sum;
}

/* ---- deleting -------------------------------------------------------------------------------------------- */

/* `name` below the open cache. */
static int remove_repo(int cache, const char *name, struct err *err)
{
	char going[ID_SIZE + 16];
	char id[ID_SIZE];

	id_random(id);
	snprintf(going, sizeof(going), ".deleted-%s", id);
	if (renameat(cache, name, cache, going))
		return errno == ENOENT ? 1 : err_set(err, 500, "The model cannot be deleted: %s", strerror(errno));
	if (files_remove_tree(cache, going, TREE_DEPTH)) {
		log_error("hub: %s cannot be deleted: %s", going, strerror(errno));
		return err_set(err, 500, "Not all files of the model could be deleted: %s", strerror(errno));
	}
	return 0;
}

int hub_delete(const char *repo_id, struct err *err)
{
	struct arena *arena;
	int result = 1;
	int cache;

	if (!hub_id_ok(repo_id))
		return 1;
	arena = arena_new();
	cache = open(hub_folder(arena), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cache >= 0) {
		result = remove_repo(cache, folder_name(arena, repo_id), err);
		close(cache);
	}
	arena_free(arena);
	return result;
}
