/* Writing run logs: see runlog.h. */
#include "wsd/runlog_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "wsd/fault.h"
#include "wsd/runner.h"

#define PATH_SIZE 256
#define KEEP_SIZE ((size_t)1 << 20) /* of the buffer between two appends */
#define APPEND_MAX ((size_t)1 << 30)

/* Gathers the records of one append; the journal's thread alone uses it. */
static struct buf pending = { .max = APPEND_MAX };

uint32_t record_crc(const struct record_head *head, const void *key, const void *data)
{
	const size_t skip = offsetof(struct record_head, seq);
	uLong crc = crc32(0, (const Bytef *)head + skip, (uInt)(sizeof(*head) - skip));

	crc = crc32(crc, key, head->key_len);
	return (uint32_t)crc32(crc, data, head->len - head->key_len);
}

static uint64_t run_max(void)
{
	static uint64_t max;

	if (!max)
		max = (uint64_t)config_int("NODETOOL_JOB_JOURNAL_RUN_MB", 1, 1 << 20, 256) << 20;
	return max;
}

/* ---- records ------------------------------------------------------------------------------------------- */

static void put_record(const struct blob *blob, const void *data, size_t len, uint8_t flags)
{
	size_t key_len = strlen(blob->key);
	struct record_head head = { .seq = blob->seq, .type = blob->type, .flags = flags };

	head.key_len = (uint16_t)(key_len > UINT16_MAX ? UINT16_MAX : key_len);
	head.len = (uint32_t)(head.key_len + len);
	head.crc = record_crc(&head, blob->key, data);
	buf_add(&pending, &head, sizeof(head));
	buf_add(&pending, blob->key, head.key_len);
	buf_add(&pending, data, len);
}

