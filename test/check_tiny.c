/*
 * Output of every kind through sockets that hold next to nothing, to a reader
 * of 1 to 7 bytes at a time, with pauses and discards at random: byte for byte
 * what was pushed, but for what was discarded, and each end is told once.
 *
 * What has to come is written down when it is pushed, frames as their formats
 * say and not as the library encodes them. A discard takes away what is behind
 * the last byte that has left.
 */

#define _POSIX_C_SOURCE 200809L
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "sink.h"
#include "unit.h"

#define KIBI ((size_t)1 << 10)
#define FILE_SIZE (96 * KIBI)
#define THINGS 24 /* that are pushed in a case */
#define CASES 16

struct tiny {
	struct harness *h;
	FILE *file;               /* FILE_SIZE bytes at random */
	char *bytes;              /* the same */
	struct evchat_framing *netstring, *lines;

	char *expected;           /* from the first byte on */
	size_t len, size;
	size_t got;               /* by the reader, compared */
	long lent, ended;         /* things that are told their end */
	int things;               /* still to be pushed */
	bool may_discard;
};

static void
expect(struct tiny *t, const void *bytes, size_t len)
{
	if (t->len + len > t->size) {
		t->size = 2 * (t->len + len);
		t->expected = realloc(t->expected, t->size);
		ck_assert_ptr_nonnull(t->expected);
	}
	memcpy(t->expected + t->len, bytes, len);
	t->len += len;
}

/* Any part of the bytes, mostly a short one. */
static const char *
part(const struct tiny *t, size_t *len)
{
	static const size_t limits[] = { 8, 300, 5 * KIBI, 40 * KIBI };

	*len = 1 + unit_random(limits[unit_random(8) < 7 ? unit_random(3) : 3]);
	return t->bytes + unit_random(FILE_SIZE - *len);
}

/* Ways to push */

static void
clean_up(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	((struct tiny *)arg)->ended++;
}

static void
mark_done(struct evchat *chat, enum evchat_done how, void *arg)
{
	(void)chat;
	ck_assert_int_ne(how, EVCHAT_DONE_FAILED);
	((struct tiny *)arg)->ended++;
}

static int
push_copy(struct tiny *t, const char *bytes, size_t len)
{
	expect(t, bytes, len);
	return evchat_push(t->h->chat, bytes, len);
}

static int
push_reference(struct tiny *t, const char *bytes, size_t len)
{
	expect(t, bytes, len);
	t->lent++;
	return evchat_push_reference(t->h->chat, bytes, len, clean_up, t);
}

static struct evbuffer *
buffer_of(const char *bytes, size_t len)
{
	struct evbuffer *buf = evbuffer_new();
	size_t half = len / 2;

	ck_assert_int_eq(evbuffer_add_reference(buf, bytes, half, NULL, NULL),
	    0);
	ck_assert_int_eq(evbuffer_add(buf, bytes + half, len - half), 0);
	return buf;
}

static int
push_buffer(struct tiny *t, const char *bytes, size_t len)
{
	struct evbuffer *buf = buffer_of(bytes, len);
	int result;

	expect(t, bytes, len);
	result = evchat_push_buffer(t->h->chat, buf);
	evbuffer_free(buf);
	return result;
}

static int
push_printf(struct tiny *t, const char *bytes, size_t len)
{
	char text[32];

	snprintf(text, sizeof(text), "%zu:%02x", len, (unsigned char)*bytes);
	expect(t, text, strlen(text));
	return evchat_push_printf(t->h->chat, "%s", text);
}

static int
push_file(struct tiny *t, const char *bytes, size_t len)
{
	expect(t, bytes, len);
	return evchat_push_file(t->h->chat, dup(fileno(t->file)),
	    bytes - t->bytes, (int64_t)len);
}

static int
push_evbuffer_producer(struct tiny *t, const char *bytes, size_t len)
{
	expect(t, bytes, len);
	return evchat_push_with_producer(t->h->chat,
	    evchat_producer_new_evbuffer(buffer_of(bytes, len)));
}

