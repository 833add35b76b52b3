#!/bin/sh
# The http sample, driven by curl and, where the very bytes matter, by a few
# lines of perl. HTTP_SAMPLE may name another program, with arguments.
set -u

check=http
limit=900
# shellcheck disable=SC1091
. "${srcdir:-.}/test/sample.sh"
sample=${HTTP_SAMPLE:-$samples/http}

need curl

# A client that sends what it reads and tells what it is answered: a "|" between
# replies, a "!" behind those that say that they are the last, then how the
# connection ended. Flags: b sends byte by byte; e shuts its write side
# afterwards; h asks with HEAD; v vanishes instead of reading, x with a reset; w
# says so when the first reply is there.
cat > "$work/client" <<'PERL'
use strict;
use warnings;
use Socket qw(IPPROTO_TCP TCP_NODELAY SOL_SOCKET SO_LINGER);
use IO::Socket::INET;

my ($port, $flags) = @ARGV;
my ($in, $end) = ('', 'closed');
my $request = do { local $/; <STDIN> } // '';
my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
    PeerPort => $port, Proto => 'tcp') or die "connect: $@";
setsockopt($socket, IPPROTO_TCP, TCP_NODELAY, 1) or die $!;
$SIG{PIPE} = 'IGNORE';
$| = 1;

sub send_all {
	my $step = $flags =~ /b/ ? 1 : length($request) || 1;
	for (my $at = 0; $at < length $request;) {
		my $n = syswrite($socket, $request, $step, $at);
		return if !defined $n;
		$at += $n;
	}
	shutdown($socket, 1) if $flags =~ /e/;
}

# While one process sends, the other one reads.
my $child = $flags =~ /[vx]/ ? undef : fork() // die $!;
if (!$child) {
	send_all();
	setsockopt($socket, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0))
	    if $flags =~ /x/;
	exit 0;
}
$SIG{ALRM} = sub { die "timeout\n" };
eval {
	alarm 30;
	while (my $n = sysread($socket, $in, 65536, length $in) // die "reset\n") {
		print "ready\n" if $flags =~ s/w//;
	}
};
alarm 0;
if ($@) {
	$end = $@;
	chomp $end;
}
my @replies;
while ($in =~ s/\AHTTP\/1\.1 (\d{3}) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n//) {
	my ($status, $fields) = ($1, $2);
	if ($status == 100) {
		push @replies, $status;
		next;
	}
	my ($len) = $fields =~ /^Content-Length: (\d+)\r$/m or last;
	my ($connection) = $fields =~ /^Connection: (\S+)\r$/m or last;
	$len = 0 if $flags =~ /h/;
	last if length($in) < $len;
	my $body = substr($in, 0, $len, '');
	$body =~ s/\n\z//;
	$body = "$len bytes" if length $body > 60;
	$body = $body eq '' ? $status : "$status $body" if $body !~ /^$status /;
	push @replies, $body . ($connection eq 'close' ? '!' : '');
	last if $connection eq 'close';
}
push @replies, 'and ' . length($in) . ' bytes more' if $in ne '';
print join('|', @replies, $end), "\n";
waitpid($child, 0) if $child;
PERL

# send FLAGS: standard input to the server, and what came of it
send()
{
	timeout 120 perl "$work/client" "$port" "$1" 2>&1
}

# The same result however the bytes are cut. The request is a printf format.
# same NAME FLAGS REQUEST WANT
same()
{
	# shellcheck disable=SC2059
	is "$1" "$(printf "$3" | send "$2"), $(printf "$3" | send "b$2")" "$4, $4"
}

# The server closes by itself after a refusal, whatever comes behind it.
# refused NAME REQUEST WANT
refused()
{
	same "$1" '' "$2$next" "$3|closed"
}

# The next request is answered as well.
# goes_on NAME REQUEST WANT
goes_on()
{
	same "$1" e "$2$next" "$3|200 Hello, next|closed"
}

# zeros N, noise N: so many bytes
zeros()
{
	head -c "$1" /dev/zero
}

noise()
{
	perl -e 'srand 1; print pack "N*", map { rand 2 ** 32 } 0 .. shift() / 4' \
	    "$1" | head -c "$1"
}

