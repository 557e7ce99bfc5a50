/* multipart/form-data, streamed: files go to disk as they come, and only what was parsed here is an upload. */
#include "http/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define WINDOW ((size_t)64 << 10)
#define BOUNDARY_MAX 200
#define PART_HEADERS_MAX ((size_t)8 << 10)
#define FIELD_BYTES_MAX ((size_t)1 << 20) /* of one field that is no file */
#define PARTS_MAX 1000

struct reader {
	struct request *req;
	char *data; /* WINDOW bytes */
	size_t start;
	size_t end;
	bool eof;
	char delimiter[BOUNDARY_MAX + 8]; /* "\r\n--boundary" */
	size_t delimiter_len;
};

/* The part that is being read: a field's text, or a file. */
struct part {
	char *name;
	char *filename; /* NULL: a field */
	char *type;
	struct buf text;
	int fd;
	EVP_MD_CTX *hash;
	struct upload upload;
};

static int malformed(struct request *req, const char *what)
{
	return req_fail(req, 400, "The multipart body is malformed: %s", what);
}

/* Reads more behind what is there; 0 when nothing came (end, or a full window), -1 on failure. */
static int fill(struct reader *r)
{
	ssize_t n;

	if (r->start) {
		memmove(r->data, r->data + r->start, r->end - r->start);
		r->end -= r->start;
		r->start = 0;
	}
	if (r->eof || r->end == WINDOW)
		return 0;
	n = req_read(r->req, r->data + r->end, WINDOW - r->end);
	if (n < 0)
		return -1;
	r->eof = n == 0;
	r->end += (size_t)n;
	return n > 0;
}

/* Where `needle` is in the window, reading until it is found or `max` bytes are there without it. NULL at the end. */
static char *seek(struct reader *r, const char *needle, size_t len, size_t max)
{
	for (;;) {
		char *found = memmem(r->data + r->start, r->end - r->start, needle, len);
		int more;

		if (found)
			return found;
		if (r->end - r->start > max)
			return NULL;
		more = fill(r);
		if (more <= 0)
			return NULL;
	}
}

static int get_boundary(struct reader *r, const char *content_type)
{
	const char *at = strcasestr(content_type, "boundary=");
	size_t n;

	if (!at)
		return malformed(r->req, "the content type names no boundary");
	at += 9;
	if (*at == '"') {
		at++;
		n = strcspn(at, "\"");
	} else {
		n = strcspn(at, "; \t");
	}
	if (!n || n > BOUNDARY_MAX)
		return malformed(r->req, "the boundary has no usable length");
	r->delimiter_len = (size_t)snprintf(r->delimiter, sizeof(r->delimiter), "\r\n--%.*s", (int)n, at);
	return 0;
}

/* The parameter `name` of a Content-Disposition header; NULL when it is not there. */
static char *parameter(struct arena *arena, struct sv header, const char *name)
{
	size_t len = strlen(name);
	size_t i = 0;

	while (i < header.n && header.p[i] != ';')
		i++;
	while (i < header.n) {
		size_t start;
		bool wanted;
		char *out;
		size_t n = 0;

		while (i < header.n && strchr("; \t", header.p[i]) && header.p[i])
			i++;
		start = i;
		while (i < header.n && header.p[i] != '=' && header.p[i] != ';')
			i++;
		wanted = i - start == len && strncasecmp(header.p + start, name, len) == 0;
		if (i >= header.n || header.p[i] != '=')
			continue;
		out = arena_alloc(arena, header.n - i + 1);
		if (++i < header.n && header.p[i] == '"') {
			for (i++; i < header.n && header.p[i] != '"'; i++) {
				if (header.p[i] == '\\' && i + 1 < header.n && strchr("\"\\", header.p[i + 1]))
					i++;
				out[n++] = header.p[i];
			}
			i++;
		} else {
			while (i < header.n && header.p[i] != ';')
				out[n++] = header.p[i++];
		}
		if (wanted)
			return memchr(out, '\0', n) || !utf8_valid(out, n) ? NULL : out;
	}
	return NULL;
}

