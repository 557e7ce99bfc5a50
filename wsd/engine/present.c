/* Values as clients get them (notes-engine section 10, "Values in messages"). */
#include "wsd/engine/asset.h"
#include "wsd/engine/internal.h"

#include <stdio.h>
#include <string.h>

#define INLINE_MAX (4 << 20) /* bytes of an asset that a node result carries */

enum mode { FOR_CLIENT, FOR_RESULT };

static struct value *walk(struct run *run, struct value *v, enum mode mode);

/* ---- assets ------------------------------------------------------------------------------------------- */

/* The reference with `uri` and `data` replaced; both are taken. */
static struct value *with_content(struct value *ref, struct value *uri, struct value *data)
{
	struct value *out = value_ref(ref);

	value_make_writable(&out);
	map_set(out, "uri", uri);
	map_set(out, "data", data);
	return out;
}

/* The uri is already the one that as_data_uri would make. */
static bool is_data_uri(const struct value *ref)
{
	const char *uri = map_str(ref, "uri", "");
	const char *mime = asset_mime(ref);
	size_t len = strlen(mime);

	return value_is_null(map_get(ref, "data")) && str_starts(uri, "data:") && strncmp(uri + 5, mime, len) == 0 &&
	       str_starts(uri + 5 + len, ";base64,");
}

static struct value *as_data_uri(struct run *run, struct value *ref)
{
	struct buf bytes;
	struct buf uri;
	struct value *out = NULL;
	struct err why;

	if (is_data_uri(ref))
		return value_ref(ref);
	buf_init(&bytes, ASSET_MAX);
	buf_init(&uri, ASSET_MAX * 2);
	if (asset_read(ref, run->opt.workspace, &bytes, &why) != 0) {
		log_debug("asset stays a reference: %s", why.detail);
		out = value_ref(ref);
	} else {
		buf_printf(&uri, "data:%s;base64,", asset_mime(ref));
		base64_encode(&uri, bytes.data, bytes.len, false);
		out = uri.failed ? value_ref(ref) : with_content(ref, value_strn(uri.data, uri.len), value_null());
	}
	buf_free(&bytes);
	buf_free(&uri);
	return out;
}

static struct value *as_bytes(struct value *ref)
{
	struct value *data = map_get(ref, "data");

	if (value_is(data, VALUE_BYTES))
		return with_content(ref, value_null(), value_ref(data));
	if (value_is(data, VALUE_STR))
		return with_content(ref, value_null(), value_bytes(value_text(data), value_len(data)));
	return value_ref(ref);
}

static struct value *inlined(struct value *ref)
{
	struct value *data = map_get(ref, "data");
	struct value *metadata = map_get(ref, "metadata");
	struct value *out;

	if (!value_is(data, VALUE_BYTES) || value_len(data) <= INLINE_MAX)
		return value_ref(ref);
	metadata = value_is(metadata, VALUE_MAP) ? value_ref(metadata) : value_map();
	value_make_writable(&metadata);
	map_set_bool(metadata, "inlined_data", false);
	map_set_int(metadata, "inlined_data_size", (int64_t)value_len(data));
	map_set_int(metadata, "inlined_data_max", INLINE_MAX);
	out = with_content(ref, value_ref(map_get(ref, "uri")), value_null());
	map_set(out, "metadata", metadata);
	return out;
}

/* Content that is no bytes: the rows of a data frame. */
static bool plain_content(const struct value *ref)
{
	return strcmp(map_str(ref, "type", ""), "dataframe") == 0;
}

static struct value *asset(struct run *run, struct value *ref, enum mode mode)
{
	if (mode == FOR_RESULT)
		return inlined(ref);
	if (plain_content(ref) || asset_empty(ref))
		return value_ref(ref);
	return run->opt.binary ? as_bytes(ref) : as_data_uri(run, ref);
}

/* ---- everything else ---------------------------------------------------------------------------------- */

static struct value *walk_list(struct run *run, struct value *v, enum mode mode)
{
	struct value *out = value_ref(v);
	struct value *item;

	for (size_t i = 0; i < value_len(v); i++) {
		item = walk(run, list_at(v, i), mode);
		if (item == list_at(v, i)) {
			value_unref(item);
			continue;
		}
		value_make_writable(&out);
		list_set(out, i, item);
	}
	return out;
}

static struct value *walk_map(struct run *run, struct value *v, enum mode mode)
{
	struct value *out = value_ref(v);
	struct value *item;
	struct value *shown;
	struct sv key;

	for (size_t i = 0; map_entry(v, i, &key, &item); i++) {
		shown = walk(run, item, mode);
		if (shown == item) {
			value_unref(shown);
			continue;
		}
		value_make_writable(&out);
		map_setn(out, key.p, key.n, shown);
	}
	return out;
}

static struct value *walk_object(struct run *run, struct value *v, enum mode mode)
{
	const struct value_class *cls = value_object_class(v);
	bool brief = mode == FOR_RESULT && cls->to_brief;
	struct value *plain = (brief ? cls->to_brief : cls->to_value)(value_object_ptr(v, cls));
	struct value *shown = walk(run, plain, mode);

	value_unref(plain);
	return shown;
}

static struct value *walk(struct run *run, struct value *v, enum mode mode)
{
	switch (value_kind(v)) {
	case VALUE_LIST:
		return walk_list(run, v, mode);
	case VALUE_MAP:
		return typed_value_is_asset(v) ? asset(run, v, mode) : walk_map(run, v, mode);
	case VALUE_OBJECT:
		return walk_object(run, v, mode);
	case VALUE_BYTES:
		return mode == FOR_RESULT ? value_strf("<%zu bytes>", value_len(v)) : value_ref(v);
	default:
		return value_ref(v);
	}
}

struct value *present_value(struct run *run, struct value *v)
{
	return walk(run, v, FOR_CLIENT);
}

struct value *present_result(struct run *run, struct value *v)
{
	return walk(run, v, FOR_RESULT);
}

bool present_impossible(const struct value *v)
{
	struct value *item;

	if (value_is(v, VALUE_LIST)) {
		for (size_t i = 0; i < value_len(v); i++)
			if (present_impossible(list_at(v, i)))
				return true;
		return false;
	}
	if (typed_value_is_asset(v))
		return !plain_content(v) && asset_empty(v);
	for (size_t i = 0; map_entry(v, i, NULL, &item); i++)
		if (present_impossible(item))
			return true;
	return false;
}

/* ---- explicit_types ----------------------------------------------------------------------------------- */

static struct value *wrapped(const char *type, struct value *v)
{
	struct value *map = value_map();

	map_set_str(map, "type", type);
	map_set(map, "value", v);
	return map;
}

struct value *present_explicit(struct value *v)
{
	struct value *out;
	struct value *item;
	struct sv key;

	switch (value_kind(v)) {
	case VALUE_STR:
		return wrapped("string", value_ref(v));
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_BIGINT:
		return wrapped("integer", value_ref(v));
	case VALUE_FLOAT:
		return wrapped("float", value_ref(v));
	case VALUE_BYTES:
		return wrapped("bytes", value_ref(v));
	case VALUE_LIST:
		out = value_list();
		for (size_t i = 0; i < value_len(v); i++)
			list_push(out, present_explicit(list_at(v, i)));
		return wrapped("list", out);
	case VALUE_MAP:
		if (map_get(v, "type"))
			return value_ref(v);
		out = value_map();
		for (size_t i = 0; map_entry(v, i, &key, &item); i++)
			map_setn(out, key.p, key.n, present_explicit(item));
		return out;
	default:
		return value_ref(v);
	}
}
