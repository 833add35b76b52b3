#!/bin/sh
# The memcache sample, driven by libmemcached's tools, one of which is a test of
# servers, and, where the very bytes matter, by a few lines of perl.
# MEMCACHE_SAMPLE may name another program, with arguments.
set -u

check=memcache
limit=300
# shellcheck disable=SC1091
. "${srcdir:-.}/test/sample.sh"
sample=${MEMCACHE_SAMPLE:-$(direct memcache)}
here=${srcdir:-.}/test
anew='flush_all noreply|'
# shellcheck disable=SC1091
. "$here/store.sh"

# refused NAME INPUT ANSWER: and what comes behind it is not looked at
refused()
{
	says "$1" "$2set c 0 0 1|x|" "CLIENT_ERROR $3|"
	is "$1: nothing was done" "$(printf 'get c\n' | send e |
	    tr -d '\r')" "$(printf 'END\nclosed')"
}

check_wire()
{
	a='set a 0 0 1 noreply|1|'
	says 'nothing' '' ''
	says 'set and get' 'set a 7 0 5|hello|get a|' \
	    'STORED|VALUE a 7 5|hello|END|'
	says 'LF ends a line' 'set a 0 0 1\nx|get   a \nget b\n' \
	    'STORED|VALUE a 0 1|x|END|END|'
	says 'a value of nothing' 'set a 0 0 0||get a|' \
	    'STORED|VALUE a 0 0||END|'
	says 'a value of lines' 'set a 0 0 10|a|\r\nget a|get a|' \
	    'STORED|VALUE a 0 10|a|\r\nget a|END|'
	says 'get of many' "${a}set b 4294967295 0 1|2|get b x a|" \
	    'STORED|VALUE b 4294967295 1|2|VALUE a 0 1|1|END|'
	says 'add' "${a}add a 0 0 1|x|add b 0 0 1|2|get a b|" \
	    'NOT_STORED|STORED|VALUE a 0 1|1|VALUE b 0 1|2|END|'
	says 'replace' "${a}replace b 0 0 1|x|replace a 0 0 1|2|get a b|" \
	    'NOT_STORED|STORED|VALUE a 0 1|2|END|'
	says 'append and prepend' \
	    "${a}append a 9 0 1|2|prepend a 0 0 1|0|append b 0 0 0||get a b|" \
	    'STORED|STORED|NOT_STORED|VALUE a 0 3|012|END|'
	says 'delete' "${a}delete a|delete a|delete a 0|delete a 1|get a|" \
	    "DELETED|NOT_FOUND|NOT_FOUND|CLIENT_ERROR bad command line format|END|"
	says 'incr and decr' \
	    "${a}incr a 9|decr a 4|decr a 7|incr b 1|incr a -1|get a|" \
	    '10|6|0|NOT_FOUND|CLIENT_ERROR invalid numeric delta argument|VALUE a 0 1|0|END|'
	says 'incr goes round' \
	    'set a 5 0 20|18446744073709551615|incr a 2|get a|' \
	    'STORED|1|VALUE a 5 1|1|END|'
	says 'incr of a word' 'set a 0 0 1|x|incr a 1|' 'STORED|CLIENT_ERROR cannot increment or decrement non-numeric value|'
	says 'a time that is over' \
	    "set a 0 -1 1|x|get a|${a}touch a -1|touch a 5|get a|" \
	    'STORED|END|TOUCHED|NOT_FOUND|END|'
	says 'a date, gone and to come' \
	    'set a 0 1000000000 1|x|set b 0 2147483647 1|x|get a b|' \
	    'STORED|STORED|VALUE b 0 1|x|END|'
	says 'noreply' "${a}add a 0 0 1 noreply|x|delete b noreply|incr a 2 noreply|get a|" 'VALUE a 0 1|3|END|'
	says 'what is no command' 'x|GET a||get|set a 0 0|version|quit|x|' \
	    'ERROR|ERROR|ERROR|ERROR|ERROR|VERSION 1.0.0|'
	long=$(printf 'k%.0s' $(seq 250))
	says 'a key of 250 bytes' "set $long 0 0 1|x|get $long|" \
	    "STORED|VALUE $long 0 1|x|END|"
	bad='CLIENT_ERROR bad command line format'
	says 'a key of 251' "set k$long 0 0 5|get a|get a|" "$bad|END|"
	says 'flags too large' "set a 4294967296 0 5|get a|get a|" "$bad|END|"
	says 'a time in words' "set a 0 soon 5|get a|get a|" "$bad|END|"
	says 'half a line' 'version|versi' 'VERSION 1.0.0|'
	says 'half a block' 'version|set a 0 0 5|hell' 'VERSION 1.0.0|'
	refused 'a negative length' 'set a 0 0 -1|' 'bad command line format'
	refused 'a length that overflows' 'set a 0 0 18446744073709551617|' \
	    'bad command line format'
	refused 'a length of 2^31' 'set a 0 0 2147483648|' \
	    'bad command line format'
	refused 'a block longer than it says' 'set a 0 0 1|xy|' \
	    'bad data chunk'
	refused 'a block shorter than it says' 'set a 0 0 9|x|' \
	    'bad data chunk'
	version=$(printf 'set a 0 0 1\r\n1\r\ngets a\r\n' | send e |
	    sed -n 's/^VALUE a 0 1 \([0-9]*\)\r$/\1/p')
	is 'cas' "$(for key in a a b; do
	    printf 'cas %s 0 0 1 %d\r\n2\r\n' $key "$version"; done | send e |
	    tr -d '\r' | tr '\n' ' ')" 'STORED EXISTS NOT_FOUND closed '
}

