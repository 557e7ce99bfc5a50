/* From one program of the daemon to the next one: see handover.h. */
#include "wsd/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION 1
#define STATE_MAX ((size_t)1 << 30)

static struct value *inherited;

static struct value *read_state(int fd)
{
	struct json_error why;
	struct value *state = NULL;
	struct stat st;
	void *data;

	if (fstat(fd, &st) < 0 || st.st_size <= 0 || (size_t)st.st_size > STATE_MAX)
		return NULL;
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (data == MAP_FAILED)
		return NULL;
	state = msgpack_parse(data, (size_t)st.st_size, &why);
	munmap(data, (size_t)st.st_size);
	return state;
}

void handover_load(int fd)
{
	inherited = read_state(fd);
	close(fd);
	if (inherited && map_int(inherited, "version", 0) == VERSION)
		return;
	log_warn("what the daemon before handed over cannot be read; its runs go on by their journal");
	value_unref(inherited);
	inherited = NULL;
}

const struct value *handover_state(void)
{
	return inherited;
}

const struct value *handover_run(const char *job_id)
{
	const struct value *runs = map_get(inherited, "runs");

	for (size_t i = 0; i < value_len(runs); i++)
		if (!strcmp(map_str(list_at(runs, i), "job", ""), job_id))
			return list_at(runs, i);
	return NULL;
}

int handover_fd(const char *name)
{
	return (int)map_int(map_get(inherited, "fds"), name, -1);
}

struct value *handover_keep(int fd)
{
	if (fd >= 0)
		fcntl(fd, F_SETFD, 0);
	return value_int(fd);
}

static int write_state(struct value *state)
{
	struct buf out;
	size_t at = 0;
	ssize_t n = 0;
	int fd = memfd_create("wsd-state", 0);

	map_set_int(state, "version", VERSION);
	buf_init(&out, STATE_MAX);
	if (fd >= 0 && msgpack_write(&out, state, true) == 0)
		for (; at < out.len && (n = write(fd, out.data + at, out.len - at)) > 0; at += (size_t)n)
			;
	if (fd >= 0 && (out.len == 0 || at < out.len)) {
		close(fd);
		fd = -1;
	}
	buf_free(&out);
	value_unref(state);
	return fd;
}

void handover_execute(const char *program, struct value *state)
{
	char number[16];
	char option[] = "--take-over";
	char *name = xstrdup(program);
	char *argv[] = { name, option, number, NULL };
	int fd = write_state(state);

	if (fd < 0) {
		log_error("the state for the next program could not be written");
		return;
	}
	snprintf(number, sizeof(number), "%d", fd);
	execv(program, argv);
	log_error("%s cannot be executed: %s", program, strerror(errno));
}
