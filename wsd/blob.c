/* Encoded, shared messages: see blob.h. */
#include "wsd/blob.h"

#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

struct blob *blob_new(const void *data, size_t len, const char *key, size_t key_len)
{
	struct blob *blob = xmalloc(sizeof(*blob) + LWS_PRE + len + key_len + 2);

	memset(blob, 0, sizeof(*blob));
	blob->refs = 1;
	blob->len = len;
	blob->data = (unsigned char *)(blob + 1) + LWS_PRE;
	if (len)
		memcpy(blob->data, data, len);
	blob->key = (char *)blob->data + len;
	if (key_len)
		memcpy(blob->key, key, key_len);
	blob->key[key_len] = '\0';
	return blob;
}

static struct blob *encode(const struct value *v, bool internal)
{
	struct blob *blob;
	struct buf out;

	buf_init(&out, BUF_MAX_RESPONSE);
	if (msgpack_write(&out, v, internal) < 0) {
		buf_reset(&out);
		buf_addc(&out, '\xc0');
	}
	blob = blob_new(out.data, out.len, NULL, 0);
	blob->has_bigint = internal;
	buf_free(&out);
	return blob;
}

struct blob *blob_of_value(const struct value *v)
{
	return encode(v, value_has_bigint(v));
}

struct blob *blob_for_client(const struct value *v)
{
	return encode(v, false);
}

struct blob *blob_ref(struct blob *blob)
{
	blob->refs++;
	return blob;
}

void blob_unref(struct blob *blob)
{
	if (!blob || --blob->refs > 0)
		return;
	if (blob->text)
		free(blob->text - LWS_PRE);
	free(blob);
}

struct value *blob_value(const struct blob *blob)
{
	struct json_error error;

	return msgpack_parse(blob->data, blob->len, &error);
}

bool blob_need_text(struct blob *blob)
{
	static const char room[LWS_PRE];
	struct value *v;
	struct buf out;

	if (blob->text)
		return true;
	v = blob_value(blob);
	if (!v)
		return false;
	buf_init(&out, BUF_MAX_RESPONSE);
	buf_add(&out, room, sizeof(room));
	json_write(&out, v, JSON_COMPACT);
	value_unref(v);
	if (out.failed) {
		buf_free(&out);
		return false;
	}
	blob->text_len = out.len - LWS_PRE;
	blob->text = (unsigned char *)buf_take(&out) + LWS_PRE;
	return true;
}

size_t blob_cost(const struct blob *blob)
{
	return sizeof(*blob) + LWS_PRE + blob->len;
}
