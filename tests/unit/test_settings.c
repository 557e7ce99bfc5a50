/* settings: the registry's order, merging into settings.yaml, and that readers notice. */
#include "settings/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

static void test_registry(void **state)
{
	bool secrets = false;

	(void)state;
	assert_int_equal(settings_count(), 53);
	for (size_t i = 0; i < settings_count(); i++) {
		assert_true(settings_at(i)->secret || !secrets);
		secrets = settings_at(i)->secret;
	}
	assert_non_null(settings_find_secret("HF_TOKEN"));
	assert_null(settings_find_secret("FONT_PATH"));
}

static void test_merge(void **state)
{
	char home[] = "/tmp/test_settings.XXXXXX";
	char path[256];
	struct value *changes = value_map();
	struct value *all;
	struct stat st;
	struct err err;

	(void)state;
	assert_non_null(mkdtemp(home));
	setenv("HOME", home, 1);
	assert_int_equal(config_load(&err), 0);
	map_set_str(changes, "FONT_PATH", "/fonts");
	map_set_str(changes, "OTHER", "yes");
	map_set(changes, "NOTHING", value_null());
	assert_int_equal(settings_merge(changes, &err), 0);
	assert_null(config_get("FONT_PATH"));
	config_refresh();
	assert_string_equal(config_get("FONT_PATH"), "/fonts");
	map_set_str(changes, "FONT_PATH", "");
	assert_true(map_remove(changes, "OTHER"));
	assert_int_equal(settings_merge(changes, &err), 0);
	config_refresh();
	assert_null(config_get("FONT_PATH"));
	assert_string_equal(config_get("OTHER"), "yes");
	all = settings_read(&err);
	assert_non_null(all);
	assert_string_equal(map_str(all, "FONT_PATH", NULL), "");
	assert_true(value_is(map_get(all, "NOTHING"), VALUE_NULL));
	snprintf(path, sizeof(path), "%s/.config/nodetool/settings.yaml", home);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	value_unref(all);
	value_unref(changes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registry),
		cmocka_unit_test(test_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
