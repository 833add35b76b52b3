#ifndef EVCHAT_PRODUCER_H
#define EVCHAT_PRODUCER_H

/**
 * @file evchat/producer.h
 * Producers: sources of output that are asked for bytes when there is room.
 *
 * A producer is made, pushed once with evchat_push_with_producer(), asked for
 * bytes when all that was pushed before it is on its way, and told exactly
 * once how it ended. Constructors return NULL with errno ENOMEM or EINVAL;
 * what is marked taken is then freed all the same. Sizes are in bytes.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct evbuffer;
struct event_base;
struct evchat_producer;

/** What a producer answers when it is asked for bytes. */
enum evchat_more {
	EVCHAT_MORE_DATA,  /**< ask again; if nothing was appended, a turn of the loop later */
	EVCHAT_MORE_LATER, /**< nothing now; ask again after evchat_producer_resume() */
	EVCHAT_MORE_END,   /**< what was appended, if anything, was the last */
	EVCHAT_MORE_ERROR  /**< the channel ends with EVCHAT_REASON_PRODUCER */
};

/** How a producer, or another thing that was pushed, ended. */
enum evchat_done {
	EVCHAT_DONE_SENT,     /**< every byte of it has left the bufferevent's output */
	EVCHAT_DONE_FAILED,   /**< the channel ended before that */
	EVCHAT_DONE_DISCARDED /**< dropped by the application: discarded, freed or never pushed */
};

/** The functions of a producer. Both are needed. Borrowed while it lives. */
struct evchat_producer_ops {
	/**
	 * Append about want bytes to out; more is allowed and less is, too.
	 *
	 * Called from the event loop only, never twice at the same time. It
	 * may call anything. If it frees the channel or discards its buffers,
	 * done runs inside that call: then return at once without touching
	 * self. Cleanups of references in out may be called while libevent
	 * writes, so they may push and resume, but not end, detach or discard.
	 * Appended bytes are sent even with LATER; with ERROR they are
	 * dropped, and errno, if set, is what evchat_get_errno() tells.
	 */
	enum evchat_more (*more)(void *self, struct evbuffer *out, size_t want);
	/**
	 * Told how it ended, and how many bytes it had appended. Called
	 * exactly once; free self here. The producer is gone when this is
	 * entered.
	 */
	void (*done)(void *self, enum evchat_done how, uint64_t bytes);
};

/**
 * Make a producer of the application's own.
 *
 * @param ops its functions; borrowed until done has returned
 * @param self passed to them; on failure it stays the caller's
 * @return the producer, to be pushed or freed, or NULL with errno
 */
struct evchat_producer *evchat_producer_new(
    const struct evchat_producer_ops *ops, void *self);

/**
 * Make a producer of what an evbuffer holds.
 *
 * @param buf taken: it must not be touched any more, and is freed when it is
 *     empty, on failure at once
 * @return the producer, or NULL with errno
 */
struct evchat_producer *evchat_producer_new_evbuffer(struct evbuffer *buf);

/**
 * Make a producer of a part of a regular file.
 *
 * The file is read piece by piece when there is room, without moving its file
 * offset; a small part as soon as what was pushed before it could leave, so
 * that both do together. If it turns out shorter than promised, the channel
 * ends with EVCHAT_REASON_PRODUCER, so that the peer does not take half for
 * the whole.
 *
 * @param fd taken: closed when the producer is done, on failure at once
 * @param offset the first byte to send; EINVAL if negative
 * @param len how many, or -1 for all up to the end of the file as it is now
 * @return the producer, or NULL with errno: EINVAL also for what is not a
 *     regular file, EBADF
 */
struct evchat_producer *evchat_producer_new_file(int fd, int64_t offset,
    int64_t len);

/**
 * Make a producer of what a descriptor gives until its end: a pipe, a socket,
 * a terminal, or a file from where it stands. It is read when it is readable,
 * and never waited for, if nobody else reads it meanwhile. Its flags are not
 * changed.
 *
 * @param base the event loop of the channel it will be pushed to; borrowed until done
 * @param fd taken: closed when the producer is done, on failure at once
 * @param len how many bytes to send, whereupon it is done although there may be more,
 *     and to end before them is a failure of the producer; or -1: all up to its end
 * @return the producer, or NULL with errno: EINVAL; EBADF, also for what is not
 *     open for reading
 */
struct evchat_producer *evchat_producer_new_descriptor(struct event_base *base,
    int fd, int64_t len);

/**
 * Gives the next line. It may call anything; if it ends the channel or
 * discards its buffers, cleanup runs inside that call, and what it returns is
 * not looked at.
 *
 * @param len to be set to its length, without an end of line
 * @return the line, borrowed until the next call or cleanup; NULL: there is none
 */
