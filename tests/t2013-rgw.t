#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The S3 client and its transfers against a real Ceph object gateway: one of
# the environment (S3_ENDPOINT, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
# AWS_REGION), else one that is started if radosgw is installed; RGW=1
# installs it, RGW=0 skips.  SLOW=1: 3 GiB + 7 bytes, 100 000 keys.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
PATH=$PATH:/usr/sbin:/sbin
if test -z "${S3_ENDPOINT:-}"; then
	test "${RGW:-}" != 0 || skip_all 'RGW=0'
	test "$(id -u)" -eq 0 || skip_all 'not root'
	test "${RGW:-}" != 1 || sh "$top/share/deps" rgw >&2
	command -v radosgw >/dev/null || skip_all 'radosgw is not installed'
	trap '"$srcdir/rgw" stop "$tmp/rgw"' EXIT
	trap 'exit 1' HUP INT TERM
	"$srcdir/rgw" start "$tmp/rgw" $((20000 + $$ % 200 * 60)) || exit 1
	eval "$("$srcdir/rgw" env "$tmp/rgw")"
	S3_ENDPOINT=$AWS_ENDPOINT_URL
fi
id=$AWS_ACCESS_KEY_ID secret=$AWS_SECRET_ACCESS_KEY
region=${AWS_REGION:-default}
# shellcheck source=tests/s3.sh
. "$srcdir/s3.sh"
AWS_ACCESS_KEY_ID=$id AWS_SECRET_ACCESS_KEY=$secret AWS_REGION=$region
AWS_ENDPOINT_URL=$S3_ENDPOINT
b=dcor-test-$$

run s3 mkbucket $b
is 'a bucket' "$rc:$err" 0:
s3 buckets >out
ok 'is there' grep -qx $b out
printf hello >a
run s3 --sum put a $b k
is 'put' "$rc:$out" "0:5	5	$(md5 a)	$(sha256sum <a |
cut -c1-64)	1"
run s3 head $b k
is 'head' "$(printf '%s' "$out" | cut -f1,2,4)" "k	5	$(md5 a)"
run s3 head $b none
is 'no such key' "$rc:$err" \
    "66:s3tool: s3://$b/none: does not exist (HTTP 404)"
run s3 cat $b none
is 'no such key, with a body' "$rc:$err" \
    "66:s3tool: s3://$b/none: NoSuchKey"
run s3 list $b-none
is 'no such bucket' "$rc:$err" "66:s3tool: s3://$b-none: NoSuchBucket"
run s3 rmbucket $b
is 'a bucket that is not empty' "$rc:$err" \
    "76:s3tool: s3://$b: BucketNotEmpty"

# every byte in a key: RGW wants UTF-8
i=0
while test $((i = i + 1)) -lt 256; do
	o=$(printf '%03o' $i)
	# shellcheck disable=SC2059
	k=$(printf "k/\\${o}x")
	printf '%s' $i >n
	run s3 put n $b "$k"
	case $rc:$err in
	0:)	test "$(s3 cat $b "$k")" = $i || echo $i ;;
	76:*InvalidObjectName) test $i -ge 128 || echo $i ;;
	*)	echo $i "$rc:$err" ;;
	esac
done >wrong
is 'keys with any byte: content, or refused' "$(cat wrong)" ''
if command -v curl >/dev/null; then
	for v in v4 v2; do
		i=0
		while test $((i = i + 1)) -lt 128; do
			o=$(printf '%03o' $i)
			# shellcheck disable=SC2059
			printf "s3://$b/k/\\${o}x\0"
		done | AWS_ACCESS_KEY_ID=$id AWS_SECRET_ACCESS_KEY=$secret \
		    dcor-presign -0 --signature $v >urls
		awk '{ printf "url = \"%s\"\n", $0 }' urls >conf
		is "pre-signed, $v" "$(curl -sg --path-as-is --noproxy '*' \
		    -w ' ' -K conf)" "$(awk 'BEGIN {
		    for (i = 1; i < 128; i++) printf "%d ", i }')"
	done
fi
awk 'BEGIN { for (i = 1; i < 128; i++) {
	c = sprintf("%c", i)
	if (i == 9) c = "\\t"; else if (i == 10) c = "\\n"
	else if (i == 13) c = "\\r"; else if (i == 92) c = "\\\\"
	printf "k/%sx\n", c } }' >want
