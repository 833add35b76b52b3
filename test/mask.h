#ifndef MASK_H
#define MASK_H

/*
 * A layer that needs no library: every byte is changed by a key, which is to
 * be seen in what the peer gets. Before the first of them the peer may send
 * '-', which are dropped; '!' is refused.
 */

#include <evchat/layer.h>
#include "harness.h"

struct mask {
	struct harness *h;
	unsigned char key;
	bool greeted;   /* it is ready when the peer has sent a '+', masked */
	bool silent;    /* it starts with nothing received, as a client */
	bool broken;    /* it cannot start */
	bool says_bye;  /* at its end, 'B', masked */
	int blocked;    /* so often it cannot say so */
	bool ready;
};

extern const struct evchat_layer_ops mask_ops;
extern const struct evchat_layer_ops mask_greeted_ops;

/* One that is as the model; it is freed as a layer is. */
struct mask *mask_new(struct harness *h, const struct mask *model);
/* How many there are. */
int mask_count(void);

/* evchat_upgrade() with one of these. */
int mask_upgrade(struct harness *h, const struct mask *model);

#endif
