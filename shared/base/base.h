/*
 * base: memory, bounded buffers, errors, logging, time, ids, configuration.
 *
 * Everything else stands on this header; it depends on nothing of ours.
 *
 * Conventions of the whole tree
 *   - A function that can fail returns 0 or -1 (or a pointer or NULL) and explains itself in a `struct err`.
 *   - "arena" arguments own what the function returns; nothing from an arena is freed one by one.
 *   - Running out of memory is fatal (xmalloc and friends log and abort): a half-done request is worth less than
 *     a restarted process. Sizes that come from outside are bounded before they reach an allocation.
 */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first), nonnull(fmt)))
#define MUST_CHECK __attribute__((warn_unused_result))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* ---- memory ------------------------------------------------------------------------------------------- */

/* malloc and friends that never return NULL: they log and abort. Free with free(). */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t len);
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Memory of one request: allocated in blocks, freed at once. Not thread safe. */
struct arena;
struct arena *arena_new(void);
void arena_free(struct arena *arena);
/* Forgets everything in the arena and keeps one block for the next request. */
void arena_reset(struct arena *arena);
/* Zeroed memory, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t len);
char *arena_printf(struct arena *arena, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Runs `fn(ptr)` when the arena is reset or freed, newest first: for things that are no memory (values, files). */
void arena_defer(struct arena *arena, void (*fn)(void *), void *ptr);

/* ---- bounded buffers ---------------------------------------------------------------------------------- */

/* A growing byte buffer with a mandatory limit. Once an append would pass `max`, `failed` is set, that append and all
 * later ones are dropped and return -1: check once at the end. `data` is always NUL-terminated when cap > 0. */
struct buf {
	char *data;
	size_t len;
	size_t cap;
	size_t max;
	bool failed;
};

/* Named limits: one place to see what the server is ready to hold in memory. Bytes. */
#define BUF_MAX_SMALL ((size_t)64 << 10)     /* headers, paths, log lines */
#define BUF_MAX_BODY ((size_t)128 << 20)     /* a JSON body, a WebSocket message */
#define BUF_MAX_RESPONSE ((size_t)256 << 20) /* a JSON response */

