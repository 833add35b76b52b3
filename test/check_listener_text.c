/*
 * Listeners whose address is in words: each kind of address, from the words to
 * a listener, from it to the words, and from these to a connection.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>
#include "door.h"
#include "place.h"

/* Doors */

static void
open_at(struct door *d, const char *where, unsigned options)
{
	door_init(d, DOOR_TCP);
	d->where = where;
	if (!door_listen(d, options))
		ck_abort_msg("%s: %s", where, strerror(errno));
}

static void
nobody(struct evchat_listener *listener, struct evchat *chat,
    const struct sockaddr *peer, int peerlen, void *arg)
{
	(void)listener;
	(void)chat;
	(void)peer;
	(void)peerlen;
	(void)arg;
	ck_abort_msg("somebody is let in");
}

/* With %u for the port. */
static void
expect_text(struct door *d, const char *format)
{
	const struct sockaddr_in *sin = (struct sockaddr_in *)&d->address;
	char expected[EVCHAT_ADDRESS_MAX], text[EVCHAT_ADDRESS_MAX];
	unsigned port = ntohs(sin->sin_port); /* in IPv6 it is there, too */

	snprintf(expected, sizeof(expected), format, port);
	ck_assert_int_eq(evchat_listener_get_text(d->listener, text,
	    sizeof(text)), 0);
	ck_assert_str_eq(text, expected);
}

/* A client that is a channel */

struct client {
	char text[256];
	bool ended;
};

static void
note(struct client *client, const char *what, const char *more)
{
	size_t len = strlen(client->text);

	snprintf(client->text + len, sizeof(client->text) - len, "%s%s%s",
	    len > 0 ? "|" : "", what, more);
}

static void
client_event(struct evchat *chat, enum evchat_event what, void *arg)
{
	(void)chat;
	if (what == EVCHAT_EVENT_CONNECTED)
		note(arg, "connected", "");
}

static void
client_frame(struct evchat *chat, const void *line, size_t len, void *arg)
{
	char text[16] = "";

	memcpy(text, line, len < sizeof(text) ? len : sizeof(text) - 1);
	note(arg, "frame:", text);
	evchat_close_when_done(chat);
}

static void
client_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct client *client = arg;

	(void)chat;
	note(client, "closed:", evchat_reason_name(why));
	client->ended = true;
}

static const struct evchat_hooks client_hooks = { .event = client_event,
    .frame = client_frame, .closed = client_closed };

static struct evchat *
client_new(struct door *d, struct client *client)
{
	struct evchat *chat;

	memset(client, 0, sizeof(*client));
	chat = evchat_socket_new(d->base, -1, &client_hooks, client, 0);
	ck_assert_ptr_nonnull(chat);
	ck_assert_int_eq(evchat_set_terminator(chat, "\n", 1), 0);
	return chat;
}

static void
visit(struct door *d, const char *where, const char *transcript)
{
	struct client client;
	struct evchat *chat = client_new(d, &client);

	ck_assert_int_eq(evchat_connect_text(chat, where), 0);
	ck_assert_int_eq(evchat_push(chat, "hello\n", 6), 0);
	ck_assert_str_eq(client.text, "");
	while (!client.ended)
		(void)event_base_loop(d->base, EVLOOP_ONCE);
	ck_assert_str_eq(client.text, transcript);
}

/* From words to words */

struct form {
	const char *where;
	const char *text; /* %u is the port */
	int family;
};

static const struct form forms[] = {
	{ "127.0.0.1:0", "127.0.0.1:%u", AF_INET },
	{ "0.0.0.0:0", "0.0.0.0:%u", AF_INET },
	{ "[::1]:0", "[::1]:%u", AF_INET6 },
	{ "[::ffff:127.0.0.1]:0", "[::ffff:127.0.0.1]:%u", AF_INET6 },
	{ "[::]:0", "[::]:%u", AF_INET6 },
	{ "0", "[::]:%u", AF_INET6 },
	{ ":0", "[::]:%u", AF_INET6 },
#ifdef __linux__
	{ "unix:@check_listener_text", "unix:@check_listener_text", AF_UNIX },
#endif
};
#define FORMS (int)(sizeof(forms) / sizeof(forms[0]))

