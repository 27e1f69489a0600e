#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# How fast are parts of measurements?  Called by make bench.
#   SLICEFRAMES  frames of 25 600 bytes, twice (10000: 0.5 GB)
#   RUNS         runs of each kind, of which the best counts (2)
# Everything is in memory (DCOR_BENCH_DIR, /dev/shm), so that no disk counts.
set -eu
B=${B:-build}
here=$(cd "$(dirname "$0")" && pwd)
B=$(cd "$B" && pwd)
PYTHON=${PYTHON:-python3}
frames=${SLICEFRAMES:-10000}
runs=${RUNS:-2}
data=${DCOR_TEST_DATA:-$here/../../shared/data}/segm
dir=$(mktemp -d "${DCOR_BENCH_DIR:-/dev/shm}/dcor-bench.XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
cd "$dir"
PATH=$B/bin:$B/tests:$PATH

# best LABEL OUT COMMAND...: the shortest of some runs, left in $wall
best() {
	label=$1 out=$2
	shift 2
	rm -f times
	i=0
	while test $i -lt "$runs"; do
		i=$((i + 1))
		rm -f "$out"
		timed -o times "$@" >log 2>&1 || {
			cat log >&2
			echo "bench: $label failed" >&2
			return 1
		}
	done
	wall=$(sort -n times | awk 'NR == 1 { print $1 }')
	sort -n times | awk -v l="$label" -v o="$(wc -c <"$out")" 'NR == 1 {
	    printf "%-34s %7.2f %7.2f %7.0f %8.1f %7.0f\n", l, $1, $2, $3,
	    o / 1e6, o / 1e6 / $1 }'
}
printf '%-34s %7s %7s %7s %8s %7s\n' '' wall/s CPU/s MB result MB/s

# numbers to text: the images are as good as none
mkrtdc -q -o numbers.rtdc --frames 1000000 --size 8x8 --cells 0-0 \
    --features area_um,deform
for j in 1 2; do
	best "1 000 000 doubles to TSV, -j $j" out dcor-slice -q -j $j \
	    -F deform -o out --format tsv numbers.rtdc
	awk -v w="$wall" 'BEGIN { printf "%.1f million a second\n", 1 / w }'
done
best '4 000 000 numbers to TSV, -j 2' out dcor-slice -q -j 2 -o out \
    --format tsv numbers.rtdc
best '4 000 000 numbers to JSON, -j 2' out dcor-slice -q -j 2 -o out \
    --format json numbers.rtdc
rm numbers.rtdc

set -- --frames "$frames" --bg --features area_um,deform
test ! -r "$data/e_80x320.rtdc" || set -- "$@" --from \
    "$data/e_80x320.rtdc" --cells 0 --noise 0.8
mkrtdc -q -o in.rtdc "$@"
# half of the measurement, on borders of chunks
half=$((frames / 80))
half=$((40 * half))
best "events 0:$half" out.rtdc dcor-slice -q -j 2 -e 0:$half -o out.rtdc \
    in.rtdc
one=$wall
best 'cp of as many bytes' cp.rtdc cp out.rtdc cp.rtdc
awk -v a="$one" -v b="$wall" 'BEGIN { printf "%.2f times cp\n", a / b }'
where='(frame * 7919) % 1000 < 100'
best 'a tenth, here and there' out.rtdc dcor-slice -q -j 2 -w "$where" \
    -o out.rtdc in.rtdc
two=$wall
if "$PYTHON" -c 'import dclab' 2>/dev/null; then
	runs=1
	best 'dclab: the same' peer.rtdc env HDF5_USE_FILE_LOCKING=FALSE \
	    "$PYTHON" "$here/bench-slice.py" in.rtdc peer.rtdc
	awk -v p="$wall" -v b="$two" 'BEGIN { printf \
	    "%.1f times the speed of dclab\n", p / b }'
fi
