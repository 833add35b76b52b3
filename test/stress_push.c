/*
 * What channels of the stress push, in every way there is: the next bytes of
 * their stream; see stress.h. Each thing that tells its end does so once, and
 * only when all before it has left, if it is told SENT.
 */

#define _DEFAULT_SOURCE 1
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <event2/buffer.h>
#include "stress.h"

#define SMALL 120
#define LARGE 20000
#define FILE_MOST 60000
#define FILE_SENT 32768
#define PIPE_MOST 4000

struct stress_thing {
	struct stress_side *side;
	uint64_t given;       /* of a producer: where it is in the stream */
	uint64_t end;
	struct evchat_producer *producer;
	bool waits;           /* said LATER; in side->waiting */
	struct stress_thing *next;
	char bytes[];         /* of a reference */
};

/* Their ends */

static struct stress_thing *
thing_new(struct stress_side *side, size_t len, size_t kept)
{
	struct stress_thing *thing = calloc(1, sizeof(*thing) + kept);

	ck_assert_ptr_nonnull(thing);
	thing->side = side;
	thing->given = side->pushed;
	thing->end = side->pushed + len;
	if (kept > 0)
		stress_bytes(side, STRESS_OUT, side->pushed, thing->bytes,
		    kept);
	side->things++;
	return (thing);
}

static void
check_sent(struct stress_side *side, uint64_t end)
{
	stress_must(side, !side->failed, "SENT behind FAILED");
	stress_must(side, end >= side->told, "SENT in another order");
	stress_must(side, stress_has_left(side, end),
	    "SENT before it has left");
	side->told = end;
}

static void
check_end(struct stress_side *side, enum evchat_done how, uint64_t end)
{
	side->stress->moves++;
	stress_must(side, side->closed == 0, "an end told behind closed");
	switch (how) {
	case EVCHAT_DONE_SENT:
		check_sent(side, end);
		break;
	case EVCHAT_DONE_FAILED:
		side->failed = true;
		stress_must(side, side->fate == STRESS_RESET,
		    "FAILED without a failure");
		break;
	case EVCHAT_DONE_DISCARDED:
		stress_must(side, side->depth > 0, "DISCARDED by nobody");
		break;
	}
}

static void
leave_waiting(struct stress_thing *thing)
{
	struct stress_thing **at = &thing->side->waiting;

	if (!thing->waits)
		return;
	while (*at != thing)
		at = &(*at)->next;
	*at = thing->next;
	thing->waits = false;
}

static void
thing_free(struct stress_thing *thing)
{
	leave_waiting(thing);
	thing->side->things--;
	free(thing);
}

static void
on_mark(struct evchat *chat, enum evchat_done how, void *arg)
{
	struct stress_thing *thing = arg;
	struct stress_side *side = thing->side;

	(void)chat;
	check_end(side, how, thing->end);
	thing_free(thing);
	stress_act(side);
}

static void
on_cleanup(const void *data, size_t len, void *arg)
{
	struct stress_thing *thing = arg;
	struct stress_side *side = thing->side;

	stress_must(side, data == thing->bytes && len > 0, "whose cleanup?");
	stress_must(side, side->closed == 0, "a cleanup behind closed");
	side->stress->moves++;
	thing_free(thing);
}

/* libevent's: it may come late, and must not do much. */
static void
on_loose_cleanup(const void *data, size_t len, void *arg)
{
	struct stress_thing *thing = arg;

	(void)data;
	(void)len;
	thing->side->loose--;
	free(thing);
}

/* Producers */

