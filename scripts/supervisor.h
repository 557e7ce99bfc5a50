/*
 * The supervisor: one small process that opens the FastCGI sockets, starts the pools, the daemon and nginx, starts again
 * what dies, exchanges pools without losing a request, and stops everything in order.
 *
 * It takes the place of one spawn-fcgi and one multiwatch per pool: a pool can only be exchanged without dropping a
 * request by the process that holds the listening socket, and one process for all of them costs less memory.
 */
#ifndef SCRIPTS_SUPERVISOR_H
#define SCRIPTS_SUPERVISOR_H

#include <sys/types.h>

#include "base/base.h"

#define LISTEN_BACKLOG 1024
#define TABLE_PROGRAMS_MAX 128
#define TABLE_COUNT_MAX 256
#define TABLE_ARGS_MAX 32

/* In the order in which they are stopped: the daemon says good-bye to its clients through nginx, nginx lets requests
 * in flight end through the pools. */
enum program_kind { KIND_DAEMON, KIND_FRONT, KIND_POOL, KIND_COUNT };

struct program;

struct process {
	struct program *program;
	pid_t pid;           /* 0: not running */
	int64_t started_us;  /* monotonic */
	int64_t due_us;      /* when pid is 0: when to start it (again) */
	unsigned failures;   /* deaths in a row soon after the start */
};

struct program {
	enum program_kind kind;
	char *name;
	char *socket; /* pools: where they listen; daemons: where they can be reached once they are up; or NULL */
	int fd;       /* pools: the listening socket, else -1 */
	char *argv[TABLE_ARGS_MAX + 1];
	size_t count;
	struct process *processes;
};

struct table {
	struct program programs[TABLE_PROGRAMS_MAX];
	size_t count;
	bool retired; /* its processes are not started again */
};

/* ---- supervisor_table.c ------------------------------------------------------------------------------- */

/* Reads the table of programs: one a line, fields separated by one tab each: kind (pool, daemon, front), name, number
 * of processes, socket or "-", then the command and its arguments. "#" begins a comment line. NULL and an error when
 * it cannot be read or is wrong. */
struct table *table_load(const char *path, struct err *err) MUST_CHECK;
/* Opens the sockets of the pools. A socket that `old` (or NULL) already listens on is shared with it. */
int table_listen(struct table *table, const struct table *old, struct err *err) MUST_CHECK;
struct program *table_find(struct table *table, const char *name);
/* Closes the sockets, and removes those that `heir` (or NULL) does not listen on; frees everything. */
void table_free(struct table *table, const struct table *heir);
/* The process with this pid, or NULL. */
struct process *table_process(struct table *table, pid_t pid);
/* How many processes of that kind run. */
size_t table_running(const struct table *table, enum program_kind kind);
/* Starts one process: fd 0 is the pool's socket or /dev/null, standard error is inherited, and it is told to end when the
 * supervisor dies. */
void process_start(struct process *process);
void table_signal(struct table *table, enum program_kind kind, int signal);

/* ---- supervisor_probe.c ------------------------------------------------------------------------------- */

/* Fails with a sentence when nobody could listen on the address now. */
int probe_free(const char *host, const char *port, struct err *err) MUST_CHECK;
/* True when somebody accepts connections on the Unix socket. */
bool probe_socket(const char *path);
/* True when GET /health answers 200 on the address. */
bool probe_health(const char *host, const char *port);

#endif
