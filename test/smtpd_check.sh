#!/bin/sh
# The smtpd sample, driven by openssl, curl, swaks and Postfix's smtp-source, and
# where the very bytes matter by a few lines of perl. SMTPD_SAMPLE may name
# another program, with arguments.
set -u

check=smtpd
limit=120
# shellcheck disable=SC1091
. "${srcdir:-.}/test/sample.sh"
sample=${SMTPD_SAMPLE:-$(direct smtpd)}
# A thousand clients have a descriptor each, here and there.
# shellcheck disable=SC3045
ulimit -n 4096 2> /dev/null || true

# A client that sends what it reads and prints the codes of the replies, then how the
# connection ended. Flags: b sends byte by byte; e shuts its write side afterwards.
cat > "$work/client" <<'PERL'
use strict;
use warnings;
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use IO::Socket::INET;

my ($port, $flags) = @ARGV;
my $bytes = do { local $/; <STDIN> } // '';
my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
    PeerPort => $port, Proto => 'tcp') or die "connect: $@";
setsockopt($socket, IPPROTO_TCP, TCP_NODELAY, 1) or die $!;
$SIG{PIPE} = 'IGNORE';

# While one process sends, the other one reads.
my $child = fork() // die $!;
if (!$child) {
	my $step = $flags =~ /b/ ? 1 : length($bytes) || 1;
	for (my $at = 0; $at < length $bytes;) {
		$at += syswrite($socket, $bytes, $step, $at) // exit 0;
	}
	shutdown($socket, 1) if $flags =~ /e/;
	exit 0;
}
my ($got, $end) = ('', 'closed');
$SIG{ALRM} = sub { die "timeout\n" };
eval {
	alarm 30;
	while (sysread($socket, $got, 65536, length $got) // die "reset\n") {}
};
$end = $@ if $@;
chomp $end;
print join(' ', $got =~ /^(\d{3}) .*\r\n/mg, $end), "\n";
waitpid($child, 0);
PERL

# send FLAGS: standard input to the server, and what came of it
send()
{
	timeout 60 perl "$work/client" "$port" "$1" 2>&1
}

# The same however the bytes are cut. The input is a printf format.
# same NAME INPUT WANT
same()
{
	for flags in e be; do
		# shellcheck disable=SC2059
		is "$1 ($flags)" "$(printf "$2" | send $flags)" "$3"
	done
}

# serve ARGUMENT...: a server on an empty maildir
serve()
{
	rm -rf "$work/mail"
	start_server "$@" "$work/mail"
}

stop()
{
	kill -TERM "$server"
	wait "$server"
	is 'SIGTERM ends it with status' $? 0
	server=
}

messages()
{
	find "$work/mail/new" -type f | wc -l
}

# The body of the only message, which is then gone.
body()
{
	tr -d '\r' < "$(echo "$work"/mail/new/*)" | sed '1,/^$/d'
	rm -f "$work"/mail/new/*
}

mail='MAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\n'
quit='QUIT\r\n'

check_commands()
{
	same 'a message' \
	    "EHLO me\r\n${mail}DATA\r\nSubject: x\r\n\r\none\r\n.\r\n$quit" \
	    '220 250 250 250 354 250 221 closed'
	is 'both are there' "$(messages)" 2
	is 'the head says how it came' "$(cat "$work"/mail/new/* | tr -d '\r' |
	    grep -c '^Return-Path: <a@x>$\|^Delivered-To: b@x$\|by .* with ESMTP;')" 6
	rm -f "$work"/mail/new/*
	# The words are formats.
	# shellcheck disable=SC2059
	printf "HELO me\r\n${mail}DATA\r\n\r\n..\r\n...\r\n.x\r\n..y\r\n.\r\n" |
	    send e > "$work/got"
	is 'dots are taken away' "$(body | tr '\n' ' ')" '. .. x .y '
	# shellcheck disable=SC2059
	printf "HELO me\r\n${mail}DATA\r\n\r\nx\n.\nMAIL FROM:<>\n\r\n.\r\n" |
	    send e > "$work/got"
	is 'a bare LF ends nothing' "$(cat "$work/got") $(messages)" \
	    '220 250 250 250 354 250 closed 1'
	rm -f "$work"/mail/new/*
	same 'order' "MAIL FROM:<a>\r\nEHLO me\r\nRCPT TO:<a>\r\nDATA\r\nMAIL FROM:<a>\r\nMAIL FROM:<a>\r\nDATA\r\n$quit" \
	    '220 503 250 503 503 250 503 503 221 closed'
	same 'RSET' "HELO me\r\n${mail}RSET\r\nDATA\r\n$quit" \
	    '220 250 250 250 250 503 221 closed'
	same 'NOOP, VRFY, EXPN, HELP, nonsense' \
	    "NOOP\r\nnoop x\r\nVRFY a\r\nVRFY\r\nEXPN a\r\nHELP\r\nXYZ\r\n\r\n$quit" \
	    '220 250 250 252 501 502 502 500 500 221 closed'
	same 'paths' 'EHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<>\r\nRCPT TO:<@a,@b:c@d>\r\nRCPT TO: <a b>\r\nRCPT TO:a\r\nRCPT TO:<a\r\nRCPT TO:<a> X=1\r\n' \
	    '220 250 250 501 250 501 501 501 555 closed'
	same 'parameters' 'EHLO me\r\nMAIL FROM:<a> SIZE=100000000\r\nMAIL FROM:<a> SIZE=x\r\nMAIL FROM:<a> SIZE=1x\r\nMAIL FROM:<a> FOO\r\nMAIL FROM:<a> size=10 body=8bitmime\r\n' \
	    '220 250 552 555 501 555 250 closed'
	same 'a name of two lines' 'EHLO x\nX-Injected: yes\r\n' '220 501 closed'
	same 'HELO has none' 'HELO me\r\nMAIL FROM:<a> SIZE=1\r\nEHLO\r\n' \
	    '220 250 555 501 closed'
	is 'what EHLO offers' "$(printf 'EHLO me\r\nQUIT\r\n' |
	    perl "$work/raw" "$port" | grep -c -- '-PIPELINING\|-SIZE 1\|8BITMIME\|STARTTLS')" \
	    "$offers"
	same 'too many errors' "$(printf '%30s' '' | sed 's/ /X\\r\\n/g')" \
	    "220 $(printf '%19s' '' | sed 's/ /500 /g')421 closed"
	is 'nothing is left over' "$(messages) $(ls "$work/mail/tmp")" '0 '
}

check_limits()
{
	x=$(printf %505s '' | tr ' ' x)
	same 'a line of 512' "NOOP $x\r\nNOOP ${x}x\r\nNOOP\r\n" \
	    '220 250 500 250 closed'
	x=$(printf %998s '' | tr ' ' x)
	same 'a line of 1000 in a message' \
	    "HELO me\r\n${mail}DATA\r\n$x\r\n.\r\n${mail}DATA\r\nx$x\r\n.\r\n" \
	    '220 250 250 250 354 250 250 250 354 554 closed'
	rm -f "$work"/mail/new/*
	same 'a message that is too big' \
	    "HELO me\r\n${mail}DATA\r\n$(printf '%1200s' '' |
		sed 's/ /0123456789\\r\\n/g').\r\nNOOP\r\n" \
	    '220 250 250 250 354 552 250 closed'
	same 'too many recipients' \
	    "HELO me\r\n$mail$(printf '%101s' '' | sed 's/ /RCPT TO:<c>\\r\\n/g')" \
	    "220 250 $(printf '%101s' '' | sed 's/ /250 /g')452 452 closed"
	same 'the end in the middle of a message' \
	    "HELO me\r\n${mail}DATA\r\none\r\n" '220 250 250 250 354 closed'
	is 'nothing is left over' "$(messages) $(ls "$work/mail/tmp")" '0 '
}

# What all the words of a server are; not only the codes.
cat > "$work/raw" <<'PERL'
use IO::Socket::INET;
my $socket = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or die;
local $/;
print $socket <STDIN>;
print <$socket>;
PERL

make_certificate()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$work/key" -out "$work/certificate" -days 2 \
	    -subj /CN=localhost -addext \
	    subjectAltName=DNS:localhost,IP:127.0.0.1 2> "$work/openssl"
}

check_tls()
{
	# shellcheck disable=SC2059
	printf "MAIL FROM:<a>\r\nEHLO me\r\n${mail}DATA\r\n\r\nover TLS\r\n.\r\n$quit" |
	    timeout 20 openssl s_client -connect "127.0.0.1:$port" \
	    -starttls smtp -quiet -CAfile "$work/certificate" \
	    -verify_return_error > "$work/got" 2> "$work/error"
	# It greets in clear by itself, and that counts for nothing behind TLS.
	is 's_client' "$(grep -o '^[0-9]* ' "$work/got" | tr -d '\n')" \
	    '503 250 250 250 354 250 221 '
	is 'the head says so' "$(cat "$work"/mail/new/* |
	    grep -c 'with ESMTPS;')" 1
	is 'its message' "$(body)" 'over TLS'
	# Who sends on may be told by a reset.
	for flags in e be; do
		is "injection ($flags)" "$(printf "EHLO me\\r\\nSTARTTLS\\r\\n$mail" |
		    send $flags)" '220 250 220 closed'
	done
	is 'why it was refused' \
	    "$(tail -n 1 "$work/stderr" | grep -c ' injection: ')" 1
	same 'STARTTLS with a parameter' 'EHLO me\r\nSTARTTLS x\r\n' \
	    '220 250 501 closed'
	same 'no handshake' 'EHLO me\r\nSTARTTLS\r\n' '220 250 220 closed'
	printf 'From: a@x\r\nTo: b@x\r\n\r\nby curl\r\n' > "$work/letter"
	is 'curl, verified' "$(curl -q -sS --noproxy '*' --max-time 20 \
	    --ssl-reqd --cacert "$work/certificate" --mail-from a@x \
	    --mail-rcpt b@x -T "$work/letter" "smtp://localhost:$port" \
	    --resolve "localhost:$port:127.0.0.1" 2>&1) $(body)" ' by curl'
	swaks_sends 'swaks --tls' --tls
}

# swaks_sends NAME OPTION...
swaks_sends()
{
	name=$1
	shift
	command -v swaks > /dev/null || { echo "skipped: $name: no swaks"; return; }
	swaks --server "127.0.0.1:$port" --to b@x --from a@x --helo me \
	    --body 'by swaks' --timeout 20 "$@" > "$work/swaks" 2>&1 || true
	is "$name" "$(grep -c '250 2.0.0 Delivered' "$work/swaks") $(body |
	    grep .)" '1 by swaks'
}

check_plain()
{
	printf 'From: a@x\r\nTo: b@x\r\n\r\nby curl\r\n..\r\n' > "$work/letter"
	is 'curl' "$(curl -q -sS --noproxy '*' --max-time 20 --mail-from a@x \
	    --mail-rcpt b@x -T "$work/letter" "smtp://127.0.0.1:$port" 2>&1
	    ) $(body | tr '\n' ' ')" ' by curl .. '
	swaks_sends swaks
}

# The load that Postfix comes with: installed, or where quickstart has unpacked it.
find_source()
{
	PATH=$PATH:/usr/sbin command -v smtp-source && return
	for there in . "$srcdir/build-quickstart"; do
		there=$there/quickstart-postfix
		[ -x "$there/usr/sbin/smtp-source" ] || continue
		libraries=$(echo "$there"/usr/lib/postfix \
		    "$there"/usr/lib/*-linux-* "$there"/lib/*-linux-* |
		    tr ' ' :)
		echo "env LD_LIBRARY_PATH=$libraries" \
		    "$there/usr/sbin/smtp-source"
		return
	done
	return 1
}

# source_sends NAME MESSAGES OPTION...: each message is there once, to a recipient
# of its own.
source_sends()
{
	name=$1
	count=$2
	shift 2
	# shellcheck disable=SC2086 # several words
	timeout 60 $source -N -m "$count" -M me -f a@x -t b@x "$@" \
	    "127.0.0.1:$port" > "$work/got" 2>&1
	is "smtp-source: $name" "$? $(messages) $(cat "$work"/mail/new/* |
	    sed -n 's/^Delivered-To: \([0-9]*\)b@x\r$/\1/p' | sort -nu |
	    wc -l)$(cat "$work/got")" "0 $count $count"
}

check_load()
{
	source=$(find_source) || {
		echo 'skipped: smtp-source: no postfix'
		return
	}
	source_sends '20 sessions, a message each time' 200 -s 20 -l 5000
	rm -f "$work"/mail/new/*
	source_sends '50 sessions, many messages in each' 1000 -s 50 -d
	rm -f "$work"/mail/new/*
	perl -e 'print map { $_ % 7 ? "line $_ " . "x" x ($_ % 900) . "\n" :
	    "." x ($_ % 5) . "\n" } 1 .. 2000' > "$work/letter"
	source_sends 'dots, and a megabyte' 20 -s 10 -d -F "$work/letter"
	echo >> "$work/letter"	# so does smtp-source
	is 'smtp-source: each is what was sent' "$(for file in "$work"/mail/new/*
	    do
		tail -n 2001 "$file" | tr -d '\r' | cmp - "$work/letter"
	    done 2>&1)" ''
	rm -f "$work"/mail/new/*
}

# Clients that send until the server is gone, and write down which messages it
# has accepted.
cat > "$work/load" <<'PERL'
use strict;
use warnings;
use IO::Socket::INET;

my ($port, $who, $accepted) = @ARGV;
$SIG{PIPE} = 'IGNORE';
open(my $log, '>', "$accepted.$who") or die $!;
my $socket = IO::Socket::INET->new("127.0.0.1:$port") or die;
sub ask {
	print $socket $_[0];
	my $reply = <$socket> // exit;
	$reply =~ /^[23]/ or die $reply;
}
ask('');
ask("HELO me\r\n");
for my $n (1 .. 100000) {
	ask("MAIL FROM:<a>\r\n");
	ask("RCPT TO:<b>\r\n");
	ask("DATA\r\n");
	my $lines = 1 + ($n * 37 + $who * 11) % 300;
	ask("Subject: $who.$n\r\nLines: $lines\r\n\r\n" . ("x" x 70 . "\r\n") x $lines . ".\r\n");
	syswrite($log, "$who.$n $lines\n");
}
PERL

check_kill()
{
	for who in 1 2 3 4 5 6; do
		perl "$work/load" "$port" "$who" "$work/accepted" &
	done
	timeout 30 perl -e 'for (;;) {
		select(undef, undef, undef, 0.02);
		last if (() = glob("$ARGV[0]/*")) > 40;
	}' "$work/mail/new"
	kill -KILL "$server"
	wait
	server=
	sort "$work"/accepted.* > "$work/wanted"
	perl -e 'for my $file (@ARGV) {
		open(my $in, "<", $file) or die $!;
		my ($id, $lines, $n) = ("none", 0, 0);
		while (<$in>) {
			$id = $1 if /^Subject: (\S+)/;
			$lines = $1 if /^Lines: (\d+)/;
			$n++ if /^x{70}\r$/;
		}
		print $n == $lines ? "$id $lines\n" : "$id broken\n";
	}' "$work"/mail/new/* | sort > "$work/there"
	is 'kill -9: many were accepted' \
	    "$([ "$(wc -l < "$work/wanted")" -gt 20 ] && echo yes)" yes
	is 'each is there, whole' "$(comm -23 "$work/wanted" "$work/there")" ''
	is 'nothing else is broken' "$(grep broken "$work/there")" ''
}

# What nobody means.
cat > "$work/abuse" <<'PERL'
use strict;
use warnings;
use IO::Socket::INET;

srand 11;
$SIG{PIPE} = 'IGNORE';
my $port = shift;
my @words = ("EHLO me\r\n", "HELO ", "MAIL FROM:<a>\r\n", "RCPT TO:<b>\r\n",
    "DATA\r\n", ".\r\n", "\r\n.\r\n", "\r\n", "STARTTLS\r\n", "RSET\r\n",
    "MAIL FROM:<", "x" x 5000, "\0\xff", "MAIL FROM:<" . "a" x 400 . ">\r\n",
    "..\r\n", "RCPT TO:<\xff\x80>\r\n", "SIZE=99999999999999999999\r\n");
for my $round (1 .. 40) {
	my @sockets = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $port, Blocking => 0) } 1 .. 10;
	for my $step (1 .. 12) {
		for my $socket (grep { defined } @sockets) {
			my $what = rand() < 0.2 ?
			    pack('C*', map { rand 256 } 1 .. rand 300) :
			    $words[rand @words];
			syswrite($socket, $what);
			sysread($socket, my $in, 4096) if rand() < 0.3;
		}
	}
}
PERL

# Clients that say nothing, and one that says very little at a time.
cat > "$work/silent" <<'PERL'
use strict;
use warnings;
use IO::Socket::INET;

my $port = shift;
my @sockets = map { IO::Socket::INET->new("127.0.0.1:$port") // die "$_: $!" }
    1 .. 1000;
my $talker = IO::Socket::INET->new("127.0.0.1:$port") or die;
print $talker "NOOP\r\nQUIT\r\n";
print join(' ', map { /^(\d+)/ } <$talker>), "\n";
my $drip = IO::Socket::INET->new("127.0.0.1:$port") or die;
$SIG{PIPE} = 'IGNORE';
for (1 .. 60) {
	last if !defined syswrite($drip, 'N');
	select(undef, undef, undef, 0.05);
}
print join(' ', map { /^(\d+)/ } <$drip>), "\n";
my %ends;
for my $socket (@sockets) {
	$ends{join ' ', map { /^(\d+)/ } <$socket>}++;
}
print "$_: $ends{$_}\n" for sort keys %ends;
PERL

# Where each thing that a server may be told is said once
write_talk()
{
	# shellcheck disable=SC2059
	printf "EHLO me\r\nMAIL FROM:<>\r\nRSET\r\n${mail}DATA\r\n\r\n..\r\n.\r\n$quit"
} > "$work/talk"

need curl
offers=3
serve
check_commands
check_plain
check_load
timeout 60 perl "$work/abuse" "$port"
is 'abuse' "$(printf 'QUIT\r\n' | send e)" '220 221 closed'
stop
write_talk
serve -m 3000
abuse "$work/talk" 0
stop
serve -s 12000
check_limits
stop
serve -t 1 -m 3000
is 'a thousand are silent' "$(timeout 60 perl "$work/silent" "$port" |
    tr '\n' ';')" '220 250 221;220 421;220 421: 1000;'
stop
serve
check_kill

if ! command -v openssl > /dev/null; then
	echo 'skipped: TLS: no openssl'
elif make_certificate; serve -c "$work/certificate" -k "$work/key" &&
    [ -n "$port" ]; then
	offers=4
	check_tls
	timeout 60 perl "$work/abuse" "$port"
	is 'abuse, where TLS is' "$(printf 'QUIT\r\n' | send e)" \
	    '220 221 closed'
	stop
	serve -m 3000 -c "$work/certificate" -k "$work/key"
	abuse "$work/talk" 0 smtp
	stop
fi

judge
