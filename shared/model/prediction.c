/* nodetool_predictions: calls of models, and what they cost. */
#include "model/model.h"

const struct column prediction_columns[PREDICTION_COLUMNS] = {
	[PREDICTION_CACHED_TOKENS] = { "cached_tokens", COLUMN_INT },
	[PREDICTION_COMPLETED_AT] = { "completed_at", COLUMN_TIME },
	[PREDICTION_COST] = { "cost", COLUMN_REAL },
	[PREDICTION_CREATED_AT] = { "created_at", COLUMN_TIME },
	[PREDICTION_DURATION] = { "duration", COLUMN_REAL },
	[PREDICTION_ERROR] = { "error", COLUMN_TEXT },
	[PREDICTION_HARDWARE] = { "hardware", COLUMN_TEXT },
	[PREDICTION_ID] = { "id", COLUMN_TEXT },
	[PREDICTION_INPUT_SIZE] = { "input_size", COLUMN_INT },
	[PREDICTION_INPUT_TOKENS] = { "input_tokens", COLUMN_INT },
	[PREDICTION_LOGS] = { "logs", COLUMN_TEXT },
	[PREDICTION_METADATA] = { "metadata", COLUMN_JSON },
	[PREDICTION_MODEL] = { "model", COLUMN_TEXT },
	[PREDICTION_NODE_ID] = { "node_id", COLUMN_TEXT },
	[PREDICTION_OUTPUT_SIZE] = { "output_size", COLUMN_INT },
	[PREDICTION_OUTPUT_TOKENS] = { "output_tokens", COLUMN_INT },
	[PREDICTION_PARAMETERS] = { "parameters", COLUMN_JSON },
	[PREDICTION_PROVIDER] = { "provider", COLUMN_TEXT },
	[PREDICTION_REASONING_TOKENS] = { "reasoning_tokens", COLUMN_INT },
	[PREDICTION_STARTED_AT] = { "started_at", COLUMN_TIME },
	[PREDICTION_STATUS] = { "status", COLUMN_TEXT },
	[PREDICTION_TOTAL_TOKENS] = { "total_tokens", COLUMN_INT },
	[PREDICTION_USER_ID] = { "user_id", COLUMN_TEXT },
	[PREDICTION_WORKFLOW_ID] = { "workflow_id", COLUMN_TEXT },
};

#define COLUMNS                                                                                                        \
	"cached_tokens, completed_at, cost, created_at, duration, error, hardware, id, input_size, input_tokens, logs, " \
	"metadata, model, node_id, output_size, output_tokens, parameters, provider, reasoning_tokens, started_at, "   \
	"status, total_tokens, user_id, workflow_id"

/* ?1 user, ?2 provider, ?3 model: NULL means any. */
#define FILTER "user_id = ?1 AND (?2 IS NULL OR provider = ?2) AND (?3 IS NULL OR model = ?3)"
#define SUMS                                                                                                \
	"count(*), coalesce(sum(cost), 0.0), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), " \
	"coalesce(sum(total_tokens), 0)"

static const char get_sql[] = "SELECT " COLUMNS " FROM nodetool_predictions WHERE id = ? AND user_id = ?";
static const char put_sql[] = "INSERT OR REPLACE INTO nodetool_predictions (" COLUMNS
			      ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
/* A text of its own for the pages after the first: the index then begins where the page does. */
static const char list_sql[] = "SELECT " COLUMNS " FROM nodetool_predictions WHERE " FILTER " ORDER BY id DESC LIMIT ?4";
static const char list_before_sql[] = "SELECT " COLUMNS " FROM nodetool_predictions WHERE " FILTER
				      " AND id < ?5 ORDER BY id DESC LIMIT ?4";
static const char *const sums_sql[] = {
	[PREDICTION_BY_NOTHING] = "SELECT NULL, NULL, " SUMS " FROM nodetool_predictions WHERE " FILTER,
	[PREDICTION_BY_PROVIDER] = "SELECT provider, NULL, " SUMS " FROM nodetool_predictions WHERE " FILTER
				   " GROUP BY provider ORDER BY min(id)",
	[PREDICTION_BY_MODEL] = "SELECT provider, model, " SUMS " FROM nodetool_predictions WHERE " FILTER
				" GROUP BY provider, model ORDER BY min(id)",
};

int prediction_get(struct db *db, struct arena *arena, const char *user_id, const char *id, struct prediction *out,
		   struct err *err)
{
	struct db_stmt *st = db_prepare(db, get_sql, err);
	int found;

	if (!st)
		return -1;
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, user_id);
	found = db_step(st, err);
	if (found > 0)
		row_read(st, prediction_columns, PREDICTION_COLUMNS, arena, out->c);
	db_release(st);
	return found < 0 ? -1 : !found;
}

int prediction_put(struct db *db, const struct prediction *p, struct err *err)
{
	struct db_stmt *st = db_prepare(db, put_sql, err);

	if (!st)
		return -1;
	row_bind(st, prediction_columns, PREDICTION_COLUMNS, p->c);
	return db_run(st, err) < 0 ? -1 : 0;
}

static void bind_filter(struct db_stmt *st, const struct prediction_filter *filter)
{
	db_bind_text(st, 1, filter->user_id);
	db_bind_text(st, 2, filter->provider);
	db_bind_text(st, 3, filter->model);
}

int prediction_list(struct db *db, struct arena *arena, const struct prediction_filter *filter, const char *before,
		    int64_t limit, int (*each)(const struct prediction *p, void *arg), void *arg, bool *more, struct err *err)
{
	struct db_stmt *st = db_prepare(db, before ? list_before_sql : list_sql, err);
	struct prediction row;
	int64_t count = 0;
	int found;

	*more = false;
	if (!st)
		return -1;
	bind_filter(st, filter);
	db_bind_int(st, 4, limit + 1);
	if (before)
		db_bind_text(st, 5, before);
	while ((found = db_step(st, err)) > 0) {
		if (count++ == limit) {
			*more = true;
			found = 0;
			break;
		}
		row_lend(st, prediction_columns, PREDICTION_COLUMNS, arena, row.c);
		if (each(&row, arg)) {
			found = -1;
			break;
		}
	}
	db_release(st);
	return found;
}

int prediction_sums(struct db *db, struct arena *arena, const struct prediction_filter *filter, enum prediction_group group,
		    int (*each)(const struct prediction_sum *sum, void *arg), void *arg, struct err *err)
{
	struct db_stmt *st = db_prepare(db, sums_sql[group], err);
	int found;

	if (!st)
		return -1;
	bind_filter(st, filter);
	while ((found = db_step(st, err)) > 0) {
		const struct prediction_sum sum = {
			.provider = db_col_dup(st, 0, arena),
			.model = db_col_dup(st, 1, arena),
			.calls = db_col_int(st, 2),
			.cost = db_col_real(st, 3),
			.input_tokens = db_col_int(st, 4),
			.output_tokens = db_col_int(st, 5),
			.total_tokens = db_col_int(st, 6),
		};

		if (each(&sum, arg)) {
			found = -1;
			break;
		}
	}
	db_release(st);
	return found;
}

void prediction_etag(const struct prediction *p, char out[ETAG_SIZE])
{
	row_etag(prediction_columns, PREDICTION_COLUMNS, p->c, NULL, out);
}
