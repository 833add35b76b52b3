#ifndef BENCH_BARE_H
#define BENCH_BARE_H

/*
 * A connection by hand, on nothing but recv() and send(): what the loops of
 * serve_event.c and serve_epoll.c share. One recv() when there is something,
 * one send() of all answers to it. While a socket takes no more, it is not
 * read.
 */

#include <stddef.h>

struct bare {
	int fd;
	char *in;		/* the begin of a message, between two reads */
	size_t in_len;
	size_t in_size;
	char *out;		/* what the socket did not take */
	size_t out_off;
	size_t out_len;
};

enum bare_state {
	BARE_READ,		/* wait until there is something to read */
	BARE_WRITE,		/* wait until there is room to write */
	BARE_END		/* close it */
};

/* Finds the whole messages in data, of which the first `seen' bytes have been
 * looked at before, and hands them to the application.
 * Returns how many bytes they were. */
typedef size_t (*bare_split_cb)(struct bare *conn, const char *data,
    size_t len, size_t seen);

size_t bare_split_lines(struct bare *conn, const char *data, size_t len,
    size_t seen);
size_t bare_split_lengths(struct bare *conn, const char *data, size_t len,
    size_t seen);

enum bare_state bare_read(struct bare *conn, bare_split_cb split);
enum bare_state bare_write(struct bare *conn);
void bare_close(struct bare *conn);

#endif
