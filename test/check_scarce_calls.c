/*
 * Calls without memory that are in no scenario: each allocation of a call
 * fails in turn. Then the call says so and has changed nothing, or it has done
 * all. And what a call can be asked that is larger than anybody needs.
 */

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>
#include "harness.h"
#include "place.h"

/* Connecting */

static int
connect_address(struct harness *h, struct place *place)
{
	return evchat_connect(h->chat, &place->address.sa, (int)place->len);
}

static int
connect_list(struct harness *h, struct place *place)
{
	struct evutil_addrinfo infos[2];
	struct place places[2];

	places[0] = places[1] = *place;
	return evchat_connect_addrinfo(h->chat, place_list(infos, places, 2));
}

static int
connect_name(struct harness *h, struct place *place)
{
	return evchat_connect_hostname(h->chat, NULL, AF_INET, "127.0.0.1",
	    place_port(place));
}

static int (*const connects[])(struct harness *, struct place *) = {
	connect_address, connect_list, connect_name
};

#define CONNECTS ((int)(sizeof(connects) / sizeof(connects[0])))

START_TEST(connect_that_fails_may_be_called_again)
{
	struct place place;
	struct harness *h;
	int begun = -1;
	long n;

	place_listen(&place, AF_INET);
	h = place_start();
	for (n = 1; begun == -1; n++) {
		errno = 0;
		harness_fail_allocation(n);
		begun = connects[_i](h, &place);
		harness_fail_allocation(0);
		ck_assert(begun == 0 || errno == ENOMEM);
		harness_expect(h, "");
	}
	/* What it knows, and what it is to be connected to. */
	ck_assert_int_gt(n, 3);
	harness_run_until_noted(h, "event:connected");
	place_end(h, &place, "event:connected");
}
END_TEST

/* Pushing */

static int
push_printf(struct evchat *chat)
{
	return evchat_push_frame_printf(chat, "%s", "ab");
}

static int
push_data(struct evchat *chat)
{
	return evchat_push_frame(chat, "ab", 2);
}

static void
clean_up(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	(void)arg;
}

static int
push_small(struct evchat *chat)
{
	return evchat_push_reference(chat, "ab\r\n", 4, clean_up, NULL);
}

static int (*const pushes[])(struct evchat *) = { push_printf, push_data,
    push_small };

#define PUSHES ((int)(sizeof(pushes) / sizeof(pushes[0])))

/* Behind what is referred to, and in front of nothing. */
START_TEST(push_is_queued_or_not)
{
	static const char large[8192];
	struct harness *h = place_start();
	int pushed = -1;
	size_t before, len;
	long n;

	ck_assert_int_eq(evchat_push_reference(h->chat, large, sizeof(large),
	    clean_up, NULL), 0);
	before = evchat_get_output_length(h->chat);
	for (n = 1; pushed == -1; n++) {
		errno = 0;
		harness_fail_allocation(n);
		pushed = pushes[_i](h->chat);
		harness_fail_allocation(0);
		ck_assert(pushed == 0 || errno == ENOMEM);
		len = evchat_get_output_length(h->chat);
		ck_assert(pushed == 0 ? len >= before + 4 : len == before);
	}
	ck_assert_int_gt(n, 2);
	evchat_free(h->chat);
	harness_end(h, "closed:freed|error:0");
}
END_TEST

/* Larger than anybody needs */

START_TEST(timeout_of_an_age_does_not_run_out)
{
	static const struct timeval age = { .tv_sec = (time_t)INT64_MAX };
	struct harness *h = harness_streaming_on(HARNESS_SOCKET);

	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_READ,
	    &age), 0);
	harness_feed(h, "a");
	harness_turn(h);
	harness_end(h, "collect:a");
}
END_TEST

static Suite *
scarce_suite(void)
{
	Suite *suite = suite_create("scarce calls");
	TCase *tc = harness_case(suite, "calls");

	tcase_add_loop_test(tc, connect_that_fails_may_be_called_again, 0,
	    CONNECTS);
	tcase_add_loop_test(tc, push_is_queued_or_not, 0, PUSHES);
	tcase_add_test(tc, timeout_of_an_age_does_not_run_out);
	return suite;
}

int
main(void)
{
	return harness_main(scarce_suite());
}
