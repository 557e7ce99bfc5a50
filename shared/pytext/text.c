/* Python's methods of texts: positions, searching, cutting. */
#include "pytext/pytext.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "value/pyform.h"

/* ---- characters --------------------------------------------------------------------------------------- */

bool pytext_is_space(uint32_t cp)
{
	if (cp < 0x80)
		return cp == ' ' || (cp >= 9 && cp <= 13) || (cp >= 0x1c && cp <= 0x1f);
	return cp == 0x85 || cp == 0xa0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 ||
	       cp == 0x2029 || cp == 0x202f || cp == 0x205f || cp == 0x3000;
}

bool pytext_is_alpha(uint32_t cp)
{
	utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)cp);

	return c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO;
}

bool pytext_is_alnum(uint32_t cp)
{
	utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)cp);

	return (c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO) ||
	       (c >= UTF8PROC_CATEGORY_ND && c <= UTF8PROC_CATEGORY_NO);
}

bool pytext_is_decimal(uint32_t cp)
{
	return utf8proc_category((utf8proc_int32_t)cp) == UTF8PROC_CATEGORY_ND;
}

bool pytext_is_combining(uint32_t cp)
{
	return cp >= 0x300 && utf8proc_get_property((utf8proc_int32_t)cp)->combining_class != 0;
}

/* ---- positions ---------------------------------------------------------------------------------------- */

