/* Starting the program with its limits, and waiting for it. */
#include "sandbox/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILES_MAX 256
#define LOOK_MS   50 /* nothing tells when memory grows: it is looked at so often */

static void limit(int what, int64_t soft, int64_t hard)
{
	struct rlimit old;
	struct rlimit r = { (rlim_t)soft, (rlim_t)hard };

	if (getrlimit((__rlimit_resource_t)what, &old) == 0 && old.rlim_max < r.rlim_max)
		r.rlim_max = old.rlim_max;
	if (r.rlim_cur > r.rlim_max)
		r.rlim_cur = r.rlim_max;
	setrlimit((__rlimit_resource_t)what, &r);
}

static void set_limits(const struct policy *p)
{
	limit(RLIMIT_CPU, p->cpu_seconds, p->cpu_seconds + 1);
	/* Not the address space: interpreters reserve far more than they use. */
	limit(RLIMIT_DATA, p->memory_bytes, p->memory_bytes);
	limit(RLIMIT_FSIZE, p->file_bytes, p->file_bytes);
	limit(RLIMIT_NOFILE, FILES_MAX, FILES_MAX);
	limit(RLIMIT_CORE, 0, 0);
	limit(RLIMIT_MSGQUEUE, 0, 0);
	limit(RLIMIT_MEMLOCK, 1 << 16, 1 << 16);
	/* Without a user namespace the limit counts all processes of this user: the server's too. */
	if (p->namespaces || p->root)
		limit(RLIMIT_NPROC, p->processes, p->processes);
}

static void become_program(const struct policy *policy)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fcntl(policy->report, F_SETFD, FD_CLOEXEC);
	set_limits(policy);
	if (!policy->namespaces)
		landlock_enter(policy);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		refuse(policy, "no_new_privs");
	filter_load(policy);
	execvp(policy->argv[0], policy->argv);
	refuse(policy, policy->argv[0]);
}

/* Private pages of one process in use, in bytes. */
static int64_t used_by(const char *pid)
{
	char path[64];
	char line[128];
	long long resident = 0;
	long long shared = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%.20s/statm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, line, sizeof(line) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	line[n] = '\0';
	if (sscanf(line, "%*s %lld %lld", &resident, &shared) != 2)
		return 0;
	return (resident - shared) * sysconf(_SC_PAGESIZE);
}

static bool too_much(const struct policy *policy)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;
	int64_t used = 0;

	if (!dir)
		return false;
	while ((e = readdir(dir))) {
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && strcmp(e->d_name, "1") != 0)
			used += used_by(e->d_name);
	}
	closedir(dir);
	return used > policy->memory_bytes;
}

/* True once the program has ended; reaps everything else that has. */
static bool reap(pid_t program, int *status)
{
	bool over = false;
	int code;
	pid_t pid;

	while ((pid = waitpid(-1, &code, WNOHANG)) > 0) {
		if (pid == program) {
			*status = WIFEXITED(code) ? WEXITSTATUS(code) : 128 + WTERMSIG(code);
			over = true;
		}
	}
	return over;
}

int watch_program(const struct policy *policy)
{
	const struct timespec look = { 0, LOOK_MS * 1000000L };
	int status = 0;
	sigset_t set;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = fork();
	if (pid < 0)
		refuse(policy, "the sandbox");
	if (pid == 0)
		become_program(policy);
	close_range(0, 2, 0);
	while (!reap(pid, &status)) {
		if (policy->namespaces && too_much(policy)) {
			const char said = SANDBOX_SAY_MEMORY;

			if (write(policy->report, &said, 1) < 0) {
				/* who started us is gone */
			}
			return 137;
		}
		sigtimedwait(&set, NULL, policy->namespaces ? &look : NULL);
	}
	return status;
}
