/* Taking secrets out of texts and values: known ones, names, forms. */
#include "secret/secret.h"
#include "value/value.h"

#include "db/db.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static struct redactor *redactor;

static void expect_text(const char *in, const char *wanted)
{
	struct buf out;

	buf_init(&out, BUF_MAX_SMALL);
	assert_int_equal(redact_text(redactor, sv_of(in), &out), 0);
	assert_string_equal(out.data ? out.data : "", wanted);
	buf_free(&out);
}

static void test_known(void **state)
{
	(void)state;
	redactor_add(redactor, "first-value");
	redactor_add(redactor, "first-value-and-more");
	redactor_add(redactor, "a \"b\" c");
	redactor_add(redactor, "abc"); /* too short to be one */
	redactor_add(redactor, NULL);
	expect_text("", "");
	expect_text("x first-value y first-value-and-more z", "x [removed] y [removed] z");
	expect_text("first-valuefirst-value", "[removed][removed]");
	expect_text("a \"b\" c, a \\\"b\\\" c, a%20%22b%22%20c, abc", "[removed], [removed], [removed], abc");
	expect_text("the variable says in-the-environment", "the variable says [removed]");
}

static void test_names(void **state)
{
	static const char *const sound[] = { "api_key", "OPENAI_API_KEY", "accessToken", "password", "Authorization", "X-Admin-Token",
					     "S3_ACCESS_KEY_ID", "clientSecret", "token" };
	static const char *const do_not[] = { "max_tokens", "key", "tokenizer", "author", "passwordless", "", "name" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sound); i++)
		assert_true(secret_sounds(sv_of(sound[i])));
	for (size_t i = 0; i < ARRAY_LEN(do_not); i++)
		assert_false(secret_sounds(sv_of(do_not[i])));
}

static void test_forms(void **state)
{
	(void)state;
	expect_text("api_key=abcd1234&x=1", "api_key=[removed]&x=1");
	expect_text("{\"password\": \"two words\", \"a\": 1}", "{\"password\": [removed], \"a\": 1}");
	expect_text("Authorization: Bearer abcdefgh next", "Authorization: [removed] next");
	expect_text("got Bearer abcdefgh1 next", "got Bearer [removed] next");
	expect_text("https://ann:secret1@host/x", "https://ann:[removed]@host/x");
	expect_text("sk-abcdefghijklmnop0 hf_abcdefghijklmnop0", "[removed] [removed]");
	expect_text("eyJhbGciOiJI.eyJzdWIi.c2ln end", "[removed] end");
	expect_text("max_tokens=5000, tokens: 1234, token_count=9999", "max_tokens=5000, tokens: 1234, token_count=9999");
	expect_text("api_key=[removed] x", "api_key=[removed] x");
}

static void test_values(void **state)
{
	static const char in[] = "{\"a\":[\"token=abcdef\",1,null],\"api_key\":\"abc\",\"password\":\"\",\"max_tokens\":5,"
				 "\"b\":{\"secret\":{\"x\":\"y\"}}}";
	struct json_error why;
	struct value *v = json_parse(in, strlen(in), &why);
	struct value *clean = redact_value(redactor, v);
	struct buf out;

	(void)state;
	buf_init(&out, BUF_MAX_SMALL);
	assert_int_equal(json_write(&out, clean, JSON_COMPACT), 0);
	assert_string_equal(out.data, "{\"a\":[\"token=[removed]\",1,null],\"api_key\":\"[removed]\",\"password\":\"\",\"max_tokens\":5,"
				      "\"b\":{\"secret\":{\"x\":\"y\"}}}");
	buf_free(&out);
	value_unref(v);
	value_unref(clean);
}

/* No bytes break it, and a long text without an end to a word is no burden. */
static void test_any_bytes(void **state)
{
	size_t len = (size_t)1 << 20;
	char *text = xmalloc(len);
	struct buf out;

	(void)state;
	memset(text, 'a', len);
	text[100] = '\0';
	text[200] = (char)0xff;
	buf_init(&out, len * 2);
	assert_int_equal(redact_text(redactor, (struct sv){ text, len }, &out), 0);
	assert_int_equal(out.len, len);
	buf_free(&out);
	buf_init(&out, 100);
	assert_int_equal(redact_text(redactor, (struct sv){ text, len }, &out), -1);
	buf_free(&out);
	free(text);
}

static int set_up(void **state)
{
	static char home[] = "/tmp/test-redact.XXXXXX";
	struct err err = { 0 };

	(void)state;
	if (!mkdtemp(home) || setenv("HOME", home, 1) || setenv("MY_SECRET", "in-the-environment", 1) || config_load(&err))
		return -1;
	*state = home;
	redactor = redactor_new("1", &err);
	return redactor ? 0 : -1;
}

static int tear_down(void **state)
{
	char *command = xasprintf("rm -rf '%s'", (char *)*state);
	int rc = system(command);

	redactor_free(redactor);
	db_default_close();
	free(command);
	return rc;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known), cmocka_unit_test(test_names),	cmocka_unit_test(test_forms),
		cmocka_unit_test(test_values), cmocka_unit_test(test_any_bytes),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
