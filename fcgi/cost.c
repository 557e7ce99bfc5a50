/* What models have cost, and the calls themselves: /api/costs, /api/predictions. */
#include "http/http.h"

#include "handler.h"
#include "model/model.h"
#include "notify/notify.h"

#define RECENT_CALLS 10

/* ---- calls ----------------------------------------------------------------------------------------------- */

static const enum prediction_column call_columns[] = {
	PREDICTION_ID,           PREDICTION_USER_ID,      PREDICTION_NODE_ID,       PREDICTION_PROVIDER,
	PREDICTION_MODEL,        PREDICTION_WORKFLOW_ID,  PREDICTION_COST,          PREDICTION_INPUT_TOKENS,
	PREDICTION_OUTPUT_TOKENS, PREDICTION_TOTAL_TOKENS, PREDICTION_CACHED_TOKENS, PREDICTION_REASONING_TOKENS,
	PREDICTION_CREATED_AT,   PREDICTION_METADATA,
};

static const enum prediction_column prediction_shown[] = {
	PREDICTION_ID,     PREDICTION_USER_ID, PREDICTION_NODE_ID,    PREDICTION_WORKFLOW_ID, PREDICTION_PROVIDER,
	PREDICTION_MODEL,  PREDICTION_STATUS,  PREDICTION_LOGS,       PREDICTION_ERROR,       PREDICTION_DURATION,
	PREDICTION_CREATED_AT, PREDICTION_STARTED_AT, PREDICTION_COMPLETED_AT,
};

static int row_object(struct buf *out, const struct prediction *p, const enum prediction_column *columns, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct column *column = &prediction_columns[columns[i]];

		buf_addc(out, i ? ',' : '{');
		row_json(out, column->name, column->kind, p->c[columns[i]], "null");
	}
	return buf_addc(out, '}');
}

static int add_call(const struct prediction *p, void *arg)
{
	struct page *page = arg;

	return page_add(page, p->c[PREDICTION_ID]) || row_object(page->out, p, call_columns, ARRAY_LEN(call_columns)) ? -1 : 0;
}

static struct prediction_filter filter_of(const struct request *req)
{
	return (struct prediction_filter){ req->user.id, field_filter(req->query, "provider"),
					   field_filter(req->query, "model") };
}

static int list_calls(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	const struct prediction_filter filter = filter_of(req);
	struct page page;
	bool more;

	page_begin(&page, res, "calls");
	if (!db || prediction_list(db, req->arena, &filter, field_filter(req->query, "start_key"),
				   map_int(req->query, "limit", 0), add_call, &page, &more, &req->err))
		return -1;
	return page_end(&page, "next_start_key", more);
}

/* ---- sums ------------------------------------------------------------------------------------------------ */

struct sums {
	struct request *req;
	enum prediction_group group;
	struct value *list;
};

static int add_sum(const struct prediction_sum *sum, void *arg)
{
	struct sums *s = arg;
	struct value *v = value_map();

	if (s->group == PREDICTION_BY_NOTHING) {
		map_set_str(v, "user_id", s->req->user.id);
		map_set_str(v, "provider", field_filter(s->req->query, "provider"));
		map_set_str(v, "model", field_filter(s->req->query, "model"));
	} else {
		map_set_str(v, "provider", sum->provider);
		if (s->group == PREDICTION_BY_MODEL)
			map_set_str(v, "model", sum->model);
	}
	map_set_float(v, "total_cost", sum->cost);
	map_set_int(v, "total_input_tokens", sum->input_tokens);
	map_set_int(v, "total_output_tokens", sum->output_tokens);
	/* Groups show input plus output; the sum of all shows what was recorded, if anything was. */
	map_set_int(v, "total_tokens",
		    s->group == PREDICTION_BY_NOTHING && sum->total_tokens ? sum->total_tokens :
									     sum->input_tokens + sum->output_tokens);
	map_set_int(v, "call_count", sum->calls);
	list_push(s->list, v);
	return 0;
}

/* A list of sums; NULL after a failure. */
static struct value *sum_up(struct request *req, const struct prediction_filter *filter, enum prediction_group group)
{
	struct db *db = db_default(&req->err);
	struct sums s = { req, group, value_list() };

	if (db && prediction_sums(db, req->arena, filter, group, add_sum, &s, &req->err) == 0)
		return s.list;
	value_unref(s.list);
	return NULL;
}

static int aggregate(struct request *req, struct response *res)
{
	const struct prediction_filter filter = filter_of(req);
	struct value *list = sum_up(req, &filter, PREDICTION_BY_NOTHING);
	int result;

	if (!list)
		return -1;
	result = res_json(res, value_ref(list_at(list, 0)));
	value_unref(list);
	return result;
}

static int aggregate_by_provider(struct request *req, struct response *res)
{
	const struct prediction_filter filter = { .user_id = req->user.id };
	struct value *list = sum_up(req, &filter, PREDICTION_BY_PROVIDER);

	return list ? res_json(res, list) : -1;
}

static int aggregate_by_model(struct request *req, struct response *res)
{
	const struct prediction_filter filter = { .user_id = req->user.id,
						  .provider = field_filter(req->query, "provider") };
	struct value *list = sum_up(req, &filter, PREDICTION_BY_MODEL);

	return list ? res_json(res, list) : -1;
}

