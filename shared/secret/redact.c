/* Taking secrets out of texts that leave the server: see secret.h. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "secret/secret.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "db/db.h"
#include "model/model.h"
#include "model/oauth_credential.h"
#include "settings/settings.h"
#include "value/value.h"
#include "value/yaml.h"

#define SECRET_MIN 4 /* bytes: shorter ones would take words apart */
#define MATCH_LIMIT 1000000

extern char **environ;

struct redactor {
	struct value *known; /* list of texts; sorted, the longest first, before use */
	bool sorted;
	pcre2_code *forms;
	pcre2_match_data *match;
	pcre2_match_context *limits;
};

/* ---- names ---------------------------------------------------------------------------------------------- */

#define SOUNDS                                                                                                       \
	"api[_-]?key|apikey|access[_-]?key(?:[_-]?id)?|secret[_-]?key|private[_-]?key|master[_-]?key|encryption[_-]?key|" \
	"account[_-]?key|passwords?|passwd|passphrase|secret|client[_-]?secret|token|authorization|credentials?|cookie"

/* Ends a name: api_key, OPENAI_API_KEY, accessToken, X-Admin-Token. */
bool secret_sounds(struct sv name)
{
	static const char *const ends[] = {
		"api_key",    "apikey",	   "api-key",	 "access_key",	  "accesskey",	"access_key_id", "secret_key", "secretkey",
		"private_key", "privatekey", "master_key", "encryption_key", "account_key", "password",	 "passwords",  "passwd",
		"passphrase", "secret",	   "token",	 "authorization", "credential", "credentials",	 "cookie",     "app_password",
		"supabase_key",
	};

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		size_t n = strlen(ends[i]);
		struct sv tail = { name.p + name.n - n, n };

		if (name.n >= n && sv_eq_nocase(tail, ends[i]))
			return true;
	}
	return false;
}

/* ---- what is known -------------------------------------------------------------------------------------- */

static void add_sv(struct redactor *r, struct sv secret)
{
	if (secret.n < SECRET_MIN)
		return;
	list_push(r->known, value_strn(secret.p, secret.n));
	r->sorted = false;
}

/* The value as it may stand in a JSON text or in an address. */
static void add_forms(struct redactor *r, struct sv secret)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	struct buf form;

	buf_init(&form, BUF_MAX_SMALL);
	add_sv(r, secret);
	if (json_write_str(&form, secret.p, secret.n, JSON_COMPACT) == 0 && form.len != secret.n + 2)
		add_sv(r, (struct sv){ form.data + 1, form.len - 2 });
	buf_reset(&form);
	for (size_t i = 0; i < secret.n; i++) {
		if (secret.p[i] && strchr(plain, secret.p[i]))
			buf_addc(&form, secret.p[i]);
		else
			buf_printf(&form, "%%%02X", (unsigned char)secret.p[i]);
	}
	if (!form.failed && form.len != secret.n)
		add_sv(r, (struct sv){ form.data, form.len });
	buf_free(&form);
}

void redactor_add(struct redactor *r, const char *secret)
{
	if (secret)
		add_forms(r, sv_trim(sv_of(secret)));
}

/* Every entry of settings and environment whose name says what it is. */
static int add_settings(struct redactor *r, struct err *err)
{
	struct value *settings = settings_read(err);
	struct value *v;
	struct sv name;

	if (!settings)
		return -1;
	for (size_t i = 0; map_entry(settings, i, &name, &v); i++) {
		if (secret_sounds(name) && value_is(v, VALUE_STR))
			add_forms(r, value_sv(v));
	}
	value_unref(settings);
	for (size_t i = 0; i < settings_count(); i++) {
		if (settings_at(i)->secret)
			redactor_add(r, config_get(settings_at(i)->name));
	}
	for (char **e = environ; *e; e++) {
		const char *equals = strchr(*e, '=');

		if (equals && secret_sounds((struct sv){ *e, (size_t)(equals - *e) }))
			redactor_add(r, equals + 1);
	}
	return 0;
}

/* What the server made for itself. */
static void add_own(struct redactor *r)
{
	char *path = xasprintf("%s/.config/nodetool/deployment.yaml", config_home());
	struct err err = { 0 };
	struct value *deployment = yaml_file_read(path, &err);

	redactor_add(r, map_str(deployment, "server_auth_token", NULL));
	redactor_add(r, config_get("SERVER_AUTH_TOKEN"));
	redactor_add(r, secret_master_key(false, &err));
	value_unref(deployment);
	free(path);
}

struct opening {
	struct redactor *r;
	const char *user_id;
	struct arena *arena;
};

