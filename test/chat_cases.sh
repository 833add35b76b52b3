# What is said in the chat room, for chat_check.sh: names, leaving, talking, and
# the clients that people have.
# shellcheck shell=sh disable=SC2154

check_names()
{
	talk <<-'EOT'
	case a name
	a+
	a> alice
	a< -- hello, alice: 1 here, /help helps

	case a name that is taken, in another case, too
	join alice
	b+
	b> alice
	b< -- that name is taken. Name?
	b> ALICE
	b< -- that name is taken. Name?
	b> alice2
	b< -- hello, alice2: 2 here, /help helps
	alice< -- alice2 joined

	case names that are none, and no fourth try
	a+
	a> a b
	a< -- a name is 1 to 20 of A-Z, a-z, 0-9, _ and -. Name?
	a>
	a< -- a name is 1 to 20 of A-Z, a-z, 0-9, _ and -. Name?
	a> {21}x
	a< -- a name is 1 to 20 of A-Z, a-z, 0-9, _ and -. Goodbye
	a=

	case a name of 20
	a+
	a> {10}x{8}y_-
	a< -- hello, {10}x{8}y_-: 1 here, /help helps
	a> /quit
	a< -- goodbye
	a=

	case a line that is too long is no name
	a+
	a> {600}x
	a< -- a name is 1 to 20 of A-Z, a-z, 0-9, _ and -. Name?
	a> /who
	a< -- a name is 1 to 20 of A-Z, a-z, 0-9, _ and -. Name?
	a> a\xc3\xa4
	a< -- a name is 1 to 20 of A-Z, a-z, 0-9, _ and -. Goodbye
	a=

	case a name in pieces, and what is behind it
	join b
	a+
	a>> al
	a>> ice\nfirst\r\nsec
	a< -- hello, alice: 2 here, /help helps
	b< -- alice joined
	b< <alice> first
	a>> ond\r\n
	b< <alice> second

	case who has no name hears nothing
	join alice bob
	c+
	alice> before
	bob< <alice> before
	c> carol
	c< -- hello, carol: 3 here, /help helps
	alice< -- carol joined
	bob< -- carol joined
	alice> after
	c< <alice> after
	bob< <alice> after
	EOT
}

check_leaving()
{
	talk <<-'EOT'
	case a name is free after /quit, and it was told once
	join bob alice
	alice> /quit
	bob< -- alice left (quit)
	alice< -- goodbye
	alice=
	join alice
	bob> on
	alice< <bob> on

	case /quit with words, and nothing behind it
	join bob alice
	alice>> /quit so long\r\nhello\r\n/quit\r\n
	alice< -- goodbye
	alice=
	bob< -- alice left (so long)
	join carol

	case a name is free before its owner has hung up
	join bob alice
	alice> /quit
	alice< -- goodbye
	bob< -- alice left (quit)
	alice2+
	alice2> alice
	alice2< -- hello, alice: 2 here, /help helps
	bob< -- alice joined
	alice=

	case a name is free after the end
	join bob alice
	alice.
	bob< -- alice left (hung up)
	join alice

	case a name is free after half a line and the end
	join bob alice
	alice>> hel
	alice.
	bob< -- alice left (hung up)
	join alice

	case a name is free after a half-close, and what was said is heard
	join bob alice
	alice>> one\r\ntwo
	alice/
	bob< <alice> one
	bob< -- alice left (hung up)
	alice=
	join alice

	case a name is free after a reset
	join bob alice
	alice#
	bob< -- alice left (io)
	join alice

	case all leave at once
	join a b c d e f
	a#
	b.
	c#
	d.
	e> /quit
	e.
	do left f 5
	join a b c d e
	EOT
}