static int write_all(int fd, const char *data, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* A payload by the hash of its content: written once per bucket, under another name until it is whole. */
static int put_payload(struct runlog *log, struct bucket *b, const struct blob *blob, char hash[RUNLOG_HASH_LEN + 1])
{
	char path[PATH_SIZE];
	char draft[PATH_SIZE];
	int fd;
	int rc;

	sha256_hex(blob->data, blob->len, hash);
	bucket_path(path, sizeof(path), log->bucket, hash, "bin");
	log->bytes += blob->len;
	if (faccessat(bucket_root(), path, F_OK, 0) == 0)
		return 0;
	bucket_path(draft, sizeof(draft), log->bucket, hash, "new");
	fd = openat(bucket_root(), draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -1;
	rc = write_all(fd, (const char *)blob->data, blob->len);
	close(fd);
	if (rc < 0 || renameat(bucket_root(), draft, bucket_root(), path) < 0) {
		unlinkat(bucket_root(), draft, 0);
		return -1;
	}
	bucket_grew(b, blob->len);
	return 0;
}

static int put_blob(struct runlog *log, struct bucket *b, const struct blob *blob)
{
	uint8_t flags = blob->has_bigint ? RECORD_BIGINT : 0;
	char hash[RUNLOG_HASH_LEN + 1];

	if (blob->len <= RUNLOG_INLINE_MAX) {
		put_record(blob, blob->data, blob->len, flags);
		return 0;
	}
	if (put_payload(log, b, blob, hash) < 0)
		return -1;
	put_record(blob, hash, RUNLOG_HASH_LEN, flags | RECORD_EXTERNAL);
	return 0;
}

static void put_gap(void)
{
	char no_key[] = "";
	struct blob gap = { .type = RUNLOG_GAP, .key = no_key };

	put_record(&gap, "", 0, 0);
}

/* ---- files --------------------------------------------------------------------------------------------- */

/* The bucket of the run's log, which is open then; NULL when it cannot be. */
static struct bucket *open_log(struct runlog *log, const char *job_id)
{
	struct bucket *b = log->bucket[0] ? bucket_find(log->bucket) : bucket_current();
	char path[PATH_SIZE];
	bool fresh = !log->bucket[0];

	if (!b || log->open)
		return b;
	bucket_path(path, sizeof(path), b->name, job_id, "log");
	log->fd = openat(bucket_root(), path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (fresh ? O_TRUNC : 0),
			 0600);
	if (log->fd < 0)
		return NULL;
	log->open = true;
	if (fresh) {
		snprintf(log->bucket, sizeof(log->bucket), "%s", b->name);
		b->files++;
		b->active++;
		buf_add(&pending, RUNLOG_MAGIC, RUNLOG_MAGIC_LEN);
	}
	return b;
}

/* Writes what is gathered behind `size` bytes; what was written of it is cut off again when that fails. */
static int write_pending(int fd, uint64_t size)
{
	if (!pending.failed && write_all(fd, pending.data, pending.len) == 0)
		return 0;
	if (ftruncate(fd, (off_t)size) < 0)
		log_warn("run log: what is torn stays: %s", strerror(errno));
	return -1;
}

/* All of a run that is over, behind those of other runs. */
static int append_whole(struct runlog *log, const char *job_id, struct blob *const *blobs, size_t count)
{
	struct bucket *b = bucket_current();
	struct whole_entry entry = { 0 };

	if (!b || bucket_open_whole(b) < 0)
		return -1;
	memcpy(log->bucket, b->name, sizeof(log->bucket)); /* for the payloads */
	buf_add(&pending, RUNLOG_MAGIC, RUNLOG_MAGIC_LEN);
	for (size_t i = 0; i < count; i++)
		if (put_blob(log, b, blobs[i]) < 0)
			return -1;
	if (write_pending(b->whole_fd, b->whole_size) < 0)
		return -1;
	snprintf(entry.job_id, sizeof(entry.job_id), "%s", job_id);
	entry.at = b->whole_size;
	entry.len = pending.len;
	b->whole_size += pending.len;
	bucket_grew(b, pending.len + sizeof(entry));
	return write_all(b->index_fd, (const char *)&entry, sizeof(entry));
}

static int append(struct runlog *log, const char *job_id, struct blob *const *blobs, size_t count)
{
	struct bucket *b = open_log(log, job_id);
	bool sync = false;

	if (!b)
		return -1;
	for (size_t i = 0; i < count && !log->broken; i++) {
		if (put_blob(log, b, blobs[i]) < 0)
			return -1;
		sync |= blobs[i]->type == RUNNER_MSG_NODE_INTENT;
		if (log->bytes + pending.len <= run_max())
			continue;
		log_job(LOG_LVL_WARN, job_id, "its log is full, nothing more is kept");
		put_gap();
		log->broken = true;
	}
	if (write_pending(log->fd, log->size) < 0)
		return -1;
	log->size += pending.len;
	log->bytes += pending.len;
	bucket_grew(b, pending.len);
	return sync ? fdatasync(log->fd) : 0;
}

typedef int append_fn(struct runlog *log, const char *job_id, struct blob *const *blobs, size_t count);

static void append_by(append_fn *fn, struct runlog *log, const char *job_id, struct blob *const *blobs, size_t count)
{
	if (log->broken || !count)
		return;
	fault_point("before-append");
	if (fn(log, job_id, blobs, count) < 0) {
		log_job(LOG_LVL_ERROR, job_id, "its log cannot be written: %s", strerror(errno));
		log->broken = true;
	}
	fault_point("after-append");
	if (pending.cap > KEEP_SIZE || pending.failed) {
		buf_free(&pending);
		buf_init(&pending, APPEND_MAX);
	} else {
		buf_reset(&pending);
	}
}

void runlog_append(struct runlog *log, const char *job_id, struct blob *const *blobs, size_t count)
{
	append_by(append, log, job_id, blobs, count);
}

void runlog_append_last(struct runlog *log, const char *job_id, struct blob *const *blobs, size_t count)
{
	append_by(log->bucket[0] ? append : append_whole, log, job_id, blobs, count);
}

void runlog_close(struct runlog *log)
{
	struct bucket *b = log->open ? bucket_find(log->bucket) : NULL;

	if (log->open)
		close(log->fd);
	log->open = false;
	if (b && b->active > 0)
		b->active--;
}

void runlog_forget(struct runlog *log, const char *job_id)
{
	char path[PATH_SIZE];

	runlog_close(log);
	if (!log->bucket[0])
		return;
	bucket_path(path, sizeof(path), log->bucket, job_id, "log");
	unlinkat(bucket_root(), path, 0);
	log->bucket[0] = '\0';
}

/* What an earlier daemon wrote among the logs of others begins a file of its own. */
static int copy_whole(struct runlog *log, const char *job_id, const struct runlog_reader *reader)
{
	uint64_t len = reader->at - reader->base - RUNLOG_MAGIC_LEN;
	struct bucket *b = open_log(log, job_id);
	char *room = b ? buf_reserve(&pending, len) : NULL;
	int rc = -1;

	if (room && pread(reader->fd, room, len, (off_t)(reader->base + RUNLOG_MAGIC_LEN)) == (ssize_t)len) {
		pending.len += len;
		rc = write_pending(log->fd, 0);
		log->size = log->bytes = pending.len;
		bucket_grew(b, pending.len);
	}
	buf_reset(&pending);
	return rc;
}

int runlog_continue(struct runlog *log, const char *job_id, const struct runlog_reader *reader)
{
	struct bucket *b;
	int rc;

	if (reader->whole) {
		rc = copy_whole(log, job_id, reader);
	} else {
		memcpy(log->bucket, reader->bucket, sizeof(log->bucket));
		log->bytes = log->size = reader->at;
		b = open_log(log, job_id);
		if (b)
			b->active++;
		rc = b ? ftruncate(log->fd, (off_t)reader->at) : -1;
	}
	log->broken = rc < 0;
	return rc;
}
