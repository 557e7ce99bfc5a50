/* Which paths a node may touch, and how they are opened. */
#include "wsd/nodes/paths.h"
#include "auth/auth.h"
#include "wsd/nodes/posixpath.h"

#include <errno.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

bool paths_restricted(void)
{
	return auth_enforced() || auth_mode() != MODE_DESKTOP;
}

static void close_root(void *ptr)
{
	close((int)(intptr_t)ptr - 1);
}

/* Opens the folder that a path is kept to; the arena closes it. */
static int open_root(struct arena *arena, const char *folder)
{
	int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		arena_defer(arena, close_root, (void *)(intptr_t)(fd + 1));
	return fd;
}

static bool has_hidden_part(const char *below)
{
	for (const char *p = below; *p; p++) {
		if (*p == '.' && (p == below || p[-1] == '/') && p[1] && p[1] != '/')
			return true;
	}
	return false;
}

/* What of the absolute path lies below the folder; NULL when it lies elsewhere. */
static const char *below_folder(const char *folder, const char *path)
{
	size_t len = strlen(folder);

	while (len > 1 && folder[len - 1] == '/')
		len--;
	if (!len || strncmp(folder, path, len) != 0 || (path[len] && path[len] != '/'))
		return NULL;
	path += len;
	path += strspn(path, "/");
	return *path ? path : ".";
}

/* Keeps the path to the folder when it lies in it. */
static bool try_root(struct node_ctx *ctx, const char *folder, struct path *out)
{
	const char *below = folder && *folder ? below_folder(folder, out->full) : NULL;

	if (!below || has_hidden_part(below))
		return false;
	out->root = open_root(node_arena(ctx), folder);
	out->below = below;
	return out->root >= 0;
}

static bool try_allowed(struct node_ctx *ctx, struct path *out)
{
	struct sv list = sv_of(config_get("NODETOOL_ALLOWED_PATHS"));
	struct sv folder;

	while (sv_split(&list, ':', &folder)) {
		if (folder.n && try_root(ctx, arena_strndup(node_arena(ctx), folder.p, folder.n), out))
			return true;
	}
	return false;
}

int path_any(struct node_ctx *ctx, const char *text, struct path *out, struct err *err)
{
	struct arena *arena = node_arena(ctx);
	const char *workspace = node_workspace(ctx);
	char *expanded = posix_expand_user(arena, text);

	if (!paths_restricted()) {
		*out = (struct path){ AT_FDCWD, *expanded ? expanded : ".", expanded };
		return 0;
	}
	out->full = posix_absolute(arena, workspace ? workspace : "/", expanded);
	if (try_root(ctx, workspace, out) || try_root(ctx, config_get("NODETOOL_TEMP_FOLDER"), out) ||
	    try_allowed(ctx, out))
		return 0;
	return err_set(err, 403, "the path is not within the workspace or another permitted folder: %.200s", text);
}

static bool has_parent_part(const char *text)
{
	struct sv rest = sv_of(text);
	struct sv part;

	while (sv_split(&rest, '/', &part)) {
		if (sv_eq(part, ".."))
			return true;
	}
	return false;
}

int path_workspace(struct node_ctx *ctx, const char *text, struct path *out, struct err *err)
{
	const char *workspace = node_workspace(ctx);
	char *below;

	if (!*text)
		return err_set(err, 400, "the path must not be empty");
	if (*text == '/')
		return err_set(err, 400, "the path must be relative to the workspace: %.200s", text);
	if (has_parent_part(text))
		return err_set(err, 400, "the path must not lead upwards (..): %.200s", text);
	if (!workspace)
		return err_set(err, 400, "this run has no workspace folder");
	below = posix_normalize(node_arena(ctx), text);
	if (paths_restricted() && has_hidden_part(below))
		return err_set(err, 403, "hidden files are not open to workflows: %.200s", text);
	out->root = open_root(node_arena(ctx), workspace);
	if (out->root < 0)
		return err_set(err, 400, "the workspace folder cannot be opened");
	out->below = below;
	out->full = strcmp(below, ".") == 0 ? workspace : posix_join(node_arena(ctx), workspace, below);
	return 0;
}

struct path path_child(struct node_ctx *ctx, const struct path *path, const char *name)
{
	struct arena *arena = node_arena(ctx);
	bool top = strcmp(path->below, ".") == 0;

	return (struct path){ path->root, top ? arena_strdup(arena, name) : posix_join(arena, path->below, name),
			      posix_join(arena, path->full, name) };
}

/* ---- opening ------------------------------------------------------------------------------------------ */

/* Part by part without following links: for kernels without openat2. */
static int open_by_parts(int root, const char *below, int flags, mode_t mode)
{
	int at = dup(root);

	for (;;) {
		size_t len = strcspn(below, "/");
		bool last = !below[len + strspn(below + len, "/")];
		char name[NAME_MAX + 1];
		int next;

		if (len > NAME_MAX || (len == 2 && memcmp(below, "..", 2) == 0)) {
			close(at);
			errno = len > NAME_MAX ? ENAMETOOLONG : EXDEV;
			return -1;
		}
		memcpy(name, below, len);
		name[len] = '\0';
		next = openat(at, name, O_NOFOLLOW | O_CLOEXEC | (last ? flags : O_PATH | O_DIRECTORY), mode);
		close(at);
		if (next < 0 || last)
			return next;
		at = next;
		below += len + strspn(below + len, "/");
	}
}

int path_open(const struct path *path, int flags, mode_t mode)
{
	struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC),
				.mode = flags & O_CREAT ? mode : 0,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	long fd;

	if (path->root == AT_FDCWD)
		return open(path->below, flags | O_CLOEXEC, mode);
	fd = syscall(SYS_openat2, path->root, path->below, &how, sizeof(how));
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		return open_by_parts(path->root, path->below, flags, mode);
	return (int)fd;
}

static int stat_opened(const struct path *path, int flags, struct stat *st)
{
	int fd = path_open(path, O_PATH | flags, 0);
	int result = fd < 0 ? -1 : fstat(fd, st);

	if (fd >= 0)
		close(fd);
	return result;
}

int path_stat(const struct path *path, struct stat *st)
{
	return path->root == AT_FDCWD ? stat(path->below, st) : stat_opened(path, 0, st);
}

bool path_exists(const struct path *path)
{
	struct stat st;

	return path_stat(path, &st) == 0;
}

bool path_is_file(const struct path *path)
{
	struct stat st;

	return path_stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool path_is_dir(const struct path *path)
{
	struct stat st;

	return path_stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool path_is_link(const struct path *path)
{
	struct stat st;

	return stat_opened(path, O_NOFOLLOW, &st) == 0 && S_ISLNK(st.st_mode);
}
