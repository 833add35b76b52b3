# What every server has to survive, whatever it speaks: the arguments are its
# port, its process, how many connections are to say nothing, a file with all that a
# client says in a conversation, and how many bytes at its beginning are not to be
# changed.
# The conversation is held first as it is; later, and after each thing that was done
# to the server, its answer has to be the same.
#
# A sixth argument has all this done inside of TLS, and what one can do to a handshake
# besides: tls is TLS from the first byte, smtp has STARTTLS before it.
# stdout has a line for every case; the last one counts them.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use peer;

my ($port, $server, $silent, $file, $fixed, $tls) = @ARGV;
my ($passed, $failed) = (0, 0);
my $state = 1;
my $prefix = $tls ? 'abuse inside TLS' : 'abuse';
$SIG{PIPE} = 'IGNORE';
$SIG{ALRM} = sub { die "out of time\n" };
$| = 1;
alarm 60;

sub is {
	my ($name, $got, $want) = @_;
	$got eq $want ? $passed++ : $failed++;
	print $got eq $want ? "ok: $prefix: $name\n" :
	    "FAILED: $prefix: $name\n" .
	    "  got:  " . substr($got, 0, 300) . "\n" .
	    "  want: " . substr($want, 0, 300) . "\n";
}

# The same numbers in every run, and in every perl.
sub chance {
	$state = ($state * 1103515245 + 12345) % 2**31;
	return ($state >> 8) % $_[0];
}

sub any_bytes { return pack 'C*', map { chance(256) } 1 .. $_[0] }

# The same with some of its bytes changed, but not the first ones.
sub changed {
	my ($bytes, $first) = @_;
	substr $bytes, $first + chance(length($bytes) - $first),
	    1 + chance(3), any_bytes(chance(4)) for 0 .. chance(4);
	return $bytes;
}

# Ready for the first byte of a conversation, or of a handshake.
sub reached {
	return $tls ? peer::tls->new($port, $tls) : peer->new($port);
}

sub connected {
	my $peer = reached();
	$peer->handshake if $tls;
	return $peer;
}

sub answer_to {
	my ($bytes, $step) = @_;
	my $peer = connected();
	$peer->say($bytes, $step);
	$peer->finish;
	return $peer->rest;
}

# Have it said, read no more than is there, and vanish.
sub vanish {
	my ($bytes, $how) = @_;
	my $peer = connected();
	$peer->say($bytes);
	$peer->vanish($how);
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

# What is said by those who may have had no handshake
sub instead {
	my ($peer, $bytes) = @_;
	$peer->put($bytes);
	shutdown $peer->{socket}, 1;
	peer::rest($peer);
}

sub check_handshakes {
	my $peer = reached();
	$peer->handshake(1);
	$peer->say($talk);
	$peer->finish;
	is('a handshake byte by byte', $peer->rest, $answer);

	for my $how ('end', 'reset') {
		for (my $n = 0; $n < length reached()->hello; $n += 11) {
			$peer = reached();
			$peer->put(substr $peer->hello, 0, $n);
			$peer->vanish($how);
		}
		for (1 .. 20) {
			$peer = reached();
			$peer->put($peer->hello);
			$peer->get;
			$peer->vanish($how);
		}
		well("half a handshake, then the $how");
	}
	instead(reached(), any_bytes(1 + chance(5000))) for 1 .. 40;
	instead(reached(), "\x16\x03\x01" . any_bytes(1 + chance(5000)))
	    for 1 .. 40;
	instead(reached(), $talk);
	well('no handshake');
	for (1 .. 40) {
		$peer = reached();
		instead($peer, changed($peer->hello, 0));
	}
	well('a handshake with bytes changed');
}

sub check_records {
	for my $n (1 .. 40) {
		my $peer = connected();
		Net::SSLeay::write($peer->{ssl}, $talk);
		my $record = $peer->pending;
		instead($peer, $n % 2 ? changed($record, 0) :
		    $record . any_bytes(1 + chance(5000)));
	}
	well('records with bytes changed');
	for my $record ("\x17\x03\x03\xff\xff" . 'x' x 70000,
	    "\x17\x03\x03\0\0" x 1000, "\x14\x03\x03\0\1\1" x 1000,
	    "\x15\x03\x03\0\2\1\0", "\x15\x03\x03\0\2\2\50",
	    reached()->hello) {
		instead(connected(), $record);
		my $peer = reached();
		instead($peer, $peer->hello . $record);
	}
	well('records that do not belong there');
	my @silent = map { connected() } 1 .. 200;
	well('200 who say nothing inside');
}

is('byte by byte', answer_to($talk, 1), $answer);
for my $how ('end', 'reset') {
	vanish(substr($talk, 0, $_), $how) for 0 .. length $talk;
	well("half of it, then the $how");
}
answer_to(substr $talk, 0, $_) for 0 .. length $talk;
well('half of it, and the rest of the answer');
answer_to(any_bytes(1 + chance(5000))) for 1 .. 40;
well('any bytes');
answer_to(changed($talk, $fixed)) for 1 .. 40;
well('bytes of it changed');
for my $byte ("x", "\0", "9", "\n", "\r\n", " ", ":") {
	answer_to($byte x 200000);
	answer_to($talk . $byte x 50000);
}
well('too much of everything');
if ($tls) {
	check_handshakes();
	check_records();
}
{
	my @silent = map { peer->new($port) } 1 .. $silent;
	well("$silent connections that say nothing");
}
well('their end');
print "$passed $failed\n";
