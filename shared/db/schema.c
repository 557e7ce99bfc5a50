/*
 * What the database file holds: the original's tables as its 30 migrations leave them (column order matters only to
 * readers by position), and our own, whose names begin with nodetool_c_. Adding a column, a table or an index here is
 * all that a change of the schema takes: migrate.c adds what a file lacks. Nothing is ever dropped.
 */
#include "db/internal.h"

static const struct schema_column workflows[] = {
	{ "id", "TEXT PRIMARY KEY", NULL },
	{ "user_id", "TEXT", NULL },
	{ "access", "TEXT", NULL },
	{ "created_at", "TEXT", NULL },
	{ "updated_at", "TEXT", NULL },
	{ "name", "TEXT", NULL },
	{ "tags", "TEXT", NULL },
	{ "description", "TEXT", NULL },
	{ "thumbnail", "TEXT", NULL },
	{ "graph", "TEXT", NULL },
	{ "settings", "TEXT", NULL },
	{ "receive_clipboard", "INTEGER", NULL },
	{ "run_mode", "TEXT", NULL },
	{ "package_name", "TEXT", NULL },
	{ "thumbnail_url", "TEXT", NULL },
	{ "tool_name", "TEXT", NULL },
	{ "workspace_id", "TEXT", NULL },
	{ "html_app", "TEXT", NULL },
	{ 0 },
};

static const struct schema_column workflow_versions[] = {
	{ "id", "TEXT PRIMARY KEY", NULL },
	{ "workflow_id", "TEXT NOT NULL", NULL },
	{ "user_id", "TEXT NOT NULL", NULL },
	{ "version", "INTEGER NOT NULL DEFAULT 1", NULL },
	{ "created_at", "TEXT NOT NULL", NULL },
	{ "name", "TEXT DEFAULT ''", NULL },
	{ "description", "TEXT DEFAULT ''", NULL },
	{ "graph", "TEXT DEFAULT '{}'", NULL },
	{ "save_type", "TEXT DEFAULT 'manual' CHECK (save_type IN ('autosave', 'manual', 'checkpoint', 'restore'))", NULL },
	{ "autosave_metadata", "TEXT DEFAULT '{}'", NULL },
	{ 0 },
};

static const struct schema_column assets[] = {
	{ "id", "TEXT PRIMARY KEY", NULL },
	{ "type", "TEXT", NULL },
	{ "user_id", "TEXT", NULL },
	{ "workflow_id", "TEXT", NULL },
	{ "parent_id", "TEXT", NULL },
	{ "file_id", "TEXT", NULL },
	{ "name", "TEXT", NULL },
	{ "content_type", "TEXT", NULL },
	{ "metadata", "TEXT", NULL },
	{ "created_at", "TEXT", NULL },
	{ "duration", "REAL", NULL },
	{ "size", "INTEGER", NULL },
	{ "node_id", "TEXT DEFAULT NULL", NULL },
	{ "job_id", "TEXT DEFAULT NULL", NULL },
	{ "updated_at", "TEXT", "UPDATE nodetool_assets SET updated_at = created_at" },
	{ 0 },
};

static const struct schema_column threads[] = {
	{ "id", "TEXT PRIMARY KEY", NULL },
	{ "user_id", "TEXT", NULL },
	{ "title", "TEXT", NULL },
	{ "created_at", "TEXT", NULL },
	{ "updated_at", "TEXT", NULL },
	{ 0 },
};

static const struct schema_column messages[] = {
	{ "id", "TEXT PRIMARY KEY", NULL },
	{ "user_id", "TEXT DEFAULT ''", NULL },
	{ "workflow_id", "TEXT", NULL },
	{ "graph", "TEXT", NULL },
	{ "thread_id", "TEXT", NULL },
	{ "tools", "TEXT", NULL },
	{ "tool_call_id", "TEXT", NULL },
	{ "role", "TEXT", NULL },
	{ "name", "TEXT", NULL },
	{ "content", "TEXT", NULL },
	{ "tool_calls", "TEXT", NULL },
	{ "collections", "TEXT", NULL },
	{ "input_files", "TEXT", NULL },
	{ "output_files", "TEXT", NULL },
	{ "created_at", "TEXT", NULL },
	{ "provider", "TEXT", NULL },
	{ "model", "TEXT", NULL },
	{ "cost", "REAL", NULL },
	{ "agent_mode", "INTEGER", NULL },
	{ "help_mode", "INTEGER", NULL },
	{ "agent_execution_id", "TEXT", NULL },
	{ "execution_event_type", "TEXT", NULL },
	{ "workflow_target", "TEXT", NULL },
	{ 0 },
};

