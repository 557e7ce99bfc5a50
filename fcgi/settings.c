/* Settings (settings.yaml) and secrets (encrypted, per user): /api/settings, /admin/secrets/import. */
#include "http/http.h"

#include <stdio.h>
#include <string.h>

#include "model/model.h"
#include "notify/notify.h"
#include "secret/secret.h"
#include "settings/settings.h"

#define SETTING_MAX ((size_t)4 << 10) /* bytes of one setting as JSON */
#define SECRET_MAX ((size_t)64 << 10) /* bytes of one secret */

static void announce(const char *user_id, const char *event, const struct stored_secret *s)
{
	char etag[ETAG_SIZE];
	char id[ID_SIZE + 1];

	stored_secret_etag(s, etag);
	snprintf(id, sizeof(id), "%.*s", (int)s->c[SECRET_ID].n, s->c[SECRET_ID].p);
	notify_change(user_id, event, "secret", id, etag);
}

/* Encrypts and stores one secret in a transaction of its own. */
static int store_secret(struct request *req, const char *key, struct sv text, const char *description,
			struct stored_secret *out)
{
	struct db *db = db_default(&req->err);
	struct buf token;
	bool made = false;
	int result = -1;

	if (!db)
		return -1;
	if (text.n > SECRET_MAX)
		return req_fail(req, 413, "A secret may have at most %zu bytes", SECRET_MAX);
	buf_init(&token, SECRET_MAX * 2);
	if (secret_encrypt(req->user.id, text.p, text.n, &token, &req->err) == 0 && db_begin_durable(db, &req->err) == 0) {
		const char *stored = arena_strndup(req->arena, token.data, token.len);

		result = stored_secret_set(db, req->arena, req->user.id, key, stored, description, out, &made, &req->err);
		if (result == 0)
			result = db_commit(db, &req->err);
		db_rollback(db);
	}
	buf_free(&token);
	if (result == 0) {
		announce(req->user.id, "updated", out);
		if (made)
			announce(req->user.id, "created", out);
	}
	return result;
}

/* ---- settings -------------------------------------------------------------------------------------------- */

struct configured {
	struct value *keys; /* map key -> true */
};

static int note_key(const struct stored_secret *s, void *arg)
{
	struct configured *c = arg;

	map_setn(c->keys, s->c[SECRET_KEY].p, s->c[SECRET_KEY].n, value_bool(true));
	return 0;
}

static struct value *choices_list(const char *choices)
{
	struct value *list;
	struct sv rest;
	struct sv word;

	if (!choices)
		return value_null();
	list = value_list();
	rest = sv_of(choices);
	while (sv_split(&rest, '|', &word))
		list_push(list, value_strn(word.p, word.n));
	return list;
}

/* Users among several do not see settings that are secrets of the server (SERVER_AUTH_TOKEN). */
static struct value *plain_setting(struct request *req, const struct setting_info *info, const struct value *stored)
{
	struct value *v = map_get(stored, info->name);

	if (!v)
		return value_null();
	return settings_find_secret(info->name) && !auth_operator(&req->user) ? value_str("****") : value_ref(v);
}

static struct value *setting_value(struct request *req, const struct setting_info *info, const struct value *stored,
				   const struct value *secrets)
{
	struct value *entry = value_map();

	map_set_str(entry, "package_name", "nodetool");
	map_set_str(entry, "env_var", info->name);
	map_set_str(entry, "group", info->group);
	map_set_str(entry, "description", info->description);
	map_set(entry, "enum", choices_list(info->choices));
	if (info->secret)
		map_set(entry, "value", map_get(secrets, info->name) ? value_str("****") : value_null());
	else
		map_set(entry, "value", plain_setting(req, info, stored));
	map_set_bool(entry, "is_secret", info->secret);
	return entry;
}

