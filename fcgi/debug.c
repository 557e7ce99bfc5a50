/* /api/debug: what somebody who reports a fault sends along, without secrets; /api/workers: instances that run nodes of
 * Python packages, and how busy the machine is (the contract's README). */
#include "config.h"
#include "http/http.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "handler.h"
#include "model/model.h"
#include "secret/secret.h"
#include "storage/storage.h"
#include "wsd/load.h"

#define LOG_BYTES ((size_t)1 << 20) /* the end of the log that goes along */
#define BUNDLE_MAX ((size_t)64 << 20)
#define JOBS_MAX 20
#define ERRORS_MAX 1000

/* ---- the archive ------------------------------------------------------------------------------------------- */

struct bundle {
	struct request *req;
	struct redactor *redactor;
	struct archive *archive;
	struct buf zip;
};

static la_ssize_t to_buffer(struct archive *archive, void *arg, const void *data, size_t len)
{
	(void)archive;
	return buf_add(arg, data, len) ? -1 : (la_ssize_t)len;
}

static int too_large(struct request *req)
{
	return req_fail(req, 413, "The bundle would be larger than %zu MiB", BUNDLE_MAX >> 20);
}

static int add_entry(struct bundle *b, const char *path, const void *data, size_t len)
{
	struct archive_entry *entry = archive_entry_new();
	bool good;

	archive_entry_set_pathname(entry, path);
	archive_entry_set_size(entry, (int64_t)len);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0600);
	archive_entry_set_mtime(entry, time(NULL), 0);
	good = archive_write_header(b->archive, entry) >= ARCHIVE_WARN &&
	       (!len || archive_write_data(b->archive, data, len) == (la_ssize_t)len);
	archive_entry_free(entry);
	return good ? 0 : too_large(b->req);
}

/* A text without its secrets. */
static int add_text(struct bundle *b, const char *path, struct sv text)
{
	struct buf out;
	int rc;

	buf_init(&out, BUNDLE_MAX);
	rc = redact_text(b->redactor, text, &out) ? too_large(b->req) : add_entry(b, path, out.data, out.len);
	buf_free(&out);
	return rc;
}

/* The same for a value; takes the reference. */
static int add_json(struct bundle *b, const char *path, struct value *v)
{
	struct value *clean = redact_value(b->redactor, v);
	struct buf out;
	int rc;

	value_unref(v);
	buf_init(&out, BUNDLE_MAX);
	rc = clean && json_write(&out, clean, JSON_INDENT) == 0 ? add_entry(b, path, out.data, out.len) : too_large(b->req);
	buf_free(&out);
	value_unref(clean);
	return rc;
}

/* ---- what goes in ------------------------------------------------------------------------------------------- */

static const char readme[] =
	"What this server knows of a fault, for the people who look into it.\n\n"
	"env/system.json              the machine and the versions\n"
	"env/config.json              how the server is set up; of keys only whether they are there\n"
	"workflow/last-template.json  the workflow, its graph and the errors that were reported\n"
	"jobs/jobs.json               the last runs, with their errors and logs\n"
	"logs/nodetool.log            the end of the server's log (only for whom it concerns alone)\n\n"
	"Secrets that the server knows, and what looks like one, were replaced by " SECRET_REMOVED
	". Look through the files before you pass\nthem on: what else is private, the server cannot know.\n";

static double gigabytes(double bytes)
{
	double g = bytes / (1024.0 * 1024 * 1024);

	return (double)(int64_t)(g * 100 + 0.5) / 100;
}

static struct value *system_info(void)
{
	struct value *v = load_figures();
	struct statvfs disk;
	struct utsname name;

	map_set_str(v, "nodetool_version", PACKAGE_VERSION);
	map_set_int(v, "cpu_count", sysconf(_SC_NPROCESSORS_ONLN));
	if (uname(&name) == 0) {
		map_set_str(v, "os", name.sysname);
		map_set_str(v, "os_version", name.version);
		map_set(v, "platform", value_strf("%s-%s-%s", name.sysname, name.release, name.machine));
	}
	if (statvfs(config_home(), &disk) == 0) {
		map_set_float(v, "disk_total_gb", gigabytes((double)disk.f_blocks * (double)disk.f_frsize));
		map_set_float(v, "disk_free_gb", gigabytes((double)disk.f_bavail * (double)disk.f_frsize));
	}
	return v;
}

