/*
 * The run log: what runs have said, on disk, so that nothing that a client has seen is lost with the daemon. Appended to
 * and read in the journal's thread alone.
 *
 * Folder `<database>-runs` beside the database, in it one folder ("bucket") per hour at most, closed earlier when it has
 * grown long; in a bucket one file per run that began in it, `<job id>.log`, and the payloads of more than 64 KiB by the
 * SHA-256 of their content, `<hash>.bin`, once per bucket. A run that is over before anything of it was written makes no
 * file of its own (a new inode would make each wait for the disk longer): its log is appended to `whole.logs`, and where it
 * stands there to `whole.index`. Whole buckets go when they are too old, or when all are too
 * long: the oldest first, never one in which a run is still going on.
 *
 * A log is the bytes "NTRUN01\n", then records, each behind a length and a CRC-32; what follows the first record that is
 * torn or damaged does not count. Records are written (write, no fsync) before their messages are sent: the end of any
 * process, of all of them, loses nothing. Against a loss of power only the ends of runs are certain (SQLite), and the
 * records that say that a node which must not run twice begins (fdatasync); the rest is as old as the kernel's last
 * write-back, and a run goes on from there.
 */
#ifndef WSD_RUNLOG_H
#define WSD_RUNLOG_H

#include "wsd/blob.h"

#define RUNLOG_BUCKET_SIZE 24
#define RUNLOG_GAP 255 /* type of the record behind which nothing was written any more: the log had grown too long */

/* The log of one run that goes on. Zeroed: nothing is written yet, the first record makes the file. */
struct runlog {
	char bucket[RUNLOG_BUCKET_SIZE]; /* "": no file */
	int fd;                          /* only while `open` */
	bool open;
	bool broken;   /* could not be written, or is as long as may be: no further records */
	uint64_t size;  /* of the file */
	uint64_t bytes; /* with the payloads that are elsewhere */
};

/* Makes the folder and looks what is in it. */
int runlog_init(const char *db_path, struct err *err) MUST_CHECK;
void runlog_destroy(void);
/* Appends a record for each blob (its seq, type, flags, key and bytes). Blobs of enum runner_message_type
 * RUNNER_MSG_NODE_INTENT wait for the disk. What cannot be written is logged once, then the log is broken. */
void runlog_append(struct runlog *log, const char *job_id, struct blob *const *blobs, size_t count);
/* The same for a run that is over: the last append. */
void runlog_append_last(struct runlog *log, const char *job_id, struct blob *const *blobs, size_t count);
/* The run is over: its bucket may go. */
void runlog_close(struct runlog *log);
/* Takes the run's log away. */
void runlog_forget(struct runlog *log, const char *job_id);
struct runlog_reader;
/* Goes on with the log of a run that an earlier daemon began, which the reader has read to the end of what is sound; what is
 * torn behind it is cut off. 0, or -1 when it cannot be written. */
int runlog_continue(struct runlog *log, const char *job_id, const struct runlog_reader *reader) MUST_CHECK;
/* A slice of the work of keeping within the limits; call from time to time. True when there is more to do. */
bool runlog_tidy(void);

/* ---- reading ------------------------------------------------------------------------------------------- */

struct runlog_reader {
	int fd;
	char bucket[RUNLOG_BUCKET_SIZE];
	uint64_t base; /* where the log begins and ends in its file */
	uint64_t limit;
	bool whole;  /* the file is that of many runs */
	uint64_t at; /* of the next record */
	char *chunk; /* bytes of the file from chunk_at on */
	uint64_t chunk_at;
	size_t chunk_len;
};

struct runlog_record {
	uint32_t seq;
	uint8_t type;
	bool has_bigint;
	bool external; /* the data is elsewhere: see runlog_blob */
	struct sv key;
	struct sv data;
};

/* Opens the run's newest log; 1 when there is none. `bucket` may say where it is (else "" or NULL). */
int runlog_open(struct runlog_reader *r, const char *job_id, const char *bucket) MUST_CHECK;
/* The next record, lent until the next call; false at the end of what is sound. */
bool runlog_next(struct runlog_reader *r, struct runlog_record *record);
/* Goes on reading behind the record that ended at `at` (r->at of a reader before). 0: from the first record on. */
void runlog_seek(struct runlog_reader *r, uint64_t at);
/* The record as it was appended; NULL when its payload is gone. */
struct blob *runlog_blob(const struct runlog_reader *r, const struct runlog_record *record);
void runlog_reader_close(struct runlog_reader *r);

#endif
