/* Folders of this machine that workflows may use, and the files in them: /api/workspaces. */
#include "http/http.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_info.h"
#include "files/files.h"
#include "handler.h"
#include "model/model.h"
#include "notify/notify.h"

#define PATH_BYTES_MAX 4095
#define ENTRIES_MAX 100000
#define UPLOAD_MAX ((size_t)1 << 42) /* nginx has a bound (client_max_body_size), and the disk */

/* ---- workspaces ------------------------------------------------------------------------------------------ */

static void announce(const struct request *req, const char *event, const struct workspace *w)
{
	char etag[ETAG_SIZE];

	workspace_etag(w, etag);
	notify_change(req->user.id, event, "workspace", w->c[WORKSPACE_ID].p, etag);
}

static const char *path_of(struct arena *arena, const struct workspace *w)
{
	return arena_strndup(arena, w->c[WORKSPACE_PATH].p ? w->c[WORKSPACE_PATH].p : "", w->c[WORKSPACE_PATH].n);
}

static bool accessible(struct arena *arena, const struct workspace *w)
{
	const char *path = path_of(arena, w);
	struct stat st;

	return *path == '/' && stat(path, &st) == 0 && S_ISDIR(st.st_mode) && access(path, W_OK | X_OK) == 0;
}

static int show(struct request *req, struct response *res, const struct workspace *w)
{
	return workspace_json(&res->body, w, accessible(req->arena, w));
}

static int find(struct request *req, struct db *db, struct workspace *out)
{
	const char *id = req_param(req, "workspace_id");
	int missing = db ? workspace_get(db, req->arena, req->user.id, id, out, &req->err) : -1;

	return missing > 0 ? req_fail(req, 404, "Workspace not found: %s", id) : missing;
}

struct listing {
	struct page page;
	const char *cursor;
};

static int add_workspace(const struct workspace *w, void *arg)
{
	struct listing *l = arg;
	struct arena *arena = l->page.res->req->arena;

	l->cursor = workspace_cursor(arena, w);
	return page_add(&l->page, w->c[WORKSPACE_ID]) || workspace_json(l->page.out, w, accessible(arena, w)) ? -1 : 0;
}

static int list_workspaces(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	struct listing l = { .cursor = "" };
	bool more;

	page_begin(&l.page, res, "workspaces");
	if (!db || workspace_list(db, req->arena, req->user.id, field_filter(req->query, "cursor"),
				  map_int(req->query, "limit", 0), add_workspace, &l, &more, &req->err))
		return -1;
	buf_adds(&res->body, "],\"next_cursor\":");
	if (more)
		json_write_str(&res->body, l.cursor, strlen(l.cursor), JSON_COMPACT);
	else
		buf_adds(&res->body, "null");
	return buf_addc(&res->body, '}');
}

static int get_default(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	struct workspace w;
	int missing = db ? workspace_get_default(db, req->arena, req->user.id, &w, &req->err) : -1;

	if (missing)
		return missing > 0 ? res_json(res, value_null()) : -1;
	return show(req, res, &w);
}

static int get_workspace(struct request *req, struct response *res)
{
	struct workspace w;

	return find(req, db_default(&req->err), &w) ? -1 : show(req, res, &w);
}

/* Where several users share a server, a workspace lies below a folder of NODETOOL_ALLOWED_PATHS: a user who may name any
 * folder reads the others' files and the server's own. Administrators may. */
static bool permitted(struct request *req, const char *path)
{
	struct sv list = sv_of(config_get("NODETOOL_ALLOWED_PATHS"));
	const char *real;
	struct sv folder;

	if (auth_operator(&req->user))
		return true;
	real = files_real(req->arena, files_absolute(req->arena, "/", path));
	while (real && sv_split(&list, ':', &folder)) {
		const char *name = arena_strndup(req->arena, folder.p, folder.n);
		const char *allowed = folder.n ? files_real(req->arena, files_absolute(req->arena, "/", name)) : NULL;

		if (allowed && files_below(allowed, real))
			return true;
	}
	return false;
}

