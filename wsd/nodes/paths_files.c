/* Operations on permitted paths: reading, writing, copying, moving, removing. */
#include "wsd/nodes/paths.h"
#include "wsd/nodes/posixpath.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "files/files.h"

/* Deeper folders are not walked: a circle of links, or a mistake. */
#define MAX_DEPTH  100
#define COPY_BLOCK ((size_t)1 << 20)

/* The reason of errno in Python's words (case workflows/run-fails), with the file's path; where nodes are kept to their
 * folders, with its name alone. */
static int fail_errno(struct err *err, const struct path *path)
{
	struct sv name = paths_restricted() ? posix_basename(sv_of(path->below)) : sv_of(path->full);
	int code = errno;

	return err_set(err, code == ENOENT ? 404 : 400, "[Errno %d] %s: '%.*s'", code, strerror(code),
		       name.n > 500 ? 500 : (int)name.n, name.p);
}

/* The folder that the path lies in, opened, and its last part; -1 with errno. The name is in `buffer`. */
static int open_parent(const struct path *path, char name[NAME_MAX + 1])
{
	size_t len = strlen(path->below);
	struct path parent = *path;
	char *folder;
	size_t start;
	int fd;

	while (len > 1 && path->below[len - 1] == '/')
		len--;
	start = len;
	while (start && path->below[start - 1] != '/')
		start--;
	if (len - start > NAME_MAX || len == start) {
		errno = len == start ? EINVAL : ENAMETOOLONG;
		return -1;
	}
	memcpy(name, path->below + start, len - start);
	name[len - start] = '\0';
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
		errno = EINVAL;
		return -1;
	}
	folder = start ? xstrndup(path->below, start) : xstrdup(".");
	parent.below = folder;
	fd = path_open(&parent, O_PATH | O_DIRECTORY, 0);
	free(folder);
	return fd;
}

/* ---- folders ------------------------------------------------------------------------------------------ */

static int make_dir(const struct path *path)
{
	char name[NAME_MAX + 1];
	int fd = open_parent(path, name);
	int result = fd < 0 ? -1 : mkdirat(fd, name, 0777);
	int code = errno;

	if (fd >= 0)
		close(fd);
	errno = code;
	return result;
}

int path_make_dirs(const struct path *path, struct err *err)
{
	size_t len = strlen(path->below);
	char *text = xstrdup(path->below);
	struct path at = { path->root, text, path->full };
	int result = 0;

	for (size_t i = 1; i <= len && !result; i++) {
		if (text[i] && text[i] != '/')
			continue;
		text[i] = '\0';
		if (!path_is_dir(&at) && make_dir(&at) && !(errno == EEXIST && path_is_dir(&at)))
			result = fail_errno(err, &at);
		text[i] = path->below[i];
	}
	free(text);
	return result;
}

int path_make_parent(struct node_ctx *ctx, const struct path *path, struct err *err)
{
	struct sv folder = posix_dirname(sv_of(path->below));
	struct path parent = { path->root, arena_strndup(node_arena(ctx), folder.p, folder.n), path->full };

	return folder.n ? path_make_dirs(&parent, err) : 0;
}

