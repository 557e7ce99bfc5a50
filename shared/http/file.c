/* Stored files: named to nginx, or sent with ranges and conditions by ourselves. */
#include "files/files.h"
#include "http/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_beneath(const char *folder, const char *relative)
{
	int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = at < 0 ? -1 : files_open(at, relative, FILES_NO_LINKS, O_RDONLY | O_NONBLOCK, 0);
	int code = errno;

	if (at >= 0)
		close(at);
	errno = code;
	return fd;
}

static int to_nginx(struct response *res, const char *prefix, const char *area, const char *relative)
{
	struct buf uri;
	int result;

	buf_init(&uri, BUF_MAX_SMALL);
	buf_printf(&uri, "%s/%s/", prefix, area);
	for (const char *p = relative; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || strchr("-._~/", c))
			buf_addc(&uri, (char)c);
		else
			buf_printf(&uri, "%%%02X", c);
	}
	result = uri.failed ? req_fail(res->req, 500, "The path of the file is too long") :
			      res_header(res, "X-Accel-Redirect", "%s", uri.data);
	buf_free(&uri);
	buf_reset(&res->body);
	return result;
}

/* A decimal number; -1 when there is none. */
static int64_t number(const char **p)
{
	int64_t n = 0;

	if (**p < '0' || **p > '9')
		return -1;
	for (; **p >= '0' && **p <= '9'; ++*p) {
		if (n > INT64_MAX / 10 - 1)
			return -1;
		n = n * 10 + (**p - '0');
	}
	return n;
}

/* One range ("bytes=0-99", "bytes=100-", "bytes=-50"); several, or what cannot be read, mean the whole file.
 * 1: a range, 0: the whole, -1: it lies outside. */
static int parse_range(const char *text, int64_t size, int64_t *start, int64_t *len)
{
	int64_t from;
	int64_t to;

	if (!text || !str_starts(text, "bytes="))
		return 0;
	text += 6;
	from = number(&text);
	if (*text++ != '-')
		return 0;
	to = number(&text);
	if (*text || (from < 0 && to < 0))
		return 0;
	if (from < 0) {
		if (to == 0)
			return -1;
		from = to < size ? size - to : 0;
		to = size - 1;
	} else if (to < 0 || to >= size) {
		to = size - 1;
	} else if (to < from) {
		return 0;
	}
	if (from >= size)
		return -1;
	*start = from;
	*len = to - from + 1;
	return 1;
}

/* nginx answers 416 to a Range that is none ("bytes=abc"), where the whole file is wanted, and any number of ranges: those
 * requests it does not get to see. */
static bool range_for_nginx(struct request *req, int64_t size)
{
	const char *range = req_header(req, "Range");
	int64_t start;
	int64_t len;

	return !range || parse_range(range, size, &start, &len) != 0;
}

static bool fresh(struct request *req, const char *etag, const struct stat *st, struct response *res)
{
	const char *since = req_header(req, "If-Modified-Since");
	int64_t us;

	if (res_etag(res, etag))
		return true;
	if (!since || req_header(req, "If-None-Match") || time_parse_http(since, &us) || st->st_mtime > us / 1000000)
		return false;
	res_empty(res, 304);
	return true;
}

/* False when If-Range names another state of the file than the one we have. */
static bool range_valid(struct request *req, const char *etag, const char *modified)
{
	const char *condition = req_header(req, "If-Range");
	struct sv quoted;

	if (!condition)
		return true;
	quoted = sv_trim(sv_of(condition));
	if (quoted.n >= 2 && quoted.p[0] == '"')
		return sv_eq((struct sv){ quoted.p + 1, quoted.n - 2 }, etag);
	return sv_eq(quoted, modified);
}

static int send_self(struct response *res, int fd, const struct stat *st)
{
	struct request *req = res->req;
	struct response_state *state = res->state;
	char modified[TIME_TEXT_MAX];
	char etag[48];
	int range = 0;

	state->file = fd;
	state->file_start = 0;
	state->file_len = st->st_size;
	snprintf(etag, sizeof(etag), "%llx-%llx", (unsigned long long)st->st_mtime, (unsigned long long)st->st_size);
	time_http((int64_t)st->st_mtime * 1000000, modified);
	res_header(res, "Last-Modified", "%s", modified);
	res_header(res, "Accept-Ranges", "bytes");
	if (fresh(req, etag, st, res))
		return 0;
	if (range_valid(req, etag, modified))
		range = parse_range(req_header(req, "Range"), st->st_size, &state->file_start, &state->file_len);
	if (range < 0) {
		res_header(res, "Content-Range", "bytes */%lld", (long long)st->st_size);
		return req_fail(req, 416, "The range lies outside of the file");
	}
	if (range > 0) {
		res->status = 206;
		res_header(res, "Content-Range", "bytes %lld-%lld/%lld", (long long)state->file_start,
			   (long long)(state->file_start + state->file_len - 1), (long long)st->st_size);
	}
	return 0;
}

int res_file(struct response *res, const char *area, const char *folder, const char *relative)
{
	const char *accel = req_cgi(res->req, "NODETOOL_ACCEL");
	struct stat st;
	int fd = open_beneath(folder, relative);

	if (fd < 0 && (errno == ENOSPC || errno == EMFILE || errno == ENFILE || errno == EIO))
		return req_fail(res->req, 500, "The file cannot be read: %s", strerror(errno));
	if (fd >= 0 && (fstat(fd, &st) || !S_ISREG(st.st_mode))) {
		close(fd);
		fd = -1;
	}
	if (fd < 0)
		return req_fail(res->req, 404, "Not Found");
	if (accel && *accel && range_for_nginx(res->req, st.st_size)) {
		close(fd);
		return to_nginx(res, accel, area, relative);
	}
	return send_self(res, fd, &st);
}

int res_fd(struct response *res, int fd)
{
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return req_fail(res->req, 404, "Not Found");
	}
	return send_self(res, fd, &st);
}
