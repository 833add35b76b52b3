# What ircd_check.sh has perl do: users of the IRC server who want too much of it, and
# what becomes of others. The arguments are the server's port, its process, a section
# and, in that which is about TLS, the port for it. stdout has a line for every case; the
# last one counts them.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);
use peer;

my ($port, $server, $section, $secure) = @ARGV;
my ($passed, $failed) = (0, 0);
$SIG{PIPE} = 'IGNORE';
$SIG{ALRM} = sub { die "out of time\n" };
$| = 1;
alarm 60;

sub is {
	my ($name, $got, $want) = @_;
	$got //= 'the end';
	$got eq $want ? $passed++ : $failed++;
	print $got eq $want ? "ok: $name\n" : "FAILED: $name\n" .
	    "  got:  " . substr($got, 0, 300) . "\n" .
	    "  want: " . substr($want, 0, 300) . "\n";
}

sub now { return clock_gettime(CLOCK_MONOTONIC) }

# A line up to and with one that has this in it.
sub hears {
	my ($peer, $words) = @_;
	while (defined(my $line = $peer->line)) {
		return $line if index($line, $words) >= 0;
	}
	return undef;
}

# Registered, and in the channel.
sub user {
	my ($nick) = @_;
	my $peer = peer->new($port);
	$peer->say("NICK $nick\r\nUSER u 0 * :U\r\nJOIN #c\r\n");
	hears($peer, " 366 $nick #c") // die "$nick cannot join";
	return $peer;
}

