/*
 * The peer at the other end of a channel: a socket with a read event of its
 * own or, for a pair, the other bufferevent. What it sends is there for the
 * channel to be read when harness_send() returns, so that a test knows what
 * one turn of the loop sees.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* POLLRDHUP */
#endif

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness_inside.h"
#include "harness_trouble.h"
#include "nasty.h"

#define ARRIVAL_MS 5000   /* how long what was sent may be on its way */
#define TCP_WAITING 49152 /* so much fits into the window of a channel */
#define TURNS_MAX 1000    /* in which a channel may read nothing */
#define HANDSHAKE_TURNS_MAX 2000 /* of a millisecond at most */

#ifndef POLLRDHUP
#define POLLRDHUP POLLIN
#endif

static void send_end(struct harness *h);

/* Receiving */

void
harness_peer_got(struct harness *h, unsigned char *data, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		data[i] ^= h->in->mask;
	if (h->in->layer != NULL)
		h->in->layer->got(h, data, len);
	else
		harness_must(evbuffer_add(h->received, data, len) == 0,
		    "evbuffer_add");
}

void
harness_peer_ended(struct harness *h)
{
	h->peer_eof = true;
	if (!h->rude)
		send_end(h);
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
		harness_peer_got(h, data, (size_t)n);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		h->peer_errno = n == -1 ? errno : 0;
		event_del(h->in->peer_read);
		harness_peer_ended(h);
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
		harness_peer_ended(arg);
	harness_spare_end();
}

void
harness_peer_read(struct harness *h, bool on)
{
	if (!on && h->chat != NULL)
		harness_shake_hands(h); /* for what it wants to read first */
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

ssize_t
harness_peer_take(struct harness *h, void *data, size_t len)
{
	size_t left = evbuffer_get_length(h->received);
	ssize_t n = 1;

	while (h->in->layer != NULL && left == 0 && n > 0) {
		if ((n = recv(h->peer_fd, data, len, MSG_DONTWAIT)) > 0)
			harness_peer_got(h, data, (size_t)n);
		left = evbuffer_get_length(h->received);
	}
	if (h->in->layer != NULL)
		return left > 0 ? evbuffer_remove(h->received, data, len) : -1;
	if (h->peer_bev == NULL)
		return recv(h->peer_fd, data, len, MSG_DONTWAIT);
	/* It takes so much at once. */
	bufferevent_setwatermark(h->peer_bev, EV_READ, 0, len);
	(void)bufferevent_enable(h->peer_bev, EV_READ);
	(void)bufferevent_disable(h->peer_bev, EV_READ);
	return evbuffer_remove(bufferevent_get_input(h->peer_bev), data, len);
}

/* Beginning and end */

void
harness_peer_open_socket(struct harness *h, int fd)
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
	harness_peer_open_socket(h, fd);
}

void
harness_peer_open_bev(struct harness *h, struct bufferevent *bev)
{
	h->peer_bev = bev;
	bufferevent_setcb(bev, peer_bev_readable, NULL, peer_bev_event, h);
	harness_peer_read(h, true);
}

void
harness_peer_close(struct harness *h)
{
	if (h->in->layer != NULL)
		h->in->layer->free(h);
	h->in->layer = NULL;
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
ssize_t
harness_wire_send(struct harness *h, const void *data, size_t len)
{
	unsigned char piece[16384];
	size_t i, n = len < sizeof(piece) ? len : sizeof(piece);
	bool is_tcp = harness_carrier_is_tcp(h->in->carrier);
	int before = waiting_bytes(h);
	ssize_t sent;

	for (i = 0; i < n; i++)
		piece[i] = ((const unsigned char *)data)[i] ^ h->in->mask;
	if (is_tcp && before + (int)n > TCP_WAITING)
		return 0;
	sent = send(h->peer_fd, piece, n, MSG_NOSIGNAL);
	if (sent == -1)
		return errno == EAGAIN ? 0 : -1;
	if (is_tcp && wire_is_there(h))
		wait_for_bytes(h, before + (int)sent);
	return sent;
}

static ssize_t
send_once(struct harness *h, const void *data, size_t len)
{
	if (h->in->layer != NULL)
		return h->in->layer->send(h, data, len);
	if (h->peer_bev == NULL)
		return harness_wire_send(h, data, len);
	return bufferevent_write(h->peer_bev, data, len) == 0 ?
	    (ssize_t)len : -1;
}

bool
harness_peer_flush(struct harness *h)
{
	bool flushed;

	if (h->in->layer == NULL)
		return true;
	harness_spare();
	flushed = h->in->layer->flush(h);
	harness_spare_end();
	return flushed;
}

void
harness_shake_hands(struct harness *h)
{
	struct pollfd answer = { .fd = h->peer_fd, .events = POLLIN };
	int turns;

	for (turns = 0; !harness_peer_flush(h) && !h->peer_eof &&
	    (h->closed == 0 || h->detached != NULL); turns++) {
		harness_must(turns < HANDSHAKE_TURNS_MAX,
		    "an answer of the channel");
		harness_turn(h);
		poll(&answer, 1, 1);
	}
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
	if (h->in->layer != NULL && h->in->eof_sent)
		return; /* as where it is the wire that has ended */
	harness_shake_hands(h);
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
	harness_shake_hands(h);
}

static void
send_end(struct harness *h)
{
	struct pollfd end = { .events = POLLRDHUP };

	if (h->in->eof_sent)
		return;
	h->in->eof_sent = true;
	end.fd = h->in->channel_fd;
	harness_spare();
	if (h->peer_bev != NULL)
		bufferevent_flush(h->peer_bev, EV_WRITE, BEV_FINISHED);
	else if ((h->in->layer == NULL || h->in->layer->end(h)) &&
	    shutdown(h->peer_fd, SHUT_WR) == 0 && wire_is_there(h))
		poll(&end, 1, ARRIVAL_MS);
	harness_spare_end();
}

void
harness_send_eof(struct harness *h)
{
	if (!h->in->eof_sent)
		harness_shake_hands(h);
	send_end(h);
}

void
harness_reset(struct harness *h)
{
	struct linger now = { .l_onoff = 1 };
	struct pollfd end = { .events = POLLRDHUP };

	setsockopt(h->peer_fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	h->in->eof_sent = true;
	harness_peer_close(h);
	end.fd = h->in->channel_fd;
	poll(&end, 1, ARRIVAL_MS);
}
