/*
 * Random scenes: streams of few different bytes, in which delimiters, their
 * beginnings and their overlaps are frequent, and an application that does
 * everything now and then. One seed, one scene.
 */

#include <stdint.h>
#include <string.h>
#include "scene.h"

#define LEN_MAX 48
#define COUNT_MAX 7

static uint64_t state;

/* splitmix64 */
static size_t
roll(size_t sides)
{
	uint64_t value = state += 0x9e3779b97f4a7c15;

	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
	value = (value ^ value >> 27) * 0x94d049bb133111eb;
	return (size_t)((value ^ value >> 31) % sides);
}

/* Delimiters */

static void
make_delimiter(char *delimiter, const char *alphabet)
{
	static const char *const known[] = { "\r\n", "\r\n\r\n", "\r\r\n",
	    "aab", "abab", "a", "aa" };
	size_t i, len = 1 + roll(roll(2) == 0 ? 3 : MODEL_DELIMITER_MAX);

	if (roll(3) == 0) {
		strcpy(delimiter, known[roll(sizeof(known) /
		    sizeof(known[0]))]);
		return;
	}
	for (i = 0; i < len; i++)
		delimiter[i] = alphabet[roll(strlen(alphabet))];
	delimiter[len] = '\0';
}

/* The wire */

static size_t
make_stream(const struct scene_random *random, char *stream,
    const char *alphabet)
{
	const char *delimiter;
	size_t n, len = 0, max = roll(LEN_MAX);

	while (len < max) {
		delimiter = random->delimiters[roll(3)];
		n = strlen(delimiter);
		if (roll(5) < 2) {
			stream[len++] = alphabet[roll(strlen(alphabet))];
			continue;
		}
		if (roll(2) == 0)
			n = roll(n + 1);
		memcpy(stream + len, delimiter, n);
		len += n;
	}
	return len < max ? len : max;
}

/* Put the marks in. @return how many '!' there are */
static size_t
make_wire(struct scene_random *random, const char *stream, size_t len)
{
	static const size_t frequencies[] = { 1, 2, 3, 8, 100 };
	size_t i, outside = 0, every = frequencies[roll(5)];
	char *at = random->wire;

	for (i = 0; i <= len; i++) {
		if (outside < 4 && roll(len + 4) < 3) {
			*at++ = '!';
			outside++;
		} else if (roll(every) == 0)
			*at++ = '|';
		if (i < len)
			*at++ = stream[i];
	}
	if (roll(3) > 0)
		*at++ = '$';
	*at = '\0';
	return outside;
}

/* Moves */

static void
set_something(struct scene_random *random, struct scene_move *move)
{
	size_t dice = roll(20);

	if (dice < 11) {
		move->what = SCENE_DELIMITER;
		move->delimiter = random->delimiters[roll(3)];
	} else if (dice < 18) {
		move->what = SCENE_COUNT;
		move->count = (unsigned)roll(roll(4) > 0 ? COUNT_MAX : LEN_MAX);
	} else if (dice < 19)
		move->what = SCENE_NONE;
	else {
		move->what = SCENE_DELIMITER;
		move->delimiter = "";
	}
}

static struct scene_move *
add(struct scene_random *random, enum scene_when when, size_t at)
{
	struct scene_move *move = &random->moves[random->scene.n++];

	harness_must(random->scene.n <= SCENE_MOVES, "room for moves");
	*move = (struct scene_move){ .when = when, .at = at };
	return move;
}

/* Anything but to set a terminator; in collect hardly what depends on where a
 * piece ends. */
static void
do_something(struct scene_random *random, enum scene_when when, size_t at)
{
	static const enum scene_what often[] = { SCENE_PAUSE, SCENE_ASK,
	    SCENE_PAUSE_ON, SCENE_RESUME };
	struct scene_move *move = add(random, when, at);

	if (when == SCENE_IN_COLLECT)
		move->what = roll(3) > 0 ? SCENE_PAUSE : SCENE_ASK;
	else if (roll(3) > 0)
		move->what = often[roll(4)];
	else if (roll(2) == 0)
		move->what = SCENE_DISCARD;
	else if (roll(2) == 0)
		move->what = SCENE_FREE;
	else {
		move->what = SCENE_CLOSE;
		if (roll(2) == 0)
			add(random, when, at)->what = SCENE_DISCARD;
	}
}

