/* supervisor: starts, watches, exchanges and stops the processes of one server (scripts/supervisor.h). */
#include "scripts/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READY_LIMIT_US 20000000  /* from the start to the first answer */
#define READY_STEP_US 4000       /* between two looks while starting */
#define SETTLED_US 1000000       /* a process that lived longer is started again at once */
#define RETRY_FIRST_US 50000
#define RETRY_MOST_US 5000000
#define TRIAL_US 250000          /* how long new processes must live before the old ones go */
#define GRACE_US 3000000         /* for each kind, when everything stops */
#define DRAIN_US 60000000        /* for a request in flight in an exchanged process */
#define REMIND_US 500000         /* between two signals to an exchanged process */
#define UPGRADE_US 500000        /* daemons send clients away when nginx has new workers for them */

static struct {
	const char *table_path;
	const char *pid_path;
	const char *log_path;
	const char *generation_path;
	const char *host;
	const char *port;
	bool background;
	bool with_parent;
} options = { .host = "127.0.0.1" };

static struct {
	struct table *table;    /* what runs */
	struct table *next;     /* new pools on trial, during a reload */
	struct table *leaving;  /* old pools that finish their requests */
	int64_t trial_ends_us;
	int64_t drain_ends_us;
	int64_t remind_us, upgrade_due_us; /* 0: daemons have their programs */
	unsigned generation;
	bool next_failed;
	bool reload_asked;
} state;

static sigset_t watched;

/* ---- deaths and new starts ---------------------------------------------------------------------------- */

static void describe_end(int status, char out[64])
{
	if (WIFSIGNALED(status))
		snprintf(out, 64, "was killed by signal %d", WTERMSIG(status));
	else
		snprintf(out, 64, "ended with status %d", WEXITSTATUS(status));
}

static void plan_restart(struct process *process)
{
	int64_t now = time_mono_us();
	int64_t delay = 0;

	if (now - process->started_us < SETTLED_US) {
		delay = RETRY_FIRST_US << (process->failures < 7 ? process->failures : 7);
		process->failures++;
	} else {
		process->failures = 0;
	}
	process->due_us = now + (delay < RETRY_MOST_US ? delay : RETRY_MOST_US);
}

static struct process *find_process(pid_t pid, struct table **owner)
{
	struct table *const tables[] = { state.table, state.next, state.leaving };

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		struct process *process = table_process(tables[i], pid);

		if (process) {
			*owner = tables[i];
			return process;
		}
	}
	return NULL;
}

/* Takes note of every child that has ended. The first death, before everything is ready, goes to `err`. */
static int reap(bool starting, struct err *err)
{
	struct table *owner;
	char how[64];
	int status;
	pid_t pid;
	int result = 0;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct process *process = find_process(pid, &owner);

		if (!process)
			continue;
		process->pid = 0;
		if (owner->retired)
			continue;
		describe_end(status, how);
		if (starting) {
			result = err_set(err, 500, "%s %s while starting", process->program->name, how);
			continue;
		}
		log_error("%s (process %d) %s; a new one is started", process->program->name, (int)pid, how);
		if (owner == state.next)
			state.next_failed = true;
		else
			plan_restart(process);
	}
	return result;
}

/* Starts what is due; returns when the next one will be (monotonic microseconds), or 0. */
static int64_t start_due(struct table *table)
{
	int64_t now = time_mono_us();
	int64_t next = 0;

	for (size_t i = 0; i < table->count; i++) {
		struct program *program = &table->programs[i];

		for (size_t n = 0; n < program->count; n++) {
			struct process *process = &program->processes[n];

			if (process->pid || !process->due_us)
				continue;
			if (process->due_us <= now)
				process_start(process);
			else if (!next || process->due_us < next)
				next = process->due_us;
		}
	}
	return next;
}

static void start_kind(struct table *table, enum program_kind kind)
{
	for (size_t i = 0; i < table->count; i++) {
		for (size_t n = 0; table->programs[i].kind == kind && n < table->programs[i].count; n++)
			process_start(&table->programs[i].processes[n]);
	}
}

/* ---- starting ----------------------------------------------------------------------------------------- */

static bool daemons_reachable(const struct table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct program *p = &table->programs[i];

		if (p->kind == KIND_DAEMON && p->socket && !probe_socket(p->socket))
			return false;
	}
	return true;
}

