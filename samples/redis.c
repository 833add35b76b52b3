/*
 * redis: a server of keys and values in memory, for Redis clients (RESP2).
 *
 * In one terminal:	./redis -p 6379
 * In another:		redis-cli set greeting 'Hello, world'
 *			redis-cli get greeting
 *			redis-benchmark -t ping,set,get -P 32 -q
 * By hand:		printf 'PING\nINCR n\nQUIT\n' | nc 127.0.0.1 6379
 *
 * It knows PING, ECHO, GET, SET with EX, DEL, EXISTS, INCR, EXPIRE, TTL and
 * QUIT. With more than -m MiB of data, those keys go that were not used the
 * longest.
 *
 * A command is a frame, cut by a framing of our own, redis_framing.c. It comes
 * to the hook whole and in one piece, so that its strings are used where they
 * lie, and a client of whom nothing is waited for takes no memory. The answers
 * to all commands that were there leave together. The keys are in store.c, and
 * what it takes to be a server is in store_server.c.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <evchat.h>
#include "redis_framing.h"
#include "store.h"
#include "store_server.h"

#define COMMAND_MAX	(REDIS_STRING_MAX + 64 * 1024)	/* bytes in all */
#define UNCOPIED	(16 * 1024)	/* longer values are sent from where they are */
#define TIME_MAX	1000000000000	/* seconds */

/* Answers. Here and below, -1 says that the channel is of no more use. */

static int
push_text(struct evchat *chat, const char *text)
{
	return evchat_push(chat, text, strlen(text));
}

/* A mark, a number, CR LF. */
static int
push_number(struct evchat *chat, char mark, int64_t number)
{
	char text[32], *end = text + sizeof(text), *at = end - 2;
	uint64_t n = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

	memcpy(at, "\r\n", 2);
	do
		*--at = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	if (number < 0)
		*--at = '-';
	*--at = mark;
	return evchat_push(chat, at, (size_t)(end - at));
}

static int
push_slice(struct evchat *chat, struct slice slice)
{
	if (push_number(chat, '$', (int64_t)slice.len) == -1 ||
	    evchat_push(chat, slice.data, slice.len) == -1)
		return -1;
	return push_text(chat, "\r\n");
}

static void
on_value_sent(const void *data, size_t len, void *item)
{
	(void)data;
	(void)len;
	item_drop(item);
}

static int
push_value(struct evchat *chat, struct item *item)
{
	if (push_number(chat, '$', (int64_t)item->len) == -1)
		return -1;
	if (item->len < UNCOPIED)
		return evchat_push(chat, item_value(item), item->len + 2);
	item_hold(item);
	return evchat_push_reference(chat, item_value(item), item->len + 2,
	    on_value_sent, item);
}

/* Commands: args[0] is the name, and there are as many as verbs[] says. */

static const char not_a_number[] =
    "-ERR value is not an integer or out of range\r\n";

/* Returns -1 for what is not exactly a number. */
static int
number_of(struct slice slice, int64_t *number)
{
	char text[24], *rest;

	if (slice.len == 0 || slice.len >= sizeof(text) ||
	    strchr("-0123456789", *slice.data) == NULL)
		return -1;
	memcpy(text, slice.data, slice.len);
	text[slice.len] = '\0';
	errno = 0;
	*number = strtoll(text, &rest, 10);
	return errno != 0 || rest != text + slice.len ? -1 : 0;
}

/* Likewise, for a time from now in seconds. */
static int
end_of(struct slice seconds, int64_t *end)
{
	int64_t n;

	if (number_of(seconds, &n) == -1 || n > TIME_MAX || n < -TIME_MAX)
		return -1;
	*end = store_now() + n * 1000;
	return 0;
}

static int
is(struct slice slice, const char *text)
{
	return slice.len == strlen(text) &&
	    strncasecmp(slice.data, text, slice.len) == 0;
}

static struct item *
find(struct store *store, struct slice key)
{
	return store_find(store, key.data, key.len);
}

/* NULL: there is no room, of which the client is told. */
static struct item *
put(struct store *store, struct evchat *chat, struct slice key,
    struct slice value)
{
	struct item *item = store_put(store, key.data, key.len,
	    value.len);

	if (item != NULL)
		memcpy(item_value(item), value.data, value.len);
	else if (push_text(chat, "-OOM there is no room for it\r\n") == -1)
		evchat_free(chat);
	return item;
}

static int
ping(struct store *store, struct evchat *chat, struct slice *args, int n)
{
	(void)store;
	return n == 1 ? push_text(chat, "+PONG\r\n") :
	    push_slice(chat, args[1]);
}

static int
get(struct store *store, struct evchat *chat, struct slice *args, int n)
{
	struct item *item = find(store, args[1]);

	(void)n;
	return item == NULL ? push_text(chat, "$-1\r\n") :
	    push_value(chat, item);
}

static int
set(struct store *store, struct evchat *chat, struct slice *args, int n)
{
	struct item *item;
	int64_t end = 0;

	if (n != 3 && (n != 5 || !is(args[3], "ex")))
		return push_text(chat, "-ERR syntax error\r\n");
	if (n == 5 && (end_of(args[4], &end) == -1 || end <= store_now()))
		return push_text(chat, not_a_number);
	if ((item = put(store, chat, args[1], args[2])) == NULL)
		return 0;
	item->ends = end;
	return push_text(chat, "+OK\r\n");
}

