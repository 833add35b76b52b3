#!/bin/sh
# The samples redis and memcache beside redis-server and memcached: what each takes
# of the processor for a request, and how many times the other's that is.
#
#	samples/compare_store.sh [ROUNDS [REQUESTS]]
#
# From where the samples were built. Rounds are interleaved, each with a ratio of its
# own; what is told is the median. A request is one of 32 that a client sends at
# once, unless it says otherwise, and there are 50 clients, which for memcache are
# one perl. What is not installed is passed over, by name. Linux only: the times are
# those of /proc/PID/stat, user and system, in hundredths of a second.
set -u

rounds=${1:-5}
requests=${2:-2000000}
samples=${SAMPLES:-./samples}
work=$(mktemp -d "${TMPDIR:-/tmp}/evchat-compare.XXXXXX") || exit 1
pids=

clean_up()
{
	# Their numbers are words.
	# shellcheck disable=SC2086
	[ -z "$pids" ] || kill $pids 2> /dev/null
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

has()
{
	for tool; do
		command -v "$tool" > /dev/null || {
			echo "skipped: $tool is not installed"
			return 1
		}
	done
}

# A port that was free a moment ago, for servers that cannot find one themselves.
free_port()
{
	perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1,
	    LocalAddr => "127.0.0.1")->sockport'
}

# start_sample NAME: $pid, and $port
start_sample()
{
	program=$samples/$1
	[ ! -x "$samples/.libs/$1" ] || program=$samples/.libs/$1
	mkfifo "$work/$1"
	LD_LIBRARY_PATH=$samples/../lib/.libs "$program" > "$work/$1" &
	pid=$!
	pids="$pids $pid"
	read -r line < "$work/$1" || exit 1
	port=${line##*:}
}

# start_other COMMAND...: $pid; $port is the one it was given, and it is awaited
start_other()
{
	"$@" > "$work/log" 2>&1 &
	pid=$!
	pids="$pids $pid"
	until perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new(
	    PeerAddr => "127.0.0.1:$ARGV[0]")' "$port"; do
		kill -0 "$pid" 2> /dev/null || { cat "$work/log"; exit 1; }
	done
}

# spent PID: user and system time so far, in hundredths of a second
spent()
{
	awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"
}

# cost PID COMMAND...: what serving the command takes of PID
cost()
{
	of=$1
	shift
	before=$(spent "$of")
	timeout 120 "$@" > "$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
	echo $(($(spent "$of") - before))
}

# compare NAME OURS-PID OURS-PORT THEIRS-PID THEIRS-PORT COMMAND...: @ is the port
compare()
{
	name=$1 our_pid=$2 our_port=$3 their_pid=$4 their_port=$5
	shift 5
	: > "$work/rounds"
	for _ in $(seq "$rounds"); do
		ours=$(cost "$our_pid" "$@" "$our_port")
		theirs=$(cost "$their_pid" "$@" "$their_port")
		echo "$ours $theirs" >> "$work/rounds"
	done
	awk -v n="$requests" '{ printf "%.3f %.3f %.3f\n", $1 / $2,
	    $1 * 10000 / n, $2 * 10000 / n }' "$work/rounds" |
	    sort -n | awk -v name="$name" '{ line[NR] = $0 }
	    END { split(line[int((NR + 1) / 2)], a); printf \
	    "%-14s %s us, other %s us: %s times\n", name, a[2], a[3], a[1] }'
}

compare_redis()
{
	has redis-server redis-benchmark || return
	start_sample redis
	ours=$pid our_port=$port
	port=$(free_port)
	start_other redis-server --port "$port" --save '' --appendonly no
	set -- "$ours" "$our_port" "$pid" "$port" \
	    redis-benchmark -n "$requests" -P 32 -q -r 100000
	compare 'redis PING' "$@" -t ping_mbulk -p
	compare 'redis SET' "$@" -t set -p
	compare 'redis GET' "$@" -t get -p
}

# Gets over 50 connections: so many lines at once, each for so many keys. A
# request is a key.
cat > "$work/gets" <<'PERL'
use strict;
use warnings;
use IO::Socket::INET;
my ($lines, $keys, $requests, $port) = @ARGV;
my @all = map { IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port")
    // die "connect: $@" } 1 .. 50;
my $gets = ('get' . join('', map { " key:$_" } 1 .. $keys) . "\r\n") x $lines;
my ($set, $want) = ('', 5 * $lines);
for my $i (1 .. $keys) {
	$set .= "set key:$i 0 0 3 noreply\r\nxxx\r\n";
	$want += $lines * length "VALUE key:$i 0 3\r\nxxx\r\n";
}
syswrite $all[0], $set . "version\r\n";
sysread $all[0], my $version, 100;
for (1 .. $requests / $lines / $keys / @all) {
	syswrite $_, $gets for @all;
	for my $socket (@all) {
		my $got = 0;
		while ($got < $want) {
			$got += sysread $socket, my $bytes, 65536 or die "end";
		}
	}
}
PERL

compare_memcache()
{
	has memcached || return
	start_sample memcache
	ours=$pid our_port=$port
	port=$(free_port)
	set -- -l 127.0.0.1 -p "$port" -t 1 -U 0
	[ "$(id -u)" -ne 0 ] || set -- "$@" -u nobody
	start_other memcached "$@"
	set -- "$ours" "$our_port" "$pid" "$port" perl "$work/gets"
	compare 'memcache get' "$@" 32 1 "$requests"
	compare '... of 32 keys' "$@" 1 32 "$requests"
	requests=$((requests / 8))
	compare '... one by one' "$@" 1 1 "$requests"
}

compare_redis
compare_memcache
