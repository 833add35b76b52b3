/*
 * Terminators that many scenarios start with: what struct harness_scenario has
 * for start, or a hook's script for what comes next.
 */

#include "harness.h"

void
harness_crlf(struct harness *h)
{
	harness_ok(h, evchat_set_terminator(h->chat, "\r\n", 2));
}

void
harness_until_x(struct harness *h)
{
	harness_ok(h, evchat_set_terminator(h->chat, "X", 1));
}

void
harness_count_three(struct harness *h)
{
	harness_ok(h, evchat_set_terminator_count(h->chat, 3));
}

void
harness_count_five(struct harness *h)
{
	harness_ok(h, evchat_set_terminator_count(h->chat, 5));
}

void
harness_none(struct harness *h)
{
	evchat_set_terminator_none(h->chat);
}
