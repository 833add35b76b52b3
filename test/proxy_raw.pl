# What proxy_check.sh has perl do: both ends of what the proxy carries, so that
# it is known what each has sent, and what has arrived. The arguments are the
# proxy's port and process. stdout has a line for every case; the last one counts
# them.
use strict;
use warnings;
use IO::Handle;
use Socket qw(:DEFAULT IPPROTO_TCP TCP_NODELAY SO_LINGER);

my ($port, $proxy, $section) = @ARGV;
my ($passed, $failed) = (0, 0);
$SIG{PIPE} = 'IGNORE';
$SIG{ALRM} = sub { die "out of time\n" };
$| = 1;
alarm 60;

my $established = "HTTP/1.1 200 Connection established\r\n\r\n";
my $closed = "Content-Length: 0\r\nConnection: close\r\n\r\n";

sub is {
	my ($name, $got, $want) = @_;
	$got //= 'nothing';
	$got eq $want ? $passed++ : $failed++;
	print $got eq $want ? "ok: $name\n" : "FAILED: $name\n" .
	    "  got:  " . substr($got, 0, 300) . "\n" .
	    "  want: " . substr($want, 0, 300) . "\n";
}

# Where the proxy is told to connect to.
socket my $listener, AF_INET, SOCK_STREAM, 0 or die $!;
bind $listener, sockaddr_in(0, INADDR_LOOPBACK) or die $!;
listen $listener, 10 or die $!;
my ($there) = sockaddr_in(getsockname $listener);

sub connected {
	socket my $socket, AF_INET, SOCK_STREAM, 0 or die $!;
	connect $socket, sockaddr_in($port, INADDR_LOOPBACK) or die $!;
	setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1 or die $!;
	return $socket;
}

sub say_to {
	my ($socket, $bytes) = @_;
	for (my $at = 0; $at < length $bytes;) {
		$at += syswrite($socket, $bytes, length $bytes, $at) // return;
	}
}

sub take {
	my ($socket, $n) = @_;
	my $got = '';
	while (length $got < $n) {
		sysread $socket, $got, $n - length $got, length $got or last;
	}
	return $got;
}

sub rest { return take($_[0], 1e9) }

# The same, and how it ended.
sub rest_and_end {
	my ($socket) = @_;
	my $got = '';
	my $n;
	1 while $n = sysread $socket, $got, 65536, length $got;
	return $got . (defined $n ? ' end' : $!{ECONNRESET} ? ' reset' : " $!");
}

sub head { return "CONNECT 127.0.0.1:$there HTTP/1.1\r\nHost: x\r\n\r\n" }

sub accepted {
	accept my $server, $listener or die $!;
	setsockopt $server, IPPROTO_TCP, TCP_NODELAY, 1 or die $!;
	return $server;
}

# Both ends, joined.
sub joined {
	my $client = connected();
	say_to($client, head());
	my $server = accepted();
	take($client, length $established) eq $established or die 'no answer';
	return ($client, $server);
}

sub asked {
	my $client = connected();
	say_to($client, $_[0]);
	return rest($client);
}

sub peak {
	open my $status, '<', "/proc/$proxy/status" or return 0;
	my ($kib) = map { /^VmHWM:\s+(\d+)/ ? $1 : () } <$status>;
	return $kib // 0;
}

sub check_heads {
	my %answers = (
		'400 Bad Request' => ['', 'CONNECT', 'CONNECT ', 'CONNECT x',
		    'CONNECT x:1', 'CONNECT x:1 ', 'CONNECT x:1 HTTP/2',
		    'CONNECT x HTTP/1.1', 'CONNECT :1 HTTP/1.1',
		    'CONNECT x: HTTP/1.1', 'CONNECT x:0 HTTP/1.1',
		    'CONNECT x:65536 HTTP/1.1', 'CONNECT x:1x HTTP/1.1',
		    'CONNECT x:-1 HTTP/1.1', 'CONNECT  x:1 HTTP/1.1',
		    'CONNECT x:99999999999999999999 HTTP/1.1',
		    "CONNECT x:1\0 HTTP/1.1", "\0", "\n"],
		"405 Method Not Allowed\r\nAllow: CONNECT" => [
		    'GET / HTTP/1.1', 'GET http://x/ HTTP/1.0',
		    'connect x:1 HTTP/1.1', 'CONNECTS x:1 HTTP/1.1'],
		'502 Bad Gateway' => ['CONNECT 127.0.0.1:1 HTTP/1.1',
		    'CONNECT [::1]:1 HTTP/1.1'],
		'431 Request Header Fields Too Large' => ['x' x 8193],
	);
	for my $answer (sort keys %answers) {
		is(substr("head: $_", 0, 60) =~ s/[^ -~]/?/gr,
		    asked("$_\r\n\r\n"), "HTTP/1.1 $answer\r\n$closed")
		    for @{$answers{$answer}};
	}
	my $client = connected();
	say_to($client, $_) for split //, head() . 'ahead';
	my $server = accepted();
	is('head: byte by byte, and what is behind it', take($server, 5),
	    'ahead');
	is('head: its answer', take($client, length $established),
	    $established);
}

