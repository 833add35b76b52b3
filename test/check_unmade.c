/*
 * Outside of scenarios, without memory: channels that are not made or do not
 * connect, and settings that are refused and change nothing.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness_inside.h"

#define MUCH (1 << 20) /* more than sockets hold */

/* Making */

static void
note_drained(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_DRAINED)
		harness_note(h, "drained");
}

/* What a new channel must do, however little memory there was for it. */
static void
use(struct harness *h, struct evchat *chat)
{
	static char much[MUCH + 1];

	memset(much, 'x', MUCH);
	h->chat = chat;
	h->bev = evchat_get_bufferevent(chat);
	harness_expect(h, "");
	h->script.event = note_drained;
	harness_feed(h, "ab\r\n");
	harness_peer_read(h, false);
	harness_push_reference(h, "r", much);
	harness_push_mark(h, "m");
	harness_turn(h);
	harness_peer_read(h, true);
	harness_run_until_noted(h, "drained");
	harness_expect_received(h, much);
	evchat_close_when_done(chat);
	harness_run_until_closed(h);
	harness_end(h, "collect:ab\\r\\n|cleanup:r|mark:m:sent|drained"
	    "|closed:done");
}

/* All that it was given is gone. */
static void
expect_unmade(struct harness *h)
{
	harness_disown(h);
	harness_expect(h, "");
	if (!h->in->is_pair) /* whose peer is told nothing */
		harness_run_until_peer_eof(h);
	harness_end(h, "");
}

static struct evchat *
make_failing(struct harness *h, long n)
{
	unsigned options = harness_carrier_options(h->in->carrier);
	struct evchat *chat;

	errno = 0;
	harness_fail_allocation(n);
	if (h->bev != NULL)
		chat = evchat_new(h->bev, &harness_streaming, h, options);
	else
		chat = evchat_socket_new(h->base, h->in->channel_fd,
		    &harness_streaming, h, options);
	if (chat == NULL)
		ck_assert_int_eq(errno, ENOMEM);
	return chat;
}

/* @return whether there was an n-th allocation */
static bool
try_new(enum harness_carrier carrier, long n)
{
	struct harness *h = harness_new(carrier);
	struct evchat *chat = make_failing(h, n);
	bool failed = harness_allocation_failed();

	harness_fail_allocation(0);
	ck_assert(chat != NULL || failed);
	if (chat != NULL)
		use(h, chat);
	else
		expect_unmade(h);
	return failed;
}

START_TEST(constructor_without_memory_frees_what_it_was_given)
{
	long n;

	for (n = 1; try_new((enum harness_carrier)_i, n); n++)
		continue;
	ck_assert_int_gt(n, 3);
}
END_TEST

/* Connecting */

static int
listen_at(struct sockaddr_in *sin)
{
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(*sin);

	memset(sin, 0, sizeof(*sin));
	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(listener, (void *)sin, len), 0);
	ck_assert_int_eq(getsockname(listener, (void *)sin, &len), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	return listener;
}

/* Turns of the loop until it has connected, or ended. */
static void
wait_for_connect(struct harness *h)
{
	while (h->closed == 0 &&
	    strstr(harness_transcript(h), "event:connected") == NULL)
		harness_wait(h, 1);
}

/* @return whether there was an n-th allocation */
static bool
try_connect(long n)
{
	struct sockaddr_in sin;
	int listener = listen_at(&sin);
	struct harness *h = harness_start_new(HARNESS_UNCONNECTED,
	    &harness_streaming);
	bool failed;

	harness_push_mark(h, "m");
	ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	harness_fail_allocation(n);
	if (bufferevent_socket_connect(h->bev, (void *)&sin,
	    sizeof(sin)) == -1)
		evchat_free(h->chat);
	wait_for_connect(h);
	failed = harness_allocation_failed();
	harness_fail_allocation(0);
	if (h->closed == 0) {
		harness_accept(h, listener);
		harness_expect_received(h, "hello");
		harness_feed(h, "ab");
		harness_expect(h, "event:connected|mark:m:sent|collect:ab");
	} else {
		ck_assert(failed);
		ck_assert(h->why == EVCHAT_REASON_FREED ||
		    h->why == EVCHAT_REASON_NO_MEMORY ||
		    h->why == EVCHAT_REASON_CONNECT);
	}
	harness_free(h);
	close(listener);
	return failed;
}

START_TEST(connect_without_memory_succeeds_or_ends)
{
	long n;

	for (n = 1; try_connect(n); n++)
		continue;
	ck_assert_int_gt(n, 1);
}
END_TEST

/* Settings */

static struct evchat_framing *comma;

static int
set_terminator(struct harness *h)
{
	return evchat_set_terminator(h->chat, ",", 1);
}

