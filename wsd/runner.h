/*
 * The wire between the daemon and a runner (a forked process that executes one run at a time).
 *
 * Frames in both directions over a socketpair (SOCK_STREAM):
 *     uint32 length of what follows, in host order
 *     uint8  kind (enum runner_frame)
 *     payload
 * Payloads are MessagePack as msgpack_write(…, internal = true) writes it, except where said otherwise.
 *
 * The daemon sends one RUN, then any number of INPUT, END_INPUT, CANCEL. The runner answers with MESSAGEs and exactly
 * one DONE, after which it waits for the next RUN; or it dies, which the daemon sees as the end of the socket.
 * Instead of a RUN it may send a CHAT, then any number of TOOL_RESULT, CANCEL; the runner answers in the same way.
 */
#ifndef WSD_RUNNER_H
#define WSD_RUNNER_H

#include "base/base.h"

enum runner_frame {
	/* daemon to runner */
	/* {job_id, workflow_id, user_id, graph, params, explicit_types (bool), binary (bool: the asker reads MessagePack),
	 *  workspace (path or null), first_seq (int: job_seq of the next message), resume (of a suspended run: {node_id,
	 *  state, completed: [node ids]}; else null or absent)} */
	RUNNER_RUN = 'R',
	RUNNER_INPUT = 'I',     /* {input, handle, value} */
	RUNNER_END_INPUT = 'E', /* {input, handle} */
	RUNNER_EVENT = 'V',     /* {node_id, number, event}: for a trigger node */
	RUNNER_CANCEL = 'C',    /* {} */
	/* {user_id, thread_id, message (the data of chat_message), tools (the client's manifest, a list), binary} */
	RUNNER_CHAT = 'T',
	RUNNER_TOOL_RESULT = 't', /* {tool_call_id, ok, result, error} */
	RUNNER_GO = 'G', /* {node_id}: that the node begins is on disk (RUNNER_MSG_NODE_INTENT) */

	/* runner to daemon */
	/* struct runner_message_head, `key_len` bytes of key, then the client's message as one MessagePack map with all
	 * its fields, job_id, workflow_id and job_seq: the daemon passes the bytes on to MessagePack clients unread. */
	RUNNER_MESSAGE = 'M',
	/* {status: completed|failed|cancelled|suspended, error (text or null), error_kind (class word such as "ValueError",
	 *  or null), early (bool: failed before the run began), result (map or null), duration (seconds), next_seq,
	 *  node_id, reason, state (suspended only)}. The daemon stores the end, then tells the clients.
	 * After a CHAT: {status: completed|failed|cancelled}; the client has been told everything. */
	RUNNER_DONE = 'D',
	/* An int64 in host order: the node has taken the EVENT of that number. */
	RUNNER_EVENT_TAKEN = 'v'
};

enum runner_message_type {
	RUNNER_MSG_OTHER = 0,
	RUNNER_MSG_NODE_UPDATE = 1, /* key: node id; the last one of each node is replayed at a reconnect */
	RUNNER_MSG_EDGE_UPDATE = 2, /* key: edge id; likewise */
	RUNNER_MSG_OUTPUT_UPDATE = 3,
	RUNNER_MSG_JOB_UPDATE = 4,

	/* Records for the run's log (runlog.h) that no client sees. */
	RUNNER_MSG_NODE_DONE = 16, /* key: node id, which has completed; what it sent on (engine/exact.h), or nothing */
	RUNNER_MSG_NODE_INTENT = 17, /* key: id of a node that must not run twice (NODE_ONCE); it waits for RUNNER_GO */
	RUNNER_MSG_INPUT = 18, /* the daemon's own: a frame that the runner got, its kind in front */
	RUNNER_MSG_END = 19,   /* the daemon's own: how the run ended, a map */
	RUNNER_MSG_TRACE = 20  /* what nodes did with their time (trace.h) */
};

enum runner_message_flags {
	/* The map holds extension 1 (big integers): translate it for every client. */
	RUNNER_MSG_HAS_BIGINT = 1,
	/* A record that belongs to the message behind it: they are written together. */
	RUNNER_MSG_JOINED = 2
};

struct runner_message_head {
	uint8_t type;
	uint8_t flags;
	uint16_t key_len;
};

#define RUNNER_FRAME_MAX ((uint32_t)256 << 20)

/* The runner's main loop on its end of the socketpair; returns the exit status of the process when the daemon closes
 * its end. Called in the forked child. */
int runner_main(int fd);

#endif
