#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The server that other tests rely on, judged by curl (which signs by itself)
# and by signatures that Amazon has published.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
command -v curl >/dev/null || skip_all 'no curl'

# start OPTION...: $url; the server ends when descriptor 3 is closed
start() {
	rm -f hold url
	mkfifo hold
	"$B/tests/httpd" --until-eof "$@" <hold >url 2>httpd.err 3>&- &
	server=$!
	exec 3>hold
	while test ! -s url; do kill -0 $server || exit 1; done
	url=$(cat url)
}
end() { exec 3>&-; wait $server; }
# get ARGUMENT...: body in out, header in head, "STATUS SIZE" in $got, curl's
# status in $rc
get() {
	rm -f out
	got=$(curl -s -g --noproxy '*' -m 20 -o out -D head \
	    -w '%{http_code} %{size_download}' "$@" 3>&-); rc=$?
}
ctl() { curl -s --noproxy '*' "$@" 3>&-; }
# fault RULE: this and no other
fault() {
	ctl -X DELETE "$url/_ctl/fault" "$url/_ctl/log"
	test -z "$1" || ctl --data-binary "$1" "$url/_ctl/fault"
}
log() { ctl "$url/_ctl/log" | cut -f "$1"; }
etag() { sed -n 's/^ETag: "\(.*\)"\r$/\1/p' head; }
md5() { md5sum <"$1" | cut -d' ' -f1; }
code() { sed -n 's/.*<Code>\(.*\)<\/Code>.*/\1/p' out; }

awk 'BEGIN { for (i = 0; i < 300000; i++) printf "%09d\n", i }' >big
head -c 1000 big >small
mkdir store root
start --anonymous --key AKID:SECRET -d "$tmp/store" --root "$tmp/root" \
    --min-part 10

# as a store
get -X PUT "$url/bkt"
is 'bucket' "$got" '200 0'
for f in big small; do
	get -T $f "$url/bkt/$f"
	is "$f: ETag of PUT" "$(etag)" "$(md5 $f)"
	get "$url/bkt/$f"
	same "$f: content" out $f
	is "$f: ETag" "$(etag)" "$(md5 $f)"
	get -I "$url/bkt/$f"
	is "$f: HEAD" "$(sed -n 's/^Content-Length: \(.*\)\r$/\1/p' head)" \
	    "$(wc -c <$f | tr -d ' ')"
	get -r 100-199 "$url/bkt/$f"
	tail -c +101 $f | head -c 100 >want
	same "$f: range" out want
	get -r 0-9,20-29 "$url/bkt/$f"
	is "$f: two ranges are none" "$got" "200 $(wc -c <$f | tr -d ' ')"
done
ok 'large bodies are files' test -n "$(ls store)"
get -T - -H 'Transfer-Encoding: chunked' "$url/bkt/c" <small
is 'no chunks' "$got $(code)" "411 $(wc -c <out | tr -d ' ') \
MissingContentLength"
{ printf 'X: '; head -c 70000 big | tr '\n' x; } >head.txt
get -H @head.txt "$url/bkt/small"
is 'head too long' "${got%% *}" 431
get "$url/bkt/%zz"
is 'bad percent sign' "${got%% *}" 400
get -H 'Content-Length: 1x' "$url/bkt/small"
is 'bad length' "${got%% *}" 400
get -X BREW "$url/bkt/small"
is 'method' "${got%% *}" 405
fault ''
get "$url/bkt/small" -o out2 "$url/bkt/big" -o out3 "$url/bkt/small"
is 'a connection is kept' "$(log 9 | sort -u | wc -l | tr -d ' ')" 1

# signatures of curl
sign() { _k=$1; shift; get --aws-sigv4 aws:amz:us-east-1:s3 --user "$_k" "$@"; }
sign AKID:SECRET "$url/bkt?list-type=2&prefix=b"
is 'signed' "${got%% *}" 200
ok 'listed' grep -q '<Key>big</Key>' out
sign AKID:WRONG "$url/bkt/small"
is 'wrong secret' "${got%% *} $(code)" '403 SignatureDoesNotMatch'
sign NOBODY:SECRET "$url/bkt/small"
is 'unknown key' "${got%% *} $(code)" '403 InvalidAccessKeyId'
is 'counted' "$(ctl "$url/_ctl/stat" | grep signed | tr -d ' \n')" \
    '"signed_ok":1,"signed_bad":2,'
