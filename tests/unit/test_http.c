/* The dispatcher: what is answered before a handler runs, and how an answer goes out. */
#include "http_mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static int echo(struct request *req, struct response *res)
{
	struct value *v = value_map();

	map_set(v, "params", value_ref(req->params));
	map_set(v, "query", value_ref(req->query));
	map_set(v, "body", req->body ? value_ref(req->body) : value_null());
	map_set_str(v, "user", req->user.id);
	return res_json(res, v);
}

static int failing(struct request *req, struct response *res)
{
	(void)res;
	return req_fail(req, 418, "No %s", "tea");
}

static int tagged(struct request *req, struct response *res)
{
	(void)req;
	if (res_etag(res, "abc"))
		return 0;
	return res_json(res, value_int(1));
}

static int lines(struct request *req, struct response *res)
{
	(void)req;
	if (res_stream(res, "application/x-ndjson"))
		return 0;
	for (int i = 0; i < 3; i++)
		res_write(res, "{}\n", 3);
	return req_fail(req, 500, "too late to matter");
}

static int smuggle(struct request *req, struct response *res)
{
	(void)req;
	return res_header(res, "X-Name", "a\r\nSet-Cookie: b");
}

static int raw(struct request *req, struct response *res)
{
	char *data;
	size_t len;

	if (req_read_all(req, &data, &len))
		return -1;
	return res_json(res, value_int((int64_t)len));
}

static char folder[] = "/tmp/test-http-XXXXXX";

static const struct field limit_query[] = { { "limit", FIELD_INT, FIELD_MIN, "100", .min = 0 },
					    { "tag", FIELD_LIST, 0, "[]", .item = ITEM(FIELD_STR) },
					    { "q", FIELD_STR, FIELD_NULLABLE },
					    { 0 } };
static const struct field thing[] = { { "title", FIELD_STR, FIELD_REQUIRED }, { 0 } };
static const struct field version_path[] = { { "version", FIELD_INT }, { 0 } };

static const struct route routes[] = {
	{ "GET", "/open", echo, ROUTE_OPEN },
	{ "GET", "/api/things/", echo, .query = limit_query },
	{ "POST", "/api/things/", echo, .body = BODY(thing) },
	{ "GET", "/api/things/{id}", echo },
	{ "PUT", "/api/things/{id}", echo, .body = BODY(thing), .query = limit_query },
	{ "DELETE", "/api/things/{id}", failing },
	{ "GET", "/api/things/special", tagged },
	{ "GET", "/api/things/{id}/versions/{version}", echo, .path = version_path },
	{ "POST", "/api/optional", echo, ROUTE_BODY_OPTIONAL, .body = BODY(thing) },
	{ "POST", "/api/raw", raw, ROUTE_RAW, .max_body = 20 },
	{ "GET", "/api/stream", lines },
	{ "GET", "/api/smuggle", smuggle },
	{ "GET", "/admin/things", echo, ROUTE_ADMIN },
	{ "GET", "/desktop", echo, ROUTE_NO_PUBLIC },
};

#define ENV(...) ((const char *const[]){ __VA_ARGS__, NULL })

static struct answer ask(const char *const *env, const char *body)
{
	return mem_serve(routes, ARRAY_LEN(routes), env, body, body ? strlen(body) : SIZE_MAX);
}

static void expect(const char *method, const char *uri, int status, const char *text)
{
	char m[64];
	char u[512];
	struct answer a;

	snprintf(m, sizeof(m), "REQUEST_METHOD=%s", method);
	snprintf(u, sizeof(u), "REQUEST_URI=%s", uri);
	a = ask(ENV(m, u, "HTTP_HOST=host:1", strchr(uri, '?') ? "X=" : "QUERY_STRING="), NULL);
	if (a.status != status || (text && !strstr(a.body, text)))
		fail_msg("%s %s: %d %s", method, uri, a.status, a.body);
	answer_free(&a);
}

