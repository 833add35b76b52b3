/*
 * Event loops in threads of their own: channels of one loop hand every frame
 * to channels of the other one, and close them at their end. Both loops decode
 * and encode with one framing, of each kind in turn, whose last reference is
 * dropped by either of them, as that to a channel may be.
 */

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <event2/thread.h>
#include "harness.h"
#include "kinds.h"

#define RELAYS 8
#define FRAMES 100
#define REFERENCES 300 /* taken and dropped for each of them */
#define TEXT 7 /* bytes: a letter and six digits */

struct loop {
	struct event_base *base;
	pthread_t thread;
};

/* What comes to the channel in leaves through the channel out. */
struct relay {
	struct loop *in_loop, *out_loop;
	struct evchat *out;
	int sender, receiver; /* the peers' descriptors */
	atomic_int closed_in, closed_out;
	atomic_int why_in, why_out;
	atomic_int wrong;     /* hooks in a foreign thread, calls that failed */
};

static atomic_int ended; /* channels */

static void
expect_thread(struct relay *relay, const struct loop *loop)
{
	if (!pthread_equal(pthread_self(), loop->thread))
		atomic_fetch_add(&relay->wrong, 1);
}

/* Both loops do so at the same time. */
static void
count_references(struct relay *relay, struct evchat *chat)
{
	int i;

	for (i = 0; i < REFERENCES; i++)
		if (evchat_set_framing(chat, evchat_get_framing(chat)) == -1)
			atomic_fetch_add(&relay->wrong, 1);
}

static void
hand_over(struct evchat *chat, const void *frame, size_t len, void *arg)
{
	struct relay *relay = arg;

	expect_thread(relay, relay->in_loop);
	if (evchat_push_frame(relay->out, frame, len) == -1)
		atomic_fetch_add(&relay->wrong, 1);
	count_references(relay, chat);
}

/* The other loop may be about to end that channel, too. */
static void
close_out(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct relay *relay = arg;

	(void)chat;
	expect_thread(relay, relay->in_loop);
	atomic_store(&relay->why_in, (int)why);
	atomic_fetch_add(&relay->closed_in, 1);
	evchat_close_when_done(relay->out);
	evchat_decref(relay->out);
	atomic_fetch_add(&ended, 1);
}

static void
note_out(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct relay *relay = arg;

	(void)chat;
	expect_thread(relay, relay->out_loop);
	atomic_store(&relay->why_out, (int)why);
	atomic_fetch_add(&relay->closed_out, 1);
	atomic_fetch_add(&ended, 1);
}

static const struct evchat_hooks in_hooks = {
	.frame = hand_over, .closed = close_out
};
static const struct evchat_hooks out_hooks = { .closed = note_out };

static struct evchat *
channel_on(struct loop *loop, int *peer, const struct evchat_hooks *hooks,
    struct relay *relay)
{
	struct evchat *chat;
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(evutil_make_socket_nonblocking(fds[0]), 0);
	*peer = fds[1];
	chat = evchat_socket_new(loop->base, fds[0], hooks, relay,
	    EVCHAT_OPT_THREADSAFE);
	ck_assert_ptr_nonnull(chat);
	return chat;
}

static void
relay_open(struct relay *relay, struct loop *in_loop, struct loop *out_loop,
    struct evchat_framing *framing)
{
	struct evchat *in;

	memset(relay, 0, sizeof(*relay));
	relay->in_loop = in_loop;
	relay->out_loop = out_loop;
	relay->out = channel_on(out_loop, &relay->receiver, &out_hooks, relay);
	ck_assert_int_eq(evchat_set_output_framing(relay->out, framing), 0);
	evchat_incref(relay->out);
	in = channel_on(in_loop, &relay->sender, &in_hooks, relay);
	ck_assert_int_eq(evchat_set_framing(in, framing), 0);
}

static void *
run_loop(void *arg)
{
	(void)event_base_loop(arg, EVLOOP_NO_EXIT_ON_EMPTY);
	return NULL;
}

