/*
 * framecat's output; see framecat_print.h. A frame is
 *
 *	[1] 0.004 s, 5 bytes: hello
 *
 * or, in hexadecimal, such a line without the payload, the lines of a dump,
 * and the offset of the frame's end, so that an empty one is seen as well.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <event2/buffer.h>
#include "framecat_print.h"
#include "framecat_text.h"

#define ROW	16		/* bytes in a line of a dump */

int
framecat_print_start(struct framecat_print *print)
{
	print->n = 0;
	return clock_gettime(CLOCK_MONOTONIC, &print->start);
}

static double
seconds_since(const struct timespec *start)
{
	struct timespec now;

	/* It did not fail the first time. */
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) +
	    (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static int
print_header(const struct framecat_print *print, struct evbuffer *to,
    size_t len)
{
	char time[32] = "";

	if (!print->timeless)
		snprintf(time, sizeof(time), "%.3f s, ",
		    seconds_since(&print->start));
	return evbuffer_add_printf(to, "[%" PRIu64 "] %s%zu byte%s:%s",
	    print->n, time, len, len == 1 ? "" : "s",
	    print->form == FRAMECAT_HEX ? "\n" : len == 0 ? "" : " ");
}

/* 00000000  68 65 6c 6c 6f                                    |hello| */
static int
print_row(struct evbuffer *to, size_t at, const unsigned char *row, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char hex[3 * ROW + 1], text[ROW], *place = hex;
	size_t i;

	memset(hex, ' ', sizeof(hex));
	for (i = 0; i < len; i++, place += 3) {
		if (i == ROW / 2)
			place++;
		place[0] = digits[row[i] >> 4];
		place[1] = digits[row[i] & 15];
		text[i] = row[i] >= ' ' && row[i] <= '~' ? (char)row[i] : '.';
	}
	return evbuffer_add_printf(to, "%08zx  %.*s |%.*s|\n", at,
	    (int)sizeof(hex), hex, (int)len, text);
}

static int
print_dump(struct evbuffer *to, const unsigned char *data, size_t len)
{
	size_t at;

	for (at = 0; at < len; at += ROW) {
		if (print_row(to, at, data + at,
		    len - at < ROW ? len - at : ROW) == -1)
			return -1;
	}
	return evbuffer_add_printf(to, "%08zx\n", len);
}

int
framecat_print_frame(struct framecat_print *print, struct evbuffer *to,
    const void *data, size_t len)
{
	int status;

	print->n++;
	errno = ENOMEM;
	if (print->form == FRAMECAT_RAW)
		return evbuffer_add(to, data, len);
	if (!print->bare && print_header(print, to, len) == -1)
		return -1;
	if (print->form == FRAMECAT_HEX)
		status = print_dump(to, data, len);
	else
		status = framecat_add_escaped(to, data, len) == -1 ? -1 :
		    evbuffer_add(to, "\n", 1);
	return status == -1 ? -1 : 0;
}