/* A producer that gives few bytes at a time, and sometimes none. */
struct giver {
	struct tiny *t;
	const char *bytes;
	size_t len, given;
};

static enum evchat_more
give(void *self, struct evbuffer *out, size_t want)
{
	struct giver *giver = self;
	size_t left = giver->len - giver->given, n = unit_random(want / 64);

	if (n > left)
		n = left;
	ck_assert_int_eq(evbuffer_add(out, giver->bytes + giver->given, n), 0);
	giver->given += n;
	return n < left ? EVCHAT_MORE_DATA : EVCHAT_MORE_END;
}

static void
given(void *self, enum evchat_done how, uint64_t bytes)
{
	struct giver *giver = self;

	ck_assert_int_ne(how, EVCHAT_DONE_FAILED);
	ck_assert_uint_eq(bytes, giver->given);
	giver->t->ended++;
	free(giver);
}

static struct evchat_producer *
giver_of(struct tiny *t, const char *bytes, size_t len)
{
	static const struct evchat_producer_ops ops = { give, given };
	struct giver *giver = calloc(1, sizeof(*giver));

	giver->t = t;
	giver->bytes = bytes;
	giver->len = len;
	t->lent++;
	return evchat_producer_new(&ops, giver);
}

static int
push_producer(struct tiny *t, const char *bytes, size_t len)
{
	expect(t, bytes, len);
	return evchat_push_with_producer(t->h->chat, giver_of(t, bytes, len));
}

static int
push_frame(struct tiny *t, const char *bytes, size_t len)
{
	char header[32];

	snprintf(header, sizeof(header), "%zu:", len);
	expect(t, header, strlen(header));
	expect(t, bytes, len);
	expect(t, ",", 1);
	ck_assert_int_eq(evchat_set_output_framing(t->h->chat, t->netstring),
	    0);
	return evchat_push_frame(t->h->chat, bytes, len);
}

static int
push_frame_producer(struct tiny *t, const char *bytes, size_t len)
{
	expect(t, bytes, len);
	expect(t, "\r\n", 2);
	ck_assert_int_eq(evchat_set_output_framing(t->h->chat, t->lines), 0);
	return evchat_push_frame_with_producer(t->h->chat,
	    giver_of(t, bytes, len));
}

static int
push_mark(struct tiny *t, const char *bytes, size_t len)
{
	(void)bytes;
	(void)len;
	t->lent++;
	return evchat_push_callback(t->h->chat, mark_done, t);
}

static int (*const ways[])(struct tiny *, const char *, size_t) = {
    push_copy, push_reference, push_buffer, push_printf, push_file,
    push_evbuffer_producer, push_producer, push_frame, push_frame_producer,
    push_mark };

#define WAYS (sizeof(ways) / sizeof(ways[0]))

/* Meanwhile */

static void
discard(struct tiny *t)
{
	struct evchat_stats stats;

	evchat_get_stats(t->h->chat, &stats, sizeof(stats));
	ck_assert_uint_le(stats.bytes_out, t->len);
	ck_assert_uint_ge(stats.bytes_out, t->got);
	t->len = (size_t)stats.bytes_out;
	evchat_discard_buffers(t->h->chat);
	ck_assert_int_eq(t->ended, t->lent);
}

static void
change_something(struct tiny *t)
{
	const char *bytes;
	size_t len;

	switch (unit_random(20)) {
	case 0:
		if (t->may_discard)
			discard(t);
		break;
	case 1:
		evchat_pause(t->h->chat);
		break;
	case 2:
		evchat_resume(t->h->chat);
		break;
	case 3:
		ck_assert_int_eq(evchat_set_watermarks(t->h->chat, 0,
		    1 + unit_random(9 * KIBI)), 0);
		break;
	case 4:
		ck_assert_int_eq(evchat_set_buffer_sizes(t->h->chat, 4096,
		    64 + unit_random(9 * KIBI)), 0);
		break;
	default:
		if (t->things-- <= 0)
			break;
		bytes = part(t, &len);
		ck_assert_int_eq(ways[unit_random(WAYS)](t, bytes, len), 0);
		break;
	}
}

