#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dcor-pack: the same values in other bytes; libhdf5 is the judge.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
PATH=$B/tests:$PATH
mkrtdc() { command mkrtdc -q "$@"; }

mkrtdc -o in.rtdc --frames 130 --filter none --bg --logs vlen \
    --features userdef1,my_own
cp in.rtdc orig.rtdc
run dcor-pack in.rtdc
is 'a result beside the input' "$rc:$(cat err)" 0:
is 'the record' "$(cut -f 1-3 out)" \
    "$(printf 'done\tin.rtdc\tin_packed.rtdc')"
is 'sizes in the record' "$(cut -f 4-5 out)" \
    "$(stat -c %s in.rtdc in_packed.rtdc | paste -s)"
ok 'it is smaller' test "$(cut -f 5 out)" -lt "$(cut -f 4 out)"
ok 'the values are the same' h5cmp in.rtdc in_packed.rtdc
ok 'the input is as it was' cmp in.rtdc orig.rtdc
run dcor-pack in.rtdc
is 'what exists is not replaced' "$rc" 73
ok 'unless asked to' dcor-pack -f in.rtdc

# bytes depend on the input and the options alone
for j in 1 2 7; do
	mkdir -p d$j
	cp in.rtdc d$j/name$j.rtdc
	(cd d$j && dcor-pack -q -j $j -o out.rtdc name$j.rtdc)
	ok "$j workers: the same bytes" cmp d$j/out.rtdc in_packed.rtdc
done

# every way to store
for how in none keep zstd-1 zstd-12; do
	for f in none zstd,fletcher gzip shuffle,gzip,fletcher; do
		mkrtdc -o f.rtdc --frames 25 --filter $f --chunk 10x20x80
		run dcor-pack -f -z $how -o g.rtdc f.rtdc
		is "$f to $how: status" "$rc:$(cat err)" 0:
		ok "$f to $how: values" h5cmp f.rtdc g.rtdc
	done
done
for o in '-C 1000' '-C 4KiB' '-C 1GiB' '--paged 4096' '--paged 4MiB'; do
	# shellcheck disable=SC2086
	run dcor-pack -f $o -o g.rtdc in.rtdc
	is "$o: status" "$rc:$(cat err)" 0:
	ok "$o: values" h5cmp in.rtdc g.rtdc
done
mkrtdc -o latest.rtdc --frames 50 --latest
ok 'newest structures' dcor-pack -q -o g2.rtdc latest.rtdc
ok 'newest structures: values' h5cmp latest.rtdc g2.rtdc
mkrtdc -o zero.rtdc --frames 0
ok 'no events' dcor-pack -q -o g3.rtdc zero.rtdc
ok 'no events: values' h5cmp zero.rtdc g3.rtdc

# in place, twice
cp in.rtdc place.rtdc
ok 'in place' dcor-pack -q -i place.rtdc
ok 'in place: the same bytes' cmp place.rtdc in_packed.rtdc
run dcor-pack -i place.rtdc
is 'again: nothing to do' "$rc:$(cut -f 1 out)" 0:skipped
run dcor-pack -n --json -i in.rtdc
ok 'dry run' grep -q '"status":"planned"' out
ok 'dry run: nothing happens' cmp in.rtdc orig.rtdc

# less
run dcor-pack -f -x logs -x unknown -x 'userdef*' -x 'events/image_bg' \
    -o g.rtdc in.rtdc
is 'strip: status' "$rc:$(cut -f 8 out)" 0:4
ok 'strip: the rest' h5cmp in.rtdc g.rtdc logs logs/mkrtdc-log \
    events/my_own events/userdef1 events/image_bg
is 'strip: logs are gone' "$(h5cmp in.rtdc g.rtdc | grep -c '^logs.*missing')" 2

# condensed: what dcor-segment computed from images, computed from masks
mkrtdc -o cells.rtdc --frames 60 --cells 2-3
dcor-segment -q --drain -b copy -o seg.rtdc cells.rtdc 2>/dev/null ||
    dcor-segment -q --drain -o seg.rtdc cells.rtdc
