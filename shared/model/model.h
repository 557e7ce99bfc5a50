/*
 * model: the tables of the database, one file per table (workflow.c, job.c …). All SQL of the programs stands in this
 * folder.
 *
 * The pattern that every table follows:
 *   - `enum x_column` names the columns in alphabetical order, `x_columns` says what each holds, `struct x` is a row: one
 *     text per column, as it is stored (numbers and booleans as JSON writes them; p == NULL for NULL; JSON columns are raw
 *     text and passed through). Alphabetical because an etag is made of the sorted row.
 *   - x_get reads one row, x_list a page by key, narrow where the list shows less; every query carries the user.
 *   - x_put writes a whole row ("insert or replace", as the original does) and must stand in a transaction of the caller
 *     (db_begin, db_commit). The caller announces the change (notify_change) after the commit.
 * Functions that look for something return 0 when it is there, 1 when it is not, -1 on errors. Texts belong to the arena.
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include "base/base.h"
#include "db/db.h"
#include "value/value.h"

#define ETAG_SIZE 33

/* ---- rows (row.c) -------------------------------------------------------------------------------------- */

enum column_kind {
	COLUMN_TEXT,
	COLUMN_TIME,     /* in the form of time_local; answers show it as stored, etags with a blank for the T */
	COLUMN_JSON,     /* raw JSON text */
	COLUMN_JSON_MAP, /* the same; NULL reads as {} */
	COLUMN_BOOL,
	COLUMN_INT,
	COLUMN_REAL
};

struct column {
	const char *name;
	enum column_kind kind;
};

/* Copies the statement's present row: its columns must be those of the table, in its order. */
void row_read(struct db_stmt *st, const struct column *columns, size_t count, struct arena *arena, struct sv *row);
/* The same without copying: the texts live until the next step of the statement (numbers in the arena). */
void row_lend(struct db_stmt *st, const struct column *columns, size_t count, struct arena *arena, struct sv *row);
/* Binds a row to the parameters 1 to `count`. */
void row_bind(struct db_stmt *st, const struct column *columns, size_t count, const struct sv *row);
/* The row's etag: MD5 of all columns as JSON with sorted keys (notes-workflows section 2). `parsed` may give the value of
 * a JSON column that the caller has at hand (by column; NULL: it is parsed here). */
void row_etag(const struct column *columns, size_t count, const struct sv *row, struct value *const *parsed,
	      char out[ETAG_SIZE]);
/* Appends `"name":<value>` of a column as answers show it: text quoted, JSON compact, NULL as `if_null` (JSON text). */
void row_json(struct buf *out, const char *name, enum column_kind kind, struct sv value, const char *if_null);
/* A text in the arena that no later time_stamp of this process repeats: rows saved twice in one microsecond differ. */
struct sv row_now(struct arena *arena);

/* ---- workflows (workflow.c) ---------------------------------------------------------------------------- */

enum workflow_column {
	WORKFLOW_ACCESS,
	WORKFLOW_CREATED_AT,
	WORKFLOW_DESCRIPTION,
	WORKFLOW_GRAPH,
	WORKFLOW_HTML_APP,
	WORKFLOW_ID,
	WORKFLOW_NAME,
	WORKFLOW_PACKAGE_NAME,
	WORKFLOW_RECEIVE_CLIPBOARD,
	WORKFLOW_RUN_MODE,
	WORKFLOW_SETTINGS,
	WORKFLOW_TAGS,
	WORKFLOW_THUMBNAIL,
	WORKFLOW_THUMBNAIL_URL,
	WORKFLOW_TOOL_NAME,
	WORKFLOW_UPDATED_AT,
	WORKFLOW_USER_ID,
	WORKFLOW_WORKSPACE_ID,
	WORKFLOW_COLUMNS
};

extern const struct column workflow_columns[WORKFLOW_COLUMNS];

struct workflow {
	struct sv c[WORKFLOW_COLUMNS];
};

/* One workflow of that user; with `or_public` also a public one of anybody. */
int workflow_get(struct db *db, struct arena *arena, const char *user_id, const char *id, bool or_public,
		 struct workflow *out, struct err *err) MUST_CHECK;
