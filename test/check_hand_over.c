/*
 * A channel goes to evhttp in mid-stream and comes back: on every kind of
 * bufferevent and over TLS, however the network cuts it; who ends it, and
 * when; what is slow. What does it is samples/upgrade_carry.c.
 */

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include "harness.h"
#include "house.h"

#define MARK (128 * 1024) /* a channel's high one */

START_TEST(channel_goes_to_evhttp_and_comes_back)
{
	struct house *house = house_new(_i);

	house_say(house, house_talk);
	house_expect_talk(house);
	house_free(house);
}
END_TEST

START_TEST(the_same_over_tls)
{
	struct house *house = house_new(_i);

	house_say(house, "STARTTLS\r\n");
	secure_run(house->s);
	secure_starttls(&house->s->client);
	house_say(house, house_talk);
	house_expect_talk(house);
	house_free(house);
}
END_TEST

/* Each piece has come, and all has been done with it, before the next one. */
static void
prove_cuts(int wire, const size_t *end, size_t n)
{
	struct house *house = house_new(wire);
	size_t i, begin;

	for (i = begin = 0; i < n; begin = end[i++]) {
		evchat_push(house->s->client.chat, house_talk + begin,
		    end[i] - begin);
		secure_run(house->s);
	}
	house_expect_talk(house);
	house_free(house);
}

START_TEST(the_same_however_it_is_cut)
{
	struct unit_cuts cuts;

	for (unit_cuts_init(&cuts, strlen(house_talk), unit_cases(3));
	    unit_cuts_next(&cuts);)
		prove_cuts(_i, cuts.end, cuts.n);
}
END_TEST

START_TEST(the_same_cut_in_two_everywhere)
{
	size_t cuts[2] = { 0, strlen(house_talk) };

	while (++cuts[0] < cuts[1])
		prove_cuts(SECURE_SOCKET, cuts, 2);
}
END_TEST

/* Ends */

START_TEST(last_answer_of_evhttp_ends_the_channel)
{
	struct house *house = house_new(SECURE_SOCKET);

	house_say(house,
	    HOUSE_GET("/a", "Connection: close\r\n") HOUSE_GET("/b", ""));
	secure_run_until_closed(house->s);
	ck_assert_str_eq(unit_text(&house->told), "/a|closed:done");
	ck_assert_ptr_nonnull(strstr(unit_text(&house->s->client.text),
	    "|frame:/a|eof|closed:eof"));
	house_free(house);
}
END_TEST

START_TEST(peer_ends_while_a_request_is_held)
{
	struct house *house = house_new(SECURE_SOCKET);

	house->later = true;
	house_say(house, HOUSE_GET("/a", ""));
	secure_run(house->s);
	ck_assert_ptr_nonnull(house->held);
	evchat_free(house->s->client.chat);
	secure_run(house->s);
	house_answer(house->held);
	secure_run_until_closed(house->s);
	house_free(house);
}
END_TEST

START_TEST(peer_ends_before_evhttp_has_begun)
{
	struct house *house = house_new(SECURE_SOCKET);

	ck_assert_int_eq(carry_give(house->carry, house->s->server.chat), 0);
	evchat_free(house->s->server.chat);
	ck_assert_str_eq(unit_text(&house->told), "closed:freed");
	secure_run(house->s);
	house_free(house);
}
END_TEST

/* Over each wire, without TLS and with it: the end may come with the request. */
static struct house *
house_that_may_be_secure(int i)
{
	struct house *house = house_new(i / 2);

	if (i % 2) {
		house_say(house, "STARTTLS\r\n");
		secure_run(house->s);
		secure_starttls(&house->s->client);
		secure_run(house->s);
	}
	return house;
}

START_TEST(who_only_sends_requests_is_answered)
{
	struct house *house = house_that_may_be_secure(_i);

	house->later = true;
	house_say(house, HOUSE_GET("/a", ""));
	evchat_push_eof(house->s->client.chat);
	secure_run(house->s);
	house_answer(house->held);
	secure_run_until_closed(house->s);
	ck_assert_ptr_nonnull(strstr(unit_text(&house->s->client.text),
	    "|frame:/a|eof|closed:eof"));
	house_free(house);
}
END_TEST

/* What came before the end is delivered, and then the channel ends as it would. */
START_TEST(channel_that_is_taken_back_behind_the_peers_end_ends)
{
	struct house *house = house_that_may_be_secure(_i);

	house->later = true;
	house_say(house, HOUSE_GET("/a", "Upgrade: lines\r\n") "one\r\n");
	evchat_push_eof(house->s->client.chat);
	secure_run(house->s);
	house_go_back(house, house->held);
	secure_run_until_closed(house->s);
	ck_assert_str_eq(unit_text(&house->told), "/a|line:one|closed:eof");
	house_free(house);
}
END_TEST

START_TEST(channel_is_taken_back_later)
{
	struct house *house = house_new(_i);

	house->later = true;
	house_say(house, HOUSE_GET("/a", "Upgrade: lines\r\n") "one\r\n");
	secure_run(house->s);
	house_say(house, "two\r\nquit\r\n");
	secure_run(house->s);
	house_go_back(house, house->held);
	secure_run_until_closed(house->s);
	ck_assert_str_eq(unit_text(&house->told),
	    "/a|line:one|line:two|line:quit|closed:done");
	house_free(house);
}
END_TEST

/* Flow */

