/*
 * The encoding law, for every framing: what is accepted comes back as it was,
 * whatever is beside it, and exactly what would not come back is refused.
 */

#include <errno.h>
#include <string.h>
#include "harness.h"
#include "law.h"
#include "unit.h"

#define ALL 1100       /* strings of a length, at most, if all are tried */
#define FEW 70
#define ON_THE_WAY 50  /* frames, before the wire is looked at */
#define CASES 100

static unsigned char payload[LAW_LONGEST + 2 * LAW_ROOM];

START_TEST(all_short_payloads_come_back_or_are_refused)
{
	struct law_kind kind;
	struct law law;
	size_t len, i;

	law_kind(&kind, _i);
	law_start(&law, &kind);
	for (len = 0; law_strings(&kind, len) <= ALL; len++)
		for (i = 0; i < law_strings(&kind, len); i++) {
			law_string(&kind, payload, len, i);
			law_push(&law, payload, len);
			if (law.accepted % ON_THE_WAY == 0)
				law_carry(&law);
		}
	law_end(&law);
}
END_TEST

/* The i-th short string, as it is or mended. @return whether there is one */
static bool
short_payload(const struct law_kind *kind, unsigned char *bytes, size_t i,
    size_t *len)
{
	bool mended = i % 2 == 1;

	i /= 2;
	for (*len = 0; *len <= 2 && i >= law_strings(kind, *len); (*len)++)
		i -= law_strings(kind, *len);
	if (*len > 2)
		return false;
	law_string(kind, bytes, *len, i);
	if (mended && kind->mend != NULL)
		*len = kind->mend(kind, bytes, *len);
	return true;
}

START_TEST(frames_do_not_disturb_those_beside_them)
{
	unsigned char other[1000];
	size_t i, j, len, n;
	struct law_kind kind;
	struct law law;

	law_kind(&kind, _i);
	law_start(&law, &kind);
	for (i = 0; short_payload(&kind, payload, i, &len); i++)
		for (j = 0; short_payload(&kind, other, j, &n); j++) {
			law_push_whole(&law, payload, len);
			law_push_whole(&law, other, n);
			if (law.accepted % ON_THE_WAY == 0)
				law_carry(&law);
		}
	ck_assert_uint_gt(law.accepted, 0);
	law_end(&law);
}
END_TEST

START_TEST(random_payloads_come_back_or_are_refused)
{
	struct law_kind kind;
	struct law law;
	size_t i, len, cases = unit_cases(CASES);

	law_kind(&kind, _i);
	law_start(&law, &kind);
	/* A few of them may all be refused by chance. */
	for (i = 0; i < cases || (i < CASES && law.accepted == 0); i++) {
		len = law_random(&kind, payload);
		law_push(&law, payload, len);
		if (unit_random(8) == 0)
			law_carry(&law);
	}
	ck_assert_uint_gt(law.accepted, 0);
	law_end(&law);
}
END_TEST

/* What a producer gives is found out on the way, but is no frame either. */
static void
break_law(const struct law_kind *kind)
{
	struct law law;
	size_t len, n, i;

	for (len = 0; law_strings(kind, len) <= FEW; len++)
		for (i = 0; i < law_strings(kind, len); i++) {
			n = law_lawful(kind, payload, 3);
			law_start(&law, kind);
			law_push_whole(&law, payload, n);
			law_string(kind, payload, len, i);
			if (kind->judge(kind, payload, len) == 0) {
				law_push(&law, payload, len);
				law_end(&law);
			} else {
				law_push_producer(&law, payload, len);
				law_expect_broken(&law, payload, len);
			}
		}
}

START_TEST(unlawful_payload_of_a_producer_ends_the_channel)
{
	struct law_kind kind;
	int i;

	for (i = 0; i < law_kinds(); i++) {
		law_kind(&kind, i);
		if (kind.streams)
			break_law(&kind);
	}
}
END_TEST

/* Numbers around the largest that there is room for. */
static void
reach_limit(const struct law_kind *kind)
{
	struct law law;
	int64_t most, number, len;
	size_t n;

	law_start(&law, kind);
	most = ((int64_t)1 << 8 * kind->field.width) - 1;
	for (number = most - 2; number <= most + 2; number++) {
		len = number + kind->field.adjustment + kind->field.width +
		    (int64_t)kind->field.offset - (int64_t)kind->field.strip;
		memset(payload, 'q', (size_t)len);
		n = kind->mend(kind, payload, (size_t)len);
		ck_assert_int_eq((int64_t)n, len);
		ck_assert_int_eq(kind->judge(kind, payload, n),
		    number <= most ? 0 : EMSGSIZE);
		law_push_whole(&law, payload, n);
	}
	ck_assert_uint_eq(law.accepted, 3);
	law_end(&law);
}

START_TEST(payload_is_as_long_as_its_number_can_say)
{
	struct law_kind kind;
	int i;

	for (i = 0; i < law_kinds(); i++) {
		law_kind(&kind, i);
		if (kind.field.width == 1 || kind.field.width == 2)
			reach_limit(&kind);
	}
}
END_TEST

/* Without memory */

/* Have one allocation fail. @return whether there was one */
static bool
push_without_memory(struct law *law, size_t len, bool pieces, long n)
{
	struct evbuffer_iovec piece[2] = { { payload, len / 2 },
	    { payload + len / 2, len - len / 2 } };
	size_t queued = evchat_get_output_length(law->sender);
	bool failed;
	int pushed;

	errno = 0;
	harness_fail_allocation(n);
	pushed = pieces ? evchat_push_framev(law->sender, piece, 2) :
	    evchat_push_frame(law->sender, payload, len);
	failed = harness_allocation_failed();
	harness_fail_allocation(0);
	ck_assert(pushed == 0 || (failed && errno == ENOMEM));
	if (pushed == -1)
		ck_assert_uint_eq(evchat_get_output_length(law->sender),
		    queued);
	else
		law_expect(law, payload, len);
	return failed;
}

static void
starve(const struct law_kind *kind)
{
	static const size_t lengths[] = { 0, 10, 511, 600, 9000 };
	struct law law;
	size_t i, len;
	long n;

	law_start(&law, kind);
	for (i = 0; i < 2 * sizeof(lengths) / sizeof(lengths[0]); i++) {
		len = law_lawful(kind, payload, lengths[i / 2]);
		for (n = 1; push_without_memory(&law, len, i % 2 == 1, n); n++)
			law_push_whole(&law, payload, len);
		law_carry(&law);
	}
	law_end(&law);
}

START_TEST(without_memory_nothing_is_pushed)
{
	struct law_kind kind;
	int i;

	for (i = 0; i < law_kinds(); i++) {
		law_kind(&kind, i);
		starve(&kind);
	}
}
END_TEST

static Suite *
encode_law_suite(void)
{
	Suite *suite = suite_create("encode_law");
	TCase *tc = harness_case(suite, "law");

	tcase_add_loop_test(tc, all_short_payloads_come_back_or_are_refused, 0,
	    law_kinds());
	tcase_add_loop_test(tc, frames_do_not_disturb_those_beside_them, 0,
	    law_kinds());
	tcase_add_loop_test(tc, random_payloads_come_back_or_are_refused, 0,
	    law_kinds());
	tcase_add_test(tc, unlawful_payload_of_a_producer_ends_the_channel);
	tcase_add_test(tc, payload_is_as_long_as_its_number_can_say);
	tcase_add_test(tc, without_memory_nothing_is_pushed);
	return suite;
}

int
main(void)
{
	return harness_main(encode_law_suite());
}
