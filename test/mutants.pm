# What mutants there are of a C file: each is the file with one small mistake.
#
# The file is read as a list of tokens, not parsed; that is enough to find
# operators, conditions and statements in code that is written in one style. A
# mutant that does not compile is not one, so the operators need not know types.
#
# A mutant's name is "file: the line as it stands there {what was done to it}",
# with #2 behind a line, or @2 behind a deed, that is there for the second time.
# So names stay as they are when lines move.
package mutants;

use strict;
use warnings;

my %OPPOSITE = (
	'<' => '<=', '<=' => '<', '>' => '>=', '>=' => '>',
	'==' => '!=', '!=' => '==',
	'+' => '-', '-' => '+', '+=' => '-=', '-=' => '+=', '/' => '*',
	'++' => '--', '--' => '++', '<<' => '>>', '&' => '|', '|' => '&',
	'true' => 'false', 'false' => 'true',
);
my $COMPARES = qr/^(?:[<>=!]=|[<>])$/;
my $JOINS = qr/^(?:&&|\|\|)$/;
my $OPERAND = qr/^(?:&&|\|\||[?:,;={}]|return)$/;
my $EXPRESSION = qr/^(?:[?:,;={}]|return)$/;
my $ASSIGNS = qr/^(?:[-+*\/%&|^]|<<|>>)?=$/;
my $NO_CALL = qr/^(?:if|while|for|switch|return|sizeof|do|else|case)$/;

# Where it stands in the text, and at what depth of brackets.
sub tokens {
	my ($text) = @_;
	my (@tokens, @open);
	pos($text) = 0;
	for (;;) {
		$text =~ /\G(?:\s+|\/\*.*?\*\/|\/\/[^\n]*|\\\n)+/gcs;
		next if $text =~ /\G#[ \t]*define\s+\w+(?:\([^)]*\))?/gc;
		next if $text =~ /\G#(?:[^\n\\]|\\.)*/gcs;
		my $at = pos($text);
		$text =~ /\G(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\.\.\.|\w+
		    |<<=|>>=|->|\+\+|--|<<|>>|&&|\|\||[-+*\/%&|^<>=!]=|.)/gcsx
		    or last;
		my $token = { text => $&, at => $at, end => pos($text) };
		my $n = @tokens;
		if (@open && $& =~ /^[])}]$/) {
			$token->{mate} = pop @open;
			$tokens[$token->{mate}]{mate} = $n;
		}
		$token->{depth} = @open;
		$token->{body} = grep { $tokens[$_]{text} eq '{' } @open;
		push @open, $n if $& =~ /^[[({]$/;
		push @tokens, $token;
	}
	return \@tokens;
}

sub is_value { return defined $_[0] && $_[0] =~ /^(?:\w+|[])])$/
    && $_[0] !~ /^(?:return|case)$/; }

# The last token, going from i by step, before one of the same depth that stops.
sub edge {
	my ($t, $i, $step, $stop) = @_;
	my $depth = $t->[$i]{depth};
	for (;; $i += $step) {
		my $next = $t->[$i + $step];
		return $i if !$next || $next->{depth} < $depth;
		return $i if $next->{depth} == $depth
		    && $next->{text} =~ $stop;
	}
}

sub add {
	my ($m, $first, $last, $new, $what) = @_;
	my $t = $m->{tokens};
	push @{$m->{found}}, { at => $t->[$first]{at}, end => $t->[$last]{end},
	    first => $first, last => $last, new => $new, what => $what,
	    body => $t->[$first]{body} };
}

sub source {
	my ($m, $first, $last) = @_;
	my $t = $m->{tokens};
	return substr($m->{text}, $t->[$first]{at},
	    $t->[$last]{end} - $t->[$first]{at});
}

# Conditions, and operands of && and ||, that have no effect.
sub force {
	my ($m, $first, $last, $value, $what) = @_;
	my $t = $m->{tokens};
	my $source = source($m, $first, $last);
	add($m, $first, $last, "((void)($source), $value)", $what);
	$m->{forced}{$_} = 1 for grep {
		$t->[$_]{depth} == $t->[$first]{depth}
	} $first .. $last;
}

# An assignment, increment or decrement.
sub drop_change {
	my ($m, $first, $last) = @_;
	add($m, $first, $last, ';', 'dropped');
	$m->{dropped}{$_} = 1 for $first .. $last;
}

