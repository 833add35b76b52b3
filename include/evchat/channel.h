#ifndef EVCHAT_CHANNEL_H
#define EVCHAT_CHANNEL_H

/**
 * @file evchat/channel.h
 * Channels: a bufferevent whose input is cut into frames and handed to hooks,
 * and whose output is a queue of bytes and producers.
 *
 * Errors: an int call that fails returns -1 with errno set and has changed
 * nothing. EPIPE: the channel has ended, is closing, or its write side has
 * been shut. EINVAL: an argument is invalid. EMSGSIZE: something is too large.
 * ENOMEM.
 *
 * Ownership: "copied" is the caller's again when the call returns; "borrowed
 * until" must stay valid till then; "taken" is freed by the library, also when
 * the call fails; "returned" is the caller's to free.
 *
 * Life: a channel ends exactly once, with its closed hook, and its pointer
 * dies when that hook returns, unless evchat_incref() holds it; if it ended
 * inside another hook of its own, when that one has returned. On an ended
 * channel int calls return -1 with EPIPE, void calls do nothing and getters
 * give 0 or NULL, except those marked "also in closed".
 *
 * Hooks: every hook, and more of a producer, runs from the event loop, never
 * inside a call. The exceptions are closed, done and cleanups inside
 * evchat_free(), evchat_reset() and evchat_detach(), done and cleanups inside
 * evchat_discard_buffers(), and those of the very thing that a failing push
 * was given. Unless a comment says otherwise, every call may be made from
 * every hook, from more, done and cleanups, and from outside of all.
 *
 * Threads: with BEV_OPT_THREADSAFE or EVCHAT_OPT_THREADSAFE any thread that
 * holds a reference may make any call. Hooks run under the bufferevent's lock,
 * so channels of two loops deadlock if the hooks of each call into the other:
 * make calls in one direction by way of an event of the other loop, see
 * event_active(). A channel on a bufferevent_filter is for one thread all the
 * same: in libevent 2.1 a filter and what is beneath it have two locks, which
 * are taken in both orders. Under BEV_OPT_UNLOCK_CALLBACKS libevent holds no
 * lock on its way to a channel: a thread that ends a channel from outside must
 * keep its reference until the loop has made a pass.
 *
 * SIGPIPE: what this library sends by itself never raises it, nor does the
 * close_notify of TLS on a socket. What libevent writes may, so applications ignore it, as always
 * with libevent.
 *
 * Sizes are in bytes. Unread input is every byte received behind the last byte
 * that collect was given or, where frame is used, behind the last frame that
 * ended.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <event2/buffer.h>
#include <event2/util.h>
#include <evchat/producer.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bufferevent;
struct event_base;
struct timeval;
struct evchat;
struct evchat_framing;

/** Things that happen to a living channel. */
enum evchat_event {
	EVCHAT_EVENT_CONNECTED, /**< a connection that was being made is made */
	EVCHAT_EVENT_EOF,       /**< the peer sends no more; all it sent was
				     delivered, and evchat_get_partial() has
				     what no frame holds. Behind this the
				     channel ends by itself when all that is
				     queued, and what this hook pushes, has been
				     sent, unless it is half open: see
				     evchat_set_half_open(), which may be called
				     here. A pause puts that off until
				     evchat_resume(). What is unread here, or
				     becomes a frame by a framing set here, is
				     delivered before; the end is not told
				     twice */
	EVCHAT_EVENT_WRITABLE,  /**< the queue fell to the low mark after
				     having passed the high one */
	EVCHAT_EVENT_DRAINED,   /**< the queue is empty: every byte has left
				     the bufferevent's output */
	EVCHAT_EVENT_OVERSIZE,  /**< a frame is above the maximum and the
				     policy is not CLOSE;
				     evchat_get_frame_length() and
				     evchat_get_partial() tell about it */
	EVCHAT_EVENT_TIMEOUT,   /**< a limit on the peer's input ran out:
				     evchat_get_reason() has the reason, with
				     which the channel ends unless the hook
				     closes it or sets that limit anew */
	EVCHAT_EVENT_LAST,      /**< evchat_close_after_frame() takes effect:
				     what this hook pushes is the last that is
				     sent, unless it asks for a frame more */
	EVCHAT_EVENT_MALFORMED  /**< bytes that the framing does not allow,
				     behind every frame that came before:
				     evchat_get_reason() has the reason, with
				     which the channel ends unless the hook
				     closes it, evchat_get_error() the words.
				     What this hook pushes is the last that is
				     sent, within EVCHAT_TIMEOUT_LINGER, 2 s if
				     that is off; if that fails, the channel
				     ends with what failed */
};

