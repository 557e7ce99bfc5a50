/*
 * provider: language models behind HTTP: one table of services, one asynchronous client, four dialects.
 *
 *	struct provider *p = provider_open(user_id, "openai", &err);
 *	struct provider_client *c = provider_client_new();
 *	struct provider_call *call = provider_chat(c, p, &chat, on_piece, ctx);
 *	rc = provider_wait(call, &err);              (a blocking caller)
 *	text = provider_result(call)->text.data;
 *	provider_call_free(call); provider_client_free(c); provider_free(p);
 *
 * A caller with a loop of its own asks provider_client_poll what to wait for and calls provider_client_step after it.
 * A client, and with it every kept connection, serves one user. Freeing a call breaks it off at once.
 *
 * Limits: NODETOOL_PROVIDER_CONNECT_S (10) to connect, NODETOOL_PROVIDER_IDLE_S (300) without a byte (the first one
 * included: a local model may have to be loaded), NODETOOL_PROVIDER_TOTAL_S (3600) in all. Answers of status 408, 425, 429
 * and 5xx and connections that break before the first byte are tried again, three attempts in all, waiting 0.5 s and 1 s, or
 * what Retry-After says when that is at most 30 s. An address that refuses the connection is not tried again.
 *
 * Sources: notes-rest "Providers" and "/v1", notes-ws section 9.
 */
#ifndef PROVIDER_PROVIDER_H
#define PROVIDER_PROVIDER_H

#include "value/value.h"

#include <poll.h>

/* ---- services ------------------------------------------------------------------------------------------ */

enum provider_capability {
	CAN_GENERATE_MESSAGE = 1 << 0,
	CAN_GENERATE_MESSAGES = 1 << 1,
	CAN_GENERATE_EMBEDDING = 1 << 2,
	CAN_TEXT_TO_IMAGE = 1 << 3,
	CAN_IMAGE_TO_IMAGE = 1 << 4,
	CAN_TEXT_TO_SPEECH = 1 << 5,
	CAN_RECOGNIZE_SPEECH = 1 << 6,
	CAN_TEXT_TO_VIDEO = 1 << 7,
	CAN_IMAGE_TO_VIDEO = 1 << 8,
	CAN_TEXT_TO_3D = 1 << 9,
	CAN_IMAGE_TO_3D = 1 << 10
};
#define PROVIDER_CAPABILITIES 11

enum provider_dialect {
	DIALECT_NONE, /* nothing here speaks to it: it is listed, its lists are empty, a chat is refused */
	DIALECT_FAKE, /* built in, for tests */
	DIALECT_OPENAI,
	DIALECT_OLLAMA,
	DIALECT_ANTHROPIC,
	DIALECT_GEMINI
};

enum provider_flags {
	PROVIDER_UNLISTED = 1 << 0,     /* a word that paths accept, no service of its own */
	PROVIDER_WANTS_URL = 1 << 1,    /* there only when its address is set */
	PROVIDER_WANTS_BINARY = 1 << 2, /* and only when a llama-server program is found */
	PROVIDER_NO_USAGE_OPTION = 1 << 3, /* refuses stream_options; tells the usage unasked */
	PROVIDER_NEW_MAX_TOKENS = 1 << 4   /* calls max_tokens max_completion_tokens */
};

struct service {
	const char *name;
	enum provider_dialect dialect;
	unsigned capabilities;
	const char *secret; /* NULL: none is needed */
	const char *other_secret; /* may stand for the first */
	const char *url; /* base address; NULL: only the setting has one */
	const char *url_setting; /* replaces `url` */
	const char *url_path; /* put behind the base address: "/v1" */
	const char *models_url; /* base address of the list of models; NULL: the same */
	const char *optional_key; /* a secret that is sent when it is set */
	const char *model_suffix; /* put behind the name of the model */
	unsigned flags;
};

