#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dcor-slice: events and numbers of generated measurements, in which frame
# is 1000, 1001, ... and time is 0, 1/500, 2/500, ...
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
PATH=$B/tests:$PATH

mkrtdc -q -o m.rtdc --size 20x30 --frames 1000 --features area_um,deform \
    --cells 0-0 || skip_all 'no measurement'
mkrtdc -q -o f4.rtdc --size 20x30 --frames 30 --time f32 --frame i32 \
    --cells 0-0
mkrtdc -q -o none.rtdc --size 20x30 --frames 0

# frames NAME WANT ARGUMENT...: which frames those events have
frames() { _n=$1 _w=$2; shift 2; run dcor-slice -q -F frame "$@" m.rtdc
	is "$_n" "$rc:$(tr '\n' ' ' <out)$(cat err)" "0:$_w"; }
# fails NAME STATUS TEXT ARGUMENT...
fails() { _n=$1 _w=$2 _t=$3; shift 3; run dcor-slice "$@"
	is "$_n: status, output" "$rc:$(cat out)" "$_w:"
	ok "$_n: says so" grep -qe "$_t" err; }

seq 1000 1999 >want
dcor-slice -F frame m.rtdc >got
same 'all events' got want
frames 'one' '1005 ' -e 5
frames 'the last' '1999 ' -e -1
frames 'a list, in order' '1001 1005 1007 1008 1009 ' -e 7:10,5,1
frames 'more than one -e' '1001 1005 1006 ' -e 5:7 -e 1
frames 'every tenth' '1000 1400 1800 ' -e ::400
frames 'from the end' '1997 1998 1999 ' -e -3:
printf '3\n# no\n990:\n-1\n' >list
frames 'a file' '1003 1990 1991 1992 ' -e @list --limit 4
frames 'a limit' '1000 1001 ' --limit 2
frames 'no events' '' --limit 0
frames 'nothing in the range' '' -e 5:5
# what a program in Python that follows the manual page finds
frames 'a sample' '1171 1215 1564 1718 1808 ' --sample 5:42
frames 'another' '1254 1366 1410 1503 1821 ' --sample 5
frames 'a sample of some' '1100 1500 1700 ' -e ::100 --sample 3:7
frames 'a large sample' '1000 1001 ' -e :2 --sample 3

frames 'an expression' '1500 1501 1502 ' \
    -w 'frame >= 1500 && time < 1.006'
frames 'more than one' '1500 1501 1502 ' -w 'frame >= 1500' \
    -w 'time < 1.006'
frames 'the index begins at 1' '1000 1001 ' -w 'index <= 2'
frames 'an expression of a range' '1010 1020 ' -e :25 \
    -w 'frame % 10 == 0 and frame > 1000'
frames 'true of all' '1000 ' -w 1 --limit 1
cat >square.poly <<'E'
[Polygon 00000000]
X Axis = frame
Y Axis = time
Name = five
Inverted = False
point00000000 = 1.100e+03 0
point00000001 = 1.105e+03 0
point00000002 = 1.105e+03 9
point00000003 = 1.100e+03 9
E
frames 'a polygon' '1100 1101 1102 1103 1104 ' --poly square.poly
sed 's/Inverted = False/Inverted = True/' square.poly >not.poly
frames 'all but a polygon' '1098 1099 1105 ' --poly not.poly -e 98:106
frames 'a polygon and no polygon' '' --poly not.poly --poly square.poly

run dcor-slice -H -F time,frame -e :3 m.rtdc
printf '#time\tframe\n0.0\t1000\n0.002\t1001\n0.004\t1002\n' >want
same 'TSV' out want
run dcor-slice -H --format csv -F frame,time -e :2 m.rtdc
printf 'frame,time\n1000,0.0\n1001,0.002\n' >want
same 'CSV' out want
run dcor-slice --json -F index,time -e 7 m.rtdc
m='"measurement":"m.rtdc"'
echo "{\"type\":\"event\",$m,\"event\":7,\"index\":8,\"time\":0.014}" >want
same 'JSON' out want
run dcor-slice -F time,frame -e 1 f4.rtdc
is 'floats and integers of four bytes' "$(cat out)" '0.002	1001'
run dcor-slice -H -e :2 m.rtdc
is 'by default all numbers' "$(head -n 1 out)" \
    '#area_um	deform	frame	time'