/** Why a channel ended. */
enum evchat_reason {
	EVCHAT_REASON_FREED,         /**< evchat_free(), evchat_reset() */
	EVCHAT_REASON_DETACHED,      /**< evchat_detach() */
	EVCHAT_REASON_DONE,          /**< evchat_close_when_done(), and all was
					  sent */
	EVCHAT_REASON_EOF,           /**< the peer finished, between two
					  frames */
	EVCHAT_REASON_TRUNCATED,     /**< the peer finished inside a frame */
	EVCHAT_REASON_OVERSIZE,      /**< a frame above the maximum, under
					  EVCHAT_OVERSIZE_CLOSE */
	EVCHAT_REASON_MALFORMED,     /**< bytes that the framing does not
					  allow; EVCHAT_EVENT_MALFORMED was
					  told */
	EVCHAT_REASON_READ_TIMEOUT,  /**< EVCHAT_TIMEOUT_READ */
	EVCHAT_REASON_WRITE_TIMEOUT, /**< EVCHAT_TIMEOUT_WRITE */
	EVCHAT_REASON_FRAME_TIMEOUT, /**< EVCHAT_TIMEOUT_FRAME */
	EVCHAT_REASON_CONNECT,       /**< the connection could not be made, or
					  not in time */
	EVCHAT_REASON_IO,            /**< the system failed to read or write:
					  evchat_get_errno() */
	EVCHAT_REASON_PRODUCER,      /**< a producer said EVCHAT_MORE_ERROR */
	EVCHAT_REASON_TLS,           /**< TLS failed */
	EVCHAT_REASON_INJECTION,     /**< plaintext behind an upgrade to TLS */
	EVCHAT_REASON_NO_MEMORY,     /**< memory ran out where no call could
					  say so */
	EVCHAT_REASON_STALL_TIMEOUT, /**< EVCHAT_TIMEOUT_STALL */
	EVCHAT_REASON_SLOW,          /**< slower than evchat_set_min_rate()
					  allows */
	EVCHAT_REASON_BUDGET         /**< its group held more memory than its
					  budget */
};

/** What becomes of a frame above the maximum; see evchat_set_max_frame(). */
enum evchat_oversize {
	EVCHAT_OVERSIZE_CLOSE,   /**< the channel ends with
				      EVCHAT_REASON_OVERSIZE; if anything was
				      pushed, when that is sent, within
				      EVCHAT_TIMEOUT_LINGER, 2 s if that is off;
				      or with the reason
				      why it was not */
	EVCHAT_OVERSIZE_DISCARD, /**< the frame is skipped: no found, no
				      frame */
	EVCHAT_OVERSIZE_TRUNCATE /**< its first bytes, up to the maximum, are
				      the frame */
};

/** The timeouts of a channel; see evchat_set_timeout(). */
enum evchat_timeout {
	EVCHAT_TIMEOUT_READ,   /**< nothing was received for so long */
	EVCHAT_TIMEOUT_WRITE,  /**< output waited for so long and none of it
				    could be written */
	EVCHAT_TIMEOUT_FRAME,  /**< a frame was not complete so long after its
				    first byte */
	EVCHAT_TIMEOUT_STALL,  /**< the queue was not empty for so long and
				    nothing left it, be it that the peer took
				    nothing or that a producer gave nothing */
	EVCHAT_TIMEOUT_LINGER, /**< how long input is still read, and dropped,
				    after the last byte was written; NULL: not
				    at all */
	EVCHAT_TIMEOUT_CONNECT, /**< a connection was not made for so long */
	EVCHAT_TIMEOUT_UPGRADE /**< TLS, or another layer, was not ready so long
				    after what was pushed before the upgrade had
				    left: EVCHAT_REASON_TLS. 30 s, unless set */
};

/** Options of evchat_new(), evchat_socket_new() and listeners, to be or-ed. */
enum evchat_option {
	/** An unterminated, non-empty rest at EOF is a frame (delimiter
	 * framings). */
	EVCHAT_OPT_DELIVER_LAST = 1 << 0,
	/** The peer's EOF does not end the channel; the application does. See
	 * evchat_set_half_open(). */
	EVCHAT_OPT_HALF_OPEN = 1 << 1,
	/** Do not stop reading when a data hook's pushes fill the queue. */
	EVCHAT_OPT_NO_AUTO_PAUSE = 1 << 2,
	/** Where the library makes the bufferevent: BEV_OPT_THREADSAFE, which
	 * needs evthread_use_pthreads() to have been called. */
	EVCHAT_OPT_THREADSAFE = 1 << 3,
	/** Have every byte pass through the bufferevent's input and output. On a
	 * plain socket without a rate limit the channel otherwise receives and
	 * sends past them, which costs less and gives the same results; so
	 * callbacks that the application adds to these evbuffers see nothing.
	 */
	EVCHAT_OPT_BUFFEREVENT_IO = 1 << 4,

