# What syslogd_check.sh has perl do: senders who send too much, too long, or not to the
# end, and what becomes of others. The arguments are the server's port, its process, a
# section and, if there is TLS, the port for it; what is logged comes on standard input.
# stdout has a line for every case; the last one counts them.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use peer;

my ($port, $server, $section, $secure) = @ARGV;
my ($passed, $failed) = (0, 0);
my @ways = (['plain', sub { peer->new($port) }]);
my @children;
push @ways, ['TLS', sub {
	my $peer = peer::tls->new($secure, 'tls');
	$peer->handshake or die 'no handshake';
	return $peer;
}] if $secure;
$SIG{PIPE} = 'IGNORE';
$SIG{ALRM} = sub { kill 'KILL', @children; die "out of time\n" };
$| = 1;
alarm 60;

sub is {
	my ($name, $got, $want) = @_;
	$got eq $want ? $passed++ : $failed++;
	print $got eq $want ? "ok: $name\n" : "FAILED: $name\n" .
	    "  got:  " . substr($got, 0, 300) . "\n" .
	    "  want: " . substr($want, 0, 300) . "\n";
}

# The next line of the log that is not a flood's
sub logged {
	while (defined(my $line = <STDIN>)) {
		chomp $line;
		return $line =~ s/^127.0.0.1 //r if $line !~ /\.emerg f/;
	}
	return 'the end';
}

# A process that sends the same until it is killed
sub flood {
	my ($connect, $bytes) = @_;
	my $child = fork() // die $!;
	if (!$child) {
		my $peer = $connect->();
		1 while $peer->say($bytes);
		exit 0;
	}
	push @children, $child;
}

# If one of those who send all the time were served before all others, these would
# never be heard. Whether or not there is a log for it, each is read by the server.
sub check_fair {
	my $text = '<8>f' . 'x' x 996;
	my ($line, $counted) = ("$text\n", "1000 $text");
	my %peers = map { $_->[0] => $_->[1]->() } @ways;
	for my $way (@ways) {
		flood($way->[1], $_) for $line x 64, $counted x 64,
		    '5 <8>f' x 10000, "\n" x 65536;
	}
	for my $way (@ways) {
		my $peer = $peers{$way->[0]};
		my $heard = 0;
		for (1 .. 20) {
			$peer->say("<13>$_\n");
			$heard++ if logged() eq "user.notice $_";
		}
		is("flood: others are heard, $way->[0]", $heard, 20);
	}
	kill 'KILL', @children;
	waitpid $_, 0 for @children;
}

# Who stops within a message has some time; who stops between two has any.
sub check_stops {
	for my $way (@ways) {
		my $between = $way->[1]->();
		$between->say("<8>one\n");
		my %stopped = (
			'a line' => '<8>half', 'a length' => '1',
			'a message' => '10 <8>half', 'a long one' =>
			'100000000 <8>' . 'x' x 100000);
		my %peers = map { $_ => $way->[1]->() } keys %stopped;
		$peers{$_}->say($stopped{$_}) for keys %stopped;
		my $drip = $way->[1]->();
		1 while $drip->say('x') && !$drip->is_over(0.05);
		is("stop in $_, $way->[0]", $peers{$_}->rest, '')
		    for sort keys %peers;
		$between->say("<8>last\n");
		is("stop between messages, $way->[0]",
		    logged() . '|' . logged(), 'user.emerg one|' .
		    'user.emerg last');
		$between->finish;
		$between->rest;
	}
	return if !$secure;
	my $half = peer::tls->new($secure, 'tls');
	$half->put(substr $half->hello, 0, 100);
	is('stop in a handshake', peer::rest($half), '');
}

sub peak {
	open my $status, '<', "/proc/$server/status" or return 0;
	my ($kib) = map { /^VmHWM:\s+(\d+)/ ? $1 : () } <$status>;
	return $kib // 0;
}

sub check_long {
	my $size = 20000000;
	my $cut = 'user.emerg ' . 'x' x (8192 - length '<8>');
	for my $way (@ways) {
		my $peer = $way->[1]->();
		my $long = '<8>' . 'x' x $size;
		$peer->say($_, 16000) for "$long\n",
		    $size + 3 . " $long", "<8>on\n";
		is("long: a line, $way->[0]", logged(), $cut);
		is("long: counted, $way->[0]", logged(), $cut);
		is("long: what is behind, $way->[0]", logged(),
		    'user.emerg on');
		$peer->finish;
		$peer->rest;
	}
	is('long: memory', peak() < 40000 ? 'flat' : peak() . ' KiB', 'flat');
}

my %sections = (fair => \&check_fair, stops => \&check_stops,
    long => \&check_long);
$sections{$section}->();
print "$passed $failed\n";
