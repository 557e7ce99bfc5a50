/*
 * What a run's nodes did with their time: the entries of RUNNER_MSG_TRACE, which the engine makes (engine/times.c), the
 * run's log keeps and no client is sent; GET /api/jobs/{id}/trace shows them (trace_read.c), /metrics counts them.
 *
 * A record holds any number of entries, each a fixed part in the order of this machine and two texts. A node that goes on
 * when a record is made has an entry without end in it; one with the same node and start that comes later replaces it.
 */
#ifndef WSD_TRACE_H
#define WSD_TRACE_H

#include "base/base.h"

enum trace_status {
	TRACE_RUNNING,
	TRACE_COMPLETED,
	TRACE_CACHED, /* completed, with a result of an earlier run */
	TRACE_FAILED,
	TRACE_SUSPENDED,
	TRACE_STOPPED, /* the run ended before the node did */
	TRACE_STATUSES
};

struct trace_entry {
	struct sv node_id; /* empty: the run itself */
	struct sv node_type;
	enum trace_status status;
	int64_t start_us; /* since 1970 */
	int64_t end_us;   /* 0: it goes on */
	int64_t busy_us;  /* in the node's functions */
	int64_t outside_us; /* waiting for a timer, a descriptor, an event */
	int64_t room_us;  /* waiting for those behind it to take what it gave */
	uint64_t bytes_in; /* of values, over all edges into the node */
	uint64_t bytes_out; /* of what it sent on, each value once */
	uint32_t items_in;
	uint32_t items_out;
	uint32_t calls; /* sets of inputs, or items, that it was called for */
};

void trace_put(struct buf *out, const struct trace_entry *entry);
/* The entry at the front of `data`, which is moved behind it; the texts are lent. False at the end, and where the bytes make
 * no sense. */
bool trace_take(struct sv *data, struct trace_entry *entry);
/* "running", "completed" … */
const char *trace_status_text(enum trace_status status);

#endif
