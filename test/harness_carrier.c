/*
 * Carriers: all kinds of bufferevents under a channel, and how each is made.
 * The peer at the other end is in harness_peer.c.
 */

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness_inside.h"
#include "nasty.h"

#define XOR_MASK 0x5a
#define RATE (1 << 30)      /* a limit that no test reaches */
#define SOCKET_BUFFER 16384 /* of what a channel sends over TCP */

enum kind { SOCKETPAIR, TCP, TCP6, PAIR, UNCONNECTED };

#define DEFER BEV_OPT_DEFER_CALLBACKS
#define THREADSAFE BEV_OPT_THREADSAFE
#define UNLOCK (DEFER | THREADSAFE | BEV_OPT_UNLOCK_CALLBACKS)

static enum bufferevent_filter_result pass(struct evbuffer *,
    struct evbuffer *, ev_ssize_t, enum bufferevent_flush_mode, void *);
static enum bufferevent_filter_result fragment(struct evbuffer *,
    struct evbuffer *, ev_ssize_t, enum bufferevent_flush_mode, void *);
static enum bufferevent_filter_result change(struct evbuffer *,
    struct evbuffer *, ev_ssize_t, enum bufferevent_flush_mode, void *);

static const struct carrier {
	const char *name;
	enum kind kind;
	bool library;   /* the library makes the bufferevent */
	bool waiting;
	bool rated;
	int options;    /* of the bufferevent */
	bufferevent_filter_cb in;
	bufferevent_filter_cb out;
	bool over;      /* TLS is over a bufferevent */
	struct harness_tls tls;
} carriers[HARNESS_CARRIERS + 1] = {
	[HARNESS_SOCKET] = { .name = "socket", .library = true },
	[HARNESS_SOCKET_THREADSAFE] = { .name = "threadsafe socket",
	    .library = true, .options = THREADSAFE },
	[HARNESS_BEV] = { .name = "bufferevent" },
	[HARNESS_BEV_DEFER] = { .name = "deferred bufferevent",
	    .options = DEFER },
	[HARNESS_BEV_THREADSAFE] = { .name = "threadsafe bufferevent",
	    .options = THREADSAFE },
	[HARNESS_BEV_DEFER_THREADSAFE] = {
	    .name = "deferred threadsafe bufferevent",
	    .options = DEFER | THREADSAFE },
	[HARNESS_BEV_UNLOCK] = { .name = "unlocking bufferevent",
	    .options = UNLOCK },
	[HARNESS_RATED] = { .name = "rate-limited bufferevent",
	    .rated = true },
	[HARNESS_TCP] = { .name = "TCP", .kind = TCP },
	[HARNESS_TCP_DEFER] = { .name = "deferred TCP", .kind = TCP,
	    .options = DEFER },
	[HARNESS_TCP_THREADSAFE] = { .name = "threadsafe TCP", .kind = TCP,
	    .options = THREADSAFE },
	[HARNESS_TCP6] = { .name = "TCP over IPv6", .kind = TCP6 },
	[HARNESS_PAIR] = { .name = "pair", .kind = PAIR },
	[HARNESS_PAIR_THREADSAFE] = { .name = "threadsafe pair", .kind = PAIR,
	    .options = THREADSAFE },
	[HARNESS_FILTER] = { .name = "filter", .in = pass, .out = pass },
	[HARNESS_FILTER_DEFER] = { .name = "deferred filter",
	    .options = DEFER, .in = pass, .out = pass },
	[HARNESS_FILTER_THREADSAFE] = { .name = "threadsafe filter",
	    .options = THREADSAFE, .in = pass, .out = pass },
	[HARNESS_FRAGMENT] = { .name = "fragmenting filter",
	    .in = fragment, .out = pass },
	[HARNESS_XOR] = { .name = "changing filter",
	    .in = change, .out = change },
	[HARNESS_XOR_DEFER_THREADSAFE] = {
	    .name = "deferred threadsafe changing filter",
	    .options = DEFER | THREADSAFE, .in = change, .out = change },
#ifdef HAVE_OPENSSL
	[HARNESS_TLS] = { .name = "TLS socket", .tls = { .wanted = true,
	    .ends_wire = true } },
	[HARNESS_TLS_DEFER_THREADSAFE] = {
	    .name = "deferred threadsafe TLS 1.2 socket",
	    .options = DEFER | THREADSAFE,
	    .tls = { .wanted = true, .old = true } },
	[HARNESS_TLS_TCP] = { .name = "TLS over TCP", .kind = TCP,
	    .tls = { .wanted = true, .client = true, .ends_wire = true } },
	[HARNESS_TLS_HANDSHAKE] = { .name = "TLS socket before its handshake",
	    .tls = { .wanted = true, .client = true, .handshaking = true } },
	[HARNESS_TLS_FILTER] = { .name = "TLS filter", .over = true,
	    .tls = { .wanted = true, .ends_wire = true } },
	[HARNESS_TLS_FILTER_HANDSHAKE] = {
	    .name = "TLS filter before its handshake", .over = true,
	    .tls = { .wanted = true, .handshaking = true } },
	[HARNESS_TLS_OVER_FILTER] = { .name = "TLS over a changing filter",
	    .over = true, .in = change, .out = change,
	    .tls = { .wanted = true, .client = true, .ends_wire = true } },
#endif
	[HARNESS_WAITING] = { .name = "bufferevent with input",
	    .waiting = true },
	[HARNESS_WAITING_DEFER] = { .name = "deferred bufferevent with input",
	    .waiting = true, .options = DEFER },
	[HARNESS_WAITING_PAIR] = { .name = "pair with input", .kind = PAIR,
	    .waiting = true },
	[HARNESS_WAITING_FILTER] = { .name = "filter with input",
	    .waiting = true, .in = pass, .out = pass },
#ifdef HAVE_OPENSSL
	[HARNESS_WAITING_TLS] = { .name = "TLS socket with input",
	    .waiting = true, .tls = { .wanted = true, .ends_wire = true } },
	[HARNESS_WAITING_TLS_FILTER] = { .name = "TLS filter with input",
	    .waiting = true, .over = true, .tls = { .wanted = true } },
#endif
	[HARNESS_UNCONNECTED] = { .name = "socket to be connected",
	    .kind = UNCONNECTED }
};

