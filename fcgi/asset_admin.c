/* /admin/assets: records of any user (notes-assets section 5 "Admin routes"). */
#include "asset.h"

#include <string.h>

const struct field asset_admin_user[] = {
	{ "user_id", FIELD_STR, 0, "\"1\"", .max_len = AUTH_ID_MAX - 1, .description = "Whose Home is meant." },
	{ 0 },
};

const struct field asset_admin_query[] = {
	{ "user_id", FIELD_STR, 0, "\"1\"", .max_len = AUTH_ID_MAX - 1, .description = "Whose assets." },
	{ "parent_id", FIELD_STR, FIELD_NULLABLE },
	{ "content_type", FIELD_STR, FIELD_NULLABLE, .max_len = ASSET_TYPE_MAX },
	{ "cursor", FIELD_STR, FIELD_NULLABLE },
	{ "page_size", FIELD_INT, FIELD_MIN, "100", .min = 1, .description = "How many at most; never more than 10000." },
	{ 0 },
};

const struct field asset_admin_body[] = {
	{ "id", FIELD_STR, FIELD_NULLABLE, .description = "Letters, digits, - and _; made when it is not given." },
	{ "user_id", FIELD_STR, FIELD_NULLABLE, .max_len = AUTH_ID_MAX - 1 },
	{ "name", FIELD_STR, 0, "\"\"", .max_len = ASSET_NAME_MAX },
	{ "content_type", FIELD_STR, 0, "\"\"", .max_len = ASSET_TYPE_MAX },
	{ "parent_id", FIELD_STR, FIELD_NULLABLE },
	{ "workflow_id", FIELD_STR, FIELD_NULLABLE },
	{ "metadata", FIELD_OBJECT, FIELD_NULLABLE },
	{ 0 },
};

#define PAGE_MAX 10000

static int add_asset(const struct asset *a, void *arg)
{
	struct page *page = arg;

	return page_add(page, a->c[ASSET_ID]) || asset_json(page->out, page->res->req->arena, a, ASSET_FOR_ADMIN) ? -1 : 0;
}

int asset_admin_list(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	const char *user = map_str(req->query, "user_id", "1");
	struct asset_filter filter = {
		.parent_id = field_filter(req->query, "parent_id"),
		.content_type = field_filter(req->query, "content_type"),
		.after = field_filter(req->query, "cursor"),
		.limit = map_int(req->query, "page_size", 0),
	};
	struct page page;
	bool more;

	if (!filter.parent_id && !filter.content_type)
		filter.parent_id = user;
	if (filter.limit > PAGE_MAX)
		filter.limit = PAGE_MAX;
	page_begin(&page, res, "assets");
	if (!db || asset_list(db, req->arena, user, &filter, add_asset, &page, &more, &req->err))
		return -1;
	return page_end(&page, "next", more);
}

int asset_admin_get(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	const char *user = map_str(req->query, "user_id", "1");
	struct asset a;
	int missing;

	if (strcmp(req_param(req, "id"), user) == 0)
		return asset_home_json(&res->body, user);
	missing = db ? asset_get_any(db, req->arena, req_param(req, "id"), &a, &req->err) : -1;
	if (missing)
		return missing > 0 ? req_fail(req, 404, "Asset not found") : -1;
	return asset_json(&res->body, req->arena, &a, ASSET_FOR_ADMIN);
}

static int create_in(struct request *req, struct response *res, struct db *db)
{
	const struct value *metadata = map_get(req->body, "metadata");
	const char *id = field_filter(req->body, "id");
	const char *user = field_filter(req->body, "user_id");
	const char *owner;
	struct asset a;
	int missing = 1;

	if (id && !id_safe(id))
		return req_fail(req, 400, "An asset's id has letters, digits, - and _ only");
	/* An id that is taken is never taken over, whoever owns it. */
	if (id)
		missing = asset_owner(db, req->arena, id, &owner, &req->err);
	if (missing <= 0)
		return missing < 0 ? -1 : req_fail(req, 409, "There is an asset of this id");
	asset_init(req->arena, user ? user : req->user.id, field_filter(req->body, "parent_id"), &a);
	if (id)
		a.c[ASSET_ID] = sv_of(id);
	a.c[ASSET_NAME] = field_text(req->body, "name");
	a.c[ASSET_CONTENT_TYPE] = field_text(req->body, "content_type");
	a.c[ASSET_WORKFLOW_ID] = field_text(req->body, "workflow_id");
	if (!value_is_null(metadata))
		a.c[ASSET_METADATA] = sv_of(json_text(req->arena, metadata, JSON_COLUMN));
	if (asset_put(db, &a, &req->err) || db_commit(db, &req->err))
		return -1;
	asset_announce(req, "updated", &a);
	asset_announce(req, "created", &a);
	return asset_json(&res->body, req->arena, &a, ASSET_FOR_ADMIN);
}

int asset_admin_create(struct request *req, struct response *res)
{
	return handle_write(req, res, create_in);
}

static int delete_in(struct request *req, struct response *res, struct db *db)
{
	struct asset a;
	int missing = asset_get_any(db, req->arena, req_param(req, "id"), &a, &req->err);

	if (missing)
		return missing > 0 ? req_fail(req, 404, "Asset not found") : -1;
	if (!a.c[ASSET_USER_ID].p || !sv_eq(a.c[ASSET_USER_ID], req->user.id))
		return req_fail(req, 403, "Asset access denied");
	return asset_delete_tree(req, res, db, &a);
}

int asset_admin_delete(struct request *req, struct response *res)
{
	return handle_write(req, res, delete_in);
}
