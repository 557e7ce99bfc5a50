/* The inside of a run, for the files of this folder only. */
#ifndef ENGINE_INTERNAL_H
#define ENGINE_INTERNAL_H

#include "wsd/engine/engine.h"
#include "wsd/engine/result_store.h"
#include "graph/graph.h"
#include "nodes/node.h"

#define HANDLE_LIMIT 3   /* items that wait at one handle (section 2) */
#define ERROR_TEXT_MAX 4001 /* 1000 characters of at most 4 bytes */
#define WAIT_FDS_MAX 8

struct edge;

/* One named input of a node that at least one edge leads to. */
struct handle {
	struct node_ctx *node;
	const char *name;
	int prop;            /* position among the declared properties; -1: dynamic */
	uint32_t edge_count; /* all edges into it */
	uint32_t open;       /* of those, the ones whose source has not ended */
	uint8_t head;
	uint8_t count;
	bool gathered; /* section 5 */
	bool sticky;   /* zip_all: its first edge carries no stream */
	bool seen;     /* has had an item; `latest` or `queue` is in use */
	struct value *items[HANDLE_LIMIT];
	struct value *latest;     /* on_any, zip_all: the newest item; gathered: the list so far */
	struct value *queue;      /* zip_all: a list of what came, from `queue_head` on */
	size_t queue_head;
	struct edge *first_edge;
	struct node_ctx *sleepers; /* producers that wait for room, oldest first */
	struct node_ctx *last_sleeper;
};

/* One named output of a node. */
struct slot {
	const char *name;
	const struct type *type;
	bool not_routable;
	struct edge **edges; /* in the order of the graph */
	size_t edge_count;
	struct value *last; /* of this batch, for `completed` */
};

struct edge {
	const char *id; /* "" when the graph gives none */
	struct node_ctx *source;
	struct slot *slot;
	struct node_ctx *target;
	struct handle *handle;
	int64_t *counter; /* shared by edges of the same id */
	bool streaming;
	bool closed; /* its "source done" has been given */
	bool drained; /* reported as drained */
	struct sv head; /* the constant part of its edge_update, encoded */
};

struct emission {
	struct slot *slot;
	struct value *v; /* NULL: the end of the slot (input nodes only) */
	size_t bytes;    /* times_size of it */
};

/* What a node does with its time; times on the clock of time_mono_us. */
struct node_times {
	int64_t start_us; /* 0: it has not begun */
	int64_t last_us;  /* gave a value last */
	int64_t mark_us;  /* began to wait */
	int64_t busy_us;
	int64_t outside_us;
	int64_t room_us;
	uint64_t bytes_in;
	uint64_t bytes_out;
	uint32_t items_in;
	uint32_t items_out;
	uint32_t calls;
	struct node_ctx *next_begun;
};

enum phase {
	PHASE_INPUT, /* waits for a batch or an item */
	PHASE_CALL,  /* in a function of the node, see `call` */
	PHASE_BATCH_END, /* flushes, then reports the batch as completed */
	PHASE_CLOSE, /* flushes, then ends */
	PHASE_DONE
};

enum call { CALL_PROCESS, CALL_NEXT, CALL_ITEM, CALL_END };

/* One node of the running graph: the actor. */
struct node_ctx {
	struct run *run;
	size_t index;
	const char *id;
	const struct node_type *type;
	const struct node_info *info;
	struct value **props;  /* current values, one per declared property */
	bool *set_by_edge;     /* likewise: an edge has assigned it in this run */
	struct value *dynamic; /* map of dynamic properties; NULL when not dynamic */
	struct slot *slots;
	size_t slot_count;
	struct edge **in; /* in the order of the graph, as `out` */
	size_t in_count;
	struct edge **out;
	size_t out_count;
	bool zip;
	bool gathers;       /* has a gathered handle */
	bool behind_stream; /* some ancestor streams its output: results are not cached */
	bool use_cache;
	bool keep;   /* its result goes to the result store, as `key` */
	bool cached; /* it came from there */
	char key[RESULT_KEY_SIZE];

	/* inbox */
	struct handle *handles;
	size_t handle_count;
	size_t open;        /* open sources over all handles */
	size_t unseen;      /* handles that have had no item */
	uint32_t *arrivals; /* ring of handle numbers, HANDLE_LIMIT per handle */
	size_t arrival_head;
	size_t arrival_count;
	uint32_t *first_order; /* handles in the order of their first item */
	size_t first_count;

