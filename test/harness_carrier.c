/*
 * Carriers: the bufferevent under a channel, and the peer at its other end.
 *
 * The peer is a socket with a read event of its own or, for a pair, the other
 * bufferevent. What it sends is there for the channel to be read when
 * harness_send() returns, so that a test knows what one turn of the loop sees.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* POLLRDHUP */
#endif

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness_inside.h"
#include "harness_trouble.h"
#include "nasty.h"

#define XOR_MASK 0x5a
#define ARRIVAL_MS 5000 /* how long what was sent may be on its way */
#define RATE (1 << 30)  /* a limit that no test reaches */

#ifndef POLLRDHUP
#define POLLRDHUP POLLIN
#endif

#define SOCKET_BUFFER 16384 /* of what a channel sends over TCP */
#define TCP_WAITING 49152   /* so much fits into the window of what it gets */
#define TURNS_MAX 1000      /* in which a channel may read nothing */

enum kind { SOCKETPAIR, TCP, PAIR, FILTER, UNCONNECTED };

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
	[HARNESS_PAIR] = { .name = "pair", .kind = PAIR },
	[HARNESS_PAIR_THREADSAFE] = { .name = "threadsafe pair", .kind = PAIR,
	    .options = THREADSAFE },
	[HARNESS_FILTER] = { .name = "filter", .kind = FILTER, .in = pass,
	    .out = pass },
	[HARNESS_FILTER_DEFER] = { .name = "deferred filter", .kind = FILTER,
	    .options = DEFER, .in = pass, .out = pass },
	[HARNESS_FILTER_THREADSAFE] = { .name = "threadsafe filter",
	    .kind = FILTER, .options = THREADSAFE, .in = pass, .out = pass },
	[HARNESS_FRAGMENT] = { .name = "fragmenting filter", .kind = FILTER,
	    .in = fragment, .out = pass },
	[HARNESS_XOR] = { .name = "changing filter", .kind = FILTER,
	    .in = change, .out = change },
	[HARNESS_XOR_DEFER_THREADSAFE] = {
	    .name = "deferred threadsafe changing filter", .kind = FILTER,
	    .options = DEFER | THREADSAFE, .in = change, .out = change },
	[HARNESS_WAITING] = { .name = "bufferevent with input",
	    .waiting = true },
	[HARNESS_WAITING_DEFER] = { .name = "deferred bufferevent with input",
	    .waiting = true, .options = DEFER },
	[HARNESS_WAITING_PAIR] = { .name = "pair with input", .kind = PAIR,
	    .waiting = true },
	[HARNESS_WAITING_FILTER] = { .name = "filter with input",
	    .kind = FILTER, .waiting = true, .in = pass, .out = pass },
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

/* The peer's side */

static void
peer_got(struct harness *h, unsigned char *data, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		data[i] ^= h->in->mask;
	harness_must(evbuffer_add(h->received, data, len) == 0, "evbuffer_add");
}

static void
peer_ended(struct harness *h)
{
	h->peer_eof = true;
	if (!h->rude)
		harness_send_eof(h);
}

static void
peer_readable(evutil_socket_t fd, short what, void *arg)
{
	static unsigned char data[65536];
	struct harness *h = arg;
	ssize_t n;

	(void)what;
	harness_spare();
	if ((n = recv(fd, data, sizeof(data), 0)) > 0) {
		peer_got(h, data, (size_t)n);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		h->peer_errno = n == -1 ? errno : 0;
		event_del(h->in->peer_read);
		peer_ended(h);
	}
	harness_spare_end();
}

static void
peer_bev_readable(struct bufferevent *bev, void *arg)
{
	harness_spare();
	harness_must(evbuffer_add_buffer(((struct harness *)arg)->received,
	    bufferevent_get_input(bev)) == 0, "evbuffer_add_buffer");
	harness_spare_end();
}

static void
peer_bev_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	harness_spare();
	if ((what & BEV_EVENT_EOF) != 0)
		peer_ended(arg);
	harness_spare_end();
}