check_much()
{
	is 'a line without an end' "$(head -c 1200000 /dev/zero |
	    send '' | tr -d '\r')" "$(printf '%s\n' \
	    'CLIENT_ERROR line too long' closed)"
	{ printf 'set a 0 0 1\r\nx\r\nset a 0 0 1048577\r\n'
	  head -c 1048577 /dev/zero; printf '\r\nget a\r\n'
	  printf 'set a 0 0 1048576\r\n'; head -c 1048576 /dev/zero
	  printf '\r\nappend a 0 0 1\r\nx\r\nversion\r\n'; } | send e |
	    tr -d '\r' | tr '\n' '|' > "$work/got"
	is 'a block that is too large is passed over' "$(cat "$work/got")" \
	    'STORED|SERVER_ERROR object too large for cache|END|STORED|SERVER_ERROR object too large for cache|VERSION 1.0.0|closed|'
	yes 'get x' | head -n 100000 | send e | sort | uniq -c |
	    tr -s ' \r\n' ' ' > "$work/got"
	is '100000 gets at once' "$(cat "$work/got")" ' 100000 END 1 closed '
}

check_tools()
{
	is 'memccapable' "$(timeout 60 memccapable -h 127.0.0.1 -p "$port" \
	    -a 2>&1 | grep -v '\[pass\]')" 'All tests passed'
	servers=--servers=127.0.0.1:$port
	memcflush "$servers"
	head -c 1000000 /dev/urandom > "$work/big"
	echo hi > "$work/small"
	memccp "$servers" "$work/big" "$work/small"
	is 'memccp' $? 0
	memccat "$servers" --file="$work/got" big
	is 'memccat' "$(cmp "$work/got" "$work/big" 2>&1)" ''
	is 'memccat of a text' "$(memccat "$servers" small | head -n 1)" hi
	memcexist "$servers" small
	is 'memcexist' $? 0
	memctouch "$servers" --expire=100 small
	is 'memctouch' $? 0
	memcrm "$servers" small
	is 'memcrm' $? 0
	memcexist "$servers" small 2> "$work/err"
	is 'memcexist of nothing' $? 1
	memcping "$servers"
	is 'memcping' $? 0
	is 'memcstat' "$(memcstat "$servers" | grep -c 'version: 1.0.0')" 1
	memcflush "$servers"
	is 'memcflush' "$? $(memcstat "$servers" | grep -c 'curr_items: 0$')" \
	    '0 1'
	timeout 60 memcslap "$servers" --test=get --concurrency=10 \
	    --execute-number=1000 --initial-load=1000 > "$work/out" 2>&1
	is 'memcslap' $? 0
}

check_abuse()
{
	mkfifo "$work/hold" "$work/said"
	perl "$here/store_abuse.pl" "$port" 3 'set a 0 0 1048576\r\nxyz' \
	    'get a b\r\nget' 'set b 0 0 100000000\r\nabc' 'incr a' \
	    < "$work/hold" > "$work/said" &
	abuser=$!
	exec 4> "$work/hold" 5< "$work/said"
	read -r said <&5
	is 'amid abuse' "$said, $(echo version | send e | tr -d '\r' |
	    tr '\n' ' ')" 'sent, VERSION 1.0.0 closed '
	exec 4>&- 5<&-
	wait "$abuser"
	# Those go that were not used the longest.
	for i in $(seq 60); do
		printf 'set k%d 0 0 100000\r\n' "$i"
		head -c 100000 /dev/zero
		printf '\r\ntouch k1 0\r\n'
	done | send e > "$work/got"
	is 'what is used stays' "$(echo 'get k1 k2 k60' | send e |
	    grep -a -o 'VALUE k[0-9]*' | tr '\n' ' ')" 'VALUE k1 VALUE k60 '
}

# Once more, where every read gives one byte.
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

# One line that names a value 3000 times, which is 48 MB: it is cut off before.
check_amplified()
{
	is 'much for a line' "$(perl -MIO::Socket::INET -e '
		my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$ARGV[0]");
		print $s "set a 0 0 16000\r\n", "x" x 16000, "\r\nget",
		    " a" x 3000, "\r\n";
		my ($all, $n) = (0, 0);
		$all += $n while $n = sysread $s, my $in, 1 << 16;
		print $all < 20e6 ? "cut" : $all;
	    ' "$port")" cut
}

check_drip
start_server -m 4
check_amplified
check_wire
check_much
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
start_server
if command -v memccapable > "$work/out"; then
	check_tools
else
	echo 'skipped: the tools of libmemcached are not installed'
fi
if command -v nc > "$work/out"; then
	is 'nc' "$(printf 'version\nquit\n' | timeout 20 nc 127.0.0.1 "$port" |
	    tr -d '\r')" 'VERSION 1.0.0'
else
	echo 'skipped: nc is not installed'
fi
kill -INT "$server"
wait "$server"
is 'SIGINT ends it with status' $? 0
server=

judge
