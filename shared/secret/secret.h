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

#endif
