/*
 * process: child programs, run without a shell, with limits, killed as a group when their time is up.
 */
#ifndef PROCESS_PROCESS_H
#define PROCESS_PROCESS_H

#include <sys/types.h>

#include "base/base.h"

struct process_options {
	const char *const *argv;   /* ends with NULL; argv[0] is looked up in PATH */
	const char *const *env;    /* "NAME=value", ends with NULL; NULL: PATH, HOME, LANG, TZ and TMPDIR of ours alone */
	const char *folder;        /* working folder; NULL: ours */
	const void *input;         /* written to its standard input */
	size_t input_len;
	int64_t timeout_ms;        /* wall clock; 0: 60 s */
	int64_t memory_bytes;      /* RLIMIT_AS; 0: none */
	int64_t cpu_seconds;       /* RLIMIT_CPU; 0: none */
	int64_t file_bytes;        /* RLIMIT_FSIZE: the largest file it may write; 0: none */
	/* Called in the child before exec (async-signal-safe calls only); not 0 ends the child. */
	int (*setup)(void *arg);
	void *setup_arg;
};

struct process_result {
	int status;      /* exit status, or 128 + signal */
	bool timed_out;
	bool too_much;   /* it printed more than a buffer takes: it was killed */
};

/* Runs to the end. Standard output and error are appended to the buffers (NULL: thrown away). -1 only when the program
 * could not be started: err says why ("ffmpeg: No such file or directory"). */
int process_run(const struct process_options *options, struct buf *out, struct buf *errors, struct process_result *result,
		struct err *err) MUST_CHECK;

/* Starts a child whose standard input and output are pipes of the caller (close them), standard error goes to `error_fd`
 * (or nowhere when -1). The child leads its own process group. */
int process_start(const struct process_options *options, int error_fd, pid_t *pid, int *input_fd, int *output_fd,
		  struct err *err) MUST_CHECK;

#endif