/* Of keys: whether the user has one. */
static struct value *providers_info(const char *user_id)
{
	static const struct {
		const char *name;
		const char *key;
	} providers[] = {
		{ "openai", "OPENAI_API_KEY" },		{ "anthropic", "ANTHROPIC_API_KEY" },
		{ "gemini", "GEMINI_API_KEY" },		{ "huggingface", "HF_TOKEN" },
		{ "replicate", "REPLICATE_API_TOKEN" }, { "fal", "FAL_API_KEY" },
		{ "elevenlabs", "ELEVENLABS_API_KEY" },
	};
	struct value *v = value_map();

	for (size_t i = 0; i < ARRAY_LEN(providers); i++) {
		char *key = secret_lookup(user_id, providers[i].key);

		map_set_bool(v, providers[i].name, key && *key);
		auth_wipe_token(key);
	}
	return v;
}

static struct value *config_info(const char *user_id)
{
	static const char *const names[] = { "none", "local", "static", "multi_user", "supabase" };
	struct value *v = value_map();

	map_set_str(v, "run_mode", config_production() ? "cloud" : "local");
	map_set_bool(v, "is_production", config_production());
	map_set_str(v, "server_mode", auth_mode_name());
	map_set_str(v, "auth_provider", names[auth_provider()]);
	map_set_str(v, "storage", config_production() || config_get("S3_ACCESS_KEY_ID") ? "s3" : "file");
	map_set(v, "providers", providers_info(user_id));
	return v;
}

static struct value *column_value(struct sv text)
{
	struct json_error why;
	struct value *v = text.n ? json_parse(text.p, text.n, &why) : value_null();

	return v ? v : value_strn(text.p, text.n);
}

/* The asked-for workflow, when it is one's own (404 otherwise), under what the request itself says. */
static int add_workflow(struct bundle *b, struct db *db, const char *id)
{
	struct request *req = b->req;
	struct value *graph = map_get(req->body, "graph");
	struct value *errors = map_get(req->body, "errors");
	struct value *v = value_map();
	struct workflow w;
	int rc = id ? workflow_get(db, req->arena, req->user.id, id, false, &w, &req->err) : 1;

	if (id && rc) {
		value_unref(v);
		return rc < 0 ? -1 : req_fail(req, 404, "Workflow not found");
	}
	if (id) {
		map_set_str(v, "id", w.c[WORKFLOW_ID].p);
		map_set_str(v, "name", w.c[WORKFLOW_NAME].p);
		map_set_str(v, "updated_at", w.c[WORKFLOW_UPDATED_AT].p);
		map_set(v, "settings", column_value(w.c[WORKFLOW_SETTINGS]));
	}
	if (!value_is_null(graph))
		map_set(v, "graph", value_ref(graph));
	else if (id)
		map_set(v, "graph", column_value(w.c[WORKFLOW_GRAPH]));
	if (value_len(errors))
		map_set(v, "errors", value_ref(errors));
	if (!value_len(v))
		map_set_str(v, "note", "No workflow was named");
	return add_json(b, "workflow/last-template.json", v);
}

struct runs {
	struct request *req;
	struct db *db;
	struct value *list;
};

static int add_run(const struct job *listed, void *arg)
{
	static const enum job_column shown[] = { JOB_ID,	 JOB_WORKFLOW_ID, JOB_STATUS, JOB_STARTED_AT,
						 JOB_FINISHED_AT, JOB_ERROR,	  JOB_ERROR_MESSAGE };
	struct runs *runs = arg;
	struct request *req = runs->req;
	struct value *v;
	struct job job;
	int rc = job_get(runs->db, req->arena, req->user.id, arena_strndup(req->arena, listed->c[JOB_ID].p, listed->c[JOB_ID].n),
			 &job, &req->err);

	if (rc)
		return rc < 0 ? -1 : 0;
	v = value_map();
	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		struct sv text = job.c[shown[i]];

		map_set(v, job_columns[shown[i]].name, text.p ? value_strn(text.p, text.n) : value_null());
	}
	map_set(v, "logs", column_value(job.c[JOB_LOGS]));
	list_push(runs->list, v);
	return 0;
}

