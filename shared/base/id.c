/* Ids, random bytes, base64, digests. */
#include "base/base.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <uuid/uuid.h>

void random_bytes(void *out, size_t count)
{
	unsigned char *p = out;

	while (count) {
		ssize_t n = getrandom(p, count, 0);

		if (n < 0)
			continue; /* EINTR only: the pool is initialised long before we run */
		p += n;
		count -= (size_t)n;
	}
}

void hex_encode(const void *data, size_t len, char *out)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = hex[p[i] >> 4];
		out[2 * i + 1] = hex[p[i] & 15];
	}
	out[2 * len] = '\0';
}

/* RFC 9562 version 7 with the sub-millisecond part in rand_a (method 3). The 60-bit stamp counts 1/4096 ms and never
 * repeats in this process. Random bytes are drawn in batches: one system call serves many ids. */
void id_new(char out[ID_SIZE])
{
	static _Thread_local struct {
		uint64_t last;
		size_t used;
		unsigned char pool[512];
	} state = { .used = sizeof(state.pool) };
	int64_t us = time_now_us();
	uint64_t stamp = (uint64_t)(us / 1000) << 12 | (uint64_t)(us % 1000) * 4096 / 1000;
	unsigned char id[16];

	if (stamp <= state.last)
		stamp = state.last + 1;
	state.last = stamp;
	if (state.used + 8 > sizeof(state.pool)) {
		random_bytes(state.pool, sizeof(state.pool));
		state.used = 0;
	}
	for (int i = 0; i < 6; i++)
		id[i] = (unsigned char)(stamp >> (52 - 8 * i));
	id[6] = (unsigned char)(0x70 | (stamp >> 8 & 0x0f));
	id[7] = (unsigned char)stamp;
	memcpy(id + 8, state.pool + state.used, 8);
	state.used += 8;
	id[8] = (unsigned char)(0x80 | (id[8] & 0x3f));
	hex_encode(id, sizeof(id), out);
}

void id_random(char out[ID_SIZE])
{
	uuid_t id;

	uuid_generate_random(id);
	hex_encode(id, sizeof(id), out);
}

bool id_safe(const char *text)
{
	size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

	return n >= 1 && n <= 128 && text[n] == '\0';
}

char *random_token(size_t count)
{
	unsigned char bytes[64];
	struct buf out;

	if (count > sizeof(bytes))
		count = sizeof(bytes);
	random_bytes(bytes, count);
	buf_init(&out, BUF_MAX_SMALL);
	base64_encode(&out, bytes, count, true);
	while (out.len && out.data[out.len - 1] == '=')
		out.data[--out.len] = '\0';
	return buf_take(&out);
}

static const char base64_std[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int base64_encode(struct buf *out, const void *data, size_t len, bool url)
{
	const char *alphabet = url ? base64_url : base64_std;
	const unsigned char *p = data;
	size_t need = len / 3 * 4 + (len % 3 ? 4 : 0);
	char *o = buf_reserve(out, need);

	if (!o)
		return -1;
	for (; len >= 3; p += 3, len -= 3) {
		*o++ = alphabet[p[0] >> 2];
		*o++ = alphabet[(p[0] & 3) << 4 | p[1] >> 4];
		*o++ = alphabet[(p[1] & 15) << 2 | p[2] >> 6];
		*o++ = alphabet[p[2] & 63];
	}
	if (len) {
		unsigned second = len == 2 ? p[1] : 0;

		*o++ = alphabet[p[0] >> 2];
		*o++ = alphabet[(p[0] & 3) << 4 | second >> 4];
		*o++ = len == 2 ? alphabet[(second & 15) << 2] : '=';
		*o++ = '=';
	}
	*o = '\0';
	out->len += need;
	return 0;
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	if (c == '/' || c == '_')
		return 63;
	return -1;
}

int base64_decode(struct buf *out, const char *text, size_t len)
{
	char *o = buf_reserve(out, len / 4 * 3 + 3);
	uint32_t bits = 0;
	int count = 0;
	size_t i;

	if (!o)
		return -1;
	for (i = 0; i < len && text[i] != '='; i++) {
		int d = base64_digit(text[i]);

		if (d < 0) {
			if (text[i] == ' ' || (text[i] >= '\t' && text[i] <= '\r'))
				continue;
			return -1;
		}
		bits = bits << 6 | (uint32_t)d;
		if (++count == 4) {
			*o++ = (char)(bits >> 16);
			*o++ = (char)(bits >> 8);
			*o++ = (char)bits;
			bits = 0;
			count = 0;
		}
	}
	for (; i < len; i++) {
		if (text[i] != '=' && text[i] != '\n' && text[i] != '\r' && text[i] != ' ')
			return -1;
	}
	if (count == 1)
		return -1;
	if (count >= 2)
		*o++ = (char)(bits >> (count == 2 ? 4 : 10));
	if (count == 3)
		*o++ = (char)(bits >> 2);
	*o = '\0';
	out->len = (size_t)(o - out->data);
	return 0;
}

static void digest_hex(const EVP_MD *md, const void *data, size_t len, char *out)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	if (!EVP_Digest(data, len, digest, &size, md, NULL)) {
		log_error("OpenSSL offers no %s", EVP_MD_get0_name(md));
		abort();
	}
	hex_encode(digest, size, out);
}

void md5_hex(const void *data, size_t len, char out[33])
{
	digest_hex(EVP_md5(), data, len, out);
}

void sha256_hex(const void *data, size_t len, char out[65])
{
	digest_hex(EVP_sha256(), data, len, out);
}
