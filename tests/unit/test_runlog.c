/* The run log: what is written comes back, what is torn or damaged ends it, old and long ones go. */
#include "wsd/runlog_file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "wsd/runner.h"

static char folder[64];
static char db_path[96];

static void open_store(void)
{
	struct err err;

	if (runlog_init(db_path, &err) < 0)
		fail_msg("%s", err.detail);
}

/* A folder and limits of its own; empty texts leave the limits as they are by default. */
static int set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test-runlog-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(db_path, sizeof(db_path), "%s/db", folder);
	unsetenv("NODETOOL_JOB_JOURNAL_MB");
	unsetenv("NODETOOL_JOB_JOURNAL_HOURS");
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	runlog_destroy();
	snprintf(command, sizeof(command), "rm -r '%s'", folder);
	return system(command);
}

static struct blob *record(uint32_t seq, uint8_t type, const char *key, size_t len)
{
	char *data = xmalloc(len + 1);
	struct blob *blob;

	memset(data, (int)(seq * 7 + 1), len);
	blob = blob_new(data, len, key, strlen(key));
	blob->seq = seq;
	blob->type = type;
	blob->has_bigint = seq % 2;
	free(data);
	return blob;
}

static void write_one(struct runlog *log, const char *job, uint32_t seq, size_t len, bool last)
{
	struct blob *blob = record(seq, seq % 5, seq % 3 ? "node" : "", len);

	(last ? runlog_append_last : runlog_append)(log, job, &blob, 1);
	blob_unref(blob);
}

/* How many sound records the log of a job has: of lengths `len`, numbered from 1; -1 when there is no log. */
static int read_all(const char *job, const size_t *lens)
{
	struct runlog_record r;
	struct runlog_reader reader;
	struct blob *blob;
	struct blob *wanted;
	int count = 0;

	if (runlog_open(&reader, job, NULL) != 0)
		return -1;
	while (runlog_next(&reader, &r)) {
		count++;
		assert_int_equal(r.seq, count);
		wanted = record(r.seq, r.seq % 5, r.seq % 3 ? "node" : "", lens[count - 1]);
		blob = runlog_blob(&reader, &r);
		assert_non_null(blob);
		assert_int_equal(blob->len, wanted->len);
		assert_memory_equal(blob->data, wanted->data, wanted->len);
		assert_string_equal(blob->key, wanted->key);
		assert_int_equal(blob->type, wanted->type);
		assert_int_equal(blob->has_bigint, wanted->has_bigint);
		blob_unref(blob);
		blob_unref(wanted);
	}
	runlog_reader_close(&reader);
	return count;
}

static const size_t lens[] = { 0, 1, 100, RUNLOG_INLINE_MAX, RUNLOG_INLINE_MAX + 1, 3, 200000, 200000, 5 };

static void test_what_is_written_comes_back(void **state)
{
	struct runlog log = { 0 };
	struct runlog whole = { 0 };
	struct blob *blobs[ARRAY_LEN(lens)];

	(void)state;
	open_store();
	assert_int_equal(read_all("job-1", lens), -1);
	assert_int_equal(read_all("../job", lens), -1);
	for (uint32_t i = 0; i < ARRAY_LEN(lens); i++)
		write_one(&log, "job-1", i + 1, lens[i], false);
	assert_int_equal(read_all("job-1", lens), ARRAY_LEN(lens));
	runlog_close(&log);
	for (uint32_t i = 0; i < ARRAY_LEN(lens); i++)
		blobs[i] = record(i + 1, (i + 1) % 5, (i + 1) % 3 ? "node" : "", lens[i]);
	runlog_append_last(&whole, "job-2", blobs, ARRAY_LEN(lens));
	memset(&whole, 0, sizeof(whole));
	runlog_append_last(&whole, "job-3", blobs, 2);
	for (uint32_t i = 0; i < ARRAY_LEN(lens); i++)
		blob_unref(blobs[i]);
	runlog_destroy();
	open_store(); /* as a later daemon finds it */
	assert_int_equal(read_all("job-1", lens), ARRAY_LEN(lens));
	assert_int_equal(read_all("job-2", lens), ARRAY_LEN(lens));
	assert_int_equal(read_all("job-3", lens), 2);
	assert_int_equal(read_all("job-4", lens), -1);
}

static void test_a_reader_goes_on_where_it_was(void **state)
{
	struct runlog log = { 0 };
	struct runlog_reader reader;
	struct runlog_record r;
	uint64_t at;

	(void)state;
	open_store();
	for (uint32_t i = 0; i < 4; i++)
		write_one(&log, "job", i + 1, 10, false);
	assert_int_equal(runlog_open(&reader, "job", log.bucket), 0);
	assert_true(runlog_next(&reader, &r) && runlog_next(&reader, &r));
	at = reader.at;
	runlog_seek(&reader, 0);
	assert_true(runlog_next(&reader, &r));
	assert_int_equal(r.seq, 1);
	runlog_seek(&reader, at);
	assert_true(runlog_next(&reader, &r));
	assert_int_equal(r.seq, 3);
	runlog_reader_close(&reader);
	runlog_forget(&log, "job");
	assert_int_equal(runlog_open(&reader, "job", NULL), 1);
}

static void path_of(char *out, size_t size, const struct runlog *log, const char *name)
{
	snprintf(out, size, "%s-runs/%s/%s", db_path, log->bucket, name);
}