static int
set_count(struct harness *h)
{
	return evchat_set_terminator_count(h->chat, 2);
}

static int
set_framing(struct harness *h)
{
	return evchat_set_framing(h->chat, comma);
}

static int
set_output_framing(struct harness *h)
{
	return evchat_set_output_framing(h->chat, comma);
}

static int
set_hooks(struct harness *h)
{
	return evchat_set_hooks(h->chat, &harness_frames, h);
}

static int
set_max_frame(struct harness *h)
{
	return evchat_set_max_frame(h->chat, 1, EVCHAT_OVERSIZE_DISCARD);
}

static int
set_sizes(struct harness *h)
{
	if (evchat_set_watermarks(h->chat, 1, 2) == -1)
		return -1;
	return evchat_set_buffer_sizes(h->chat, 1, 1);
}

static int
set_timeout(struct harness *h, enum evchat_timeout which)
{
	static const struct timeval minute = { 60, 0 };

	return evchat_set_timeout(h->chat, which, &minute);
}

static int
set_read_timeout(struct harness *h)
{
	return set_timeout(h, EVCHAT_TIMEOUT_READ);
}

static int
set_write_timeout(struct harness *h)
{
	return set_timeout(h, EVCHAT_TIMEOUT_WRITE);
}

static int
set_frame_timeout(struct harness *h)
{
	return set_timeout(h, EVCHAT_TIMEOUT_FRAME);
}

static int
unread(struct harness *h)
{
	return evchat_unread(h->chat, "uv\r\n", 4);
}

static int
nothing(struct harness *h)
{
	(void)h;
	return 0;
}

static bool failed; /* in the last set_failing() */

static int (*const settings[])(struct harness *) = {
	set_terminator, set_count, set_framing, set_output_framing, set_hooks,
	set_max_frame, set_sizes, set_read_timeout, set_write_timeout,
	set_frame_timeout, unread
};

#define SETTINGS ((int)(sizeof(settings) / sizeof(settings[0])))

/* In the middle of a frame; n: the allocation that fails in it, 0: none. */
static int
set_failing(struct harness *h, int (*set)(struct harness *), long n)
{
	int result, error;

	harness_fail_allocation(n);
	errno = 0;
	result = set(h);
	error = errno;
	failed = harness_allocation_failed();
	harness_fail_allocation(0);
	if (result == -1)
		ck_assert_int_eq(error, ENOMEM);
	return result;
}

/* @return all that came of it, to be freed; result: what the call returned */
static char *
run(enum harness_carrier carrier, int (*set)(struct harness *), long n,
    int *result)
{
	struct harness *h = harness_start_new(carrier, &harness_streaming);
	char *all;

	harness_crlf(h);
	harness_feed(h, "a\r");
	*result = set_failing(h, set, n);
	harness_feed(h, "\nbc,d\r\ne\r");
	ck_assert_int_eq(evchat_push_frame(h->chat, "fg", 2), 0);
	evchat_close_when_done(h->chat);
	harness_run_until_closed(h);
	harness_run_until_peer_eof(h);
	harness_note_bytes(h, "received", evbuffer_pullup(h->received, -1),
	    evbuffer_get_length(h->received));
	all = strdup(harness_transcript(h));
	ck_assert_ptr_nonnull(all);
	harness_free(h);
	return all;
}

static void
try_setting(enum harness_carrier carrier, int (*set)(struct harness *))
{
	int result;
	char *without = run(carrier, nothing, 0, &result);
	char *with = run(carrier, set, 0, &result);
	char *all;
	long n = 1;

	ck_assert_int_eq(result, 0);
	do {
		all = run(carrier, set, n++, &result);
		ck_assert_str_eq(all, result == 0 ? with : without);
		free(all);
	} while (failed);
	free(without);
	free(with);
}

START_TEST(setting_without_memory_is_made_or_changes_nothing)
{
	comma = evchat_framing_delimiter(",", 1, 0);
	ck_assert_ptr_nonnull(comma);
	try_setting(HARNESS_SOCKET, settings[_i]);
	try_setting(HARNESS_PAIR, settings[_i]);
	try_setting(HARNESS_FILTER, settings[_i]);
	evchat_framing_free(comma);
}
END_TEST

static Suite *
unmade_suite(void)
{
	Suite *suite = suite_create("unmade");
	TCase *tc = harness_case(suite, "channels");

	tcase_add_loop_test(tc,
	    constructor_without_memory_frees_what_it_was_given, 0,
	    HARNESS_CARRIERS);
	tcase_add_test(tc, connect_without_memory_succeeds_or_ends);

	tc = harness_case(suite, "settings");
	tcase_add_loop_test(tc,
	    setting_without_memory_is_made_or_changes_nothing, 0, SETTINGS);
	return suite;
}

int
main(void)
{
	return harness_main(unmade_suite());
}
