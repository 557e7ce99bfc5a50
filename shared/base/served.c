/* Requests served by each process of one server, in memory that they share: what nodetoolctl status shows. */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct slot {
	_Atomic(int64_t) owner; /* process id; 0: free */
	_Atomic(int64_t) served;
};

#define SLOTS 1024

static struct slot *mine;

static struct slot *map_slots(int flags)
{
	struct slot *slots = MAP_FAILED;
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/served", config_run_dir());
	fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return NULL;
	if (!(flags & O_CREAT) || ftruncate(fd, SLOTS * sizeof(struct slot)) == 0)
		slots = mmap(NULL, SLOTS * sizeof(struct slot), flags & O_CREAT ? PROT_READ | PROT_WRITE : PROT_READ,
			     MAP_SHARED, fd, 0);
	close(fd);
	return slots == MAP_FAILED ? NULL : slots;
}

static bool is_free(int64_t owner)
{
	return !owner || (kill((pid_t)owner, 0) < 0 && errno == ESRCH);
}

void served_open(void)
{
	struct slot *slots = getenv("NODETOOL_SUPERVISED") ? map_slots(O_RDWR | O_CREAT) : NULL;

	for (size_t i = 0; slots && i < SLOTS; i++) {
		int64_t owner = atomic_load(&slots[i].owner);

		if (is_free(owner) && atomic_compare_exchange_strong(&slots[i].owner, &owner, getpid())) {
			mine = &slots[i];
			atomic_store(&mine->served, 0);
			return;
		}
	}
}

void served_count(void)
{
	if (mine)
		atomic_fetch_add_explicit(&mine->served, 1, memory_order_relaxed);
}

void served_each(void (*fn)(int64_t pid, int64_t served))
{
	struct slot *slots = map_slots(O_RDWR);

	for (size_t i = 0; slots && i < SLOTS; i++) {
		int64_t owner = atomic_load(&slots[i].owner);

		if (!is_free(owner))
			fn(owner, atomic_load(&slots[i].served));
	}
	if (slots)
		munmap(slots, SLOTS * sizeof(struct slot));
}
