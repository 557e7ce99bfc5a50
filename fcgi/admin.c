/* What an administrator may do beside the resources: reading and writing whole rows (/admin/db). */
#include "http/http.h"

#include <string.h>

#include "handler.h"
#include "model/model.h"
#include "notify/notify.h"

/* ---- rows ------------------------------------------------------------------------------------------------ */

static int find_table(struct request *req, const struct row_table **table)
{
	*table = row_table_find(req_param(req, "table"));
	return *table ? 0 : req_fail(req, 404, "Unknown table");
}

static int get_row(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	const struct row_table *table;
	struct sv row[ROW_MAX_COLUMNS];
	int missing;

	if (!db || find_table(req, &table))
		return -1;
	missing = row_any_get(db, req->arena, table, req_param(req, "key"), row, &req->err);
	if (missing)
		return missing > 0 ? req_fail(req, 404, "Not found") : -1;
	for (size_t i = 0; i < table->count; i++) {
		buf_addc(&res->body, i ? ',' : '{');
		row_json(&res->body, table->columns[i].name, table->columns[i].kind, row[i],
			 table->columns[i].kind == COLUMN_JSON_MAP ? "{}" : "null");
	}
	return buf_addc(&res->body, '}');
}

static int answer_ok(struct response *res)
{
	struct value *answer = value_map();

	map_set_str(answer, "status", "ok");
	return res_json(res, answer);
}

static void announce(const struct row_table *table, const char *event, const struct sv *row)
{
	char etag[ETAG_SIZE];

	row_etag(table->columns, table->count, row, NULL, etag);
	notify_change(row[table->user_column].p ? row[table->user_column].p : "", event, table->resource,
		      row[table->id_column].p, etag);
}

/* One column out of the body: JSON columns as JSON text, the others by their kind. 422 for a wrong kind. */
static int column_from(struct request *req, const struct column *column, const struct value *v, struct sv *out)
{
	bool json = column->kind == COLUMN_JSON || column->kind == COLUMN_JSON_MAP;

	*out = (struct sv){ 0 };
	if (value_is_null(v))
		return 0;
	if (json)
		*out = sv_of(json_text(req->arena, v, JSON_COLUMN));
	else if (value_is(v, VALUE_STR) && (column->kind == COLUMN_TEXT || column->kind == COLUMN_TIME))
		*out = value_sv(v);
	else if ((value_is_number(v) && (column->kind == COLUMN_INT || column->kind == COLUMN_REAL)) ||
		 (value_is(v, VALUE_BOOL) && column->kind == COLUMN_BOOL))
		*out = sv_of(json_text(req->arena, v, JSON_COMPACT));
	else
		return req_fail(req, 422, "%s: a value of another kind is wanted", column->name);
	return 0;
}

static int save_in(struct request *req, struct response *res, struct db *db)
{
	const struct row_table *table;
	struct sv row[ROW_MAX_COLUMNS];

	if (find_table(req, &table))
		return -1;
	for (size_t i = 0; i < table->count; i++) {
		if (column_from(req, &table->columns[i], map_get(req->body, table->columns[i].name), &row[i]))
			return -1;
	}
	if (!row[table->id_column].p || !id_safe(row[table->id_column].p))
		return req_fail(req, 422, "id: 1 to 128 letters, digits, - or _ are wanted");
	if (!row[table->user_column].n)
		return req_fail(req, 422, "user_id: a row needs an owner");
	if (row_any_put(db, table, row, &req->err) || db_commit(db, &req->err))
		return -1;
	announce(table, "updated", row);
	return answer_ok(res);
}

static int save_row(struct request *req, struct response *res)
{
	return handle_write(req, res, save_in);
}

static int delete_in(struct request *req, struct response *res, struct db *db)
{
	const struct row_table *table;
	struct sv row[ROW_MAX_COLUMNS];
	int missing;

	if (find_table(req, &table))
		return -1;
	missing = row_any_get(db, req->arena, table, req_param(req, "key"), row, &req->err);
	if (missing < 0 || (!missing && (row_any_delete(db, table, req_param(req, "key"), &req->err) < 0 ||
					 db_commit(db, &req->err))))
		return -1;
	if (!missing)
		announce(table, "deleted", row);
	return answer_ok(res);
}

static int delete_row(struct request *req, struct response *res)
{
	return handle_write(req, res, delete_in);
}

/* ---- routes ---------------------------------------------------------------------------------------------- */

static const struct field any_row = { .kind = FIELD_OBJECT };

#define ADMIN (ROUTE_ADMIN | ROUTE_NO_PUBLIC)

static const struct route routes[] = {
	{ "POST", "/admin/db/{table}/save", save_row, ADMIN, .body = &any_row, .summary = "Write a whole row." },
	{ "GET", "/admin/db/{table}/{key}", get_row, ADMIN, .summary = "Read a whole row." },
	{ "DELETE", "/admin/db/{table}/{key}", delete_row, ADMIN, .summary = "Delete a row." },
};

int main(int argc, char **argv)
{
	router_setup = open_database;
	router_teardown = db_default_close;
	return router_main(argc, argv, "admin", routes, ARRAY_LEN(routes));
}
