/*
 * The nasty kernel as a library to be preloaded, for servers that run by
 * themselves. What they accept is watched.
 *
 *	EVCHAT_NASTY         a bend by its name, or any: of the transient ones
 *	EVCHAT_NASTY_ONE_IN  how many of the calls: one in so many
 *	EVCHAT_NASTY_REPORT  a file that gets a line when the program exits: how
 *	                     many calls were looked at, and how many were bent
 *	EVCHAT_TEST_SEED     which ones
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "nasty.h"

static unsigned long
setting(const char *name, unsigned long otherwise)
{
	const char *value = getenv(name);

	return value != NULL ? strtoul(value, NULL, 0) : otherwise;
}

static void begin(void) __attribute__((constructor));
static void end(void) __attribute__((destructor));

static void
begin(void)
{
	const char *name = getenv("EVCHAT_NASTY");
	const struct nasty_bend *bend = NULL;

	if (name == NULL)
		return;
	if (strcmp(name, "any") != 0 &&
	    (bend = nasty_bend_named(name)) == NULL) {
		fprintf(stderr, "EVCHAT_NASTY=%s: no such bend\n", name);
		_Exit(EXIT_FAILURE);
	}
	nasty_watch_accepted(true);
	nasty_bend_often(bend, (unsigned)setting("EVCHAT_NASTY_ONE_IN", 1),
	    setting("EVCHAT_TEST_SEED", 1));
}

/* A program that was started with this may start others. */
static void
end(void)
{
	const char *name = getenv("EVCHAT_NASTY_REPORT");
	long counted = nasty_counted(), struck = nasty_struck();
	FILE *file;

	if (name == NULL || counted == 0 || (file = fopen(name, "a")) == NULL)
		return;
	fprintf(file, "%ld of %ld calls bent\n", struck, counted);
	(void)fclose(file);
}
