/* The inside of a store, for the files of this folder only. */
#ifndef STORAGE_INTERNAL_H
#define STORAGE_INTERNAL_H

#include "storage/storage.h"

struct s3;

/* Exactly one of the two is set. */
struct store {
	char *folder;
	int folder_fd;
	struct s3 *s3;
};

int folder_stat(struct store *store, const char *key, struct store_info *info, struct err *err);
int folder_open(struct store *store, const char *key, struct store_info *info, struct err *err);
int folder_put_file(struct store *store, const char *key, const char *path, struct err *err);
int folder_delete(struct store *store, const char *key, struct err *err);

struct s3 *s3_new(const char *endpoint, const char *region, const char *bucket, const char *access_key,
		  const char *secret_key);
void s3_free(struct s3 *s3);
int s3_stat(struct s3 *s3, const char *key, struct store_info *info, struct err *err);
/* Writes the object to `fd`. */
int s3_get(struct s3 *s3, const char *key, int fd, struct store_info *info, struct err *err);
/* Uploads `size` bytes from the start of `fd`. */
int s3_put(struct s3 *s3, const char *key, int fd, int64_t size, struct err *err);
int s3_delete(struct s3 *s3, const char *key, struct err *err);

#endif
