/*
 * The search for all places of a byte: at every alignment, for every length
 * and every number of places it is what looking at each byte gives, and behind
 * the last byte there is a page that must not be touched.
 */

#define _DEFAULT_SOURCE /* for MAP_ANONYMOUS */

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "../lib/blocks.c" /* all its ways */
#include "harness.h"
#include "unit.h"

#define LONGEST 300
#define MOST 64
#define LARGE 3000

/* The last bytes before the page. */
static unsigned char *behind;
static size_t page;

static void
map_bytes(void)
{
	unsigned char *pages;

	page = (size_t)sysconf(_SC_PAGESIZE);
	pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	harness_must(pages != MAP_FAILED, "mmap");
	harness_must(mprotect(pages + page, page, PROT_NONE) == 0, "mprotect");
	behind = pages + page;
}

static void
unmap_bytes(void)
{
	munmap(behind - page, 2 * page);
}

static void
search_by_memchr(struct search *search)
{
	search_far(search, 0);
}

/* Of all ways the one that is taken, and those of other processors. */
static void (*const ways[])(struct search *search) = {
	search_wide, search_near, search_by_memchr
};

static size_t
find_so(int way, const unsigned char *bytes, size_t len, uint32_t *places,
    size_t n)
{
	struct search search = { .bytes = bytes, .len = len, .byte = '\n',
	    .places = places, .most = n };

	if (way < 0)
		return blocks_find(bytes, len, '\n', places, n);
	if (n > 0)
		ways[way](&search);
	return search.found;
}

static void
expect_places_so(int way, const unsigned char *bytes, size_t len, size_t n)
{
	uint32_t places[MOST + 1];
	size_t found, at, i = 0;

	places[n] = UINT32_MAX;
	found = find_so(way, bytes, len, places, n);
	for (at = 0; at < len && i < n; at++) {
		if (bytes[at] != '\n')
			continue;
		harness_must(i < found && places[i] == at, "every place");
		i++;
	}
	harness_must(i == found, "no other place");
	harness_must(places[n] == UINT32_MAX, "room for n");
}

static void
expect_places(const unsigned char *bytes, size_t len, size_t n)
{
	int way;

	for (way = -1; way < (int)(sizeof(ways) / sizeof(ways[0])); way++)
		if (way != 0 || HAVE_AVX2)
			expect_places_so(way, bytes, len, n);
}

/* One LF in so many bytes, and what differs from it by a bit. */
static void
fill(unsigned char *bytes, size_t len, size_t one_in)
{
	size_t i;

	for (i = 0; i < len; i++)
		bytes[i] = unit_random(one_in) == 0 ? '\n' :
		    (unsigned char)('\n' ^ (1U << unit_random(8)));
}

START_TEST(every_place_is_found)
{
	static const size_t one_in[] = { 1, 2, 20, 100, 1000 };
	size_t len = (size_t)_i, i, n;

	map_bytes();
	for (i = 0; i < sizeof(one_in) / sizeof(one_in[0]); i++) {
		fill(behind - len, len, one_in[i]);
		for (n = 0; n <= MOST; n += n < 3 ? 1 : 7)
			expect_places(behind - len, len, n);
	}
	unmap_bytes();
}
END_TEST

/* Not only those that end before the page. */
START_TEST(every_alignment_is_the_same)
{
	unsigned char *bytes;
	size_t len, shift;

	map_bytes();
	for (shift = 0; shift < MOST; shift++) {
		bytes = behind - page + shift;
		fill(bytes, LONGEST, 20);
		for (len = 0; len <= LONGEST; len++)
			expect_places(bytes, len, MOST);
	}
	unmap_bytes();
}
END_TEST

/* Sets */

static void (*const set_ways[])(struct search *search) = {
	search_wide_set, search_slowly
};

static size_t
find_set_so(int way, struct search search)
{
	if (way < 0)
		return blocks_find_any(search.bytes, search.len, search.set,
		    search.places, search.most);
	if (search.most > 0)
		set_ways[way](&search);
	return search.found;
}

static void
expect_set(const unsigned char *bytes, size_t len, const bool *in_set,
    const struct byte_set *set, size_t n)
{
	uint32_t places[MOST + 1];
	size_t found, at, i;
	int way;

	for (way = -1; way < 2; way++) {
		if (way == 0 && !HAVE_AVX2)
			continue;
		places[n] = UINT32_MAX;
		found = find_set_so(way, (struct search){ .bytes = bytes,
		    .len = len, .set = set, .places = places, .most = n });
		for (at = i = 0; at < len && i < n; at++) {
			if (!in_set[bytes[at]])
				continue;
			harness_must(i < found && places[i] == at,
			    "every place of a set");
			i++;
		}
		harness_must(i == found, "no other place of a set");
		harness_must(places[n] == UINT32_MAX, "room for n of a set");
	}
}

START_TEST(every_set_is_found)
{
	bool in_set[256] = { false };
	struct byte_set set;
	unsigned char *bytes;
	size_t i, at, len, cases = unit_cases(2000);

	map_bytes();
	memset(&set, 0, sizeof(set));
	for (i = 0; i < cases; i++) {
		if (i % 20 == 0) {
			memset(&set, 0, sizeof(set));
			memset(in_set, 0, sizeof(in_set));
		}
		at = unit_random(256);
		in_set[at] = true;
		byte_set_add(&set, (unsigned char)at);
		len = unit_random(unit_random(4) ? LONGEST : LARGE);
		bytes = behind - len;
		for (at = 0; at < len; at++)
			do
				bytes[at] = (unsigned char)unit_random(256);
			while (in_set[bytes[at]] &&
			    unit_random(i % 2 ? 30 : 1000));
		expect_set(bytes, len, in_set, &set, 0);
		expect_set(bytes, len, in_set, &set, 1);
		expect_set(bytes, len, in_set, &set, 1 + unit_random(MOST));
		expect_set(bytes, unit_random(len + 1), in_set, &set, MOST);
	}
	unmap_bytes();
}
END_TEST

/* Lines of all lengths, in one stream: the search changes its ways in it. */
START_TEST(short_and_long_lines_may_take_turns)
{
	unsigned char *bytes;
	size_t i, at, cases = unit_cases(300);

	map_bytes();
	bytes = behind - LARGE;
	for (i = 0; i < cases; i++) {
		memset(bytes, 'x', LARGE);
		for (at = unit_random(LARGE); at < LARGE;
		    at += 1 + unit_random(unit_random(2) ? 30 : 500))
			bytes[at] = '\n';
		at = unit_random(LARGE);
		expect_places(bytes + at, LARGE - at, MOST);
		expect_places(bytes + at, LARGE - at, 1 + unit_random(MOST));
	}
	unmap_bytes();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("blocks");
	TCase *tc = harness_case(suite, "places");

	tcase_add_loop_test(tc, every_place_is_found, 0, LONGEST + 1);
	tcase_add_test(tc, every_alignment_is_the_same);
	tcase_add_test(tc, every_set_is_found);
	tcase_add_test(tc, short_and_long_lines_may_take_turns);
	return harness_main(suite);
}
