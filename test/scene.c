/*
 * Scenes, and how they are played on the model; see scene.h.
 */

#include <string.h>
#include "scene.h"

/* What comes */

void
scene_part_next(struct scene_part *part, const char **wire)
{
	const char *at = *wire;

	part->len = strcspn(at, "|!$");
	harness_must(part->len <= sizeof(part->bytes), "room for a part");
	memcpy(part->bytes, at, part->len);
	part->mark = at[part->len];
	*wire = at + part->len + (part->mark != '\0');
}

/* What is done */

void
scene_player_init(struct scene_player *player, const struct scene *scene,
    void (*act)(struct scene_player *, const struct scene_move *), void *self)
{
	memset(player, 0, sizeof(*player));
	player->scene = scene;
	player->act = act;
	player->self = self;
}

void
scene_play_at(struct scene_player *player, enum scene_when when, size_t from,
    size_t to)
{
	const struct scene *scene = player->scene;
	const struct scene_move *move;

	for (move = scene->moves; move < scene->moves + scene->n; move++) {
		if (move->when == when && move->at >= from && move->at <= to)
			player->act(player, move);
	}
}

void
scene_collect(struct scene_player *player, const char *data, size_t len)
{
	size_t end = player->bytes + len;

	if (player->scene->pieces)
		unit_note_bytes(&player->text, "collect", data, len);
	else
		unit_note_collect(&player->text, data, len);
	while (player->bytes < end) {
		player->bytes++;
		scene_play_at(player, SCENE_IN_COLLECT, player->bytes,
		    player->bytes);
	}
}

static const struct scene_move without_end = { .what = SCENE_FREE };

void
scene_found(struct scene_player *player)
{
	size_t cycle = player->scene->cycle, at = player->frames;

	unit_note(&player->text, "found");
	if (player->frames++ >= SCENE_FRAMES_MAX)
		player->act(player, &without_end);
	if (player->frames > SCENE_FOUNDS_MAX)
		return;
	if (cycle > 0)
		at %= cycle;
	scene_play_at(player, SCENE_IN_FOUND, at, at);
}

void
scene_eof(struct scene_player *player)
{
	unit_note(&player->text, "eof");
	scene_play_at(player, SCENE_IN_EOF, 0, SIZE_MAX);
}

void
scene_closed(struct scene_player *player, const char *why)
{
	if (why != NULL)
		unit_note(&player->text, "closed:%s", why);
	else
		unit_note(&player->text, "closed");
}

void
scene_told(struct scene_player *player, const struct scene_move *move,
    long terminator, size_t offset)
{
	/* What was held comes in one piece with what follows, or in two. */
	if (terminator == MODEL_IS_BYTES && move->when == SCENE_IN_COLLECT)
		return;
	if (terminator == MODEL_IS_BYTES)
		unit_note(&player->text, "delimiter@%zu", offset);
	else
		unit_note(&player->text, "count %ld@%zu", terminator, offset);
}

/* On the model */

static void
act_on_model(struct scene_player *player, const struct scene_move *move)
{
	struct model *m = player->self;

	switch (move->what) {
	case SCENE_DELIMITER:
		model_set_delimiter(m, move->delimiter,
		    strlen(move->delimiter));
		break;
	case SCENE_COUNT:
		model_set_count(m, move->count);
		break;
	case SCENE_NONE:
		model_set_none(m);
		break;
	case SCENE_PAUSE:
		model_pause_for_a_turn(m);
		break;
	case SCENE_PAUSE_ON:
		model_pause(m);
		break;
	case SCENE_RESUME:
		model_resume(m);
		break;
	case SCENE_DISCARD:
		model_discard_buffers(m);
		break;
	case SCENE_CLOSE:
		model_close_when_done(m);
		break;
	case SCENE_FREE:
		model_close(m);
		break;
	case SCENE_ASK:
		if (!m->closed && !m->closing)
			scene_told(player, move, model_get_terminator(m),
			    model_offset(m));
		break;
	}
}