static int get_settings(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	struct configured secrets;
	struct value *stored;
	struct value *list;
	struct value *answer;

	if (config_production())
		return req_fail(req, 403, "Settings cannot be read in production");
	if (!db)
		return -1;
	stored = settings_read(&req->err);
	if (!stored)
		return -1;
	arena_defer(req->arena, value_unref_ptr, stored);
	secrets.keys = value_map();
	arena_defer(req->arena, value_unref_ptr, secrets.keys);
	if (stored_secret_list(db, req->arena, req->user.id, note_key, &secrets, &req->err))
		return -1;
	list = value_list();
	for (size_t i = 0; i < settings_count(); i++)
		list_push(list, setting_value(req, settings_at(i), stored, secrets.keys));
	answer = value_map();
	map_set(answer, "settings", list);
	return res_json(res, answer);
}

/* What clients send back of a secret that they have only seen masked. */
static bool only_stars(struct sv text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '*')
			return false;
	}
	return text.n > 0;
}

static int put_secrets(struct request *req, const struct value *secrets)
{
	struct stored_secret stored;
	struct value *v;
	struct sv key;

	for (size_t i = 0; map_entry(secrets, i, &key, &v); i++) {
		const char *name = arena_strndup(req->arena, key.p, key.n);
		struct sv text;

		if (value_is_null(v) || (value_is(v, VALUE_STR) && (value_len(v) == 0 || only_stars(value_sv(v)))))
			continue;
		text = value_is(v, VALUE_STR) ? value_sv(v) : sv_of(json_text(req->arena, v, JSON_COMPACT));
		if (store_secret(req, name, text, arena_printf(req->arena, "Secret for %s", name), &stored))
			return -1;
	}
	return 0;
}

/* What of the settings in a body is written: those of the registry. Others are passed over like all unknown fields, since
 * settings.yaml rules everything (programs to start, folders, who may log in), and a page of any origin can send this. Where
 * several users share the server, only its operator changes them. */
static int check_settings(struct request *req, const struct value *given, struct value *changes)
{
	struct value *v;
	struct sv key;

	if (value_len(given) && !auth_operator(&req->user))
		return req_fail(req, 403, "Admin access required");
	for (size_t i = 0; map_entry(given, i, &key, &v); i++) {
		const char *name = arena_strndup(req->arena, key.p, key.n);

		if (!settings_find(name))
			continue;
		if (strlen(json_text(req->arena, v, JSON_COMPACT)) > SETTING_MAX)
			return req_fail(req, 422, "%s: a setting may have at most %zu bytes", name, SETTING_MAX);
		map_set(changes, name, value_ref(v));
	}
	return 0;
}

static int put_settings(struct request *req, struct response *res)
{
	struct value *changes = value_map();
	struct value *answer;

	arena_defer(req->arena, value_unref_ptr, changes);
	if (config_production())
		return req_fail(req, 403, "Settings cannot be updated in production");
	if (check_settings(req, map_get(req->body, "settings"), changes) || put_secrets(req, map_get(req->body, "secrets")) ||
	    settings_merge(changes, &req->err))
		return -1;
	answer = value_map();
	map_set_str(answer, "message", "Settings updated successfully");
	return res_json(res, answer);
}

/* ---- secrets --------------------------------------------------------------------------------------------- */

static void set_column(struct value *map, const char *name, struct sv text)
{
	map_set(map, name, text.p ? value_strn(text.p, text.n) : value_null());
}

static struct value *secret_value(const struct stored_secret *s)
{
	struct value *v = value_map();

	set_column(v, "id", s->c[SECRET_ID]);
	set_column(v, "user_id", s->c[SECRET_USER_ID]);
	set_column(v, "key", s->c[SECRET_KEY]);
	set_column(v, "description", s->c[SECRET_DESCRIPTION]);
	set_column(v, "created_at", s->c[SECRET_CREATED_AT]);
	set_column(v, "updated_at", s->c[SECRET_UPDATED_AT]);
	map_set_bool(v, "is_configured", true);
	return v;
}

static struct value *unset_secret(const struct setting_info *info)
{
	struct value *v = value_map();

