#!/bin/sh
# How much CPU a request takes the httpd sample, and libevent's evhttp, for the same
# answers to the same load: wrk's or, where it is missing, ab's, over connections
# that are kept. From where `make samples' was run:
#
#	sh samples/compare_http.sh [-c connections] [-r rounds] [-s seconds]
#
# Both servers run at the same time, and are loaded by turns; the middle one of the
# rounds counts. The CPU is what the system says a server has used, in user and in
# system mode. Linux only, for /proc.
set -eu

connections=50
rounds=5
seconds=2
while getopts c:r:s: option; do
	case $option in
	c) connections=$OPTARG ;;
	r) rounds=$OPTARG ;;
	s) seconds=$OPTARG ;;
	*) exit 2 ;;
	esac
done

fail()
{
	echo "compare_http: $*" >&2
	exit 1
}

samples=${SAMPLES:-./samples}
if [ ! -x "$samples/httpd" ] || [ ! -x "$samples/compare_evhttp" ]; then
	fail "no httpd or compare_evhttp in $samples: make samples" \
    "(compare_evhttp needs libevent_extra)"
fi
load=wrk
command -v wrk > /dev/null || load=ab
command -v $load > /dev/null || fail 'install wrk or apache2-utils'

work=$(mktemp -d "${TMPDIR:-/tmp}/evchat-compare.XXXXXX")
servers=
# shellcheck disable=SC2086 # words
trap '[ -z "$servers" ] || kill $servers; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# libtool's script around a program has another process than the program
library=$samples/../lib/.libs
LD_LIBRARY_PATH=$library${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH

# start SAMPLE: sets pid and url
start()
{
	program=$samples/.libs/$1
	[ -x "$program" ] || program=$samples/$1
	mkfifo "$work/$1"
	"$program" -p 0 -d "$work/files" > "$work/$1" &
	pid=$!
	servers="$servers $pid"
	read -r url < "$work/$1"
	url=${url#listening on }
	case $url in
	http://*) ;;
	*) fail "$1 does not start" ;;
	esac
}

# Its CPU so far, in microseconds
cpu_of()
{
	if [ -r "/proc/$1/schedstat" ]; then
		awk '{ printf "%.0f\n", $1 / 1000 }' "/proc/$1/schedstat"
	else
		sed 's/.*) //' "/proc/$1/stat" | awk -v hz="$(getconf CLK_TCK)" \
		    '{ printf "%.0f\n", ($12 + $13) * 1000000 / hz }'
	fi
}

# Load a URL; print how many requests were answered.
requests_of()
{
	if [ $load = wrk ]; then
		wrk -t 1 -c "$connections" -d "$seconds" "$1" > "$work/log"
		! grep -q 'Socket errors\|Non-2xx' "$work/log" ||
		    fail "$(cat "$work/log")"
		awk '/requests in/ { print $1 }' "$work/log"
	else
		ab -q -k -c "$connections" -t "$seconds" -n 9999999 "$1" \
		    > "$work/log" 2>&1
		grep -q 'Failed requests: *0$' "$work/log" ||
		    fail "$(cat "$work/log")"
		awk '/^Complete requests/ { print $3 }' "$work/log"
	fi
}

# round NAME PID URL: microseconds for each request, to a file of that name
round()
{
	before=$(cpu_of "$2")
	requests=$(requests_of "$3")
	after=$(cpu_of "$2")
	awk -v t="$((after - before))" -v n="$requests" \
	    'BEGIN { print t / n }' >> "$work/$1"
}

middle_of()
{
	sort -n "$work/$1" | sed -n "$(((rounds + 1) / 2))p"
}

mkdir "$work/files"
head -c 4096 /dev/zero > "$work/files/small"
head -c 262144 /dev/zero > "$work/files/large"
start httpd
ours=$pid our_url=${url%/}
start compare_evhttp
theirs=$pid their_url=${url%/}
echo "CPU per request, $connections connections, by $load:"
for path in hello small large; do
	rm -f "$work/ours" "$work/theirs"
	i=0
	while [ $i -lt "$rounds" ]; do
		round ours "$ours" "$our_url/$path"
		round theirs "$theirs" "$their_url/$path"
		i=$((i + 1))
	done
	awk -v a="$(middle_of ours)" -v b="$(middle_of theirs)" -v p="/$path" \
	    'BEGIN { printf "%-8s httpd %7.1f us, evhttp %7.1f us, ratio %.2f\n",
	    p, a, b, a / b }'
done
