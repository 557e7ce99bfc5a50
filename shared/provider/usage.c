/* What calls of models used and cost: a row of predictions each. */
#include "provider/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"
#include "notify/notify.h"

#define PRICES_MAX ((size_t)1 << 20)

/* ---- prices -------------------------------------------------------------------------------------------- */

/* prices.json of the shared folder, read once: {"provider": {"beginning of a model's name": [input, output]}}, US
 * dollars for a million tokens. */
static const struct value *prices(void)
{
	static struct value *table;
	struct err err;

	if (table)
		return table;
	table = json_read_share("prices.json", PRICES_MAX, &err);
	if (!table) {
		log_warn("%s: costs of models are not known", err.detail);
		table = value_map();
	}
	return table;
}

int provider_cost(const char *service, const char *model, int64_t input, int64_t output, double *cost)
{
	const struct value *models = map_get(prices(), service);
	const struct value *best = NULL;
	size_t best_len = 0;
	struct value *price;
	struct sv name;

	for (size_t i = 0; map_entry(models, i, &name, &price); i++) {
		if ((!best || name.n > best_len) && strncmp(model, name.p, name.n) == 0) {
			best = price;
			best_len = name.n;
		}
	}
	if (!best)
		return -1;
	*cost = ((double)input * value_as_float(list_at(best, 0)) + (double)output * value_as_float(list_at(best, 1))) /
		1e6;
	return 0;
}

/* ---- the row ------------------------------------------------------------------------------------------- */

static struct sv number(struct arena *arena, int64_t n)
{
	return sv_of(arena_printf(arena, "%lld", (long long)n));
}

static struct sv real(struct arena *arena, double d)
{
	char text[JSON_FLOAT_MAX];

	json_float(d, text);
	return sv_of(arena_strdup(arena, text));
}

static struct sv when(struct arena *arena, int64_t us)
{
	char text[TIME_TEXT_MAX];

	return sv_of(arena_strdup(arena, time_local(us, 'T', text)));
}

static void fill(struct arena *arena, const struct provider_use *use, const struct provider_call *call,
		 struct prediction *row)
{
	const struct provider_result *result = provider_result(call);
	int64_t now = time_now_us();
	struct err err;
	double cost;

	row->c[PREDICTION_USER_ID] = sv_of(use->user_id);
	row->c[PREDICTION_PROVIDER] = sv_of(use->service);
	row->c[PREDICTION_MODEL] = sv_of(use->model);
	row->c[PREDICTION_NODE_ID] = sv_of(use->node_id ? use->node_id : "");
	if (use->workflow_id)
		row->c[PREDICTION_WORKFLOW_ID] = sv_of(use->workflow_id);
	row->c[PREDICTION_CREATED_AT] = when(arena, use->started_us);
	row->c[PREDICTION_STARTED_AT] = row->c[PREDICTION_CREATED_AT];
	row->c[PREDICTION_COMPLETED_AT] = when(arena, now);
	row->c[PREDICTION_DURATION] = real(arena, (double)(now - use->started_us) / 1e6);
	row->c[PREDICTION_STATUS] = SV_LIT("completed");
	if (provider_call_error(call, &err)) {
		row->c[PREDICTION_STATUS] = SV_LIT("failed");
		row->c[PREDICTION_ERROR] = sv_of(arena_strdup(arena, err.detail));
	}
	if (!result->has_usage)
		return;
	row->c[PREDICTION_INPUT_TOKENS] = number(arena, result->prompt_tokens);
	row->c[PREDICTION_OUTPUT_TOKENS] = number(arena, result->completion_tokens);
	row->c[PREDICTION_TOTAL_TOKENS] = number(arena, result->prompt_tokens + result->completion_tokens);
	if (provider_cost(use->service, use->model, result->prompt_tokens, result->completion_tokens, &cost) == 0)
		row->c[PREDICTION_COST] = real(arena, cost);
}

void provider_record(const struct provider_use *use, const struct provider_call *call)
{
	const struct service *service = service_find(use->service);
	struct prediction row = { 0 };
	struct arena *arena;
	struct err err = { 0 };
	struct db *db;
	char etag[ETAG_SIZE];
	char id[ID_SIZE];

	if (!service || service->dialect == DIALECT_FAKE)
		return;
	arena = arena_new();
	db = db_default(&err);
	id_new(id);
	row.c[PREDICTION_ID] = sv_of(id);
	fill(arena, use, call, &row);
	if (!db || db_begin(db, &err)) {
		log_warn("the use of a model cannot be recorded: %s", err.detail);
	} else {
		if (prediction_put(db, &row, &err) || db_commit(db, &err)) {
			log_warn("the use of a model cannot be recorded: %s", err.detail);
		} else {
			prediction_etag(&row, etag);
			notify_change(use->user_id, "updated", "prediction", id, etag);
			notify_change(use->user_id, "created", "prediction", id, etag);
		}
		db_rollback(db);
	}
	arena_free(arena);
}
