#!/bin/sh
# The benchmarks: every workload runs for a few messages, each way of serving
# it answers with the right bytes, and the tables are made of what they print.
# How fast anything is does not matter here.
set -eu

srcdir=${srcdir:-.}
if [ ! -x bench/bench ]; then
	echo "bench_check: no benchmarks without epoll"
	exit 77
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/evchat-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

fail()
{
	echo "bench_check: $*" >&2
	exit 1
}

bench/bench -r 1 -m 200 > "$work/results" || fail "bench failed"
bench/bench -u -r 1 -m 200 echo mib > "$work/local" ||
    fail "bench failed on AF_UNIX"
bench/inprocess -t -r 1 >> "$work/results" || fail "inprocess failed"
bench/memory -t >> "$work/results" || fail "memory failed"

# A line for each way, but for those of programs that are not built.
printf '%s\n' 'broadcast evchat' 'broadcast evchat-loop' \
    'broadcast bufferevent' 'crowd evchat' 'crowd evchat-alone' \
    'crowd event' 'crowd event-alone' > "$work/expected"
for load in echo burst kib pingpong; do
	for way in evchat evchat-bev readln event epoll; do
		echo "$load $way"
	done
done >> "$work/expected"
for way in evchat copyout event epoll; do
	echo "length $way"
done >> "$work/expected"
for way in evchat readln event event-whole; do
	echo "mib $way"
done >> "$work/expected"
for load in lf22 crlf22 lf1k; do
	for way in evchat readln memchr; do
		echo "$load $way"
	done
done >> "$work/expected"
printf '%s\n' 'delimiters twenty' 'delimiters one' 'hostile hostile' \
    'hostile friendly' 'pair evchat' 'pair readln' 'filter evchat' \
    'filter readln' >> "$work/expected"
tr '\t' ' ' < "$work/results" > "$work/words"
while read -r line; do
	grep -q "^$line 0 [0-9]" "$work/words" || fail "no result of $line"
done < "$work/expected"

# What the shortest run makes of the costs is nothing: let them be 2 for the
# library and 3 for all others, and see what the table says.
sed -n 's/^\([a-z0-9]*	evchat	0	\)[0-9.]*/\12/p;t
    s/^\([a-z0-9]*	[a-z-]*	0	\)[0-9.]*/\13/p' "$work/results" \
    > "$work/made-up"
awk -f "$srcdir/bench/report.awk" "$srcdir/bench/targets" "$work/made-up" \
    > "$work/tables"
grep -q '^| echo .*cheaper than readln .*NOT REACHED *| *1.50 |' \
    "$work/tables" || fail "a target should not be reached"
grep -q '^| echo .*the cost of event .*reached, and the aim *| *0.67 |' \
    "$work/tables" || fail "a target should be reached"
awk -f "$srcdir/bench/chart.awk" "$work/made-up" > "$work/chart" ||
    fail "no data for a chart"
echo "$(wc -l < "$work/expected") ways of serving"
