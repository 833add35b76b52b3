/*
 * Lines that come to everybody: each connection sends one, and the next when
 * it has come back to itself. A line says who sent it and how many that one
 * had sent before, and everybody has to get those of each sender one after the
 * other.
 */
#include "load_inside.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE 32

struct room {
	int members;
};

struct member {
	char line[LINE + 1];	/* what it sends */
	char part[LINE];	/* the begin of what it gets */
	size_t part_len;
	unsigned *next;		/* of each sender */
};

static void
write_line(char *line, int sender, unsigned number)
{
	snprintf(line, LINE + 1, "%04d %010u this is a line.\n", sender,
	    number);
}

static void *
broadcast_start(const struct work *work)
{
	struct room *room = load_alloc(sizeof(*room));

	if (work->size != LINE)
		load_fail("the lines of a broadcast are 32 bytes");
	room->members = work->conns;
	return room;
}

static void
send_line(struct load_conn *conn)
{
	struct member *member = conn->own;

	write_line(member->line, conn->index, member->next[conn->index]);
	conn->out = member->line;
	conn->out_len = LINE;
}

static void
broadcast_begin(struct load_conn *conn, void *shared)
{
	const struct room *room = shared;
	struct member *member = load_alloc(sizeof(*member));

	member->next = load_alloc((size_t)room->members *
	    sizeof(*member->next));
	conn->own = member;
	send_line(conn);
}

static unsigned
number_at(const char *digits, int n)
{
	unsigned value = 0;

	for (int i = 0; i < n; i++)
		value = value * 10 + (unsigned)(digits[i] - '0');
	return value;
}

/* Everything behind the two numbers is the same in all lines. */
static void
got_line(struct load_conn *conn, const struct room *room, const char *line)
{
	struct member *member = conn->own;
	unsigned sender = number_at(line, 4);

	if (line[4] != ' ' || sender >= (unsigned)room->members ||
	    memcmp(line + 15, " this is a line.\n", LINE - 15) != 0)
		load_fail("something came that nobody sent");
	if (number_at(line + 5, 10) != member->next[sender])
		load_fail("a line came out of order, or did not come");
	member->next[sender]++;
	if (sender == (unsigned)conn->index)
		send_line(conn);
}

static void
broadcast_got(struct load_conn *conn, void *shared, const char *data,
    size_t len)
{
	struct member *member = conn->own;

	while (len > 0) {
		size_t n = LINE - member->part_len;

		n = n < len ? n : len;
		memcpy(member->part + member->part_len, data, n);
		member->part_len += n;
		data += n;
		len -= n;
		if (member->part_len == LINE) {
			got_line(conn, shared, member->part);
			member->part_len = 0;
		}
	}
}

static void
broadcast_end(struct load_conn *conn)
{
	struct member *member = conn->own;

	free(member->next);
	free(member);
}

const struct load_kind load_broadcast = { broadcast_start, broadcast_begin,
	broadcast_got, broadcast_end, free };
