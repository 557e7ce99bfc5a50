/* The models of an Ollama server: what is there, details, deletion, pulling. Without one the lists are empty
 * (cases/models/ollama_absent). */
#include "model.h"

#include <string.h>

#define SECONDS        10
#define DELETE_SECONDS 60

const struct field model_name_query[] = {
	{ "model_name", FIELD_STR, FIELD_REQUIRED, .max_len = 512 },
	{ 0 },
};

/* One request to the server. */
struct ollama {
	struct provider *provider;
	struct provider_client *client;
	struct provider_call *call;
};

static bool present(const struct request *req)
{
	return service_available(service_find("ollama"), req->user.id);
}

static int begin(struct request *req, struct ollama *o, const struct provider_request_spec *spec)
{
	*o = (struct ollama){ 0 };
	o->provider = provider_open(req->user.id, "ollama", &req->err);
	if (!o->provider)
		return -1;
	o->client = provider_client_new();
	o->call = provider_request(o->client, o->provider, spec);
	return 0;
}

static void end(struct ollama *o)
{
	provider_call_free(o->call);
	provider_client_free(o->client);
	provider_free(o->provider);
}

static struct value *named(const struct request *req)
{
	struct value *body = value_map();

	map_set_str(body, "model", map_str(req->query, "model_name", ""));
	return body;
}

/* ---- the list ------------------------------------------------------------------------------------------ */

static struct value *copied(const struct value *from, const char *key)
{
	struct value *v = map_get(from, key);

	return v ? value_ref(v) : value_null();
}

static struct value *list_entry(const struct value *in)
{
	static const char *const keys[] = { "modified_at", "size", "digest", "details" };
	struct value *m = value_map();

	map_set_str(m, "type", "llama_model");
	map_set(m, "name", copied(in, "name"));
	map_set(m, "repo_id", copied(in, "name"));
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		map_set(m, keys[i], copied(in, keys[i]));
	return m;
}

int list_ollama(struct request *req, struct response *res)
{
	const struct provider_request_spec spec = { .method = "GET", .path = "/api/tags", .seconds = SECONDS };
	struct value *list = value_list();
	const struct value *models;
	struct ollama o;
	struct err err = { 0 };

	if (!present(req) || begin(req, &o, &spec))
		return res_json(res, list);
	if (provider_wait(o.call, &err))
		log_warn("models of ollama: %s", err.detail);
	models = map_get(provider_result(o.call)->json, "models");
	for (size_t i = 0; value_is(models, VALUE_LIST) && i < value_len(models); i++)
		list_push(list, list_entry(list_at(models, i)));
	end(&o);
	return res_json(res, list);
}

/* ---- one model ----------------------------------------------------------------------------------------- */

/* Waits; a model that the server does not know is 404. */
static int wait_for_model(struct request *req, struct ollama *o)
{
	if (provider_wait(o->call, &req->err) == 0)
		return 0;
	if (provider_result(o->call)->status == 404)
		req_fail(req, 404, "Model %.200s not found", map_str(req->query, "model_name", ""));
	return -1;
}

int show_ollama(struct request *req, struct response *res)
{
	static const char *const keys[][2] = {
		{ "modified_at", "modified_at" }, { "template", "template" },         { "modelfile", "modelfile" },
		{ "license", "license" },         { "details", "details" },           { "modelinfo", "model_info" },
		{ "parameters", "parameters" },   { "capabilities", "capabilities" },
	};
	struct provider_request_spec spec = { .method = "POST", .path = "/api/show", .seconds = SECONDS };
	struct value *body = named(req);
	struct value *m;
	struct ollama o;
	int rc = -1;

	arena_defer(req->arena, value_unref_ptr, body);
	spec.body = body;
	if (!present(req))
		return res_json(res, value_null());
	if (begin(req, &o, &spec) == 0 && wait_for_model(req, &o) == 0) {
		m = value_map();
		for (size_t i = 0; i < ARRAY_LEN(keys); i++)
			map_set(m, keys[i][0], copied(provider_result(o.call)->json, keys[i][1]));
		rc = res_json(res, m);
	}
	end(&o);
	return rc;
}

int delete_ollama(struct request *req, struct response *res)
{
	struct provider_request_spec spec = { .method = "DELETE", .path = "/api/delete", .seconds = DELETE_SECONDS };
	struct value *body = named(req);
	struct ollama o;
	int rc = -1;

	arena_defer(req->arena, value_unref_ptr, body);
	spec.body = body;
	if (!present(req) || config_production())
		return res_json(res, value_bool(false));
	if (begin(req, &o, &spec) == 0 && wait_for_model(req, &o) == 0)
		rc = res_json(res, value_bool(true));
	end(&o);
	return rc;
}

