/*
 * The slow peer. The pattern's period is a prime number, so that bytes which
 * are lost, doubled or out of place show.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "harness_inside.h"
#include "sink.h"

#define PERIOD 251
#define PATTERN (PERIOD * 300) /* so long is one copy of it */
#define READ_MAX 65536
#define GUARD_S 10
#define NARROW 2048

const enum harness_carrier sink_kinds[SINK_KINDS] = { HARNESS_SOCKET,
    HARNESS_BEV_DEFER, HARNESS_TCP, HARNESS_PAIR, HARNESS_FILTER,
#ifdef HAVE_OPENSSL
    HARNESS_TLS, HARNESS_TLS_FILTER
#endif
};

static const unsigned char *
pattern(void)
{
	static unsigned char bytes[PATTERN];
	size_t i;

	if (bytes[0] == 0)
		for (i = 0; i < sizeof(bytes); i++)
			bytes[i] = (unsigned char)(i % PERIOD + 1);
	return bytes;
}

/* As much of the pattern as is in one piece: n of the len bytes from offset. */
static const unsigned char *
part(uint64_t offset, size_t len, size_t *n)
{
	size_t from = (size_t)(offset % PERIOD);

	*n = len < PATTERN - from ? len : PATTERN - from;
	return pattern() + from;
}

void
sink_pattern(struct evbuffer *to, uint64_t offset, size_t len)
{
	const unsigned char *bytes;
	size_t n;

	for (; len > 0; len -= n, offset += n) {
		bytes = part(offset, len, &n);
		ck_assert_int_eq(evbuffer_add(to, bytes, n), 0);
	}
}

int
sink_file(uint64_t offset, size_t len)
{
	struct evbuffer *bytes = evbuffer_new();
	int fd;

	sink_pattern(bytes, offset, len);
	fd = harness_file(evbuffer_pullup(bytes, -1), len);
	evbuffer_free(bytes);
	return fd;
}

bool
sink_is_pattern(const void *data, uint64_t offset, size_t len)
{
	const unsigned char *at = data, *bytes;
	size_t n;

	for (; len > 0; len -= n, offset += n, at += n) {
		bytes = part(offset, len, &n);
		if (memcmp(at, bytes, n) != 0)
			return false;
	}
	return true;
}

/* Reading */

static void
got(struct sink *sink, const unsigned char *data, size_t len)
{
	if (sink->known)
		ck_assert_msg(sink_is_pattern(data, sink->got, len),
		    "other bytes than were pushed, from byte %ju on",
		    (uintmax_t)sink->got);
	else
		ck_assert_int_eq(evbuffer_add(sink->h->received, data, len),
		    0);
	sink->got += len;
}

/* What is received here is no bytes that were pushed, but TLS makes them of it. */
static void
got_record(struct sink *sink, unsigned char *data, size_t len)
{
	struct evbuffer *received = sink->h->received;
	struct evbuffer *text = evbuffer_new();
	int n;

	sink->h->received = text;
	harness_peer_got(sink->h, data, len);
	sink->h->received = received;
	while ((n = evbuffer_remove(text, data, len)) > 0)
		got(sink, data, (size_t)n);
	evbuffer_free(text);
}

static void
got_from_wire(struct sink *sink, unsigned char *data, size_t len)
{
	size_t i;

	if (harness_has_tls(sink->h)) {
		got_record(sink, data, len);
		return;
	}
	for (i = 0; i < len && sink->h->in->mask != 0; i++)
		data[i] ^= sink->h->in->mask;
	got(sink, data, len);
}

static void
ended(struct sink *sink)
{
	harness_peer_ended(sink->h);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	static unsigned char data[READ_MAX];
	struct sink *sink = arg;
	ssize_t n;

	(void)what;
	n = recv(fd, data, sink->piece, 0);
	if (n > 0) {
		got_from_wire(sink, data, (size_t)n);
		return;
	}
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	sink->h->peer_errno = n == -1 ? errno : 0;
	event_del(sink->read);
	ended(sink);
}

static void
on_bev_readable(struct bufferevent *bev, void *arg)
{
	static unsigned char data[READ_MAX];
	struct evbuffer *input = bufferevent_get_input(bev);
	int n;

	while ((n = evbuffer_remove(input, data, sizeof(data))) > 0)
		got(arg, data, (size_t)n);
}

static void
on_bev_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	if ((what & BEV_EVENT_EOF) != 0)
		ended(arg);
}

void
sink_start(struct sink *sink, struct harness *h, size_t piece, bool known)
{
	memset(sink, 0, sizeof(*sink));
	sink->h = h;
	sink->piece = piece < READ_MAX ? piece : READ_MAX;
	sink->known = known;
	harness_peer_read(h, false);
	if (h->peer_bev != NULL) {
		bufferevent_setcb(h->peer_bev, on_bev_readable, NULL,
		    on_bev_event, sink);
		bufferevent_setwatermark(h->peer_bev, EV_READ, 0, piece);
		harness_peer_read(h, true);
		return;
	}
	sink->read = event_new(h->base, h->peer_fd, EV_READ | EV_PERSIST,
	    on_readable, sink);
	ck_assert_ptr_nonnull(sink->read);
	ck_assert_int_eq(event_add(sink->read, NULL), 0);
}

void
sink_stop(struct sink *sink)
{
	if (sink->read != NULL)
		event_free(sink->read);
	else
		bufferevent_setcb(sink->h->peer_bev, NULL, NULL, NULL, NULL);
}

/* Running */

void
sink_run(struct harness *h, bool (*condition)(void *arg), void *arg)
{
	const char *seconds = getenv("EVCHAT_TEST_GUARD");
	struct timeval tv = { GUARD_S, 0 };

	if (seconds != NULL)
		tv.tv_sec = atoi(seconds);
	/* It may take as long as it likes, if only something happens. */
	while (!condition(arg)) {
		event_add(h->in->guard, &tv);
		if (event_base_loop(h->base, EVLOOP_ONCE) != 0)
			ck_abort_msg("the loop fails");
	}
	event_del(h->in->guard);
}

struct awaited {
	struct sink *sink;
	uint64_t len;
};

static bool
has_come(void *arg)
{
	struct awaited *awaited = arg;

	return awaited->sink->h->peer_eof || awaited->sink->got >= awaited->len;
}

void
sink_run_until(struct sink *sink, uint64_t len)
{
	struct awaited awaited = { sink, len };

	sink_run(sink->h, has_come, &awaited);
}

/* Over TCP they are as narrow as can be without waiting for its timers. */
void
sink_narrow(struct harness *h)
{
	int size = NARROW, fd = bufferevent_getfd(h->bev);
	struct sockaddr_storage name = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(name);

	if (fd != -1)
		ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&name,
		    &len), 0);
	if (name.ss_family == AF_UNIX)
		ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size,
		    sizeof(size)), 0);
}

void
sink_add(TCase *tcase, const TTest *test)
{
	sink_add_below(tcase, test, SINK_CARRIERS);
}

void
sink_add_below(TCase *tcase, const TTest *test, enum harness_carrier limit)
{
	tcase_add_loop_test(tcase, test, 0, (int)limit);
}
