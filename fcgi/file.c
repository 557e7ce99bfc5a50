/* Files of the machine: /api/files, absent in production. Open are the working folder and the home folder of the server with
 * what lies below them, hidden files and folders excepted (notes-assets sections 7 and 9, attacks 1 to 8). */
#include "http/http.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "file_info.h"
#include "files/files.h"
#include "handler.h"

#define FORBIDDEN "Access to this path is forbidden"
#define ENTRIES_MAX 100000
#define UPLOAD_MAX ((size_t)1 << 42) /* nginx has a bound (client_max_body_size), and the disk */

/* ---- what is open -------------------------------------------------------------------------------------- */

/* An open folder: as it is called, and where it really is. */
struct root {
	const char *named;
	const char *real;
};

/* A permitted path: what lies below an open folder, free of links. */
struct place {
	const char *real;
	const char *below;
	int folder; /* the open folder; closed with the request */
};

static const char *working_folder(struct request *req)
{
	char here[PATH_MAX];

	return getcwd(here, sizeof(here)) ? arena_strdup(req->arena, here) : "/";
}

/* A server that runs in "/" has only its home: with "/" everything would be open. */
static size_t open_roots(struct request *req, struct root roots[2])
{
	const char *folders[] = { working_folder(req), config_home() };
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		const char *named = files_absolute(req->arena, "/", folders[i]);
		const char *real = files_real(req->arena, named);

		if (real && strcmp(real, "/") != 0)
			roots[count++] = (struct root){ named, real };
	}
	return count;
}

/* Hidden parts count below an open folder: the folder itself may lie in a hidden one. */
static bool hidden_as_written(const struct root *roots, size_t count, const char *path)
{
	bool inside = false;

	for (size_t i = 0; i < count; i++) {
		const char *below = files_below(roots[i].named, path);
		const char *really = files_below(roots[i].real, path);

		if ((below && !files_hidden(below)) || (really && !files_hidden(really)))
			return false;
		inside = inside || below || really;
	}
	return inside || files_hidden(path);
}

/* Judges a path by its text and by where it really leads; NULL when it is closed. *real is the latter. */
static const char *open_root_of(struct request *req, const char *absolute, const char **real)
{
	struct root roots[2];
	size_t count = open_roots(req, roots);

	if (hidden_as_written(roots, count, absolute))
		return NULL;
	*real = files_real(req->arena, absolute);
	for (size_t i = 0; *real && i < count; i++) {
		const char *below = files_below(roots[i].real, *real);

		if (below && !files_hidden(below))
			return roots[i].real;
	}
	return NULL;
}

static void close_ptr(void *fd)
{
	close((int)(intptr_t)fd);
}

static int find_place(struct request *req, const char *path, struct place *out)
{
	const char *root = NULL;

	if (strlen(path) < PATH_MAX)
		root = open_root_of(req, files_absolute(req->arena, working_folder(req), path), &out->real);
	if (!root)
		return req_fail(req, 403, FORBIDDEN);
	out->below = files_below(root, out->real);
	out->folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (out->folder < 0)
		return req_fail(req, 403, FORBIDDEN);
	arena_defer(req->arena, close_ptr, (void *)(intptr_t)out->folder);
	return 0;
}

/* What errno means. A link in a path whose links were resolved was put there in between. */
static int refuse(struct request *req, const char *missing, const char *path)
{
	switch (errno) {
	case EXDEV:
	case ELOOP:
	case EACCES:
	case EPERM:
		return req_fail(req, 403, FORBIDDEN);
	case EISDIR:
		return req_fail(req, 400, "Not a file: %s", path);
	case ENOSPC:
	case EDQUOT:
		return req_fail(req, 507, "The disk is full");
	case EROFS:
		return req_fail(req, 503, "The file system is read-only");
	default:
		return req_fail(req, 404, "%s: %s", missing, path);
	}
}

static int open_place(const struct place *place, int flags)
{
	return files_open(place->folder, place->below, FILES_NO_LINKS, flags, 0);
}

/* ---- handlers ------------------------------------------------------------------------------------------ */

static const char *expand_home(struct request *req, const char *path)
{
	if (path[0] == '~' && (!path[1] || path[1] == '/'))
		return arena_printf(req->arena, "%s%s", config_home(), path + 1);
	return path;
}