# The words of the last of some lines
sub last_of { return (split /\r\n/, $_[0])[-1] // 'nothing' }

# Three lines were said to come in; a hundred may come at once, and ten each second.
sub check_flood {
	my $start = now();
	my ($flooder, $other) = (user('flooder'), user('other'));
	$flooder->say(join '', map { "PRIVMSG #c :$_\r\n" } 1 .. 300);
	my ($heard, $line) = (0);
	while (($line = $other->line // 'the end') =~ /PRIVMSG #c :(\d+)$/) {
		last if $1 != ++$heard;
	}
	my $most = 98 + 10 * (now() - $start);
	is('flood: it is thrown out', $line,
	    ':flooder!u@127.0.0.1 QUIT :Excess flood');
	is('flood: what it could say before', $heard >= 97 &&
	    $heard <= $most ? 'enough' : "$heard of $most", 'enough');
	is('flood: what it hears', last_of($flooder->rest),
	    'ERROR :Excess flood');
	$other->say("PING on\r\n");
	is('flood: others go on', hears($other, 'PONG'),
	    ':irc.local PONG irc.local :on');

	my $talker = user('talker');
	$talker->say("PING $_\r\n") for 1 .. 90;
	hears($talker, 'PONG irc.local :90');
	select undef, undef, undef, 1.2;
	$talker->say("PING $_\r\n") for 91 .. 105;
	is('flood: time makes good', hears($talker, ':105'),
	    ':irc.local PONG irc.local :105');
	my %lines = ('long' => 'x' x 1000 . "\r\n",
	    'wrong' => "JOIN\r\n");
	for my $name (sort keys %lines) {
		my $peer = peer->new($port);
		$peer->say($lines{$name} x 300);
		is("flood: of $name lines", last_of($peer->rest),
		    'ERROR :Excess flood');
	}
}

sub check_hurry {
	my $late = 'ERROR :You have not registered';
	my $user = user('quick');
	my $quiet = peer->new($port);
	my $nick = peer->new($port);
	$nick->say("NICK half\r\n");
	my $drip = peer->new($port);
	1 while $drip->say("PING 1\r\n") && !$quiet->is_readable(0.1);
	is('hurry: who says nothing', $quiet->rest, "$late\r\n");
	is('hurry: who has no more than a nick', $nick->rest, "$late\r\n");
	is('hurry: who says something else', last_of($drip->rest), $late);
	$user->say("PING on\r\n");
	is('hurry: who has registered', hears($user, 'PONG'),
	    ':irc.local PONG irc.local :on');
}

# The time is that for a handshake as well.
sub check_hurry_tls {
	my $quiet = peer->new($secure);
	my $half = peer::tls->new($secure, 'tls');
	$half->put(substr $half->hello, 0, 100);
	my $inside = peer::tls->new($secure, 'tls');
	$inside->handshake;
	is('hurry: who says nothing inside TLS', $inside->rest,
	    "ERROR :You have not registered\r\n");
	is('hurry: no handshake', $quiet->rest, '');
	is('hurry: half a handshake', peer::rest($half), '');
}

sub check_nicks {
	my @peers = map { peer->new($port) } 1 .. 200;
	$_->say("NICK same\r\nUSER u 0 * :U\r\nPING 1\r\n") for @peers;
	my %replies;
	my ($first, @others);
	for my $peer (@peers) {
		my $number = $peer->line =~ s/^:\S+ (\d+) .*/$1/r;
		$replies{$number}++;
		$number == 1 ? $first = $peer : push @others, $peer;
	}
	is('nicks: one for two hundred',
	    join(' ', map { "$_: $replies{$_}" } sort keys %replies),
	    '001: 1 433: 199');
	my $n = 0;
	$_->say('NICK n' . ++$n . "\r\n") for @others;
	is('nicks: the others take others',
	    scalar(grep { hears($_, ' 001 ') } @others), 199);

	my $last = $others[-1];
	$first->say("JOIN #c\r\n");
	hears($first, ' 366 ');
	$last->say("JOIN #c\r\nNICK SAME\r\n");
	is('nicks: in other letters', hears($last, ' 433 '),
	    ':irc.local 433 n199 SAME :Nickname is already in use');
	$first->say("NICK Same\r\n");
	is("nicks: one's own in other letters", hears($last, 'NICK'),
	    ':same!u@127.0.0.1 NICK :Same');
	$last->say("NICK n199\r\nPRIVMSG n199 :me\r\n");
	is("nicks: one's own", hears($last, 'PRIVMSG'),
	    ':n199!u@127.0.0.1 PRIVMSG n199 :me');
	$first->vanish('reset');
	hears($last, 'QUIT');
	$last->say("NICK same\r\nPRIVMSG same :me\r\n");
	is('nicks: of one who has left', hears($last, 'PRIVMSG'),
	    ':same!u@127.0.0.1 PRIVMSG same :me');
}

sub peak {
	open my $status, '<', "/proc/$server/status" or return 0;
	my ($kib) = map { /^VmHWM:\s+(\d+)/ ? $1 : () } <$status>;
	return $kib // 0;
}

# One talks and another hears it, while others never read. What waits for these is in
# the kernel, and then in the server.
sub check_deaf {
	my @deaf = map { user("deaf$_") } 1 .. 3;
	my $talker = user('talker');
	my $reader = user('reader');
	my ($gone, $sent, $heard, $wrong, $in) = (0, 0, 0, 'nothing', '');
	while ($gone < @deaf && $sent < 200000) {
		$talker->say(join '', map { sprintf "PRIVMSG #c :%07d%s\r\n",
		    $sent + $_, 'x' x 450 } 1 .. 100);
		$sent += 100;
		while ($heard < $sent) {
			sysread $reader->{socket}, $in, 1 << 20, length $in or
			    die 'the reader is gone';
			while ($in =~ /\G(.*)\r\n/gc) {
				my $line = $1;
				$gone++, next if
				    $line =~ /^:deaf.* QUIT :budget$/;
				$heard++;
				$wrong = $line if
				    $line !~ /PRIVMSG #c :0*${heard}x/;
			}
			substr $in, 0, pos($in) // 0, '';
		}
	}
	is('deaf: they are thrown out', $gone, 3);
	is('deaf: another one hears all', $wrong, 'nothing');
	is('deaf: memory', peak() < 60000 ? 'bounded' : peak() . ' KiB',
	    'bounded');
}

my %sections = (flood => \&check_flood, hurry => \&check_hurry,
    hurry_tls => \&check_hurry_tls, nicks => \&check_nicks,
    deaf => \&check_deaf);
$sections{$section}->();
print "$passed $failed\n";