static const struct schema_column jobs[] = {
	{ "id", "TEXT PRIMARY KEY", NULL },
	{ "user_id", "TEXT", NULL },
	{ "job_type", "TEXT", NULL },
	{ "status", "TEXT", NULL },
	{ "workflow_id", "TEXT", NULL },
	{ "started_at", "TEXT", NULL },
	{ "finished_at", "TEXT", NULL },
	{ "graph", "TEXT", NULL },
	{ "error", "TEXT", NULL },
	{ "cost", "REAL", NULL },
	{ "params", "TEXT", NULL },
	{ "logs", "TEXT", NULL },
	{ "updated_at", "TEXT", NULL },
	{ "suspended_node_id", "TEXT", NULL },
	{ "suspension_reason", "TEXT", NULL },
	{ "suspension_state_json", "TEXT", NULL },
	{ "suspension_metadata_json", "TEXT", NULL },
	{ "completed_at", "TEXT", NULL },
	{ "failed_at", "TEXT", NULL },
	{ "error_message", "TEXT", NULL },
	{ "execution_strategy", "TEXT", NULL },
	{ "execution_id", "TEXT", NULL },
	{ "worker_id", "TEXT", NULL },
	{ "heartbeat_at", "TEXT", NULL },
	{ "retry_count", "INTEGER DEFAULT 0", NULL },
	{ "max_retries", "INTEGER DEFAULT 3", NULL },
	{ "metadata_json", "TEXT", NULL },
	{ "version", "INTEGER DEFAULT 0", NULL },
	{ 0 },
};

static const struct schema_column predictions[] = {
	{ "id", "TEXT PRIMARY KEY", NULL },
	{ "user_id", "TEXT", NULL },
	{ "node_id", "TEXT", NULL },
	{ "provider", "TEXT", NULL },
	{ "model", "TEXT", NULL },
	{ "workflow_id", "TEXT", NULL },
	{ "error", "TEXT", NULL },
	{ "logs", "TEXT", NULL },
	{ "status", "TEXT", NULL },
	{ "created_at", "TEXT", NULL },
	{ "started_at", "TEXT", NULL },
	{ "completed_at", "TEXT", NULL },
	{ "cost", "REAL", NULL },
	{ "duration", "REAL", NULL },
	{ "hardware", "TEXT", NULL },
	{ "input_tokens", "INTEGER", NULL },
	{ "output_tokens", "INTEGER", NULL },
	{ "total_tokens", "INTEGER", NULL },
	{ "cached_tokens", "INTEGER", NULL },
	{ "reasoning_tokens", "INTEGER", NULL },
	{ "input_size", "INTEGER", NULL },
	{ "output_size", "INTEGER", NULL },
	{ "parameters", "TEXT", NULL },
	{ "metadata", "TEXT", NULL },
	{ 0 },
};

static const struct schema_column secrets[] = {
	{ "id", "TEXT PRIMARY KEY", NULL },
	{ "user_id", "TEXT NOT NULL", NULL },
	{ "key", "TEXT NOT NULL", NULL },
	{ "encrypted_value", "TEXT NOT NULL", NULL },
	{ "description", "TEXT", NULL },
	{ "created_at", "TEXT NOT NULL", NULL },
	{ "updated_at", "TEXT NOT NULL", NULL },
	{ 0 },
};

