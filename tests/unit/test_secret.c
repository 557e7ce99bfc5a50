/* secret: the Fernet specification's vectors, keys of users, the key file. */
#include "secret/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define SPEC_KEY "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="
#define SPEC_TOKEN "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA=="

static void spec_key(unsigned char key[32])
{
	struct buf raw;

	buf_init(&raw, 100);
	assert_int_equal(base64_decode(&raw, SPEC_KEY, strlen(SPEC_KEY)), 0);
	assert_int_equal(raw.len, 32);
	memcpy(key, raw.data, 32);
	buf_free(&raw);
}

static void test_specification(void **state)
{
	unsigned char key[32];
	unsigned char iv[16];
	struct buf out;

	(void)state;
	spec_key(key);
	for (int i = 0; i < 16; i++)
		iv[i] = (unsigned char)i;
	buf_init(&out, 4096);
	assert_int_equal(fernet_encrypt(key, 499162800, iv, "hello", 5, &out), 0);
	assert_string_equal(out.data, SPEC_TOKEN);
	buf_reset(&out);
	assert_int_equal(fernet_decrypt(key, SPEC_TOKEN, strlen(SPEC_TOKEN), &out), 0);
	assert_string_equal(out.data, "hello");
	buf_free(&out);
}

static void test_tampering(void **state)
{
	char token[] = SPEC_TOKEN;
	unsigned char key[32];
	struct buf out;

	(void)state;
	spec_key(key);
	buf_init(&out, 4096);
	for (size_t i = 0; token[i + 1] != '='; i++) { /* the last digit has unused bits */
		char kept = token[i];

		token[i] = kept == 'A' ? 'B' : 'A';
		assert_int_equal(fernet_decrypt(key, token, strlen(token), &out), -1);
		assert_int_equal(out.len, 0);
		token[i] = kept;
	}
	for (size_t len = 0; len + 4 < strlen(token); len += 4)
		assert_int_equal(fernet_decrypt(key, token, len, &out), -1);
	buf_free(&out);
}

static void test_users(void **state)
{
	struct buf token;
	struct buf plain;
	struct err err;

	(void)state;
	setenv("SECRETS_MASTER_KEY", "a key for tests", 1);
	buf_init(&token, 65536);
	buf_init(&plain, 65536);
	assert_int_equal(secret_encrypt("alice", "s3cret", 6, &token, &err), 0);
	assert_int_equal(secret_decrypt("alice", token.data, &plain, &err), 0);
	assert_string_equal(plain.data, "s3cret");
	secret_wipe(&plain);
	assert_int_equal(secret_decrypt("bob", token.data, &plain, &err), -1);
	assert_string_equal(err.detail, "Failed to decrypt secret");
	buf_reset(&token);
	assert_int_equal(secret_encrypt("alice", "", 0, &token, &err), 0);
	assert_int_equal(secret_decrypt("alice", token.data, &plain, &err), 0);
	assert_int_equal(plain.len, 0);
	buf_free(&token);
	buf_free(&plain);
	unsetenv("SECRETS_MASTER_KEY");
}

static void test_key_file(void **state)
{
	char home[] = "/tmp/test_secret.XXXXXX";
	char path[256];
	const char *key;
	struct stat st;
	struct err err;

	(void)state;
	assert_non_null(mkdtemp(home));
	setenv("HOME", home, 1);
	unsetenv("SECRETS_MASTER_KEY");
	assert_null(secret_master_key(false, &err));
	key = secret_master_key(true, &err);
	assert_non_null(key);
	assert_int_equal(strlen(key), 43);
	snprintf(path, sizeof(path), "%s/.config/nodetool/master.key", home);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_specification),
		cmocka_unit_test(test_tampering),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_key_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
