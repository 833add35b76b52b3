/*
 * Any call on a channel, as a generator says; see anything.h. What is pushed
 * makes another one when it is asked, and when it ends.
 */

#define _DEFAULT_SOURCE /* ftruncate */
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>
#include "anything.h"

/* Splitmix64. */
uint64_t
anything_draw(struct anything *a, uint64_t below)
{
	uint64_t z = (a->random += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return ((z ^ (z >> 31)) % below);
}

/* Producers, marks and references */

struct thing {
	struct anything *a;
	int *count;
	struct evchat_producer *producer;
	int left;  /* times that more will give something */
	char text[64];
};

static struct thing *
thing_new(struct anything *a, int *count)
{
	struct thing *thing = calloc(1, sizeof(*thing));

	ck_assert_ptr_nonnull(thing);
	thing->a = a;
	thing->count = count;
	thing->left = (int)anything_draw(a, 4);
	memset(thing->text, 'p', sizeof(thing->text));
	(*count)++;
	return (thing);
}

static void
thing_end(struct thing *thing)
{
	struct anything *a = thing->a;

	ck_assert_int_gt(*thing->count, 0);
	(*thing->count)--;
	free(thing);
	anything_do(a, NULL, 0);
}

static enum evchat_more
thing_more(void *self, struct evbuffer *out, size_t want)
{
	struct thing *thing = self;
	struct anything *a = thing->a;
	int before = a->producers, left = --thing->left;

	ck_assert_int_eq(a->depth, 0);
	ck_assert_uint_gt(want, 0);
	if (anything_draw(a, 2))
		evbuffer_add(out, thing->text,
		    anything_draw(a, sizeof(thing->text)));
	if (left >= 0 && anything_draw(a, 3) == 0) {
		evchat_producer_resume(thing->producer);
		return (EVCHAT_MORE_LATER);
	}
	if (a->budget > 0 && anything_draw(a, 4) == 0) {
		anything_do(a, NULL, 0);
		/* It may be gone by now: any answer will do. */
		if (a->producers < before || a->h->chat == NULL)
			return (EVCHAT_MORE_END);
		return (EVCHAT_MORE_DATA);
	}
	if (left < 0)
		return (anything_draw(a, 40) == 0 ? EVCHAT_MORE_ERROR :
		    EVCHAT_MORE_END);
	return (EVCHAT_MORE_DATA);
}

static void
thing_done(void *self, enum evchat_done how, uint64_t bytes)
{
	(void)how;
	(void)bytes;
	thing_end(self);
}

static void
mark_done(struct evchat *chat, enum evchat_done how, void *arg)
{
	(void)chat;
	(void)how;
	thing_end(arg);
}

static void
reference_cleanup(const void *data, size_t len, void *arg)
{
	ck_assert_ptr_eq(data, ((struct thing *)arg)->text);
	ck_assert_uint_le(len, sizeof(((struct thing *)arg)->text));
	thing_end(arg);
}

static const struct evchat_producer_ops thing_ops = { thing_more, thing_done };

static struct evchat_producer *
new_producer(struct anything *a)
{
	struct thing *thing = thing_new(a, &a->producers);

	thing->producer = evchat_producer_new(&thing_ops, thing);
	ck_assert_ptr_nonnull(thing->producer);
	if (anything_draw(a, 4) == 0)
		evchat_producer_resume(thing->producer);
	return (thing->producer);
}

/* What is in the pipe is all that comes. */
static struct evchat_producer *
new_descriptor(struct anything *a)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(write(fds[1], "in a pipe", 9), 9);
	close(fds[1]);
	return (evchat_producer_new_descriptor(a->h->base, fds[0],
	    anything_draw(a, 2) ? -1 : 1 + (int64_t)anything_draw(a, 20)));
}

static struct evchat_producer *
wrap(struct anything *a, struct evchat_producer *inner)
{
	struct evchat_producer *parts[3] = { inner };

	switch (anything_draw(a, 8)) {
	case 0:
		return (evchat_producer_new_dot(inner));
	case 1: case 2:
		return (evchat_producer_new_chunked(inner, NULL, NULL));
	case 3:
		if (evchat_has_deflate())
			return (evchat_producer_new_deflate(inner,
			    EVCHAT_DEFLATE_GZIP, 1));
		return (inner);
	case 4: case 5:
		parts[1] = new_descriptor(a);
		parts[2] = new_producer(a);
		return (evchat_producer_new_chain(parts, 3));
	default:
		return (inner);
	}
}

static void
push_producer(struct anything *a)
{
	struct evchat_producer *producer = wrap(a, wrap(a, new_producer(a)));

	ck_assert_ptr_nonnull(producer);
	if (anything_draw(a, 4) == 0)
		(void)evchat_push_frame_with_producer(a->h->chat, producer);
	else
		(void)evchat_push_with_producer(a->h->chat, producer);
}

static void
push_mark(struct anything *a)
{
	struct thing *thing = thing_new(a, &a->marks);

	if (evchat_push_callback(a->h->chat, mark_done, thing) == -1) {
		a->marks--;
		free(thing);
	}
}

static void
push_reference(struct anything *a)
{
	struct thing *thing = thing_new(a, &a->references);

	(void)evchat_push_reference(a->h->chat, thing->text,
	    anything_draw(a, sizeof(thing->text) + 1), reference_cleanup,
	    thing);
}

static void
push_file(struct anything *a)
{
	int fd = harness_file("in a file", 9);

	if (anything_draw(a, 3) == 0) /* the rest are zeros */
		ck_assert_int_eq(ftruncate(fd, 40000), 0);
	(void)evchat_push_file(a->h->chat, fd, (int64_t)anything_draw(a, 9),
	    -1);
}

