#!/bin/sh
# make bench: run the programs, then make the tables and the chart.
#
# In the build directory, whose bench/ has the programs; srcdir is the
# source's.
# BENCH_ROUNDS, BENCH_SECONDS: how often, and for how long each time
# BENCH_QUICK: if not empty, about a minute for the whole
# BENCH_ONLY: names of workloads; empty: all
# BENCH_SKIPPED: what was not built and why, lines
# BENCH_OPTIONS: for bench/bench, such as -u for AF_UNIX
set -eu

srcdir=${srcdir:-.}
out=bench-results
rounds=${BENCH_ROUNDS:-15}
seconds=${BENCH_SECONDS:-.5}
warm_up=.1
if [ -n "${BENCH_QUICK-}" ]; then
	rounds=${BENCH_ROUNDS:-3}
	seconds=${BENCH_SECONDS:-.2}
	warm_up=.05
fi

mkdir -p "$out"
: > "$out/results.tsv"
printf '%s' "${BENCH_SKIPPED-}" | tr ';' '\n' | sed 's|^|skipped	|' \
    >> "$out/results.tsv"
# shellcheck disable=SC2086
bench/bench -r "$rounds" -s "$seconds" -w "$warm_up" ${BENCH_OPTIONS-} \
    ${BENCH_ONLY-} >> "$out/results.tsv"
if [ -z "${BENCH_ONLY-}" ]; then
	bench/inprocess ${BENCH_QUICK:+-q} -r "$rounds" >> "$out/results.tsv"
	bench/memory ${BENCH_QUICK:+-q} >> "$out/results.tsv"
fi
{
	echo "$(uname -srm), $(getconf _NPROCESSORS_ONLN) processors"
	sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | sed -n 1p
} | sed 's/^/note	/' >> "$out/results.tsv"
chart='no chart: gnuplot is not installed'
if command -v gnuplot > /dev/null; then
	awk -f "$srcdir/bench/chart.awk" "$out/results.tsv" > "$out/chart.dat"
	columns=$(awk 'NR == 1 { print NF }' "$out/chart.dat")
	gnuplot -e "data='$out/chart.dat'; columns=$columns; \
	    svg='$out/chart.svg'" "$srcdir/bench/chart.gp"
	chart="chart: $out/chart.svg"
else
	echo "skipped	the chart: gnuplot is not installed" \
	    >> "$out/results.tsv"
fi
awk -f "$srcdir/bench/report.awk" "$srcdir/bench/targets" "$out/results.tsv" \
    > "$out/results.md"
cat "$out/results.md"
echo "tables: $out/results.md, every run: $out/results.tsv, $chart"