const char *
harness_carrier_name(enum harness_carrier carrier)
{
	return carriers[carrier].name;
}

bool
harness_carrier_waits(enum harness_carrier carrier)
{
	return carriers[carrier].waiting;
}

bool
harness_carrier_is_tcp(enum harness_carrier carrier)
{
	return carriers[carrier].kind == TCP || carriers[carrier].kind == TCP6;
}

bool
harness_has_tls(const struct harness *h)
{
	return carriers[h->in->carrier].tls.wanted;
}

/* The filters */

static enum bufferevent_filter_result
pass(struct evbuffer *src, struct evbuffer *dst, ev_ssize_t limit,
    enum bufferevent_flush_mode mode, void *arg)
{
	size_t want = limit < 0 ? SIZE_MAX : (size_t)limit;

	(void)mode;
	(void)arg;
	if (evbuffer_get_length(src) == 0)
		return BEV_NEED_MORE;
	return evbuffer_remove_buffer(src, dst, want) > 0 ? BEV_OK : BEV_ERROR;
}

static void
free_byte(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	free(arg);
}

static enum bufferevent_filter_result
fragment(struct evbuffer *src, struct evbuffer *dst, ev_ssize_t limit,
    enum bufferevent_flush_mode mode, void *arg)
{
	char *byte;

	(void)limit;
	(void)mode;
	(void)arg;
	if (evbuffer_get_length(src) == 0)
		return BEV_NEED_MORE;
	if ((byte = malloc(1)) == NULL || evbuffer_remove(src, byte, 1) != 1)
		return BEV_ERROR;
	if (evbuffer_add_reference(dst, byte, 1, free_byte, byte) == -1)
		return BEV_ERROR;
	return BEV_OK;
}

static enum bufferevent_filter_result
change(struct evbuffer *src, struct evbuffer *dst, ev_ssize_t limit,
    enum bufferevent_flush_mode mode, void *arg)
{
	unsigned char piece[512];
	size_t want = sizeof(piece);
	int i, n;

	(void)mode;
	(void)arg;
	if (limit >= 0 && (size_t)limit < want)
		want = (size_t)limit;
	if ((n = evbuffer_remove(src, piece, want)) <= 0)
		return n == 0 ? BEV_NEED_MORE : BEV_ERROR;
	for (i = 0; i < n; i++)
		piece[i] ^= XOR_MASK;
	return evbuffer_add(dst, piece, (size_t)n) == 0 ? BEV_OK : BEV_ERROR;
}

/* Making */

/* An address of this machine to bind to. @return its length */
static socklen_t
address_of(enum kind kind, struct sockaddr_storage *address)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
	struct sockaddr_in *four = (struct sockaddr_in *)address;

	memset(address, 0, sizeof(*address));
	if (kind == TCP6) {
		six->sin6_family = AF_INET6;
		six->sin6_addr = in6addr_loopback;
		return sizeof(*six);
	}
	four->sin_family = AF_INET;
	four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sizeof(*four);
}

