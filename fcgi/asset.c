/* Assets: /api/assets and /admin/assets. Here: looking and deleting. */
#include "asset.h"

#include <locale.h>
#include <unistd.h>

#define PAGE_DEFAULT "10000"
#define SEARCH_DEFAULT 200 /* for page_size 0 */
#define QUERY_MAX 1000     /* characters of a search */

/* No bound of ours: nginx has one (client_max_body_size), and the disk. */
#define UPLOAD_MAX ((size_t)1 << 42)

void asset_announce(const struct request *req, const char *event, const struct asset *a)
{
	char etag[ETAG_SIZE];

	asset_etag(a, etag);
	notify_change(req->user.id, event, "asset", a->c[ASSET_ID].p, etag);
}

int asset_find(struct request *req, struct db *db, struct asset *out)
{
	int missing = db ? asset_get(db, req->arena, req->user.id, req_param(req, "id"), out, &req->err) : -1;

	return missing > 0 ? req_fail(req, 404, "Asset not found") : missing;
}

/* ---- lists -------------------------------------------------------------------------------------------- */

static int add_asset(const struct asset *a, void *arg)
{
	struct page *page = arg;

	return page_add(page, a->c[ASSET_ID]) || asset_json(page->out, page->res->req->arena, a, ASSET_SHOWN) ? -1 : 0;
}

static int list_assets(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	struct asset_filter filter = {
		.parent_id = field_filter(req->query, "parent_id"),
		.content_type = field_filter(req->query, "content_type"),
		.workflow_id = field_filter(req->query, "workflow_id"),
		.node_id = field_filter(req->query, "node_id"),
		.job_id = field_filter(req->query, "job_id"),
		.after = field_filter(req->query, "cursor"),
		.limit = map_int(req->query, "page_size", 0),
	};
	/* Any of them, even an empty one, lists over all folders. */
	bool filtered = map_str(req->query, "parent_id", NULL) || map_str(req->query, "content_type", NULL) ||
			map_str(req->query, "workflow_id", NULL) || map_str(req->query, "node_id", NULL) ||
			map_str(req->query, "job_id", NULL);
	struct page page;
	bool more;

	if (!filtered)
		filter.parent_id = req->user.id;
	page_begin(&page, res, "assets");
	if (!db || asset_list(db, req->arena, req->user.id, &filter, add_asset, &page, &more, &req->err))
		return -1;
	return page_end(&page, "next", more);
}

struct search {
	struct page page;
	struct db *db;
	struct value *cache; /* ways up to folders */
};

/* A hit with its folder: name, path and id. */
static int add_hit(const struct asset *a, void *arg)
{
	struct search *s = arg;
	struct request *req = s->page.res->req;
	struct buf *out = s->page.out;
	const char *parent = arena_strndup(req->arena, a->c[ASSET_PARENT_ID].p ? a->c[ASSET_PARENT_ID].p : "",
					   a->c[ASSET_PARENT_ID].n);
	struct value *names;
	struct buf path;
	struct sv last = SV_LIT("Home");

	if (page_add(&s->page, a->c[ASSET_ID]) || asset_json(out, req->arena, a, ASSET_FOUND) ||
	    asset_folders(s->db, req->arena, req->user.id, parent, s->cache, &names, &req->err))
		return -1;
	buf_init(&path, BUF_MAX_BODY);
	buf_adds(&path, "Home");
	for (size_t i = 0; i < value_len(names); i++) {
		last = value_sv(list_at(names, i));
		buf_adds(&path, " / ");
		buf_add(&path, last.p, last.n);
	}
	buf_addc(out, ',');
	row_json(out, "folder_name", COLUMN_TEXT, last, "null");
	buf_addc(out, ',');
	row_json(out, "folder_path", COLUMN_TEXT, (struct sv){ path.data, path.len }, "null");
	buf_addc(out, ',');
	row_json(out, "folder_id", COLUMN_TEXT, sv_of(value_len(names) ? parent : req->user.id), "null");
	buf_free(&path);
	return buf_addc(out, '}');
}

