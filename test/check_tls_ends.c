/*
 * How a conversation over TLS ends properly: with a close_notify in each
 * direction, behind all that was pushed, and each direction by itself.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "harness.h"
#include "secure.h"
#include "talk.h"

/* The channel's end */

START_TEST(close_when_done_sends_a_close_notify)
{
	struct talk t = talk_start(_i, 0, 0);

	secure_say(t.chat, "bye");
	evchat_close_when_done(t.chat->chat);
	bare_run(t.bare);
	bare_expect(t.bare, "bye\r\n");
	ck_assert(bare_is_closed(t.bare));
	ck_assert(t.bare->eof);
	secure_hang_up(t.bare->end);
	talk_finish(&t, "connected|closed:done");
}
END_TEST

START_TEST(push_eof_sends_a_close_notify_and_input_goes_on)
{
	struct talk t = talk_start(_i, 0, 0);

	secure_say(t.chat, "that is all");
	ck_assert_int_eq(evchat_push_eof(t.chat->chat), 0);
	bare_run(t.bare);
	bare_expect(t.bare, "that is all\r\n");
	ck_assert(bare_is_closed(t.bare));
	ck_assert(t.bare->eof);
	bare_say(t.bare, "more\r\n");
	bare_run(t.bare);
	secure_expect(t.chat, "connected|frame:more");
	bare_close(t.bare);
	talk_finish(&t, "connected|frame:more|eof|closed:eof");
}
END_TEST

/* In the way of it is all that a peer has not yet taken. */
static void
end_behind_much(int i, void (*end)(struct evchat *chat))
{
	enum { MUCH = 1 << 20 };
	struct talk t = talk_start(i, 0, 0);
	char *much = calloc(1, MUCH);

	ck_assert_ptr_nonnull(much);
	t.bare->at_once = 0;
	ck_assert_int_eq(evchat_push(t.chat->chat, much, MUCH), 0);
	end(t.chat->chat);
	bare_run(t.bare);
	secure_expect(t.chat, "connected");
	t.bare->at_once = 20000;
	bare_run_until_got(t.bare, MUCH);
	bare_run(t.bare);
	ck_assert(bare_is_closed(t.bare));
	ck_assert_uint_eq(evbuffer_get_length(t.bare->got), MUCH);
	secure_hang_up(t.bare->end);
	bare_run_until_closed(t.bare);
	free(much);
	talk_free(&t);
}

static void
push_eof(struct evchat *chat)
{
	ck_assert_int_eq(evchat_push_eof(chat), 0);
}

START_TEST(close_notify_comes_behind_a_large_output)
{
	end_behind_much(_i, evchat_close_when_done);
	end_behind_much(_i, push_eof);
}
END_TEST

/* A peer that goes before it has taken all has missed more than that. */
START_TEST(close_is_no_success_if_output_is_lost)
{
	enum { MUCH = 280 << 10 };
	struct talk t = talk_start(_i, 0, 0);
	char *much = calloc(1, MUCH);

	ck_assert_ptr_nonnull(much);
	t.bare->at_once = 0;
	ck_assert_int_eq(evchat_push(t.chat->chat, much, MUCH), 0);
	evchat_close_when_done(t.chat->chat);
	bare_run(t.bare);
	secure_expect(t.chat, "connected");
	secure_hang_up(t.bare->end);
	free(much);
	talk_finish(&t, "connected|closed:io");
}
END_TEST

/* What is pushed by the time of CONNECTED, and the end, too. */

static void
close_at_once(struct secure_end *end, enum evchat_event what)
{
	if (what != EVCHAT_EVENT_CONNECTED)
		return;
	secure_say(end, "no room");
	evchat_close_when_done(end->chat);
}

START_TEST(close_when_connected_is_a_proper_end)
{
	struct secure *s = secure_new(_i);

	s->server.event = close_at_once;
	secure_both(s);
	secure_run_until_closed(s);
	secure_expect(&s->server, "connected|closed:done");
	secure_expect(&s->client, "connected|frame:no room|eof|closed:eof");
	secure_free(s);
}
END_TEST

