/* dbtool: what nodetoolctl does with the database: checkpoint, backup FILE, check. */
#include <stdio.h>
#include <string.h>
#include <sqlite3.h>
#include <unistd.h>

#include "base/base.h"
#include "db/db.h"

static int open_database(struct db **db, struct err *err)
{
	if (access(config_db_path(), F_OK) < 0)
		return err_set(err, 404, "there is no database %s yet", config_db_path());
	return db_open(db, config_db_path(), DB_NO_MIGRATE, err);
}

static int checkpoint(struct err *err)
{
	struct db *db = NULL;
	int left = 0;
	int result = open_database(&db, err);

	if (result == 0)
		result = db_checkpoint(db, &left, err);
	if (result == 0 && left)
		printf("%d pages are still in the write-ahead log: readers were busy\n", left);
	db_close(db);
	return result;
}

static int backup(const char *path, struct err *err)
{
	struct db *db = NULL;
	int result = open_database(&db, err);

	if (result == 0)
		result = db_backup(db, path, err);
	db_close(db);
	return result;
}

static int check(struct err *err)
{
	struct db *db = NULL;
	const char *risk = db_version_risk();
	int result;

	printf("%s    SQLite %s%s%s\n", risk ? "note" : "ok  ", sqlite3_libversion(), risk ? ": " : "", risk ? risk : "");
	if (access(config_db_path(), F_OK) < 0) {
		printf("ok    %s will be made\n", config_db_path());
		return 0;
	}
	result = open_database(&db, err);
	if (result == 0)
		result = db_check(db, err);
	if (result == 0)
		printf("ok    %s, %lld bytes in its write-ahead log\n", config_db_path(), (long long)db_wal_bytes(db));
	db_close(db);
	return result;
}

int main(int argc, char **argv)
{
	struct err err = { 0 };
	int result;

	log_init("dbtool");
	if (config_load(&err) < 0) {
		fprintf(stderr, "nodetoolctl: %s\n", err.detail);
		return 1;
	}
	if (argc == 2 && strcmp(argv[1], "checkpoint") == 0) {
		result = checkpoint(&err);
	} else if (argc == 3 && strcmp(argv[1], "backup") == 0) {
		result = backup(argv[2], &err);
	} else if (argc == 2 && strcmp(argv[1], "check") == 0) {
		result = check(&err);
	} else {
		fprintf(stderr, "usage: dbtool checkpoint | backup FILE | check\n");
		return 2;
	}
	if (result < 0)
		fprintf(stderr, "nodetoolctl: %s\n", err.detail);
	return result < 0 ? 1 : 0;
}
