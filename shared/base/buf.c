/* Growing byte buffers with a mandatory limit. */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 256

void buf_init(struct buf *buf, size_t max)
{
	memset(buf, 0, sizeof(*buf));
	buf->max = max;
}

void buf_free(struct buf *buf)
{
	free(buf->data);
	buf_init(buf, buf->max);
}

void buf_reset(struct buf *buf)
{
	buf->len = 0;
	buf->failed = false;
	if (buf->data)
		buf->data[0] = '\0';
}

char *buf_reserve(struct buf *buf, size_t len)
{
	size_t need;
	size_t cap;

	if (buf->failed || len > buf->max || buf->len > buf->max - len) {
		buf->failed = true;
		return NULL;
	}
	need = buf->len + len + 1;
	if (need > buf->cap) {
		cap = buf->cap ? buf->cap : FIRST_SIZE;
		while (cap < need)
			cap *= 2;
		buf->data = xrealloc(buf->data, cap);
		buf->cap = cap;
	}
	return buf->data + buf->len;
}

int buf_add(struct buf *buf, const void *data, size_t len)
{
	char *at = buf_reserve(buf, len);

	if (!at)
		return -1;
	if (len)
		memcpy(at, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
	return 0;
}

int buf_adds(struct buf *buf, const char *text)
{
	return buf_add(buf, text, strlen(text));
}

int buf_addc_slow(struct buf *buf, char c)
{
	return buf_add(buf, &c, 1);
}

int buf_printf(struct buf *buf, const char *fmt, ...)
{
	va_list args;
	int len;
	char *at;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		return -1;
	at = buf_reserve(buf, (size_t)len);
	if (!at)
		return -1;
	va_start(args, fmt);
	vsnprintf(at, (size_t)len + 1, fmt, args);
	va_end(args);
	buf->len += (size_t)len;
	return 0;
}

void buf_consume(struct buf *buf, size_t len)
{
	if (len >= buf->len) {
		buf->len = 0;
	} else if (len) {
		memmove(buf->data, buf->data + len, buf->len - len);
		buf->len -= len;
	}
	if (buf->data)
		buf->data[buf->len] = '\0';
}

char *buf_take(struct buf *buf)
{
	char *data = buf->data ? buf->data : xstrdup("");

	buf_init(buf, buf->max);
	return data;
}
