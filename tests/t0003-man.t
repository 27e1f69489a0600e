#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Manual pages: the examples parse; those marked TEST run, in a directory
# with a measurement called measurement.rtdc.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
mkrtdc=$B/tests/mkrtdc
# examples that sign have something to sign with
export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=no-secret
export AWS_ENDPOINT_URL=https://s3.example.org

# Each example of a page to ex.N.sh, those to run to run.N.sh.
split() {
	awk '
	/^\.Sh/ { ex = $2 == "EXAMPLES" }
	!ex { next }
	/^\.\\" TEST/ { test = 1 }
	/^\.Bd -literal/ { file = (test ? "run." : "ex.") ++n ".sh"
		on = 1; test = 0; next }
	/^\.Ed/ { on = 0 }
	on { gsub(/\\e/, "\\"); print >file }' "$1"
}

for page in "$top"/man/*.[1-8]; do
	p=${page##*/}
	rm -f ex.*.sh run.*.sh
	split "$page"
	for e in ex.*.sh run.*.sh; do
		test -f "$e" || continue
		ok "$p: ${e%.sh} parses" sh -n "$e"
	done
	for e in run.*.sh; do
		test -f "$e" || continue
		if ! test -x "$mkrtdc"; then
			skip "$p: ${e%.sh} runs" 'no mkrtdc'
			continue
		fi
		rm -rf work
		mkdir work
		"$mkrtdc" -q --frames 300 -o work/measurement.rtdc
		ok "$p: $(head -n 1 "$e")" sh -c \
		    "cd work && sh -eu ../$e"
	done
	sed -n 's/^\.Xr \(dcor-[a-z]*\) \([1-8]\).*/\1.\2/p' "$page" |
	    sort -u >xrefs
	while read -r x; do
		ok "$p: $x exists" test -f "$top/man/$x"
	done <xrefs
done

# Every variable that is read is in a page, by itself or in a list.
sed -n 's/.*getenv("\([A-Z0-9_]*\)").*/\1/p' "$top"/cmd/*.c \
    "$top"/lib/*/*.c | sort -u >used
sed -e ':a' -e '/\\$/N; s/\\\n//; ta' "$top/man/dcor-tools.7" \
    "$top/man/dcor-config.5" | sed -n 's/^\.It Ev //p' | tr -s ' ,' '\n' |
    sort -u >said
is 'the environment is documented' "$(comm -23 used said)" ''
for c in "$B"/bin/dcor-*; do
	test -x "$c" || continue
	c=${c##*/}
	ok "dcor-tools(7) names $c" grep -q "It Xr $c 1" \
	    "$top/man/dcor-tools.7"
done
done_testing
