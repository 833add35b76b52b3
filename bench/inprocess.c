/*
 * inprocess: what it costs to find frames in bytes that are there, and to
 * handle them without a socket. Prints lines as bench does, in nanoseconds.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "inprocess.h"

static const struct part *const parts[] = { &part_lines, &part_delimiters,
	&part_dribble, &part_carriers };
#define PARTS (sizeof(parts) / sizeof(parts[0]))

int
main(int argc, char **argv)
{
	enum effort effort = EFFORT_FULL;
	int rounds = 15, c;

	while ((c = getopt(argc, argv, "qr:t")) != -1) {
		if (c == 'q') {
			effort = EFFORT_QUICK;
		} else if (c == 't') {
			effort = EFFORT_TRY;
		} else if (c == 'r' && atoi(optarg) > 0) {
			rounds = atoi(optarg);
		} else {
			fprintf(stderr,
			    "usage: inprocess [-qt] [-r rounds]\n");
			return 2;
		}
	}
	for (size_t i = 0; i < PARTS; i++)
		parts[i]->titles();
	for (int round = 0; round < rounds; round++) {
		fprintf(stderr, "round %d/%d in process, ns:", round + 1,
		    rounds);
		for (size_t i = 0; i < PARTS; i++)
			parts[i]->run(round, effort);
		fprintf(stderr, "\n");
	}
	return 0;
}
