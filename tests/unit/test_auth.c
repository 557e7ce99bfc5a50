/* Tokens, modes, admin rules (notes-rest "Authentication", "Admin", "Modes"; cases/auth). */
#include "auth/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char home[] = "/tmp/test-auth-XXXXXX";
static char users_path[64];

static const char *const names[] = { "AUTH_PROVIDER", "SERVER_AUTH_TOKEN", "NODETOOL_SERVER_MODE", "ENV", "ADMIN_TOKEN",
				     "SECRETS_MASTER_KEY", "USERS_FILE", "NODETOOL_AUTH_FAILURES", "SUPABASE_URL",
				     "NODETOOL_DISABLE_OPENAI", "NODETOOL_ENABLE_DEPLOY_ADMIN" };

/* A fresh start with these settings ("NAME=value"). */
static int restart(struct err *err, const char *const *settings)
{
	memset(err, 0, sizeof(*err));
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		unsetenv(names[i]);
	for (; *settings; settings++) {
		char name[64];
		size_t n = strcspn(*settings, "=");

		snprintf(name, sizeof(name), "%.*s", (int)n, *settings);
		setenv(name, *settings + n + 1, 1);
	}
	return config_load(err) || auth_init(err) ? -1 : 0;
}
#define START(err, ...) restart(err, (const char *const[]){ __VA_ARGS__, NULL })

static void refused(const char *header, const char *key, int status, const char *detail)
{
	struct auth_user user;
	struct err err = { 0 };

	assert_int_equal(auth_check(header, key, NULL, &user, &err), -1);
	assert_int_equal(err.status, status);
	assert_string_equal(err.detail, detail);
	assert_false(user.authenticated);
}

static void accepted(const char *header, const char *key, const char *id, bool admin)
{
	struct auth_user user;
	struct err err = { 0 };

	if (auth_check(header, key, NULL, &user, &err))
		fail_msg("%s: %s", header, err.detail);
	assert_string_equal(user.id, id);
	assert_int_equal(user.admin, admin);
}

static const char required[] = "Authorization header required. Use 'Authorization: Bearer <token>'.";

static void test_local(void **state)
{
	struct err err;
	struct auth_user user;

	(void)state;
	assert_int_equal(START(&err, "AUTH_PROVIDER=whatever"), 0);
	assert_int_equal(auth_provider(), AUTH_LOCAL);
	accepted(NULL, NULL, "1", false);
	accepted("nonsense", "x", "1", false);
	assert_int_equal(auth_check(NULL, NULL, NULL, &user, &err), 0);
	assert_int_equal(auth_admin(&user, &err), -1);
	assert_int_equal(err.status, 401);
}

static void test_static(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(START(&err, "AUTH_PROVIDER=STATIC", "SERVER_AUTH_TOKEN=secret-token"), 0);
	accepted("Bearer secret-token", NULL, "1", true);
	accepted("bEARER \t secret-token ", NULL, "1", true);
	accepted(NULL, " secret-token ", "1", true);
	refused(NULL, NULL, 401, required);
	refused("", NULL, 401, required);
	refused("Bearer", NULL, 401, required);
	refused("secret-token", NULL, 401, required);
	refused("Token secret-token", NULL, 401, required);
	refused("Bearer secret-token extra", NULL, 401, required);
	refused("Bearer wrong", NULL, 401, "Invalid static token");
	refused("Bearer secret-toke", NULL, 401, "Invalid static token");
	refused(NULL, "wrong", 401, "Invalid static token");
	refused(NULL, "", 401, required);
	/* A header that is there but wrong wins over a right key. */
	refused("Bearer wrong", "secret-token", 401, "Invalid static token");
	refused("nonsense", "secret-token", 401, required);
}

