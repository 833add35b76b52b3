#ifndef EVCHAT_FRAMING_H
#define EVCHAT_FRAMING_H

/**
 * @file evchat/framing.h
 * Framings: how a stream of bytes is cut into frames, and frames are written.
 *
 * A framing is an immutable value. It is reference counted atomically and may
 * be shared by any number of channels, in any number of threads; each of them
 * decodes with it and, through evchat_push_frame(), encodes with it.
 * Constructors return NULL with errno EINVAL or EMSGSIZE for what cannot work,
 * and with ENOMEM. The caller owns one reference to what they return.
 * Sizes are in bytes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/buffer.h>

#ifdef __cplusplus
extern "C" {
#endif

struct evchat_framing;

/*
 * The encoding law. What evchat_push_frame() writes is decoded by the same
 * framing to exactly the payload that was pushed, whatever frames come before
 * and behind it; a payload for which that is not possible is refused, and
 * nothing is written. So a payload that contains its delimiter, a line with a
 * line end in it, or one too long for its length field never leaves.
 *
 * Malformed input. Bytes that a framing does not allow end the channel with
 * EVCHAT_REASON_MALFORMED once every frame before them was delivered;
 * evchat_get_offset() is then where in the stream the first wrong byte is, and
 * evchat_get_error() says what is wrong with it. Input that is merely
 * incomplete is never malformed.
 *
 * The maximum of evchat_set_max_frame() counts bytes as they are delivered. A
 * length that is declared costs no memory before the bytes have come.
 */

/** For framings that end with a delimiter or a line end. */
#define EVCHAT_FRAMING_KEEP_DELIMITER 0x01u  /**< deliver it, at the end of the frame */
#define EVCHAT_FRAMING_MATCH_LONGEST 0x02u   /**< see evchat_framing_delimiters() */
#define EVCHAT_FRAMING_REJECT_BARE_LF 0x04u  /**< LF without CR before it is malformed */
#define EVCHAT_FRAMING_REJECT_BARE_CR 0x08u  /**< CR without LF behind it is malformed */
#define EVCHAT_FRAMING_DELIVER_TRAILERS 0x10u /**< see evchat_framing_chunked() */

/** The order of the bytes of a number. */
enum evchat_byte_order { EVCHAT_BIG_ENDIAN, EVCHAT_LITTLE_ENDIAN };

/**
 * Make a framing whose frames end with a delimiter, any string of bytes.
 *
 * The delimiter is not delivered, unless it is kept, and an empty frame is a
 * frame. Finding it costs time linear in the bytes received, whatever the
 * delimiter looks like. evchat_push_frame() writes the payload and then the
 * delimiter; it refuses, with EINVAL, a payload after which the delimiter
 * would be found early. With EVCHAT_FRAMING_KEEP_DELIMITER the payload has to
 * end with the delimiter itself, as frames that are delivered do.
 *
 * @param bytes the delimiter; copied
 * @param len its length: EINVAL if 0, EMSGSIZE above 1 GiB
 * @param flags 0 or EVCHAT_FRAMING_KEEP_DELIMITER; EINVAL otherwise
 * @return the framing, or NULL with errno
 */
struct evchat_framing *evchat_framing_delimiter(const void *bytes, size_t len,
    unsigned flags);

/**
 * Make a framing whose frames end with any one of several delimiters.
 *
 * All are looked for in one pass, so that more of them cost no more time. The
 * frame ends where the first of them ends; of those that end there the longest
 * is the delimiter: with LF and CR LF, "a\r\n" is the frame "a". Where one is
 * the beginning of another, as CR is of CR LF, the longer is never found,
 * unless with EVCHAT_FRAMING_MATCH_LONGEST: then the bytes behind a delimiter
 * are waited for and looked at as long as they may make a longer one of it; at
 * the end of the input the frame ends with what was found. Bytes that do not
 * are looked at once more, so a delimiter that begins with another may be no
 * longer than 64 bytes.
 *
 * evchat_push_frame() writes the first of the delimiters, in the order given,
 * that ends a frame all by itself, and refuses a payload behind which it would
 * be taken for another one: where that is LF, and CR LF is a delimiter, too,
 * one that ends with CR.
 *
 * @param set the delimiters; copied
 * @param n how many: EINVAL if below 1 or if one is empty; EMSGSIZE if they are
 *     longer than 4096 bytes together, or one is too long to be waited for
 * @param flags 0, EVCHAT_FRAMING_KEEP_DELIMITER, EVCHAT_FRAMING_MATCH_LONGEST
 * @return the framing, or NULL with errno
 */
struct evchat_framing *evchat_framing_delimiters(
    const struct evbuffer_iovec *set, int n, unsigned flags);

