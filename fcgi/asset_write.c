/* Assets: creating and changing. Files are complete before the database is locked, and put in place within the transaction. */
#include "asset.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "files/files.h"
#include "media/media.h"

#define SDK_AGENT "Nodetool.SDK/"

static const struct field create_fields[] = {
	{ "name", FIELD_STR, FIELD_REQUIRED, .max_len = ASSET_NAME_MAX },
	{ "content_type", FIELD_STR, FIELD_REQUIRED, .max_len = ASSET_TYPE_MAX },
	{ "parent_id", FIELD_STR, FIELD_NULLABLE },
	{ "workflow_id", FIELD_STR, FIELD_NULLABLE },
	{ "node_id", FIELD_STR, FIELD_NULLABLE },
	{ "job_id", FIELD_STR, FIELD_NULLABLE },
	{ "metadata", FIELD_OBJECT, FIELD_NULLABLE },
	{ "size", FIELD_INT, FIELD_NULLABLE },
	{ 0 },
};
static const struct field create_body = { .kind = FIELD_MODEL, .model = create_fields };

const struct field asset_create_form[] = {
	{ "json", FIELD_STR, FIELD_NULLABLE, .description = "name and content_type, and optionally parent_id, workflow_id, node_id, "
							    "job_id, metadata and size, as JSON." },
	{ "file", FIELD_FILE, FIELD_NULLABLE },
	{ 0 },
};

const struct field asset_update_body[] = {
	{ "name", FIELD_STR, FIELD_NULLABLE, .max_len = ASSET_NAME_MAX },
	{ "parent_id", FIELD_STR, FIELD_NULLABLE },
	{ "content_type", FIELD_STR, FIELD_NULLABLE, .max_len = ASSET_TYPE_MAX },
	{ "data", FIELD_STR, FIELD_NULLABLE, .description = "New content." },
	{ "data_encoding", FIELD_CHOICE, FIELD_NULLABLE, .choices = "base64", .description = "null: data is the text itself." },
	{ "metadata", FIELD_OBJECT, FIELD_NULLABLE },
	{ "duration", FIELD_FLOAT, FIELD_NULLABLE, .description = "Measured, never taken." },
	{ "size", FIELD_INT, FIELD_NULLABLE },
	{ 0 },
};

/* ---- finished files ----------------------------------------------------------------------------------- */

static void unlink_path(void *path)
{
	unlink(path);
}

/* A temporary file of the store: its descriptor; its path, which is removed with the request unless it was renamed. */
static int temporary(struct request *req, struct store *store, char **path)
{
	char name[4096];
	int fd = store_temp_file(store, name, &req->err);

	if (fd < 0)
		return -1;
	*path = arena_strdup(req->arena, name);
	arena_defer(req->arena, unlink_path, *path);
	return fd;
}

/* The thumbnail of a file in a temporary file; NULL when none can be made of it, which is no reason to refuse the file. */
static char *thumbnail_of(struct request *req, struct store *store, const char *source, const char *type)
{
	struct err err;
	char *path;
	int fd = temporary(req, store, &path);

	if (fd < 0)
		return NULL;
	close(fd);
	if (media_thumbnail(source, type, path, &err) == 0)
		return path;
	log_info("no thumbnail: %s", err.detail);
	return NULL;
}

static struct sv number_sv(struct request *req, int64_t n)
{
	return sv_of(arena_printf(req->arena, "%lld", (long long)n));
}

static struct sv size_given(struct request *req, const struct value *fields)
{
	const struct value *size = map_get(fields, "size");

	return value_is(size, VALUE_INT) ? number_sv(req, value_as_int(size)) : (struct sv){ 0 };
}

static struct sv metadata_given(struct request *req, const struct value *fields)
{
	const struct value *v = map_get(fields, "metadata");
	const char *text = value_is(v, VALUE_MAP) ? json_text(req->arena, v, JSON_COLUMN) : NULL;

	return text ? sv_of(text) : (struct sv){ 0 };
}

/* ---- create ------------------------------------------------------------------------------------------- */

