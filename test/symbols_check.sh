#!/bin/sh
# The shared libraries export what the public headers declare: not a function
# less, and not a name more.
set -eu

library=lib/.libs/libevchat.so
work=$(mktemp -d "${TMPDIR:-/tmp}/evchat-symbols.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

if [ ! -e "$library" ]; then
	echo "no $library: configured with --disable-shared, or not ELF"
	exit 77
fi

# declared HEADER: the functions in it, and in what it includes
declared()
{
	# The flags are lists of words.
	# shellcheck disable=SC2086
	${CC:-cc} ${CPPFLAGS-} ${LIBEVENT_CFLAGS-} ${OPENSSL_CFLAGS-} \
	    -I"${srcdir:=.}/include" -E "$srcdir/include/$1" > "$work/headers"
	grep -o 'evchat_[a-z0-9_]*(' "$work/headers" | tr -d '(' | sort -u
}

# compare LIBRARY: with what is declared
compare()
{
	# Names that begin with an underscore are the compiler's and the linker's.
	# shellcheck disable=SC2086
	${NM:-nm} -D -P "$1" > "$work/symbols"
	awk '$2 ~ /^[A-TV-Z]$/ && $1 !~ /^_/ { sub(/@.*/, "", $1); print $1 }' \
	    "$work/symbols" | sort -u > "$work/exported"
	echo "$1: declared and not exported:"
	comm -23 "$work/declared" "$work/exported" | tee -a "$work/missing"
	echo "exported and not declared:"
	comm -13 "$work/declared" "$work/exported" | tee -a "$work/surplus"
	echo "both: $(comm -12 "$work/declared" "$work/exported" | wc -l)"
	[ -s "$work/declared" ]
}

tls=lib/.libs/libevchat_openssl.so
if [ -e "$tls" ]; then
	declared evchat.h > "$work/core"
	declared evchat/openssl.h > "$work/both"
	comm -13 "$work/core" "$work/both" > "$work/declared"
	compare "$tls"
fi
declared evchat.h > "$work/declared"
compare "$library"

# evdns is in a library that this one does without.
awk '$2 == "U" && $1 ~ /^evdns_/ { print $1 }' "$work/symbols" > "$work/strong"
echo "of evdns, and needed:"
cat "$work/strong"

[ ! -s "$work/missing" ] && [ ! -s "$work/surplus" ] && [ ! -s "$work/strong" ]
