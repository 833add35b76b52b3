#!/bin/sh
# A channel connects to a name with an evdns_base, although the library does not
# see evdns: not linked, but loaded at run time for others. libevent_core then
# does it.
set -eu

library=lib/.libs/libevchat.so
work=$(mktemp -d "${TMPDIR:-/tmp}/evchat-evdns.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

if [ ! -e "$library" ]; then
	echo "no $library: configured with --disable-shared, or not ELF"
	exit 77
fi

cat > "$work/user.c" <<'END_OF_PROGRAM'
#include <arpa/inet.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <event2/event.h>
#include <evchat.h>

static void
on_event(struct evchat *chat, enum evchat_event what, void *arg)
{
	(void)arg;
	printf("%s\n", evchat_event_name(what));
	evchat_free(chat);
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	printf("closed %s %d\n", evchat_reason_name(why),
	    evchat_get_errno(chat) != 0);
	event_base_loopbreak(arg);
}

static const struct evchat_hooks hooks = { .event = on_event,
    .closed = on_closed };

/* A name, and "listen" if somebody does. */
int
main(int argc, char **argv)
{
	void *extra = dlopen("libevent_extra-2.1.so.7", RTLD_NOW | RTLD_LOCAL);
	struct evdns_base *(*dns_new)(struct event_base *, int);
	void (*dns_free)(struct evdns_base *, int);
	struct event_base *base = event_base_new();
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t len = sizeof(in);
	struct evdns_base *dns;
	struct evchat *chat;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (extra == NULL)
		return (77);
	*(void **)&dns_new = dlsym(extra, "evdns_base_new");
	*(void **)&dns_free = dlsym(extra, "evdns_base_free");
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&in, len) == -1 ||
	    getsockname(fd, (struct sockaddr *)&in, &len) == -1 ||
	    (argc > 2 && listen(fd, 1) == -1))
		return (1);
	dns = dns_new(base, 0);
	chat = evchat_socket_new(base, -1, &hooks, base, 0);
	if (evchat_connect_hostname(chat, dns, AF_INET, argv[1],
	    ntohs(in.sin_port)) == -1)
		return (1);
	event_base_dispatch(base);
	event_base_loop(base, EVLOOP_NONBLOCK);
	dns_free(dns, 0);
	event_base_free(base);
	return (0);
}
END_OF_PROGRAM

# The flags are lists of words.
# shellcheck disable=SC2086
${CC:-cc} ${SANITIZER_CFLAGS-} ${CPPFLAGS-} ${LIBEVENT_CFLAGS-} \
    -I"${srcdir:=.}/include" -o "$work/user" "$work/user.c" "$library" \
    ${LIBEVENT_LIBS:--levent_core} -ldl

# try EXPECTED NAME [listen]
try()
{
	expected=$1
	shift
	status=0
	LD_LIBRARY_PATH=lib/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} \
	    "$work/user" "$@" > "$work/output" || status=$?
	if [ "$status" -eq 77 ]; then
		echo "no libevent_extra of a name that is known here"
		exit 77
	fi
	told=$(tr '\n' ' ' < "$work/output")
	echo "$*: $told"
	[ "$status" -eq 0 ] && [ "$told" = "$expected " ]
}

try "connected closed freed 0" 127.0.0.1 listen
try "closed connect 1" 127.0.0.1
# This one fails at once, inside of what libevent does.
try "closed connect 1" 255.255.255.255
