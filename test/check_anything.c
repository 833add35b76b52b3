/*
 * Anything from anywhere: hooks, more, done and cleanups that call whatever a
 * seeded generator says, on every carrier, while a peer sends and reads. What
 * comes of it cannot be foretold, so what is looked at is what must hold
 * whatever happens: no hook inside a call or while paused, one closed, one done
 * for each producer, one cleanup for each reference, no leak.
 */

#define _DEFAULT_SOURCE /* mkstemp */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

#define STEPS 40

struct anything {
	struct harness *h;
	uint64_t random;
	int budget;        /* calls that may still be made in hooks */
	int depth;         /* of calls into the library, made here */
	bool ending_call;  /* one that may run closed, done and cleanups */
	bool paused;
	int producers, marks, references; /* queued, not ended */
};

/* Splitmix64: small, and the same everywhere. */
static uint64_t
draw(struct anything *a, uint64_t below)
{
	uint64_t z = (a->random += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return ((z ^ (z >> 31)) % below);
}

static void do_anything(struct anything *a, const void *data, size_t len);

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
	thing->left = (int)draw(a, 4);
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
	do_anything(a, NULL, 0);
}

static enum evchat_more
thing_more(void *self, struct evbuffer *out, size_t want)
{
	struct thing *thing = self;
	struct anything *a = thing->a;
	int before = a->producers, left = --thing->left;

	ck_assert_int_eq(a->depth, 0);
	ck_assert_uint_gt(want, 0);
	if (draw(a, 2))
		evbuffer_add(out, thing->text, draw(a, sizeof(thing->text)));
	if (left >= 0 && draw(a, 3) == 0) {
		evchat_producer_resume(thing->producer);
		return (EVCHAT_MORE_LATER);
	}
	if (a->budget > 0 && draw(a, 4) == 0) {
		do_anything(a, NULL, 0);
		/* It may be gone by now: any answer will do. */
		if (a->producers < before || a->h->chat == NULL)
			return (EVCHAT_MORE_END);
		return (EVCHAT_MORE_DATA);
	}
	if (left < 0)
		return (draw(a, 40) == 0 ? EVCHAT_MORE_ERROR : EVCHAT_MORE_END);
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

static void
push_producer(struct anything *a)
{
	struct thing *thing = thing_new(a, &a->producers);

	thing->producer = evchat_producer_new(&thing_ops, thing);
	ck_assert_ptr_nonnull(thing->producer);
	if (draw(a, 4) == 0)
		evchat_producer_resume(thing->producer);
	(void)evchat_push_with_producer(a->h->chat, thing->producer);
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
	    draw(a, sizeof(thing->text) + 1), reference_cleanup, thing);
}

static void
push_file(struct anything *a)
{
	char name[] = "/tmp/evchat-anything.XXXXXX";
	int fd = mkstemp(name);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(unlink(name), 0);
	ck_assert_int_eq(write(fd, "in a file", 9), 9);
	(void)evchat_push_file(a->h->chat, fd, (int64_t)draw(a, 9), -1);
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
	const char *delimiter = delimiters[draw(a, 5)];

	switch (draw(a, 8)) {
	case 0: case 1: case 2:
		(void)evchat_set_terminator(chat, delimiter, strlen(delimiter));
		break;
	case 3: case 4:
		(void)evchat_set_terminator_count(chat, draw(a, 20));
		break;
	case 5:
		evchat_set_terminator_none(chat);
		break;
	case 6:
		(void)evchat_set_hooks(chat, draw(a, 2) ? &harness_frames :
		    &harness_streaming, a->h);
		break;
	case 7:
		(void)evchat_set_max_frame(chat, draw(a, 30),
		    1 + draw(a, 15) / 7 % 2);
		break;
	}
}

static void
push_anything(struct anything *a)
{
	struct evchat *chat = a->h->chat;

	switch (draw(a, 8)) {
	case 0: push_producer(a); break;
	case 1: push_mark(a); break;
	case 2: push_reference(a); break;
	case 3: push_file(a); break;
	case 4: push_buffer(a); break;
	case 5: (void)evchat_push_printf(chat, "%d", a->budget); break;
	case 6: (void)evchat_push_frame(chat, "a frame", 7); break;
	case 7: (void)evchat_push(chat, "pushed", draw(a, 7)); break;
	}
}

static void
flow_anything(struct anything *a, const void *data, size_t len)
{
	struct evchat *chat = a->h->chat;

	switch (draw(a, 7)) {
	case 0:
		evchat_pause(chat);
		a->paused = true;
		break;
	case 1: case 2:
		a->paused = false;
		evchat_resume(chat);
		break;
	case 3: {
		size_t low = draw(a, 200);

		(void)evchat_set_watermarks(chat, low, low + 1 + draw(a, 200));
		break;
	}
	case 4:
		(void)evchat_set_buffer_sizes(chat, 1 + draw(a, 50),
		    1 + draw(a, 50));
		break;
	default:
		if (len > 0)
			(void)evchat_unread(chat, data, 1 + draw(a, len));
		break;
	}
}

/* These may run done, cleanups and closed before they return. */
static void
end_anything(struct anything *a)
{
	struct evchat *chat = a->h->chat;

	a->ending_call = true;
	switch (draw(a, 12)) {
	case 0: evchat_free(chat); break;
	case 1: evchat_close_when_done(chat); break;
	case 2: (void)evchat_push_eof(chat); break;
	case 3: (void)harness_detach(a->h); break;
	default: evchat_discard_buffers(chat); break;
	}
	a->ending_call = false;
}

