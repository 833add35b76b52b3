#!/bin/sh
# doc/files.md names every file and none that is not there, and the example in
# README builds.
set -eu

srcdir=${srcdir:-.}
work=$(mktemp -d "${TMPDIR:-/tmp}/evchat-readme.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

fail()
{
	echo "readme_check: $*" >&2
	exit 1
}

# Lines of four spaces, a path, and what it is.
sed -n 's/^    \([^ ][^ ]*\)  *[^ ].*/\1/p' "$srcdir/doc/files.md" |
    sort > "$work/named"
(
	cd "$srcdir"
	# Not every one of these directories has to be there.
	find bench doc include lib samples test m4/evchat_* -type f \
	    \( -name '*.[ch]' -o -name '*.cc' -o -name '*.awk' -o -name '*.gp' \
	    -o -name targets -o -name '*.sh' -o -name '*.in' -o -name '*.m4' \
	    -o -name '*.md' -o -name '*.p[lm]' -o -name README \
	    -o -name mutants_equivalent -o -name uncovered \) 2> /dev/null || true
	for file in .ci/run bench/budget COPYING ChangeLog HACKING Makefile.am \
	    autogen.sh configure.ac quickstart README; do
		[ ! -f "$file" ] || echo "$file"
	done
) | sort > "$work/there"
[ "$(wc -l < "$work/there")" -gt 50 ] || fail "found few files in $srcdir"
diff "$work/named" "$work/there" > "$work/diff" || {
	cat "$work/diff"
	fail "doc/files.md is wrong: < named only, > there only"
}

# The example, as it stands there.
sed -n '/^    #include/,/^The channel frees itself/s/^    //p' \
    "$srcdir/README" > "$work/example.c"
lines=$(grep -c . "$work/example.c")
if [ "$lines" -lt 20 ] || [ "$lines" -gt 26 ]; then
	fail "an example of $lines lines"
fi
# Compilers and flags are lists of words.
# shellcheck disable=SC2086
${CC:-cc} -std=c11 -Wall -Werror ${CPPFLAGS-} ${LIBEVENT_CFLAGS-} \
    -I"$srcdir/include" -c -o "$work/example.o" "$work/example.c" ||
    fail "the example does not compile"
echo "$(wc -l < "$work/named") files named, an example of $lines lines"
