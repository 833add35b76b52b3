/*
 * Detaching: the bufferevent is as it was before it had a channel.
 */

#include "harness.h"

static void
take_input(struct bufferevent *bev, void *arg)
{
	struct evbuffer *input = bufferevent_get_input(bev);

	if (evbuffer_get_length(input) == 0) /* a pair does this */
		return;
	harness_note_bytes(arg, "plain", evbuffer_pullup(input, -1),
	    evbuffer_get_length(input));
	evbuffer_drain(input, evbuffer_get_length(input));
}

/* Beneath TLS there is one more end, which libevent tells as an error. */
static void
take_event(struct bufferevent *bev, short what, void *arg)
{
	struct harness *h = arg;

	if (bufferevent_get_underlying(bev) != NULL && harness_has_tls(h) &&
	    h->count++ > 0)
		return;
	harness_note(h, "plain:%s", (what & BEV_EVENT_EOF) != 0 ? "eof" :
	    "other");
}

START_TEST(detached_bufferevent_works_without_the_channel)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);

	h->rude = true;
	harness_crlf(h);
	harness_feed(h, "ab\r\ncd");
	harness_detach_now(h);
	bufferevent_setcb(h->detached, take_input, NULL, take_event, h);
	bufferevent_enable(h->detached, EV_READ);
	harness_feed(h, "ef");
	ck_assert_int_eq(bufferevent_write(h->detached, "hello", 5), 0);
	harness_expect_received(h, "hello");
	harness_feed_eof(h);
	harness_end(h, "frame:ab|closed:detached|plain:cdef|plain:eof");
}
END_TEST

START_TEST(detached_bufferevent_has_no_settings_of_the_channel)
{
	const struct timeval minute = { 60, 0 };
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);
	bufferevent_data_cb readcb, writecb;
	bufferevent_event_cb eventcb;
	size_t low, high;
	void *arg;

	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_READ,
	    &minute), 0);
	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_WRITE,
	    &minute), 0);
	harness_detach_now(h);
	bufferevent_getcb(h->detached, &readcb, &writecb, &eventcb, &arg);
	ck_assert(readcb == NULL && writecb == NULL && eventcb == NULL);
	ck_assert_int_eq(bufferevent_getwatermark(h->detached, EV_WRITE, &low,
	    &high), 0);
	ck_assert_uint_eq(low + high, 0);
	ck_assert_int_eq(bufferevent_getwatermark(h->detached, EV_READ, &low,
	    &high), 0);
	ck_assert_uint_eq(low + high, 0);
	ck_assert_int_eq(bufferevent_get_enabled(h->detached), EV_WRITE);
	harness_end(h, "closed:detached");
}
END_TEST

START_TEST(enabled_events_are_as_they_were_found)
{
	static const short events[] = { 0, EV_READ, EV_WRITE,
	    EV_READ | EV_WRITE };
	struct harness *h;
	size_t i;

	for (i = 0; i < 4; i++) {
		h = harness_new((enum harness_carrier)_i);
		if (h->bev != NULL) {
			bufferevent_disable(h->bev, EV_READ | EV_WRITE);
			bufferevent_enable(h->bev, events[i]);
			harness_start(h, &harness_streaming, 0);
			evchat_pause(h->chat);
			harness_detach_now(h);
			ck_assert_int_eq(bufferevent_get_enabled(h->detached),
			    events[i]);
		}
		harness_free(h);
	}
}
END_TEST

static void
push_and_detach(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	harness_ok(h, evchat_push(h->chat, "hello", 5));
	harness_push_reference(h, "r", " world");
	harness_detach_now(h);
}

START_TEST(pushed_bytes_are_in_the_output)
{
	static const struct harness_scenario s = {
		.input = "ab\r\ncd", .start = harness_crlf,
		.script.frame = push_and_detach, .hooks = &harness_frames,
		.output = "hello world",
		.expect = "frame:ab|cleanup:r|closed:detached|left:cd"
	};

	harness_prove(&s);
}
END_TEST

static Suite *
detach_bufferevent_suite(void)
{
	Suite *suite = suite_create("detach_bufferevent");
	TCase *tc = harness_case(suite, "bufferevent");

	tcase_add_loop_test(tc, detached_bufferevent_works_without_the_channel,
	    0, HARNESS_CARRIERS);
	tcase_add_loop_test(tc,
	    detached_bufferevent_has_no_settings_of_the_channel, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, enabled_events_are_as_they_were_found, 0,
	    HARNESS_CARRIERS);
	tcase_add_test(tc, pushed_bytes_are_in_the_output);
	return suite;
}

int
main(void)
{
	return harness_main(detach_bufferevent_suite());
}