/* ---- pulling ------------------------------------------------------------------------------------------- */

struct pull {
	struct response *res;
	const char *model;
	bool events; /* server-sent events, else one JSON object a line */
	bool quiet;  /* no progress, only how it ended */
	bool failed; /* the server has said so */
	bool gone;   /* the client has */
};

/* Takes the reference. */
static void write_line(struct pull *pull, struct value *v)
{
	struct buf line;

	buf_init(&line, BUF_MAX_SMALL);
	if (pull->events)
		buf_adds(&line, "data: ");
	if (json_write(&line, v, JSON_SPACED) || buf_adds(&line, pull->events ? "\n\n" : "\n") ||
	    res_write(pull->res, line.data, line.len) || res_flush(pull->res))
		pull->gone = true;
	buf_free(&line);
	value_unref(v);
}

static void write_error(struct pull *pull, const char *error, const char *message)
{
	struct value *m = value_map();

	map_set_str(m, "status", "error");
	map_set_str(m, "message", message);
	map_set_str(m, "error", error);
	map_set_str(m, "model", pull->model);
	write_line(pull, m);
}

static void on_progress(void *ctx, const struct value *v)
{
	static const char *const keys[] = { "status", "completed", "total", "digest" };
	struct pull *pull = ctx;
	const char *error = map_str(v, "error", NULL);
	struct value *m;

	if (pull->gone || pull->failed)
		return;
	if (error) {
		pull->failed = true;
		write_error(pull, error, error);
		return;
	}
	if (pull->quiet)
		return;
	m = value_map();
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		map_set(m, keys[i], copied(v, keys[i]));
	write_line(pull, m);
}

/* Asks the server and passes on what it tells, after the headers have gone out. */
static void pull_model(struct request *req, struct pull *pull)
{
	struct provider_request_spec spec = {
		.method = "POST", .path = "/api/pull", .line = on_progress, .ctx = pull
	};
	struct value *body = value_map();
	struct ollama o;
	struct err err = { 0 };

	arena_defer(req->arena, value_unref_ptr, body);
	map_set_str(body, "model", pull->model);
	map_set_bool(body, "stream", true);
	spec.body = body;
	if (!present(req)) {
		pull->failed = true;
		write_error(pull, "OLLAMA_API_URL not set",
			    "OLLAMA_API_URL not set. Please set the OLLAMA_API_URL environment variable to use Ollama "
			    "models.");
		return;
	}
	if (begin(req, &o, &spec)) {
		pull->failed = true;
		write_error(pull, req->err.detail, req->err.detail);
	} else if (provider_wait_unless(o.call, &pull->gone, &err) && !pull->gone && !pull->failed) {
		pull->failed = true;
		write_error(pull, err.detail, err.detail);
	}
	end(&o);
}

int pull_ollama(struct request *req, struct response *res)
{
	struct pull pull = { .res = res, .model = map_str(req->query, "model_name", "") };

	res_header(res, "X-Accel-Buffering", "no");
	if (res_stream(res, "application/json"))
		return -1;
	pull_model(req, &pull);
	return 0;
}

/* ---- the administrator's path ---------------------------------------------------------------------------- */

const struct field admin_pull_body[] = {
	{ "model_name", FIELD_STR, FIELD_NULLABLE, .max_len = 512 },
	{ "stream", FIELD_BOOL, 0, "true", .description = "Tell the progress, not only how it ended." },
	{ 0 },
};

int admin_pull_ollama(struct request *req, struct response *res)
{
	static const char done[] = "data: [DONE]\n\n";
	struct pull pull = { .res = res, .events = true, .quiet = !map_bool(req->body, "stream", true) };
	struct value *m;

	pull.model = map_str(req->body, "model_name", "");
	if (!*pull.model)
		return req_fail(req, 400, "model_name is required");
	res_header(res, "X-Accel-Buffering", "no");
	res_header(res, "Cache-Control", "no-cache");
	if (res_stream(res, "text/event-stream"))
		return -1;
	pull_model(req, &pull);
	if (pull.quiet && !pull.failed && !pull.gone) {
		m = value_map();
		map_set_str(m, "status", "completed");
		map_set_str(m, "model", pull.model);
		map_set(m, "message", value_strf("Successfully downloaded %s", pull.model));
		write_line(&pull, m);
	}
	if (!pull.gone)
		res_write(res, done, sizeof(done) - 1);
	return 0;
}
