/* Results of deterministic nodes on disk: see result_store.h. */
#include "wsd/engine/result_store.h"

#include "config.h"
#include "wsd/engine/exact.h"
#include "wsd/engine/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_BYTES_MAX ((size_t)64 << 20)  /* of the properties of one node */
#define RESULT_BYTES_MAX ((size_t)16 << 20) /* of one result */
#define BLOCK 4096                        /* what a file takes at least */
#define PARTS 64                          /* after so much of the limit written, the store is looked through */
#define FRESH_S 3600                      /* a file used within that time is not marked as used again */
#define PATH_SIZE 80

static struct {
	int root; /* descriptor of the folder; -1: not open, -2: there is none */
	uint64_t limit;
	uint64_t written; /* by this process since the store was looked through */
	bool looked;
} store = { .root = -1 };

static bool open_store(void)
{
	char *path;

	if (store.root != -1)
		return store.root >= 0;
	store.root = -2;
	store.limit = (uint64_t)config_int("NODETOOL_RESULT_CACHE_MB", 0, 1 << 20, 512) << 20;
	if (!store.limit)
		return false;
	path = xasprintf("%s-cache", config_db_path());
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		log_warn("the folder of results cannot be made: %s", strerror(errno));
	else if ((store.root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)) < 0)
		store.root = -2;
	free(path);
	return store.root >= 0;
}

static void file_path(char out[PATH_SIZE], const char *key)
{
	snprintf(out, PATH_SIZE, "%.2s/%s", key, key + 2);
}

/* ---- keys ---------------------------------------------------------------------------------------------- */

/* True when the value names something whose content is not in it. */
static bool refers(const struct value *v)
{
	struct value *entry;

	if (value_is(v, VALUE_OBJECT))
		return true;
	if (value_is(v, VALUE_LIST)) {
		for (size_t i = 0; i < value_len(v); i++)
			if (refers(list_at(v, i)))
				return true;
		return false;
	}
	if (!value_is(v, VALUE_MAP))
		return false;
	if (*map_str(v, "uri", "") || *map_str(v, "asset_id", ""))
		return true;
	for (size_t i = 0; map_entry(v, i, NULL, &entry); i++)
		if (refers(entry))
			return true;
	return false;
}

static int put_text(struct buf *out, const char *text)
{
	return buf_add(out, text, strlen(text) + 1);
}

bool result_key(const struct node_ctx *node, char key[RESULT_KEY_SIZE])
{
	const unsigned never = NODE_STREAMS_INPUT | NODE_STREAMS_OUTPUT | NODE_INPUT | NODE_OUTPUT | NODE_NOT_CACHEABLE |
			       NODE_ONCE | NODE_DYNAMIC_OUTPUTS;
	struct buf out;
	int rc = 0;

	if (!node->run->opt.use_cache || !(node->type->flags & NODE_PURE) || (node->type->flags & never) ||
	    node->behind_stream || refers(node->dynamic) || !open_store())
		return false;
	buf_init(&out, KEY_BYTES_MAX);
	put_text(&out, PACKAGE_VERSION);
	put_text(&out, node->run->opt.user_id ? node->run->opt.user_id : "");
	put_text(&out, node->type->type);
	buf_add(&out, &node->type->version, sizeof(node->type->version));
	for (size_t i = 0; rc == 0 && i < node->info->prop_count; i++)
		rc = refers(node->props[i]) ? -1 : exact_write(&out, node->props[i]);
	if (rc == 0)
		rc = exact_write(&out, node->dynamic);
	if (rc == 0 && !out.failed)
		sha256_hex(out.data, out.len, key);
	rc = out.failed ? -1 : rc;
	buf_free(&out);
	return rc == 0;
}

/* ---- files --------------------------------------------------------------------------------------------- */

static int read_file(const char *key, struct buf *out)
{
	char path[PATH_SIZE];
	struct stat st;
	ssize_t n = -1;
	char *room;
	int fd;

	file_path(path, key);
	fd = openat(store.root, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && st.st_size > 0 && (size_t)st.st_size <= RESULT_BYTES_MAX) {
		room = buf_reserve(out, (size_t)st.st_size);
		n = room ? pread(fd, room, (size_t)st.st_size, 0) : -1;
		if (n == st.st_size)
			out->len += (size_t)n;
		if (time_now_us() / 1000000 - st.st_mtim.tv_sec > FRESH_S)
			futimens(fd, NULL);
	}
	close(fd);
	return out->len > 0 ? 0 : -1;
}