fault ''
get -H 'X-CKAN-API-Key: hidden' -H 'Authorization: hidden' \
    "$url/bkt/small?x=1&Signature=hidden&X-Amz-Security-Token=hidden&y"
is 'log: query, headers' "$(log 4,10)" "$(printf 'x=1&y\tauth,ckan')"
nok 'log: no secrets' sh -c "curl -s '$url/_ctl/log' | grep hidden"

# faults
n=$(wc -c <big | tr -d ' ')
fault 'GET /bkt/* 2 cut 100000'
get "$url/bkt/big"
is 'not the first' "$rc $got" "0 200 $n"
get "$url/bkt/big"
is 'cut' "$rc $got" '18 200 100000'
head -c 100000 big >want
same 'cut: the bytes before' out want
get "$url/bkt/big"
is 'nor the third' "$rc $got" "0 200 $n"
is 'log of faults' "$(log 2,3,6,7,11)" "$(printf '%s\n' \
    "GET	/bkt/big	200	$n	" \
    'GET	/bkt/big	200	100000	cut' \
    "GET	/bkt/big	200	$n	")"
fault '* /bkt/big r=1 1+2 reset 5000'
get "$url/bkt/big"
is 'another query' "$rc" 0
get "$url/bkt/big?r=1"
is 'reset' "$rc $got" '56 200 5000'
get "$url/bkt/big?r=1"
is 'reset again' "$rc" 56
get "$url/bkt/big?r=1"
is 'not for ever' "$rc" 0
fault 'GET * 1+* stall 300'
get -m 1 "$url/bkt/small"
is 'stall' "$rc $got" '28 200 300'
fault 'GET * 1 short 10'
get "$url/bkt/small"
is 'short' "$rc $got" '18 200 1000'
ok 'short: announced' grep -q 'Content-Length: 1010' head
fault 'GET * 1 short -10'
get "$url/bkt/small"
is 'long' "$got" '200 990'
fault 'GET * 1+2 corrupt 70000'
get "$url/bkt/big"
is 'corrupt' "$(cmp -l big out | awk '{ print $1 }')" 70001
get -r 1000- "$url/bkt/big"
tail -c +1001 big >want
is 'corrupt range' "$(cmp -l want out | wc -l | tr -d ' ')" 1
fault 'GET * 1 status 503 7
GET * 2 status 500'
get "$url/bkt/big"
is 'status' "${got%% *} $(code)" '503 SlowDown'
ok 'Retry-After' grep -q '^Retry-After: 7' head
get "$url/bkt/big"
is 'other status' "${got%% *} $(code)" '500 InternalError'
fault 'PUT /bkt/e 1 error200 InternalError'
get -T small "$url/bkt/e"
is 'error200' "${got%% *} $(code)" '200 InternalError'
get -I "$url/bkt/e"
is 'error200: nothing done' "${got%% *}" 404
get -T big "$url/bkt/tw"
fault 'GET /bkt/tw 2 etag'
get "$url/bkt/tw"
get -r 5-9 "$url/bkt/tw"
is 'etag: length' "$got" '206 5'
now=$(etag)
get "$url/bkt/tw"
is 'etag: of the new content' "$now $(wc -c <out | tr -d ' ')" "$(md5 out) $n"
nok 'etag: not the old one' cmp -s out big
fault "GET * 1 redirect http://localhost:1
GET * 2 redirect $url/bkt/small 302"
get "$url/bkt/big?x"
is 'redirect' "${got%% *} $(grep Location head | tr -d '\r')" \
    '307 Location: http://localhost:1/bkt/big?x'