START_TEST(nothing_is_read_before_the_answer)
{
	static const char junk[1024 * 1024];
	struct house *house = house_new(SECURE_SOCKET);
	struct evchat_stats stats;

	house->later = true;
	house_say(house, HOUSE_GET("/a", ""));
	secure_run(house->s);
	evchat_push_reference(house->s->client.chat, junk, sizeof(junk), NULL,
	    NULL);
	secure_run(house->s);
	evchat_get_stats(house->s->server.chat, &stats, sizeof(stats));
	ck_assert_uint_lt(stats.bytes_in, MARK);
	house_answer(house->held);
	evchat_free(house->s->client.chat);
	secure_run_until_closed(house->s);
	house_free(house);
}
END_TEST

struct stream {
	struct evhttp_request *req;
	size_t sent;
	struct evbuffer *piece;
};

static void
send_piece(struct evhttp_connection *connection, void *arg)
{
	static const char piece[16384];
	struct stream *stream = arg;

	(void)connection;
	stream->sent += sizeof(piece);
	evbuffer_add_reference(stream->piece, piece, sizeof(piece), NULL,
	    NULL);
	evhttp_send_reply_chunk_with_cb(stream->req, stream->piece, send_piece,
	    stream);
}

START_TEST(slow_reader_stops_evhttp)
{
	struct house *house = house_new(SECURE_SOCKET);
	struct stream stream = { .piece = evbuffer_new() };
	size_t before;

	house->later = true;
	evchat_pause(house->s->client.chat);
	house_say(house, HOUSE_GET("/a", ""));
	secure_run(house->s);
	stream.req = house->held;
	evhttp_send_reply_start(stream.req, 200, "OK");
	send_piece(NULL, &stream);
	do {
		before = stream.sent;
		secure_run(house->s);
		ck_assert_uint_lt(stream.sent, 8 * 1024 * 1024);
	} while (stream.sent > before);
	ck_assert_uint_gt(stream.sent, 16384);
	ck_assert_uint_lt(evchat_get_output_length(house->s->server.chat),
	    MARK);
	evchat_set_terminator_none(house->s->client.chat);
	evchat_resume(house->s->client.chat);
	while (stream.sent < before + 1024 * 1024)
		event_base_loop(house->s->base, EVLOOP_ONCE);
	evchat_free(house->s->client.chat);
	secure_run_until_closed(house->s);
	evhttp_send_reply_end(stream.req);
	evbuffer_free(stream.piece);
	house_free(house);
}
END_TEST

/* The address that is connected to */

static void
note_socket(struct evhttp_bound_socket *bound, void *arg)
{
	*(struct evhttp_bound_socket **)arg = bound;
}

START_TEST(strangers_get_nothing)
{
	struct house *house = house_new(SECURE_SOCKET);
	struct evhttp_bound_socket *bound = NULL;
	struct sockaddr_in in;
	socklen_t len = sizeof(in);
	char byte;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	evhttp_foreach_bound_socket(house->http, note_socket, &bound);
	ck_assert_int_eq(getsockname(evhttp_bound_socket_get_fd(bound),
	    (struct sockaddr *)&in, &len), 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&in, len), 0);
	ck_assert_int_eq(send(fd, HOUSE_GET("/stolen", ""), 8, 0), 8);
	/* The stranger's is the first to be accepted. */
	house_say(house, house_talk);
	house_expect_talk(house);
	secure_run(house->s);
	ck_assert_int_le(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&in, len), 0);
	secure_run(house->s);
	ck_assert_int_eq(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
	close(fd);
	house_free(house);
}
END_TEST

START_TEST(evhttp_is_freed_first)
{
	struct house *house = house_new(SECURE_SOCKET);
	struct secure *s = house->s;

	house_say(house, HOUSE_GET("/a", "") "GET /unfinished");
	secure_run_until(s, &s->client.text, "frame:/a");
	evhttp_free(house->http);
	carry_free(house->carry);
	secure_run_until_closed(s);
	ck_assert_str_eq(unit_text(&house->told), "/a|closed:done");
	unit_text_free(&house->told);
	secure_free(s);
	free(house);
}
END_TEST
static Suite *
suite_make(void)
{
	Suite *suite = suite_create("hand over");
	TCase *tc = harness_case(suite, "evhttp");

	tcase_add_loop_test(tc, channel_goes_to_evhttp_and_comes_back, 0,
	    SECURE_WIRES);
	tcase_add_loop_test(tc, the_same_over_tls, 0, SECURE_WIRES);
	tcase_add_loop_test(tc, the_same_however_it_is_cut, 0, SECURE_WIRES);
	tcase_add_test(tc, the_same_cut_in_two_everywhere);
	tcase_add_test(tc, last_answer_of_evhttp_ends_the_channel);
	tcase_add_test(tc, peer_ends_while_a_request_is_held);
	tcase_add_test(tc, peer_ends_before_evhttp_has_begun);
	tcase_add_loop_test(tc, who_only_sends_requests_is_answered, 0,
	    2 * SECURE_WIRES);
	tcase_add_loop_test(tc,
	    channel_that_is_taken_back_behind_the_peers_end_ends, 0,
	    2 * SECURE_WIRES);
	tcase_add_loop_test(tc, channel_is_taken_back_later, 0, SECURE_WIRES);
	tcase_add_test(tc, nothing_is_read_before_the_answer);
	tcase_add_test(tc, slow_reader_stops_evhttp);
	tcase_add_test(tc, strangers_get_nothing);
	tcase_add_test(tc, evhttp_is_freed_first);
	return suite;
}

int
main(void)
{
	return harness_main(suite_make());
}
