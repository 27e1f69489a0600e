#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dcor-pack killed at any moment: the old file or the new, and again works.
# KILLS: how many moments (30).
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
PATH=$B/tests:$PATH
kills=${KILLS:-30}
mkdir d
mkrtdc -q -o old.rtdc --frames 600 --filter none
cp old.rtdc d/x.rtdc
pack='dcor-pack -q -j 2 -i d/x.rtdc'
us=$(killat 0 0 $pack)
cp d/x.rtdc new.rtdc

# moments N SEED: N parts of a thousand of the time that it takes
moments() {
	awk -v n="$1" -v seed="$2" 'BEGIN { srand(seed)
		for (i = 0; i < n; i++) printf "%d\n", rand() * 1000 }'
}
for s in 9 15 2; do
	rm -f d/*.part
	died=0 wrong=
	for t in $(moments "$kills" $s); do
		cp old.rtdc d/x.rtdc
		killat $s $((us * t / 1000)) $pack 2>err
		rc=$?
		case $rc in
		0)	us=$((us - us / 10)) ;;
		$((128 + s)))
			us=$((us + us / 50)) died=$((died + 1)) ;;
		*)	wrong="$wrong $rc" ;;
		esac
		cmp -s d/x.rtdc old.rtdc || cmp -s d/x.rtdc new.rtdc ||
			wrong="$wrong half"
		test $s -eq 9 || test "$(ls d)" = x.rtdc ||
			wrong="$wrong $(ls d)"
	done
	is "signal $s: halves, statuses, leavings" "$wrong" ''
	ok "signal $s: died on the way" test $died -gt $((kills / 10))
done
cp old.rtdc d/x.rtdc
ok 'afterwards it works' $pack
ok 'and the bytes are the same' cmp d/x.rtdc new.rtdc
done_testing
