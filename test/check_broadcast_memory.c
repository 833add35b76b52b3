/*
 * What a broadcast costs: ten thousand members, none of which takes anything.
 */

#include <stdlib.h>
#include <string.h>
#include "harness.h"
#include "ledger.h"

#define MEMBERS 10000
#define MOST 2048 /* bytes a member */

static struct event_base *base;
static struct evchat_group *group;
static struct evchat *chats[MEMBERS];

/* Those that are not connected keep all; each has a framing of its own. */
static void
start(void)
{
	int i;

	ck_assert_ptr_nonnull(base = event_base_new());
	ck_assert_ptr_nonnull(group = evchat_group_new(base, 0));
	for (i = 0; i < MEMBERS; i++) {
		chats[i] = evchat_socket_new(base, -1, NULL, NULL, 0);
		ck_assert_ptr_nonnull(chats[i]);
		ck_assert_int_eq(evchat_set_terminator(chats[i], "\n", 1), 0);
		ck_assert_int_eq(evchat_group_add(group, chats[i]), 0);
	}
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
stop(void)
{
	evchat_group_free_members(group);
	ck_assert_uint_eq(evchat_group_get_count(group), 0);
	ck_assert_uint_eq(evchat_group_get_held(group), 0);
	evchat_group_free(group);
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	event_base_free(base);
}

static void
broadcast(const char *bytes, size_t len, bool framed)
{
	ck_assert_int_eq(framed ?
	    evchat_group_broadcast_frame(group, bytes, len, NULL, NULL) :
	    evchat_group_broadcast(group, bytes, len, NULL, NULL), MEMBERS);
}

/* Before the loop has moved it, and then. */
static void
expect_little(size_t len, bool framed)
{
	char *bytes = malloc(len);

	ck_assert_ptr_nonnull(bytes);
	memset(bytes, 'x', len);
	ledger_open();
	broadcast(bytes, len, framed);
	ck_assert_uint_le(ledger_now() / MEMBERS, MOST);
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_uint_le(ledger_most() / MEMBERS, MOST);
	ck_assert_uint_eq(evchat_get_output_length(chats[MEMBERS - 1]),
	    len + framed);
	ck_assert_uint_eq(evchat_group_get_held(group),
	    MEMBERS * (len + framed));
	evchat_group_free_members(group);
	ledger_close();
	free(bytes);
}

static const size_t lengths[] = { 10, 900, 1024, 1025, 65536 };
#define LENGTHS (int)(sizeof(lengths) / sizeof(*lengths))

START_TEST(broadcast_takes_little_memory_a_member)
{
	start();
	expect_little(lengths[_i % LENGTHS], _i >= LENGTHS);
	stop();
}
END_TEST

/* What comes behind a long one takes no more. */
START_TEST(short_broadcast_behind_a_long_one_takes_little_memory)
{
	char *bytes = calloc(1, 65536);

	ck_assert_ptr_nonnull(bytes);
	start();
	ledger_open();
	broadcast(bytes, 65536, false);
	broadcast(bytes, 10, false);
	broadcast(bytes, 10, false);
	ck_assert_uint_le(ledger_now() / MEMBERS, 2 * MOST);
	evchat_group_free_members(group);
	ledger_close();
	stop();
	free(bytes);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("broadcast_memory");
	TCase *tc = harness_case(suite, "broadcast_memory");

	tcase_add_loop_test(tc, broadcast_takes_little_memory_a_member, 0,
	    2 * LENGTHS);
	tcase_add_test(tc,
	    short_broadcast_behind_a_long_one_takes_little_memory);
	return harness_main(suite);
}
