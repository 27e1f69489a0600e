#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# make bench: how fast is dcor-segment, and what could it be?
#   FRAMES   frames of the measurement (24000)
#   RUNS     runs of each kind, of which the best counts (2)
#   PEER     0: do not run dcnum even if $PYTHON has it
#   S3       0: no transfers (tests/bench-s3.sh)
# A machine's speed drifts; the runs of both programs are therefore made in
# one go, and their ratio is what to compare.
set -eu
B=${B:-build}
PYTHON=${PYTHON:-python3}
here=$(cd "$(dirname "$0")" && pwd)
data=${DCOR_TEST_DATA:-$here/../../shared/data}/segm
frames=${FRAMES:-24000}
runs=${RUNS:-2}
dir=$B/bench
in=$dir/in-$frames.rtdc
mkdir -p "$dir"

if test ! -s "$in"; then
	set -- --frames "$frames" --jumps 2 --drift 0
	if test -r "$data/e_80x320.rtdc"; then
		echo "making $in from real frames" >&2
		set -- "$@" --from "$data/e_80x320.rtdc" --cells 0 --noise 0.8
	else
		echo "making $in" >&2
		set -- "$@" --cells 0-3
	fi
	"$B/tests/mkrtdc" -q -o "$in.new" "$@"
	mv "$in.new" "$in"
fi
cat "$in" >/dev/null	# into the page cache

# best LABEL OUT COMMAND...: times it, keeps the best in $dir/best
best() {
	label=$1 out=$2
	shift 2
	rm -f "$dir/times"
	i=0
	while test $i -lt "$runs"; do
		i=$((i + 1))
		rm -f "$out"
		"$B/tests/timed" -o "$dir/times" "$@" >"$dir/log" 2>&1 || {
			cat "$dir/log" >&2
			echo "bench: $label failed" >&2
			return 1
		}
	done
	events=$("$B/tests/h5number" "$out" 'experiment:event count' \
	    2>/dev/null || echo "$events")
	sort -n "$dir/times" | head -n 1 >"$dir/best"
	awk -v l="$label" -v f="$frames" -v e="$events" '{
		printf "%-26s %7.2f %7.2f %7.0f %9.0f %9.0f\n", l, $1, $2, $3,
		    f / $1, e / $1 }' "$dir/best"
}
row() { awk -v n="$1" '{ print $n }' "$dir/best"; }

echo "$frames frames, $(getconf _NPROCESSORS_ONLN) processors, best of $runs"
printf '%-26s %7s %7s %7s %9s %9s\n' '' wall/s CPU/s MB frames/s events/s
events=0
for how in tap drain; do
	for j in 1 2; do
		set -- -q -j $j
		test $how = tap || set -- "$@" --drain
		best "dcor-segment -j $j $how" "$dir/$how.rtdc" \
		    "$B/bin/dcor-segment" "$@" -b sparsemed:o=1 \
		    -o "$dir/$how.rtdc" "$in"
		eval "wall_${how}_$j=$(row 1) cpu_${how}_$j=$(row 2)"
	done
done

if test "${PEER:-1}" = 1 && "$PYTHON" -c 'import dcnum' 2>/dev/null; then
	runs=1
	for how in tap drain; do
		for p in 2 3; do
			best "dcnum $p processes $how" "$dir/peer.rtdc" \
			    "$PYTHON" "$here/bench-peer.py" "$in" \
			    "$dir/peer.rtdc" $how $p
			eval "pwall_${how}_$p=$(row 1) pcpu_${how}_$p=$(row 2)"
		done
	done
	rm -f "$dir/peer.rtdc" "$dir/peer.log"
	echo
	# shellcheck disable=SC2154
	awk -v a="$pwall_tap_3" -v b="$wall_tap_2" -v c="$pcpu_tap_2" \
	    -v d="$cpu_tap_1" 'BEGIN { printf "tap: %.1f times the speed of \
dcnum at its best, %.1f times less CPU\n", a / b, c / d }'
	# shellcheck disable=SC2154
	awk -v a="$pwall_drain_3" -v b="$wall_drain_2" -v c="$pcpu_drain_2" \
	    -v d="$cpu_drain_1" 'BEGIN { printf "drain: %.1f times the speed \
of dcnum at its best, %.1f times less CPU\n", a / b, c / d }'
else
	echo 'dcnum: not run'
fi

echo
echo 'Where the time goes (-j 1, tap; seconds):'
"$B/bin/dcor-segment" -v -v -f -j 1 -b sparsemed:o=1 -o "$dir/tap.rtdc" \
    "$in" 2>&1 >/dev/null | sed 's/^dcor-segment: /  /'
echo
echo 'One processor, the same chunks:'
"$B/tests/bench-zstd" "$in" "$dir/tap.rtdc"
echo
for f in "$in" "$dir/tap.rtdc" "$dir/drain.rtdc"; do
	wc -c "$f" | awk '{ printf "%-40s %8.1f MB\n", $2, $1 / 1e6 }'
done
echo
sh "$here/bench-pack.sh"
echo
sh "$here/bench-slice.sh"
echo
sh "$here/bench-presign.sh"
echo
echo 'Many small objects to an archive:'
sh "$here/bench-archive.sh"
test "${S3:-1}" = 0 || { echo; sh "$here/bench-s3.sh"; }
