/* storage: content types, keys, a folder store; links and folders are no files. (S3: tests/http/s3.) */
#include "storage/storage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static void test_types(void **state)
{
	(void)state;
	assert_string_equal(content_type_extension("image/png"), "png");
	assert_string_equal(content_type_extension("audio/mpeg"), "mp3");
	assert_string_equal(content_type_extension("IMAGE/PNG"), "bin");
	assert_string_equal(content_type_extension("text/plain; charset=utf-8"), "bin");
	assert_string_equal(content_type_of("a.wav"), "audio/x-wav");
	assert_string_equal(content_type_of("a.b.xml"), "application/x-maven");
	assert_string_equal(content_type_of(".png"), "application/octet-stream");
	assert_string_equal(content_type_of("a.PNG"), "application/octet-stream");
}

static void test_keys(void **state)
{
	static const struct {
		const char *raw;
		const char *key; /* NULL: refused */
	} cases[] = {
		{ "a.txt", "a.txt" }, { "a\\b.txt", "a/b.txt" }, { "./a", "a" },     { "a//./b", "a/b" }, { "", NULL },
		{ ".", NULL },        { "\\etc\\passwd", NULL }, { "..\\x", NULL }, { "a\\..\\x", NULL }, { "a\x01", NULL },
		{ "...", "..." },     { "..a", "..a" },
	};
	struct arena *arena = arena_new();
	char long_name[400];
	const char *key;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int result = store_key(arena, cases[i].raw, &key, &err);

		assert_int_equal(result, cases[i].key ? 0 : -1);
		if (cases[i].key)
			assert_string_equal(key, cases[i].key);
		else
			assert_int_equal(err.status, 400);
	}
	memset(long_name, 'x', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	assert_int_equal(store_key(arena, long_name, &key, &err), -1);
	arena_free(arena);
}

static void assert_missing(struct store *store, const char *key)
{
	struct store_info info;
	struct err err = { 0 };

	assert_int_equal(store_stat(store, key, &info, &err), -1);
	assert_int_equal(err.status, 404);
	assert_int_equal(store_read_fd(store, key, &info, &err), -1);
	assert_int_equal(err.status, 404);
}

static void test_folder(void **state)
{
	char folder[] = "/tmp/test_storage.XXXXXX";
	char path[4200];
	struct store *store;
	struct store_info info;
	struct buf out;
	struct err err;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/deep/er", folder);
	store = store_open_folder(path, &err);
	assert_non_null(store);
	buf_init(&out, 1000);
	assert_int_equal(store_put_data(store, "a/b/c.txt", "hello", 5, &err), 0);
	assert_int_equal(store_put_data(store, "a/b/c.txt", "hello!", 6, &err), 0);
	assert_int_equal(store_stat(store, "a/b/c.txt", &info, &err), 0);
	assert_int_equal(info.size, 6);
	assert_int_equal(store_read(store, "a/b/c.txt", &out, &err), 0);
	assert_string_equal(out.data, "hello!");
	assert_missing(store, "a/b");
	assert_missing(store, "a/b/c.txt/d");
	assert_missing(store, "nope");
	assert_int_equal(store_put_data(store, "a/b", "x", 1, &err), -1);
	assert_int_equal(err.status, 400);
	assert_int_equal(store_put_data(store, "a/b/c.txt/d", "x", 1, &err), -1);
	assert_int_equal(err.status, 400);
	snprintf(path, sizeof(path), "%s/deep/er/link", folder);
	assert_int_equal(symlink("/etc", path), 0);
	assert_missing(store, "link/hostname");
	assert_missing(store, "link");
	assert_int_equal(store_put_data(store, "link/x", "x", 1, &err), -1);
	assert_int_equal(store_expire(store, 3600), 0);
	assert_int_equal(store_delete(store, "a/b/c.txt", &err), 0);
	assert_int_equal(store_delete(store, "a/b/c.txt", &err), -1);
	assert_int_equal(err.status, 404);
	buf_free(&out);
	store_free(store);
}

static void test_read_limit(void **state)
{
	char folder[] = "/tmp/test_storage.XXXXXX";
	struct store *store;
	struct buf out;
	struct err err;

	(void)state;
	assert_non_null(mkdtemp(folder));
	store = store_open_folder(folder, &err);
	assert_non_null(store);
	assert_int_equal(store_put_data(store, "big", folder, sizeof(folder), &err), 0);
	buf_init(&out, 10);
	assert_int_equal(store_read(store, "big", &out, &err), -1);
	assert_int_equal(err.status, 413);
	buf_free(&out);
	store_free(store);
}

static void test_urls(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	unsetenv("ENV");
	unsetenv("S3_ACCESS_KEY_ID");
	setenv("ASSET_DOMAIN", "cdn.example.org/", 1);
	assert_string_equal(store_asset_url(arena, "a.png"), "/api/storage/a.png");
	setenv("ENV", "production", 1);
	assert_string_equal(store_asset_url(arena, "a.png"), "https://cdn.example.org/a.png");
	unsetenv("ENV");
	assert_string_equal(store_temp_url(arena, "k"), "http://localhost:7777/api/storage/temp/k");
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),      cmocka_unit_test(test_keys), cmocka_unit_test(test_folder),
		cmocka_unit_test(test_read_limit), cmocka_unit_test(test_urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
