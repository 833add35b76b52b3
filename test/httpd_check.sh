#!/bin/sh
# The httpd sample, driven by curl, wget, wrk and ab, as far as they are there, and,
# where the very bytes matter, by httpd_raw.pl. HTTPD_SAMPLE may name another
# program, with arguments.
set -u

check=httpd
limit=600
# shellcheck disable=SC1091
. "${srcdir:-.}/test/sample.sh"
sample=${HTTPD_SAMPLE:-$(direct httpd)}

files=$work/files
skipped=

# start ARGUMENT...: a server of these files
start()
{
	start_server -p 0 -d "$files" "$@"
	url=http://127.0.0.1:$port
}

# ends: it was told to, and has said so
ends()
{
	wait "$server"
	is 'it ends, with status' $? 0
	server=
	is 'and has nothing to complain of' "$(cat "$work/stderr")" ''
}

# stop: it has to end well, having said nothing but that
stop()
{
	kill -TERM "$server"
	is 'it says one thing more' "$(cat <&3)" stopping
	ends
}

# there TOOL: whether it is; its cases are skipped otherwise
there()
{
	command -v "$1" > /dev/null && return
	skipped="$skipped $1"
	echo "skipped: $1 is missing"
	return 1
}

# raw SECTION: what no client would do
raw()
{
	counted "raw: $1" perl "$srcdir/test/httpd_raw.pl" "$1" "$port" \
	    "${2-20}" "$server"
}

fetch()
{
	curl -q -sS --noproxy '*' --max-time 60 --path-as-is "$@"
}

# same FILE FILE
same()
{
	cmp "$1" "$2" > /dev/null 2>&1 && echo same
}

status()
{
	fetch -o "$work/got" -w '%{http_code}' "$@"
}

make_files()
{
	mkdir -p "$files/sub/deep" "$files/site" "$files/.hidden"
	printf 'a file' > "$files/file.txt"
	: > "$files/empty"
	seq 1 30000 > "$files/numbers.txt"
	perl -e 'srand 1; print pack "N*", map { rand 2 ** 32 } 1 .. 1000000' \
	    > "$files/big"
	echo deep > "$files/sub/deep/x"
	echo odd > "$files/sub/a b&c\"<d>%41.txt"
	counted="4000000 bytes, sum $(sum -r "$files/big" | cut -d ' ' -f 1)"
	# As long as a name can be, and longer still when it is escaped.
	mkdir "$files/names"
	long=$(perl -e 'print "\x7f" x 253, "\xc3\xa9"')
	echo long > "$files/names/$long"
	echo '<p>front' > "$files/site/index.html"
	echo secret > "$work/secret"
	echo secret > "$files/.hidden/secret"
	ln -s "$work/secret" "$files/link"
	ln -s "$work" "$files/sub/up"
	mkfifo "$files/fifo"
}

check_files()
{
	for name in file.txt empty numbers.txt big sub/deep/x; do
		is "curl: $name" "$(status "$url/$name") $(same "$work/got" \
		    "$files/$name")" '200 same'
	done
	is 'curl: an index' "$(fetch "$url/site/")" '<p>front'
	is 'curl: a directory without its slash' \
	    "$(fetch -o "$work/got" -w '%{redirect_url}' "$url/sub")" "$url/sub/"
	is 'curl: and on' "$(fetch -L "$url/sub" | grep -c deep)" 1
	for path in nowhere big/ big/x sub//deep /sub . .. ../secret \
	    sub/../../secret sub/./deep/x %2e%2e/secret .%2e/secret \
	    ..%5csecret .hidden/secret %2ehidden/secret link sub/up/secret \
	    sub/up/ fifo "$(printf %300s x | tr ' ' x)"; do
		is "curl: no $path" "$(status "$url/$path")" 404
	done
	for path in ..%2fsecret %00 %4 %zz file.txt%00.html; do
		is "curl: $path is no path" "$(status "$url/$path")" 400
	done
	fetch -D "$work/get" -o "$work/got" "$url/big"
	fetch -I "$url/big" > "$work/head"
	is 'curl: HEAD says what GET says' "$(grep -v ^Date: "$work/head")" \
	    "$(grep -v ^Date: "$work/get")"
	fetch -R -o "$work/dated" "$url/big"
	is 'curl: not modified' "$(status -z "$work/dated" "$url/big")" 304
	touch -d '2001-01-01' "$work/dated"
	is 'curl: modified' "$(status -z "$work/dated" "$url/big")" 200
	is 'curl: keeps the connection' "$(fetch \
	    -w '%{http_code} %{num_connects};' -o "$work/got" "$url/big" \
	    -o "$work/got" "$url/nowhere" -o "$work/got" "$url/numbers?n=9")" \
	    '200 1;404 0;200 0;'
	is 'curl: 100 at once' "$(fetch --no-progress-meter --parallel \
	    --parallel-immediate --parallel-max 100 -w '%{http_code}\n' \
	    -o /dev/null "$url/numbers.txt?[1-100]" | sort | uniq -c |
	    tr -s ' \n' ' ')" ' 100 200 '
}

