/*
 * Connections that end without a close_notify, wherever in the stream: an
 * attacker may have cut them. All that came whole before is delivered, and
 * then the channel ends with TRUNCATED; in the handshake with TLS; and with
 * words.
 */

#include <errno.h>
#include <string.h>
#include "harness.h"
#include "secure.h"
#include "talk.h"

#define CUT "closed:truncated|(closed by the peer without a close_notify)"

START_TEST(end_without_close_notify_is_truncated)
{
	struct talk t = talk_start(_i, 0, 0);

	bare_say(t.bare, "one\r\ntwo\r\nhalf");
	(void)bare_turn(t.bare);
	secure_hang_up(t.bare->end);
	talk_finish(&t, "connected|frame:one|frame:two|" CUT);
}
END_TEST

START_TEST(end_without_close_notify_may_be_tolerated)
{
	struct talk t = talk_start(_i, 0, EVCHAT_TLS_ALLOW_TRUNCATION);

	bare_say(t.bare, "one\r\ntwo\r\n");
	(void)bare_turn(t.bare);
	secure_hang_up(t.bare->end);
	talk_finish(&t, "connected|frame:one|frame:two|eof|closed:eof");
}
END_TEST

/* What is tolerated is the end, not that a frame is cut off. */
START_TEST(tolerated_end_inside_a_frame_is_truncated)
{
	struct talk t = talk_start(_i, 0, EVCHAT_TLS_ALLOW_TRUNCATION);

	bare_say(t.bare, "one\r\nhalf");
	(void)bare_turn(t.bare);
	secure_hang_up(t.bare->end);
	talk_finish(&t, "connected|frame:one|eof|closed:truncated|"
	    "(closed by the peer inside a frame)");
}
END_TEST

/* The application has paused: it is told when it goes on. */
START_TEST(truncation_waits_for_a_pause)
{
	struct talk t = talk_start(_i, 0, 0);

	evchat_pause(t.chat->chat);
	bare_say(t.bare, "one\r\n");
	(void)bare_turn(t.bare);
	secure_hang_up(t.bare->end);
	secure_run(t.s);
	secure_expect(t.chat, "connected");
	evchat_resume(t.chat->chat);
	talk_finish(&t, "connected|frame:one|" CUT);
}
END_TEST

static void
note_errno(struct secure_end *end)
{
	unit_note(&end->text, "error:%d", evchat_get_errno(end->chat));
}

START_TEST(reset_is_an_error_of_the_system)
{
	struct talk t = talk_start(SECURE_TCP * 2 + _i, 0, 0);
	char expect[64];

	t.chat->ended = note_errno;
	bare_say(t.bare, "one\r\n");
	bare_run(t.bare);
	secure_reset(t.bare->end);
	snprintf(expect, sizeof(expect),
	    "connected|frame:one|closed:io|error:%d", ECONNRESET);
	talk_finish(&t, expect);
}
END_TEST

START_TEST(reset_is_not_tolerated)
{
	struct talk t = talk_start(SECURE_TCP * 2 + _i, 0,
	    EVCHAT_TLS_ALLOW_TRUNCATION);

	secure_reset(t.bare->end);
	talk_finish(&t, "connected|closed:io");
}
END_TEST

/* Cut inside a record */

/* The second of two records comes in part. @return whether it has more bytes */
static bool
cut_record(int i, size_t cut, unsigned tls, const char *transcript)
{
	struct talk t = talk_start(i, 0, tls);
	bool more;

	bare_say(t.bare, "one\r\n");
	bare_run(t.bare);
	t.bare->held = true;
	bare_say(t.bare, "two\r\n");
	more = cut + 1 < evbuffer_get_length(t.bare->made);
	bare_send(t.bare, cut);
	secure_run(t.s);
	secure_hang_up(t.bare->end);
	talk_finish(&t, transcript);
	return more;
}

START_TEST(record_that_is_cut_is_truncated)
{
	size_t cut = 0;

	while (cut_record(_i, cut, 0, "connected|frame:one|" CUT))
		cut++;
	ck_assert_uint_gt(cut, strlen("two\r\n") + 5);
}
END_TEST

START_TEST(record_that_is_cut_is_never_delivered)
{
	size_t cut = 0;

	while (cut_record(_i, cut, EVCHAT_TLS_ALLOW_TRUNCATION,
	    "connected|frame:one|eof|closed:eof"))
		cut++;
}
END_TEST

/* Cut in the handshake */

/*
 * The peer sends so many bytes in all. @return whether that was not yet enough
 * for the channel to be connected.
 */
static bool
cut_handshake(bool server, int version, size_t cut)
{
	int wire = (int)(cut % SECURE_RAW_WIRES);
	struct talk t = talk_new(2 * wire + (server ? 0 : 1), 0);
	const struct unit_text *text = &t.chat->text;
	const char *told;
	size_t left = cut, before;
	int idle = 0;
	bool more;

	SSL_set_max_proto_version(t.bare->ssl, version);
	secure_starttls(t.chat);
	t.bare->held = true;
	while (idle++ < 20) {
		(void)event_base_loop(t.s->base, EVLOOP_NONBLOCK);
		(void)bare_turn(t.bare);
		before = evbuffer_get_length(t.bare->made);
		bare_send(t.bare, left);
		before -= evbuffer_get_length(t.bare->made);
		left -= before;
		if (before > 0)
			idle = 0;
	}
	more = strcmp(unit_text(text), "") == 0;
	/* A signature is not always as long as another. */
	ck_assert(left == 0 || !more);
	secure_hang_up(t.bare->end);
	bare_run_until_closed(t.bare);
	told = unit_text(text);
	if (more)
		ck_assert_str_eq(told, server && cut == 0 ? "closed:tls|"
		    "(closed by the peer before the TLS handshake)" :
		    "closed:tls|(closed by the peer in the TLS handshake)");
	else
		ck_assert_str_eq(told, "connected|" CUT);
	talk_free(&t);
	return more;
}

static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

START_TEST(servers_handshake_is_cut_at_every_byte)
{
	size_t cut = 0;

	while (cut_handshake(true, versions[_i], cut))
		cut++;
	ck_assert_uint_gt(cut, 150);
}
END_TEST

START_TEST(clients_handshake_is_cut_at_every_byte)
{
	size_t cut = 0;

	while (cut_handshake(false, versions[_i], cut))
		cut++;
	ck_assert_uint_gt(cut, 500);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tls_cut");
	TCase *tc = harness_case(suite, "cut");

	tcase_add_loop_test(tc, end_without_close_notify_is_truncated, 0,
	    TALKS);
	tcase_add_loop_test(tc, end_without_close_notify_may_be_tolerated, 0,
	    TALKS);
	tcase_add_loop_test(tc, tolerated_end_inside_a_frame_is_truncated, 0,
	    TALKS);
	tcase_add_loop_test(tc, truncation_waits_for_a_pause, 0, TALKS);
	tcase_add_loop_test(tc, reset_is_an_error_of_the_system, 0, 2);
	tcase_add_loop_test(tc, reset_is_not_tolerated, 0, 2);
	tcase_add_loop_test(tc, record_that_is_cut_is_truncated, 0, TALKS);
	tcase_add_loop_test(tc, record_that_is_cut_is_never_delivered, 0,
	    TALKS);
	tcase_add_loop_test(tc, servers_handshake_is_cut_at_every_byte, 0, 2);
	tcase_add_loop_test(tc, clients_handshake_is_cut_at_every_byte, 0, 2);
	return harness_main(suite);
}
