#!/bin/sh
# The framecat sample: every framing decoded and encoded, whole and byte by byte,
# then over sockets, with itself and with whatever else is there. FRAMECAT_SAMPLE
# may name another program, with arguments.
#
# shellcheck disable=SC2086,SC3045 # the sample may be several words, and a shell
# without ulimit -v is found out
set -u

check=framecat
limit=300
# shellcheck disable=SC1091
. "${srcdir:-.}/test/sample.sh"
sample=${FRAMECAT_SAMPLE:-$(direct framecat)}

# Cases of which each is a line: arguments~stdin~result. stdin is as for printf.
# The result is stdout, stderr, a "|" for every line end, and the exit status.
# Each case runs twice: with stdin from a file, and then from a socket of packets,
# of which every read gets one, of one byte.
cat > "$work/cases" <<'PERL'
use strict;
use warnings;
use POSIX ();
use Socket;

my ($work, @sample) = @ARGV;
my ($passed, $failed) = (0, 0);
$SIG{PIPE} = 'IGNORE';

sub contents {
	open my $file, '<:raw', $_[0] or die "$_[0]: $!";
	local $/;
	return <$file> // '';
}

sub result_of {
	my ($bytes, $feed, @args) = @_;
	my ($ours, $theirs);
	if (!$feed) {
		open my $file, '>:raw', "$work/in" or die $!;
		print $file $bytes;
		close $file or die $!;
		open $theirs, '<', "$work/in" or die $!;
	} else {
		socketpair($ours, $theirs, AF_UNIX, SOCK_SEQPACKET, 0) or
		    socketpair($ours, $theirs, AF_UNIX, SOCK_STREAM, 0) or
		    die $!;
	}
	my $child = fork() // die $!;
	if (!$child) {
		close $ours if $ours;
		open my $out, '>', "$work/out" or die $!;
		open my $err, '>', "$work/err" or die $!;
		POSIX::dup2(fileno $theirs, 0);
		POSIX::dup2(fileno $out, 1);
		POSIX::dup2(fileno $err, 2);
		exec @sample, @args or die $!;
	}
	close $theirs;
	if ($feed) {
		for my $byte (split //, $bytes) {
			defined send $ours, $byte, 0 or last;
		}
		close $ours;
	}
	waitpid $child, 0;
	my $status = $? >> 8 || $?;
	my $result = contents("$work/out") . contents("$work/err") . $status;
	$result =~ s/\n/|/g;
	$result =~ s/\r/\\r/g;
	$result =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ge;
	return $result;
}

my @cases = <STDIN>;
for my $case (@cases) {
	chomp $case;
	my ($args, $in, $want) = split /~/, $case, 3;
	my %meant = (r => "\r", n => "\n", '\\' => '\\');
	$in =~ s/\\([0-7]{3}|[rn\\])/$meant{$1} \/\/ chr oct $1/ge;
	for my $feed (0, 1) {
		my $got = result_of($in, $feed, split / /, $args);
		my $name = "$case" . ($feed ? ' (byte by byte)' : '');
		if ($got eq $want) {
			$passed++;
			print "ok: $name\n";
		} else {
			$failed++;
			print "FAILED: $name\n  got:  $got\n";
		}
	}
}
print "$passed $failed\n";
PERL

# run_cases NAME: those on stdin
run_cases()
{
	perl "$work/cases" "$work" $sample > "$work/log" 2>&1
	sed '$d' "$work/log"
	read -r good bad <<-EOT
	$(tail -n 1 "$work/log")
	EOT
	case $good$bad in
	'' | *[!0-9]*)
		cat "$work/log"
		good=0
		bad=1 ;;
	esac
	passed=$((passed + good))
	failed=$((failed + bad))
	is "$1: some were tried" "$((good + bad > 0))" 1
}

