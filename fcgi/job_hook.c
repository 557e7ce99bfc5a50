/* /api/hooks/{token}: webhooks, and their addresses under /api/jobs/triggers/{workflow_id}/hooks. A request is an event in the
 * database before it is answered: none is lost while the daemon is down. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "handler.h"
#include "http/internal.h"
#include "job_trigger.h"

#define NODE_TYPE "nodetool.triggers.WebhookTrigger"
#define TOKEN_BYTES 32
#define SIGNATURE "sha256="

/* ---- addresses --------------------------------------------------------------------------------------------- */

const struct field trigger_hook_body[] = {
	{ .name = "node_id", .kind = FIELD_STR, .flags = FIELD_NULLABLE, .max_len = 256,
	  .description = "A webhook trigger; the workflow's first one when it is not given." },
	{ 0 },
};

static int add_hook(const struct trigger_hook *hook, void *arg)
{
	struct value *v = value_map();

	map_set_str(v, "node_id", hook->node_id);
	map_set_str(v, "created_at", hook->created_at);
	map_set_bool(v, "is_active", hook->started);
	list_push(arg, v);
	return 0;
}

int trigger_hooks(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	struct workflow w;
	struct value *v;

	if (!db || trigger_workflow(req, db, &w))
		return -1;
	v = value_map();
	map_set(v, "hooks", value_list());
	if (trigger_hook_list(db, req->user.id, w.c[WORKFLOW_ID].p, add_hook, map_get(v, "hooks"), &req->err)) {
		value_unref(v);
		return -1;
	}
	return res_json(res, v);
}

static int new_in(struct request *req, struct response *res, struct db *db)
{
	struct trigger_hook hook = { .user_id = req->user.id };
	unsigned char noise[TOKEN_BYTES];
	char token[2 * TOKEN_BYTES + 1];
	struct value *data;
	struct workflow w;
	struct value *v;
	char hash[65];

	if (trigger_workflow(req, db, &w) ||
	    trigger_node(req, &w, field_filter(req->body, "node_id"), NODE_TYPE, &data, &hook.node_id))
		return -1;
	value_unref(data);
	hook.workflow_id = w.c[WORKFLOW_ID].p;
	random_bytes(noise, sizeof(noise));
	hex_encode(noise, sizeof(noise), token);
	sha256_hex(token, strlen(token), hash);
	if (trigger_hook_set(db, &hook, hash, &req->err) || db_commit(db, &req->err))
		return -1;
	v = value_map();
	map_set_str(v, "node_id", hook.node_id);
	map_set_str(v, "token", token);
	map_set(v, "url", value_strf("/api/hooks/%s", token));
	OPENSSL_cleanse(token, sizeof(token));
	return res_json(res, v);
}

int trigger_hook_new(struct request *req, struct response *res)
{
	return handle_write(req, res, new_in);
}

static int end_in(struct request *req, struct response *res, struct db *db)
{
	struct workflow w;
	struct value *v;
	int64_t ended;

	if (trigger_workflow(req, db, &w))
		return -1;
	ended = trigger_hook_delete(db, req->user.id, w.c[WORKFLOW_ID].p, &req->err);
	if (ended < 0 || db_commit(db, &req->err))
		return -1;
	v = value_map();
	map_set_int(v, "deleted", ended);
	return res_json(res, v);
}

int trigger_hooks_end(struct request *req, struct response *res)
{
	return handle_write(req, res, end_in);
}

/* ---- requests ---------------------------------------------------------------------------------------------- */

static bool signed_with(const char *secret, const char *given, const char *body, size_t len)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned int mac_len = 0;
	char hex[2 * EVP_MAX_MD_SIZE + 1];

	if (!given || !str_starts(given, SIGNATURE) ||
	    !HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)body, len, mac, &mac_len))
		return false;
	hex_encode(mac, mac_len, hex);
	return auth_same(hex, given + sizeof(SIGNATURE) - 1);
}

/* Where the node has a secret, the request carries it or is signed with it. */
static bool permitted(const struct request *req, const struct value *data, const char *body, size_t len)
{
	const char *secret = map_str(data, "secret", "");

	return !*secret || auth_same(req_header(req, "X-Webhook-Secret"), secret) ||
	       signed_with(secret, req_header(req, "X-Hub-Signature-256"), body, len) ||
	       signed_with(secret, req_header(req, "X-Signature-256"), body, len);
}

static bool method_taken(const struct request *req, const struct value *data)
{
	const struct value *methods = map_get(data, "methods");
	size_t i;

	if (!value_is(methods, VALUE_LIST))
		return !strcmp(req->method, "POST");
	for (i = 0; i < value_len(methods); i++)
		if (value_is(list_at(methods, i), VALUE_STR) &&
		    sv_eq_nocase(value_sv(list_at(methods, i)), req->method))
			return true;
	return false;
}

