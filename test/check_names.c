/*
 * Words for enums, and the version.
 */

#include <stdio.h>
#include <string.h>
#include "harness.h"

START_TEST(every_reason_has_a_name_of_its_own)
{
	int i, j;

	for (i = 0; i <= EVCHAT_REASON_BUDGET; i++) {
		/* The harness has its own list, which tests rely on. */
		ck_assert_str_eq(evchat_reason_name((enum evchat_reason)i),
		    harness_reason_name((enum evchat_reason)i));
		for (j = 0; j < i; j++)
			ck_assert_str_ne(
			    evchat_reason_name((enum evchat_reason)i),
			    evchat_reason_name((enum evchat_reason)j));
	}
}
END_TEST

START_TEST(every_event_has_a_name_of_its_own)
{
	static const char *const names[] = { "connected", "eof", "writable",
	    "drained", "oversize", "timeout", "last",
	    "malformed" };
	int i;

	ck_assert_int_eq(sizeof(names) / sizeof(names[0]),
	    EVCHAT_EVENT_MALFORMED + 1);
	for (i = 0; i <= EVCHAT_EVENT_MALFORMED; i++)
		ck_assert_str_eq(evchat_event_name((enum evchat_event)i),
		    names[i]);
}
END_TEST

START_TEST(what_is_no_reason_or_event_is_unknown)
{
	static const int values[] = { -1, 1000, 0x7fffffff };
	size_t i;

	ck_assert_str_eq(evchat_reason_name(
	    (enum evchat_reason)(EVCHAT_REASON_BUDGET + 1)), "unknown");
	ck_assert_str_eq(evchat_event_name(
	    (enum evchat_event)(EVCHAT_EVENT_MALFORMED + 1)), "unknown");
	for (i = 0; i < 3; i++) {
		ck_assert_str_eq(evchat_reason_name(
		    (enum evchat_reason)values[i]), "unknown");
		ck_assert_str_eq(evchat_event_name(
		    (enum evchat_event)values[i]), "unknown");
	}
}
END_TEST

START_TEST(library_and_headers_are_of_one_version)
{
	ck_assert_str_eq(evchat_get_version(), EVCHAT_VERSION);
	ck_assert_uint_eq(evchat_get_version_number(), EVCHAT_VERSION_NUMBER);
}
END_TEST

START_TEST(version_number_says_what_the_text_says)
{
	unsigned number = evchat_get_version_number();
	char text[32];

	snprintf(text, sizeof(text), "%u.%u.%u", number >> 16,
	    number >> 8 & 0xff, number & 0xff);
	ck_assert_str_eq(evchat_get_version(), text);
}
END_TEST

static Suite *
names_suite(void)
{
	Suite *suite = suite_create("names");
	TCase *tc = harness_case(suite, "names");

	tcase_add_test(tc, every_reason_has_a_name_of_its_own);
	tcase_add_test(tc, every_event_has_a_name_of_its_own);
	tcase_add_test(tc, what_is_no_reason_or_event_is_unknown);

	tc = harness_case(suite, "version");
	tcase_add_test(tc, library_and_headers_are_of_one_version);
	tcase_add_test(tc, version_number_says_what_the_text_says);
	return suite;
}

int
main(void)
{
	return harness_main(names_suite());
}
