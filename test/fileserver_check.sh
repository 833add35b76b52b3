#!/bin/sh
# The fileserver sample, spoken to by fetch, by framecat and, where the very bytes
# or their timing matter, by perl. FILESERVER_SAMPLE and FETCH_SAMPLE may name
# other programs, with arguments.
#
# shellcheck disable=SC2086 # the samples may be several words
set -u

check=fileserver
limit=120
# shellcheck disable=SC1091
. "${srcdir:-.}/test/sample.sh"
sample=${FILESERVER_SAMPLE:-$(direct fileserver)}
fetch=${FETCH_SAMPLE:-$(direct fetch)}
framecat=$(direct framecat)

files=$work/files
mkdir "$files" || exit 1

# start ARGUMENTS: the server; its stdout is on 3, and its stderr on 4
start()
{
	rm -f "$work/stdout" "$work/stderr"
	mkfifo "$work/stdout" "$work/stderr"
	exec 4<> "$work/stderr"
	$sample -d "$files" "$@" > "$work/stdout" 2>&4 4<&- &
	server=$!
	exec 3< "$work/stdout"
	listening
}

# The server ends with a status, and what it had to say on its stderr
ended()
{
	wait "$server" 2> /dev/null
	status=$?
	server=
	echo end >&4
	said=$(sed '/^end$/q; s/^fileserver: \([^:]*\):.*/\1/' <&4 |
	    sed '$d' | sort -u | tr '\n' ';')
	exec 3<&- 4<&-
	is "$1: status" "$status" "$2"
	is "$1: said" "$said" "$3"
}

# made NAME SIZE SALT: a file of bytes, none of whose parts is like another
made()
{
	perl -e 'my ($size, $salt) = @ARGV;
	    my $block = pack "N*", map { $_ * 2654435761 + $salt & 0xffffffff }
	    0 .. 16383;
	    while ($size > 0) {
		print substr $block ^ pack("N", $i++) x 16384, 0, $size;
		$size -= 65536;
	    }' "$2" "$3" > "$files/$1"
}

# get NAME [FILE]: with fetch; its status
get()
{
	$fetch 127.0.0.1 "$port" "$1" "$work/${2:-got}" 2> "$work/err"
	echo $?
}

# same A B
same()
{
	cmp "$1" "$2" 2>&1 && echo same
}

# What is left in $work of a download to got
left()
{
	(cd "$work" && echo got*)
}

# A wire between fetch and the server: when N bytes have gone to fetch, a command
# is run, and then the rest goes. Its status is that of fetch.
cat > "$work/wire" <<'PERL'
use strict;
use warnings;
use IO::Socket::INET;
use IO::Select;

my ($port, $n, $command, @fetch) = @ARGV;
$SIG{PIPE} = 'IGNORE';
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)
    or die $!;
my $child = fork() // die $!;
if (!$child) {
	exec map { $_ eq 'PORT' ? $listener->sockport : $_ } @fetch or die $!;
}
my $down = $listener->accept or die $!;
close $listener;
my $up = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port)
    or die $!;
my $select = IO::Select->new($up, $down);
READ: while (1) {
	for my $from ($select->can_read) {
		my $max = $from == $up && $n > 0 && $n < 65536 ? $n : 65536;
		sysread($from, my $data, $max) or last READ;
		print { $from == $up ? $down : $up } $data;
		($from == $up ? $down : $up)->flush;
		next if $from == $down || $n <= 0;
		system $command if ($n -= length $data) == 0;
	}
}
close $up;
close $down;
waitpid $child, 0;
exit($? >> 8 || $?);
PERL

# through N COMMAND NAME: get a file to got over the wire; fetch's status
through()
{
	perl "$work/wire" "$port" "$1" "$2" $fetch 127.0.0.1 PORT "$3" \
	    "$work/got" 2> "$work/err" 3<&- 4<&-
	echo $?
}

