# What the checks of the samples share: a limit on their time, a directory to work
# in, a server, and cases that are counted. Who sources this has set check, the
# name of the sample, and limit, how many seconds all may take.
# shellcheck shell=sh disable=SC2154 # check and limit

# Nothing waits for ever, and neither does the whole.
if [ "${CHECK_GUARDED-}" != "$check" ]; then
	CHECK_GUARDED=$check exec timeout -k 10 "$limit" sh "$0" "$@"
fi

# need TOOL...
need()
{
	for tool; do
		command -v "$tool" > /dev/null ||
		    { echo "${check}_check: $tool is missing" >&2; exit 1; }
	done
}

need perl
srcdir=${srcdir:-.}
samples=${SAMPLES:-./samples}
work=$(mktemp -d "${TMPDIR:-/tmp}/evchat-$check.XXXXXX") || exit 1
server=
passed=0
failed=0

clean_up()
{
	[ -z "$server" ] || kill -KILL "$server" 2> /dev/null
	rm -rf "$work"
}
trap clean_up EXIT
trap 'echo "FAILED: interrupted, or out of time"; exit 1' HUP INT TERM

# direct SAMPLE: how to run it without libtool's script around it, which takes
# longer than most cases
direct()
{
	if [ -x "$samples/.libs/$1" ]; then
		library=$samples/../lib/.libs
		library=$library${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
		echo "env LD_LIBRARY_PATH=$library $samples/.libs/$1"
	else
		echo "$samples/$1"
	fi
}

# is NAME GOT WANT: one case
is()
{
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
		printf 'ok: %s\n' "$1"
	else
		failed=$((failed + 1))
		printf 'FAILED: %s\n  got:  %s\n  want: %s\n' "$1" "$2" "$3"
	fi
}

# The server says on 3 which port it listens on, or the check is over.
listening()
{
	read -r line <&3
	port=${line#listening on }
	port=${port#http://}
	port=${port#127.0.0.1:}
	port=${port%/}
	case $port in
	'' | *[!0-9]*)
		echo "FAILED: $sample does not start: $line" >&2
		[ ! -f "$work/stderr" ] || cat "$work/stderr" >&2
		exit 1 ;;
	esac
}

# start_server ARGUMENT...: a server; its stdout is on 3
start_server()
{
	rm -f "$work/stdout"
	mkfifo "$work/stdout"
	# The sample may be several words.
	# shellcheck disable=SC2086
	$sample "$@" > "$work/stdout" 2> "$work/stderr" &
	server=$!
	exec 3< "$work/stdout"
	listening
}

# have TOOL: whether it is there. What needs it is skipped, by name, if not.
have()
{
	command -v "$1" > /dev/null && return
	echo "skipped: $1"
	return 1
}

# start_tls ARGUMENT...: a server; secure is its port for TLS, or empty if it was
# built without
start_tls()
{
	secure=
	# shellcheck disable=SC2086 # the sample may be several words
	if ! have openssl; then
		start_server "$@"
	elif ! $sample -? 2>&1 | grep -q certificate; then
		echo 'skipped: TLS, which the sample was built without'
		start_server "$@"
	else
		[ -f "$work/cert" ] || openssl req -x509 -newkey rsa:2048 \
		    -nodes -days 2 -subj /CN=localhost -keyout "$work/key" \
		    -out "$work/cert" 2> /dev/null
		start_server -s 0 -c "$work/cert" -k "$work/key" "$@"
		read -r line <&3
		secure=${line%% for TLS}
		secure=${secure##*:}
	fi
}

# counted NAME COMMAND...: cases that a command tells of, the last line how many
# there were that passed and that failed
counted()
{
	name=$1
	shift
	"$@" > "$work/log" 2>&1
	case $(tail -n 1 "$work/log") in
	[0-9]*' '[0-9]*)
		sed '$d' "$work/log"
		read -r good bad <<-EOT
		$(tail -n 1 "$work/log")
		EOT
		passed=$((passed + good))
		failed=$((failed + bad)) ;;
	*)
		cat "$work/log"
		[ ! -f "$work/stderr" ] || cat "$work/stderr"
		is "$name" died finished ;;
	esac
}

# abuse FILE FIXED [tls|smtp]: what no server may mind. The file has all that a client
# says; its first bytes, so many of them, are not to be changed. It is said in clear, or
# inside TLS, which is there from the first byte or after STARTTLS.
abuse()
{
	if [ $# -gt 2 ] && ! perl -MNet::SSLeay -e 1 2> /dev/null; then
		echo 'skipped: abuse inside TLS: no Net::SSLeay'
		return
	fi
	silent=1000
	# A shell without ulimit -n has no such limit that we know of.
	# shellcheck disable=SC3045
	files=$(ulimit -n 2> /dev/null)
	case $files in
	'' | unlimited) ;;
	*) [ "$files" -gt 3000 ] || silent=$((files / 4)) ;;
	esac
	counted abuse perl "$srcdir/test/abuse.pl" "$port" "$server" \
	    "$silent" "$@"
}

# The last command: how many cases there were, and whether all are well.
judge()
{
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ]
}