/* Whose it is: 0, 1 (no such workflow), -1. For PUT, which may create. */
int workflow_owner(struct db *db, struct arena *arena, const char *id, const char **user_id, struct err *err)
	MUST_CHECK;
int workflow_put(struct db *db, const struct workflow *w, struct err *err) MUST_CHECK;
/* Deletes; 1 when the user has no such workflow. Its versions and jobs stay. */
int workflow_delete(struct db *db, const char *user_id, const char *id, struct err *err) MUST_CHECK;
/* The etag of REST and of change announcements. `graph` may be NULL. */
void workflow_etag(const struct workflow *w, struct value *graph, char out[ETAG_SIZE]);

/* Which page of which list, newest update first. */
struct workflow_page {
	const char *user_id;  /* NULL: the public ones of everybody */
	const char *run_mode; /* NULL: any */
	const char *after;    /* "updated_at~id" of the last one shown, or its id: the page begins behind it; NULL: at the start */
	int64_t limit;
	uint32_t columns;     /* which columns are read: 1 << WORKFLOW_… ; the others are NULL */
};
#define WORKFLOW_ALL_COLUMNS ((1u << WORKFLOW_COLUMNS) - 1)

/* What lists read unless they are asked for less. */
extern const uint32_t workflow_list_columns;

/* Calls `each` per row (its texts live for that call; the id and updated_at are always there). A cursor that is no
 * workflow (any more) gives no rows. *more is true when rows follow. `each` returns -1 to stop with an error. */
int workflow_list(struct db *db, struct arena *arena, const struct workflow_page *page,
		  int (*each)(const struct workflow *w, void *arg), void *arg, bool *more, struct err *err) MUST_CHECK;

/* Appends the workflow as REST shows it. `columns` says which columns were read: the others show their defaults, which are
 * not those of NULL (notes-workflows section 2 "Lists"). `graph` is the complete graph when the caller has it, else NULL; a stored
 * graph that no longer fits the model is shown as it is, without schemas. */
int workflow_json(struct buf *out, const struct workflow *w, struct value *graph, uint32_t columns);
/* The same out of a bounded cache of this process. An entry counts only while the stored row is the same, byte by byte:
 * whoever changes the file, nobody sees anything old. */
int workflow_json_cached(struct buf *out, const struct workflow *w, uint32_t columns);
void workflow_cache_free(void);

/* ---- versions of workflows (workflow_version.c) -------------------------------------------------------- */

enum version_column {
	VERSION_AUTOSAVE_METADATA,
	VERSION_CREATED_AT,
	VERSION_DESCRIPTION,
	VERSION_GRAPH,
	VERSION_ID,
	VERSION_NAME,
	VERSION_SAVE_TYPE,
	VERSION_USER_ID,
	VERSION_NUMBER, /* column "version" */
	VERSION_WORKFLOW_ID,
	VERSION_COLUMNS
};

extern const struct column version_columns[VERSION_COLUMNS];

struct workflow_version {
	struct sv c[VERSION_COLUMNS];
};

/* Versions have no access rules of their own: the caller has checked the workflow. */
int version_get(struct db *db, struct arena *arena, const char *workflow_id, int64_t number,
		struct workflow_version *out, struct err *err) MUST_CHECK;
/* Highest number of the workflow's versions, 0 when it has none. */
int version_highest(struct db *db, const char *workflow_id, int64_t *number, struct err *err) MUST_CHECK;
/* 409 when the number is taken. */
int version_put(struct db *db, const struct workflow_version *v, struct err *err) MUST_CHECK;
/* Deletes a version of that workflow; 1 when it has none of that id. */
int version_delete(struct db *db, const char *workflow_id, const char *id, struct err *err) MUST_CHECK;
/* Newest first, numbers below `before` (0: all). */
int version_list(struct db *db, struct arena *arena, const char *workflow_id, int64_t before, int64_t limit,
		 int (*each)(const struct workflow_version *v, void *arg), void *arg, bool *more, struct err *err)
	MUST_CHECK;
/* created_at of the newest one of save type "autosave"; 1 when there is none. */
int version_newest_autosave(struct db *db, struct arena *arena, const char *workflow_id, const char **created_at,
			    struct err *err) MUST_CHECK;
