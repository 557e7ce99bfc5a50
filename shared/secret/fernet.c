/* Fernet tokens: version 0x80, time (8 bytes, big endian), IV (16), AES-128-CBC with PKCS7, HMAC-SHA256 over all that
 * stands before it; base64url with padding. The specification's test vectors are in tests/unit/test_secret.c. */
#include "secret/secret.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define VERSION 0x80
#define HEAD_SIZE 25 /* version, time, IV */
#define MAC_SIZE 32
#define BLOCK 16
#define TOKEN_MAX ((size_t)16 << 20)

static int sign(const unsigned char key[32], const unsigned char *data, size_t len, unsigned char mac[MAC_SIZE])
{
	unsigned int size = MAC_SIZE;

	return HMAC(EVP_sha256(), key, 16, data, len, mac, &size) && size == MAC_SIZE ? 0 : -1;
}

/* Encrypts or decrypts with padding; the result is appended to `out`. */
static int aes_cbc(const unsigned char key[32], const unsigned char *iv, const unsigned char *in, size_t len, bool encrypt,
		   struct buf *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	unsigned char *at = (unsigned char *)buf_reserve(out, len + BLOCK);
	int first = 0;
	int last = 0;
	int result = -1;

	if (ctx && at && EVP_CipherInit_ex(ctx, EVP_aes_128_cbc(), NULL, key + 16, iv, encrypt) &&
	    EVP_CipherUpdate(ctx, at, &first, in, (int)len) && EVP_CipherFinal_ex(ctx, at + first, &last)) {
		out->len += (size_t)(first + last);
		out->data[out->len] = '\0';
		result = 0;
	}
	EVP_CIPHER_CTX_free(ctx);
	return result;
}

int fernet_encrypt(const unsigned char key[32], int64_t now_s, const unsigned char iv[16], const void *plain, size_t len,
		   struct buf *token)
{
	unsigned char mac[MAC_SIZE];
	struct buf raw;
	int result = -1;

	if (len > TOKEN_MAX)
		return -1;
	buf_init(&raw, TOKEN_MAX + 1024);
	buf_addc(&raw, (char)VERSION);
	for (int i = 0; i < 8; i++)
		buf_addc(&raw, (char)((uint64_t)now_s >> (56 - 8 * i)));
	buf_add(&raw, iv, 16);
	if (aes_cbc(key, iv, plain, len, true, &raw) == 0 && sign(key, (unsigned char *)raw.data, raw.len, mac) == 0) {
		buf_add(&raw, mac, MAC_SIZE);
		result = base64_encode(token, raw.data, raw.len, true);
	}
	buf_free(&raw);
	return result;
}

int fernet_decrypt(const unsigned char key[32], const char *token, size_t len, struct buf *plain)
{
	unsigned char mac[MAC_SIZE];
	const unsigned char *p;
	struct buf raw;
	size_t kept = plain->len;
	int result = -1;

	if (len > TOKEN_MAX)
		return -1;
	buf_init(&raw, TOKEN_MAX);
	if (base64_decode(&raw, token, len) || raw.len < HEAD_SIZE + BLOCK + MAC_SIZE ||
	    (raw.len - HEAD_SIZE - MAC_SIZE) % BLOCK)
		goto out;
	p = (const unsigned char *)raw.data;
	if (p[0] != VERSION || sign(key, p, raw.len - MAC_SIZE, mac) ||
	    CRYPTO_memcmp(mac, p + raw.len - MAC_SIZE, MAC_SIZE) != 0)
		goto out;
	result = aes_cbc(key, p + 9, p + HEAD_SIZE, raw.len - HEAD_SIZE - MAC_SIZE, false, plain);
	if (result)
		plain->len = kept;
out:
	buf_free(&raw);
	return result;
}