/* What a new asset is made of. */
struct making {
	struct asset asset;
	const struct upload *upload;
	char *thumbnail;
};

static struct making *making_of(struct request *req)
{
	struct making *m = arena_alloc(req->arena, sizeof(*m));

	m->upload = req_upload(req, "file");
	return m;
}

/* From the user's SDK come files without a description. */
static struct value *describe_upload(struct request *req, const struct upload *upload)
{
	const char *agent = req_header(req, "User-Agent");
	struct value *fields;

	if (!upload || !agent || !str_starts(agent, SDK_AGENT))
		return NULL;
	fields = value_map();
	arena_defer(req->arena, value_unref_ptr, fields);
	map_set_str(fields, "name", *upload->filename ? upload->filename : "upload");
	map_set_str(fields, "content_type", upload->content_type);
	return fields;
}

/* The description: the part "json", or (SDK) what the file's part says. A JSON body is none (case auth/
 * multi_user_foreign_objects). 1: answered already. */
static int read_description(struct request *req, struct response *res, const struct upload *upload, struct value **fields)
{
	const struct value *json = map_get(req->body, "json");
	struct sv text = value_is(json, VALUE_STR) ? value_sv(json) : (struct sv){ 0 };

	if (text.n)
		return req_parse(req, res, text.p, text.n, &create_body, fields);
	*fields = describe_upload(req, upload);
	return *fields ? 0 : req_fail(req, 400, "Missing JSON body");
}

/* An unknown workflow is kept as it is; one of somebody else does not exist for this user. */
static int check_workflow(struct request *req, struct db *db, struct sv id)
{
	const char *owner;
	int missing;

	if (!id.n)
		return 0;
	missing = workflow_owner(db, req->arena, id.p, &owner, &req->err);
	if (missing < 0)
		return -1;
	return !missing && strcmp(owner, req->user.id) != 0 ? req_fail(req, 404, "Workflow not found") : 0;
}

/* What the content type triggers. */
static void examine(struct request *req, struct store *store, struct making *m, const char *type)
{
	char text[JSON_FLOAT_MAX];

	if (strstr(type, "video") || (!strstr(type, "audio") && strstr(type, "image"))) {
		m->thumbnail = thumbnail_of(req, store, m->upload->path, type);
	} else if (strstr(type, "audio")) {
		json_float(media_audio_duration(m->upload->path, m->upload->size), text);
		m->asset.c[ASSET_DURATION] = sv_of(arena_strdup(req->arena, text));
	}
}

static struct sv text_or_null(const struct value *fields, const char *name)
{
	struct sv text = field_text(fields, name);

	return text.n ? text : (struct sv){ 0 };
}

static void fill(struct request *req, struct making *m, const struct value *fields)
{
	struct asset *a = &m->asset;

	asset_init(req->arena, req->user.id, field_filter(fields, "parent_id"), a);
	a->c[ASSET_NAME] = field_text(fields, "name");
	a->c[ASSET_CONTENT_TYPE] = field_text(fields, "content_type");
	a->c[ASSET_WORKFLOW_ID] = text_or_null(fields, "workflow_id");
	a->c[ASSET_NODE_ID] = text_or_null(fields, "node_id");
	a->c[ASSET_JOB_ID] = text_or_null(fields, "job_id");
	a->c[ASSET_METADATA] = metadata_given(req, fields);
	a->c[ASSET_SIZE] = m->upload ? number_sv(req, m->upload->size) : size_given(req, fields);
}

/* File and thumbnail into the store. Whatever happens later, a failure takes them out again. */
static int place(struct request *req, struct store *store, const struct making *m)
{
	const char *key = asset_key(req->arena, &m->asset);
	const char *thumbnail = asset_thumbnail_key(req->arena, &m->asset);

	if (!m->upload)
		return 0;
	if (store_put_file(store, key, m->upload->path, &req->err))
		return -1;
	if (m->thumbnail && store_put_file(store, thumbnail, m->thumbnail, NULL))
		log_warn("the thumbnail of %s could not be stored", key);
	return 0;
}