run dcor-slice -H -F 't*,*e*,frame' -e 0 m.rtdc
is 'patterns' "$(head -n 1 out)" '#time	area_um	deform	frame'
run dcor-slice none.rtdc
is 'no events at all' "$rc:$(cat out)" 0:

dcor-slice --json m.rtdc >want
for j in 1 2 8; do
	ok "same bytes with -j $j" sh -c \
	    "dcor-slice --json -j $j m.rtdc | cmp - want"
done

ok '-o' dcor-slice -q -F frame -o o.csv -e :2 m.rtdc
is '-o: what' "$(cat o.csv)" '1000
1001'
fails '-o: a file that exists' 73 'o.csv' -F frame -o o.csv -e :1 m.rtdc
is '-o: it stays' "$(wc -l <o.csv | tr -d ' ')" 2
ok '-f' dcor-slice -q -f -F frame -o o.csv -e :1 m.rtdc
is '-f: replaced' "$(cat o.csv)" 1000
ok '-o: the suffix decides' dcor-slice -q -F frame -o o.json -e :1 m.rtdc
ok '-o: JSON' grep -q '^{"type":"event"' o.json
mkdir d
ok '-o: a directory' dcor-slice -q -F frame -e :1 -o d m.rtdc f4.rtdc
is '-o: a file for each' "$(cat d/m.tsv d/f4.tsv)" '1000
1000'
fails '-o: nothing half done' 66 'no feature nosuch' -F nosuch \
    -o new.tsv m.rtdc
is '-o: no file' "$(ls new.tsv* 2>/dev/null)" ''
dcor-slice -F frame m.rtdc >/dev/full 2>err; rc=$?
is 'a full disk' "$rc" 74

# the other formats
ok 'a measurement' dcor-slice -q -e 10:20,-1 -o p.rtdc m.rtdc
is 'a measurement: how many' "$(h5number p.rtdc 'experiment:event count')" 11
is 'a measurement: which' "$(dcor-slice -F frame p.rtdc | tr '\n' ' ')" \
    "$(seq 1010 1019 | tr '\n' ' ')1999 "
ok 'a measurement that refers to its source' dcor-slice -q -e ::100 -F time \
    --basin -o b.rtdc m.rtdc
is 'a measurement: from the source' \
    "$(dcor-slice -F frame -e :2 b.rtdc | tr '\n' ' ')" '1000 1100 '
dcor-slice -F image --format raw -e 7,9 m.rtdc >bytes
is 'bytes' "$(wc -c <bytes | tr -d ' ')" $((2 * 20 * 30))
dcor-slice -o i.npy -e 7,9 m.rtdc 2>/dev/null
tail -c $((2 * 20 * 30)) i.npy >got
ok 'npy has them' cmp got bytes
ok 'npy: what they are' grep -aq "'|u1'.*(2, 20, 30)" i.npy
ok 'png' dcor-slice -q -e 7,9 -o '%f-%e.png' m.rtdc
is 'png: files' "$(echo image-*.png)" 'image-0007.png image-0009.png'
ok 'tiff and npz in a directory' sh -c 'dcor-slice -q -e :2 --format tiff \
    -o d m.rtdc f4.rtdc && dcor-slice -q -e :2 --format npz -o d m.rtdc'
is 'tiff and npz: files' "$(cd d && echo *.tiff *.npz)" \
    'f4.tiff m.tiff m.npz'
fails 'a measurement to nowhere' 64 'needs -o' --format rtdc m.rtdc
fails 'itself' 64 'm.rtdc' -f -o m.rtdc m.rtdc
run dcor-slice -q -e 0 -o two.npz m.rtdc f4.rtdc
is 'two in one file' "$rc:$(ls two.npz* 2>/dev/null)" '64:'

