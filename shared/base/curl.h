/*
 * libcurl, loaded at its first use. Most programs of this server never speak to another one, but libcurl brings thirty
 * libraries with it, whose relocations cost each process 0.8 MB and half of its start. Include this instead of
 * <curl/curl.h>; the names are libcurl's. A libcurl that cannot be loaded ends the process with a message, as the dynamic
 * linker would.
 */
#ifndef BASE_CURL_H
#define BASE_CURL_H

/* The type checks of <curl/curl.h> are macros that call by name. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#define CURL_FUNCTIONS(X)                                                                                             \
	X(easy_cleanup)                                                                                               \
	X(easy_escape)                                                                                                \
	X(easy_getinfo)                                                                                               \
	X(easy_init)                                                                                                  \
	X(easy_perform)                                                                                               \
	X(easy_reset)                                                                                                 \
	X(easy_setopt)                                                                                                \
	X(easy_strerror)                                                                                              \
	X(easy_unescape)                                                                                              \
	X(free)                                                                                                       \
	X(global_init)                                                                                                \
	X(multi_add_handle)                                                                                           \
	X(multi_cleanup)                                                                                              \
	X(multi_fdset)                                                                                                \
	X(multi_info_read)                                                                                            \
	X(multi_init)                                                                                                 \
	X(multi_perform)                                                                                              \
	X(multi_remove_handle)                                                                                        \
	X(multi_timeout)                                                                                              \
	X(slist_append)                                                                                               \
	X(slist_free_all)                                                                                             \
	X(url)                                                                                                        \
	X(url_cleanup)                                                                                                \
	X(url_get)                                                                                                    \
	X(url_set)

#undef curl_easy_getinfo
#undef curl_easy_setopt
#undef curl_multi_setopt

struct curl_library {
#define CURL_MEMBER(NAME) __typeof__(curl_##NAME) *NAME;
	CURL_FUNCTIONS(CURL_MEMBER)
#undef CURL_MEMBER
};

/* The library, loaded by the first call of the process; from any thread. Owned by the module. */
const struct curl_library *curl_library(void);

/* For a process that forks others: loads libcurl, and reads the certificates that are trusted once for all of them (1 MB and
 * some 10 ms for each that would read them itself). `file` NULL: libcurl's own. What cannot be read is left to libcurl. */
void curl_preload(const char *file);
/* curl_easy_init, with the certificates of curl_preload. */
CURL *curl_open(void);
/* curl_easy_reset, which would forget them. */
void curl_reset(CURL *easy);

#define curl_easy_cleanup curl_library()->easy_cleanup
#define curl_easy_escape curl_library()->easy_escape
#define curl_easy_getinfo curl_library()->easy_getinfo
#define curl_easy_init curl_library()->easy_init
#define curl_easy_perform curl_library()->easy_perform
#define curl_easy_reset curl_library()->easy_reset
#define curl_easy_setopt curl_library()->easy_setopt
#define curl_easy_strerror curl_library()->easy_strerror
#define curl_easy_unescape curl_library()->easy_unescape
#define curl_free curl_library()->free
#define curl_global_init curl_library()->global_init
#define curl_multi_add_handle curl_library()->multi_add_handle
#define curl_multi_cleanup curl_library()->multi_cleanup
#define curl_multi_fdset curl_library()->multi_fdset
#define curl_multi_info_read curl_library()->multi_info_read
#define curl_multi_init curl_library()->multi_init
#define curl_multi_perform curl_library()->multi_perform
#define curl_multi_remove_handle curl_library()->multi_remove_handle
#define curl_multi_timeout curl_library()->multi_timeout
#define curl_slist_append curl_library()->slist_append
#define curl_slist_free_all curl_library()->slist_free_all
#define curl_url curl_library()->url
#define curl_url_cleanup curl_library()->url_cleanup
#define curl_url_get curl_library()->url_get
#define curl_url_set curl_library()->url_set

#endif
