#!/bin/sh
# The syslogd sample, to which logger and rsyslog send, openssl and socat over TLS,
# and perl what nobody else would. SYSLOGD_SAMPLE may name another program, with
# arguments.
set -u

check=syslogd
limit=120
# shellcheck disable=SC1091
. "${srcdir:-.}/test/sample.sh"
sample=${SYSLOGD_SAMPLE:-$(direct syslogd)}
# What is freed is to be free again at once, or memory would not be flat.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1
export ASAN_OPTIONS

# Not everybody has rsyslogd in their path.
PATH=$PATH:/usr/sbin
rsyslog=
trap '[ -z "$rsyslog" ] || kill "$rsyslog"; clean_up' EXIT

# lines N: the next ones that are logged, without what differs from run to run
lines()
{
	head -n "$1" <&3 | sed 's/ [-0-9T:.+Z]\{20,\} [^ ]* / TIME HOST /
	    s/ [A-Z][a-z][a-z] [ 0-9][0-9] [0-9:]* [^ ]* / TIME HOST /
	    s/ \[timeQuality[^]]*\]/ DATA/' | tr '\n' '|'
}

# ended NAME STATUS SAID: the server ends, and what it had said on stderr
ended()
{
	wait "$server"
	is "$1: status" "$?" "$2"
	is "$1: said" "$(sed 's/^\(syslogd: [^:]*: [^:]*\):.*/\1/' \
	    "$work/stderr" | sort -u | tr '\n' '|')" "$3"
	server=
}

stop()
{
	kill -TERM "$server"
	ended "$1" 0 "$2"
}

check_logger()
{
	have logger || return
	log="logger -T -n 127.0.0.1 -P $port -t me"
	# shellcheck disable=SC2086 # several words
	{
	$log one
	is 'logger: a line' "$(lines 1)" \
	    '127.0.0.1 user.notice 1 TIME HOST me - - DATA one|'
	$log --octet-count -p mail.err two
	is 'logger: counted' "$(lines 1)" \
	    '127.0.0.1 mail.err 1 TIME HOST me - - DATA two|'
	$log --rfc3164 -p local7.debug three
	is 'logger: RFC 3164' "$(lines 1)" \
	    '127.0.0.1 local7.debug TIME HOST me: three|'
	printf 'a\nb\n12 c\n' | $log --octet-count --rfc3164
	is 'logger: several in a connection' "$(lines 3)" \
	    "127.0.0.1 user.notice TIME HOST me: a|127.0.0.1 user.notice \
TIME HOST me: b|127.0.0.1 user.notice TIME HOST me: 12 c|"
	}
}

# What rsyslog is to do with what comes on its socket, tagged with the way it goes.
configure_rsyslog()
{
	cat <<-EOT
	global(workDirectory="$work")
	module(load="imuxsock" SysSock.Use="off")
	input(type="imuxsock" Socket="$work/log" RateLimit.Interval="0"
	    UseSysTimeStamp="off")
	template(name="short" type="string" string="<%PRI%>%programname% %msg%")
	if (\$programname == "line") then action(type="omfwd" Protocol="tcp"
	    Target="127.0.0.1" Port="$port" Template="short")
	if (\$programname == "count") then action(type="omfwd" Protocol="tcp"
	    Target="127.0.0.1" Port="$port" Template="short"
	    TCP_Framing="octet-counted")
	EOT
	[ -z "$secure" ] || cat <<-EOT
	global(defaultNetstreamDriverCAFile="$work/cert")
	if (\$programname == "tls") then action(type="omfwd" Protocol="tcp"
	    Target="127.0.0.1" Port="$secure" Template="short"
	    TCP_Framing="octet-counted" StreamDriver="ossl"
	    StreamDriverMode="1" StreamDriverAuthMode="x509/name"
	    StreamDriverPermittedPeers="localhost")
	EOT
}

# It is ready when its socket is there.
start_rsyslog()
{
	configure_rsyslog > "$work/rsyslog.conf"
	rsyslogd -n -f "$work/rsyslog.conf" -i "$work/rsyslog.pid" \
	    > "$work/rsyslog.out" 2>&1 &
	rsyslog=$!
	until [ -S "$work/log" ]; do
		kill -0 "$rsyslog" 2> /dev/null || break
	done
}

