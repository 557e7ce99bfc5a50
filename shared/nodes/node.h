/*
 * nodes: what a node type declares, and what its functions may do.
 *
 * A node is one declaration and one function (wsd/nodes/README shows it in a page). The declaration is all that clients
 * see of it (GET /api/nodes/metadata is generated from it at build time) and all that the engine needs to drive it.
 *
 * The engine runs in one thread per run and never preempts a node; a function that returns gives the others their turn.
 */
#ifndef NODES_NODE_H
#define NODES_NODE_H

#include "value/value.h"

struct node_ctx; /* one node of a running graph: the engine's */

/* One property (an input handle when an edge leads to it). A table of them ends with an entry without name. */
struct node_prop {
	const char *name;
	/* Type metadata in short form: "str", "int?" (optional), "list[str]", "dict[str,any]", "union[int,float]",
	 * "tuple[int,int]", "image" …; an enum as "enum(nodetool.text.PadDirection:left|right|both)"; or JSON text. */
	const char *type;
	const char *def;         /* default as JSON text; NULL means null */
	const char *title;       /* NULL: made from the name ("input_list" -> "Input List") */
	const char *description; /* one line of our own */
	const char *min;         /* bounds as JSON numbers, shown to clients and not enforced; NULL for none */
	const char *max;
	bool required; /* needs an edge: "Missing inputs: …" otherwise */
	/* Shown to clients as required and without default (the original makes the default when a node is made); runs
	 * use `def` all the same. */
	bool no_default;
	const char *json_schema_extra; /* JSON object for the editor's widget; NULL for none */
};

/* One output slot. A table of them ends with an entry without name. */
struct node_slot {
	const char *name;
	const char *type;
	bool stream;
	bool not_routable;
};

enum node_flags {
	NODE_STREAMS_OUTPUT = 1 << 0,   /* a generator, or a streaming input node that says so: edges behind it stream */
	NODE_STREAMS_INPUT = 1 << 1,    /* reads its inbox itself, item by item */
	NODE_DYNAMIC = 1 << 2,          /* takes any further property and handle */
	NODE_DYNAMIC_OUTPUTS = 1 << 3,  /* its instances may declare further slots */
	NODE_TOOL = 1 << 4,             /* expose_as_tool */
	NODE_NOT_CACHEABLE = 1 << 5,
	NODE_INPUT = 1 << 6,            /* served by the input dispatcher: has no function */
	NODE_OUTPUT = 1 << 7,           /* its values are outputs of the job */
	NODE_HIDE_RESULT = 1 << 8,      /* "completed" shows an empty result (constants) */
	NODE_PURE = 1 << 9,             /* same inputs, same outputs: may be kept across runs (incremental runs) */
	NODE_ONCE = 1 << 10,            /* has an effect outside: must not be run again after a crash */
	NODE_AUTO_SAVE = 1 << 11,       /* asset references in its results become stored assets */
	NODE_BLOCKING = 1 << 12,        /* may wait for a disk, a child process, a library: keep other work going meanwhile */
	NODE_INTERNAL = 1 << 13,        /* runs, but is not listed in /api/nodes/metadata (Preview, Comment, Group) */
	/* Beside NODE_STREAMS_INPUT: clients are not told of it, as the original does not say it of text's Collect. */
	NODE_STREAMS_INPUT_UNSAID = 1 << 14
};

/* What a node's function returns. */
enum node_result {
	NODE_FAILED = -1, /* after node_fail */
	NODE_DONE = 0,
	NODE_MORE = 1, /* a generator has more: call `next` again */
	NODE_WAIT = 2, /* call the same function again when what was asked of node_wait_* has happened */
	NODE_SUSPEND = 3 /* after node_suspend: ends the run as suspended */
};

struct node_type {
	const char *type;        /* "nodetool.text.Concat" */
	const char *title;       /* shown as node_name in messages; as in the contract */
	const char *description; /* one line of our own */
	const struct node_prop *props;
	const struct node_slot *outputs;
	unsigned flags;
	/* Fields shown without unfolding, separated by blanks; NULL: all of them. */
	const char *basic_fields;
	const char *layout; /* NULL: "default" */
	/* A name that clients are shown as required, though no property has it (the original shows it so); NULL: none. */
	const char *shown_required;
	unsigned timeout_s; /* "Node timed out after <n>s"; 0: none */
	/* Raised when the node gives other results than before: those that were kept across runs (NODE_PURE) count no more. */
	unsigned version;
	size_t state_size;  /* zeroed memory per instance, see node_state */

	/* Single shot (neither stream flag): runs once per batch of inputs.
	 * Generator (NODE_STREAMS_OUTPUT alone): `process` begins a batch (may be NULL), then `next` is called as long as
	 * it returns NODE_MORE and there is room behind the node.
	 * Streaming input (NODE_STREAMS_INPUT): `item` for each arriving item (lent) with its handle, then `end` once;
	 * `next` after either when they return NODE_MORE. Any of these may be NULL. */
	enum node_result (*process)(struct node_ctx *ctx);
	enum node_result (*next)(struct node_ctx *ctx);
	enum node_result (*item)(struct node_ctx *ctx, const char *handle, struct value *item);
	enum node_result (*end)(struct node_ctx *ctx);
	/* Frees what the state holds; called once, also after an error and a cancellation. */
	void (*destroy)(void *state);
};