/* Under another name until it is whole: a reader sees all of it or nothing. */
static void write_file(const char *key, const struct buf *data)
{
	char path[PATH_SIZE];
	char draft[PATH_SIZE];
	char folder[3];
	ssize_t n;
	int fd;

	snprintf(folder, sizeof(folder), "%.2s", key);
	file_path(path, key);
	snprintf(draft, sizeof(draft), "%s/.%d", folder, (int)getpid());
	fd = openat(store.root, draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 && errno == ENOENT && mkdirat(store.root, folder, 0700) == 0)
		fd = openat(store.root, draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	n = write(fd, data->data, data->len);
	close(fd);
	if (n != (ssize_t)data->len || renameat(store.root, draft, store.root, path) < 0)
		unlinkat(store.root, draft, 0);
	store.written += data->len < BLOCK ? BLOCK : data->len;
}

/* ---- results ------------------------------------------------------------------------------------------- */

/* A checksum in front, then pairs of slot and value. */
#define SUM_LEN 16

static void checksum(const char *data, size_t len, char sum[SUM_LEN])
{
	char hex[65];

	sha256_hex(data, len, hex);
	memcpy(sum, hex, SUM_LEN);
}

static struct value *parse_result(const struct node_ctx *node, const struct buf *file)
{
	const char *at = file->data + SUM_LEN;
	const char *end = file->data + file->len;
	struct value *pairs;
	char sum[SUM_LEN];

	if (file->len < SUM_LEN)
		return NULL;
	checksum(at, file->len - SUM_LEN, sum);
	pairs = memcmp(sum, file->data, SUM_LEN) == 0 ? exact_read(&at, end) : NULL;
	for (size_t i = 0; i + 1 < value_len(pairs); i += 2) {
		if ((uint64_t)value_as_int(list_at(pairs, i)) < node->info->slot_count)
			continue;
		value_unref(pairs);
		return NULL;
	}
	return pairs;
}

bool result_lookup(struct node_ctx *node, const char *key)
{
	struct value *pairs = NULL;
	struct buf file;
	bool found;

	buf_init(&file, RESULT_BYTES_MAX + 1);
	if (read_file(key, &file) == 0)
		pairs = parse_result(node, &file);
	buf_free(&file);
	found = pairs != NULL;
	for (size_t i = 0; i + 1 < value_len(pairs); i += 2)
		node_emit(node, node->slots[value_as_int(list_at(pairs, i))].name, value_ref(list_at(pairs, i + 1)));
	value_unref(pairs);
	return found;
}

void result_keep(struct node_ctx *node, const char *key)
{
	struct value *pairs = value_list();
	char sum[SUM_LEN] = "";
	struct buf out;
	bool whole = true;

	buf_init(&out, RESULT_BYTES_MAX);
	buf_add(&out, sum, sizeof(sum));
	for (size_t i = 0; i < node->info->slot_count; i++) {
		if (!node->slots[i].last)
			continue;
		whole = whole && !refers(node->slots[i].last);
		list_push(pairs, value_int((int64_t)i));
		list_push(pairs, value_ref(node->slots[i].last));
	}
	if (whole && exact_write(&out, pairs) == 0 && !out.failed) {
		checksum(out.data + SUM_LEN, out.len - SUM_LEN, sum);
		memcpy(out.data, sum, SUM_LEN);
		write_file(key, &out);
	}
	value_unref(pairs);
	buf_free(&out);
}

/* ---- the limit ----------------------------------------------------------------------------------------- */

struct kept {
	char path[PATH_SIZE];
	int64_t used;
	uint64_t bytes;
};

struct kept_list {
	struct kept *list;
	size_t count;
	size_t cap;
	uint64_t bytes;
};

static void note_file(struct kept_list *all, const char *folder, const char *name, const struct stat *st)
{
	struct kept *k;

	if (all->count == all->cap) {
		all->cap = all->cap ? all->cap * 2 : 1024;
		all->list = xrealloc(all->list, all->cap * sizeof(*all->list));
	}
	k = &all->list[all->count++];
	snprintf(k->path, sizeof(k->path), "%s/%.70s", folder, name);
	k->used = st->st_mtim.tv_sec;
	k->bytes = st->st_size < BLOCK ? BLOCK : (uint64_t)st->st_size;
	all->bytes += k->bytes;
}

static void note_folder(struct kept_list *all, const char *folder)
{
	int fd = openat(store.root, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	struct stat st;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
		    fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			note_file(all, folder, entry->d_name, &st);
	closedir(dir);
}

static int by_use(const void *a, const void *b)
{
	const struct kept *left = a;
	const struct kept *right = b;

	return (left->used > right->used) - (left->used < right->used);
}

/* Takes the files used longest ago away, until a tenth of the limit is free. */
static void look_through(void)
{
	struct kept_list all = { 0 };
	char folder[3];

	for (int i = 0; i < 256; i++) {
		snprintf(folder, sizeof(folder), "%02x", (unsigned)i);
		note_folder(&all, folder);
	}
	if (all.bytes > store.limit) {
		qsort(all.list, all.count, sizeof(*all.list), by_use);
		for (size_t i = 0; i < all.count && all.bytes > store.limit - store.limit / 10; i++) {
			unlinkat(store.root, all.list[i].path, 0);
			all.bytes -= all.list[i].bytes;
		}
	}
	free(all.list);
}

void result_tidy(void)
{
	if (store.root < 0 || !store.written || (store.looked && store.written < store.limit / PARTS))
		return;
	store.looked = true;
	store.written = 0;
	if (flock(store.root, LOCK_EX | LOCK_NB) < 0)
		return; /* another runner does it */
	look_through();
	flock(store.root, LOCK_UN);
}