/* Deletes the oldest autosaves until `keep` are left; only those created before `older_than` when that is not NULL.
 * `each` (may be NULL) hears of every one that went. */
int version_trim_autosaves(struct db *db, struct arena *arena, const char *workflow_id, int64_t keep,
			   const char *older_than, void (*each)(const char *id, void *arg), void *arg, struct err *err)
	MUST_CHECK;
int version_json(struct buf *out, const struct workflow_version *v);
void version_etag(const struct workflow_version *v, char out[ETAG_SIZE]);

/* ---- jobs (job.c): what REST reads; what the daemon writes is job_journal.h ------------------------------ */

enum job_column {
	JOB_COMPLETED_AT,
	JOB_COST,
	JOB_ERROR,
	JOB_ERROR_MESSAGE,
	JOB_EXECUTION_ID,
	JOB_EXECUTION_STRATEGY,
	JOB_FAILED_AT,
	JOB_FINISHED_AT,
	JOB_GRAPH,
	JOB_HEARTBEAT_AT,
	JOB_ID,
	JOB_JOB_TYPE,
	JOB_LOGS,
	JOB_MAX_RETRIES,
	JOB_METADATA_JSON,
	JOB_PARAMS,
	JOB_RETRY_COUNT,
	JOB_STARTED_AT,
	JOB_STATUS,
	JOB_SUSPENDED_NODE_ID,
	JOB_SUSPENSION_METADATA_JSON,
	JOB_SUSPENSION_REASON,
	JOB_SUSPENSION_STATE_JSON,
	JOB_UPDATED_AT,
	JOB_USER_ID,
	JOB_VERSION,
	JOB_WORKER_ID,
	JOB_WORKFLOW_ID,
	JOB_COLUMNS
};

extern const struct column job_columns[JOB_COLUMNS];

struct job {
	struct sv c[JOB_COLUMNS];
};

int job_get(struct db *db, struct arena *arena, const char *user_id, const char *id, struct job *out, struct err *err)
	MUST_CHECK;
/* Deletes a job that has ended; 1 when the user has no such job, or it has not ended. */
int job_delete(struct db *db, const char *user_id, const char *id, struct err *err) MUST_CHECK;
/* Newest start first, of one workflow or (NULL) of all of the user's; `after` as in workflow_list. Only the columns that
 * lists show are filled. */
int job_list(struct db *db, struct arena *arena, const char *user_id, const char *workflow_id, const char *after,
	     int64_t limit, int (*each)(const struct job *job, void *arg), void *arg, bool *more, struct err *err)
	MUST_CHECK;
/* The user's jobs that have not ended. */
int job_list_active(struct db *db, struct arena *arena, const char *user_id,
		    int (*each)(const struct job *job, void *arg), void *arg, struct err *err) MUST_CHECK;
/* The user's jobs that ended at or after `since` (form of time_local), the last one first. */
int job_list_ended(struct db *db, struct arena *arena, const char *user_id, const char *since, int64_t limit,
		   int (*each)(const struct job *job, void *arg), void *arg, struct err *err) MUST_CHECK;
void job_etag(const struct job *job, char out[ETAG_SIZE]);
/* True for scheduled, running, suspended, paused and recovering: cancelling still means something. */
bool job_status_active(struct sv status);

/* ---- what REST wants of runs (job_command.c) ------------------------------------------------------------ */

/* A wish that stays in the database until the daemon has dealt with it: nothing is lost while that one restarts. REST
 * writes it, nudges by notify_command (same words), and the daemon reads all that are there at its start and at each
 * nudge. */
struct job_command {
	int64_t number;          /* rises; never used twice, also when the command before is gone */
	const char *user_id;
	const char *command;     /* NOTIFY_CANCEL_JOB, NOTIFY_REORDER_QUEUE, NOTIFY_START_TRIGGER, NOTIFY_STOP_TRIGGER */
	const char *job_id;      /* what to cancel or stop; the id that a started trigger's job must get */
	const char *workflow_id;
};

int job_command_add(struct db *db, const struct job_command *command, struct err *err) MUST_CHECK;
/* The oldest one with a number above `after`; 1 when there is none. */
int job_command_next(struct db *db, struct arena *arena, int64_t after, struct job_command *out, struct err *err)
	MUST_CHECK;
