#!/bin/sh
# The echo sample, driven by a few lines of perl. ECHO_SAMPLE may name another
# program, with arguments.
set -u

check='echo'
limit=300
# shellcheck disable=SC1091
. "${srcdir:-.}/test/sample.sh"
sample=${ECHO_SAMPLE:-$samples/echo}

# A client that sends what it reads, prints what comes back, and then how the
# connection ended. Flags: b sends byte by byte; e shuts its write side
# afterwards.
cat > "$work/client" <<'PERL'
use strict;
use warnings;
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use IO::Socket::INET;

my ($port, $flags) = @ARGV;
my $lines = do { local $/; <STDIN> } // '';
my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
    PeerPort => $port, Proto => 'tcp') or die "connect: $@";
setsockopt($socket, IPPROTO_TCP, TCP_NODELAY, 1) or die $!;
$SIG{PIPE} = 'IGNORE';

# While one process sends, the other one reads.
my $child = fork() // die $!;
if (!$child) {
	my $step = $flags =~ /b/ ? 1 : length($lines) || 1;
	for (my $at = 0; $at < length $lines;) {
		$at += syswrite($socket, $lines, $step, $at) // exit 0;
	}
	shutdown($socket, 1) if $flags =~ /e/;
	exit 0;
}
my $end = "closed\n";
$SIG{ALRM} = sub { die "timeout\n" };
eval {
	alarm 30;
	while (sysread($socket, my $in, 65536) // die "reset\n") {
		syswrite(STDOUT, $in);
	}
};
syswrite(STDOUT, $@ || $end);
waitpid($child, 0);
PERL

# send FLAGS: standard input to the server, and what came of it
send()
{
	timeout 120 perl "$work/client" "$port" "$1" 2>&1
}

# One result, however the bytes are cut. Input and output are printf formats.
# echoes NAME INPUT OUTPUT
echoes()
{
	# shellcheck disable=SC2059
	printf "$3closed\n" > "$work/want"
	for flags in e be; do
		# shellcheck disable=SC2059
		printf "$2" | send $flags > "$work/got"
		is "$1 ($flags)" "$(cmp "$work/got" "$work/want" 2>&1)" ''
	done
}

start_server 0

echoes 'a line' 'one\r\n' 'one\r\n'
echoes 'three lines' 'one\r\n\r\nthree\r\n' 'one\r\n\r\nthree\r\n'
echoes 'no line' '' ''
echoes 'a line and a rest' 'one\r\ntwo' 'one\r\n'
echoes 'a line and half an end' 'one\r\ntwo\r' 'one\r\n'
echoes 'CR, LF and NUL alone' 'a\rb\nc\000d\r\r\n' 'a\rb\nc\000d\r\r\n'

# 100000 lines, for which the client makes room as slowly as it likes
seq 100000 | sed 's/$/\r/' > "$work/lines"
send e < "$work/lines" > "$work/got"
echo closed >> "$work/lines"
is 'many lines' "$(cmp "$work/got" "$work/lines" 2>&1)" ''

# A line of 1 MiB is the longest.
head -c 1048576 /dev/zero > "$work/line"
printf '\r\n' >> "$work/line"
send e < "$work/line" > "$work/got"
echo closed >> "$work/line"
is 'a long line' "$(cmp "$work/got" "$work/line" 2>&1)" ''
is 'a line that is too long' "$(head -c 1048577 /dev/zero | send '')" closed

# The end comes while a client is there, in the middle of a line.
mkfifo "$work/client.out"
printf 'one\r\ntwo' | send '' > "$work/client.out" &
client=$!
exec 4< "$work/client.out"
read -r line <&4
kill -INT "$server"
wait "$server"
is 'SIGINT ends it with status' $? 0
server=
is 'the client was there' "$line, $(cat <&4)" "$(printf 'one\r, closed')"
wait $client
is 'it had one thing to say' "$(cat <&3)" ''
is 'and nothing to complain of' "$(cat "$work/stderr")" ''

judge
