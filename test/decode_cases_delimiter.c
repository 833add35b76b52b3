/*
 * What bytes come to under delimiters, one of them or several.
 */

#include "decode_cases.h"

#define KEEP EVCHAT_FRAMING_KEEP_DELIMITER
#define LONGEST EVCHAT_FRAMING_MATCH_LONGEST

/* One */

static const struct decode_case crlf[] = {
	{ IN(""), OUT("") },
	{ IN("\r\n"), OUT("|") },
	{ IN("ab\r\ncd\r\n"), OUT("ab|cd|") },
	{ IN("ab\r\n\r\n\r\n"), OUT("ab|||") },
	{ IN("ab"), OUT("ab") },
	{ IN("ab\r\nc"), OUT("ab|c") },
	{ IN("ab\r"), OUT("ab\r") },
	{ IN("\r"), OUT("\r") },
	{ IN("a\rb\nc\r\n"), OUT("a\rb\nc|") },
	{ IN("a\r\r\nb\r\n"), OUT("a\r|b|") },
	{ IN("\n\r\n"), OUT("\n|") },
	{ IN("a\000b\r\n\000\r\n"), OUT("a\000b|\000|") },
	{ IN("a\377\r\n"), OUT("a\377|") },
	{ IN("\n\n"), OUT("\n\n") }
};
static const struct decode_case crlf_kept[] = {
	{ IN("\r\n"), OUT("^\r\n|") },
	{ IN("ab\r\n\r\ncd\r\n"), OUT("ab^\r\n|^\r\n|cd^\r\n|") },
	{ IN("ab\r\nc\r"), OUT("ab^\r\n|c\r") },
	{ IN("a\rb\r\n"), OUT("a\rb^\r\n|") }
};
/* Prefixes of itself inside of itself. */
static const struct decode_case aabaaab[] = {
	{ IN("aabaaab"), OUT("|") },
	{ IN("aabaabaaabx"), OUT("aab|x") },
	{ IN("aaaabaaab"), OUT("aa|") },
	{ IN("aabaaabaaabaaab"), OUT("|a|") },
	{ IN("aabaaaabaaab"), OUT("aabaa|") },
	{ IN("xaabaaa"), OUT("xaabaaa") },
	{ IN("aabaaabaabaaab"), OUT("||") }
};
static const struct decode_case aa[] = {
	{ IN("aaaaa"), OUT("||a") },
	{ IN("abaab"), OUT("ab|b") }
};
static const struct decode_case aa_kept[] = {
	{ IN("aaaaa"), OUT("^aa|^aa|a") },
	{ IN("abaab"), OUT("ab^aa|b") }
};

/* Several: the first end, and of those that end there the longest */

static const struct decode_case lf_or_crlf[] = {
	{ IN("a\r\nb\nc"), OUT("a|b|c") },
	{ IN("\r\n\n\r\n"), OUT("|||") },
	{ IN("a\r\r\n"), OUT("a\r|") },
	{ IN("a\rb\n"), OUT("a\rb|") },
	{ IN("a\r"), OUT("a\r") }
};
static const struct decode_case lf_or_crlf_kept[] = {
	{ IN("a\r\nb\nc"), OUT("a^\r\n|b^\n|c") },
	{ IN("\r\r\n"), OUT("\r^\r\n|") }
};
/* CR is found before it can become CR LF. */
static const struct decode_case cr_or_crlf[] = {
	{ IN("a\r\nb\rc"), OUT("a|\nb|c") },
	{ IN("\r\n"), OUT("|\n") },
	{ IN("a\n\r"), OUT("a\n|") }
};
static const struct decode_case cr_or_crlf_longest[] = {
	{ IN("a\r\nb\rc"), OUT("a|b|c") },
	{ IN("\r\n"), OUT("|") },
	{ IN("\r\n\n\r\n"), OUT("|\n|") },
	{ IN("a\r"), OUT("a|") },
	{ IN("a\r\r\n"), OUT("a||") },
	{ IN("a\r\r"), OUT("a||") },
	{ IN("a\n"), OUT("a\n") }
};
static const struct decode_case cr_or_crlf_longest_kept[] = {
	{ IN("a\r\nb\rc\r"), OUT("a^\r\n|b^\r|c^\r|") },
	{ IN("a\r\r\n"), OUT("a^\r|^\r\n|") }
};
/* One whose longer form fails on its way has ended with what was found. */
static const struct decode_case a_ab_abcd[] = {
	{ IN("xabcdy"), OUT("x|y") },
	{ IN("xabcey"), OUT("x|cey") },
	{ IN("xabc"), OUT("x|c") },
	{ IN("xaabcab"), OUT("x||c|") },
	{ IN("xababcd"), OUT("x||") },
	{ IN("xa"), OUT("x|") },
	{ IN("xacab"), OUT("x|c|") }
};
static const struct decode_case a_ab_abcd_first[] = {
	{ IN("xabcdy"), OUT("x|bcdy") },
	{ IN("aab"), OUT("||b") }
};
/* Suffixes of each other's prefixes: one pass, no step back. */
static const struct decode_case chains[] = {
	{ IN("abcxbcx"), OUT("abcxbcx") },
	{ IN("xabcd"), OUT("x|") },
	{ IN("xabce"), OUT("xa|") },
	{ IN("xabab"), OUT("xabab") },
	{ IN("abcbcecf"), OUT("abc||") },
	{ IN("abcf"), OUT("ab|") },
	{ IN("ababcd"), OUT("ab|") }
};
static const struct decode_case chains_kept[] = {
	{ IN("xabcexabcd"), OUT("xa^bce|x^abcd|") },
	{ IN("bcabcfcf"), OUT("bcab^cf|^cf|") }
};
/* Where several end at once, the longest is the delimiter. */
static const struct decode_case tails[] = {
	{ IN("xabc"), OUT("x|") },
	{ IN("abbc"), OUT("ab|") },
	{ IN("aac"), OUT("aa|") },
	{ IN("ccbc"), OUT("|||") }
};
static const struct decode_case tails_kept[] = {
	{ IN("xabc"), OUT("x^abc|") },
	{ IN("abbcac"), OUT("ab^bc|a^c|") }
};
/* One inside of another: its end comes first. */
static const struct decode_case inside[] = {
	{ IN("xabcd"), OUT("xa|cd") },
	{ IN("babc"), OUT("|a|c") }
};
static const struct decode_case inside_longest[] = {
	{ IN("xabcd"), OUT("xa|d") },
	{ IN("xbcd"), OUT("x|d") },
	{ IN("xab"), OUT("xa|") }
};

