#ifndef FRAMECAT_SINK_H
#define FRAMECAT_SINK_H

/*
 * A descriptor of any kind to write to, as a bufferevent; why it cannot simply
 * be a bufferevent_socket, framecat_feed.h says.
 */

struct bufferevent;
struct event_base;
struct framecat_sink;

/*
 * Make the bufferevent whose output is written to fd, which is borrowed.
 *
 * It gets EOF when its write side was shut and all is written, or when writing
 * has failed; what comes then is dropped. The rest is as with a feed.
 */
struct framecat_sink *framecat_sink_new(struct event_base *base, int fd,
    struct bufferevent **far);

/* Why writing failed: an errno, or 0 if it did not. */
int framecat_sink_error(const struct framecat_sink *sink);

/* NULL is fine. */
void framecat_sink_free(struct framecat_sink *sink);

#endif
