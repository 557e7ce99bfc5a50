/* MessagePack by msgpack-c. Its ready-made unpacker stops at 32 levels and builds a tree of its own; so its parser
 * template (unpack_define.h, unpack_template.h: public headers made for this) is instantiated here with our depth and
 * with callbacks that build values. */
#include "value/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MSGPACK_EMBED_STACK_SIZE JSON_MAX_DEPTH
#include <msgpack/pack.h>
#include <msgpack/unpack.h>
#include <msgpack/unpack_define.h>

#define EXT_UNDEFINED 0
#define EXT_BIGINT 1
#define EXT_TIMESTAMP (-1)

/* Room made for a list before its items are seen: an announced length costs the sender nothing. */
#define RESERVE_MAX 1024

/* ---- unpacking ---------------------------------------------------------------------------------------- */

typedef struct {
	const char *message; /* why a callback refused */
	size_t budget;       /* bytes of the input: no container holds more items */
} unpack_user;

#define msgpack_unpack_struct(name) struct unpacker##name
#define msgpack_unpack_func(ret, name) static ret unpacker##name
#define msgpack_unpack_callback(name) unpack_callback##name
#define msgpack_unpack_object struct value *
#define msgpack_unpack_user unpack_user

struct unpacker_context;
typedef struct unpacker_context unpacker_context;

static inline struct value *unpack_callback_root(unpack_user *u)
{
	(void)u;
	return NULL;
}

static inline int refuse(unpack_user *u, const char *message)
{
	u->message = message;
	return -1;
}

static inline int unpack_callback_uint8(unpack_user *u, uint8_t d, struct value **o)
{
	(void)u;
	*o = value_int(d);
	return 0;
}

static inline int unpack_callback_uint16(unpack_user *u, uint16_t d, struct value **o)
{
	(void)u;
	*o = value_int(d);
	return 0;
}

static inline int unpack_callback_uint32(unpack_user *u, uint32_t d, struct value **o)
{
	(void)u;
	*o = value_int(d);
	return 0;
}

static inline int unpack_callback_uint64(unpack_user *u, uint64_t d, struct value **o)
{
	(void)u;
	*o = value_uint(d);
	return 0;
}

static inline int unpack_callback_int8(unpack_user *u, int8_t d, struct value **o)
{
	(void)u;
	*o = value_int(d);
	return 0;
}

static inline int unpack_callback_int16(unpack_user *u, int16_t d, struct value **o)
{
	(void)u;
	*o = value_int(d);
	return 0;
}

static inline int unpack_callback_int32(unpack_user *u, int32_t d, struct value **o)
{
	(void)u;
	*o = value_int(d);
	return 0;
}

static inline int unpack_callback_int64(unpack_user *u, int64_t d, struct value **o)
{
	(void)u;
	*o = value_int(d);
	return 0;
}

static inline int unpack_callback_float(unpack_user *u, float d, struct value **o)
{
	(void)u;
	*o = value_float((double)d);
	return 0;
}

static inline int unpack_callback_double(unpack_user *u, double d, struct value **o)
{
	(void)u;
	*o = value_float(d);
	return 0;
}

static inline int unpack_callback_nil(unpack_user *u, struct value **o)
{
	(void)u;
	*o = value_null();
	return 0;
}

static inline int unpack_callback_true(unpack_user *u, struct value **o)
{
	(void)u;
	*o = value_bool(true);
	return 0;
}

static inline int unpack_callback_false(unpack_user *u, struct value **o)
{
	(void)u;
	*o = value_bool(false);
	return 0;
}

static inline int unpack_callback_array(unpack_user *u, unsigned int n, struct value **o)
{
	if (n > u->budget)
		return refuse(u, "a list announces more items than the message holds");
	*o = value_list();
	list_reserve(*o, n < RESERVE_MAX ? n : RESERVE_MAX);
	return 0;
}

static inline int unpack_callback_array_item(unpack_user *u, struct value **c, struct value *o)
{
	(void)u;
	list_push(*c, o);
	return 0;
}