	/* outbox */
	struct emission *outbox;
	size_t outbox_head;
	size_t outbox_count;
	size_t outbox_cap;
	size_t outbox_edge; /* next edge of the first emission */

	/* the state machine */
	enum phase phase;
	enum call call;
	bool ran;          /* has begun at least one batch, or its only run */
	bool end_called;   /* streaming input: `end` has been called */
	bool failed;
	bool suspended;
	bool silent;       /* completed before the run went on: sends the same again, and no client is told */
	bool asked;        /* NODE_ONCE: whether it may run */
	bool allowed;
	int64_t hushed;    /* so many output_updates have been seen before */
	struct buf record; /* what it has sent on, for restore.c */
	size_t record_items;
	bool record_lost;
	bool recorded; /* its record was given */
	struct handle *item_handle;
	struct value *item; /* what `item` is being called with */
	const char *bad_slot;
	char *error;
	void *state;
	struct arena *arena;
	int64_t deadline_us; /* of the current call, by type->timeout_s; 0: none */

	/* queues */
	bool queued;
	bool of_stream; /* makes a stream or stands behind one: goes into the second ready queue */
	struct node_ctx *next_ready;
	bool asleep; /* on a full handle */
	struct node_ctx *next_sleeper;
	bool waiting; /* for a timer or a descriptor */
	struct node_ctx *next_waiting;
	struct node_ctx *prev_waiting;
	int64_t wake_us; /* 0: no timer */
	struct pollfd fds[WAIT_FDS_MAX];
	size_t fd_count;
	bool wait_event;
	struct value *events; /* that have come from outside: a list of [number, event]; NULL: none yet */

	struct sv head; /* the constant part of its node_update, encoded */
	struct node_times times;
};

/* An event of the input dispatcher (section 7). */
struct input_event {
	struct input_event *next;
	struct node_ctx *node;
	struct slot *slot;
	struct value *v; /* NULL: the end of the slot */
	size_t bytes;    /* times_size of it */
};

struct cache_entry {
	struct cache_entry *next;
	const struct node_info *info;
	uint64_t hash;
	struct value *key;    /* list of property values */
	struct value *result; /* list of [slot number, value] pairs, flat */
};

#define CACHE_BUCKETS 256

struct run {
	struct run_options opt;
	struct arena *arena;
	struct node_ctx *nodes;
	size_t node_count;
	struct edge *edges;
	size_t edge_count;
	size_t alive; /* actors that have not ended */
	/* Ready actors. What carries no stream goes first: a value that a constant or an input gives is there before the
	 * items of a stream that it meets in some node, however long its way. */
	struct ready {
		struct node_ctx *head;
		struct node_ctx *tail;
	} ready[2];
	struct node_ctx *waiting;

	struct input_event *events;
	struct input_event *last_event;
	size_t event_edge;          /* next edge of the first event */
	struct node_ctx dispatcher; /* a producer without node: sleeps and wakes like one */
	struct value *inputs;       /* input name -> node number */

	struct cache_entry *cache[CACHE_BUCKETS];
	struct value *result; /* output name -> list */
	struct run_level level; /* of the job's own run */

	struct buf msg;
	bool msg_bigint;
	int64_t seq;
	int64_t started_us;
	int64_t clock_us;          /* when the last step of an actor was over */
	int64_t epoch_us;          /* to be added to that clock for microseconds since 1970 */
	struct node_ctx *stepping; /* the actor whose step it is */
	struct node_ctx *begun;    /* since the last record of the trace */
	struct buf trace;          /* entries for the next one */
	bool trace_told;           /* the run itself is in a record */
	bool ended;
	struct run_end end;
};

/* load.c: steps 1 to 6 of section 1. */
int load_graph(struct run *run, struct err *err) MUST_CHECK;
/* validate.c: step 9; reports every error and gives the joined text (malloc'd), or NULL when all is well. */
char *validate_graph(struct run *run);

/* actor.c */
void actor_ready(struct node_ctx *node);
void actor_step(struct node_ctx *node);
/* A node that reads its inbox itself reports that it runs, before any value is there. */
void actor_begin(struct node_ctx *node);
/* Ends an actor: reports its edges as drained, tells its targets, wakes who waits for it. */
void actor_close(struct node_ctx *node);
void actor_unwait(struct node_ctx *node);
/* Frees what an actor holds. */
void actor_destroy(struct node_ctx *node);