	/* Of listeners only; see evchat/listener.h. */
	/** SO_REUSEPORT: several listeners, each with its event loop, share an
	 * internet address, and the system spreads connections among them. */
	EVCHAT_LISTENER_REUSEPORT = 1 << 16,
	/** IPV6_V6ONLY. */
	EVCHAT_LISTENER_IPV6ONLY = 1 << 17,
	/** AF_UNIX: remove the path before, if it is a socket on which nobody
	 * listens, and when the listener stops. Servers that start at the same
	 * time need a lock of their own. */
	EVCHAT_LISTENER_UNLINK = 1 << 18
};

/**
 * The hooks of a channel. Any member may be NULL, and so may the whole.
 *
 * collect, found and frame are the data hooks. What a channel's results are
 * does not depend on how the network cut the bytes, but for where one piece
 * that collect gets ends and the next one begins.
 */
struct evchat_hooks {
	/**
	 * A piece of the current frame, as it arrives. len is never 0; data is
	 * borrowed until this returns. Without frame, all bytes that belong to
	 * no frame come here too.
	 */
	void (*collect)(struct evchat *chat, const void *data, size_t len,
	    void *arg);
	/** The current frame is complete. */
	void (*found)(struct evchat *chat, void *arg);
	/**
	 * A whole frame, in one piece, borrowed until this returns; len may be
	 * 0. Where this is set, found is not used, and collect gets only what
	 * no frame holds: what comes under no terminator.
	 */
	void (*frame)(struct evchat *chat, const void *data, size_t len,
	    void *arg);
	/** Something happened; see enum evchat_event. */
	void (*event)(struct evchat *chat, enum evchat_event what, void *arg);
	/** The channel has ended: exactly once, the last hook of all. */
	void (*closed)(struct evchat *chat, enum evchat_reason why, void *arg);
};

/** Counts since the channel was made. Grows at its end in later versions. */
struct evchat_stats {
	uint64_t bytes_in;   /**< received and delivered, or dropped as framing
				  or by policy */
	uint64_t bytes_out;  /**< written to the bufferevent's output and gone
				  from it */
	uint64_t frames_in;  /**< frames delivered: calls of found or frame */
	uint64_t frames_out; /**< evchat_push_frame() and its like that
				  returned 0 */
	uint64_t oversize;   /**< frames above the maximum */
	uint64_t stops;      /**< how often reading stopped by itself: for what
				  hooks had pushed, or for its sink */
	uint64_t held_in;    /**< now: bytes received and not delivered that
				  are kept in memory */
	uint64_t held_out;   /**< now: bytes pushed that are kept in memory and
				  have not left */
};

/** What a trace is told of. */
enum evchat_trace {
	EVCHAT_TRACE_COLLECT,    /**< a piece is about to be delivered, or
				      dropped if collect is NULL */
	EVCHAT_TRACE_FOUND,      /**< the frame that came in pieces is
				      complete */
	EVCHAT_TRACE_FRAME,      /**< a whole frame is about to be delivered */
	EVCHAT_TRACE_PUSH_FRAME, /**< a frame was pushed: its payload; nothing,
				      where a producer gives it */
	EVCHAT_TRACE_PUSH        /**< bytes that are no frame were pushed;
				      nothing, where they are not in memory: a
				      file or producer */
};

/**
 * Sees what goes in and out. It may ask the channel anything, and must not
 * change it.
 *
 * @param vec the bytes, in n pieces, borrowed until this returns
 */
typedef void (*evchat_trace_cb)(struct evchat *chat, enum evchat_trace what,
    const struct evbuffer_iovec *vec, int n, void *arg);

/**
 * Told that all that was pushed before it has left, or never will.
 * Called exactly once, before closed, while chat is valid.
 */
typedef void (*evchat_done_cb)(struct evchat *chat, enum evchat_done how,
    void *arg);

/* Making and ending */

/**
 * Make a channel on a bufferevent.
 *
 * Any bufferevent: socket, pair, filter, TLS; connected, being connected or
 * with fd -1, to be connected later; with input waiting. From now on the
 * channel owns its callbacks, watermarks, timeouts, EV_READ and
 * max_single_read and _write; priority, rate limits and SSL stay the
 * application's. What is written to it behind the channel's back is sent, in
 * no promised order. The new channel has no terminator: set one. No hook runs
 * inside this call.
 *
 * libevent tells one of a pair nothing when its partner is freed without a
 * flush of BEV_FINISHED. Output then waits for ever, also when the channel is
 * closing, unless EVCHAT_TIMEOUT_STALL is set.
 *
 * @param bev taken; on failure freed at once
 * @param hooks borrowed while any channel uses it: normally static const
 * @param arg passed to the hooks
 * @param options of enum evchat_option; EINVAL for others and for THREADSAFE
 * @return the channel, which frees itself after closed, or NULL with errno
 */
