/*
 * Every framing in trouble: scenarios in which frames are decoded, pushed in
 * each way, given back and looked at under another framing, for the sake of
 * their runs in which an allocation fails or the kernel is nasty.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "harness.h"
#include "subject.h"

static const struct subject *subject; /* of the running test */

/* Scenarios */

static int
set_framing(struct harness *h, struct evchat_framing *framing)
{
	int set = -1;

	if (framing != NULL)
		set = evchat_set_framing(h->chat, framing);
	evchat_framing_free(framing);
	return set;
}

static void
begin(struct harness *h)
{
	harness_ok(h, set_framing(h, subject->framing_new()));
}

/* The transcript: "abc" and "def", in pieces or whole, around some more. */
static const char *
transcript(bool whole, const char *between, const char *behind)
{
	static char text[160];
	const char *end = *subject->line != '\0' ? "\\r\\n" : "";

	if (whole)
		snprintf(text, sizeof(text), "frame:abc%s%s|frame:def%s%s",
		    end, between, end, behind);
	else
		snprintf(text, sizeof(text),
		    "collect:abc%s|found%s|collect:def%s|found%s", end,
		    between, end, behind);
	return text;
}

/* On a socket, where there is a kernel, and on a pair. */
static void
prove(const struct harness_scenario *s)
{
	harness_prove_on(s, HARNESS_SOCKET);
	harness_prove_on(s, HARNESS_PAIR);
}

START_TEST(frames_are_decoded_or_the_channel_ends)
{
	char input[64];
	struct harness_scenario s = { .input = input, .start = begin,
	    .eof = true };

	subject = &subjects[_i / 2];
	/* And a third one that has only begun. */
	snprintf(input, sizeof(input), "%s%.*sg", subject->input,
	    (int)subject->header, subject->input);
	s.hooks = _i % 2 ? &harness_frames : &harness_streaming;
	s.expect = transcript(_i % 2, "", _i % 2 ?
	    "|event:eof|closed:truncated" :
	    "|collect:g|event:eof|closed:truncated");
	prove(&s);
}
END_TEST

/* Pushing */

static void
push_whole(struct harness *h, const void *data, size_t len)
{
	harness_ok(h, evchat_push_frame(h->chat, data, len));
	if (++h->count == 2)
		evchat_close_when_done(h->chat);
}

static void
push_pieces(struct harness *h)
{
	const char *bytes = h->count == 0 ? "abc" : "def";
	struct evbuffer_iovec vec[] = {
		{ (void *)(uintptr_t)bytes, 1 }, { NULL, 0 },
		{ (void *)(uintptr_t)(bytes + 1), 2 },
		{ (void *)(uintptr_t)subject->line, strlen(subject->line) }
	};

	harness_ok(h, evchat_push_framev(h->chat, vec, 4));
	if (++h->count == 2)
		evchat_close_when_done(h->chat);
}

START_TEST(frames_that_are_pushed_arrive_or_the_channel_ends)
{
	struct harness_scenario s = { .start = begin, .until_closed = true };

	subject = &subjects[_i / 2];
	s.input = s.output = subject->input;
	s.hooks = _i % 2 ? &harness_frames : &harness_streaming;
	if (_i % 2)
		s.script.frame = push_whole;
	else
		s.script.found = push_pieces;
	s.expect = transcript(_i % 2, "", "|closed:done");
	prove(&s);
}
END_TEST

/* Both at the end: when a producer is done is nothing that can be relied on. */
static void
push_producers(struct harness *h)
{
	char first[8], second[8];

	if (++h->count < 2)
		return;
	snprintf(first, sizeof(first), "abc%s", subject->line);
	snprintf(second, sizeof(second), "def%s", subject->line);
	harness_push_frame_producer(h, "p", first);
	harness_push_frame_producer(h, "q", second);
	evchat_close_when_done(h->chat);
}

static void
push_producers_at_frame(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	push_producers(h);
}

START_TEST(frames_of_producers_arrive_or_the_channel_ends)
{
	struct harness_scenario s = { .start = begin, .until_closed = true };

	subject = &subjects[_i / 2];
	if (!subject->producers)
		return;
	s.input = s.output = subject->input;
	s.hooks = _i % 2 ? &harness_frames : &harness_streaming;
	if (_i % 2)
		s.script.frame = push_producers_at_frame;
	else
		s.script.found = push_producers;
	s.expect = transcript(_i % 2, "", *subject->line == '\0' ?
	    "|done:p:sent:3|done:q:sent:3|closed:done" :
	    "|done:p:sent:5|done:q:sent:5|closed:done");
	prove(&s);
}
END_TEST

