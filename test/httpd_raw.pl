# A client of the httpd sample that sends whatever it likes, for httpd_check.sh:
#
#	perl httpd_raw.pl SECTION PORT SECONDS SERVER
#
# What comes of a request is told in one line: a "|" between answers, a "!" behind
# those that say that they are the last, then how the connection ended. Each
# request is sent in one piece, and byte by byte: there must be no difference. The
# last line printed is how many cases were right and wrong.
use strict;
use warnings;
use IO::Socket::INET;
use List::Util qw(max);
use Socket qw(IPPROTO_TCP TCP_NODELAY SOL_SOCKET SO_LINGER);
use Time::HiRes qw(time);

my ($section, $port, $seconds, $server) = @ARGV;
my ($good, $bad) = (0, 0);
my $host = "Host: localhost\r\n";
my $end = " HTTP/1.1\r\n$host";
my $next = "GET /hello$end\r\n";
my $hello = '200 Hello, world';
my $chunked = "Transfer-Encoding: chunked\r\n";
$SIG{PIPE} = 'IGNORE';
$| = 1;

sub is {
	my ($name, $got, $want) = @_;

	if ($got eq $want) {
		$good++;
		print "ok: $name\n";
	} else {
		$bad++;
		print "FAILED: $name\n  got:  $got\n  want: $want\n";
	}
}

sub dial {
	my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $port, Proto => 'tcp') or die "connect: $@";

	setsockopt($socket, IPPROTO_TCP, TCP_NODELAY, 1) or die $!;
	$socket->blocking(0);
	return $socket;
}

# Take the body of an answer off the front; undef: it is not whole.
sub body {
	my ($in, $fields, $is_head) = @_;
	my $body = '';

	return '' if $is_head;
	if ($fields =~ /^Content-Length: (\d+)\r$/m) {
		return length($$in) < $1 ? undef : substr $$in, 0, $1, '';
	}
	if ($fields !~ /^Transfer-Encoding: chunked\r$/m) {
		($body, $$in) = ($$in, '');
		return $body;
	}
	while ($$in =~ s/\A([0-9a-f]+)\r\n//i) {
		my $len = hex $1;

		return undef if length($$in) < $len + 2;
		$body .= substr $$in, 0, $len, '';
		$$in =~ s/\A\r\n// or return undef;
		return $body if $len == 0;
	}
	return undef;
}

sub answers {
	my ($in, $is_head) = @_;
	my @answers;

	while ($in =~ s/\AHTTP\/1\.1 (\d{3}) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n//) {
		my ($status, $fields, $whole) = ($1, $2, "$&$in");

		if ($status == 100) {
			push @answers, $status;
			next;
		}
		my $body = body(\$in, $fields, $is_head);
		if (!defined $body) {
			push @answers, "$status cut";
			$in = '';
			last;
		}
		$body =~ s/\n\z//;
		$body = length($body) . ' bytes' if length $body > 60;
		$body = $body eq '' ? $status : "$status $body"
		    if $body !~ /^$status /;
		push @answers, $body .
		    ($fields =~ /^Connection: close\r$/m ? '!' : '');
	}
	push @answers, 'and ' . length($in) . ' bytes more' if $in ne '';
	return @answers;
}

# talk REQUEST FLAGS: b sends byte by byte; e shuts its write side afterwards; h
# has asked with HEAD; v vanishes when it has sent all, x with a reset.
sub talk {
	my ($request, $flags) = @_;
	my $socket = dial();
	my ($at, $in, $ended, $deadline) = (0, '', '', time + 10);

	while ($ended eq '') {
		my ($r, $w) = ('', '');

		if ($at == length $request && $flags =~ /[vx]/) {
			setsockopt($socket, SOL_SOCKET, SO_LINGER,
			    pack('ii', 1, 0)) if $flags =~ /x/;
			return '';
		}
		shutdown($socket, 1)
		    if $at == length $request && $flags =~ s/e//;
		vec($r, fileno $socket, 1) = 1;
		vec($w, fileno $socket, 1) = 1 if $at < length $request;
		select($r, $w, undef, max(0, $deadline - time)) or
		    $ended = 'timeout';
		if (vec($w, fileno $socket, 1)) {
			my $n = syswrite $socket, $request,
			    $flags =~ /b/ ? 1 : length $request, $at;

			$at = defined $n ? $at + $n : length $request;
		}
		if (vec($r, fileno $socket, 1)) {
			my $n = sysread $socket, $in, 65536, length $in;

			$ended = !defined $n ? 'reset' : 'closed' if !$n;
		}
	}
	return join '|', answers($in, $flags =~ /h/), $ended;
}

