/* libcurl at its first use, and the certificates that forked processes share (base/curl.h), against a TLS server of its own. */
#include "base/curl.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/base.h"

static char url[64];
static char cert_path[64];
static pid_t server;

static void make_certificate(EVP_PKEY *key, X509 *cert)
{
	X509_NAME *name = X509_get_subject_name(cert);
	X509_EXTENSION *where = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	X509_add_ext(cert, where, -1);
	X509_EXTENSION_free(where);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
}

/* Says "hello" to whoever trusts its certificate. */
static void serve(int listener, EVP_PKEY *key, X509 *cert)
{
	static const char answer[] = "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello";
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	char request[4096];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	SSL_CTX_use_certificate(ctx, cert);
	SSL_CTX_use_PrivateKey(ctx, key);
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		SSL *ssl = SSL_new(ctx);

		SSL_set_fd(ssl, fd);
		if (SSL_accept(ssl) == 1 && SSL_read(ssl, request, sizeof(request)) > 0)
			SSL_write(ssl, answer, sizeof(answer) - 1);
		SSL_shutdown(ssl);
		SSL_free(ssl);
		close(fd);
	}
}

static int start_server(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	EVP_PKEY *key = EVP_RSA_gen(2048);
	X509 *cert = X509_new();
	FILE *f;

	(void)state;
	make_certificate(key, cert);
	snprintf(cert_path, sizeof(cert_path), "/tmp/test_curl_XXXXXX");
	f = fdopen(mkstemp(cert_path), "w");
	assert_non_null(f);
	assert_int_equal(PEM_write_X509(f, cert), 1);
	fclose(f);
	assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(listener, 16), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	snprintf(url, sizeof(url), "https://127.0.0.1:%d/", ntohs(at.sin_port));
	server = fork();
	if (server == 0)
		serve(listener, key, cert);
	close(listener);
	X509_free(cert);
	EVP_PKEY_free(key);
	return server > 0 ? 0 : -1;
}

static int stop_server(void **state)
{
	(void)state;
	unlink(cert_path);
	kill(server, SIGKILL);
	return waitpid(server, NULL, 0) == server ? 0 : -1;
}

static size_t collect(char *data, size_t size, size_t count, void *out)
{
	return buf_add(out, data, size * count) ? 0 : size * count;
}

static CURLcode get(CURL *easy)
{
	struct buf body;
	CURLcode code;

	buf_init(&body, 100);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, collect);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, &body);
	code = curl_easy_perform(easy);
	if (code == CURLE_OK)
		assert_string_equal(body.data, "hello");
	buf_free(&body);
	return code;
}

static void test_shared_certificates(void **state)
{
	CURL *easy = curl_open();

	(void)state;
	assert_int_equal(get(easy), CURLE_PEER_FAILED_VERIFICATION);
	curl_easy_cleanup(easy);
	curl_preload("/nowhere");
	easy = curl_open();
	assert_int_equal(get(easy), CURLE_PEER_FAILED_VERIFICATION);
	curl_easy_cleanup(easy);

	curl_preload(cert_path);
	easy = curl_open();
	assert_int_equal(get(easy), CURLE_OK);
	curl_reset(easy);
	assert_int_equal(get(easy), CURLE_OK);
	curl_easy_reset(easy);
	assert_int_equal(get(easy), CURLE_PEER_FAILED_VERIFICATION);
	curl_easy_cleanup(easy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_shared_certificates, start_server, stop_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
