/*
 * Framings made of their descriptions.
 */

#include <errno.h>
#include <string.h>
#include <check.h>
#include "decode.h"

static struct evchat_framing *
make_delimiters(const struct decode_spec *spec)
{
	struct evbuffer_iovec set[DECODE_SET];
	int n = 0;

	for (; n < DECODE_SET && spec->set[n] != NULL; n++) {
		set[n].iov_base = (void *)(uintptr_t)spec->set[n];
		set[n].iov_len = strlen(spec->set[n]);
	}
	return evchat_framing_delimiters(set, n, spec->flags);
}

static struct evchat_framing *
make(const struct decode_spec *spec)
{
	switch (spec->kind) {
	case DECODE_DELIMITER:
		return evchat_framing_delimiter(spec->set[0],
		    strlen(spec->set[0]), spec->flags);
	case DECODE_DELIMITERS:
		return make_delimiters(spec);
	case DECODE_LINE:
		return evchat_framing_line(spec->style, spec->flags);
	case DECODE_FIXED:
		return evchat_framing_fixed(spec->size);
	case DECODE_LENGTH:
		return evchat_framing_length(&spec->field);
	case DECODE_VARINT:
		return evchat_framing_varint(spec->flags);
	case DECODE_NETSTRING:
		return evchat_framing_netstring(spec->flags);
	case DECODE_OCTET_COUNT:
		return evchat_framing_octet_count(spec->flags);
	case DECODE_DOT:
		return evchat_framing_dot(spec->flags);
	case DECODE_CHUNKED:
		return evchat_framing_chunked(spec->flags);
	case DECODE_CUSTOM:
		return evchat_framing_custom(spec->ops, NULL);
	}
	return NULL;
}

struct evchat_framing *
decode_make(const struct decode_spec *spec)
{
	struct evchat_framing *framing = make(spec);

	if (framing == NULL)
		ck_abort_msg("%s cannot be made: %s", spec->name,
		    strerror(errno));
	return framing;
}

bool
decode_declares(const struct decode_spec *spec)
{
	switch (spec->kind) {
	case DECODE_FIXED:
	case DECODE_LENGTH:
	case DECODE_VARINT:
	case DECODE_NETSTRING:
	case DECODE_OCTET_COUNT:
		return true;
	case DECODE_CUSTOM:
		return spec->declares;
	default:
		return false;
	}
}
