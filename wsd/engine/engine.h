/*
 * engine: runs one workflow graph in the calling thread (notes-engine).
 *
 * One actor per node, no coroutines: an actor is a state machine that is stepped from a ready queue. Each input handle
 * holds at most 3 items; a producer sleeps on a full one and is woken by its reader. Nothing here blocks: the caller
 * polls (run_poll) together with whatever else it waits for.
 *
 *	struct run *run = run_new(&options);
 *	while (run_step(run, 1000) || !run_end(run)) { … poll, run_wake, run_input … }
 *
 * What clients see goes to the `message` callback, already numbered and encoded as MessagePack.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "value/value.h"
#include "wsd/runner.h"

#include <poll.h>

struct run;

struct run_message {
	enum runner_message_type type;
	const char *key; /* node id or edge id, see runner.h; no NUL behind it */
	size_t key_len;
	bool has_bigint; /* RUNNER_MSG_HAS_BIGINT */
	bool joined;     /* RUNNER_MSG_JOINED */
	const char *data; /* one MessagePack map */
	size_t len;
};

/* The workflows in which a run stands: see wsd/nodes/workflow_node.c. */
struct run_level {
	const char *workflow_id; /* "" when it has none */
	const struct run_level *above; /* NULL: the job's own */
};

#define RUN_MUTE(type) (1u << (type))

/* Everything is lent for the life of the run. */
struct run_options {
	const char *job_id;
	const char *workflow_id;
	const char *user_id;
	const char *workspace;        /* folder, or NULL */
	const struct value *graph;    /* {nodes, edges}: a map of the shape that notes-engine section 1 says */
	const struct value *params;   /* a map, or NULL */
	bool explicit_types;          /* wrap each `result` (section 10) */
	bool binary;                  /* the asker reads MessagePack: bytes stay bytes, else assets become data URIs */
	int64_t first_seq;            /* job_seq of the first message */
	/* NULL, or of a suspended run {node_id, state, completed: [node ids]}, or of a run that goes on after the end of the
	 * daemon {done: {node id: record of what it sent on, bytes}, shown: {output node: how many output_updates}}. */
	const struct value *resume;
	bool use_cache;               /* results of NODE_PURE nodes are looked up in the result store, and kept there */
	bool record;                  /* give RUNNER_MSG_NODE_DONE and _INTENT; nodes that must not run twice wait for run_go */
	unsigned mute;                /* RUN_MUTE bits of message types that nobody wants: they are not even built */
	const struct run_level *level; /* a run inside of another one; NULL: the job's own */
	void (*message)(void *ctx, const struct run_message *message);
	/* A setting or secret of the user: malloc'd text or NULL. NULL callback: settings and environment only. */
	char *(*secret)(void *ctx, const char *name);
	/* A node has taken the event of that number (run_event). NULL: nobody wants to know. */
	void (*event_taken)(void *ctx, int64_t number);
	void *ctx;
};

enum run_status { RUN_COMPLETED, RUN_FAILED, RUN_CANCELLED, RUN_SUSPENDED };

struct run_end {
	enum run_status status;
	bool early;             /* failed before the graph stood: clients get `failed` alone (section 1) */
	const char *error;      /* at most 1000 characters, or NULL */
	const char *error_kind; /* class word such as "ValueError", or NULL */
	struct value *result;   /* output name -> list of values, as clients get it; NULL unless completed */
	double duration;        /* seconds */
	int64_t next_seq;
	const char *node_id; /* suspended: who asked, why, what to keep */
	const char *reason;
	struct value *state;
};

/* Loads and checks the graph. Never NULL: a graph that cannot run gives a run that has ended. */
struct run *run_new(const struct run_options *options);
void run_free(struct run *run);

/* Steps at most `steps` actors; true when more could be stepped at once. */
bool run_step(struct run *run, size_t steps);
/* How the run ended: lent; NULL while it goes on. */
const struct run_end *run_end(const struct run *run);

/* What the waiting nodes wait for: fills up to `max` entries and returns their number; *timeout_ms as poll() wants it
 * (-1: nothing but outside events can go on). After poll(), run_wake makes those nodes ready. */
size_t run_poll(struct run *run, struct pollfd *fds, size_t max, int *timeout_ms);
void run_wake(struct run *run, const struct pollfd *fds, size_t count);

/* Queues a value for a slot of the input node with that name, or its end (stream_input, end_input_stream). `v` is
 * taken. A NULL handle means "output". Unknown names are ignored with a log entry. */
void run_input(struct run *run, const char *input, const char *handle, struct value *v);
void run_end_input(struct run *run, const char *input, const char *handle);
/* Queues an event for the node with that id, which takes it when it wants. `event` is taken. An unknown node is ignored with a
 * log entry: the event counts as taken. */
void run_event(struct run *run, const char *node_id, int64_t number, struct value *event);
void run_cancel(struct run *run);
/* The intent of the node (RUNNER_MSG_NODE_INTENT) is on disk: it may run. */
void run_go(struct run *run, const char *node_id);
/* Ends the run as failed with this reason (limits of the process, a lost socket). */
void run_abort(struct run *run, const char *kind, const char *reason);

#endif