/* A producer of references, so that nothing can be written behind them. */
static int
push_references(struct harness *h, const char *text, size_t len)
{
	struct evbuffer *buf = evbuffer_new();
	struct evchat_producer *producer;

	if (buf == NULL || evbuffer_add_reference(buf, text, 1, NULL, NULL) ==
	    -1 || evbuffer_add_reference(buf, text + 1, len - 1, NULL, NULL) ==
	    -1) {
		if (buf != NULL)
			evbuffer_free(buf);
		errno = ENOMEM;
		return -1;
	}
	producer = evchat_producer_new_evbuffer(buf);
	if (producer == NULL)
		return -1;
	return evchat_push_frame_with_producer(h->chat, producer);
}

static void
push_references_twice(struct harness *h)
{
	size_t len = 3 + strlen(subject->line);

	if (++h->count < 2)
		return;
	harness_ok(h, push_references(h, "abc\r\n", len));
	harness_ok(h, push_references(h, "def\r\n", len));
	evchat_close_when_done(h->chat);
}

static void
refer_at_frame(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	push_references_twice(h);
}

START_TEST(frames_of_references_arrive_or_the_channel_ends)
{
	struct harness_scenario s = { .start = begin, .until_closed = true };

	subject = &subjects[_i / 2];
	if (!subject->producers)
		return;
	s.input = s.output = subject->input;
	s.hooks = _i % 2 ? &harness_frames : &harness_streaming;
	if (_i % 2)
		s.script.frame = refer_at_frame;
	else
		s.script.found = push_references_twice;
	s.expect = transcript(_i % 2, "", "|closed:done");
	prove(&s);
}
END_TEST

/* Giving back, and another framing */

static void
unread_first(struct harness *h)
{
	if (h->count++ == 0)
		harness_ok(h, evchat_unread(h->chat, subject->input,
		    strlen(subject->input) / 2));
}

static void
unread_first_at_frame(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	unread_first(h);
}

START_TEST(frame_that_is_given_back_comes_again_or_the_channel_ends)
{
	struct harness_scenario s = { .start = begin };
	const char *again = _i % 2 ? "|frame:abc" : "|collect:abc|found";

	subject = &subjects[_i / 2];
	if (*subject->line != '\0')
		again = _i % 2 ? "|frame:abc\\r\\n" :
		    "|collect:abc\\r\\n|found";
	s.input = subject->input;
	s.hooks = _i % 2 ? &harness_frames : &harness_streaming;
	if (_i % 2)
		s.script.frame = unread_first_at_frame;
	else
		s.script.found = unread_first;
	s.expect = transcript(_i % 2, again, "");
	prove(&s);
}
END_TEST

/* From here on frames end with a bar, and first of all there is one more. */
static void
change_framing(struct harness *h)
{
	harness_ok(h, set_framing(h, evchat_framing_delimiter("|", 1, 0)));
	harness_ok(h, evchat_unread(h->chat, "x|", 2));
}

START_TEST(framing_that_is_set_in_mid_frame_gets_the_rest_or_the_channel_ends)
{
	char input[64], expect[96];
	struct harness_scenario s = { .input = input, .start = begin,
	    .act = change_framing, .expect = expect };
	const char *end;

	subject = &subjects[_i / 2];
	end = *subject->line != '\0' ? "\\r\\n" : "";
	s.act_at = strlen(subject->input) / 2 + subject->header + 1;
	snprintf(input, sizeof(input), "%.*sef|", (int)s.act_at,
	    subject->input);
	s.hooks = _i % 2 ? &harness_frames : &harness_streaming;
	if (_i % 2 == 0)
		snprintf(expect, sizeof(expect),
		    "collect:abc%s|found|collect:dx|found|collect:ef|found",
		    end);
	else
		snprintf(expect, sizeof(expect), "frame:abc%s|frame:x|frame:%s",
		    end, subject->transforms ? "ef" : "");
	if (_i % 2 != 0 && !subject->transforms)
		snprintf(expect + strlen(expect), sizeof(expect) -
		    strlen(expect), "%sdef", subject->shown);
	prove(&s);
}
END_TEST

static Suite *
framings_prove_suite(void)
{
	Suite *suite = suite_create("framings_prove");
	TCase *tc = harness_case(suite, "input");

	tcase_add_loop_test(tc, frames_are_decoded_or_the_channel_ends, 0,
	    2 * SUBJECTS);
	tcase_add_loop_test(tc,
	    frame_that_is_given_back_comes_again_or_the_channel_ends, 0,
	    2 * SUBJECTS);
	tcase_add_loop_test(tc,
	    framing_that_is_set_in_mid_frame_gets_the_rest_or_the_channel_ends,
	    0, 2 * SUBJECTS);

	tc = harness_case(suite, "output");
	tcase_add_loop_test(tc,
	    frames_that_are_pushed_arrive_or_the_channel_ends, 0,
	    2 * SUBJECTS);
	tcase_add_loop_test(tc, frames_of_producers_arrive_or_the_channel_ends,
	    0, 2 * SUBJECTS);
	tcase_add_loop_test(tc, frames_of_references_arrive_or_the_channel_ends,
	    0, 2 * SUBJECTS);
	return suite;
}

int
main(void)
{
	return harness_main(framings_prove_suite());
}