static int search_assets(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	struct sv query = sv_trim(sv_of(map_str(req->query, "query", "")));
	struct asset_filter filter = {
		.content_type = field_filter(req->query, "content_type"),
		.after = field_filter(req->query, "cursor"),
		.limit = map_int(req->query, "page_size", 0),
	};
	struct search s = { .db = db, .cache = value_map() };
	bool more;

	arena_defer(req->arena, value_unref_ptr, s.cache);
	if (utf8_length(query.p, query.n) < 2)
		return req_fail(req, 400, "Search query must be at least 2 characters long");
	if (!filter.limit)
		filter.limit = SEARCH_DEFAULT;
	page_begin(&s.page, res, "assets");
	if (!db || asset_search(db, req->arena, req->user.id, arena_strndup(req->arena, query.p, query.n), &filter, add_hit, &s,
				&more, &req->err) ||
	    page_end(&s.page, "next_cursor", more))
		return -1;
	res->body.len--; /* the brace */
	return buf_printf(&res->body, ",\"total_count\":%zu,\"is_global_search\":true}", s.page.count);
}

/* ---- one ---------------------------------------------------------------------------------------------- */

static int get_asset(struct request *req, struct response *res)
{
	struct asset a;

	if (strcmp(req_param(req, "id"), req->user.id) == 0)
		return asset_home_json(&res->body, req->user.id);
	if (asset_find(req, db_default(&req->err), &a))
		return -1;
	return asset_json(&res->body, req->arena, &a, ASSET_SHOWN);
}

/* The asset whose stored file has that name. */
static int get_by_filename(struct request *req, struct response *res)
{
	const char *filename = req_param(req, "filename");
	const char *id = arena_strndup(req->arena, filename, strcspn(filename, "."));
	struct db *db = db_default(&req->err);
	struct asset a;
	const char *key;
	int missing;

	if (!db)
		return -1;
	missing = asset_get(db, req->arena, req->user.id, id, &a, &req->err);
	if (missing < 0)
		return -1;
	key = missing ? NULL : asset_key(req->arena, &a);
	if (!key || strcmp(key, filename) != 0)
		return req_fail(req, 404, "Asset not found");
	return asset_json(&res->body, req->arena, &a, ASSET_SHOWN);
}

/* Of a bucket: the object passes through this program. */
static int send_object(struct request *req, struct response *res, struct store *store, const char *key)
{
	struct store_info info;
	int fd = store_read_fd(store, key, &info, &req->err);

	return fd < 0 ? -1 : res_fd(res, fd);
}

int asset_send(struct request *req, struct response *res, const char *key, const char *name)
{
	struct store *store = store_assets(&req->err);

	if (!store)
		return -1;
	res->type = content_type_of(key);
	if (res_disposition(res, "attachment", name) || res_header(res, "X-Content-Type-Options", "nosniff"))
		return -1;
	return store_folder(store) ? res_file(res, "assets", store_folder(store), key) : send_object(req, res, store, key);
}

static int download_asset(struct request *req, struct response *res)
{
	struct asset a;
	const char *key;

	if (asset_find(req, db_default(&req->err), &a))
		return -1;
	key = asset_key(req->arena, &a);
	if (!key)
		return req_fail(req, 400, "A folder has no file");
	return asset_send(req, res, key, a.c[ASSET_NAME].p ? a.c[ASSET_NAME].p : key);
}

/* ---- trees -------------------------------------------------------------------------------------------- */

/* Ends the lists of children that are open, down to `depth`. */
static void close_nodes(struct buf *out, bool *open, int from, int depth)
{
	for (int i = from; i >= depth; i--)
		buf_adds(out, open[i] ? "]}" : "}");
}

