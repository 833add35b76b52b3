/*
 * Channels that connect to a host by its name: with the system's resolver, and
 * with an evdns_base that asks a server of the test's own.
 */

#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <event2/dns.h>
#include <event2/dns_struct.h>
#include "harness.h"
#include "place.h"

/* A server of names, and one who asks it. */
struct names {
	struct evdns_server_port *server;
	int fd;
	int asked; /* questions it has got */
	struct evdns_base *dns;
};

/* "many" is at three addresses, "six" at one of IPv6, "silent" gets no answer. */
static int
answer(struct evdns_server_request *request, const char *name, int type)
{
	static const uint8_t many[3][4] = { { 127, 0, 0, 2 }, { 127, 0, 0, 3 },
	    { 127, 0, 0, 1 } };

	if (strcmp(name, "none") == 0)
		return DNS_ERR_NOTEXIST;
	if (type == EVDNS_TYPE_A && strcmp(name, "many") == 0)
		evdns_server_request_add_a_reply(request, name, 3, many, 60);
	if (type == EVDNS_TYPE_AAAA && strcmp(name, "six") == 0)
		evdns_server_request_add_aaaa_reply(request, name, 1,
		    &in6addr_loopback, 60);
	return DNS_ERR_NONE;
}

static void
on_request(struct evdns_server_request *request, void *arg)
{
	struct names *names = arg;
	const struct evdns_server_question *question = request->questions[0];
	int error;

	names->asked++;
	if (strcmp(question->name, "silent") == 0) {
		evdns_server_request_drop(request);
		return;
	}
	error = answer(request, question->name, question->type);
	ck_assert_int_eq(evdns_server_request_respond(request, error), 0);
}

/* What evdns has to say about a server that does not answer. */
static void
say_nothing(int is_warning, const char *message)
{
	(void)is_warning;
	(void)message;
}

static void
names_start(struct names *names, struct harness *h)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t len = sizeof(in);

	evdns_set_log_fn(say_nothing);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	names->asked = 0;
	names->fd = socket(AF_INET, SOCK_DGRAM, 0);
	ck_assert_int_eq(bind(names->fd, (struct sockaddr *)&in, len), 0);
	ck_assert_int_eq(getsockname(names->fd, (struct sockaddr *)&in, &len),
	    0);
	evutil_make_socket_nonblocking(names->fd);
	names->server = evdns_add_server_port_with_base(h->base, names->fd, 0,
	    on_request, names);
	names->dns = evdns_base_new(h->base, 0);
	ck_assert_ptr_nonnull(names->server);
	ck_assert_ptr_nonnull(names->dns);
	evdns_base_set_option(names->dns, "randomize-case:", "0");
	evdns_base_set_option(names->dns, "attempts:", "1");
	ck_assert_int_eq(evdns_base_nameserver_sockaddr_add(names->dns,
	    (struct sockaddr *)&in, len, 0), 0);
}

/* What was told to stop needs a pass of the loop. */
static void
names_stop(struct names *names, struct harness *h)
{
	harness_turn(h);
	if (names->dns != NULL)
		evdns_base_free(names->dns, 0);
	evdns_close_server_port(names->server);
	harness_turn(h);
}

/* A place that listens, a channel, and who knows the place by a name. */
struct scene {
	struct place place;
	struct harness *h;
	struct names names;
};

static void
scene_start(struct scene *s, int family)
{
	place_listen(&s->place, family);
	s->h = harness_start_new(HARNESS_UNCONNECTED, &harness_frames);
	s->h->script.closed = harness_note_error;
	harness_crlf(s->h);
	names_start(&s->names, s->h);
}

static void
scene_connect(struct scene *s, int family, const char *name)
{
	ck_assert_int_eq(evchat_connect_hostname(s->h->chat, s->names.dns,
	    family, name, place_port(&s->place)), 0);
	harness_expect(s->h, "");
}

static void
scene_end(struct scene *s, const char *transcript)
{
	names_stop(&s->names, s->h);
	harness_end(s->h, transcript);
	place_free(&s->place);
}

