#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dcor-join: what is joined is what NumPy would concatenate (libhdf5 reads
# it), in the order of the clock; and everything that can be wrong.
# KILLS: how many moments (40).
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
PATH=$B/tests:$PATH
data=${DCOR_TEST_DATA:-$top/../shared/data}/rtdc
kills=${KILLS:-40}
mkdir in out tmp
TMPDIR=$tmp/tmp
export TMPDIR

# make NAME DATE-TIME-RUN OPTION...: a measurement
make() {
	_f=in/$1.rtdc _t=$2
	shift 2
	mkrtdc -q -o "$_f" --size 20x30 --radius 3-5 --cells 0-1 --attr \
	    "experiment:time=$_t" "$@"
}
make a 12:00:00 --frames 130 --features area_um,deform,index
make b 12:10:00 --frames 77 --features area_um,deform,index --seed 2 \
    --filter none --chunk 10 --frame f32
make c 11:59:58.500 --frames 45 --features deform,area_um,index --seed 3 \
    --filter gzip,fletcher --latest --frame i32
make few 12:20:00 --frames 33 --features bright_avg,index --seed 4
make zero 12:05:00 --frames 0 --features area_um,deform,index

run() { "$@" >out.txt 2>err; rc=$?; }
left() { find out tmp -type f; }
sums() { find in -type f -exec sha256sum {} + | sort; }
sums >sums.old

run dcor-join -o out/ab.rtdc in/b.rtdc in/a.rtdc
is 'two: status' "$rc:$(cat err)" 0:
is 'two: which events are where' "$(tr '\t' ' ' <out.txt)" \
    'in/a.rtdc 0 130 0.0 0
in/b.rtdc 130 77 600.0 300000'
is 'two: values' "$(joincmp out/ab.rtdc in/a.rtdc 0 in/b.rtdc 600 2>&1)" \
    'area_um
deform
frame
image
index
time'
run dcor-join -q -o out/cab.rtdc in/a.rtdc in/b.rtdc in/c.rtdc
is 'three: status' "$rc:$(cat err out.txt)" 0:
ok 'three, the last half a second before: values' joincmp out/cab.rtdc \
    in/c.rtdc 0 in/a.rtdc 1.5 in/b.rtdc 601.5
run dcor-join -q -z none -o out/none.rtdc in/a.rtdc in/a.rtdc
ok 'a file twice, not compressed: values' joincmp out/none.rtdc in/a.rtdc 0 \
    in/a.rtdc 0
run dcor-join -q -o out/again.rtdc out/ab.rtdc in/few.rtdc
is 'a joined one can be joined' "$(joincmp out/again.rtdc out/ab.rtdc 0 \
    in/few.rtdc 1200 2>&1 | tr '\n' ' ')" 'frame image index time '

# features that are not everywhere
run dcor-join -o out/few.rtdc in/few.rtdc in/a.rtdc
is 'neighbours are missing: values' "$(joincmp out/few.rtdc in/a.rtdc 0 \
    in/few.rtdc 1200 2>&1 | tr '\n' ' ')" 'frame image index time '
is 'neighbours are missing: warnings' "$(cat err)" \
'dcor-join: warning: area_um: missing in in/few.rtdc: left out
dcor-join: warning: deform: missing in in/few.rtdc: left out
dcor-join: warning: bright_avg: missing in in/a.rtdc: left out'
run dcor-join -o out/zero.rtdc in/a.rtdc in/zero.rtdc in/b.rtdc
is 'one without events: status' "$rc:$(cat err)" 0:
ok 'one without events: values' joincmp out/zero.rtdc in/a.rtdc 0 \
    in/zero.rtdc 300 in/b.rtdc 600
run dcor-join -o out/zeros.rtdc in/zero.rtdc in/zero.rtdc
is 'none has events' "$rc:$(joincmp out/zeros.rtdc in/zero.rtdc 0 \
    in/zero.rtdc 0 2>&1 | tr '\n' ' ')" \
    '0:area_um deform frame image index time '

# the order is that of numbers
make ten 12:00:00 --frames 10 --attr 'experiment:run index=10'
make nine 12:00:00 --frames 20 --attr 'experiment:run index=9'
is 'run 9 before run 10' "$(dcor-join -n in/ten.rtdc in/nine.rtdc |
    cut -f 1)" 'in/nine.rtdc
