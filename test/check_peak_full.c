/*
 * The memory of whole frames and of pieces where more has always come than is
 * read: most reads are filled. At each of them, what the library and libevent
 * have is at most 2.25 times the bytes that were received and not delivered,
 * and 64 KiB, however much a turn may take. Frames are of 1 byte to 4 MiB, in
 * any order, so that one begins wherever in a buffer the one before it ends.
 */

#include <string.h>
#include "harness.h"
#include "ledger.h"
#include "nasty.h"
#include "tally.h"
#include "unit.h"

#ifdef EVCHAT_NO_DIRECT_IO
#define IS_DIRECT false
#else
#define IS_DIRECT true
#endif

#define SLACK ((size_t)64 << 10)
#define LARGEST ((size_t)4 << 20)
#define MIB ((uint64_t)1 << 20)

static struct tally t;
static size_t before;      /* bytes, of the channel that has received nothing */
static uint64_t received;
static size_t left;        /* bytes of the frame that is being sent */
static unsigned reads;
static uint64_t had;       /* bytes held behind the last read */

static void
expect_few(const char *when, size_t bytes, uint64_t held)
{
	if (bytes > before + held * 9 / 4 + SLACK)
		ck_abort_msg("%s %zu bytes for %ju held, at read %u", when,
		    bytes - before, (uintmax_t)held, reads);
}

/* What was held since the last read is what it left, or less. */
static void
expect_most(void)
{
	expect_few("at once", ledger_most(), had);
	expect_few("now", ledger_now(), received - t.bytes - t.frames);
}

/* As many are about as long as these. */
static size_t
some_length(void)
{
	static const size_t about[] = { 16, 200, 3000, 40000, 200000, 1000000,
	    LARGEST };

	return 1 + unit_random(about[unit_random(7)]);
}

/* Lines without end fill what is read into, or now and then less. */
static size_t
fill(void *data, size_t len)
{
	unsigned char *bytes = data;
	size_t at, n;

	reads++;
	expect_most();
	if (unit_random(4) == 0)
		len = 1 + unit_random(len);
	for (at = 0; at < len; at += n) {
		if (left == 0)
			left = some_length();
		n = left < len - at ? left : len - at;
		memset(bytes + at, 'x', n);
		left -= n;
		if (left == 0)
			bytes[at + n - 1] = '\n';
	}
	received += len;
	had = received - t.bytes - t.frames;
	return len;
}

static const size_t turns[] = { 4096, 65536, 262144, 1 << 20, 1 << 22 };

#define TURNS ((int)(sizeof(turns) / sizeof(turns[0])))

static void
run(size_t in_size, bool whole)
{
	uint64_t total = (24 + unit_cases(240)) * MIB;
	unsigned passes = 0;
	int fd;

	/* Elsewhere libevent decides how much is read. */
	if (!IS_DIRECT || !nasty_works())
		return;

	received = had = left = reads = 0;
	ledger_open();
	tally_start(&t, HARNESS_SOCKET, whole);
	tally_unlimited(&t);
	tally_delimiter(&t, "\n", 1);
	ck_assert_int_eq(evchat_set_buffer_sizes(t.chat, in_size, 65536), 0);
	harness_turn(t.h);
	before = ledger_now();
	fd = bufferevent_getfd(evchat_get_bufferevent(t.chat));
	nasty_fill(fd, fill);
	/* It is not read, so that the loop tells of it again and again. */
	tally_send(&t, "x", 1);
	while (received < total) {
		ck_assert_uint_lt(passes++, 4 * reads + 10);
		(void)event_base_loop(t.h->base,
		    EVLOOP_ONCE | EVLOOP_NONBLOCK);
	}
	expect_most();
	ck_assert_uint_gt(t.frames, 10);
	nasty_fill(fd, NULL);
	tally_free(&t);
	ledger_end();
}

START_TEST(whole_frames_take_2_25_times_what_is_held)
{
	run(turns[_i], true);
}
END_TEST

START_TEST(pieces_take_as_little)
{
	run(turns[_i], false);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("peak_full");
	TCase *tc = harness_case(suite, "peak_full");

	tcase_add_loop_test(tc, whole_frames_take_2_25_times_what_is_held, 0,
	    TURNS);
	tcase_add_loop_test(tc, pieces_take_as_little, 0, TURNS);
	return harness_main(suite);
}