static int part_headers(struct reader *r, struct part *part)
{
	struct arena *arena = r->req->arena;
	char *end = seek(r, "\r\n\r\n", 4, PART_HEADERS_MAX);
	struct sv rest;
	struct sv line;

	if (!end)
		return r->req->err.status ? -1 : malformed(r->req, "a part's headers do not end");
	rest = (struct sv){ r->data + r->start, (size_t)(end - (r->data + r->start)) };
	while (sv_split(&rest, '\n', &line)) {
		struct sv value = line;
		struct sv name;

		sv_split(&value, ':', &name);
		if (!value.p)
			continue;
		value = sv_trim(value);
		if (sv_eq_nocase(sv_trim(name), "Content-Disposition")) {
			part->name = parameter(arena, value, "name");
			part->filename = parameter(arena, value, "filename");
		} else if (sv_eq_nocase(sv_trim(name), "Content-Type") && utf8_valid(value.p, value.n)) {
			part->type = arena_strndup(arena, value.p, value.n);
		}
	}
	r->start = (size_t)(end + 4 - r->data);
	return part->name ? 0 : malformed(r->req, "a part has no name");
}

static int storage_failed(struct request *req)
{
	return req_fail(req, errno == ENOSPC || errno == EDQUOT ? 507 : 500, "The upload cannot be stored: %s",
			strerror(errno));
}

static int open_file(struct request *req, struct part *part)
{
	char *folder = arena_printf(req->arena, "%s/tmp", config_run_dir());
	char *path = arena_printf(req->arena, "%s/upload-XXXXXX", folder);

	mkdir(config_run_dir(), 0700);
	mkdir(folder, 0700);
	part->fd = mkostemp(path, O_CLOEXEC);
	if (part->fd < 0)
		return storage_failed(req);
	part->upload.path = path;
	part->hash = EVP_MD_CTX_new();
	if (!part->hash || !EVP_DigestInit_ex(part->hash, EVP_sha256(), NULL))
		return req_fail(req, 500, "SHA-256 is not available");
	return 0;
}

