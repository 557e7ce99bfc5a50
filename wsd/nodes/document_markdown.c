/* The parts of a Markdown text between its headings. */
#include "wsd/nodes/document_split.h"
#include "wsd/nodes/helper.h"

#include <string.h>
#include <utf8proc.h>

struct reader {
	const struct value *headers;
	bool strip_headers;
	struct buf content;    /* the lines of the paragraph in work */
	struct value *above;   /* headings above the line in work */
	struct value *current; /* those above the paragraph in work */
	struct value *levels;  /* open headings: list of [level, name] */
	struct value *parts;   /* list of [content, above] */
};

static bool printable(uint32_t cp)
{
	utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)cp);

	return cp == ' ' || !(category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF ||
			      category == UTF8PROC_CATEGORY_CS || category == UTF8PROC_CATEGORY_CO ||
			      category == UTF8PROC_CATEGORY_CN || category == UTF8PROC_CATEGORY_ZS ||
			      category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP);
}

/* The line without blanks around it and characters that do not show. */
static void clean(struct sv line, struct buf *out)
{
	size_t at = 0;

	buf_reset(out);
	line = strip(line);
	while (at < line.n) {
		size_t start = at;

		if (printable(utf8_decode(line.p, line.n, &at)))
			buf_add(out, line.p + start, at - start);
	}
}

static void end_paragraph(struct reader *r)
{
	struct value *part;

	if (!r->content.len)
		return;
	part = value_list();
	list_push(part, value_strn(r->content.data, r->content.len));
	list_push(part, value_copy(r->current));
	list_push(r->parts, part);
	buf_reset(&r->content);
}

static void add_line(struct reader *r, const struct buf *line)
{
	if (r->content.len)
		buf_addc(&r->content, '\n');
	buf_add(&r->content, line->data ? line->data : "", line->len);
}

/* The longest mark that the line begins with, followed by a blank or nothing; NULL when it is no heading. */
static const struct value *heading(const struct reader *r, const struct buf *line)
{
	const struct value *best = NULL;

	for (size_t i = 0; i < value_len(r->headers); i++) {
		const struct value *header = list_at(r->headers, i);
		struct sv mark = value_sv(list_at(header, 0));

		if (mark.n && line->len >= mark.n && memcmp(line->data, mark.p, mark.n) == 0 &&
		    (line->len == mark.n || line->data[mark.n] == ' ') &&
		    (!best || mark.n > value_len(list_at(best, 0))))
			best = header;
	}
	return best;
}

static int64_t level_of(struct sv mark)
{
	int64_t level = 0;

	for (size_t i = 0; i < mark.n; i++)
		level += mark.p[i] == '#';
	return level;
}

/* A heading closes those of its level and below. */
static void open_heading(struct reader *r, const struct value *header, const struct buf *line)
{
	struct sv mark = value_sv(list_at(header, 0));
	const char *name = value_text(list_at(header, 1));
	int64_t level = level_of(mark);
	struct sv text = strip((struct sv){ line->data + mark.n, line->len - mark.n });
	struct value *entry;

	while (value_len(r->levels)) {
		const struct value *top = list_at(r->levels, value_len(r->levels) - 1);

		if (value_as_int(list_at(top, 0)) < level)
			break;
		map_remove(r->above, value_text(list_at(top, 1)));
		list_remove(r->levels, value_len(r->levels) - 1);
	}
	entry = value_list();
	list_push(entry, value_int(level));
	list_push(entry, value_str(name));
	list_push(r->levels, entry);
	map_set(r->above, name, value_strn(text.p, text.n));
}

static void take_line(struct reader *r, const struct buf *line)
{
	const struct value *header = heading(r, line);

	if (header) {
		open_heading(r, header, line);
		end_paragraph(r);
		if (!r->strip_headers)
			add_line(r, line);
	} else if (line->len) {
		add_line(r, line);
	} else {
		end_paragraph(r);
	}
	value_unref(r->current);
	r->current = value_copy(r->above);
}

/* Does the line open a code block? Then its fence. */
static const char *opens_code(const struct buf *line)
{
	const char *text = line->data ? line->data : "";

	if (str_starts(text, "```"))
		return strstr(text + 3, "```") ? NULL : "```";
	return str_starts(text, "~~~") ? "~~~" : NULL;
}

static void read_lines(struct reader *r, struct sv text)
{
	const char *fence = NULL;
	struct buf line;
	struct sv raw;

	buf_init(&line, BUF_MAX_BODY);
	while (sv_split(&text, '\n', &raw)) {
		clean(raw, &line);
		if (!fence)
			fence = opens_code(&line);
		else if (str_starts(line.data ? line.data : "", fence))
			fence = NULL;
		if (fence)
			add_line(r, &line);
		else
			take_line(r, &line);
	}
	end_paragraph(r);
	buf_free(&line);
}

/* The last line of the text begins with a heading mark. */
static bool ends_with_heading(const struct value *text)
{
	struct sv all = value_sv(text);
	const char *line = all.n ? memrchr(all.p, '\n', all.n) : NULL;

	line = line ? line + 1 : all.p;
	return line < all.p + all.n && *line == '#';
}

/* Paragraphs below the same headings become one text. */
static struct value *aggregate(const struct value *parts, bool strip_headers)
{
	struct value *texts = value_list();
	const struct value *above = NULL;

	for (size_t i = 0; i < value_len(parts); i++) {
		const struct value *part = list_at(parts, i);
		struct value *last = value_len(texts) ? list_at(texts, value_len(texts) - 1) : NULL;
		const struct value *now = list_at(part, 1);
		bool deeper = last && value_len(above) < value_len(now) && !strip_headers && ends_with_heading(last);

		if (last && (value_equal(above, now) || deeper))
			list_set(texts, value_len(texts) - 1,
				 value_strf("%s  \n%s", value_text(last), value_text(list_at(part, 0))));
		else
			list_push(texts, value_ref(list_at(part, 0)));
		above = now;
	}
	return texts;
}

struct value *split_markdown(struct sv text, const struct value *headers, bool strip_headers, bool each_line)
{
	struct reader r = { .headers = headers, .strip_headers = strip_headers };
	struct value *texts;

	buf_init(&r.content, BUF_MAX_BODY);
	r.above = value_map();
	r.current = value_map();
	r.levels = value_list();
	r.parts = value_list();
	read_lines(&r, text);
	if (each_line) {
		texts = value_list();
		for (size_t i = 0; i < value_len(r.parts); i++)
			list_push(texts, value_ref(list_at(list_at(r.parts, i), 0)));
	} else {
		texts = aggregate(r.parts, strip_headers);
	}
	buf_free(&r.content);
	value_unref(r.above);
	value_unref(r.current);
	value_unref(r.levels);
	value_unref(r.parts);
	return texts;
}