static void
sample(const struct kind *kind, int relay, int n, struct kind_sample *sample)
{
	char text[TEXT + 1];

	snprintf(text, sizeof(text), "%c%06d", 'p' + relay, n);
	kind_sample(kind, text, sample);
}

static void
send_frames(const struct kind *kind, struct relay *relays)
{
	struct kind_sample frame;
	int i, n;

	for (n = 0; n < FRAMES; n++) {
		for (i = 0; i < RELAYS; i++) {
			sample(kind, i, n, &frame);
			ck_assert_int_eq(send(relays[i].sender, frame.wire,
			    frame.len, MSG_NOSIGNAL), (ssize_t)frame.len);
		}
	}
	for (i = 0; i < RELAYS; i++)
		ck_assert_int_eq(shutdown(relays[i].sender, SHUT_WR), 0);
}

/* All frames in order, and then the end. */
static void
receive_frames(const struct kind *kind, struct relay *relays, int i)
{
	unsigned char received[sizeof(((struct kind_sample *)0)->wire)];
	struct relay *relay = &relays[i];
	struct kind_sample frame;
	int n;

	for (n = 0; n < FRAMES; n++) {
		sample(kind, i, n, &frame);
		ck_assert_int_eq(recv(relay->receiver, received, frame.len,
		    MSG_WAITALL), (ssize_t)frame.len);
		ck_assert_mem_eq(received, frame.wire, frame.len);
	}
	ck_assert_int_eq(recv(relay->receiver, received, 1, 0), 0);
	close(relay->receiver);
	close(relay->sender);
}

static void
loop_stop(struct loop *loop)
{
	ck_assert_int_eq(event_base_loopexit(loop->base, NULL), 0);
	ck_assert_int_eq(pthread_join(loop->thread, NULL), 0);
	/* libevent frees bufferevents in a later pass. */
	(void)event_base_loop(loop->base, EVLOOP_NONBLOCK);
	event_base_free(loop->base);
}

static void
expect_ends(struct relay *relay)
{
	ck_assert_int_eq(atomic_load(&relay->wrong), 0);
	ck_assert_int_eq(atomic_load(&relay->closed_in), 1);
	ck_assert_int_eq(atomic_load(&relay->closed_out), 1);
	ck_assert_int_eq(atomic_load(&relay->why_in), EVCHAT_REASON_EOF);
	ck_assert_int_eq(atomic_load(&relay->why_out), EVCHAT_REASON_DONE);
}

START_TEST(channels_of_two_loops_work_together)
{
	struct relay relays[RELAYS];
	struct loop loops[2];
	const struct kind *kind = &kinds[_i];
	struct evchat_framing *framing;
	long blocks;
	int i, freed = kind_freed();

	ck_assert_int_eq(evthread_use_pthreads(), 0);
	blocks = harness_blocks();
	framing = kind_new(kind, TEXT);
	atomic_store(&ended, 0);
	for (i = 0; i < 2; i++)
		ck_assert_ptr_nonnull(loops[i].base = event_base_new());
	for (i = 0; i < RELAYS; i++)
		relay_open(&relays[i], &loops[i % 2], &loops[(i + 1) % 2],
		    framing);
	evchat_framing_free(framing);
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&loops[i].thread, NULL,
		    run_loop, loops[i].base), 0);
	send_frames(kind, relays);
	for (i = 0; i < RELAYS; i++)
		receive_frames(kind, relays, i);
	while (atomic_load(&ended) < 2 * RELAYS)
		sched_yield();
	for (i = 0; i < 2; i++)
		loop_stop(&loops[i]);
	for (i = 0; i < RELAYS; i++)
		expect_ends(&relays[i]);
	ck_assert_int_eq(harness_blocks(), blocks);
	ck_assert_int_eq(kind_freed() - freed, kind->make == KIND_CUSTOM);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("loops");
	TCase *tc = harness_case(suite, "loops");

	tcase_add_loop_test(tc, channels_of_two_loops_work_together, 0,
	    KINDS);
	return harness_main(suite);
}
