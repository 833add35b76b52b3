/*
 * What bytes come to in frames of a length that is known beforehand, or stands
 * in front of them as a number of some width. What Netty's documentation of
 * LengthFieldBasedFrameDecoder has as examples is here, too.
 */

#include "decode_cases.h"

#define BIG EVCHAT_BIG_ENDIAN
#define LITTLE EVCHAT_LITTLE_ENDIAN

static const struct decode_case fixed_1[] = {
	{ IN(""), OUT("") },
	{ IN("abc"), OUT("a|b|c|") }
};
static const struct decode_case fixed_3[] = {
	{ IN("abcdef"), OUT("abc|def|") },
	{ IN("abcde"), OUT("abc|de"), .declared = 3 },
	{ IN("a"), OUT("a"), .declared = 3 },
	{ IN("\r\n\000"), OUT("\r\n\000|") }
};
static const struct decode_case fixed_huge[] = {
	{ IN("abc"), OUT("abc"), .declared = SIZE_MAX }
};

/* Each width, in each order */

static const struct decode_case width_1[] = {
	{ IN("\002ab\000\001c"), OUT("ab||c|") },
	{ IN("\003ab"), OUT("ab"), .declared = 3 },
	{ IN("\003"), OUT(""), .declared = 3 },
	{ IN("\377a"), OUT("a"), .declared = 255 }
};
static const struct decode_case big_2[] = {
	{ IN("\000\002ab\000\000\000\001c"), OUT("ab||c|") },
	{ IN("\001\002a"), OUT("a"), .declared = 258 },
	{ IN("\000"), OUT("~\000") },
	{ IN("\000\001a\000"), OUT("a|~\000") },
	{ IN("\377\377"), OUT(""), .declared = 65535 }
};
static const struct decode_case little_2[] = {
	{ IN("\002\000ab\000\000\001\000c"), OUT("ab||c|") },
	{ IN("\001\002a"), OUT("a"), .declared = 513 }
};
static const struct decode_case big_3[] = {
	{ IN("\000\000\002ab\000\000\001c"), OUT("ab|c|") },
	{ IN("\001\002\003a"), OUT("a"), .declared = 66051 }
};
static const struct decode_case little_3[] = {
	{ IN("\002\000\000ab\001\000\000c"), OUT("ab|c|") },
	{ IN("\001\002\003a"), OUT("a"), .declared = 197121 }
};
static const struct decode_case big_4[] = {
	{ IN("\000\000\000\002ab\000\000\000\000"), OUT("ab||") },
	{ IN("\200\000\000\000ab"), OUT("ab"), .declared = 2147483648 },
	{ IN("\377\377\377\377a"), OUT("a"), .declared = 4294967295 }
};
static const struct decode_case little_4[] = {
	{ IN("\002\000\000\000ab\000\000\000\000"), OUT("ab||") },
	{ IN("\000\000\000\200ab"), OUT("ab"), .declared = 2147483648 }
};
static const struct decode_case big_8[] = {
	{ IN("\000\000\000\000\000\000\000\002ab"), OUT("ab|") },
	{ IN("\200\000\000\000\000\000\000\000ab"), OUT("ab"),
	    .declared = (uint64_t)1 << 63 },
	{ IN("\377\377\377\377\377\377\377\377ab"), OUT("ab"),
	    .declared = UINT64_MAX },
	{ IN("\000\000\000\000\000\000\000"), OUT("~\000\000\000\000\000\000\000") }
};
static const struct decode_case little_8[] = {
	{ IN("\002\000\000\000\000\000\000\000ab"), OUT("ab|") },
	{ IN("\000\000\000\000\001\000\000\000a"), OUT("a"),
	    .declared = (uint64_t)1 << 32 }
};

/* Netty's examples: HELLO, WORLD */

static const struct decode_case netty_plain[] = {
	{ IN("\000\005HELLO"), OUT("\000\005HELLO|") },
	{ IN("\000\005HEL"), OUT("\000\005HEL"), .declared = 7 },
	{ IN("\000\000"), OUT("\000\000|") }
};
static const struct decode_case netty_stripped[] = {
	{ IN("\000\005HELLO\000\005WORLD"), OUT("HELLO|WORLD|") }
};
/* The number counts itself. */
static const struct decode_case netty_inclusive[] = {
	{ IN("\000\007HELLO"), OUT("\000\007HELLO|") },
	{ IN("\000\002\000\003A"), OUT("\000\002|\000\003A|") },
	{ IN("\000\003A\000\001B"), OUT("\000\003A|"),
	    .error = BELOW_HEADER, .bad = 3 },
	{ IN("\000\000"), OUT(""), .error = BELOW_HEADER, .bad = 0 }
};
/* Two bytes before the number. */
static const struct decode_case netty_behind[] = {
	{ IN("\312\376\000\000\005HELLO"),
	    OUT("\312\376\000\000\005HELLO|") },
	{ IN("ab\000\000\000ab\000\000\001x"),
	    OUT("ab\000\000\000|ab\000\000\001x|") }
};
/* Two bytes behind it that it does not count. */
static const struct decode_case netty_between[] = {
	{ IN("\000\000\005\312\376HELLO"),
	    OUT("\000\000\005\312\376HELLO|") },
	{ IN("\000\000\000ab"), OUT("\000\000\000ab|") },
	{ IN("\000\000\000a"), OUT("\000\000\000a"), .declared = 5 }
};
/* One before, one behind; the first and the number are stripped. */
static const struct decode_case netty_both[] = {
	{ IN("\312\000\005\376HELLO"), OUT("\376HELLO|") },
	{ IN("a\000\000b"), OUT("b|") },
	{ IN("a\000\001b"), OUT("b"), .declared = 2 }
};
static const struct decode_case netty_both_inclusive[] = {
	{ IN("\312\000\011\376HELLO"), OUT("\376HELLO|") },
	{ IN("a\000\003a\000\004b"), OUT("|b|") },
	{ IN("a\000\002"), OUT("~a"), .error = BELOW_HEADER, .bad = 1 }
};

