/*
 * The seam between a channel and what is put beneath it in mid-stream, with a
 * layer that needs no library: what is let in, where it begins, several of
 * them, and how they end. As scenarios, so at every cut and in every trouble.
 */

#include <errno.h>
#include <string.h>
#include "harness.h"
#include "mask.h"

/* Masked with 1: "hello\r\n", "again\r\n", "behind\r\n", "+". */
#define HELLO_1 "idmmn\x0c\x0b"
#define AGAIN_1 "`f`ho\x0c\x0b"
#define BEHIND_1 "cdihoe\x0c\x0b"
#define GREETING_1 "*"
/* With 1 and 2: "hello\r\n", "last\r\n". */
#define HELLO_3 "kfool\x0e\x09"
#define LAST_3 "obpw\x0e\x09"

static const struct mask plain = { .key = 1 };
static const struct mask second = { .key = 2 };
static const struct mask greeted = { .key = 1, .greeted = true };

static void
push(struct harness *h, const char *text)
{
	harness_ok(h, evchat_push(h->chat, text, strlen(text)));
}

static void
go_over(struct harness *h, const struct mask *mask)
{
	push(h, "ok\r\n");
	harness_ok(h, mask_upgrade(h, mask));
	push(h, "behind\r\n");
}

static void
on_up(struct harness *h, const void *data, size_t len)
{
	(void)len;
	if (memcmp(data, "up", 2) == 0)
		go_over(h, &plain);
}

static void
expect_no_masks(void)
{
	ck_assert_int_eq(mask_count(), 0);
}

START_TEST(channel_goes_over_wherever_it_is_cut)
{
	const struct harness_scenario s = {
		.input = "up\r\n" HELLO_1 HELLO_1,
		.eof = true,
		.hooks = &harness_frames,
		.start = harness_crlf,
		.script = { .frame = on_up },
		.until_closed = true,
		.expect = "frame:up|event:connected|frame:hello|frame:hello|"
		    "event:eof|closed:eof",
		.output = "ok\r\n" BEHIND_1
	};

	harness_prove(&s);
	expect_no_masks();
}
END_TEST

START_TEST(what_is_not_for_the_layer_is_dropped)
{
	const struct harness_scenario s = {
		.input = "up\r\n---" HELLO_1,
		.eof = true,
		.hooks = &harness_frames,
		.start = harness_crlf,
		.script = { .frame = on_up },
		.until_closed = true,
		.expect = "frame:up|event:connected|frame:hello|"
		    "event:eof|closed:eof",
		.output = "ok\r\n" BEHIND_1
	};

	harness_prove(&s);
	expect_no_masks();
}
END_TEST

START_TEST(what_is_refused_ends_the_channel)
{
	const struct harness_scenario s = {
		.input = "up\r\n--!" HELLO_1,
		.hooks = &harness_frames,
		.start = harness_crlf,
		.script = { .frame = on_up },
		.until_closed = true,
		.expect = "frame:up|closed:injection",
		.output = "ok\r\n"
	};

	harness_prove(&s);
	expect_no_masks();
}
END_TEST

START_TEST(end_before_the_layer_is_its_failure)
{
	const struct harness_scenario s = {
		.input = "up\r\n--",
		.eof = true,
		.hooks = &harness_frames,
		.start = harness_crlf,
		.script = { .frame = on_up },
		.until_closed = true,
		.expect = "frame:up|closed:tls"
	};

	harness_prove(&s);
	expect_no_masks();
}
END_TEST

/* Twice */

static void
on_again(struct harness *h, const void *data, size_t len)
{
	on_up(h, data, len);
	if (memcmp(data, "again", 5) == 0) {
		harness_ok(h, mask_upgrade(h, &second));
		push(h, "last\r\n");
	}
}

START_TEST(layers_are_put_upon_layers)
{
	const struct harness_scenario s = {
		.input = "up\r\n" AGAIN_1 HELLO_3,
		.eof = true,
		.hooks = &harness_frames,
		.start = harness_crlf,
		.script = { .frame = on_again },
		.until_closed = true,
		.expect = "frame:up|event:connected|frame:again|"
		    "event:connected|frame:hello|event:eof|closed:eof",
		.output = "ok\r\n" BEHIND_1 LAST_3
	};

	harness_prove(&s);
	expect_no_masks();
}
END_TEST

/* One that is not ready at once */

static void
on_up_greeted(struct harness *h, const void *data, size_t len)
{
	(void)len;
	if (memcmp(data, "up", 2) == 0)
		go_over(h, &greeted);
}

START_TEST(nothing_leaves_before_the_layer_is_ready)
{
	const struct harness_scenario s = {
		.input = "up\r\n" GREETING_1 HELLO_1,
		.eof = true,
		.hooks = &harness_frames,
		.start = harness_crlf,
		.script = { .frame = on_up_greeted },
		.until_closed = true,
		.expect = "frame:up|event:connected|frame:hello|"
		    "event:eof|closed:eof",
		.output = "ok\r\n" BEHIND_1
	};

	harness_prove(&s);
	expect_no_masks();
}
END_TEST

/* By hand */