	map_set(v, "id", value_null());
	map_set(v, "user_id", value_null());
	map_set_str(v, "key", info->name);
	map_set_str(v, "description", info->description);
	map_set(v, "created_at", value_null());
	map_set(v, "updated_at", value_null());
	map_set_bool(v, "is_configured", false);
	return v;
}

static int keep_secret(const struct stored_secret *s, void *arg)
{
	map_setn(arg, s->c[SECRET_KEY].p, s->c[SECRET_KEY].n, secret_value(s));
	return 0;
}

static int list_secrets(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	int64_t limit = map_int(req->query, "limit", 0);
	struct value *stored = value_map();
	struct value *list;
	struct value *answer;
	const char *next = NULL;

	arena_defer(req->arena, value_unref_ptr, stored);
	if (!db || stored_secret_list(db, req->arena, req->user.id, keep_secret, stored, &req->err))
		return -1;
	list = value_list();
	for (size_t i = 0; i < settings_count() && !next; i++) {
		const struct setting_info *info = settings_at(i);
		struct value *v = map_get(stored, info->name);

		if (!info->secret)
			continue;
		if ((int64_t)value_len(list) >= limit)
			next = info->name;
		else
			list_push(list, v ? value_ref(v) : unset_secret(info));
	}
	answer = value_map();
	map_set(answer, "secrets", list);
	map_set_str(answer, "next_key", next);
	return res_json(res, answer);
}

/* The stored secret that the path names, or 404. */
static int find_secret(struct request *req, struct stored_secret *out)
{
	struct db *db = db_default(&req->err);
	int missing = db ? stored_secret_get(db, req->arena, req->user.id, req_param(req, "key"), out, &req->err) : -1;

	return missing > 0 ? req_fail(req, 404, "Secret not found") : missing;
}

static int add_plain_value(struct request *req, const struct stored_secret *s, struct value *shown)
{
	struct buf plain;
	struct err reason;
	const char *token = arena_strndup(req->arena, s->c[SECRET_ENCRYPTED_VALUE].p, s->c[SECRET_ENCRYPTED_VALUE].n);
	int result;

	buf_init(&plain, SECRET_MAX * 2);
	result = secret_decrypt(req->user.id, token, &plain, &reason);
	if (result == 0 && !utf8_valid(plain.data ? plain.data : "", plain.len))
		result = err_set(&reason, 500, "the secret is no text");
	if (result == 0)
		map_set(shown, "value", value_strn(plain.data ? plain.data : "", plain.len));
	else
		req_fail(req, 500, "Failed to decrypt secret: %s", reason.detail);
	secret_wipe(&plain);
	return result;
}

static int get_secret(struct request *req, struct response *res)
{
	struct stored_secret s;
	struct value *shown;

	if (find_secret(req, &s))
		return -1;
	shown = secret_value(&s);
	if (map_bool(req->query, "decrypt", false) && add_plain_value(req, &s, shown)) {
		value_unref(shown);
		return -1;
	}
	return res_json(res, shown);
}

static int put_secret(struct request *req, struct response *res)
{
	const char *key = req_param(req, "key");
	const struct setting_info *info = settings_find_secret(key);
	const char *description = map_str(req->body, "description", "");
	struct stored_secret s;

	if (!info)
		return req_fail(req, 404, "Secret key '%s' is not available. Only secrets from the registry can be configured.",
				key);
	if (store_secret(req, key, value_sv(map_get(req->body, "value")), *description ? description : info->description, &s))
		return -1;
	return res_json(res, secret_value(&s));
}

static int delete_secret(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	struct stored_secret s;
	struct value *answer;
	int missing;

	if (find_secret(req, &s) || db_begin_durable(db, &req->err))
		return -1;
	missing = stored_secret_delete(db, req->user.id, req_param(req, "key"), &req->err);
	if (missing || db_commit(db, &req->err)) {
		db_rollback(db);
		return missing > 0 ? req_fail(req, 404, "Secret not found") : -1;
	}
	announce(req->user.id, "deleted", &s);
	answer = value_map();
	map_set_str(answer, "message", "Secret deleted successfully");
	return res_json(res, answer);
}

