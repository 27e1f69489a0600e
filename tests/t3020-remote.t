#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Measurements by name: what comes over HTTP and S3 is what the file has,
# with few requests, or it is an error.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/s3.sh
. "$srcdir/s3.sh"
key=$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY
serve --key "$key" --root .
url=$AWS_ENDPOINT_URL
# libhdf5 loses 56 bytes when reading fails while a file is being opened
echo leak:libhdf5 >lsan
LSAN_OPTIONS=suppressions=$tmp/lsan:print_suppressions=0
export LSAN_OPTIONS
mkrtdc -q -o m.rtdc --frames 1000 --chunk 40 --features deform,area_um
s3 mkbucket bkt
s3 put m.rtdc bkt 'a b/m.rtdc' >/dev/null
size=$(wc -c <m.rtdc | tr -d ' ')
measure m.rtdc >list 2>/dev/null
measure -F image m.rtdc >image.bytes 2>/dev/null
measure -F deform m.rtdc >deform.bytes 2>/dev/null
frame=25600
is 'frames' "$(wc -c <image.bytes | tr -d ' ')" $((1000 * frame))

# remote ARGUMENT...: out, err, rc; the log is of this alone
remote() { nolog; run2 measure "$@"; }
run2() { "$@" >out 2>err; rc=$?; }
gets() { log | awk -F '\t' '$2 == "GET" && $3 !~ "^/_ctl"' | wc -l |
	tr -d ' '; }
# same NAME WANTED ARGUMENT...: the bytes, and no error
equal() {
	_n=$1 _w=$2
	shift 2
	remote "$@"
	is "$_n: status" "$rc:$(grep -v cached err)" 0:
	ok "$_n: bytes" cmp out "$_w"
}
v4=$(dcor-presign 's3://bkt/a b/m.rtdc')
v2=$(dcor-presign --signature v2 's3://bkt/a b/m.rtdc')
for u in "$url/static/m.rtdc" 's3://bkt/a b/m.rtdc' "$v4" "$v2" \
    "$url/redirect?to=$url/static/m.rtdc"; do
	n=$(printf '%s' "$u" | cut -c1-40)
	equal "$n list" list "$u"
	equal "$n image" image.bytes -F image "$u"
	equal "$n image, 3 threads" image.bytes -j 3 -F image "$u"
	equal "$n column" deform.bytes -F deform "$u"
done

# How many requests: one large one for what there is to know, then ranges
# that are merged, several at a time.
u=$url/static/m.rtdc
equal 'list' list "$u"
ok "list: $(gets) requests" test "$(gets)" -le 2
is 'the first is a range' "$(log | head -n 1 | cut -f5)" bytes=0-1048575
dd if=image.bytes of=part bs=$frame skip=400 count=100 2>/dev/null
equal '100 frames' part -F image -o 400-499 "$u"
ok "100 frames: $(gets) requests" test "$(gets)" -le 6
ok '100 frames: bytes' test "$(log | awk -F '\t' '{ n += $7 }
    END { print n + 0 }')" -le $((100 * frame + (4 << 20)))
equal 'all frames' image.bytes -F image "$u"
ok "all frames: $(gets) requests" test "$(gets)" -le $((size / 4194304 + 1))
ok 'all frames: bytes' test "$(log | awk -F '\t' '{ n += $7 }
    END { print n + 0 }')" -le $((size + size / 10))
mkrtdc -q -o raw.rtdc --frames 3000 --filter none --plain --flat --noise 0
measure -F image raw.rtdc >raw.bytes 2>/dev/null
fault "GET /static/raw.rtdc  1+* delay 60"
equal '77 MB' raw.bytes -F image "$url/static/raw.rtdc"
ok "77 MB: $(gets) requests" test "$(gets)" -le $((76800000 / 4194304))
ok '77 MB: bytes' test "$(log | awk -F '\t' '{ n += $7 }
    END { print n + 0 }')" -le $((76800000 + 7680000))
is '8 at a time' "$(s3tool raw GET "$url/_ctl/stat" |
    sed -n 's/.*"max_inflight": *\([0-9]*\).*/\1/p')" 8
fault 'GET /static/raw.rtdc  3 status 404' \
    'GET /static/raw.rtdc  4+7 status 503 1' \
    'GET /static/raw.rtdc  11+* status 404' \
    'GET /static/m.rtdc  1+* delay 700'
run2 measure -F image "$url/static/raw.rtdc" "$u"
is 'closed while requests are on their way' "$rc:$(grep -c 404 err)" 66:1
rm raw.*
fault
for i in 7 400 401 999 3 7; do
	dd if=image.bytes bs=$frame skip=$i count=1 2>/dev/null
done >part
equal 'some frames' part -F image --events 7,400,401,999,3,7 "$u"
equal 'nothing announced' image.bytes --no-ahead -F image "$u"
equal 'little memory' image.bytes --memory 3000000 -j 3 -F image "$u"
equal 'hardly any memory' image.bytes --memory 1 -j 3 -F image "$u"

# On disk: asked for once, bounded, and nothing is believed that is damaged.
equal 'cache, filled' image.bytes --cache c -F image "$v4"
equal 'cache, used' image.bytes --cache c -F image \
    "$(dcor-presign -e 2h 's3://bkt/a b/m.rtdc')"