static struct harness *
start(int carrier)
{
	struct harness *h = harness_frames_on(carrier);

	harness_crlf(h);
	return h;
}

START_TEST(output_waits_for_the_greeting)
{
	struct harness *h = start(_i);

	go_over(h, &greeted);
	harness_turn(h);
	harness_expect_received(h, "ok\r\n");
	harness_feed(h, GREETING_1);
	harness_run_until_noted(h, "connected");
	harness_run_until_received(h, 4 + 8);
	harness_expect_received(h, "ok\r\n" BEHIND_1);
	harness_end(h, "event:connected");
	expect_no_masks();
}
END_TEST

static void
note_words(struct harness *h, enum evchat_reason why)
{
	(void)why;
	harness_note(h, "%s", evchat_get_error(h->chat));
}

START_TEST(layer_that_is_not_ready_in_time_ends_the_channel)
{
	static const struct timeval soon = { .tv_usec = 10000 };
	struct harness *h = start(_i);

	h->script.closed = note_words;
	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_UPGRADE,
	    &soon), 0);
	go_over(h, &greeted);
	harness_run_until_closed(h);
	harness_end(h, "closed:tls|the mask came too late");
	expect_no_masks();
}
END_TEST

START_TEST(layer_that_cannot_start_ends_the_channel)
{
	static const struct mask broken = { .key = 1, .silent = true,
	    .broken = true };
	struct harness *h = start(_i);

	go_over(h, &broken);
	harness_run_until_closed(h);
	harness_end(h, "closed:no memory");
	expect_no_masks();
}
END_TEST

START_TEST(layer_starts_by_itself_if_it_wants)
{
	static const struct mask silent = { .key = 1, .silent = true };
	struct harness *h = start(_i);

	go_over(h, &silent);
	harness_run_until_received(h, 4 + 8);
	harness_expect_received(h, "ok\r\n" BEHIND_1);
	harness_end(h, "event:connected");
	expect_no_masks();
}
END_TEST

/* Each layer, the topmost first, says at its end what it has to say. */
START_TEST(layers_have_the_last_word)
{
	static const struct mask first = { .key = 1, .silent = true,
	    .says_bye = true, .blocked = 1 };
	static const struct mask other = { .key = 2, .silent = true,
	    .says_bye = true };
	struct harness *h = start(_i);

	harness_ok(h, mask_upgrade(h, &first));
	harness_run_until_noted(h, "connected");
	harness_ok(h, mask_upgrade(h, &other));
	push(h, "last\r\n");
	evchat_close_when_done(h->chat);
	harness_run_until_closed(h);
	/* 'B' with both keys, and with the lower one's. */
	harness_expect_received(h, LAST_3 "AC");
	harness_end(h, "event:connected|closed:done");
	expect_no_masks();
}
END_TEST

/* Calls that fail take what they were given. */
START_TEST(refused_layers_are_freed)
{
	struct harness *h = start(_i);

	harness_ok(h, mask_upgrade(h, &greeted));
	ck_assert_int_eq(mask_upgrade(h, &plain), -1);
	ck_assert_int_eq(errno, EALREADY);
	ck_assert_int_eq(evchat_adopt_layer(h->chat, &mask_ops,
	    mask_new(h, &plain), 1), -1);
	ck_assert_int_eq(errno, EALREADY);
	ck_assert_ptr_null(evchat_detach(h->chat));
	ck_assert_int_eq(errno, EBUSY);
	ck_assert_int_eq(mask_count(), 1);
	evchat_incref(h->chat);
	evchat_close_when_done(h->chat);
	ck_assert_int_eq(mask_upgrade(h, &plain), -1);
	ck_assert_int_eq(errno, EPIPE);
	ck_assert_int_eq(mask_count(), 1);
	evchat_decref(h->chat);
	harness_end(h, "");
	expect_no_masks();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("layer");
	TCase *tc = harness_case(suite, "scenarios");

	tcase_add_test(tc, channel_goes_over_wherever_it_is_cut);
	tcase_add_test(tc, what_is_not_for_the_layer_is_dropped);
	tcase_add_test(tc, what_is_refused_ends_the_channel);
	tcase_add_test(tc, end_before_the_layer_is_its_failure);
	tcase_add_test(tc, layers_are_put_upon_layers);
	tcase_add_test(tc, nothing_leaves_before_the_layer_is_ready);
	tc = harness_case(suite, "by hand");
	tcase_add_loop_test(tc, output_waits_for_the_greeting, 0,
	    HARNESS_XOR);
	tcase_add_loop_test(tc,
	    layer_that_is_not_ready_in_time_ends_the_channel, 0, HARNESS_XOR);
	tcase_add_loop_test(tc, layer_that_cannot_start_ends_the_channel, 0,
	    HARNESS_XOR);
	tcase_add_loop_test(tc, layer_starts_by_itself_if_it_wants, 0,
	    HARNESS_XOR);
	tcase_add_loop_test(tc, layers_have_the_last_word, 0, HARNESS_XOR);
	tcase_add_loop_test(tc, refused_layers_are_freed, 0, HARNESS_XOR);
	return harness_main(suite);
}
