/* Failed logins per address in a small table that all processes of a server map: a file in the run folder. */
#include "auth/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SLOTS 4096
#define PROBES 8
#define WINDOW_S 60

struct slot {
	_Atomic uint64_t address; /* a hash; 0: free */
	_Atomic uint32_t window;  /* number of the minute that `count` is about */
	_Atomic uint32_t count;
};

static struct slot *table;

static uint64_t hash_of(const char *address)
{
	uint64_t h = 1469598103934665603ULL;

	for (; *address; address++)
		h = (h ^ (unsigned char)*address) * 1099511628211ULL;
	return h ? h : 1;
}

static uint32_t this_window(void)
{
	return (uint32_t)(time_now_us() / 1000000 / WINDOW_S);
}

static void open_table(void)
{
	char path[4200];
	size_t size = SLOTS * sizeof(struct slot);
	void *memory = MAP_FAILED;
	int fd;

	snprintf(path, sizeof(path), "%s/auth-failures", config_run_dir());
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0 && ftruncate(fd, (off_t)size) == 0)
		memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	if (memory == MAP_FAILED) {
		/* Without a run folder this process counts for itself. */
		log_debug("%s: %s", path, strerror(errno));
		memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	}
	table = memory == MAP_FAILED ? NULL : memory;
}

void limit_free(void)
{
	if (table)
		munmap(table, SLOTS * sizeof(struct slot));
	table = NULL;
}

/* The slot of the address; with `take`, one that is free, or whose minute is over, or the first tried. */
static struct slot *find(const char *address, bool take)
{
	uint64_t h = hash_of(address);
	uint32_t now = this_window();
	struct slot *spare = NULL;

	if (!table)
		open_table();
	if (!table)
		return NULL;
	for (size_t i = 0; i < PROBES; i++) {
		struct slot *s = &table[(h + i) % SLOTS];

		if (atomic_load(&s->address) == h)
			return s;
		if (!spare && (!atomic_load(&s->address) || atomic_load(&s->window) != now))
			spare = s;
	}
	if (!take)
		return NULL;
	if (!spare)
		spare = &table[h % SLOTS];
	atomic_store(&spare->count, 0);
	atomic_store(&spare->window, now);
	atomic_store(&spare->address, h);
	return spare;
}

bool limit_reached(const char *address)
{
	int64_t limit = config_int("NODETOOL_AUTH_FAILURES", 1, 1000000, 100);
	struct slot *s = find(address, false);

	return s && atomic_load(&s->window) == this_window() && atomic_load(&s->count) >= (uint32_t)limit;
}

void limit_failed(const char *address)
{
	struct slot *s = find(address, true);
	uint32_t now = this_window();

	if (!s)
		return;
	if (atomic_exchange(&s->window, now) != now)
		atomic_store(&s->count, 0);
	atomic_fetch_add(&s->count, 1);
}
