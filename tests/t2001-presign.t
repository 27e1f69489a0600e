#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dcor-presign: what it prints, refuses, and finds out about URLs.  That the
# signatures are right is for tests/unit and tests/peer, and for httpd here.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
p=$B/bin/dcor-presign
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL_S3
export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE
secret=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
export AWS_SECRET_ACCESS_KEY=$secret
export AWS_ENDPOINT_URL=https://s3.amazonaws.com AWS_REGION=us-east-1
day=2013-05-24T00:00:00Z
# what Amazon has published: API Reference, "Authenticating Requests"
amazon=https://examplebucket.s3.amazonaws.com/test.txt
amazon="$amazon?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN\
7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T00000\
0Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d0\
2ee5c0109b86d86835f995330da4c265957d157751f604d404"

is "Amazon's example" "$("$p" --date $day -e 1d --addressing virtual \
    s3://examplebucket/test.txt)" "$amazon"
is 'the same as a date, from options' "$(env -u AWS_ENDPOINT_URL "$p" \
    --date 1369353600 -e 20130525T000000Z --addressing virtual --region \
    us-east-1 --endpoint https://s3.amazonaws.com/ s3://examplebucket/test.txt
    )" "$amazon"
is 'no endpoint is Amazon' "$(env -u AWS_ENDPOINT_URL "$p" --date $day -e 24h \
    --addressing virtual s3://examplebucket/test.txt)" "$amazon"
export AWS_ENDPOINT_URL=https://s3.example.org:8443
set -- --date $day

bare() { sed 's/?.*//' "$@"; }
is 'a key is bytes' "$("$p" "$@" 's3://bkt//a b?#%2F/../ü+&' | bare)" \
    'https://s3.example.org:8443/bkt//a%20b%3F%23%252F/../%C3%BC%2B%26'
is 'any byte' "$(printf 's3://bkt/\377\001\n' | "$p" "$@" | bare)" \
    'https://s3.example.org:8443/bkt/%FF%01'
is 'a key with newline' "$(printf 's3://bkt/a\nb\0s3://bkt/c\0' |
    "$p" "$@" -0 | bare)" 'https://s3.example.org:8443/bkt/a%0Ab
https://s3.example.org:8443/bkt/c'
is 'bucket in the host' "$("$p" "$@" --addressing virtual s3://bkt/k | bare)" \
    'https://bkt.s3.example.org:8443/k'
run "$p" "$@" --addressing virtual s3://b.kt/k s3://b.kt/l
is 'not with a dot, over TLS' "$rc:$(bare out):$(cat err)" \
    "0:https://s3.example.org:8443/b.kt/k
https://s3.example.org:8443/b.kt/l:dcor-presign: warning: b.kt: cannot be in \
a host name; it is in the path"