static int write_tree(struct request *req, struct buf *out, const struct asset_tree *tree)
{
	bool *open = arena_alloc(req->arena, tree->count + 1);
	int last = -1;

	buf_adds(out, "{\"assets\":[");
	for (size_t i = 0; i < tree->count; i++) {
		const struct asset_node *node = &tree->nodes[i];

		close_nodes(out, open, last, node->depth);
		if (last >= node->depth)
			buf_addc(out, ',');
		last = node->depth;
		open[last] = !last || asset_is_folder(&node->asset);
		asset_row_json(out, &node->asset);
		if (open[last])
			buf_adds(out, ",\"children\":[");
	}
	close_nodes(out, open, last, 0);
	return buf_adds(out, "]}");
}

static int get_recursive(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	struct asset_tree tree = { 0 };
	struct asset root;
	int missing = db ? asset_get(db, req->arena, req->user.id, req_param(req, "id"), &root, &req->err) : -1;

	if (missing < 0 || (!missing && asset_tree(db, req->arena, req->user.id, &root, &tree, &req->err)))
		return -1;
	return write_tree(req, &res->body, &tree);
}

/* Rows are gone by now: what cannot be removed is logged and stays. */
static void remove_files(struct request *req, const struct asset *a)
{
	struct store *store = store_assets(NULL);
	const char *keys[] = { asset_key(req->arena, a), asset_thumbnail_key(req->arena, a) };
	struct err err;

	for (size_t i = 0; store && i < ARRAY_LEN(keys); i++) {
		if (keys[i] && store_delete(store, keys[i], &err) && err.status != 404)
			log_warn("the file %s stays: %s", keys[i], err.detail);
	}
}

/* The order of deleting: what lies in a folder before the folder. Fills `order` with indexes of the tree. */
static void post_order(struct request *req, const struct asset_tree *tree, size_t *order)
{
	size_t *open = arena_alloc(req->arena, (tree->count + 1) * sizeof(*open));
	size_t waiting = 0;
	size_t done = 0;

	for (size_t i = 0; i < tree->count; i++) {
		while (waiting && tree->nodes[open[waiting - 1]].depth >= tree->nodes[i].depth)
			order[done++] = open[--waiting];
		open[waiting++] = i;
	}
	while (waiting)
		order[done++] = open[--waiting];
}

int asset_delete_tree(struct request *req, struct response *res, struct db *db, const struct asset *root)
{
	const char *owner = root->c[ASSET_USER_ID].p;
	struct asset_tree tree = { .nodes = arena_alloc(req->arena, sizeof(struct asset_node)), .count = 1 };
	size_t *order;

	tree.nodes[0].asset = *root;
	if (asset_is_folder(root) && asset_tree(db, req->arena, owner, root, &tree, &req->err))
		return -1;
	order = arena_alloc(req->arena, tree.count * sizeof(*order));
	post_order(req, &tree, order);
	for (size_t i = 0; i < tree.count; i++) {
		if (asset_delete(db, owner, tree.nodes[i].asset.c[ASSET_ID].p, &req->err) < 0)
			return -1;
	}
	if (db_commit(db, &req->err))
		return -1;
	buf_adds(&res->body, "{\"deleted_asset_ids\":[");
	for (size_t i = 0; i < tree.count; i++) {
		const struct asset *a = &tree.nodes[order[i]].asset;

		remove_files(req, a);
		asset_announce(req, "deleted", a);
		if (i)
			buf_addc(&res->body, ',');
		json_write_str(&res->body, a->c[ASSET_ID].p, a->c[ASSET_ID].n, JSON_COMPACT);
	}
	return buf_adds(&res->body, "]}");
}

static int delete_in(struct request *req, struct response *res, struct db *db)
{
	struct asset root;

	return asset_find(req, db, &root) ? -1 : asset_delete_tree(req, res, db, &root);
}

static int delete_asset(struct request *req, struct response *res)
{
	return handle_write(req, res, delete_in);
}

/* ---- routes ------------------------------------------------------------------------------------------- */