static void test_paths(void **state)
{
	(void)state;
	expect("GET", "/api/things/a", 200, "{\"id\":\"a\"}");
	expect("GET", "/api/things/a%20b?x=1", 200, "{\"id\":\"a b\"}");
	expect("GET", "/api/%74hings/a", 200, "{\"id\":\"a\"}");
	expect("GET", "/api/things/%c3%a4", 200, "\xc3\xa4");
	expect("GET", "/api/things/special", 200, "1");
	expect("PUT", "/api/things/special", 422, "missing");
	expect("GET", "/api/things/a%2Fb", 404, "{\"detail\":\"Not Found\"}");
	expect("GET", "/api/things/a%00b", 404, "Not Found");
	expect("GET", "/api/things/%ff", 404, "Not Found");
	expect("GET", "/api/things/%zz", 404, "Not Found");
	expect("GET", "/api/things//", 404, "Not Found");
	expect("GET", "//api/things/", 404, "Not Found");
	expect("GET", "/", 404, "Not Found");
	expect("GET", "/api", 404, "Not Found");
	expect("GET", "/apix/things/", 404, "Not Found");
	expect("GET", "/api/things/../things/", 404, "Not Found");
	expect("GET", "/api/things/..", 200, "{\"id\":\"..\"}");
	expect("GET", "http://host:1/api/things/x", 200, "{\"id\":\"x\"}");
	expect("GET", "/api/things/a/versions/007", 200, "\"version\":7");
	expect("GET", "/api/things/a/versions/1.5", 422, "\"loc\":[\"path\",\"version\"]");
}

static void test_methods(void **state)
{
	struct answer a;

	(void)state;
	expect("PATCH", "/api/things/", 405, "{\"detail\":\"Method Not Allowed\"}");
	expect("OPTIONS", "/open", 405, "Method Not Allowed");
	a = ask(ENV("REQUEST_METHOD=PATCH", "REQUEST_URI=/api/things/x"), NULL);
	assert_string_equal(answer_header(&a, "Allow"), "GET");
	answer_free(&a);
	a = ask(ENV("REQUEST_METHOD=HEAD", "REQUEST_URI=/open"), NULL);
	assert_int_equal(a.status, 405);
	assert_int_equal(a.len, 0);
	answer_free(&a);
	expect("DELETE", "/api/things/x", 418, "{\"detail\":\"No tea\"}");
}

static void test_slashes(void **state)
{
	struct answer a;

	(void)state;
	a = ask(ENV("REQUEST_METHOD=POST", "REQUEST_URI=/api/things?a=%20b&c", "QUERY_STRING=a=%20b&c", "HTTP_HOST=h.test:12"),
		"{}");
	assert_int_equal(a.status, 307);
	assert_string_equal(answer_header(&a, "Location"), "http://h.test:12/api/things/?a=%20b&c");
	assert_null(answer_header(&a, "Content-Type"));
	answer_free(&a);
	a = ask(ENV("REQUEST_METHOD=GET", "REQUEST_URI=/api/things/x/", "HTTP_HOST=h", "HTTPS=on"), NULL);
	assert_string_equal(answer_header(&a, "Location"), "https://h/api/things/x");
	answer_free(&a);
	/* A client with a token would lose it on the way (notes-clients section 9). */
	a = ask(ENV("REQUEST_METHOD=GET", "REQUEST_URI=/api/things", "HTTP_AUTHORIZATION=Bearer x"), NULL);
	assert_int_equal(a.status, 200);
	answer_free(&a);
	/* Bytes that nginx passes on and that cannot stand in a header. */
	a = ask(ENV("REQUEST_METHOD=GET", "REQUEST_URI=/api/things", "HTTP_HOST=h", "QUERY_STRING=a=\r\nX: y\xe4"), NULL);
	assert_string_equal(answer_header(&a, "Location"), "http://h/api/things/?a=%0D%0AX:%20y%E4");
	answer_free(&a);
	/* A Host header that is none is not repeated. */
	a = ask(ENV("REQUEST_METHOD=GET", "REQUEST_URI=/api/things", "HTTP_HOST=evil/\"><x", "SERVER_NAME=own", "SERVER_PORT=8"),
		NULL);
	assert_string_equal(answer_header(&a, "Location"), "http://own:8/api/things/");
	answer_free(&a);
}

