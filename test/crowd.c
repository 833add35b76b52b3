/* Members of a group, for tests; see crowd.h. */

#include <string.h>
#include "crowd.h"

static const enum harness_carrier carriers[CROWD_CARRIERS] = {
	HARNESS_SOCKET, HARNESS_BEV_DEFER, HARNESS_BEV_THREADSAFE,
	HARNESS_PAIR, HARNESS_FILTER, HARNESS_TCP
};

enum harness_carrier
crowd_carrier(int i)
{
	return carriers[i];
}

void
crowd_start_outside(struct crowd *crowd, enum harness_carrier carrier, int n)
{
	unsigned options = carrier == HARNESS_BEV_THREADSAFE ?
	    EVCHAT_OPT_THREADSAFE : 0;
	int i;

	memset(crowd, 0, sizeof(*crowd));
	crowd->n = n;
	for (i = 0; i < n; i++) {
		crowd->h[i] = i == 0 ? harness_new(carrier) :
		    harness_new_beside(crowd->h[0], carrier);
		crowd->h[i]->user = crowd;
		harness_start(crowd->h[i], &harness_streaming, 0);
		crowd->chat[i] = crowd->h[i]->chat;
		evchat_incref(crowd->chat[i]);
	}
	crowd->group = evchat_group_new(crowd->h[0]->base, options);
	ck_assert_ptr_nonnull(crowd->group);
}

void
crowd_add(struct crowd *crowd, int i)
{
	ck_assert_int_eq(evchat_group_add(crowd->group, crowd->chat[i]), 0);
}

void
crowd_start(struct crowd *crowd, enum harness_carrier carrier, int n)
{
	int i;

	crowd_start_outside(crowd, carrier, n);
	for (i = 0; i < n; i++)
		crowd_add(crowd, i);
}

void
crowd_free(struct crowd *crowd)
{
	int i;

	evchat_group_free(crowd->group);
	for (i = crowd->n; i-- > 0;) {
		evchat_decref(crowd->chat[i]);
		harness_free(crowd->h[i]);
	}
	unit_text_free(&crowd->text);
}

char
crowd_name(const struct crowd *crowd, const struct evchat *chat)
{
	int i;

	for (i = 0; i < crowd->n; i++)
		if (crowd->chat[i] == chat)
			return (char)('a' + i);
	return '?';
}

struct names {
	const struct crowd *crowd;
	char text[64];
	size_t n;
};

static int
note_name(struct evchat *chat, void *arg)
{
	struct names *names = arg;

	if (names->n + 1 < sizeof(names->text))
		names->text[names->n++] = crowd_name(names->crowd, chat);
	return 0;
}

void
crowd_expect(struct crowd *crowd, const char *expected)
{
	struct names names = { .crowd = crowd };

	ck_assert_int_eq(evchat_group_foreach(crowd->group, note_name, &names),
	    0);
	ck_assert_str_eq(names.text, expected);
	ck_assert_uint_eq(evchat_group_get_count(crowd->group), names.n);
}

void
crowd_turn(struct crowd *crowd)
{
	harness_turn(crowd->h[0]);
}

void
crowd_expect_received(struct crowd *crowd, const char *text)
{
	int i;

	for (i = 0; i < crowd->n; i++)
		harness_expect_received(crowd->h[i], text);
}

int
crowd_all_but(struct evchat *member, void *arg)
{
	return member != arg;
}