static int take(struct request *req, struct part *part, const char *data, size_t len)
{
	if (part->fd < 0)
		return buf_add(&part->text, data, len) ? req_fail(req, 413, "The field %s is too long", part->name) : 0;
	EVP_DigestUpdate(part->hash, data, len);
	part->upload.size += (int64_t)len;
	while (len) {
		ssize_t n = write(part->fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return storage_failed(req);
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The bytes up to the next delimiter, which is consumed. */
static int part_body(struct reader *r, struct part *part)
{
	for (;;) {
		char *from = r->data + r->start;
		size_t have = r->end - r->start;
		char *found = memmem(from, have, r->delimiter, r->delimiter_len);
		size_t sure = found ? (size_t)(found - from) : have >= r->delimiter_len ? have - r->delimiter_len + 1 : 0;
		int more;

		if (take(r->req, part, from, sure))
			return -1;
		r->start += sure;
		if (found) {
			r->start += r->delimiter_len;
			return 0;
		}
		more = fill(r);
		if (more < 0)
			return -1;
		if (!more)
			return malformed(r->req, "it ends inside a part");
	}
}

static struct value *file_value(const struct upload *u)
{
	struct value *v = value_map();

	map_set_str(v, "filename", u->filename);
	map_set_str(v, "content_type", u->content_type);
	map_set_int(v, "size", u->size);
	return v;
}

static void add_upload(struct request *req, struct part *part)
{
	struct request_state *state = req->state;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	EVP_DigestFinal_ex(part->hash, digest, &len);
	hex_encode(digest, len, part->upload.sha256);
	part->upload.sha256[64] = '\0';
	part->upload.field = part->name;
	part->upload.filename = part->filename;
	part->upload.content_type = part->type ? part->type : "application/octet-stream";
	state->uploads[state->upload_count++] = part->upload;
}

static int store_part(struct request *req, struct part *part, struct value *fields)
{
	struct value *list = map_get(fields, part->name);

	if (part->fd < 0 && !utf8_valid(part->text.data ? part->text.data : "", part->text.len))
		return req_fail(req, 400, "The field %s is not UTF-8", part->name);
	if (!list) {
		list = value_list();
		map_set(fields, part->name, list);
	}
	if (part->fd < 0) {
		list_push(list, value_strn(part->text.data ? part->text.data : "", part->text.len));
		return 0;
	}
	add_upload(req, part);
	list_push(list, file_value(&req->state->uploads[req->state->upload_count - 1]));
	return 0;
}

static int read_part(struct reader *r, struct value *fields)
{
	struct part part = { .fd = -1 };
	int result = -1;

	buf_init(&part.text, FIELD_BYTES_MAX);
	if (part_headers(r, &part) || (part.filename && open_file(r->req, &part)) || part_body(r, &part))
		goto out;
	result = store_part(r->req, &part, fields);
out:
	if (part.fd >= 0)
		close(part.fd);
	if (result && part.upload.path)
		unlink(part.upload.path);
	EVP_MD_CTX_free(part.hash);
	buf_free(&part.text);
	return result;
}

/* Behind a delimiter: 1 when another part follows, 0 when it was the last, -1 on failure. */
static int after_delimiter(struct reader *r)
{
	while (r->end - r->start < 2) {
		if (fill(r) <= 0)
			return r->req->err.status ? -1 : malformed(r->req, "it ends at a boundary");
	}
	if (memcmp(r->data + r->start, "--", 2) == 0)
		return 0;
	while (r->start < r->end && (r->data[r->start] == ' ' || r->data[r->start] == '\t'))
		r->start++;
	while (r->end - r->start < 2) {
		if (fill(r) <= 0)
			return r->req->err.status ? -1 : malformed(r->req, "it ends at a boundary");
	}
	if (memcmp(r->data + r->start, "\r\n", 2) != 0)
		return malformed(r->req, "a boundary is not followed by a line end");
	r->start += 2;
	return 1;
}

int multipart_read(struct request *req, const char *content_type, struct value *fields)
{
	struct request_state *state = req->state;
	struct reader r = { .req = req };
	char *first;
	int more;

	if (get_boundary(&r, content_type))
		return -1;
	r.data = arena_alloc(req->arena, WINDOW);
	state->uploads = arena_alloc(req->arena, PARTS_MAX * sizeof(*state->uploads));
	arena_defer(req->arena, uploads_remove, state);
	/* The first delimiter may stand at the very beginning, without the line end in front. */
	first = seek(&r, r.delimiter + 2, r.delimiter_len - 2, PART_HEADERS_MAX);
	if (!first && !req->err.status && r.eof && r.end == r.start)
		return 0; /* an empty body is an empty form */
	if (!first)
		return req->err.status ? -1 : malformed(req, "the boundary does not occur");
	r.start = (size_t)(first - r.data) + r.delimiter_len - 2;
	for (size_t parts = 0; (more = after_delimiter(&r)) > 0; parts++) {
		if (parts == PARTS_MAX)
			return req_fail(req, 400, "The multipart body has more than %d parts", PARTS_MAX);
		if (read_part(&r, fields))
			return -1;
	}
	return more;
}

void uploads_remove(void *ptr)
{
	struct request_state *state = ptr;

	for (size_t i = 0; i < state->upload_count; i++)
		unlink(state->uploads[i].path);
}

const struct upload *req_upload(const struct request *req, const char *field)
{
	for (size_t i = req->state->upload_count; i > 0; i--) {
		if (strcmp(req->state->uploads[i - 1].field, field) == 0)
			return &req->state->uploads[i - 1];
	}
	return NULL;
}

const struct upload *req_upload_at(const struct request *req, size_t i)
{
	return i < req->state->upload_count ? &req->state->uploads[i] : NULL;
}
