#!/bin/sh
# The inputs that fuzzing found worth keeping, replayed without a fuzzer: those
# of test/corpus/foo by test/fuzz_foo.
set -eu

failed=0
replayed=0
for corpus in "${srcdir:=.}"/test/corpus/*/; do
	name=$(basename "$corpus")
	# What a violation prints tells the input's name, too.
	if out=$("test/fuzz_$name" "$corpus" 2>&1); then
		echo "$name: $out"
	else
		echo "$out"
		echo "$name: FAILED; what it means: EVCHAT_TEST_VERBOSE=1" \
		    "test/fuzz_$name $corpus"
		failed=$((failed + 1))
	fi
	replayed=$((replayed + 1))
done
[ "$replayed" -gt 0 ] || { echo "no corpus in $srcdir/test/corpus"; exit 1; }
[ "$failed" -eq 0 ]
