/* Files going out and coming in: ranges, conditions, folders that cannot be left, multipart uploads. */
#include "http_mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/test-http-XXXXXX";

static int stored(struct request *req, struct response *res)
{
	res->type = "text/plain; charset=utf-8";
	return res_file(res, "assets", folder, req_param(req, "key"));
}

static int uploaded(struct request *req, struct response *res)
{
	struct value *v = value_map();
	const struct upload *u = req_upload(req, "file");
	struct stat st;

	map_set(v, "fields", value_ref(req->body));
	if (u) {
		assert_int_equal(stat(u->path, &st), 0);
		assert_int_equal(st.st_size, u->size);
		assert_int_equal(st.st_mode & 0777, 0600);
		map_set_str(v, "sha256", u->sha256);
	}
	return res_json(res, v);
}

static const struct field upload_form[] = { { "file", FIELD_FILE, FIELD_REQUIRED }, { "note", FIELD_STR, 0, "\"none\"" }, { 0 } };
static const struct route routes[] = {
	{ "GET", "/api/files/{key:path}", stored },
	{ "POST", "/api/upload", uploaded, ROUTE_MULTIPART, .form = upload_form },
};

#define ENV(...) ((const char *const[]){ __VA_ARGS__, NULL })

static struct answer ask(const char *const *env, const char *body)
{
	return mem_serve(routes, ARRAY_LEN(routes), env, body, body ? strlen(body) : SIZE_MAX);
}

static void write_file(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static struct answer get_file(const char *uri, const char *header)
{
	char u[128];

	snprintf(u, sizeof(u), "REQUEST_URI=/api/files/%s", uri);
	return ask(ENV("REQUEST_METHOD=GET", u, header ? header : "X="), NULL);
}

static void test_files(void **state)
{
	static const struct {
		const char *header;
		int status;
		const char *body;
		const char *range;
	} cases[] = {
		{ NULL, 200, "0123456789", NULL },
		{ "HTTP_RANGE=bytes=2-4", 206, "234", "bytes 2-4/10" },
		{ "HTTP_RANGE=bytes=7-", 206, "789", "bytes 7-9/10" },
		{ "HTTP_RANGE=bytes=-3", 206, "789", "bytes 7-9/10" },
		{ "HTTP_RANGE=bytes=-30", 206, "0123456789", "bytes 0-9/10" },
		{ "HTTP_RANGE=bytes=8-100", 206, "89", "bytes 8-9/10" },
		{ "HTTP_RANGE=bytes=10-", 416, NULL, "bytes */10" },
		{ "HTTP_RANGE=bytes=-0", 416, NULL, "bytes */10" },
		{ "HTTP_RANGE=bytes=5-2", 200, "0123456789", NULL },
		{ "HTTP_RANGE=bytes=0-1,4-5", 200, "0123456789", NULL },
		{ "HTTP_RANGE=lines=1-2", 200, "0123456789", NULL },
		{ "HTTP_RANGE=bytes=99999999999999999999-", 200, "0123456789", NULL },
		{ "HTTP_IF_MODIFIED_SINCE=Fri, 01 Jan 2100 00:00:00 GMT", 304, "", NULL },
		{ "HTTP_IF_MODIFIED_SINCE=Thu, 01 Jan 1970 00:00:00 GMT", 200, "0123456789", NULL },
		{ "HTTP_IF_NONE_MATCH=*", 304, "", NULL },
	};
	struct answer a;

	(void)state;
	write_file("digits", "0123456789");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *range;

		a = get_file("digits", cases[i].header);
		range = answer_header(&a, "Content-Range");
		if (a.status != cases[i].status || (cases[i].body && strcmp(a.body, cases[i].body) != 0) ||
		    (range != NULL) != (cases[i].range != NULL) || (range && strcmp(range, cases[i].range) != 0))
			fail_msg("%s: %d %s %s", cases[i].header, a.status, a.body, range ? range : "-");
		answer_free(&a);
	}
	a = get_file("digits", "NODETOOL_ACCEL=/.stored");
	assert_string_equal(answer_header(&a, "X-Accel-Redirect"), "/.stored/assets/digits");
	assert_int_equal(a.len, 0);
	answer_free(&a);
}

static void test_files_stay_inside(void **state)
{
	static const char *const outside[] = { "nope", "../../etc/passwd", "%2e%2e/x", "link", "dir", "dir/", "/etc/passwd", "", ".",
					       "dir/../digits/", "a%00b" };
	char path[256];
	char other[256];

	(void)state;
	snprintf(path, sizeof(path), "%s/link", folder);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	snprintf(other, sizeof(other), "%s/dir", folder);
	mkdir(other, 0700);
	for (size_t i = 0; i < ARRAY_LEN(outside); i++) {
		struct answer a = get_file(outside[i], NULL);

		if (a.status != 404)
			fail_msg("%s: %d", outside[i], a.status);
		answer_free(&a);
	}
	unlink(path);
	rmdir(other);
}

