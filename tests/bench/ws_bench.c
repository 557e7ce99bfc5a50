/*
 * ws_bench: drives runs over WebSockets and prints how long they took.
 *
 *   ws_bench HOST:PORT latency CHAIN RUNS   one warm socket: input -> CHAIN x Concat -> Output, RUNS times
 *   ws_bench HOST:PORT rate SOCKETS RUNS    SOCKETS sockets, each with one small run after the other, RUNS in all
 *   ws_bench HOST:PORT idle SOCKETS         opens SOCKETS sockets, prints "open", waits for a line on stdin
 *
 * A client of its own and not a library: what is measured is the server, so the client must cost next to nothing. It
 * speaks MessagePack, never looks into a frame but for the words that end a run, and uses one thread and poll.
 */
#include "value/value.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define RUN_TIMEOUT_MS 20000

struct client {
	int fd;
	struct buf in;
	size_t failed;
};

static const char *host;
static const char *port;

static void die(const char *what)
{
	fprintf(stderr, "ws_bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void send_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			die("send");
		p += n;
		len -= (size_t)n;
	}
}

static int tcp_connect(void)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list;
	int one = 1;
	int fd;

	if (getaddrinfo(host, port, &hints, &list) != 0)
		die("no such host");
	fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, list->ai_addr, list->ai_addrlen) < 0)
		die("connect");
	freeaddrinfo(list);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

/* Reads up to the end of the answer's header; what follows stays in `in`. */
static void handshake(struct client *c)
{
	char request[512];
	char chunk[4096];
	char *end = NULL;
	ssize_t n;

	n = snprintf(request, sizeof(request),
		     "GET /ws HTTP/1.1\r\nHost: %s:%s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		     "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n",
		     host, port);
	send_all(c->fd, request, (size_t)n);
	while (!end) {
		n = recv(c->fd, chunk, sizeof(chunk), 0);
		if (n <= 0)
			die("handshake");
		buf_add(&c->in, chunk, (size_t)n);
		end = strstr(c->in.data, "\r\n\r\n");
	}
	if (!str_starts(c->in.data, "HTTP/1.1 101")) {
		fprintf(stderr, "ws_bench: the server refused the upgrade: %.60s\n", c->in.data);
		exit(1);
	}
	buf_consume(&c->in, (size_t)(end + 4 - c->in.data));
}

static void client_open(struct client *c)
{
	memset(c, 0, sizeof(*c));
	buf_init(&c->in, BUF_MAX_BODY);
	c->fd = tcp_connect();
	handshake(c);
}

/* One masked binary frame (mask 0: the payload goes out as it is). */
static char *frame_of(const struct buf *payload, size_t *len)
{
	struct buf out;
	unsigned char head[14] = { 0x82 };
	size_t n = 2;

	if (payload->len < 126) {
		head[1] = (unsigned char)(0x80 | payload->len);
	} else if (payload->len < 65536) {
		head[1] = 0x80 | 126;
		head[2] = (unsigned char)(payload->len >> 8);
		head[3] = (unsigned char)payload->len;
		n = 4;
	} else {
		head[1] = 0x80 | 127;
		for (int i = 0; i < 8; i++)
			head[2 + i] = (unsigned char)((uint64_t)payload->len >> (56 - 8 * i));
		n = 10;
	}
	buf_init(&out, BUF_MAX_BODY);
	buf_add(&out, head, n + 4);
	buf_add(&out, payload->data, payload->len);
	*len = out.len;
	return buf_take(&out);
}

static void add_node(struct value *nodes, const char *id, const char *type, struct value *data)
{
	struct value *node = value_map();

	map_set_str(node, "id", id);
	map_set_str(node, "type", type);
	map_set(node, "data", data);
	list_push(nodes, node);
}

