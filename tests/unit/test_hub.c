/* hub: the cache of the Hugging Face hub on this disk: ids, patterns, what a repository holds, deletion. */
#include "hub/hub.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char root[64];

static void shell(const char *line)
{
	char *command = xasprintf("cd '%s' && %s", root, line);

	assert_int_equal(system(command), 0);
	free(command);
}

static int setup(void **state)
{
	struct err err;

	(void)state;
	snprintf(root, sizeof(root), "/tmp/test_hub.XXXXXX");
	assert_non_null(mkdtemp(root));
	setenv("HOME", root, 1);
	setenv("HF_HUB_CACHE", root, 1);
	return config_load(&err);
}

static int teardown(void **state)
{
	(void)state;
	shell("rm -rf \"$PWD\"");
	return 0;
}

static void test_ids(void **state)
{
	static const char *const good[] = { "a", "org/name", "Org-1/na_me.v2", "0/1" };
	static const char *const bad[] = { "", "/", "a/", "/a", "a/b/c", "..", "a/..", ".a", "a/.b", "a--b", "a..b", "a b", "a/b\n", "ä" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(hub_id_ok(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(hub_id_ok(bad[i]));
}

static void test_patterns(void **state)
{
	(void)state;
	assert_true(hub_matches("*.gguf", "a.gguf"));
	assert_true(hub_matches("*.gguf", "sub/a.gguf"));
	assert_true(hub_matches("model-?.bin", "model-1.bin"));
	assert_false(hub_matches("model-?.bin", "model-12.bin"));
	assert_false(hub_matches("*.gguf", "a.gguf.part"));
}

static void test_repository(void **state)
{
	struct arena *arena = arena_new();
	struct hub_repo repo;
	struct err err;

	(void)state;
	assert_false(hub_find(arena, "acme/words", &repo));
	shell("mkdir -p models--acme--words/blobs models--acme--words/refs models--acme--words/snapshots/abc && cd models--acme--words && "
	      "printf abc > refs/main && printf '{\"model_type\":\"whisper\"}' > blobs/1 && ln -s ../../blobs/1 snapshots/abc/config.json");
	assert_true(hub_find(arena, "acme/words", &repo));
	assert_string_equal(repo.id, "acme/words");
	assert_string_equal(repo.type, "hf.automatic_speech_recognition");
	assert_int_equal(repo.file_count, 1);
	assert_int_equal(hub_file(&repo, "config.json")->size, 24);
	assert_null(hub_file(&repo, "none"));
	assert_false(hub_find(arena, "../acme", &repo));
	assert_int_equal(hub_delete("acme/words", &err), 0);
	assert_int_equal(hub_delete("acme/words", &err), 1);
	assert_false(hub_find(arena, "acme/words", &repo));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test_setup_teardown(test_repository, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
