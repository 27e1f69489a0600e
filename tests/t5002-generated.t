#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dcor-segment on measurements whose cells are known, and on odd ones.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
PATH=$B/tests:$PATH

# seg NAME ARGUMENT...: segments NAME.rtdc to NAME_dcn.rtdc
seg() { _s=$1; shift; run dcor-segment -q "$@" "$_s.rtdc"; }
# events NAME: how many the result has
events() { h5number "$1_dcn.rtdc" 'experiment:event count'; }

mkrtdc -o plain.rtdc --frames 600
seg plain
is 'plain: status' "$rc:$(cat out err)" 0:
ok 'plain: cells are found' score --least 98 plain.rtdc plain_dcn.rtdc

# number of workers, runs, where the output goes: the same bytes
sum=$(sha256sum <plain_dcn.rtdc)
for j in 1 2 8; do
	seg plain -j $j -f
	is "plain: same bytes with -j $j" "$(sha256sum <plain_dcn.rtdc)" \
	    "$sum"
done

# what mkrtdc is asked for, then what dcor-segment is
found() {	# NAME 'MKRTDC...' [ARGUMENT...]
	_f=$1
	mkrtdc -o "$1.rtdc" --frames 300 $2
	shift 2
	seg "$_f" "$@"
	is "$_f: status" "$rc:$(cat out err)" 0:
	ok "$_f: cells are found" score --least 95 "$_f.rtdc" \
	    "${_f}_dcn.rtdc"
	for j in 2 8; do
		cp "${_f}_dcn.rtdc" one.rtdc
		seg "$_f" -j $j -f "$@"
		ok "$_f: same bytes with -j $j" cmp one.rtdc "${_f}_dcn.rtdc"
	done
}
found drain '--noise 3' --drain
found crowd '--size 160x400 --cells 4-12 --radius 5-11'
found touch '--size 256x256 --cells 1-9 --touch 30 --border 20'
found flicker '--jumps 5'
found dup '--dup 30'
found odd '--size 61x333 --radius 6-10 --cells 1-4'
found low '--size 38x200 --radius 4-7 --cells 0-2'
found wide '--size 512x512 --frames 60 --cells 3-12'
found rollmed '--drift 9' -b rollmed:kernel_size=100
found drift '--drift 15 --rate 100' -b sparsemed:split_time=0.5
found copied '--bg --drift 0' -b copy
found noclock '--time none --frame none --rate 0'
found gzip '--filter gzip --chunk 7'
found raw '--filter none --chunk 0 --latest'
found lost '--filter fletcher,zstd --chunk 11'
found cut '--filter shuffle,gzip --chunk 9x33x50'
found vlen '--logs vlen --latest --features temp,pressure,userdef3'

# cells on each border, kept or not
mkrtdc -o border.rtdc --frames 200 --cells 1-2 --border 100
seg border
is 'border: left out' "$(events border)" 0
seg border -f --segmenter thresh:clear_border=0
ok 'border: kept' test "$(events border)" -gt 200
is 'border: kept: workers' "$(cp border_dcn.rtdc one.rtdc
    seg border -f -j 8 --segmenter thresh:clear_border=0
    cmp one.rtdc border_dcn.rtdc 2>&1)" ''

# nothing to find
mkrtdc -o nothing.rtdc --cells 0
seg nothing
is 'no events: status' "$rc" 0
is 'no events: count' "$(events nothing)" 0
mkrtdc -o flat.rtdc --cells 0 --flat --noise 0 --drift 0
seg flat
is 'one grey level: status' "$rc" 0
is 'one grey level: count' "$(events flat)" 0

# cells and background of one grey level each: features without NaN traps
mkrtdc -o two.rtdc --flat --plain --noise 0 --drift 0 --cells 1
seg two
is 'two grey levels: status' "$rc" 0
ok 'two grey levels: found' score --least 95 two.rtdc two_dcn.rtdc

# black and white: grey values that do not fit into a byte
mkrtdc -o deep.rtdc --contrast 255 --level 250 --plain --noise 0 --cells 1-2
seg deep
is 'black and white: status' "$rc" 0
ok 'black and white: found' score --least 95 deep.rtdc deep_dcn.rtdc

# no frame, and one, which has no background: dcnum fails on both
mkrtdc -o none.rtdc --frames 0
seg none
is 'no frames: status' "$rc" 65
is 'no frames: one line' "$(wc -l <err | tr -d ' ')" 1
ok 'no frames: no output' test ! -e none_dcn.rtdc
mkrtdc -o single.rtdc --frames 1 --cells 2 --bg
seg single -b copy
is 'one frame: status' "$rc" 0
ok 'one frame: found' score --least 100 single.rtdc single_dcn.rtdc

# tens of thousands of labels in a frame, none of them large enough
mkrtdc -o dots.rtdc --size 512x512 --frames 30 --dots 10 --cells 1
seg dots --segmenter thresh:closing_disk=0^fill_holes=0 --gate norm:s=1
is 'many labels: status' "$rc:$(cat err)" 0:
ok 'many labels: some cells are left' test "$(events dots)" -gt 15
# and many that are
mkrtdc -o grid.rtdc --size 96x96 --frames 40 --grid 10 --cells 0
seg grid --segmenter thresh:closing_disk=0 --gate norm:s=3
is 'many events: status' "$rc:$(cat err)" 0:
ok 'many events: count' test "$(events grid)" -gt 500
cp grid_dcn.rtdc one.rtdc
seg grid -f -j 8 --segmenter thresh:closing_disk=0 --gate norm:s=3
ok 'many events: same bytes with -j 8' cmp one.rtdc grid_dcn.rtdc

# part of the frames
mkrtdc -o part.rtdc --frames 100 --cells 1
seg part -l 10-40-3
is 'part: status' "$rc:$(cat err)" 0:
is 'part: frames' "$(h5number part_dcn.rtdc events/basinmap0 |
    awk '($1 - 10) % 3 || $1 < 10 || $1 >= 40')" ''

# the result of a result
seg plain_dcn -l 200 --segmenter thresh:thresh=-7
is 'again: status' "$rc:$(cat err)" 0:
done_testing
