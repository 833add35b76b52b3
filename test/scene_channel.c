/*
 * A scene as it is played on a channel, which stands on a carrier of the
 * harness; so all that the harness proves is proved here as well.
 */

#include <string.h>
#include "scene.h"

#define TURNS 3       /* deferred callbacks of layers take a turn each */
#define TURNS_END 1000 /* in which a channel comes to its end */

struct actor {
	struct harness *h;
	size_t outside;  /* how often that was */
	bool paused;
	bool resuming;   /* from the loop */
	bool closing;    /* when done */
};

static void
set(struct harness *h, const struct scene_move *move)
{
	size_t len = strlen(move->delimiter);
	int done = evchat_set_terminator(h->chat, move->delimiter, len);

	harness_must(done == (len > 0 ? 0 : -1), "evchat_set_terminator");
}

static void
tell(struct harness *h, struct scene_player *player,
    const struct scene_move *move)
{
	bool is_delimiter = evchat_get_framing(h->chat) != NULL;
	uint64_t remaining = evchat_get_terminator_remaining(h->chat);

	scene_told(player, move, is_delimiter ? MODEL_IS_BYTES :
	    (long)remaining, (size_t)evchat_get_offset(h->chat));
}

static void
pause_channel(struct actor *actor, bool resuming)
{
	actor->paused = true;
	actor->resuming = resuming;
	evchat_pause(actor->h->chat);
}

static void
resume_channel(struct actor *actor)
{
	actor->paused = actor->resuming = false;
	evchat_resume(actor->h->chat);
}

static void
resume_from_the_loop(struct harness *h)
{
	struct actor *actor = ((struct scene_player *)h->user)->self;

	if (actor->resuming)
		resume_channel(actor);
}

/* On a living channel that is not closing. */
static void
act_while_open(struct scene_player *player, const struct scene_move *move)
{
	struct actor *actor = player->self;
	struct harness *h = actor->h;

	switch (move->what) {
	case SCENE_DELIMITER:
		set(h, move);
		break;
	case SCENE_COUNT:
		harness_must(evchat_set_terminator_count(h->chat,
		    move->count) == 0, "evchat_set_terminator_count");
		break;
	case SCENE_NONE:
		evchat_set_terminator_none(h->chat);
		break;
	case SCENE_PAUSE:
		pause_channel(actor, true);
		harness_later(h, resume_from_the_loop);
		break;
	case SCENE_PAUSE_ON:
		pause_channel(actor, false);
		break;
	case SCENE_RESUME:
		resume_channel(actor);
		break;
	case SCENE_ASK:
		tell(h, player, move);
		break;
	default:
		break;
	}
}

static void
act_on_channel(struct scene_player *player, const struct scene_move *move)
{
	struct actor *actor = player->self;
	struct harness *h = actor->h;

	if (h->chat == NULL)
		return;
	if (move->what == SCENE_DISCARD)
		evchat_discard_buffers(h->chat);
	else if (move->what == SCENE_FREE)
		evchat_free(h->chat);
	else if (move->what == SCENE_CLOSE) {
		actor->closing = true;
		evchat_close_when_done(h->chat);
	} else if (!actor->closing)
		act_while_open(player, move);
}

/* The hooks, which the harness calls */

static void
on_collect(struct harness *h, const void *data, size_t len)
{
	scene_collect(h->user, data, len);
}

static void
on_found(struct harness *h)
{
	scene_found(h->user);
}

static void
on_event(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_EOF)
		scene_eof(h->user);
}

static void
on_closed(struct harness *h, enum evchat_reason why)
{
	scene_closed(h->user, harness_reason_name(why));
}

/* Running */

static void
run_until_closed(struct harness *h)
{
	int i;

	for (i = 0; h->closed == 0 && i < TURNS_END; i++)
		harness_turn(h);
}

/* Until nothing is told any more. */
static void
settle(struct scene_player *player)
{
	struct actor *actor = player->self;
	size_t len;
	int i = 0;

	do {
		len = player->text.len;
		harness_turn(actor->h);
	} while (actor->h->closed == 0 && (++i < TURNS ||
	    player->text.len != len || actor->resuming));
	if (actor->closing)
		run_until_closed(actor->h);
}

static void
outside(struct harness *h)
{
	struct scene_player *player = h->user;
	size_t n = ((struct actor *)player->self)->outside++;

	scene_play_at(player, SCENE_OUTSIDE, n, n);
}

/* What the first part is, is there before the channel for some carriers. */
static void
start(struct scene_player *player, const struct scene_part *part, bool waits)
{
	struct harness *h = ((struct actor *)player->self)->h;

	h->user = player;
	h->script = (struct harness_script){ .collect = on_collect,
	    .found = on_found, .event = on_event, .closed = on_closed };
	if (waits)
		harness_send(h, part->bytes, part->len);
	harness_start(h, &harness_streaming, 0);
	scene_play_at(player, SCENE_FIRST, 0, SIZE_MAX);
	if (!waits)
		harness_send(h, part->bytes, part->len);
}

static void
finish_part(struct scene_player *player, char mark)
{
	struct harness *h = ((struct actor *)player->self)->h;

	if (mark == '$')
		harness_send_eof(h);
	settle(player);
	if (mark == '!' && h->closed == 0) {
		harness_later(h, outside);
		settle(player);
	}
}

static void
run(struct scene_player *player, enum harness_carrier carrier)
{
	const char *wire = player->scene->wire;
	struct actor *actor = player->self;
	struct scene_part part;

	scene_part_next(&part, &wire);
	start(player, &part, carrier >= HARNESS_WAITING);
	finish_part(player, part.mark);
	while (part.mark != '\0' && part.mark != '$') {
		scene_part_next(&part, &wire);
		harness_send(actor->h, part.bytes, part.len);
		finish_part(player, part.mark);
	}
	while (actor->h->closed == 0 && actor->paused) {
		resume_channel(actor);
		settle(player);
	}
	if (part.mark == '$')
		run_until_closed(actor->h);
}

static void
note_held(struct harness *h, struct unit_text *text)
{
	size_t len;
	const void *held = evchat_get_partial(h->chat, &len);

	if (len > 0)
		unit_note_bytes(text, "held", held, len);
}

void
scene_on_channel(const struct scene *scene, struct harness *home,
    enum harness_carrier carrier, struct unit_text *text)
{
	struct actor actor = { .h = harness_new_beside(home, carrier) };
	struct scene_player player;

	scene_player_init(&player, scene, act_on_channel, &actor);
	harness_note_bytes(actor.h, "wire", scene->wire, strlen(scene->wire));
	run(&player, carrier);
	if (actor.h->chat != NULL)
		note_held(actor.h, &player.text);
	/* What ends it now is no part of the scene. */
	actor.h->script.closed = NULL;
	harness_free(actor.h);
	*text = player.text;
}