/* Each file of wsd/nodes exports one table of its namespace; wsd/nodes/all.c lists them. */
struct node_table {
	const struct node_type *types;
	size_t count;
};
#define NODE_TABLE(name, array) const struct node_table name = { (array), ARRAY_LEN(array) }

/* ---- for the functions of nodes (implemented by wsd/engine) ------------------------------------------- */

/* Current values of properties: lent, never NULL (null when unset). A declared property always has its type or is null;
 * the typed getters fall back to "", 0 and false. */
struct value *node_get(struct node_ctx *ctx, const char *name);
const char *node_text(struct node_ctx *ctx, const char *name);
struct sv node_sv(struct node_ctx *ctx, const char *name);
int64_t node_int(struct node_ctx *ctx, const char *name);
double node_float(struct node_ctx *ctx, const char *name);
bool node_bool(struct node_ctx *ctx, const char *name);
/* The dynamic properties of this instance, edge items over static ones: a map, lent. */
struct value *node_dynamic(struct node_ctx *ctx);
/* True when an edge leads to the handle. */
bool node_connected(struct node_ctx *ctx, const char *handle);
/* True when the instance or its type declares the slot. */
bool node_has_slot(struct node_ctx *ctx, const char *slot);

/* The slots that this instance declares beyond those of its type: a map of name to type metadata. New reference. */
struct value *node_slots(struct node_ctx *ctx);

/* Sends a value to a slot; takes the reference. An unknown slot fails the node when the function returns. */
void node_emit(struct node_ctx *ctx, const char *slot, struct value *v);
/* Sets the reason (shown to clients, cut at 1000 characters) and returns NODE_FAILED. */
enum node_result node_fail(struct node_ctx *ctx, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The instance's own state: type->state_size bytes, zeroed at the start of the run, kept between batches. */
void *node_state(struct node_ctx *ctx);
/* Memory that lives until the function returns NODE_DONE or NODE_FAILED. */
struct arena *node_arena(struct node_ctx *ctx);

/* Before NODE_WAIT: when to call again. Several may be asked for; the first that happens counts. */
void node_wait_ms(struct node_ctx *ctx, int64_t ms);
void node_wait_fd(struct node_ctx *ctx, int fd, short poll_events);
/* Before NODE_WAIT: call again when an event from outside is there for this node. */
void node_wait_event(struct node_ctx *ctx);
/* Takes the oldest event that waits for this node (a new reference): whoever sent it learns that it need not be sent again.
 * NULL when there is none. */
struct value *node_next_event(struct node_ctx *ctx);

/* Asks to suspend the run: the other nodes are cancelled, `state` (taken) is kept with the job and comes back from
 * node_resume_state when the job is resumed. Returns NODE_SUSPEND. */
enum node_result node_suspend(struct node_ctx *ctx, const char *reason, struct value *state);
/* What this node gave to node_suspend in the run that is being resumed: lent; NULL when this is no such resumption. */
struct value *node_resume_state(struct node_ctx *ctx);

/* Messages to the clients that watch the run. */
void node_progress(struct node_ctx *ctx, int64_t done, int64_t total);
void node_log(struct node_ctx *ctx, const char *severity, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Any other event: `message` is a map with "type"; node_id, job_id and workflow_id are added. Takes the reference. */
void node_send(struct node_ctx *ctx, struct value *message);

/* Where the run is allowed to read and write (the workflow's workspace); NULL when it has none. */
const char *node_workspace(struct node_ctx *ctx);
const char *node_user(struct node_ctx *ctx);
const char *node_job(struct node_ctx *ctx);
const char *node_workflow(struct node_ctx *ctx); /* NULL when it is not a stored one */
const char *node_id(struct node_ctx *ctx);
/* A setting or secret of the run's user; NULL when there is none. Memory of node_arena. */
const char *node_secret(struct node_ctx *ctx, const char *name);

/* ---- the registry (registry.c) ------------------------------------------------------------------------ */

/* All tables, ended by NULL; defined by wsd/nodes/all.c (unit tests of the engine bring their own). */
extern const struct node_table *const node_tables[];

/* Every node type that is built in, and the lookup by type name (NULL when unknown). */
size_t node_type_count(void);
const struct node_type *node_type_at(size_t i);
const struct node_type *node_type_find(const char *type);

struct type;

/* A declaration with its texts read: types and defaults. Kept for the life of the process; one thread. */
struct node_info {
	const struct node_type *type;
	size_t prop_count;
	struct node_prop_info {
		const char *name;
		const struct type *type;
		/* Typed, and a tuple where an "any" has [] (Python's str() of it shows). Lent. */
		struct value *def;
	} *props;
	size_t slot_count;
	struct node_slot_info {
		const char *name;
		const struct type *type;
	} *slots;
};
/* NULL when the type is unknown. A broken declaration aborts (make check reads them all). */
const struct node_info *node_info_find(const char *type);
/* The declaration as GET /api/nodes/metadata shows it: a new reference. */
struct value *node_metadata(const struct node_info *info);

#endif
