/* Starting nodetool-sandbox, and hearing how it ended. */
#include "sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process/process.h"
#include "sandbox/internal.h"

#ifndef PKGLIBEXECDIR
#define PKGLIBEXECDIR "/usr/local/libexec/nodetool"
#endif

/* In the child before exec: the report's descriptor stays open. */
static int keep_report(void *arg)
{
	return fcntl(*(const int *)arg, F_SETFD, 0);
}

/* The whole environment of the program: nothing of the server's. */
static const char *const *environment(struct arena *arena, const struct sandbox_options *o)
{
	const char **env = arena_alloc(arena, 8 * sizeof(*env));
	char *path = arena_strdup(arena, SANDBOX_PATH);
	size_t n = 0;

	for (size_t i = 0; o->programs && o->programs[i]; i++)
		path = arena_printf(arena, "%s/bin:%s:%s", o->programs[i], o->programs[i], path);
	env[n++] = arena_printf(arena, "PATH=%s", path);
	env[n++] = "HOME=" SANDBOX_FOLDER;
	env[n++] = "TMPDIR=/tmp";
	env[n++] = "LANG=C.UTF-8";
	env[n++] = "PYTHONUNBUFFERED=1";
	env[n++] = "PYTHONDONTWRITEBYTECODE=1";
	env[n] = NULL;
	return env;
}

static const char *joined_programs(struct arena *arena, const struct sandbox_options *o)
{
	const char *list = "";

	for (size_t i = 0; o->programs && o->programs[i]; i++)
		list = arena_printf(arena, "%s%s%s", list, i ? ":" : "", o->programs[i]);
	return list;
}

static const char **arguments(struct arena *arena, const struct sandbox_options *o, int report)
{
	const char *folder = config_get("NODETOOL_LIBEXEC_DIR");
	const char **argv;
	size_t count = 0;
	size_t n = 0;

	while (o->argv[count])
		count++;
	argv = arena_alloc(arena, (SANDBOX_ARGUMENTS + count + 1) * sizeof(*argv));
	argv[n++] = arena_printf(arena, "%s/nodetool-sandbox", folder ? folder : PKGLIBEXECDIR);
	argv[n++] = arena_printf(arena, "%d", report);
	argv[n++] = o->network ? "1" : "0";
	argv[n++] = arena_printf(arena, "%lld", (long long)o->cpu_seconds);
	argv[n++] = arena_printf(arena, "%lld", (long long)o->memory_bytes);
	argv[n++] = arena_printf(arena, "%lld", (long long)o->file_bytes);
	argv[n++] = arena_printf(arena, "%lld", (long long)o->processes);
	argv[n++] = o->folder ? o->folder : "";
	argv[n++] = joined_programs(arena, o);
	memcpy(argv + n, o->argv, count * sizeof(*argv));
	return argv;
}

static void close_one(int *fd)
{
	if (*fd > 0)
		close(*fd);
	*fd = -1;
}

static int start(const struct sandbox_options *options, struct sandbox *out, int ends[2], struct err *err)
{
	struct arena *arena = arena_new();
	struct process_options o = { .argv = arguments(arena, options, ends[1]),
				     .env = environment(arena, options),
				     .setup = keep_report,
				     .setup_arg = &ends[1] };
	int errors[2];
	int result = -1;

	if (pipe2(errors, O_CLOEXEC | O_NONBLOCK)) {
		err_set(err, 503, "the sandbox: %s", strerror(errno));
	} else {
		/* The reading end alone must not block: a program may rely on writes that wait. */
		fcntl(errors[1], F_SETFL, 0);
		result = process_start(&o, errors[1], &out->pid, &out->in, &out->out, err);
		close(errors[1]);
		out->errors = errors[0];
	}
	arena_free(arena);
	return result;
}

int sandbox_start(const struct sandbox_options *options, struct sandbox *out, struct err *err)
{
	int ends[2];

	*out = (struct sandbox){ .pid = -1, .in = -1, .out = -1, .errors = -1, .ended = -1, .report = -1 };
	for (size_t i = 0; options->argv[i]; i++) {
		if (strlen(options->argv[i]) > SANDBOX_ARG_MAX)
			return err_set(err, 400, "longer than %d bytes", SANDBOX_ARG_MAX);
	}
	if (pipe2(ends, O_CLOEXEC))
		return err_set(err, 503, "the sandbox: %s", strerror(errno));
	out->report = ends[0];
	if (start(options, out, ends, err)) {
		close(ends[1]);
		sandbox_free(out);
		return -1;
	}
	close(ends[1]);
	out->ended = pidfd_open(out->pid, 0);
	fcntl(out->in, F_SETFL, O_NONBLOCK);
	fcntl(out->out, F_SETFL, O_NONBLOCK);
	if (out->ended < 0) {
		err_set(err, 503, "the sandbox: %s", strerror(errno));
		sandbox_free(out);
		return -1;
	}
	return 0;
}

void sandbox_close_input(struct sandbox *sandbox)
{
	close_one(&sandbox->in);
}

/* Waits for nodetool-sandbox; without a process namespace the rest of its group may still live. */
static int reap(struct sandbox *sandbox)
{
	int status = 0;

	while (waitpid(sandbox->pid, &status, 0) < 0 && errno == EINTR)
		;
	kill(-sandbox->pid, SIGKILL);
	sandbox->pid = -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

enum sandbox_end sandbox_wait(struct sandbox *sandbox, int *status, struct err *err)
{
	char said[512];
	ssize_t n;

	*status = reap(sandbox);
	n = read(sandbox->report, said, sizeof(said) - 1);
	if (n <= 0)
		return SANDBOX_EXITED;
	said[n] = '\0';
	if (said[0] == SANDBOX_SAY_MEMORY)
		return SANDBOX_MEMORY;
	err_set(err, 501, "%s", said + 1);
	return SANDBOX_NOT_STARTED;
}

void sandbox_free(struct sandbox *sandbox)
{
	if (sandbox->pid > 0) {
		kill(-sandbox->pid, SIGKILL);
		reap(sandbox);
	}
	close_one(&sandbox->in);
	close_one(&sandbox->out);
	close_one(&sandbox->errors);
	close_one(&sandbox->ended);
	close_one(&sandbox->report);
}
