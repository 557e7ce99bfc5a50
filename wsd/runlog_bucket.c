/* The buckets of the run log, and how they are kept within their limits: see runlog.h. */
#include "wsd/runlog_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUCKET_US ((int64_t)3600 * 1000000)
#define BUCKET_FILES 10000
#define BUCKETS_OF_LIMIT 16    /* a bucket is closed when it has this part of all that may be kept */
#define FILES_AT_ONCE 200      /* taken away between two batches of the journal */
#define LOOK_US ((int64_t)60000000)
#define NAME_DIGITS 16

static struct {
	int root; /* descriptor; -1: not open */
	struct bucket **list; /* the oldest first */
	size_t count;
	size_t cap;
	struct bucket *current;
	struct bucket *leaving; /* is being taken away */
	uint64_t bytes_max;
	int64_t age_max_us;
	int64_t looked_at;
} store = { .root = -1 };

/* ---- the list ------------------------------------------------------------------------------------------ */

static bool is_bucket_name(const char *name)
{
	return strlen(name) == NAME_DIGITS && strspn(name, "0123456789abcdef") == NAME_DIGITS;
}

static int by_name(const void *a, const void *b)
{
	const struct bucket *const *left = a;
	const struct bucket *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

static struct bucket *add_bucket(const char *name)
{
	struct bucket *b = xcalloc(1, sizeof(*b));

	snprintf(b->name, sizeof(b->name), "%s", name);
	if (store.count == store.cap) {
		store.cap = store.cap ? store.cap * 2 : 16;
		store.list = xrealloc(store.list, store.cap * sizeof(*store.list));
	}
	store.list[store.count++] = b;
	return b;
}

static int read_buckets(struct err *err)
{
	int fd = openat(store.root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return err_set(err, 500, "the folder of the run logs cannot be read: %s", strerror(errno));
	}
	while ((entry = readdir(dir)))
		if (is_bucket_name(entry->d_name))
			add_bucket(entry->d_name);
	closedir(dir);
	if (store.count)
		qsort(store.list, store.count, sizeof(*store.list), by_name);
	return 0;
}

int runlog_init(const char *db_path, struct err *err)
{
	char *path = xasprintf("%s-runs", db_path);
	int rc = 0;

	store.bytes_max = (uint64_t)config_int("NODETOOL_JOB_JOURNAL_MB", 16, 1 << 20, 1024) << 20;
	store.age_max_us = config_int("NODETOOL_JOB_JOURNAL_HOURS", 1, 24 * 3650, 24 * 7) * 3600 * 1000000;
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		rc = err_set(err, 500, "%s cannot be made: %s", path, strerror(errno));
	else if ((store.root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)) < 0)
		rc = err_set(err, 500, "%s cannot be opened: %s", path, strerror(errno));
	else
		rc = read_buckets(err);
	free(path);
	return rc;
}

static void close_whole(struct bucket *b)
{
	if (b->whole_fd > 0)
		close(b->whole_fd);
	if (b->index_fd > 0)
		close(b->index_fd);
	b->whole_fd = b->index_fd = 0;
}

void runlog_destroy(void)
{
	for (size_t i = 0; i < store.count; i++) {
		close_whole(store.list[i]);
		free(store.list[i]);
	}
	free(store.list);
	if (store.root >= 0)
		close(store.root);
	memset(&store, 0, sizeof(store));
	store.root = -1;
}

int bucket_root(void)
{
	return store.root;
}

const struct bucket *bucket_from_newest(size_t i)
{
	return i < store.count ? store.list[store.count - 1 - i] : NULL;
}

struct bucket *bucket_find(const char *name)
{
	for (size_t i = store.count; i-- > 0;)
		if (!strcmp(store.list[i]->name, name))
			return store.list[i];
	return NULL;
}

void bucket_path(char *out, size_t size, const char *bucket, const char *name, const char *ending)
{
	snprintf(out, size, "%s/%s.%s", bucket, name, ending);
}

