/*
 * The table of workloads. The targets for them are in bench/targets; what a
 * way is called in a table is said here.
 */
#include "works.h"

#define LINE_WAYS { \
	{ "evchat", "serve_evchat", "lines", 0 }, \
	{ "evchat-bev", "serve_evchat", "lines-by-bufferevent", 0 }, \
	{ "readln", "serve_readln", "lines", 0 }, \
	{ "event", "serve_event", "lines", 0 }, \
	{ "epoll", "serve_epoll", "lines", 0 }, \
	{ "libuv", "serve_uv", "lines", 0 }, \
	{ "asio", "serve_asio", "lines", 0 } }

#define LENGTH_WAYS { \
	{ "evchat", "serve_evchat", "length", 0 }, \
	{ "copyout", "serve_readln", "length", 0 }, \
	{ "event", "serve_event", "length", 0 }, \
	{ "epoll", "serve_epoll", "length", 0 } }

#define BIG_WAYS { \
	{ "evchat", "serve_evchat", "lines", 0 }, \
	{ "readln", "serve_readln", "lines", 0 }, \
	{ "event", "serve_big", "stream", 0 }, \
	{ "event-whole", "serve_big", "whole", 0 }, \
	{ "libuv", "serve_uv", "lines", 0 }, \
	{ "asio", "serve_asio", "lines", 0 } }

#define BROADCAST_WAYS { \
	{ "evchat", "serve_evchat", "broadcast", 0 }, \
	{ "evchat-loop", "serve_evchat", "loop", 0 }, \
	{ "bufferevent", "serve_readln", "broadcast", 0 } }

#define CROWD_WAYS { \
	{ "evchat", "serve_evchat", "lines", 50000 }, \
	{ "evchat-alone", "serve_evchat", "lines", 0 }, \
	{ "event", "serve_event", "lines", 50000 }, \
	{ "event-alone", "serve_event", "lines", 0 } }

const struct work works[] = {
	{ "echo", "64 connections x 32 lines of 32 bytes",
	    LOAD_LINES, 64, 32, 32, LINE_WAYS },
	{ "burst", "8 connections x 512 lines of 32 bytes",
	    LOAD_LINES, 8, 512, 32, LINE_WAYS },
	{ "kib", "64 connections x 8 lines of 1 KiB",
	    LOAD_LINES, 64, 8, 1024, LINE_WAYS },
	{ "pingpong", "64 connections x 1 line of 32 bytes",
	    LOAD_LINES, 64, 1, 32, LINE_WAYS },
	{ "length", "64 connections x 32 frames of 4 + 64 bytes",
	    LOAD_LENGTH, 64, 32, 4 + 64, LENGTH_WAYS },
	{ "mib", "1 connection x 1 line of 1 MiB",
	    LOAD_LINES, 1, 1, 1 << 20, BIG_WAYS },
	{ "broadcast", "64 members, a line of each to all 64",
	    LOAD_BROADCAST, 64, 1, 32, BROADCAST_WAYS },
	{ "crowd", "as echo, beside 50,000 idle connections and alone",
	    LOAD_LINES, 64, 32, 32, CROWD_WAYS },
	{ .name = NULL }
};
