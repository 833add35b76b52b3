/*
 * Bulk transfers; see bulk.h. The pattern is the same in both directions.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "bulk.h"
#include "harness_inside.h"
#include "nasty.h"

#define PIECE_MAX 9000 /* of what is pushed or sent at once */
#define WAYS 6         /* to push */

static size_t
smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* What has been pushed tells its end */

struct lent {
	struct bulk *bulk;
	size_t end;    /* in the stream */
	size_t given;  /* by a producer, up to end */
	char bytes[PIECE_MAX];
};

static struct lent *
lend(struct bulk *bulk, size_t len)
{
	struct lent *lent = calloc(1, sizeof(*lent));

	ck_assert_ptr_nonnull(lent);
	lent->bulk = bulk;
	lent->given = bulk->pushed;
	lent->end = bulk->pushed + len;
	bulk->lent++;
	return lent;
}

static void
note_end(struct lent *lent, enum evchat_done how)
{
	struct bulk *bulk = lent->bulk;

	bulk->ended++;
	if (how == EVCHAT_DONE_SENT)
		bulk->sent = lent->end;
	if (how == EVCHAT_DONE_DISCARDED || bulk->h->closed != 0)
		bulk->unexpected = true;
	free(lent);
}

static void
clean_up(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	note_end(arg, EVCHAT_DONE_FAILED);
}

static void
mark(struct evchat *chat, enum evchat_done how, void *arg)
{
	(void)chat;
	note_end(arg, how);
}

static enum evchat_more
more(void *self, struct evbuffer *out, size_t want)
{
	struct lent *lent = self;
	size_t len = smaller(lent->end - lent->given, smaller(want, 700));

	sink_pattern(out, lent->given, len);
	lent->given += len;
	return lent->given == lent->end ? EVCHAT_MORE_END : EVCHAT_MORE_DATA;
}

static void
done(void *self, enum evchat_done how, uint64_t bytes)
{
	struct lent *lent = self;

	if (how == EVCHAT_DONE_SENT)
		ck_assert_uint_eq(lent->given, lent->end);
	ck_assert_uint_le(bytes, lent->end);
	note_end(lent, how);
}

static const struct evchat_producer_ops pattern_ops = { more, done };

/* Pushing */

static struct evbuffer *
bytes(const struct bulk *bulk, size_t len)
{
	struct evbuffer *buf = evbuffer_new();

	ck_assert_ptr_nonnull(buf);
	sink_pattern(buf, bulk->pushed, len);
	return buf;
}

static int
push_bytes(struct bulk *bulk, size_t len)
{
	struct evbuffer *buf = bytes(bulk, len);
	int result = evchat_push(bulk->h->chat, evbuffer_pullup(buf, -1), len);

	evbuffer_free(buf);
	return result;
}

static int
push_reference(struct bulk *bulk, size_t len)
{
	struct evbuffer *buf = bytes(bulk, len);
	struct lent *lent = lend(bulk, len);

	ck_assert_int_eq(evbuffer_remove(buf, lent->bytes, len), (int)len);
	evbuffer_free(buf);
	return evchat_push_reference(bulk->h->chat, lent->bytes, len, clean_up,
	    lent);
}

static int
push_buffer(struct bulk *bulk, size_t len)
{
	struct evbuffer *buf = bytes(bulk, len);
	int result = evchat_push_buffer(bulk->h->chat, buf);

	evbuffer_free(buf);
	return result;
}

static int
push_file(struct bulk *bulk, size_t len)
{
	return evchat_push_file(bulk->h->chat, dup(fileno(bulk->file)),
	    (int64_t)bulk->pushed, (int64_t)len);
}

static int
push_evbuffer_producer(struct bulk *bulk, size_t len)
{
	return evchat_push_with_producer(bulk->h->chat,
	    evchat_producer_new_evbuffer(bytes(bulk, len)));
}

static int
push_producer(struct bulk *bulk, size_t len)
{
	return evchat_push_with_producer(bulk->h->chat,
	    evchat_producer_new(&pattern_ops, lend(bulk, len)));
}

/* By turns in each way, in pieces of many sizes, with marks between them. */
static void
push_all(struct bulk *bulk)
{
	static int (*const push[WAYS])(struct bulk *, size_t) = { push_bytes,
	    push_reference, push_buffer, push_file, push_evbuffer_producer,
	    push_producer };
	size_t len, i;

	for (i = 0; bulk->pushed < bulk->len; i++, bulk->pushed += len) {
		len = smaller(1 + i * 7919 % PIECE_MAX,
		    bulk->len - bulk->pushed);
		ck_assert_int_eq(push[i % WAYS](bulk, len), 0);
		if (i % 4 == 0)
			ck_assert_int_eq(evchat_push_callback(bulk->h->chat,
			    mark, lend(bulk, len)), 0);
	}
	ck_assert_int_eq(evchat_push_callback(bulk->h->chat, mark,
	    lend(bulk, 0)), 0);
}