/**
 * Make a framing of lines, in a style of evbuffer_readln():
 *
 * - EVBUFFER_EOL_LF, EVBUFFER_EOL_NUL, EVBUFFER_EOL_CRLF_STRICT: LF, a byte 0,
 *   CR LF.
 * - EVBUFFER_EOL_CRLF: LF, with a CR before it or not. CR LF is written.
 * - EVBUFFER_EOL_ANY: the first CR or LF. What follows it of CRs and LFs is
 *   skipped, as long as this framing stays in force, so that there are no empty
 *   lines but at the start. LF is written, and an empty payload is refused.
 *
 * With EVCHAT_FRAMING_REJECT_BARE_LF a LF without CR before it, and with
 * EVCHAT_FRAMING_REJECT_BARE_CR a CR without LF behind it, is malformed, so
 * that no two parsers can see different lines in the same bytes. Both are for
 * EVBUFFER_EOL_CRLF and EVBUFFER_EOL_CRLF_STRICT.
 *
 * @param flags 0, EVCHAT_FRAMING_KEEP_DELIMITER, and those two; EINVAL otherwise
 * @return the framing, or NULL with errno
 */
struct evchat_framing *evchat_framing_line(enum evbuffer_eol_style style,
    unsigned flags);

/**
 * Make a framing of frames that are all so long.
 *
 * @param size at least 1, or EINVAL
 * @return the framing, or NULL with errno
 */
struct evchat_framing *evchat_framing_fixed(size_t size);

/** Frames with a number in front that says how long they are; Netty's terms. */
struct evchat_length_field {
	unsigned width;               /**< of the number: 1, 2, 3, 4 or 8 bytes */
	enum evchat_byte_order order; /**< of its bytes */
	size_t offset;                /**< bytes before it: at most 1024 */
	/**
	 * What has to be added to the number to make it count the bytes behind
	 * it. One that counts itself and what is before it, too, wants
	 * -(offset + width).
	 */
	int64_t adjustment;
	/**
	 * Bytes at the start of a frame that are not delivered: at most 1024;
	 * offset + width leaves what is behind the number.
	 */
	size_t strip;
	unsigned flags;               /**< 0 */
};

/**
 * Make a framing of frames that declare their length.
 *
 * A number that makes the frame end before its number does, or be shorter than
 * strip or delivered as 2^64 bytes or more, is malformed. evchat_push_frame()
 * writes what is stripped: the number, and 0 for all other bytes. Where the
 * number is not stripped, it has to be in the payload, and right. EMSGSIZE:
 * the payload is too long for the number.
 *
 * @param field copied
 * @return the framing, or NULL with errno: EINVAL, or EMSGSIZE for an offset or
 *     strip above 1024
 */
struct evchat_framing *evchat_framing_length(
    const struct evchat_length_field *field);

/**
 * Make a framing of frames with their length before them as a base-128 varint,
 * as Protocol Buffers delimit messages: 7 bits a byte, the lowest first, at
 * most 10 bytes and 64 bits.
 *
 * @param flags 0
 * @return the framing, or NULL with errno
 */
struct evchat_framing *evchat_framing_varint(unsigned flags);

/**
 * Make a framing of netstrings: decimal length, colon, payload, comma; see
 * https://cr.yp.to/proto/netstrings.txt. Leading zeros are malformed.
 *
 * @param flags 0
 * @return the framing, or NULL with errno
 */
struct evchat_framing *evchat_framing_netstring(unsigned flags);

/**
 * Make a framing of octet counting, as syslog over TCP has it (RFC 6587,
 * 3.4.1): decimal length, space, payload. 0 and leading zeros are malformed,
 * so an empty payload is refused.
 *
 * @param flags 0
 * @return the framing, or NULL with errno
 */
struct evchat_framing *evchat_framing_octet_count(unsigned flags);

/**
 * Make a framing of dot-stuffed blocks of lines, as SMTP (RFC 5321, 4.5.2),
 * NNTP and POP3 have them.
 *
 * A block ends with a line of nothing but a dot, which is not delivered; other
 * lines lose a dot at their beginning. Lines end with CR LF, which is
 * delivered; a bare LF or CR is a byte like others, or malformed with the
 * flags. A block whose first line is the lone dot is an empty frame.
 * evchat_push_frame() adds the dots; the payload has to be empty or to end
 * with CR LF.
 *
 * What was decoded of an unfinished block counts as delivered: evchat_detach()
 * and a framing set meanwhile get what is behind it, and evchat_unread()
 * inserts there.
 *
 * @param flags 0, EVCHAT_FRAMING_REJECT_BARE_LF, EVCHAT_FRAMING_REJECT_BARE_CR
 * @return the framing, or NULL with errno
 */