static bool has_kind(const struct table *table, enum program_kind kind)
{
	for (size_t i = 0; i < table->count; i++) {
		if (table->programs[i].kind == kind)
			return true;
	}
	return false;
}

/* Waits until `ready()` holds; a child that ends, a signal to stop or the time limit is a failure. */
static int wait_until(bool (*ready)(void), const char *what, int64_t limit_us, struct err *err)
{
	const struct timespec step = { .tv_nsec = READY_STEP_US * 1000 };
	siginfo_t info;

	while (!ready()) {
		int sig = sigtimedwait(&watched, &info, &step);

		if (sig == SIGTERM || sig == SIGINT)
			return err_set(err, 500, "told to stop while starting");
		if (reap(true, err) < 0)
			return -1;
		if (time_mono_us() > limit_us)
			return err_set(err, 500, "%s within %d seconds", what, READY_LIMIT_US / 1000000);
	}
	return reap(true, err);
}

static bool backends_ready(void)
{
	return daemons_reachable(state.table);
}

static bool front_ready(void)
{
	return probe_health(options.host, options.port);
}

/* Whoever reads the file sees the old or the new text. */
static int write_file(const char *path, const char *text, struct err *err)
{
	char *fresh = xasprintf("%s.new", path);
	FILE *f = fopen(fresh, "w");
	int rc = f ? fputs(text, f) : EOF;

	if (f && fclose(f) != 0)
		rc = EOF;
	if (rc != EOF && rename(fresh, path) < 0)
		rc = EOF;
	free(fresh);
	return rc == EOF ? err_set(err, 500, "%s: %s", path, strerror(errno)) : 0;
}

static void write_generation(const char *outcome)
{
	char text[128];
	struct err err;

	snprintf(text, sizeof(text), "%u %s\n", state.generation, outcome);
	if (options.generation_path && write_file(options.generation_path, text, &err) < 0)
		log_error("%s", err.detail);
}

static int start_everything(struct err *err)
{
	int64_t limit = time_mono_us() + READY_LIMIT_US;
	char text[32];

	state.table = table_load(options.table_path, err);
	if (!state.table)
		return -1;
	if (options.port && has_kind(state.table, KIND_FRONT) && probe_free(options.host, options.port, err) < 0)
		return -1;
	if (table_listen(state.table, NULL, err) < 0)
		return -1;
	snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (options.pid_path && write_file(options.pid_path, text, err) < 0)
		return -1;
	start_kind(state.table, KIND_DAEMON);
	start_kind(state.table, KIND_POOL);
	if (wait_until(backends_ready, "the daemon's socket did not come up", limit, err) < 0)
		return -1;
	start_kind(state.table, KIND_FRONT);
	if (options.port && has_kind(state.table, KIND_FRONT) &&
	    wait_until(front_ready, "no answer from /health", limit, err) < 0)
		return -1;
	write_generation("started");
	return 0;
}

/* ---- exchanging the pools ----------------------------------------------------------------------------- */

static void reload_begin(void)
{
	struct err err;

	if (state.next || state.leaving) {
		state.reload_asked = true;
		return;
	}
	state.reload_asked = false;
	state.next_failed = false;
	state.next = table_load(options.table_path, &err);
	if (!state.next || table_listen(state.next, state.table, &err) < 0) {
		log_error("reload: %s", err.detail);
		table_free(state.next, state.table);
		state.next = NULL;
		state.generation++;
		write_generation("failed");
		return;
	}
	start_kind(state.next, KIND_POOL);
	state.trial_ends_us = time_mono_us() + TRIAL_US;
}

/* Daemons and nginx that are in both tables are taken over with their processes; new ones start, vanished ones end. */
static void hand_over(struct table *from, struct table *to)
{
	for (size_t i = 0; i < from->count; i++) {
		struct program *old = &from->programs[i];
		struct program *heir = old->kind == KIND_POOL ? NULL : table_find(to, old->name);

		for (size_t n = 0; heir && n < old->count && n < heir->count; n++) {
			heir->processes[n] = old->processes[n];
			heir->processes[n].program = heir;
			old->processes[n].pid = 0;
			old->processes[n].due_us = 0;
		}
	}
	for (size_t i = 0; i < to->count; i++) {
		struct program *program = &to->programs[i];

		for (size_t n = 0; program->kind != KIND_POOL && n < program->count; n++) {
			if (!program->processes[n].pid && !program->processes[n].due_us)
				process_start(&program->processes[n]);
		}
	}
}

