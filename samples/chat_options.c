/*
 * The command line: -s and -a, and a letter for each number.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "chat_options.h"

#define NUMBER_MAX	1000000000UL

static const struct options defaults = {
	.address = "127.0.0.1",
	.users = 1000,
	.queue = 256 * 1024,
	.budget = 64 * 1024 * 1024,
	.flood = 4096,
	.name_ms = 30 * 1000,
	.idle_ms = 600 * 1000,
	.line_ms = 120 * 1000,
	.stall_ms = 120 * 1000,
	.grace_ms = 5 * 1000,
};

/* NULL: there is no such letter. */
static unsigned long *
find_number(struct options *options, int letter)
{
	switch (letter) {
	case 'p': return &options->port;
	case 'm': return &options->users;
	case 'q': return &options->queue;
	case 'b': return &options->budget;
	case 'f': return &options->flood;
	case 'n': return &options->name_ms;
	case 'i': return &options->idle_ms;
	case 'l': return &options->line_ms;
	case 't': return &options->stall_ms;
	case 'g': return &options->grace_ms;
	default: return NULL;
	}
}

static int
parse_number(const char *text, unsigned long *number)
{
	char *rest;

	errno = 0;
	*number = strtoul(text, &rest, 10);
	return text[0] >= '0' && text[0] <= '9' && *rest == '\0' &&
	    errno == 0 && *number <= NUMBER_MAX ? 0 : -1;
}

static int
parse_option(struct options *options, int letter)
{
	unsigned long *number = find_number(options, letter);

	if (number != NULL)
		return parse_number(optarg, number);
	if (letter == 'a')
		options->address = optarg;
	else if (letter == 's' && strcmp(optarg, "skip") == 0)
		options->skips = 1;
	else if (letter == 's' && strcmp(optarg, "drop") == 0)
		options->skips = 0;
	else
		return -1;
	return 0;
}

int
options_parse(struct options *options, int argc, char **argv)
{
	int letter, status = 0;

	*options = defaults;
	while (status == 0 &&
	    (letter = getopt(argc, argv, "a:p:s:m:q:b:f:n:i:l:t:g:")) != -1)
		status = parse_option(options, letter);
	if (status == 0 && optind == argc && options->port <= 65535)
		return 0;
	fprintf(stderr, "usage: chat [-a address] [-p port] [-s drop|skip]"
	    " [-m users]\n"
	    "\t[-q queue-bytes] [-b budget-bytes] [-f bytes-a-second]\n"
	    "\t[-n name-ms] [-i idle-ms] [-l line-ms] [-t stall-ms]"
	    " [-g grace-ms]\n");
	return -1;
}
