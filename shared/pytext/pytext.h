/*
 * pytext: Python's methods of texts on UTF-8, and its regular expressions.
 *
 * Lengths and indices count code points. Functions that append return -1 when the buffer is full. All texts given must be
 * valid UTF-8, as values are.
 */
#ifndef PYTEXT_PYTEXT_H
#define PYTEXT_PYTEXT_H

#include "value/value.h"

/* ---- characters --------------------------------------------------------------------------------------- */

/* str.isspace: Unicode white space and U+001C to U+001F, not U+200B, not U+FEFF. */
bool pytext_is_space(uint32_t cp);
/* str.isalpha, str.isalnum, str.isdecimal of one character. */
bool pytext_is_alpha(uint32_t cp);
bool pytext_is_alnum(uint32_t cp);
bool pytext_is_decimal(uint32_t cp);
bool pytext_is_upper(uint32_t cp);
bool pytext_is_lower(uint32_t cp);

/* ---- positions ---------------------------------------------------------------------------------------- */

/* The byte at which code point `index` begins; text.n when the text is shorter. */
size_t pytext_offset(struct sv text, int64_t index);
/* text[start:stop], negative bounds counting from the end; NULL for a bound left out. Part of `text`. */
struct sv pytext_slice(struct sv text, const int64_t *start, const int64_t *stop);
/* Appends text[start:stop:step]; step must not be 0. */
int pytext_slice_step(struct buf *out, struct sv text, const int64_t *start, const int64_t *stop, int64_t step);

/* ---- searching ---------------------------------------------------------------------------------------- */

bool pytext_starts(struct sv text, struct sv prefix);
bool pytext_ends(struct sv text, struct sv suffix);
/* Byte offset of the first (last) occurrence, -1 when there is none; an empty needle is found at the begin (end). */
int64_t pytext_find(struct sv text, struct sv needle);
int64_t pytext_rfind(struct sv text, struct sv needle);
/* str.find and str.rfind with code point bounds as in slices; gives a code point index or -1. */
int64_t pytext_index(struct sv text, struct sv needle, int64_t start, int64_t end, bool from_end);
/* str.count: occurrences that do not overlap. */
int64_t pytext_count(struct sv text, struct sv needle);

/* ---- cutting and joining ------------------------------------------------------------------------------ */

struct sv pytext_strip(struct sv text, bool left, bool right);
/* str.strip(chars): every character of `chars` at both ends. */
struct sv pytext_strip_chars(struct sv text, struct sv chars, bool left, bool right);
/* str.split(separator, max): a list of texts; max < 0 for no limit. An empty separator gives NULL. */
struct value *pytext_split(struct sv text, struct sv separator, int64_t max);
/* str.split() on runs of white space. */
struct value *pytext_split_space(struct sv text, int64_t max);
/* str.splitlines(keep): \n \r \r\n VT FF U+001C-1E U+0085 U+2028 U+2029. */
struct value *pytext_lines(struct sv text, bool keep);
/* How many parts split() and splitlines() would give. */
int64_t pytext_word_count(struct sv text);
/* str.replace(old, new, max): an empty `old` stands between all characters. */
int pytext_replace(struct buf *out, struct sv text, struct sv old, struct sv new_text, int64_t max);

/* ---- case and normal forms ---------------------------------------------------------------------------- */

enum pytext_case {
	PYTEXT_UPPER,
	PYTEXT_LOWER,
	PYTEXT_TITLE,      /* str.title: a word begins behind every character without case */
	PYTEXT_CAPITALIZE, /* first character in title case, the rest in lower case */
	PYTEXT_SWAPCASE
};

/* The full mappings: one character may become several; sigma at the end of a word. */
int pytext_case(struct buf *out, struct sv text, enum pytext_case to);
/* Memory of the caller (free()); *len may be NULL. */
char *pytext_lower(struct sv text, size_t *len);
/* NFKD. -1 when the buffer is full. */
int pytext_nfkd(struct buf *out, struct sv text);
/* The canonical combining class is not 0 (unicodedata.combining). */
bool pytext_is_combining(uint32_t cp);

/* ---- regular expressions (Python's re, executed by PCRE2 with limits) ---------------------------------- */

enum pyre_flags {
	PYRE_IGNORECASE = 1,
	PYRE_MULTILINE = 2,
	PYRE_DOTALL = 4,
	PYRE_VERBOSE = 8,
	PYRE_ASCII = 16
};

enum pyre_mode { PYRE_SEARCH, PYRE_MATCH, PYRE_FULLMATCH };

struct pyre;
/* Byte bounds of groups 0…count-1 in the subject; both are PYRE_UNSET for a group that did not take part. */
#define PYRE_UNSET ((size_t)-1)

/* A pattern in Python's syntax, at most 64 KiB; NULL with the reason. Free with pyre_free (takes NULL). */
struct pyre *pyre_compile(struct sv pattern, int flags, struct err *err);
void pyre_free(struct pyre *re);
/* Groups without group 0. */
int pyre_groups(const struct pyre *re);
/* The number of a named group, -1 when there is none. */
int pyre_group_named(const struct pyre *re, struct sv name);
/* Looks for a match from byte `from` on; `not_empty` refuses an empty one at `from` itself. 1 found, 0 not, -1 with the
 * reason (limits: a pattern that takes too long). */
int pyre_exec(struct pyre *re, struct sv subject, size_t from, enum pyre_mode mode, bool not_empty, struct err *err);
/* Group n of the last match. */
void pyre_span(const struct pyre *re, int n, size_t *begin, size_t *end);
/* The text of group n of the last match as a value: `unset` (a new reference of it) when it did not take part. */
struct value *pyre_group(const struct pyre *re, struct sv subject, int n, struct value *unset);

/* finditer: begin with pyre_iter, then pyre_next gives 1 for each match, 0 at the end, -1 on an error. */
struct pyre_iter {
	struct pyre *re;
	struct sv subject;
	size_t at;
	bool not_empty;
	bool done;
};
struct pyre_iter pyre_iter(struct pyre *re, struct sv subject);
int pyre_next(struct pyre_iter *iter, struct err *err);

/* re.sub: `replacement` knows \1 \g<name> \g<0> \n …; count 0 for all, below 0 for none. */
int pyre_sub(struct buf *out, struct pyre *re, struct sv replacement, struct sv subject, int64_t count, struct err *err)
	MUST_CHECK;
/* re.split: a list of texts, with the groups between them (null for one that did not take part). NULL with the reason. */
struct value *pyre_split(struct pyre *re, struct sv subject, int64_t max, struct err *err);
/* re.escape. */
int pyre_escape(struct buf *out, struct sv text);

#endif
