/*
 * memcache: a cache for memcached's clients, who speak its text protocol.
 *
 * In one terminal:	./memcache -p 11211
 * In another:		memccp --servers=127.0.0.1 README; memccat \
 *			    --servers=127.0.0.1 README
 *			memcstat --servers=127.0.0.1
 * By hand:		printf 'set a 0 0 2\r\nhi\r\nget a\r\nquit\r\n' |
 *			    nc 127.0.0.1 11211
 *
 * There are two kinds of frame: a line, and behind some lines a block of as
 * many bytes as the line says, with CR LF. So the frame hook is for
 * take_line() and take_block() by turns: a line that announces a block sets a
 * count, which works once, and then it is lines again. Almost all are lines;
 * these take no setting.
 *
 * Who has counted wrong is told so, and the connection closed: what he takes
 * for data would be commands here. A block that is too large is only passed
 * over.
 *
 * What lines are made of is in memcache_words.c, what is done with values in
 * memcache_values.c, the values are in store.c, and what it takes to be a
 * server is in store_server.c.
 *
 * With more than -m MiB of data, those go that were not used the longest.
 */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <evchat.h>
#include "memcache_values.h"
#include "store.h"

#define WORDS_MAX	6	/* behind a command, but for keys to get */

/* Lines. Behind the name of a command are words, as many as it wants. */

static const char *
refuse(struct client *client, const char *text)
{
	client->is_quiet = 0;
	if (say(client, text) == -1)
		evchat_free(client->chat);
	else
		evchat_close_when_done(client->chat);
	return NULL;
}

static void
set_key(struct client *client, const struct word *key)
{
	client->key_len = key->len <= KEY_MAX ? key->len : 0;
	memcpy(client->key, key->data, client->key_len);
}

/* key flags time length [version]: a block is behind this line. */
static const char *
announce(struct client *client, const struct verb *verb,
    const struct word *words)
{
	uint64_t flags, len;

	client->refusal = NULL;
	set_key(client, &words[0]);
	if (word_number(&words[3], INT32_MAX, &len) == -1)
		return refuse(client, BAD_LINE);
	if (client->key_len == 0 ||
	    word_number(&words[1], UINT32_MAX, &flags) == -1 ||
	    word_time(&words[2], &client->ends) == -1 || (verb->max > 4 &&
	    word_number(&words[4], UINT64_MAX, &client->version) == -1))
		client->refusal = BAD_LINE;
	else
		client->flags = (uint32_t)flags;
	client->verb = verb;
	return evchat_set_terminator_count(client->chat, len + 2) == -1 ?
	    refuse(client, NO_MEMORY) : NULL;
}

static const char *
delete(struct client *client, const struct verb *verb, const struct word *words)
{
	struct item *item = store_find(client->store, words[0].data,
	    words[0].len);

	(void)verb;
	if (words[1].len > 0 && !word_is(&words[1], "0"))
		return BAD_LINE;
	if (item == NULL)
		return "NOT_FOUND\r\n";
	store_remove(client->store, item);
	return "DELETED\r\n";
}

static const char *
touch(struct client *client, const struct verb *verb, const struct word *words)
{
	struct item *item = store_find(client->store, words[0].data,
	    words[0].len);
	int64_t ends;

	(void)verb;
	if (word_time(&words[1], &ends) == -1)
		return BAD_LINE;
	if (item == NULL)
		return "NOT_FOUND\r\n";
	item->ends = ends;
	return "TOUCHED\r\n";
}

