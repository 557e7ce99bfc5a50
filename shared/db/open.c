/* Opening the database: where it may lie, what every connection is set to. */
#include "db/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define PATH_SIZE 4096

static struct db *process_db;

const char *db_version_risk(void)
{
	return sqlite3_libversion_number() >= 3007000 && sqlite3_libversion_number() < 3051003 ?
		       "this SQLite has the WAL-reset bug (fixed in 3.51.3): nothing but this server may checkpoint the file; "
		       "configure --with-sqlite=DIR links a newer one" :
		       NULL;
}

/* File systems without the shared memory between processes that WAL needs. */
static const struct {
	unsigned long magic;
	const char *name;
} networks[] = {
	{ 0x6969, "NFS" },	 { 0x517B, "SMB" },	 { 0xFF534D42, "CIFS" },   { 0xFE534D42, "SMB2" },
	{ 0x5346414F, "AFS" },	 { 0x6B414653, "AFS" },	 { 0x73757245, "Coda" },   { 0x01021997, "9P" },
	{ 0x00C36400, "Ceph" },	 { 0x0BD00BD0, "Lustre" }, { 0x47504653, "GPFS" }, { 0x564C, "NCP" },
};

/* The path and errno's reason are for the log, not for clients. */
static int open_fail(const char *path, struct err *err)
{
	int code = errno;

	log_error("database: %s: %s", path, strerror(code));
	if (code == ENOSPC || code == EDQUOT)
		return err_set(err, 507, "The disk that holds the database is full");
	return err_set(err, 503, code == EROFS ? "The database is read-only" : "The database cannot be opened");
}

static int check_file_system(const char *folder, struct err *err)
{
	struct statfs fs;

	if (statfs(folder, &fs))
		return open_fail(folder, err);
	for (size_t i = 0; i < ARRAY_LEN(networks); i++) {
		if (((unsigned long)fs.f_type & 0xFFFFFFFF) == networks[i].magic)
			return err_set(err, 503,
				       "The database is on a network file system (%s), where SQLite's write-ahead log "
				       "does not work; set DB_PATH to a local disk",
				       networks[i].name);
	}
	return 0;
}

static int make_folders(char *folder, struct err *err)
{
	for (char *p = folder + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(folder, 0700) && errno != EEXIST)
			return open_fail(folder, err);
		*p = '/';
	}
	return mkdir(folder, 0700) && errno != EEXIST ? open_fail(folder, err) : 0;
}

/* The file is made here, so that it (and the -wal and -shm beside it, which SQLite gives the same mode) is never open
 * to others, whatever the umask. */
static int prepare_file(const char *path, bool create, struct err *err)
{
	char folder[PATH_SIZE];
	const char *slash = strrchr(path, '/');
	int fd;

	if (strlen(path) > sizeof(folder) - 16)
		return err_set(err, 500, "The path of the database is too long");
	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
	if (create && *folder && make_folders(folder, err))
		return -1;
	if (check_file_system(*folder ? folder : "/", err))
		return -1;
	if (!create)
		return access(path, F_OK) ? open_fail(path, err) : 0;
	fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	else if (errno != EEXIST)
		return open_fail(path, err);
	return 0;
}

/* Waits in short steps: SQLite's own handler sleeps up to 100 ms, ages beside transactions of a tenth of one. */
static int busy(void *arg, int count)
{
	struct db *db = arg;
	int64_t now = time_mono_us();
	struct timespec pause = { 0, count < 4 ? 100000L << count : 2000000 };

	if (count == 0) {
		db->busy_since = now;
		db->busy_count++;
	}
	if (now - db->busy_since >= (int64_t)db->busy_ms * 1000)
		return 0;
	nanosleep(&pause, NULL);
	return 1;
}

static int open_lock(struct db *db, struct err *err)
{
	char name[PATH_SIZE];

	snprintf(name, sizeof(name), "%s-ckpt.lock", db->path);
	db->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return db->lock_fd < 0 ? open_fail(name, err) : 0;
}