static const struct schema_column oauth_credentials[] = {
	{ "id", "TEXT PRIMARY KEY", NULL },
	{ "user_id", "TEXT NOT NULL", NULL },
	{ "provider", "TEXT NOT NULL", NULL },
	{ "account_id", "TEXT NOT NULL", NULL },
	{ "username", "TEXT", NULL },
	{ "encrypted_access_token", "TEXT NOT NULL", NULL },
	{ "encrypted_refresh_token", "TEXT", NULL },
	{ "token_type", "TEXT DEFAULT 'Bearer'", NULL },
	{ "scope", "TEXT", NULL },
	{ "received_at", "TEXT NOT NULL", NULL },
	{ "expires_at", "TEXT", NULL },
	{ "created_at", "TEXT NOT NULL", NULL },
	{ "updated_at", "TEXT NOT NULL", NULL },
	{ 0 },
};

static const struct schema_column workspaces[] = {
	{ "id", "TEXT PRIMARY KEY", NULL },
	{ "user_id", "TEXT NOT NULL", NULL },
	{ "name", "TEXT NOT NULL", NULL },
	{ "path", "TEXT NOT NULL", NULL },
	{ "is_default", "INTEGER DEFAULT 0", NULL },
	{ "created_at", "TEXT NOT NULL", NULL },
	{ "updated_at", "TEXT NOT NULL", NULL },
	{ 0 },
};

static const struct schema_column run_state[] = {
	{ "run_id", "TEXT PRIMARY KEY", NULL },
	{ "status", "TEXT NOT NULL", NULL },
	{ "created_at", "TEXT NOT NULL", NULL },
	{ "updated_at", "TEXT NOT NULL", NULL },
	{ "suspended_node_id", "TEXT", NULL },
	{ "suspension_reason", "TEXT", NULL },
	{ "suspension_state_json", "TEXT", NULL },
	{ "suspension_metadata_json", "TEXT", NULL },
	{ "completed_at", "TEXT", NULL },
	{ "failed_at", "TEXT", NULL },
	{ "error_message", "TEXT", NULL },
	{ "version", "INTEGER NOT NULL DEFAULT 0", NULL },
	{ "execution_strategy", "TEXT", NULL },
	{ "execution_id", "TEXT", NULL },
	{ "worker_id", "TEXT", NULL },
	{ "heartbeat_at", "TEXT", NULL },
	{ "retry_count", "INTEGER DEFAULT 0", NULL },
	{ "max_retries", "INTEGER DEFAULT 3", NULL },
	{ "metadata_json", "TEXT", NULL },
	{ 0 },
};

static const struct schema_column run_node_state[] = {
	{ "id", "TEXT PRIMARY KEY", NULL },
	{ "run_id", "TEXT NOT NULL", NULL },
	{ "node_id", "TEXT NOT NULL", NULL },
	{ "status", "TEXT NOT NULL", NULL },
	{ "attempt", "INTEGER NOT NULL DEFAULT 1", NULL },
	{ "scheduled_at", "TEXT", NULL },
	{ "started_at", "TEXT", NULL },
	{ "completed_at", "TEXT", NULL },
	{ "failed_at", "TEXT", NULL },
	{ "suspended_at", "TEXT", NULL },
	{ "updated_at", "TEXT NOT NULL", NULL },
	{ "last_error", "TEXT", NULL },
	{ "retryable", "INTEGER NOT NULL DEFAULT 0", NULL },
	{ "suspension_reason", "TEXT", NULL },
	{ "resume_state_json", "TEXT", NULL },
	{ "outputs_json", "TEXT", NULL },
	{ 0 },
};

static const struct schema_column run_inbox_messages[] = {
	{ "id", "TEXT PRIMARY KEY", NULL },
	{ "message_id", "TEXT NOT NULL UNIQUE", NULL },
	{ "run_id", "TEXT NOT NULL", NULL },
	{ "node_id", "TEXT NOT NULL", NULL },
	{ "handle", "TEXT NOT NULL", NULL },
	{ "msg_seq", "INTEGER NOT NULL", NULL },
	{ "payload_json", "TEXT", NULL },
	{ "payload_ref", "TEXT", NULL },
	{ "status", "TEXT NOT NULL", NULL },
	{ "claim_worker_id", "TEXT", NULL },
	{ "claim_expires_at", "TEXT", NULL },
	{ "consumed_at", "TEXT", NULL },
	{ "created_at", "TEXT NOT NULL", NULL },
	{ "updated_at", "TEXT NOT NULL", NULL },
	{ 0 },
};