# raw SECTION: what fetch would never do
raw()
{
	perl "$srcdir/test/fileserver_raw.pl" "$1" "$port" "$files" \
	    "$server" > "$work/log" 2>&1
	sed '$d' "$work/log"
	case $(tail -n 1 "$work/log") in
	[0-9]*' '[0-9]*)
		read -r good bad <<-EOT
		$(tail -n 1 "$work/log")
		EOT
		passed=$((passed + good))
		failed=$((failed + bad)) ;;
	*)
		cat "$work/log"
		kill -KILL "$server"
		is "raw: $1" died finished ;;
	esac
}

check_whole()
{
	for size in 0 1 32767 32768 32769 5000000; do
		made whole $size 1
		is "fetch: $size bytes" "$(get whole) $(left)" '0 got'
		is "fetch: $size bytes: the same" \
		    "$(same "$work/got" "$files/whole")" same
	done
	mkdir -p "$files/a/b"
	echo deep > "$files/a/b/with a space"
	is 'fetch: below' "$(get 'a/b/with a space') $(cat "$work/got")" '0 deep'
	rm "$work/got"
	for name in nowhere a '' ../stdout; do
		is "fetch: no $name" "$(get "$name") $(left)" '3 got*'
		is "fetch: no $name: said" "$(grep -c ': ERR' "$work/err")" 1
	done
	is 'fetch: nowhere to put it' "$(get whole no/where)" 1
	$fetch 127.0.0.1 "$port" > "$work/out" 2>&1
	is 'fetch: usage' $? 2
	is 'fetch: nobody listens' "$($fetch 127.0.0.1 1 x "$work/got" \
	    2> "$work/err"; echo $?) $(left)" '1 got*'
}

# What is there already is marked, to see that it is not asked for again.
check_resume()
{
	made big 16000000 1
	tag=$(printf 'GET 16000000 - big' | $framecat -q -L length:4be \
	    127.0.0.1 "$port" | cut -d ' ' -f 4)
	for have in 1 32768 15967232 15999999 16000000; do
		{ printf x; tail -c +2 "$files/big"; } > "$work/want"
		head -c $have "$work/want" > "$work/got.part"
		echo "$tag" > "$work/got.tag"
		is "resume: behind $have bytes" "$(get big) $(left)" '0 got'
		is "resume: behind $have bytes: the same" \
		    "$(same "$work/got" "$work/want")" same
	done
	while read -r have other; do
		head -c "$have" "$work/want" > "$work/got.part"
		echo "$other" > "$work/got.tag"
		is "resume: not possible: $have $other" "$(get big) $(left)" \
		    '0 got'
		is "resume: not possible: $have $other: the same" \
		    "$(same "$work/got" "$files/big")" same
	done <<-EOT
	1000 -
	1000
	1000 x
	16000000 0$tag
	EOT
	cat "$work/want" "$work/want" > "$work/got.part"
	echo "$tag" > "$work/got.tag"
	is 'resume: more than there is' "$(get big) $(left)" '0 got'
	is 'resume: more than there is: the same' \
	    "$(same "$work/got" "$files/big")" same
}

check_broken_off()
{
	rm "$work/got"
	# In blocks of 512 bytes, of 1024 with some shells.
	status=$(ulimit -f 2000; get big 2> "$work/out")
	is 'broken off: fetch is killed' "$((status > 128)) $(left)" \
	    '1 got.part got.tag'
	is 'broken off: and goes on' "$(get big) $(left)" '0 got'
	is 'broken off: the same' "$(same "$work/got" "$files/big")" same

	rm "$work/got"
	is 'broken off: the server is killed' \
	    "$(through 1000000 "kill -KILL $server" big) $(left)" \
	    '1 got.part got.tag'
	ended killed 137 'io;'
	size=$(wc -c < "$work/got.part")
	is 'broken off: in between' "$((size > 500000 && size < 16000000))" 1
	start -p "$port"
	is 'broken off: and goes on with another server' "$(get big) $(left)" \
	    '0 got'
	is 'broken off: still the same' "$(same "$work/got" "$files/big")" same
}