# Operators and constants.
sub mutate_token {
	my ($m, $i) = @_;
	my $t = $m->{tokens};
	my ($before, $text) = ($i > 0 ? $t->[$i - 1]{text} : '', $t->[$i]{text});
	my $other = $OPPOSITE{$text};
	if ($text =~ $COMPARES || $text =~ /^(?:[-+]=|\+\+|--|\/|<<|\||true|false)$/) {
		add($m, $i, $i, $other, "$text to $other");
	} elsif ($text =~ /^[-+&]$/ && is_value($before)) {
		add($m, $i, $i, $other, "$text to $other");
	} elsif ($text eq '!') {
		add($m, $i, $i, '', 'no !');
	} elsif ($text =~ /^(0x[0-9a-f]+|\d+)[ul]*$/i) {
		my $new = $text eq '0' ? 1 : $text eq '1' ? 0 : "($text + 1)";
		add($m, $i, $i, $new, "$text to " . ($new =~ s/[()]//gr));
	}
}

# Each operand of && and || without effect.
sub mutate_join {
	my ($m, $i) = @_;
	my $t = $m->{tokens};
	return if $t->[$i]{text} !~ $JOINS;
	my $none = $t->[$i]{text} eq '&&' ? 1 : 0;
	my $first = edge($t, $i - 1, -1, $OPERAND);
	my $last = edge($t, $i + 1, 1, $OPERAND);
	force($m, $first, $i - 1, $none, "left of $t->[$i]{text} $none")
	    if $t->[$first - 1]{text} !~ $JOINS;
	force($m, $i + 1, $last, $none, "right of $t->[$i]{text} $none");
}

# Conditions as a whole.
sub mutate_condition {
	my ($m, $i) = @_;
	my $t = $m->{tokens};
	if ($t->[$i]{text} =~ /^(?:if|while)$/ && $t->[$i + 1]{text} eq '(') {
		my ($first, $last) = ($i + 2, $t->[$i + 1]{mate} - 1);
		my $word = $t->[$i]{text};
		force($m, $first, $last, 0, "$word 0");
		force($m, $first, $last, 1, "$word 1") if $word eq 'if';
	} elsif ($t->[$i]{text} eq '?') {
		my $first = edge($t, $i - 1, -1, $EXPRESSION);
		force($m, $first, $i - 1, $_, "? $_") for 0, 1;
	}
}

# The value that a function returns.
sub mutate_return {
	my ($m, $i) = @_;
	my $t = $m->{tokens};
	return if $t->[$i]{text} ne 'return' || $t->[$i + 1]{text} ne '(';
	my ($first, $last) = ($i + 2, $t->[$i + 1]{mate} - 1);
	return if $first == $last
	    && $t->[$first]{text} =~ /^(?:\d+|true|false|NULL)$/;
	return if $last == $first + 1 && $t->[$first]{text} eq '-';
	if ($m->{type} eq 'bool') {
		my $source = source($m, $first, $last);
		add($m, $first, $last, "!($source)", 'return !');
	} else {
		add($m, $first, $last, 0, 'return 0');
	}
}

# Statements that are dropped: calls, assignments, break, continue, return.
sub mutate_statement {
	my ($m, $i) = @_;
	my $t = $m->{tokens};
	my $end = $i;
	$end++ while $end < $#$t && ($t->[$end]{text} ne ';'
	    || $t->[$end]{depth} > $t->[$i]{depth});
	my $source = source($m, $i, $end);
	if ($source =~ /^(?:break|continue|return);$/) {
		add($m, $i, $end, ';', 'dropped');
		return;
	}
	my $c = $i;
	$c = $t->[$c]{mate} + 1 if source($m, $c, $c + 2) eq '(void)';
	$c += 2 while $t->[$c + 1]{text} =~ /^(?:->|\.)$/;
	if ($t->[$c]{text} =~ /^\w+$/ && $t->[$c]{text} !~ $NO_CALL
	    && $t->[$c + 1]{text} eq '('
	    && $t->[$c + 1]{mate} == $end - 1) {
		add($m, $i, $end, ';', 'dropped');
		return;
	}
	$c = $i;
	$c++ while $t->[$c]{text} =~ /^(?:\*|\+\+|--)$/;
	while ($t->[$c]{text} =~ /^\w+$/ && $t->[$c]{text} !~ $NO_CALL) {
		$c++;
		$c = $t->[$c]{mate} + 1 while $t->[$c]{text} eq '[';
		last if $t->[$c]{text} !~ /^(?:->|\.)$/;
		$c++;
	}
	return if $c == $i;
	drop_change($m, $i, $end) if $t->[$c]{text} =~ $ASSIGNS
	    || $source =~ /^(?:\+\+|--)/ && $c == $end
	    || $source =~ /(?:\+\+|--);$/ && $c == $end - 1;
}

sub starts_statement {
	my ($t, $i) = @_;
	my $before = $t->[$i - 1];
	return 1 if $before->{text} =~ /^(?:[;{}:]|else|do)$/;
	return 0 if $before->{text} ne ')';
	my $word = $t->[$before->{mate} - 1]{text};
	return $word =~ /^(?:if|while|for|switch)$/;
}

# Whatever notices that a condition has no effect, either way, or an assignment
# none, notices as well that it has the opposite one; so there is no need to.
# For the same reason && and || are not exchanged: their operands are forced.
sub is_needless {
	my ($m, $found) = @_;
	my ($i, $last, $what) = @$found{qw(first last what)};
	return 1 if $m->{forced}{$i} && $i == $last
	    && $what =~ /^(?:no !|== to !=|!= to ==)$/;
	return 1 if $m->{dropped}{$i} && $what =~
	    /^(?:[-+]= to [-+]=|(?:\+\+|--) to .*|true to .*|false to .*)$/;
	return $what eq 'return !' && grep { $m->{forced}{$_} } $i .. $last;
}

# Give each its line and its name.
sub name_all {
	my ($m, $file) = @_;
	my (%lines, %seen, %deeds, $n, @named);
	for my $line (split /\n/, $m->{text}) {
		$n++;
		$line =~ s/^\s+|\s+$//g;
		my $nth = ++$seen{$line};
		$lines{$n} = $line . ($nth > 1 ? " #$nth" : '');
	}
	for my $found (sort { $a->{at} <=> $b->{at} }
	    grep { !is_needless($m, $_) } @{$m->{found}}) {
		my $head = substr($m->{text}, 0, $found->{at});
		my $old = substr($m->{text}, $found->{at},
		    $found->{end} - $found->{at});
		$found->{line} = 1 + ($head =~ tr/\n//);
		$found->{last} = $found->{line} + ($old =~ tr/\n//);
		my $name = "$file: $lines{$found->{line}}";
		my $nth = ++$deeds{"$name {$found->{what}}"};
		$found->{name} = "$name {$found->{what}" .
		    ($nth > 1 ? " \@$nth" : '') . '}';
		$found->{file} = $file;
		push @named, $found;
	}
	return @named;
}

# All mutants of a file: hashes with name, file, line and last (lines), body
# (whether that is inside of a function), and at, end and new: what is replaced.
sub of_file {
	my ($file, $text) = @_;
	my $t = tokens($text);
	my $m = { text => $text, tokens => $t, found => [], type => '' };
	for my $i (1 .. $#$t - 3) {
		if ($t->[$i]{body} == 0 && $t->[$i + 1]{text} eq '('
		    && $i > 0) {
			$m->{type} = $t->[$i - 1]{text};
		}
		mutate_token($m, $i);
		mutate_join($m, $i);
		mutate_condition($m, $i);
		next if $t->[$i]{body} == 0;
		mutate_return($m, $i);
		mutate_statement($m, $i) if starts_statement($t, $i);
	}
	return name_all($m, $file);
}

# The file with this mistake in it.
sub text_of {
	my ($mutant, $text) = @_;
	substr($text, $mutant->{at}, $mutant->{end} - $mutant->{at},
	    $mutant->{new});
	return $text;
}

# The same fraction of all, whatever comes in and whichever file it moves to.
sub is_in_part {
	my ($name, $n) = @_;
	my $hash = 2166136261;
	for my $byte (unpack 'C*', $name =~ s/^\S+ //r) {
		$hash = (($hash ^ $byte) * 16777619) & 0xffffffff;
	}
	return ($hash >> 8) % $n == 0;
}

# The list: name => reason.
sub listed {
	my ($text) = @_;
	my (%reasons, $name);
	for (split /\n/, $text) {
		next if /^#|^\s*$/;
		if (/^\s+(.*)/) {
			die "mutate: a reason without a mutant: $1\n" if !$name;
			$reasons{$name} .= ($reasons{$name} ? ' ' : '') . $1;
		} else {
			$name = $_;
			$reasons{$name} = '';
		}
	}
	return \%reasons;
}

1;
