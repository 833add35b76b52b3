# Those who mean no good, all at once: store_abuse.pl PORT SEED BEGINNING...
# 1000 connections say nothing, 100 send the beginnings of commands and stay in the
# middle of them, and 200 one after the other send random bytes behind such
# a beginning, half of them as fast as they can, and read nothing. When all is sent
# it says "sent" and keeps the first 1100 open until its standard input ends.
use strict;
use warnings;
use IO::Socket::INET;

my ($port, $seed, @beginnings) = @ARGV;
my @open;
srand $seed;
$SIG{PIPE} = 'IGNORE';
$| = 1;
s/\\r/\r/g, s/\\n/\n/g for @beginnings;

sub new_socket {
	return IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $port, Proto => 'tcp') // die "connect: $@";
}

sub beginning {
	return $beginnings[rand @beginnings];
}

push @open, new_socket() for 1 .. 1000;
for (1 .. 100) {
	my $socket = new_socket();
	my $bytes = beginning();
	syswrite($socket, substr($bytes, 0, 1 + rand length $bytes));
	push @open, $socket;
}
for my $i (1 .. 200) {
	my $socket = new_socket();
	my $bytes = beginning() . join '', map { chr rand 256 } 1 .. rand 5000;
	$socket->blocking(0) if $i % 2;
	syswrite($socket, $bytes) for 1 .. 10;
}
print "sent\n";
my $rest = <STDIN>;
