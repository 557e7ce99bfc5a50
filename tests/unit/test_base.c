/* base: arenas, bounded buffers, UTF-8, times, ids, encodings, configuration. */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static int deferred_runs;

static void count_run(void *ptr)
{
	deferred_runs += *(int *)ptr;
}

static void test_arena(void **state)
{
	struct arena *arena = arena_new();
	int one = 1;
	char *big;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		char *text = arena_printf(arena, "text %d", i);

		assert_int_equal((uintptr_t)text % 16, 0);
		assert_true(str_starts(text, "text "));
	}
	big = arena_alloc(arena, 100000);
	assert_int_equal(big[0], 0);
	assert_int_equal(big[99999], 0);
	arena_defer(arena, count_run, &one);
	arena_reset(arena);
	assert_int_equal(deferred_runs, 1);
	assert_string_equal(arena_strndup(arena, "abc", 2), "ab");
	arena_defer(arena, count_run, &one);
	arena_free(arena);
	assert_int_equal(deferred_runs, 2);
	arena_free(NULL);
}

static void test_buf_limit(void **state)
{
	struct buf buf;
	char *taken;

	(void)state;
	buf_init(&buf, 10);
	assert_int_equal(buf_adds(&buf, "12345"), 0);
	assert_int_equal(buf_printf(&buf, "%d", 67890), 0);
	assert_int_equal(buf_addc(&buf, 'x'), -1);
	assert_true(buf.failed);
	assert_int_equal(buf_adds(&buf, ""), -1);
	assert_string_equal(buf.data, "1234567890");
	buf_reset(&buf);
	assert_int_equal(buf_adds(&buf, "abcdef"), 0);
	buf_consume(&buf, 2);
	assert_string_equal(buf.data, "cdef");
	taken = buf_take(&buf);
	assert_string_equal(taken, "cdef");
	free(taken);
	assert_null(buf.data);
	taken = buf_take(&buf);
	assert_string_equal(taken, "");
	free(taken);
}