static const struct schema_column trigger_inputs[] = {
	{ "id", "TEXT PRIMARY KEY", NULL },
	{ "input_id", "TEXT NOT NULL UNIQUE", NULL },
	{ "run_id", "TEXT NOT NULL", NULL },
	{ "node_id", "TEXT NOT NULL", NULL },
	{ "payload_json", "TEXT", NULL },
	{ "processed", "INTEGER NOT NULL DEFAULT 0", NULL },
	{ "processed_at", "TEXT", NULL },
	{ "cursor", "TEXT", NULL },
	{ "created_at", "TEXT NOT NULL", NULL },
	{ "updated_at", "TEXT NOT NULL", NULL },
	{ 0 },
};

static const struct schema_column run_events[] = {
	{ "id", "TEXT PRIMARY KEY", NULL },
	{ "run_id", "TEXT NOT NULL", NULL },
	{ "seq", "INTEGER NOT NULL", NULL },
	{ "event_type", "TEXT NOT NULL", NULL },
	{ "event_time", "TEXT NOT NULL", NULL },
	{ "node_id", "TEXT", NULL },
	{ "payload", "TEXT", NULL },
	{ 0 },
};

static const struct schema_column run_leases[] = {
	{ "run_id", "TEXT PRIMARY KEY", NULL },
	{ "worker_id", "TEXT NOT NULL", NULL },
	{ "acquired_at", "TEXT NOT NULL", NULL },
	{ "expires_at", "TEXT NOT NULL", NULL },
	{ 0 },
};

static const struct schema_column migrations[] = {
	{ "version", "TEXT PRIMARY KEY", NULL },
	{ "name", "TEXT NOT NULL", NULL },
	{ "checksum", "TEXT NOT NULL", NULL },
	{ "applied_at", "TEXT NOT NULL", NULL },
	{ "execution_time_ms", "INTEGER NOT NULL", NULL },
	{ "baselined", "INTEGER DEFAULT 0", NULL },
	{ 0 },
};

static const struct schema_column migration_lock[] = {
	{ "id", "INTEGER PRIMARY KEY CHECK (id = 1)", NULL },
	{ "locked_at", "TEXT", NULL },
	{ "locked_by", "TEXT", NULL },
	{ 0 },
};

/* ---- our own tables ----------------------------------------------------------------------------------- */

static const struct schema_column c_meta[] = {
	{ "key", "TEXT PRIMARY KEY", NULL },
	{ "value", "INTEGER", NULL },
	{ 0 },
};

/* What REST wants of a run (cancel, start or stop of a trigger), until the daemon has done it: model/job_command.c. */
static const struct schema_column c_job_commands[] = {
	{ "id", "INTEGER PRIMARY KEY AUTOINCREMENT", NULL },
	{ "user_id", "TEXT", NULL },
	{ "job_id", "TEXT", NULL },
	{ "workflow_id", "TEXT", NULL },
	{ "command", "TEXT NOT NULL", NULL },
	{ "created_at", "TEXT NOT NULL", NULL },
	{ 0 },
};

/* Documents with embeddings: model/collection.c. */
static const struct schema_column c_collections[] = {
	{ "id", "TEXT PRIMARY KEY", NULL },
	{ "user_id", "TEXT NOT NULL", NULL },
	{ "name", "TEXT NOT NULL", NULL },
	{ "metadata", "TEXT", NULL },
	{ "created_at", "TEXT NOT NULL", NULL },
	{ 0 },
};

static const struct schema_column c_collection_documents[] = {
	{ "key", "TEXT PRIMARY KEY", NULL },
	{ "collection_id", "TEXT NOT NULL", NULL },
	{ "id", "TEXT NOT NULL", NULL },
	{ "document", "TEXT", NULL },
	{ "metadata", "TEXT", NULL },
	{ "embedding", "BLOB", NULL },
	{ 0 },
};

