/* Lists of models kept on disk, so that a page does not wait for services elsewhere: see internal.h. */
#include "provider/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#define LIST_MAX    ((size_t)4 << 20)
#define EXPIRY_S    300 /* the default: older lists are shown, and asked for anew meanwhile */
#define FORGOTTEN_S ((int64_t)30 * 86400)

/* "<database>-models/HASH.json", one for an account: another key has another list. To be freed; NULL for services whose lists
 * are asked for every time (those on machines of one's own are near, and change when a model is pulled or deleted). */
char *models_cache_path(const char *user_id, const struct provider *p)
{
	struct buf text;
	char hash[65];

	if (!p->service->secret || !config_int("NODETOOL_MODELS_CACHE_S", 0, 86400 * 7, EXPIRY_S))
		return NULL;
	buf_init(&text, 1 << 20);
	buf_printf(&text, "%s\n%s\n%s\n%s", user_id, p->service->name, p->models_url, p->key ? p->key : "");
	sha256_hex(text.data, text.len, hash);
	explicit_bzero(text.data, text.len);
	buf_free(&text);
	return xasprintf("%s-models/%s.json", config_db_path(), hash);
}

/* Removes lists that nobody has looked at for a month: of keys that are gone. */
static void sweep(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	struct stat st;

	while (dir && (entry = readdir(dir)))
		if (str_ends(entry->d_name, ".json") && fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    time_now_us() / 1000000 - st.st_mtime > FORGOTTEN_S)
			unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
}

void models_cache_write(const char *path, const struct value *answer)
{
	char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	struct err err = { 0 };
	struct buf text;

	buf_init(&text, LIST_MAX);
	if (mkdir(folder, 0700) == 0 || errno == EEXIST)
		sweep(folder);
	if (json_write(&text, answer, JSON_COMPACT) == 0 && file_replace(path, text.data, text.len, 0600, &err))
		log_warn("a list of models cannot be kept: %s", err.detail);
	buf_free(&text);
	free(folder);
}

struct value *models_cache_read(const char *path, bool *old)
{
	struct err err;
	struct json_error why;
	struct value *list = NULL;
	struct stat st;
	struct buf text;
	int64_t age;

	buf_init(&text, LIST_MAX);
	if (stat(path, &st) == 0 && file_read(path, &text, &err) == 0)
		list = json_parse(text.data ? text.data : "", text.len, &why);
	buf_free(&text);
	age = list ? time_now_us() / 1000000 - st.st_mtime : 0;
	*old = age < 0 || age > config_int("NODETOOL_MODELS_CACHE_S", 0, 86400 * 7, EXPIRY_S);
	return list;
}

/* The request's connection ends when its last descriptor is closed (under plain CGI that is the standard output). */
static void leave_request(void)
{
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	closelog();
	for (int fd = 0; nothing >= 0 && fd < 3; fd++)
		dup2(nothing, fd);
	close_range(3, ~0U, 0);
}

/* In a process of its own: asks, keeps the answer, ends. It has nothing of the request that it was born in. */
static void ask_and_keep(struct provider *p, const char *path, const struct provider_request_spec *spec)
{
	struct provider_client *client;
	struct provider_call *call;
	struct err err;
	int status;

	leave_request();
	client = provider_client_new();
	call = request_at(client, p, p->models_url, spec);
	if (provider_wait(call, &err) == 0 && provider_result(call)->json)
		models_cache_write(path, provider_result(call)->json);
	status = provider_result(call)->status;
	if (status == 401 || status == 403) /* the key is not taken any more: nor is its list shown */
		unlink(path);
	_exit(0);
}

void models_cache_refresh(struct provider *p, const char *path, const struct provider_request_spec *spec)
{
	pid_t pid;

	/* Whoever comes next takes the list for a fresh one: a service is asked once, however many wait for it. */
	if (utimensat(AT_FDCWD, path, NULL, 0))
		return;
	pid = fork();
	if (pid == 0) {
		/* A grandchild, so that nobody has to wait for it. */
		if (fork() == 0)
			ask_and_keep(p, path, spec);
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}
