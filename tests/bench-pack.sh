#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# How fast is recompression?  Called by make bench.
#   PACKFRAMES  frames of 25 600 bytes, twice (10000: 0.5 GB)
#   RUNS        runs of each kind, of which the best counts (2)
# Everything is in memory (DCOR_BENCH_DIR, /dev/shm), so that no disk counts.
# zstd has no chunks and no checksums to write: it is what can be reached.
set -eu
B=${B:-build}
here=$(cd "$(dirname "$0")" && pwd)
B=$(cd "$B" && pwd)
PYTHON=${PYTHON:-python3}
frames=${PACKFRAMES:-10000}
runs=${RUNS:-2}
data=${DCOR_TEST_DATA:-$here/../../shared/data}/segm
dir=$(mktemp -d "${DCOR_BENCH_DIR:-/dev/shm}/dcor-bench.XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
cd "$dir"
set -- --frames "$frames" --bg --filter none
test ! -r "$data/e_80x320.rtdc" || set -- "$@" --from \
    "$data/e_80x320.rtdc" --cells 0 --noise 0.8
"$B/tests/mkrtdc" -q -o in.rtdc "$@"
bytes=$(wc -c <in.rtdc)

# best LABEL OUT COMMAND...: the shortest of some runs, left in $wall
best() {
	label=$1 out=$2
	shift 2
	rm -f times
	i=0
	while test $i -lt "$runs"; do
		i=$((i + 1))
		rm -f "$out"
		"$B/tests/timed" -o times "$@" >log 2>&1 || {
			cat log >&2
			echo "bench: $label failed" >&2
			return 1
		}
	done
	wall=$(sort -n times | awk 'NR == 1 { print $1 }')
	sort -n times | awk -v l="$label" -v b="$bytes" -v o="$(wc -c \
	    <"$out")" 'NR == 1 { printf "%-26s %7.2f %7.2f %7.0f %7.0f %8.1f\n",
		l, $1, $2, $3, b / 1e6 / $1, o / 1e6 }'
}
awk -v b="$bytes" 'BEGIN { printf "%.0f MB of images\n", b / 1e6 }'
printf '%-26s %7s %7s %7s %7s %8s\n' '' wall/s CPU/s MB MB/s result
best 'cp' out cp in.rtdc out
best 'zstd -T2 -5' out zstd -q -T2 -5 -f -o out in.rtdc
zstd=$wall
best 'dcor-pack -j 1' out.rtdc "$B/bin/dcor-pack" -q -j 1 -o out.rtdc in.rtdc
one=$wall
best 'dcor-pack -j 2' out.rtdc "$B/bin/dcor-pack" -q -j 2 -o out.rtdc in.rtdc
two=$wall
mv out.rtdc packed.rtdc
best 'nothing to compress' out.rtdc "$B/bin/dcor-pack" -q -j 2 -o out.rtdc \
    packed.rtdc
awk -v z="$zstd" -v a="$one" -v b="$two" 'BEGIN { printf \
    "%.2f of the speed of zstd -T2, %.2f times that of one worker\n", z / b,
    a / b }'
c=$(dirname "$PYTHON")/dclab-compress
test -x "$c" || c=$(command -v dclab-compress) || c=
if test -n "$c"; then
	runs=1
	best 'dclab-compress' out.rtdc env HDF5_USE_FILE_LOCKING=FALSE "$c" \
	    in.rtdc out.rtdc
	awk -v p="$wall" -v b="$two" 'BEGIN { printf \
	    "%.1f times the speed of dclab-compress\n", p / b }'
fi
