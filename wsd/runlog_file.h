/* What the files runlog*.c share: the form of a log, and the buckets. */
#ifndef WSD_RUNLOG_FILE_H
#define WSD_RUNLOG_FILE_H

#include "wsd/runlog.h"

#define RUNLOG_MAGIC "NTRUN01\n"
#define RUNLOG_MAGIC_LEN 8
#define RUNLOG_INLINE_MAX ((size_t)64 << 10) /* longer payloads stand in files of their own */
#define RUNLOG_HASH_LEN 64

enum record_flags { RECORD_BIGINT = 1, RECORD_EXTERNAL = 2 };

struct record_head {
	uint32_t len; /* of key and data together */
	uint32_t crc; /* of everything behind it */
	uint32_t seq;
	uint8_t type;
	uint8_t flags;
	uint16_t key_len;
};

uint32_t record_crc(const struct record_head *head, const void *key, const void *data);

#define RUNLOG_WHOLE "whole.logs"
#define RUNLOG_INDEX "whole.index"

/* An entry of the index. */
struct whole_entry {
	char job_id[ID_SIZE];
	uint64_t at;
	uint64_t len;
};

struct bucket {
	char name[RUNLOG_BUCKET_SIZE]; /* when it began: microseconds since 1970, 16 hex digits */
	int64_t newest;                /* time of its last record */
	uint64_t bytes;
	size_t files;
	int active; /* runs that go on */
	int whole_fd; /* RUNLOG_WHOLE and RUNLOG_INDEX, open for appending while the bucket is the current one; else 0 */
	int index_fd;
	uint64_t whole_size;
	bool sized; /* `bytes` and `newest` take in what was there before this daemon */
};

/* The bucket for a run that begins now; NULL when it cannot be made. */
struct bucket *bucket_current(void);
struct bucket *bucket_find(const char *name);
/* Bucket i of those there are, the newest is 0; NULL past the end. */
const struct bucket *bucket_from_newest(size_t i);
/* Descriptor of the folder in which the buckets are. */
int bucket_root(void);
/* Opens the files of whole logs. */
int bucket_open_whole(struct bucket *b) MUST_CHECK;
void bucket_grew(struct bucket *b, uint64_t bytes);
/* "bucket/id.log" or "bucket/hash.bin", below bucket_root. */
void bucket_path(char *out, size_t size, const char *bucket, const char *name, const char *ending);

#endif
