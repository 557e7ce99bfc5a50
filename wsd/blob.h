/*
 * A message that many may want: encoded once, reference counted, sent as it is to any number of sockets.
 *
 * The bytes have room for the frame header of libwebsockets in front of them (LWS_PRE), which each send overwrites; the
 * bytes themselves never change. The JSON form is made when the first text client wants it.
 */
#ifndef WSD_BLOB_H
#define WSD_BLOB_H

#include "value/value.h"

struct blob {
	unsigned refs;
	uint8_t type;    /* enum runner_message_type */
	bool has_bigint; /* the bytes hold extension 1 and must be translated for clients */
	uint32_t seq;    /* job_seq; 0 for messages of no job */
	size_t len;
	unsigned char *data; /* MessagePack */
	size_t text_len;
	unsigned char *text; /* JSON, or NULL until asked for */
	char *key;           /* node or edge id that the message is about; "" for none */
};

/* A blob of MessagePack bytes (copied). `key` may be NULL; key_len bytes of it are kept. */
struct blob *blob_new(const void *data, size_t len, const char *key, size_t key_len);
/* Encodes a value; the reference stays the caller's. */
struct blob *blob_of_value(const struct value *v);
/* The same as a MessagePack client gets it: big integers as floats. */
struct blob *blob_for_client(const struct value *v);
struct blob *blob_ref(struct blob *blob);
/* Takes NULL. */
void blob_unref(struct blob *blob);
/* The value that the bytes stand for; NULL when they are no MessagePack. Caller unrefs. */
struct value *blob_value(const struct blob *blob);
/* Makes sure that `text` is there; false when the bytes cannot be translated. */
bool blob_need_text(struct blob *blob);
/* What the blob costs, in bytes (without its text, which comes and goes). */
size_t blob_cost(const struct blob *blob);

#endif
