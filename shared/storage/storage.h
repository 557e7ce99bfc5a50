/*
 * storage: stored files by key: the asset store and the temporary store, in a folder or in an S3 bucket.
 *
 * A key is a relative path of at most 255 bytes a part; store_key checks it, and everything else takes only what came
 * from there or was built from safe ids. Writing goes to a temporary name first and is renamed into place, so that a
 * reader sees the old file or the new one, and a broken upload leaves nothing behind.
 * Source: notes-assets sections 1, 5, 6, 10.
 */
#ifndef STORAGE_STORAGE_H
#define STORAGE_STORAGE_H

#include "base/base.h"

/* The extension of a content type, compared exactly; "bin" for an unknown one. */
const char *content_type_extension(const char *type);
/* The content type by what stands behind the last dot of a name (case counts); application/octet-stream otherwise. */
const char *content_type_of(const char *name);

struct store;

struct store_info {
	int64_t size;     /* bytes */
	int64_t mtime_us; /* since 1970 */
};

/* The store of assets: S3 when ENV=production or S3_ACCESS_KEY_ID is set, else config_asset_folder() (made at first use).
 * NULL with the reason when a setting is missing. Kept for the process; the caller does not free it. */
struct store *store_assets(struct err *err);
/* The store of temporary files: a folder of its own below config_run_dir(); S3 with ASSET_TEMP_BUCKET in production. */
struct store *store_temp(struct err *err);
/* Stores of their own, for tests. Free with store_free. */
struct store *store_open_folder(const char *folder, struct err *err);
struct store *store_open_s3(const char *endpoint, const char *region, const char *bucket, const char *access_key,
			    const char *secret_key);
void store_free(struct store *store);

/* Turns a decoded key of a request into a key: backslashes become slashes, empty and "." parts go. 400 with the recorded
 * text for an empty key, an absolute path, a ".." part; also for NUL-free text that is too long or holds control characters. */
int store_key(struct arena *arena, const char *raw, const char **key, struct err *err) MUST_CHECK;

/* 404 "…" when there is no such file, or when it is a folder. */
int store_stat(struct store *store, const char *key, struct store_info *info, struct err *err) MUST_CHECK;
/* Moves a finished file to the key (from another file system by way of a copy), or uploads it. The file is gone afterwards when 0 is returned. */
int store_put_file(struct store *store, const char *key, const char *path, struct err *err) MUST_CHECK;
int store_put_data(struct store *store, const char *key, const void *data, size_t len, struct err *err) MUST_CHECK;
/* A temporary file in the store's own folder (so that store_put_file can rename it): descriptor, and its path in `path`. */
int store_temp_file(struct store *store, char path[4096], struct err *err) MUST_CHECK;
/* Gives a file another key; what stood there is replaced. */
int store_rename(struct store *store, const char *from, const char *to, struct err *err) MUST_CHECK;
/* A path under which child programs can read the file: its own, or (bucket) a temporary copy, which the caller unlinks when
 * `*temporary` is set. */
int store_local_path(struct store *store, const char *key, char path[4096], bool *temporary, struct err *err) MUST_CHECK;
int store_delete(struct store *store, const char *key, struct err *err) MUST_CHECK;
/* Opens for reading; of a bucket a temporary copy is made. -1 with 404 when there is none. The caller closes. */
int store_read_fd(struct store *store, const char *key, struct store_info *info, struct err *err) MUST_CHECK;
/* The whole content (appended), at most as much as the buffer takes (413). */
int store_read(struct store *store, const char *key, struct buf *out, struct err *err) MUST_CHECK;

/* The folder of a folder store (to let nginx send a file from it); NULL for a bucket. */
const char *store_folder(const struct store *store);
/* Removes files older than `seconds` from a folder store, whole tree. Returns how many. */
size_t store_expire(struct store *store, int64_t seconds);

/* Addresses that clients use: "/api/storage/KEY"; with ENV=production and ASSET_DOMAIN that domain in front instead. */
char *store_asset_url(struct arena *arena, const char *key);
/* NODETOOL_API_URL + "/api/storage/temp/KEY", in production ASSET_TEMP_DOMAIN/KEY. */
char *store_temp_url(struct arena *arena, const char *key);

#endif