/* The folder of a workspace must be absolute, there, a folder, and writable, in this order. */
static int check_path(struct request *req, const char *path, bool changing)
{
	struct stat st;
	bool there;

	if (*path != '/')
		return req_fail(req, 400, "Workspace path must be absolute. Got: %s", path);
	if (!permitted(req, path))
		return req_fail(req, 403, "Workspaces of this server lie below the folders in NODETOOL_ALLOWED_PATHS");
	there = stat(path, &st) == 0;
	if (changing && (!there || !S_ISDIR(st.st_mode)))
		return req_fail(req, 400, "Workspace path does not exist or is not a directory: %s", path);
	if (!there)
		return req_fail(req, 400, "Workspace path does not exist: %s", path);
	if (!S_ISDIR(st.st_mode))
		return req_fail(req, 400, "Workspace path is not a directory: %s", path);
	if (access(path, W_OK | X_OK))
		return req_fail(req, 400, "Workspace path is not writable: %s", path);
	return 0;
}

static int create_in(struct request *req, struct response *res, struct db *db)
{
	struct workspace w;

	workspace_init(req->arena, req->user.id, &w);
	w.c[WORKSPACE_NAME] = field_text(req->body, "name");
	w.c[WORKSPACE_PATH] = field_text(req->body, "path");
	w.c[WORKSPACE_IS_DEFAULT] = map_bool(req->body, "is_default", false) ? SV_LIT("true") : SV_LIT("false");
	if (workspace_put(db, req->arena, &w, &req->err) || db_commit(db, &req->err))
		return -1;
	announce(req, "updated", &w);
	announce(req, "created", &w);
	res->status = 201;
	return show(req, res, &w);
}

static int create_workspace(struct request *req, struct response *res)
{
	return check_path(req, map_str(req->body, "path", ""), false) ? -1 : handle_write(req, res, create_in);
}

static int update_in(struct request *req, struct response *res, struct db *db)
{
	const struct value *is_default = map_get(req->body, "is_default");
	struct sv name = field_text(req->body, "name");
	struct sv path = field_text(req->body, "path");
	struct workspace w;

	if (find(req, db, &w) || (path.p && check_path(req, path.p, true)))
		return -1;
	if (name.p)
		w.c[WORKSPACE_NAME] = name;
	if (path.p)
		w.c[WORKSPACE_PATH] = path;
	if (!value_is_null(is_default))
		w.c[WORKSPACE_IS_DEFAULT] = value_as_bool(is_default) ? SV_LIT("true") : SV_LIT("false");
	w.c[WORKSPACE_UPDATED_AT] = row_now(req->arena);
	if (workspace_put(db, req->arena, &w, &req->err) || db_commit(db, &req->err))
		return -1;
	announce(req, "updated", &w);
	return show(req, res, &w);
}

static int update_workspace(struct request *req, struct response *res)
{
	return handle_write(req, res, update_in);
}

static int delete_in(struct request *req, struct response *res, struct db *db)
{
	struct workspace w;
	int used;

	if (find(req, db, &w))
		return -1;
	used = workspace_is_used(db, w.c[WORKSPACE_ID].p, &req->err);
	if (used)
		return used > 0 ? req_fail(req, 400,
					   "Cannot delete workspace: workflows are linked to this workspace. Please unlink or "
					   "delete those workflows first.") :
				  -1;
	if (workspace_delete(db, req->user.id, w.c[WORKSPACE_ID].p, &req->err) || db_commit(db, &req->err))
		return -1;
	announce(req, "deleted", &w);
	return res_empty(res, 204);
}

static int delete_workspace(struct request *req, struct response *res)
{
	return handle_write(req, res, delete_in);
}

/* ---- files of a workflow's workspace ---------------------------------------------------------------------- */

/* A path of the request within the workspace of the workflow that the request names. */
struct place {
	const char *root;  /* the workspace's folder */
	const char *below; /* the path below it; "." for the folder itself */
	const char *full;  /* both together, for answers */
	int folder;        /* the open folder; closed with the request */
};

static void close_ptr(void *fd)
{
	close((int)(intptr_t)fd);
}

