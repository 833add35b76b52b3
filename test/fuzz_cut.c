/*
 * How the input is cut: operations that set a terminator or a maximum, and
 * what is known here of the terminator in force.
 */

#include "fuzz.h"

static int
set(struct fuzz_run *f, const struct fuzz_op *op, struct fuzz_force *force)
{
	struct evchat_framing *framing;
	struct fuzz_bytes text;
	unsigned special;
	int done = -1;

	force->delimiter.len = 0;
	switch (op->what) {
	case FUZZ_DELIMITER:
		text = fuzz_bytes_of(f->in, op->a, op->b);
		force->kind = FUZZ_KIND_FRAMING;
		force->delimiter = text;
		return (evchat_set_terminator(f->chat, text.data, text.len));
	case FUZZ_COUNT:
		force->kind = FUZZ_KIND_COUNT;
		force->count = op->a < 0xf0 ? op->a % 24 :
		    UINT64_MAX >> (op->b % 64);
		return (evchat_set_terminator_count(f->chat, force->count));
	case FUZZ_NONE:
		force->kind = FUZZ_KIND_NONE;
		evchat_set_terminator_none(f->chat);
		return (0);
	default:
		break;
	}
	force->kind = FUZZ_KIND_FRAMING;
	framing = f->in->target->framing_new(f->in, op->a, op->b);
	special = f->in->target->special(op->a, op->b);
	f->plain = f->plain && !(special & FUZZ_TRANSFORMS);
	f->all = f->all && !(special & FUZZ_DECLARES);
	if (framing != NULL)
		done = evchat_set_framing(f->chat, framing);
	evchat_framing_free(framing);
	return (done);
}

/*
 * Outside of collect it is in force at once, but for a frame that is too
 * large: where that ends is not told.
 */
void
fuzz_set_terminator(struct fuzz_run *f, const struct fuzz_op *op)
{
	struct fuzz_force force = { .count = 0 };

	if (set(f, op, &force) == -1)
		return;
	f->has_next = false;
	if (f->in_oversize) {
		f->now.kind = FUZZ_KIND_UNSURE;
		return;
	}
	f->now = force;
	fuzz_must(f->in->wild || f->closing ||
	    (evchat_get_framing(f->chat) != NULL) ==
	    (force.kind == FUZZ_KIND_FRAMING), "a terminator that comes late");
}

/* In collect: for the bytes behind the frame, or else behind this byte. */
static int
set_in_collect(struct fuzz_run *f, const struct fuzz_op *op)
{
	bool behind_set = op->b & 0x40;
	struct fuzz_force force = { .count = 0 };
	int done;

	if (f->now.kind != FUZZ_KIND_NONE) {
		if ((done = set(f, op, &force)) == 0) {
			f->then = force;
			f->has_next = true;
		}
		return (done);
	}
	f->surplus = true;
	if (!behind_set)
		(void)evchat_unread(f->chat, f->rest, f->rest_len);
	if ((done = set(f, op, &force)) == 0)
		f->now = force;
	if (behind_set)
		(void)evchat_unread(f->chat, f->rest, f->rest_len);
	return (done);
}

int
fuzz_set_terminator_at(struct fuzz_run *f, enum fuzz_moment moment,
    const struct fuzz_op *op)
{
	if (moment == FUZZ_AT_BYTE && !f->in->wild)
		return (set_in_collect(f, op));
	fuzz_set_terminator(f, op);
	return (0);
}

void
fuzz_set_max(struct fuzz_run *f, const struct fuzz_op *op)
{
	static const enum evchat_oversize policies[] = {
		EVCHAT_OVERSIZE_CLOSE, EVCHAT_OVERSIZE_DISCARD,
		EVCHAT_OVERSIZE_TRUNCATE, EVCHAT_OVERSIZE_DISCARD,
		EVCHAT_OVERSIZE_TRUNCATE
	};

	(void)evchat_set_max_frame(f->chat, op->a % 32, policies[op->b % 5]);
}
