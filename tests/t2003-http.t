#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The HTTP layer against every way in which a server or the way to it can
# fail: the right bytes, or an error of the right class; never a short
# success, never more requests than the rules allow.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
PATH=$B/tests:$PATH

# The server ends when the other end of this pipe does.
mkfifo hold
httpd --until-eof --anonymous --key ID:SECRET <hold >url 2>httpd.err &
exec 3>hold
while test ! -s url; do :; done
url=$(cat url)
ctl() { httpget -X "$1" ${3:+-d "$3"} "$url/_ctl/$2" 2>ctl.err; }
log() { ctl GET log | cut -f "$1"; }
# fault RULE...: from now on these and no other
fault() {
	ctl DELETE fault >/dev/null
	ctl DELETE log >/dev/null
	for _f; do ctl POST fault "$_f" >/dev/null; done
}
fault
httpget -X PUT "$url/bkt" >/dev/null 2>&1
awk 'BEGIN { for (i = 0; i < 30000; i++) printf "%09d\n", i }' >x
httpget -X PUT -T x "$url/bkt/x" 2>/dev/null

# get NAME REQUESTS ARGUMENT...: the whole object, with so many requests
get() {
	_n=$1 _q=$2
	shift 2
	httpget "$@" "$url/bkt/x" >out 2>err
	is "$_n: status" "$?" 0
	is "$_n: bytes" "$(cmp out x 2>&1)" ""
	is "$_n: requests" "$(log 1 | wc -l | tr -d ' ')" "$_q"
}
# bad NAME STATUS REQUESTS PATTERN ARGUMENT...
bad() {
	_n=$1 _s=$2 _q=$3 _p=$4
	shift 4
	httpget "$@" "$url/bkt/x" >out 2>err
	is "$_n: status" "$?:$(grep -c . err)" "$_s:2"
	is "$_n: requests" "$(log 1 | wc -l | tr -d ' ')" "$_q"
	ok "$_n: message" grep -q "$_p" err
}

fault
get plain 1
fault 'GET /bkt/x  1 cut 100000'
get 'cut once' 2
is 'goes on where it broke off' "$(log 5 | tail -n 1)" 'bytes=100000-'
fault 'GET /bkt/x  1+3 cut 70000'
get 'cut three times' 4
fault 'GET /bkt/x  1+* cut 10'
bad 'cut always' 75 5 '50 of 300000 bytes\|bytes remaining\|5 tries'
fault 'GET /bkt/x  1 reset 5000'
get 'reset' 2
fault 'GET /bkt/x  1+* reset 0'
bad 'reset always' 75 5 '5 tries'
fault 'GET /bkt/x  1+* reset 0'
bad 'once is once' 75 1 . --once
fault 'GET /bkt/x  1 stall 1000'
get 'stalled' 2 --stall 1
fault 'GET /bkt/x  1+* stall 1000'
bad 'stalled always' 75 2 '2 tries' --stall 1 --tries 2
fault 'GET /bkt/x  1 short 1000'
bad 'less than announced' 65 2 'HTTP 416'
fault 'GET /bkt/x  1 status 503' 'GET /bkt/x  2 status 500' \
    'GET /bkt/x  3 status 429'
get 'busy' 4
fault 'GET /bkt/x  1 status 503 1'
get 'Retry-After' 2
fault 'GET /bkt/x  1 status 503 3600'
bad 'Retry-After beyond the budget' 75 1 'another 36'
fault 'GET /bkt/x  1+* status 502'
bad 'busy always' 75 5 'HTTP 502 (5 tries)'
fault 'GET /bkt/x  1+* status 403'
bad 'forbidden' 77 1 'HTTP 403'
fault 'GET /bkt/x  1+* status 404'
bad 'absent' 66 1 'HTTP 404'
fault 'GET /bkt/x  1+* status 418'
bad 'nonsense' 76 1 'HTTP 418'
fault 'GET /bkt/x  1+* nolength'
bad 'no length' 76 1 'how long'
fault 'GET /bkt/x  1 chunked'
get 'chunked' 1

