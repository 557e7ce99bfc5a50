/* What the files of shared/provider share. */
#ifndef PROVIDER_INTERNAL_H
#define PROVIDER_INTERNAL_H

#include "provider/provider.h"
#include "provider/stream.h"

#define PROVIDER_ANSWER_MAX ((size_t)32 << 20) /* a whole JSON answer */
#define PROVIDER_TEXT_MAX ((size_t)32 << 20)   /* the text of a chat's answer */
#define PROVIDER_BODY_MAX BUF_MAX_BODY
#define PROVIDER_TOOL_CALLS_MAX 128

struct provider {
	const struct service *service;
	char *url; /* base address without final slash, url_path included */
	char *models_url;
	char *key; /* NULL: none */
};

/* ---- dialects ------------------------------------------------------------------------------------------ */

/* A tool call while it comes in pieces. */
struct tool_part {
	int64_t index;
	char *id;
	char *name;
	char *signature; /* of Gemini: goes back with the call */
	struct buf args;
	struct value *whole; /* arguments that came as a value */
};

/* What a dialect's event handler works on: the answer so far. */
struct answer {
	struct provider_result result;
	struct tool_part *parts;
	size_t part_count;
	bool finished; /* the last piece was delivered */
	struct err err;
	void (*piece)(void *ctx, const struct provider_piece *piece);
	void *ctx;
};

void answer_init(struct answer *a, void (*piece)(void *, const struct provider_piece *), void *ctx);
void answer_free(struct answer *a);
void answer_text(struct answer *a, const char *text, size_t len, bool thinking);
/* The tool call of that index, made when it is new; NULL past the limit. */
struct tool_part *answer_part(struct answer *a, int64_t index);
void part_set(char **field, const char *text);
/* Delivers the tool calls, then the last piece. Only once. */
void answer_finish(struct answer *a);
/* The error in a service's JSON ({"error":{"message"}}, {"error":"…"}, {"message"}, {"detail"}); NULL when there is none. */
const char *answer_error_text(const struct value *v);

struct dialect {
	enum stream_kind stream;
	const char *chat_path;
	/* The body of a chat; new reference, NULL with the reason. */
	struct value *(*body)(const struct provider *p, const struct provider_chat *chat, struct err *err);
	/* One event of the stream; -1 after filling a->err. Called by answer_event. */
	int (*event)(struct answer *a, const struct value *v);
	/* The path when it depends on the model (to be freed); NULL: chat_path. */
	char *(*path)(const struct provider_chat *chat);
};

/* One event or line of the stream as it came: JSON, or the "[DONE]" with which OpenAI's end. -1 after filling a->err. */
int answer_event(struct answer *a, const struct dialect *dialect, const char *data, size_t len);

extern const struct dialect openai_dialect;
extern const struct dialect ollama_dialect;
extern const struct dialect anthropic_dialect;
extern const struct dialect gemini_dialect;

/* gemini.c: the body of models.batchEmbedContents (new reference), and the tokens that an answer tells. */
struct value *gemini_embed_body(const char *model, const struct value *texts, int64_t dimensions);
void gemini_usage(struct provider_result *result, const struct value *v);

/* The built-in service that answers without a network. */
void fake_chat(struct answer *a);

/* Calls that have their answer (taken) or their failure at once (client.c). */
struct provider_call *call_answered(struct provider_client *client, struct value *json);
struct provider_call *call_failed(struct provider_client *client, const struct err *err);
/* provider_request at another base address (client.c). */
struct provider_call *request_at(struct provider_client *client, const struct provider *provider, const char *base,
				 const struct provider_request_spec *spec);

/* A multipart form; the boundary must not stand in the data (form.c). */
void form_write(struct buf *out, const struct provider_part *parts, size_t count, const char *boundary);

/* ---- lists of models that are kept (models_cache.c) ------------------------------------------------------- */

/* Where the list of an account is kept (to be freed); NULL when it is asked for every time. */
char *models_cache_path(const char *user_id, const struct provider *p);
/* The service's answer as it was kept (new reference); NULL when there is none. *old: it should be asked for anew. */
struct value *models_cache_read(const char *path, bool *old);
/* Best effort: what goes wrong is logged. */
void models_cache_write(const char *path, const struct value *answer);
/* Asks for the list anew in the background and keeps it. */
void models_cache_refresh(struct provider *p, const char *path, const struct provider_request_spec *spec);

/* ---- content (content.c) ------------------------------------------------------------------------------- */

/* The text of a message's content, parts joined by line ends. New reference to a text. */
struct value *content_text(const struct value *content);
/* The bytes of an image or audio part as base64 in `out`, its media type in `type` (of the data URI or by `fallback`).
 * False when they are not at hand (an address elsewhere). */
bool content_base64(const struct value *media, struct buf *out, char type[64], const char *fallback);

#endif
