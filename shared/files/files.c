/* Paths as texts, and opening and placing files beneath a folder. */
#include "files/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COPY_BLOCK ((size_t)256 << 10)

/* ---- texts -------------------------------------------------------------------------------------------- */

char *files_absolute(struct arena *arena, const char *base, const char *path)
{
	char *text = *path == '/' ? arena_strdup(arena, path) : arena_printf(arena, "%s/%s", base, path);
	char *out = arena_alloc(arena, strlen(text) + 2);
	struct sv rest = sv_of(text);
	struct sv part;
	size_t len = 0;

	while (sv_split(&rest, '/', &part)) {
		if (!part.n || sv_eq(part, "."))
			continue;
		if (sv_eq(part, "..")) {
			while (len && out[--len] != '/')
				;
			continue;
		}
		out[len++] = '/';
		memcpy(out + len, part.p, part.n);
		len += part.n;
	}
	if (!len)
		out[len++] = '/';
	out[len] = '\0';
	return out;
}

const char *files_below(const char *folder, const char *path)
{
	size_t len = strlen(folder);

	if (len == 1 && *path == '/')
		return path[1] ? path + 1 : ".";
	if (!len || strncmp(folder, path, len) != 0 || (path[len] && path[len] != '/'))
		return NULL;
	return path[len] ? path + len + 1 : ".";
}

bool files_hidden(const char *path)
{
	for (const char *p = path; *p; p++) {
		if (*p == '.' && (p == path || p[-1] == '/') && p[1] && p[1] != '/')
			return true;
	}
	return false;
}

char *files_real(struct arena *arena, const char *path)
{
	char *there = arena_strdup(arena, path);
	size_t len = strlen(there);
	char real[PATH_MAX];

	for (;;) {
		if (realpath(len ? there : "/", real))
			return arena_printf(arena, "%s%s", strcmp(real, "/") == 0 && path[len] ? "" : real, path + len);
		if (!len || (errno != ENOENT && errno != ENOTDIR))
			return NULL;
		while (len && there[len - 1] != '/')
			len--;
		len -= len > 0;
		there[len] = '\0';
	}
}

/* ---- opening ------------------------------------------------------------------------------------------ */

/* Part by part without following links: for kernels (and filters) without openat2. */
static int open_by_parts(int folder, const char *below, int flags, mode_t mode)
{
	struct sv rest = sv_of(below);
	struct sv part;
	int at = dup(folder);

	while (at >= 0 && sv_split(&rest, '/', &part)) {
		char name[NAME_MAX + 1];
		int next;

		if (part.n > NAME_MAX || sv_eq(part, "..")) {
			close(at);
			errno = part.n > NAME_MAX ? ENAMETOOLONG : EXDEV;
			return -1;
		}
		memcpy(name, part.n ? part.p : ".", part.n ? part.n : 1);
		name[part.n ? part.n : 1] = '\0';
		next = openat(at, name, (rest.p ? O_PATH | O_DIRECTORY : flags) | O_NOFOLLOW | O_CLOEXEC, mode);
		close(at);
		at = next;
	}
	return at;
}

int files_open(int folder, const char *below, enum files_links links, int flags, mode_t mode)
{
	struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC),
				.mode = flags & O_CREAT ? mode : 0,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS |
					   (links == FILES_NO_LINKS ? RESOLVE_NO_SYMLINKS : 0) };
	int fd;

	/* EAGAIN: something was renamed during the look-up; the kernel asks to try again. */
	do
		fd = (int)syscall(SYS_openat2, folder, below, &how, sizeof(how));
	while (fd < 0 && errno == EAGAIN);
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = open_by_parts(folder, below, flags, mode);
	return fd;
}

/* ---- placing ------------------------------------------------------------------------------------------ */

int files_copy(int from, int to)
{
	char *block = xmalloc(COPY_BLOCK);
	ssize_t n;

	while ((n = read(from, block, COPY_BLOCK)) > 0) {
		for (ssize_t done = 0, w; done < n; done += w) {
			w = write(to, block + done, (size_t)(n - done));
			if (w < 0 && errno == EINTR)
				w = 0;
			if (w < 0) {
				free(block);
				return -1;
			}
		}
	}
	free(block);
	return n < 0 ? -1 : 0;
}

/* Opens the folder of that name, made with everything missing above it. */
static int open_folder(int folder, const char *below, enum files_links links)
{
	char path[PATH_MAX];
	int fd = files_open(folder, below, links, O_PATH | O_DIRECTORY, 0);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (snprintf(path, sizeof(path), "%s", below) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = dup(folder);
	for (char *name = path, *end = path; fd >= 0 && name; name = end) {
		int next;

		end = strchr(name, '/');
		if (end)
			*end++ = '\0';
		next = files_open(fd, name, links, O_PATH | O_DIRECTORY, 0);
		if (next < 0 && errno == ENOENT && (mkdirat(fd, name, 0777) == 0 || errno == EEXIST))
			next = files_open(fd, name, links, O_PATH | O_DIRECTORY, 0);
		close(fd);
		fd = next;
	}
	return fd;
}

/* A copy of the source in the folder itself, to be renamed there. */
static int copy_into(int folder, const char *source, char name[64])
{
	char id[ID_SIZE];
	int from = open(source, O_RDONLY | O_CLOEXEC);
	int to = -1;
	int result = -1;
	int code;

	id_random(id);
	snprintf(name, 64, ".upload-%s", id);
	if (from >= 0)
		to = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (to >= 0)
		result = files_copy(from, to);
	code = errno;
	if (from >= 0)
		close(from);
	if (to >= 0 && close(to) && !result) {
		code = errno;
		result = -1;
	}
	if (to >= 0 && result)
		unlinkat(folder, name, 0);
	errno = code;
	return result;
}

static int rename_into(int folder, const char *name, const char *source)
{
	char copy[64];

	if (renameat(AT_FDCWD, source, folder, name) == 0)
		return 0;
	if (errno != EXDEV || copy_into(folder, source, copy))
		return -1;
	if (renameat(folder, copy, folder, name)) {
		unlinkat(folder, copy, 0);
		return -1;
	}
	unlink(source);
	return 0;
}

/* Nothing, or a file that the name may stand for: a link that leads out is refused even though it would only be replaced. */
static int check_target(int folder, const char *below, enum files_links links)
{
	struct stat st;
	int fd = files_open(folder, below, links, O_PATH, 0);

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (fstat(fd, &st))
		st.st_mode = S_IFREG;
	close(fd);
	if (!S_ISDIR(st.st_mode))
		return 0;
	errno = EISDIR;
	return -1;
}

int files_put(int folder, const char *below, enum files_links links, const char *source)
{
	const char *slash = strrchr(below, '/');
	char parent[PATH_MAX];
	int result;
	int code;
	int at;

	if (slash && slash - below >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (slash) {
		memcpy(parent, below, (size_t)(slash - below));
		parent[slash - below] = '\0';
	}
	if (check_target(folder, below, links))
		return -1;
	at = slash ? open_folder(folder, parent, links) : dup(folder);
	if (at < 0)
		return -1;
	result = rename_into(at, slash ? slash + 1 : below, source);
	code = errno;
	close(at);
	errno = code;
	return result;
}
