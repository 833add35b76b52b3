#!/usr/bin/env perl
# Break the library in many places, one at a time, and see the tests fail: the
# test of the tests. `make mutants' runs it; HACKING tells how.
#
# All test programs are linked once, against a shared library whose one changed
# object is made anew for each mutant, without optimizing much and without
# sanitizers, for speed; malloc fills what it gives and gets back, instead. What
# gcov says each program reaches is what it is run for, quick ones and those
# that have killed before first; it runs until its first test that fails, in one
# process with limits of time and memory: an endless loop is a failure.
#
# A mutant with the same object code as the original is equivalent by proof.
# Others are listed in test/mutants_equivalent, with the reason on the lines
# behind the name. Neither does a mutant count that does not compile.
use strict;
use warnings;
use Cwd qw(abs_path);
use Digest::MD5 qw(md5_hex);
use File::Basename qw(basename dirname);
use File::Copy qw(copy);
use File::Path qw(make_path remove_tree);
use Storable qw(retrieve store);
use lib dirname(abs_path($0));
use mutants;

my $FIXED = '1/16';    # which part of all mutants is in the fixed set
my $CPU = 3;         # how often its usual time a program may take ...
my $CPU_MORE = 4;    # ... and how many seconds in addition
my $MEMORY = 4 << 20; # KiB

