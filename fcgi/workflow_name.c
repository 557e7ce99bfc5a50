/* A language model names a workflow after what its graph does. */
#include "workflow.h"

#include "handler.h"
#include "provider/provider.h"

#define NAME_MAX_CHARS  60
#define NAME_MAX_TOKENS 256
#define PROMPT_MAX      ((size_t)32 << 10)
#define DATA_MAX        200 /* bytes shown of a node's data */

static const char system_text[] = "You name workflows of a visual editor. Given the nodes and connections of a "
				  "workflow, answer with a short, specific "
				  "name of two to six words that says what the workflow does. Answer with the name "
				  "only: no quotes, no explanation.";

/* What the model is told about a workflow; NULL when its graph cannot be read. */
static char *describe(struct arena *arena, const struct workflow *w)
{
	struct json_error why;
	struct sv text = w->c[WORKFLOW_GRAPH];
	struct value *graph = text.p ? json_parse(text.p, text.n, &why) : NULL;
	const struct value *nodes = map_get(graph, "nodes");
	const struct value *edges = map_get(graph, "edges");
	struct buf out;
	char *copy;

	buf_init(&out, PROMPT_MAX);
	buf_printf(&out, "Present name: %.*s\nDescription: %.*s\nNodes:\n", (int)w->c[WORKFLOW_NAME].n,
		   w->c[WORKFLOW_NAME].n ? w->c[WORKFLOW_NAME].p : "", (int)w->c[WORKFLOW_DESCRIPTION].n,
		   w->c[WORKFLOW_DESCRIPTION].n ? w->c[WORKFLOW_DESCRIPTION].p : "");
	for (size_t i = 0; value_is(nodes, VALUE_LIST) && i < value_len(nodes) && !out.failed; i++) {
		const char *data = json_text(arena, map_get(list_at(nodes, i), "data"), JSON_COMPACT);

		buf_printf(&out, "- %s (%s) %.*s\n", map_str(list_at(nodes, i), "id", ""),
			   map_str(list_at(nodes, i), "type", ""), DATA_MAX, data ? data : "");
	}
	buf_adds(&out, "Connections:\n");
	for (size_t i = 0; value_is(edges, VALUE_LIST) && i < value_len(edges) && !out.failed; i++)
		buf_printf(&out, "- %s.%s to %s.%s\n", map_str(list_at(edges, i), "source", ""),
			   map_str(list_at(edges, i), "sourceHandle", ""), map_str(list_at(edges, i), "target", ""),
			   map_str(list_at(edges, i), "targetHandle", ""));
	copy = arena_strndup(arena, out.data ? out.data : "", out.len);
	buf_free(&out);
	value_unref(graph);
	return copy;
}

/* The graph may have changed while the model was thinking: the row is read anew. */
static int rename_in(struct request *req, struct response *res, struct db *db, const char *name)
{
	struct workflow w;

	if (find_workflow(req, db, false, &w))
		return -1;
	w.c[WORKFLOW_NAME] = sv_of(name);
	w.c[WORKFLOW_UPDATED_AT] = row_now(req->arena);
	return save_workflow(req, res, db, &w, NULL, false);
}

int generate_name(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	struct workflow w;
	char *answer;
	char *name;
	int rc;

	if (!db || find_workflow(req, db, false, &w) ||
	    provider_ask(req->user.id, map_str(req->body, "provider", ""), map_str(req->body, "model", ""), system_text,
			 describe(req->arena, &w), NAME_MAX_TOKENS, req->arena, &answer, &req->err))
		return -1;
	name = provider_title(req->arena, answer, NAME_MAX_CHARS);
	if (!*name)
		return req_fail(req, 502, "The model gave no name");
	if (db_begin(db, &req->err))
		return -1;
	rc = rename_in(req, res, db, name);
	db_rollback(db);
	return rc;
}
