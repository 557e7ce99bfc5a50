/* Files below one folder. Every path is resolved by the kernel beneath the folder's descriptor, links not followed. */
#include "files/files.h"
#include "storage/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 507 when the disk is full, 503 when it is read-only, 404 for what is not there. */
static int fail(struct err *err, int code, const char *what)
{
	switch (code) {
	case ENOENT:
	case ENOTDIR:
	case EISDIR:
	case ELOOP:
		return err_set(err, 404, "File not found");
	case ENOSPC:
	case EDQUOT:
		return err_set(err, 507, "The disk is full");
	case EROFS:
		return err_set(err, 503, "The store is read-only");
	case ENAMETOOLONG:
	case EXDEV:
		return err_set(err, 400, "Invalid key: not a key of this store");
	default:
		log_error("storage: %s: %s", what, strerror(code));
		return err_set(err, 500, "The stored file cannot be accessed");
	}
}

/* Opens one folder below `at`, made when it is missing. Closes `at`. */
static int enter(int at, const char *name, bool create)
{
	int fd = openat(at, name, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 && errno == ENOENT && create && (mkdirat(at, name, 0700) == 0 || errno == EEXIST))
		fd = openat(at, name, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	close(at);
	return fd;
}

/* Opens the folder that holds the key's last part, making missing ones when `create`; `name` gets that last part. */
static int open_parent(struct store *store, const char *key, bool create, const char **name)
{
	struct sv rest = sv_of(key);
	struct sv part;
	char folder[256];
	int at = dup(store->folder_fd);

	while (at >= 0 && sv_split(&rest, '/', &part)) {
		if (!rest.p) {
			*name = part.p;
			return at;
		}
		if (!part.n || part.n >= sizeof(folder) || sv_eq(part, "..")) {
			close(at);
			errno = EXDEV;
			return -1;
		}
		snprintf(folder, sizeof(folder), "%.*s", (int)part.n, part.p);
		at = enter(at, folder, create);
	}
	return -1;
}

static int make_folders(const char *folder)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s", folder);
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(path, 0700) && errno != EEXIST)
			return -1;
		*p = '/';
	}
	return mkdir(path, 0700) && errno != EEXIST ? -1 : 0;
}

struct store *store_open_folder(const char *folder, struct err *err)
{
	struct store *store;
	int fd;

	if (make_folders(folder)) {
		fail(err, errno, folder);
		return NULL;
	}
	fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		fail(err, errno, folder);
		return NULL;
	}
	store = xcalloc(1, sizeof(*store));
	store->folder = xstrdup(folder);
	store->folder_fd = fd;
	return store;
}

static void info_of(const struct stat *st, struct store_info *info)
{
	info->size = st->st_size;
	info->mtime_us = (int64_t)st->st_mtim.tv_sec * 1000000 + st->st_mtim.tv_nsec / 1000;
}

int folder_open(struct store *store, const char *key, struct store_info *info, struct err *err)
{
	int fd = files_open(store->folder_fd, key, FILES_NO_LINKS, O_RDONLY | O_NONBLOCK, 0);
	struct stat st;

	if (fd < 0)
		return fail(err, errno, key);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return fail(err, ENOENT, key);
	}
	info_of(&st, info);
	return fd;
}

int folder_stat(struct store *store, const char *key, struct store_info *info, struct err *err)
{
	int fd = files_open(store->folder_fd, key, FILES_NO_LINKS, O_PATH, 0);
	struct stat st;
	int result;

	if (fd < 0)
		return fail(err, errno, key);
	result = fstat(fd, &st) || !S_ISREG(st.st_mode) ? -1 : 0;
	close(fd);
	if (result)
		return fail(err, ENOENT, key);
	info_of(&st, info);
	return 0;
}

/* Copies a file of another file system next to its place, so that the rename is one. -1 with errno. */
static int copy_near(struct store *store, const char *path, char copy[4096])
{
	int from = open(path, O_RDONLY | O_CLOEXEC);
	int to = from < 0 ? -1 : store_temp_file(store, copy, NULL);
	int result = to < 0 ? -1 : files_copy(from, to);
	int code = errno;

	if (from >= 0)
		close(from);
	if (to >= 0 && close(to) && !result) {
		code = errno;
		result = -1;
	}
	if (to >= 0 && result)
		unlink(copy);
	errno = code;
	return result;
}

static int move_in(struct store *store, const char *path, int dir, const char *name)
{
	char copy[4096];

	if (renameat(AT_FDCWD, path, dir, name) == 0)
		return 0;
	if (errno != EXDEV || copy_near(store, path, copy))
		return -1;
	if (renameat(AT_FDCWD, copy, dir, name)) {
		unlink(copy);
		return -1;
	}
	unlink(path);
	return 0;
}

int folder_put_file(struct store *store, const char *key, const char *path, struct err *err)
{
	const char *name;
	int dir = open_parent(store, key, true, &name);
	int result = 0;

	if (dir < 0)
		return fail(err, errno == ENOTDIR || errno == ELOOP ? EXDEV : errno, key);
	if (move_in(store, path, dir, name))
		result = fail(err, errno == EISDIR || errno == ENOTEMPTY ? EXDEV : errno, key);
	close(dir);
	return result;
}

int folder_delete(struct store *store, const char *key, struct err *err)
{
	const char *name;
	int dir = open_parent(store, key, false, &name);
	int result = 0;

	if (dir < 0)
		return fail(err, errno, key);
	if (unlinkat(dir, name, 0))
		result = fail(err, errno, key);
	close(dir);
	return result;
}

int store_temp_file(struct store *store, char path[4096], struct err *err)
{
	int fd;

	if (store->folder)
		snprintf(path, 4096, "%s/.upload-XXXXXX", store->folder);
	else
		snprintf(path, 4096, "%s/.upload-XXXXXX", config_run_dir());
	fd = mkostemp(path, O_CLOEXEC);
	return fd < 0 ? fail(err, errno, "a temporary file") : fd;
}

static size_t expire_below(int dir, time_t before, int depth)
{
	DIR *list = fdopendir(dir);
	struct dirent *entry;
	struct stat st;
	size_t count = 0;

	if (!list) {
		close(dir);
		return 0;
	}
	while ((entry = readdir(list))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    fstatat(dirfd(list), entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (S_ISDIR(st.st_mode) && depth < 16) {
			int below = openat(dirfd(list), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			if (below >= 0)
				count += expire_below(below, before, depth + 1);
		} else if (st.st_mtime < before && unlinkat(dirfd(list), entry->d_name, 0) == 0) {
			count++;
		}
	}
	closedir(list);
	return count;
}

size_t store_expire(struct store *store, int64_t seconds)
{
	int dir;

	if (!store->folder)
		return 0;
	dir = open(store->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? 0 : expire_below(dir, (time_t)(time_now_us() / 1000000 - seconds), 0);
}
