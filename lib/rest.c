/*
 * The input of a channel is at rest most of the time. Then chat->rest has what
 * there is to know and chat->input is NULL. Whoever needs the input, be it to
 * go through received bytes or to set a terminator, opens it: it is made in
 * memory on the stack, for all who are called meanwhile as well, and whoever
 * opened it closes it. If it is at rest again then, as it is when only whole
 * frames came, nothing was allocated for it. If not, it is moved to memory of
 * its own, where it stays until the end of a turn finds it at rest.
 *
 * Invariant: outside of all calls, chat->input is NULL or such memory. So what
 * rest says is true exactly while chat->input is NULL.
 */

#include <string.h>

#include "channel.h"
#include "mem.h"

void
rest_init(struct rest *rest, bool deliver_last)
{
	memset(rest, 0, sizeof(*rest));
	rest->kind = SCAN_NONE;
	rest->next_max_is_default = true;
	rest->deliver_last = deliver_last;
}

static struct terminator
terminator_of(const struct rest *rest)
{
	return ((struct terminator){
		.kind = (enum scan_kind)rest->kind,
		.framing = rest->framing,
		.count = rest->kind == SCAN_COUNT ? rest->so_many.count : 0,
		.state = rest->state
	});
}

void
rest_free(struct rest *rest)
{
	struct terminator terminator = terminator_of(rest);

	terminator_release(&terminator);
}

/* What comes in no frame is counted all the same. */
static void
go_on(struct input *input, uint64_t passed)
{
	if (passed > 0)
		input_begin_frame(input);
	input->passed = input->in_pieces = passed;
	input->entered = passed > 0;
}

void
rest_wake(const struct rest *rest, struct input *input)
{
	struct terminator terminator = terminator_of(rest);

	input_init(input, rest->deliver_last);
	scan_init(&input->scan, &terminator);
	input->scan.after_end = rest->after_end;
	input->next_max = rest->next_max;
	input->next_max_is_default = rest->next_max_is_default;
	input->next_policy = (enum evchat_oversize)rest->next_policy;
	if (rest->open)
		input_begin_frame(input);
	if (rest->kind == SCAN_NONE)
		go_on(input, rest->so_many.passed);
	input->frames = rest->frames;
	input->others = rest->others;
	input->oversized = rest->oversized;
	input->last_len = rest->last_len;
	input->offset = rest->offset;
	input->end = (enum input_end)rest->end;
	input->ahead = rest->ahead;
}

static void
take(struct rest *rest, const struct input *input)
{
	const struct terminator *terminator = &input->scan.terminator;

	rest->framing = terminator->framing;
	rest->state = terminator->state;
	if (terminator->kind == SCAN_COUNT)
		rest->so_many.count = terminator->count;
	else
		rest->so_many.passed = input->passed;
	rest->frames = input->frames;
	rest->others = input->others;
	rest->oversized = input->oversized;
	rest->last_len = input->last_len;
	rest->offset = input->offset;
	rest->next_max = input->next_max;
	rest->kind = (unsigned char)terminator->kind;
	rest->next_policy = (unsigned char)input->next_policy;
	rest->end = (unsigned char)input->end;
	rest->ahead = input->ahead;
	rest->next_max_is_default = input->next_max_is_default;
	rest->deliver_last = input->deliver_last;
	rest->after_end = input->scan.after_end;
	rest->open = input->frame == FRAME_OPEN && rest->kind == SCAN_COUNT;
}

/*
 * A frame that has begun can be begun again if nothing of it has come: then it
 * is a count, and its maximum has to be the one that it would get now. What
 * comes in no frame is only counted.
 */
static bool
can_begin_again(const struct input *input)
{
	if (input->frame == FRAME_FRESH ||
	    input->scan.terminator.kind == SCAN_NONE)
		return (input->frame != FRAME_OVER);
	return (input->frame == FRAME_OPEN && !input->entered &&
	    input->passed == 0 && input->max == input->next_max &&
	    input->max_is_default == input->next_max_is_default &&
	    input->policy == input->next_policy);
}

bool
rest_take(struct rest *rest, struct input *input)
{
	const struct unread *unread = &input->unread;

	if (((unread->front.buf != NULL || unread->rest != NULL) &&
	    unread_len(unread) > 0) ||
	    input->scanned + input->scan.held + input->scan.again > 0 ||
	    input->ended || input->has_next || input->refusal != NULL ||
	    hold_len(&input->cut) > 0 || !can_begin_again(input))
		return (false);
	if (input->cut.buf != NULL)
		hold_free(&input->cut);
	if (unread->front.buf != NULL || unread->rest != NULL ||
	    unread->lent != NULL)
		unread_free(&input->unread);
	take(rest, input);
	return (true);
}

void
rest_drop(struct rest *rest, struct input *input)
{
	input_drop_next(input);
	hold_free(&input->cut);
	unread_free(&input->unread);
	take(rest, input);
}

/* Those of a channel */

struct input *
channel_open_input(struct evchat *chat, struct input *here)
{
	if (chat->input == NULL) {
		rest_wake(&chat->rest, here);
		chat->input = here;
	}
	return (chat->input);
}

const struct input *
channel_see_input(const struct evchat *chat, struct input *here)
{
	if (chat->input != NULL)
		return (chat->input);
	rest_wake(&chat->rest, here);
	return (here);
}

struct input *
channel_keep_input(struct evchat *chat)
{
	struct input *kept;

	if (chat->input != NULL)
		return (chat->input);
	if ((kept = mem_alloc(sizeof(*kept))) == NULL)
		return (NULL);
	rest_wake(&chat->rest, kept);
	chat->input = kept;
	chat->keeps_input = true;
	return (kept);
}

/*
 * Where chains come, by way of the bufferevent, there is an evbuffer for them,
 * which is not made anew for each: such an input stays.
 */
static bool
goes_to_rest(struct evchat *chat)
{
	return ((chat->reading == READING_DIRECT ||
	    chat->input->unread.rest == NULL) &&
	    rest_take(&chat->rest, chat->input));
}

void
channel_rest_input(struct evchat *chat)
{
	if (chat->keeps_input && goes_to_rest(chat)) {
		mem_free(chat->input);
		chat->input = NULL;
		chat->keeps_input = false;
	}
}

void
channel_close_input(struct evchat *chat, struct input *here)
{
	struct input *kept = NULL;

	if (chat->input != here)
		return;
	if (chat->state < CHANNEL_ENDING && goes_to_rest(chat)) {
		chat->input = NULL;
		return;
	}
	if (chat->state < CHANNEL_ENDING &&
	    (kept = mem_alloc(sizeof(*kept))) == NULL)
		end_now(chat, EVCHAT_REASON_NO_MEMORY);
	if (kept != NULL)
		*kept = *here;
	else
		rest_drop(&chat->rest, here);
	chat->input = kept;
	chat->keeps_input = kept != NULL;
}
