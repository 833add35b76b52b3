/*
 * Memory of the library and of libevent, counted. What malloc gives is filled
 * with rubbish, so that nobody relies on zeros, and the n-th allocation fails
 * if a test wants that. Threads may allocate at the same time.
 */

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "harness_inside.h"
#include "harness_trouble.h"

static atomic_long allocations;
static atomic_long blocks;
static atomic_long fail_in; /* allocations up to and with the failing one */
static atomic_bool for_good; /* and so do all behind it */
static atomic_bool failed;
static atomic_size_t largest;

static bool
must_fail(size_t size)
{
	size_t before = atomic_load(&largest);

	while (size > before &&
	    !atomic_compare_exchange_weak(&largest, &before, size))
		;
	atomic_fetch_add(&allocations, 1);
	if (harness_is_spared() || atomic_load(&fail_in) == 0 ||
	    atomic_fetch_sub(&fail_in, 1) != 1)
		return false;
	if (atomic_load(&for_good))
		atomic_store(&fail_in, 1);
	atomic_store(&failed, true);
	errno = ENOMEM;
	return true;
}

static void *
counted_malloc(size_t size)
{
	void *block;

	if (must_fail(size) || (block = malloc(size)) == NULL)
		return NULL;
	memset(block, 0xa5, size);
	atomic_fetch_add(&blocks, 1);
	return block;
}

static void *
counted_realloc(void *old, size_t size)
{
	void *block;

	if (must_fail(size) || (block = realloc(old, size)) == NULL)
		return NULL;
	if (old == NULL)
		atomic_fetch_add(&blocks, 1);
	return block;
}

static void
counted_free(void *block)
{
	if (block != NULL)
		atomic_fetch_sub(&blocks, 1);
	free(block);
}

void
harness_memory_init(void)
{
	event_set_mem_functions(counted_malloc, counted_realloc, counted_free);
	evchat_set_mem_functions(counted_malloc, counted_realloc, counted_free);
}

long
harness_allocations(void)
{
	return atomic_load(&allocations);
}

long
harness_blocks(void)
{
	return atomic_load(&blocks);
}

size_t
harness_largest_block(void)
{
	return atomic_exchange(&largest, 0);
}

void
harness_fail_allocation(long n)
{
	atomic_store(&failed, false);
	atomic_store(&for_good, false);
	atomic_store(&fail_in, n);
}

bool
harness_allocation_failed(void)
{
	return atomic_load(&failed);
}

/* Scenarios in want of memory: for a moment, or from then on */

static void
fail_once(const struct harness_trouble *trouble, long n)
{
	(void)trouble;
	harness_fail_allocation(n);
}

static void
fail_for_good(const struct harness_trouble *trouble, long n)
{
	(void)trouble;
	harness_fail_allocation(n);
	atomic_store(&for_good, true);
}

static void
stop_failing(void)
{
	atomic_store(&fail_in, 0);
}

/* A producer of the harness that has no memory says ERROR. */
static bool
may_end(enum evchat_reason why)
{
	return why == EVCHAT_REASON_NO_MEMORY || why == EVCHAT_REASON_PRODUCER;
}

/*
 * Not filters that need memory themselves: libevent does not tell anybody that
 * a filter has answered BEV_ERROR, and calls it again when more has come. TLS
 * in a filter is worse: what it has no memory to pass on, it loses, and its
 * peer finds the records broken. And TLS on a socket that has no memory to
 * read tries again in each turn of the loop, and tells nobody.
 */
static const enum harness_carrier carriers[] = { HARNESS_SOCKET,
    HARNESS_BEV_DEFER, HARNESS_TCP, HARNESS_PAIR, HARNESS_FILTER_DEFER,
    HARNESS_WAITING_FILTER,
#ifdef HAVE_OPENSSL
    HARNESS_TLS,
#endif
    HARNESS_CARRIERS };

static const enum harness_carrier few_carriers[] = { HARNESS_SOCKET,
    HARNESS_PAIR, HARNESS_FILTER_DEFER, HARNESS_CARRIERS };

const struct harness_trouble harness_starving = {
	.name = "allocation",
	.carriers = carriers,
	.error = ENOMEM,
	.may_end = may_end,
	.arm = fail_once,
	.struck = harness_allocation_failed,
	.disarm = stop_failing
};

const struct harness_trouble harness_starved = {
	.name = "all from allocation",
	.carriers = few_carriers,
	.error = ENOMEM,
	.may_end = may_end,
	.arm = fail_for_good,
	.struck = harness_allocation_failed,
	.disarm = stop_failing
};