static void
do_anything(struct anything *a, const void *data, size_t len)
{
	bool was_ending = a->ending_call;

	if (a->budget <= 0 || a->h->chat == NULL || a->depth > 3)
		return;
	a->budget--;
	a->depth++;
	switch (draw(a, 12)) {
	case 0: case 1: case 2: set_anything(a); break;
	case 3: case 4: case 5: case 6: push_anything(a); break;
	case 7: case 8: flow_anything(a, data, len); break;
	case 9: if (draw(a, 4) == 0) end_anything(a); break;
	default: break;
	}
	a->depth--;
	a->ending_call = was_ending;
}

/* Hooks */

static void
check_data_hook(struct anything *a)
{
	ck_assert_int_eq(a->depth, 0);
	ck_assert(!a->paused);
	ck_assert_int_eq(a->h->closed, 0);
}

static void
on_collect(struct harness *h, const void *data, size_t len)
{
	struct anything *a = h->user;

	check_data_hook(a);
	ck_assert_uint_gt(len, 0);
	do_anything(a, data, len);
	/* What was lent is still there, whatever was done. */
	harness_note_bytes(h, "again", data, len);
	do_anything(a, data, len);
}

static void
on_found(struct harness *h)
{
	check_data_hook(h->user);
	do_anything(h->user, NULL, 0);
	do_anything(h->user, NULL, 0);
}

static void
on_frame(struct harness *h, const void *data, size_t len)
{
	check_data_hook(h->user);
	do_anything(h->user, data, len);
	harness_note_bytes(h, "again", data, len);
	do_anything(h->user, data, len);
}

static void
on_event(struct harness *h, enum evchat_event what)
{
	struct anything *a = h->user;

	(void)what;
	ck_assert_int_eq(a->depth, 0);
	ck_assert_int_eq(h->closed, 0);
	do_anything(a, NULL, 0);
}

static void
on_closed(struct harness *h, enum evchat_reason why)
{
	struct anything *a = h->user;

	(void)why;
	ck_assert(a->depth == 0 || a->ending_call);
	ck_assert_int_eq(a->producers, 0);
	ck_assert_int_eq(a->marks, 0);
	ck_assert_int_eq(a->references, 0);
	do_anything(a, NULL, 0);
}

/* From the loop, outside of all hooks. */
static void
on_later(struct harness *h)
{
	struct anything *a = h->user;

	if (h->chat == NULL)
		return;
	a->paused = false;
	evchat_resume(h->chat);
	do_anything(a, NULL, 0);
}

static void
send_anything(struct anything *a)
{
	static const char letters[] = "aaab\r\n\r\nxy";
	char bytes[64];
	size_t i, len = 1 + draw(a, sizeof(bytes));

	for (i = 0; i < len; i++)
		bytes[i] = letters[draw(a, sizeof(letters) - 1)];
	harness_send(a->h, bytes, len);
}

static void
run(enum harness_carrier carrier, uint64_t seed)
{
	struct anything a = { .random = seed, .budget = 60 };
	static const unsigned options[] = { 0, EVCHAT_OPT_DELIVER_LAST,
	    EVCHAT_OPT_HALF_OPEN, EVCHAT_OPT_NO_AUTO_PAUSE };
	struct harness *h = harness_new(carrier);
	int i;

	a.h = h;
	h->user = &a;
	h->script = (struct harness_script){ .collect = on_collect,
	    .found = on_found, .frame = on_frame, .event = on_event,
	    .closed = on_closed };
	harness_start(h, draw(&a, 2) ? &harness_frames : &harness_streaming,
	    options[draw(&a, 4)]);
	for (i = 0; i < STEPS && h->chat != NULL; i++) {
		send_anything(&a);
		if (draw(&a, 2))
			harness_turn(h);
		if (h->chat != NULL && draw(&a, 3) == 0)
			harness_later(h, on_later);
	}
	if (h->chat != NULL && draw(&a, 3) > 0) {
		harness_send_eof(h);
		harness_later(h, on_later);
		harness_turn(h);
	}
	a.budget = 0;
	a.ending_call = true;
	harness_free(h);
	ck_assert_int_eq(a.producers + a.marks + a.references, 0);
}

START_TEST(anything_may_be_called_from_anywhere)
{
	const char *cases = getenv("EVCHAT_TEST_CASES");
	const char *seed = getenv("EVCHAT_TEST_SEED");
	uint64_t first = seed != NULL ? strtoull(seed, NULL, 10) : 1;
	uint64_t n = cases != NULL ? strtoull(cases, NULL, 10) : 200, i;

	for (i = 0; i < n; i++) {
		uint64_t at = (first + i) * HARNESS_CARRIERS + (uint64_t)_i;

		if (getenv("EVCHAT_TEST_VERBOSE") != NULL)
			fprintf(stderr, "%s, seed %llu\n",
			    harness_carrier_name((enum harness_carrier)_i),
			    (unsigned long long)(first + i));
		run((enum harness_carrier)_i, at);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("anything");
	TCase *tc = harness_case(suite, "anything");

	tcase_add_loop_test(tc, anything_may_be_called_from_anywhere, 0,
	    HARNESS_CARRIERS);
	return (harness_main(suite));
}
