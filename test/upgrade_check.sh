#!/bin/sh
# The upgrade sample, driven by curl and, where the very bytes matter, by a few lines
# of perl. UPGRADE_SAMPLE may name another program, with arguments.
set -u

check=upgrade
limit=300
# shellcheck disable=SC1091
. "${srcdir:-.}/test/sample.sh"
if [ ! -x "$samples/upgrade" ]; then
	echo "upgrade_check: samples/upgrade is not built: no libevent_extra"
	exit 77
fi
sample=${UPGRADE_SAMPLE:-$(direct upgrade)}
need curl

# A client that sends what it reads, and prints what comes back without what evhttp says
# of the time, then how the connection ended. Flags: b sends byte by byte; e shuts
# its write side afterwards; p waits a little at each | and does not send it; w says so
# when the first bytes are there.
cat > "$work/client" <<'PERL'
use strict;
use warnings;
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use IO::Socket::INET;

my ($port, $flags) = @ARGV;
my $bytes = do { local $/; <STDIN> } // '';
my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
    PeerPort => $port, Proto => 'tcp') or die "connect: $@";
setsockopt($socket, IPPROTO_TCP, TCP_NODELAY, 1) or die $!;
$SIG{PIPE} = 'IGNORE';

# While one process sends, the other one reads.
my $child = fork() // die $!;
if (!$child) {
	for my $part ($flags =~ /p/ ? split(/\|/, $bytes) : $bytes) {
		my $step = $flags =~ /b/ ? 1 : length($part) || 1;
		for (my $at = 0; $at < length $part;) {
			$at += syswrite($socket, $part, $step, $at) // exit 0;
		}
		select(undef, undef, undef, 0.05) if $flags =~ /p/;
	}
	shutdown($socket, 1) if $flags =~ /e/;
	exit 0;
}
my ($got, $end) = ('', 'closed');
$SIG{ALRM} = sub { die "timeout\n" };
eval {
	alarm 30;
	while (sysread($socket, $got, 65536, length $got) // die "reset\n") {
		syswrite(STDOUT, "ready\n") if $flags =~ s/w//;
	}
};
$end = $@ if $@;
$got =~ s/^Date: .*\r\n//mg;
print $got, $end;
waitpid($child, 0);
PERL

# send FLAGS: standard input to the server, and what came of it, a space for each CR LF
send()
{
	timeout 120 perl "$work/client" "$port" "$1" 2>&1 | tr '\n' ' ' |
	    tr -d '\r'
}

# The same however the bytes are cut. The input is a printf format.
# same NAME INPUT WANT
same()
{
	for flags in e be; do
		# shellcheck disable=SC2059
		is "$1 ($flags)" "$(printf "$2" | send $flags)" "$3"
	done
}

# answer LENGTH BODY: what evhttp says
answer()
{
	printf 'HTTP/1.1 200 OK Content-Length: %d ' "$1"
	printf 'Content-Type: text/html; charset=ISO-8859-1  %s' "$2"
}

get='GET / HTTP/1.1\r\nHost: x\r\n'
hello='Hello over HTTP. There is /echo, and Upgrade: lines. '
back="${get}Connection: Upgrade\r\nUpgrade: lines\r\n\r\n"
switched='HTTP/1.1 101 Switching Protocols Connection: Upgrade Upgrade: lines  '
ok=$(answer 53 "$hello")

start_server 0
url=http://127.0.0.1:$port

same 'lines' 'one\r\ntwo\r\nquit\r\nthree\r\n' \
    'you said one you said two closed'
same 'a request is the first line' "$get\r\n" "${ok}closed"
same 'requests in a row' "$get\r\n$get\r\n" "$ok${ok}closed"
same 'lines, HTTP' "one\r\nHTTP\r\n$get\r\n" "you said one ${ok}closed"
same 'HTTP, lines' "$get\r\n${back}one\r\ntwo\r\n" \
    "$ok${switched}you said one you said two closed"
same 'to and fro' \
    "one\r\nHTTP\r\n${back}two\r\nHTTP\r\n${back}HTTP\r\n$get\r\n" \
    "you said one ${switched}you said two $switched${ok}closed"
