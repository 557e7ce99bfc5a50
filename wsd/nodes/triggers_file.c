/* nodetool.triggers.FileWatchTrigger: changes of files, as the kernel tells them (inotify). */
#include "wsd/nodes/paths.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define WATCHES_MAX 4096
#define PENDING_MAX 10000
#define DEPTH_MAX 32
#define FOLDER_EVENTS                                                                                              \
	(IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR | IN_EXCL_UNLINK)

struct folder {
	int wd;
	char *below; /* of the watched folder; "" for itself */
};

struct change {
	const char *event;
	char *path;
	char *dest;
	bool is_folder;
	uint32_t cookie;
	int64_t due_us;
};

struct watcher {
	bool open;
	int fd;
	struct path root;
	const char *only; /* one file's name; NULL: all of the folder */
	struct folder *folders;
	size_t folder_count;
	struct change *changes;
	size_t change_count;
	int64_t emitted;
};

/* ---- folders ------------------------------------------------------------------------------------------- */

static char *join(const char *folder, const char *name)
{
	return *folder ? xasprintf("%s/%s", folder, name) : xstrdup(name);
}

static int watch_tree(struct node_ctx *ctx, struct watcher *w, const char *below, int depth);

static void watch_below(struct node_ctx *ctx, struct watcher *w, const char *below, DIR *dir, int depth)
{
	struct dirent *entry;
	struct stat st;
	char *child;

	while ((entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
			continue;
		child = join(below, entry->d_name);
		watch_tree(ctx, w, child, depth + 1);
		free(child);
	}
}

/* Watches the folder `below` the root, and what lies in it where that is wanted. -1 with errno. */
static int watch_tree(struct node_ctx *ctx, struct watcher *w, const char *below, int depth)
{
	struct path path = *below ? path_child(ctx, &w->root, below) : w->root;
	int fd = path_open(&path, O_RDONLY | O_DIRECTORY, 0);
	char name[32];
	DIR *dir;
	int wd;

	if (fd < 0)
		return -1;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	wd = w->folder_count < WATCHES_MAX && depth <= DEPTH_MAX ? inotify_add_watch(w->fd, name, FOLDER_EVENTS) : -1;
	if (wd < 0) {
		if (depth)
			node_log(ctx, "warning", "%s is not watched: too many folders", below);
		close(fd);
		return -1;
	}
	w->folders = xrealloc(w->folders, (w->folder_count + 1) * sizeof(*w->folders));
	w->folders[w->folder_count++] = (struct folder){ wd, xstrdup(below) };
	dir = node_bool(ctx, "recursive") && !w->only ? fdopendir(fd) : NULL;
	if (dir) {
		watch_below(ctx, w, below, dir, depth);
		closedir(dir);
	} else {
		close(fd);
	}
	return 0;
}

static struct folder *find_folder(struct watcher *w, int wd)
{
	for (size_t i = 0; i < w->folder_count; i++)
		if (w->folders[i].wd == wd)
			return &w->folders[i];
	return NULL;
}

static void forget_folder(struct watcher *w, int wd)
{
	struct folder *folder = find_folder(w, wd);

	if (!folder)
		return;
	free(folder->below);
	*folder = w->folders[--w->folder_count];
}

/* ---- changes ------------------------------------------------------------------------------------------- */

static bool listed(const struct value *patterns, const char *name)
{
	for (size_t i = 0; i < value_len(patterns); i++)
		if (value_is(list_at(patterns, i), VALUE_STR) &&
		    name_matches(sv_of(name), sv_of(value_text(list_at(patterns, i)))))
			return true;
	return false;
}

static bool wanted_name(struct node_ctx *ctx, const struct watcher *w, const char *name)
{
	if (w->only)
		return strcmp(w->only, name) == 0;
	return listed(node_get(ctx, "patterns"), name) && !listed(node_get(ctx, "ignore_patterns"), name);
}

static struct change *find_change(struct watcher *w, const char *path, uint32_t cookie)
{
	for (size_t i = w->change_count; i-- > 0;)
		if (cookie ? w->changes[i].cookie == cookie : !w->changes[i].dest && !strcmp(w->changes[i].path, path))
			return &w->changes[i];
	return NULL;
}

/* Takes `path`. A change that goes on within the quiet time is one change. */
static void note(struct node_ctx *ctx, struct watcher *w, const char *event, char *path, const struct inotify_event *e)
{
	int64_t due = time_mono_us() + (int64_t)(node_float(ctx, "debounce_seconds") * 1e6);
	struct change *known = e->mask & IN_MOVED_TO ? find_change(w, path, e->cookie) : NULL;

	if (known) {
		known->event = "moved";
		known->dest = path;
		known->cookie = 0;
		return;
	}
	known = find_change(w, path, 0);
	if (known && !strcmp(event, "modified") && strcmp(known->event, "deleted") != 0) {
		known->due_us = due;
		free(path);
		return;
	}
	if (w->change_count == PENDING_MAX) {
		node_log(ctx, "warning", "too many changes at once: %s is left out", path);
		free(path);
		return;
	}
	w->changes = xrealloc(w->changes, (w->change_count + 1) * sizeof(*w->changes));
	w->changes[w->change_count++] = (struct change){
		.event = event,
		.path = path,
		.is_folder = e->mask & IN_ISDIR,
		.cookie = e->mask & IN_MOVED_FROM ? e->cookie : 0,
		.due_us = due,
	};
}

static const char *event_of(uint32_t mask)
{
	if (mask & (IN_CREATE | IN_MOVED_TO))
		return "created";
	if (mask & (IN_DELETE | IN_MOVED_FROM))
		return "deleted";
	return mask & (IN_MODIFY | IN_CLOSE_WRITE) ? "modified" : NULL;
}

static void take_event(struct node_ctx *ctx, struct watcher *w, const struct inotify_event *e)
{
	struct folder *folder = find_folder(w, e->wd);
	const char *event = event_of(e->mask);
	char *below;

	if (e->mask & IN_Q_OVERFLOW)
		node_log(ctx, "warning", "changes came faster than they could be read: some are lost");
	if (e->mask & IN_IGNORED)
		forget_folder(w, e->wd);
	if (!folder || !event || !e->len)
		return;
	below = join(folder->below, e->name);
	if ((e->mask & IN_ISDIR) && (e->mask & (IN_CREATE | IN_MOVED_TO)) && node_bool(ctx, "recursive") && !w->only)
		watch_tree(ctx, w, below, 1);
	if (wanted_name(ctx, w, e->name))
		note(ctx, w, event, xasprintf("%s/%s", w->root.full, below), e);
	free(below);
}

static void read_events(struct node_ctx *ctx, struct watcher *w)
{
	_Alignas(struct inotify_event) char data[16384];
	const struct inotify_event *e;
	ssize_t n;

	while ((n = read(w->fd, data, sizeof(data))) > 0) {
		for (char *p = data; p < data + n; p += sizeof(*e) + e->len) {
			e = (const struct inotify_event *)(const void *)p;
			take_event(ctx, w, e);
		}
	}
}

/* ---- the node ------------------------------------------------------------------------------------------ */

static void watch_end(void *state)
{
	struct watcher *w = state;

	for (size_t i = 0; i < w->folder_count; i++)
		free(w->folders[i].below);
	for (size_t i = 0; i < w->change_count; i++) {
		free(w->changes[i].path);
		free(w->changes[i].dest);
	}
	free(w->folders);
	free(w->changes);
	if (w->open)
		close(w->fd);
}

/* A file is watched through its folder: programs that save replace it. */
static int split_file(struct node_ctx *ctx, struct watcher *w, const char *text, struct err *err)
{
	const char *slash = strrchr(text, '/');
	char *folder = arena_strndup(node_arena(ctx), text, slash ? (size_t)(slash - text) + (slash == text) : 0);

	w->only = arena_strdup(node_arena(ctx), slash ? slash + 1 : text);
	return path_any(ctx, *folder ? folder : ".", &w->root, err);
}

static enum node_result watch_begin(struct node_ctx *ctx)
{
	struct watcher *w = node_state(ctx);
	const char *text = node_text(ctx, "path");
	struct err err;

	if (path_any(ctx, text, &w->root, &err) < 0)
		return node_fail(ctx, "%s", err.detail);
	if (!path_exists(&w->root))
		return node_fail(ctx, "path: does not exist: %s", text);
	if (!path_is_dir(&w->root) && split_file(ctx, w, text, &err) < 0)
		return node_fail(ctx, "%s", err.detail);
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	w->open = w->fd >= 0;
	if (!w->open || watch_tree(ctx, w, "", 0) < 0)
		return node_fail(ctx, "%s cannot be watched: %s", text, strerror(errno));
	return NODE_DONE;
}

static void emit(struct node_ctx *ctx, const struct change *c)
{
	char stamp[TIME_TEXT_MAX];

	node_emit(ctx, "event", value_str(c->event));
	node_emit(ctx, "path", value_str(c->path));
	node_emit(ctx, "dest_path", value_str(c->dest ? c->dest : ""));
	node_emit(ctx, "is_directory", value_bool(c->is_folder));
	node_emit(ctx, "timestamp", value_str(time_utc(time_now_us(), "+00:00", stamp)));
}

static bool wanted_event(struct node_ctx *ctx, const char *event)
{
	const struct value *events = node_get(ctx, "events");

	for (size_t i = 0; i < value_len(events); i++)
		if (value_is(list_at(events, i), VALUE_STR) && !strcmp(value_text(list_at(events, i)), event))
			return true;
	return false;
}

/* Hands the oldest change on when its quiet time is over; false when none is due. */
static bool emit_due(struct node_ctx *ctx, struct watcher *w)
{
	struct change c;
	bool wanted;

	if (!w->change_count || w->changes[0].due_us > time_mono_us())
		return false;
	c = w->changes[0];
	memmove(w->changes, w->changes + 1, --w->change_count * sizeof(c));
	wanted = wanted_event(ctx, c.event);
	if (wanted) {
		emit(ctx, &c);
		w->emitted++;
	}
	free(c.path);
	free(c.dest);
	return true;
}

static enum node_result watch_next(struct node_ctx *ctx)
{
	struct watcher *w = node_state(ctx);
	int64_t max = node_int(ctx, "max_events");

	read_events(ctx, w);
	if (emit_due(ctx, w))
		return max > 0 && w->emitted >= max ? NODE_DONE : NODE_MORE;
	node_wait_fd(ctx, w->fd, POLLIN);
	if (w->change_count)
		node_wait_ms(ctx, (w->changes[0].due_us - time_mono_us() + 999) / 1000);
	return NODE_WAIT;
}

static const struct node_type types[] = {
	{
		.type = "nodetool.triggers.FileWatchTrigger",
		.title = "File Watch Trigger",
		.description = "Fires when a file, or something in a folder, changes.",
		.props = (const struct node_prop[]){
			{ .name = "max_events", .type = "int", .def = "0", .min = "0.0",
			  .description = "Events after which it ends; 0: never" },
			{ .name = "path", .type = "str", .def = "\".\"", .description = "The file or folder" },
			{ .name = "recursive", .type = "bool", .def = "false", .description = "Folders within the folder too" },
			{ .name = "patterns", .type = "list[str]", .def = "[\"*\"]", .description = "Names that count" },
			{ .name = "ignore_patterns", .type = "list[str]", .def = "[]", .description = "Names that do not" },
			{ .name = "events", .type = "list[str]",
			  .def = "[\"created\", \"modified\", \"deleted\", \"moved\"]", .description = "What counts" },
			{ .name = "debounce_seconds", .type = "float", .def = "0.5", .min = "0.0",
			  .description = "Changes of a file within this time are one" },
			{ 0 } },
		.outputs = (const struct node_slot[]){
			{ .name = "event", .type = "str" },
			{ .name = "path", .type = "str" },
			{ .name = "dest_path", .type = "str" },
			{ .name = "is_directory", .type = "bool" },
			{ .name = "timestamp", .type = "str" },
			{ 0 } },
		.flags = NODE_STREAMS_OUTPUT,
		.state_size = sizeof(struct watcher),
		.process = watch_begin,
		.next = watch_next,
		.destroy = watch_end,
	},
};

NODE_TABLE(nodes_triggers_file, types);