get -L "$url/bkt/big"
same 'redirect to a path' out small
fault 'HEAD * 1 nohead
GET * 1 norange
GET * 2 badrange
GET * 3 noetag
GET * 4 unquoted
GET * 5 nolength
GET * 6 weak
GET * 7 garbage
GET * 8 hangup'
get -I "$url/bkt/big"
is 'nohead' "${got%% *}" 403
get -r 5-9 "$url/bkt/small"
same 'norange' out small
get -r 5-9 "$url/bkt/small"
is 'badrange' "${got%% *} $(grep Content-Range head | tr -d '\r')" \
    '206 Content-Range: bytes 4-8/1000'
get "$url/bkt/small"
nok 'noetag' grep -qi etag head
get "$url/bkt/small"
is 'unquoted' "$(grep ETag head | tr -d '\r')" "ETag: $(md5 small)"
get "$url/bkt/small"
nok 'nolength' grep -q Content-Length head
same 'nolength: content' out small
get "$url/bkt/small"
is 'weak' "$(grep ETag head | tr -d '\r')" "ETag: W/\"$(md5 small)\""
get "$url/bkt/small"
is 'garbage' "$rc" 1
get "$url/bkt/small" -o out2 "$url/bkt/small"
is 'hangup' "$rc $(log 9 | tail -n 2 | uniq | wc -l | tr -d ' ')" '0 2'
fault 'PUT * 1 drop
PUT * 2 eat 100000'
get -T small "$url/bkt/d"
is 'drop' "$rc" 52
get "$url/bkt/d"
same 'drop: done' out small
get -T big "$url/bkt/x"
ok 'eat' test $rc -ge 55
get -I "$url/bkt/x"
is 'eat: not done' "${got%% *}" 404
is 'eat: bytes' "$(log 8 | sed -n 3p)" 100000
for f in 'GET * 0 cut 1' 'GET * 1 cut' 'GET * 1 cut x' 'GET * 1 none' \
    'GET *' 'GET * 1+0 drop' 'GET * 1 drop 5'; do
	is "bad rule: $f" "$(ctl --data-binary "$f" -o /dev/null \
	    -w '%{http_code}' "$url/_ctl/fault")" 400
done

# a completed upload, as stores have it
upload() {
	get -X POST "$url/bkt/$1?uploads"
	id=$(sed -n 's/.*<UploadId>\(.*\)<.UploadId>.*/\1/p' out)
	get -T big "$url/bkt/$1?partNumber=1&uploadId=$id"
	get -T small "$url/bkt/$1?partNumber=2&uploadId=$id"
	xml="<C><Part><PartNumber>1</PartNumber><ETag>$(md5 big)</ETag></Part>"
	xml="$xml<Part><PartNumber>2</PartNumber>"
	xml="$xml<ETag>&quot;$(md5 small)&quot;</ETag></Part></C>"
	get --data-binary "$xml" "$url/bkt/$1?uploadId=$id"
	tag=$(sed -n 's/.*<ETag>\(.*\)<.ETag>.*/\1/p' out)
}
fault ''
upload m1
get "$url/bkt/m1"
cat big small >want
same 'upload in parts' out want
is 'its ETag' "$tag" "&quot;$(etag)&quot;"
fault 'POST * uploadId= 1 blanks 100'
upload m2
ok 'blanks: chunks' grep -q chunked head
is 'blanks: many' "$(($(tr -cd ' \n' <out | wc -c) > 100))" 1
fault 'POST * uploadId= 1 emptyetag
POST * uploadId= 2+* again'
upload m3
is 'emptyetag' "$tag" ''
get --data-binary "$xml" "$url/bkt/m3?uploadId=$id"
ok 'again' grep -q "<ETag>[0-9a-f]*-2</ETag>" out
fault ''
get --data-binary "$xml" "$url/bkt/m3?uploadId=$id"
is 'not again' "${got%% *} $(code)" '404 NoSuchUpload'

