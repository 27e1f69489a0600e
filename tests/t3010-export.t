#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Parts of a measurement as files: the same bytes wherever and by however
# many, whole files or none, errors with the right status.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
PATH=$B/tests:$PATH
mkdir in out
run() { "$@" >out.txt 2>err; rc=$?; }
left() { find out -type f | sort; }

mkrtdc -o in/a.rtdc --frames 260 --size 40x60 --radius 5-9 --chunk 20 --bg \
    --features temp,userdef1
mkrtdc -o in/b.rtdc --frames 90 --size 30x41 --radius 4-6 --chunk 7x9x41 \
    --filter shuffle,gzip --logs vlen --latest
some=3:9,40:80,100:101,120:200

# the same bytes
for f in a b; do
	for e in 0:90 0:0 20:60 21:64 1:2,4:5,9:40; do
		run sliceout -e $e -o out/x.rtdc in/$f.rtdc
		is "$f $e: status" "$rc:$(cat out.txt err)" 0:
		is "$f $e: events" "$(h5number out/x.rtdc \
		    'experiment:event count')" "$(echo $e | tr , '\n' |
		    awk -F: '{ n += $2 - $1 } END { print n + 0 }')"
		for j in 1 5; do
			run sliceout -j $j -e $e -o out/y.rtdc \
			    "$tmp/in/$f.rtdc"
			ok "$f $e: same bytes with -j $j" cmp out/x.rtdc \
			    out/y.rtdc
			rm -f out/y.rtdc
		done
		rm -f out/x.rtdc
	done
done

# a part of a part is the part
sliceout -q -e 20:200 --no-logs -o out/x.rtdc in/a.rtdc
sliceout -q -e 10:50,70:71 -F image,temp --as npz -o out/1.npz out/x.rtdc
sliceout -q -e 30:70,90:91 -F image,temp --as npz -o out/2.npz in/a.rtdc
ok 'a part of a part: the same arrays' cmp out/1.npz out/2.npz
rm -f out/*

# what stands in the way
echo old >out/x.rtdc
run sliceout -e 0:9 -o out/x.rtdc in/a.rtdc
is 'existing file: status' "$rc:$(cat out/x.rtdc)" 73:old
run sliceout -f -e 0:9 -o out/x.rtdc in/a.rtdc
is 'existing file, -f: status' "$rc:$(h5number out/x.rtdc \
    'experiment:event count')" 0:9
sum=$(sha256sum <in/a.rtdc)
ln in/a.rtdc in/same.rtdc
for o in in/a.rtdc in/same.rtdc in/../in/a.rtdc; do
	run sliceout -f -e 0:9 -o $o in/a.rtdc
	is "onto itself, $o: status" "$rc:$(sha256sum <in/a.rtdc)" "64:$sum"
done
rm -f out/x.rtdc in/same.rtdc
run sliceout -e 0:9 -o out/none/x.rtdc in/a.rtdc
is 'no directory: status' "$rc" 73
run sliceout -e 0:261 -o out/x.rtdc in/a.rtdc
is 'too many events: status' "$rc" 65
run sliceout -e 0:9 -F image,volume -o out/x.rtdc in/a.rtdc
is 'no such feature: status' "$rc:$(wc -l <err | tr -d ' ')" 66:1
ok 'no such feature: its name' grep -q volume err
is 'nothing left behind' "$(left)" ''

# damage is found, whether chunks are decoded or taken as they are
for f in zstd,fletcher gzip,fletcher zstd gzip; do
	mkrtdc -o in/hurt.rtdc --frames 160 --size 40x60 --radius 5-9 \
	    --chunk 20 --filter $f
	mkrtdc --damage 2 in/hurt.rtdc
	for e in 0:160 41:46; do
		run sliceout -e $e -o out/x.rtdc in/hurt.rtdc
		is "damaged, $f $e: status" "$rc:$(left)" 65:
		run sliceout -e $e -F image --as raw -o - in/hurt.rtdc
		is "damaged, $f $e, bytes: status" "$rc" 65
	done
	run sliceout -e 60:100,0:0 -o out/x.rtdc in/hurt.rtdc
	is "not damaged, $f: status" "$rc" 0
	rm -f out/x.rtdc
done

# streams
for as in raw npy npz tiff; do
	run sliceout -F image --as $as -e $some -o out/x in/a.rtdc
	is "$as: status" "$rc:$(cat err)" 0:
	sliceout -F image --as $as -e $some -j 7 -o - in/a.rtdc 2>err |
	    cat >out/y
	ok "$as: the same through a pipe" cmp out/x out/y
	run sliceout -F image --as $as -e 0:200 -o /dev/full in/a.rtdc
	is "$as: full disk" "$rc:$(wc -l <err | tr -d ' ')" 74:1
	run sliceout -F volume --as $as -e 0:200 -o out/y in/a.rtdc
	is "$as: no such feature" "$rc" 66
done
is 'bytes of 127 images' "$(sliceout -F image --as raw -e $some -o - \
    in/a.rtdc | wc -c | tr -d ' ')" $((127 * 40 * 60))
for as in raw npy tiff; do
	run sliceout -F image,temp --as $as -e 0:9 -o out/y in/a.rtdc
	is "$as: two features" "$rc" 64
done
run sliceout -F image --as tiff -e 0:0 -o out/y in/a.rtdc
is 'tiff: no events' "$rc" 64
run sliceout -F temp --as tiff -e 0:1 -o out/y in/a.rtdc
is 'tiff: no images' "$rc" 65
rm -f out/*

# images
run sliceout -F image,image_bg --as png -e 3:5,99:100 -o out/%f-%e.png \
    in/a.rtdc
is 'png: status' "$rc:$(cat err)" 0:
is 'png: names' "$(left | tr '\n' ' ')" 'out/image-003.png '"\
out/image-004.png out/image-099.png out/image_bg-003.png \
out/image_bg-004.png out/image_bg-099.png "
run sliceout -F image --as png -e 99:100 -o out/%f-%e.png in/a.rtdc
is 'png: exists' "$rc" 73
for o in out/%f.png out/%e.png out/%%e%%f.png; do
	run sliceout -F image,image_bg --as png -e 3:5 -o $o in/a.rtdc
	is "png: $o: status" "$rc" 64
done
is 'png: nothing more' "$(left | wc -l | tr -d ' ')" 6
rm -f out/*

# kill -9: leavings are allowed, a half result is not
one='sliceout -q -j 2 -e 1:250 -o out/x.rtdc in/a.rtdc'
us=$(killat 0 0 $one)
mv out/x.rtdc want.rtdc
died=0 half=0 odd=
for t in 1 3 5 9 14 20 27 35 43 52 60 67 74 80 85 90 93 96 98 100; do
	killat 9 $((us * t / 100)) $one 2>err
	rc=$?
	case $rc in
	0) ;;
	137) died=$((died + 1)) ;;
	*) odd="$odd $rc" ;;
	esac
	if test -e out/x.rtdc; then
		cmp -s out/x.rtdc want.rtdc || half=$((half + 1))
		rm out/x.rtdc
	fi
done
is 'killed: half results, odd statuses' "$half:$odd" 0:
ok 'killed: some died on the way' test $died -gt 3
run $one
ok 'afterwards: the same bytes' cmp out/x.rtdc want.rtdc
done_testing
