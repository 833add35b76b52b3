#!/bin/sh
# The chat sample, and those who talk in it: telnet, nc, bash, and conversations
# that chat_script.pl plays. What is said in a room without trouble is in
# chat_cases.sh, what takes limits and signals is here. CHAT_SAMPLE may name
# another program, with arguments.
set -u

check=chat
limit=600
# shellcheck disable=SC1091
. "${srcdir:-.}/test/sample.sh"
sample=${CHAT_SAMPLE:-$samples/chat}
dir=$srcdir/test
export work

# start OPTION...: a server
start()
{
	options=$*
	start_server -p 0 "$@"
}

# talk: the script on standard input
talk()
{
	perl "$dir/chat_script.pl" "$port" "$server" > "$work/said" 2>&1 ||
	    echo "FAILED: the script for chat $options" >> "$work/said"
	cat "$work/said"
	passed=$((passed + $(grep -c '^ok: ' "$work/said")))
	failed=$((failed + $(grep -c '^FAILED: ' "$work/said")))
}

# The server ends, and had nothing else to say.
ended()
{
	wait "$server"
	is "its end: chat $options" "$?, $(cat <&3 "$work/stderr")" '0, '
	server=
}

stop()
{
	kill -TERM "$server"
	ended
}

# shellcheck disable=SC1091
. "$dir/chat_cases.sh"

# Slow readers. Only the drop and skip policies have the queue limited, so that
# nothing else ends them; and nobody is too fast.
check_slow()
{
	start -f 0 -q 20000 -b 0 -t 0
	talk <<-'EOT'
	case a slow reader is dropped, and the others are told
	join a b
	slow+ 2048
	slow> slow
	a< -- slow joined
	b< -- slow joined
	do until a b 1 -- slow left \(too slow\)
	do rest slow
	slow2+
	slow2> slow
	slow2< -- hello, slow: 3 here, /help helps
	b< -- slow joined
	b> on
	slow2< <b> on

	case three slow readers at once
	join a b
	s1+ 2048
	s1> s1
	b< -- s1 joined
	s2+ 2048
	s2> s2
	b< -- s2 joined
	s3+ 2048
	s3> s3
	b< -- s3 joined
	do until a b 3 -- s\d left \(too slow\)
	EOT
	stop
	start -f 0 -q 20000 -b 0 -t 0 -s skip
	talk <<-'EOT'
	case a slow reader misses messages, is told how many, and hears again
	join a b
	slow+ 2048
	slow> slow
	slow< -- hello, slow: 3 here, /help helps
	a< -- slow joined
	b< -- slow joined
	do skip a b slow
	do skip a b slow
	EOT
	stop
	start -f 0 -q 0 -b 300000 -t 0
	talk <<-'EOT'
	case a budget ends who holds most
	join a b
	slow+ 2048
	slow> slow
	b< -- slow joined
	do until a b 1 -- slow left \(budget\)
	do rest slow
	EOT
	stop
	start -f 0 -q 0 -b 0 -t 100
	talk <<-'EOT'
	case who takes nothing for a time is ended
	join a b
	slow+ 2048
	slow> slow
	b< -- slow joined
	do until a b 1 -- slow left \(stall timeout\)
	do rest slow
	EOT
	stop
}

check_times()
{
	start -l 100
	talk <<-'EOT'
	case half a line and no more
	join b a
	a>> half
	b< -- a left (frame timeout)
	a=
	join a

	case a byte now and then
	join b a
	do drip a
	b< -- a left (frame timeout)
	join a
	EOT
	stop
	start -i 100
	talk <<-'EOT'
	case are you there
	do idle a
	join a
	EOT
	stop
	start -n 100 -m 100
	talk <<-'EOT'
	case who says no name
	a+
	a< -- too late. Goodbye
	a=

	case 300 who say nothing, where 100 may be, and one who does
	do silent 300
	do hasty a
	EOT
	stop
	start -m 2
	talk <<-'EOT'
	case who waits for a place
	join a b
	c*
	a> /msg b before
	b< [a] before
	c?
	b> /quit
	a< -- b left (quit)
	b< -- goodbye
	b=
	c< Name?
	EOT
	stop
	start -f 20000
	talk <<-'EOT'
	case who sends too fast is slowed down
	join a b
	do flood a b 20 250
	EOT
	stop
}

# SIGTERM: all are told, and those who are typing may finish. Who has heard
# itself knows that what was sent before that has been read.
check_end()
{
	start
	talk <<-'EOT'
	case the server is going down
	x+
	join a b c
	b>> the la
	c>> and the very la
	a> /msg a here
	a< [a] here
	kill
	a< -- the server is going down
	a=
	x=
	b< -- the server is going down
	b> st one
	b=
	c< -- the server is going down
	c< <b> the last one
	c> st
	c=
	EOT
	ended
	start -g 100
	talk <<-'EOT'
	case nobody can keep it
	join a b
	a>> half
	b> /msg b here
	b< [b] here
	kill
	a< -- the server is going down
	b< -- the server is going down
	b=
	a=
	EOT
	ended
	start -g 0
	talk <<-'EOT'
	case a second signal
	join a b
	a>> half
	b> /msg b here
	b< [b] here
	kill
	a< -- the server is going down
	b< -- the server is going down
	b=
	kill
	a=
	EOT
	ended
}

start -f 0
check_names
check_leaving
check_talking
talk <<-'EOT'
case 200 at once
do many 200 2
EOT
check_clients
stop
check_slow
check_times
check_end

judge && [ "$passed" -gt 50 ]
