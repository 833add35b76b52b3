#!/bin/sh
# make bench-record: put the results of the last make bench into
# doc/performance.md, between its two marks, and the chart beside it.
set -eu

srcdir=${srcdir:-.}
results=bench-results
page=$srcdir/doc/performance.md

awk -v results="$results/results.md" '
	/^<!-- results -->/ {
		print
		while ((getline line < results) > 0)
			print line
		hidden = 1
	}
	/^<!-- end of results -->/ { hidden = 0 }
	!hidden { print }
' "$page" > "$results/performance.md"
cp "$results/performance.md" "$page"
[ ! -f "$results/chart.svg" ] ||
    cp "$results/chart.svg" "$srcdir/doc/performance.svg"
echo "recorded in $page"
