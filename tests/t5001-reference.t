#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dcor-segment against recorded results of dcnum 0.31.0.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
data=${DCOR_TEST_DATA:-$top/../shared/data}/segm
test -d "$data" || skip_all "no recorded results (DCOR_TEST_DATA)"
cmp=$B/tests/refcmp

for job in "$data"/*.json; do
	n=$(basename "$job" .json)
	in=$(sed -n 's/^ *"input": "\(.*\)",*$/\1/p' "$job")
	# shellcheck disable=SC2046 # words without blanks or patterns
	set -- $("$B/tests/refargs" "$job")
	run dcor-segment -q "$@" -o "$n.rtdc" "$data/$in"
	is "$n: status" "$rc:$(cat err)" 0:
	test "$rc" -eq 0 || continue
	ok "$n: as recorded" "$cmp" "$job" "$n.rtdc"

	# the identifier alone says how the result was made
	id=$("$B/tests/refargs" --id "$job")
	set -- --pipeline "$id"
	case $n in *_tap) ;; *) set -- "$@" --drain ;; esac
	run dcor-segment -q "$@" -o again.rtdc "$data/$in"
	is "$n: replayed: status" "$rc:$(cat err)" 0:
	ok "$n: replayed" "$cmp" "$job" again.rtdc
	rm -f again.rtdc "$n.rtdc"
done
done_testing
