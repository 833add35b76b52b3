#!/bin/sh
# What of the library the tests run, as gcov counts it: `make coverage'. Builds
# everything once more, for gcov, in coverage/ below the build directory, runs
# the test programs named, and has test/coverage.pl judge the counts.
#
# Of the library there are no static objects in that build, so that each source
# has one; the counts of tests that include a source are added. Where the random
# tests begin is fixed, so the same programs give the same result.
set -eu

srcdir=$(cd -P "${srcdir:-.}" && pwd)
programs=$*

die()
{
	echo "coverage: $*" >&2
	exit 1
}

[ $# -gt 0 ] || die "no test programs"
[ "$srcdir" != "$(pwd -P)" ] ||
	die "configured in place: needs a build outside of the sources"
# The compiler is a list of words.
# shellcheck disable=SC2086
if ${CC:=cc} -dM -E -x c /dev/null | grep -q __clang__; then
	die "needs gcc, which knows what its gcov reads: configure with CC=gcc"
fi
# shellcheck disable=SC2086
gcov=$($CC -print-prog-name=gcov)

# Configured as the build that this is below.
eval "set -- $(./config.status --config)"
rm -rf coverage
mkdir coverage
cd coverage
"$srcdir/configure" --quiet "$@" --enable-tests --disable-static \
    --disable-sanitizers --cache-file=/dev/null CC="$CC" \
    CFLAGS='-O0 --coverage -fprofile-update=atomic'
EVCHAT_TEST_SEED=${EVCHAT_TEST_SEED-1} \
    ${MAKE:-make} check TESTS="$programs" > check.out 2>&1 || {
	cat check.out
	die "make check failed"
}
for notes in lib/.libs/*.gcno test/*.gcno; do
	"$gcov" --branch-probabilities --branch-counts --stdout "$notes" ||
		die "$gcov failed: coverage/gcov.err"
done > gcov.out 2> gcov.err
perl "$srcdir/test/coverage.pl" "$srcdir" gcov.out coverage.txt