#define PART(name, rest, text) "--B\r\nContent-Disposition: form-data; name=\"" name "\"" rest "\r\n\r\n" text "\r\n"

static struct answer upload(const char *body, size_t len)
{
	return mem_serve(routes, ARRAY_LEN(routes),
			 ENV("REQUEST_METHOD=POST", "REQUEST_URI=/api/upload", "CONTENT_TYPE=multipart/form-data; boundary=B"), body,
			 len);
}

static void test_multipart(void **state)
{
	static const struct {
		const char *body;
		int status;
		const char *text;
	} cases[] = {
		{ PART("file", "; filename=\"a \\\"b\\\".txt\"\r\nContent-Type: text/plain", "hello") "--B--\r\n", 200,
		  "\"filename\":\"a \\\"b\\\".txt\",\"content_type\":\"text/plain\",\"size\":5}" },
		{ PART("file", "; filename=\"x\"", "a\r\n-B\r\n--C\r\n") PART("note", "", "n1") PART("note", "", "n2") "--B--", 200,
		  "\"note\":\"n2\"" },
		{ PART("file", "; filename=\"x\"", "") "--B--\r\nepilogue", 200, "\"size\":0" },
		{ "preamble\r\n" PART("file", "; filename=x; other=y", "1") "--B--", 200, "\"filename\":\"x\"" },
		{ PART("file", "", "text") "--B--", 422, "value_error" },
		{ PART("note", "", "x") "--B--", 422, "\"type\":\"missing\",\"loc\":[\"body\",\"file\"]" },
		{ "", 422, "\"type\":\"missing\",\"loc\":[\"body\",\"file\"]" },
		{ "--B--\r\n", 422, "missing" },
		{ "no boundary", 400, "malformed" },
		{ PART("file", "; filename=\"x\"", "cut"), 400, "malformed" },
		{ "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\nnever ends", 400, "malformed" },
		{ "--B\r\nContent-Type: text/plain\r\n\r\nx\r\n--B--", 400, "no name" },
		{ "--B\r\nContent-Disposition: form-data; name=\"a", 400, "headers do not end" },
		{ PART("note", "", "\xff") "--B--", 400, "not UTF-8" },
		{ "--Bx\r\n\r\n", 400, "malformed" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct answer a = upload(cases[i].body, strlen(cases[i].body));

		if (a.status != cases[i].status || !strstr(a.body, cases[i].text))
			fail_msg("%s: %d %s", cases[i].body, a.status, a.body);
		answer_free(&a);
	}
}

/* A file that is larger than the parser's window, with near misses of the delimiter everywhere. */
static void test_multipart_large(void **state)
{
	struct buf body;
	struct buf file;
	struct answer a;
	char sha256[65];

	(void)state;
	buf_init(&file, 1 << 22);
	for (int i = 0; i < 40000; i++)
		buf_printf(&file, "\r\n--A%d\r\n-%c", i, i % 256);
	buf_init(&body, 1 << 23);
	buf_adds(&body, "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"big\"\r\n\r\n");
	buf_add(&body, file.data, file.len);
	buf_adds(&body, "\r\n--B--\r\n");
	a = upload(body.data, body.len);
	assert_int_equal(a.status, 200);
	sha256_hex(file.data, file.len, sha256);
	assert_non_null(strstr(a.body, sha256));
	answer_free(&a);
	buf_free(&body);
	buf_free(&file);
}

/* What is no multipart body cannot name a file. */
static void test_no_upload_by_json(void **state)
{
	struct answer a;

	(void)state;
	a = ask(ENV("REQUEST_METHOD=POST", "REQUEST_URI=/api/upload", "CONTENT_TYPE=application/json"),
		"{\"file\":{\"filename\":\"x\",\"path\":\"/etc/passwd\"}}");
	assert_int_equal(a.status, 422);
	answer_free(&a);
	a = ask(ENV("REQUEST_METHOD=POST", "REQUEST_URI=/api/upload", "CONTENT_TYPE=application/x-www-form-urlencoded"),
		"file=%2Fetc%2Fpasswd");
	assert_int_equal(a.status, 422);
	answer_free(&a);
}

static int start(void **state)
{
	struct err err;

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	setenv("HOME", folder, 1);
	setenv("NODETOOL_RUN_DIR", folder, 1);
	setenv("LOG_LEVEL", "ERROR", 1);
	log_set_level(LOG_LVL_ERROR);
	return config_load(&err) || auth_init(&err) ? -1 : 0;
}

static int finish(void **state)
{
	char path[256];

	(void)state;
	auth_free();
	snprintf(path, sizeof(path), "%s/digits", folder);
	unlink(path);
	snprintf(path, sizeof(path), "%s/tmp", folder);
	/* Uploads are gone with their requests, so the folder is empty. */
	assert_int_equal(rmdir(path), 0);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_files_stay_inside),
		cmocka_unit_test(test_multipart),
		cmocka_unit_test(test_multipart_large),
		cmocka_unit_test(test_no_upload_by_json),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
