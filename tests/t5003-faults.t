#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dcor-segment and everything that can be wrong: one line on standard
# error, the right status, no output, nothing left behind, input untouched.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
PATH=$B/tests:$PATH
chmod 755 "$tmp"
mkdir in out tmp
TMPDIR=$tmp/tmp
export TMPDIR

mkrtdc -o in/good.rtdc --frames 120 --cells 1-3

sums() { find in -type f -perm -u+r -exec sha256sum {} + | sort; }
left() { find in out tmp ! -type d | sort; }

# fails NAME STATUS... -- ARGUMENT...: any of the statuses will do
fails() {
	_n=$1 _want=
	shift
	while test "$1" != --; do _want="$_want $1"; shift; done
	shift
	sums >sums.old
	left >left.old
	run dcor-segment "$@"
	case "$_want " in
	*" $rc "*) is "$_n: status" "$rc" "$rc" ;;
	*) is "$_n: status" "$rc:$(cat err)" "one of$_want" ;;
	esac
	is "$_n: one line" "$(wc -l <err | tr -d ' '):$(wc -c <out.txt 2>&1 |
	    tr -d ' ')" "1:0"
	case $(cat err) in
	'dcor-segment: '*) ;;
	*) is "$_n: message" "$(cat err)" 'dcor-segment: ...' ;;
	esac
	sums >sums.new
	left >left.new
	same "$_n: input untouched" sums.new sums.old
	same "$_n: nothing left behind" left.new left.old
}
# the same, but output goes to out.txt
run() { "$@" >out.txt 2>err; rc=$?; }

bad() { _b=$1; shift; fails "$_b" "$@" -- -q -o out/x.rtdc "in/$_b.rtdc"; }

# what is no measurement
fails 'no such file' 66 -- -q -o out/x.rtdc in/none.rtdc
fails 'empty name' 64 66 -- -q -o out/x.rtdc ''
: >in/empty.rtdc
bad empty 65
echo 'experiment:event count' >in/text.rtdc
bad text 65
mkdir in/dir.rtdc
bad dir 65 66 74
printf '\211HDF\r\n\032\n' >in/magic.rtdc
bad magic 65
mkrtdc -o in/noimage.rtdc --frames 50 --wrong noimage
bad noimage 65 66
for w in rank2 u16 rgb; do
	mkrtdc -o in/$w.rtdc --frames 50 --wrong $w --chunk 10
	bad $w 65
done
mkrtdc -o in/nopixel.rtdc --frames 50 --pixel 0
bad nopixel 64 65
run dcor-segment -q -P 0.3 -o nopixel_dcn.rtdc in/nopixel.rtdc
is 'nopixel: can be given' "$rc:$(cat err)" 0:
mkrtdc -o in/count.rtdc --frames 50 --count 60
bad count 65
mkrtdc -o in/nobg.rtdc --frames 50
fails 'no background to copy' 65 66 -- -q -b copy -o out/x.rtdc in/nobg.rtdc
fails 'kernel longer than that' 64 65 -- -q -b rollmed:kernel_size=60 \
    -o out/x.rtdc in/nobg.rtdc
fails 'frames beyond the end' 64 65 -- -q -l 10-90 -o out/x.rtdc in/nobg.rtdc
mkrtdc -o in/gate.rtdc --frames 50 --attr 'online_filter:fl1_max min=3' \
    --attr 'online_filter:fl1_max soft limit=false'
fails 'gate on a feature that is not computed' 64 65 -- -q \
    --gate norm:online_gates=1 -o out/x.rtdc in/gate.rtdc

# a threshold that is none, keywords that do not exist
for a in '--segmenter thresh:thresh=0' '--segmenter thresh:thresh=4' \
    '--segmenter water' '-b sparsemed:frac_cleansing=0' '-b rollmed:k=7' \
    '-b sparsemed:colour=1' '-P -1' '-l 5-2' '-z zstd-0' '-z lz4' \
    '--features legacy:brightness=maybe' '--gate norm:s=-3' '-j 0'; do
	rm -f err
	# shellcheck disable=SC2086
	run dcor-segment -q $a -o out/x.rtdc in/good.rtdc
	is "$a: status" "$rc" 64
	ok "$a: no output" test ! -e out/x.rtdc
done

# cut short anywhere
size=$(wc -c <in/good.rtdc)
i=0 wrong=
while test $i -lt 40; do
	i=$((i + 1))
	head -c $((size * i / 41 + i)) in/good.rtdc >in/cut.rtdc
	run dcor-segment -q -o out/x.rtdc in/cut.rtdc
	if test $rc -ne 65 || test "$(wc -l <err)" -ne 1 ||
	    test -n "$(find out tmp -type f)"; then
		wrong="$wrong
