#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dcor-segment killed at any moment: no half result, and again works.
# KILLS: how many moments (120).
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
PATH=$B/tests:$PATH
kills=${KILLS:-120}
mkdir out tmp
TMPDIR=$tmp/tmp
export TMPDIR

mkrtdc -o in.rtdc --frames 400 --cells 1-3
sum=$(sha256sum <in.rtdc)
seg='dcor-segment -q -j 2 --drain -o out/x.rtdc in.rtdc'
us=$(killat 0 0 $seg)
mv out/x.rtdc want.rtdc
us2=$(killat 0 0 $seg)
ok 'two runs, the same bytes' cmp out/x.rtdc want.rtdc
test "$us2" -gt "$us" && us=$us2
rm out/x.rtdc

# moments N SEED: N parts of a thousand of the time that it takes
moments() {
	awk -v n="$1" -v seed="$2" 'BEGIN { srand(seed)
		for (i = 0; i < n; i++) printf "%d\n", rand() * 1000 }'
}
# after RC: how long it takes now, on a machine that has other work as well
learn() {
	if test "$1" -eq 0; then
		us=$((us - us / 10))
	else
		us=$((us + us / 50))
	fi
}
left() { find out tmp -type f; }
run() { "$@" >out.txt 2>err; rc=$?; }

# kill -9: leavings are allowed, a half result is not
done=0 died=0 half=0 odd=
for t in $(moments "$kills" 1); do
	killat 9 $((us * t / 1000)) $seg 2>err
	rc=$?
	learn $rc
	case $rc in
	0) done=$((done + 1)) ;;
	137) died=$((died + 1)) ;;
	*) odd="$odd $rc" ;;
	esac
	if test -e out/x.rtdc; then
		cmp -s out/x.rtdc want.rtdc || half=$((half + 1))
		rm out/x.rtdc
	fi
done
is "killed $kills times: half results" "$half" 0
is 'killed: other statuses' "$odd" ''
ok 'killed: most died on the way' test $died -gt $((kills / 2))
run $seg
is 'afterwards: status' "$rc:$(cat err)" 0:
ok 'afterwards: the same bytes' cmp out/x.rtdc want.rtdc
rm -rf out tmp
mkdir out tmp

# an older result stays whole when its successor is killed
cp want.rtdc out/x.rtdc
half=0
for t in $(moments 20 2); do
	killat 9 $((us * t / 1000)) $seg -f 2>err
	cmp -s out/x.rtdc want.rtdc || half=$((half + 1))
done
is 'killed while replacing: half results' "$half" 0
rm -rf out tmp
mkdir out tmp

# what can be caught leaves nothing at all
for s in 15 2 1; do
	died=0 wrong=
	for t in $(moments 30 $s); do
		killat $s $((us * t / 1000)) $seg 2>err
		rc=$?
		learn $rc
		case $rc in
		0)
			cmp -s out/x.rtdc want.rtdc || wrong="$wrong half"
			rm -f out/x.rtdc
			;;
		$((128 + s))) died=$((died + 1)) ;;
		*) wrong="$wrong $rc" ;;
		esac
		test ! -s err || wrong="$wrong $(cat err)"
		test -z "$(left)" || wrong="$wrong $(left)"
		rm -f out/* tmp/*
	done
	is "signal $s: status, leavings" "$wrong" ''
	ok "signal $s: died on the way" test $died -gt 10
done
is 'the input is as it was' "$(sha256sum <in.rtdc)" "$sum"
done_testing
