/* libcurl by dlopen. Inside of this file its names must be the plain ones. */
#include "base/curl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/base.h"

#define SONAME "libcurl.so.4"

static struct curl_library library;

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
	void *found = NULL;

	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
		found = handle ? dlsym(handle, functions[i].name) : NULL;
		if (!found) {
			log_error("libcurl cannot be loaded, install the Debian package libcurl4: %s", dlerror());
			exit(127);
		}
		*(void **)((char *)&library + functions[i].at) = found;
	}
}

const struct curl_library *curl_library(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, load);
	return &library;
}
