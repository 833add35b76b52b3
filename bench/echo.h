#ifndef BENCH_ECHO_H
#define BENCH_ECHO_H

/*
 * The application of those who are measured in one process: every line comes
 * back, by a channel's hook, or by hand from a bufferevent.
 */

#include <event2/bufferevent.h>
#include <evchat.h>

/* With any framing. */
extern const struct evchat_hooks echo_hooks;

/* A read callback: evbuffer_readln() and bufferevent_write(). */
void echo_lines(struct bufferevent *bev, void *arg);

#endif