# files and redirects
cp big root/f
get -r 1000-1999 "$url/static/f"
tail -c +1001 big | head -c 1000 >want
same 'static range' out want
get -H "If-None-Match: \"$(etag)\"" "$url/static/f"
is 'static: not modified' "$got" '304 0'
get --path-as-is "$url/static/../t"
is 'static: nothing outside' "${got%% *}" 404
get -L "$url/redirect?to=$url/static/f"
same 'redirect to a file' out big

end
is 'ends with its input' "$?" 0
is 'no files stay' "$(ls store)" ''

# requests in flight: all eight wait for the timer at one time
start --anonymous --delay 300
curl -s --noproxy '*' -Z --parallel-immediate --parallel-max 8 \
    "$url/[1-8]" -o /dev/null 2>/dev/null 3>&-
is 'in flight' "$(ctl "$url/_ctl/stat" |
    sed -n 's/.*"max_inflight": \([0-9]*\),/\1/p')" 8
kill $server
end
is 'ends by a signal' "$?" 0

# Amazon's examples: Signature Version 4 in the S3 API Reference, and
# RestAuthentication (version 2), on the day they were signed
key=AKIAIOSFODNN7EXAMPLE
secret=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
h='Host: examplebucket.s3.amazonaws.com'
day() { start --key $key:$secret --domain s3.amazonaws.com \
    --clock-offset $(($1 - $(date +%s))); }
# auth HEADERS SIGNATURE ARGUMENT...
auth() {
	_a="AWS4-HMAC-SHA256 Credential=$key/20130524/us-east-1/s3/"
	_a="${_a}aws4_request,SignedHeaders=$1,Signature=$2"
	shift 2
	get -H "$h" -H "Authorization: $_a" -H 'x-amz-date: 20130524T000000Z' \
	    "$@"
}
empty=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
all='host;x-amz-content-sha256;x-amz-date'
day 1369353600
auth "host;range;x-amz-content-sha256;x-amz-date" \
    f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41 \
    -r 0-9 -H "x-amz-content-sha256: $empty" "$url/test.txt"
is 'GET object' "${got%% *} $(code)" '404 NoSuchBucket'
printf 'Welcome to Amazon S3.' >body
auth "date;$all;x-amz-storage-class" \
    98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd \
    -H 'Date: Fri, 24 May 2013 00:00:00 GMT' -T body \
    -H 'x-amz-storage-class: REDUCED_REDUNDANCY' \
    -H "x-amz-content-sha256: $(sha256sum <body | cut -d' ' -f1)" \
    "$url/test%24file.text"
is 'PUT object' "${got%% *} $(code)" '404 NoSuchBucket'
auth "$all" \
    fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543 \
    -H "x-amz-content-sha256: $empty" "$url/?lifecycle"
is 'GET bucket lifecycle' "${got%% *} $(code)" '404 NoSuchBucket'
auth "$all" \
    34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7 \
    -H "x-amz-content-sha256: $empty" "$url/?max-keys=2&prefix=J"
is 'list objects' "${got%% *} $(code)" '404 NoSuchBucket'
auth "$all" \
    34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7 \
    -H "x-amz-content-sha256: $empty" "$url/?max-keys=2&prefix=K"
is 'list others' "${got%% *} $(code)" '403 SignatureDoesNotMatch'
q="X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=$key%2F20130524%2F"
q="${q}us-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&"
q="${q}X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
q="${q}aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
get -H "$h" "$url/test.txt?$q"
is 'query' "${got%% *} $(code)" '404 NoSuchBucket'
get -H "$h" -H 'x-amz-meta-a: b' "$url/test.txt?$q"
is 'query and a header' "${got%% *} $(code)" '403 AccessDenied'
end
day 1369440000
get -H "$h" "$url/test.txt?$q"
is 'query, a day later' "${got%% *} $(code)" '403 AccessDenied'
ok 'it says why' grep -q 'Request has expired' out
end
day 1175139610
q="AWSAccessKeyId=$key&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D"
get -H 'Host: johnsmith.s3.amazonaws.com' \
    "$url/photos/puppy.jpg?$q&Expires=1175139620"
is 'version 2' "${got%% *} $(code)" '404 NoSuchBucket'
end
done_testing
