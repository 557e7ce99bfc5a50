/* lib.mail: sending by SMTP, labels by IMAP, through libcurl. Where a server may be is decided in nodes/fetch.h. */
#include "wsd/nodes/fetch.h"
#include "wsd/nodes/helper.h"

#include "base/curl.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_TIMEOUT_S 30L
#define TOTAL_TIMEOUT_S   120L

/* ---- transfer ----------------------------------------------------------------------------------------- */

struct target {
	const char *host;
	bool refused;
};

static curl_socket_t open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct target *target = data;

	(void)purpose;
	if (!fetch_address_allowed(&address->addr, target->host)) {
		target->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t discard(char *data, size_t size, size_t count, void *ptr)
{
	(void)data;
	(void)ptr;
	return size * count;
}

/* The part of a message that is not sent yet. */
static size_t send_more(char *to, size_t size, size_t count, void *ptr)
{
	struct sv *rest = ptr;
	size_t n = rest->n < size * count ? rest->n : size * count;

	memcpy(to, rest->p, n);
	rest->p += n;
	rest->n -= n;
	return n;
}

static void set_common(CURL *easy, struct target *target)
{
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps,imaps");
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, TOTAL_TIMEOUT_S);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, target);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
}

/* Runs the transfer and frees the handle. */
static enum node_result perform(struct node_ctx *ctx, CURL *easy, const struct target *target)
{
	CURLcode code = curl_easy_perform(easy);

	curl_easy_cleanup(easy);
	if (code == CURLE_OK)
		return done(ctx, value_bool(true));
	return node_fail(ctx, "%s: %s", target->host,
			 target->refused ? "this address is not permitted" : curl_easy_strerror(code));
}

/* ---- sending ------------------------------------------------------------------------------------------ */

static bool is_ascii(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text >= 0x80)
			return false;
	}
	return true;
}

/* A header line; a text beyond ASCII is encoded as RFC 2047 has it. */
static void add_header(struct buf *out, const char *name, const char *text)
{
	buf_printf(out, "%s: ", name);
	if (is_ascii(text)) {
		buf_adds(out, text);
	} else {
		buf_adds(out, "=?utf-8?B?");
		base64_encode(out, text, strlen(text), false);
		buf_adds(out, "?=");
	}
	buf_adds(out, "\r\n");
}

/* The text as base64 in lines of 76 characters. */
static void add_body(struct buf *out, struct sv body)
{
	buf_adds(out, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
		      "Content-Transfer-Encoding: base64\r\n\r\n");
	for (size_t at = 0; at < body.n; at += 57) {
		base64_encode(out, body.p + at, body.n - at < 57 ? body.n - at : 57, false);
		buf_adds(out, "\r\n");
	}
}

static bool has_line_end(const char *text)
{
	return text[strcspn(text, "\r\n")] != '\0';
}

static void write_message(struct node_ctx *ctx, struct buf *out, const char *sender)
{
	char date[TIME_TEXT_MAX];
	char id[ID_SIZE];

	id_random(id);
	time_http(time_now_us(), date);
	buf_printf(out, "Date: %.*s +0000\r\nMessage-ID: <%s@nodetool>\r\n", (int)strcspn(date, "G") - 1, date, id);
	add_header(out, "Subject", node_text(ctx, "subject"));
	buf_printf(out, "From: %s\r\nTo: %s\r\n", sender, node_text(ctx, "to_address"));
	add_body(out, node_sv(ctx, "body"));
}

/* The addresses of a list that is separated by commas. */
static struct curl_slist *recipients(const char *text)
{
	struct curl_slist *list = NULL;
	struct sv rest = sv_of(text);
	struct sv one;

	while (sv_split(&rest, ',', &one)) {
		const char *open = one.n ? memchr(one.p, '<', one.n) : NULL;
		char *address;

		one = strip(one);
		if (open)
			one = (struct sv){ open, one.n - (size_t)(open - one.p) };
		address = xstrndup(one.p, one.n);
		if (*address)
			list = curl_slist_append(list, address);
		free(address);
	}
	return list;
}

static enum node_result send_email(struct node_ctx *ctx)
{
	const char *sender =
		*node_text(ctx, "from_address") ? node_text(ctx, "from_address") : node_text(ctx, "username");
	struct target target = { node_text(ctx, "smtp_server"), false };
	struct curl_slist *to;
	enum node_result result;
	struct buf message;
	struct sv rest;
	CURL *easy;
	char *url;

