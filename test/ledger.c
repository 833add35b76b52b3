/*
 * The ledger: a table of all blocks and their sizes, found by their addresses.
 * A block is at the first free place from where its address says, and removing
 * one moves up those behind it, so that there are no gaps on the way to any.
 */

#include <stdlib.h>
#include <string.h>
#include <check.h>
#include <event2/event.h>
#include <evchat.h>
#include "harness.h"
#include "ledger.h"

#define PLACES ((size_t)1 << 16) /* a power of two */

static struct entry {
	void *block; /* NULL: free */
	size_t size;
} table[PLACES];

static size_t entries, now, taken, most, largest;
static uint64_t calls, moved;

static size_t
place_of(const void *block)
{
	return (size_t)((uintptr_t)block * 0x9e3779b97f4a7c15 >> 20) % PLACES;
}

static struct entry *
find(const void *block)
{
	size_t i = place_of(block);

	while (table[i].block != NULL && table[i].block != block)
		i = (i + 1) % PLACES;
	return &table[i];
}

static size_t
with_overhead(size_t size)
{
	size_t all = (size + 8 + 15) / 16 * 16;

	return all < 32 ? 32 : all;
}

static void
enter(void *block, size_t size)
{
	struct entry *entry = find(block);

	if (++entries > PLACES / 2)
		ck_abort_msg("more blocks than the ledger has room for");
	entry->block = block;
	entry->size = size;
	now += size;
	taken += with_overhead(size);
}

/* @return its size, 0 if it is not there */
static size_t
leave(void *block)
{
	struct entry *gap = find(block);
	size_t i = (size_t)(gap - table), home, size = gap->size;

	if (gap->block == NULL)
		return 0;
	entries--;
	now -= size;
	taken -= with_overhead(size);
	for (;;) {
		i = (i + 1) % PLACES;
		if (table[i].block == NULL)
			break;
		/* It moves up unless that puts it before its home. */
		home = place_of(table[i].block);
		if ((i - home) % PLACES < (i - (size_t)(gap - table)) % PLACES)
			continue;
		*gap = table[i];
		gap = &table[i];
	}
	gap->block = NULL;
	gap->size = 0;
	return size;
}

static void
note(size_t size)
{
	calls++;
	if (size > largest)
		largest = size;
	if (now + size > most)
		most = now + size;
}

static void *
entered_malloc(size_t size)
{
	void *block = malloc(size);

	note(size);
	if (block != NULL)
		enter(block, size);
	return block;
}

static void *
entered_realloc(void *old, size_t size)
{
	void *block;

	note(size);
	if (old != NULL)
		moved += leave(old);
	block = realloc(old, size);
	harness_must(block != NULL, "memory");
	enter(block, size);
	return block;
}

static void
entered_free(void *block)
{
	if (block != NULL)
		(void)leave(block);
	free(block);
}

void
ledger_open(void)
{
	memset(table, 0, sizeof(table));
	entries = now = taken = most = largest = 0;
	calls = moved = 0;
	event_set_mem_functions(entered_malloc, entered_realloc, entered_free);
	evchat_set_mem_functions(entered_malloc, entered_realloc, entered_free);
}

void
ledger_close(void)
{
	harness_memory_init();
}

void
ledger_end(void)
{
	ck_assert_uint_eq(ledger_now(), 0);
	ledger_close();
}

size_t
ledger_now(void)
{
	return now;
}

size_t
ledger_taken(void)
{
	return taken;
}

size_t
ledger_most(void)
{
	size_t was = most;

	most = now;
	return was;
}

size_t
ledger_largest(void)
{
	size_t was = largest;

	largest = 0;
	return was;
}

uint64_t
ledger_calls(void)
{
	return calls;
}

uint64_t
ledger_moved(void)
{
	return moved;
}