static enum evchat_more
more(void *self, struct evbuffer *out, size_t want)
{
	struct stress_thing *thing = self;
	struct stress_side *side = thing->side;
	struct stress *s = side->stress;
	char bytes[LARGE];
	size_t len = stress_length(s, want < LARGE ? want : LARGE);

	side->changes++;
	s->moves++;
	stress_must(side, side->depth == 0, "more inside a call");
	leave_waiting(thing);
	if (len > thing->end - thing->given)
		len = (size_t)(thing->end - thing->given);
	stress_bytes(side, STRESS_OUT, thing->given, bytes, len);
	ck_assert_int_eq(evbuffer_add(out, bytes, len), 0);
	thing->given += len;
	if (thing->given == thing->end && stress_one_in(s, 2))
		return (EVCHAT_MORE_END);
	if (s->calm || !stress_one_in(s, 3))
		return (thing->given == thing->end ? EVCHAT_MORE_END :
		    EVCHAT_MORE_DATA);
	thing->waits = true;
	thing->next = side->waiting;
	side->waiting = thing;
	return (EVCHAT_MORE_LATER);
}

static void
done(void *self, enum evchat_done how, uint64_t bytes)
{
	struct stress_thing *thing = self;
	struct stress_side *side = thing->side;

	(void)bytes;
	if (how == EVCHAT_DONE_SENT)
		stress_must(side, thing->given == thing->end,
		    "SENT with bytes that were not asked for");
	check_end(side, how, thing->end);
	thing_free(thing);
	stress_act(side);
}

static const struct evchat_producer_ops producer_ops = { more, done };

void
stress_resume_producers(struct stress_side *side)
{
	struct stress_thing *thing = side->waiting;

	for (; thing != NULL; thing = thing->next)
		evchat_producer_resume(thing->producer);
}

static struct evchat_producer *
new_own(struct stress_side *side, size_t len)
{
	struct stress_thing *thing = thing_new(side, len, 0);

	thing->producer = evchat_producer_new(&producer_ops, thing);
	ck_assert_ptr_nonnull(thing->producer);
	return (thing->producer);
}

static struct evbuffer *
new_buffer(struct stress_side *side, size_t len)
{
	struct evbuffer *buf = evbuffer_new();
	char bytes[LARGE];

	ck_assert_ptr_nonnull(buf);
	stress_bytes(side, STRESS_OUT, side->pushed, bytes, len);
	ck_assert_int_eq(evbuffer_add(buf, bytes, len), 0);
	return (buf);
}

static struct evchat_producer *
new_descriptor(struct stress_side *side, size_t len)
{
	char bytes[PIPE_MOST];
	int fds[2];

	stress_bytes(side, STRESS_OUT, side->pushed, bytes, len);
	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(write(fds[1], bytes, len), (int)len);
	ck_assert_int_eq(evutil_make_socket_nonblocking(fds[0]), 0);
	close(fds[1]);
	return (evchat_producer_new_descriptor(side->stress->base, fds[0],
	    (int64_t)len));
}

/* Ways to push: what they return is what the call did */

static int
push_bytes(struct stress_side *side, size_t len)
{
	char bytes[LARGE];

	stress_bytes(side, STRESS_OUT, side->pushed, bytes, len);
	if (side->group == NULL || evchat_get_group(side->chat) == NULL ||
	    !stress_one_in(side->stress, 3))
		return (evchat_push(side->chat, bytes, len));
	/* One that is closing is passed over. */
	if (evchat_group_broadcast(side->group, bytes, len, NULL, NULL) == 1)
		return (0);
	errno = EPIPE;
	return (-1);
}

static int
push_reference(struct stress_side *side, size_t len)
{
	struct stress_thing *thing = thing_new(side, len, len);

	return (evchat_push_reference(side->chat, thing->bytes, len,
	    on_cleanup, thing));
}

static int
push_buffer(struct stress_side *side, size_t len)
{
	struct stress_thing *thing = thing_new(side, len, len);
	struct evbuffer *buf = evbuffer_new();
	size_t copied = stress_draw(side->stress, len);
	int result;

	side->things--;
	side->loose++;
	ck_assert_ptr_nonnull(buf);
	ck_assert_int_eq(evbuffer_add(buf, thing->bytes, copied), 0);
	ck_assert_int_eq(evbuffer_add_reference(buf, thing->bytes + copied,
	    len - copied, on_loose_cleanup, thing), 0);
	result = evchat_push_buffer(side->chat, buf);
	evbuffer_free(buf);
	return (result);
}