check_rsyslog()
{
	have rsyslogd && have logger || return
	start_rsyslog
	ways='line count'
	if [ -n "$secure" ]; then
		if [ -n "$(ls /usr/lib/*/rsyslog/lmnsd_ossl.so 2> /dev/null)" ]
		then
			ways="$ways tls"
		else
			echo 'skipped: rsyslog-openssl'
		fi
	fi
	for way in $ways; do
		perl -e 'print map { "$_ 5 is no length\n" } 1 .. 2000' \
		    > "$work/many"
		logger -u "$work/log" -t "$way" -p cron.info -f "$work/many"
		head -n 2000 <&3 | sed "s/.* cron.info $way *//" > "$work/got"
		is "rsyslog: $way" "$(cmp "$work/many" "$work/got" 2>&1)" ''
	done
	kill "$rsyslog"
	wait "$rsyslog"
	is 'rsyslog: its end' $? 0
	rsyslog=
}

check_tls()
{
	[ -n "$secure" ] || return
	printf '<13>a\n6 <14>bc<15>d' |
	    openssl s_client -quiet -no_ign_eof -CAfile "$work/cert" \
	    -verify_return_error -connect "127.0.0.1:$secure" 2> /dev/null
	is 'TLS: openssl' "$(lines 3)" "127.0.0.1 user.notice a|127.0.0.1 \
user.info bc|127.0.0.1 user.debug d|"
	have socat || return
	printf '<0>x\n' | socat - \
	    "OPENSSL:localhost:$secure,pf=ip4,cafile=$work/cert"
	is 'TLS: socat' "$(lines 1)" '127.0.0.1 kern.emerg x|'
}

# raw INPUT: what a printf format gives, to the server, whole and byte by byte
raw()
{
	# shellcheck disable=SC2059
	printf "$1" | perl -e 'use IO::Socket::INET;
	    local $/;
	    my $in = <STDIN>;
	    for my $step (length $in, 1) {
		my $socket = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or die;
		setsockopt $socket, 6, 1, 1;
		for (my $at = 0; $at < length $in; $at += $step) {
			syswrite $socket, substr $in, $at, $step or last;
		}
		shutdown $socket, 1;
		1 while sysread $socket, my $rest, 1000;
	    }' "$port"
}

# writes NAME INPUT LINES, each with its end and without its host
writes()
{
	raw "$2"
	raw '<7>.\n'
	want=$(printf '%s%skern.debug .|kern.debug .|' "$3" "$3")
	is "$1" "$(perl -e 'while (<STDIN>) {
		print;
		exit if $n += /kern.debug \.$/ and $n == 2;
	    }' <&3 | sed 's/^127.0.0.1 //' | tr '\n' '|')" "$want"
}

check_messages()
{
	writes 'told apart' '<8>a\n3 b\nc<9>d\n1 e\n2 12<10>f\n' \
	    'user.emerg a|user.notice b\012c|user.alert d|user.notice e|user.notice 12|user.crit f|'
	writes 'unterminated' '<8>a\n<8>b' 'user.emerg a|user.emerg b|'
	writes 'nothing' '\n\n\r\n\0\n1 \n<8>\n' 'user.emerg |'
	writes 'line ends' '<8>a\r\n5 <8>b\n6 <8>c\r\n' \
	    'user.emerg a|user.emerg b|user.emerg c|'
	writes 'what a line cannot have' '<8>a\033[mb\177\000\\\303\244\n' \
	    'user.emerg a\033[mb\177\000\134ä|'
	writes 'no priority' '<>a\n<192>b\n<1000>c\n<8d\n<\n<8\nx\n< 8>e\n' \
	    'user.notice <>a|user.notice <192>b|user.notice <1000>c|user.notice <8d|user.notice <|user.notice <8|user.notice x|user.notice < 8>e|'
	writes 'priorities' '<191>a\n<0>b\n' 'local7.debug a|kern.emerg b|'
	writes 'no length' '<8>a\n3x<8>b\n' 'user.emerg a|'
	writes 'a length of 0' '<8>a\n0 <8>b\n' 'user.emerg a|'
	writes 'a length with a 0 before it' '03 abc<8>b\n' ''
	writes 'a length without end' "$(printf '%0100d' 0 | tr 0 9) a" ''
	writes 'cut off' '<8>a\n10 <8>b' 'user.emerg a|'
	long=$(printf '%08190d' 0 | tr 0 x)
	writes 'long' "<8>$long\n8193 <8>$long<8>a\n<8>b\n" \
	    "user.emerg ${long#?}|user.emerg ${long#?}|user.emerg a|user.emerg b|"
}

