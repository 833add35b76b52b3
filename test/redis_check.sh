#!/bin/sh
# The redis sample, driven by redis-cli and redis-benchmark and, where the very
# bytes matter, by a few lines of perl. REDIS_SAMPLE may name another program, with
# arguments.
set -u

check=redis
limit=300
# shellcheck disable=SC1091
. "${srcdir:-.}/test/sample.sh"
sample=${REDIS_SAMPLE:-$(direct redis)}
here=${srcdir:-.}/test
anew=''
# shellcheck disable=SC1091
. "$here/store.sh"

# strings WORD...: a command as an array
strings()
{
	printf '*%d\r\n' $#
	for word; do
		printf '$%d\r\n%s\r\n' ${#word} "$word"
	done
}

# refused NAME INPUT: answered as no command, whatever comes behind it
refused()
{
	says "$1" "PING|$2*1|\$4|PING|" '+PONG|-ERR Protocol error|'
}

cli()
{
	timeout 60 redis-cli -p "$port" "$@" 2>&1
}

check_cli()
{
	is 'PING' "$(cli ping)" PONG
	is 'PING with an argument' "$(cli ping 'a b')" 'a b'
	is 'ECHO' "$(cli echo 'Hello, world')" 'Hello, world'
	is 'SET' "$(cli set a 'one two')" OK
	is 'GET' "$(cli get a)" 'one two'
	is 'GET of nothing' "$(cli get nothing)" ''
	is 'SET again, in capitals' "$(cli SET a 1) $(cli GET a)" 'OK 1'
	is 'an empty key and value' "$(cli set '' '') $(cli exists '')" 'OK 1'
	is 'INCR' "$(cli incr a) $(cli incr a) $(cli incr new)" '2 3 1'
	is 'EXISTS counts' "$(cli exists a new nothing a)" 3
	is 'DEL counts' "$(cli del a new nothing a)" 2
	is 'EXISTS after it' "$(cli exists a new)" 0
	is 'INCR of a word' "$(cli set a b; cli incr a)" "$(printf \
	    'OK\nERR value is not an integer or out of range')"
	cli set a 9223372036854775807 > "$work/out"
	is 'INCR beyond the last number' "$(cli incr a)" \
	    'ERR value is not an integer or out of range'
	is 'INCR up to the last number' "$(cli set a 9223372036854775806
	    cli incr a)" "$(printf 'OK\n9223372036854775807')"
	is 'EXPIRE' "$(cli expire a 100) $(cli expire nothing 100)" '1 0'
	is 'TTL' "$(cli ttl a) $(cli ttl nothing)" '100 -2'
	is 'SET forgets it' "$(cli set a 1) $(cli ttl a)" 'OK -1'
	is 'SET with EX' "$(cli set a 1 ex 50) $(cli ttl a)" 'OK 50'
	is 'INCR keeps it' "$(cli incr a) $(cli ttl a)" '2 50'
	is 'EXPIRE in the past' "$(cli expire a -1) $(cli get a)" '1 '
	is 'SET with something else' "$(cli set a 1 px 50)" \
	    'ERR syntax error'
	is 'SET that ends at once' "$(cli set a 1 ex 0)" \
	    'ERR value is not an integer or out of range'
	is 'EXPIRE in words' "$(cli expire a soon)" \
	    'ERR value is not an integer or out of range'
	is 'GET of two' "$(cli get a b)" 'ERR wrong number of arguments'
	is 'an unknown command' "$(cli flushall)" 'ERR unknown command'
	# In the end a key is gone by itself.
	cli set a 1 ex 1 > "$work/out"
	until [ "$(cli exists a)" = 0 ]; do :; done
	is 'it expires' "$(cli get a) $(cli ttl a)" ' -2'
}

