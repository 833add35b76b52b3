#ifndef BENCH_SECURE_H
#define BENCH_SECURE_H

/*
 * Both sides of TLS for those who are measured in one process, with a
 * certificate that is made when they begin; nobody verifies it. Each fails for
 * the program.
 */

#include <openssl/ssl.h>
#include <event2/bufferevent.h>

/* A session of the one kind or the other, TLS 1.3. */
SSL *secure_accepting(void);
SSL *secure_connecting(void);

/* A bufferevent on a descriptor that does this; it takes the descriptor. */
struct bufferevent *secure_bufferevent(struct event_base *base, int fd,
    SSL *ssl);

#endif