struct evchat *evchat_new(struct bufferevent *bev,
    const struct evchat_hooks *hooks, void *arg, unsigned options);

/**
 * Make a channel on a socket.
 *
 * @param base the event loop; borrowed until the channel's end
 * @param fd a non-blocking socket: taken, closed at the end and on failure.
 *     -1: connect it later, with evchat_connect() and its like
 * @return as evchat_new(); options may have EVCHAT_OPT_THREADSAFE
 */
struct evchat *evchat_socket_new(struct event_base *base, evutil_socket_t fd,
    const struct evchat_hooks *hooks, void *arg, unsigned options);

/**
 * Keep the pointer valid beyond the channel's end, until evchat_decref(). Any
 * thread that holds a reference. While one is held on an ended channel, its
 * bufferevent and file descriptor stay allocated, though shut.
 */
void evchat_incref(struct evchat *chat);

/** Give back one evchat_incref(). It never ends a channel. */
void evchat_decref(struct evchat *chat);

/**
 * End a channel now: what is queued is dropped, with EVCHAT_DONE_DISCARDED,
 * and closed runs with EVCHAT_REASON_FREED before this returns. NULL, and an
 * ended or ending channel, are fine. libevent closes the descriptor and gives
 * the last memory back in the next pass of the loop, so at a program's end let
 * it have one, event_base_loop(base, EVLOOP_NONBLOCK), before
 * event_base_free().
 */
void evchat_free(struct evchat *chat);

/**
 * The same, and have the peer see that it was no proper end: of TCP it gets a
 * reset, at once where the system can do that (Linux can), also if references
 * hold the descriptor, and no close_notify of TLS before. So who reads up to
 * the end does not take a half for the whole. The reset is of the connection
 * that is at the bottom, whatever filters and layers there are on it. A peer
 * that was told an end before, after evchat_push_eof() or when a close lingers,
 * has had that. Where
 * there are no resets, as on AF_UNIX sockets and pairs, this is evchat_free().
 * On other systems the reset comes when libevent closes the descriptor; while
 * references hold that, the peer sees an end before.
 */
void evchat_reset(struct evchat *chat);

/**
 * End a channel when all that is queued has been sent.
 *
 * Input is no longer parsed, pushes fail with EPIPE, and no hook but closed
 * runs any more; more, done and cleanups do. When the queue is empty, the
 * write side is shut; then input is read and dropped until EOF, but for
 * EVCHAT_TIMEOUT_LINGER and evchat_set_linger_size() at most: to close a
 * socket with unread input makes the system throw the reply away. Then closed
 * runs, with EVCHAT_REASON_DONE, whatever it was that made the application
 * close: one that answers a timeout and closes notes the reason itself. A
 * pause does not delay this.
 */
void evchat_close_when_done(struct evchat *chat);

/**
 * End a channel between two frames: when none is in progress, and the channel
 * is not paused, it is told EVCHAT_EVENT_LAST, from the event loop, and then
 * closed as evchat_close_when_done() does. Frames that are complete in the
 * unread input by then are delivered before. What is waited for is the frame
 * that is in progress now, and counts that hooks set, once a byte of them has
 * come: not a frame that begins later, nor one that the peer's end has cut
 * off. Where there is no terminator, that is when all input was delivered. An
 * application that answers later than in a hook pauses the channel until it
 * has, as it would to be asked one thing at a time.
 *
 * Called inside EVCHAT_EVENT_LAST it asks for a frame more, such as a body
 * that a header has announced: LAST is told again when the next frame has
 * ended, by the terminator that is in force when the hook returns, or one that
 * is set later. Behind the peer's end there is none.
 */
void evchat_close_after_frame(struct evchat *chat);

/**
 * Half-close: shut the write side once the queue is empty. Pushes fail with
 * EPIPE from now on; input goes on.
 *
 * @return 0, also when it was called before; or -1 with errno EPIPE
 */
int evchat_push_eof(struct evchat *chat);

/**
 * Set EVCHAT_OPT_HALF_OPEN: whether the channel lives on behind the peer's
 * end. In EVCHAT_EVENT_EOF this counts for the end that it tells. Turned off
 * later, it makes the channel end as it would have then: when what is unread
 * was delivered, unless it is paused, and all that is queued has been sent;
 * with EVCHAT_REASON_EOF, or _TRUNCATED.
 *
 * @return 0, or -1 with errno EPIPE
 */
int evchat_set_half_open(struct evchat *chat, int on);

