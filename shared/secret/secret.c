/* Keys of users from the master key; the master key from the environment or a file of our own. */
#include "secret/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROUNDS 100000
#define KEY_FILE_MAX 4096

/* PBKDF2 takes some 20 ms on purpose, and lists of secrets ask for the same key again and again. */
#define KEY_CACHE 8

static char *master_key;

static struct {
	char user_id[128];
	unsigned char key[32];
} cache[KEY_CACHE];
static size_t cache_next;

static int make_folders(const char *home, struct err *err)
{
	static const char *const parts[] = { "/.config", "/.config/nodetool" };
	char path[4096];

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		snprintf(path, sizeof(path), "%s%s", home, parts[i]);
		if (mkdir(path, 0700) && errno != EEXIST)
			return err_set(err, 500, "The folder of the master key cannot be made: %s", strerror(errno));
	}
	return 0;
}

static int read_key(const char *path, struct err *err)
{
	char text[KEY_FILE_MAX];
	struct stat st;
	struct sv key;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return errno == ENOENT ? 1 : err_set(err, 500, "The master key file cannot be read: %s", strerror(errno));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || (st.st_mode & 077)) {
		close(fd);
		return err_set(err, 500, "The master key file must be a plain file with mode 0600");
	}
	n = read(fd, text, sizeof(text));
	close(fd);
	key = sv_trim((struct sv){ text, n > 0 ? (size_t)n : 0 });
	if (!key.n)
		return err_set(err, 500, "The master key file is empty");
	master_key = xstrndup(key.p, key.n);
	OPENSSL_cleanse(text, sizeof(text));
	return 0;
}

/* Writes a new key under a temporary name and links it into place: of several processes that do this at once one wins,
 * and the others read the winner's key. */
static int create_key(const char *path, struct err *err)
{
	char temporary[4200];
	char *token = random_token(32);
	ssize_t len = (ssize_t)strlen(token);
	int result = -1;
	int fd;

	snprintf(temporary, sizeof(temporary), "%s.%d", path, (int)getpid());
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, token, (size_t)len) != len || fsync(fd)) {
		err_set(err, 500, "The master key file cannot be written: %s", strerror(errno));
		goto out;
	}
	if (link(temporary, path) && errno != EEXIST) {
		err_set(err, 500, "The master key file cannot be made: %s", strerror(errno));
		goto out;
	}
	result = 0;
	log_info("made a master key for secrets; keep a copy of the file with the database's backups");
out:
	if (fd >= 0)
		close(fd);
	unlink(temporary);
	OPENSSL_cleanse(token, (size_t)len);
	free(token);
	return result;
}

const char *secret_master_key(bool create, struct err *err)
{
	const char *configured = config_get("SECRETS_MASTER_KEY");
	char path[4096];
	int found;

	if (configured)
		return configured;
	if (master_key)
		return master_key;
	snprintf(path, sizeof(path), "%s/.config/nodetool/master.key", config_home());
	found = read_key(path, err);
	if (found == 1 && create) {
		if (make_folders(config_home(), err) || create_key(path, err))
			return NULL;
		found = read_key(path, err);
	}
	if (found == 1)
		err_set(err, 500, "There is no master key: set SECRETS_MASTER_KEY");
	return found == 0 ? master_key : NULL;
}

static const unsigned char *key_of(const char *user_id, bool create, struct err *err)
{
	const char *master;
	unsigned char *key;

	for (size_t i = 0; i < KEY_CACHE; i++) {
		if (*user_id && strcmp(cache[i].user_id, user_id) == 0)
			return cache[i].key;
	}
	master = secret_master_key(create, err);
	if (!master)
		return NULL;
	if (!*user_id || strlen(user_id) >= sizeof(cache[0].user_id)) {
		err_set(err, 400, "A user id of this length cannot own secrets");
		return NULL;
	}
	key = cache[cache_next].key;
	if (!PKCS5_PBKDF2_HMAC(master, (int)strlen(master), (const unsigned char *)user_id, (int)strlen(user_id), ROUNDS,
			       EVP_sha256(), 32, key)) {
		err_set(err, 500, "The key of a user cannot be derived");
		return NULL;
	}
	snprintf(cache[cache_next].user_id, sizeof(cache[0].user_id), "%s", user_id);
	cache_next = (cache_next + 1) % KEY_CACHE;
	return key;
}

int secret_encrypt(const char *user_id, const void *plain, size_t len, struct buf *token, struct err *err)
{
	const unsigned char *key = key_of(user_id, true, err);
	unsigned char iv[16];

	if (!key)
		return -1;
	random_bytes(iv, sizeof(iv));
	if (fernet_encrypt(key, time_now_us() / 1000000, iv, plain, len, token))
		return err_set(err, 500, "Failed to encrypt secret");
	return 0;
}

int secret_decrypt(const char *user_id, const char *token, struct buf *plain, struct err *err)
{
	const unsigned char *key = key_of(user_id, false, err);

	if (!key)
		return -1;
	if (fernet_decrypt(key, token, strlen(token), plain))
		return err_set(err, 500, "Failed to decrypt secret");
	return 0;
}

void secret_wipe(struct buf *buf)
{
	if (buf->data)
		OPENSSL_cleanse(buf->data, buf->cap);
	buf_free(buf);
}
