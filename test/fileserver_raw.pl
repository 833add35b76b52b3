# What fileserver_check.sh has perl do: a client that sends whatever it likes, and
# when. The arguments are a section, a port, the directory that is served, and the
# server's process. stdout has a line for every case; the last one counts them.
use strict;
use warnings;
use Errno qw(ECONNREFUSED);
use IO::Handle;
use POSIX ();
use Socket qw(:DEFAULT IPPROTO_TCP TCP_NODELAY);

my ($section, $port, $files, $server) = @ARGV;
my ($passed, $failed) = (0, 0);
$SIG{PIPE} = 'IGNORE';
$SIG{ALRM} = sub { die "out of time\n" };
$| = 1;
alarm 60;

sub is {
	my ($name, $got, $want) = @_;
	$got //= 'nothing';
	if ($got eq $want) {
		$passed++;
		print "ok: $name\n";
		return;
	}
	$failed++;
	$_ = length $_ < 300 ? $_ : length($_) . ' bytes' for $got, $want;
	print "FAILED: $name\n  got:  $got\n  want: $want\n";
}

sub contents {
	open my $file, '<:raw', "$files/$_[0]" or die "$_[0]: $!";
	local $/;
	return <$file> // '';
}

# A connection, with a receive buffer of so many bytes or as it is usual.
sub connected {
	my ($room) = @_;
	socket my $socket, AF_INET, SOCK_STREAM, 0 or die $!;
	setsockopt($socket, SOL_SOCKET, SO_RCVBUF, $room) or die $! if $room;
	connect $socket, sockaddr_in($port, INADDR_LOOPBACK) or return;
	setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1 or die $!;
	$socket->autoflush(1);
	return $socket;
}

sub frame { return pack 'N/a*', $_[0] }
sub ask { print { $_[0] } frame($_[1]) }

# As many bytes, or what there is up to the end, by no more than step at a time
sub take {
	my ($socket, $n, $step) = @_;
	my $got = '';
	while (length $got < $n) {
		my $left = $n - length $got;
		sysread $socket, $got, $step && $step < $left ? $step : $left,
		    length $got or last;
	}
	return $got;
}

sub rest { return take($_[0], 1e9) }

sub status {
	my $header = take($_[0], 4);
	return length $header < 4 ? undef : take($_[0], unpack 'N', $header);
}

# The same without what differs from run to run
sub answer {
	my $status = status($_[0]) // return 'closed';
	return $status =~ s/ [0-9a-f]+-[0-9a-f]+-[0-9a-f.]+/ TAG/r;
}

sub tag_of {
	my $socket = connected();
	ask($socket, "GET 0 - $_[0]");
	return (split ' ', status($socket))[3];
}

sub readable {
	vec(my $set = '', fileno $_[0], 1) = 1;
	return scalar select $set, undef, undef, 0;
}

# How many files the server has open; where that is not known, none
sub open_files {
	opendir my $open, "/proc/$server/fd" or return 0;
	return scalar(() = readdir $open);
}