sub check_ends {
	for (['client', 0, 1], ['server', 1, 0]) {
		my ($name, $first, $second) = @$_;
		my @ends = joined();
		say_to($ends[$first], 'last words');
		shutdown $ends[$first], 1;
		is("ends: the $name first: words", rest($ends[$second]),
		    'last words');
		say_to($ends[$second], 'x' x 100000);
		shutdown $ends[$second], 1;
		is("ends: the $name first: answer",
		    length rest($ends[$first]), 100000);

		@ends = joined();
		setsockopt $ends[$first], SOL_SOCKET, SO_LINGER,
		    pack('ii', 1, 0);
		close $ends[$first];
		is("ends: the $name is reset", rest_and_end($ends[$second]),
		    ' reset');
	}
	close connected() for 1 .. 10;
	my $client = connected();
	say_to($client, head());
	close $client;
	is('ends: a client that does not wait', rest(accepted()), '');
}

# Write until nothing can be written for a while: it was stopped, or there was
# nothing to stop it.
sub fill {
	my ($socket, $max) = @_;
	my ($sent, $piece) = (0, 'x' x 65536);
	$socket->blocking(0);
	while ($sent < $max) {
		vec(my $set = '', fileno $socket, 1) = 1;
		select undef, $set, undef, 0.3 or last;
		$sent += syswrite($socket, $piece) // 0;
	}
	$socket->blocking(1);
	return $sent;
}

sub check_slow {
	my $max = 200 << 20;
	for (['the client', 1, 0], ['the server', 0, 1]) {
		my ($name, $from, $to) = @$_;
		my @ends = joined();
		my $sent = fill($ends[$from], $max);
		is("slow: $name reads nothing: the other one is stopped",
		    $sent < $max / 2 ? 'yes' : "after $sent", 'yes');
		my $child = fork() // die $!;
		if (!$child) {
			say_to($ends[$from], 'y' x (8 << 20));
			shutdown $ends[$from], 1;
			exit 0;
		}
		is("slow: $name goes on, and has all",
		    length rest($ends[$to]), $sent + (8 << 20));
		waitpid $child, 0;
	}
	my @ends = joined();
	my @sent = map { fill($_, $max) } @ends;
	is('slow: nobody reads', $sent[0] + $sent[1] < $max ? 'stopped' :
	    "@sent", 'stopped');
	shutdown $_, 1 for @ends;
	is('slow: and then both do', join(' ', map { length rest($_) }
	    reverse @ends), "@sent");
	is('slow: memory', peak() < 40000 ? 'flat' : peak() . ' KiB', 'flat');
}

sub check_stop {
	my ($client, $server) = joined();
	my $quiet = connected();
	my $sent = fill($server, 200 << 20);
	kill 'TERM', $proxy;
	is('stop: who has said nothing', rest($quiet), '');
	shutdown $server, 1;
	my $got = rest($client);
	# What it had not yet read when it was told to end may be missing.
	is('stop: what was under way', length $got > 0 ? 'sent' : 'lost',
	    'sent');
}

sub check_silence {
	my ($client, $server) = joined();
	say_to($client, 'x');
	is('silence: ends both', rest($client) . rest($server), 'x');
}

my %sections = (heads => \&check_heads, ends => \&check_ends,
    slow => \&check_slow, stop => \&check_stop, silence => \&check_silence);
$sections{$section}->();
print "$passed $failed\n";
