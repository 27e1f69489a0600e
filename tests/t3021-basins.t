#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Basins over the network: followed, in circles, dead, hostile; and what a
# DCOR server answers.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/s3.sh
. "$srcdir/s3.sh"
key=$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY
mkdir www
serve --key "$key" --anonymous --root www
url=$AWS_ENDPOINT_URL
s3 mkbucket bkt
s3 mkbucket api

# values FEATURE NAME: the numbers, or the status and the message
values() {
	measure --tries 2 -F "$1" "$2" >out 2>err
	rc=$?
	if test $rc -eq 0; then
		od -An -t d8 -v out | tr -s ' \n' ' ' | sed 's/^ //; s/ $//'
	else
		echo "$rc $(grep -v cached err)"
	fi
}
# basin FORMAT URL [FEATURES [MORE]]
basin() {
	printf '{"type": "remote", "format": "%s", "urls": ["%s"],
	    "features": %s%s}' "$1" "$2" "${3:-null}" "${4:+, $4}"
}
file() {
	printf '{"type": "file", "format": "hdf5", "paths": ["%s"],
	    "features": ["temp"]}' "$1"
}

mkbasin -o www/a.rtdc --id run -F temp=10:5
is 'local' "$(values temp www/a.rtdc)" '10 11 12 13 14'
is 'remote' "$(values temp "$url/static/a.rtdc")" '10 11 12 13 14'
s3 put www/a.rtdc bkt k/a.rtdc >/dev/null
mkbasin -o h.rtdc --id run -F deform=0:5 \
    --basin "$(basin http "$url/static/a.rtdc")"
is 'by http' "$(values temp h.rtdc)" '10 11 12 13 14'
is 'what is here needs no network' "$(AWS_CONFIG_FILE=/dev/null values deform \
    h.rtdc)" '0 1 2 3 4'
mkbasin -o s.rtdc --id run \
    --basin "$(basin s3 "$url/bkt/k/a.rtdc" '["temp"]')"
is 'by S3' "$(values temp s.rtdc)" '10 11 12 13 14'
mkbasin -o s.rtdc --id run \
    --basin "$(basin s3 "s3://bkt/k/a.rtdc" '["temp"]')"
is 'by s3://' "$(values temp s.rtdc)" '10 11 12 13 14'
mkbasin -o map.rtdc --id run-2 -F basinmap0=2:3 \
    --basin "$(basin http "$url/static/a.rtdc" '["temp"]' \
    '"mapping": "basinmap0"')"
is 'mapped' "$(values temp map.rtdc)" '12 13 14'
cp map.rtdc www
is 'remote to remote, mapped' "$(values temp "$url/static/map.rtdc")" \
    '12 13 14'
mkbasin -o far.rtdc --id run-2-3 -F basinmap0=1:2 \
    --basin "$(basin http "$url/static/map.rtdc" null \
    '"mapping": "basinmap0"')"
is 'two steps' "$(values temp far.rtdc)" '13 14'

# none of them, the reason, and no more than was asked for
mkbasin -o other.rtdc --id other \
    --basin "$(basin http "$url/static/a.rtdc" '["temp"]')"
is 'another measurement' "$(values temp other.rtdc)" "66 measure: no \
feature temp: basin $url/static/a.rtdc: is another measurement"
mkbasin -o dead.rtdc --id run -F deform=0:2 \
    --basin "$(basin http http://127.0.0.1:1/x '["temp"]')"
is 'dead: what is here' "$(values deform dead.rtdc)" '0 1'
is 'dead: another feature' "$(values area_um dead.rtdc)" \
    '66 measure: no feature area_um'
is 'dead: its feature' "$(values temp dead.rtdc | cut -c1-69)" \
    '75 measure: no feature temp: basin http://127.0.0.1:1/x: Failed to co'
mkbasin -o two.rtdc --id run \
    --basin "$(basin http http://127.0.0.1:1/x '["temp"]')" \
    --basin "$(basin http "$url/static/a.rtdc" '["temp"]')"
is 'dead, and another' "$(values temp two.rtdc)" '10 11 12 13 14'
mkbasin -o www/twice.rtdc --id run -F temp=0:1 \
    --basin "$(basin http "$url/static/dead?1" '["deform"]')" \
    --basin "$(basin http "$url/static/dead?2" '["deform"]')"
fault 'GET /static/dead  1+* reset 0'
nolog
is 'dead: its host is' "$(values deform www/twice.rtdc | cut -c1-53)" \
    "75 measure: no feature deform: basin $(echo "$url" | cut -c1-16)"
is 'and is asked for once' "$(requests GET /static/dead)" 2
fault
mkbasin -o gone.rtdc --id run \
    --basin "$(basin http "$url/static/none?Signature=secret" '["temp"]')"
is 'gone' "$(values temp gone.rtdc)" "66 measure: no feature temp: basin \
$url/static/none: does not exist (HTTP 404)"

# circles and depth
for i in 1 2 3; do
	mkbasin -o www/c$i.rtdc --id run -F f$i=0:1 \
	    --basin "$(basin http "$url/static/c$((i % 3 + 1)).rtdc")"
done
is 'a circle' "$(values f3 "$url/static/c1.rtdc")" 0
nolog
is 'a circle, in vain' "$(values temp "$url/static/c1.rtdc" |
    cut -c1-70)" "66 measure: no feature temp: basin $url/static/c1.rt"
is 'each asked for once, and the first seen again' \
    "$(log | cut -f3 | sort | uniq -c | tr -s ' ' | tr '\n' ',')" \
    ' 2 /static/c1.rtdc, 1 /static/c2.rtdc, 1 /static/c3.rtdc,'
