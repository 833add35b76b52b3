/*
 * Driving the write side; see unit_queue.h.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <check.h>
#include "../lib/producer.h"
#include "unit_queue.h"

void
unit_queue_init(struct unit_queue *q)
{
	memset(q, 0, sizeof(*q));
	memset(&q->queue, UNIT_JUNK, sizeof(q->queue)); /* init owes nothing to it */
	q->want = 1000;
	q->output = evbuffer_new();
	queue_init(&q->queue);
	if (q->output == NULL)
		ck_abort_msg("no memory");
}

void
unit_queue_free(struct unit_queue *q)
{
	queue_end(&q->queue, unit_queue_in_output(q), EVCHAT_DONE_DISCARDED);
	queue_free(&q->queue);
	evbuffer_free(q->output);
	unit_text_free(&q->text);
}

/* Pushing */

void
unit_queue_bytes(struct unit_queue *q, const char *bytes)
{
	if (backlog_add(&q->queue.bytes, bytes, strlen(bytes)) == -1)
		ck_abort_msg("no memory");
}

void
unit_queue_chain(struct unit_queue *q, const char *bytes)
{
	unit_add_chain(backlog_buffer(&q->queue.bytes), bytes,
	    strlen(bytes));
}

static enum evchat_more
more(void *self, struct evbuffer *out, size_t want)
{
	struct unit_producer *p = self;
	const char *step = p->steps;
	size_t len = strcspn(step, " ~$!");
	char answer = step[len];

	if (want != p->q->want)
		ck_abort_msg("asked for %zu bytes", want);
	unit_note(&p->q->text, "more:%s", p->name);
	p->steps += len + (answer != ' ' && answer != '\0');
	p->steps += *p->steps == ' ';
	if (len > 0 && evbuffer_add(out, step, len) == -1)
		return EVCHAT_MORE_ERROR;
	if (p->in_more != NULL)
		p->in_more(p);
	errno = p->error;
	switch (answer) {
	case '~':
		return EVCHAT_MORE_LATER;
	case '$':
		return EVCHAT_MORE_END;
	case '!':
		return EVCHAT_MORE_ERROR;
	default:
		return EVCHAT_MORE_DATA;
	}
}

static void
done(void *self, enum evchat_done how, uint64_t bytes)
{
	static const char *const names[] = {
		[EVCHAT_DONE_SENT] = "sent",
		[EVCHAT_DONE_FAILED] = "failed",
		[EVCHAT_DONE_DISCARDED] = "discarded"
	};
	struct unit_producer *p = self;

	unit_note(&p->q->text, "done:%s:%s:%ju", p->name, names[how],
	    (uintmax_t)bytes);
	p->producer = NULL;
	if (p->in_done != NULL)
		p->in_done(p);
}

static const struct evchat_producer_ops ops = { .more = more, .done = done };
static const struct evchat_producer_ops mark_ops = { .done = done };

static void
push(struct unit_queue *q, struct unit_producer *p,
    struct evchat_producer *producer)
{
	if (producer == NULL)
		ck_abort_msg("no memory");
	p->q = q;
	p->producer = producer;
	producer->at_once = p->at_once;
	ck_assert_int_eq(queue_prepare(&q->queue), 0);
	queue_add_producer(&q->queue, producer);
}

struct evchat_producer *
unit_producer_new(struct unit_producer *p)
{
	return evchat_producer_new(&ops, p);
}

void
unit_queue_producer(struct unit_queue *q, struct unit_producer *p)
{
	push(q, p, unit_producer_new(p));
}

void
unit_queue_mark(struct unit_queue *q, struct unit_producer *p)
{
	push(q, p, producer_new(&mark_ops, p));
}

/* Pulling */

void
unit_queue_discard(struct unit_queue *q, size_t in_output)
{
	queue_cancel(&q->queue, in_output);
	queue_end_cancelled(&q->queue);
}

size_t
unit_queue_in_output(const struct unit_queue *q)
{
	return evbuffer_get_length(q->output);
}

enum queue_what
unit_queue_pull(struct unit_queue *q)
{
	static const char *const names[] = {
		[QUEUE_EMPTY] = "empty",
		[QUEUE_WAITING] = "waiting",
		[QUEUE_IDLE] = "idle",
		[QUEUE_GONE] = "gone",
		[QUEUE_FAILED] = "failed",
		[QUEUE_NO_MEMORY] = "no memory"
	};
	enum queue_what what = queue_pull(&q->queue, q->output, q->want,
	    SIZE_MAX);

	q->error = errno;
	if (what != QUEUE_MOVED)
		unit_note(&q->text, "%s", names[what]);
	return what;
}

void
unit_queue_run(struct unit_queue *q)
{
	enum queue_what what;

	do
		what = unit_queue_pull(q);
	while (what == QUEUE_MOVED || what == QUEUE_GONE);
}

void
unit_queue_sent(struct unit_queue *q, size_t len)
{
	ck_assert_uint_le(len, unit_queue_in_output(q));
	evbuffer_drain(q->output, len);
	queue_release(&q->queue, unit_queue_in_output(q));
}

void
unit_queue_expect(struct unit_queue *q, const char *expected)
{
	unit_expect(&q->text, expected);
}

void
unit_queue_expect_output(struct unit_queue *q, const char *expected)
{
	size_t len = unit_queue_in_output(q);

	if (len != strlen(expected) || (len > 0 &&
	    memcmp(evbuffer_pullup(q->output, -1), expected, len) != 0))
		ck_abort_msg("\n  expected %s\n  got      %.*s", expected,
		    (int)len, (char *)evbuffer_pullup(q->output, -1));
}