static int summary(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	const struct prediction_filter filter = { .user_id = req->user.id };
	struct value *parts[3] = { NULL };
	struct page page = { .res = res, .out = &res->body };
	bool more;

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		parts[i] = sum_up(req, &filter, (enum prediction_group)i);
		if (!parts[i])
			return -1;
		arena_defer(req->arena, value_unref_ptr, parts[i]);
	}
	buf_adds(&res->body, "{\"overall\":");
	json_write(&res->body, list_at(parts[PREDICTION_BY_NOTHING], 0), JSON_COMPACT);
	buf_adds(&res->body, ",\"by_provider\":");
	json_write(&res->body, parts[PREDICTION_BY_PROVIDER], JSON_COMPACT);
	buf_adds(&res->body, ",\"by_model\":");
	json_write(&res->body, parts[PREDICTION_BY_MODEL], JSON_COMPACT);
	buf_adds(&res->body, ",\"recent_calls\":[");
	if (prediction_list(db, req->arena, &filter, NULL, RECENT_CALLS, add_call, &page, &more, &req->err))
		return -1;
	return buf_adds(&res->body, "]}");
}

/* ---- predictions (of older clients) ---------------------------------------------------------------------- */

static int add_prediction(const struct prediction *p, void *arg)
{
	struct page *page = arg;

	return page_add(page, p->c[PREDICTION_ID]) ||
			       row_object(page->out, p, prediction_shown, ARRAY_LEN(prediction_shown)) ?
		       -1 :
		       0;
}

static int list_predictions(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	const struct prediction_filter filter = { .user_id = req->user.id };
	struct page page;
	bool more;

	page_begin(&page, res, "predictions");
	if (!db || prediction_list(db, req->arena, &filter, field_filter(req->query, "cursor"),
				   map_int(req->query, "page_size", 0), add_prediction, &page, &more, &req->err))
		return -1;
	return page_end(&page, "next", more);
}

static int get_prediction(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	struct prediction p;
	int missing = db ? prediction_get(db, req->arena, req->user.id, req_param(req, "id"), &p, &req->err) : -1;

	if (missing)
		return missing > 0 ? req_fail(req, 404, "Prediction not found") : -1;
	return row_object(&res->body, &p, prediction_shown, ARRAY_LEN(prediction_shown));
}

static int create_in(struct request *req, struct response *res, struct db *db)
{
	struct prediction p = { 0 };
	char id[ID_SIZE];
	char etag[ETAG_SIZE];

	id_new(id);
	p.c[PREDICTION_ID] = sv_of(id);
	p.c[PREDICTION_USER_ID] = sv_of(req->user.id);
	p.c[PREDICTION_NODE_ID] = field_text(req->body, "node_id");
	p.c[PREDICTION_WORKFLOW_ID] = field_text(req->body, "workflow_id");
	p.c[PREDICTION_PROVIDER] = field_text(req->body, "provider");
	p.c[PREDICTION_MODEL] = field_text(req->body, "model");
	p.c[PREDICTION_STATUS] = SV_LIT("starting");
	p.c[PREDICTION_CREATED_AT] = row_now(req->arena);
	if (prediction_put(db, &p, &req->err) || db_commit(db, &req->err))
		return -1;
	prediction_etag(&p, etag);
	notify_change(req->user.id, "updated", "prediction", id, etag);
	notify_change(req->user.id, "created", "prediction", id, etag);
	return row_object(&res->body, &p, prediction_shown, ARRAY_LEN(prediction_shown));
}

static int create_prediction(struct request *req, struct response *res)
{
	return handle_write(req, res, create_in);
}

/* ---- routes ---------------------------------------------------------------------------------------------- */

static const struct field calls_query[] = {
	{ "provider", FIELD_STR, FIELD_NULLABLE },
	{ "model", FIELD_STR, FIELD_NULLABLE },
	{ "limit", FIELD_INT, FIELD_MIN | FIELD_MAX, "100", .min = 1, .max = 1000, .description = "How many at most." },
	{ "start_key", FIELD_STR, FIELD_NULLABLE, .description = "Id of the last call of the page before." },
	{ 0 },
};

static const struct field aggregate_query[] = {
	{ "provider", FIELD_STR, FIELD_NULLABLE },
	{ "model", FIELD_STR, FIELD_NULLABLE },
	{ 0 },
};

static const struct field by_model_query[] = {
	{ "provider", FIELD_STR, FIELD_NULLABLE },
	{ 0 },
};

static const struct field predictions_query[] = {
	{ "cursor", FIELD_STR, FIELD_NULLABLE, .description = "Id of the last prediction of the page before." },
	{ "page_size", FIELD_INT, FIELD_MIN | FIELD_MAX, "100", .min = 1, .max = 1000 },
	{ 0 },
};

static const struct field prediction_create[] = {
	{ "node_id", FIELD_STR, FIELD_REQUIRED },
	{ "workflow_id", FIELD_STR, FIELD_NULLABLE },
	{ "provider", FIELD_STR, FIELD_REQUIRED },
	{ "model", FIELD_STR, FIELD_REQUIRED },
	{ 0 },
};

static const struct route routes[] = {
	{ "GET", "/api/costs/", list_calls, .query = calls_query, .summary = "Calls of models, newest first." },
	{ "GET", "/api/costs/aggregate", aggregate, .query = aggregate_query, .summary = "The sum of all calls." },
	{ "GET", "/api/costs/aggregate/by-provider", aggregate_by_provider, .summary = "Sums per provider." },
	{ "GET", "/api/costs/aggregate/by-model", aggregate_by_model, .query = by_model_query, .summary = "Sums per model." },
	{ "GET", "/api/costs/summary", summary, .summary = "All sums, and the latest calls." },
	{ "GET", "/api/predictions/", list_predictions, .query = predictions_query, .summary = "Predictions, newest first." },
	{ "POST", "/api/predictions/", create_prediction, .body = BODY(prediction_create), .summary = "Record a prediction." },
	{ "GET", "/api/predictions/{id}", get_prediction, .summary = "One prediction." },
};

int main(int argc, char **argv)
{
	router_setup = open_database;
	router_teardown = db_default_close;
	return router_main(argc, argv, "cost", routes, ARRAY_LEN(routes));
}
