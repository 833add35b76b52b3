#!/bin/sh
# The C in doc/coming-from.md, doc/producers.md and doc/hand-over.md compiles, and does what the page
# says.
#
# Each block of C is a function's body, or begins with static, struct or #include
# and stands outside of functions. The lines of a block of frames behind it say
# what comes of it:
#
#	"input"  ->  what the hooks are told, and what is sent
#	push "payload"  ->  what is sent, or errno
#
# All of a page become one program, with test/snippets.c, which says it anew.
set -eu

: "${srcdir:=.}"
library=lib/.libs/libevchat_core.a
work=$(mktemp -d "${TMPDIR:-/tmp}/evchat-snippets.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

fail()
{
	echo "snippets_check: $*" >&2
	exit 1
}

[ -f "$library" ] || fail "to be run by make check, in the build directory"

# check_page PAGE BLOCKS LINES SOURCE-OR-FLAG...: at least so many of them are in
# there; what the program is made of besides.
check_page()
{
	page=$1 blocks_min=$2 lines_min=$3
	shift 3
	rm -f "$work"/*
	: > "$work/said"
	awk -v page="$page" -v include="$work/snippets.inc" \
	    -v said="$work/said" '
# A block begins; C that is a body becomes a function, named by its line.
/^```c$/ {
	getline
	body = !/^(static|#include|struct [a-z_]+ [{])/
	if (body) {
		snippet = "snippet_" FNR
		print "void\n" snippet "(struct evchat *chat)\n{" > include
		print "\tstruct evchat_framing *framing = NULL;\n" > include
	}
	print "#line " FNR " \"" page "\"" > include
	in_c = 1
}
/^```frames/ {
	options = $2 == "" ? "0" : $2
	in_frames = 1
	next
}
/^```$/ {
	if (in_c && body)
		print "use_framing(chat, framing);\n}" > include
	in_c = in_frames = 0
	next
}
/^```/ { print "line " FNR ": " $0 > "/dev/stderr"; exit 1 }
in_c { print > include }

in_frames {
	if (!match($0, / +-> +/)) {
		print "line " FNR ": no arrow" > "/dev/stderr"
		exit 1
	}
	bytes = substr($0, 1, RSTART - 1)
	told = substr($0, RSTART + RLENGTH)
	push = sub(/^push /, "", bytes)
	listings = listings sprintf("\t{ %d, %s, %s, %d, %s, sizeof(%s) - 1 },\n",
	    FNR, snippet, options, push, bytes, bytes)
	# Input is sent twice: whole, if there is any, and byte by byte.
	for (i = push || bytes == "\"\"" ? 1 : 0; i < 2; i++)
		print FNR " " told > said
}
END {
	print "static const struct listing listings[] = {" > include
	print listings "\t{ 0, NULL, 0, 0, NULL, 0 }\n};" > include
}' "$srcdir/$page" || fail "$page is not as it should be"

	blocks=$(grep -c '^#line' "$work/snippets.inc") || true
	lines=$(grep -c '^' "$work/said") || true
	if [ "$blocks" -lt "$blocks_min" ] || [ "$lines" -lt "$lines_min" ]; then
		fail "found only $blocks blocks of C and $lines results in $page"
	fi

	# Compilers and flags are lists of words.
	# shellcheck disable=SC2086
	${CC:-cc} -std=c11 -Wall -Werror ${SANITIZER_CFLAGS-} ${CPPFLAGS-} \
	    ${LIBEVENT_CFLAGS-} -I"$srcdir/include" -I"$work" \
	    -o "$work/snippets" "$srcdir/test/snippets.c" "$@" "$library" \
	    ${LIBEVENT_LIBS:--levent_core} ${ZLIB_LIBS-} ||
	    fail "$page does not compile"
	timeout 60 "$work/snippets" > "$work/found" ||
	    fail "a snippet in $page does not run"
	diff "$work/said" "$work/found" > "$work/diff" || {
		cat "$work/diff"
		fail "$page is wrong: < what it says, > what happens"
	}
	echo "$page: $blocks blocks of C, $lines results"
}

check_page doc/coming-from.md 20 40
check_page doc/producers.md 12 6

# Of a build that has what the page is about.
if [ -n "${LIBEVENT_EXTRA_LIBS-}" ] && [ -n "${OPENSSL_LIBS-}" ]; then
	# shellcheck disable=SC2086
	check_page doc/hand-over.md 11 0 -I"$srcdir/samples" \
	    "$srcdir/samples/upgrade_carry.c" \
	    "$srcdir/samples/upgrade_carrier.c" $OPENSSL_CFLAGS \
	    lib/.libs/libevchat_openssl.a $LIBEVENT_EXTRA_LIBS $OPENSSL_LIBS
fi
