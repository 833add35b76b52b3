#!/bin/sh
# The ircd sample, joined by ii, directly and through socat's TLS, by openssl, and
# by conversations that chat_script.pl plays. IRCD_SAMPLE may name another program,
# with arguments.
set -u

check=ircd
limit=90
# shellcheck disable=SC1091
. "${srcdir:-.}/test/sample.sh"
sample=${IRCD_SAMPLE:-$(direct ircd)}
# What is freed is to be free again at once, or memory would not be bounded.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1
export ASAN_OPTIONS
export work

clients=
end_all()
{
	# Several processes.
	# shellcheck disable=SC2086
	[ -z "$clients" ] || kill $clients 2> /dev/null
	clean_up
}
trap end_all EXIT

# talk: the script on standard input
talk()
{
	perl "$srcdir/test/chat_script.pl" "$port" "$server" \
	    > "$work/said" 2>&1 || echo "FAILED: the script" >> "$work/said"
	cat "$work/said"
	passed=$((passed + $(grep -c '^ok: ' "$work/said")))
	failed=$((failed + $(grep -c '^FAILED: ' "$work/said")))
}

# The server ends, and had nothing else to say.
ended()
{
	wait "$server"
	is "its end: $1" "$?, $(cat <&3 "$work/stderr")" '0, '
	server=
}

# until_said FILE TEXT: it is in there, or its writer has ended
until_said()
{
	until grep -qF "$2" "$1" 2> /dev/null; do
		for client in $clients; do
			kill -0 "$client" 2> /dev/null || return
		done
	done
}

# heard FILE: what ii has written there, without the times
heard()
{
	sed 's/^[0-9]* //' "$1" | tr '\n' '|'
}

# join_by NAME ARGUMENT...: ii, in a channel
join_by()
{
	nick=$1
	shift
	ii -i "$work/$nick" -n "$nick" "$@" > /dev/null 2>&1 3<&- &
	clients="$clients $!"
	until_said "$work/$nick/$host/out" 'no message of the day'
	echo '/j #room' > "$work/$nick/$host/in"
	until_said "$work/$nick/$host/#room/out" "$nick"
}

check_ii()
{
	have ii || return
	host=127.0.0.1
	join_by alice -s 127.0.0.1 -p "$port"
	through=
	if [ -n "$secure" ] && have socat; then
		socat "UNIX-LISTEN:$work/socket" \
		    "OPENSSL:localhost:$secure,pf=ip4,cafile=$work/cert" \
		    2> /dev/null 3<&- &
		through="-u $work/socket"
		until [ -S "$work/socket" ]; do
			kill -0 $! || break
		done
	fi
	# shellcheck disable=SC2086 # two words, or none
	join_by bob -s 127.0.0.1 -p "$port" $through
	room='127.0.0.1/#room'
	until_said "$work/alice/$room/out" bob
	echo 'hello, all' > "$work/alice/$room/in"
	until_said "$work/bob/$room/out" hello
	echo 'hello, alice' > "$work/bob/$room/in"
	until_said "$work/alice/$room/out" 'hello, alice'
	echo '/t what we do' > "$work/bob/$room/in"
	until_said "$work/alice/$room/out" 'what we do'
	echo '/j bob for you' > "$work/alice/127.0.0.1/in"
	until_said "$work/bob/127.0.0.1/alice/out" 'for you'
	is 'ii: alone' "$(heard "$work/bob/127.0.0.1/alice/out")" \
	    '<alice> for you|'
	echo '/n robert' > "$work/bob/127.0.0.1/in"
	until_said "$work/alice/127.0.0.1/out" robert
	echo '/q so long' > "$work/bob/127.0.0.1/in"
	until_said "$work/alice/127.0.0.1/out" 'so long'
	is 'ii: the channel' "$(heard "$work/alice/$room/out")" "-!- alice(alice@127.0.0.1) has \
joined #room|-!- bob(bob@127.0.0.1) has joined #room|<alice> hello, all|<bob> hello, \
alice|-!- bob changed topic to \"what we do\"|"
	clients=
}

check_openssl()
{
	[ -n "$secure" ] || return
	printf 'NICK carol\nUSER carol 0 * :C\nPING 1\nQUIT\n' |
	    openssl s_client -quiet -crlf -CAfile "$work/cert" \
	    -verify_return_error -connect "127.0.0.1:$secure" \
	    2> /dev/null > "$work/got"
	is 'openssl' "$(tail -n 2 "$work/got" | tr -d '\r' | tr '\n' '|')" \
	    ':irc.local PONG irc.local :1|ERROR :Goodbye|'
}

