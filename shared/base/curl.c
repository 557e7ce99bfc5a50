/* libcurl by dlopen. Inside of this file its names must be the plain ones. */
#include "base/curl.h"

#include <dlfcn.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/base.h"

#define SONAME "libcurl.so.4"
#define TOP_CHUNK ((size_t)64 << 10)
#define HOLES_MAX ((size_t)4 << 20)

static struct curl_library library;

/* Certificates that are trusted; NULL: libcurl reads them itself. */
static struct {
	X509_STORE *store;
	__typeof__(SSL_CTX_set1_cert_store) *give; /* of the libssl that libcurl has loaded */
} trust;

static void load(void)
{
	static const struct {
		const char *name;
		size_t at;
	} functions[] = {
#define CURL_ENTRY(NAME) { "curl_" #NAME, offsetof(struct curl_library, NAME) },
		CURL_FUNCTIONS(CURL_ENTRY)
#undef CURL_ENTRY
	};
	void *handle = dlopen(SONAME, RTLD_NOW | RTLD_LOCAL);
	void *found;

	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
		found = handle ? dlsym(handle, functions[i].name) : NULL;
		if (!found) {
			log_error("libcurl cannot be loaded, install the Debian package libcurl4: %s", dlerror());
			exit(127);
		}
		*(void **)((char *)&library + functions[i].at) = found;
	}
	*(void **)&trust.give = dlsym(handle, "SSL_CTX_set1_cert_store");
}

const struct curl_library *curl_library(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, load);
	return &library;
}

/* What reading leaves free between the certificates would be used, and so copied, by every process forked later: it is taken out of
 * use. */
static void fill_holes(void)
{
	static void **taken;
	char *top = malloc(TOP_CHUNK); /* more than any hole has: behind all of them */
	size_t sum = 0;

	for (size_t size = TOP_CHUNK / 2; size >= sizeof(*taken) && sum < HOLES_MAX; size /= 2) {
		void **p = malloc(size);

		while (p && (char *)p < top && sum < HOLES_MAX) {
			*p = taken;
			taken = p;
			sum += size;
			p = malloc(size);
		}
		free(p);
	}
	free(top);
}

void curl_preload(const char *file)
{
	CURL *easy;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	easy = curl_easy_init();
	if (easy && !file)
		curl_easy_getinfo(easy, CURLINFO_CAINFO, &file);
	if (file && trust.give && !trust.store) {
		trust.store = X509_STORE_new();
		if (trust.store && X509_STORE_load_file(trust.store, file) != 1) {
			X509_STORE_free(trust.store);
			trust.store = NULL;
		}
		ERR_clear_error();
	}
	curl_easy_cleanup(easy);
	fill_holes();
}

static CURLcode give_trust(CURL *easy, void *ssl_ctx, void *arg)
{
	(void)easy;
	(void)arg;
	trust.give(ssl_ctx, trust.store);
	return CURLE_OK;
}

static void set_trust(CURL *easy)
{
	if (!trust.store)
		return;
	curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, give_trust);
}

CURL *curl_open(void)
{
	CURL *easy = curl_easy_init();

	if (easy)
		set_trust(easy);
	return easy;
}

void curl_reset(CURL *easy)
{
	curl_easy_reset(easy);
	set_trust(easy);
}
