/*
 * secret: values encrypted at rest, readable by the original and by us (notes-rest, "Secrets at rest").
 *
 * A stored value is a Fernet token under a key derived from the master key and the owner's user id:
 * PBKDF2-HMAC-SHA256(master key, user id, 100000 rounds, 32 bytes); the first half signs, the second half encrypts.
 */
#ifndef SECRET_SECRET_H
#define SECRET_SECRET_H

#include "base/base.h"

/* The master key: SECRETS_MASTER_KEY, else the content of the key file (config home, .config/nodetool/master.key, mode
 * 0600), which is made when `create` is set and there is none. Kept for the process. The text is lent. NULL with the
 * reason when there is no key, or when the file may be read by others. */
const char *secret_master_key(bool create, struct err *err);

/* Encrypts `len` bytes for a user into `token` (appended, NUL-terminated). Makes the key file when it is needed. */
int secret_encrypt(const char *user_id, const void *plain, size_t len, struct buf *token, struct err *err) MUST_CHECK;

/* Decrypts a token into `plain` (appended). "Failed to decrypt secret" when it does not verify under this user's key, was
 * cut, or is no token: nothing is appended then. Wipe the buffer with secret_wipe when done. */
int secret_decrypt(const char *user_id, const char *token, struct buf *plain, struct err *err) MUST_CHECK;

/* Overwrites and frees a buffer that held a secret. */
void secret_wipe(struct buf *buf);

/* The user's stored secret of this name (HF_TOKEN: that of a connected Hugging Face account, when one is valid, before it),
 * else the setting or environment variable; malloc'd, or NULL. A few names that
 * belong to the server itself come from the environment alone. Reads the process's own database connection (notes-rest,
 * "Reading a secret at run time"). */
char *secret_lookup(const char *user_id, const char *name);

/* The pieces, for tests and for what is encrypted under another key: `key` is 32 bytes. */
int fernet_encrypt(const unsigned char key[32], int64_t now_s, const unsigned char iv[16], const void *plain, size_t len,
		   struct buf *token) MUST_CHECK;
int fernet_decrypt(const unsigned char key[32], const char *token, size_t len, struct buf *plain) MUST_CHECK;

/* ---- taking secrets out of texts that leave the server (redact.c; programs that use it link PYFORM_LIBS) ------------- */

#define SECRET_REMOVED "[removed]"

struct value;
struct redactor;

/* Knows the user's stored secrets, every setting and variable of the environment whose name sounds like a secret, and the
 * server's own token and master key; values of less than 4 bytes are no secrets. NULL with the reason when the database
 * cannot be read: nothing must go out then. Free with redactor_free. */
struct redactor *redactor_new(const char *user_id, struct err *err) MUST_CHECK;
void redactor_free(struct redactor *r);
void redactor_free_ptr(void *r); /* for arena_defer */
/* One more value that must not be seen; NULL is none. */
void redactor_add(struct redactor *r, const char *secret);
/* Appends the text with SECRET_REMOVED in the place of every known value (also as JSON and as URLs write it), of what stands
 * behind a name that sounds like a secret (api_key=…, "password": "…", Authorization: …), and of what has the form of a key
 * (sk-…, hf_…, ghp_…, AKIA…, JWT, Fernet, user:password@host). -1 when `out` is full or the text cannot be searched. */
int redact_text(struct redactor *r, struct sv text, struct buf *out) MUST_CHECK;
/* The value with the same done to all its texts and keys; texts under keys that sound like a secret go whole. New
 * reference; NULL on failure. */
struct value *redact_value(struct redactor *r, const struct value *v) MUST_CHECK;
/* True for api_key, OPENAI_API_KEY, accessToken, password, Authorization …; not for max_tokens, key, tokenizer. */
bool secret_sounds(struct sv name);

#endif