/* JSON as what it says, other text as text, anything else as null. */
static struct value *body_value(const char *body, size_t len)
{
	struct json_error why;
	struct value *v = len ? json_parse(body, len, &why) : NULL;

	if (v)
		return v;
	return utf8_valid(body, len) ? value_strn(body, len) : value_null();
}

/* What says who may do something does not reach nodes and their messages. */
static struct value *headers_value(const struct request *req)
{
	static const char *const shown[] = { "Content-Type",	    "Content-Length",	 "User-Agent",	      "Accept",
					     "Host",		    "X-Request-Id",	 "Idempotency-Key",   "X-GitHub-Event",
					     "X-GitHub-Delivery",   "X-GitHub-Hook-Id",	 "X-Gitlab-Event",    "X-Event-Key",
					     "X-Gitea-Event",	    "Webhook-Id",	 "Webhook-Timestamp", "X-Event-Type",
					     "X-Shopify-Topic",	    "Stripe-Version",	 "X-Hook-Id",	      "X-Forwarded-For" };
	struct value *v = value_map();
	size_t i;

	for (i = 0; i < ARRAY_LEN(shown); i++)
		if (req_header(req, shown[i]))
			map_set_str(v, shown[i], req_header(req, shown[i]));
	return v;
}

/* Parameters by name; the last of several counts. */
static struct value *query_value(struct request *req)
{
	struct value *lists = value_map();
	struct value *out = value_map();
	struct value *list;
	struct sv key;
	size_t i;

	if (query_parse(req->query_string, strlen(req->query_string), lists, &req->err) == 0)
		for (i = 0; map_entry(lists, i, &key, &list); i++)
			map_setn(out, key.p, key.n, value_ref(list_at(list, value_len(list) - 1)));
	value_unref(lists);
	return out;
}

/* The sender's own name of the event, by which it is known when it is sent again. */
static const char *name_of(const struct request *req)
{
	static const char *const headers[] = { "Idempotency-Key", "Webhook-Id", "X-GitHub-Delivery" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(headers); i++)
		if (req_header(req, headers[i]))
			return req_header(req, headers[i]);
	return NULL;
}

static int accept_event(struct request *req, struct response *res, struct db *db, const struct trigger_hook *hook,
			const struct value *data, struct sv body)
{
	struct trigger_event event = { .user_id = hook->user_id, .workflow_id = hook->workflow_id, .node_id = hook->node_id };
	struct value *payload;
	int rc;

	if (!method_taken(req, data))
		return req_fail(req, 405, "Method Not Allowed");
	if (!permitted(req, data, body.p, body.n))
		return req_fail(req, 401, "The webhook's secret or signature is missing or wrong");
	payload = value_map();
	map_set(payload, "body", body_value(body.p, body.n));
	map_set(payload, "headers", headers_value(req));
	map_set(payload, "query", query_value(req));
	map_set_str(payload, "method", req->method);
	map_set_str(payload, "path", map_str(data, "path", "/webhook"));
	map_set_str(payload, "source", "webhook");
	map_set_str(payload, "event_type", "webhook");
	rc = trigger_store(req, res, db, &event, name_of(req), payload);
	value_unref(payload);
	return rc;
}

static int receive_in(struct request *req, struct response *res, struct db *db, struct sv body)
{
	const char *token = req_param(req, "token");
	struct trigger_hook hook;
	struct value *data;
	struct workflow w;
	const char *id;
	char hash[65];
	int rc;

	sha256_hex(token, strlen(token), hash);
	rc = trigger_hook_find(db, req->arena, hash, &hook, &req->err);
	if (rc == 0)
		rc = workflow_get(db, req->arena, hook.user_id, hook.workflow_id, false, &w, &req->err);
	if (rc)
		return rc == 1 ? req_fail(req, 404, "Not Found") : -1;
	if (!hook.started)
		return req_fail(req, 409, "The workflow is not started");
	if (trigger_node(req, &w, hook.node_id, NODE_TYPE, &data, &id))
		return -1;
	rc = accept_event(req, res, db, &hook, data, body);
	value_unref(data);
	return rc;
}

int hook_receive(struct request *req, struct response *res)
{
	struct sv body = { 0 };
	struct db *db;
	char *text;
	int rc;

	/* Before the transaction begins: a slow sender holds nobody up. */
	if (req_read_all(req, &text, &body.n))
		return -1;
	body.p = text;
	db = db_default(&req->err);
	if (!db || db_begin(db, &req->err))
		return -1;
	rc = receive_in(req, res, db, body);
	db_rollback(db);
	return rc;
}