check_values()
{
	perl -e 'srand 1; print pack "N*", map { rand 2 ** 32 } 1 .. 262144' \
	    > "$work/big"
	head -c 5000 "$work/big" > "$work/small"
	for size in small big; do
		is "a $size value goes in" "$(cli -x set "$size" < \
		    "$work/$size")" OK
		cli get "$size" | head -c -1 > "$work/got"
		is "a $size value comes out" \
		    "$(cmp "$work/got" "$work/$size" 2>&1)" ''
	done
	{ cat "$work/big"; echo; } > "$work/above"
	cli -x set above < "$work/above" > "$work/got"
	is 'a value that is too big does not' "$(cli exists above)" 0
	# It is sent while its key gets another one.
	{ strings get big; strings set big x; strings get big; } | send e > \
	    "$work/got"
	{ printf '$1048576\r\n'; cat "$work/big"
	  printf '\r\n+OK\r\n$1\r\nx\r\nclosed\n'; } > "$work/want"
	is 'a value that is replaced' "$(cmp "$work/got" "$work/want" 2>&1)" ''
	cli --pipe < "$work/mass" > "$work/got"
	is 'redis-cli --pipe' "$(tail -n 1 "$work/got")" \
	    'errors: 0, replies: 20000'
	is 'all of it is there' "$(cli incr mass)" 20001
}

check_wire()
{
	says 'nothing' '' ''
	says 'a line' 'PING|' '+PONG|'
	says 'LF ends a line' 'ping\nECHO  \ta \n' '+PONG|$1|a|'
	says 'empty lines' '||\n   |PING|' '+PONG|'
	says 'arrays' '*1|$4|PING|*2|$4|echo|$3|a\000b|' '+PONG|$3|a\000b|'
	says 'an empty string' '*2|$4|ECHO|$0||PING|' '$0||+PONG|'
	says 'CR LF in a string' '*2|$4|ECHO|$4||||' '$4||||'
	says 'an empty array' '*0|PING|' '+PONG|'
	says 'QUIT' 'PING|QUIT|PING|' '+PONG|+OK|'
	says 'half an array' 'PING|*1|$4|PIN' '+PONG|'
	says 'half a header' 'PING|*' '+PONG|'
	says 'half a line' 'PING|PIN' '+PONG|'
	refused 'no number' '*|'
	refused 'a negative number' '*-1|'
	refused 'too many strings' '*1025|'
	refused 'a number without an end' '*00000000000000000000'
	refused 'a number that overflows' '*18446744073709551617|'
	refused 'LF behind a number' '*1\n'
	refused 'CR, and no LF' '*1\rx'
	refused 'no string' '*1|:4|'
	refused 'a string of a negative length' '*1|$-1|'
	refused 'a string that is too long' '*1|$1048577|'
	refused 'a string that overflows' '*1|$18446744073709551620|'
	refused 'a string that is longer than it says' '*2|$4|ECHO|$1|ab|'
	refused 'a line of too many words' \
	    "$(printf 'x %.0s' $(seq 1025))|"
}

check_much()
{
	is 'a line without an end' "$(head -c 1200000 /dev/zero |
	    send '' | tr -d '\r')" "$(printf '%s\n' \
	    '-ERR Protocol error: too long' closed)"
	is 'many long strings' "$({ printf '*1000\r\n'; for _ in $(seq 20); do
	    printf '$65536\r\n'; head -c 65536 /dev/zero; printf '\r\n'
	    done; } | send '' | tr -d '\r')" "$(printf '%s\n' \
	    '-ERR Protocol error: too long' closed)"
	yes 'PING' | head -n 100000 | send e | sort | uniq -c |
	    tr -s ' \r\n' ' ' > "$work/got"
	is '100000 lines at once' "$(cat "$work/got")" ' 100000 +PONG 1 closed '
}

check_benchmark()
{
	for pipeline in 1 32; do
		timeout 60 redis-benchmark -p "$port" -q --csv -n 20000 \
		    -P $pipeline -r 1000 -t ping,set,get,incr \
		    2> "$work/err" > "$work/got"
		is "redis-benchmark -P $pipeline" "$(cut -d, -f1 "$work/got" |
		    tr -d '"' | tr '\n' ' ')" \
		    'test PING_INLINE PING_MBULK SET GET INCR '
	done
}