same 'a line that looks like a request, but not the first' \
    'one\r\nGET / HTTP/1.1\r\n' 'you said one you said GET / HTTP/1.1 closed'
same 'a body in front of lines' "POST /echo HTTP/1.1\r\nContent-Length: 3\r\n\r\na\r\n${back}one\r\n" \
    "$(answer 3 'a ')${switched}you said one closed"
same 'the last answer' \
    "GET / HTTP/1.1\r\nConnection: close\r\n\r\n$get\r\n" \
    "${ok%  Hello*} Connection: close  ${hello}closed"
is 'what evhttp does not understand' "$(printf 'GET x y / HTTP/1.1\r\nA\r\n\r\n' |
    send e | cut -c1-24)" 'HTTP/1.1 400 Bad Request'
is 'pauses' "$(printf "one\\r\\nHT|TP\\r\\n|GET / HT|TP/1.1\\r\\nHost: x\\r\\n\\r|\\n${back}o|ne\\r|\\n" |
    send pe)" "you said one $ok${switched}you said one closed"

# curl keeps a connection for two requests, and has large bodies.
head -c 1000000 /dev/urandom > "$work/large"
is 'curl' "$(curl -q -sS --noproxy '*' --max-time 20 -w '%{num_connects} ' \
    "$url/" "$url/" | tr '\n' ' ')" "${hello}1 ${hello}0 "
curl -q -sS --noproxy '*' --max-time 20 --data-binary "@$work/large" \
    -o "$work/got" "$url/echo"
is 'curl, a large body' "$(cmp "$work/large" "$work/got" 2>&1)" ''
is 'curl, many at once' "$(for i in 1 2 3 4 5 6 7 8; do
	seq 20 | sed "s|.*|url = $url/|" | curl -q -sS --noproxy '*' \
	    --max-time 30 -K - &
    done | grep -c Hello)" 160

# Abuse: what nobody means, from many at once, and who never ends.
cat > "$work/abuse" <<'PERL'
use strict;
use warnings;
use IO::Socket::INET;

srand 7;
$SIG{PIPE} = 'IGNORE';
my $port = shift;
my @words = ("HTTP\r\n", "GET / HTTP/1.1\r\n", "\r\n", "Upgrade: lines\r\n",
    "POST /echo HTTP/1.1\r\n", "Content-Length: 100\r\n", "Host: x\r\n",
    "Transfer-Encoding: chunked\r\n", "ffffffffffffffff\r\n", "QUIT\r\n",
    "Content-Length: -1\r\n", "x" x 5000, "\0\xff", "one\r\n", "5\r\nabcde");
for my $round (1 .. 40) {
	my @sockets = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $port, Blocking => 0) } 1 .. 10;
	for my $step (1 .. 12) {
		for my $socket (grep { defined } @sockets) {
			my $what = rand() < 0.3 ?
			    pack('C*', map { rand 256 } 1 .. rand 300) :
			    $words[rand @words];
			syswrite($socket, $what);
			sysread($socket, my $in, 4096) if rand() < 0.3;
		}
	}
}
PERL
timeout 60 perl "$work/abuse" "$port"
is 'abuse' "$(curl -q -sS --noproxy '*' --max-time 20 "$url/")" \
    "${hello% }"
# What it did not read may make the system reset the connection.
got=$(head -c 10000 /dev/zero | tr '\0' x | send '')
case $got in
closed* | reset*) got=gone ;;
esac
is 'a line without an end' "$got" gone

# It ends while connections are open on both sides.
mkfifo "$work/client.out"
printf 'one\r\nHTTP\r\nGET' | timeout 60 perl "$work/client" "$port" w \
    > "$work/client.out" &
client=$!
exec 4< "$work/client.out"
read -r line <&4
kill -TERM "$server"
wait "$server"
is 'SIGTERM ends it with status' $? 0
server=
is 'who was there' "$line, $(tr -d '\r' <&4 | tr '\n' ' ')" \
    'ready, you said one closed'
wait "$client"
is 'and nothing to complain of' "$(cat "$work/stderr")" ''

judge
