/*
 * What all framings have in common: they are values that never change, shared
 * by counting references. What a kind does is in a file of its own.
 */

#include "framing.h"

void
framing_init(struct evchat_framing *framing, const struct framing_ops *ops)
{
	framing->ops = ops;
	atomic_init(&framing->refs, 1);
}

struct evchat_framing *
framing_ref(struct evchat_framing *framing)
{
	if (framing != NULL)
		atomic_fetch_add_explicit(&framing->refs, 1,
		    memory_order_relaxed);
	return (framing);
}

void
evchat_framing_free(struct evchat_framing *framing)
{
	if (framing == NULL)
		return;
	if (atomic_fetch_sub_explicit(&framing->refs, 1,
	    memory_order_acq_rel) == 1)
		framing->ops->free(framing);
}