void buf_init(struct buf *buf, size_t max);
void buf_free(struct buf *buf);
/* Empties the buffer and keeps its memory. */
void buf_reset(struct buf *buf);
int buf_add(struct buf *buf, const void *data, size_t len);
int buf_adds(struct buf *buf, const char *text);
/* What buf_addc does when there is no room yet; not for callers. */
int buf_addc_slow(struct buf *buf, char c);
static inline int buf_addc(struct buf *buf, char c)
{
	if (buf->len + 1 >= buf->cap || buf->len >= buf->max || buf->failed)
		return buf_addc_slow(buf, c);
	buf->data[buf->len++] = c;
	buf->data[buf->len] = '\0';
	return 0;
}
int buf_printf(struct buf *buf, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Makes room for `len` more bytes and returns where they go (NULL past the limit); the caller adds to buf->len. */
char *buf_reserve(struct buf *buf, size_t len);
/* Removes the first `len` bytes. */
void buf_consume(struct buf *buf, size_t len);
/* Hands the memory over to the caller (free()), leaves the buffer empty. Never NULL. */
char *buf_take(struct buf *buf);

/* ---- string views ------------------------------------------------------------------------------------- */

struct sv {
	const char *p;
	size_t n;
};

#define SV_LIT(s) ((struct sv){ (s), sizeof(s) - 1 })
struct sv sv_of(const char *text);
bool sv_eq(struct sv a, const char *text);
bool sv_eq_nocase(struct sv a, const char *text);
struct sv sv_trim(struct sv a);
/* Cuts the part before the first `sep` off `rest` into `part`; false when `rest` is used up (rest->p == NULL). */
bool sv_split(struct sv *rest, char sep, struct sv *part);
bool str_starts(const char *text, const char *prefix);
bool str_ends(const char *text, const char *suffix);
/* True when the bytes are valid UTF-8 (no surrogates, nothing above U+10FFFF). */
bool utf8_valid(const char *text, size_t len);
/* Takes what is no UTF-8 out of the text, such as half a character where a text was cut; in place. */
void utf8_clean(char *text);
/* Number of code points in valid UTF-8. */
size_t utf8_length(const char *text, size_t len);
/* Writes one code point (at most 4 bytes) and returns how many bytes it took. */
size_t utf8_encode(uint32_t cp, char out[4]);
/* Decodes one code point of valid UTF-8 at *pos and moves *pos behind it; 0xFFFD and one byte for a bad one. */
uint32_t utf8_decode(const char *text, size_t len, size_t *pos);

/* ---- errors ------------------------------------------------------------------------------------------- */

/* The reason of a failure, with the HTTP status that a client should see. `detail` is shown to clients: no secrets,
 * no paths of this machine. */
struct err {
	int status;
	char detail[1024];
};

/* Fills the error (which may be NULL) and returns -1, so that callers can `return err_set(...)`. */
int err_set(struct err *err, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* ---- log ---------------------------------------------------------------------------------------------- */

enum log_level { LOG_LVL_ERROR, LOG_LVL_WARN, LOG_LVL_INFO, LOG_LVL_DEBUG };

/* Names the program in each line; level from LOG_LEVEL (else DEBUG, NODETOOL_LOG_LEVEL; default INFO); to stderr, or to
 * syslog when NODETOOL_LOG=syslog, or to stderr as one JSON object a line ({time, level, program, pid, job, node, request,
 * message}) when it is "json". One line per call, cut at 4 KiB, control characters escaped. */
void log_init(const char *program);
void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);
/* The id of the request that every following line carries; NULL for none. Copied. Per thread. */
void log_set_context(const char *id);
/* The same for the job, and for the node that is at work (lent until the next call). */
void log_set_job(const char *id);
void log_set_node(const char *id);
void log_msg(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* One line about a job, for who has many. */
void log_job(enum log_level level, const char *job_id, const char *fmt, ...) PRINTF_LIKE(3, 4);
#define log_error(...) log_msg(LOG_LVL_ERROR, __VA_ARGS__)
#define log_warn(...) log_msg(LOG_LVL_WARN, __VA_ARGS__)
#define log_info(...) log_msg(LOG_LVL_INFO, __VA_ARGS__)
#define log_debug(...)                                 \
	do {                                           \
		if (log_enabled(LOG_LVL_DEBUG))        \
			log_msg(LOG_LVL_DEBUG, __VA_ARGS__); \
	} while (0)

/* ---- files (file.c) ----------------------------------------------------------------------------------- */

/* Appends the whole file. -1 with the reason, which names the file without its folder: status 404 when it is not there,
 * 413 past the buffer's limit, else 500. */
int file_read(const char *path, struct buf *out, struct err *err) MUST_CHECK;
/* Puts the bytes into the place of the file: a reader sees the old file or the whole new one, which is on the disk when
 * this returns. -1 with the reason (507 when the disk is full), the old file as it was. */
int file_replace(const char *path, const void *data, size_t len, mode_t mode, struct err *err) MUST_CHECK;

/* ---- time --------------------------------------------------------------------------------------------- */

#define TIME_TEXT_MAX 40

/* Microseconds since 1970 (wall clock), and since some fixed point (monotonic). */
int64_t time_now_us(void);
int64_t time_mono_us(void);
/* The original's column form: local time `YYYY-MM-DDTHH:MM:SS.ffffff` without zone, the fraction left out when it is 0
 * (notes-workflows section 1). `sep` is 'T', or ' ' for the form inside ETags. Returns `out`. */
char *time_local(int64_t us, char sep, char out[TIME_TEXT_MAX]);
/* The same in UTC with `+00:00` behind it (migrations, oauth) or "Z" (users file). */
char *time_utc(int64_t us, const char *zone, char out[TIME_TEXT_MAX]);
/* Now, in the column form. */
char *time_stamp(char out[TIME_TEXT_MAX]);
/* Reads any ISO form that the original writes (T or blank, fraction or none, no zone = local, Z, +hh:mm).
 * -1 when it is no time. */
int time_parse(const char *text, int64_t *us) MUST_CHECK;
/* `Sun, 06 Nov 1994 08:49:37 GMT`, and back. */
char *time_http(int64_t us, char out[TIME_TEXT_MAX]);
int time_parse_http(const char *text, int64_t *us) MUST_CHECK;

/* ---- ids ---------------------------------------------------------------------------------------------- */

#define ID_LEN 32
#define ID_SIZE 40 /* room for an id with dashes and its NUL */

/* 32 hex digits whose text order is the order of creation: a version 7 UUID, strictly ascending in one process. */
void id_new(char out[ID_SIZE]);
/* A random (version 4) UUID without dashes. */
void id_random(char out[ID_SIZE]);
/* The one check for ids from outside that become part of a file name or a lookup key: 1 to 128 of [A-Za-z0-9_-]. */
bool id_safe(const char *text);
/* `count` random bytes as URL-safe base64 without padding (tokens). Caller frees. */
char *random_token(size_t count);
void random_bytes(void *out, size_t count);

/* ---- encodings ---------------------------------------------------------------------------------------- */

/* Appends base64 (standard or URL-safe alphabet, with padding). */
int base64_encode(struct buf *out, const void *data, size_t len, bool url);
/* Appends the decoded bytes; accepts both alphabets, white space, missing padding. -1 when it is no base64. */
int base64_decode(struct buf *out, const char *text, size_t len) MUST_CHECK;
void hex_encode(const void *data, size_t len, char *out);
/* Lower-case hex MD5 (ETags: a fingerprint, not security) and SHA-256. */
void md5_hex(const void *data, size_t len, char out[33]);
void sha256_hex(const void *data, size_t len, char out[65]);

/* ---- configuration ------------------------------------------------------------------------------------ */

/* Reads .env files (working folder; never overriding the environment) and settings.yaml
 * (~/.config/nodetool/settings.yaml). Call once at start, again on SIGHUP. A file that cannot be parsed is an error. */
int config_load(struct err *err) MUST_CHECK;
/* Loads again when settings.yaml has changed on disk since the last load: one stat. Long-lived programs call it once per
 * request or command; a file that has become unreadable keeps the old settings and is logged. */
void config_refresh(void);
/* The value of a setting: settings.yaml unless null or "", then the environment, then the default of notes-rest; NULL
 * when there is none. Valid until the next config_load or
 * config_refresh. */
const char *config_get(const char *name);
/* Only what settings.yaml holds (GET /api/settings shows that), NULL when absent. */
const char *config_get_stored(const char *name);
bool config_bool(const char *name, bool fallback);
/* Reads a whole number within [min, max]; anything else logs a warning and gives the fallback. */
int64_t config_int(const char *name, int64_t min, int64_t max, int64_t fallback);
/* $HOME, or the password file's home; never NULL. */
const char *config_home(void);
/* DB_PATH, ASSET_FOLDER and the like with "~" expanded and their defaults under HOME. */
const char *config_db_path(void);
const char *config_asset_folder(void);
/* Folder of sockets, pid files and the temporary store (NODETOOL_RUN_DIR; default ~/.local/share/nodetool/run). */
const char *config_run_dir(void);
/* Folder with node metadata, the OpenAPI document, pages (NODETOOL_SHARE_DIR; default the installed pkgdatadir). */
const char *config_share_dir(void);
bool config_production(void);

/* ---- requests served ---------------------------------------------------------------------------------- */

/* The number of requests (runs) that this process has served, in a file of config_run_dir() that the processes of one
 * server share; nodetoolctl status shows it. Nothing happens in a process that no supervisor started. Call served_open
 * once, after config_load. */
void served_open(void);
void served_count(void);
/* Every living process that counts. */
void served_each(void (*fn)(int64_t pid, int64_t served));

#endif
