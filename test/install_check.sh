#!/bin/sh
# The library as its users get it: installed, found with pkg-config, used by a
# program outside of this tree, in C and in C++, and gone after an uninstall.
set -eu

work=$(mktemp -d "${TMPDIR:-/tmp}/evchat-install.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
stage=$work/stage

fail()
{
	echo "install_check: $*" >&2
	exit 1
}

[ -n "${CXX:=c++}" ] || fail "no C++ compiler: install g++"
: "${CC:=cc}" "${MAKE:=make}" "${PKG_CONFIG:=pkg-config}"
[ -f lib/libevchat.la ] || fail "to be run by make check, in the build directory"

# Installed into a staging directory, as packagers do, it is already. MAKEFLAGS goes
# because the outer make's job slots are not passed on to tests.
unset MAKEFLAGS MFLAGS
[ -f test/stage.stamp ] || fail "nothing is staged: make check stages it"
cp -R test/stage "$stage"

# In what pkg-config reads, put the staging directory in front of what is absolute.
# PKG_CONFIG_SYSROOT_DIR would do it to libevent's paths, too.
mkdir "$work/pkgconfig"
for pc in $(find "$stage" -name '*.pc'); do
	sed -E "s,^([a-z_]*(dir|prefix))=/,\1=$stage/," "$pc" \
	    > "$work/pkgconfig/${pc##*/}"
done
[ -f "$work/pkgconfig/libevchat.pc" ] || fail "no libevchat.pc was installed"
PKG_CONFIG_PATH=$work/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
export PKG_CONFIG_PATH

cflags=$($PKG_CONFIG --cflags libevchat)
libs=$($PKG_CONFIG --libs libevchat)
libs_static=$($PKG_CONFIG --static --libs libevchat | sed "s/-levchat //")
libdir=$($PKG_CONFIG --variable=libdir libevchat)
includedir=$($PKG_CONFIG --variable=includedir libevchat)
version=$($PKG_CONFIG --modversion libevchat)
number=$(echo "$version" | { IFS=. read -r major minor patch;
    printf '0x%04x%02x%02x' "$major" "$minor" "$patch"; })

# Every header compiles alone, with strict compilers of both languages.
(cd "$includedir" && find evchat.h evchat -name '*.h') > "$work/headers"
tls=
if [ -f "$work/pkgconfig/libevchat_openssl.pc" ]; then
	tls=$($PKG_CONFIG --cflags --libs libevchat_openssl)
fi
while read -r header; do
	echo "#include <$header>" > "$work/alone.c"
	echo "header $header"
	for compiler in "$CC -std=c11 -xc" "$CXX -std=c++11 -xc++"; do
		# The compiler and its flags are lists of words, here and below.
		# shellcheck disable=SC2086
		$compiler -Wall -Wextra -pedantic -Werror ${CPPFLAGS-} $cflags \
		    ${tls%%-L*} -fsyntax-only "$work/alone.c" ||
		    fail "$header does not compile alone: $compiler"
	done
done < "$work/headers"

# A program that is C and C++ alike: it sends one frame from a channel to
# another one, and tells which version of what it has met.
cat > "$work/user.c" <<'END'
#include <stdio.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <evchat.h>

static struct evchat *from, *to;
static int frames;

/* With both channels gone, the loop has no more to do, and ends by itself. */
static void
on_frame(struct evchat *chat, const void *data, size_t len, void *arg)
{
	printf("frame %.*s\n", (int)len, (const char *)data);
	frames++;
	evchat_free(chat);
	evchat_free((struct evchat *)arg);
}

static const struct evchat_hooks hooks = { NULL, NULL, on_frame, NULL, NULL };

int
main(void)
{
	struct event_base *base = event_base_new();
	struct bufferevent *pair[2];

	if (base == NULL || bufferevent_pair_new(base, 0, pair) == -1)
		return (1);
	from = evchat_new(pair[0], NULL, NULL, 0);
	to = evchat_new(pair[1], &hooks, from, 0);
	if (from == NULL || to == NULL ||
	    evchat_set_terminator(from, "\r\n", 2) == -1 ||
	    evchat_set_terminator(to, "\r\n", 2) == -1 ||
	    evchat_push_frame(from, "hello", 5) == -1)
		return (1);
	event_base_dispatch(base);
	event_base_free(base);
	printf("headers %s 0x%08x\n", EVCHAT_VERSION,
	    (unsigned)EVCHAT_VERSION_NUMBER);
	printf("library %s 0x%08x\n", evchat_get_version(),
	    evchat_get_version_number());
	return (frames == 1 ? 0 : 1);
}
END
cat > "$work/expected" <<END
frame hello
headers $version $number
library $version $number
END

# run NAME COMMAND...: build the program with the command, run it, look at what
# it says.
run()
{
	name=$1
	shift
	echo "program $name: $*"
	"$@" || fail "$name does not build"
	LD_LIBRARY_PATH=$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} \
	    "$work/user" > "$work/output" || fail "$name does not run"
	diff "$work/expected" "$work/output" || fail "$name says something else"
	rm "$work/user"
}

# shellcheck disable=SC2086
{
	run "in C" $CC ${SANITIZER_CFLAGS-} -o "$work/user" "$work/user.c" \
	    $cflags $libs
	run "in C++" $CXX ${SANITIZER_CFLAGS-} -o "$work/user" \
	    -xc++ "$work/user.c" -xnone $cflags $libs
	if [ -f "$libdir/libevchat.a" ]; then
		run "in C, static" $CC ${SANITIZER_CFLAGS-} -o "$work/user" \
		    "$work/user.c" $cflags "$libdir/libevchat.a" $libs_static
	fi
}

# The same over TLS, which is in a library of its own.
if [ -n "$tls" ]; then
	cat > "$work/tls.c" <<'END'
#include <event2/event.h>
#include <evchat.h>
#include <evchat/openssl.h>

int
main(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = evchat_ssl_client_new(ctx, "localhost");
	struct event_base *base = event_base_new();
	struct evchat *chat = evchat_socket_new(base, -1, NULL, NULL, 0);
	int failed = ssl == NULL || chat == NULL ||
	    evchat_starttls(chat, ssl, EVCHAT_TLS_CONNECT, 0) == -1;

	evchat_free(chat);
	event_base_loop(base, EVLOOP_NONBLOCK);
	event_base_free(base);
	SSL_CTX_free(ctx);
	return (failed);
}
END
	echo "program with TLS: $tls"
	# shellcheck disable=SC2086
	$CC ${SANITIZER_CFLAGS-} -o "$work/user" "$work/tls.c" $tls ||
	    fail "the one with TLS does not build"
	LD_LIBRARY_PATH=$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} \
	    "$work/user" || fail "the one with TLS does not run"
fi

$MAKE uninstall DESTDIR="$stage" > "$work/uninstall.log" 2>&1 ||
    { cat "$work/uninstall.log"; fail "make uninstall"; }
find "$stage" ! -type d > "$work/left"
[ ! -s "$work/left" ] || { cat "$work/left"; fail "left by make uninstall"; }