static bool is_head(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

size_t pytext_offset(struct sv text, int64_t index)
{
	size_t pos = 0;

	while (index > 0 && pos < text.n) {
		pos++;
		while (pos < text.n && !is_head(text.p[pos]))
			pos++;
		index--;
	}
	return pos;
}

struct sv pytext_slice(struct sv text, const int64_t *start, const int64_t *stop)
{
	struct pyform_slice slice;
	size_t from;
	struct sv rest;

	if (pyform_slice_of(&slice, (int64_t)utf8_length(text.p, text.n), start, stop, 1) < 0 || !slice.count)
		return (struct sv){ text.p, 0 };
	from = pytext_offset(text, slice.start);
	rest = (struct sv){ text.p + from, text.n - from };
	return (struct sv){ rest.p, pytext_offset(rest, slice.count) };
}

int pytext_slice_step(struct buf *out, struct sv text, const int64_t *start, const int64_t *stop, int64_t step)
{
	int64_t len = (int64_t)utf8_length(text.p, text.n);
	struct pyform_slice slice;
	size_t at;

	if (step == 1) {
		struct sv part = pytext_slice(text, start, stop);

		return buf_add(out, part.p, part.n);
	}
	if (pyform_slice_of(&slice, len, start, stop, step) < 0)
		return -1;
	at = pytext_offset(text, slice.start);
	for (int64_t i = 0; i < slice.count; i++) {
		size_t end = at + 1;

		while (end < text.n && !is_head(text.p[end]))
			end++;
		buf_add(out, text.p + at, end - at);
		if (i + 1 == slice.count)
			break;
		for (int64_t k = 0; k < llabs(step); k++) {
			at = step > 0 ? at + 1 : at - 1;
			while (at < text.n && !is_head(text.p[at]))
				at = step > 0 ? at + 1 : at - 1;
		}
	}
	return out->failed ? -1 : 0;
}

/* ---- searching ---------------------------------------------------------------------------------------- */

bool pytext_starts(struct sv text, struct sv prefix)
{
	return text.n >= prefix.n && (!prefix.n || memcmp(text.p, prefix.p, prefix.n) == 0);
}

bool pytext_ends(struct sv text, struct sv suffix)
{
	return text.n >= suffix.n && (!suffix.n || memcmp(text.p + text.n - suffix.n, suffix.p, suffix.n) == 0);
}

int64_t pytext_find(struct sv text, struct sv needle)
{
	const char *at;

	if (!needle.n)
		return 0;
	at = text.n ? memmem(text.p, text.n, needle.p, needle.n) : NULL;
	return at ? at - text.p : -1;
}

int64_t pytext_rfind(struct sv text, struct sv needle)
{
	if (!needle.n)
		return (int64_t)text.n;
	for (size_t at = text.n; at >= needle.n; at--) {
		const char *p = text.p + at - needle.n;

		if (*p == *needle.p && memcmp(p, needle.p, needle.n) == 0)
			return p - text.p;
	}
	return -1;
}

int64_t pytext_index(struct sv text, struct sv needle, int64_t start, int64_t end, bool from_end)
{
	int64_t len = (int64_t)utf8_length(text.p, text.n);
	int64_t found;
	struct sv part;

	if (start < 0)
		start = start < -len ? 0 : start + len;
	if (end < 0)
		end = end < -len ? 0 : end + len;
	if (end > len)
		end = len;
	if (start > end)
		return -1;
	part.p = text.p + pytext_offset(text, start);
	part.n = pytext_offset((struct sv){ part.p, (size_t)(text.p + text.n - part.p) }, end - start);
	found = from_end ? pytext_rfind(part, needle) : pytext_find(part, needle);
	return found < 0 ? -1 : start + (int64_t)utf8_length(part.p, (size_t)found);
}

int64_t pytext_count(struct sv text, struct sv needle)
{
	int64_t count = 0;
	int64_t at;

	if (!needle.n)
		return (int64_t)utf8_length(text.p, text.n) + 1;
	while ((at = pytext_find(text, needle)) >= 0) {
		count++;
		text.p += (size_t)at + needle.n;
		text.n -= (size_t)at + needle.n;
	}
	return count;
}

/* ---- cutting and joining ------------------------------------------------------------------------------ */

static bool in_set(struct sv set, uint32_t cp)
{
	for (size_t pos = 0; pos < set.n;) {
		if (utf8_decode(set.p, set.n, &pos) == cp)
			return true;
	}
	return false;
}

/* `chars` without text: white space. */
static bool strips(const struct sv *chars, uint32_t cp)
{
	return chars ? in_set(*chars, cp) : pytext_is_space(cp);
}

static struct sv strip(struct sv text, const struct sv *chars, bool left, bool right)
{
	while (left && text.n) {
		size_t pos = 0;

		if (!strips(chars, utf8_decode(text.p, text.n, &pos)))
			break;
		text.p += pos;
		text.n -= pos;
	}
	while (right && text.n) {
		size_t head = text.n - 1;
		size_t pos = 0;

		while (head && !is_head(text.p[head]))
			head--;
		if (!strips(chars, utf8_decode(text.p + head, text.n - head, &pos)))
			break;
		text.n = head;
	}
	return text;
}

struct sv pytext_strip(struct sv text, bool left, bool right)
{
	return strip(text, NULL, left, right);
}

struct sv pytext_strip_chars(struct sv text, struct sv chars, bool left, bool right)
{
	return strip(text, &chars, left, right);
}

struct value *pytext_split(struct sv text, struct sv separator, int64_t max)
{
	struct value *parts;
	int64_t at;

	if (!separator.n)
		return NULL;
	parts = value_list();
	while (max != 0 && (at = pytext_find(text, separator)) >= 0) {
		list_push(parts, value_strn(text.p, (size_t)at));
		text.p += (size_t)at + separator.n;
		text.n -= (size_t)at + separator.n;
		if (max > 0)
			max--;
	}
	list_push(parts, value_strn(text.p, text.n));
	return parts;
}

/* Cuts the next word off `text`; false when only white space is left. */
static bool next_word(struct sv *text, struct sv *word)
{
	*text = pytext_strip(*text, true, false);
	word->p = text->p;
	word->n = 0;
	while (word->n < text->n) {
		size_t pos = word->n;

		if (pytext_is_space(utf8_decode(text->p, text->n, &pos)))
			break;
		word->n = pos;
	}
	text->p += word->n;
	text->n -= word->n;
	return word->n > 0;
}

struct value *pytext_split_space(struct sv text, int64_t max)
{
	struct value *parts = value_list();
	struct sv word;

	for (; max != 0 && next_word(&text, &word); max--)
		list_push(parts, value_strn(word.p, word.n));
	text = pytext_strip(text, true, false);
	if (text.n)
		list_push(parts, value_strn(text.p, text.n));
	return parts;
}

int64_t pytext_word_count(struct sv text)
{
	int64_t count = 0;
	struct sv word;

	while (next_word(&text, &word))
		count++;
	return count;
}

static bool ends_line(uint32_t cp)
{
	return (cp >= 0x0a && cp <= 0x0d) || (cp >= 0x1c && cp <= 0x1e) || cp == 0x85 || cp == 0x2028 || cp == 0x2029;
}

struct value *pytext_lines(struct sv text, bool keep)
{
	struct value *lines = value_list();
	size_t begin = 0;

	for (size_t pos = 0; pos < text.n;) {
		size_t at = pos;
		uint32_t cp = utf8_decode(text.p, text.n, &pos);

		if (!ends_line(cp))
			continue;
		if (cp == '\r' && pos < text.n && text.p[pos] == '\n')
			pos++;
		list_push(lines, value_strn(text.p + begin, (keep ? pos : at) - begin));
		begin = pos;
	}
	if (begin < text.n)
		list_push(lines, value_strn(text.p + begin, text.n - begin));
	return lines;
}

/* An empty `old`: before every character and at the end. */
static int replace_between(struct buf *out, struct sv text, struct sv new_text, int64_t max)
{
	size_t pos = 0;

	for (; max != 0; max--) {
		size_t at = pos;

		buf_add(out, new_text.p, new_text.n);
		if (pos == text.n)
			break;
		utf8_decode(text.p, text.n, &pos);
		buf_add(out, text.p + at, pos - at);
	}
	return buf_add(out, text.p + pos, text.n - pos);
}

int pytext_replace(struct buf *out, struct sv text, struct sv old, struct sv new_text, int64_t max)
{
	int64_t at;

	if (!old.n)
		return replace_between(out, text, new_text, max);
	while (max != 0 && (at = pytext_find(text, old)) >= 0) {
		buf_add(out, text.p, (size_t)at);
		if (buf_add(out, new_text.p, new_text.n) < 0)
			return -1;
		text.p += (size_t)at + old.n;
		text.n -= (size_t)at + old.n;
		if (max > 0)
			max--;
	}
	return buf_add(out, text.p, text.n);
}
