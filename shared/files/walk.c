/* Everything below a folder. */
#include "files/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct walk {
	struct arena *arena;
	int (*each)(int at, const char *name, const char *path, void *arg);
	void *arg;
	size_t left;
	bool links; /* to files: they count as files */
};

static unsigned char kind_of(int at, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type;
	if (fstatat(at, entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
		return DT_UNKNOWN;
	return S_ISDIR(st.st_mode) ? DT_DIR : S_ISREG(st.st_mode) ? DT_REG : S_ISLNK(st.st_mode) ? DT_LNK : DT_UNKNOWN;
}

static bool leads_to_file(int at, const char *name)
{
	struct stat st;

	return fstatat(at, name, &st, 0) == 0 && S_ISREG(st.st_mode);
}

/* Takes `fd`. */
static int walk_folder(struct walk *w, int fd, const char *path, int depth)
{
	DIR *dir = fdopendir(fd);
	struct dirent *entry;
	int result = 0;

	if (!dir) {
		close(fd);
		return 0;
	}
	while (!result && w->left && (entry = readdir(dir))) {
		unsigned char kind = kind_of(fd, entry);
		const char *below;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		w->left--;
		if (kind == DT_LNK && w->links && leads_to_file(fd, entry->d_name))
			kind = DT_REG;
		if (kind != DT_DIR && kind != DT_REG)
			continue;
		below = arena_printf(w->arena, "%s/%s", path, entry->d_name);
		if (kind == DT_REG) {
			result = w->each(fd, entry->d_name, below, w->arg);
		} else if (depth < FILES_WALK_DEPTH) {
			int next = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			if (next >= 0)
				result = walk_folder(w, next, below, depth + 1);
		}
	}
	closedir(dir);
	return result;
}

int files_walk(struct arena *arena, const char *folder, int (*each)(int at, const char *name, const char *path, void *arg),
	       void *arg)
{
	struct walk w = { arena, each, arg, FILES_WALK_MAX, false };
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? 0 : walk_folder(&w, fd, folder, 0);
}

int files_walk_linked(struct arena *arena, const char *folder,
		      int (*each)(int at, const char *name, const char *path, void *arg), void *arg)
{
	struct walk w = { arena, each, arg, FILES_WALK_MAX, true };
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? 0 : walk_folder(&w, fd, folder, 0);
}

int files_remove_tree(int folder, const char *name, int depth)
{
	struct dirent *entry;
	int result = 0;
	DIR *dir;
	int fd;

	if (unlinkat(folder, name, 0) == 0)
		return 0;
	if ((errno != EISDIR && errno != EPERM) || depth <= 0)
		return -1;
	fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while (!result && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			result = files_remove_tree(dirfd(dir), entry->d_name, depth - 1);
	}
	closedir(dir);
	return result ? result : unlinkat(folder, name, AT_REMOVEDIR);
}
