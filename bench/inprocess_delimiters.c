/*
 * What the delimiters cost: twenty of them against one, and one that is chosen
 * to hurt, which nearly ends at every byte, against one that does not begin
 * anywhere.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <evchat.h>
#include "feed.h"
#include "inprocess.h"

#define LEN (16 * (size_t)FEED_CHAIN)
#define LINE 22
#define MANY 20
#define LONG 64

static const struct evchat_hooks hooks = { .frame = feed_frame };

/* CR LF ends every line. Letters and capitals are in the lines, and a capital
 * with a semicolon behind it would end one, too. */
static struct evchat_framing *
twenty(void)
{
	struct evbuffer_iovec set[MANY];
	char names[MANY][2];

	for (int i = 0; i < MANY; i++) {
		names[i][0] = (char)('A' + i);
		names[i][1] = ';';
		set[i].iov_base = names[i];
		set[i].iov_len = 2;
	}
	set[0].iov_base = (char[]){ '\r', '\n' };
	return evchat_framing_delimiters(set, MANY, 0);
}

static struct evchat_framing *
one(void)
{
	return evchat_framing_delimiter("\r\n", 2, 0);
}

static struct evchat_framing *
repeated(char c)
{
	char delimiter[LONG];

	memset(delimiter, c, LONG - 1);
	delimiter[LONG - 1] = 'b';
	return evchat_framing_delimiter(delimiter, LONG, 0);
}

static struct evchat_framing *
hostile(void)
{
	return repeated('a');
}

static struct evchat_framing *
friendly(void)
{
	return repeated('x');
}

static void
fill_lines(char *data)
{
	static const char set[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	for (size_t i = 0; i < LEN; i++)
		data[i] = set[i * 31 % (sizeof(set) - 1)];
	for (size_t i = LINE; i <= LEN; i += LINE)
		memcpy(data + i - 2, "\r\n", 2);
}

/* One frame that fills the whole: so the cost is by the byte. */
static void
fill_sea(char *data)
{
	memset(data, 'a', LEN);
}

struct cost {
	const char *work;
	const char *way;
	struct evchat_framing *(*framing)(void);
	void (*fill)(char *data);
	char c;			/* of a long delimiter; 0: lines */
	double unit;		/* bytes */
};

static const struct cost costs[] = {
	{ "delimiters", "twenty", twenty, fill_lines, 0, LINE },
	{ "delimiters", "one", one, fill_lines, 0, LINE },
	{ "hostile", "hostile", hostile, fill_sea, 'a', 1024 },
	{ "hostile", "friendly", friendly, fill_sea, 'x', 1024 },
};
#define COSTS (sizeof(costs) / sizeof(costs[0]))

static void
run(const struct cost *cost, int round, int batches)
{
	struct feed feed;
	struct evchat_framing *framing = cost->framing();
	struct evchat *chat;
	uint64_t n = cost->c != 0 ? 1 : LEN / LINE;
	size_t len = cost->c != 0 ? LEN : (size_t)n * LINE;
	char *data = malloc(LEN);
	double used = 0;

	feed_open(&feed);
	chat = evchat_new(feed.bev, &hooks, &feed, 0);
	if (data == NULL || framing == NULL || chat == NULL ||
	    evchat_set_framing(chat, framing) == -1 ||
	    evchat_set_buffer_sizes(chat, 1 << 20, 1 << 16) == -1)
		feed_fail("no channel");
	cost->fill(data);
	if (cost->c != 0) {
		memset(data + LEN - LONG, cost->c, LONG - 1);
		data[LEN - 1] = 'b';
	}
	for (int i = 1; i <= batches; i++) {
		feed_give(&feed, data, len);
		used += feed_run(&feed, (uint64_t)i * n);
	}
	feed_result(cost->work, cost->way, round,
	    used * cost->unit / ((double)batches * (double)len));
	feed.bev = NULL;
	evchat_free(chat);
	evchat_framing_free(framing);
	feed_close(&feed);
	free(data);
}

static void
delimiters_titles(void)
{
	printf("title\tdelimiters\tin process: lines of 22 bytes, which 20 "
	    "delimiters may end, or one\tns a line\n");
	printf("title\thostile\tin process: a delimiter of 64 bytes in a sea "
	    "of nearly the same, or of others\tns a KiB\n");
}

static void
delimiters_run(int round, enum effort effort)
{
	fprintf(stderr, "\n  delimiters:");
	for (size_t i = 0; i < COSTS; i++)
		run(&costs[(i + (size_t)round) % COSTS], round,
		    (int)effort / 2);
}

const struct part part_delimiters = { delimiters_titles, delimiters_run };