fetch()
{
	curl -q -sS --noproxy '*' --max-time 60 "$@"
}

host='Host: localhost\r\n'
end=" HTTP/1.1\r\n$host"
next="GET /hello?name=next$end\r\n"

check_curl()
{
	is 'GET' "$(fetch -w '%{http_code} %{content_type}' -o "$work/got" \
	    "$url") $(head -c 5 "$work/got")" '200 text/plain Hello'
	is 'GET with a query' "$(fetch "${url}hello?a=b&name=world&c")" \
	    'Hello, world'
	is 'GET with HTTP/1.0' "$(fetch -0 "${url}hello?name=1.0")" 'Hello, 1.0'
	fetch -D "$work/get" -o "$work/got" "$url"
	fetch -I "$url" > "$work/head"
	is 'HEAD says what GET says' "$(grep -v '^Date:' "$work/head")" \
	    "$(grep -v '^Date:' "$work/get")"
	is 'answers have a date' "$(grep -c -E '^Date: [A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT' "$work/get")" 1
	is 'three requests, one connection' \
	    "$(fetch -w '%{http_code} %{num_connects};' -o "$work/got" "$url" \
	    -o "$work/got" "${url}nowhere" -o "$work/got" "$url")" \
	    '200 1;404 0;200 0;'
	is 'three POSTs, one connection' \
	    "$(fetch -w ' %{num_connects};' -d abc "${url}echo" "${url}echo" \
	    "${url}echo")" 'abc 1;abc 0;abc 0;'
	is '200 connections at once' "$(fetch --no-progress-meter --parallel \
	    --parallel-immediate \
	    --parallel-max 200 -w '%{http_code}\n' -o "$work/got" \
	    "${url}hello?[1-200]" | sort | uniq -c | tr -s ' \n' ' ')" \
	    ' 200 200 '
}

# upload NAME SIZE CURL-ARGUMENT...: comes back as it was sent
upload()
{
	name=$1
	noise "$2" > "$work/sent"
	: > "$work/got"
	shift 2
	status=$(fetch -w '%{http_code} %{content_type}' -o "$work/got" "$@" \
	    "${url}echo")
	cmp "$work/sent" "$work/got" > "$work/cmp" 2>&1 || status=differs
	is "$name" "$status" '200 application/octet-stream'
}

check_uploads()
{
	upload 'POST of no bytes' 0 --data-binary "@$work/sent"
	upload 'POST of 1 byte' 1 --data-binary "@$work/sent"
	upload 'POST of 70000 bytes' 70000 --data-binary "@$work/sent"
	upload 'POST of 1 MiB' 1048576 --data-binary "@$work/sent"
	upload 'PUT of 1 MiB' 1048576 -T "$work/sent"
	upload 'POST of 100 bytes, told to continue' 100 -v \
	    --data-binary "@$work/sent" -H 'Expect: 100-continue' \
	    --stderr "$work/log"
	is 'the telling' "$(grep -c '^< HTTP/1.1 100 Continue' "$work/log")" 1
	zeros 1048577 > "$work/sent"
	is 'POST of 1 MiB and a byte' "$(fetch -v --data-binary "@$work/sent" \
	    -H 'Expect: 100-continue' --stderr "$work/log" -w '%{http_code}' \
	    -o "$work/got" "${url}echo")" 413
	is 'no telling' "$(grep -c '^< HTTP/1.1 100' "$work/log")" 0
	post="POST /echo${end}Content-Length: 1048576\r\n\r\n"
	# shellcheck disable=SC2059
	is '1 MiB and a half-close' "$({ printf "$post"; zeros 1048576; } |
	    send e)" '200 1048576 bytes|closed'
	# shellcheck disable=SC2059
	is '5 times 1 MiB, pipelined' "$(for _ in 1 2 3 4 5; do printf "$post"
	    zeros 1048576; done | send e | tr '|' '\n' | uniq -c | tr -s ' \n' ' ')" \
	    ' 5 200 1048576 bytes 1 closed '
	# shellcheck disable=SC2059
	is 'a long body, half sent, is not answered' \
	    "$({ printf "$post"; zeros 500000; } | send e)" 'closed'
}

