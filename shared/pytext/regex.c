/* Regular expressions: compiling, matching with limits, replacing, splitting. */
#include "pytext/regex_internal.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <ctype.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#define PATTERN_MAX ((size_t)64 << 10)
#define MATCH_LIMIT 20000000
#define DEPTH_LIMIT 100000
#define HEAP_LIMIT_KIB (64 << 10)

struct pyre {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
	int groups;
	bool jit;
	struct value *names; /* map name -> number */
	const char *checked; /* subject whose UTF-8 was checked last */
	size_t checked_len;
};

static void set_limits(struct pyre *re)
{
	re->limits = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(re->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(re->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(re->limits, HEAP_LIMIT_KIB);
}

static uint32_t options_of(int flags)
{
	uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_ALT_CIRCUMFLEX | PCRE2_NEVER_BACKSLASH_C;

	if (flags & PYRE_IGNORECASE)
		options |= PCRE2_CASELESS;
	if (flags & PYRE_MULTILINE)
		options |= PCRE2_MULTILINE;
	if (flags & PYRE_DOTALL)
		options |= PCRE2_DOTALL;
	return options;
}

static int compile_translated(struct pyre *re, const struct translation *t, struct err *err)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	PCRE2_UCHAR message[128];
	PCRE2_SIZE offset;
	int code;

	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	re->code = pcre2_compile((PCRE2_SPTR)(t->out->data ? t->out->data : ""), t->out->len, options_of(t->flags), &code,
				 &offset, context);
	pcre2_compile_context_free(context);
	if (!re->code) {
		pcre2_get_error_message(code, message, sizeof(message));
		return err_set(err, 400, "%s", (const char *)message);
	}
	re->jit = pcre2_jit_compile(re->code, PCRE2_JIT_COMPLETE) == 0;
	re->data = pcre2_match_data_create_from_pattern(re->code, NULL);
	set_limits(re);
	return 0;
}

struct pyre *pyre_compile(struct sv pattern, int flags, struct err *err)
{
	struct pyre *re = xcalloc(1, sizeof(*re));
	struct buf out;
	struct translation *t = xcalloc(1, sizeof(*t));
	int status = -1;

	buf_init(&out, PATTERN_MAX * 16);
	*t = (struct translation){ .pattern = pattern, .flags = flags, .out = &out, .err = err };
	re->names = value_map();
	if (pattern.n > PATTERN_MAX)
		err_set(err, 400, "the pattern is longer than %zu bytes", PATTERN_MAX);
	else if (pyre_translate(t) == 0)
		status = compile_translated(re, t, err);
	re->groups = t->groups;
	for (size_t i = 0; i < t->name_count; i++)
		map_setn(re->names, t->names[i].name.p, t->names[i].name.n, value_int(t->names[i].number));
	free(t->names);
	free(t);
	buf_free(&out);
	if (status < 0) {
		pyre_free(re);
		return NULL;
	}
	return re;
}

void pyre_free(struct pyre *re)
{
	if (!re)
		return;
	pcre2_match_context_free(re->limits);
	pcre2_match_data_free(re->data);
	pcre2_code_free(re->code);
	value_unref(re->names);
	free(re);
}

int pyre_groups(const struct pyre *re)
{
	return re->groups;
}

int pyre_group_named(const struct pyre *re, struct sv name)
{
	const struct value *number = map_getn(re->names, name.p, name.n);

	return number ? (int)value_as_int(number) : -1;
}

/* ---- matching ----------------------------------------------------------------------------------------- */

int pyre_exec(struct pyre *re, struct sv subject, size_t from, enum pyre_mode mode, bool not_empty, struct err *err)
{
	PCRE2_SPTR text = (PCRE2_SPTR)(subject.p ? subject.p : "");
	uint32_t options = not_empty ? PCRE2_NOTEMPTY_ATSTART : 0;
	PCRE2_UCHAR message[128];
	int status;

	if (mode != PYRE_SEARCH)
		options |= PCRE2_ANCHORED;
	if (mode == PYRE_FULLMATCH)
		options |= PCRE2_ENDANCHORED;
	/* a subject is checked once, not at every step through it */
	if (re->checked != subject.p || re->checked_len != subject.n || from == 0) {
		if (!utf8_valid((const char *)text, subject.n))
			return err_set(err, 400, "the text is not valid UTF-8");
		re->checked = subject.p;
		re->checked_len = subject.n;
	}
	options |= PCRE2_NO_UTF_CHECK;
	status = pcre2_match(re->code, text, subject.n, from, options, re->data, re->limits);
	if (status == PCRE2_ERROR_JIT_STACKLIMIT)
		status = pcre2_match(re->code, text, subject.n, from, options | PCRE2_NO_JIT, re->data, re->limits);
	if (status == PCRE2_ERROR_NOMATCH)
		return 0;
	if (status < 0) {
		pcre2_get_error_message(status, message, sizeof(message));
		return err_set(err, 400, "the pattern cannot be matched: %s", (const char *)message);
	}
	return 1;
}

void pyre_span(const struct pyre *re, int n, size_t *begin, size_t *end)
{
	const PCRE2_SIZE *bounds = pcre2_get_ovector_pointer(re->data);

	*begin = bounds[2 * n];
	*end = bounds[2 * n + 1];
}

struct value *pyre_group(const struct pyre *re, struct sv subject, int n, struct value *unset)
{
	size_t begin;
	size_t end;

	pyre_span(re, n, &begin, &end);
	if (begin == PYRE_UNSET)
		return value_ref(unset);
	return value_strn(subject.p + begin, end - begin);
}

struct pyre_iter pyre_iter(struct pyre *re, struct sv subject)
{
	return (struct pyre_iter){ .re = re, .subject = subject };
}

int pyre_next(struct pyre_iter *iter, struct err *err)
{
	size_t begin;
	size_t end;
	int found;

	if (iter->done)
		return 0;
	found = pyre_exec(iter->re, iter->subject, iter->at, PYRE_SEARCH, iter->not_empty, err);
	if (found <= 0) {
		iter->done = true;
		return found;
	}
	pyre_span(iter->re, 0, &begin, &end);
	iter->at = end;
	iter->not_empty = begin == end;
	return 1;
}

/* ---- replacing ---------------------------------------------------------------------------------------- */

/* A piece of a replacement: text, or the text of a group. */
struct piece {
	char *text;
	size_t len;
	int group; /* -1: text */
};

struct template {
	struct piece *pieces;
	size_t count;
	struct buf text; /* the text piece in work */
};

static void template_flush(struct template *t, int group)
{
	if (t->text.len) {
		t->pieces = xrealloc(t->pieces, (t->count + 1) * sizeof(*t->pieces));
		t->pieces[t->count++] = (struct piece){ xstrndup(t->text.data, t->text.len), t->text.len, -1 };
		buf_reset(&t->text);
	}
	if (group >= 0) {
		t->pieces = xrealloc(t->pieces, (t->count + 1) * sizeof(*t->pieces));
		t->pieces[t->count++] = (struct piece){ NULL, 0, group };
	}
}

static void template_free(struct template *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->pieces[i].text);
	free(t->pieces);
	buf_free(&t->text);
}

