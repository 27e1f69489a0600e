#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Parts of measurements over the network: what dcor-slice writes of the file,
# with few requests, without telling signatures.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/s3.sh
. "$srcdir/s3.sh"
PATH=$B/bin:$PATH
key=$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY
mkdir www
serve --key "$key" --root www
url=$AWS_ENDPOINT_URL
mkrtdc -q -o www/m.rtdc --frames 1000 --chunk 40 --features deform,area_um
s3 mkbucket bkt
s3 put www/m.rtdc bkt m.rtdc >/dev/null
signed=$(dcor-presign s3://bkt/m.rtdc)
gets() { log | awk -F '\t' '$2 == "GET" && $3 !~ "^/_ctl"' | wc -l |
	tr -d ' '; }

# each NAME ARGUMENT...: the same from the file and by every URL
each() {
	_n=$1
	shift
	dcor-slice "$@" www/m.rtdc >want 2>err
	is "$_n: of the file" "$?" 0
	for _u in "$url/static/m.rtdc" s3://bkt/m.rtdc "$signed"; do
		nolog
		dcor-slice --cache 0 "$@" "$_u" >got 2>err
		is "$_n: $(printf '%s' "$_u" | cut -c1-8): status" "$?" 0
		ok "$_n: the same" cmp got want
	done
}
each 'columns' -H -F deform,area_um,time
each 'an expression' -w 'deform > 20.1 && frame < 500' -F deform,frame
each 'frames' -F image -e 400:500 --format npy
is 'frames: requests' "$(test "$(gets)" -le 6; echo $?)" 0
each 'all frames' -F image --format raw
is 'all frames: requests' "$(test "$(gets)" -le 4; echo $?)" 0
each 'every tenth frame' -F image -e ::10 --format raw
is 'every tenth frame: requests' "$(test "$(gets)" -le 4; echo $?)" 0
each 'metadata' -m 'setup:*'

# A measurement of its own, with a basin that leads to the rest.
dcor-slice -e 10:30 -F deform --format rtdc --basin -o part.rtdc \
    "$url/static/m.rtdc" 2>err
is 'a part: status' "$?:$(cat err)" 0:
dcor-slice -F image -e 10:30 --format raw www/m.rtdc >want
dcor-slice -F image --format raw part.rtdc >got 2>err
is 'a part: the rest of it' "$?:$(cmp got want 2>&1)" 0:
dcor-slice -e 10:30 -F deform --format rtdc --basin -o part3.rtdc \
    s3://bkt/m.rtdc
dcor-slice -F image --format raw part3.rtdc >got 2>err
is 'a part of an object' "$?:$(cmp got want 2>&1)" 0:
dcor-slice --basin -F deform --format rtdc -o no.rtdc "$signed" 2>err
is 'no basin leads to a signed URL' "$?:$(grep -c 'no basin' err)" 64:1
ok 'and nothing is left' test ! -e no.rtdc

# Signatures are nowhere.
{
	dcor-slice -l "$signed"
	dcor-slice -l --json "$signed"
	dcor-slice -vvv --json -F deform -e 0:3 "$signed"
	dcor-slice -F none "$signed"
	printf '%s\tdeform\t0:3\n' "$signed" | dcor-slice --requests
	printf '%s\tnone\n' "$signed" | dcor-slice --requests
	mkdir out
	dcor-slice -e 0:3 --format rtdc -o out/ "$signed"
	cat out/*
	ls out cache/dcor
} >all 2>&1
is 'no signature' "$(grep -ac 'X-Amz\|Signature' all)" 0
is 'a file of its own' "$(ls out)" m.rtdc

# What changes is an error, and the next request sees the new one.
fault 'GET /bkt/m.rtdc  3+* etag'
nolog
dcor-slice --cache 0 -F image --format raw s3://bkt/m.rtdc >got 2>err
is 'changed' "$?" 65
s3 put www/m.rtdc bkt m.rtdc >/dev/null
fault 'GET /static/m.rtdc  2 status 404'
printf '%s\timage\t0:2\n%s\tdeform\t0:2\n' "$url/static/m.rtdc" \
    "$url/static/m.rtdc" >requests
dcor-slice --cache 0 --requests --format json <requests >got 2>err
is 'a request fails, the next does not' "$(grep -c '"status":0' got)" 1
done_testing
