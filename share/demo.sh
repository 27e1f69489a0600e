#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# make demo: makes a measurement whose cells are known, segments it, and
# says what was found and how fast.  FRAMES: how many (4000).
set -eu
B=${B:-build}
dir=$B/demo
in=$dir/measurement.rtdc
out=$dir/measurement_dcn.rtdc
frames=${FRAMES:-4000}

member() {	# NAME: of the record
	sed -n "s/.*\"$1\":\"*\([^,\"}]*\).*/\1/p" "$dir/record.json"
}
row() { printf '  %-24s %s\n' "$1" "$2"; }
megabytes() { awk -v n="$(wc -c <"$1")" 'BEGIN { printf "%.1f MB", n / 1e6 }'; }

mkdir -p "$dir"
rm -f "$out"
echo "Making a measurement of $frames frames, with drifting background and"
echo "0 to 3 cells a frame, whose places are kept for comparison:"
row file "$in"
"$B/tests/mkrtdc" -q -o "$in" --frames "$frames"
row size "$(megabytes "$in")"

echo
echo "Segmenting it:  dcor-segment $in"
"$B/bin/dcor-segment" --json "$in" >"$dir/record.json"
"$B/tests/score" --least 95 "$in" "$out" >"$dir/score.txt"

row frames "$(member frames)"
row events "$(member events)"
row time "$(awk -v s="$(member seconds)" 'BEGIN { printf "%.2f s", s }')"
row speed "$(awk -v n="$(member events)" -v f="$(member frames)" \
    -v s="$(member seconds)" \
    'BEGIN { printf "%.0f events/s, %.0f frames/s", n / s, f / s }')"
row 'pipeline hash' "$(member hash)"
row result "$out"
row size "$(megabytes "$out")"

echo
echo "Compared with the cells that are there:"
awk -F '\t' '{ printf "  %-24s %s\n", $1, $2 }' "$dir/score.txt"

echo
echo "Look at the result:  h5ls -r $out"
echo "What else:           man -l man/dcor-segment.1"
