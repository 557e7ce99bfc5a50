/* Serving one request out of memory. */
#include "http_mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct mem_io {
	struct http_io io;
	const char *in;
	size_t in_len;
	size_t in_at;
	struct buf out;
};

/* In uneven pieces, so that parsers meet their boundaries everywhere. */
static ssize_t mem_read(struct http_io *io, void *data, size_t len)
{
	struct mem_io *m = (struct mem_io *)io;
	size_t left = m->in_len - m->in_at;
	size_t n = len < left ? len : left;

	if (n > 7 && m->in_len < 4096)
		n = 7;
	if (n)
		memcpy(data, m->in + m->in_at, n);
	m->in_at += n;
	return (ssize_t)n;
}

static int mem_write(struct http_io *io, const void *data, size_t len)
{
	return buf_add(&((struct mem_io *)io)->out, data, len);
}

static int mem_flush(struct http_io *io)
{
	(void)io;
	return 0;
}

struct answer mem_serve(const struct route *routes, size_t count, const char *const *env, const void *body, size_t len)
{
	const struct router router = { "test", routes, count };
	struct mem_io m = { .io = { mem_read, mem_write, mem_flush, NULL } };
	struct arena *arena = arena_new();
	struct answer a = { 0 };
	char length[64];
	char *vars[64];
	size_t n = 0;
	char *end;

	m.in = body ? body : "";
	m.in_len = len == SIZE_MAX ? 0 : len;
	snprintf(length, sizeof(length), "CONTENT_LENGTH=%zu", m.in_len);
	if (len != SIZE_MAX)
		vars[n++] = length;
	for (; *env && n < ARRAY_LEN(vars) - 1; env++) {
		if (strncmp(*env, "CONTENT_LENGTH=", 15) == 0)
			vars[0] = (char *)(uintptr_t)*env;
		else
			vars[n++] = (char *)(uintptr_t)*env;
	}
	vars[n] = NULL;
	m.io.env = vars;
	buf_init(&m.out, BUF_MAX_RESPONSE);
	http_serve(&router, &m.io, arena);
	arena_free(arena);
	a.len = m.out.len;
	a.all = buf_take(&m.out);
	a.head = a.all;
	end = strstr(a.all, "\r\n\r\n");
	if (end) {
		*end = '\0';
		a.body = end + 4;
		a.len -= (size_t)(a.body - a.all);
	}
	if (strncmp(a.head, "Status: ", 8) == 0)
		a.status = (int)strtol(a.head + 8, NULL, 10);
	return a;
}

const char *answer_header(const struct answer *a, const char *name)
{
	static char value[1024];
	size_t n = strlen(name);

	for (const char *line = a->head; line; line = strstr(line, "\r\n")) {
		line += *line == '\r' ? 2 : 0;
		if (strncasecmp(line, name, n) == 0 && line[n] == ':') {
			snprintf(value, sizeof(value), "%.*s", (int)strcspn(line + n + 2, "\r"), line + n + 2);
			return value;
		}
	}
	return NULL;
}

void answer_free(struct answer *a)
{
	free(a->all);
}
