#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Whatever the programs that hold keys print, write or show of themselves,
# the keys are not in it, nor a signature that would be one for a while;
# the URLs of dcor-presign excepted, which are made to be passed on.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/s3.sh
. "$srcdir/s3.sh"
AWS_SECRET_ACCESS_KEY=SeCrEt/Aa+Bb0123456789
AWS_SESSION_TOKEN=ToKeNtOkEn/0123456789
export AWS_SESSION_TOKEN
mkdir seen
n=0
# shown COMMAND...: what it prints goes to seen
shown() {
	n=$((n + 1))
	"$@" >"seen/$n.out" 2>"seen/$n.err"
	printf '%s\n' "$?" >"seen/$n.rc"
}
clean() {	# NAME FILE...
	_n=$1; shift
	is "$_n" "$(grep -rlaE 'SeCrEt|ToKeNtOkEn' "$@")" ""
}

serve --key "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY:$AWS_SESSION_TOKEN" \
    --min-part 10
random 300000 1 >large
random 1000 2 >small
cat >jobs.yaml <<X
defaults: {archive: tree, small: 100kB}
jobs: {all: {buckets: '.*', objects: '.*'}}
X
shown s3 -vvv mkbucket bkt
shown s3 -vvv --part 100000 --journal journal put large bkt large
shown s3 -vvv put small bkt small
shown s3 -vvv --part 100000 get bkt large back
is 'it works' "$(cmp large back 2>&1; cat seen/*.rc | sort -u)" 0
mkdir tree
shown dcor-archive -vvv -c jobs.yaml
is 'the archive, too' "$(cat "seen/$n.rc")" 0
for mode in --verify --list --report; do
	shown dcor-archive -vvv --json -c jobs.yaml $mode
done
shown dcor-archive -vvv -c jobs.yaml --restore -o restored
is 'restored' "$(cmp restored/bkt/large large 2>&1)" ""

# Failures say more than success.
s3 rm bkt small
for f in 'status 403' 'status 503' 'error200 InternalError' 'cut 10' \
    'reset 0' 'redirect http://127.0.0.1:1/x?X-Amz-Signature=1'; do
	fault "* /bkt/*  1+* $f"
	shown s3 -vvv --tries 2 get bkt large back2
	shown s3 -vvv --tries 2 --part 100000 --journal journal put large \
	    bkt large2
	shown s3 -vvv --tries 2 list bkt
	shown dcor-archive -vvv -c jobs.yaml
done
fault 'PUT /bkt/large2 partNumber=2 1+* status 503'
shown s3 -vvv --tries 2 --part 100000 --journal journal put large bkt large2
fault
(
	AWS_SECRET_ACCESS_KEY=SeCrEtWrong
	shown s3 -vvv head bkt large
	AWS_SESSION_TOKEN=
	export AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
	shown s3 -vvv cat bkt large
)
clean 'nothing printed' seen
is 'no signature either' "$(grep -rlaE 'Signature=[0-9a-f]{8}|Authoriz' \
    seen)" ""
clean 'nothing written' tree restored journal jobs.yaml
ok 'a journal was kept' test -s journal

# A signed URL holds the token, but never the key; messages hold neither.
run dcor-presign -vvv s3://bkt/large
printf '%s\n' "$out" >url
ok 'a URL' grep -q 'X-Amz-Security-Token=ToKeNtOkEn' url
is 'without the key' "$(grep -c SeCrEt url)" 0
printf '%s\n' "$err" >seen/presign
shown dcor-presign -vvv --explain s3://bkt/large
is 'explained without the key' "$(grep -lr SeCrEt seen)" ""
rm "seen/$n.out"			# it shows the token, as the URL does
while read -r u; do
	shown dcor-presign -vvv --inspect "$u"
	shown dcor-presign -vvv --check "${u}0"
done <url
is 'asked and answered' "$(cat seen/$((n - 1)).rc)" 0
rm -f "seen/$((n - 1)).out"
clean 'no secret in what is said of it' seen/*.err seen/presign

# While they run, /proc shows their arguments to everybody.
fault 'GET /bkt/large  1+* stall 10'
rm -rf tree
mkdir tree
dcor-archive -c jobs.yaml >/dev/null 2>&1 &
one=$!
s3tool put large bkt large3 >/dev/null 2>&1 &
two=$!
dcor-presign --check - <url >/dev/null 2>&1 &
three=$!
i=0
while test $i -lt 300 && ! s3tool raw GET "$AWS_ENDPOINT_URL/_ctl/log" |
    grep -q stall; do
	i=$((i + 1))
done
ok 'they are at work' kill -0 $one
for p in /proc/[0-9]*; do
	tr '\0' ' ' 2>/dev/null <"$p/cmdline" && echo
done >seen/cmdline
kill $one $two $three 2>/dev/null
wait $one $two $three
ok 'the command lines' grep -q dcor-archive seen/cmdline
is 'hold no secret' "$(grep -v 'httpd' seen/cmdline |
    grep -cE 'SeCrEt|ToKeNtOkEn')" 0
done_testing
