/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_HTTP_H
#define BASE_HTTP_H

#include "base/buf.h"

/* HTTP/1.1 between processes of one machine: no name is looked up, and no address but a loopback one is taken. */

#define HTTP_BODY_MAX ((size_t)64 << 10)

struct http_answer {
	unsigned code;
	const char *type; /* static: of the body */
	struct buf body;
};
/** Answer one POST; @ret is zeroed before. */
typedef void (*http_post_fn)(void *user, const struct buf *body, struct http_answer *ret);

/** Serve POST to @path at @address ("127.0.0.1:8080", "[::1]:8080"; port 0: any free one) until @stop (NULL: never), which is asked several times
 *  a second, gives non-zero. One request is answered after the other; bodies, connections and their time are bounded. @ready gets the address of
 *  the listening socket as `http://…/`; what it answers but SAQTA_OK ends it. SAQTA_ERR_ARGUMENT: no loopback address; SAQTA_ERR_CREATE. */
enum saqta_status http_serve(const char *address, const char *path, http_post_fn post, int (*stop)(void *user),
			     enum saqta_status (*ready)(void *user, const char *url, struct saqta_error *err), void *user,
			     struct saqta_error *err) must_check_;

/** What a server answered. Zero-initialise. */
struct http_reply {
	unsigned code;
	char type[64]; /* its Content-Type, without parameters */
	struct buf body;
};
/** POST @body to @url ("http://127.0.0.1:8080/…") with @path behind it. SAQTA_ERR_ARGUMENT: no such address; SAQTA_ERR_STORE: nobody answers, or no
 *  HTTP. */
enum saqta_status http_post(const char *url, const char *path, const struct buf *body, struct http_reply *ret,
			    struct saqta_error *err) must_check_;
void http_reply_done(struct http_reply *r);

#endif
