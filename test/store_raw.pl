# A client that sends what it reads, prints what comes back, and then how the
# connection ended: store_raw.pl PORT FLAGS. Flags: b sends byte by byte; e shuts
# its write side afterwards.
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
	my $step = $flags =~ /b/ ? 1 : length($bytes) || 1;
	for (my $at = 0; $at < length $bytes;) {
		$at += syswrite($socket, $bytes, $step, $at) // exit 0;
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