/* batch.c: forming batches (sections 4 and 5). */
enum batch { BATCH_NONE, BATCH_RUN, BATCH_OVER };
/* Reads the inbox; BATCH_RUN: assign_batch would assign a complete set. */
enum batch batch_next(struct node_ctx *node);
/* Assigns the batch's items to properties and reports them. */
void batch_assign(struct node_ctx *node);

/* inbox.c */
/* False when the handle is full: the producer is asleep then. Takes no reference. */
bool inbox_put(struct edge *edge, struct value *v, struct node_ctx *producer);
/* The next item in order of arrival (a reference given to the caller), or NULL. */
struct value *inbox_take(struct node_ctx *node, struct handle **handle);
void inbox_source_done(struct edge *edge);
void inbox_close(struct node_ctx *node);
/* Delivers what is in the outbox; false when it has to wait. */
bool outbox_flush(struct node_ctx *node);
void outbox_add(struct node_ctx *node, struct slot *slot, struct value *v);
void outbox_clear(struct node_ctx *node);

/* input.c: the dispatcher. */
void inputs_queue_initial(struct run *run);
void inputs_step(struct run *run);
void inputs_free(struct run *run);

/* cache.c */
/* True when a result was found: it has been put into the outbox and the slots. */
bool cache_lookup(struct node_ctx *node);
void cache_store(struct node_ctx *node);
void cache_free(struct run *run);

/* assign.c: one value to one property; false when it does not fit. Takes no reference. */
bool assign_prop(struct node_ctx *node, int prop, struct value *v, int flags, struct err *err);
bool assign_handle(struct node_ctx *node, struct handle *handle, struct value *v);
struct value *handle_value(struct node_ctx *node, const struct handle *handle); /* lent */

/* message.c: everything that clients see. Values are lent. */
void message_heads(struct run *run);
void message_running(struct node_ctx *node, struct value *properties);
void message_completed(struct node_ctx *node);
void message_error(struct node_ctx *node, const char *text);
void message_suspended(struct node_ctx *node);
void message_sent(struct edge *edge);
void message_drained(struct edge *edge);
void message_output(struct node_ctx *node, const char *name, struct value *shown);
/* Any message of a node: `fields` without job_id, workflow_id, job_seq. */
void message_other(struct node_ctx *node, const struct value *fields);
bool message_muted(const struct run *run, enum runner_message_type type);

/* A record for the log of the run, with bytes as they are; `joined`: it belongs to the message behind it. */
void message_record(struct node_ctx *node, enum runner_message_type type, const char *data, size_t len, bool joined);

/* restore.c */
/* The node sends `v` on. */
void restore_note(struct node_ctx *node, const struct slot *slot, const struct value *v);
/* The node has completed: gives its record, once. `joined`: a message that says so follows. */
void restore_completed(struct node_ctx *node, bool joined);
/* True when the node must not run before it is written down that it does; it then waits for run_go. */
bool restore_must_ask(struct node_ctx *node);
/* The same for a node that finds out itself that it must not run twice. */
bool restore_ask(struct node_ctx *node);
/* Prepares the nodes that have completed before; false when the run cannot go on (it has ended then). */
bool restore_begin(struct run *run);
/* nodeapi.c: a value of an output node for the result of the run. */
void node_count_output(struct node_ctx *node, struct value *v);

/* times.c: what goes into the trace of the run (wsd/trace.h). */
void times_init(struct run *run);
/* Bytes of a value's content; 0 when nobody wants to know. */
size_t times_size(const struct run *run, const struct value *v);
/* A value of so many bytes has gone over the edge. */
void times_sent(struct edge *edge, size_t bytes);
void times_begin(struct node_ctx *node);
/* The step of run->stepping is over. */
void times_stepped(struct run *run);
/* Before the actor's phase becomes PHASE_DONE. */
void times_end(struct node_ctx *node);
/* Gives what has been gathered as a record: before the run waits, and when it is over. */
void times_flush(struct run *run);
void times_over(struct run *run);

/* present.c: values as clients get them; new references. */
struct value *present_value(struct run *run, struct value *v);  /* outputs, previews, properties */
struct value *present_result(struct run *run, struct value *v); /* `result` of a node_update */
/* True when a text-mode client cannot be given the value: a typed asset in it names nothing. */
bool present_impossible(const struct value *v);
struct value *present_explicit(struct value *v);                /* wraps for explicit_types */

/* run.c */
void run_finish(struct run *run, enum run_status status, const char *kind, const char *error);
struct slot *slot_find(struct node_ctx *node, const char *name);
/* At most 1000 characters of a text, in the run's arena. */
char *error_cut(struct run *run, const char *text);

#endif