my $srcdir = abs_path($ENV{srcdir} // '.');
my $which = $ENV{MUTANTS} || $FIXED;
my $jobs = $ENV{MUTANTS_JOBS} || 1;
my $longest = $ENV{MUTANTS_SECONDS} || 1000;
my $work = abs_path('.') . '/mutants';
my $cflags = $ENV{MUTANTS_CFLAGS} || '-O1';
my $compile = "$ENV{CC} $ENV{MUTANTS_CPPFLAGS} -w -fPIC -I$srcdir/include";
my @units = map { basename($_) } grep { /\.c$/ } split ' ', $ENV{MUTANTS_LIB};
my @harness = grep { /\.c$/ } split ' ', $ENV{MUTANTS_HARNESS};
my @parts = grep { /\.c$/ } split ' ', $ENV{MUTANTS_PARTS};
my @programs = map { basename($_) } split ' ', $ENV{MUTANTS_TESTS};
my (%seconds, %reached, %text, %runs, %kills, %again);

$ENV{CK_FORK} = 'no';
$ENV{CK_VERBOSITY} = 'silent';
$ENV{CK_TAP_LOG_FILE_NAME} = '-';
$ENV{EVCHAT_TEST_GUARD} //= 5;
$ENV{EVCHAT_TEST_SEED} //= 1;
$ENV{MALLOC_PERTURB_} //= 165;
$| = 1;

# What is running when it is interrupted is not in its process group.
my $running;
$SIG{INT} = $SIG{TERM} = $SIG{HUP} = sub {
	kill 'KILL', -$running if $running;
	exit 1;
};

sub slurp {
	my ($path) = @_;
	local $/;
	open my $file, '<', $path or die "mutate: $path: $!\n";
	return <$file>;
}

sub spew {
	my ($path, $text) = @_;
	open my $file, '>', $path or die "mutate: $path: $!\n";
	print $file $text;
	close $file or die "mutate: $path: $!\n";
}

sub must {
	my ($command) = @_;
	system($command) == 0 or die "mutate: failed: $command\n";
}

# Run a program till its first failure. What failed, or undef.
sub run {
	my ($program, $dir, $limit) = @_;
	my $bin = -e "$dir/$program" ? $dir : "$work/bin";
	my $pid = open(my $out, '-|') // die "mutate: fork: $!\n";
	if ($pid == 0) {
		setpgrp;
		open STDERR, '>', '/dev/null';
		$ENV{LD_LIBRARY_PATH} = $dir;
		my $memory = $cflags =~ /-fsanitize/ ? '' :
		    "ulimit -v $MEMORY;";
		chdir $dir;
		exec 'sh', '-c', sprintf("ulimit -c 0; ulimit -S -t %d; %s exec '%s'",
		    $limit, $memory, "$bin/$program");
	}
	$running = $pid;
	my $failed;
	local $SIG{ALRM} = sub { $failed = 'time'; kill 'KILL', -$pid };
	alarm(30 + 10 * $limit);
	while (my $line = <$out>) {
		next if $line !~ /^not ok \d+ - .*?:(\w+):(\w+):/;
		$failed //= "$1:$2";
		last;
	}
	kill 'KILL', -$pid if defined $failed;
	close $out;
	my $status = $?;
	alarm(0);
	kill 'KILL', -$pid; # what it may have left behind
	undef $running;
	return $failed if defined $failed || $status == 0;
	return $status & 127 ? 'signal ' . ($status & 127) :
	    'exit ' . ($status >> 8);
}

# The sources in a directory, their objects, and the library of these.
sub build_library {
	my ($dir, $flags) = @_;
	remove_tree($dir);
	make_path("$dir/lib", "$dir/test");
	for my $path (glob("$srcdir/lib/*.[ch] $srcdir/test/*.[ch]")) {
		my $to = $dir . substr($path, length $srcdir);
		copy($path, $to) or die "mutate: $to: $!\n";
	}
	for my $unit (@units) {
		must("cd $dir && $compile $flags -c -o $unit.o lib/$unit");
	}
	link_library($dir, $flags);
}

sub link_library {
	my ($dir, $flags) = @_;
	my $objects = join ' ', map { "$_.o" } @units;
	must("cd $dir && $ENV{CC} $flags -shared -o libmutant.so $objects" .
	    " $ENV{MUTANTS_LIBS}");
}

# What a program is made of: check_foo.c, and foo_*.c where those are listed.
sub sources {
	my ($program) = @_;
	my $stem = $program =~ s/^check_//r;
	return ("test/$program.c", grep { m{/\Q$stem\E_} } @parts);
}

sub build_program {
	my ($program, $dir, $to) = @_;
	my @sources = sources($program);
	must("cd $dir && $compile $cflags -o $to/$program @sources" .
	    " $work/harness.a -L$work/original -lmutant $ENV{MUTANTS_LIBS}");
}

sub build_all {
	my $dir = "$work/original";
	print "building\n";
	build_library($dir, $cflags);
	make_path("$work/bin");
	unlink "$work/harness.a";
	for my $source (@harness) {
		my $object = basename($source) . '.o';
		must("cd $dir && $compile $cflags -c -o $object $source");
		must("cd $dir && ar rc $work/harness.a $object");
	}
	$text{$_} = slurp("$dir/lib/$_") for @units;
}

# What a program depends on.
sub key {
	my ($program) = @_;
	my $dir = "$work/original";
	my @paths = (sort(glob("$dir/lib/*.[ch] $dir/test/*.h")),
	    map { "$dir/$_" } @harness, sources($program));
	return md5_hex($compile . $cflags . join '', map { slurp($_) } @paths);
}

# Build each program and run it on the original: it must pass, and what does it
# reach? What is known from the last time, and still true, is taken from there.
sub measure {
	my $dir = "$work/reach";
	my $known = -e "$work/known" ? retrieve("$work/known") : {};
	print "measuring\n";
	build_library($dir, '-O0 --coverage');
	for my $program (@programs) {
		my $key = key($program);
		if (($known->{$program}{key} // '') ne $key) {
			build_program($program, "$work/original", "$work/bin");
			$known->{$program} = measure_one($program, $dir);
			$known->{$program}{key} = $key;
			store($known, "$work/known");
		}
		if ($known->{$program}{failed}) {
			print "$program: $known->{$program}{failed}: " .
			    "fails without a mutant; left out\n";
			delete $known->{$program};
			next;
		}
		$seconds{$program} = $known->{$program}{seconds};
		$reached{$program} = $known->{$program}{reached};
	}
}

# Processor time of what was run; unlike any other, it can be told in a crowd.
sub cpu {
	my (undef, undef, $user, $system) = times;
	return $user + $system;
}

sub measure_one {
	my ($program, $dir) = @_;
	my $begin = cpu();
	unlink glob("$dir/*.gcda");
	my $failed = run($program, $dir, 1000);
	my $reached = $failed ? {} : note_reached($program, $dir);
	# Some count how long it takes, which is longer there.
	$failed &&= run($program, "$work/original", 1000);
	return { seconds => cpu() - $begin, reached => $reached,
	    failed => $failed };
}

# Which lines, of those that have code at all.
sub note_reached {
	my ($program, $dir) = @_;
	my %reached;
	for my $unit (@units) {
		my $lines = $reached{$unit} = [];
		next if !-e "$dir/$unit.gcda";
		system("cd $dir && gcov -o . $unit.gcda >/dev/null 2>&1");
		next if !-e "$dir/$unit.gcov";
		for (split /\n/, slurp("$dir/$unit.gcov")) {
			$lines->[$2] = $1 eq '#####' || $1 eq '=====' ? 0 : 1
			    if /^ *([#=]+|\d+\*?): *(\d+):/;
		}
	}
	return \%reached;
}

# Is the source a part of the program? Then that is made anew.
sub includes {
	my ($program, $unit) = @_;
	return slurp("$srcdir/test/$program.c") =~
	    /^#include "\.\.\/lib\/\Q$unit\E"/m;
}

# Might it reach the mutant? Also true where that is not known.
sub reaches {
	my ($program, $mutant) = @_;
	my $lines = $reached{$program}{$mutant->{file}};
	return 1 if !$mutant->{body} || !$lines
	    || includes($program, $mutant->{file});
	my ($first, $last) = @$mutant{qw(line last)};
	$first-- while $first > 0 && !defined $lines->[$first];
	$last++ while $last < @$lines && !defined $lines->[$last];
	return grep { $lines->[$_] } $first .. $last;
}

# The programs to run: what they have killed of this file, for their time.
sub order {
	my ($mutant) = @_;
	my $file = $mutant->{file};
	my $module = $file =~ s/\.c$//r;
	my %worth = map {
		my $own = /^check_\Q$module\E(?:_|$)/ ? 5 : 0;
		$_ => (($kills{$file}{$_} // 0) + $own + .2) /
		    (($runs{$file}{$_} // 0) + $own + 1) /
		    ($seconds{$_} + .05);
	} grep { $seconds{$_} <= $longest && reaches($_, $mutant) }
	    keys %seconds;
	return sort { $worth{$b} <=> $worth{$a} } keys %worth;
}

# Its object code is what the original's is, with these flags.
sub is_same {
	my ($dir, $unit, $flags) = @_;
	for my $side ('original', basename($dir)) {
		return 0 if system("cd $work/$side && $compile $flags" .
		    " -c -o $unit.$side lib/$unit") != 0;
	}
	return slurp("$work/original/$unit.original") eq
	    slurp("$dir/$unit." . basename($dir));
}

sub kill_mutant {
	my ($mutant, $dir) = @_;
	my $file = $mutant->{file};
	my @order = order($mutant);
	my @own = grep { includes($_, $file) } @order;
	build_program($_, $dir, $dir) for @own;
	for my $program (@order) {
		my $limit = $CPU * $seconds{$program} + $CPU_MORE;
		$runs{$file}{$program}++;
		my $failed = run($program, $dir, $limit);
		next if !defined $failed;
		$kills{$file}{$program}++;
		return "killed by $program:$failed";
	}
	return 'equivalent: the same code when optimized'
	    if is_same($dir, $file, '-O2') || is_same($dir, $file, '-O3');
	return 'SURVIVED' . (@order ? '' : ': no test reaches it');
}

# One mutant, in a directory whose sources and objects are the original's.
sub try {
	my ($mutant, $dir) = @_;
	my $unit = $mutant->{file};
	my $verdict;
	spew("$dir/lib/$unit", mutants::text_of($mutant, $text{$unit}));
	if (system("cd $dir && $compile $cflags -c -o $unit.o lib/$unit" .
	    ' 2>/dev/null') != 0) {
		$verdict = 'no mutant: it does not compile';
	} elsif (slurp("$dir/$unit.o") eq slurp("$work/original/$unit.o")) {
		$verdict = 'equivalent: the same code';
	} else {
		link_library($dir, $cflags);
		$verdict = kill_mutant($mutant, $dir);
	}
	spew("$dir/lib/$unit", $text{$unit});
	unlink map { "$dir/$_" } @programs;
	copy("$work/original/$unit.o", "$dir/$unit.o");
	return $verdict;
}

# One part in so many, or those whose name matches, or both.
sub selected {
	my ($mutant, $reasons) = @_;
	my $name = $mutant->{name};
	return 1 if $which eq 'all';
	return exists $again{$name} if $which eq 'again';
	return exists $reasons->{$name} if $which eq 'listed';
	my ($n, $pattern) = $which =~ m{^(?:1/(\d+)(?: |$))?(.*)$};
	return mutants::is_in_part($name, $n // 1) && $name =~ /$pattern/;
}

# Every so many of them, each with its verdict told as it comes.
sub work {
	my ($job, $todo, $reasons) = @_;
	my $dir = "$work/job$job";
	remove_tree($dir);
	must("cp -R $work/original $dir");
	open my $log, '>', "$work/verdicts$job" or die "mutate: $!\n";
	for (my $i = $job; $i < @$todo; $i += $jobs) {
		my $name = $todo->[$i]{name};
		my $reason = $reasons->{$name};
		my $verdict = defined $reason && $which ne 'listed' ?
		    "equivalent, as listed: $reason" : try($todo->[$i], $dir);
		print "$name\n\t$verdict\n";
		print $log "$name\t$verdict\n";
	}
	close $log;
}

# What the verdicts come to. Is any of them bad?
sub sum_up {
	my @kinds = ('killed', 'equivalent', 'equivalent, as listed',
	    'SURVIVED');
	my $kind = join '|', reverse @kinds;
	my %sum = map { $_ => 0 } @kinds;
	my @bad;
	for (map { split /\n/, slurp("$work/verdicts$_") } 0 .. $jobs - 1) {
		my ($name, $verdict) = split /\t/;
		next if $verdict !~ /^($kind)/;
		$sum{$1}++;
		# Of those that are listed as equivalent the others are.
		push @bad, $name if ($1 eq 'SURVIVED') != ($which eq 'listed');
	}
	print "$_: see above\n" for @bad;
	spew("$work/survived", join '', map { "$_\n" } @bad);
	printf "%d killed, %d equivalent by their code, %d as listed, " .
	    "%d survived\n", @sum{@kinds};
	return scalar @bad;
}

sub main {
	my $reasons =
	    mutants::listed(slurp("$srcdir/test/mutants_equivalent"));
	my $begin = time;
	build_all();
	my @all = map { mutants::of_file($_, $text{$_}) } @units;
	my %there = map { $_->{name} => 1 } @all;
	my @stale = grep { !$there{$_} || !$reasons->{$_} } sort keys %$reasons;
	print "$_: listed, and no mutant, or without a reason\n" for @stale;
	if ($which eq 'again') {
		%again = map { $_ => 1 } split /\n/, slurp("$work/survived");
	}
	my @todo = grep { selected($_, $reasons) } @all;
	printf "%d of %d mutants\n", scalar @todo, scalar @all;
	measure();
	my @pids;
	for my $job (0 .. $jobs - 1) {
		my $pid = fork // die "mutate: fork: $!\n";
		if ($pid == 0) {
			work($job, \@todo, $reasons);
			exit 0;
		}
		push @pids, $pid;
	}
	my $broken = grep { waitpid($_, 0) != $_ || $? != 0 } @pids;
	die "mutate: a job has failed\n" if $broken;
	my $bad = sum_up();
	printf "%d minutes\n", (time - $begin) / 60 + .5;
	return $bad || @stale || @programs != keys %seconds ? 1 : 0;
}

exit main();