bool
harness_has_tcp6(void)
{
	struct sockaddr_storage address;
	socklen_t len = address_of(TCP6, &address);
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	bool has = fd != -1 && bind(fd, (void *)&address, len) == 0;

	if (fd != -1)
		close(fd);
	return has;
}

static void
open_tcp(enum kind kind, int fds[2])
{
	struct sockaddr_storage address;
	socklen_t len = address_of(kind, &address);
	int one = 1, size = SOCKET_BUFFER;
	int listener;

	listener = socket(address.ss_family, SOCK_STREAM, 0);
	fds[1] = socket(address.ss_family, SOCK_STREAM, 0);
	harness_must(setsockopt(fds[1], SOL_SOCKET, SO_RCVBUF, &size,
	    sizeof(size)) == 0, "setsockopt");
	harness_must(setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &size,
	    sizeof(size)) == 0, "setsockopt");
	harness_must(bind(listener, (void *)&address, len) == 0, "bind");
	harness_must(listen(listener, 1) == 0, "listen");
	harness_must(getsockname(listener, (void *)&address, &len) == 0,
	    "getsockname");
	harness_must(connect(fds[1], (void *)&address, len) == 0, "connect");
	harness_must((fds[0] = accept(listener, NULL, NULL)) >= 0, "accept");
	harness_must(setsockopt(fds[1], IPPROTO_TCP, TCP_NODELAY, &one,
	    sizeof(one)) == 0, "setsockopt");
	close(listener);
}

static void
open_sockets(struct harness *h, enum kind kind)
{
	int fds[2];

	if (kind == TCP6 && !harness_has_tcp6())
		kind = TCP;
	if (kind == TCP || kind == TCP6)
		open_tcp(kind, fds);
	else
		harness_must(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0,
		    "socketpair");
	evutil_make_socket_nonblocking(fds[0]);
	h->in->channel_fd = fds[0];
	nasty_watch(fds[0], true);
	harness_peer_open_socket(h, fds[1]);
}

static void
open_pair(struct harness *h, int options)
{
	struct bufferevent *pair[2];

	harness_must(bufferevent_pair_new(h->base, options, pair) == 0,
	    "bufferevent_pair_new");
	h->in->is_pair = true;
	h->bev = pair[0];
	harness_peer_open_bev(h, pair[1]);
}

static void
limit_rate(struct harness *h)
{
	h->in->rate = ev_token_bucket_cfg_new(RATE, RATE, RATE, RATE, NULL);
	harness_must(h->in->rate != NULL, "memory");
	harness_must(bufferevent_set_rate_limit(h->bev, h->in->rate) == 0,
	    "bufferevent_set_rate_limit");
}

/* A bufferevent over the socket, or over another one that is. */
static struct bufferevent *
layer(struct harness *h, const struct carrier *c, struct bufferevent *under,
    int options)
{
	struct bufferevent *bev = NULL;

	if (under == NULL && !c->tls.wanted)
		bev = bufferevent_socket_new(h->base, h->in->channel_fd,
		    options);
	else if (!c->tls.wanted)
		bev = bufferevent_filter_new(under, c->in, c->out, options,
		    NULL, NULL);
#ifdef HAVE_OPENSSL
	else
		bev = harness_tls_open(h, under, &c->tls, options);
#endif
	harness_must(bev != NULL, "a bufferevent");
	return bev;
}

void
harness_carrier_open(struct harness *h)
{
	static const struct carrier plain = { .name = "plain" };
	const struct carrier *c = &carriers[h->in->carrier];
	int options = c->options | BEV_OPT_CLOSE_ON_FREE;
	struct carrier filter = { .in = c->in, .out = c->out };

	if (c->kind == UNCONNECTED)
		return;
	if (c->kind == PAIR) {
		open_pair(h, options);
		return;
	}
	open_sockets(h, c->kind);
	if (c->library)
		return;
	if (c->in == change)
		h->in->mask = XOR_MASK;
	if (c->in != NULL || c->over)
		h->bev = layer(h, &plain, NULL, options & ~DEFER);
	/* If it called back at once, OpenSSL would be called inside a call. */
	if (c->in != NULL && c->tls.wanted)
		h->bev = layer(h, &filter, h->bev, options | DEFER);
	h->bev = layer(h, c, h->bev, options);
	if (c->rated)
		limit_rate(h);
}

unsigned
harness_carrier_options(enum harness_carrier carrier)
{
	const struct carrier *c = &carriers[carrier];

	if (!c->library)
		return 0;
	return (c->options & THREADSAFE) != 0 ? EVCHAT_OPT_THREADSAFE : 0;
}