/**
 * Take the bufferevent out of the channel and end it, with closed and
 * EVCHAT_REASON_DETACHED before this returns.
 *
 * Unread input is back in the bufferevent's input, pushed bytes are in its
 * output. Its callbacks are NULL, watermarks and timeouts cleared, and the
 * enabled events as evchat_new() found them. Data that the calling hook was
 * given stays valid until the hook returns. A connection that is being
 * made goes on, to the address that is being tried and no other.
 *
 * @return the bufferevent, returned; or NULL with errno and nothing changed:
 *     EBUSY while an unfinished producer or file is queued, or a name is looked
 *     up or the next address is yet to be tried; EPIPE, ENOMEM
 */
struct bufferevent *evchat_detach(struct evchat *chat);

/**
 * Once it is connected, it must not be given another descriptor.
 *
 * @return the bufferevent, borrowed until the channel's end, or until an upgrade
 *     such as evchat_starttls() puts another one in its place; NULL after the end
 */
struct bufferevent *evchat_get_bufferevent(const struct evchat *chat);

/**
 * Use other hooks from the next delivery on. What is held of an unfinished
 * frame is delivered to the new ones, unless the channel is closing, where
 * nothing is delivered any more. This succeeds until closed has begun,
 * also while the channel is closing: when it has returned 0, none of the hooks
 * from before is called any more, so that who has lent them can take them
 * back; only the one that makes this call is still running. In another thread
 * it waits for one that is.
 *
 * @param hooks borrowed, as with evchat_new()
 * @return 0, or -1 with errno EPIPE: closed was called, or is running
 */
int evchat_set_hooks(struct evchat *chat, const struct evchat_hooks *hooks,
    void *arg);

/** @return the hooks in force, NULL if there are none; also in closed */
const struct evchat_hooks *evchat_get_hooks(const struct evchat *chat);

/** @return the arg of the hooks in force; also in closed */
void *evchat_get_arg(const struct evchat *chat);

/* Cutting the input
 *
 * A framing that is set in found or frame applies to the very next byte. Set
 * in collect, it applies after the frame being collected has ended or, where
 * there is no terminator, after that piece; set in EVCHAT_EVENT_OVERSIZE,
 * after the frame that is above the maximum. Set anywhere else, it applies to
 * all unread input, which is looked at again, from the event loop; a frame in
 * progress is given up and what is unread of it begins a new one.
 */

/**
 * Have frames end with a delimiter; see evchat_framing_delimiter(). Setting
 * the one that was in force last allocates nothing.
 *
 * @param bytes copied; @param len EINVAL if 0
 * @return 0, or -1 with errno EPIPE, EINVAL, EMSGSIZE, ENOMEM
 */
int evchat_set_terminator(struct evchat *chat, const void *bytes, size_t len);

/**
 * Have the next frame be of count bytes. It works once: what follows it comes
 * under no terminator, unless a hook sets one. Count 0 is an empty frame,
 * found even if not one byte comes any more. Any other count is waited for
 * from this call on: an end of the peer's before its first byte is
 * EVCHAT_REASON_TRUNCATED, too. For `so many bytes, or the end' there is
 * evchat_framing_fixed().
 *
 * @return 0, or -1 with errno EPIPE
 */
int evchat_set_terminator_count(struct evchat *chat, uint64_t count);

/** Have no frames: everything goes to collect. So it is on a new channel. */
void evchat_set_terminator_none(struct evchat *chat);

/**
 * Have the input cut by a framing.
 *
 * @param framing the channel keeps a reference of its own; EINVAL if NULL
 * @return 0, or -1 with errno EPIPE, EINVAL
 */
int evchat_set_framing(struct evchat *chat, struct evchat_framing *framing);

/**
 * Have evchat_push_frame() write with this framing.
 *
 * @param framing the channel keeps a reference of its own; NULL: that which was
 *     set last for the input, where counts and none do not count
 * @return 0, or -1 with errno EPIPE, ENOMEM
 */
int evchat_set_output_framing(struct evchat *chat,
    struct evchat_framing *framing);

/** @return the framing in force, borrowed; NULL under a count or none */
struct evchat_framing *evchat_get_framing(const struct evchat *chat);

/** @return how many bytes a count still waits for, else 0 */
uint64_t evchat_get_terminator_remaining(const struct evchat *chat);

/**
 * Put bytes in front of the unread input: what a parser in collect was given
 * and did not want. They count as newly received; they come again from the
 * event loop or, in a data hook, when it has returned. What has been looked at
 * of a frame of chunks, or of lines up to a dot, they come behind; that is, in
 * EVCHAT_EVENT_OVERSIZE, all up to the byte that is one too many.
 *
 * @param data copied; may lie in what the calling hook was given
 * @return 0, or -1 with errno EPIPE, ENOMEM
 */
int evchat_unread(struct evchat *chat, const void *data, size_t len);

/* Pushing output: what is pushed is sent in that order */

/**
 * @param data copied; len 0 does nothing
 * @return 0, or -1 with errno EPIPE, ENOMEM
 */
int evchat_push(struct evchat *chat, const void *data, size_t len);