void
harness_peer_read(struct harness *h, bool on)
{
	harness_spare();
	if (h->peer_bev != NULL && on)
		bufferevent_enable(h->peer_bev, EV_READ);
	else if (h->peer_bev != NULL)
		bufferevent_disable(h->peer_bev, EV_READ);
	else if (on)
		event_add(h->in->peer_read, NULL);
	else
		event_del(h->in->peer_read);
	harness_spare_end();
}

/* Making and breaking */

static void
open_tcp(int fds[2])
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	int one = 1, size = SOCKET_BUFFER;
	int listener;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	fds[1] = socket(AF_INET, SOCK_STREAM, 0);
	harness_must(setsockopt(fds[1], SOL_SOCKET, SO_RCVBUF, &size,
	    sizeof(size)) == 0, "setsockopt");
	harness_must(setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &size,
	    sizeof(size)) == 0, "setsockopt");
	harness_must(bind(listener, (void *)&sin, sizeof(sin)) == 0, "bind");
	harness_must(listen(listener, 1) == 0, "listen");
	harness_must(getsockname(listener, (void *)&sin, &len) == 0,
	    "getsockname");
	harness_must(connect(fds[1], (void *)&sin, sizeof(sin)) == 0,
	    "connect");
	harness_must((fds[0] = accept(listener, NULL, NULL)) >= 0, "accept");
	harness_must(setsockopt(fds[1], IPPROTO_TCP, TCP_NODELAY, &one,
	    sizeof(one)) == 0, "setsockopt");
	close(listener);
}

static void
use_peer_socket(struct harness *h, int fd)
{
	evutil_make_socket_nonblocking(fd);
	h->peer_fd = fd;
	h->in->peer_read = event_new(h->base, fd, EV_READ | EV_PERSIST,
	    peer_readable, h);
	harness_must(h->in->peer_read != NULL, "memory");
	harness_peer_read(h, true);
}

void
harness_accept(struct harness *h, int listener)
{
	int fd = accept(listener, NULL, NULL);

	harness_must(fd >= 0, "accept");
	h->in->channel_fd = bufferevent_getfd(h->bev);
	nasty_watch(h->in->channel_fd, true);
	use_peer_socket(h, fd);
}

static void
open_sockets(struct harness *h, enum kind kind)
{
	int fds[2];

	if (kind == TCP)
		open_tcp(fds);
	else
		harness_must(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0,
		    "socketpair");
	evutil_make_socket_nonblocking(fds[0]);
	h->in->channel_fd = fds[0];
	nasty_watch(fds[0], true);
	use_peer_socket(h, fds[1]);
}

static void
open_pair(struct harness *h, int options)
{
	struct bufferevent *pair[2];

	harness_must(bufferevent_pair_new(h->base, options, pair) == 0,
	    "bufferevent_pair_new");
	h->in->is_pair = true;
	h->bev = pair[0];
	h->peer_bev = pair[1];
	bufferevent_setcb(h->peer_bev, peer_bev_readable, NULL, peer_bev_event,
	    h);
	harness_peer_read(h, true);
}

static void
limit_rate(struct harness *h)
{
	h->in->rate = ev_token_bucket_cfg_new(RATE, RATE, RATE, RATE, NULL);
	harness_must(h->in->rate != NULL, "memory");
	harness_must(bufferevent_set_rate_limit(h->bev, h->in->rate) == 0,
	    "bufferevent_set_rate_limit");
}

