#!/bin/sh
# What messages cost on fixed work, counted and compared with bench/budget:
#
#	guard.sh check|record GUARD BUDGET
#
# GUARD is the program bench/guard. System calls are the program's own count,
# and must not be more anywhere that has the libevent of the budget.
# Instructions are callgrind's; they depend on the compiler, its flags, the C
# library and the processor, so they are compared only where all of these are
# those of the budget: where that is not so, it says so. A rise of more than 5
# % fails.
#
# A budget is lines of: NAME MESSAGES CALLS INSTRUCTIONS, behind lines that
# begin with "calls:" and "instructions:" and say where they were counted.
set -eu
LC_ALL=C
export LC_ALL

what=${1-} guard=${2-} budget=${3-}
if [ $# -ne 3 ] || { [ "$what" != check ] && [ "$what" != record ]; }; then
	echo 'usage: guard.sh check|record GUARD BUDGET' >&2
	exit 2
fi
if [ -n "${OTHERWISE-}" ]; then
	echo "guard: skipped: built with $OTHERWISE"
	exit 0
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/evchat-guard.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# The same functions of the C library are chosen wherever there is AVX2, and
# names are looked up before anything is counted.
LD_BIND_NOW=1
export LD_BIND_NOW
unset EVENT_SHOW_METHOD EVENT_EPOLL_USE_CHANGELIST EVENT_NOEPOLL GLIBC_TUNABLES

where_calls()
{
	echo "$("$guard" --version), $(uname -s)"
}

where_instructions()
{
	${CC:-cc} --version | head -n 1
	echo "${CFLAGS:-no flags}"
	getconf GNU_LIBC_VERSION 2> /dev/null || echo 'unknown C library'
	uname -m
	grep -qw avx2 /proc/cpuinfo 2> /dev/null && echo avx2 || echo 'no avx2'
	valgrind --version 2> /dev/null || echo 'no valgrind'
}

# instructions NAME: those of the server
instructions()
{
	valgrind --tool=callgrind --toggle-collect=guard_serve \
	    --callgrind-out-file="$work/out" "$guard" "$1" \
	    > /dev/null 2> "$work/log" || { cat "$work/log" >&2; exit 1; }
	sed -n 's/^\(summary\|totals\): *//p' "$work/out" | tail -n 1
}

# measure: all of it, in the form of a budget; 0 instructions: not counted
measure()
{
	for name in $("$guard" --list); do
		"$guard" "$name" > "$work/calls"
		count=0
		[ -z "$counted" ] || count=$(instructions "$name")
		read -r same messages calls kinds < "$work/calls"
		[ "$same" = "$name" ] && [ -n "$count" ] || exit 1
		echo "$name $messages $calls $count"
		echo "$name $kinds" >> "$work/kinds"
	done
}

calls_here="calls: $(where_calls)"
instructions_here="instructions: $(where_instructions | paste -s -d ',' - |
    sed 's/,/, /g')"
counted=
command -v valgrind > /dev/null 2>&1 && counted=yes

if [ "$what" = record ]; then
	[ -n "$counted" ] || { echo 'guard: install valgrind' >&2; exit 1; }
	{
		echo '# What messages cost; written by make guard-record.'
		echo "$calls_here"
		echo "$instructions_here"
		echo '# work, messages, system calls, instructions'
		measure
	} > "$work/budget"
	cat "$work/budget" > "$budget"
	echo "guard: recorded in $budget"
	exit 0
fi

compare_calls=yes
if ! grep -qxF "$calls_here" "$budget"; then
	echo "guard: skipped system calls: this is $calls_here,"
	echo "  and the budget $(grep '^calls: ' "$budget")"
	compare_calls=
fi
if [ -z "$counted" ]; then
	echo 'guard: skipped instructions: valgrind is not installed'
elif ! grep -qxF "$instructions_here" "$budget"; then
	echo "guard: skipped instructions: this is"
	echo "  $instructions_here,"
	echo "  and the budget"
	echo "  $(grep '^instructions: ' "$budget")"
	counted=
fi
if [ -z "$compare_calls$counted" ]; then
	echo 'guard: nothing can be compared here'
	exit 0
fi

measure > "$work/now"
awk -v compare_calls="$compare_calls" -v compare_instructions="$counted" '
# Cost per message now and then; a rise is told, and fails.
function compare(name, what, messages, now, then,	change, mark)
{
	change = then > 0 ? 100 * (now - then) / then : (now > 0 ? 100 : 0)
	mark = change > 5 ? "  <-- ABOVE THE BUDGET" : \
	    change < -5 ? "  (less: record anew)" : ""
	if (change > 5)
		failed++
	printf "%-18s %-12s %12.3f %12.3f %+8.1f %%%s\n", name, what, \
	    then / messages, now / messages, change, mark
}
FILENAME == ARGV[1] {
	if (NF == 4 && $2 ~ /^[0-9]+$/) {
		messages[$1] = $2; calls[$1] = $3; instructions[$1] = $4
	}
	next
}
FILENAME == ARGV[2] {
	name = $1; $1 = ""; kinds[name] = $0
	next
}
FNR == 1 {
	printf "%-18s %-12s %12s %12s %10s\n", "work", "per message", \
	    "budget", "now", "change"
}
!($1 in messages) || messages[$1] != $2 {
	printf "%-18s is not in the budget, or is other work there\n", $1
	failed++
	next
}
{
	was = failed
	if (compare_calls)
		compare($1, "calls", $2, $3, calls[$1])
	if (failed > was)
		printf "%-18s made%s\n", "", kinds[$1]
	if (compare_instructions)
		compare($1, "instructions", $2, $4, instructions[$1])
}
END {
	if (failed)
		printf "guard: %d above the budget by more than 5 %%. " \
		    "If that is meant to be: make guard-record\n", failed
	exit failed > 0
}' "$budget" "$work/kinds" "$work/now"