check_changing()
{
	rm "$work/got"
	made other 16000000 2
	is 'changes: in place' "$(through 1000000 \
	    "dd if='$files/other' of='$files/big' bs=1000000 \
	    conv=notrunc 2> /dev/null" big) $(left)" '0 got'
	is 'changes: in place: the same' "$(same "$work/got" "$files/other")" \
	    same
	is 'changes: said' "$(cat "$work/err")" \
	    'fetch: big has changed: starting over'
	made third 16000000 3
	is 'changes: replaced' "$(through 1000000 \
	    "mv '$files/third' '$files/big'" big) $(left)" '0 got'
	is 'changes: replaced: the same' "$(same "$work/got" "$files/big")" \
	    same
	rm "$work/got"
	is 'changes: cut' "$(through 1000000 \
	    ": > '$files/big'" big) $(left)" '1 got.part got.tag'
	is 'changes: cut: said' "$(sed 1q "$work/err")" \
	    'fetch: truncated: closed by the peer inside a frame'
	is 'changes: cut: and then' "$(get big) $(left) $(wc -c < "$work/got")" \
	    '0 got 0'
	made big 16000000 1
	rm "$work/got"
	status=$(through 1000000 "$fetch 127.0.0.1 $port big '$work/got' \
	    2> '$work/second'; echo \$? > '$work/status'" big)
	is 'two at a time' "$status $(cat "$work/status") $(left)" '0 1 got'
	is 'two at a time: the same' "$(same "$work/got" "$files/big")" same
}

# Answers without a body are frames; and here is a body that is frames, too.
check_framecat()
{
	printf 'one\n\nthree\n' | $framecat -e length:4be > "$files/frames"
	cat > "$work/requests" <<-'EOT'
	GET 20 - frames
	GET 7 - frames
	GET 21 - frames
	GET 0 x frames
	GET 0 - nowhere
	PUT
	EOT
	$framecat -q length:4be 127.0.0.1 "$port" < "$work/requests" \
	    > "$work/out"
	is 'framecat: status' $? 0
	tag=$(sed -n '1s/OK 20 0 //p' "$work/out")
	is 'framecat: answers' "$(tr '\n' '|' < "$work/out")" \
	    "OK 20 0 $tag|OK 7 13 $tag||three|ERR range There are 20 bytes|ERR \
changed It is $tag now|ERR open No such file or directory|ERR request Not understood|"
}

# What no fileserver says. framecat does, and prints what it is asked.
check_answers()
{
	rm -f "$work/got"*
	while IFS='~' read -r name answer want; do
		printf '%s\n' "$answer" > "$work/answer"
		rm -f "$work/framecat"
		mkfifo "$work/framecat"
		$framecat -u -q -l length:4be < "$work/answer" \
		    > "$work/out" 2> "$work/framecat" 3<&- 4<&- &
		peer=$!
		read -r line < "$work/framecat"
		$fetch 127.0.0.1 "${line##* }" x "$work/got" 2> "$work/err"
		is "answer: $name" "$? $(cat "$work/err") $(left)" "$want"
		wait "$peer"
		is "answer: $name: asked" "$(sed 1q "$work/out")" 'GET 0 - x'
		rm -f "$work/got"
	done <<-'EOT'
	an empty file~OK 0 0 t~0  got
	another offset~OK 1 3 t~3 fetch: x: OK 1 3 t got*
	a negative length~OK 0 -1 t~3 fetch: x: OK 0 -1 t got*
	a negative offset~OK -1 3 t~3 fetch: x: OK -1 3 t got*
	a huge length~OK 0 9223372036854775808 t~3 fetch: x: OK 0 9223372036854775808 t got*
	no tag~OK 0 3~3 fetch: x: OK 0 3 got*
	two tags~OK 0 3 t t~3 fetch: x: OK 0 3 t t got*
	nothing~~3 fetch: x:  got*
	something else~HELLO~3 fetch: x: HELLO got*
	a tag that is a terminal's command~OK 0 0 \x1b[2J\x9b\0~0  got
	a terminal's command~ERR \x1b[2J\x9b\0~3 fetch: x: ERR ?[2J?? got*
	EOT
}

start -p 0
check_whole
check_resume
check_broken_off
check_changing
check_framecat
check_answers
printf small > "$files/small"
for section in requests cuts pipelined slow many silent hostile stop; do
	raw $section
done
ended end 0 'io;producer;truncated;'
start -t 2
raw patience
ended patience 0 ''
judge
