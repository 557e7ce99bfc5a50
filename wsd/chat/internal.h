/* What the files of wsd/chat share. */
#ifndef CHAT_INTERNAL_H
#define CHAT_INTERNAL_H

#include "db/db.h"
#include "provider/provider.h"
#include "wsd/chat/turn.h"
#include "wsd/engine/engine.h"

#define HISTORY_MAX 1000
#define ROUNDS_MAX 25                      /* answers of the model in one turn */
#define CLIENT_TOOL_US ((int64_t)60000000) /* how long a tool of the client may take */

struct turn {
	struct turn_options options;
	const struct value *message; /* lent: what the client sent */
	const char *user_id;
	const char *thread_id;
	const char *workflow_id; /* NULL: none */
	const char *model;
	const char *provider_name;
	bool help;
	char message_id[ID_SIZE]; /* under which it was stored */
	const char *end;

	/* A chat with a model. */
	struct provider *provider;
	struct provider_client *client;
	struct provider_call *call;
	int64_t asked_us; /* when it began */
	struct value *messages; /* the history as the model gets it, growing */
	struct value *tools;    /* declarations; NULL: none */
	struct value *calls;    /* tool calls of this round, a list */
	size_t next_call;
	int rounds;
	struct buf text; /* of all rounds */
	int64_t tool_deadline; /* 0: no tool of the client is waited for */
	struct value *tool_result; /* it has come */

	/* A chat with a workflow. */
	struct run *run;
	char job_id[ID_SIZE];
	struct value *graph;
	struct value *params;
	char *workspace;
	bool chat_mode;
};

/* ---- messages (message.c) ------------------------------------------------------------------------------ */

/* A message of this turn with all keys of the stream, the others null; new reference. */
struct value *turn_message(const struct turn *turn, const char *role);
/* Stores a message under a new id (in `id` unless NULL) and announces it. -1 with the reason. */
int turn_store(const struct turn *turn, const struct value *message, char *id, struct err *err) MUST_CHECK;
/* Stores and sends; takes the reference. What cannot be stored is sent all the same, and logged. */
void turn_say(struct turn *turn, struct value *message);
/* Makes the thread when it is not there; 404 when it is another user's. */
int turn_thread(const struct turn *turn, struct err *err) MUST_CHECK;
/* The thread's messages, oldest first, as {id, role, content, created_at, tool_calls, tool_call_id, name}, without those
 * of agents and without tool calls that have no results. New reference; NULL with the reason. */
struct value *turn_history(const struct turn *turn, struct err *err) MUST_CHECK;
/* True for content that a message may have: null, a text, an object, a list of objects. */
bool turn_content_valid(const struct value *content);

/* ---- events (turn.c) ----------------------------------------------------------------------------------- */

/* Sends an event; takes the reference. */
void turn_send(struct turn *turn, struct value *event);
/* `{"type":"error",…}` with the thread, then the end "failed". */
void turn_fail(struct turn *turn, const char *kind, const char *text);

/* ---- kinds of chat ------------------------------------------------------------------------------------- */

/* model.c: plain chat and help. */
void model_begin(struct turn *turn);
void model_step(struct turn *turn);
void model_tool_result(struct turn *turn, const struct value *result);
/* workflow.c */
void workflow_begin(struct turn *turn);
bool workflow_step(struct turn *turn, const struct pollfd *fds, size_t count);

/* ---- tools (tools.c) ----------------------------------------------------------------------------------- */

struct tool {
	const char *name;
	const char *description;
	const char *parameters; /* JSON schema */
	const char *user_message; /* what the client shows meanwhile */
	bool help; /* offered in help mode */
	/* The result; new reference. What goes wrong is {"error": text}. */
	struct value *(*run)(const struct turn *turn, const struct value *args);
};

const struct tool *tool_find(const char *name);
/* The declarations that the model gets: those named by the message, in help mode those of help and the client's own.
 * New reference; NULL when there are none. */
struct value *tool_declarations(const struct turn *turn);
/* True when the client's manifest has a tool of this name. */
bool tool_of_client(const struct turn *turn, const char *name);

#endif
