#ifndef CHAT_OPTIONS_H
#define CHAT_OPTIONS_H

/*
 * The command line of the chat sample: where it listens, and every limit that
 * it sets. Of a number, 0 means that there is no limit.
 */

struct options {
	const char *address;
	unsigned long port;	/* 0: one that is free */
	int skips;		/* slow readers miss lines; else they go */
	unsigned long users;	/* connections, with or without a name */
	unsigned long queue;	/* bytes that may wait for one reader */
	unsigned long budget;	/* bytes in memory, for all together */
	unsigned long flood;	/* bytes a second that one may send */
	/* How long may take: a name, any sign of life, a line from its first
	 * byte, any progress of what is being sent, and the end */
	unsigned long name_ms, idle_ms, line_ms, stall_ms, grace_ms;
};

/* 0, or -1 when it has said how it is to be called. */
int options_parse(struct options *options, int argc, char **argv);

#endif
