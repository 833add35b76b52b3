#!/usr/bin/perl
# Judges what gcov has counted. Every line of lib/ has to be run but those that
# test/uncovered names, each with its reason; a name there whose line is run, or
# is not there, is as wrong, unless it is marked as one that is run sometimes. Of the branches a share has to be taken. Prints a
# table; what was not run and not taken, with its text, goes into a file.
#
# Every way out of a condition is a branch, as gcov has it: `a && b' has four.
use strict;
use warnings FATAL => 'all';
use File::Glob qw(bsd_glob);

use constant LEAST_BRANCHES => 90;	# percent

my ($srcdir, $counts_name, $report_name) = @ARGV;
my %sometimes;	# names whose lines may be run or not, marked by a `?'
my %files;	# path => { line number => { text, function, count, branches } }

# gcov's output: what it says of a function and of branches stands before and
# behind the line that it is about.
sub read_counts {
	my ($name) = @_;
	my ($file, $function, $line);

	open(my $in, '<', $name) or die "coverage: $name: $!\n";
	while (<$in>) {
		if (/^ *-: *0:Source:(.*)/) {
			$file = $1 =~ m{(?:^|/)(lib/[^/]+)$} ? $1 : undef;
			$files{$file} //= {} if defined $file;
			undef $line;
		} elsif (!defined $file || /^ *-:/ || /^call /) {
			next;
		} elsif (/^function (\S+) called/) {
			$function = $1;
		} elsif (/^ *([0-9]+|#####|=====)\*?: *([0-9]+):\s*(.*?)\s*$/) {
			$line = $files{$file}{$2} //= { text => $3,
			    function => $function, count => 0, branches => [] };
			$line->{count} += $1 =~ tr/#=// ? 0 : $1;
			$line->{next} = 0;
		} elsif (/^branch +[0-9]+ (?:taken ([0-9]+)|never executed)/) {
			$line->{branches}[$line->{next}++] += $1 // 0;
		} else {
			die "coverage: $name:$.: not understood: $_";
		}
	}
	close($in);
}

# Every source has to be there, even if nobody links it.
sub check_sources {
	my @missing = grep { !%{$files{$_} // {}} }
	    map { substr($_, length("$srcdir/")) } bsd_glob("$srcdir/lib/*.c");

	die "coverage: not one line counted in @missing\n" if @missing;
}

# "file, function: text" at the start of a line, and indented the reason. Two
# lines with the same text in one function take two entries.
sub read_named {
	my ($name) = @_;
	my (%named, $entry, %reasons);

	open(my $in, '<', $name) or die "coverage: $name: $!\n";
	while (<$in>) {
		next if /^#|^$/;
		if (/^\s+\S/ && defined $entry) {
			$reasons{$entry}++;
		} elsif (/^(\? )?(lib\/\S+, \w+: .*?)\s*$/) {
			$entry = $2;
			$named{$entry}++;
			$sometimes{$entry} = 1 if $1;
		} else {
			die "coverage: $name:$.: neither a line nor a reason\n";
		}
	}
	close($in);
	for (keys %named) {
		die "coverage: $name: no reason: $_\n" if !$reasons{$_};
	}
	return (%named);
}

sub percent {
	my ($part, $all) = @_;

	# Rounded down: 100.0 means all.
	return ($all == 0 ? '-' :
	    sprintf('%.1f', int(1000 * $part / $all) / 10));
}

sub print_row {
	my ($name, $sum) = @_;

	printf("%-20s %6d %6d %6s %9d %6d %6s\n", $name, $sum->{lines},
	    $sum->{run}, percent($sum->{run}, $sum->{lines}),
	    $sum->{branches}, $sum->{taken},
	    percent($sum->{taken}, $sum->{branches}));
}

# Add up one file, and report what is missing in it.
sub look_at {
	my ($file, $report, $unrun) = @_;
	my %sum = (lines => 0, run => 0, branches => 0, taken => 0);

	for my $number (sort { $a <=> $b } keys %{$files{$file}}) {
		my $line = $files{$file}{$number};
		my $all = @{$line->{branches}};
		my $taken = grep { $_ > 0 } @{$line->{branches}};
		my $what = $line->{count} == 0 ? 'not run' : $taken < $all ?
		    "branches taken @{$line->{branches}}" : undef;

		$sum{lines}++;
		$sum{run} += $line->{count} > 0;
		$sum{branches} += $all;
		$sum{taken} += $taken;
		push(@$unrun, { where => "$file:$number",
		    name => "$file, $line->{function}: $line->{text}" })
		    if $line->{count} == 0;
		print $report "$file:$number, $line->{function}: $what\n",
		    "\t$line->{text}\n" if defined $what;
	}
	return (\%sum);
}

read_counts($counts_name);
check_sources();
my %named = read_named("$srcdir/test/uncovered");
my %total = (lines => 0, run => 0, branches => 0, taken => 0);
my @unrun;
my $wrong = 0;

open(my $report, '>', $report_name) or die "coverage: $report_name: $!\n";
printf("%-20s %6s %6s %6s %9s %6s %6s\n", 'file', 'lines', 'run', '%',
    'branches', 'taken', '%');
for my $file (sort keys %files) {
	my $sum = look_at($file, $report, \@unrun);

	print_row($file, $sum);
	$total{$_} += $sum->{$_} for keys %total;
}
print_row('all', \%total);
close($report) or die "coverage: $report_name: $!\n";

for my $line (@unrun) {
	next if $named{$line->{name}} && $named{$line->{name}}-- > 0;
	print "$line->{where}: not run: $line->{name}\n";
	$wrong = 1;
}
for my $name (sort grep { $named{$_} > 0 && !$sometimes{$_} } keys %named) {
	print "in test/uncovered, and run or not there: $name\n";
	$wrong = 1;
}
if (100 * $total{taken} < LEAST_BRANCHES * $total{branches}) {
	print 'fewer than ', LEAST_BRANCHES, " % of the branches taken\n";
	$wrong = 1;
}
print "what was not run and not taken is in coverage/$report_name\n";
exit($wrong);
