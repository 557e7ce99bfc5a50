/* The table of programs: reading, sockets, processes. */
#include "scripts/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const char *const kind_names[KIND_COUNT] = {
	[KIND_DAEMON] = "daemon",
	[KIND_FRONT] = "front",
	[KIND_POOL] = "pool",
};

static int parse_kind(struct sv word, enum program_kind *kind)
{
	for (int k = 0; k < KIND_COUNT; k++) {
		if (sv_eq(word, kind_names[k])) {
			*kind = (enum program_kind)k;
			return 0;
		}
	}
	return -1;
}

static int parse_count(struct sv word, size_t *count)
{
	*count = 0;
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] < '0' || word.p[i] > '9' || *count > TABLE_COUNT_MAX)
			return -1;
		*count = *count * 10 + (size_t)(word.p[i] - '0');
	}
	return *count >= 1 && *count <= TABLE_COUNT_MAX ? 0 : -1;
}

static int parse_line(struct table *table, struct sv line, struct err *err)
{
	struct program *program = &table->programs[table->count];
	struct sv kind = { 0 }, name = { 0 }, count = { 0 }, socket = { 0 }, arg;
	size_t args = 0;

	if (table->count == TABLE_PROGRAMS_MAX)
		return err_set(err, 500, "more than %d programs", TABLE_PROGRAMS_MAX);
	sv_split(&line, '\t', &kind);
	sv_split(&line, '\t', &name);
	sv_split(&line, '\t', &count);
	sv_split(&line, '\t', &socket);
	if (parse_kind(kind, &program->kind) < 0 || !name.n || parse_count(count, &program->count) < 0 || !socket.n)
		return err_set(err, 500, "expected kind, name, 1 to %d processes, socket, command", TABLE_COUNT_MAX);
	program->fd = -1;
	program->name = xstrndup(name.p, name.n);
	program->socket = sv_eq(socket, "-") ? NULL : xstrndup(socket.p, socket.n);
	program->processes = xcalloc(program->count, sizeof(*program->processes));
	for (size_t i = 0; i < program->count; i++)
		program->processes[i].program = program;
	table->count++;
	while (args < TABLE_ARGS_MAX && sv_split(&line, '\t', &arg))
		program->argv[args++] = xstrndup(arg.p, arg.n);
	if (!args || !*program->argv[0])
		return err_set(err, 500, "%s has no command", program->name);
	if (program->kind == KIND_POOL && !program->socket)
		return err_set(err, 500, "the pool %s has no socket", program->name);
	return 0;
}

struct table *table_load(const char *path, struct err *err)
{
	struct table *table = NULL;
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int number = 0;
	struct err why;

	if (!f) {
		err_set(err, 500, "%s: %s", path, strerror(errno));
		return NULL;
	}
	table = xcalloc(1, sizeof(*table));
	while ((len = getline(&line, &size, f)) > 0) {
		number++;
		if (line[len - 1] == '\n')
			line[--len] = '\0';
		if (!len || *line == '#')
			continue;
		if (parse_line(table, (struct sv){ line, (size_t)len }, &why) < 0) {
			err_set(err, 500, "%s, line %d: %s", path, number, why.detail);
			table_free(table, NULL);
			table = NULL;
			break;
		}
	}
	free(line);
	fclose(f);
	return table;
}

static int listen_unix(const char *path, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask;
	int fd;
	int rc;

	if (strlen(path) >= sizeof(address.sun_path))
		return err_set(err, 500, "the path %s is too long for a socket", path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(err, 500, "no socket: %s", strerror(errno));
	unlink(path);
	mask = umask(0117);
	rc = bind(fd, (struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (rc < 0 || listen(fd, LISTEN_BACKLOG) < 0) {
		err_set(err, 500, "cannot listen on %s: %s", path, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

static const struct program *listens_on(const struct table *table, const char *socket)
{
	for (size_t i = 0; table && i < table->count; i++) {
		const struct program *p = &table->programs[i];

		if (p->kind == KIND_POOL && p->fd >= 0 && strcmp(p->socket, socket) == 0)
			return p;
	}
	return NULL;
}

int table_listen(struct table *table, const struct table *old, struct err *err)
{
	for (size_t i = 0; i < table->count; i++) {
		struct program *p = &table->programs[i];
		const struct program *before;

		if (p->kind != KIND_POOL)
			continue;
		before = listens_on(old, p->socket);
		p->fd = before ? fcntl(before->fd, F_DUPFD_CLOEXEC, 3) : listen_unix(p->socket, err);
		if (p->fd < 0)
			return before ? err_set(err, 500, "%s: %s", p->socket, strerror(errno)) : -1;
	}
	return 0;
}

struct program *table_find(struct table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++) {
		if (strcmp(table->programs[i].name, name) == 0)
			return &table->programs[i];
	}
	return NULL;
}

void table_free(struct table *table, const struct table *heir)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->count; i++) {
		struct program *p = &table->programs[i];

		if (p->fd >= 0) {
			if (!listens_on(heir, p->socket))
				unlink(p->socket);
			close(p->fd);
		}
		for (size_t a = 0; p->argv[a]; a++)
			free(p->argv[a]);
		free(p->name);
		free(p->socket);
		free(p->processes);
	}
	free(table);
}

struct process *table_process(struct table *table, pid_t pid)
{
	for (size_t i = 0; table && i < table->count; i++) {
		struct program *p = &table->programs[i];

		for (size_t n = 0; n < p->count; n++) {
			if (p->processes[n].pid == pid)
				return &p->processes[n];
		}
	}
	return NULL;
}

size_t table_running(const struct table *table, enum program_kind kind)
{
	size_t running = 0;

	for (size_t i = 0; table && i < table->count; i++) {
		const struct program *p = &table->programs[i];

		for (size_t n = 0; p->kind == kind && n < p->count; n++)
			running += p->processes[n].pid > 0;
	}
	return running;
}

/* In the child: never returns. */
static void become(const struct program *program, pid_t parent)
{
	sigset_t none;
	int fd = program->fd;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	if (fd < 0)
		fd = open("/dev/null", O_RDWR);
	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0)
		_exit(1);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGUSR2, SIG_IGN); /* a daemon that is not ready yet is not ended by a reload */
	execvp(program->argv[0], program->argv);
	log_error("%s: %s: %s", program->name, program->argv[0], strerror(errno));
	_exit(127);
}

void process_start(struct process *process)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	process->started_us = time_mono_us();
	if (pid == 0)
		become(process->program, parent);
	if (pid < 0) {
		log_error("%s: no new process: %s", process->program->name, strerror(errno));
		process->due_us = process->started_us + 1000000;
		return;
	}
	process->pid = pid;
	process->due_us = 0;
}

void table_signal(struct table *table, enum program_kind kind, int signal)
{
	for (size_t i = 0; table && i < table->count; i++) {
		struct program *p = &table->programs[i];

		for (size_t n = 0; p->kind == kind && n < p->count; n++) {
			if (p->processes[n].pid > 0)
				kill(p->processes[n].pid, signal);
		}
	}
}