sub not_a_request {
	my $long = 'x' x 300;
	return map { my $answer = $_->[0]; map { [$_, $answer] } @$_[1 .. $#$_] }
	    ['ERR request Not understood', '', 'GET', 'GET ', 'GET 0', 'GET 0 ',
	    'GET 0 -', 'GET 0  whole', 'GET  0 - whole', 'GET -1 - whole',
	    'GET +1 - whole', 'GET 0x0 - whole', 'GET a - whole', 'GET - whole',
	    'GET 9223372036854775808 - whole', 'PUT 0 - whole',
	    'GET 18446744073709551616 - whole', 'get 0 - whole', 'GET',
	    ' GET 0 - whole', "GET\t0 - whole", "\0", "GET 0 - whole\0",
	    "GET 0\0- whole", "GET 0 - \0/whole"],
	    ['ERR open Invalid argument', map { "GET 0 - $_" } '', '..', '.',
	    '/', '../whole', '../files/whole', '/etc/passwd', 'a/../whole',
	    './whole', 'a//b', 'a/', 'a/..', "$files/whole"],
	    ['ERR open No such file or directory', map { "GET 0 - $_" }
	    'x', ' whole', 'whole ', 'a/x', '...', 'x/' x 1000 . 'x'],
	    ['ERR open File name too long', "GET 0 - $long",
	    "GET 0 - a/$long", 'GET 0 - ' . 'x' x 4088],
	    ['ERR open Not a directory', map { "GET 0 - $_" } 'whole/x',
	    'dir-in/b', 'dir-out/etc/passwd'],
	    ['ERR open Too many levels of symbolic links',
	    map { "GET 0 - $_" } 'link-out', 'link-in', 'dir-in', 'link-none'],
	    ['ERR open Not a regular file', map { "GET 0 - $_" } 'a', 'a/b',
	    'fifo'],
	    ['ERR range There are 5000000 bytes', map { "GET $_ - whole" }
	    '5000001', '9223372036854775807'],
	    ['ERR changed It is TAG now', 'GET 5000001 x whole', 'GET 0 -- whole',
	    'GET 0 ' . tag_of('whole') . '0 whole',
	    'GET 0 ' . tag_of('small') . ' whole'];
}

sub requests {
	symlink '/etc/passwd', "$files/link-out" or die $!;
	symlink '/', "$files/dir-out" or die $!;
	symlink 'whole', "$files/link-in" or die $!;
	symlink 'a', "$files/dir-in" or die $!;
	symlink 'nowhere', "$files/link-none" or die $!;
	POSIX::mkfifo("$files/fifo", 0600) or die $!;
	my $socket = connected();
	for (not_a_request()) {
		my ($request, $want) = @$_;
		ask($socket, $request);
		is(substr($request, 0, 60) =~ s/\0/\\0/gr, answer($socket), $want);
	}
	if ($> == 0) {
		print "skipped: no permission: root may read every file\n";
	} else {
		open my $file, '>', "$files/secret" or die $!;
		chmod 0, "$files/secret" or die $!;
		ask($socket, 'GET 0 - secret');
		is('no permission', answer($socket), 'ERR open Permission denied');
	}
	my $open = open_files();
	print "skipped: how many files are open: there is no /proc\n" if !$open;
	for (1 .. 20) {
		for my $request ('0 x whole', '5000001 - whole', '0 - a/b/x') {
			ask($socket, "GET $request");
			answer($socket);
		}
	}
	is('all are closed', open_files() <= $open, 1);
	my $whole = contents('whole');
	for my $offset (0, 1, 32768, 2500000, 4967231, 4967232, 4967233,
	    4999999, 5000000) {
		ask($socket, "GET $offset - whole");
		my $left = 5000000 - $offset;
		is("from $offset", answer($socket), "OK $offset $left TAG");
		is("from $offset: the bytes", take($socket, $left),
		    substr $whole, $offset);
	}
}

# Two in a row, cut at every byte: what came of them is seen by an answer to somebody
# who asked later.
sub cuts {
	my $other = connected();
	my $want = frame('OK 0 5 ' . tag_of('small')) . "small";
	my $both = frame('GET 0 - small') . frame('GET 0 - nowhere');
	my $socket = connected();
	for my $cut (0 .. length $both) {
		print $socket substr $both, 0, $cut;
		ask($other, 'GET 0 - small');
		take($other, length $want);
		print $socket substr $both, $cut;
		is("cut at $cut", take($socket, length $want), $want);
		is("cut at $cut, the other", answer($socket),
		    'ERR open No such file or directory');
	}
	for my $cut (0 .. length($both) - 1) {
		$socket = connected();
		print $socket substr $both, 0, $cut;
		shutdown $socket, 1;
		is("ends at $cut", rest($socket),
		    $cut < length frame('GET 0 - small') ? '' : $want);
	}
}

sub pipelined {
	my $missing = frame('ERR open No such file or directory');
	my ($asked, $want) = ('', '');
	for (['small', 0], ['whole', 4990000], ['small', 5], ['whole', 4900000]) {
		my ($name, $offset) = @$_;
		my $body = substr contents($name), $offset;
		$asked .= frame("GET $offset - $name") . frame('GET 0 - x');
		$want .= frame("OK $offset " . length($body) . ' ' .
		    tag_of($name)) . $body . $missing;
	}
	my $socket = connected();
	print $socket $asked x 100;
	shutdown $socket, 1;
	is('800 requests at once', rest($socket), $want x 100);
	$socket = connected();
	print $socket frame('GET 0 - whole') x 200;
	take($socket, 1000);
	is('200 requests have few files open', open_files() < 100, 1);
	close $socket;
	for my $length (4097, 0xffffffff) {
		$socket = connected();
		print $socket $asked, pack('N', $length), 'x' x 100;
		is("behind good ones, a request of $length bytes", rest($socket),
		    $want . frame('ERR request Above 4096 bytes'));
	}
}

sub slow {
	my $socket = connected(1);
	ask($socket, 'GET 4700000 - whole');
	is('a slow reader', answer($socket), 'OK 4700000 300000 TAG');
	is('a slow reader: the bytes', take($socket, 300000, 1000),
	    substr contents('whole'), 4700000);
}

sub many {
	my $whole = contents('whole');
	my @sockets = map { connected() } 1 .. 50;
	ask($_, 'GET 4000000 - whole') for @sockets;
	is('50 at once', join(' ', map { answer($_) } @sockets),
	    join ' ', ('OK 4000000 1000000 TAG') x 50);
	my @got = ('') x 50;
	for my $part (1 .. 10) {
		$got[$_] .= take($sockets[$_], 100000) for 0 .. 49;
	}
	is('50 at once: the bytes', scalar(grep { $_ eq substr $whole, 4000000 }
	    @got), 50);
}

# There is room for 100, who are served as they came.
sub silent {
	my @silent = map { connected() } 1 .. 200;
	my $late = connected();
	ask($late, 'GET 5 - small');
	ask($silent[99], 'GET 5 - small');
	is('the 100th of 200', answer($silent[99]), 'OK 5 0 TAG');
	is('the 201st', readable($late), 0);
	close $silent[$_] for 0 .. 99;
	ask($silent[199], 'GET 5 - small');
	is('the 200th, when 100 have gone', answer($silent[199]), 'OK 5 0 TAG');
	is('the 201st then', readable($late), 0);
	close $silent[150];
	is('the 201st, when 101 have gone', answer($late), 'OK 5 0 TAG');
}

sub hostile {
	srand 1;
	my ($ended, $refused) = (0, 0);
	for (1 .. 100) {
		my $socket = connected();
		my $noise = join '', map { chr rand 256 } 1 .. 1 + rand 300;
		print $socket chr(1 + rand 255), $noise x (1 + rand 30);
		shutdown $socket, 1;
		my $rest = rest($socket);
		$refused++ if $rest eq '' ||
		    $rest eq frame('ERR request Above 4096 bytes');
		$socket = connected();
		print $socket frame($noise) x 3, "\0\0\1\0", substr $noise, 0, 255;
		shutdown $socket, 1;
		$ended++ if rest($socket) eq
		    frame('ERR request Not understood') x 3;
	}
	is('noise', $refused, 100);
	is('noise in frames', $ended, 100);
	for (1 .. 50) {
		my $socket = connected();
		ask($socket, 'GET 0 - whole');
		take($socket, 1 + rand 100);
		setsockopt $socket, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0
		    or die $! if $_ % 2;
	}
	my $socket = connected();
	ask($socket, 'GET 5 - small');
	is('and it goes on', answer($socket), 'OK 5 0 TAG');
}

sub stop {
	open my $said, '<&=', 3 or die $!;
	my ($socket, $idle) = (connected(), connected());
	ask($idle, 'GET 5 - small');
	is('stop: before', answer($idle), 'OK 5 0 TAG');
	print $socket frame('GET 0 - big') . frame('GET 5 - small');
	is('stop: in between', answer($socket), 'OK 0 16000000 TAG');
	kill TERM => $server;
	is('stop: said', scalar(<$said>), "stopping\n");
	# The listener may still take who comes in the same turn of the loop.
	1 while connected();
	is('stop: nobody else', $! + 0, ECONNREFUSED);
	is('stop: one that asks nothing', rest($idle), '');
	is('stop: the whole file', take($socket, 16000000), contents('big'));
	is('stop: asked for before', answer($socket), 'OK 5 0 TAG');
	is('stop: and no more', rest($socket), '');
}

# One that says nothing, one that takes its time with a request, and one that does
# not read; while somebody downloads who says nothing.
sub patience {
	open my $said, '<&=', 4 or die $!;
	my ($idle, $stalled, $drip, $busy) = map { connected() } 1 .. 4;
	ask($stalled, 'GET 0 - big');
	ask($busy, 'GET 0 - big');
	is('patience: busy', answer($busy), 'OK 0 16000000 TAG');
	my ($reasons, $got) = ('', '');
	my $request = pack('N', 4000) . 'x' x 1000;
	while (($reasons =~ tr/\n//) < 3) {
		print $drip substr $request, 0, 1, '';
		vec(my $set = '', fileno $said, 1) = 1;
		sysread $said, $reasons, 1000, length $reasons
		    if select $set, undef, undef, 0.1;
		$got .= take($busy, 500000);
	}
	is('patience: reasons', join(' ', sort $reasons =~ /: ([^:]*):/g),
	    'frame timeout read timeout stall timeout');
	is('patience: idle', rest($idle), '');
	is('patience: busy: the bytes', $got .
	    take($busy, 16000000 - length $got), contents('big'));
	kill TERM => $server;
}

main->can($section)->();
print "$passed $failed\n";
