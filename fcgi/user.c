/* Users of a multi-user server: /api/users, kept in the users file (notes-rest "Users file"). */
#include "http/http.h"

#include <stdio.h>
#include <string.h>

#include "handler.h"
#include "value/yaml.h"

#define NAME_MAX_CHARS 64

/* ---- the file -------------------------------------------------------------------------------------------- */

/* Who may ask, and whether there is anything to ask for. */
static int allowed(struct request *req)
{
	if (auth_provider() != AUTH_MULTI_USER)
		return req_fail(req, 501, "User management not available for current auth provider");
	return req->user.admin ? 0 : req_fail(req, 403, "Admin access required");
}

/* What a change of the file needs to know and what it answers. */
struct change {
	struct request *req;
	const char *username;
	const char *role; /* of a new user; NULL: the user must be there */
	struct value *answer;
};

static struct value *users_of(struct value *file)
{
	struct value *users = map_get(file, "users");

	if (!value_is(users, VALUE_MAP)) {
		users = value_map();
		map_set(file, "users", users);
	}
	if (!map_get(file, "version"))
		map_set_str(file, "version", "1.0");
	return users;
}

static struct value *answer_with_token(struct value *record, const char *username)
{
	static const char *const shown[] = { "user_id", "role", "created_at" };
	struct value *answer = value_map();
	char *token = auth_give_token(record);

	map_set_str(answer, "username", username);
	map_set_str(answer, "token", token);
	auth_wipe_token(token);
	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		struct value *v = map_get(record, shown[i]);

		map_set(answer, shown[i], v ? value_ref(v) : value_null());
	}
	return answer;
}

static int add_in_file(struct value **file, void *arg, struct err *err)
{
	struct change *c = arg;
	struct value *users = users_of(*file);
	struct value *record;
	unsigned char random[4];
	char hex[9];

	if (map_get(users, c->username))
		return err_set(err, 400, "User '%s' already exists", c->username);
	random_bytes(random, sizeof(random));
	hex_encode(random, sizeof(random), hex);
	record = value_map();
	map_set(record, "user_id", value_strf("user_%s_%s", c->username, hex));
	map_set_str(record, "username", c->username);
	map_set_str(record, "role", c->role);
	map_set(users, c->username, record);
	c->answer = answer_with_token(record, c->username);
	return 0;
}

static int reset_in_file(struct value **file, void *arg, struct err *err)
{
	struct change *c = arg;
	struct value *record = map_get(users_of(*file), c->username);

	if (!value_is(record, VALUE_MAP))
		return err_set(err, 404, "User '%s' not found", c->username);
	c->answer = answer_with_token(record, c->username);
	return 0;
}

static int remove_in_file(struct value **file, void *arg, struct err *err)
{
	struct change *c = arg;

	if (!map_remove(users_of(*file), c->username))
		return err_set(err, 404, "User '%s' not found", c->username);
	c->answer = value_map();
	map_set(c->answer, "message", value_strf("User '%s' removed successfully", c->username));
	return 0;
}

static int change_file(struct request *req, struct response *res, struct change *c,
		       int (*change)(struct value **file, void *arg, struct err *err))
{
	c->req = req;
	if (yaml_file_update(auth_users_path(req->arena), YAML_SORTED | YAML_UNICODE, change, c, &req->err)) {
		value_unref(c->answer);
		return -1;
	}
	return res_json(res, c->answer);
}

/* ---- handlers -------------------------------------------------------------------------------------------- */

/* A user as an admin sees it: the hash cut, so that nobody compares tokens by it. */
static struct value *user_value(struct sv username, const struct value *record)
{
	static const char *const shown[] = { "user_id", "role", "created_at" };
	struct value *v = value_map();

	map_set(v, "username", value_strn(username.p, username.n));
	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		struct value *entry = map_get(record, shown[i]);

		map_set(v, shown[i], entry ? value_ref(entry) : value_null());
	}
	map_set(v, "token_hash", value_strf("%.16s...", map_str(record, "token_hash", "")));
	return v;
}

static struct value *read_users(struct request *req)
{
	struct value *file = yaml_file_read(auth_users_path(req->arena), &req->err);

	if (file)
		arena_defer(req->arena, value_unref_ptr, file);
	return file;
}

static int list_users(struct request *req, struct response *res)
{
	struct value *file;
	struct value *list;
	struct value *answer;
	struct value *record;
	struct sv name;

	if (allowed(req) || !(file = read_users(req)))
		return -1;
	list = value_list();
	for (size_t i = 0; map_entry(map_get(file, "users"), i, &name, &record); i++)
		list_push(list, user_value(name, record));
	answer = value_map();
	map_set(answer, "users", list);
	return res_json(res, answer);
}

static int get_user(struct request *req, struct response *res)
{
	const char *username = req_param(req, "username");
	struct value *file;
	struct value *record;

	if (allowed(req) || !(file = read_users(req)))
		return -1;
	record = map_get(map_get(file, "users"), username);
	if (!value_is(record, VALUE_MAP))
		return req_fail(req, 404, "User '%s' not found", username);
	return res_json(res, user_value(sv_of(username), record));
}

/* Names stand in user ids, which stand in file names and keys: letters, digits, "_", "-", "." and "@". */
static bool name_ok(const char *name)
{
	size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.@");

	return n >= 1 && n <= NAME_MAX_CHARS && !name[n];
}

static int create_user(struct request *req, struct response *res)
{
	struct change c = { .username = field_name(req->body, "username"), .role = map_str(req->body, "role", "user") };

	if (allowed(req))
		return -1;
	if (strcmp(c.role, "admin") != 0 && strcmp(c.role, "user") != 0)
		return req_fail(req, 400, "A role is admin or user");
	if (!name_ok(c.username))
		return req_fail(req, 400, "A username has 1 to %d letters, digits, or any of _-.@", NAME_MAX_CHARS);
	return change_file(req, res, &c, add_in_file);
}

static int reset_token(struct request *req, struct response *res)
{
	struct change c = { .username = field_name(req->body, "username") };

	return allowed(req) ? -1 : change_file(req, res, &c, reset_in_file);
}

static int delete_user(struct request *req, struct response *res)
{
	struct change c = { .username = req_param(req, "username") };

	return allowed(req) ? -1 : change_file(req, res, &c, remove_in_file);
}

static const struct field user_create[] = {
	{ "username", FIELD_STR, FIELD_REQUIRED },
	{ "role", FIELD_STR, 0, "\"user\"", .description = "admin or user." },
	{ 0 },
};

static const struct field user_name[] = {
	{ "username", FIELD_STR, FIELD_REQUIRED },
	{ 0 },
};

static const struct route routes[] = {
	{ "GET", "/api/users/", list_users, .summary = "All users." },
	{ "POST", "/api/users/", create_user, .body = BODY(user_create), .summary = "Add a user; shows the token once." },
	{ "POST", "/api/users/reset-token", reset_token, .body = BODY(user_name), .summary = "Give a user a new token." },
	{ "GET", "/api/users/{username}", get_user, .summary = "One user." },
	{ "DELETE", "/api/users/{username}", delete_user, .summary = "Remove a user." },
};

int main(int argc, char **argv)
{
	return router_main(argc, argv, "user", routes, ARRAY_LEN(routes));
}
