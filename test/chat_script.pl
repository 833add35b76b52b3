# Plays conversations with the chat sample, and the IRC server, and prints what came of each, "ok:"
# or "FAILED:". A script is lines; its clients are called by what is in front.
#
#	case WORDS		a case begins; clients of the last one are gone
#	join a b ...		connect, take these names, in that order; each
#				hears of those who join after it
#	do irc a b ...		the same for samples/ircd; none hears of the others
#	a+			connect, and hear "Name?"; "a+ 4096" with so
#				small a receive buffer
#	a*			connect; "a?": there is nothing to be heard
#	a> TEXT			say a line; "a>> TEXT" sends without a line end
#	a< TEXT			hear exactly this line
#	a=			hear that the connection has ended
#	a.  a/  a#		close, shut the write side, reset
#	! COMMAND		run it; "!< TEXT": so it says
#	kill			SIGTERM for the server
#	do WORDS		what takes more than a line: see the subs do_...
#
# In TEXT, \r \n \t \0 \e and \xHH are bytes, {N}x is N times x.
use strict;
use warnings;
use Socket qw(:DEFAULT IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

my ($port, $server) = @ARGV;
my (%client, @joined, @output);
my ($name, $failed) = ('', 0);
$SIG{PIPE} = 'IGNORE';
$SIG{ALRM} = sub { die "still waiting after 30 s\n" };

sub bytes_of {
	my ($text) = @_;
	my %letter = (r => "\r", n => "\n", t => "\t", 0 => "\0", e => "\e");
	$text =~ s/\{(\d+)\}(\S)/$2 x $1/ge;
	$text =~ s/\\x([0-9a-f]{2})/chr hex $1/ge;
	$text =~ s/\\([rnt0e])/$letter{$1}/g;
	return $text;
}

sub shown {
	my ($text) = @_;
	$text =~ s/([^\x20-\x7e])/sprintf '\\x%02x', ord $1/ge;
	$text =~ s/((.)\2{40,})/sprintf '{%d}%s', length $1, $2/ge;
	return $text;
}

sub set_buffer {
	my ($socket, $size) = @_;
	setsockopt($socket, SOL_SOCKET, SO_RCVBUF, 0 + $size)
	    or die "SO_RCVBUF: $!\n";
}

sub connect_as {
	my ($who, $buffer) = @_;
	socket(my $socket, PF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
	set_buffer($socket, $buffer) if $buffer;
	setsockopt($socket, IPPROTO_TCP, TCP_NODELAY, 1)
	    or die "TCP_NODELAY: $!\n";
	connect($socket, pack_sockaddr_in($port, INADDR_LOOPBACK))
	    or die "connect: $!\n";
	$client{$who} = { socket => $socket, in => '', name => $who };
}

# The next line, or undef at the end.
sub hear {
	my ($who) = @_;
	my $client = $client{$who} // die "there is no $who\n";
	my $end;
	while (($end = index $client->{in}, "\n") < 0) {
		my $n = sysread $client->{socket}, $client->{in}, 65536,
		    length $client->{in};
		next if $n;
		die "$who: half a line: " . shown($client->{in}) . "\n"
		    if $client->{in} ne '';
		return undef;
	}
	my $line = substr $client->{in}, 0, $end + 1, '';
	$line =~ s/\r\n\z// or die "$who: no CR: " . shown($line) . "\n";
	return $line;
}

sub hears {
	my ($who, $want) = @_;
	my $got = hear($who);
	die "$who hears " . (defined $got ? shown($got) : 'the end') .
	    ' instead of ' . (defined $want ? shown($want) : 'it') . "\n"
	    if ($got // "\n") ne ($want // "\n");
}

sub send_to {
	my ($who, $bytes) = @_;
	my $client = $client{$who} // die "there is no $who\n";
	while ($bytes ne '') {
		my $n = syswrite $client->{socket}, $bytes;
		return 0 if !defined $n;
		substr $bytes, 0, $n, '';
	}
	return 1;
}

sub says {
	my ($who, $text) = (@_, '');
	send_to($who, "$text\r\n") or die "$who: send: $!\n";
}

sub join_as {
	my ($who) = @_;
	connect_as($who) if !$client{$who};
	hears($who, 'Name?');
	says($who, $who);
	my $hello = hear($who) // 'the end';
	$hello =~ /^-- hello, \Q$who\E: \d+ here, \/help helps$/
	    or die "$who hears $hello\n";
	hears($_, "-- $who joined") for @joined;
	push @joined, $who;
}

sub gone {
	my ($who) = @_;
	delete $client{$who};
	@joined = grep { $_ ne $who } @joined;
}

# Who leaves by /quit, and hears the end, is known to be gone.
sub end_case {
	for my $who (@joined) {
		send_to($who, "\r\n/quit\r\n");
		shutdown $client{$who}{socket}, 1;
	}
	for my $who (@joined) {
		1 while sysread $client{$who}{socket}, my $rest, 65536;
	}
	(%client, @joined, @output) = ();
}

my %step = (
	'+' => sub { connect_as(@_); hears($_[0], 'Name?') },
	'*' => \&connect_as,
	'?' => sub {
		vec(my $bits = '', fileno $client{$_[0]}{socket}, 1) = 1;
		die "$_[0] hears something\n"
		    if select $bits, undef, undef, 0;
	},
	'>' => \&says,
	'>>' => sub { send_to(@_) or die "$_[0]: send: $!\n" },
	'<' => \&hears,
	'=' => sub { hears($_[0], undef); gone($_[0]) },
	'.' => sub { gone($_[0]) },
	'/' => sub { shutdown $client{$_[0]}{socket}, 1 },
	'#' => sub {
		setsockopt $client{$_[0]}{socket}, SOL_SOCKET, SO_LINGER,
		    pack('ii', 1, 0) or die "SO_LINGER: $!\n";
		gone($_[0]);
	},
);

# a says numbered lines, which b hears, until b has heard so many others, and
# all of them are what the rest of the words says.
sub do_until {
	my ($speaker, $listener, $others, @words) = @_;
	my $filler = 'x' x 480;
	for my $n (1 .. 20000) {
		says($speaker, "$n $filler");
		while ((my $got = hear($listener) // 'the end') ne
		    "<$speaker> $n $filler") {
			die "$listener hears " . shown($got) . "\n"
			    if $got !~ /^@words$/;
			$others--;
		}
		return if $others <= 0;
	}
	die "never heard: @words\n";
}

# a speaks until slow is behind, then more, which b hears; then slow reads:
# first lines without a gap, then how many it missed. Then it hears again.
sub do_skip {
	my ($speaker, $listener, $slow) = @_;
	my ($said, $heard, $more, $got) = (0, 0, -1);
	set_buffer($client{$slow}{socket}, 2048);
	while ($more != 0) {
		$said++;
		says($speaker, "$said " . 'y' x 480);
		hears($listener, "<$speaker> $said " . 'y' x 480);
		die "$slow is never behind\n" if $said > 20000;
		next if --$more >= 0 || $said % 20 != 0;
		$said++;
		says($speaker, "/msg $slow $said y");
		says($speaker, "/msg $speaker and");
		$got = hear($speaker) // 'the end';
		$more = 17 if $got eq "-- $slow is too slow to hear you";
		$got = hear($speaker) // 'the end' if $more == 17;
		die "$speaker hears $got\n" if $got ne "[$speaker] and";
	}
	set_buffer($client{$slow}{socket}, 1 << 20);
	while (($got = hear($slow) // 'the end') =~
	    /^[<\[]\Q$speaker\E[>\]] (\d+) y+$/) {
		die "$slow hears $1 after $heard\n" if $1 != ++$heard;
	}
	die "$slow hears ${\shown($got)}, after $heard of $said\n"
	    if $got ne '-- ... ' . ($said - $heard) . ' messages missed';
	says($speaker, 'after');
	hears($_, "<$speaker> after") for $listener, $slow;
}

# So many join, and each says so many lines, all at once: everybody hears every
# line of the others once, and all in the same order.
sub do_many {
	my ($clients, $lines) = @_;
	my @who = map { "u$_" } 1 .. $clients;
	join_as($_) for @who;
	for my $who (@who) {
		says($who, join "\r\n", map { "$who:$_" } 1 .. $lines);
	}
	my %heard;
	for my $who (@who) {
		my %count;
		for (1 .. ($clients - 1) * $lines) {
			my $line = hear($who) // die "$who hears the end\n";
			$line =~ /^<(u\d+)> (\1:\d+)$/ or die "$who: $line\n";
			push @{$heard{$who}}, [$1, $2];
			die "$who hears $line twice\n" if $count{$line}++;
		}
	}
	my $first = $who[0];
	for my $who (@who[1 .. $#who]) {
		my ($one, $other) = map {
			join ' ', map { $_->[1] } grep {
				$_->[0] ne $first && $_->[0] ne $who
			} @$_
		} $heard{$first}, $heard{$who};
		die "$first and $who hear another order\n" if $one ne $other;
	}
}

# Of what users do a terminal is shown no more than this.
sub is_harmless {
	my ($line) = @_;
	return utf8::decode($line) && $line !~ /[\x00-\x1f\x7f-\x9f]/ &&
	    $line =~ /^(?:<[\w-]+>|\*|-- [\w-]+ (?:joined|left|is now))(?: |\z)/a;
}

# a says random bytes; b hears all lines of it.
sub do_noise {
	my ($speaker, $listener, $lines) = @_;
	srand 1;
	for (1 .. $lines) {
		my $noise = join '', map { chr int rand 256 } 1 .. 200;
		$noise =~ tr{\n}{}d;
		says($speaker, "!$noise");
	}
	for (1 .. $lines) {
		my $got = hear($listener) // 'the end';
		die "$listener hears " . shown($got) . "\n"
		    if $got !~ /^<\Q$speaker\E> !/ || !is_harmless($got);
	}
}

# So many connections that send random bytes, which may happen to be names, and
# vanish. Then a speaks, and b hears it.
sub do_vandals {
	my ($speaker, $listener, $clients) = @_;
	for my $n (1 .. $clients) {
		srand $n;
		connect_as("vandal$n");
		send_to("vandal$n",
		    join '', map { chr int rand 256 } 1 .. 2000);
		$step{$n % 2 ? '#' : '.'}->("vandal$n");
	}
	says($speaker, 'on');
	while ((my $got = hear($listener) // 'the end') ne "<$speaker> on") {
		die "$listener hears " . shown($got) . "\n"
		    if !is_harmless($got);
	}
}

# a hears whatever there is, and then the end.
sub do_rest {
	my ($who) = @_;
	set_buffer($client{$who}{socket}, 1 << 20);
	1 while sysread $client{$who}{socket}, my $rest, 65536;
	gone($who);
}

# a hears of so many that they left, whoever is first.
sub do_left {
	my ($who, $n) = @_;
	for (1 .. $n) {
		my $got = hear($who) // 'the end';
		die "$who hears $got\n" if $got !~ /^-- \w+ left \(.*\)$/;
	}
}

# So many connections that say nothing.
sub do_silent {
	my ($clients) = @_;
	connect_as("silent$_") for 1 .. $clients;
}

# a connects, and gives its name before it is asked for.
sub do_hasty {
	my ($who) = @_;
	connect_as($who);
	says($who, $who);
	hears($who, $_) for 'Name?', "-- hello, $who: 1 here, /help helps";
	push @joined, $who;
}

# a is asked, answers, is asked, does not. Where the machine is slow the answer
# may come too late, but not each time.
sub do_idle {
	my ($who) = @_;
	for (1 .. 5) {
		join_as($who);
		my @heard;
		while (defined(my $line = hear($who))) {
			push @heard, $line;
			send_to($who, "/who\r\n") if @heard == 1;
		}
		gone($who);
		return if "@heard" eq
		    "-- are you there? -- $who -- are you there?";
	}
	die "$who is not asked, or not heard\n";
}

# a sends a byte now and then, and no line end, until its connection ends.
sub do_drip {
	my ($who) = @_;
	my $bits = '';
	vec($bits, fileno $client{$who}{socket}, 1) = 1;
	for (1 .. 2000) {
		last if !send_to($who, '.');
		last if select my $ready = $bits, undef, undef, 0.002;
	}
	1 while sysread $client{$who}{socket}, my $rest, 4096;
	gone($who);
}

# a says so many lines of 500 bytes, b hears them all, and not before so long.
sub do_flood {
	my ($speaker, $listener, $lines, $ms) = @_;
	my $start = clock_gettime(CLOCK_MONOTONIC);
	my $text = 'z' x 495;
	my @lines = map { sprintf '%03d%s', $_, $text } 1 .. $lines;
	says($speaker, join "\r\n", @lines);
	hears($listener, "<$speaker> $_") for @lines;
	my $took = 1000 * (clock_gettime(CLOCK_MONOTONIC) - $start);
	die "it took $took ms only\n" if $took < $ms;
}

sub do_irc {
	for my $who (@_) {
		connect_as($who);
		says($who, "NICK $who\r\nUSER user 0 * :Real name");
		do_skip_to($who, ' 422 ');
	}
}

# Lines up to one that has this in it
sub do_skip_to {
	my ($who, @words) = @_;
	while (defined(my $line = hear($who))) {
		return if index($line, join ' ', @words) >= 0;
	}
	die "$who hears the end\n";
}

my %do = (
    drip => \&do_drip, flood => \&do_flood, hasty => \&do_hasty,
    idle => \&do_idle, irc => \&do_irc, left => \&do_left,
    many => \&do_many, noise => \&do_noise, rest => \&do_rest,
    silent => \&do_silent, skip => \&do_skip, skip_to => \&do_skip_to,
    until => \&do_until, vandals => \&do_vandals);

sub play {
	my ($line) = @_;
	if ($line =~ /^join (.*)/) {
		join_as($_) for split ' ', $1;
	} elsif ($line =~ /^do (\w+) ?(.*)/ && $do{$1}) {
		$do{$1}->(split ' ', $2);
	} elsif ($line eq 'kill') {
		kill TERM => $server or die "kill: $!\n";
	} elsif ($line =~ /^! (.*)/) {
		my $command = $1;
		$command =~ s/\$port/$port/g;
		@output = map { s/\r?\n\z//r } qx{$command};
	} elsif ($line =~ /^!< (.*)/) {
		my $got = shift @output // 'the end';
		die "it says $got\n" if $got ne $1;
	} elsif ($line =~ /^(\w+)(>>|[-+><=.\/#*?]) ?(.*)/ && $step{$2}) {
		$step{$2}->($1, $3 eq '' ? () : bytes_of($3));
	} else {
		die "what is that?\n";
	}
}

sub report {
	return if $name eq '';
	print $failed ? "FAILED: $name: $failed" : "ok: $name\n";
}

while (my $line = <STDIN>) {
	chomp $line;
	next if $line =~ /^\s*$/;
	if ($line =~ /^case (.*)/) {
		my $next = $1;
		alarm 30;
		eval { end_case(); 1 } or $failed ||= "the end: $@";
		report();
		($name, $failed) = ($next, 0);
	} elsif (!$failed) {
		alarm 30;
		eval { play($line); 1 } or $failed = shown($line) . ": $@";
	}
}
alarm 30;
eval { end_case(); 1 } or $failed ||= "the end: $@";
report();
