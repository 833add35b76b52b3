#!/bin/sh
# The shared library exports what the public headers declare: not a function
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

# The flags are lists of words.
# shellcheck disable=SC2086
${CC:-cc} ${CPPFLAGS-} ${LIBEVENT_CFLAGS-} -I"${srcdir:=.}/include" \
    -E "$srcdir/include/evchat.h" > "$work/headers"
grep -o 'evchat_[a-z0-9_]*(' "$work/headers" | tr -d '(' | sort -u \
    > "$work/declared"

# Names that begin with an underscore are the compiler's and the linker's.
# shellcheck disable=SC2086
${NM:-nm} -D -P "$library" > "$work/symbols"
awk '$2 ~ /^[A-TV-Z]$/ && $1 !~ /^_/ { sub(/@.*/, "", $1); print $1 }' \
    "$work/symbols" | sort -u > "$work/exported"

echo "declared and not exported:"
comm -23 "$work/declared" "$work/exported" | tee "$work/missing"
echo "exported and not declared:"
comm -13 "$work/declared" "$work/exported" | tee "$work/surplus"
echo "both: $(comm -12 "$work/declared" "$work/exported" | wc -l)"

# evdns is in a library that this one does without.
awk '$2 == "U" && $1 ~ /^evdns_/ { print $1 }' "$work/symbols" > "$work/strong"
echo "of evdns, and needed:"
cat "$work/strong"

[ -s "$work/declared" ] && [ ! -s "$work/missing" ] &&
    [ ! -s "$work/surplus" ] && [ ! -s "$work/strong" ]
