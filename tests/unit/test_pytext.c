/* pytext: Python's methods of texts and its regular expressions. */
#include "pytext/pytext.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void check_case(enum pytext_case to, const char *text, const char *expected)
{
	struct buf out;

	buf_init(&out, BUF_MAX_SMALL);
	assert_int_equal(pytext_case(&out, sv_of(text), to), 0);
	assert_string_equal(out.data, expected);
	buf_free(&out);
}

static void test_case(void **state)
{
	(void)state;
	check_case(PYTEXT_UPPER, "straße ŉ ﬁ ǆ", "STRASSE ʼN FI Ǆ");
	check_case(PYTEXT_LOWER, "ΑΣ ΣΑΣ. İ", "ας σας. i̇");
	check_case(PYTEXT_TITLE, "they're 3rd ǆ ﬁx", "They'Re 3Rd ǅ Fix");
	check_case(PYTEXT_CAPITALIZE, "éÀ HELLO", "Éà hello");
	check_case(PYTEXT_SWAPCASE, "aBß1", "AbSS1");
}

static void test_positions(void **state)
{
	const struct sv text = SV_LIT("a😀bé");
	int64_t one = 1;
	int64_t minus = -1;
	struct sv part = pytext_slice(text, &one, &minus);
	struct buf out;

	(void)state;
	assert_int_equal(part.n, 5);
	assert_int_equal(pytext_index(text, SV_LIT("é"), 0, 100, false), 3);
	assert_int_equal(pytext_index(text, SV_LIT("é"), 0, 3, false), -1);
	assert_int_equal(pytext_index(text, SV_LIT(""), 2, 4, true), 4);
	assert_int_equal(pytext_index(text, SV_LIT("a"), -1, 4, false), -1);
	assert_int_equal(pytext_count(SV_LIT("aaaa"), SV_LIT("aa")), 2);
	buf_init(&out, BUF_MAX_SMALL);
	assert_int_equal(pytext_slice_step(&out, text, NULL, NULL, -1), 0);
	assert_string_equal(out.data, "éb😀a");
	buf_reset(&out);
	assert_int_equal(pytext_slice_step(&out, text, NULL, NULL, 2), 0);
	assert_string_equal(out.data, "ab");
	buf_reset(&out);
	assert_int_equal(pytext_slice_step(&out, text, NULL, NULL, INT64_MIN), 0);
	assert_string_equal(out.data, "é");
	buf_free(&out);
}

static void check_list(struct value *list, const char *expected)
{
	struct arena *arena = arena_new();

	assert_string_equal(list ? json_text(arena, list, 0) : "NULL", expected);
	arena_free(arena);
	value_unref(list);
}

static void test_cutting(void **state)
{
	struct sv text = pytext_strip(SV_LIT("\x1c\t\xc2\xa0 a b \xe2\x80\x83\xc2\x85"), true, true);

	(void)state;
	assert_true(sv_eq(text, "a b"));
	assert_true(sv_eq(pytext_strip_chars(SV_LIT("éxé"), SV_LIT("é"), true, false), "xé"));
	check_list(pytext_split(SV_LIT("a,b,,c"), SV_LIT(","), -1), "[\"a\",\"b\",\"\",\"c\"]");
	check_list(pytext_split(SV_LIT("a,b,c"), SV_LIT(","), 1), "[\"a\",\"b,c\"]");
	check_list(pytext_split(SV_LIT(""), SV_LIT(","), -1), "[\"\"]");
	check_list(pytext_split(SV_LIT("a"), SV_LIT(""), -1), "NULL");
	check_list(pytext_split_space(SV_LIT("  a  b c "), -1), "[\"a\",\"b\",\"c\"]");
	check_list(pytext_split_space(SV_LIT("  a  b c "), 1), "[\"a\",\"b c \"]");
	check_list(pytext_lines(SV_LIT("a\r\nb\rc\n\nd\xe2\x80\xa8"), false), "[\"a\",\"b\",\"c\",\"\",\"d\"]");
	check_list(pytext_lines(SV_LIT("a\nb"), true), "[\"a\\n\",\"b\"]");
	assert_int_equal(pytext_word_count(SV_LIT(" a b\xc2\xa0""c ")), 3);
}