/* Switching a file to WAL needs it alone, and fails at once instead of waiting: so under the checkpointer's lock. */
static int set_wal(struct db *db, struct err *err)
{
	sqlite3_stmt *stmt;
	bool wal = false;
	int rc;

	rc = sqlite3_prepare_v2(db->conn, "PRAGMA journal_mode", -1, &stmt, NULL);
	if (rc == SQLITE_OK) {
		if (sqlite3_step(stmt) == SQLITE_ROW)
			wal = strcmp((const char *)sqlite3_column_text(stmt, 0), "wal") == 0;
		rc = sqlite3_finalize(stmt);
	}
	if (rc != SQLITE_OK)
		return db_fail(db, rc, "journal_mode", err);
	if (wal)
		return 0;
	if (db_lock_exclusive(db, err))
		return -1;
	rc = db_exec(db, "PRAGMA journal_mode=WAL", err);
	db_unlock(db);
	return rc;
}

static int configure(struct db *db, struct err *err)
{
	static const char pragmas[] = "PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0; PRAGMA mmap_size=0;"
				      "PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-4000;"
				      "PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF";

	sqlite3_busy_handler(db->conn, busy, db);
	if (sqlite3_db_config(db->conn, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) != SQLITE_OK ||
	    sqlite3_db_config(db->conn, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK)
		return err_set(err, 500, "SQLite refuses its settings");
	return db_exec(db, pragmas, err) ? -1 : set_wal(db, err);
}

int db_open(struct db **out, const char *path, unsigned flags, struct err *err)
{
	struct db *db;
	int rc;

	*out = NULL;
	/* Pages as they are needed, not twenty at first. Only the process's first database finds SQLite still taking this. */
	sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
	if (prepare_file(path, !(flags & DB_NO_MIGRATE), err))
		return -1;
	db = xcalloc(1, sizeof(*db));
	db->path = xstrdup(path);
	db->busy_ms = DB_BUSY_MS;
	db->lock_fd = -1;
	rc = sqlite3_open_v2(path, &db->conn, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (rc != SQLITE_OK) {
		db_fail(db, rc, path, err);
		goto fail;
	}
	if (open_lock(db, err) || configure(db, err))
		goto fail;
	if (!(flags & DB_NO_MIGRATE) && db_migrate(db, err))
		goto fail;
	*out = db;
	return 0;
fail:
	db_close(db);
	return -1;
}

int db_open_memory(struct db **out, const char *schema, struct err *err)
{
	struct db *db = xcalloc(1, sizeof(*db));
	int rc;

	*out = NULL;
	db->path = xstrdup(":memory:");
	db->lock_fd = -1;
	rc = sqlite3_open_v2(db->path, &db->conn, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
			     NULL);
	if (rc != SQLITE_OK)
		db_fail(db, rc, db->path, err);
	else if (db_exec(db, schema, err) == 0)
		*out = db;
	if (*out)
		return 0;
	db_close(db);
	return -1;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	if (db->in_tx)
		log_error("database: closed with the transaction of %s:%d open", db->tx_file, db->tx_line);
	db_rollback(db);
	db_cache_clear(db);
	if (sqlite3_close(db->conn) != SQLITE_OK)
		log_error("database: closed with statements in use");
	if (db->lock_fd >= 0)
		close(db->lock_fd);
	free(db->path);
	free(db);
}

struct db *db_default(struct err *err)
{
	if (!process_db && db_open(&process_db, config_db_path(), 0, err))
		return NULL;
	return process_db;
}

void db_default_close(void)
{
	db_close(process_db);
	process_db = NULL;
}

void db_get_stats(struct db *db, struct db_stats *out)
{
	static const struct {
		int op;
		size_t offset;
	} figures[] = {
		{ SQLITE_DBSTATUS_CACHE_USED, offsetof(struct db_stats, cache_bytes) },
		{ SQLITE_DBSTATUS_CACHE_HIT, offsetof(struct db_stats, cache_hits) },
		{ SQLITE_DBSTATUS_CACHE_MISS, offsetof(struct db_stats, cache_misses) },
	};
	struct stat st;
	int now;
	int high;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < ARRAY_LEN(figures); i++) {
		int64_t figure = sqlite3_db_status(db->conn, figures[i].op, &now, &high, 0) == SQLITE_OK ? now : 0;

		memcpy((char *)out + figures[i].offset, &figure, sizeof(figure));
	}
	out->file_bytes = stat(db->path, &st) == 0 ? (int64_t)st.st_size : 0;
	out->wal_bytes = db_wal_bytes(db);
	out->busy = db->busy_count;
}

void db_set_busy_ms(struct db *db, int ms)
{
	db->busy_ms = ms;
}

const char *db_path(const struct db *db)
{
	return db->path;
}
