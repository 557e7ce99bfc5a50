/* Texts in other character encodings, by iconv. */
#include "wsd/nodes/encoding.h"

#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <string.h>

/* Python's name as iconv knows it: lower case, "_" as "-", and where they differ another one. */
static void system_name(const char *name, char out[64])
{
	static const char *const other[][2] = {
		{ "latin-1", "iso-8859-1" },  { "latin1", "iso-8859-1" }, { "iso8859-1", "iso-8859-1" },
		{ "l1", "iso-8859-1" },       { "utf8", "utf-8" },        { "u8", "utf-8" },
		{ "utf-8-sig", "utf-8" },     { "us-ascii", "ascii" },    { "latin-9", "iso-8859-15" },
		{ "windows-1252", "cp1252" },
	};

	snprintf(out, 64, "%s", name);
	for (char *p = out; *p; p++)
		*p = *p == '_' ? '-' : (char)tolower((unsigned char)*p);
	for (size_t i = 0; i < ARRAY_LEN(other); i++) {
		if (strcmp(out, other[i][0]) == 0)
			snprintf(out, 64, "%s", other[i][1]);
	}
}

static int convert(struct buf *out, struct sv in, const char *from, const char *to, struct err *err)
{
	iconv_t cd = iconv_open(to, from);
	char *at = (char *)(uintptr_t)in.p;
	size_t left = in.n;
	size_t result = 0;

	if (cd == (iconv_t)-1)
		return err_set(err, 400, "the encoding is not known on this system");
	while (left && result != (size_t)-1) {
		char *room = buf_reserve(out, 4 * left + 16);
		char *end = room;
		size_t space = 4 * left + 16;

		if (!room)
			break;
		result = iconv(cd, &at, &left, &end, &space);
		out->len += (size_t)(end - room);
		if (result == (size_t)-1 && errno == E2BIG)
			result = 0;
	}
	iconv_close(cd);
	if (out->data && !out->failed)
		out->data[out->len] = '\0';
	if (out->failed)
		return err_set(err, 413, "the text is too long");
	return left || result == (size_t)-1 ? err_set(err, 400, "the text does not fit the encoding") : 0;
}

int text_decode(struct buf *out, struct sv bytes, const char *encoding, struct err *err)
{
	char name[64];

	system_name(encoding, name);
	if (strcmp(name, "utf-8") != 0)
		return convert(out, bytes, name, "utf-8", err);
	if (bytes.n >= 3 && strcasestr(encoding, "sig") && memcmp(bytes.p, "\xEF\xBB\xBF", 3) == 0)
		bytes = (struct sv){ bytes.p + 3, bytes.n - 3 };
	if (!utf8_valid(bytes.p, bytes.n))
		return err_set(err, 400, "the bytes are no UTF-8");
	return buf_add(out, bytes.p, bytes.n) ? err_set(err, 413, "the text is too long") : 0;
}

int text_encode(struct buf *out, struct sv text, const char *encoding, struct err *err)
{
	char name[64];

	system_name(encoding, name);
	if (strcmp(name, "utf-8") != 0)
		return convert(out, text, "utf-8", name, err);
	if (strcasestr(encoding, "sig"))
		buf_adds(out, "\xEF\xBB\xBF");
	return buf_add(out, text.p, text.n) ? err_set(err, 413, "the text is too long") : 0;
}