/* incr goes round at 2^64, decr stops at 0. */
static const char *
count(struct client *client, const struct verb *verb, const struct word *words)
{
	struct word value, none = { "", 0 };
	struct item *item;
	uint64_t number, delta;
	char text[32], *end;
	const char *failure;

	set_key(client, &words[0]);
	if (word_number(&words[1], UINT64_MAX, &delta) == -1)
		return "CLIENT_ERROR invalid numeric delta argument\r\n";
	if ((item = value_find(client)) == NULL)
		return "NOT_FOUND\r\n";
	value.data = item_value(item);
	value.len = item->len;
	if (word_number(&value, UINT64_MAX, &number) == -1)
		return "CLIENT_ERROR cannot increment or decrement "
		    "non-numeric value\r\n";
	client->flags = item->flags;
	client->ends = item->ends;
	if (*verb->name == 'i')
		number += delta;
	else
		number -= delta < number ? delta : number;
	end = text_put_number(text, number);
	value.data = text + 1;
	value.len = (size_t)(end - value.data);
	failure = value_put(client, value, none);
	if (*failure != 'S' || failure[1] != 'T')
		return failure;
	text_put(end, "\r\n", 3);
	return say(client, text + 1) == -1 ? refuse(client, NO_MEMORY) : NULL;
}

static const char *
stats(struct client *client, const struct verb *verb, const struct word *words)
{
	const struct memcache *memcache = client->memcache;
	time_t now = time(NULL);

	(void)verb;
	(void)words;
	(void)evchat_push_printf(client->chat, "STAT pid %ld\r\n"
	    "STAT uptime %jd\r\nSTAT time %jd\r\nSTAT version 1.0.0\r\n"
	    "STAT pointer_size %zu\r\nSTAT curr_connections %zu\r\n"
	    "STAT curr_items %zu\r\nSTAT bytes %zu\r\n"
	    "STAT cmd_get %" PRIu64 "\r\nSTAT cmd_set %" PRIu64 "\r\n"
	    "STAT get_hits %" PRIu64 "\r\nSTAT get_misses %" PRIu64 "\r\n",
	    (long)getpid(), (intmax_t)(now - memcache->started), (intmax_t)now,
	    8 * sizeof(void *),
	    evchat_listener_get_count(memcache->server.listener),
	    store_count(client->store), store_size(client->store),
	    memcache->gets, memcache->sets, memcache->hits,
	    memcache->gets - memcache->hits);
	return "END\r\n";
}

static const char *
flush(struct client *client, const struct verb *verb, const struct word *words)
{
	(void)verb;
	if (words[0].len > 0 && !word_is(&words[0], "0"))
		return "SERVER_ERROR this is done at once or never\r\n";
	store_clear(client->store);
	return "OK\r\n";
}

static const char *
version(struct client *client, const struct verb *verb,
    const struct word *words)
{
	(void)client;
	(void)verb;
	(void)words;
	return "VERSION 1.0.0\r\n";
}

/* There is nothing to be told. */
static const char *
verbosity(struct client *client, const struct verb *verb,
    const struct word *words)
{
	(void)client;
	(void)verb;
	(void)words;
	return "OK\r\n";
}

static const char *
quit(struct client *client, const struct verb *verb, const struct word *words)
{
	(void)verb;
	(void)words;
	evchat_close_when_done(client->chat);
	return NULL;
}

static const struct verb verbs[] = {
	{ "set", 4, 4, 0, announce, value_set },
	{ "add", 4, 4, 0, announce, value_add },
	{ "replace", 4, 4, 0, announce, value_replace },
	{ "append", 4, 4, 0, announce, value_append },
	{ "prepend", 4, 4, 0, announce, value_prepend },
	{ "cas", 5, 5, 0, announce, value_cas },
	{ "delete", 1, 2, 0, delete, NULL },
	{ "touch", 2, 2, 0, touch, NULL },
	{ "incr", 2, 2, 0, count, NULL },
	{ "decr", 2, 2, 0, count, NULL },
	{ "stats", 0, 0, 1, stats, NULL },
	{ "flush_all", 0, 1, 0, flush, NULL },
	{ "version", 0, 0, 1, version, NULL },
	{ "verbosity", 1, 1, 0, verbosity, NULL },
	{ "quit", 0, 0, 1, quit, NULL },
};

