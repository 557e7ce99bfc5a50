/* The log of a run as a disk may give it back: the file of one run, and the files of whole logs with their index. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wsd/runlog_file.h"
#include "wsd/runner.h"
#include "wsd/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BUCKET "0000000000000001"

static int store = -1;
static char folder[] = "/tmp/fuzz-runlog-XXXXXX";

static void remove_store(void)
{
	unlinkat(store, "db-runs/" BUCKET "/job.log", 0);
	unlinkat(store, "db-runs/" BUCKET "/" RUNLOG_WHOLE, 0);
	unlinkat(store, "db-runs/" BUCKET "/" RUNLOG_INDEX, 0);
	unlinkat(store, "db-runs/" BUCKET, AT_REMOVEDIR);
	unlinkat(store, "db-runs", AT_REMOVEDIR);
	rmdir(folder);
}

static void open_store(void)
{
	char path[64];
	struct err err;

	if (!mkdtemp(folder) || (store = open(folder, O_RDONLY | O_DIRECTORY)) < 0 || mkdirat(store, "db-runs", 0700) < 0 ||
	    mkdirat(store, "db-runs/" BUCKET, 0700) < 0)
		abort();
	snprintf(path, sizeof(path), "%s/db", folder);
	if (runlog_init(path, &err) < 0)
		abort();
	atexit(remove_store);
}

static void put(const char *name, const void *head, size_t head_len, const uint8_t *data, size_t size)
{
	int fd = openat(store, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, head, head_len) != (ssize_t)head_len || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
}

static void read_log(void)
{
	struct runlog_reader r;
	struct runlog_record record;
	struct trace_entry entry;
	struct blob *blob;
	uint64_t at = 0;

	if (runlog_open(&r, "job", NULL) != 0)
		return;
	while (runlog_next(&r, &record)) {
		if (r.at <= at || r.at > r.limit)
			abort();
		at = r.at;
		blob = runlog_blob(&r, &record);
		if (blob && blob->len) {
			struct sv entries = { (const char *)blob->data, blob->len };

			while (trace_take(&entries, &entry))
				if (entry.status >= TRACE_STATUSES || !trace_status_text(entry.status))
					abort();
		}
		blob_unref(blob);
	}
	runlog_reader_close(&r);
}

/* Gives every record in the input its right sum, so that what is behind the sums is reached too. */
static void mend(uint8_t *data, size_t size)
{
	struct record_head head;

	for (size_t at = 0; size - at >= sizeof(head);) {
		memcpy(&head, data + at, sizeof(head));
		head.len %= size - at - sizeof(head) + 1;
		if (head.key_len > head.len)
			head.key_len = (uint16_t)head.len;
		head.crc = record_crc(&head, data + at + sizeof(head), data + at + sizeof(head) + head.key_len);
		memcpy(data + at, &head, sizeof(head));
		at += sizeof(head) + head.len;
	}
}

/* The first byte says which file the rest is: 0 a log, 1 its records with right sums, 2 the index of whole logs. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct whole_entry entry = { .job_id = "job", .at = 0 };
	uint8_t *copy;

	if (size < 1)
		return 0;
	if (store < 0)
		open_store();
	unlinkat(store, "db-runs/" BUCKET "/job.log", 0);
	copy = xmalloc(size);
	memcpy(copy, data + 1, size - 1);
	if (data[0] % 3 == 1)
		mend(copy, size - 1);
	if (data[0] % 3 < 2) {
		put("db-runs/" BUCKET "/job.log", RUNLOG_MAGIC, RUNLOG_MAGIC_LEN, copy, size - 1);
		read_log();
		unlinkat(store, "db-runs/" BUCKET "/job.log", 0);
		entry.len = size - 1 + RUNLOG_MAGIC_LEN;
		put("db-runs/" BUCKET "/" RUNLOG_WHOLE, RUNLOG_MAGIC, RUNLOG_MAGIC_LEN, copy, size - 1);
		put("db-runs/" BUCKET "/" RUNLOG_INDEX, &entry, sizeof(entry), copy, 0);
	} else {
		memcpy(&entry, copy, size - 1 < sizeof(entry) ? size - 1 : sizeof(entry));
		put("db-runs/" BUCKET "/" RUNLOG_INDEX, &entry, sizeof(entry), copy, size - 1);
	}
	read_log();
	free(copy);
	return 0;
}
