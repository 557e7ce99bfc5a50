/* A router of the tests: what the real ones have only together with a database. Built by make check, never installed. */
#include "http/http.h"

#include <stdio.h>
#include <unistd.h>

static int slow(struct request *req, struct response *res)
{
	usleep((useconds_t)map_int(req->query, "ms", 0) * 1000);
	return res_json(res, value_str("done"));
}

static int echo(struct request *req, struct response *res)
{
	return res_json(res, value_ref(req->body));
}

static int upload(struct request *req, struct response *res)
{
	const struct upload *u = req_upload(req, "file");
	struct value *v = value_map();

	map_set_int(v, "size", u->size);
	map_set_str(v, "sha256", u->sha256);
	map_set_str(v, "filename", u->filename);
	return res_json(res, v);
}

static int stream(struct request *req, struct response *res)
{
	int64_t count = map_int(req->query, "lines", 0);
	char line[64];

	if (res_stream(res, "application/x-ndjson"))
		return 0;
	for (int64_t i = 0; i < count; i++) {
		int len = snprintf(line, sizeof(line), "{\"n\": %lld}\n", (long long)i);

		if (res_write(res, line, (size_t)len) || (i % 100 == 0 && res_flush(res)))
			return 0;
		usleep((useconds_t)map_int(req->query, "ms", 0) * 1000);
	}
	return 0;
}

static int file(struct request *req, struct response *res)
{
	res->type = "text/plain; charset=utf-8";
	if (res_disposition(res, "attachment", req_param(req, "key")))
		return -1;
	return res_file(res, "assets", config_run_dir(), req_param(req, "key"));
}

static int crash(struct request *req, struct response *res)
{
	(void)req;
	(void)res;
	_exit(3);
}

static const struct field ms_query[] = { { "ms", FIELD_INT, FIELD_MIN | FIELD_MAX, "0", .min = 0, .max = 10000 },
					 { "lines", FIELD_INT, FIELD_MIN, "0", .min = 0 },
					 { 0 } };
static const struct field echo_body[] = { { "text", FIELD_STR, FIELD_REQUIRED }, { "data", FIELD_ANY }, { 0 } };
static const struct field upload_form[] = { { "file", FIELD_FILE, FIELD_REQUIRED }, { 0 } };

static const struct route routes[] = {
	{ "GET", "/probe/slow", slow, .query = ms_query },
	{ "POST", "/probe/echo", echo, .body = BODY(echo_body) },
	{ "POST", "/probe/upload", upload, ROUTE_MULTIPART, .form = upload_form },
	{ "GET", "/probe/stream", stream, .query = ms_query, .type = "application/x-ndjson" },
	{ "GET", "/probe/files/{key:path}", file },
	{ "POST", "/probe/crash", crash },
};

int main(int argc, char **argv)
{
	return router_main(argc, argv, "probe", routes, ARRAY_LEN(routes));
}
