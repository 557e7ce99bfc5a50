/* Reads templates: cuts them into texts and tags, then builds the tree of statements. */
#include "wsd/nodes/template_parser.h"

#include <ctype.h>
#include <string.h>

enum segment_kind { SEG_TEXT, SEG_OUTPUT, SEG_BLOCK };

struct segment {
	enum segment_kind kind;
	struct sv text;
};

struct reader {
	struct parser ps;
	struct segment *segments;
	size_t count;
	size_t cap;
	size_t next;
	bool strip_next; /* the tag before ended with - */
};

/* ---- segments ----------------------------------------------------------------------------------------- */

static void add_segment(struct reader *r, enum segment_kind kind, struct sv text)
{
	if (r->count == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 16;
		struct segment *grown = arena_alloc(r->ps.arena, cap * sizeof(*grown));

		if (r->count)
			memcpy(grown, r->segments, r->count * sizeof(*grown));
		r->segments = grown;
		r->cap = cap;
	}
	r->segments[r->count++] = (struct segment){ kind, text };
}

/* A text between tags; `strip_end` when the tag behind it begins with -. */
static void add_text(struct reader *r, struct sv text, bool strip_end)
{
	while (r->strip_next && text.n && isspace((unsigned char)*text.p)) {
		text.p++;
		text.n--;
	}
	while (strip_end && text.n && isspace((unsigned char)text.p[text.n - 1]))
		text.n--;
	r->strip_next = false;
	if (text.n)
		add_segment(r, SEG_TEXT, text);
}

static const char *find_text(const char *p, const char *end, const char *text)
{
	return p < end ? memmem(p, (size_t)(end - p), text, strlen(text)) : NULL;
}

static const char *next_tag(const char *p, const char *end)
{
	for (; p + 1 < end; p++) {
		if (*p == '{' && (p[1] == '{' || p[1] == '%' || p[1] == '#'))
			return p;
	}
	return end;
}

/* The close of a tag whose inside begins at p; quoted texts and inner braces are passed over. NULL without one. */
static const char *tag_end(const char *p, const char *end, const char *close)
{
	int braces = 0;

	while (p + 1 < end) {
		if (*p == '"' || *p == '\'') {
			char quote = *p;

			for (p++; p < end && *p != quote; p++)
				p += *p == '\\';
		} else if (!braces && p[0] == close[0] && p[1] == close[1]) {
			return p;
		} else if (*p == '{') {
			braces++;
		} else if (*p == '}' && braces) {
			braces--;
		}
		p++;
	}
	return NULL;
}

/* The tag behind its two opening characters, without the signs for white space. */
static struct sv trim_tag(struct reader *r, const char *p, const char *close)
{
	if (p < close && (*p == '-' || *p == '+'))
		p++;
	if (close > p && (close[-1] == '-' || close[-1] == '+')) {
		r->strip_next = close[-1] == '-';
		close--;
	}
	return (struct sv){ p, (size_t)(close - p) };
}

/* What stands between {% raw %} and {% endraw %}; gives the place behind it. */
static const char *raw_text(struct reader *r, const char *p, const char *end)
{
	for (const char *tag = p; (tag = find_text(tag, end, "{%")); tag += 2) {
		const char *close = find_text(tag, end, "%}");
		const char *inside = tag + 2;
		bool strip = inside < end && *inside == '-';
		struct sv word;

		if (!close)
			break;
		word = sv_trim((struct sv){ inside + (strip || *inside == '+'),
					    (size_t)(close - inside) - (strip || *inside == '+') });
		if (word.n && word.p[word.n - 1] == '-')
			word = sv_trim((struct sv){ word.p, word.n - 1 });
		if (!sv_eq(word, "endraw"))
			continue;
		add_text(r, (struct sv){ p, (size_t)(tag - p) }, strip);
		r->strip_next = close[-1] == '-';
		return close + 2;
	}
	return parser_fail(&r->ps, "raw is not closed");
}

static void cut(struct reader *r, struct sv source)
{
	const char *p = source.p;
	const char *end = source.p + source.n;

	while (p < end && !r->ps.failed) {
		const char *tag = next_tag(p, end);
		bool strip = tag + 2 < end && tag[2] == '-';
		const char *close;
		struct sv inside;

		add_text(r, (struct sv){ p, (size_t)(tag - p) }, strip);
		if (tag == end)
			break;
		r->ps.p = tag;
		close = tag[1] == '#' ? find_text(tag + 2, end, "#}") : tag_end(tag + 2, end, tag[1] == '{' ? "}}" : "%}");
		if (!close) {
			parser_fail(&r->ps, "a tag is not closed");
			break;
		}
		inside = trim_tag(r, tag + 2, close);
		p = close + 2;
		if (tag[1] == '%' && sv_eq(sv_trim(inside), "raw"))
			p = raw_text(r, p, end);
		else if (tag[1] != '#')
			add_segment(r, tag[1] == '{' ? SEG_OUTPUT : SEG_BLOCK, inside);
	}
}

