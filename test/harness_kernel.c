/*
 * Scenarios on a nasty kernel: the n-th read or write of the channel's
 * descriptor is cut short, is interrupted, or fails; see nasty.h. What is
 * transient nobody may notice. What is not ends the channel, which tells the
 * very error.
 */

#include <errno.h>
#include "harness_inside.h"
#include "harness_trouble.h"
#include "nasty.h"

#define RANDOM_RUNS 2

/* What has a descriptor of its own, is read and written in other ways. */
static const enum harness_carrier exposed[] = { HARNESS_SOCKET, HARNESS_TCP,
    HARNESS_FILTER,
#ifdef HAVE_OPENSSL
    HARNESS_TLS, HARNESS_TLS_FILTER,
#endif
    HARNESS_CARRIERS };

static long armed_for;

static void
arm(const struct harness_trouble *trouble, long n)
{
	const struct nasty_bend *bend = nasty_bend_named(trouble->name);

	harness_must(bend != NULL, "a bend of that name");
	armed_for = n;
	nasty_bend_at(bend, n);
}

/* Not the n-th one, but every other one, as n decides. */
static void
arm_often(const struct harness_trouble *trouble, long n)
{
	(void)trouble;
	armed_for = n;
	nasty_bend_often(NULL, n == 0 ? 0 : 2, (uint64_t)n);
}

static bool
has_struck(void)
{
	return nasty_struck() > 0;
}

static bool
was_last(void)
{
	return nasty_counted() <= armed_for;
}

static bool
was_often_enough(void)
{
	return armed_for >= RANDOM_RUNS;
}

/* What channels may come to */

static bool
never(enum evchat_reason why)
{
	(void)why;
	return false;
}

static bool
with_io(enum evchat_reason why)
{
	return why == EVCHAT_REASON_IO;
}

/* For the library that is memory, whoever wants it. */
static bool
with_no_memory(enum evchat_reason why)
{
	return why == EVCHAT_REASON_NO_MEMORY;
}

#define KERNEL .carriers = exposed, .struck = has_struck, .disarm = nasty_stop
#define NTH KERNEL, .arm = arm, .was_last = was_last

const struct harness_trouble harness_kernel[HARNESS_KERNEL] = {
	{ .name = "one byte", .may_end = never, NTH },
	{ .name = "half", .may_end = never, NTH },
	{ .name = "EINTR", .may_end = never, NTH },
	{ .name = "EAGAIN", .may_end = never, NTH },
	{ .name = "any of these, run", .may_end = never, KERNEL,
	    .arm = arm_often, .was_last = was_often_enough },
	{ .name = "ECONNRESET", .may_end = with_io, .told = ECONNRESET,
	    .ends = true, NTH },
	{ .name = "EPIPE", .may_end = with_io, .told = EPIPE, .ends = true,
	    NTH },
	{ .name = "ENOBUFS", .may_end = with_io, .told = ENOBUFS,
	    .ends = true, NTH },
	{ .name = "ENOMEM", .may_end = with_no_memory, .ends = true, NTH }
};