check_persistence()
{
	goes_on 'a GET, then another' "GET /hello?name=a$end\r\n" '200 Hello, a'
	goes_on 'a POST, then a GET' \
	    "POST /echo${end}Content-Length: 3\r\n\r\nabc" '200 abc'
	goes_on 'an empty POST, then a GET' \
	    "POST /echo${end}Content-Length: 0\r\n\r\n" 200
	goes_on 'a POST without a length, then a GET' "POST /echo$end\r\n" 200
	goes_on 'a GET with a body, then another' \
	    "GET /hello?name=a${end}Content-Length: 8\r\n\r\nGET / \r\n" \
	    '200 Hello, a'
	goes_on 'a body that looks like an end of a head' \
	    "POST /echo${end}Content-Length: 4\r\n\r\n\r\n\r\n" \
	    "$(printf '200 \r\n\r')"
	goes_on 'an empty line before the request line' \
	    "\r\nGET /hello?name=a$end\r\n" '200 Hello, a'
	goes_on 'an empty line behind a body' \
	    "POST /echo${end}Content-Length: 3\r\n\r\nabc\r\n" '200 abc'
	goes_on 'HTTP/1.1, Connection: Keep-Alive' \
	    "GET /hello?name=a${end}Connection: Keep-Alive\r\n\r\n" '200 Hello, a'
	goes_on 'HTTP/1.0, connection: foo,, KEEP-alive' \
	    'GET /hello?name=a HTTP/1.0\r\nconnection: foo,, KEEP-alive\r\n\r\n' \
	    '200 Hello, a'
	goes_on 'HTTP/1.9 is 1.1 enough' \
	    "GET /hello?name=a HTTP/1.9\r\n$host\r\n" '200 Hello, a'
	refused 'HTTP/1.0 closes' 'GET /hello?name=a HTTP/1.0\r\n\r\n' \
	    '200 Hello, a!'
	refused 'Connection: close' \
	    "GET /hello?name=a${end}Connection: close\r\n\r\n" '200 Hello, a!'
	refused 'CONNECTION: keep-alive,\t CLOSE' \
	    "GET /hello?name=a${end}CONNECTION: keep-alive,\t CLOSE\r\n\r\n" \
	    '200 Hello, a!'
	refused 'two Connection fields' "GET /hello?name=a${end}Connection: close\r\nConnection: keep-alive\r\n\r\n" '200 Hello, a!'
	same 'HEAD twice' eh "HEAD /$end\r\nHEAD /none$end\r\n" \
	    '200|404|closed'
	# shellcheck disable=SC2059
	is '2000 pipelined requests' "$(for _ in 1 2 3 4 5 6 7 8 9 10; do
	    printf "$next"; done > "$work/ten"; for _ in $(seq 200); do
	    cat "$work/ten"; done | send e | tr '|' '\n' | uniq -c |
	    tr -s ' \n' ' ')" ' 2000 200 Hello, next 1 closed '
	same 'nothing at all' e '' closed
	same 'half a head' e 'GET / HTTP/1.1\r\nHost' closed
	same 'half a body' e "POST /echo${end}Content-Length: 9\r\n\r\nabc" closed
}

check_statuses()
{
	goes_on '404' "GET /nowhere$end\r\n" '404 Not Found'
	goes_on '404 with a body' \
	    "POST /x${end}Content-Length: 3\r\n\r\nabc" '404 Not Found'
	goes_on '405' "POST /${end}Content-Length: 3\r\n\r\nabc" \
	    '405 Method Not Allowed'
	goes_on '405 for GET' "GET /echo$end\r\n" '405 Method Not Allowed'
	is '405 tells what is allowed' "$(fetch -D - -o "$work/got" "${url}echo" |
	    tr -d '\r' | grep '^Allow:')" 'Allow: POST, PUT'
	goes_on '501' "DELETE /$end\r\n" '501 Not Implemented'
	goes_on '501: methods have a case' "get /$end\r\n" \
	    '501 Not Implemented'
	goes_on '501: OPTIONS *' "OPTIONS *$end\r\n" '501 Not Implemented'
	goes_on 'a target with a host' \
	    "GET HTTP://other:80/hello?name=a$end\r\n" '200 Hello, a'
	goes_on 'a target with nothing but a host' \
	    "POST http://other$end\r\n" '405 Method Not Allowed'
	goes_on 'Expect, and a body that was sent at once' \
	    "PUT /echo${end}expect: 100-Continue\r\nContent-Length: 3\r\n\r\nabc" \
	    '100|200 abc'
	goes_on 'Expect without a body' \
	    "GET /hello?name=a${end}Expect: 100-continue\r\n\r\n" '200 Hello, a'
	refused 'Expect for what is not there' \
	    "PUT /x${end}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n" \
	    '404 Not Found!'
	refused 'Expect of something else' \
	    "PUT /echo${end}Expect: tea\r\nContent-Length: 3\r\n\r\n" \
	    '417 Expectation Failed!'
	refused 'Expect of an old client means nothing' \
	    'PUT /echo HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc' \
	    '200 abc!'
}