	if (!*node_text(ctx, "to_address"))
		return node_fail(ctx, "to_address must not be empty");
	if (has_line_end(sender) || has_line_end(node_text(ctx, "to_address")) ||
	    has_line_end(node_text(ctx, "subject")))
		return node_fail(ctx, "subject and addresses must be one line each");
	if (!*target.host || target.host[strcspn(target.host, "/@?#: ")])
		return node_fail(ctx, "smtp_server must be the name of a host");
	easy = curl_open();
	if (!easy)
		return node_fail(ctx, "libcurl cannot be initialised");
	buf_init(&message, BUF_MAX_BODY);
	write_message(ctx, &message, sender);
	rest = (struct sv){ message.data, message.len };
	url = xasprintf("smtp://%s:%lld", target.host, (long long)node_int(ctx, "smtp_port"));
	to = recipients(node_text(ctx, "to_address"));
	set_common(easy, &target);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
	if (*node_text(ctx, "username")) {
		curl_easy_setopt(easy, CURLOPT_USERNAME, node_text(ctx, "username"));
		curl_easy_setopt(easy, CURLOPT_PASSWORD, node_text(ctx, "password"));
	}
	curl_easy_setopt(easy, CURLOPT_MAIL_FROM, sender);
	curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, send_more);
	curl_easy_setopt(easy, CURLOPT_READDATA, &rest);
	curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
	result = perform(ctx, easy, &target);
	curl_slist_free_all(to);
	buf_free(&message);
	free(url);
	return result;
}

/* ---- labels ------------------------------------------------------------------------------------------- */

/* Sends one IMAP command to the user's Gmail inbox. */
static enum node_result gmail_command(struct node_ctx *ctx, const char *command)
{
	const char *user = node_secret(ctx, "GOOGLE_MAIL_USER");
	const char *password = node_secret(ctx, "GOOGLE_APP_PASSWORD");
	struct target target = { "imap.gmail.com", false };
	CURL *easy;

	if (!user || !password)
		return node_fail(ctx, "the settings GOOGLE_MAIL_USER and GOOGLE_APP_PASSWORD are needed");
	easy = curl_open();
	if (!easy)
		return node_fail(ctx, "libcurl cannot be initialised");
	set_common(easy, &target);
	curl_easy_setopt(easy, CURLOPT_URL, "imaps://imap.gmail.com/INBOX");
	curl_easy_setopt(easy, CURLOPT_USERNAME, user);
	curl_easy_setopt(easy, CURLOPT_PASSWORD, password);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, command);
	return perform(ctx, easy, &target);
}

/* The message's number; false after node_fail. */
static bool message_number(struct node_ctx *ctx, const char **out)
{
	*out = node_text(ctx, "message_id");
	if (**out && (*out)[strspn(*out, "0123456789")] == '\0' && strlen(*out) < 20)
		return true;
	node_fail(ctx, **out ? "message_id must be a number" : "message_id must not be empty");
	return false;
}

static enum node_result add_label(struct node_ctx *ctx)
{
	const char *label = node_text(ctx, "label");
	const char *number;

	if (!message_number(ctx, &number))
		return NODE_FAILED;
	if (!*label || has_line_end(label) || strpbrk(label, "\"\\"))
		return node_fail(ctx, *label ? "label must be one line without quotes" : "label must not be empty");
	return gmail_command(ctx, arena_printf(node_arena(ctx), "STORE %s +X-GM-LABELS \"%s\"", number, label));
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop send_email_props[] = {
	{ .name = "smtp_server", .type = "str", .def = "\"smtp.gmail.com\"" },
	{ .name = "smtp_port", .type = "int", .def = "587" },
	{ .name = "username", .type = "str", .def = "\"\"" },
	{ .name = "password", .type = "str", .def = "\"\"" },
	{ .name = "from_address", .type = "str", .def = "\"\"" },
	{ .name = "to_address", .type = "str", .def = "\"\"" },
	{ .name = "subject", .type = "str", .def = "\"\"" },
	{ .name = "body", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot send_email_outputs[] = {
	{ .name = "output", .type = "bool" },
	{ 0 },
};

static const struct node_prop add_label_props[] = {
	{ .name = "message_id", .type = "str", .def = "\"\"" },
	{ .name = "label", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "lib.mail.SendEmail",
		.title = "Send Email",
		.description = "Sends an e-mail through an SMTP server.",
		.props = send_email_props,
		.outputs = send_email_outputs,
		.flags = NODE_TOOL | NODE_ONCE | NODE_BLOCKING,
		.process = send_email,
	},
	{
		.type = "lib.mail.AddLabel",
		.title = "Add Label",
		.description = "Adds a Gmail label to a message of the inbox.",
		.props = add_label_props,
		.outputs = send_email_outputs,
		.flags = NODE_TOOL | NODE_ONCE | NODE_BLOCKING,
		.process = add_label,
	},
};

NODE_TABLE(nodes_lib_mail, types);