static const struct field list_query[] = {
	{ "parent_id", FIELD_STR, FIELD_NULLABLE, .description = "Folder; the user's id is Home. Without any filter: Home." },
	{ "content_type", FIELD_STR, FIELD_NULLABLE, .max_len = ASSET_TYPE_MAX, .description = "How the content type begins." },
	{ "workflow_id", FIELD_STR, FIELD_NULLABLE },
	{ "node_id", FIELD_STR, FIELD_NULLABLE },
	{ "job_id", FIELD_STR, FIELD_NULLABLE },
	{ "cursor", FIELD_STR, FIELD_NULLABLE, .description = "Id of the last asset of the page before." },
	{ "page_size", FIELD_INT, FIELD_MIN, PAGE_DEFAULT, .min = 1, .description = "How many at most." },
	{ 0 },
};

static const struct field search_query[] = {
	{ "query", FIELD_STR, FIELD_REQUIRED, .max_len = QUERY_MAX,
	  .description = "Part of the name, at least two characters; _ stands for one character, % for any." },
	{ "content_type", FIELD_STR, FIELD_NULLABLE, .max_len = ASSET_TYPE_MAX, .description = "How the content type begins." },
	{ "page_size", FIELD_INT, FIELD_MIN, "100", .min = 0, .description = "How many at most; 0: 200." },
	{ "cursor", FIELD_STR, FIELD_NULLABLE, .description = "next_cursor of the page before." },
	{ 0 },
};

static const struct route routes[] = {
	{ "GET", "/api/assets/", list_assets, .query = list_query, .summary = "List assets." },
	{ "POST", "/api/assets/", asset_create, ROUTE_MULTIPART, .form = asset_create_form, .max_body = UPLOAD_MAX,
	  .summary = "Store a file, or make a folder." },
	{ "GET", "/api/assets/search", search_assets, .query = search_query, .summary = "Search assets by name." },
	{ "POST", "/api/assets/download", asset_download_zip, .body = BODY(asset_zip_body), .type = "application/zip",
	  .summary = "Several assets as a zip archive." },
	{ "GET", "/api/assets/packages", asset_packages, .summary = "Files that packages bring." },
	{ "GET", "/api/assets/packages/{package_name}", asset_package, .summary = "Files of one package." },
	{ "GET", "/api/assets/packages/{package_name}/{asset_name}", asset_package_file, .type = "application/octet-stream",
	  .summary = "One file of a package." },
	{ "GET", "/api/assets/by-filename/{filename}", get_by_filename, .summary = "The asset of a stored file's name." },
	{ "GET", "/api/assets/{id}", get_asset, .summary = "One asset." },
	{ "PUT", "/api/assets/{id}", asset_update, .body = BODY(asset_update_body), .summary = "Change an asset." },
	{ "DELETE", "/api/assets/{id}", delete_asset, .summary = "Delete an asset, a folder with all that lies in it." },
	{ "GET", "/api/assets/{id}/download", download_asset, .type = "application/octet-stream",
	  .summary = "An asset's file under its name." },
	{ "GET", "/api/assets/{id}/recursive", get_recursive, .summary = "A folder with everything below it." },
	{ "POST", "/api/assets/{id}/thumbnail", asset_make_thumbnail, .summary = "Make the thumbnail of a video." },
	{ "GET", "/admin/assets", asset_admin_list, ROUTE_ADMIN | ROUTE_NO_PUBLIC, .query = asset_admin_query,
	  .summary = "Assets of any user." },
	{ "POST", "/admin/assets", asset_admin_create, ROUTE_ADMIN | ROUTE_NO_PUBLIC, .body = BODY(asset_admin_body),
	  .summary = "Make the record of an asset." },
	{ "GET", "/admin/assets/{id}", asset_admin_get, ROUTE_ADMIN | ROUTE_NO_PUBLIC, .query = asset_admin_user,
	  .summary = "One asset of any user." },
	{ "DELETE", "/admin/assets/{id}", asset_admin_delete, ROUTE_ADMIN | ROUTE_NO_PUBLIC, .summary = "Delete an asset." },
};

int main(int argc, char **argv)
{
	/* Names in archives are UTF-8, whatever the environment says. */
	setlocale(LC_CTYPE, "C.UTF-8");
	router_setup = open_database;
	router_teardown = db_default_close;
	return router_main(argc, argv, "asset", routes, ARRAY_LEN(routes));
}
