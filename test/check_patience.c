/*
 * A group above its budget whose members hold what they have begun for ever:
 * the time that the others are stopped for is limited. It is not waited for
 * here; the group's event is told that it is over.
 */

#include <string.h>
#include <event2/event.h>
#include "../lib/channel.h"
#include "../lib/group.h"
#include "crowd.h"
#include "harness.h"

#define SILENT 14
#define BEGUN 5000      /* bytes of a frame, by each silent one */
#define MORE 32000      /* by one that would go on */
#define BUDGET 100000

static struct evchat *channels[SILENT + 1];
static int peers[SILENT + 1];
static char bytes[MORE];
static int ended;

static void
on_frame(struct evchat *chat, const void *data, size_t len, void *arg)
{
	(void)chat;
	(void)data;
	(void)len;
	(void)arg;
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	(void)chat;
	(void)arg;
	ended += why == EVCHAT_REASON_BUDGET;
}

static void
add(struct event_base *base, struct evchat_group *group, int i, size_t len)
{
	static const struct evchat_hooks hooks = { .frame = on_frame,
	    .closed = on_closed };
	evutil_socket_t pair[2];

	ck_assert_int_eq(evutil_socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	evutil_make_socket_nonblocking(pair[0]);
	peers[i] = pair[1];
	channels[i] = evchat_socket_new(base, pair[0], &hooks, NULL, 0);
	ck_assert_int_eq(evchat_set_terminator(channels[i], "\n", 1), 0);
	ck_assert_int_eq(evchat_group_add(group, channels[i]), 0);
	ck_assert_int_eq(send(pair[1], bytes, len, 0), (ssize_t)len);
	/* libevent reads a little at a time. */
	for (len /= 1024; len > 0; len--)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

START_TEST(nobody_is_stopped_for_ever_for_what_others_hold)
{
	struct event_base *base = event_base_new();
	struct evchat_group *group = evchat_group_new(base, 0);
	int i;

	memset(bytes, 'x', sizeof(bytes));
	ck_assert_int_eq(evchat_group_set_budget(group, BUDGET,
	    EVCHAT_BUDGET_STOP), 0);
	for (i = 0; i < SILENT; i++)
		add(base, group, i, BEGUN);
	add(base, group, i, MORE);
	ck_assert_uint_gt(group->held, BUDGET);
	ck_assert_uint_eq(group->stopped, 1);
	ck_assert(event_pending(group->patience, EV_TIMEOUT, NULL));
	event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_int_eq(ended, 0);
	event_active(group->patience, EV_TIMEOUT, 0);
	event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_int_eq(ended, 1);
	ck_assert_uint_le(evchat_group_get_held(group), BUDGET * 3 / 4);
	ck_assert_uint_eq(group->stopped, 0);
	evchat_group_free_members(group);
	evchat_group_free(group);
	event_base_loop(base, EVLOOP_NONBLOCK);
	for (i = 0; i <= SILENT; i++)
		evutil_closesocket(peers[i]);
	event_base_free(base);
}
END_TEST

static Suite *
patience_suite(void)
{
	Suite *suite = suite_create("patience");
	TCase *tc = harness_case(suite, "patience");

	tcase_add_test(tc, nobody_is_stopped_for_ever_for_what_others_hold);
	return suite;
}

int
main(void)
{
	return harness_main(patience_suite());
}