static void add_edge(struct value *edges, const char *source, const char *target, const char *handle)
{
	struct value *edge = value_map();

	map_set(edge, "id", value_strf("e%zu", value_len(edges)));
	map_set_str(edge, "source", source);
	map_set_str(edge, "sourceHandle", "output");
	map_set_str(edge, "target", target);
	map_set_str(edge, "targetHandle", handle);
	list_push(edges, edge);
}

static struct value *data_of(const char *key, const char *text)
{
	struct value *data = value_map();

	map_set_str(data, key, text);
	return data;
}

static struct value *chain_graph(int chain)
{
	struct value *nodes = value_list();
	struct value *edges = value_list();
	struct value *graph = value_map();
	struct value *input = data_of("name", "text");
	char last[32] = "in";
	char id[32];

	map_set_str(input, "value", "hello");
	add_node(nodes, "in", "nodetool.input.StringInput", input);
	for (int i = 0; i < chain; i++) {
		snprintf(id, sizeof(id), "c%d", i);
		add_node(nodes, id, "nodetool.text.Concat", data_of("b", "!"));
		add_edge(edges, last, id, "a");
		memcpy(last, id, sizeof(last));
	}
	add_node(nodes, "out", "nodetool.output.Output", data_of("name", "result"));
	add_edge(edges, last, "out", "value");
	map_set(graph, "nodes", nodes);
	map_set(graph, "edges", edges);
	return graph;
}

/* The run_job frame of input -> `chain` x Concat -> Output. */
static char *run_frame(int chain, size_t *len)
{
	struct value *data = value_map();
	struct value *command = value_map();
	struct buf payload;
	char *frame;

	map_set(data, "graph", chain_graph(chain));
	map_set(data, "params", value_map());
	map_set_str(data, "workflow_id", "bench");
	map_set_str(command, "command", "run_job");
	map_set(command, "data", data);
	buf_init(&payload, BUF_MAX_BODY);
	msgpack_write(&payload, command, false);
	frame = frame_of(&payload, len);
	buf_free(&payload);
	value_unref(command);
	return frame;
}

static bool holds(const unsigned char *p, size_t n, const char *word)
{
	return memmem(p, n, word, strlen(word)) != NULL;
}

/* Size of the frame's head and payload; false when they are not all there yet. */
static bool frame_size(const struct buf *in, size_t *head, size_t *len)
{
	const unsigned char *p = (const unsigned char *)in->data;

	if (in->len < 2)
		return false;
	*len = p[1] & 0x7f;
	*head = *len == 126 ? 4 : *len == 127 ? 10 : 2;
	if (in->len < *head)
		return false;
	if (*head > 2) {
		*len = 0;
		for (size_t i = 2; i < *head; i++)
			*len = *len << 8 | p[i];
	}
	return in->len >= *head + *len;
}

/* Takes the frames that have arrived; true when a run has ended: a job_update with the word (fixstr) of an end. */
static bool take_frames(struct client *c)
{
	bool ended = false;
	size_t head;
	size_t len;

	while (frame_size(&c->in, &head, &len)) {
		const unsigned char *p = (const unsigned char *)c->in.data + head;

		if (holds(p, len, "\xaajob_update")) {
			bool failed = holds(p, len, "\xa6" "failed");

			ended = ended || failed || holds(p, len, "\xa9" "completed");
			c->failed += failed;
		}
		buf_consume(&c->in, head + len);
	}
	return ended;
}

