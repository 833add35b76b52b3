#!/bin/sh
# The threads sample: many clients of one perl, which are all answered, by more
# than one thread; a line that has begun when the server is told to stop is
# answered as well, and the numbers that it prints add up. THREADS_SAMPLE may name
# another program, with arguments.
set -u

sample=${THREADS_SAMPLE:-${SAMPLES:-./samples}/threads}

# Nothing here waits for ever, and neither does the whole.
if [ -z "${THREADS_CHECK_GUARDED-}" ]; then
	THREADS_CHECK_GUARDED=yes exec timeout -k 10 300 sh "$0" "$@"
fi

command -v perl > /dev/null ||
    { echo "threads_check: perl is missing" >&2; exit 1; }

work=$(mktemp -d "${TMPDIR:-/tmp}/evchat-threads.XXXXXX") || exit 1
server=
passed=0
failed=0

clean_up()
{
	[ -z "$server" ] || kill -KILL "$server" 2> /dev/null
	rm -rf "$work"
}
trap clean_up EXIT
trap 'echo "FAILED: interrupted, or out of time"; exit 1' HUP INT TERM

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

# is NAME GOT WANT: one case
is()
{
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
		printf 'ok: %s\n' "$1"
	else
		failed=$((failed + 1))
		printf 'FAILED: %s\n  got:  %s\n  want: %s\n' "$1" "$2" "$3"
	fi
}

# serve THREADS CLIENTS SIGNAL: all of a server's life
serve()
{
	rm -f "$work/stdout"
	mkfifo "$work/stdout"
	# The sample may be several words.
	# shellcheck disable=SC2086
	$sample 0 "$1" > "$work/stdout" 2> "$work/stderr" &
	server=$!
	exec 3< "$work/stdout"
	read -r line <&3
	port=${line#listening on 127.0.0.1:}
	case $port in
	'' | *[!0-9]*)
		echo "FAILED: $sample does not start: $line" >&2
		cat "$work/stderr" >&2
		exit 1 ;;
	esac
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

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