check_talk()
{
	talk <<-'EOT'
	case registering
	a*
	a> NICK one
	a> PING :x y
	a< :irc.local PONG irc.local :x y
	a> JOIN #c
	a< :irc.local 451 one :You have not registered
	a> CAP LS 302
	a< :irc.local 421 one CAP :Unknown command
	a> USER ~o!@ 0 * :Real name
	a< :irc.local 001 one :Welcome, one!_o__@127.0.0.1
	a< :irc.local 002 one :Your host is irc.local, a sample
	a< :irc.local 003 one :It was started when it was needed
	a< :irc.local 004 one irc.local sample o o
	a< :irc.local 005 one CASEMAPPING=ascii CHANTYPES=# NICKLEN=30 CHANNELLEN=50 TOPICLEN=300 :are supported
	a< :irc.local 422 one :There is no message of the day
	a> USER o 0 * :again
	a< :irc.local 462 one :You may not register again
	b*
	b> USER o 0 * :Real name
	b> NICK ONE
	b< :irc.local 433 * ONE :Nickname is already in use
	b> NICK 1
	b< :irc.local 432 * 1 :Erroneous nickname
	b> NICK {31}x
	b< :irc.local 432 * {31}x :Erroneous nickname
	b> NICK
	b< :irc.local 461 * NICK :Not enough parameters
	b>>  :one  nick  two \n\r\n\r:only\n\nNICK two\0rest\r\nPING 1\r
	do skip_to b 422 two
	b< :two!o@127.0.0.1 NICK :two
	b< :irc.local PONG irc.local :1
	EOT
	talk <<-'EOT'
	case channels
	do irc d e f
	d> JOIN #c,#C,c,#
	d< :d!user@127.0.0.1 JOIN #c
	d< :irc.local 353 d = #c :d
	d< :irc.local 366 d #c :End of /NAMES list
	d< :irc.local 403 d c :No such channel
	d< :irc.local 403 d # :No such channel
	e> JOIN #C
	e< :e!user@127.0.0.1 JOIN #c
	e< :irc.local 353 e = #c :d e
	e< :irc.local 366 e #c :End of /NAMES list
	d< :e!user@127.0.0.1 JOIN #c
	e> PRIVMSG #c :hello  you
	d< :e!user@127.0.0.1 PRIVMSG #c :hello  you
	f> PRIVMSG #c :from outside
	f< :irc.local 404 f #c :You are not in it
	f> NOTICE #c :from outside
	f> NAMES #c
	f< :irc.local 442 f #c :You are not in it
	f> PRIVMSG D one
	d< :f!user@127.0.0.1 PRIVMSG d :one
	f> PRIVMSG nobody :one
	f< :irc.local 401 f nobody :No such nick
	f> PRIVMSG #none :one
	f< :irc.local 403 f #none :No such channel
	f> NOTICE nobody :one
	f> PRIVMSG f :to me
	f< :f!user@127.0.0.1 PRIVMSG f :to me
	f> PRIVMSG f
	f< :irc.local 461 f PRIVMSG :Not enough parameters
	d> TOPIC #c
	d< :irc.local 331 d #c :No topic is set
	d> TOPIC #c :what we do
	d< :d!user@127.0.0.1 TOPIC #c :what we do
	e< :d!user@127.0.0.1 TOPIC #c :what we do
	f> JOIN #c
	f< :f!user@127.0.0.1 JOIN #c
	f< :irc.local 332 f #c :what we do
	f< :irc.local 353 f = #c :d e f
	f< :irc.local 366 f #c :End of /NAMES list
	d< :f!user@127.0.0.1 JOIN #c
	e< :f!user@127.0.0.1 JOIN #c
	d> MODE #c
	d< :irc.local 324 d #c +
	d> WHO #c
	d< :irc.local 315 d #c :End of /WHO list
	f> PART #c,#c :enough
	f< :f!user@127.0.0.1 PART #c :enough
	f< :irc.local 442 f #c :You are not in it
	d< :f!user@127.0.0.1 PART #c :enough
	e< :f!user@127.0.0.1 PART #c :enough

	case names, and leaving: told once, to those who share a channel
	do irc g h i
	g> JOIN #1,#2
	do skip_to g 366 g #2
	h> JOIN #1,#2
	do skip_to h 366 h #2
	do skip_to g JOIN #2
	i> NICK i2
	i< :i!user@127.0.0.1 NICK :i2
	h> NICK h2
	h< :h!user@127.0.0.1 NICK :h2
	g< :h!user@127.0.0.1 NICK :h2
	h> QUIT :so long
	h< ERROR :Goodbye
	h=
	g< :h2!user@127.0.0.1 QUIT :so long
	EOT
}