static void take_out(struct request *req, struct store *store, const struct making *m)
{
	const char *keys[] = { asset_key(req->arena, &m->asset), asset_thumbnail_key(req->arena, &m->asset) };

	for (size_t i = 0; m->upload && i < ARRAY_LEN(keys); i++) {
		if (keys[i] && store_delete(store, keys[i], NULL))
			log_debug("%s was not there", keys[i]);
	}
}

static int store_new(struct request *req, struct store *store, const struct making *m)
{
	struct db *db = db_default(&req->err);
	int result;

	if (!db || check_workflow(req, db, m->asset.c[ASSET_WORKFLOW_ID]) || place(req, store, m))
		return -1;
	result = db_begin(db, &req->err) || asset_put(db, &m->asset, &req->err) || db_commit(db, &req->err) ? -1 : 0;
	db_rollback(db);
	if (result)
		take_out(req, store, m);
	return result;
}

int asset_create(struct request *req, struct response *res)
{
	struct making *m = making_of(req);
	struct value *fields;
	struct store *store;
	int answered = read_description(req, res, m->upload, &fields);

	if (answered)
		return answered < 0 ? -1 : 0;
	store = store_assets(&req->err);
	if (!store)
		return -1;
	fill(req, m, fields);
	if (m->upload && asset_is_folder(&m->asset))
		return req_fail(req, 400, "A folder has no file");
	if (m->upload)
		examine(req, store, m, m->asset.c[ASSET_CONTENT_TYPE].p);
	if (store_new(req, store, m))
		return -1;
	asset_announce(req, "created", &m->asset);
	return asset_json(&res->body, req->arena, &m->asset, ASSET_SHOWN);
}

/* ---- update ------------------------------------------------------------------------------------------- */

/* The new content, written out and waiting for its place. */
struct content {
	char *path; /* NULL: none given */
	size_t len;
};

static int decode(struct request *req, struct sv data, struct buf *out)
{
	buf_init(out, BUF_MAX_BODY);
	if (base64_decode(out, data.p, data.n) == 0)
		return 0;
	buf_free(out);
	return req_fail(req, 400, "data is no base64");
}

static int write_content(struct request *req, struct store *store, struct sv data, struct content *content)
{
	int fd = temporary(req, store, &content->path);
	size_t done = 0;
	int failed = 0;

	if (fd < 0)
		return -1;
	while (done < data.n && !failed) {
		ssize_t n = write(fd, data.p + done, data.n - done);

		if (n < 0 && errno != EINTR)
			failed = errno;
		done += n > 0 ? (size_t)n : 0;
	}
	if (close(fd) && !failed)
		failed = errno;
	content->len = data.n;
	if (!failed)
		return 0;
	return req_fail(req, failed == ENOSPC || failed == EDQUOT ? 507 : 500, "The content could not be stored: %s",
			strerror(failed));
}

static int prepare_content(struct request *req, struct store *store, struct content *content)
{
	const struct value *data = map_get(req->body, "data");
	struct buf decoded;
	int result;

	if (!value_is(data, VALUE_STR) || !value_len(data))
		return 0;
	if (!map_str(req->body, "data_encoding", NULL))
		return write_content(req, store, value_sv(data), content);
	if (decode(req, value_sv(data), &decoded))
		return -1;
	result = write_content(req, store, (struct sv){ decoded.data, decoded.len }, content);
	buf_free(&decoded);
	return result;
}

/* A new folder, unless that would close a circle. */
static int move(struct request *req, struct db *db, struct asset *a, const char *parent_id)
{
	int circle = asset_is_below(db, req->arena, req->user.id, parent_id, a->c[ASSET_ID].p, &req->err);

	if (circle)
		return circle < 0 ? -1 : req_fail(req, 400, "A folder cannot be moved into itself or below itself");
	a->c[ASSET_PARENT_ID] = sv_of(parent_id);
	return 0;
}