check_talking()
{
	talk <<-'EOT'
	case a line is for the others
	join a b c
	a> hello  you
	b< <a> hello  you
	c< <a> hello  you
	b> and you
	a< <b> and you
	c< <b> and you

	case /me
	join a b
	a> /me waves a hand
	b< * a waves a hand
	a> /me
	a> on
	b< <a> on

	case /msg
	join a b c
	a> /msg b for you
	b< [a] for you
	a> /msg C for you,  too
	c< [a] for you,  too
	a> /msg a mine
	a< [a] mine
	a> /msg d none
	a< -- nobody is called that
	a> /msg b
	a< -- what shall b be told?
	a> /msg
	a< -- nobody is called that
	a> on
	b< <a> on
	c< <a> on

	case /nick
	join a b
	a> /nick alice
	a< -- you are now alice
	b< -- a is now alice
	a> on
	b< <alice> on
	a> /nick ALICE
	a< -- you are now ALICE
	b< -- alice is now ALICE
	a> /nick B
	a< -- that name is taken
	a> /nick b c
	a< -- a name is 1 to 20 of A-Z, a-z, 0-9, _ and -
	a> /nick
	a< -- a name is 1 to 20 of A-Z, a-z, 0-9, _ and -
	b> /nick a
	b< -- you are now a
	a< -- b is now a

	case /who
	x+
	join alice bob
	bob> /who
	bob< -- alice
	bob< -- bob

	case /help
	join a
	a> /help
	a< -- /help: these lines
	a< -- /me text: what you do: * name text
	a< -- /msg name text: text for one alone
	a< -- /nick name: another name for you
	a< -- /quit [text]: go, and say why
	a< -- /who: who is here

	case what is no command
	join a b
	a> /join #c
	a< -- no such command; /help helps
	a> /
	a< -- no such command; /help helps
	a> //
	a< -- no such command; /help helps
	a> /WHO
	a< -- no such command; /help helps
	a>  /who
	b< <a>  /who

	case the longest line
	join a b
	a> {512}x
	b< <a> {512}x
	a> /quit {506}x
	b< -- a left ({506}x)
	a< -- goodbye
	a=

	case a line that is too long, and the next one
	join a b
	a> {513}x
	a< -- not said: it was longer than 512 bytes
	a> on
	b< <a> on
	a>> {300}x
	a>> {300}x
	a< -- not said: it was longer than 512 bytes
	a>> {9999}x\r\non\n
	b< <a> on

	case lines with nothing in them
	join a b
	a>> \r\n\n \t \r\n\0\r\n on
	a>> \n
	b< <a>  on

	case what terminals obey
	join a b
	a> \e[31mred\e]0;title\x07
	b< <a> [31mred]0;title
	a> a\rb\0c\td\x7fe\x08f
	b< <a> abc def
	a> \x9b1m \xc2\x9b1m \xc2\x85 \xc0\x9b \xe0\x82\x9b \xf0\x80\x82\x9b
	b< <a> 1m 1m
	a> \xc2\e\x9b31m
	b< <a> 31m
	a> /me \e[2Jwaves\xff\xf4\xff\xfd\x06
	b< * a [2Jwaves
	a> /msg b \e[2Jyou
	b< [a] [2Jyou
	a> /quit \e[2Jbye
	b< -- a left ([2Jbye)
	a< -- goodbye
	a=

	case UTF-8
	join a b
	a> \xc2\xa0 \xc3\xa4 \xdf\xbf \xe0\xa0\x80 \xe2\x82\xac \xed\x9f\xbf \xef\xbf\xbd \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf
	b< <a> \xc2\xa0 \xc3\xa4 \xdf\xbf \xe0\xa0\x80 \xe2\x82\xac \xed\x9f\xbf \xef\xbf\xbd \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf
	a> 1\xc3 2\xe2\x82 3\xed\xa0\x80 4\xf4\x90\x80\x80 5\xf5\x80\x80\x80 6\xc1\xbf 7\x80 8\xf0\x9f\x98
	b< <a> 1 2 3 4 5 6 7 8

	case noise
	join a b
	do noise a b 200

	case vandals, and those who stay
	join a b
	do vandals a b 40
	EOT
}

check_clients()
{
	if command -v nc > /dev/null; then
		talk <<-'EOT'
		case nc
		join a
		! printf 'nick\nhello\n/quit bye\n' | nc 127.0.0.1 $port
		!< Name?
		!< -- hello, nick: 2 here, /help helps
		!< -- goodbye
		a< -- nick joined
		a< <nick> hello
		a< -- nick left (bye)
		EOT
	else
		echo 'skipped: nc'
	fi
	if command -v telnet > /dev/null; then
		talk <<-'EOT'
		case telnet
		join a
		! mkfifo $work/in; { printf 'tel\nhello\n/quit bye\n' >&0; telnet 127.0.0.1 $port; } <> $work/in 2>&1 | grep '^[-N]'
		!< Name?
		!< -- hello, tel: 2 here, /help helps
		!< -- goodbye
		a< -- tel joined
		a< <tel> hello
		a< -- tel left (bye)
		EOT
	else
		echo 'skipped: telnet'
	fi
	if bash -c ': < /dev/tcp/127.0.0.1/'"$port" 2> /dev/null; then
		talk <<-'EOT'
		case bash
		join a
		! bash -c 'exec 3<>/dev/tcp/127.0.0.1/$port; printf "bash\nhello\n/quit bye\n" >&3; cat <&3'
		!< Name?
		!< -- hello, bash: 2 here, /help helps
		!< -- goodbye
		a< -- bash joined
		a< <bash> hello
		a< -- bash left (bye)
		EOT
	else
		echo 'skipped: bash'
	fi
}