static void test_plain_cgi_paths(void **state)
{
	struct answer a;

	(void)state;
	a = ask(ENV("REQUEST_METHOD=GET", "SCRIPT_NAME=/api", "PATH_INFO=/things/x"), NULL);
	assert_int_equal(a.status, 200);
	answer_free(&a);
	setenv("NODETOOL_BASE_PATH", "/nt/", 1);
	a = ask(ENV("REQUEST_METHOD=GET", "REQUEST_URI=/nt/api/things/x"), NULL);
	assert_int_equal(a.status, 200);
	answer_free(&a);
	a = ask(ENV("REQUEST_METHOD=GET", "REQUEST_URI=/nt/api/things", "HTTP_HOST=h"), NULL);
	assert_string_equal(answer_header(&a, "Location"), "http://h/nt/api/things/");
	answer_free(&a);
	unsetenv("NODETOOL_BASE_PATH");
}

static struct answer query(const char *text)
{
	char q[1024];

	snprintf(q, sizeof(q), "QUERY_STRING=%s", text);
	return ask(ENV("REQUEST_METHOD=GET", "REQUEST_URI=/api/things/", q), NULL);
}

static void test_query(void **state)
{
	static const struct {
		const char *query;
		int status;
		const char *text;
	} cases[] = {
		{ "", 200, "\"query\":{\"limit\":100,\"tag\":[],\"q\":null}" },
		{ "limit=5.0&q=a+b%20c%2B", 200, "\"limit\":5,\"tag\":[],\"q\":\"a b c+\"" },
		{ "limit=1&limit=7&tag=a&tag=b", 200, "\"limit\":7,\"tag\":[\"a\",\"b\"]" },
		{ "limit=", 422, "int_parsing" },
		{ "limit=-1", 422, "greater_than_equal" },
		{ "q=%ff", 200, "\"q\":\"\xef\xbf\xbd\"" },
		{ "q=%00", 200, "\"q\":\"\\u0000\"" },
		{ "q=%&&=&q", 200, "\"q\":\"\"" },
		{ "q=%4", 200, "\"q\":\"%4\"" },
		{ "other=1", 200, "\"limit\":100" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct answer a = query(cases[i].query);

		if (a.status != cases[i].status || !strstr(a.body, cases[i].text))
			fail_msg("%s: %d %s", cases[i].query, a.status, a.body);
		answer_free(&a);
	}
}

static void test_bodies(void **state)
{
	static const struct {
		const char *type;
		const char *body;
		int status;
		const char *text;
	} cases[] = {
		{ "application/json", "{\"title\":\"x\"}", 200, "\"body\":{\"title\":\"x\"}" },
		{ "application/json; charset=utf-8", "{\"title\":\"x\"}", 200, "\"title\":\"x\"" },
		{ "application/vnd.api+json", "{\"title\":\"x\"}", 200, "\"title\":\"x\"" },
		{ "", "{\"title\":\"x\"}", 200, "\"title\":\"x\"" },
		{ "application/json", "\xef\xbb\xbf{\"title\":\"x\"}", 200, "\"title\":\"x\"" },
		{ "application/json", "{\"title\":\"a\",\"title\":\"b\"}", 200, "\"title\":\"b\"" },
		{ "application/json", "", 422, "\"type\":\"missing\",\"loc\":[\"body\"]" },
		{ "application/json", "null", 422, "\"type\":\"missing\",\"loc\":[\"body\"]" },
		{ "application/json", "{bad", 422, "\"type\":\"json_invalid\",\"loc\":[\"body\",1]" },
		{ "application/json", "{\"title\":NaN}", 422, "json_invalid" },
		{ "application/json", "{\"title\":\"\xff\"}", 400, "There was an error parsing the body" },
		{ "text/plain", "{\"title\":\"x\"}", 422, "\"type\":\"model_attributes_type\",\"loc\":[\"body\"]" },
		{ "text/plain", "\xff\xfe", 422, "model_attributes_type" },
		{ "application/x-www-form-urlencoded", "title=x", 422, "model_attributes_type" },
		{ "text/plain", "", 422, "missing" },
		{ "application/json", "{\"title\":5}", 422, "\"loc\":[\"body\",\"title\"]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char type[128];
		struct answer a;

		snprintf(type, sizeof(type), "CONTENT_TYPE=%s", cases[i].type);
		a = ask(ENV("REQUEST_METHOD=POST", "REQUEST_URI=/api/things/", type), cases[i].body);
		if (a.status != cases[i].status || !strstr(a.body, cases[i].text))
			fail_msg("%s %s: %d %s", cases[i].type, cases[i].body, a.status, a.body);
		answer_free(&a);
	}
}

/* Query and body faults come together; an absent body is no fault where it is optional. */
static void test_all_faults_at_once(void **state)
{
	struct answer a;

	(void)state;
	a = ask(ENV("REQUEST_METHOD=PUT", "REQUEST_URI=/api/things/x?limit=x", "QUERY_STRING=limit=x"), "{\"title\":1}");
	assert_int_equal(a.status, 422);
	assert_non_null(strstr(a.body, "[\"query\",\"limit\"]"));
	assert_non_null(strstr(a.body, "[\"body\",\"title\"]"));
	answer_free(&a);
	a = ask(ENV("REQUEST_METHOD=POST", "REQUEST_URI=/api/optional"), NULL);
	assert_int_equal(a.status, 200);
	answer_free(&a);
	a = ask(ENV("REQUEST_METHOD=POST", "REQUEST_URI=/api/optional"), "{}");
	assert_int_equal(a.status, 422);
	answer_free(&a);
}

static void test_limits(void **state)
{
	struct answer a;

	(void)state;
	a = ask(ENV("REQUEST_METHOD=POST", "REQUEST_URI=/api/raw"), "12345678901234567890");
	assert_string_equal(a.body, "20");
	answer_free(&a);
	a = ask(ENV("REQUEST_METHOD=POST", "REQUEST_URI=/api/raw"), "123456789012345678901");
	assert_int_equal(a.status, 413);
	answer_free(&a);
	/* More is declared than comes. */
	a = ask(ENV("REQUEST_METHOD=POST", "REQUEST_URI=/api/raw", "CONTENT_LENGTH=10"), "12345");
	assert_int_equal(a.status, 400);
	answer_free(&a);
	/* Less is declared than comes: the rest is not looked at. */
	a = ask(ENV("REQUEST_METHOD=POST", "REQUEST_URI=/api/raw", "CONTENT_LENGTH=3"), "12345");
	assert_string_equal(a.body, "3");
	answer_free(&a);
	a = ask(ENV("REQUEST_METHOD=POST", "REQUEST_URI=/api/things/", "CONTENT_LENGTH=99999999999"), "{}");
	assert_int_equal(a.status, 413);
	answer_free(&a);
	a = ask(ENV("REQUEST_METHOD=POST", "REQUEST_URI=/api/raw", "CONTENT_LENGTH=-5"), "12345678901234567890123");
	assert_int_equal(a.status, 413);
	answer_free(&a);
}

static void test_cors(void **state)
{
	struct answer a;

	(void)state;
	a = ask(ENV("REQUEST_METHOD=OPTIONS", "REQUEST_URI=/nothing", "HTTP_ORIGIN=http://a.test",
		    "HTTP_ACCESS_CONTROL_REQUEST_METHOD=POST", "HTTP_ACCESS_CONTROL_REQUEST_HEADERS=X-Foo, authorization"),
		NULL);
	assert_int_equal(a.status, 200);
	assert_string_equal(a.body, "OK");
	assert_string_equal(answer_header(&a, "Access-Control-Allow-Origin"), "http://a.test");
	assert_string_equal(answer_header(&a, "Access-Control-Allow-Headers"), "X-Foo, authorization");
	assert_string_equal(answer_header(&a, "Access-Control-Max-Age"), "3600");
	assert_string_equal(answer_header(&a, "Vary"), "Origin");
	answer_free(&a);
	a = ask(ENV("REQUEST_METHOD=OPTIONS", "REQUEST_URI=/open", "HTTP_ORIGIN=http://a.test",
		    "HTTP_ACCESS_CONTROL_REQUEST_METHOD=BREW"),
		NULL);
	assert_int_equal(a.status, 400);
	assert_string_equal(a.body, "Disallowed CORS method");
	answer_free(&a);
	a = ask(ENV("REQUEST_METHOD=GET", "REQUEST_URI=/nothing", "HTTP_ORIGIN=http://a.test"), NULL);
	assert_string_equal(answer_header(&a, "Access-Control-Allow-Origin"), "*");
	assert_string_equal(answer_header(&a, "Access-Control-Expose-Headers"), "*");
	assert_null(answer_header(&a, "Vary"));
	answer_free(&a);
	a = ask(ENV("REQUEST_METHOD=GET", "REQUEST_URI=/open", "HTTP_ORIGIN=http://a.test", "HTTP_COOKIE=a=b"), NULL);
	assert_string_equal(answer_header(&a, "Access-Control-Allow-Origin"), "http://a.test");
	assert_string_equal(answer_header(&a, "Vary"), "Origin");
	answer_free(&a);
	a = ask(ENV("REQUEST_METHOD=GET", "REQUEST_URI=/open"), NULL);
	assert_null(answer_header(&a, "Access-Control-Allow-Origin"));
	answer_free(&a);
}

static void test_answers(void **state)
{
	struct answer a;

	(void)state;
	a = ask(ENV("REQUEST_METHOD=GET", "REQUEST_URI=/api/things/special"), NULL);
	assert_string_equal(answer_header(&a, "ETag"), "\"abc\"");
	assert_string_equal(answer_header(&a, "X-Content-Type-Options"), "nosniff");
	assert_string_equal(answer_header(&a, "Content-Length"), "1");
	answer_free(&a);
	a = ask(ENV("REQUEST_METHOD=GET", "REQUEST_URI=/api/things/special", "HTTP_IF_NONE_MATCH=\"x\", W/\"abc\""), NULL);
	assert_int_equal(a.status, 304);
	assert_int_equal(a.len, 0);
	answer_free(&a);
	a = ask(ENV("REQUEST_METHOD=GET", "REQUEST_URI=/api/stream", "HTTP_ORIGIN=x"), NULL);
	assert_int_equal(a.status, 200);
	assert_string_equal(a.body, "{}\n{}\n{}\n");
	assert_string_equal(answer_header(&a, "Content-Type"), "application/x-ndjson");
	assert_string_equal(answer_header(&a, "Access-Control-Allow-Origin"), "*");
	assert_null(answer_header(&a, "Content-Length"));
	answer_free(&a);
	a = ask(ENV("REQUEST_METHOD=GET", "REQUEST_URI=/api/smuggle"), NULL);
	assert_int_equal(a.status, 500);
	assert_null(answer_header(&a, "Set-Cookie"));
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
	(void)state;
	auth_free();
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_slashes),
		cmocka_unit_test(test_plain_cgi_paths),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_all_faults_at_once),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_cors),
		cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