check_malformed()
{
	while IFS='~' read -r name request; do
		refused "400: $name" "$request" '400 Bad Request!'
	done <<-EOT
	two empty lines~\r\n\r\n
	no version~GET /\r\n\r\n
	one word~GET\r\n\r\n
	two spaces~GET  /$end\r\n
	a space in front~ GET /$end\r\n
	a space behind~GET / HTTP/1.1 \r\n$host\r\n
	a tab for a space~GET\t/$end\r\n
	a method that is no token~G@T /$end\r\n
	no target~GET $end\r\n
	a target that is no path~GET hello$end\r\n
	a target with a byte above 127~GET /\303\244$end\r\n
	a host that is empty~GET http:///$end\r\n
	http/1.1~GET / http/1.1\r\n$host\r\n
	HTTP/1~GET / HTTP/1\r\n$host\r\n
	HTTP/1.10~GET / HTTP/1.10\r\n$host\r\n
	HTTP/x.1~GET / HTTP/x.1\r\n$host\r\n
	no colon~GET /${end}foo\r\n\r\n
	no name~GET /$end: foo\r\n\r\n
	a space before the colon~GET /${end}foo : bar\r\n\r\n
	a folded line~GET /${end}foo: bar\r\n baz\r\n\r\n
	a folded first line~GET / HTTP/1.1\r\n $host\r\n
	a bare CR~GET /${end}foo: b\rar\r\n\r\n
	a bare CR at the end~GET /${end}foo: bar\r\r\n\r\n
	a bare LF~GET /${end}foo: bar\nbaz: x\r\n\r\n
	LF LF~GET /$end\n\nfoo: bar\r\n\r\n
	a NUL~GET /${end}foo: b\000ar\r\n\r\n
	a NUL in a name~GET /${end}f\000oo: bar\r\n\r\n
	a NUL in the method~GET\000 /$end\r\n
	a control character~GET /${end}foo: b\001ar\r\n\r\n
	no Host~GET / HTTP/1.1\r\n\r\n
	two Hosts~GET /$end$host\r\n
	two Hosts in HTTP/1.0~GET / HTTP/1.0\r\n$host$host\r\n
	a Host of two words~GET / HTTP/1.1\r\nHost: a b\r\n\r\n
	a Host with a path~GET / HTTP/1.1\r\nHost: a/b\r\n\r\n
	no length~POST /echo${end}Content-Length:\r\n\r\n
	a length in words~POST /echo${end}Content-Length: ten\r\n\r\n
	a negative length~POST /echo${end}Content-Length: -1\r\n\r\n
	a signed length~POST /echo${end}Content-Length: +1\r\n\r\n
	a hexadecimal length~POST /echo${end}Content-Length: 0x10\r\n\r\n
	a length of two words~POST /echo${end}Content-Length: 1 0\r\n\r\n
	a list of lengths~POST /echo${end}Content-Length: 1, 1\r\n\r\n
	lengths that differ~POST /echo${end}Content-Length: 1\r\nContent-length: 2\r\n\r\n
	a length of 2^64~POST /echo${end}Content-Length: 18446744073709551616\r\n\r\n
	a length of 2^64 + 5~POST /echo${end}Content-Length: 18446744073709551621\r\n\r\n
	a length of 30 digits~POST /echo${end}Content-Length: 100000000000000000000000000000\r\n\r\n
	a length and chunks~POST /echo${end}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n
	chunks and a length~POST /echo${end}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n
	chunks in HTTP/1.0~POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n
	EOT
	goes_on 'two lengths that agree' \
	    "POST /echo${end}Content-Length: 3\r\nContent-Length: 03\r\n\r\nabc" \
	    '200 abc'
	refused '501: chunks' \
	    "POST /echo${end}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" \
	    '501 Not Implemented!'
	refused '505: HTTP/2.0' 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' \
	    '505 HTTP Version Not Supported!'
	refused '505: HTTP/0.9' 'GET / HTTP/0.9\r\n\r\n' \
	    '505 HTTP Version Not Supported!'
}

