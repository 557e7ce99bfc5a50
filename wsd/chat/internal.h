/* What the files of wsd/chat share. */
#ifndef CHAT_INTERNAL_H
#define CHAT_INTERNAL_H

#include "db/db.h"
#include "provider/provider.h"
#include "wsd/chat/mcp.h"
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
	struct tool_run *tool_run; /* a tool that goes on; NULL: none */
	struct mcp *mcp;	   /* servers of the user's with tools; NULL: none asked for */
	bool connecting;	   /* they are being connected: the chat begins after it */
	bool mcp_calling;	   /* one of their tools runs */
	struct lookup *lookup;     /* collections are being asked (lookup.c); NULL: not */

	/* Agent mode: agent.c. */
	struct agent *agent;   /* NULL: none */
	const char *step_id;   /* of the step that goes on; lent by the agent's task */
	struct value *format;  /* response_format of the next answer; NULL: any */
	bool quiet;	       /* the answer is not for the client as it comes */

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
/* The texts of a content joined by blanks; new reference to a text. */
struct value *turn_plain_text(const struct value *content);
/* A UUID with dashes. */
void turn_make_uuid(char out[ID_SIZE]);
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
/* The same for a tool of an MCP server. */
bool model_mcp_step(struct turn *turn);
/* Goes on with the tool that runs; true when more could be done at once. */
bool model_tool_step(struct turn *turn, const struct pollfd *fds, size_t count);
void model_tool_result(struct turn *turn, const struct value *result);
/* Opens the account and the client, and says which tools there are: the history (new reference), or NULL with the reason. */
struct value *model_open(struct turn *turn, struct err *err);
/* `{"type":"chunk","content":"","done":true,"thread_id":T}`, only these keys. */
void model_send_end(struct turn *turn);
/* Says and stores the answer; takes the reference to its content. */
void model_say_answer(struct turn *turn, struct value *content, bool of_agent);
/* Breaks the model's answer off and stores what there is of it, marked. */
void model_keep_partial(struct turn *turn);
/* agent.c: the model's answer stands in turn->text; its call is over, and is counted by agent_use before. */
void agent_begin(struct turn *turn);
void agent_answer(struct turn *turn);
void agent_use(struct turn *turn);
/* False when a limit is reached: the turn has then ended. */
bool agent_goes_on(struct turn *turn);
/* The same for the limit of time alone, whatever goes on. */
bool agent_in_time(struct turn *turn);
/* Milliseconds until then, at least 0. */
int agent_time_left(const struct turn *turn);
/* Takes NULL. */
void agent_free(struct agent *agent);
/* lookup.c: the collections that the message names. Begins when there are any: 0, or -1 with the reason. */
int lookup_begin(struct turn *turn, struct err *err) MUST_CHECK;
/* Goes on. True when the turn's messages have what was found; the turn has ended when it failed. */
bool lookup_step(struct turn *turn);
size_t lookup_poll(struct lookup *lookup, struct pollfd *fds, size_t max, int *timeout_ms);
/* Takes NULL. */
void lookup_free(struct lookup *lookup);
/* workflow.c */
void workflow_begin(struct turn *turn);
bool workflow_step(struct turn *turn, const struct pollfd *fds, size_t count);

/* ---- tools (tools.c) ----------------------------------------------------------------------------------- */

struct tool {
	const char *name;
	const char *description;
	const char *parameters; /* JSON schema */
	const char *user_message; /* what the client shows meanwhile */
	const char *secret; /* needed, or the tool is not offered; NULL: none */
	bool code; /* runs programs: offered where the server runs code nodes */
	bool help; /* offered in help mode */
	/* The result at once; new reference. What goes wrong is {"error": text}. NULL: the nodes run. */
	struct value *(*run)(const struct turn *turn, const struct value *args);
	/* A chain of nodes, each with the property that takes the output of the one before it. The arguments are the
	 * properties of the first one. */
	struct {
		const char *type;
		const char *input;
	} nodes[2];
	const char *output; /* of the last node */
	bool many; /* the result is a list, also of one value */
	/* The properties of the first node instead of the arguments; new reference. May be NULL. */
	struct value *(*prepare)(const struct turn *turn, const struct value *args);
	/* What of the result (with `many` the list) the model gets; new reference. May be NULL. */
	struct value *(*shape)(const struct value *result, const struct value *args);
};

#define TOOLS_MAX 128

/* `{"error": text}`; new reference. */
struct value *tool_error(const char *text);

/* tool_search.c */
struct value *tool_search_nodes(const struct turn *turn, const struct value *args);
struct value *tool_search_examples(const struct turn *turn, const struct value *args);
struct value *tool_search_assets(const struct turn *turn, const struct value *args);
/* tool_small.c */
struct value *tool_calculator(const struct turn *turn, const struct value *args);
struct value *tool_current_date(const struct turn *turn, const struct value *args);
struct value *tool_google_prepare(const struct turn *turn, const struct value *args);
struct value *tool_google_shape(const struct value *result, const struct value *args);
/* Lines printed, as one text. */
struct value *tool_lines_shape(const struct value *result, const struct value *args);

/* ---- tools that are graphs (tool_run.c) ---------------------------------------------------------------- */

struct tool_run;

/* The call runs as a run of the engine: a tool with nodes, or (tool NULL) the user's workflow of that name. NULL with the
 * reason when it cannot begin. */
struct tool_run *tool_run_new(struct turn *turn, const struct tool *tool, const char *name, const struct value *args,
			      struct err *err);
/* Takes NULL; breaks off what still runs. */
void tool_run_free(struct tool_run *run);
size_t tool_run_poll(struct tool_run *run, struct pollfd *fds, size_t max, int *timeout_ms);
/* The result (new reference) once there is one, else NULL; *busy when more could be done at once. */
struct value *tool_run_step(struct tool_run *run, const struct pollfd *fds, size_t count, bool *busy);
/* Of a workflow whose run_mode is tool: its tool_name behind "workflow_". New reference; NULL when there is none. */
struct value *workflow_tool_declaration(const struct turn *turn, const char *name);

const struct tool *tool_find(const char *name);
/* The declarations that the model gets: those named by the message, in help mode those of help and the client's own.
 * New reference; NULL when there are none. */
struct value *tool_declarations(const struct turn *turn);
/* True when the client's manifest has a tool of this name. */
bool tool_of_client(const struct turn *turn, const char *name);
/* True when the model was told of a tool of this name: others it cannot call. */
bool tool_offered(const struct turn *turn, const char *name);

#endif
