/*
 * Words for the library's enums and its version.
 */

#include "api.h"

static const char *const reason_names[] = {
	[EVCHAT_REASON_FREED] = "freed",
	[EVCHAT_REASON_DETACHED] = "detached",
	[EVCHAT_REASON_DONE] = "done",
	[EVCHAT_REASON_EOF] = "eof",
	[EVCHAT_REASON_TRUNCATED] = "truncated",
	[EVCHAT_REASON_OVERSIZE] = "oversize",
	[EVCHAT_REASON_MALFORMED] = "malformed",
	[EVCHAT_REASON_READ_TIMEOUT] = "read timeout",
	[EVCHAT_REASON_WRITE_TIMEOUT] = "write timeout",
	[EVCHAT_REASON_FRAME_TIMEOUT] = "frame timeout",
	[EVCHAT_REASON_CONNECT] = "connect",
	[EVCHAT_REASON_IO] = "io",
	[EVCHAT_REASON_PRODUCER] = "producer",
	[EVCHAT_REASON_TLS] = "tls",
	[EVCHAT_REASON_INJECTION] = "injection",
	[EVCHAT_REASON_NO_MEMORY] = "no memory",
	[EVCHAT_REASON_STALL_TIMEOUT] = "stall timeout",
	[EVCHAT_REASON_SLOW] = "slow",
	[EVCHAT_REASON_BUDGET] = "budget",
};

static const char *const event_names[] = {
	[EVCHAT_EVENT_CONNECTED] = "connected",
	[EVCHAT_EVENT_EOF] = "eof",
	[EVCHAT_EVENT_WRITABLE] = "writable",
	[EVCHAT_EVENT_DRAINED] = "drained",
	[EVCHAT_EVENT_OVERSIZE] = "oversize",
	[EVCHAT_EVENT_TIMEOUT] = "timeout",
	[EVCHAT_EVENT_LAST] = "last",
	[EVCHAT_EVENT_MALFORMED] = "malformed",
};

static const char *
name_of(const char *const *names, size_t n, unsigned value)
{
	return (value < n ? names[value] : "unknown");
}

const char *
evchat_reason_name(enum evchat_reason why)
{
	return (name_of(reason_names,
	    sizeof(reason_names) / sizeof(reason_names[0]), (unsigned)why));
}

const char *
evchat_event_name(enum evchat_event what)
{
	return (name_of(event_names,
	    sizeof(event_names) / sizeof(event_names[0]), (unsigned)what));
}

const char *
evchat_get_version(void)
{
	return (EVCHAT_VERSION);
}

unsigned
evchat_get_version_number(void)
{
	return (EVCHAT_VERSION_NUMBER);
}
