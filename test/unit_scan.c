/*
 * Driving the scanner; see unit_scan.h.
 */

#include <string.h>
#include <check.h>
#include "unit_scan.h"

struct terminator
unit_scan_delimiter(const char *delimiter, size_t n)
{
	return (struct terminator){ .kind = SCAN_FRAMING,
	    .framing = unit_delimiter(delimiter, n) };
}

void
unit_scan_begin(struct unit_scan *stream, struct terminator terminator,
    const char *bytes)
{
	memset(stream, 0, sizeof(*stream));
	scan_init(&stream->scan, &terminator);
	stream->bytes = bytes;
}

bool
unit_scan_step(struct unit_scan *stream, size_t end)
{
	const char *data = stream->bytes + stream->decided;
	struct scan_step found = { .used = 99, .data = 99, .skip = 99 };
	bool ended;

	ended = scan_next(&stream->scan, (const unsigned char *)stream->bytes +
	    stream->scanned, end - stream->scanned, &found) == SCAN_FRAME;
	stream->scanned += found.used;
	stream->decided += found.data + found.skip;
	if (stream->scanned > end || stream->decided > stream->scanned)
		ck_abort_msg("used %zu, data %zu, skip %zu", found.used,
		    found.data, found.skip);
	if (found.data > 0)
		unit_note_collect(&stream->text, data, found.data);
	if (!ended && (stream->scanned != end ||
	    stream->scan.held != stream->scanned - stream->decided))
		ck_abort_msg("used %zu, %zu held", found.used,
		    stream->scan.held);
	if (ended && stream->decided != stream->scanned)
		ck_abort_msg("held at the end of a frame");
	return ended;
}

void
unit_scan_to(struct unit_scan *stream, size_t end)
{
	while (stream->scanned < end) {
		if (!unit_scan_step(stream, end))
			continue;
		unit_note(&stream->text, "found");
		scan_restart(&stream->scan);
	}
}

size_t
unit_scan_rest(struct scan *scan)
{
	struct scan_step found;

	ck_assert_int_ne(scan_finish(scan, &found), SCAN_FRAME);
	return found.data;
}

void
unit_scan_finish(struct unit_scan *stream)
{
	size_t held = unit_scan_rest(&stream->scan);

	ck_assert_uint_eq(held, stream->scanned - stream->decided);
	if (held > 0)
		unit_note_bytes(&stream->text, "rest", stream->bytes +
		    stream->decided, held);
}

void
unit_scan_end(struct unit_scan *stream, const char *expected)
{
	scan_release(&stream->scan);
	unit_expect(&stream->text, expected);
}
