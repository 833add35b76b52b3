/*
 * Frames that are ready. Where a frame may begin, all those that lie whole in one
 * piece of the unread bytes are found at once, and then handed out with a few
 * instructions each. That is done for framings which can find them and while
 * there is no trace; in pieces, only where no length is declared. Every other
 * frame, such as one that two pieces share or one above the maximum, is scanned.
 *
 * A hook that is given a ready frame finds everything as it is when that is
 * scanned by itself: what follows was looked at, but is unread, and of it nothing
 * is kept but where the next frames end, which no hook can see. So a call that
 * changes what comes next has only to say so, by input_stir: the frames that were
 * not handed out are forgotten, and found again under what then holds. That this
 * remains linear, although every frame may be such a one, is because the number
 * looked for begins at one then, and doubles each time that all were wanted.
 */

#include "framing.h"
#include "input.h"

void
input_stir(struct input *input)
{
	input->stirred = true;
	input->clear = 0;
}

/* Does what is unread begin where a frame may begin, with nothing known of it? */
static bool
is_fresh(const struct input *input)
{
	return (input->frame == FRAME_FRESH && input->scanned == 0 &&
	    input->clear == 0);
}

/* The bytes that a frame may begin with, where they lie in one piece. */
static bool
get_piece(struct unread *unread, struct ready *ready)
{
	ready->bytes = unread_at(unread, 0, &ready->len);
	if (ready->bytes == NULL && unread_advance(unread, 0) == 0)
		ready->bytes = unread_at(unread, 0, &ready->len);
	return (ready->bytes != NULL);
}

bool
input_find_ready(struct input *input, bool whole, struct ready *ready)
{
	const struct evchat_framing *framing = input->scan.terminator.framing;

	if (!input->scan.finds || !is_fresh(input) ||
	    (framing->ops->declares && !whole))
		return (false);
	input_return(input);
	if (!get_piece(&input->unread, ready))
		return (false);
	if (ready->len > READY_MOST_BYTES)
		ready->len = READY_MOST_BYTES;
	ready->wanted = input->ahead > 0 ? input->ahead : 1;
	ready->n = ready->clear = 0;
	ready->keeps = false;
	framing->ops->find(framing, ready);
	if (ready->n == 0) {
		input->clear = ready->clear;
		return (false);
	}
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
	input->frames++;
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