/* ---- import ---------------------------------------------------------------------------------------------- */

/* Encrypted values from another server with the same master key: stored as they are, all or none. */
static int import_secrets(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	struct stored_secret s;
	struct value *answer;
	bool made;

	if (!auth_operator(&req->user))
		return req_fail(req, 403, "Admin access required");
	if (!db || db_begin_durable(db, &req->err))
		return -1;
	for (size_t i = 0; i < value_len(req->body); i++) {
		const struct value *entry = list_at(req->body, i);

		if (stored_secret_set(db, req->arena, map_str(entry, "user_id", ""), map_str(entry, "key", ""),
				      map_str(entry, "encrypted_value", ""), map_str(entry, "description", NULL), &s, &made,
				      &req->err)) {
			db_rollback(db);
			return -1;
		}
	}
	if (db_commit(db, &req->err))
		return -1;
	answer = value_map();
	map_set_int(answer, "imported", (int64_t)value_len(req->body));
	return res_json(res, answer);
}

/* ---- routes ---------------------------------------------------------------------------------------------- */

static const struct field settings_update[] = {
	{ "settings", FIELD_OBJECT, FIELD_REQUIRED, .description = "Settings to change; null unsets." },
	{ "secrets", FIELD_OBJECT, FIELD_REQUIRED, .description = "Secrets to store; stars alone leave the stored one." },
	{ 0 }
};

static const struct field secrets_query[] = {
	{ "start_key", FIELD_STR, FIELD_NULLABLE, .description = "Accepted for older clients, without effect." },
	{ "limit", FIELD_INT, FIELD_MIN, "100", .min = 0, .description = "How many names at most." },
	{ 0 }
};

static const struct field secret_query[] = {
	{ "decrypt", FIELD_BOOL, 0, "false", .description = "Show the value too." },
	{ 0 }
};

static const struct field secret_update[] = {
	{ "value", FIELD_STR, FIELD_REQUIRED, .description = "The secret." },
	{ "description", FIELD_STR, FIELD_NULLABLE, .description = "What it is for; the registry's words when empty." },
	{ 0 }
};

static const struct field secret_import[] = {
	{ "user_id", FIELD_STR, FIELD_REQUIRED },
	{ "key", FIELD_STR, FIELD_REQUIRED },
	{ "encrypted_value", FIELD_STR, FIELD_REQUIRED },
	{ "description", FIELD_STR, FIELD_NULLABLE },
	{ "created_at", FIELD_DATETIME, FIELD_NULLABLE },
	{ "updated_at", FIELD_DATETIME, FIELD_NULLABLE },
	{ 0 }
};

static const struct route routes[] = {
	{ "GET", "/api/settings/", get_settings, .summary = "All known settings and which secrets are set." },
	{ "PUT", "/api/settings/", put_settings, .body = BODY(settings_update), .summary = "Change settings and secrets." },
	{ "GET", "/api/settings/secrets", list_secrets, .query = secrets_query, .summary = "The names of all known secrets." },
	{ "GET", "/api/settings/secrets/{key}", get_secret, .query = secret_query, .summary = "One stored secret." },
	{ "PUT", "/api/settings/secrets/{key}", put_secret, .body = BODY(secret_update), .summary = "Store a secret." },
	{ "DELETE", "/api/settings/secrets/{key}", delete_secret, .summary = "Forget a secret." },
	{ "POST", "/admin/secrets/import", import_secrets, .body = BODY_LIST(secret_import),
	  .summary = "Take over encrypted secrets of a server with the same master key." },
};

int main(int argc, char **argv)
{
	router_teardown = db_default_close;
	return router_main(argc, argv, "settings", routes, ARRAY_LEN(routes));
}
