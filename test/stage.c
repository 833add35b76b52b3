/*
 * The stage of the tests with threads. Its hooks may run in any thread, so
 * they have nothing to do with the harness, but that the loop and the peer are
 * its.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "sink.h"
#include "stage.h"

/*
 * No filters: those of libevent 2.1 have a lock of their own beside that of
 * the bufferevent beneath, and take the two in either order.
 */
static const enum harness_carrier carriers[STAGE_CARRIERS] = {
	HARNESS_SOCKET_THREADSAFE, HARNESS_BEV_THREADSAFE,
	HARNESS_BEV_DEFER_THREADSAFE, HARNESS_BEV_UNLOCK,
	HARNESS_TCP_THREADSAFE, HARNESS_PAIR_THREADSAFE
};

static int players; /* of the play that is on */

/* Hooks; they may run in any thread */

static void
on_line(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct stage *stage = ((struct harness *)arg)->user;

	if (atomic_load(&stage->paused) != 0)
		atomic_fetch_add(&stage->wrong, 1);
	if (evchat_push_frame(chat, data, len) == 0)
		atomic_fetch_add(&stage->pushed, 1);
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct stage *stage = ((struct harness *)arg)->user;

	(void)chat;
	atomic_fetch_add(&stage->closed, 1);
	atomic_store(&stage->why, (int)why);
}

static const struct evchat_hooks hooks = { .frame = on_line,
    .closed = on_closed };

/* The loop's thread */

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

void
stage_start(struct stage *stage, int carrier)
{
	struct harness *h = harness_new(carriers[carrier]);

	memset(stage, 0, sizeof(*stage));
	stage->h = h;
	h->user = stage;
	h->rude = true;
	harness_start(h, &hooks, 0);
	stage->chat = h->chat;
	stage->bev = h->bev;
	evchat_incref(stage->chat);
	ck_assert_int_eq(evchat_set_terminator(h->chat, "\n", 1), 0);
	stage->wake = event_new(h->base, -1, EV_PERSIST, on_wake, NULL);
	ck_assert_ptr_nonnull(stage->wake);
}

static void *
run(void *arg)
{
	struct player *player = arg;
	struct stage *stage = player->stage;

	player->play(player);
	evchat_decref(player->chat);
	atomic_fetch_add(&stage->finished, 1);
	event_active(stage->wake, EV_READ, 0);
	return NULL;
}

static void
format(char line[STAGE_LINE + 1], char letter, int number)
{
	snprintf(line, STAGE_LINE + 1, "%c%06u\n", letter,
	    (unsigned)number % 1000000);
}

static void
send_line(struct stage *stage)
{
	char line[STAGE_LINE + 1];

	format(line, 'e', stage->sent++);
	if (stage->h->peer_bev != NULL)
		bufferevent_write(stage->h->peer_bev, line, STAGE_LINE);
	else
		send(stage->h->peer_fd, line, STAGE_LINE, MSG_NOSIGNAL);
}

bool
stage_is_over(void *arg)
{
	return atomic_load(&((struct stage *)arg)->finished) == players;
}

void
stage_play(struct stage *stage, int n, void (*play)(struct player *),
    bool (*condition)(void *))
{
	struct player all[STAGE_PLAYERS];
	int i;

	memset(all, 0, sizeof(all));
	players = n;
	for (i = 0; i < n; i++) {
		all[i].stage = stage;
		all[i].chat = stage->chat;
		all[i].play = play;
		all[i].letter = (char)('A' + i);
		evchat_incref(stage->chat);
		ck_assert_int_eq(pthread_create(&all[i].thread, NULL, run,
		    &all[i]), 0);
	}
	while (stage->sent < STAGE_ECHOES) {
		send_line(stage);
		harness_turn(stage->h);
	}
	sink_run(stage->h, condition, stage);
	for (i = 0; i < n; i++)
		ck_assert_int_eq(pthread_join(all[i].thread, NULL), 0);
}

void
stage_end(struct stage *stage)
{
	struct harness *h = stage->h;

	evchat_free(stage->chat);
	evchat_decref(stage->chat);
	ck_assert_int_eq(atomic_load(&stage->closed), 1);
	ck_assert_int_eq(atomic_load(&stage->lent), 0);
	ck_assert_int_eq(atomic_load(&stage->wrong), 0);
	event_free(stage->wake);
	h->closed = 1;
	h->chat = NULL;
	harness_turn(h);
	harness_free(h);
}

void
stage_expect_lines(struct stage *stage)
{
	size_t len = evbuffer_get_length(stage->h->received), i;
	const char *data;
	int next[256] = { 0 };

	ck_assert_int_eq(evbuffer_add(stage->h->received, "", 1), 0);
	data = (const char *)evbuffer_pullup(stage->h->received, -1);
	ck_assert_uint_eq(len % STAGE_LINE, 0);
	for (i = 0; i < len; i += STAGE_LINE) {
		ck_assert_int_eq(data[i + STAGE_LINE - 1], '\n');
		ck_assert_int_eq(atoi(data + i + 1),
		    next[(unsigned char)data[i]]++);
	}
}

size_t
stage_received(struct stage *stage)
{
	return evbuffer_get_length(stage->h->received);
}

/* Pushing in every way */

static void
give_back(const void *data, size_t len, void *arg)
{
	(void)len;
	atomic_fetch_sub(&((struct stage *)arg)->lent, 1);
	free((void *)(uintptr_t)data);
}

static int
push_lent(struct player *player, const char *line)
{
	char *data = malloc(STAGE_LINE);

	if (data == NULL)
		return -1;
	memcpy(data, line, STAGE_LINE);
	atomic_fetch_add(&player->stage->lent, 1);
	return evchat_push_reference(player->chat, data, STAGE_LINE, give_back,
	    player->stage);
}

static int
push_buffer(struct player *player, const char *line)
{
	struct evbuffer *buf = evbuffer_new();
	int pushed = -1;

	if (buf == NULL)
		return -1;
	if (evbuffer_add(buf, line, STAGE_LINE) == 0)
		pushed = evchat_push_buffer(player->chat, buf);
	evbuffer_free(buf);
	return pushed;
}

static int
push_producer(struct player *player, const char *line)
{
	struct evbuffer *buf = evbuffer_new();

	if (buf == NULL || evbuffer_add(buf, line, STAGE_LINE) == -1)
		return -1;
	return evchat_push_with_producer(player->chat,
	    evchat_producer_new_evbuffer(buf));
}

int
stage_push(struct player *player)
{
	char line[STAGE_LINE + 1];
	int pushed;

	format(line, player->letter, player->pushed);
	switch (player->pushed % 6) {
	case 0:
		pushed = evchat_push(player->chat, line, STAGE_LINE);
		break;
	case 1:
		pushed = push_lent(player, line);
		break;
	case 2:
		pushed = push_buffer(player, line);
		break;
	case 3:
		pushed = evchat_push_frame(player->chat, line, STAGE_LINE - 1);
		break;
	case 4:
		pushed = push_producer(player, line);
		break;
	default:
		pushed = evchat_push_printf(player->chat, "%s", line);
		break;
	}
	if (pushed == 0) {
		player->pushed++;
		atomic_fetch_add(&player->stage->pushed, 1);
	}
	return pushed;
}