int job_command_done(struct db *db, int64_t number, struct err *err) MUST_CHECK;

/* Trigger workflows that were started: one job each (table nodetool_c_triggers). */
/* The job of a started trigger workflow while that has not ended: 0 with its id and status, 1 when it does not run. */
int trigger_running(struct db *db, struct arena *arena, const char *user_id, const char *workflow_id,
		    const char **job_id, const char **status, struct err *err) MUST_CHECK;
/* Remembers the job as the workflow's; the daemon makes its row when it starts it. */
int trigger_set(struct db *db, const char *user_id, const char *workflow_id, const char *job_id, struct err *err)
	MUST_CHECK;
int trigger_clear(struct db *db, const char *user_id, const char *workflow_id, struct err *err) MUST_CHECK;
int trigger_list(struct db *db, const char *user_id,
		 int (*each)(const char *workflow_id, const char *job_id, const char *status, void *arg), void *arg,
		 struct err *err) MUST_CHECK;

/* ---- secrets of users (stored_secret.c); encryption is shared/secret's ------------------------------------ */

enum secret_column {
	SECRET_CREATED_AT,
	SECRET_DESCRIPTION,
	SECRET_ENCRYPTED_VALUE,
	SECRET_ID,
	SECRET_KEY,
	SECRET_UPDATED_AT,
	SECRET_USER_ID,
	SECRET_COLUMNS
};

extern const struct column stored_secret_columns[SECRET_COLUMNS];

struct stored_secret {
	struct sv c[SECRET_COLUMNS];
};

int stored_secret_get(struct db *db, struct arena *arena, const char *user_id, const char *key, struct stored_secret *out,
		      struct err *err) MUST_CHECK;
/* Stores a value for the user's key: a new row, or the old one with its id and created_at. A NULL description leaves the
 * old one. Wants db_begin_durable of the caller. *made tells which; *out is the row as stored. */
int stored_secret_set(struct db *db, struct arena *arena, const char *user_id, const char *key, const char *encrypted,
		      const char *description, struct stored_secret *out, bool *made, struct err *err) MUST_CHECK;
/* 1 when the user has no such key. */
int stored_secret_delete(struct db *db, const char *user_id, const char *key, struct err *err) MUST_CHECK;
/* All of the user's, by key. */
int stored_secret_list(struct db *db, struct arena *arena, const char *user_id,
		       int (*each)(const struct stored_secret *s, void *arg), void *arg, struct err *err) MUST_CHECK;
void stored_secret_etag(const struct stored_secret *s, char out[ETAG_SIZE]);

/* ---- threads (thread.c) ---------------------------------------------------------------------------------- */

enum thread_column {
	THREAD_CREATED_AT,
	THREAD_ID,
	THREAD_TITLE,
	THREAD_UPDATED_AT,
	THREAD_USER_ID,
	THREAD_COLUMNS
};

extern const struct column thread_columns[THREAD_COLUMNS];

struct thread {
	struct sv c[THREAD_COLUMNS];
};

int thread_get(struct db *db, struct arena *arena, const char *user_id, const char *id, struct thread *out,
	       struct err *err) MUST_CHECK;
/* Whose it is: 0, 1 (no such thread), -1. */
int thread_owner(struct db *db, struct arena *arena, const char *id, const char **user_id, struct err *err) MUST_CHECK;
int thread_put(struct db *db, const struct thread *t, struct err *err) MUST_CHECK;
/* A new thread of that user in *out (not stored): `id` NULL makes one, `title` may be p == NULL. */
void thread_init(struct arena *arena, const char *user_id, const char *id, struct sv title, struct thread *out);
int thread_delete(struct db *db, const char *user_id, const char *id, struct err *err) MUST_CHECK;
/* By id, behind `after` (NULL: from the start); descending when `reverse`. */
int thread_list(struct db *db, struct arena *arena, const char *user_id, const char *after, int64_t limit, bool reverse,
		int (*each)(const struct thread *t, void *arg), void *arg, bool *more, struct err *err) MUST_CHECK;
