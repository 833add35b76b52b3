#!/bin/sh
# The proxy sample, used by curl, nc and socat to reach servers, and by perl, which
# is both of its ends. PROXY_SAMPLE may name another program, with arguments.
set -u

check=proxy
limit=120
# shellcheck disable=SC1091
. "${srcdir:-.}/test/sample.sh"
sample=${PROXY_SAMPLE:-$(direct proxy)}
# Each of those who come at once has two descriptors, here and there.
# shellcheck disable=SC3045
ulimit -n 4096 2> /dev/null || true
# What is freed is to be free again at once, or memory would not be flat.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1
export ASAN_OPTIONS

# A server of HTTP and, for what begins otherwise, of echoes.
cat > "$work/origin" <<'PERL'
use strict;
use warnings;
use IO::Socket::INET;
use Socket qw(IPPROTO_TCP TCP_NODELAY);
$SIG{CHLD} = $SIG{PIPE} = 'IGNORE';
$| = 1;
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 10)
    or die $!;
print $listener->sockport, "\n";
while (my $peer = $listener->accept) {
	next if fork();
	setsockopt $peer, IPPROTO_TCP, TCP_NODELAY, 1;
	my $in = '';
	sysread $peer, $in, 65536 or exit;
	if ($in !~ /\AGET /) {
		do { print $peer $in; $peer->flush } while
		    sysread $peer, $in, 65536;
		print $peer "end\n";
		exit;
	}
	while (1) {
		sysread $peer, $in, 65536, length $in or exit
		    while $in !~ /\r\n\r\n/;
		$in =~ s/\AGET \/(\d*).*?\r\n\r\n//s or exit;
		my $n = $1 || 0;
		print $peer "HTTP/1.1 200 OK\r\nContent-Length: $n\r\n\r\n",
		    'x' x $n;
		$peer->flush;
	}
}
PERL
mkfifo "$work/origin_port"
perl "$work/origin" > "$work/origin_port" &
origin=$!
trap 'kill "$origin"; clean_up' EXIT
read -r there < "$work/origin_port"

# raw SECTION: what perl does
raw()
{
	# shellcheck disable=SC3045
	counted "$1" perl "$srcdir/test/proxy_raw.pl" "$port" "$server" "$1" \
	    "$(ulimit -n 2> /dev/null)"
}

stop()
{
	kill -TERM "$server"
	ended
}

ended()
{
	wait "$server"
	is 'its end' "$? $(cat <&3 "$work/stderr")" '0 '
	server=
}

# get ARGUMENT...: curl, through the proxy, whatever the environment says
get()
{
	curl -q -sS --noproxy "" --max-time 20 -p -x "http://127.0.0.1:$port" "$@"
}

check_curl()
{
	have curl || return
	seen='%{http_connect} %{http_code} %{size_download} %{num_connects}\n'
	is 'curl: several requests in a connection' \
	    "$(get -o /dev/null -o /dev/null -w "$seen" \
	    "http://127.0.0.1:$there/5" "http://localhost:$there/3000000" |
	    tr '\n' '|')" '200 200 5 1|200 200 3000000 1|'
	is 'curl: nobody there' "$(get -w "$seen" http://127.0.0.1:1/ 2>&1 |
	    sed 's/.*\(502\).*/\1/' | sort -u | tr '\n' '|')" '502|'
}

check_nc()
{
	have nc || return
	is 'nc' "$(printf 'one\ntwo\n' | nc -N -X connect \
	    -x "127.0.0.1:$port" 127.0.0.1 "$there" | tr '\n' '|')" \
	    'one|two|end|'
	is 'nc: by name' "$(printf 'one\n' | nc -N -X connect \
	    -x "127.0.0.1:$port" localhost "$there" | tr '\n' '|')" 'one|end|'
}

check_socat()
{
	have socat || return
	perl -e 'print map { "line $_\n" } 1 .. 500000' > "$work/big"
	socat -t 20 - "PROXY:127.0.0.1:127.0.0.1:$there,proxyport=$port" \
	    < "$work/big" > "$work/got"
	echo end >> "$work/big"
	is 'socat: megabytes, and back' \
	    "$(cmp "$work/big" "$work/got" 2>&1)" ''
}

start_server -p 0
check_curl
check_nc
check_socat
raw heads
raw ends
raw slow
target="CONNECT 127.0.0.1:$there "
printf '%sHTTP/1.1\r\nHost: x\r\n\r\nhello' "$target" > "$work/talk"
abuse "$work/talk" "${#target}"
stop
start_server -p 0
raw stop
ended
start_server -p 0
raw crowd
stop
start_server -p 0 -t 2 -w 1
raw silence
raw late
stop
judge