static void check_replace(const char *text, const char *old, const char *new_text, int64_t max, const char *expected)
{
	struct buf out;

	buf_init(&out, BUF_MAX_SMALL);
	assert_int_equal(pytext_replace(&out, sv_of(text), sv_of(old), sv_of(new_text), max), 0);
	assert_string_equal(out.data, expected);
	buf_free(&out);
}

static void test_replacing(void **state)
{
	(void)state;
	check_replace("aaa", "aa", "b", -1, "ba");
	check_replace("aé", "", "-", -1, "-a-é-");
	check_replace("abc", "", "-", 2, "-a-bc");
	check_replace("banana", "an", "", 1, "bana");
}

/* ---- regular expressions ------------------------------------------------------------------------------ */

/* findall with group 0 as JSON, or "error: …". */
static void check_find(const char *pattern, int flags, const char *text, const char *expected)
{
	struct err err = { 0 };
	struct pyre *re = pyre_compile(sv_of(pattern), flags, &err);
	struct pyre_iter iter;
	struct value *list;

	if (!re) {
		assert_string_equal(expected, "error");
		assert_true(*err.detail);
		return;
	}
	iter = pyre_iter(re, sv_of(text));
	list = value_list();
	while (pyre_next(&iter, &err) == 1)
		list_push(list, pyre_group(re, sv_of(text), 0, value_null()));
	check_list(list, expected);
	pyre_free(re);
}

static void test_find(void **state)
{
	(void)state;
	check_find("\\d+", 0, "a1 ٣٤", "[\"1\",\"٣٤\"]");
	check_find("(?a)\\d+|\\w", 0, "1é٣", "[\"1\"]");
	check_find("\\s", 0, "a\x1c\xc2\x85\xe1\xa0\x8e", "[\"\\u001c\",\"\xc2\x85\"]");
	check_find("[\\s\\d]", 0, "a\x1d""1", "[\"\\u001d\",\"1\"]");
	check_find("[^\\S\\n]+", 0, "a \t\n b", "[\" \\t\",\" \"]");
	check_find("a*", 0, "baac", "[\"\",\"aa\",\"\",\"\"]");
	check_find("^", PYRE_MULTILINE, "a\n", "[\"\",\"\"]");
	check_find("a$", 0, "a\n", "[\"a\"]");
	check_find("a\\Z", 0, "a\n", "[]");
	check_find(".", 0, "\r\n", "[\"\\r\"]");
	check_find("(?P<x>a)(?P=x)", 0, "aab", "[\"aa\"]");
	check_find("(?x) a  # comment\n b", 0, "ab", "[\"ab\"]");
	check_find("(?i)ß|K", 0, "ẞ", "[\"ẞ\"]");
	check_find("(a)?b(?(1)c|d)", 0, "abc bd", "[\"abc\",\"bd\"]");
	check_find("x{,2}y", 0, "xxxy", "[\"xxy\"]");
	check_find("a{1", 0, "a{1", "[\"a{1\"]");
	check_find("[]a]+", 0, "]a", "[\"]a\"]");
	check_find("[a\\]]+", 0, "]a", "[\"]a\"]");
	check_find("[[:a]+", 0, "[:a]", "[\"[:a\"]");
	check_find("(?i:a)b", 0, "Ab AB", "[\"Ab\"]");
	check_find("\\u00e9\\x41", 0, "éA", "[\"éA\"]");
	check_find("\\101\\0", 0, "A", "[]");
	check_find("(?<=\\$)\\d", 0, "$5", "[\"5\"]");
}

