# What proxy_check.sh has perl do: both ends of what the proxy carries, so that
# it is known what each has sent, and what has arrived. The arguments are the
# proxy's port and process, a section, and how many descriptors a process may have.
# stdout has a line for every case; the last one counts them.
use strict;
use warnings;
use IO::Handle;
use Socket qw(:DEFAULT IPPROTO_TCP TCP_NODELAY SO_LINGER);

my ($port, $proxy, $section, $descriptors) = @ARGV;
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
	for my $way (0, 1) {
		my @ends = joined();
		my $child = fork() // die $!;
		if (!$child) {
			say_to($ends[$way], 'x' x (4 << 20));
			shutdown $ends[$way], 1;
			exit 0;
		}
		shutdown $ends[!$way], 1;
		is('ends: the ' . ('client', 'server')[$way] .
		    ' goes on when the other one has ended',
		    length rest($ends[!$way]), 4 << 20);
		is('ends: and has heard so', rest($ends[$way]), '');
		waitpid $child, 0;
	}
	my $hasty = connected();
	say_to($hasty, head() . 'words');
	shutdown $hasty, 1;
	my $there = accepted();
	is('ends: words and the end before there is a server', rest($there),
	    'words');
	say_to($there, 'answer');
	close $there;
	is('ends: which answers', rest($hasty), $established . 'answer');
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

sub end_of {
	my ($socket) = @_;
	vec(my $set = '', fileno $socket, 1) = 1;
	return select $set, undef, undef, 0.1;
}

# One is silent behind its first words, and so is the other. Meanwhile, one is slow.
sub check_silence {
	my ($client, $server) = joined();
	say_to($client, 'request');
	my @mute = joined();
	for my $way (0, 1) {
		my @slow = joined();
		my $said = 0;
		for (1 .. 30) {
			last if end_of($slow[$way]) ||
			    !syswrite $slow[$way], 'x';
			$said++;
		}
		shutdown $slow[$way], 1;
		is('silence: not of a ' . ('client', 'server')[$way] .
		    ' that is slow', "$said " . length rest($slow[!$way]),
		    '30 30');
	}
	is('silence: of a server that was asked', rest($client), '');
	is('silence: of its client', rest($server), 'request');
	is('silence: of both', rest($mute[0]) . rest($mute[1]), '');
}

# A connection that is neither taken nor refused: others wait there already, and it
# has room for none.
sub full_place {
	socket my $place, AF_INET, SOCK_STREAM, 0 or die $!;
	bind $place, sockaddr_in(0, INADDR_LOOPBACK) or die $!;
	listen $place, 0 or die $!;
	my @waiting;
	for (1 .. 4) {
		socket my $socket, AF_INET, SOCK_STREAM, 0 or die $!;
		$socket->blocking(0);
		connect $socket, getsockname $place;
		push @waiting, $socket;
	}
	my ($number) = sockaddr_in(getsockname $place);
	return ($number, $place, @waiting);
}

# Whatever does not come in time
sub check_late {
	my $late = "HTTP/1.1 408 Request Timeout\r\n$closed";
	my @begun = map { connected() } 1 .. 4;
	say_to($begun[1], 'C');
	say_to($begun[2], substr head(), 0, -1);
	say_to($begun[3], 'C') until end_of($begun[3]);
	is('late: no head', rest($begun[0]), $late);
	is('late: the beginning of one', rest($begun[1]), $late);
	is('late: one but for its last byte', rest($begun[2]), $late);
	is('late: one byte by byte', rest($begun[3]), $late);
	my ($number, @place) = full_place();
	is('late: a connection', asked("CONNECT 127.0.0.1:$number " .
	    "HTTP/1.1\r\n\r\n"), "HTTP/1.1 504 Gateway Timeout\r\n$closed");
	my ($client, $server) = joined();
	say_to($server, 'on');
	is('late: others', take($client, 2), 'on');
}

sub open_descriptors { return scalar(() = glob "/proc/$proxy/fd/*") }

# All that is said reaches the right one, both ways, and nothing is left.
sub check_crowd {
	my $n = 1000;
	$n = int(($descriptors - 100) / 4) if $descriptors =~ /^\d+$/ &&
	    $descriptors < 4 * $n;
	my $before = open_descriptors();
	my @pairs = map { [joined()] } 1 .. $n;
	for my $round (1 .. 3) {
		for my $i (0 .. $#pairs) {
			say_to($pairs[$i][$_], "$round $_ $i\n" x 100)
			    for 0, 1;
		}
		my $right = 0;
		for my $i (0 .. $#pairs) {
			for my $to (0, 1) {
				my $want = "$round " . (1 - $to) .
				    " $i\n";
				$right++ if take($pairs[$i][$to],
				    100 * length $want) eq $want x 100;
			}
		}
		is("crowd: $n at once, round $round", $right, 2 * $n);
	}
	for my $i (0 .. $#pairs) {
		my ($first, $last) = @{$pairs[$i]}[$i % 2, 1 - $i % 2];
		say_to($first, "bye $i");
		shutdown $first, 1;
	}
	my $byes = 0;
	for my $i (0 .. $#pairs) {
		my ($first, $last) = @{$pairs[$i]}[$i % 2, 1 - $i % 2];
		$byes++ if rest($last) eq "bye $i";
		close $last;
		$byes++ if rest($first) eq '';
	}
	is('crowd: their ends', $byes, 2 * $n);
	# The last one may just be going.
	for (1 .. 100) {
		last if open_descriptors() == $before;
		select undef, undef, undef, 0.05;
	}
	is('crowd: descriptors', open_descriptors(), $before);
	is('crowd: memory', peak() < 60000 ? 'little' : peak() . ' KiB',
	    'little');
}

my %sections = (heads => \&check_heads, ends => \&check_ends,
    slow => \&check_slow, stop => \&check_stop, silence => \&check_silence,
    crowd => \&check_crowd, late => \&check_late);
$sections{$section}->();
print "$passed $failed\n";