static void write_users(const char *text)
{
	FILE *f = fopen(users_path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* The hashes are those of alice-token, root-token and new-token. */
static void test_multi_user(void **state)
{
	char hash[3][65];
	char text[2048];
	char setting[128];
	struct err err;

	(void)state;
	sha256_hex("alice-token", 11, hash[0]);
	sha256_hex("root-token", 10, hash[1]);
	sha256_hex("new-token", 9, hash[2]);
	snprintf(text, sizeof(text),
		 "users:\n  alice:\n    user_id: user_alice\n    role: user\n    token_hash: %s\n"
		 "  root:\n    user_id: user_root\n    role: admin\n    token_hash: '%s'\n"
		 "  broken:\n    user_id: user_broken\n    token_hash: ''\n  odd: 5\nversion: '1.0'\n",
		 hash[0], hash[1]);
	write_users(text);
	snprintf(setting, sizeof(setting), "USERS_FILE=%s", users_path);
	assert_int_equal(START(&err, "AUTH_PROVIDER=multi_user", "SERVER_AUTH_TOKEN=server", setting), 0);
	accepted("Bearer alice-token", NULL, "user_alice", false);
	accepted("Bearer root-token", NULL, "user_root", true);
	accepted("Bearer server", NULL, "1", false);
	accepted(NULL, "alice-token", "user_alice", false);
	refused("Bearer new-token", NULL, 401, "Invalid bearer token");
	refused("Bearer \"\"", NULL, 401, "Invalid bearer token");
	/* The file is read anew when it changes, and an unreadable one lets nobody in. */
	snprintf(text, sizeof(text), "users: {n: {user_id: 1, role: admin, token_hash: %s}}\n", hash[2]);
	write_users(text);
	accepted("Bearer new-token", NULL, "1", true);
	accepted("Bearer server", NULL, "1", true);
	refused("Bearer alice-token", NULL, 401, "Invalid bearer token");
	write_users("users: [");
	refused("Bearer new-token", NULL, 401, "Invalid bearer token");
	unlink(users_path);
	refused("Bearer new-token", NULL, 401, "Invalid bearer token");
}

static void test_start_is_refused(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(START(&err, "NODETOOL_SERVER_MODE=public", "AUTH_PROVIDER=static"), -1);
	assert_int_equal(START(&err, "NODETOOL_SERVER_MODE=private"), -1);
	assert_int_equal(START(&err, "NODETOOL_SERVER_MODE=open"), -1);
	assert_non_null(strstr(err.detail, "open"));
	assert_int_equal(START(&err, "ENV=production", "AUTH_PROVIDER=static", "SERVER_AUTH_TOKEN=x"), -1);
	assert_int_equal(START(&err, "NODETOOL_SERVER_MODE=private", "AUTH_PROVIDER=static", "SERVER_AUTH_TOKEN=x"), 0);
	assert_int_equal(START(&err, "NODETOOL_SERVER_MODE=PUBLIC", "AUTH_PROVIDER=supabase", "SERVER_AUTH_TOKEN=x"), 0);
	refused("Bearer other", NULL, 401, "Invalid static token");
}

static void test_modes(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(START(&err, "AUTH_PROVIDER=local"), 0);
	for (int f = 0; f < FEATURE_COUNT; f++)
		assert_true(mode_allows((enum feature)f));
	assert_int_equal(START(&err, "NODETOOL_SERVER_MODE=public", "AUTH_PROVIDER=supabase", "SERVER_AUTH_TOKEN=x",
			       "NODETOOL_DISABLE_OPENAI=1"),
			 0);
	assert_true(mode_allows(FEATURE_API));
	assert_true(mode_allows(FEATURE_STORAGE));
	assert_false(mode_allows(FEATURE_OPENAI));
	assert_false(mode_allows(FEATURE_ADMIN));
	assert_false(mode_allows(FEATURE_COLLECTION_UPLOAD));
	assert_false(mode_allows(FEATURE_TERMINAL));
	setenv("NODETOOL_ENABLE_DEPLOY_ADMIN", "yes", 1);
	assert_true(mode_allows(FEATURE_ADMIN));
}

static void test_operator(void **state)
{
	struct auth_user one = { .id = "1", .authenticated = true, .admin = true };
	struct auth_user other = { .id = "3e0f1ab2-93d1-4c9e-8a55-0123456789ab", .authenticated = true, .admin = true };
	struct err err;

	(void)state;
	assert_int_equal(START(&err, "AUTH_PROVIDER=local"), 0);
	assert_true(auth_operator(&one));
	assert_int_equal(START(&err, "AUTH_PROVIDER=static", "SERVER_AUTH_TOKEN=x"), 0);
	assert_true(auth_operator(&one));
	assert_int_equal(START(&err, "AUTH_PROVIDER=supabase", "SERVER_AUTH_TOKEN=x"), 0);
	assert_true(auth_operator(&one));
	assert_false(auth_operator(&other));
	assert_int_equal(START(&err, "AUTH_PROVIDER=multi_user", "SERVER_AUTH_TOKEN=x", "USERS_FILE=/none"), 0);
	assert_true(auth_operator(&other));
	one.admin = false;
	assert_false(auth_operator(&one));
}

static void test_admin_token(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(START(&err, "ENV=production", "AUTH_PROVIDER=static", "SERVER_AUTH_TOKEN=x", "SECRETS_MASTER_KEY=k",
			       "ADMIN_TOKEN=boss"),
			 0);
	assert_int_equal(auth_admin_token("/admin/db/workflows/x", NULL, &err), -1);
	assert_int_equal(err.status, 403);
	assert_string_equal(err.detail, "Admin token required. Use X-Admin-Token header.");
	assert_int_equal(auth_admin_token("/admin/db/workflows/x", "wrong", &err), -1);
	assert_string_equal(err.detail, "Invalid admin token.");
	assert_int_equal(auth_admin_token("/admin/db/workflows/x", "boss", &err), 0);
	assert_int_equal(auth_admin_token("/admin/collections", NULL, &err), 0);
	assert_int_equal(auth_admin_token("/admin/secrets/import", NULL, &err), 0);
	assert_int_equal(auth_admin_token("/api/admin/db/", NULL, &err), 0);
	unsetenv("ADMIN_TOKEN");
	assert_int_equal(auth_admin_token("/admin/db/workflows/x", NULL, &err), 0);
}

/* Made once, mode 0600, found again by the next start; other entries stay. */
static void test_server_token(void **state)
{
	char path[128];
	char folder[64];
	struct err err;
	struct stat st;
	char *first;
	char *second;
	FILE *f;

	(void)state;
	assert_int_equal(START(&err, "AUTH_PROVIDER=local"), 0);
	snprintf(path, sizeof(path), "%s/.config/nodetool/deployment.yaml", home);
	assert_int_not_equal(stat(path, &st), 0);
	first = server_token(&err);
	assert_non_null(first);
	assert_int_equal(strlen(first), 43);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	second = server_token(&err);
	assert_string_equal(first, second);
	free(first);
	free(second);
	f = fopen(path, "w");
	fputs("other: {a: 1}\nserver_auth_token: ''\n", f);
	fclose(f);
	first = server_token(&err);
	assert_int_equal(strlen(first), 43);
	free(first);
	f = fopen(path, "r");
	assert_non_null(fgets(folder, sizeof(folder), f));
	assert_true(str_starts(folder, "other:"));
	fclose(f);
	f = fopen(path, "w");
	fputs("- a list\n", f);
	fclose(f);
	assert_null(server_token(&err));
	unlink(path);
}

/* Too many wrong tokens of one address: refused for a minute, in every process; others are not concerned. */
static void test_failures_are_limited(void **state)
{
	struct auth_user user;
	struct err err;
	int status;
	pid_t child;

	(void)state;
	assert_int_equal(START(&err, "AUTH_PROVIDER=static", "SERVER_AUTH_TOKEN=right", "NODETOOL_AUTH_FAILURES=3"), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(auth_check("Bearer wrong", NULL, "10.0.0.1", &user, &err), -1);
		assert_int_equal(err.status, 401);
	}
	assert_int_equal(auth_check("Bearer right", NULL, "10.0.0.1", &user, &err), -1);
	assert_int_equal(err.status, 429);
	assert_int_equal(auth_check("Bearer right", NULL, "10.0.0.2", &user, &err), 0);
	/* No token at all is no guess. */
	for (int i = 0; i < 5; i++)
		assert_int_equal(auth_check(NULL, NULL, "10.0.0.3", &user, &err), -1);
	assert_int_equal(auth_check("Bearer right", NULL, "10.0.0.3", &user, &err), 0);
	child = fork();
	if (!child) {
		limit_free();
		_exit(limit_reached("10.0.0.1") ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void test_same(void **state)
{
	(void)state;
	assert_true(auth_same("a", "a"));
	assert_false(auth_same("a", "b"));
	assert_false(auth_same("a", "aa"));
	assert_false(auth_same("", ""));
	assert_false(auth_same(NULL, NULL));
}

static int start(void **state)
{
	(void)state;
	if (!mkdtemp(home))
		return -1;
	snprintf(users_path, sizeof(users_path), "%s/users.yaml", home);
	setenv("HOME", home, 1);
	setenv("NODETOOL_RUN_DIR", home, 1);
	log_set_level(LOG_LVL_ERROR);
	return 0;
}

static int finish(void **state)
{
	static const char *const left[] = { "auth-failures", ".config/nodetool/deployment.yaml.lock" };
	static const char *const folders[] = { ".config/nodetool", ".config", "" };
	char path[128];

	(void)state;
	auth_free();
	for (size_t i = 0; i < ARRAY_LEN(left); i++) {
		snprintf(path, sizeof(path), "%s/%s", home, left[i]);
		unlink(path);
	}
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		snprintf(path, sizeof(path), "%s/%s", home, folders[i]);
		rmdir(path);
	}
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_local),	 cmocka_unit_test(test_static),	      cmocka_unit_test(test_multi_user),
		cmocka_unit_test(test_start_is_refused), cmocka_unit_test(test_modes), cmocka_unit_test(test_operator), cmocka_unit_test(test_admin_token),
		cmocka_unit_test(test_server_token), cmocka_unit_test(test_failures_are_limited), cmocka_unit_test(test_same),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
