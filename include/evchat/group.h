#ifndef EVCHAT_GROUP_H
#define EVCHAT_GROUP_H

/**
 * @file evchat/group.h Groups: sets of channels, for broadcasts, budgets, rate
 *     limits and sums. A channel is in one group at most, and leaves it when it
 *     ends, after every done and cleanup and before closed. All members have
 *     the same event loop.
 *
 * int calls that fail return -1 with errno and have changed nothing, unless
 * they say otherwise. Every call may be made from every hook; if all members
 * are thread-safe and the group was made with EVCHAT_OPT_THREADSAFE, from
 * every thread. A thread that ends members, as evchat_free() does, runs their
 * hooks under their locks. If these call into the group while hooks in the
 * loop do so, too, there is a deadlock: have the loop end the members then,
 * see event_active().
 */

#include <stddef.h>
#include <stdint.h>
#include <event2/buffer.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ev_token_bucket_cfg;
struct event_base;
struct evchat;
struct evchat_group;
struct evchat_stats;
struct timeval;

/** What is done to the members that hold most, when a budget is exceeded. */
enum evchat_budget {
	/**
	 * Nothing is read from them, nor from any that receives more
	 * meanwhile, until the group holds no more than three quarters of its
	 * budget. When that cannot help, the biggest end all the same: if
	 * those who are stopped have received more than that by themselves, or
	 * if the group holds five quarters of its budget, for output that
	 * peers do not take, or if that has not come about in 10 seconds,
	 * since others do not let go of what they hold. EVCHAT_TIMEOUT_STALL
	 * and EVCHAT_TIMEOUT_FRAME end those earlier.
	 */
	EVCHAT_BUDGET_STOP,
	EVCHAT_BUDGET_END   /**< they end, with EVCHAT_REASON_BUDGET */
};

/**
 * Make a group without members.
 *
 * @param base that of its members; borrowed until the group is freed
 * @param options 0 or EVCHAT_OPT_THREADSAFE
 * @return the group, or NULL with errno ENOMEM, EINVAL
 */
struct evchat_group *evchat_group_new(struct event_base *base, unsigned options);

/**
 * Free a group. Its members live on, in none. NULL is fine. No other thread
 * may be using it; libevent gives the last of its memory back in the next pass
 * of the loop.
 */
void evchat_group_free(struct evchat_group *group);

/**
 * Add a channel. One that is a member already stays where it is.
 *
 * @return 0, or -1 with errno EPIPE if it has ended or is closing, EBUSY if it
 *     is in another group, EINVAL if it has another event loop, ENOMEM
 */
int evchat_group_add(struct evchat_group *group, struct evchat *chat);

/** Take a channel out of its group, if it is in one. */
void evchat_group_remove(struct evchat *chat);

/** @return the group of a channel, borrowed; NULL if it is in none */
struct evchat_group *evchat_get_group(const struct evchat *chat);

/** @return how many members there are */
size_t evchat_group_get_count(const struct evchat_group *group);

/**
 * Call fn with each member, in the order in which they were added. Members may
 * end, leave and join meanwhile: each that is a member from the call to its
 * turn is visited once; who joins meanwhile is not. The group may be freed
 * meanwhile, too, which ends the walk.
 *
 * @param fn returns 0 to go on
 * @return what fn returned last; 0 if there is no member
 */
int evchat_group_foreach(struct evchat_group *group,
    int (*fn)(struct evchat *member, void *arg), void *arg);

/** Is a member to get what is broadcast? */
typedef int (*evchat_wants_cb)(struct evchat *member, void *arg);

/**
 * Push bytes to all members. They are copied once for all, unless they are
 * few. A member that is closing is passed over.
 *
 * @param wants asked before each whether it is to get them: 0 is no. It may ask
 *     the members and count, and must not end, add or remove any. NULL: all do
 * @param arg passed to wants
 * @return to how many they were pushed, 0 if there is no member; or -1 with
 *     errno ENOMEM: memory ran out, and some members, or all, did not get them
 */
int evchat_group_broadcast(struct evchat_group *group, const void *data,
    size_t len, evchat_wants_cb wants, void *arg);

/**
 * Push a frame to all members, by the output framing of each. It is encoded
 * once for all that have the same.
 *
 * @param data the payload
 * @return how many got it, or -1 with errno ENOMEM, or what evchat_push_frame()
 *     gives, if some did not for another reason than closing
 */
int evchat_group_broadcast_frame(struct evchat_group *group, const void *data,
    size_t len, evchat_wants_cb wants, void *arg);

/**
 * Push bytes to all members without copying them.
 *
 * @param data borrowed until cleanup is called
 * @param cleanup called exactly once, when the last member has sent or dropped
 *     them, or inside this call if none got them; from the event loop or inside
 *     any call that ends a member; where a member is on a pair or filter, or is
 *     detached, when those who got them there have done with them. It runs
 *     inside libevent, in any thread that uses the group, and must not end or
 *     detach a channel nor discard its buffers. May be NULL
 * @return as evchat_group_broadcast()
 */
int evchat_group_broadcast_reference(struct evchat_group *group,
    const void *data, size_t len, evbuffer_ref_cleanup_cb cleanup, void *arg);

/** Close all members: evchat_close_when_done(). */
void evchat_group_close_when_done(struct evchat_group *group);

/** Close all members between two frames: evchat_close_after_frame(). */
void evchat_group_close_after_frame(struct evchat_group *group);

/** Free all members: evchat_free(). */
void evchat_group_free_members(struct evchat_group *group);

/**
 * Limit what all members hold in memory together: input that was received and
 * not delivered, and output that was pushed as bytes, or given by a producer,
 * and has not left. Bytes that members share count for each of them. It is
 * looked at when a member's turn is over, before what it pushed can have left;
 * when the limit is exceeded, the members that hold most are dealt with until
 * it is not. So it has to be more than what is broadcast to all members in one
 * turn.
 *
 * @param bytes 0: no limit, as at first
 * @return 0, or -1 with errno EINVAL for an unknown policy
 */
int evchat_group_set_budget(struct evchat_group *group, uint64_t bytes,
    enum evchat_budget policy);

/**
 * What all members hold in memory together, as the budget counts it: each as
 * it was when its last turn in the loop was over. It takes no longer for more
 * members; evchat_group_get_stats() asks each of them.
 */
uint64_t evchat_group_get_held(const struct evchat_group *group);

/**
 * Limit how fast all members together read and write, where they stand on
 * sockets or TLS, be it beneath filters; not those on pairs. Members that join
 * later are included, and fail with ENOMEM if they cannot be. This is
 * libevent's rate limit group: a member is taken out of one that the
 * application has put it in, and evchat_push_file() does not use sendfile(2).
 * While there is a limit, libevent has a timer, so event_base_dispatch() does
 * not return by itself. While the loop runs, call this in its thread only:
 * libevent's timer takes no lock.
 *
 * @param limit copied; NULL: no limit. Another one changes that which there is
 * @return 0, or -1 with errno ENOMEM
 */
int evchat_group_set_rate_limit(struct evchat_group *group,
    const struct ev_token_bucket_cfg *limit);

/**
 * The sums over all channels that are or were members, of what happened while
 * they were; held_in and held_out are those of now.
 *
 * @param stats filled in
 * @param size sizeof(struct evchat_stats) as the caller knows it
 */
void evchat_group_get_stats(const struct evchat_group *group,
    struct evchat_stats *stats, size_t size);

#ifdef __cplusplus
}
#endif

#endif
