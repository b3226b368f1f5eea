/* SPDX-License-Identifier: Apache-2.0 */
#include "base/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 32u
#define CONNECTION_S 10u
#define CONNECTION_MEMORY ((size_t)32 << 10)
#define WAIT_MS 200
#define REPLY_MAX (HTTP_BODY_MAX + ((size_t)16 << 10))
#define REPLY_S 30

static enum saqta_status no_memory(struct saqta_error *err) { return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory"); }

/* ---- addresses ---- */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static bool parse_port(const char *text, size_t len, in_port_t *ret)
{
	unsigned n = 0;

	if (len == 0 || len > 5 || (text[0] == '0' && len > 1))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		n = n * 10 + (unsigned)(text[i] - '0');
	}
	*ret = htons((uint16_t)n);
	return n <= UINT16_MAX;
}

/* "127.x.y.z:port" or "[::1]:port". */
static bool parse_address(const char *text, size_t len, union address *ret)
{
	const char *colon = memrchr(text, ':', len);
	char host[INET6_ADDRSTRLEN];
	size_t n = colon ? (size_t)(colon - text) : 0;
	in_port_t port;

	*ret = (union address){0};
	if (n < 3 || n >= sizeof(host) || !parse_port(colon + 1, len - n - 1, &port))
		return false;
	memcpy(host, text, n);
	host[n] = 0;
	if (host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = 0;
		ret->v6.sin6_family = AF_INET6;
		ret->v6.sin6_port = port;
		return inet_pton(AF_INET6, host + 1, &ret->v6.sin6_addr) == 1 && IN6_IS_ADDR_LOOPBACK(&ret->v6.sin6_addr);
	}
	ret->v4.sin_family = AF_INET;
	ret->v4.sin_port = port;
	return inet_pton(AF_INET, host, &ret->v4.sin_addr) == 1 && ntohl(ret->v4.sin_addr.s_addr) >> 24 == 127;
}

static enum saqta_status bad_address(const char *text, struct saqta_error *err)
{
	return err_set(err, SAQTA_ERR_ARGUMENT, 0, "%s: only addresses of this machine are taken, as 127.0.0.1:8080 or [::1]:8080", text);
}

/* ---- server ---- */

struct server {
	const char *path;
	http_post_fn post;
	void *user;
};

static enum MHD_Result reply(struct MHD_Connection *c, unsigned code, const char *type, const void *body, size_t len)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(len, (void *)body, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result r;

	if (!response)
		return MHD_NO;
	r = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (r == MHD_YES && code == MHD_HTTP_METHOD_NOT_ALLOWED)
		r = MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, MHD_HTTP_METHOD_POST);
	if (r == MHD_YES)
		r = MHD_queue_response(c, code, response);
	MHD_destroy_response(response);
	return r;
}

static enum MHD_Result refuse(struct MHD_Connection *c, unsigned code, const char *why)
{
	return reply(c, code, "text/plain; charset=utf-8", why, strlen(why));
}

/* The first call for a request: its head is read, its body is not. */
static enum MHD_Result begin(const struct server *s, struct MHD_Connection *c, const char *url, const char *method, void **request)
{
	const char *length = MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

	if (strcmp(url, s->path) != 0)
		return refuse(c, MHD_HTTP_NOT_FOUND, "nothing is here\n");
	if (strcmp(method, MHD_HTTP_METHOD_POST) != 0)
		return refuse(c, MHD_HTTP_METHOD_NOT_ALLOWED, "only POST\n");
	if (length && strtoull(length, NULL, 10) > HTTP_BODY_MAX)
		return refuse(c, MHD_HTTP_CONTENT_TOO_LARGE, "the body is too large\n");
	*request = calloc(1, sizeof(struct buf));
	return *request ? MHD_YES : MHD_NO;
}

/* libmicrohttpd calls it with each piece of the body, and once more at its end. */
static enum MHD_Result handle(void *user, struct MHD_Connection *c, const char *url, const char *method, const char *version,
			      const char *data, size_t *len, void **request)
{
	const struct server *s = user;
	struct http_answer answer = {0};
	struct buf *body = *request;
	enum MHD_Result r;

	(void)version;
	if (!body)
		return begin(s, c, url, method, request);
	if (*len > 0) {
		if (*len > HTTP_BODY_MAX - body->len)
			return MHD_NO; /* longer than it was said to be: the connection ends */
		buf_add(body, data, *len);
		*len = 0;
		return body->failed ? MHD_NO : MHD_YES;
	}
	s->post(s->user, body, &answer);
	r = answer.body.failed ? MHD_NO : reply(c, answer.code, answer.type, answer.body.data, answer.body.len);
	buf_done(&answer.body);
	return r;
}