# kilobytes: what the server has of memory
kilobytes()
{
	awk '/^VmRSS/ { print $2 }' "/proc/$server/status"
}

check_abuse()
{
	mkfifo "$work/hold" "$work/said"
	for seed in 1 2; do
		perl "$here/store_abuse.pl" "$port" $seed '*2\r\n$3\r\nGET\r\n' \
		    '*1\r\n$1048576\r\nx' 'PING\r\nPI' '*1000\r\n$3\r\nDEL\r\n' \
		    '*' < "$work/hold" > "$work/said" &
		abuser=$!
		exec 4> "$work/hold" 5< "$work/said"
		read -r said <&5
		is "amid abuse ($seed)" "$said, $(strings ping | send e |
		    tr -d '\r' | tr '\n' ' ')" 'sent, +PONG closed '
		exec 4>&- 5<&-
		wait "$abuser"
	done
	# One who asks for much and reads nothing does not get it.
	{ strings set big "$(head -c 100000 /dev/zero | tr '\0' x)"
	  for _ in $(seq 2000); do strings get big; done; } > "$work/greedy"
	before=$(kilobytes)
	perl -MIO::Socket::INET -e '
		my $socket = IO::Socket::INET->new(PeerAddr =>
		    "127.0.0.1:$ARGV[0]") or die;
		local $/;
		syswrite($socket, <STDIN>);
		print "sent\n";
		close STDOUT;
		sleep 60;' "$port" < "$work/greedy" > "$work/said" &
	abuser=$!
	read -r said < "$work/said"
	is 'it is there for others' "$(strings ping | send e | head -c 5)" +PONG
	[ $(($(kilobytes) - before)) -lt 20000 ]
	is 'and its memory has not grown by 20 MB' $? 0
	kill "$abuser"
}

# Those keys go that were not used the longest.
check_room()
{
	{ for i in $(seq 30); do
		strings set "k$i" "$(head -c 100000 /dev/zero | tr '\0' x)"
		strings get k1
	done; } | send e > "$work/got"
	is 'what is used stays' "$(strings exists k1 k30 k2 k3 | send e |
	    head -c 2)" :2
}

# Once more, where every read gives one byte. A command is then cut everywhere.
check_drip()
{
	library=${NASTY_LIBRARY:-./test/.libs/libnasty.so}
	if [ ! -f "$library" ] || [ -n "${SANITIZER_CFLAGS-}" ]; then
		echo 'skipped: reads of one byte: no library can be put before'
		return
	fi
	plain=$sample
	sample="env LD_PRELOAD=$library EVCHAT_NASTY_ONE_IN=1 $plain"
	export EVCHAT_NASTY='one byte'
	start_server
	unset EVCHAT_NASTY
	check_wire
	kill -TERM "$server"
	wait "$server"
	sample=$plain
}

check_drip
start_server -m 64
seq 20000 | sed 's/.*/INCR mass\r/' > "$work/mass"
check_wire
check_much
if ! command -v redis-cli > "$work/out"; then
	echo 'skipped: redis-cli and redis-benchmark are not installed'
else
	check_cli
	check_values
	check_benchmark
fi
if [ "$(ulimit -H -n)" = unlimited ] || [ "$(ulimit -H -n)" -ge 2000 ]; then
	ulimit -n "$(ulimit -H -n)"
	check_abuse
else
	echo 'skipped: abuse by 1000 connections: too few descriptors'
fi
kill -TERM "$server"
wait "$server"
is 'SIGTERM ends it with status' $? 0
is 'and nothing to complain of' "$(cat "$work/stderr")" ''
start_server -m 2
check_room
kill -INT "$server"
wait "$server"
is 'SIGINT ends it with status' $? 0
server=

judge
