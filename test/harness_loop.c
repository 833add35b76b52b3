/*
 * The loop, which a test runs by hand: one turn, or until something has come
 * to pass. While it runs a guard waits, so that a test in which nothing
 * happens any more fails instead of hanging.
 */

#include <stdlib.h>
#include <string.h>
#include "harness_inside.h"
#include "harness_trouble.h"

#define GUARD_S 10 /* EVCHAT_TEST_GUARD; how long a test may wait */

/* The guard */

static void
on_guard(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	ck_abort_msg("over a %s nothing happens any more: %s",
	    harness_carrier_name(((struct harness *)arg)->in->carrier),
	    harness_transcript(arg));
}

void
harness_guard_new(struct harness *h)
{
	h->in->guard = evtimer_new(h->base, on_guard, h);
	harness_must(h->in->guard != NULL, "memory");
}

static void
set_guard(struct harness *h)
{
	const char *seconds = getenv("EVCHAT_TEST_GUARD");
	struct timeval tv = { GUARD_S, 0 };

	if (seconds != NULL)
		tv.tv_sec = atoi(seconds);
	harness_spare();
	harness_must(event_add(h->in->guard, &tv) == 0, "event_add");
	harness_spare_end();
}

/* Running it */

void
harness_turn(struct harness *h)
{
	set_guard(h);
	(void)harness_peer_flush(h);
	harness_must(event_base_loop(h->base, EVLOOP_NONBLOCK) >= 0,
	    "event_base_loop");
	event_del(h->in->guard);
}

void
harness_wait(struct harness *h, unsigned ms)
{
	struct timeval tv = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };

	set_guard(h);
	harness_spare();
	harness_must(event_base_loopexit(h->base, &tv) == 0,
	    "event_base_loopexit");
	harness_spare_end();
	harness_must(event_base_dispatch(h->base) == 0, "event_base_dispatch");
	event_del(h->in->guard);
}

/* Run the loop until a condition holds. */
static void
run_until(struct harness *h, bool (*condition)(struct harness *, const void *),
    const void *arg)
{
	set_guard(h);
	while (!condition(h, arg)) {
		(void)harness_peer_flush(h);
		harness_must(event_base_loop(h->base, EVLOOP_ONCE) == 0,
		    "event_base_loop");
	}
	event_del(h->in->guard);
}

static bool
is_closed(struct harness *h, const void *arg)
{
	(void)arg;
	return h->closed != 0;
}

static bool
has_peer_eof(struct harness *h, const void *arg)
{
	(void)arg;
	return h->peer_eof;
}

static bool
has_received(struct harness *h, const void *arg)
{
	return h->peer_eof ||
	    evbuffer_get_length(h->received) >= *(const size_t *)arg;
}

static bool
has_noted(struct harness *h, const void *arg)
{
	return strstr(harness_transcript(h), arg) != NULL;
}

void
harness_run_until_closed(struct harness *h)
{
	run_until(h, is_closed, NULL);
}

void
harness_run_until_peer_eof(struct harness *h)
{
	run_until(h, has_peer_eof, NULL);
}

void
harness_run_until_received(struct harness *h, size_t len)
{
	run_until(h, has_received, &len);
}

void
harness_run_until_noted(struct harness *h, const char *part)
{
	run_until(h, has_noted, part);
}

/* Feeding */

void
harness_feed_bytes(struct harness *h, const void *data, size_t len)
{
	harness_send(h, data, len);
	harness_turn(h);
}

void
harness_feed(struct harness *h, const char *text)
{
	harness_feed_bytes(h, text, strlen(text));
}

void
harness_feed_eof(struct harness *h)
{
	harness_send_eof(h);
	harness_turn(h);
}

/* Later */

struct later {
	struct later *next;
	struct harness *h;
	void (*function)(struct harness *h);
};

static void
on_later(evutil_socket_t fd, short what, void *arg)
{
	struct later *later = arg;

	(void)fd;
	(void)what;
	if (later->h->closed != 0)
		return;
	harness_enter(later->h);
	HARNESS_SCRIPT(later->h, later->function(later->h));
	harness_leave(later->h);
}

void
harness_later(struct harness *h, void (*function)(struct harness *h))
{
	struct timeval at_once = { 0, 0 };
	struct later *later = malloc(sizeof(*later));

	harness_must(later != NULL, "memory");
	later->h = h;
	later->next = h->in->laters;
	h->in->laters = later;
	later->function = function;
	harness_spare();
	harness_must(event_base_once(h->base, -1, EV_TIMEOUT, on_later, later,
	    &at_once) == 0, "event_base_once");
	harness_spare_end();
}

void
harness_free_laters(struct harness *h)
{
	struct later *later = h->in->laters, *next;

	for (; later != NULL; later = next) {
		next = later->next;
		free(later);
	}
}