/* @return how many bytes have come, at most 7 */
static size_t
take(struct tiny *t)
{
	char bytes[7];
	ssize_t n;

	n = harness_peer_take(t->h, bytes, 1 + unit_random(7));
	if (n <= 0)
		return 0;
	harness_must(t->got + (size_t)n <= t->len &&
	    memcmp(t->expected + t->got, bytes, (size_t)n) == 0,
	    "what was pushed, and no more");
	t->got += (size_t)n;
	return (size_t)n;
}

static void
start(struct tiny *t, enum harness_carrier carrier)
{
	int size = 1, one = 1;

	t->h = harness_streaming_on((int)carrier);
	harness_peer_read(t->h, false);
	ck_assert_int_eq(setsockopt(bufferevent_getfd(t->h->bev), SOL_SOCKET,
	    SO_SNDBUF, &size, sizeof(size)), 0);
	(void)setsockopt(bufferevent_getfd(t->h->bev), IPPROTO_TCP,
	    TCP_NODELAY, &one, sizeof(one));
	/* TCP would wait for its timers with a window as small as that. */
	if (carrier != HARNESS_TCP)
		(void)setsockopt(t->h->peer_fd, SOL_SOCKET, SO_RCVBUF, &size,
		    sizeof(size));
	t->things = THINGS;
	t->may_discard = carrier < HARNESS_FILTER;
}

static void
run_case(struct tiny *t, enum harness_carrier carrier)
{
	size_t n;

	t->len = t->got = 0;
	t->lent = t->ended = 0;
	start(t, carrier);
	while (t->things > 0 || t->got < t->len ||
	    evchat_get_output_length(t->h->chat) > 0) {
		if (unit_random(3) == 0)
			change_something(t);
		harness_turn(t->h);
		/* So many bites that it ends, and so few that much waits. */
		n = t->things > 0 ? unit_random(400) : SIZE_MAX;
		while (n-- > 0 && take(t) > 0)
			;
	}
	harness_turn(t->h);
	ck_assert_int_eq(t->ended, t->lent);
	harness_end(t->h, "");
}

static const enum harness_carrier sockets[] = { HARNESS_SOCKET,
    HARNESS_BEV_DEFER, HARNESS_TCP, HARNESS_FILTER,
#ifdef HAVE_OPENSSL
    HARNESS_TLS, HARNESS_TLS_FILTER
#endif
};

#define SOCKETS (sizeof(sockets) / sizeof(sockets[0]))

static void
fill(struct tiny *t)
{
	size_t i;

	memset(t, 0, sizeof(*t));
	ck_assert_ptr_nonnull(t->bytes = malloc(FILE_SIZE));
	for (i = 0; i < FILE_SIZE; i++)
		/* No CR, so that a line of them is one. */
		while ((t->bytes[i] = (char)unit_random(256)) == '\r')
			;
	ck_assert_ptr_nonnull(t->file = tmpfile());
	ck_assert_uint_eq(fwrite(t->bytes, 1, FILE_SIZE, t->file), FILE_SIZE);
	ck_assert_int_eq(fflush(t->file), 0);
	t->netstring = evchat_framing_netstring(0);
	t->lines = evchat_framing_delimiter("\r\n", 2, 0);
}

START_TEST(output_through_a_keyhole_is_what_was_pushed)
{
	size_t i, n = unit_cases(CASES) / SOCKETS + 1;
	struct tiny t;

	fill(&t);
	for (i = 0; i < n; i++)
		run_case(&t, sockets[_i]);
	evchat_framing_free(t.netstring);
	evchat_framing_free(t.lines);
	(void)fclose(t.file);
	free(t.expected);
	free(t.bytes);
}
END_TEST

static Suite *
tiny_suite(void)
{
	Suite *suite = suite_create("tiny");
	TCase *tc = harness_case(suite, "tiny");

	tcase_add_loop_test(tc, output_through_a_keyhole_is_what_was_pushed, 0,
	    (int)SOCKETS);
	return suite;
}

int
main(void)
{
	return harness_main(tiny_suite());
}
