#ifndef FRAMECAT_FEED_H
#define FRAMECAT_FEED_H

/*
 * A descriptor of any kind to read from, as a bufferevent: a terminal, a pipe,
 * a file.
 *
 * A bufferevent_socket wants a descriptor that does not block; what stdin is,
 * is shared with the shell and with others, who do not expect that of it. So a
 * channel gets one end of a bufferevent_pair, and at the other end the feed
 * reads when there is something, and no further than the channel takes it. The
 * event loop needs EV_FEATURE_FDS, since epoll knows no files.
 */

struct bufferevent;
struct event_base;
struct framecat_feed;

/*
 * Make the bufferevent that gives what is read from fd, which is borrowed.
 *
 * far: set to it, for evchat_new() to take. Returns what is to be freed when
 * that channel has ended, or NULL with errno.
 */
struct framecat_feed *framecat_feed_new(struct event_base *base, int fd,
    struct bufferevent **far);

/* Why the input ended: an errno, or 0 if that was all. */
int framecat_feed_error(const struct framecat_feed *feed);

/* NULL is fine. */
void framecat_feed_free(struct framecat_feed *feed);

#endif