static inline int unpack_callback_map(unpack_user *u, unsigned int n, struct value **o)
{
	if (n > u->budget)
		return refuse(u, "a map announces more entries than the message holds");
	*o = value_map();
	return 0;
}

static inline int unpack_callback_map_item(unpack_user *u, struct value **c, struct value *k, struct value *v)
{
	if (value_kind(k) != VALUE_STR) {
		value_unref(v);
		return refuse(u, "keys of maps must be text"); /* drop_open frees the key */
	}
	map_setn(*c, value_text(k), value_len(k), v);
	value_unref(k);
	return 0;
}

static inline int unpack_callback_str(unpack_user *u, const char *base, const char *p, unsigned int len, struct value **o)
{
	(void)base;
	if (!utf8_valid(p, len))
		return refuse(u, "text that is not UTF-8");
	*o = value_strn(p, len);
	return 0;
}

static inline int unpack_callback_bin(unpack_user *u, const char *base, const char *p, unsigned int len, struct value **o)
{
	(void)u;
	(void)base;
	*o = value_bytes(p, len);
	return 0;
}

static uint64_t big_endian(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | *p++;
	return v;
}

static int timestamp(unpack_user *u, const unsigned char *p, size_t len, struct value **o)
{
	char text[TIME_TEXT_MAX];
	int64_t sec;
	uint64_t nsec = 0;

	if (len == 4) {
		sec = (int64_t)big_endian(p, 4);
	} else if (len == 8) {
		uint64_t both = big_endian(p, 8);

		nsec = both >> 34;
		sec = (int64_t)(both & 0x3ffffffffu);
	} else if (len == 12) {
		nsec = big_endian(p, 4);
		sec = (int64_t)big_endian(p + 4, 8);
	} else {
		return refuse(u, "a malformed timestamp");
	}
	if (nsec > 999999999 || sec > 253402300799 || sec < -62135596800)
		return refuse(u, "a timestamp out of range");
	*o = value_str(time_utc(sec * 1000000 + (int64_t)(nsec / 1000), "+00:00", text));
	return 0;
}

/* Decimal digits as JSON has them: no zeros in front, a minus only with digits behind it. */
static bool is_integer(const char *p, size_t len)
{
	size_t i = len && p[0] == '-';

	if (i == len || (p[i] == '0' && len > 1))
		return false;
	for (; i < len; i++)
		if (p[i] < '0' || p[i] > '9')
			return false;
	return true;
}

static inline int unpack_callback_ext(unpack_user *u, const char *base, const char *p, unsigned int len, struct value **o)
{
	/* The template hands over the type byte and the data behind it. */
	int type = len ? (signed char)p[0] : -128;

	(void)base;
	if (!len)
		return refuse(u, "a malformed extension");
	p++;
	len--;
	switch (type) {
	case EXT_UNDEFINED:
		*o = value_null();
		return 0;
	case EXT_TIMESTAMP:
		return timestamp(u, (const unsigned char *)p, len, o);
	case EXT_BIGINT:
		if (!is_integer(p, len))
			return refuse(u, "a malformed big integer");
		*o = value_bigint(p, len);
		return 0;
	default:
		return refuse(u, "an unknown extension type");
	}
}

#define unpack_callback_int unpack_callback_int64
#include <msgpack/unpack_template.h>

static struct value *fail(struct json_error *error, size_t position, const char *message)
{
	if (error) {
		error->position = position;
		snprintf(error->message, sizeof(error->message), "%s", message);
	}
	return NULL;
}

/* Frees what a broken input has built: each open container that is not yet a member of the one around it, and a key that
 * waits for its value. */
static void drop_open(struct unpacker_context *ctx)
{
	for (unsigned int i = 0; i < ctx->top; i++) {
		value_unref(ctx->stack[i].obj);
		if (ctx->stack[i].ct == MSGPACK_CT_MAP_VALUE)
			value_unref(ctx->stack[i].map_key);
	}
}

struct value *msgpack_parse(const void *data, size_t len, struct json_error *error)
{
	struct unpacker_context *ctx;
	size_t off = 0;
	int result;
	struct value *v = NULL;

