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

/* Writes what is gathered; what was written of it is cut off again when that fails. */
static int write_pending(struct runlog *log)
{
	off_t before = lseek(log->fd, 0, SEEK_END);

	if (!pending.failed && write_all(log->fd, pending.data, pending.len) == 0)
		return 0;
	if (before >= 0 && ftruncate(log->fd, before) < 0)
		log_warn("run log: what is torn stays: %s", strerror(errno));
	return -1;
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
		log_warn("job %s: its log is full, nothing more is kept", job_id);
		put_gap();
		log->broken = true;
	}
	if (write_pending(log) < 0)
		return -1;
	log->bytes += pending.len;
	bucket_grew(b, pending.len);
	return sync ? fdatasync(log->fd) : 0;
}

void runlog_append(struct runlog *log, const char *job_id, struct blob *const *blobs, size_t count)
{
	if (log->broken || !count)
		return;
	fault_point("before-append");
	if (append(log, job_id, blobs, count) < 0) {
		log_error("job %s: its log cannot be written: %s", job_id, strerror(errno));
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

void runlog_close(struct runlog *log)
{
	struct bucket *b = log->bucket[0] ? bucket_find(log->bucket) : NULL;

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

int runlog_continue(struct runlog *log, const char *job_id, const char *bucket, uint64_t end)
{
	struct bucket *b;

	snprintf(log->bucket, sizeof(log->bucket), "%s", bucket);
	log->bytes = end;
	b = open_log(log, job_id);
	if (!b) {
		log->broken = true;
		return -1;
	}
	b->active++;
	return ftruncate(log->fd, (off_t)end);
}