/* Checks in the recorded order: the workflow, its link, the workspace, then the path. */
static int find_place(struct request *req, const char *path, struct place *out)
{
	const char *id = req_param(req, "workflow_id");
	struct db *db = db_default(&req->err);
	struct workflow workflow;
	struct workspace w;
	const char *workspace_id;
	int missing = db ? workflow_get(db, req->arena, req->user.id, id, false, &workflow, &req->err) : -1;

	if (missing)
		return missing > 0 ? req_fail(req, 404, "Workflow not found: %s", id) : -1;
	if (!workflow.c[WORKFLOW_WORKSPACE_ID].n)
		return req_fail(req, 404, "Workflow '%s' does not have an associated workspace", id);
	workspace_id = workflow.c[WORKFLOW_WORKSPACE_ID].p;
	missing = workspace_get(db, req->arena, req->user.id, workspace_id, &w, &req->err);
	if (missing)
		return missing > 0 ? req_fail(req, 404, "Workspace not found: %s", workspace_id) : -1;
	out->root = files_absolute(req->arena, "/", path_of(req->arena, &w));
	out->folder = open(out->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (out->folder < 0)
		return req_fail(req, 404, "Workspace path does not exist: %s", out->root);
	arena_defer(req->arena, close_ptr, (void *)(intptr_t)out->folder);
	if (strlen(path) > PATH_BYTES_MAX)
		return req_fail(req, 400, "The path is too long");
	out->full = files_absolute(req->arena, out->root, path);
	out->below = files_below(out->root, out->full);
	return out->below ? 0 : req_fail(req, 403, "Access denied: path outside workspace");
}

/* What errno of files_open and files_put means. */
static int refuse(struct request *req, const char *missing, const char *path)
{
	if (errno == EXDEV || errno == ELOOP)
		return req_fail(req, 403, "Access denied: path outside workspace");
	if (errno == ENOSPC || errno == EDQUOT)
		return req_fail(req, 507, "The disk is full");
	if (errno == EACCES || errno == EPERM || errno == EROFS)
		return req_fail(req, 403, "Access denied");
	return req_fail(req, 404, "%s: %s", missing, path);
}

/* Of an entry, its link followed as long as it stays in the workspace: 0, or -1 when there is nothing to show. */
static int look_at(const struct place *place, int folder, const char *name, struct stat *st)
{
	char below[PATH_BYTES_MAX + NAME_MAX + 2];
	int result;
	int fd;

	if (fstatat(folder, name, st, AT_SYMLINK_NOFOLLOW))
		return -1;
	if (!S_ISLNK(st->st_mode))
		return 0;
	snprintf(below, sizeof(below), "%s/%s", place->below, name);
	fd = files_open(place->folder, below, FILES_INNER_LINKS, O_PATH, 0);
	result = fd < 0 ? -1 : fstat(fd, st);
	if (fd >= 0)
		close(fd);
	return result;
}

static int list_files(struct request *req, struct response *res)
{
	const char *path = map_str(req->query, "path", ".");
	struct place place;
	struct dirent *entry;
	struct value *list;
	struct stat st;
	DIR *dir;
	int fd;

	if (find_place(req, path, &place))
		return -1;
	fd = files_open(place.folder, place.below, FILES_INNER_LINKS, O_RDONLY | O_DIRECTORY, 0);
	dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir) {
		if (fd >= 0)
			close(fd);
		if (errno == ENOTDIR)
			return req_fail(req, 400, "Path is not a directory: %s", path);
		return refuse(req, "Path not found", path);
	}
	list = value_list();
	while ((entry = readdir(dir)) && value_len(list) < ENTRIES_MAX) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    !utf8_valid(entry->d_name, strlen(entry->d_name)) || look_at(&place, dirfd(dir), entry->d_name, &st))
			continue;
		list_push(list, file_info(entry->d_name, arena_printf(req->arena, "%s/%s", place.full, entry->d_name), &st));
	}
	closedir(dir);
	return res_json(res, list);
}

static int download_file(struct request *req, struct response *res)
{
	const char *path = req_param(req, "file_path");
	struct place place;
	struct stat st;
	int fd;

	if (find_place(req, path, &place))
		return -1;
	fd = files_open(place.folder, place.below, FILES_INNER_LINKS, O_RDONLY | O_NONBLOCK, 0);
	if (fd < 0)
		return refuse(req, "File not found", path);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return req_fail(req, 404, "File not found: %s", path);
	}
	res->type = "application/octet-stream";
	if (res_disposition(res, "attachment", file_base_name(place.full)) || res_header(res, "X-Content-Type-Options", "nosniff")) {
		close(fd);
		return -1;
	}
	return res_fd(res, fd);
}