# the query, without what signs
query() { "$p" "$@" --date $day s3://bkt/k | sed 's/.*?//; s/&*X-Amz.*//
    s/&*AWSAcc.*//'; }
is 'no more than needed' "$(query)" ''
is 'a name' "$(query --filename 'x y.rtdc')" \
    'response-content-disposition=attachment%3B%20filename%3D%22x%20y.rtdc%22'
# RFC 8187, 3.2.2: the pound sign and the euro
is 'a name that is not ASCII' "$(query --filename '£ and € rates')" \
"response-content-disposition=attachment%3B%20filename%3D%22_%20and%20_%20\
rates%22%3B%20filename%2A%3DUTF-8%27%27%25C2%25A3%2520and%2520%25E2%2582%25AC\
%2520rates"
is 'quotes in a name' "$(query --filename 'a"b\c%d')" \
"response-content-disposition=attachment%3B%20filename%3D%22a_b_c_d%22%3B%20\
filename%2A%3DUTF-8%27%27a%2522b%255Cc%2525d"
is 'type and version' "$(query --response-type a/b --version-id v+1)" \
    'response-content-type=a%2Fb&versionId=v%2B1'
is 'version 2' "$(query --signature v2 --version-id v)" 'versionId=v'
is 'an upload begins' "$(query --multipart 3)" 'uploads='
is 'an upload' "$(query --multipart 2 --upload-id 2~a/b)" \
    'uploadId=2~a%2Fb&partNumber=1
uploadId=2~a%2Fb&partNumber=2
uploadId=2~a%2Fb
uploadId=2~a%2Fb'
"$p" "$@" --format tsv --multipart 2 --upload-id u s3://bkt/k | cut -f 1-4 >out
cat >want <<'EOT'
s3://bkt/k	PUT	1	2013-05-24T01:00:00Z
s3://bkt/k	PUT	2	2013-05-24T01:00:00Z
s3://bkt/k	POST	complete	2013-05-24T01:00:00Z
s3://bkt/k	DELETE	abort	2013-05-24T01:00:00Z
EOT
same 'an upload as TSV' out want
"$p" "$@" --json -X put -e 15m "s3://bkt/a\"b" | sed 's/\?X.*"/"/' >out
cat >want <<EOT
{"type":"presigned","bucket":"bkt","key":"a\"b","method":"PUT",\
"since":"2013-05-24T00:00:00Z","until":"2013-05-24T00:15:00Z",\
"url":"https://s3.example.org:8443/bkt/a%22b"}
EOT
same 'JSON' out want
is 'for curl' "$("$p" "$@" --format curl "s3://bkt/a/it's" | bare)" \
    "curl -fsSg -o './it'\''s' 'https://s3.example.org:8443/bkt/a/it%27s"
is 'for curl, HEAD' "$("$p" "$@" --format curl -X head s3://bkt/k | bare)" \
    "curl -fsSg -I 'https://s3.example.org:8443/bkt/k"
cat >want <<EOT
# canonical request
GET
/examplebucket/test.txt
X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F\
20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&\
X-Amz-Expires=86400&X-Amz-SignedHeaders=host
host:s3.example.org:8443

host
UNSIGNED-PAYLOAD
# string to sign
AWS4-HMAC-SHA256
20130524T000000Z
20130524/us-east-1/s3/aws4_request
EOT
sed '/^# string/,$d; /^#/d' want | head -c -1 >text
sha256sum <text | cut -c 1-64 >>want
"$p" "$@" --explain -e 1d s3://examplebucket/test.txt >out
same 'explained' out want

bad() {	# NAME STATUS MESSAGE ARGUMENT...
	_n=$1 _s=$2 _m=$3; shift 3
	run "$p" "$@"
	is "$_n" "$rc:$(head -n 1 err):$(wc -c <out | tr -d ' ')" \
	    "$_s:dcor-presign: $_m:0"
}
name='a bucket'"'"'s name has 3 to 255 letters, digits, dots, hyphens,'
bad 'no URL' 64 './k: not s3://BUCKET/KEY' ./k
bad 'bad bucket' 64 "s3://b/k: $name underscores" s3://b/k
bad 'no key' 64 's3://bkt/: no key after the bucket' s3://bkt/
bad 'a resource' 69 "dcor:8a94: resources of a DCOR server are not supported \
yet; give s3://BUCKET/KEY" dcor:8a94
bad 'a long key' 64 "s3://bkt/$(printf '%01025d' 0): a key has at most 1024 \
bytes" "s3://bkt/$(printf '%01025d' 0)"
bad 'too long' 64 '-e 8d: not from 1 second to 7 days' -e 8d s3://bkt/k
bad 'no duration' 64 '-e soon: neither a duration nor a date' -e soon s3://b/k
bad 'ended' 64 '-e: the date is not within 7 days after that of signing' \
    -e 2013-05-24 --date 2013-05-24 s3://bkt/k
bad 'no date' 64 '--date: x: not a date like 2026-11-25T11:00:00Z' --date x
bad 'a name for PUT' 64 '--filename: goes with -X get' -X put --filename x
bad 'a path' 64 '--filename: a/b: not a name in UTF-8, without directory' \
    --filename a/b
bad 'a control byte' 64 \
    '--filename: ?: not a name in UTF-8, without directory' \
    --filename "$(printf '\001')"
for o in '\0355\0240\0200' '\0300\0257' '\0303' '\0303a' '\0200' \
    '\0364\0220\0200\0200'; do
	run "$p" --filename "$(printf '%b' "$o")" s3://bkt/k
	is "not UTF-8: $o" "$rc" 64
done
bad 'upload id alone' 64 '--upload-id: goes with --multipart' --upload-id u
bad 'a bad endpoint' 78 \
    'endpoint: not of the form https://HOST[:PORT][/PREFIX]' \
    --endpoint https://user:pw@host s3://bkt/k
bad 'signing and looking' 64 "--inspect and --check go with URLs; nothing is \
signed then" --inspect -X put
run env AWS_SECRET_ACCESS_KEY= "$p" s3://bkt/k
is 'keys missing' "$rc:$(wc -l <err | tr -d ' '):$(cat out)" 77:1:

printf 's3://bkt/1\nno\ns3://bkt/2\ns3://x\n' | "$p" "$@" >out 2>err; rc=$?
is 'a list goes on' "$rc:$(bare out):$(wc -l <err | tr -d ' ')" \
    '1:https://s3.example.org:8443/bkt/1
https://s3.example.org:8443/bkt/2:2'
awk 'BEGIN { for (i = 0; i < 50000; i++) print "s3://bkt/" i }' >many
is 'many' "$("$p" "$@" <many | sort -u | wc -l | tr -d ' ')" 50000
"$p" "$@" <many >/dev/full 2>err; rc=$?
is 'a full disk' "$rc:$(cat err)" \
    '74:dcor-presign: standard output: No space left on device'
{ "$p" "$@" <many; echo $? >rc; } 2>err | head -n 1 >/dev/null
is 'a reader that leaves' "$(cat rc):$(cat err)" 141:
mkfifo to from
timeout 20 "$p" "$@" <to >from &
exec 3>to 4<from
echo s3://bkt/k >&3
read -r answer <&4
is 'an answer for each question' "${answer%%\?*}" \
    https://s3.example.org:8443/bkt/k
exec 3>&- 4<&-
wait $!

# looking at URLs
is 'inspect' "$("$p" --inspect --date 2013-05-24T12:00:00Z "$amazon")" \
"$(printf '%s\t' valid v4 - examplebucket.s3.amazonaws.com examplebucket \
    test.txt AKIAIOSFODNN7EXAMPLE us-east-1 $day 2013-05-25T00:00:00Z)43200"
run "$p" --inspect --date 2013-05-25 "$amazon"
is 'inspect: expired' "$rc:$(cut -f 1,11 out)" "1:expired	0"
# RestAuthentication.html, as a server of DCOR has it
v2='https://o.example.org/circle-1/resource/8a9/k?response-content-disposition='
v2="${v2}attachment%3B%20filename%20%3D%20x&AWSAccessKeyId=AK&Signature=vjby\
PxybdZaNmGa%2ByT272YEAiv4%3D&Expires=1175139620"
run "$p" --inspect --json --date 1175139600 "$v2"
is 'inspect: version 2' "$rc:$(cat out)" '0:{"type":"url","state":"valid",'\
'"signature":2,"method":"GET","scheme":"https","host":"o.example.org",'\
'"bucket":"circle-1","key":"resource/8a9/k","id":"AK",'\
'"until":"2007-03-29T03:40:20Z","left":20,"token":false}'
run "$p" --inspect https://h.example.org/b/k%20l
is 'inspect: not signed' "$rc:$(tr '\t' ' ' <out)" \
    "0:unsigned - - h.example.org b k l - - - - -"
run "$p" --inspect --addressing virtual https://b.example.org:81/k
is 'inspect: bucket in the host' \
    "$(cut -f 4-6 out | tr '\t' ' ')" 'b.example.org:81 b k'
run "$p" --inspect "$(echo "$amazon" | sed 's/86400/864000/')"
is 'inspect: malformed' "$rc:$(cat err)" "65:dcor-presign: https://examplebuc\
ket.s3.amazonaws.com/test.txt: signed, but its X-Amz-Expires is not from 0 to \
604800"

# a server: what is signed is accepted, and what is not is not
if ! command -v curl >/dev/null; then
	skip 'against a server' 'no curl'
	done_testing
fi
mkfifo hold
mkdir store
"$B/tests/httpd" --until-eof -d "$tmp/store" --key \
    "$AWS_ACCESS_KEY_ID:$secret" --min-part 3 <hold >url 2>/dev/null 3>&- &
server=$!
exec 3>hold
while test ! -s url; do kill -0 $server || exit 1; done
AWS_ENDPOINT_URL=$(cat url)
key="s3://bkt/a b+%//ü?&='\"~"
printf 'hello, world' >file
www() { curl -sg --noproxy '*' -m 20 "$@" 3>&-; }
www -X PUT "$AWS_ENDPOINT_URL/bkt" -o out -w '%{http_code}\n' >code
is 'httpd wants signatures' "$(cat code)" 403
www -X PUT --user "$AWS_ACCESS_KEY_ID:$secret" \
    --aws-sigv4 aws:amz:us-east-1:s3 "$AWS_ENDPOINT_URL/bkt"
for v in v4 v2; do
	www -T file "$("$p" --signature $v -X put "$key")"
	is "$v: PUT, GET" "$(www "$("$p" --signature $v "$key")")" \
	    'hello, world'
	ok "$v: HEAD" sh -c "curl -fsSgI --noproxy '*' \"\$1\" 3>&-" - \
	    "$("$p" --signature $v -X head "$key")"
	www -D head -o out "$("$p" --signature $v --filename 'x y' \
	    --response-type a/b "$key")"
	is "$v: what is answered" "$(sed -n 's/\r$//
	    s/^[Cc]ontent-[Dd]isposition: //p' head)" \
	    'attachment; filename="x y"'
	run "$p" --check "$("$p" --signature $v -e 1h "$key")"
	is "$v: check" "$rc:$(cut -f 1,2,5,12- out):$(cat err)" \
	    "0:valid	$v	bkt	206	12	-:"
	run "$p" --check "$("$p" --signature $v -X put "$key")"
	is "$v: check what is no GET" "$rc:$(cut -f 1,12- out)" \
	    "1:refused	403	-	HTTP 403"
	run "$p" --check --json "$("$p" --signature $v "${key}x")"
	is "$v: check what is not there" "$rc:$(sed \
	    's/.*"status":\([0-9]*\).*/\1/' out)" 1:404
	www -X DELETE "$("$p" --signature $v -X delete "$key")"
	run "$p" --check "$("$p" --signature $v "$key")"
	is "$v: DELETE" "$(cut -f 1,12 out)" "refused	404"
done
: >empty
www -T empty "$("$p" -X put s3://bkt/empty)"
run "$p" --check "$("$p" s3://bkt/empty)"
is 'check: an empty object' "$rc:$(cut -f 1,13 out)" "0:valid	0"
old=$(date -u -d '-2 hours' +%s 2>/dev/null || echo 1369353600)
run "$p" --check "$("$p" --date "$old" s3://bkt/empty)"
is 'check: expired' "$rc:$(cut -f 1 out)" 1:expired
id=$(www -X POST -H Content-Type: "$("$p" --multipart 1 s3://bkt/mp)" |
    sed -n 's/.*<UploadId>\(.*\)<\/UploadId>.*/\1/p')
"$p" --multipart 2 --upload-id "$id" --format curl s3://bkt/mp >script
printf 'first ' >mp.1
printf 'second' >mp.2
{ printf '<CompleteMultipartUpload>'
for n in 1 2; do
	printf '<Part><PartNumber>%d</PartNumber><ETag>"%s"</ETag></Part>' \
	    $n "$(md5sum <mp.$n | cut -c 1-32)"
done
printf '</CompleteMultipartUpload>'; } >mp.complete
sed -i 's/^curl/curl --noproxy "*"/; $d' script
ok 'an upload in parts, by curl' sh -e script 3>&-
is 'is there' "$(www "$("$p" s3://bkt/mp)")" 'first second'
exec 3>&-
wait $server
run "$p" --check "$("$p" s3://bkt/k)"
is 'check: no server' "$rc:$(cat out)" 75:
ok 'and no secret in the message' sh -c '! grep -q X-Amz err'
run "$p" --ca-cert none --check "$("$p" s3://bkt/k)"
is 'check: no certificates' "$rc:$(sed -n '$p' err)" \
    '78:dcor-presign: dcor-urlcheck failed'
run env DCOR_LIBEXEC="$tmp" "$p" --check "$("$p" s3://bkt/k)"
is 'check: not installed' "$rc:$(cat err)" \
    "69:dcor-presign: $tmp/dcor-urlcheck: No such file or directory"
done_testing
