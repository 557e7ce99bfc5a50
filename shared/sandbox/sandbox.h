/*
 * sandbox: programs that users wrote, run shut in.
 *
 * A small program of its own (nodetool-sandbox) takes everything away and then starts what was asked for:
 *   - own user, mount, process, IPC and (unless asked) network namespaces: it sees /usr, the libraries, a few files of /etc,
 *     a /tmp and a working folder, its own processes, and no network. Database, assets, sockets, home folders and the other
 *     users' files are not there at all.
 *   - where the machine allows no namespaces: Landlock keeps it to the same files, and the filter below to its own
 *     processes and no sockets. Where neither works, nothing is started.
 *   - a system call filter (seccomp): no tracing, mounting, namespaces, kernel modules, keys, io_uring, foreign sockets.
 *   - limits on processor time, memory, size of files, number of processes and files.
 * A server that runs as root starts it as nobody.
 *
 * It dies with the process that started it, and all its processes die with it: the first process of its namespace is the
 * child of nodetool-sandbox and goes when that goes.
 */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include <sys/types.h>

#include "base/base.h"

#define SANDBOX_ARG_MAX 128000 /* bytes of one argument: the kernel takes 131,071 */

struct sandbox_options {
	const char *const *argv; /* ends with NULL; argv[0] is looked up in the sandbox's PATH */
	/* The working folder, writable, shown as /workspace; NULL: an empty one in memory that is gone afterwards. */
	const char *folder;
	const char *const *programs; /* folders with further interpreters, read only, ends with NULL; may be NULL */
	bool network;
	int64_t cpu_seconds;  /* of each process */
	int64_t memory_bytes; /* of each process, and of all together where there are namespaces */
	int64_t file_bytes;   /* largest file, and size of /tmp */
	int64_t processes;    /* that may live at once */
};

struct sandbox {
	pid_t pid;
	int in, out, errors; /* the program's standard descriptors: pipes, not blocking, closed on exec; -1 once closed */
	int ended;           /* becomes readable when the program has ended */
	int report;
};

enum sandbox_end {
	SANDBOX_EXITED,    /* by itself: `status` */
	SANDBOX_MEMORY,    /* stopped: all its processes together used more than memory_bytes */
	SANDBOX_NOT_STARTED /* err says why: the program is not there, the machine allows no sandbox */
};

/* Starts the program. -1 when nodetool-sandbox itself could not be started; what it finds wrong is told by sandbox_wait. */
int sandbox_start(const struct sandbox_options *options, struct sandbox *out, struct err *err) MUST_CHECK;
/* After `ended` is readable (else it blocks until then): how it ended. *status is the exit status, or 128 + signal. */
enum sandbox_end sandbox_wait(struct sandbox *sandbox, int *status, struct err *err);
/* Closes the program's standard input. */
void sandbox_close_input(struct sandbox *sandbox);
/* Kills it with all its processes if it still runs, and closes everything. A zeroed struct is left alone. */
void sandbox_free(struct sandbox *sandbox);

#endif
