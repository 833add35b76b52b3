# One end of a connection to a sample: peer is TCP, peer::tls is TLS.
#
# TLS is done in memory, and what comes of it sent like any other bytes: so these can
# be sent one by one, changed, or kept back. Who uses this wants to know what a server
# does, and verifies no certificate.
package peer;

use strict;
use warnings;
use Socket qw(:DEFAULT IPPROTO_TCP TCP_NODELAY SO_LINGER);

sub new {
	my ($class, $port) = @_;
	socket my $socket, AF_INET, SOCK_STREAM, 0 or die $!;
	connect $socket, sockaddr_in($port, INADDR_LOOPBACK) or
	    die "connect: $!";
	setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1 or die $!;
	return bless { socket => $socket }, $class;
}

# Bytes for the wire, so many at a time; whether all were taken.
sub put {
	my ($self, $bytes, $step) = @_;
	$step //= length($bytes) || 1;
	for (my $at = 0; $at < length $bytes;) {
		$at += syswrite($self->{socket}, $bytes, $step, $at) // return 0;
	}
	return 1;
}

# The same, of what is to be read at the other end.
sub say { return put(@_) }

# So many bytes, or those up to the end.
sub take {
	my ($self, $n) = @_;
	my $got = '';
	while (length $got < $n) {
		sysread $self->{socket}, $got, $n - length $got, length $got
		    or last;
	}
	return $got;
}

sub rest { return $_[0]->take(1e9) }

# A line without its end; undef: there is none.
sub line {
	my ($self) = @_;
	my $line = '';
	while ($line !~ /\n\z/) {
		my $byte = $self->take(1);
		return undef if $byte eq '';
		$line .= $byte;
	}
	return $line =~ s/\r?\n\z//r;
}

# Is there anything to be read, or the end, at least in so many seconds?
sub is_readable {
	my ($self, $seconds) = @_;
	vec(my $set = '', fileno $self->{socket}, 1) = 1;
	return select $set, undef, undef, $seconds;
}

# The same of the end; what is read is dropped.
sub is_over {
	my ($self, $seconds) = @_;
	return $self->is_readable($seconds) && !$self->get;
}

# Whether anything comes but the end
sub get { return sysread $_[0]{socket}, my $bytes, 65536 }

# There is no more to be said.
sub finish { shutdown $_[0]{socket}, 1 }

# Be gone, by an "end" or by a "reset".
sub vanish {
	my ($self, $how) = @_;
	setsockopt $self->{socket}, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0)
	    if $how eq 'reset';
	close $self->{socket};
}

package peer::tls;

use strict;
use warnings;
our @ISA = ('peer');
my $ctx;

# What SSL_get_error() says
my $WANT_READ = 2;

# What there is in clear before TLS, by the name of the protocol
our %preface = (
	tls => sub { },
	smtp => sub {
		my ($self) = @_;
		$self->line;
		$self->put("STARTTLS\r\n");
		$self->line;
	},
);

# Connected, and no handshake yet
sub new {
	my ($class, $port, $protocol) = @_;
	require Net::SSLeay;
	$ctx //= Net::SSLeay::CTX_new_with_method(
	    Net::SSLeay::TLS_client_method()) or die 'no TLS';
	my $self = peer->new($port);
	$preface{$protocol}->($self);
	bless $self, $class;
	$self->{ssl} = Net::SSLeay::new($ctx) or die 'no TLS';
	$self->{in} = Net::SSLeay::BIO_new(Net::SSLeay::BIO_s_mem());
	$self->{out} = Net::SSLeay::BIO_new(Net::SSLeay::BIO_s_mem());
	Net::SSLeay::set_bio(@{$self}{qw(ssl in out)});
	Net::SSLeay::set_connect_state($self->{ssl});
	return $self;
}

sub DESTROY { Net::SSLeay::free($_[0]{ssl}) if $_[0]{ssl} }

# What OpenSSL has for the wire
sub pending {
	my ($self) = @_;
	return Net::SSLeay::BIO_read($self->{out}, 1 << 24) // '';
}

# The first bytes of a handshake
sub hello {
	my ($self) = @_;
	Net::SSLeay::do_handshake($self->{ssl});
	return $self->pending;
}

# More for OpenSSL; whether anything comes.
sub get {
	my ($self) = @_;
	sysread $self->{socket}, my $bytes, 65536 or return 0;
	Net::SSLeay::BIO_write($self->{in}, $bytes);
	return 1;
}

# So many bytes of it at a time; whether it succeeds.
sub handshake {
	my ($self, $step) = @_;
	while (1) {
		Net::SSLeay::ERR_clear_error();
		my $status = Net::SSLeay::do_handshake($self->{ssl});
		my $why = Net::SSLeay::get_error($self->{ssl}, $status);
		$self->put($self->pending, $step);
		return 1 if $status == 1;
		return 0 if $why != $WANT_READ || !$self->get;
	}
}

# In records of so many bytes
sub say {
	my ($self, $bytes, $step) = @_;
	$step //= length($bytes) || 1;
	for (my $at = 0; $at < length $bytes; $at += $step) {
		Net::SSLeay::write($self->{ssl}, substr $bytes, $at, $step);
		$self->put($self->pending) or return 0;
	}
	return 1;
}

sub take {
	my ($self, $n) = @_;
	my $got = '';
	while (length $got < $n) {
		Net::SSLeay::ERR_clear_error();
		my ($bytes, $status) = Net::SSLeay::read($self->{ssl},
		    $n - length $got);
		if (defined $bytes && $bytes ne '') {
			$got .= $bytes;
			next;
		}
		last if Net::SSLeay::get_error($self->{ssl}, $status) !=
		    $WANT_READ || !$self->get;
	}
	return $got;
}

sub finish {
	my ($self) = @_;
	Net::SSLeay::shutdown($self->{ssl});
	$self->put($self->pending);
	$self->SUPER::finish;
}

1;