static int template_group(struct template *t, const struct pyre *re, int group, struct err *err)
{
	if (group < 0 || group > re->groups)
		return err_set(err, 400, "replacement: invalid group reference %d", group);
	template_flush(t, group);
	return 0;
}

/* \g<name> or \g<number>, *p behind the g. */
static int template_name(struct template *t, const struct pyre *re, const char **p, const char *end, struct err *err)
{
	const char *close = *p < end && **p == '<' ? memchr(*p, '>', (size_t)(end - *p)) : NULL;
	struct sv name;
	int group;

	if (!close)
		return err_set(err, 400, "replacement: missing group name");
	name = (struct sv){ *p + 1, (size_t)(close - *p - 1) };
	*p = close + 1;
	group = pyre_group_named(re, name);
	if (group < 0) {
		if (!name.n || name.n > 4 || strspn(name.p, "0123456789") < name.n)
			return err_set(err, 400, "replacement: unknown group name '%.*s'", (int)name.n, name.p);
		group = (int)strtol(name.p, NULL, 10);
	}
	return template_group(t, re, group, err);
}

static bool is_octal(const char *p, const char *end)
{
	return p < end && *p >= '0' && *p <= '7';
}

/* \0, \012, \1, \12, \123 (octal): *p on the first digit. */
static int template_number(struct template *t, const struct pyre *re, const char **p, const char *end, struct err *err)
{
	int number = **p - '0';
	bool octal = number == 0 || (number <= 7 && is_octal(*p + 1, end) && is_octal(*p + 2, end));
	char utf8[4];

	(*p)++;
	if (octal) {
		for (int i = 0; i < 2 && is_octal(*p, end); i++)
			number = number * 8 + (*(*p)++ - '0');
		if (number > 0377)
			return err_set(err, 400, "replacement: octal escape out of range");
		return buf_add(&t->text, utf8, utf8_encode((uint32_t)number, utf8));
	}
	if (*p < end && isdigit((unsigned char)**p))
		number = number * 10 + (*(*p)++ - '0');
	return template_group(t, re, number, err);
}