check_more()
{
	talk <<-'EOT'
	case leaving without a word, and with half a line
	do irc j k l
	j> JOIN #3
	do skip_to j 366 j #3
	k> JOIN #3
	do skip_to k 366 k #3
	l> JOIN #3
	do skip_to l 366 l #3
	do skip_to j l!user@127.0.0.1 JOIN
	do skip_to k l!user@127.0.0.1 JOIN
	k.
	j< :k!user@127.0.0.1 QUIT :hung up
	l>> PRIVMSG #3 :half
	l/
	j< :l!user@127.0.0.1 QUIT :hung up

	case long lines
	do irc m n
	m> PRIVMSG n :{499}x
	n< :m!user@127.0.0.1 PRIVMSG n :{481}x
	m> PRIVMSG n :{500}x
	m< :irc.local 417 m :Input line was too long
	m> PING on
	m< :irc.local PONG irc.local :on
	m> JOIN #{50}x
	m< :irc.local 403 m #{50}x :No such channel
	m> a b c d e f g h i j k l m n o p q r s t u v w x y z
	m< :irc.local 421 m A :Unknown command
	m> JOIN #a1,#a2,#a3,#a4,#a5,#a6,#a7,#a8,#a9,#a10,#a11
	do skip_to m 366 m #a10
	m< :irc.local 405 m #a11 :You are in too many

	case a CR within what is said ends the line
	do irc o p
	o>> PRIVMSG p :a\rPRIVMSG p :b\r\n
	p< :o!user@127.0.0.1 PRIVMSG p :a
	p< :o!user@127.0.0.1 PRIVMSG p :b
	EOT
}

check_times()
{
	start_server -p 0 -i 2
	talk <<-'EOT'
	case are you there
	u*
	do irc q r
	r< PING :irc.local
	q< PING :irc.local
	q> PONG :irc.local
	q< PING :irc.local
	r=
	u=
	q> QUIT
	q< ERROR :Goodbye
	q=
	EOT
	kill -TERM "$server"
	ended 'silence'
}

# raw SECTION [PORT]: what perl does
raw()
{
	counted "$1" perl "$srcdir/test/ircd_raw.pl" "$port" "$server" "$@"
}

# With the limits there are, with a short one, and with none
check_limits()
{
	raw flood
	kill -TERM "$server"
	ended 'floods'
	start_tls -p 0 -r 2
	raw hurry
	if [ -n "$secure" ] && perl -MNet::SSLeay -e 1 2> /dev/null; then
		raw hurry_tls "$secure"
	fi
	kill -TERM "$server"
	ended 'hurry'
	start_server -p 0 -f 0
	raw nicks
	raw deaf
	kill -TERM "$server"
	ended 'nicks, and who is deaf'
}

check_stop()
{
	talk <<-'EOT'
	case the server is going down
	do irc s t
	s>> PING :the la
	t> PRIVMSG s here
	s< :t!user@127.0.0.1 PRIVMSG s :here
	kill
	s< :irc.local NOTICE * :The server is going down
	t< :irc.local NOTICE * :The server is going down
	t=
	s> st
	s< :irc.local PONG irc.local :the last
	s=
	EOT
	ended 'going down'
}

start_tls -p 0
check_ii
check_openssl
check_talk
check_more
{
	printf 'NICK abuse\r\nUSER a 0 * :A\r\nJOIN #x\r\nPRIVMSG #x :hi\r\n'
	printf 'TOPIC #x :t\r\nPART #x\r\nPING 1\r\nQUIT :bye\r\n'
} > "$work/talk"
abuse "$work/talk" 0
plain=$port
[ -z "$secure" ] || {
	port=$secure
	abuse "$work/talk" 0
	abuse "$work/talk" 0 tls
}
port=$plain
check_stop
start_server -p 0
check_limits
check_times
judge

