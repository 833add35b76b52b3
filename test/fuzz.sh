#!/bin/sh
# make fuzz: each target test/fuzz_foo.c is built with the library's sources, by
# clang and with its sanitizers, and runs from a copy of test/corpus/foo. All is
# done in fuzz-work/foo of the build directory, where what a run has found stays,
# for the next one to begin with.
#
# FUZZ_TIME seconds are for all targets together: a quarter of them for channel,
# which is about more than one framing, if it is not the only one; the others
# share the rest.
#
# The environment: srcdir; FUZZ_SOURCES, all but the targets themselves, relative
# to it; CPPFLAGS, LIBEVENT_CFLAGS and LIBEVENT_LIBS; FUZZ_TARGETS, the names of
# those that are to run, all if it is empty; FUZZ_CC, another clang.
set -eu

srcdir=${srcdir:-.}
cc=${FUZZ_CC:-clang}
seconds=${FUZZ_TIME:-600}
flags="-std=gnu11 -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all
    -fsanitize=fuzzer,address,undefined"
length=300 # of inputs; no target looks at more
shared=fuzz-work/shared

die()
{
	echo "fuzz: $*" >&2
	exit 1
}

# Compilers and flags are lists of words, here and below.
# shellcheck disable=SC2086
look_for_fuzzer()
{
	command -v ${cc%% *} > /dev/null ||
	    die "$cc not found: install clang"
	printf '%s\n' '#include <stddef.h>' '#include <stdint.h>' \
	    'int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)' \
	    '{ (void)data; (void)size; return (0); }' > fuzz-work/probe.c
	$cc $flags -o fuzz-work/probe fuzz-work/probe.c \
	    2> fuzz-work/probe.log || {
		cat fuzz-work/probe.log >&2
		die "$cc has no libFuzzer: install libclang-rt-dev (Debian)," \
		    "compiler-rt (Fedora)"
	}
}

# compile SOURCE OBJECT, sources being relative to srcdir
# shellcheck disable=SC2086
compile()
{
	$cc $flags ${CPPFLAGS-} ${LIBEVENT_CFLAGS-} -I"$srcdir/include" \
	    -c -o "$2" "$srcdir/$1"
}

# What all targets are made of is compiled once.
build_shared()
{
	rm -rf "$shared"
	mkdir "$shared"
	for source in $FUZZ_SOURCES; do
		case $source in
		*.c) compile "$source" "$shared/$(basename "$source" .c).o" ;;
		esac
	done
}

# shellcheck disable=SC2086
build()
{
	compile "test/fuzz_$1.c" "fuzz-work/$1/fuzz.o"
	$cc $flags -o "fuzz-work/$1/fuzz" "fuzz-work/$1/fuzz.o" "$shared"/*.o \
	    ${LIBEVENT_LIBS--levent_core}
}

# How long a target runs.
share()
{
	if [ "$count" -eq 1 ]; then
		echo "$seconds"
	elif [ "$1" = channel ]; then
		echo $((seconds / 4))
	elif "$has_channel"; then
		echo $((seconds * 3 / 4 / (count - 1)))
	else
		echo $((seconds / count))
	fi
}

# run NAME SECONDS; 0 would be for ever
run()
{
	name=$1
	work=fuzz-work/$name
	mkdir -p "$work/corpus"
	build "$name"
	cp "$srcdir/test/corpus/$name"/* "$work/corpus"
	chmod u+w "$work/corpus"/*
	echo "fuzz: $name, $2 s"
	"$work/fuzz" -max_total_time="$2" -max_len="$length" \
	    -timeout=20 -print_final_stats=1 -artifact_prefix="$work/" \
	    "$work/corpus" > "$work/log" 2>&1 && {
		grep -E 'number_of_executed_units|new_units_added' "$work/log"
		return
	}
	tail -n 100 "$work/log"
	echo "fuzz: $name: what it found is in $PWD/$work; to replay it:" >&2
	sed -n "s|.*Test unit written to |	$work/fuzz |p" "$work/log" >&2
	die "when it is mended, keep that input in test/corpus/$name"
}

mkdir -p fuzz-work
look_for_fuzzer
if [ -z "${FUZZ_TARGETS-}" ]; then
	FUZZ_TARGETS=$(cd "$srcdir/test/corpus" && echo *)
fi
count=0
has_channel=false
for target in $FUZZ_TARGETS; do
	count=$((count + 1))
	[ "$target" != channel ] || has_channel=true
done
build_shared
for target in $FUZZ_TARGETS; do
	time=$(share "$target")
	run "$target" $((time > 0 ? time : 1))
done