/* Of an entry, its link followed when it leads to something open: 0, or -1 when there is nothing to show. */
static int look_at(struct request *req, const struct place *place, int folder, const char *name, struct stat *st)
{
	const char *real;

	if (name[0] == '.' || !utf8_valid(name, strlen(name)) || fstatat(folder, name, st, AT_SYMLINK_NOFOLLOW))
		return -1;
	if (!S_ISLNK(st->st_mode))
		return 0;
	if (!open_root_of(req, arena_printf(req->arena, "%s/%s", place->real, name), &real))
		return -1;
	return stat(real, st);
}

static int list_files(struct request *req, struct response *res)
{
	const char *given = map_str(req->query, "path", ".");
	const char *path = expand_home(req, given);
	struct place place;
	struct dirent *entry;
	struct value *list;
	struct stat st;
	DIR *dir;
	int fd;

	if (find_place(req, path, &place))
		return -1;
	fd = open_place(&place, O_RDONLY | O_DIRECTORY);
	dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return errno == ENOTDIR && stat(place.real, &st) == 0 ? req_fail(req, 400, "Path is not a directory: %s", given) :
									refuse(req, "Path not found", given);
	}
	list = value_list();
	while ((entry = readdir(dir)) && value_len(list) < ENTRIES_MAX) {
		const char *name = entry->d_name;

		if (look_at(req, &place, fd, name, &st) == 0)
			list_push(list, file_info(name, arena_printf(req->arena, "%s%s%s", path, str_ends(path, "/") ? "" : "/", name),
						  &st));
	}
	closedir(dir);
	return res_json(res, list);
}

static int describe(struct response *res, const struct place *place, const char *path)
{
	int fd = open_place(place, O_PATH);
	struct stat st;
	int failed;

	if (fd < 0)
		return refuse(res->req, "Path not found", path);
	failed = fstat(fd, &st);
	close(fd);
	return failed ? req_fail(res->req, 404, "Path not found: %s", path) :
			res_json(res, file_info(file_base_name(place->real), path, &st));
}

static int get_info(struct request *req, struct response *res)
{
	const char *path = map_str(req->query, "path", "");
	struct place place;

	return find_place(req, path, &place) ? -1 : describe(res, &place, path);
}

static int download_file(struct request *req, struct response *res)
{
	const char *path = req_param(req, "path");
	struct place place;
	struct stat st;
	int fd;

	if (find_place(req, path, &place))
		return -1;
	fd = open_place(&place, O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		return refuse(req, "File not found", path);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return req_fail(req, 404, "File not found: %s", path);
	}
	res->type = "application/octet-stream";
	if (res_disposition(res, "attachment", file_base_name(path)) || res_header(res, "X-Content-Type-Options", "nosniff")) {
		close(fd);
		return -1;
	}
	return res_fd(res, fd);
}

static int upload_file(struct request *req, struct response *res)
{
	const char *path = req_param(req, "path");
	const struct upload *upload = req_upload(req, "file");
	struct place place;

	if (find_place(req, path, &place))
		return -1;
	if (strcmp(place.below, ".") == 0)
		return req_fail(req, 400, "Not a file: %s", path);
	if (files_put(place.folder, place.below, FILES_NO_LINKS, upload->path))
		return errno == ENOTDIR ? req_fail(req, 400, "A part of the path is no folder: %s", path) :
					  refuse(req, "Path not found", path);
	return describe(res, &place, path);
}

/* ---- routes -------------------------------------------------------------------------------------------- */

static const struct field list_query[] = {
	{ "path", FIELD_STR, 0, "\".\"", .description = "A folder, relative to the working folder of the server or absolute." },
	{ 0 },
};

static const struct field info_query[] = {
	{ "path", FIELD_STR, FIELD_REQUIRED },
	{ 0 },
};

static const struct field upload_form[] = {
	{ "file", FIELD_FILE, FIELD_REQUIRED },
	{ 0 },
};

static const struct route routes[] = {
	{ "GET", "/api/files/list", list_files, ROUTE_NO_PRODUCTION, .query = list_query, .summary = "Entries of a folder." },
	{ "GET", "/api/files/info", get_info, ROUTE_NO_PRODUCTION, .query = info_query, .summary = "What a path is." },
	{ "GET", "/api/files/download/{path:path}", download_file, ROUTE_NO_PRODUCTION, .type = "application/octet-stream",
	  .summary = "One file." },
	{ "POST", "/api/files/upload/{path:path}", upload_file, ROUTE_MULTIPART | ROUTE_NO_PRODUCTION, .form = upload_form,
	  .max_body = UPLOAD_MAX, .summary = "Store a file; missing folders are made." },
};

int main(int argc, char **argv)
{
	return router_main(argc, argv, "file", routes, ARRAY_LEN(routes));
}