/* One transfer */

static void
on_collect(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct bulk *bulk = ((struct harness *)arg)->user;

	(void)chat;
	ck_assert_msg(sink_is_pattern(data, bulk->collected, len),
	    "other bytes than were sent, from byte %zu on", bulk->collected);
	bulk->collected += len;
}

static void
note_eof(struct harness *h, enum evchat_event what)
{
	struct bulk *bulk = h->user;

	bulk->eof = bulk->eof || what == EVCHAT_EVENT_EOF;
	if (bulk->eof)
		ck_assert_uint_eq(bulk->collected, bulk->len);
}

static void
note_error(struct harness *h, enum evchat_reason why)
{
	struct bulk *bulk = h->user;

	(void)why;
	bulk->error = evchat_get_errno(h->chat);
	ck_assert_int_eq(bulk->ended, bulk->lent);
}

/* Few bytes do not wait for those before them to be acknowledged. */
static void
send_at_once(struct harness *h)
{
	int one = 1;

	(void)setsockopt(bufferevent_getfd(h->bev), IPPROTO_TCP, TCP_NODELAY,
	    &one, sizeof(one));
}

void
bulk_start(struct bulk *bulk, enum harness_carrier carrier, size_t len)
{
	static struct evchat_hooks hooks; /* those of the harness, but for one */
	struct evbuffer *buf = evbuffer_new();

	memset(bulk, 0, sizeof(*bulk));
	hooks = harness_streaming;
	hooks.collect = on_collect;
	bulk->len = len;
	sink_pattern(buf, 0, len);
	ck_assert_ptr_nonnull(bulk->file = tmpfile());
	ck_assert_int_eq(evbuffer_write(buf, fileno(bulk->file)), (int)len);
	evbuffer_free(buf);
	bulk->h = harness_new(carrier);
	bulk->h->user = bulk;
	bulk->h->rude = true;
	bulk->h->script.closed = note_error;
	bulk->h->script.event = note_eof;
	harness_start(bulk->h, &hooks, 0);
	sink_narrow(bulk->h);
	send_at_once(bulk->h);
	sink_start(&bulk->sink, bulk->h, 5000, true);
}

/* -1 with errno, as send has it. */
static ssize_t
send_some(struct bulk *bulk, int fd, const void *data, size_t len)
{
	if (harness_has_tls(bulk->h))
		return (ssize_t)harness_send_some(bulk->h, data, len);
	return send(fd, data, len, MSG_NOSIGNAL);
}

static bool
has_fed_all(const struct bulk *bulk)
{
	return bulk->fed == bulk->len && harness_peer_flush(bulk->h);
}

/* The peer sends what there is room for, and behind it all its end. */
static void
feed(evutil_socket_t fd, short what, void *arg)
{
	struct bulk *bulk = arg;
	size_t len = smaller(bulk->len - bulk->fed, PIECE_MAX);
	struct evbuffer *buf = evbuffer_new();
	ssize_t n;

	(void)what;
	sink_pattern(buf, bulk->fed, len);
	n = send_some(bulk, fd, evbuffer_pullup(buf, -1), len);
	evbuffer_free(buf);
	bulk->fed += n > 0 ? (size_t)n : 0;
	if (has_fed_all(bulk)) {
		if (harness_has_tls(bulk->h))
			harness_send_eof(bulk->h);
		else
			(void)shutdown(fd, SHUT_WR);
	}
	if (has_fed_all(bulk) || (n == -1 && errno != EAGAIN))
		(void)event_del(bulk->feed);
}

static bool
has_ended(void *arg)
{
	struct bulk *bulk = arg;

	return bulk->h->closed != 0 && bulk->h->peer_eof;
}

void
bulk_transfer(struct bulk *bulk)
{
	bulk->feed = event_new(bulk->h->base, bulk->h->peer_fd,
	    EV_WRITE | EV_PERSIST, feed, bulk);
	ck_assert_ptr_nonnull(bulk->feed);
	ck_assert_int_eq(event_add(bulk->feed, NULL), 0);
	push_all(bulk);
	ck_assert_int_eq(evchat_push_eof(bulk->h->chat), 0);
	sink_run(bulk->h, has_ended, bulk);
	nasty_stop();
	event_free(bulk->feed);
	ck_assert(!bulk->unexpected);
}

void
bulk_end(struct bulk *bulk, const char *transcript)
{
	sink_stop(&bulk->sink);
	harness_end(bulk->h, transcript);
	(void)fclose(bulk->file);
}