# Another object under the same name must never be joined to the first half.
fault 'GET /bkt/x  1 cut 100000' 'GET /bkt/x  2+* etag'
bad 'changed midway' 65 2 'changed'
httpget -X PUT -T x "$url/bkt/x" 2>/dev/null	# as it was
fault 'GET /bkt/x  1 cut 100000' 'GET /bkt/x  1+* noetag'
bad 'no ETag to go on by' 75 1 'no ETag'
fault 'GET /bkt/x  1 cut 100000' 'GET /bkt/x  2+* norange'
get 'Range ignored when going on' 2
fault 'GET /bkt/x  1 cut 100000' 'GET /bkt/x  2+* badrange'
bad 'another range when going on' 76 2 'another range\|less than'

# Ranges.
dd if=x of=part bs=1 skip=1000 count=5000 2>/dev/null
fault
httpget -o 1000-5999 "$url/bkt/x" >out 2>err
is 'a range' "$(cmp out part 2>&1)" ""
fault 'GET /bkt/x  1+2 cut 1500'
httpget -o 1000-5999 "$url/bkt/x" >out 2>err
is 'a range, cut twice' "$(cmp out part 2>&1)" ""
is 'what was asked for' "$(log 5 | tr '\n' ' ')" \
    'bytes=1000-5999 bytes=2500-5999 bytes=4000-5999 '
fault 'GET /bkt/x  1+* norange'
bad 'Range ignored' 76 1 'ignores ranges' -o 1000-5999
is 'and nothing read' "$(wc -c <out | tr -d ' ')" 0
fault 'GET /bkt/x  1+* badrange'
bad 'another range' 76 1 'range' -o 1000-5999
fault
httpget -o 299991-400000 "$url/bkt/x" >out 2>err
is 'a range that ends with the object' "$(cat out)" "$(tail -c 9 x)"
bad 'a range behind the end' 65 2 'HTTP 416' -o 400000-400001
fault
bad 'If-Match' 65 1 'changed' --if-match '"0"'

# What is kept is bounded.
fault
get 'kept' 1 --keep 300000
fault
bad 'too long to keep' 76 1 'more than 100000 bytes' --keep 100000

# Redirects: followed on demand, without the caller's headers elsewhere.
mkfifo hold2
httpd --until-eof --anonymous <hold2 >url2 2>httpd2.err &
exec 4>hold2
while test ! -s url2; do :; done
url2=$(cat url2)
fault "GET /bkt/x  1+* redirect $url2/_ctl/stat"
bad 'a redirect is no answer' 76 1 'HTTP 30'
httpget --follow --header 'Authorization: SECRET' "$url/bkt/x" >out 2>err
is 'followed' "$?" 0
httpget "$url2/_ctl/log" >out 2>err
nok 'no secret elsewhere' grep -q auth out
fault "GET /bkt/x  1+* redirect $url/bkt/y" \
    "GET /bkt/y  1+* redirect $url/bkt/x"
bad 'in circles' 76 6 '5 redirects' --follow
fault 'GET /bkt/x  1+* redirect file:///etc/passwd'
bad 'to a file' 76 1 . --follow
ok 'no passwd' test ! -s out

# Many at a time over few connections.
fault
httpget -j 4 --count 200 "$url/bkt/x" >out 2>err
is 'many: status' "$?:$(wc -c <out | tr -d ' ')" "0:$((200 * 300000))"
n=$(sed 's/.* \([0-9]*\) connections/\1/' err)
ok 'many: connections' test "$n" -le 4

# Bodies sent.
fault 'PUT /bkt/y  1 eat 100' 'PUT /bkt/y  2 status 503'
httpget -X PUT -T x "$url/bkt/y" >out 2>err
is 'sent again' "$?" 0
httpget "$url/bkt/y" 2>/dev/null | cmp - x
is 'and whole' "$?" 0

httpget --tries 1 http://127.0.0.1:1/ >out 2>err
is 'nobody there' "$?" 75
httpget ftp://127.0.0.1/ >out 2>err
is 'not HTTP' "$?" 64
httpget --ca /nonexistent https://127.0.0.1:1/ >out 2>err
is 'no such CA file' "$?" 78
exec 3>&- 4>&-
wait
done_testing
