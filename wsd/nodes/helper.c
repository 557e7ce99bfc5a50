/* Small things that node functions of several namespaces share. */
#include "wsd/nodes/helper.h"

enum node_result fail_err(struct node_ctx *ctx, const struct err *err)
{
	return node_fail(ctx, "%s", err->detail);
}

enum node_result done(struct node_ctx *ctx, struct value *v)
{
	node_emit(ctx, "output", v);
	return NODE_DONE;
}

struct value *buf_to_value(struct buf *buf)
{
	size_t len = buf->len;
	struct value *v = buf->failed ? NULL : value_str_take(buf_take(buf), len);

	buf_free(buf);
	return v;
}

enum node_result done_buf(struct node_ctx *ctx, struct buf *buf)
{
	struct value *v = buf_to_value(buf);

	return v ? done(ctx, v) : node_fail(ctx, "the result is too long");
}

bool int_property(struct node_ctx *ctx, const char *name, int64_t *out)
{
	struct value *v = node_get(ctx, name);

	if (value_kind(v) == VALUE_BIGINT) {
		node_fail(ctx, "%s is too large", name);
		return false;
	}
	*out = value_as_int(v);
	return true;
}

bool is_space(uint32_t cp)
{
	return (cp >= 0x09 && cp <= 0x0d) || (cp >= 0x1c && cp <= 0x20) || cp == 0x85 || cp == 0xa0 || cp == 0x1680 ||
	       (cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 || cp == 0x2029 || cp == 0x202f || cp == 0x205f ||
	       cp == 0x3000;
}

struct sv strip_left(struct sv text)
{
	size_t at = 0;

	while (at < text.n) {
		size_t next = at;

		if (!is_space(utf8_decode(text.p, text.n, &next)))
			break;
		at = next;
	}
	return (struct sv){ text.p + at, text.n - at };
}

struct sv strip_right(struct sv text)
{
	while (text.n) {
		size_t start = text.n - 1;
		size_t at;

		while (start && ((unsigned char)text.p[start] & 0xc0) == 0x80)
			start--;
		at = start;
		if (!is_space(utf8_decode(text.p, text.n, &at)))
			break;
		text.n = start;
	}
	return text;
}

struct sv strip(struct sv text)
{
	return strip_right(strip_left(text));
}

struct value *list_begin(struct node_ctx *ctx)
{
	struct list_state *state = node_state(ctx);

	value_unref(state->items);
	state->items = value_list();
	state->at = 0;
	return state->items;
}

enum node_result list_next(struct node_ctx *ctx)
{
	struct list_state *state = node_state(ctx);
	struct value *item = list_at(state->items, state->at);
	struct sv key;
	struct value *v;

	if (!item)
		return NODE_DONE;
	for (size_t i = 0; map_entry(item, i, &key, &v); i++) {
		if (!value_is_null(v))
			node_emit(ctx, key.p, value_ref(v));
	}
	return ++state->at < value_len(state->items) ? NODE_MORE : NODE_DONE;
}

void list_destroy(void *ptr)
{
	struct list_state *state = ptr;

	value_unref(state->items);
	state->items = NULL;
}

struct value *asset_new(const char *type)
{
	struct value *ref = value_map();

	map_mark_typed(ref);
	map_set_str(ref, "type", type);
	map_set_str(ref, "uri", "");
	map_set(ref, "asset_id", value_null());
	map_set(ref, "data", value_null());
	map_set(ref, "metadata", value_null());
	return ref;
}

struct value *asset_from_bytes(const char *type, void *data, size_t len)
{
	struct value *ref = asset_new(type);

	map_set(ref, "data", value_bytes_take(data, len));
	return ref;
}