/* Cut anywhere, the log ends with its last whole record; with any byte changed, before the record of that byte. */
static void test_what_is_torn_or_damaged_does_not_count(void **state)
{
	static const size_t short_lens[] = { 4, 0, 9 };
	struct runlog log = { 0 };
	struct buf bytes;
	char path[256];
	struct err err;
	int before = 3;
	int count;
	int fd;

	(void)state;
	open_store();
	for (uint32_t i = 0; i < 3; i++)
		write_one(&log, "job", i + 1, short_lens[i], false);
	runlog_close(&log);
	path_of(path, sizeof(path), &log, "job.log");
	buf_init(&bytes, BUF_MAX_SMALL);
	assert_int_equal(file_read(path, &bytes, &err), 0);
	for (size_t cut = bytes.len; cut-- > 0;) {
		assert_int_equal(truncate(path, (off_t)cut), 0);
		count = read_all("job", short_lens);
		assert_true(count == before || count == before - 1);
		before = count;
	}
	assert_int_equal(before, -1);
	for (size_t at = 0; at < bytes.len; at++) {
		bytes.data[at] ^= 0x40;
		fd = open(path, O_WRONLY | O_TRUNC);
		assert_int_equal(write(fd, bytes.data, bytes.len), bytes.len);
		close(fd);
		bytes.data[at] ^= 0x40;
		count = read_all("job", short_lens);
		assert_true(count < 3 && count >= before);
		before = count;
	}
	buf_free(&bytes);
}

static void test_a_later_daemon_goes_on_behind_what_is_sound(void **state)
{
	static const size_t short_lens[] = { 10, 20, 30 };
	struct runlog log = { 0 };
	struct runlog next = { 0 };
	struct runlog_reader reader;
	struct runlog_record r;
	char path[256];
	int fd;

	(void)state;
	open_store();
	write_one(&log, "job", 1, 10, false);
	write_one(&log, "job", 2, 20, false);
	runlog_close(&log);
	path_of(path, sizeof(path), &log, "job.log");
	fd = open(path, O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, "torn", 4), 4);
	close(fd);
	runlog_destroy();
	open_store();
	assert_int_equal(runlog_open(&reader, "job", NULL), 0);
	while (runlog_next(&reader, &r))
		;
	assert_int_equal(runlog_continue(&next, "job", &reader), 0);
	runlog_reader_close(&reader);
	write_one(&next, "job", 3, 30, false);
	assert_int_equal(read_all("job", short_lens), 3);
	runlog_close(&next);
}

static void tidy(void)
{
	for (int i = 0; runlog_tidy(); i++)
		assert_true(i < 100000);
}

/* A bucket that is so many hours old, with the log of one run. */
static void old_bucket(const char *job, int hours)
{
	int64_t at = time_now_us() - (int64_t)hours * 3600 * 1000000;
	const struct timespec times[2] = { { at / 1000000, 0 }, { at / 1000000, 0 } };
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s-runs", db_path);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s-runs/%016llx", db_path, (unsigned long long)at);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s-runs/%016llx/%s.log", db_path, (unsigned long long)at, job);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(RUNLOG_MAGIC, f);
	fclose(f);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void test_old_logs_go(void **state)
{
	struct runlog log = { 0 };

	(void)state;
	setenv("NODETOOL_JOB_JOURNAL_HOURS", "5", 1);
	old_bucket("old", 6);
	old_bucket("older", 100);
	old_bucket("young", 4);
	open_store();
	write_one(&log, "now", 1, 0, false);
	tidy();
	assert_int_equal(read_all("old", lens), -1);
	assert_int_equal(read_all("older", lens), -1);
	assert_int_equal(read_all("young", lens), 0);
	assert_int_equal(read_all("now", lens), 1);
	runlog_close(&log);
}

static void test_logs_beyond_the_size_go_the_oldest_first(void **state)
{
	static const size_t big[] = { 400000 };
	char job[16];
	struct runlog held = { 0 };
	int kept = 0;
	int first = -1;

	(void)state;
	setenv("NODETOOL_JOB_JOURNAL_MB", "16", 1);
	open_store();
	write_one(&held, "held", 1, big[0], false); /* goes on: its bucket stays */
	for (uint32_t i = 0; i < 80; i++) {
		struct runlog log = { 0 };
		struct blob *blob = record(1, 1, "node", big[0]);

		memcpy(blob->data, &i, sizeof(i)); /* a payload of its own */
		snprintf(job, sizeof(job), "job-%02u", i);
		runlog_append(&log, job, &blob, 1);
		runlog_close(&log);
		blob_unref(blob);
	}
	tidy();
	assert_int_equal(read_all("held", big), 1);
	for (int i = 0; i < 80; i++) {
		struct runlog_reader reader;

		snprintf(job, sizeof(job), "job-%02d", i);
		if (runlog_open(&reader, job, NULL) != 0) {
			assert_true(first < 0 || i < 4); /* none is missing behind the first that is there, but beside the held one */
			continue;
		}
		runlog_reader_close(&reader);
		first = first < 0 && i >= 4 ? i : first;
		kept++;
	}
	assert_in_range(kept, 30, 44);
	assert_true(first > 30);
	runlog_close(&held);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_is_written_comes_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_reader_goes_on_where_it_was, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_torn_or_damaged_does_not_count, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_later_daemon_goes_on_behind_what_is_sound, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_old_logs_go, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_logs_beyond_the_size_go_the_oldest_first, set_up, tear_down),
	};

	log_set_level(LOG_LVL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