static void add_encrypted(struct opening *o, struct sv token)
{
	struct err err = { 0 };
	struct buf plain;

	if (!token.n)
		return;
	buf_init(&plain, BUF_MAX_SMALL);
	add_sv(o->r, token);
	if (secret_decrypt(o->user_id, arena_strndup(o->arena, token.p, token.n), &plain, &err) == 0 && plain.len)
		add_forms(o->r, sv_trim((struct sv){ plain.data, plain.len }));
	secret_wipe(&plain);
}

static int add_stored(const struct stored_secret *s, void *arg)
{
	add_encrypted(arg, s->c[SECRET_ENCRYPTED_VALUE]);
	return 0;
}

static int add_account(const struct oauth_credential *c, void *arg)
{
	add_encrypted(arg, c->c[OAUTH_ENCRYPTED_ACCESS_TOKEN]);
	add_encrypted(arg, c->c[OAUTH_ENCRYPTED_REFRESH_TOKEN]);
	return 0;
}

static int add_of_user(struct redactor *r, const char *user_id, struct err *err)
{
	static const char *const services[] = { "huggingface", "github" };
	struct opening o = { .r = r, .user_id = user_id, .arena = arena_new() };
	struct db *db = db_default(err);
	int rc = db ? stored_secret_list(db, o.arena, user_id, add_stored, &o, err) : -1;

	for (size_t i = 0; !rc && i < ARRAY_LEN(services); i++)
		rc = oauth_credential_list(db, o.arena, user_id, services[i], add_account, &o, err);
	arena_free(o.arena);
	return rc;
}

/* ---- forms ---------------------------------------------------------------------------------------------- */

/* What looks like a secret, whoever's it is. \K: what stands before it stays. */
static const char forms[] =
	"(?i:(?:" SOUNDS ")(?![a-z0-9_])\\\\?[\"']?\\s*[=:]\\s*)\\K"
	"(?:\\\\?\"[^\"\\n]*\"|'[^'\\n]*'|(?i:bearer\\s+|basic\\s+)?(?!\\[removed)[^\\s\"'\\\\,;&})\\]]{4,})"
	"|(?i:\\bbearer\\s+)\\K[A-Za-z0-9._~+/=-]{8,}"
	"|://[^\\s/@:]{0,128}:\\K[^\\s/@]{1,256}(?=@)"
	"|\\b(?:sk|pk|rk)-[A-Za-z0-9_-]{16,}|\\bhf_[A-Za-z0-9]{16,}|\\bgh[pousr]_[A-Za-z0-9]{16,}|\\bgithub_pat_\\w{16,}"
	"|\\bgsk_[A-Za-z0-9]{16,}|\\br8_[A-Za-z0-9]{16,}|\\bxox[abprs]-[A-Za-z0-9-]{8,}|\\bAIza[A-Za-z0-9_-]{30,}"
	"|\\b(?:AKIA|ASIA)[A-Z0-9]{12,}|\\beyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]*|\\bgAAAAA[A-Za-z0-9_=-]{20,}";

static int compile(struct redactor *r, struct err *err)
{
	PCRE2_SIZE at;
	int code;

	r->forms = pcre2_compile((PCRE2_SPTR)forms, PCRE2_ZERO_TERMINATED, 0, &code, &at, NULL);
	if (!r->forms)
		return err_set(err, 500, "The expression for secrets is wrong at %zu", (size_t)at);
	pcre2_jit_compile(r->forms, PCRE2_JIT_COMPLETE); /* without it: slower */
	r->match = pcre2_match_data_create_from_pattern(r->forms, NULL);
	r->limits = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(r->limits, MATCH_LIMIT);
	return 0;
}

struct redactor *redactor_new(const char *user_id, struct err *err)
{
	struct redactor *r = xcalloc(1, sizeof(*r));

	r->known = value_list();
	add_own(r);
	if (compile(r, err) || add_settings(r, err) || add_of_user(r, user_id, err)) {
		redactor_free(r);
		return NULL;
	}
	return r;
}

void redactor_free(struct redactor *r)
{
	if (!r)
		return;
	value_unref(r->known);
	pcre2_code_free(r->forms);
	pcre2_match_data_free(r->match);
	pcre2_match_context_free(r->limits);
	free(r);
}

void redactor_free_ptr(void *r)
{
	redactor_free(r);
}

static int longer_first(const void *a, const void *b)
{
	size_t x = value_sv(*(struct value *const *)a).n;
	size_t y = value_sv(*(struct value *const *)b).n;

	return (x < y) - (x > y);
}