check_file()
{
	start_server -p 0 -o "$work/file"
	raw '<8>before\n'
	mv "$work/file" "$work/old"
	kill -HUP "$server"
	until [ -e "$work/file" ]; do
		kill -0 "$server" || break
	done
	raw '<8>behind\n'
	stop 'a file' ''
	is 'a file: old' "$(tr '\n' '|' < "$work/old")" \
	    '127.0.0.1 user.emerg before|127.0.0.1 user.emerg before|'
	is 'a file: new' "$(tr '\n' '|' < "$work/file")" \
	    '127.0.0.1 user.emerg behind|127.0.0.1 user.emerg behind|'
	mkdir "$work/gone"
	start_server -p 0 -o "$work/gone/file"
	rm -r "$work/gone"
	kill -HUP "$server"
	ended 'a directory that is gone' 1 \
	    'syslogd: cannot write: No such file or directory|'
	[ -w /dev/full ] || return
	start_server -p 0 -o /dev/full
	raw '<8>lost\n' 2> /dev/null
	ended 'a full disk' 1 'syslogd: cannot write: No space left on device|'
}

# Half a message is waited for, and who is silent is not.
check_stop()
{
	start_server -p 0
	perl -e 'use IO::Socket::INET;
	    sub connected {
		my $socket = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or die;
		setsockopt $socket, 6, 1, 1;
		return $socket;
	    }
	    my ($silent, $counted, $line, $seen) = map { connected() } 1 .. 4;
	    syswrite $silent, "<8>one\n";
	    syswrite $counted, "10 <8>t";
	    syswrite $line, "<8>thr";
	    syswrite $seen, "<8>seen\n";
	    1 until <STDIN> =~ /seen/;
	    kill "TERM", $ARGV[1];
	    sysread $silent, my $rest, 1;
	    syswrite $counted, "wo two";
	    syswrite $line, "ee\n";
	    sysread $counted, $rest, 1;
	    sysread $line, $rest, 1;
	    close $_ for $silent, $counted, $line, $seen;
	    print sort <STDIN>;' "$port" "$server" <&3 > "$work/got"
	is 'stop' "$(tr '\n' '|' < "$work/got")" \
	    '127.0.0.1 user.emerg three|127.0.0.1 user.emerg two two|'
	ended stop 0 ''
}

# perl_sends SECTION: what perl does, over TLS as well where it can
perl_sends()
{
	[ -z "$secure" ] || perl -MNet::SSLeay -e 1 2> /dev/null || secure=
	counted "$1" perl "$srcdir/test/syslogd_raw.pl" "$port" "$server" "$1" \
	    "$secure" <&3
}

check_hostile()
{
	start_tls -p 0
	perl_sends fair
	# What the floods had sent is written to the end.
	cat <&3 > /dev/null &
	kill -TERM "$server"
	wait "$server"
	is 'floods: status' $? 0
	server=
	start_tls -p 0
	perl_sends long
	stop 'long ones' ''
	start_tls -p 0 -t 1
	perl_sends stops
	kill -TERM "$server"
	ended 'those who stop' 0 "syslogd: 127.0.0.1: frame timeout|${secure:+\
syslogd: 127.0.0.1: tls|}"
}

start_tls -p 0
check_logger
check_rsyslog
check_tls
check_messages
stop messages 'syslogd: 127.0.0.1: malformed|syslogd: 127.0.0.1: truncated|'
check_file
check_stop
check_hostile
start_tls -p 0 -o "$work/file"
printf '<8>line\n11 <8>counted\n<8>last' > "$work/talk"
abuse "$work/talk" 0
if [ -n "$secure" ]; then
	port=$secure
	abuse "$work/talk" 0
	abuse "$work/talk" 0 tls
fi
kill -TERM "$server"
wait "$server"
is 'abuse: its end' "$? $(tail -n 3 "$work/file" | tr '\n' '|')" \
    '0 127.0.0.1 user.emerg line|127.0.0.1 user.emerg counted|127.0.0.1 user.emerg last|'
server=
judge
