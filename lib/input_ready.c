/*
 * Frames that are ready. Where a frame may begin, all those that lie whole in
 * one piece of the unread bytes are found at once, and then handed out with a
 * few instructions each. That is done for framings which can find them and
 * while there is no trace; in pieces, only where no length is declared. A
 * whole frame of which one piece has the begin and the next the end is put
 * together, if nothing of its end is in the first; then others follow. Every
 * other frame, such as one above the maximum, is scanned.
 *
 * A hook that is given a ready frame finds everything as it is when that is
 * scanned by itself: what follows was looked at, but is unread, and of it
 * nothing is kept but where the next frames end, which no hook can see. So a
 * call that changes what comes next has only to say so, by input_stir: the
 * frames that were not handed out are forgotten, and found again under what
 * then holds. That this remains linear, although every frame may be such a
 * one, is because the number looked for begins at one then, and doubles each
 * time that all were wanted.
 */

#include "blocks.h"
#include "framing.h"
#include "input.h"

void
input_stir(struct input *input)
{
	input->stirred = true;
	input->clear = 0;
}

/* Does what is unread begin where a frame may begin, unscanned? */
static bool
is_fresh(const struct input *input)
{
	return (input->frame == FRAME_FRESH && input->scanned == 0);
}

static bool
find(const struct input *input, struct ready *ready)
{
	const struct evchat_framing *framing = input->scan.terminator.framing;

	if (ready->len > BLOCKS_MOST)
		ready->len = BLOCKS_MOST;
	ready->wanted = input->ahead > 0 ? input->ahead : 1;
	ready->n = ready->clear = 0;
	ready->keeps = ready->alike = false;
	framing->ops->find(framing, ready);
	return (ready->n > 0);
}

/* Those that lie in the piece which they may begin with. */
static bool
find_in_piece(struct input *input, struct ready *ready)
{
	struct unread *unread = &input->unread;

	ready->bytes = unread_at(unread, 0, &ready->len);
	if (ready->bytes == NULL && unread_advance(unread, 0) == 0)
		ready->bytes = unread_at(unread, 0, &ready->len);
	if (ready->bytes == NULL)
		return (false);
	ready->first = ready->bytes;
	ready->before = 0;
	if (find(input, ready))
		return (true);
	input->clear = ready->clear;
	return (false);
}

/*
 * The same where all that is left of a piece is data of the first one: its end
 * is looked for in the next piece, and it is put together. One that does not
 * end there, or is too large, is scanned.
 */
static bool
find_across(struct input *input, struct ready *ready)
{
	struct unread *unread = &input->unread;
	size_t before = input->clear, len;

	if (unread_at(unread, before, &len) != NULL || unread_wants(unread) ||
	    unread_advance(unread, before) == -1)
		return (false);
	ready->bytes = unread_at(unread, before, &ready->len);
	if (ready->bytes == NULL || !find(input, ready))
		return (false);
	len = (size_t)ready->last[0] + 1;
	if (before + len - ready->around[0].tail >
	    input_next_max(input, true) ||
	    (ready->first = unread_join(unread, len)) == NULL)
		return (false);
	ready->before = before;
	input->clear = 0;
	return (true);
}

bool
input_find_ready(struct input *input, bool whole, struct ready *ready)
{
	const struct evchat_framing *framing = input->scan.terminator.framing;

	if (!input->scan.finds || !is_fresh(input) ||
	    ((framing->ops->declares || input->clear > 0) && !whole))
		return (false);
	input_return(input);
	if (!(input->clear > 0 ? find_across(input, ready) :
	    find_in_piece(input, ready)))
		return (false);
	unread_lend(&input->unread);
	input->stirred = false;
	return (true);
}

void
input_open_ready(struct input *input, size_t data, size_t keep, size_t skip)
{
	input_begin_frame(input);
	input->scanned = data + keep + skip;
	input_consume(input, data + keep);
	input->passed = input->in_pieces = data;
	input->skip = skip;
	input->ended = true;
}

void
input_close_ready(struct input *input)
{
	input_end_frame(input);
	input_count_frame(input);
}

void
input_end_ready(struct input *input, const struct ready *ready, size_t used)
{
	if (used < ready->n || input->stirred) {
		input->ahead = 1;
		return;
	}
	input->clear = ready->clear;
	input->ahead = (unsigned char)(ready->wanted < READY_MOST ?
	    2 * ready->wanted : READY_MOST);
}
