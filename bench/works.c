/*
 * The table of workloads. The targets for them are in bench/targets; what a way
 * is called in a table is said here.
 */
#include "works.h"

#define LINE_WAYS { \
	{ "evchat", "serve_evchat", "lines" }, \
	{ "readln", "serve_readln", "lines" }, \
	{ "event", "serve_event", "lines" }, \
	{ "epoll", "serve_epoll", "lines" }, \
	{ "libuv", "serve_uv", "lines" }, \
	{ "asio", "serve_asio", "lines" } }

#define LENGTH_WAYS { \
	{ "evchat", "serve_evchat", "length" }, \
	{ "copyout", "serve_readln", "length" }, \
	{ "event", "serve_event", "length" }, \
	{ "epoll", "serve_epoll", "length" } }

#define BIG_WAYS { \
	{ "evchat", "serve_evchat", "lines" }, \
	{ "readln", "serve_readln", "lines" }, \
	{ "event", "serve_big", "stream" }, \
	{ "event-whole", "serve_big", "whole" }, \
	{ "libuv", "serve_uv", "lines" }, \
	{ "asio", "serve_asio", "lines" } }

#define BROADCAST_WAYS { \
	{ "evchat", "serve_evchat", "broadcast" }, \
	{ "evchat-loop", "serve_evchat", "loop" }, \
	{ "bufferevent", "serve_readln", "broadcast" } }

#define CROWD_WAYS { \
	{ "evchat", "serve_evchat", "lines" }, \
	{ "event", "serve_event", "lines" } }

const struct work works[] = {
	{ "echo", "64 connections x 32 lines of 32 bytes",
	    LOAD_LINES, 64, 32, 32, 0, LINE_WAYS },
	{ "burst", "8 connections x 512 lines of 32 bytes",
	    LOAD_LINES, 8, 512, 32, 0, LINE_WAYS },
	{ "kib", "64 connections x 8 lines of 1 KiB",
	    LOAD_LINES, 64, 8, 1024, 0, LINE_WAYS },
	{ "pingpong", "64 connections x 1 line of 32 bytes",
	    LOAD_LINES, 64, 1, 32, 0, LINE_WAYS },
	{ "length", "64 connections x 32 frames of 4 + 64 bytes",
	    LOAD_LENGTH, 64, 32, 4 + 64, 0, LENGTH_WAYS },
	{ "mib", "1 connection x 1 line of 1 MiB",
	    LOAD_LINES, 1, 1, 1 << 20, 0, BIG_WAYS },
	{ "broadcast", "64 members, a line of each to all 64",
	    LOAD_BROADCAST, 64, 1, 32, 0, BROADCAST_WAYS },
	{ "alone", "64 connections x 32 lines, and no others",
	    LOAD_LINES, 64, 32, 32, 0, CROWD_WAYS },
	{ "crowd", "the same beside 50,000 idle ones",
	    LOAD_LINES, 64, 32, 32, 50000, CROWD_WAYS },
	{ .name = NULL }
};
