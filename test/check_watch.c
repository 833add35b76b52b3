/*
 * Watching the outputs beneath a bufferevent: whoever stops is called no more,
 * since a layer may outlive the channel that was above it.
 */

#include "../lib/transport.h"
#include "harness.h"

static void
count(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *arg)
{
	(void)buffer;
	(void)info;
	++*(int *)arg;
}

START_TEST(nobody_is_called_who_watches_no_more)
{
	struct event_base *base = event_base_new();
	struct bufferevent *below = bufferevent_socket_new(base, -1, 0);
	struct bufferevent *bev = bufferevent_filter_new(below, NULL, NULL, 0,
	    NULL, NULL);
	int calls = 0;

	ck_assert_ptr_nonnull(bev);
	ck_assert_int_eq(transport_watch(bev, count, &calls), 0);
	ck_assert_int_eq(bufferevent_write(below, "a", 1), 0);
	ck_assert_int_eq(calls, 1);
	transport_unwatch(bev, count, &calls);
	ck_assert_int_eq(bufferevent_write(below, "b", 1), 0);
	ck_assert_int_eq(calls, 1);
	bufferevent_free(bev);
	bufferevent_free(below);
	event_base_loop(base, EVLOOP_NONBLOCK);
	event_base_free(base);
}
END_TEST

static Suite *
watch_suite(void)
{
	Suite *suite = suite_create("watch");
	TCase *tc = harness_case(suite, "watch");

	tcase_add_test(tc, nobody_is_called_who_watches_no_more);
	return suite;
}

int
main(void)
{
	return harness_main(watch_suite());
}