/* So that no secret that begins another one leaves that one's end. */
static void sort_known(struct redactor *r)
{
	size_t count = value_len(r->known);
	struct value **items = xcalloc(count + 1, sizeof(*items));
	struct value *sorted = value_list();

	for (size_t i = 0; i < count; i++)
		items[i] = list_at(r->known, i);
	qsort(items, count, sizeof(*items), longer_first);
	for (size_t i = 0; i < count; i++)
		list_push(sorted, value_ref(items[i]));
	free(items);
	value_unref(r->known);
	r->known = sorted;
	r->sorted = true;
}

/* ---- texts ---------------------------------------------------------------------------------------------- */

static int replace(struct sv text, struct sv secret, struct buf *out)
{
	const char *hit;

	while (text.n && (hit = memmem(text.p, text.n, secret.p, secret.n)) != NULL) {
		size_t before = (size_t)(hit - text.p);

		buf_add(out, text.p, before);
		buf_adds(out, SECRET_REMOVED);
		text.p += before + secret.n;
		text.n -= before + secret.n;
	}
	return text.n ? buf_add(out, text.p, text.n) : out->failed ? -1 : 0;
}

static int replace_forms(struct redactor *r, struct sv text, struct buf *out)
{
	PCRE2_SPTR subject = (PCRE2_SPTR)(text.p ? text.p : "");
	const PCRE2_SIZE *span = pcre2_get_ovector_pointer(r->match);
	size_t at = 0;
	int code;

	while ((code = pcre2_match(r->forms, subject, text.n, at, 0, r->match, r->limits)) > 0 && span[1] > at) {
		buf_add(out, subject + at, span[0] - at);
		buf_adds(out, SECRET_REMOVED);
		at = span[1];
	}
	if (code <= 0 && code != PCRE2_ERROR_NOMATCH)
		return -1;
	return at < text.n ? buf_add(out, subject + at, text.n - at) : out->failed ? -1 : 0;
}

int redact_text(struct redactor *r, struct sv text, struct buf *out)
{
	struct buf old;
	struct buf new;
	int rc = 0;

	if (!r->sorted)
		sort_known(r);
	buf_init(&old, out->max);
	buf_init(&new, out->max);
	if (text.n)
		buf_add(&old, text.p, text.n);
	for (size_t i = 0; !rc && i < value_len(r->known); i++) {
		struct sv secret = value_sv(list_at(r->known, i));
		struct buf swap = old;

		if (!old.len || !memmem(old.data, old.len, secret.p, secret.n))
			continue;
		buf_reset(&new);
		rc = replace((struct sv){ old.data, old.len }, secret, &new);
		old = new;
		new = swap;
	}
	if (!rc && !old.failed)
		rc = replace_forms(r, (struct sv){ old.data, old.len }, out);
	else
		rc = -1;
	secret_wipe(&old);
	secret_wipe(&new);
	return rc;
}

/* ---- values --------------------------------------------------------------------------------------------- */

static struct value *text_value(struct redactor *r, struct sv text)
{
	struct value *v = NULL;
	struct buf out;

	buf_init(&out, BUF_MAX_BODY);
	if (redact_text(r, text, &out) == 0)
		v = value_strn(out.data ? out.data : "", out.len);
	buf_free(&out);
	return v;
}

static struct value *map_value(struct redactor *r, const struct value *map)
{
	struct value *out = value_map();
	struct value *v;
	struct sv name;

	for (size_t i = 0; map_entry(map, i, &name, &v); i++) {
		struct value *key = text_value(r, name);
		struct value *clean = value_is(v, VALUE_STR) && value_sv(v).n && secret_sounds(name) ?
					      value_str(SECRET_REMOVED) :
					      redact_value(r, v);

		if (key && clean)
			map_setn(out, value_sv(key).p, value_sv(key).n, value_ref(clean));
		value_unref(key);
		value_unref(clean);
		if (!key || !clean) {
			value_unref(out);
			return NULL;
		}
	}
	return out;
}

struct value *redact_value(struct redactor *r, const struct value *v)
{
	struct value *out;

	if (value_is(v, VALUE_STR))
		return text_value(r, value_sv(v));
	if (value_is(v, VALUE_MAP))
		return map_value(r, v);
	if (!value_is(v, VALUE_LIST))
		return value_copy(v);
	out = value_list();
	for (size_t i = 0; i < value_len(v); i++) {
		struct value *item = redact_value(r, list_at(v, i));

		if (!item) {
			value_unref(out);
			return NULL;
		}
		list_push(out, item);
	}
	return out;
}
