/* Transactions, and the lock that keeps them apart from the single checkpointer. */
#include "db/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* How long the checkpointer waits for readers, while writers wait for it. */
#define CHECKPOINT_BUSY_MS 250

/* Calls `attempt` until it succeeds or `ms` have passed; -1 with errno EWOULDBLOCK then. */
static int retry(int (*attempt)(int fd), int fd, int ms)
{
	const struct timespec pause = { 0, 1000000 };
	int64_t end = time_mono_us() + (int64_t)ms * 1000;

	while (attempt(fd)) {
		if (errno != EWOULDBLOCK && errno != EAGAIN && errno != EACCES && errno != EINTR)
			return -1;
		if (time_mono_us() >= end) {
			errno = EWOULDBLOCK;
			return -1;
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* The gate in front of the lock: a record lock on the same file. Writers pass it one after the other's back, the
 * checkpointer closes it, so that a steady stream of overlapping writers cannot keep the checkpointer out for ever. */
static int gate(int fd, short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1 };

	return fcntl(fd, F_OFD_SETLK, &lock);
}

static int gate_pass(int fd)
{
	return gate(fd, F_RDLCK);
}

static int gate_close(int fd)
{
	return gate(fd, F_WRLCK);
}

static int flock_shared(int fd)
{
	return flock(fd, LOCK_SH | LOCK_NB);
}

static int flock_exclusive(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB);
}

static int lock_failed(struct err *err)
{
	if (errno == EWOULDBLOCK)
		return err_set(err, 503, "The database is busy, try again");
	log_error("database: lock of the checkpointer: %s", strerror(errno));
	return err_set(err, 503, "The database cannot be opened");
}

int db_lock_shared(struct db *db, struct err *err)
{
	if (db->lock_fd < 0) /* in memory: nobody else has it */
		return 0;
	if (retry(gate_pass, db->lock_fd, db->busy_ms))
		return lock_failed(err);
	if (retry(flock_shared, db->lock_fd, db->busy_ms)) {
		db_unlock(db);
		return lock_failed(err);
	}
	gate(db->lock_fd, F_UNLCK);
	return 0;
}

int db_lock_exclusive(struct db *db, struct err *err)
{
	if (retry(gate_close, db->lock_fd, db->busy_ms))
		return lock_failed(err);
	if (retry(flock_exclusive, db->lock_fd, db->busy_ms)) {
		db_unlock(db);
		return lock_failed(err);
	}
	return 0;
}

void db_unlock(struct db *db)
{
	if (db->lock_fd < 0)
		return;
	flock(db->lock_fd, LOCK_UN);
	gate(db->lock_fd, F_UNLCK);
}

/* PRAGMA synchronous cannot be changed inside of a transaction, and is not worth a statement when it stands right. */
static int set_sync(struct db *db, bool full, struct err *err)
{
	if (db->full_sync == full)
		return 0;
	if (db_exec(db, full ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL", err))
		return -1;
	db->full_sync = full;
	return 0;
}

int db_begin_at(struct db *db, bool durable, const char *file, int line, struct err *err)
{
	static const char sql[] = "BEGIN IMMEDIATE";
	struct db_stmt *st;
	int rc;

	if (db->in_tx) {
		log_error("database: %s:%d begins a transaction, the one of %s:%d is still open", file, line,
			  db->tx_file, db->tx_line);
		return err_set(err, 500, "Database error");
	}
	if (set_sync(db, durable, err) || db_lock_shared(db, err))
		return -1;
	st = db_prepare(db, sql, err);
	rc = st ? sqlite3_step(st->stmt) : SQLITE_ERROR;
	if (st && rc != SQLITE_DONE)
		db_fail(db, rc, sql, err);
	db_release(st);
	if (rc != SQLITE_DONE) {
		db_unlock(db);
		return -1;
	}
	db->in_tx = true;
	db->tx_file = file;
	db->tx_line = line;
	return 0;
}

int db_commit(struct db *db, struct err *err)
{
	static const char sql[] = "COMMIT";
	struct db_stmt *st;
	int rc;

	if (!db->in_tx)
		return err_set(err, 500, "Database error");
	st = db_prepare(db, sql, err);
	rc = st ? sqlite3_step(st->stmt) : SQLITE_ERROR;
	if (st && rc != SQLITE_DONE)
		db_fail(db, rc, sql, err);
	db_release(st);
	if (rc != SQLITE_DONE) {
		db_rollback(db);
		return -1;
	}
	db->in_tx = false;
	db_unlock(db);
	return 0;
}

void db_rollback(struct db *db)
{
	if (!db || !db->in_tx)
		return;
	/* Some errors (a full disk) have rolled back already. */
	if (!sqlite3_get_autocommit(db->conn))
		db_exec(db, "ROLLBACK", NULL);
	db->in_tx = false;
	db_unlock(db);
}

int db_checkpoint(struct db *db, int *left, struct err *err)
{
	int busy_ms = db->busy_ms;
	int in_log = 0;
	int moved = 0;
	int rc;

	if (db->in_tx)
		return err_set(err, 500, "A checkpoint inside of a transaction");
	if (db_lock_exclusive(db, err))
		return -1;
	db->busy_ms = CHECKPOINT_BUSY_MS;
	rc = sqlite3_wal_checkpoint_v2(db->conn, "main", SQLITE_CHECKPOINT_TRUNCATE, &in_log, &moved);
	db->busy_ms = busy_ms;
	db_unlock(db);
	if (rc != SQLITE_OK && rc != SQLITE_BUSY)
		return db_fail(db, rc, "checkpoint", err);
	if (left)
		*left = in_log > moved ? in_log - moved : 0;
	return 0;
}

int64_t db_wal_bytes(const struct db *db)
{
	char name[4096];
	struct stat st;

	snprintf(name, sizeof(name), "%s-wal", db->path);
	return stat(name, &st) == 0 ? (int64_t)st.st_size : 0;
}

int db_backup(struct db *db, const char *path, struct err *err)
{
	static const char sql[] = "VACUUM INTO ?1";
	struct db_stmt *st;
	int fd;
	int rc;

	/* VACUUM INTO accepts an empty file: making it here sets its mode before anything is in it. */
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(err, 500, "%s: %s", path, strerror(errno));
	close(fd);
	st = db_prepare(db, sql, err);
	if (!st)
		return -1;
	db_bind_text(st, 1, path);
	rc = sqlite3_step(st->stmt);
	if (rc != SQLITE_DONE)
		db_fail(db, rc, sql, err);
	db_release(st);
	return rc == SQLITE_DONE ? 0 : -1;
}

int db_check(struct db *db, struct err *err)
{
	static const char sql[] = "PRAGMA quick_check(1)";
	struct db_stmt *st = db_prepare(db, sql, err);
	int rc;

	if (!st)
		return -1;
	rc = db_step(st, err);
	if (rc == 1 && strcmp(db_col_text(st, 0), "ok") != 0)
		rc = err_set(err, 500, "%s", db_col_text(st, 0));
	db_release(st);
	return rc < 0 ? -1 : 0;
}
