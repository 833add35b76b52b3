#!/bin/sh
# The samples once more, where the kernel is nasty: what they read and write is
# cut short, interrupted, or not to be had yet, and nobody must notice.
# NASTY_SAMPLES may name more of them; "chat echo fileserver framecat http" takes
# as long as their checks.
set -u

dir=${srcdir:-.}/test
samples=${SAMPLES:-./samples}
library=${NASTY_LIBRARY:-./test/.libs/libnasty.so}

skip()
{
	echo "nasty_check: skipped: $*"
	exit 77
}

[ "$(uname -s)" = Linux ] || skip "LD_PRELOAD is tried on Linux only"
[ -f "$library" ] || skip "there is no shared library: $library"
[ -z "${SANITIZER_CFLAGS-}" ] ||
    skip "a sanitizer's library has to be the first one"

work=$(mktemp -d "${TMPDIR:-/tmp}/evchat-nasty.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
status=0

# again SAMPLE BEND ONE_IN: its whole check; one call in so many is bent
again()
{
	report=$work/report
	: > "$report"
	nasty="env LD_PRELOAD=$library EVCHAT_NASTY=$2 EVCHAT_NASTY_ONE_IN=$3"
	nasty="$nasty EVCHAT_NASTY_REPORT=$report $samples/$1"
	if ! CHAT_SAMPLE=$nasty ECHO_SAMPLE=$nasty \
	    FILESERVER_SAMPLE=$nasty FRAMECAT_SAMPLE=$nasty HTTP_SAMPLE=$nasty \
	    sh "$dir/$1_check.sh" > "$work/log" 2>&1; then
		cat "$work/log"
		echo "FAILED: $1, $2, one call in $3"
		status=1
	fi
	# A server is not told how often; but some must have been.
	if grep -q '^[1-9][0-9]* of' "$report"; then
		echo "ok: $1, $2, one call in $3: $(cat "$report")"
	else
		echo "FAILED: $1, $2, one call in $3: no call was bent"
		status=1
	fi
}

for sample in ${NASTY_SAMPLES-echo}; do
	again "$sample" any 1
	again "$sample" half 2
done
exit $status
