/*
 * What is pushed before, during and behind an upgrade: all of it arrives, in
 * order, each byte on its side of the upgrade, and whoever wants to know when
 * it has left is told then.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "harness.h"
#include "secure.h"
#include "talk.h"

#define MUCH (1 << 20)

/* Take so many bytes that are in clear, not many at a time; all are an 'a'. */
static void
take_clear(struct talk *t, size_t len)
{
	static char bytes[20001];
	const size_t most = sizeof(bytes) - 1;
	ssize_t n;

	memset(bytes, 0, sizeof(bytes));
	while (len > 0) {
		(void)event_base_loop(t->s->base, EVLOOP_NONBLOCK);
		n = recv(t->bare->end->fd, bytes, len < most ? len :
		    most, MSG_DONTWAIT);
		if (n == -1 && errno == EAGAIN)
			continue;
		ck_assert_int_gt(n, 0);
		ck_assert_uint_eq(strspn(bytes, "a"), (size_t)n);
		len -= (size_t)n;
		memset(bytes, 0, sizeof(bytes));
	}
}

/* What comes next is the client's hello, or nothing before there was one. */
static void
expect_silence(struct talk *t)
{
	char byte = 0x16;
	ssize_t n;

	secure_run(t->s);
	n = recv(t->bare->end->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	ck_assert_int_eq(n, t->chat->role == EVCHAT_TLS_ACCEPT ? -1 : 1);
	ck_assert_int_eq(byte, 0x16);
}

static char *
make_much(void)
{
	char *much = malloc(MUCH + 1);

	ck_assert_ptr_nonnull(much);
	memset(much, 'a', MUCH);
	much[MUCH] = '\0';
	return much;
}

/* Order */

START_TEST(what_was_pushed_before_arrives_in_clear_and_all_of_it)
{
	struct talk t = talk_new(_i, 0);
	char *much = make_much();

	ck_assert_int_eq(evchat_push(t.chat->chat, much, MUCH), 0);
	secure_starttls(t.chat);
	ck_assert_int_eq(evchat_push(t.chat->chat, "secret", 6), 0);
	take_clear(&t, MUCH);
	expect_silence(&t);
	bare_run(t.bare);
	bare_expect(t.bare, "secret");
	free(much);
	talk_free(&t);
}
END_TEST

START_TEST(what_is_pushed_behind_arrives_encrypted_and_all_of_it)
{
	struct talk t = talk_new(_i, 0);
	char *much = make_much();

	ck_assert_int_eq(evchat_push(t.chat->chat, "aaa", 3), 0);
	secure_starttls(t.chat);
	ck_assert_int_eq(evchat_push(t.chat->chat, much, MUCH), 0);
	take_clear(&t, 3);
	expect_silence(&t);
	bare_run_until_got(t.bare, MUCH);
	bare_run(t.bare);
	bare_expect(t.bare, much);
	free(much);
	talk_free(&t);
}
END_TEST

/* Of a line each, in one turn. */
START_TEST(small_pushes_in_one_turn_are_one_record)
{
	struct talk t = talk_start(_i, 0, 0);
	char expect[1024] = "";
	int i;

	ck_assert_int_eq(t.bare->records, 0);
	for (i = 0; i < 100; i++) {
		secure_say(t.chat, "line");
		strcat(expect, "line\r\n");
	}
	bare_run(t.bare);
	bare_expect(t.bare, expect);
	ck_assert_int_eq(t.bare->records, 1);
	talk_free(&t);
}
END_TEST

static void
answer(struct secure_end *end, const char *line)
{
	secure_say(end, line);
}

START_TEST(answers_in_one_turn_are_one_record)
{
	struct talk t = talk_start(_i, 0, 0);

	t.chat->line = answer;
	bare_say(t.bare, "a\r\nb\r\nc\r\nd\r\n");
	bare_run(t.bare);
	bare_expect(t.bare, "a\r\nb\r\nc\r\nd\r\n");
	ck_assert_int_eq(t.bare->records, 1);
	talk_free(&t);
}
END_TEST

START_TEST(what_waits_for_the_upgrade_is_one_record)
{
	struct talk t = talk_new(_i, 0);
	char expect[1024] = "";
	int i;

	secure_starttls(t.chat);
	for (i = 0; i < 100; i++) {
		secure_say(t.chat, "line");
		strcat(expect, "line\r\n");
	}
	bare_run(t.bare);
	bare_expect(t.bare, expect);
	ck_assert_int_eq(t.bare->records, 1);
	talk_free(&t);
}
END_TEST

/* Each kind of output, and being told of its end */

static void
note_done(struct evchat *chat, enum evchat_done how, void *arg)
{
	struct secure_end *end = arg;

	(void)chat;
	unit_note(&end->text, "mark:%s", how == EVCHAT_DONE_SENT ? "sent" :
	    "lost");
}

static void
mark(struct secure_end *end)
{
	ck_assert_int_eq(evchat_push_callback(end->chat, note_done, end), 0);
}

static void
note_cleanup(const void *data, size_t len, void *arg)
{
	struct secure_end *end = arg;

	(void)data;
	(void)len;
	unit_note(&end->text, "cleanup");
}

static struct evbuffer *
buffer_of(const char *text)
{
	struct evbuffer *buffer = evbuffer_new();

	ck_assert_ptr_nonnull(buffer);
	ck_assert_int_eq(evbuffer_add(buffer, text, strlen(text)), 0);
	return buffer;
}

static void
push_each_kind(struct secure_end *end)
{
	struct evchat *chat = end->chat;
	struct evbuffer *buffer = buffer_of("buffer ");

	ck_assert_int_eq(evchat_push_with_producer(chat,
	    evchat_producer_new_evbuffer(buffer_of("producer "))), 0);
	ck_assert_int_eq(evchat_push(chat, "bytes ", 6), 0);
	ck_assert_int_eq(evchat_push_reference(chat, "reference ", 10,
	    note_cleanup, end), 0);
	ck_assert_int_eq(evchat_push_buffer(chat, buffer), 0);
	ck_assert_int_eq(evchat_push_file(chat, harness_file("file ", 5), 0,
	    -1), 0);
	ck_assert_int_eq(evchat_push_frame(chat, "frame", 5), 0);
	ck_assert_int_eq(evchat_push_frame_with_producer(chat,
	    evchat_producer_new_evbuffer(buffer_of("frames"))), 0);
	mark(end);
	evbuffer_free(buffer);
}

START_TEST(each_kind_of_output_keeps_its_place)
{
	static const char all[] = "producer bytes reference buffer file "
	    "frame\r\nframes\r\n";
	struct talk t = talk_new(_i, 0);

	secure_starttls(t.chat);
	push_each_kind(t.chat);
	bare_run(t.bare);
	bare_expect(t.bare, all);
	push_each_kind(t.chat);
	bare_run(t.bare);
	bare_expect(t.bare, all);
	secure_expect(t.chat, "connected|cleanup|mark:sent|cleanup|mark:sent");
	talk_free(&t);
}
END_TEST

START_TEST(marks_stand_on_either_side_of_the_upgrade)
{
	struct talk t = talk_new(_i, 0);

	ck_assert_int_eq(evchat_push(t.chat->chat, "aaa", 3), 0);
	mark(t.chat);
	secure_starttls(t.chat);
	ck_assert_int_eq(evchat_push(t.chat->chat, "secret", 6), 0);
	mark(t.chat);
	secure_run(t.s);
	secure_expect(t.chat, "mark:sent");
	take_clear(&t, 3);
	bare_run(t.bare);
	secure_expect(t.chat, "mark:sent|connected|mark:sent");
	talk_free(&t);
}
END_TEST

/* Not when TLS has taken it over, but when the system has. */
START_TEST(mark_is_told_when_what_is_before_it_has_left)
{
	struct talk t = talk_start(_i, 0, 0);
	char *much = make_much();
	int i;

	t.bare->at_once = 0;
	for (i = 0; i < 8; i++)
		ck_assert_int_eq(evchat_push(t.chat->chat, much, MUCH), 0);
	mark(t.chat);
	bare_run(t.bare);
	secure_expect(t.chat, "connected");
	t.bare->at_once = 65536;
	bare_run_until_got(t.bare, 8 * MUCH);
	bare_run(t.bare);
	secure_expect(t.chat, "connected|mark:sent");
	free(much);
	talk_free(&t);
}
END_TEST

START_TEST(what_waits_is_told_its_end_if_the_upgrade_fails)
{
	struct talk t = talk_new(_i, 0);

	secure_starttls(t.chat);
	push_each_kind(t.chat);
	secure_run(t.s);
	secure_hang_up(t.bare->end);
	secure_run_until_closed(t.s);
	ck_assert_ptr_nonnull(strstr(unit_text(&t.chat->text),
	    "cleanup|mark:lost|closed:tls|"));
	talk_free(&t);
}
END_TEST

/* Being told that there is room */

START_TEST(drained_is_told_when_nothing_waits_for_the_upgrade)
{
	struct talk t = talk_new(_i, 0);

	t.s->output_events = true;
	ck_assert_int_eq(evchat_push(t.chat->chat, "aaa", 3), 0);
	secure_starttls(t.chat);
	ck_assert_int_eq(evchat_push(t.chat->chat, "secret", 6), 0);
	take_clear(&t, 3);
	secure_run(t.s);
	secure_expect(t.chat, "");
	bare_run(t.bare);
	secure_expect(t.chat, "connected|drained");
	ck_assert_int_eq(evchat_push(t.chat->chat, "more", 4), 0);
	bare_run(t.bare);
	secure_expect(t.chat, "connected|drained|drained");
	talk_free(&t);
}
END_TEST

START_TEST(writable_is_told_when_what_waited_has_left)
{
	struct talk t = talk_new(_i, 0);
	char *much = make_much();

	t.s->output_events = true;
	secure_starttls(t.chat);
	ck_assert_int_eq(evchat_push(t.chat->chat, much, MUCH), 0);
	ck_assert_uint_ge(evchat_get_output_length(t.chat->chat), MUCH);
	secure_run(t.s);
	secure_expect(t.chat, "");
	bare_run_until_got(t.bare, MUCH);
	bare_run(t.bare);
	secure_expect(t.chat, "connected|writable|drained");
	ck_assert_uint_eq(evchat_get_output_length(t.chat->chat), 0);
	free(much);
	talk_free(&t);
}
END_TEST

/* A file is read, encrypted and sent, and never by itself. */
START_TEST(large_file_arrives_encrypted)
{
	struct talk t = talk_start(_i, 0, 0);
	char *much = make_much();

	ck_assert_int_eq(evchat_push_file(t.chat->chat,
	    harness_file(much, MUCH), 0, -1), 0);
	secure_say(t.chat, "end");
	bare_run_until_got(t.bare, MUCH + 5);
	ck_assert_int_eq(memcmp(evbuffer_pullup(t.bare->got, -1), much, MUCH),
	    0);
	evbuffer_drain(t.bare->got, MUCH);
	bare_expect(t.bare, "end\r\n");
	free(much);
	talk_free(&t);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tls_output");
	TCase *tc = harness_case(suite, "order");

	tcase_add_loop_test(tc,
	    what_was_pushed_before_arrives_in_clear_and_all_of_it, 0, TALKS);
	tcase_add_loop_test(tc,
	    what_is_pushed_behind_arrives_encrypted_and_all_of_it, 0, TALKS);
	tcase_add_loop_test(tc, small_pushes_in_one_turn_are_one_record, 0,
	    TALKS);
	tcase_add_loop_test(tc, answers_in_one_turn_are_one_record, 0,
	    TALKS);
	tcase_add_loop_test(tc, what_waits_for_the_upgrade_is_one_record, 0,
	    TALKS);
	tc = harness_case(suite, "told");
	tcase_add_loop_test(tc, each_kind_of_output_keeps_its_place, 0,
	    TALKS);
	tcase_add_loop_test(tc, marks_stand_on_either_side_of_the_upgrade, 0,
	    TALKS);
	tcase_add_loop_test(tc, mark_is_told_when_what_is_before_it_has_left, 0,
	    TALKS);
	tcase_add_loop_test(tc, what_waits_is_told_its_end_if_the_upgrade_fails,
	    0, TALKS);
	tcase_add_loop_test(tc,
	    drained_is_told_when_nothing_waits_for_the_upgrade, 0, TALKS);
	tcase_add_loop_test(tc, writable_is_told_when_what_waited_has_left, 0,
	    TALKS);
	tcase_add_loop_test(tc, large_file_arrives_encrypted, 0, TALKS);
	return harness_main(suite);
}
