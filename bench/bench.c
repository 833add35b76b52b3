/*
 * bench: what it costs a server to answer a message.
 *
 * Every round runs every way of every workload once, the ways in an order that
 * moves on with each round, each against a new process. After a warm-up the
 * answers and the server's processor time are counted for a while. A line goes
 * to the output for each run:
 *
 *	workload	way	round	us per message	messages per second
 */
#define _POSIX_C_SOURCE 200809L
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "load.h"
#include "process.h"
#include "works.h"

/* A run by the number of messages is to see that it works. */
#define TRY_IDLE 1000
#define TRY_BYTES (8 << 20)

/* What a run comes to: microseconds a message, and messages a second. */
enum figure { COST, RATE, FIGURES };

struct options {
	int rounds;
	double seconds;
	double warm_up;
	double messages;	/* instead of seconds, if not 0 */
	int local;
	char **only;		/* names of workloads; none: all */
	const char *dir;
};

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Keep the load going until it is time, or enough has come back. */
static void
run_until(struct load_state *load, double time, double messages)
{
	while (now() < time && (messages <= 0 ||
	    load_messages(load) < messages))
		load_turn(load);
}

/*
 * The account is brought up to date when the server waits and at the kernel's
 * ticks, so begin and end are where it has just been. It stands still if
 * nothing is asked of the server, therefore not for ever.
 */
static double
cpu_now(struct load_state *load, const struct process *server)
{
	double before = process_cpu(server), cpu = before;

	for (double end = now() + .05; cpu <= before && now() < end;
	    cpu = process_cpu(server))
		load_turn(load);
	return cpu;
}

static void
measure(const struct options *options, const struct work *work,
    struct load_state *load, const struct process *server, double *figures)
{
	double time, cpu, messages, forever = now() + 1e6;
	double enough = (double)TRY_BYTES / (double)work->size;

	enough = options->messages < enough ? options->messages : enough;
	load_turn(load);	/* waits until the server is there */
	if (options->messages > 0)
		run_until(load, forever, enough);
	else
		run_until(load, now() + options->warm_up, 0);
	cpu = cpu_now(load, server);
	time = now();
	messages = load_messages(load);
	if (options->messages > 0)
		run_until(load, forever, messages + enough);
	else
		run_until(load, time + options->seconds, 0);
	cpu = cpu_now(load, server) - cpu;
	messages = load_messages(load) - messages;
	figures[COST] = cpu * 1e6 / messages;
	figures[RATE] = messages / (now() - time);
}

/* Returns -1 if the way is not there. */
static int
run(const struct options *options, const struct work *work,
    const struct way *way, int round)
{
	int *fds = calloc((size_t)work->conns, sizeof(*fds));
	struct process server;
	struct load_state *load;
	double figures[FIGURES];

	if (fds == NULL || process_start(&server, options->dir, work, way,
	    options->local, fds) == -1) {
		free(fds);
		return -1;
	}
	load = load_new(work, fds);
	measure(options, work, load, &server, figures);
	load_free(load);
	process_stop(&server, way);
	free(fds);
	printf("%s\t%s\t%d\t%.5f\t%.0f\n", work->name, way->name, round,
	    figures[COST], figures[RATE]);
	fflush(stdout);
	fprintf(stderr, "  %s %.3f", way->name, figures[COST]);
	return 0;
}

static int
is_wanted(const struct options *options, const struct work *work)
{
	char **name = options->only;

	while (*name != NULL && strcmp(*name, work->name) != 0)
		name++;
	return *name != NULL || options->only[0] == NULL;
}

/*
 * How many idle connections a server may have: the system limits its
 * descriptors. The server inherits the limit.
 */
static int
limit_idle(const struct work *work, int idle)
{
	struct rlimit limit, more;
	rlim_t need = (rlim_t)(idle + work->conns + 64);

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 || limit.rlim_cur >= need)
		return idle;
	more.rlim_cur = need;
	more.rlim_max = limit.rlim_max > need ? limit.rlim_max : need;
	if (setrlimit(RLIMIT_NOFILE, &more) == 0)
		return idle;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur >= need)
		return idle;
	idle = (int)limit.rlim_cur - work->conns - 64;
	printf("note\t%s: %d idle connections, RLIMIT_NOFILE allows no more\n",
	    work->name, idle);
	return idle;
}

static void
run_work(const struct options *options, const struct work *work, int round)
{
	int n = 0;

	fprintf(stderr, "round %d/%d %s:", round + 1, options->rounds,
	    work->name);
	while (n < WORK_MAX_WAYS && work->ways[n].name != NULL)
		n++;
	for (int i = 0; i < n; i++) {
		struct way way = work->ways[(i + round) % n];

		if (options->messages > 0 && way.idle > TRY_IDLE)
			way.idle = TRY_IDLE;
		way.idle = limit_idle(work, way.idle);
		run(options, work, &way, round);
	}
	fprintf(stderr, "\n");
}

static int
parse(struct options *options, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "m:r:s:uw:")) != -1) {
		switch (c) {
		case 'm':
			options->messages = atof(optarg);
			break;
		case 'r':
			options->rounds = atoi(optarg);
			break;
		case 's':
			options->seconds = atof(optarg);
			break;
		case 'u':
			options->local = 1;
			break;
		case 'w':
			options->warm_up = atof(optarg);
			break;
		default:
			return -1;
		}
	}
	options->only = argv + optind;
	return options->rounds > 0 && options->seconds > 0 ? 0 : -1;
}

int
main(int argc, char **argv)
{
	struct options options = { .rounds = 15, .seconds = .5, .warm_up = .1 };
	char *self = strdup(argv[0]);

	if (self == NULL || parse(&options, argc, argv) == -1) {
		fprintf(stderr, "usage: bench [-u] [-m messages] [-r rounds] "
		    "[-s seconds] [-w warm-up-seconds] [workload ...]\n");
		return 2;
	}
	options.dir = dirname(self);
	process_pin_self();
	for (const struct work *work = works; work->name != NULL; work++) {
		if (is_wanted(&options, work))
			printf("title\t%s\t%s\tus a message\n", work->name,
			    work->title);
	}
	for (int round = 0; round < options.rounds; round++) {
		for (const struct work *work = works; work->name != NULL;
		    work++) {
			if (is_wanted(&options, work))
				run_work(&options, work, round);
		}
	}
	free(self);
	return 0;
}