/* All that will be pushed lies in it. */
static void
make_file(struct stress_side *side)
{
	char bytes[4096];
	uint64_t at;

	ck_assert_ptr_nonnull(side->file = tmpfile());
	for (at = 0; at < side->out_len; at += sizeof(bytes)) {
		stress_bytes(side, STRESS_OUT, at, bytes, sizeof(bytes));
		ck_assert_uint_eq(fwrite(bytes, 1, sizeof(bytes), side->file),
		    sizeof(bytes));
	}
	ck_assert_int_eq(fflush(side->file), 0);
}

static int
push_file(struct stress_side *side, size_t len)
{
	side->fills = true;
	if (side->file == NULL)
		make_file(side);
	return (evchat_push_file(side->chat, dup(fileno(side->file)),
	    (int64_t)side->pushed, (int64_t)len));
}

/* As a frame that is written as it is. */
static int
push_frame(struct stress_side *side, size_t len)
{
	struct evchat_framing *framing = evchat_framing_fixed(len);
	char bytes[LARGE];
	struct evbuffer_iovec vec[2] = { { bytes, len / 2 },
	    { bytes + len / 2, len - len / 2 } };

	ck_assert_ptr_nonnull(framing);
	stress_bytes(side, STRESS_OUT, side->pushed, bytes, len);
	(void)evchat_set_output_framing(side->chat, framing);
	evchat_framing_free(framing);
	if (stress_one_in(side->stress, 2))
		return (evchat_push_frame(side->chat, bytes, len));
	return (evchat_push_framev(side->chat, vec, 2));
}

static int
push_producer(struct stress_side *side, size_t len)
{
	side->fills = true;
	switch (stress_draw(side->stress, 3)) {
	case 0:
		return (evchat_push_with_producer(side->chat,
		    evchat_producer_new_evbuffer(new_buffer(side, len))));
	case 1:
		if (len <= PIPE_MOST)
			return (evchat_push_with_producer(side->chat,
			    new_descriptor(side, len)));
		/* FALLTHROUGH */
	default:
		return (evchat_push_with_producer(side->chat,
		    new_own(side, len)));
	}
}

static int
push_mark(struct stress_side *side)
{
	struct stress_thing *thing = thing_new(side, 0, 0);
	int result = evchat_push_callback(side->chat, on_mark, thing);

	if (result == -1)
		thing_free(thing);
	return (result);
}

static int
push(struct stress_side *side, size_t *len)
{
	static const size_t most[] = { SMALL, SMALL, SMALL, LARGE, SMALL,
	    LARGE, LARGE, FILE_MOST, LARGE, LARGE, 0 };
	uint64_t way = stress_draw(side->stress,
	    sizeof(most) / sizeof(most[0]));
	uint64_t left = side->out_len - side->pushed;

	*len = most[way] == 0 ? 0 : stress_length(side->stress, most[way]);
	/* Files of which more than this is left are sent in another way. */
	if (way == 7 && stress_one_in(side->stress, 2))
		*len += FILE_SENT;
	if (*len > left)
		*len = (size_t)left;
	if (*len == 0)
		return (push_mark(side));
	switch (way) {
	case 4: case 5: return (push_reference(side, *len));
	case 6: return (push_buffer(side, *len));
	case 7: return (push_file(side, *len));
	case 8: return (push_producer(side, *len));
	case 9: return (push_frame(side, *len));
	default: return (push_bytes(side, *len));
	}
}

void
stress_push(struct stress_side *side)
{
	bool refused = side->closing || side->shut || side->eof_told ||
	    side->peer.gone;
	size_t len = 0;

	side->depth++;
	side->changes++;
	side->fills = false;
	if (push(side, &len) == 0) {
		side->stress->moves++;
		side->pushed += len;
		if (side->fills)
			side->filled_until = side->pushed;
	} else {
		stress_must(side, errno == EPIPE && refused,
		    "a push is refused");
	}
	side->depth--;
}