in/ten.rtdc'
make day 00:00:01 --frames 10 --attr 'experiment:date=2024-05-18'
TZ=Europe/Berlin
export TZ
for d in 2024-03-31 2024-10-27; do
	make "before$d" 01:59:59 --frames 10 --attr "experiment:date=$d"
	make "after$d" 03:00:00 --frames 10 --attr "experiment:date=$d"
	is "no summer time on $d" "$(dcor-join -n "in/before$d.rtdc" \
	    "in/after$d.rtdc" | cut -f 4 | tr '\n' ' ')" '0.0 3601.0 '
done
TZ=UTC
is 'over midnight' "$(dcor-join -n in/day.rtdc in/a.rtdc 2>err |
    cut -f 4 | tr '\n' ' ')" '0.0 43201.0 '

# times of 32 bits are computed anew
make f4 12:00:00 --frames 50 --time f32
run dcor-join -q -o out/f4.rtdc in/f4.rtdc in/f4.rtdc
is 'time of 32 bits' "$(h5number out/f4.rtdc events/time)" \
    "$(for i in 1 2; do h5number in/f4.rtdc events/frame; done | awk \
    '{ printf "%.17g\n", $1 / 500 }')"
make norate 12:00:01 --frames 10 --rate 0
run dcor-join -o out/norate.rtdc in/a.rtdc in/norate.rtdc
ok 'no frame rate: a warning' grep -q \
    'frame: no imaging:frame rate in in/norate.rtdc: left out' err
is 'no frame rate: no frame' "$(joincmp out/norate.rtdc in/a.rtdc 0 \
    in/norate.rtdc 1 2>&1 | tr '\n' ' ')" 'image index time '

# metadata
for x in 'experiment:event count=207' 'experiment:run index=1' \
    'experiment:time=12:00:00' 'setup:identifier=MK-0000-seed' \
    'setup:software version=mkrtdc 1 | dcor-tools 0.1.0'; do
	is "${x%=*}" "$(h5number out/ab.rtdc "${x%=*}")" "${x#*=}"
done
id=$(printf '12:00:00_2024-05-17_MK-0000-seed' | md5sum | awk '{
    print substr($1, 1, 8) "-" substr($1, 9, 4) "-" substr($1, 13, 4) "-" \
    substr($1, 17, 4) "-" substr($1, 21) }')
is 'a new identifier that begins with the old one' "$(h5number \
    out/ab.rtdc 'experiment:run identifier' | sed 's/[0-9a-f]\{7\}$//')" \
    "${id}_join-"
make flow 12:30:00 --frames 10 --attr 'setup:flow rate=0.12'
run dcor-join -n in/a.rtdc in/flow.rtdc
ok 'another flow rate' grep -q \
    'flow.rtdc: setup:flow rate is not what it is in in/a.rtdc' err

# results whose images are elsewhere
mkrtdc -q -o in/raw.rtdc --frames 60 --cells 1-2
dcor-segment -q -l 40 -o in/one.rtdc in/raw.rtdc
dcor-segment -q -l 20-60 -o in/two.rtdc in/raw.rtdc
run dcor-join -q --drain -o out/drain.rtdc in/one.rtdc in/two.rtdc
is 'images of other files: status' "$rc:$(cat err)" 0:
dcor-segment -q --drain -l 40 -o in/one.rtdc -f in/raw.rtdc
dcor-segment -q --drain -l 20-60 -o in/two.rtdc -f in/raw.rtdc
joincmp out/drain.rtdc in/one.rtdc 0 in/two.rtdc 0 >got 2>err
is 'images of other files: values' "$(cat err):$(grep -x image got)" :image
# the backgrounds, which events share, stay shared
for f in one two; do
	h5number in/$f.rtdc basin_events/image_bg
