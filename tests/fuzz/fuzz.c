/* Requests out of the fuzzer's bytes. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../unit/http_mem.h"

static char folder[] = "/tmp/fuzz-http-XXXXXX";

static void remove_folder(void)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/tmp", folder);
	rmdir(path);
	rmdir(folder);
}

static void begin(void)
{
	static bool begun;
	struct err err;

	if (begun)
		return;
	begun = true;
	if (!mkdtemp(folder))
		abort();
	atexit(remove_folder);
	setenv("HOME", folder, 1);
	setenv("NODETOOL_RUN_DIR", folder, 1);
	log_set_level(LOG_LVL_ERROR);
	if (config_load(&err) || auth_init(&err))
		abort();
}

int fuzz_echo(struct request *req, struct response *res)
{
	struct value *v = value_map();
	const struct upload *u;

	map_set(v, "params", value_ref(req->params));
	map_set(v, "query", value_ref(req->query));
	map_set(v, "body", req->body ? value_ref(req->body) : value_null());
	for (size_t i = 0; (u = req_upload_at(req, i)); i++) {
		if (!str_starts(u->path, folder) || access(u->path, R_OK))
			abort();
	}
	return res_json(res, v);
}

void fuzz_serve(const struct route *routes, size_t count, const char *const *env, const uint8_t *body, size_t len)
{
	struct answer a;

	begin();
	a = mem_serve(routes, count, env, body, len);
	if (a.status < 200 || a.status >= 500)
		abort();
	if (a.len && a.body[0] == '{') {
		struct value *v = json_parse(a.body, a.len, NULL);

		if (!v)
			abort();
		value_unref(v);
	}
	answer_free(&a);
}
