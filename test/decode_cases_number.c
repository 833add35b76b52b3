/*
 * What bytes come to in frames with a number of any length in front of them:
 * varints, netstrings, octet counts.
 */

#include "decode_cases.h"

#define NINES "\377\377\377\377\377\377\377\377\377" /* of a varint */

static const struct decode_case varint[] = {
	{ IN("\002ab\000\001c"), OUT("ab||c|") },
	{ IN("\202\000ab"), OUT("ab|") }, /* longer than it need be */
	{ IN("\200\200\200\200\200\200\200\200\200\000\001a"),
	    OUT("|a|") },
	{ IN("\254\002a"), OUT("a"), .declared = 300 },
	{ IN("\200\001a"), OUT("a"), .declared = 128 },
	{ IN("\177a"), OUT("a"), .declared = 127 },
	{ IN("\200"), OUT("~\200") },
	{ IN("\001a\200"), OUT("a|~\200") },
	{ IN("\200\200\200\200\010a"), OUT("a"),
	    .declared = 2147483648 },
	{ IN("\377\377\377\377\017a"), OUT("a"),
	    .declared = 4294967295 },
	{ IN("\200\200\200\200\200\200\200\200\200\001a"), OUT("a"),
	    .declared = (uint64_t)1 << 63 },
	{ IN(NINES "\001ab"), OUT("ab"), .declared = UINT64_MAX },
	{ IN(NINES), OUT("~" NINES) },
	/* The tenth byte has room for one bit. */
	{ IN("\001a" NINES "\002a"), OUT("a|~" NINES),
	    .error = ABOVE_VARINT, .bad = 11 },
	{ IN(NINES "\177"), OUT("~" NINES), .error = ABOVE_VARINT,
	    .bad = 9 },
	/* An eleventh cannot be. */
	{ IN(NINES "\201\000"), OUT("~" NINES), .error = ABOVE_VARINT,
	    .bad = 9 },
	{ IN(NINES "\200"), OUT("~" NINES), .error = ABOVE_VARINT,
	    .bad = 9 }
};
static const struct decode_case netstring[] = {
	{ IN("5:hello,6: world,"), OUT("hello| world|") },
	{ IN("0:,0:,"), OUT("||") },
	{ IN("12:hello world!,"), OUT("hello world!|") },
	{ IN("3:a,:,1:,,"), OUT("a,:|,|") },
	{ IN("5"), OUT("~5") },
	{ IN("0"), OUT("~0") },
	{ IN("5:"), OUT(""), .declared = 5 },
	{ IN("0:"), OUT(""), .cut = true },
	{ IN("5:hel"), OUT("hel"), .declared = 5 },
	{ IN("5:hello"), OUT("hello"), .declared = 5 },
	{ IN("2:ab,2147483648:a"), OUT("ab|a"), .declared = 2147483648 },
	{ IN("18446744073709551615:a"), OUT("a"),
	    .declared = UINT64_MAX },
	{ IN("18446744073709551616:a"), OUT("~1844674407370955161"),
	    .error = ABOVE_LENGTH, .bad = 19 },
	{ IN("18446744073709551620:a"), OUT("~1844674407370955162"),
	    .error = ABOVE_LENGTH, .bad = 19 },
	{ IN("99999999999999999999:a"), OUT("~9999999999999999999"),
	    .error = ABOVE_LENGTH, .bad = 19 },
	{ IN("111111111111111111111:a"), OUT("~11111111111111111111"),
	    .error = ABOVE_LENGTH, .bad = 20 },
	{ IN("00:,"), OUT("~0"), .error = LEADING_ZERO, .bad = 1 },
	{ IN("01:a,"), OUT("~0"), .error = LEADING_ZERO, .bad = 1 },
	{ IN("1:a,01:b,"), OUT("a|~0"), .error = LEADING_ZERO, .bad = 5 },
	{ IN("+1:a,"), OUT(""), .error = NO_COLON, .bad = 0 },
	{ IN("-1:a,"), OUT(""), .error = NO_COLON, .bad = 0 },
	{ IN(" 1:a,"), OUT(""), .error = NO_COLON, .bad = 0 },
	{ IN(":a,"), OUT(""), .error = NO_COLON, .bad = 0 },
	{ IN("1:a,:"), OUT("a|"), .error = NO_COLON, .bad = 4 },
	{ IN("1 :a,"), OUT("~1"), .error = NO_COLON, .bad = 1 },
	{ IN("1;a,"), OUT("~1"), .error = NO_COLON, .bad = 1 },
	{ IN("1a:"), OUT("~1"), .error = NO_COLON, .bad = 1 },
	{ IN("0x:"), OUT("~0"), .error = NO_COLON, .bad = 1 },
	{ IN("1\000:"), OUT("~1"), .error = NO_COLON, .bad = 1 },
	{ IN("2:ab;"), OUT("ab"), .error = NO_COMMA, .bad = 4,
	    .declared = 2 },
	{ IN("2:abc,"), OUT("ab"), .error = NO_COMMA, .bad = 4,
	    .declared = 2 },
	{ IN("0::"), OUT(""), .error = NO_COMMA, .bad = 2 },
	{ IN("1:a,1:a1:a,"), OUT("a|a"), .error = NO_COMMA, .bad = 7,
	    .declared = 1 }
};
static const struct decode_case octet_count[] = {
	{ IN("5 hello6  world"), OUT("hello| world|") },
	{ IN("12 hello world!"), OUT("hello world!|") },
	{ IN("1 1 1 "), OUT("1|"), .error = NO_SPACE, .bad = 3 },
	{ IN("1 11 1"), OUT("1|1|") },
	{ IN("5"), OUT("~5") },
	{ IN("5 "), OUT(""), .declared = 5 },
	{ IN("5 hel"), OUT("hel"), .declared = 5 },
	{ IN("4294967295 a"), OUT("a"), .declared = 4294967295 },
	{ IN("18446744073709551615 a"), OUT("a"),
	    .declared = UINT64_MAX },
	{ IN("18446744073709551616 a"), OUT("~1844674407370955161"),
	    .error = ABOVE_LENGTH, .bad = 19 },
	{ IN("0 "), OUT(""), .error = FIRST_ZERO, .bad = 0 },
	{ IN("01 a"), OUT(""), .error = FIRST_ZERO, .bad = 0 },
	{ IN("1 a0 "), OUT("a|"), .error = FIRST_ZERO, .bad = 3 },
	{ IN("0"), OUT(""), .error = FIRST_ZERO, .bad = 0 },
	{ IN("10 0123456789"), OUT("0123456789|") },
	{ IN(" 1 a"), OUT(""), .error = NO_SPACE, .bad = 0 },
	{ IN("<13>1 a"), OUT(""), .error = NO_SPACE, .bad = 0 },
	{ IN("1 a<13>"), OUT("a|"), .error = NO_SPACE, .bad = 3 },
	{ IN("1x a"), OUT("~1"), .error = NO_SPACE, .bad = 1 },
	{ IN("1:a,"), OUT("~1"), .error = NO_SPACE, .bad = 1 },
	{ IN("1 a\n1 b"), OUT("a|"), .error = NO_SPACE, .bad = 3 }
};

static const struct decode_group groups[] = {
	{ { .name = "varint", .kind = DECODE_VARINT }, DECODE_CASES(varint) },
	{ { .name = "netstring", .kind = DECODE_NETSTRING },
	    DECODE_CASES(netstring) },
	{ { .name = "octet count", .kind = DECODE_OCTET_COUNT },
	    DECODE_CASES(octet_count) }
};

const struct decode_groups decode_groups_number = { groups,
	sizeof(groups) / sizeof(groups[0]) };