/* ---- statements --------------------------------------------------------------------------------------- */

static struct stmt *parse_body(struct reader *r, const char *const *ends);

static struct stmt *new_stmt(struct reader *r, enum stmt_kind kind)
{
	struct stmt *s = arena_alloc(r->ps.arena, sizeof(*s));

	s->kind = kind;
	return s;
}

static void *fail(struct reader *r, const char *what)
{
	return parser_fail(&r->ps, what);
}

static void finish_tag(struct reader *r)
{
	if (r->ps.tok != TOK_END)
		fail(r, "unexpected text in a tag");
}

static void add_target(struct reader *r, struct stmt *s, struct sv name, struct expr *v)
{
	struct sv *targets = arena_alloc(r->ps.arena, (s->target_count + 1) * sizeof(*targets));
	struct expr **values = arena_alloc(r->ps.arena, (s->target_count + 1) * sizeof(*values));

	if (s->target_count) {
		memcpy(targets, s->targets, s->target_count * sizeof(*targets));
		memcpy(values, s->values, s->target_count * sizeof(*values));
	}
	targets[s->target_count] = name;
	values[s->target_count++] = v;
	s->targets = targets;
	s->values = values;
}

/* a, b or (a, b) */
static void parse_targets(struct reader *r, struct stmt *s)
{
	bool parens = parser_take_op(&r->ps, "(");

	do
		add_target(r, s, parser_take_name(&r->ps), NULL);
	while (!r->ps.failed && parser_take_op(&r->ps, ","));
	if (parens)
		parser_need_op(&r->ps, ")");
}

static struct stmt *parse_if(struct reader *r)
{
	static const char *const ends[] = { "elif", "else", "endif", NULL };
	struct stmt *s = new_stmt(r, STMT_IF);

	s->expr = parser_tuple(&r->ps);
	finish_tag(r);
	s->body = parse_body(r, ends);
	if (r->ps.failed)
		return s;
	if (parser_take_word(&r->ps, "elif")) {
		if (r->ps.depth++ > TEMPLATE_DEPTH_MAX)
			return fail(r, "nested too deeply");
		s->otherwise = parse_if(r);
		r->ps.depth--;
	} else if (parser_take_word(&r->ps, "else")) {
		finish_tag(r);
		s->otherwise = parse_body(r, ends + 2);
		parser_take_word(&r->ps, "endif");
	} else {
		parser_take_word(&r->ps, "endif");
	}
	return s;
}

static struct stmt *parse_for(struct reader *r)
{
	static const char *const ends[] = { "else", "endfor", NULL };
	struct stmt *s = new_stmt(r, STMT_FOR);

	parse_targets(r, s);
	if (!parser_take_word(&r->ps, "in"))
		return fail(r, "for without in");
	s->expr = parser_or(&r->ps);
	if (parser_take_word(&r->ps, "if"))
		s->cond = parser_expr(&r->ps);
	finish_tag(r);
	s->body = parse_body(r, ends);
	if (parser_take_word(&r->ps, "else")) {
		finish_tag(r);
		s->otherwise = parse_body(r, ends + 1);
	}
	parser_take_word(&r->ps, "endfor");
	return s;
}

static struct stmt *parse_set(struct reader *r)
{
	static const char *const ends[] = { "endset", NULL };
	struct stmt *s = new_stmt(r, STMT_SET);

	parse_targets(r, s);
	if (s->target_count == 1 && parser_take_op(&r->ps, "."))
		s->target_attr = parser_take_name(&r->ps);
	if (parser_take_op(&r->ps, "=")) {
		s->expr = parser_tuple(&r->ps);
		return s;
	}
	s->kind = STMT_SET_BLOCK;
	while (parser_take_op(&r->ps, "|"))
		s->expr = parser_filter(&r->ps, s->expr);
	finish_tag(r);
	s->body = parse_body(r, ends);
	parser_take_word(&r->ps, "endset");
	return s;
}

static struct stmt *parse_macro(struct reader *r)
{
	static const char *const ends[] = { "endmacro", NULL };
	struct stmt *s = new_stmt(r, STMT_MACRO);