static void completed(void *user, struct MHD_Connection *c, void **request, enum MHD_RequestTerminationCode why)
{
	struct buf *body = *request;

	(void)user;
	(void)c;
	(void)why;
	if (body)
		buf_done(body);
	free(body);
	*request = NULL;
}

static bool listening_url(struct MHD_Daemon *d, const union address *asked, char *ret, size_t size)
{
	const union MHD_DaemonInfo *port = MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT);
	char host[INET6_ADDRSTRLEN] = "";

	if (asked->any.sa_family == AF_INET6)
		return port && snprintf(ret, size, "http://[::1]:%u/", port->port) > 0;
	(void)inet_ntop(AF_INET, &asked->v4.sin_addr, host, sizeof(host));
	return port && snprintf(ret, size, "http://%s:%u/", host, port->port) > 0;
}

enum saqta_status http_serve(const char *address, const char *path, http_post_fn post, int (*stop)(void *user),
			     enum saqta_status (*ready)(void *user, const char *url, struct saqta_error *err), void *user,
			     struct saqta_error *err)
{
	struct server s = {.path = path, .post = post, .user = user};
	enum saqta_status r = SAQTA_OK;
	struct MHD_Daemon *d;
	union address at;
	char url[80];
	bool is_v6;

	if (!parse_address(address, strlen(address), &at))
		return bad_address(address, err);
	is_v6 = at.any.sa_family == AF_INET6;
	d = MHD_start_daemon(MHD_USE_AUTO | (is_v6 ? MHD_USE_IPv6 : 0), ntohs(is_v6 ? at.v6.sin6_port : at.v4.sin_port), NULL, NULL, handle,
			     &s, MHD_OPTION_SOCK_ADDR, &at.any, MHD_OPTION_NOTIFY_COMPLETED, completed, NULL, MHD_OPTION_CONNECTION_LIMIT,
			     CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, CONNECTION_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
			     CONNECTION_MEMORY, MHD_OPTION_END);
	if (!d)
		return err_set(err, SAQTA_ERR_CREATE, 0, "%s: cannot be listened on: %s", address, strerror(errno));
	if (!listening_url(d, &at, url, sizeof(url)))
		r = err_set(err, SAQTA_ERR_CREATE, 0, "%s: its port is not known", address);
	if (!r)
		r = ready(user, url, err);
	while (!r && (!stop || stop(user) == 0))
		if (MHD_run_wait(d, WAIT_MS) != MHD_YES)
			r = err_set(err, SAQTA_ERR_STORE, 0, "%s: cannot be served any more", address);
	MHD_stop_daemon(d);
	return r;
}

/* ---- client: HTTP/1.0, so that the answer comes in one piece and ends with the connection ---- */

void http_reply_done(struct http_reply *r) { buf_done(&r->body); }

static enum saqta_status no_reply(struct saqta_error *err, const char *why)
{
	return err_set(err, SAQTA_ERR_STORE, 0, "the server does not answer: %s", why);
}

static enum saqta_status parse_url(const char *url, union address *ret, const char **ret_host, size_t *ret_host_len,
				   struct saqta_error *err)
{
	static const char scheme[] = "http://";
	const size_t n = sizeof(scheme) - 1;

	if (strncmp(url, scheme, n) != 0)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "%s: not an address like http://127.0.0.1:8080/", url);
	*ret_host = url + n;
	*ret_host_len = strcspn(*ret_host, "/");
	for (const char *at = *ret_host; *at; at++)
		if ((unsigned char)*at <= 0x20 || (unsigned char)*at >= 0x7f || *at == '?' || *at == '#')
			return err_set(err, SAQTA_ERR_ARGUMENT, 0, "the address has a character that is not of one");
	return parse_address(*ret_host, *ret_host_len, ret) ? SAQTA_OK : bad_address(url, err);
}

