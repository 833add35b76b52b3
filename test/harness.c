/*
 * The harness itself: hooks that write the transcript, and the books that are
 * closed at a test's end.
 *
 * Invariants that every test proves by running here: no hook but closed runs
 * inside another one or inside a call; none runs after closed; what a hook was
 * given is still the same when it returns.
 */

#define _POSIX_C_SOURCE 200809L
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include "harness_inside.h"
#include "harness_trouble.h"

#define DESCRIPTORS 256   /* those below this are counted */

/* The hooks */

void
harness_enter(struct harness *h)
{
	if (h->closed != 0)
		ck_abort_msg("a hook after closed: %s", harness_transcript(h));
	if (h->in->depth != 0)
		ck_abort_msg("a hook inside a call: %s",
		    harness_transcript(h));
	h->in->depth++;
}

void
harness_leave(struct harness *h)
{
	h->in->depth--;
}

void
harness_must(bool holds, const char *what)
{
	if (!holds)
		ck_abort_msg("failed: %s", what);
}

/* What a hook is given stays until it returns, whatever it does. */
static void *
copy(const void *data, size_t len)
{
	void *same = malloc(len + 1);

	harness_must(same != NULL, "memory");
	if (len > 0)
		memcpy(same, data, len);
	return same;
}

static void
compare(void *same, const void *data, size_t len)
{
	harness_must(len == 0 || memcmp(same, data, len) == 0,
	    "what a hook is given stays as it is");
	free(same);
}

/* Where the handshake was still to come, its end is no part of the test. */
static bool
is_handshake(struct harness *h, enum evchat_event what)
{
	bool is = h->in->handshaking && what == EVCHAT_EVENT_CONNECTED;

	h->in->handshaking = h->in->handshaking && !is;
	return is;
}

static void
on_collect(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct harness *h = arg;
	void *same;

	harness_enter(h);
	harness_must(chat == h->chat, "a hook is given its channel");
	harness_must(len > 0, "collect is given something");
	if (h->pieces)
		harness_end_collect(h);
	harness_spare();
	harness_must(evbuffer_add(h->in->collected, data, len) == 0,
	    "evbuffer_add");
	harness_spare_end();
	if (h->script.collect != NULL) {
		same = copy(data, len);
		HARNESS_SCRIPT(h, h->script.collect(h, data, len));
		compare(same, data, len);
	}
	harness_leave(h);
}

static void
on_found(struct evchat *chat, void *arg)
{
	struct harness *h = arg;

	harness_enter(h);
	harness_must(chat == h->chat, "a hook is given its channel");
	harness_note(h, "found");
	if (h->script.found != NULL)
		HARNESS_SCRIPT(h, h->script.found(h));
	harness_leave(h);
}

static void
on_frame(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct harness *h = arg;
	void *same;

	harness_enter(h);
	harness_must(chat == h->chat, "a hook is given its channel");
	harness_note_bytes(h, "frame", data, len);
	if (h->script.frame != NULL) {
		same = copy(data, len);
		HARNESS_SCRIPT(h, h->script.frame(h, data, len));
		compare(same, data, len);
	}
	harness_leave(h);
}

static void
on_event(struct evchat *chat, enum evchat_event what, void *arg)
{
	struct harness *h = arg;

	harness_enter(h);
	harness_must(chat == h->chat, "a hook is given its channel");
	if (is_handshake(h, what)) {
		harness_leave(h);
		return;
	}
	if (h->output_events || (what != EVCHAT_EVENT_WRITABLE &&
	    what != EVCHAT_EVENT_DRAINED))
		harness_note(h, "event:%s", harness_event_name(what));
	if (h->script.event != NULL)
		HARNESS_SCRIPT(h, h->script.event(h, what));
	harness_leave(h);
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct harness *h = arg;

	harness_must(chat == h->chat, "a hook is given its channel");
	harness_must(h->closed == 0, "closed runs once");
	harness_must(evchat_get_error(chat) != NULL,
	    "closed has an error in words");
	h->closed++;
	h->why = why;
	h->in->told_errno = evchat_get_errno(chat);
	harness_note(h, "closed:%s", harness_reason_name(why));
	if (h->script.closed != NULL)
		HARNESS_SCRIPT(h, h->script.closed(h, why));
	h->chat = NULL;
}

const struct evchat_hooks harness_streaming = {
	.collect = on_collect, .found = on_found, .event = on_event,
	.closed = on_closed
};
const struct evchat_hooks harness_frames = {
	.collect = on_collect, .frame = on_frame, .event = on_event,
	.closed = on_closed
};
const struct evchat_hooks harness_frames_only = {
	.frame = on_frame, .event = on_event, .closed = on_closed
};
const struct evchat_hooks harness_found_only = {
	.found = on_found, .event = on_event, .closed = on_closed
};

/* Life of a harness */

