/*
 * What clients of memcache want to have done with values.
 */
#ifndef MEMCACHE_VALUES_H
#define MEMCACHE_VALUES_H

#include <time.h>
#include "memcache_words.h"
#include "store_server.h"

struct evchat;
struct item;
struct store;

#define KEY_MAX		250
#define VALUE_MAX	(1024 * 1024)

#define TOO_LARGE	"SERVER_ERROR object too large for cache\r\n"
#define BAD_LINE	"CLIENT_ERROR bad command line format\r\n"
#define BAD_BLOCK	"CLIENT_ERROR bad data chunk\r\n"
#define NO_MEMORY	"SERVER_ERROR out of memory storing object\r\n"

struct memcache {
	struct server server;	/* the first member: so one is the other */
	time_t started;
	uint64_t gets, hits, sets;
};

struct client {
	struct evchat *chat;
	struct memcache *memcache;
	struct store *store;
	int is_quiet;		/* the command is not to be answered */
	/* The block that is awaited, if there is one: what it is for */
	const struct verb *verb;	/* NULL: a line is awaited */
	const char *refusal;	/* NULL: there is no reason not to take it */
	char key[KEY_MAX];
	size_t key_len;
	uint32_t flags;
	int64_t ends;
	uint64_t version;	/* of cas */
};

/* What run and take return is for the client; NULL: that has been seen to. */
struct verb {
	const char *name;
	int min, max;		/* how many words are behind it */
	int is_loud;		/* noreply is one of them */
	const char *(*run)(struct client *client, const struct verb *verb,
	    const struct word *words);
	const char *(*take)(struct client *client, const char *data,
	    size_t len);	/* the block; NULL: there is none */
};

/* Push a text, unless the command is not to be answered. -1: it failed. */
int say(struct client *client, const char *text);

/* Push all of them that are there. -1: that failed. */
int value_get(struct client *client, struct word *keys, int with_version);

/* What there is under the client's key; NULL: nothing. */
struct item *value_find(struct client *client);

/* Put what comes before and what comes behind under it. Returns an answer. */
const char *value_put(struct client *client, struct word first,
    struct word second);

/* What a block is for. */
const char *value_set(struct client *client, const char *data, size_t len);
const char *value_add(struct client *client, const char *data, size_t len);
const char *value_replace(struct client *client, const char *data, size_t len);
const char *value_cas(struct client *client, const char *data, size_t len);
const char *value_append(struct client *client, const char *data, size_t len);
const char *value_prepend(struct client *client, const char *data, size_t len);

#endif