/* The job that a started trigger workflow runs in: model/job_command.c. */
static const struct schema_column c_triggers[] = {
	{ "workflow_id", "TEXT PRIMARY KEY", NULL },
	{ "user_id", "TEXT NOT NULL", NULL },
	{ "job_id", "TEXT NOT NULL", NULL },
	{ 0 },
};

/* Events of started triggers, until their workflow has taken them, and for a day after that (an event fires once):
 * model/trigger.c. */
static const struct schema_column c_trigger_events[] = {
	{ "number", "INTEGER PRIMARY KEY AUTOINCREMENT", NULL },
	{ "event_id", "TEXT NOT NULL UNIQUE", NULL },
	{ "user_id", "TEXT NOT NULL", NULL },
	{ "workflow_id", "TEXT NOT NULL", NULL },
	{ "node_id", "TEXT NOT NULL", NULL },
	{ "payload", "TEXT", NULL },
	{ "created_us", "INTEGER NOT NULL", NULL },
	{ "taken", "INTEGER NOT NULL DEFAULT 0", NULL },
	{ 0 },
};

/* Addresses of webhooks: model/trigger.c. */
static const struct schema_column c_trigger_hooks[] = {
	{ "token_hash", "TEXT PRIMARY KEY", NULL },
	{ "user_id", "TEXT NOT NULL", NULL },
	{ "workflow_id", "TEXT NOT NULL", NULL },
	{ "node_id", "TEXT NOT NULL", NULL },
	{ "created_at", "TEXT NOT NULL", NULL },
	{ 0 },
};

/* Up to which time a schedule has fired: model/trigger.c. */
static const struct schema_column c_trigger_schedules[] = {
	{ "key", "TEXT PRIMARY KEY", NULL },
	{ "workflow_id", "TEXT NOT NULL", NULL },
	{ "fired_s", "INTEGER NOT NULL", NULL },
	{ 0 },
};

/* Logins at other services that are under way: model/oauth_state.c. */
static const struct schema_column c_oauth_states[] = {
	{ "state_hash", "TEXT PRIMARY KEY", NULL },
	{ "user_id", "TEXT NOT NULL", NULL },
	{ "service", "TEXT NOT NULL", NULL },
	{ "verifier", "TEXT NOT NULL", NULL },
	{ "redirect_uri", "TEXT NOT NULL", NULL },
	{ "expires_s", "INTEGER NOT NULL", NULL },
	{ 0 },
};

const struct schema_table schema_tables[] = {
	{ "nodetool_workflows", workflows },
	{ "nodetool_workflow_versions", workflow_versions },
	{ "nodetool_assets", assets },
	{ "nodetool_threads", threads },
	{ "nodetool_messages", messages },
	{ "nodetool_jobs", jobs },
	{ "nodetool_predictions", predictions },
	{ "nodetool_secrets", secrets },
	{ "nodetool_oauth_credentials", oauth_credentials },
	{ "nodetool_workspaces", workspaces },
	{ "run_state", run_state },
	{ "run_node_state", run_node_state },
	{ "run_inbox_messages", run_inbox_messages },
	{ "trigger_inputs", trigger_inputs },
	{ "run_events", run_events },
	{ "run_leases", run_leases },
	{ "_nodetool_migrations", migrations },
	{ "_nodetool_migration_lock", migration_lock },
	{ "nodetool_c_meta", c_meta },
	{ "nodetool_c_job_commands", c_job_commands },
	{ "nodetool_c_triggers", c_triggers },
	{ "nodetool_c_trigger_events", c_trigger_events },
	{ "nodetool_c_trigger_hooks", c_trigger_hooks },
	{ "nodetool_c_trigger_schedules", c_trigger_schedules },
	{ "nodetool_c_collections", c_collections },
	{ "nodetool_c_collection_documents", c_collection_documents },
	{ "nodetool_c_oauth_states", c_oauth_states },
};
const size_t schema_table_count = ARRAY_LEN(schema_tables);

