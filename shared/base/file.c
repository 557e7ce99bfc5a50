/* Whole files: read into a buffer, written in one step. */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 65536

/* What messages call a file: they go to clients, whom the server's folders do not concern. */
static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Appends what the descriptor gives. 0; 1 past the buffer's limit; -1 with errno. */
static int read_all(int fd, struct buf *out)
{
	for (;;) {
		size_t left = out->max - out->len;
		size_t want = left < CHUNK ? left : CHUNK;
		char past;
		ssize_t n = read(fd, want ? buf_reserve(out, want) : &past, want ? want : 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		if (!want)
			return 1;
		out->len += (size_t)n;
		out->data[out->len] = '\0';
	}
}

int file_read(const char *path, struct buf *out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int result;
	int why;

	if (fd < 0)
		return err_set(err, errno == ENOENT ? 404 : 500, "%s cannot be read: %s", name_of(path), strerror(errno));
	result = read_all(fd, out);
	why = errno;
	close(fd);
	if (result > 0)
		return err_set(err, 413, "%s is longer than %zu bytes", name_of(path), out->max);
	return result ? err_set(err, 500, "%s cannot be read: %s", name_of(path), strerror(why)) : 0;
}

/* 0, or -1 with errno. */
static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

int file_replace(const char *path, const void *data, size_t len, mode_t mode, struct err *err)
{
	char *beside = xasprintf("%s.XXXXXX", path);
	int fd = mkostemp(beside, O_CLOEXEC);
	int result = -1;
	int why;

	if (fd >= 0 && fchmod(fd, mode) == 0 && write_all(fd, data, len) == 0 && fsync(fd) == 0 &&
	    rename(beside, path) == 0)
		result = 0;
	why = errno;
	if (fd >= 0) {
		close(fd);
		if (result)
			unlink(beside);
	}
	free(beside);
	if (result)
		err_set(err, why == ENOSPC || why == EDQUOT ? 507 : 500, "%s cannot be written: %s", name_of(path),
			strerror(why));
	return result;
}