/* The system's resolver */

static const struct {
	const char *name;
	int family;
} here[] = {
	{ "127.0.0.1", AF_INET }, { "127.0.0.1", AF_UNSPEC },
	{ "localhost", AF_INET }, { "localhost", AF_UNSPEC }
};

#define HERE ((int)(sizeof(here) / sizeof(here[0])))

START_TEST(name_that_the_system_knows_is_connected_to)
{
	struct place place;
	struct harness *h;

	place_listen(&place, AF_INET);
	h = harness_start_new(HARNESS_UNCONNECTED, &harness_frames);
	ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	ck_assert_int_eq(evchat_connect_hostname(h->chat, NULL,
	    here[_i].family, here[_i].name, place_port(&place)), 0);
	harness_expect(h, "");
	harness_run_until_noted(h, "event:connected");
	harness_accept(h, place.listener);
	harness_expect_received(h, "hello");
	harness_end(h, "event:connected");
	place_free(&place);
}
END_TEST

static char words[128];

static void
note_words(struct harness *h, enum evchat_reason why)
{
	snprintf(words, sizeof(words), "%s", evchat_get_error(h->chat));
	harness_note(h, "%s", words);
	harness_note_error(h, why);
}

/* An address of the wrong family asks no server. */
START_TEST(name_that_the_system_does_not_know_is_told_in_words)
{
	const struct evutil_addrinfo hints = { .ai_family = AF_INET6,
	    .ai_socktype = SOCK_STREAM };
	struct evutil_addrinfo *none = NULL;
	int error = evutil_getaddrinfo("127.0.0.1", "1", &hints, &none);
	char expect[128];
	struct harness *h = harness_start_new(HARNESS_UNCONNECTED,
	    &harness_frames);

	ck_assert_int_ne(error, 0);
	h->script.closed = note_words;
	ck_assert_int_eq(evchat_connect_hostname(h->chat, NULL, AF_INET6,
	    "127.0.0.1", 1), 0);
	harness_expect(h, "");
	harness_run_until_closed(h);
	snprintf(expect, sizeof(expect), "closed:connect|%s|error:0",
	    evutil_gai_strerror(error));
	harness_end(h, expect);
}
END_TEST

/* evdns */

START_TEST(addresses_of_a_name_are_tried_in_turn)
{
	static const int families[] = { AF_INET, AF_UNSPEC };
	struct scene s;

	scene_start(&s, AF_INET);
	ck_assert_int_eq(evchat_push(s.h->chat, "hello", 5), 0);
	scene_connect(&s, families[_i], "many");
	harness_run_until_noted(s.h, "event:connected");
	harness_accept(s.h, s.place.listener);
	harness_expect_received(s.h, "hello");
	harness_feed(s.h, "ab\r\n");
	ck_assert_int_eq(s.names.asked, _i + 1);
	scene_end(&s, "event:connected|frame:ab");
}
END_TEST

START_TEST(address_of_ipv6_is_found)
{
	struct scene s;

	if (place_family(2) != AF_INET6)
		return;
	scene_start(&s, AF_INET6);
	scene_connect(&s, _i == 0 ? AF_INET6 : AF_UNSPEC, "six");
	harness_run_until_noted(s.h, "event:connected");
	harness_accept(s.h, s.place.listener);
	scene_end(&s, "event:connected");
}
END_TEST

/* A number, and a file of names: evdns answers inside the call. */
START_TEST(answer_at_once_tells_nothing_inside_the_call)
{
	char path[] = "/tmp/check_connecting.XXXXXX";
	struct scene s;
	int fd;

	scene_start(&s, AF_INET);
	fd = mkstemp(path);
	ck_assert_int_eq(write(fd, "127.0.0.1 known\n", 16), 16);
	ck_assert_int_eq(evdns_base_load_hosts(s.names.dns, path), 0);
	close(fd);
	unlink(path);
	scene_connect(&s, AF_INET, _i == 0 ? "127.0.0.1" : "known");
	harness_run_until_noted(s.h, "event:connected");
	ck_assert_int_eq(s.names.asked, 0);
	scene_end(&s, "event:connected");
}
END_TEST