check_ranges()
{
	size=4000000
	while read -r range first len; do
		tail -c +$((first + 1)) "$files/big" | head -c "$len" \
		    > "$work/want"
		is "curl: bytes $range" "$(status -D "$work/head" -r "$range" \
		    "$url/big") $(same "$work/got" "$work/want") $(tr -d '\r' \
		    < "$work/head" | grep ^Content-Range:)" \
		    "206 same Content-Range: bytes $first-$((first + len -
		    1))/$size"
	done <<-EOT
	0-0 0 1
	0-99 0 100
	100000-199999 100000 100000
	3999999- 3999999 1
	3999000-9999999 3999000 1000
	3999999-4000000 3999999 1
	-1 3999999 1
	-99999999 0 4000000
	0-99999999999999999999999 0 4000000
	EOT
	for range in 4000000- 99999999999999999999- -0; do
		is "curl: no bytes $range" "$(status -D "$work/head" \
		    -r "$range" "$url/big") $(tr -d '\r' < "$work/head" |
		    grep ^Content-Range:)" "416 Content-Range: bytes */$size"
	done
	for range in bytes=9-1 bytes=- bytes=0 bytes=0-1,3-4 bytes=a-b \
	    bytes=-1- lines=0-1 bytes; do
		is "curl: $range asks for the whole" \
		    "$(status -H "Range: $range" "$url/big")" 200
	done
	is 'curl: so does If-Range' \
	    "$(status -H 'If-Range: "x"' -r 0-1 "$url/big")" 200
	is 'curl: HEAD has no ranges' \
	    "$(status -I -r 0-1 "$url/big")" 200
	is 'curl: there is no range of nothing' \
	    "$(status -r 0-1 "$url/empty")" 416
	head -c 1000000 "$files/big" > "$work/part"
	fetch -C - -o "$work/part" "$url/big"
	is 'curl: goes on' "$(same "$work/part" "$files/big")" same
}

# coding ARGUMENT...: of the answer
coding()
{
	fetch -D - -o "$work/got" "$@" | tr -d '\r' | tr '[:upper:]' '[:lower:]' |
	    sed -n 's/^content-encoding: //p; s/^transfer-encoding: //p' |
	    tr '\n' ' '
}

check_streams()
{
	is 'curl: numbers' "$(fetch "$url/numbers?n=30000" |
	    same - "$files/numbers.txt")" same
	is 'curl: no number' "$(status "$url/numbers?n=x")" 400
	is 'curl: numbers for HTTP/1.0' "$(fetch -0 "$url/numbers?n=30000" |
	    same - "$files/numbers.txt")" same
	is 'curl: a list of files' "$(fetch "$url/sub/" | LC_ALL=C sort | tr -d '\n')" \
	    '<!DOCTYPE html><a href="a%20b%26c%22%3Cd%3E%2541.txt">a&#32;b&#38;c&#34;&#60;d&#62;&#37;41.txt</a><br><a href="deep">deep</a><br><a href="up">up</a><br><title>Files</title>'
	href=$(fetch "$url/names/" | sed -n 's/<a href="\([^"]*\)".*/\1/p')
	is 'curl: a long name' "${#href} $(fetch "$url/names/$href")" '765 long'
	if coding -H 'Accept-Encoding: gzip' "$url/numbers?n=9" |
	    grep -q gzip; then
		for path in numbers.txt numbers?n=30000; do
			is "curl: compressed: $path" "$(fetch --compressed \
			    "$url/$path" | same - "$files/numbers.txt")" same
		done
		is 'curl: it is' "$(coding -H 'Accept-Encoding: br, GZIP;q=0.5' \
		    "$url/numbers.txt")" 'gzip chunked '
	else
		echo 'skipped: the library was built without zlib'
	fi
	is 'curl: not a part' "$(coding -r 0-1 -H 'Accept-Encoding: gzip' \
	    "$url/numbers.txt")" ''
	is 'curl: not what is no text' "$(coding -H 'Accept-Encoding: gzip' \
	    "$url/big")" ''
	is 'curl: not for those who do not want it' "$(coding \
	    -H 'Accept-Encoding: gzip;q=0.0' "$url/numbers.txt")" ''
}

