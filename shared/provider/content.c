/* The content of messages: text and parts. */
#include "provider/internal.h"

#include <stdio.h>
#include <string.h>

struct value *content_text(const struct value *content)
{
	struct value *out;
	struct buf text;
	bool any = false;

	if (value_is(content, VALUE_STR))
		return value_strn(value_text(content), value_len(content));
	buf_init(&text, PROVIDER_TEXT_MAX);
	for (size_t i = 0; value_is(content, VALUE_LIST) && i < value_len(content); i++) {
		const struct value *part = map_get(list_at(content, i), "text");

		if (!value_is(part, VALUE_STR))
			continue;
		if (any)
			buf_addc(&text, '\n');
		any = true;
		buf_add(&text, value_text(part), value_len(part));
	}
	out = value_strn(text.data ? text.data : "", text.len);
	buf_free(&text);
	return out;
}

/* "data:image/png;base64,…" */
static bool from_data_uri(const char *uri, struct buf *out, char type[64])
{
	const char *comma = strchr(uri, ',');
	const char *end = strpbrk(uri, ";,");

	if (!comma || !end || comma - uri < 7 || memcmp(comma - 7, ";base64", 7) != 0)
		return false;
	if (end > uri + 5)
		snprintf(type, 64, "%.*s", (int)(end - uri - 5), uri + 5);
	return buf_adds(out, comma + 1) == 0;
}

bool content_base64(const struct value *media, struct buf *out, char type[64], const char *fallback)
{
	const struct value *data = map_get(media, "data");
	const char *uri = map_str(media, "uri", "");

	snprintf(type, 64, "%s", fallback);
	if (value_is(data, VALUE_BYTES))
		return base64_encode(out, value_text(data), value_len(data), false) == 0;
	/* JSON clients send bytes as base64. */
	if (value_is(data, VALUE_STR) && value_len(data))
		return buf_add(out, value_text(data), value_len(data)) == 0;
	return str_starts(uri, "data:") && from_data_uri(uri, out, type);
}
