#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dcor-check: the verdicts that dclab-verify-dataset gave of measurements
# that are broken on purpose, damage in every chunk, and rules of our own.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
PATH=$B/tests:$PATH

# dclab's lines and exit codes, as recorded in data/check.txt
ok 'measurements are made' sh "$srcdir/spoiled.sh" "$srcdir/data/check.txt" \
    made
awk '/^= / { n++ } { print >("want." n) }' "$srcdir/data/check.txt"
n=0
while test -f "want.$((n + 1))"; do
	n=$((n + 1))
	run dcor-check --format=dclab "made/$n.rtdc"
	{
		head -n 2 "want.$n"
		sed -e 1d -e "s/$(printf '\033')/^/g" -e "s|$PWD/made|.|" out
		echo "exit $rc"
	} >got
	same "as dclab: $(sed -n '1s/^= //p' "want.$n")" got "want.$n"
	is 'nothing on standard error' "$(cat err)" ''
done
run dcor-check --format=dclab made/1.rtdc
is 'dclab: the first line' "$(head -n 1 out)" \
    "$(printf '\033[1mChecking %s\033[0m' "$PWD/made/1.rtdc")"
run dcor-check --format=dclab none.rtdc
is 'dclab: no such file' "$rc:$(cat out)" \
    "4:$(printf '\033[1m\033[31mFile not found: %s\033[0m' "$PWD/none.rtdc")"

# real measurements, if they are there
data=${DCOR_TEST_DATA:-$top/../shared/data}/rtdc
if test -r "$data/VERIFY.txt"; then
	awk -v d="$PWD" '/^### / { f = d "/verify." $2; next }
	    { print >f }' "$data/VERIFY.txt"
	for f in verify.*; do
		run dcor-check --format=dclab "$data/${f#verify.}"
		{
			sed -e 1d -e "s/$(printf '\033')\[[0-9]*m//g" out
			echo "exit $rc"
		} >got
		same "as dclab: ${f#verify.}" got "$f"
	done
else
	skip 'real measurements' "no $data"
fi

# our own words
cp made/base good.rtdc
run dcor-check good.rtdc
is 'good' "$rc:$(cat out err)" \
    "0:good.rtdc	result	good	-	0 violations, 0 alerts"
run dcor-check -q good.rtdc
is 'quiet and good' "$rc:$(cat out err)" 0:
cp good.rtdc alert.rtdc
spoil alert.rtdc drop / setup:identifier
run dcor-check alert.rtdc
is 'an alert is no failure' "$rc:$(head -n 1 out | cut -f 2-)" "0:alert	\
metadata_missing	setup:identifier	Metadata: Missing key [setup] \
'identifier'"
run dcor-check -q alert.rtdc
is 'quiet: no alerts' "$rc:$(cat out err)" 0:
cp good.rtdc bad.rtdc
spoil bad.rtdc float / 'setup:flow rate' -1
run dcor-check -q bad.rtdc
is 'a violation' "$rc:$(cut -f 1-4 out)" "1:bad.rtdc	violation	\
metadata_bad_greater_zero	setup:flow rate"
run dcor-check good.rtdc bad.rtdc none.rtdc
is 'several files' "$rc:$(grep -c result out):$(head -n 1 err)" \
    '1:2:dcor-check: none.rtdc: cannot open: No such file or directory'
printf 'good.rtdc\nbad.rtdc\n' | dcor-check >out 2>err
is 'a list' "$?:$(grep -c result out)" 1:2
printf 'good.rtdc\0' | dcor-check -0 - >out 2>err
is 'a list with NUL' "$?:$(grep -c result out)" 0:1
echo text >text.rtdc
run dcor-check text.rtdc
is 'no HDF5 file' "$rc:$(sed -n '1s/.*	//p' out)" '65:not an HDF5 file'
head -c 3000 good.rtdc >short.rtdc
run dcor-check short.rtdc
is 'cut off' "$rc:$(grep -c truncated out)" 65:1
run dcor-check --json bad.rtdc
is 'JSON' "$rc:$(sed -n '$p' out)" '1:{"type":"result","file":"bad.rtdc",'\
'"verdict":"invalid","events":7,"violations":1,"alerts":3,"damaged":0}'
is 'JSON: a cue' "$(head -n 1 out)" '{"type":"cue","file":"bad.rtdc",'\
'"level":"violation","rule":"metadata_bad_greater_zero",'\
'"key":"setup:flow rate","text":"Metadata: Invalid value for [setup] '\
"'flow rate': '-1.0'!\"}"
run dcor-check --deep --format=dclab good.rtdc
is 'dclab has no --deep' "$rc:$(cat out)" 64:

