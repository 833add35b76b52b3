/*
 * The streams. They are short, so that there are few points in them, and all
 * that is special is in one of them: empty frames, a delimiter's beginning
 * that is none, counts, count 0, what no frame holds, frames above the
 * maximum, and ends at good and bad places; and frames of other framings.
 */

#include "matrix.h"

#define DELIMITER(text) { .kind = MATRIX_DELIMITER, .bytes = (text) }
#define COUNT(n) { .kind = MATRIX_COUNT, .count = (n) }
#define FRAMING(f) { .kind = MATRIX_FRAMING, .framing = &matrix_ ## f }
#define NONE { .kind = MATRIX_NONE }
#define KEEP { .kind = MATRIX_KEEP }

const struct matrix_base matrix_bases[] = {
	{ .name = "lines", .input = "ab;;;;c;d;;ef;g", .start = DELIMITER(";;") },
	{ .name = "lines, cut off", .input = "ab;;c;d;;d;", .eof = true,
	    .start = DELIMITER(";;") },
	{ .name = "lines, the last one too", .input = "ab;;;;cd;", .eof = true,
	    .options = EVCHAT_OPT_DELIVER_LAST, .start = DELIMITER(";;") },
	{ .name = "counts and lines", .input = "3;;xyzd;;q;;;;tail;;",
	    .start = DELIMITER(";;"), .program = { COUNT(3), DELIMITER(";;"),
	    COUNT(0), DELIMITER(";;"), KEEP, COUNT(0), COUNT(2), NONE } },
	{ .name = "counts, then none", .input = "abcdefgh", .eof = true,
	    .start = COUNT(2), .program = { COUNT(3) } },
	{ .name = "a count, cut off", .input = "abcde", .eof = true,
	    .start = COUNT(2), .program = { COUNT(4) } },
	{ .name = "none, half open", .input = "abc;;d;", .eof = true,
	    .options = EVCHAT_OPT_HALF_OPEN, .start = NONE },
	{ .name = "too long, discarded", .input = "abc;;abcd;ef;;gh;;ijkl",
	    .eof = true, .start = DELIMITER(";;"), .max = 3,
	    .policy = EVCHAT_OVERSIZE_DISCARD },
	{ .name = "too long, truncated", .input = "abcde;;vwxyzd;;ab;;hijkl;;",
	    .start = DELIMITER(";;"), .program = { COUNT(5),
	    DELIMITER(";;") }, .max = 3, .policy = EVCHAT_OVERSIZE_TRUNCATE },
	{ .name = "any line ends", .input = "ab\r\n\ncd\re\n", .eof = true,
	    .start = FRAMING(any) },
	{ .name = "LF or CR LF", .input = "ab\r\nc\n\r\nd\re\r\nf", .eof = true,
	    .start = FRAMING(crlf) },
	{ .name = "the longest of two", .input = "ab;;dc;;e;", .eof = true,
	    .start = FRAMING(longest) },
	{ .name = "lengths", .input = "2ab03cde2d", .eof = true,
	    .start = FRAMING(length) },
	{ .name = "netstrings, malformed", .input = "2:ab,0:,3:cde,1:;;",
	    .eof = true, .malformed = true, .start = FRAMING(netstring) },
	{ .name = "blocks of lines", .input = "a\r\n..\r\n.\r\nd\rc\r\n.;\r",
	    .eof = true, .start = FRAMING(dot) },
	{ .name = "chunks", .input = "2\r\nab\r\n1;x\r\nc\r\n0\r\n\r\n"
	    "1\r\nd\r\n", .eof = true, .start = FRAMING(chunked) },
	{ .name = "a framing of its own", .input = "ab!!cd!e", .eof = true,
	    .start = FRAMING(custom) },
};

const size_t matrix_n_bases = sizeof(matrix_bases) / sizeof(matrix_bases[0]);

const struct matrix_cut *
base_program(const struct matrix_base *base, size_t frames)
{
	static const struct matrix_cut keep = KEEP;

	return frames < MATRIX_FRAMES ? &base->program[frames] : &keep;
}