int thread_json(struct buf *out, const struct thread *t);
void thread_etag(const struct thread *t, char out[ETAG_SIZE]);

/* ---- messages (message.c) -------------------------------------------------------------------------------- */

enum message_column {
	MESSAGE_AGENT_EXECUTION_ID,
	MESSAGE_AGENT_MODE,
	MESSAGE_COLLECTIONS,
	MESSAGE_CONTENT,
	MESSAGE_COST,
	MESSAGE_CREATED_AT,
	MESSAGE_EXECUTION_EVENT_TYPE,
	MESSAGE_GRAPH,
	MESSAGE_HELP_MODE,
	MESSAGE_ID,
	MESSAGE_INPUT_FILES,
	MESSAGE_MODEL,
	MESSAGE_NAME,
	MESSAGE_OUTPUT_FILES,
	MESSAGE_PROVIDER,
	MESSAGE_ROLE,
	MESSAGE_THREAD_ID,
	MESSAGE_TOOL_CALL_ID,
	MESSAGE_TOOL_CALLS,
	MESSAGE_TOOLS,
	MESSAGE_USER_ID,
	MESSAGE_WORKFLOW_ID,
	MESSAGE_WORKFLOW_TARGET,
	MESSAGE_COLUMNS
};

extern const struct column message_columns[MESSAGE_COLUMNS];

struct message {
	struct sv c[MESSAGE_COLUMNS];
};

int message_get(struct db *db, struct arena *arena, const char *user_id, const char *id, struct message *out,
		struct err *err) MUST_CHECK;
int message_put(struct db *db, const struct message *m, struct err *err) MUST_CHECK;
/* Of one thread by id, whoever wrote them (the caller compares MESSAGE_USER_ID); otherwise as thread_list. */
int message_list(struct db *db, struct arena *arena, const char *thread_id, const char *after, int64_t limit, bool reverse,
		 int (*each)(const struct message *m, void *arg), void *arg, bool *more, struct err *err) MUST_CHECK;
/* Deletes the user's messages of a thread. */
int message_delete_thread(struct db *db, const char *user_id, const char *thread_id, struct err *err) MUST_CHECK;
/* As REST shows it (notes-rest "Ids, pagination"): tools, collections and workflow fields are never shown. */
int message_json(struct buf *out, const struct message *m);
void message_etag(const struct message *m, char out[ETAG_SIZE]);

/* ---- assets (asset.c) ------------------------------------------------------------------------------------ */

enum asset_column {
	ASSET_CONTENT_TYPE,
	ASSET_CREATED_AT,
	ASSET_DURATION,
	ASSET_FILE_ID,
	ASSET_ID,
	ASSET_JOB_ID,
	ASSET_METADATA,
	ASSET_NAME,
	ASSET_NODE_ID,
	ASSET_PARENT_ID,
	ASSET_SIZE,
	ASSET_TYPE,
	ASSET_UPDATED_AT,
	ASSET_USER_ID,
	ASSET_WORKFLOW_ID,
	ASSET_COLUMNS
};

extern const struct column asset_columns[ASSET_COLUMNS];

struct asset {
	struct sv c[ASSET_COLUMNS];
};

#define ASSET_FOLDER "folder" /* content type of folders: rows without a file */

int asset_get(struct db *db, struct arena *arena, const char *user_id, const char *id, struct asset *out, struct err *err)
	MUST_CHECK;
/* The same whoever owns it: for administrators. */
int asset_get_any(struct db *db, struct arena *arena, const char *id, struct asset *out, struct err *err) MUST_CHECK;
/* Whose it is: 0, 1 (no such asset), -1. */
int asset_owner(struct db *db, struct arena *arena, const char *id, const char **user_id, struct err *err) MUST_CHECK;
int asset_put(struct db *db, const struct asset *a, struct err *err) MUST_CHECK;
/* A new asset of that user in *out (not stored) with a new id; without a parent (NULL or "") it lies in the user's Home. */
void asset_init(struct arena *arena, const char *user_id, const char *parent_id, struct asset *out);
/* 1 when the user has no such asset. What lies in a folder stays: see asset_tree. */
int asset_delete(struct db *db, const char *user_id, const char *id, struct err *err) MUST_CHECK;