/**
 * Push bytes without copying them.
 *
 * @param data borrowed until cleanup is called
 * @param cleanup called exactly once, when the bytes have been sent or dropped,
 *     and inside this call if it fails; may be NULL
 * @return 0, or -1 with errno EPIPE, ENOMEM
 */
int evchat_push_reference(struct evchat *chat, const void *data, size_t len,
    evbuffer_ref_cleanup_cb cleanup, void *arg);

/**
 * Push all that an evbuffer holds, without copying where that can be. Parts of
 * files that libevent is to send by itself (EVBUFFER_FLAG_DRAINS_TO_FD) are
 * for evchat_push_file(). Cleanups of references in there are libevent's
 * business: it may call them while it writes, so they may push and resume, but
 * not end, detach or discard.
 *
 * @param buf stays the caller's; its contents are taken, and it is left empty
 * @return 0, or -1 with errno EPIPE, or EINVAL if it is frozen
 */
int evchat_push_buffer(struct evchat *chat, struct evbuffer *buf);

/**
 * Push a part of a regular file; see evchat_producer_new_file(). To learn when
 * it has been sent, push a mark behind it with evchat_push_callback(). To a
 * plain socket without rate limits, files of more than 32 KiB are sent with
 * sendfile(2); smaller ones are read, and leave together with what was pushed
 * before them.
 *
 * @param fd taken
 * @param len -1: up to the end of the file
 * @return 0, or -1 with errno EPIPE, EINVAL, EBADF, ENOMEM
 */
int evchat_push_file(struct evchat *chat, int fd, int64_t offset, int64_t len);

/** Push formatted text. @return 0, or -1 with errno EPIPE, EINVAL, ENOMEM */
int evchat_push_printf(struct evchat *chat, const char *fmt, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 2, 3)))
#endif
    ;

/** The same, with a va_list. */
int evchat_push_vprintf(struct evchat *chat, const char *fmt, va_list ap)
#ifdef __GNUC__
    __attribute__((format(printf, 2, 0)))
#endif
    ;

/**
 * Push a frame: bytes that the output framing decodes to exactly this payload.
 *
 * @param data the payload; copied
 * @return 0, or -1 with errno EPIPE, ENOMEM, EINVAL if there is no output
 *     framing or it cannot carry this payload, EMSGSIZE
 */
int evchat_push_frame(struct evchat *chat, const void *data, size_t len);

/**
 * The same for a payload that lies in pieces.
 *
 * @param payload its pieces, in order; copied
 * @param n how many; EINVAL if negative
 */
int evchat_push_framev(struct evchat *chat,
    const struct evbuffer_iovec *payload, int n);

/** The same for formatted text. */
int evchat_push_frame_printf(struct evchat *chat, const char *fmt, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 2, 3)))
#endif
    ;

/** The same, with a va_list. */
int evchat_push_frame_vprintf(struct evchat *chat, const char *fmt, va_list ap)
#ifdef __GNUC__
    __attribute__((format(printf, 2, 0)))
#endif
    ;

/**
 * Push a frame whose payload a producer gives, when its length is not known
 * beforehand: each piece is encoded as it comes, and the frame ends with the
 * producer. For the framings delimiter, delimiters, line, dot and chunked;
 * EINVAL for others. A payload that the framing cannot carry is found out only
 * on the way: the channel then ends with EVCHAT_REASON_PRODUCER and errno
 * EINVAL. done is told how many bytes the producer gave, not what became of
 * them.
 *
 * @param producer as for evchat_push_with_producer()
 * @return as that, or -1 with errno EINVAL
 */
int evchat_push_frame_with_producer(struct evchat *chat,
    struct evchat_producer *producer);

/**
 * Push a producer. It is asked for bytes from the event loop, when all that
 * was pushed before is on its way and the queue is below its high mark. One of
 * a small file may be asked a little before, to leave together with that.
 *
 * @param producer taken: a call that fails ends it with EVCHAT_DONE_DISCARDED
 * @return 0, or -1 with errno EPIPE, EINVAL for NULL or one already pushed
 */
int evchat_push_with_producer(struct evchat *chat,
    struct evchat_producer *producer);

/**
 * Push a mark: done is told when all that was pushed before it has left.
 *
 * @param done called once, before closed; not called
 *     if this call fails
 * @return 0, or -1 with errno EPIPE, ENOMEM, EINVAL if done is NULL
 */
int evchat_push_callback(struct evchat *chat, evchat_done_cb done, void *arg);

/**
 * Drop unread input and queued output. Every producer, mark and reference in
 * the queue is ended, with EVCHAT_DONE_DISCARDED, inside this call. A close
 * that is pending stays so, and the input's framing starts a new frame. What a
 * filter or TLS has already taken over is sent all the same.
 */