/* A program may miss a signal that comes just before it waits for the next connection: it is told again. */
static void remind(void)
{
	for (int kind = 0; kind < KIND_COUNT; kind++)
		table_signal(state.leaving, (enum program_kind)kind, SIGTERM);
	state.remind_us = time_mono_us() + REMIND_US;
}

static void retire(struct table *table)
{
	table->retired = true;
	state.leaving = table;
	state.drain_ends_us = time_mono_us() + DRAIN_US;
	remind();
}

static void reload_end(void)
{
	struct table *next = state.next;

	state.next = NULL;
	state.generation++;
	if (state.next_failed) {
		log_error("reload: the new processes do not stay alive; the old ones go on");
		retire(next);
		write_generation("failed");
		return;
	}
	hand_over(state.table, next);
	retire(state.table);
	state.table = next;
	table_signal(state.table, KIND_FRONT, SIGHUP);
	state.upgrade_due_us = time_mono_us() + UPGRADE_US;
	log_info("reload: generation %u serves", state.generation);
	write_generation("reloaded");
}

static void drain(void)
{
	size_t left = 0;

	for (int kind = 0; kind < KIND_COUNT; kind++)
		left += table_running(state.leaving, (enum program_kind)kind);
	if (left && time_mono_us() < state.drain_ends_us) {
		if (time_mono_us() >= state.remind_us)
			remind();
		return;
	}
	for (int kind = 0; left && kind < KIND_COUNT; kind++)
		table_signal(state.leaving, (enum program_kind)kind, SIGKILL);
	table_free(state.leaving, state.table);
	state.leaving = NULL;
	if (state.reload_asked)
		reload_begin();
}

/* ---- stopping ----------------------------------------------------------------------------------------- */

static size_t running(enum program_kind kind)
{
	return table_running(state.table, kind) + table_running(state.next, kind) + table_running(state.leaving, kind);
}

static void signal_kind(enum program_kind kind, int sig)
{
	table_signal(state.table, kind, sig);
	table_signal(state.next, kind, sig);
	table_signal(state.leaving, kind, sig);
}

static void wait_for_end(enum program_kind kind, int64_t limit_us)
{
	const struct timespec step = { .tv_nsec = 20000000 };
	siginfo_t info;

	while (running(kind) && time_mono_us() < limit_us) {
		sigtimedwait(&watched, &info, &step);
		reap(false, NULL);
	}
}

/* Kills the children that are left; how many there were. */
static size_t kill_children(void)
{
	char path[64];
	size_t count = 0;
	FILE *f;
	int pid;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	f = fopen(path, "r");
	if (!f)
		return 0;
	while (fscanf(f, "%d", &pid) == 1) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		count++;
	}
	fclose(f);
	return count;
}

/* Children of children that died (runners of a daemon that has ended) have become ours, and theirs follow: none may stay. */
static void kill_orphans(void)
{
	while (kill_children())
		;
}

static void stop_everything(void)
{
	/* nginx ends its requests in flight on QUIT, the others on TERM. */
	static const int polite[KIND_COUNT] = { SIGTERM, SIGQUIT, SIGTERM };
	struct table *const tables[] = { state.table, state.next, state.leaving };

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		if (tables[i])
			tables[i]->retired = true;
	}
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		signal_kind((enum program_kind)kind, polite[kind]);
		wait_for_end((enum program_kind)kind, time_mono_us() + GRACE_US);
		if (running((enum program_kind)kind)) {
			signal_kind((enum program_kind)kind, kind == KIND_FRONT ? SIGTERM : SIGKILL);
			wait_for_end((enum program_kind)kind, time_mono_us() + GRACE_US);
		}
	}
	kill_orphans();
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		table_free(tables[i], NULL);
	if (options.pid_path)
		unlink(options.pid_path);
	if (options.generation_path)
		unlink(options.generation_path);
}

/* ---- the loop ----------------------------------------------------------------------------------------- */