static void
make_moves(struct scene_random *random, size_t len, size_t outside)
{
	size_t i, n;

	if (roll(8) > 0)
		set_something(random, add(random, SCENE_FIRST, 0));
	random->scene.cycle = 1 + roll(4);
	for (i = 0; i < random->scene.cycle; i++) {
		if (roll(4) > 0)
			set_something(random, add(random, SCENE_IN_FOUND, i));
		if (roll(4) == 0)
			do_something(random, SCENE_IN_FOUND, i);
	}
	for (i = 0; i < outside; i++) {
		if (roll(3) > 0)
			set_something(random, add(random, SCENE_OUTSIDE, i));
		if (roll(3) == 0)
			do_something(random, SCENE_OUTSIDE, i);
	}
	for (n = roll(4); n > 0 && len > 0; n--) {
		i = 1 + roll(len);
		if (roll(3) > 0)
			set_something(random, add(random, SCENE_IN_COLLECT, i));
		else
			do_something(random, SCENE_IN_COLLECT, i);
	}
	if (roll(4) == 0)
		set_something(random, add(random, SCENE_IN_EOF, 0));
	if (roll(6) == 0)
		do_something(random, SCENE_IN_EOF, 0);
}

void
scene_random_init(struct scene_random *random, unsigned long seed)
{
	static const char *const alphabets[] = { "ab", "aab", "\r\n", "\r\n.a",
	    "abc", "aaaaab" };
	const char *alphabet;
	char stream[LEN_MAX + MODEL_DELIMITER_MAX];
	size_t i, len;

	state = seed * 0x2545f4914f6cdd1d;
	memset(random, 0, sizeof(*random));
	random->scene.wire = random->wire;
	random->scene.moves = random->moves;
	alphabet = alphabets[roll(sizeof(alphabets) / sizeof(alphabets[0]))];
	for (i = 0; i < 3; i++)
		make_delimiter(random->delimiters[i], alphabet);
	len = make_stream(random, stream, alphabet);
	make_moves(random, len, make_wire(random, stream, len));
}

/* Changing one */

void
scene_random_unite(struct scene_random *random)
{
	char *from, *to = random->wire;

	for (from = random->wire; *from != '\0'; from++) {
		if (*from != '|')
			*to++ = *from;
	}
	*to = '\0';
}

static bool
try_without_move(struct scene_random *random, size_t i,
    bool (*fails)(const struct scene *, void *), void *arg)
{
	struct scene_random less = *random;

	less.scene.wire = less.wire;
	less.scene.moves = less.moves;
	less.scene.n--;
	memmove(less.moves + i, less.moves + i + 1,
	    (less.scene.n - i) * sizeof(less.moves[0]));
	if (!fails(&less.scene, arg))
		return false;
	memcpy(random->moves, less.moves, sizeof(less.moves));
	random->scene.n--;
	return true;
}

/* A byte, or a mark. */
static bool
try_without_byte(struct scene_random *random, size_t i,
    bool (*fails)(const struct scene *, void *), void *arg)
{
	struct scene_random less = *random;

	less.scene.wire = less.wire;
	less.scene.moves = less.moves;
	memmove(less.wire + i, less.wire + i + 1, strlen(less.wire + i));
	if (!fails(&less.scene, arg))
		return false;
	memcpy(random->wire, less.wire, sizeof(less.wire));
	return true;
}

void
scene_random_shrink(struct scene_random *random,
    bool (*fails)(const struct scene *scene, void *arg), void *arg)
{
	bool smaller;
	size_t i;

	do {
		smaller = false;
		for (i = random->scene.n; i-- > 0;)
			smaller |= try_without_move(random, i, fails, arg);
		for (i = strlen(random->wire); i-- > 0;)
			smaller |= try_without_byte(random, i, fails, arg);
	} while (smaller);
}