static int upload_file(struct request *req, struct response *res)
{
	const struct upload *upload = req_upload(req, "file");
	const char *path = req_param(req, "file_path");
	struct place place;
	struct stat st;
	int fd;

	if (find_place(req, path, &place))
		return -1;
	if (strcmp(place.below, ".") == 0)
		return req_fail(req, 400, "A file needs a name");
	if (files_put(place.folder, place.below, FILES_INNER_LINKS, upload->path)) {
		if (errno == EISDIR || errno == ENOTDIR)
			return req_fail(req, 400, "Not a file: %s", path);
		return refuse(req, "Path not found", path);
	}
	fd = files_open(place.folder, place.below, FILES_INNER_LINKS, O_PATH, 0);
	if (fd < 0 || fstat(fd, &st)) {
		if (fd >= 0)
			close(fd);
		return req_fail(req, 500, "The stored file cannot be read");
	}
	close(fd);
	return res_json(res, file_info(file_base_name(place.full), place.full, &st));
}

/* ---- routes ---------------------------------------------------------------------------------------------- */

static const struct field list_query[] = {
	{ "cursor", FIELD_STR, FIELD_NULLABLE, .description = "next_cursor of the page before." },
	{ "limit", FIELD_INT, FIELD_MIN, "100", .min = 1, .description = "How many at most." },
	{ 0 },
};

static const struct field create_body[] = {
	{ "name", FIELD_STR, FIELD_REQUIRED },
	{ "path", FIELD_STR, FIELD_REQUIRED, .max_len = PATH_BYTES_MAX, .description = "An absolute folder that is there." },
	{ "is_default", FIELD_BOOL, 0, "false" },
	{ 0 },
};

static const struct field update_body[] = {
	{ "name", FIELD_STR, FIELD_NULLABLE },
	{ "path", FIELD_STR, FIELD_NULLABLE, .max_len = PATH_BYTES_MAX },
	{ "is_default", FIELD_BOOL, FIELD_NULLABLE },
	{ 0 },
};

static const struct field files_query[] = {
	{ "path", FIELD_STR, 0, "\".\"", .description = "Folder within the workspace." },
	{ 0 },
};

static const struct field upload_form[] = {
	{ "file", FIELD_FILE, FIELD_REQUIRED },
	{ 0 },
};

static const struct route routes[] = {
	{ "GET", "/api/workspaces/", list_workspaces, .query = list_query, .summary = "Workspaces, last changed first." },
	{ "POST", "/api/workspaces/", create_workspace, .body = BODY(create_body), .summary = "Open a folder to workflows." },
	{ "GET", "/api/workspaces/default", get_default, .summary = "The default workspace, or null." },
	{ "GET", "/api/workspaces/{workspace_id}", get_workspace, .summary = "One workspace." },
	{ "PUT", "/api/workspaces/{workspace_id}", update_workspace, .body = BODY(update_body), .summary = "Change a workspace." },
	{ "DELETE", "/api/workspaces/{workspace_id}", delete_workspace, .summary = "Forget a workspace; its files stay." },
	{ "GET", "/api/workspaces/workflow/{workflow_id}/files", list_files, .query = files_query,
	  .summary = "Files of a workflow's workspace." },
	{ "GET", "/api/workspaces/workflow/{workflow_id}/download/{file_path:path}", download_file,
	  .type = "application/octet-stream", .summary = "One file." },
	{ "POST", "/api/workspaces/workflow/{workflow_id}/upload/{file_path:path}", upload_file, ROUTE_MULTIPART,
	  .form = upload_form, .max_body = UPLOAD_MAX, .summary = "Store a file; missing folders are made." },
};

int main(int argc, char **argv)
{
	router_setup = open_database;
	router_teardown = db_default_close;
	return router_main(argc, argv, "workspace", routes, ARRAY_LEN(routes));
}