	if (!len)
		return fail(error, 0, "an empty message");
	ctx = xmalloc(sizeof(*ctx));
	memset(ctx, 0, offsetof(struct unpacker_context, stack) + sizeof(ctx->stack[0]));
	unpacker_init(ctx);
	ctx->user.budget = len;
	result = unpacker_execute(ctx, data, len, &off);
	if (result > 0) {
		v = unpacker_data(ctx);
		if (off != len) {
			value_unref(v);
			v = fail(error, off, "more than one value in a message");
		}
	} else {
		drop_open(ctx);
		fail(error, off,
		     ctx->user.message ? ctx->user.message :
		     result == 0       ? "the message ends too early" :
		     result == MSGPACK_UNPACK_NOMEM_ERROR ? "nested too deeply" :
							    "no MessagePack");
	}
	free(ctx);
	return v;
}

/* ---- packing ------------------------------------------------------------------------------------------ */

static int append(void *data, const char *bytes, size_t len)
{
	return buf_add(data, bytes, len);
}

static void pack(msgpack_packer *pk, const struct value *v, bool internal);

static void pack_map(msgpack_packer *pk, const struct value *v, bool internal)
{
	msgpack_pack_map(pk, v->u.map.count);
	for (size_t i = 0; i < v->u.map.count; i++) {
		const struct map_entry *e = &v->u.map.entries[i];

		msgpack_pack_str(pk, e->len);
		msgpack_pack_str_body(pk, e->key, e->len);
		pack(pk, e->v, internal);
	}
}

static void pack_bigint(msgpack_packer *pk, const struct value *v, bool internal)
{
	uint64_t small;
	char *end;

	if (v->u.text.p[0] != '-' && v->u.text.n <= 20) {
		errno = 0;
		small = strtoull(v->u.text.p, &end, 10);
		if (errno == 0 && !*end) {
			msgpack_pack_uint64(pk, small);
			return;
		}
	}
	if (internal) {
		msgpack_pack_ext(pk, v->u.text.n, EXT_BIGINT);
		msgpack_pack_ext_body(pk, v->u.text.p, v->u.text.n);
	} else {
		msgpack_pack_double(pk, value_as_float(v));
	}
}

static void pack(msgpack_packer *pk, const struct value *v, bool internal)
{
	struct value *shown;

	switch (v->kind) {
	case VALUE_NULL:
		msgpack_pack_nil(pk);
		break;
	case VALUE_BOOL:
		if (v->u.i)
			msgpack_pack_true(pk);
		else
			msgpack_pack_false(pk);
		break;
	case VALUE_INT:
		msgpack_pack_int64(pk, v->u.i); /* picks the shortest form */
		break;
	case VALUE_BIGINT:
		pack_bigint(pk, v, internal);
		break;
	case VALUE_FLOAT:
		msgpack_pack_double(pk, v->u.f);
		break;
	case VALUE_STR:
		msgpack_pack_str(pk, v->u.text.n);
		msgpack_pack_str_body(pk, v->u.text.p, v->u.text.n);
		break;
	case VALUE_BYTES:
		msgpack_pack_bin(pk, v->u.text.n);
		msgpack_pack_bin_body(pk, v->u.text.p, v->u.text.n);
		break;
	case VALUE_LIST:
		msgpack_pack_array(pk, v->u.list.count);
		for (size_t i = 0; i < v->u.list.count; i++)
			pack(pk, v->u.list.items[i], internal);
		break;
	case VALUE_MAP:
		pack_map(pk, v, internal);
		break;
	case VALUE_OBJECT:
		shown = v->u.object.cls->to_value(v->u.object.ptr);
		pack(pk, shown, internal);
		value_unref(shown);
		break;
	}
}

int msgpack_write(struct buf *out, const struct value *v, bool internal)
{
	msgpack_packer pk;

	msgpack_packer_init(&pk, out, append);
	pack(&pk, v, internal);
	return out->failed ? -1 : 0;
}
