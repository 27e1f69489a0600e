#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Requests to an object store: keys, listings, errors.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/s3.sh
. "$srcdir/s3.sh"
key=$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY
serve --key "$key"

run s3 mkbucket bkt
is 'a bucket' "$rc:$err" 0:
is 'buckets' "$(s3 buckets)" bkt
printf hello >a
run s3 --sum put a bkt k
is 'put' "$rc:$out" "0:5	5	$(md5 a)	$(sha256sum <a |
cut -c1-64)	1"
is 'cat' "$(s3 cat bkt k)" hello
run s3 head bkt k
is 'head' "$(printf '%s' "$out" | cut -f1,2,4)" "k	5	$(md5 a)"
t=$(printf '%s' "$out" | cut -f3)
ok 'the time is now' test $((t - $(date +%s))) -ge -60 -a \
    $((t - $(date +%s))) -le 60
s3 rm bkt k
run s3 head bkt k
is 'no such key' "$rc:$err" \
    '66:s3tool: s3://bkt/k: does not exist (HTTP 404)'
run s3 cat bkt k
is 'a body says it better' "$rc:$(printf '%s' "$err" | cut -d: -f1-4)" \
    '66:s3tool: s3://bkt/k: NoSuchKey'
run s3 list none
is 'no such bucket' "$rc:$(printf '%s' "$err" | cut -d: -f1-4)" \
    '66:s3tool: s3://none: NoSuchBucket'

# every byte in a key
i=0
while test $((i = i + 1)) -lt 256; do
	o=$(printf '%03o' $i)
	# shellcheck disable=SC2059
	printf '%s' $i >n && s3 put n bkt "$(printf "k/\\${o}x")" >/dev/null ||
	echo "# $i"
done
awk 'BEGIN { for (i = 1; i < 256; i++) {
	c = sprintf("%c", i)
	if (i == 9) c = "\\t"; else if (i == 10) c = "\\n"
	else if (i == 13) c = "\\r"; else if (i == 92) c = "\\\\"
	printf "k/%sx\n", c } }' >want
s3 list bkt k/ | cut -f1 >got
ok '255 hostile keys, in order' cmp got want
wrong='' i=0
while test $((i = i + 1)) -lt 256; do
	o=$(printf '%03o' $i)
	# shellcheck disable=SC2059
	test "$(s3 cat bkt "$(printf "k/\\${o}x")")" = $i || wrong="$wrong $i"
done
is 'and each has its content' "$wrong" ''
long=$(printf '%01024d' 0)
run s3 put a bkt "$long"
is 'a key of 1024 bytes' "$rc:$(s3 cat bkt "$long")" 0:hello
run s3 put a bkt "${long}0"
is 'one of 1025' "$rc" 64
run s3 head bkt ''
is 'none at all' "$rc" 64
for k in . .. a/../b a//b /a a/ '%41' 'a?b#c' '+ &=;' 'é'; do
	printf '%s' "$k" >n
	s3 put n bkt "$k" >/dev/null
	is "key $k" "$(s3 cat bkt "$k")" "$k"
done

# listings
s3 fill bkt many/ 2345
nolog
run s3 list bkt many/
is 'three pages' "$rc:$(printf '%s\n' "$out" | wc -l)" 0:2345
is 'three requests' "$(requests GET /bkt)" 3
printf '%s\n' "$out" | cut -f1 >got
awk 'BEGIN { for (i = 0; i < 2345; i++) printf "many/%07d\n", i }' >want
ok 'every key once, in order' cmp got want
is 'sizes' "$(printf '%s\n' "$out" | cut -f2 | sort | uniq -c |
    awk '{ printf "%s*%s ", $1, $2 }')" '10*1 90*2 900*3 1345*4 '
is 'nothing' "$(s3 list bkt nothing/)" ''

# tags, policy
run s3 tags bkt k/xx public=true 'a b=<&>"' 'ü=é' empty=
is 'tags' "$rc:$err" 0:
is 'tags as they were' "$(s3 tags bkt k/xx | sort)" "a b=<&>\"
empty=
public=true
ü=é"
run s3 tags bkt k/xx 1= 2= 3= 4= 5= 6= 7= 8= 9= 10= 11=
is '11 tags' "$rc" 64
json='{"Version": "2012-10-17", "Statement": []}'
s3 policy bkt "$json"
is 'policy' "$(s3 policy bkt)" "$json"
s3 policy bkt ''
run s3 policy bkt
is 'no policy' "$rc" 66

# copies
run s3 cp bkt 'a?b#c' bkt '%41 copy'
is 'copy' "$rc:$(s3 cat bkt '%41 copy')" '0:a?b#c'
run s3 --want 5:00000000000000000000000000000000 cp bkt 'a?b#c' bkt x
is 'copy of what has changed' "$rc" 65
fault 'PUT * 1 error200 InternalError'
run s3 cp bkt 'a?b#c' bkt again
is 'an error in an answer 200 is one: tried again' \
    "$rc:$(s3 cat bkt again)" '0:a?b#c'
fault 'PUT * 1+* error200 InternalError'
run s3 --tries 2 cp bkt 'a?b#c' bkt x
is 'and it stays one' "$rc:$(printf '%s' "$err" | cut -d: -f1-4)" \
    '75:s3tool: s3://bkt/x: InternalError'
fault

# how servers differ
fault 'GET /bkt 1+* chunked' 'GET /bkt 1+* unquoted'
is 'listing in chunks, ETags without quotes' \
    "$(s3 list bkt a/ | cut -f1,4)" "$(for k in a/ a/../b a//b; do
	printf '%s\t%s\n' $k "$(printf %s $k | md5sum | cut -c1-32)"; done)"
fault 'GET /bkt 1 status 503 0' 'GET /bkt 2 reset 100' 'GET /bkt 3 cut 50'
is 'a listing that breaks off' "$(s3 list bkt many/ | wc -l)" 2345
fault

# who and when
AWS_SECRET_ACCESS_KEY=wrong run s3 list bkt
is 'a wrong secret' "$rc:$(printf '%s' "$err" | cut -d: -f1-4)" \
    '77:s3tool: s3://bkt: SignatureDoesNotMatch'
run s3 --anonymous list bkt
is 'nobody' "$rc" 77
serve --key "$key" --clock-offset 3600
run s3 buckets
is 'another hour' "$rc:$(printf '%s' "$err" | sed 's/[0-9][0-9]/99/g')" \
    '77:s3tool: s3://: the clocks differ too much: it is '\
'9999-99-99T99:99:99Z here and 9999-99-99T99:99:99Z at the server'
serve --key "$key:TOKEN/+="
AWS_SESSION_TOKEN=TOKEN/+= run s3 mkbucket bkt
is 'a session' "$rc:$err" 0:
run s3 list bkt
is 'without its token' "$rc" 77
serve --key "$key"
AWS_ENDPOINT_URL=http://localhost:${AWS_ENDPOINT_URL##*:}
run s3 --virtual mkbucket vh1
is 'a bucket in the host name' "$rc:$err" 0:
s3 --virtual put a vh1 'a b' >/dev/null
is 'an object there' "$(s3 --virtual cat vh1 'a b')" hello
is 'the same in the path' "$(s3 cat vh1 'a b')" hello
is 'the path has no bucket' "$(log | cut -f3 | sort -u | tr '\n' ' ')" \
    '/ /a%20b /vh1/a%20b '
s3 rm vh1 'a b'
run s3 rmbucket vh1
is 'no bucket any more' "$rc:$(s3 buckets)" 0:
done_testing