s3 list $b k/ | cut -f1 >got
ok 'listed in order' cmp got want
# 1000 keys, the last of which XML cannot hold, and more
s3 fill $b 'm/' 999
one=$(printf 'm/0000998\001')
s3 put a $b "$one" >/dev/null
s3 fill $b 'm/1' 500
run s3 list $b m/
is 'a page that ends with a hostile key' \
    "$rc:$err:$(printf '%s\n' "$out" | wc -l)" 0::1500
is 'each once' "$(printf '%s\n' "$out" | cut -f1 | sort -u | wc -l)" 1500
for k in . .. a/../b a//b /a a/ '%41' 'a?b#c' '+ &=;' 'é'; do
	printf '%s' "$k" >n
	s3 put n $b "$k" >/dev/null
	is "key $k" "$(s3 cat $b "$k")" "$k"
done
run s3 list $b 'a?'
is 'a prefix with a question mark' "$(printf '%s' "$out" | cut -f1)" 'a?b#c'

# copies, tags, policy
run s3 cp $b 'a?b#c' $b '%41 copy'
is 'copy' "$rc:$(s3 cat $b '%41 copy')" '0:a?b#c'
run s3 --want 5:00000000000000000000000000000000 cp $b 'a?b#c' $b x
is 'copy of what has changed' "$rc" 65
run s3 tags $b k public=true 'a b=+-=._:/@' 'ü=é'
is 'tags' "$rc:$err" 0:
is 'tags as they were' "$(s3 tags $b k | sort)" 'a b=+-=._:/@
public=true
ü=é'
run s3 --anonymous cat $b k
is 'nobody may read' "$rc:$err" "77:s3tool: s3://$b/k: AccessDenied"
run s3 policy $b '{"Version": "2012-10-17", "Statement": [{"Effect":
    "Allow", "Principal": "*", "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::'$b'/*", "Condition": {"StringEquals":
    {"s3:ExistingObjectTag/public": "true"}}}]}'
is 'policy' "$rc:$err" 0:
is 'anybody reads what is public' "$(s3 --anonymous cat $b k)" hello
run s3 --anonymous cat $b 'a?b#c'
is 'and nothing else' "$rc:$err" "77:s3tool: s3://$b/a?b#c: AccessDenied"
s3 policy $b >out
ok 'the policy' grep -q 'ExistingObjectTag/public' out
s3 policy $b ''
run s3 policy $b
is 'no policy' "$rc:$(printf '%s' "$err" | cut -d: -f1-4)" \
    "66:s3tool: s3://$b: NoSuchBucketPolicy"

# signed URLs
for v in v4 v2; do
	url=$(dcor-presign --signature $v "s3://$b/a?b#c")
	is "signed URL, $v" "$(s3 raw GET "$url")" 'a?b#c'
	run s3 raw GET "$(dcor-presign --signature $v "s3://$b/none" |
	    sed s/none/k/)"
	is "signed for something else, $v" "$rc" 77
	url=$(dcor-presign --signature $v -X put "s3://$b/put $v")
	run s3 raw PUT "$url" "by $v"
	is "signed upload, $v" "$rc:$(s3 cat $b "put $v")" "0:by $v"
done

# measurements by name: what the file has
mkrtdc -q -o m.rtdc --frames 300 --chunk 40
s3 put m.rtdc $b 'm 1/m.rtdc' >/dev/null
measure -F image,time m.rtdc >bytes 2>/dev/null
for v in v4 v2; do
	measure -F image,time "$(dcor-presign --signature $v \
	    "s3://$b/m 1/m.rtdc")" 2>/dev/null | cmp - bytes
	is "measurement, signed $v" "$?" 0
done
measure -F image,time "s3://$b/m 1/m.rtdc" 2>/dev/null | cmp - bytes
is 'measurement, s3://' "$?" 0
measure -F image,time "$S3_ENDPOINT/$b/m%201/m.rtdc" 2>/dev/null |
    cmp - bytes
