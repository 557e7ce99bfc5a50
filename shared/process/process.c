/* fork, limits, exec; feeding and draining pipes with poll until the end or the deadline. */
#include "process/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEFAULT_TIMEOUT_MS 60000
#define CHUNK 65536

extern char **environ;

static void limit(int what, int64_t n)
{
	struct rlimit r = { (rlim_t)n, (rlim_t)n };

	if (n > 0)
		setrlimit((__rlimit_resource_t)what, &r);
}

/* The variables that a child gets when the caller names none. */
static char **plain_environment(char *storage[8])
{
	static const char *const kept[] = { "PATH=", "HOME=", "LANG=", "TZ=", "TMPDIR=" };
	size_t count = 0;

	for (char **e = environ; *e; e++) {
		for (size_t i = 0; i < ARRAY_LEN(kept) && count < 7; i++) {
			if (str_starts(*e, kept[i]))
				storage[count++] = *e;
		}
	}
	storage[count] = NULL;
	return storage;
}

/* In the child: never returns. A failed exec is told through `report`, which closes by itself when exec succeeds. */
static void child(const struct process_options *o, const int fds[3], int report)
{
	char *plain[8];
	sigset_t none;
	int code;

	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	for (int i = 0; i < 3; i++) {
		if (dup2(fds[i], i) < 0)
			_exit(127);
	}
	signal(SIGPIPE, SIG_DFL);
	limit(RLIMIT_AS, o->memory_bytes);
	limit(RLIMIT_CPU, o->cpu_seconds);
	limit(RLIMIT_FSIZE, o->file_bytes);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	if (!(o->folder && chdir(o->folder)) && !(o->setup && o->setup(o->setup_arg)))
		execvpe(o->argv[0], (char *const *)(uintptr_t)o->argv,
			o->env ? (char *const *)(uintptr_t)o->env : plain_environment(plain));
	code = errno;
	if (write(report, &code, sizeof(code)) < 0) {
		/* the parent sees the end of the pipe and the status */
	}
	_exit(127);
}

static void close_pair(int pair[2])
{
	for (int i = 0; i < 2; i++) {
		if (pair[i] >= 0)
			close(pair[i]);
	}
}

/* Forks and waits until the exec has succeeded or failed. `fds` are the child's standard descriptors. */
static int launch(const struct process_options *o, const int fds[3], pid_t *pid, struct err *err)
{
	int report[2];
	int code = 0;
	ssize_t n;

	if (pipe2(report, O_CLOEXEC))
		return err_set(err, 500, "%s: %s", o->argv[0], strerror(errno));
	*pid = fork();
	if (*pid == 0)
		child(o, fds, report[1]);
	close(report[1]);
	if (*pid < 0) {
		close(report[0]);
		return err_set(err, 503, "%s: %s", o->argv[0], strerror(errno));
	}
	do
		n = read(report[0], &code, sizeof(code));
	while (n < 0 && errno == EINTR);
	close(report[0]);
	if (n <= 0)
		return 0;
	waitpid(*pid, NULL, 0);
	return err_set(err, 501, "%s: %s", o->argv[0], strerror(code));
}

int process_start(const struct process_options *options, int error_fd, pid_t *pid, int *input_fd, int *output_fd,
		  struct err *err)
{
	int in[2] = { -1, -1 };
	int out[2] = { -1, -1 };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int result = -1;

	if (null < 0 || pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC)) {
		err_set(err, 503, "%s: %s", options->argv[0], strerror(errno));
	} else {
		int fds[3] = { in[0], out[1], error_fd >= 0 ? error_fd : null };

		result = launch(options, fds, pid, err);
	}
	if (result == 0) {
		*input_fd = in[1];
		*output_fd = out[0];
		in[1] = -1;
		out[0] = -1;
	}
	close_pair(in);
	close_pair(out);
	if (null >= 0)
		close(null);
	return result;
}

