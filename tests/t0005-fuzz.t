#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The fuzz targets on their corpora, without a fuzzer.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
for t in "$B"/replay/*; do
	test -x "$t" || continue
	n=${t##*/}
	ok "$n has a corpus" test -n "$(ls "$srcdir/fuzz/corpus/$n")"
	for f in "$srcdir/fuzz/corpus/$n"/*; do
		test -f "$f" || continue
		ok "$n: ${f##*/}" "$t" "$f"
	done
done
test $tests -gt 0 || skip_all 'no fuzz target is built'
done_testing
