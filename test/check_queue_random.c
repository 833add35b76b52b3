/*
 * The write side with anything pushed at any time: it is sent in order, told
 * of in order, and weighed right throughout.
 */

#include <stdlib.h>
#include <string.h>
#include "../lib/producer.h"
#include "harness.h"
#include "unit_queue.h"

#define MOST 12

struct many {
	struct unit_queue q;
	struct unit_producer producer[MOST];
	char steps[MOST][40];
	struct unit_text sent;  /* what must be sent */
	struct unit_text dones; /* and told, in order */
	size_t n;
};

/* Some bytes, which are known by their letter. */
static size_t
some_bytes(char *bytes, size_t n)
{
	size_t len = 1 + unit_random(6);

	memset(bytes, (int)('a' + n % 26), len);
	bytes[len] = '\0';
	return len;
}

static void
push_producer(struct many *m)
{
	static const char *const answers[] = { "", " ", "~" };
	bool at_once = unit_random(2) > 0;
	struct unit_producer *p = &m->producer[m->n];
	char *steps = m->steps[m->n], bytes[8];
	size_t i, given = 0;

	*steps = '\0';
	for (i = unit_random(4); i > 0; i--) {
		if (unit_random(3) > 0) {
			given += some_bytes(bytes, m->n);
			unit_note_append(&m->sent, "%s", bytes);
			strcat(steps, bytes);
		}
		strcat(steps, answers[unit_random(at_once ? 2 : 3)]);
		if (i > 1 && steps[0] != '\0' &&
		    steps[strlen(steps) - 1] != ' ')
			strcat(steps, " ");
	}
	strcat(steps, " $");
	*p = (struct unit_producer){ .name = "p", .steps = steps,
	    .at_once = at_once };
	unit_queue_producer(&m->q, p);
	unit_note(&m->dones, "done:p:sent:%zu", given);
}

static void
push_anything(struct many *m)
{
	char bytes[8];

	if (unit_random(3) > 0) {
		(void)some_bytes(bytes, m->n);
		unit_note_append(&m->sent, "%s", bytes);
		if (unit_random(2) > 0)
			unit_queue_bytes(&m->q, bytes);
		else
			unit_queue_chain(&m->q, bytes);
	} else if (unit_random(4) > 0)
		push_producer(m);
	else {
		m->producer[m->n] = (struct unit_producer){ .name = "m" };
		unit_queue_mark(&m->q, &m->producer[m->n]);
		unit_note(&m->dones, "done:m:sent:0");
	}
	m->n++;
}

/* Gather or pull, let some leave, resume; and compare what is counted. */
static void
go_on(struct many *m, struct evbuffer *wire)
{
	const struct evchat_producer *p;
	size_t i, weight = 0, before = 0, len;

	if (unit_random(2) > 0 && queue_may_gather(&m->q.queue))
		(void)queue_gather(&m->q.queue, m->q.want);
	else
		(void)queue_pull(&m->q.queue, m->q.output, m->q.want,
		    SIZE_MAX);
	len = unit_random(unit_queue_in_output(&m->q) + 1);
	evbuffer_remove_buffer(m->q.output, wire, len);
	queue_release(&m->q.queue, unit_queue_in_output(&m->q));
	for (i = 0; i < m->n; i++)
		if (m->producer[i].producer != NULL && unit_random(2) == 0)
			evchat_producer_resume(m->producer[i].producer);
	for (p = m->q.queue.line->first; p != NULL; p = p->next)
		weight += producer_weight(p);
	for (p = m->q.queue.line->current; p != NULL; p = p->next)
		before += p->before;
	ck_assert_uint_eq(before, m->q.queue.line->before);
	if (queue_length(&m->q.queue) !=
	    backlog_len(&m->q.queue.bytes) + weight)
		ck_abort_msg("weight %zu, not %zu", m->q.queue.line->weight, weight);
}

/* Of a transcript, what was told of ends. */
static void
expect_dones(struct many *m)
{
	struct unit_text dones = { 0 };
	char *token = strtok(m->q.text.text, "|");

	for (; token != NULL; token = strtok(NULL, "|"))
		if (strncmp(token, "done:", 5) == 0)
			unit_note(&dones, "%s", token);
	unit_expect(&dones, unit_text(&m->dones));
}

static void
prove_random(void)
{
	struct evbuffer *wire = evbuffer_new();
	struct many m = { .n = 0 };

	unit_queue_init(&m.q);
	while (m.n < MOST || !queue_is_empty(&m.q.queue) ||
	    unit_queue_in_output(&m.q) > 0 || m.q.queue.line->first != NULL) {
		if (m.n < MOST && unit_random(3) == 0)
			push_anything(&m);
		go_on(&m, wire);
	}
	if (evbuffer_get_length(wire) != m.sent.len || memcmp(
	    evbuffer_pullup(wire, -1), unit_text(&m.sent), m.sent.len) != 0)
		ck_abort_msg("expected %s", unit_text(&m.sent));
	expect_dones(&m);
	ck_assert_uint_eq(queue_length(&m.q.queue), 0);
	ck_assert_uint_eq(m.q.queue.written, m.sent.len);
	unit_queue_free(&m.q);
	unit_text_free(&m.sent);
	unit_text_free(&m.dones);
	evbuffer_free(wire);
}

START_TEST(random_queues_are_sent_in_order)
{
	size_t i;

	for (i = unit_cases(2000); i > 0; i--)
		prove_random();
	ck_assert_int_eq(unit_chains(), 0);
}
END_TEST

static Suite *
queue_random_suite(void)
{
	Suite *suite = suite_create("queue_random");
	TCase *tc = harness_case(suite, "random");

	tcase_add_test(tc, random_queues_are_sent_in_order);
	return suite;
}

int
main(void)
{
	return harness_main(queue_random_suite());
}