static int template_escape(struct template *t, const struct pyre *re, const char **p, const char *end, struct err *err)
{
	static const char letters[] = "abfnrtv\\";
	static const char meanings[] = "\a\b\f\n\r\t\v\\";
	const char *at;

	if (*p == end)
		return err_set(err, 400, "replacement: bad escape (end of text)");
	if (isdigit((unsigned char)**p))
		return template_number(t, re, p, end, err);
	if (**p == 'g') {
		(*p)++;
		return template_name(t, re, p, end, err);
	}
	at = **p ? strchr(letters, **p) : NULL;
	if (at) {
		(*p)++;
		return buf_addc(&t->text, meanings[at - letters]);
	}
	if (isalpha((unsigned char)**p))
		return err_set(err, 400, "replacement: bad escape \\%c", **p);
	return buf_addc(&t->text, '\\'); /* the character itself follows as text */
}

static int template_parse(struct template *t, const struct pyre *re, struct sv text, struct err *err)
{
	const char *p = text.p;
	const char *end = text.p + text.n;

	buf_init(&t->text, BUF_MAX_BODY);
	while (p < end) {
		const char *mark = memchr(p, '\\', (size_t)(end - p));

		buf_add(&t->text, p, (size_t)((mark ? mark : end) - p));
		if (!mark)
			break;
		p = mark + 1;
		if (template_escape(t, re, &p, end, err) < 0)
			return -1;
	}
	template_flush(t, -1);
	return 0;
}

static void template_expand(struct buf *out, const struct template *t, const struct pyre *re, struct sv subject)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct piece *piece = &t->pieces[i];
		size_t begin;
		size_t end;

		if (piece->group < 0) {
			buf_add(out, piece->text, piece->len);
			continue;
		}
		pyre_span(re, piece->group, &begin, &end);
		if (begin != PYRE_UNSET)
			buf_add(out, subject.p + begin, end - begin);
	}
}

int pyre_sub(struct buf *out, struct pyre *re, struct sv replacement, struct sv subject, int64_t count, struct err *err)
{
	struct template template = { 0 };
	struct pyre_iter iter = pyre_iter(re, subject);
	size_t done = 0;
	int found = 0;
	int status = -1;

	if (template_parse(&template, re, replacement, err) < 0)
		goto out;
	for (int64_t i = 0; count == 0 || i < count; i++) {
		size_t begin;
		size_t end;

		found = pyre_next(&iter, err);
		if (found <= 0)
			break;
		pyre_span(re, 0, &begin, &end);
		buf_add(out, subject.p + done, begin - done);
		template_expand(out, &template, re, subject);
		done = end;
	}
	if (found < 0)
		goto out;
	buf_add(out, subject.p + done, subject.n - done);
	status = out->failed ? err_set(err, 400, "the result is too long") : 0;
out:
	template_free(&template);
	return status;
}

struct value *pyre_split(struct pyre *re, struct sv subject, int64_t max, struct err *err)
{
	struct pyre_iter iter = pyre_iter(re, subject);
	struct value *parts = value_list();
	size_t done = 0;
	int found = 0;

	for (int64_t i = 0; max == 0 || i < max; i++) {
		size_t begin;
		size_t end;

		found = pyre_next(&iter, err);
		if (found <= 0)
			break;
		pyre_span(re, 0, &begin, &end);
		list_push(parts, value_strn(subject.p + done, begin - done));
		for (int g = 1; g <= re->groups; g++)
			list_push(parts, pyre_group(re, subject, g, value_null()));
		done = end;
	}
	if (found < 0) {
		value_unref(parts);
		return NULL;
	}
	list_push(parts, value_strn(subject.p + done, subject.n - done));
	return parts;
}

int pyre_escape(struct buf *out, struct sv text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] && strchr("()[]{}?*+-|^$\\.&~# \t\n\r\v\f", text.p[i]))
			buf_addc(out, '\\');
		buf_addc(out, text.p[i]);
	}
	return out->failed ? -1 : 0;
}
