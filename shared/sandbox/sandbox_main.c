/*
 * nodetool-sandbox: gives up what it may, then starts a program that a user wrote. Its arguments stand in internal.h;
 * it is started by sandbox.c alone, leads its own process group and dies with who started it.
 */
#include "sandbox/internal.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void refuse(const struct policy *policy, const char *what)
{
	char text[400];
	int n = snprintf(text, sizeof(text), "%c%s: %s", SANDBOX_SAY_ERROR, what, strerror(errno));

	if (n > 0 && write(policy->report, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1) < 0) {
		/* who started us is gone */
	}
	_exit(125);
}

static int64_t number(const char *text)
{
	return strtoll(text, NULL, 10);
}

static void read_arguments(struct policy *p, char **argv)
{
	char *rest = argv[8];
	size_t n = 0;

	*p = (struct policy){ .report = (int)number(argv[1]),
			      .network = argv[2][0] == '1',
			      .cpu_seconds = number(argv[3]),
			      .memory_bytes = number(argv[4]),
			      .file_bytes = number(argv[5]),
			      .processes = number(argv[6]),
			      .folder = argv[7][0] ? argv[7] : NULL,
			      .argv = argv + SANDBOX_ARGUMENTS,
			      .root = geteuid() == 0 };
	while (n < SANDBOX_PROGRAMS_MAX && *rest) {
		char *end = rest + strcspn(rest, ":");
		char *next = *end ? end + 1 : end;

		*end = '\0';
		p->programs[n++] = rest;
		rest = next;
	}
}

/* Everything but the standard descriptors and the report. */
static void close_rest(int report)
{
	if (report > 3)
		close_range(3, (unsigned)report - 1, 0);
	close_range((unsigned)report + 1, ~0U, 0);
}

/* Where there is no process namespace, the whole group goes when who started us goes. */
static void end_group(int signal)
{
	(void)signal;
	kill(0, SIGKILL);
}

static int run_kept_in(struct policy *policy)
{
	char made[64] = "";
	int status;

	space_drop_rights(policy);
	signal(SIGTERM, end_group);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() == 1)
		end_group(SIGTERM);
	landlock_folder(policy, made);
	status = watch_program(policy);
	landlock_clean(made);
	return status;
}

/* The first process of the new process namespace: when it ends, the kernel kills all others in it. It reads the pipe to
 * learn whether its parent still lived when it asked to die with it. */
static int be_first(const struct policy *policy, int alive)
{
	char byte;

	space_turn_over(policy);
	space_drop_rights(policy);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (read(alive, &byte, 1) != 1)
		return 137;
	close(alive);
	return watch_program(policy);
}

static int run_in_namespaces(const struct policy *policy)
{
	int alive[2];
	int status;
	pid_t pid;

	if (pipe(alive))
		refuse(policy, "the sandbox");
	pid = fork();
	if (pid < 0)
		refuse(policy, "the sandbox");
	if (pid == 0) {
		close(alive[1]);
		_exit(be_first(policy, alive[0]));
	}
	if (write(alive[1], "", 1) != 1)
		_exit(137);
	/* Only the program holds its pipes now. */
	close_range(0, 2, 0);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	struct policy policy;

	if (argc <= SANDBOX_ARGUMENTS)
		return 125;
	read_arguments(&policy, argv);
	close_rest(policy.report);
	policy.namespaces = space_enter(&policy) && space_build(&policy);
	_exit(policy.namespaces ? run_in_namespaces(&policy) : run_kept_in(&policy));
}
