#ifndef FRAMECAT_FRAMING_H
#define FRAMECAT_FRAMING_H

/*
 * Framings by name, as framecat takes them on its command line.
 */

#include <stdio.h>

struct evchat_framing;

/*
 * Make the framing that a text such as "line:strict,keep" names; NULL for
 * "none". Returns 0, or -1 after having said on stderr what is wrong.
 */
int framecat_framing_new(const char *text, struct evchat_framing **framing);

/* Print how each framing is named, and what it is. */
void framecat_framing_help(FILE *to);

#endif