static bool send_all(int fd, const struct buf *b)
{
	for (size_t done = 0; done < b->len;) {
		ssize_t n = send(fd, b->data + done, b->len - done, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return false;
		done += n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* What comes until the connection ends, in bounded time. */
static enum saqta_status read_all(int fd, struct buf *ret, struct saqta_error *err)
{
	char chunk[4096];
	time_t end = time(NULL) + REPLY_S;

	for (;;) {
		ssize_t n = recv(fd, chunk, sizeof(chunk), 0);

		if (n == 0)
			return ret->failed ? no_memory(err) : SAQTA_OK;
		if (n < 0 && errno != EINTR)
			return no_reply(err, errno == EAGAIN ? "it takes too long" : strerror(errno));
		if (time(NULL) > end)
			return no_reply(err, "it takes too long");
		buf_add(ret, chunk, n > 0 ? (size_t)n : 0);
		if (ret->len > REPLY_MAX)
			return no_reply(err, "it says too much");
	}
}

/* The value of header @name in @line, or NULL; spaces around it are cut. */
static const char *header_value(const char *line, size_t len, const char *name, size_t *ret_len)
{
	size_t n = strlen(name);

	if (len <= n || strncasecmp(line, name, n) != 0 || line[n] != ':')
		return NULL;
	for (line += n + 1, len -= n + 1; len > 0 && (*line == ' ' || *line == '\t'); len--)
		line++;
	while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	*ret_len = len;
	return line;
}

/* One line of the head. False where the body would not be what follows it as it stands. */
static bool take_header(const char *line, size_t len, struct http_reply *ret, size_t body_len)
{
	char number[24];
	size_t n;
	const char *value = header_value(line, len, "Content-Type", &n);

	if (value) {
		for (size_t i = 0; i < n; i++)
			if (value[i] == ';' || value[i] == ' ')
				n = i;
		(void)snprintf(ret->type, sizeof(ret->type), "%.*s", (int)(n < sizeof(ret->type) ? n : 0), value);
	}
	if (header_value(line, len, "Transfer-Encoding", &n))
		return false;
	value = header_value(line, len, "Content-Length", &n);
	(void)snprintf(number, sizeof(number), "%zu", body_len);
	return !value || (n == strlen(number) && memcmp(value, number, n) == 0);
}

static enum saqta_status parse_reply(const struct buf *raw, struct http_reply *ret, struct saqta_error *err)
{
	const char *at = (const char *)raw->data, *end = raw->len ? memmem(at, raw->len, "\r\n\r\n", 4) : NULL;
	const uint8_t *body = end ? (const uint8_t *)end + 4 : NULL;
	size_t body_len = end ? raw->len - (size_t)(body - raw->data) : 0;

	if (!end || end - at < 12 || memcmp(at, "HTTP/1.", 7) != 0 || at[8] != ' ')
		return no_reply(err, "what came is no HTTP");
	for (int i = 9; i < 12; i++) {
		if (at[i] < '0' || at[i] > '9')
			return no_reply(err, "what came is no HTTP");
		ret->code = ret->code * 10 + (unsigned)(at[i] - '0');
	}
	while ((at = memmem(at, (size_t)(end - at), "\r\n", 2)) != NULL) {
		const char *line = at += 2, *next = memmem(at, (size_t)(end - at), "\r\n", 2);

		if (!take_header(line, (size_t)((next ? next : end) - line), ret, body_len))
			return no_reply(err, "its answer is cut");
	}
	if (body_len > HTTP_BODY_MAX)
		return no_reply(err, "it says too much");
	buf_add(&ret->body, body, body_len);
	return ret->body.failed ? no_memory(err) : SAQTA_OK;
}

enum saqta_status http_post(const char *url, const char *path, const struct buf *body, struct http_reply *ret, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf request = {0}, raw = {0};
	const struct timeval patience = {.tv_sec = REPLY_S};
	const char *host = url, *prefix;
	union address to;
	size_t host_len = 0;
	enum saqta_status r = parse_url(url, &to, &host, &host_len, err);
	int fd;

	if (r)
		return r;
	prefix = host + host_len;
	buf_fmt(&request, "POST %s%s%s HTTP/1.0\r\nHost: %.*s\r\n", prefix, *prefix && prefix[strlen(prefix) - 1] == '/' ? "" : "/", path,
		(int)host_len, host);
	buf_fmt(&request, "Content-Type: text/plain\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", body->len);
	buf_add(&request, body->data, body->len);
	if (request.failed)
		return no_memory(err);
	fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return no_reply(err, strerror(errno));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, &to.any, to.any.sa_family == AF_INET6 ? sizeof(to.v6) : sizeof(to.v4)) != 0 || !send_all(fd, &request))
		r = no_reply(err, strerror(errno));
	else
		r = read_all(fd, &raw, err);
	(void)close(fd);
	return r ? r : parse_reply(&raw, ret, err);
}