static int apply(struct request *req, struct db *db, struct asset *a, const struct content *content)
{
	struct sv name = sv_trim(field_text(req->body, "name"));
	struct sv type = field_text(req->body, "content_type");
	const char *parent_id = field_filter(req->body, "parent_id");
	const struct value *metadata = map_get(req->body, "metadata");
	struct sv size = size_given(req, req->body);

	if (parent_id && move(req, db, a, parent_id))
		return -1;
	if (name.n)
		a->c[ASSET_NAME] = name;
	if (type.n && sv_eq(type, ASSET_FOLDER) != asset_is_folder(a))
		return req_fail(req, 400, "A file cannot become a folder, nor a folder a file");
	if (type.n)
		a->c[ASSET_CONTENT_TYPE] = type;
	if (value_len(metadata))
		a->c[ASSET_METADATA] = metadata_given(req, req->body);
	if (content->path)
		size = number_sv(req, (int64_t)content->len);
	if (size.p)
		a->c[ASSET_SIZE] = size;
	a->c[ASSET_UPDATED_AT] = row_now(req->arena);
	return 0;
}

/* New content goes to the name that the type gives; a new type alone renames the file. */
static int place_content(struct request *req, struct store *store, const char *old_key, const struct asset *a,
			 const struct content *content)
{
	const char *key = asset_key(req->arena, a);
	bool renamed = key && old_key && strcmp(key, old_key) != 0;

	if (content->path && !key)
		return req_fail(req, 400, "A folder has no file");
	if (content->path) {
		if (store_put_file(store, key, content->path, &req->err))
			return -1;
		if (renamed && store_delete(store, old_key, NULL))
			log_debug("%s was not there", old_key);
	} else if (renamed && store_rename(store, old_key, key, &req->err)) {
		return req->err.status == 404 ? 0 : -1;
	}
	return 0;
}

static int update_locked(struct request *req, struct db *db, struct store *store, struct asset *a,
			 const struct content *content)
{
	const char *old_key;

	if (db_begin(db, &req->err) || asset_find(req, db, a))
		return -1;
	old_key = asset_key(req->arena, a);
	if (apply(req, db, a, content) || asset_put(db, a, &req->err) || place_content(req, store, old_key, a, content))
		return -1;
	return db_commit(db, &req->err);
}

int asset_update(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	struct content content = { 0 };
	struct store *store;
	struct asset a;
	int result;

	/* Looked for first: nothing is written for what is not there. */
	if (asset_find(req, db, &a))
		return -1;
	store = store_assets(&req->err);
	if (!store || prepare_content(req, store, &content))
		return -1;
	result = update_locked(req, db, store, &a, &content);
	db_rollback(db);
	if (result)
		return -1;
	asset_announce(req, "updated", &a);
	return asset_json(&res->body, req->arena, &a, ASSET_SHOWN);
}

/* ---- thumbnails --------------------------------------------------------------------------------------- */

int asset_make_thumbnail(struct request *req, struct response *res)
{
	struct store *store = store_assets(&req->err);
	char source[4096];
	bool copied;
	const char *type;
	char *thumbnail;
	struct asset a;
	int fd;
	int result;

	if (!store || asset_find(req, db_default(&req->err), &a))
		return -1;
	type = arena_strndup(req->arena, a.c[ASSET_CONTENT_TYPE].p ? a.c[ASSET_CONTENT_TYPE].p : "", a.c[ASSET_CONTENT_TYPE].n);
	if (!str_starts(type, "video/"))
		return req_fail(req, 400, "Asset is not a video");
	if (!asset_key(req->arena, &a))
		return req_fail(req, 404, "File not found");
	if (store_local_path(store, asset_key(req->arena, &a), source, &copied, &req->err))
		return -1;
	fd = temporary(req, store, &thumbnail);
	if (fd >= 0)
		close(fd);
	result = fd < 0 || media_thumbnail(source, type, thumbnail, &req->err) ||
		 store_put_file(store, asset_thumbnail_key(req->arena, &a), thumbnail, &req->err);
	if (copied)
		unlink(source);
	return result ? -1 : asset_json(&res->body, req->arena, &a, ASSET_SHOWN);
}
