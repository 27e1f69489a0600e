#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dcor-slice over the network: what it writes of a URL is what it writes of
# the file, with few requests.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/s3.sh
. "$srcdir/s3.sh"
serve --key "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" --root .
mkrtdc -q -o m.rtdc --frames 1000 --features deform,area_um
s3 mkbucket bkt
s3 put m.rtdc bkt a/m.rtdc >/dev/null
v4=$(dcor-presign s3://bkt/a/m.rtdc)
v2=$(dcor-presign --signature v2 s3://bkt/a/m.rtdc)

# run of s3.sh is another
run2() { "$@" >out 2>err; rc=$?; }
gets() { log | awk -F '\t' '$2 == "GET" && $3 !~ "^/_ctl"' | wc -l |
	tr -d ' '; }
# equal NAME ARGUMENT...: what is written of $u and of the file
equal() { _n=$1; shift
	dcor-slice -q "$@" m.rtdc >want 2>want.err
	nolog
	run2 dcor-slice -q --cache 0 "$@" "$u"
	is "$_n: status" "$rc:$(cat err)" 0:
	sed "s|$(printf '%s' "$u" | sed 's/[&|.*]/\\&/g')|m.rtdc|" out >got
	ok "$_n: the same" cmp got want; }
# what a list does not fetch to know
unsaid() { sed 's/"stored":[0-9nul]*/"stored":0/' "$1" >"$1.un"; }

for u in "$AWS_ENDPOINT_URL/static/m.rtdc" s3://bkt/a/m.rtdc "$v4" "$v2"
do
	_u=$(printf '%s' "$u" | cut -c 1-30)
	equal "$_u all" -H
	equal "$_u some" -e 10:900:7 -w 'frame % 2 == 0 && deform > 20' \
	    --sample 30:1 -F 'index,area_um,frame'
	equal "$_u images" -e 5,100:120,-1 -F image --format npy
	equal "$_u metadata" -m '*'
done
u=$AWS_ENDPOINT_URL/static/m.rtdc
dcor-slice -l --json m.rtdc >want
nolog
run2 dcor-slice -l --json --cache 0 "$u"
sed "s|$u|m.rtdc|" out >got
unsaid got
unsaid want
ok 'a list: the same' cmp got.un want.un
ok "a list: $(gets) requests" test "$(gets)" -le 2
equal 'a feature' -F deform
ok "a feature: $(gets) requests" test "$(gets)" -le 3
equal '100 frames' -e 400:500 -F image --format raw
ok "100 frames: $(gets) requests" test "$(gets)" -le 6
equal '100 frames that are scattered' -e ::10 -F image --format raw
ok "scattered: $(gets) requests" test "$(gets)" -le 12

nolog
printf '%s\tframe\t%s\n' "$u" 0:3 "$u" 7 "$u" 900: >requests
run2 dcor-slice --requests --cache 0 <requests
is 'requests: status' "$rc:$(grep -c '^#answer	[123]	-	0' out)" 0:3
ok "requests: $(gets) requests" test "$(gets)" -le 3
run2 dcor-slice -F frame "$AWS_ENDPOINT_URL/static/none.rtdc"
is 'nothing there' "$rc:$(cat out)" 66:
done_testing