is 'cache: one request' "$(gets)" 1
is 'cache: one file, for us' "$(find c -type f -perm 600 | wc -l)" 1
ok 'cache: no secret' sh -c '! ls c | grep -q X-Amz'
f=$(find c -type f)
printf 'XXXX' | dd of="$f" bs=1 seek=5000000 conv=notrunc 2>/dev/null
equal 'cache, damaged' image.bytes --cache c -F image "$v4"
ok 'cache: fetched again' test "$(gets)" -gt 1
equal 'cache, bounded' image.bytes --cache c --cache-size 4000000 -F image "$u"
ok 'cache: not larger' test "$(du -sk c | cut -f1)" -le 4100
equal 'cache, bounded again' image.bytes --cache c --cache-size 4000000 \
    -F image "$u"
for i in 1 2 3 4; do
	measure --cache k -F image "$v4" >out.$i 2>/dev/null &
	pids="${pids:-} $!"
done
for p in $pids; do wait "$p"; done
for i in 1 2 3 4; do cmp out.$i image.bytes; done >differ 2>&1
is 'cache, four at once' "$(cat differ)" ''
for i in 1 2 3 4 5 6 7 8; do
	killat 9 ${i}0000 measure --cache k$((i % 2)) -F image "$u" \
	    >/dev/null 2>&1
	measure --cache k$((i % 2)) -F image "$u" 2>&1 >out.1 |
	    grep -v cached
	cmp out.1 image.bytes
done >differ
is 'cache, killed' "$(cat differ)" ''

# What goes wrong.  bad NAME STATUS PATTERN ARGUMENT...: an error
bad() {
	_n=$1 _s=$2 _p=$3
	shift 3
	remote --tries 2 "$@"
	is "$_n: status" "$rc" "$_s"
	ok "$_n: $(head -n 1 err | cut -c1-60)" grep -q "$_p" err
}
bad 'no such object' 66 'does not exist (HTTP 404)' "$url/static/none"
bad 'no such key' 66 'NoSuchKey' s3://bkt/none
bad 'nobody there' 75 . http://127.0.0.1:1/x
bad 'no signature' 77 'access denied (HTTP 403)' "$url/bkt/a%20b/m.rtdc?x"
bad 'expired' 77 'was good until 2020-01-01T00:01:00Z' \
    "$(dcor-presign --date 2020-01-01 -e 60 's3://bkt/a b/m.rtdc')"
equal 'by the URL of our store' list "$url/bkt/a%20b/m.rtdc"
: >empty
bad 'empty' 65 'it is empty' "$url/static/empty"
bad 'not HDF5' 65 'not an HDF5 file' "$url/static/list"
bad 'a scheme that nobody knows' 64 . gopher://127.0.0.1/x
ok 'no secret' sh -c '! grep -q Signature= err'
o='/bkt/a%20b/m.rtdc'
fault "GET $o  3+* etag"
bad 'changed' 65 'PreconditionFailed\|changed' -F image 's3://bkt/a b/m.rtdc'
again() { s3 put m.rtdc bkt 'a b/m.rtdc' >/dev/null; }
again
fault "GET $o  3+* etag"
bad 'changed, by URL' 65 'it has changed' -F image "$v4"
again
fault "GET $o  3+* status 403"
bad 'forbidden' 77 'access denied (HTTP 403)' -F image "$v4"
fault "GET $o  2+* status 503"
bad 'unwilling' 75 503 -F image "$v4"
fault "GET $o  1+* norange"
bad 'no ranges' 76 'ignores ranges' -F image "$v4"
fault "GET $o  2+* badrange"
bad 'another range' 76 range -F image "$v4"
fault "GET $o  2+* noetag"
bad 'ETags end' 65 'changed' -F image "$v4"
fault "GET $o  1+* noetag"
equal 'no ETags' image.bytes -F image "$v4"
fault "GET $o  1+* weak"
equal 'weak ETags' image.bytes -F image "$v4"
fault "GET $o  1+* unquoted"
equal 'odd ETags' image.bytes -F image "$v4"
fault "GET $o  3 corrupt 300000"
bad 'a flipped bit' 65 'chunk at row .*checksum differs' -F image "$v4"

# A URL that ends is asked for anew where it came from.
to=$(printf '%s' "$v4" | sed 's/%/%25/g; s/&/%26/g')
fault "GET $o  2 status 403"
equal 'renewed' image.bytes -F image "$url/redirect?to=$to"
is 'the redirect was asked twice' "$(requests GET /redirect)" 2
fault "GET $o  2+* status 403"
bad 'not for ever' 77 'HTTP 403' -F image "$url/redirect?to=$to"
ok "not for ever: $(gets) requests" test "$(gets)" -le 40

# Every fault, at every request: right or an error, never wrong.
for f in 'cut 0' 'cut 100000' 'reset 0' 'reset 100000' 'short 10' \
    'short -10' 'status 500' 'status 503 0' 'status 404' 'status 416' \
    'etag' 'norange' 'badrange' 'noetag' 'unquoted' 'emptyetag' 'drop' \
    'hangup' 'nolength' 'chunked' 'delay 50' 'weak' 'garbage' \
    "redirect $url/static/m.rtdc" "redirect $url/static/list"; do
	for n in 1 2 3 '2+*'; do
		fault "GET $o  $n $f"
		run2 measure --tries 3 --stall 1 -F image "$v4"
		case $rc in
		0)	cmp out image.bytes || echo "$n $f: wrong" ;;
		*)	test $rc -lt 126 && test -s err && cmp -n "$(wc -c \
			    <out)" out image.bytes || echo "$n $f: $rc" ;;
		esac
		test "$f" != etag || again
	done
done >wrong 2>&1
fault "GET $o  2 stall 1000"
equal 'silence' image.bytes --stall 1 -F image "$v4"
is 'every fault' "$(cat wrong)" ''
done_testing