static void test_bad_patterns(void **state)
{
	static const char *const patterns[] = { "(",    ")",      "[",     "a**",    "*a",      "\\",      "\\q",    "(?P<1>a)",
						"\\1",  "(a\\1)", "(?P=n)", "a(?i)b", "[b-a]",   "(?P<a>)(?P<a>)", "\\x1", "a{3,2}",
						"(?<=a+)b", "\\z", "(?R)",  "(?&x)",  "[\\d-z]", "a{2}{3}", "(?z)",   "\\p{L}" };
	char *long_pattern = xcalloc(1, 70000);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		struct pyre *re = pyre_compile(sv_of(patterns[i]), 0, NULL);

		if (re)
			fail_msg("%s was accepted", patterns[i]);
	}
	memset(long_pattern, '(', 69999);
	check_find(long_pattern, 0, "", "error");
	long_pattern[1000] = '\0';
	check_find(long_pattern, 0, "", "error");
	free(long_pattern);
}

static void test_limits(void **state)
{
	char text[60];
	struct err err = { 0 };
	struct pyre *re = pyre_compile(SV_LIT("(a|aa|a*)+$"), 0, &err);

	(void)state;
	assert_non_null(re);
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = 'b';
	assert_int_equal(pyre_exec(re, (struct sv){ text, sizeof(text) }, 0, PYRE_MATCH, false, &err), -1);
	assert_non_null(strstr(err.detail, "limit"));
	assert_int_equal(pyre_exec(re, SV_LIT("\xff"), 0, PYRE_MATCH, false, &err), -1);
	pyre_free(re);
}

static void check_sub(const char *pattern, const char *replacement, const char *text, int64_t count, const char *expected)
{
	struct err err = { 0 };
	struct pyre *re = pyre_compile(sv_of(pattern), 0, &err);
	struct buf out;
	int status;

	assert_non_null(re);
	buf_init(&out, BUF_MAX_SMALL);
	status = pyre_sub(&out, re, sv_of(replacement), sv_of(text), count, &err);
	assert_string_equal(status < 0 ? "error" : out.data, expected);
	buf_free(&out);
	pyre_free(re);
}

static void test_sub(void **state)
{
	(void)state;
	check_sub("(?P<x>a)|b", "[\\g<x>\\1\\g<0>]", "ab", 0, "[aaa][b]");
	check_sub("a*", "-", "baac", 0, "-b--c-");
	check_sub("", "-", "aé", 0, "-a-é-");
	check_sub("\\d", "#", "1 2 3", 2, "# # 3");
	check_sub("\\d", "#", "1 2 3", -1, "1 2 3");
	check_sub("b", "\\n\\t\\\\\\.$1\\101", "abc", 0, "a\n\t\\\\.$1Ac");
	check_sub("b", "\\9", "abc", 0, "error");
	check_sub("b", "\\q", "abc", 0, "error");
	check_sub("b", "\\g<x>", "abc", 0, "error");
	check_sub("b", "\\g<0", "abc", 0, "error");
	check_sub("b", "\\", "abc", 0, "error");
}

static void check_split(const char *pattern, const char *text, int64_t max, const char *expected)
{
	struct pyre *re = pyre_compile(sv_of(pattern), 0, NULL);

	assert_non_null(re);
	check_list(pyre_split(re, sv_of(text), max, NULL), expected);
	pyre_free(re);
}

static void test_split(void **state)
{
	(void)state;
	check_split("\\d", "a1b2c", 0, "[\"a\",\"b\",\"c\"]");
	check_split("\\d", "a1b2c", 1, "[\"a\",\"b2c\"]");
	check_split("(x)?b", "ab", 0, "[\"a\",null,\"\"]");
	check_split("\\b", "abc", 0, "[\"\",\"abc\",\"\"]");
	check_split(",", "", 0, "[\"\"]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_case),      cmocka_unit_test(test_positions), cmocka_unit_test(test_cutting),
		cmocka_unit_test(test_replacing), cmocka_unit_test(test_find),      cmocka_unit_test(test_bad_patterns),
		cmocka_unit_test(test_limits),    cmocka_unit_test(test_sub),       cmocka_unit_test(test_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
