/* Stored files by key: /api/storage, /storage, /admin/storage, for the asset store and the temporary store. */
#include "http/http.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "handler.h"
#include "model/model.h"
#include "storage/storage.h"

/* No bound of ours: nginx has one (client_max_body_size), and the disk. */
#define FILE_MAX ((size_t)1 << 42)

/* Temporary files live this long; each process looks for older ones once in a while, when it is asked for a file anyway. */
#define TEMP_SECONDS_DEFAULT (24 * 3600)
#define EXPIRE_EVERY_US ((int64_t)600 * 1000000)

#define THUMBNAIL_TAIL "_thumb.jpg"

static bool is_temp(const struct request *req)
{
	return strstr(req->route->pattern, "/temp/") != NULL;
}

static struct store *store_of(struct request *req)
{
	return is_temp(req) ? store_temp(&req->err) : store_assets(&req->err);
}

/* The id of the asset whose file ("ID.EXT") or thumbnail ("ID_thumb.jpg") a key is; "" when it is neither. */
static const char *asset_of(struct request *req, const char *key)
{
	size_t len = strlen(key);
	size_t tail = strlen(THUMBNAIL_TAIL);

	if (strchr(key, '/'))
		return "";
	if (len > tail && strcmp(key + len - tail, THUMBNAIL_TAIL) == 0)
		return arena_strndup(req->arena, key, len - tail);
	return arena_strndup(req->arena, key, strcspn(key, "."));
}

/* Where several users share a server, a file belongs to the owner of its asset; a file that belongs to no asset is the
 * operator's. 404 for everybody else. Temporary files have random names, which are what protects them. */
static int check_owner(struct request *req, const char *key)
{
	struct db *db;
	const char *owner;
	int missing;

	if (auth_operator(&req->user) || is_temp(req))
		return 0;
	db = db_default(&req->err);
	if (!db)
		return -1;
	missing = asset_owner(db, req->arena, asset_of(req, key), &owner, &req->err);
	if (missing < 0)
		return -1;
	return missing || strcmp(owner, req->user.id) != 0 ? req_fail(req, 404, "Not Found") : 0;
}

/* The first lines of every handler: the key, the store, and whether the asker may. */
static int open_key(struct request *req, const char **key, struct store **store)
{
	if (store_key(req->arena, req_param(req, "key"), key, &req->err) || check_owner(req, *key))
		return -1;
	*store = store_of(req);
	return *store ? 0 : -1;
}

static int not_found(struct request *req)
{
	return req->err.status == 404 ? req_fail(req, 404, "Not Found") : -1;
}

/* What a browser must not do with a stored page or drawing: guess its type, run its scripts with our origin. */
static void guard(struct response *res)
{
	res_header(res, "X-Content-Type-Options", "nosniff");
	res_header(res, "Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
						   "media-src data:");
}

/* An object of a bucket passes through this program. */
static int send_object(struct response *res, int fd)
{
	char chunk[65536];
	ssize_t n = 0;

	if (res_stream(res, res->type)) {
		close(fd);
		return -1;
	}
	while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
		if (res_write(res, chunk, (size_t)n))
			break;
	}
	close(fd);
	return 0;
}

static int get_file(struct request *req, struct response *res)
{
	struct store_info info;
	struct store *store;
	const char *key;
	int fd;

	if (open_key(req, &key, &store))
		return -1;
	res->type = content_type_of(strrchr(key, '/') ? strrchr(key, '/') + 1 : key);
	guard(res);
	if (store_folder(store))
		return res_file(res, is_temp(req) ? "temp" : "assets", store_folder(store), key);
	fd = store_read_fd(store, key, &info, &req->err);
	return fd < 0 ? not_found(req) : send_object(res, fd);
}

static int head_file(struct request *req, struct response *res)
{
	struct store_info info;
	struct store *store;
	const char *key;
	char when[TIME_TEXT_MAX];

	if (open_key(req, &key, &store))
		return -1;
	if (store_stat(store, key, &info, &req->err))
		return not_found(req);
	res_header(res, "Last-Modified", "%s", time_http(info.mtime_us, when));
	return res_empty(res, 200);
}

static void expire_temp(struct store *store)
{
	static int64_t last;
	int64_t now = time_mono_us();

	if (last && now - last < EXPIRE_EVERY_US)
		return;
	last = now;
	store_expire(store, config_int("NODETOOL_TEMP_SECONDS", 60, INT32_MAX, TEMP_SECONDS_DEFAULT));
}

static int put_file(struct request *req, struct response *res)
{
	char path[4096];
	struct store *store;
	const char *key;
	int64_t len;
	int result;
	int fd;

	if (open_key(req, &key, &store))
		return -1;
	if (is_temp(req))
		expire_temp(store);
	fd = store_temp_file(store, path, &req->err);
	if (fd < 0)
		return -1;
	result = req_read_to_fd(req, fd, &len);
	close(fd);
	if (result == 0)
		result = store_put_file(store, key, path, &req->err);
	if (result)
		unlink(path);
	return result ? -1 : res_empty(res, 200);
}

static int delete_file(struct request *req, struct response *res)
{
	struct store *store;
	const char *key;

	if (open_key(req, &key, &store))
		return -1;
	if (store_delete(store, key, &req->err))
		return req->err.status == 404 ? res_empty(res, 404) : -1;
	return str_starts(req->route->pattern, "/admin/") ? res_empty(res, 204) : res_json(res, value_null());
}

/* HEAD, GET, PUT and DELETE of a prefix. */
#define READ_ROUTES(prefix, flag)                                                                              \
	{ "HEAD", prefix "{key}", head_file, (flag), .summary = "Whether a file is there, and its time." },      \
	{ "GET", prefix "{key}", get_file, (flag), .type = "application/octet-stream", .summary = "A stored file." }
#define WRITE_ROUTES(prefix, flag)                                                                             \
	{ "PUT", prefix "{key}", put_file, ROUTE_RAW | (flag), .max_body = FILE_MAX, .summary = "Store a file." }, \
	{ "DELETE", prefix "{key}", delete_file, (flag), .summary = "Remove a file." }

static const struct route routes[] = {
	READ_ROUTES("/api/storage/", 0),
	WRITE_ROUTES("/api/storage/", 0),
	READ_ROUTES("/api/storage/temp/", 0),
	WRITE_ROUTES("/api/storage/temp/", 0),
	READ_ROUTES("/storage/assets/", 0),
	READ_ROUTES("/storage/temp/", 0),
	READ_ROUTES("/admin/storage/assets/", ROUTE_ADMIN),
	WRITE_ROUTES("/admin/storage/assets/", ROUTE_ADMIN),
	READ_ROUTES("/admin/storage/temp/", ROUTE_ADMIN),
	WRITE_ROUTES("/admin/storage/temp/", ROUTE_ADMIN),
};

int main(int argc, char **argv)
{
	router_teardown = db_default_close;
	return router_main(argc, argv, "storage", routes, ARRAY_LEN(routes));
}