int path_remove(const struct path *path, struct err *err)
{
	char name[NAME_MAX + 1];
	int fd = open_parent(path, name);
	int result = fd < 0 || unlinkat(fd, name, 0) ? fail_errno(err, path) : 0;

	if (fd >= 0)
		close(fd);
	return result;
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

int path_remove_tree(const struct path *path, struct err *err)
{
	char name[NAME_MAX + 1];
	int fd = open_parent(path, name);
	int result = fd < 0 || files_remove_tree(fd, name, MAX_DEPTH) ? fail_errno(err, path) : 0;

	if (fd >= 0)
		close(fd);
	return result;
}

/* ---- content ------------------------------------------------------------------------------------------ */

/* Opens a regular file for reading: a pipe or device never blocks the run. -1 with errno. */
static int open_file(const struct path *path, struct stat *st)
{
	int fd = path_open(path, O_RDONLY | O_NONBLOCK, 0);

	if (fd >= 0 && (fstat(fd, st) || !S_ISREG(st->st_mode))) {
		errno = S_ISDIR(st->st_mode) ? EISDIR : EINVAL;
		close(fd);
		return -1;
	}
	return fd;
}

int path_read(const struct path *path, size_t max, struct buf *out, struct err *err)
{
	struct stat st;
	int fd = open_file(path, &st);
	ssize_t n = 1;

	buf_init(out, max);
	if (fd < 0)
		return fail_errno(err, path);
	if ((uint64_t)st.st_size > max) {
		close(fd);
		return err_set(err, 413, "the file is longer than %zu bytes", max);
	}
	while (n > 0) {
		size_t want = out->len < (size_t)st.st_size ? (size_t)st.st_size - out->len : 1;
		char *to = buf_reserve(out, want);

		n = to ? read(fd, to, want) : 0;
		out->len += n > 0 ? (size_t)n : 0;
	}
	if (out->data)
		out->data[out->len] = '\0';
	if (n < 0)
		fail_errno(err, path);
	close(fd);
	return n < 0 ? -1 : 0;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int path_write(const struct path *path, const void *data, size_t len, bool append, struct err *err)
{
	int fd = path_open(path, O_WRONLY | O_CREAT | O_NONBLOCK | (append ? O_APPEND : O_TRUNC), 0666);
	int result;

	if (fd < 0)
		return fail_errno(err, path);
	result = write_all(fd, data, len) ? fail_errno(err, path) : 0;
	if (close(fd) && !result)
		result = fail_errno(err, path);
	return result;
}

static int copy_bytes(int from, int to)
{
	char *block = xmalloc(COPY_BLOCK);
	ssize_t n;

	while ((n = read(from, block, COPY_BLOCK)) > 0) {
		if (write_all(to, block, (size_t)n)) {
			n = -1;
			break;
		}
	}
	free(block);
	return n < 0 ? -1 : 0;
}

int path_copy_file(const struct path *from, const struct path *to, struct err *err)
{
	struct stat st;
	struct stat there;
	struct timespec times[2];
	int in = open_file(from, &st);
	int out = -1;
	int result = -1;

	if (in < 0)
		return fail_errno(err, from);
	if (path_stat(to, &there) == 0 && there.st_dev == st.st_dev && there.st_ino == st.st_ino) {
		err_set(err, 400, "source and destination are the same file");
		goto done;
	}
	out = path_open(to, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, 0666);
	if (out < 0 || copy_bytes(in, out)) {
		fail_errno(err, to);
		goto done;
	}
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	if (fchmod(out, st.st_mode & 07777) || futimens(out, times)) {
		fail_errno(err, to);
		goto done;
	}
	result = 0;
done:
	close(in);
	if (out >= 0)
		close(out);
	return result;
}

static int copy_entries(struct node_ctx *ctx, const struct path *from, const struct path *to, int depth,
			struct err *err)
{
	int fd = depth > MAX_DEPTH ? -1 : path_open(from, O_RDONLY | O_DIRECTORY, 0);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int result = 0;

	if (!dir)
		return depth > MAX_DEPTH ? err_set(err, 400, "the folder is nested too deeply") : fail_errno(err, from);
	if (make_dir(to))
		result = fail_errno(err, to);
	while (!result && (entry = readdir(dir))) {
		struct path source;
		struct path target;

		if (is_dots(entry->d_name))
			continue;
		source = path_child(ctx, from, entry->d_name);
		target = path_child(ctx, to, entry->d_name);
		result = path_is_dir(&source) ? copy_entries(ctx, &source, &target, depth + 1, err)
					      : path_copy_file(&source, &target, err);
	}
	closedir(dir);
	return result;
}

/* True when `inner` is `outer` or lies in it, by their texts. */
static bool lies_in(const struct path *inner, const struct path *outer)
{
	size_t len = strlen(outer->full);

	return strncmp(inner->full, outer->full, len) == 0 && (!inner->full[len] || inner->full[len] == '/');
}

int path_copy_tree(struct node_ctx *ctx, const struct path *from, const struct path *to, struct err *err)
{
	if (lies_in(to, from))
		return err_set(err, 400, "a folder cannot be copied into itself");
	return copy_entries(ctx, from, to, 0, err);
}

/* ---- moving ------------------------------------------------------------------------------------------- */

static int rename_path(const struct path *from, const struct path *to)
{
	char name[NAME_MAX + 1];
	char other[NAME_MAX + 1];
	int a = open_parent(from, name);
	int b = a < 0 ? -1 : open_parent(to, other);
	int result = b < 0 ? -1 : renameat(a, name, b, other);
	int code = errno;

	if (a >= 0)
		close(a);
	if (b >= 0)
		close(b);
	errno = code;
	return result;
}

static bool same_file(const struct path *a, const struct path *b)
{
	struct stat x;
	struct stat y;

	return path_stat(a, &x) == 0 && path_stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static const char *last_name(struct node_ctx *ctx, const struct path *path)
{
	struct sv text = sv_of(path->full);

	while (text.n > 1 && text.p[text.n - 1] == '/')
		text.n--;
	text = posix_basename(text);
	return arena_strndup(node_arena(ctx), text.p, text.n);
}

int path_move(struct node_ctx *ctx, const struct path *from, struct path to, struct err *err)
{
	if (path_is_dir(&to) && !same_file(from, &to)) {
		to = path_child(ctx, &to, last_name(ctx, from));
		if (path_exists(&to))
			return err_set(err, 400, "the destination has something of that name");
	}
	if (rename_path(from, &to) == 0)
		return 0;
	if (errno != EXDEV)
		return fail_errno(err, from);
	if (path_is_dir(from))
		return path_copy_tree(ctx, from, &to, err) || path_remove_tree(from, err) ? -1 : 0;
	return path_copy_file(from, &to, err) || path_remove(from, err) ? -1 : 0;
}

const char *path_dated(struct arena *arena, const char *name)
{
	time_t now = time(NULL);
	char text[512];
	struct tm tm;

	if (!strchr(name, '%') || !localtime_r(&now, &tm))
		return name;
	return arena_strndup(arena, text, strftime(text, sizeof(text), name, &tm));
}