static long
count_descriptors(void)
{
	struct pollfd fds[DESCRIPTORS];
	long n = DESCRIPTORS;
	int fd;

	memset(fds, 0, sizeof(fds));
	for (fd = 0; fd < DESCRIPTORS; fd++)
		fds[fd].fd = fd;
	harness_must(poll(fds, DESCRIPTORS, 0) >= 0, "poll");
	for (fd = 0; fd < DESCRIPTORS; fd++)
		n -= (fds[fd].revents & POLLNVAL) != 0;
	return n;
}

static void
compare_count(const char *what, long now, long before)
{
	if (now != before)
		ck_abort_msg("%s: %ld before and %ld after", what, before,
		    now);
}

static struct harness *
make(struct event_base *base, enum harness_carrier carrier)
{
	struct harness *h = calloc(1, sizeof(*h));
	long blocks = harness_blocks();

	harness_must(h != NULL, "memory");
	harness_must((h->in = calloc(1, sizeof(*h->in))) != NULL, "memory");
	h->in->carrier = carrier;
	h->in->beside = base != NULL;
	h->in->blocks = blocks;
	h->in->descriptors = count_descriptors();
	h->in->channel_fd = h->peer_fd = -1;
	h->base = base != NULL ? base : event_base_new();
	harness_must(h->base != NULL, "memory");
	harness_must((h->received = evbuffer_new()) != NULL, "memory");
	harness_must((h->in->collected = evbuffer_new()) != NULL, "memory");
	harness_guard_new(h);
	harness_carrier_open(h);
	return h;
}

struct harness *
harness_new(enum harness_carrier carrier)
{
	return make(NULL, carrier);
}

struct harness *
harness_new_beside(struct harness *other, enum harness_carrier carrier)
{
	return make(other->base, carrier);
}

void
harness_start(struct harness *h, const struct evchat_hooks *hooks,
    unsigned options)
{
	options |= harness_carrier_options(h->in->carrier);
	h->in->depth++;
	if (h->bev != NULL)
		h->chat = evchat_new(h->bev, hooks, h, options);
	else
		h->chat = evchat_socket_new(h->base, h->in->channel_fd, hooks,
		    h, options);
	h->in->depth--;
	harness_must(h->chat != NULL, "a channel");
	h->bev = evchat_get_bufferevent(h->chat);
	harness_must(h->bev != NULL, "a bufferevent");
}

struct harness *
harness_start_new(enum harness_carrier carrier,
    const struct evchat_hooks *hooks)
{
	struct harness *h = harness_new(carrier);

	harness_start(h, hooks, 0);
	return h;
}

struct harness *
harness_streaming_on(int carrier)
{
	return harness_start_new((enum harness_carrier)carrier,
	    &harness_streaming);
}

struct harness *
harness_frames_on(int carrier)
{
	return harness_start_new((enum harness_carrier)carrier,
	    &harness_frames);
}

void
harness_disown(struct harness *h)
{
	h->bev = NULL;
	h->in->channel_fd = -1;
}

void
harness_resume(struct harness *h)
{
	evchat_resume(h->chat);
}

bool
harness_detach(struct harness *h)
{
	h->detached = evchat_detach(h->chat);
	if (h->detached != NULL)
		harness_end_trouble(h);
	return h->detached != NULL;
}

void
harness_detach_now(struct harness *h)
{
	harness_ok(h, harness_detach(h) ? 0 : -1);
	ck_assert_int_eq(h->closed, 1);
}

static void
free_parts(struct harness *h)
{
	event_free(h->in->guard);
	evbuffer_free(h->received);
	evbuffer_free(h->in->collected);
	harness_peer_close(h);
	if (h->detached != NULL)
		bufferevent_free(h->detached);
}

/*
 * Libevent frees a bufferevent in a later turn of the loop or with its base,
 * but leaks what still waits to be told to one end of a pair.
 */
static void
close_books(struct harness *h)
{
	if (h->in->beside || h->in->is_pair)
		event_base_loop(h->base, EVLOOP_NONBLOCK);
	if (!h->in->beside) {
		event_base_free(h->base);
		compare_count("descriptors", count_descriptors(),
		    h->in->descriptors);
	}
	if (h->in->rate != NULL)
		ev_token_bucket_cfg_free(h->in->rate);
	if (!h->in->beside)
		compare_count("blocks of memory", harness_blocks(),
		    h->in->blocks);
}

void
harness_free(struct harness *h)
{
	bool started = h->closed != 0 || h->chat != NULL;

	evchat_free(h->chat);
	harness_must(h->closed == (started ? 1 : 0), "closed ran once");
	harness_must(h->in->unreleased == 0, "all that was pushed has ended");
	if (!started && h->bev != NULL)
		bufferevent_free(h->bev);
	else if (!started && h->in->channel_fd != -1)
		evutil_closesocket(h->in->channel_fd);
	free_parts(h);
	close_books(h);
	harness_free_laters(h);
	free(h->in->text.at);
	free(h->in->shown.at);
	free(h->in);
	free(h);
}

void
harness_end(struct harness *h, const char *transcript)
{
	harness_expect(h, transcript);
	harness_free(h);
}
