/*
 * An upgrade without a break: the daemon executes its program anew, in the same process (SIGUSR2, `nodetoolctl reload`).
 *
 * Before that it lets answers over HTTP and in chats end (NODETOOL_DRAIN_SECONDS), asks its WebSocket clients to come again
 * (1012), and writes what runs have said to their logs. Listening sockets, the sockets of runners that have a run and the
 * processes that forked them stay open and are named in a state that the new program reads. There a run goes on as after a
 * kill (job_recover.c), but with the runner that it has. Connections that come meanwhile wait in the listening socket.
 *
 * The state is one MessagePack map in a memfd: {version, fds: {unix, tcp, notify}, zygotes: [{fd, pid}], runs: [{job, fd, pid,
 * zygote, user, runs, in, out, last_seq, delivered, sent, in_flight}]}. A program that reads another version takes nothing
 * over; its runs then go on by their journal.
 */
#ifndef WSD_HANDOVER_H
#define WSD_HANDOVER_H

#include "value/value.h"

/* Reads the state from the descriptor and closes it. Before there is any thread. */
void handover_load(int fd);
/* What is known of the run; NULL when it was not handed over. From any thread. */
const struct value *handover_run(const char *job_id);
/* All of it; NULL when this program was started plainly. */
const struct value *handover_state(void);
/* An inherited descriptor of `fds`; -1 when there is none. */
int handover_fd(const char *name);
/* The descriptor will stay open; gives it as a value. */
struct value *handover_keep(int fd);
/* Executes `program` with the state (whose reference is taken). Returns only when that cannot be done. */
void handover_execute(const char *program, struct value *state);

#endif