sub same {
	my ($name, $flags, $request, $want) = @_;

	is($name, talk($request, $flags) . ', ' . talk($request, "b$flags"),
	    "$want, $want");
}

# The server closes by itself after a refusal, whatever comes behind it.
sub refused {
	my ($name, $request, $want) = @_;

	same("refused: $name", '', "$request$next",
	    "$want!|closed");
}

# The next request is answered as well.
sub goes_on {
	my ($name, $request, $want) = @_;

	same("goes on: $name", 'e', "$request$next", "$want|$hello|closed");
}

sub post {
	my ($path, $fields, $body) = @_;

	return "POST $path$end$fields\r\n$body";
}

sub requests {
	goes_on('a GET', $next, $hello);
	goes_on('a count', post('/count', "Content-Length: 3\r\n", 'abc'),
	    '200 3 bytes, sum 16556');
	goes_on('a count of 0', post('/count', "Content-Length: 0\r\n", ''),
	    '200 0 bytes, sum 00000');
	goes_on('chunks', post('/count', $chunked, "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"),
	    '200 3 bytes, sum 16556');
	goes_on('no chunks', post('/count', $chunked, "0\r\n\r\n"),
	    '200 0 bytes, sum 00000');
	goes_on('chunks with all that is allowed', post('/count',
	    "transfer-encoding:\t, CHUNKED ,\r\n",
	    "001;a=b;c=\"d\"\r\na\r\n2 \r\nbc\r\n000\r\nX: y\r\n\r\n"),
	    '200 3 bytes, sum 16556');
	goes_on('an echo', post('/echo', "Content-Length: 3\r\n", 'abc'),
	    '200 abc');
	goes_on('an echo of 0', post('/echo', "Content-Length: 0\r\n", ''), 200);
	goes_on('a body that looks like a request', post('/echo',
	    'Content-Length: ' . length($next) . "\r\n", $next),
	    '200 ' . $next =~ s/\n\z//r);
	goes_on('100', post('/count',
	    "Expect: 100-continue\r\nContent-Length: 3\r\n", 'abc'),
	    '100|200 3 bytes, sum 16556');
	goes_on('100 and chunks', post('/echo', "Expect: 100-continue\r\n$chunked",
	    "3\r\nabc\r\n0\r\n\r\n"), '100|200 abc');
	goes_on('no 100', "GET /hello${end}Expect: 100-continue\r\n\r\n", $hello);
	goes_on('404', "GET /nowhere$end\r\n", '404 Not Found');
	goes_on('405', "GET /count$end\r\n", '405 Method Not Allowed');
	goes_on('501', "OPTIONS *$end\r\n", '501 Not Implemented');
	goes_on('400 of a path', "GET /a%zz$end\r\n", '400 Bad Request');
	goes_on('400 of a NUL in a path', "GET /a%00$end\r\n", '400 Bad Request');
	goes_on('an empty line behind a body', post('/count',
	    "Content-Length: 3\r\n", "abc\r\n"), '200 3 bytes, sum 16556');
	goes_on('HTTP/1.0, kept alive',
	    "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", $hello);
	refused('HTTP/1.0', "GET /hello HTTP/1.0\r\n\r\n", $hello);
	refused('HTTP/1.0 knows no chunks',
	    "GET /numbers?n=2 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
	    "200 1\n2");
	refused('close', "GET /hello${end}Connection: close\r\n\r\n", $hello);
	same('HEAD', 'eh', join('', map { "HEAD $_$end\r\n" } '/hello',
	    '/numbers', '/', '/nowhere'), '200|200|200|404|closed');
	same('in order', 'e', join('', map { "GET $_$end\r\n" } '/numbers?n=1',
	    '/hello', '/file.txt', '/numbers?n=2', '/nowhere', '/hello'),
	    "200 1|$hello|200 a file|200 1\n2|404 Not Found|$hello|closed");
	is('2000 pipelined', scalar(grep { $_ eq $hello }
	    split /\|/, talk($next x 2000, 'e')), 2000);
	is('300 files pipelined', scalar(grep { $_ eq '200 a file' }
	    split /\|/, talk("GET /file.txt$end\r\n" x 300, 'e')), 300);
	waiting();
	same('nothing', 'e', '', 'closed');
	same('half a head', 'e', "GET / HTTP/1.1\r\nHost", 'closed');
	same('half a body', 'e', post('/count', "Content-Length: 9\r\n", 'abc'),
	    'closed');
	same('half a chunk', 'e', post('/count', $chunked, "9\r\nabc"), 'closed');
}

# Requests that two servers in a row might understand in two ways.
sub smuggling {
	my $request = "400 Bad Request";
	my @lengths = ('', '-1', '+3', '0x3', '3 3', '3, 3', '3,', "3\t0", 'three',
	    '18446744073709551616', '18446744073709551619', '9' x 30, "3\0",
	    "\x0b3", '3.0', '1e1', "\xb3");

	refused("Content-Length: $_", post('/count', "Content-Length: $_\r\n",
	    'abc'), $request) for @lengths;
	refused($_->[0], post('/count', join('', map { "$_\r\n" } @$_[1 .. $#$_]),
	    "3\r\nabc\r\n0\r\n\r\n"), $request) for (
	    ['lengths that differ', 'Content-Length: 3', 'Content-Length: 4'],
	    ['lengths that agree', 'Content-Length: 3', 'content-length: 3'],
	    ['a length and chunks', 'Content-Length: 3',
		'Transfer-Encoding: chunked'],
	    ['chunks and a length', 'Transfer-Encoding: chunked',
		'Content-Length: 3'],
	    ['a length of 0 and chunks', 'Content-Length: 0',
		'Transfer-Encoding: chunked'],
	    ['chunked twice', 'Transfer-Encoding: chunked, chunked'],
	    ['chunked in two lines', 'Transfer-Encoding: chunked',
		'Transfer-Encoding: chunked'],
	    ['chunked, and something', 'Transfer-Encoding: chunked, identity'],
	    ['chunked, and something in a line', 'Transfer-Encoding: chunked',
		'Transfer-Encoding: identity'],
	    ['identity', 'Transfer-Encoding: identity'],
	    ['no coding', 'Transfer-Encoding:'],
	    ['xchunked', 'Transfer-Encoding: xchunked'],
	    ['chunked with a parameter', 'Transfer-Encoding: chunked;q=1'],
	    ['chunked in quotes', 'Transfer-Encoding: "chunked"'],
	    ['chunked behind VT', "Transfer-Encoding: \x0bchunked"],
	    ['chunked behind CR', "Transfer-Encoding: \rchunked"],
	    ['chunked and NUL', "Transfer-Encoding: chunked\0"],
	    ['a space before the colon', 'Transfer-Encoding : chunked'],
	    ['a tab before the colon', "Content-Length\t: 3"],
	    ['a space before the name', ' Transfer-Encoding: chunked'],
	    ['a folded coding', 'Transfer-Encoding:', ' chunked'],
	    ['a folded length', 'Content-Length: 3', "\t4"],
	    ['a field behind a bare LF', "X: y\nTransfer-Encoding: chunked"],
	    ['a field behind a bare CR', "X: y\rTransfer-Encoding: chunked"],
	    ['a field behind a NUL', "X: y\0Transfer-Encoding: chunked"],
	    ['a head that ends with LF LF', "X: y\n", 'Content-Length: 3'],
	    ['no colon', 'Transfer-Encoding'],
	    ['an empty name', ': chunked'],
	    ['two hosts', 'Content-Length: 3', 'Host: other'],
	);
	refused('gzip, chunked', post('/count',
	    "Transfer-Encoding: gzip, chunked\r\n", ''), '501 Not Implemented');
	refused('chunks in HTTP/1.0', "POST /count HTTP/1.0\r\n$chunked\r\n" .
	    "0\r\n\r\n", $request);
	refused('a GET with a length',
	    "GET /hello${end}Content-Length: 3\r\n\r\nabc", $request);
	refused('a GET with chunks', "GET /hello$end$chunked\r\n0\r\n\r\n", $request);
	refused('a method with a body', "DELETE /x${end}Content-Length: 3\r\n\r\nabc",
	    '501 Not Implemented');
	refused('405 with a body', "POST /hello${end}Content-Length: 3\r\n\r\nabc",
	    '405 Method Not Allowed');
	refused('404 with a body', post('/nowhere', "Content-Length: 3\r\n", 'abc'),
	    '405 Method Not Allowed');
	refused('no length', "POST /count$end\r\n", '411 Length Required');
	refused('no version', "GET /\r\n\r\n", $request);
	refused('two spaces', "GET  /$end\r\n", $request);
	refused('a tab', "GET\t/$end\r\n", $request);
	refused('two empty lines', "\r\n\r\n", $request);
	refused('no Host', "GET / HTTP/1.1\r\n\r\n", $request);
	refused('HTTP/2.0', "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	    '505 HTTP Version Not Supported');
	refused('HTTP/0.9', "GET / HTTP/0.9\r\n\r\n",
	    '505 HTTP Version Not Supported');
	# The framing has found these.
	refused($_->[0], post('/count', $chunked, $_->[1]), $request) for (
	    ['a chunk of no size', "\r\nabc\r\n0\r\n\r\n"],
	    ['a chunk of size -1', "-1\r\nabc\r\n0\r\n\r\n"],
	    ['a chunk of size 0x3', "0x3\r\nabc\r\n0\r\n\r\n"],
	    ['a chunk of 2^64', "10000000000000000\r\nabc\r\n0\r\n\r\n"],
	    ['a chunk of 2^64 + 3', "10000000000000003\r\nabc\r\n0\r\n\r\n"],
	    ['a chunk that is longer', "3\r\nabcd\r\n0\r\n\r\n"],
	    ['a chunk that ends with LF', "3\r\nabc\n0\r\n\r\n"],
	    ['a size that ends with LF', "3\nabc\r\n0\r\n\r\n"],
	    ['a size that ends with CR', "3\rabc\r\n0\r\n\r\n"],
	    ['an extension with LF', "3;a\nb\r\nabc\r\n0\r\n\r\n"],
	    ['a trailer with LF', "3\r\nabc\r\n0\r\nX: y\n\r\n"],
	);
	refused('what was asked before is answered',
	    $next . post('/count', $chunked, "x\r\n"), "$hello|$request");
}

# More than there may be. The server was told to take bodies of 2000 bytes.
sub oversize {
	my $big = '413 Content Too Large';
	my $large = '431 Request Header Fields Too Large';
	my $long = '414 URI Too Long';
	my $zeros = '0' x 30000;
	my $many = ("c8\r\n" . 'x' x 200 . "\r\n") x 11;

	goes_on('a body of 2000', post('/count', "Content-Length: 2000\r\n",
	    'x' x 2000), '200 2000 bytes, sum 65279');
	refused("413: $_", post('/count', "Content-Length: $_\r\n", ''), $big)
	    for 2001, 18446744073709551615;
	refused('413: instead of 100', post('/count',
	    "Expect: 100-continue\r\nContent-Length: 2001\r\n", ''), $big);
	refused('413: in a chunk', post('/count', $chunked, "7d1\r\n" .
	    'x' x 2001), $big);
	refused('413: in many', post('/count', $chunked, $many), $big);
	# How much of it has left by then is not certain.
	(my $got = talk(post('/echo', $chunked, $many), '')) =~
	    s/^200 cut\|//;
	is('an answer that was begun is cut', $got =~ s/reset/closed/r,
	    'closed');
	refused('an extension without end', post('/count', $chunked,
	    "1;$zeros\r\na\r\n0\r\n\r\n"), '400 Bad Request');
	refused('extensions without end', post('/count', $chunked,
	    ("1;" . '0' x 4000 . "\r\na\r\n") x 10 . ''), '400 Bad Request');
	refused('a trailer without end', post('/count', $chunked,
	    "0\r\nX: $zeros\r\n\r\n"), '400 Bad Request');
	goes_on('a target of 4096', 'GET /' . 'x' x 4095 . "$end\r\n",
	    '404 Not Found');
	refused('414: a byte more', 'GET /' . 'x' x 4096 . "$end\r\n", $long);
	refused('414: no end', 'GET /' . 'x' x 30000 . "$end\r\n", $long);
	goes_on('a head of 16 KiB', "GET /hello${end}X: " .
	    'x' x (16384 - length("GET /hello${end}X: ")) . "\r\n\r\n", $hello);
	refused('431: a byte more', "GET /hello${end}X: " .
	    'x' x (16385 - length("GET /hello${end}X: ")) . "\r\n\r\n", $large);
	refused('431: no end', "GET /hello${end}X: $zeros", $large);
	goes_on('100 fields', "GET /hello$end" . "X: y\r\n" x 99 . "\r\n",
	    $hello);
	refused('431: one more', "GET /hello$end" . "X: y\r\n" x 100 . "\r\n",
	    $large);
	same('431: behind a HEAD', 'h', "HEAD /hello${end}\r\nX: $zeros",
	    '200|414!|and 17 bytes more|closed');
}

# Anything at all; and then those who hang up in the middle.
sub noise {
	my @parts = ('GET ', 'POST ', '/', '/count', '/echo', $end, "\r\n", "\r",
	    "\n", ' ', 'Content-Length: ', '3', "$chunked", "3\r\nabc\r\n",
	    "0\r\n\r\n", 'Expect: 100-continue', "\0", ':', ',', $next,
	    "Range: bytes=1-2\r\n", "\r\n\r\n", '%41', '..', '?n=');
	my $told = 0;

	srand 1;
	for (1 .. 300) {
		my $request = $_ % 3 ? join '', map { $parts[rand @parts] }
		    0 .. rand 20 : join '', map { chr rand 256 } 0 .. rand 3000;

		my $how = talk($request, 'e');
		$told++ if $how !~ /(?:^|\|)closed$/;
	}
	is('noise ends', $told, 0);
	for my $request ('', 'GET /', $next, $next x 50, post('/count',
	    "Content-Length: 2000\r\n", 'abc'), post('/echo', $chunked,
	    "9999\r\nabc"), "GET /big$end\r\n" x 5, "GET /numbers?n=99999$end\r\n",
	    post('/count', "Content-Length: 999999999\r\n", 'abc')) {
		talk($request, $_) for qw(v x bv bx);
	}
	is('and it goes on', talk($next, 'e'), "$hello|closed");
}

# Those who say nothing are in the way of others only for as long as we have
# patience. More of them than the server takes at once.
sub silence {
	my @silent = map { dial() } 1 .. 1000;
	my $since = time;

	is('1000 say nothing, one asks', talk($next, 'e'), "$hello|closed");
	is('in good time', time - $since < 4 * $seconds + 3 ? 1 : 0, 1);
	undef @silent;
}

# One who asks for much and takes nothing: how many files are open for that.
sub waiting {
	my @before = glob "/proc/$server/fd/*" or return;
	my $socket = dial();

	syswrite $socket, "GET /big$end\r\n" x 40;
	until_seen($socket, qr/200 OK/);
	my @open = glob "/proc/$server/fd/*";
	# The connection before may have been closed meanwhile.
	is('40 large files pipelined, one open',
	    @open - @before <= 2 ? 2 : @open - @before, 2);
}

# Each case: what it is, what is sent, a byte that is sent now and then, what comes
# of it. They wait side by side.
sub drip {
	my %left = map { fileno $_->[4] => $_ } map { [@$_, dial(), ''] } @_;
	my $deadline = time + 20;
	my $dripped = 0;

	syswrite $_->[4], $_->[1] for values %left;
	while (%left && time < $deadline) {
		my ($r, $now) = ('', Time::HiRes::time());
		# However often those who are answered have us come here.
		my $drips = $now - $dripped >= 0.1;

		$dripped = $now if $drips;
		vec($r, $_, 1) = 1 for keys %left;
		select($r, undef, undef, 0.1);
		for my $fd (keys %left) {
			my ($name, undef, $byte, $want, $socket) = @{$left{$fd}};

			syswrite $socket, $byte if $drips;
			next if !vec($r, $fd, 1) || sysread $socket,
			    $left{$fd}[5], 65536, length $left{$fd}[5];
			my $got = join '|', answers($left{$fd}[5], 0), 'closed';
			is("patience: $name", $got =~ /^$want\z/s ? 1 : $got, 1);
			delete $left{$fd};
		}
	}
	is("patience: $_->[0]", 'still there', 'closed') for values %left;
}

sub patience {
	my $timeout = '408 Request Timeout!\|closed';
	my $body = post('/count', "Content-Length: 1999\r\n", 'abc');
	my $chunk = "$chunked\r\n400\r\n";

	drip(['idle', '', '', 'closed'],
	    ['idle behind a request', $next, '', "$hello\\|closed"],
	    ['half a head', 'GET /', '', $timeout],
	    ['a head in drips', 'GET /', 'x', $timeout],
	    ['half a body', $body, '', $timeout],
	    ['a body in drips', $body, 'x', $timeout],
	    ['a chunk in drips', "POST /count$end$chunk", 'x', $timeout],
	    ['an echo in drips', "POST /echo$end$chunk", 'x', '200 cut\|closed'],
	    ['half an echo', "POST /echo$end$chunk", '', '200 cut\|closed']);
}

# The server is told to end: what has begun is finished, and no more.
sub until_seen {
	my ($socket, $what) = @_;
	my ($in, $r) = ('', '');

	vec($r, fileno $socket, 1) = 1;
	while ($in !~ $what) {
		select(my $ready = $r, undef, undef, 20) or last;
		sysread $socket, $in, 65536, length $in or last;
	}
	return $in;
}

sub ending {
	my @cases = (
	    ['nothing', '', '', 'closed'],
	    ['half a head', 'GET /hel', "lo$end\r\n", "$hello!|closed"],
	    ['half a body', post('/count', "Content-Length: 3\r\n", 'a'), 'bc',
		'200 3 bytes, sum 16556!|closed'],
	    ['half a chunk', post('/count', $chunked, "3\r\na"),
		"bc\r\n0\r\n\r\n", '200 3 bytes, sum 16556!|closed'],
	    ['no body yet', post('/count', "Content-Length: 3\r\n", ''), 'abc',
		'200 3 bytes, sum 16556!|closed'],
	    ['no chunk yet', post('/count', $chunked, ''),
		"3\r\nabc\r\n0\r\n\r\n", '200 3 bytes, sum 16556!|closed'],
	);
	my @sockets;

	# Each has had an answer, so that what is behind it has come as well.
	for (@cases) {
		my $socket = dial();

		syswrite $socket, $next . $_->[1];
		until_seen($socket, qr/world/);
		push @sockets, $socket;
	}
	kill 'TERM', $server;
	until_seen($sockets[0], qr/(?!)/);
	for (0 .. $#cases) {
		my ($name, undef, $rest, $want) = @{$cases[$_]};

		syswrite $sockets[$_], $rest;
		is("the end: $name", join('|', answers(until_seen($sockets[$_],
		    qr/(?!)/), 0), 'closed'), $want);
	}
}

my %sections = (requests => \&requests, smuggling => \&smuggling,
    oversize => \&oversize, noise => \&noise, silence => \&silence,
    patience => \&patience, ending => \&ending);
$sections{$section}();
print "$good $bad\n";