static void earlier(int64_t *limit, int64_t candidate)
{
	if (candidate && (!*limit || candidate < *limit))
		*limit = candidate;
}

static void supervise(void)
{
	for (;;) {
		int64_t wake = start_due(state.table);
		struct timespec left = { 0 };
		siginfo_t info;
		int64_t us;
		int sig;

		if (state.next)
			earlier(&wake, state.trial_ends_us);
		if (state.leaving)
			earlier(&wake, state.remind_us);
		earlier(&wake, state.upgrade_due_us);
		us = wake - time_mono_us();
		if (us > 0) {
			left.tv_sec = us / 1000000;
			left.tv_nsec = us % 1000000 * 1000;
		}
		sig = wake ? sigtimedwait(&watched, &info, &left) : sigwaitinfo(&watched, &info);
		if (sig == SIGTERM || sig == SIGINT)
			return;
		reap(false, NULL);
		if (sig == SIGHUP)
			reload_begin();
		if (state.next && (state.next_failed || time_mono_us() >= state.trial_ends_us))
			reload_end();
		if (state.leaving)
			drain();
		if (state.upgrade_due_us && time_mono_us() >= state.upgrade_due_us) {
			table_signal(state.table, KIND_DAEMON, SIGUSR2); /* each executes its new program itself */
			state.upgrade_due_us = 0;
		}
	}
}

/* Into the background: the parent prints what the child reports and ends with its status. Returns in the child alone, the
 * descriptor for the report; -1 when no process could be made. */
static int go_background(void)
{
	int report[2];
	char text[1200];
	ssize_t len;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		return -1;
	if (pid == 0) {
		close(report[0]);
		setsid();
		return report[1];
	}
	close(report[1]);
	len = read(report[0], text, sizeof(text) - 1);
	if (len == 1 && *text == '\n')
		_exit(0);
	text[len > 0 ? len : 0] = '\0';
	fprintf(stderr, "%s\n", len > 0 ? text : "the supervisor ended without a word");
	waitpid(pid, NULL, 0);
	_exit(1);
}

static int redirect_output(const char *path, struct err *err)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0 || null < 0)
		return err_set(err, 500, "%s: %s", path, strerror(errno));
	dup2(null, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
	close(null);
	return 0;
}

static void prepare_process(void)
{
	static const int signals[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP };
	struct rlimit files;

	sigemptyset(&watched);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		sigaddset(&watched, signals[i]);
	sigprocmask(SIG_BLOCK, &watched, NULL);
	signal(SIGPIPE, SIG_IGN);
	umask(077);
	setenv("NODETOOL_SUPERVISED", "1", 1);
	if (options.with_parent)
		prctl(PR_SET_PDEATHSIG, SIGTERM);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

static int read_options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "dkt:p:o:g:H:P:")) != -1) {
		switch (c) {
		case 'd': options.background = true; break;
		case 'k': options.with_parent = true; break;
		case 't': options.table_path = optarg; break;
		case 'p': options.pid_path = optarg; break;
		case 'o': options.log_path = optarg; break;
		case 'g': options.generation_path = optarg; break;
		case 'H': options.host = optarg; break;
		case 'P': options.port = optarg; break;
		default: return -1;
		}
	}
	return options.table_path && optind == argc ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct err err = { 0 };
	int report = -1;
	int result;

	log_init("supervisor");
	if (read_options(argc, argv) < 0) {
		fprintf(stderr, "usage: supervisor [-dk] -t TABLE [-p PIDFILE] [-o LOG] [-g FILE] [-H HOST] [-P PORT]\n");
		return 2;
	}
	if (options.background && (report = go_background()) < 0) {
		fprintf(stderr, "no process in the background: %s\n", strerror(errno));
		return 1;
	}
	prepare_process();
	result = options.log_path ? redirect_output(options.log_path, &err) : 0;
	if (result == 0)
		result = start_everything(&err);
	if (result < 0)
		log_error("%s", err.detail);
	if (report >= 0) {
		const char *text = result < 0 ? err.detail : "\n";

		if (write(report, text, strlen(text)) < 0)
			log_error("nobody waits for the start any more");
		close(report);
	}
	if (result == 0)
		supervise();
	stop_everything();
	return result < 0 ? 1 : 0;
}