fails 'no such feature' 66 'm.rtdc: no feature nosuch' -F nosuch m.rtdc
fails 'no such feature in an expression' 66 'no feature nosuch' \
    -w 'nosuch > 1' m.rtdc
fails 'no such pattern' 66 'no scalar feature im' -F 'im*' m.rtdc
fails 'an image' 65 'image: not one number an event' -F image m.rtdc
fails 'no such event' 64 'm.rtdc: 1000: column 1: there is no such event' \
    -e 1000 m.rtdc
fails 'no event' 64 '-e: x: column 1' -e x m.rtdc
fails 'no expression' 64 '-w: column 5: ' -w 'a > ' m.rtdc
fails 'no sample' 64 '--sample: x: neither' --sample x m.rtdc
fails 'no polygon' 65 'list: line 1' --poly list m.rtdc
fails 'no list' 66 'none' -e @none m.rtdc
fails 'no format' 64 '--format' --format pdf m.rtdc
fails 'two things at once' 64 'not together' -l -e 5 m.rtdc
echo text >text.rtdc
fails 'no HDF5' 65 'text.rtdc' text.rtdc
run dcor-slice -F frame -e 0 m.rtdc nosuch.rtdc f4.rtdc
is 'one of three fails' "$rc:$(cat out)" '1:1000
1000'
ok 'which one' grep -q 'nosuch.rtdc: ' err

run dcor-slice -l m.rtdc
is 'list: status' "$rc:$(cat err)" 0:
is 'list: the measurement' "$(grep ^measurement out | cut -f 2-4)" \
    "m.rtdc	1000	$(wc -c <m.rtdc | tr -d ' ')"
is 'list: a feature' "$(grep '^feature	image' out | cut -f 3-6)" \
    'uint8	1000x20x30	40x20x30	zstd:5,fletcher32'
is 'list: JSON has as many' "$(dcor-slice -l --json m.rtdc | wc -l)" \
    "$(wc -l <out)"
run dcor-slice -m 'experiment:event count,imaging:roi size *' m.rtdc
is 'metadata' "$rc:$(cut -f 1,2 out)" '0:experiment:event count	1000
imaging:roi size x	30
imaging:roi size y	20'
fails 'no such metadata' 66 'm.rtdc: no metadata a:b' -m a:b m.rtdc
fails 'no such log' 66 'no log nosuch' --log nosuch m.rtdc
fails 'no such table' 66 'no table nosuch' --table nosuch m.rtdc

printf '%s\n' 'm.rtdc	frame,time	0:2' \
    'm.rtdc		5	frame > 9999' \
    'nosuch.rtdc' 'm.rtdc	frame	x' \
    '{"measurement":"m.rtdc","features":"frame","events":["3",":1"],"id":7}' \
    '{"measurement":"m.rtdc","features":["frame"],"sample":5,"seed":42}' \
    '{"measurement":"m.rtdc","where":"frame<1002","output":"r.json"}' \
    '{"measurement":"m.rtdc","features":"frame","limit":1,"format":"json"}' \
    '{"measurement":"m.rtdc","colour":"red"}' >requests
run dcor-slice --requests <requests
sed 's/	[^	]*cannot[^	]*$/	gone/' out >got
x='x: column 1: not an event or a range of events'
n='"id":null,"status":0,"events":1,"message":null'
cat >want <<E
1000	0.0
1001	0.002
#answer	1	-	0	2	-
#answer	2	-	0	0	-
#answer	3	-	66	0	gone
#answer	4	-	64	0	$x
1000
1003
#answer	5	7	0	2	-
1171
1215
1564
1718
1808
#answer	6	-	0	5	-
#answer	7	-	0	2	-
{"type":"event",$m,"event":0,"frame":1000}
{"type":"answer",$m,"request":8,$n}
#answer	9	-	64	0	colour: unknown
E
same 'requests' got want
is 'requests: status' "$rc" 1
is 'requests: a file' "$(wc -l <r.json | tr -d ' ')" 2
done_testing