/* What a list shows: NULL filters nothing. content_type is the beginning of one (LIKE: case does not count, % and _ stand for
 * others). By id, behind `after`. */
struct asset_filter {
	const char *parent_id;
	const char *content_type;
	const char *workflow_id;
	const char *node_id;
	const char *job_id;
	const char *after;
	int64_t limit;
};
int asset_list(struct db *db, struct arena *arena, const char *user_id, const struct asset_filter *filter,
	       int (*each)(const struct asset *a, void *arg), void *arg, bool *more, struct err *err) MUST_CHECK;
/* Assets whose name holds `query` (LIKE, as above); of the filter: content_type, after, limit. */
int asset_search(struct db *db, struct arena *arena, const char *user_id, const char *query, const struct asset_filter *filter,
		 int (*each)(const struct asset *a, void *arg), void *arg, bool *more, struct err *err) MUST_CHECK;

/* An asset within what lies below another. */
struct asset_node {
	struct asset asset;
	int depth; /* 0: the root */
};
struct asset_tree {
	struct asset_node *nodes; /* a folder before its content, content by id */
	size_t count;
	size_t cap;
};
/* The asset and everything below it; in a circle (old databases have some) each asset counts once. */
int asset_tree(struct db *db, struct arena *arena, const char *user_id, const struct asset *root, struct asset_tree *out,
	       struct err *err) MUST_CHECK;
/* The direct content of a folder: appends to out, with depth 1. */
int asset_children(struct db *db, struct arena *arena, const char *user_id, const char *id, struct asset_tree *out,
		   struct err *err) MUST_CHECK;
/* The names of the folders that lead to a folder, itself last: a list, lent by `cache` (a map of the caller, for several calls).
 * Empty for Home, and for what the user does not have. */
int asset_folders(struct db *db, struct arena *arena, const char *user_id, const char *id, struct value *cache,
		  struct value **names, struct err *err) MUST_CHECK;
/* 1 when `id` is the folder `folder_id` or lies somewhere below it. */
int asset_is_below(struct db *db, struct arena *arena, const char *user_id, const char *id, const char *folder_id,
		   struct err *err) MUST_CHECK;

/* The name of an asset's file in the store, and of its thumbnail; NULL for a folder, and for an id that is none of ours
 * (whatever a row holds, it names no file elsewhere). */
const char *asset_key(struct arena *arena, const struct asset *a);
const char *asset_thumbnail_key(struct arena *arena, const struct asset *a);
bool asset_is_folder(const struct asset *a);

enum asset_form {
	ASSET_SHOWN,    /* with its etag */
	ASSET_FOUND,    /* search: without an etag; the caller appends its members and the brace */
	ASSET_FOR_ADMIN /* etag, node and job null; the thumbnail's address without its time */
};
/* As REST shows it. `form` decides on the end. */
int asset_json(struct buf *out, struct arena *arena, const struct asset *a, enum asset_form form);
/* All columns as stored, without the closing brace (recursive). */
int asset_row_json(struct buf *out, const struct asset *a);
/* The user's Home, which has no row. */
int asset_home_json(struct buf *out, const char *user_id);
void asset_etag(const struct asset *a, char out[ETAG_SIZE]);

/* ---- workspaces (workspace.c) ----------------------------------------------------------------------------- */

enum workspace_column {
	WORKSPACE_CREATED_AT,
	WORKSPACE_ID,
	WORKSPACE_IS_DEFAULT,
	WORKSPACE_NAME,
	WORKSPACE_PATH,
	WORKSPACE_UPDATED_AT,
	WORKSPACE_USER_ID,
	WORKSPACE_COLUMNS
};

extern const struct column workspace_columns[WORKSPACE_COLUMNS];

struct workspace {
	struct sv c[WORKSPACE_COLUMNS];
};

int workspace_get(struct db *db, struct arena *arena, const char *user_id, const char *id, struct workspace *out,
		  struct err *err) MUST_CHECK;
/* The user's default; 1 when there is none. */
int workspace_get_default(struct db *db, struct arena *arena, const char *user_id, struct workspace *out, struct err *err)
	MUST_CHECK;