done | wc -l >want
h5number out/drain.rtdc basin_events/image_bg | wc -l >got
same 'images that events share: how many' got want
{
	h5number in/one.rtdc events/basinmap1
	h5number in/two.rtdc events/basinmap1 | awk -v n="$(h5number \
	    in/one.rtdc basin_events/image_bg | wc -l)" '{ print $1 + n }'
} >want
h5number out/drain.rtdc events/basinmap0 >got
same 'images that events share: which is whose' got want
mkrtdc -q -o in/raw.rtdc --frames 60 --cells 0
dcor-segment -q -o in/no.rtdc in/raw.rtdc 2>err
run dcor-join -q -o out/no.rtdc in/one.rtdc in/no.rtdc
is 'a result without events: status' "$rc:$(cat err)" 0:
ok 'a result without events: values' joincmp out/no.rtdc in/one.rtdc 0 \
    in/no.rtdc 0
rm -f in/raw.rtdc in/one.rtdc in/two.rtdc in/no.rtdc

# real ones, with traces, contours and wrong features of old software
if test -r "$data/calibration_beads_47.rtdc"; then
	f=$data/calibration_beads_47.rtdc
	run dcor-join -o out/real.rtdc "$f" "$f"
	is 'real ones: status' "$rc" 0
	joincmp out/real.rtdc "$f" 0 "$f" 0 >got 2>err
	is 'real ones: only time differs, which is better' \
	    "$(grep -v events/time: err)" ''
	is 'real ones: 94 contours, 6 traces, no volume' "$(grep -c \
	    contour/ got):$(grep -c trace/ got):$(grep -c volume got)" 94:6:0
else
	skip 'real ones' "no $data"
fi

# the same bytes, whoever and wherever
run dcor-join -q -j 1 -o out/ab1.rtdc in/a.rtdc in/b.rtdc
ok 'one worker, the same bytes' cmp out/ab1.rtdc out/ab.rtdc
(cd in && TZ=Asia/Tokyo dcor-join -q -j 3 -o ../out/ab3.rtdc a.rtdc b.rtdc)
ok 'another directory and time zone, the same bytes' cmp out/ab3.rtdc \
    out/ab.rtdc

# names, records
printf 'in/b.rtdc\0in/a.rtdc\0' >list
run dcor-join -q -0 -o out/list.rtdc <list
ok 'names on standard input' cmp out/list.rtdc out/ab.rtdc
run dcor-join -q -o out/dash.rtdc - <<'EOF'
in/a.rtdc
in/b.rtdc
EOF
ok 'names in lines' cmp out/dash.rtdc out/ab.rtdc
run dcor-join --json -n -o out/x.rtdc in/few.rtdc in/a.rtdc
is 'dry run: one record' "$rc:$(wc -l <out.txt | tr -d ' ')" 0:1
for x in '"type":"join"' '"status":"planned"' '"events":163' \
    '{"input":"in/few.rtdc","events":33,"first_event":130,"time_offset":1' \
    ',"time_offset":1200.0,"frame_offset":600000}' \
    '"features":\["frame","image","index","time"\]' \
    '"deform: missing in in/few.rtdc: left out"'; do
	ok "record: $x" grep -q -- "$x" out.txt
done
ok 'dry run: no result' test ! -e out/x.rtdc

# fails NAME STATUS... -- ARGUMENT...: one line, nothing else
fails() {
	_n=$1 _want=
	shift
	while test "$1" != --; do _want="$_want $1"; shift; done
	shift
	left >left.old
	"$@" >out.txt 2>err
	rc=$?
	case "$_want " in
	*" $rc "*) is "$_n: status" "$rc" "$rc" ;;
	*) is "$_n: status" "$rc:$(cat err)" "one of$_want" ;;
	esac
	is "$_n: one line" "$(grep -c '^dcor-join: ' err):$(wc -c <out.txt |
	    tr -d ' ')" 1:0
	left >left.new
	same "$_n: nothing left behind" left.new left.old
}
join='dcor-join -q -o out/x.rtdc'
make wide 12:00:00 --frames 10 --size 20x32
make odd 12:00:00 --frames 10
fails 'sizes differ' 65 -- $join in/a.rtdc in/wide.rtdc
ok 'sizes differ: both are named' grep -q \
    'in/wide.rtdc: image has not the size that it has in in/a.rtdc' err
