/*
 * Scenarios that allocate much, for the sake of their runs in which one of the
 * allocations fails: what is pushed in every way, frames that grow, framings
 * that are made in hooks.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "harness.h"

#define LONG 3000 /* more than one chain holds */

/* Carriers of every kind of transport. */
static const enum harness_carrier carriers[] = { HARNESS_SOCKET,
    HARNESS_PAIR, HARNESS_FILTER_DEFER, HARNESS_TCP };

#define CARRIERS ((int)(sizeof(carriers) / sizeof(carriers[0])))

/* Pushing */

static void
push_all(struct harness *h)
{
	struct evbuffer *buf;
	int pushed;

	harness_ok(h, evchat_push(h->chat, "push ", 5));
	harness_ok(h, evchat_push_printf(h->chat, "%s ", "printf"));
	harness_push_reference(h, "r", "reference ");
	buf = evbuffer_new();
	pushed = buf != NULL && evbuffer_add(buf, "buffer ", 7) == 0 ?
	    evchat_push_buffer(h->chat, buf) : -1;
	if (buf != NULL)
		evbuffer_free(buf);
	harness_ok(h, pushed);
	harness_push_producer(h, "p", "producer ");
	harness_push_mark(h, "m");
	harness_ok(h, evchat_push_frame(h->chat, "frame", 5));
}

static void
push_all_and_close(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	push_all(h);
	evchat_close_when_done(h->chat);
}

static void
push_all_and_eof(struct harness *h)
{
	push_all(h);
	harness_ok(h, evchat_push_eof(h->chat));
}

/* What is moved to the output at once is three bytes. */
static void
slow_lines(struct harness *h)
{
	harness_crlf(h);
	harness_ok(h, evchat_set_watermarks(h->chat, 1, 3));
	harness_ok(h, evchat_set_buffer_sizes(h->chat, 3, 3));
}

#define ALL "push printf reference buffer producer frame\r\n"
#define RELEASED "cleanup:r|done:p:sent:9|mark:m:sent"

START_TEST(everything_pushed_arrives_or_the_channel_ends)
{
	static const struct harness_scenario at_once = {
		.input = "go\r\n", .start = harness_crlf,
		.script.frame = push_all_and_close, .hooks = &harness_frames,
		.until_closed = true, .output = ALL,
		.expect = "frame:go|" RELEASED "|closed:done"
	};
	static const struct harness_scenario slowly = {
		.input = "go\r\n", .start = slow_lines,
		.script.frame = push_all_and_close, .hooks = &harness_frames,
		.until_closed = true, .output = ALL,
		.expect = "frame:go|" RELEASED "|closed:done"
	};
	static const struct harness_scenario half = {
		.input = "go\r\n", .start = harness_crlf,
		.script.found = push_all_and_eof, .until_closed = true,
		.output = ALL,
		.expect = "collect:go|found|" RELEASED "|event:eof|closed:eof"
	};

	harness_prove_on(&at_once, carriers[_i]);
	harness_prove_on(&slowly, carriers[_i]);
	harness_prove_on(&half, carriers[_i]);
}
END_TEST

static void
push_all_and_discard(struct harness *h)
{
	push_all(h);
	evchat_discard_buffers(h->chat);
	harness_ok(h, evchat_push(h->chat, "end", 3));
	evchat_close_when_done(h->chat);
}

START_TEST(everything_discarded_is_released)
{
	static const struct harness_scenario s = {
		.input = "go\r\n", .start = harness_crlf,
		.script.found = push_all_and_discard, .until_closed = true,
		.output = "end",
		.expect = "collect:go|found|cleanup:r|done:p:discarded:0"
		    "|mark:m:discarded|closed:done"
	};

	harness_prove_on(&s, carriers[_i]);
}
END_TEST

static void
push_some_and_detach(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	harness_ok(h, evchat_push(h->chat, "hello ", 6));
	harness_push_reference(h, "r", "world");
	harness_push_mark(h, "m");
	harness_ok(h, harness_detach(h) ? 0 : -1);
}