void evchat_discard_buffers(struct evchat *chat);

/**
 * @return the length of the queue, which is what the marks are compared with:
 *     bytes pushed and not yet gone from the bufferevent's output, those that
 *     a producer holds in memory, and at least 512 for each producer, callback
 *     and small reference that was not yet told its end
 */
size_t evchat_get_output_length(const struct evchat *chat);

/* Flow */

/**
 * Stop delivery and reading. After this returns no data hook runs, and no EOF
 * is told, until evchat_resume(). It does not nest. Timeouts of the read side
 * stand still meanwhile. Output goes on.
 */
void evchat_pause(struct evchat *chat);

/** Go on after evchat_pause(), from the event loop. */
void evchat_resume(struct evchat *chat);

/**
 * Have a channel stopped while another one, its sink, has much to send: what
 * hooks push from one connection into another then takes no more memory than
 * the marks of that allow, however slow its peer is.
 *
 * It stops when the queue of to has passed its high mark, whoever has pushed,
 * at once if that is so already, and goes on when it has fallen to the low
 * one; see evchat_set_watermarks(). It is looked at before anything is
 * delivered and behind each data hook, so the queue gets no longer than the
 * high mark and what one hook has pushed. Where others have filled it, from
 * may still receive once, and keeps that. While it is stopped all is as in a
 * pause: no data hook runs, no EOF is told, the timeouts of its read side
 * stand still, output goes on, and evchat_close_when_done() is not delayed.
 * evchat_close_after_frame() waits until it may go on. A failure of its output
 * ends it at once.
 *
 * It is independent of evchat_pause(), and of the stop for what hooks have
 * pushed into the queue of from: it goes on when nothing stops it.
 * EVCHAT_EVENT_WRITABLE of to is told all the same. stops of
 * evchat_get_stats(from) counts it.
 *
 * A channel has one sink at most. Many may have the same: the one that has
 * filled it goes on behind those that wait. Two may be each other's. It is
 * over when from has ended or is closing, and when to has, or
 * evchat_push_eof(to) was called: then from goes on, and its pushes fail with
 * EPIPE.
 *
 * Threads: any thread that may use both. The loop, which stops and wakes from,
 * never takes the lock of one under that of the other. This call takes each by
 * itself; in a hook of one it takes the other's beneath that, as a push does.
 *
 * @param to NULL: none any more, and from goes on
 * @return 0, or -1 with errno EPIPE for either, ENOMEM, EINVAL if they are the
 *     same or have different event loops
 */
int evchat_set_sink(struct evchat *from, struct evchat *to);

/**
 * Set the maximum size of a frame, from the next frame on.
 *
 * It counts the bytes as delivered, without the delimiter. A frame of exactly
 * max is legal. A longer one is reported once, as soon as that is certain. If
 * it turns out while the frame is scanned, collect has had exactly the first
 * max bytes; if the size was declared (a count, or in a header), it is
 * reported before any byte. The frames behind it are delivered at once. When
 * the event has returned its bytes are used up: none of them is unread any
 * more, unless the event has paused the channel. Without this call it is 1 MiB
 * with the frame hook, and unlimited with collect, where the library keeps
 * nothing.
 *
 * @param max 0: unlimited
 * @return 0, or -1 with errno EPIPE, EINVAL for an unknown policy
 */
int evchat_set_max_frame(struct evchat *chat, uint64_t max,
    enum evchat_oversize policy);

/**
 * Set the marks of the output queue; 32 KiB and 128 KiB at first.
 *
 * Producers are asked while the queue is below high. When a data hook leaves
 * the queue above high, by what it has pushed or with marks that it has set,
 * delivery and reading stop until it has fallen to low, so that a peer that
 * sends and does not read cannot make memory grow. Above high, and back at low,
 * is also what EVCHAT_EVENT_WRITABLE tells.
 *
 * @return 0, or -1 with errno EPIPE, ENOMEM, EINVAL if high is 0 or low is
 *	not below it
 */
int evchat_set_watermarks(struct evchat *chat, size_t low, size_t high);

/**
 * Set how many bytes are taken in one turn of the event loop, and how many a
 * producer is asked for; 64 KiB each at first. A piece or a frame that begins
 * within the first in bytes is delivered whole. Reading stops while more than
 * in bytes wait. At most 64 KiB are received at a time, and by libevent 2.1,
 * where it does it, 4096 bytes.
 *
 * @return 0, or -1 with errno EPIPE, ENOMEM, EINVAL if one is 0 or above INT_MAX
 */
int evchat_set_buffer_sizes(struct evchat *chat, size_t in, size_t out);

