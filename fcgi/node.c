/* /api/nodes: what node types there are; and small neighbours that depend on packages or language models. */
#include "http/http.h"

#include <string.h>

#include "handler.h"
#include "model/model.h"
#include "node_search.h"

/* GET /api/nodes/metadata: made at build time from the declarations of the nodes. nginx sends the file, with its own
 * ETag; `fields` is accepted and gives the whole list, which is what newer clients ask for (notes-clients section 8). */
static int metadata(struct request *req, struct response *res)
{
	if (res_file(res, "share", config_share_dir(), "node_metadata.json") == 0) {
		res->type = "application/json";
		return 0;
	}
	if (req->err.status == 404)
		return req_fail(req, 503, "The list of nodes is not installed");
	return -1;
}

/* The original has this address only to get types of values into its description of the interface. */
static int no_types(struct request *req, struct response *res)
{
	(void)res;
	return req_fail(req, 501, "There is nothing behind this address; the types stand in /api/nodes/metadata");
}

/* No node runs at Replicate's here. */
static int replicate_status(struct request *req, struct response *res)
{
	(void)res;
	return req_fail(req, 404, "Node type not found");
}

static int fal_schema(struct request *req, struct response *res)
{
	(void)res;
	return req_fail(req, 501, "FAL dynamic schema resolution requires nodetool-fal to be installed.");
}

/* ---- pages for workflows, written by a language model ------------------------------------------------------- */

static const struct {
	const char *id;
	const char *name;
	const char *description;
	const char *prompt;
} templates[] = {
	{ "minimal", "Minimal", "White space, one column, nothing that is not needed",
	  "Make a plain page for this workflow: one column, much white space, a form for the inputs and the results below." },
	{ "dark", "Dark Mode", "Light text on a dark ground",
	  "Make a dark page for this workflow: near-black ground, light text, one accent colour, clear contrast." },
	{ "gradient", "Gradient", "Soft colours that run into each other",
	  "Make a page for this workflow with a soft colour gradient behind it and its form on a rounded card." },
	{ "professional", "Professional", "Quiet and orderly, for use at work",
	  "Make a sober page for this workflow as a company would use it: a header, aligned form fields, a results panel." },
	{ "playful", "Playful", "Round shapes and bright colours",
	  "Make a cheerful page for this workflow: bright colours, round shapes, large buttons, small movements." },
};

static int list_templates(struct request *req, struct response *res)
{
	struct value *list = value_list();

	(void)req;
	for (size_t i = 0; i < ARRAY_LEN(templates); i++) {
		struct value *v = value_map();

		map_set_str(v, "id", templates[i].id);
		map_set_str(v, "name", templates[i].name);
		map_set_str(v, "description", templates[i].description);
		map_set_str(v, "prompt", templates[i].prompt);
		list_push(list, v);
	}
	return res_json(res, list);
}

static int generate(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	const char *owner;
	int rc;

	(void)res;
	if (!db)
		return -1;
	rc = workflow_owner(db, req->arena, map_str(req->body, "workflow_id", ""), &owner, &req->err);
	if (rc)
		return rc == 1 ? req_fail(req, 404, "Workflow not found") : -1;
	/* Recorded as 403 (case auth/multi_user_foreign_objects), where other routes hide what is not one's own. */
	if (strcmp(owner, req->user.id) != 0)
		return req_fail(req, 403, "Access denied");
	return req_fail(req, 501, "Writing pages needs a language model, which this server does not ask yet");
}

/* ---- routes ------------------------------------------------------------------------------------------------ */

static const struct field metadata_query[] = {
	{ .name = "fields", .kind = FIELD_STR, .flags = FIELD_NULLABLE },
	{ 0 },
};

static const struct field replicate_query[] = {
	{ .name = "node_type", .kind = FIELD_STR, .flags = FIELD_REQUIRED },
	{ 0 },
};

static const struct field fal_body[] = {
	{ .name = "model_info", .kind = FIELD_STR, .flags = FIELD_REQUIRED },
	{ 0 },
};

static const struct field generate_body[] = {
	{ .name = "workflow_id", .kind = FIELD_STR, .flags = FIELD_REQUIRED },
	{ .name = "prompt", .kind = FIELD_STR, .flags = FIELD_REQUIRED },
	{ .name = "thread_id", .kind = FIELD_STR, .flags = FIELD_NULLABLE },
	{ 0 },
};

static const struct route routes[] = {
	{ "GET", "/api/nodes/metadata", metadata, .query = metadata_query, .summary = "All node types." },
	{ "GET", "/api/node/metadata", metadata, .query = metadata_query, .summary = "The same under an older path." },
	{ "GET", "/api/nodes/search", search_nodes, .query = node_search_query,
	  .summary = "Nodes of all packages by words, the best first; runnable says which can be run here." },
	{ "GET", "/api/nodes/dummy", no_types, .summary = "Nothing: a place for types." },
	{ "GET", "/api/nodes/replicate_status", replicate_status, .query = replicate_query,
	  .summary = "State of a cloud model." },
	{ "POST", "/api/fal/resolve-dynamic-schema", fal_schema, .body = BODY(fal_body),
	  .summary = "Inputs and outputs of a FAL model." },
	{ "GET", "/api/vibecoding/templates", list_templates, .summary = "Styles of pages for workflows." },
	{ "POST", "/api/vibecoding/generate", generate, .body = BODY(generate_body),
	  .summary = "Let a language model write a workflow's page." },
};

static void close_all(void)
{
	package_free_all();
	db_default_close();
}

int main(int argc, char **argv)
{
	router_setup = open_database;
	router_teardown = close_all;
	return router_main(argc, argv, "node", routes, ARRAY_LEN(routes));
}