$((size * i / 41 + i)) bytes of $size: status $rc:
$(cat err; find out tmp -type f)"
		rm -f out/* tmp/*
	fi
done
is 'cut short at 40 places' "$wrong" ''
rm in/cut.rtdc

# damaged chunks: found by the checksum, or by the decoder without one
for f in zstd,fletcher zstd fletcher gzip,fletcher gzip; do
	mkrtdc -o in/hurt.rtdc --frames 160 --filter $f
	mkrtdc --damage 2 in/hurt.rtdc
	bad hurt 65
	fails "hurt, $f, drained" 65 -- -q --drain -o out/x.rtdc in/hurt.rtdc
	# outside the windows of the background, where dcnum hangs
	mkrtdc -o in/hurt.rtdc --frames 600 --filter $f
	mkrtdc --damage 14 in/hurt.rtdc
	fails "hurt at the end, $f" 65 -- -q \
	    -b sparsemed:kernel_size=20^offset_correction=0 \
	    -o out/x.rtdc in/hurt.rtdc
done
rm in/hurt.rtdc

# where the result goes
fails 'missing directory' 73 66 -- -q -o out/none/x.rtdc in/good.rtdc
: >out/file
fails 'a file for a directory' 73 -- -q -o out/file/x.rtdc in/good.rtdc
rm out/file
echo mine >out/x.rtdc
fails 'output exists' 73 -- -q -o out/x.rtdc in/good.rtdc
is 'output exists: as it was' "$(cat out/x.rtdc)" mine
rm out/x.rtdc
ln -s ../in/good.rtdc out/soft.rtdc
ln in/good.rtdc out/hard.rtdc
for o in in/good.rtdc out/soft.rtdc out/hard.rtdc out/../in/good.rtdc; do
	fails "output is the input: $o" 64 73 -- -q -f -o $o in/good.rtdc
done
rm out/soft.rtdc out/hard.rtdc
fails 'several inputs, one output' 64 73 -- -q -o out/x.rtdc in/good.rtdc \
    in/gate.rtdc

# may not be read, may not be written
as=
if test "$(id -u)" -eq 0; then
	as='setpriv --reuid=65534 --regid=65534 --clear-groups'
	$as test -x "$B/bin/dcor-segment" 2>/dev/null || as=none
fi
if test "$as" = none; then
	skip 'permissions' 'cannot become another user'
else
	chmod 777 out tmp
	cp in/good.rtdc in/secret.rtdc
	chmod 000 in/secret.rtdc
	run $as dcor-segment -q -o out/x.rtdc in/secret.rtdc
	case $rc in 66|77) rc=66 ;; esac
	is 'secret input' "$rc:$(wc -l <err | tr -d ' '):$(ls out)" 66:1:
	rm -f in/secret.rtdc
	chmod 555 out
	run $as dcor-segment -q -o out/x.rtdc in/good.rtdc
	case $rc in 77) rc=73 ;; esac
	is 'directory not writable' "$rc:$(wc -l <err | tr -d ' '):$(ls out)" \
	    73:1:
	chmod 777 out
fi

# disk full: a small file system where that can be had, a limit elsewhere
mkdir small
if mount -t tmpfs -o size=64k none small 2>/dev/null; then
	run dcor-segment -q -o small/x.rtdc in/good.rtdc
	is 'disk full' "$rc:$(wc -l <err | tr -d ' '):$(ls small)" 74:1:
	run dcor-segment -q --drain -o small/x.rtdc in/good.rtdc
	is 'disk full, drained' "$rc:$(wc -l <err | tr -d ' '):$(ls small)" \
	    74:1:
	umount small
else
	skip 'disk full' 'cannot mount'
fi
for blocks in 1 20 100 160; do
	run sh -c "ulimit -f $blocks
	    exec dcor-segment -q --drain -o out/x.rtdc in/good.rtdc"
	is "file size limit $blocks" \
	    "$rc:$(wc -l <err | tr -d ' '):$(find out tmp -type f)" 74:1:
	rm -f out/*
done

# several inputs, one of them bad
run dcor-segment -q -o out in/good.rtdc in/text.rtdc in/nobg.rtdc
is 'batch: status' "$rc" 1
is 'batch: one line' "$(wc -l <err | tr -d ' ')" 1
is 'batch: results' "$(cd out && echo *)" 'good_dcn.rtdc nobg_dcn.rtdc'
dcor-segment -q -o alone.rtdc in/nobg.rtdc
is 'batch: as alone' "$(h5number out/nobg_dcn.rtdc events/area_um)" \
    "$(h5number alone.rtdc events/area_um)"
rm -f out/*
printf 'in/good.rtdc\0in/nobg.rtdc' >list
dcor-segment -q -0 -o out <list >/dev/null 2>err
is 'names on standard input' "$?:$(cat err):$(cd out && echo *)" \
    '0::good_dcn.rtdc nobg_dcn.rtdc'
rm -f out/*
run dcor-segment -n -o out in/good.rtdc
is 'dry run' "$rc:$(find out tmp -type f)" 0:
done_testing