#define INDEX(name, on) "CREATE INDEX IF NOT EXISTS " name " ON " on
#define UNIQUE_INDEX(name, on) "CREATE UNIQUE INDEX IF NOT EXISTS " name " ON " on

const char *const schema_indexes[] = {
	INDEX("idx_nodetool_workflows_user_id", "nodetool_workflows (user_id)"),
	INDEX("idx_nodetool_assets_user_id_parent_id", "nodetool_assets (user_id, parent_id)"),
	INDEX("idx_nodetool_workflow_versions_workflow_id", "nodetool_workflow_versions (workflow_id)"),
	UNIQUE_INDEX("idx_nodetool_workflow_versions_workflow_version",
		     "nodetool_workflow_versions (workflow_id, version)"),
	INDEX("idx_nodetool_workflow_versions_save_type",
	      "nodetool_workflow_versions (workflow_id, save_type, created_at)"),
	INDEX("idx_job_status", "nodetool_jobs (status)"),
	INDEX("idx_job_updated", "nodetool_jobs (updated_at)"),
	INDEX("idx_job_worker", "nodetool_jobs (worker_id)"),
	INDEX("idx_job_heartbeat", "nodetool_jobs (heartbeat_at)"),
	INDEX("idx_job_recovery", "nodetool_jobs (status, heartbeat_at)"),
	INDEX("idx_run_state_status", "run_state (status)"),
	INDEX("idx_run_state_updated", "run_state (updated_at)"),
	INDEX("idx_run_state_worker", "run_state (worker_id)"),
	INDEX("idx_run_state_heartbeat", "run_state (heartbeat_at)"),
	INDEX("idx_run_state_recovery", "run_state (status, heartbeat_at)"),
	UNIQUE_INDEX("idx_run_events_run_seq", "run_events (run_id, seq)"),
	INDEX("idx_run_events_run_node", "run_events (run_id, node_id)"),
	INDEX("idx_run_events_run_type", "run_events (run_id, event_type)"),
	INDEX("idx_run_node_state_run_status", "run_node_state (run_id, status)"),
	UNIQUE_INDEX("idx_run_node_state_run_node", "run_node_state (run_id, node_id)"),
	INDEX("idx_run_leases_expires", "run_leases (expires_at)"),
	INDEX("idx_inbox_run_node_handle_seq", "run_inbox_messages (run_id, node_id, handle, msg_seq)"),
	INDEX("idx_inbox_run_node_handle_status", "run_inbox_messages (run_id, node_id, handle, status)"),
	UNIQUE_INDEX("idx_inbox_message_id", "run_inbox_messages (message_id)"),
	INDEX("idx_trigger_input_run_node_processed", "trigger_inputs (run_id, node_id, processed)"),
	UNIQUE_INDEX("idx_trigger_input_id", "trigger_inputs (input_id)"),
	INDEX("idx_nodetool_secrets_user_id", "nodetool_secrets (user_id)"),
	UNIQUE_INDEX("idx_nodetool_secrets_user_id_key", "nodetool_secrets (user_id, key)"),
	INDEX("idx_prediction_created_at", "nodetool_predictions (created_at)"),
	INDEX("idx_prediction_user_model", "nodetool_predictions (user_id, model)"),
	INDEX("idx_prediction_user_provider", "nodetool_predictions (user_id, provider)"),
	INDEX("idx_oauth_credentials_user_provider", "nodetool_oauth_credentials (user_id, provider)"),
	UNIQUE_INDEX("idx_oauth_credentials_user_provider_account",
		     "nodetool_oauth_credentials (user_id, provider, account_id)"),
	INDEX("idx_nodetool_workspaces_user_id", "nodetool_workspaces (user_id)"),
	/* Ours: the orders that lists are read in. */
	INDEX("nodetool_c_workflows_user", "nodetool_workflows (user_id, updated_at, id)"),
	INDEX("nodetool_c_workflows_mode",
	      "nodetool_workflows (user_id, run_mode, updated_at, id) WHERE run_mode IS NOT NULL"),
	INDEX("nodetool_c_workflows_public", "nodetool_workflows (updated_at, id) WHERE access = 'public'"),
	UNIQUE_INDEX("nodetool_c_collections_name", "nodetool_c_collections (user_id, name)"),
	INDEX("nodetool_c_collection_documents_of", "nodetool_c_collection_documents (collection_id)"),
	INDEX("nodetool_c_predictions_user", "nodetool_predictions (user_id, id)"),
	/* The last for lists without a folder, and for search: names are read in the index alone. */
	INDEX("nodetool_c_assets_parent", "nodetool_assets (user_id, parent_id, id)"),
	INDEX("nodetool_c_assets_workflow", "nodetool_assets (user_id, workflow_id, id) WHERE workflow_id IS NOT NULL"),
	INDEX("nodetool_c_assets_job", "nodetool_assets (user_id, job_id, id) WHERE job_id IS NOT NULL"),
	INDEX("nodetool_c_assets_node", "nodetool_assets (user_id, node_id, id) WHERE node_id IS NOT NULL"),
	INDEX("nodetool_c_assets_user", "nodetool_assets (user_id, id, name)"),
	INDEX("nodetool_c_workspaces_user", "nodetool_workspaces (user_id, updated_at, id)"),
	INDEX("nodetool_c_workflows_workspace", "nodetool_workflows (workspace_id) WHERE workspace_id IS NOT NULL"),
	INDEX("nodetool_c_oauth_states_expire", "nodetool_c_oauth_states (expires_s)"),
	INDEX("nodetool_c_threads_user", "nodetool_threads (user_id, id)"),
	INDEX("nodetool_c_messages_thread", "nodetool_messages (thread_id, id)"),
	INDEX("nodetool_c_triggers_user", "nodetool_c_triggers (user_id)"),
	INDEX("nodetool_c_trigger_events_of", "nodetool_c_trigger_events (workflow_id, taken, number)"),
	INDEX("nodetool_c_trigger_events_taken", "nodetool_c_trigger_events (created_us) WHERE taken = 1"),
	INDEX("nodetool_c_trigger_hooks_of", "nodetool_c_trigger_hooks (workflow_id)"),
	INDEX("nodetool_c_trigger_schedules_of", "nodetool_c_trigger_schedules (workflow_id)"),
	INDEX("nodetool_c_jobs_user", "nodetool_jobs (user_id, started_at, id)"),
	INDEX("nodetool_c_jobs_workflow", "nodetool_jobs (user_id, workflow_id, started_at, id)"),
};
const size_t schema_index_count = ARRAY_LEN(schema_indexes);