/* All words in the order that clients see (notes-rest). */
size_t service_count(void);
const struct service *service_at(size_t i);
/* NULL when there is no such word. */
const struct service *service_find(const char *name);
/* The word of a capability bit: "generate_message". */
const char *service_capability_name(unsigned bit);
/* All words with "|" between them, for a FIELD_ENUM. */
extern const char service_words[];
/* True when the user can use it: it needs no secret, or the user (or the environment) has one; its address is set when it
 * needs one. Reads the database. */
bool service_available(const struct service *service, const char *user_id);

/* ---- a user's account at a service --------------------------------------------------------------------- */

struct provider;

/* NULL with the reason: 422 for an unknown word and for one that nothing here speaks to, 400 when its secret or address
 * is missing. Reads the database. */
struct provider *provider_open(const char *user_id, const char *name, struct err *err) MUST_CHECK;
/* Takes NULL. After its calls. */
void provider_free(struct provider *provider);
const struct service *provider_service(const struct provider *provider);

/* ---- the client ---------------------------------------------------------------------------------------- */

struct provider_client;
struct provider_call;

struct provider_client *provider_client_new(void);
/* Takes NULL; its calls must be gone. */
void provider_client_free(struct provider_client *client);
/* What the calls wait for: fills up to `max` entries, returns their number; *timeout_ms as poll() wants it (-1: for ever). */
size_t provider_client_poll(struct provider_client *client, struct pollfd *fds, size_t max, int *timeout_ms);
/* Goes on with all calls; pieces are delivered from here. */
void provider_client_step(struct provider_client *client);

/* ---- calls --------------------------------------------------------------------------------------------- */

/* A piece of an answer: text (which may be empty), or a whole tool call {id, name, args}. */
struct provider_piece {
	const char *text;
	size_t len;
	bool thinking;
	bool done; /* the last one */
	const struct value *tool_call; /* lent; NULL for text */
};

/* Lent for the call of provider_chat. */
struct provider_chat {
	const char *model;
	/* List of {role: system|user|assistant|tool, content: text, list of parts as in notes-ws section 9, or null,
	 * tool_calls: [{id, name, args}], tool_call_id, name}. */
	const struct value *messages;
	const struct value *tools; /* list of {name, description, parameters (JSON schema)}; NULL: none */
	const struct value *response_format; /* as OpenAI has it; NULL: any text */
	int64_t max_tokens; /* 0: the service's own limit */
	int64_t context_window; /* tokens, for Ollama; 0: OLLAMA_CONTEXT_LENGTH, or its own */
	const struct value *temperature; /* a number, or NULL */
};

struct provider_result {
	struct buf text;
	struct value *tool_calls; /* list */
	bool cut; /* the limit of tokens was reached */
	bool has_usage;
	int64_t prompt_tokens;
	int64_t completion_tokens;
	int status; /* of HTTP; 0 when no answer came */
	bool unreachable; /* nothing answers at the address */
	struct value *json; /* of provider_request */
};

/* Starts a chat; pieces come as they arrive. Never NULL: a call that cannot be made has failed already. */
struct provider_call *provider_chat(struct provider_client *client, struct provider *provider,
				    const struct provider_chat *chat,
				    void (*piece)(void *ctx, const struct provider_piece *piece), void *ctx);

/* A field of a multipart form, or with `filename` a file. */
struct provider_part {
	const char *name;
	struct sv data;
	const char *filename;
	const char *type; /* of a file */
};

/* A request for JSON; all lent for the call of provider_request. */
struct provider_request_spec {
	const char *method;
	const char *path;         /* below the service's address: "/api/tags" */
	const struct value *body; /* JSON; may be NULL */
	const struct provider_part *parts; /* instead of `body`: a multipart form */
	size_t part_count;
	bool raw; /* the answer is no JSON: its bytes go to result->text */
	/* With it the answer is read as NDJSON, one value (lent) a line; without it result->json has the answer (NULL for an
	 * empty one). */
	void (*line)(void *ctx, const struct value *v);
	void *ctx;
	int seconds; /* limit of the whole request; 0: the limits of chats */
};
struct provider_call *provider_request(struct provider_client *client, struct provider *provider,
				       const struct provider_request_spec *spec);

