/* process: output, input, exit status, limits on time and output, programs that are not there. */
#include "process/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static struct process_result run(const char *script, const char *input, int64_t timeout_ms, struct buf *out, struct buf *errors)
{
	const char *argv[] = { "sh", "-c", script, NULL };
	struct process_options o = { .argv = argv, .input = input, .input_len = input ? strlen(input) : 0,
				     .timeout_ms = timeout_ms };
	struct process_result result;
	struct err err;

	assert_int_equal(process_run(&o, out, errors, &result, &err), 0);
	return result;
}

static void test_talk(void **state)
{
	struct process_result r;
	struct buf out;
	struct buf errors;

	(void)state;
	buf_init(&out, 1 << 20);
	buf_init(&errors, 1 << 20);
	r = run("cat; echo problem >&2; exit 3", "hello", 0, &out, &errors);
	assert_int_equal(r.status, 3);
	assert_false(r.timed_out);
	assert_string_equal(out.data, "hello");
	assert_string_equal(errors.data, "problem\n");
	buf_free(&out);
	buf_free(&errors);
}

static void test_large_both_ways(void **state)
{
	char *text = xmalloc(1000001);
	struct process_result r;
	struct buf out;

	(void)state;
	memset(text, 'x', 1000000);
	text[1000000] = '\0';
	buf_init(&out, 1 << 21);
	r = run("cat", text, 0, &out, NULL);
	assert_int_equal(r.status, 0);
	assert_int_equal(out.len, 1000000);
	r = run("true", text, 0, NULL, NULL); /* never reads: the broken pipe is no harm */
	assert_int_equal(r.status, 0);
	buf_free(&out);
	free(text);
}

static void test_limits(void **state)
{
	int64_t start = time_mono_us();
	struct process_result r;
	struct buf out;

	(void)state;
	r = run("sleep 60 & sleep 60", NULL, 200, NULL, NULL);
	assert_true(r.timed_out);
	r = run("exec >&- 2>&-; sleep 60", NULL, 200, NULL, NULL);
	assert_true(r.timed_out);
	assert_true(time_mono_us() - start < 20000000);
	buf_init(&out, 1000);
	r = run("yes", NULL, 0, &out, NULL);
	assert_true(r.too_much);
	buf_free(&out);
}

static void test_missing_program(void **state)
{
	const char *argv[] = { "no-such-program-here", NULL };
	struct process_options o = { .argv = argv };
	struct process_result result;
	struct err err;

	(void)state;
	assert_int_equal(process_run(&o, NULL, NULL, &result, &err), -1);
	assert_string_equal(err.detail, "no-such-program-here: No such file or directory");
}

static void test_environment(void **state)
{
	struct process_result r;
	struct buf out;

	(void)state;
	setenv("SECRET_OF_OURS", "x", 1);
	buf_init(&out, 1 << 16);
	r = run("env", NULL, 0, &out, NULL);
	assert_int_equal(r.status, 0);
	assert_null(strstr(out.data, "SECRET_OF_OURS"));
	assert_non_null(strstr(out.data, "PATH="));
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_talk),            cmocka_unit_test(test_large_both_ways),
		cmocka_unit_test(test_limits),          cmocka_unit_test(test_missing_program),
		cmocka_unit_test(test_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