START_TEST(words_come_back_and_connect)
{
	const struct form *form = &forms[_i];
	char text[EVCHAT_ADDRESS_MAX];
	struct door d;

	if (form->family == AF_INET6 && !place_has_ipv6())
		return;
	open_at(&d, form->where, 0);
	ck_assert_int_eq(d.address.ss_family, form->family);
	expect_text(&d, form->text);
	ck_assert_int_eq(evchat_listener_get_text(d.listener, text,
	    sizeof(text)), 0);
	visit(&d, text, "connected|frame:hello|closed:done");
	door_run_until(&d, "closed", 1);
	door_end(&d, "accept|frame:hello|closed:eof");
}
END_TEST

/* The words of one listener do for another one, too: for threads. */
START_TEST(words_make_another_one)
{
	char text[EVCHAT_ADDRESS_MAX], again[EVCHAT_ADDRESS_MAX];
	struct evchat_listener *second;
	struct door d;

	if (forms[_i].family == AF_UNIX ||
	    (forms[_i].family == AF_INET6 && !place_has_ipv6()))
		return;
	open_at(&d, forms[_i].where, EVCHAT_LISTENER_REUSEPORT);
	ck_assert_int_eq(evchat_listener_get_text(d.listener, text,
	    sizeof(text)), 0);
	second = evchat_listener_new_text(d.base, nobody, NULL,
	    EVCHAT_LISTENER_REUSEPORT, -1, text);
	ck_assert_ptr_nonnull(second);
	ck_assert_int_eq(evchat_listener_get_text(second, again,
	    sizeof(again)), 0);
	ck_assert_str_eq(again, text);
	evchat_listener_free(second);
	door_end(&d, "");
}
END_TEST

/* A call that fails, with this errno, having left nothing. */
static void
refused(struct door *d, const char *where, unsigned options, int error)
{
	long descriptors = door_descriptors(), blocks = harness_blocks();

	d->where = where;
	errno = 0;
	ck_assert_msg(!door_listen(d, options), "taken: %s", where);
	ck_assert_int_eq(errno, error);
	ck_assert_int_eq(door_descriptors(), descriptors);
	ck_assert_int_eq(harness_blocks(), blocks);
}

/* Paths */

static void
path_in(struct door *d, const char *name, char where[])
{
	snprintf(where, EVCHAT_ADDRESS_MAX, "unix:%.60s/%s", d->directory,
	    name);
}

/* door_close() sees that the directory is empty again. */
START_TEST(path_is_removed_before_and_behind)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char where[EVCHAT_ADDRESS_MAX];
	struct door d;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	door_init(&d, DOOR_UNIX); /* with EVCHAT_LISTENER_UNLINK */
	d.descriptors--;
	path_in(&d, "left", where);
	strcpy(un.sun_path, where + strlen("unix:"));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	close(fd);
	d.where = where;
	ck_assert(door_listen(&d, 0));
	expect_text(&d, where);
	visit(&d, where, "connected|frame:hello|closed:done");
	door_run_until(&d, "closed", 1);
	door_end(&d, "accept|frame:hello|closed:eof");
}
END_TEST

START_TEST(path_that_is_there_is_refused)
{
	char where[EVCHAT_ADDRESS_MAX];
	struct door d, second;

	door_init(&d, DOOR_UNIX);
	path_in(&d, "socket", where);
	d.where = where;
	ck_assert(door_listen(&d, 0));
	door_init(&second, DOOR_TCP);
	refused(&second, where, 0, EADDRINUSE);
	refused(&second, where, EVCHAT_LISTENER_UNLINK, EADDRINUSE);
	path_in(&d, "no/such", where);
	refused(&second, where, 0, ENOENT);
	door_close(&second);
	door_end(&d, "");
}
END_TEST

/* What is refused; check_address has all the ways to write none. */