static const struct decode_group groups[] = {
	{ { .name = "CR LF", .kind = DECODE_DELIMITER, .set = { "\r\n" } },
	    DECODE_CASES(crlf) },
	{ { .name = "CR LF, kept", .kind = DECODE_DELIMITER, .flags = KEEP,
	    .set = { "\r\n" } }, DECODE_CASES(crlf_kept) },
	{ { .name = "aabaaab", .kind = DECODE_DELIMITER,
	    .set = { "aabaaab" } }, DECODE_CASES(aabaaab) },
	{ { .name = "aa", .kind = DECODE_DELIMITER, .set = { "aa" } },
	    DECODE_CASES(aa) },
	{ { .name = "aa, kept", .kind = DECODE_DELIMITER, .flags = KEEP,
	    .set = { "aa" } }, DECODE_CASES(aa_kept) },
	{ { .name = "a set of CR LF", .kind = DECODE_DELIMITERS,
	    .set = { "\r\n" } }, DECODE_CASES(crlf) },
	{ { .name = "a set of CR LF, longest", .kind = DECODE_DELIMITERS,
	    .flags = LONGEST, .set = { "\r\n" } }, DECODE_CASES(crlf) },
	{ { .name = "a set of aabaaab", .kind = DECODE_DELIMITERS,
	    .set = { "aabaaab", "aabaaab" } }, DECODE_CASES(aabaaab) },
	{ { .name = "a set of aa, longest, kept", .kind = DECODE_DELIMITERS,
	    .flags = KEEP | LONGEST, .set = { "aa" } },
	    DECODE_CASES(aa_kept) },
	{ { .name = "LF or CR LF", .kind = DECODE_DELIMITERS,
	    .set = { "\n", "\r\n" } }, DECODE_CASES(lf_or_crlf) },
	{ { .name = "CR LF or LF, longest", .kind = DECODE_DELIMITERS,
	    .flags = LONGEST, .set = { "\r\n", "\n" } },
	    DECODE_CASES(lf_or_crlf) },
	{ { .name = "LF or CR LF, kept", .kind = DECODE_DELIMITERS,
	    .flags = KEEP, .set = { "\n", "\r\n" } },
	    DECODE_CASES(lf_or_crlf_kept) },
	{ { .name = "CR or CR LF", .kind = DECODE_DELIMITERS,
	    .set = { "\r", "\r\n" } }, DECODE_CASES(cr_or_crlf) },
	{ { .name = "CR or CR LF, longest", .kind = DECODE_DELIMITERS,
	    .flags = LONGEST, .set = { "\r", "\r\n" } },
	    DECODE_CASES(cr_or_crlf_longest) },
	{ { .name = "CR LF or CR, longest, kept", .kind = DECODE_DELIMITERS,
	    .flags = LONGEST | KEEP, .set = { "\r\n", "\r" } },
	    DECODE_CASES(cr_or_crlf_longest_kept) },
	{ { .name = "a, ab or abcd, longest", .kind = DECODE_DELIMITERS,
	    .flags = LONGEST, .set = { "ab", "abcd", "a" } },
	    DECODE_CASES(a_ab_abcd) },
	{ { .name = "a, ab or abcd", .kind = DECODE_DELIMITERS,
	    .set = { "ab", "abcd", "a" } }, DECODE_CASES(a_ab_abcd_first) },
	{ { .name = "abcd, bce or cf", .kind = DECODE_DELIMITERS,
	    .set = { "abcd", "bce", "cf" } }, DECODE_CASES(chains) },
	{ { .name = "abcd, bce or cf, longest", .kind = DECODE_DELIMITERS,
	    .flags = LONGEST, .set = { "cf", "bce", "abcd" } },
	    DECODE_CASES(chains) },
	{ { .name = "abcd, bce or cf, kept", .kind = DECODE_DELIMITERS,
	    .flags = KEEP, .set = { "abcd", "bce", "cf" } },
	    DECODE_CASES(chains_kept) },
	{ { .name = "c, bc or abc", .kind = DECODE_DELIMITERS,
	    .set = { "c", "bc", "abc" } }, DECODE_CASES(tails) },
	{ { .name = "c, bc or abc, kept", .kind = DECODE_DELIMITERS,
	    .flags = KEEP, .set = { "c", "bc", "abc" } },
	    DECODE_CASES(tails_kept) },
	{ { .name = "abcd or b", .kind = DECODE_DELIMITERS,
	    .set = { "abcd", "b" } }, DECODE_CASES(inside) },
	{ { .name = "abcd, bc or b, longest", .kind = DECODE_DELIMITERS,
	    .flags = LONGEST, .set = { "abcd", "bc", "b" } },
	    DECODE_CASES(inside_longest) }
};

const struct decode_groups decode_groups_delimiter = { groups,
	sizeof(groups) / sizeof(groups[0]) };