void
harness_carrier_open(struct harness *h)
{
	const struct carrier *c = &carriers[h->in->carrier];
	int options = c->options | BEV_OPT_CLOSE_ON_FREE;
	struct bufferevent *under;

	if (c->kind == UNCONNECTED)
		return;
	if (c->kind == PAIR) {
		open_pair(h, options);
		return;
	}
	open_sockets(h, c->kind);
	if (c->library)
		return;
	under = bufferevent_socket_new(h->base, h->in->channel_fd,
	    c->kind == FILTER ? options & ~DEFER : options);
	harness_must(under != NULL, "memory");
	h->bev = under;
	if (c->kind == FILTER) {
		h->bev = bufferevent_filter_new(under, c->in, c->out, options,
		    NULL, NULL);
		harness_must(h->bev != NULL, "a bufferevent");
	}
	if (c->in == change)
		h->in->mask = XOR_MASK;
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

void
harness_carrier_close(struct harness *h)
{
	if (h->in->peer_read != NULL)
		event_free(h->in->peer_read);
	h->in->peer_read = NULL;
	if (h->peer_fd != -1)
		close(h->peer_fd);
	h->peer_fd = -1;
	if (h->peer_bev != NULL)
		bufferevent_free(h->peer_bev);
	h->peer_bev = NULL;
}

/* Sending */

/* Whether the channel's end is still there to be looked at. */
static bool
wire_is_there(const struct harness *h)
{
	return h->in->channel_fd != -1 && (h->closed == 0 ||
	    h->detached != NULL);
}

static int
waiting_bytes(const struct harness *h)
{
	int n = 0;

	if (!wire_is_there(h) || ioctl(h->in->channel_fd, FIONREAD, &n) == -1)
		return 0;
	return n;
}

/* TCP may take a moment even over loopback. */
static void
wait_for_bytes(const struct harness *h, int n)
{
	int ms;

	for (ms = 0; waiting_bytes(h) < n && ms < ARRIVAL_MS; ms++)
		poll(NULL, 0, 1);
}

/* One send. @return how many bytes, 0 if there is no room, -1: nobody is there */
static ssize_t
send_once(struct harness *h, const unsigned char *data, size_t len)
{
	unsigned char piece[16384];
	size_t i, n = len < sizeof(piece) ? len : sizeof(piece);
	bool is_tcp = carriers[h->in->carrier].kind == TCP;
	int before;
	ssize_t sent;

	for (i = 0; i < n; i++)
		piece[i] = data[i] ^ h->in->mask;
	if (h->peer_bev != NULL)
		return bufferevent_write(h->peer_bev, piece, n) == 0 ?
		    (ssize_t)n : -1;
	before = waiting_bytes(h);
	if (is_tcp && before + (int)n > TCP_WAITING)
		return 0;
	sent = send(h->peer_fd, piece, n, MSG_NOSIGNAL);
	if (sent == -1)
		return errno == EAGAIN ? 0 : -1;
	if (is_tcp && wire_is_there(h))
		wait_for_bytes(h, before + (int)sent);
	return sent;
}

size_t
harness_send_some(struct harness *h, const void *data, size_t len)
{
	size_t sent = 0;
	ssize_t n;

	harness_spare();
	while (sent < len) {
		n = send_once(h, (const unsigned char *)data + sent, len - sent);
		if (n <= 0)
			break;
		sent += (size_t)n;
	}
	harness_spare_end();
	return sent;
}

void
harness_send(struct harness *h, const void *data, size_t len)
{
	struct pollfd room = { .events = POLLOUT };
	size_t sent, some;
	int turns = 0;

	if (h->peer_fd == -1 && h->peer_bev == NULL)
		return;
	sent = harness_send_some(h, data, len);
	room.fd = h->peer_fd;
	while (sent < len && (h->closed == 0 || h->detached != NULL)) {
		harness_turn(h);
		if (poll(&room, 1, ARRIVAL_MS) != 1 || ++turns > TURNS_MAX)
			ck_abort_msg("the channel does not read: %s",
			    harness_transcript(h));
		if ((room.revents & (POLLERR | POLLHUP)) != 0)
			return;
		some = harness_send_some(h, (const char *)data + sent,
		    len - sent);
		if (some > 0)
			turns = 0;
		sent += some;
	}
}

void
harness_send_eof(struct harness *h)
{
	struct pollfd end = { .events = POLLRDHUP };

	if (h->in->eof_sent)
		return;
	h->in->eof_sent = true;
	end.fd = h->in->channel_fd;
	harness_spare();
	if (h->peer_bev != NULL)
		bufferevent_flush(h->peer_bev, EV_WRITE, BEV_FINISHED);
	else if (shutdown(h->peer_fd, SHUT_WR) == 0 && wire_is_there(h))
		poll(&end, 1, ARRIVAL_MS);
	harness_spare_end();
}

void
harness_reset(struct harness *h)
{
	struct linger now = { .l_onoff = 1 };
	struct pollfd end = { .events = POLLRDHUP };

	setsockopt(h->peer_fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	h->in->eof_sent = true;
	harness_carrier_close(h);
	end.fd = h->in->channel_fd;
	poll(&end, 1, ARRIVAL_MS);
}
