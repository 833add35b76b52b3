/*
 * The streams. They are short, so that there are few points in them, and all
 * that is special is in one of them: empty frames, a delimiter's beginning that
 * is none, counts, count 0, what no frame holds, frames above the maximum, and
 * ends at good and bad places.
 */

#include "matrix.h"

#define DELIMITER(text) { .kind = MATRIX_DELIMITER, .bytes = (text) }
#define COUNT(n) { .kind = MATRIX_COUNT, .count = (n) }
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
};

const size_t matrix_n_bases = sizeof(matrix_bases) / sizeof(matrix_bases[0]);

const struct matrix_cut *
base_program(const struct matrix_base *base, size_t frames)
{
	static const struct matrix_cut keep = KEEP;

	return frames < MATRIX_FRAMES ? &base->program[frames] : &keep;
}
