/*
 * Output whose end is noted: producers, references and marks.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "harness_inside.h"

struct thing {
	struct harness *h;
	const char *name;
	char *text;  /* what a producer has not yet given away; NULL: never any */
};

static struct thing *
thing_new(struct harness *h, const char *name, const char *text)
{
	struct thing *thing = calloc(1, sizeof(*thing));

	harness_must(thing != NULL, "memory");
	thing->h = h;
	h->in->unreleased++;
	thing->name = name;
	if (text != NULL)
		harness_must((thing->text = strdup(text)) != NULL, "memory");
	return thing;
}

static void
thing_free(struct thing *thing)
{
	int error = errno;

	thing->h->in->unreleased--;
	free(thing->text);
	free(thing);
	errno = error;
}

/* It was told its end, and that was noted. */
static void
thing_end(struct thing *thing)
{
	struct harness *h = thing->h;
	const char *name = thing->name;

	thing_free(thing);
	if (h->script.released != NULL)
		HARNESS_SCRIPT(h, h->script.released(h, name));
}

static enum evchat_more
give_text(void *self, struct evbuffer *out, size_t want)
{
	struct thing *thing = self;

	harness_must(want > 0, "more is asked for something");
	if (thing->text == NULL)
		return EVCHAT_MORE_LATER;
	if (evbuffer_add(out, thing->text, strlen(thing->text)) == 0)
		return EVCHAT_MORE_END;
	harness_must(thing->h->in->trouble != NULL, "evbuffer_add");
	return EVCHAT_MORE_ERROR;
}

static void
note_done(void *self, enum evchat_done how, uint64_t bytes)
{
	struct thing *thing = self;

	harness_note(thing->h, "done:%s:%s:%ju", thing->name,
	    harness_done_name(how), (uintmax_t)bytes);
	thing_end(thing);
}

static void
note_cleanup(const void *data, size_t len, void *arg)
{
	struct thing *thing = arg;

	harness_must(data == thing->text, "cleanup is given the data");
	harness_must(len == strlen(thing->text), "cleanup is given the length");
	harness_note(thing->h, "cleanup:%s", thing->name);
	thing_end(thing);
}

static void
note_mark(struct evchat *chat, enum evchat_done how, void *arg)
{
	struct thing *thing = arg;

	harness_must(chat == thing->h->chat, "done is given its channel");
	harness_note(thing->h, "mark:%s:%s", thing->name,
	    harness_done_name(how));
	thing_end(thing);
}

/* As the library does: taken, even on error. */
static int
push(struct thing *thing, bool framed)
{
	static const struct evchat_producer_ops ops = { give_text, note_done };
	struct harness *h = thing->h;
	struct evchat_producer *producer = evchat_producer_new(&ops, thing);

	if (producer != NULL)
		return framed ?
		    evchat_push_frame_with_producer(h->chat, producer) :
		    evchat_push_with_producer(h->chat, producer);
	thing_free(thing);
	return -1;
}

static int
push_mark(struct thing *thing)
{
	int pushed = evchat_push_callback(thing->h->chat, note_mark, thing);

	if (pushed == -1)
		thing_free(thing);
	return pushed;
}

void
harness_push_producer(struct harness *h, const char *name, const char *text)
{
	struct thing *thing = thing_new(h, name, text);

	harness_ok(h, push(thing, false));
}

void
harness_push_frame_producer(struct harness *h, const char *name,
    const char *text)
{
	struct thing *thing = thing_new(h, name, text);

	harness_ok(h, push(thing, true));
}

void
harness_push_stuck(struct harness *h, const char *name)
{
	struct thing *thing = thing_new(h, name, NULL);

	harness_ok(h, push(thing, false));
}

void
harness_push_reference(struct harness *h, const char *name, const char *text)
{
	struct thing *thing = thing_new(h, name, text);

	harness_ok(h, evchat_push_reference(h->chat, thing->text, strlen(text),
	    note_cleanup, thing));
}

void
harness_push_mark(struct harness *h, const char *name)
{
	struct thing *thing = thing_new(h, name, NULL);

	harness_ok(h, push_mark(thing));
}

void
harness_push_much(struct harness *h)
{
	static char much[HARNESS_MUCH];

	harness_ok(h, evchat_push(h->chat, much, sizeof(much)));
}

int
harness_file(const void *data, size_t len)
{
	char name[] = "/tmp/evchat-check.XXXXXX";
	const char *at = data;
	int fd = mkstemp(name);
	ssize_t n;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(unlink(name), 0);
	for (; len > 0; at += n, len -= (size_t)n) {
		n = write(fd, at, len);
		ck_assert_int_gt(n, 0);
	}
	return fd;
}