/* The path of a Gemini model's method (":generateContent") below the service's address; to be freed. */
char *gemini_path(const char *model, const char *method);

/* Embeddings of a list of texts (lent); `dimensions` 0: the model's own. Never NULL, as provider_chat. */
struct provider_call *provider_embed(struct provider_client *client, struct provider *provider, const char *model,
				     const struct value *texts, int64_t dimensions);
/* What a call of provider_embed that is done has given: one list of numbers for each of `count` texts. New reference; NULL
 * with the reason. */
struct value *provider_embeddings(const struct provider_call *call, size_t count, struct err *err) MUST_CHECK;

struct provider_use;
/* The same, waited for and recorded: the vectors of a list of texts by use->model of use->service for use->user_id. New
 * reference; NULL with the reason. *tokens (may be NULL): what the service counted. */
struct value *provider_embed_wait(const struct provider_use *use, const struct value *texts, int64_t dimensions,
				  int64_t *tokens, struct err *err) MUST_CHECK;

bool provider_call_done(const struct provider_call *call);
/* 0, or -1 with the reason when the call has failed: 502 with what the service said, 504 when it took too long. */
int provider_call_error(const struct provider_call *call, struct err *err);
const struct provider_result *provider_result(const struct provider_call *call);
/* Waits for the end of the call. -1 with the reason when it failed. */
int provider_wait(struct provider_call *call, struct err *err) MUST_CHECK;
/* The same, but gives up as soon as *stop is true (set by a callback of the call). */
int provider_wait_unless(struct provider_call *call, const bool *stop, struct err *err) MUST_CHECK;
/* Takes NULL. Breaks off a call that is not done. Never from inside of its own callbacks. */
void provider_call_free(struct provider_call *call);

/* ---- usage --------------------------------------------------------------------------------------------- */

/* Who asked which model when; node_id and workflow_id may be NULL. */
struct provider_use {
	const char *user_id;
	const char *service;
	const char *model;
	const char *node_id;
	const char *workflow_id;
	int64_t started_us; /* time_now_us() */
};

/* Writes a call that is done into predictions, with its tokens and its cost. Best effort: what goes wrong is logged. Calls
 * of the built-in test service leave no row. */
void provider_record(const struct provider_use *use, const struct provider_call *call);
/* US dollars by the table prices.json; -1 when the model's price is not known. */
int provider_cost(const char *service, const char *model, int64_t input, int64_t output, double *cost) MUST_CHECK;

/* ---- models -------------------------------------------------------------------------------------------- */

enum model_kind { MODELS_LLM, MODELS_IMAGE, MODELS_TTS, MODELS_ASR, MODELS_VIDEO, MODELS_EMBEDDING, MODELS_KINDS };

/* Appends the models of one service to `list` as REST shows them (cases/models). Services that are not there for this
 * user, that do not answer within 10 s or refuse, have none: the reason goes to the log. */
void provider_models(const char *user_id, const struct service *service, enum model_kind kind, struct value *list);
/* The same for several services at a time: the services are asked side by side. Order as given. */
void provider_models_all(const char *user_id, enum model_kind kind, struct value *list);

/* ---- helpers ------------------------------------------------------------------------------------------- */

/* A short answer without tools to a system text and a user text, waited for. The answer in memory of the arena. */
int provider_ask(const char *user_id, const char *service, const char *model, const char *system, const char *text,
		 int64_t max_tokens, struct arena *arena, char **answer, struct err *err) MUST_CHECK;
/* What an answer gives as a title: the first line that is not empty, without outer quotes and blanks, at most `max`
 * characters. Arena. */
char *provider_title(struct arena *arena, const char *answer, size_t max);

#endif
