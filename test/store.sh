# What the checks of the two stores share, beside sample.sh: bytes that are sent, and
# what comes back. Who sources this has set here, the directory of the tests, and
# anew, what brings the server back to where each case begins, or nothing.
# shellcheck shell=sh disable=SC2154 # here, anew, port and work

# send FLAGS: standard input to the server, and what came of it
send()
{
	timeout 120 perl "$here/store_raw.pl" "$port" "$1" 2>&1
}

# One result, however the bytes are cut. Input and output are printf formats; a | is
# CR LF in them. Each begins with what anew says.
# says NAME INPUT OUTPUT
says()
{
	input=$(printf %s "$anew$2" | sed 's/|/\\r\\n/g')
	# shellcheck disable=SC2059
	printf "$(printf %s "$3" | sed 's/|/\\r\\n/g')closed\n" > "$work/want"
	for flags in e be; do
		# shellcheck disable=SC2059
		printf "$input" | send $flags > "$work/got"
		is "$1 ($flags)" "$(cmp "$work/got" "$work/want" 2>&1)" ''
	done
}