# a bit flipped in each chunk, whose first elements are given
flips() {	# NAME FILE DATASET COUNT [COORDINATES...]
	_name=$1 _file=$2 _set=$3 _i=0 _bad=
	shift 3
	for _at; do
		cp "$_file" flip.rtdc
		spoil flip.rtdc flip "$_set" "$_i"
		run dcor-check --deep -q flip.rtdc
		cut -f 2- out >cues
		_re="data	$_set	$_set: chunk ($_at) at byte [0-9]*: "
		test "$rc" -eq 65 && grep -q "^violation	$_re" cues ||
		    _bad="$_bad $_i"
		test "$(grep -c '	data	' out)" -eq 1 ||
		    _bad="$_bad +$_i"
		_i=$((_i + 1))
	done
	is "$_name: a flipped bit is found in each chunk of $_set" "$_bad" ''
}
for f in zstd,fletcher gzip,fletcher fletcher,gzip fletcher \
    shuffle,gzip,fletcher fletcher,zstd; do
	mkrtdc -q -o deep.rtdc --frames 25 --size 8x12 --radius 2 --chunk 10 \
	    --filter $f --features deform
	run dcor-check --deep deep.rtdc
	is "$f: whole" "$rc:$(grep -c 'result	[ga]' out)" 0:1
	flips $f deep.rtdc events/image '0, 0, 0' '10, 0, 0' '20, 0, 0'
	flips $f deep.rtdc events/deform 0
done
mkrtdc -q -o deep.rtdc --frames 25 --size 8x12 --radius 2 --chunk 10x5x7 \
    --latest
flips 'newest format' deep.rtdc events/image '0, 0, 0' '0, 0, 7' '0, 5, 0' \
    '0, 5, 7' '10, 0, 0' '10, 0, 7' '10, 5, 0' '10, 5, 7' '20, 0, 0' \
    '20, 0, 7' '20, 5, 0' '20, 5, 7'
cp good.rtdc any.rtdc
spoil any.rtdc num deep/down/here i4 1,2,3,4,5,6
flips 'anywhere' any.rtdc deep/down/here 0 4
cp good.rtdc two.rtdc
spoil two.rtdc flip events/deform 0 flip events/image 0 flip events/index 0
for j in 1 3; do
	run dcor-check --deep --json -j $j two.rtdc
	cp out two.$j
done
is 'three chunks' "$rc:$(grep -c '"rule":"data","key":"e' out)" 65:3
same 'the number of workers does not matter' two.1 two.3

# what dclab does not look at
says() {	# NAME STATUS RULE TEXT ARGUMENT...
	_n=$1 _s=$2 _r=$3 _t=$4
	shift 4
	cp good.rtdc more.rtdc
	spoil more.rtdc "$@"
	run dcor-check --deep -v more.rtdc
	is "$_n" "$rc:$(grep "	$_r	" out | cut -f 5)" "$_s:$_t"
}
says 'contours: one too many' 1 contour_items "Features: 'contour' has 8 \
items for 7 events, 1 not numbered by an event" num events/contour/0 i4 1 \
    num events/contour/1 i4 1 num events/contour/2 i4 1 \
    num events/contour/3 i4 1 num events/contour/4 i4 1 \
    num events/contour/5 i4 1 num events/contour/6 i4 1 \
    num events/contour/07 i4 1
def='{"type":"internal","format":"h5dataset","features":["userdef1"],'\
'"mapping":"basinmap0","paths":["basin_events"]}'
says 'basin: beyond the end' 1 basinmap "Features: 'basinmap0' names row 2 \
of 'basin_events/userdef1', which has 2" lines basins/a 200 "$def" \
    num events/basinmap0 u8 0,1,2,0,1,1,0 num basin_events/userdef1 f8 1,2
says 'basin: below zero' 1 basinmap "Features: 'basinmap0' has values that \
are no index" lines basins/a 200 "$def" num events/basinmap0 \
    i4 0,1,-1,0,1,1,0 num basin_events/userdef1 f8 1,2
says 'basin: no map' 1 basinmap "Features: a basin is mapped by \
'basinmap0', which is missing" lines basins/a 200 "$def" \
    num basin_events/userdef1 f8 1,2
says 'basin: twice' 0 basin_twice "Basins: '' is defined twice" \
    lines basins/a 200 "$def" lines basins/b 200 "$def" \
    num events/basinmap0 u8 0,1,1,0,1,1,0 num basin_events/userdef1 f8 1,2
says 'statistics' 0 statistics "Features: attribute 'max' of 'userdef1' is \
7, but the values have 8
Features: attribute 'mean' of 'userdef1' is 4, but the values have 4.5" \
    num events/userdef1 f8 2,3,4,5,nan,5,8 \
    float events/userdef1 min 2 float events/userdef1 max 7 \
    float events/userdef1 mean 4
says 'frame numbers' 0 monotony "Features: 'frame' decreases at event 5" \
    num events/frame u8 1,1,2,7,9,8,9
says 'what is no number' 0 no_number "Features: 'userdef1' has 2 values that \
are NaN and 1 that are infinite" num events/userdef1 f8 nan,1,2,inf,3,nan,4
says 'a link that leads nowhere' 0 links 'HDF5: link that leads nowhere' \
    soft more/x /none
done_testing