/* Stores; a default takes that from the user's others, whose updated_at moves with it. */
int workspace_put(struct db *db, struct arena *arena, const struct workspace *w, struct err *err) MUST_CHECK;
void workspace_init(struct arena *arena, const char *user_id, struct workspace *out);
int workspace_delete(struct db *db, const char *user_id, const char *id, struct err *err) MUST_CHECK;
/* 1 when a workflow points to it. */
int workspace_is_used(struct db *db, const char *id, struct err *err) MUST_CHECK;
/* Last changed first. `cursor` is what workspace_cursor gave for the last row shown, or NULL. */
int workspace_list(struct db *db, struct arena *arena, const char *user_id, const char *cursor, int64_t limit,
		   int (*each)(const struct workspace *w, void *arg), void *arg, bool *more, struct err *err) MUST_CHECK;
const char *workspace_cursor(struct arena *arena, const struct workspace *w);
/* `accessible`: whether the folder is there and may be written to. */
int workspace_json(struct buf *out, const struct workspace *w, bool accessible);
void workspace_etag(const struct workspace *w, char out[ETAG_SIZE]);

/* ---- predictions: calls of models and what they cost (prediction.c) --------------------------------------- */

enum prediction_column {
	PREDICTION_CACHED_TOKENS,
	PREDICTION_COMPLETED_AT,
	PREDICTION_COST,
	PREDICTION_CREATED_AT,
	PREDICTION_DURATION,
	PREDICTION_ERROR,
	PREDICTION_HARDWARE,
	PREDICTION_ID,
	PREDICTION_INPUT_SIZE,
	PREDICTION_INPUT_TOKENS,
	PREDICTION_LOGS,
	PREDICTION_METADATA,
	PREDICTION_MODEL,
	PREDICTION_NODE_ID,
	PREDICTION_OUTPUT_SIZE,
	PREDICTION_OUTPUT_TOKENS,
	PREDICTION_PARAMETERS,
	PREDICTION_PROVIDER,
	PREDICTION_REASONING_TOKENS,
	PREDICTION_STARTED_AT,
	PREDICTION_STATUS,
	PREDICTION_TOTAL_TOKENS,
	PREDICTION_USER_ID,
	PREDICTION_WORKFLOW_ID,
	PREDICTION_COLUMNS
};

extern const struct column prediction_columns[PREDICTION_COLUMNS];

struct prediction {
	struct sv c[PREDICTION_COLUMNS];
};

/* Which of the user's; NULL: any. */
struct prediction_filter {
	const char *user_id;
	const char *provider;
	const char *model;
};

int prediction_get(struct db *db, struct arena *arena, const char *user_id, const char *id, struct prediction *out,
		   struct err *err) MUST_CHECK;
int prediction_put(struct db *db, const struct prediction *p, struct err *err) MUST_CHECK;
/* Newest id first, below `before` (NULL: from the start). */
int prediction_list(struct db *db, struct arena *arena, const struct prediction_filter *filter, const char *before,
		    int64_t limit, int (*each)(const struct prediction *p, void *arg), void *arg, bool *more,
		    struct err *err) MUST_CHECK;
void prediction_etag(const struct prediction *p, char out[ETAG_SIZE]);

/* Sums over calls. */
struct prediction_sum {
	const char *provider; /* NULL in the sum of all */
	const char *model;    /* NULL unless grouped by model */
	int64_t calls;
	double cost;
	int64_t input_tokens;
	int64_t output_tokens;
	int64_t total_tokens; /* as recorded */
};

enum prediction_group { PREDICTION_BY_NOTHING, PREDICTION_BY_PROVIDER, PREDICTION_BY_MODEL };

/* One sum per group, in the order in which groups first appeared; always exactly one for BY_NOTHING. */
int prediction_sums(struct db *db, struct arena *arena, const struct prediction_filter *filter, enum prediction_group group,
		    int (*each)(const struct prediction_sum *sum, void *arg), void *arg, struct err *err) MUST_CHECK;

/* ---- collections of documents (collection.c; our own tables nodetool_c_collections, …_documents) ----------- */

/* Names follow the vector store of the original: 3 to 512 of [A-Za-z0-9._-], a letter or digit at both ends. */
bool collection_name_ok(const char *name);

