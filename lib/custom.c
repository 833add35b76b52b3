/*
 * Framings of the application's own. What a splitter says is checked before it
 * is believed, since everything else counts on its being possible.
 */

#include <errno.h>

#include "framing.h"

struct custom {
	struct evchat_framing framing;
	const struct evchat_framing_ops *ops;
	void *arg;
};

/* Of the frame in progress: scan->other counts its data. */
enum {
	BEGUN = 1,
	HAS_USED = 2, /* bytes of the stream */
	HAS_DATA = 4, /* and some of them are data */
	ASKED_AT_END = 8,
	REFUSED = 16
};

/* Can that be, with so many bytes undecided, of which len were shown? */
static bool
is_possible(const struct scan *scan, enum evchat_split_result what,
    const struct evchat_split *found, size_t len)
{
	bool ends = what == EVCHAT_SPLIT_FRAME;
	size_t left = scan->held + len;
	uint64_t data = scan->other + found->data;

	if (found->head > left || (found->head > 0 && scan->phase & HAS_DATA))
		return (false);
	left -= found->head;
	if (found->data > left || found->tail > left - found->data)
		return (false);
	left -= found->data + found->tail;
	/* A frame of nothing could be found for ever. */
	if (ends && found->head + found->data + found->tail == 0 &&
	    !(scan->phase & HAS_USED))
		return (false);
	if (scan->declared && (data > scan->length ||
	    (ends && data != scan->length)))
		return (false);
	return (ends ? found->again == 0 : found->tail == 0 &&
	    found->again <= len && found->again <= left);
}

static enum scan_what
go_on(struct scan *scan, const struct evchat_split *found, size_t len,
    struct scan_step *step)
{
	step->used = len - found->again;
	step->lead = found->head;
	step->data = found->data;
	scan->held += step->used - found->head - found->data;
	scan->again = found->again;
	scan->other += found->data;
	scan->phase |= BEGUN | (found->data > 0 ? HAS_DATA : 0) |
	    (found->head + found->data > 0 ? HAS_USED : 0);
	return (SCAN_MORE);
}

static enum scan_what
end_frame(const struct scan *scan, const struct evchat_split *found,
    struct scan_step *step)
{
	size_t len = found->head + found->data + found->tail;

	step->used = len > scan->held ? len - scan->held : 0;
	step->lead = found->head;
	step->data = found->data;
	step->skip = found->tail;
	return (SCAN_FRAME);
}

/* The byte behind those held is wrong. */
static enum scan_what
refuse(const struct scan *scan, struct scan_step *step)
{
	step->bad = scan->held;
	return (SCAN_MALFORMED);
}

/* What was found before a wrong byte comes first, in a step of its own. */
static enum scan_what
stop(struct scan *scan, struct evchat_split *found, struct scan_step *step)
{
	step->bad = scan->held + found->bad;
	scan->error = found->error != NULL ? found->error : "malformed frame";
	if (found->head + found->data == 0)
		return (SCAN_MALFORMED);
	found->again = 0;
	scan->phase |= REFUSED;
	return (go_on(scan, found, found->bad, step));
}

/* Show the splitter the next len bytes, and believe it if that can be. */
static enum scan_what
show(const struct custom *custom, struct scan *scan,
    const unsigned char *bytes, size_t len, struct scan_step *step)
{
	struct evchat_split found = { 0 };
	enum evchat_split_result what = custom->ops->split(bytes, len, &found,
	    scan->terminator.state, custom->arg);

	scan->again = 0;
	if (found.length > 0 && !scan->declared) {
		scan->declared = true;
		scan->length = found.length;
	}
	switch (what) {
	case EVCHAT_SPLIT_MORE:
		if (is_possible(scan, what, &found, len))
			return (go_on(scan, &found, len, step));
		break;
	case EVCHAT_SPLIT_FRAME:
		if (is_possible(scan, what, &found, len))
			return (end_frame(scan, &found, step));
		break;
	case EVCHAT_SPLIT_MALFORMED:
		if ((found.bad < len || (found.bad == 0 && len == 0)) &&
		    is_possible(scan, what, &found, found.bad))
			return (stop(scan, &found, step));
		break;
	}
	scan->error = "the splitter has counted wrong";
	return (refuse(scan, step));
}

static enum scan_what
custom_scan(const struct evchat_framing *framing, struct scan *scan,
    const unsigned char *bytes, size_t len, struct scan_step *step)
{
	if (scan->phase & REFUSED)
		return (refuse(scan, step));
	return (show((const struct custom *)framing, scan, bytes, len, step));
}

/* Inside a frame the splitter is asked once whether that was all of it. */
static enum scan_what
custom_finish(const struct evchat_framing *framing, struct scan *scan,
    struct scan_step *step)
{
	if (scan->phase & REFUSED)
		return (refuse(scan, step));
	if (!(scan->phase & BEGUN) || scan->phase & ASKED_AT_END)
		return (SCAN_MORE);
	scan->phase |= ASKED_AT_END;
	return (show((const struct custom *)framing, scan,
	    (const unsigned char *)"", 0, step));
}

static int
custom_encode(const struct evchat_framing *framing, struct backlog *out,
    const struct payload *payload)
{
	const struct custom *custom = (const struct custom *)framing;
	struct evbuffer *encoded, *to;
	int done, error;

	errno = EINVAL;
	if (custom->ops->encode == NULL ||
	    (to = backlog_buffer(out)) == NULL)
		return (-1);
	errno = ENOMEM;
	if ((encoded = evbuffer_new()) == NULL)
		return (-1);
	errno = EINVAL;
	done = custom->ops->encode(encoded, payload->vec, payload->n,
	    custom->arg);
	if (done == 0)
		done = evbuffer_add_buffer(to, encoded);
	error = errno;
	evbuffer_free(encoded);
	errno = error;
	return (done == 0 ? 0 : -1);
}

static void
custom_free(struct evchat_framing *framing)
{
	const struct custom *custom = (const struct custom *)framing;

	if (custom->ops->free != NULL)
		custom->ops->free(custom->arg);
	framing_free(framing);
}

static const struct framing_ops custom_ops = {
	.scan = custom_scan,
	.finish = custom_finish,
	.encode = custom_encode,
	.free = custom_free,
	.goes_on = true,
	.holds_any = true,
};

struct evchat_framing *
evchat_framing_custom(const struct evchat_framing_ops *ops, void *arg)
{
	struct custom *custom;

	if (ops == NULL || ops->split == NULL) {
		errno = EINVAL;
		return (NULL);
	}
	if ((custom = framing_new(sizeof(*custom), &custom_ops)) == NULL)
		return (NULL);
	custom->ops = ops;
	custom->arg = arg;
	custom->framing.state_size = ops->state_size;
	return (&custom->framing);
}