/**
 * Set a timeout. All but LINGER, which is 2 seconds, and UPGRADE, which is 30, are
 * off at first. Each
 * ends the channel with its own reason, but for LINGER, which only ends the
 * wait. Before READ and FRAME end it, EVCHAT_EVENT_TIMEOUT is told, in which
 * the hook may push a last answer and call evchat_close_when_done() (the
 * reason is then DONE), or let the peer go on by setting the same timeout
 * again, be it to the same time. FRAME counts from a frame's first byte; a
 * change of it applies to the next frame, and to the one in progress only if
 * no FRAME timeout was set when it began.
 *
 * READ and FRAME stand still while reading is stopped, by a pause or by
 * itself. READ runs while output is on its way: a client that only takes a
 * long answer is silent, too, and STALL is what watches it. While a connection
 * is being made, only CONNECT runs.
 *
 * Timeouts cost nothing per message: there is one timer per channel, which is
 * moved only when it runs out.
 *
 * @param tv copied; NULL: none
 * @return 0, or -1 with errno EPIPE, ENOMEM, EINVAL if tv is zero, negative or
 *     has a million microseconds or more
 */
int evchat_set_timeout(struct evchat *chat, enum evchat_timeout which,
    const struct timeval *tv);

/**
 * Set how slow the peer may be. The channel ends with EVCHAT_REASON_SLOW if,
 * for a whole period, a frame was in progress and fewer than in bytes of it
 * were received, or output was waiting and fewer than out bytes of it left.
 * For the input, EVCHAT_EVENT_TIMEOUT is told before; a hook that calls this
 * again begins a new period. So does each new frame. The input's period stands
 * still when FRAME does.
 *
 * @param in, out bytes a period; 0: as slow as it likes
 * @param period copied; NULL: no limits
 * @return 0, or -1 with errno EPIPE, ENOMEM, EINVAL as evchat_set_timeout()
 */
int evchat_set_min_rate(struct evchat *chat, uint64_t in, uint64_t out,
    const struct timeval *period);

/**
 * Set how many bytes of input are read and dropped, at most, before a
 * connection that is closing is given up; 64 KiB at first. More is for those
 * who refuse large uploads with an answer that has to arrive.
 *
 * @return 0, or -1 with errno EPIPE, ENOMEM
 */
int evchat_set_linger_size(struct evchat *chat, uint64_t size);

/**
 * Have every frame and every piece seen, in both directions.
 *
 * @param trace called inside pushes, and before data hooks; NULL: none
 * @return 0, or -1 with errno EPIPE, ENOMEM
 */
int evchat_set_trace(struct evchat *chat, evchat_trace_cb trace, void *arg);

/* Asking */

/**
 * @return why the channel ends; in EVCHAT_EVENT_TIMEOUT and _MALFORMED what is
 *     going to be the reason; while it lives otherwise, EVCHAT_REASON_FREED. Also
 *     in closed
 */
enum evchat_reason evchat_get_reason(const struct evchat *chat);

/** @return the system's error that ended the channel, else 0; also in closed */
int evchat_get_errno(const struct evchat *chat);

/**
 * @return evchat_get_reason() in words, never NULL where that is told; borrowed
 *     until the hook returns
 */
const char *evchat_get_error(const struct evchat *chat);

/**
 * What is held of the frame in progress: with the frame hook its bytes so far;
 * in EVCHAT_EVENT_OVERSIZE the first ones, up to the maximum; in
 * EVCHAT_EVENT_EOF and closed the unterminated rest; when it was malformed
 * what was before the wrong byte. With collect only a possible beginning of
 * the delimiter. In any case the bytes of a header that is not complete and,
 * in EVCHAT_EVENT_OVERSIZE, of the header that declares the length: they show
 * what was taken for one. Also in closed.
 *
 * @param len set to its length
 * @return borrowed until the hook returns or another call is made; NULL if none
 */
const void *evchat_get_partial(const struct evchat *chat, size_t *len);

/**
 * @return the length of the frame in progress: the declared one if there is
 *     one, else the bytes seen so far; in found and frame that of the frame
 *     that ended, also of one that was truncated; in EVCHAT_EVENT_OVERSIZE,
 *     where none was declared, max + 1. Also in closed.
 */
uint64_t evchat_get_frame_length(const struct evchat *chat);

/**
 * @return the offset in the stream of the first unread byte, when it was
 *     malformed of the byte that is wrong; also in closed
 */
uint64_t evchat_get_offset(const struct evchat *chat);

/**
 * @param stats filled in; also in closed
 * @param size sizeof(struct evchat_stats) as the caller knows it
 */
void evchat_get_stats(const struct evchat *chat, struct evchat_stats *stats,
    size_t size);

/** @return a name such as "truncated"; static, never NULL */
const char *evchat_reason_name(enum evchat_reason why);

/** @return a name such as "drained"; static, never NULL */
const char *evchat_event_name(enum evchat_event what);

#ifdef __cplusplus
}
#endif

#endif
