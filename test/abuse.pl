# What every server has to survive, whatever it speaks: the arguments are its
# port, its process, how many connections are to say nothing, a file with all that a client
# says in a conversation, and how many bytes at its beginning are not to be changed.
# The conversation is held first as it is; later, and after each thing that was done
# to the server, its answer has to be the same.
# stdout has a line for every case; the last one counts them.
use strict;
use warnings;
use IO::Handle;
use Socket qw(:DEFAULT IPPROTO_TCP TCP_NODELAY SO_LINGER);

my ($port, $server, $silent, $file, $fixed) = @ARGV;
my ($passed, $failed) = (0, 0);
my $state = 1;
$SIG{PIPE} = 'IGNORE';
$SIG{ALRM} = sub { die "out of time\n" };
$| = 1;
alarm 60;

sub is {
	my ($name, $got, $want) = @_;
	$got eq $want ? $passed++ : $failed++;
	print $got eq $want ? "ok: abuse: $name\n" : "FAILED: abuse: $name\n" .
	    "  got:  " . substr($got, 0, 300) . "\n" .
	    "  want: " . substr($want, 0, 300) . "\n";
}

# The same numbers in every run, and in every perl.
sub chance {
	$state = ($state * 1103515245 + 12345) % 2**31;
	return ($state >> 8) % $_[0];
}

sub connected {
	socket my $socket, AF_INET, SOCK_STREAM, 0 or die $!;
	connect $socket, sockaddr_in($port, INADDR_LOOPBACK) or
	    die "connect: $!";
	setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1 or die $!;
	return $socket;
}

# All of it, or as much as the server takes.
sub send_all {
	my ($socket, $bytes, $step) = @_;
	for (my $at = 0; $at < length $bytes;) {
		$at += syswrite($socket, $bytes, $step, $at) // return;
	}
}

sub rest {
	my ($socket) = @_;
	my $got = '';
	while (sysread $socket, $got, 65536, length $got) { }
	return $got;
}

sub answer_to {
	my ($bytes, $step) = @_;
	my $socket = connected();
	send_all($socket, $bytes, $step // (length($bytes) || 1));
	shutdown $socket, 1;
	return rest($socket);
}

# Have it said, read no more than is there, and vanish.
sub vanish {
	my ($bytes, $how) = @_;
	my $socket = connected();
	send_all($socket, $bytes, length($bytes) || 1);
	setsockopt $socket, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0)
	    if $how eq 'reset';
	close $socket;
}

open my $in, '<:raw', $file or die "$file: $!";
my $talk = do { local $/; <$in> };
my $answer = answer_to($talk);

# What is left of those who have just vanished may be in the way for a moment.
sub well {
	my ($name) = @_;
	my $got = '';
	for (1 .. 100) {
		last if ($got = answer_to($talk)) eq $answer;
	}
	is("$name: it lives", kill(0, $server) ? 'yes' : 'no', 'yes');
	is("$name: it answers", $got, $answer);
}

is('byte by byte', answer_to($talk, 1), $answer);
for my $how ('end', 'reset') {
	vanish(substr($talk, 0, $_), $how) for 0 .. length $talk;
	well("half of it, then the $how");
}
answer_to(substr $talk, 0, $_) for 0 .. length $talk;
well('half of it, and the rest of the answer');
for (1 .. 40) {
	answer_to(pack 'C*', map { chance(256) } 0 .. chance(5000));
}
well('any bytes');
for (1 .. 40) {
	my $bytes = $talk;
	substr $bytes, $fixed + chance(length($bytes) - $fixed),
	    1 + chance(3), pack 'C*', map { chance(256) } 1 .. chance(4)
	    for 0 .. chance(4);
	answer_to($bytes);
}
well('bytes of it changed');
for my $byte ("x", "\0", "9", "\n", "\r\n", " ", ":") {
	answer_to($byte x 200000);
	answer_to($talk . $byte x 50000);
}
well('too much of everything');
{
	my @silent = map { connected() } 1 .. $silent;
	well("$silent connections that say nothing");
}
well('their end');
print "$passed $failed\n";
