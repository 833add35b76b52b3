#ifndef SCENE_H
#define SCENE_H

/*
 * A scene: a stream as it comes, and what an application does meanwhile. That
 * depends on what was delivered to it so far, and not on the pieces that the
 * stream came in, so that the same scene can be played on the model of
 * asynchat and on a channel, and must give the same text.
 *
 * The text: "collect:ab", what is collected in a row being one; "found";
 * "eof"; "closed:truncated"; and what SCENE_ASK was told, as "count 3@5".
 */

#include <stdbool.h>
#include <stddef.h>
#include "asynchat_model.h"
#include "harness.h"
#include "unit.h"

enum scene_when {
	SCENE_FIRST,      /* before anything comes */
	SCENE_OUTSIDE,    /* at the at-th '!', the first one being 0 */
	SCENE_IN_COLLECT, /* when it gets the at-th byte of all, from 1 on */
	SCENE_IN_FOUND,   /* of each at-th frame, modulo cycle */
	SCENE_IN_EOF
};

enum scene_what {
	SCENE_DELIMITER,
	SCENE_COUNT,
	SCENE_NONE,
	SCENE_PAUSE,      /* and resume from the loop */
	SCENE_PAUSE_ON,   /* until SCENE_RESUME */
	SCENE_RESUME,
	SCENE_DISCARD,
	SCENE_CLOSE,      /* when done */
	SCENE_FREE,
	SCENE_ASK         /* what terminator is in force, and the offset */
};

struct scene_move {
	enum scene_when when;
	size_t at;
	enum scene_what what;
	const char *delimiter;
	unsigned count;
};

#define SCENE_FOUNDS_MAX 40  /* in later ones nothing is done any more */
#define SCENE_FRAMES_MAX 300 /* there cannot be so many: it has no end */

struct scene {
	/*
	 * What comes: '|' is where the loop runs, at '!' it runs and then
	 * something is done outside of hooks, '$' is the end of the input. When
	 * all has come, a channel that is paused is resumed.
	 */
	const char *wire;
	const struct scene_move *moves; /* n of them */
	size_t n;
	size_t cycle;                   /* 0: the whole number of the frame */
	bool pieces;                    /* note each piece by itself */
};

/* Who plays it. */
struct scene_player {
	const struct scene *scene;
	void (*act)(struct scene_player *player, const struct scene_move *move);
	void *self;
	struct unit_text text;
	size_t bytes;   /* delivered so far */
	size_t frames;
};

/* What comes next on the wire, up to a mark. */
struct scene_part {
	char bytes[MODEL_MAX];
	size_t len;
	char mark;      /* '|', '!', '$', or NUL: that was all */
};

void scene_part_next(struct scene_part *part, const char **wire);

void scene_player_init(struct scene_player *player, const struct scene *scene,
    void (*act)(struct scene_player *, const struct scene_move *),
    void *self);
void scene_play_at(struct scene_player *player, enum scene_when when,
    size_t from, size_t to); /* moves whose at is from ... to */

/* The hooks. */
void scene_collect(struct scene_player *player, const char *data, size_t len);
void scene_found(struct scene_player *player);
void scene_eof(struct scene_player *player);
void scene_closed(struct scene_player *player, const char *why);
void scene_told(struct scene_player *player, const struct scene_move *move,
    long terminator, size_t offset); /* terminator: as of the model */

/* What the text depends on, beside the bytes. */
enum scene_depends {
	SCENE_ON_NOTHING,
	SCENE_ON_CUTS,  /* in collect a terminator set under none, and what is
			   asked there; discard */
	SCENE_ON_CHANCE /* the same, of bytes that waited while it was paused */
};

/* Play it on the model. */
enum scene_depends scene_on_model(const struct scene *scene, unsigned in_force,
    struct unit_text *text);

/* Play it on a channel; the other harness is where the event loop is. */
void scene_on_channel(const struct scene *scene, struct harness *home,
    enum harness_carrier carrier, struct unit_text *text);

/* At random */

#define SCENE_MOVES 32

struct scene_random {
	struct scene scene;
	char wire[MODEL_MAX];
	struct scene_move moves[SCENE_MOVES];
	char delimiters[3][MODEL_DELIMITER_MAX + 1];
};

void scene_random_init(struct scene_random *random, unsigned long seed);

/* Without its cuts. */
void scene_random_unite(struct scene_random *random);

/* Leave out whatever can be, as long as it fails. */
void scene_random_shrink(struct scene_random *random,
    bool (*fails)(const struct scene *scene, void *arg), void *arg);

/* How a scene is shown where it fails. */
void scene_show(const struct scene *scene, struct unit_text *text);

#endif