check_decode()
{
	run_cases decode <<-'EOT'
	-dt netstring~5:hello,0:,3:\033[m,~[1] 5 bytes: hello|[2] 0 bytes:|[3] 3 bytes: \x1b[m|0
	-d -x -t netstring~0:,18:0123456789abcde\000\033\377,~[1] 0 bytes:|00000000|[2] 18 bytes:|00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 00  |0123456789abcde.||00000010  1b ff                                             |..||00000012|0
	--decode --hex --quiet netstring~1:a,~00000000  61                                                |a||00000001|0
	--decode --raw netstring~3:a\r\n,2:\000\\,0:,~a\r|\x00\0
	-dq line~a\r\nb\n\n\rc\n~a|b||\rc|0
	-dq line:crlf~a\r\nb\n~a|b|0
	-dq line:keep~a\r\nb\n~a\r\n|b\n|0
	-dq line:strict~a\nb\r\n~a\nb|0
	-dq line:lf~a\r\nb\n~a\r|b|0
	-dq line:nul~a\n\000\000b\000~a\n||b|0
	-dq line:any~a\r\n\n\rb\n~a|b|0
	-dq line:strict,reject-lf,reject-cr,keep~a\r\n\r\n~a\r\n|\r\n|0
	-dq delimiter:\x00\xff~a\000\000\377b\377\000\377~a\0|b\xff|0
	-dq delimiter:\r\n,keep~a\r\n\r\n~a\r\n|\r\n|0
	-dq delimiter:\,~a,,\\,~a||\\|0
	-dq delimiter:\x6beep~akeep~a|0
	-dq delimiters:\n,\r\n~a\r\nb\n\n~a|b||0
	-dq delimiters:\r,\n,\r\n~a\r\nb\n\r~a||b||0
	-dq delimiters:\r,\n,\r\n,longest~a\r\nb\n\r~a|b||0
	-dq delimiters:\,,;;,keep~a,b;c;;~a,|b;c;;|0
	-dq fixed:3~abcdef~abc|def|0
	-dq length:1~\003abc\000~abc||0
	-dq length:2~\000\003abc\000\000~abc||0
	-dq length:2le~\003\000abc\000\000~abc||0
	-dq length:3be~\000\000\003abc\000\000\000~abc||0
	-dq length:4be~\000\000\000\003abc\000\000\000\000~abc||0
	-dq length:8le~\003\000\000\000\000\000\000\000abc~abc|0
	-dq length:2,offset=1,adjust=-3,strip=1~X\000\005abY\000\003~\0\x05ab|\0\x03|0
	-dq length:2,strip=0~\000\003abc~\0\x03abc|0
	-dq length:1,adjust=2~\001abc~abc|0
	-dq varint~\003abc\000\201\000a~abc||a|0
	-dq netstring~3:abc,0:,~abc||0
	-dq octet-count~3 abc11 hello\nworld~abc|hello\nworld|0
	-dq dot~a\r\n..b\r\n.\r\n.\r\nc\r\n.\r\n~a\r\n.b\r\n||c\r\n|0
	-dq chunked~3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n0\r\n\r\n~abcde||0
	-dq chunked:trailers~3\r\nabc\r\n0\r\nT: 1\r\n\r\n0\r\n\r\n~abcT: 1\r\n||0
	-dr none~a\000b\r\n~a\x00b\r|0
	-dq netstring~~0
	-dq -L line~a\nb~a|b|0
	-dq -m 0 fixed:3~abc~abc|0
	-dq -m 3 netstring~3:abc,~abc|0
	EOT
	printf '1:a,' | $sample --decode netstring > "$work/out"
	is 'with time' "$(sed 's/[0-9][0-9]*\.[0-9]\{3\} s/TIME/' \
	    "$work/out")" '[1] TIME, 1 byte: a'
}

check_wrong_input()
{
	run_cases 'wrong input' <<-'EOT'
	-dq line:reject-lf~ok\r\na\nb\r\n~ok|framecat: malformed at offset 5: LF without CR before it|3
	-dq line:strict,reject-cr~ok\r\na\rb\r\n~ok|framecat: malformed at offset 5: CR without LF behind it|3
	-dq dot:reject-lf~a\r\n.\r\nb\nc\r\n.\r\n~a\r\n|framecat: malformed at offset 7: LF without CR before it|3
	-dq dot:reject-cr~a\r\n.\r\nb\rc\r\n.\r\n~a\r\n|framecat: malformed at offset 7: CR without LF behind it|3
	-dq length:2,adjust=-2~\000\005abc\000\001~abc|framecat: malformed at offset 5: length below that of its own header|3
	-dq varint~\003abc\200\200\200\200\200\200\200\200\200\200a~abc|framecat: malformed at offset 13: varint of more than 64 bits|3
	-dq netstring~3:abc,3:abcd~abc|framecat: malformed at offset 11: no comma behind the netstring|3
	-dq netstring~3:abc,01:a~abc|framecat: malformed at offset 7: leading zero in the length|3
	-dq octet-count~3 abc0 ~abc|framecat: malformed at offset 5: length begins with 0|3
	-dq chunked~1\r\na\r\n0\r\n\r\n3\nabc~a|framecat: malformed at offset 12: LF without CR before it in the chunk size|3
	-dq line~a\nb~a|framecat: truncated at offset 2: closed by the peer inside a frame|4
	-dq fixed:3~abcde~abc|framecat: truncated at offset 3: closed by the peer inside a frame|4
	-dq netstring~1:a,1~a|framecat: truncated at offset 4: closed by the peer inside a frame|4
	-dq -L netstring~3:ab~framecat: truncated at offset 0: closed by the peer inside a frame|4
	-dq length:4~\000\000~framecat: truncated at offset 0: closed by the peer inside a frame|4
	-dq -m 3 netstring~3:abc,4:abcd,~abc|framecat: oversize at offset 6: frame above the maximum size|5
	-dq -m 3 line~abc\nabcd\n\n~abc|framecat: oversize at offset 4: frame above the maximum size|5
	-dq -m 3 varint~\003abc\377\377\377\377\017~abc|framecat: oversize at offset 4: frame above the maximum size|5
	EOT
}

check_encode()
{
	run_cases encode <<-'EOT'
	-e line~a\n\nb~a\r|\r|b\r|0
	-e line:lf~a\n\nb~a||b|0
	-e line:nul~a\n\nb~a\x00\x00b\x000
	-e delimiter:<>~a\n\nb<\nc<>d~a<><>b<<>framecat: line 4: this framing cannot carry it|6
	-e delimiters:\r\n,\n~a\nb\n~a\r|b\r|0
	-e fixed:2~ab\nabc\ncd\n~abcdframecat: line 2: this framing cannot carry it|6
	-e length:2le,offset=1~ab\n\n~\x00\x02\x00ab\x00\x00\x000
	-e varint~ab\n\n~\x02ab\x000
	-e netstring~ab\n\n~2:ab,0:,0
	-e octet-count~ab\n\nc\n~2 ab1 cframecat: line 2: this framing cannot carry it|6
	-e -u dot~.a\\r\\n\n\n~..a\r|.\r|.\r|0
	-e chunked~ab\n\n~2\r|ab\r|0\r|\r|0\r|\r|0
	-e none~ab\nc\n~abc0
	-e -u none~\\r\\0\\t\\\\\\xff\\,\nb\\q\nc\\x0\nd\\\n~\r\x00\x09\\xff,framecat: line 2: a backslash that means nothing|framecat: line 3: a backslash that means nothing|framecat: line 4: a backslash that means nothing|6
	-e -m 3 netstring~abc\nabcd\nab\n~3:abc,framecat: stdin: oversize at offset 4: frame above the maximum size|5
	-e netstring~~0
	EOT
	{ head -c 256 /dev/zero | tr '\0' a; printf '\nb\n'; } > "$work/in"
	$sample -e length:1 < "$work/in" > "$work/out" 2> "$work/err"
	is 'a line too long for its length' \
	    "$?, $(tr '\001' '#' < "$work/out"), $(cat "$work/err")" \
	    '6, #b, framecat: line 1: too long for this framing'
}

check_usage()
{
	$sample --help > "$work/help" 2> "$work/err"
	is '--help: status' $? 0
	is '--help has nothing to complain of' "$(cat "$work/err")" ''
	# What the library has and what the table has are both in there.
	sed -n 's/^struct evchat_framing \*evchat_framing_\([a-z_]*\).*/\1/p' \
	    "$srcdir/include/evchat/framing.h" | grep -v '^custom$' |
	    tr _ - > "$work/names"
	sed -n 's/^	{ "\([a-z-]*\)", "[^"]*",.*/\1/p' \
	    "$srcdir/samples/framecat_framing.c" >> "$work/names"
	is 'there are framings' "$(($(wc -l < "$work/names") > 20))" 1
	while read -r name; do
		is "--help names $name" \
		    "$(grep -c "^  $name\([:[].*\)\{0,1\}\$" "$work/help")" 1
	done < "$work/names"
	sed -n 's/^	{ "\([a-z-]*\)", [a-z]*_argument,.*/\1/p' \
	    "$srcdir/samples/framecat_options.c" > "$work/names"
	while read -r option; do
		is "--help names --$option" \
		    "$(grep -c "^  -.*--$option\( \|\$\)" "$work/help")" 1
	done < "$work/names"
	while read -r arguments; do
		$sample $arguments < /dev/null > "$work/out" 2> "$work/err"
		is "usage: $arguments" "$?, $(grep -c . "$work/out")" '2, 0'
		is "usage: $arguments: said" "$(($(wc -l < "$work/err") > 0))" 1
	done <<-'EOT'

	netstring
	netstring localhost
	netstring localhost 1 2
	-l
	-l netstring 0 0
	-l -d netstring
	-d netstring 0
	-d -a ::1 netstring
	-m x -d netstring
	-m -1 -d netstring
	-m 18446744073709551616 -d netstring
	-d -z netstring
	-d nosuch
	-d line,keep
	-d line:
	-d line:foo
	-d line:nul,reject-lf
	-d delimiter
	-d delimiter:
	-d delimiter:a,b
	-d delimiter:\q
	-d delimiter:\x1
	-d delimiters:keep
	-d fixed:0
	-d fixed:-1
	-d fixed:1x
	-d length
	-d length:5
	-d length:4me
	-d length:4,foo=1
	-d length:4,offset=2000
	-d length:4,offset=-1
	-d length:4,adjust=
	-d netstring:keep
	-d none:x
	EOT
}

# listen ARGUMENTS: on a free port, which is then in $port; stdin is the caller's
listen()
{
	rm -f "$work/listening"
	mkfifo "$work/listening"
	$sample -l "$@" < "$work/stdin" > "$work/stdout" \
	    2> "$work/listening" 5>&- 6>&- &
	server=$!
	exec 4< "$work/listening"
	read -r line <&4
	port=${line#framecat: listening on 127.0.0.1 }
}

# Wait for it. Its status is the result.
ended()
{
	wait "$server"
	status=$?
	server=
	exec 4<&-
	return $status
}

# Every framing, both ways at once: lines, and twice these lines.
check_sockets()
{
	while IFS='~' read -r framing lines; do
		printf '%s\n' "$lines" | tr '|' '\n' > "$work/lines"
		cat "$work/lines" "$work/lines" > "$work/twice"
		cp "$work/lines" "$work/stdin"
		listen -u -q "$framing"
		$sample -u -q "$framing" 127.0.0.1 "$port" < "$work/twice" \
		    > "$work/got" 2> "$work/err"
		is "$framing: connects" "$?" 0
		is "$framing: nothing to complain of" "$(cat "$work/err" - <&4)" ''
		ended
		is "$framing: listens" "$?" 0
		is "$framing: one way" "$(cat "$work/got")" \
		    "$(cat "$work/lines")"
		is "$framing: the other way" "$(cat "$work/stdout")" \
		    "$(cat "$work/twice")"
	done <<-'EOT'
	line~hello||\0\x01 \xff\\|x
	line:strict~hello||a\nb\rc|x
	line:lf~hello||a\rb\0|x
	line:nul~hello||a\r\nb|x
	line:any~hello|\0\xff|x
	line:keep~hello\r\n|\r\n|x\n
	line:strict,reject-lf,reject-cr~hello||\0\xff|x
	delimiter:\r\n.\r\n~hello||a\r\n\0\r\n|x
	delimiter:\0,keep~hello\0|\0|x\0
	delimiters:\r\n,\n,longest~hello||\0\xff|x
	fixed:5~hello|\0\r\n\xff\\
	length:1~hello||\0\xff\r\n|x
	length:2le,offset=3,adjust=-5~hello||\0\xff\r\n|x
	length:4be~hello||\0\xff\r\n|x
	length:8~hello||\0\xff\r\n|x
	varint~hello||\0\xff\r\n|x
	netstring~hello||\0\xff\r\n|x
	octet-count~hello|\0\xff\r\n|x
	dot~hello\r\n||.\r\n..\r\n\0\xff\r\n|x\r\n
	chunked~hello||\0\xff\r\n|x
	chunked:trailers~hello||\0\xff\r\n|x
	EOT
}

# 100000 lines each way, which neither side can keep in memory on the way
check_bulk()
{
	seq 100000 > "$work/lines"
	cp "$work/lines" "$work/stdin"
	listen -q netstring
	$sample -q netstring 127.0.0.1 "$port" < "$work/stdin" > "$work/got"
	is 'bulk: connects' $? 0
	ended
	is 'bulk: listens' $? 0
	is 'bulk: one way' "$(cmp "$work/got" "$work/lines" 2>&1)" ''
	is 'bulk: the other way' "$(cmp "$work/stdout" "$work/lines" 2>&1)" ''
	$sample --encode varint < "$work/stdin" |
	    $sample --decode -q varint > "$work/got"
	is 'bulk: from pipe to pipe' \
	    "$(cmp "$work/got" "$work/lines" 2>&1)" ''
}

# 24 MiB through a program that may have 16. It reads more at a time than it
# writes, so that does not go well where the one does not wait for the other.
check_memory()
{
	if [ -n "${SANITIZER_CFLAGS-}" ] ||
	    ! (ulimit -v 16384) 2> /dev/null; then
		echo 'skipped: memory: it cannot be limited here'
		return
	fi
	perl -e 'my $x = "x" x 4095; print "4095:$x," for 1 .. 6144' |
	    (ulimit -v 16384; exec $sample -dq netstring) > "$work/got"
	is 'memory: --decode' "$? $(wc -c < "$work/got")" '0 25165824'
	(ulimit -v 16384; exec $sample -e line:lf < "$work/got") |
	    cat > "$work/out"
	is 'memory: --encode' "$(cmp "$work/got" "$work/out" 2>&1)" ''
}

# talk NAME: with_NAME is a peer of another make. It sends two lines, gets one, and
# goes when we do. It is our turn when its frames are here: that is how they
# all can be met, whatever they make of EOF.
talk()
{
	rm -f "$work/stdin" "$work/stdout"
	mkfifo "$work/stdin" "$work/stdout"
	printf 'hello\r\n\r\n' > "$work/in"
	exec 5<> "$work/stdin" 6<> "$work/stdout"
	listen -q line:strict
	("with_$1") < "$work/in" > "$work/got" 2>&1 5>&- 6>&- &
	peer=$!
	read -r line <&6
	is "$1: a frame" "$line" hello
	read -r line <&6
	is "$1: an empty one" "$line" ''
	echo bye >&5
	exec 5>&-
	wait "$peer"
	ended
	is "$1: our status" $? 0
	exec 6<&-
	is "$1: what it got" "$(cat "$work/got")" "$(printf 'bye\r')"
	rm -f "$work/stdin" "$work/stdout"
}

cat > "$work/peer" <<'PERL'
use strict;
use warnings;
use IO::Socket::INET;
use Socket qw(IPPROTO_TCP);

my ($port, $half) = @ARGV;
my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
    PeerPort => $port, Proto => 'tcp') or die "connect: $@";
# With a cork in it, where there are corks, the end comes with the bytes.
setsockopt $socket, IPPROTO_TCP, 3, 1 if $half && $^O eq 'linux';
while (sysread STDIN, my $bytes, $half ? 4096 : 1) {
	syswrite $socket, $bytes;
}
shutdown $socket, 1 if $half;
while (sysread $socket, my $bytes, 4096) {
	syswrite STDOUT, $bytes;
}
PERL

with_perl()
{
	perl "$work/peer" "$port"
}

# This one is heard to the end before it is answered.
with_half()
{
	perl "$work/peer" "$port" half
}

with_nc()
{
	nc 127.0.0.1 "$port"
}

with_socat()
{
	socat -t 9 - "TCP:127.0.0.1:$port"
}

check_others()
{
	talk perl
	talk half
	for other in nc socat; do
		! command -v $other > /dev/null || talk $other
	done
}

check_ends()
{
	# The peer is refused, and says why; what it was sent arrives.
	printf 'hello\n' > "$work/stdin"
	listen -t netstring
	printf 'one\n' | $sample -t line:lf 127.0.0.1 "$port" > "$work/got" 2>&1
	is 'a peer of another framing' "$(cat <&4)" \
	    'framecat: malformed at offset 0: neither a digit nor a colon in the length'
	ended
	is 'malformed: status' $? 3
	is 'nothing is printed of it' "$(cat "$work/stdout")" ''

	{
		yes | $sample -dq line 2> "$work/err" | head -n 2 > "$work/got"
		is 'a pipe that nobody reads' "$(cat "$work/got" "$work/err")" \
		    "$(printf 'y\ny')"
		$sample netstring 127.0.0.1 "$port" < /dev/null \
		    > "$work/out" 2> "$work/err"
		is 'nobody listens' "$?, $(cut -d : -f 1 "$work/err")" \
		    "1, framecat"
		$sample -dq line < "$work" > "$work/out" 2> "$work/err"
		is 'a directory' "$?, $(cat "$work/err")" \
		    '1, framecat: stdin: Is a directory'
		$sample -dq line <&- > "$work/out" 2> "$work/err"
		is 'no stdin' "$?, $(grep -c 'to be open' "$work/err")" '1, 1'
	}
	[ ! -c /dev/full ] || {
		echo hello | $sample -d line 2> "$work/err" > /dev/full
		is 'a full disk' "$?, $(cat "$work/err")" \
		    '1, framecat: stdout: No space left on device'
		echo hello | $sample -e line 2> "$work/err" > /dev/full
		is 'a full disk, encoding' "$?, $(cat "$work/err")" \
		    '1, framecat: stdout: No space left on device'
	}
}

# A signal, while it waits for its input, and while nobody reads its output
check_signals()
{
	rm -f "$work/stdin" "$work/stdout"
	mkfifo "$work/stdin" "$work/stdout"
	exec 5<> "$work/stdin" 6<> "$work/stdout"
	$sample -dq line <&5 >&6 2> "$work/err" &
	server=$!
	echo hello >&5
	read -r line <&6
	is 'a frame is there at once' "$line" hello
	kill -INT "$server"
	wait "$server" 2> /dev/null
	is 'SIGINT, idle' $? 130
	exec 5>&-
	yes | $sample -dq line >&6 2>> "$work/err" &
	server=$!
	perl -e 'vec($out, 6, 1) = 1; 1 while select(undef, $room = $out, undef, 0)'
	kill -TERM "$server"
	wait "$server" 2> /dev/null
	is 'SIGTERM, while stdout is full' $? 143
	server=
	exec 6<&-
	is 'and nothing to complain of' "$(cat "$work/err")" ''
}

check_decode
check_wrong_input
check_encode
check_usage
check_sockets
check_bulk
check_memory
check_others
check_ends
check_signals
judge