	s->name = parser_take_name(&r->ps);
	parser_need_op(&r->ps, "(");
	while (!r->ps.failed && !parser_is_op(&r->ps, ")")) {
		struct sv name = parser_take_name(&r->ps);

		add_target(r, s, name, parser_take_op(&r->ps, "=") ? parser_expr(&r->ps) : NULL);
		if (!parser_take_op(&r->ps, ","))
			break;
	}
	parser_need_op(&r->ps, ")");
	finish_tag(r);
	s->body = parse_body(r, ends);
	parser_take_word(&r->ps, "endmacro");
	if (r->ps.tok == TOK_NAME)
		parser_advance(&r->ps);
	return s;
}

static struct stmt *parse_with(struct reader *r)
{
	static const char *const ends[] = { "endwith", NULL };
	struct stmt *s = new_stmt(r, STMT_WITH);

	while (!r->ps.failed && r->ps.tok != TOK_END) {
		struct sv name = parser_take_name(&r->ps);

		parser_need_op(&r->ps, "=");
		add_target(r, s, name, parser_expr(&r->ps));
		if (!parser_take_op(&r->ps, ","))
			break;
	}
	finish_tag(r);
	s->body = parse_body(r, ends);
	parser_take_word(&r->ps, "endwith");
	return s;
}

static struct stmt *parse_filter_block(struct reader *r)
{
	static const char *const ends[] = { "endfilter", NULL };
	struct stmt *s = new_stmt(r, STMT_FILTER);

	s->expr = parser_filter(&r->ps, NULL);
	while (parser_take_op(&r->ps, "|"))
		s->expr = parser_filter(&r->ps, s->expr);
	finish_tag(r);
	s->body = parse_body(r, ends);
	parser_take_word(&r->ps, "endfilter");
	return s;
}

static struct stmt *parse_statement(struct reader *r)
{
	static const struct {
		const char *word;
		struct stmt *(*parse)(struct reader *r);
	} statements[] = {
		{ "if", parse_if },	  { "for", parse_for },	  { "set", parse_set },
		{ "macro", parse_macro }, { "with", parse_with }, { "filter", parse_filter_block },
	};
	struct stmt *s = NULL;

	if (r->ps.depth++ > TEMPLATE_DEPTH_MAX)
		return fail(r, "nested too deeply");
	for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
		if (parser_take_word(&r->ps, statements[i].word)) {
			s = statements[i].parse(r);
			finish_tag(r);
			break;
		}
	}
	r->ps.depth--;
	return s ? s : fail(r, "an unknown statement");
}

static void open_tag(struct reader *r, struct sv inside)
{
	r->ps.p = inside.p;
	r->ps.end = inside.p + inside.n;
	parser_lex(&r->ps);
}

static bool at_end_word(struct reader *r, const char *const *ends)
{
	for (; ends && *ends; ends++) {
		if (parser_is_word(&r->ps, *ends))
			return true;
	}
	return false;
}

/* Statements up to a tag that begins with one of `ends`, which is left in front; without `ends` up to the end. */
static struct stmt *parse_body(struct reader *r, const char *const *ends)
{
	struct stmt *first = NULL;
	struct stmt **link = &first;

	while (!r->ps.failed && r->next < r->count) {
		struct segment *segment = &r->segments[r->next++];
		struct stmt *s;

		if (segment->kind == SEG_TEXT) {
			s = new_stmt(r, STMT_TEXT);
			s->text = segment->text;
		} else {
			open_tag(r, segment->text);
			if (segment->kind == SEG_BLOCK && at_end_word(r, ends))
				return first;
			if (segment->kind == SEG_BLOCK) {
				s = parse_statement(r);
			} else {
				s = new_stmt(r, STMT_OUTPUT);
				s->expr = parser_tuple(&r->ps);
				finish_tag(r);
			}
		}
		*link = s;
		if (s)
			link = &s->next;
	}
	if (ends)
		fail(r, "a block is not closed");
	return first;
}

struct stmt *template_parse(struct arena *arena, struct sv source, struct err *err)
{
	struct reader r = { .ps = { .arena = arena, .begin = source.p, .p = source.p, .err = err } };
	struct stmt *first;

	if (source.n && source.p[source.n - 1] == '\n')
		source.n--;
	r.ps.end = source.p + source.n;
	cut(&r, source);
	if (!r.count && !r.ps.failed)
		return new_stmt(&r, STMT_TEXT);
	first = r.ps.failed ? NULL : parse_body(&r, NULL);
	return r.ps.failed ? NULL : first;
}