struct collection {
	const char *name;
	struct value *metadata; /* a map of texts */
	int64_t count;          /* documents */
};

/* One of the user's; the arena owns what is in *out. */
int collection_get(struct db *db, struct arena *arena, const char *user_id, const char *name, struct collection *out,
		   struct err *err) MUST_CHECK;
/* 409 when the user has one of that name. */
int collection_create(struct db *db, const char *user_id, const char *name, const char *metadata, struct err *err) MUST_CHECK;
/* New name (NULL: as it is) and metadata; 1 when there is none, 409 when the new name is taken. */
int collection_update(struct db *db, const char *user_id, const char *name, const char *new_name, const char *metadata,
		      struct err *err) MUST_CHECK;
/* With its documents. */
int collection_delete(struct db *db, const char *user_id, const char *name, struct err *err) MUST_CHECK;
int collection_list(struct db *db, struct arena *arena, const char *user_id, int64_t offset, int64_t limit,
		    int (*each)(const struct collection *c, void *arg), void *arg, struct err *err) MUST_CHECK;
int collection_total(struct db *db, const char *user_id, int64_t *count, struct err *err) MUST_CHECK;
/* Who embeds the collection's documents, by its metadata. Lent. */
#define COLLECTION_DEFAULT_MODEL "all-minilm:latest"
void collection_model(const struct collection *c, const char **service, const char **model);

/* Lent in both directions. p is NULL where there is nothing. */
struct collection_document {
	const char *id;
	struct sv document;
	struct sv metadata;  /* JSON */
	struct sv embedding; /* little-endian floats, as many as in the collection's first */
};

/* Adds a document. One of that id stays as it is, or with `replace` gives way. 1 when nothing was stored (the id is there, or
 * no such collection is); 400 for an embedding of another width. */
int collection_add(struct db *db, const char *user_id, const char *name, const struct collection_document *d, bool replace,
		   struct err *err) MUST_CHECK;
/* The documents in the order in which they came (limit -1: all); those of a collection that is not there are none. Stops
 * with -1 when `each` does. */
int collection_documents(struct db *db, const char *user_id, const char *name, int64_t offset, int64_t limit,
			 int (*each)(const struct collection_document *d, void *arg), void *arg, struct err *err) MUST_CHECK;
/* The one of that id, when it is there. */
int collection_document(struct db *db, const char *user_id, const char *name, const char *id,
			int (*each)(const struct collection_document *d, void *arg), void *arg, struct err *err) MUST_CHECK;

/* What a search has found, nearest first: list of {id, document, metadata, distance} (cosine: 0 the same direction, 2 the
 * opposite one). `words` (a list of texts, or NULL) leaves only documents that hold one of them, in small letters of
 * ASCII. New reference; NULL with the reason (collection_search.c). */
struct value *collection_search(struct db *db, const char *user_id, const char *name, struct sv query, size_t limit,
				const struct value *words, struct err *err) MUST_CHECK;
/* Numbers as an embedding. Arena; p is NULL when there are none, or more than COLLECTION_VECTOR_MAX. */
#define COLLECTION_VECTOR_MAX 65536
struct sv collection_vector(struct arena *arena, const struct value *numbers);

/* ---- whole rows for administrators (row_access.c) --------------------------------------------------------- */

#define ROW_MAX_COLUMNS 32

struct row_table {
	const char *name;     /* in the path: "workflows" */
	const char *resource; /* in announcements: "workflow" */
	const struct column *columns;
	size_t count;
	size_t id_column;
	size_t user_column;
	const char *get_sql;
	const char *put_sql;
	const char *delete_sql;
};

/* NULL for a table that is not open to administrators. */
const struct row_table *row_table_find(const char *name);
/* Any user's row: the caller has checked that the asker is an administrator. */
int row_any_get(struct db *db, struct arena *arena, const struct row_table *table, const char *id, struct sv *row,
		struct err *err) MUST_CHECK;
int row_any_put(struct db *db, const struct row_table *table, const struct sv *row, struct err *err) MUST_CHECK;
int row_any_delete(struct db *db, const struct row_table *table, const char *id, struct err *err) MUST_CHECK;

#endif