static int
run(struct client *client, const struct word *name, struct word *rest)
{
	const struct verb *verb = verbs;
	const struct verb *end = verbs + sizeof(verbs) / sizeof(verbs[0]);
	struct word words[WORDS_MAX] = { { NULL, 0 } };
	const char *answer;
	int n = 0;

	while (verb < end && !word_is(name, verb->name))
		verb++;
	while (n < WORDS_MAX && word_next(rest, &words[n]))
		n++;
	if (verb < end && !verb->is_loud && n > 0 &&
	    word_is(&words[n - 1], "noreply")) {
		words[--n].len = 0;
		client->is_quiet = 1;
	}
	if (verb == end || n < verb->min || n > verb->max)
		return say(client, "ERROR\r\n");
	answer = verb->run(client, verb, words);
	return answer == NULL ? 0 : say(client, answer);
}

/* The two kinds of frame */

static int
take_line(struct client *client, const char *line, size_t len)
{
	struct word rest = { line, len }, name;

	client->is_quiet = 0;
	if (!word_next(&rest, &name))
		return say(client, "ERROR\r\n");
	if (word_is(&name, "get") || word_is(&name, "gets"))
		return value_get(client, &rest, name.len > 3);
	return run(client, &name, &rest);
}

/* Be ready for lines again, and say what became of the block. */
static int
end_block(struct client *client, const char *answer)
{
	client->verb = NULL;
	if (evchat_set_framing(client->chat,
	    client->memcache->server.framing) == -1)
		return -1;
	return say(client, answer);
}

/* It is passed over. What it was to replace would be wrong now. */
static int
skip_block(struct client *client)
{
	struct item *item = value_find(client);

	if (item != NULL)
		store_remove(client->store, item);
	return end_block(client, TOO_LARGE);
}

static int
take_block(struct client *client, const char *block, size_t len)
{
	if (memcmp(block + len - 2, "\r\n", 2) != 0) {
		refuse(client, BAD_BLOCK);
		return 0;
	}
	if (client->refusal != NULL)
		return end_block(client, client->refusal);
	client->memcache->sets++;
	return end_block(client, client->verb->take(client, block, len - 2));
}

/* The hooks */

static void
on_frame(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct client *client = arg;

	if ((client->verb != NULL ? take_block : take_line)(client, data,
	    len) == -1)
		evchat_free(chat);
}

/* What is set when a block is too long is for what comes behind it. */
static void
on_event(struct evchat *chat, enum evchat_event what, void *arg)
{
	struct client *client = arg;

	if (what != EVCHAT_EVENT_OVERSIZE)
		return;
	if (client->verb == NULL)
		refuse(client, "CLIENT_ERROR line too long\r\n");
	else if (skip_block(client) == -1)
		evchat_free(chat);
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *client)
{
	(void)chat;
	(void)why;
	free(client);
}

static const struct evchat_hooks hooks = {
	.frame = on_frame,
	.event = on_event,
	.closed = on_closed,
};

static int
greet(struct server *server, struct evchat *chat)
{
	struct client *client = calloc(1, sizeof(*client));

	if (client == NULL)
		return -1;
	client->chat = chat;
	client->memcache = (struct memcache *)server;
	client->store = server->store;
	if (evchat_set_hooks(chat, &hooks, client) == -1) {
		free(client);
		return -1;
	}
	if (evchat_set_framing(chat, server->framing) == -1)
		return -1;
	return evchat_set_max_frame(chat, VALUE_MAX + 2,
	    EVCHAT_OVERSIZE_DISCARD);
}

int
main(int argc, char **argv)
{
	struct memcache memcache = {
		.server = { .name = "memcache", .greet = greet },
		.started = time(NULL),
	};
	struct server *server = &memcache.server;
	int status;

	server->framing = evchat_framing_line(EVBUFFER_EOL_CRLF, 0);
	status = server->framing == NULL ? 1 : server_main(server, argc, argv);
	evchat_framing_free(server->framing);
	return status;
}