/* Moves what is ready into the buffer; false at the end of the pipe. */
static bool drain(int fd, struct buf *buf, bool *too_much)
{
	char chunk[CHUNK];
	ssize_t n = read(fd, chunk, sizeof(chunk));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n > 0 && buf && buf_add(buf, chunk, (size_t)n))
		*too_much = true;
	return n > 0 && !*too_much;
}

static void close_fd(struct pollfd *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

/* Feeds and drains until the child has closed its ends, or the deadline. */
static void converse(const struct process_options *o, struct pollfd fds[3], struct buf *out, struct buf *errors,
		     struct process_result *result)
{
	int64_t deadline = time_mono_us() / 1000 + (o->timeout_ms ? o->timeout_ms : DEFAULT_TIMEOUT_MS);
	const char *input = o->input;
	size_t left = o->input_len;

	if (!left)
		close_fd(&fds[0]);
	while (fds[1].fd >= 0 || fds[2].fd >= 0) {
		int64_t wait = deadline - time_mono_us() / 1000;

		if (wait <= 0 || result->too_much) {
			result->timed_out = wait <= 0;
			return;
		}
		if (poll(fds, 3, (int)wait) < 0 && errno != EINTR)
			return;
		if (fds[0].revents) {
			ssize_t n = write(fds[0].fd, input, left);

			if (n > 0) {
				input += n;
				left -= (size_t)n;
			}
			if (!left || (n < 0 && errno != EAGAIN && errno != EINTR))
				close_fd(&fds[0]);
		}
		if (fds[1].revents && !drain(fds[1].fd, out, &result->too_much))
			close_fd(&fds[1]);
		if (fds[2].revents && !drain(fds[2].fd, errors, &result->too_much))
			close_fd(&fds[2]);
	}
}

/* Waits for a child that has closed its output but may still run; kills its group at the deadline or at once. What it left
 * running in its group is killed in any case. */
static void finish(pid_t pid, bool kill_now, int64_t timeout_ms, struct process_result *result)
{
	struct pollfd ended = { .fd = pidfd_open(pid, 0), .events = POLLIN };
	int status = 0;

	if (!kill_now && ended.fd >= 0 && poll(&ended, 1, (int)timeout_ms) == 0)
		result->timed_out = true;
	kill(-pid, kill_now || result->timed_out || ended.fd < 0 ? SIGKILL : 0);
	waitpid(pid, &status, 0);
	kill(-pid, SIGKILL);
	if (ended.fd >= 0)
		close(ended.fd);
	result->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int process_run(const struct process_options *options, struct buf *out, struct buf *errors, struct process_result *result,
		struct err *err)
{
	int error_pipe[2] = { -1, -1 };
	struct pollfd fds[3] = { { .fd = -1 }, { .fd = -1 }, { .fd = -1 } };
	void (*old_pipe)(int);
	pid_t pid;

	memset(result, 0, sizeof(*result));
	if (pipe2(error_pipe, O_CLOEXEC))
		return err_set(err, 503, "%s: %s", options->argv[0], strerror(errno));
	if (process_start(options, error_pipe[1], &pid, &fds[0].fd, &fds[1].fd, err)) {
		close_pair(error_pipe);
		return -1;
	}
	close(error_pipe[1]);
	fds[2].fd = error_pipe[0];
	fds[0].events = POLLOUT;
	fds[1].events = POLLIN;
	fds[2].events = POLLIN;
	for (int i = 0; i < 3; i++)
		fcntl(fds[i].fd, F_SETFL, O_NONBLOCK);
	old_pipe = signal(SIGPIPE, SIG_IGN);
	converse(options, fds, out, errors, result);
	for (int i = 0; i < 3; i++)
		close_fd(&fds[i]);
	finish(pid, result->timed_out || result->too_much, options->timeout_ms ? options->timeout_ms : DEFAULT_TIMEOUT_MS,
	       result);
	signal(SIGPIPE, old_pipe);
	return 0;
}