# long_head N: a request with a head of N bytes
long_head()
{
	printf 'GET /hello?name=long HTTP/1.1\r\nHost: localhost\r\nX: '
	zeros $(($1 - 51)) | tr '\0' x
	printf '\r\n\r\n'
}

check_limits()
{
	is 'a head of 16 KiB' "$(long_head 16384 | send e)" \
	    '200 Hello, long|closed'
	too_long='431 Request Header Fields Too Large!|closed'
	is '431: a byte more' "$(long_head 16385 | send '')" "$too_long"
	is '431: byte by byte' "$(long_head 16385 | send b)" "$too_long"
	is '431: a head of 70000 bytes' "$(long_head 70000 | send '')" "$too_long"
	is '431: a head without an end' "$(zeros 20000 | send '')" "$too_long"
	is '431: noise' "$(noise 20000 | send '')" "$too_long"
	# shellcheck disable=SC2059
	is '431: after a good request' "$({ printf "$next"; long_head 20000; } |
	    send '')" "200 Hello, next|$too_long"
	# shellcheck disable=SC2059
	is '431: after a HEAD, and this has a body' \
	    "$({ printf "HEAD /$end\r\n"; long_head 20000; } | send h)" \
	    '200|431!|and 36 bytes more|closed'
	is '400: noise' "$({ noise 1000; printf '\r\n\r\n'; } | send '')" \
	    '400 Bad Request!|closed'
	too_large='413 Content Too Large!'
	for length in 1048577 18446744073709551615; do
		same "413: $length bytes declared, none sent" '' \
		    "POST /echo${end}Content-Length: $length\r\n\r\n" \
		    "$too_large|closed"
	done
	refused '413: with some bytes behind it' \
	    "PUT /echo${end}Content-Length: 2000000\r\n\r\nabc" "$too_large"
	refused '413: for what is not there' \
	    "POST /x${end}Content-Length: 2000000\r\n\r\n" "$too_large"
	refused '413: instead of 100' \
	    "POST /echo${end}Expect: 100-continue\r\nContent-Length: 2000000\r\n\r\n" \
	    "$too_large"
}

check_vanishing()
{
	half="POST /echo${end}Content-Length: 100000\r\n\r\nabc"
	for request in '' 'GET /' "$next" "$half" "$half$half" \
	    "POST /echo${end}Content-Length: 9999999\r\n\r\nabc"; do
		for flags in v x bv bx; do
			# shellcheck disable=SC2059
			printf "$request" | send $flags
		done
	done > "$work/got"
	is 'clients that vanish hear nothing' "$(cat "$work/got")" ''
	is 'and the server goes on' "$(fetch "${url}hello?name=still")" \
	    'Hello, still'
}

# The end comes while one client is in a head and another one in a body.
check_end()
{
	clients=
	for rest in 'GET / HTTP' "$half"; do
		rm -f "$work/ready"
		mkfifo "$work/ready"
		# shellcheck disable=SC2059
		printf "$next$rest" | send w > "$work/ready" &
		clients="$clients $!"
		exec 4< "$work/ready"
		read -r line <&4
		is 'a client waits' "$line" ready
	done
	kill -TERM "$server"
	wait "$server"
	is 'SIGTERM ends it with status' $? 0
	server=
	# shellcheck disable=SC2086
	wait $clients
	is 'it had one thing to say' "$(cat <&3)" ''
	is 'and nothing to complain of' "$(cat "$work/stderr")" ''
}

start_server -p 0
url=http://127.0.0.1:$port/
check_curl
check_uploads
check_persistence
check_statuses
check_malformed
check_limits
check_vanishing
check_end
judge