i=0
while test $((i = i + 1)) -le 20; do
	mkbasin -o www/d$i.rtdc --id run -F f$i=0:1 \
	    --basin "$(basin http "$url/static/d$((i + 1)).rtdc")"
done
is '16 deep' "$(values f16 "$url/static/d1.rtdc")" 0
is 'and no deeper' "$(values f17 "$url/static/d1.rtdc" | cut -c1-30)" \
    '66 measure: no feature f17: ba'

# What is not here never leads to a file that is.
mkbasin -o secret.rtdc --id run -F temp=666:2
secret=$tmp/secret.rtdc
printf 'secretsecretsecr' >secret.raw
for p in "$secret" secret.rtdc "file://$secret" ../secret.rtdc \
    "http:/../$secret"; do
	for b in "$(file "$p")" "$(basin http "$p")" "$(basin s3 "$p")" \
	    "$(basin dcor "$p")"; do
		mkbasin -o www/evil.rtdc --id run --basin "$b"
		values temp "$url/static/evil.rtdc"
		ln -sf www/evil.rtdc "$tmp/evil.rtdc"
	done
done >got
ok 'nothing of it' sh -c '! grep -q "66[67] *66\|^66[67]" got'
is 'always an error' "$(cut -c1-28 got | sort -u | grep -v '^[67]')" ''
ok 'and it says so' grep -q 'a remote file may not name local ones' got
mkbasin -o www/link.rtdc --link "temp=$secret"
is 'external link' "$(values temp "$url/static/link.rtdc")" \
    '66 measure: no feature temp'
mkbasin -o www/raw.rtdc --raw "temp=$tmp/secret.raw"
is 'external data' "$(values temp "$url/static/raw.rtdc")" \
    "77 measure: events/temp: its data are in another file, which a remote \
one may not name"
mkbasin -o www/virtual.rtdc --virtual "temp=$secret"
is 'virtual dataset' "$(values temp "$url/static/virtual.rtdc" | cut -c1-40)" \
    '77 measure: events/temp: its data are in'
is 'lists' "$(measure "$url/static/link.rtdc" "$url/static/raw.rtdc" \
    "$url/static/virtual.rtdc" 2>/dev/null | grep -c 666)" 0

# A DCOR server: condensed and original, by the answer of its API.
id=8a94c10a-7f9b-4f3c-9d2e-1234567890ab
mkbasin -o www/resource.rtdc --id run -F temp=10:5
mkbasin -o www/condensed.rtdc --id run -F temp=10:5 -F volume=70:5 \
    --basin "$(basin dcor "$url/api/3/action/dcserv?id=$id" '["image"]')"
answer() {
	cat >answer.json <<EOF
{"help": "x", "success": true, "result": [
 {"name": "condensed-8a94c", "format": "http", "type": "remote",
  "mapping": "same", "perishable": false, "key": "dcor-condensed-$id",
  "urls": ["$1"], "features": ["temp", "volume"]},
 {"name": "resource-8a94c", "format": "http", "type": "remote",
  "mapping": "same", "perishable": false, "key": "dcor-resource-$id",
  "urls": ["$2"], "features": ["temp"]}]}
EOF
	s3 put answer.json api 3/action/dcserv >/dev/null
}
answer "$url/static/condensed.rtdc" "$url/static/resource.rtdc"
mkdir -p config/dcor
cat >config/dcor/config.yaml <<EOF
default-profile: test
profiles:
  test:
    server: $url
EOF
DCOR_PROFILE='test'
export DCOR_PROFILE
is 'dcor: stored' "$(values temp dcor:$id)" '10 11 12 13 14'
is 'dcor: condensed' "$(values volume dcor:$id)" '70 71 72 73 74'
is 'dcor: what is asked' "$(log | awk -F '\t' '$3 ~ "dcserv" { print $4 }' |
    tail -n 1)" "id=$id&version=2&query=basins"
is 'dcor: by URL' "$(values volume "$url/api/3/action/dcserv?id=$id")" \
    '70 71 72 73 74'
nolog
is 'dcor: in nobody' "$(values image dcor:$id)" "66 measure: no feature \
image: basin $url/api/3/action/dcserv: leads back to itself"
ok "dcor: no circle, $(requests GET /static/resource.rtdc)" test \
    "$(requests GET /static/resource.rtdc)" -le 2
mkbasin -o up.rtdc --id run --basin "$(basin dcor \
    "$url/api/3/action/dcserv?id=$id" '["volume"]')"
is 'dcor: as a basin' "$(values volume up.rtdc)" '70 71 72 73 74'
answer "$url/static/none" "$url/static/resource.rtdc"
is 'dcor: not condensed yet' "$(values temp dcor:$id)" '10 11 12 13 14'
is 'dcor: not condensed yet, and needed' "$(values volume dcor:$id)" \
    "66 measure: no feature volume: basin dcor:$id/condensed: does not \
exist (HTTP 404)"
answer x "file://$secret"
is 'dcor: no URL' "$(values temp dcor:$id)" \
    '66 measure: the server knows no resource file'
answer x "$secret"
is 'dcor: a path' "$(values temp dcor:$id)" \
    '66 measure: the server knows no resource file'
echo '<html>' >answer.json
s3 put answer.json api 3/action/dcserv >/dev/null
is 'dcor: nonsense' "$(values temp dcor:$id)" \
    "76 measure: the server's answer is no JSON"
is 'dcor: not an id' "$(values temp dcor:../x)" \
    '64 measure: not dcor:RESOURCE-ID'
unset DCOR_PROFILE
is 'dcor: the server of the environment' "$(DCOR_SERVER=$url/ values temp \
    dcor:../x)" '64 measure: not dcor:RESOURCE-ID'
is 'dcor: no server' "$(values temp dcor:$id | cut -c1-20)" \
    '78 measure: no DCOR '
done_testing
