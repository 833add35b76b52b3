/*
 * Input over TLS, which comes in records and may lie in OpenSSL: it is
 * delivered whole, whoever stops and goes on, and is all there for whom a
 * channel hands its bufferevent to.
 */

#include <stdlib.h>
#include <string.h>
#include <event2/bufferevent.h>
#include "harness.h"
#include "secure.h"
#include "talk.h"

#define MUCH (1 << 20)

static void
pause_channel(struct secure_end *end)
{
	evchat_pause(end->chat);
}

static void
send_much(struct talk *t, size_t len)
{
	char *much = calloc(1, len);

	ck_assert_ptr_nonnull(much);
	ck_assert_int_eq(SSL_write(t->bare->ssl, much, (int)len), (int)len);
	free(much);
}

static void
run_until_collected(struct talk *t, uint64_t len)
{
	while (t->chat->collected < len) {
		(void)event_base_loop(t->s->base, EVLOOP_NONBLOCK);
		(void)bare_turn(t->bare);
		if (t->chat->chat != NULL)
			evchat_resume(t->chat->chat);
	}
	ck_assert_uint_eq(t->chat->collected, len);
}

START_TEST(large_input_comes_whole)
{
	struct talk t = talk_start(_i, 0, 0);

	evchat_set_terminator_none(t.chat->chat);
	send_much(&t, MUCH);
	run_until_collected(&t, MUCH);
	talk_free(&t);
}
END_TEST

/* One piece for each pause, with less in memory than a record. */
START_TEST(input_that_is_stopped_again_and_again_comes_whole)
{
	struct talk t = talk_start(_i, 0, 0);

	evchat_set_terminator_none(t.chat->chat);
	ck_assert_int_eq(evchat_set_buffer_sizes(t.chat->chat, 1000, 1000), 0);
	t.chat->collect = pause_channel;
	send_much(&t, MUCH / 4);
	run_until_collected(&t, MUCH / 4);
	talk_free(&t);
}
END_TEST

static void
answer_much(struct secure_end *end)
{
	static char answer[100000];

	ck_assert_int_eq(evchat_push(end->chat, answer, sizeof(answer)), 0);
}

/* Reading stops by itself while the peer does not take what it asked for. */
START_TEST(input_goes_on_when_answers_have_left)
{
	struct talk t = talk_start(_i, 0, 0);
	struct evchat_stats stats;

	evchat_set_terminator_none(t.chat->chat);
	ck_assert_int_eq(evchat_set_watermarks(t.chat->chat, 1000, 50000), 0);
	t.chat->collect = answer_much;
	t.bare->at_once = 0;
	send_much(&t, MUCH / 4);
	bare_run(t.bare);
	t.bare->at_once = 65536;
	run_until_collected(&t, MUCH / 4);
	evchat_get_stats(t.chat->chat, &stats, sizeof(stats));
	ck_assert_uint_gt(stats.stops, 0);
	ck_assert_uint_eq(stats.bytes_in, MUCH / 4);
	talk_free(&t);
}
END_TEST

/* In one piece with the last of the handshake, where that is the peer's. */
START_TEST(input_may_come_with_the_handshake)
{
	struct talk t = talk_new(_i, 0);

	secure_starttls(t.chat);
	t.bare->held = true;
	bare_run(t.bare);
	while (!SSL_is_init_finished(t.bare->ssl)) {
		bare_send(t.bare, SIZE_MAX);
		bare_run(t.bare);
	}
	bare_say(t.bare, "one\r\ntwo\r\n");
	bare_close(t.bare);
	bare_send(t.bare, SIZE_MAX);
	t.bare->held = false;
	talk_finish(&t, "connected|frame:one|frame:two|eof|closed:eof");
}
END_TEST

START_TEST(input_byte_by_byte_makes_the_same_frames)
{
	struct talk t = talk_start(_i, 0, 0);

	t.bare->held = true;
	bare_say(t.bare, "one\r\n");
	bare_say(t.bare, "two\r\nth");
	bare_say(t.bare, "ree\r\n");
	bare_close(t.bare);
	while (evbuffer_get_length(t.bare->made) > 0) {
		bare_send(t.bare, 1);
		(void)event_base_loop(t.s->base, EVLOOP_NONBLOCK);
	}
	talk_finish(&t,
	    "connected|frame:one|frame:two|frame:three|eof|closed:eof");
}
END_TEST

/* Handing on */

static struct bufferevent *detached;

static void
detach(struct secure_end *end, const char *line)
{
	(void)line;
	detached = evchat_detach(end->chat);
	ck_assert_ptr_nonnull(detached);
}

START_TEST(bufferevent_is_handed_on_with_all_that_is_unread)
{
	struct talk t = talk_start(_i, 0, 0);
	char rest[32] = "";

	t.chat->line = detach;
	bare_say(t.bare, "one\r\ntwo\r\nthr");
	bare_run(t.bare);
	secure_expect(t.chat, "connected|frame:one|closed:detached");
	bare_say(t.bare, "ee");
	bare_run(t.bare);
	bufferevent_enable(detached, EV_READ | EV_WRITE);
	bare_run(t.bare);
	ck_assert_uint_eq(bufferevent_read(detached, rest, sizeof(rest)), 10);
	ck_assert_str_eq(rest, "two\r\nthree");
	ck_assert_int_eq(bufferevent_write(detached, "mine", 4), 0);
	bare_run(t.bare);
	bare_expect(t.bare, "mine");
	bufferevent_free(detached);
	talk_free(&t);
}
END_TEST

/* And to another channel, which adopts it. */
START_TEST(channel_is_made_of_one_that_was_detached)
{
	struct talk t = talk_start(_i, 0, 0);
	struct secure_end *end = t.chat;

	end->line = detach;
	bare_say(t.bare, "one\r\ntwo\r\nthr");
	bare_run(t.bare);
	end->line = NULL;
	end->chat = evchat_new(detached, end->hooks, end, 0);
	ck_assert_ptr_nonnull(end->chat);
	end->made++;
	ck_assert_int_eq(evchat_adopt_tls(end->chat, 0), 0);
	ck_assert_int_eq(evchat_set_terminator(end->chat, "\r\n", 2), 0);
	bare_say(t.bare, "ee\r\n");
	bare_close(t.bare);
	bare_run(t.bare);
	ck_assert(bare_is_closed(t.bare));
	talk_finish(&t, "connected|frame:one|closed:detached|"
	    "frame:two|frame:three|eof|closed:eof");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tls_input");
	TCase *tc = harness_case(suite, "input");

	tcase_add_loop_test(tc, large_input_comes_whole, 0, TALKS);
	tcase_add_loop_test(tc,
	    input_that_is_stopped_again_and_again_comes_whole, 0, TALKS);
	tcase_add_loop_test(tc, input_goes_on_when_answers_have_left, 0, TALKS);
	tcase_add_loop_test(tc, input_may_come_with_the_handshake, 0, TALKS);
	tcase_add_loop_test(tc, input_byte_by_byte_makes_the_same_frames, 0,
	    TALKS);
	tc = harness_case(suite, "handed on");
	tcase_add_loop_test(tc,
	    bufferevent_is_handed_on_with_all_that_is_unread, 0, TALKS);
	tcase_add_loop_test(tc, channel_is_made_of_one_that_was_detached, 0,
	    TALKS);
	return harness_main(suite);
}