static bool is_full(const struct bucket *b, int64_t now)
{
	return b->files >= BUCKET_FILES || b->bytes >= store.bytes_max / BUCKETS_OF_LIMIT ||
	       now - (int64_t)strtoll(b->name, NULL, 16) > BUCKET_US;
}

static int open_for_append(const struct bucket *b, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", b->name, name);
	return openat(store.root, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

int bucket_open_whole(struct bucket *b)
{
	if (b->whole_fd <= 0)
		b->whole_fd = open_for_append(b, RUNLOG_WHOLE);
	if (b->index_fd <= 0)
		b->index_fd = open_for_append(b, RUNLOG_INDEX);
	return b->whole_fd > 0 && b->index_fd > 0 ? 0 : -1;
}

struct bucket *bucket_current(void)
{
	int64_t now = time_now_us();
	char name[RUNLOG_BUCKET_SIZE];

	if (store.current && !is_full(store.current, now))
		return store.current;
	if (store.current)
		close_whole(store.current);
	snprintf(name, sizeof(name), "%016llx", (unsigned long long)now);
	if (mkdirat(store.root, name, 0700) < 0) {
		log_error("run log: %s cannot be made: %s", name, strerror(errno));
		return NULL;
	}
	store.current = add_bucket(name);
	store.current->sized = true;
	store.current->newest = now;
	return store.current;
}

void bucket_grew(struct bucket *b, uint64_t bytes)
{
	b->bytes += bytes;
	b->newest = time_now_us();
}

/* ---- limits -------------------------------------------------------------------------------------------- */

static DIR *open_bucket(const struct bucket *b)
{
	int fd = openat(store.root, b->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

static void measure(struct bucket *b)
{
	DIR *dir = open_bucket(b);
	struct dirent *entry;
	struct stat st;
	int64_t at;

	b->sized = true;
	b->bytes = 0;
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		at = (int64_t)st.st_mtim.tv_sec * 1000000;
		b->bytes += (uint64_t)st.st_size;
		b->files++;
		b->newest = at > b->newest ? at : b->newest;
	}
	if (dir)
		closedir(dir);
}

static void drop_bucket(struct bucket *b)
{
	size_t i = 0;

	while (store.list[i] != b)
		i++;
	memmove(store.list + i, store.list + i + 1, (--store.count - i) * sizeof(*store.list));
	free(b);
}

/* Takes some files of the bucket that leaves away; true when there are more. */
static bool empty_some(void)
{
	struct bucket *b = store.leaving;
	DIR *dir = open_bucket(b);
	struct dirent *entry;
	int gone = 0;

	while (dir && gone < FILES_AT_ONCE && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && unlinkat(dirfd(dir), entry->d_name, 0) == 0)
			gone++;
	if (dir)
		closedir(dir);
	if (gone == FILES_AT_ONCE)
		return true;
	if (unlinkat(store.root, b->name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		log_warn("run log: %s cannot be removed: %s", b->name, strerror(errno));
	store.leaving = NULL;
	store.looked_at = 0; /* there may be more to go */
	drop_bucket(b);
	return true;
}

static struct bucket *next_to_leave(uint64_t total, int64_t now)
{
	for (size_t i = 0; i < store.count; i++) {
		struct bucket *b = store.list[i];

		if (b != store.current && b->active == 0 &&
		    (total > store.bytes_max || now - b->newest > store.age_max_us))
			return b;
	}
	return NULL;
}

bool runlog_tidy(void)
{
	int64_t now = time_now_us();
	uint64_t total = 0;

	if (store.leaving)
		return empty_some();
	for (size_t i = 0; i < store.count; i++) {
		if (!store.list[i]->sized) {
			measure(store.list[i]);
			return true;
		}
		total += store.list[i]->bytes;
	}
	if (total <= store.bytes_max && now - store.looked_at < LOOK_US)
		return false;
	store.looked_at = now;
	store.leaving = next_to_leave(total, now);
	return store.leaving != NULL;
}