/* Even before: it waits for the handshake, and what is pushed is not lost. */
START_TEST(close_before_the_handshake_waits_for_it)
{
	struct secure *s = secure_new(_i);

	secure_starttls(&s->server);
	secure_say(&s->server, "no room");
	evchat_close_when_done(s->server.chat);
	secure_run(s);
	secure_expect(&s->server, "");
	secure_starttls(&s->client);
	secure_run_until_closed(s);
	secure_expect(&s->server, "closed:done");
	secure_expect(&s->client, "connected|frame:no room|eof|closed:eof");
	secure_free(s);
}
END_TEST

/* The peer's end */

START_TEST(close_notify_is_the_end_of_the_input)
{
	struct talk t = talk_start(_i, 0, 0);

	bare_say(t.bare, "one\r\ntwo\r\n");
	bare_close(t.bare);
	bare_run(t.bare);
	ck_assert(bare_is_closed(t.bare));
	secure_hang_up(t.bare->end);
	talk_finish(&t, "connected|frame:one|frame:two|eof|closed:eof");
}
END_TEST

/* A FIN behind it is no news, whenever it comes. */
START_TEST(end_of_the_connection_behind_a_close_notify_is_no_failure)
{
	struct talk t = talk_start(_i, EVCHAT_OPT_HALF_OPEN, 0);

	bare_close(t.bare);
	bare_run(t.bare);
	secure_expect(t.chat, "connected|eof");
	ck_assert_int_eq(shutdown(t.bare->end->fd, SHUT_WR), 0);
	bare_run(t.bare);
	secure_say(t.chat, "still here");
	bare_run(t.bare);
	bare_expect(t.bare, "still here\r\n");
	secure_expect(t.chat, "connected|eof");
	evchat_close_when_done(t.chat->chat);
	bare_run(t.bare);
	ck_assert(bare_is_closed(t.bare));
	talk_finish(&t, "connected|eof|closed:done");
}
END_TEST

START_TEST(close_notify_and_the_end_of_the_connection_may_come_together)
{
	struct talk t = talk_start(_i, EVCHAT_OPT_HALF_OPEN, 0);

	bare_say(t.bare, "last\r\n");
	bare_close(t.bare);
	(void)bare_turn(t.bare);
	ck_assert_int_eq(shutdown(t.bare->end->fd, SHUT_WR), 0);
	bare_run(t.bare);
	secure_say(t.chat, "still here");
	bare_run(t.bare);
	bare_expect(t.bare, "still here\r\n");
	evchat_close_when_done(t.chat->chat);
	talk_finish(&t, "connected|frame:last|eof|closed:done");
}
END_TEST

/* What was on its way when it came, and did not fit, leaves all the same. */
static void
go_on_behind_close_notify(int i, unsigned options, const char *transcript)
{
	enum { MUCH = 8 << 20 };
	struct talk t = talk_start(i, options, 0);
	char *much = calloc(1, MUCH);

	ck_assert_ptr_nonnull(much);
	t.bare->at_once = 0;
	ck_assert_int_eq(evchat_push(t.chat->chat, much, MUCH), 0);
	bare_run(t.bare);
	bare_close(t.bare);
	bare_run(t.bare);
	secure_expect(t.chat, "connected|eof");
	t.bare->at_once = 65536;
	bare_run_until_got(t.bare, MUCH);
	if (t.chat->chat != NULL)
		evchat_close_when_done(t.chat->chat);
	bare_run(t.bare);
	ck_assert_uint_eq(evbuffer_get_length(t.bare->got), MUCH);
	ck_assert(bare_is_closed(t.bare));
	secure_hang_up(t.bare->end);
	free(much);
	talk_finish(&t, transcript);
}

START_TEST(output_goes_on_behind_the_peers_close_notify)
{
	go_on_behind_close_notify(_i, 0, "connected|eof|closed:eof");
	go_on_behind_close_notify(_i, EVCHAT_OPT_HALF_OPEN,
	    "connected|eof|closed:done");
}
END_TEST

