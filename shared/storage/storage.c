/* Which store holds what, keys, and the operations that folder and bucket share. */
#include "storage/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY_MAX 1024
#define PART_MAX 255

static struct store *open_bucket(const char *bucket_setting, struct err *err)
{
	static const char *const needed[] = { "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", "S3_ENDPOINT_URL" };
	const char *region = config_get("S3_REGION");
	const char *bucket = config_get(bucket_setting);

	for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
		if (!config_get(needed[i])) {
			err_set(err, 500, "%s is not set: this server keeps its files in an S3 bucket", needed[i]);
			return NULL;
		}
	}
	if (!bucket) {
		err_set(err, 500, "%s is not set: this server keeps its files in an S3 bucket", bucket_setting);
		return NULL;
	}
	return store_open_s3(config_get("S3_ENDPOINT_URL"), region ? region : config_get("AWS_REGION"), bucket,
			     config_get("S3_ACCESS_KEY_ID"), config_get("S3_SECRET_ACCESS_KEY"));
}

struct store *store_assets(struct err *err)
{
	static struct store *store;

	if (!store) {
		if (config_production() || config_get("S3_ACCESS_KEY_ID"))
			store = open_bucket("ASSET_BUCKET", err);
		else
			store = store_open_folder(config_asset_folder(), err);
	}
	return store;
}

struct store *store_temp(struct err *err)
{
	static struct store *store;
	char folder[4096];

	if (!store) {
		if (config_production() && config_get("ASSET_TEMP_BUCKET")) {
			store = open_bucket("ASSET_TEMP_BUCKET", err);
		} else {
			snprintf(folder, sizeof(folder), "%s/temp", config_run_dir());
			store = store_open_folder(folder, err);
		}
	}
	return store;
}

struct store *store_open_s3(const char *endpoint, const char *region, const char *bucket, const char *access_key,
			    const char *secret_key)
{
	struct store *store = xcalloc(1, sizeof(*store));

	store->folder_fd = -1;
	store->s3 = s3_new(endpoint, region, bucket, access_key, secret_key);
	return store;
}

void store_free(struct store *store)
{
	if (!store)
		return;
	if (store->folder_fd >= 0)
		close(store->folder_fd);
	free(store->folder);
	s3_free(store->s3);
	free(store);
}

const char *store_folder(const struct store *store)
{
	return store->folder;
}

int store_key(struct arena *arena, const char *raw, const char **key, struct err *err)
{
	char *text = arena_strdup(arena, raw);
	char *out = arena_alloc(arena, strlen(raw) + 2);
	struct sv rest;
	struct sv part;
	size_t len = 0;
	bool parent = false;

	for (char *p = text; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return err_set(err, 400, "Invalid key: control characters are not allowed");
		if (*p == '\\')
			*p = '/';
	}
	rest = sv_of(text);
	while (sv_split(&rest, '/', &part)) {
		if (!part.n || sv_eq(part, "."))
			continue;
		if (part.n > PART_MAX || len + part.n > KEY_MAX)
			return err_set(err, 400, "Invalid key: too long");
		parent = parent || sv_eq(part, "..");
		if (len)
			out[len++] = '/';
		memcpy(out + len, part.p, part.n);
		len += part.n;
	}
	out[len] = '\0';
	if (!len)
		return err_set(err, 400, "Invalid key: key must not be empty");
	if (text[0] == '/')
		return err_set(err, 400, "Invalid key: absolute paths are not allowed");
	if (parent)
		return err_set(err, 400, "Invalid key: path traversal is not allowed");
	*key = out;
	return 0;
}

int store_stat(struct store *store, const char *key, struct store_info *info, struct err *err)
{
	return store->folder ? folder_stat(store, key, info, err) : s3_stat(store->s3, key, info, err);
}

int store_delete(struct store *store, const char *key, struct err *err)
{
	return store->folder ? folder_delete(store, key, err) : s3_delete(store->s3, key, err);
}

