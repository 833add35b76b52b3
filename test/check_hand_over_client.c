/*
 * evhttp asks by a channel, that was a client of another protocol until then:
 * over TLS, large bodies, and when nobody answers. The server is another
 * evhttp, see house.h.
 */

#include <string.h>
#include <event2/buffer.h>
#include "harness.h"
#include "house.h"

#define BODY (1024 * 1024)

struct question {
	struct house *house;
	char *body;     /* to be sent; NULL: none */
	int code;       /* of the last answer; 0: there was none */
	size_t len;     /* of what it had for a body */
	int answers;
};

static void
on_answer(struct evhttp_request *req, void *arg)
{
	struct question *question = arg;

	question->answers++;
	question->code = req != NULL ?
	    evhttp_request_get_response_code(req) : 0;
	question->len = req != NULL ? evbuffer_get_length(
	    evhttp_request_get_input_buffer(req)) : 0;
}

static void
ask(struct question *question, struct evhttp_connection *connection,
    enum evhttp_cmd_type type, const char *uri)
{
	struct evhttp_request *req = evhttp_request_new(on_answer, question);

	evhttp_add_header(evhttp_request_get_output_headers(req), "Host", "x");
	if (question->body != NULL)
		evbuffer_add(evhttp_request_get_output_buffer(req),
		    question->body, BODY);
	ck_assert_int_eq(carry_request(connection, req, type, uri), 0);
}

/* Have evhttp ask by the client's channel. */
static struct evhttp_connection *
client_new(struct house *house)
{
	struct evhttp_connection *connection = carry_client(house->carry,
	    house->s->client.chat);

	ck_assert_ptr_nonnull(connection);
	return connection;
}

static void
run_until_answered(struct question *question, int answers)
{
	while (question->answers < answers)
		event_base_loop(question->house->s->base, EVLOOP_ONCE);
}

START_TEST(evhttp_asks_by_a_channel)
{
	struct house *house = house_new(_i);
	struct question question = { .house = house };
	struct evhttp_connection *connection = client_new(house);

	secure_both(house->s);
	ask(&question, connection, EVHTTP_REQ_GET, "/one");
	ask(&question, connection, EVHTTP_REQ_GET, "/two");
	run_until_answered(&question, 2);
	ck_assert_int_eq(question.code, 200);
	ask(&question, connection, EVHTTP_REQ_GET, "/three");
	run_until_answered(&question, 3);
	ck_assert_int_eq(question.code, 200);
	ck_assert_uint_eq(question.len, strlen("/three\r\n"));
	evhttp_connection_free(connection);
	secure_run_until_closed(house->s);
	ck_assert_str_eq(unit_text(&house->told),
	    "/one|/two|/three|closed:eof");
	ck_assert_str_eq(unit_text(&house->s->client.text), "closed:done");
	house_free(house);
}
END_TEST

START_TEST(large_bodies_go_both_ways)
{
	struct house *house = house_new(_i);
	struct question question = { .house = house, .body = malloc(BODY) };
	struct evhttp_connection *connection = client_new(house);

	ck_assert_ptr_nonnull(question.body);
	memset(question.body, 'x', BODY);
	secure_both(house->s);
	ask(&question, connection, EVHTTP_REQ_POST, "/large");
	run_until_answered(&question, 1);
	ck_assert_int_eq(question.code, 200);
	ck_assert_uint_eq(question.len, BODY + strlen("/large\r\n"));
	evhttp_connection_free(connection);
	secure_run_until_closed(house->s);
	free(question.body);
	house_free(house);
}
END_TEST

/* One ends, the other has requests yet. */
START_TEST(client_without_a_server_is_told)
{
	struct house *house = house_new(SECURE_SOCKET);
	struct question question = { .house = house };
	struct evhttp_connection *connection = client_new(house);

	house->later = true;
	ask(&question, connection, EVHTTP_REQ_GET, "/one");
	ask(&question, connection, EVHTTP_REQ_GET, "/two");
	ask(&question, connection, EVHTTP_REQ_GET, "/three");
	secure_run(house->s);
	ck_assert_ptr_nonnull(house->held);
	evchat_free(house->s->server.chat);
	run_until_answered(&question, 3);
	ck_assert_int_eq(question.code, 0);
	ask(&question, connection, EVHTTP_REQ_GET, "/four");
	run_until_answered(&question, 4);
	ck_assert_int_eq(question.code, 0);
	evhttp_connection_free(connection);
	house_answer(house->held);
	house_free(house);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hand over client");
	TCase *tc = harness_case(suite, "evhttp");

	tcase_add_loop_test(tc, evhttp_asks_by_a_channel, 0, SECURE_WIRES);
	tcase_add_loop_test(tc, large_bodies_go_both_ways, 0, SECURE_WIRES);
	tcase_add_test(tc, client_without_a_server_is_told);
	return harness_main(suite);
}