static void test_utf8(void **state)
{
	static const char *const bad[] = { "\x80", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "abcdefgh\xff", "\xe2\x82" };
	char out[4];
	size_t pos = 0;

	(void)state;
	assert_true(utf8_valid("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 10));
	assert_int_equal(utf8_length("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 10), 4);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(utf8_valid(bad[i], strlen(bad[i])));
	assert_int_equal(utf8_encode(0x1f600, out), 4);
	assert_int_equal(utf8_decode(out, 4, &pos), 0x1f600);
	assert_int_equal(pos, 4);
}

static void test_views(void **state)
{
	struct sv rest = sv_of("a,,b");
	struct sv part;

	(void)state;
	assert_true(sv_split(&rest, ',', &part) && sv_eq(part, "a"));
	assert_true(sv_split(&rest, ',', &part) && part.n == 0);
	assert_true(sv_split(&rest, ',', &part) && sv_eq(part, "b"));
	assert_false(sv_split(&rest, ',', &part));
	assert_true(sv_eq(sv_trim(sv_of(" \tx \n")), "x"));
	assert_true(sv_eq_nocase(sv_of("BeArEr"), "bearer"));
	assert_true(str_ends("name.json", ".json"));
	assert_false(str_ends("n", ".json"));
}

static void test_times(void **state)
{
	char out[TIME_TEXT_MAX];
	int64_t us;

	(void)state;
	setenv("TZ", "UTC-2", 1);
	assert_string_equal(time_local(0, 'T', out), "1970-01-01T02:00:00");
	assert_string_equal(time_local(1, ' ', out), "1970-01-01 02:00:00.000001");
	assert_string_equal(time_local(-1, 'T', out), "1970-01-01T01:59:59.999999");
	assert_string_equal(time_utc(1000000, "+00:00", out), "1970-01-01T00:00:01+00:00");
	assert_int_equal(time_parse("1970-01-01T02:00:00.5", &us), 0);
	assert_int_equal(us, 500000);
	assert_int_equal(time_parse("1970-01-01 00:00:00.000001+00:00", &us), 0);
	assert_int_equal(us, 1);
	assert_int_equal(time_parse("1970-01-01T01:00:00-01:30", &us), 0);
	assert_int_equal(us, 9000000000);
	assert_int_equal(time_parse("2026-13-01", &us), -1);
	assert_int_equal(time_parse("", &us), -1);
	assert_int_equal(time_parse("2026-01-01T10:00:00x", &us), -1);
	assert_string_equal(time_http(784111777000000, out), "Sun, 06 Nov 1994 08:49:37 GMT");
	assert_int_equal(time_parse_http(out, &us), 0);
	assert_int_equal(us, 784111777000000);
	assert_int_equal(time_parse_http("yesterday", &us), -1);
}

static void test_ids(void **state)
{
	char last[ID_SIZE] = "";
	char id[ID_SIZE];

	(void)state;
	for (int i = 0; i < 10000; i++) {
		id_new(id);
		assert_int_equal(strlen(id), ID_LEN);
		assert_int_equal(strspn(id, "0123456789abcdef"), ID_LEN);
		assert_true(strcmp(last, id) < 0);
		memcpy(last, id, sizeof(last));
	}
	id_random(id);
	assert_int_equal(id[12], '4');
	assert_true(id_safe("a-B_9"));
	assert_false(id_safe(""));
	assert_false(id_safe("../x"));
	assert_false(id_safe("a.b"));
}

static void test_encodings(void **state)
{
	static const char *const texts[] = { "", "f", "fo", "foo", "foob", "\xff\xfe\xfd" };
	static const char *const coded[] = { "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "//79" };
	char hex[65];
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		buf_reset(&out);
		assert_int_equal(base64_encode(&out, texts[i], strlen(texts[i]), false), 0);
		assert_string_equal(out.data, coded[i]);
		buf_reset(&out);
		assert_int_equal(base64_decode(&out, coded[i], strlen(coded[i])), 0);
		assert_int_equal(out.len, strlen(texts[i]));
		assert_memory_equal(out.data, texts[i], out.len);
	}
	buf_reset(&out);
	assert_int_equal(base64_decode(&out, "Zg", 2), 0);
	assert_int_equal(base64_decode(&out, "Z", 1), -1);
	assert_int_equal(base64_decode(&out, "Zm9%", 4), -1);
	buf_free(&out);
	md5_hex("abc", 3, hex);
	assert_string_equal(hex, "900150983cd24fb0d6963f7d28e17f72");
	sha256_hex("abc", 3, hex);
	assert_true(str_starts(hex, "ba7816bf8f01cfea"));
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_config(void **state)
{
	char home[] = "/tmp/test_base.XXXXXX";
	char path[256];
	struct err err;

	(void)state;
	assert_non_null(mkdtemp(home));
	setenv("HOME", home, 1);
	setenv("NT_FROM_ENV", "env", 1);
	setenv("NT_BOTH", "env", 1);
	setenv("NT_NUMBER", "12x", 1);
	unsetenv("DB_PATH");
	snprintf(path, sizeof(path), "%s/.config", home);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/.config/nodetool", home);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/.config/nodetool/settings.yaml", home);
	write_file(path, "NT_BOTH: 'yaml'\nNT_EMPTY: null\nNT_FROM_ENV: \"\"\n");
	assert_int_equal(config_load(&err), 0);
	assert_string_equal(config_get("NT_BOTH"), "yaml");
	assert_string_equal(config_get("NT_FROM_ENV"), "env");
	assert_null(config_get("NT_EMPTY"));
	assert_null(config_get("NT_UNKNOWN"));
	assert_string_equal(config_get("ASSET_BUCKET"), "images");
	assert_int_equal(config_int("NT_NUMBER", 0, 100, 7), 7);
	assert_true(str_starts(config_db_path(), home));
	assert_true(str_ends(config_db_path(), "/.local/share/nodetool/nodetool.sqlite3"));
	write_file(path, "a: [1, 2\n");
	assert_int_equal(config_load(&err), -1);
	assert_int_equal(err.status, 500);
	unlink(path);
	assert_int_equal(config_load(&err), 0);
	assert_string_equal(config_get("NT_BOTH"), "env");
}

static void test_whole_files(void **state)
{
	char folder[] = "/tmp/test_base.XXXXXX";
	struct err err;
	struct buf got;
	struct stat st;
	char *path;

	(void)state;
	assert_non_null(mkdtemp(folder));
	path = xasprintf("%s/a.txt", folder);
	buf_init(&got, 8);
	assert_int_equal(file_read(path, &got, &err), -1);
	assert_int_equal(err.status, 404);
	assert_string_equal(err.detail, "a.txt cannot be read: No such file or directory");
	assert_int_equal(file_replace(path, "first", 5, 0640, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(file_replace(path, "other", 5, 0600, &err), 0);
	assert_int_equal(file_read(path, &got, &err), 0);
	assert_string_equal(got.data, "other");
	assert_int_equal(file_replace(path, "end", 3, 0600, &err), 0);
	assert_int_equal(file_read(path, &got, &err), 0); /* eight bytes in all: just what fits */
	assert_string_equal(got.data, "otherend");
	assert_int_equal(file_read(path, &got, &err), -1);
	assert_int_equal(err.status, 413);
	buf_free(&got);
	/* A folder in the way: the error says so, and nothing stays beside it. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(file_replace(path, "x", 1, 0600, &err), -1);
	assert_int_equal(err.status, 500);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(folder), 0);
	free(path);
}

static void test_utf8_clean(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" }, { "a\xc3\xa9z", "a\xc3\xa9z" }, { "cut \xc3", "cut " }, { "\xa9" "a\xe2\x82, b", "a, b" },
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(text, sizeof(text), "%s", cases[i][0]);
		utf8_clean(text);
		assert_string_equal(text, cases[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8_clean),
		cmocka_unit_test(test_arena), cmocka_unit_test(test_buf_limit), cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_views), cmocka_unit_test(test_times),     cmocka_unit_test(test_ids),
		cmocka_unit_test(test_encodings), cmocka_unit_test(test_config), cmocka_unit_test(test_whole_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
