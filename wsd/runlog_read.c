/* Reading run logs: see runlog.h. */
#include "wsd/runlog_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 256
#define CHUNK_SIZE ((size_t)512 << 10) /* more than the longest record */
#define INDEX_MAX ((off_t)256 << 20)
#define PAYLOAD_MAX ((off_t)1 << 30)

static int open_in(const char *bucket, const char *job_id)
{
	char path[PATH_SIZE];

	bucket_path(path, sizeof(path), bucket, job_id, "log");
	return openat(bucket_root(), path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

/* The entry of the run among the whole logs of a bucket, the newest; false when there is none. */
static bool find_whole(const char *bucket, const char *job_id, struct whole_entry *entry)
{
	char path[PATH_SIZE];
	bool found = false;
	struct stat st;
	char *list = NULL;
	size_t at = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/" RUNLOG_INDEX, bucket);
	fd = openat(bucket_root(), path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && st.st_size < INDEX_MAX) {
		list = xmalloc((size_t)st.st_size + 1);
		if (pread(fd, list, (size_t)st.st_size, 0) == st.st_size)
			at = (size_t)st.st_size / sizeof(*entry);
	}
	while (at-- > 0 && !found) {
		memcpy(entry, list + at * sizeof(*entry), sizeof(*entry));
		found = !strncmp(entry->job_id, job_id, sizeof(entry->job_id));
	}
	free(list);
	close(fd);
	return found;
}

static bool open_log(struct runlog_reader *r, const char *bucket, const char *job_id)
{
	struct whole_entry entry;
	char path[PATH_SIZE];

	r->fd = open_in(bucket, job_id);
	r->base = 0;
	r->limit = UINT64_MAX;
	if (r->fd < 0 && find_whole(bucket, job_id, &entry)) {
		snprintf(path, sizeof(path), "%s/" RUNLOG_WHOLE, bucket);
		r->fd = openat(bucket_root(), path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		r->whole = true;
		r->base = entry.at;
		r->limit = entry.at + entry.len;
	}
	r->at = r->base;
	return r->fd >= 0;
}

static bool read_chunk(struct runlog_reader *r)
{
	ssize_t n;

	if (!r->chunk)
		r->chunk = xmalloc(CHUNK_SIZE);
	do {
		n = pread(r->fd, r->chunk, CHUNK_SIZE, (off_t)r->at);
	} while (n < 0 && errno == EINTR);
	r->chunk_at = r->at;
	r->chunk_len = n > 0 ? (size_t)n : 0;
	if (r->chunk_len > r->limit - r->at)
		r->chunk_len = (size_t)(r->limit - r->at);
	return r->chunk_len > 0;
}

int runlog_open(struct runlog_reader *r, const char *job_id, const char *bucket)
{
	const struct bucket *b = NULL;
	size_t i = 0;

	memset(r, 0, sizeof(*r));
	r->fd = -1;
	if (!id_safe(job_id) || bucket_root() < 0)
		return 1;
	if (bucket && *bucket)
		b = bucket_find(bucket);
	if (!b || !open_log(r, b->name, job_id))
		while ((b = bucket_from_newest(i++)) && !open_log(r, b->name, job_id))
			;
	if (r->fd < 0)
		return 1;
	memcpy(r->bucket, b->name, sizeof(r->bucket));
	if (read_chunk(r) && r->chunk_len >= RUNLOG_MAGIC_LEN && !memcmp(r->chunk, RUNLOG_MAGIC, RUNLOG_MAGIC_LEN)) {
		r->at = r->base + RUNLOG_MAGIC_LEN;
		return 0;
	}
	runlog_reader_close(r);
	return 1;
}

/* `len` bytes at r->at, in the chunk; NULL when the file does not have them. */
static const char *bytes_at(struct runlog_reader *r, size_t len)
{
	if (len > CHUNK_SIZE)
		return NULL;
	if ((r->at < r->chunk_at || r->at + len > r->chunk_at + r->chunk_len) && (!read_chunk(r) || r->chunk_len < len))
		return NULL;
	return r->chunk + (r->at - r->chunk_at);
}

bool runlog_next(struct runlog_reader *r, struct runlog_record *record)
{
	const char *at = bytes_at(r, sizeof(struct record_head));
	struct record_head head;

	if (!at)
		return false;
	memcpy(&head, at, sizeof(head));
	if (head.len < head.key_len || head.len > RUNLOG_INLINE_MAX + UINT16_MAX)
		return false;
	at = bytes_at(r, sizeof(head) + head.len);
	if (!at)
		return false;
	at += sizeof(head);
	if (head.crc != record_crc(&head, at, at + head.key_len))
		return false;
	record->seq = head.seq;
	record->type = head.type;
	record->has_bigint = head.flags & RECORD_BIGINT;
	record->external = head.flags & RECORD_EXTERNAL;
	record->key = (struct sv){ at, head.key_len };
	record->data = (struct sv){ at + head.key_len, head.len - head.key_len };
	r->at += sizeof(head) + head.len;
	return true;
}

void runlog_seek(struct runlog_reader *r, uint64_t at)
{
	r->at = at < r->base + RUNLOG_MAGIC_LEN ? r->base + RUNLOG_MAGIC_LEN : at;
}

static struct blob *read_payload(const struct runlog_reader *r, const struct runlog_record *record)
{
	char hash[RUNLOG_HASH_LEN + 1] = "";
	char path[PATH_SIZE];
	struct blob *blob = NULL;
	struct stat st;
	char *data;
	int fd;

	if (record->data.n != RUNLOG_HASH_LEN)
		return NULL;
	memcpy(hash, record->data.p, RUNLOG_HASH_LEN);
	if (!id_safe(hash))
		return NULL;
	bucket_path(path, sizeof(path), r->bucket, hash, "bin");
	fd = openat(bucket_root(), path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && st.st_size > 0 && st.st_size < PAYLOAD_MAX) {
		data = xmalloc((size_t)st.st_size);
		if (pread(fd, data, (size_t)st.st_size, 0) == st.st_size)
			blob = blob_new(data, (size_t)st.st_size, record->key.p, record->key.n);
		free(data);
	}
	close(fd);
	return blob;
}

struct blob *runlog_blob(const struct runlog_reader *r, const struct runlog_record *record)
{
	struct blob *blob;

	if (record->external)
		blob = read_payload(r, record);
	else
		blob = blob_new(record->data.p, record->data.n, record->key.p, record->key.n);
	if (!blob)
		return NULL;
	blob->seq = record->seq;
	blob->type = record->type;
	blob->has_bigint = record->has_bigint;
	return blob;
}

void runlog_reader_close(struct runlog_reader *r)
{
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
	free(r->chunk);
	r->chunk = NULL;
}