static void
model_collected(void *arg, const char *data, size_t len)
{
	scene_collect(arg, data, len);
}

static void
model_found(void *arg)
{
	scene_found(arg);
}

static void
model_eof(void *arg)
{
	scene_eof(arg);
}

static void
model_closed(void *arg, const char *why)
{
	scene_closed(arg, why);
}

/* What comes on the wire, and then no pause any more. */
static void
run_model(struct model *m, struct scene_player *player)
{
	const char *wire = player->scene->wire;
	struct scene_part part;
	size_t outside = 0;

	do {
		scene_part_next(&part, &wire);
		model_arrive(m, part.bytes, part.len);
		if (part.mark == '$')
			model_arrive_eof(m);
		model_turn(m);
		if (part.mark == '!') {
			scene_play_at(player, SCENE_OUTSIDE, outside, outside);
			outside++;
			model_turn(m);
		}
	} while (part.mark != '\0' && part.mark != '$');
	while (!m->closed && m->paused) {
		model_resume(m);
		model_turn(m);
	}
}

enum scene_depends
scene_on_model(const struct scene *scene, unsigned in_force,
    struct unit_text *text)
{
	static const struct model_hooks hooks = { .collect = model_collected,
	    .found = model_found, .eof = model_eof, .closed = model_closed };
	struct scene_player player;
	struct model m;

	scene_player_init(&player, scene, act_on_model, &m);
	model_init(&m, in_force, &hooks, &player);
	scene_play_at(&player, SCENE_FIRST, 0, SIZE_MAX);
	run_model(&m, &player);
	if (m.len > 0 && !m.closed)
		unit_note_bytes(&player.text, "held", m.ac_in_buffer, m.len);
	*text = player.text;
	if (m.by_chance)
		return SCENE_ON_CHANCE;
	return m.by_pieces ? SCENE_ON_CUTS : SCENE_ON_NOTHING;
}

/* How it is shown */

static void
show_move(const struct scene_move *move, struct unit_text *text)
{
	static const char *const whens[] = { [SCENE_FIRST] = "first",
	    [SCENE_OUTSIDE] = "outside", [SCENE_IN_COLLECT] = "in collect",
	    [SCENE_IN_FOUND] = "in found", [SCENE_IN_EOF] = "in eof" };
	static const char *const whats[] = { [SCENE_DELIMITER] = "delimiter",
	    [SCENE_COUNT] = "count", [SCENE_NONE] = "none",
	    [SCENE_PAUSE] = "pause", [SCENE_PAUSE_ON] = "pause on",
	    [SCENE_RESUME] = "resume", [SCENE_DISCARD] = "discard",
	    [SCENE_CLOSE] = "close when done", [SCENE_FREE] = "free",
	    [SCENE_ASK] = "ask" };

	unit_note_append(text, "\n    %s %zu: %s", whens[move->when], move->at,
	    whats[move->what]);
	if (move->what == SCENE_COUNT)
		unit_note_append(text, " %u", move->count);
	if (move->what == SCENE_DELIMITER) {
		unit_note_append(text, " ");
		unit_note_append_bytes(text, move->delimiter,
		    strlen(move->delimiter));
	}
}

void
scene_show(const struct scene *scene, struct unit_text *text)
{
	const char *wire = scene->wire;
	struct scene_part part;
	size_t i;

	unit_note_append(text, "    wire ");
	do {
		scene_part_next(&part, &wire);
		unit_note_append_bytes(text, part.bytes, part.len);
		if (part.mark != '\0')
			unit_note_append(text, "%c", part.mark);
	} while (part.mark != '\0');
	if (scene->cycle > 0)
		unit_note_append(text, "\n    cycle %zu", scene->cycle);
	for (i = 0; i < scene->n; i++)
		show_move(&scene->moves[i], text);
}