computed='inert_ratio_cvx inert_ratio_raw inert_ratio_prnc tilt volume
    bright_avg bright_sd bright_bc_avg bright_bc_sd bright_perc_10
    bright_perc_90'
strip=
for f in $computed time; do strip="$strip -x $f"; done
# shellcheck disable=SC2086
dcor-pack -q $strip -o bare.rtdc seg.rtdc
run dcor-pack --condense bare.rtdc
is 'condense: the result' "$rc:$(cat err):$(cut -f 3 out)" \
    0::bare_condensed.rtdc
# differs A B: the largest relative difference of two lists, in 1e-6
differs() {
	paste "$1" "$2" | awk 'NF != 2 { bad = 1 } { d = $1 - $2
	    if (d < 0) d = -d; s = $2 < 0 ? -$2 : $2
	    if (d > 1e-12 && d / (s + 1e-12) > max) max = d / (s + 1e-12) }
	    END { print bad || NR == 0 ? "lengths" : int(max * 1e6) }'
}
for f in $computed; do
	h5number seg.rtdc "events/$f" >want
	h5number bare_condensed.rtdc "events/$f" >got
	is "condense: $f" "$(differs got want)" 0
done
h5number seg.rtdc events/frame | awk '{ print $1 / 500 }' >want
h5number bare_condensed.rtdc events/time >got
is 'condense: time' "$(differs got want)" 0
n=$(h5number seg.rtdc events/deform | wc -l)
h5number bare_condensed.rtdc events/index >got
seq 1 "$n" >want
same 'condense: index' got want
for d in image image_bg mask; do
	ok "condense: no $d" sh -c "! h5number bare_condensed.rtdc events/$d"
done
ok 'condense: the same bytes' sh -c 'dcor-pack -q -j 5 --condense \
    -o again.rtdc bare.rtdc && cmp again.rtdc bare_condensed.rtdc'
run dcor-pack --condense --no-ancillary-features -f bare.rtdc
ok 'condense: nothing from images' sh -c \
    '! h5number bare_condensed.rtdc events/tilt'
run dcor-pack -f --condense zero.rtdc
is 'condense: no events' "$rc:$(cat err)" 0:

# what goes wrong
run dcor-pack -o in.rtdc in.rtdc
is 'input and result' "$rc" 64
run dcor-pack -f -o in.rtdc in.rtdc
is 'input and result, forced' "$rc" 64
ln in.rtdc other.rtdc
run dcor-pack -f -o other.rtdc in.rtdc
is 'the same by another name' "$rc" 64
run dcor-pack -f -o in_packed.rtdc none.rtdc
is 'no input' "$rc" 66
ok 'the old result stays' cmp place.rtdc in_packed.rtdc
cp in_packed.rtdc bad.rtdc
command mkrtdc --damage 2 bad.rtdc
run dcor-pack -f -z keep -o new.rtdc bad.rtdc
is 'a flipped bit: status' "$rc" 65
ok 'a flipped bit: message' grep -q 'events/image.*checksum' err
ok 'a flipped bit: no result' test ! -e new.rtdc
echo 'no measurement' >text.rtdc
run dcor-pack -i text.rtdc place.rtdc
is 'one of two' "$rc" 1
is 'one of two: the count' "$(tail -n 1 err)" 'dcor-pack: failed 1 of 2'
run dcor-pack -z zstd-0 in.rtdc
is 'a level that is none' "$rc" 64
run dcor-pack -o nodir/x.rtdc in.rtdc
is 'no directory' "$rc" 73
run sh -c 'ulimit -f 50; exec dcor-pack -f -z none -o small.rtdc in.rtdc'
is 'no space' "$rc:$(wc -l <err | tr -d ' ')" 74:1
ok 'no space: no result' test ! -e small.rtdc
is 'nothing is left behind' "$(find . -name '*.part')" ''
done_testing
