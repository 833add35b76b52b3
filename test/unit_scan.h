#ifndef UNIT_SCAN_H
#define UNIT_SCAN_H

/*
 * A stream as whoever drives the scanner sees it.
 *
 * The transcript: "collect:ab", "found", and "rest:ab" for what is held when
 * the stream ends.
 */

#include "../lib/scan.h"
#include "unit.h"

struct unit_scan {
	struct scan scan;
	const char *bytes;
	size_t decided; /* bytes of which it is known what they are */
	size_t scanned;
	struct unit_text text;
};

/* The reference is taken by the scanner. */
struct terminator unit_scan_delimiter(const char *delimiter, size_t n);

void unit_scan_begin(struct unit_scan *stream, struct terminator terminator,
    const char *bytes);
/* Scan up to an offset once. True if a frame ended. */
bool unit_scan_step(struct unit_scan *stream, size_t end);
/* Scan up to an offset, with all frames that end there. */
void unit_scan_to(struct unit_scan *stream, size_t end);
/* The stream has ended: how many of the bytes held are data. */
size_t unit_scan_rest(struct scan *scan);
void unit_scan_finish(struct unit_scan *stream);
void unit_scan_end(struct unit_scan *stream, const char *expected); /* frees */

#endif