struct evchat_framing *evchat_framing_dot(unsigned flags);

/**
 * Make a framing of HTTP/1.1's chunked bodies (RFC 9112, 7.1): a frame is a
 * body of any number of chunks.
 *
 * Chunk extensions are skipped: at most 4096 bytes in a line, and 16 KiB more
 * than the body is long in all. So is the trailer section, of at most 16 KiB;
 * with EVCHAT_FRAMING_DELIVER_TRAILERS it is delivered behind the body, at the
 * end of the same frame: lines that end with CR LF, without the empty one. It
 * counts neither towards the maximum nor for evchat_get_frame_length(), so
 * that, in found and frame, is where it begins. Every line has to end with CR
 * LF.
 *
 * evchat_push_frame() writes one chunk and no trailers. What was decoded of an
 * unfinished body counts as delivered, as for evchat_framing_dot().
 *
 * @param flags 0 or EVCHAT_FRAMING_DELIVER_TRAILERS
 * @return the framing, or NULL with errno
 */
struct evchat_framing *evchat_framing_chunked(unsigned flags);

/** What a splitter has found; see evchat_framing_ops. */
enum evchat_split_result {
	EVCHAT_SPLIT_MORE,     /**< the frame goes on behind these bytes */
	EVCHAT_SPLIT_FRAME,    /**< it ends in them */
	EVCHAT_SPLIT_MALFORMED /**< it cannot go on like this */
};

/**
 * What the bytes are that a splitter has seen and not yet said anything of,
 * those it is shown included: first head, then data, then tail bytes. It is
 * all zeros when split is called. With EVCHAT_SPLIT_MALFORMED head and data
 * are those before the wrong byte.
 */
struct evchat_split {
	size_t head; /**< not delivered: before the first data of a frame only */
	size_t data; /**< delivered */
	size_t tail; /**< not delivered: with EVCHAT_SPLIT_FRAME only */
	/**
	 * EVCHAT_SPLIT_MORE: how many of the bytes shown, at their end, are to
	 * be shown again, together with what comes behind them.
	 */
	size_t again;
	/** How long the frame will be, as delivered, if that is known, with or before
	 * its first data; else 0. */
	uint64_t length;
	size_t bad;        /**< EVCHAT_SPLIT_MALFORMED: the wrong byte, 0 being the first shown */
	const char *error; /**< and what is wrong: a static string, or NULL */
};

/** A framing of the application's own. Borrowed for ever: static const. */
struct evchat_framing_ops {
	/** Bytes of memory that split gets for each channel, zeroed when the framing
	 * is set and when unread input is discarded; may be 0. */
	size_t state_size;
	/**
	 * Look at the next bytes of the stream. All new bytes are shown once,
	 * and only once, unless it asks for some of them again; what is behind
	 * the end of a frame is new to the next one. When the input ends
	 * inside a frame, it is called once more with len 0, and may still say
	 * EVCHAT_SPLIT_FRAME. It may call nothing of the channel. What
	 * evchat_unread() puts back inside a frame comes behind the bytes that
	 * were shown. Counters beyond the bytes that there are, a frame of no
	 * bytes at all, and with a maximum more than 64 KiB beyond it that
	 * nothing was said of, end the channel as malformed.
	 *
	 * @param data borrowed until it returns; with len 0 there is nothing there, not
	 *     even data[0]
	 */
	enum evchat_split_result (*split)(const void *data, size_t len,
	    struct evchat_split *found, void *state, void *arg);
	/**
	 * Append to out the frame that decodes to n pieces of payload. It may
	 * call nothing of the channel. NULL: evchat_push_frame() fails with
	 * EINVAL.
	 *
	 * @return 0, or -1 with errno; what was appended is then dropped
	 */
	int (*encode)(struct evbuffer *out, const struct evbuffer_iovec *payload,
	    int n, void *arg);
	/** The last reference is gone. May be NULL. Any thread; nothing of a channel
	 * may be called. */
	void (*free)(void *arg);
};

/**
 * Make a framing of the application's own.
 *
 * @param ops EINVAL if NULL or without split
 * @param arg what its functions are given; not used if this fails
 * @return the framing, or NULL with errno
 */
struct evchat_framing *evchat_framing_custom(
    const struct evchat_framing_ops *ops, void *arg);

/**
 * Drop the caller's reference. The framing lives on while channels use it.
 * NULL is fine. Any thread, any hook.
 */
void evchat_framing_free(struct evchat_framing *framing);

#ifdef __cplusplus
}
#endif

#endif
