/*
 * ctltool: what nodetoolctl needs of the server's own code: the settings as the programs see them, whether they would
 * start, and the upkeep of the database.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "auth/auth.h"
#include "base/base.h"
#include "db/db.h"

static int open_database(struct db **db, struct err *err)
{
	if (access(config_db_path(), F_OK) < 0)
		return err_set(err, 404, "there is no database %s yet", config_db_path());
	return db_open(db, config_db_path(), DB_NO_MIGRATE, err);
}

/* The paths, then each setting in `names` that has a value: NAME=VALUE. */
static int settings(char **names, struct err *err)
{
	(void)err;
	printf("DATABASE=%s\nASSETS=%s\n", config_db_path(), config_asset_folder());
	for (; *names; names++) {
		const char *value = config_get(*names);

		if (value && !strchr(value, '\n'))
			printf("%s=%s\n", *names, value);
	}
	return 0;
}

/* Would the programs start with these settings and this database? Brings its tables up to date on the way, once, before
 * every process tries to. */
static int ready(char **args, struct err *err)
{
	struct db *db = NULL;
	int result = auth_init(err);

	(void)args;
	if (result == 0)
		result = db_open(&db, config_db_path(), 0, err);
	db_close(db);
	auth_free();
	return result;
}

static void print_served(int64_t pid, int64_t served)
{
	printf("%lld %lld\n", (long long)pid, (long long)served);
}

/* Lines of process id and number of requests. */
static int requests(char **args, struct err *err)
{
	(void)args;
	(void)err;
	served_each(print_served);
	return 0;
}

static int checkpoint(char **args, struct err *err)
{
	struct db *db = NULL;
	int left = 0;
	int result = open_database(&db, err);

	(void)args;
	if (result == 0)
		result = db_checkpoint(db, &left, err);
	if (result == 0 && left)
		printf("%d pages are still in the write-ahead log: readers were busy\n", left);
	db_close(db);
	return result;
}

static int backup(char **args, struct err *err)
{
	struct db *db = NULL;
	int result;

	if (!*args)
		return err_set(err, 400, "backup needs a file");
	result = open_database(&db, err);
	if (result == 0)
		result = db_backup(db, *args, err);
	db_close(db);
	return result;
}

static int check(char **args, struct err *err)
{
	struct db *db = NULL;
	const char *risk = db_version_risk();
	int result;

	(void)args;
	printf("%s  SQLite %s%s%s\n", risk ? "note" : "ok  ", sqlite3_libversion(), risk ? ": " : "", risk ? risk : "");
	if (auth_init(err) < 0)
		return -1;
	printf("ok    mode %s, authentication %s\n", auth_mode_name(), auth_enforced() ? "enforced" : "off");
	auth_free();
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

static const struct {
	const char *name;
	int (*run)(char **args, struct err *err);
} commands[] = {
	{ "settings", settings },
	{ "ready", ready },
	{ "requests", requests },
	{ "checkpoint", checkpoint },
	{ "backup", backup },
	{ "check", check },
};

int main(int argc, char **argv)
{
	struct err err = { 0 };
	int result;

	log_init("ctltool");
	log_set_level(LOG_LVL_ERROR);
	for (size_t i = 0; argc > 1 && i < ARRAY_LEN(commands); i++) {
		if (strcmp(argv[1], commands[i].name) != 0)
			continue;
		result = config_load(&err);
		if (result == 0)
			result = commands[i].run(argv + 2, &err);
		if (result < 0)
			fprintf(stderr, "nodetoolctl: %s\n", err.detail);
		return result < 0 ? 1 : 0;
	}
	fprintf(stderr, "usage: ctltool settings NAME... | ready | requests | checkpoint | backup FILE | check\n");
	return 2;
}
