/* Character references of HTML. */
#include "wsd/nodes/html.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ENTITY_COUNT    2125
#define ENTITY_NAME_MAX 32

static const char table[] =
#include "wsd/nodes/html_entities.inc"
	;

struct entity {
	const char *name;
	size_t len;
};

/* Where each entry of the table begins; filled at the first use. */
static struct entity entities[ENTITY_COUNT];

static void index_table(void)
{
	const char *at = table;

	for (size_t i = 0; i < ENTITY_COUNT; i++) {
		entities[i].name = at;
		entities[i].len = strcspn(at, "=");
		at += strcspn(at, " ") + 1;
	}
}

static int compare_entity(const void *key, const void *entry)
{
	const struct sv *name = key;
	const struct entity *entity = entry;
	size_t len = name->n < entity->len ? name->n : entity->len;
	int order = memcmp(name->p, entity->name, len);

	return order ? order : (name->n > entity->len) - (name->n < entity->len);
}

size_t html_entity(struct sv name, bool legacy, char out[8])
{
	const struct entity *entity;
	const char *at;
	char *end;
	size_t len;

	if (!entities[0].name)
		index_table();
	entity = bsearch(&name, entities, ENTITY_COUNT, sizeof(*entities), compare_entity);
	if (!entity)
		return 0;
	at = entity->name + entity->len + 1;
	if (legacy && at[strcspn(at, "* ")] != '*')
		return 0;
	len = utf8_encode((uint32_t)strtoul(at, &end, 16), out);
	if (*end == '+')
		len += utf8_encode((uint32_t)strtoul(end + 1, &end, 16), out + len);
	return len;
}

/* The replacements that HTML has for numbers of the old Windows code page; 0 for the undefined ones. */
static const uint16_t windows[] = {
	0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
	0x2039, 0x0152, 0x8d,   0x017d, 0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
	0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178,
};

/* Numbers that html.unescape drops: control and non-characters. */
static bool dropped(uint32_t n)
{
	return (n >= 1 && n <= 8) || (n >= 0xe && n <= 0x1f) || (n >= 0x7f && n <= 0x9f) || n == 0xb ||
	       (n >= 0xfdd0 && n <= 0xfdef) || (n & 0xfffe) == 0xfffe;
}

static uint32_t code_point(uint32_t n)
{
	if (n >= 0x80 && n <= 0x9f)
		return windows[n - 0x80];
	return n == 0 || (n >= 0xd800 && n <= 0xdfff) || n > 0x10ffff ? 0xfffd : n;
}

/* The number that the digits at text.p begin with, cut above the last character; how many bytes it took. */
static size_t scan_number(struct sv text, uint32_t *n)
{
	bool hex = text.n && (text.p[0] == 'x' || text.p[0] == 'X');
	size_t i = hex;

	*n = 0;
	while (i < text.n && (hex ? isxdigit((unsigned char)text.p[i]) : isdigit((unsigned char)text.p[i]))) {
		char digit[2] = { text.p[i], '\0' };

		if (*n <= 0x10ffff)
			*n = *n * (hex ? 16 : 10) + (uint32_t)strtoul(digit, NULL, 16);
		i++;
	}
	return i == (size_t)hex ? 0 : i;
}

uint32_t html_code_point(struct sv digits)
{
	uint32_t n;

	scan_number(digits, &n);
	return code_point(n);
}

/* A numeric reference at text.p (behind "&#"); how many bytes it took, 0 when it is none. */
static size_t unescape_number(struct sv text, struct buf *out)
{
	char utf8[4];
	uint32_t n;
	size_t len = scan_number(text, &n);

	if (!len)
		return 0;
	if ((n >= 0x80 && n <= 0x9f) || n > 0x10ffff || !dropped(n))
		buf_add(out, utf8, utf8_encode(code_point(n), utf8));
	return len < text.n && text.p[len] == ';' ? len + 1 : len;
}

/* A named reference at text.p (behind "&"), possibly only the beginning of the name; how many bytes it took. */
static size_t unescape_name(struct sv text, struct buf *out)
{
	char utf8[8];
	size_t len = 0;
	size_t n;

	while (len < text.n && len < ENTITY_NAME_MAX && !strchr("\t\n\f <&#;", text.p[len]))
		len++;
	if (len == 0)
		return 0;
	n = len < text.n && text.p[len] == ';' ? html_entity((struct sv){ text.p, len }, false, utf8) : 0;
	if (n) {
		buf_add(out, utf8, n);
		return len + 1;
	}
	for (; len > 1; len--) {
		n = html_entity((struct sv){ text.p, len }, true, utf8);
		if (n) {
			buf_add(out, utf8, n);
			return len;
		}
	}
	return 0;
}

void html_unescape(struct sv text, struct buf *out)
{
	while (text.n) {
		const char *amp = memchr(text.p, '&', text.n);
		size_t plain = amp ? (size_t)(amp - text.p) : text.n;
		struct sv rest = { text.p + plain + 1, amp ? text.n - plain - 1 : 0 };
		size_t used = 0;

		buf_add(out, text.p, plain);
		if (!amp)
			return;
		if (rest.n && rest.p[0] == '#') {
			used = unescape_number((struct sv){ rest.p + 1, rest.n - 1 }, out);
			used += used ? 1 : 0;
		} else if (rest.n) {
			used = unescape_name(rest, out);
		}
		if (!used)
			buf_addc(out, '&');
		text = (struct sv){ rest.p + used, rest.n - used };
	}
}