is 'measurement, by the URL of our store' "$?" 0
run measure "s3://$b/m 1/none"
is 'no such measurement' "$rc:$(echo "$err" | grep -c NoSuchKey)" 66:1
run measure "$(dcor-presign --date 2020-01-01 -e 60 "s3://$b/m 1/m.rtdc")"
is 'too late' "$rc:$(echo "$err" | grep -c 'good until 2020')" 77:1
measure --memory 100000 --pause 300 -j 1 -F image "s3://$b/m 1/m.rtdc" \
    >out 2>err.txt &
pid=$!
while test ! -s out; do kill -0 $pid 2>/dev/null || break; done
s3 put a $b 'm 1/m.rtdc' >/dev/null
wait $pid
is 'replaced while it is read' "$?" 65
ok 'what was read is right' cmp -n "$(wc -c <out)" out bytes

# in parts
head -c 70000007 /dev/urandom >big
sha=$(sha256sum <big | cut -c1-64)
etag=$(etag_of big 16777216)
run s3 --sum put big $b big
is 'in parts' "$rc:$out" "0:70000007	70000007	$etag	$sha	1"
is 'the server says so' "$(s3 head $b big | cut -f2,4)" "70000007	$etag"
run s3 --sum get $b big back
is 'and back, proven' "$rc:$out" \
    "0:70000007	70000007	$etag	$sha	1"
ok 'the same bytes' cmp big back
is 'nothing else left' "$(ls back*)" back
rm back
run s3 --sum --part 1000000 -j 7 get $b big back
is 'in other pieces, proven' "$rc:$out" \
    "0:70000007	70000007	$etag	$sha	1"
run s3 --part 5242880 --journal j put big $b big5
is 'in parts of 5 MiB' "$rc:$(printf '%s' "$out" | cut -f3)" \
    "0:$(etag_of big 5242880)"
ok 'the journal is gone' test ! -e j
run s3 -f --part 9999999 get $b big5 back
is 'their size is found' "$rc:$(printf '%s' "$out" | cut -f5)" 0:1
run s3 --part 6000000 put big $b odd
is 'in parts of an odd size' "$rc:$(printf '%s' "$out" | cut -f3)" \
    "0:$(etag_of big 6000000)"
is 'no upload is left' "$(s3 pending $b)" ''
run s3 --part 1000000 put big $b small
is 'parts too small' "$rc:$err" "76:s3tool: s3://$b/small: EntityTooSmall"
is 'and nothing left' "$(s3 pending $b)$(s3 list $b small)" ''
run s3 cp $b big $b 'big copy'
is 'copy' "$rc:$err" 0:
run s3 -f get $b 'big copy' back
ok 'equal' cmp big back
: >empty
run s3 put empty $b empty
is 'nothing' "$rc:$(printf '%s' "$out" | cut -f1-3)" \
    "0:0	0	$(md5 empty)"
run s3 -f get $b empty back
is 'nothing back' "$rc:$(wc -c <back):$(printf '%s' "$out" | cut -f5)" 0:0:1

# interrupted
killat 9 150000 s3tool --journal j --part 5242880 put big $b again 2>/dev/null
rc=$?
if test $rc -eq 137 && test -s j; then
	is 'one upload is open' "$(s3 pending $b | cut -f1)" again
fi
run s3 --journal j --part 5242880 put big $b again
is 'killed and again' "$rc:$(printf '%s' "$out" | cut -f3)" \
    "0:$(etag_of big 5242880)"
is 'no upload is left after that' "$(s3 pending $b)" ''

if test "${SLOW:-0}" = 1; then
	head -c 3221225479 /dev/urandom >huge
	run s3 --sum put huge $b huge
	is '3 GiB + 7' "$rc:$(printf '%s' "$out" | cut -f3,4)" \
	    "0:$(etag_of huge 16777216)	$(sha256sum <huge | cut -c1-64)"
	run s3 get $b huge back3
	is 'back' "$rc:$(printf '%s' "$out" | cut -f5)" 0:1
	ok 'the same 3 GiB' cmp huge back3
	rm -f huge back3
	s3 fill $b many/ 100000
	s3 list $b many/ | cut -f1 >got
	awk 'BEGIN { for (i = 0; i < 100000; i++)
	    printf "many/%07d\n", i }' >want
	ok '100 000 keys' cmp got want
fi
# before $tmp goes, and with it who is to be stopped
test ! -d "$tmp/rgw" || "$srcdir/rgw" stop "$tmp/rgw"
done_testing
