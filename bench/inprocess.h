#ifndef BENCH_INPROCESS_H
#define BENCH_INPROCESS_H

/*
 * The parts of inprocess. Each prints what its workloads are, and measures all
 * of its ways once, beginning with another one in each round.
 */

/* How often, roughly. To try is only to see that it works. */
enum effort { EFFORT_TRY = 2, EFFORT_QUICK = 40, EFFORT_FULL = 400 };

struct part {
	void (*titles)(void);
	void (*run)(int round, enum effort effort);
};

extern const struct part part_lines;		/* ends of lines */
extern const struct part part_dribble;		/* a frame in small pieces */
extern const struct part part_delimiters;	/* many, and hostile ones */
extern const struct part part_carriers;		/* pairs and filters */

#endif
