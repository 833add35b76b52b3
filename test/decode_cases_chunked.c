/*
 * What bytes come to as chunked bodies (RFC 9112, 7.1). Their limits are in
 * check_decode_limits.c, since they are too long for a table.
 */

#include "decode_cases.h"

#define TRAILERS EVCHAT_FRAMING_DELIVER_TRAILERS

static const struct decode_case chunked[] = {
	{ IN(""), OUT("") },
	{ IN("0\r\n\r\n"), OUT("|") },
	{ IN("5\r\nhello\r\n0\r\n\r\n"), OUT("hello|") },
	{ IN("4\r\nWiki\r\n7\r\npedia i\r\nB\r\nn \r\nchunks.\r\n0\r\n\r\n"),
	    OUT("Wikipedia in \r\nchunks.|") },
	{ IN("a\r\n0123456789\r\n0\r\n\r\n"), OUT("0123456789|") },
	{ IN("A\r\n0123456789\r\n0\r\n\r\n"), OUT("0123456789|") },
	{ IN("0f\r\n0123456789abcde\r\n0\r\n\r\n"),
	    OUT("0123456789abcde|") },
	{ IN("0001\r\na\r\n000\r\n\r\n"), OUT("a|") },
	{ IN("1\r\na\r\n0\r\n\r\n2\r\nbc\r\n0\r\n\r\n0\r\n\r\n"),
	    OUT("a|bc||") },
	{ IN("2\r\n\r\n\r\n0\r\n\r\n"), OUT("\r\n|") },
	/* Extensions. */
	{ IN("1;a\r\nx\r\n0;b=c;d\r\n\r\n"), OUT("x|") },
	{ IN("1;a=\"b;c\"\r\nx\r\n0\r\n\r\n"), OUT("x|") },
	{ IN("1;a=\"\\\"b\"\r\nx\r\n0\r\n\r\n"), OUT("x|") },
	{ IN("1 ; a = b\r\nx\r\n0\r\n\r\n"), OUT("x|") },
	{ IN("1\t;a\r\nx\r\n0\r\n\r\n"), OUT("x|") },
	{ IN("1;a\nx"), OUT(""), .error = BARE_LF_EXTENSION, .bad = 3 },
	{ IN("1;a\rb\r\n"), OUT(""), .error = NO_LF_BEHIND, .bad = 4 },
	{ IN("1;a=\"\r\nx"), OUT("x") },
	{ IN("1;a=\"\n\"\r\nx"), OUT(""), .error = BARE_LF_EXTENSION,
	    .bad = 5 },
	/* Trailers. */
	{ IN("1\r\na\r\n0\r\nA: b\r\nC: d\r\n\r\n"), OUT("a|") },
	{ IN("0\r\nA: b\r\n\r\n0\r\n\r\n"), OUT("||") },
	{ IN("1\r\na\r\n0\r\nA: b\n\r\n"), OUT("a"), .error = BARE_LF_TRAILERS,
	    .bad = 13 },
	{ IN("1\r\na\r\n0\r\nA: b\rc\r\n"), OUT("a"), .error = NO_LF_BEHIND,
	    .bad = 14 },
	{ IN("1\r\na\r\n0\r\n\n"), OUT("a"), .error = BARE_LF_TRAILERS,
	    .bad = 9 },
	{ IN("1\r\na\r\n0\r\n\ra"), OUT("a"), .error = NO_LF_BEHIND,
	    .bad = 10 },
	/* Sizes. */
	{ IN("\r\n"), OUT(""), .error = NO_SIZE, .bad = 0 },
	{ IN(";a\r\n"), OUT(""), .error = NO_SIZE, .bad = 0 },
	{ IN(" 1\r\na"), OUT(""), .error = NO_SIZE, .bad = 0 },
	{ IN("g\r\n"), OUT(""), .error = NO_SIZE, .bad = 0 },
	{ IN("-1\r\n"), OUT(""), .error = NO_SIZE, .bad = 0 },
	{ IN("+1\r\n"), OUT(""), .error = NO_SIZE, .bad = 0 },
	{ IN("0x1\r\na"), OUT(""), .error = NO_HEX, .bad = 1 },
	{ IN("1g\r\na"), OUT(""), .error = NO_HEX, .bad = 1 },
	{ IN("1\000\r\na"), OUT(""), .error = NO_HEX, .bad = 1 },
	{ IN("1,a\r\n"), OUT(""), .error = NO_HEX, .bad = 1 },
	{ IN("1 \nab"), OUT(""), .error = BARE_LF_SIZE, .bad = 2 },
	{ IN("1 a"), OUT(""), .error = NO_SEMICOLON, .bad = 2 },
	{ IN("1\nab"), OUT(""), .error = BARE_LF_SIZE, .bad = 1 },
	{ IN("1\rab"), OUT(""), .error = NO_LF_BEHIND, .bad = 2 },
	{ IN("1\r\na\r\ng"), OUT("a"), .error = NO_SIZE, .bad = 6 },
	{ IN("1\r\na\r\n\r\n"), OUT("a"), .error = NO_SIZE, .bad = 6 },
	{ IN("FFFFFFFFFFFFFFFF\r\na"), OUT("a") },
	{ IN("80000000\r\na"), OUT("a") },
	{ IN("10000000000000000\r\na"), OUT(""), .error = MANY_HEX,
	    .bad = 16 },
	{ IN("fffffffffffffffff\r\na"), OUT(""), .error = MANY_HEX,
	    .bad = 16 },
	{ IN("00000000000000001\r\na"), OUT(""), .error = MANY_HEX,
	    .bad = 16 },
	/* Behind a chunk. */
	{ IN("1\r\nab\r\n"), OUT("a"), .error = NO_CHUNK_END, .bad = 4 },
	{ IN("1\r\na\n0\r\n\r\n"), OUT("a"), .error = NO_CHUNK_END,
	    .bad = 4 },
	{ IN("1\r\na\rb"), OUT("a"), .error = NO_LF_BEHIND, .bad = 5 },
	{ IN("0\r\n\r\n1\r\nab"), OUT("|a"), .error = NO_CHUNK_END,
	    .bad = 9 },
	/* The input ends. */
	{ IN("5"), OUT(""), .cut = true },
	{ IN("5\r"), OUT(""), .cut = true },
	{ IN("5;a"), OUT(""), .cut = true },
	{ IN("5\r\n"), OUT(""), .cut = true },
	{ IN("5\r\nhel"), OUT("hel") },
	{ IN("3\r\nhel"), OUT("hel") },
	{ IN("3\r\nhel\r"), OUT("hel") },
	{ IN("3\r\nhel\r\n"), OUT("hel") },
	{ IN("3\r\nhel\r\n0"), OUT("hel") },
	{ IN("3\r\nhel\r\n0\r\n"), OUT("hel") },
	{ IN("3\r\nhel\r\n0\r\nA: b\r\n"), OUT("hel") },
	{ IN("3\r\nhel\r\n0\r\n\r"), OUT("hel") },
	{ IN("0\r\n\r\n0\r\n"), OUT("|"), .cut = true }
};
static const struct decode_case trailers[] = {
	{ IN("5\r\nhello\r\n0\r\n\r\n"), OUT("hello|") },
	{ IN("1\r\na\r\n0\r\nA: b\r\nC: d\r\n\r\n"),
	    OUT("a^A: b\r\nC: d\r\n|") },
	{ IN("0\r\nA: b\r\n\r\n0\r\n\r\n"), OUT("^A: b\r\n||") },
	{ IN("0;x=y\r\nA\r\n\r\n1\r\na\r\n0\r\n\r\n"),
	    OUT("^A\r\n|a|") },
	{ IN("1\r\na\r\n0\r\nA: b\n\r\n"), OUT("a^A: b"),
	    .error = BARE_LF_TRAILERS, .bad = 13 },
	{ IN("1\r\na\r\n0\r\nA: b\r\nC: d"), OUT("a^A: b\r\nC: d") }
};

static const struct decode_group groups[] = {
	{ { .name = "chunked", .kind = DECODE_CHUNKED },
	    DECODE_CASES(chunked) },
	{ { .name = "chunked with trailers", .kind = DECODE_CHUNKED,
	    .flags = TRAILERS }, DECODE_CASES(trailers) }
};

const struct decode_groups decode_groups_chunked = { groups,
	sizeof(groups) / sizeof(groups[0]) };