const struct schema_migration schema_migrations[] = {
	{ "20250428_212009_001", "create_workflows",
	  "0ef4b85b45105a3911c8e308fae86132e37fc3dc22d35a784c48d585bc31b1fd" },
	{ "20250428_212009_002", "create_assets",
	  "990aa4fb4aef1b9268439694aae179149e3ed6ec33996fa5bd2a1f0b104073ec" },
	{ "20250428_212009_003", "create_threads",
	  "a6cc36d270886a4ceb0ccb83a4e1c82ed4883f193cedf4a11c3e93d92a2361f2" },
	{ "20250428_212009_004", "create_messages",
	  "d3a5ae121ae21a08e21a1630f0b3fbc6591e165a7655a83ada63d0758060ce7e" },
	{ "20250428_212009_005", "create_jobs",
	  "51e9f66b52c070c07ab17cca6f0ab81a7d02c5c8fbb46fbf85631ef076299c82" },
	{ "20250428_212009_006", "create_predictions",
	  "43e112ede2dd16a15ce2c2c8fdb7fad77876427c2e79cf446cb020681fb98fa1" },
	{ "20250501_000000", "add_run_mode_to_workflows",
	  "1a3d52e8660bbb8abb794fcc29c6f2e248717718b79dc3610a1a4c0912cab09b" },
	{ "20250501_000001", "add_package_name_and_thumbnail_url_to_workflows",
	  "98b7bf34405de1f0e79780c0262d0bf412f9dd144b7a5fcd198b5f931b4352e8" },
	{ "20250501_000002", "add_size_to_assets",
	  "7de3c2c3badbd39eec275781d2eea351f01285389d2b31fa38b21dbfe13a3b54" },
	{ "20250928_000000", "add_tool_name_to_workflows",
	  "1794d017999762802c19bff3a799efffe5d1853e6568673c182148df70256f40" },
	{ "20251006_000000", "add_params_to_jobs",
	  "93645b7e860ca1edb9ea0bc6d6febb63f6eb0bdae604f1a763d739ef1c7a6094" },
	{ "20251010_000000", "add_logs_to_jobs",
	  "139626b0680b849eb2f095b4d9f6efd545b5fd5a31c4093660ef6708248caf13" },
	{ "20251011_000000", "add_agent_execution_fields_to_messages",
	  "926f75001df6b31d1551a07d56f7c0efc388e9a3ed153477c742a8b8653cff26" },
	{ "20251019_000000", "create_secrets",
	  "0e33dffa9fd50752cea0e6aaebcbf95e8cf8c1b59554fbe4ecf60ab8da06e14d" },
	{ "20251223_000000", "add_cost_tracking_to_predictions",
	  "27cf40b746aa4038113730537414601f995b86b99b8fcd23cde19deb441314bc" },
	{ "20251225_000000", "create_oauth_credentials",
	  "93dd222edfbcfef8f5936a0e42fffac5a0601bb30158cc54035d6ad8a306057e" },
	{ "20251228_000000", "create_run_state",
	  "d2a3c30976a9e5af585417a9a57d86ee2b56031bee731572d98266efcab5052c" },
	{ "20251228_000001", "create_run_node_state",
	  "a6fc572fccc9063d007023bd640423586f94f75c4bb66b64471a18b443b8470b" },
	{ "20251228_000002", "create_run_inbox_messages",
	  "5396909edf25ec5a0963d93b06978d98f4a59672b3d89bbc348421fdef46e211" },
	{ "20251228_000003", "create_trigger_inputs",
	  "18801ffe2a2dcc101d7c1b0920aa04e56fdb72555f4c29a621a623425f2237ba" },
	{ "20260101_000000", "add_job_execution_fields",
	  "f36d08079f6d9d28105a49ed49c2ff56f5a26a8b9c02ff357ada599cd43caf5f" },
	{ "20260102_000000", "create_workflow_versions",
	  "cc6fd51d3b82a88442591957feb133d6b9310d64a8cd0b14597af46ef6e2273b" },
	{ "20260103_000000", "create_run_events",
	  "e2cd7e047eaa9a03c984e17f0d9220463940dd4a04898f96d58c9fec65d183ee" },
	{ "20260103_000001", "create_run_leases",
	  "00aa884e04f764f06cce29ad6fe66f7b41d8d2ee5b3c682e6b16174e192dd135" },
	{ "20260104_000001", "add_autosave_fields_to_workflow_versions_v2",
	  "d91c239d11002c106964300937e71202f698a95804f73e8728b1c7498caa443d" },
	{ "20260113_000000", "create_workspaces",
	  "0b94a29616e01e874c7cfce995bda8c3d0b5b89005bd7fd6fbf059cf2ca34172" },
	{ "20260124_000000", "add_node_job_fields_to_assets",
	  "61c59db51e3d3bbde3d7fc0440e291681d8b53b24485b534d896fbeaa48a6900" },
	{ "20260125_000000", "add_execution_state_to_jobs",
	  "0abe5a2d138676dad79d4ce2ed2d270d5cd8689c4386f3e48d0ba04c054b6fd6" },
	{ "20260127_000000", "add_html_app_to_workflows",
	  "b3c2e92c86392cda4ddddc21e031bcd38c713186a0a0136aad0f66b57c9a2ed0" },
	{ "20260201_000000", "add_updated_at_to_assets",
	  "7f230841418418911f4c5168b10c67c141ace710d1e6a4ade414e0578fe6daeb" },
};
const size_t schema_migration_count = ARRAY_LEN(schema_migrations);