fails 'one input' 64 -- $join in/a.rtdc
fails 'no output' 64 -- dcor-join in/a.rtdc in/b.rtdc
fails 'no such file and no output' 66 -- dcor-join in/none.rtdc
fails 'no such file' 66 -- $join in/a.rtdc in/none.rtdc
fails 'exists' 73 -- dcor-join -q -o out/ab.rtdc in/a.rtdc in/b.rtdc
fails 'is an input' 64 -- dcor-join -q -f -o in/a.rtdc in/b.rtdc in/a.rtdc
fails 'no such directory' 73 -- dcor-join -q -o none/x.rtdc in/a.rtdc \
    in/b.rtdc
echo text >in/text.rtdc
fails 'no measurement' 65 -- $join in/a.rtdc in/text.rtdc
for t in '' 12:00 noon 12:00:00,5 25:00:00; do
	make time "$t" --frames 10
	fails "time '$t'" 65 -- $join in/a.rtdc in/time.rtdc
	ok "time '$t': is named" grep -q in/time.rtdc err
done
make nothing 12:00:00 --frames 10 --wrong noimage --time none --frame none \
    --features bright_avg
fails 'no feature in common' 65 -- $join in/a.rtdc in/nothing.rtdc
for f in zstd,fletcher gzip,fletcher; do
	make hurt 12:40:00 --frames 130 --filter $f --chunk 40
	mkrtdc --damage 2 in/hurt.rtdc
	fails "damaged, $f" 65 -- $join in/a.rtdc in/b.rtdc in/hurt.rtdc
	ok "damaged, $f: is named" grep -q 'in/hurt.rtdc: events/image' err
	make hurt 11:00:00 --frames 130 --filter $f --chunk 40
	mkrtdc --damage 1 in/hurt.rtdc
	fails "damaged first, $f" 65 -- $join in/a.rtdc in/b.rtdc in/hurt.rtdc
	ok "damaged first, $f: is named" grep -q 'in/hurt.rtdc: events/image' \
	    err
done
size=$(wc -c <in/b.rtdc)
i=0 wrong=
while test $i -lt 20; do
	i=$((i + 1))
	head -c $((size * i / 21 + i)) in/b.rtdc >in/cut.rtdc
	$join in/a.rtdc in/cut.rtdc 2>err
	rc=$?
	test $rc -eq 65 && test "$(wc -l <err)" -eq 1 &&
	    test ! -e out/x.rtdc || wrong="$wrong
$((size * i / 21 + i)) bytes of $size: status $rc: $(cat err)"
done
is 'cut short at 20 places' "$wrong" ''
for blocks in 1 20 60; do
	fails "file size limit $blocks" 74 -- sh -c "ulimit -f $blocks
	    exec $join in/a.rtdc in/b.rtdc"
done
rm -f in/hurt.rtdc in/cut.rtdc in/time.rtdc

# killed at any moment
dcor-join -q -f -o out/ab.rtdc in/a.rtdc in/b.rtdc
mv out/ab.rtdc want.rtdc
rm -f out/*
us=$(killat 0 0 $join in/a.rtdc in/b.rtdc)
ok 'replaced' dcor-join -q -f -o out/x.rtdc in/b.rtdc in/a.rtdc
ok 'replaced: the same bytes' cmp out/x.rtdc want.rtdc
i=0 half=0
while test $i -lt "$kills"; do
	i=$((i + 1))
	test $((i % 2)) -eq 0 || rm -f out/x.rtdc
	killat 9 $((us * i / kills)) $join -f in/a.rtdc in/b.rtdc 2>err
	test ! -e out/x.rtdc || cmp -s out/x.rtdc want.rtdc ||
	    half=$((half + 1))
done
is "killed $kills times: half results" $half 0
rm -f out/*
i=0 wrong=
while test $i -lt 15; do
	i=$((i + 1))
	killat 15 $((us * i / 15)) $join in/a.rtdc in/b.rtdc 2>err
	rc=$?
	test $rc -eq 143 && test -z "$(left)" || { test $rc -eq 0 &&
	    cmp -s out/x.rtdc want.rtdc; } || wrong="$wrong $rc:$(left)"
	rm -f out/*
done
is 'terminated: status, leavings' "$wrong" ''
rm -f in/[!abcfz]*.rtdc in/f[!e]*.rtdc
sums >sums.new
ok 'the inputs are as they were' sh -c \
    'grep -Ff sums.new sums.old | cmp - sums.old'
done_testing