static const struct {
	const char *name;
	int family;
	int error; /* 0: systems and versions of libevent differ */
} failing[] = {
	{ "none", AF_INET, EVUTIL_EAI_NONAME },
	{ "none", AF_UNSPEC, EVUTIL_EAI_NONAME },
	{ "six", AF_INET, 0 },
	{ "many", AF_INET6, 0 },
	{ "silent", AF_INET, 0 },
	{ "::1", AF_INET, 0 }
};

#define FAILING ((int)(sizeof(failing) / sizeof(failing[0])))

START_TEST(name_that_is_not_found_is_told_in_words)
{
	char expect[192];
	struct scene s;

	scene_start(&s, AF_INET);
	evdns_base_set_option(s.names.dns, "timeout:", "0.1");
	evdns_base_set_option(s.names.dns, "max-timeouts:", "255");
	s.h->script.closed = note_words;
	scene_connect(&s, failing[_i].family, failing[_i].name);
	harness_run_until_closed(s.h);
	snprintf(expect, sizeof(expect), "closed:connect|%s|error:0",
	    failing[_i].error != 0 ? evutil_gai_strerror(failing[_i].error) :
	    words);
	ck_assert_str_ne(words, "");
	ck_assert_str_ne(words, "connection failed");
	scene_end(&s, expect);
}
END_TEST

/* While it is looked up */

/* The question has come to the server. */
static void
scene_ask(struct scene *s, int i)
{
	scene_start(s, AF_INET);
	ck_assert_int_eq(evchat_push(s->h->chat, "hello", 5), 0);
	scene_connect(s, i == 0 ? AF_INET : AF_UNSPEC, "silent");
	while (s->names.asked <= i)
		event_base_loop(s->h->base, EVLOOP_ONCE);
}

START_TEST(channel_may_be_freed_while_it_is_looked_up)
{
	struct scene s;

	scene_ask(&s, _i);
	evchat_free(s.h->chat);
	scene_end(&s, "closed:freed|error:0");
}
END_TEST

START_TEST(timeout_limits_the_lookup)
{
	static const struct timeval tv = { 0, 20000 };
	char expect[64];
	struct scene s;

	scene_ask(&s, _i);
	ck_assert_int_eq(evchat_set_timeout(s.h->chat, EVCHAT_TIMEOUT_CONNECT,
	    &tv), 0);
	harness_run_until_closed(s.h);
	snprintf(expect, sizeof(expect), "closed:connect|error:%d",
	    ETIMEDOUT);
	scene_end(&s, expect);
}
END_TEST

/* The resolver goes before the channel: then the name is not found. */
START_TEST(resolver_may_give_up)
{
	struct scene s;

	scene_ask(&s, _i);
	evdns_base_free(s.names.dns, 1);
	s.names.dns = NULL;
	harness_run_until_closed(s.h);
	scene_end(&s, "closed:connect|error:0");
}
END_TEST

/* evdns calls back when its own loop runs, long after the channel has gone. */
START_TEST(resolver_of_another_loop_may_call_back_late)
{
	struct event_base *other;
	struct place silent;
	struct evdns_base *dns;
	struct harness *h;

	place_bind(&silent, AF_INET);
	h = harness_start_new(HARNESS_UNCONNECTED, &harness_frames);
	other = event_base_new();
	dns = evdns_base_new(other, 0);
	ck_assert_int_eq(evdns_base_nameserver_sockaddr_add(dns,
	    &silent.address.sa, silent.len, 0), 0);
	ck_assert_int_eq(evchat_connect_hostname(h->chat, dns, AF_INET, "x",
	    1), 0);
	harness_turn(h);
	evchat_free(h->chat);
	harness_turn(h);
	event_base_loop(other, EVLOOP_NONBLOCK);
	harness_turn(h);
	evdns_base_free(dns, 0);
	event_base_free(other);
	harness_end(h, "closed:freed");
	place_free(&silent);
}
END_TEST