static bool receive(struct client *c)
{
	char *at = buf_reserve(&c->in, 65536);
	ssize_t n = at ? recv(c->fd, at, 65536, 0) : -1;

	if (n <= 0)
		die("the server closed the connection");
	c->in.len += (size_t)n;
	return take_frames(c);
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void bench_latency(int chain, size_t runs)
{
	size_t len;
	char *frame = run_frame(chain, &len);
	int64_t *took = xcalloc(runs, sizeof(*took));
	size_t warm = runs / 10 + 1;
	struct client c;

	client_open(&c);
	for (size_t i = 0; i < runs + warm; i++) {
		int64_t start = time_mono_us();

		send_all(c.fd, frame, len);
		while (!receive(&c))
			;
		if (i >= warm)
			took[i - warm] = time_mono_us() - start;
	}
	qsort(took, runs, sizeof(*took), by_value);
	printf("{\"chain\":%d,\"runs\":%zu,\"failed\":%zu,\"median_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}\n", chain, runs,
	       c.failed, (double)took[runs / 2] / 1000, (double)took[runs * 99 / 100] / 1000,
	       (double)took[runs - 1] / 1000);
	close(c.fd);
	buf_free(&c.in);
	free(took);
	free(frame);
}

static void bench_rate(size_t sockets, size_t wanted)
{
	size_t len;
	char *frame = run_frame(1, &len);
	struct client *clients = xcalloc(sockets, sizeof(*clients));
	struct pollfd *fds = xcalloc(sockets, sizeof(*fds));
	size_t runs = 0;
	size_t failed = 0;
	int64_t start;
	int64_t elapsed;

	for (size_t i = 0; i < sockets; i++) {
		client_open(&clients[i]);
		fds[i] = (struct pollfd){ .fd = clients[i].fd, .events = POLLIN };
	}
	start = time_mono_us();
	for (size_t i = 0; i < sockets; i++)
		send_all(clients[i].fd, frame, len);
	while (runs < wanted) {
		if (poll(fds, sockets, RUN_TIMEOUT_MS) <= 0)
			die("no answer in time");
		for (size_t i = 0; i < sockets; i++) {
			if ((fds[i].revents & (POLLIN | POLLHUP)) && receive(&clients[i])) {
				runs++;
				send_all(clients[i].fd, frame, len);
			}
		}
	}
	elapsed = time_mono_us() - start;
	for (size_t i = 0; i < sockets; i++) {
		failed += clients[i].failed;
		close(clients[i].fd);
		buf_free(&clients[i].in);
	}
	printf("{\"sockets\":%zu,\"runs\":%zu,\"failed\":%zu,\"runs_per_second\":%.1f}\n", sockets, runs, failed,
	       (double)runs * 1e6 / (double)elapsed);
	free(clients);
	free(fds);
	free(frame);
}

static void bench_idle(size_t sockets)
{
	struct client *clients = xcalloc(sockets, sizeof(*clients));
	struct rlimit limit = { sockets + 64, sockets + 64 };
	char line[16];

	setrlimit(RLIMIT_NOFILE, &limit);
	for (size_t i = 0; i < sockets; i++) {
		client_open(&clients[i]);
		buf_free(&clients[i].in);
	}
	puts("open");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		puts("closed");
	for (size_t i = 0; i < sockets; i++)
		close(clients[i].fd);
	free(clients);
}

static size_t number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*end || n < 1 || n > 10000000) {
		fprintf(stderr, "ws_bench: %s is no number from 1 to 10000000\n", text);
		exit(2);
	}
	return (size_t)n;
}

int main(int argc, char **argv)
{
	char *address = argc > 3 ? xstrdup(argv[1]) : NULL;
	char *colon = address ? strrchr(address, ':') : NULL;
	int status = 0;

	if (colon) {
		*colon = '\0';
		host = address;
		port = colon + 1;
	}
	if (colon && strcmp(argv[2], "latency") == 0 && argc == 5) {
		bench_latency((int)number(argv[3]), number(argv[4]));
	} else if (colon && strcmp(argv[2], "rate") == 0 && argc == 5) {
		bench_rate(number(argv[3]), number(argv[4]));
	} else if (colon && strcmp(argv[2], "idle") == 0) {
		bench_idle(number(argv[3]));
	} else {
		fputs("usage: ws_bench HOST:PORT latency CHAIN RUNS | rate SOCKETS RUNS | idle SOCKETS\n", stderr);
		status = 2;
	}
	free(address);
	return status;
}