/* It does not wait for an answer, and nobody hears ours. */
START_TEST(peer_may_be_gone_behind_its_close_notify)
{
	struct talk t = talk_start(_i, 0, 0);

	bare_say(t.bare, "last\r\n");
	bare_close(t.bare);
	(void)bare_turn(t.bare);
	secure_hang_up(t.bare->end);
	talk_finish(&t, "connected|frame:last|eof|closed:eof");
}
END_TEST

/* Two channels */

static void
answer_and_close(struct secure_end *end, enum evchat_event what)
{
	if (what != EVCHAT_EVENT_EOF)
		return;
	secure_say(end, "after your end");
	evchat_close_when_done(end->chat);
}

static void
half_close(struct secure_end *first, struct secure_end *second)
{
	struct secure *s = first->of;

	secure_both(s);
	second->event = answer_and_close;
	secure_say(first, "question");
	ck_assert_int_eq(evchat_push_eof(first->chat), 0);
	secure_run_until_closed(s);
	secure_expect(first, "connected|frame:after your end|eof|closed:eof");
	secure_expect(second, "connected|frame:question|eof|closed:done");
	secure_free(s);
}

START_TEST(half_open_to_the_client)
{
	struct secure *s = secure_new_with(_i, SECURE_BOTH,
	    EVCHAT_OPT_HALF_OPEN);

	half_close(&s->client, &s->server);
}
END_TEST

START_TEST(half_open_to_the_server)
{
	struct secure *s = secure_new_with(_i, SECURE_BOTH,
	    EVCHAT_OPT_HALF_OPEN);

	half_close(&s->server, &s->client);
}
END_TEST

START_TEST(both_may_close_at_the_same_time)
{
	struct secure *s = secure_new(_i);

	secure_both(s);
	secure_run(s);
	secure_say(&s->client, "bye");
	secure_say(&s->server, "bye");
	evchat_close_when_done(s->client.chat);
	evchat_close_when_done(s->server.chat);
	secure_run_until_closed(s);
	secure_expect(&s->client, "connected|closed:done");
	secure_expect(&s->server, "connected|closed:done");
	secure_free(s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tls_ends");
	TCase *tc = harness_case(suite, "bare");

	tcase_add_loop_test(tc, close_when_done_sends_a_close_notify, 0,
	    TALKS);
	tcase_add_loop_test(tc, push_eof_sends_a_close_notify_and_input_goes_on,
	    0, TALKS);
	tcase_add_loop_test(tc, close_notify_comes_behind_a_large_output, 0,
	    TALKS);
	/* TCP takes all that at once. */
	tcase_add_loop_test(tc, close_is_no_success_if_output_is_lost, 0,
	    2 * SECURE_TCP);
	tcase_add_loop_test(tc, close_notify_is_the_end_of_the_input, 0,
	    TALKS);
	tcase_add_loop_test(tc,
	    end_of_the_connection_behind_a_close_notify_is_no_failure, 0,
	    TALKS);
	tcase_add_loop_test(tc,
	    close_notify_and_the_end_of_the_connection_may_come_together, 0,
	    TALKS);
	tcase_add_loop_test(tc, output_goes_on_behind_the_peers_close_notify,
	    0, TALKS);
	tcase_add_loop_test(tc, peer_may_be_gone_behind_its_close_notify, 0,
	    TALKS);
	tc = harness_case(suite, "channels");
	tcase_add_loop_test(tc, close_when_connected_is_a_proper_end, 0,
	    SECURE_WIRES);
	tcase_add_loop_test(tc, close_before_the_handshake_waits_for_it, 0,
	    SECURE_WIRES);
	tcase_add_loop_test(tc, half_open_to_the_client, 0, SECURE_WIRES);
	tcase_add_loop_test(tc, half_open_to_the_server, 0, SECURE_WIRES);
	tcase_add_loop_test(tc, both_may_close_at_the_same_time, 0,
	    SECURE_WIRES);
	return harness_main(suite);
}
