/*
 * llm: asking the models of a provider from a node, while the other nodes of the run go on.
 *
 *	struct llm_state *s = node_state(ctx);           (the first member of the node's state)
 *	if (!s->llm && !(s->llm = llm_chat(ctx, &ask)))
 *		return NODE_FAILED;
 *	result = llm_step(s->llm, ctx);
 *	if (result != NODE_DONE)
 *		return result;                            (NODE_WAIT, NODE_MORE: the same function is called again)
 *	text = llm_text(s->llm);
 *
 * Breaking off the run frees the state, and with it the call. Every call that ends leaves a row of predictions with its
 * tokens and its cost. Keys are those of the run's user.
 */
#ifndef NODES_LLM_H
#define NODES_LLM_H

#include "nodes/node.h"
#include "provider/provider.h"

struct llm;

/* What the state of a node that asks a model begins with. */
struct llm_state {
	struct llm *llm;
};
#define LLM_STATE .state_size = sizeof(struct llm_state), .destroy = llm_state_destroy
void llm_state_destroy(void *state);
/* Forgets the call, so that the next batch asks anew. */
void llm_reset(struct llm_state *s);

/* Defaults of properties that name a model, and of those that take an asset. */
#define LLM_NO_MODEL \
	"{\"type\": \"language_model\", \"provider\": \"empty\", \"id\": \"\", \"name\": \"\", \"path\": null, " \
	"\"supported_tasks\": []}"
#define LLM_CONTEXT_WINDOW                                                                                            \
	{                                                                                                             \
		.name = "context_window", .type = "int", .def = "4096", .title = "Context Window (Ollama)",           \
		.min = "1.0", .max = "65536.0"                                                                        \
	}
#define LLM_NO_ASSET(type) \
	"{\"type\": \"" type "\", \"uri\": \"\", \"asset_id\": null, \"data\": null, \"metadata\": null}"

struct llm_ask {
	const char *service;
	const char *model;
	struct value *messages; /* taken; llm_messages and llm_say make it */
	struct value *format;   /* taken; as OpenAI's response_format; NULL: any text */
	/* Sends what arrives as chunks: text to "chunk", thoughts to "thinking" where the node has that slot. */
	bool chunks;
};

/* The provider and the model that a property of type language_model (or another kind of model) names; false after
 * failing the node when none is chosen. Lent. */
bool llm_model(struct node_ctx *ctx, const char *property, const char **service, const char **model);

/* Begins a chat, with the limits that the properties max_tokens, context_window and temperature name, where the node has
 * them. NULL after failing the node. */
struct llm *llm_chat(struct node_ctx *ctx, const struct llm_ask *ask);
/* Begins embeddings of a list of texts (lent). NULL after failing the node. */
struct llm *llm_embed(struct node_ctx *ctx, const char *service, const char *model, const struct value *texts);
/* Begins a JSON request to a service's own path. NULL after failing the node. */
struct llm *llm_post(struct node_ctx *ctx, const char *service, const char *model, const char *path,
		     const struct value *body);
/* The same for any request. */
struct llm *llm_request(struct node_ctx *ctx, const char *service, const char *model,
			const struct provider_request_spec *spec);
/* Goes on: NODE_DONE when the answer is whole, NODE_FAILED after failing the node; else what the node's function returns. */
enum node_result llm_step(struct llm *llm, struct node_ctx *ctx);
/* Takes NULL. */
void llm_free(struct llm *llm);
/* The answer of a chat, or the bytes of a raw one: lent, until llm_free. */
struct sv llm_text(const struct llm *llm);
/* The answer of llm_post. Lent; NULL when it was empty. */
struct value *llm_value(const struct llm *llm);
/* The answer of llm_embed for `count` texts: a list of lists of numbers in *out (new reference). -1 after failing the node. */
int llm_embeddings(const struct llm *llm, struct node_ctx *ctx, size_t count, struct value **out) MUST_CHECK;

/* ---- messages ------------------------------------------------------------------------------------------ */

/* A list with a system text ("" for none). New reference. */
struct value *llm_messages(const char *system);
/* The same with the schema (lent) that the answer must have, for services that know no response_format. */
struct value *llm_messages_json(const char *system, const struct value *schema);
/* Appends what the user says: a text, and the assets that the properties hold (names may be NULL). Media are read here.
 * -1 after failing the node. */
int llm_say(struct node_ctx *ctx, struct value *messages, const char *text, const char *image, const char *audio)
	MUST_CHECK;

/* A file name whose ending tells the format of these bytes: "audio.wav"; "audio.mp3" for what is not known. */
const char *llm_media_name(struct sv bytes);

/* ---- structured answers -------------------------------------------------------------------------------- */

/* A response_format that asks for `schema` (taken). */
struct value *llm_format(const char *name, struct value *schema);
/* {"type":"object"} with these properties (taken; all required, no others). */
struct value *llm_object_schema(struct value *properties);
/* The JSON schema of values of a type (its metadata). New reference. */
struct value *llm_type_schema(const struct value *type);
/* The schema of an object with a property for each of node_slots' entries (lent). New reference. */
struct value *llm_slots_schema(const struct value *slots);
/* llm_step, then the fields of the answer go to the slots of their names, and the state is reset. */
enum node_result llm_end_fields(struct llm_state *s, struct node_ctx *ctx);
/* The object or list in an answer: also between other text, or in a code fence. NULL when there is none. */
struct value *llm_json(struct sv text);

#endif
