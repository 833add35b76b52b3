/*
 * The search for all places of a byte: at every alignment, for every length and
 * every number of places it is what looking at each byte gives, and behind the
 * last byte there is a page that must not be touched.
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
find_so(int way, const unsigned char *bytes, size_t len, size_t *places,
    size_t n)
{
	struct search search = { bytes, len, 0, '\n', places, 0, n };

	if (way < 0)
		return blocks_find(bytes, len, '\n', places, n);
	if (n > 0)
		ways[way](&search);
	return search.found;
}

static void
expect_places_so(int way, const unsigned char *bytes, size_t len, size_t n)
{
	size_t places[MOST + 1], found, at, i = 0;

	places[n] = SIZE_MAX;
	found = find_so(way, bytes, len, places, n);
	for (at = 0; at < len && i < n; at++) {
		if (bytes[at] != '\n')
			continue;
		harness_must(i < found && places[i] == at, "every place");
		i++;
	}
	harness_must(i == found, "no other place");
	harness_must(places[n] == SIZE_MAX, "room for n");
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
		len = unit_random(LONGEST);
		bytes = behind - len;
		for (at = 0; at < len; at++)
			do
				bytes[at] = (unsigned char)unit_random(256);
			while (in_set[bytes[at]] && unit_random(100));
		for (at = 0; at < len && !in_set[bytes[at]];)
			at++;
		ck_assert_uint_eq(blocks_find_any(bytes, len, &set), at);
		ck_assert_uint_eq(find_slowly(bytes, len, &set), at);
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