static int add_runs(struct bundle *b, struct db *db, const char *workflow_id)
{
	struct request *req = b->req;
	struct runs runs = { req, db, value_list() };
	bool more;

	if (job_list(db, req->arena, req->user.id, workflow_id, NULL, JOBS_MAX, add_run, &runs, &more, &req->err)) {
		value_unref(runs.list);
		return -1;
	}
	return add_json(b, "jobs/jobs.json", runs.list);
}

/* The log is of everybody's requests: whom does it concern alone? */
static bool may_see_log(const struct auth_user *user)
{
	enum auth_provider provider = auth_provider();

	return (provider != AUTH_MULTI_USER && provider != AUTH_SUPABASE) || (provider == AUTH_MULTI_USER && user->admin);
}

/* The end of the log from a whole line on; a server that logs elsewhere has none here. */
static int add_log(struct bundle *b)
{
	const char *path = arena_printf(b->req->arena, "%s/log/nodetool.log", config_run_dir());
	char *text = arena_alloc(b->req->arena, LOG_BYTES + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	const char *line;
	size_t len = 0;
	off_t from;
	ssize_t n;

	if (fd < 0)
		return 0;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		st.st_size = 0;
	from = st.st_size > (off_t)LOG_BYTES ? st.st_size - (off_t)LOG_BYTES : 0;
	while (len < LOG_BYTES && (n = pread(fd, text + len, LOG_BYTES - len, from + (off_t)len)) > 0)
		len += (size_t)n;
	close(fd);
	line = from ? memchr(text, '\n', len) : NULL;
	n = line ? line + 1 - text : 0;
	return add_text(b, "logs/nodetool.log", (struct sv){ text + n, len - (size_t)n });
}

static int fill(struct bundle *b)
{
	struct request *req = b->req;
	const char *workflow_id = field_filter(req->body, "workflow_id");
	struct db *db = db_default(&req->err);

	if (!db || add_workflow(b, db, workflow_id) || add_runs(b, db, workflow_id) ||
	    add_json(b, "env/system.json", system_info()) || add_json(b, "env/config.json", config_info(req->user.id)) ||
	    add_entry(b, "README.txt", readme, sizeof(readme) - 1))
		return -1;
	return may_see_log(&req->user) ? add_log(b) : 0;
}

static int make_bundle(struct bundle *b)
{
	struct request *req = b->req;
	const char *token = req_header(req, "Authorization");
	int rc = -1;

	b->redactor = redactor_new(req->user.id, &req->err);
	if (!b->redactor)
		return -1;
	arena_defer(req->arena, redactor_free_ptr, b->redactor);
	if (token && strrchr(token, ' '))
		redactor_add(b->redactor, strrchr(token, ' ') + 1);
	b->archive = archive_write_new();
	archive_write_set_format_zip(b->archive);
	archive_write_set_bytes_per_block(b->archive, 0);
	if (archive_write_open(b->archive, &b->zip, NULL, to_buffer, NULL) == ARCHIVE_OK)
		rc = fill(b);
	if (!rc && archive_write_close(b->archive) != ARCHIVE_OK)
		rc = too_large(req);
	archive_write_free(b->archive);
	return rc;
}

/* ---- where it goes ------------------------------------------------------------------------------------------ */

/* Who asks sits at this machine: the server is nobody else's. */
static bool at_this_machine(void)
{
	return !auth_enforced() && !config_production() && auth_mode() == MODE_DESKTOP;
}

/* The first of the usual folders that can be written. */
static const char *save_folder(struct request *req)
{
	bool downloads = strcmp(map_str(req->body, "preferred_save", ""), "downloads") == 0;
	const char *const names[] = { downloads ? "Downloads" : "Desktop", downloads ? "Desktop" : "Downloads" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *folder = arena_printf(req->arena, "%s/%s", config_home(), names[i]);
		struct stat st;

		if (stat(folder, &st) == 0 && S_ISDIR(st.st_mode) && access(folder, W_OK | X_OK) == 0)
			return folder;
	}
	return config_home();
}

static int answer(struct response *res, const char *path, const char *name, const char *message)
{
	struct value *v = value_map();

	map_set_str(v, "file_path", path);
	map_set_str(v, "filename", name);
	map_set_str(v, "message", message);
	return res_json(res, v);
}

static int save_here(struct bundle *b, struct response *res, const char *name)
{
	struct request *req = b->req;
	const char *path = arena_printf(req->arena, "%s/%s", save_folder(req), name);

	if (file_replace(path, b->zip.data, b->zip.len, 0600, &req->err))
		return -1;
	return answer(res, path, name, arena_printf(req->arena, "The debug bundle is in %s", path));
}

/* Somebody elsewhere gets an address to fetch it from, for as long as the temporary store keeps files. */
static int save_for_download(struct bundle *b, struct response *res, const char *name)
{
	struct request *req = b->req;
	struct store *store = store_temp(&req->err);
	char id[ID_SIZE];
	const char *key;

	id_random(id);
	key = arena_printf(req->arena, "%s.zip", id);
	if (!store || store_put_data(store, key, b->zip.data, b->zip.len, &req->err))
		return -1;
	return answer(res, store_temp_url(req->arena, key), name, "The debug bundle can be fetched from file_path");
}

static int export_bundle(struct request *req, struct response *res)
{
	struct bundle b = { .req = req };
	const char *accept = req_header(req, "Accept");
	time_t now = time(NULL);
	char id[ID_SIZE];
	char stamp[32];
	const char *name;
	struct tm tm;
	int rc;

	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%d_%H-%M-%S", &tm);
	id_random(id);
	name = arena_printf(req->arena, "nodetool-debug-%s-%.4s.zip", stamp, id);
	buf_init(&b.zip, BUNDLE_MAX);
	rc = make_bundle(&b);
	if (!rc && accept && strstr(accept, "application/zip"))
		rc = res_header(res, "Content-Disposition", "attachment; filename=%s", name) ||
				     res_bytes(res, "application/zip", b.zip.data, b.zip.len) ?
			     -1 :
			     0;
	else if (!rc)
		rc = at_this_machine() ? save_here(&b, res, name) : save_for_download(&b, res, name);
	buf_free(&b.zip);
	return rc;
}

/* ---- workers ------------------------------------------------------------------------------------------------ */

/* Nodes of Python packages do not run here yet: there are no instances. */
static int list_workers(struct request *req, struct response *res)
{
	struct value *v = value_map();

	(void)req;
	map_set(v, "workers", value_list());
	map_set_int(v, "count", 0);
	return res_json(res, v);
}

static int system_stats(struct request *req, struct response *res)
{
	(void)req;
	return res_json(res, load_figures());
}

static int restart_worker(struct request *req, struct response *res)
{
	(void)res;
	if (auth_provider() == AUTH_MULTI_USER && !req->user.admin)
		return req_fail(req, 403, "Admin access required");
	return req_fail(req, 404, "Worker not found");
}

/* ---- routes ------------------------------------------------------------------------------------------------- */

static const struct field export_body[] = {
	{ .name = "workflow_id", .kind = FIELD_STR, .flags = FIELD_NULLABLE, .description = "One of one's own workflows." },
	{ .name = "graph", .kind = FIELD_OBJECT, .flags = FIELD_NULLABLE, .description = "In the place of the stored one." },
	{ .name = "errors", .kind = FIELD_LIST, .flags = FIELD_NULLABLE, .item = ITEM(FIELD_STR), .max_len = ERRORS_MAX },
	{ .name = "preferred_save", .kind = FIELD_STR, .flags = FIELD_NULLABLE, .description = "desktop or downloads." },
	{ 0 },
};

static const struct field export_answer[] = {
	{ .name = "file_path", .kind = FIELD_STR, .flags = FIELD_REQUIRED },
	{ .name = "filename", .kind = FIELD_STR, .flags = FIELD_REQUIRED },
	{ .name = "message", .kind = FIELD_STR, .flags = FIELD_REQUIRED },
	{ 0 },
};

static const struct route routes[] = {
	{ "POST", "/api/debug/export", export_bundle, .body = BODY(export_body), .answer = BODY(export_answer),
	  .summary = "Make an archive for whoever looks into a fault: own objects only, without secrets." },
	{ "GET", "/api/workers", list_workers, .summary = "Instances that run nodes of Python packages." },
	{ "GET", "/api/workers/system_stats", system_stats, .summary = "How busy the machine is." },
	{ "POST", "/api/workers/{name}/restart", restart_worker, .summary = "Start an instance again." },
};

int main(int argc, char **argv)
{
	router_setup = open_database;
	router_teardown = db_default_close;
	return router_main(argc, argv, "debug", routes, ARRAY_LEN(routes));
}