START_TEST(what_is_no_address_is_refused)
{
	static const char *const none[] = { "", "127.0.0.1", "localhost:80",
		"127.0.0.1:65536", "[::1]", "unix:", "x" };
	struct door d;
	size_t i;

	door_init(&d, DOOR_TCP);
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		refused(&d, none[i], 0, EINVAL);
	ck_assert_ptr_null(evchat_listener_new_text(d.base,
	    nobody, NULL, 0, -1, NULL));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_null(evchat_listener_new_text(d.base, NULL, NULL, 0, -1,
	    "0"));
	ck_assert_int_eq(errno, EINVAL);
	refused(&d, "0", 1u << 19, EINVAL);
	refused(&d, "192.0.2.1:0", 0, EADDRNOTAVAIL);
	door_close(&d);
}
END_TEST

START_TEST(what_cannot_be_connected_to_is_refused)
{
	static const char *const none[] = { NULL, "", "80", ":80",
		"127.0.0.1:0", "[::1]:0", "127.0.0.1", "localhost:80",
		"unix:", "127.0.0.1:80x" };
	struct client client;
	struct evchat *chat;
	struct door d;
	size_t i;

	door_open(&d, DOOR_TCP);
	chat = client_new(&d, &client);
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		errno = 0;
		ck_assert_int_eq(evchat_connect_text(chat, none[i]), -1);
		ck_assert_int_eq(errno, EINVAL);
	}
	/* It has not been begun, and can be. */
	ck_assert_int_eq(evchat_connect_text(chat, "127.0.0.1:1"), 0);
	ck_assert_int_eq(evchat_connect_text(chat, "127.0.0.1:1"), -1);
	ck_assert_int_eq(errno, EISCONN);
	evchat_free(chat);
	door_end(&d, "");
}
END_TEST

START_TEST(listener_without_an_address_has_no_words)
{
	char text[EVCHAT_ADDRESS_MAX];
	struct door d;

	open_at(&d, "127.0.0.1:0", 0);
	errno = 0;
	ck_assert_int_eq(evchat_listener_get_text(d.listener, text, 10), -1);
	ck_assert_int_eq(errno, ENOSPC);
	door_stop(&d, -1);
	door_run_until(&d, "stopped", 1);
	errno = 0;
	ck_assert_int_eq(evchat_listener_get_text(d.listener, text,
	    sizeof(text)), -1);
	ck_assert_int_eq(errno, EBADF);
	door_end(&d, "stopped");
}
END_TEST

/* Without memory */

START_TEST(making_survives_every_failing_allocation)
{
	bool made = false;
	struct door d;
	long i;

	for (i = 1; !made; i++) {
		door_init(&d, DOOR_TCP);
		d.where = "0";
		harness_fail_allocation(i);
		errno = 0;
		made = door_listen(&d, 0);
		ck_assert(made || errno == ENOMEM);
		ck_assert_int_eq(made, !harness_allocation_failed());
		harness_fail_allocation(0);
		door_close(&d);
	}
	ck_assert_int_gt(i, 4);
}
END_TEST

START_TEST(connecting_survives_every_failing_allocation)
{
	struct client client;
	struct evchat *chat;
	bool begun = false;
	struct door d;
	long i;

	door_open(&d, DOOR_TCP);
	for (i = 1; !begun; i++) {
		chat = client_new(&d, &client);
		harness_fail_allocation(i);
		errno = 0;
		begun = evchat_connect_text(chat, "127.0.0.1:1") == 0;
		ck_assert(begun || errno == ENOMEM);
		ck_assert_int_eq(begun, !harness_allocation_failed());
		harness_fail_allocation(0);
		evchat_free(chat);
	}
	ck_assert_int_gt(i, 2);
	door_end(&d, "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("listener text");
	TCase *tc = harness_case(suite, "text");

	tcase_add_loop_test(tc, words_come_back_and_connect, 0, FORMS);
	tcase_add_loop_test(tc, words_make_another_one, 0, FORMS);
	tcase_add_test(tc, path_is_removed_before_and_behind);
	tcase_add_test(tc, path_that_is_there_is_refused);
	tcase_add_test(tc, what_is_no_address_is_refused);
	tcase_add_test(tc, what_cannot_be_connected_to_is_refused);
	tcase_add_test(tc, listener_without_an_address_has_no_words);
	tcase_add_test(tc, making_survives_every_failing_allocation);
	tcase_add_test(tc, connecting_survives_every_failing_allocation);
	return harness_main(suite);
}