int store_read_fd(struct store *store, const char *key, struct store_info *info, struct err *err)
{
	char path[4096];
	int fd;

	if (store->folder)
		return folder_open(store, key, info, err);
	fd = store_temp_file(store, path, err);
	if (fd < 0)
		return -1;
	unlink(path);
	if (s3_get(store->s3, key, fd, info, err) || lseek(fd, 0, SEEK_SET) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int store_read(struct store *store, const char *key, struct buf *out, struct err *err)
{
	struct store_info info;
	int fd = store_read_fd(store, key, &info, err);
	ssize_t n;
	char *at;

	if (fd < 0)
		return -1;
	/* What another process appends meanwhile does not count. */
	at = info.size >= 0 && (uint64_t)info.size <= SIZE_MAX ? buf_reserve(out, (size_t)info.size) : NULL;
	if (!at) {
		close(fd);
		return err_set(err, 413, "The file is too large");
	}
	while (info.size > 0 && (n = read(fd, out->data + out->len, (size_t)info.size)) > 0) {
		out->len += (size_t)n;
		info.size -= n;
	}
	close(fd);
	out->data[out->len] = '\0';
	return info.size == 0 ? 0 : err_set(err, 500, "The stored file cannot be read");
}

/* The object in a temporary file of its own. */
static int fetch(struct store *store, const char *key, char path[4096], struct err *err)
{
	struct store_info info;
	int fd = store_temp_file(store, path, err);
	int result = fd < 0 ? -1 : s3_get(store->s3, key, fd, &info, err);

	if (fd >= 0)
		close(fd);
	if (fd >= 0 && result)
		unlink(path);
	return result;
}

int store_local_path(struct store *store, const char *key, char path[4096], bool *temporary, struct err *err)
{
	struct store_info info;

	*temporary = !store->folder;
	if (*temporary)
		return fetch(store, key, path, err);
	if (folder_stat(store, key, &info, err))
		return -1;
	snprintf(path, 4096, "%s/%s", store->folder, key);
	return 0;
}

int store_rename(struct store *store, const char *from, const char *to, struct err *err)
{
	char path[4096];
	bool temporary;

	if (store_local_path(store, from, path, &temporary, err) || store_put_file(store, to, path, err))
		return -1;
	return temporary ? s3_delete(store->s3, from, err) : 0;
}

static int upload(struct store *store, const char *key, const char *path, struct err *err)
{
	struct store_info info;
	FILE *f = fopen(path, "rbe");
	int result = -1;

	if (!f)
		return err_set(err, 500, "The uploaded file cannot be read");
	if (fseeko(f, 0, SEEK_END) == 0) {
		info.size = ftello(f);
		rewind(f);
		result = s3_put(store->s3, key, fileno(f), info.size, err);
	} else {
		err_set(err, 500, "The uploaded file cannot be read");
	}
	fclose(f);
	if (result == 0)
		unlink(path);
	return result;
}

int store_put_file(struct store *store, const char *key, const char *path, struct err *err)
{
	return store->folder ? folder_put_file(store, key, path, err) : upload(store, key, path, err);
}

int store_put_data(struct store *store, const char *key, const void *data, size_t len, struct err *err)
{
	char path[4096];
	const char *p = data;
	int fd = store_temp_file(store, path, err);
	int result = -1;

	if (fd < 0)
		return -1;
	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err_set(err, errno == ENOSPC || errno == EDQUOT ? 507 : 500,
				errno == ENOSPC || errno == EDQUOT ? "The disk is full" : "The file cannot be written");
			goto out;
		}
		p += n;
		len -= (size_t)n;
	}
	result = store_put_file(store, key, path, err);
out:
	close(fd);
	if (result)
		unlink(path);
	return result;
}

static char *domain_url(struct arena *arena, const char *domain, const char *key)
{
	size_t n = strlen(domain);

	while (n && domain[n - 1] == '/')
		n--;
	return arena_printf(arena, "%s%.*s/%s", strstr(domain, "://") ? "" : "https://", (int)n, domain, key);
}

char *store_asset_url(struct arena *arena, const char *key)
{
	const char *domain = config_get("ASSET_DOMAIN");

	if (domain && (config_production() || config_get("S3_ACCESS_KEY_ID")))
		return domain_url(arena, domain, key);
	return arena_printf(arena, "/api/storage/%s", key);
}

char *store_temp_url(struct arena *arena, const char *key)
{
	const char *domain = config_get("ASSET_TEMP_DOMAIN");

	if (domain && config_production())
		return domain_url(arena, domain, key);
	return arena_printf(arena, "%s/api/storage/temp/%s", config_get("NODETOOL_API_URL"), key);
}
