/*
 * Frames above the maximum: every policy, in both modes, whether the size
 * shows while scanning or was declared, at every split; and the maximum at
 * first.
 */

#include <stdio.h>
#include <string.h>
#include "harness.h"

#define MAX 4
#define MIB (1 << 20)
#define PIECE 65536

/* The table: what becomes of one frame of a size, and of what follows it */

static struct {
	size_t size;
	enum evchat_oversize policy;
	bool count;   /* declared, not delimited */
	bool frames;  /* the frame hook */
} given;

static void
start_given(struct harness *h)
{
	harness_ok(h, evchat_set_max_frame(h->chat, MAX, given.policy));
	if (given.count)
		harness_ok(h, evchat_set_terminator_count(h->chat, given.size));
	else
		harness_crlf(h);
}

/* What the frame itself must give; n bytes of it are delivered. */
static void
expect_frame(char *out, size_t n)
{
	static const char letters[] = "abcdefgh";

	if (given.frames)
		sprintf(out + strlen(out), "frame:%.*s|", (int)n, letters);
	else if (n > 0)
		sprintf(out + strlen(out), "collect:%.*s|found|", (int)n,
		    letters);
}

static void
expect_oversize(char *out)
{
	static const char event[] = "event:oversize|";

	if (given.frames || given.count) {
		strcat(out, event);
		if (given.policy == EVCHAT_OVERSIZE_TRUNCATE)
			expect_frame(out, MAX);
		return;
	}
	sprintf(out + strlen(out), "collect:abcd|%s", event);
	if (given.policy == EVCHAT_OVERSIZE_TRUNCATE)
		strcat(out, "found|");
}

static void
expect_given(char *out)
{
	*out = '\0';
	if (given.size <= MAX) {
		expect_frame(out, given.size);
	} else if (given.policy == EVCHAT_OVERSIZE_CLOSE) {
		strcat(out, given.frames || given.count ? "closed:oversize" :
		    "collect:abcd|closed:oversize");
		return;
	} else {
		expect_oversize(out);
	}
	if (given.count)
		strcat(out, "collect:ok");
	else
		strcat(out, given.frames ? "frame:ok" : "collect:ok|found");
}

static void
prove_given(size_t size)
{
	char input[32], expect[128];
	struct harness_scenario s = {
		.input = input, .expect = expect, .start = start_given,
		.hooks = given.frames ? &harness_frames : &harness_streaming
	};

	given.size = size;
	sprintf(input, "%.*s%s", (int)size, "abcdefgh",
	    given.count ? "ok" : "\r\nok\r\n");
	expect_given(expect);
	harness_prove(&s);
}

START_TEST(maximum_holds_in_every_mode_under_every_policy)
{
	given.policy = (enum evchat_oversize)(_i / 4);
	given.count = _i % 4 / 2 != 0;
	given.frames = _i % 2 != 0;
	prove_given(MAX - 1);
	prove_given(MAX);
	prove_given(MAX + 1);
	prove_given(2 * MAX);
}
END_TEST

/* No limit, and the default one */

static void
feed_line(struct harness *h, size_t len)
{
	static char piece[PIECE];

	memset(piece, 'x', PIECE);
	for (; len > PIECE; len -= PIECE)
		harness_feed_bytes(h, piece, PIECE);
	harness_feed_bytes(h, piece, len);
	harness_feed(h, "\r\n");
}

START_TEST(whole_frames_are_limited_to_1_MiB_at_first)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);

	harness_crlf(h);
	feed_line(h, MIB);
	harness_expect(h, "frame:x{1048576}");
	feed_line(h, MIB + 1);
	harness_end(h, "frame:x{1048576}|closed:oversize");
}
END_TEST

START_TEST(collect_is_not_limited_at_first)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	harness_crlf(h);
	feed_line(h, 3 * MIB / 2);
	harness_end(h, "collect:x{1572864}|found");
}
END_TEST

START_TEST(maximum_0_is_unlimited)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);

	ck_assert_int_eq(evchat_set_max_frame(h->chat, 0,
	    EVCHAT_OVERSIZE_CLOSE), 0);
	harness_crlf(h);
	feed_line(h, 3 * MIB / 2);
	harness_end(h, "frame:x{1572864}");
}
END_TEST

static Suite *
oversize_suite(void)
{
	Suite *suite = suite_create("oversize");
	TCase *tc = harness_case(suite, "limit");

	tcase_add_loop_test(tc, maximum_holds_in_every_mode_under_every_policy,
	    0, 12);

	tc = harness_case(suite, "default");
	tcase_add_loop_test(tc, whole_frames_are_limited_to_1_MiB_at_first, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, collect_is_not_limited_at_first, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, maximum_0_is_unlimited, 0, HARNESS_CARRIERS);
	return suite;
}

int
main(void)
{
	return harness_main(oversize_suite());
}