/* The answer is there, and has not been told. */
START_TEST(channel_may_be_freed_when_it_is_about_to_be_told)
{
	struct scene s;
	int passes;

	scene_start(&s, AF_INET);
	scene_connect(&s, AF_UNSPEC, "many");
	for (passes = _i; passes > 0; passes--)
		event_base_loop(s.h->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	evchat_free(s.h->chat);
	names_stop(&s.names, s.h);
	harness_free(s.h);
	place_free(&s.place);
}
END_TEST

START_TEST(channel_is_not_detached_while_it_is_looked_up)
{
	struct scene s;

	scene_ask(&s, _i);
	errno = 0;
	ck_assert_ptr_null(evchat_detach(s.h->chat));
	ck_assert_int_eq(errno, EBUSY);
	errno = 0;
	ck_assert_int_eq(evchat_connect_hostname(s.h->chat, NULL, AF_INET,
	    "127.0.0.1", 1), -1);
	ck_assert_int_eq(errno, EISCONN);
	evchat_free(s.h->chat);
	scene_end(&s, "closed:freed|error:0");
}
END_TEST

START_TEST(channel_that_has_nothing_to_send_does_not_wait_for_an_answer)
{
	struct scene s;

	scene_ask(&s, _i);
	evchat_discard_buffers(s.h->chat);
	evchat_close_when_done(s.h->chat);
	harness_turn(s.h);
	scene_end(&s, "closed:done|error:0");
}
END_TEST

/* Memory: of the library alone, since evdns forgets questions for want of it. */

static long fail_in;

static void *
give(size_t size)
{
	return fail_in != 0 && --fail_in == 0 ? NULL : malloc(size);
}

START_TEST(want_of_memory_for_the_addresses_is_told)
{
	struct scene s;

	evchat_set_mem_functions(give, realloc, free);
	scene_start(&s, AF_INET);
	s.h->script.closed = NULL;
	scene_connect(&s, AF_INET, "many");
	fail_in = 1;
	harness_run_until_closed(s.h);
	ck_assert_int_eq(fail_in, 0);
	scene_end(&s, "closed:no memory");
}
END_TEST

static Suite *
names_suite(void)
{
	Suite *suite = suite_create("connecting to names");
	TCase *tc = harness_case(suite, "system");

	tcase_add_loop_test(tc, name_that_the_system_knows_is_connected_to, 0,
	    HERE);
	tcase_add_test(tc, name_that_the_system_does_not_know_is_told_in_words);
	tc = harness_case(suite, "evdns");
	tcase_add_loop_test(tc, addresses_of_a_name_are_tried_in_turn, 0, 2);
	tcase_add_loop_test(tc, address_of_ipv6_is_found, 0, 2);
	tcase_add_loop_test(tc, answer_at_once_tells_nothing_inside_the_call,
	    0, 2);
	tcase_add_loop_test(tc, name_that_is_not_found_is_told_in_words, 0,
	    FAILING);
	tc = harness_case(suite, "meanwhile");
	tcase_add_loop_test(tc, channel_may_be_freed_while_it_is_looked_up, 0,
	    2);
	tcase_add_loop_test(tc, timeout_limits_the_lookup, 0, 2);
	tcase_add_loop_test(tc, resolver_may_give_up, 0, 2);
	tcase_add_test(tc, resolver_of_another_loop_may_call_back_late);
	tcase_add_loop_test(tc,
	    channel_may_be_freed_when_it_is_about_to_be_told, 0, 12);
	tcase_add_loop_test(tc, channel_is_not_detached_while_it_is_looked_up,
	    0, 2);
	tcase_add_loop_test(tc,
	    channel_that_has_nothing_to_send_does_not_wait_for_an_answer, 0,
	    2);
	tcase_add_test(tc, want_of_memory_for_the_addresses_is_told);
	return suite;
}

int
main(void)
{
	return harness_main(names_suite());
}