typedef const void *(*evchat_line_cb)(void *arg, size_t *len);

/**
 * Make a producer of lines, which are asked for one by one as there is room.
 * What is in them is sent as it is, an end of line in the middle included.
 *
 * @param next called for each, from the event loop
 * @param eol put behind each line, such as "\r\n"; copied, EINVAL if longer than 8
 *     or NULL
 * @param cleanup called once, when the producer is done, on failure inside this
 *     call; may be NULL
 * @return the producer, or NULL with errno
 */
struct evchat_producer *evchat_producer_new_lines(evchat_line_cb next,
    const char *eol, void (*cleanup)(void *arg), void *arg);

/*
 * Around other producers, which are taken: freed on failure, too. EINVAL is
 * for NULL and for what was pushed or taken already; that is another's, and
 * left alone.
 *
 * One that was taken may still be resumed, which is how the whole is; it is
 * not asked because somebody resumed another one. Its done tells how the whole
 * ended, with its own count of bytes, before the one around it is told. If it
 * fails, so does the whole, with its errno.
 */

/**
 * One producer after another.
 *
 * @param parts the producers: the array is not kept
 * @param n how many there are; with 0 of them it ends at once
 * @return the producer, or NULL with errno: EINVAL, where those that are not
 *     another's are freed
 */
struct evchat_producer *evchat_producer_new_chain(
    struct evchat_producer *const *parts, int n);

/**
 * Appends trailer fields to out, each as "Name: value" CR LF. Called once,
 * when the body has ended. What is no such field, or has another CR, LF or a
 * NUL in it, is not sent: the producer fails with EINVAL. It may call
 * anything, as more may.
 *
 * @return 0, or -1 for the producer to fail with the errno that it set
 */
typedef int (*evchat_trailers_cb)(struct evbuffer *out, void *arg);

/**
 * An HTTP/1.1 chunked body (RFC 9112, 7.1) of what a producer gives: a chunk
 * for each time that it gives something.
 *
 * @param trailers may be NULL
 * @return the producer, or NULL with errno
 */
struct evchat_producer *evchat_producer_new_chunked(
    struct evchat_producer *inner, evchat_trailers_cb trailers, void *arg);

/**
 * A dot-stuffed block, with its final dot, of what a producer gives: SMTP's
 * DATA (RFC 5321, 4.5.2), NNTP, POP3. Where what it gives does not end with CR
 * LF, that is added; of nothing it is the final dot alone.
 *
 * Only CR LF ends a line. CR and LF by themselves, which these protocols
 * forbid, are passed on as evchat_framing_dot(0) does, and no dot is stuffed
 * behind them. Where the lines come from somebody else, a peer that takes LF
 * for the end of a line might find the final dot, and commands, among them.
 * Then push the inner producer with evchat_push_frame_with_producer() under
 * evchat_framing_dot() with EVCHAT_FRAMING_REJECT_BARE_LF and _CR, where it
 * fails instead with EINVAL.
 *
 * @return the producer, or NULL with errno
 */
struct evchat_producer *evchat_producer_new_dot(struct evchat_producer *inner);

/** The formats of evchat_producer_new_deflate(). */
enum evchat_deflate {
	EVCHAT_DEFLATE_ZLIB, /**< RFC 1950: HTTP's "deflate" */
	EVCHAT_DEFLATE_GZIP, /**< RFC 1952: HTTP's "gzip" */
	EVCHAT_DEFLATE_RAW   /**< RFC 1951, with nothing around it */
};

/**
 * What a producer gives, compressed by zlib. When it says EVCHAT_MORE_LATER,
 * what it gave so far is flushed, so that the peer can have it. Until its end
 * it takes about 256 KiB.
 *
 * @param level from 0, none, to 9, best; -1: zlib's choice; else EINVAL
 * @return the producer, or NULL with errno; ENOSYS: built without zlib, see
 *     evchat_has_deflate()
 */
struct evchat_producer *evchat_producer_new_deflate(
    struct evchat_producer *inner, enum evchat_deflate format, int level);

/** @return 1 if the library was built with zlib, else 0 */
int evchat_has_deflate(void);

/**
 * Have a producer asked again that said EVCHAT_MORE_LATER.
 *
 * It is asked from the event loop, never inside this call. A call that comes
 * early, even before the producer is pushed, is remembered. Valid until done
 * is entered. From another thread only if the channel is thread-safe, and
 * while that thread holds a reference to the channel and keeps done from
 * running meanwhile, for instance with bufferevent_lock().
 */
void evchat_producer_resume(struct evchat_producer *producer);

/**
 * Free a producer that was never pushed: calls done with
 * EVCHAT_DONE_DISCARDED. NULL is fine.
 */
void evchat_producer_free(struct evchat_producer *producer);

#ifdef __cplusplus
}
#endif

#endif