static int
del(struct store *store, struct evchat *chat, struct slice *args, int n)
{
	struct item *item;
	int i, count = 0;

	for (i = 1; i < n; i++) {
		if ((item = find(store, args[i])) == NULL)
			continue;
		store_remove(store, item);
		count++;
	}
	return push_number(chat, ':', count);
}

static int
exists(struct store *store, struct evchat *chat, struct slice *args, int n)
{
	int i, count = 0;

	for (i = 1; i < n; i++)
		count += find(store, args[i]) != NULL;
	return push_number(chat, ':', count);
}

static int
incr(struct store *store, struct evchat *chat, struct slice *args, int n)
{
	struct item *item = find(store, args[1]);
	struct slice value = { "0", 1 };
	int64_t number, end = item != NULL ? item->ends : 0;
	char text[24];

	(void)n;
	if (item != NULL) {
		value.data = item_value(item);
		value.len = item->len;
	}
	if (number_of(value, &number) == -1 || number == INT64_MAX)
		return push_text(chat, not_a_number);
	value.len = (size_t)snprintf(text, sizeof(text), "%" PRId64,
	    number + 1);
	value.data = text;
	if ((item = put(store, chat, args[1], value)) == NULL)
		return 0;
	item->ends = end;
	return push_number(chat, ':', number + 1);
}

static int
expire(struct store *store, struct evchat *chat, struct slice *args, int n)
{
	struct item *item = find(store, args[1]);
	int64_t end;

	(void)n;
	if (end_of(args[2], &end) == -1)
		return push_text(chat, not_a_number);
	if (item == NULL)
		return push_number(chat, ':', 0);
	if (end <= store_now())
		store_remove(store, item);
	else
		item->ends = end;
	return push_number(chat, ':', 1);
}

static int
ttl(struct store *store, struct evchat *chat, struct slice *args, int n)
{
	struct item *item = find(store, args[1]);

	(void)n;
	if (item == NULL || item->ends == 0)
		return push_number(chat, ':', item == NULL ? -2 : -1);
	return push_number(chat, ':', (item->ends - store_now() + 999) / 1000);
}

static int
quit(struct store *store, struct evchat *chat, struct slice *args, int n)
{
	(void)store;
	(void)args;
	(void)n;
	if (push_text(chat, "+OK\r\n") == -1)
		return -1;
	evchat_close_when_done(chat);
	return 0;
}

static const struct verb {
	const char *name;
	int min, max;		/* how many strings, the name included */
	int (*run)(struct store *store, struct evchat *chat,
	    struct slice *args, int n);
} verbs[] = {
	{ "get", 2, 2, get },
	{ "set", 3, 5, set },
	{ "ping", 1, 2, ping },
	{ "incr", 2, 2, incr },
	{ "del", 2, REDIS_ARGS_MAX, del },
	{ "exists", 2, REDIS_ARGS_MAX, exists },
	{ "expire", 3, 3, expire },
	{ "ttl", 2, 2, ttl },
	{ "echo", 2, 2, ping },
	{ "quit", 1, 1, quit },
};

static int
run(struct store *store, struct evchat *chat, struct slice *args, int n)
{
	const struct verb *verb = verbs;
	const struct verb *end = verbs + sizeof(verbs) / sizeof(verbs[0]);

	while (verb < end && !is(args[0], verb->name))
		verb++;
	if (verb == end)
		return push_text(chat, "-ERR unknown command\r\n");
	if (n < verb->min || n > verb->max)
		return push_text(chat, "-ERR wrong number of arguments\r\n");
	return verb->run(store, chat, args, n);
}

/* The hooks */

static int
refuse(struct evchat *chat, const char *text)
{
	if (push_text(chat, text) == -1)
		return -1;
	evchat_close_when_done(chat);
	return 0;
}

static void
on_command(struct evchat *chat, const void *frame, size_t len, void *arg)
{
	struct slice args[REDIS_ARGS_MAX];
	int n = redis_parse(frame, len, args), done = 0;

	if (n == -1)
		done = refuse(chat, "-ERR Protocol error\r\n");
	else if (n > 0)		/* nothing is not answered */
		done = run(arg, chat, args, n);
	if (done == -1)
		evchat_free(chat);
}

static void
on_event(struct evchat *chat, enum evchat_event what, void *arg)
{
	const char *text = NULL;

	(void)arg;
	if (what == EVCHAT_EVENT_MALFORMED)
		text = "-ERR Protocol error\r\n";
	else if (what == EVCHAT_EVENT_OVERSIZE)
		text = "-ERR Protocol error: too long\r\n";
	if (text != NULL && refuse(chat, text) == -1)
		evchat_free(chat);
}

static const struct evchat_hooks hooks = {
	.frame = on_command,
	.event = on_event,
};

static int
greet(struct server *server, struct evchat *chat)
{
	if (evchat_set_hooks(chat, &hooks, server->store) == -1 ||
	    evchat_set_framing(chat, server->framing) == -1)
		return -1;
	return evchat_set_max_frame(chat, COMMAND_MAX, EVCHAT_OVERSIZE_DISCARD);
}

int
main(int argc, char **argv)
{
	struct server server = { .name = "redis", .greet = greet };
	int status;

	server.framing = redis_framing_new();
	status = server.framing == NULL ? 1 : server_main(&server, argc, argv);
	evchat_framing_free(server.framing);
	return status;
}