START_TEST(detach_gives_everything_back_or_nothing)
{
	static const struct harness_scenario s = {
		.input = "ab\r\ncd\r\nef", .start = harness_crlf,
		.script.frame = push_some_and_detach, .hooks = &harness_frames,
		.output = "hello world",
		.expect = "frame:ab|cleanup:r|mark:m:discarded|closed:detached"
		    "|left:cd\\r\\nef"
	};

	harness_prove_on(&s, carriers[_i]);
}
END_TEST

static FILE *file;

/* The library takes the descriptor, even on error. */
static void
push_file_and_close(struct harness *h)
{
	int fd = dup(fileno(file));

	ck_assert_int_ge(fd, 0);
	harness_ok(h, evchat_push_file(h->chat, fd, 1, 5));
	evchat_close_when_done(h->chat);
}

START_TEST(file_arrives_or_the_channel_ends)
{
	static const struct harness_scenario s = {
		.input = "go\r\n", .start = slow_lines,
		.script.found = push_file_and_close, .until_closed = true,
		.output = "hello", .expect = "collect:go|found|closed:done"
	};

	file = tmpfile();
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ne(fputs("-hello-", file), EOF);
	ck_assert_int_eq(fflush(file), 0);
	harness_prove_on(&s, carriers[_i]);
	fclose(file);
}
END_TEST

/* Input that is kept */

static void
truncate_above_a_half(struct harness *h)
{
	harness_crlf(h);
	harness_ok(h, evchat_set_max_frame(h->chat, LONG / 2,
	    EVCHAT_OVERSIZE_TRUNCATE));
}

START_TEST(frame_that_grows_is_delivered_or_the_channel_ends)
{
	static char input[LONG + 6];
	char whole[64], half[80];
	struct harness_scenario s = {
		.input = input, .len = LONG + 5, .start = harness_crlf,
		.hooks = &harness_frames, .eof = true, .expect = whole
	};

	memset(input, 'x', LONG);
	memcpy(input + LONG, "\r\na\r\n", 6);
	sprintf(whole, "frame:x{%d}|frame:a|event:eof|closed:eof", LONG);
	sprintf(half, "event:oversize|frame:x{%d}|frame:a|event:eof|closed:eof",
	    LONG / 2);
	harness_prove_on(&s, carriers[_i]);
	s.start = truncate_above_a_half;
	s.expect = half;
	harness_prove_on(&s, carriers[_i]);
}
END_TEST

static void
unread_line(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	if (h->count++ == 0)
		harness_ok(h, evchat_unread(h->chat, "u\r\n", 3));
}

/* Framings that the hook makes */

static void
end_with_comma(struct harness *h, const void *data, size_t len)
{
	struct evchat_framing *framing;
	int set = -1;

	unread_line(h, data, len);
	if ((framing = evchat_framing_delimiter(",", 1, 0)) != NULL)
		set = evchat_set_framing(h->chat, framing);
	evchat_framing_free(framing);
	harness_ok(h, set);
}

START_TEST(framing_made_in_a_hook_is_set_or_the_channel_ends)
{
	static const struct harness_scenario s = {
		.input = "ab\r\nc,d", .eof = true, .start = harness_crlf,
		.script.frame = end_with_comma, .hooks = &harness_frames,
		.expect = "frame:ab|frame:u\\r\\nc|event:eof|closed:truncated"
	};

	harness_prove_on(&s, carriers[_i]);
}
END_TEST

static Suite *
scarce_suite(void)
{
	Suite *suite = suite_create("scarce");
	TCase *tc = harness_case(suite, "output");

	tcase_add_loop_test(tc, everything_pushed_arrives_or_the_channel_ends,
	    0, CARRIERS);
	tcase_add_loop_test(tc, everything_discarded_is_released, 0, CARRIERS);
	tcase_add_loop_test(tc, detach_gives_everything_back_or_nothing, 0,
	    CARRIERS);
	tcase_add_loop_test(tc, file_arrives_or_the_channel_ends, 0, CARRIERS);

	tc = harness_case(suite, "input");
	tcase_add_loop_test(tc,
	    frame_that_grows_is_delivered_or_the_channel_ends, 0, CARRIERS);
	tcase_add_loop_test(tc,
	    framing_made_in_a_hook_is_set_or_the_channel_ends, 0, CARRIERS);
	return suite;
}

int
main(void)
{
	return harness_main(scarce_suite());
}