/* Strip: a part, more than the header */

static const struct decode_case strip_part[] = {
	{ IN("a\000\002bc"), OUT("\000\002bc|") },
	{ IN("a\000\002"), OUT("\000\002"), .declared = 4 }
};
static const struct decode_case strip_more[] = {
	{ IN("\003xyz\004xyab"), OUT("z|ab|") },
	{ IN("\002xy\002xy"), OUT("||") },
	{ IN("\003xyz\001x"), OUT("z|"), .error = BELOW_STRIP, .bad = 4 },
	{ IN("\000"), OUT(""), .error = BELOW_STRIP, .bad = 0 },
	{ IN("\005xyab"), OUT("ab"), .declared = 3 },
	{ IN("\005x"), OUT(""), .declared = 3 },
	{ IN("\002x"), OUT(""), .cut = true }
};
/* No frame is so long that it has no length. */
static const struct decode_case adjusted_8[] = {
	{ IN("\000\000\000\000\000\000\000\000a"), OUT("a|") },
	{ IN("\377\377\377\377\377\377\377\376a"), OUT("a"),
	    .declared = UINT64_MAX },
	{ IN("\377\377\377\377\377\377\377\377a"), OUT(""),
	    .error = ABOVE_LENGTH, .bad = 0 }
};
static const struct decode_case whole_8[] = {
	{ IN("\000\000\000\000\000\000\000\001a"),
	    OUT("\000\000\000\000\000\000\000\001a|") },
	{ IN("\377\377\377\377\377\377\377\370a"), OUT(""),
	    .error = ABOVE_FRAME, .bad = 0 },
	{ IN("\377\377\377\377\377\377\377\367a"),
	    OUT("\377\377\377\377\377\377\377\367a"),
	    .declared = UINT64_MAX }
};

#define LENGTH(title, cases, ...) \
	{ { .name = title, .kind = DECODE_LENGTH, .field = { __VA_ARGS__ } }, \
	    DECODE_CASES(cases) }

static const struct decode_group groups[] = {
	{ { .name = "fixed 1", .kind = DECODE_FIXED, .size = 1 },
	    DECODE_CASES(fixed_1) },
	{ { .name = "fixed 3", .kind = DECODE_FIXED, .size = 3 },
	    DECODE_CASES(fixed_3) },
	{ { .name = "fixed and huge", .kind = DECODE_FIXED,
	    .size = SIZE_MAX }, DECODE_CASES(fixed_huge) },
	LENGTH("1 byte", width_1, 1, BIG, 0, 0, 1, 0),
	LENGTH("1 byte, little", width_1, 1, LITTLE, 0, 0, 1, 0),
	LENGTH("2 bytes", big_2, 2, BIG, 0, 0, 2, 0),
	LENGTH("2 bytes, little", little_2, 2, LITTLE, 0, 0, 2, 0),
	LENGTH("3 bytes", big_3, 3, BIG, 0, 0, 3, 0),
	LENGTH("3 bytes, little", little_3, 3, LITTLE, 0, 0, 3, 0),
	LENGTH("4 bytes", big_4, 4, BIG, 0, 0, 4, 0),
	LENGTH("4 bytes, little", little_4, 4, LITTLE, 0, 0, 4, 0),
	LENGTH("8 bytes", big_8, 8, BIG, 0, 0, 8, 0),
	LENGTH("8 bytes, little", little_8, 8, LITTLE, 0, 0, 8, 0),
	LENGTH("Netty 2, 0, 0", netty_plain, 2, BIG, 0, 0, 0, 0),
	LENGTH("Netty 2, 0, 2", netty_stripped, 2, BIG, 0, 0, 2, 0),
	LENGTH("Netty 2, -2, 0", netty_inclusive, 2, BIG, 0, -2, 0, 0),
	LENGTH("Netty 2 + 3, 0, 0", netty_behind, 3, BIG, 2, 0, 0, 0),
	LENGTH("Netty 3, 2, 0", netty_between, 3, BIG, 0, 2, 0, 0),
	LENGTH("Netty 1 + 2, 1, 3", netty_both, 2, BIG, 1, 1, 3, 0),
	LENGTH("Netty 1 + 2, -3, 3", netty_both_inclusive, 2, BIG, 1, -3, 3,
	    0),
	LENGTH("1 + 2, a part stripped", strip_part, 2, BIG, 1, 0, 1, 0),
	LENGTH("1, more stripped", strip_more, 1, BIG, 0, 0, 3, 0),
	LENGTH("8 bytes, 1 more", adjusted_8, 8, BIG, 0, 1, 8, 0),
	LENGTH("8 bytes, nothing stripped", whole_8, 8, BIG, 0, 0, 0, 0)
};

const struct decode_groups decode_groups_length = { groups,
	sizeof(groups) / sizeof(groups[0]) };