check_uploads()
{
	is 'curl: a counted body' "$(status --data-binary "@$files/big" \
	    "$url/count") $(cat "$work/got")" "200 $counted"
	is 'curl: a chunked body' "$(status -T - "$url/count" < "$files/big") $(
	    cat "$work/got")" "200 $counted"
	is 'curl: told to continue' "$(status -v -H 'Expect: 100-continue' \
	    --expect100-timeout 60 -T "$files/big" --stderr "$work/log" \
	    "$url/count") $(grep -c '^< HTTP/1.1 100' "$work/log")" '200 1'
	is 'curl: not told to' "$(status -v -H 'Expect: 100-continue' \
	    --expect100-timeout 60 -T "$files/big" --stderr "$work/log" \
	    "$url/nowhere") $(grep -c '^< HTTP/1.1 100' "$work/log")" '405 0'
	for how in "-T $files/big" '-T -' "-0 -T $files/big"; do
		# shellcheck disable=SC2086,SC2094
		is "curl: echo $how" "$(fetch $how "$url/echo" \
		    < "$files/big" | same - "$files/big")" same
	done
	is 'curl: two bodies, one connection' "$(fetch -d abc -w ' %{num_connects};' \
	    "$url/echo" "$url/echo")" 'abc 1;abc 0;'
	# What memory it takes at most, in KiB; under a sanitizer that is no use.
	[ -z "${SANITIZER_CFLAGS-}" ] && [ -r "/proc/$server/status" ] || return 0
	before=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$server/status")
	head -c 200000000 /dev/zero | fetch -T - "$url/echo" | wc -c \
	    > "$work/got"
	is 'curl: 200 MB go and come back' "$(($(cat "$work/got")))" 200000000
	after=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$server/status")
	is 'and nothing is kept of them' "$((after - before < 4000))" 1
}

check_wget()
{
	there wget || return 0
	mirror="wget -q --no-proxy --timeout=60 --tries=1"
	# shellcheck disable=SC2086
	(cd "$work" && $mirror -r -nH -np --execute robots=off -P mirror \
	    --restrict-file-names=ascii,unix "$url/sub/" 2>&1)
	find "$work/mirror/sub" -type f ! -name index.html > "$work/found"
	is 'wget: a tree' "$(wc -l < "$work/found" | tr -d ' ') $(same \
	    "$work/mirror/sub/deep/x" "$files/sub/deep/x")" '2 same'
	head -c 1000000 "$files/big" > "$work/big"
	(cd "$work" && $mirror -c "$url/big")
	is 'wget: goes on' "$(same "$work/big" "$files/big")" same
	(cd "$work" && $mirror -N "$url/file.txt" &&
	    wget --no-proxy -N "$url/file.txt" > log 2>&1)
	is 'wget: not again' "$(grep -c '304 Not Modified' "$work/log")" 1
	is 'wget: a body' "$($mirror -O - --post-file="$files/big" \
	    "$url/count")" "$counted"
}

check_wrk()
{
	there wrk || return 0
	for path in hello numbers?n=10; do
		wrk -t 1 -c 20 -d 1 "$url/$path" > "$work/log" 2>&1
		is "wrk: $path" "$(grep -c 'requests in' "$work/log") $(grep \
		    'Socket errors' "$work/log")" '1 '
	done
}

check_ab()
{
	there ab || return 0
	for how in '' -k '-k -p' -i; do
		path=numbers.txt
		[ "$how" != '-k -p' ] || path=count how="-k -p $files/numbers.txt"
		# shellcheck disable=SC2086
		ab -q -n 500 -c 20 $how "$url/$path" > "$work/log" 2>&1
		is "ab $how" "$(sed -n 's/^Complete requests: *//p;
		    s/^Failed requests: *//p; s/^Non-2xx.*/&/p' "$work/log" |
		    tr '\n' ' ')" '500 0 '
	done
}

# In the middle of an answer it is told to end.
check_end()
{
	fetch --limit-rate 4M -o "$work/slow" "$url/big" &
	slow=$!
	until [ -s "$work/slow" ]; do
		:
	done
	kill -TERM "$server"
	read -r line <&3
	is 'it is told to end' "$line" stopping
	is 'nobody is let in' "$(status "$url/hello" 2> /dev/null)" 000
	wait "$slow"
	is 'what was under way arrives' "$(same "$work/slow" "$files/big")" same
	ends
}

make_files
start -t 20 -m 1000000000
if there curl; then
	check_files
	check_ranges
	check_streams
	check_uploads
fi
check_wget
check_wrk
check_ab
stop
start -t 20 -m 2000
raw requests
raw smuggling
raw oversize
raw noise
stop
# shellcheck disable=SC3045 # dash and others have it
ulimit -n 1024
start -t 1
raw patience 1
raw silence 1
if there curl; then
	is 'one who takes his time is waited for' \
	    "$(fetch --limit-rate 3M "$url/big" | same - "$files/big")" same
fi
stop
if there curl; then
	start
	check_end
fi
start
raw ending
ends
[ -z "$skipped" ] || echo "skipped:$skipped"
judge
