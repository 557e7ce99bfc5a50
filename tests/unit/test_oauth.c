/* oauth: logins under way (once, in time, of their service), accounts, and the token that providers read. */
#include "model/oauth_credential.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "oauth/internal.h"
#include "secret/secret.h"

static char folder[64];
static struct db *db;
static struct arena *arena;
static struct err err;

static int setup(void **state)
{
	(void)state;
	log_set_level(LOG_LVL_ERROR);
	snprintf(folder, sizeof(folder), "/tmp/test-oauth-XXXXXX");
	assert_non_null(mkdtemp(folder));
	setenv("HOME", folder, 1);
	setenv("SECRETS_MASTER_KEY", "k", 1);
	unsetenv("HF_TOKEN");
	unsetenv("DB_PATH");
	unsetenv("GITHUB_CLIENT_ID");
	assert_int_equal(config_load(&err), 0);
	arena = arena_new();
	db = db_default(&err);
	return db ? 0 : -1;
}

static int teardown(void **state)
{
	char command[96];

	(void)state;
	arena_free(arena);
	db_default_close();
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static void add_state(const char *state, int64_t expires_s)
{
	struct oauth_state s = { .user_id = "u", .service = "github", .verifier = "v", .redirect_uri = "r", .expires_s = expires_s };

	assert_int_equal(db_begin(db, &err), 0);
	assert_int_equal(oauth_state_add(db, state, &s, &err), 0);
	assert_int_equal(db_commit(db, &err), 0);
}

static int take_state(const char *state, const char *service, int64_t now_s, struct oauth_state *s)
{
	int missing;

	assert_int_equal(db_begin(db, &err), 0);
	missing = oauth_state_take(db, arena, state, service, now_s, s, &err);
	assert_int_equal(db_commit(db, &err), 0);
	return missing;
}

static void states(void **state)
{
	int64_t now = time_now_us() / 1000000;
	struct oauth_state s;

	(void)state;
	add_state("one", now + 60);
	assert_int_equal(take_state("other", "github", now, &s), 1);
	assert_int_equal(take_state("one", "google", now, &s), 1);
	assert_int_equal(take_state("one", "github", now, &s), 0);
	assert_string_equal(s.user_id, "u");
	assert_string_equal(s.verifier, "v");
	assert_string_equal(s.redirect_uri, "r");
	assert_int_equal(take_state("one", "github", now, &s), 1);
	add_state("late", now + 60);
	assert_int_equal(take_state("late", "github", now + 61, &s), 1);
	assert_int_equal(take_state("late", "github", now, &s), 1);
}

/* However many begin, the table stays small; the newest stay. */
static void many_states(void **state)
{
	int64_t now = time_now_us() / 1000000;
	struct oauth_state s = { .user_id = "u", .service = "github", .verifier = "v", .redirect_uri = "r" };
	char name[32];

	(void)state;
	assert_int_equal(db_begin(db, &err), 0);
	for (int i = 0; i < 1200; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		s.expires_s = now + 60 + i;
		assert_int_equal(oauth_state_add(db, name, &s, &err), 0);
	}
	assert_int_equal(db_commit(db, &err), 0);
	assert_int_equal(take_state("s0", "github", now, &s), 1);
	assert_int_equal(take_state("s199", "github", now, &s), 1);
	assert_int_equal(take_state("s200", "github", now, &s), 0);
	assert_int_equal(take_state("s1199", "github", now, &s), 0);
}

static void put_account(const char *id, const char *account_id, const char *token, const char *expires_at)
{
	struct oauth_credential c = { 0 };
	struct buf sealed;

	buf_init(&sealed, BUF_MAX_SMALL);
	assert_int_equal(secret_encrypt("u", token, strlen(token), &sealed, &err), 0);
	for (size_t i = 0; i < OAUTH_COLUMNS; i++)
		c.c[i] = sv_of("x");
	c.c[OAUTH_ID] = sv_of(id);
	c.c[OAUTH_USER_ID] = sv_of("u");
	c.c[OAUTH_PROVIDER] = sv_of("huggingface");
	c.c[OAUTH_ACCOUNT_ID] = sv_of(account_id);
	c.c[OAUTH_ENCRYPTED_ACCESS_TOKEN] = (struct sv){ sealed.data, sealed.len };
	c.c[OAUTH_EXPIRES_AT] = expires_at ? sv_of(expires_at) : (struct sv){ 0 };
	assert_int_equal(db_begin(db, &err), 0);
	assert_int_equal(oauth_credential_put(db, &c, &err), 0);
	assert_int_equal(db_commit(db, &err), 0);
	buf_free(&sealed);
}

static void expect_token(const char *user_id, const char *expected)
{
	char *token = secret_lookup(user_id, "HF_TOKEN");

	if (expected)
		assert_string_equal(token, expected);
	else
		assert_null(token);
	free(token);
}

/* notes-rest "Reading a secret at run time": the account's token first, as long as it is valid; of others, nothing. */
static void hugging_face_token(void **state)
{
	struct stored_secret stored;
	struct buf sealed;
	bool made;

	(void)state;
	expect_token("u", NULL);
	buf_init(&sealed, BUF_MAX_SMALL);
	assert_int_equal(secret_encrypt("u", "typed", 5, &sealed, &err), 0);
	assert_int_equal(db_begin(db, &err), 0);
	assert_int_equal(stored_secret_set(db, arena, "u", "HF_TOKEN", sealed.data, "", &stored, &made, &err), 0);
	assert_int_equal(db_commit(db, &err), 0);
	buf_free(&sealed);
	expect_token("u", "typed");
	put_account("1", "old", "expired", "2020-01-01T00:00:00+00:00");
	expect_token("u", "typed");
	put_account("3", "c", "third", NULL);
	put_account("2", "b", "second", "2999-01-01T00:00:00+00:00");
	expect_token("u", "second");
	expect_token("w", NULL);
}

static void shown(void **state)
{
	struct oauth_credential c;
	struct buf out;

	(void)state;
	assert_int_equal(oauth_credential_get(db, arena, "u", "huggingface", "b", &c, &err), 0);
	assert_int_equal(oauth_credential_get(db, arena, "w", "huggingface", "b", &c, &err), 1);
	buf_init(&out, BUF_MAX_SMALL);
	assert_int_equal(oauth_credential_json(&out, &c), 0);
	assert_string_equal(out.data, "{\"id\":\"2\",\"provider\":\"huggingface\",\"account_id\":\"b\",\"username\":\"x\","
				      "\"token_type\":\"x\",\"scope\":\"x\",\"received_at\":\"x\","
				      "\"expires_at\":\"2999-01-01T00:00:00+00:00\",\"created_at\":\"x\",\"updated_at\":\"x\"}");
	buf_free(&out);
}

static void starting(void **state)
{
	const char *url;
	const char *key;

	(void)state;
	assert_string_equal(oauth_missing(oauth_github, "u"), "GITHUB_CLIENT_ID");
	assert_null(oauth_missing(oauth_huggingface, "u"));
	assert_int_equal(oauth_start(oauth_github, arena, "u", "http://h/c", &url, &key, &err), -1);
	assert_int_equal(err.status, 500);
	assert_int_equal(oauth_start(oauth_huggingface, arena, "u", "http://h/c?a=b&c", &url, &key, &err), 0);
	assert_non_null(strstr(url, "&redirect_uri=http%3A%2F%2Fh%2Fc%3Fa%3Db%26c&"));
	assert_non_null(strstr(url, key));
}

static void headers(void **state)
{
	struct oauth_tokens tokens = { .access = "a\r\nX: y", .type = "Bearer" };
	struct value *v;
	long status;

	(void)state;
	assert_int_equal(oauth_fetch(oauth_github, arena, "http://127.0.0.1:9/", NULL, &tokens, &status, &v, &err), -1);
	assert_string_equal(err.detail, "The token of GitHub is none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states),  cmocka_unit_test(many_states), cmocka_unit_test(hugging_face_token),
		cmocka_unit_test(shown),   cmocka_unit_test(starting),	  cmocka_unit_test(headers),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