static void
push_buffer(struct anything *a)
{
	struct evbuffer *buf = evbuffer_new();

	evbuffer_add_printf(buf, "in a buffer");
	(void)evchat_push_buffer(a->h->chat, buf);
	ck_assert_uint_eq(evbuffer_get_length(buf), 0);
	evbuffer_free(buf);
}

/* Calls */

static void
set_anything(struct anything *a)
{
	static const char *const delimiters[] = {
		"\r\n", "\n", "aab", "aaaaaaab", "\r\n\r\n"
	};
	struct evchat *chat = a->h->chat;
	const char *delimiter = delimiters[anything_draw(a, 5)];

	switch (anything_draw(a, 8)) {
	case 0: case 1: case 2:
		(void)evchat_set_terminator(chat, delimiter, strlen(delimiter));
		break;
	case 3: case 4:
		(void)evchat_set_terminator_count(chat, anything_draw(a, 20));
		break;
	case 5:
		evchat_set_terminator_none(chat);
		break;
	case 6:
		(void)evchat_set_hooks(chat, anything_draw(a, 2) ?
		    &harness_frames : &harness_streaming, a->h);
		break;
	case 7:
		(void)evchat_set_max_frame(chat, anything_draw(a, 30),
		    1 + anything_draw(a, 15) / 7 % 2);
		break;
	}
}

static void
push_anything(struct anything *a)
{
	struct evchat *chat = a->h->chat;

	switch (anything_draw(a, 8)) {
	case 0: push_producer(a); break;
	case 1: push_mark(a); break;
	case 2: push_reference(a); break;
	case 3: push_file(a); break;
	case 4: push_buffer(a); break;
	case 5: (void)evchat_push_printf(chat, "%d", a->budget); break;
	case 6: (void)evchat_push_frame(chat, "a frame", 7); break;
	case 7: (void)evchat_push(chat, "pushed", anything_draw(a, 7)); break;
	}
}

static void
flow_anything(struct anything *a, const void *data, size_t len)
{
	struct evchat *chat = a->h->chat;

	switch (anything_draw(a, 7)) {
	case 0:
		evchat_pause(chat);
		a->paused = true;
		break;
	case 1: case 2:
		a->paused = false;
		evchat_resume(chat);
		break;
	case 3: {
		size_t low = anything_draw(a, 200);

		(void)evchat_set_watermarks(chat, low, low + 1 +
		    anything_draw(a, 200));
		break;
	}
	case 4:
		(void)evchat_set_buffer_sizes(chat, 1 + anything_draw(a, 50),
		    1 + anything_draw(a, 50));
		break;
	default:
		if (len > 0)
			(void)evchat_unread(chat, data,
			    1 + anything_draw(a, len));
		break;
	}
}

static void
see(struct evchat *chat, enum evchat_trace what,
    const struct evbuffer_iovec *vec, int n, void *arg)
{
	uint64_t *sum = &((struct anything *)arg)->traced;

	(void)chat;
	for (*sum += (uint64_t)what; n > 0; n--, vec++)
		if (vec->iov_len > 0)
			*sum += *(const unsigned char *)vec->iov_base;
}

/* Deadlines: those that run out do so when they like. */
static void
time_anything(struct anything *a)
{
	static const enum evchat_timeout which[] = { EVCHAT_TIMEOUT_READ,
	    EVCHAT_TIMEOUT_FRAME, EVCHAT_TIMEOUT_STALL, EVCHAT_TIMEOUT_WRITE,
	    EVCHAT_TIMEOUT_LINGER, EVCHAT_TIMEOUT_CONNECT };
	struct evchat *chat = a->h->chat;
	struct timeval tv = { (time_t)anything_draw(a, 2) * 60, 100 };

	switch (anything_draw(a, 6)) {
	case 0: case 1:
		(void)evchat_set_timeout(chat, which[anything_draw(a, 6)],
		    anything_draw(a, 4) > 0 ? &tv : NULL);
		break;
	case 2:
		(void)evchat_set_min_rate(chat, anything_draw(a, 100),
		    anything_draw(a, 100), &tv);
		break;
	case 3:
		(void)evchat_set_linger_size(chat, anything_draw(a, 100));
		break;
	case 4:
		(void)evchat_set_trace(chat, anything_draw(a, 2) ? see : NULL,
		    a);
		break;
	default:
		(void)evchat_get_reason(chat);
		break;
	}
}

/* These may run done, cleanups and closed before they return. */
static void
end_anything(struct anything *a)
{
	struct evchat *chat = a->h->chat;

	a->ending_call = true;
	switch (anything_draw(a, 14)) {
	case 0: evchat_free(chat); break;
	case 1: evchat_close_when_done(chat); break;
	case 2: (void)evchat_push_eof(chat); break;
	case 3: (void)harness_detach(a->h); break;
	case 4: evchat_close_after_frame(chat); break;
	case 5: evchat_reset(chat); break;
	default: evchat_discard_buffers(chat); break;
	}
	a->ending_call = false;
}

void
anything_do(struct anything *a, const void *data, size_t len)
{
	bool was_ending = a->ending_call;

	if (a->budget <= 0 || a->h->chat == NULL || a->depth > 3)
		return;
	a->budget--;
	a->depth++;
	switch (anything_draw(a, 15)) {
	case 0: case 1: case 2: set_anything(a); break;
	case 3: case 4: case 5: case 6: push_anything(a); break;
	case 7: case 8: flow_anything(a, data, len); break;
	case 9: if (anything_draw(a, 4) == 0) end_anything(a); break;
	case 10: time_anything(a); break;
	case 11: anything_join(a); break;
	default: break;
	}
	a->depth--;
	a->ending_call = was_ending;
}
