#!/bin/sh
# The threads sample: many clients of one perl, which are all answered, by more
# than one thread; a line that has begun when the server is told to stop is
# answered as well, and the numbers that it prints add up. THREADS_SAMPLE may name
# another program, with arguments.
set -u

check=threads
limit=300
# shellcheck disable=SC1091
. "${srcdir:-.}/test/sample.sh"
sample=${THREADS_SAMPLE:-$samples/threads}

# So many clients are connected at the same time. Each says a line, all are
# answered, and the first begins another line. Then the server is told to stop.
cat > "$work/clients" <<'PERL'
use strict;
use warnings;
use IO::Socket::INET;

my ($port, $n, $server, $signal) = @ARGV;
$SIG{PIPE} = 'IGNORE';
$SIG{ALRM} = sub { print "timeout\n"; exit 1 };
alarm 60;

sub answer {
	my ($socket, $want, $name) = @_;
	my $got = '';
	while (length($got) < length $want) {
		sysread($socket, $got, length($want) - length $got,
		    length $got) or last;
	}
	print "$name: '$got' instead of '$want'\n" if $got ne $want;
}

my @sockets = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1',
    PeerPort => $port, Proto => 'tcp') or die "connect: $@" } 1 .. $n;
syswrite($sockets[$_], "client $_\r\n") for 0 .. $#sockets;
answer($sockets[$_], "client $_\r\n", "client $_") for 0 .. $#sockets;

# A line, and the beginning of another: what is answered was read, and the rest
# came in the same piece.
syswrite($sockets[0], "whole\r\nha");
answer($sockets[0], "whole\r\n", 'whole line');
kill $signal, $server or die "kill: $!";
for (1 .. $#sockets) {
	answer($sockets[$_], '', 'end') if !sysread($sockets[$_], my $byte, 1);
}
syswrite($sockets[0], "lf\r\n");
answer($sockets[0], "half\r\n", 'line that had begun');
print "more behind it\n" if sysread($sockets[0], my $byte, 1);
print "all answered\n";
PERL

# serve THREADS CLIENTS SIGNAL: all of a server's life
serve()
{
	start_server 0 "$1"
	is "$2 clients of $1 threads" "$(perl "$work/clients" "$port" "$2" \
	    "$server" "$3" 2>&1)" 'all answered'
	wait "$server"
	is "SIG$3 ends it with status" $? 0
	server=
	cat <&3 > "$work/counts"
	is 'nothing to complain of' "$(cat "$work/stderr")" ''
	is 'a line for each thread' "$(grep -c . "$work/counts")" "$1"
	is 'connections in all' "$(awk '{ n += $3 } END { print n + 0 }' \
	    "$work/counts")" "$2"
}

# That one thread gets none of 64 happens once in 2^63 times.
serve 2 64 TERM
is 'both threads had some' "$(awk '$3 > 0 { n++ } END { print n + 0 }' \
    "$work/counts")" 2
serve 4 100 INT
is 'more than one thread had some' "$(awk '$3 > 0 { n++ }
    END { print (n > 1) ? "yes" : "no" }' "$work/counts")" yes
serve 1 3 TERM

judge
